//! Conditional orders that wait for their price: in no book, found by id and by what they wait for.

use std::collections::BTreeMap;

use super::triggers::{Progress, TriggerIndex};
use crate::codec::ensure;
use crate::message::{AdmittedOrder, OrderKind};
use crate::types::{Amount, OrderId, Price};

/// An order that waits for its trigger.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Its `reserved` is zero if it is an OCO's stop leg: the limit leg holds what both need.
    pub(super) admitted: AdmittedOrder,
    /// The limit leg of the OCO whose stop leg it is.
    pub(super) sibling: Option<OrderId>,
}

/// One symbol's conditional orders.
#[derive(Debug, Default)]
pub(super) struct PendingOrders {
    orders: BTreeMap<OrderId, Waiting>,
    triggers: TriggerIndex,
    /// The last price that they were compared with.
    compared: Option<Price>,
}

impl PendingOrders {
    pub(super) fn len(&self) -> usize {
        self.orders.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    pub(super) fn get(&self, id: OrderId) -> Option<&Waiting> {
        if self.orders.is_empty() { None } else { self.orders.get(&id) }
    }

    /// An order of which it is known that it waits.
    pub(super) fn known(&self, id: OrderId) -> &Waiting {
        self.orders.get(&id).unwrap_or_else(|| panic!("{id:?} does not wait"))
    }

    /// All of them, by id.
    pub(super) fn ids(&self) -> impl Iterator<Item = OrderId> + '_ {
        self.orders.keys().copied()
    }

    /// An order begins to wait. `last` is the last price, which does not trigger it.
    pub(super) fn insert(&mut self, waiting: Waiting, last: Price) {
        let AdmittedOrder { id, ref order, .. } = waiting.admitted;
        let trigger = *order.trigger().expect("an order that waits has a trigger");
        self.triggers.insert(id, order.side, trigger, last);
        // Whoever waited before was compared with it after the command that made it.
        assert!(
            self.orders.is_empty() || self.compared == Some(last),
            "an order was not compared with {last:?}"
        );
        self.compared = Some(last);
        assert!(self.orders.insert(id, waiting).is_none(), "{id:?} waits already");
    }

    /// An order no longer waits.
    pub(super) fn remove(&mut self, id: OrderId) -> Option<Waiting> {
        if self.orders.is_empty() {
            return None;
        }
        let waiting = self.orders.remove(&id)?;
        let order = &waiting.admitted.order;
        self.triggers.remove(id, order.side, order.trigger().expect("it has a trigger"));
        Some(waiting)
    }

    /// An order asks for something else; what it waits for stays.
    pub(super) fn change(&mut self, id: OrderId, kind: OrderKind, reserved: Amount) {
        let waiting = self.orders.get_mut(&id).expect("an order that is changed waits");
        waiting.admitted.order.kind = kind;
        waiting.admitted.reserved = reserved;
    }

    /// The orders that a new last price triggers, in the order in which they are executed. They still wait.
    pub(super) fn due(&mut self, last: Price) -> Vec<OrderId> {
        if self.compared == Some(last) {
            return Vec::new();
        }
        self.compared = Some(last);
        self.triggers.follow(last)
    }

    /// How many are stop legs. For tests.
    pub(super) fn legs(&self) -> usize {
        self.orders.values().filter(|waiting| waiting.sibling.is_some()).count()
    }

    /// Panics unless the index agrees with the orders; says how many of them expire.
    pub(super) fn check_invariants(&self) -> usize {
        self.triggers.check_invariants();
        assert_eq!(self.triggers.len(), self.orders.len(), "every order waits for one thing");
        self.orders.values().filter(|waiting| waiting.admitted.order.expire_at().is_some()).count()
    }
}

impl PendingOrders {
    /// How far an order that waits has got.
    pub(super) fn progress(&self, id: OrderId) -> Progress {
        let order = &self.known(id).admitted.order;
        self.triggers.progress(id, order.side, order.trigger().expect("an order that waits has a trigger"))
    }

    /// An order waits again. `last` is the last price, with which it was compared.
    ///
    /// # Errors
    /// It has no trigger, or `last` would have triggered it, or have let it get further.
    pub(super) fn load(
        &mut self,
        waiting: Waiting,
        progress: Progress,
        last: Price,
    ) -> Result<(), &'static str> {
        let AdmittedOrder { id, ref order, .. } = waiting.admitted;
        let trigger = *order.trigger().ok_or("an order that waits for nothing")?;
        ensure(!self.orders.contains_key(&id), "an order that is there twice")?;
        self.triggers.load(id, order.side, trigger, progress, last)?;
        self.compared = Some(last);
        self.orders.insert(id, waiting);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fees::FeeRates;
    use crate::message::{Extras, NewOrder, ReplyTo, Trigger};
    use crate::types::{AccountId, Quantity, Side, SymbolId, Ticket};

    fn stop(id: u64, price: u64) -> Waiting {
        let mut order = NewOrder::limit(AccountId(1), SymbolId(0), Side::Sell, Price(1), Quantity(1));
        let trigger = Some(Trigger::Stop { price: Price(price) });
        order.extras = Some(Box::new(Extras { trigger, ..Extras::default() }));
        let admitted = AdmittedOrder {
            to: ReplyTo::direct(Ticket(1)),
            accepted_at: crate::types::Timestamp(1),
            id: OrderId(id),
            order,
            reserved: Amount(1),
            fees: FeeRates::default(),
            stp_group: None,
            late: None,
        };
        Waiting { admitted, sibling: None }
    }

    #[test]
    fn a_price_that_comes_back_is_compared_again() {
        let mut pending = PendingOrders::default();
        pending.insert(stop(1, 50), Price(100));
        assert_eq!(pending.due(Price(90)), []);
        assert!(pending.remove(OrderId(1)).is_some());
        // Nobody waits while the price rises to 110, so nobody is compared with it.
        pending.insert(stop(2, 95), Price(110));
        assert_eq!(pending.due(Price(90)), [OrderId(2)]);
        assert!(pending.remove(OrderId(2)).is_some() && pending.is_empty());
    }
}
