//! What a symbol says of orders: 2000 to 2043, 1004, 1005 and 3021.

use lightning_core::message::{OrderKind, Request};
use lightning_core::reject::Code;
use lightning_core::types::{Amount, Price, Quantity};
use serde_json::{Value, json};

use super::{
    accepts, ask, limit, market, oco, order, order_with, refusal, refuses, refuses_with, registry, stop,
    stop_limit, trailing, with_rules, with_status, without,
};

fn amend(changes: &Value) -> Value {
    let plain =
        json!({ "op": "amendOrder", "accountId": 7, "symbol": "BTC-USDT", "orderId": 3, "price": "101" });
    super::but(&plain, changes)
}

fn replace() -> Value {
    let place = super::but(&limit(&json!({})), &json!({ "op": null, "accountId": null }));
    json!({ "op": "cancelReplace", "accountId": 7, "cancel": { "orderId": 3 }, "place": place })
}

#[test]
fn a_symbol_must_exist() {
    let elsewhere = json!({ "symbol": "ETH-USDT" });
    for call in [limit(&elsewhere), market(&elsewhere), oco(&elsewhere), amend(&elsewhere)] {
        refuses(&call, Code::UnknownSymbol, "symbol");
    }
    let mut registry = registry();
    let id = registry.find_symbol("BTC-USDT").unwrap().spec.id();
    registry.remove_symbol(id);
    refuses_with(&limit(&json!({})), &registry, Code::UnknownSymbol, "symbol");
}

#[test]
fn a_halted_or_closed_symbol_takes_nothing_new() {
    for (status, code) in [
        ("HALT", Code::SymbolNotTrading),
        ("CLOSED", Code::SymbolNotTrading),
        ("CANCEL_ONLY", Code::SymbolCancelOnly),
    ] {
        let registry = with_status(status);
        let test = super::but(&limit(&json!({})), &json!({ "op": "testOrder" }));
        for call in [limit(&json!({ "postOnly": true })), market(&json!({})), stop(&json!({})), test] {
            refuses_with(&call, &registry, code, "symbol");
        }
        refuses_with(&oco(&json!({})), &registry, code, "symbol");
        refuses_with(&amend(&json!({})), &registry, code, "symbol");
        refuses_with(&replace(), &registry, code, "place.symbol");
        assert_eq!(refusal(&limit(&json!({})), &registry).details["status"], status);
        for op in [
            json!({ "op": "cancelOrder", "accountId": 7, "orderId": 3, "symbol": "BTC-USDT" }),
            json!({ "op": "cancelAll", "accountId": 7, "symbol": "BTC-USDT" }),
            json!({ "op": "openOrders", "symbol": "BTC-USDT" }),
            json!({ "op": "collectFees", "accountId": 7, "symbol": "BTC-USDT" }),
        ] {
            accepts(&op, &registry);
        }
    }
}

#[test]
fn a_post_only_symbol_takes_post_only_orders() {
    let registry = with_status("POST_ONLY");
    accepts(&limit(&json!({ "postOnly": true })), &registry);
    accepts(&amend(&json!({})), &registry);
    for call in [limit(&json!({})), market(&json!({})), stop(&json!({})), oco(&json!({}))] {
        refuses_with(&call, &registry, Code::SymbolModeRestricted, "symbol");
    }
}

#[test]
fn a_limit_only_symbol_takes_no_market_kinds() {
    let registry = with_status("LIMIT_ONLY");
    for call in [limit(&json!({})), stop_limit(&json!({})), trailing(&json!({ "price": "90" }))] {
        accepts(&call, &registry);
    }
    accepts(&oco(&json!({ "stop": { "triggerPrice": "90", "price": "89" } })), &registry);
    for call in [market(&json!({})), stop(&json!({})), trailing(&json!({})), oco(&json!({}))] {
        refuses_with(&call, &registry, Code::SymbolModeRestricted, "symbol");
    }
}

#[test]
fn a_disabled_asset_is_not_traded() {
    for asset in ["BTC", "USDT"] {
        let registry = without(asset);
        refuses_with(&limit(&json!({})), &registry, Code::AssetDisabled, "symbol");
        refuses_with(&oco(&json!({})), &registry, Code::AssetDisabled, "symbol");
        refuses_with(&replace(), &registry, Code::AssetDisabled, "place.symbol");
        assert_eq!(refusal(&limit(&json!({})), &registry).details["asset"], asset);
    }
}

#[test]
fn a_symbol_takes_the_types_that_it_lists() {
    let only = |types: Value| with_rules(json!({ "orderTypes": types }));
    let registry = only(json!(["limit", "stop_limit"]));
    accepts(&limit(&json!({})), &registry);
    accepts(&stop_limit(&json!({})), &registry);
    for call in [market(&json!({})), stop(&json!({})), trailing(&json!({}))] {
        refuses_with(&call, &registry, Code::OrderTypeDisabled, "type");
    }
    let iceberg = limit(&json!({ "displayQuantity": "0.1" }));
    refuses_with(&iceberg, &registry, Code::OrderTypeDisabled, "displayQuantity");
    accepts(&iceberg, &only(json!(["limit", "iceberg"])));
    refuses_with(&iceberg, &only(json!(["iceberg"])), Code::OrderTypeDisabled, "type");
    refuses_with(&oco(&json!({})), &only(json!(["limit", "stop"])), Code::OrderTypeDisabled, None);
    refuses_with(&oco(&json!({})), &only(json!(["limit", "oco"])), Code::OrderTypeDisabled, "type");
    accepts(&oco(&json!({})), &only(json!(["limit", "stop", "oco"])));
}

#[test]
fn an_order_names_an_stp_mode_that_its_symbol_allows() {
    let registry = with_rules(json!({ "allowedStp": ["NONE", "DECREMENT"], "defaultStp": "DECREMENT" }));
    refuses_with(&limit(&json!({ "stp": "EXPIRE_TAKER" })), &registry, Code::StpModeDisabled, "stp");
    assert_eq!(order_with(&limit(&json!({ "stp": "NONE" })), &registry).stp.as_str(), "NONE");
    assert_eq!(order_with(&limit(&json!({})), &registry).stp.as_str(), "DECREMENT");
}

#[test]
fn nothing_has_more_decimals_than_its_asset() {
    refuses(&limit(&json!({ "price": "100.0000001" })), Code::BadPrecision, "price");
    refuses(&limit(&json!({ "quantity": "0.000000001" })), Code::BadPrecision, "quantity");
    refuses(&limit(&json!({ "displayQuantity": "0.000000001" })), Code::BadPrecision, "displayQuantity");
    refuses(&market(&json!({ "maxQuote": "1.0000001" })), Code::BadPrecision, "maxQuote");
    let by_quote = market(&json!({ "quantity": null, "quoteQuantity": "1.0000001" }));
    refuses(&by_quote, Code::BadPrecision, "quoteQuantity");
    refuses(&stop(&json!({ "triggerPrice": "90.0000001" })), Code::BadPrecision, "triggerPrice");
    order(&limit(&json!({ "quantity": "1.0000000000000" })));
}

#[test]
fn nothing_is_larger_than_the_engine_counts() {
    let huge = "9".repeat(40);
    refuses(&limit(&json!({ "price": huge })), Code::NumberOverflow, "price");
    refuses(&limit(&json!({ "quantity": "99999999999999999999" })), Code::NumberOverflow, "quantity");
    refuses(&market(&json!({ "maxQuote": "79228162514264337593544" })), Code::NumberOverflow, "maxQuote");
    refuses(&stop(&json!({ "triggerPrice": huge })), Code::NumberOverflow, "triggerPrice");
}

#[test]
fn every_price_is_on_the_tick_grid() {
    let off = refusal(&limit(&json!({ "price": "100.12" })), &registry());
    assert_eq!((off.code, off.details["nearest"].clone()), (Code::PriceTick, json!(["100.10", "100.15"])));
    assert_eq!(off.details["step"], "0.05");
    refuses(&stop(&json!({ "triggerPrice": "90.01" })), Code::PriceTick, "triggerPrice");
    refuses(&trailing(&json!({ "activationPrice": "90.01" })), Code::PriceTick, "activationPrice");
    let amount = trailing(&json!({ "trailBps": null, "trailAmount": "0.01" }));
    refuses(&amount, Code::PriceTick, "trailAmount");
}

#[test]
fn every_price_is_within_the_price_range() {
    for price in ["0.95", "100000.05"] {
        let off = refusal(&limit(&json!({ "price": price })), &registry());
        assert_eq!((off.code, off.field), (Code::PriceRange, Some("price")));
        assert_eq!(
            (off.details["min"].clone(), off.details["max"].clone()),
            (json!("1.00"), json!("100000.00"))
        );
        refuses(&stop(&json!({ "triggerPrice": price })), Code::PriceRange, "triggerPrice");
        refuses(&trailing(&json!({ "activationPrice": price })), Code::PriceRange, "activationPrice");
        refuses(&oco(&json!({ "limit": { "price": price } })), Code::PriceRange, "limit.price");
    }
}

#[test]
fn every_quantity_is_on_the_lot_grid() {
    let off = refusal(&limit(&json!({ "quantity": "1.00005" })), &registry());
    assert_eq!((off.code, off.details["nearest"].clone()), (Code::QtyLot, json!(["1.0000", "1.0001"])));
    refuses(&market(&json!({ "quantity": "1.00005" })), Code::QtyLot, "quantity");
    refuses(&limit(&json!({ "displayQuantity": "0.10005" })), Code::QtyLot, "displayQuantity");
}

#[test]
fn a_quantity_is_within_the_quantity_range() {
    for quantity in ["0.0009", "100.0001"] {
        let off = refusal(&limit(&json!({ "quantity": quantity })), &registry());
        assert_eq!((off.code, off.field), (Code::QtyRange, Some("quantity")));
        assert_eq!(
            (off.details["min"].clone(), off.details["max"].clone()),
            (json!("0.0010"), json!("100.0000"))
        );
        refuses(&market(&json!({ "quantity": quantity })), Code::QtyRange, "quantity");
    }
    // The slice may be smaller than the smallest order.
    order(&limit(&json!({ "quantity": "0.5", "displayQuantity": "0.0005" })));
    let off = refusal(&limit(&json!({ "displayQuantity": "1.0001" })), &registry());
    assert_eq!((off.code, off.field), (Code::QtyRange, Some("displayQuantity")));
    assert_eq!(off.details["max"], "1.0000");
}

#[test]
fn a_market_order_by_quantity_has_a_largest_quantity_of_its_own() {
    let registry = with_rules(json!({ "marketMaxQuantity": "5" }));
    accepts(&market(&json!({ "quantity": "5" })), &registry);
    accepts(&limit(&json!({ "quantity": "6" })), &registry);
    refuses_with(&market(&json!({ "quantity": "5.0001" })), &registry, Code::QtyRange, "quantity");
    refuses_with(&stop(&json!({ "quantity": "5.0001" })), &registry, Code::QtyRange, "quantity");
    assert_eq!(refusal(&market(&json!({ "quantity": "6" })), &registry).details["max"], "5.0000");
}

#[test]
fn a_notional_is_within_the_notional_range() {
    let registry = with_rules(json!({ "maxNotional": "1000" }));
    accepts(&limit(&json!({ "price": "1000" })), &registry);
    let over = refusal(&limit(&json!({ "price": "1000.05" })), &registry);
    assert_eq!(over.code, Code::NotionalRange);
    assert_eq!(
        (over.details["min"].clone(), over.details["max"].clone()),
        (json!("1.000000"), json!("1000.000000"))
    );
    refuses_with(&limit(&json!({ "quantity": "0.0099" })), &registry, Code::NotionalRange, None);
    for quote in ["0.999999", "1000.000001"] {
        let by_quote = market(&json!({ "quantity": null, "quoteQuantity": quote }));
        refuses_with(&by_quote, &registry, Code::NotionalRange, None);
    }
    // At market it takes a reference price, which the matcher has.
    accepts(&market(&json!({ "quantity": "100" })), &registry);
    refuses_with(&oco(&json!({ "limit": { "price": "1100" } })), &registry, Code::NotionalRange, None);
    refuses_with(&amend(&json!({ "price": "500", "quantity": "3" })), &registry, Code::NotionalRange, None);
}

#[test]
fn an_iceberg_has_not_too_many_slices() {
    let registry = with_rules(json!({ "maxIcebergParts": 3 }));
    accepts(&limit(&json!({ "displayQuantity": "0.3334" })), &registry);
    let over = refusal(&limit(&json!({ "displayQuantity": "0.3333" })), &registry);
    assert_eq!((over.code, over.field), (Code::IcebergParts, Some("displayQuantity")));
    assert_eq!((over.details["parts"].clone(), over.details["max"].clone()), (json!(4), json!(3)));
}

#[test]
fn a_trailing_distance_is_within_its_bounds() {
    for bps in [-1, 0, 10_000] {
        refuses(&trailing(&json!({ "trailBps": bps })), Code::TrailingRange, "trailBps");
    }
    refuses(&trailing(&json!({ "trailBps": 1.5 })), Code::InvalidRequest, "trailBps");
    let registry = with_rules(json!({ "trailBps": { "min": 10, "max": 20 } }));
    for bps in [9, 21] {
        let off = refusal(&trailing(&json!({ "trailBps": bps })), &registry);
        assert_eq!((off.code, off.details["min"].clone()), (Code::TrailingRange, json!(10)));
    }
    accepts(&trailing(&json!({ "trailBps": 20 })), &registry);
    let wide = json!({ "trailBps": null, "trailAmount": "100000.05" });
    refuses(&trailing(&wide), Code::TrailingRange, "trailAmount");
}

#[test]
fn orders_come_out_in_ticks_lots_and_atoms() {
    assert_eq!(
        order(&limit(&json!({}))).kind,
        OrderKind::Limit { price: Price(2_000), quantity: Quantity(10_000) }
    );
    assert_eq!(order(&market(&json!({}))).kind, OrderKind::MarketByQuantity { quantity: Quantity(10_000) });
    let by_quote = order(&market(&json!({ "quantity": null, "quoteQuantity": "5" })));
    assert_eq!(by_quote.kind, OrderKind::MarketByQuote { quote: Amount(5_000_000) });
    let Ok(translated) = ask(&oco(&json!({ "timeInForce": "GTD", "expireAt": 2_000_000 })), &registry())
    else {
        panic!("refused")
    };
    let Request::PlaceOco(legs) = translated.request else { panic!("no OCO") };
    assert_eq!(legs.each_ref().map(|leg| leg.trigger().is_some()), [false, true]);
    assert_eq!(legs.each_ref().map(|leg| leg.tif.as_str()), ["GTD", "IOC"]);
    assert_eq!(legs[1].kind, OrderKind::MarketByQuantity { quantity: Quantity(10_000) });
}
