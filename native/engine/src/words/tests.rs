//! Words from JSON, and their fingerprints.

use serde_json::json;

use super::*;

fn words(text: &str) -> Words {
    parse(&format!("[{text}]")).unwrap().pop().unwrap().unwrap()
}

#[test]
fn every_operation_is_known_by_its_name() {
    let names = [
        "placeOrder",
        "testOrder",
        "placeOco",
        "cancelOrder",
        "amendOrder",
        "cancelReplace",
        "cancelAll",
        "cancelAllAfter",
        "deposit",
        "withdraw",
        "hold",
        "release",
        "transfer",
        "collectFees",
        "setAccountStatus",
        "setAccountFees",
        "setAccountPermissions",
        "setStpGroup",
        "setRateLimit",
        "account",
        "orderByClientId",
        "openOrders",
        "orders",
        "ledger",
    ];
    for name in names {
        let words = words(&format!(r#"{{"op":"{name}"}}"#));
        assert_eq!(serde_json::to_value(&words).unwrap(), json!({ "op": name }));
    }
}

#[test]
fn fields_are_named_as_in_typescript() {
    let order = json!({
        "op": "placeOrder", "accountId": 7, "symbol": "S", "side": "buy", "type": "stop_limit",
        "timeInForce": "GTD", "price": "1", "quantity": "2", "quoteQuantity": "3", "maxQuote": "4",
        "postOnly": true, "displayQuantity": "5", "triggerPrice": "6", "trailBps": 7, "trailAmount": "8",
        "activationPrice": "9", "protectionBps": 10, "stp": "NONE", "clientOrderId": "c", "expireAt": 11,
        "validUntil": 12, "fees": { "makerPpm": -1, "takerPpm": 1 }, "requestId": 13, "requestLane": 14,
    });
    let oco = json!({
        "op": "placeOco", "accountId": 7, "symbol": "S", "side": "buy", "quantity": "1",
        "limit": { "price": "1", "postOnly": true, "clientOrderId": "a" },
        "stop": { "triggerPrice": "2", "price": "3", "maxQuote": "4", "clientOrderId": "b" },
        "timeInForce": "GTC", "expireAt": 1, "stp": "NONE", "fees": { "makerPpm": 0, "takerPpm": 0 },
        "validUntil": 2, "requestId": 3, "requestLane": 4,
    });
    let replace = json!({
        "op": "cancelReplace", "accountId": 7, "cancel": { "clientOrderId": "a", "onlyIf": "NEW" },
        "place": { "symbol": "S" }, "mode": "ATOMIC", "requestId": 3, "requestLane": 4,
    });
    let others = [
        json!({ "op": "amendOrder", "accountId": 7, "symbol": "S", "orderId": 1, "reduceBy": "1" }),
        json!({ "op": "cancelAll", "accountId": 7, "clientOrderIdPrefix": "x", "side": "buy" }),
        json!({ "op": "cancelAllAfter", "accountId": 7, "timeoutMs": 5 }),
        json!({ "op": "transfer", "from": 1, "to": 2, "asset": "A", "amount": "1" }),
        json!({ "op": "setRateLimit", "accountId": 7, "rateLimit": { "perSecond": 1, "burst": 2 } }),
        json!({ "op": "openOrders", "accountId": 7, "symbol": "S", "afterId": 0, "limit": 5 }),
        json!({ "op": "ledger", "accountId": 7, "asset": "A", "cursor": 9, "limit": 5 }),
    ];
    for given in [order, oco, replace].into_iter().chain(others) {
        let read = words(&given.to_string());
        assert_eq!(serde_json::to_value(&read).unwrap(), given);
    }
}

#[test]
fn numbers_are_read_leniently() {
    let account = |text: &str| {
        let Words::Account(words) = words(&format!(r#"{{"op":"account","accountId":{text}}}"#)) else {
            panic!("another operation")
        };
        words.account_id.0
    };
    assert_eq!((account("7"), account("7.0"), account("9007199254740991")), (7, 7, ID_MAX));
    for wrong in
        ["0", "-1", "1.5", "9007199254740992", "1e300", "\"7\"", "true", "null", "[7, [8]]", "{\"a\":{}}"]
    {
        assert_eq!(account(wrong), 0, "{wrong}");
    }
    let int = |text: &str| serde_json::from_str::<Int>(text).unwrap();
    assert_eq!(int("-5").to::<i32>(), Some(-5));
    assert_eq!((int("-5").to::<u32>(), int("0.5").to::<i64>(), int("\"5\"")), (None, None, Int::INVALID));
}

#[test]
fn null_and_absence_are_told_apart_where_they_differ() {
    let group = |text: &str| {
        let Words::SetStpGroup(words) = words(&format!(r#"{{"op":"setStpGroup"{text}}}"#)) else {
            panic!("another operation")
        };
        words.group
    };
    assert_eq!(group(""), Given::Absent);
    assert_eq!(group(r#","group":null"#), Given::Null);
    assert_eq!(group(r#","group":3"#), Given::Value(Int::from(3_i64)));
}

#[test]
fn a_malformed_call_does_not_spoil_the_others() {
    let calls = parse(
        r#"[{"op":"account","accountId":7},{"op":"fly"},{"op":"deposit","asset":5},{"op":"account","new":1}]"#,
    );
    let calls = calls.unwrap();
    let codes: Vec<_> = calls.iter().map(|call| call.as_ref().err().map(|refusal| refusal.code)).collect();
    assert_eq!(codes, [None, Some(Code::InvalidRequest), Some(Code::InvalidRequest), None]);
    for text in ["", "{}", "[", "7"] {
        assert_eq!(parse(text).unwrap_err().code, Code::InvalidRequest, "{text:?}");
    }
}

#[test]
fn a_fingerprint_is_of_what_was_said() {
    let print = |text: &str| words(text).fingerprint();
    let first = print(r#"{"op":"deposit","accountId":7,"asset":"A","amount":"1","requestId":5}"#);
    // Not of how it was said.
    let again =
        r#"{ "amount": "1", "asset": "A", "requestId": 5.0, "accountId": 7, "op": "deposit", "note": 1 }"#;
    assert_eq!(first, print(again));
    for other in [
        r#"{"op":"withdraw","accountId":7,"asset":"A","amount":"1","requestId":5}"#,
        r#"{"op":"deposit","accountId":8,"asset":"A","amount":"1","requestId":5}"#,
        r#"{"op":"deposit","accountId":7,"asset":"A","amount":"1.0","requestId":5}"#,
        r#"{"op":"deposit","accountId":7,"asset":"A1","amount":"","requestId":5}"#,
    ] {
        assert_ne!(first, print(other), "{other}");
    }
    let none = print(r#"{"op":"setStpGroup","accountId":7,"group":null}"#);
    assert_ne!(none, print(r#"{"op":"setStpGroup","accountId":7}"#));
}

/// These numbers must never change: a journal that is read again has them in it.
#[test]
fn fingerprints_are_the_same_in_every_version() {
    let print = |text: &str| words(text).fingerprint();
    let order = r#"{"op":"placeOrder","accountId":7,"symbol":"BTC-USDT","side":"buy","type":"limit","price":"100","quantity":"1","requestId":5}"#;
    assert_eq!(serde_json::to_string(&words(order)).unwrap(), ORDER_AS_HASHED);
    let mut hash = Fnv::new();
    hash.add(ORDER_AS_HASHED.as_bytes());
    assert_eq!(print(order), hash.finish());
    // The test vectors of FNV-1a.
    let fnv = |text: &str| {
        let mut hash = Fnv::new();
        hash.add(text.as_bytes());
        hash.finish()
    };
    assert_eq!((fnv(""), fnv("a")), (0xcbf2_9ce4_8422_2325, 0xaf63_dc4c_8601_ec8c));
    assert_eq!(fnv("foobar"), 0x8594_4171_f739_67e8);
}

const ORDER_AS_HASHED: &str = r#"{"op":"placeOrder","accountId":7,"symbol":"BTC-USDT","side":"buy","type":"limit","price":"100","quantity":"1","requestId":5}"#;

#[test]
fn the_parts_of_an_administrative_fingerprint_do_not_run_together() {
    assert_eq!(fingerprint(&["a", "b"]), fingerprint(&["a", "b"]));
    assert_ne!(fingerprint(&["ab"]), fingerprint(&["a", "b"]));
    assert_ne!(fingerprint(&["a", "bc"]), fingerprint(&["ab", "c"]));
}
