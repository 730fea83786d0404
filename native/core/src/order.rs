//! What an order is: as it enters, as it stands, and how it ends.

use std::sync::Arc;

use crate::fees::FeeRates;
use crate::types::{
    AccountId, Amount, ListId, OrderId, Price, Quantity, Side, SignedAmount, SymbolId, Timestamp,
};

/// An order as it enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Whose.
    pub account: AccountId,
    /// On which book.
    pub symbol: SymbolId,
    /// Buy or sell.
    pub side: Side,
    /// How, and how much.
    pub kind: OrderKind,
    /// How long. A market order is [`TimeInForce::Ioc`] or [`TimeInForce::Fok`].
    pub tif: TimeInForce,
    /// Only as a maker: refused if it would cross.
    pub post_only: bool,
    /// What happens where it would trade with itself. The symbol's default where the client named none.
    pub stp: StpMode,
    /// What most orders have nothing of, out of their way.
    pub extras: Option<Box<Extras>>,
}

impl NewOrder {
    /// A plain good-till-canceled limit order.
    #[must_use]
    pub fn limit(account: AccountId, symbol: SymbolId, side: Side, price: Price, quantity: Quantity) -> Self {
        let kind = OrderKind::Limit { price, quantity };
        Self {
            account,
            symbol,
            side,
            kind,
            tif: TimeInForce::Gtc,
            post_only: false,
            stp: StpMode::default(),
            extras: None,
        }
    }

    /// A plain market order.
    #[must_use]
    pub fn market(account: AccountId, symbol: SymbolId, side: Side, kind: OrderKind) -> Self {
        Self { kind, tif: TimeInForce::Ioc, ..Self::limit(account, symbol, side, Price(1), Quantity(1)) }
    }

    /// Its trigger, if it is a conditional order.
    #[must_use]
    pub fn trigger(&self) -> Option<&Trigger> {
        self.extras.as_ref()?.trigger.as_ref()
    }

    /// Its client order id, if it has one.
    #[must_use]
    pub fn client_id(&self) -> Option<&ClientOrderId> {
        self.extras.as_ref()?.client_id.as_ref()
    }

    /// The slice it shows, if it is an iceberg.
    #[must_use]
    pub fn display(&self) -> Option<Quantity> {
        self.extras.as_ref()?.display
    }

    /// When it expires, if it does.
    #[must_use]
    pub fn expire_at(&self) -> Option<Timestamp> {
        self.extras.as_ref()?.expire_at
    }

    /// The most quote it may spend, fees included, if it says so.
    #[must_use]
    pub fn max_quote(&self) -> Option<Amount> {
        self.extras.as_ref()?.max_quote
    }

    /// May what is left of it rest in the book?
    #[must_use]
    pub const fn can_rest(&self) -> bool {
        matches!(self.kind, OrderKind::Limit { .. })
            && !matches!(self.tif, TimeInForce::Ioc | TimeInForce::Fok)
    }

    /// Is it over when its command is? Such an order is never open to anybody who reads.
    #[must_use]
    pub fn is_immediate(&self) -> bool {
        !self.can_rest() && self.trigger().is_none()
    }
}

/// How much, and at which price at worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// Trades at `price` or better.
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
    /// The quantity of base asked for; none for an order by quote amount.
    #[must_use]
    pub const fn quantity(&self) -> Option<Quantity> {
        match self {
            Self::Limit { quantity, .. } | Self::MarketByQuantity { quantity } => Some(*quantity),
            Self::MarketByQuote { .. } => None,
        }
    }

    /// The limit price; none for an order at market.
    #[must_use]
    pub const fn price(&self) -> Option<Price> {
        match self {
            Self::Limit { price, .. } => Some(*price),
            Self::MarketByQuantity { .. } | Self::MarketByQuote { .. } => None,
        }
    }

    /// The same with another quantity. An order by quote amount has none to change.
    #[must_use]
    pub const fn with_quantity(self, quantity: Quantity) -> Self {
        match self {
            Self::Limit { price, .. } => Self::Limit { price, quantity },
            Self::MarketByQuantity { .. } => Self::MarketByQuantity { quantity },
            Self::MarketByQuote { .. } => self,
        }
    }
}

/// How long an order stays (FIX 59).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeInForce {
    /// Until it is canceled.
    Gtc,
    /// Not at all: what does not trade at once expires.
    Ioc,
    /// All of it at once, or nothing.
    Fok,
    /// Until [`Extras::expire_at`].
    Gtd,
    /// Until the end of the symbol's session, which [`Extras::expire_at`] holds once the order is admitted.
    Day,
}

impl TimeInForce {
    /// For instance `GTC`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gtc => "GTC",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
            Self::Gtd => "GTD",
            Self::Day => "DAY",
        }
    }
}

/// Self-trade prevention: the taker's mode decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum StpMode {
    /// Trades with itself.
    None,
    /// The incoming order ends.
    #[default]
    ExpireTaker,
    /// The resting order ends, the incoming one goes on.
    ExpireMaker,
    /// Both end.
    ExpireBoth,
    /// Both lose what would have traded.
    Decrement,
}

impl StpMode {
    /// Every mode, in the order of their bits in [`crate::rules::SymbolRules::allowed_stp`].
    pub const ALL: [Self; 5] =
        [Self::None, Self::ExpireTaker, Self::ExpireMaker, Self::ExpireBoth, Self::Decrement];

    /// For instance `EXPIRE_TAKER`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::ExpireTaker => "EXPIRE_TAKER",
            Self::ExpireMaker => "EXPIRE_MAKER",
            Self::ExpireBoth => "EXPIRE_BOTH",
            Self::Decrement => "DECREMENT",
        }
    }
}

/// What only some orders have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extras {
    /// The client's own name for it, unique among the account's live orders.
    pub client_id: Option<ClientOrderId>,
    /// A market buy by quantity spends at most this, in quote atoms, fees included.
    pub max_quote: Option<Amount>,
    /// A market order trades at most so far from the best opposite price at entry, 1 to 9,999 basis points.
    pub protection_bps: Option<u32>,
    /// An iceberg shows this much at a time.
    pub display: Option<Quantity>,
    /// Waits for a price.
    pub trigger: Option<Trigger>,
    /// Expires when the clock reaches this. Given with GTD; the sequencer sets it for DAY.
    pub expire_at: Option<Timestamp>,
    /// Its own fee rates, in place of its account's and its symbol's.
    pub fees: Option<FeeRates>,
    /// Refused (5002) if it is sequenced later than this.
    pub valid_until: Option<Timestamp>,
}

/// The client's name for an order: 1 to 36 characters of `[A-Za-z0-9._:/-]`, checked at the edge.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientOrderId(pub Arc<str>);

/// What a conditional order waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The price moves against the position: a buy at last >= price, a sell at last <= price.
    Stop {
        /// When.
        price: Price,
    },
    /// The price moves in favor: a buy at last <= price, a sell at last >= price.
    TakeProfit {
        /// When.
        price: Price,
    },
    /// A stop that follows the best price.
    Trailing {
        /// How far behind.
        offset: TrailOffset,
        /// Starts to follow when the price has reached this; at once without.
        activation: Option<Price>,
    },
}

/// How far a trailing stop stays behind the best price since its activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailOffset {
    /// Basis points of the extreme, 1 to 9,999.
    Bps(u32),
    /// Ticks.
    Ticks(Price),
}

/// An order's status, with the reason where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderStatus {
    /// Waits for its trigger; in no book.
    PendingTrigger,
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
        matches!(self, Self::PendingTrigger | Self::New | Self::PartiallyFilled)
    }

    /// For instance `PARTIALLY_FILLED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PendingTrigger => "PENDING_TRIGGER",
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
            Self::PendingTrigger | Self::New | Self::PartiallyFilled | Self::Filled => None,
            Self::Canceled(reason) => Some(reason.as_str()),
            Self::Expired(reason) => Some(reason.as_str()),
        }
    }
}

macro_rules! reasons {
    ($(#[$doc:meta])* $name:ident { $($(#[$reason_doc:meta])+ $reason:ident = $string:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$reason_doc])+ $reason,)+
        }

        impl $name {
            /// Every reason.
            pub const ALL: &'static [Self] = &[$(Self::$reason),+];

            /// The stable string.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$reason => $string),+ }
            }
        }
    };
}

reasons! {
    /// Why an order was canceled.
    CancelReason {
        /// Its owner asked.
        User = "USER",
        /// Its owner asked, for many at once.
        Mass = "MASS",
        /// Its owner's dead-man timer ran out.
        Deadman = "DEADMAN",
        /// The other leg of its OCO traded, was triggered or was closed.
        OcoSibling = "OCO_SIBLING",
        /// A cancel-replace put another in its place.
        Replaced = "REPLACED",
        /// The operator.
        Admin = "ADMIN",
        /// Its symbol was closed or removed.
        SymbolClosed = "SYMBOL_CLOSED",
    }
}

reasons! {
    /// Why an order expired.
    ExpireReason {
        /// An IOC order, and this much did not trade at once.
        IocRemainder = "IOC_REMAINDER",
        /// A FOK order that could not trade wholly.
        FokUnfillable = "FOK_UNFILLABLE",
        /// A market order, and the opposite side of the book ran out.
        InsufficientLiquidity = "INSUFFICIENT_LIQUIDITY",
        /// A market order, and its `maxQuote` paid for no more.
        BudgetExhausted = "BUDGET_EXHAUSTED",
        /// A market order, and the next price was too far from the first.
        PriceProtection = "PRICE_PROTECTION",
        /// Its time had come.
        GtdExpired = "GTD_EXPIRED",
        /// The session ended.
        SessionEnd = "SESSION_END",
        /// Its trigger came when it could not be executed.
        TriggerRejected = "TRIGGER_REJECTED",
        /// It met an order of its own account or group.
        Stp = "STP",
    }
}

/// An order as its sequencer knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id.
    pub id: OrderId,
    /// As it was asked for, price and quantity as amended.
    pub order: NewOrder,
    /// Its fee rates, fixed at acceptance.
    pub fees: FeeRates,
    /// Where it stands.
    pub status: OrderStatus,
    /// Base traded so far.
    pub filled: Quantity,
    /// Quote traded so far.
    pub notional: Amount,
    /// Base lost to self-trade prevention.
    pub prevented: Quantity,
    /// Fees paid so far, net of rebates, in the asset that [`crate::spec::SymbolSpec::fee_asset`] says.
    pub fee: SignedAmount,
    /// Still reserved, in atoms of the asset that its side gives.
    pub reserved: Amount,
    /// The list it is in, and the order that shares its reservation.
    pub list: Option<(ListId, OrderId)>,
    /// How often it was amended.
    pub amends: u32,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Order {
    /// What of it may still trade; none for an order by quote amount.
    #[must_use]
    pub fn open_quantity(&self) -> Option<Quantity> {
        self.order.kind.quantity().map(|quantity| quantity - self.filled - self.prevented)
    }
}
