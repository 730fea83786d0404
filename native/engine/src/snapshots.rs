//! Snapshots: made in the background, from the journal, by doing its records again.
//!
//! The shards are not asked for anything. A thread of its own begins with the last snapshot, does again what is durable
//! behind it, writes the state that comes of it, reads that back, and only then names it in the manifest. So every
//! snapshot is a recovery that went well, and what goes wrong in the memory of the shards does not get into it. The
//! thread works a tenth of the time, unless somebody waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use lightning_core::fold::Shards;
use lightning_core::reject::Code;
use lightning_journal::storage::{Storage, Use};
use lightning_journal::{Head, Reader, Retention, Snapshot, WriteError, read_snapshot, write_snapshot};

use crate::config::Config;
use crate::halt::Breaker;
use crate::journal::{Committer, halted_by};
use crate::refusal::Refusal;
use crate::replay::{LOGIC_VERSION, Replay, refusal_of, refusal_of_snapshot};

/// A snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotInfo {
    /// The last record in it.
    pub lsn: u64,
    /// The file's name.
    pub file: String,
    /// The hash of its state.
    pub state_hash: [u8; 32],
    /// The file's length.
    pub bytes: u64,
    /// How long it took.
    pub milliseconds: u64,
}

/// A reason to make a snapshot.
pub(crate) enum Job {
    /// It is time.
    Due,
    /// Somebody waits for one.
    Now(Sender<Result<SnapshotInfo, Refusal>>),
}

/// One shard of each: how many there are is not part of the state.
pub(crate) const ONE_OF_EACH: Shards = Shards { sequencers: 1, matchers: 1 };

/// So long it works, and then it rests nine times as long.
const SLICE: Duration = Duration::from_millis(1);
const REST: u32 = 9;
/// Records between two looks at the clock.
const RECORDS_PER_LOOK: u64 = 64;

/// The thread that makes snapshots. It ends when nobody can ask it any more, in the middle of its work if need be.
pub(crate) fn run_snapshots(
    storage: &Arc<dyn Storage>,
    committer: &Committer,
    breaker: &Breaker,
    config: &Config,
    newest: Option<u64>,
    orders: &Receiver<Job>,
) {
    let mut maker = Maker { storage, committer, breaker, config, orders, newest, waiting: Vec::new() };
    while let Ok(job) = orders.recv() {
        maker.waiting.extend(job.who_waits());
        let made = maker.make();
        committer.metrics().made(&made);
        for waiting in maker.waiting.drain(..) {
            let _ = waiting.send(made.clone()); // Nobody waits any more.
        }
    }
}

impl Job {
    fn who_waits(self) -> Option<Sender<Result<SnapshotInfo, Refusal>>> {
        match self {
            Self::Due => None,
            Self::Now(waiting) => Some(waiting),
        }
    }
}

struct Maker<'a> {
    storage: &'a Arc<dyn Storage>,
    committer: &'a Committer,
    breaker: &'a Breaker,
    config: &'a Config,
    orders: &'a Receiver<Job>,
    /// The last record of the newest snapshot.
    newest: Option<u64>,
    waiting: Vec<Sender<Result<SnapshotInfo, Refusal>>>,
}

impl Maker<'_> {
    fn make(&mut self) -> Result<SnapshotInfo, Refusal> {
        let began = Instant::now();
        let target = self.committer.durable().0;
        let (replay, head) = self.replay(target)?;
        let state_hash = replay.prove().map_err(|error| error.refusal())?;
        let (lsn, at) = (replay.last().0, replay.fold.last().1.0);
        let sections = replay.fold.save().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect();
        drop(replay);
        let snapshot = Snapshot { lsn, at, head, logic_version: LOGIC_VERSION, state_hash, sections };
        let file = write_snapshot(&**self.storage, &snapshot).map_err(io_refusal)?;
        drop(snapshot);
        // As a recovery would find it.
        let snapshot = read_snapshot(&**self.storage, lsn).map_err(|error| refusal_of_snapshot(&error))?;
        Replay::load(&snapshot, self.config, ONE_OF_EACH).map_err(|why| {
            Refusal::new(Code::CorruptState, format!("the snapshot that was just written is bad: {why}"))
        })?;
        self.note(lsn)?;
        self.newest = Some(lsn);
        let length = self.storage.open(&file, Use::Read).and_then(|file| file.len());
        let bytes = length.map_err(io_refusal)?;
        let milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        Ok(SnapshotInfo { lsn, file, state_hash, bytes, milliseconds })
    }

    /// The state after a record, which ends a frame, and that frame.
    fn replay(&mut self, target: u64) -> Result<(Replay, Head), Refusal> {
        let (mut replay, mut head) = self.begin()?;
        let mut reader =
            Reader::open(self.storage.clone(), replay.last().0).map_err(|error| refusal_of(&error))?;
        let mut slice = Instant::now();
        while let Some(record) = reader.next(target).map_err(|error| refusal_of(&error))? {
            replay.apply(&record).map_err(|error| error.refusal())?;
            head = Head { lsn: record.lsn, hash: record.frame_hash };
            if replay.records.is_multiple_of(RECORDS_PER_LOOK) {
                self.look_up(&mut slice)?;
            }
        }
        Ok((replay, head))
    }

    /// What the newest snapshot has; nothing, if there is none that can be used.
    fn begin(&self) -> Result<(Replay, Head), Refusal> {
        let Some(newest) = self.newest else {
            return Ok((Replay::new(self.config, ONE_OF_EACH), Head::default()));
        };
        let snapshot = read_snapshot(&**self.storage, newest).map_err(|error| refusal_of_snapshot(&error))?;
        let replay = Replay::load(&snapshot, self.config, ONE_OF_EACH).map_err(|why| {
            Refusal::new(Code::CorruptState, format!("the snapshot of record {newest} is bad: {why}"))
        })?;
        Ok((replay, snapshot.head))
    }

    /// Has anybody asked for something, or sent this thread home? Rests, if nobody waits.
    fn look_up(&mut self, slice: &mut Instant) -> Result<(), Refusal> {
        loop {
            match self.orders.try_recv() {
                Ok(job) => self.waiting.extend(job.who_waits()),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    return Err(Refusal::new(Code::EngineClosed, Code::EngineClosed.meaning()));
                }
            }
        }
        let worked = slice.elapsed();
        if worked >= SLICE {
            if self.waiting.is_empty() {
                std::thread::sleep((worked * REST).min(SLICE * 100));
            }
            *slice = Instant::now();
        }
        Ok(())
    }

    /// Names the snapshot in the manifest, and puts away what is not needed any more.
    fn note(&self, lsn: u64) -> Result<(), Refusal> {
        let journal = &self.config.journal;
        let noted = self.committer.with_writer(|writer| {
            writer.note_snapshot(lsn)?;
            match journal.retention {
                Retention::KeepAll => Ok(()),
                policy => writer.retain(journal.snapshots_kept, policy).map(|_| ()),
            }
        });
        match noted {
            Some(Ok(())) => Ok(()),
            Some(Err(WriteError::Snapshot(error))) => Err(refusal_of_snapshot(&error)),
            Some(Err(error)) => {
                // The journal can't be trusted to take another record.
                let halted = halted_by(&error);
                self.breaker.halt(halted.clone());
                Err(halted.refusal())
            }
            None => Err(Refusal::new(Code::EngineClosed, Code::EngineClosed.meaning())),
        }
    }
}

fn io_refusal(error: std::io::Error) -> Refusal {
    refusal_of(&error.into())
}
