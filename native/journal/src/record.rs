//! A record as it is read back, and the head of the chain.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use crate::aligned::AlignedBuffer;
use crate::layout::{record as at, u16_at, u32_at, u64_at};

/// The end of the journal: the last record, and the hash of its frame, which covers all that came before.
///
/// Heartbeats are part of the chain but never the head: a head that was reported for an LSN stays true.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// The last record's; 0 if there is none.
    pub lsn: u64,
    /// BLAKE3 of its frame; zeros if there is none.
    pub hash: [u8; 32],
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.lsn)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Head({self})")
    }
}

/// A record, checked in every way this crate can.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its place in the journal: 1, 2, 3, ...
    pub lsn: u64,
    /// When it was decided, in nanoseconds since 1970.
    pub at: u64,
    /// What kind of record, as its writer numbered them; never 0.
    pub kind: u8,
    /// The version of the body's layout.
    pub version: u8,
    /// Of the outputs of the previous record of the same symbol; 0 where there is none.
    pub digest: u64,
    /// What it says.
    pub body: Body,
    /// The hash of the frame it came in. With the LSN of the frame's last record this is a [`Head`].
    pub frame_hash: [u8; 32],
}

/// A record where it lies, checked in every way this crate can.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordRef<'a> {
    /// Its place in the journal: 1, 2, 3, ...
    pub lsn: u64,
    /// When it was decided, in nanoseconds since 1970.
    pub at: u64,
    /// What kind of record, as its writer numbered them; never 0.
    pub kind: u8,
    /// The version of the body's layout.
    pub version: u8,
    /// Of the outputs of the previous record of the same symbol; 0 where there is none.
    pub digest: u64,
    /// What it says.
    pub body: &'a [u8],
}

impl Record {
    /// The same, where it lies.
    pub fn by_ref(&self) -> RecordRef<'_> {
        let Self { lsn, at, kind, version, digest, .. } = *self;
        RecordRef { lsn, at, kind, version, digest, body: &self.body }
    }
}

/// A record's bytes: a slice of the buffer its file was read into, which it shares. It derefs to `[u8]`.
///
/// A body that is kept keeps that buffer (about 1 MiB) in memory; copy what is to be kept for long.
#[derive(Clone)]
pub struct Body {
    pub(crate) buffer: Arc<AlignedBuffer>,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

impl Deref for Body {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer.bytes()[self.start..self.end]
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&**self, f)
    }
}

/// Checks the record that `bytes` begin with, and says its length.
pub(crate) fn check(bytes: &[u8], lsn: u64) -> Result<usize, &'static str> {
    if bytes.len() < at::BYTES_MIN {
        return Err("a frame ends inside a record");
    }
    let length = usize::try_from(u32_at(bytes, at::LENGTH)).unwrap_or(usize::MAX);
    if length < at::BYTES_MIN || length > bytes.len() {
        return Err("a record's length cannot be");
    }
    let (covered, crc) = bytes[..length].split_at(length - at::CRC_BYTES);
    if crc32c::crc32c(covered) != u32_at(crc, 0) {
        return Err("a record does not match its checksum");
    }
    if u64_at(bytes, at::LSN) != lsn {
        return Err("records are not numbered without gaps");
    }
    if bytes[at::KIND] == 0 || u16_at(bytes, at::FLAGS) != 0 {
        return Err("a record's kind or flags cannot be");
    }
    Ok(length)
}

/// The record that `bytes` begin with, which was checked before, and its length.
pub(crate) fn view(bytes: &[u8]) -> (RecordRef<'_>, usize) {
    let length = usize::try_from(u32_at(bytes, at::LENGTH)).expect("it was checked");
    let record = RecordRef {
        lsn: u64_at(bytes, at::LSN),
        at: u64_at(bytes, at::AT),
        kind: bytes[at::KIND],
        version: bytes[at::VERSION],
        digest: u64_at(bytes, at::DIGEST),
        body: &bytes[at::BODY..length - at::CRC_BYTES],
    };
    (record, length)
}

/// Takes the record out that begins at `start` of a buffer and was checked before; says where it ends.
pub(crate) fn take(buffer: &Arc<AlignedBuffer>, start: usize, frame_hash: &[u8; 32]) -> (Record, usize) {
    let (RecordRef { lsn, at, kind, version, digest, .. }, length) = view(&buffer.bytes()[start..]);
    let record = Record {
        lsn,
        at,
        kind,
        version,
        digest,
        body: Body {
            buffer: Arc::clone(buffer),
            start: start + at::BODY,
            end: start + length - at::CRC_BYTES,
        },
        frame_hash: *frame_hash,
    };
    (record, start + length)
}
