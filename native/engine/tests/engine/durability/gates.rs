//! Nothing leaves before its cause is on the disk, and everything does when it is.

use std::sync::Mutex;
use std::time::Duration;

use lightning_core::message::Outcome;
use lightning_core::types::Side;
use lightning_engine::config::Durability;
use lightning_engine::edge::Call;
use lightning_engine::registry::NewAsset;

use super::held::Held;
use super::rig::{Run, disk};
use crate::support::{Client, deposit, limit};

/// Waits until the shards have done all that was asked of them.
fn wait_for_shards(client: &Client) {
    let start = std::time::Instant::now();
    while client.engine.stats().in_flight > 0 {
        assert!(start.elapsed() < Duration::from_secs(15), "{:?}", client.engine.stats());
        std::thread::yield_now();
    }
}

#[test]
fn nothing_leaves_before_it_is_on_the_disk_and_then_everything_does() {
    for durability in [Durability::Sync, Durability::Written] {
        let held = Held::new(disk());
        let valve = held.valve.clone();
        let mut options = Run::Threads(2, 2).options();
        options.durability = Some(durability);
        let mut client = Client::open_on(held, options);
        for asset in ["BASE", "QUOTE"] {
            client.engine.create_asset(&NewAsset::new(asset, 0)).unwrap();
        }
        client
            .engine
            .create_symbol(
                &serde_json::from_value(serde_json::json!({
                    "name": "S0", "base": "BASE", "quote": "QUOTE", "tickSize": "1", "lotSize": "1",
                }))
                .unwrap(),
            )
            .unwrap();
        for account in 1..=4 {
            client.call(deposit(account, "BASE", "1000")).unwrap();
            client.call(deposit(account, "QUOTE", "1000")).unwrap();
        }
        let (_, quiet) = client.engine.book("S0", 20).unwrap();

        valve.set(true);
        client.ask(deposit(1, "BASE", "5"));
        valve.wait_for_somebody(); // One frame is on its way; the rest waits behind it.
        client.ask(limit(1, "S0", Side::Sell, "3", "10"));
        client.ask(limit(2, "S0", Side::Buy, "2", "10"));
        // A read of what is not safe shows nothing either, and a refusal by it, too.
        client.ask(Call::Balances { account: 1, asset: None });
        client.ask(limit(1, "S0", Side::Sell, "2000", "10"));
        wait_for_shards(&client);
        for _ in 0..100 {
            client.poll();
            assert_eq!(client.unanswered(), 5, "{durability:?}: nothing is out");
            assert_eq!(
                client.engine.book("S0", 20).unwrap().1,
                quiet,
                "{durability:?}: the book shows nothing"
            );
            assert!(client.engine.trades("S0", None, 10).unwrap().1.is_empty(), "{durability:?}");
            std::thread::sleep(Duration::from_micros(100));
        }

        valve.set(false);
        let answers: Vec<_> = client.settle().into_values().collect();
        assert!(matches!(answers[0], Ok(Outcome::BalanceChanged { .. })), "{answers:?}");
        assert!(matches!(answers[2], Ok(Outcome::Placed(_))), "{answers:?}");
        // Whoever has the answers sees what they tell.
        let (_, book) = client.engine.book("S0", 20).unwrap();
        assert_eq!((book.asks.len(), book.asks[0].quantity), (1, 1), "{durability:?}");
        assert_eq!(client.engine.trades("S0", None, 10).unwrap().1.len(), 1, "{durability:?}");
        client.engine.close().unwrap();
    }
}

/// A call of the operator returns when what it did can no longer be lost, and nobody sees it before.
#[test]
fn an_operators_call_waits_for_the_disk() {
    let held = Held::new(disk());
    let valve = held.valve.clone();
    let client = Client::open_on(held, Run::Threads(1, 1).options());
    valve.set(true);
    let done = Mutex::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            client.engine.create_asset(&NewAsset::new("X", 0)).unwrap();
            *done.lock().unwrap() = true;
        });
        valve.wait_for_somebody();
        for _ in 0..50 {
            assert!(!*done.lock().unwrap());
            std::thread::sleep(Duration::from_micros(100));
        }
        valve.set(false);
    });
    assert!(client.engine.registry().find_asset("X").is_ok());
    client.engine.close().unwrap();
}

/// Many readers, a writer, and a disk that is slow all the time: an answer is never ahead of the book.
#[test]
fn whoever_has_an_answer_finds_it_in_the_book() {
    let held = Held::new(disk());
    let valve = held.valve.clone();
    let mut client = Client::open_on(held, Run::Threads(2, 2).options());
    for asset in ["BASE", "QUOTE"] {
        client.engine.create_asset(&NewAsset::new(asset, 0)).unwrap();
    }
    client
        .engine
        .create_symbol(
            &serde_json::from_value(serde_json::json!({
                "name": "S0", "base": "BASE", "quote": "QUOTE", "tickSize": "1", "lotSize": "1",
            }))
            .unwrap(),
        )
        .unwrap();
    client.call(deposit(1, "QUOTE", "100000000")).unwrap();
    let over = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(std::sync::atomic::Ordering::Relaxed) {
                valve.set(true);
                std::thread::sleep(Duration::from_micros(300));
                valve.set(false);
                std::thread::sleep(Duration::from_micros(100));
            }
        });
        let mut placed = 0_u128;
        while placed < 2_000 {
            for _ in 0..20 {
                client.ask(limit(1, "S0", Side::Buy, "1", "7"));
            }
            while client.unanswered() > 0 {
                client.poll();
                let answered = 20 - client.unanswered() as u128;
                let (_, book) = client.engine.book("S0", 1).unwrap();
                let shown = book.bids.first().map_or(0, |level| level.quantity);
                assert!(shown >= placed + answered, "{shown} shown, {answered} more than {placed} answered");
            }
            client.settle();
            placed += 20;
        }
        over.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    valve.set(false);
    client.engine.close().unwrap();
}
