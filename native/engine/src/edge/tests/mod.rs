//! What the edge makes of calls: every code that it can give, and which of two faults it names.

mod combinations;
mod operations;
mod order;
mod plain;
mod rules;
mod shape;

use lightning_core::message::{NewOrder, Request};
use lightning_core::reject::Code;
use lightning_core::types::Timestamp;
use serde_json::{Map, Value, json};

use super::{Call, EdgeRefusal, Translated, translate};
use crate::refusal::Refusal;
use crate::registry::{AssetPatch, NewAsset, NewSymbol, Registry, SymbolPatch};
use crate::words;

/// The engine's clock: a million milliseconds.
const NOW: Timestamp = Timestamp(1_000_000_000_000);

/// BTC-USDT: ticks of 0.05 up to 100,000, lots of 0.0001 up to 100, at least 1 USDT.
fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.create_asset(&NewAsset::new("BTC", 8)).unwrap();
    registry.create_asset(&NewAsset::new("USDT", 6)).unwrap();
    let new = NewSymbol {
        name: "BTC-USDT".into(),
        base: "BTC".into(),
        quote: "USDT".into(),
        tick_size: "0.05".into(),
        lot_size: "0.0001".into(),
        min_price: Some("1".into()),
        max_price: Some("100000".into()),
        min_quantity: Some("0.001".into()),
        max_quantity: Some("100".into()),
        min_notional: Some("1".into()),
        ..NewSymbol::default()
    };
    let symbol = registry.prepare_symbol(&new, 0).unwrap();
    registry.add_symbol(symbol);
    registry
}

/// The same with some rules changed.
fn with_rules(patch: Value) -> Registry {
    let mut registry = registry();
    let patch: SymbolPatch = serde_json::from_value(patch).unwrap();
    let symbol = registry.prepare_update("BTC-USDT", &patch).unwrap();
    registry.replace_symbol(symbol);
    registry
}

fn with_status(status: &str) -> Registry {
    let mut registry = registry();
    let symbol = registry.prepare_status("BTC-USDT", status).unwrap();
    registry.replace_symbol(symbol);
    registry
}

fn without(asset: &str) -> Registry {
    let mut registry = registry();
    registry.update_asset(asset, &AssetPatch { enabled: Some(false), ..AssetPatch::default() }).unwrap();
    registry
}

/// `base` with the fields of `changes` in place of its own; null takes one away.
fn but(base: &Value, changes: &Value) -> Value {
    let mut fields = base.as_object().unwrap().clone();
    fields.extend(changes.as_object().unwrap().clone());
    Value::Object(fields.into_iter().filter(|(_, value)| !value.is_null()).collect::<Map<_, _>>())
}

fn limit(changes: &Value) -> Value {
    let plain = json!({
        "op": "placeOrder", "accountId": 7, "symbol": "BTC-USDT", "side": "buy", "type": "limit",
        "price": "100", "quantity": "1",
    });
    but(&plain, changes)
}

fn market(changes: &Value) -> Value {
    but(&limit(&json!({ "type": "market", "price": null })), changes)
}

/// A sell, which needs no budget.
fn stop(changes: &Value) -> Value {
    but(&market(&json!({ "type": "stop", "side": "sell", "triggerPrice": "90" })), changes)
}

fn stop_limit(changes: &Value) -> Value {
    but(&limit(&json!({ "type": "stop_limit", "triggerPrice": "110" })), changes)
}

fn trailing(changes: &Value) -> Value {
    but(&market(&json!({ "type": "trailing_stop", "side": "sell", "trailBps": 100 })), changes)
}

fn oco(changes: &Value) -> Value {
    let plain = json!({
        "op": "placeOco", "accountId": 7, "symbol": "BTC-USDT", "side": "sell", "quantity": "1",
        "limit": { "price": "110" }, "stop": { "triggerPrice": "90" },
    });
    but(&plain, changes)
}

fn ask(call: &Value, registry: &Registry) -> Result<Translated, Box<EdgeRefusal>> {
    let mut calls = words::parse(&format!("[{call}]")).unwrap();
    let words = calls.pop().unwrap().unwrap();
    translate(&Call::Words(&words), registry, NOW).map_err(Box::new)
}

fn request(call: &Value) -> Request {
    ask(call, &registry())
        .unwrap_or_else(|refused| panic!("{call} is refused: {:?}", refused.refusal))
        .request
}

fn order(call: &Value) -> NewOrder {
    order_with(call, &registry())
}

fn order_with(call: &Value, registry: &Registry) -> NewOrder {
    match ask(call, registry) {
        Ok(Translated { request: Request::Place(order), .. }) => order,
        other => panic!("{call} is no order: {other:?}"),
    }
}

fn refusal(call: &Value, registry: &Registry) -> Refusal {
    match ask(call, registry) {
        Err(refused) => refused.refusal,
        Ok(translated) => panic!("{call} is accepted: {:?}", translated.request),
    }
}

/// It is refused with this code because of this field.
#[track_caller]
fn refuses(call: &Value, code: Code, field: impl Into<Option<&'static str>>) {
    refuses_with(call, &registry(), code, field);
}

#[track_caller]
fn refuses_with(call: &Value, registry: &Registry, code: Code, field: impl Into<Option<&'static str>>) {
    let refusal = refusal(call, registry);
    assert_eq!((refusal.code, refusal.field), (code, field.into()), "{call}: {}", refusal.message);
}

#[track_caller]
fn accepts(call: &Value, registry: &Registry) {
    if let Err(refused) = ask(call, registry) {
        panic!("{call} is refused: {:?}", refused.refusal);
    }
}
