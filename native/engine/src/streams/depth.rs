//! A watched book as its news tell it: its levels, and where somebody wants those its orders; and what has changed lately.
//!
//! What a subscription is told is worked out from here: the levels that have changed since it was told last, as they are
//! now. How long ago that may be is bounded; who comes later gets a snapshot.
//!
//! News are written down when they come, and added up when somebody asks (see [`Log`]). Levels need no orders for that: an
//! event says what becomes of its level. They are written down once: what happened to orders says what happened to levels.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;

use lightning_core::book::PriceLevel;
use lightning_core::events::{BookEvent, BookEventKind, BookStart};
use lightning_core::index::IdHasher;
use lightning_core::types::{Lsn, OrderId, Price, Quantity, Side, SymbolId, Timestamp};

use crate::streams::OrderEvent;
use crate::streams::levels::{LevelChange, Levels, Mismatch};
use crate::streams::log::{LOG_MAX, Log};

/// Orders that stand in a book.
type Standings = HashMap<OrderId, Standing, BuildHasherDefault<IdHasher>>;

/// A book.
#[derive(Debug)]
pub(crate) struct DepthBook {
    symbol: SymbolId,
    seq: u64,
    at: Timestamp,
    cause: Lsn,
    /// Counts fresh starts; zero before the first.
    generation: u64,
    /// Something was lost, or nothing is known yet: what comes counts from the next start on.
    stale: bool,
    levels: Levels,
    /// What is ahead of this number in the history has been added up in them.
    levels_folded: u64,
    history: History,
    /// What happened to levels before that, if the orders have come to be wanted since.
    older: Option<Log<LevelChange>>,
    /// None where nobody wants them.
    orders: Option<Orders>,
}

/// What happened lately.
#[derive(Debug)]
enum History {
    /// To levels.
    Levels(Log<LevelChange>),
    /// To orders, which are known.
    Orders(Log<OrderEvent>),
}

/// The orders of a book.
#[derive(Debug, Default)]
struct Orders {
    /// Counts fresh starts; zero before the first, when nothing is known of them.
    generation: u64,
    standing: Standings,
    /// Orders that ever came.
    arrivals: u64,
    /// What is ahead of this number in the history has been added up in them.
    folded: u64,
}

#[derive(Clone, Copy, Debug)]
struct Standing {
    side: Side,
    price: Price,
    quantity: Quantity,
    /// Its place in the order of time.
    arrival: u64,
}

impl DepthBook {
    /// Nothing is known yet.
    pub(crate) fn new(symbol: SymbolId) -> Self {
        Self {
            symbol,
            seq: 0,
            at: Timestamp(0),
            cause: Lsn(0),
            generation: 0,
            stale: true,
            levels: Levels::default(),
            levels_folded: 0,
            history: History::Levels(Log::starting_at(0)),
            older: None,
            orders: None,
        }
    }

    /// What the book is. Of levels that were known already it says nothing new: it was asked for because of the orders.
    pub(crate) fn start(&mut self, start: &BookStart) {
        // A start names each order once, and each shows something.
        let levels = Levels::of_orders(&start.bids, &start.asks);
        debug_assert!(levels.is_ok(), "{start:?}");
        let is_known = !self.stale && self.fold_levels().is_ok();
        if !is_known || levels.as_ref() != Ok(&self.levels) {
            // Other levels than those known: nobody was told what changed while it was not watched.
            self.levels = levels.unwrap_or_default();
            self.levels_folded = self.history_end();
            self.history = History::Levels(Log::starting_at(self.levels_folded));
            self.older = None;
            self.generation += 1;
        }
        (self.seq, self.at, self.cause) = (start.seq, start.at, start.cause);
        self.stale = false;
        if let Some(orders) = &mut self.orders {
            orders.start(start, self.levels_folded);
            let events = History::Orders(Log::starting_at(self.levels_folded));
            self.older = match std::mem::replace(&mut self.history, events) {
                History::Levels(changes) => Some(changes),
                History::Orders(_) => None,
            };
        }
    }

    /// Something was lost: nothing is told before the next start.
    pub(crate) fn lose(&mut self) {
        self.stale = true;
    }

    /// Is it known?
    pub(crate) fn is_live(&self) -> bool {
        !self.stale
    }

    /// Which start its levels go back to.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The book's sequence number.
    pub(crate) fn seq(&self) -> u64 {
        self.seq
    }

    /// When it last changed.
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }

    /// Somebody wants the orders: they are known from the next start on.
    pub(crate) fn want_orders(&mut self) {
        self.orders = Some(Orders::default());
    }

    /// Nobody wants the orders any more.
    pub(crate) fn leave_orders(&mut self) {
        self.orders = None;
        if let History::Orders(log) = &self.history {
            self.history = History::Levels(log.map(change_of));
        }
    }

    /// What has happened.
    ///
    /// # Errors
    /// It can't have, or what was told before: something is missing. The book is to be lost.
    pub(crate) fn apply(&mut self, event: &BookEvent) -> Result<(), Mismatch> {
        if self.stale {
            return Ok(()); // It is in the next start.
        }
        if event.seq < self.seq {
            return Err(Mismatch);
        }
        let BookEvent { symbol: _, seq, at, cause, order, side, price, kind, quantity, left } = *event;
        (self.seq, self.at, self.cause) = (seq, at, cause);
        let is_gone = left.is_zero();
        let Self { levels, levels_folded, history, older, orders, .. } = self;
        match history {
            History::Levels(log) => {
                older.take_if(|_| log.is_full());
                log.fold_oldest(levels_folded, |change| levels.apply(change))?;
                log.push(LevelChange::of((side, price), kind, quantity, is_gone));
            }
            History::Orders(log) => {
                older.take_if(|_| log.is_full());
                log.fold_oldest(levels_folded, |event| levels.apply(&change_of(event)))?;
                if let Some(Orders { standing, arrivals, folded, .. }) = orders {
                    log.fold_oldest(folded, |event| see(standing, arrivals, event))?;
                }
                log.push(OrderEvent { seq, at, order, price, quantity, side, kind, is_gone });
            }
        }
        Ok(())
    }

    /// Brings the levels up to date.
    ///
    /// # Errors
    /// See [`Self::apply`].
    pub(crate) fn fold_levels(&mut self) -> Result<(), Mismatch> {
        let Self { levels, levels_folded, history, .. } = self;
        match history {
            History::Levels(log) => log.fold_all(levels_folded, |change| levels.apply(change)),
            History::Orders(log) => log.fold_all(levels_folded, |event| levels.apply(&change_of(event))),
        }
    }

    /// The best levels of a side, best first, as they were when they were brought up to date.
    pub(crate) fn best(&self, side: Side, most: usize, into: &mut Vec<PriceLevel>) {
        self.levels.best(side, most, into);
    }

    /// The number of the next thing that happens.
    pub(crate) fn history_end(&self) -> u64 {
        match &self.history {
            History::Levels(log) => log.end(),
            History::Orders(log) => log.end(),
        }
    }

    /// The levels that have changed since, as they were when they were brought up to date, best first. None if that is
    /// too long ago.
    pub(crate) fn changed_since(
        &self,
        since: u64,
        bids: &mut Vec<PriceLevel>,
        asks: &mut Vec<PriceLevel>,
    ) -> Option<()> {
        bids.clear();
        asks.clear();
        let mut note = |side: Side, price| {
            let into = if side == Side::Buy { &mut *bids } else { &mut *asks };
            into.push(PriceLevel { price, quantity: 0, orders: 0 });
        };
        let first = match &self.history {
            History::Levels(log) => log.first(),
            History::Orders(log) => log.first(),
        };
        if since < first {
            // Both together remember no more than one of them may.
            let is_remembered = self.history_end() - since <= LOG_MAX as u64;
            let older = self.older.as_ref().filter(|_| is_remembered)?;
            older.since(since)?.for_each(|change| note(change.side, change.price));
        }
        let since = since.max(first);
        match &self.history {
            History::Levels(log) => log.since(since)?.for_each(|change| note(change.side, change.price)),
            History::Orders(log) => log.since(since)?.for_each(|event| note(event.side, event.price)),
        }
        bids.sort_unstable_by_key(|level| std::cmp::Reverse(level.price));
        asks.sort_unstable_by_key(|level| level.price);
        for (side, into) in [(Side::Buy, bids), (Side::Sell, asks)] {
            into.dedup_by_key(|level| level.price);
            into.iter_mut().for_each(|level| *level = self.levels.at(side, level.price));
        }
        Some(())
    }

    /// Which start its orders go back to. None if they are not known.
    pub(crate) fn orders_generation(&self) -> Option<u64> {
        self.orders.as_ref().map(|orders| orders.generation).filter(|&generation| generation > 0)
    }

    /// The first `most` events of orders since. None if that is too long ago, or they are not known.
    pub(crate) fn events_since(&self, since: u64, most: usize, into: &mut Vec<OrderEvent>) -> Option<()> {
        let History::Orders(log) = &self.history else { return None };
        let events = log.since(since)?;
        into.clear();
        into.extend(events.take(most));
        Some(())
    }

    /// All orders.
    ///
    /// # Errors
    /// See [`Self::apply`].
    pub(crate) fn all_orders(&mut self) -> Result<BookStart, Mismatch> {
        let Self { symbol, seq, at, cause, .. } = *self;
        let History::Orders(log) = &self.history else { return Err(Mismatch) };
        let Orders { standing, arrivals, folded, .. } = self.orders.as_mut().ok_or(Mismatch)?;
        log.fold_all(folded, |event| see(standing, arrivals, event))?;
        let mut sides = [Vec::new(), Vec::new()];
        for (&order, standing) in &*standing {
            sides[usize::from(standing.side == Side::Sell)].push((order, *standing));
        }
        let [mut bids, mut asks] = sides;
        bids.sort_unstable_by_key(|(_, standing)| (std::cmp::Reverse(standing.price), standing.arrival));
        asks.sort_unstable_by_key(|(_, standing)| (standing.price, standing.arrival));
        let plain = |orders: Vec<(OrderId, Standing)>| {
            orders.into_iter().map(|(order, standing)| (order, standing.price, standing.quantity)).collect()
        };
        Ok(BookStart { symbol, seq, at, cause, bids: plain(bids), asks: plain(asks) })
    }
}

impl Orders {
    fn start(&mut self, start: &BookStart, folded: u64) {
        self.standing.clear();
        self.folded = folded;
        for (side, orders) in [(Side::Buy, &start.bids), (Side::Sell, &start.asks)] {
            for &(order, price, quantity) in orders {
                let arrival = self.arrivals;
                self.arrivals += 1;
                self.standing.insert(order, Standing { side, price, quantity, arrival });
            }
        }
        self.generation += 1;
    }
}

fn change_of(event: &OrderEvent) -> LevelChange {
    LevelChange::of((event.side, event.price), event.kind, event.quantity, event.is_gone)
}

/// What becomes of the orders by an event.
fn see(standing: &mut Standings, arrivals: &mut u64, event: &OrderEvent) -> Result<(), Mismatch> {
    let OrderEvent { order, side, price, quantity, is_gone, .. } = *event;
    if event.kind == BookEventKind::Added {
        let arrival = *arrivals;
        *arrivals += 1;
        let before = standing.insert(order, Standing { side, price, quantity, arrival });
        return if before.is_none() { Ok(()) } else { Err(Mismatch) };
    }
    let known = standing.get_mut(&order).ok_or(Mismatch)?;
    known.quantity = known.quantity.checked_sub(quantity).ok_or(Mismatch)?;
    if known.quantity.is_zero() != is_gone {
        return Err(Mismatch);
    }
    if is_gone {
        standing.remove(&order);
    }
    Ok(())
}

#[cfg(test)]
#[path = "depth_tests.rs"]
mod tests;
