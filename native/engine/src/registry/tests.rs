//! Assets and symbols: grids, limits, rules, changes.

use lightning_core::fees::{FeeMode, FeeRates};
use lightning_core::order::StpMode;
use lightning_core::rules::OrderType;
use lightning_core::types::{Amount, Price, Quantity};

use super::*;
use crate::decimal::Scaled;
use crate::market_data::Memory;

fn registry() -> Registry {
    let mut registry = Registry::default();
    registry.create_asset(&NewAsset::new("BTC", 8)).unwrap();
    registry.create_asset(&NewAsset::new("USDT", 6)).unwrap();
    registry
}

fn with_symbol() -> Registry {
    let mut registry = registry();
    let symbol = registry.prepare_symbol(&btc_usdt(), 0).unwrap();
    registry.add_symbol(symbol);
    registry
}

fn btc_usdt() -> NewSymbol {
    NewSymbol {
        name: "BTC-USDT".into(),
        base: "BTC".into(),
        quote: "USDT".into(),
        tick_size: "0.05".into(),
        lot_size: "0.0001".into(),
        ..NewSymbol::default()
    }
}

/// The symbol that a new symbol with these fields would be.
fn create(fields: &Value) -> Result<Symbol, Refusal> {
    let mut all = json!({
        "name": "BTC-USDT", "base": "BTC", "quote": "USDT", "tickSize": "0.05", "lotSize": "0.0001",
    });
    all.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    registry().prepare_symbol(&serde_json::from_value(all).unwrap(), 0)
}

fn patch(registry: &Registry, fields: Value) -> Result<Symbol, Refusal> {
    registry.prepare_update("BTC-USDT", &serde_json::from_value(fields).unwrap())
}

#[track_caller]
fn refuses(fields: &Value, code: Code, field: impl Into<Option<&'static str>> + Copy) {
    for refusal in [create(fields).unwrap_err(), patch(&with_symbol(), fields.clone()).unwrap_err()] {
        assert_eq!((refusal.code, refusal.field), (code, field.into()), "{fields}: {}", refusal.message);
    }
}

#[test]
fn reads_and_writes_prices_and_quantities_on_their_grids() {
    let symbol = registry().prepare_symbol(&btc_usdt(), 0).unwrap();
    assert_eq!(symbol.spec.tick_lot_atoms(), 5);
    assert_eq!(symbol.parse_price("price", "100.10").unwrap(), Price(2002));
    assert_eq!(symbol.price_text(Price(2002)), "100.10");
    assert_eq!(symbol.parse_quantity("quantity", "1.5").unwrap(), Quantity(15_000));
    assert_eq!(symbol.quantity_text(15_000), "1.5000");
    let off = symbol.parse_price("price", "100.12").unwrap_err();
    assert_eq!(off.code, Code::PriceTick);
    assert_eq!(off.details["nearest"], json!(["100.10", "100.15"]));
    let off = symbol.parse_price("price", "0.01").unwrap_err();
    assert_eq!(off.details["nearest"], json!(["0.05"]));
    assert_eq!(symbol.parse_price("price", "0.30000000000000004").unwrap_err().code, Code::BadPrecision);
    assert_eq!(symbol.parse_quantity("quantity", "0.00015").unwrap_err().code, Code::QtyLot);
    assert_eq!(symbol.parse_quantity("quantity", "0.000000001").unwrap_err().code, Code::BadPrecision);
    assert_eq!(symbol.parse_price("price", "461168601842738790.35").unwrap(), Price((1 << 63) - 1));
    let over = symbol.parse_price("price", "461168601842738790.40").unwrap_err();
    assert_eq!(over.code, Code::NumberOverflow);
}

#[test]
fn a_symbol_that_would_round_names_the_scale_that_fits() {
    let new = NewSymbol { tick_size: "0.001".into(), lot_size: "0.00001".into(), ..btc_usdt() };
    let refusal = registry().prepare_symbol(&new, 0).unwrap_err();
    assert_eq!(refusal.code, Code::SymbolPrecisionInexact);
    assert_eq!(refusal.details["quoteScaleNeeded"], json!(8));
}

#[test]
fn a_symbol_that_could_overflow_is_refused_and_so_is_a_change_that_makes_it_one() {
    let wide = json!({ "maxPrice": "1000000000000", "maxQuantity": "10000000000000" });
    refuses(&wide, Code::SymbolPrecisionInexact, None);
    // Each alone has room, since the other is what it was made to be.
    let registry = with_symbol();
    let wide_price = patch(&registry, json!({ "maxPrice": "1000000000000", "maxQuantity": null })).unwrap();
    let limits = wide_price.spec.limits();
    assert!(wide_price.spec.notional(limits.price_max, limits.quantity_max).0 < 1 << 96);
}

#[test]
fn limits_that_are_not_given_leave_room_for_those_that_are() {
    let mut registry = registry();
    registry.create_asset(&NewAsset::new("WEI", 18)).unwrap();
    let prepare = |max_price: Option<&str>, max_quantity: Option<&str>| {
        let new = NewSymbol {
            quote: "WEI".into(),
            tick_size: "1".into(),
            lot_size: "1".into(),
            max_price: max_price.map(Into::into),
            max_quantity: max_quantity.map(Into::into),
            ..btc_usdt()
        };
        let limits = *registry.prepare_symbol(&new, 0).unwrap().spec.limits();
        (limits.price_max.0, limits.quantity_max.0)
    };
    assert_eq!(prepare(None, None), (79_228, 1_000_002));
    assert_eq!(prepare(None, Some("10")), (7_922_816_251, 10));
    assert_eq!(prepare(Some("10"), None), (10, 7_922_816_251));
}

#[test]
fn zeros_behind_a_lot_size_change_nothing() {
    let plain = registry().prepare_symbol(&btc_usdt(), 0).unwrap();
    let zeros = NewSymbol { lot_size: format!("0.0001{}", "0".repeat(24)), ..btc_usdt() };
    let zeros = registry().prepare_symbol(&zeros, 0).unwrap();
    assert_eq!(zeros.spec, plain.spec);
    assert_eq!(zeros.lot, Scaled { digits: 10_000, scale: 8 });
    let max = zeros.quantity_text(u128::from(zeros.spec.limits().quantity_max.0));
    assert_eq!(zeros.parse_quantity("quantity", &max).unwrap(), zeros.spec.limits().quantity_max);
}

#[test]
fn names_are_plain_and_unique() {
    let mut registry = with_symbol();
    assert_eq!(registry.create_asset(&NewAsset::new("BTC", 8)).unwrap_err().code, Code::AssetExists);
    for code in ["", "B C", "Ä", &"X".repeat(33)] {
        let refusal = registry.create_asset(&NewAsset::new(code, 8)).unwrap_err();
        assert_eq!(refusal.code, Code::InvalidRequest, "{code}");
    }
    assert_eq!(registry.create_asset(&NewAsset::new("X", 19)).unwrap_err().code, Code::InvalidRequest);
    let no_scale = NewAsset { scale: None, ..NewAsset::new("X", 0) };
    assert_eq!(registry.create_asset(&no_scale).unwrap_err().code, Code::MissingField);
    assert_eq!(registry.prepare_symbol(&btc_usdt(), 0).unwrap_err().code, Code::SymbolExists);
    let same = NewSymbol { name: "X".into(), quote: "BTC".into(), ..btc_usdt() };
    let same = registry.prepare_symbol(&same, 0).unwrap_err();
    assert_eq!((same.code, same.field), (Code::InvalidRequest, Some("quote")));
    let unknown = NewSymbol { name: "X".into(), base: "ETH".into(), ..btc_usdt() };
    let unknown = registry.prepare_symbol(&unknown, 0).unwrap_err();
    assert_eq!((unknown.code, unknown.field), (Code::UnknownAsset, Some("base")));
}

/// Every rule, as a new symbol or a patch words it.
fn all_rules() -> Value {
    json!({
        "minPrice": "1.00",
        "maxPrice": "1000.00",
        "minQuantity": "0.0010",
        "maxQuantity": "100.0000",
        "minNotional": "5.000000",
        "maxNotional": "50000.000000",
        "applyToMarket": true,
        "marketMaxQuantity": "50.0000",
        "fees": { "makerPpm": -100, "takerPpm": 750 },
        "allowNetRebate": true,
        "bandBps": { "bidUp": 500, "bidDown": 10_000, "askUp": 1_000_000, "askDown": 0 },
        "priceFloor": "2.00",
        "priceCap": "900.00",
        "referencePrice": "100.00",
        "referenceMinutes": 5,
        "marketProtectionBps": 1_000,
        "maxOpenOrders": 200,
        "maxOpenConditional": 20,
        "maxIceberg": 0,
        "maxOpenLists": 10,
        "maxPosition": "1000.0000",
        "trailBps": { "min": 10, "max": 2_000 },
        "maxIcebergParts": 50,
        "maxAmends": 7,
        "orderTypes": ["limit", "trailing_stop", "oco"],
        "allowedStp": ["NONE", "EXPIRE_BOTH"],
        "defaultStp": "EXPIRE_BOTH",
        "sessionEnd": "21:30",
    })
}

#[test]
fn every_rule_is_read_and_written_back() {
    let registry = with_symbol();
    for symbol in [create(&all_rules()).unwrap(), patch(&registry, all_rules()).unwrap()] {
        let json = symbol.to_json();
        for (name, value) in all_rules().as_object().unwrap() {
            assert_eq!(&json[name], value, "{name}");
        }
        assert_eq!((json["status"].as_str(), json["feeMode"].as_str()), (Some("TRADING"), Some("received")));
        let rules = &symbol.rules;
        assert_eq!(rules.fees, FeeRates { maker_ppm: -100, taker_ppm: 750 });
        assert_eq!(
            (rules.notional_max, rules.position_max),
            (Some(Amount(50_000_000_000)), Some(Quantity(10_000_000)))
        );
        assert_eq!(rules.band.map(|band| band.ask_up_bps), Some(1_000_000));
        assert_eq!(rules.session_end_nanos, (21 * 60 + 30) * 60 * 1_000_000_000);
        assert!(rules.allows_type(OrderType::Oco) && !rules.allows_type(OrderType::Market));
        assert!(rules.allows_stp(StpMode::None) && !rules.allows_stp(StpMode::ExpireTaker));
    }
}

#[test]
fn null_in_a_patch_takes_a_rule_away() {
    let mut registry = with_symbol();
    let strict = patch(&registry, all_rules()).unwrap();
    registry.replace_symbol(strict);
    let nulls = all_rules().as_object().unwrap().keys().map(|name| (name.clone(), Value::Null)).collect();
    let plain = patch(&registry, Value::Object(nulls)).unwrap();
    assert_eq!(plain.rules, SymbolRules::default());
    assert_eq!(plain.spec, with_symbol().symbol(SymbolId(0)).spec);
}

#[test]
fn a_patch_leaves_alone_what_it_does_not_name() {
    let mut registry = with_symbol();
    let strict = patch(&registry, all_rules()).unwrap();
    registry.replace_symbol(strict);
    let before = registry.symbol(SymbolId(0)).to_json();
    let after = patch(&registry, json!({ "maxAmends": 8 })).unwrap().to_json();
    for (name, value) in before.as_object().unwrap() {
        let expected = if name == "maxAmends" { &json!(8) } else { value };
        assert_eq!(&after[name], expected, "{name}");
    }
}

#[test]
fn what_a_symbol_is_made_of_can_not_be_changed() {
    let registry = with_symbol();
    for field in ["name", "base", "quote", "tickSize", "lotSize", "feeMode"] {
        for value in [json!("x"), Value::Null] {
            let refusal = patch(&registry, json!({ field: value, "maxAmends": 8 })).unwrap_err();
            assert_eq!((refusal.code, refusal.field), (Code::ImmutableField, Some(field)));
        }
    }
    assert_eq!(patch(&registry, json!({})).unwrap_err().code, Code::NoChange);
    let unknown = registry.prepare_update("X", &SymbolPatch::default()).unwrap_err();
    assert_eq!(unknown.code, Code::UnknownSymbol);
    assert!(serde_json::from_value::<SymbolPatch>(json!({ "maxPrise": "1" })).is_err());
}

#[test]
fn fee_rates_are_within_bounds_and_add_up_to_a_fee() {
    let fees = |maker: i64, taker: i64| json!({ "fees": { "makerPpm": maker, "takerPpm": taker } });
    for (maker, taker) in [(0, -1), (0, 1_000_001), (1_000_001, 0), (-1_000_001, 1_000_000), (-2, 1)] {
        refuses(&fees(maker, taker), Code::InvalidFee, "fees");
    }
    refuses(&json!({ "fees": { "makerPpm": 0.5, "takerPpm": 1 } }), Code::InvalidFee, "fees");
    create(&fees(-1, 1)).unwrap();
    let mut registry = with_symbol();
    let rebate = json!({ "fees": { "makerPpm": -2, "takerPpm": 1 }, "allowNetRebate": true });
    let rebate = patch(&registry, rebate).unwrap();
    registry.replace_symbol(rebate);
    let alone = patch(&registry, json!({ "allowNetRebate": false })).unwrap_err();
    assert_eq!((alone.code, alone.field), (Code::InvalidFee, Some("fees")));
}

#[test]
fn rules_out_of_range_are_refused() {
    let bad = [
        ("referenceMinutes", json!(1_441)),
        ("marketProtectionBps", json!(0)),
        ("marketProtectionBps", json!(10_000)),
        ("maxOpenOrders", json!(-1)),
        ("maxOpenOrders", json!(0.5)),
        ("maxOpenConditional", json!(4_294_967_296_u64)),
        ("maxIceberg", json!("3")),
        ("maxIcebergParts", json!(0)),
        ("maxAmends", json!(-1)),
        ("trailBps", json!({ "min": 0, "max": 5 })),
        ("trailBps", json!({ "min": 6, "max": 5 })),
        ("bandBps", json!({ "bidUp": 0, "bidDown": 10_001, "askUp": 0, "askDown": 0 })),
        ("bandBps", json!({ "bidUp": 1_000_001, "bidDown": 0, "askUp": 0, "askDown": 0 })),
        ("orderTypes", json!([])),
        ("orderTypes", json!(["limits"])),
        ("allowedStp", json!(["none"])),
        ("defaultStp", json!("CANCEL")),
        ("sessionEnd", json!("24:00")),
        ("sessionEnd", json!("7:00")),
        ("sessionEnd", json!("07:+5")),
    ];
    for (field, value) in bad {
        refuses(&json!({ field: value }), Code::InvalidRequest, field);
    }
    refuses(&json!({ "priceCap": "1.01" }), Code::PriceTick, "priceCap");
    refuses(&json!({ "maxPosition": "1.00001" }), Code::QtyLot, "maxPosition");
    refuses(&json!({ "maxNotional": "0" }), Code::InvalidDecimal, "maxNotional");
    refuses(&json!({ "maxNotional": "0.0000001" }), Code::BadPrecision, "maxNotional");
    refuses(&json!({ "referencePrice": "9".repeat(40) }), Code::NumberOverflow, "referencePrice");
}

#[test]
fn rules_that_contradict_each_other_are_refused() {
    let bad = [
        (json!({ "minNotional": "5", "maxNotional": "4" }), Some("maxNotional")),
        (json!({ "minQuantity": "5", "marketMaxQuantity": "4" }), Some("marketMaxQuantity")),
        (json!({ "priceFloor": "5", "priceCap": "4" }), Some("priceFloor")),
        (json!({ "allowedStp": ["NONE"] }), Some("defaultStp")),
        (json!({ "minPrice": "5", "maxPrice": "4" }), None),
    ];
    for (fields, field) in bad {
        refuses(&fields, Code::InvalidRequest, field);
    }
}

#[test]
fn fees_are_paid_as_the_symbol_was_made() {
    assert_eq!(create(&json!({})).unwrap().spec.fee_mode(), FeeMode::Received);
    let quote = create(&json!({ "feeMode": "quote" })).unwrap();
    assert_eq!((quote.spec.fee_mode(), quote.to_json()["feeMode"].clone()), (FeeMode::Quote, json!("quote")));
    assert_eq!(create(&json!({ "feeMode": "base" })).unwrap_err().code, Code::InvalidRequest);
    let mut registry = with_symbol();
    let id = registry.remove_symbol(SymbolId(0)).spec.id();
    assert_eq!(id, SymbolId(0));
    let quote =
        registry.prepare_symbol(&NewSymbol { fee_mode: Some("quote".into()), ..btc_usdt() }, 0).unwrap();
    registry.add_symbol(quote);
    let patched = patch(&registry, json!({ "maxPrice": "10" })).unwrap();
    assert_eq!(patched.spec.fee_mode(), FeeMode::Quote, "other limits change nothing about it");
}

#[test]
fn a_status_follows_every_other_but_closed() {
    let mut registry = with_symbol();
    for status in ["HALT", "TRADING", "POST_ONLY", "LIMIT_ONLY", "CANCEL_ONLY", "HALT", "CLOSED", "CLOSED"] {
        let symbol = registry.prepare_status("BTC-USDT", status).unwrap();
        assert_eq!(registry.replace_symbol(symbol).rules.status.as_str(), status);
    }
    for status in ["TRADING", "HALT", "CANCEL_ONLY"] {
        let refusal = registry.prepare_status("BTC-USDT", status).unwrap_err();
        assert_eq!((refusal.code, refusal.field), (Code::BadStatusTransition, Some("status")));
    }
    let code = |status| registry.prepare_status("BTC-USDT", status).unwrap_err().code;
    assert_eq!((code("PRE_OPEN"), code("trading")), (Code::NotSupported, Code::InvalidRequest));
    assert_eq!(registry.prepare_status("X", "HALT").unwrap_err().code, Code::UnknownSymbol);
    let patched = patch(&registry, json!({ "maxAmends": 1 })).unwrap();
    assert_eq!(patched.rules.status, SymbolStatus::Closed, "a patch says nothing of the status");
}

#[test]
fn what_is_removed_loses_its_name_and_nothing_else() {
    let mut registry = with_symbol();
    assert_eq!(registry.remove_asset("BTC").unwrap_err().code, Code::AssetInUse);
    assert!(registry.remove_symbol(SymbolId(0)).removed);
    assert_eq!(registry.find_symbol("BTC-USDT").unwrap_err().code, Code::UnknownSymbol);
    assert_eq!(registry.symbol(SymbolId(0)).price_text(Price(1)), "0.05");
    assert_eq!((registry.live_symbols().count(), registry.symbols().len()), (0, 1));

    assert!(registry.remove_asset("BTC").unwrap().removed);
    assert_eq!(registry.find_asset("BTC").unwrap_err().code, Code::UnknownAsset);
    assert_eq!(registry.remove_asset("BTC").unwrap_err().code, Code::UnknownAsset);
    assert_eq!(registry.asset(AssetId(0)).scale, 8);
    assert_eq!(registry.create_asset(&NewAsset::new("BTC", 4)).unwrap().id, AssetId(2));
    assert_eq!((registry.live_assets().count(), registry.assets().len()), (2, 3));

    let again = registry.prepare_symbol(&btc_usdt(), 0).unwrap();
    assert_eq!(registry.add_symbol(again).spec.id(), SymbolId(1));
    assert_eq!(registry.find_symbol("BTC-USDT").unwrap().base.scale, 4);
}

#[test]
fn an_asset_is_renamed_and_disabled_with_its_symbols() {
    let mut registry = with_symbol();
    let patch = |text: &str| serde_json::from_str::<AssetPatch>(text).unwrap();
    let asset = registry.update_asset("BTC", &patch(r#"{"name":"Bitcoin","enabled":false}"#)).unwrap();
    assert_eq!((asset.name.as_deref(), asset.enabled), (Some("Bitcoin"), false));
    assert!(!registry.symbol(SymbolId(0)).base.enabled && registry.symbol(SymbolId(0)).quote.enabled);
    assert_eq!(registry.find_enabled_asset("BTC").unwrap_err().code, Code::AssetDisabled);
    assert!(registry.find_asset("BTC").is_ok());
    let asset = registry.update_asset("BTC", &patch(r#"{"name":null}"#)).unwrap();
    assert_eq!((asset.name.as_deref(), asset.enabled), (None, false));
    assert_eq!(asset.to_json()["enabled"], false);
    let code =
        |registry: &mut Registry, code, text| registry.update_asset(code, &patch(text)).unwrap_err().code;
    assert_eq!(code(&mut registry, "BTC", "{}"), Code::NoChange);
    assert_eq!(code(&mut registry, "ETH", "{}"), Code::UnknownAsset);
    assert_eq!(code(&mut registry, "BTC", r#"{"name":""}"#), Code::InvalidRequest);
}

/// All facts of a registry, as the journal has them.
fn facts(registry: &Registry) -> std::collections::BTreeMap<lightning_core::log::OperatorKey, Vec<u8>> {
    let assets = registry.assets().iter().map(Asset::to_fact);
    let symbols = registry.symbols().iter().map(|symbol| symbol.to_fact());
    assets.chain(symbols).map(|fact| (fact.key, fact.body)).collect()
}

fn read_back(
    facts: &std::collections::BTreeMap<lightning_core::log::OperatorKey, Vec<u8>>,
) -> Result<Registry, String> {
    Registry::from_facts(facts, Arc::new(Gate::at(lightning_core::types::Lsn(0))), Memory::NOTHING)
}

#[test]
fn what_is_kept_is_read_back_to_the_last_rule() {
    let mut registry = with_symbol();
    let strict = create(&all_rules()).unwrap();
    let strict = Symbol { name: "STRICT".into(), spec: renumbered(&strict, 1), ..strict };
    registry.add_symbol(strict);
    let halted = registry.prepare_status("BTC-USDT", "CANCEL_ONLY").unwrap();
    registry.replace_symbol(halted);
    registry
        .update_asset("BTC", &serde_json::from_str(r#"{"name":"Bitcoin","enabled":false}"#).unwrap())
        .unwrap();
    // Names that went from one to another.
    let id = registry.find_symbol("BTC-USDT").unwrap().spec.id();
    registry.remove_symbol(id);
    let id = registry.find_symbol("STRICT").unwrap().spec.id();
    registry.remove_symbol(id);
    registry.remove_asset("BTC").unwrap();
    registry.create_asset(&NewAsset::new("BTC", 4)).unwrap();
    let new = NewSymbol { lot_size: "0.010".into(), fee_mode: Some("quote".into()), ..btc_usdt() };
    let again = registry.prepare_symbol(&new, 0).unwrap();
    registry.add_symbol(again);

    let back = read_back(&facts(&registry)).unwrap();
    assert_eq!(back.assets(), registry.assets());
    for (back, symbol) in back.symbols().iter().zip(registry.symbols()) {
        assert_eq!((&back.name, back.spec, back.rules), (&symbol.name, symbol.spec, symbol.rules));
        assert_eq!((back.tick, back.lot, back.removed), (symbol.tick, symbol.lot, symbol.removed));
        assert_eq!((back.base.id, back.quote.id), (symbol.base.id, symbol.quote.id));
    }
    assert_eq!(back.symbols().len(), 3);
    assert_eq!(back.find_symbol("BTC-USDT").unwrap().spec.id(), SymbolId(2));
    assert_eq!(back.find_asset("BTC").unwrap().id, AssetId(2));
    assert_eq!(facts(&back), facts(&registry), "and is kept as it was");
}

fn renumbered(symbol: &Symbol, id: u32) -> lightning_core::spec::SymbolSpec {
    let spec = &symbol.spec;
    lightning_core::spec::SymbolSpec::new(
        SymbolId(id),
        spec.base(),
        spec.quote(),
        spec.lot_atoms(),
        spec.tick_lot_atoms(),
        *spec.limits(),
    )
    .unwrap()
    .with_fee_mode(spec.fee_mode())
}

/// Whatever stands there, the answer is a registry or a reason, and never a panic.
#[test]
fn what_is_no_fact_is_refused() {
    let good = facts(&with_symbol());
    assert!(read_back(&good).is_ok());
    for (key, body) in &good {
        let body: Value = serde_json::from_slice(body).unwrap();
        for field in body.as_object().unwrap().keys() {
            for value in
                [json!(null), json!(-1), json!("x"), json!(4_000_000_000_u32), json!([]), json!(["9", 99])]
            {
                let mut bad = body.clone();
                bad[field] = value;
                let mut facts = good.clone();
                facts.insert(*key, bad.to_string().into_bytes());
                let _ = read_back(&facts);
            }
            let mut bad = body.clone();
            bad.as_object_mut().unwrap().remove(field);
            let mut facts = good.clone();
            facts.insert(*key, bad.to_string().into_bytes());
            let _ = read_back(&facts);
        }
        for bad in ["", "{}", "[]", "\u{0}"] {
            let mut facts = good.clone();
            facts.insert(*key, bad.as_bytes().to_vec());
            assert!(read_back(&facts).is_err(), "{key:?}: {bad:?}");
        }
        let mut facts = good.clone();
        facts.remove(key);
        // Numbers are dense, and symbols have assets.
        assert_eq!(
            read_back(&facts).is_err(),
            !matches!(key, lightning_core::log::OperatorKey::Symbol(_)),
            "{key:?}"
        );
    }
}
