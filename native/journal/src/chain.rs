//! What a frame must say to stand where it stands: no gap in LSNs, the hash of the frame before, its segment's
//! incarnation and mode. And the walk along a segment of which the manifest says how it ends.

use crate::error::RecoverError;
use crate::layout::{frame as at, in_file, manifest, segment};
use crate::manifest::SegmentEntry;
use crate::record::Head;
use crate::segment::{Frame, Look, SegmentHeader, SegmentReader};
use crate::storage::{Storage, Use};

/// The end of what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chain {
    pub(crate) uuid: [u8; 16],
    /// Of the last record's frame.
    pub(crate) head: Head,
    /// Of the last frame, heartbeats and seals among them.
    pub(crate) tail: [u8; 32],
}

impl Chain {
    pub(crate) fn next_lsn(&self) -> u64 {
        self.head.lsn + 1
    }

    /// Does this segment go on where the chain ends?
    pub(crate) fn check_segment(&self, header: &SegmentHeader) -> Result<(), &'static str> {
        if header.uuid != self.uuid {
            return Err("the segment is another journal's");
        }
        if header.first_lsn != self.next_lsn() {
            return Err("the segment does not begin where the one before ends");
        }
        if header.prev_hash != self.tail {
            return Err("the segment does not continue the chain of the one before");
        }
        Ok(())
    }

    /// Does a frame with this header belong behind what was read?
    pub(crate) fn check(
        &self,
        frame: &crate::frame::FrameHeader,
        of: &SegmentHeader,
    ) -> Result<(), &'static str> {
        if frame.uuid != self.uuid {
            return Err("the frame is another journal's");
        }
        if frame.incarnation != of.incarnation {
            return Err("the frame is of another incarnation than its segment");
        }
        if frame.first_lsn != self.next_lsn() {
            return Err("the frame does not begin where the one before ends");
        }
        if frame.prev_hash != self.tail {
            return Err("the frame does not continue the chain");
        }
        if frame.is(at::WRITTEN) != of.written {
            return Err("the frame is of another mode than its segment");
        }
        Ok(())
    }

    /// Goes on to the end of this frame, which was checked.
    pub(crate) fn advance(&mut self, frame: &Frame) {
        self.tail = frame.hash;
        if frame.header.records > 0 {
            self.head = Head { lsn: frame.header.next_lsn() - 1, hash: frame.hash };
        }
    }
}

/// Walks along a segment whose end is known, and accepts no other.
#[derive(Debug)]
pub(crate) struct Walk {
    pub(crate) reader: SegmentReader,
    pub(crate) chain: Chain,
    entry: SegmentEntry,
    offset: u64,
    over: bool,
}

impl Walk {
    /// Opens the segment of this entry, which goes on where `chain` ends.
    pub(crate) fn open(
        storage: &dyn Storage,
        entry: &SegmentEntry,
        chain: Chain,
        use_: Use,
    ) -> Result<Self, RecoverError> {
        let reader = SegmentReader::open(storage, entry.first_lsn, use_)?;
        if let Err(why) = chain.check_segment(&reader.header) {
            return Err(reader.corrupt(0, entry.first_lsn, why));
        }
        if reader.header.incarnation != entry.incarnation {
            return Err(reader.corrupt(0, entry.first_lsn, "the segment is of another incarnation"));
        }
        Ok(Self { reader, chain, entry: *entry, offset: in_file(segment::HEADER_BYTES), over: false })
    }

    /// The next frame; `None` when the segment ended as it should.
    pub(crate) fn next_frame(&mut self) -> Result<Option<Frame>, RecoverError> {
        if self.over {
            return Ok(None);
        }
        let lsn = self.chain.next_lsn();
        if self.offset >= self.entry.end {
            self.check_end()?;
            self.over = true;
            return Ok(None);
        }
        let frame = match self.reader.look(self.offset)? {
            Look::Frame(frame) => frame,
            Look::Bad(why, _) => return Err(self.reader.corrupt(self.offset, lsn, why)),
            Look::End => return Err(self.reader.corrupt(self.offset, lsn, "the segment ends too early")),
        };
        if let Err(why) = self.chain.check(&frame.header, &self.reader.header) {
            return Err(self.reader.corrupt(self.offset, lsn, why));
        }
        self.chain.advance(&frame);
        self.offset = frame.end();
        if frame.header.is(at::SEAL) && self.offset != self.entry.end {
            return Err(self.reader.corrupt(frame.offset, lsn, "the segment is sealed before its end"));
        }
        Ok(Some(frame))
    }

    fn check_end(&mut self) -> Result<(), RecoverError> {
        let Chain { head, tail, .. } = self.chain;
        let expected = Head { lsn: self.entry.last_lsn, hash: self.entry.head_hash };
        if self.offset != self.entry.end || tail != self.entry.tail || head != expected {
            let why = "the segment does not end as the manifest says";
            return Err(self.reader.corrupt(self.offset, self.chain.next_lsn(), why));
        }
        if self.entry.flags & manifest::ENTRY_RAW == 0
            && let Some(offset) = self.reader.first_nonzero_block(self.offset)?
        {
            return Err(self.reader.corrupt(
                offset,
                self.chain.next_lsn(),
                "something stands behind the seal",
            ));
        }
        Ok(())
    }
}
