//! All levels of a book: a snapshot, and then those that have changed since what was told last.

use std::time::Duration;

use lightning_core::types::{Side, SymbolId, Timestamp};

use super::subscription::{Table, Take, Told};
use super::top::{Heartbeat, heartbeat};
use crate::streams::checksum::{LEVELS, checksum};
use crate::streams::{BookUpdate, BookUpdateKind, Update};

/// What a subscription was told last.
pub(super) struct FullView {
    pub(super) symbol: SymbolId,
    checksum: bool,
    pub(super) heartbeat: Heartbeat,
    told: Option<Cursor>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Cursor {
    /// Which start of the book's news it goes back to.
    generation: u64,
    /// The number of the next change.
    change: u64,
    seq: u64,
    at: Timestamp,
    checksum: Option<u32>,
}

impl FullView {
    pub(super) fn new(symbol: SymbolId, checksum: bool, heartbeat: Option<Duration>) -> Self {
        Self { symbol, checksum, heartbeat: Heartbeat::new(heartbeat), told: None }
    }

    pub(super) fn tell(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        let mut scratch = std::mem::take(&mut table.scratch);
        let mut plane = table.hub.plane();
        let is_broken = plane.book(self.symbol).is_some_and(|book| {
            let is_new = self.told.is_none_or(|told| told.change != book.history_end());
            is_new && book.fold_levels().is_err()
        });
        if is_broken {
            plane.lose_book(self.symbol);
        }
        let news = plane.book(self.symbol).and_then(|book| {
            let (generation, change) = (book.generation(), book.history_end());
            let mut now = Cursor { generation, change, seq: book.seq(), at: book.at(), checksum: None };
            let since = self.told.filter(|told| told.generation == generation);
            if since.is_some_and(|told| told.change == change) {
                return None;
            }
            let delta =
                since.and_then(|told| book.changed_since(told.change, &mut scratch.bids, &mut scratch.asks));
            let (kind, prev_seq) = match (since, delta) {
                (Some(told), Some(())) => (BookUpdateKind::Delta, told.seq),
                // The first, or too much has changed, or something was lost.
                _ => {
                    book.best(Side::Buy, usize::MAX, &mut scratch.bids);
                    book.best(Side::Sell, usize::MAX, &mut scratch.asks);
                    (BookUpdateKind::Snapshot, now.seq)
                }
            };
            if self.checksum {
                book.best(Side::Buy, LEVELS, &mut scratch.top.0);
                book.best(Side::Sell, LEVELS, &mut scratch.top.1);
                let (bids, asks) = (&scratch.top.0, &scratch.top.1);
                now.checksum = Some(checksum(table.symbol(self.symbol), bids, asks, &mut scratch.text));
            }
            Some((kind, prev_seq, now))
        });
        drop(plane);
        let Some((kind, prev_seq, now)) = news else {
            table.scratch = scratch;
            return self.beat(table, take);
        };
        let Cursor { seq, at, checksum, .. } = now;
        let items = scratch.bids.len() + scratch.asks.len();
        let update =
            BookUpdate { kind, prev_seq, seq, at, bids: &scratch.bids, asks: &scratch.asks, checksum };
        let told = table.told(items, take(Update::Book(update)));
        if told == Told::Taken {
            if let Some(before) = self.told {
                table.passed_over(before.seq, seq);
            }
            self.told = Some(now);
            self.heartbeat.set(table.now);
        }
        table.scratch = scratch;
        told
    }

    fn beat(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        let due = self.told.filter(|_| self.heartbeat.is_due(table.now));
        let Some(Cursor { seq, at, checksum, .. }) = due else { return Told::Nothing };
        let told = table.told(0, take(heartbeat(seq, at, checksum)));
        if told == Told::Taken {
            self.heartbeat.set(table.now);
        }
        told
    }
}
