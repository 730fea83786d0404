//! A file read in large pieces, of which the records read from it are slices.

use std::io;
use std::sync::Arc;

use crate::aligned::AlignedBuffer;
use crate::layout::{BLOCK_BYTES, in_file, in_memory, padded};
use crate::storage::File;

/// How much is read at once: enough that the calls do not count, little enough to stay in a processor's cache.
const CHUNK_BYTES: usize = 1 << 20;

/// A file, and the piece of it that is in memory.
#[derive(Debug)]
pub(crate) struct Chunks {
    file: Box<dyn File>,
    len: u64,
    buffer: Arc<AlignedBuffer>,
    /// Where in the file the buffer begins.
    base: u64,
    /// How many bytes of the buffer are the file's.
    filled: usize,
    ahead: usize,
}

impl Chunks {
    pub(crate) fn new(file: Box<dyn File>) -> io::Result<Self> {
        let len = file.len()?;
        Ok(Self {
            file,
            len,
            buffer: Arc::new(AlignedBuffer::zeroed(0)),
            base: 0,
            filled: 0,
            ahead: CHUNK_BYTES,
        })
    }

    /// The file's length when it was opened.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn buffer(&self) -> &Arc<AlignedBuffer> {
        &self.buffer
    }

    /// Where in the buffer this offset of the file is.
    pub(crate) fn place(&self, offset: u64) -> usize {
        in_memory(offset - self.base)
    }

    /// At least `wanted` bytes from `offset` on, a block's boundary; fewer only at the file's end.
    pub(crate) fn window(&mut self, offset: u64, wanted: usize) -> io::Result<&[u8]> {
        let end = self.base + in_file(self.filled);
        let wanted_end = offset.saturating_add(in_file(wanted)).min(self.len);
        if offset < self.base || wanted_end > end {
            self.fill(offset, wanted)?;
        }
        let start = self.place(offset.min(self.base + in_file(self.filled)));
        Ok(&self.buffer.bytes()[start..self.filled])
    }

    /// Reads so much at once from now on; returns how much it was before.
    pub(crate) fn set_ahead(&mut self, bytes: usize) -> usize {
        std::mem::replace(&mut self.ahead, bytes)
    }

    /// Forgets what is in memory, which may be older than what is in the file.
    pub(crate) fn forget(&mut self) {
        self.filled = 0;
    }

    fn fill(&mut self, offset: u64, wanted: usize) -> io::Result<()> {
        assert!(offset.is_multiple_of(in_file(BLOCK_BYTES)), "offset {offset} is inside a block");
        let left = in_memory(self.len.saturating_sub(offset).min(in_file(self.ahead.max(wanted))));
        let bytes = padded(left);
        self.filled = 0;
        self.base = offset;
        // Memory that records are slices of is left to them.
        let reusable = (bytes..=4 * self.ahead.max(bytes)).contains(&self.buffer.len());
        if Arc::get_mut(&mut self.buffer).is_none() || !reusable {
            self.buffer = Arc::new(AlignedBuffer::zeroed(bytes));
        }
        let buffer = Arc::get_mut(&mut self.buffer).expect("nobody else has it").bytes_mut();
        while self.filled < bytes {
            let at = offset + in_file(self.filled);
            match self.file.read_at(at, &mut buffer[self.filled..bytes])? {
                0 => break,
                read => self.filled += read,
            }
        }
        if self.filled < left {
            return Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "a file became shorter while it was read",
            ));
        }
        Ok(())
    }
}
