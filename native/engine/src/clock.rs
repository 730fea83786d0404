//! What time it is: the only reader of the operating system's clock, or a clock that its owner moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lightning_core::types::Timestamp;

/// A shard's clock: nanoseconds since 1970, never going back, whatever the system's clock does.
#[derive(Clone, Debug)]
pub(crate) struct Clock {
    source: Source,
    last: u64,
}

#[derive(Clone, Debug)]
enum Source {
    System,
    /// Shared by all shards and the edge; moved by `Engine::advance` and nobody else.
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The system's, or one that starts at so many milliseconds since 1970 and stands still.
    pub(crate) fn new(manual_start_ms: Option<u64>) -> Self {
        let source = match manual_start_ms {
            None => Source::System,
            Some(start) => Source::Manual(Arc::new(AtomicU64::new(start * 1_000_000))),
        };
        Self { source, last: 0 }
    }

    /// Now; never before what this clock has said already.
    pub(crate) fn now(&mut self) -> Timestamp {
        self.last = self.last.max(self.peek().0);
        Timestamp(self.last)
    }

    /// Now, as it is read.
    pub(crate) fn peek(&self) -> Timestamp {
        Timestamp(match &self.source {
            Source::System => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
                u64::try_from(now).unwrap_or(u64::MAX)
            }
            Source::Manual(time) => time.load(Ordering::Acquire),
        })
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
        Some(Duration::from_nanos(deadline.0.saturating_sub(self.peek().0)))
    }
}
