//! Candles and tickers as words. What streams tell of them has the same fields.

use lightning_core::archive::{Interval, Kline, KlineQuery, Ticker};
use lightning_core::reject::Code;
use lightning_core::types::{Amount, Price, Timestamp};
use lightning_engine::market_data::BookView;
use lightning_engine::refusal::Refusal;
use lightning_engine::registry::Symbol;
use lightning_engine::{Engine, decimal};
use serde_json::{Value, json};

use crate::answers::{AVERAGE_EXTRA_SCALE, milliseconds};
use crate::cold::{LevelOut, answer, whole};

/// Most candles that one call reads back.
const KLINES_MAX: usize = 1_000;
/// Decimals of a percentage.
const PERCENT_SCALE: u32 = 3;

/// Which candles, as given: times in milliseconds.
pub(crate) struct GivenRange {
    pub(crate) from: Option<f64>,
    pub(crate) to: Option<f64>,
    pub(crate) limit: f64,
    pub(crate) fill: bool,
}

pub(crate) fn klines(engine: &Engine, symbol: &str, interval: &str, given: &GivenRange) -> String {
    let klines = parse(interval, given).and_then(|query| engine.klines(symbol, &query));
    answer(
        klines
            .map(|(symbol, klines)| klines.iter().map(|kline| kline_json(&symbol, kline)).collect::<Value>()),
    )
}

pub(crate) fn ticker(engine: &Engine, symbol: &str) -> String {
    answer(engine.ticker(symbol).map(|(symbol, ticker, view)| ticker_json(&symbol, &ticker, &view)))
}

fn parse(interval: &str, given: &GivenRange) -> Result<KlineQuery, Refusal> {
    let invalid = |field, message: String| Refusal::field(Code::InvalidRequest, field, message);
    let interval = interval_named(interval)?;
    let limit = whole(given.limit)
        .filter(|limit| (1..=KLINES_MAX).contains(limit))
        .ok_or_else(|| invalid("limit", format!("limit is not a whole number from 1 to {KLINES_MAX}")))?;
    let time = |field, given: Option<f64>| {
        let read = |given| {
            let message = || format!("{field} is not a time in whole milliseconds since 1970");
            whole(given).ok_or_else(|| invalid(field, message()))
        };
        // What is later than the end of time is as late as that.
        let time = |milliseconds: usize| Timestamp((milliseconds as u64).saturating_mul(1_000_000));
        given.map(|given| read(given).map(time)).transpose()
    };
    let (from, to) = (time("from", given.from)?, time("to", given.to)?);
    Ok(KlineQuery { interval, from, to, limit, fill: given.fill })
}

/// An interval by its name.
pub(crate) fn interval_named(name: &str) -> Result<Interval, Refusal> {
    Interval::named(name).ok_or_else(|| {
        let names = Interval::ALL.map(Interval::as_str).join(", ");
        Refusal::field(Code::InvalidInterval, "interval", format!("interval is none of {names}"))
    })
}

/// A candle. What it closes at is a millisecond before the next one opens.
pub(crate) fn kline_json(symbol: &Symbol, kline: &Kline) -> Value {
    json!({
        "openTime": milliseconds(kline.open_time),
        "closeTime": milliseconds(kline.end_time) - 1,
        "open": symbol.price_text(kline.open),
        "high": symbol.price_text(kline.high),
        "low": symbol.price_text(kline.low),
        "close": symbol.price_text(kline.close),
        "baseVolume": symbol.quantity_text(kline.base),
        "quoteVolume": symbol.quote_text(kline.quote),
        "trades": kline.trades,
        "takerBuyBase": symbol.quantity_text(kline.taker_base),
        "takerBuyQuote": symbol.quote_text(kline.taker_quote),
        "firstTradeId": kline.first_trade.map(|trade| trade.0),
        "lastTradeId": kline.last_trade.map(|trade| trade.0),
        "closed": kline.closed,
    })
}

/// A ticker, and the top of the book.
pub(crate) fn ticker_json(symbol: &Symbol, ticker: &Ticker, view: &BookView) -> Value {
    let price = |price: Option<Price>| price.map(|price| symbol.price_text(price));
    let change = ticker.open.zip(ticker.last).map(|(open, last)| Change::between(open, last));
    let level = |levels: &[_]| levels.first().map(|level| LevelOut::of(symbol, level));
    json!({
        "symbol": symbol.name,
        "openTime": milliseconds(ticker.open_time),
        "closeTime": milliseconds(ticker.close_time),
        "open": price(ticker.open),
        "high": price(ticker.high),
        "low": price(ticker.low),
        "last": price(ticker.last),
        "lastQuantity": ticker.last.map(|_| symbol.quantity_text(u128::from(ticker.last_quantity))),
        "change": change.map(|change| change.signed(symbol.price_text(change.by))),
        "changePercent": change.map(|change| change.signed(change.percent())),
        "vwap": (ticker.base > 0).then(|| {
            let digits = average_digits(symbol, ticker.base, ticker.quote);
            decimal::format(digits, symbol.tick.scale + AVERAGE_EXTRA_SCALE)
        }),
        "baseVolume": symbol.quantity_text(ticker.base),
        "quoteVolume": symbol.quote_text(ticker.quote),
        "bid": level(&view.bids),
        "ask": level(&view.asks),
        "firstTradeId": ticker.first_trade.map(|trade| trade.0),
        "lastTradeId": ticker.last_trade.map(|trade| trade.0),
        "count": ticker.trades,
    })
}

/// From the first price of the window to the last price.
#[derive(Clone, Copy)]
struct Change {
    open: Price,
    by: Price,
    is_down: bool,
}

impl Change {
    fn between(open: Price, last: Price) -> Self {
        Self { open, by: Price(open.0.abs_diff(last.0)), is_down: last < open }
    }

    /// In hundredths, rounded half to even. In ticks: their size cancels out.
    fn percent(self) -> String {
        let thousandths = u128::from(self.by.0) * 100 * 10_u128.pow(PERCENT_SCALE);
        decimal::format(decimal::divide_half_even(thousandths, u128::from(self.open.0)), PERCENT_SCALE)
    }

    /// What is rounded to nothing has no sign.
    fn signed(self, text: String) -> String {
        let is_zero = text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
        if self.is_down && !is_zero { format!("-{text}") } else { text }
    }
}

/// Quote by base at the price's scale + 4, rounded half to even.
fn average_digits(symbol: &Symbol, lots: u128, quote: Amount) -> u128 {
    // The sum of ticks x lots, exact.
    let tick_lots = quote.0 / symbol.spec.tick_lot_atoms();
    let fine = symbol.tick.digits * 10_u128.pow(AVERAGE_EXTRA_SCALE);
    let (whole, rest) = (tick_lots / lots, tick_lots % lots);
    // Of more than 2^128 / fine lots the last bits do not count: they are beyond the twentieth decimal.
    let surplus = (128 - lots.leading_zeros()).saturating_sub(fine.leading_zeros());
    let (rest, lots) = (rest >> surplus, lots >> surplus);
    // `fine` is even, so what the whole part adds does not change which neighbour is the even one.
    whole * fine + decimal::divide_half_even(rest * fine, lots)
}
