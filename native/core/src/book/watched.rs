//! A book that can be watched: then it remembers what was done to its orders, until that is told.
//!
//! Whoever changes a market's book does so through here, and reads go through: so nothing can be forgotten to be told.
//! While nobody watches, a change costs one comparison more.

use std::ops::Deref;

use super::{Front, OrderBook, RestingOrder};
use crate::events::BookEventKind;
use crate::types::{OrderId, Price, Quantity, Side};

/// A book, and what was done to it.
#[derive(Debug, Default)]
pub(crate) struct Watched<B> {
    book: B,
    /// What was not told yet; none while nobody watches.
    #[expect(clippy::box_collection, reason = "whether there is one, a comparison with zero says")]
    changes: Option<Box<Vec<Change>>>,
}

/// What was done to an order: a [`crate::events::BookEvent`] without what only its command knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) kind: BookEventKind,
    pub(crate) order: OrderId,
    pub(crate) side: Side,
    pub(crate) price: Price,
    /// Lots of what is shown.
    pub(crate) quantity: Quantity,
    /// Lots that it shows from now on.
    pub(crate) left: Quantity,
}

impl<B> Deref for Watched<B> {
    type Target = B;

    #[inline(always)]
    fn deref(&self) -> &B {
        &self.book
    }
}

impl<B: OrderBook> Watched<B> {
    /// Begins or ends. What was not told is forgotten.
    pub(crate) fn watch(&mut self, on: bool) {
        self.changes = on.then(Box::default);
    }

    /// What was done and not told; none while nobody watches.
    #[inline(always)]
    pub(crate) fn untold(&mut self) -> Option<&mut Vec<Change>> {
        self.changes.as_deref_mut()
    }

    // What is told is noted beside what is done, from single numbers: where nobody watches, no order has to be in memory
    // for it.

    /// See [`OrderBook::insert`].
    #[inline(always)]
    pub(crate) fn insert(&mut self, order: RestingOrder) {
        if self.changes.is_some() {
            let (price, shown) = (order.price, order.shown);
            self.note(BookEventKind::Added, (order.id, order.side), (price, shown, shown));
        }
        self.book.insert(order);
    }

    /// See [`OrderBook::remove`].
    #[inline(always)]
    pub(crate) fn remove(&mut self, id: OrderId) -> Option<RestingOrder> {
        if self.changes.is_some() {
            return self.remove_watched(id);
        }
        self.book.remove(id)
    }

    /// A trade: see [`OrderBook::take_front`].
    #[inline(always)]
    pub(crate) fn take_front(&mut self, side: Side, quantity: Quantity) -> Front {
        if self.changes.is_some() {
            return self.take_watched(side, quantity, BookEventKind::Executed);
        }
        self.book.take_front(side, quantity)
    }

    /// The same where nothing is traded: the front order loses so much of what it shows.
    pub(crate) fn prevent_front(&mut self, side: Side, quantity: Quantity) -> Front {
        if self.changes.is_some() {
            return self.take_watched(side, quantity, BookEventKind::Reduced);
        }
        self.book.take_front(side, quantity)
    }

    /// See [`OrderBook::shrink`].
    pub(crate) fn shrink(&mut self, id: OrderId, left: Quantity, total: Quantity) {
        if self.changes.is_some() {
            return self.shrink_watched(id, left, total);
        }
        self.book.shrink(id, left, total);
    }

    /// See [`OrderBook::forget_sibling`]: nothing of it shows.
    pub(crate) fn forget_sibling(&mut self, id: OrderId) {
        self.book.forget_sibling(id);
    }

    #[cold]
    #[inline(never)]
    fn note(
        &mut self,
        kind: BookEventKind,
        (order, side): (OrderId, Side),
        (price, quantity, left): (Price, Quantity, Quantity),
    ) {
        let changes = self.changes.as_mut().expect("somebody watches");
        changes.push(Change { kind, order, side, price, quantity, left });
    }

    #[cold]
    #[inline(never)]
    fn remove_watched(&mut self, id: OrderId) -> Option<RestingOrder> {
        let order = self.book.remove(id)?;
        self.note(BookEventKind::Removed, (id, order.side), (order.price, order.shown, Quantity::ZERO));
        Some(order)
    }

    #[cold]
    #[inline(never)]
    fn take_watched(&mut self, side: Side, quantity: Quantity, kind: BookEventKind) -> Front {
        let order = self.book.front(side).expect("something is taken of a front order");
        let front = self.book.take_front(side, quantity);
        // Of an iceberg the slice: the next one comes to stand elsewhere.
        self.note(kind, (order.id, side), (order.price, quantity, order.shown - quantity));
        if front == Front::Requeued {
            let next = self.book.get(order.id).expect("an order with another slice rests");
            self.note(BookEventKind::Added, (next.id, side), (next.price, next.shown, next.shown));
        }
        front
    }

    #[cold]
    #[inline(never)]
    fn shrink_watched(&mut self, id: OrderId, left: Quantity, total: Quantity) {
        let before = self.book.get(id).expect("an order that becomes smaller rests");
        self.book.shrink(id, left, total);
        let after = self.book.get(id).expect("something of it stays");
        let less = before.shown - after.shown;
        // What is hidden goes first, and goes unseen.
        if !less.is_zero() {
            self.note(BookEventKind::Reduced, (id, before.side), (before.price, less, after.shown));
        }
    }
}
