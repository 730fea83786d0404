//! One cancels the other: a limit leg in the book and a stop leg that waits, with one reservation.
//!
//! The limit leg holds what the dearer of the two needs. Whatever befalls one leg ends the other: the first fill
//! of the limit leg (or what self-trade prevention takes of it) closes the stop leg, the trigger of the stop leg
//! closes the limit leg and takes over what it needs itself, and a leg that ends for any other reason takes the
//! other one along. So as long as both are open nothing of either is done, and their quantities are the same.

use super::market::Market;
use super::pending::Waiting;
use super::place::{Circumstances, void};
use super::run::Run;
use crate::book::{Front, OrderBook, RestingOrder};
use crate::log::Record;
use crate::message::{AdmittedOrder, CancelReason, OrderAfter, OrderStatus, Outcome, PlacedOco, Trigger};
use crate::reject::{Code, Detail, Reject};
use crate::types::{AccountId, Amount, ListId, OrderId, Side, Timestamp};

pub(super) const CLOSED_AS_SIBLING: OrderStatus = OrderStatus::Canceled(CancelReason::OcoSibling);

impl<B: OrderBook> Market<B> {
    /// Two orders of which one cancels the other.
    pub(super) fn admit_oco(&mut self, list: ListId, legs: &mut [AdmittedOrder; 2], run: &mut Run<'_>) {
        let (to, account) = (legs[0].to, legs[0].order.account);
        if legs[0].is_refused() {
            let reject = self.judge_oco(legs, run.at).expect_err("an OCO that is refused is refused");
            return run.answer(to, account, Outcome::Rejected(reject));
        }
        self.record(&Record::PlaceOco(list, legs), run);
        if let Err(reject) = self.judge_oco(legs, run.at) {
            legs.iter().for_each(|leg| void(leg, run));
            return run.answer(to, account, Outcome::Rejected(reject));
        }
        let [limit, stop] = legs;
        let (limit_id, stop_id, stop_order) = (limit.id, stop.id, stop.order.clone());
        let stop_need = self.conditional_need(&stop.order, stop.fees);
        let circumstances =
            Circumstances { stop_leg: Some((stop_id, stop_need)), ..Circumstances::default() };
        let limit = self.execute(limit, &circumstances, None, run);
        let is_untouched = self.book.get(limit_id).is_some_and(|resting| resting.flags.has_sibling);
        if is_untouched {
            self.stop_legs.insert(limit_id.0, stop_id);
            self.wait(stop.take(), Some(limit_id), run);
        }
        let stop_status = if is_untouched { OrderStatus::PendingTrigger } else { CLOSED_AS_SIBLING };
        let stop = self.placed_without_fills(stop_id, stop_order, stop_status, Amount::ZERO);
        self.cascade(run);
        self.check_command();
        run.answer(to, account, Outcome::OcoPlaced(Box::new(PlacedOco { list, legs: [limit, stop] })));
    }

    fn judge_oco(&self, legs: &[AdmittedOrder; 2], at: Timestamp) -> Result<(), Reject> {
        let [limit, stop] = [&legs[0].order, &legs[1].order];
        for leg in [limit, stop] {
            self.check_status(leg)?;
        }
        for leg in [limit, stop] {
            self.check_notional_and_band(leg, at)?;
        }
        let refusal = legs[0].late.as_ref().and_then(|late| late.refusal);
        if let Some(refusal) = refusal
            && refusal.code != Code::InsufficientBalance
        {
            return Err(refusal);
        }
        self.check_post_only(limit, None)?;
        let price = limit.kind.price().expect("the first leg has a limit");
        let Some(&Trigger::Stop { price: trigger }) = stop.trigger() else {
            panic!("the second leg is no stop order: {stop:?}");
        };
        let last = self.last_price.ok_or(Reject::new(Code::NoReferencePrice))?;
        let between = match limit.side {
            Side::Sell => price > last && last > trigger,
            Side::Buy => price < last && last < trigger,
        };
        if !between {
            return Err(Reject {
                code: Code::OcoBadPrices,
                detail: Detail::Last { symbol: self.spec.id(), price: last },
            });
        }
        refusal.map_or(Ok(()), Err)
    }

    /// The stop leg of a resting limit leg.
    pub(super) fn stop_leg(&self, limit: OrderId) -> OrderId {
        *self.stop_legs.get(limit.0).expect("a limit leg's stop leg is known")
    }

    /// What the stop leg of a resting limit leg needs.
    pub(super) fn stop_leg_need(&self, limit: OrderId) -> Amount {
        let stop = self.pending.known(self.stop_leg(limit));
        self.conditional_need(&stop.admitted.order, stop.admitted.fees)
    }

    /// Something was taken of a limit leg: its stop leg closes. Says what the limit leg had reserved for it
    /// beyond its own need, which it is to release.
    #[cold]
    #[inline(never)]
    pub(super) fn part_from_stop_leg(
        &mut self,
        limit: RestingOrder,
        front: Front,
        run: &mut Run<'_>,
    ) -> Amount {
        let excess = self.reservation(&limit) - self.own_need(&limit);
        let stop = self.take_stop_leg(limit.id, run);
        self.close_sibling(limit.account, stop.admitted.id, Amount::ZERO, run);
        if front != Front::Gone {
            self.book.forget_sibling(limit.id);
        }
        excess
    }

    /// Takes the stop leg of a limit leg out.
    pub(super) fn take_stop_leg(&mut self, limit: OrderId, run: &mut Run<'_>) -> Waiting {
        let stop = self.stop_legs.remove(limit.0).expect("a limit leg's stop leg is known");
        self.remove_pending(stop, run).expect("the stop leg waits")
    }

    /// Takes the limit leg of a stop leg, which no longer waits, out of the book: says what it had reserved.
    pub(super) fn take_limit_leg(
        &mut self,
        limit: OrderId,
        stop: &AdmittedOrder,
        run: &mut Run<'_>,
    ) -> Amount {
        let order = self.book.remove(limit).expect("the limit leg rests");
        self.touch(run);
        self.stop_legs.remove(limit.0).expect("a limit leg's stop leg is known");
        self.forget(&order, run);
        self.own_need(&order).max(self.conditional_need(&stop.order, stop.fees))
    }

    /// Tells that a leg, which was taken out, is closed because of the other.
    pub(super) fn close_sibling(
        &mut self,
        account: AccountId,
        leg: OrderId,
        released: Amount,
        run: &mut Run<'_>,
    ) {
        run.release(account, leg, released, OrderAfter::Closed(CLOSED_AS_SIBLING));
    }
}
