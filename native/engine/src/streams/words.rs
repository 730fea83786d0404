//! What can be watched, and what is told of it.

use std::sync::Arc;
use std::time::Duration;

use lightning_core::book::PriceLevel;
use lightning_core::events::{BookEventKind, Execution, ExecutionKind};
use lightning_core::message::{Balance, Fill, Order, Trade};
use lightning_core::types::{
    AccountId, Amount, AssetId, Lsn, OrderId, Price, Quantity, Side, SymbolId, Timestamp, TradeId,
};

/// Names a subscription within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubscriptionId(pub u32);

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Watch {
    /// A book's levels: a snapshot, and then what has changed since what was told last.
    Book {
        /// Which.
        symbol: SymbolId,
        /// How deep: the best 1 to 20 levels of each side, or all of them.
        depth: Depth,
        /// With a CRC32 of the best ten levels after each message; of fewer where fewer are watched.
        checksum: bool,
        /// Told when nothing has changed for so long.
        heartbeat: Option<Duration>,
    },
    /// Best bid and offer, whenever a price or a quantity of it has changed.
    Bbo(SymbolId),
    /// Every order of a book.
    Level3(SymbolId),
    /// Trades, from the next one or from an id on.
    Trades {
        /// Of which symbol.
        symbol: SymbolId,
        /// The first one wanted.
        from: Option<TradeId>,
        /// One taker's fills at one price as one.
        aggregate: bool,
        /// If it falls behind.
        behind: Behind,
    },
    /// The last 24 hours.
    Ticker(SymbolId),
    /// Candles of an interval.
    Klines {
        /// Of which symbol.
        symbol: SymbolId,
        /// How long each is: see [`lightning_core::archive::Interval`].
        interval: lightning_core::archive::Interval,
    },
    /// What becomes of orders: of one account (open orders first), or of all.
    Executions {
        /// Whose.
        account: Option<AccountId>,
        /// Those of this record and later ones, as far as they are remembered.
        from: Option<Lsn>,
        /// If it falls behind.
        behind: Behind,
    },
    /// An account's balances: all of them first, and then each that changes; or changes of all accounts.
    Balances {
        /// Whose.
        account: Option<AccountId>,
        /// If it falls behind.
        behind: Behind,
    },
    /// The engine's own state, and what the operator does with symbols.
    Status,
}

/// How deep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// The best so many levels of each side.
    Top(usize),
    /// All levels.
    All,
}

/// What becomes of a lossless subscription that falls behind what is remembered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Behind {
    /// It is told what it has missed, and goes on.
    #[default]
    Gap,
    /// It ends (`SLOW_CONSUMER`, 7000). What is resumed from there is told first what is forgotten of it: what was missed
    /// before it began does not end a subscription.
    End,
}

/// What happened to one order of a book: [`lightning_core::events::BookEvent`] without what its book knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderEvent {
    /// The book's sequence number after the command.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Which order.
    pub order: OrderId,
    /// Its price.
    pub price: Price,
    /// In lots, of what is shown.
    pub quantity: Quantity,
    /// Its side.
    pub side: Side,
    /// What is meant by `quantity`.
    pub kind: BookEventKind,
    /// It stands at that place no longer.
    pub is_gone: bool,
}

/// What a subscription is told.
#[derive(Debug)]
pub enum Update<'a> {
    /// A book.
    Book(BookUpdate<'a>),
    /// Best bid and offer.
    Bbo {
        /// The book's sequence number.
        seq: u64,
        /// When the book last changed.
        at: Timestamp,
        /// The best bid.
        bid: Option<PriceLevel>,
        /// The best ask.
        ask: Option<PriceLevel>,
    },
    /// All of a book's orders; what comes behind it happened later.
    Level3Start(&'a lightning_core::events::BookStart),
    /// Changes of a book's orders, in their order.
    Level3(&'a [OrderEvent]),
    /// Trades, ascending.
    Trades(&'a [Trade]),
    /// Aggregated trades, ascending.
    AggregateTrades(&'a [AggregateTrade]),
    /// The last 24 hours.
    Ticker(&'a lightning_core::archive::Ticker),
    /// Candles, ascending: those that have closed since, and the open one as it is now.
    Klines(&'a [lightning_core::archive::Kline]),
    /// All balances and open orders of the account: what comes behind it happened later.
    AccountStart(&'a AccountStart),
    /// What became of orders, in the order it happened.
    Executions(&'a [Arc<ExecutionReport>]),
    /// Balances that have changed, in the order it happened.
    Balances(&'a [BalanceUpdate]),
    /// The engine's state.
    Status(&'a StatusUpdate),
    /// These were missed: trade ids, or numbers of records.
    Gap {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The subscription is over.
    Ended(Ended),
}

/// Why a subscription is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It fell behind, and wanted to end then.
    Slow {
        /// The first that it has missed: a trade id, or the number of a record.
        from: u64,
    },
    /// Its symbol was removed.
    Removed,
    /// The engine was closed, or has halted.
    Closed,
}

/// A book, or what has changed of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookUpdate<'a> {
    /// A snapshot replaces everything. A delta is applied to what has `prev_seq`. A heartbeat says that nothing has
    /// changed.
    pub kind: BookUpdateKind,
    /// What this subscription was told last; the same as `seq` in a snapshot.
    pub prev_seq: u64,
    /// The book's sequence number.
    pub seq: u64,
    /// When the book last changed.
    pub at: Timestamp,
    /// Levels as they are now, best first; none left there is a quantity of zero.
    pub bids: &'a [PriceLevel],
    /// The same.
    pub asks: &'a [PriceLevel],
    /// Of the best ten levels of each side, if it was asked for.
    pub checksum: Option<u32>,
}

/// What a book update is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookUpdateKind {
    /// All levels that were asked for.
    Snapshot,
    /// Levels that have changed.
    Delta,
    /// Nothing.
    Heartbeat,
}

/// One taker's fills at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AggregateTrade {
    /// Of which symbol.
    pub symbol: SymbolId,
    /// The first trade.
    pub first: TradeId,
    /// The last one.
    pub last: TradeId,
    /// The price of all of them.
    pub price: Price,
    /// Lots of all of them.
    pub quantity: u128,
    /// Quote of all of them.
    pub notional: Amount,
    /// The taker's side.
    pub taker_side: Side,
    /// When.
    pub at: Timestamp,
    /// The book's sequence number.
    pub book_seq: u64,
}

/// An account, when watching begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountStart {
    /// Whose.
    pub account: AccountId,
    /// The newest record that it shows.
    pub seq: Lsn,
    /// When.
    pub at: Timestamp,
    /// By asset; empty where executions are watched.
    pub balances: Vec<(AssetId, Balance)>,
    /// Open orders by ascending id; empty where balances are watched.
    pub orders: Vec<Order>,
}

/// What became of an order, with its fills.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionReport {
    /// The record that caused it.
    pub seq: Lsn,
    /// When.
    pub at: Timestamp,
    /// What happened, and the order after it.
    pub execution: Box<Execution>,
    /// What it traded in this step, the fees being this order's.
    pub fills: Vec<Fill>,
    /// Did it rest?
    pub is_maker: bool,
}

impl ExecutionReport {
    /// Which order.
    #[must_use]
    pub fn order(&self) -> OrderId {
        self.execution.order.id
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> ExecutionKind {
        self.execution.kind
    }

    /// Lots traded in this step.
    #[must_use]
    pub fn filled(&self) -> Quantity {
        self.execution.step.map_or(Quantity::ZERO, |step| step.filled)
    }
}

/// A balance that has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BalanceUpdate {
    /// Whose.
    pub account: AccountId,
    /// The newest record that it shows.
    pub seq: Lsn,
    /// When.
    pub at: Timestamp,
    /// Of what.
    pub asset: AssetId,
    /// What it is now.
    pub balance: Balance,
}

/// The engine's own state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatusUpdate {
    /// The engine: `open`, `closing`, `closed`, `halted`; and `room`.
    Engine {
        /// Its state.
        state: &'static str,
        /// How much may still be written.
        room: crate::Room,
    },
    /// A symbol was added, changed or removed.
    Symbol {
        /// Which.
        symbol: SymbolId,
        /// Its status; none when it was removed.
        status: Option<lightning_core::rules::SymbolStatus>,
    },
}
