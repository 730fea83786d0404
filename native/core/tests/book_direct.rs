//! The book that runs against the book that nobody could get wrong: the same random operations through
//! [`OrderBook`], icebergs among them, everything that can be observed compared after each.

use std::ops::ControlFlow;

use lightning_core::book::{Front, NaiveBook, OrderBook, PriceTimeBook, RestingFlags, RestingOrder};
use lightning_core::fees::FeeRates;
use lightning_core::limits::{PRICE_TICKS_MAX, QUANTITY_LOTS_MAX};
use lightning_core::message::StpMode;
use lightning_core::types::{AccountId, OrderId, Price, Quantity, Side, StpGroup};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

#[derive(Clone, Debug)]
enum Operation {
    /// Trades with what crosses, as the matcher does (the book itself relies on it), and rests. `display` is
    /// a share in 256ths.
    Place { side: Side, price: u64, quantity: u64, display: Option<u8>, flags: u8 },
    /// Of one of the orders so far, open or gone.
    Remove { pick: usize },
    /// Of what the front order shows: all of it, or this share of it in 256ths.
    Take { side: Side, share: Option<u8> },
    /// Of one of the orders so far, to this share of what is left.
    Shrink { pick: usize, share: u8 },
    /// Of one of the orders so far.
    ForgetSibling { pick: usize },
    /// Of one whole side, slice by slice.
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
        Just(prop_oneof![border, top, 1_u64..=3].boxed()),
        Just((1_u64..=PRICE_TICKS_MAX).boxed()),
    ]
}

fn operations() -> impl Strategy<Value = Vec<Operation>> {
    prices().prop_flat_map(|price| {
        let quantity = prop_oneof![8 => 1_u64..=30, 1 => 1_u64..=QUANTITY_LOTS_MAX];
        // Slices of large orders are large: a queue of slices is walked one by one.
        let display = prop_oneof![2 => Just(None), 1 => (64_u8..=255).prop_map(Some)];
        let place = (side(), price, quantity, display, any::<u8>());
        let place = place.prop_map(|(side, price, quantity, display, flags)| Operation::Place {
            side,
            price,
            quantity,
            display,
            flags,
        });
        let take = (side(), proptest::option::of(any::<u8>()));
        let operation = prop_oneof![
            12 => place,
            4 => any::<usize>().prop_map(|pick| Operation::Remove { pick }),
            4 => take.prop_map(|(side, share)| Operation::Take { side, share }),
            4 => (any::<usize>(), any::<u8>()).prop_map(|(pick, share)| Operation::Shrink { pick, share }),
            1 => any::<usize>().prop_map(|pick| Operation::ForgetSibling { pick }),
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
    /// One of the orders so far, or one that is still to come.
    fn pick(&self, pick: usize) -> OrderId {
        OrderId(pick as u64 % (self.orders + 1) + 1)
    }

    fn apply(&mut self, operation: &Operation) {
        match *operation {
            Operation::Place { side, price, quantity, display, flags } => {
                self.place(side, Price(price), Quantity(quantity), display, flags);
            }
            Operation::Remove { pick } => {
                let id = self.pick(pick);
                assert_eq!(self.fast.remove(id), self.naive.remove(id));
            }
            Operation::Take { side, share } => {
                if let Some(front) = self.naive.front(side) {
                    let part = |share: u8| Quantity((front.shown.0 / 256 * u64::from(share)).max(1));
                    self.take(side, share.map_or(front.shown, part));
                }
            }
            Operation::Shrink { pick, share } => {
                let id = self.pick(pick);
                if let Some(order) = self.naive.get(id) {
                    let left = scaled(order.left(), share);
                    let total = order.done() + left;
                    self.fast.shrink(id, left, total);
                    self.naive.shrink(id, left, total);
                }
            }
            Operation::ForgetSibling { pick } => {
                let id = self.pick(pick);
                if self.naive.get(id).is_some() {
                    self.fast.forget_sibling(id);
                    self.naive.forget_sibling(id);
                }
            }
            Operation::Drain { side } => self.drain(side),
        }
        self.compare();
    }

    fn place(&mut self, side: Side, price: Price, total: Quantity, display: Option<u8>, flags: u8) {
        let mut left = total;
        while let Some(maker) = self.naive.front(side.opposite()) {
            if left.is_zero() || !side.crosses(price, maker.price) {
                break;
            }
            let traded = left.min(maker.shown);
            self.take(maker.side, traded);
            left -= traded;
        }
        self.orders += 1;
        if left.is_zero() {
            return;
        }
        let display = display.map_or(Quantity::ZERO, |share| scaled(total, share));
        let shown = if display.is_zero() { left } else { left.min(display) };
        let bit = |n: u8| flags & (1 << n) != 0;
        let order = RestingOrder {
            id: OrderId(self.orders),
            account: AccountId(self.orders % 3 + 1),
            side,
            price,
            shown,
            hidden: left - shown,
            display,
            total,
            fees: FeeRates { maker_ppm: -i32::from(flags), taker_ppm: u32::from(flags) },
            stp_group: bit(0).then_some(StpGroup(u32::from(flags))),
            stp: StpMode::ALL[usize::from(flags) % 5],
            flags: RestingFlags {
                post_only: bit(1),
                expires: bit(2),
                has_sibling: bit(3),
                touched: left != total,
                has_extras: bit(4),
            },
        };
        self.fast.insert(order);
        self.naive.insert(order);
    }

    fn take(&mut self, side: Side, quantity: Quantity) -> Front {
        assert_eq!(self.fast.front(side), self.naive.front(side));
        let front = self.fast.take_front(side, quantity);
        assert_eq!(front, self.naive.take_front(side, quantity));
        front
    }

    fn drain(&mut self, side: Side) {
        while let Some(front) = self.naive.front(side) {
            let became = self.take(side, front.shown);
            assert_eq!(became == Front::Gone, front.hidden.is_zero());
        }
        assert_eq!(self.fast.front(side), None);
    }

    fn compare(&self) {
        self.fast.check_invariants();
        self.naive.check_invariants();
        assert_eq!(self.fast.len(), self.naive.len());
        for side in [Side::Buy, Side::Sell] {
            assert_eq!(self.fast.front(side), self.naive.front(side));
            assert_eq!(self.fast.best_price(side), self.naive.best_price(side));
            assert_eq!(self.fast.levels(side, usize::MAX), self.naive.levels(side, usize::MAX));
            let queue = queue(&self.fast, side, usize::MAX);
            assert_eq!(queue, self::queue(&self.naive, side, usize::MAX));
            assert_eq!(self::queue(&self.fast, side, 1).len(), queue.len().min(1), "a break is the end");
        }
        for id in (0..=self.orders + 1).map(OrderId) {
            assert_eq!(self.fast.get(id), self.naive.get(id), "order {id}");
        }
    }
}

/// A share of a quantity in 256ths, at least one.
fn scaled(quantity: Quantity, share: u8) -> Quantity {
    let part = u128::from(quantity.0) * u128::from(share) / 256;
    Quantity(u64::try_from(part).unwrap().max(1))
}

fn queue(book: &impl OrderBook, side: Side, count: usize) -> Vec<RestingOrder> {
    let mut queue = Vec::new();
    book.for_each_order(side, |order| {
        queue.push(order);
        if queue.len() == count { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    queue
}

/// The same cases in every run.
fn config() -> Config {
    let mut config = Config::default(); // Reads the environment.
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 4_000;
    }
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(8_123);
    }
    config.failure_persistence = None;
    config
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_fast_book_does_what_the_naive_one_does(operations in operations()) {
        let mut pair = Pair::default();
        pair.compare();
        for operation in &operations {
            pair.apply(operation);
        }
        pair.drain(Side::Buy);
        pair.drain(Side::Sell);
        pair.compare();
        assert!(pair.fast.is_empty());
    }
}

fn order(id: u64, price: u64, shown: u64, hidden: u64) -> RestingOrder {
    RestingOrder {
        id: OrderId(id),
        account: AccountId(1),
        side: Side::Buy,
        price: Price(price),
        shown: Quantity(shown),
        hidden: Quantity(hidden),
        display: Quantity(if hidden == 0 { 0 } else { shown }),
        total: Quantity(shown + hidden),
        fees: FeeRates::default(),
        stp_group: None,
        stp: StpMode::None,
        flags: RestingFlags::default(),
    }
}

#[test]
fn a_used_up_slice_goes_to_the_back() {
    let mut book = PriceTimeBook::default();
    book.insert(order(1, 5, 2, 3));
    book.insert(order(2, 5, 4, 0));
    assert_eq!(book.levels(Side::Buy, 1)[0].quantity, 6);
    assert_eq!(book.take_front(Side::Buy, Quantity(2)), Front::Requeued);
    assert_eq!(book.front(Side::Buy).unwrap().id, OrderId(2));
    let behind = book.get(OrderId(1)).unwrap();
    assert_eq!((behind.shown, behind.hidden, behind.done()), (Quantity(2), Quantity(1), Quantity(2)));
    assert_eq!(book.take_front(Side::Buy, Quantity(4)), Front::Gone);
    assert_eq!(book.take_front(Side::Buy, Quantity(2)), Front::Requeued, "alone, it is its own back");
    assert_eq!(book.take_front(Side::Buy, Quantity(1)), Front::Gone);
    book.check_invariants();
}

#[test]
fn a_smaller_order_loses_what_is_hidden_first() {
    let mut book = PriceTimeBook::default();
    book.insert(order(1, 5, 4, 6));
    book.shrink(OrderId(1), Quantity(5), Quantity(5));
    let left = book.get(OrderId(1)).unwrap();
    assert_eq!((left.shown, left.hidden), (Quantity(4), Quantity(1)));
    book.shrink(OrderId(1), Quantity(3), Quantity(3));
    assert_eq!(book.levels(Side::Buy, 1)[0].quantity, 3);
    book.check_invariants();
}

#[test]
#[should_panic(expected = "a fill of an empty side")]
fn a_fill_of_an_empty_side_halts() {
    PriceTimeBook::default().take_front(Side::Buy, Quantity(1));
}

#[test]
#[should_panic(expected = "beyond what rests")]
fn a_fill_beyond_the_slice_halts() {
    let mut book = PriceTimeBook::default();
    book.insert(order(1, 5, 2, 9));
    book.take_front(Side::Buy, Quantity(3));
}

#[test]
#[should_panic(expected = "in the index already")]
fn an_id_rests_once() {
    let mut book = PriceTimeBook::default();
    book.insert(order(1, 5, 2, 0));
    book.insert(order(1, 6, 2, 0));
}

#[test]
#[should_panic(expected = "without quantity")]
fn an_order_without_quantity_does_not_rest() {
    PriceTimeBook::default().insert(order(1, 5, 0, 0));
}
