//! What is remembered of a symbol's trades: the last ones, candles, and the last 24 hours.
//!
//! Memory is bounded ([`Kept`]); everything is a function of the trades, in their order. A trade is counted where its
//! time says. If that is before the second that is open, because a clock was set back, it is counted in the open
//! second: what is over never changes.
//!
//! | file | what it tells |
//! |---|---|
//! | `calendar` | where candles begin |
//! | `bar`, `candles` | what was traded within some time, and candles of every interval |
//! | `ticker` | the last 24 hours |
//! | `trades` | the last trades, and one taker's fills at one price as one |
//! | `saved` | all of it as bytes |

mod bar;
mod calendar;
mod candles;
mod saved;
#[cfg(test)]
mod tests;
mod ticker;
mod trades;

use self::candles::Candles;
pub(crate) use self::saved::SavedCandles;
use self::ticker::Day;
use self::trades::LastTrades;
pub use self::trades::{Aggregate, Since, aggregates};
use crate::message::Trade;
use crate::types::{AccountId, Amount, Price, Quantity, Timestamp, TradeId};

/// How long a candle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "their names say it")]
pub enum Interval {
    Second1,
    Minute1,
    Minute3,
    Minute5,
    Minute15,
    Minute30,
    Hour1,
    Hour2,
    Hour4,
    Hour6,
    Hour8,
    Hour12,
    Day1,
    Day3,
    Week1,
    Month1,
}

/// What was traded within an interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kline {
    /// Its first nanosecond since 1970.
    pub open_time: Timestamp,
    /// The first nanosecond of the next one. (What users are told is a millisecond less.)
    pub end_time: Timestamp,
    /// The first trade's price; of an empty one, the price before it.
    pub open: Price,
    /// The highest.
    pub high: Price,
    /// The lowest.
    pub low: Price,
    /// The last.
    pub close: Price,
    /// Lots.
    pub base: u128,
    /// Quote.
    pub quote: Amount,
    /// How many.
    pub trades: u64,
    /// Lots that takers bought.
    pub taker_base: u128,
    /// Quote that takers bought for.
    pub taker_quote: Amount,
    /// The first trade; none of an empty one.
    pub first_trade: Option<TradeId>,
    /// The last one.
    pub last_trade: Option<TradeId>,
    /// Is its time over?
    pub closed: bool,
}

/// What was traded within the last 24 hours: 1,440 minutes, the running one included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticker {
    /// The first nanosecond that counts.
    pub open_time: Timestamp,
    /// The time that it is told at.
    pub close_time: Timestamp,
    /// The first price; none without a trade within the window.
    pub open: Option<Price>,
    /// The highest.
    pub high: Option<Price>,
    /// The lowest.
    pub low: Option<Price>,
    /// The last price, whenever that was.
    pub last: Option<Price>,
    /// Lots of the last trade, whenever that was; zero before the first.
    pub last_quantity: u64,
    /// Lots.
    pub base: u128,
    /// Quote.
    pub quote: Amount,
    /// How many.
    pub trades: u64,
    /// The first trade within the window.
    pub first_trade: Option<TradeId>,
    /// The last one.
    pub last_trade: Option<TradeId>,
}

/// How much is remembered of each symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Trades; about 200 bytes each.
    pub trades: usize,
    /// Seconds with trades that are over; 128 bytes each, like the others.
    pub seconds: usize,
    /// Minutes. Of fewer than 1,440 the ticker does not see 24 hours.
    pub minutes: usize,
    /// Hours.
    pub hours: usize,
    /// Days.
    pub days: usize,
}

impl Kept {
    /// Nothing at all.
    pub const NOTHING: Self = Self { trades: 0, seconds: 0, minutes: 0, hours: 0, days: 0 };

    /// So many trades, and candles of at least an hour of seconds, a week of minutes, two years of hours and twenty of
    /// days: 4.9 MB when all of it is full.
    #[must_use]
    pub const fn with_trades(trades: usize) -> Self {
        Self { trades, seconds: 3_600, minutes: 10_080, hours: 17_520, days: 7_300 }
    }
}

impl From<usize> for Kept {
    fn from(trades: usize) -> Self {
        Self::with_trades(trades)
    }
}

/// Which candles are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KlineQuery {
    /// How long each is.
    pub interval: Interval,
    /// The first `limit` that begin at this time or later; the newest `limit` without.
    pub from: Option<Timestamp>,
    /// None that begins later.
    pub to: Option<Timestamp>,
    /// At most so many.
    pub limit: usize,
    /// With those that had no trades: they repeat the price before them.
    pub fill: bool,
}

/// From which candle of an interval on all can be told, up to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// When the first one begins.
    pub first: Timestamp,
    /// When the last one begins. If that is before the first one, none can be told.
    pub last: Timestamp,
    /// Nothing was traded before the first one.
    pub is_whole: bool,
}

impl Reach {
    /// Can any be told?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.last < self.first
    }
}

/// What time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AsOf {
    /// The time.
    pub now: Timestamp,
    /// No trade will be told any more that happened before this: what ends here or earlier is closed.
    pub settled: Timestamp,
}

/// For whoever knows that no trade is on its way.
impl From<Timestamp> for AsOf {
    fn from(now: Timestamp) -> Self {
        Self { now, settled: now }
    }
}

/// What is remembered of one symbol's trades.
#[derive(Clone, Debug)]
pub struct Archive {
    kept: Kept,
    trades: LastTrades,
    candles: Candles,
    day: Day,
    last: Option<Last>,
}

/// A symbol's newest trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// Which.
    pub id: TradeId,
    /// At what price.
    pub price: Price,
    /// How many lots.
    pub quantity: Quantity,
}

impl Last {
    const fn of(trade: &Trade) -> Self {
        Self { id: trade.id, price: trade.price, quantity: trade.quantity }
    }
}

impl Archive {
    /// Of a symbol that has not traded.
    #[must_use]
    pub fn new(kept: Kept) -> Self {
        Self {
            kept,
            trades: LastTrades::default(),
            candles: Candles::new(&kept),
            day: Day::default(),
            last: None,
        }
    }

    /// The next trade. The first one may have any id: what was before it is unknown then, and no candle is told that it
    /// could have been in.
    ///
    /// # Panics
    /// Ids have holes.
    #[inline]
    pub fn push(&mut self, trade: &Trade) {
        if let Some(last) = &self.last {
            assert!(trade.id.0 == last.id.0 + 1, "after trade {} comes {}", last.id, trade.id);
        }
        self.last = Some(Last::of(trade));
        if self.kept == Kept::NOTHING {
            return;
        }
        self.candles.push(trade);
        self.trades.push(trade, self.kept.trades);
    }

    /// Panics unless it agrees with itself.
    pub fn check(&self) {
        assert!(self.trades.iter().len() <= self.kept.trades, "more trades than are kept");
        let newest = self.trades.iter().last();
        assert!(newest.is_none_or(|newest| Some(Last::of(newest)) == self.last), "a last trade that is not");
        if let Some(last) = self.last
            && self.kept != Kept::NOTHING
        {
            let broken = self.candles.check(last);
            assert!(broken.is_ok(), "{broken:?}");
        }
    }

    /// The newest trade, whenever that was.
    #[must_use]
    pub const fn last(&self) -> Option<Last> {
        self.last
    }

    /// The newest trade's id: whoever has seen it has seen all. Zero before the first.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.last.map_or(0, |last| last.id.0)
    }

    /// The oldest trade that is still remembered.
    #[must_use]
    pub fn oldest(&self) -> Option<TradeId> {
        self.trades.oldest()
    }

    /// Trades in ascending order: the newest `limit`, or the first `limit` with an id of `from` or above.
    #[must_use]
    pub fn trades(&self, from: Option<u64>, limit: usize) -> Vec<Trade> {
        self.trades.range(from, limit)
    }

    /// An account's trades in ascending order: its newest `limit`, or its first `limit` with an id of `from` or above.
    /// Looks through what is remembered of all trades.
    #[must_use]
    pub fn trades_of(&self, account: AccountId, from: Option<u64>, limit: usize) -> Vec<Trade> {
        self.trades.of_account(account, from, limit)
    }

    /// All trades with an id of `from` or above, where they lie, and what is missing of them.
    #[must_use]
    pub fn trades_since(&self, from: TradeId) -> Since<'_> {
        let newest = self.last.map(|last| last.id);
        self.trades.since(from, newest)
    }

    /// Candles in ascending order. None is told of which a part is forgotten, and none before the first trade. Ends with
    /// the candle that it is now (empty ones only if they are wanted).
    #[must_use]
    pub fn klines(&self, query: &KlineQuery, as_of: impl Into<AsOf>) -> Vec<Kline> {
        self.candles.klines(query, as_of.into())
    }

    /// Which candles [`Self::klines`] can tell, empty ones included; none before the first trade.
    #[must_use]
    pub fn reach(&self, interval: Interval, now: Timestamp) -> Option<Reach> {
        self.candles.reach(interval, now)
    }

    /// The last 24 hours, by whole minutes: the running one and the 1,439 before it. (Sums of what is over are kept, and
    /// made anew each minute.)
    pub fn ticker(&mut self, now: Timestamp) -> Ticker {
        self.day.ticker(&self.candles, self.last, now)
    }
}

impl PartialEq for Archive {
    /// The same trades are remembered, and the same candles.
    fn eq(&self, other: &Self) -> bool {
        self.trades == other.trades && self.candles == other.candles && self.last == other.last
    }
}
