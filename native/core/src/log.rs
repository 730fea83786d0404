//! The seam where the journal attaches.
//!
//! A shard appends the record of what it decided **before** it emits anything that the decision caused
//! (rule J1). The only source of an [`Lsn`] is [`Log::append`], and every message that shows an effect to
//! somebody else carries the `Lsn` it was caused by, so a shard that forgot to append has nothing to emit
//! with. A driver without a journal implements `Log` by counting.

use crate::message::{AdmittedOrder, Amend, CancelMany, Replace, Request, TransferOffer};
use crate::rules::SymbolRules;
use crate::spec::SymbolSpec;
use crate::types::{AccountId, ListId, Lsn, OrderId, SymbolId, Timestamp};

/// One decision, as the shard that took it writes it down.
#[derive(Clone, Debug)]
pub enum Record<'a> {
    /// A deposit, withdrawal, hold, release, timer or change of an account's terms, decided by its sequencer.
    Account(&'a Request),
    /// Money leaves an account for another, decided by the sender's sequencer.
    TransferOffered(&'a TransferOffer),
    /// It arrived, decided by the receiver's.
    TransferAccepted(&'a TransferOffer),
    /// A mass cancel was asked for; its parts are records of the matchers.
    CancelAll(&'a Request),
    /// An account's dead-man timer ran out.
    TimerRanOut(AccountId),
    /// An order with its reservation, decided by its symbol's matcher before it matches.
    Place(&'a AdmittedOrder),
    /// Two orders of which one cancels the other.
    PlaceOco(ListId, &'a [AdmittedOrder; 2]),
    /// A cancel of an open order, decided by its symbol's matcher.
    Cancel {
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
        /// To whom.
        account: AccountId,
        /// From which symbol.
        symbol: SymbolId,
    },
    /// A symbol came into being on this shard.
    AddSymbol(&'a SymbolSpec, &'a SymbolRules),
    /// A symbol's bounds or rules changed on this shard.
    SetRules(&'a SymbolSpec, &'a SymbolRules),
    /// A symbol was removed from this shard.
    RemoveSymbol(SymbolId),
}

/// Where decisions are written down, in an order that respects causes.
pub trait Log {
    /// Appends a record and says where. Numbers grow; per engine they are dense and start at 1.
    fn append(&mut self, now: Timestamp, record: &Record<'_>) -> Lsn;
}

/// Where order ids come from.
///
/// An input like time: a driver leases blocks of ids (and will journal the lease before it hands one out), so
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
