//! What a matcher is at: trades are published some time after the clock was read that they bear.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use lightning_core::types::Timestamp;

/// No batch is.
const NOTHING: u64 = u64::MAX;

/// From when on trades of a matcher may be on their way. One for each matcher, written by its thread.
#[derive(Debug)]
pub(crate) struct UnderWay(AtomicU64);

impl Default for UnderWay {
    fn default() -> Self {
        Self(AtomicU64::new(NOTHING))
    }
}

impl UnderWay {
    /// A batch begins: its time, which is read behind this, is not before `last`, that of the batch before it.
    pub(crate) fn begin(&self, last: Timestamp) {
        self.0.store(last.0, Ordering::SeqCst);
        // Who looks has read the clock before: it sees this, or the batch's time is not before what it has read.
        fence(Ordering::SeqCst);
    }

    /// That is its time.
    pub(crate) fn set(&self, now: Timestamp) {
        self.0.store(now.0, Ordering::Release);
    }

    /// Its trades are published.
    pub(crate) fn end(&self) {
        self.0.store(NOTHING, Ordering::Release);
    }

    /// All trades from before that time, and before `now`, which was read before, are published.
    pub(crate) fn settled(&self, now: Timestamp) -> Timestamp {
        fence(Ordering::SeqCst);
        now.min(Timestamp(self.0.load(Ordering::Acquire)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_settled_that_a_batch_may_still_bring() {
        let under_way = UnderWay::default();
        assert_eq!(under_way.settled(Timestamp(50)), Timestamp(50));
        under_way.begin(Timestamp(20));
        assert_eq!(under_way.settled(Timestamp(50)), Timestamp(20));
        under_way.set(Timestamp(45));
        assert_eq!(under_way.settled(Timestamp(50)), Timestamp(45));
        assert_eq!(under_way.settled(Timestamp(40)), Timestamp(40));
        under_way.end();
        assert_eq!(under_way.settled(Timestamp(50)), Timestamp(50));
    }
}
