//! The book that runs, as deep as a real one: far more orders than the naive book could be asked about, against sorted
//! maps. Every answer is compared at once, the whole of both books now and then.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use lightning_core::book::{Front, OrderBook, PriceTimeBook, RestingFlags, RestingOrder};
use lightning_core::fees::FeeRates;
use lightning_core::limits::PRICE_TICKS_MAX;
use lightning_core::message::StpMode;
use lightning_core::types::{AccountId, ID_MAX, OrderId, Price, Quantity, Side, StpGroup};

/// A book by definition: orders sorted by how good their price is, then by when they came.
#[derive(Default)]
struct Sorted {
    orders: [BTreeMap<(u64, u64), RestingOrder>; 2],
    place_of: BTreeMap<u64, (Side, (u64, u64))>,
    arrivals: u64,
}

impl Sorted {
    fn place(side: Side, price: Price, arrival: u64) -> (u64, u64) {
        (if side == Side::Buy { u64::MAX - price.0 } else { price.0 }, arrival)
    }

    fn insert(&mut self, order: RestingOrder) {
        self.arrivals += 1;
        let place = Self::place(order.side, order.price, self.arrivals);
        self.orders[order.side as usize].insert(place, order);
        assert!(self.place_of.insert(order.id.0, (order.side, place)).is_none());
    }

    fn remove(&mut self, id: OrderId) -> Option<RestingOrder> {
        let (side, place) = self.place_of.remove(&id.0)?;
        self.orders[side as usize].remove(&place)
    }

    fn get(&self, id: OrderId) -> Option<RestingOrder> {
        let (side, place) = self.place_of.get(&id.0)?;
        self.orders[*side as usize].get(place).copied()
    }

    fn front(&self, side: Side) -> Option<RestingOrder> {
        self.orders[side as usize].values().next().copied()
    }

    fn take_front(&mut self, side: Side, quantity: Quantity) -> Front {
        let mut order = self.front(side).unwrap();
        if quantity < order.shown {
            order.shown -= quantity;
            order.flags.touched = true;
            *self.orders[side as usize].values_mut().next().unwrap() = order;
            return Front::Stays;
        }
        self.remove(order.id);
        if order.hidden.is_zero() {
            return Front::Gone;
        }
        order.shown = order.display.min(order.hidden);
        order.hidden -= order.shown;
        order.flags.touched = true;
        self.insert(order);
        Front::Requeued
    }

    fn change(&mut self, id: OrderId, change: impl FnOnce(&mut RestingOrder)) {
        let (side, place) = self.place_of[&id.0];
        change(self.orders[side as usize].get_mut(&place).unwrap());
    }
}

struct Pair {
    book: PriceTimeBook,
    sorted: Sorted,
    state: u64,
    issued: u64,
    /// Of all orders so far, so that one that is gone is asked for, too.
    ids: Vec<OrderId>,
    /// The last so many of them are asked for most.
    recent: u64,
    done: [u32; 6],
}

impl Pair {
    fn new(seed: u64) -> Self {
        let (book, sorted) = (PriceTimeBook::default(), Sorted::default());
        Self { book, sorted, state: seed, issued: 0, ids: Vec::new(), recent: 1, done: [0; 6] }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % bound
    }

    fn side(&mut self) -> Side {
        if self.below(2) == 0 { Side::Buy } else { Side::Sell }
    }

    fn pick(&mut self) -> OrderId {
        // Mostly one of those that still may be open.
        let count = self.ids.len() as u64;
        let back = if self.below(4) == 0 { self.below(count) } else { self.below(count.min(self.recent)) };
        self.ids[usize::try_from(count - 1 - back).unwrap()]
    }

    /// Rests at `price`, which must not cross.
    fn insert(&mut self, id: u64, side: Side, price: u64) {
        let (shown, flags) = (Quantity(self.below(50) + 1), self.below(256));
        let hidden = Quantity(if self.below(20) == 0 { self.below(100) + 1 } else { 0 });
        let more = if flags & 64 != 0 { self.below(1 << 62) } else { 0 };
        let bit = |n: u64| flags & (1 << n) != 0;
        let taker_ppm = u32::try_from(self.below(1_000_001)).unwrap();
        let order = RestingOrder {
            id: OrderId(id),
            account: AccountId(if bit(7) { ID_MAX - self.below(1_000) } else { self.below(1_000) + 1 }),
            side,
            price: Price(price),
            shown,
            hidden,
            display: if hidden.is_zero() { Quantity(0) } else { shown },
            total: Quantity(shown.0 + hidden.0 + more),
            fees: FeeRates {
                maker_ppm: i32::try_from(self.below(2_000_001)).unwrap() - 1_000_000,
                taker_ppm,
            },
            stp_group: bit(5).then_some(StpGroup(u32::try_from(self.below(1 << 32)).unwrap().max(1))),
            stp: StpMode::ALL[usize::try_from(flags % 5).unwrap()],
            flags: RestingFlags {
                post_only: bit(0),
                expires: bit(1),
                has_sibling: bit(2),
                touched: more != 0,
                has_extras: bit(3),
            },
        };
        self.book.insert(order);
        self.sorted.insert(order);
        self.ids.push(order.id);
        self.done[0] += 1;
    }

    fn step(&mut self, price: &mut impl FnMut(&mut Self, Side) -> u64, id: &mut impl FnMut(u64) -> u64) {
        match self.below(16) {
            0..=6 => {
                let side = self.side();
                let price = price(self, side);
                // What crosses it goes first.
                while let Some(front) = self.sorted.front(side.opposite())
                    && side.crosses(Price(price), front.price)
                {
                    self.take(front.side, front.shown);
                }
                self.issued += 1;
                self.insert(id(self.issued), side, price);
            }
            7..=11 => {
                let id = self.pick();
                self.book.look_ahead(id);
                let was = self.book.remove(id);
                assert_eq!(was, self.sorted.remove(id));
                self.done[usize::from(was.is_some()) + 1] += 1;
                assert_eq!(self.book.get(id), None);
            }
            12 | 13 => {
                let side = self.side();
                if let Some(front) = self.sorted.front(side) {
                    let quantity = Quantity(self.below(front.shown.0) + 1);
                    self.take(side, quantity);
                }
            }
            14 => {
                let id = self.pick();
                if let Some(order) = self.sorted.get(id) {
                    let left = Quantity(self.below(order.left().0) + 1);
                    let total = order.done() + left;
                    self.book.shrink(id, left, total);
                    self.sorted.change(id, |order| {
                        order.shown = order.shown.min(left);
                        (order.hidden, order.total) = (left - order.shown, total);
                    });
                    self.done[4] += 1;
                }
            }
            _ => {
                let id = self.pick();
                assert_eq!(self.book.get(id), self.sorted.get(id));
                if self.sorted.get(id).is_some() {
                    self.book.forget_sibling(id);
                    self.sorted.change(id, |order| order.flags.has_sibling = false);
                    self.done[5] += 1;
                }
            }
        }
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(self.book.front(side), self.sorted.front(side));
            assert_eq!(self.book.best_price(side), self.sorted.front(side).map(|front| front.price));
        }
    }

    fn take(&mut self, side: Side, quantity: Quantity) {
        assert_eq!(self.book.take_front(side, quantity), self.sorted.take_front(side, quantity));
        self.done[3] += 1;
    }

    fn compare(&self) {
        self.book.check_invariants();
        assert_eq!(self.book.len(), self.sorted.place_of.len());
        for side in [Side::Buy, Side::Sell] {
            let mut expected = self.sorted.orders[side as usize].values();
            self.book.for_each_order(side, |order| {
                assert_eq!(Some(&order), expected.next());
                ControlFlow::Continue(())
            });
            assert_eq!(expected.next(), None);
            let mut expected = self.sorted.orders[side as usize].values().peekable();
            self.book.for_each_level(side, |level| {
                let (mut quantity, mut orders) = (0, 0);
                while let Some(order) = expected.next_if(|order| order.price == level.price) {
                    quantity += u128::from(order.shown.0);
                    orders += 1;
                }
                assert_eq!((level.quantity, level.orders), (quantity, orders));
                ControlFlow::Continue(())
            });
            assert_eq!(expected.next(), None);
        }
    }

    /// Fills up to so many orders, churns, and empties it from the front.
    fn live(
        mut self,
        orders: u64,
        mut price: impl FnMut(&mut Self, Side) -> u64,
        mut id: impl FnMut(u64) -> u64,
    ) {
        self.recent = orders * 2;
        while (self.book.len() as u64) < orders {
            let side = self.side();
            let price = price(&mut self, side);
            if self.sorted.front(side.opposite()).is_none_or(|front| !side.crosses(Price(price), front.price))
            {
                self.issued += 1;
                self.insert(id(self.issued), side, price);
            }
        }
        self.compare();
        for n in 1..=60_000 {
            self.step(&mut price, &mut id);
            if n % 20_000 == 0 {
                self.compare();
            }
        }
        assert!(self.done.iter().all(|&times| times > 100), "each happens: {:?}", self.done);
        for side in [Side::Buy, Side::Sell] {
            while let Some(front) = self.sorted.front(side) {
                self.take(side, front.shown);
                assert_eq!(self.book.front(side), self.sorted.front(side));
            }
        }
        self.compare();
        assert!(self.book.is_empty());
    }
}

/// No id twice, in no order, of all sizes: a multiplication by an odd number, modulo 2^53.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) & ID_MAX
}

#[test]
fn long_queues_at_few_prices() {
    Pair::new(1).live(
        80_000,
        |pair, side| if side == Side::Buy { 100 } else { 140 } - pair.below(40),
        scattered,
    );
}

#[test]
fn a_dense_band() {
    let price = |pair: &mut Pair, side| {
        let distance = pair.below(4_000).min(pair.below(4_000));
        if side == Side::Buy { 1_000_000 - distance } else { 1_000_001 + distance }
    };
    Pair::new(2).live(80_000, price, |n| n);
}

#[test]
fn nearly_every_order_at_a_price_of_its_own() {
    let price = |pair: &mut Pair, side| {
        let middle = PRICE_TICKS_MAX / 2;
        let distance = pair.below(1 << 20) << pair.below(42);
        if side == Side::Buy { middle - distance } else { middle + 1 + distance }
    };
    Pair::new(3).live(80_000, price, |n| n * 4_096 + 7);
}

#[test]
fn a_book_that_comes_and_goes() {
    // Small, so that sides run empty, levels come and go, and the table of ids is hardly larger than its reach.
    for seed in 4..12 {
        let price = |pair: &mut Pair, _| 60 + pair.below(10);
        Pair::new(seed).live(50, price, |n| n % 64 + n / 64 * 4_096);
    }
}
