//! The proof that a sequencer agrees with itself. For tests: it walks everything.

use std::collections::BTreeMap;

use crate::accounts::Counters;
use crate::sequencer::Sequencer;
use crate::types::Amount;

impl Sequencer {
    /// Panics unless balances, orders, counters and indexes agree: what is frozen is the sum of what open orders
    /// have reserved, what amends in flight may cost, what is held and what is on its way to other accounts.
    pub fn check_invariants(&self) {
        self.orders.check_invariants();
        self.closed.check_invariants();
        self.entries.check_invariants();
        self.accounts.check_timers(|slot| self.ledger.account(slot));
        self.check_frozen();
        self.check_counters();
        for (id, amend) in self.amends.all() {
            let account = self.orders.get(id).map_or(amend.account, |entry| entry.account);
            assert_eq!(account, amend.account, "an amend of somebody else's {id:?}");
        }
    }

    /// Panics unless everything here is decided, as in a fold: nothing is on its way to a matcher.
    pub(crate) fn check_decided(&self) {
        assert!(self.amends.is_empty() && self.collecting.is_empty(), "something is on its way to a matcher");
        for entry in self.orders.all() {
            assert!(!entry.running && entry.unwritten.is_zero(), "not decided: {entry:?}");
            assert!(self.closed.get(entry.order.id).is_none(), "open and closed: {entry:?}");
        }
    }

    fn check_frozen(&self) {
        let mut expected = BTreeMap::new();
        for entry in self.orders.all() {
            let order = &entry.order;
            assert_eq!(self.ledger.account(entry.account), order.order.account);
            let asset = self.known(order.order.symbol).spec.gives(order.order.side);
            *expected.entry((entry.account, asset)).or_insert(Amount::ZERO) += order.reserved;
        }
        for (_, amend) in self.amends.all() {
            *expected.entry((amend.account, amend.asset)).or_default() += amend.extra;
        }
        for slot in self.ledger.all_slots() {
            for &(asset, balance) in self.ledger.balances(slot) {
                let sum = expected.remove(&(slot, asset)).unwrap_or_default()
                    + balance.held
                    + self.ledger.in_transfer(slot, asset);
                assert_eq!(balance.frozen, sum, "frozen of slot {slot:?}, {asset:?}");
            }
        }
        assert!(expected.values().all(|amount| amount.is_zero()), "a reservation without frozen funds");
    }

    fn check_counters(&self) {
        let mut expected: BTreeMap<_, Counters> = BTreeMap::new();
        for entry in self.orders.all() {
            let order = &entry.order;
            let sibling = order.list.and_then(|(_, sibling)| self.orders.get(sibling));
            let is_shadow = sibling.is_some() && order.order.trigger().is_some();
            assert_eq!(entry.shadow, is_shadow, "{order:?}");
            let mut counts = Counters::of(order, entry.running, is_shadow);
            // A list of which both legs are open is counted at its limit leg.
            counts.lists = u32::from(order.list.is_some() && !is_shadow);
            expected.entry((entry.account, order.order.symbol)).or_default().add(counts);
        }
        for (slot, symbol, counters) in self.accounts.all_counters() {
            let recounted = expected.remove(&(slot, symbol)).unwrap_or_default();
            assert_eq!(counters, recounted, "of {slot:?} on {symbol:?}");
        }
        assert!(expected.is_empty(), "orders that are not counted: {expected:?}");
    }
}
