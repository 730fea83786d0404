//! A warm book allocates nothing. In a file of its own, with a single test: the counter sees every thread.

use std::alloc::System;
use std::ops::ControlFlow;

use lightning_core::book::{OrderBook, PriceTimeBook, RestingOrder};
use lightning_core::types::{AccountId, OrderId, Price, Quantity, Side};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ORDERS_MAX: usize = 2_000;
const PRICES: u64 = 500;

/// A trader of its own: quotes, cancels, sweeps. Keeps its ids in a ring that never grows.
struct Flow {
    book: PriceTimeBook,
    ids: [u64; ORDERS_MAX],
    last_id: u64,
    state: u64,
    /// Inserts, cancels, fills.
    done: [u64; 3],
}

impl Flow {
    fn random(&mut self, below: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % below
    }

    fn rest(&mut self, side: Side, price: Price, quantity: Quantity) {
        // The ring's oldest order makes room, if it is still there: never more than ORDERS_MAX rest.
        self.last_id += 1;
        let at = usize::try_from(self.last_id).unwrap() % ORDERS_MAX;
        self.cancel(self.ids[at]);
        self.ids[at] = self.last_id;
        self.done[0] += 1;
        self.book.insert(RestingOrder {
            id: OrderId(self.last_id),
            account: AccountId(1),
            side,
            price,
            quantity,
        });
    }

    fn cancel(&mut self, id: u64) {
        let canceled = self.book.remove(OrderId(id)).is_some();
        self.done[1] += u64::from(canceled);
    }

    fn step(&mut self) {
        let side = [Side::Buy, Side::Sell][usize::try_from(self.random(2)).unwrap()];
        if self.random(4) == 0 {
            let at = usize::try_from(self.random(ORDERS_MAX as u64)).unwrap();
            return self.cancel(self.ids[at]);
        }
        let (price, mut left) = (Price(self.random(PRICES) + 1), Quantity(self.random(9) + 1));
        while let Some(maker) = self.book.front(side.opposite()) {
            if left.is_zero() || !side.crosses(price, maker.price) {
                break;
            }
            let quantity = left.min(maker.quantity);
            self.book.fill_front(maker.side, quantity);
            self.done[2] += 1;
            left -= quantity;
        }
        if !left.is_zero() {
            self.rest(side, price, left);
        }
        // Reading is free too.
        let mut levels = 0;
        self.book.for_each_level(side, |_| {
            levels += 1;
            if levels == 20 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }

    fn empty(&mut self) {
        for at in 0..ORDERS_MAX {
            self.cancel(self.ids[at]);
        }
        assert!(self.book.is_empty());
    }

    /// As large as it gets: every price of either side, and as many orders as there may be. And some coming
    /// and going: what is removed leaves a mark in the id index, which makes that grow once more.
    fn warm_up(&mut self) {
        for side in [Side::Buy, Side::Sell] {
            for n in 0..ORDERS_MAX as u64 {
                self.rest(side, Price(n % PRICES + 1), Quantity(1));
            }
            self.empty();
        }
        for _ in 0..20_000 {
            self.step();
        }
        self.empty();
    }
}

#[test]
fn a_warm_book_allocates_nothing() {
    let mut flow = Flow {
        book: PriceTimeBook::default(),
        ids: [0; ORDERS_MAX],
        last_id: 0,
        state: 0x2545_f491_4f6c_dd1d,
        done: [0; 3],
    };
    let cold = Region::new(ALLOCATOR);
    flow.warm_up();
    assert!(cold.change().allocations > 0, "the counter counts");

    flow.done = [0; 3];
    let warm = Region::new(ALLOCATOR);
    for _ in 0..200_000 {
        flow.step();
    }
    // Once more to its full size, from a book full of other orders.
    flow.empty();
    for n in 0..ORDERS_MAX as u64 {
        flow.rest(Side::Sell, Price(n % PRICES + 1), Quantity(1));
    }
    let change = warm.change();
    flow.book.check_invariants();
    assert_eq!(flow.book.len(), ORDERS_MAX);
    assert!(flow.done.iter().all(|&done| done > 20_000), "each kind happened: {:?}", flow.done);
    assert_eq!(
        (change.allocations, change.reallocations, change.deallocations),
        (0, 0, 0),
        "after {:?} inserts, cancels, fills",
        flow.done
    );
}
