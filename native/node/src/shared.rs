//! Memory that JavaScript may be writing to while it is read: a view of a `SharedArrayBuffer`, for instance.
//!
//! No reference into such memory is ever made. Each record is copied once, and judged and used from the copy. Where
//! others may write meanwhile it is copied by relaxed atomic loads of its bytes (wider ones would not be defined while
//! somebody writes narrower): what a racing writer can do is to have a record refused, or to get another one that it
//! could have written itself. This file knows nothing of Node, so that its test runs under Miri.

use std::sync::atomic::{AtomicU8, Ordering};

/// Bytes of a record.
pub(crate) const RECORD: usize = 64;

/// Some bytes that others may write to.
#[derive(Clone, Copy)]
pub struct SharedBytes {
    data: *const u8,
    length: usize,
    /// May others write to them while they are read?
    is_shared: bool,
}

impl SharedBytes {
    /// The `length` bytes from `data` on.
    ///
    /// # Safety
    /// As long as this value is used they must stay allocated. If they are shared, whoever writes to them meanwhile must
    /// do it as JavaScript does, without ever being undefined to read (by atomic or hardware-atomic stores); if they are
    /// not, nobody may write to them meanwhile.
    pub(crate) unsafe fn new(data: *const u8, length: usize, is_shared: bool) -> Self {
        // An empty view may have no memory at all.
        let length = if data.is_null() { 0 } else { length };
        Self { data, length, is_shared }
    }

    /// How many whole records there are.
    pub(crate) fn records(self) -> usize {
        self.length / RECORD
    }

    /// A copy of a record as it is right now.
    ///
    /// # Panics
    /// If there is no such record.
    pub(crate) fn record(self, index: usize) -> [u8; RECORD] {
        assert!(index < self.records(), "record {index} of {}", self.records());
        let mut copy = [0; RECORD];
        // SAFETY: the record ends within the length, as was just asserted.
        let start = unsafe { self.data.add(index * RECORD) };
        if !self.is_shared {
            // SAFETY: as many bytes as the copy has are within the length, allocated, and nobody writes to them, as `new`
            // was promised; the copy is a local.
            unsafe { std::ptr::copy_nonoverlapping(start, copy.as_mut_ptr(), RECORD) };
            return copy;
        }
        for (at, byte) in copy.iter_mut().enumerate() {
            // SAFETY: within the record, allocated as `new` was promised; only ever read here.
            let shared = unsafe { AtomicU8::from_ptr(start.add(at).cast_mut()) };
            *byte = shared.load(Ordering::Relaxed);
        }
        copy
    }
}
