//! The walk that an incoming order would make, without effect: whether a FOK order can be filled, what a market
//! order costs, what a tested order would do.
//!
//! It decides by the same functions as [`super::take`] and meets the same makers in the same order; only the
//! queue is its own, because the slices of icebergs line up again while nothing may change.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use super::market::Market;
use super::taker::{End, Step, Taker};
use crate::book::{OrderBook, RestingOrder};
use crate::message::StpMode;
use crate::types::{Amount, OrderId, Price, Quantity, Side, SignedAmount};

/// More than any account has: a walk with this reserved shows what the order would cost.
pub(super) const UNLIMITED: Amount = Amount(u128::MAX >> 1);

/// Where a walk led.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walked {
    /// The order as it would be then.
    pub(super) taker: Taker,
    /// Why it would stop.
    pub(super) end: End,
    /// What it would give.
    pub(super) required: Amount,
}

/// What a walk says that the order's execution must come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    filled: Quantity,
    notional: Amount,
    fee: SignedAmount,
    prevented: Quantity,
    end: End,
}

impl Walked {
    /// What must come out the same when the order does trade.
    pub(super) fn expected(&self) -> Expected {
        self.taker.result(self.end)
    }
}

impl Taker {
    /// What it got, what it lost, and why it stopped.
    pub(super) fn result(&self, end: End) -> Expected {
        let Self { filled, notional, fee, prevented, .. } = *self;
        Expected { filled, notional, fee, prevented, end }
    }
}

impl<B: OrderBook> Market<B> {
    /// Where `taker` would get to.
    ///
    /// `all_or_nothing`: a FOK order is ended by an order of its own that it would have to share its quantity
    /// with, as if its mode were to expire it. `without`: as if this order were not there.
    pub(super) fn walk(&self, taker: Taker, all_or_nothing: bool, without: Option<OrderId>) -> Walked {
        let mut walk = Walk { market: self, taker, all_or_nothing };
        let (mut behind, mut end) = (VecDeque::new(), None);
        self.book.for_each_order(taker.side.opposite(), |maker| {
            if without == Some(maker.id) {
                return ControlFlow::Continue(());
            }
            // Whoever lined up again at the level before comes before everybody at this one.
            end = walk.meet_behind(&mut behind, Some(maker.price)).or_else(|| walk.meet(maker, &mut behind));
            if end.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        let end = end
            .or_else(|| walk.meet_behind(&mut behind, None))
            .unwrap_or_else(|| if walk.taker.is_sated(&self.spec) { End::Sated } else { End::RanOut });
        Walked { taker: walk.taker, end, required: taker.reserved - walk.taker.reserved }
    }

    /// The best price of a side, as if one order were not there.
    pub(super) fn best_without(&self, side: Side, without: Option<OrderId>) -> Option<Price> {
        let Some(without) = without else {
            return self.book.best_price(side);
        };
        let mut best = None;
        self.book.for_each_order(side, |order| {
            if order.id == without {
                return ControlFlow::Continue(());
            }
            best = Some(order.price);
            ControlFlow::Break(())
        });
        best
    }
}

/// A walk under way.
struct Walk<'a, B> {
    market: &'a Market<B>,
    taker: Taker,
    all_or_nothing: bool,
}

impl<B: OrderBook> Walk<'_, B> {
    /// Meets the slices that lined up again, until one of them ends the walk or none is left of a level before
    /// the one at `price`.
    fn meet_behind(&mut self, behind: &mut VecDeque<RestingOrder>, price: Option<Price>) -> Option<End> {
        while behind.front().is_some_and(|first| Some(first.price) != price) {
            let first = behind.pop_front()?;
            if let Some(end) = self.meet(first, behind) {
                return Some(end);
            }
        }
        None
    }

    /// Meets one maker until nothing more of it is in front. Some, if the walk ends there.
    fn meet(&mut self, mut maker: RestingOrder, behind: &mut VecDeque<RestingOrder>) -> Option<End> {
        let spec = &self.market.spec;
        while !maker.shown.is_zero() {
            if self.taker.is_sated(spec) {
                return Some(End::Sated);
            }
            let taken = match self.taker.meet(&maker, spec) {
                Step::Stop(end) => return Some(end),
                Step::Trade(quantity) => {
                    let notional = spec.notional(maker.price, quantity);
                    let charge = self.market.charge(&self.taker, &maker, quantity, notional);
                    self.taker.trade(quantity, notional, charge.taker, spec);
                    quantity
                }
                Step::Own(StpMode::ExpireMaker, _) => return None,
                Step::Own(StpMode::Decrement, quantity) if !self.all_or_nothing => {
                    if self.taker.decrement(quantity, maker.price, spec) {
                        return Some(End::Prevented);
                    }
                    quantity
                }
                Step::Own(..) => {
                    self.taker.give_up();
                    return Some(End::Prevented);
                }
            };
            maker.shown -= taken;
        }
        if !maker.hidden.is_zero() {
            maker.shown = maker.display.min(maker.hidden);
            maker.hidden -= maker.shown;
            behind.push_back(maker);
        }
        None
    }
}
