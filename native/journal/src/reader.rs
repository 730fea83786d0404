//! Reading along while somebody writes: for the one who folds snapshots, for audits, for another process.
//!
//! A reader takes no lock and is told how far the journal is durable. Up to there everything must be whole; behind it
//! nothing is looked at, for what is half written is not an error. Files may be sealed, written anew or put away
//! meanwhile: a reader that finds nothing where something must be looks at the file of that name once more.

use std::sync::Arc;

use crate::chain::Chain;
use crate::error::RecoverError;
use crate::layout::{BLOCK_BYTES, frame as frame_at, in_file, segment as segment_at};
use crate::manifest::Manifest;
use crate::names;
use crate::record::{self, Record};
use crate::segment::{Frame, Look, SegmentReader};
use crate::storage::{Storage, Use};

/// Little, because whoever follows a writer reads the same piece again and again.
const AHEAD_BYTES: usize = 64 << 10;
/// How often something is tried anew because the manifest changed meanwhile.
const TRIES: usize = 8;

/// Reads records up to what is durable, without a lock.
#[derive(Debug)]
pub struct Reader {
    storage: Arc<dyn Storage>,
    segment: SegmentReader,
    chain: Chain,
    /// Where the next frame begins.
    offset: u64,
    /// Records up to this LSN are not wanted, or were returned.
    after: u64,
    /// The next record of the current frame, and the frame's end, in the segment's buffer.
    next: usize,
    end: usize,
    frame_hash: [u8; 32],
    probe: Option<Probe>,
}

/// How far [`Reader::durable_on_disk`] has looked.
#[derive(Debug)]
struct Probe {
    segment: SegmentReader,
    offset: u64,
    durable: u64,
}

impl Reader {
    /// Opens a journal to be read from the record behind `after` on.
    ///
    /// # Errors
    /// There is no journal; that record was put away; its segment is damaged.
    pub fn open(storage: Arc<dyn Storage>, after: u64) -> Result<Self, RecoverError> {
        let mut tries = 0;
        loop {
            let manifest = load_manifest(&*storage)?;
            match Self::open_at(&storage, &manifest, after) {
                Err(error)
                    if tries == TRIES || load_manifest(&*storage)?.generation == manifest.generation =>
                {
                    return Err(error);
                }
                Err(_) => tries += 1,
                opened => return opened,
            }
        }
    }

    fn open_at(storage: &Arc<dyn Storage>, manifest: &Manifest, after: u64) -> Result<Self, RecoverError> {
        let Some(live) = manifest.segments.last() else {
            let why = "the journal has not been started";
            return Err(RecoverError::BadManifest { file: names::MANIFESTS[0].to_owned(), why });
        };
        if after < manifest.base.lsn {
            return Err(RecoverError::MissingHistory { file: names::segment(after + 1), lsn: after + 1 });
        }
        let index = manifest.segments.partition_point(|entry| !entry.is_live() && entry.last_lsn <= after);
        let entry = manifest.segments.get(index).unwrap_or(live);
        let chain = manifest.chain_before(index);
        let mut segment = SegmentReader::open(&**storage, entry.first_lsn, Use::Read)?;
        segment.set_ahead(AHEAD_BYTES);
        if let Err(why) = chain.check_segment(&segment.header) {
            return Err(segment.corrupt(0, entry.first_lsn, why));
        }
        Ok(Self {
            storage: Arc::clone(storage),
            segment,
            chain,
            offset: in_file(segment_at::HEADER_BYTES),
            after,
            next: 0,
            end: 0,
            frame_hash: [0; 32],
            probe: None,
        })
    }

    /// The LSN of the last record that was returned, or that the reader was opened behind.
    pub fn position(&self) -> u64 {
        self.after
    }

    /// The next record, if its LSN is at most `durable`; `None` means that it is not there yet.
    ///
    /// # Errors
    /// Something up to `durable` is damaged or was put away; the storage failed.
    pub fn next(&mut self, durable: u64) -> Result<Option<Record>, RecoverError> {
        loop {
            if self.after >= durable {
                return Ok(None);
            }
            if self.next < self.end {
                let (record, next) = record::take(self.segment.buffer(), self.next, &self.frame_hash);
                self.next = next;
                if record.lsn > self.after {
                    self.after = record.lsn;
                    return Ok(Some(record));
                }
                continue;
            }
            if self.chain.next_lsn() > durable {
                return Ok(None);
            }
            self.next_frame()?;
        }
    }

    /// The highest LSN that the files themselves say is durable, for a reader in another process. What an engine has
    /// just acknowledged is said by its next frame or heartbeat.
    ///
    /// # Errors
    /// There is no journal any more; the storage failed.
    pub fn durable_on_disk(&mut self) -> Result<u64, RecoverError> {
        let manifest = load_manifest(&*self.storage)?;
        let live = manifest.segments.last().map_or(self.segment.header.first_lsn, |entry| entry.first_lsn);
        let mut probe = match self.probe.take() {
            Some(probe) if probe.segment.header.first_lsn == live => probe,
            _ => {
                let mut segment = SegmentReader::open(&*self.storage, live, Use::Read)?;
                segment.set_ahead(AHEAD_BYTES);
                Probe { segment, offset: in_file(segment_at::HEADER_BYTES), durable: 0 }
            }
        };
        probe.segment.forget();
        while let Look::Frame(frame) = probe.segment.look(probe.offset)?
            && frame.header.uuid == self.chain.uuid
        {
            probe.durable = probe.durable.max(frame.header.durable_lsn);
            probe.offset = frame.end();
        }
        let durable = probe.durable.max(manifest.named_lsn());
        self.probe = Some(probe);
        Ok(durable)
    }

    /// Goes on to the next frame, which is durable.
    fn next_frame(&mut self) -> Result<(), RecoverError> {
        match self.look()? {
            Ok(()) => return Ok(()),
            // What was read ahead may be older than the frame.
            Err(_) => self.segment.forget(),
        }
        match self.look()? {
            Ok(()) => return Ok(()),
            // The file may have been replaced: by the same frames, sealed, when an engine was started anew.
            Err(_) => self.open_again()?,
        }
        let why = match self.look()? {
            Ok(()) => return Ok(()),
            Err(why) => why,
        };
        // A segment that was not written anew has no seal; then there is a next one all the same. Behind one without
        // records it would be this one.
        if self.chain.next_lsn() > self.segment.header.first_lsn {
            match self.open_next() {
                Err(RecoverError::MissingHistory { .. }) => {}
                done => return done,
            }
        }
        Err(self.segment.corrupt(self.offset, self.chain.next_lsn(), why))
    }

    /// Takes the frame at `offset`, or says why there is none.
    fn look(&mut self) -> Result<Result<(), &'static str>, RecoverError> {
        let frame: Frame = match self.segment.look(self.offset)? {
            Look::Frame(frame) => frame,
            Look::Bad(why, _) => return Ok(Err(why)),
            Look::End => return Ok(Err("the segment ends too early")),
        };
        if let Err(why) = self.chain.check(&frame.header, &self.segment.header) {
            return Ok(Err(why));
        }
        self.chain.advance(&frame);
        self.offset = frame.end();
        let body = self.segment.body(&frame);
        (self.next, self.end, self.frame_hash) = (body.start, body.end, frame.hash);
        if frame.header.is(frame_at::SEAL) {
            self.open_next()?;
        }
        Ok(Ok(()))
    }

    /// Opens the segment that goes on where this one ends.
    fn open_next(&mut self) -> Result<(), RecoverError> {
        let mut next = SegmentReader::open(&*self.storage, self.chain.next_lsn(), Use::Read)?;
        next.set_ahead(AHEAD_BYTES);
        if let Err(why) = self.chain.check_segment(&next.header) {
            return Err(next.corrupt(0, self.chain.next_lsn(), why));
        }
        self.segment = next;
        self.offset = in_file(BLOCK_BYTES);
        (self.next, self.end) = (0, 0);
        Ok(())
    }

    /// Opens the file of the current segment's name once more, past the page cache.
    fn open_again(&mut self) -> Result<(), RecoverError> {
        let old = self.segment.header;
        let mut again = SegmentReader::open(&*self.storage, old.first_lsn, Use::ReadDirect)?;
        again.set_ahead(AHEAD_BYTES);
        let empty = self.offset == in_file(segment_at::HEADER_BYTES);
        let new = again.header;
        let same = (new.uuid, new.prev_hash) == (old.uuid, old.prev_hash);
        // A segment without records makes way for that of the next incarnation.
        if !same || (new.incarnation != old.incarnation && !empty) {
            return Err(again.corrupt(0, old.first_lsn, "the segment was replaced by another"));
        }
        self.segment = again;
        Ok(())
    }
}

/// The manifest, which a writer may just be writing over: then it is read again.
fn load_manifest(storage: &dyn Storage) -> Result<Manifest, RecoverError> {
    let mut tries = 0;
    loop {
        match Manifest::load(storage, &storage.list()?) {
            Ok(Some((manifest, _))) => return Ok(manifest),
            Ok(None) => {
                let file = names::MANIFESTS[0].to_owned();
                return Err(RecoverError::BadManifest { file, why: "it is missing" });
            }
            Err(RecoverError::BadManifest { .. }) if tries < TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}
