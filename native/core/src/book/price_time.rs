//! The book that runs: a price ladder per side over levels with intrusive first-in-first-out queues.
//!
//! Orders live in one slab and are chained by index within their level; an order is found by id through an
//! index, unlinked in O(1) wherever it stands, and its slot reused. Levels live in a slab of their own. A warm
//! book allocates nothing. (The index is a hash map, which may still double once after its first peak, when
//! removed ids have used up its spare room.)

use std::ops::ControlFlow;

use super::ladder::{Direction, PriceLadder};
use super::{OrderBook, PriceLevel, RestingOrder};
use crate::index::IdIndex;
use crate::types::{AccountId, OrderId, Price, Quantity, Side};

const NONE: u32 = u32::MAX;

/// Price-time priority in O(1) per order and O(height of the ladder) per level.
#[derive(Debug, Default)]
pub struct PriceTimeBook {
    bids: Half,
    asks: Half,
    levels: Slab<Level>,
    orders: Slab<Node>,
    by_id: IdIndex<u32>,
}

/// One side.
#[derive(Debug)]
struct Half {
    ladder: PriceLadder,
    /// Slot of the best level, [`NONE`] while the side is empty: what matching asks for all the time.
    best: u32,
}

impl Default for Half {
    fn default() -> Self {
        Self { ladder: PriceLadder::default(), best: NONE }
    }
}

#[derive(Debug)]
struct Level {
    price: Price,
    side: Side,
    quantity: u128,
    orders: u32,
    head: u32,
    tail: u32,
}

#[derive(Debug)]
struct Node {
    id: OrderId,
    account: AccountId,
    quantity: Quantity,
    level: u32,
    prev: u32,
    next: u32,
}

impl PriceTimeBook {
    fn half(&self, side: Side) -> &Half {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn half_mut(&mut self, side: Side) -> &mut Half {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// The level at a price, made if there is none.
    fn level_at(&mut self, side: Side, price: Price) -> u32 {
        let best = self.half(side).best;
        if best != NONE && self.levels.get(best).price == price {
            return best;
        }
        if let Some(level) = self.half(side).ladder.get(price) {
            return level;
        }
        let level = self.levels.take(Level { price, side, quantity: 0, orders: 0, head: NONE, tail: NONE });
        let improves = best == NONE || side.is_better(price, self.levels.get(best).price);
        let half = self.half_mut(side);
        half.ladder.insert(price, level);
        if improves {
            half.best = level;
        }
        level
    }

    /// Takes an order out of its queue, and its level out of the ladder if it was the last.
    fn unlink(&mut self, slot: u32) -> RestingOrder {
        let node = self.orders.release(slot);
        if node.prev != NONE {
            self.orders.get_mut(node.prev).next = node.next;
        }
        if node.next != NONE {
            self.orders.get_mut(node.next).prev = node.prev;
        }
        let level = self.levels.get_mut(node.level);
        if level.head == slot {
            level.head = node.next;
        }
        if level.tail == slot {
            level.tail = node.prev;
        }
        level.orders -= 1;
        level.quantity -= u128::from(node.quantity.0);
        let (side, price) = (level.side, level.price);
        if level.orders == 0 {
            assert!(level.quantity == 0 && level.head == NONE && level.tail == NONE, "a phantom level");
            self.drop_level(node.level, side, price);
        }
        RestingOrder { id: node.id, account: node.account, side, price, quantity: node.quantity }
    }

    fn drop_level(&mut self, slot: u32, side: Side, price: Price) {
        self.levels.release(slot);
        let half = self.half_mut(side);
        half.ladder.remove(price);
        if half.best == slot {
            half.best = half.ladder.first(outward(side)).map_or(NONE, |(_, level)| level);
        }
    }

    fn resting(&self, slot: u32) -> RestingOrder {
        let node = self.orders.get(slot);
        let level = self.levels.get(node.level);
        RestingOrder {
            id: node.id,
            account: node.account,
            side: level.side,
            price: level.price,
            quantity: node.quantity,
        }
    }
}

impl OrderBook for PriceTimeBook {
    fn insert(&mut self, order: RestingOrder) {
        assert!(!order.quantity.is_zero(), "an order without quantity can't rest: {order:?}");
        let at = self.level_at(order.side, order.price);
        let level = self.levels.get_mut(at);
        let prev = level.tail;
        let slot = self.orders.take(Node {
            id: order.id,
            account: order.account,
            quantity: order.quantity,
            level: at,
            prev,
            next: NONE,
        });
        level.tail = slot;
        if prev == NONE {
            level.head = slot;
        } else {
            self.orders.get_mut(prev).next = slot;
        }
        level.orders = level.orders.checked_add(1).expect("fewer than 2^32 orders at a level");
        level.quantity += u128::from(order.quantity.0);
        self.by_id.insert(order.id.0, slot);
    }

    fn remove(&mut self, id: OrderId) -> Option<RestingOrder> {
        let slot = self.by_id.remove(id.0)?;
        Some(self.unlink(slot))
    }

    fn get(&self, id: OrderId) -> Option<RestingOrder> {
        self.by_id.get(id.0).map(|&slot| self.resting(slot))
    }

    fn front(&self, side: Side) -> Option<RestingOrder> {
        let best = self.half(side).best;
        (best != NONE).then(|| self.resting(self.levels.get(best).head))
    }

    fn fill_front(&mut self, side: Side, quantity: Quantity) {
        let best = self.half(side).best;
        assert!(best != NONE, "a fill of an empty side");
        let level = self.levels.get_mut(best);
        let slot = level.head;
        let node = self.orders.get_mut(slot);
        if quantity < node.quantity {
            node.quantity -= quantity;
            level.quantity -= u128::from(quantity.0);
            return;
        }
        assert!(quantity == node.quantity, "a fill of {quantity:?} beyond what rests: {node:?}");
        let id = node.id;
        self.by_id.remove(id.0);
        self.unlink(slot);
    }

    fn for_each_level(&self, side: Side, mut visit: impl FnMut(PriceLevel) -> ControlFlow<()>) {
        let half = self.half(side);
        let mut at = (half.best != NONE).then_some(half.best);
        while let Some(slot) = at {
            let Level { price, quantity, orders, .. } = *self.levels.get(slot);
            if visit(PriceLevel { price, quantity, orders }).is_break() {
                return;
            }
            at = half.ladder.next(price, outward(side)).map(|(_, level)| level);
        }
    }

    fn len(&self) -> usize {
        self.by_id.len()
    }

    fn check_invariants(&self) {
        let mut seen = 0;
        for side in [Side::Buy, Side::Sell] {
            let half = self.half(side);
            let first = half.ladder.first(outward(side));
            assert_eq!(first.map_or(NONE, |(_, level)| level), half.best, "the cached best is stale");
            let (mut levels, mut before) = (0, None);
            self.for_each_level(side, |level| {
                assert!(
                    before.is_none_or(|before| side.is_better(before, level.price)),
                    "levels out of order"
                );
                before = Some(level.price);
                levels += 1;
                let slot = half.ladder.get(level.price).expect("a visited level is in the ladder");
                let (mut at, mut prev) = (self.levels.get(slot).head, NONE);
                let (mut quantity, mut orders) = (0_u128, 0);
                while at != NONE {
                    let node = self.orders.get(at);
                    assert!(node.level == slot && node.prev == prev && !node.quantity.is_zero());
                    assert_eq!(self.by_id.get(node.id.0), Some(&at));
                    quantity += u128::from(node.quantity.0);
                    orders += 1;
                    (prev, at) = (at, node.next);
                }
                assert_eq!(self.levels.get(slot).tail, prev);
                assert_eq!(
                    (level.quantity, level.orders),
                    (quantity, orders),
                    "a level is not its orders' sum"
                );
                assert!(orders > 0, "a phantom level");
                seen += orders as usize;
                ControlFlow::Continue(())
            });
            assert_eq!(levels, half.ladder.len());
        }
        assert_eq!(seen, self.by_id.len());
        if let (Some(bid), Some(ask)) = (self.best_price(Side::Buy), self.best_price(Side::Sell)) {
            assert!(bid < ask, "crossed book: {bid:?} {ask:?}");
        }
    }
}

/// From the best price towards worse ones: down among bids, up among asks.
fn outward(side: Side) -> Direction {
    match side {
        Side::Buy => Direction::Down,
        Side::Sell => Direction::Up,
    }
}

/// Slots that are reused last-in-first-out; grows and never shrinks.
#[derive(Debug)]
struct Slab<T> {
    slots: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    fn take(&mut self, value: T) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.slots[slot as usize] = Some(value);
            return slot;
        }
        let slot = u32::try_from(self.slots.len()).expect("fewer than 2^32 slots");
        assert!(slot != NONE, "fewer than 2^32 - 1 slots");
        self.slots.push(Some(value));
        slot
    }

    fn release(&mut self, slot: u32) -> T {
        let value = self.slots[slot as usize].take().expect("a slot is released once");
        self.free.push(slot);
        value
    }

    fn get(&self, slot: u32) -> &T {
        self.slots[slot as usize].as_ref().expect("a slot in use")
    }

    fn get_mut(&mut self, slot: u32) -> &mut T {
        self.slots[slot as usize].as_mut().expect("a slot in use")
    }
}
