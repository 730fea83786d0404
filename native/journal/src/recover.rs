//! Opening a journal: what is accepted and what is refused.
//!
//! A journal is accepted if every file is there that the manifest names, every frame from the newest whole snapshot
//! on is whole and continues the chain, and the live segment ends in zeros or in the one frame that a crash cut
//! short. Everything else is an error that names the file, the byte and the LSN. Nothing is repaired, nothing is
//! cut off, and nothing at all is changed before [`Recovered::start`].

use std::cell::RefCell;
use std::collections::VecDeque;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::chain::{Chain, Walk};
use crate::error::{RecoverError, SnapshotError};
use crate::follow::{Alone, Follow};
use crate::layout::{BLOCK_BYTES, in_file, segment};
use crate::live::Live;
use crate::manifest::{Manifest, SegmentEntry, SnapshotEntry};
use crate::names;
use crate::record::{self, Head, Record};
use crate::segment::Frame;
use crate::snapshot::{self, Snapshot};
use crate::storage::{Lock, Storage, Use};
use crate::writer::Mode;

/// How a journal is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// When a record counts as safe. Default: `Sync`.
    pub mode: Mode,
    /// How large segments are made, in bytes: a multiple of 4 KiB, of at least 16 KiB. Default: 256 MiB.
    pub segment_bytes: u64,
    /// The version of what the records mean, stamped on every segment. Default: 1.
    pub logic_version: u32,
    /// Write the last segment anew before serving, so that nothing is trusted that only the page cache has.
    /// Default: yes; only tests say no.
    pub repersist: bool,
    /// What a new journal is known by. Default: 16 random bytes; a simulator draws them from its seed.
    pub uuid: Option<[u8; 16]>,
}

impl Default for Options {
    fn default() -> Self {
        Self { mode: Mode::Sync, segment_bytes: 256 << 20, logic_version: 1, repersist: true, uuid: None }
    }
}

/// How far a recovery or a verification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The last record that was checked.
    pub lsn: u64,
    /// Bytes of segments checked.
    pub bytes: u64,
    /// Of so many.
    pub bytes_total: u64,
}

/// The frame at the end that a crash cut short: never acknowledged, dropped, and its bytes saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Torn {
    /// In which segment.
    pub segment: String,
    /// Where it began, in bytes.
    pub offset: u64,
    /// The LSN of its first record.
    pub lsn: u64,
    /// How many bytes are saved, whole blocks.
    pub bytes: u64,
}

/// Opens a journal, or begins one in an empty directory. Takes the lock; changes nothing.
///
/// # Errors
/// Whatever is not provably the one torn frame at the end; `InvalidInput` for a size of segments that cannot be.
pub fn recover(
    storage: Arc<dyn Storage>,
    options: Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Recovered, RecoverError> {
    recover_along(storage, options, &mut Alone(progress))
}

/// The same, and tells `follow` the records while they are checked. A new journal has none, and nothing is told.
///
/// # Errors
/// Those of [`recover`], and the same: whatever was told before counts for nothing then.
pub fn recover_along(
    storage: Arc<dyn Storage>,
    options: Options,
    follow: &mut dyn Follow,
) -> Result<Recovered, RecoverError> {
    let block = in_file(BLOCK_BYTES);
    if options.segment_bytes < segment::BYTES_MIN || !options.segment_bytes.is_multiple_of(block) {
        let why = format!("segments of {} bytes cannot be made", options.segment_bytes);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why).into());
    }
    let lock = storage.lock()?.ok_or(RecoverError::Locked)?;
    let Some(mut catalog) = Catalog::load(Arc::clone(&storage))? else {
        let manifest = Manifest::new(options.uuid.unwrap_or_else(random_uuid));
        let (unnamed, snapshots, warnings) = (Vec::new(), Vec::new(), Vec::new());
        let catalog = Catalog { storage, manifest, unnamed, snapshots, warnings };
        return Ok(Recovered { lock, options, catalog, live: None, checked: None });
    };
    let (checked, live) = check(&mut catalog, follow)?;
    Ok(Recovered { lock, options, catalog, live, checked })
}

/// Finds the newest whole snapshot of this journal, and checks all that comes after it.
fn check(
    catalog: &mut Catalog,
    follow: &mut dyn Follow,
) -> Result<(Option<SnapshotEntry>, Option<Live>), RecoverError> {
    let base = catalog.manifest.base.lsn;
    let mut bad = Vec::new();
    let candidates: Vec<u64> = catalog.snapshots.iter().copied().filter(|&lsn| lsn >= base).collect();
    for lsn in candidates {
        let (hash, snapshot) = match catalog.check_snapshot(lsn, follow.wants_snapshots()) {
            Ok(whole) => whole,
            Err(SnapshotError::Io(error)) => return Err(error.into()),
            Err(error) => {
                catalog.warnings.push(error.to_string());
                bad.push(lsn);
                continue;
            }
        };
        let head = snapshot.head;
        let mut found = catalog.head_at_end(head.lsn).map(|head| head.hash);
        let from = if found.is_some() { lsn } else { head.lsn.min(lsn).saturating_sub(1) };
        let wanted = follow.begin(Some(snapshot));
        let live =
            survey(catalog, catalog.index_behind(from), follow, wanted.then_some(lsn), &mut |frame| {
                let lsns = frame.header.first_lsn..frame.header.next_lsn();
                if lsns.contains(&head.lsn) {
                    found = Some(frame.hash);
                }
            })?;
        if found == Some(head.hash) {
            catalog.snapshots.retain(|lsn| !bad.contains(lsn));
            return Ok((Some(SnapshotEntry { lsn, hash }), live));
        }
        catalog.warnings.push(format!("{} is of another history than the segments", names::snapshot(lsn)));
        bad.push(lsn);
    }
    if base > 0 {
        let lost = catalog.manifest.snapshots.first().map_or(base, |noted| noted.lsn);
        return Err(RecoverError::MissingHistory { file: names::snapshot(lost), lsn: base });
    }
    let wanted = follow.begin(None);
    let live = survey(catalog, 0, follow, wanted.then_some(0), &mut |_| {})?;
    catalog.snapshots.retain(|lsn| !bad.contains(lsn));
    Ok((None, live))
}

/// Checks the segments from this index on. The records behind `after` are told, if there are any wanted.
fn survey(
    catalog: &Catalog,
    from: usize,
    follow: &mut dyn Follow,
    after: Option<u64>,
    see: &mut dyn FnMut(&Frame),
) -> Result<Option<Live>, RecoverError> {
    let mut after = after;
    // Both are told by turns, by one who has both.
    let follow = RefCell::new(follow);
    let progress = &mut |progress| follow.borrow_mut().progress(progress);
    catalog.survey(from, progress, &mut |reader, frame| {
        see(frame);
        let Some(behind) = after else { return };
        let mut follow = follow.borrow_mut();
        let mut records = reader.records(frame).filter(|record| record.lsn > behind);
        if !records.all(|record| follow.record(&record)) {
            after = None;
        }
    })
}

/// A journal that was found to be whole. Nothing has been changed on disk yet.
#[derive(Debug)]
pub struct Recovered {
    pub(crate) lock: Box<dyn Lock>,
    pub(crate) options: Options,
    pub(crate) catalog: Catalog,
    /// `None` only if the journal is new.
    pub(crate) live: Option<Live>,
    /// The snapshot that was read through and found to be of this journal.
    pub(crate) checked: Option<SnapshotEntry>,
}

impl Recovered {
    /// Is there nothing yet?
    pub fn is_new(&self) -> bool {
        self.live.is_none()
    }

    /// What the journal is known by.
    pub fn uuid(&self) -> [u8; 16] {
        self.catalog.manifest.uuid
    }

    /// The last record there is.
    pub fn head(&self) -> Head {
        self.live.as_ref().map_or(self.catalog.manifest.base, |live| live.chain.head)
    }

    /// The last one that wrote here; 0 if the journal is new. `start` begins the next.
    pub fn incarnation(&self) -> u64 {
        self.catalog.manifest.incarnation
    }

    /// Stamped on the last segment; `None` if the journal is new.
    pub fn logic_version(&self) -> Option<u32> {
        self.live.as_ref().map(|live| live.logic_version)
    }

    /// Was it closed, rather than cut short?
    pub fn was_closed(&self) -> bool {
        self.catalog.manifest.closed
    }

    /// The frame at the end that is dropped because a crash cut it short.
    pub fn torn(&self) -> Option<&Torn> {
        self.live.as_ref().and_then(|live| live.torn.as_ref())
    }

    /// What was found wrong and could be done without: a bad copy of the manifest, a bad snapshot.
    pub fn warnings(&self) -> &[String] {
        &self.catalog.warnings
    }

    /// LSNs of snapshots from which the state can be made, newest first. The first is whole; the others are read
    /// through only when they are asked for.
    pub fn snapshots(&self) -> Vec<u64> {
        let base = self.catalog.manifest.base.lsn;
        self.catalog.snapshots.iter().copied().filter(|&lsn| lsn >= base).collect()
    }

    /// Reads a snapshot and compares all its checksums.
    ///
    /// # Errors
    /// It is missing, or not what was written, or the storage failed.
    pub fn read_snapshot(&self, lsn: u64) -> Result<Snapshot, SnapshotError> {
        let storage = &*self.catalog.storage;
        let noted = self.catalog.manifest.snapshots.iter().find(|noted| noted.lsn == lsn);
        if let Some(noted) = noted
            && snapshot::hash_of(storage, lsn)? != noted.hash
        {
            let why = "it is not the one that was noted in the manifest";
            return Err(SnapshotError::Corrupt { file: names::snapshot(lsn), why });
        }
        snapshot::read(storage, lsn)
    }

    /// The LSN of the oldest record that is still in a segment; 1 if there is none yet.
    pub fn first_lsn(&self) -> u64 {
        self.catalog.manifest.base.lsn + 1
    }

    /// All records behind the LSN `after`. Everything is checked once more as it is read; the first error is the
    /// last item.
    pub fn records(&self, after: u64) -> Records {
        let manifest = &self.catalog.manifest;
        let from = self.catalog.index_behind(after);
        let sealed = manifest.segments.iter().filter(|entry| !entry.is_live()).skip(from);
        let mut segments: VecDeque<_> = sealed.map(|entry| (*entry, Use::Read)).collect();
        if let Some(live) = self.live.as_ref().filter(|live| live.has_records()) {
            // As it was judged: past the page cache.
            segments.push_back((live.entry, Use::ReadDirect));
        }
        let missing = (after < manifest.base.lsn)
            .then(|| RecoverError::MissingHistory { file: names::segment(after + 1), lsn: after + 1 });
        Records {
            storage: Arc::clone(&self.catalog.storage),
            segments,
            chain: self.catalog.chain_before(from),
            walk: None,
            next: 0,
            end: 0,
            frame_hash: [0; 32],
            after,
            failed: missing,
            over: false,
        }
    }
}

/// Records in order, from a recovered journal.
#[derive(Debug)]
pub struct Records {
    storage: Arc<dyn Storage>,
    segments: VecDeque<(SegmentEntry, Use)>,
    /// Where the next segment goes on.
    chain: Chain,
    walk: Option<Walk>,
    /// The next record of the current frame, and the frame's end, in the walk's buffer.
    next: usize,
    end: usize,
    frame_hash: [u8; 32],
    after: u64,
    failed: Option<RecoverError>,
    over: bool,
}

impl Records {
    /// Goes on to the next frame that has records behind `after`.
    fn next_frame(&mut self) -> Result<bool, RecoverError> {
        loop {
            let Some(walk) = &mut self.walk else {
                let Some((entry, use_)) = self.segments.pop_front() else { return Ok(false) };
                self.walk = Some(entry.walk(&*self.storage, self.chain, use_)?);
                continue;
            };
            match walk.next_frame()? {
                None => {
                    self.chain = walk.chain;
                    self.walk = None;
                }
                Some(frame) if frame.header.next_lsn() - 1 <= self.after => {}
                Some(frame) => {
                    let body = walk.reader.body(&frame);
                    (self.next, self.end, self.frame_hash) = (body.start, body.end, frame.hash);
                    return Ok(true);
                }
            }
        }
    }
}

impl Iterator for Records {
    type Item = Result<Record, RecoverError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            self.over = true;
            return Some(Err(error));
        }
        while !self.over {
            if self.next < self.end {
                let buffer = self.walk.as_ref().expect("a frame is of a segment").reader.buffer();
                let (record, next) = record::take(buffer, self.next, &self.frame_hash);
                self.next = next;
                if record.lsn > self.after {
                    return Some(Ok(record));
                }
                continue;
            }
            match self.next_frame() {
                Ok(true) => {}
                Ok(false) => self.over = true,
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// 128 bits that no other journal has: the keys that the standard library draws for its hash maps, hashed.
fn random_uuid() -> [u8; 16] {
    let half = |salt: u64| {
        let mut hasher = RandomState::new().build_hasher();
        hasher.write_u64(salt);
        hasher.finish().to_le_bytes()
    };
    let mut uuid = [0; 16];
    uuid[..8].copy_from_slice(&half(1));
    uuid[8..].copy_from_slice(&half(2));
    uuid
}
