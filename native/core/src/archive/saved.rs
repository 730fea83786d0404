//! Candles as bytes. They are loaded like a stranger's: whatever they say, it is one past that agrees with itself and
//! with the last trade, or it is refused.

use super::bar::Bar;
use super::candles::{Candles, Series};
use super::{Archive, Kept, Last};
use crate::codec::{ensure, wire_struct};
use crate::message::Trade;
use crate::types::{Amount, Price, Quantity, SymbolId, Timestamp, TradeId};

wire_struct!(Last { id: TradeId, price: Price, quantity: Quantity });

wire_struct!(Bar {
    start: Timestamp,
    open: Price,
    high: Price,
    low: Price,
    close: Price,
    base: u128,
    quote: Amount,
    taker_base: u128,
    taker_quote: Amount,
    first: TradeId,
    last: TradeId,
});

/// The bars of one length.
pub(crate) struct SavedSeries {
    over: Vec<Bar>,
    open: Option<Bar>,
    whole_from: Timestamp,
    price_before: Option<Price>,
}

wire_struct!(SavedSeries {
    over: Vec<Bar>,
    open: Option<Bar>,
    whole_from: Timestamp,
    price_before: Option<Price>,
});

/// The candles of a symbol that has traded.
pub(crate) struct SavedCandles {
    pub(crate) symbol: SymbolId,
    pub(crate) last: Last,
    seconds: SavedSeries,
    minutes: SavedSeries,
    hours: SavedSeries,
    days: SavedSeries,
}

wire_struct!(SavedCandles {
    symbol: SymbolId,
    last: Last,
    seconds: SavedSeries,
    minutes: SavedSeries,
    hours: SavedSeries,
    days: SavedSeries,
});

/// No sum of bars is more: what is traded later has room.
const SUM_MAX: u128 = 1 << 127;

impl Archive {
    /// The candles of a symbol, if it has any.
    pub(crate) fn save_candles(&self, symbol: SymbolId) -> Option<SavedCandles> {
        self.candles.series[0].open?;
        let saved = |place: usize| {
            let Series { over, open, whole_from, price_before, .. } = &self.candles.series[place];
            SavedSeries {
                over: over.iter().copied().collect(),
                open: *open,
                whole_from: *whole_from,
                price_before: *price_before,
            }
        };
        let [seconds, minutes, hours, days] = std::array::from_fn(saved);
        Some(SavedCandles { symbol, last: self.last?, seconds, minutes, hours, days })
    }

    /// Its trades, the oldest first.
    pub(crate) fn saved_trades(&self) -> Vec<Trade> {
        self.trades.iter().copied().collect()
    }

    /// The archive that was saved, as far as `kept` reaches. Trades without candles are what an engine wrote that knew of
    /// no candles: these are made of the trades.
    ///
    /// # Errors
    /// They do not agree.
    pub(crate) fn load(
        kept: Kept,
        trades: &[Trade],
        candles: Option<SavedCandles>,
    ) -> Result<Self, &'static str> {
        let follows = |a: &Trade, b: &Trade| a.symbol == b.symbol && a.id.0 + 1 == b.id.0;
        ensure(trades.is_sorted_by(follows), "trades with holes between them")?;
        let mut archive = Self::new(kept);
        let Some(saved) = candles else {
            trades.iter().for_each(|trade| archive.push(trade));
            return Ok(archive);
        };
        let agrees = trades.last().is_none_or(|trade| Last::of(trade) == saved.last);
        ensure(agrees, "a last trade that is not the candles'")?;
        archive.last = Some(saved.last);
        if kept != Kept::NOTHING {
            trades.iter().for_each(|trade| archive.trades.push(trade, kept.trades));
            archive.candles.load([saved.seconds, saved.minutes, saved.hours, saved.days], saved.last)?;
        }
        Ok(archive)
    }
}

impl Candles {
    fn load(&mut self, saved: [SavedSeries; 4], last: Last) -> Result<(), &'static str> {
        for (series, saved) in self.series.iter_mut().zip(saved) {
            series.over = saved.over.into();
            series.open = saved.open;
            series.whole_from = saved.whole_from;
            series.price_before = saved.price_before;
        }
        self.check(last)?;
        self.series.iter_mut().for_each(Series::forget_surplus);
        Ok(())
    }

    /// Do they agree with each other, and with the last trade?
    pub(super) fn check(&self, last: Last) -> Result<(), &'static str> {
        let now = self.series[0].open.as_ref().ok_or("candles without an open second")?.start;
        for (place, series) in self.series.iter().enumerate() {
            let start = series.floor(now);
            let mut bars = series.over.iter().chain(&series.open);
            ensure(bars.all(|bar| series.floor(bar.start) == bar.start), "a bar of another length")?;
            ensure(series.over.iter().is_sorted_by(|a, b| a.start < b.start), "bars out of order")?;
            ensure(series.over.back().is_none_or(|bar| bar.start < start), "a bar that is open, and over")?;
            ensure(series.open.is_none_or(|bar| bar.start == start), "a bar that is over, and open")?;
            // What is still open at the shorter lengths comes behind what has risen from them.
            let open = self.series[..=place].iter().rev().filter_map(|series| series.open.as_ref());
            check(series.over.iter().chain(open), last)?;
        }
        Ok(())
    }
}

/// Each is possible; no trade is missing between them, up to the last one; and together they can be counted.
fn check<'a>(bars: impl Iterator<Item = &'a Bar>, last: Last) -> Result<(), &'static str> {
    let (mut base, mut quote) = (0_u128, Amount::ZERO);
    let mut before: Option<&Bar> = None;
    for bar in bars {
        let has_prices = [bar.open, bar.close].iter().all(|price| (bar.low..=bar.high).contains(price));
        let has_trades = 1 <= bar.first.0 && bar.first <= bar.last;
        let is_part = bar.taker_base <= bar.base && bar.taker_quote <= bar.quote;
        ensure(has_prices && has_trades && is_part, "a bar that can't be")?;
        let follows = before.is_none_or(|before| before.last.0 + 1 == bar.first.0);
        ensure(follows, "bars with trades missing between them")?;
        let sums = (base.checked_add(bar.base), quote.checked_add(bar.quote));
        let (Some(sum), Some(worth)) = sums else { return Err("more than can be counted") };
        (base, quote) = (sum, worth);
        before = Some(bar);
    }
    ensure(base <= SUM_MAX && quote.0 <= SUM_MAX, "more than can be counted")?;
    let is_last = before.is_some_and(|bar| bar.last == last.id && bar.close == last.price);
    ensure(is_last, "candles that do not end with the last trade")
}
