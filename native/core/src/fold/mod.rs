//! The state of the whole exchange, made again from the journal's records.
//!
//! The canonical state at record n is what this fold makes of the records 1 to n. It drives the same sequencers and
//! matchers as the live engine, one record after the other, each with all its effects at once: what live shards
//! have on its way to each other has arrived here. Live shards run ahead of it; at rest they are equal to it.
//!
//! What a shard decided is never judged again. A sequencer's checks (funds, caps, rates, request ids, clocks) were
//! passed when the record was written, and its refusals are no records; here it does what it did after them
//! (`sequencer/redo.rs`). A matcher's state is a function of its own records, so there the same code runs again
//! (`matcher/redo.rs`), refusals after the record included, and the digests prove that it led to the same.
//!
//! How many shards there are is a matter of running: the fold over one of each is the fold over twenty.
//!
//! | file | what it tells |
//! |---|---|
//! | `apply` | one record, with all its effects |
//! | `matching`, `settling` | its halves: what matchers decide, which needs nothing else, and what sequencers make of it |
//! | `resume` | what was begun and not finished when the records ended |
//! | `recent` | what is remembered of trades |
//! | `check`, `part`, `state` | proofs; the state as hashed, and as bytes |

mod apply;
mod check;
mod matching;
mod part;
mod recent;
mod resume;
mod settling;
mod state;

use std::collections::BTreeMap;

pub use self::matching::Matching;
pub use self::part::Part;
use self::recent::Archives;
pub use self::settling::Settling;
use crate::archive::{Archive, Kept};
pub use crate::codec::Malformed;
use crate::log::OperatorKey;
use crate::matcher::Matcher;
use crate::message::{Order, Outcome, ToSequencer, Trade, TransferOffer};
use crate::outbox::{MatcherOutbox, SequencerOutbox};
use crate::sequencer::{Sequencer, SequencerLimits};
use crate::shards::shard_of_symbol;
use crate::types::{Lsn, SymbolId, Timestamp, TradeId};

/// How many shards a fold runs on, at least one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shards {
    /// Of accounts.
    pub sequencers: usize,
    /// Of symbols.
    pub matchers: usize,
}

/// The whole exchange, after some record.
#[derive(Debug)]
pub struct Fold {
    pub(crate) sequencers: Vec<Sequencer>,
    pub(crate) matchers: Vec<Matcher>,
    /// What the operator's front end keeps.
    pub(crate) operator: BTreeMap<OperatorKey, Vec<u8>>,
    /// Order ids up to this one may have been handed out.
    pub(crate) order_ids_up_to: u64,
    /// Transfers whose receivers have not answered, by the record that offered them. (Mass cancels that are not over
    /// stand in the sequencers of their accounts.)
    pub(crate) offers: BTreeMap<Lsn, TransferOffer>,
    /// What is remembered of trades. Not a part of the state.
    pub(crate) archives: Archives,
    /// The last record, and the latest time of all.
    pub(crate) last: (Lsn, Timestamp),
    /// Empty between records; kept, so that they stop allocating.
    matcher_out: MatcherOutbox,
    sequencer_out: SequencerOutbox,
}

/// What a record led to. The caller clears it.
#[derive(Debug, Default)]
pub struct Told {
    /// Trades, in the order they happened.
    pub trades: Vec<Trade>,
    /// What the sequencers were told, in this order, and have applied. Without answers.
    pub to_sequencers: Vec<ToSequencer>,
    /// The answer to a client that this record is, or completes.
    pub outcome: Option<Outcome>,
}

impl Told {
    /// Forgets it all, and keeps the room.
    pub fn clear(&mut self) {
        self.trades.clear();
        self.to_sequencers.clear();
        self.outcome = None;
    }
}

/// The records do not lead to what they say they led to, or are not these records. A fold that has found one is of
/// no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// The previous record of a symbol led to something else when it was written.
    Digest {
        /// On which book.
        symbol: SymbolId,
        /// What the record says of the one before it.
        recorded: u64,
        /// What that led to here.
        found: u64,
    },
    /// A record of no symbol says that it has a digest.
    DigestOfNothing {
        /// What it says.
        recorded: u64,
    },
    /// Records are numbered without holes.
    Number {
        /// The number that comes next.
        expected: Lsn,
        /// The number that came.
        found: Lsn,
    },
}

/// What a fold was made for: the shards of an engine that is at rest, and what its front end wants to know.
#[derive(Debug)]
pub struct FoldedShards {
    /// The shards of accounts.
    pub sequencers: Vec<Sequencer>,
    /// The shards of symbols.
    pub matchers: Vec<Matcher>,
    /// What the operator's front end keeps, the latest of each key.
    pub operator: BTreeMap<OperatorKey, Vec<u8>>,
    /// Order ids up to this one may have been handed out.
    pub order_ids_up_to: u64,
    /// What is remembered of the trades of each symbol that has any.
    pub archives: BTreeMap<SymbolId, Archive>,
    /// The last record, and the latest time of all.
    pub last: (Lsn, Timestamp),
}

impl Fold {
    /// Before the first record.
    #[must_use]
    pub fn new(shards: Shards, limits: SequencerLimits, kept: impl Into<Kept>) -> Self {
        Self {
            sequencers: (0..shards.sequencers).map(|_| Sequencer::new(limits)).collect(),
            matchers: (0..shards.matchers).map(|_| Matcher::default()).collect(),
            operator: BTreeMap::new(),
            order_ids_up_to: 0,
            offers: BTreeMap::new(),
            archives: Archives::new(kept.into()),
            last: (Lsn(0), Timestamp(0)),
            matcher_out: MatcherOutbox::default(),
            sequencer_out: SequencerOutbox::default(),
        }
    }

    /// The last record that was applied, zero before the first, and the latest time of all records.
    #[must_use]
    pub fn last(&self) -> (Lsn, Timestamp) {
        self.last
    }

    /// The newest trade of a symbol: zero before the first, none of a symbol that is not.
    #[must_use]
    pub fn last_trade(&self, symbol: SymbolId) -> Option<TradeId> {
        let matcher = &self.matchers[shard_of_symbol(symbol, self.matchers.len())];
        matcher.market(symbol).map(|market| market.last().0)
    }

    /// What is remembered of a symbol's trades, if it has any.
    #[must_use]
    pub fn archive(&self, symbol: SymbolId) -> Option<&Archive> {
        self.archives.get(symbol)
    }

    /// Takes the closed orders that are remembered, each with the record that closed it (zero of those that a snapshot
    /// told of), in the order in which they closed. The shards remember none of them any more.
    pub fn take_closed(&mut self) -> impl Iterator<Item = (Lsn, Order)> {
        self.sequencers.iter_mut().flat_map(Sequencer::take_closed)
    }

    /// What the operator's front end keeps, the latest of each key. Of the answers to administrative calls, those
    /// within the window of the highest number.
    #[must_use]
    pub fn operator(&self) -> &BTreeMap<OperatorKey, Vec<u8>> {
        &self.operator
    }

    /// Order ids up to this one may have been handed out.
    #[must_use]
    pub fn order_ids_up_to(&self) -> u64 {
        self.order_ids_up_to
    }

    /// The shards of a live engine at rest.
    #[must_use]
    pub fn into_shards(self) -> FoldedShards {
        FoldedShards {
            sequencers: self.sequencers,
            matchers: self.matchers,
            operator: self.operator,
            order_ids_up_to: self.order_ids_up_to,
            archives: self.archives.into_map(),
            last: self.last,
        }
    }
}
