//! A book that only listens: orders in the order in which they came.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use lightning_core::book::{OrderBook, PriceLevel};
use lightning_core::events::{BookEvent, BookEventKind, BookStart};
use lightning_core::matcher::Market;
use lightning_core::types::{Lsn, OrderId, Price, Quantity, Side, SymbolId};

/// A book, made of what is told of it.
#[derive(Clone, Debug)]
pub struct BookReplica {
    symbol: SymbolId,
    /// Those that came first are first, whatever their prices.
    orders: Vec<Shown>,
    seq: u64,
    cause: Lsn,
}

/// What is shown of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown {
    order: OrderId,
    side: Side,
    price: Price,
    quantity: Quantity,
}

impl BookReplica {
    /// A book as it is.
    #[must_use]
    pub fn new(start: &BookStart) -> Self {
        let shown = |side: Side| {
            move |&(order, price, quantity): &(OrderId, Price, Quantity)| Shown {
                order,
                side,
                price,
                quantity,
            }
        };
        let orders = start.bids.iter().map(shown(Side::Buy)).chain(start.asks.iter().map(shown(Side::Sell)));
        Self { symbol: start.symbol, orders: orders.collect(), seq: start.seq, cause: start.cause }
    }

    /// Nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// One change.
    pub fn apply(&mut self, event: &BookEvent) {
        let BookEvent { symbol, seq, cause, order, side, price, kind, quantity, left, at: _ } = *event;
        assert_eq!(symbol, self.symbol);
        // A command has one record, and counts once however much of the book it changes.
        let same = (seq, cause) == (self.seq, self.cause);
        assert!(same || (seq > self.seq && cause > self.cause), "{event:?} behind {self:?}");
        (self.seq, self.cause) = (seq, cause);
        assert!(!quantity.is_zero(), "nothing happened: {event:?}");
        let at = self.orders.iter().position(|shown| shown.order == order);
        if kind == BookEventKind::Added {
            assert!(at.is_none(), "it stands there already: {event:?}");
            assert_eq!(left, quantity, "all that it shows is new: {event:?}");
            return self.orders.push(Shown { order, side, price, quantity });
        }
        let at = at.unwrap_or_else(|| panic!("it does not stand there: {event:?}"));
        let shown = &mut self.orders[at];
        assert_eq!((shown.side, shown.price), (side, price), "{event:?}");
        let less = shown.quantity.checked_sub(quantity);
        let less = less.unwrap_or_else(|| panic!("more than it shows: {event:?}"));
        assert_eq!(left, less, "what it shows after it: {event:?}");
        shown.quantity = left;
        if kind == BookEventKind::Removed {
            assert!(left.is_zero(), "all of it goes: {event:?}");
        }
        if kind == BookEventKind::Executed {
            let front = self.in_order(side)[0].order;
            assert_eq!(front, order, "it trades before whom it came after: {event:?}");
        }
        if left.is_zero() {
            self.orders.remove(at);
        }
    }

    /// The orders of a side as they trade.
    fn in_order(&self, side: Side) -> Vec<Shown> {
        let mut orders: Vec<Shown> = self.orders.iter().filter(|shown| shown.side == side).copied().collect();
        orders.sort_by(|a, b| match side {
            Side::Buy => b.price.cmp(&a.price),
            Side::Sell => a.price.cmp(&b.price),
        });
        orders
    }

    /// It is what the market has: every order at its place, and every level.
    pub fn check<B: OrderBook>(&self, market: &Market<B>) {
        assert!(self.seq <= market.seq() && self.cause <= market.horizon(), "{self:?} is ahead");
        for side in [Side::Buy, Side::Sell] {
            let mut orders = Vec::new();
            market.book().for_each_order(side, |order| {
                let (id, price, quantity) = (order.id, order.price, order.shown);
                orders.push(Shown { order: id, side, price, quantity });
                ControlFlow::Continue(())
            });
            assert_eq!(self.in_order(side), orders, "{:?} by what was told, and the book", self.symbol);
            let levels = market.book().levels(side, usize::MAX);
            assert_eq!(self.levels(side), levels, "{:?} by what was told, and the book", self.symbol);
        }
    }

    fn levels(&self, side: Side) -> Vec<PriceLevel> {
        let mut levels: BTreeMap<Price, PriceLevel> = BTreeMap::new();
        for shown in self.orders.iter().filter(|shown| shown.side == side) {
            let nothing = PriceLevel { price: shown.price, quantity: 0, orders: 0 };
            let level = levels.entry(shown.price).or_insert(nothing);
            level.quantity += u128::from(shown.quantity.0);
            level.orders += 1;
        }
        match side {
            Side::Buy => levels.into_values().rev().collect(),
            Side::Sell => levels.into_values().collect(),
        }
    }

    /// A new start tells nothing that was not known.
    pub fn expect(&self, other: &Self) {
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(
                self.in_order(side),
                other.in_order(side),
                "{:?} by what was told, and anew",
                self.symbol
            );
        }
    }
}
