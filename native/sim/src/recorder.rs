//! A log that remembers: what the journal will hold, kept in memory for the fold at the end of a run.

use lightning_core::log::{Log, OrderIds, Record};
use lightning_core::message::{AdmittedOrder, Request};
use lightning_core::types::{AccountId, Lsn, OrderId, SymbolId, Timestamp};

use crate::workload::Ids;

/// A [`Record`] that owns what it says.
#[derive(Clone, Debug)]
pub enum Recorded {
    /// A deposit or withdrawal.
    Funds(Request),
    /// An order with its reservation.
    Place(AdmittedOrder),
    /// A cancel.
    Cancel {
        /// By its owner.
        account: AccountId,
        /// Which order.
        order: OrderId,
    },
    /// A symbol on one shard.
    AddSymbol(SymbolId),
}

/// All records of a run. The record with [`Lsn`] n is at n - 1: the numbers are dense and start at 1.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// The records.
    pub records: Vec<Recorded>,
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
        at.and_then(|at| self.records.get(at)).unwrap_or_else(|| panic!("{lsn:?} was never appended"))
    }
}

impl Log for Recorder {
    fn append(&mut self, _: Timestamp, record: &Record<'_>) -> Lsn {
        self.records.push(match *record {
            Record::Funds(request) => Recorded::Funds(request.clone()),
            Record::Place(admitted) => Recorded::Place(*admitted),
            Record::Cancel { account, order, .. } => Recorded::Cancel { account, order },
            Record::AddSymbol(spec) => Recorded::AddSymbol(spec.id()),
        });
        self.last()
    }
}

/// [`Ids`], for as long as one account's command is handled.
#[derive(Debug)]
pub struct IdsFor<'a> {
    /// All ids.
    pub ids: &'a mut Ids,
    /// Whose command it is.
    pub owner: AccountId,
}

impl OrderIds for IdsFor<'_> {
    fn next(&mut self) -> OrderId {
        self.ids.take(self.owner)
    }
}
