//! What a command's last price sets off: pending orders whose price has come, and whatever their trades set off
//! in turn. All of it belongs to the command.

use super::market::Market;
use super::oco::CLOSED_AS_SIBLING;
use super::pending::Waiting;
use super::place::Circumstances;
use super::run::Run;
use crate::book::OrderBook;
use crate::message::{AdmittedOrder, ExpireReason, OrderAfter, OrderStatus, ToSequencer};
use crate::rules::SymbolStatus;
use crate::types::OrderId;

impl<B: OrderBook> Market<B> {
    /// Compares the last price with what pending orders wait for, executes those that are due, and again, until
    /// none is.
    #[inline(always)]
    pub(super) fn cascade(&mut self, run: &mut Run<'_>) {
        if !self.pending.is_empty() {
            self.trigger_all(run);
        }
    }

    #[inline(never)]
    fn trigger_all(&mut self, run: &mut Run<'_>) {
        while let Some(last) = self.last_price {
            let due = self.pending.due(last);
            if due.is_empty() {
                return;
            }
            // Triggered together, before the first of them trades: the limit leg of an OCO whose stop leg is
            // among them is out of everybody's reach.
            let triggered: Vec<AdmittedOrder> = due.into_iter().map(|id| self.trigger(id, run)).collect();
            for mut admitted in triggered {
                self.execute_triggered(&mut admitted, run);
            }
        }
    }

    /// An order no longer waits. A stop leg closes its limit leg and takes over what it needs of what that holds.
    fn trigger(&mut self, id: OrderId, run: &mut Run<'_>) -> AdmittedOrder {
        let Waiting { mut admitted, sibling } =
            self.remove_pending(id, run).expect("an order that is due waits");
        if let Some(limit) = sibling {
            let (account, cause) = (admitted.order.account, run.cause);
            let reserved = self.take_limit_leg(limit, &admitted, run);
            let amount = self.conditional_need(&admitted.order, admitted.fees);
            admitted.reserved = amount;
            run.out.to_sequencer.push(ToSequencer::MoveReservation {
                cause,
                account,
                from: limit,
                to: id,
                amount,
            });
            run.release(account, limit, reserved - amount, OrderAfter::Closed(CLOSED_AS_SIBLING));
        }
        admitted
    }

    /// Like a new order; no rule is checked again but the one that the symbol takes no market orders now.
    fn execute_triggered(&mut self, admitted: &mut AdmittedOrder, run: &mut Run<'_>) {
        let is_market = admitted.order.kind.price().is_none();
        if is_market && self.rules.status == SymbolStatus::LimitOnly {
            let after = OrderAfter::Closed(OrderStatus::Expired(ExpireReason::TriggerRejected));
            return run.release(admitted.order.account, admitted.id, admitted.reserved, after);
        }
        self.execute(admitted, &Circumstances::default(), None, run);
    }

    /// Takes an order that waits out, wherever it has got to.
    pub(super) fn remove_pending(&mut self, id: OrderId, run: &mut Run<'_>) -> Option<Waiting> {
        let waiting = self.pending.remove(id)?;
        if let Some(at) = waiting.admitted.order.expire_at() {
            run.expiries.remove(at, id, self.spec.id());
        }
        Some(waiting)
    }
}
