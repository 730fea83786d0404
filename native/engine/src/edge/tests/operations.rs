//! Everything but orders: what each operation asks of its sequencer, and what it is refused with.

use lightning_core::fees::FeeRates;
use lightning_core::message::{
    AmendChange, ClientOrderId, NewQuantity, OnlyIf, OrderRef, ReplaceMode, Request,
};
use lightning_core::reject::Code;
use lightning_core::rules::{AccountChange, AccountStatus, RateLimit};
use lightning_core::types::{AccountId, Amount, AssetId, OrderId, Price, Quantity, Side, StpGroup, SymbolId};
use serde_json::{Value, json};

use super::super::{Call, Funds, translate};
use super::{NOW, accepts, ask, but, limit, refuses, refuses_with, registry, request, with_status, without};

const ACCOUNT: AccountId = AccountId(7);

/// An operation of account 7.
fn op(name: &str, fields: &Value) -> Value {
    but(&json!({ "op": name, "accountId": 7 }), fields)
}

#[test]
fn money_moves_in_atoms() {
    let fields = json!({ "asset": "USDT", "amount": "1.5" });
    let (asset, amount) = (AssetId(1), Amount(1_500_000));
    let matches = [
        matches!(request(&op("deposit", &fields)), Request::Deposit { account: ACCOUNT, asset: a, amount: n } if a == asset && n == amount),
        matches!(request(&op("withdraw", &fields)), Request::Withdraw { account: ACCOUNT, asset: a, amount: n } if a == asset && n == amount),
        matches!(request(&op("hold", &fields)), Request::Hold { account: ACCOUNT, asset: a, amount: n } if a == asset && n == amount),
        matches!(request(&op("release", &fields)), Request::Release { account: ACCOUNT, asset: a, amount: n } if a == asset && n == amount),
    ];
    assert_eq!(matches, [true; 4]);
}

#[test]
fn money_is_of_an_enabled_asset_and_exact() {
    let fields = |asset: &str, amount: &str| json!({ "asset": asset, "amount": amount });
    for name in ["deposit", "withdraw", "hold"] {
        refuses(&op(name, &json!({ "amount": "1" })), Code::MissingField, "asset");
        refuses(&op(name, &json!({ "asset": "USDT" })), Code::MissingField, "amount");
        refuses(&op(name, &fields("USDT", "-1")), Code::InvalidDecimal, "amount");
        refuses(&op(name, &fields("ETH", "1")), Code::UnknownAsset, "asset");
        refuses(&op(name, &fields("USDT", "0.0000001")), Code::BadPrecision, "amount");
        refuses(&op(name, &fields("USDT", &"9".repeat(40))), Code::NumberOverflow, "amount");
        refuses(&op(name, &fields("ETH", "1e1")), Code::InvalidDecimal, "amount");
        refuses_with(&op(name, &fields("USDT", "1")), &without("USDT"), Code::AssetDisabled, "asset");
    }
    accepts(&op("release", &fields("USDT", "1")), &without("USDT"));
    let hot = Call::Deposit(Funds { account: 7, asset: Some("USDT"), amount: Some("1") });
    assert_eq!(translate(&hot, &without("USDT"), NOW).unwrap_err().refusal.code, Code::AssetDisabled);
    assert!(translate(&hot, &registry(), NOW).is_ok());
}

#[test]
fn a_transfer_is_between_two_accounts() {
    let transfer = |fields: &Value| {
        but(&json!({ "op": "transfer", "from": 7, "to": 8, "asset": "BTC", "amount": "1" }), fields)
    };
    let Request::Transfer { account, to, .. } = request(&transfer(&json!({}))) else { panic!("no transfer") };
    assert_eq!((account, to), (ACCOUNT, AccountId(8)));
    refuses(&transfer(&json!({ "from": null })), Code::InvalidRequest, "from");
    refuses(&transfer(&json!({ "to": 0 })), Code::InvalidRequest, "to");
    refuses(&transfer(&json!({ "to": 7 })), Code::ConflictingFields, "to");
    refuses_with(&transfer(&json!({})), &without("BTC"), Code::AssetDisabled, "asset");
}

#[test]
fn a_cancel_names_one_order() {
    let Request::Cancel { order, symbol, only_if, .. } = request(&op(
        "cancelOrder",
        &json!({ "clientOrderId": "a", "symbol": "BTC-USDT", "onlyIf": "PARTIALLY_FILLED" }),
    )) else {
        panic!("no cancel")
    };
    assert_eq!(order, OrderRef::Client(ClientOrderId("a".into())));
    assert_eq!((symbol, only_if), (Some(SymbolId(0)), Some(OnlyIf::PartiallyFilled)));
    let cancel = |fields| op("cancelOrder", &fields);
    refuses(&cancel(json!({})), Code::MissingField, "orderId");
    refuses(&cancel(json!({ "orderId": 1, "clientOrderId": "a" })), Code::ConflictingFields, "clientOrderId");
    refuses(&cancel(json!({ "orderId": 0 })), Code::InvalidRequest, "orderId");
    refuses(&cancel(json!({ "clientOrderId": "" })), Code::InvalidClientOrderId, "clientOrderId");
    refuses(&cancel(json!({ "orderId": 1, "onlyIf": "FILLED" })), Code::InvalidRequest, "onlyIf");
    refuses(&cancel(json!({ "orderId": 1, "symbol": "X" })), Code::UnknownSymbol, "symbol");
}

#[test]
fn an_amend_says_what_changes() {
    let amend = |fields| but(&op("amendOrder", &json!({ "symbol": "BTC-USDT", "orderId": 3 })), &fields);
    let change = |fields| match request(&amend(fields)) {
        Request::Amend { change, order: OrderRef::Id(OrderId(3)), account: ACCOUNT, .. } => change,
        other => panic!("no amend: {other:?}"),
    };
    let total = Some(NewQuantity::Total(Quantity(20_000)));
    assert_eq!(
        change(json!({ "quantity": "2", "price": "99" })),
        AmendChange { quantity: total, price: Some(Price(1_980)) }
    );
    let less = Some(NewQuantity::ReduceBy(Quantity(1)));
    assert_eq!(change(json!({ "reduceBy": "0.0001" })), AmendChange { quantity: less, price: None });
    refuses(&amend(json!({})), Code::MissingField, "quantity");
    refuses(&amend(json!({ "quantity": "1", "reduceBy": "1" })), Code::ConflictingFields, "reduceBy");
    refuses(&amend(json!({ "price": "x" })), Code::InvalidDecimal, "price");
    refuses(&amend(json!({ "price": "99.01" })), Code::PriceTick, "price");
    refuses(&amend(json!({ "price": "0.05" })), Code::PriceRange, "price");
    refuses(&amend(json!({ "quantity": "1.00001" })), Code::QtyLot, "quantity");
    refuses(&amend(json!({ "quantity": "101" })), Code::QtyRange, "quantity");
    refuses(&amend(json!({ "reduceBy": "1.00001" })), Code::QtyLot, "reduceBy");
    refuses(&amend(json!({ "reduceBy": "999999999999999999" })), Code::NumberOverflow, "reduceBy");
    refuses(&amend(json!({ "price": "99.01", "quantity": "0.000000001" })), Code::BadPrecision, "quantity");
}

#[test]
fn a_cancel_replace_is_judged_as_a_whole() {
    let place = but(&limit(&json!({})), &json!({ "op": null, "accountId": null }));
    let replace =
        |fields| but(&op("cancelReplace", &json!({ "cancel": { "orderId": 3 }, "place": place })), &fields);
    let Request::Replace(asked) = request(&replace(json!({ "mode": "ATOMIC" }))) else {
        panic!("no replace")
    };
    assert_eq!((asked.old, asked.mode), (OrderRef::Id(OrderId(3)), ReplaceMode::Atomic));
    assert_eq!(asked.new.account, ACCOUNT, "whose it is, the request says");
    let Request::Replace(asked) = request(&replace(json!({}))) else { panic!("no replace") };
    assert_eq!(asked.mode, ReplaceMode::StopOnFailure);
    refuses(&replace(json!({ "accountId": 0 })), Code::InvalidRequest, "accountId");
    refuses(&replace(json!({ "cancel": null })), Code::MissingField, "cancel");
    refuses(&replace(json!({ "place": null })), Code::MissingField, "place");
    refuses(&replace(json!({ "cancel": {} })), Code::MissingField, "cancel.orderId");
    refuses(&replace(json!({ "mode": "BOTH" })), Code::InvalidRequest, "mode");
    let off = but(&place, &json!({ "price": "100.01" }));
    refuses(&replace(json!({ "place": off })), Code::PriceTick, "place.price");
}

#[test]
fn a_mass_cancel_may_be_narrowed() {
    let fields = json!({ "symbol": "BTC-USDT", "side": "sell", "clientOrderIdPrefix": "grid-" });
    let Request::CancelAll { filter, .. } = request(&op("cancelAll", &fields)) else { panic!("no cancel") };
    assert_eq!((filter.symbol, filter.side), (Some(SymbolId(0)), Some(Side::Sell)));
    assert_eq!(filter.client_id_prefix, Some(ClientOrderId("grid-".into())));
    refuses(&op("cancelAll", &json!({ "side": "both" })), Code::InvalidSide, "side");
    refuses(&op("cancelAll", &json!({ "symbol": "X" })), Code::UnknownSymbol, "symbol");
    let prefix = json!({ "clientOrderIdPrefix": "" });
    refuses(&op("cancelAll", &prefix), Code::InvalidClientOrderId, "clientOrderIdPrefix");
}

#[test]
fn a_dead_man_timer_is_in_milliseconds() {
    let timer = |millis: Value| op("cancelAllAfter", &json!({ "timeoutMs": millis }));
    let nanos = |millis| match request(&timer(json!(millis))) {
        Request::CancelAllAfter { after_nanos, .. } => after_nanos,
        other => panic!("no timer: {other:?}"),
    };
    assert_eq!((nanos(0), nanos(1_500)), (0, 1_500_000_000));
    refuses(&timer(json!(null)), Code::MissingField, "timeoutMs");
    for millis in [json!(-1), json!(0.5), json!(31_536_000_001_u64)] {
        refuses(&timer(millis), Code::InvalidRequest, "timeoutMs");
    }
}

#[test]
fn an_accounts_terms_are_configured() {
    let change = |name: &str, fields| match request(&op(name, &fields)) {
        Request::Configure { account: ACCOUNT, change } => change,
        other => panic!("no change: {other:?}"),
    };
    let rates = json!({ "makerPpm": -5, "takerPpm": 10 });
    let (symbol, rates_read) = (Some(SymbolId(0)), Some(FeeRates { maker_ppm: -5, taker_ppm: 10 }));
    assert_eq!(
        change("setAccountStatus", json!({ "status": "SUSPENDED" })),
        AccountChange::Status(AccountStatus::Suspended)
    );
    assert_eq!(
        change("setAccountFees", json!({ "symbol": "BTC-USDT", "fees": rates })),
        AccountChange::Fees { symbol, rates: rates_read }
    );
    assert_eq!(
        change("setAccountPermissions", json!({ "trade": true, "withdraw": false })),
        AccountChange::Permissions { trade: true, withdraw: false }
    );
    assert_eq!(
        change("setStpGroup", json!({ "group": 4_294_967_295_u64 })),
        AccountChange::StpGroup(Some(StpGroup(u32::MAX)))
    );
    assert_eq!(
        change("setRateLimit", json!({ "rateLimit": { "perSecond": 10, "burst": 20 } })),
        AccountChange::RateLimit(Some(RateLimit { per_second: 10, burst: 20 }))
    );
}

#[test]
fn null_takes_an_accounts_term_away_and_absence_is_refused() {
    let ask = |text: &str| {
        let words = crate::words::parse(text).unwrap().pop().unwrap().unwrap();
        translate(&Call::Words(&words), &registry(), NOW).unwrap().request
    };
    for (name, field, none) in [
        ("setAccountFees", "fees", AccountChange::Fees { symbol: None, rates: None }),
        ("setStpGroup", "group", AccountChange::StpGroup(None)),
        ("setRateLimit", "rateLimit", AccountChange::RateLimit(None)),
    ] {
        let with_null = ask(&format!(r#"[{{"op":"{name}","accountId":7,"{field}":null}}]"#));
        let Request::Configure { change, .. } = with_null else { panic!("no change") };
        assert_eq!(change, none);
        refuses(&op(name, &json!({})), Code::MissingField, field);
    }
}

#[test]
fn bad_terms_are_refused() {
    refuses(&op("setAccountStatus", &json!({})), Code::MissingField, "status");
    refuses(&op("setAccountStatus", &json!({ "status": "OFF" })), Code::InvalidRequest, "status");
    refuses(&op("setAccountPermissions", &json!({ "trade": true })), Code::MissingField, "withdraw");
    let rates = json!({ "fees": { "makerPpm": 0, "takerPpm": 2_000_000 } });
    refuses(&op("setAccountFees", &rates), Code::InvalidFee, "fees");
    for group in [json!(0), json!(4_294_967_296_u64), json!(1.5)] {
        refuses(&op("setStpGroup", &json!({ "group": group })), Code::InvalidRequest, "group");
    }
    let bucket = |per_second, burst| json!({ "rateLimit": { "perSecond": per_second, "burst": burst } });
    refuses(&op("setRateLimit", &bucket(0, 1)), Code::InvalidRequest, "perSecond");
    refuses(&op("setRateLimit", &bucket(1, 1_000_001)), Code::InvalidRequest, "burst");
}

#[test]
fn fees_are_collected_whatever_the_status() {
    let collect = op("collectFees", &json!({ "symbol": "BTC-USDT" }));
    assert!(matches!(request(&collect), Request::CollectFees { symbol: SymbolId(0), .. }));
    accepts(&collect, &with_status("CLOSED"));
    refuses(&op("collectFees", &json!({})), Code::MissingField, "symbol");
}

#[test]
fn questions_have_limits() {
    let limit_of = |call: &Value| match request(call) {
        Request::OpenOrders { limit, .. }
        | Request::ClosedOrders { limit, .. }
        | Request::LedgerEntries { limit, .. } => limit,
        other => panic!("no question: {other:?}"),
    };
    assert_eq!(limit_of(&json!({ "op": "openOrders" })), 10_000);
    assert_eq!(limit_of(&op("orders", &json!({}))), 100);
    assert_eq!(limit_of(&op("ledger", &json!({ "limit": 1_000 }))), 1_000);
    refuses(&json!({ "op": "openOrders", "limit": 10_001 }), Code::InvalidRequest, "limit");
    refuses(&json!({ "op": "openOrders", "accountId": 0 }), Code::InvalidRequest, "accountId");
    refuses(&json!({ "op": "openOrders", "afterId": -1 }), Code::InvalidRequest, "afterId");
    for name in ["orders", "ledger"] {
        refuses(&op(name, &json!({ "limit": 0 })), Code::InvalidRequest, "limit");
        refuses(&op(name, &json!({ "limit": 1_001 })), Code::InvalidRequest, "limit");
        refuses(&op(name, &json!({ "cursor": 0.5 })), Code::InvalidRequest, "cursor");
    }
    refuses(&op("orders", &json!({ "symbol": "X" })), Code::UnknownSymbol, "symbol");
    refuses(&op("ledger", &json!({ "asset": "X" })), Code::UnknownAsset, "asset");
    accepts(&op("ledger", &json!({ "asset": "BTC" })), &without("BTC"));
    refuses(&op("orderByClientId", &json!({})), Code::MissingField, "clientOrderId");
    refuses(&op("account", &json!({ "accountId": null })), Code::InvalidRequest, "accountId");
}

#[test]
fn a_request_id_goes_along() {
    let call = limit(&json!({ "requestId": 5, "requestLane": 2 }));
    let id = ask(&call, &registry()).unwrap().request_id.unwrap();
    assert_eq!((id.number, id.lane), (5, 2));
    let default = ask(&limit(&json!({ "requestId": 5 })), &registry()).unwrap().request_id.unwrap();
    assert_eq!(default.lane, 0);
    assert!(ask(&limit(&json!({})), &registry()).unwrap().request_id.is_none());
    refuses(&limit(&json!({ "requestId": 1.5 })), Code::InvalidRequest, "requestId");
    let lane = json!({ "requestId": 5, "requestLane": 4_294_967_296_u64 });
    refuses(&limit(&lane), Code::InvalidRequest, "requestLane");
}

#[test]
fn what_is_refused_after_the_shape_may_have_been_done_before() {
    let recall = |call: &Value, registry| ask(call, registry).unwrap_err().recall;
    let halted = with_status("HALT");
    let with_id = limit(&json!({ "requestId": 5 }));
    let (account, id) = recall(&with_id, &halted).unwrap();
    assert_eq!((account, id.number), (ACCOUNT, 5));
    assert_eq!(Some(id.fingerprint), ask(&with_id, &registry()).unwrap().request_id.map(|id| id.fingerprint));
    assert!(recall(&limit(&json!({})), &halted).is_none(), "it has no request id");
    let malformed = limit(&json!({ "requestId": 5, "price": "x" }));
    assert!(recall(&malformed, &halted).is_none(), "it never was well-formed");
    let transfer = json!({
        "op": "transfer", "from": 9, "to": 8, "asset": "X", "amount": "1", "requestId": 5,
    });
    assert_eq!(recall(&transfer, &registry()).unwrap().0, AccountId(9), "who pays decides");
}
