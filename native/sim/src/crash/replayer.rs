//! Folds what is durable, reading it from the disk behind the writer's back, and takes snapshots of it.

use std::sync::Arc;

use lightning_core::codec::decode_record;
use lightning_core::fold::{Fold, Shards, Told};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::types::{Lsn, Timestamp};
use lightning_journal::storage::Storage;
use lightning_journal::{Head, Reader, RecoverError, Snapshot, write_snapshot};

use super::state::State;
use super::verdict;
use super::{LOGIC_VERSION, TRADES_KEPT};
use crate::fold::History;

/// One of each: how many there are is nobody's business.
const SHARDS: Shards = Shards { sequencers: 1, matchers: 1 };

pub(crate) struct Replayer {
    fold: Fold,
    limits: SequencerLimits,
    reader: Reader,
    /// The last record that was folded, with its frame's hash.
    head: Head,
    /// The last snapshot, or where it began.
    saved: u64,
    told: Told,
}

impl Replayer {
    /// One that begins with an empty exchange, or with a snapshot.
    ///
    /// # Errors
    /// The disk failed.
    pub(crate) fn begin(
        storage: &Arc<dyn Storage>,
        limits: SequencerLimits,
        from: Option<&Snapshot>,
    ) -> Result<Self, String> {
        let (fold, head) = match from {
            None => (Fold::new(SHARDS, limits, TRADES_KEPT), Head::default()),
            Some(snapshot) => {
                let fold = Fold::load(&snapshot.sections, SHARDS, limits, TRADES_KEPT);
                (fold.expect("a snapshot that was checked can be loaded"), snapshot.head)
            }
        };
        let reader = Reader::open(Arc::clone(storage), head.lsn).map_err(broken)?;
        Ok(Self { fold, limits, reader, head, saved: head.lsn, told: Told::default() })
    }

    pub(crate) fn position(&self) -> Lsn {
        Lsn(self.head.lsn)
    }

    /// Have `every` records come since the last snapshot?
    pub(crate) fn is_due(&self, every: u64) -> bool {
        every > 0 && self.head.lsn >= self.saved + every
    }

    /// Folds some of what is durable, which must lead to what was said when it was decided.
    ///
    /// # Errors
    /// The disk failed.
    pub(crate) fn follow(&mut self, durable: Lsn, most: u64, history: &History) -> Result<(), String> {
        for _ in 0..most {
            let Some(record) = self.reader.next(durable.0).map_err(broken)? else { return Ok(()) };
            let recorded = decode_record(record.kind, record.version, &record.body)
                .unwrap_or_else(|error| panic!("record {} can't be read: {error}", record.lsn));
            let (lsn, at) = (Lsn(record.lsn), Timestamp(record.at));
            self.told.clear();
            let applied = self.fold.apply(lsn, at, record.digest, recorded, &mut self.told);
            applied.unwrap_or_else(|divergence| panic!("told again, {lsn:?} differs: {divergence:?}"));
            verdict::same_was_said(lsn, &self.told, history);
            self.head = Head { lsn: record.lsn, hash: record.frame_hash };
        }
        Ok(())
    }

    /// Writes a snapshot, reads it back, and says of which record it is.
    ///
    /// # Errors
    /// The disk failed.
    pub(crate) fn save(&mut self, storage: &dyn Storage) -> Result<u64, String> {
        let state = State::of_fold(&self.fold);
        let sections = self.fold.save().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
        let snapshot = Snapshot {
            lsn: self.head.lsn,
            at: self.fold.last().1.0,
            head: self.head,
            logic_version: LOGIC_VERSION,
            state_hash: state.hash(),
            sections,
        };
        write_snapshot(storage, &snapshot).map_err(|error| error.to_string())?;
        let again = Fold::load(&snapshot.sections, SHARDS, self.limits, TRADES_KEPT);
        let again = again.expect("what was saved can be loaded");
        assert_eq!(again.last(), self.fold.last(), "the end of what was saved");
        State::of_fold(&again).expect_same(&state, "a snapshot, loaded, and what was saved in it");
        self.saved = snapshot.lsn;
        Ok(snapshot.lsn)
    }
}

/// Only a disk that fails is an excuse.
fn broken(error: RecoverError) -> String {
    match error {
        RecoverError::Io(error) => error.to_string(),
        error => panic!("what is durable can't be read: {error}"),
    }
}
