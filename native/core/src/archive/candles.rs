//! Candles of every interval out of four series: seconds, minutes, hours, days.
//!
//! A trade touches the open second and nothing else. When a later one closes that second, it is added to the open
//! minute; when that is over, the minute to its hour, and the hour to its day. So what is open at some length is what
//! has risen to it, and what is still open at the shorter ones. All other intervals are made of these when they are
//! asked for: 3m to 30m of minutes, 2h to 12h of hours, 3d, weeks and months of days.

use std::collections::VecDeque;

use super::bar::Bar;
use super::calendar::{DAY, HOUR, MINUTE, SECOND};
use super::{AsOf, Interval, Kept, Kline, KlineQuery, Reach};
use crate::message::Trade;
use crate::types::{Price, Timestamp};

const UNITS: [u64; 4] = [SECOND, MINUTE, HOUR, DAY];
/// Places in [`UNITS`].
pub(super) const MINUTES: usize = 1;

/// Bars of one length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Series {
    /// Nanoseconds that each is long.
    unit: u64,
    /// At most so many of those that are over.
    kept: usize,
    /// Those that are over and had trades, the oldest first.
    pub(super) over: VecDeque<Bar>,
    /// What has risen of the one that is open.
    pub(super) open: Option<Bar>,
    /// From here on nothing is missing.
    pub(super) whole_from: Timestamp,
    /// The last price before the oldest bar that is remembered, if it is known.
    pub(super) price_before: Option<Price>,
}

impl Series {
    pub(super) fn floor(&self, at: Timestamp) -> Timestamp {
        Timestamp(at.0 - at.0 % self.unit)
    }

    /// One that is over; the oldest is forgotten for it when there are too many.
    fn push(&mut self, bar: Bar) {
        self.over.push_back(bar);
        self.forget_surplus();
    }

    pub(super) fn forget_surplus(&mut self) {
        while self.over.len() > self.kept {
            let oldest = self.over.pop_front().expect("more than none");
            self.price_before = Some(oldest.close);
            self.whole_from = self.whole_from.max(Timestamp(oldest.start.0.saturating_add(self.unit)));
        }
    }
}

/// Bars of one length, the running one included, the oldest first.
pub(super) struct Bars<'a> {
    series: &'a Series,
    running: Option<Bar>,
}

impl Bars<'_> {
    pub(super) fn len(&self) -> usize {
        self.series.over.len() + usize::from(self.running.is_some())
    }

    pub(super) fn get(&self, at: usize) -> &Bar {
        self.series.over.get(at).or(self.running.as_ref()).expect("there are so many")
    }

    /// How many begin before a time.
    pub(super) fn before(&self, at: Timestamp) -> usize {
        let over = self.series.over.partition_point(|bar| bar.start < at);
        over + usize::from(self.running.is_some_and(|bar| bar.start < at))
    }

    /// How many are over.
    pub(super) fn over(&self) -> usize {
        self.series.over.len()
    }

    /// Those of a range as one; none if there are none.
    pub(super) fn merged(&self, from: usize, to: usize) -> Option<Bar> {
        let mut all = (from..to).map(|at| self.get(at));
        let mut merged = *all.next()?;
        all.for_each(|bar| merged.merge(bar));
        Some(merged)
    }

    /// The numbers of the first and the last candle that they can tell; the first may be behind the last.
    fn numbers(&self, interval: Interval, now: Timestamp) -> Option<(u64, u64)> {
        let newest = self.get(self.len().checked_sub(1)?);
        // Before the first trade there is no price, and what is not whole any more is not told.
        let mut earliest = interval.number_from(self.series.whole_from);
        if self.series.price_before.is_none() {
            earliest = earliest.max(interval.number(self.get(0).start));
        }
        Some((earliest, interval.number(now.max(newest.start))))
    }

    /// The last price before a bar.
    fn price_before(&self, at: usize) -> Option<Price> {
        match at.checked_sub(1) {
            Some(at) => Some(self.get(at).close),
            None => self.series.price_before,
        }
    }
}

/// The four series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candles {
    pub(super) series: [Series; 4],
}

impl Candles {
    pub(super) fn new(kept: &Kept) -> Self {
        let kept = [kept.seconds, kept.minutes, kept.hours, kept.days];
        let series = std::array::from_fn(|at| Series {
            unit: UNITS[at],
            kept: kept[at],
            over: VecDeque::new(),
            open: None,
            whole_from: Timestamp(0),
            price_before: None,
        });
        Self { series }
    }

    /// One more trade. One that is said to be earlier than the open second is counted in that.
    #[inline]
    pub(super) fn push(&mut self, trade: &Trade) {
        let seconds = &mut self.series[0];
        if let Some(second) = &mut seconds.open
            && trade.at.0 < second.start.0.saturating_add(SECOND)
        {
            second.add(trade);
        } else {
            self.begin(trade);
        }
    }

    #[cold]
    fn begin(&mut self, trade: &Trade) {
        if self.series[0].open.is_some() {
            self.rise(trade.at);
        } else if trade.id.0 > 1 {
            // There were trades before, that nobody has told: what is open is not whole.
            for series in &mut self.series {
                series.whole_from = Timestamp(series.floor(trade.at).0.saturating_add(series.unit));
            }
        }
        let start = self.series[0].floor(trade.at);
        self.series[0].open = Some(Bar::of(trade, start));
    }

    /// The open second is over, and so is what else ended until then.
    fn rise(&mut self, at: Timestamp) {
        let mut risen: Option<Bar> = None;
        for series in &mut self.series {
            if let Some(bar) = risen.take() {
                let start = series.floor(bar.start);
                match &mut series.open {
                    Some(open) => {
                        assert!(open.start == start, "{bar:?} is not of {open:?}");
                        open.merge(&bar);
                    }
                    none => *none = Some(Bar { start, ..bar }),
                }
            }
            let unit = series.unit;
            let Some(over) = series.open.take_if(|bar| at.0 >= bar.start.0.saturating_add(unit)) else {
                return;
            };
            series.push(over);
            risen = Some(over);
        }
    }

    pub(super) fn bars(&self, place: usize) -> Bars<'_> {
        let series = &self.series[place];
        let mut running: Option<Bar> = None;
        for shorter in self.series[..=place].iter().rev().filter_map(|series| series.open.as_ref()) {
            match &mut running {
                Some(running) => running.merge(shorter),
                none => *none = Some(Bar { start: series.floor(shorter.start), ..*shorter }),
            }
        }
        Bars { series, running }
    }

    /// See [`super::Archive::reach`].
    pub(super) fn reach(&self, interval: Interval, now: Timestamp) -> Option<Reach> {
        let bars = self.bars(base_of(interval));
        let (earliest, latest) = bars.numbers(interval, now)?;
        Some(Reach {
            first: interval.start(earliest),
            last: interval.start(latest),
            is_whole: bars.series.whole_from == Timestamp(0),
        })
    }

    /// See [`super::Archive::klines`].
    pub(super) fn klines(&self, query: &KlineQuery, as_of: AsOf) -> Vec<Kline> {
        let interval = query.interval;
        let bars = self.bars(base_of(interval));
        let Some((earliest, latest)) = bars.numbers(interval, as_of.now) else { return Vec::new() };
        let from = query.from.map(|from| interval.number_from(from).max(earliest));
        let to = query.to.map_or(latest, |to| interval.number(to).min(latest));
        let told = Telling { interval, settled: as_of.settled, bars: &bars };
        match (query.fill, from) {
            (true, from) => {
                let newest = || (to + 1).saturating_sub(query.limit as u64).max(earliest);
                told.all(from.unwrap_or_else(newest), to, query.limit)
            }
            (false, Some(from)) => told.first(from, to, query.limit),
            (false, None) => told.newest(earliest, to, query.limit),
        }
    }
}

/// Which series an interval is made of.
const fn base_of(interval: Interval) -> usize {
    match interval {
        Interval::Second1 => 0,
        Interval::Minute1
        | Interval::Minute3
        | Interval::Minute5
        | Interval::Minute15
        | Interval::Minute30 => 1,
        Interval::Hour1
        | Interval::Hour2
        | Interval::Hour4
        | Interval::Hour6
        | Interval::Hour8
        | Interval::Hour12 => 2,
        Interval::Day1 | Interval::Day3 | Interval::Week1 | Interval::Month1 => 3,
    }
}

/// Candles of one interval, by their numbers.
struct Telling<'a> {
    interval: Interval,
    settled: Timestamp,
    bars: &'a Bars<'a>,
}

impl Telling<'_> {
    /// Empty ones too.
    fn all(&self, from: u64, to: u64, limit: usize) -> Vec<Kline> {
        let mut next = self.bars.before(self.interval.start(from));
        let mut told = Vec::new();
        for number in (from..=to).take(limit) {
            let end = self.bars.before(self.interval.start(number + 1));
            let kline = match self.bars.merged(next, end) {
                Some(bar) => self.kline(number, &bar),
                None => match self.bars.price_before(next) {
                    Some(price) => self.empty(number, price),
                    None => continue,
                },
            };
            told.push(kline);
            next = end;
        }
        told
    }

    /// The first ones that had trades.
    fn first(&self, from: u64, to: u64, limit: usize) -> Vec<Kline> {
        let mut next = self.bars.before(self.interval.start(from));
        let mut told = Vec::new();
        while told.len() < limit && next < self.bars.len() {
            let number = self.interval.number(self.bars.get(next).start);
            if number > to {
                break;
            }
            let end = self.bars.before(self.interval.start(number + 1));
            told.push(self.kline(number, &self.bars.merged(next, end).expect("it begins with one")));
            next = end;
        }
        told
    }

    /// The newest ones that had trades.
    fn newest(&self, earliest: u64, to: u64, limit: usize) -> Vec<Kline> {
        let lowest = self.bars.before(self.interval.start(earliest));
        let mut end = self.bars.before(self.interval.start(to + 1));
        let mut told = Vec::new();
        while told.len() < limit && end > lowest {
            let number = self.interval.number(self.bars.get(end - 1).start);
            let next = self.bars.before(self.interval.start(number));
            told.push(self.kline(number, &self.bars.merged(next, end).expect("it ends with one")));
            end = next;
        }
        told.reverse();
        told
    }

    fn kline(&self, number: u64, bar: &Bar) -> Kline {
        let (open_time, end_time) = self.times(number);
        bar.kline(open_time, end_time, end_time <= self.settled)
    }

    fn empty(&self, number: u64, price: Price) -> Kline {
        let (open_time, end_time) = self.times(number);
        Kline {
            open_time,
            end_time,
            open: price,
            high: price,
            low: price,
            close: price,
            base: 0,
            quote: crate::types::Amount::ZERO,
            trades: 0,
            taker_base: 0,
            taker_quote: crate::types::Amount::ZERO,
            first_trade: None,
            last_trade: None,
            closed: end_time <= self.settled,
        }
    }

    fn times(&self, number: u64) -> (Timestamp, Timestamp) {
        (self.interval.start(number), self.interval.start(number + 1))
    }
}
