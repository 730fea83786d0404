//! A refusal as the caller sees it: the core's code, the field that caused it, a sentence, and figures.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use lightning_core::limits::NAME_LENGTH_MAX;
use lightning_core::message::OrderStatus;
use lightning_core::reject::{Code, Detail, Reject};
use serde_json::{Map, Value, json};

use crate::decimal;
use crate::registry::Registry;

/// Characters of somebody's text that a message shows.
const SHOWN_MAX: usize = NAME_LENGTH_MAX;

/// One refusal. Nothing was changed by the request that got it.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    /// Which.
    pub code: Code,
    /// The request's field that caused it, where there is one.
    pub field: Option<&'static str>,
    /// A sentence for a person; may change from version to version.
    pub message: String,
    /// Figures for a program, by name.
    pub details: Map<String, Value>,
}

impl Refusal {
    /// A refusal with just a sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, field: None, message: message.into(), details: Map::new() }
    }

    /// A refusal because of one field.
    pub fn field(code: Code, field: &'static str, message: impl Into<String>) -> Self {
        Self { field: Some(field), ..Self::new(code, message) }
    }

    /// The same with one more figure.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }

    /// The core's refusal in the words of the edge.
    #[must_use]
    pub fn from_reject(reject: &Reject, registry: &Registry) -> Self {
        let code = reject.code;
        let plain = Self { field: field_of(code), ..Self::new(code, code.meaning()) };
        match reject.detail {
            Detail::None => plain,
            Detail::Funds { asset, required, available } => {
                let asset = registry.asset(asset);
                let required = decimal::format(required.0, asset.scale);
                let available = decimal::format(available.0, asset.scale);
                let message = format!("needs {required} {code}, {available} available", code = asset.code);
                Self { message, ..plain }
                    .with("asset", asset.code.as_str())
                    .with("required", required)
                    .with("available", available)
            }
            Detail::Closed { order, status } => {
                let message = format!("order {order} is {}", status.as_str());
                Self { message, ..plain }
                    .with("orderId", order.0)
                    .with("status", status.as_str())
                    .with("reason", reason(status))
            }
            Detail::Bound { max } => {
                let message = match code {
                    Code::TooManyAmends => format!("no more than {max} amends of one order"),
                    _ => format!("no more than {max} open orders of this kind per account"),
                };
                Self { message, ..plain }.with("max", max)
            }
            Detail::Band { symbol, min, max } => {
                let symbol = registry.symbol(symbol);
                let (min, max) = (symbol.price_text(min), symbol.price_text(max));
                let message = format!("price is not within {min} to {max} at present");
                Self { message, ..plain }.with("min", min).with("max", max)
            }
            Detail::Last { symbol, price } => {
                let last = registry.symbol(symbol).price_text(price);
                let message = match code {
                    Code::OcoBadPrices => {
                        format!("the prices must be on the two sides of the last price, which is {last}")
                    }
                    _ => format!("the trigger is reached already: the last price is {last}"),
                };
                Self { message, ..plain }.with("lastPrice", last)
            }
            Detail::Wait { nanos } => {
                let wait_ms = nanos.div_ceil(1_000_000);
                let message = format!("the account may place its next order in {wait_ms} ms");
                Self { message, ..plain }.with("retryAfterMs", wait_ms)
            }
        }
    }

    /// The refusal that [`Self::to_json`] wrote.
    pub(crate) fn from_json(json: &Value) -> Result<Self, String> {
        let text = |field: &str| json[field].as_str();
        let code = text("code").and_then(|name| Code::ALL.iter().find(|code| code.as_str() == name));
        let &code = code.ok_or("it is a refusal without a code")?;
        let message = text("message").ok_or("it is a refusal without a message")?.to_owned();
        let details = json["details"].as_object().cloned().ok_or("it is a refusal without details")?;
        Ok(Self { code, field: text("field").map(field_named), message, details })
    }

    /// As the boundary carries it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "number": self.code.number(),
            "code": self.code.as_str(),
            "field": self.field,
            "message": self.message,
            "details": self.details,
            "retryable": self.code.is_retryable(),
        })
    }
}

/// The field that the core's refusal is about, where every request has it under the same name.
const fn field_of(code: Code) -> Option<&'static str> {
    Some(match code {
        Code::UnknownAccount => "accountId",
        Code::UnknownOrder => "orderId",
        Code::DuplicateClientOrderId => "clientOrderId",
        Code::PriceRange | Code::PriceBand => "price",
        Code::QtyRange => "quantity",
        Code::PostOnlyWouldCross => "postOnly",
        Code::WouldTriggerImmediately => "triggerPrice",
        Code::CancelRestricted => "onlyIf",
        Code::RequestIdConflict | Code::RequestIdTooOld => "requestId",
        Code::StaleRequest => "validUntil",
        _ => return None,
    })
}

/// A field's name that was read back. Names that this program does not use by itself are few, and are kept for ever.
fn field_named(name: &str) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = names.get(name) {
        return known;
    }
    let known: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(known);
    known
}

/// A name that somebody sent, as a message shows it: not the megabyte that it may be.
pub(crate) fn shown(text: &str) -> String {
    let start = clipped(text);
    if start.len() == text.len() { format!("{text:?}") } else { format!("{start:?}...") }
}

/// The beginning of what somebody sent; all of it in general.
pub(crate) fn clipped(text: &str) -> &str {
    text.char_indices().nth(SHOWN_MAX).map_or(text, |(end, _)| &text[..end])
}

/// A status' reason, or null.
#[must_use]
pub fn reason(status: OrderStatus) -> Value {
    status.reason().map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use lightning_core::order::{CancelReason, OrderStatus};
    use lightning_core::types::{Amount, AssetId, OrderId, Price, SymbolId};

    use super::*;
    use crate::registry::{NewAsset, NewSymbol};

    fn registry() -> Registry {
        let mut registry = Registry::default();
        registry.create_asset(&NewAsset::new("BTC", 8)).unwrap();
        registry.create_asset(&NewAsset::new("USDT", 2)).unwrap();
        let new = NewSymbol {
            name: "BTC-USDT".into(),
            base: "BTC".into(),
            quote: "USDT".into(),
            tick_size: "0.01".into(),
            lot_size: "1".into(),
            ..NewSymbol::default()
        };
        let symbol = registry.prepare_symbol(&new, 0).unwrap();
        registry.add_symbol(symbol);
        registry
    }

    fn worded(code: Code, detail: Detail) -> Refusal {
        Refusal::from_reject(&Reject { code, detail }, &registry())
    }

    #[test]
    fn every_code_can_be_said() {
        for &code in Code::ALL {
            let refusal = worded(code, Detail::None);
            assert_eq!((refusal.code, refusal.message.as_str()), (code, code.meaning()));
            assert_eq!(refusal.to_json()["number"], code.number());
        }
    }

    #[test]
    fn figures_are_in_the_units_of_their_asset_and_symbol() {
        let (asset, required, available) = (AssetId(1), Amount(150), Amount(5));
        let funds = worded(Code::InsufficientBalance, Detail::Funds { asset, required, available });
        assert_eq!(funds.message, "needs 1.50 USDT, 0.05 available");
        assert_eq!(
            Value::Object(funds.details),
            json!({ "asset": "USDT", "required": "1.50", "available": "0.05" })
        );

        let symbol = SymbolId(0);
        let band = Detail::Band { symbol, min: Price(95), max: Price(105) };
        let band = worded(Code::PriceBand, band);
        assert_eq!(
            (band.field, Value::Object(band.details)),
            (Some("price"), json!({ "min": "0.95", "max": "1.05" }))
        );

        let last = Detail::Last { symbol, price: Price(7) };
        let triggered = worded(Code::WouldTriggerImmediately, last);
        assert_eq!(
            (triggered.field, triggered.details["lastPrice"].clone()),
            (Some("triggerPrice"), json!("0.07"))
        );
        assert!(worded(Code::OcoBadPrices, last).message.ends_with("which is 0.07"));
    }

    #[test]
    fn bounds_waits_and_final_states_are_told() {
        let bound = worded(Code::TooManyAmends, Detail::Bound { max: 3 });
        assert_eq!(
            (bound.message.as_str(), bound.details["max"].clone()),
            ("no more than 3 amends of one order", json!(3))
        );
        let wait = worded(Code::RateLimited, Detail::Wait { nanos: 1_000_001 });
        assert_eq!(
            (wait.details["retryAfterMs"].clone(), wait.to_json()["retryable"].clone()),
            (json!(2), json!(true))
        );
        let status = OrderStatus::Canceled(CancelReason::User);
        let closed = worded(Code::OrderAlreadyClosed, Detail::Closed { order: OrderId(9), status });
        assert_eq!(
            Value::Object(closed.details),
            json!({ "orderId": 9, "status": "CANCELED", "reason": "USER" })
        );
    }

    #[test]
    fn only_the_beginning_of_a_long_text_is_shown() {
        assert_eq!(shown("BTC"), "\"BTC\"");
        assert_eq!(shown(&"ä".repeat(1_000_000)).chars().count(), SHOWN_MAX + 5);
        assert_eq!(clipped(&"9".repeat(100)).len(), SHOWN_MAX);
    }
}
