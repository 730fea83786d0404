//! One symbol's resting orders, in price-time priority.
//!
//! A book knows orders and their order, nothing of money: it is asked who is next, told how much of that one
//! traded, and keeps the rest of the queue as it was. Two implementations share the interface and its tests:
//! [`PriceTimeBook`] is the one that runs, [`NaiveBook`] the one that nobody could get wrong.

mod ladder;
mod naive;
mod price_time;
mod slab;
mod watched;

pub use naive::NaiveBook;
pub use price_time::PriceTimeBook;
pub(crate) use watched::{Change, Watched};

use std::ops::ControlFlow;

use crate::fees::FeeRates;
use crate::limits::{PRICE_TICKS_MAX, QUANTITY_LOTS_MAX};
use crate::order::StpMode;
use crate::types::{AccountId, ID_MAX, OrderId, Price, Quantity, Side, StpGroup};

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
    /// What of it is in the queue and shown: all that is left, or an iceberg's slice.
    pub shown: Quantity,
    /// What is left of it behind that; zero for all but icebergs.
    pub hidden: Quantity,
    /// An iceberg's full slice; zero for all others.
    pub display: Quantity,
    /// Its whole quantity: filled, prevented and left.
    pub total: Quantity,
    /// Its fee rates.
    pub fees: FeeRates,
    /// Whom it must not trade with besides its own account.
    pub stp_group: Option<StpGroup>,
    /// Its own mode, should it come in again (an amend).
    pub stp: StpMode,
    /// What else its matcher has to look up when it closes or is amended.
    pub flags: RestingFlags,
}

impl RestingOrder {
    /// What of it may still trade.
    #[must_use]
    pub fn left(&self) -> Quantity {
        self.shown + self.hidden
    }

    /// What of it has traded or was prevented.
    #[must_use]
    pub fn done(&self) -> Quantity {
        self.total - self.left()
    }

    /// Why it can't be in a book, if it can't. The structures of a book rely on it.
    #[inline(always)]
    pub(crate) fn flaw(&self) -> Option<&'static str> {
        // Each bound is one below a power of two: one comparison for two numbers.
        const { assert!((ID_MAX + 1).is_power_of_two() && (QUANTITY_LOTS_MAX + 1).is_power_of_two()) };
        const { assert!(PRICE_TICKS_MAX == QUANTITY_LOTS_MAX) };
        let countable =
            self.id.0 | self.account.0 <= ID_MAX && self.price.0 | self.total.0 <= QUANTITY_LOTS_MAX;
        let slices = if self.display.is_zero() { self.hidden.is_zero() } else { self.shown <= self.display };
        if !countable || !self.fees.is_sound() {
            Some("an order of more than there is")
        } else if self.shown.is_zero() {
            Some("an order without quantity")
        } else if !slices {
            Some("not a slice of an iceberg")
        } else if self.left() > self.total {
            Some("more is left of an order than there ever was")
        } else if self.stp_group == Some(StpGroup(0)) {
            Some("a group that is none")
        } else {
            None
        }
    }

    #[inline(always)]
    fn check(&self) {
        if let Some(flaw) = self.flaw() {
            refuse(*self, flaw);
        }
    }
}

/// By value, so that an order which is as it should be need not be in memory.
#[cold]
#[inline(never)]
fn refuse(order: RestingOrder, flaw: &str) -> ! {
    panic!("{flaw} can't rest: {order:?}");
}

/// What few resting orders are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestingFlags {
    /// Only a maker, when it is amended too.
    pub post_only: bool,
    /// It expires: its matcher has the time.
    pub expires: bool,
    /// It is the limit leg of an OCO: its matcher has the other leg.
    pub has_sibling: bool,
    /// It has once been in the hands of a trade or of self-trade prevention: `done` is not zero.
    pub touched: bool,
    /// It came with extras: its matcher keeps them, for the answer to an amend and for the time it expires at.
    pub has_extras: bool,
}

/// What became of the front order after a part of it was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Front {
    /// It is still there, at the same place.
    Stays,
    /// Its slice is used up; the next one is at the back of its level.
    Requeued,
    /// Nothing is left of it: it is out of the book.
    Gone,
}

/// All orders of one side at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceLevel {
    /// The price.
    pub price: Price,
    /// What is shown there, in lots. Wider than one order's quantity: a sum of many can't overflow it.
    pub quantity: u128,
    /// How many orders.
    pub orders: u32,
}

/// Price-time priority: better price first, at one price first come first served.
pub trait OrderBook: Default {
    /// Makes room for so many more orders, so that they come without allocating.
    fn reserve(&mut self, _orders: usize) {}

    /// An order will soon be asked for: reads what that takes, so that it is in the cache then. Nothing else comes of
    /// it.
    fn look_ahead(&self, _id: OrderId) {}

    /// Adds an order at the back of its price level. Its id is not in the book, what it shows not zero.
    fn insert(&mut self, order: RestingOrder);

    /// Takes an order out, wherever it stands; nobody else's place changes.
    fn remove(&mut self, id: OrderId) -> Option<RestingOrder>;

    /// An order, if it rests here.
    fn get(&self, id: OrderId) -> Option<RestingOrder>;

    /// The order of `side` that trades next: the oldest at the best price.
    fn front(&self, side: Side) -> Option<RestingOrder>;

    /// Takes `quantity` off what the front order of `side` shows, which is not less. A partly used order keeps
    /// its place; an iceberg whose slice is used up goes to the back of its level with the next one; an order of
    /// which nothing is left leaves.
    fn take_front(&mut self, side: Side, quantity: Quantity) -> Front;

    /// Makes an order smaller where it stands: `left` of it stay, not zero and not more than there is, and its
    /// whole quantity is `total` from now on. What is hidden goes first.
    fn shrink(&mut self, id: OrderId, left: Quantity, total: Quantity);

    /// An order is no longer an OCO's limit leg.
    fn forget_sibling(&mut self, id: OrderId);

    /// Visits the orders of `side` in the order in which they trade (as far as slices go), until told to stop.
    fn for_each_order(&self, side: Side, visit: impl FnMut(RestingOrder) -> ControlFlow<()>);

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
