//! A journal in memory, and what it is folded to.

use std::collections::BTreeSet;

use lightning_core::codec::{Encode, VERSION, decode_record, kind_of};
use lightning_core::fold::{Divergence, Fold, Shards, Told};
use lightning_core::log::{Log, Record, Recorded};
use lightning_core::message::{ReplyTo, Request, RequestId};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::types::{AccountId, Lsn, SymbolId, Timestamp};

/// Keeps every record, as it is read back from the bytes it was written in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Journal(pub(crate) Vec<Written>);

/// A record as it was written.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) at: Timestamp,
    pub(crate) digest: u64,
    pub(crate) record: Recorded,
}

impl Log for Journal {
    fn append(&mut self, at: Timestamp, digest: u64, record: &Record<'_>) -> Lsn {
        let mut body = Vec::new();
        record.encode(&mut body);
        let record = decode_record(kind_of(record), VERSION, &body)
            .unwrap_or_else(|error| panic!("{record:?} can't be read back: {error:?}"));
        self.0.push(Written { at, digest, record });
        self.last()
    }
}

/// Different shards, to find what depends on them.
pub(crate) const SHARDS: [Shards; 3] = [
    Shards { sequencers: 1, matchers: 1 },
    Shards { sequencers: 2, matchers: 3 },
    Shards { sequencers: 5, matchers: 4 },
];

impl Journal {
    /// The newest record's number.
    pub(crate) fn last(&self) -> Lsn {
        Lsn(self.0.len() as u64)
    }

    /// What all the records lead to.
    pub(crate) fn fold(&self, shards: Shards, limits: SequencerLimits) -> Fold {
        let mut fold = Fold::new(shards, limits, 1_000);
        let mut told = Told::default();
        for at in 0..self.0.len() {
            self.apply(at, &mut fold, &mut told).unwrap_or_else(|divergence| {
                panic!("record {} {:?}: {divergence:?}", at + 1, self.0[at].record)
            });
            told.clear();
        }
        assert_eq!(fold.last().0, self.last());
        fold
    }

    /// Folds the record at an index.
    pub(crate) fn apply(&self, at: usize, fold: &mut Fold, told: &mut Told) -> Result<(), Divergence> {
        let Written { at: time, digest, record } = self.0[at].clone();
        fold.apply(Lsn(at as u64 + 1), time, digest, record, told)
    }

    /// Every account that ever was.
    pub(crate) fn accounts(&self) -> BTreeSet<AccountId> {
        self.requests().filter_map(|request| request.account()).collect()
    }

    /// Every symbol that ever was.
    pub(crate) fn symbols(&self) -> BTreeSet<SymbolId> {
        let added = self.0.iter().filter_map(|written| match &written.record {
            Recorded::AddSymbol(spec, _) => Some(spec.id()),
            _ => None,
        });
        added.collect()
    }

    fn requests(&self) -> impl Iterator<Item = &Request> {
        self.0.iter().filter_map(|written| match &written.record {
            Recorded::Account(_, request) => Some(request),
            _ => None,
        })
    }

    /// Every request id that a record used.
    pub(crate) fn request_ids(&self) -> impl Iterator<Item = (AccountId, RequestId)> {
        let used = |to: &ReplyTo, account: AccountId| Some((account, to.request_id()?));
        self.0.iter().filter_map(move |written| match &written.record {
            Recorded::Account(to, request) => used(to, request.account()?),
            Recorded::TransferOffered(offer) => used(&offer.to_reply, offer.from),
            Recorded::MassCancel(order) => used(order.to.as_ref()?, order.account),
            Recorded::Place(admitted) => used(&admitted.to, admitted.order.account),
            Recorded::PlaceOco(_, legs) => used(&legs[0].to, legs[0].order.account),
            Recorded::Cancel { to, account, .. } | Recorded::CollectFees { to, account, .. } => {
                used(to, *account)
            }
            Recorded::Amend(amend) => used(&amend.to, amend.account),
            Recorded::Replace(replace) => used(&replace.to, replace.account),
            _ => None,
        })
    }
}
