//! From the core's words to the oracle's, so that the two can be compared.
//!
//! The only file that knows both vocabularies. It translates what the core **said**, field by field, and what
//! it was **asked**; it never computes anything.

use lightning_core::message::{
    Balance, CanceledOrder, NewOrder, Order, OrderKind, OrderStatus, PlacedOrder, Trade,
};
use lightning_core::reject::{Code, Detail, Reject};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{Amount, Side};

use crate::oracle::{self, Money, Oracle, Refusal};
use crate::workload::Setup;

/// An oracle for a setup, its symbols added.
#[must_use]
pub fn oracle(setup: &Setup) -> Oracle {
    let mut oracle = Oracle::new(limits(&setup.limits));
    for spec in &setup.symbols {
        oracle.add_symbol(spec.id().0, rules(spec));
    }
    oracle
}

/// A symbol's rules.
#[must_use]
pub fn rules(spec: &SymbolSpec) -> oracle::Rules {
    oracle::Rules {
        base: spec.base().0,
        quote: spec.quote().0,
        lot: money(Amount(spec.lot_atoms())),
        tick_lot: money(Amount(spec.tick_lot_atoms())),
        quantity_max: spec.limits().quantity_max.0,
    }
}

fn limits(limits: &SequencerLimits) -> oracle::Limits {
    oracle::Limits {
        open_orders_max: limits.open_orders_per_account_max as usize,
        closed_orders_max: limits.closed_orders_max,
    }
}

/// An amount. Nothing the engine counts is beyond an `i128`.
#[must_use]
pub fn money(amount: Amount) -> Money {
    Money::try_from(amount.0).expect("an amount within an i128")
}

/// A side.
#[must_use]
pub fn side(side: Side) -> oracle::Side {
    match side {
        Side::Buy => oracle::Side::Buy,
        Side::Sell => oracle::Side::Sell,
    }
}

/// An incoming order.
#[must_use]
pub fn new_order(order: &NewOrder) -> oracle::NewOrder {
    oracle::NewOrder {
        account: order.account.0,
        symbol: order.symbol.0,
        side: side(order.side),
        kind: match order.kind {
            OrderKind::Limit { price, quantity } => {
                oracle::Kind::Limit { price: price.0, quantity: quantity.0 }
            }
            OrderKind::MarketByQuantity { quantity } => oracle::Kind::Quantity(quantity.0),
            OrderKind::MarketByQuote { quote } => oracle::Kind::Quote(money(quote)),
        },
    }
}

/// A status. There is one reason for each so far, so nothing is lost.
#[must_use]
pub fn status(status: OrderStatus) -> oracle::Status {
    match status {
        OrderStatus::New => oracle::Status::New,
        OrderStatus::PartiallyFilled => oracle::Status::PartiallyFilled,
        OrderStatus::Filled => oracle::Status::Filled,
        OrderStatus::Canceled(_) => oracle::Status::Canceled,
        OrderStatus::Expired(_) => oracle::Status::Expired,
    }
}

/// A trade.
#[must_use]
pub fn trade(trade: &Trade) -> oracle::Trade {
    oracle::Trade {
        symbol: trade.symbol.0,
        id: trade.id.0,
        price: trade.price.0,
        quantity: trade.quantity.0,
        notional: money(trade.notional),
        taker_side: side(trade.taker_side),
        maker: trade.maker.0,
        taker: trade.taker.0,
    }
}

/// The answer to an accepted order, with the trades that were published for it. The answer tells the same
/// fills once more; that both agree is checked here, because afterwards only one of them is left.
#[must_use]
pub fn placed(placed: &PlacedOrder, trades: &[Trade]) -> oracle::Placed {
    let told: Vec<_> =
        placed.fills.iter().map(|fill| (fill.trade, fill.price, fill.quantity, fill.notional)).collect();
    let published: Vec<_> =
        trades.iter().map(|trade| (trade.id, trade.price, trade.quantity, trade.notional)).collect();
    assert_eq!(told, published, "the fills in the answer are not the trades that were published");
    for trade in trades {
        assert_eq!(
            (trade.taker, trade.symbol, trade.taker_side, trade.book_seq),
            (placed.id, placed.order.symbol, placed.order.side, placed.book_seq),
            "a trade of this command names another: {trade:?}"
        );
    }
    oracle::Placed {
        status: status(placed.status),
        filled: placed.filled.0,
        notional: money(placed.notional),
        reserved: money(placed.reserved),
        trades: trades.iter().map(trade).collect(),
        book_seq: placed.book_seq,
    }
}

/// The answer to a cancel.
#[must_use]
pub fn canceled(canceled: &CanceledOrder) -> oracle::Canceled {
    oracle::Canceled {
        symbol: canceled.symbol.0,
        side: side(canceled.side),
        quantity: canceled.canceled.0,
        released: money(canceled.released),
        book_seq: canceled.book_seq,
    }
}

/// A refusal; panics for one that no command of a workload may meet with.
#[must_use]
pub fn refusal(reject: &Reject) -> Refusal {
    match (reject.code, reject.detail) {
        (Code::NotionalRange, Detail::None) => Refusal::NotOneLot,
        (Code::TooManyOpenOrders, Detail::Bound { max }) => Refusal::TooManyOpenOrders(max as usize),
        (Code::UnknownAccount, Detail::None) => Refusal::UnknownAccount,
        (Code::InsufficientBalance, Detail::Funds { asset, required, available }) => {
            Refusal::Insufficient { asset: asset.0, required: money(required), available: money(available) }
        }
        (Code::BalanceOverflow, Detail::None) => Refusal::BalanceOverflow,
        (Code::UnknownOrder, Detail::None) => Refusal::UnknownOrder,
        (Code::OrderAlreadyClosed, Detail::Closed { order, status: closed }) => {
            Refusal::AlreadyClosed { order: order.0, status: status(closed) }
        }
        _ => panic!("a refusal that no command here may meet with: {reject:?}"),
    }
}

/// Panics unless the sequencer's view of an order is the oracle's.
pub fn expect_order(oracle: &Oracle, live: &Order) {
    let Some(told) = oracle.order(live.id.0) else {
        panic!("the core knows an order that the oracle does not: {live:?}");
    };
    assert_eq!(
        (status(live.status), live.filled.0, money(live.notional), money(live.reserved)),
        (told.status, told.filled, told.notional, oracle.reserved(told)),
        "status, filled, notional, reserved of {:?}: the core's, then the oracle's",
        live.id
    );
}

/// Panics unless a balance is the oracle's.
pub fn expect_balance(oracle: &Oracle, account: u64, asset: u32, live: Balance) {
    assert_eq!(
        (money(live.available), money(live.frozen)),
        (oracle.available(account, asset), oracle.frozen(account, asset)),
        "available, frozen of account {account}, asset {asset}: the core's, then the oracle's"
    );
}
