//! What the journal measures of itself, and the snapshots that are made of it.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lightning_core::reject::Code;

use crate::metrics::Histogram;
use crate::refusal::Refusal;
use crate::snapshots::SnapshotInfo;

/// Of one journal.
#[derive(Debug)]
pub(crate) struct JournalMetrics {
    began: Instant,
    /// How long each group took to be written; in `sync` mode, to be on the disk.
    pub(crate) commit: Histogram,
    /// How long each sync took that came later than what it makes durable.
    pub(crate) sync: Histogram,
    /// When the oldest record was written that is not synced: nanoseconds from the beginning, and one. Zero for none.
    unsynced: AtomicU64,
    snapshots: AtomicU64,
    snapshots_failed: AtomicU64,
    has_failed_last: AtomicBool,
    /// The last record of the newest one.
    snapshot_lsn: AtomicU64,
    /// When it was done, as `unsynced`; zero if an earlier engine has made it, or nobody.
    snapshot_at: AtomicU64,
    snapshot_millis: AtomicU64,
}

impl JournalMetrics {
    /// `snapshot` is the record of the newest snapshot, zero if there is none.
    pub(crate) fn new(snapshot: u64) -> Self {
        Self {
            began: Instant::now(),
            commit: Histogram::default(),
            sync: Histogram::default(),
            unsynced: AtomicU64::new(0),
            snapshots: AtomicU64::new(0),
            snapshots_failed: AtomicU64::new(0),
            has_failed_last: AtomicBool::new(false),
            snapshot_lsn: AtomicU64::new(snapshot),
            snapshot_at: AtomicU64::new(0),
            snapshot_millis: AtomicU64::new(0),
        }
    }

    /// The oldest record that is written and not synced was written then.
    pub(crate) fn set_unsynced(&self, since: Option<Instant>) {
        self.unsynced.store(since.map_or(0, |since| self.mark(since)), Ordering::Relaxed);
    }

    /// When the oldest record was written that is not synced.
    pub(crate) fn unsynced(&self) -> Option<Instant> {
        self.instant(self.unsynced.load(Ordering::Relaxed))
    }

    /// A snapshot was made, or not. One that the engine's end has cut short counts for nothing.
    pub(crate) fn made(&self, made: &Result<SnapshotInfo, Refusal>) {
        match made {
            Ok(info) => {
                self.snapshot_lsn.store(info.lsn, Ordering::Relaxed);
                self.snapshot_millis.store(info.milliseconds, Ordering::Relaxed);
                self.snapshot_at.store(self.mark(Instant::now()), Ordering::Relaxed);
                self.has_failed_last.store(false, Ordering::Relaxed);
                self.snapshots.fetch_add(1, Ordering::Relaxed);
            }
            Err(refusal) if refusal.code == Code::EngineClosed => {}
            Err(_) => {
                self.has_failed_last.store(true, Ordering::Relaxed);
                self.snapshots_failed.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// What became of snapshots. `last` is the newest record.
    pub(crate) fn snapshots(&self, last: u64) -> Snapshots {
        let lsn = self.snapshot_lsn.load(Ordering::Relaxed);
        let at = self.instant(self.snapshot_at.load(Ordering::Relaxed));
        let took = Duration::from_millis(self.snapshot_millis.load(Ordering::Relaxed));
        Snapshots {
            made: self.snapshots.load(Ordering::Relaxed),
            failed: self.snapshots_failed.load(Ordering::Relaxed),
            has_failed_last: self.has_failed_last.load(Ordering::Relaxed),
            last_lsn: (lsn > 0).then_some(lsn),
            age_records: last.saturating_sub(lsn),
            age: at.map(|at| at.elapsed()),
            took: at.map(|_| took),
        }
    }

    fn mark(&self, instant: Instant) -> u64 {
        let nanos = instant.saturating_duration_since(self.began).as_nanos();
        u64::try_from(nanos).map_or(u64::MAX, |nanos| nanos.saturating_add(1))
    }

    fn instant(&self, mark: u64) -> Option<Instant> {
        mark.checked_sub(1).map(|nanos| self.began + Duration::from_nanos(nanos))
    }
}

/// Snapshots that were made since the engine was opened, and the newest one there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Snapshots {
    /// How many were made.
    pub made: u64,
    /// How many could not be made.
    pub failed: u64,
    /// The last attempt was one of these.
    pub has_failed_last: bool,
    /// The last record of the newest one; none if there is none.
    pub last_lsn: Option<u64>,
    /// Records that were written behind it: what recovery would do again, at most.
    pub age_records: u64,
    /// How long ago it was made; none if it was not made by this engine.
    pub age: Option<Duration>,
    /// How long that took.
    pub took: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(lsn: u64) -> SnapshotInfo {
        SnapshotInfo { lsn, file: String::new(), state_hash: [0; 32], bytes: 1, milliseconds: 12 }
    }

    #[test]
    fn snapshots_are_counted_and_age_by_records() {
        let metrics = JournalMetrics::new(0);
        assert_eq!(metrics.snapshots(70), Snapshots { age_records: 70, ..Snapshots::default() });
        metrics.made(&Ok(info(50)));
        metrics.made(&Err(Refusal::new(Code::JournalIo, "no")));
        let read = metrics.snapshots(70);
        assert_eq!((read.made, read.failed, read.has_failed_last), (1, 1, true));
        assert_eq!((read.last_lsn, read.age_records), (Some(50), 20));
        assert!(read.age.is_some() && read.took == Some(Duration::from_millis(12)));
        metrics.made(&Ok(info(70)));
        metrics.made(&Err(Refusal::new(Code::EngineClosed, "closed")));
        let read = metrics.snapshots(70);
        assert_eq!((read.made, read.failed, read.has_failed_last, read.age_records), (2, 1, false, 0));
    }

    #[test]
    fn a_snapshot_of_an_earlier_engine_has_no_age_in_time() {
        let read = JournalMetrics::new(30).snapshots(40);
        assert_eq!((read.last_lsn, read.age_records, read.age, read.made), (Some(30), 10, None, 0));
    }

    #[test]
    fn what_is_not_synced_is_known_since_when() {
        let metrics = JournalMetrics::new(0);
        assert_eq!(metrics.unsynced(), None);
        let since = metrics.began + Duration::from_nanos(77);
        metrics.set_unsynced(Some(since));
        assert_eq!(metrics.unsynced(), Some(since));
        metrics.set_unsynced(None);
        assert_eq!(metrics.unsynced(), None);
    }
}
