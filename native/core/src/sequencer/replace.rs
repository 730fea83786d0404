//! Cancel-replace: one order goes, another comes, judged as if the old one were gone.
//!
//! What is known here already is answered here; everything else is one message to the matcher, who does both
//! halves in one command.

use crate::accounts::Counters;
use crate::log::{Context, OrderIds};
use crate::message::{Outcome, Replace, ReplaceMode, ReplaceRequest, ReplacedOrder, ReplyTo, ToMatcher};
use crate::orders::OrderSlot;
use crate::outbox::SequencerOutbox;
use crate::sequencer::admission::{Gone, next_id};
use crate::sequencer::listing::{check_fresh, listed};
use crate::sequencer::{Sequencer, Verdict};

impl Sequencer {
    pub(super) fn replace(
        &mut self,
        to: ReplyTo,
        request: ReplaceRequest,
        ctx: &mut Context<'_>,
        order_ids: &mut dyn OrderIds,
        out: &mut SequencerOutbox,
    ) -> Verdict {
        let ReplaceRequest { old, only_if, new: mut order, mode } = request;
        let (account, symbol) = (order.account, order.symbol);
        check_fresh(&order, ctx.now)?;
        let listing = listed(&self.symbols, symbol)?;
        listing.check_takes_orders()?;
        let slot = self.who_trades(account)?;
        self.accounts.take_tokens(slot, 1, ctx.now)?;

        let old = self.resolve(slot, &old, Some(symbol));
        // Where the old one may stay and the new one come all the same, there must be room for both.
        let both_may_live = mode == ReplaceMode::AllowFailure && only_if.is_some();
        let gone = old.ok().filter(|_| !both_may_live).map(|at| self.as_gone(at));
        let status = listing.check_status(&order);
        let new = status.and_then(|()| self.judge(slot, listing, &mut order, gone.as_ref(), ctx.now));

        let (canceled, placed) = match (mode, old, &new) {
            // Nothing is attempted after the cancel has failed.
            (ReplaceMode::StopOnFailure | ReplaceMode::Atomic, Err(old), _) => (old, None),
            (ReplaceMode::AllowFailure, Err(old), Err(new)) => (old, Some(Err(*new))),
            // Whether the old one may go is asked first, and only its book can tell.
            (_, old, _) => {
                let from_old = new.as_ref().map_or_else(|_| Default::default(), |judged| judged.from_old);
                let old = old.map(|at| self.orders.at(at).order.id);
                let new = new.map(|judged| {
                    Box::new(self.accept(to, slot, order, judged, next_id(order_ids), ctx.now))
                });
                let replace = Replace { to, account, symbol, mode, old, only_if, new, from_old };
                out.to_matcher.push(ToMatcher::Replace(Box::new(replace)));
                return Ok(None);
            }
        };
        Ok(Some(Outcome::Replaced(Box::new(ReplacedOrder { canceled: Err(canceled), placed }))))
    }

    /// What goes with an order: the other leg of its OCO, too.
    fn as_gone(&self, at: OrderSlot) -> Gone {
        let entry = self.orders.at(at);
        let order = &entry.order;
        let mut counts = Counters::of(order, entry.running, entry.shadow);
        let (mut reserved, mut names_of) = (order.reserved, [order.id; 2]);
        if let Some((_, sibling)) = order.list {
            names_of[1] = sibling;
            if let Some(sibling) = self.orders.get(sibling) {
                counts.add(Counters::of(&sibling.order, sibling.running, sibling.shadow));
                reserved += sibling.order.reserved;
            }
            counts.lists = 1;
        }
        let asset = self.known(order.order.symbol).spec.gives(order.order.side);
        Gone { names_of, reserved: Some((asset, reserved)), counts }
    }
}
