//! What one shard measures of itself. It alone writes it, once per batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crate::metrics::Histogram;

/// Of one sequencer's or one matcher's thread.
#[derive(Debug, Default)]
pub(crate) struct ShardMetrics {
    /// How long each batch of commands waited to be taken.
    pub(crate) wait: Histogram,
    /// How long each turn took, from what was taken to what is sent on.
    pub(crate) batch: Histogram,
}

impl ShardMetrics {
    /// A batch is taken that was sent a while ago.
    pub(crate) fn waited(&self, sent: Instant, taken: Instant) {
        // It may have been sent when the first one of the same turn had been taken.
        self.wait.add(taken.saturating_duration_since(sent));
    }

    /// All that was taken is done. Says when that is.
    pub(crate) fn done(&self, taken: Instant) -> Instant {
        let now = Instant::now();
        self.batch.add(now.saturating_duration_since(taken));
        now
    }
}

/// Of all threads that are shards.
#[derive(Debug)]
pub(crate) struct ThreadMetrics {
    pub(crate) sequencers: Vec<Arc<ShardMetrics>>,
    pub(crate) matchers: Vec<Arc<ShardMetrics>>,
}

impl ThreadMetrics {
    pub(crate) fn new(sequencers: usize, matchers: usize) -> Self {
        let some = |shards| (0..shards).map(|_| Arc::default()).collect();
        Self { sequencers: some(sequencers), matchers: some(matchers) }
    }
}

/// What a matcher counts, with a thread of its own or without.
#[derive(Debug, Default)]
pub(crate) struct MatcherCounts {
    trades: AtomicU64,
    resting: AtomicU64,
}

impl MatcherCounts {
    /// So many trades were made.
    pub(crate) fn traded(&self, trades: usize) {
        if trades > 0 {
            // One writer: a plain addition.
            self.trades.store(self.trades() + trades as u64, Ordering::Relaxed);
        }
    }

    /// A book had so many orders, and has so many now.
    pub(crate) fn rests(&self, before: usize, now: usize) {
        // Never below zero; but if it were, a gauge would be no reason to stop an exchange.
        let others = self.resting().saturating_sub(before as u64);
        self.resting.store(others + now as u64, Ordering::Relaxed);
    }

    /// Trades since the engine was opened.
    pub(crate) fn trades(&self) -> u64 {
        self.trades.load(Ordering::Relaxed)
    }

    /// Orders that rest in books.
    pub(crate) fn resting(&self) -> u64 {
        self.resting.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn waits_and_turns_are_told_apart() {
        let metrics = ShardMetrics::default();
        let sent = Instant::now();
        let taken = sent + Duration::from_millis(5);
        metrics.waited(sent, taken);
        metrics.waited(taken, sent);
        assert_eq!((metrics.wait.read().count(), metrics.wait.read().max_nanos()), (2, 5_000_000));
        assert!(metrics.done(sent) >= sent);
        assert_eq!(metrics.batch.read().count(), 1);
    }

    #[test]
    fn orders_that_rest_are_the_sum_over_books() {
        let counts = MatcherCounts::default();
        counts.rests(0, 5);
        counts.rests(0, 2);
        counts.rests(5, 0);
        counts.traded(0);
        counts.traded(3);
        assert_eq!((counts.resting(), counts.trades()), (2, 3));
    }
}
