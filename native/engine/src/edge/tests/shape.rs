//! The shape of orders: 1000 to 1011, 6007 and 9009.

use lightning_core::fees::FeeRates;
use lightning_core::message::ClientOrderId;
use lightning_core::order::{StpMode, TimeInForce};
use lightning_core::reject::Code;
use lightning_core::types::{Side, Timestamp};
use serde_json::json;

use super::super::{Call, KindName, Named, Place, TifName, translate};
use super::{NOW, limit, market, order, refuses, registry, stop, stop_limit, trailing};

#[test]
fn an_account_is_a_whole_number_below_2_to_the_53() {
    for id in [json!(0), json!(-1), json!(1.5), json!(9_007_199_254_740_992_u64), json!("7"), json!(null)] {
        refuses(&limit(&json!({ "accountId": id })), Code::InvalidRequest, "accountId");
    }
    assert_eq!(order(&limit(&json!({ "accountId": 9_007_199_254_740_991_u64 }))).account.0, (1 << 53) - 1);
}

#[test]
fn what_a_type_needs_must_be_there() {
    for field in ["symbol", "side", "type", "price", "quantity"] {
        refuses(&limit(&json!({ field: null })), Code::MissingField, field);
    }
    refuses(&market(&json!({ "quantity": null })), Code::MissingField, "quantity");
    for field in ["price", "quantity", "triggerPrice"] {
        refuses(&stop_limit(&json!({ field: null })), Code::MissingField, field);
    }
    for kind in ["stop", "take_profit"] {
        refuses(&stop(&json!({ "type": kind, "triggerPrice": null })), Code::MissingField, "triggerPrice");
        refuses(&stop(&json!({ "type": kind, "quantity": null })), Code::MissingField, "quantity");
    }
    refuses(&trailing(&json!({ "trailBps": null })), Code::MissingField, "trailBps");
    refuses(&trailing(&json!({ "price": "90", "quantity": null })), Code::MissingField, "quantity");
}

#[test]
fn a_conditional_market_buy_by_quantity_needs_a_budget() {
    for kind in ["stop", "take_profit"] {
        refuses(&stop(&json!({ "type": kind, "side": "buy" })), Code::MissingField, "maxQuote");
    }
    refuses(&trailing(&json!({ "side": "buy" })), Code::MissingField, "maxQuote");
    order(&stop(&json!({ "side": "buy", "maxQuote": "100" })));
    order(&stop(&json!({ "side": "buy", "quantity": null, "quoteQuantity": "100" })));
    order(&trailing(&json!({ "side": "buy", "price": "120" })));
    order(&market(&json!({})));
}

#[test]
fn quantity_and_quote_quantity_exclude_each_other_at_market() {
    let both = json!({ "quoteQuantity": "5" });
    refuses(&market(&both), Code::ConflictingFields, "quoteQuantity");
    refuses(&stop(&both), Code::ConflictingFields, "quoteQuantity");
    refuses(&trailing(&both), Code::ConflictingFields, "quoteQuantity");
}

#[test]
fn a_trailing_distance_is_given_in_one_way() {
    refuses(&trailing(&json!({ "trailAmount": "5" })), Code::ConflictingFields, "trailAmount");
}

#[test]
fn every_decimal_is_plain_and_positive() {
    for text in ["", "0", "-1", "+1", "1e3", " 1", ".5", "5.", "NaN", "0x1"] {
        refuses(&limit(&json!({ "price": text })), Code::InvalidDecimal, "price");
        refuses(&limit(&json!({ "quantity": text })), Code::InvalidDecimal, "quantity");
        refuses(&limit(&json!({ "displayQuantity": text })), Code::InvalidDecimal, "displayQuantity");
        refuses(&market(&json!({ "maxQuote": text })), Code::InvalidDecimal, "maxQuote");
        let by_quote = market(&json!({ "quantity": null, "quoteQuantity": text }));
        refuses(&by_quote, Code::InvalidDecimal, "quoteQuantity");
        refuses(&stop(&json!({ "triggerPrice": text })), Code::InvalidDecimal, "triggerPrice");
        refuses(&trailing(&json!({ "activationPrice": text })), Code::InvalidDecimal, "activationPrice");
        let by_amount = trailing(&json!({ "trailBps": null, "trailAmount": text }));
        refuses(&by_amount, Code::InvalidDecimal, "trailAmount");
    }
}

#[test]
fn names_that_nobody_knows() {
    refuses(&limit(&json!({ "side": "BUY" })), Code::InvalidSide, "side");
    for kind in ["LIMIT", "", "iceberg", "oco"] {
        refuses(&limit(&json!({ "type": kind })), Code::InvalidOrderType, "type");
    }
    for tif in ["gtc", "FOREVER", ""] {
        refuses(&limit(&json!({ "timeInForce": tif })), Code::InvalidTif, "timeInForce");
    }
    refuses(&limit(&json!({ "stp": "CANCEL" })), Code::InvalidRequest, "stp");
}

#[test]
fn types_that_are_specified_and_not_built() {
    for kind in ["oto", "otoco", "pegged"] {
        refuses(&limit(&json!({ "type": kind })), Code::NotSupported, "type");
    }
}

#[test]
fn an_expiry_belongs_to_gtd_and_is_in_the_future() {
    let at = |tif: &str, at| limit(&json!({ "timeInForce": tif, "expireAt": at }));
    refuses(&at("GTD", json!(null)), Code::InvalidExpiry, "expireAt");
    // The clock stands at a million milliseconds.
    for past in [json!(0), json!(-1), json!(999_999), json!(1_000_000), json!(1_000_000.5)] {
        refuses(&at("GTD", past), Code::InvalidExpiry, "expireAt");
    }
    refuses(&at("GTD", json!(9_007_199_254_740_991_u64)), Code::InvalidExpiry, "expireAt");
    for tif in ["GTC", "IOC", "FOK", "DAY"] {
        refuses(&at(tif, json!(2_000_000)), Code::InvalidExpiry, "expireAt");
    }
    refuses(&limit(&json!({ "expireAt": 2_000_000 })), Code::InvalidExpiry, "expireAt");
    let gtd = order(&at("GTD", json!(1_000_001)));
    assert_eq!((gtd.tif, gtd.expire_at()), (TimeInForce::Gtd, Some(Timestamp(1_000_001_000_000))));
    assert_eq!(order(&at("DAY", json!(null))).expire_at(), None, "the sequencer sets it");
}

#[test]
fn a_client_order_id_is_1_to_36_plain_characters() {
    for id in ["", "a b", "ä", "a#", &"x".repeat(37)] {
        refuses(&limit(&json!({ "clientOrderId": id })), Code::InvalidClientOrderId, "clientOrderId");
    }
    let longest = "Az09._:/-".repeat(4);
    let order = order(&limit(&json!({ "clientOrderId": longest })));
    assert_eq!(order.client_id(), Some(&ClientOrderId(longest.as_str().into())));
}

#[test]
fn protection_is_1_to_9999_basis_points() {
    for bps in [json!(0), json!(10_000), json!(-1), json!(1.5)] {
        refuses(&market(&json!({ "protectionBps": bps })), Code::InvalidRequest, "protectionBps");
    }
    let order = order(&market(&json!({ "protectionBps": 9_999 })));
    assert_eq!(order.extras.unwrap().protection_bps, Some(9_999));
}

#[test]
fn own_fee_rates_are_within_their_bounds() {
    let fees = |maker, taker| limit(&json!({ "fees": { "makerPpm": maker, "takerPpm": taker } }));
    for (maker, taker) in [(1_000_001, 0), (-1_000_001, 0), (0, -1), (0, 1_000_001)] {
        refuses(&fees(json!(maker), json!(taker)), Code::InvalidFee, "fees");
    }
    refuses(&fees(json!(0.5), json!(0)), Code::InvalidFee, "fees");
    refuses(&fees(json!(0), json!(null)), Code::MissingField, "fees");
    let rates = order(&fees(json!(-1_000_000), json!(1_000_000))).extras.unwrap().fees;
    assert_eq!(rates, Some(FeeRates { maker_ppm: -1_000_000, taker_ppm: 1_000_000 }));
}

#[test]
fn valid_until_is_a_moment_past_or_future() {
    for until in [json!(-1), json!(0.5), json!(9_007_199_254_740_991_u64)] {
        refuses(&limit(&json!({ "validUntil": until })), Code::InvalidRequest, "validUntil");
    }
    let past = order(&limit(&json!({ "validUntil": 1 })));
    assert_eq!(past.extras.unwrap().valid_until, Some(Timestamp(1_000_000)), "judged when it is sequenced");
}

#[test]
fn what_is_not_said_is_as_the_symbol_has_it() {
    let plain = order(&limit(&json!({})));
    assert_eq!((plain.tif, plain.stp, plain.post_only), (TimeInForce::Gtc, StpMode::ExpireTaker, false));
    assert_eq!(plain.extras, None, "a plain order carries nothing along");
    assert_eq!(order(&market(&json!({}))).tif, TimeInForce::Ioc);
    assert_eq!(order(&market(&json!({ "timeInForce": "FOK" }))).tif, TimeInForce::Fok);
    assert_eq!(order(&stop(&json!({}))).tif, TimeInForce::Ioc);
    assert_eq!(order(&limit(&json!({ "stp": "NONE", "timeInForce": "FOK" }))).extras, None);
}

#[test]
fn a_hot_order_is_the_same_as_one_in_words() {
    let hot = Place {
        account: 7,
        symbol: Some("BTC-USDT"),
        side: Named::Known(Side::Buy),
        kind: Named::Known(KindName::Limit),
        tif: TifName::Gtc,
        price: Some("100"),
        quantity: Some("1"),
        quote_quantity: None,
        post_only: true,
        stp: Named::Known(StpMode::Decrement),
    };
    let translated = translate(&Call::Place(hot), &registry(), NOW).unwrap();
    assert!(translated.request_id.is_none());
    let lightning_core::message::Request::Place(placed) = translated.request else { panic!("no order") };
    let words = json!({ "timeInForce": "GTC", "postOnly": true, "stp": "DECREMENT" });
    assert_eq!(placed, order(&limit(&words)));

    let code = |place: Place<'_>| translate(&Call::Place(place), &registry(), NOW).unwrap_err().refusal.code;
    assert_eq!(code(Place { side: Named::Unknown, ..hot }), Code::InvalidSide);
    assert_eq!(code(Place { kind: Named::Unknown, ..hot }), Code::InvalidOrderType);
    assert_eq!(code(Place { kind: Named::Missing, ..hot }), Code::MissingField);
    assert_eq!(code(Place { tif: TifName::Unknown, ..hot }), Code::InvalidTif);
    assert_eq!(code(Place { stp: Named::Unknown, ..hot }), Code::InvalidRequest);
    assert_eq!(code(Place { tif: TifName::Ioc, ..hot }), Code::UnsupportedCombination);
}
