//! A record of the journal, told again.
//!
//! A matcher's state is a function of its own records, so whatever it judged then it judges the same way now, and the
//! code is the same. Only what came from outside the records stays away: the clock (what expired has records of
//! its own) and the operator's conditions (a record says that they were met).

use super::{Matcher, Slot, here};
use crate::book::OrderBook;
use crate::log::Context;
use crate::message::{AdmittedOrder, Amend, CancelMany, ToMatcher};
use crate::outbox::MatcherOutbox;
use crate::rules::SymbolRules;
use crate::spec::SymbolSpec;
use crate::types::{OrderId, SymbolId};

impl<B: OrderBook> Matcher<B> {
    /// The digest of what a symbol's last record led to, zero before the first one.
    ///
    /// # Panics
    /// The symbol is not on this shard.
    pub(crate) fn digest(&self, symbol: SymbolId) -> u64 {
        match self.markets.get(symbol.0 as usize) {
            Some(Slot::Here(market)) => market.digest,
            Some(Slot::Removed(removed)) => removed.digest,
            Some(Slot::Elsewhere) | None => panic!("{symbol:?} was never added"),
        }
    }

    /// An order.
    #[inline]
    pub(crate) fn redo_place(
        &mut self,
        admitted: &mut AdmittedOrder,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) {
        // A market takes these two, and whoever has the record still needs them.
        let (extras, late) = (admitted.order.extras.clone(), admitted.late.clone());
        match here(&mut self.markets, admitted.order.symbol) {
            Some(market) => {
                market.command(ctx, out, &mut self.expiries, |market, run| market.admit(admitted, run));
            }
            None => self.redo(&mut ToMatcher::Admit(admitted.clone()), ctx, out),
        }
        (admitted.order.extras, admitted.late) = (extras, late);
    }

    /// An amend.
    #[inline]
    pub(crate) fn redo_amend(&mut self, amend: &Amend, ctx: &mut Context<'_>, out: &mut MatcherOutbox) {
        match here(&mut self.markets, amend.symbol) {
            Some(market) => {
                market.command(ctx, out, &mut self.expiries, |market, run| market.amend(amend, run));
            }
            None => self.redo(&mut ToMatcher::Amend(Box::new(amend.clone())), ctx, out),
        }
    }

    /// A symbol's part of a mass cancel.
    pub(crate) fn redo_cancel_many(
        &mut self,
        many: &CancelMany,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) {
        match here(&mut self.markets, many.symbol) {
            Some(market) => {
                market.command(ctx, out, &mut self.expiries, |market, run| market.cancel_many(many, run));
            }
            None => self.redo(&mut ToMatcher::CancelMany(Box::new(many.clone())), ctx, out),
        }
    }

    /// Whatever else a sequencer sent. What stays of it is of no use.
    #[inline]
    pub(crate) fn redo(&mut self, message: &mut ToMatcher, ctx: &mut Context<'_>, out: &mut MatcherOutbox) {
        self.run(message, ctx, out);
    }

    /// An order's time had come.
    pub(crate) fn redo_expire(
        &mut self,
        symbol: SymbolId,
        order: OrderId,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) {
        self.expire(symbol, order, ctx, out);
    }

    /// A symbol's bounds or rules changed.
    pub(crate) fn redo_set_rules(
        &mut self,
        spec: SymbolSpec,
        rules: SymbolRules,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) {
        let market = here(&mut self.markets, spec.id()).expect("a symbol whose rules changed is here");
        market.command(ctx, out, &mut self.expiries, |market, run| market.set_rules(spec, rules, run));
    }

    /// The operator canceled everything that was open on a symbol.
    pub(crate) fn redo_cancel_book(
        &mut self,
        symbol: SymbolId,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) {
        let market = here(&mut self.markets, symbol).expect("a symbol whose book was canceled is here");
        market.command(ctx, out, &mut self.expiries, |market, run| market.cancel_book(run));
    }

    /// A symbol left.
    pub(crate) fn redo_remove(&mut self, symbol: SymbolId, ctx: &mut Context<'_>, out: &mut MatcherOutbox) {
        self.remove(symbol, ctx, out);
    }
}
