//! What is said to the oracle, and what it answers: rules, orders, trades, refusals.

/// Atoms of money. Signed, so that a mistake shows as a negative balance instead of a panic on the way.
pub type Money = i128;

/// Nanoseconds since the epoch.
pub type Time = u64;

/// Bounds of the whole exchange.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open orders an account may have, over all symbols.
    pub open_orders_max: usize,
    /// Closed orders that are remembered.
    pub closed_orders_max: usize,
}

/// Fee rates in parts per million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    /// Of who takes: 0 to 1,000,000.
    pub taker: i64,
    /// Of who makes: -1,000,000 to 1,000,000.
    pub maker: i64,
}

/// What fees are paid in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeeMode {
    /// Each side pays out of what it receives.
    Received,
    /// Both sides pay quote.
    Quote,
}

/// How far a limit price may be from the reference price, in basis points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// A buy above it.
    pub bid_up: u64,
    /// A buy below it.
    pub bid_down: u64,
    /// A sell above it.
    pub ask_up: u64,
    /// A sell below it.
    pub ask_down: u64,
}

/// What a symbol admits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolStatus {
    /// Everything.
    Trading,
    /// Only post-only orders.
    PostOnly,
    /// No market orders.
    LimitOnly,
    /// Only cancels.
    CancelOnly,
    /// Only cancels, too.
    Halt,
    /// Nothing any more.
    Closed,
}

/// A symbol's rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The asset that is bought and sold.
    pub base: u32,
    /// The asset that it is paid with.
    pub quote: u32,
    /// Base atoms of one lot.
    pub lot: Money,
    /// Quote atoms of one lot at a price of one tick.
    pub tick_lot: Money,
    /// Its status when it is added; later changes go through `set_status`.
    pub status: SymbolStatus,
    /// Fee rates of whoever has no others.
    pub fees: Fees,
    /// What fees are paid in.
    pub fee_mode: FeeMode,
    /// May a maker's rebate be more than the taker pays?
    pub allow_net_rebate: bool,
    /// How far limit prices may be from the reference price.
    pub band: Option<Band>,
    /// Lowest limit price that the grid has.
    pub price_min: u64,
    /// Highest limit price that the grid has.
    pub price_max: u64,
    /// Lowest limit price.
    pub price_floor: Option<u64>,
    /// Highest limit price.
    pub price_cap: Option<u64>,
    /// The operator's reference price.
    pub reference_price: Option<u64>,
    /// Without one: the average price of so many minutes.
    pub reference_minutes: Option<u64>,
    /// How far a market order may trade from the best price, in basis points.
    pub market_protection_bps: Option<u64>,
    /// Least an order may be worth, in quote atoms.
    pub min_notional: Option<Money>,
    /// Most an order may be worth, in quote atoms.
    pub max_notional: Option<Money>,
    /// Does that hold for market orders by quantity, at the reference price?
    pub apply_to_market: bool,
    /// Lots of the smallest order.
    pub quantity_min: u64,
    /// Lots of the largest order.
    pub quantity_max: u64,
    /// Lots of the largest market order, if that is something else.
    pub market_quantity_max: Option<u64>,
    /// Most base atoms an account may have, open buys included.
    pub max_position: Option<Money>,
    /// Open orders an account may have here.
    pub max_open_orders: Option<usize>,
    /// Of them: such that wait for their trigger.
    pub max_open_conditional: Option<usize>,
    /// Of them: icebergs.
    pub max_open_icebergs: Option<usize>,
    /// Open lists an account may have here.
    pub max_open_lists: Option<usize>,
    /// How often an order may be amended.
    pub max_amends: Option<u32>,
    /// In how many slices an iceberg may come.
    pub max_iceberg_parts: Option<u64>,
    /// Least trailing distance, in basis points.
    pub trail_bps_min: u64,
    /// Most trailing distance, in basis points.
    pub trail_bps_max: u64,
    /// When DAY orders expire: nanoseconds after midnight, UTC.
    pub session_end: Time,
}

impl Rules {
    /// Rules that forbid nothing and cost nothing.
    #[must_use]
    pub fn plain(base: u32, quote: u32, lot: Money, tick_lot: Money) -> Self {
        Self {
            base,
            quote,
            lot,
            tick_lot,
            status: SymbolStatus::Trading,
            fees: Fees::default(),
            fee_mode: FeeMode::Received,
            allow_net_rebate: false,
            band: None,
            price_min: 1,
            price_max: u64::MAX,
            price_floor: None,
            price_cap: None,
            reference_price: None,
            reference_minutes: None,
            market_protection_bps: None,
            min_notional: None,
            max_notional: None,
            apply_to_market: false,
            quantity_min: 1,
            quantity_max: u64::MAX,
            market_quantity_max: None,
            max_position: None,
            max_open_orders: None,
            max_open_conditional: None,
            max_open_icebergs: None,
            max_open_lists: None,
            max_amends: None,
            max_iceberg_parts: None,
            trail_bps_min: 1,
            trail_bps_max: 9_999,
            session_end: 0,
        }
    }

    /// Quote atoms of so many lots at that price.
    #[must_use]
    pub fn cost(&self, price: u64, quantity: u64) -> Money {
        Money::from(price) * Money::from(quantity) * self.tick_lot
    }

    /// The asset that an order gives.
    #[must_use]
    pub fn gives(&self, side: Side) -> u32 {
        match side {
            Side::Buy => self.quote,
            Side::Sell => self.base,
        }
    }

    /// The asset that an order's fees are paid in.
    #[must_use]
    pub fn fee_asset(&self, side: Side) -> u32 {
        match (self.fee_mode, side) {
            (FeeMode::Received, Side::Buy) => self.base,
            _ => self.quote,
        }
    }
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountStatus {
    /// Everything.
    Active,
    /// No new orders.
    CancelOnly,
    /// Only cancels, and getting money.
    Suspended,
    /// Nothing any more.
    Closed,
}

/// Who gives quote, who gives base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Gives quote.
    Buy,
    /// Gives base.
    Sell,
}

/// What an order asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// So many lots at this price or better; the rest waits.
    Limit {
        /// In ticks.
        price: u64,
        /// In lots.
        quantity: u64,
    },
    /// So many lots at any price.
    Quantity(u64),
    /// Lots for so much quote.
    Quote(Money),
}

/// How long an order is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tif {
    /// Until it is canceled.
    Gtc,
    /// What trades at once, the rest expires.
    Ioc,
    /// All of it at once, or nothing.
    Fok,
    /// Until `expire_at`.
    Gtd,
    /// Until the session ends.
    Day,
}

/// What a taker wants when it meets its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stp {
    /// Trade.
    None,
    /// The taker ends.
    ExpireTaker,
    /// The maker ends.
    ExpireMaker,
    /// Both end.
    ExpireBoth,
    /// Both get smaller by what would have traded.
    Decrement,
}

/// When a conditional order becomes an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A buy when the last price is so high, a sell when it is so low.
    Stop(u64),
    /// A buy when the last price is so low, a sell when it is so high.
    TakeProfit(u64),
    /// When the last price turns back by so much.
    Trailing {
        /// How far it must turn back.
        trail: Trail,
        /// From when on it is followed.
        activation: Option<u64>,
    },
}

/// How far the last price must turn back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trail {
    /// By a part of its extreme, in basis points.
    Bps(u64),
    /// By so many ticks.
    Ticks(u64),
}

/// An order as it comes in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Whose.
    pub account: u64,
    /// On which symbol.
    pub symbol: u32,
    /// Buy or sell.
    pub side: Side,
    /// What it asks for.
    pub kind: Kind,
    /// How long it is good for: of a market order IOC or FOK.
    pub tif: Tif,
    /// Refuse it rather than let it take.
    pub post_only: bool,
    /// When it meets its own.
    pub stp: Stp,
    /// Most a market buy by quantity may spend.
    pub max_quote: Option<Money>,
    /// How far from the best price a market order may trade, in basis points.
    pub protection_bps: Option<u64>,
    /// Lots of an iceberg that are seen.
    pub display: Option<u64>,
    /// When a conditional order becomes an order.
    pub trigger: Option<Trigger>,
    /// When a GTD order expires.
    pub expire_at: Option<Time>,
    /// The account's own name for it.
    pub client_id: Option<String>,
    /// Its own fee rates.
    pub fees: Option<Fees>,
    /// Refuse it if it is later than this.
    pub valid_until: Option<Time>,
}

impl NewOrder {
    /// A limit order, good till canceled.
    #[must_use]
    pub fn limit(account: u64, symbol: u32, side: Side, price: u64, quantity: u64) -> Self {
        let order = Self::market(account, symbol, side, Kind::Limit { price, quantity });
        Self { tif: Tif::Gtc, ..order }
    }

    /// A market order.
    #[must_use]
    pub fn market(account: u64, symbol: u32, side: Side, kind: Kind) -> Self {
        Self {
            account,
            symbol,
            side,
            kind,
            tif: Tif::Ioc,
            post_only: false,
            stp: Stp::ExpireTaker,
            max_quote: None,
            protection_bps: None,
            display: None,
            trigger: None,
            expire_at: None,
            client_id: None,
            fees: None,
            valid_until: None,
        }
    }

    /// Is it a limit order that has something to do when nobody crosses?
    #[must_use]
    pub fn can_rest(&self) -> bool {
        self.is_limit() && !matches!(self.tif, Tif::Ioc | Tif::Fok)
    }

    /// Does it have a limit?
    #[must_use]
    pub fn is_limit(&self) -> bool {
        matches!(self.kind, Kind::Limit { .. })
    }

    /// Does it count money instead of lots?
    #[must_use]
    pub fn is_by_quote(&self) -> bool {
        matches!(self.kind, Kind::Quote(_))
    }

    /// Is it over when its command is?
    #[must_use]
    pub fn is_immediate(&self) -> bool {
        self.trigger.is_none() && !self.can_rest()
    }
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Waits for its trigger.
    PendingTrigger,
    /// Waits, nothing traded.
    New,
    /// Waits, something traded.
    PartiallyFilled,
    /// Got what it asked for.
    Filled,
    /// Taken off.
    Canceled,
    /// Ended by what it asked for itself, or by its market.
    Expired,
}

/// Why an order was canceled or expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its owner canceled it.
    User,
    /// A mass cancel of its owner.
    Mass,
    /// The owner's timer ran out.
    Deadman,
    /// The other leg of its list ended.
    OcoSibling,
    /// Another order came in its place.
    Replaced,
    /// The operator canceled it.
    Admin,
    /// Its symbol was closed.
    SymbolClosed,
    /// The rest of an immediate limit order.
    IocRemainder,
    /// Not everything could trade.
    FokUnfillable,
    /// Nobody was left to trade with.
    InsufficientLiquidity,
    /// `max_quote` was used up.
    BudgetExhausted,
    /// The rest would have been too far from the best price.
    PriceProtection,
    /// Its time was up.
    GtdExpired,
    /// The session ended.
    SessionEnd,
    /// Its symbol does not admit it any more.
    TriggerRejected,
    /// It met its own.
    Stp,
}

/// An accepted order, open or closed.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its id.
    pub id: u64,
    /// As it came in.
    pub new: NewOrder,
    /// Where it stands.
    pub status: Status,
    /// Why it was canceled or expired.
    pub reason: Option<Reason>,
    /// Its limit now.
    pub price: Option<u64>,
    /// Its total quantity now; of an order by quote 0.
    pub quantity: u64,
    /// Lots traded.
    pub filled: u64,
    /// Lots that did not trade because both sides were the same.
    pub prevented: u64,
    /// Lots that will not trade.
    pub canceled: u64,
    /// Quote atoms traded.
    pub notional: Money,
    /// Quote that an order by quote lost to self-trade prevention.
    pub lost: Money,
    /// Fees paid, in its fee asset; negative what it was paid.
    pub fee: Money,
    /// Its fee rates.
    pub rates: Fees,
    /// Its owner's self-trade group when it was accepted.
    pub group: Option<u32>,
    /// When it expires.
    pub expire_at: Option<Time>,
    /// Its list.
    pub list: Option<u64>,
    /// The other leg of the list, while both are open.
    pub sibling: Option<u64>,
    /// Lots that the book shows.
    pub shown: u64,
    /// Its place in the book: who is lower came first. None: it is in no book.
    pub rank: Option<u64>,
    /// The best price that a trailing order has followed; none before its activation.
    pub extreme: Option<u64>,
    /// How often it was amended.
    pub amends: u32,
}

impl Order {
    /// Can it still trade?
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.status, Status::PendingTrigger | Status::New | Status::PartiallyFilled)
    }

    /// Does it wait for its trigger?
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.status == Status::PendingTrigger
    }

    /// Lots that it still wants. Nothing of an order by quote.
    #[must_use]
    pub fn open_quantity(&self) -> u64 {
        if self.is_open() && !self.new.is_by_quote() {
            self.quantity - self.filled - self.prevented - self.canceled
        } else {
            0
        }
    }

    /// The last price that triggers it: of a trailing order the one it would trigger at now.
    #[must_use]
    pub fn trigger_price(&self) -> Option<u64> {
        match (self.new.trigger?, self.new.side) {
            (Trigger::Stop(price) | Trigger::TakeProfit(price), _) => Some(price),
            (Trigger::Trailing { trail: Trail::Bps(bps), .. }, Side::Sell) => {
                Some(scale_down(self.extreme?, 10_000 - bps)).filter(|price| *price > 0)
            }
            (Trigger::Trailing { trail: Trail::Bps(bps), .. }, Side::Buy) => {
                Some(scale_up(self.extreme?, 10_000 + bps))
            }
            (Trigger::Trailing { trail: Trail::Ticks(ticks), .. }, Side::Sell) => {
                self.extreme?.checked_sub(ticks).filter(|price| *price > 0)
            }
            (Trigger::Trailing { trail: Trail::Ticks(ticks), .. }, Side::Buy) => {
                self.extreme?.checked_add(ticks)
            }
        }
    }

    /// Does it trigger when the last price is high enough (or when it is low enough)?
    #[must_use]
    pub fn triggers_rising(&self) -> bool {
        let takes_profit = matches!(self.new.trigger, Some(Trigger::TakeProfit(_)));
        (self.new.side == Side::Buy) != takes_profit
    }

    /// Does this last price trigger it?
    #[must_use]
    pub fn is_due(&self, last: u64) -> bool {
        match self.trigger_price() {
            None => false,
            Some(price) if self.triggers_rising() => last >= price,
            Some(price) => last <= price,
        }
    }
}

/// floor(price x parts / 10,000).
#[must_use]
pub fn scale_down(price: u64, parts: u64) -> u64 {
    u64::try_from(u128::from(price) * u128::from(parts) / 10_000).unwrap_or(u64::MAX)
}

/// ceil(price x parts / 10,000).
#[must_use]
pub fn scale_up(price: u64, parts: u64) -> u64 {
    u64::try_from((u128::from(price) * u128::from(parts)).div_ceil(10_000)).unwrap_or(u64::MAX)
}

/// One trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// On which symbol.
    pub symbol: u32,
    /// 1, 2, 3 ... per symbol.
    pub id: u64,
    /// When.
    pub time: Time,
    /// The price of the order that waited.
    pub price: u64,
    /// In lots.
    pub quantity: u64,
    /// In quote atoms.
    pub notional: Money,
    /// The side of the order that came in.
    pub taker_side: Side,
    /// The order that waited.
    pub maker: u64,
    /// The order that came in.
    pub taker: u64,
    /// What the maker pays; negative: is paid.
    pub maker_fee: Money,
    /// What the taker pays.
    pub taker_fee: Money,
}

/// What placing or amending an order did: how it stands when it has done what it does at once, and nothing that
/// it triggered has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Where the order stands.
    pub status: Status,
    /// Why, if it is canceled or expired.
    pub reason: Option<Reason>,
    /// Lots traded.
    pub filled: u64,
    /// Lots kept from trading with their owner.
    pub prevented: u64,
    /// Quote atoms traded.
    pub notional: Money,
    /// Fees paid.
    pub fee: Money,
    /// What it still holds back.
    pub reserved: Money,
    /// Its own trades of the command in order.
    pub trades: Vec<Trade>,
    /// The symbol's book sequence after it.
    pub book_seq: u64,
}

/// What amending an order did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amended {
    /// How it stands; filled, prevented, notional, fee and trades are those of the amend alone.
    pub placed: Placed,
    /// Filled and prevented before.
    pub done_before: u64,
    /// Did it keep its place in the queue?
    pub priority_kept: bool,
}

/// What canceling an order did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canceled {
    /// Which order.
    pub order: u64,
    /// On which symbol it was.
    pub symbol: u32,
    /// Its side.
    pub side: Side,
    /// Lots that will not trade.
    pub quantity: u64,
    /// What it held, of the asset that it gives; of a list what both legs held.
    pub released: Money,
    /// The other leg of its list, which was closed with it.
    pub sibling: Option<u64>,
    /// The symbol's book sequence after it.
    pub book_seq: u64,
}

/// Which of an account's orders a mass cancel means.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// On this symbol.
    pub symbol: Option<u32>,
    /// Of this side.
    pub side: Option<Side>,
    /// With a client order id that begins like this.
    pub prefix: Option<String>,
}

/// An order, by one of its names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// By its id.
    Id(u64),
    /// By its owner's name for it.
    Client(String),
}

/// A condition on a cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnlyIf {
    /// Nothing is filled.
    New,
    /// Something is filled.
    PartiallyFilled,
}

/// An amended quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewQuantity {
    /// A new total.
    Total(u64),
    /// So much less.
    ReduceBy(u64),
}

/// How the halves of a cancel-replace hang together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplaceMode {
    /// No new order unless the old one was canceled.
    StopOnFailure,
    /// Each for itself.
    AllowFailure,
    /// Both or nothing.
    Atomic,
}

/// What became of a cancel-replace. A half that was not tried is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The old order.
    pub canceled: Option<Result<Canceled, Refusal>>,
    /// The new order.
    pub placed: Option<Result<Placed, Refusal>>,
}

/// A refusal. Nothing changed, but for a half of a replace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 1010: it would have expired already.
    InvalidExpiry,
    /// 1015: the amend changes nothing.
    NoChange,
    /// 2000: no such symbol.
    UnknownSymbol,
    /// 2001: the symbol is halted or closed.
    SymbolNotTrading,
    /// 2002: the symbol admits only cancels.
    SymbolCancelOnly,
    /// 2003: the symbol does not admit such an order.
    SymbolModeRestricted,
    /// 2011: a price is too low or too high.
    PriceRange,
    /// 2012: too far from the reference price.
    PriceBand {
        /// Lowest that is allowed now.
        min: u64,
        /// Highest that is allowed now.
        max: u64,
    },
    /// 2021: a quantity is too small or too large.
    QuantityRange,
    /// 2030: worth too little or too much, or not even one lot.
    NotionalRange,
    /// 2042: too many slices.
    IcebergParts,
    /// 2043: too near or too far behind.
    TrailingRange,
    /// 2050: this many open orders (conditional orders, icebergs, lists) are enough.
    TooManyOpenOrders(usize),
    /// 2051: too much of the base asset.
    MaxPosition,
    /// 2052: amended often enough.
    TooManyAmends(u32),
    /// 3000: no such account.
    UnknownAccount,
    /// 3001: the account is suspended.
    AccountSuspended,
    /// 3002: the account is closed.
    AccountClosed,
    /// 3003: the account may not.
    PermissionDenied,
    /// 3010: not enough money.
    Insufficient {
        /// Of which asset.
        asset: u32,
        /// Needed.
        required: Money,
        /// There.
        available: Money,
    },
    /// 3011: the account has open orders.
    HasOpenOrders,
    /// 3012: too much money.
    BalanceOverflow,
    /// 3013: the account has money.
    NonZeroBalance,
    /// 4000: no such order of yours.
    UnknownOrder,
    /// 4002: it is closed already, like this.
    AlreadyClosed {
        /// Which order.
        order: u64,
        /// How it ended.
        status: Status,
        /// And why, if it was not filled.
        reason: Option<Reason>,
    },
    /// 4003: an open order of yours has that name.
    DuplicateClientOrderId,
    /// 4010: it would take.
    PostOnlyWouldCross,
    /// 4011: the last price triggers it already.
    WouldTriggerImmediately {
        /// The last price.
        last: u64,
    },
    /// 4012: nothing has traded yet.
    NoReferencePrice,
    /// 4013: the legs are not around the last price.
    OcoBadPrices {
        /// The last price.
        last: u64,
    },
    /// 4014: so much is filled (or prevented) already.
    QuantityBelowFilled,
    /// 4015: this order can't be amended like that.
    AmendNotAllowed,
    /// 4016: it is not in the status that was asked for.
    CancelRestricted,
    /// 4020: one half of a replace failed.
    ReplacePartiallyFailed(Box<Replaced>),
    /// 4021: a replace failed.
    ReplaceFailed(Box<Replaced>),
    /// 5002: it came too late.
    StaleRequest,
    /// 5003: too many orders at once.
    RateLimited {
        /// When the next one is taken.
        nanos: Time,
    },
    /// 6003: the symbol has open orders.
    SymbolInUse,
    /// 6005: that can't be changed.
    ImmutableField,
    /// 6006: that status is final.
    BadStatusTransition,
}

impl Refusal {
    /// The number of its error code.
    #[must_use]
    pub fn number(&self) -> u32 {
        match self {
            Self::InvalidExpiry => 1010,
            Self::NoChange => 1015,
            Self::UnknownSymbol => 2000,
            Self::SymbolNotTrading => 2001,
            Self::SymbolCancelOnly => 2002,
            Self::SymbolModeRestricted => 2003,
            Self::PriceRange => 2011,
            Self::PriceBand { .. } => 2012,
            Self::QuantityRange => 2021,
            Self::NotionalRange => 2030,
            Self::IcebergParts => 2042,
            Self::TrailingRange => 2043,
            Self::TooManyOpenOrders(_) => 2050,
            Self::MaxPosition => 2051,
            Self::TooManyAmends(_) => 2052,
            Self::UnknownAccount => 3000,
            Self::AccountSuspended => 3001,
            Self::AccountClosed => 3002,
            Self::PermissionDenied => 3003,
            Self::Insufficient { .. } => 3010,
            Self::HasOpenOrders => 3011,
            Self::BalanceOverflow => 3012,
            Self::NonZeroBalance => 3013,
            Self::UnknownOrder => 4000,
            Self::AlreadyClosed { .. } => 4002,
            Self::DuplicateClientOrderId => 4003,
            Self::PostOnlyWouldCross => 4010,
            Self::WouldTriggerImmediately { .. } => 4011,
            Self::NoReferencePrice => 4012,
            Self::OcoBadPrices { .. } => 4013,
            Self::QuantityBelowFilled => 4014,
            Self::AmendNotAllowed => 4015,
            Self::CancelRestricted => 4016,
            Self::ReplacePartiallyFailed(_) => 4020,
            Self::ReplaceFailed(_) => 4021,
            Self::StaleRequest => 5002,
            Self::RateLimited { .. } => 5003,
            Self::SymbolInUse => 6003,
            Self::ImmutableField => 6005,
            Self::BadStatusTransition => 6006,
        }
    }
}
