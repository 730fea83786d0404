//! A log that remembers: what the journal will hold, kept in memory for the fold at the end of a run.

use lightning_core::codec::{Encode, VERSION, kind_of};
use lightning_core::log::{Log, OrderIds, Record, Recorded};
use lightning_core::types::{AccountId, Lsn, OrderId, Timestamp};
use lightning_journal::Batch;

use crate::workload::Ids;

/// One record as it was appended.
#[derive(Clone, Debug)]
pub struct Written {
    /// When it was decided.
    pub at: Timestamp,
    /// Of all that the previous record of the same symbol led to.
    pub digest: u64,
    /// What was decided.
    pub record: Recorded,
}

/// All records of a run. The record with [`Lsn`] n is at n - 1: the numbers are dense and start at 1.
#[derive(Debug, Default)]
pub struct Recorder {
    /// The records.
    pub records: Vec<Written>,
    /// Where they go besides, on their way to a disk.
    pub(crate) front: Option<Front>,
}

impl Recorder {
    /// Where the latest record is.
    #[must_use]
    pub fn last(&self) -> Lsn {
        Lsn(self.records.len() as u64)
    }

    /// A record; panics for a place in the log that does not exist.
    #[must_use]
    pub fn get(&self, lsn: Lsn) -> &Recorded {
        let at = lsn.0.checked_sub(1).and_then(|at| usize::try_from(at).ok());
        let written = at.and_then(|at| self.records.get(at));
        &written.unwrap_or_else(|| panic!("{lsn:?} was never appended")).record
    }
}

impl Log for Recorder {
    fn append(&mut self, at: Timestamp, digest: u64, record: &Record<'_>) -> Lsn {
        self.records.push(Written { at, digest, record: record.into() });
        let lsn = self.last();
        if let Some(front) = &mut self.front {
            assert_eq!(front.append(at, digest, record), lsn, "numbers are dense");
        }
        lsn
    }
}

/// What shards append to while the journal writes what they appended before.
#[derive(Debug)]
pub(crate) struct Front {
    batch: Batch,
}

impl Front {
    /// Nothing appended, behind this record.
    pub(crate) fn behind(last: Lsn) -> Self {
        Self { batch: Batch::new(last.0 + 1) }
    }

    fn append(&mut self, at: Timestamp, digest: u64, record: &Record<'_>) -> Lsn {
        let (kind, version) = (kind_of(record), VERSION);
        Lsn(self.batch.append(kind, version, at.0, digest, |body| record.encode(body)))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.batch.is_empty()
    }

    /// The journal takes all that is there.
    pub(crate) fn swap(&mut self, back: &mut Batch) {
        self.batch.swap_with(back);
    }
}

/// A block of order ids that a sequencer may hand out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lease {
    /// The last one that was handed out, or the one before the block.
    pub last: u64,
    /// The last one of the block.
    pub up_to: u64,
}

/// [`Ids`], for as long as one account's command is handled.
#[derive(Debug)]
pub struct IdsFor<'a> {
    /// All ids.
    pub ids: &'a mut Ids,
    /// Whose command it is.
    pub owner: AccountId,
    /// The block they come from; none where one counter serves all shards.
    pub lease: Option<&'a mut Lease>,
}

impl OrderIds for IdsFor<'_> {
    fn next(&mut self) -> OrderId {
        let Some(lease) = &mut self.lease else { return self.ids.take(self.owner) };
        assert!(lease.last < lease.up_to, "the block was large enough for any command");
        lease.last += 1;
        let id = OrderId(lease.last);
        self.ids.hand_out(id, self.owner);
        id
    }
}
