//! How open orders end before they are filled: canceled by their owner, one or many, or by the operator.

use super::market::Market;
use super::pending::Waiting;
use super::run::Run;
use crate::book::{OrderBook, RestingOrder};
use crate::log::Record;
use crate::message::{
    CancelMany, CancelReason, CanceledOrder, NewOrder, OnlyIf, OrderAfter, OrderStatus, Outcome, ReplyTo,
    ToSequencer,
};
use crate::reject::{Code, Reject};
use crate::types::{AccountId, Amount, OrderId, Quantity, Side};

/// An open order, where it was found.
#[derive(Clone, Copy, Debug)]
pub(super) enum Open {
    /// In the book.
    Resting(RestingOrder),
    /// Among those that wait for their price.
    Waiting(OrderId),
}

/// Where a closing order's reservation goes before it closes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heir {
    /// To which order.
    pub(super) order: OrderId,
    /// How much of it.
    pub(super) amount: Amount,
}

impl<B: OrderBook> Market<B> {
    /// A cancel by the owner.
    pub(super) fn cancel(
        &mut self,
        to: ReplyTo,
        account: AccountId,
        id: OrderId,
        only_if: Option<OnlyIf>,
        run: &mut Run<'_>,
    ) {
        let Some(open) = self.find(id) else {
            // Its sequencer saw it open, so whatever closed it is on its way there, ahead of this.
            run.out.to_sequencer.push(ToSequencer::OrderMissed { to, account, order: id });
            return;
        };
        if let Err(reject) = self.check_cancel(account, &open, only_if) {
            return run.answer(to, account, Outcome::Rejected(reject));
        }
        self.record(&Record::Cancel { to, account, symbol: self.spec.id(), order: id }, run);
        let canceled = self.close(&open, OrderStatus::Canceled(CancelReason::User), None, run);
        run.answer(to, account, Outcome::Canceled(canceled));
    }

    /// One symbol's part of a mass cancel.
    pub(super) fn cancel_many(&mut self, many: &CancelMany, run: &mut Run<'_>) {
        let (mass, account, symbol) = (many.mass, many.account, many.symbol);
        for open in many.orders.iter().filter_map(|&id| self.find(id)) {
            assert!(self.owner(&open) == account, "{account:?} cancels {open:?}, which is not theirs");
        }
        // Even where nothing is open any more: a part without a record is sent again after a crash.
        self.record(&Record::CancelMany(many), run);
        let orders = self.close_all(&many.orders, many.reason, run);
        let (cause, at) = (run.cause, run.at);
        run.out.to_sequencer.push(ToSequencer::CanceledMany { cause, at, mass, account, symbol, orders });
    }

    /// The operator cancels everything, or the symbol closes. The record was appended.
    pub(super) fn cancel_everything(
        &mut self,
        reason: CancelReason,
        run: &mut Run<'_>,
    ) -> Vec<CanceledOrder> {
        let ids = self.open_ids();
        self.close_all(&ids, reason, run)
    }

    /// Is nothing open?
    pub(super) fn is_idle(&self) -> bool {
        self.book.is_empty() && self.pending.is_empty()
    }

    /// Everything that is open, resting or pending, by id.
    fn open_ids(&self) -> Vec<OrderId> {
        let mut ids: Vec<_> = self.pending.ids().collect();
        for side in [Side::Buy, Side::Sell] {
            self.book.for_each_order(side, |order| {
                ids.push(order.id);
                std::ops::ControlFlow::Continue(())
            });
        }
        ids.sort_unstable();
        ids
    }

    /// Closes those that are open, in this order. The other leg of an OCO goes with the first, and is not named
    /// again.
    fn close_all(&mut self, ids: &[OrderId], reason: CancelReason, run: &mut Run<'_>) -> Vec<CanceledOrder> {
        let mut canceled = Vec::with_capacity(ids.len());
        for &id in ids {
            if let Some(open) = self.find(id) {
                canceled.push(self.close(&open, OrderStatus::Canceled(reason), None, run));
            }
        }
        for order in &mut canceled {
            order.book_seq = self.seq;
        }
        canceled
    }

    /// An open order, wherever it is.
    #[inline]
    pub(super) fn find(&self, id: OrderId) -> Option<Open> {
        let resting = self.book.get(id).map(Open::Resting);
        resting.or_else(|| self.pending.get(id).map(|waiting| Open::Waiting(waiting.admitted.id)))
    }

    fn owner(&self, open: &Open) -> AccountId {
        match open {
            Open::Resting(order) => order.account,
            Open::Waiting(id) => self.pending.known(*id).admitted.order.account,
        }
    }

    /// May its owner cancel an open order?
    #[inline]
    pub(super) fn check_cancel(
        &self,
        account: AccountId,
        open: &Open,
        only_if: Option<OnlyIf>,
    ) -> Result<(), Reject> {
        // Checked by the sequencer already; a cancel that got here with another owner is a bug of ours.
        assert!(self.owner(open) == account, "{account:?} cancels {open:?}, which is not theirs");
        let Some(only_if) = only_if else {
            return Ok(());
        };
        let is_new = match open {
            Open::Resting(order) => order.done() == self.prevented(order.id),
            Open::Waiting(_) => true,
        };
        if is_new == (only_if == OnlyIf::New) { Ok(()) } else { Err(Reject::new(Code::CancelRestricted)) }
    }

    /// What an open order has reserved.
    pub(super) fn reserved_of(&self, open: &Open) -> Amount {
        match open {
            Open::Resting(order) => self.reservation(order),
            Open::Waiting(id) => {
                let waiting = self.pending.known(*id);
                // A stop leg's is held by its limit leg, which goes with it.
                waiting.sibling.map_or(waiting.admitted.reserved, |limit| {
                    self.reservation(&self.book.get(limit).expect("the limit leg rests"))
                })
            }
        }
    }

    /// Takes an open order out, and an OCO's other leg with it. What it had reserved goes to the heir, the rest
    /// back to its owner.
    pub(super) fn close(
        &mut self,
        open: &Open,
        status: OrderStatus,
        heir: Option<Heir>,
        run: &mut Run<'_>,
    ) -> CanceledOrder {
        match open {
            Open::Resting(order) => self.close_resting(order, status, heir, run),
            Open::Waiting(id) => self.close_waiting(*id, status, heir, run),
        }
    }

    fn close_resting(
        &mut self,
        order: &RestingOrder,
        status: OrderStatus,
        heir: Option<Heir>,
        run: &mut Run<'_>,
    ) -> CanceledOrder {
        let RestingOrder { id, account, side, .. } = *order;
        let reserved = self.reservation(order);
        self.book.remove(id).expect("it rests");
        self.touch(run);
        let sibling = order.flags.has_sibling.then(|| self.take_stop_leg(id, run).admitted.id);
        if let Some(leg) = sibling {
            self.close_sibling(account, leg, Amount::ZERO, run);
        }
        self.forget(order, run);
        let released = reserved - inherit(account, id, heir, run);
        run.release(account, id, released, OrderAfter::Closed(status));
        self.canceled(id, side, order.left(), reserved, sibling)
    }

    fn close_waiting(
        &mut self,
        id: OrderId,
        status: OrderStatus,
        heir: Option<Heir>,
        run: &mut Run<'_>,
    ) -> CanceledOrder {
        let Waiting { admitted, sibling } = self.remove_pending(id, run).expect("it waits");
        let NewOrder { account, side, kind, .. } = admitted.order;
        let Some(limit) = sibling else {
            let released = admitted.reserved - inherit(account, id, heir, run);
            run.release(account, id, released, OrderAfter::Closed(status));
            return self.canceled(id, side, kind.quantity().unwrap_or_default(), admitted.reserved, None);
        };
        run.release(account, id, Amount::ZERO, OrderAfter::Closed(status));
        let reserved = self.take_limit_leg(limit, &admitted, run);
        let released = reserved - inherit(account, limit, heir, run);
        self.close_sibling(account, limit, released, run);
        self.canceled(id, side, kind.quantity().unwrap_or_default(), reserved, sibling)
    }

    fn canceled(
        &self,
        id: OrderId,
        side: Side,
        canceled: Quantity,
        released: Amount,
        sibling: Option<OrderId>,
    ) -> CanceledOrder {
        CanceledOrder { id, symbol: self.spec.id(), side, canceled, released, sibling, book_seq: self.seq }
    }
}

/// Moves what an heir gets, before the order that leaves it is closed.
fn inherit(account: AccountId, from: OrderId, heir: Option<Heir>, run: &mut Run<'_>) -> Amount {
    let Some(Heir { order: to, amount }) = heir.filter(|heir| !heir.amount.is_zero()) else {
        return Amount::ZERO;
    };
    let cause = run.cause;
    run.out.to_sequencer.push(ToSequencer::MoveReservation { cause, account, from, to, amount });
    amount
}
