//! A log that remembers: what the journal will hold, kept in memory for the fold at the end of a run.

use lightning_core::log::{Log, OrderIds, Record};
use lightning_core::message::{AdmittedOrder, Amend, CancelMany, Replace, Request, TransferOffer};
use lightning_core::rules::SymbolRules;
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{AccountId, ListId, Lsn, OrderId, SymbolId, Timestamp};

use crate::workload::Ids;

/// A [`Record`] that owns what it says.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "they are the records'")]
pub enum Recorded {
    Account(Request),
    TransferOffered(TransferOffer),
    TransferAccepted(TransferOffer),
    CancelAll(Request),
    TimerRanOut(AccountId),
    Place(AdmittedOrder),
    PlaceOco(ListId, [AdmittedOrder; 2]),
    Cancel { account: AccountId, symbol: SymbolId, order: OrderId },
    Amend(Amend),
    Replace(Replace),
    CancelMany(CancelMany),
    CancelBook(SymbolId),
    Expire { symbol: SymbolId, order: OrderId },
    CollectFees { account: AccountId, symbol: SymbolId },
    AddSymbol(SymbolSpec, SymbolRules),
    SetRules(SymbolSpec, SymbolRules),
    RemoveSymbol(SymbolId),
}

impl From<&Record<'_>> for Recorded {
    fn from(record: &Record<'_>) -> Self {
        match *record {
            Record::Account(request) => Self::Account(request.clone()),
            Record::TransferOffered(offer) => Self::TransferOffered(*offer),
            Record::TransferAccepted(offer) => Self::TransferAccepted(*offer),
            Record::CancelAll(request) => Self::CancelAll(request.clone()),
            Record::TimerRanOut(account) => Self::TimerRanOut(account),
            Record::Place(admitted) => Self::Place(admitted.clone()),
            Record::PlaceOco(list, legs) => Self::PlaceOco(list, legs.clone()),
            Record::Cancel { account, symbol, order } => Self::Cancel { account, symbol, order },
            Record::Amend(amend) => Self::Amend(amend.clone()),
            Record::Replace(replace) => Self::Replace(replace.clone()),
            Record::CancelMany(many) => Self::CancelMany(many.clone()),
            Record::CancelBook(symbol) => Self::CancelBook(symbol),
            Record::Expire { symbol, order } => Self::Expire { symbol, order },
            Record::CollectFees { account, symbol } => Self::CollectFees { account, symbol },
            Record::AddSymbol(spec, rules) => Self::AddSymbol(*spec, *rules),
            Record::SetRules(spec, rules) => Self::SetRules(*spec, *rules),
            Record::RemoveSymbol(symbol) => Self::RemoveSymbol(symbol),
        }
    }
}

/// All records of a run. The record with [`Lsn`] n is at n - 1: the numbers are dense and start at 1.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// The records, and when each was written.
    pub records: Vec<(Timestamp, Recorded)>,
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
        let record = at.and_then(|at| self.records.get(at));
        &record.unwrap_or_else(|| panic!("{lsn:?} was never appended")).1
    }
}

impl Log for Recorder {
    fn append(&mut self, now: Timestamp, record: &Record<'_>) -> Lsn {
        self.records.push((now, record.into()));
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
