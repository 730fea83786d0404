//! How far the journal is.

use std::sync::atomic::{AtomicU64, Ordering};

use lightning_core::types::Lsn;

/// What may be shown, for readers in any thread.
#[derive(Debug)]
pub(crate) struct Gate {
    /// Records up to this one are as safe as the engine promises.
    open: AtomicU64,
    /// Records up to this one are on their way to the disk, or there. What was appended behind them goes together, so
    /// two records behind it become safe at the same moment.
    taken: AtomicU64,
}

impl Gate {
    /// Everything up to this record may be shown.
    pub(crate) fn at(lsn: Lsn) -> Self {
        Self { open: AtomicU64::new(lsn.0), taken: AtomicU64::new(lsn.0) }
    }

    /// Up to where everything may be shown.
    pub(crate) fn open(&self) -> Lsn {
        // Whoever sees a record safe also sees what happened before.
        Lsn(self.open.load(Ordering::Acquire))
    }

    /// Up to where records are on their way.
    pub(crate) fn taken(&self) -> Lsn {
        Lsn(self.taken.load(Ordering::Acquire))
    }

    /// Records up to this one are safe now.
    pub(crate) fn set_open(&self, lsn: Lsn) {
        let before = self.open.swap(lsn.0, Ordering::AcqRel);
        assert!(before <= lsn.0, "record {before} was safe, and now only {lsn:?} is");
    }

    /// Records up to this one are on their way now. Said under the front's lock, so that whoever appends behind them
    /// can see it.
    pub(crate) fn set_taken(&self, lsn: Lsn) {
        self.taken.store(lsn.0, Ordering::Release);
    }
}
