//! The state machine of a symbol shard: how orders trade.
//!
//! An admitted order first trades with whatever crosses it, best price first and first come first served at
//! each price, always at the maker's price; what is left of a limit order then rests, what is left of a market
//! order expires. Every fill consumes funds that were frozen beforehand; what a better price saved goes back
//! in the same command. Orders that wait for a price, expire, are amended or come in pairs are the same orders
//! on longer ways: each way has a file. `docs/SEMANTICS.md` is the specification.
//!
//! | file | what it tells |
//! |---|---|
//! | `market` | one symbol: its state, and what every command does with it |
//! | `run` | one command: its record, its settlements, its answer |
//! | `judge` | what only the book can tell of an order before it is let in |
//! | `place` | how an order comes in, is executed and rests |
//! | `taker`, `take`, `walk` | an incoming order's decisions; the same with effects, and without |
//! | `cancel`, `amend`, `replace`, `oco`, `expiry` | the other ways of an open order |
//! | `pending`, `triggers`, `trail`, `cascade` | orders that wait for a price, and what a price sets off |
//! | `reference`, `accrual`, `collect` | the average price of bands; fees |
//! | `removed` | what is left of a removed symbol |
//! | `redo` | a record of the journal, told again |
//! | `state` | as bytes, and back |
//! | `watch` | what is told of a watched book |
//!
//! The record is appended before anything happens, so that everything the command sends can name it. State
//! here is a function of this shard's own records and nothing else (rule J5).

mod accrual;
mod amend;
mod cancel;
mod cascade;
mod collect;
mod expiry;
mod judge;
mod market;
mod oco;
mod pending;
mod place;
mod redo;
mod reference;
mod removed;
mod replace;
mod run;
mod state;
mod take;
mod taker;
mod trail;
mod triggers;
mod walk;
mod watch;

use std::collections::BTreeMap;

use self::expiry::Expiries;
use self::removed::Removed;
use self::run::Run;
use crate::book::{OrderBook, PriceTimeBook};
use crate::events::BookNews;
use crate::log::{Context, Record};
use crate::message::{CanceledOrder, ToMatcher};
use crate::outbox::MatcherOutbox;
use crate::reject::{Code, Reject};
use crate::rules::{SymbolRules, SymbolStatus};
use crate::spec::SymbolSpec;
use crate::types::{AssetId, OrderId, SignedAmount, SymbolId, Timestamp};

pub use self::market::Market;
pub(crate) use self::state::SavedSymbol;

/// How many messages are worth looking ahead to at once.
pub const LOOK_AHEAD_MAX: usize = 16;

/// The books of the symbols of one shard. Generic over the book only so that tests can run the naive one.
#[derive(Debug)]
pub struct Matcher<B = PriceTimeBook> {
    /// By symbol number.
    markets: Vec<Slot<B>>,
    expiries: Expiries,
}

#[derive(Debug)]
enum Slot<B> {
    /// Another shard's symbol.
    Elsewhere,
    /// A symbol of this shard.
    Here(Box<Market<B>>),
    /// A symbol that was removed from this shard.
    Removed(Box<Removed>),
}

impl<B> Default for Matcher<B> {
    fn default() -> Self {
        Self { markets: Vec::new(), expiries: Expiries::default() }
    }
}

impl<B: OrderBook> Matcher<B> {
    /// Handles one message: a deterministic function of the state and of what comes in. What is due expires
    /// first.
    pub fn handle(&mut self, mut message: ToMatcher, ctx: &mut Context<'_>, out: &mut MatcherOutbox) {
        self.handle_in_place(&mut message, ctx, out);
    }

    /// The same with a message where it lies, so that no order is copied. What stays of it is of no use.
    pub fn handle_in_place(
        &mut self,
        message: &mut ToMatcher,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) {
        self.tick(ctx, out);
        self.run(message, ctx, out);
    }

    /// The same, and no look at the clock.
    #[inline(always)]
    fn run(&mut self, message: &mut ToMatcher, ctx: &mut Context<'_>, out: &mut MatcherOutbox) {
        let symbol = message.symbol();
        match self.markets.get_mut(symbol.0 as usize) {
            Some(Slot::Here(market)) => {
                market.command(ctx, out, &mut self.expiries, |market, run| market.handle(message, run));
            }
            Some(Slot::Removed(removed)) => {
                let mut run = Run::new(ctx, (removed.horizon, removed.digest), out, &mut self.expiries);
                removed.handle(message, &mut run);
                removed.digest = run.end();
            }
            Some(Slot::Elsewhere) | None => {
                panic!("{symbol:?} was routed to a matcher that does not have it");
            }
        }
    }

    /// These messages come next: reads what they will ask for, so that it is in the cache by then. In a deep book waiting
    /// for that is much of what they cost. Nothing else comes of it: a driver may leave it out, and does so for a message
    /// that comes alone. At most [`LOOK_AHEAD_MAX`] at a time, or the first have left the cache again.
    pub fn look_ahead(&self, messages: &[ToMatcher]) {
        for message in messages {
            let order = match message {
                ToMatcher::Cancel { order, .. } => *order,
                ToMatcher::Amend(amend) => amend.order,
                ToMatcher::Replace(replace) => match replace.old {
                    Ok(old) => old,
                    Err(_) => continue,
                },
                _ => continue,
            };
            self.look_ahead_to(message.symbol(), order);
        }
    }

    /// The same of one order.
    #[inline]
    pub fn look_ahead_to(&self, symbol: SymbolId, order: OrderId) {
        if let Some(Slot::Here(market)) = self.markets.get(symbol.0 as usize) {
            market.book.look_ahead(order);
        }
    }

    /// Expires what is due: by time, then by order id, one record each.
    pub fn tick(&mut self, ctx: &mut Context<'_>, out: &mut MatcherOutbox) {
        if self.expiries.is_due(ctx.now) {
            self.expire_due(ctx, out);
        }
    }

    fn expire_due(&mut self, ctx: &mut Context<'_>, out: &mut MatcherOutbox) {
        while let Some((order, symbol)) = self.expiries.first_due(ctx.now) {
            self.expire(symbol, order, ctx, out);
        }
    }

    fn expire(&mut self, symbol: SymbolId, order: OrderId, ctx: &mut Context<'_>, out: &mut MatcherOutbox) {
        let Some(market) = here(&mut self.markets, symbol) else {
            panic!("{order:?} expires on {symbol:?}, which this matcher does not have");
        };
        market.command(ctx, out, &mut self.expiries, |market, run| market.expire(order, run));
    }

    /// When the next order expires.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.expiries.next()
    }

    /// A symbol comes to this shard.
    pub fn add_symbol(
        &mut self,
        spec: SymbolSpec,
        rules: SymbolRules,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) {
        let cause = ctx.log.append(ctx.now, 0, &Record::AddSymbol(&spec, &rules));
        let at = spec.id().0 as usize;
        if self.markets.len() <= at {
            self.markets.resize_with(at + 1, || Slot::Elsewhere);
        }
        assert!(matches!(self.markets[at], Slot::Elsewhere), "{:?} was added twice", spec.id());
        self.markets[at] = Slot::Here(Box::new(Market::new(spec, rules, ctx.now, cause)));
        out.changed.push(spec.id());
    }

    /// A symbol's bounds or rules change.
    ///
    /// # Errors
    /// `SYMBOL_IN_USE`, if it is to be closed with open orders that are not to be canceled;
    /// `BAD_STATUS_TRANSITION` for a closed symbol that is not to stay closed; `UNKNOWN_SYMBOL`.
    pub fn set_rules(
        &mut self,
        spec: SymbolSpec,
        rules: SymbolRules,
        cancel_open: bool,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) -> Result<Vec<CanceledOrder>, Reject> {
        self.tick(ctx, out);
        let market = here(&mut self.markets, spec.id()).ok_or(Reject::new(Code::UnknownSymbol))?;
        let closes = rules.status == SymbolStatus::Closed;
        if market.rules.status == SymbolStatus::Closed && !closes {
            return Err(Reject::new(Code::BadStatusTransition));
        }
        if closes && !market.is_idle() && !cancel_open {
            return Err(Reject::new(Code::SymbolInUse));
        }
        Ok(market.command(ctx, out, &mut self.expiries, |market, run| market.set_rules(spec, rules, run)))
    }

    /// The operator cancels everything that is open on a symbol.
    pub fn cancel_book(
        &mut self,
        symbol: SymbolId,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) -> Vec<CanceledOrder> {
        self.tick(ctx, out);
        match here(&mut self.markets, symbol) {
            Some(market) if !market.is_idle() => {
                market.command(ctx, out, &mut self.expiries, Market::cancel_book)
            }
            _ => Vec::new(),
        }
    }

    /// A symbol leaves this shard for ever. Rebates beyond its fees stay accrued, for nobody can collect those.
    ///
    /// # Errors
    /// `SYMBOL_IN_USE`, if it has open orders and is not forced, or fees that were not collected: nobody could
    /// collect them any more; `UNKNOWN_SYMBOL`.
    pub fn remove_symbol(
        &mut self,
        symbol: SymbolId,
        force: bool,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) -> Result<Vec<CanceledOrder>, Reject> {
        self.tick(ctx, out);
        let market = here(&mut self.markets, symbol).ok_or(Reject::new(Code::UnknownSymbol))?;
        if !(market.is_idle() || force) || !market.accrued.collectable(&market.spec).is_empty() {
            return Err(Reject::new(Code::SymbolInUse));
        }
        Ok(self.remove(symbol, ctx, out))
    }

    fn remove(
        &mut self,
        symbol: SymbolId,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) -> Vec<CanceledOrder> {
        let market = here(&mut self.markets, symbol).expect("a symbol that is removed is here");
        let canceled = market.command(ctx, out, &mut self.expiries, Market::remove);
        let watched = market.book.untold().is_some();
        let Market { spec, accrued, horizon, digest, .. } = *market;
        let removed = Removed { spec, accrued, horizon, digest };
        self.markets[symbol.0 as usize] = Slot::Removed(Box::new(removed));
        // Nobody can read this book any more.
        out.changed.retain(|&changed| changed != symbol);
        if watched {
            out.book_news.push(BookNews::Ended(symbol));
        }
        canceled
    }

    /// A symbol's market, if it is on this shard.
    #[must_use]
    pub fn market(&self, symbol: SymbolId) -> Option<&Market<B>> {
        match self.markets.get(symbol.0 as usize)? {
            Slot::Here(market) => Some(market),
            Slot::Elsewhere | Slot::Removed(_) => None,
        }
    }

    /// Fees that have accrued at this shard's symbols, removed ones included, and were not collected yet: net of
    /// rebates, by asset.
    #[must_use]
    pub fn accrued_fees(&self) -> Vec<(AssetId, SignedAmount)> {
        let mut sums = BTreeMap::new();
        for slot in &self.markets {
            let amounts = match slot {
                Slot::Elsewhere => continue,
                Slot::Here(market) => market.accrued(),
                Slot::Removed(removed) => removed.accrued.amounts(&removed.spec),
            };
            for (asset, amount) in amounts.into_iter().filter(|(_, amount)| !amount.is_zero()) {
                *sums.entry(asset).or_insert(SignedAmount::ZERO) += amount;
            }
        }
        sums.into_iter().collect()
    }

    /// Panics unless every market agrees with itself and with the deadlines. For tests; walks everything.
    pub fn check_invariants(&self) {
        for slot in &self.markets {
            if let Slot::Here(market) = slot {
                assert_eq!(market.check_invariants(), self.expiries.count(market.spec.id()));
            }
        }
    }
}

/// A symbol's market, to change.
fn here<B>(markets: &mut [Slot<B>], symbol: SymbolId) -> Option<&mut Market<B>> {
    match markets.get_mut(symbol.0 as usize)? {
        Slot::Here(market) => Some(market),
        Slot::Elsewhere | Slot::Removed(_) => None,
    }
}

impl<B: OrderBook> Market<B> {
    /// Runs one command; at its end stands the digest of what its record led to.
    #[inline(always)]
    fn command<R>(
        &mut self,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
        expiries: &mut Expiries,
        command: impl FnOnce(&mut Self, &mut Run<'_>) -> R,
    ) -> R {
        let mut run = Run::new(ctx, (self.horizon, self.digest), out, expiries);
        let result = command(self, &mut run);
        self.digest = run.end();
        if let Some(changes) = self.book.untold() {
            watch::tell(changes, (self.spec.id(), self.seq), (self.horizon, self.changed_at), out);
        }
        result
    }

    #[inline(always)]
    fn handle(&mut self, message: &mut ToMatcher, run: &mut Run<'_>) {
        match message {
            ToMatcher::Admit(admitted) => self.admit(admitted, run),
            ToMatcher::Cancel { to, account, order, only_if, .. } => {
                self.cancel(*to, *account, *order, *only_if, run);
            }
            ToMatcher::Test(tested) => self.test(tested, run),
            ToMatcher::AdmitOco { list, legs } => self.admit_oco(*list, legs, run),
            ToMatcher::Amend(amend) => self.amend(amend, run),
            ToMatcher::Replace(replace) => self.replace(replace, run),
            ToMatcher::CancelMany(many) => self.cancel_many(many, run),
            ToMatcher::CollectFees { to, account, .. } => self.collect_fees(*to, *account, run),
        }
    }
}
