//! The seam where the journal attaches.
//!
//! A shard appends the record of what it decided **before** it emits anything that the decision caused
//! (rule J1). The only source of an [`Lsn`] is [`Log::append`], and every message that shows an effect to
//! somebody else carries the `Lsn` it was caused by, so a shard that forgot to append has nothing to emit
//! with. A driver without a journal implements `Log` by counting.

use crate::message::{AdmittedOrder, Request};
use crate::spec::SymbolSpec;
use crate::types::{AccountId, Lsn, OrderId, SymbolId, Timestamp};

/// One decision, as the shard that took it writes it down.
#[derive(Clone, Debug)]
pub enum Record<'a> {
    /// A deposit or a withdrawal, decided by the sequencer of its account.
    Funds(&'a Request),
    /// An order with its reservation, decided by its symbol's matcher before it matches.
    Place(&'a AdmittedOrder),
    /// A cancel of a resting order, decided by its symbol's matcher.
    Cancel {
        /// By its owner.
        account: AccountId,
        /// On which book.
        symbol: SymbolId,
        /// Which order.
        order: OrderId,
    },
    /// A symbol came into being on this shard.
    AddSymbol(&'a SymbolSpec),
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
