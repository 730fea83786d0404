//! The cold reads: published data, counters, constants. JSON text out, `{ ok }` or `{ error }`.

use std::path::PathBuf;

use lightning_core::book::PriceLevel;
use lightning_core::message::{StpMode, TimeInForce, Trade};
use lightning_core::reject::Code;
use lightning_core::types::{AccountId, Price, Quantity};
use lightning_engine::config::{Durability, Options, Retention};
use lightning_engine::decimal;
use lightning_engine::market_data::BookView;
use lightning_engine::raw;
use lightning_engine::refusal::Refusal;
use lightning_engine::registry::Symbol;
use lightning_engine::{Engine, Mischief};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answers::{self, milliseconds, side_name, signed_text};
use crate::books;
use crate::records;
use crate::streams;

/// Most trades that one call reads back.
const TRADES_MAX: usize = 1_000;

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct GivenOptions {
    inline: bool,
    sequencers: Option<f64>,
    matchers: Option<f64>,
    max_in_flight: Option<f64>,
    open_orders_per_account: Option<f64>,
    trades_per_symbol: Option<f64>,
    klines: Option<f64>,
    closed_orders: Option<f64>,
    ledger_entries: Option<f64>,
    manual_clock_start_ms: Option<f64>,
    data_dir: Option<PathBuf>,
    durability: Option<String>,
    snapshot_every: Option<f64>,
    snapshots_kept: Option<f64>,
    retention: Option<String>,
    segment_bytes: Option<f64>,
    /// For tests: the first sequencer breaks at its so many-th step.
    panic_after: Option<f64>,
}

pub(crate) fn parse_options(text: &str) -> Result<(Options, Mischief), Refusal> {
    let given: GivenOptions = serde_json::from_str(text)
        .map_err(|error| Refusal::new(Code::InvalidRequest, format!("options: {error}")))?;
    let count = |number: Option<f64>| number.map(|number| whole(number).unwrap_or(usize::MAX));
    let panic_after = count(given.panic_after).map(|steps| steps as u64);
    let snapshot_every = given.snapshot_every.map(|records| {
        let message = "snapshot.everyRecords is not a whole number from 0";
        let refusal = || Refusal::field(Code::InvalidRequest, "snapshot.everyRecords", message);
        whole(records).map(|records| records as u64).ok_or_else(refusal)
    });
    let options = Options {
        inline: given.inline,
        sequencers: count(given.sequencers),
        matchers: count(given.matchers),
        max_in_flight: count(given.max_in_flight),
        open_orders_per_account: count(given.open_orders_per_account),
        trades_per_symbol: count(given.trades_per_symbol),
        klines: count(given.klines),
        closed_orders: count(given.closed_orders),
        ledger_entries: count(given.ledger_entries),
        manual_clock_start_ms: count(given.manual_clock_start_ms),
        data_dir: given.data_dir,
        durability: named("durability", given.durability.as_deref(), &Durability::ALL, Durability::as_str)?,
        snapshot_every: snapshot_every.transpose()?,
        snapshots_kept: count(given.snapshots_kept),
        retention: named("retention", given.retention.as_deref(), &RETENTIONS, retention_name)?,
        segment_bytes: count(given.segment_bytes).map(|bytes| bytes as u64),
    };
    Ok((options, Mischief { panic_after, ..Mischief::default() }))
}

/// What becomes of files that nobody needs any more, in the order in which a refusal names them.
const RETENTIONS: [Retention; 3] = [Retention::KeepAll, Retention::Archive, Retention::Remove];

const fn retention_name(retention: Retention) -> &'static str {
    match retention {
        Retention::KeepAll => "keep",
        Retention::Archive => "archive",
        Retention::Remove => "remove",
    }
}

/// One of a few words.
fn named<T: Copy>(
    field: &'static str,
    word: Option<&str>,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<Option<T>, Refusal> {
    let find = |word: &str| {
        all.iter().copied().find(|&each| name(each) == word).ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|&each| name(each)).collect();
            Refusal::field(Code::InvalidRequest, field, format!("{field} is none of {}", names.join(", ")))
        })
    };
    word.map(find).transpose()
}

pub(crate) fn book(engine: &Engine, symbol: &str, levels: f64, cumulative: bool) -> String {
    let view = engine.book(symbol, whole(levels).unwrap_or(0));
    answer(view.map(|(symbol, view)| BookOut {
        touch: TouchOut::of(&symbol, &view),
        bids: levels_out(&symbol, &view.bids, cumulative),
        asks: levels_out(&symbol, &view.asks, cumulative),
    }))
}

pub(crate) fn bbo(engine: &Engine, symbol: &str) -> String {
    answer(engine.book(symbol, 1).map(|(symbol, view)| {
        let best = |levels: &[PriceLevel]| levels.first().map(|level| LevelOut::of(&symbol, level));
        BboOut { touch: TouchOut::of(&symbol, &view), bid: best(&view.bids), ask: best(&view.asks) }
    }))
}

pub(crate) fn trades(engine: &Engine, symbol: &str, from: Option<f64>, limit: f64) -> String {
    let trades = range_of(from, limit).and_then(|(from, limit)| engine.trades(symbol, from, limit));
    let lines = |(symbol, trades): (std::sync::Arc<Symbol>, Vec<Trade>)| -> Value {
        trades.iter().map(|trade| trade_json(&symbol, trade)).collect()
    };
    answer(trades.map(lines))
}

/// A trade of the public feed.
pub(crate) fn trade_json(symbol: &Symbol, trade: &Trade) -> Value {
    json!({
        "tradeId": trade.id.0,
        "symbol": symbol.name,
        "price": symbol.price_text(trade.price),
        "quantity": symbol.quantity_text(u128::from(trade.quantity.0)),
        "quoteQuantity": symbol.quote_text(trade.notional),
        "takerSide": side_name(trade.taker_side),
        "ts": milliseconds(trade.at),
        "bookSeq": trade.book_seq,
    })
}

pub(crate) fn my_trades(
    engine: &Engine,
    account: f64,
    symbol: &str,
    from: Option<f64>,
    limit: f64,
) -> String {
    let account = whole(account).unwrap_or(0) as u64;
    let trades =
        range_of(from, limit).and_then(|(from, limit)| engine.my_trades(account, symbol, from, limit));
    answer(trades.map(|(symbol, trades)| {
        let registry = engine.registry();
        let account = AccountId(account);
        let line = |trade: &Trade, is_taker: bool| {
            let side = if is_taker { trade.taker_side } else { trade.taker_side.opposite() };
            let (order, fee) =
                if is_taker { (trade.taker, trade.taker_fee) } else { (trade.maker, trade.maker_fee) };
            let fee_asset = registry.asset(symbol.spec.fee_asset(side));
            json!({
                "tradeId": trade.id.0,
                "symbol": symbol.name,
                "orderId": order.0,
                "side": side_name(side),
                "price": symbol.price_text(trade.price),
                "quantity": symbol.quantity_text(u128::from(trade.quantity.0)),
                "quoteQuantity": symbol.quote_text(trade.notional),
                "fee": signed_text(fee, fee_asset.scale),
                "feeAsset": fee_asset.code,
                "liquidity": if is_taker { "taker" } else { "maker" },
                "ts": milliseconds(trade.at),
                "bookSeq": trade.book_seq,
            })
        };
        let mut lines = Vec::with_capacity(trades.len());
        for trade in &trades {
            if trade.maker_account == account {
                lines.push(line(trade, false));
            }
            if trade.taker_account == account {
                lines.push(line(trade, true));
            }
        }
        lines
    }))
}

/// The first trade wanted, and how many.
fn range_of(from: Option<f64>, limit: f64) -> Result<(Option<u64>, usize), Refusal> {
    let invalid = |field, message: String| Refusal::field(Code::InvalidRequest, field, message);
    let limit = whole(limit)
        .filter(|limit| (1..=TRADES_MAX).contains(limit))
        .ok_or_else(|| invalid("limit", format!("limit is not a whole number from 1 to {TRADES_MAX}")))?;
    let from = from
        .map(|from| whole(from).ok_or_else(|| invalid("fromId", "fromId is not a whole number".to_owned())))
        .transpose()?;
    Ok((from.map(|from| from as u64), limit))
}

pub(crate) fn now(engine: &Engine) -> String {
    answer(Ok(milliseconds(engine.now())))
}

pub(crate) fn stats(engine: &Engine) -> String {
    let (stats, config) = (engine.stats(), engine.config());
    let is_kept = config.durability != Durability::Volatile;
    json!({
        "mode": if config.inline { "inline" } else { "threaded" },
        "sequencers": config.sequencers,
        "matchers": config.matchers,
        "commands": stats.commands,
        "refusedAtEdge": stats.refused_at_edge,
        "busy": stats.busy,
        "inFlight": stats.in_flight,
        "seq": stats.last_lsn.0,
        "durability": stats.durability.as_str(),
        "durableSeq": is_kept.then_some(stats.durable_lsn.0),
        "journal": is_kept.then(|| json!({
            "bytes": stats.journal_bytes,
            "backlogBytes": stats.backlog_bytes,
            "segmentsPrepared": stats.segments_prepared,
            "room": stats.room.as_str(),
        })),
        "halted": stats.halted,
    })
    .to_string()
}

pub(crate) fn error_codes() -> String {
    let line = |code: &Code| {
        json!({
            "code": code.as_str(),
            "number": code.number(),
            "retryable": code.is_retryable(),
            "meaning": code.meaning(),
        })
    };
    Value::from_iter(Code::ALL.iter().map(line)).to_string()
}

pub(crate) fn layout() -> String {
    json!({
        "record": records::RECORD,
        "lengthsAt": records::LENGTHS_AT,
        "ticketAt": records::TICKET_AT,
        "flagsAt": records::FLAGS_AT,
        "accountAt": records::ACCOUNT_AT,
        "orderAt": records::ORDER_AT,
        "textsAt": records::TEXTS_AT,
        "text": records::TEXT,
        "texts": records::TEXTS,
        "absent": records::ABSENT,
        "tooLong": records::TOO_LONG,
        "answersAt": answers::PREFIX,
        "answerHeader": answers::HEADER,
        "placed": answers::PLACED,
        "fill": answers::FILL,
        "averageExtraScale": answers::AVERAGE_EXTRA_SCALE,
        "statuses": raw::STATUSES,
        "reasons": raw::reasons(),
        "timesInForce": answers::TIMES_IN_FORCE.map(TimeInForce::as_str),
        "stpModes": StpMode::ALL.map(StpMode::as_str),
        "raw": raw_layout(),
        "book": {
            "header": books::HEADER,
            "level": books::LEVEL,
            "levelWithSums": books::LEVEL_WITH_SUMS,
            "most": books::MOST,
        },
        "streams": {
            "prefix": streams::PREFIX,
            "header": streams::HEADER,
            "book": streams::BOOK,
            "level": streams::LEVEL,
            "bbo": streams::BBO,
            "trade": streams::TRADE,
            "aggregate": streams::AGGREGATE,
            "level3": streams::LEVEL3,
            "level3Start": streams::LEVEL3_START,
            "level3Order": streams::LEVEL3_ORDER,
            "kinds": streams::KINDS,
        },
    })
    .to_string()
}

/// Where everything is in the records of the raw interface.
fn raw_layout() -> Value {
    use raw::{command_at, fill_at, op, result_at};
    json!({
        "record": raw::RECORD,
        "batchMax": raw::BATCH_MAX,
        "ops": {
            "deposit": op::DEPOSIT,
            "withdraw": op::WITHDRAW,
            "place": op::PLACE,
            "cancel": op::CANCEL,
            "amend": op::AMEND,
        },
        "command": {
            "op": command_at::OP,
            "side": command_at::SIDE,
            "type": command_at::TYPE,
            "timeInForce": command_at::TIME_IN_FORCE,
            "flags": command_at::FLAGS,
            "tag": command_at::TAG,
            "symbol": command_at::SYMBOL,
            "account": command_at::ACCOUNT,
            "order": command_at::ORDER,
            "price": command_at::PRICE,
            "quantity": command_at::QUANTITY,
            "amount": command_at::AMOUNT,
        },
        "result": {
            "code": result_at::CODE,
            "status": result_at::STATUS,
            "reason": result_at::REASON,
            "tag": result_at::TAG,
            "fills": result_at::FILLS,
            "firstFill": result_at::FIRST_FILL,
            "order": result_at::ORDER,
            "quantity": result_at::QUANTITY,
            "open": result_at::OPEN,
            "amount": result_at::AMOUNT,
            "seq": result_at::SEQ,
        },
        "fill": {
            "trade": fill_at::TRADE,
            "price": fill_at::PRICE,
            "quantity": fill_at::QUANTITY,
            "notional": fill_at::NOTIONAL,
            "fee": fill_at::FEE,
        },
    })
}

pub(crate) fn answer<T: Serialize>(result: Result<T, Refusal>) -> String {
    match result {
        Ok(ok) => serde_json::to_string(&Answered { ok }).expect("plain data"),
        Err(refusal) => json!({ "error": refusal_json(&refusal) }).to_string(),
    }
}

/// A refusal as people see it, to whom an LSN is a `seq`.
pub(crate) fn refusal_json(refusal: &Refusal) -> Value {
    let mut value = refusal.to_json();
    value["details"] = with_seq(value["details"].take());
    value["field"] = refusal.field.map(seq_name).into();
    value
}

/// An object in which what is called an LSN is called a `seq`.
pub(crate) fn with_seq(object: Value) -> Value {
    let Value::Object(fields) = object else { return object };
    fields.into_iter().map(|(name, value)| (seq_name(&name).to_owned(), value)).collect()
}

fn seq_name(name: &str) -> &str {
    match name {
        "lsn" => "seq",
        "firstLsn" => "firstSeq",
        "fromLsn" => "fromSeq",
        "toLsn" => "toSeq",
        _ => name,
    }
}

/// The answer of a call that was not refused.
#[derive(Serialize)]
struct Answered<T> {
    ok: T,
}

#[derive(Serialize)]
struct BookOut {
    #[serde(flatten)]
    touch: TouchOut,
    bids: Vec<LevelOut>,
    asks: Vec<LevelOut>,
}

#[derive(Serialize)]
struct BboOut {
    #[serde(flatten)]
    touch: TouchOut,
    bid: Option<LevelOut>,
    ask: Option<LevelOut>,
}

/// What a view says without its levels.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TouchOut {
    symbol: String,
    seq: u64,
    ts: u64,
    spread: Option<String>,
    spread_bps: Option<String>,
    mid: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LevelOut {
    price: String,
    quantity: String,
    orders: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    cumulative_quantity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cumulative_quote: Option<String>,
}

impl TouchOut {
    fn of(symbol: &Symbol, view: &BookView) -> Self {
        let prices = view.bids.first().zip(view.asks.first()).map(|(bid, ask)| (bid.price, ask.price));
        let mid = |bid, ask| mid_digits(symbol, bid, ask);
        Self {
            symbol: symbol.name.clone(),
            seq: view.seq,
            ts: view.changed_at.map_or(0, milliseconds),
            spread: prices.map(|(bid, ask)| symbol.price_text(ask - bid)),
            spread_bps: prices.map(|(bid, ask)| decimal::format(spread_bps(bid, ask), 2)),
            mid: prices.map(|(bid, ask)| decimal::format(mid(bid, ask), symbol.tick.scale + 1)),
        }
    }
}

impl LevelOut {
    pub(crate) fn of(symbol: &Symbol, level: &PriceLevel) -> Self {
        Self {
            price: symbol.price_text(level.price),
            quantity: symbol.quantity_text(level.quantity),
            orders: level.orders,
            cumulative_quantity: None,
            cumulative_quote: None,
        }
    }
}

/// The mid's digits, at one decimal more than a price: half of a sum of prices needs no more.
pub(crate) fn mid_digits(symbol: &Symbol, bid: Price, ask: Price) -> u128 {
    (symbol.price_digits(bid) + symbol.price_digits(ask)) * 5
}

/// (ask - bid) / mid in hundredths of a basis point, rounded half to even. In ticks: their size cancels out.
pub(crate) fn spread_bps(bid: Price, ask: Price) -> u128 {
    let numerator = u128::from((ask - bid).0) * 2 * 1_000_000;
    let denominator = u128::from(bid.0) + u128::from(ask.0);
    decimal::divide_half_even(numerator, denominator)
}

fn levels_out(symbol: &Symbol, levels: &[PriceLevel], cumulative: bool) -> Vec<LevelOut> {
    let (mut lots, mut atoms) = (0_u128, 0_u128);
    let line = |level: &PriceLevel| {
        let mut out = LevelOut::of(symbol, level);
        if cumulative {
            lots += level.quantity;
            atoms += level_notional(symbol, level);
            out.cumulative_quantity = Some(symbol.quantity_text(lots));
            out.cumulative_quote = Some(decimal::format(atoms, symbol.quote.scale));
        }
        out
    };
    levels.iter().map(line).collect()
}

/// Each order's notional is below 2^96 and a level has fewer than 2^32 orders. (Sums of levels are checked sums:
/// they fit as long as the best 20 levels hold fewer than 2^32 orders together.)
pub(crate) fn level_notional(symbol: &Symbol, level: &PriceLevel) -> u128 {
    let one_lot = symbol.spec.notional(level.price, Quantity(1));
    one_lot.0.checked_mul(level.quantity).expect("a level is worth less than 2^128 atoms")
}

/// A JavaScript number that is a whole count; `None` for anything else.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "checked: whole, not negative, exactly representable"
)]
pub(crate) fn whole(number: f64) -> Option<usize> {
    let fits = number >= 0.0 && number <= lightning_core::types::ID_MAX as f64 && number.fract() == 0.0;
    fits.then_some(number as usize)
}
