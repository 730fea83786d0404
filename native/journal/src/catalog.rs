//! What files there are, compared with what the manifest says there must be.

use std::sync::Arc;

use crate::chain::Chain;
use crate::chunks::Chunks;
use crate::error::{RecoverError, SnapshotError};
use crate::layout::{BLOCK_BYTES, in_file, is_zero};
use crate::live::{self, Live};
use crate::manifest::Manifest;
use crate::names;
use crate::record::Head;
use crate::recover::Progress;
use crate::segment::{Frame, SegmentReader, Visit};
use crate::snapshot::{self, Snapshot};
use crate::storage::{Storage, Use};

/// A directory's files, of which none is missing.
#[derive(Debug)]
pub(crate) struct Catalog {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) manifest: Manifest,
    /// First LSNs of segments that a run made that died before it named them. They are empty.
    pub(crate) unnamed: Vec<u64>,
    /// LSNs of snapshots, as their files are called, newest first.
    pub(crate) snapshots: Vec<u64>,
    /// What is wrong and can be done without.
    pub(crate) warnings: Vec<String>,
}

impl Catalog {
    /// `None` if there is no journal.
    pub(crate) fn load(storage: Arc<dyn Storage>) -> Result<Option<Self>, RecoverError> {
        let files = storage.list()?;
        let mut snapshots: Vec<u64> = files.iter().filter_map(|name| names::snapshot_lsn(name)).collect();
        snapshots.sort_unstable_by(|one, other| other.cmp(one));
        let mut segments: Vec<u64> = files.iter().filter_map(|name| names::segment_lsn(name)).collect();
        segments.sort_unstable();
        let Some((manifest, mut warnings)) = Manifest::load(&*storage, &files)? else {
            if segments.is_empty() && snapshots.is_empty() {
                return Ok(None);
            }
            let why = "it is missing, and there are segments or snapshots";
            return Err(RecoverError::BadManifest { file: names::MANIFESTS[0].to_owned(), why });
        };
        for noted in &manifest.snapshots {
            if !snapshots.contains(&noted.lsn) {
                warnings.push(format!("{} is missing", names::snapshot(noted.lsn)));
            }
        }
        let mut this = Self { storage, manifest, unnamed: Vec::new(), snapshots, warnings };
        this.compare(&segments)?;
        Ok(Some(this))
    }

    /// Is every segment there that the manifest names, and none that it would have to name? Both are sorted.
    fn compare(&mut self, there: &[u64]) -> Result<(), RecoverError> {
        let named: Vec<u64> = self.manifest.segments.iter().map(|entry| entry.first_lsn).collect();
        if let Some(&lsn) = named.iter().find(|lsn| there.binary_search(lsn).is_err()) {
            return Err(RecoverError::MissingHistory { file: names::segment(lsn), lsn });
        }
        let first = named.first().copied().unwrap_or(0);
        for &lsn in there {
            // Before the first: it was retired, and whoever did that died before it was gone.
            if lsn < first || named.binary_search(&lsn).is_ok() {
                continue;
            }
            // Behind the last: a run died between making it and naming it, and no frame is written before that.
            if let Some(offset) = self.first_frame(lsn)? {
                let why = "the manifest does not name this segment, and something is in it";
                return Err(RecoverError::Corrupt { file: names::segment(lsn), offset, lsn, why });
            }
            if lsn < named.last().copied().unwrap_or(0) {
                let why = "the manifest does not name this segment";
                return Err(RecoverError::Corrupt { file: names::segment(lsn), offset: 0, lsn, why });
            }
            self.unnamed.push(lsn);
        }
        Ok(())
    }

    /// Where anything stands behind the header of this segment, whatever the header says.
    fn first_frame(&self, lsn: u64) -> Result<Option<u64>, RecoverError> {
        let mut chunks = Chunks::new(self.storage.open(&names::segment(lsn), Use::ReadDirect)?)?;
        let mut offset = in_file(BLOCK_BYTES);
        loop {
            let bytes = chunks.window(offset, BLOCK_BYTES)?;
            if bytes.is_empty() {
                return Ok(None);
            }
            if !is_zero(bytes) {
                return Ok(Some(offset));
            }
            offset += in_file(bytes.len().next_multiple_of(BLOCK_BYTES));
        }
    }

    /// The highest LSN that anything but a segment names.
    fn named_lsn(&self) -> u64 {
        let newest = self.snapshots.first().copied().unwrap_or(0);
        self.manifest.named_lsn().max(newest)
    }

    /// The end of the chain before the segment of this index.
    pub(crate) fn chain_before(&self, index: usize) -> Chain {
        self.manifest.chain_before(index)
    }

    /// Reads segments from this index on, and the headers of those before. Returns the live one as it was judged.
    pub(crate) fn survey(
        &self,
        from: usize,
        progress: &mut dyn FnMut(Progress),
        visit: Visit<'_>,
    ) -> Result<Option<Live>, RecoverError> {
        let Some((live, sealed)) = self.manifest.segments.split_last() else { return Ok(None) };
        let mut live_reader = SegmentReader::open(&*self.storage, live.first_lsn, Use::ReadDirect)?;
        let sealed_bytes: u64 = sealed.iter().skip(from).map(|entry| entry.end).sum();
        let mut meter = Meter::new(progress, sealed_bytes + live_reader.len());
        for (index, entry) in sealed.iter().enumerate() {
            let mut walk = entry.walk(&*self.storage, self.chain_before(index), Use::Read)?;
            if index < from {
                continue;
            }
            while let Some(frame) = walk.next_frame()? {
                visit(&walk.reader, &frame);
                meter.add(&frame);
            }
        }
        let chain = self.chain_before(sealed.len());
        let named_lsn = self.named_lsn();
        let live = live::judge(&mut live_reader, live, chain, named_lsn, &mut |reader, frame| {
            visit(reader, frame);
            meter.add(frame);
        })?;
        meter.done(live.chain.head.lsn);
        Ok(Some(live))
    }

    /// Reads a snapshot of this LSN through, and compares it with what was noted of it. Its sections are kept only if they
    /// are wanted.
    pub(crate) fn check_snapshot(
        &self,
        lsn: u64,
        sections: bool,
    ) -> Result<([u8; 32], Snapshot), SnapshotError> {
        let (hash, snapshot) = snapshot::scan(&*self.storage, lsn, sections)?;
        if self.manifest.snapshots.iter().any(|noted| noted.lsn == lsn && noted.hash != hash) {
            let why = "it is not the one that was noted in the manifest";
            return Err(SnapshotError::Corrupt { file: names::snapshot(lsn), why });
        }
        Ok((hash, snapshot))
    }

    /// From which segment on there is anything behind this LSN.
    pub(crate) fn index_behind(&self, lsn: u64) -> usize {
        self.manifest.segments.partition_point(|entry| !entry.is_live() && entry.last_lsn <= lsn)
    }

    /// The head at this LSN if a segment ends there.
    pub(crate) fn head_at_end(&self, lsn: u64) -> Option<Head> {
        if lsn == self.manifest.base.lsn {
            return Some(self.manifest.base);
        }
        let entry = self.manifest.segments.iter().find(|entry| !entry.is_live() && entry.last_lsn == lsn)?;
        Some(Head { lsn, hash: entry.head_hash })
    }
}

/// Reports how far a survey is, about once per MiB.
struct Meter<'a> {
    progress: &'a mut dyn FnMut(Progress),
    bytes: u64,
    reported: u64,
    bytes_total: u64,
}

impl<'a> Meter<'a> {
    fn new(progress: &'a mut dyn FnMut(Progress), bytes_total: u64) -> Self {
        Self { progress, bytes: 0, reported: 0, bytes_total }
    }

    fn add(&mut self, frame: &Frame) {
        self.bytes += frame.end() - frame.offset;
        if self.bytes - self.reported >= 1 << 20 {
            self.reported = self.bytes;
            let lsn = frame.header.next_lsn() - 1;
            (self.progress)(Progress { lsn, bytes: self.bytes, bytes_total: self.bytes_total });
        }
    }

    fn done(&mut self, lsn: u64) {
        (self.progress)(Progress { lsn, bytes: self.bytes_total, bytes_total: self.bytes_total });
    }
}
