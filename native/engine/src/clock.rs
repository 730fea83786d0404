//! The only reader of the operating system's clock.

use std::time::{SystemTime, UNIX_EPOCH};

use lightning_core::types::Timestamp;

/// A shard's clock: nanoseconds since 1970, never going back, whatever the system's clock does.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    last: u64,
}

impl Clock {
    pub(crate) fn now(&mut self) -> Timestamp {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
        self.last = self.last.max(u64::try_from(now).unwrap_or(u64::MAX));
        Timestamp(self.last)
    }
}
