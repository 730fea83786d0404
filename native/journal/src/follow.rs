//! Whoever uses records while they are checked, so that each byte is read and hashed once.

use crate::record::RecordRef;
use crate::recover::Progress;
use crate::snapshot::Snapshot;

/// Goes along with the check of a journal. What it was told counts only if the check ends well: until then anything
/// behind it may yet turn out to be damaged.
pub trait Follow {
    /// Are snapshots wanted with their sections? That is asked before each is read.
    fn wants_snapshots(&self) -> bool;

    /// The records behind this snapshot are next, or all of them: it is the newest one whose checksums are right (without its
    /// sections, if they were not wanted). If it is
    /// called once more, that one is of another history, and what was told since counts no more. Says whether records are
    /// wanted.
    fn begin(&mut self, snapshot: Option<Snapshot>) -> bool;

    /// The next record, checked as far as it goes. Says whether more are wanted; the check goes on in any case.
    fn record(&mut self, record: &RecordRef<'_>) -> bool;

    /// How far the check is.
    fn progress(&mut self, progress: Progress);
}

/// Nobody does.
pub(crate) struct Alone<'a>(pub(crate) &'a mut dyn FnMut(Progress));

impl Follow for Alone<'_> {
    fn wants_snapshots(&self) -> bool {
        false
    }

    fn begin(&mut self, _: Option<Snapshot>) -> bool {
        false
    }

    fn record(&mut self, _: &RecordRef<'_>) -> bool {
        false
    }

    fn progress(&mut self, progress: Progress) {
        (self.0)(progress);
    }
}
