//! A frame: one group commit. Encoding and decoding; whether it belongs where it stands is said by `chain.rs`.

use crate::layout::{
    FORMAT, bytes_at, crc_around, frame as at, is_zero, padded, put, u16_at, u32_at, u64_at,
};
use crate::record;

/// What a frame's header says, but for its checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FrameHeader {
    pub(crate) flags: u16,
    pub(crate) uuid: [u8; 16],
    pub(crate) incarnation: u64,
    /// Of the first record; of the next one to come if the frame has none.
    pub(crate) first_lsn: u64,
    pub(crate) records: u32,
    pub(crate) body_len: u32,
    /// What was durable when the frame was written.
    pub(crate) durable_lsn: u64,
    /// Of the frame before.
    pub(crate) prev_hash: [u8; 32],
}

/// Why 128 bytes are not a frame's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BadHeader {
    /// They never were, or no longer are.
    Invalid(&'static str),
    /// They are one, of a format that this build does not know.
    Version(u16),
}

impl FrameHeader {
    pub(crate) fn is(&self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    /// The LSN of the first record of the next frame.
    pub(crate) fn next_lsn(&self) -> u64 {
        self.first_lsn + u64::from(self.records)
    }

    /// Header, body and padding, in bytes.
    pub(crate) fn extent(&self) -> usize {
        padded(at::HEADER_BYTES + self.body_len())
    }

    pub(crate) fn body_len(&self) -> usize {
        usize::try_from(self.body_len).expect("the decoder bounds it")
    }

    /// Lays the header down, with zeros for the checksums.
    fn encode(&self, header: &mut [u8]) {
        header.fill(0);
        put(header, 0, at::MAGIC.to_le_bytes());
        put(header, at::FORMAT, FORMAT.to_le_bytes());
        put(header, at::FLAGS, self.flags.to_le_bytes());
        put(header, at::UUID, self.uuid);
        put(header, at::INCARNATION, self.incarnation.to_le_bytes());
        put(header, at::FIRST_LSN, self.first_lsn.to_le_bytes());
        put(header, at::RECORDS, self.records.to_le_bytes());
        put(header, at::BODY_LEN, self.body_len.to_le_bytes());
        put(header, at::DURABLE_LSN, self.durable_lsn.to_le_bytes());
        put(header, at::PREV_HASH, self.prev_hash);
    }

    /// Reads the header that `bytes` begin with.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, BadHeader> {
        let Some(header) = bytes.get(..at::HEADER_BYTES) else {
            return Err(BadHeader::Invalid("the file ends inside a frame's header"));
        };
        if u32_at(header, 0) != at::MAGIC {
            return Err(BadHeader::Invalid("no frame begins here"));
        }
        if crc_around(header, at::HEADER_CRC) != u32_at(header, at::HEADER_CRC) {
            return Err(BadHeader::Invalid("a frame's header does not match its checksum"));
        }
        // From here on the header is what its writer wrote, or forged: it is believed in nothing all the same.
        if u16_at(header, at::FORMAT) != FORMAT {
            return Err(BadHeader::Version(u16_at(header, at::FORMAT)));
        }
        let this = Self {
            flags: u16_at(header, at::FLAGS),
            uuid: bytes_at(header, at::UUID),
            incarnation: u64_at(header, at::INCARNATION),
            first_lsn: u64_at(header, at::FIRST_LSN),
            records: u32_at(header, at::RECORDS),
            body_len: u32_at(header, at::BODY_LEN),
            durable_lsn: u64_at(header, at::DURABLE_LSN),
            prev_hash: bytes_at(header, at::PREV_HASH),
        };
        this.check(&header[at::RESERVED..]).map_err(BadHeader::Invalid)?;
        Ok(this)
    }

    fn check(&self, reserved: &[u8]) -> Result<(), &'static str> {
        let known = at::SEAL | at::WRITTEN | at::HEARTBEAT;
        if self.flags & !known != 0 || !is_zero(reserved) {
            return Err("a frame's header has bits that mean nothing");
        }
        if usize::try_from(self.body_len).map_or(true, |len| len > at::BODY_BYTES_MAX) {
            return Err("a frame is larger than any may be");
        }
        if (self.records == 0) != self.is(at::HEARTBEAT) || (self.records == 0) != (self.body_len == 0) {
            return Err("a frame's count of records does not fit the rest");
        }
        let next = self.first_lsn.checked_add(u64::from(self.records));
        if self.first_lsn == 0 || next.is_none() {
            return Err("a frame's first LSN cannot be");
        }
        // J8: without the flag a frame is written when all before it is durable.
        let durable_may_lag = self.is(at::WRITTEN);
        if self.durable_lsn >= self.first_lsn || (!durable_may_lag && self.durable_lsn != self.first_lsn - 1)
        {
            return Err("a frame says what cannot have been durable");
        }
        Ok(())
    }
}

/// Makes a frame of `frame`, whose bytes from the header's end on are the body and zeros up to a whole block.
/// Returns its hash.
pub(crate) fn finish(header: &FrameHeader, frame: &mut [u8]) -> [u8; 32] {
    assert_eq!(frame.len(), header.extent(), "a frame fills whole blocks");
    header.encode(&mut frame[..at::HEADER_BYTES]);
    // The checksums are zeros yet.
    let hash = *blake3::hash(&frame[..at::HEADER_BYTES + header.body_len()]).as_bytes();
    let (head, rest) = frame.split_at_mut(at::HEADER_BYTES);
    let body = &rest[..header.body_len()];
    put(head, at::BODY_CRC, crc32c::crc32c(body).to_le_bytes());
    let crc = crc_around(head, at::HEADER_CRC);
    put(head, at::HEADER_CRC, crc.to_le_bytes());
    hash
}

/// Checks body and padding of a frame whose header is `header` and that `frame` is the whole of. Returns its hash.
pub(crate) fn check_body(header: &FrameHeader, frame: &[u8]) -> Result<[u8; 32], &'static str> {
    let (head, rest) = frame.split_at(at::HEADER_BYTES);
    let (body, padding) = rest.split_at(header.body_len());
    if crc32c::crc32c(body) != u32_at(head, at::BODY_CRC) {
        return Err("a frame's body does not match its checksum");
    }
    if !is_zero(padding) {
        return Err("a frame is not padded with zeros");
    }
    let mut next = 0;
    for index in 0..u64::from(header.records) {
        next += record::check(&body[next..], header.first_lsn + index)?;
    }
    if next != body.len() {
        return Err("a frame has bytes behind its last record");
    }
    Ok(hash(&frame[..at::HEADER_BYTES + body.len()]))
}

/// BLAKE3 hashes so many bytes side by side, if they are given to it at once and first: eight chunks of 1,024.
const SIDE_BY_SIDE_BYTES: usize = 8 << 10;

/// BLAKE3 of header, checksums taken as zeros, and body.
fn hash(message: &[u8]) -> [u8; 32] {
    // With the header given alone, none of the first four chunks would be hashed beside another.
    let mut first = [0; SIDE_BY_SIDE_BYTES];
    let (bare, rest) = message.split_at(message.len().min(SIDE_BY_SIDE_BYTES));
    let first = &mut first[..bare.len()];
    first.copy_from_slice(bare);
    put(first, at::HEADER_CRC, [0; 4]);
    put(first, at::BODY_CRC, [0; 4]);
    let mut hasher = blake3::Hasher::new();
    hasher.update(first);
    hasher.update(rest);
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_one_hash_whoever_makes_it() {
        for body_len in [0, 1, 895, 896, 897, 4_000, 8_063, 8_064, 8_065, 20_000, 1_048_448] {
            let header = FrameHeader {
                flags: 0,
                uuid: [7; 16],
                incarnation: 3,
                first_lsn: 5,
                records: 1,
                body_len,
                durable_lsn: 4,
                prev_hash: [9; 32],
            };
            let mut frame = vec![0; header.extent()];
            let end = at::HEADER_BYTES + header.body_len();
            for (byte, number) in frame[at::HEADER_BYTES..end].iter_mut().zip(0_u32..) {
                *byte = number.wrapping_mul(2_654_435_761).to_be_bytes()[0];
            }
            let hash_of_writer = finish(&header, &mut frame);
            // As it is drawn in JOURNAL.md.
            let mut bare: [u8; at::HEADER_BYTES] = bytes_at(&frame, 0);
            assert!(bare[at::HEADER_CRC..at::UUID] != [0; 8]);
            bare[at::HEADER_CRC..at::UUID].fill(0);
            let mut hasher = blake3::Hasher::new();
            hasher.update(&bare).update(&frame[at::HEADER_BYTES..end]);
            assert_eq!(hash_of_writer, *hasher.finalize().as_bytes(), "{body_len}");
            assert_eq!(hash(&frame[..end]), hash_of_writer, "{body_len}");
        }
    }
}
