//! What is counted.

use std::sync::atomic::{AtomicU64, Ordering};

/// What streams have been doing since the engine was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Sessions that are open.
    pub sessions: u64,
    /// Subscriptions of all of them.
    pub subscriptions: u64,
    /// Updates that were handed out.
    pub updates: u64,
    /// Levels, trades, orders' events, candles, reports and balances in them.
    pub items: u64,
    /// States of books that a subscription was never told of, because there was a newer one when it could take one.
    pub conflated: u64,
    /// Gaps that were told.
    pub gaps: u64,
    /// Subscriptions that ended because they had fallen behind.
    pub ended_slow: u64,
    /// Batches of news that a shard could not get rid of, so that it was asked for a fresh start.
    pub lost: u64,
    /// News that wait for their records to be safe, or to be looked at.
    pub backlog: u64,
}

/// The same, while it is being counted.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    pub(crate) sessions: AtomicU64,
    pub(crate) subscriptions: AtomicU64,
    pub(crate) updates: AtomicU64,
    pub(crate) items: AtomicU64,
    pub(crate) conflated: AtomicU64,
    pub(crate) gaps: AtomicU64,
    pub(crate) ended_slow: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) held: AtomicU64,
}

impl Counting {
    /// So many more.
    pub(crate) fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }

    /// As it is now.
    pub(crate) fn read(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Counters {
            sessions: read(&self.sessions),
            subscriptions: read(&self.subscriptions),
            updates: read(&self.updates),
            items: read(&self.items),
            conflated: read(&self.conflated),
            gaps: read(&self.gaps),
            ended_slow: read(&self.ended_slow),
            lost: read(&self.lost),
            backlog: read(&self.held),
        }
    }
}
