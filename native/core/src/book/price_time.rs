//! The book that runs: a price ladder per side over levels with intrusive first-in-first-out queues.
//!
//! Orders and levels live in one slab ([`super::slab`]) and are chained by index; an order is found by its id through
//! a compact table, unlinked wherever it stands without a branch, and its slot reused. What matching and unlinking
//! read of an order is half a cache line; what is asked once in its life lies beside it, and what only icebergs have
//! lies elsewhere. A resting order takes 56 bytes, and 6 to 9 in the table. A warm book allocates nothing.

use std::hint::black_box;
use std::ops::ControlFlow;

use super::ladder::{Direction, PriceLadder};
use super::slab::{Cold, Iceberg, Icebergs, Marks, NONE, Slab};
use super::{Front, OrderBook, PriceLevel, RestingOrder};
use crate::index::SlotIndex;
use crate::types::{OrderId, Price, Quantity, Side};

/// So many orders, and what belongs to them, are in a core's own cache (below 300 KB): nothing to wait for.
const IN_CACHE_ANYWAY: usize = 4_096;

/// Price-time priority in O(1) per order and O(height of the ladder) per level.
#[derive(Debug, Default)]
pub struct PriceTimeBook {
    slab: Slab,
    /// Bids, asks.
    halves: [Half; 2],
    by_id: SlotIndex,
    icebergs: Icebergs,
}

/// One side.
#[derive(Debug)]
struct Half {
    /// Slot of the best level, [`NONE`] while the side is empty: what matching asks for all the time.
    best: u32,
    best_price: Price,
    ladder: PriceLadder,
}

impl Default for Half {
    fn default() -> Self {
        Self { best: NONE, best_price: Price::ZERO, ladder: PriceLadder::default() }
    }
}

impl PriceTimeBook {
    #[inline(always)]
    fn half(&self, side: Side) -> &Half {
        &self.halves[side as usize]
    }

    /// The level at a price, made if there is none.
    #[inline(always)]
    fn level_at(&mut self, side: Side, price: Price) -> u32 {
        let half = &mut self.halves[side as usize];
        if half.best != NONE && half.best_price == price {
            return half.best;
        }
        let level = half.ladder.get_or_insert(price, || self.slab.take_level(price));
        // As `is_better`, but without a branch on the side, which nobody can guess; the prices differ here.
        let is_better = (price < half.best_price) == (side == Side::Sell);
        if half.best == NONE || is_better {
            (half.best, half.best_price) = (level, price);
        }
        level
    }

    #[inline(always)]
    fn slot_of(&self, id: OrderId) -> Option<u32> {
        self.by_id.get(id.0, |slot| self.slab.get(slot).id().0)
    }

    /// Takes an order, whose id is forgotten already, out of its queue, and its level out of the ladder if it was
    /// the last.
    #[inline(always)]
    fn unlink(&mut self, slot: u32) {
        let node = *self.slab.get(slot);
        self.slab.unlink(slot);
        if node.marks().is_iceberg() {
            self.icebergs.release(self.slab.cold(slot).total);
        }
        self.slab.release(slot);
        let level = self.slab.get_mut(node.level());
        level.count_out(node.shown());
        if level.orders() == 0 {
            self.drop_level(node.level(), node.marks().side());
        }
    }

    #[inline(always)]
    fn drop_level(&mut self, slot: u32, side: Side) {
        let level = self.slab.get(slot);
        assert!(level.sum() == 0 && level.next == slot && level.prev == slot, "a phantom level");
        let price = level.price();
        self.slab.release(slot);
        let half = &mut self.halves[side as usize];
        half.ladder.remove(price);
        if half.best == slot {
            (half.best_price, half.best) =
                half.ladder.next(price, outward(side)).unwrap_or((Price::ZERO, NONE));
        }
    }

    /// The front order of a level has used up its slice: the next one goes to the back. False if there is none.
    fn requeue(&mut self, level: u32, slot: u32) -> bool {
        let iceberg = self.icebergs.get_mut(self.slab.cold(slot).total);
        if iceberg.hidden.is_zero() {
            return false;
        }
        let slice = iceberg.display.min(iceberg.hidden);
        iceberg.hidden -= slice;
        let node = self.slab.get_mut(slot);
        let used = node.shown();
        node.show(slice);
        node.mark(Marks::TOUCHED);
        self.slab.unlink(slot);
        self.slab.link_last(slot, level);
        let level = self.slab.get_mut(level);
        level.subtract(used);
        level.add(slice);
        true
    }

    #[inline(always)]
    fn resting(&self, slot: u32) -> RestingOrder {
        let (node, cold) = (self.slab.get(slot), self.slab.cold(slot));
        let marks = node.marks();
        let Iceberg { hidden, display, total } = if marks.is_iceberg() {
            *self.icebergs.get(cold.total)
        } else {
            Iceberg { hidden: Quantity::ZERO, display: Quantity::ZERO, total: Quantity(cold.total) }
        };
        RestingOrder {
            id: node.id(),
            account: cold.account(),
            side: marks.side(),
            price: self.slab.get(node.level()).price(),
            shown: node.shown(),
            hidden,
            display,
            total,
            fees: cold.fees(),
            stp_group: cold.group(),
            stp: marks.stp(),
            flags: marks.flags(),
        }
    }
}

impl OrderBook for PriceTimeBook {
    fn reserve(&mut self, orders: usize) {
        self.slab.reserve(orders);
        self.by_id.reserve(self.by_id.len() + orders, |slot| self.slab.get(slot).id().0);
    }

    #[inline(always)]
    fn insert(&mut self, order: RestingOrder) {
        order.check();
        let total = if order.display.is_zero() {
            order.total.0
        } else {
            let RestingOrder { hidden, display, total, .. } = order;
            self.icebergs.take(Iceberg { hidden, display, total })
        };
        let level = self.level_at(order.side, order.price);
        let slot = self.slab.take_order(&order, Cold::of(&order, total), level);
        self.by_id.insert(order.id.0, slot, |slot| self.slab.get(slot).id().0);
    }

    #[inline(always)]
    fn remove(&mut self, id: OrderId) -> Option<RestingOrder> {
        let slot = self.by_id.remove(id.0, |slot| self.slab.get(slot).id().0)?;
        let order = self.resting(slot);
        self.unlink(slot);
        Some(order)
    }

    #[inline]
    fn get(&self, id: OrderId) -> Option<RestingOrder> {
        self.slot_of(id).map(|slot| self.resting(slot))
    }

    #[inline(always)]
    fn front(&self, side: Side) -> Option<RestingOrder> {
        let best = self.half(side).best;
        (best != NONE).then(|| self.resting(self.slab.get(best).next))
    }

    #[inline(always)]
    fn take_front(&mut self, side: Side, quantity: Quantity) -> Front {
        let best = self.half(side).best;
        assert!(best != NONE, "a fill of an empty side");
        let slot = self.slab.get(best).next;
        let node = self.slab.get_mut(slot);
        let shown = node.shown();
        if quantity < shown {
            node.show(shown - quantity);
            node.mark(Marks::TOUCHED);
            self.slab.get_mut(best).subtract(quantity);
            return Front::Stays;
        }
        assert!(quantity == shown, "a fill of {quantity:?} beyond what rests: {node:?}");
        let id = node.id();
        if node.marks().is_iceberg() && self.requeue(best, slot) {
            return Front::Requeued;
        }
        self.by_id.remove(id.0, |slot| self.slab.get(slot).id().0).expect("who rests has an id");
        self.unlink(slot);
        Front::Gone
    }

    fn shrink(&mut self, id: OrderId, left: Quantity, total: Quantity) {
        let slot = self.slot_of(id).expect("an order that shrinks rests");
        let node = self.slab.get_mut(slot);
        let (before, level) = (node.shown(), node.level());
        let is_iceberg = node.marks().is_iceberg();
        let shown = before.min(left);
        node.show(shown);
        let cold = self.slab.cold_mut(slot);
        let mut hidden = Quantity::ZERO;
        if is_iceberg {
            let iceberg = self.icebergs.get_mut(cold.total);
            hidden = std::mem::replace(&mut iceberg.hidden, left - shown);
            iceberg.total = total;
        } else {
            cold.total = total.0;
        }
        assert!(
            !left.is_zero() && left <= before + hidden && left <= total,
            "{left:?} of {total:?} can't stay of {before:?} and {hidden:?}"
        );
        self.slab.get_mut(level).subtract(before - shown);
    }

    fn forget_sibling(&mut self, id: OrderId) {
        let slot = self.slot_of(id).expect("an order that loses its sibling rests");
        self.slab.get_mut(slot).unmark(Marks::HAS_SIBLING);
    }

    #[inline]
    fn look_ahead(&self, id: OrderId) {
        if self.len() < IN_CACHE_ANYWAY {
            return;
        }
        // Safe code can't ask for a line without waiting for it, but nothing here depends on what is read but where to
        // read next: the processor has several orders' reads under way at once.
        if let Some(slot) = self.slot_of(id) {
            let node = self.slab.get(slot);
            black_box(self.slab.get(node.prev).next);
            black_box(self.slab.get(node.next).prev);
            black_box(self.slab.get(node.level()).orders());
            black_box(self.slab.cold(slot).total);
        }
    }

    #[inline]
    fn best_price(&self, side: Side) -> Option<Price> {
        let half = self.half(side);
        (half.best != NONE).then_some(half.best_price)
    }

    fn for_each_order(&self, side: Side, mut visit: impl FnMut(RestingOrder) -> ControlFlow<()>) {
        let half = self.half(side);
        let mut at = (half.best != NONE).then_some((half.best_price, half.best));
        while let Some((price, level)) = at {
            let mut slot = self.slab.get(level).next;
            while slot != level {
                if visit(self.resting(slot)).is_break() {
                    return;
                }
                slot = self.slab.get(slot).next;
            }
            at = half.ladder.next(price, outward(side));
        }
    }

    fn for_each_level(&self, side: Side, mut visit: impl FnMut(PriceLevel) -> ControlFlow<()>) {
        let half = self.half(side);
        let mut at = (half.best != NONE).then_some((half.best_price, half.best));
        while let Some((price, level)) = at {
            let level = self.slab.get(level);
            if visit(PriceLevel { price, quantity: level.sum(), orders: level.orders() }).is_break() {
                return;
            }
            at = half.ladder.next(price, outward(side));
        }
    }

    fn len(&self) -> usize {
        self.by_id.len()
    }

    fn check_invariants(&self) {
        let (mut seen, mut icebergs, mut levels_seen) = (0, 0, 0);
        for side in [Side::Buy, Side::Sell] {
            let half = self.half(side);
            let best = (half.best != NONE).then_some((half.best_price, half.best));
            assert_eq!(half.ladder.first(outward(side)), best, "the cached best is stale");
            let (mut levels, mut before) = (0, None);
            self.for_each_level(side, |level| {
                assert!(
                    before.is_none_or(|before| side.is_better(before, level.price)),
                    "levels out of order"
                );
                before = Some(level.price);
                levels += 1;
                let slot = half.ladder.get(level.price).expect("a visited level is in the ladder");
                assert_eq!(self.slab.get(slot).price(), level.price);
                let (mut at, mut prev) = (self.slab.get(slot).next, slot);
                let (mut quantity, mut orders) = (0_u128, 0);
                while at != slot {
                    let node = self.slab.get(at);
                    assert!(node.level() == slot && node.prev == prev && node.marks().side() == side);
                    assert_eq!(self.slot_of(node.id()), Some(at));
                    self.resting(at).check();
                    icebergs += usize::from(node.marks().is_iceberg());
                    quantity += u128::from(node.shown().0);
                    orders += 1;
                    (prev, at) = (at, node.next);
                }
                assert_eq!(self.slab.get(slot).prev, prev);
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
            levels_seen += levels;
        }
        assert_eq!(seen, self.by_id.len());
        assert_eq!(seen + levels_seen, self.slab.count().0, "a node in use that is nobody's");
        assert_eq!(icebergs, self.icebergs.in_use(), "an iceberg's hidden part without its order");
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fees::FeeRates;
    use crate::order::StpMode;
    use crate::types::AccountId;

    #[test]
    fn a_resting_order_takes_no_more_than_64_bytes() {
        const ORDERS: u64 = 1_000_000;
        let mut book = PriceTimeBook::default();
        for n in 1..=ORDERS {
            let (side, price) =
                if n % 2 == 0 { (Side::Buy, 500_000 - n % 5_000) } else { (Side::Sell, 500_001 + n % 5_000) };
            book.insert(RestingOrder {
                id: OrderId(n * 3),
                account: AccountId(n % 1_000 + 1),
                side,
                price: Price(price),
                shown: Quantity(1),
                hidden: Quantity(0),
                display: Quantity(0),
                total: Quantity(1),
                fees: FeeRates::default(),
                stp_group: None,
                stp: StpMode::default(),
                flags: crate::book::RestingFlags::default(),
            });
        }
        let ladders: usize = book.halves.iter().map(|half| half.ladder.bytes()).sum();
        let bytes = book.slab.bytes() + book.by_id.bytes() + ladders;
        // 62.6 with 5,000 levels: 56 for the order, 6.3 in the table of ids.
        assert!(bytes <= 64 * 1_000_000, "{bytes} bytes for a million orders");
    }
}
