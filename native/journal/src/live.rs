//! The judgement on the segment that was being written: where it ends, and whether that can be.
//!
//! A crash may cut the last frame short, and that frame alone: the one before was synced before it was written. So
//! the first frame that is not whole is dropped only if nothing shows that there ever was anything behind it, or
//! that anybody was told of it. Zeros are not an end until the rest of the file has been looked at.

use crate::chain::Chain;
use crate::error::RecoverError;
use crate::frame::{BadHeader, FrameHeader};
use crate::layout::{BLOCK_BYTES, frame as at, in_file, is_zero, manifest, segment};
use crate::manifest::SegmentEntry;
use crate::recover::Torn;
use crate::segment::{Look, SegmentReader, Visit};

/// The live segment, with its end known.
#[derive(Debug)]
pub(crate) struct Live {
    /// As the manifest would say it had it been sealed there.
    pub(crate) entry: SegmentEntry,
    /// The chain's end before it, and after it.
    pub(crate) before: Chain,
    pub(crate) chain: Chain,
    pub(crate) logic_version: u32,
    /// The file's length.
    pub(crate) bytes: u64,
    /// Is its last frame a seal?
    pub(crate) sealed: bool,
    pub(crate) torn: Option<Torn>,
}

impl Live {
    pub(crate) fn has_records(&self) -> bool {
        self.entry.last_lsn >= self.entry.first_lsn
    }
}

/// Reads the live segment that goes on where `chain` ends. `named_lsn` is the highest LSN that the manifest or a
/// snapshot names; `visit` sees every frame.
pub(crate) fn judge(
    reader: &mut SegmentReader,
    entry: &SegmentEntry,
    before: Chain,
    named_lsn: u64,
    visit: Visit<'_>,
) -> Result<Live, RecoverError> {
    let mut chain = before;
    if let Err(why) = chain.check_segment(&reader.header) {
        return Err(reader.corrupt(0, entry.first_lsn, why));
    }
    let mut offset = in_file(segment::HEADER_BYTES);
    let mut sealed = false;
    let mut torn = loop {
        let lsn = chain.next_lsn();
        match reader.look(offset)? {
            Look::Frame(frame) => {
                // It is whole and does not belong here: no torn write does that.
                if let Err(why) = chain.check(&frame.header, &reader.header) {
                    return Err(reader.corrupt(offset, lsn, why));
                }
                chain.advance(&frame);
                visit(reader, &frame);
                offset = frame.end();
                if frame.header.is(at::SEAL) {
                    sealed = true;
                    break None;
                }
            }
            Look::Bad(_, header) => break judge_bad(reader, offset, header, &chain)?,
            Look::End => break None,
        }
    };
    if sealed {
        torn = judge_behind_seal(reader, offset, &chain)?;
    }
    if named_lsn >= chain.next_lsn() {
        return Err(acked(reader, offset, chain.next_lsn(), NAMED));
    }
    // A start that died half-way may have replaced an empty segment by its own, which is empty too.
    let has_frames = offset > in_file(segment::HEADER_BYTES) || torn.is_some();
    let incarnation = reader.header.incarnation;
    if incarnation < entry.incarnation || (incarnation > entry.incarnation && has_frames) {
        return Err(reader.corrupt(0, entry.first_lsn, "the segment is of another incarnation"));
    }
    let entry = SegmentEntry {
        first_lsn: entry.first_lsn,
        last_lsn: chain.head.lsn,
        end: offset,
        incarnation,
        tail: chain.tail,
        head_hash: chain.head.hash,
        flags: if sealed && torn.is_none() { 0 } else { manifest::ENTRY_RAW },
    };
    let (logic_version, bytes) = (reader.header.logic_version, reader.len());
    Ok(Live { entry, before, chain, logic_version, bytes, sealed, torn })
}

const NAMED: &str = "the manifest or a snapshot names this record or a later one";
const FRAME_BEHIND: &str = "a frame stands behind it, so it had been synced";
const DURABLE: &str = "a frame behind it says that it was durable";
const DISPLACED: &str = "the frame that belongs farther ahead stands here";
const BYTES_BEHIND: &str = "there are bytes farther behind it than one frame reaches";

/// No whole frame begins at `offset`: the end of the journal, the torn frame, or damage.
fn judge_bad(
    reader: &mut SegmentReader,
    offset: u64,
    header: Option<FrameHeader>,
    chain: &Chain,
) -> Result<Option<Torn>, RecoverError> {
    let lsn = chain.next_lsn();
    let mut reach = at::BYTES_MAX;
    if let Some(header) = header {
        if let Err(why) = chain.check(&header, &reader.header) {
            return Err(reader.corrupt(offset, lsn, why));
        }
        reach = header.extent();
        if in_file(reach) > reader.len() - offset {
            return Err(reader.corrupt(offset, lsn, "a frame reaches beyond the file's end"));
        }
    }
    let left = sweep(reader, offset, chain)?;
    if let Some(at) = left.displaced {
        return Err(acked(reader, at, lsn, DISPLACED));
    }
    if left.durable_lsn >= lsn {
        return Err(acked(reader, offset, lsn, DURABLE));
    }
    // Frames of `written` mode are not synced one by one: any of them may be torn while later ones are whole.
    if !reader.header.written {
        if left.first_lsn >= lsn {
            return Err(acked(reader, offset, lsn, FRAME_BEHIND));
        }
        if let Some(at) = left.frame_at {
            return Err(reader.corrupt(at, lsn, "a frame stands where none can"));
        }
        if left.end > offset + in_file(reach) {
            return Err(acked(reader, offset, lsn, BYTES_BEHIND));
        }
    }
    if left.end <= offset {
        return Ok(None);
    }
    Ok(Some(Torn { segment: reader.name.clone(), offset, lsn, bytes: left.end - offset }))
}

/// Nothing was ever written behind a seal. Bytes that are no frame's were there before the file was used, or came from
/// nowhere: no record can be among them, and the file is written anew without them.
fn judge_behind_seal(
    reader: &mut SegmentReader,
    end: u64,
    chain: &Chain,
) -> Result<Option<Torn>, RecoverError> {
    let lsn = chain.next_lsn();
    let Some(first) = reader.first_nonzero_block(end)? else { return Ok(None) };
    // From the seal on, which is one block and does not count itself.
    let left = sweep(reader, end - in_file(BLOCK_BYTES), chain)?;
    if left.frame_at.is_some() {
        return Err(reader.corrupt(first, lsn, "something stands behind the seal"));
    }
    Ok(Some(Torn { segment: reader.name.clone(), offset: end, lsn, bytes: left.end - end }))
}

fn acked(reader: &SegmentReader, offset: u64, lsn: u64, why: &'static str) -> RecoverError {
    RecoverError::CorruptAcked { file: reader.name.clone(), offset, lsn, why }
}

/// What devices write as a whole.
const SECTOR_BYTES: usize = 512;

/// What stands from the first bad frame on.
#[derive(Debug, Default)]
struct Left {
    /// Behind the last block that is not all zeros.
    end: u64,
    /// Where the first header of a frame of this journal is, not counting the bad frame's own.
    frame_at: Option<u64>,
    /// Where the header is of the frame that continues the chain, and so belongs where the bad one is.
    displaced: Option<u64>,
    /// The highest first LSN in such headers.
    first_lsn: u64,
    /// The highest durable LSN in such headers.
    durable_lsn: u64,
}

/// Looks at every block from the bad frame at `bad` to the end of the file. A header whose checksum is right counts
/// even if its frame is not whole: somebody wrote it, after what stands before it. It counts in any sector, for what
/// was damaged may also have been displaced.
fn sweep(reader: &mut SegmentReader, bad: u64, chain: &Chain) -> Result<Left, RecoverError> {
    let mut left = Left::default();
    let mut offset = bad;
    loop {
        let name = reader.name.clone();
        let bytes = reader.bytes(offset)?;
        if bytes.is_empty() {
            return Ok(left);
        }
        for block in bytes.chunks(BLOCK_BYTES) {
            let at = offset;
            offset += in_file(BLOCK_BYTES);
            if is_zero(block) {
                continue;
            }
            left.end = offset;
            for (number, sector) in block.chunks(SECTOR_BYTES).enumerate() {
                let at = at + in_file(number * SECTOR_BYTES);
                if at == bad {
                    continue;
                }
                match FrameHeader::decode(sector) {
                    Ok(header) if header.uuid == chain.uuid => {
                        if header.prev_hash == chain.tail {
                            left.displaced.get_or_insert(at);
                        }
                        left.frame_at.get_or_insert(at);
                        left.first_lsn = left.first_lsn.max(header.first_lsn);
                        left.durable_lsn = left.durable_lsn.max(header.durable_lsn);
                    }
                    Err(BadHeader::Version(found)) => {
                        return Err(RecoverError::UnsupportedVersion { file: name, found: found.into() });
                    }
                    _ => {}
                }
            }
        }
    }
}
