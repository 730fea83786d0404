//! The last 24 hours, and candles.

use std::time::{Duration, Instant};

use lightning_core::archive::{Interval, Kline, KlineQuery, Ticker};
use lightning_core::types::{SymbolId, Timestamp};

use super::subscription::{Table, Take, Told};
use crate::streams::Update;

/// Without a trade the last 24 hours are looked at so often: they move with time.
const TICKER_EVERY: Duration = Duration::from_secs(1);
/// A candle whose time is over is looked for so often until nothing of it is under way any more.
const CLOSE_EVERY: Duration = Duration::from_millis(10);
/// Candles of one update: the oldest that are wanted.
const KLINES_MAX: usize = 1_000;

/// What a subscription was told last. It is told when there was a trade, and otherwise when figures have changed, which
/// is looked for once a second.
pub(super) struct TickerView {
    symbol: SymbolId,
    told: Option<(u64, Ticker)>,
    looked_at: Option<Instant>,
}

impl TickerView {
    pub(super) fn new(symbol: SymbolId) -> Self {
        Self { symbol, told: None, looked_at: None }
    }

    pub(super) fn next_poll(&self, now: Instant) -> Duration {
        self.looked_at.map_or(Duration::ZERO, |at| (at + TICKER_EVERY).saturating_duration_since(now))
    }

    pub(super) fn tell(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        let (round, time, now) = (table.round, table.time, table.now);
        let source = table.source(self.symbol);
        source.catch_up(round);
        let feed = &source.symbol.feed;
        let last_trade = feed.last_trade_id();
        let has_traded = self.told.is_none_or(|(told, _)| told != last_trade);
        if !has_traded && !self.next_poll(now).is_zero() {
            return Told::Nothing;
        }
        let ticker = feed.with_archive(time, |archive, _| archive.ticker(time));
        self.looked_at = Some(now);
        if !has_traded && self.told.is_some_and(|(_, told)| same(told, ticker)) {
            return Told::Nothing;
        }
        let told = table.told(1, take(Update::Ticker(&ticker)));
        if told == Told::Taken {
            self.told = Some((last_trade, ticker));
        } else {
            self.looked_at = None;
        }
        told
    }
}

/// But for the times.
fn same(a: Ticker, b: Ticker) -> bool {
    a == Ticker { open_time: a.open_time, close_time: a.close_time, ..b }
}

/// What a subscription was told last.
pub(super) struct KlineView {
    symbol: SymbolId,
    interval: Interval,
    /// The first candle that it wants: the one that was open when it was told last.
    from: Timestamp,
    /// The newest trade in it, and what was told from `from` on.
    told: Option<(u64, Vec<Kline>)>,
}

impl KlineView {
    pub(super) fn new(symbol: SymbolId, interval: Interval, time: Timestamp) -> Self {
        Self { symbol, interval, from: interval.open_of(time), told: None }
    }

    pub(super) fn next_poll(&self, time: Timestamp) -> Option<Duration> {
        let Some(open) = self.told.as_ref()?.1.first() else { return Some(CLOSE_EVERY) };
        let left = open.end_time.0.saturating_sub(time.0);
        Some(Duration::from_nanos(left).max(CLOSE_EVERY))
    }

    pub(super) fn tell(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        let (round, time) = (table.round, table.time);
        let source = table.source(self.symbol);
        source.catch_up(round);
        let feed = &source.symbol.feed;
        let last_trade = feed.last_trade_id();
        if let Some((trade, open)) = &self.told
            && *trade == last_trade
            && open.first().is_some_and(|open| time < open.end_time)
        {
            return Told::Nothing;
        }
        let klines = feed.with_archive(time, |archive, as_of| {
            let (interval, from, limit) = (self.interval, Some(self.from), KLINES_MAX);
            archive.klines(&KlineQuery { interval, from, to: None, limit, fill: true }, as_of)
        });
        if klines.is_empty() || self.told.as_ref().is_some_and(|(_, told)| klines == *told) {
            return Told::Nothing;
        }
        let told = table.told(klines.len(), take(Update::Klines(&klines)));
        if told == Told::Taken {
            // What is over and may still change is told again.
            let open = klines.iter().position(|kline| !kline.closed).unwrap_or(klines.len());
            // Where none is open, there were too many for one update.
            self.from = klines.get(open).map_or(klines[klines.len() - 1].end_time, |open| open.open_time);
            self.told = Some((last_trade, klines[open..].to_vec()));
        }
        told
    }
}
