//! The book that runs: a price ladder per side over levels with intrusive first-in-first-out queues.
//!
//! Orders live in one slab and are chained by index within their level; an order is found by id through an
//! index, unlinked in O(1) wherever it stands, and its slot reused. Levels live in a slab of their own, and so
//! does what only icebergs have, so that every order is one cache line. A warm book allocates nothing. (The
//! index is a hash map, which may still double once after its first peak, when removed ids have used up its
//! spare room.)

use std::ops::ControlFlow;

use super::ladder::{Direction, PriceLadder};
use super::{Front, OrderBook, PriceLevel, RestingFlags, RestingOrder};
use crate::fees::FeeRates;
use crate::index::IdIndex;
use crate::order::StpMode;
use crate::types::{AccountId, OrderId, Price, Quantity, Side, StpGroup};

const NONE: u32 = u32::MAX;

/// Price-time priority in O(1) per order and O(height of the ladder) per level.
#[derive(Debug, Default)]
pub struct PriceTimeBook {
    bids: Half,
    asks: Half,
    levels: Slab<Level>,
    orders: Slab<Node>,
    icebergs: Slab<Iceberg>,
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

/// An order in its queue. Matching touches one of these per fill, wherever it lies in the slab.
#[derive(Debug)]
#[repr(align(64))]
struct Node {
    id: OrderId,
    account: AccountId,
    shown: Quantity,
    total: Quantity,
    fees: FeeRates,
    /// Zero for none: groups begin at 1.
    stp_group: u32,
    level: u32,
    prev: u32,
    next: u32,
    /// Slot of what is hidden, [`NONE`] for all but icebergs.
    iceberg: u32,
    stp: StpMode,
    flags: PackedFlags,
}

/// One cache line, with room for the slab's mark of a free slot.
const _: () = assert!(size_of::<Option<Node>>() == 64);

/// What an iceberg has besides.
#[derive(Debug)]
struct Iceberg {
    hidden: Quantity,
    display: Quantity,
}

/// [`RestingFlags`] in a byte.
#[derive(Clone, Copy, Debug)]
struct PackedFlags(u8);

impl PackedFlags {
    const POST_ONLY: u8 = 1;
    const EXPIRES: u8 = 1 << 1;
    const HAS_SIBLING: u8 = 1 << 2;
    const TOUCHED: u8 = 1 << 3;
    const HAS_EXTRAS: u8 = 1 << 4;

    fn pack(flags: RestingFlags) -> Self {
        let RestingFlags { post_only, expires, has_sibling, touched, has_extras } = flags;
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        Self(
            bit(post_only, Self::POST_ONLY)
                | bit(expires, Self::EXPIRES)
                | bit(has_sibling, Self::HAS_SIBLING)
                | bit(touched, Self::TOUCHED)
                | bit(has_extras, Self::HAS_EXTRAS),
        )
    }

    fn unpack(self) -> RestingFlags {
        let has = |bit: u8| self.0 & bit != 0;
        RestingFlags {
            post_only: has(Self::POST_ONLY),
            expires: has(Self::EXPIRES),
            has_sibling: has(Self::HAS_SIBLING),
            touched: has(Self::TOUCHED),
            has_extras: has(Self::HAS_EXTRAS),
        }
    }
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
        let order = self.resting(slot);
        let node = self.orders.release(slot);
        if node.iceberg != NONE {
            self.icebergs.release(node.iceberg);
        }
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
        level.quantity -= u128::from(node.shown.0);
        if level.orders == 0 {
            assert!(level.quantity == 0 && level.head == NONE && level.tail == NONE, "a phantom level");
            self.drop_level(node.level, order.side, order.price);
        }
        order
    }

    /// The front order of a level has used up its slice: the next one goes to the back. False if there is none.
    fn requeue(&mut self, level_slot: u32, slot: u32) -> bool {
        let node = self.orders.get_mut(slot);
        let iceberg = self.icebergs.get_mut(node.iceberg);
        if iceberg.hidden.is_zero() {
            return false;
        }
        let slice = iceberg.display.min(iceberg.hidden);
        iceberg.hidden -= slice;
        let used = node.shown;
        node.shown = slice;
        node.flags.0 |= PackedFlags::TOUCHED;
        let level = self.levels.get_mut(level_slot);
        level.quantity = level.quantity - u128::from(used.0) + u128::from(slice.0);
        if level.tail == slot {
            return true; // Alone at its price: the back is the front.
        }
        let (second, last) = (node.next, level.tail);
        (node.prev, node.next) = (last, NONE);
        (level.head, level.tail) = (second, slot);
        self.orders.get_mut(second).prev = NONE;
        self.orders.get_mut(last).next = slot;
        true
    }

    fn drop_level(&mut self, slot: u32, side: Side, price: Price) {
        self.levels.release(slot);
        let half = self.half_mut(side);
        half.ladder.remove(price);
        if half.best == slot {
            half.best = half.ladder.first(outward(side)).map_or(NONE, |(_, level)| level);
        }
    }

    #[inline(always)]
    fn resting(&self, slot: u32) -> RestingOrder {
        let node = self.orders.get(slot);
        let level = self.levels.get(node.level);
        let (hidden, display) = if node.iceberg == NONE {
            (Quantity::ZERO, Quantity::ZERO)
        } else {
            let Iceberg { hidden, display } = *self.icebergs.get(node.iceberg);
            (hidden, display)
        };
        RestingOrder {
            id: node.id,
            account: node.account,
            side: level.side,
            price: level.price,
            shown: node.shown,
            hidden,
            display,
            total: node.total,
            fees: node.fees,
            stp_group: (node.stp_group != 0).then_some(StpGroup(node.stp_group)),
            stp: node.stp,
            flags: node.flags.unpack(),
        }
    }
}

impl OrderBook for PriceTimeBook {
    fn insert(&mut self, order: RestingOrder) {
        order.check();
        let at = self.level_at(order.side, order.price);
        let iceberg = if order.display.is_zero() {
            NONE
        } else {
            self.icebergs.take(Iceberg { hidden: order.hidden, display: order.display })
        };
        let level = self.levels.get_mut(at);
        let prev = level.tail;
        let slot = self.orders.take(Node {
            id: order.id,
            account: order.account,
            shown: order.shown,
            total: order.total,
            fees: order.fees,
            stp_group: order.stp_group.map_or(0, |group| group.0),
            level: at,
            prev,
            next: NONE,
            iceberg,
            stp: order.stp,
            flags: PackedFlags::pack(order.flags),
        });
        level.tail = slot;
        if prev == NONE {
            level.head = slot;
        } else {
            self.orders.get_mut(prev).next = slot;
        }
        level.orders = level.orders.checked_add(1).expect("fewer than 2^32 orders at a level");
        level.quantity += u128::from(order.shown.0);
        self.by_id.insert(order.id.0, slot);
    }

    fn remove(&mut self, id: OrderId) -> Option<RestingOrder> {
        let slot = self.by_id.remove(id.0)?;
        Some(self.unlink(slot))
    }

    fn get(&self, id: OrderId) -> Option<RestingOrder> {
        self.by_id.get(id.0).map(|&slot| self.resting(slot))
    }

    #[inline(always)]
    fn front(&self, side: Side) -> Option<RestingOrder> {
        let best = self.half(side).best;
        (best != NONE).then(|| self.resting(self.levels.get(best).head))
    }

    fn take_front(&mut self, side: Side, quantity: Quantity) -> Front {
        let best = self.half(side).best;
        assert!(best != NONE, "a fill of an empty side");
        let level = self.levels.get_mut(best);
        let slot = level.head;
        let node = self.orders.get_mut(slot);
        if quantity < node.shown {
            node.shown -= quantity;
            node.flags.0 |= PackedFlags::TOUCHED;
            level.quantity -= u128::from(quantity.0);
            return Front::Stays;
        }
        assert!(quantity == node.shown, "a fill of {quantity:?} beyond what rests: {node:?}");
        let id = node.id;
        if node.iceberg != NONE && self.requeue(best, slot) {
            return Front::Requeued;
        }
        self.by_id.remove(id.0);
        self.unlink(slot);
        Front::Gone
    }

    fn shrink(&mut self, id: OrderId, left: Quantity, total: Quantity) {
        let slot = *self.by_id.get(id.0).expect("an order that shrinks rests");
        let node = self.orders.get_mut(slot);
        let hidden =
            if node.iceberg == NONE { Quantity::ZERO } else { self.icebergs.get(node.iceberg).hidden };
        assert!(
            !left.is_zero() && left <= node.shown + hidden && left <= total,
            "{left:?} of {total:?} can't stay of {node:?}"
        );
        let shown = node.shown.min(left);
        if node.iceberg != NONE {
            self.icebergs.get_mut(node.iceberg).hidden = left - shown;
        }
        let level = self.levels.get_mut(node.level);
        level.quantity -= u128::from((node.shown - shown).0);
        node.shown = shown;
        node.total = total;
    }

    fn forget_sibling(&mut self, id: OrderId) {
        let slot = *self.by_id.get(id.0).expect("an order that loses its sibling rests");
        self.orders.get_mut(slot).flags.0 &= !PackedFlags::HAS_SIBLING;
    }

    fn best_price(&self, side: Side) -> Option<Price> {
        let best = self.half(side).best;
        (best != NONE).then(|| self.levels.get(best).price)
    }

    fn for_each_order(&self, side: Side, mut visit: impl FnMut(RestingOrder) -> ControlFlow<()>) {
        let half = self.half(side);
        let mut at = (half.best != NONE).then_some(half.best);
        while let Some(level_slot) = at {
            let level = self.levels.get(level_slot);
            let mut slot = level.head;
            while slot != NONE {
                if visit(self.resting(slot)).is_break() {
                    return;
                }
                slot = self.orders.get(slot).next;
            }
            at = half.ladder.next(level.price, outward(side)).map(|(_, level)| level);
        }
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
        let (mut seen, mut icebergs) = (0, 0);
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
                    assert!(node.level == slot && node.prev == prev);
                    assert_eq!(self.by_id.get(node.id.0), Some(&at));
                    self.resting(at).check();
                    icebergs += usize::from(node.iceberg != NONE);
                    quantity += u128::from(node.shown.0);
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

    fn in_use(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    fn get(&self, slot: u32) -> &T {
        self.slots[slot as usize].as_ref().expect("a slot in use")
    }

    fn get_mut(&mut self, slot: u32) -> &mut T {
        self.slots[slot as usize].as_mut().expect("a slot in use")
    }
}
