//! A watched book as its news tell it: every order, every level, and what has changed lately.
//!
//! What a subscription is told is worked out from here: the levels that have changed since it was told last, as they are
//! now. How long ago that may be is bounded; who comes later gets a snapshot.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::BuildHasherDefault;

use lightning_core::book::PriceLevel;
use lightning_core::events::{BookEvent, BookEventKind, BookStart};
use lightning_core::types::{Lsn, OrderId, Price, Quantity, Side, SymbolId, Timestamp};

use crate::words::Fnv;

/// Changes of levels that are remembered, and events of orders where somebody wants those.
pub(crate) const CHANGES_MAX: usize = 16_384;

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
    orders: HashMap<OrderId, Standing, BuildHasherDefault<Fnv>>,
    bids: BTreeMap<Price, Level>,
    asks: BTreeMap<Price, Level>,
    /// Orders that ever came.
    arrivals: u64,
    changes: Log<(Side, Price)>,
    events: Log<BookEvent>,
    /// Does anybody want events of orders?
    keeps_events: bool,
}

#[derive(Clone, Copy, Debug)]
struct Standing {
    side: Side,
    price: Price,
    quantity: Quantity,
    /// Its place in the order of time.
    arrival: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Level {
    quantity: u128,
    orders: u32,
}

/// What a book's news said of it that can't be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch;

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
            orders: HashMap::default(),
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
            arrivals: 0,
            changes: Log::default(),
            events: Log::default(),
            keeps_events: false,
        }
    }

    /// What the book is.
    pub(crate) fn start(&mut self, start: &BookStart) {
        self.orders.clear();
        self.bids.clear();
        self.asks.clear();
        (self.seq, self.at, self.cause) = (start.seq, start.at, start.cause);
        for (side, orders) in [(Side::Buy, &start.bids), (Side::Sell, &start.asks)] {
            for &(order, price, quantity) in orders {
                // A start names each order once.
                let added = self.add(order, side, price, quantity);
                debug_assert_eq!(added, Ok(()));
            }
        }
        self.changes.forget();
        self.events.forget();
        self.generation += 1;
        self.stale = false;
    }

    /// Something was lost: nothing is told before the next start.
    pub(crate) fn lose(&mut self) {
        self.stale = true;
    }

    /// Is it known?
    pub(crate) fn is_live(&self) -> bool {
        !self.stale
    }

    /// Which start it goes back to.
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

    /// Somebody wants events of orders, or nobody does any more.
    pub(crate) fn keep_events(&mut self, keep: bool) {
        self.keeps_events = keep;
        if !keep {
            self.events.forget();
        }
    }

    /// What has happened.
    ///
    /// # Errors
    /// It can't have: something is missing. The book is as it was, or stale.
    pub(crate) fn apply(&mut self, event: &BookEvent) -> Result<(), Mismatch> {
        if self.stale {
            return Ok(()); // It is in the next start.
        }
        if event.seq < self.seq {
            return Err(Mismatch);
        }
        match event.kind {
            BookEventKind::Added => self.add(event.order, event.side, event.price, event.quantity)?,
            BookEventKind::Executed | BookEventKind::Reduced => self.reduce(event)?,
            BookEventKind::Removed => {
                if let Some(standing) = self.orders.remove(&event.order) {
                    self.level_less(standing.side, standing.price, standing.quantity, true)?;
                }
            }
        }
        (self.seq, self.at, self.cause) = (event.seq, event.at, event.cause);
        self.changes.push((event.side, event.price));
        if self.keeps_events {
            self.events.push(*event);
        }
        Ok(())
    }

    fn add(&mut self, order: OrderId, side: Side, price: Price, quantity: Quantity) -> Result<(), Mismatch> {
        let arrival = self.arrivals;
        self.arrivals += 1;
        let before = self.orders.insert(order, Standing { side, price, quantity, arrival });
        if before.is_some() || quantity.is_zero() {
            return Err(Mismatch);
        }
        let level = self.levels_mut(side).entry(price).or_default();
        level.quantity = level.quantity.checked_add(u128::from(quantity.0)).ok_or(Mismatch)?;
        level.orders = level.orders.checked_add(1).ok_or(Mismatch)?;
        Ok(())
    }

    fn reduce(&mut self, event: &BookEvent) -> Result<(), Mismatch> {
        let standing = self.orders.get_mut(&event.order).ok_or(Mismatch)?;
        let left = standing.quantity.0.checked_sub(event.quantity.0).ok_or(Mismatch)?;
        standing.quantity = Quantity(left);
        let Standing { side, price, .. } = *standing;
        if left == 0 {
            self.orders.remove(&event.order);
        }
        self.level_less(side, price, event.quantity, left == 0)
    }

    fn level_less(&mut self, side: Side, price: Price, by: Quantity, gone: bool) -> Result<(), Mismatch> {
        let levels = self.levels_mut(side);
        let level = levels.get_mut(&price).ok_or(Mismatch)?;
        level.quantity = level.quantity.checked_sub(u128::from(by.0)).ok_or(Mismatch)?;
        level.orders = level.orders.checked_sub(u32::from(gone)).ok_or(Mismatch)?;
        if level.orders == 0 {
            let empty = level.quantity == 0;
            levels.remove(&price);
            return if empty { Ok(()) } else { Err(Mismatch) };
        }
        Ok(())
    }

    const fn levels_mut(&mut self, side: Side) -> &mut BTreeMap<Price, Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// The best levels of a side, best first.
    pub(crate) fn best(&self, side: Side, most: usize, into: &mut Vec<PriceLevel>) {
        let level = |(&price, level): (&Price, &Level)| shown(price, *level);
        into.clear();
        match side {
            Side::Buy => into.extend(self.bids.iter().rev().take(most).map(level)),
            Side::Sell => into.extend(self.asks.iter().take(most).map(level)),
        }
    }

    /// The number of the next change.
    pub(crate) fn changes_end(&self) -> u64 {
        self.changes.end()
    }

    /// The levels that have changed since, as they are now, best first. None if that is too long ago.
    pub(crate) fn changed_since(
        &self,
        since: u64,
        bids: &mut Vec<PriceLevel>,
        asks: &mut Vec<PriceLevel>,
    ) -> Option<()> {
        let changes = self.changes.since(since)?;
        bids.clear();
        asks.clear();
        for &(side, price) in changes {
            let (levels, into) = match side {
                Side::Buy => (&self.bids, &mut *bids),
                Side::Sell => (&self.asks, &mut *asks),
            };
            into.push(shown(price, levels.get(&price).copied().unwrap_or_default()));
        }
        bids.sort_unstable_by_key(|level| std::cmp::Reverse(level.price));
        bids.dedup_by_key(|level| level.price);
        asks.sort_unstable_by_key(|level| level.price);
        asks.dedup_by_key(|level| level.price);
        Some(())
    }

    /// The number of the next event.
    pub(crate) fn events_end(&self) -> u64 {
        self.events.end()
    }

    /// The first `most` events since. None if that is too long ago.
    pub(crate) fn events_since(&self, since: u64, most: usize, into: &mut Vec<BookEvent>) -> Option<()> {
        let events = self.events.since(since)?;
        into.clear();
        into.extend(events.take(most));
        Some(())
    }

    /// All orders.
    pub(crate) fn to_start(&self) -> BookStart {
        let mut sides = [Vec::new(), Vec::new()];
        for (&order, standing) in &self.orders {
            sides[usize::from(standing.side == Side::Sell)].push((order, *standing));
        }
        let [mut bids, mut asks] = sides;
        bids.sort_unstable_by_key(|(_, standing)| (std::cmp::Reverse(standing.price), standing.arrival));
        asks.sort_unstable_by_key(|(_, standing)| (standing.price, standing.arrival));
        let plain = |orders: Vec<(OrderId, Standing)>| {
            orders.into_iter().map(|(order, standing)| (order, standing.price, standing.quantity)).collect()
        };
        BookStart {
            symbol: self.symbol,
            seq: self.seq,
            at: self.at,
            cause: self.cause,
            bids: plain(bids),
            asks: plain(asks),
        }
    }
}

fn shown(price: Price, level: Level) -> PriceLevel {
    PriceLevel { price, quantity: level.quantity, orders: level.orders }
}

/// The last so many of something, each with a number.
#[derive(Debug)]
struct Log<T> {
    items: VecDeque<T>,
    first: u64,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), first: 0 }
    }
}

impl<T> Log<T> {
    fn push(&mut self, item: T) {
        if self.items.len() == CHANGES_MAX {
            self.items.pop_front();
            self.first += 1;
        }
        self.items.push_back(item);
    }

    fn end(&self) -> u64 {
        self.first + self.items.len() as u64
    }

    fn forget(&mut self) {
        self.first = self.end();
        self.items = VecDeque::new();
    }

    fn since(&self, since: u64) -> Option<std::collections::vec_deque::Iter<'_, T>> {
        let skip = usize::try_from(since.checked_sub(self.first)?).ok()?;
        (skip <= self.items.len()).then(|| self.items.range(skip..))
    }
}
