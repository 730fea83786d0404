//! One symbol's resting orders, in price-time priority.
//!
//! A book knows orders and their order, nothing of money: it is asked who is next, told how much of that one
//! traded, and keeps the rest of the queue as it was. Two implementations share the interface and its tests:
//! [`PriceTimeBook`] is the one that runs, [`NaiveBook`] the one that nobody could get wrong.

mod ladder;
mod naive;
mod price_time;

pub use naive::NaiveBook;
pub use price_time::PriceTimeBook;

use std::ops::ControlFlow;

use crate::types::{AccountId, OrderId, Price, Quantity, Side};

/// An order in the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RestingOrder {
    /// Its id.
    pub id: OrderId,
    /// Whose.
    pub account: AccountId,
    /// Among the bids or the asks.
    pub side: Side,
    /// Its limit.
    pub price: Price,
    /// What is left of it.
    pub quantity: Quantity,
}

/// All orders of one side at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceLevel {
    /// The price.
    pub price: Price,
    /// What rests there, in lots. Wider than one order's quantity: a sum of many can't overflow it.
    pub quantity: u128,
    /// How many orders.
    pub orders: u32,
}

/// Price-time priority: better price first, at one price first come first served.
pub trait OrderBook: Default {
    /// Adds an order at the back of its price level. Its id is not in the book, its quantity not zero.
    fn insert(&mut self, order: RestingOrder);

    /// Takes an order out, wherever it stands; nobody else's place changes.
    fn remove(&mut self, id: OrderId) -> Option<RestingOrder>;

    /// An order, if it rests here.
    fn get(&self, id: OrderId) -> Option<RestingOrder>;

    /// The order of `side` that trades next: the oldest at the best price.
    fn front(&self, side: Side) -> Option<RestingOrder>;

    /// Trades `quantity` of the front order of `side`. A partly filled order keeps its place, a wholly filled
    /// one leaves.
    fn fill_front(&mut self, side: Side, quantity: Quantity);

    /// Visits the levels of `side`, best first, until told to stop.
    fn for_each_level(&self, side: Side, visit: impl FnMut(PriceLevel) -> ControlFlow<()>);

    /// How many orders rest.
    fn len(&self) -> usize;

    /// True for none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Panics unless the structure agrees with itself: sums, counts, links, order. For tests; walks everything.
    fn check_invariants(&self);

    /// Best price of `side`.
    fn best_price(&self, side: Side) -> Option<Price> {
        self.front(side).map(|order| order.price)
    }

    /// The best `count` levels of `side`.
    fn levels(&self, side: Side, count: usize) -> Vec<PriceLevel> {
        let mut levels = Vec::with_capacity(count.min(64));
        self.for_each_level(side, |level| {
            if levels.len() == count {
                return ControlFlow::Break(());
            }
            levels.push(level);
            ControlFlow::Continue(())
        });
        levels
    }
}
