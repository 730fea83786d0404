//! A refusal as the caller sees it: the core's code, the field that caused it, a sentence, and figures.

use lightning_core::message::OrderStatus;
use lightning_core::reject::{Code, Detail, Reject};
use serde_json::{Map, Value, json};

use crate::decimal;
use crate::registry::Registry;

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
        let field = match reject.code {
            Code::UnknownAccount => Some("accountId"),
            Code::UnknownOrder => Some("orderId"),
            _ => None,
        };
        let plain = Self { field, ..Self::new(reject.code, reject.code.meaning()) };
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
                Self { message: format!("no more than {max} open orders per account"), ..plain }
                    .with("max", max)
            }
        }
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

/// A status' reason, or null.
#[must_use]
pub fn reason(status: OrderStatus) -> Value {
    status.reason().map_or(Value::Null, Value::from)
}
