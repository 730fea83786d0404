//! A segment: its header, and its frames one by one.

use std::ops::Range;
use std::sync::Arc;

use crate::aligned::AlignedBuffer;
use crate::chunks::Chunks;
use crate::error::RecoverError;
use crate::frame::{BadHeader, FrameHeader, check_body};
use crate::layout::{
    BLOCK_BYTES, FORMAT, bytes_at, crc_around, frame as frame_at, in_file, is_zero, put, segment as at,
    u16_at, u32_at, u64_at,
};
use crate::names;
use crate::record::{self, RecordRef};
use crate::storage::{Storage, Use};

/// What a segment's first block says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// Its frames are flagged as written without a sync each.
    pub(crate) written: bool,
    pub(crate) logic_version: u32,
    pub(crate) uuid: [u8; 16],
    pub(crate) incarnation: u64,
    pub(crate) first_lsn: u64,
    /// The file's length: a file that is shorter has lost something.
    pub(crate) bytes: u64,
    /// Of the last frame of the segment before.
    pub(crate) prev_hash: [u8; 32],
}

impl SegmentHeader {
    /// Lays the header down in a block.
    pub(crate) fn encode(&self, block: &mut [u8]) {
        block.fill(0);
        let flags = if self.written { at::WRITTEN } else { 0 };
        put(block, 0, at::MAGIC.to_le_bytes());
        put(block, at::FORMAT, FORMAT.to_le_bytes());
        put(block, at::FLAGS, flags.to_le_bytes());
        put(block, at::LOGIC_VERSION, self.logic_version.to_le_bytes());
        put(block, at::UUID, self.uuid);
        put(block, at::INCARNATION, self.incarnation.to_le_bytes());
        put(block, at::FIRST_LSN, self.first_lsn.to_le_bytes());
        put(block, at::BYTES, self.bytes.to_le_bytes());
        put(block, at::PREV_HASH, self.prev_hash);
        let crc = crc_around(&block[..at::HEADER_BYTES], at::CRC);
        put(block, at::CRC, crc.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Result<Self, BadHeader> {
        let Some(block) = bytes.get(..at::HEADER_BYTES) else {
            return Err(BadHeader::Invalid("the file ends inside its header"));
        };
        if u32_at(block, 0) != at::MAGIC {
            return Err(BadHeader::Invalid("this is no segment"));
        }
        if crc_around(block, at::CRC) != u32_at(block, at::CRC) {
            return Err(BadHeader::Invalid("the segment's header does not match its checksum"));
        }
        if u16_at(block, at::FORMAT) != FORMAT {
            return Err(BadHeader::Version(u16_at(block, at::FORMAT)));
        }
        let flags = u16_at(block, at::FLAGS);
        let between = at::BYTES + 8..at::PREV_HASH;
        if flags & !at::WRITTEN != 0 || !is_zero(&block[between]) || !is_zero(&block[at::RESERVED..]) {
            return Err(BadHeader::Invalid("the segment's header has bits that mean nothing"));
        }
        Ok(Self {
            written: flags & at::WRITTEN != 0,
            logic_version: u32_at(block, at::LOGIC_VERSION),
            uuid: bytes_at(block, at::UUID),
            incarnation: u64_at(block, at::INCARNATION),
            first_lsn: u64_at(block, at::FIRST_LSN),
            bytes: u64_at(block, at::BYTES),
            prev_hash: bytes_at(block, at::PREV_HASH),
        })
    }
}

/// A frame whose checksums are right.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    pub(crate) header: FrameHeader,
    pub(crate) hash: [u8; 32],
    pub(crate) offset: u64,
}

impl Frame {
    /// Where the next frame begins.
    pub(crate) fn end(&self) -> u64 {
        self.offset + in_file(self.header.extent())
    }
}

/// Sees each frame that is where it belongs, and where its bytes are.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(&SegmentReader, &Frame);

/// What stands at an offset of a segment.
#[derive(Debug)]
pub(crate) enum Look {
    /// A frame.
    Frame(Frame),
    /// No whole frame; if its header is whole, that.
    Bad(&'static str, Option<FrameHeader>),
    /// Nothing: the file is over.
    End,
}

/// Reads a segment's frames.
#[derive(Debug)]
pub(crate) struct SegmentReader {
    pub(crate) name: String,
    pub(crate) header: SegmentHeader,
    chunks: Chunks,
}

impl SegmentReader {
    /// Opens the segment that begins with this LSN, and checks its header and length.
    pub(crate) fn open(storage: &dyn Storage, first_lsn: u64, use_: Use) -> Result<Self, RecoverError> {
        let name = names::segment(first_lsn);
        let corrupt = |offset, why| RecoverError::Corrupt { file: name.clone(), offset, lsn: first_lsn, why };
        let file = match storage.open(&name, use_) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(RecoverError::MissingHistory { file: name, lsn: first_lsn });
            }
            opened => opened?,
        };
        let mut chunks = Chunks::new(file)?;
        // Of most segments nothing but the header is wanted.
        let ahead = chunks.set_ahead(BLOCK_BYTES);
        let header = match SegmentHeader::decode(chunks.window(0, BLOCK_BYTES)?) {
            Ok(header) => header,
            Err(BadHeader::Invalid(why)) => return Err(corrupt(0, why)),
            Err(BadHeader::Version(found)) => {
                return Err(RecoverError::UnsupportedVersion { file: name, found: found.into() });
            }
        };
        if header.first_lsn != first_lsn {
            return Err(corrupt(0, "the segment's header does not fit its name"));
        }
        if header.bytes != chunks.len() {
            return Err(corrupt(chunks.len().min(header.bytes), "the file is not as long as it was made"));
        }
        chunks.set_ahead(ahead);
        Ok(Self { name, header, chunks })
    }

    pub(crate) fn len(&self) -> u64 {
        self.chunks.len()
    }

    /// An error about this segment.
    pub(crate) fn corrupt(&self, offset: u64, lsn: u64, why: &'static str) -> RecoverError {
        RecoverError::Corrupt { file: self.name.clone(), offset, lsn, why }
    }

    /// The frame at this offset, if there is one.
    ///
    /// # Errors
    /// Those of the storage, and a frame's version that is not known.
    pub(crate) fn look(&mut self, offset: u64) -> Result<Look, RecoverError> {
        if offset >= self.len() {
            return Ok(Look::End);
        }
        let header = match FrameHeader::decode(self.chunks.window(offset, frame_at::HEADER_BYTES)?) {
            Ok(header) => header,
            Err(BadHeader::Invalid(why)) => return Ok(Look::Bad(why, None)),
            Err(BadHeader::Version(found)) => {
                return Err(RecoverError::UnsupportedVersion {
                    file: self.name.clone(),
                    found: found.into(),
                });
            }
        };
        let extent = header.extent();
        if in_file(extent) > self.len() - offset {
            return Ok(Look::Bad("a frame reaches beyond the file's end", Some(header)));
        }
        let window = self.chunks.window(offset, extent)?;
        let Some(frame) = window.get(..extent) else {
            return Ok(Look::Bad("the file ends inside a frame", Some(header)));
        };
        match check_body(&header, frame) {
            Ok(hash) => Ok(Look::Frame(Frame { header, hash, offset })),
            Err(why) => Ok(Look::Bad(why, Some(header))),
        }
    }

    /// Where in [`SegmentReader::buffer`] the records are of the frame that was last looked at.
    pub(crate) fn body(&self, frame: &Frame) -> Range<usize> {
        let start = self.chunks.place(frame.offset) + frame_at::HEADER_BYTES;
        start..start + frame.header.body_len()
    }

    /// The bytes of the frame last looked at, padding included.
    pub(crate) fn frame(&self, frame: &Frame) -> &[u8] {
        let start = self.chunks.place(frame.offset);
        &self.buffer().bytes()[start..start + frame.header.extent()]
    }

    /// The records of the frame last looked at.
    pub(crate) fn records(&self, frame: &Frame) -> impl Iterator<Item = RecordRef<'_>> {
        let mut rest = &self.buffer().bytes()[self.body(frame)];
        std::iter::from_fn(move || {
            let (record, length) = (!rest.is_empty()).then(|| record::view(rest))?;
            rest = &rest[length..];
            Some(record)
        })
    }

    /// The memory that the frame last looked at is in.
    pub(crate) fn buffer(&self) -> &Arc<AlignedBuffer> {
        self.chunks.buffer()
    }

    /// Some bytes from a block's boundary on: at least one block, none at the end.
    pub(crate) fn bytes(&mut self, offset: u64) -> Result<&[u8], RecoverError> {
        Ok(self.chunks.window(offset, BLOCK_BYTES)?)
    }

    /// Reads so many bytes at once from now on.
    pub(crate) fn set_ahead(&mut self, bytes: usize) {
        self.chunks.set_ahead(bytes);
    }

    /// Reads from the file again what was read ahead.
    pub(crate) fn forget(&mut self) {
        self.chunks.forget();
    }

    /// The first block from `offset` on that is not all zeros.
    pub(crate) fn first_nonzero_block(&mut self, mut offset: u64) -> Result<Option<u64>, RecoverError> {
        loop {
            let bytes = self.bytes(offset)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            if let Some(block) = bytes.chunks(BLOCK_BYTES).position(|block| !is_zero(block)) {
                return Ok(Some(offset + in_file(block * BLOCK_BYTES)));
            }
            offset += in_file(bytes.len().next_multiple_of(BLOCK_BYTES));
        }
    }
}
