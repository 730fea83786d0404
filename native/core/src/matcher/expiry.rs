//! When orders expire: by time, then by order id, over all symbols of the shard.

use std::collections::BTreeSet;

use super::market::Market;
use super::run::Run;
use crate::book::OrderBook;
use crate::log::Record;
use crate::message::{ExpireReason, OrderStatus, TimeInForce};
use crate::types::{OrderId, SymbolId, Timestamp};

/// The orders that expire, resting and pending.
#[derive(Debug)]
pub(super) struct Expiries {
    due: BTreeSet<(Timestamp, OrderId, SymbolId)>,
    /// The time of the first, so that a command with nothing due compares two numbers.
    next: Timestamp,
}

/// Later than any order's time.
const NEVER: Timestamp = Timestamp(u64::MAX);

impl Default for Expiries {
    fn default() -> Self {
        Self { due: BTreeSet::new(), next: NEVER }
    }
}

impl Expiries {
    /// When the next order expires.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.due.first().map(|&(at, ..)| at)
    }

    /// Is an order due?
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        self.next <= now && !self.due.is_empty()
    }

    /// The next order that is due.
    pub(super) fn first_due(&self, now: Timestamp) -> Option<(OrderId, SymbolId)> {
        self.due.first().filter(|&&(at, ..)| at <= now).map(|&(_, order, symbol)| (order, symbol))
    }

    pub(super) fn insert(&mut self, at: Timestamp, order: OrderId, symbol: SymbolId) {
        assert!(self.due.insert((at, order, symbol)), "{order:?} expires twice");
        self.next = self.next.min(at);
    }

    pub(super) fn remove(&mut self, at: Timestamp, order: OrderId, symbol: SymbolId) {
        assert!(self.due.remove(&(at, order, symbol)), "{order:?} was not going to expire at {at:?}");
        self.next = self.next().unwrap_or(NEVER);
    }

    /// How many orders of a symbol expire. For tests; walks everything.
    pub(super) fn count(&self, symbol: SymbolId) -> usize {
        assert_eq!(self.next, self.next().unwrap_or(NEVER), "the cached time is stale");
        self.due.iter().filter(|&&(.., each)| each == symbol).count()
    }
}

impl<B: OrderBook> Market<B> {
    /// An order's time has come: one record, one command.
    pub(super) fn expire(&mut self, id: OrderId, run: &mut Run<'_>) {
        self.record(&Record::Expire { symbol: self.spec.id(), order: id }, run);
        let reason = match self.tif(id) {
            TimeInForce::Day => ExpireReason::SessionEnd,
            TimeInForce::Gtd => ExpireReason::GtdExpired,
            tif => panic!("{id:?} expires and is {tif:?}"),
        };
        let open = self.find(id).expect("an order that expires is open");
        self.close(&open, OrderStatus::Expired(reason), None, run);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_the_earliest_then_the_oldest() {
        let (mut expiries, symbol) = (Expiries::default(), SymbolId(0));
        assert!(!expiries.is_due(NEVER));
        for (at, order) in [(9, 1), (5, 3), (5, 2)] {
            expiries.insert(Timestamp(at), OrderId(order), symbol);
        }
        assert!(!expiries.is_due(Timestamp(4)) && expiries.is_due(Timestamp(5)));
        assert_eq!(expiries.first_due(Timestamp(5)), Some((OrderId(2), symbol)));
        expiries.remove(Timestamp(5), OrderId(2), symbol);
        expiries.remove(Timestamp(5), OrderId(3), symbol);
        assert_eq!((expiries.next(), expiries.first_due(Timestamp(8))), (Some(Timestamp(9)), None));
        assert_eq!((expiries.count(symbol), expiries.count(SymbolId(1))), (1, 0));
    }
}
