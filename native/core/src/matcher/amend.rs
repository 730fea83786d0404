//! How an open order changes: less of it keeps its place, anything else comes in again under the same id.

use super::market::Market;
use super::place::{Circumstances, open_status};
use super::run::Run;
use crate::book::{OrderBook, RestingOrder};
use crate::log::Record;
use crate::message::{
    AdmittedOrder, Amend, AmendChange, AmendedOrder, NewOrder, NewQuantity, OrderAfter, OrderKind,
    OrderStatus, Outcome, PlacedOrder, TimeInForce, ToSequencer,
};
use crate::reject::{Code, Reject};
use crate::types::{Amount, OrderId, Price, Quantity, Timestamp};

/// An accepted amend, as its answer says it.
struct Amended {
    placed: PlacedOrder,
    done_before: Quantity,
    priority_kept: bool,
}

impl<B: OrderBook> Market<B> {
    /// An amend by the owner.
    pub(super) fn amend(&mut self, amend: &Amend, run: &mut Run<'_>) {
        let id = amend.order;
        let amended = if let Err(reject) = self.check_changeable() {
            Err(reject)
        } else if let Some(order) = self.book.get(id) {
            assert!(order.account == amend.account, "{amend:?} of {order:?}, which is not theirs");
            if order.flags.has_sibling {
                self.amend_legs(amend, id, self.stop_leg(id), run)
            } else {
                self.amend_resting(amend, &order, run)
            }
        } else if let Some(waiting) = self.pending.get(id) {
            assert!(waiting.admitted.order.account == amend.account, "{amend:?} of somebody else's order");
            match waiting.sibling {
                Some(limit) => self.amend_legs(amend, limit, id, run),
                None => self.amend_waiting(amend, run),
            }
        } else {
            refuse(amend, run);
            let (to, account) = (amend.to, amend.account);
            return run.out.to_sequencer.push(ToSequencer::OrderMissed { to, account, order: id });
        };
        let outcome = match amended {
            Ok(Amended { placed, done_before, priority_kept }) => {
                self.cascade(run);
                self.check_command();
                Outcome::Amended(Box::new(AmendedOrder { placed, done_before, priority_kept }))
            }
            Err(reject) => {
                refuse(amend, run);
                Outcome::Rejected(reject)
            }
        };
        run.answer(amend.to, amend.account, outcome);
    }

    fn amend_resting(
        &mut self,
        amend: &Amend,
        order: &RestingOrder,
        run: &mut Run<'_>,
    ) -> Result<Amended, Reject> {
        let RestingOrder { id, account, side, fees, .. } = *order;
        let (price, total) = self.judge_amend(amend, order, run.at)?;
        let done = order.done();
        let left = total - done;
        let have = self.own_need(order) + amend.extra;
        let need = self.spec.reservation(side, price, left, fees);
        if need > have {
            return Err(self.too_little(side, need, have));
        }

        self.record(&Record::Amend(amend), run);
        let kind = OrderKind::Limit { price, quantity: total };
        accept(amend, kind, run);
        let prevented = self.prevented(id);
        let filled = done - prevented;
        let amended = self.order_of(order, kind);
        let priority_kept = price == order.price && total < order.total;
        let placed = if priority_kept {
            self.book.shrink(id, left, total);
            self.touch(run);
            run.release(account, id, have - need, OrderAfter::Open);
            self.placed_without_fills(id, amended, open_status(filled), need)
        } else {
            self.book.remove(id).expect("it rests");
            self.touch(run);
            self.forget(order, run);
            let stp_group = order.stp_group;
            let mut admitted = AdmittedOrder {
                accepted_at: run.at,
                to: amend.to,
                id,
                order: amended,
                reserved: have,
                fees,
                stp_group,
                late: None,
            };
            let circumstances = Circumstances { filled, prevented, stop_leg: None };
            self.execute(&mut admitted, &circumstances, None, run)
        };
        Ok(Amended { placed, done_before: done, priority_kept })
    }

    /// What only the book can tell of an amend: its new price and whole quantity, if it may have them.
    fn judge_amend(
        &self,
        amend: &Amend,
        order: &RestingOrder,
        at: Timestamp,
    ) -> Result<(Price, Quantity), Reject> {
        let price = amend.change.price.unwrap_or(order.price);
        let total = new_total(&amend.change, order.total, order.left());
        if price == order.price && total == Some(order.total) {
            return Err(Reject::new(Code::NoChange));
        }
        let total = total.filter(|&total| total > order.done()).ok_or(Reject::new(Code::QtyBelowFilled))?;
        // Less of it stays where it is; anything else comes in again, and is judged like it.
        let only_less = price == order.price && total < order.total;
        if !only_less {
            self.check_band(order.side, price, at)?;
        }
        if order.flags.post_only {
            self.check_not_crossing(order.side, price, None)?;
        }
        amend.refusal.map_or(Ok((price, total)), Err)
    }

    /// A resting order as it was asked for, with another kind.
    pub(super) fn order_of(&self, order: &RestingOrder, kind: OrderKind) -> NewOrder {
        let kept = self.kept.get(order.id.0);
        NewOrder {
            account: order.account,
            symbol: self.spec.id(),
            side: order.side,
            kind,
            tif: kept.map_or(TimeInForce::Gtc, |kept| kept.tif),
            post_only: order.flags.post_only,
            stp: order.stp,
            extras: kept.map(|kept| kept.extras.clone()),
        }
    }

    /// An order that waits for its price changes where it is.
    fn amend_waiting(&mut self, amend: &Amend, run: &mut Run<'_>) -> Result<Amended, Reject> {
        let id = amend.order;
        let admitted = &self.pending.known(id).admitted;
        let NewOrder { account, side, kind: before, .. } = admitted.order;
        let kind = amended_kind(before, &amend.change)?;
        if let Some(price) = kind.price()
            && (before.price() != Some(price) || kind.quantity() > before.quantity())
        {
            self.check_band(side, price, run.at)?;
        }
        if let Some(refusal) = amend.refusal {
            return Err(refusal);
        }
        let have = admitted.reserved + amend.extra;
        let need = self.conditional_need(&NewOrder { kind, ..admitted.order.clone() }, admitted.fees);
        if need > have {
            return Err(self.too_little(side, need, have));
        }

        self.record(&Record::Amend(amend), run);
        accept(amend, kind, run);
        self.pending.change(id, kind, need);
        run.release(account, id, have - need, OrderAfter::Pending);
        Ok(Amended { placed: self.placed_waiting(id), done_before: Quantity::ZERO, priority_kept: true })
    }

    /// Both legs of an OCO become smaller, where they are. Nothing else of them can change.
    fn amend_legs(
        &mut self,
        amend: &Amend,
        limit: OrderId,
        stop: OrderId,
        run: &mut Run<'_>,
    ) -> Result<Amended, Reject> {
        let order = self.book.get(limit).expect("the limit leg rests");
        let stop_kind = self.pending.known(stop).admitted.order.kind;
        let limit_kind = OrderKind::Limit { price: order.price, quantity: order.total };
        let (before, other, other_kind) =
            if amend.order == limit { (limit_kind, stop, stop_kind) } else { (stop_kind, limit, limit_kind) };
        if amend.change.price.is_some_and(|price| before.price() != Some(price)) {
            return Err(Reject::new(Code::AmendNotAllowed));
        }
        let kind = amended_kind(before, &amend.change)?;
        let total = kind.quantity().expect("a leg has a quantity");
        if total > order.total {
            return Err(Reject::new(Code::AmendNotAllowed));
        }
        if let Some(refusal) = amend.refusal {
            return Err(refusal);
        }

        self.record(&Record::Amend(amend), run);
        let before = self.reservation(&order);
        self.book.shrink(limit, total, total);
        self.touch(run);
        self.pending.change(stop, stop_kind.with_quantity(total), Amount::ZERO);
        let order = self.book.get(limit).expect("the limit leg rests");
        let after = self.reservation(&order);
        accept(amend, kind, run);
        run.out.to_sequencer.push(ToSequencer::SiblingAmended {
            cause: run.cause,
            account: order.account,
            order: other,
            kind: other_kind.with_quantity(total),
        });
        let extra_of = |leg| if amend.order == leg { amend.extra } else { Amount::ZERO };
        run.release(order.account, limit, before - after + extra_of(limit), OrderAfter::Open);
        run.release(order.account, stop, extra_of(stop), OrderAfter::Pending);
        let placed = if amend.order == limit {
            let amended = self.order_of(&order, kind);
            self.placed_without_fills(limit, amended, OrderStatus::New, after)
        } else {
            self.placed_waiting(stop)
        };
        Ok(Amended { placed, done_before: Quantity::ZERO, priority_kept: true })
    }
}

/// The new whole quantity; none if nothing of the order would be left.
fn new_total(change: &AmendChange, total: Quantity, open: Quantity) -> Option<Quantity> {
    match change.quantity {
        None => Some(total),
        Some(NewQuantity::Total(total)) => Some(total),
        Some(NewQuantity::ReduceBy(less)) if less < open => Some(total - less),
        Some(NewQuantity::ReduceBy(_)) => None,
    }
}

/// What an order of which nothing is done becomes.
fn amended_kind(kind: OrderKind, change: &AmendChange) -> Result<OrderKind, Reject> {
    // What an order does not have can't be changed: a market order's price, the quantity of one by quote amount.
    if (change.price.is_some() && kind.price().is_none())
        || (change.quantity.is_some() && kind.quantity().is_none())
    {
        return Err(Reject::new(Code::AmendNotAllowed));
    }
    let total = kind.quantity().map(|total| new_total(change, total, total));
    let amended = match (kind, total) {
        (OrderKind::Limit { price, .. }, Some(Some(quantity))) => {
            OrderKind::Limit { price: change.price.unwrap_or(price), quantity }
        }
        (_, Some(None)) => return Err(Reject::new(Code::QtyBelowFilled)),
        (_, Some(Some(quantity))) => kind.with_quantity(quantity),
        (_, None) => kind,
    };
    if amended == kind {
        return Err(Reject::new(Code::NoChange));
    }
    Ok(amended)
}

/// Tells the order's sequencer what the order is now.
fn accept(amend: &Amend, kind: OrderKind, run: &mut Run<'_>) {
    told(amend, Some(kind), run);
}

/// Tells the order's sequencer that it stays as it is: what was frozen for the amend goes back.
pub(super) fn refuse(amend: &Amend, run: &mut Run<'_>) {
    told(amend, None, run);
}

fn told(amend: &Amend, kind: Option<OrderKind>, run: &mut Run<'_>) {
    run.out.to_sequencer.push(ToSequencer::Amended {
        cause: kind.map(|_| run.cause),
        account: amend.account,
        order: amend.order,
        extra: amend.extra,
        kind,
    });
}
