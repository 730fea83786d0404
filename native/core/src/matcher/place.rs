//! How an order comes in: judged, written down, executed; what is left of it rests, waits or expires.
//!
//! The record is appended before an order is judged, so that a refusal is a part of the fold, too.

use super::market::{Kept, Market};
use super::pending::Waiting;
use super::run::Run;
use super::taker::{End, Taker};
use super::walk::Expected;
use crate::book::{OrderBook, RestingFlags, RestingOrder};
use crate::log::Record;
use crate::message::{
    AdmittedOrder, Estimate, ExpireReason, Fill, NewOrder, OrderAfter, OrderKind, OrderStatus, Outcome,
    PlacedOrder, Settlement, TimeInForce,
};
use crate::types::{Amount, OrderId, Quantity, SignedAmount};

/// What an execution goes by besides the order.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circumstances {
    /// What of it was traded before it came in again (an amend).
    pub(super) filled: Quantity,
    /// What of it was prevented before.
    pub(super) prevented: Quantity,
    /// The stop leg, if it is the limit leg of an OCO, and what that needs.
    pub(super) stop_leg: Option<(OrderId, Amount)>,
}

impl<B: OrderBook> Market<B> {
    /// An order comes in.
    #[inline(always)]
    pub(super) fn admit(&mut self, admitted: &mut AdmittedOrder, run: &mut Run<'_>) {
        let (to, account) = (admitted.to, admitted.order.account);
        if admitted.is_refused() {
            // Known to no sequencer, frozen nowhere: nothing to write down. The book says which refusal it is.
            let refused = self.judge(admitted, admitted.reserved, None, run.at);
            let reject = refused.expect_err("an order that its sequencer refuses is refused");
            return run.answer(to, account, Outcome::Rejected(reject));
        }
        self.record(&Record::Place(admitted), run);
        match self.judge(admitted, admitted.reserved, None, run.at) {
            Ok(expected) => {
                let placed = self.enter(admitted, expected, run);
                self.cascade(run);
                self.check_command();
                run.answer(to, account, Outcome::Placed(placed));
            }
            Err(reject) => {
                void(admitted, run);
                run.answer(to, account, Outcome::Rejected(reject));
            }
        }
    }

    /// An accepted order begins to wait, or trades.
    #[inline(always)]
    pub(super) fn enter(
        &mut self,
        admitted: &mut AdmittedOrder,
        expected: Option<Expected>,
        run: &mut Run<'_>,
    ) -> PlacedOrder {
        if admitted.order.trigger().is_some() {
            let id = admitted.id;
            self.wait(admitted.take(), None, run);
            return self.placed_waiting(id);
        }
        self.execute(admitted, &Circumstances::default(), expected, run)
    }

    /// A conditional order begins to wait for its price.
    #[inline(never)]
    pub(super) fn wait(&mut self, admitted: AdmittedOrder, sibling: Option<OrderId>, run: &mut Run<'_>) {
        let AdmittedOrder { id, ref order, reserved, fees, .. } = admitted;
        if sibling.is_none() {
            assert!(
                reserved == self.conditional_need(order, fees),
                "{id:?} has {reserved:?} reserved, which is not what it needs: {order:?}"
            );
        }
        if let Some(at) = order.expire_at() {
            run.expiries.insert(at, id, self.spec.id());
        }
        run.release(order.account, id, Amount::ZERO, OrderAfter::Pending);
        let last = self.last_price.expect("an order that waits was compared with the last price");
        self.pending.insert(Waiting { admitted, sibling }, last);
    }

    /// Trades, and rests: the whole of an order's own execution. The order's extras go into the answer.
    pub(super) fn execute(
        &mut self,
        admitted: &mut AdmittedOrder,
        circumstances: &Circumstances,
        expected: Option<Expected>,
        run: &mut Run<'_>,
    ) -> PlacedOrder {
        let AdmittedOrder { id, ref mut order, reserved, fees, stp_group, .. } = *admitted;
        let done = circumstances.filled + circumstances.prevented;
        let mut taker = self.taker(id, order, (fees, stp_group), reserved, done, None);
        let mut fills = Vec::new();
        let status = if order.tif == TimeInForce::Fok {
            self.fill_or_kill(order, &mut taker, &mut fills, run)
        } else {
            let end = self.take(&mut taker, &mut fills, run);
            assert!(expected.is_none_or(|expected| expected == taker.result(end)), "a walk led elsewhere");
            status_after(order, end, circumstances.filled + taker.filled)
        };
        let untouched = taker.filled.is_zero() && taker.prevented.is_zero();
        let stop_leg = circumstances.stop_leg.filter(|_| untouched && status.is_open());
        if let Some((leg, _)) = circumstances.stop_leg
            && stop_leg.is_none()
        {
            self.close_sibling(order.account, leg, Amount::ZERO, run);
        }
        let mut still_reserved = Amount::ZERO;
        let mut after = OrderAfter::Closed(status);
        if status.is_open() {
            let need = self.rest(order, &taker, circumstances, stop_leg.is_some(), run);
            still_reserved = stop_leg.map_or(need, |(_, stop_need)| need.max(stop_need));
            after = OrderAfter::Open;
        }
        run.settle(Settlement {
            filled: taker.filled,
            notional: taker.notional,
            fee: taker.fee,
            // Price improvement, and all that an order which does not rest leaves over.
            released: taker.reserved - still_reserved,
            prevented: taker.prevented,
            ..run.nothing(taker.account, id, after)
        });
        let extras = order.extras.take();
        let NewOrder { account, symbol, side, kind, tif, post_only, stp, extras: _ } = *order;
        PlacedOrder {
            id,
            order: NewOrder { account, symbol, side, kind, tif, post_only, stp, extras },
            status,
            filled: taker.filled,
            notional: taker.notional,
            prevented: taker.prevented,
            fee: taker.fee,
            reserved: still_reserved,
            fills,
            book_seq: self.seq,
        }
    }

    /// All of it, or nothing: walked first, without effect.
    fn fill_or_kill(
        &mut self,
        order: &NewOrder,
        taker: &mut Taker,
        fills: &mut Vec<Fill>,
        run: &mut Run<'_>,
    ) -> OrderStatus {
        let walked = self.walk(*taker, true, None);
        if walked.end != End::Sated || !walked.taker.prevented.is_zero() {
            return OrderStatus::Expired(ExpireReason::FokUnfillable);
        }
        let end = self.take(taker, fills, run);
        assert_eq!(walked.expected(), taker.result(end), "a walk led elsewhere");
        status_after(order, end, taker.filled)
    }

    /// What an order did not get at once waits in the book; says what that needs.
    #[inline]
    fn rest(
        &mut self,
        order: &NewOrder,
        taker: &Taker,
        circumstances: &Circumstances,
        has_sibling: bool,
        run: &mut Run<'_>,
    ) -> Amount {
        let OrderKind::Limit { price, quantity: total } = order.kind else {
            panic!("an order at market can't rest: {order:?}");
        };
        let (id, left) = (taker.id, taker.left());
        let prevented = circumstances.prevented + taker.prevented;
        if !prevented.is_zero() {
            self.prevented.insert(id, prevented);
        }
        if order.extras.is_some() {
            self.keep_extras(id, order, run);
        }
        let shown = order.display().map_or(left, |display| display.min(left));
        self.touch(run);
        self.book.insert(RestingOrder {
            id,
            account: order.account,
            side: order.side,
            price,
            shown,
            hidden: left - shown,
            display: order.display().unwrap_or_default(),
            total,
            fees: taker.fees,
            stp_group: taker.stp_group,
            stp: order.stp,
            flags: RestingFlags {
                post_only: order.post_only,
                expires: order.expire_at().is_some(),
                has_sibling,
                touched: left != total,
                has_extras: order.extras.is_some(),
            },
        });
        self.spec.reservation(order.side, price, left, taker.fees)
    }

    fn keep_extras(&mut self, id: OrderId, order: &NewOrder, run: &mut Run<'_>) {
        let extras = order.extras.clone().expect("an order with extras");
        if let Some(at) = extras.expire_at {
            run.expiries.insert(at, id, self.spec.id());
        }
        self.kept.insert(id.0, Kept { tif: order.tif, extras });
    }

    /// The answer about an order that waits.
    pub(super) fn placed_waiting(&self, id: OrderId) -> PlacedOrder {
        let AdmittedOrder { ref order, reserved, .. } = self.pending.known(id).admitted;
        self.placed_without_fills(id, order.clone(), OrderStatus::PendingTrigger, reserved)
    }

    /// The answer about an order to which nothing happened but this.
    pub(super) fn placed_without_fills(
        &self,
        id: OrderId,
        order: NewOrder,
        status: OrderStatus,
        reserved: Amount,
    ) -> PlacedOrder {
        PlacedOrder {
            id,
            order,
            status,
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            prevented: Quantity::ZERO,
            fee: SignedAmount::ZERO,
            reserved,
            fills: Vec::new(),
            book_seq: self.seq,
        }
    }

    /// Says what an order would do, and does nothing.
    pub(super) fn test(&self, tested: &AdmittedOrder, run: &mut Run<'_>) {
        let outcome = match self.judge(tested, tested.reserved, None, run.at) {
            Ok(_) => Outcome::Tested(Box::new(self.estimate(tested))),
            Err(reject) => Outcome::Rejected(reject),
        };
        run.answer(tested.to, tested.order.account, outcome);
    }

    fn estimate(&self, tested: &AdmittedOrder) -> Estimate {
        let AdmittedOrder { id, ref order, reserved, fees, stp_group, .. } = *tested;
        let nothing = Estimate {
            order: order.clone(),
            status: OrderStatus::PendingTrigger,
            reserved: Amount::ZERO,
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fee: SignedAmount::ZERO,
        };
        if order.trigger().is_some() {
            return Estimate { reserved: self.conditional_need(order, fees), ..nothing };
        }
        let taker = self.taker(id, order, (fees, stp_group), reserved, Quantity::ZERO, None);
        let is_fok = order.tif == TimeInForce::Fok;
        let walked = self.walk(taker, is_fok, None);
        if is_fok && (walked.end != End::Sated || !walked.taker.prevented.is_zero()) {
            return Estimate { status: OrderStatus::Expired(ExpireReason::FokUnfillable), ..nothing };
        }
        let Taker { filled, notional, fee, .. } = walked.taker;
        let status = status_after(order, walked.end, filled);
        let reserved = match order.kind.price().filter(|_| status.is_open()) {
            Some(price) => self.spec.reservation(order.side, price, walked.taker.left(), fees),
            None => Amount::ZERO,
        };
        Estimate { status, reserved, filled, notional, fee, ..nothing }
    }
}

/// The book refuses an order that its sequencer has let in: it never was.
pub(super) fn void(admitted: &AdmittedOrder, run: &mut Run<'_>) {
    run.release(admitted.order.account, admitted.id, admitted.reserved, OrderAfter::Voided);
}

/// How an order stands when its execution has come to this end, `filled` of it in all.
fn status_after(order: &NewOrder, end: End, filled: Quantity) -> OrderStatus {
    let is_limit = order.kind.price().is_some();
    match end {
        End::Sated => OrderStatus::Filled,
        End::Prevented => OrderStatus::Expired(ExpireReason::Stp),
        End::RanOut | End::OutOfReach if order.can_rest() => open_status(filled),
        End::RanOut | End::OutOfReach if is_limit => OrderStatus::Expired(ExpireReason::IocRemainder),
        End::RanOut => OrderStatus::Expired(ExpireReason::InsufficientLiquidity),
        End::OutOfReach => OrderStatus::Expired(ExpireReason::PriceProtection),
        End::Budget => OrderStatus::Expired(ExpireReason::BudgetExhausted),
    }
}

/// How an order stands that rests.
pub(super) fn open_status(filled: Quantity) -> OrderStatus {
    if filled.is_zero() { OrderStatus::New } else { OrderStatus::PartiallyFilled }
}
