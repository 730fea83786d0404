//! Assets and symbols as they are kept in the journal: JSON, in the words of the API, with numbers where names may
//! come to mean something else.

use std::collections::BTreeMap;
use std::sync::Arc;

use lightning_core::limits::SCALE_MAX;
use lightning_core::log::OperatorKey;
use lightning_core::rules::{SymbolRules, SymbolStatus};
use lightning_core::types::{AssetId, SymbolId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Asset, Registry, Symbol, SymbolPatch, patched};
use crate::decimal::Scaled;
use crate::journal::Gate;
use crate::market_data::Memory;
use crate::operator::Fact;
use crate::refusal::Refusal;
use crate::registry::symbol::fee_mode_by_name;

/// A fact that can't be one: the directory was not written by an engine.
pub(crate) type NoFact = String;

impl Asset {
    /// As it is kept.
    pub(crate) fn to_fact(&self) -> Fact {
        let mut body = self.to_json();
        body["removed"] = self.removed.into();
        Fact { key: OperatorKey::Asset(self.id.0), body: body.to_string().into_bytes() }
    }

    fn from_fact(id: AssetId, body: &[u8]) -> Result<Self, NoFact> {
        let KeptAsset { id: said, code, scale, name, enabled, removed } =
            serde_json::from_slice(body).map_err(|error| error.to_string())?;
        if said != id.0 {
            return Err(format!("it is that of asset {said}"));
        }
        if scale > SCALE_MAX {
            return Err(format!("a scale of {scale} is more than there can be"));
        }
        Ok(Self { id, code, scale, name, enabled, removed })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptAsset {
    id: u32,
    code: String,
    scale: u32,
    name: Option<String>,
    enabled: bool,
    removed: bool,
}

impl Symbol {
    /// As it is kept.
    pub(crate) fn to_fact(&self) -> Fact {
        let mut body = self.to_json();
        body["removed"] = self.removed.into();
        body["baseId"] = self.base.id.0.into();
        body["quoteId"] = self.quote.id.0.into();
        body["tick"] = scaled(self.tick);
        body["lot"] = scaled(self.lot);
        let default = SymbolRules::default();
        // All of them, whatever there will be.
        if self.rules.order_types == default.order_types {
            body["orderTypes"] = Value::Null;
        }
        if self.rules.allowed_stp == default.allowed_stp {
            body["allowedStp"] = Value::Null;
        }
        Fact { key: OperatorKey::Symbol(self.spec.id().0), body: body.to_string().into_bytes() }
    }

    fn from_fact(id: SymbolId, body: &[u8], registry: &Registry, memory: Memory) -> Result<Self, NoFact> {
        let mut body: Map<String, Value> = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        let kept: KeptSymbol = take(&mut body, &KEPT)?;
        if kept.id != id.0 {
            return Err(format!("it is that of symbol {}", kept.id));
        }
        // What is left are its rules, as a patch words them; what says nothing new is left out.
        for derived in DERIVED {
            body.remove(derived);
        }
        let rules: SymbolPatch =
            serde_json::from_value(Value::Object(body)).map_err(|error| error.to_string())?;
        let asset = |id: u32| {
            registry.assets.get(id as usize).cloned().ok_or_else(|| format!("there is no asset {id}"))
        };
        let (base, quote) = (asset(kept.base_id)?, asset(kept.quote_id)?);
        let fee_mode = fee_mode_by_name(&kept.fee_mode).map_err(because)?;
        let grid = (unscaled(&kept.tick)?, unscaled(&kept.lot)?);
        let feed = registry.new_feed(memory);
        let symbol = Self::plain(id, kept.name, (base, quote), grid, fee_mode, feed).map_err(because)?;
        let mut symbol = patched(symbol, &rules, false).map_err(because)?;
        symbol.rules.status = SymbolStatus::ALL
            .into_iter()
            .find(|status| status.as_str() == kept.status)
            .ok_or_else(|| format!("there is no status {:?}", kept.status))?;
        symbol.removed = kept.removed;
        Ok(symbol)
    }
}

/// What is not a rule.
const KEPT: [&str; 9] = ["id", "name", "status", "feeMode", "removed", "baseId", "quoteId", "tick", "lot"];

/// What is written for people, and follows from the rest.
const DERIVED: [&str; 8] =
    ["base", "quote", "tickSize", "lotSize", "priceScale", "quantityScale", "baseScale", "quoteScale"];

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct KeptSymbol {
    id: u32,
    name: String,
    status: String,
    fee_mode: String,
    removed: bool,
    base_id: u32,
    quote_id: u32,
    tick: (String, u32),
    lot: (String, u32),
}

impl Registry {
    /// What an earlier engine kept, with nothing published yet. What is published waits for the gate.
    ///
    /// # Errors
    /// A fact is none.
    pub(crate) fn from_facts(
        facts: &BTreeMap<OperatorKey, Vec<u8>>,
        gate: Arc<Gate>,
        memory: Memory,
    ) -> Result<Self, NoFact> {
        let mut registry = Self { gate: Some(gate), ..Self::default() };
        for (key, body) in facts {
            registry.learn(*key, body, memory)?;
        }
        Ok(registry)
    }

    /// One more fact: of something new, or what something known has become.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn learn(&mut self, key: OperatorKey, body: &[u8], memory: Memory) -> Result<(), NoFact> {
        let no_fact = |why: NoFact| format!("{key:?}: {why}");
        match key {
            OperatorKey::Asset(id) => {
                known_or_next(id, self.assets.len()).map_err(no_fact)?;
                let asset = Asset::from_fact(AssetId(id), body).map_err(no_fact)?;
                self.put_asset(asset);
            }
            OperatorKey::Symbol(id) => {
                known_or_next(id, self.symbols.len()).map_err(no_fact)?;
                let symbol = Symbol::from_fact(SymbolId(id), body, self, memory).map_err(no_fact)?;
                self.put_symbol(symbol);
            }
            OperatorKey::Once(_) => {}
        }
        Ok(())
    }

    /// Adds a symbol, or puts what it has become in its place.
    fn put_symbol(&mut self, symbol: Symbol) {
        let id = symbol.spec.id();
        // Names that are free again may be those of later symbols.
        if !symbol.removed {
            self.symbol_by_name.insert(symbol.name.clone(), id);
        } else if self.symbol_by_name.get(&symbol.name) == Some(&id) {
            self.symbol_by_name.remove(&symbol.name);
        }
        match self.symbols.get_mut(id.0 as usize) {
            Some(place) => *place = Arc::new(symbol),
            None => self.symbols.push(Arc::new(symbol)),
        }
    }
}

fn known_or_next(id: u32, count: usize) -> Result<(), NoFact> {
    if id as usize <= count { Ok(()) } else { Err(format!("{count} comes first")) }
}

fn because(refusal: Refusal) -> NoFact {
    refusal.message
}

fn scaled(number: Scaled) -> Value {
    json!([number.digits.to_string(), number.scale])
}

fn unscaled((digits, scale): &(String, u32)) -> Result<Scaled, NoFact> {
    let digits = digits.parse().map_err(|_| format!("{digits:?} is no number"))?;
    Ok(Scaled { digits, scale: *scale })
}

/// Takes some fields out of an object.
fn take<T: for<'de> Deserialize<'de>>(from: &mut Map<String, Value>, fields: &[&str]) -> Result<T, NoFact> {
    let taken = fields.iter().filter_map(|&field| Some((field.to_owned(), from.remove(field)?))).collect();
    serde_json::from_value(Value::Object(taken)).map_err(|error| error.to_string())
}
