//! A warm book allocates nothing, and neither do a sequencer and a matcher for a plain order that rests and is
//! canceled. In a file of its own, with a single test: the counter sees every thread.

use std::alloc::System;
use std::ops::ControlFlow;

use lightning_core::book::{OrderBook, PriceTimeBook, RestingFlags, RestingOrder};
use lightning_core::fees::FeeRates;
use lightning_core::log::{Context, Log, OrderIds, Record};
use lightning_core::matcher::Matcher;
use lightning_core::message::{Command, NewOrder, OrderRef, Outcome, Request, StpMode};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::rules::SymbolRules;
use lightning_core::sequencer::{Sequencer, SequencerLimits};
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, ID_MAX, Lsn, OrderId, Price, Quantity, Side, SymbolId, Ticket, Timestamp,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ORDERS_MAX: usize = 2_000;
const PRICES: u64 = 500;

/// No id twice, in no order: a table of ids must not depend on how they follow each other.
fn scattered(n: u64) -> u64 {
    n.wrapping_mul(0x9e37_79b9_7f4a_7c15) & ID_MAX
}

/// A trader of its own: quotes, cancels, sweeps. Keeps its ids in a ring that never grows.
struct Flow {
    book: PriceTimeBook,
    ids: [u64; ORDERS_MAX],
    last_id: u64,
    state: u64,
    icebergs: bool,
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
        // Some are icebergs; they have a place of their own, and never more of them than orders.
        let hidden = Quantity(if self.icebergs { 2 } else { 0 });
        // The ring's oldest order makes room, if it is still there: never more than ORDERS_MAX rest.
        self.last_id += 1;
        let at = usize::try_from(self.last_id).unwrap() % ORDERS_MAX;
        self.cancel(self.ids[at]);
        self.ids[at] = scattered(self.last_id);
        self.done[0] += 1;
        self.book.insert(RestingOrder {
            id: OrderId(scattered(self.last_id)),
            account: AccountId(1),
            side,
            price,
            shown: quantity,
            hidden,
            display: if hidden.is_zero() { hidden } else { quantity },
            total: quantity + hidden,
            fees: FeeRates::default(),
            stp_group: None,
            stp: StpMode::default(),
            flags: RestingFlags::default(),
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
            let quantity = left.min(maker.shown);
            self.book.take_front(maker.side, quantity);
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

    /// As large as it gets, once: every price of either side, and as many orders as there may be.
    fn warm_up(&mut self) {
        for side in [Side::Buy, Side::Sell] {
            for n in 0..ORDERS_MAX as u64 {
                self.rest(side, Price(n % PRICES + 1), Quantity(1));
            }
            self.empty();
        }
    }
}

/// One sequencer and one matcher in a row, as a driver in one thread has them.
struct Exchange {
    sequencer: Sequencer,
    matcher: Matcher,
    sequencer_out: SequencerOutbox,
    matcher_out: MatcherOutbox,
    counters: Counters,
}

/// A journal and a source of order ids that keep nothing.
struct Counters(u64);

impl Log for Counters {
    fn append(&mut self, _: Timestamp, _: u64, _: &Record<'_>) -> Lsn {
        self.0 += 1;
        Lsn(self.0)
    }
}

impl OrderIds for Counters {
    fn next(&mut self) -> OrderId {
        self.0 += 1;
        OrderId(self.0)
    }
}

impl Exchange {
    fn new() -> Self {
        let limits = SymbolLimits {
            price_min: Price(1),
            price_max: Price(1_000),
            quantity_min: Quantity(1),
            quantity_max: Quantity(1_000),
            notional_min: Amount(0),
        };
        let spec = SymbolSpec::new(SymbolId(0), AssetId(0), AssetId(1), 1, 1, limits).unwrap();
        let mut exchange = Self {
            sequencer: Sequencer::new(SequencerLimits {
                open_orders_per_account_max: 1_000_000,
                closed_orders_max: 100,
                ledger_entries_max: 0,
            }),
            matcher: Matcher::default(),
            sequencer_out: SequencerOutbox::default(),
            matcher_out: MatcherOutbox::default(),
            counters: Counters(0),
        };
        let mut log = Counters(0);
        let mut ctx = Context { now: Timestamp(1), log: &mut log };
        exchange.sequencer.add_symbol(spec, SymbolRules::default(), Lsn(1));
        exchange.matcher.add_symbol(spec, SymbolRules::default(), &mut ctx, &mut exchange.matcher_out);
        for (account, asset) in [(1, 0), (1, 1), (2, 0), (2, 1)] {
            let (account, asset, amount) = (AccountId(account), AssetId(asset), Amount(1_000_000_000));
            exchange.run(Request::Deposit { account, asset, amount });
        }
        exchange
    }

    /// Runs a command to its end. The order that it placed, if it placed one.
    fn run(&mut self, request: Request) -> Option<OrderId> {
        let mut log = Counters(0);
        let mut ctx = Context { now: Timestamp(2), log: &mut log };
        let command = Command { ticket: Ticket(1), request_id: None, request };
        self.sequencer.handle(command, &mut ctx, &mut self.counters, &mut self.sequencer_out);
        for message in self.sequencer_out.to_matcher.drain(..) {
            self.matcher.handle(message, &mut ctx, &mut self.matcher_out);
        }
        for message in self.matcher_out.to_sequencer.drain(..) {
            self.sequencer.handle_settlement(message, &mut ctx, &mut self.sequencer_out);
        }
        self.matcher_out.trades.clear();
        self.matcher_out.changed.clear();
        let mut placed = None;
        for reply in self.sequencer_out.replies.drain(..).chain(self.matcher_out.replies.drain(..)) {
            match reply.outcome {
                Outcome::Placed(order) => placed = Some(order.id),
                Outcome::Rejected(reject) => panic!("{reject:?}"),
                _ => {}
            }
        }
        placed
    }

    fn place(&mut self, account: u64, side: Side, price: u64) -> OrderId {
        let (price, quantity) = (Price(price), Quantity(1));
        let order = NewOrder::limit(AccountId(account), SymbolId(0), side, price, quantity);
        self.run(Request::Place(order)).expect("it was accepted")
    }

    /// Rests at each of some prices, and is canceled.
    fn rest_and_cancel(&mut self, times: u64) {
        let mut open = [OrderId(0); 64];
        for _ in 0..times {
            for (price, order) in (1..).zip(&mut open) {
                *order = self.place(1, Side::Buy, price);
            }
            for order in open {
                let order = OrderRef::Id(order);
                let account = AccountId(1);
                self.run(Request::Cancel { account, order, symbol: None, only_if: None });
            }
        }
    }

    /// Rests and is taken.
    fn rest_and_trade(&mut self, times: u64) {
        for _ in 0..times {
            self.place(1, Side::Buy, 100);
            self.place(2, Side::Sell, 100);
            self.place(2, Side::Buy, 100);
            self.place(1, Side::Sell, 100);
        }
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the harness has no other way to be waited for")]
fn what_is_warm_allocates_nothing() {
    // The harness's own thread allocates when it begins to wait for this one, which may be late on a busy machine.
    std::thread::sleep(std::time::Duration::from_millis(200));
    a_warm_book_allocates_nothing(false);
    a_warm_book_allocates_nothing(true);
    orders_that_room_was_made_for_allocate_nothing();
    a_warm_exchange_allocates_nothing_per_order();
}

fn a_warm_exchange_allocates_nothing_per_order() {
    let mut exchange = Exchange::new();
    exchange.rest_and_cancel(100);
    exchange.rest_and_trade(1_000);
    let warm = Region::new(ALLOCATOR);
    exchange.rest_and_cancel(100);
    let change = warm.change();
    assert_eq!(
        (change.allocations, change.reallocations, change.deallocations),
        (0, 0, 0),
        "12,800 commands"
    );
    let warm = Region::new(ALLOCATOR);
    exchange.rest_and_trade(1_000);
    let change = warm.change();
    // The list of its fills, which its owner gets.
    assert_eq!(
        (change.allocations, change.reallocations, change.deallocations),
        (2_000, 0, 2_000),
        "2,000 takers"
    );
}

fn a_warm_book_allocates_nothing(icebergs: bool) {
    let mut flow = Flow {
        book: PriceTimeBook::default(),
        ids: [0; ORDERS_MAX],
        last_id: 0,
        state: 0x2545_f491_4f6c_dd1d,
        icebergs,
        done: [0; 3],
    };
    let cold = Region::new(ALLOCATOR);
    flow.warm_up();
    assert!(cold.change().allocations > 0, "the counter counts");

    flow.done = [0; 3];
    let warm = Region::new(ALLOCATOR);
    for _ in 0..300_000 {
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

/// Of a book that was told how many orders to expect, only new places of prices allocate: few, and each once.
fn orders_that_room_was_made_for_allocate_nothing() {
    const ORDERS: u64 = 100_000;
    let mut book = PriceTimeBook::default();
    book.reserve(usize::try_from(ORDERS + PRICES).unwrap());
    let cold = Region::new(ALLOCATOR);
    for n in 1..=ORDERS {
        book.insert(RestingOrder {
            id: OrderId(scattered(n)),
            account: AccountId(1),
            side: Side::Sell,
            price: Price(n % PRICES + 1),
            shown: Quantity(1),
            hidden: Quantity(0),
            display: Quantity(0),
            total: Quantity(1),
            fees: FeeRates::default(),
            stp_group: None,
            stp: StpMode::default(),
            flags: RestingFlags::default(),
        });
    }
    let change = cold.change();
    assert!(change.allocations + change.reallocations <= 8, "{change:?}");
    book.check_invariants();
}
