//! A symbol's arithmetic against schoolbook multiplication, at the values where integers break.
//!
//! What [`SymbolSpec::new`] accepts must never panic within its limits, and what it refuses must be exactly
//! what could.

use std::cmp::Ordering;

use lightning_core::limits::{AMOUNT_MAX, PRICE_TICKS_MAX, QUANTITY_LOTS_MAX};
use lightning_core::message::{NewOrder, OrderKind};
use lightning_core::reject::Code;
use lightning_core::spec::{SpecError, SymbolLimits, SymbolSpec};
use lightning_core::types::{AccountId, Amount, AssetId, Price, Quantity, Side, SymbolId};
use proptest::prelude::*;

/// A natural number without end: 32-bit digits, the lowest first, no leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Big(Vec<u32>);

impl Big {
    fn new(number: impl Into<u128>) -> Self {
        let mut rest: u128 = number.into();
        let mut digits = Vec::new();
        while rest > 0 {
            digits.push(low(rest));
            rest >>= 32;
        }
        Self(digits)
    }

    fn times(&self, other: impl Into<u128>) -> Self {
        let other = Self::new(other);
        let mut digits = vec![0_u32; self.0.len() + other.0.len()];
        for (i, &a) in self.0.iter().enumerate() {
            let mut carry = 0_u128;
            for (j, digit) in digits.iter_mut().skip(i).enumerate() {
                let b = other.0.get(j).copied().unwrap_or(0);
                carry += u128::from(*digit) + u128::from(a) * u128::from(b);
                *digit = low(carry);
                carry >>= 32;
            }
            assert_eq!(carry, 0, "the product has no more digits than its factors");
        }
        while digits.last() == Some(&0) {
            digits.pop();
        }
        Self(digits)
    }
}

impl PartialOrd for Big {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Big {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_digits = || self.0.iter().rev().cmp(other.0.iter().rev());
        self.0.len().cmp(&other.0.len()).then_with(by_digits)
    }
}

fn low(number: u128) -> u32 {
    u32::try_from(number & 0xffff_ffff).expect("32 bits")
}

#[test]
fn the_reference_can_multiply() {
    let nines = 999_999_999_999_u64;
    assert_eq!(Big::new(nines).times(nines), Big::new(999_999_999_998_000_000_000_001_u128));
    assert_eq!(Big::new(0_u32).times(7_u32), Big::new(0_u32));
    assert!(Big::new(u128::MAX) < Big::new(u128::MAX).times(2_u32));
    assert!(Big::new(1_u128 << 64) > Big::new(u64::MAX));
    // (2^128 - 1)^2 = 2^256 - 2^129 + 1
    let square = Big::new(u128::MAX).times(u128::MAX);
    assert_eq!(square, Big(vec![1, 0, 0, 0, u32::MAX - 1, u32::MAX, u32::MAX, u32::MAX]));
}

/// Powers of two and the limits, give or take one, and everything else now and then.
fn edgy(limit: u128) -> impl Strategy<Value = u128> + Clone {
    let near = |at: u128| (0_u128..=2).prop_map(move |offset| (at - 1).saturating_add(offset));
    prop_oneof![
        3 => 0_u128..=3,
        2 => (1_u32..128).prop_flat_map(move |bit| near(1 << bit)),
        2 => near(limit),
        1 => Just(u128::MAX),
        3 => (0_u32..128, any::<u128>()).prop_map(|(bits, number)| number >> bits),
    ]
}

fn edgy_u64(limit: u64) -> impl Strategy<Value = u64> + Clone {
    edgy(limit.into()).prop_map(|number| u64::try_from(number).unwrap_or(u64::MAX))
}

#[derive(Clone, Debug)]
struct Rules {
    assets: (u32, u32),
    lot: u128,
    tick: u128,
    limits: SymbolLimits,
}

impl Rules {
    fn build(&self) -> Result<SymbolSpec, SpecError> {
        let (base, quote) = (AssetId(self.assets.0), AssetId(self.assets.1));
        SymbolSpec::new(SymbolId(3), base, quote, self.lot, self.tick, self.limits)
    }

    /// What the documentation promises, in its order.
    fn expected(&self) -> Result<(), SpecError> {
        let limits = &self.limits;
        if self.assets.0 == self.assets.1 {
            return Err(SpecError::SameAsset);
        }
        if self.lot == 0 || self.tick == 0 {
            return Err(SpecError::Inexact);
        }
        let prices = 1 <= limits.price_min.0
            && limits.price_min.0 <= limits.price_max.0
            && limits.price_max.0 <= PRICE_TICKS_MAX;
        let quantities = 1 <= limits.quantity_min.0
            && limits.quantity_min.0 <= limits.quantity_max.0
            && limits.quantity_max.0 <= QUANTITY_LOTS_MAX;
        if !prices || !quantities || limits.notional_min.0 > AMOUNT_MAX {
            return Err(SpecError::BadLimits);
        }
        let dearest = notional(limits.price_max.0, limits.quantity_max.0, self.tick);
        let largest = Big::new(limits.quantity_max.0).times(self.lot);
        if dearest > Big::new(AMOUNT_MAX) || largest > Big::new(AMOUNT_MAX) {
            return Err(SpecError::Overflow);
        }
        Ok(())
    }
}

fn notional(price: u64, quantity: u64, tick: u128) -> Big {
    Big::new(price).times(quantity).times(tick)
}

fn rules() -> impl Strategy<Value = Rules> {
    let prices = (edgy_u64(PRICE_TICKS_MAX), edgy_u64(PRICE_TICKS_MAX));
    let quantities = (edgy_u64(QUANTITY_LOTS_MAX), edgy_u64(QUANTITY_LOTS_MAX));
    let assets = (0_u32..8, Just(0_u32));
    let rules = (assets, edgy(AMOUNT_MAX), edgy(AMOUNT_MAX), prices, quantities, edgy(AMOUNT_MAX));
    rules.prop_map(|(assets, lot, tick, prices, quantities, notional_min)| Rules {
        assets,
        lot,
        tick,
        limits: SymbolLimits {
            price_min: Price(prices.0),
            price_max: Price(prices.1),
            quantity_min: Quantity(quantities.0),
            quantity_max: Quantity(quantities.1),
            notional_min: Amount(notional_min),
        },
    })
}

/// Rules whose largest order is worth about as much as there can be: half of them are accepted.
fn tight_rules() -> impl Strategy<Value = Rules> {
    let bits = (0_u32..63, 0_u32..63).prop_flat_map(|(price, quantity)| {
        let left = 96_u32.saturating_sub(price + quantity);
        let lot_left = 96 - quantity;
        let tick = left.saturating_sub(1)..=left;
        (Just(price), Just(quantity), tick, lot_left - 1..=lot_left, 0_u128..=2, 0_u64..=2)
    });
    bits.prop_map(|(price, quantity, tick, lot, more, less)| Rules {
        assets: (1, 0),
        lot: ((1_u128 << lot) - 1 + more).max(1),
        tick: ((1_u128 << tick) - 1 + more).max(1),
        limits: SymbolLimits {
            price_min: Price(1),
            price_max: Price(((1 << (price + 1)) - 1_u64).saturating_sub(less).max(1)),
            quantity_min: Quantity(1),
            quantity_max: Quantity(((1 << (quantity + 1)) - 1_u64).saturating_sub(less).max(1)),
            notional_min: Amount(0),
        },
    })
}

/// `lots` lots at `lot_cost` each are what `budget` pays for, rounded down, or all that can be counted.
fn is_quotient(lots: u64, budget: u128, lot_cost: &Big) -> bool {
    let budget = Big::new(budget);
    let fits = lot_cost.times(lots) <= budget;
    let is_all = lots == QUANTITY_LOTS_MAX || lot_cost.times(u128::from(lots) + 1) > budget;
    fits && is_all && lots <= QUANTITY_LOTS_MAX
}

proptest! {
    #![proptest_config(crate::random::config(20_000))]

    #[test]
    fn a_symbol_exists_exactly_when_its_arithmetic_fits(
        rules in prop_oneof![rules(), tight_rules()],
    ) {
        prop_assert_eq!(rules.build().map(|_| ()), rules.expected());
    }

    #[test]
    fn within_the_limits_products_are_exact(
        rules in prop_oneof![3 => tight_rules(), 1 => rules()],
        price in any::<u64>(),
        quantity in any::<u64>(),
        at_the_top in (any::<bool>(), any::<bool>()),
    ) {
        let Ok(spec) = rules.build() else { return Ok(()) };
        let limits = spec.limits();
        let within = |number: u64, min: u64, max: u64| match (max - min).checked_add(1) {
            Some(span) => min + number % span,
            None => number,
        };
        let price = if at_the_top.0 { limits.price_max.0 } else { within(price, limits.price_min.0, limits.price_max.0) };
        // What is left of an order may be below the smallest one.
        let quantity = if at_the_top.1 { limits.quantity_max.0 } else { within(quantity, 0, limits.quantity_max.0) };
        let expected = notional(price, quantity, rules.tick);
        prop_assert_eq!(Big::new(spec.notional(Price(price), Quantity(quantity)).0), expected.clone());
        prop_assert!(expected <= Big::new(AMOUNT_MAX));
        let base = Big::new(quantity).times(rules.lot);
        prop_assert_eq!(Big::new(spec.base_amount(Quantity(quantity)).0), base.clone());
        prop_assert!(base <= Big::new(AMOUNT_MAX));
    }

    #[test]
    fn budgets_round_down_to_a_lot_whatever_they_are(
        rules in prop_oneof![tight_rules(), rules()],
        price in edgy_u64(PRICE_TICKS_MAX),
        budget in edgy(AMOUNT_MAX),
        lots in any::<u64>(),
    ) {
        let Ok(spec) = rules.build() else { return Ok(()) };
        let price = price.max(1);
        let lot_cost = Big::new(price).times(rules.tick);
        prop_assert!(is_quotient(spec.lots_for_budget(Amount(budget), Price(price)).0, budget, &lot_cost));

        // There and back: what lots cost pays for just these, and one atom less for one lot less.
        let price = Price(price % spec.limits().price_max.0 + 1);
        let lots = Quantity(lots % spec.limits().quantity_max.0 + 1);
        let cost = spec.notional(price, lots);
        prop_assert_eq!(spec.lots_for_budget(cost, price), lots);
        prop_assert_eq!(spec.lots_for_budget(cost - Amount(1), price), lots - Quantity(1));
    }

    #[test]
    fn any_order_is_checked_without_a_panic(
        rules in prop_oneof![tight_rules(), rules()],
        price in edgy_u64(PRICE_TICKS_MAX),
        quantity in edgy_u64(QUANTITY_LOTS_MAX),
        quote in edgy(AMOUNT_MAX),
        notional_min in edgy(AMOUNT_MAX),
    ) {
        let limits = SymbolLimits { notional_min: Amount(notional_min), ..rules.limits };
        let rules = Rules { limits, ..rules };
        let Ok(spec) = rules.build() else { return Ok(()) };
        let price_fits = limits.price_min.0 <= price && price <= limits.price_max.0;
        let quantity_fits = limits.quantity_min.0 <= quantity && quantity <= limits.quantity_max.0;
        let order = |kind| NewOrder::market(AccountId(1), SymbolId(3), Side::Buy, kind);
        let code = |kind| spec.check(&order(kind)).map_err(|reject| reject.code);

        let limit = OrderKind::Limit { price: Price(price), quantity: Quantity(quantity) };
        let expected = match (price_fits, quantity_fits) {
            (false, _) => Err(Code::PriceRange),
            (true, false) => Err(Code::QtyRange),
            _ if notional(price, quantity, rules.tick) < Big::new(notional_min) => Err(Code::NotionalRange),
            _ => Ok(()),
        };
        prop_assert_eq!(code(limit), expected);

        let by_quantity = OrderKind::MarketByQuantity { quantity: Quantity(quantity) };
        let expected = if quantity_fits { Ok(()) } else { Err(Code::QtyRange) };
        prop_assert_eq!(code(by_quantity), expected);

        let fits = quote >= notional_min.max(1) && quote <= AMOUNT_MAX;
        let expected = if fits { Ok(()) } else { Err(Code::NotionalRange) };
        prop_assert_eq!(code(OrderKind::MarketByQuote { quote: Amount(quote) }), expected);
    }
}

#[test]
fn the_sides_give_and_receive_opposite_assets() {
    let rules = Rules {
        assets: (4, 9),
        lot: 1,
        tick: 1,
        limits: SymbolLimits {
            price_min: Price(1),
            price_max: Price(10),
            quantity_min: Quantity(1),
            quantity_max: Quantity(10),
            notional_min: Amount(0),
        },
    };
    let spec = rules.build().unwrap();
    assert_eq!((spec.gives(Side::Buy), spec.receives(Side::Buy)), (AssetId(9), AssetId(4)));
    assert_eq!((spec.gives(Side::Sell), spec.receives(Side::Sell)), (AssetId(4), AssetId(9)));
}
