//! The journal as one more actor: what its threads do in the engine, one step at a time, whenever the seed says.
//!
//! Appenders go on while a commit is under way. A step that meets an error, or power loss, ends the machine's life.

use std::sync::Arc;

use lightning_core::types::Lsn;
use lightning_journal::storage::Storage;
use lightning_journal::{Batch, Head, Mode, Preparer, Retention, Step, Writer};

use super::replayer::Replayer;
use crate::coverage::Coverage;
use crate::fold::History;
use crate::recorder::Front;

/// What the journal may do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Takes what was appended.
    Swap,
    /// Writes what it took, and syncs it.
    Commit,
    /// Says on disk what is durable.
    Heartbeat,
    /// `Written` mode: makes durable what was written.
    Sync,
    /// Fills a segment ahead with zeros.
    Prepare,
    /// The replayer folds what is durable.
    Replay,
    /// It writes a snapshot.
    Snapshot,
}

/// All of them.
pub(crate) const TASKS: [Task; 7] =
    [Task::Swap, Task::Commit, Task::Heartbeat, Task::Sync, Task::Prepare, Task::Replay, Task::Snapshot];

/// How a journal is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Habits {
    /// When a record counts as safe.
    pub(crate) mode: Mode,
    /// Are segments filled ahead? Otherwise the writer makes them when it needs them.
    pub(crate) prepares: bool,
    /// Does it say when it is idle what is durable?
    pub(crate) beats: bool,
    /// A snapshot every so many records; never for 0.
    pub(crate) snapshot_every: u64,
    /// What becomes of history that snapshots make superfluous.
    pub(crate) retention: Retention,
    /// So many snapshots are kept.
    pub(crate) snapshots_kept: usize,
}

/// An open journal, for as long as a machine lives.
pub(crate) struct Journal {
    writer: Writer,
    preparer: Preparer,
    storage: Arc<dyn Storage>,
    habits: Habits,
    /// What is being committed.
    back: Batch,
    /// What depends on no later record may be shown.
    gate: Lsn,
    beat_due: bool,
    prepared: bool,
    replayer: Option<Replayer>,
}

impl Journal {
    pub(crate) fn new(
        (writer, preparer): (Writer, Preparer),
        storage: Arc<dyn Storage>,
        habits: Habits,
        replayer: Option<Replayer>,
    ) -> Self {
        let head = writer.head().lsn;
        Self {
            back: Batch::new(head + 1),
            gate: Lsn(head),
            beat_due: false,
            prepared: !habits.prepares,
            writer,
            preparer,
            storage,
            habits,
            replayer,
        }
    }

    /// What depends on no later record may be shown.
    pub(crate) fn gate(&self) -> Lsn {
        self.gate
    }

    /// What outlives any crash.
    pub(crate) fn durable(&self) -> Lsn {
        Lsn(self.writer.durable())
    }

    /// The last record that was written, and the hash of its frame.
    pub(crate) fn head(&self) -> Head {
        self.writer.head()
    }

    /// Is there something to do?
    pub(crate) fn can(&self, task: Task, front: &Front) -> bool {
        match task {
            Task::Swap => self.back.is_empty() && !front.is_empty(),
            Task::Commit => !self.back.is_empty(),
            Task::Heartbeat => self.habits.beats && self.beat_due && self.back.is_empty(),
            Task::Sync => self.habits.mode == Mode::Written && self.writer.durable() < self.writer.written(),
            Task::Prepare => !self.prepared,
            Task::Replay => {
                self.replayer.as_ref().is_some_and(|replayer| replayer.position() < self.durable())
            }
            Task::Snapshot => {
                let every = self.habits.snapshot_every;
                self.replayer.as_ref().is_some_and(|replayer| replayer.is_due(every))
            }
        }
    }

    /// Does it; `some` is how much of it, where that matters.
    ///
    /// # Errors
    /// The disk failed: nothing more may be written, and nobody may be answered.
    pub(crate) fn run(
        &mut self,
        task: Task,
        some: u64,
        front: &mut Front,
        history: &History,
        coverage: &mut Coverage,
    ) -> Result<(), String> {
        let durable = self.writer.durable();
        match task {
            Task::Swap => front.swap(&mut self.back),
            Task::Commit => self.commit(coverage)?,
            Task::Heartbeat => {
                self.beat_due = false;
                self.writer.heartbeat().map_err(|error| error.to_string())?;
            }
            Task::Sync => {
                self.writer.sync().map_err(|error| error.to_string())?;
                self.beat_due = true;
            }
            Task::Prepare => match self.preparer.step() {
                Ok(Step::Done(_)) => self.prepared = true,
                Ok(Step::Wrote(_)) => coverage.hit("a segment was filled ahead"),
                Err(error) => return Err(error.to_string()),
            },
            Task::Replay => {
                let durable = self.durable();
                let replayer = self.replayer.as_mut().expect("there is one");
                replayer.follow(durable, some, history)?;
            }
            Task::Snapshot => {
                let replayer = self.replayer.as_mut().expect("there is one");
                let lsn = replayer.save(&*self.storage)?;
                self.writer.note_snapshot(lsn).map_err(|error| error.to_string())?;
                coverage.hit("a snapshot was taken");
                let Habits { snapshots_kept, retention, .. } = self.habits;
                let retired =
                    self.writer.retain(snapshots_kept, retention).map_err(|error| error.to_string())?;
                if !retired.segments.is_empty() {
                    coverage.hit("history was put away");
                }
            }
        }
        assert!(self.writer.durable() >= durable, "what is durable is so for ever");
        Ok(())
    }

    fn commit(&mut self, coverage: &mut Coverage) -> Result<(), String> {
        self.writer.commit(&mut self.back).map_err(|error| error.to_string())?;
        self.gate = Lsn(match self.habits.mode {
            Mode::Sync => self.writer.durable(),
            Mode::Written => self.writer.written(),
        });
        self.beat_due = true;
        // A full segment took one of those that were ready.
        self.prepared = !self.habits.prepares;
        coverage.hit("a batch was committed");
        Ok(())
    }

    /// Closes the journal, whose last record was appended and committed.
    ///
    /// # Errors
    /// The disk failed.
    pub(crate) fn close(self) -> Result<Head, String> {
        assert!(self.back.is_empty(), "nothing is left to write");
        self.writer.close().map_err(|error| error.to_string())
    }
}
