//! A symbol's rules that may change while it trades, and an account's terms.
//!
//! What may not change (assets, tick, lot, how fees are paid) is in [`crate::spec::SymbolSpec`].

use crate::fees::FeeRates;
use crate::limits::ICEBERG_PARTS_MAX;
use crate::order::StpMode;
use crate::reject::{Code, Reject};
use crate::types::{Amount, Price, Quantity, StpGroup, SymbolId};

/// The rules of one symbol besides its grid. Copied to its matcher and to every sequencer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolRules {
    /// What is accepted now.
    pub status: SymbolStatus,
    /// For orders whose account has no rates of its own.
    pub fees: FeeRates,
    /// May a rebate exceed what the taker pays?
    pub allow_net_rebate: bool,
    /// Largest price x quantity, in quote atoms; none for no such rule.
    pub notional_max: Option<Amount>,
    /// Do the notional bounds apply to market orders by quantity, at the reference price?
    pub notional_applies_to_market: bool,
    /// Largest market order by quantity; the general bound without.
    pub market_quantity_max: Option<Quantity>,
    /// How far a limit price may be from the reference price.
    pub band: Option<PriceBand>,
    /// No limit price below.
    pub price_floor: Option<Price>,
    /// No limit price above.
    pub price_cap: Option<Price>,
    /// The reference price, where the operator sets it.
    pub reference_price: Option<Price>,
    /// Minutes of trades that the reference price averages; zero: the last trade.
    pub reference_minutes: u32,
    /// How far a market order may trade from the best opposite price at entry, in basis points.
    pub market_protection_bps: Option<u32>,
    /// Open and pending orders per account.
    pub open_orders_max: Option<u32>,
    /// Pending conditional orders per account.
    pub conditional_max: Option<u32>,
    /// Open icebergs per account.
    pub icebergs_max: Option<u32>,
    /// Open lists per account.
    pub lists_max: Option<u32>,
    /// Most base an account may own and be buying, in lots.
    pub position_max: Option<Quantity>,
    /// Bounds of a trailing stop's basis points, inclusive.
    pub trail_bps: (u32, u32),
    /// Most slices of an iceberg, at most [`ICEBERG_PARTS_MAX`].
    pub iceberg_parts_max: u32,
    /// How often an order may be amended.
    pub amends_max: Option<u32>,
    /// Which modes of self-trade prevention an order may name: bit n is [`StpMode::ALL`]\[n\].
    pub allowed_stp: u8,
    /// The mode of an order that names none.
    pub default_stp: StpMode,
    /// Which order types are taken: bit n is [`OrderType::ALL`]\[n\].
    pub order_types: u16,
    /// End of the session of DAY orders: nanoseconds after midnight UTC, below a day.
    pub session_end_nanos: u64,
}

impl Default for SymbolRules {
    fn default() -> Self {
        Self {
            status: SymbolStatus::Trading,
            fees: FeeRates::default(),
            allow_net_rebate: false,
            notional_max: None,
            notional_applies_to_market: false,
            market_quantity_max: None,
            band: None,
            price_floor: None,
            price_cap: None,
            reference_price: None,
            reference_minutes: 0,
            market_protection_bps: None,
            open_orders_max: None,
            conditional_max: None,
            icebergs_max: None,
            lists_max: None,
            position_max: None,
            trail_bps: (1, 9_999),
            iceberg_parts_max: ICEBERG_PARTS_MAX,
            amends_max: None,
            allowed_stp: 0b1_1111,
            default_stp: StpMode::ExpireTaker,
            order_types: u16::MAX,
            session_end_nanos: 0,
        }
    }
}

impl SymbolRules {
    /// May an order name this mode?
    #[must_use]
    pub fn allows_stp(&self, mode: StpMode) -> bool {
        StpMode::ALL
            .iter()
            .position(|&each| each == mode)
            .is_some_and(|bit| self.allowed_stp & (1 << bit) != 0)
    }

    /// Is this type taken?
    #[must_use]
    pub fn allows_type(&self, kind: OrderType) -> bool {
        self.order_types & (1 << kind as u16) != 0
    }
}

/// An order type's public name; what [`SymbolRules::order_types`] switches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
#[expect(missing_docs, reason = "their names say it; docs/SEMANTICS.md says the rest")]
pub enum OrderType {
    Limit,
    Market,
    Stop,
    StopLimit,
    TakeProfit,
    TakeProfitLimit,
    TrailingStop,
    Iceberg,
    Oco,
}

impl OrderType {
    /// Every type, in the order of their bits.
    pub const ALL: [Self; 9] = [
        Self::Limit,
        Self::Market,
        Self::Stop,
        Self::StopLimit,
        Self::TakeProfit,
        Self::TakeProfitLimit,
        Self::TrailingStop,
        Self::Iceberg,
        Self::Oco,
    ];

    /// For instance `stop_limit`. Iceberg and oco are features rather than types of an order.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Limit => "limit",
            Self::Market => "market",
            Self::Stop => "stop",
            Self::StopLimit => "stop_limit",
            Self::TakeProfit => "take_profit",
            Self::TakeProfitLimit => "take_profit_limit",
            Self::TrailingStop => "trailing_stop",
            Self::Iceberg => "iceberg",
            Self::Oco => "oco",
        }
    }
}

/// How far a limit price may be from the reference price, in basis points, by side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceBand {
    /// A buy above it.
    pub bid_up_bps: u32,
    /// A buy below it, at most 10,000.
    pub bid_down_bps: u32,
    /// A sell above it.
    pub ask_up_bps: u32,
    /// A sell below it, at most 10,000.
    pub ask_down_bps: u32,
}

/// What a symbol accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolStatus {
    /// Everything.
    Trading,
    /// Only post-only orders, and cancels.
    PostOnly,
    /// No market orders.
    LimitOnly,
    /// Only cancels.
    CancelOnly,
    /// Only cancels; trading is to go on later.
    Halt,
    /// Nothing, for ever.
    Closed,
}

impl SymbolStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Trading, Self::PostOnly, Self::LimitOnly, Self::CancelOnly, Self::Halt, Self::Closed];

    /// For instance `CANCEL_ONLY`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trading => "TRADING",
            Self::PostOnly => "POST_ONLY",
            Self::LimitOnly => "LIMIT_ONLY",
            Self::CancelOnly => "CANCEL_ONLY",
            Self::Halt => "HALT",
            Self::Closed => "CLOSED",
        }
    }
}

impl SymbolStatus {
    /// May a new order come: one that is `post_only`, or has a limit?
    ///
    /// # Errors
    /// `SYMBOL_NOT_TRADING`, `SYMBOL_CANCEL_ONLY`, `SYMBOL_MODE_RESTRICTED`.
    #[inline]
    pub const fn check_new(self, post_only: bool, is_limit: bool) -> Result<(), Reject> {
        match self {
            Self::PostOnly if !post_only => Err(Reject::new(Code::SymbolModeRestricted)),
            Self::LimitOnly if !is_limit => Err(Reject::new(Code::SymbolModeRestricted)),
            _ => self.check_changes(),
        }
    }

    /// May anything but a cancel come?
    ///
    /// # Errors
    /// `SYMBOL_NOT_TRADING`, `SYMBOL_CANCEL_ONLY`.
    #[inline]
    pub const fn check_changes(self) -> Result<(), Reject> {
        match self {
            Self::Trading | Self::PostOnly | Self::LimitOnly => Ok(()),
            Self::CancelOnly => Err(Reject::new(Code::SymbolCancelOnly)),
            Self::Halt | Self::Closed => Err(Reject::new(Code::SymbolNotTrading)),
        }
    }
}

/// What an account may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AccountStatus {
    /// Everything.
    #[default]
    Active,
    /// No new orders.
    CancelOnly,
    /// Neither new orders nor withdrawals.
    Suspended,
    /// Nothing, for ever.
    Closed,
}

impl AccountStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Active, Self::CancelOnly, Self::Suspended, Self::Closed];

    /// For instance `CANCEL_ONLY`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::CancelOnly => "CANCEL_ONLY",
            Self::Suspended => "SUSPENDED",
            Self::Closed => "CLOSED",
        }
    }
}

/// A change of an account's terms by the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// Its status.
    Status(AccountStatus),
    /// Its own fee rates on one symbol or, without, on all; none to go back to the symbols'.
    Fees {
        /// On which symbol.
        symbol: Option<SymbolId>,
        /// From now on, for orders accepted from now on.
        rates: Option<FeeRates>,
    },
    /// Whether it may place orders, and whether it may withdraw.
    Permissions {
        /// Place, amend and replace orders.
        trade: bool,
        /// Withdraw, transfer out and hold.
        withdraw: bool,
    },
    /// Whom it must not trade with besides itself.
    StpGroup(Option<StpGroup>),
    /// How many orders it may place per time.
    RateLimit(Option<RateLimit>),
}

/// A token bucket: `burst` at once, refilled by `per_second` (1 to 1,000,000 each).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// Tokens that come back per second.
    pub per_second: u32,
    /// Tokens there may be at once.
    pub burst: u32,
}
