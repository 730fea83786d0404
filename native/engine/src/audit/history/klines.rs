//! Candles of a symbol: made of its trades by the archive that makes those that are remembered, a candle after the other.

use lightning_core::archive::{AsOf, Interval, Kept, Kline, KlineQuery, Reach};
use lightning_core::fold::Fold;
use lightning_core::types::{SymbolId, Timestamp, TradeId};

use super::trail::{Start, Trail};
use super::{Historian, HistoryOf, HistoryPage, Source, put_away};
use crate::refusal::Refusal;

/// Room for the longest candle, a month of days, and for those that begin with the same record.
const KEPT: Kept = Kept { trades: 0, seconds: 64, minutes: 64, hours: 64, days: 64 };

/// Which candles.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KlinesWanted {
    pub(crate) symbol: SymbolId,
    pub(crate) interval: Interval,
    /// None that begins before.
    pub(crate) from: Timestamp,
    /// None that begins later.
    pub(crate) to: Timestamp,
    /// At most so many in a page.
    pub(crate) limit: usize,
    /// With those that had no trades.
    pub(crate) fill: bool,
    /// This is not the first page.
    pub(crate) goes_on: bool,
}

/// What is known without the records.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Remembered {
    /// The first candle that is remembered, if any is.
    pub(crate) first: Option<Timestamp>,
    /// The newest trade.
    pub(crate) newest: TradeId,
    pub(crate) as_of: AsOf,
}

impl Historian {
    /// A page of candles, those before the first one that is remembered; none if the records lead to none of them.
    ///
    /// # Errors
    /// As [`Self::trades`].
    pub(crate) fn klines(
        &self,
        source: &Source<'_>,
        wanted: &KlinesWanted,
        remembered: &Remembered,
    ) -> Result<Option<HistoryPage<Kline>>, Refusal> {
        let of = HistoryOf::Klines(wanted.symbol, wanted.interval);
        self.page(
            of,
            wanted.from.0,
            || begin(source, wanted),
            |trail| Reading { trail, wanted, remembered }.page(source),
            // Memory may have forgotten its first candle when the next page is asked for.
            |page| page.as_ref()?.next.filter(|&next| remembered.first.is_none_or(|first| next <= first.0)),
        )
    }
}

fn begin(source: &Source<'_>, wanted: &KlinesWanted) -> Result<Trail, Refusal> {
    let may_begin = |fold: &Fold| match reach(fold, wanted) {
        Some(reach) => reach.first <= wanted.from,
        // Without trades there is nothing to remember.
        None => fold.last_trade(wanted.symbol).is_none_or(|last| last.0 == 0),
    };
    let trail = Trail::begin(
        source,
        &Start {
            with_first: wanted.from == Timestamp(0),
            kept: KEPT,
            closed_orders: 0,
            may_follow: &|_| true,
            may_begin: &may_begin,
        },
    )?;
    if wanted.goes_on && !trail.is_whole { Err(put_away("from")) } else { Ok(trail) }
}

/// The last candle of it is the one that is not over.
fn reach(fold: &Fold, wanted: &KlinesWanted) -> Option<Reach> {
    fold.archive(wanted.symbol)?.reach(wanted.interval, Timestamp(0))
}

struct Reading<'a> {
    trail: &'a mut Trail,
    wanted: &'a KlinesWanted,
    remembered: &'a Remembered,
}

impl Reading<'_> {
    fn page(mut self, source: &Source<'_>) -> Result<Option<HistoryPage<Kline>>, Refusal> {
        let KlinesWanted { symbol, to, limit, .. } = *self.wanted;
        if !self.trail.is_whole {
            let reach = reach(self.trail.fold(), self.wanted);
            let leads_farther = |first: Timestamp| reach.is_none_or(|reach| reach.first < first);
            if self.remembered.first.is_some_and(|first| !leads_farther(first)) {
                return Ok(None);
            }
        }
        // The first one that is not to be told here.
        let end = self.remembered.first.unwrap_or(Timestamp(u64::MAX)).min(Timestamp(to.0.saturating_add(1)));
        let (mut items, mut next) = (Vec::new(), self.wanted.from);
        loop {
            // Those that are over.
            if let Some(reach) = reach(self.trail.fold(), self.wanted) {
                self.tell(&mut items, &mut next, reach.last.min(end));
                if items.len() == limit || reach.last >= end {
                    break;
                }
            }
            if !self.step(source)? {
                let archive = self.trail.fold().archive(symbol);
                let is_all = archive.is_some_and(|archive| archive.version() >= self.remembered.newest.0);
                if is_all {
                    // Nobody knows more, so what is not over is told as well.
                    self.tell(&mut items, &mut next, end);
                }
                if !is_all || items.len() == limit {
                    break;
                }
                next = end;
                break;
            }
        }
        Ok(Some(HistoryPage { items, next: (next <= to).then_some(next.0), to: to.0 }))
    }

    /// Goes on to the symbol's next trades.
    fn step(&mut self, source: &Source<'_>) -> Result<bool, Refusal> {
        while self.trail.step(source, u64::MAX)? {
            if self.trail.told().trades.iter().any(|trade| trade.symbol == self.wanted.symbol) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Tells the candles from `next` on that begin before `end`, as far as there is room.
    fn tell(&mut self, items: &mut Vec<Kline>, next: &mut Timestamp, end: Timestamp) {
        let KlinesWanted { symbol, interval, limit, fill, .. } = *self.wanted;
        let room = limit - items.len();
        if *next >= end || room == 0 {
            return;
        }
        let query =
            KlineQuery { interval, from: Some(*next), to: Some(Timestamp(end.0 - 1)), limit: room, fill };
        let archive = self.trail.fold().archive(symbol);
        let klines = archive.map(|archive| archive.klines(&query, self.remembered.as_of)).unwrap_or_default();
        *next = match klines.last() {
            Some(last) if klines.len() == room => last.end_time,
            _ => end,
        };
        items.extend(klines);
    }
}
