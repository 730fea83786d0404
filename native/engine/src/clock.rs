//! What time it is: the only reader of the operating system's clock, or a clock that its owner moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lightning_core::types::Timestamp;

/// A shard's clock: nanoseconds since 1970, never going back, whatever the system's clock does.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    source: Source,
    /// It never says less: records that are kept are not later than this.
    not_before: u64,
    last: u64,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Shared by all shards and the edge; moved by `Engine::advance` and nobody else.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The system's, or one that starts at so many milliseconds since 1970 and stands still. Neither is before what
    /// an earlier engine has written down, `after`: a system's clock that was set back stands still until it is later.
    pub(crate) fn new(manual_start_ms: Option<u64>, after: Option<Timestamp>) -> Self {
        let after = after.map_or(0, |after| after.0);
        let (source, not_before) = match manual_start_ms {
            None => (Source::System, after + 1),
            Some(start) => (Source::Manual(Arc::new(AtomicU64::new(after.max(start * 1_000_000)))), 0),
        };
        Self { source, not_before, last: 0 }
    }

    /// Now; never before what this clock has said already.
    pub(crate) fn now(&mut self) -> Timestamp {
        self.last = self.last.max(self.peek().0);
        Timestamp(self.last)
    }

    /// Now, as it is read.
    pub(crate) fn peek(&self) -> Timestamp {
        Timestamp(self.source.read().max(self.not_before))
    }

    /// Does its owner move it?
    pub(crate) const fn is_manual(&self) -> bool {
        matches!(self.source, Source::Manual(_))
    }

    /// Moves a manual clock, for everybody who shares it. Not back.
    pub(crate) fn set(&self, to: Timestamp) {
        match &self.source {
            Source::Manual(time) => time.fetch_max(to.0, Ordering::AcqRel),
            Source::System => panic!("nobody moves the system's clock"),
        };
    }

    /// How long a shard may sleep before `deadline`; none if it need not wake for it by itself.
    pub(crate) fn until(&self, deadline: Option<Timestamp>) -> Option<Duration> {
        let deadline = deadline.filter(|_| !self.is_manual())?;
        if deadline.0 <= self.not_before {
            return Some(Duration::ZERO);
        }
        // By the source alone: where that is behind, time goes on when it has caught up.
        Some(Duration::from_nanos(deadline.0.saturating_sub(self.source.read())))
    }
}

impl Source {
    /// Nanoseconds since 1970.
    fn read(&self) -> u64 {
        match self {
            Self::System => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
                u64::try_from(now).unwrap_or(u64::MAX)
            }
            Self::Manual(time) => time.load(Ordering::Acquire),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_goes_on_behind_what_was_written_down() {
        let far = Timestamp(u64::MAX / 2);
        let mut clock = Clock::new(None, Some(far));
        assert_eq!((clock.peek(), clock.now()), (Timestamp(far.0 + 1), Timestamp(far.0 + 1)));
        // It is due as soon as the shards' clocks say so, whatever the system's says.
        assert_eq!(clock.until(Some(Timestamp(far.0 + 1))), Some(Duration::ZERO));
        // What is not due yet is waited for until it can be: nobody spins.
        assert!(clock.until(Some(Timestamp(far.0 + 2))).unwrap() > Duration::from_secs(1 << 30));
        assert_eq!(Clock::new(Some(5), Some(far)).peek(), far);
        assert_eq!(Clock::new(Some(5), Some(Timestamp(1))).peek(), Timestamp(5_000_000));
        assert!(Clock::new(None, None).peek() > Timestamp(1_700_000_000_000_000_000));
    }
}
