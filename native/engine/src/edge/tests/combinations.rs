//! The combination table: one test per row, what goes together and what does not (1009).

use lightning_core::message::{OrderKind, TrailOffset, Trigger};
use lightning_core::order::TimeInForce;
use lightning_core::reject::Code;
use lightning_core::types::{Amount, Price, Quantity};
use serde_json::json;

use super::{limit, market, oco, order, refuses, request, stop, stop_limit, trailing};

const BAD: Code = Code::UnsupportedCombination;

#[test]
fn a_limit_order_has_no_quote_quantity() {
    refuses(&limit(&json!({ "quoteQuantity": "5" })), BAD, "quoteQuantity");
    refuses(&stop_limit(&json!({ "quoteQuantity": "5" })), BAD, "quoteQuantity");
    refuses(&trailing(&json!({ "price": "90", "quoteQuantity": "5" })), BAD, "quoteQuantity");
}

#[test]
fn an_order_at_market_has_no_price() {
    refuses(&market(&json!({ "price": "99" })), BAD, "price");
    refuses(&stop(&json!({ "price": "99" })), BAD, "price");
    refuses(&stop(&json!({ "type": "take_profit", "price": "99" })), BAD, "price");
}

#[test]
fn a_limit_order_may_have_any_time_in_force() {
    for tif in ["GTC", "IOC", "FOK", "DAY"] {
        assert_eq!(order(&limit(&json!({ "timeInForce": tif }))).tif.as_str(), tif);
        assert_eq!(order(&stop_limit(&json!({ "timeInForce": tif }))).tif.as_str(), tif);
    }
}

#[test]
fn a_market_order_is_ioc_or_fok() {
    for tif in ["IOC", "FOK"] {
        assert_eq!(order(&market(&json!({ "timeInForce": tif }))).tif.as_str(), tif);
    }
    for tif in ["GTC", "DAY"] {
        refuses(&market(&json!({ "timeInForce": tif })), BAD, "timeInForce");
    }
    refuses(&market(&json!({ "timeInForce": "GTD", "expireAt": 2_000_000 })), BAD, "timeInForce");
}

#[test]
fn a_conditional_market_order_has_no_time_in_force() {
    for tif in ["GTC", "IOC", "FOK", "DAY"] {
        refuses(&stop(&json!({ "timeInForce": tif })), BAD, "timeInForce");
        refuses(&stop(&json!({ "type": "take_profit", "timeInForce": tif })), BAD, "timeInForce");
        refuses(&trailing(&json!({ "timeInForce": tif })), BAD, "timeInForce");
    }
}

#[test]
fn only_a_limit_order_that_can_rest_is_post_only() {
    for tif in ["GTC", "DAY"] {
        assert!(order(&limit(&json!({ "postOnly": true, "timeInForce": tif }))).post_only);
    }
    order(&limit(&json!({ "postOnly": true, "timeInForce": "GTD", "expireAt": 2_000_000 })));
    for tif in ["IOC", "FOK"] {
        refuses(&limit(&json!({ "postOnly": true, "timeInForce": tif })), BAD, "postOnly");
    }
    refuses(&market(&json!({ "postOnly": true })), BAD, "postOnly");
    refuses(&stop_limit(&json!({ "postOnly": true })), BAD, "postOnly");
    refuses(&stop(&json!({ "postOnly": true })), BAD, "postOnly");
    refuses(&trailing(&json!({ "price": "90", "postOnly": true })), BAD, "postOnly");
}

#[test]
fn only_a_limit_order_that_can_rest_is_an_iceberg() {
    let display = json!({ "displayQuantity": "0.1" });
    assert_eq!(order(&limit(&display)).display(), Some(Quantity(1_000)));
    assert_eq!(order(&stop_limit(&display)).display(), Some(Quantity(1_000)));
    order(&limit(&json!({ "displayQuantity": "0.1", "timeInForce": "DAY", "postOnly": true })));
    for tif in ["IOC", "FOK"] {
        refuses(&limit(&json!({ "displayQuantity": "0.1", "timeInForce": tif })), BAD, "displayQuantity");
    }
    refuses(&market(&display), BAD, "displayQuantity");
    refuses(&stop(&display), BAD, "displayQuantity");
}

#[test]
fn only_a_market_buy_by_quantity_has_a_budget() {
    let budget = json!({ "maxQuote": "50" });
    assert_eq!(order(&market(&budget)).max_quote(), Some(Amount(50_000_000)));
    assert_eq!(
        order(&stop(&json!({ "side": "buy", "maxQuote": "50" }))).max_quote(),
        Some(Amount(50_000_000))
    );
    refuses(&limit(&budget), BAD, "maxQuote");
    refuses(&stop_limit(&budget), BAD, "maxQuote");
    refuses(&market(&json!({ "side": "sell", "maxQuote": "50" })), BAD, "maxQuote");
    refuses(&stop(&budget), BAD, "maxQuote");
    let by_quote = json!({ "quantity": null, "quoteQuantity": "5", "maxQuote": "50" });
    refuses(&market(&by_quote), BAD, "maxQuote");
}

#[test]
fn only_an_order_at_market_has_protection() {
    let protection = json!({ "protectionBps": 50 });
    order(&market(&protection));
    order(&stop(&protection));
    order(&trailing(&protection));
    refuses(&limit(&protection), BAD, "protectionBps");
    refuses(&stop_limit(&protection), BAD, "protectionBps");
}

#[test]
fn only_a_stop_or_take_profit_order_has_a_trigger_price() {
    let trigger = json!({ "triggerPrice": "90" });
    refuses(&limit(&trigger), BAD, "triggerPrice");
    refuses(&market(&trigger), BAD, "triggerPrice");
    refuses(&trailing(&trigger), BAD, "triggerPrice");
    let triggered_by = |kind: &str| {
        let order = match kind {
            "stop" | "take_profit" => order(&stop(&json!({ "type": kind }))),
            _ => order(&stop_limit(&json!({ "type": kind, "triggerPrice": "90" }))),
        };
        order.trigger().copied()
    };
    for kind in ["stop", "stop_limit"] {
        assert_eq!(triggered_by(kind), Some(Trigger::Stop { price: Price(1_800) }));
    }
    for kind in ["take_profit", "take_profit_limit"] {
        assert_eq!(triggered_by(kind), Some(Trigger::TakeProfit { price: Price(1_800) }));
    }
}

#[test]
fn only_a_trailing_stop_trails() {
    for fields in
        [json!({ "trailBps": 5 }), json!({ "trailAmount": "5" }), json!({ "activationPrice": "90" })]
    {
        let field = ["trailBps", "trailAmount", "activationPrice"]
            .into_iter()
            .find(|field| fields.get(field).is_some());
        refuses(&limit(&fields), BAD, field);
        refuses(&market(&fields), BAD, field);
        refuses(&stop(&fields), BAD, field);
    }
    let trigger = |fields| order(&trailing(&fields)).trigger().copied();
    assert_eq!(
        trigger(json!({ "activationPrice": "110" })),
        Some(Trigger::Trailing { offset: TrailOffset::Bps(100), activation: Some(Price(2_200)) })
    );
    assert_eq!(
        trigger(json!({ "trailBps": null, "trailAmount": "0.05" })),
        Some(Trigger::Trailing { offset: TrailOffset::Ticks(Price(1)), activation: None })
    );
}

#[test]
fn a_trailing_stop_with_a_price_is_a_limit_order() {
    let order = order(&trailing(&json!({ "price": "90", "timeInForce": "FOK" })));
    assert_eq!(order.kind, OrderKind::Limit { price: Price(1_800), quantity: Quantity(10_000) });
    assert_eq!(order.tif, TimeInForce::Fok);
}

#[test]
fn a_sell_by_quote_has_no_trigger() {
    let by_quote = json!({ "quantity": null, "quoteQuantity": "50" });
    refuses(&stop(&by_quote), BAD, "quoteQuantity");
    refuses(&trailing(&by_quote), BAD, "quoteQuantity");
    order(&market(&json!({ "side": "sell", "quantity": null, "quoteQuantity": "50" })));
    order(&stop(&json!({ "side": "buy", "quantity": null, "quoteQuantity": "50" })));
}

#[test]
fn the_legs_of_an_oco_can_rest() {
    for tif in ["IOC", "FOK"] {
        refuses(&oco(&json!({ "timeInForce": tif })), BAD, "timeInForce");
    }
    for tif in ["GTC", "DAY"] {
        request(&oco(&json!({ "timeInForce": tif })));
    }
}

#[test]
fn a_stop_leg_with_a_price_or_that_sells_has_no_budget() {
    let budget = |price| json!({ "stop": { "triggerPrice": "90", "price": price, "maxQuote": "50" } });
    refuses(&oco(&budget(json!(null))), BAD, "stop.maxQuote");
    refuses(&oco(&budget(json!("89"))), BAD, "stop.maxQuote");
    refuses(&super::but(&oco(&budget(json!("89"))), &json!({ "side": "buy" })), BAD, "stop.maxQuote");
    request(&super::but(&oco(&budget(json!(null))), &json!({ "side": "buy" })));
}
