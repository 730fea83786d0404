//! The seam where the journal attaches.
//!
//! A shard appends the record of what it decided **before** it emits anything that the decision caused
//! (rule J1). The only source of an [`Lsn`] is [`Log::append`], and every message that shows an effect to
//! somebody else carries the `Lsn` it was caused by, so a shard that forgot to append has nothing to emit
//! with. A driver without a journal implements `Log` by counting.
//!
//! A record says all that is needed to do it again: [`crate::fold`] makes the state of the whole exchange from the
//! records alone, whatever shards wrote them. It names no shard.

use crate::message::{
    AdmittedOrder, Amend, CancelMany, MassCancelOrder, Replace, ReplyTo, Request, TransferOffer,
};
use crate::reject::Code;
use crate::rules::SymbolRules;
use crate::spec::SymbolSpec;
use crate::types::{AccountId, ListId, Lsn, OrderId, SymbolId, Timestamp};

/// One decision, as the shard that took it writes it down.
#[derive(Clone, Debug)]
pub enum Record<'a> {
    /// A deposit, withdrawal, hold, release, timer or change of an account's terms, decided by its sequencer.
    Account(ReplyTo, &'a Request),
    /// Money leaves an account for another, decided by the sender's sequencer. Its `offered` is this record's number.
    TransferOffered(&'a TransferOffer),
    /// It arrived, decided by the receiver's.
    TransferAccepted(&'a TransferOffer),
    /// It goes back, decided by the receiver's.
    TransferRefused(&'a TransferOffer, Code),
    /// A mass cancel begins; its parts are records of the matchers.
    MassCancel(&'a MassCancelOrder),
    /// An order with its reservation, decided by its symbol's matcher before it matches.
    Place(&'a AdmittedOrder),
    /// Two orders of which one cancels the other.
    PlaceOco(ListId, &'a [AdmittedOrder; 2]),
    /// A cancel of an open order, decided by its symbol's matcher.
    Cancel {
        /// Whom to answer.
        to: ReplyTo,
        /// By its owner.
        account: AccountId,
        /// On which book.
        symbol: SymbolId,
        /// Which order.
        order: OrderId,
    },
    /// An amend that was accepted.
    Amend(&'a Amend),
    /// A cancel-replace of which at least one half was accepted.
    Replace(&'a Replace),
    /// One symbol's part of a mass cancel.
    CancelMany(&'a CancelMany),
    /// The operator canceled all orders of a symbol.
    CancelBook(SymbolId),
    /// An order's time had come.
    Expire {
        /// On which book.
        symbol: SymbolId,
        /// Which order.
        order: OrderId,
    },
    /// Accrued fees went to an account.
    CollectFees {
        /// Whom to answer.
        to: ReplyTo,
        /// To whom.
        account: AccountId,
        /// From which symbol.
        symbol: SymbolId,
    },
    /// A symbol came into being, decided by its matcher; sequencers learn of it from the driver.
    AddSymbol(&'a SymbolSpec, &'a SymbolRules),
    /// A symbol's bounds or rules changed. If they close it, everything on it was canceled.
    SetRules(&'a SymbolSpec, &'a SymbolRules),
    /// A symbol was removed.
    RemoveSymbol(SymbolId),
    /// Order ids up to this one may have been handed out: the driver writes it before it hands out the first of them.
    OrderIds {
        /// The last one that may be in use.
        up_to: u64,
    },
    /// Something the operator's front end keeps: names, decimals, what it answered. Opaque here; the latest of a key
    /// counts.
    Operator(OperatorKey, &'a [u8]),
    /// An engine began to write here.
    Genesis {
        /// Of which rules of matching.
        logic_version: u32,
    },
    /// The engine was closed with nothing under way.
    CleanShutdown {
        /// The hash of the state that the records up to here lead to.
        state_hash: [u8; 32],
    },
}

/// A [`Record`] that owns what it says: one that was read back.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "they are the records'")]
pub enum Recorded {
    Account(ReplyTo, Request),
    TransferOffered(TransferOffer),
    TransferAccepted(TransferOffer),
    TransferRefused(TransferOffer, Code),
    MassCancel(MassCancelOrder),
    Place(AdmittedOrder),
    PlaceOco(ListId, Box<[AdmittedOrder; 2]>),
    Cancel { to: ReplyTo, account: AccountId, symbol: SymbolId, order: OrderId },
    Amend(Box<Amend>),
    Replace(Box<Replace>),
    CancelMany(Box<CancelMany>),
    CancelBook(SymbolId),
    Expire { symbol: SymbolId, order: OrderId },
    CollectFees { to: ReplyTo, account: AccountId, symbol: SymbolId },
    AddSymbol(SymbolSpec, Box<SymbolRules>),
    SetRules(SymbolSpec, Box<SymbolRules>),
    RemoveSymbol(SymbolId),
    OrderIds { up_to: u64 },
    Operator(OperatorKey, Vec<u8>),
    Genesis { logic_version: u32 },
    CleanShutdown { state_hash: [u8; 32] },
}

impl From<&Record<'_>> for Recorded {
    fn from(record: &Record<'_>) -> Self {
        match *record {
            Record::Account(to, request) => Self::Account(to, request.clone()),
            Record::TransferOffered(offer) => Self::TransferOffered(*offer),
            Record::TransferAccepted(offer) => Self::TransferAccepted(*offer),
            Record::TransferRefused(offer, code) => Self::TransferRefused(*offer, code),
            Record::MassCancel(order) => Self::MassCancel(order.clone()),
            Record::Place(admitted) => Self::Place(admitted.clone()),
            Record::PlaceOco(list, legs) => Self::PlaceOco(list, Box::new(legs.clone())),
            Record::Cancel { to, account, symbol, order } => Self::Cancel { to, account, symbol, order },
            Record::Amend(amend) => Self::Amend(Box::new(amend.clone())),
            Record::Replace(replace) => Self::Replace(Box::new(replace.clone())),
            Record::CancelMany(many) => Self::CancelMany(Box::new(many.clone())),
            Record::CancelBook(symbol) => Self::CancelBook(symbol),
            Record::Expire { symbol, order } => Self::Expire { symbol, order },
            Record::CollectFees { to, account, symbol } => Self::CollectFees { to, account, symbol },
            Record::AddSymbol(spec, rules) => Self::AddSymbol(*spec, Box::new(*rules)),
            Record::SetRules(spec, rules) => Self::SetRules(*spec, Box::new(*rules)),
            Record::RemoveSymbol(symbol) => Self::RemoveSymbol(symbol),
            Record::OrderIds { up_to } => Self::OrderIds { up_to },
            Record::Operator(key, body) => Self::Operator(key, body.to_vec()),
            Record::Genesis { logic_version } => Self::Genesis { logic_version },
            Record::CleanShutdown { state_hash } => Self::CleanShutdown { state_hash },
        }
    }
}

/// What a thing that the operator's front end keeps is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OperatorKey {
    /// An asset, by number.
    Asset(u32),
    /// A symbol, by number.
    Symbol(u32),
    /// The answer to an administrative call, by request id. Those below the window of the highest are forgotten.
    Once(u64),
}

/// Where decisions are written down, in an order that respects causes.
pub trait Log {
    /// Appends a record and says where. Numbers grow; per engine they are dense and start at 1.
    ///
    /// `digest` is of everything that the previous record of the same symbol led to, zero for records of no symbol:
    /// whoever replays the log proves with it that every fill was made again.
    fn append(&mut self, now: Timestamp, digest: u64, record: &Record<'_>) -> Lsn;

    /// Does anybody ever read the digests? Where not, they need not be made.
    fn wants_digests(&self) -> bool {
        true
    }
}

/// Where order ids come from.
///
/// An input like time: a driver leases blocks of ids (and journals the lease before it hands one out), so
/// that an id somebody may have seen is never used again, whatever crashed.
pub trait OrderIds {
    /// The next id, unique in the engine and growing per sequencer.
    fn next(&mut self) -> OrderId;
}

/// What comes in with every message besides the message.
pub struct Context<'a> {
    /// The time. Never goes back within a shard.
    pub now: Timestamp,
    /// Where decisions go.
    pub log: &'a mut dyn Log,
}
