//! From the core's words to the oracle's, so that the two can be compared.
//!
//! The only file that knows both vocabularies. It translates what the core **said**, field by field, and what
//! it was **asked**; it never computes anything.

use lightning_core::fees::{FeeMode, FeeRates};
use lightning_core::message::{
    AmendedOrder, Balance, CancelReason, CanceledOrder, Estimate, ExpireReason, NewOrder, NewQuantity,
    OnlyIf, Order, OrderFilter, OrderKind, OrderRef, OrderStatus, PlacedOrder, ReplaceMode, ReplacedOrder,
    StpMode, TimeInForce, Trade, TrailOffset, Trigger,
};
use lightning_core::reject::{Code, Detail, Reject};
use lightning_core::rules::{AccountStatus, SymbolRules, SymbolStatus};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{Amount, Side, SignedAmount};

use crate::oracle::{self, Money, Oracle, Refusal};
use crate::workload::Setup;

/// An oracle for a setup, its symbols added.
#[must_use]
pub fn oracle(setup: &Setup) -> Oracle {
    let mut oracle = Oracle::new(limits(&setup.limits));
    oracle.advance(setup.start.0);
    for (spec, each) in setup.symbols.iter().zip(&setup.rules) {
        oracle.add_symbol(spec.id().0, rules(spec, each));
    }
    oracle
}

/// A symbol's rules.
#[must_use]
pub fn rules(spec: &SymbolSpec, rules: &SymbolRules) -> oracle::Rules {
    let limits = spec.limits();
    let lot = money(Amount(spec.lot_atoms()));
    let count = |max: Option<u32>| max.map(|max| max as usize);
    oracle::Rules {
        base: spec.base().0,
        quote: spec.quote().0,
        lot,
        tick_lot: money(Amount(spec.tick_lot_atoms())),
        status: symbol_status(rules.status),
        fees: fees(rules.fees),
        fee_mode: match spec.fee_mode() {
            FeeMode::Received => oracle::FeeMode::Received,
            FeeMode::Quote => oracle::FeeMode::Quote,
        },
        allow_net_rebate: rules.allow_net_rebate,
        band: rules.band.map(|band| oracle::Band {
            bid_up: band.bid_up_bps.into(),
            bid_down: band.bid_down_bps.into(),
            ask_up: band.ask_up_bps.into(),
            ask_down: band.ask_down_bps.into(),
        }),
        price_min: limits.price_min.0,
        price_max: limits.price_max.0,
        price_floor: rules.price_floor.map(|price| price.0),
        price_cap: rules.price_cap.map(|price| price.0),
        reference_price: rules.reference_price.map(|price| price.0),
        reference_minutes: Some(u64::from(rules.reference_minutes)).filter(|minutes| *minutes > 0),
        market_protection_bps: rules.market_protection_bps.map(u64::from),
        min_notional: Some(money(limits.notional_min)),
        max_notional: rules.notional_max.map(money),
        apply_to_market: rules.notional_applies_to_market,
        quantity_min: limits.quantity_min.0,
        quantity_max: limits.quantity_max.0,
        market_quantity_max: rules.market_quantity_max.map(|quantity| quantity.0),
        max_position: rules.position_max.map(|quantity| Money::from(quantity.0) * lot),
        max_open_orders: count(rules.open_orders_max),
        max_open_conditional: count(rules.conditional_max),
        max_open_icebergs: count(rules.icebergs_max),
        max_open_lists: count(rules.lists_max),
        max_amends: rules.amends_max,
        max_iceberg_parts: Some(u64::from(rules.iceberg_parts_max)),
        trail_bps_min: rules.trail_bps.0.into(),
        trail_bps_max: rules.trail_bps.1.into(),
        session_end: rules.session_end_nanos,
    }
}

fn limits(limits: &SequencerLimits) -> oracle::Limits {
    oracle::Limits {
        open_orders_max: limits.open_orders_per_account_max as usize,
        closed_orders_max: limits.closed_orders_max,
    }
}

/// What a symbol admits.
#[must_use]
pub fn symbol_status(status: SymbolStatus) -> oracle::SymbolStatus {
    match status {
        SymbolStatus::Trading => oracle::SymbolStatus::Trading,
        SymbolStatus::PostOnly => oracle::SymbolStatus::PostOnly,
        SymbolStatus::LimitOnly => oracle::SymbolStatus::LimitOnly,
        SymbolStatus::CancelOnly => oracle::SymbolStatus::CancelOnly,
        SymbolStatus::Halt => oracle::SymbolStatus::Halt,
        SymbolStatus::Closed => oracle::SymbolStatus::Closed,
    }
}

/// What an account may do.
#[must_use]
pub fn account_status(status: AccountStatus) -> oracle::AccountStatus {
    match status {
        AccountStatus::Active => oracle::AccountStatus::Active,
        AccountStatus::CancelOnly => oracle::AccountStatus::CancelOnly,
        AccountStatus::Suspended => oracle::AccountStatus::Suspended,
        AccountStatus::Closed => oracle::AccountStatus::Closed,
    }
}

/// Fee rates.
#[must_use]
pub fn fees(rates: FeeRates) -> oracle::Fees {
    oracle::Fees { taker: rates.taker_ppm.into(), maker: rates.maker_ppm.into() }
}

/// An amount. Nothing the engine counts is beyond an `i128`.
#[must_use]
pub fn money(amount: Amount) -> Money {
    Money::try_from(amount.0).expect("an amount within an i128")
}

/// An amount with a sign.
#[must_use]
pub fn signed(amount: SignedAmount) -> Money {
    amount.0
}

/// A side.
#[must_use]
pub fn side(side: Side) -> oracle::Side {
    match side {
        Side::Buy => oracle::Side::Buy,
        Side::Sell => oracle::Side::Sell,
    }
}

fn kind(kind: OrderKind) -> oracle::Kind {
    match kind {
        OrderKind::Limit { price, quantity } => oracle::Kind::Limit { price: price.0, quantity: quantity.0 },
        OrderKind::MarketByQuantity { quantity } => oracle::Kind::Quantity(quantity.0),
        OrderKind::MarketByQuote { quote } => oracle::Kind::Quote(money(quote)),
    }
}

fn stp(mode: StpMode) -> oracle::Stp {
    match mode {
        StpMode::None => oracle::Stp::None,
        StpMode::ExpireTaker => oracle::Stp::ExpireTaker,
        StpMode::ExpireMaker => oracle::Stp::ExpireMaker,
        StpMode::ExpireBoth => oracle::Stp::ExpireBoth,
        StpMode::Decrement => oracle::Stp::Decrement,
    }
}

fn trigger(trigger: Trigger) -> oracle::Trigger {
    match trigger {
        Trigger::Stop { price } => oracle::Trigger::Stop(price.0),
        Trigger::TakeProfit { price } => oracle::Trigger::TakeProfit(price.0),
        Trigger::Trailing { offset, activation } => oracle::Trigger::Trailing {
            trail: match offset {
                TrailOffset::Bps(bps) => oracle::Trail::Bps(bps.into()),
                TrailOffset::Ticks(ticks) => oracle::Trail::Ticks(ticks.0),
            },
            activation: activation.map(|price| price.0),
        },
    }
}

/// An incoming order.
#[must_use]
pub fn new_order(order: &NewOrder) -> oracle::NewOrder {
    let extras = order.extras.as_deref().cloned().unwrap_or_default();
    oracle::NewOrder {
        account: order.account.0,
        symbol: order.symbol.0,
        side: side(order.side),
        kind: kind(order.kind),
        tif: match order.tif {
            TimeInForce::Gtc => oracle::Tif::Gtc,
            TimeInForce::Ioc => oracle::Tif::Ioc,
            TimeInForce::Fok => oracle::Tif::Fok,
            TimeInForce::Gtd => oracle::Tif::Gtd,
            TimeInForce::Day => oracle::Tif::Day,
        },
        post_only: order.post_only,
        stp: stp(order.stp),
        max_quote: extras.max_quote.map(money),
        protection_bps: extras.protection_bps.map(u64::from),
        display: extras.display.map(|quantity| quantity.0),
        trigger: extras.trigger.map(trigger),
        expire_at: extras.expire_at.map(|at| at.0).filter(|_| order.tif == TimeInForce::Gtd),
        client_id: extras.client_id.map(|name| name.0.to_string()),
        fees: extras.fees.map(fees),
        valid_until: extras.valid_until.map(|until| until.0),
    }
}

/// How an order is named.
#[must_use]
pub fn which(order: &OrderRef) -> oracle::Which {
    match order {
        OrderRef::Id(id) => oracle::Which::Id(id.0),
        OrderRef::Client(name) => oracle::Which::Client(name.0.to_string()),
    }
}

/// A cancel's condition.
#[must_use]
pub fn only_if(only_if: OnlyIf) -> oracle::OnlyIf {
    match only_if {
        OnlyIf::New => oracle::OnlyIf::New,
        OnlyIf::PartiallyFilled => oracle::OnlyIf::PartiallyFilled,
    }
}

/// An amended quantity.
#[must_use]
pub fn new_quantity(quantity: NewQuantity) -> oracle::NewQuantity {
    match quantity {
        NewQuantity::Total(quantity) => oracle::NewQuantity::Total(quantity.0),
        NewQuantity::ReduceBy(quantity) => oracle::NewQuantity::ReduceBy(quantity.0),
    }
}

/// What a cancel-replace does when one half fails.
#[must_use]
pub fn replace_mode(mode: ReplaceMode) -> oracle::ReplaceMode {
    match mode {
        ReplaceMode::StopOnFailure => oracle::ReplaceMode::StopOnFailure,
        ReplaceMode::AllowFailure => oracle::ReplaceMode::AllowFailure,
        ReplaceMode::Atomic => oracle::ReplaceMode::Atomic,
    }
}

/// Which orders a mass cancel means.
#[must_use]
pub fn filter(filter: &OrderFilter) -> oracle::Filter {
    oracle::Filter {
        symbol: filter.symbol.map(|symbol| symbol.0),
        side: filter.side.map(side),
        prefix: filter.client_id_prefix.as_ref().map(|prefix| prefix.0.to_string()),
    }
}

/// A status, with the reason where there is one.
#[must_use]
pub fn status(status: OrderStatus) -> (oracle::Status, Option<oracle::Reason>) {
    use oracle::{Reason, Status};
    match status {
        OrderStatus::PendingTrigger => (Status::PendingTrigger, None),
        OrderStatus::New => (Status::New, None),
        OrderStatus::PartiallyFilled => (Status::PartiallyFilled, None),
        OrderStatus::Filled => (Status::Filled, None),
        OrderStatus::Canceled(reason) => {
            let reason = match reason {
                CancelReason::User => Reason::User,
                CancelReason::Mass => Reason::Mass,
                CancelReason::Deadman => Reason::Deadman,
                CancelReason::OcoSibling => Reason::OcoSibling,
                CancelReason::Replaced => Reason::Replaced,
                CancelReason::Admin => Reason::Admin,
                CancelReason::SymbolClosed => Reason::SymbolClosed,
            };
            (Status::Canceled, Some(reason))
        }
        OrderStatus::Expired(reason) => {
            let reason = match reason {
                ExpireReason::IocRemainder => Reason::IocRemainder,
                ExpireReason::FokUnfillable => Reason::FokUnfillable,
                ExpireReason::InsufficientLiquidity => Reason::InsufficientLiquidity,
                ExpireReason::BudgetExhausted => Reason::BudgetExhausted,
                ExpireReason::PriceProtection => Reason::PriceProtection,
                ExpireReason::GtdExpired => Reason::GtdExpired,
                ExpireReason::SessionEnd => Reason::SessionEnd,
                ExpireReason::TriggerRejected => Reason::TriggerRejected,
                ExpireReason::Stp => Reason::Stp,
            };
            (Status::Expired, Some(reason))
        }
    }
}

/// A trade.
#[must_use]
pub fn trade(trade: &Trade) -> oracle::Trade {
    oracle::Trade {
        symbol: trade.symbol.0,
        id: trade.id.0,
        time: trade.at.0,
        price: trade.price.0,
        quantity: trade.quantity.0,
        notional: money(trade.notional),
        taker_side: side(trade.taker_side),
        maker: trade.maker.0,
        taker: trade.taker.0,
        maker_fee: signed(trade.maker_fee),
        taker_fee: signed(trade.taker_fee),
    }
}

/// The answer to an accepted order, with the first of the trades that were published for its command. The
/// answer tells the same fills once more; that both agree is checked here, because afterwards only one of them
/// is left.
#[must_use]
pub fn placed(placed: &PlacedOrder, trades: &[Trade]) -> oracle::Placed {
    let own = trades.get(..placed.fills.len()).expect("every fill is published as a trade");
    for (fill, trade) in placed.fills.iter().zip(own) {
        assert_eq!(
            (fill.trade, fill.price, fill.quantity, fill.notional, fill.fee),
            (trade.id, trade.price, trade.quantity, trade.notional, trade.taker_fee),
            "a fill in the answer is not the trade that was published"
        );
        assert_eq!(
            (trade.taker, trade.symbol, trade.taker_side, trade.taker_account),
            (placed.id, placed.order.symbol, placed.order.side, placed.order.account),
            "a trade of this order names another: {trade:?}"
        );
    }
    let (status, reason) = status(placed.status);
    oracle::Placed {
        status,
        reason,
        filled: placed.filled.0,
        prevented: placed.prevented.0,
        notional: money(placed.notional),
        fee: signed(placed.fee),
        reserved: money(placed.reserved),
        trades: own.iter().map(trade).collect(),
        book_seq: placed.book_seq,
    }
}

/// The answer to an amend.
#[must_use]
pub fn amended(amended: &AmendedOrder, trades: &[Trade]) -> oracle::Amended {
    oracle::Amended {
        placed: placed(&amended.placed, trades),
        done_before: amended.done_before.0,
        priority_kept: amended.priority_kept,
    }
}

/// The answer to a tested order, as far as it can be told from what would happen.
#[must_use]
pub fn estimated(estimate: &Estimate) -> oracle::Placed {
    let (status, reason) = status(estimate.status);
    oracle::Placed {
        status,
        reason,
        filled: estimate.filled.0,
        prevented: 0,
        notional: money(estimate.notional),
        fee: signed(estimate.fee),
        reserved: money(estimate.reserved),
        trades: Vec::new(),
        book_seq: 0,
    }
}

/// The answer to a cancel.
#[must_use]
pub fn canceled(canceled: &CanceledOrder) -> oracle::Canceled {
    oracle::Canceled {
        order: canceled.id.0,
        symbol: canceled.symbol.0,
        side: side(canceled.side),
        quantity: canceled.canceled.0,
        released: money(canceled.released),
        sibling: canceled.sibling.map(|id| id.0),
        book_seq: canceled.book_seq,
    }
}

/// The answer to a cancel-replace. The cancel of an atomic one that failed for no fault of its own is none.
///
/// # Errors
/// 4020 and 4021, with both halves.
pub fn replaced(replaced: &ReplacedOrder, trades: &[Trade]) -> Result<oracle::Replaced, Refusal> {
    let canceled_half = match &replaced.canceled {
        Err(Reject { code: Code::ReplaceFailed, .. }) => None,
        half => Some(half.as_ref().map(canceled).map_err(refusal)),
    };
    let placed_half = replaced
        .placed
        .as_ref()
        .map(|half| half.as_ref().map(|order| placed(order, trades)).map_err(refusal));
    let both = oracle::Replaced { canceled: canceled_half, placed: placed_half };
    match (&both.canceled, &both.placed) {
        (Some(Ok(_)), Some(Ok(_))) => Ok(both),
        (Some(Ok(_)), _) | (_, Some(Ok(_))) => Err(Refusal::ReplacePartiallyFailed(Box::new(both))),
        _ => Err(Refusal::ReplaceFailed(Box::new(both))),
    }
}

/// A refusal; panics for one that no command of a workload may meet with.
#[must_use]
pub fn refusal(reject: &Reject) -> Refusal {
    match (reject.code, reject.detail) {
        (Code::InvalidExpiry, Detail::None) => Refusal::InvalidExpiry,
        (Code::NoChange, Detail::None) => Refusal::NoChange,
        (Code::UnknownSymbol, Detail::None) => Refusal::UnknownSymbol,
        (Code::SymbolNotTrading, Detail::None) => Refusal::SymbolNotTrading,
        (Code::SymbolCancelOnly, Detail::None) => Refusal::SymbolCancelOnly,
        (Code::SymbolModeRestricted, Detail::None) => Refusal::SymbolModeRestricted,
        (Code::PriceRange, Detail::None) => Refusal::PriceRange,
        (Code::PriceBand, Detail::Band { min, max, .. }) => Refusal::PriceBand { min: min.0, max: max.0 },
        (Code::QtyRange, Detail::None) => Refusal::QuantityRange,
        (Code::NotionalRange, Detail::None) => Refusal::NotionalRange,
        (Code::IcebergParts, Detail::None) => Refusal::IcebergParts,
        (Code::TrailingRange, Detail::None) => Refusal::TrailingRange,
        (Code::TooManyOpenOrders, Detail::Bound { max }) => Refusal::TooManyOpenOrders(max as usize),
        (Code::MaxPosition, Detail::None) => Refusal::MaxPosition,
        (Code::TooManyAmends, Detail::Bound { max }) => Refusal::TooManyAmends(max),
        (Code::UnknownAccount, Detail::None) => Refusal::UnknownAccount,
        (Code::AccountSuspended, Detail::None) => Refusal::AccountSuspended,
        (Code::AccountClosed, Detail::None) => Refusal::AccountClosed,
        (Code::PermissionDenied, Detail::None) => Refusal::PermissionDenied,
        (Code::InsufficientBalance, Detail::Funds { asset, required, available }) => {
            Refusal::Insufficient { asset: asset.0, required: money(required), available: money(available) }
        }
        (Code::HasOpenOrders, Detail::None) => Refusal::HasOpenOrders,
        (Code::BalanceOverflow, Detail::None) => Refusal::BalanceOverflow,
        (Code::NonZeroBalance, Detail::None) => Refusal::NonZeroBalance,
        (Code::UnknownOrder, Detail::None) => Refusal::UnknownOrder,
        (Code::OrderAlreadyClosed, Detail::Closed { order, status: closed }) => {
            let (status, reason) = status(closed);
            Refusal::AlreadyClosed { order: order.0, status, reason }
        }
        (Code::DuplicateClientOrderId, Detail::None) => Refusal::DuplicateClientOrderId,
        (Code::PostOnlyWouldCross, Detail::None) => Refusal::PostOnlyWouldCross,
        (Code::WouldTriggerImmediately, Detail::Last { price, .. }) => {
            Refusal::WouldTriggerImmediately { last: price.0 }
        }
        (Code::NoReferencePrice, Detail::None) => Refusal::NoReferencePrice,
        (Code::OcoBadPrices, Detail::Last { price, .. }) => Refusal::OcoBadPrices { last: price.0 },
        (Code::QtyBelowFilled, Detail::None) => Refusal::QuantityBelowFilled,
        (Code::AmendNotAllowed, Detail::None) => Refusal::AmendNotAllowed,
        (Code::CancelRestricted, Detail::None) => Refusal::CancelRestricted,
        (Code::StaleRequest, Detail::None) => Refusal::StaleRequest,
        (Code::RateLimited, Detail::Wait { nanos }) => Refusal::RateLimited { nanos },
        (Code::SymbolInUse, Detail::None) => Refusal::SymbolInUse,
        (Code::BadStatusTransition, Detail::None) => Refusal::BadStatusTransition,
        _ => panic!("a refusal that no command here may meet with: {reject:?}"),
    }
}

/// Panics unless the sequencer's view of an order is the oracle's.
pub fn expect_order(oracle: &Oracle, live: &Order) {
    let Some(told) = oracle.order(live.id.0) else {
        panic!("the core knows an order that the oracle does not: {live:?}");
    };
    let kind = kind(live.order.kind);
    let (price, quantity) = match kind {
        oracle::Kind::Limit { price, quantity } => (Some(price), quantity),
        oracle::Kind::Quantity(quantity) => (None, quantity),
        oracle::Kind::Quote(_) => (None, 0),
    };
    assert_eq!(
        (
            status(live.status),
            (price, quantity, live.filled.0, live.prevented.0),
            (money(live.notional), signed(live.fee), money(live.reserved)),
            (fees(live.fees), live.amends, live.list.map(|list| list.0.0)),
            live.order.expire_at().map(|at| at.0),
        ),
        (
            (told.status, told.reason),
            (told.price, told.quantity, told.filled, told.prevented),
            (told.notional, told.fee, oracle.reserved(told)),
            (told.rates, told.amends, told.list),
            told.expire_at,
        ),
        "status, (price, quantity, filled, prevented), (notional, fee, reserved), (rates, amends, list), expiry of {:?}: the core's, then the oracle's",
        live.id
    );
}

/// Panics unless a balance is the oracle's.
pub fn expect_balance(oracle: &Oracle, account: u64, asset: u32, live: Balance) {
    assert_eq!(
        (money(live.available), money(live.frozen), money(live.held)),
        (oracle.available(account, asset), oracle.frozen(account, asset), oracle.held(account, asset)),
        "available, frozen, held of account {account}, asset {asset}: the core's, then the oracle's"
    );
}
