//! What shards tell market data when somebody listens: every change of a book, and of an account.
//!
//! Shards say it only of what is watched (see [`crate::matcher::Matcher::watch`] and
//! [`crate::sequencer::Sequencer::watch`]); otherwise it costs one comparison. Each event names the record that it must
//! not be seen before. Trades are no events of these: they are always told ([`crate::message::Trade`]).

use crate::message::{Balance, Order, Settlement};
use crate::types::{AccountId, AssetId, Lsn, OrderId, Price, Quantity, Side, SymbolId, Timestamp};

/// What happened to one order of a watched book: Level3. Added up by price, these are the book's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookEvent {
    /// Which book.
    pub symbol: SymbolId,
    /// The book's sequence number after the command.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The record that it must not be seen before.
    pub cause: Lsn,
    /// Which order.
    pub order: OrderId,
    /// Its side.
    pub side: Side,
    /// Its price.
    pub price: Price,
    /// What is meant by `quantity`.
    pub kind: BookEventKind,
    /// In lots, of what is shown. Never zero but for `Removed`, where it is what was shown until then, and may be none.
    pub quantity: Quantity,
    /// What the order shows at its place from now on, in lots. Zero: it stands there no longer. So a book's levels are
    /// known without its orders: each event says by how much its level changes, and whether by an order.
    pub left: Quantity,
}

/// What happened to an order of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookEventKind {
    /// It stands at the back of its level from now on, and shows so much (an iceberg's next slice, too).
    Added,
    /// So much of what it shows was traded; if that is all of it, it stands there no longer.
    Executed,
    /// It shows so much less, without a trade; it keeps its place. If that is all of it, it stands there no longer.
    Reduced,
    /// It was taken out with all that it showed.
    Removed,
}

/// What a watched book is when watching begins, or is asked for anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookStart {
    /// Which book.
    pub symbol: SymbolId,
    /// Its sequence number.
    pub seq: u64,
    /// When it last changed.
    pub at: Timestamp,
    /// The record that it must not be seen before.
    pub cause: Lsn,
    /// (order, price, shown quantity): best price first, at each price in the order of time.
    pub bids: Vec<(OrderId, Price, Quantity)>,
    /// The same.
    pub asks: Vec<(OrderId, Price, Quantity)>,
}

/// What a matcher tells of a watched book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BookNews {
    /// All of it, now: what comes behind it happened later.
    Start(Box<BookStart>),
    /// One change.
    Changed(BookEvent),
    /// The symbol was removed: nothing more comes.
    Ended(SymbolId),
}

/// What a sequencer tells of a watched account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountNews {
    /// Whose.
    pub account: AccountId,
    /// The record that it must not be seen before.
    pub cause: Lsn,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: AccountEvent,
}

/// What happened to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// All of its balances and open orders (by ascending id): what comes behind it happened later. Told when watching
    /// that account begins, and when it is asked for anew.
    Start {
        /// By asset.
        balances: Vec<(AssetId, Balance)>,
        /// Those that a read would show.
        orders: Vec<Order>,
    },
    /// A balance is this from now on.
    Balance {
        /// Of what.
        asset: AssetId,
        /// What it is.
        balance: Balance,
    },
    /// Something became of an order.
    Execution(Box<Execution>),
}

/// What became of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Execution {
    /// What.
    pub kind: ExecutionKind,
    /// The order after it.
    pub order: Order,
    /// What this step moved: the settlement's own words. All zero where there was none (an amend that moved nothing).
    pub step: Option<Settlement>,
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionKind {
    /// It was accepted, and rests or waits for its trigger. If it traded at once, the step says how much.
    New,
    /// Its trigger has come.
    Triggered,
    /// It traded, and is open or filled. (An order that traded at once and is still open is `New`.)
    Trade,
    /// A part of it was lost to self-trade prevention and it is still open.
    Prevented,
    /// It was amended, or something amended it (the other leg of its pair).
    Amended,
    /// It was canceled: its status says why.
    Canceled,
    /// It expired: its status says why.
    Expired,
}

impl ExecutionKind {
    /// The stable string.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::Triggered => "TRIGGERED",
            Self::Trade => "TRADE",
            Self::Prevented => "PREVENTED",
            Self::Amended => "AMENDED",
            Self::Canceled => "CANCELED",
            Self::Expired => "EXPIRED",
        }
    }
}
