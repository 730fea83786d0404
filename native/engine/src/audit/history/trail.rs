//! Records, done again one after the other, from the newest snapshot that will do.

use lightning_core::archive::Kept;
use lightning_core::fold::{Fold, Told};
use lightning_journal::{Reader, read_snapshot, snapshots};

use super::Source;
use crate::config::Config;
use crate::refusal::Refusal;
use crate::replay::{Replay, refusal_of};
use crate::snapshots::ONE_OF_EACH;

/// Records on the way to what is wanted.
pub(super) struct Trail {
    reader: Reader,
    replay: Replay,
    /// Did it begin before all that is wanted? Not if the records before it were put away.
    pub(super) is_whole: bool,
}

/// Where a trail may begin.
pub(super) struct Start<'a> {
    /// All records are wanted.
    pub(super) with_first: bool,
    /// What its state has to remember.
    pub(super) kept: Kept,
    /// How many closed orders it has to remember.
    pub(super) closed_orders: usize,
    /// May it begin behind this record, whatever the state is?
    pub(super) may_follow: &'a dyn Fn(u64) -> bool,
    /// May it begin with this state?
    pub(super) may_begin: &'a dyn Fn(&Fold) -> bool,
}

impl Trail {
    /// Behind the newest snapshot that may be begun with; if there is none, with the first record, or the oldest that
    /// there is.
    ///
    /// # Errors
    /// `CORRUPT_STATE`, `UNSUPPORTED_VERSION`, `JOURNAL_IO`, `ENGINE_CLOSED`.
    pub(super) fn begin(source: &Source<'_>, start: &Start<'_>) -> Result<Self, Refusal> {
        source.check_open()?;
        let mut config = Config { kept: start.kept, ..source.config.clone() };
        config.limits.closed_orders_max = start.closed_orders;
        config.limits.ledger_entries_max = 0;
        let trail = |replay, reader, is_whole| Self { reader, replay, is_whole };
        let first = || Reader::open(source.storage.clone(), 0);
        // A bad one is no reason to give up, as long as the records before it are there.
        let behind = |lsn: u64| {
            let snapshot = read_snapshot(&**source.storage, lsn).ok()?;
            let replay = Replay::load(&snapshot, &config, ONE_OF_EACH).ok()?;
            Some((replay, Reader::open(source.storage.clone(), lsn).ok()?))
        };
        if start.with_first
            && let Ok(reader) = first()
        {
            return Ok(trail(Replay::new(&config, ONE_OF_EACH), reader, true));
        }
        let mut candidates = snapshots(&**source.storage).map_err(|error| refusal_of(&error.into()))?;
        candidates.sort_unstable();
        let newest_first = candidates.iter().rev().copied();
        for lsn in newest_first.filter(|&lsn| !start.with_first && (start.may_follow)(lsn)) {
            source.check_open()?;
            if let Some((replay, reader)) = behind(lsn)
                && (start.may_begin)(&replay.fold)
            {
                return Ok(trail(replay, reader, true));
            }
        }
        let error = match first() {
            Ok(reader) => return Ok(trail(Replay::new(&config, ONE_OF_EACH), reader, true)),
            Err(error) => error,
        };
        let oldest = candidates.into_iter().find_map(behind);
        let (replay, reader) = oldest.ok_or_else(|| refusal_of(&error))?;
        let is_whole = (start.may_follow)(replay.last().0) && (start.may_begin)(&replay.fold);
        Ok(trail(replay, reader, is_whole))
    }

    /// Does the next record again that is durable, up to `to`; no if there is none.
    ///
    /// # Errors
    /// Those of [`Self::begin`].
    pub(super) fn step(&mut self, source: &Source<'_>, to: u64) -> Result<bool, Refusal> {
        source.check_open()?;
        let record = self.reader.next(source.durable.0.min(to)).map_err(|error| refusal_of(&error))?;
        let Some(record) = record else { return Ok(false) };
        self.replay.apply(&record).map_err(|error| error.refusal())?;
        Ok(true)
    }

    /// The last record that was done.
    pub(super) fn last(&self) -> u64 {
        self.replay.last().0
    }

    /// What it led to.
    pub(super) fn told(&self) -> &Told {
        &self.replay.told
    }

    /// What all of them led to.
    pub(super) fn fold(&mut self) -> &mut Fold {
        &mut self.replay.fold
    }
}
