//! Best bid and offer: whenever a price or a quantity of it has changed.

use lightning_core::book::PriceLevel;
use lightning_core::types::{SymbolId, Timestamp};

use super::subscription::{Table, Take, Told};
use crate::streams::Update;

/// What a subscription was told last.
pub(super) struct BboView {
    symbol: SymbolId,
    /// The book's number when it was looked at.
    version: Option<u64>,
    told: Option<TopOfBook>,
}

#[derive(Clone, Copy)]
struct TopOfBook {
    seq: u64,
    bid: Option<PriceLevel>,
    ask: Option<PriceLevel>,
}

impl BboView {
    pub(super) fn new(symbol: SymbolId) -> Self {
        Self { symbol, version: None, told: None }
    }

    pub(super) fn tell(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        let round = table.round;
        let (book, version) = table.source(self.symbol).book(round);
        if self.version == Some(version) {
            return Told::Nothing;
        }
        let now =
            TopOfBook { seq: book.seq, bid: book.bids.first().copied(), ask: book.asks.first().copied() };
        let at = book.changed_at.unwrap_or(Timestamp(0));
        if self.told.is_some_and(|told| same(told.bid, now.bid) && same(told.ask, now.ask)) {
            self.version = Some(version);
            return Told::Nothing;
        }
        let told = table.told(2, take(Update::Bbo { seq: now.seq, at, bid: now.bid, ask: now.ask }));
        if told == Told::Taken {
            if let Some(before) = self.told {
                table.passed_over(before.seq, now.seq);
            }
            (self.version, self.told) = (Some(version), Some(now));
        }
        told
    }
}

/// How many orders it is made of does not count.
fn same(a: Option<PriceLevel>, b: Option<PriceLevel>) -> bool {
    let what = |level: PriceLevel| (level.price, level.quantity);
    a.map(what) == b.map(what)
}
