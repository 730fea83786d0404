//! From a recovered journal to one that is written: the only part of recovery that changes anything.
//!
//! It may die at any point and be begun again: what it replaces it replaces as a whole, and the manifest, written
//! last, is what counts.

use std::io;
use std::sync::Arc;

use crate::aligned::AlignedBuffer;
use crate::disk;
use crate::error::RecoverError;
use crate::frame::{self, FrameHeader};
use crate::layout::{BLOCK_BYTES, frame as frame_at, in_file, segment};
use crate::live::Live;
use crate::manifest::SegmentEntry;
use crate::names;
use crate::preparer::{Pool, Preparer};
use crate::recover::{Recovered, Torn};
use crate::segment::SegmentHeader;
use crate::storage::{Storage, Use};
use crate::writer::{LiveFile, Stamp, Writer};

impl Recovered {
    /// Makes the journal ready to be written: the torn frame's bytes are saved, the last segment is written anew as
    /// a sealed one, a new one is begun under a new incarnation, and the manifest says so. After an error, or a
    /// crash, it can be recovered and started again.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn start(self) -> Result<(Writer, Preparer), RecoverError> {
        let head = self.head();
        let Self { lock, options, catalog, live, checked } = self;
        let storage = catalog.storage;
        let mut manifest = catalog.manifest;
        for name in storage.list()?.iter().filter(|name| names::is_temp(name)) {
            storage.remove(name)?;
        }
        for &lsn in &catalog.unnamed {
            storage.remove(&names::segment(lsn))?;
        }
        let mut tail = manifest.chain_before(manifest.segments.len().saturating_sub(1)).tail;
        manifest.segments.pop();
        if let Some(live) = &live {
            if let Some(torn) = &live.torn {
                save_torn(&*storage, torn)?;
            }
            // One without records is replaced by the new live segment, which has its name.
            if live.has_records() {
                let entry = if options.repersist && !may_stay(live, manifest.closed) {
                    write_anew(&*storage, live)?
                } else {
                    // It may have been copied here by somebody who did not wait for the disk.
                    storage.open(&names::segment(live.entry.first_lsn), Use::Write)?.sync()?;
                    live.entry
                };
                tail = entry.tail;
                manifest.segments.push(entry);
            }
        }
        if live.is_none() {
            // Before any segment: segments without a manifest would be refused.
            manifest.store(&*storage)?;
        }
        manifest.snapshots.retain(|noted| catalog.snapshots.contains(&noted.lsn));
        if let Some(checked) = checked
            && let Err(index) = manifest.snapshots.binary_search_by_key(&checked.lsn, |noted| noted.lsn)
        {
            manifest.snapshots.insert(index, checked);
        }
        manifest.incarnation += 1;
        manifest.durable_lsn = head.lsn;
        manifest.closed = false;
        let stamp = Stamp {
            mode: options.mode,
            logic_version: options.logic_version,
            uuid: manifest.uuid,
            incarnation: manifest.incarnation,
        };
        let files = storage.list()?;
        let pool = Arc::new(Pool::adopt(Arc::clone(&storage), options.segment_bytes, &files)?);
        let begun = LiveFile::begin(&pool, segment::BYTES_MIN, &stamp, head.lsn + 1, tail)?;
        manifest.segments.push(SegmentEntry::live(head.lsn + 1, stamp.incarnation));
        manifest.store(&*storage)?;
        let writer = Writer::new(Arc::clone(&pool), lock, stamp, begun, manifest, head, tail);
        Ok((writer, Preparer::new(pool)))
    }
}

/// Is the last segment as good as one that was left behind by a rotation? If the journal was closed, each of its writes
/// was synced, the seal's last, and the manifest says so since then. Its file keeps the length that it was made with; one
/// of which less than a quarter is used is written anew all the same, and gives the rest of the disk back.
fn may_stay(live: &Live, closed: bool) -> bool {
    closed && live.sealed && live.torn.is_none() && live.entry.end >= live.bytes / 4
}

/// Saves the bytes of the frame that is dropped.
fn save_torn(storage: &dyn Storage, torn: &Torn) -> io::Result<()> {
    let (temp, name) = (names::torn_temp(torn.lsn), names::torn(torn.lsn));
    let from = storage.open(&torn.segment, Use::ReadDirect)?;
    let into = storage.create(&temp, Use::Write)?;
    disk::copy(&*from, torn.offset, &*into, torn.bytes)?;
    into.sync()?;
    drop(into);
    storage.rename(&temp, &name)?;
    storage.sync_dir()
}

/// Writes the live segment's frames into a fresh file, seals it, and gives it the old one's name. The old file is
/// trusted no more: its blocks may be in the page cache only, and what a crash left behind its end may yet turn
/// out to be whole.
fn write_anew(storage: &dyn Storage, live: &Live) -> Result<SegmentEntry, RecoverError> {
    let first_lsn = live.entry.first_lsn;
    let mut walk = live.entry.walk(storage, live.before, Use::ReadDirect)?;
    let end = live.entry.end + if live.sealed { 0 } else { in_file(BLOCK_BYTES) };
    let header = SegmentHeader { bytes: end, ..walk.reader.header };
    let temp = names::segment_temp(first_lsn);
    let into = storage.create(&temp, Use::Write)?;
    let mut block = AlignedBuffer::zeroed(segment::HEADER_BYTES);
    header.encode(block.bytes_mut());
    disk::write_all(&*into, 0, block.bytes())?;
    // Frame by frame, checked once more: what is written is what was checked.
    while let Some(frame) = walk.next_frame()? {
        disk::write_all(&*into, frame.offset, walk.reader.frame(&frame))?;
    }
    let mut tail = live.entry.tail;
    if !live.sealed {
        let seal = FrameHeader {
            flags: frame_at::SEAL | frame_at::HEARTBEAT | if header.written { frame_at::WRITTEN } else { 0 },
            uuid: header.uuid,
            incarnation: header.incarnation,
            first_lsn: live.entry.last_lsn + 1,
            records: 0,
            body_len: 0,
            durable_lsn: live.entry.last_lsn,
            prev_hash: tail,
        };
        block.bytes_mut().fill(0);
        tail = frame::finish(&seal, block.bytes_mut());
        disk::write_all(&*into, live.entry.end, block.bytes())?;
    }
    into.sync()?;
    drop((into, walk));
    storage.rename(&temp, &names::segment(first_lsn))?;
    storage.sync_dir()?;
    Ok(SegmentEntry { end, tail, flags: 0, ..live.entry })
}
