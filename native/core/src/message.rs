//! The whole vocabulary: what the exchange can be asked, what it can say, and what its shards tell each other.
//!
//! ```text
//! edge ──Command──> sequencer ──ToMatcher──> matcher ──ToSequencer──> sequencers of all parties
//!                       │                       │
//!                       └──────── Reply ────────┴──> edge          Trade ──> market data
//! ```
//!
//! Commands are asked in the imperative, events told in the past tense, a reply answers one ticket, a reject
//! is one no. Every message is immutable once sent.

use crate::reject::Reject;
use crate::spec::SymbolSpec;
use crate::types::{
    AccountId, Amount, AssetId, Lsn, OrderId, Price, Quantity, Side, SymbolId, Ticket, Timestamp, TradeId,
};

/// What the edge asks of a sequencer. Shape and symbol rules were checked at the edge.
#[derive(Clone, Debug)]
pub struct Command {
    /// Whom to answer.
    pub ticket: Ticket,
    /// What to do.
    pub request: Request,
}

/// What can be asked of a sequencer.
#[derive(Clone, Debug)]
pub enum Request {
    /// Adds to an account's available balance. The first deposit makes the account.
    Deposit {
        /// To whom.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much, not zero.
        amount: Amount,
    },
    /// Takes from an account's available balance; frozen funds can't be withdrawn.
    Withdraw {
        /// From whom.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much, not zero.
        amount: Amount,
    },
    /// Freezes what the order may cost and passes it on to its symbol's matcher.
    Place(NewOrder),
    /// Takes an open order off its book and releases exactly what was left reserved for it.
    Cancel {
        /// Who asks; only the owner may.
        account: AccountId,
        /// Which order.
        order: OrderId,
    },
    /// All balances of an account.
    Balances {
        /// Whose.
        account: AccountId,
    },
    /// One order, open or recently closed.
    Order {
        /// Which.
        order: OrderId,
    },
    /// Open orders of this shard in the order of acceptance, of one account or of all, of one symbol or of all.
    OpenOrders {
        /// Whose; all accounts of the shard without.
        account: Option<AccountId>,
        /// Of which symbol; of all without.
        symbol: Option<SymbolId>,
    },
    /// What this shard's ledger adds up to, per asset.
    Totals,
    /// Announces a symbol. Sent to every sequencer, and its matcher, before any order may name it.
    AddSymbol(SymbolSpec),
}

impl Request {
    /// Whose sequencer decides; none when every sequencer has a part of the answer.
    #[must_use]
    pub const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Deposit { account, .. }
            | Self::Withdraw { account, .. }
            | Self::Cancel { account, .. }
            | Self::Balances { account } => Some(*account),
            Self::Place(order) => Some(order.account),
            Self::OpenOrders { account, .. } => *account,
            Self::Order { .. } | Self::Totals | Self::AddSymbol(_) => None,
        }
    }
}

/// An order as it enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Whose.
    pub account: AccountId,
    /// On which book.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// How, and how much.
    pub kind: OrderKind,
}

/// The order types of this version, each with just the fields that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// Trades at `price` or better; what is left rests until it is canceled (GTC).
    Limit {
        /// Worst price.
        price: Price,
        /// How much.
        quantity: Quantity,
    },
    /// Trades `quantity` at whatever the book offers; never rests.
    MarketByQuantity {
        /// How much base.
        quantity: Quantity,
    },
    /// Buys for, or sells until, `quote` atoms of the quote asset, in whole lots and never beyond; never rests.
    MarketByQuote {
        /// How much quote.
        quote: Amount,
    },
}

impl OrderKind {
    /// May what is left of it rest in the book?
    #[must_use]
    pub const fn can_rest(&self) -> bool {
        matches!(self, Self::Limit { .. })
    }

    /// The quantity of base asked for; none for an order by quote amount.
    #[must_use]
    pub const fn quantity(&self) -> Option<Quantity> {
        match self {
            Self::Limit { quantity, .. } | Self::MarketByQuantity { quantity } => Some(*quantity),
            Self::MarketByQuote { .. } => None,
        }
    }
}

/// From a sequencer to a matcher, in one FIFO, so that a cancel can't overtake its own order.
#[derive(Clone, Debug)]
pub enum ToMatcher {
    /// An order whose funds are frozen.
    Admit(AdmittedOrder),
    /// A cancel by the owner of an order that was open when its sequencer looked.
    Cancel {
        /// Whom to answer.
        ticket: Ticket,
        /// The owner.
        account: AccountId,
        /// On which book.
        symbol: SymbolId,
        /// Which order.
        order: OrderId,
    },
    /// A new symbol, with an empty book.
    AddSymbol {
        /// Whom to answer.
        ticket: Ticket,
        /// Its rules.
        spec: SymbolSpec,
    },
}

/// An order with its reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AdmittedOrder {
    /// Whom to answer.
    pub ticket: Ticket,
    /// Its id.
    pub id: OrderId,
    /// The order.
    pub order: NewOrder,
    /// Frozen for it, in atoms of the asset that its side gives.
    pub reserved: Amount,
}

/// From a matcher to the sequencer of an account, in one FIFO per matcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToSequencer {
    /// What a command did to one order.
    Settle(Settlement),
    /// The cancel found its order closed. Whatever closed it was sent before this, on the same way.
    CancelMissed {
        /// Whom to answer.
        ticket: Ticket,
        /// Who asked.
        account: AccountId,
        /// For which order.
        order: OrderId,
    },
}

impl ToSequencer {
    /// Whose sequencer it goes to.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        match self {
            Self::Settle(settlement) => settlement.account,
            Self::CancelMissed { account, .. } => *account,
        }
    }
}

/// What one command did to one order: at most one per (command, order), whatever the number of fills.
///
/// It consumes frozen funds and credits available ones; it never debits `available`, which is what lets
/// balances be folded from the journal in any order that respects causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The record that caused it.
    pub cause: Lsn,
    /// When that was.
    pub at: Timestamp,
    /// Whose.
    pub account: AccountId,
    /// Which order.
    pub order: OrderId,
    /// Base that changed hands.
    pub filled: Quantity,
    /// Quote that changed hands.
    pub notional: Amount,
    /// What goes from frozen back to available: price improvement, and the rest when the order closes.
    pub released: Amount,
    /// What became of the order.
    pub after: OrderAfter,
}

/// An order's state after a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderAfter {
    /// It rests.
    Open,
    /// It is closed; nothing stays reserved.
    Closed(OrderStatus),
    /// The matcher refused it: it never was. Nothing stays reserved.
    Voided,
}

/// An order's status, with the reason where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// Rests, nothing filled.
    New,
    /// Rests, something filled.
    PartiallyFilled,
    /// Closed: did what it was asked to.
    Filled,
    /// Closed on request.
    Canceled(CancelReason),
    /// Closed by its own terms; fills stay.
    Expired(ExpireReason),
}

impl OrderStatus {
    /// May it still trade?
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::New | Self::PartiallyFilled)
    }

    /// For instance `PARTIALLY_FILLED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "NEW",
            Self::PartiallyFilled => "PARTIALLY_FILLED",
            Self::Filled => "FILLED",
            Self::Canceled(_) => "CANCELED",
            Self::Expired(_) => "EXPIRED",
        }
    }

    /// For instance `INSUFFICIENT_LIQUIDITY`.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::New | Self::PartiallyFilled | Self::Filled => None,
            Self::Canceled(CancelReason::User) => Some("USER"),
            Self::Expired(ExpireReason::InsufficientLiquidity) => Some("INSUFFICIENT_LIQUIDITY"),
        }
    }
}

/// Why an order was canceled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelReason {
    /// Its owner asked.
    User,
}

/// Why an order expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpireReason {
    /// A market order, and the opposite side of the book ran out.
    InsufficientLiquidity,
}

/// One answer to one ticket.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Whose call.
    pub ticket: Ticket,
    /// May leave the engine once this record is durable: it shows effects up to here.
    pub gate: Lsn,
    /// When it was decided.
    pub at: Timestamp,
    /// The answer.
    pub outcome: Outcome,
}

/// The answers.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// No, and nothing changed.
    Rejected(Reject),
    /// The order was accepted; this is where it stands.
    Placed(PlacedOrder),
    /// The order was canceled.
    Canceled(CanceledOrder),
    /// A deposit or withdrawal happened.
    BalanceChanged {
        /// Of which asset.
        asset: AssetId,
        /// The balance after it.
        balance: Balance,
    },
    /// An account's balances, by asset.
    Balances(Vec<(AssetId, Balance)>),
    /// Orders, in the order of acceptance. To a question for one order: it, or none.
    Orders(Vec<Order>),
    /// What a shard's ledger adds up to, by asset.
    Totals(Vec<AssetTotals>),
    /// A shard knows the symbol.
    SymbolAdded,
}

/// An accepted order after its command: filled, resting, or expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedOrder {
    /// Its id.
    pub id: OrderId,
    /// The order as it was asked for.
    pub order: NewOrder,
    /// Where it stands.
    pub status: OrderStatus,
    /// Base traded.
    pub filled: Quantity,
    /// Quote traded.
    pub notional: Amount,
    /// Still reserved, in atoms of the asset that its side gives.
    pub reserved: Amount,
    /// The fills, in the order they happened.
    pub fills: Vec<Fill>,
    /// The symbol's book sequence after the command.
    pub book_seq: u64,
}

/// One fill of the incoming order, at its maker's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The trade.
    pub trade: TradeId,
    /// The maker's price.
    pub price: Price,
    /// How much base.
    pub quantity: Quantity,
    /// How much quote.
    pub notional: Amount,
}

/// A canceled order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanceledOrder {
    /// Its id.
    pub id: OrderId,
    /// On which book it was.
    pub symbol: SymbolId,
    /// Its side.
    pub side: Side,
    /// Base that will not trade.
    pub canceled: Quantity,
    /// Released, in atoms of the asset that its side gives: all that was still reserved.
    pub released: Amount,
    /// The symbol's book sequence after the command.
    pub book_seq: u64,
}

/// One trade, for the public feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// On which book.
    pub symbol: SymbolId,
    /// 1, 2, 3 ... per symbol.
    pub id: TradeId,
    /// The maker's price.
    pub price: Price,
    /// How much base.
    pub quantity: Quantity,
    /// How much quote.
    pub notional: Amount,
    /// Who came in: the side of the aggressor.
    pub taker_side: Side,
    /// The order that rested.
    pub maker: OrderId,
    /// The order that came in.
    pub taker: OrderId,
    /// When.
    pub at: Timestamp,
    /// The record that caused it.
    pub cause: Lsn,
    /// The symbol's book sequence of the command that made it.
    pub book_seq: u64,
}

/// One account's money of one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Free to use.
    pub available: Amount,
    /// Reserved for open orders.
    pub frozen: Amount,
}

impl Balance {
    /// Available plus frozen. Computed, never stored.
    #[must_use]
    pub fn total(&self) -> Amount {
        self.available + self.frozen
    }
}

/// An order as its sequencer knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// As it was asked for.
    pub order: NewOrder,
    /// Where it stands.
    pub status: OrderStatus,
    /// Base traded so far.
    pub filled: Quantity,
    /// Quote traded so far.
    pub notional: Amount,
    /// Still reserved, in atoms of the asset that its side gives.
    pub reserved: Amount,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What one ledger shard adds up to for one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetTotals {
    /// Of which asset.
    pub asset: AssetId,
    /// All deposits ever.
    pub deposited: Amount,
    /// All withdrawals ever.
    pub withdrawn: Amount,
    /// Sum of available balances.
    pub available: Amount,
    /// Sum of frozen balances.
    pub frozen: Amount,
    /// Sum of the reservations of open orders; equals `frozen`.
    pub reserved: Amount,
}
