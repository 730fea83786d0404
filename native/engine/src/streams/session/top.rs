//! The best levels of a book: a snapshot, and then what is different from what was told last.

use std::cmp::Ordering;
use std::time::{Duration, Instant};

use lightning_core::book::PriceLevel;
use lightning_core::types::{Side, SymbolId, Timestamp};

use super::subscription::{Table, Take, Told};
use crate::streams::checksum::checksum;
use crate::streams::{BookUpdate, BookUpdateKind, Update};

/// What a subscription was told last.
pub(super) struct TopView {
    symbol: SymbolId,
    levels: usize,
    checksum: bool,
    pub(super) heartbeat: Heartbeat,
    /// The book's number when it was looked at.
    version: Option<u64>,
    /// None before the snapshot.
    told: Option<u64>,
    at: Timestamp,
    bids: Vec<PriceLevel>,
    asks: Vec<PriceLevel>,
}

/// When a sign of life is due.
pub(super) struct Heartbeat {
    every: Option<Duration>,
    /// When something was told last.
    told: Option<Instant>,
}

impl Heartbeat {
    pub(super) fn new(every: Option<Duration>) -> Self {
        Self { every, told: None }
    }

    /// Something was told.
    pub(super) fn set(&mut self, now: Instant) {
        self.told = Some(now);
    }

    /// Is it time?
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.next(now).is_some_and(|left| left.is_zero())
    }

    /// How long until it is.
    pub(super) fn next(&self, now: Instant) -> Option<Duration> {
        let (every, told) = (self.every?, self.told?);
        Some((told + every).saturating_duration_since(now))
    }
}

impl TopView {
    pub(super) fn new(symbol: SymbolId, levels: usize, checksum: bool, heartbeat: Option<Duration>) -> Self {
        Self {
            symbol,
            levels,
            checksum,
            heartbeat: Heartbeat::new(heartbeat),
            version: None,
            told: None,
            at: Timestamp(0),
            bids: Vec::new(),
            asks: Vec::new(),
        }
    }

    pub(super) fn tell(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        let mut scratch = std::mem::take(&mut table.scratch);
        let round = table.round;
        let (book, version) = table.source(self.symbol).book(round);
        if self.version == Some(version) {
            table.scratch = scratch;
            return self.beat(table, take);
        }
        let seq = book.seq;
        let at = book.changed_at.unwrap_or(Timestamp(0));
        let cut = |levels: &[PriceLevel], into: &mut Vec<PriceLevel>| {
            into.clear();
            into.extend_from_slice(&levels[..levels.len().min(self.levels)]);
        };
        cut(&book.bids, &mut scratch.top.0);
        cut(&book.asks, &mut scratch.top.1);
        let (bids, asks) = (&scratch.top.0, &scratch.top.1);
        let (kind, prev_seq) = match self.told {
            None => {
                scratch.bids.clone_from(bids);
                scratch.asks.clone_from(asks);
                (BookUpdateKind::Snapshot, seq)
            }
            Some(told) => {
                difference(Side::Buy, &self.bids, bids, &mut scratch.bids);
                difference(Side::Sell, &self.asks, asks, &mut scratch.asks);
                (BookUpdateKind::Delta, told)
            }
        };
        let told = if kind == BookUpdateKind::Delta && scratch.bids.is_empty() && scratch.asks.is_empty() {
            // What has changed is out of sight.
            self.version = Some(version);
            Told::Nothing
        } else {
            let symbol = table.symbol(self.symbol);
            let checksum = self.checksum.then(|| checksum(symbol, bids, asks, &mut scratch.text));
            let items = scratch.bids.len() + scratch.asks.len();
            let update =
                BookUpdate { kind, prev_seq, seq, at, bids: &scratch.bids, asks: &scratch.asks, checksum };
            table.told(items, take(Update::Book(update)))
        };
        if told == Told::Taken {
            if let Some(before) = self.told {
                table.passed_over(before, seq);
            }
            (self.version, self.told, self.at) = (Some(version), Some(seq), at);
            std::mem::swap(&mut self.bids, &mut scratch.top.0);
            std::mem::swap(&mut self.asks, &mut scratch.top.1);
            self.heartbeat.set(table.now);
        }
        table.scratch = scratch;
        if told == Told::Nothing { self.beat(table, take) } else { told }
    }

    /// Nothing has changed, which is said now and then.
    fn beat(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        let Some(seq) = self.told.filter(|_| self.heartbeat.is_due(table.now)) else { return Told::Nothing };
        let symbol = table.symbol(self.symbol).clone();
        let text = &mut table.scratch.text;
        let checksum = self.checksum.then(|| checksum(&symbol, &self.bids, &self.asks, text));
        let told = table.told(0, take(heartbeat(seq, self.at, checksum)));
        if told == Told::Taken {
            self.heartbeat.set(table.now);
        }
        told
    }
}

/// Nothing has changed since.
pub(super) fn heartbeat(seq: u64, at: Timestamp, checksum: Option<u32>) -> Update<'static> {
    let kind = BookUpdateKind::Heartbeat;
    Update::Book(BookUpdate { kind, prev_seq: seq, seq, at, bids: &[], asks: &[], checksum })
}

/// What makes one view of a side into another: levels as they are now, best first, none left there is a quantity of zero.
fn difference(side: Side, before: &[PriceLevel], now: &[PriceLevel], into: &mut Vec<PriceLevel>) {
    into.clear();
    let (mut old, mut new) = (before.iter().peekable(), now.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) if side == Side::Buy => new.price.cmp(&old.price),
            (Some(old), Some(new)) => old.price.cmp(&new.price),
        };
        match order {
            Ordering::Less => {
                let gone = old.next().expect("it was peeked at");
                into.push(PriceLevel { price: gone.price, quantity: 0, orders: 0 });
            }
            Ordering::Greater => into.extend(new.next()),
            Ordering::Equal => {
                let is_same = old.next() == new.peek().copied();
                let level = new.next().expect("it was peeked at");
                if !is_same {
                    into.push(*level);
                }
            }
        }
    }
}
