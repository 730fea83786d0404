//! How what was appended gets to the disk: one group commit, and all that follows from it.
//!
//! A threaded engine has a thread for it, an inline one does it in its caller's, at the end of each call.

use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use lightning_core::reject::Code;
use lightning_core::types::Lsn;
use lightning_journal::{Batch, Head, Mode, WriteError, Writer};

use crate::Room;
use crate::halt::Halted;
use crate::journal::Front;
use crate::metrics::JournalMetrics;
use crate::replies::Replies;
use crate::snapshots::Job;
use crate::streams::Hub;

/// After so long without records the disk is told how far it is safe.
const HEARTBEAT: Duration = Duration::from_millis(10);
/// What is written and not synced yet is synced after so long.
const SYNC_EVERY: Duration = Duration::from_millis(50);
/// Bytes that a frame takes besides its records, at most.
const FRAME_OVERHEAD: u64 = 8192;

/// The one way to the disk.
pub(crate) struct Committer {
    front: Arc<Front>,
    replies: Arc<Replies>,
    streams: Arc<Hub>,
    back: Mutex<Back>,
    mode: Mode,
    segment_bytes: u64,
    /// Records between two snapshots that nobody asks for; 0 is never.
    snapshot_every: u64,
    next_snapshot: AtomicU64,
    durable: AtomicU64,
    written_bytes: AtomicU64,
    prepared: AtomicUsize,
    room: AtomicU8,
    metrics: JournalMetrics,
}

struct Back {
    /// None when it is closed.
    writer: Option<Writer>,
    /// What is being written.
    batch: Batch,
    /// It could not be written, and nothing is tried again.
    has_failed: bool,
    /// None when they were sent home.
    helpers: Option<Helpers>,
    /// Bytes written since the preparer was woken.
    since_preparer: u64,
    /// When something was written that the disk has not been told is safe.
    news: Option<Instant>,
    /// When something was written that is not synced.
    unsynced: Option<Instant>,
}

/// The ways to the threads that work beside the journal's. They end when these are dropped.
pub(crate) struct Helpers {
    /// To the one that prepares segments.
    pub(crate) preparer: Sender<()>,
    /// To the one that makes snapshots.
    pub(crate) snapshots: Sender<Job>,
}

impl Committer {
    /// `snapshot` is the record of the newest snapshot, zero if there is none.
    pub(crate) fn new(
        writer: Writer,
        mode: Mode,
        (front, replies, streams): (&Arc<Front>, &Arc<Replies>, &Arc<Hub>),
        config: &crate::config::JournalConfig,
        snapshot: Lsn,
        helpers: Helpers,
    ) -> Self {
        let durable = writer.durable();
        let helpers = Some(helpers);
        let back = Back {
            writer: Some(writer),
            batch: Batch::new(1),
            has_failed: false,
            helpers,
            since_preparer: 0,
            news: None,
            unsynced: None,
        };
        Self {
            front: front.clone(),
            replies: replies.clone(),
            streams: streams.clone(),
            back: Mutex::new(back),
            mode,
            segment_bytes: config.segment_bytes,
            snapshot_every: config.snapshot_every,
            next_snapshot: AtomicU64::new(snapshot.0.saturating_add(config.snapshot_every)),
            durable: AtomicU64::new(durable),
            written_bytes: AtomicU64::new(0),
            prepared: AtomicUsize::new(0),
            room: AtomicU8::new(Room::Plenty as u8),
            metrics: JournalMetrics::new(snapshot.0),
        }
    }

    /// Where shards append.
    pub(crate) fn front(&self) -> &Arc<Front> {
        &self.front
    }

    /// Is a record safe when it is written, and synced later?
    fn syncs_later(&self) -> bool {
        self.mode == Mode::Written
    }

    /// The last record that outlives a power loss.
    pub(crate) fn durable(&self) -> Lsn {
        Lsn(self.durable.load(Ordering::Acquire))
    }

    /// Bytes of records written since the journal was opened.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.written_bytes.load(Ordering::Relaxed)
    }

    /// What it measures of itself.
    pub(crate) fn metrics(&self) -> &JournalMetrics {
        &self.metrics
    }

    /// How much may still be written.
    pub(crate) fn room(&self) -> Room {
        match self.room.load(Ordering::Relaxed) {
            room if room == Room::Plenty as u8 => Room::Plenty,
            room if room == Room::Low as u8 => Room::Low,
            _ => Room::Full,
        }
    }

    /// Writes all that was appended so far; false if there is nothing. What waited for it leaves.
    ///
    /// # Errors
    /// Those of the writer. Nothing may be written after one.
    pub(crate) fn commit(&self) -> Result<bool, WriteError> {
        let mut back = self.lock();
        let back = &mut *back;
        if back.has_failed {
            return Err(WriteError::Poisoned);
        }
        let Some(writer) = &mut back.writer else { return Ok(false) };
        if !self.front.take(&mut back.batch) {
            return Ok(false);
        }
        let bytes = back.batch.bytes();
        let began = Instant::now();
        writer.commit(&mut back.batch).inspect_err(|_| back.has_failed = true)?;
        let now = Instant::now();
        self.metrics.commit.add(now - began);
        self.written_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let safe = Lsn(if self.syncs_later() { writer.written() } else { writer.durable() });
        self.durable.store(writer.durable(), Ordering::Release);
        self.set_room(self.judge_room(writer));
        // Readers first: whoever gets an answer finds in them what it tells.
        self.front.written(&mut back.batch, bytes, safe);
        self.replies.advance(safe);
        self.streams.gate_moved(safe);
        back.since_preparer += bytes as u64 + FRAME_OVERHEAD;
        if back.since_preparer > self.segment_bytes / 8
            && let Some(helpers) = &back.helpers
        {
            back.since_preparer = 0;
            let _ = helpers.preparer.try_send(()); // Full: it is being woken already.
        }
        back.news = Some(now);
        if self.syncs_later() {
            let unsynced = *back.unsynced.get_or_insert(now);
            self.metrics.set_unsynced(Some(unsynced));
            if now - unsynced >= SYNC_EVERY {
                self.sync(back)?;
            }
        }
        self.call_for_snapshot(back.helpers.as_ref());
        Ok(true)
    }

    /// What is to be done when there is nothing to write: what is written is synced, where that was left for later, and
    /// the disk is told how far it is safe, so that a reader of the files alone knows. Says when to come again.
    ///
    /// # Errors
    /// Those of the writer.
    pub(crate) fn rest(&self) -> Result<Option<Duration>, WriteError> {
        let mut back = self.lock();
        let back = &mut *back;
        if let Some(since) = back.unsynced {
            let left = SYNC_EVERY.saturating_sub(since.elapsed());
            if !left.is_zero() {
                return Ok(Some(left));
            }
            self.sync(back)?;
            self.call_for_snapshot(back.helpers.as_ref());
        }
        if let Some(since) = back.news {
            let left = HEARTBEAT.saturating_sub(since.elapsed());
            if !left.is_zero() {
                return Ok(Some(left));
            }
            back.news = None;
            if let Some(writer) = &mut back.writer {
                writer.heartbeat()?;
            }
        }
        Ok(None)
    }

    fn sync(&self, back: &mut Back) -> Result<(), WriteError> {
        back.unsynced = None;
        if let Some(writer) = &mut back.writer {
            let began = Instant::now();
            writer.sync()?;
            self.metrics.sync.add(began.elapsed());
            self.metrics.set_unsynced(None);
            self.durable.store(writer.durable(), Ordering::Release);
        }
        Ok(())
    }

    /// Does something with the writer between two commits. None when it is closed.
    pub(crate) fn with_writer<R>(&self, run: impl FnOnce(&mut Writer) -> R) -> Option<R> {
        self.lock().writer.as_mut().map(run)
    }

    /// Ends the journal in good order.
    ///
    /// # Errors
    /// Those of the writer.
    pub(crate) fn close(&self) -> Result<Option<Head>, WriteError> {
        let Some(writer) = self.lock().writer.take() else { return Ok(None) };
        let head = writer.close()?;
        self.durable.store(head.lsn, Ordering::Release);
        Ok(Some(head))
    }

    /// So many segments are ready to be written to.
    pub(crate) fn set_prepared(&self, segments: usize) {
        self.prepared.store(segments, Ordering::Relaxed);
        // Where it was full there may be room again, and without commits nobody would look.
        if self.room() != Room::Plenty
            && let Some(room) = self.with_writer(|writer| self.judge_room(writer))
        {
            self.set_room(room);
        }
    }

    fn set_room(&self, room: Room) {
        if self.room.swap(room as u8, Ordering::Relaxed) != room as u8 {
            self.streams.set_room(room);
        }
    }

    /// Segments that are ready to be written to.
    pub(crate) fn prepared(&self) -> usize {
        self.prepared.load(Ordering::Relaxed)
    }

    /// Asks for a snapshot; false if nobody makes any.
    pub(crate) fn ask_for_snapshot(&self, job: Job) -> bool {
        let snapshots = self.lock().helpers.as_ref().map(|helpers| helpers.snapshots.clone());
        snapshots.is_some_and(|snapshots| snapshots.send(job).is_ok())
    }

    /// Sends the threads home that work beside the journal's.
    pub(crate) fn dismiss_helpers(&self) {
        self.lock().helpers = None;
    }

    fn judge_room(&self, writer: &Writer) -> Room {
        match writer.room() {
            lightning_journal::Room::Plenty => Room::Plenty,
            lightning_journal::Room::Low { bytes_left } if bytes_left > self.segment_bytes / 2 => Room::Low,
            lightning_journal::Room::Low { .. } => Room::Full,
        }
    }

    fn call_for_snapshot(&self, helpers: Option<&Helpers>) {
        let Some(helpers) = helpers.filter(|_| self.snapshot_every > 0) else { return };
        let durable = self.durable().0;
        if durable >= self.next_snapshot.load(Ordering::Relaxed) {
            self.next_snapshot.store(durable.saturating_add(self.snapshot_every), Ordering::Relaxed);
            let _ = helpers.snapshots.try_send(Job::Due); // Full: one is being made, or will be.
        }
    }

    fn lock(&self) -> MutexGuard<'_, Back> {
        self.back.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a failed write makes of the engine.
pub(crate) fn halted_by(error: &WriteError) -> Halted {
    let code = match error {
        WriteError::StorageFull => Code::StorageFull,
        WriteError::Io(_) | WriteError::Poisoned | WriteError::Snapshot(_) => Code::JournalIo,
    };
    Halted { code, why: error.to_string() }
}

/// What a disk without room makes of the engine.
pub(crate) fn halted_full() -> Halted {
    let why = "the disk is full, and half of what was kept for that is used".to_owned();
    Halted { code: Code::StorageFull, why }
}
