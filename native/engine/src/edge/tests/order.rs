//! The order of the checks: a request with two faults gets the code of the earlier one.

use lightning_core::reject::Code;
use serde_json::{Value, json};

use super::{but, limit, refusal, registry, trailing, with_rules, with_status, without};

/// A fault of a limit order, and the code it has alone.
type Fault = (Value, Code);

/// Faults in the order in which they are looked for.
fn faults() -> Vec<Fault> {
    vec![
        (json!({ "accountId": 0 }), Code::InvalidRequest),
        (json!({ "side": "up" }), Code::InvalidSide),
        (json!({ "type": "limits" }), Code::InvalidOrderType),
        (json!({ "timeInForce": "SOON" }), Code::InvalidTif),
        (json!({ "quantity": null }), Code::MissingField),
        (json!({ "price": "1e2" }), Code::InvalidDecimal),
        (json!({ "expireAt": 5 }), Code::InvalidExpiry),
        (json!({ "clientOrderId": "a b" }), Code::InvalidClientOrderId),
        (json!({ "fees": { "makerPpm": 0, "takerPpm": -1 } }), Code::InvalidFee),
        (json!({ "requestId": 0 }), Code::InvalidRequest),
        (json!({ "symbol": "X" }), Code::UnknownSymbol),
        (json!({ "quoteQuantity": "1" }), Code::UnsupportedCombination),
        (json!({ "stp": "NONE" }), Code::StpModeDisabled),
        (json!({ "displayQuantity": "0.000000001" }), Code::BadPrecision),
        (json!({ "price": "100.01" }), Code::PriceTick),
        (json!({ "quantity": "0.00015" }), Code::QtyLot),
        (json!({ "price": "0.05" }), Code::PriceRange),
        (json!({ "quantity": "0.0001" }), Code::QtyRange),
        (json!({ "quantity": "0.001" }), Code::NotionalRange),
        (json!({ "displayQuantity": "0.0001" }), Code::IcebergParts),
    ]
}

fn strict() -> crate::registry::Registry {
    with_rules(json!({ "allowedStp": ["EXPIRE_TAKER"], "maxIcebergParts": 2 }))
}

#[test]
fn each_fault_alone_has_its_code() {
    for (fault, code) in faults() {
        assert_eq!(refusal(&limit(&fault), &strict()).code, code, "{fault}");
    }
}

#[test]
fn of_two_faults_the_earlier_one_is_named() {
    let faults = faults();
    for (index, (earlier, code)) in faults.iter().enumerate() {
        for (later, _) in &faults[index + 1..] {
            let same_field = later.as_object().unwrap().keys().any(|key| earlier.get(key).is_some());
            if !same_field {
                let call = but(&limit(later), earlier);
                assert_eq!(refusal(&call, &strict()).code, *code, "{earlier} before {later}");
            }
        }
    }
}

#[test]
fn the_status_comes_before_assets_and_both_before_the_combination() {
    let mut registry = without("BTC");
    let bad = limit(&json!({ "quoteQuantity": "1", "price": "100.01" }));
    assert_eq!(refusal(&bad, &registry).code, Code::AssetDisabled);
    let halted = registry.prepare_status("BTC-USDT", "HALT").unwrap();
    registry.replace_symbol(halted);
    assert_eq!(refusal(&bad, &registry).code, Code::SymbolNotTrading);
    assert_eq!(refusal(&but(&bad, &json!({ "price": "x" })), &registry).code, Code::InvalidDecimal);
    let limit_only = with_status("LIMIT_ONLY");
    let market = limit(&json!({ "type": "market" }));
    assert_eq!(refusal(&market, &limit_only).code, Code::SymbolModeRestricted, "before 1009 for the price");
}

#[test]
fn the_type_switch_comes_after_the_combination_and_before_the_stp_switch() {
    let registry = with_rules(json!({ "orderTypes": ["market"], "allowedStp": ["EXPIRE_TAKER"] }));
    let both = limit(&json!({ "stp": "NONE", "price": "100.01" }));
    assert_eq!(refusal(&both, &registry).code, Code::OrderTypeDisabled);
    let all = but(&both, &json!({ "quoteQuantity": "1" }));
    assert_eq!(refusal(&all, &registry).code, Code::UnsupportedCombination);
}

#[test]
fn the_trailing_range_comes_last() {
    let off = json!({ "trailBps": 10_000, "quantity": "0.0001" });
    assert_eq!(refusal(&trailing(&off), &registry()).code, Code::QtyRange);
    let off = json!({ "trailBps": 10_000, "activationPrice": "100.01" });
    assert_eq!(refusal(&trailing(&off), &registry()).code, Code::PriceTick);
}
