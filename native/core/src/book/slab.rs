//! Orders and levels, each a node of 32 bytes in one slab, and what of an order is seldom asked for beside it.
//!
//! The orders of a level and the level itself are chained in a circle. So an order is unlinked the same way wherever
//! it stands, without asking whether it is the first, the last or the only one: two writes, no branches.

use std::fmt;

use super::{RestingFlags, RestingOrder};
use crate::fees::FeeRates;
use crate::order::StpMode;
use crate::types::{AccountId, OrderId, Price, Quantity, Side, StpGroup};

pub(super) const NONE: u32 = u32::MAX;

/// No order has this id, no level this price.
const FREE: u64 = u64::MAX;

/// An order in its queue, or a level: half a cache line, so that neither ever lies across two.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct Node {
    /// An order's id; a level's price; [`FREE`].
    key: u64,
    /// What an order shows; the lower 64 bits of the sum of these, for a level.
    quantity: u64,
    /// Whoever came before: the level, for the first order; the last order, for the level.
    pub(super) prev: u32,
    /// Whoever came next: the level, for the last order; the first order, for the level. The next free slot.
    pub(super) next: u32,
    /// An order's level; for a level, how many orders it has.
    level: u32,
    /// An order's [`Marks`]; the upper 32 bits of a level's sum.
    marks: u32,
}

const _: () = assert!(size_of::<Node>() == 32);

impl Node {
    pub(super) fn order(order: &RestingOrder, level: u32, prev: u32) -> Self {
        let (key, quantity, marks) = (order.id.0, order.shown.0, Marks::of(order).0);
        Self { key, quantity, prev, next: level, level, marks }
    }

    /// A level without orders, once it is at its place: see [`Slab::take_level`].
    fn empty_level(price: Price, slot: u32) -> Self {
        Self { key: price.0, quantity: 0, prev: slot, next: slot, level: 0, marks: 0 }
    }

    pub(super) fn id(&self) -> OrderId {
        OrderId(self.key)
    }

    pub(super) fn shown(&self) -> Quantity {
        Quantity(self.quantity)
    }

    pub(super) fn show(&mut self, quantity: Quantity) {
        self.quantity = quantity.0;
    }

    pub(super) fn level(&self) -> u32 {
        self.level
    }

    pub(super) fn marks(&self) -> Marks {
        Marks(self.marks)
    }

    pub(super) fn mark(&mut self, mark: u32) {
        self.marks |= mark;
    }

    pub(super) fn unmark(&mut self, mark: u32) {
        self.marks &= !mark;
    }

    /// Of a level.
    pub(super) fn price(&self) -> Price {
        Price(self.key)
    }

    /// Of a level: what its orders show. Fewer than 2^32 orders of at most 2^63 lots each fit in 96 bits.
    pub(super) fn sum(&self) -> u128 {
        u128::from(self.marks) << 64 | u128::from(self.quantity)
    }

    /// Of a level.
    pub(super) fn orders(&self) -> u32 {
        self.level
    }

    /// A level gets one order more.
    pub(super) fn count_in(&mut self, shown: Quantity) {
        self.level = self.level.checked_add(1).expect("fewer than 2^32 orders at a level");
        self.add(shown);
    }

    /// A level loses an order.
    pub(super) fn count_out(&mut self, shown: Quantity) {
        self.level -= 1;
        self.subtract(shown);
    }

    /// A level's orders show more.
    pub(super) fn add(&mut self, shown: Quantity) {
        let (sum, carry) = self.quantity.overflowing_add(shown.0);
        self.quantity = sum;
        self.marks += u32::from(carry);
    }

    /// A level's orders show less.
    pub(super) fn subtract(&mut self, shown: Quantity) {
        let (sum, borrow) = self.quantity.overflowing_sub(shown.0);
        self.quantity = sum;
        self.marks -= u32::from(borrow);
    }
}

/// What is asked of an order in one word: its flags, its side, its mode.
#[derive(Clone, Copy)]
pub(super) struct Marks(u32);

impl Marks {
    pub(super) const POST_ONLY: u32 = 1;
    pub(super) const EXPIRES: u32 = 1 << 1;
    pub(super) const HAS_SIBLING: u32 = 1 << 2;
    pub(super) const TOUCHED: u32 = 1 << 3;
    pub(super) const HAS_EXTRAS: u32 = 1 << 4;
    pub(super) const SELL: u32 = 1 << 5;
    /// Most of it is with the icebergs.
    pub(super) const ICEBERG: u32 = 1 << 6;
    const STP_SHIFT: u32 = 8;

    fn of(order: &RestingOrder) -> Self {
        let RestingFlags { post_only, expires, has_sibling, touched, has_extras } = order.flags;
        let mark = |is: bool, mark: u32| if is { mark } else { 0 };
        Self(
            mark(post_only, Self::POST_ONLY)
                | mark(expires, Self::EXPIRES)
                | mark(has_sibling, Self::HAS_SIBLING)
                | mark(touched, Self::TOUCHED)
                | mark(has_extras, Self::HAS_EXTRAS)
                | mark(order.side == Side::Sell, Self::SELL)
                | mark(!order.display.is_zero(), Self::ICEBERG)
                | (order.stp as u32) << Self::STP_SHIFT,
        )
    }

    fn has(self, mark: u32) -> bool {
        self.0 & mark != 0
    }

    pub(super) fn is_iceberg(self) -> bool {
        self.has(Self::ICEBERG)
    }

    pub(super) fn side(self) -> Side {
        if self.has(Self::SELL) { Side::Sell } else { Side::Buy }
    }

    pub(super) fn stp(self) -> StpMode {
        // Not an index: what can't panic can be left out where nobody asks.
        match self.0 >> Self::STP_SHIFT {
            0 => StpMode::None,
            1 => StpMode::ExpireTaker,
            2 => StpMode::ExpireMaker,
            3 => StpMode::ExpireBoth,
            _ => StpMode::Decrement,
        }
    }

    pub(super) fn flags(self) -> RestingFlags {
        RestingFlags {
            post_only: self.has(Self::POST_ONLY),
            expires: self.has(Self::EXPIRES),
            has_sibling: self.has(Self::HAS_SIBLING),
            touched: self.has(Self::TOUCHED),
            has_extras: self.has(Self::HAS_EXTRAS),
        }
    }
}

impl fmt::Debug for Marks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {:?} {:?}", self.side(), self.stp(), self.flags())
    }
}

/// What is asked of an order when it is filled or closed, in 24 bytes.
///
/// | bits | |
/// |---:|---|
/// | 53 | its account |
/// | 63 | its whole quantity; an iceberg's place among the icebergs, which have it then |
/// | 32 | its group, zero for none |
/// | 20 | what it pays as a taker, per million |
/// | 21 | what it pays as a maker, per million, and a million |
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cold {
    /// Account, and the lowest 11 bits of the rates.
    account: u64,
    pub(super) total: u64,
    group: u32,
    /// The highest 30 bits of the rates.
    rates: u32,
}

const _: () = assert!(size_of::<Cold>() == 24);

impl Cold {
    const ACCOUNT_BITS: u32 = 53;
    const TAKER_BITS: u32 = 20;

    /// `total`: or the place of an iceberg. The order was checked, or its account and rates would not fit.
    #[expect(clippy::cast_possible_truncation, reason = "what is cut off is in the other word")]
    pub(super) fn of(order: &RestingOrder, total: u64) -> Self {
        let FeeRates { maker_ppm, taker_ppm } = order.fees;
        let maker = u64::from((maker_ppm + MILLION).unsigned_abs());
        let rates = maker << Self::TAKER_BITS | u64::from(taker_ppm);
        Self {
            account: rates << Self::ACCOUNT_BITS | order.account.0,
            total,
            group: order.stp_group.map_or(0, |group| group.0),
            rates: (rates >> (u64::BITS - Self::ACCOUNT_BITS)) as u32,
        }
    }

    pub(super) fn account(&self) -> AccountId {
        AccountId(self.account & ((1 << Self::ACCOUNT_BITS) - 1))
    }

    pub(super) fn group(&self) -> Option<StpGroup> {
        (self.group != 0).then_some(StpGroup(self.group))
    }

    #[expect(clippy::cast_possible_truncation, reason = "20 and 21 bits")]
    pub(super) fn fees(&self) -> FeeRates {
        let rates =
            u64::from(self.rates) << (u64::BITS - Self::ACCOUNT_BITS) | self.account >> Self::ACCOUNT_BITS;
        FeeRates {
            maker_ppm: (rates >> Self::TAKER_BITS) as i32 - MILLION,
            taker_ppm: (rates & ((1 << Self::TAKER_BITS) - 1)) as u32,
        }
    }
}

const MILLION: i32 = 1_000_000;

/// Slots that are reused last-in-first-out, because those are in the cache; it grows and never shrinks.
#[derive(Debug)]
pub(super) struct Slab {
    nodes: Vec<Node>,
    /// Of the order in the same slot.
    cold: Vec<Cold>,
    /// First of the free slots, which are chained.
    free: u32,
}

impl Default for Slab {
    fn default() -> Self {
        Self { nodes: Vec::new(), cold: Vec::new(), free: NONE }
    }
}

impl Slab {
    /// Room for so many more nodes.
    pub(super) fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve(nodes);
        self.cold.reserve(nodes);
    }

    #[inline(always)]
    pub(super) fn get(&self, slot: u32) -> &Node {
        &self.nodes[slot as usize]
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self, slot: u32) -> &mut Node {
        &mut self.nodes[slot as usize]
    }

    #[inline(always)]
    pub(super) fn cold(&self, slot: u32) -> &Cold {
        &self.cold[slot as usize]
    }

    #[inline(always)]
    pub(super) fn cold_mut(&mut self, slot: u32) -> &mut Cold {
        &mut self.cold[slot as usize]
    }

    /// A slot of nobody's, to be filled at once.
    #[inline(always)]
    fn take(&mut self) -> u32 {
        let slot = self.free;
        if slot == NONE {
            return self.grow();
        }
        let node = &self.nodes[slot as usize];
        assert!(node.key == FREE, "a node in use is on the free list: {node:?}");
        self.free = node.next;
        slot
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) -> u32 {
        let slot = u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes");
        assert!(slot != NONE, "fewer than 2^32 - 1 nodes");
        self.nodes.push(Node { key: FREE, quantity: 0, prev: NONE, next: NONE, level: NONE, marks: 0 });
        self.cold.push(Cold::default());
        slot
    }

    /// Puts an order at the back of a level.
    #[inline(always)]
    pub(super) fn take_order(&mut self, order: &RestingOrder, cold: Cold, level: u32) -> u32 {
        let slot = self.take();
        let last = self.nodes[level as usize].prev;
        self.nodes[slot as usize] = Node::order(order, level, last);
        self.cold[slot as usize] = cold;
        self.nodes[last as usize].next = slot;
        let level = &mut self.nodes[level as usize];
        level.prev = slot;
        level.count_in(order.shown);
        slot
    }

    /// A level without orders.
    #[inline(always)]
    pub(super) fn take_level(&mut self, price: Price) -> u32 {
        let slot = self.take();
        self.nodes[slot as usize] = Node::empty_level(price, slot);
        slot
    }

    /// Takes an order out of its circle.
    #[inline(always)]
    pub(super) fn unlink(&mut self, slot: u32) {
        let Node { prev, next, .. } = self.nodes[slot as usize];
        self.nodes[prev as usize].next = next;
        self.nodes[next as usize].prev = prev;
    }

    /// Puts an order that was unlinked at the back of its level.
    pub(super) fn link_last(&mut self, slot: u32, level: u32) {
        let last = self.nodes[level as usize].prev;
        let node = &mut self.nodes[slot as usize];
        (node.prev, node.next) = (last, level);
        self.nodes[last as usize].next = slot;
        self.nodes[level as usize].prev = slot;
    }

    /// A slot is nobody's any more.
    #[inline(always)]
    pub(super) fn release(&mut self, slot: u32) {
        let node = &mut self.nodes[slot as usize];
        assert!(node.key != FREE, "a slot is released once");
        node.key = FREE;
        node.next = self.free;
        self.free = slot;
    }

    /// Memory of what was ever in use.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        size_of_val(&*self.nodes) + size_of_val(&*self.cold)
    }

    /// Slots in use and free ones. Walks the free ones.
    pub(super) fn count(&self) -> (usize, usize) {
        let (mut free, mut at) = (0, self.free);
        while at != NONE {
            assert!(self.get(at).key == FREE);
            free += 1;
            at = self.get(at).next;
        }
        (self.nodes.len() - free, free)
    }
}

/// What icebergs have besides, each for itself: few orders are one.
#[derive(Debug, Default)]
pub(super) struct Icebergs {
    parts: Vec<Iceberg>,
    free: Vec<u32>,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Iceberg {
    pub(super) hidden: Quantity,
    pub(super) display: Quantity,
    /// The whole order.
    pub(super) total: Quantity,
}

impl Icebergs {
    pub(super) fn take(&mut self, iceberg: Iceberg) -> u64 {
        if let Some(at) = self.free.pop() {
            self.parts[at as usize] = iceberg;
            return u64::from(at);
        }
        let at = u32::try_from(self.parts.len()).expect("fewer icebergs than orders");
        self.parts.push(iceberg);
        u64::from(at)
    }

    pub(super) fn release(&mut self, at: u64) {
        self.free.push(place(at));
    }

    pub(super) fn get(&self, at: u64) -> &Iceberg {
        &self.parts[place(at) as usize]
    }

    pub(super) fn get_mut(&mut self, at: u64) -> &mut Iceberg {
        &mut self.parts[place(at) as usize]
    }

    pub(super) fn in_use(&self) -> usize {
        self.parts.len() - self.free.len()
    }
}

fn place(at: u64) -> u32 {
    u32::try_from(at).expect("an iceberg's place, where it was put")
}
