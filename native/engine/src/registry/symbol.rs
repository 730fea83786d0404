//! A symbol: its rules, and how its numbers are read and written.

use std::sync::Arc;

use lightning_core::fees::FeeMode;
use lightning_core::limits::{AMOUNT_MAX, PRICE_TICKS_MAX, QUANTITY_LOTS_MAX, SCALE_MAX};
use lightning_core::order::StpMode;
use lightning_core::reject::Code;
use lightning_core::rules::{OrderType, SymbolRules};
use lightning_core::spec::{SpecError, SymbolLimits, SymbolSpec};
use lightning_core::types::{Amount, Price, Quantity, SymbolId};
use serde_json::{Value, json};

use crate::decimal::{self, Number, Scaled};
use crate::market_data::Feed;
use crate::refusal::Refusal;
use crate::registry::Asset;
use crate::registry::rules::{by_name, spec_refusal};

/// A symbol. It never changes: a change makes another one with the same id, which takes its place.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// Its name, for instance `BTC-USDT`.
    pub name: String,
    /// What may never change of it, and the bounds on one order.
    pub spec: SymbolSpec,
    /// What may, and its status.
    pub rules: SymbolRules,
    /// True when it is only kept because old orders and trades are written with it.
    pub removed: bool,
    /// Its base asset.
    pub base: Asset,
    /// Its quote asset.
    pub quote: Asset,
    /// The tick size.
    pub tick: Scaled,
    /// The lot size.
    pub lot: Scaled,
    /// What it publishes.
    pub feed: Arc<Feed>,
}

/// A tick's digits, so that prices and averages of prices can be written in 128 bits.
const TICK_DIGITS_MAX: u128 = 1_000_000_000_000;

/// Stands for a new symbol's limits until they are known.
const NARROWEST: SymbolLimits = SymbolLimits {
    price_min: Price(1),
    price_max: Price(1),
    quantity_min: Quantity(1),
    quantity_max: Quantity(1),
    notional_min: Amount::ZERO,
};

impl Symbol {
    /// A symbol without rules, and with the narrowest limits there are.
    pub(super) fn plain(
        id: SymbolId,
        name: String,
        (base, quote): (Asset, Asset),
        (tick, lot): (Scaled, Scaled),
        fee_mode: FeeMode,
        feed: Arc<Feed>,
    ) -> Result<Self, Refusal> {
        check_tick(tick)?;
        let lot_atoms = lot.in_units_of(base.scale).filter(|_| lot.scale <= base.scale);
        let lot_atoms = lot_atoms.ok_or_else(|| spec_refusal(SpecError::Inexact))?;
        let tick_lot_atoms = exact_product(tick, lot, &quote)?;
        let spec = SymbolSpec::new(id, base.id, quote.id, lot_atoms, tick_lot_atoms, NARROWEST)
            .map_err(spec_refusal)?
            .with_fee_mode(fee_mode);
        Ok(Self { name, spec, rules: SymbolRules::default(), removed: false, base, quote, tick, lot, feed })
    }

    /// A price in ticks.
    ///
    /// # Errors
    /// The codes of a bad decimal; `BAD_PRECISION` for more decimals than both tick and quote asset have,
    /// otherwise `PRICE_TICK` off the grid, with the nearest prices on it.
    pub fn parse_price(&self, field: &'static str, text: &str) -> Result<Price, Refusal> {
        let number = Number::read(field, text)?;
        self.on_tick(&number, self.count_ticks(&number)?)
    }

    /// A quantity in lots.
    ///
    /// # Errors
    /// The codes of a bad decimal; `BAD_PRECISION` for more decimals than the base asset has, otherwise
    /// `QTY_LOT` off the grid, with the nearest quantities on it.
    pub fn parse_quantity(&self, field: &'static str, text: &str) -> Result<Quantity, Refusal> {
        let number = Number::read(field, text)?;
        self.on_lot(&number, self.count_lots(&number)?)
    }

    /// An amount of the quote asset.
    ///
    /// # Errors
    /// The codes of a bad decimal.
    pub fn parse_quote(&self, field: &'static str, text: &str) -> Result<Amount, Refusal> {
        self.quote_amount(&Number::read(field, text)?)
    }

    pub(crate) fn quote_amount(&self, number: &Number<'_>) -> Result<Amount, Refusal> {
        let atoms = number.atoms(self.quote.scale)?;
        if atoms > AMOUNT_MAX {
            let (field, text) = (number.field, number.clipped());
            let message = format!("{field} is {text}, more than one order may be worth");
            return Err(Refusal::field(Code::NumberOverflow, field, message));
        }
        Ok(Amount(atoms))
    }

    /// The price that a short text on the grid says; none for any other.
    #[inline]
    pub(crate) fn plain_price(&self, text: &str) -> Option<Price> {
        decimal::whole_steps(text, self.tick).map(Price)
    }

    /// The same of a quantity.
    #[inline]
    pub(crate) fn plain_quantity(&self, text: &str) -> Option<Quantity> {
        decimal::whole_steps(text, self.lot).map(Quantity)
    }

    /// How many ticks a price is, on the grid or not.
    ///
    /// # Errors
    /// `BAD_PRECISION` and `NUMBER_OVERFLOW`, nothing else.
    pub(crate) fn count_ticks(&self, number: &Number<'_>) -> Result<Steps, Refusal> {
        if let Some(ticks) = number.units() {
            return Steps::counted(number, ticks);
        }
        Steps::count(number, number.within(self.tick.scale.max(self.quote.scale))?, self.tick)
    }

    /// How many lots a quantity is, on the grid or not.
    ///
    /// # Errors
    /// `BAD_PRECISION` and `NUMBER_OVERFLOW`, nothing else.
    pub(crate) fn count_lots(&self, number: &Number<'_>) -> Result<Steps, Refusal> {
        if let Some(lots) = number.units() {
            return Steps::counted(number, lots);
        }
        Steps::count(number, number.within(self.base.scale)?, self.lot)
    }

    /// The price that was counted.
    ///
    /// # Errors
    /// `PRICE_TICK` off the grid, with the nearest prices on it.
    pub(crate) fn on_tick(&self, number: &Number<'_>, steps: Steps) -> Result<Price, Refusal> {
        if steps.is_exact {
            return Ok(Price(steps.units));
        }
        Err(steps.off_grid(number, self.tick, Code::PriceTick))
    }

    /// The quantity that was counted.
    ///
    /// # Errors
    /// `QTY_LOT` off the grid, with the nearest quantities on it.
    pub(crate) fn on_lot(&self, number: &Number<'_>, steps: Steps) -> Result<Quantity, Refusal> {
        if steps.is_exact {
            return Ok(Quantity(steps.units));
        }
        Err(steps.off_grid(number, self.lot, Code::QtyLot))
    }

    /// A price of the symbol's rules: off the grid is off the grid, however many decimals it has.
    pub(super) fn rule_price(&self, field: &'static str, text: &str) -> Result<Price, Refusal> {
        let number = Number::read(field, text)?;
        self.on_tick(&number, Steps::count(&number, number.value()?.normalized(), self.tick)?)
    }

    /// A quantity of the symbol's rules.
    pub(super) fn rule_quantity(&self, field: &'static str, text: &str) -> Result<Quantity, Refusal> {
        let number = Number::read(field, text)?;
        self.on_lot(&number, Steps::count(&number, number.value()?.normalized(), self.lot)?)
    }

    /// A broken bound of the symbol, with its figures; `field` is the one that broke it.
    pub(crate) fn out_of_range(&self, code: Code, field: &'static str) -> Refusal {
        let limits = self.spec.limits();
        let (min, max) = match code {
            Code::PriceRange => (self.price_text(limits.price_min), self.price_text(limits.price_max)),
            Code::QtyRange => (self.lots_text(limits.quantity_min), self.lots_text(limits.quantity_max)),
            _ => return self.out_of_notional_range(),
        };
        Refusal::field(code, field, format!("{field} is not within {min} to {max}"))
            .with("min", min)
            .with("max", max)
    }

    fn out_of_notional_range(&self) -> Refusal {
        let min = self.quote_text(self.spec.limits().notional_min);
        let max = self.rules.notional_max.map(|max| self.quote_text(max));
        let bounds = match &max {
            None => format!("below {min}"),
            Some(max) => format!("not within {min} to {max}"),
        };
        let message = format!("price x quantity is {bounds} {}", self.quote.code);
        let refusal = Refusal::new(Code::NotionalRange, message).with("min", min);
        match max {
            None => refusal,
            Some(max) => refusal.with("max", max),
        }
    }

    /// A price with the tick's decimals.
    #[must_use]
    pub fn price_text(&self, price: Price) -> String {
        decimal::format(self.price_digits(price), self.tick.scale)
    }

    /// A price's digits at the tick's scale.
    #[must_use]
    pub fn price_digits(&self, price: Price) -> u128 {
        u128::from(price.0) * self.tick.digits
    }

    /// A quantity, or a sum of quantities, with the lot's decimals.
    #[must_use]
    pub fn quantity_text(&self, lots: u128) -> String {
        decimal::format(self.quantity_digits(lots), self.lot.scale)
    }

    /// A quantity's digits at the lot's scale.
    #[must_use]
    pub fn quantity_digits(&self, lots: u128) -> u128 {
        lots.checked_mul(self.lot.digits)
            .expect("what rests in a book is less than all there is of the asset")
    }

    /// An amount of the quote asset.
    #[must_use]
    pub fn quote_text(&self, amount: Amount) -> String {
        decimal::format(amount.0, self.quote.scale)
    }

    fn lots_text(&self, quantity: Quantity) -> String {
        self.quantity_text(u128::from(quantity.0))
    }

    /// As the boundary carries it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let (limits, rules) = (self.spec.limits(), &self.rules);
        let price = |price: Option<Price>| price.map(|price| self.price_text(price));
        let quantity = |quantity: Option<Quantity>| quantity.map(|quantity| self.lots_text(quantity));
        let minutes = rules.session_end_nanos / MINUTE_NANOS;
        json!({
            "id": self.spec.id().0,
            "name": self.name,
            "status": rules.status.as_str(),
            "base": self.base.code,
            "quote": self.quote.code,
            "tickSize": self.price_text(Price(1)),
            "lotSize": self.quantity_text(1),
            "minPrice": self.price_text(limits.price_min),
            "maxPrice": self.price_text(limits.price_max),
            "minQuantity": self.lots_text(limits.quantity_min),
            "maxQuantity": self.lots_text(limits.quantity_max),
            "minNotional": self.quote_text(limits.notional_min),
            "maxNotional": rules.notional_max.map(|max| self.quote_text(max)),
            "applyToMarket": rules.notional_applies_to_market,
            "marketMaxQuantity": quantity(rules.market_quantity_max),
            "fees": { "makerPpm": rules.fees.maker_ppm, "takerPpm": rules.fees.taker_ppm },
            "feeMode": fee_mode_name(self.spec.fee_mode()),
            "allowNetRebate": rules.allow_net_rebate,
            "bandBps": rules.band.map(|band| json!({
                "bidUp": band.bid_up_bps,
                "bidDown": band.bid_down_bps,
                "askUp": band.ask_up_bps,
                "askDown": band.ask_down_bps,
            })),
            "priceFloor": price(rules.price_floor),
            "priceCap": price(rules.price_cap),
            "referencePrice": price(rules.reference_price),
            "referenceMinutes": rules.reference_minutes,
            "marketProtectionBps": rules.market_protection_bps,
            "maxOpenOrders": rules.open_orders_max,
            "maxOpenConditional": rules.conditional_max,
            "maxIceberg": rules.icebergs_max,
            "maxOpenLists": rules.lists_max,
            "maxPosition": quantity(rules.position_max),
            "trailBps": { "min": rules.trail_bps.0, "max": rules.trail_bps.1 },
            "maxIcebergParts": rules.iceberg_parts_max,
            "maxAmends": rules.amends_max,
            "orderTypes": names(OrderType::ALL, |&kind| rules.allows_type(kind), OrderType::as_str),
            "allowedStp": names(StpMode::ALL, |&mode| rules.allows_stp(mode), StpMode::as_str),
            "defaultStp": rules.default_stp.as_str(),
            "sessionEnd": format!("{:02}:{:02}", minutes / 60, minutes % 60),
            "priceScale": self.tick.scale,
            "quantityScale": self.lot.scale,
            "baseScale": self.base.scale,
            "quoteScale": self.quote.scale,
        })
    }
}

pub(crate) const MINUTE_NANOS: u64 = 60 * 1_000_000_000;

pub(crate) const fn fee_mode_name(mode: FeeMode) -> &'static str {
    match mode {
        FeeMode::Received => "received",
        FeeMode::Quote => "quote",
    }
}

/// # Errors
/// `INVALID_REQUEST`.
pub(crate) fn fee_mode_by_name(name: &str) -> Result<FeeMode, Refusal> {
    by_name("feeMode", name, &[FeeMode::Received, FeeMode::Quote], fee_mode_name)
}

/// # Errors
/// `SYMBOL_PRECISION_INEXACT`.
pub(super) fn check_tick(tick: Scaled) -> Result<(), Refusal> {
    if tick.digits <= TICK_DIGITS_MAX && tick.scale <= SCALE_MAX {
        return Ok(());
    }
    let message = format!("tickSize has more than 12 digits or {SCALE_MAX} decimals");
    Err(Refusal::field(Code::SymbolPrecisionInexact, "tickSize", message))
}

/// tick x lot in quote atoms, if that is a whole number of them.
fn exact_product(tick: Scaled, lot: Scaled, quote: &Asset) -> Result<u128, Refusal> {
    let overflow = || spec_refusal(SpecError::Overflow);
    let digits = tick.digits.checked_mul(lot.digits).ok_or_else(overflow)?;
    let product = Scaled { digits, scale: tick.scale + lot.scale }.normalized();
    if product.scale > quote.scale {
        return Err(Refusal::new(
            Code::SymbolPrecisionInexact,
            format!(
                "tickSize x lotSize is {}, finer than {}'s {} decimals; it would need {}",
                decimal::format(product.digits, product.scale),
                quote.code,
                quote.scale,
                product.scale
            ),
        )
        .with("quoteScaleNeeded", product.scale));
    }
    product.in_units_of(quote.scale).ok_or_else(overflow)
}

fn names<T, const N: usize>(
    all: [T; N],
    is_on: impl Fn(&T) -> bool,
    name: impl Fn(T) -> &'static str,
) -> Vec<&'static str> {
    all.into_iter().filter(|each| is_on(each)).map(name).collect()
}

/// A decimal counted in units of a grid, and whether it is on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Steps {
    units: u64,
    is_exact: bool,
}

impl Steps {
    fn count(number: &Number<'_>, value: Scaled, grid: Scaled) -> Result<Self, Refusal> {
        const _: () = assert!(PRICE_TICKS_MAX == QUANTITY_LOTS_MAX);
        // Both at the finer of the two scales.
        let scale = value.scale.max(grid.scale);
        let (Some(digits), Some(unit)) = (value.in_units_of(scale), grid.in_units_of(scale)) else {
            return Err(number.overflow());
        };
        // A wide division costs several times a narrow one, which nearly always does.
        let (units, is_exact) = match (u64::try_from(digits), u64::try_from(unit)) {
            (Ok(digits), Ok(unit)) => (digits / unit, digits.is_multiple_of(unit)),
            _ => (u64::try_from(digits / unit).unwrap_or(u64::MAX), digits.is_multiple_of(unit)),
        };
        if units > PRICE_TICKS_MAX {
            return Err(number.overflow());
        }
        Ok(Self { units, is_exact })
    }

    /// What came as a count of these units is on their grid.
    fn counted(number: &Number<'_>, units: u128) -> Result<Self, Refusal> {
        match u64::try_from(units) {
            Ok(units) if units <= PRICE_TICKS_MAX => Ok(Self { units, is_exact: true }),
            _ => Err(number.overflow()),
        }
    }

    fn off_grid(self, number: &Number<'_>, grid: Scaled, code: Code) -> Refusal {
        let at = |units: u64| {
            let digits = u128::from(units).checked_mul(grid.digits)?;
            Some(decimal::format(digits, grid.scale))
        };
        let step = decimal::format(grid.digits, grid.scale);
        let nearest: Vec<_> =
            [self.units, self.units + 1].into_iter().filter(|&units| units > 0).filter_map(at).collect();
        let (field, text) = (number.field, number.clipped());
        Refusal::field(code, field, format!("{field} is {text}, not a multiple of {step}"))
            .with("step", step)
            .with("nearest", nearest)
    }
}
