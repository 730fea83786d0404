//! Latencies, and the schedule they are measured against.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use serde_json::{Value, json};

/// When each command of a fixed rate is due.
pub(crate) struct Schedule {
    start: Instant,
    per_second: u64,
    sent: u64,
}

impl Schedule {
    pub(crate) fn new(per_second: u64) -> Self {
        Self { start: Instant::now(), per_second, sent: 0 }
    }

    /// How many are due by now and were not taken before, at most `most`.
    pub(crate) fn take_due(&mut self, most: u64) -> u64 {
        let elapsed = self.start.elapsed().as_nanos();
        let due =
            u64::try_from(elapsed * u128::from(self.per_second) / 1_000_000_000).expect("years away") + 1;
        let take = (due - self.sent).min(most);
        self.sent += take;
        take
    }

    /// When the `number`-th was due, counted from zero.
    pub(crate) fn due(&self, number: u64) -> Instant {
        let nanos = u128::from(number) * 1_000_000_000 / u128::from(self.per_second);
        self.start + Duration::from_nanos(u64::try_from(nanos).expect("years away"))
    }

    /// How many have been taken.
    pub(crate) fn sent(&self) -> u64 {
        self.sent
    }

    /// How long until the next one is due.
    pub(crate) fn until_next(&self) -> Duration {
        self.due(self.sent).saturating_duration_since(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// More than any stall.
const HOUR_NANOS: u64 = 3_600_000_000_000;

/// Latencies in nanoseconds.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Self {
        Self(Histogram::new_with_bounds(1, HOUR_NANOS, 3).expect("three digits of an hour"))
    }

    pub(crate) fn add(&mut self, latency: Duration) {
        self.0.saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Percentiles in nanoseconds.
    pub(crate) fn nanoseconds(&self) -> Value {
        let nanos = |percentile: f64| self.0.value_at_percentile(percentile);
        json!({
            "p50": nanos(50.0), "p90": nanos(90.0), "p99": nanos(99.0), "p99.9": nanos(99.9),
            "p99.99": nanos(99.99), "max": self.0.max(),
        })
    }

    /// Percentiles in microseconds.
    pub(crate) fn report(&self) -> Value {
        let micros = |percentile: f64| self.0.value_at_percentile(percentile) / 1_000;
        json!({
            "p50": micros(50.0), "p99": micros(99.0), "p99.9": micros(99.9), "p99.99": micros(99.99),
            "max": self.0.max() / 1_000,
        })
    }
}
