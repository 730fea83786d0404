//! Assets and symbols by name: what turns a client's words into the core's numbers, and back.

use std::collections::HashMap;
use std::sync::Arc;

use lightning_core::limits::{
    AMOUNT_MAX, ASSETS_MAX, NAME_LENGTH_MAX, PRICE_TICKS_MAX, SCALE_MAX, SYMBOLS_MAX,
};
use lightning_core::reject::Code;
use lightning_core::spec::{SpecError, SymbolLimits, SymbolSpec};
use lightning_core::types::{Amount, AssetId, Price, Quantity, SymbolId};
use serde_json::{Value, json};

use crate::decimal::{self, Scaled};
use crate::market_data::Feed;
use crate::refusal::Refusal;

/// Highest price, in ticks, of a symbol that does not say: at a tick of 0.01, ten thousand million.
const PRICE_MAX_DEFAULT: u64 = 1_000_000_000_000;
/// Largest order, in lots, of a symbol that does not say, where the amounts leave room for it.
const QUANTITY_MAX_DEFAULT: u64 = 1_000_000_000_000_000;
/// The largest order, in lots, that a default highest price leaves room for.
const QUANTITY_MAX_ASSUMED: u64 = 1_000_000;
/// A tick's digits, so that prices and averages of prices can be written in 128 bits.
const TICK_DIGITS_MAX: u128 = 1_000_000_000_000;

/// An asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its number.
    pub id: AssetId,
    /// Its name, for instance `BTC`.
    pub code: String,
    /// Decimals of an amount, 0 to 18.
    pub scale: u32,
}

/// A symbol: its rules, and how its numbers are written.
#[derive(Debug)]
pub struct Symbol {
    /// Its name, for instance `BTC-USDT`.
    pub name: String,
    /// Its rules.
    pub spec: SymbolSpec,
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

/// A symbol as it is asked for; every number a decimal string.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewSymbol {
    /// Its name.
    pub name: String,
    /// The base asset's code.
    pub base: String,
    /// The quote asset's code.
    pub quote: String,
    /// Price grid, in quote per base.
    pub tick_size: String,
    /// Quantity grid, in base.
    pub lot_size: String,
    /// Lowest price; one tick without.
    pub min_price: Option<String>,
    /// Highest price.
    pub max_price: Option<String>,
    /// Smallest order; one lot without.
    pub min_quantity: Option<String>,
    /// Largest order.
    pub max_quantity: Option<String>,
    /// Smallest price x quantity; none without.
    pub min_notional: Option<String>,
}

/// All assets and symbols of an engine.
#[derive(Debug, Default)]
pub struct Registry {
    assets: Vec<Asset>,
    symbols: Vec<Arc<Symbol>>,
    asset_by_code: HashMap<String, AssetId>,
    symbol_by_name: HashMap<String, SymbolId>,
}

impl Registry {
    /// Every asset, in the order of creation.
    #[must_use]
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// Every symbol, in the order of creation.
    #[must_use]
    pub fn symbols(&self) -> &[Arc<Symbol>] {
        &self.symbols
    }

    /// An asset that exists.
    #[must_use]
    pub fn asset(&self, id: AssetId) -> &Asset {
        &self.assets[id.0 as usize]
    }

    /// A symbol that exists.
    #[must_use]
    pub fn symbol(&self, id: SymbolId) -> &Arc<Symbol> {
        &self.symbols[id.0 as usize]
    }

    /// An asset by its code.
    ///
    /// # Errors
    /// `UNKNOWN_ASSET`.
    pub fn find_asset(&self, code: &str) -> Result<&Asset, Refusal> {
        let id = self.asset_by_code.get(code);
        id.map(|&id| self.asset(id)).ok_or_else(|| {
            Refusal::field(Code::UnknownAsset, "asset", format!("there is no asset {}", shown(code)))
        })
    }

    /// A symbol by its name.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`.
    pub fn find_symbol(&self, name: &str) -> Result<&Arc<Symbol>, Refusal> {
        let id = self.symbol_by_name.get(name);
        id.map(|&id| self.symbol(id)).ok_or_else(|| {
            Refusal::field(Code::UnknownSymbol, "symbol", format!("there is no symbol {}", shown(name)))
        })
    }

    /// Adds an asset.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for a bad code or scale, `ASSET_EXISTS`.
    pub fn create_asset(&mut self, code: &str, scale: u32) -> Result<&Asset, Refusal> {
        check_name("code", code)?;
        if scale > SCALE_MAX {
            return Err(Refusal::field(
                Code::InvalidRequest,
                "scale",
                format!("scale is {scale}, not within 0 to {SCALE_MAX}"),
            ));
        }
        if self.asset_by_code.contains_key(code) {
            return Err(Refusal::field(Code::AssetExists, "code", format!("asset {code} exists")));
        }
        if self.assets.len() == ASSETS_MAX {
            return Err(Refusal::new(Code::InvalidRequest, format!("no more than {ASSETS_MAX} assets")));
        }
        let id = AssetId(u32::try_from(self.assets.len()).expect("at most ASSETS_MAX"));
        self.assets.push(Asset { id, code: code.to_owned(), scale });
        self.asset_by_code.insert(code.to_owned(), id);
        Ok(self.asset(id))
    }

    /// A symbol that could be added: checked in full, and not yet there.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for a bad name, `SYMBOL_EXISTS`, `UNKNOWN_ASSET`, the codes of a bad decimal, and
    /// `SYMBOL_PRECISION_INEXACT` when a trade could round or an order within the limits overflow.
    pub fn prepare_symbol(&self, new: &NewSymbol, trades_max: usize) -> Result<Symbol, Refusal> {
        check_name("name", &new.name)?;
        if self.symbol_by_name.contains_key(&new.name) {
            return Err(Refusal::field(Code::SymbolExists, "name", format!("symbol {} exists", new.name)));
        }
        if self.symbols.len() == SYMBOLS_MAX {
            return Err(Refusal::new(Code::InvalidRequest, format!("no more than {SYMBOLS_MAX} symbols")));
        }
        let asset = |field, code: &str| {
            self.find_asset(code).cloned().map_err(|refusal| Refusal { field: Some(field), ..refusal })
        };
        let (base, quote) = (asset("base", &new.base)?, asset("quote", &new.quote)?);
        let tick = decimal::parse("tickSize", &new.tick_size)?;
        let lot = decimal::parse("lotSize", &new.lot_size)?;
        if tick.digits > TICK_DIGITS_MAX || tick.scale > SCALE_MAX {
            return Err(Refusal::field(
                Code::SymbolPrecisionInexact,
                "tickSize",
                format!("tickSize has more than 12 digits or {SCALE_MAX} decimals"),
            ));
        }
        let lot_atoms = decimal::parse_atoms("lotSize", &new.lot_size, base.scale)?;
        // Zeros beyond what the asset has say nothing, and would only make every quantity longer.
        let lot = lot.shortened(base.scale);
        let tick_lot_atoms = exact_product(tick, lot, &quote)?;

        let price = |field, text: &Option<String>, default| match text {
            None => Ok(default),
            Some(text) => Ok(Price(on_grid(
                field,
                text,
                decimal::parse(field, text)?.normalized(),
                tick,
                Code::PriceTick,
            )?)),
        };
        let quantity = |field, text: &Option<String>, default| match text {
            None => Ok(default),
            Some(text) => Ok(Quantity(on_grid(
                field,
                text,
                decimal::parse(field, text)?.normalized(),
                lot,
                Code::QtyLot,
            )?)),
        };
        // What is not given leaves room for what is: together they must stay within AMOUNT_MAX.
        let given_quantity = quantity("maxQuantity", &new.max_quantity, Quantity(QUANTITY_MAX_ASSUMED))?;
        let room_for_price = AMOUNT_MAX / tick_lot_atoms / u128::from(given_quantity.0);
        let price_max =
            price("maxPrice", &new.max_price, Price(default_max(room_for_price, PRICE_MAX_DEFAULT)))?;
        let room_for_quantity =
            (AMOUNT_MAX / tick_lot_atoms / u128::from(price_max.0)).min(AMOUNT_MAX / lot_atoms);
        let quantity_max = Quantity(default_max(room_for_quantity, QUANTITY_MAX_DEFAULT));
        let limits = SymbolLimits {
            price_min: price("minPrice", &new.min_price, Price(1))?,
            price_max,
            quantity_min: quantity("minQuantity", &new.min_quantity, Quantity(1))?,
            quantity_max: quantity("maxQuantity", &new.max_quantity, quantity_max)?,
            notional_min: match &new.min_notional {
                None => Amount::ZERO,
                // What `list` says of a symbol without such a rule can be said here.
                Some(text) if is_zero(text) => Amount::ZERO,
                Some(text) => Amount(decimal::parse_atoms("minNotional", text, quote.scale)?),
            },
        };
        if u128::from(PRICE_TICKS_MAX.min(limits.price_max.0)).saturating_mul(tick.digits) > AMOUNT_MAX {
            return Err(spec_refusal(SpecError::Overflow));
        }
        let id = SymbolId(u32::try_from(self.symbols.len()).expect("at most SYMBOLS_MAX"));
        let spec = SymbolSpec::new(id, base.id, quote.id, lot_atoms, tick_lot_atoms, limits)
            .map_err(spec_refusal)?;
        let feed = Arc::new(Feed::new(trades_max));
        let symbol = Symbol { name: new.name.clone(), spec, base, quote, tick, lot, feed };
        // Whatever can't be written must show now, and not when every shard knows the symbol.
        let _ = symbol.to_json();
        Ok(symbol)
    }

    /// Adds a prepared symbol; every shard knows it by now.
    pub fn add_symbol(&mut self, symbol: Symbol) -> &Arc<Symbol> {
        let id = symbol.spec.id();
        assert_eq!(id.0 as usize, self.symbols.len(), "symbols are added one at a time");
        self.symbol_by_name.insert(symbol.name.clone(), id);
        self.symbols.push(Arc::new(symbol));
        self.symbol(id)
    }
}

impl Symbol {
    /// A price in ticks.
    ///
    /// # Errors
    /// The codes of a bad decimal; `BAD_PRECISION` for more decimals than both tick and quote asset have,
    /// otherwise `PRICE_TICK` off the grid, with the nearest prices on it; `PRICE_RANGE`.
    pub fn parse_price(&self, field: &'static str, text: &str) -> Result<Price, Refusal> {
        let decimals = self.tick.scale.max(self.quote.scale);
        let value = decimal::parse(field, text)?.within(field, text, decimals)?;
        Ok(Price(on_grid(field, text, value, self.tick, Code::PriceTick)?))
    }

    /// A quantity in lots.
    ///
    /// # Errors
    /// The codes of a bad decimal; `BAD_PRECISION` for more decimals than the base asset has, otherwise
    /// `QTY_LOT` off the grid, with the nearest quantities on it; `QTY_RANGE`.
    pub fn parse_quantity(&self, field: &'static str, text: &str) -> Result<Quantity, Refusal> {
        let value = decimal::parse(field, text)?.within(field, text, self.base.scale)?;
        Ok(Quantity(on_grid(field, text, value, self.lot, Code::QtyLot)?))
    }

    /// An amount of the quote asset.
    ///
    /// # Errors
    /// The codes of a bad decimal.
    pub fn parse_quote(&self, field: &'static str, text: &str) -> Result<Amount, Refusal> {
        let atoms = decimal::parse_atoms(field, text, self.quote.scale)?;
        if atoms > AMOUNT_MAX {
            let message = format!("{field} is {text}, more than one order may be worth");
            return Err(Refusal::field(Code::NumberOverflow, field, message));
        }
        Ok(Amount(atoms))
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

    /// As the boundary carries it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let limits = self.spec.limits();
        json!({
            "id": self.spec.id().0,
            "name": self.name,
            "base": self.base.code,
            "quote": self.quote.code,
            "tickSize": self.price_text(Price(1)),
            "lotSize": self.quantity_text(1),
            "minPrice": self.price_text(limits.price_min),
            "maxPrice": self.price_text(limits.price_max),
            "minQuantity": self.quantity_text(u128::from(limits.quantity_min.0)),
            "maxQuantity": self.quantity_text(u128::from(limits.quantity_max.0)),
            "minNotional": self.quote_text(limits.notional_min),
            "priceScale": self.tick.scale,
            "quantityScale": self.lot.scale,
            "baseScale": self.base.scale,
            "quoteScale": self.quote.scale,
        })
    }
}

/// `0`, `0.00` and the like.
fn is_zero(text: &str) -> bool {
    text.contains('0') && text.bytes().all(|byte| matches!(byte, b'0' | b'.'))
}

/// As much as there is room for, at least 1 and at most `most`.
fn default_max(room: u128, most: u64) -> u64 {
    u64::try_from(room).unwrap_or(u64::MAX).clamp(1, most)
}

fn check_name(field: &'static str, name: &str) -> Result<(), Refusal> {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
    if name.is_empty() || name.len() > NAME_LENGTH_MAX || !name.bytes().all(legal) {
        return Err(Refusal::field(
            Code::InvalidRequest,
            field,
            format!("{field} is not 1 to {NAME_LENGTH_MAX} characters of A-Z a-z 0-9 . _ : / -"),
        ));
    }
    Ok(())
}

/// A name as a message shows it: not the megabyte that somebody may have sent.
fn shown(name: &str) -> String {
    let start: String = name.chars().take(NAME_LENGTH_MAX).collect();
    if start.len() == name.len() { format!("{name:?}") } else { format!("{start:?}...") }
}

/// How many `grid` units a decimal is.
fn on_grid(field: &'static str, text: &str, value: Scaled, grid: Scaled, off: Code) -> Result<u64, Refusal> {
    let overflow = || {
        Refusal::field(Code::NumberOverflow, field, format!("{field} is {text}, more than the engine counts"))
    };
    // Both at the finer of the two scales.
    let scale = value.scale.max(grid.scale);
    let digits = value.in_units_of(scale).ok_or_else(overflow)?;
    let unit = grid.in_units_of(scale).ok_or_else(overflow)?;
    let units = digits / unit;
    if !digits.is_multiple_of(unit) {
        let at =
            |units: u128| units.checked_mul(grid.digits).map(|digits| decimal::format(digits, grid.scale));
        let step = decimal::format(grid.digits, grid.scale);
        let nearest: Vec<_> =
            [units, units + 1].into_iter().filter(|&units| units > 0).filter_map(at).collect();
        return Err(Refusal::field(off, field, format!("{field} is {text}, not a multiple of {step}"))
            .with("step", step)
            .with("nearest", nearest));
    }
    u64::try_from(units).map_err(|_| overflow())
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

fn spec_refusal(error: SpecError) -> Refusal {
    match error {
        SpecError::SameAsset => {
            Refusal::field(Code::InvalidRequest, "quote", "base and quote are the same asset")
        }
        SpecError::Inexact => {
            Refusal::new(Code::SymbolPrecisionInexact, "a trade of this symbol would have to round")
        }
        SpecError::BadLimits => Refusal::new(
            Code::InvalidRequest,
            "a minimum is above its maximum, or a maximum beyond the engine's",
        ),
        SpecError::Overflow => Refusal::new(
            Code::SymbolPrecisionInexact,
            "an order of maxQuantity at maxPrice would overflow: lower one of them, or coarsen tickSize or lotSize",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registry() -> Registry {
        let mut registry = Registry::default();
        registry.create_asset("BTC", 8).unwrap();
        registry.create_asset("USDT", 6).unwrap();
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
        assert_eq!(symbol.parse_price("price", "0.30000000000000004").unwrap_err().code, Code::BadPrecision);
        assert_eq!(symbol.parse_quantity("quantity", "0.00015").unwrap_err().code, Code::QtyLot);
        assert_eq!(symbol.parse_quantity("quantity", "0.000000001").unwrap_err().code, Code::BadPrecision);
    }

    #[test]
    fn a_symbol_that_would_round_names_the_scale_that_fits() {
        let new = NewSymbol { tick_size: "0.001".into(), lot_size: "0.00001".into(), ..btc_usdt() };
        let refusal = registry().prepare_symbol(&new, 0).unwrap_err();
        assert_eq!(refusal.code, Code::SymbolPrecisionInexact);
        assert_eq!(refusal.details["quoteScaleNeeded"], json!(8));
    }

    #[test]
    fn a_symbol_that_could_overflow_is_refused() {
        let new = NewSymbol {
            max_price: Some("1000000000000".into()),
            max_quantity: Some("10000000000000".into()),
            ..btc_usdt()
        };
        let refusal = registry().prepare_symbol(&new, 0).unwrap_err();
        assert_eq!(refusal.code, Code::SymbolPrecisionInexact);
    }

    #[test]
    fn limits_that_are_not_given_leave_room_for_those_that_are() {
        let mut registry = registry();
        registry.create_asset("WEI", 18).unwrap();
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
        let mut registry = registry();
        assert_eq!(registry.create_asset("BTC", 8).unwrap_err().code, Code::AssetExists);
        for code in ["", "B C", "Ä", &"X".repeat(33)] {
            assert_eq!(registry.create_asset(code, 8).unwrap_err().code, Code::InvalidRequest, "{code}");
        }
        assert_eq!(registry.create_asset("X", 19).unwrap_err().code, Code::InvalidRequest);
        let symbol = registry.prepare_symbol(&btc_usdt(), 0).unwrap();
        registry.add_symbol(symbol);
        assert_eq!(registry.prepare_symbol(&btc_usdt(), 0).unwrap_err().code, Code::SymbolExists);
    }
}
