//! The operator's calls: assets, symbols, the clock. JSON text in and out, `{ ok }` or `{ error }`.
//!
//! With a request id each is done at most once. What identifies a call besides is its name and its words.

use lightning_core::message::CanceledOrder;
use lightning_core::reject::Code;
use lightning_core::types::ID_MAX;
use lightning_engine::refusal::Refusal;
use lightning_engine::registry::{AssetPatch, NewAsset, NewSymbol, SymbolPatch};
use lightning_engine::{Engine, words};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::answers::{mass_json, milliseconds};
use crate::cold::{answer, whole};

pub(crate) fn create_asset(engine: &Engine, asset: &str, id: Option<f64>) -> String {
    once(engine, id, &["createAsset", asset], || {
        let new: NewAsset = read("asset", asset)?;
        Ok(engine.create_asset(&new)?.to_json())
    })
}

pub(crate) fn update_asset(engine: &Engine, code: &str, patch: &str, id: Option<f64>) -> String {
    once(engine, id, &["updateAsset", code, patch], || {
        let patch: AssetPatch = read("patch", patch)?;
        Ok(engine.update_asset(code, &patch)?.to_json())
    })
}

pub(crate) fn remove_asset(engine: &Engine, code: &str, id: Option<f64>) -> String {
    once(engine, id, &["removeAsset", code], || Ok(engine.remove_asset(code)?.to_json()))
}

pub(crate) fn create_symbol(engine: &Engine, symbol: &str, id: Option<f64>) -> String {
    once(engine, id, &["createSymbol", symbol], || {
        let new: NewSymbol = read("symbol", symbol)?;
        Ok(engine.create_symbol(&new)?.to_json())
    })
}

pub(crate) fn update_symbol(engine: &Engine, name: &str, patch: &str, id: Option<f64>) -> String {
    once(engine, id, &["updateSymbol", name, patch], || {
        let patch: SymbolPatch = read("patch", patch)?;
        Ok(engine.update_symbol(name, &patch)?.to_json())
    })
}

pub(crate) fn set_symbol_status(
    engine: &Engine,
    name: &str,
    status: &str,
    cancel_open: bool,
    id: Option<f64>,
) -> String {
    let words = ["setSymbolStatus", name, status, if cancel_open { "cancelOpen" } else { "" }];
    once(engine, id, &words, || {
        let (symbol, canceled) = engine.set_symbol_status(name, status, cancel_open)?;
        let mut value = canceled_json(engine, &canceled);
        value["symbol"] = symbol.to_json();
        Ok(value)
    })
}

pub(crate) fn remove_symbol(engine: &Engine, name: &str, force: bool, id: Option<f64>) -> String {
    once(engine, id, &["removeSymbol", name, if force { "force" } else { "" }], || {
        Ok(canceled_json(engine, &engine.remove_symbol(name, force)?))
    })
}

pub(crate) fn cancel_symbol_orders(engine: &Engine, name: &str, id: Option<f64>) -> String {
    once(engine, id, &["cancelSymbolOrders", name], || {
        Ok(canceled_json(engine, &engine.cancel_symbol_orders(name)?))
    })
}

pub(crate) fn advance(engine: &Engine, by: f64) -> String {
    // What is no whole number is out of range, and refused as that.
    let by = whole(by).map_or(u64::MAX, |by| by as u64);
    answer(engine.advance(by).map(milliseconds))
}

/// A call that is done at most once for its request id.
fn once(
    engine: &Engine,
    id: Option<f64>,
    words: &[&str],
    run: impl FnOnce() -> Result<Value, Refusal>,
) -> String {
    answer(request_id(id).and_then(|id| engine.once(id, words::fingerprint(words), run)))
}

fn request_id(id: Option<f64>) -> Result<Option<u64>, Refusal> {
    let Some(id) = id else { return Ok(None) };
    match whole(id).map(|id| id as u64) {
        Some(id @ 1..=ID_MAX) => Ok(Some(id)),
        _ => {
            let message = "requestId is not a whole number from 1 to 2^53 - 1";
            Err(Refusal::field(Code::InvalidRequest, "requestId", message))
        }
    }
}

fn canceled_json(engine: &Engine, canceled: &[CanceledOrder]) -> Value {
    mass_json(canceled, &engine.registry())
}

/// Words that TypeScript has checked the types of.
fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| Refusal::new(Code::InvalidRequest, format!("{what}: {error}")))
}
