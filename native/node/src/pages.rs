//! Histories, page by page. JSON text in and out.

use lightning_core::reject::Code;
use lightning_core::types::AccountId;
use lightning_engine::Engine;
use lightning_engine::audit::history::{HistoryOf, HistoryPage};
use lightning_engine::history::PageQuery;
use lightning_engine::refusal::Refusal;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answers::closed_order_json;
use crate::cold::{answer, trade_json, whole};
use crate::history::{interval_named, kline_json};

/// Items of a page, about.
const PAGE: usize = 1_000;
const NS_PER_MS: u64 = 1_000_000;

/// A page as given. Places are trades, records, or times in milliseconds.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    of: Of,
    from: Option<f64>,
    to: Option<f64>,
    next: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum Of {
    Trades { symbol: String },
    Orders { account_id: f64, symbol: Option<String> },
    Klines { symbol: String, interval: String, fill: bool },
}

impl Of {
    /// What `from` and `to` are called, and what they are.
    const fn places(&self) -> [&'static str; 3] {
        match self {
            Self::Trades { .. } => ["fromId", "toId", "the id of a trade"],
            Self::Orders { .. } => ["fromSeq", "toSeq", "the number of a record"],
            Self::Klines { .. } => ["from", "to", "a time in whole milliseconds since 1970"],
        }
    }
}

impl Given {
    fn read(text: &str) -> Result<Self, Refusal> {
        serde_json::from_str(text)
            .map_err(|error| Refusal::new(Code::InvalidRequest, format!("history: {error}")))
    }

    /// Times become nanoseconds. What is later than the end of time is as late as that.
    fn query(&self) -> Result<PageQuery, Refusal> {
        let [from, to, what] = self.of.places();
        let unit = if matches!(self.of, Of::Klines { .. }) { NS_PER_MS } else { 1 };
        let place = |field: &'static str, given: Option<f64>| {
            let read = |given| {
                let message = || format!("{field} is not {what}");
                let number = whole(given);
                number.ok_or_else(|| Refusal::field(Code::InvalidRequest, field, message()))
            };
            given.map(|given| read(given).map(|number| (number as u64).saturating_mul(unit))).transpose()
        };
        Ok(PageQuery {
            from: place(from, self.from)?.unwrap_or(0),
            to: place(to, self.to)?,
            next: place(from, self.next)?,
            limit: PAGE,
        })
    }
}

/// The next page of a history.
pub(crate) fn history(engine: &Engine, given: &str) -> String {
    answer(Given::read(given).and_then(|given| page(engine, &given)))
}

fn page(engine: &Engine, given: &Given) -> Result<Value, Refusal> {
    let query = given.query()?;
    match &given.of {
        Of::Trades { symbol } => {
            let (symbol, page) = engine.trade_history(symbol, &query)?;
            Ok(page_json(&page, 1, |trade| trade_json(&symbol, trade)))
        }
        Of::Orders { account_id, symbol } => {
            let page = engine.order_history(account(*account_id), symbol.as_deref(), &query)?;
            let registry = engine.registry();
            Ok(page_json(&page, 1, |(cause, order)| closed_order_json(&registry, *cause, order)))
        }
        Of::Klines { symbol, interval, fill } => {
            let (symbol, page) = engine.kline_history(symbol, interval_named(interval)?, *fill, &query)?;
            Ok(page_json(&page, NS_PER_MS, |kline| kline_json(&symbol, kline)))
        }
    }
}

fn page_json<T>(page: &HistoryPage<T>, unit: u64, json: impl Fn(&T) -> Value) -> Value {
    json!({
        "items": page.items.iter().map(json).collect::<Value>(),
        "next": page.next.map(|next| next / unit),
        "to": page.to / unit,
    })
}

/// Nobody asks for this page: what was kept for it is dropped. Of a symbol that is gone meanwhile it stays until
/// something else needs its place.
pub(crate) fn leave(engine: &Engine, given: &str) -> Result<(), Refusal> {
    let given = Given::read(given)?;
    let Some(next) = given.query()?.next else { return Ok(()) };
    let symbol_id = |name: &str| Ok(engine.registry().find_symbol(name)?.spec.id());
    let of = match &given.of {
        Of::Trades { symbol } => HistoryOf::Trades(symbol_id(symbol)?),
        Of::Orders { account_id, symbol } => {
            HistoryOf::Orders(account(*account_id), symbol.as_deref().map(symbol_id).transpose()?)
        }
        Of::Klines { symbol, interval, .. } => {
            HistoryOf::Klines(symbol_id(symbol)?, interval_named(interval)?)
        }
    };
    engine.leave_history(of, next);
    Ok(())
}

/// An account; nobody for what is none.
fn account(id: f64) -> AccountId {
    AccountId(whole(id).unwrap_or(0) as u64)
}
