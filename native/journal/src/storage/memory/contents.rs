//! The bytes of one file in 4 KiB blocks that copies share until one of them is written to: a crash image of
//! a disk costs a few pointers, so that a test can afford tens of thousands of them.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use super::{BLOCK, SECTOR};

pub(super) type Block = [u8; BLOCK];

/// All zeros, shared: prepared segments are nearly nothing else.
static ZEROS: LazyLock<Arc<Block>> = LazyLock::new(|| Arc::new([0; BLOCK]));

/// An offset or a length as an index. Files that do not fit the address space are not in memory.
pub(super) fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("a file in memory is no longer than memory")
}

/// What a file holds. Bytes behind `len` within the last block are zero.
#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    len: u64,
    blocks: Arc<Vec<Arc<Block>>>,
}

impl Contents {
    pub(super) fn from_bytes(bytes: &[u8]) -> Self {
        let mut contents = Self::default();
        contents.write(0, bytes);
        contents
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Fills the buffer from there, and says how much of it: less at the end of the file, 0 behind it.
    pub(super) fn read(&self, offset: u64, buffer: &mut [u8]) -> usize {
        let wanted = self.len.saturating_sub(offset).min(buffer.len() as u64);
        let wanted = index(wanted);
        let mut done = 0;
        while done < wanted {
            let at = index(offset) + done;
            let (block, within) = (at / BLOCK, at % BLOCK);
            let step = (BLOCK - within).min(wanted - done);
            buffer[done..done + step].copy_from_slice(&self.blocks[block][within..within + step]);
            done += step;
        }
        wanted
    }

    /// Everything, in one piece.
    pub(super) fn to_vec(&self) -> Vec<u8> {
        let mut bytes = vec![0; index(self.len)];
        self.read(0, &mut bytes);
        bytes
    }

    /// Overwrites, and extends where it ends behind the file; a gap becomes zeros.
    pub(super) fn write(&mut self, offset: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let end = offset + bytes.len() as u64;
        if end > self.len {
            self.set_len(end);
        }
        let blocks = Arc::make_mut(&mut self.blocks);
        let mut done = 0;
        while done < bytes.len() {
            let at = index(offset) + done;
            let (block, within) = (at / BLOCK, at % BLOCK);
            let step = (BLOCK - within).min(bytes.len() - done);
            let part = &bytes[done..done + step];
            if step == BLOCK && *part == ZEROS[..] {
                blocks[block] = Arc::clone(&ZEROS);
            } else {
                Arc::make_mut(&mut blocks[block])[within..within + step].copy_from_slice(part);
            }
            done += step;
        }
    }

    /// Cuts the file, or extends it with zeros.
    pub(super) fn set_len(&mut self, len: u64) {
        let blocks = Arc::make_mut(&mut self.blocks);
        blocks.resize(index(len.div_ceil(BLOCK as u64)), Arc::clone(&ZEROS));
        let within = index(len % BLOCK as u64);
        if len < self.len && within > 0 {
            let last = blocks.last_mut().expect("a length that is no whole number of blocks has a last one");
            Arc::make_mut(last)[within..].fill(0);
        }
        self.len = len;
    }

    /// The blocks that a range of sectors touches, shared.
    pub(super) fn blocks_of(&self, sectors: &Range<u64>) -> Arc<[Arc<Block>]> {
        let per_block = (BLOCK / SECTOR) as u64;
        let first = index(sectors.start / per_block);
        let last = index(sectors.end.div_ceil(per_block));
        self.blocks[first..last].into()
    }
}
