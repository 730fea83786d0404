//! The book that runs against the book that nobody could get wrong: the same random operations through
//! [`OrderBook`], everything that can be observed compared after each.

use std::ops::ControlFlow;

use lightning_core::book::{NaiveBook, OrderBook, PriceTimeBook, RestingFlags, RestingOrder};
use lightning_core::fees::FeeRates;
use lightning_core::limits::{PRICE_TICKS_MAX, QUANTITY_LOTS_MAX};
use lightning_core::order::StpMode;
use lightning_core::types::{AccountId, OrderId, Price, Quantity, Side};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    /// Trades with what crosses, as the matcher does (the book itself relies on it), and rests; an iceberg in so
    /// many slices.
    Place { side: Side, price: u64, quantity: u64, slices: u64 },
    /// To this share of what is left of it, in 256ths.
    Shrink { pick: usize, share: u8 },
    /// Of one of the orders so far, open or gone.
    Remove { pick: usize },
    /// Of an id that never was.
    RemoveUnknown { id: u64 },
    /// Of the front order: all of it, or this share of it in 256ths.
    Fill { side: Side, share: Option<u8> },
    /// Of one whole side, order by order.
    Drain { side: Side },
}

fn side() -> impl Strategy<Value = Side> + Clone {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

/// A few prices close together make queues; prices at the borders of the ladder's digits make it grow and
/// shrink; prices from anywhere make it high.
fn prices() -> impl Strategy<Value = BoxedStrategy<u64>> {
    let border = (1_u32..=10, 0_u64..3).prop_map(|(digit, offset)| (1 << (6 * digit)) - 1 + offset);
    let top = (0_u64..3).prop_map(|down| PRICE_TICKS_MAX - down);
    prop_oneof![
        Just((1_u64..=6).boxed()),
        Just((1_000_u64..1_040).boxed()),
        Just((1_u64..=5_000).boxed()),
        Just(prop_oneof![border, top, 1_u64..=3].boxed()),
        Just((1_u64..=PRICE_TICKS_MAX).boxed()),
    ]
}

fn quantity() -> impl Strategy<Value = u64> + Clone {
    prop_oneof![
        8 => 1_u64..=9,
        1 => 1_u64..=QUANTITY_LOTS_MAX,
        1 => Just(QUANTITY_LOTS_MAX),
    ]
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    prices().prop_flat_map(|price| {
        let slices = prop_oneof![3 => Just(1_u64), 1 => 2_u64..=9];
        let place = (side(), price, quantity(), slices)
            .prop_map(|(side, price, quantity, slices)| Operation::Place { side, price, quantity, slices });
        let shrink = (any::<usize>(), any::<u8>());
        let fill = (side(), proptest::option::of(any::<u8>()));
        let operation = prop_oneof![
            12 => place,
            6 => any::<usize>().prop_map(|pick| Operation::Remove { pick }),
            1 => any::<u64>().prop_map(|id| Operation::RemoveUnknown { id }),
            2 => shrink.prop_map(|(pick, share)| Operation::Shrink { pick, share }),
            3 => fill.prop_map(|(side, share)| Operation::Fill { side, share }),
            1 => side().prop_map(|side| Operation::Drain { side }),
        ];
        proptest::collection::vec(operation, 1..100)
    })
}

/// Both books, and how many orders there have been.
#[derive(Default)]
struct Pair {
    fast: PriceTimeBook,
    naive: NaiveBook,
    orders: u64,
}

impl Pair {
    fn apply(&mut self, operation: &Operation) {
        match *operation {
            Operation::Place { side, price, quantity, slices } => {
                self.place(side, Price(price), Quantity(quantity), slices);
            }
            Operation::Shrink { pick, share } => {
                let id = OrderId(pick as u64 % (self.orders + 1) + 1);
                if let Some(order) = self.naive.get(id) {
                    let left = Quantity((order.left().0 / 256 * u64::from(share)).max(1));
                    let total = order.done() + left;
                    self.fast.shrink(id, left, total);
                    self.naive.shrink(id, left, total);
                }
            }
            Operation::Remove { pick } => {
                let id = pick as u64 % (self.orders + 1) + 1; // One of them is still to come.
                assert_eq!(self.fast.remove(OrderId(id)), self.naive.remove(OrderId(id)));
            }
            Operation::RemoveUnknown { id } => {
                if id == 0 || id > self.orders {
                    assert_eq!(self.fast.remove(OrderId(id)), None);
                    assert_eq!(self.fast.get(OrderId(id)), None);
                }
            }
            Operation::Fill { side, share } => {
                if let Some(front) = self.naive.front(side) {
                    let part = |share: u8| (front.shown.0 / 256 * u64::from(share)).max(1);
                    let quantity = share.map_or(front.shown, |share| Quantity(part(share)));
                    self.fill(side, quantity);
                }
            }
            Operation::Drain { side } => self.drain(side),
        }
        self.compare();
    }

    fn place(&mut self, side: Side, price: Price, mut quantity: Quantity, slices: u64) {
        while let Some(maker) = self.naive.front(side.opposite()) {
            if quantity.is_zero() || !side.crosses(price, maker.price) {
                break;
            }
            let traded = quantity.min(maker.shown);
            self.fill(maker.side, traded);
            quantity -= traded;
        }
        self.orders += 1;
        if !quantity.is_zero() {
            let mut order = order(self.orders, price.0, quantity.0);
            (order.account, order.side) = (AccountId(self.orders % 3 + 1), side);
            if slices > 1 {
                order.display = Quantity(quantity.0.div_ceil(slices));
                (order.shown, order.hidden) = (order.display, quantity - order.display);
            }
            self.fast.insert(order);
            self.naive.insert(order);
        }
    }

    fn fill(&mut self, side: Side, quantity: Quantity) {
        assert_eq!(self.fast.front(side), self.naive.front(side));
        assert_eq!(self.fast.take_front(side, quantity), self.naive.take_front(side, quantity));
    }

    fn drain(&mut self, side: Side) {
        while let Some(front) = self.naive.front(side) {
            self.fill(side, front.shown);
        }
        assert_eq!(self.fast.front(side), None);
    }

    fn compare(&self) {
        self.fast.check_invariants();
        self.naive.check_invariants();
        assert_eq!(self.fast.len(), self.naive.len());
        assert_eq!(self.fast.is_empty(), self.naive.is_empty());
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(self.fast.front(side), self.naive.front(side));
            assert_eq!(self.fast.best_price(side), self.naive.best_price(side));
            let levels = self.naive.levels(side, usize::MAX);
            assert_eq!(self.fast.levels(side, usize::MAX), levels);
            for count in 0..=levels.len().min(3) {
                assert_eq!(self.fast.levels(side, count), levels[..count]);
            }
            let orders = |of: &mut Vec<RestingOrder>, order| {
                of.push(order);
                ControlFlow::Continue(())
            };
            let (mut fast, mut naive) = (Vec::new(), Vec::new());
            self.fast.for_each_order(side, |order| orders(&mut fast, order));
            self.naive.for_each_order(side, |order| orders(&mut naive, order));
            assert_eq!(fast, naive, "the queue of the {side:?} side");
            let mut visits = 0;
            self.fast.for_each_level(side, |_| {
                visits += 1;
                ControlFlow::Break(())
            });
            assert_eq!(visits, levels.len().min(1), "a visit that breaks is the last");
        }
        for id in (0..=self.orders + 1).map(OrderId) {
            assert_eq!(self.fast.get(id), self.naive.get(id), "order {id}");
        }
    }
}

proptest! {
    #![proptest_config(crate::random::config(6_000))]

    #[test]
    fn the_fast_book_does_what_the_naive_one_does(operations in operations()) {
        let mut pair = Pair::default();
        pair.compare();
        for operation in &operations {
            pair.apply(operation);
        }
        // Who is in front at the end was compared; emptying both shows everybody behind.
        pair.drain(Side::Buy);
        pair.drain(Side::Sell);
        pair.compare();
        assert!(pair.fast.is_empty());
    }
}

#[test]
#[should_panic(expected = "a fill of an empty side")]
fn a_fill_of_an_empty_side_halts() {
    PriceTimeBook::default().take_front(Side::Buy, Quantity(1));
}

#[test]
#[should_panic(expected = "beyond what rests")]
fn a_fill_beyond_the_front_order_halts() {
    let mut book = PriceTimeBook::default();
    book.insert(order(1, 5, 2));
    book.take_front(Side::Buy, Quantity(3));
}

#[test]
#[should_panic(expected = "in the index already")]
fn an_id_rests_once() {
    let mut book = PriceTimeBook::default();
    book.insert(order(1, 5, 2));
    book.insert(order(1, 6, 2));
}

#[test]
#[should_panic(expected = "without quantity")]
fn an_order_without_quantity_does_not_rest() {
    PriceTimeBook::default().insert(order(1, 5, 0));
}

fn order(id: u64, price: u64, quantity: u64) -> RestingOrder {
    RestingOrder {
        id: OrderId(id),
        account: AccountId(1),
        side: Side::Buy,
        price: Price(price),
        shown: Quantity(quantity),
        hidden: Quantity(0),
        display: Quantity(0),
        total: Quantity(quantity),
        fees: FeeRates::default(),
        stp_group: None,
        stp: StpMode::default(),
        flags: RestingFlags::default(),
    }
}
