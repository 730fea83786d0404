//! Where records go while there is no journal on disk: they are numbered, and nothing else.
//!
//! The shards already append before they emit and gate what they emit on what they appended; the journal of
//! files takes this place without a change to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lightning_core::log::{Log, OrderIds, Record};
use lightning_core::types::{Lsn, OrderId, Timestamp};

/// The `volatile` journal: dense numbers over all shards, from 1.
#[derive(Clone, Debug, Default)]
pub(crate) struct VolatileJournal(Arc<AtomicU64>);

impl VolatileJournal {
    /// The newest record's number.
    pub(crate) fn last(&self) -> Lsn {
        Lsn(self.0.load(Ordering::Acquire))
    }
}

impl Log for VolatileJournal {
    fn append(&mut self, _: Timestamp, _: &Record<'_>) -> Lsn {
        Lsn(self.0.fetch_add(1, Ordering::AcqRel) + 1)
    }
}

/// Order ids in blocks, so that sequencers do not meet at one counter for every order.
#[derive(Debug)]
pub(crate) struct LeasedOrderIds {
    next_block: Arc<AtomicU64>,
    block: u64,
    next: u64,
    end: u64,
}

impl LeasedOrderIds {
    /// Ids from a counter that several sequencers share, `block` at a time.
    pub(crate) fn new(next_block: Arc<AtomicU64>, block: u64) -> Self {
        Self { next_block, block, next: 0, end: 0 }
    }
}

impl OrderIds for LeasedOrderIds {
    fn next(&mut self) -> OrderId {
        if self.next == self.end {
            self.next = self.next_block.fetch_add(self.block, Ordering::AcqRel) + 1;
            self.end = self.next + self.block;
        }
        let id = OrderId(self.next);
        self.next += 1;
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leased_ids_never_meet() {
        let counter = Arc::new(AtomicU64::new(0));
        let mut a = LeasedOrderIds::new(counter.clone(), 3);
        let mut b = LeasedOrderIds::new(counter, 3);
        let ids: Vec<_> = (0..8).map(|n| if n % 2 == 0 { a.next().0 } else { b.next().0 }).collect();
        assert_eq!(ids, [1, 4, 2, 5, 3, 6, 7, 10]);
    }
}
