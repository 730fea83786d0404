//! What is to be watched, from JSON.

use std::sync::Arc;
use std::time::Duration;

use lightning_core::reject::Code;
use lightning_core::types::{AccountId, ID_MAX, Lsn, SymbolId, TradeId};
use lightning_engine::refusal::Refusal;
use lightning_engine::registry::{Registry, Symbol};
use lightning_engine::streams::{Behind, Depth, Watch};
use serde::Deserialize;

use super::Watched;
use crate::cold::whole;
use crate::history::interval_named;

/// The fewest and the most milliseconds between heartbeats.
const HEARTBEAT_MS: std::ops::RangeInclusive<usize> = 10..=3_600_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Given {
    kind: String,
    symbol: Option<String>,
    levels: Option<f64>,
    #[serde(default)]
    checksum: bool,
    heartbeat_ms: Option<f64>,
    from_id: Option<f64>,
    #[serde(default)]
    aggregate: bool,
    slow: Option<String>,
    interval: Option<String>,
    account_id: Option<f64>,
    from_seq: Option<f64>,
}

pub(super) fn parse(text: &str, registry: &Registry) -> Result<(Watch, Watched), Refusal> {
    let given: Given = serde_json::from_str(text)
        .map_err(|error| Refusal::new(Code::InvalidRequest, format!("watch: {error}")))?;
    let mut watched = Watched { symbol: None, interval: None, of_balances: given.kind == "balances" };
    let mut symbol = || -> Result<SymbolId, Refusal> {
        let symbol: &Arc<Symbol> = registry.find_symbol(given.symbol.as_deref().unwrap_or(""))?;
        watched.symbol = Some(symbol.clone());
        Ok(symbol.spec.id())
    };
    let watch = match given.kind.as_str() {
        "book" => Watch::Book {
            symbol: symbol()?,
            depth: given.levels.map_or(Depth::All, |levels| Depth::Top(whole(levels).unwrap_or(0))),
            checksum: given.checksum,
            heartbeat: given.heartbeat_ms.map(heartbeat).transpose()?,
        },
        "bbo" => Watch::Bbo(symbol()?),
        "level3" => Watch::Level3(symbol()?),
        "trades" => Watch::Trades {
            symbol: symbol()?,
            from: id("fromId", given.from_id)?.map(TradeId),
            aggregate: given.aggregate,
            behind: behind(given.slow.as_deref())?,
        },
        "ticker" => Watch::Ticker(symbol()?),
        "klines" => {
            let (symbol, interval) = (symbol()?, interval_named(given.interval.as_deref().unwrap_or(""))?);
            watched.interval = Some(interval);
            Watch::Klines { symbol, interval }
        }
        "executions" => Watch::Executions {
            account: id("accountId", given.account_id)?.map(AccountId),
            from: id("fromSeq", given.from_seq)?.map(Lsn),
            behind: behind(given.slow.as_deref())?,
        },
        "balances" => Watch::Balances {
            account: id("accountId", given.account_id)?.map(AccountId),
            behind: behind(given.slow.as_deref())?,
        },
        "status" => Watch::Status,
        other => return Err(Refusal::new(Code::InvalidRequest, format!("nothing is called {other}"))),
    };
    Ok((watch, watched))
}

fn heartbeat(ms: f64) -> Result<Duration, Refusal> {
    let ms = whole(ms).filter(|ms| HEARTBEAT_MS.contains(ms)).ok_or_else(|| {
        let (from, to) = (HEARTBEAT_MS.start(), HEARTBEAT_MS.end());
        let message = format!("heartbeatMs is not a whole number from {from} to {to}");
        Refusal::field(Code::InvalidRequest, "heartbeatMs", message)
    })?;
    Ok(Duration::from_millis(ms as u64))
}

/// A number from 1 to 2^53 - 1, if there is one.
fn id(field: &'static str, number: Option<f64>) -> Result<Option<u64>, Refusal> {
    let checked = |number: f64| {
        whole(number).map(|number| number as u64).filter(|number| (1..=ID_MAX).contains(number)).ok_or_else(
            || {
                let message = format!("{field} is not a whole number from 1 to 2^53 - 1");
                Refusal::field(Code::InvalidRequest, field, message)
            },
        )
    };
    number.map(checked).transpose()
}

fn behind(slow: Option<&str>) -> Result<Behind, Refusal> {
    match slow {
        None | Some("gap") => Ok(Behind::Gap),
        Some("close") => Ok(Behind::End),
        Some(_) => {
            Err(Refusal::field(Code::InvalidRequest, "slow", "slow is neither gap nor close".to_owned()))
        }
    }
}
