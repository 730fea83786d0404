//! Bitstamp's BTC/USD book of 2015-05-01: every order that came and went over five hours.
//!
//! What came is placed, what left is canceled if it is still there; that an order became smaller is not told, for the
//! book finds the trades itself. A correct one makes 517 of them, of 709.08982245 BTC.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command as Process;

use lightning_core::types::Side;

use super::author::{Author, Ids};
use super::{Kind, Size, Workload};

const FILE: &str = "bitstamp-btcusd-2015-05-01.csv.xz";
/// What a correct book does with it.
const TRADES: u64 = 517;
const TRADED_SATOSHIS: u64 = 70_908_982_245;
const ACCOUNTS: u32 = 1_000;

pub(super) fn write(size: &Size) -> Result<Workload, String> {
    let file = size.data.join(FILE);
    if !file.exists() {
        return Err(format!("there is no {}", file.display()));
    }
    let mut events = read(&unpack(&file)?)?;
    events.sort_by_key(|event| event.at_ms); // Stable: rows of the same time stay in their order.
    let mut author = Author::new(0, 1, Ids::Ascending);
    author.start_clock();
    let mut ids = HashMap::new();
    for event in &events {
        match event.action {
            Action::Created => {
                let account = u32::try_from(1 + ids.len() % ACCOUNTS as usize).expect("few accounts");
                let order = (event.side, event.cents, event.satoshis);
                let id = author.place(0, account, order, Kind::PlaceGtc);
                ids.insert(event.id, id);
            }
            Action::Deleted => {
                if let Some(&id) = ids.get(&event.id)
                    && author.is_resting(id)
                {
                    author.cancel(0, id);
                }
            }
            Action::Changed => {}
        }
    }
    let workload = author.finish("recorded", 0, ACCOUNTS);
    let found = (workload.tape.trades, workload.tape.lots);
    if found != (TRADES, TRADED_SATOSHIS) {
        return Err(format!("{found:?} are not the trades and satoshis of the recording"));
    }
    Ok(workload)
}

struct Event {
    id: u64,
    at_ms: u64,
    cents: u64,
    satoshis: u64,
    action: Action,
    side: Side,
}

enum Action {
    Created,
    Changed,
    Deleted,
}

/// With the system's own tool: one file is no reason for a decompressor of our own.
fn unpack(file: &Path) -> Result<String, String> {
    let output = Process::new("xz").arg("--decompress").arg("--stdout").arg(file).output();
    let output = output.map_err(|error| format!("xz can't be run: {error}"))?;
    if !output.status.success() {
        return Err(format!("xz: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{}: {error}", file.display()))
}

fn read(text: &str) -> Result<Vec<Event>, String> {
    let rows = text.lines().skip(1);
    rows.map(|row| event(row).ok_or_else(|| format!("not an event: {row}"))).collect()
}

/// Columns: id, timestamp, exchange.timestamp, price, volume, action, direction.
fn event(row: &str) -> Option<Event> {
    let mut columns = row.split(',').map(|column| column.trim_matches('"'));
    let id = columns.next()?.parse().ok()?;
    let at_ms = columns.next()?.parse().ok()?;
    columns.next()?;
    let cents = cents(columns.next()?)?;
    let satoshis = columns.next()?.parse().ok()?;
    let action = match columns.next()? {
        "created" => Action::Created,
        "changed" => Action::Changed,
        "deleted" => Action::Deleted,
        _ => return None,
    };
    let side = match columns.next()? {
        "bid" => Side::Buy,
        "ask" => Side::Sell,
        _ => return None,
    };
    Some(Event { id, at_ms, cents, satoshis, action, side })
}

/// A price of at most two decimals.
fn cents(price: &str) -> Option<u64> {
    let (whole, decimals) = price.split_once('.').unwrap_or((price, ""));
    let decimals: u64 = match decimals.len() {
        0 => 0,
        1 => decimals.parse::<u64>().ok()? * 10,
        2 => decimals.parse().ok()?,
        _ => return None,
    };
    Some(whole.parse::<u64>().ok()? * 100 + decimals)
}
