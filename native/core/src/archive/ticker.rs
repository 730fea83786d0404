//! The last 24 hours: 1,440 minutes, the running one included.

use super::bar::Bar;
use super::calendar::MINUTE;
use super::candles::{Candles, MINUTES};
use super::{Last, Ticker};
use crate::types::{Amount, Timestamp, TradeId};

const WINDOW: u64 = 1_440;

/// What is over of the window: it changes once a minute, and a ticker is asked for more often.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Day {
    /// For the window that begins here, when this was the last trade of what is over.
    of: Option<(Timestamp, Option<TradeId>)>,
    sum: Option<Bar>,
}

impl Day {
    pub(super) fn ticker(&mut self, candles: &Candles, last: Option<Last>, now: Timestamp) -> Ticker {
        let bars = candles.bars(MINUTES);
        let newest = bars.len().checked_sub(1).map_or(Timestamp(0), |at| bars.get(at).start);
        let minute = now.max(newest).0 / MINUTE;
        let open_time = Timestamp((minute + 1).saturating_sub(WINDOW) * MINUTE);

        let over = bars.over();
        let of = (open_time, over.checked_sub(1).map(|at| bars.get(at).last));
        if self.of != Some(of) {
            *self = Self { of: Some(of), sum: bars.merged(bars.before(open_time).min(over), over) };
        }
        let running = (bars.len() > over).then(|| bars.get(over)).filter(|bar| bar.start >= open_time);
        let sum = match (self.sum, running) {
            (Some(mut sum), Some(running)) => {
                sum.merge(running);
                Some(sum)
            }
            (sum, running) => sum.or(running.copied()),
        };
        Ticker {
            open_time,
            close_time: now,
            open: sum.map(|sum| sum.open),
            high: sum.map(|sum| sum.high),
            low: sum.map(|sum| sum.low),
            last: last.map(|last| last.price),
            last_quantity: last.map_or(0, |last| last.quantity.0),
            base: sum.map_or(0, |sum| sum.base),
            quote: sum.map_or(Amount::ZERO, |sum| sum.quote),
            trades: sum.map_or(0, |sum| sum.trades()),
            first_trade: sum.map(|sum| sum.first),
            last_trade: sum.map(|sum| sum.last),
        }
    }
}
