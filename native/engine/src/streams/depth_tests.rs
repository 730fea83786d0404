//! A book that is added up late is the one that is added up at once.

use std::collections::BTreeMap;

use super::*;
use crate::streams::log::LOG_MAX;

/// A book that nobody could get wrong, and the events that lead to it.
#[derive(Default)]
struct Naive {
    state: u64,
    seq: u64,
    last: u64,
    /// In the order of time.
    orders: Vec<(OrderId, Side, Price, u64)>,
}

impl Naive {
    fn below(&mut self, bound: usize) -> usize {
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.state >> 33) % bound as u64).unwrap()
    }

    fn event(&mut self) -> BookEvent {
        self.seq += 1;
        let kind = match self.below(10) {
            _ if self.orders.len() > 100 => BookEventKind::Removed,
            0..5 => BookEventKind::Added,
            5..7 => BookEventKind::Removed,
            7 => BookEventKind::Reduced,
            _ => BookEventKind::Executed,
        };
        let (order, side, price, quantity, left);
        if kind == BookEventKind::Added || self.orders.is_empty() {
            self.last += 1;
            let prices = self.below(12) as u64;
            (order, side) = (OrderId(self.last), if self.below(2) == 0 { Side::Buy } else { Side::Sell });
            price = Price(if side == Side::Buy { 50 - prices } else { 51 + prices });
            quantity = 1 + self.below(9) as u64;
            left = quantity;
            self.orders.push((order, side, price, quantity));
            return self.of(BookEventKind::Added, (order, side, price), quantity, left);
        }
        let at = self.below(self.orders.len());
        let shown;
        (order, side, price, shown) = self.orders[at];
        quantity = if kind == BookEventKind::Removed {
            shown
        } else {
            1 + self.below(usize::try_from(shown).unwrap()) as u64
        };
        left = shown - quantity;
        if left == 0 {
            self.orders.remove(at);
        } else {
            self.orders[at].3 = left;
        }
        self.of(kind, (order, side, price), quantity, left)
    }

    fn of(
        &self,
        kind: BookEventKind,
        (order, side, price): (OrderId, Side, Price),
        quantity: u64,
        left: u64,
    ) -> BookEvent {
        BookEvent {
            symbol: SymbolId(3),
            seq: self.seq,
            at: Timestamp(self.seq),
            cause: Lsn(self.seq),
            order,
            side,
            price,
            kind,
            quantity: Quantity(quantity),
            left: Quantity(left),
        }
    }

    fn start(&self) -> BookStart {
        let side = |wanted| {
            let mut orders: Vec<_> = self.orders.iter().filter(|order| order.1 == wanted).collect();
            orders.sort_by_key(|order| if wanted == Side::Buy { u64::MAX - order.2.0 } else { order.2.0 });
            orders.into_iter().map(|&(order, _, price, shown)| (order, price, Quantity(shown))).collect()
        };
        BookStart {
            symbol: SymbolId(3),
            seq: self.seq,
            at: Timestamp(self.seq),
            cause: Lsn(self.seq),
            bids: side(Side::Buy),
            asks: side(Side::Sell),
        }
    }

    fn levels(&self, side: Side) -> BTreeMap<Price, (u128, u32)> {
        let mut levels = BTreeMap::<Price, (u128, u32)>::new();
        for &(_, _, price, shown) in self.orders.iter().filter(|order| order.1 == side) {
            let level = levels.entry(price).or_default();
            *level = (level.0 + u128::from(shown), level.1 + 1);
        }
        levels
    }
}

/// Who is told of levels now and then.
struct Follower {
    every: u64,
    told: Option<u64>,
    levels: [BTreeMap<Price, (u128, u32)>; 2],
    snapshots: u32,
}

impl Follower {
    fn new(every: u64) -> Self {
        Self { every, told: None, levels: Default::default(), snapshots: 0 }
    }

    fn look(&mut self, book: &mut DepthBook) {
        let [mut bids, mut asks] = [Vec::new(), Vec::new()];
        book.fold_levels().unwrap();
        if self.told.and_then(|told| book.changed_since(told, &mut bids, &mut asks)).is_none() {
            self.snapshots += 1;
            self.levels = Default::default();
            book.best(Side::Buy, usize::MAX, &mut bids);
            book.best(Side::Sell, usize::MAX, &mut asks);
        }
        self.told = Some(book.history_end());
        assert!(bids.is_sorted_by(|a, b| a.price > b.price) && asks.is_sorted_by(|a, b| a.price < b.price));
        for (levels, told) in self.levels.iter_mut().zip([bids, asks]) {
            for PriceLevel { price, quantity, orders } in told {
                if quantity == 0 {
                    levels.remove(&price);
                } else {
                    levels.insert(price, (quantity, orders));
                }
            }
        }
    }
}

fn play(seed: u64, mut each: impl FnMut(u64, &mut Naive, &mut DepthBook)) {
    let mut naive = Naive { state: seed, ..Naive::default() };
    let mut book = DepthBook::new(SymbolId(3));
    book.start(&naive.start());
    for number in 1..=60_000 {
        let event = naive.event();
        book.apply(&event).unwrap();
        each(number, &mut naive, &mut book);
    }
}

/// Conflated or not, and behind what is remembered, a consumer's levels are those of the book.
#[test]
fn levels_are_those_of_the_book_however_seldom_somebody_looks() {
    let mut followers = [1, 3, 50, 1_000, LOG_MAX as u64, 20_000].map(Follower::new);
    play(1, |number, naive, book| {
        for follower in followers.iter_mut().filter(|follower| number.is_multiple_of(follower.every)) {
            follower.look(book);
            assert_eq!(
                follower.levels,
                [Side::Buy, Side::Sell].map(|side| naive.levels(side)),
                "at {number}"
            );
        }
    });
    assert_eq!(followers.map(|follower| follower.snapshots), [1, 1, 1, 1, 1, 3]);
}

/// Orders are those of the book, each at its place, whenever they are asked for.
#[test]
fn orders_are_those_of_the_book_however_seldom_somebody_asks() {
    for every in [1_000, 7_919, 20_000, 59_999] {
        play(every, |number, naive, book| {
            if number == 1 {
                book.want_orders();
                assert_eq!(book.orders_generation(), None, "nothing is known of them");
                book.start(&naive.start());
            }
            if number.is_multiple_of(every) {
                assert_eq!(book.all_orders().unwrap(), naive.start(), "at {number}");
            }
        });
    }
}

/// Who begins to want orders does not trouble those who follow levels.
#[test]
fn a_start_says_nothing_new_of_levels_that_are_known() {
    let mut followers = [1, 60, 9_000].map(Follower::new);
    play(5, |number, naive, book| {
        if number.is_multiple_of(10_000) {
            if number.is_multiple_of(20_000) {
                book.want_orders();
            } else {
                book.leave_orders();
            }
            book.start(&naive.start());
        }
        for follower in followers.iter_mut().filter(|follower| number.is_multiple_of(follower.every)) {
            follower.look(book);
            assert_eq!((follower.snapshots, book.generation()), (1, 1));
            assert_eq!(
                follower.levels,
                [Side::Buy, Side::Sell].map(|side| naive.levels(side)),
                "at {number}"
            );
        }
        if book.orders_generation().is_some() && number % 100 == 99 {
            assert_eq!(book.all_orders().unwrap(), naive.start(), "at {number}");
        }
    });
}

/// What was lost is in the next start, and everybody begins anew.
#[test]
fn what_was_lost_is_in_the_next_start() {
    let mut naive = Naive::default();
    let mut book = DepthBook::new(SymbolId(3));
    book.want_orders();
    book.start(&naive.start());
    let mut follower = Follower::new(1);
    for _ in 0..500 {
        book.apply(&naive.event()).unwrap();
    }
    follower.look(&mut book);
    book.lose();
    assert!(!book.is_live());
    for _ in 0..500 {
        book.apply(&naive.event()).unwrap();
    }
    book.start(&naive.start());
    assert_eq!((book.generation(), book.orders_generation()), (2, Some(2)));
    assert_eq!(book.all_orders().unwrap(), naive.start());
    assert!(book.changed_since(follower.told.unwrap() - 1, &mut Vec::new(), &mut Vec::new()).is_none());
    follower.told = None;
    follower.look(&mut book);
    assert_eq!(follower.levels, [Side::Buy, Side::Sell].map(|side| naive.levels(side)));
}

/// An event of an order that is not there is found out, at once or when it is added up.
#[test]
fn what_cannot_be_is_found_out() {
    let mut naive = Naive::default();
    let mut book = DepthBook::new(SymbolId(3));
    book.want_orders();
    book.start(&naive.start());
    let added = naive.event();
    book.apply(&added).unwrap();
    let other = BookEvent { order: OrderId(77), kind: BookEventKind::Removed, left: Quantity(0), ..added };
    book.apply(&other).unwrap();
    assert_eq!(book.fold_levels(), Ok(()), "the level would be right");
    assert_eq!(book.all_orders(), Err(Mismatch), "but not the orders");
    let early = BookEvent { seq: 0, ..naive.event() };
    assert_eq!(book.apply(&early), Err(Mismatch));
}
