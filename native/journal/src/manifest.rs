//! The manifest: which segments and snapshots there must be, so that one that is missing is noticed.
//!
//! It is kept twice. A copy is written over in place, for which even a full disk has room, and synced before the other
//! is touched; the one that counts is written last. So a crash leaves one whole copy at least, and one that is
//! older than the other, or cut short, is a crash between the two.

use std::io;

use crate::chain::{Chain, Walk};
use crate::disk;
use crate::error::RecoverError;
use crate::layout::{
    FORMAT, bytes_at, crc_around, in_file, in_memory, is_zero, manifest as at, put, u16_at, u32_at, u64_at,
};
use crate::names;
use crate::record::Head;
use crate::storage::{Storage, Use};

/// A segment, and how it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentEntry {
    pub(crate) first_lsn: u64,
    /// Of the last record; `first_lsn - 1` if there is none. 0 if the segment is live, as are the next four.
    pub(crate) last_lsn: u64,
    /// Where its last frame ends, in bytes.
    pub(crate) end: u64,
    pub(crate) incarnation: u64,
    /// Of the last frame.
    pub(crate) tail: [u8; 32],
    /// Of the last frame with records, wherever that is.
    pub(crate) head_hash: [u8; 32],
    pub(crate) flags: u32,
}

impl SegmentEntry {
    /// A segment that is about to be written.
    pub(crate) fn live(first_lsn: u64, incarnation: u64) -> Self {
        let (tail, head_hash) = ([0; 32], [0; 32]);
        Self { first_lsn, last_lsn: 0, end: 0, incarnation, tail, head_hash, flags: at::ENTRY_LIVE }
    }

    pub(crate) fn is_live(&self) -> bool {
        self.flags & at::ENTRY_LIVE != 0
    }

    /// Opens it to be walked along; it goes on where `chain` ends.
    pub(crate) fn walk(&self, storage: &dyn Storage, chain: Chain, use_: Use) -> Result<Walk, RecoverError> {
        Walk::open(storage, self, chain, use_)
    }
}

/// A snapshot that was noted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SnapshotEntry {
    pub(crate) lsn: u64,
    /// The hash at its end.
    pub(crate) hash: [u8; 32],
}

/// All that a manifest says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) closed: bool,
    pub(crate) uuid: [u8; 16],
    /// Grows by one with each that is written.
    pub(crate) generation: u64,
    pub(crate) incarnation: u64,
    /// What was durable when it was written.
    pub(crate) durable_lsn: u64,
    /// The journal's head before the first segment.
    pub(crate) base: Head,
    /// The last frame's hash before the first segment.
    pub(crate) base_tail: [u8; 32],
    /// By LSN; only the last is live.
    pub(crate) segments: Vec<SegmentEntry>,
    /// By LSN.
    pub(crate) snapshots: Vec<SnapshotEntry>,
    /// Which copy it was read from: not to be touched before the other one is whole.
    copy: usize,
    /// Was it stored by this process? One that was only read may be in the page cache alone.
    stored: bool,
}

impl Manifest {
    /// Of a journal without records.
    pub(crate) fn new(uuid: [u8; 16]) -> Self {
        Self {
            closed: false,
            uuid,
            generation: 0,
            incarnation: 0,
            durable_lsn: 0,
            base: Head::default(),
            base_tail: [0; 32],
            segments: Vec::new(),
            snapshots: Vec::new(),
            copy: 0,
            stored: false,
        }
    }

    /// The highest LSN that it names as durable.
    pub(crate) fn named_lsn(&self) -> u64 {
        let snapshots = self.snapshots.iter().map(|snapshot| snapshot.lsn);
        let segments = self.segments.iter().map(|segment| segment.last_lsn);
        snapshots.chain(segments).fold(self.durable_lsn.max(self.base.lsn), u64::max)
    }

    /// The end of the chain before the segment of this index.
    pub(crate) fn chain_before(&self, index: usize) -> Chain {
        match index.checked_sub(1).map(|before| &self.segments[before]) {
            None => Chain { uuid: self.uuid, head: self.base, tail: self.base_tail },
            Some(before) => Chain {
                uuid: self.uuid,
                head: Head { lsn: before.last_lsn, hash: before.head_hash },
                tail: before.tail,
            },
        }
    }

    fn encode(&self) -> Vec<u8> {
        let table = at::HEADER_BYTES + self.segments.len() * at::ENTRY_BYTES;
        let length = table + self.snapshots.len() * at::SNAPSHOT_BYTES;
        let count = |len| u32::try_from(len).expect("a manifest is below 64 MiB");
        let mut bytes = vec![0; length];
        put(&mut bytes, 0, at::MAGIC.to_le_bytes());
        put(&mut bytes, at::FORMAT, FORMAT.to_le_bytes());
        put(&mut bytes, at::FLAGS, (if self.closed { at::CLOSED } else { 0 }).to_le_bytes());
        put(&mut bytes, at::LENGTH, count(length).to_le_bytes());
        put(&mut bytes, at::UUID, self.uuid);
        put(&mut bytes, at::GENERATION, self.generation.to_le_bytes());
        put(&mut bytes, at::INCARNATION, self.incarnation.to_le_bytes());
        put(&mut bytes, at::DURABLE_LSN, self.durable_lsn.to_le_bytes());
        put(&mut bytes, at::BASE_LSN, self.base.lsn.to_le_bytes());
        put(&mut bytes, at::BASE_HEAD, self.base.hash);
        put(&mut bytes, at::BASE_TAIL, self.base_tail);
        put(&mut bytes, at::SEGMENTS, count(self.segments.len()).to_le_bytes());
        put(&mut bytes, at::SNAPSHOTS, count(self.snapshots.len()).to_le_bytes());
        for (segment, entry) in
            self.segments.iter().zip(bytes[at::HEADER_BYTES..].chunks_exact_mut(at::ENTRY_BYTES))
        {
            put(entry, at::ENTRY_FIRST_LSN, segment.first_lsn.to_le_bytes());
            put(entry, at::ENTRY_LAST_LSN, segment.last_lsn.to_le_bytes());
            put(entry, at::ENTRY_END, segment.end.to_le_bytes());
            put(entry, at::ENTRY_INCARNATION, segment.incarnation.to_le_bytes());
            put(entry, at::ENTRY_TAIL, segment.tail);
            put(entry, at::ENTRY_HEAD, segment.head_hash);
            put(entry, at::ENTRY_FLAGS, segment.flags.to_le_bytes());
        }
        for (snapshot, entry) in
            self.snapshots.iter().zip(bytes[table..].chunks_exact_mut(at::SNAPSHOT_BYTES))
        {
            put(entry, at::SNAPSHOT_LSN, snapshot.lsn.to_le_bytes());
            put(entry, at::SNAPSHOT_HASH, snapshot.hash);
        }
        let crc = crc_around(&bytes, at::CRC);
        put(&mut bytes, at::CRC, crc.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, BadCopy> {
        if bytes.len() < at::HEADER_BYTES || u32_at(bytes, 0) != at::MAGIC {
            return Err(BadCopy::Invalid("this is no manifest"));
        }
        let length = in_memory(u32_at(bytes, at::LENGTH).into());
        if length < at::HEADER_BYTES || length > bytes.len() {
            return Err(BadCopy::Invalid("its length cannot be"));
        }
        let (bytes, padding) = bytes.split_at(length);
        if crc_around(bytes, at::CRC) != u32_at(bytes, at::CRC) || !is_zero(padding) {
            return Err(BadCopy::Invalid("it does not match its checksum"));
        }
        if u16_at(bytes, at::FORMAT) != FORMAT {
            return Err(BadCopy::Version(u16_at(bytes, at::FORMAT)));
        }
        let segments = in_memory(u32_at(bytes, at::SEGMENTS).into());
        let snapshots = in_memory(u32_at(bytes, at::SNAPSHOTS).into());
        let table = segments.saturating_mul(at::ENTRY_BYTES).saturating_add(at::HEADER_BYTES);
        if length != snapshots.saturating_mul(at::SNAPSHOT_BYTES).saturating_add(table) {
            return Err(BadCopy::Invalid("it is not as long as its tables"));
        }
        let flags = u16_at(bytes, at::FLAGS);
        if flags & !at::CLOSED != 0 || !is_zero(&bytes[at::RESERVED..at::HEADER_BYTES]) {
            return Err(BadCopy::Invalid("it has bits that mean nothing"));
        }
        let this = Self {
            closed: flags & at::CLOSED != 0,
            uuid: bytes_at(bytes, at::UUID),
            generation: u64_at(bytes, at::GENERATION),
            incarnation: u64_at(bytes, at::INCARNATION),
            durable_lsn: u64_at(bytes, at::DURABLE_LSN),
            base: Head { lsn: u64_at(bytes, at::BASE_LSN), hash: bytes_at(bytes, at::BASE_HEAD) },
            base_tail: bytes_at(bytes, at::BASE_TAIL),
            segments: bytes[at::HEADER_BYTES..table]
                .chunks_exact(at::ENTRY_BYTES)
                .map(segment_entry)
                .collect(),
            snapshots: bytes[table..].chunks_exact(at::SNAPSHOT_BYTES).map(snapshot_entry).collect(),
            copy: 0,
            stored: false,
        };
        this.check().map_err(BadCopy::Invalid)?;
        Ok(this)
    }

    /// Does it make sense?
    fn check(&self) -> Result<(), &'static str> {
        let mut last = self.base.lsn;
        for (index, segment) in self.segments.iter().enumerate() {
            if last.checked_add(1) != Some(segment.first_lsn) {
                return Err("its segments do not follow one another");
            }
            if segment.flags & !(at::ENTRY_LIVE | at::ENTRY_RAW) != 0 {
                return Err("a segment of it has bits that mean nothing");
            }
            if segment.is_live() != (index + 1 == self.segments.len()) {
                return Err("not exactly its last segment is live");
            }
            if !segment.is_live() {
                if segment.last_lsn < segment.first_lsn {
                    return Err("a sealed segment of it has no records");
                }
                last = segment.last_lsn;
            }
        }
        if !self.snapshots.is_sorted_by(|one, next| one.lsn < next.lsn) {
            return Err("its snapshots are not in order");
        }
        // A generation is counted up before it is written, and an LSN's successor must exist.
        if self.generation == u64::MAX || self.incarnation == u64::MAX || self.named_lsn() == u64::MAX {
            return Err("it counts beyond what can be");
        }
        Ok(())
    }

    /// Writes both copies, one after the other, each durable before the next is touched. The first time nothing is
    /// written over: the copy that was read may have failed to reach the disk (a sync can fail and leave its pages
    /// in the cache, clean), and then the one on the disk is the other.
    pub(crate) fn store(&mut self, storage: &dyn Storage) -> io::Result<()> {
        self.generation += 1;
        let mut bytes = self.encode();
        bytes.resize(bytes.len().next_power_of_two().max(at::FILE_BYTES_MIN), 0);
        let [first, second] = [names::MANIFESTS[1 - self.copy], names::MANIFESTS[self.copy]];
        if self.stored {
            store_copy(storage, first, &bytes)?;
        } else {
            store_anew(storage, first, &bytes)?;
        }
        store_copy(storage, second, &bytes)?;
        self.stored = true;
        Ok(())
    }

    /// The newest copy, and what is wrong with the other one. `None` if there is no copy at all.
    pub(crate) fn load(
        storage: &dyn Storage,
        files: &[String],
    ) -> Result<Option<(Self, Vec<String>)>, RecoverError> {
        let mut best: Option<Self> = None;
        let mut bad = Vec::new();
        let mut warnings = Vec::new();
        for (copy, name) in names::MANIFESTS.into_iter().enumerate() {
            if !files.iter().any(|file| file == name) {
                warnings.push(format!("{name} is missing"));
                continue;
            }
            let read = match Self::read(storage, name)? {
                Ok(read) => read,
                Err(why) => {
                    warnings.push(format!("{name} cannot be used: {}", why.text()));
                    bad.push((name, why));
                    continue;
                }
            };
            let Some(other) = &best else {
                best = Some(Self { copy, ..read });
                continue;
            };
            if read.uuid != other.uuid || (read.generation == other.generation && read != *other) {
                let why = "the two copies contradict each other";
                return Err(RecoverError::BadManifest { file: name.to_owned(), why });
            }
            if read.generation > other.generation {
                best = Some(Self { copy, ..read });
            }
        }
        match (best, bad.into_iter().next()) {
            (Some(best), _) => Ok(Some((best, warnings))),
            (None, None) => Ok(None),
            (None, Some((name, BadCopy::Version(found)))) => {
                Err(RecoverError::UnsupportedVersion { file: name.to_owned(), found: found.into() })
            }
            (None, Some((name, BadCopy::Invalid(why)))) => {
                Err(RecoverError::BadManifest { file: name.to_owned(), why })
            }
        }
    }

    fn read(storage: &dyn Storage, name: &str) -> io::Result<Result<Self, BadCopy>> {
        Ok(match disk::read_whole(storage, name, at::BYTES_MAX)? {
            Some(bytes) => Self::decode(&bytes),
            None => Err(BadCopy::Invalid("it is larger than any may be")),
        })
    }
}

/// Writes a copy over the one that is there, or makes it if there is none of this size.
fn store_copy(storage: &dyn Storage, name: &str, bytes: &[u8]) -> io::Result<()> {
    match storage.open(name, Use::Write) {
        Ok(file) if file.len()? == in_file(bytes.len()) => {
            disk::write_all(&*file, 0, bytes)?;
            file.sync()
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => store_anew(storage, name, bytes),
    }
}

fn store_anew(storage: &dyn Storage, name: &str, bytes: &[u8]) -> io::Result<()> {
    disk::replace(storage, &format!("{name}.tmp"), name, bytes)
}

/// Why a copy cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BadCopy {
    Invalid(&'static str),
    Version(u16),
}

impl BadCopy {
    fn text(self) -> String {
        match self {
            Self::Invalid(why) => why.to_owned(),
            Self::Version(found) => format!("it has version {found}"),
        }
    }
}

fn segment_entry(entry: &[u8]) -> SegmentEntry {
    // A reserved field that is not zero is a flag of a later version: `check` refuses it with the flags.
    let reserved = u32_at(entry, at::ENTRY_RESERVED);
    SegmentEntry {
        first_lsn: u64_at(entry, at::ENTRY_FIRST_LSN),
        last_lsn: u64_at(entry, at::ENTRY_LAST_LSN),
        end: u64_at(entry, at::ENTRY_END),
        incarnation: u64_at(entry, at::ENTRY_INCARNATION),
        tail: bytes_at(entry, at::ENTRY_TAIL),
        head_hash: bytes_at(entry, at::ENTRY_HEAD),
        flags: if reserved == 0 { u32_at(entry, at::ENTRY_FLAGS) } else { u32::MAX },
    }
}

fn snapshot_entry(entry: &[u8]) -> SnapshotEntry {
    SnapshotEntry { lsn: u64_at(entry, at::SNAPSHOT_LSN), hash: bytes_at(entry, at::SNAPSHOT_HASH) }
}
