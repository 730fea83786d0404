//! What a million accounts and a million resting orders take. Not a test:
//! `cargo test --release -p lightning-core --test memory_measure -- --ignored --nocapture`.

#![expect(clippy::disallowed_macros, reason = "it measures, and says what it measured")]

use std::alloc::System;

use lightning_core::log::{Context, Log, OrderIds, Record};
use lightning_core::matcher::Matcher;
use lightning_core::message::{Command, NewOrder, Request};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::rules::SymbolRules;
use lightning_core::sequencer::{Sequencer, SequencerLimits};
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, Lsn, OrderId, Price, Quantity, Side, SymbolId, Ticket, Timestamp,
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const ACCOUNTS: u64 = 1_000_000;
const ORDERS: u64 = 1_000_000;
/// What they may take, in bytes.
const MOST: usize = 1 << 30;

/// Numbers, and nothing else.
struct Counter(u64);

impl Log for Counter {
    fn append(&mut self, _: Timestamp, _: u64, _: &Record<'_>) -> Lsn {
        self.0 += 1;
        Lsn(self.0)
    }
}

impl OrderIds for Counter {
    fn next(&mut self) -> OrderId {
        self.0 += 1;
        OrderId(self.0)
    }
}

#[test]
#[ignore = "it measures"]
fn what_a_million_accounts_and_orders_take() {
    let limits = SymbolLimits {
        price_min: Price(1),
        price_max: Price(1_000_000),
        quantity_min: Quantity(1),
        quantity_max: Quantity(1_000),
        notional_min: Amount(0),
    };
    let spec = SymbolSpec::new(SymbolId(0), AssetId(0), AssetId(1), 1, 1, limits).unwrap();
    let region = Region::new(ALLOCATOR);
    let mut sequencer = Sequencer::new(SequencerLimits {
        open_orders_per_account_max: 10_000,
        closed_orders_max: 100_000,
        ledger_entries_max: 100_000,
    });
    let mut matcher: Matcher = Matcher::default();
    let (mut sequencer_out, mut matcher_out) = (SequencerOutbox::default(), MatcherOutbox::default());
    let (mut log, mut ids) = (Counter(0), Counter(0));
    let mut ctx = Context { now: Timestamp(1), log: &mut log };
    matcher.add_symbol(spec, SymbolRules::default(), &mut ctx, &mut matcher_out);
    sequencer.add_symbol(spec, SymbolRules::default(), Lsn(1));
    let mut run = |request| {
        let command = Command { ticket: Ticket(1), request_id: None, request };
        sequencer.handle(command, &mut ctx, &mut ids, &mut sequencer_out);
        for message in &mut sequencer_out.to_matcher {
            matcher.handle_in_place(message, &mut ctx, &mut matcher_out);
        }
        sequencer_out.to_matcher.clear();
        sequencer.handle_settlements(&mut matcher_out.to_sequencer, &mut ctx, &mut sequencer_out);
        matcher_out.trades.clear();
        matcher_out.changed.clear();
        matcher_out.replies.clear();
        sequencer_out.replies.clear();
    };
    let used = || {
        let change = region.change();
        change.bytes_allocated - change.bytes_deallocated
    };
    for account in 1..=ACCOUNTS {
        for asset in 0..2 {
            let (account, asset, amount) = (AccountId(account), AssetId(asset), Amount(1 << 80));
            run(Request::Deposit { account, asset, amount });
        }
    }
    let accounts = used();
    for number in 0..ORDERS {
        // Accounts and prices in an order of their own: both multipliers are coprime to what they are taken of.
        let account = AccountId(1 + number * 700_001 % ACCOUNTS);
        let (side, price) = match number * 12_347 % 40_000 {
            step @ 0..20_000 => (Side::Buy, Price(100_000 - step)),
            step => (Side::Sell, Price(100_001 + step - 20_000)),
        };
        run(Request::Place(NewOrder::limit(account, SymbolId(0), side, price, Quantity(1))));
    }
    let all = used();
    println!("{} bytes an account with two assets", accounts as u64 / ACCOUNTS);
    println!(
        "{} bytes an open order, of an account that had none on its symbol",
        (all - accounts) as u64 / ORDERS
    );
    println!("{} MiB in all", all >> 20);
    assert!(all < MOST, "{all} bytes");
}
