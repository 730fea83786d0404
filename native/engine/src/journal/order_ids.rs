//! Order ids in blocks, so that sequencers do not meet at one counter for every order, and so that one record vouches
//! for many: it is written before the first id of its block is handed out, and what an engine that crashed had left of
//! its blocks is skipped. So an id that somebody may have seen is never used again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lightning_core::log::{OrderIds, Record};
use lightning_core::types::OrderId;

use crate::clock::Clock;
use crate::journal::Journal;

/// One sequencer's order ids.
#[derive(Debug)]
pub(crate) struct LeasedOrderIds {
    /// The last id that is leased to anybody.
    leased: Arc<AtomicU64>,
    block: u64,
    next: u64,
    end: u64,
    journal: Journal,
    clock: Clock,
}

impl LeasedOrderIds {
    /// Ids behind the last leased one, which several sequencers share, `block` at a time.
    pub(crate) fn new(leased: Arc<AtomicU64>, block: u64, journal: Journal, clock: Clock) -> Self {
        Self { leased, block, next: 0, end: 0, journal, clock }
    }
}

impl OrderIds for LeasedOrderIds {
    fn next(&mut self) -> OrderId {
        if self.next == self.end {
            self.next = self.leased.fetch_add(self.block, Ordering::AcqRel) + 1;
            self.end = self.next + self.block;
            if let Journal::Kept(front) = &self.journal {
                front.append(self.clock.now(), 0, &Record::OrderIds { up_to: self.end - 1 });
            }
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
        let lease =
            || LeasedOrderIds::new(counter.clone(), 3, Journal::volatile(), Clock::new(Some(0), None));
        let (mut a, mut b) = (lease(), lease());
        let ids: Vec<_> = (0..8).map(|n| if n % 2 == 0 { a.next().0 } else { b.next().0 }).collect();
        assert_eq!(ids, [1, 4, 2, 5, 3, 6, 7, 10]);
    }
}
