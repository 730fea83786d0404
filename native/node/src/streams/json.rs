//! Messages that come as seldom as that they may be JSON.

use lightning_core::archive::{Interval, Kline, Ticker};
use lightning_core::message::Settlement;
use lightning_core::types::{Amount, Quantity};
use lightning_engine::market_data::BookView;
use lightning_engine::registry::{Registry, Symbol};
use lightning_engine::streams::{AccountStart, BalanceUpdate, ExecutionReport, StatusUpdate};
use serde_json::{Value, json};

use crate::answers::{balance_json, fills_json, milliseconds, order_json};
use crate::history::{kline_json, ticker_json};

/// All of an account's balances, or all of its open orders.
pub(super) fn start(start: &AccountStart, of_balances: bool, registry: &Registry) -> Value {
    let mut value = json!({
        "type": "snapshot",
        "accountId": start.account.0,
        "seq": start.seq.0,
        "ts": milliseconds(start.at),
    });
    if of_balances {
        let lines = start.balances.iter().map(|&(asset, balance)| balance_json(registry, asset, balance));
        value["balances"] = lines.collect();
    } else {
        value["orders"] = start.orders.iter().map(|order| order_json(registry, order)).collect();
    }
    value
}

pub(super) fn execution(report: &ExecutionReport, registry: &Registry) -> Value {
    let order = &report.execution.order;
    let symbol = registry.symbol(order.order.symbol);
    let fee_asset = registry.asset(symbol.spec.fee_asset(order.order.side));
    let liquidity = if report.is_maker { "maker" } else { "taker" };
    let moved = |step: &Settlement| (step.filled, step.notional);
    let (quantity, quote) = report.execution.step.as_ref().map_or((Quantity::ZERO, Amount::ZERO), moved);
    json!({
        "type": "execution",
        "accountId": order.order.account.0,
        "symbol": symbol.name,
        "kind": report.kind().as_str(),
        "seq": report.seq.0,
        "ts": milliseconds(report.at),
        "order": order_json(registry, order),
        "lastQuantity": symbol.quantity_text(u128::from(quantity.0)),
        "lastQuote": symbol.quote_text(quote),
        "fills": fills_json(&report.fills, symbol, fee_asset, liquidity),
    })
}

pub(super) fn balance(update: &BalanceUpdate, registry: &Registry) -> Value {
    let mut value = balance_json(registry, update.asset, update.balance);
    value["type"] = "balance".into();
    value["accountId"] = update.account.0.into();
    value["seq"] = update.seq.0.into();
    value["ts"] = milliseconds(update.at).into();
    value
}

pub(super) fn status(status: &StatusUpdate, registry: &Registry) -> Value {
    match status {
        StatusUpdate::Engine { state, room } => {
            json!({ "type": "engine", "state": state, "room": room.as_str() })
        }
        StatusUpdate::Symbol { symbol, status } => json!({
            "type": "symbol",
            "symbol": registry.symbol(*symbol).name,
            "status": status.map(lightning_core::rules::SymbolStatus::as_str),
        }),
    }
}

pub(super) fn ticker(symbol: &Symbol, ticker: &Ticker, book: &BookView) -> Value {
    let mut value = ticker_json(symbol, ticker, book);
    value["type"] = "ticker".into();
    value
}

pub(super) fn kline(symbol: &Symbol, interval: Interval, kline: &Kline) -> Value {
    let mut value = kline_json(symbol, kline);
    value["type"] = "kline".into();
    value["symbol"] = symbol.name.as_str().into();
    value["interval"] = interval.as_str().into();
    value
}
