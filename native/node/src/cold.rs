//! The cold calls: configuration, listings, reads of published data. JSON text out, `{ ok }` or `{ error }`.

use lightning_core::book::PriceLevel;
use lightning_core::reject::Code;
use lightning_core::types::{Price, Quantity, Side};
use lightning_engine::config::Options;
use lightning_engine::decimal;
use lightning_engine::market_data::BookView;
use lightning_engine::refusal::Refusal;
use lightning_engine::registry::{Asset, NewSymbol, Symbol};
use lightning_engine::{Engine, Mischief};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::answers::{self, milliseconds};
use crate::records;

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
    closed_orders: Option<f64>,
    /// For tests: the first sequencer breaks at its so many-th step.
    panic_after: Option<f64>,
}

pub(crate) fn parse_options(text: &str) -> Result<(Options, Mischief), Refusal> {
    let given: GivenOptions = serde_json::from_str(text)
        .map_err(|error| Refusal::new(Code::InvalidRequest, format!("options: {error}")))?;
    let count = |number: Option<f64>| number.map(|number| whole(number).unwrap_or(usize::MAX));
    let panic_after = count(given.panic_after).map(|steps| steps as u64);
    let options = Options {
        inline: given.inline,
        sequencers: count(given.sequencers),
        matchers: count(given.matchers),
        max_in_flight: count(given.max_in_flight),
        open_orders_per_account: count(given.open_orders_per_account),
        trades_per_symbol: count(given.trades_per_symbol),
        closed_orders: count(given.closed_orders),
    };
    Ok((options, Mischief { panic_after, ..Mischief::default() }))
}

pub(crate) fn create_asset(engine: &Engine, code: &str, scale: f64) -> String {
    // What is no whole number is out of range, and refused as that.
    let scale = whole(scale).and_then(|scale| u32::try_from(scale).ok()).unwrap_or(u32::MAX);
    answer(engine.create_asset(code, scale).map(|asset| asset_json(&asset)))
}

pub(crate) fn create_symbol(engine: &Engine, text: &str) -> String {
    let new: Result<NewSymbol, _> = serde_json::from_str(text);
    answer(
        new.map_err(|error| Refusal::new(Code::InvalidRequest, format!("symbol: {error}")))
            .and_then(|new| engine.create_symbol(&new))
            .map(|symbol| symbol.to_json()),
    )
}

pub(crate) fn book(engine: &Engine, symbol: &str, levels: f64, cumulative: bool) -> String {
    let view = engine.book(symbol, whole(levels).unwrap_or(0));
    answer(view.map(|(symbol, view)| {
        let mut json = touch(&symbol, &view);
        json["bids"] = levels_json(&symbol, &view.bids, cumulative);
        json["asks"] = levels_json(&symbol, &view.asks, cumulative);
        json
    }))
}

pub(crate) fn bbo(engine: &Engine, symbol: &str) -> String {
    answer(engine.book(symbol, 1).map(|(symbol, view)| {
        let best = |levels: &[PriceLevel]| levels.first().map(|level| level_json(&symbol, level));
        let mut json = touch(&symbol, &view);
        json["bid"] = best(&view.bids).into();
        json["ask"] = best(&view.asks).into();
        json
    }))
}

pub(crate) fn trades(engine: &Engine, symbol: &str, from: Option<f64>, limit: f64) -> String {
    let limit = whole(limit).filter(|limit| (1..=TRADES_MAX).contains(limit)).ok_or_else(|| {
        Refusal::field(
            Code::InvalidRequest,
            "limit",
            format!("limit is not a whole number from 1 to {TRADES_MAX}"),
        )
    });
    let from = match from.map(whole) {
        None => Ok(None),
        Some(Some(from)) => Ok(Some(from as u64)),
        Some(None) => Err(Refusal::field(Code::InvalidRequest, "fromId", "fromId is not a whole number")),
    };
    let trades = limit.and_then(|limit| engine.trades(symbol, from?, limit));
    answer(trades.map(|(symbol, trades)| {
        let line = |trade: &lightning_core::message::Trade| {
            json!({
                "tradeId": trade.id.0,
                "symbol": symbol.name,
                "price": symbol.price_text(trade.price),
                "quantity": symbol.quantity_text(u128::from(trade.quantity.0)),
                "quoteQuantity": symbol.quote_text(trade.notional),
                "takerSide": match trade.taker_side { Side::Buy => "buy", Side::Sell => "sell" },
                "ts": milliseconds(trade.at),
                "bookSeq": trade.book_seq,
            })
        };
        trades.iter().map(line).collect()
    }))
}

pub(crate) fn stats(engine: &Engine) -> String {
    let (stats, config) = (engine.stats(), engine.config());
    json!({
        "mode": if config.inline { "inline" } else { "threaded" },
        "sequencers": config.sequencers,
        "matchers": config.matchers,
        "commands": stats.commands,
        "refusedAtEdge": stats.refused_at_edge,
        "busy": stats.busy,
        "inFlight": stats.in_flight,
        "seq": stats.last_lsn.0,
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
        "answerHeader": answers::HEADER,
        "placed": answers::PLACED,
        "fill": answers::FILL,
        "averageExtraScale": answers::AVERAGE_EXTRA_SCALE,
    })
    .to_string()
}

fn answer(result: Result<Value, Refusal>) -> String {
    match result {
        Ok(value) => json!({ "ok": value }),
        Err(refusal) => json!({ "error": refusal.to_json() }),
    }
    .to_string()
}

fn asset_json(asset: &Asset) -> Value {
    json!({ "id": asset.id.0, "code": asset.code, "scale": asset.scale })
}

/// What a view says without its levels: symbol, sequence, time, spread, spread in basis points, mid.
fn touch(symbol: &Symbol, view: &BookView) -> Value {
    let prices = view.bids.first().zip(view.asks.first()).map(|(bid, ask)| (bid.price, ask.price));
    let digits = |price: Price| symbol.price_digits(price);
    json!({
        "symbol": symbol.name,
        "seq": view.seq,
        "ts": view.changed_at.map_or(0, milliseconds),
        "spread": prices.map(|(bid, ask)| symbol.price_text(ask - bid)),
        "spreadBps": prices.map(|(bid, ask)| decimal::format(spread_bps(bid, ask), 2)),
        // Half of a sum of prices has at most one decimal more than a price.
        "mid": prices.map(|(bid, ask)| decimal::format((digits(bid) + digits(ask)) * 5, symbol.tick.scale + 1)),
    })
}

/// (ask - bid) / mid in hundredths of a basis point, rounded half to even. In ticks: their size cancels out.
fn spread_bps(bid: Price, ask: Price) -> u128 {
    let numerator = u128::from((ask - bid).0) * 2 * 1_000_000;
    let denominator = u128::from(bid.0) + u128::from(ask.0);
    let (quotient, remainder) = (numerator / denominator, numerator % denominator);
    let up = match (remainder * 2).cmp(&denominator) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => quotient % 2 == 1,
        std::cmp::Ordering::Less => false,
    };
    quotient + u128::from(up)
}

fn levels_json(symbol: &Symbol, levels: &[PriceLevel], cumulative: bool) -> Value {
    let (mut lots, mut atoms) = (0_u128, 0_u128);
    let line = |level: &PriceLevel| {
        let mut json = level_json(symbol, level);
        if cumulative {
            lots += level.quantity;
            atoms += level_notional(symbol, level);
            json["cumulativeQuantity"] = symbol.quantity_text(lots).into();
            json["cumulativeQuote"] = decimal::format(atoms, symbol.quote.scale).into();
        }
        json
    };
    levels.iter().map(line).collect()
}

/// Each order's notional is below 2^96 and a level has fewer than 2^32 orders, so the sum of 20 levels fits.
fn level_notional(symbol: &Symbol, level: &PriceLevel) -> u128 {
    let one_lot = symbol.spec.notional(level.price, Quantity(1));
    one_lot.0.checked_mul(level.quantity).expect("a level is worth less than 2^128 atoms")
}

fn level_json(symbol: &Symbol, level: &PriceLevel) -> Value {
    json!({
        "price": symbol.price_text(level.price),
        "quantity": symbol.quantity_text(level.quantity),
        "orders": level.orders,
    })
}

/// A JavaScript number that is a whole count; `None` for anything else.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "checked: whole, not negative, exactly representable"
)]
fn whole(number: f64) -> Option<usize> {
    let fits = number >= 0.0 && number <= lightning_core::types::ID_MAX as f64 && number.fract() == 0.0;
    fits.then_some(number as usize)
}
