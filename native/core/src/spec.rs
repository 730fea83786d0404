//! What an asset and a symbol are, to the integers. Names and decimal strings live at the edge.
//!
//! A [`SymbolSpec`] exists only if its arithmetic is exact and cannot overflow: everything behind it relies
//! on that, which is why there is no other way to make one.

use crate::fees::{FeeMode, FeeRates, PPM, fee_up};
use crate::limits::{AMOUNT_MAX, PRICE_TICKS_MAX, QUANTITY_LOTS_MAX};
use crate::order::{NewOrder, OrderKind};
use crate::reject::{Code, Reject};
use crate::types::{Amount, AssetId, Price, Quantity, Side, SymbolId};

/// A symbol's rules in ticks, lots and atoms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolSpec {
    id: SymbolId,
    base: AssetId,
    quote: AssetId,
    lot_atoms: u128,
    tick_lot_atoms: u128,
    fee_mode: FeeMode,
    limits: SymbolLimits,
}

/// Bounds on one order, inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SymbolLimits {
    /// Lowest limit price, at least one tick.
    pub price_min: Price,
    /// Highest limit price.
    pub price_max: Price,
    /// Smallest order, at least one lot. A remainder below it may rest.
    pub quantity_min: Quantity,
    /// Largest order.
    pub quantity_max: Quantity,
    /// Smallest price x quantity, in quote atoms; zero for no such rule.
    pub notional_min: Amount,
}

/// Why a symbol can't exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecError {
    /// Base and quote are the same asset.
    SameAsset,
    /// A lot is not a whole, positive number of base atoms, or a tick x lot not one of quote atoms.
    Inexact,
    /// A minimum is zero or above its maximum, or a maximum is beyond what the engine counts.
    BadLimits,
    /// The largest order at the highest price is worth more than [`AMOUNT_MAX`] quote atoms, or its quantity
    /// is more than [`AMOUNT_MAX`] base atoms.
    Overflow,
}

impl SymbolSpec {
    /// A symbol whose lot is `lot_atoms` base atoms and whose tick x lot is `tick_lot_atoms` quote atoms.
    ///
    /// # Errors
    /// [`SpecError`], when a trade could round or an order within `limits` could overflow.
    pub fn new(
        id: SymbolId,
        base: AssetId,
        quote: AssetId,
        lot_atoms: u128,
        tick_lot_atoms: u128,
        limits: SymbolLimits,
    ) -> Result<Self, SpecError> {
        if base == quote {
            return Err(SpecError::SameAsset);
        }
        if lot_atoms == 0 || tick_lot_atoms == 0 {
            return Err(SpecError::Inexact);
        }
        let sound = limits.price_min >= Price(1)
            && limits.price_min <= limits.price_max
            && limits.price_max <= Price(PRICE_TICKS_MAX)
            && limits.quantity_min >= Quantity(1)
            && limits.quantity_min <= limits.quantity_max
            && limits.quantity_max <= Quantity(QUANTITY_LOTS_MAX)
            && limits.notional_min <= Amount(AMOUNT_MAX);
        if !sound {
            return Err(SpecError::BadLimits);
        }
        let spec = Self { id, base, quote, lot_atoms, tick_lot_atoms, fee_mode: FeeMode::Received, limits };
        let notional = spec.checked_notional(limits.price_max, limits.quantity_max);
        let base_atoms = u128::from(limits.quantity_max.0).checked_mul(lot_atoms);
        match (notional, base_atoms) {
            (Some(Amount(quote)), Some(base)) if quote <= AMOUNT_MAX && base <= AMOUNT_MAX => Ok(spec),
            _ => Err(SpecError::Overflow),
        }
    }

    /// The same with fees paid in this mode.
    #[must_use]
    pub const fn with_fee_mode(self, fee_mode: FeeMode) -> Self {
        Self { fee_mode, ..self }
    }

    /// The same with other bounds.
    ///
    /// # Errors
    /// [`SpecError`], as for a new symbol.
    pub fn with_limits(self, limits: SymbolLimits) -> Result<Self, SpecError> {
        Self::new(self.id, self.base, self.quote, self.lot_atoms, self.tick_lot_atoms, limits)
            .map(|spec| spec.with_fee_mode(self.fee_mode))
    }

    /// The symbol's number.
    #[must_use]
    pub const fn id(&self) -> SymbolId {
        self.id
    }

    /// What is bought and sold.
    #[must_use]
    pub const fn base(&self) -> AssetId {
        self.base
    }

    /// What it is paid with.
    #[must_use]
    pub const fn quote(&self) -> AssetId {
        self.quote
    }

    /// Base atoms in one lot.
    #[must_use]
    pub const fn lot_atoms(&self) -> u128 {
        self.lot_atoms
    }

    /// Quote atoms that one lot costs at a price of one tick.
    #[must_use]
    pub const fn tick_lot_atoms(&self) -> u128 {
        self.tick_lot_atoms
    }

    /// How fees are paid.
    #[must_use]
    pub const fn fee_mode(&self) -> FeeMode {
        self.fee_mode
    }

    /// The bounds on one order.
    #[must_use]
    pub const fn limits(&self) -> &SymbolLimits {
        &self.limits
    }

    /// Lots to base atoms. Exact; a quantity within the limits can't overflow.
    #[must_use]
    pub fn base_amount(&self, quantity: Quantity) -> Amount {
        match checked_product(u128::from(quantity.0), self.lot_atoms) {
            Some(atoms) => Amount(atoms),
            None => panic!("{quantity:?} of {:?} overflows in base atoms", self.id),
        }
    }

    /// Price x quantity in quote atoms. Exact: a trade never rounds. Within the limits it can't overflow.
    #[must_use]
    pub fn notional(&self, price: Price, quantity: Quantity) -> Amount {
        match self.checked_notional(price, quantity) {
            Some(amount) => amount,
            None => panic!("{quantity:?} at {price:?} of {:?} overflows in quote atoms", self.id),
        }
    }

    fn checked_notional(&self, price: Price, quantity: Quantity) -> Option<Amount> {
        checked_product(u128::from(price.0) * u128::from(quantity.0), self.tick_lot_atoms).map(Amount)
    }

    /// How many whole lots `budget` quote atoms pay for at `price`. Rounds **down**; what does not make a lot
    /// stays with its owner. At most [`QUANTITY_LOTS_MAX`].
    #[must_use]
    pub fn lots_for_budget(&self, budget: Amount, price: Price) -> Quantity {
        assert!(!price.is_zero(), "a price of zero buys without end");
        let lots = match u128::from(price.0).checked_mul(self.tick_lot_atoms) {
            Some(lot_cost) => budget.0 / lot_cost,
            None => 0, // One lot costs more than any amount there is.
        };
        Quantity(u64::try_from(lots).unwrap_or(QUANTITY_LOTS_MAX).min(QUANTITY_LOTS_MAX))
    }

    /// What a resting limit order has to have reserved for what is still open of it, hidden quantity included:
    /// base for a sell; for a buy price x quantity, and in [`FeeMode::Quote`] the dearer of its fees on top.
    #[must_use]
    pub fn reservation(&self, side: Side, price: Price, open: Quantity, fees: FeeRates) -> Amount {
        match side {
            Side::Sell => self.base_amount(open),
            Side::Buy => {
                let notional = self.notional(price, open);
                match self.fee_mode {
                    FeeMode::Received => notional,
                    FeeMode::Quote => notional + fee_up(notional, fees.ceiling_ppm()),
                }
            }
        }
    }

    /// How many whole lots `budget` quote atoms pay for at `price` when a fee of `fee_ppm` of the price, rounded
    /// up, comes on top. Rounds **down**. At most [`QUANTITY_LOTS_MAX`].
    #[must_use]
    pub fn lots_for_budget_and_fee(&self, budget: Amount, price: Price, fee_ppm: u32) -> Quantity {
        if fee_ppm == 0 {
            return self.lots_for_budget(budget, price);
        }
        // cost + ceil(cost * fee) <= budget, in millionths: cost * (1 + fee) <= budget, for a whole budget.
        let millionths = u128::from(price.0)
            .checked_mul(self.tick_lot_atoms)
            .and_then(|lot| lot.checked_mul(PPM + u128::from(fee_ppm)));
        let lots = match (millionths, budget.0.checked_mul(PPM)) {
            (Some(lot), Some(budget)) => budget / lot,
            // One lot costs more than any amount there is.
            (None, _) => 0,
            (Some(_), None) => panic!("a budget of {budget:?} is beyond what the engine counts"),
        };
        Quantity(u64::try_from(lots).unwrap_or(QUANTITY_LOTS_MAX).min(QUANTITY_LOTS_MAX))
    }

    /// The asset that an order of this side pays its fees in.
    #[must_use]
    pub const fn fee_asset(&self, side: Side) -> AssetId {
        match (self.fee_mode, side) {
            (FeeMode::Received, Side::Buy) => self.base,
            (FeeMode::Received, Side::Sell) | (FeeMode::Quote, _) => self.quote,
        }
    }

    /// The asset an order of this side gives, which its reservation is in.
    #[must_use]
    pub const fn gives(&self, side: Side) -> AssetId {
        match side {
            Side::Buy => self.quote,
            Side::Sell => self.base,
        }
    }

    /// The asset an order of this side receives.
    #[must_use]
    pub const fn receives(&self, side: Side) -> AssetId {
        match side {
            Side::Buy => self.base,
            Side::Sell => self.quote,
        }
    }

    /// The bounds on one order, in the fixed order of their codes. Checked at the edge, where it is a refusal,
    /// and asserted again by the sequencer.
    ///
    /// # Errors
    /// `PRICE_RANGE`, `QTY_RANGE` or `NOTIONAL_RANGE`.
    pub fn check(&self, order: &NewOrder) -> Result<(), Reject> {
        let limits = &self.limits;
        if let OrderKind::Limit { price, .. } = order.kind
            && !(limits.price_min..=limits.price_max).contains(&price)
        {
            return Err(Reject::new(Code::PriceRange));
        }
        if let Some(quantity) = order.kind.quantity()
            && !(limits.quantity_min..=limits.quantity_max).contains(&quantity)
        {
            return Err(Reject::new(Code::QtyRange));
        }
        let notional = match order.kind {
            OrderKind::Limit { price, quantity } => self.notional(price, quantity),
            OrderKind::MarketByQuote { quote } => quote,
            // Valued by a reference price, which only the matcher knows.
            OrderKind::MarketByQuantity { .. } => return Ok(()),
        };
        if notional < limits.notional_min || notional.is_zero() || notional.0 > AMOUNT_MAX {
            return Err(Reject::new(Code::NotionalRange));
        }
        Ok(())
    }
}

/// The product, or none when it does not fit. Nearly always both are below 2^64: that is one multiplication.
#[inline]
fn checked_product(a: u128, b: u128) -> Option<u128> {
    match (u64::try_from(a), u64::try_from(b)) {
        (Ok(a), Ok(b)) => Some(u128::from(a) * u128::from(b)),
        _ => a.checked_mul(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::AccountId;

    const LIMITS: SymbolLimits = SymbolLimits {
        price_min: Price(1),
        price_max: Price(1_000_000),
        quantity_min: Quantity(1),
        quantity_max: Quantity(1_000_000),
        notional_min: Amount(0),
    };

    fn order(kind: OrderKind) -> NewOrder {
        NewOrder::market(AccountId(1), SymbolId(0), Side::Buy, kind)
    }

    #[test]
    fn a_budget_pays_for_lots_and_their_fees() {
        let spec = spec(1, 1, LIMITS).unwrap();
        // 10 lots at 7 cost 70, and a fee of ceil(0.7) on top.
        assert_eq!(spec.lots_for_budget_and_fee(Amount(71), Price(7), 10_000), Quantity(10));
        assert_eq!(spec.lots_for_budget_and_fee(Amount(70), Price(7), 10_000), Quantity(9));
        assert_eq!(spec.lots_for_budget_and_fee(Amount(70), Price(7), 0), Quantity(10));
    }

    #[test]
    fn a_buyer_that_pays_fees_on_top_reserves_the_dearer_of_them() {
        let quote = spec(1, 1, LIMITS).unwrap().with_fee_mode(FeeMode::Quote);
        let fees = FeeRates { maker_ppm: 1_000, taker_ppm: 2_000 };
        assert_eq!(quote.reservation(Side::Buy, Price(7), Quantity(100), fees), Amount(702));
        assert_eq!(quote.reservation(Side::Sell, Price(7), Quantity(100), fees), Amount(100));
        let received = quote.with_fee_mode(FeeMode::Received);
        assert_eq!(received.reservation(Side::Buy, Price(7), Quantity(100), fees), Amount(700));
        assert_eq!((received.fee_asset(Side::Buy), quote.fee_asset(Side::Buy)), (AssetId(0), AssetId(1)));
    }

    fn spec(lot: u128, tick_lot: u128, limits: SymbolLimits) -> Result<SymbolSpec, SpecError> {
        SymbolSpec::new(SymbolId(0), AssetId(0), AssetId(1), lot, tick_lot, limits)
    }

    #[test]
    fn a_symbol_that_could_round_or_overflow_does_not_exist() {
        assert!(spec(100, 1, LIMITS).is_ok());
        assert_eq!(spec(0, 1, LIMITS), Err(SpecError::Inexact));
        assert_eq!(spec(1, 0, LIMITS), Err(SpecError::Inexact));
        let wide = SymbolLimits { price_max: Price(u64::MAX >> 1), ..LIMITS };
        assert_eq!(spec(1, 1 << 20, wide), Err(SpecError::Overflow));
        assert_eq!(spec(AMOUNT_MAX, 1, LIMITS), Err(SpecError::Overflow));
        assert_eq!(spec(1, 1, SymbolLimits { price_min: Price(0), ..LIMITS }), Err(SpecError::BadLimits));
        assert_eq!(
            spec(1, 1, SymbolLimits { quantity_min: Quantity(2_000_000), ..LIMITS }),
            Err(SpecError::BadLimits)
        );
        assert_eq!(
            SymbolSpec::new(SymbolId(0), AssetId(1), AssetId(1), 1, 1, LIMITS),
            Err(SpecError::SameAsset)
        );
    }

    #[test]
    fn budgets_round_down_to_a_lot() {
        let spec = spec(100, 3, LIMITS).unwrap();
        assert_eq!(spec.notional(Price(7), Quantity(2)), Amount(42));
        assert_eq!(spec.lots_for_budget(Amount(41), Price(7)), Quantity(1));
        assert_eq!(spec.lots_for_budget(Amount(42), Price(7)), Quantity(2));
        assert_eq!(spec.base_amount(Quantity(2)), Amount(200));
    }

    #[test]
    fn rules_are_checked_in_the_order_of_their_codes() {
        let spec = spec(1, 1, SymbolLimits { notional_min: Amount(10), ..LIMITS }).unwrap();
        let limit = |price, quantity| {
            spec.check(&order(OrderKind::Limit { price: Price(price), quantity: Quantity(quantity) }))
                .map_err(|reject| reject.code)
        };
        assert_eq!(limit(10, 1), Ok(()));
        assert_eq!(limit(0, 0), Err(Code::PriceRange));
        assert_eq!(limit(1_000_001, 1), Err(Code::PriceRange));
        assert_eq!(limit(1, 0), Err(Code::QtyRange));
        assert_eq!(limit(3, 3), Err(Code::NotionalRange));
        let by_quote = order(OrderKind::MarketByQuote { quote: Amount(9) });
        assert_eq!(spec.check(&by_quote).map_err(|reject| reject.code), Err(Code::NotionalRange));
    }
}
