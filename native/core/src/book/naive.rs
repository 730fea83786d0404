//! The book that nobody could get wrong: one `Vec`, searched from end to end. Kept for tests.

use std::ops::ControlFlow;

use super::{Front, OrderBook, PriceLevel, RestingOrder};
use crate::types::{OrderId, Quantity, Side};

/// Orders in the order of arrival. Everything is a search, everything is O(n).
#[derive(Debug, Default)]
pub struct NaiveBook {
    orders: Vec<RestingOrder>,
}

impl NaiveBook {
    fn front_at(&self, side: Side) -> Option<usize> {
        let mut best: Option<usize> = None;
        for (at, order) in self.orders.iter().enumerate().filter(|(_, order)| order.side == side) {
            if best.is_none_or(|best| side.is_better(order.price, self.orders[best].price)) {
                best = Some(at);
            }
        }
        best
    }
}

impl OrderBook for NaiveBook {
    fn insert(&mut self, order: RestingOrder) {
        assert!(self.get(order.id).is_none());
        order.check();
        self.orders.push(order);
    }

    fn remove(&mut self, id: OrderId) -> Option<RestingOrder> {
        let at = self.orders.iter().position(|order| order.id == id)?;
        Some(self.orders.remove(at))
    }

    fn get(&self, id: OrderId) -> Option<RestingOrder> {
        self.orders.iter().find(|order| order.id == id).copied()
    }

    fn front(&self, side: Side) -> Option<RestingOrder> {
        self.front_at(side).map(|at| self.orders[at])
    }

    fn take_front(&mut self, side: Side, quantity: Quantity) -> Front {
        let at = self.front_at(side).expect("a fill of an empty side");
        let order = &mut self.orders[at];
        order.shown -= quantity;
        order.flags.touched = true;
        if !order.shown.is_zero() {
            return Front::Stays;
        }
        let mut order = self.orders.remove(at);
        if order.hidden.is_zero() {
            return Front::Gone;
        }
        order.shown = order.display.min(order.hidden);
        order.hidden -= order.shown;
        self.orders.push(order);
        Front::Requeued
    }

    fn shrink(&mut self, id: OrderId, left: Quantity, total: Quantity) {
        let order = self.orders.iter_mut().find(|order| order.id == id).expect("it rests");
        assert!(!left.is_zero() && left <= order.left() && left <= total);
        order.shown = order.shown.min(left);
        order.hidden = left - order.shown;
        order.total = total;
    }

    fn forget_sibling(&mut self, id: OrderId) {
        let order = self.orders.iter_mut().find(|order| order.id == id).expect("it rests");
        order.flags.has_sibling = false;
    }

    fn for_each_order(&self, side: Side, mut visit: impl FnMut(RestingOrder) -> ControlFlow<()>) {
        let mut orders: Vec<_> = self.orders.iter().filter(|order| order.side == side).collect();
        // Stable: at one price they stay in the order of arrival.
        orders.sort_by(|a, b| match side {
            Side::Buy => b.price.cmp(&a.price),
            Side::Sell => a.price.cmp(&b.price),
        });
        for order in orders {
            if visit(*order).is_break() {
                return;
            }
        }
    }

    fn for_each_level(&self, side: Side, mut visit: impl FnMut(PriceLevel) -> ControlFlow<()>) {
        let mut prices: Vec<_> = self.orders.iter().filter(|o| o.side == side).map(|o| o.price).collect();
        prices.sort_unstable();
        prices.dedup();
        if side == Side::Buy {
            prices.reverse();
        }
        for price in prices {
            let at_price = self.orders.iter().filter(|o| o.side == side && o.price == price);
            let quantity = at_price.clone().map(|o| u128::from(o.shown.0)).sum();
            let orders = u32::try_from(at_price.count()).expect("fewer than 2^32 orders");
            if visit(PriceLevel { price, quantity, orders }).is_break() {
                return;
            }
        }
    }

    fn len(&self) -> usize {
        self.orders.len()
    }

    fn check_invariants(&self) {
        self.orders.iter().for_each(RestingOrder::check);
        if let (Some(bid), Some(ask)) = (self.front(Side::Buy), self.front(Side::Sell)) {
            assert!(bid.price < ask.price, "crossed book: {bid:?} {ask:?}");
        }
    }
}
