//! Every order of a book: all of them, and then what happens to each.

use lightning_core::types::SymbolId;

use super::subscription::{Table, Take, Told};
use crate::streams::Update;

/// What a subscription was told last.
pub(super) struct OrdersView {
    pub(super) symbol: SymbolId,
    /// Which start of the book's news it goes back to, and the number of the next event.
    told: Option<(u64, u64)>,
}

impl OrdersView {
    pub(super) fn new(symbol: SymbolId) -> Self {
        Self { symbol, told: None }
    }

    pub(super) fn tell(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        let most = table.items_max();
        let mut events = std::mem::take(&mut table.scratch.events);
        let mut plane = table.hub.plane();
        let known = plane.book(self.symbol).and_then(|book| Some((book.orders_generation()?, book)));
        let Some((generation, book)) = known else {
            drop(plane);
            table.scratch.events = events;
            return Told::Nothing;
        };
        let end = book.history_end();
        let since = self.told.filter(|told| told.0 == generation).map(|told| told.1);
        let told = match since.and_then(|since| book.events_since(since, most, &mut events).map(|()| since)) {
            Some(_) if events.is_empty() => {
                drop(plane);
                Told::Nothing
            }
            Some(since) => {
                drop(plane);
                let told = table.told(events.len(), take(Update::Level3(&events)));
                if told == Told::Taken {
                    self.told = Some((generation, since + events.len() as u64));
                }
                told
            }
            // The first, or it fell behind, or something was lost: all of it again.
            None => {
                let Ok(start) = book.all_orders() else {
                    plane.lose_book(self.symbol);
                    drop(plane);
                    table.scratch.events = events;
                    return Told::Nothing;
                };
                drop(plane);
                let told = table.told(start.bids.len() + start.asks.len(), take(Update::Level3Start(&start)));
                if told == Told::Taken {
                    if self.told.is_some() {
                        crate::streams::counters::Counting::add(&table.hub.counting.conflated, 1);
                    }
                    self.told = Some((generation, end));
                }
                told
            }
        };
        table.scratch.events = events;
        told
    }
}
