//! Numbers of the format: magics, versions, offsets, sizes. `docs/JOURNAL.md` draws them. All integers are
//! little-endian.

/// The unit in which segments are written: no block is written twice.
pub(crate) const BLOCK_BYTES: usize = 4096;

/// The version of all layouts here; what has another is not read.
pub(crate) const FORMAT: u16 = 1;

/// Offsets in a record.
pub(crate) mod record {
    pub(crate) const LENGTH: usize = 0;
    pub(crate) const KIND: usize = 4;
    pub(crate) const VERSION: usize = 5;
    pub(crate) const FLAGS: usize = 6;
    pub(crate) const LSN: usize = 8;
    pub(crate) const AT: usize = 16;
    pub(crate) const DIGEST: usize = 24;
    pub(crate) const BODY: usize = 32;
    /// The checksum behind the body.
    pub(crate) const CRC_BYTES: usize = 4;
    /// A record without a body.
    pub(crate) const BYTES_MIN: usize = BODY + CRC_BYTES;
}

/// Offsets in a frame's header.
pub(crate) mod frame {
    pub(crate) const MAGIC: u32 = u32::from_le_bytes(*b"LJF1");
    pub(crate) const FORMAT: usize = 4;
    pub(crate) const FLAGS: usize = 6;
    pub(crate) const HEADER_CRC: usize = 8;
    pub(crate) const BODY_CRC: usize = 12;
    pub(crate) const UUID: usize = 16;
    pub(crate) const INCARNATION: usize = 32;
    pub(crate) const FIRST_LSN: usize = 40;
    pub(crate) const RECORDS: usize = 48;
    pub(crate) const BODY_LEN: usize = 52;
    pub(crate) const DURABLE_LSN: usize = 56;
    pub(crate) const PREV_HASH: usize = 64;
    pub(crate) const RESERVED: usize = 96;
    pub(crate) const HEADER_BYTES: usize = 128;

    /// The last frame of its segment.
    pub(crate) const SEAL: u16 = 1;
    /// Not synced before the next frame was written.
    pub(crate) const WRITTEN: u16 = 2;
    /// Without records.
    pub(crate) const HEARTBEAT: u16 = 4;

    /// Records are gathered up to this size; with its header such a frame is 1 MiB.
    pub(crate) const BODY_BYTES_USUAL: usize = (1 << 20) - HEADER_BYTES;
    /// No frame's body is larger: room for the largest record.
    pub(crate) const BODY_BYTES_MAX: usize = 17 << 20;
    /// The largest frame, padding included.
    pub(crate) const BYTES_MAX: usize = super::padded(HEADER_BYTES + BODY_BYTES_MAX);
}

/// Offsets in a segment's first block.
pub(crate) mod segment {
    pub(crate) const MAGIC: u32 = u32::from_le_bytes(*b"LJS1");
    pub(crate) const FORMAT: usize = 4;
    pub(crate) const FLAGS: usize = 6;
    pub(crate) const CRC: usize = 8;
    pub(crate) const LOGIC_VERSION: usize = 12;
    pub(crate) const UUID: usize = 16;
    pub(crate) const INCARNATION: usize = 32;
    pub(crate) const FIRST_LSN: usize = 40;
    pub(crate) const BYTES: usize = 48;
    pub(crate) const PREV_HASH: usize = 64;
    pub(crate) const RESERVED: usize = 96;
    pub(crate) const HEADER_BYTES: usize = super::BLOCK_BYTES;

    /// Frames are written without a sync each; the same bit as a frame's.
    pub(crate) const WRITTEN: u16 = super::frame::WRITTEN;
    /// Header, one small frame, seal, and one block to spare.
    pub(crate) const BYTES_MIN: u64 = 4 * super::BLOCK_BYTES as u64;
}

/// Offsets in a manifest.
pub(crate) mod manifest {
    pub(crate) const MAGIC: u32 = u32::from_le_bytes(*b"LJM1");
    pub(crate) const FORMAT: usize = 4;
    pub(crate) const FLAGS: usize = 6;
    pub(crate) const CRC: usize = 8;
    pub(crate) const LENGTH: usize = 12;
    pub(crate) const UUID: usize = 16;
    pub(crate) const GENERATION: usize = 32;
    pub(crate) const INCARNATION: usize = 40;
    pub(crate) const DURABLE_LSN: usize = 48;
    pub(crate) const BASE_LSN: usize = 56;
    pub(crate) const BASE_HEAD: usize = 64;
    pub(crate) const BASE_TAIL: usize = 96;
    pub(crate) const SEGMENTS: usize = 128;
    pub(crate) const SNAPSHOTS: usize = 132;
    pub(crate) const RESERVED: usize = 136;
    pub(crate) const HEADER_BYTES: usize = 144;

    pub(crate) const ENTRY_FIRST_LSN: usize = 0;
    pub(crate) const ENTRY_LAST_LSN: usize = 8;
    pub(crate) const ENTRY_END: usize = 16;
    pub(crate) const ENTRY_INCARNATION: usize = 24;
    pub(crate) const ENTRY_TAIL: usize = 32;
    pub(crate) const ENTRY_HEAD: usize = 64;
    pub(crate) const ENTRY_FLAGS: usize = 96;
    pub(crate) const ENTRY_RESERVED: usize = 100;
    pub(crate) const ENTRY_BYTES: usize = 104;

    pub(crate) const SNAPSHOT_LSN: usize = 0;
    pub(crate) const SNAPSHOT_HASH: usize = 8;
    pub(crate) const SNAPSHOT_BYTES: usize = 40;

    /// The journal was closed, not cut short.
    pub(crate) const CLOSED: u16 = 1;
    /// The segment is being written: what is in it, it says itself.
    pub(crate) const ENTRY_LIVE: u32 = 1;
    /// The segment was not written anew: behind its end may be what a crash left.
    pub(crate) const ENTRY_RAW: u32 = 2;
    /// What a copy is padded to with zeros, at least: it is made larger only with the 150th segment or so.
    pub(crate) const FILE_BYTES_MIN: usize = 16 << 10;
    /// No manifest is larger: room for 600,000 segments.
    pub(crate) const BYTES_MAX: u64 = 64 << 20;
}

/// Offsets in a snapshot.
pub(crate) mod snapshot {
    pub(crate) const MAGIC: u32 = u32::from_le_bytes(*b"LJP1");
    pub(crate) const FORMAT: usize = 4;
    pub(crate) const RESERVED_A: usize = 6;
    /// Of header and table.
    pub(crate) const CRC: usize = 8;
    pub(crate) const SECTIONS: usize = 12;
    pub(crate) const LSN: usize = 16;
    pub(crate) const AT: usize = 24;
    pub(crate) const HEAD_LSN: usize = 32;
    pub(crate) const LOGIC_VERSION: usize = 40;
    pub(crate) const RESERVED_B: usize = 44;
    pub(crate) const LENGTH: usize = 48;
    pub(crate) const RESERVED_C: usize = 56;
    pub(crate) const HEAD_HASH: usize = 64;
    pub(crate) const STATE_HASH: usize = 96;
    pub(crate) const HEADER_BYTES: usize = 128;

    pub(crate) const ENTRY_NAME: usize = 0;
    pub(crate) const ENTRY_NAME_LEN: usize = 40;
    pub(crate) const ENTRY_RESERVED: usize = 42;
    pub(crate) const ENTRY_CRC: usize = 44;
    pub(crate) const ENTRY_OFFSET: usize = 48;
    pub(crate) const ENTRY_LENGTH: usize = 56;
    pub(crate) const ENTRY_BYTES: usize = 64;
    pub(crate) const NAME_BYTES_MAX: usize = 40;

    /// BLAKE3 of all that stands before it.
    pub(crate) const HASH_BYTES: usize = 32;
    /// More would be a mistake of whoever writes them.
    pub(crate) const SECTIONS_MAX: u32 = 4096;
}

const _: () = assert!(crate::batch::RECORD_BODY_BYTES_MAX + record::BYTES_MIN <= frame::BODY_BYTES_MAX);
const _: () = assert!(frame::BODY_BYTES_MAX < u32::MAX as usize);

/// Rounded up to whole blocks.
pub(crate) const fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(BLOCK_BYTES)
}

/// So many bytes from `at` on.
///
/// # Panics
/// If they are not there: whoever asks has compared lengths before.
pub(crate) fn bytes_at<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("a slice of N bytes is N bytes")
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes_at(bytes, at))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes_at(bytes, at))
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes_at(bytes, at))
}

/// Lays `value` down at `at`.
pub(crate) fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    bytes[at..at + N].copy_from_slice(&value);
}

/// CRC32C of all bytes, those of the checksum itself at `at` taken as zeros.
pub(crate) fn crc_around(bytes: &[u8], at: usize) -> u32 {
    let crc = crc32c::crc32c(&bytes[..at]);
    crc32c::crc32c_append(crc32c::crc32c_append(crc, &[0; 4]), &bytes[at + 4..])
}

/// Are all bytes zero?
pub(crate) fn is_zero(bytes: &[u8]) -> bool {
    // Folding 64 bytes at a time lets the compiler use wide registers; trailing zeros of segments are long.
    let chunks = bytes.chunks_exact(64);
    chunks.remainder().iter().all(|&byte| byte == 0)
        && chunks.into_iter().all(|chunk| chunk.iter().fold(0, |all, byte| all | byte) == 0)
}

/// A file's offset or length as a number of bytes in memory.
///
/// # Panics
/// If it does not fit, which only a 32-bit machine with larger files could see.
pub(crate) fn in_memory(bytes: u64) -> usize {
    usize::try_from(bytes).expect("more bytes than this machine can address")
}

/// A number of bytes in memory as a file's offset or length.
pub(crate) fn in_file(bytes: usize) -> u64 {
    u64::try_from(bytes).expect("a length in memory fits into 64 bits")
}
