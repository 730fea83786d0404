//! The short way in: whatever takes it comes to what the long one, which can refuse, makes of it.

use lightning_core::order::StpMode;
use lightning_core::types::{ID_MAX, Side};
use serde_json::json;

use super::{registry, with_rules, with_status, without};
use crate::edge::orders::{place, plain, plain_units};
use crate::edge::shape::Raw;
use crate::edge::{KindName, Named, Place, PlaceUnits, TifName};
use crate::registry::Registry;

/// Numbers from a seed.
struct Dice(u64);

impl Dice {
    fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        of[usize::try_from(self.0 >> 33).unwrap() % of.len()]
    }

    /// Nearly always the first, so that most of an order is as it should be.
    fn mostly<T: Copy>(&mut self, of: &[T]) -> T {
        if self.pick(&[true, true, true, true, true, true, true, false]) { of[0] } else { self.pick(of) }
    }
}

const SIDES: [Named<Side>; 4] =
    [Named::Known(Side::Buy), Named::Known(Side::Sell), Named::Unknown, Named::Missing];
const KINDS: [Named<KindName>; 4] =
    [Named::Known(KindName::Limit), Named::Known(KindName::Market), Named::Unknown, Named::Missing];
const TIFS: [TifName; 5] = [TifName::Default, TifName::Gtc, TifName::Ioc, TifName::Fok, TifName::Unknown];
const STPS: [Named<StpMode>; 8] = [
    Named::Missing,
    Named::Unknown,
    Named::Known(StpMode::ALL[0]),
    Named::Known(StpMode::ALL[1]),
    Named::Known(StpMode::ALL[2]),
    Named::Known(StpMode::ALL[3]),
    Named::Known(StpMode::ALL[4]),
    Named::Known(StpMode::ALL[0]),
];
const ACCOUNTS: [u64; 4] = [7, 0, ID_MAX, ID_MAX + 1];

/// Symbols with bounds, without, with rules that refuse something, and one that takes nothing.
fn registries() -> Vec<Registry> {
    let rules = [
        json!({ "maxNotional": "500" }),
        json!({ "minNotional": "2000" }),
        json!({ "orderTypes": ["market"] }),
        json!({ "allowedStp": ["EXPIRE_MAKER"], "defaultStp": "EXPIRE_MAKER" }),
        json!({ "minPrice": "99.95", "maxPrice": "100.05" }),
    ];
    let statuses = ["POST_ONLY", "LIMIT_ONLY", "CANCEL_ONLY", "HALT"];
    let mut all: Vec<_> = rules.into_iter().map(with_rules).collect();
    all.extend(statuses.into_iter().map(with_status));
    all.extend([without("BTC"), without("USDT"), Registry::default(), registry()]);
    all
}

#[test]
fn what_is_plain_in_words_is_the_same_order() {
    let prices = [
        "100",
        "100.05",
        "99.95",
        "100.00",
        "0.05",
        "0.95",
        "1",
        "100000",
        "100000.05",
        "100.01",
        "0",
        "0.0",
        "100.0500000",
        "100.050000001",
        "",
        ".5",
        "5.",
        "1e3",
        "-1",
        "+1",
        " 100",
        "00100",
        "1.2.3",
        "x",
        "9999999999999999999",
        "99999999999999999999",
        "18446744073709551616",
        "922337203685477580.75",
        "0.00000000000000000000000000001",
    ];
    let quantities = [
        "1",
        "0.001",
        "0.0010",
        "100",
        "100.0001",
        "0.0009",
        "0.00005",
        "12.3456",
        "12.34567",
        "0",
        "0.00000001",
        "99999999999999999999",
        "1844674407370955.1616",
        "",
    ];
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let (registries, mut taken) = (registries(), 0);
    for round in 0..1_000_000 {
        let registry = &registries[round % registries.len()];
        let call = Place {
            account: dice.mostly(&ACCOUNTS),
            symbol: dice.mostly(&[Some("BTC-USDT"), Some("BTC-EUR"), Some(""), None]),
            side: dice.mostly(&SIDES),
            kind: dice.mostly(&KINDS),
            tif: dice.pick(&TIFS),
            price: dice.mostly(&[Some(()), None]).map(|_| dice.pick(&prices)),
            quantity: dice.mostly(&[Some(()), None]).map(|_| dice.pick(&quantities)),
            quote_quantity: dice.mostly(&[None, Some("5")]),
            post_only: dice.mostly(&[false, true]),
            stp: dice.mostly(&STPS),
        };
        if let Some(order) = plain(&call, registry) {
            taken += 1;
            assert_eq!(order, place(&Raw::from(&call), registry).unwrap(), "{call:?}");
        }
    }
    assert!(taken > 4_000, "only {taken} took the short way");
}

#[test]
fn what_is_plain_in_integers_is_the_same_order() {
    let prices = [2_001, 2_000, 1_999, 1, 19, 20, 2_000_000, 2_000_001, 0, u64::MAX, 1 << 63];
    let quantities = [10_000, 10, 9, 1_000_000, 1_000_001, 1, 0, u64::MAX];
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let (registries, mut taken) = (registries(), 0);
    for round in 0..1_000_000 {
        let registry = &registries[round % registries.len()];
        let call = PlaceUnits {
            account: dice.mostly(&ACCOUNTS),
            symbol: dice.mostly(&[0, 1, u32::MAX]),
            side: dice.mostly(&SIDES),
            kind: dice.mostly(&KINDS),
            tif: dice.pick(&TIFS),
            price: dice.pick(&prices),
            quantity: dice.pick(&quantities),
            quote_quantity: dice.mostly(&[0, 5, u128::MAX]),
            post_only: dice.mostly(&[false, true]),
            stp: dice.mostly(&STPS),
        };
        if let Some(order) = plain_units(&call, registry) {
            taken += 1;
            assert_eq!(order, place(&Raw::from(&call), registry).unwrap(), "{call:?}");
        }
    }
    assert!(taken > 4_000, "only {taken} took the short way");
}
