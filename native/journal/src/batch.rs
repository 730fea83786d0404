//! What appenders fill and the writer drains.
//!
//! Two batches take turns: appenders encode into one behind a mutex while the writer commits the other. An append
//! is a copy into memory and the assignment of an LSN; checksums are the writer's work, outside the lock.

use std::mem;

use crate::layout::{put, record, u32_at};

/// The largest body a record may have, in bytes.
pub const RECORD_BODY_BYTES_MAX: usize = (16 << 20) - 64;

/// Records in the order of their LSNs, encoded but for their checksums.
#[derive(Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    /// How many of the bytes are whole records; behind them is what an encoder left that panicked.
    whole: usize,
    records: usize,
    next_lsn: u64,
}

impl Batch {
    /// An empty batch whose first record will have this LSN.
    pub fn new(next_lsn: u64) -> Self {
        Self { bytes: Vec::new(), whole: 0, records: 0, next_lsn }
    }

    /// Appends a record, and says its LSN. `at` is nanoseconds since 1970; `body` appends the body's bytes to what
    /// it is given, and must not touch what is there.
    ///
    /// # Panics
    /// If `kind` is 0, or the body is larger than [`RECORD_BODY_BYTES_MAX`]; the batch is as it was.
    #[inline]
    pub fn append(
        &mut self,
        kind: u8,
        version: u8,
        at: u64,
        digest: u64,
        body: impl FnOnce(&mut Vec<u8>),
    ) -> u64 {
        assert!(kind != 0, "kind 0 is never used");
        let lsn = self.next_lsn;
        let start = self.whole;
        let mut header = [0; record::BODY];
        header[record::KIND] = kind;
        header[record::VERSION] = version;
        put(&mut header, record::LSN, lsn.to_le_bytes());
        put(&mut header, record::AT, at.to_le_bytes());
        put(&mut header, record::DIGEST, digest.to_le_bytes());
        self.bytes.truncate(start);
        self.bytes.extend_from_slice(&header);
        body(&mut self.bytes);
        let body_len = self.bytes.len().checked_sub(start + record::BODY);
        let body_len = body_len.expect("an encoder of a record's body only appends");
        assert!(body_len <= RECORD_BODY_BYTES_MAX, "record {lsn} has a body of {body_len} bytes");
        self.bytes.extend_from_slice(&[0; record::CRC_BYTES]);
        let length = u32::try_from(record::BYTES_MIN + body_len).expect("below 16 MiB");
        put(&mut self.bytes, start + record::LENGTH, length.to_le_bytes());
        self.next_lsn = lsn.checked_add(1).expect("LSNs do not run out");
        self.whole = self.bytes.len();
        self.records += 1;
        lsn
    }

    /// The LSN of the next record to be appended.
    pub fn next_lsn(&self) -> u64 {
        self.next_lsn
    }

    /// How many records.
    pub fn len(&self) -> usize {
        self.records
    }

    /// Their bytes, headers and checksums included.
    pub fn bytes(&self) -> usize {
        self.whole
    }

    /// Has it no records?
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// Moves all records into `other`; this one goes on, empty, at the same next LSN, with `other`'s memory.
    ///
    /// # Panics
    /// If `other` is not empty.
    pub fn swap_with(&mut self, other: &mut Batch) {
        assert!(other.is_empty(), "the batch to swap with still has {} records", other.records);
        mem::swap(self, other);
        self.next_lsn = other.next_lsn;
    }

    /// The LSN of the first record, if there is one.
    pub(crate) fn first_lsn(&self) -> u64 {
        self.next_lsn - u64::try_from(self.records).expect("counted one by one")
    }

    /// Records from byte `from` on, as many as fit into `bytes_max` but at least one: their bytes and number.
    pub(crate) fn group(&self, from: usize, bytes_max: usize) -> (&[u8], u32) {
        let mut to = from;
        let mut records = 0;
        while to < self.whole {
            let length = usize::try_from(u32_at(&self.bytes, to + record::LENGTH)).expect("below 16 MiB");
            if records > 0 && to + length - from > bytes_max {
                break;
            }
            to += length;
            records += 1;
        }
        (&self.bytes[from..to], records)
    }

    /// Forgets all records; LSNs go on.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.whole = 0;
        self.records = 0;
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    #[test]
    fn a_record_is_laid_down_as_the_document_draws_it() {
        let mut batch = Batch::new(7);
        assert_eq!(batch.append(5, 2, 0x0102, 0x0304, |body| body.extend_from_slice(b"abc")), 7);
        let expected = [
            &39u32.to_le_bytes()[..],
            &[5, 2, 0, 0],
            &7u64.to_le_bytes(),
            &0x0102u64.to_le_bytes(),
            &0x0304u64.to_le_bytes(),
            b"abc",
            &[0; 4],
        ];
        assert_eq!(batch.group(0, usize::MAX), (&expected.concat()[..], 1));
    }

    #[test]
    fn swapped_batches_go_on_counting() {
        let (mut one, mut other) = (Batch::new(1), Batch::new(1));
        one.append(1, 1, 0, 0, |_| {});
        one.swap_with(&mut other);
        assert_eq!((one.len(), one.next_lsn(), other.len(), other.next_lsn()), (0, 2, 1, 2));
        assert_eq!(other.first_lsn(), 1);
        assert_eq!(one.append(1, 1, 0, 0, |_| {}), 2);
        other.clear();
        one.swap_with(&mut other);
        assert_eq!((one.next_lsn(), other.first_lsn(), other.len()), (3, 2, 1));
    }

    #[test]
    fn what_a_panicking_encoder_wrote_is_no_record() {
        let mut batch = Batch::new(1);
        batch.append(1, 1, 0, 0, |body| body.push(1));
        let before = batch.bytes();
        let append = AssertUnwindSafe(|| {
            batch.append(1, 1, 0, 0, |body| {
                body.push(2);
                panic!("a shard's mistake");
            });
        });
        assert!(catch_unwind(append).is_err());
        assert_eq!((batch.len(), batch.bytes(), batch.next_lsn()), (1, before, 2));
        assert_eq!(batch.append(1, 1, 0, 0, |body| body.push(3)), 2);
        assert_eq!(batch.group(0, usize::MAX).1, 2);
    }

    #[test]
    fn groups_end_at_the_limit_but_are_never_empty() {
        let mut batch = Batch::new(1);
        for _ in 0..5 {
            batch.append(1, 1, 0, 0, |body| body.extend_from_slice(&[9; 64]));
        }
        assert_eq!(batch.group(0, 250).1, 2);
        assert_eq!(batch.group(0, 1).1, 1);
        assert_eq!(batch.group(400, 250).1, 1);
    }

    #[test]
    #[should_panic(expected = "kind 0")]
    fn kind_0_is_never_used() {
        Batch::new(1).append(0, 1, 0, 0, |_| {});
    }
}
