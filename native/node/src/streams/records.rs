//! What streams tell, on its way out: records in a buffer of TypeScript's, which makes the objects.
//!
//! What comes often is binary, all the rest carries JSON. Every record is a multiple of eight bytes, little-endian. The
//! buffer begins with eight bytes of its own: whether there is more, u32, and nothing, u32. Then record after record:
//!
//! ```text
//!   0 length u32    4 subscription u32    8 kind u8    9 flags u8    10 nothing u16
//!  12 how many things, or bytes of JSON, u32    16 seq f64    24 ts f64 (ms)
//!  book: 32 seq before f64    40 bids u32    44 asks u32    48 checksum u32    52 nothing u32
//!        56 each bid, then each ask: price u128, quantity u128, orders u32, nothing u32
//!        flags: bits 0 and 1 snapshot, delta, heartbeat; bit 7 there is a checksum
//!  bbo:  32 spread u128    48 spread in hundredths of a basis point u128    64 mid u128
//!        80 bid as a level    120 ask as a level    160
//!        flags: bit 0 there is a bid, bit 1 an ask
//!  trades:     32 each: id f64, ts f64, ticks u64, lots u64, quote u128, book seq f64, sells u8, nothing to 64
//!  aggregates: 32 each: first f64, last f64, ts f64, book seq f64, price u128, quantity u128, quote u128, sells u8,
//!              nothing to 88
//!  level 3:    32 each: order f64, seq f64, ts f64, price u128, quantity u128, kind u8, sells u8, nothing to 64
//!  level 3, all of it: 32 bids u32    36 asks u32    40 each bid, then each ask: order f64, price u128, quantity u128
//!  gap:   16 first f64    24 last f64
//!  ended: flags: 0 too slow, 1 removed, 2 closed
//!  JSON:  32 an array of messages
//! ```
//! Prices and quantities of 128 bits are the digits of decimals at the scales that the symbol says.

use lightning_core::book::PriceLevel;
use lightning_core::events::{BookEventKind, BookStart};
use lightning_core::message::Trade;
use lightning_core::types::{ID_MAX, OrderId, Price, Quantity, Side, Timestamp};
use lightning_engine::registry::Symbol;
use lightning_engine::streams::{
    AggregateTrade, BookUpdate, BookUpdateKind, Ended, OrderEvent, SubscriptionId,
};
use serde_json::Value;

use crate::answers::milliseconds;
use crate::cold::{mid_digits, spread_bps};

/// Bytes of the buffer before its first record.
pub(crate) const PREFIX: usize = 8;
pub(crate) const HEADER: usize = 32;
pub(crate) const BOOK: usize = 56;
pub(crate) const LEVEL: usize = 40;
pub(crate) const BBO: usize = 160;
pub(crate) const TRADE: usize = 64;
pub(crate) const AGGREGATE: usize = 88;
pub(crate) const LEVEL3: usize = 64;
pub(crate) const LEVEL3_START: usize = 40;
pub(crate) const LEVEL3_ORDER: usize = 40;

/// What a record is, by its byte.
pub(crate) const KINDS: [&str; 9] =
    ["json", "book", "bbo", "trades", "aggregates", "level3", "level3Start", "gap", "ended"];
const JSON: u8 = 0;
const BOOK_KIND: u8 = 1;
const BBO_KIND: u8 = 2;
const TRADES: u8 = 3;
const AGGREGATES: u8 = 4;
const LEVEL3_KIND: u8 = 5;
const LEVEL3_START_KIND: u8 = 6;
const GAP: u8 = 7;
const ENDED: u8 = 8;

const HAS_CHECKSUM: u8 = 0x80;
const HAS_BID: u8 = 1;
const HAS_ASK: u8 = 2;

/// Does not fit; it needs so many bytes.
#[derive(Debug)]
pub(crate) struct Needs(pub(crate) usize);

/// Fills a buffer with records.
pub(crate) struct Writer<'a> {
    buffer: &'a mut [u8],
    at: usize,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(buffer: &'a mut [u8]) -> Self {
        Self { buffer, at: PREFIX }
    }

    /// Where the last record ends; or, if not even the first one fits, the negative of the size of a buffer for it.
    #[expect(clippy::cast_precision_loss, reason = "a buffer is smaller than 2^53 bytes")]
    pub(crate) fn finish(self, more: bool, needs: Option<usize>) -> f64 {
        if let (PREFIX, Some(needed)) = (self.at, needs) {
            return -((PREFIX + needed) as f64);
        }
        if let Some(prefix) = self.buffer.get_mut(..PREFIX) {
            prefix.fill(0);
            prefix[0] = u8::from(more || needs.is_some());
        }
        self.at as f64
    }

    pub(crate) fn book(
        &mut self,
        id: SubscriptionId,
        symbol: &Symbol,
        book: &BookUpdate<'_>,
    ) -> Result<(), Needs> {
        let levels = book.bids.len() + book.asks.len();
        let kind = match book.kind {
            BookUpdateKind::Snapshot => 0,
            BookUpdateKind::Delta => 1,
            BookUpdateKind::Heartbeat => 2,
        };
        let flags = kind | if book.checksum.is_some() { HAS_CHECKSUM } else { 0 };
        let mut record = self.reserve(BOOK + levels * LEVEL)?;
        record.head(id, BOOK_KIND, flags, levels);
        record.stamp(book.seq, book.at);
        record.f64(32, book.prev_seq);
        record.u32(40, count(book.bids.len()));
        record.u32(44, count(book.asks.len()));
        record.u32(48, book.checksum.unwrap_or(0));
        for (index, level) in book.bids.iter().chain(book.asks).enumerate() {
            record.level(BOOK + index * LEVEL, symbol, level);
        }
        Ok(())
    }

    pub(crate) fn bbo(
        &mut self,
        id: SubscriptionId,
        symbol: &Symbol,
        (seq, at): (u64, Timestamp),
        bid: Option<PriceLevel>,
        ask: Option<PriceLevel>,
    ) -> Result<(), Needs> {
        let mut record = self.reserve(BBO)?;
        let flags = if bid.is_some() { HAS_BID } else { 0 } | if ask.is_some() { HAS_ASK } else { 0 };
        record.head(id, BBO_KIND, flags, 1);
        record.stamp(seq, at);
        if let Some((bid, ask)) = bid.zip(ask) {
            record.u128(32, symbol.price_digits(ask.price - bid.price));
            record.u128(48, spread_bps(bid.price, ask.price));
            record.u128(64, mid_digits(symbol, bid.price, ask.price));
        }
        for (at, level) in [(80, bid), (120, ask)] {
            if let Some(level) = level {
                record.level(at, symbol, &level);
            }
        }
        Ok(())
    }

    pub(crate) fn trades(&mut self, id: SubscriptionId, trades: &[Trade]) -> Result<(), Needs> {
        let mut record = self.reserve(HEADER + trades.len() * TRADE)?;
        record.head(id, TRADES, 0, trades.len());
        for (index, trade) in trades.iter().enumerate() {
            let at = HEADER + index * TRADE;
            record.f64(at, trade.id.0);
            record.f64(at + 8, milliseconds(trade.at));
            record.u64(at + 16, trade.price.0);
            record.u64(at + 24, trade.quantity.0);
            record.u128(at + 32, trade.notional.0);
            record.f64(at + 48, trade.book_seq);
            record.0[at + 56] = u8::from(trade.taker_side == Side::Sell);
        }
        Ok(())
    }

    pub(crate) fn aggregates(
        &mut self,
        id: SubscriptionId,
        symbol: &Symbol,
        trades: &[AggregateTrade],
    ) -> Result<(), Needs> {
        let mut record = self.reserve(HEADER + trades.len() * AGGREGATE)?;
        record.head(id, AGGREGATES, 0, trades.len());
        for (index, trade) in trades.iter().enumerate() {
            let at = HEADER + index * AGGREGATE;
            record.f64(at, trade.first.0);
            record.f64(at + 8, trade.last.0);
            record.f64(at + 16, milliseconds(trade.at));
            record.f64(at + 24, trade.book_seq);
            record.u128(at + 32, symbol.price_digits(trade.price));
            record.u128(at + 48, symbol.quantity_digits(trade.quantity));
            record.u128(at + 64, trade.notional.0);
            record.0[at + 80] = u8::from(trade.taker_side == Side::Sell);
        }
        Ok(())
    }

    pub(crate) fn level3(
        &mut self,
        id: SubscriptionId,
        symbol: &Symbol,
        events: &[OrderEvent],
    ) -> Result<(), Needs> {
        let mut record = self.reserve(HEADER + events.len() * LEVEL3)?;
        record.head(id, LEVEL3_KIND, 0, events.len());
        for (index, event) in events.iter().enumerate() {
            let at = HEADER + index * LEVEL3;
            record.f64(at, event.order.0);
            record.f64(at + 8, event.seq);
            record.f64(at + 16, milliseconds(event.at));
            record.u128(at + 24, symbol.price_digits(event.price));
            record.u128(at + 40, symbol.quantity_digits(u128::from(event.quantity.0)));
            record.0[at + 56] = match event.kind {
                BookEventKind::Added => 0,
                BookEventKind::Executed => 1,
                BookEventKind::Reduced => 2,
                BookEventKind::Removed => 3,
            };
            record.0[at + 57] = u8::from(event.side == Side::Sell);
        }
        Ok(())
    }

    pub(crate) fn level3_start(
        &mut self,
        id: SubscriptionId,
        symbol: &Symbol,
        start: &BookStart,
    ) -> Result<(), Needs> {
        let orders = start.bids.len() + start.asks.len();
        let mut record = self.reserve(LEVEL3_START + orders * LEVEL3_ORDER)?;
        record.head(id, LEVEL3_START_KIND, 0, orders);
        record.stamp(start.seq, start.at);
        record.u32(32, count(start.bids.len()));
        record.u32(36, count(start.asks.len()));
        let order = |&(order, price, quantity): &(OrderId, Price, Quantity)| (order, price, quantity);
        for (index, (order, price, quantity)) in start.bids.iter().chain(&start.asks).map(order).enumerate() {
            let at = LEVEL3_START + index * LEVEL3_ORDER;
            record.f64(at, order.0);
            record.u128(at + 8, symbol.price_digits(price));
            record.u128(at + 24, symbol.quantity_digits(u128::from(quantity.0)));
        }
        Ok(())
    }

    /// These numbers were missed.
    pub(crate) fn gap(&mut self, id: SubscriptionId, from: u64, to: u64) -> Result<(), Needs> {
        let mut record = self.reserve(HEADER)?;
        record.head(id, GAP, 0, 1);
        record.f64(16, from);
        record.f64(24, to);
        Ok(())
    }

    pub(crate) fn ended(&mut self, id: SubscriptionId, why: Ended) -> Result<(), Needs> {
        let (flags, from) = match why {
            Ended::Slow { from } => (0, from),
            Ended::Removed => (1, 0),
            Ended::Closed => (2, 0),
        };
        let mut record = self.reserve(HEADER)?;
        record.head(id, ENDED, flags, 0);
        record.f64(16, from);
        Ok(())
    }

    /// Messages that come as seldom as that they may be JSON.
    pub(crate) fn json(&mut self, id: SubscriptionId, messages: &Value) -> Result<(), Needs> {
        let text = messages.to_string();
        let mut record = self.reserve(HEADER + text.len().next_multiple_of(8))?;
        record.head(id, JSON, 0, text.len());
        record.0[HEADER..HEADER + text.len()].copy_from_slice(text.as_bytes());
        Ok(())
    }

    fn reserve(&mut self, length: usize) -> Result<Record<'_>, Needs> {
        let bytes = self.buffer.get_mut(self.at..self.at + length).ok_or(Needs(length))?;
        self.at += length;
        bytes.fill(0);
        Ok(Record(bytes))
    }
}

/// One record being written.
struct Record<'a>(&'a mut [u8]);

impl Record<'_> {
    fn head(&mut self, id: SubscriptionId, kind: u8, flags: u8, things: usize) {
        self.u32(0, count(self.0.len()));
        self.u32(4, id.0);
        self.0[8] = kind;
        self.0[9] = flags;
        self.u32(12, count(things));
    }

    fn stamp(&mut self, seq: u64, at: Timestamp) {
        self.f64(16, seq);
        self.f64(24, milliseconds(at));
    }

    fn level(&mut self, at: usize, symbol: &Symbol, level: &PriceLevel) {
        self.u128(at, symbol.price_digits(level.price));
        self.u128(at + 16, symbol.quantity_digits(level.quantity));
        self.u32(at + 32, level.orders);
    }

    fn u32(&mut self, at: usize, value: u32) {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
    }

    fn u64(&mut self, at: usize, value: u64) {
        self.0[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }

    fn u128(&mut self, at: usize, value: u128) {
        self.0[at..at + 16].copy_from_slice(&value.to_le_bytes());
    }

    #[expect(clippy::cast_precision_loss, reason = "asserted to be exact")]
    fn f64(&mut self, at: usize, value: u64) {
        assert!(value <= ID_MAX, "{value} is more than a JavaScript number holds");
        self.0[at..at + 8].copy_from_slice(&(value as f64).to_le_bytes());
    }
}

fn count(things: usize) -> u32 {
    u32::try_from(things).expect("a record is smaller than 4 GiB")
}
