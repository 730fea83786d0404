//! The one that writes: group commits as frames, one after the other, and segments when one is full.
//!
//! What is written is never written over (J9), and in `Sync` mode nothing is written before what stands before it
//! is durable (J8): recovery relies on both. After the first error nothing more is tried (J10): what a failed sync
//! has left on the disk nobody can say, and a second one may succeed without having done anything.

use std::io;
use std::sync::Arc;

use crate::aligned::AlignedBuffer;
use crate::batch::Batch;
use crate::disk;
use crate::error::WriteError;
use crate::frame::{self, FrameHeader};
use crate::layout::{
    BLOCK_BYTES, frame as frame_at, in_file, in_memory, padded, put, record, segment, u32_at,
};
use crate::manifest::{Manifest, SegmentEntry, SnapshotEntry};
use crate::names;
use crate::preparer::{Pool, is_full};
use crate::record::Head;
use crate::segment::SegmentHeader;
use crate::snapshot;
use crate::storage::{File, Lock, Storage, Use};

/// When a record counts as safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// When the disk has it: every frame is synced before the next is written.
    Sync,
    /// When the operating system has it; [`Writer::sync`] says when the disk gets it.
    Written,
}

/// What becomes of segments and snapshots that are not needed to recover.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// They are moved to the folder `archive`.
    Archive,
    /// They are removed.
    Remove,
    /// They stay.
    KeepAll,
}

/// What [`Writer::retain`] has put away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retired {
    /// Names of segments.
    pub segments: Vec<String>,
    /// Names of snapshots.
    pub snapshots: Vec<String>,
}

/// How much may still be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Room {
    /// As much as anybody likes.
    Plenty,
    /// The disk is full and the emergency segment is in use.
    Low {
        /// What it has left.
        bytes_left: u64,
    },
}

/// Of a frame's buffer no more than this is kept once a large record is written.
const BUFFER_BYTES_KEPT: usize = 2 << 20;

/// Writes the journal. There is one per open journal, and it holds the directory's lock.
#[derive(Debug)]
pub struct Writer {
    storage: Arc<dyn Storage>,
    pool: Arc<Pool>,
    stamp: Stamp,
    live: LiveFile,
    /// As it was last written.
    manifest: Manifest,
    head: Head,
    /// Of the last frame, heartbeats and seals among them.
    tail: [u8; 32],
    durable: u64,
    /// What the last frame said was durable.
    said_durable: u64,
    frame: AlignedBuffer,
    poisoned: bool,
    /// Given back last of all.
    _lock: Box<dyn Lock>,
}

/// What all segments and frames of one run say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stamp {
    pub(crate) mode: Mode,
    pub(crate) logic_version: u32,
    pub(crate) uuid: [u8; 16],
    pub(crate) incarnation: u64,
}

/// The segment that is being written.
#[derive(Debug)]
pub(crate) struct LiveFile {
    file: Box<dyn File>,
    first_lsn: u64,
    bytes: u64,
    /// Where the next frame goes. Nothing before it is ever written again.
    position: u64,
    emergency: bool,
}

impl LiveFile {
    /// Makes a zero-filled file of `bytes` at least the segment that begins with `first_lsn`, durably. One of that
    /// name, which can only be empty, is replaced.
    pub(crate) fn begin(
        pool: &Pool,
        bytes: u64,
        stamp: &Stamp,
        first_lsn: u64,
        prev: [u8; 32],
    ) -> io::Result<Self> {
        let taken = pool.take(bytes)?;
        let use_ = match stamp.mode {
            Mode::Sync => Use::Commit,
            Mode::Written => Use::Write,
        };
        let file = pool.storage.open(&taken.name, use_)?;
        let header = SegmentHeader {
            written: stamp.mode == Mode::Written,
            logic_version: stamp.logic_version,
            uuid: stamp.uuid,
            incarnation: stamp.incarnation,
            first_lsn,
            bytes: taken.bytes,
            prev_hash: prev,
        };
        let mut block = AlignedBuffer::zeroed(segment::HEADER_BYTES);
        header.encode(block.bytes_mut());
        disk::write_all(&*file, 0, block.bytes())?;
        if !file.is_synced_by_writes() {
            file.sync()?;
        }
        pool.storage.rename(&taken.name, &names::segment(first_lsn))?;
        pool.storage.sync_dir()?;
        let position = in_file(segment::HEADER_BYTES);
        Ok(Self { file, first_lsn, bytes: taken.bytes, position, emergency: taken.emergency })
    }

    fn is_empty(&self) -> bool {
        self.position == in_file(segment::HEADER_BYTES)
    }

    /// What is left for frames, the seal's block not counted.
    fn room(&self) -> u64 {
        (self.bytes - in_file(BLOCK_BYTES)).saturating_sub(self.position)
    }
}

impl Writer {
    pub(crate) fn new(
        pool: Arc<Pool>,
        lock: Box<dyn Lock>,
        stamp: Stamp,
        live: LiveFile,
        manifest: Manifest,
        head: Head,
        tail: [u8; 32],
    ) -> Self {
        let storage = Arc::clone(&pool.storage);
        Self {
            storage,
            pool,
            stamp,
            live,
            manifest,
            head,
            tail,
            durable: head.lsn,
            said_durable: head.lsn,
            frame: AlignedBuffer::zeroed(padded(frame_at::HEADER_BYTES)),
            poisoned: false,
            _lock: lock,
        }
    }

    /// One group commit: frames are built, written and, in `Sync` mode, synced one after the other. Empties the
    /// batch.
    ///
    /// # Errors
    /// The storage failed: now, or before. [`Writer::durable`] says what is safe all the same; of the rest nobody
    /// can say, and the batch is as it was.
    ///
    /// # Panics
    /// If the batch does not begin with the next LSN.
    pub fn commit(&mut self, batch: &mut Batch) -> Result<(), WriteError> {
        self.guarded(|this| {
            assert_eq!(batch.first_lsn(), this.head.lsn + 1, "a batch goes on where the journal ends");
            let group_bytes = this.group_bytes();
            let mut done = 0;
            while done < batch.bytes() {
                let (body, records) = batch.group(done, group_bytes);
                this.write_frame(0, body, records)?;
                done += body.len();
            }
            batch.clear();
            Ok(())
        })
    }

    /// Says on disk what is durable, so that damage to the last frame is told from a torn one. Costs nothing if
    /// that was said already.
    ///
    /// # Errors
    /// The storage failed: now, or before.
    pub fn heartbeat(&mut self) -> Result<(), WriteError> {
        self.guarded(|this| {
            if this.said_durable == this.durable {
                return Ok(());
            }
            if this.live.room() < in_file(BLOCK_BYTES) {
                // The seal says it as well.
                return this.rotate(segment::BYTES_MIN);
            }
            this.write_frame(frame_at::HEARTBEAT, &[], 0)
        })
    }

    /// `Written` mode: makes all that was written durable. In `Sync` mode it is.
    ///
    /// # Errors
    /// The storage failed: now, or before.
    pub fn sync(&mut self) -> Result<(), WriteError> {
        self.guarded(Self::sync_live)
    }

    /// The last LSN that was written.
    pub fn written(&self) -> u64 {
        self.head.lsn
    }

    /// The last LSN that is durable; never goes back.
    pub fn durable(&self) -> u64 {
        self.durable
    }

    /// The last record that was written, and the hash of its frame.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Which run of an engine on this journal this is, from 1 on.
    pub fn incarnation(&self) -> u64 {
        self.stamp.incarnation
    }

    /// How much may still be written before the disk must have space again.
    pub fn room(&self) -> Room {
        if self.live.emergency && self.pool.prepared().ready == 0 {
            return Room::Low { bytes_left: self.live.room() };
        }
        Room::Plenty
    }

    /// Names a snapshot that [`crate::write_snapshot`] has written in the manifest, so that it is missed if it is
    /// gone, and [`Writer::retain`] may rely on it.
    ///
    /// # Errors
    /// `Snapshot`, and nothing has changed, if there is no such snapshot or it is ahead of what is durable;
    /// otherwise the storage failed.
    pub fn note_snapshot(&mut self, lsn: u64) -> Result<(), WriteError> {
        self.guarded(|this| {
            let hash = snapshot::hash_of(&*this.storage, lsn)?;
            if lsn > this.durable {
                let (file, why) = (names::snapshot(lsn), "it is ahead of the journal");
                return Err(WriteError::Snapshot(crate::SnapshotError::Corrupt { file, why }));
            }
            let snapshots = &mut this.manifest.snapshots;
            let entry = SnapshotEntry { lsn, hash };
            match snapshots.binary_search_by_key(&lsn, |snapshot| snapshot.lsn) {
                Ok(index) if snapshots[index] == entry => return Ok(()),
                Ok(index) => snapshots[index] = entry,
                Err(index) => snapshots.insert(index, entry),
            }
            this.store_manifest()
        })
    }

    /// Puts away what recovery does not need: snapshots that were noted but for the newest `keep` (2 at least), and
    /// the segments before the oldest of those. Without as many snapshots nothing is put away.
    ///
    /// # Errors
    /// The storage failed: now, or before.
    pub fn retain(&mut self, keep: usize, policy: Retention) -> Result<Retired, WriteError> {
        self.guarded(|this| this.retire(keep.max(2), policy))
    }

    /// Syncs, seals the segment, and writes down in the manifest that the journal was closed: all that is in it is on the
    /// disk, and nothing comes behind it. The caller has appended its last record.
    ///
    /// # Errors
    /// The storage failed: now, or before.
    pub fn close(mut self) -> Result<Head, WriteError> {
        self.guarded(|this| {
            this.sync_live()?;
            // One without records is replaced by that of the next run, and no seal of it is part of the chain.
            if !this.live.is_empty() {
                this.seal()?;
            }
            this.manifest.closed = true;
            this.store_manifest()?;
            Ok(this.head)
        })
    }

    /// Runs `work` unless there was an error; an error, or a panic, is the last that was tried.
    fn guarded<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, WriteError>) -> Result<T, WriteError> {
        if self.poisoned {
            return Err(WriteError::Poisoned);
        }
        self.poisoned = true;
        let result = work(self);
        self.poisoned = !matches!(result, Ok(_) | Err(WriteError::Snapshot(_)));
        result
    }

    /// How large a frame's body gets before another frame is begun: as large as segments allow.
    fn group_bytes(&self) -> usize {
        let usual = in_memory(self.pool.segment_bytes) - segment::HEADER_BYTES - BLOCK_BYTES;
        frame_at::BODY_BYTES_USUAL.min(usual - frame_at::HEADER_BYTES)
    }

    /// Writes one frame, in the next segment if this one has no room for it, and syncs it in `Sync` mode.
    fn write_frame(&mut self, flags: u16, body: &[u8], records: u32) -> Result<(), WriteError> {
        let extent = padded(frame_at::HEADER_BYTES + body.len());
        if in_file(extent) > self.live.room() {
            self.rotate(in_file(segment::HEADER_BYTES + extent + BLOCK_BYTES))?;
        }
        self.put_frame(flags, body, records)?;
        match self.stamp.mode {
            Mode::Sync => self.sync_frame(),
            Mode::Written => Ok(()),
        }
    }

    /// Writes one frame where the last one ended.
    fn put_frame(&mut self, flags: u16, body: &[u8], records: u32) -> Result<(), WriteError> {
        let body_end = frame_at::HEADER_BYTES + body.len();
        let header = FrameHeader {
            flags: flags | if self.stamp.mode == Mode::Written { frame_at::WRITTEN } else { 0 },
            uuid: self.stamp.uuid,
            incarnation: self.stamp.incarnation,
            first_lsn: self.head.lsn + 1,
            records,
            body_len: u32::try_from(body.len()).expect("a frame is below 17 MiB"),
            durable_lsn: self.durable,
            prev_hash: self.tail,
        };
        if self.stamp.mode == Mode::Sync {
            assert_eq!(self.durable, self.head.lsn, "J8: a frame was written while another was in flight");
        }
        let extent = header.extent();
        assert!(
            self.live.position.is_multiple_of(in_file(BLOCK_BYTES))
                && self.live.position + in_file(extent) <= self.live.bytes,
            "J9: a frame at byte {} of {} would share a block or leave the segment",
            self.live.position,
            self.live.bytes
        );
        if self.frame.len() < extent || self.frame.len() > BUFFER_BYTES_KEPT.max(extent) {
            self.frame = AlignedBuffer::zeroed(extent.next_power_of_two());
        }
        let frame = &mut self.frame.bytes_mut()[..extent];
        frame[frame_at::HEADER_BYTES..body_end].copy_from_slice(body);
        frame[body_end..].fill(0);
        fill_in_checksums(&mut frame[frame_at::HEADER_BYTES..body_end]);
        let hash = frame::finish(&header, frame);
        disk::write_all(&*self.live.file, self.live.position, frame).map_err(WriteError::Io)?;
        self.live.position += in_file(extent);
        self.said_durable = header.durable_lsn;
        self.tail = hash;
        if records > 0 {
            self.head = Head { lsn: header.next_lsn() - 1, hash };
        }
        Ok(())
    }

    /// Makes the frame durable that was just written.
    fn sync_frame(&mut self) -> Result<(), WriteError> {
        let sampled = self.head.lsn;
        if !self.live.file.is_synced_by_writes() {
            self.live.file.sync().map_err(WriteError::Io)?;
        }
        self.raise_durable(sampled);
        Ok(())
    }

    fn sync_live(&mut self) -> Result<(), WriteError> {
        // J2: what is written while the sync runs may or may not be in it.
        let sampled = self.head.lsn;
        if self.durable < sampled {
            self.live.file.sync().map_err(WriteError::Io)?;
            self.raise_durable(sampled);
        }
        Ok(())
    }

    fn raise_durable(&mut self, lsn: u64) {
        assert!(lsn >= self.durable, "J2: durable went back from {} to {lsn}", self.durable);
        self.durable = lsn;
    }

    /// Goes on in a new segment, large enough for a frame that needs a segment of `bytes`.
    fn rotate(&mut self, bytes: u64) -> Result<(), WriteError> {
        if self.live.is_empty() {
            // Only a frame larger than this segment gets here: its own takes this one's place.
            return self.begin_segment(bytes);
        }
        self.sync_live()?;
        self.seal()?;
        let sealed = SegmentEntry {
            first_lsn: self.live.first_lsn,
            last_lsn: self.head.lsn,
            end: self.live.position,
            incarnation: self.stamp.incarnation,
            tail: self.tail,
            head_hash: self.head.hash,
            flags: 0,
        };
        *self.manifest.segments.last_mut().expect("the live one is there") = sealed;
        let next = SegmentEntry::live(self.head.lsn + 1, self.stamp.incarnation);
        self.manifest.segments.push(next);
        self.begin_segment(bytes)
    }

    /// Ends the live segment, for which a block was kept. All that is in it is durable.
    fn seal(&mut self) -> Result<(), WriteError> {
        self.put_frame(frame_at::SEAL | frame_at::HEARTBEAT, &[], 0)?;
        if !self.live.file.is_synced_by_writes() {
            self.live.file.sync().map_err(WriteError::Io)?;
        }
        Ok(())
    }

    /// Makes a new live segment behind the last frame and then names it in the manifest. No frame is in it before
    /// that: recovery relies on it.
    fn begin_segment(&mut self, bytes: u64) -> Result<(), WriteError> {
        let begun = LiveFile::begin(&self.pool, bytes, &self.stamp, self.head.lsn + 1, self.tail);
        self.live = begun
            .map_err(|error| if is_full(&error) { WriteError::StorageFull } else { WriteError::Io(error) })?;
        self.store_manifest()
    }

    fn store_manifest(&mut self) -> Result<(), WriteError> {
        self.manifest.durable_lsn = self.durable;
        self.manifest.store(&*self.storage).map_err(WriteError::Io)
    }

    fn retire(&mut self, keep: usize, policy: Retention) -> Result<Retired, WriteError> {
        let mut retired = Retired::default();
        let Some(first_kept) = self.manifest.snapshots.len().checked_sub(keep) else {
            return Ok(retired);
        };
        if policy == Retention::KeepAll {
            return Ok(retired);
        }
        // Those that are kept must be there before anything goes.
        for kept in &self.manifest.snapshots[first_kept..] {
            let hash = snapshot::hash_of(&*self.storage, kept.lsn)?;
            if hash != kept.hash {
                let (file, why) = (names::snapshot(kept.lsn), "it is not the one that was noted");
                return Err(WriteError::Snapshot(crate::SnapshotError::Corrupt { file, why }));
            }
        }
        let needed_after = self.manifest.snapshots[first_kept].lsn;
        let segments = &self.manifest.segments;
        let gone = segments.iter().take_while(|old| !old.is_live() && old.last_lsn <= needed_after).count();
        // First the manifest: a file that it does not name may be there or not.
        if let Some(last) = gone.checked_sub(1).map(|last| segments[last]) {
            self.manifest.base = Head { lsn: last.last_lsn, hash: last.head_hash };
            self.manifest.base_tail = last.tail;
        }
        if first_kept > 0 || gone > 0 {
            self.manifest.snapshots.drain(..first_kept);
            self.manifest.segments.drain(..gone);
            self.store_manifest()?;
        }
        self.put_away(&mut retired, needed_after, policy).map_err(WriteError::Io)?;
        Ok(retired)
    }

    /// Removes or archives what was retired now, and what an earlier run had retired and not put away.
    fn put_away(&self, retired: &mut Retired, needed_after: u64, policy: Retention) -> io::Result<()> {
        let first_segment = self.manifest.segments[0].first_lsn;
        for name in self.storage.list()? {
            if names::segment_lsn(&name).is_some_and(|lsn| lsn < first_segment) {
                retired.segments.push(name);
            } else if names::snapshot_lsn(&name).is_some_and(|lsn| lsn < needed_after) {
                retired.snapshots.push(name);
            }
        }
        for names in [&mut retired.segments, &mut retired.snapshots] {
            names.sort_unstable();
            for name in &*names {
                match policy {
                    Retention::Archive => self.storage.archive(name)?,
                    Retention::Remove => self.storage.remove(name)?,
                    Retention::KeepAll => {}
                }
            }
        }
        self.storage.sync_dir()
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // Before the lock is given back: the preparer must not touch what may soon be another engine's.
        self.pool.close();
    }
}

/// Puts each record's checksum behind it.
fn fill_in_checksums(records: &mut [u8]) {
    let mut rest = records;
    while !rest.is_empty() {
        let length = usize::try_from(u32_at(rest, record::LENGTH)).expect("below 16 MiB");
        let (this, behind) = rest.split_at_mut(length);
        let crc = crc32c::crc32c(&this[..length - record::CRC_BYTES]);
        put(this, length - record::CRC_BYTES, crc.to_le_bytes());
        rest = behind;
    }
}
