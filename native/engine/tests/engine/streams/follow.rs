//! Random flows, followed at random speeds on every kind of engine.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lightning_core::message::Outcome;
use lightning_core::types::{AccountId, TradeId};
use lightning_engine::Mischief;
use lightning_engine::edge::Call;
use lightning_engine::streams::Watch;
use lightning_journal::storage::memory::FakeDisk;
use serde_json::json;

use super::replica::{Follower, Replica, everything, levels_of, symbol_of};
use crate::durability::rig::{Run, disk, market};
use crate::everything::{ACCOUNTS, Random, SYMBOLS, draw};
use crate::support::Client;

/// What is not there by then never comes.
const PATIENCE: Duration = Duration::from_secs(15);

fn open(run: Run, disk: Option<&FakeDisk>, seed: u64) -> Client {
    match disk {
        Some(disk) => run.open(disk),
        None => {
            let options = lightning_engine::config::Options {
                segment_bytes: None,
                snapshot_every: None,
                ..run.options()
            };
            Client::open(options, Mischief { jitter: Some(seed), ..Mischief::default() })
        }
    }
}

/// Commands, all of them answered in the end, while somebody follows.
fn flow(client: &mut Client, follower: &mut Follower, random: &mut Random, commands: u64) {
    for _ in 0..commands {
        if random.below(40) == 0 {
            client.engine.advance(random.below(4)).unwrap();
        }
        let words = serde_json::from_value(draw(random)).unwrap();
        if random.below(2) == 0 {
            let _ = client.call(Call::Words(&words));
        } else {
            client.ask(Call::Words(&words));
        }
        let symbol = format!("S{}", random.below(SYMBOLS));
        follower.oracle.read(&client.engine, &symbol);
        if random.below(3) == 0 {
            follower.poll_some(random);
        }
        if random.below(60) == 0 && follower.followed.len() > 1 {
            let ids: Vec<_> = follower.followed.keys().copied().collect();
            follower.again(ids[usize::try_from(random.below(ids.len() as u64)).unwrap()]);
        }
        client.poll();
    }
    client.settle();
    let began = Instant::now();
    while client.engine.stats().in_flight > 0 {
        assert!(began.elapsed() < PATIENCE, "{:?}", client.engine.stats());
        std::thread::yield_now();
    }
}

/// Polls until every replica is what a read says.
fn catch_up(client: &mut Client, follower: &mut Follower, context: &str) {
    let began = Instant::now();
    loop {
        follower.poll_all();
        match difference(client, follower) {
            None => return,
            Some(difference) => assert!(began.elapsed() < PATIENCE, "{context}: {difference}"),
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn difference(client: &mut Client, follower: &mut Follower) -> Option<String> {
    let names: BTreeMap<_, _> =
        client.engine.registry().symbols().iter().map(|each| (each.spec.id(), each.name.clone())).collect();
    let Follower { followed, oracle, .. } = follower;
    for followed in followed.values() {
        let watch = &followed.watch;
        let is_same = match &followed.replica {
            Replica::Book { depth, bids, asks, .. } => {
                let (_, all_bids, all_asks) = oracle.read(&client.engine, &names[&symbol_of(watch)]);
                let level = |(&price, &(quantity, orders)): (&u64, &(u128, u32))| (price, quantity, orders);
                let cut = |levels: Vec<_>| levels.into_iter().take(*depth).collect::<Vec<_>>();
                bids.iter().rev().map(level).take(20).eq(cut(all_bids))
                    && asks.iter().map(level).take(20).eq(cut(all_asks))
            }
            Replica::Orders { orders, .. } => {
                let (_, all_bids, all_asks) = oracle.read(&client.engine, &names[&symbol_of(watch)]);
                let (bids, asks) = levels_of(orders);
                bids.into_iter().take(20).eq(all_bids) && asks.into_iter().take(20).eq(all_asks)
            }
            Replica::Bbo(last) => last.is_some_and(|(_, bid, ask)| {
                let view = client.engine.book(&names[&symbol_of(watch)], 1).unwrap().1;
                let top = |level: Option<&lightning_core::book::PriceLevel>| {
                    level.map(|level| (level.price, level.quantity))
                };
                (top(bid.as_ref()), top(ask.as_ref())) == (top(view.bids.first()), top(view.asks.first()))
            }),
            Replica::Trades { trades, missed, .. } => {
                let read = client.engine.trades(&names[&symbol_of(watch)], Some(1), usize::MAX).unwrap().1;
                missed.is_empty() && trades.values().eq(&read)
            }
            Replica::Aggregates { next, quantity, .. } => {
                let read = client.engine.trades(&names[&symbol_of(watch)], Some(1), usize::MAX).unwrap().1;
                let sum: u128 = read.iter().map(|trade| u128::from(trade.quantity.0)).sum();
                *next == read.last().map_or(0, |trade| trade.id.0) + 1 && *quantity == sum
            }
            Replica::Account { orders, gaps, .. } => match watch {
                Watch::Executions { account: Some(account), .. } => {
                    *gaps == 0 && orders.values().eq(&open_orders(client, *account))
                }
                _ => *gaps == 0,
            },
            Replica::Balances { started, balances, gaps } => {
                let is_right = balances.iter().all(|(&(account, asset), balance)| {
                    let Ok(Outcome::Balances(read)) =
                        client.call(Call::Balances { account: account.0, asset: None })
                    else {
                        return false;
                    };
                    read.iter().any(|(of, now)| *of == asset && now == balance)
                });
                *started && *gaps == 0 && is_right
            }
            Replica::Other(count) => matches!(watch, Watch::Klines { .. }) || *count > 0,
        };
        if !is_same {
            return Some(format!("{watch:?} is not what a read says"));
        }
    }
    None
}

fn open_orders(client: &mut Client, account: AccountId) -> Vec<lightning_core::message::Order> {
    match client.say(&json!({ "op": "openOrders", "accountId": account.0, "limit": 1_000 })) {
        Ok(Outcome::Orders(page)) => page.orders,
        other => panic!("{other:?}"),
    }
}

fn follow(run: Run, disk: Option<&FakeDisk>, seed: u64) {
    let context = format!("{run:?}, seed {seed}, {}", if disk.is_some() { "kept" } else { "volatile" });
    let mut random = Random(seed * 7_919 + 1);
    let mut client = open(run, disk, seed);
    market(&mut client);
    let mut follower = Follower::open(&client.engine);
    let mut watches = everything(SYMBOLS, ACCOUNTS);
    // Some from the beginning, some later, in any order.
    for at in (1..watches.len()).rev() {
        watches.swap(at, usize::try_from(random.below(at as u64 + 1)).unwrap());
    }
    let later = watches.split_off(watches.len() / 2);
    watches.into_iter().for_each(|watch| _ = follower.watch(watch));
    flow(&mut client, &mut follower, &mut random, 500);
    later.into_iter().for_each(|watch| _ = follower.watch(watch));
    flow(&mut client, &mut follower, &mut random, 500);
    catch_up(&mut client, &mut follower, &context);
    assert!(follower.oracle.checked > 500, "{context}: {} books were compared", follower.oracle.checked);
    let counters = client.engine.stream_stats();
    assert_eq!((counters.gaps, counters.lost, counters.sessions), (0, 0, 1), "{context}: {counters:?}");
    assert_eq!(counters.subscriptions, follower.followed.len() as u64, "{context}");
    let epoch = follower.session.epoch();
    client.engine.close().unwrap();
    // Whoever is told of the end has been told everything.
    follower.poll_all();
    assert!(follower.followed.values().all(|followed| followed.ended.is_some()), "{context}");
    assert_eq!(client.engine.stream_stats().subscriptions, 0, "{context}");
    drop((client, follower));

    let Some(disk) = disk else { return };
    std::thread::sleep(Duration::from_millis(2));
    let mut client = run.open(disk);
    let mut follower = Follower::open(&client.engine);
    assert!(follower.session.epoch() > epoch, "another epoch");
    everything(SYMBOLS, ACCOUNTS).into_iter().for_each(|watch| _ = follower.watch(watch));
    flow(&mut client, &mut follower, &mut random, 200);
    catch_up(&mut client, &mut follower, &format!("{context}, opened again"));
}

#[test]
fn inline_replicas_are_what_a_read_says() {
    (1..=6).for_each(|seed| follow(Run::Inline, None, seed));
}

#[test]
fn threaded_replicas_are_what_a_read_says() {
    for (seed, shards) in [(1, 1), (1, 2), (2, 1), (3, 2)].into_iter().enumerate() {
        follow(Run::Threads(shards.0, shards.1), None, 10 + seed as u64);
    }
}

#[test]
fn replicas_of_what_is_kept_are_what_a_read_says_also_when_it_is_opened_again() {
    follow(Run::Inline, Some(&disk()), 21);
    follow(Run::Threads(1, 1), Some(&disk()), 22);
    follow(Run::Threads(2, 2), Some(&disk()), 23);
    follow(Run::Threads(2, 3), Some(&FakeDisk::new()), 24);
}

/// An order's fills are the trades, also in a batch of several commands and for makers and takers alike.
#[test]
fn executions_say_what_they_were_made_of() {
    let mut random = Random(5);
    let mut client = open(Run::Threads(2, 2), None, 5);
    market(&mut client);
    let mut follower = Follower::open(&client.engine);
    let behind = lightning_engine::streams::Behind::Gap;
    let executions = follower.watch(Watch::Executions { account: None, from: None, behind });
    // The first one asks sequencers in vain as long as matchers have not heard of it.
    std::thread::sleep(Duration::from_millis(20));
    flow(&mut client, &mut follower, &mut random, 600);
    let mut traded: BTreeMap<_, u64> = BTreeMap::new();
    for symbol in 0..SYMBOLS {
        let (_, trades) =
            client.engine.trades(&format!("S{symbol}"), Some(TradeId(1).0), usize::MAX).unwrap();
        for trade in trades {
            *traded.entry(trade.maker).or_default() += trade.quantity.0;
            *traded.entry(trade.taker).or_default() += trade.quantity.0;
        }
    }
    assert!(traded.len() > 50);
    let began = Instant::now();
    loop {
        follower.poll_all();
        let Replica::Account { filled, .. } = &follower.of(executions).replica else { panic!() };
        let filled: BTreeMap<_, _> = filled
            .iter()
            .filter(|(_, filled)| **filled > 0)
            .map(|(&order, &filled)| (order, filled))
            .collect();
        if filled == traded {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{filled:?}\n{traded:?}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
