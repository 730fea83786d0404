//! How long things took: logarithmic buckets of atomics, written by one thread and read by any.
//!
//! A shard has no time for a lock, nor memory for every sample. Each power of two is divided into 64 buckets, so that a
//! duration that is read back is at most a 64th longer than the one that was added, whatever its size; which is why a
//! percentile means the same at a microsecond and at a second. Two histograms add up bucket by bucket. (A library's
//! histogram would need a lock on the path of every batch; it is what the tests compare this one with.)

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Each power of two is divided into 2^6 buckets.
const PART_BITS: u32 = 6;
const PARTS: usize = 1 << PART_BITS;
/// From 2^42 nanoseconds on (73 minutes) all is one.
const BITS_MAX: u32 = 42;
const BUCKETS: usize = PARTS * (BITS_MAX - PART_BITS + 1) as usize;

/// Durations that one thread at a time adds to.
#[derive(Debug)]
pub(crate) struct Histogram {
    counts: Box<[AtomicU64]>,
    sum_nanos: AtomicU64,
    max_nanos: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        let counts = (0..BUCKETS).map(|_| AtomicU64::new(0)).collect();
        Self { counts, sum_nanos: AtomicU64::new(0), max_nanos: AtomicU64::new(0) }
    }
}

impl Histogram {
    /// Adds a duration. Never called by two threads at a time: what one adds may be lost then (and nothing else).
    pub(crate) fn add(&self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        add(&self.counts[bucket_of(nanos)], 1);
        add(&self.sum_nanos, nanos);
        if nanos > self.max_nanos.load(Ordering::Relaxed) {
            self.max_nanos.store(nanos, Ordering::Relaxed);
        }
    }

    /// What was added until now, or a moment ago.
    #[cfg(test)]
    pub(crate) fn read(&self) -> Distribution {
        let mut read = Distribution::default();
        read.merge_in(self);
        read
    }
}

/// One writer: a plain addition, without the bus lock that several would need.
fn add(counter: &AtomicU64, more: u64) {
    counter.store(counter.load(Ordering::Relaxed).saturating_add(more), Ordering::Relaxed);
}

/// The bucket of a duration. Each has its upper end and not its lower one, so that powers of two are ends.
fn bucket_of(nanos: u64) -> usize {
    let below = nanos.saturating_sub(1).min((1 << BITS_MAX) - 1);
    let bits = u64::BITS - below.leading_zeros();
    let shift = bits.saturating_sub(PART_BITS + 1);
    // Within 0..PARTS where nothing is shifted out, within PARTS..2 * PARTS above.
    let part = usize::try_from(below >> shift).expect("below 2^7");
    PARTS * shift as usize + part
}

/// The longest duration of a bucket.
fn end_of(bucket: usize) -> u64 {
    let shift = (bucket / PARTS).saturating_sub(1);
    let part = bucket - PARTS * shift;
    (part as u64 + 1) << shift
}

/// Durations as they were read: of one histogram, or of several together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    counts: Vec<u64>,
    count: u64,
    sum_nanos: u64,
    max_nanos: u64,
}

impl Default for Distribution {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], count: 0, sum_nanos: 0, max_nanos: 0 }
    }
}

impl Distribution {
    /// Adds what another thread has measured.
    pub(crate) fn merge_in(&mut self, histogram: &Histogram) {
        for (sum, count) in self.counts.iter_mut().zip(&histogram.counts) {
            let count = count.load(Ordering::Relaxed);
            *sum += count;
            // Not a counter of its own, which might be ahead of the buckets or behind them.
            self.count += count;
        }
        self.sum_nanos = self.sum_nanos.saturating_add(histogram.sum_nanos.load(Ordering::Relaxed));
        self.max_nanos = self.max_nanos.max(histogram.max_nanos.load(Ordering::Relaxed));
    }

    /// How many were added.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// What they add up to, in nanoseconds.
    #[must_use]
    pub fn sum_nanos(&self) -> u64 {
        self.sum_nanos
    }

    /// The longest, in nanoseconds, exactly; zero for none.
    #[must_use]
    pub fn max_nanos(&self) -> u64 {
        self.max_nanos
    }

    /// The mean in nanoseconds, rounded down; zero for none.
    #[must_use]
    pub fn mean_nanos(&self) -> u64 {
        self.sum_nanos.checked_div(self.count).unwrap_or(0)
    }

    /// The duration in nanoseconds that so many of a million do not exceed: 500,000 is the median. At most a 64th too
    /// long, never too short; zero for none.
    #[must_use]
    pub fn percentile_nanos(&self, of_a_million: u32) -> u64 {
        let wanted = (u128::from(self.count) * u128::from(of_a_million)).div_ceil(1_000_000).max(1);
        let mut seen = 0;
        for (bucket, &count) in self.counts.iter().enumerate() {
            seen += u128::from(count);
            if seen >= wanted {
                // The last bucket has no end; and a sample that is being added may be ahead of the maximum.
                return if bucket == BUCKETS - 1 {
                    self.max_nanos
                } else {
                    end_of(bucket).min(self.max_nanos)
                };
            }
        }
        0
    }

    /// How many took at most 2^`bits` nanoseconds, exactly; for `bits` from 6 to 41.
    #[must_use]
    pub fn at_most_power(&self, bits: u32) -> u64 {
        assert!((PART_BITS..BITS_MAX).contains(&bits), "2^{bits} is not where a bucket ends");
        let end = PARTS * (bits - PART_BITS + 1) as usize;
        self.counts[..end].iter().sum()
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::Histogram as Reference;

    use super::*;

    fn of(nanos: impl IntoIterator<Item = u64>) -> Histogram {
        let histogram = Histogram::default();
        nanos.into_iter().for_each(|nanos| histogram.add(Duration::from_nanos(nanos)));
        histogram
    }

    /// Durations of all sizes: each next one is drawn from a power of two that is drawn first.
    fn durations(mut seed: u64) -> impl Iterator<Item = u64> {
        std::iter::repeat_with(move || {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let size = 1_u64 << (4 + seed % 36);
            size + (seed >> 8) % size
        })
    }

    #[test]
    fn buckets_follow_each_other_without_a_hole() {
        assert_eq!((bucket_of(0), bucket_of(1)), (0, 0));
        for bucket in 0..BUCKETS - 1 {
            let end = end_of(bucket);
            assert_eq!((bucket_of(end), bucket_of(end + 1)), (bucket, bucket + 1), "end {end}");
        }
        assert_eq!(end_of(BUCKETS - 1), 1 << BITS_MAX);
        for beyond in [1 << BITS_MAX, (1 << BITS_MAX) + 1, u64::MAX] {
            assert_eq!(bucket_of(beyond), BUCKETS - 1);
        }
    }

    #[test]
    fn percentiles_agree_with_those_of_another_implementation() {
        for samples in [1, 2, 99, 10_000] {
            let histogram = Histogram::default();
            let mut reference = Reference::<u64>::new_with_bounds(1, 1 << 62, 3).unwrap();
            for nanos in durations(samples as u64).take(samples) {
                histogram.add(Duration::from_nanos(nanos));
                reference.record(nanos).unwrap();
            }
            let read = histogram.read();
            assert_eq!(read.count(), samples as u64);
            for of_a_million in [0, 1, 500_000, 900_000, 990_000, 999_000, 999_900, 1_000_000] {
                let exact = reference.value_at_quantile(f64::from(of_a_million) / 1e6);
                let (low, high) = (exact - exact / 500, exact + exact / 50 + 1);
                let ours = read.percentile_nanos(of_a_million);
                assert!((low..=high).contains(&ours), "{ours} is not about {exact}: {of_a_million}/10^6");
            }
            assert_eq!(read.percentile_nanos(1_000_000), read.max_nanos());
        }
    }

    #[test]
    fn the_sum_the_mean_and_the_maximum_are_exact() {
        let read = of([3, 1_000, 7_777, 123_456_789]).read();
        assert_eq!((read.count(), read.sum_nanos(), read.max_nanos()), (4, 123_465_569, 123_456_789));
        assert_eq!(read.mean_nanos(), 123_465_569 / 4);
        let nothing = Distribution::default();
        assert_eq!((nothing.mean_nanos(), nothing.max_nanos(), nothing.percentile_nanos(500_000)), (0, 0, 0));
    }

    #[test]
    fn powers_of_two_are_counted_exactly() {
        let all: Vec<_> = durations(5).take(5_000).chain((6..42).map(|bits| 1 << bits)).collect();
        let read = of(all.iter().copied()).read();
        for bits in PART_BITS..BITS_MAX {
            let exact = all.iter().filter(|&&nanos| nanos <= 1 << bits).count();
            assert_eq!(read.at_most_power(bits), exact as u64, "2^{bits}");
        }
    }

    #[test]
    fn histograms_of_several_threads_add_up() {
        let all: Vec<_> = durations(7).take(3_000).collect();
        let mut merged = Distribution::default();
        std::thread::scope(|scope| {
            let parts: Vec<_> =
                all.chunks(1_000).map(|part| scope.spawn(|| of(part.iter().copied()))).collect();
            parts.into_iter().for_each(|part| merged.merge_in(&part.join().unwrap()));
        });
        assert_eq!(merged, of(all).read());
    }

    #[test]
    fn what_is_too_long_for_a_bucket_is_told_exactly() {
        let read = of([1, u64::MAX]).read();
        assert_eq!(read.percentile_nanos(1_000_000), u64::MAX);
        assert_eq!(read.sum_nanos(), u64::MAX, "it does not wrap");
    }
}
