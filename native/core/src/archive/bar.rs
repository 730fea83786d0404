//! What was traded within some time.

use super::Kline;
use crate::types::{Amount, Price, Side, Timestamp, TradeId};

/// What was traded from `start` on: at least one trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bar {
    pub(super) start: Timestamp,
    pub(super) open: Price,
    pub(super) high: Price,
    pub(super) low: Price,
    pub(super) close: Price,
    /// Lots.
    pub(super) base: u128,
    pub(super) quote: Amount,
    /// Lots that takers bought.
    pub(super) taker_base: u128,
    pub(super) taker_quote: Amount,
    /// Trades have no holes between them: these two say how many they are.
    pub(super) first: TradeId,
    pub(super) last: TradeId,
}

impl Bar {
    /// The first trade of a bar.
    #[inline]
    pub(super) fn of(trade: &crate::message::Trade, start: Timestamp) -> Self {
        let mut bar = Self {
            start,
            open: trade.price,
            high: trade.price,
            low: trade.price,
            close: trade.price,
            base: 0,
            quote: Amount::ZERO,
            taker_base: 0,
            taker_quote: Amount::ZERO,
            first: trade.id,
            last: trade.id,
        };
        bar.add(trade);
        bar
    }

    /// One more trade. (Sums hold 2^32 of the largest trades that there can be; beyond, the engine stops.)
    #[inline]
    pub(super) fn add(&mut self, trade: &crate::message::Trade) {
        self.high = self.high.max(trade.price);
        self.low = self.low.min(trade.price);
        self.close = trade.price;
        let lots = u128::from(trade.quantity.0);
        self.base = sum(self.base, lots);
        self.quote += trade.notional;
        if trade.taker_side == Side::Buy {
            self.taker_base = sum(self.taker_base, lots);
            self.taker_quote += trade.notional;
        }
        self.last = trade.id;
    }

    /// What was traded right after it, too.
    pub(super) fn merge(&mut self, later: &Self) {
        assert!(self.last.0 + 1 == later.first.0, "trades between {self:?} and {later:?} are missing");
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.base = sum(self.base, later.base);
        self.quote += later.quote;
        self.taker_base = sum(self.taker_base, later.taker_base);
        self.taker_quote += later.taker_quote;
        self.last = later.last;
    }

    /// How many trades.
    pub(super) fn trades(&self) -> u64 {
        self.last.0 - self.first.0 + 1
    }

    /// As it is told.
    pub(super) fn kline(&self, open_time: Timestamp, end_time: Timestamp, closed: bool) -> Kline {
        Kline {
            open_time,
            end_time,
            open: self.open,
            high: self.high,
            low: self.low,
            close: self.close,
            base: self.base,
            quote: self.quote,
            trades: self.trades(),
            taker_base: self.taker_base,
            taker_quote: self.taker_quote,
            first_trade: Some(self.first),
            last_trade: Some(self.last),
            closed,
        }
    }
}

#[inline]
fn sum(lots: u128, more: u128) -> u128 {
    lots.checked_add(more).expect("fewer than 2^128 lots are traded")
}
