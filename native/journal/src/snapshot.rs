//! Snapshots: named sections, checked one by one and as a whole.
//!
//! A snapshot is written under another name, synced and renamed: under its own name there is a whole one or none. It
//! is bound to its journal by the hash of the frame it was taken at, which recovery compares.

use std::io;

use crate::disk::{self, PIECE_BYTES};
use crate::error::SnapshotError;
use crate::layout::{
    FORMAT, bytes_at, crc_around, in_file, in_memory, is_zero, put, snapshot as at, u16_at, u32_at, u64_at,
};
use crate::names;
use crate::record::Head;
use crate::storage::{File, Storage, Use};

/// So much is written between two syncs, lest the last one of a large snapshot holds up commits for long.
const SYNC_BYTES: u64 = 16 << 20;

/// The state after a record, as whoever folds the journal wrote it down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The last record in it.
    pub lsn: u64,
    /// When that was decided, in nanoseconds since 1970.
    pub at: u64,
    /// The journal's head at that record: its LSN and the hash of its frame.
    pub head: Head,
    /// The version of the logic that folded it.
    pub logic_version: u32,
    /// Of the state, by its owner's own rule.
    pub state_hash: [u8; 32],
    /// Names (1 to 40 bytes, each once) and bytes.
    pub sections: Vec<(String, Vec<u8>)>,
}

/// Writes a snapshot under its final name, durably, and says the name. A whole one of the same LSN and state hash
/// is left as it is.
///
/// # Errors
/// Those of the storage; `InvalidInput` if a section's name is empty, too long or there twice.
pub fn write_snapshot(storage: &dyn Storage, snapshot: &Snapshot) -> io::Result<String> {
    check_names(snapshot)?;
    let name = names::snapshot(snapshot.lsn);
    match scan(storage, snapshot.lsn, false) {
        Ok((_, there)) if there.state_hash == snapshot.state_hash && there.head == snapshot.head => {
            // Whoever wrote it may have died before its name was durable.
            storage.sync_dir()?;
            return Ok(name);
        }
        Err(SnapshotError::Io(error)) => return Err(error),
        _ => {}
    }
    let temp = names::snapshot_temp(snapshot.lsn);
    disk::remove_if_there(storage, &temp)?;
    let file = storage.create(&temp, Use::Write)?;
    let mut out = Out { file: &*file, hasher: blake3::Hasher::new(), written: 0, synced: 0 };
    out.write(&header(snapshot))?;
    for (_, bytes) in &snapshot.sections {
        out.write(bytes)?;
    }
    let hash = *out.hasher.finalize().as_bytes();
    out.write(&hash)?;
    file.sync()?;
    drop(file);
    storage.rename(&temp, &name)?;
    storage.sync_dir()?;
    Ok(name)
}

/// A file that is written from its beginning to its end.
struct Out<'a> {
    file: &'a dyn File,
    hasher: blake3::Hasher,
    written: u64,
    synced: u64,
}

impl Out<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        for piece in bytes.chunks(PIECE_BYTES) {
            self.hasher.update(piece);
            disk::write_all(self.file, self.written, piece)?;
            self.written += in_file(piece.len());
            if self.written - self.synced >= SYNC_BYTES {
                self.file.sync()?;
                self.synced = self.written;
            }
        }
        Ok(())
    }
}

fn check_names(snapshot: &Snapshot) -> io::Result<()> {
    let invalid = |why: String| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    for (index, (name, _)) in snapshot.sections.iter().enumerate() {
        if name.is_empty() || name.len() > at::NAME_BYTES_MAX {
            return invalid(format!("a section's name has 1 to {} bytes: {name:?}", at::NAME_BYTES_MAX));
        }
        if snapshot.sections[..index].iter().any(|(other, _)| other == name) {
            return invalid(format!("there are two sections {name:?}"));
        }
    }
    if snapshot.sections.len() > in_memory(at::SECTIONS_MAX.into()) {
        return invalid(format!("a snapshot has at most {} sections", at::SECTIONS_MAX));
    }
    Ok(())
}

/// Header and table.
fn header(snapshot: &Snapshot) -> Vec<u8> {
    let table = at::HEADER_BYTES + snapshot.sections.len() * at::ENTRY_BYTES;
    let body: u64 = snapshot.sections.iter().map(|(_, bytes)| in_file(bytes.len())).sum();
    let length = in_file(table) + body + in_file(at::HASH_BYTES);
    let sections = u32::try_from(snapshot.sections.len()).expect("it was checked");
    let mut bytes = vec![0; table];
    put(&mut bytes, 0, at::MAGIC.to_le_bytes());
    put(&mut bytes, at::FORMAT, FORMAT.to_le_bytes());
    put(&mut bytes, at::SECTIONS, sections.to_le_bytes());
    put(&mut bytes, at::LSN, snapshot.lsn.to_le_bytes());
    put(&mut bytes, at::AT, snapshot.at.to_le_bytes());
    put(&mut bytes, at::HEAD_LSN, snapshot.head.lsn.to_le_bytes());
    put(&mut bytes, at::LOGIC_VERSION, snapshot.logic_version.to_le_bytes());
    put(&mut bytes, at::LENGTH, length.to_le_bytes());
    put(&mut bytes, at::HEAD_HASH, snapshot.head.hash);
    put(&mut bytes, at::STATE_HASH, snapshot.state_hash);
    let mut offset = in_file(table);
    for ((name, section), entry) in
        snapshot.sections.iter().zip(bytes[at::HEADER_BYTES..].chunks_exact_mut(at::ENTRY_BYTES))
    {
        entry[at::ENTRY_NAME..at::ENTRY_NAME + name.len()].copy_from_slice(name.as_bytes());
        let name_len = u16::try_from(name.len()).expect("it was checked");
        put(entry, at::ENTRY_NAME_LEN, name_len.to_le_bytes());
        put(entry, at::ENTRY_CRC, crc32c::crc32c(section).to_le_bytes());
        put(entry, at::ENTRY_OFFSET, offset.to_le_bytes());
        put(entry, at::ENTRY_LENGTH, in_file(section.len()).to_le_bytes());
        offset += in_file(section.len());
    }
    let crc = crc_around(&bytes, at::CRC);
    put(&mut bytes, at::CRC, crc.to_le_bytes());
    bytes
}

/// LSNs of the snapshots that there are, newest first. Whether they are whole, reading them says.
///
/// # Errors
/// Those of the storage.
pub fn snapshots(storage: &dyn Storage) -> io::Result<Vec<u64>> {
    let mut lsns: Vec<u64> = storage.list()?.iter().filter_map(|name| names::snapshot_lsn(name)).collect();
    lsns.sort_unstable_by(|a, b| b.cmp(a));
    Ok(lsns)
}

/// Reads a snapshot and checks all of it.
///
/// # Errors
/// It is missing, or not what was written, or the storage failed.
pub fn read(storage: &dyn Storage, lsn: u64) -> Result<Snapshot, SnapshotError> {
    Ok(scan(storage, lsn, true)?.1)
}

/// The hash at a snapshot's end. Its header is checked, its sections are not.
pub(crate) fn hash_of(storage: &dyn Storage, lsn: u64) -> Result<[u8; 32], SnapshotError> {
    let opened = Opened::open(storage, lsn)?;
    opened.hash_at_end()
}

struct Section {
    name: String,
    crc: u32,
    length: u64,
}

/// A snapshot of which header and table were checked.
struct Opened {
    name: String,
    file: Box<dyn File>,
    length: u64,
    head: Vec<u8>,
    sections: Vec<Section>,
}

impl Opened {
    fn open(storage: &dyn Storage, lsn: u64) -> Result<Self, SnapshotError> {
        let name = names::snapshot(lsn);
        let file = match storage.open(&name, Use::Read) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(SnapshotError::Missing { file: name });
            }
            opened => opened.map_err(SnapshotError::Io)?,
        };
        let length = file.len().map_err(SnapshotError::Io)?;
        let corrupt = |why| SnapshotError::Corrupt { file: name.clone(), why };
        if length < in_file(at::HEADER_BYTES + at::HASH_BYTES) {
            return Err(corrupt("it is shorter than its header"));
        }
        let mut head = vec![0; at::HEADER_BYTES];
        read_exactly(&*file, 0, &mut head, &name)?;
        if u32_at(&head, 0) != at::MAGIC {
            return Err(corrupt("this is no snapshot"));
        }
        let count = u32_at(&head, at::SECTIONS);
        let table = u64::from(count) * in_file(at::ENTRY_BYTES);
        if count > at::SECTIONS_MAX || table > length - in_file(at::HEADER_BYTES + at::HASH_BYTES) {
            return Err(corrupt("it has more sections than there can be"));
        }
        head.resize(at::HEADER_BYTES + in_memory(table), 0);
        read_exactly(&*file, in_file(at::HEADER_BYTES), &mut head[at::HEADER_BYTES..], &name)?;
        if crc_around(&head, at::CRC) != u32_at(&head, at::CRC) {
            return Err(corrupt("its header does not match its checksum"));
        }
        if u16_at(&head, at::FORMAT) != FORMAT {
            let found = u16_at(&head, at::FORMAT).into();
            return Err(SnapshotError::UnsupportedVersion { file: name, found });
        }
        let reserved = [at::RESERVED_A..at::CRC, at::RESERVED_B..at::LENGTH, at::RESERVED_C..at::HEAD_HASH];
        if reserved.into_iter().any(|field| !is_zero(&head[field])) {
            return Err(corrupt("its header has bits that mean nothing"));
        }
        if u64_at(&head, at::LSN) != lsn {
            return Err(corrupt("its header does not fit its name"));
        }
        if u64_at(&head, at::LENGTH) != length {
            return Err(corrupt("it is not as long as it was made"));
        }
        let sections = sections(&head, length).map_err(corrupt)?;
        Ok(Self { name, file, length, head, sections })
    }

    fn hash_at_end(&self) -> Result<[u8; 32], SnapshotError> {
        let mut hash = [0; at::HASH_BYTES];
        read_exactly(&*self.file, self.length - in_file(at::HASH_BYTES), &mut hash, &self.name)?;
        Ok(hash)
    }
}

/// The table's entries, which fill the file between table and hash without a gap.
fn sections(head: &[u8], length: u64) -> Result<Vec<Section>, &'static str> {
    let mut sections: Vec<Section> = Vec::new();
    let mut offset = in_file(head.len());
    let end = length - in_file(at::HASH_BYTES);
    for entry in head[at::HEADER_BYTES..].chunks_exact(at::ENTRY_BYTES) {
        let name_len = usize::from(u16_at(entry, at::ENTRY_NAME_LEN));
        if name_len == 0 || name_len > at::NAME_BYTES_MAX {
            return Err("a section's name is too short or too long");
        }
        let (name, rest) = entry[at::ENTRY_NAME..at::ENTRY_NAME_LEN].split_at(name_len);
        let name = std::str::from_utf8(name).map_err(|_| "a section's name is no text")?;
        if !is_zero(rest) || !is_zero(&entry[at::ENTRY_RESERVED..at::ENTRY_CRC]) {
            return Err("a section's entry has bits that mean nothing");
        }
        if sections.iter().any(|other| other.name == name) {
            return Err("two sections have the same name");
        }
        let length = u64_at(entry, at::ENTRY_LENGTH);
        if u64_at(entry, at::ENTRY_OFFSET) != offset || length > end - offset {
            return Err("its sections do not follow one another");
        }
        offset += length;
        sections.push(Section { name: name.to_owned(), crc: u32_at(entry, at::ENTRY_CRC), length });
    }
    if offset != end {
        return Err("its sections do not fill it");
    }
    Ok(sections)
}

/// Reads all of a snapshot and compares all its checksums. Returns the hash at its end, too; its sections only if they
/// are to be kept.
pub(crate) fn scan(
    storage: &dyn Storage,
    lsn: u64,
    keep: bool,
) -> Result<([u8; 32], Snapshot), SnapshotError> {
    let opened = Opened::open(storage, lsn)?;
    let corrupt = |why| SnapshotError::Corrupt { file: opened.name.clone(), why };
    let head = &opened.head;
    let mut hasher = blake3::Hasher::new();
    hasher.update(head);
    let mut kept = Vec::with_capacity(opened.sections.len());
    let mut scratch = Vec::new();
    let mut offset = in_file(head.len());
    for section in &opened.sections {
        let mut crc = 0;
        let mut left = section.length;
        let mut bytes = Vec::with_capacity(if keep { in_memory(section.length) } else { 0 });
        while left > 0 {
            scratch.resize(in_memory(left.min(in_file(PIECE_BYTES))), 0);
            read_exactly(&*opened.file, offset, &mut scratch, &opened.name)?;
            hasher.update(&scratch);
            crc = crc32c::crc32c_append(crc, &scratch);
            if keep {
                bytes.extend_from_slice(&scratch);
            }
            offset += in_file(scratch.len());
            left -= in_file(scratch.len());
        }
        if crc != section.crc {
            return Err(corrupt("a section does not match its checksum"));
        }
        kept.push((section.name.clone(), bytes));
    }
    let hash = *hasher.finalize().as_bytes();
    if hash != opened.hash_at_end()? {
        return Err(corrupt("it does not match its hash"));
    }
    let snapshot = Snapshot {
        lsn,
        at: u64_at(head, at::AT),
        head: Head { lsn: u64_at(head, at::HEAD_LSN), hash: bytes_at(head, at::HEAD_HASH) },
        logic_version: u32_at(head, at::LOGIC_VERSION),
        state_hash: bytes_at(head, at::STATE_HASH),
        sections: kept,
    };
    Ok((hash, snapshot))
}

fn read_exactly(file: &dyn File, offset: u64, buffer: &mut [u8], name: &str) -> Result<(), SnapshotError> {
    let read = disk::read_full(file, offset, buffer).map_err(SnapshotError::Io)?;
    if read < buffer.len() {
        return Err(SnapshotError::Corrupt {
            file: name.to_owned(),
            why: "it became shorter while it was read",
        });
    }
    Ok(())
}
