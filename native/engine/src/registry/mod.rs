//! Assets and symbols by name: what turns a client's words into the core's numbers, and back.
//!
//! Numbers are never reused and nothing is forgotten: what was removed has lost its name, and stays to write
//! old orders, trades and balances with. A change is prepared (checked in full) and takes effect when it is put
//! in place, so that a driver can tell every shard in between.

mod kept;
mod new;
mod rules;
mod symbol;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use lightning_core::fees::FeeMode;
use lightning_core::limits::{ASSETS_MAX, NAME_LENGTH_MAX, SCALE_MAX, SYMBOLS_MAX};
use lightning_core::reject::Code;
use lightning_core::rules::{SymbolRules, SymbolStatus};
use lightning_core::types::{AssetId, SymbolId};
use serde_json::{Value, json};

use crate::decimal;
use crate::journal::Gate;
use crate::market_data::{Feed, Memory};
use crate::refusal::{Refusal, shown};
pub use crate::registry::new::{
    AssetPatch, BandWords, BoundsWords, NewAsset, NewSymbol, RateWords, SymbolPatch,
};
use crate::registry::rules::bounded;
pub(crate) use crate::registry::rules::{by_name, fee_rates, whole};
pub(crate) use crate::registry::symbol::Steps;
pub use crate::registry::symbol::Symbol;
use crate::words::{Fnv, Given};

/// Characters of an asset's name for people.
const ASSET_NAME_MAX: usize = 64;
/// Statuses of symbols that are specified and not built: they belong to call auctions.
const LATER_STATUSES: [&str; 3] = ["PRE_OPEN", "AUCTION", "AUCTION_MATCH"];

/// How a call names an asset or a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    /// By its code or its name.
    Name(&'a str),
    /// By its number: the `id` that its listing says.
    Number(u32),
}

/// An asset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its number.
    pub id: AssetId,
    /// Its code, for instance `BTC`.
    pub code: String,
    /// Decimals of an amount, 0 to 18.
    pub scale: u32,
    /// A name for people.
    pub name: Option<String>,
    /// May it be deposited, withdrawn, transferred, held and traded?
    pub enabled: bool,
    /// True when it is only kept because old amounts are written with it.
    pub removed: bool,
}

impl Asset {
    /// The refusal of whatever would move or trade it while it is disabled.
    pub(crate) fn disabled(&self, field: &'static str) -> Refusal {
        let message = format!("{} is disabled", self.code);
        Refusal::field(Code::AssetDisabled, field, message).with("asset", self.code.as_str())
    }

    /// As the boundary carries it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "id": self.id.0,
            "code": self.code,
            "scale": self.scale,
            "name": self.name,
            "enabled": self.enabled,
        })
    }
}

/// All assets and symbols of an engine.
#[derive(Debug, Default)]
pub struct Registry {
    assets: Vec<Asset>,
    symbols: Vec<Arc<Symbol>>,
    asset_by_code: HashMap<String, AssetId, BuildHasherDefault<Fnv>>,
    symbol_by_name: HashMap<String, SymbolId, BuildHasherDefault<Fnv>>,
    /// What is published waits for it; for nothing without.
    gate: Option<Arc<Gate>>,
}

impl Registry {
    /// Every asset that there ever was, in the order of creation.
    #[must_use]
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// Every symbol that there ever was, in the order of creation.
    #[must_use]
    pub fn symbols(&self) -> &[Arc<Symbol>] {
        &self.symbols
    }

    /// The assets that were not removed.
    pub fn live_assets(&self) -> impl Iterator<Item = &Asset> {
        self.assets.iter().filter(|asset| !asset.removed)
    }

    /// The symbols that were not removed.
    pub fn live_symbols(&self) -> impl Iterator<Item = &Arc<Symbol>> {
        self.symbols.iter().filter(|symbol| !symbol.removed)
    }

    /// An asset that exists or existed.
    #[must_use]
    pub fn asset(&self, id: AssetId) -> &Asset {
        &self.assets[id.0 as usize]
    }

    /// A symbol that exists or existed.
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

    /// An asset by its code, if it may be moved.
    ///
    /// # Errors
    /// `UNKNOWN_ASSET`, `ASSET_DISABLED`.
    pub fn find_enabled_asset(&self, code: &str) -> Result<&Asset, Refusal> {
        let asset = self.find_asset(code)?;
        if asset.enabled { Ok(asset) } else { Err(asset.disabled("asset")) }
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

    /// A symbol by its name or its number; one that was removed has neither.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`.
    #[inline]
    pub fn symbol_of(&self, key: Key<'_>) -> Result<&Arc<Symbol>, Refusal> {
        match key {
            Key::Name(name) => self.find_symbol(name),
            Key::Number(number) => {
                let symbol = usize::try_from(number).ok().and_then(|number| self.symbols.get(number));
                symbol.filter(|symbol| !symbol.removed).ok_or_else(|| {
                    let message = format!("there is no symbol with the number {number}");
                    Refusal::field(Code::UnknownSymbol, "symbol", message)
                })
            }
        }
    }

    /// An asset by its code or its number, if it may be moved.
    ///
    /// # Errors
    /// `UNKNOWN_ASSET`, `ASSET_DISABLED`.
    pub fn enabled_asset_of(&self, key: Key<'_>) -> Result<&Asset, Refusal> {
        let number = match key {
            Key::Name(code) => return self.find_enabled_asset(code),
            Key::Number(number) => number,
        };
        let asset = usize::try_from(number).ok().and_then(|number| self.assets.get(number));
        let asset = asset.filter(|asset| !asset.removed).ok_or_else(|| {
            let message = format!("there is no asset with the number {number}");
            Refusal::field(Code::UnknownAsset, "asset", message)
        })?;
        if asset.enabled { Ok(asset) } else { Err(asset.disabled("asset")) }
    }

    /// Adds an asset.
    ///
    /// # Errors
    /// Those of [`Self::prepare_asset`].
    pub fn create_asset(&mut self, new: &NewAsset) -> Result<&Asset, Refusal> {
        let asset = self.prepare_asset(new)?;
        Ok(self.put_asset(asset))
    }

    /// An asset that could be added: checked in full, and not yet there.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for a bad code, scale or name, `MISSING_FIELD` without a scale, `ASSET_EXISTS`.
    pub fn prepare_asset(&self, new: &NewAsset) -> Result<Asset, Refusal> {
        let code = new.code.as_str();
        check_name("code", code)?;
        let scale =
            new.scale.ok_or_else(|| Refusal::field(Code::MissingField, "scale", "scale is missing"))?;
        let scale = whole("scale", scale, 0, i64::from(SCALE_MAX))?;
        check_asset_name(new.name.as_deref())?;
        if self.asset_by_code.contains_key(code) {
            return Err(Refusal::field(Code::AssetExists, "code", format!("asset {code} exists")));
        }
        if self.assets.len() == ASSETS_MAX {
            return Err(Refusal::new(Code::InvalidRequest, format!("no more than {ASSETS_MAX} assets")));
        }
        let id = AssetId(u32::try_from(self.assets.len()).expect("at most ASSETS_MAX"));
        let name = new.name.clone();
        Ok(Asset { id, code: code.to_owned(), scale, name, enabled: true, removed: false })
    }

    /// Changes an asset, and what symbols say of it.
    ///
    /// # Errors
    /// Those of [`Self::prepare_asset_update`].
    pub fn update_asset(&mut self, code: &str, patch: &AssetPatch) -> Result<&Asset, Refusal> {
        let asset = self.prepare_asset_update(code, patch)?;
        Ok(self.put_asset(asset))
    }

    /// A changed asset: checked in full, and not yet in its place.
    ///
    /// # Errors
    /// `UNKNOWN_ASSET`, `NO_CHANGE` for a patch that says nothing, `INVALID_REQUEST` for a bad name.
    pub fn prepare_asset_update(&self, code: &str, patch: &AssetPatch) -> Result<Asset, Refusal> {
        let mut asset = self.find_asset(code)?.clone();
        if *patch == AssetPatch::default() {
            return Err(Refusal::new(Code::NoChange, "the patch changes nothing"));
        }
        if let Some(name) = patch.name.get() {
            check_asset_name(name.map(String::as_str))?;
            asset.name = name.cloned();
        }
        asset.enabled = patch.enabled.unwrap_or(asset.enabled);
        Ok(asset)
    }

    /// Takes an asset's code away. That nobody owns any of it, the driver has seen to.
    ///
    /// # Errors
    /// Those of [`Self::prepare_asset_removal`].
    pub fn remove_asset(&mut self, code: &str) -> Result<Asset, Refusal> {
        let asset = self.prepare_asset_removal(code)?;
        Ok(self.put_asset(asset).clone())
    }

    /// An asset without its code: not yet in its place.
    ///
    /// # Errors
    /// `UNKNOWN_ASSET`, `ASSET_IN_USE` if a symbol trades it.
    pub fn prepare_asset_removal(&self, code: &str) -> Result<Asset, Refusal> {
        let asset = self.find_asset(code)?;
        let is_traded = |symbol: &&Arc<Symbol>| symbol.base.id == asset.id || symbol.quote.id == asset.id;
        if let Some(symbol) = self.live_symbols().find(is_traded) {
            let message = format!("symbol {} trades {code}", symbol.name);
            return Err(Refusal::new(Code::AssetInUse, message).with("symbol", symbol.name.as_str()));
        }
        Ok(Asset { removed: true, ..asset.clone() })
    }

    /// Adds an asset, or puts a changed one in its place.
    pub fn put_asset(&mut self, asset: Asset) -> &Asset {
        let id = asset.id;
        for symbol in &mut self.symbols {
            if symbol.base.id == id {
                Arc::make_mut(symbol).base = asset.clone();
            }
            if symbol.quote.id == id {
                Arc::make_mut(symbol).quote = asset.clone();
            }
        }
        if asset.removed {
            // Its code may be another's already, when what was kept is read back.
            if self.asset_by_code.get(&asset.code) == Some(&id) {
                self.asset_by_code.remove(&asset.code);
            }
        } else {
            self.asset_by_code.insert(asset.code.clone(), id);
        }
        match self.assets.get_mut(id.0 as usize) {
            Some(place) => *place = asset,
            None => {
                assert_eq!(id.0 as usize, self.assets.len(), "assets are added one at a time");
                self.assets.push(asset);
            }
        }
        self.asset(id)
    }

    /// A symbol that could be added: checked in full, and not yet there.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for a bad name or rule, `SYMBOL_EXISTS`, `UNKNOWN_ASSET`, the codes of a bad decimal,
    /// `SYMBOL_PRECISION_INEXACT` when a trade could round or an order within the limits overflow, `INVALID_FEE`.
    pub fn prepare_symbol(&self, new: &NewSymbol, memory: impl Into<Memory>) -> Result<Symbol, Refusal> {
        check_name("name", &new.name)?;
        let fee_mode = new.fee_mode.as_deref().map_or(Ok(FeeMode::default()), symbol::fee_mode_by_name)?;
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
        symbol::check_tick(tick)?;
        decimal::parse_atoms("lotSize", &new.lot_size, base.scale)?;
        // Zeros beyond what the asset has say nothing, and would only make every quantity longer.
        let lot = lot.shortened(base.scale);
        let id = SymbolId(u32::try_from(self.symbols.len()).expect("at most SYMBOLS_MAX"));
        let feed = self.new_feed(memory.into());
        let symbol = Symbol::plain(id, new.name.clone(), (base, quote), (tick, lot), fee_mode, feed)?;
        patched(symbol, &new.rules(), false)
    }

    fn new_feed(&self, memory: Memory) -> Arc<Feed> {
        Arc::new(Feed::behind(self.gate.clone(), memory))
    }

    /// A symbol with other rules: checked in full, and not yet in its place.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `IMMUTABLE_FIELD`, `NO_CHANGE` for a patch that says nothing, and the codes of
    /// [`Self::prepare_symbol`].
    pub fn prepare_update(&self, name: &str, patch: &SymbolPatch) -> Result<Symbol, Refusal> {
        let symbol = Symbol::clone(self.find_symbol(name)?);
        let immutable = [
            ("name", &patch.name),
            ("base", &patch.base),
            ("quote", &patch.quote),
            ("tickSize", &patch.tick_size),
            ("lotSize", &patch.lot_size),
            ("feeMode", &patch.fee_mode),
        ];
        if let Some((field, _)) = immutable.into_iter().find(|(_, given)| **given != Given::Absent) {
            let message = format!("{field} can't be changed: create another symbol");
            return Err(Refusal::field(Code::ImmutableField, field, message));
        }
        if *patch == SymbolPatch::default() {
            return Err(Refusal::new(Code::NoChange, "the patch changes nothing"));
        }
        patched(symbol, patch, true)
    }

    /// A symbol with another status: not yet in its place. That it has no open orders when it is closed, or
    /// what becomes of them, is the driver's.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `INVALID_REQUEST` for an unknown status, `NOT_SUPPORTED` for one of call auctions,
    /// `BAD_STATUS_TRANSITION` out of CLOSED.
    pub fn prepare_status(&self, name: &str, status: &str) -> Result<Symbol, Refusal> {
        let symbol = Symbol::clone(self.find_symbol(name)?);
        if LATER_STATUSES.contains(&status) {
            let message = format!("{status} belongs to call auctions, which are not built");
            return Err(Refusal::field(Code::NotSupported, "status", message));
        }
        let status = by_name("status", status, &SymbolStatus::ALL, SymbolStatus::as_str)?;
        if symbol.rules.status == SymbolStatus::Closed && status != SymbolStatus::Closed {
            let message = format!("{name} is closed for ever");
            return Err(Refusal::field(Code::BadStatusTransition, "status", message));
        }
        Ok(Symbol { rules: SymbolRules { status, ..symbol.rules }, ..symbol })
    }

    /// Adds a prepared symbol; every shard knows it by now.
    pub fn add_symbol(&mut self, symbol: Symbol) -> &Arc<Symbol> {
        let id = symbol.spec.id();
        assert_eq!(id.0 as usize, self.symbols.len(), "symbols are added one at a time");
        self.symbol_by_name.insert(symbol.name.clone(), id);
        self.symbols.push(Arc::new(symbol));
        self.symbol(id)
    }

    /// Puts a changed symbol in its place; every shard knows it by now.
    pub fn replace_symbol(&mut self, symbol: Symbol) -> &Arc<Symbol> {
        let id = symbol.spec.id();
        let place = &mut self.symbols[id.0 as usize];
        assert!(place.name == symbol.name && !place.removed, "a symbol is replaced by itself");
        *place = Arc::new(symbol);
        place
    }

    /// Takes a symbol's name away. That it has no open orders, the driver has seen to.
    pub fn remove_symbol(&mut self, id: SymbolId) -> &Arc<Symbol> {
        let symbol = &mut self.symbols[id.0 as usize];
        self.symbol_by_name.remove(&symbol.name);
        Arc::make_mut(symbol).removed = true;
        symbol
    }
}

fn patched(symbol: Symbol, patch: &SymbolPatch, exists: bool) -> Result<Symbol, Refusal> {
    let limits = rules::limits(patch, &symbol, exists)?;
    let spec = bounded(&symbol, limits)?;
    let rules = rules::rules(patch, &symbol, &limits)?;
    let symbol = Symbol { spec, rules, ..symbol };
    // Whatever can't be written must show now, and not when every shard knows the symbol.
    let _ = symbol.to_json();
    Ok(symbol)
}

fn check_name(field: &'static str, name: &str) -> Result<(), Refusal> {
    if is_plain(name, NAME_LENGTH_MAX) {
        return Ok(());
    }
    Err(Refusal::field(
        Code::InvalidRequest,
        field,
        format!("{field} is not 1 to {NAME_LENGTH_MAX} characters of A-Z a-z 0-9 . _ : / -"),
    ))
}

/// 1 to `longest` characters of `A-Z a-z 0-9 . _ : / -`?
pub(crate) fn is_plain(name: &str, longest: usize) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
    !name.is_empty() && name.len() <= longest && name.bytes().all(legal)
}

fn check_asset_name(name: Option<&str>) -> Result<(), Refusal> {
    match name {
        Some(name) if name.is_empty() || name.chars().count() > ASSET_NAME_MAX => {
            let message = format!("name is not 1 to {ASSET_NAME_MAX} characters");
            Err(Refusal::field(Code::InvalidRequest, "name", message))
        }
        _ => Ok(()),
    }
}
