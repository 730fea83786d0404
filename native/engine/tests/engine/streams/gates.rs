//! Nothing that could still be lost leaves, whoever watches what; and nothing at all leaves of an engine that has halted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lightning_core::types::{AccountId, Side, SymbolId};
use lightning_engine::streams::{Behind, Depth, Ended, StatusUpdate, Update, Watch};
use lightning_journal::storage::memory::{Fault, Operation};

use super::replica::{Follower, Replica, everything};
use crate::durability::held::Held;
use crate::durability::rig::{Run, disk, market};
use crate::support::{Client, limit};

const PATIENCE: Duration = Duration::from_secs(15);

/// All but what time changes, and balances: what an order freezes is shown before the order is, as every read does, for
/// it is no record of its own.
fn watches() -> Vec<Watch> {
    let mut watches = everything(1, 2);
    watches.retain(|watch| {
        let is_other = matches!(watch, Watch::Klines { .. } | Watch::Ticker(_) | Watch::Status);
        !is_other && !matches!(watch, Watch::Balances { .. })
    });
    watches
}

#[test]
fn nothing_leaves_before_it_is_safe_and_then_everything_does() {
    let held = Held::new(disk());
    let mut client = Client::open_on(held.clone(), Run::Threads(2, 2).options());
    market(&mut client);
    let woken = Arc::new(AtomicUsize::new(0));
    let bell = woken.clone();
    let mut follower = Follower::open(&client.engine);
    follower.session = client.engine.open_session(Box::new(move || _ = bell.fetch_add(1, Ordering::SeqCst)));
    let ids: Vec<_> = watches().into_iter().map(|watch| follower.watch(watch)).collect();
    let began = Instant::now();
    while !ids.iter().all(|&id| match &follower.of(id).replica {
        Replica::Book { seq, .. } | Replica::Orders { seq, .. } => seq.is_some(),
        Replica::Account { started, .. } | Replica::Balances { started, .. } => *started,
        _ => true,
    }) {
        assert!(began.elapsed() < PATIENCE, "not all has begun");
        follower.poll_all();
    }
    // Matchers have heard by now that their trades are wanted.
    std::thread::sleep(Duration::from_millis(50));
    follower.poll_all();

    for round in 0..20 {
        held.valve.set(true);
        let before = follower.updates;
        client.ask(limit(1, "S0", Side::Sell, "3", "100"));
        client.ask(limit(2, "S0", Side::Buy, "1", "100"));
        client.ask(limit(2, "S0", Side::Buy, "1", "99"));
        held.valve.wait_for_somebody();
        for _ in 0..5 {
            follower.poll_all();
            assert_eq!(follower.updates, before, "round {round}: something left that could be lost");
            std::thread::sleep(Duration::from_millis(2));
        }
        let rung = woken.load(Ordering::SeqCst);
        held.valve.set(false);
        client.settle();
        // Nobody polls, and is woken all the same.
        let began = Instant::now();
        while woken.load(Ordering::SeqCst) == rung {
            assert!(began.elapsed() < PATIENCE, "round {round}: nobody was woken");
            std::thread::yield_now();
        }
        let trades = || client.engine.trades("S0", Some(1), usize::MAX).unwrap().1.len();
        let expected = trades();
        assert!(expected > round, "round {round}: {expected} trades");
        // Who has an answer finds books and trades at once; accounts when their sequencer has heard of it.
        follower.poll_all();
        let began = Instant::now();
        loop {
            let is_there = ids.iter().all(|&id| match &follower.of(id).replica {
                Replica::Trades { trades, .. } => trades.len() == expected,
                Replica::Account { filled, .. } => {
                    let Watch::Executions { account, .. } = follower.of(id).watch else { panic!() };
                    let fills: u64 = filled.values().sum();
                    fills == if account.is_some() { 100 } else { 200 } * expected as u64
                }
                _ => true,
            });
            if is_there {
                break;
            }
            assert!(began.elapsed() < PATIENCE, "round {round}: something never came");
            follower.poll_all();
        }
    }
    client.engine.close().unwrap();
}

#[test]
fn a_halted_engine_says_so_and_nothing_else() {
    for run in [Run::Inline, Run::Threads(2, 2)] {
        let disk = disk();
        let mut client = run.open(&disk);
        market(&mut client);
        let mut session = client.engine.open_session(Box::new(|| {}));
        let status = session.watch(Watch::Status).unwrap();
        let (symbol, account) = (SymbolId(0), Some(AccountId(1)));
        let book =
            |depth| Watch::Book { symbol, depth, checksum: false, heartbeat: Some(Duration::from_millis(1)) };
        let behind = Behind::Gap;
        let mut watched = vec![status];
        for watch in [
            book(Depth::Top(5)),
            book(Depth::All),
            Watch::Level3(symbol),
            Watch::Trades { symbol, from: None, aggregate: false, behind },
            Watch::Executions { account, from: None, behind },
            Watch::Balances { account: None, behind },
        ] {
            watched.push(session.watch(watch).unwrap());
        }
        let mut told = 0;
        while session.poll(Instant::now(), 1_000, &mut |_, _| {
            told += 1;
            true
        }) {}
        disk.fail(Operation::Any, 0, Fault::Dead);
        client.ask(limit(1, "S0", Side::Sell, "3", "100"));
        let began = Instant::now();
        while !client.engine.stats().halted {
            assert!(began.elapsed() < PATIENCE, "{run:?}");
        }
        // Streams hear of it a moment later.
        while let Ok(id) = session.watch(Watch::Status) {
            assert!(session.unwatch(id) && began.elapsed() < PATIENCE, "{run:?}");
        }
        let mut words = Vec::new();
        for _ in 0..5 {
            watched.iter().for_each(|&id| session.want(id));
            session.poll(Instant::now(), 1_000, &mut |id, update| {
                match update {
                    Update::Status(StatusUpdate::Engine { state, .. }) => words.push((id, *state)),
                    Update::Ended(Ended::Closed) => words.push((id, "ended")),
                    other => panic!("{run:?}: {other:?}"),
                }
                true
            });
        }
        assert!(words.contains(&(status, "halted")), "{run:?}: {words:?}");
        for &id in &watched {
            assert_eq!(words.iter().filter(|&&word| word == (id, "ended")).count(), 1, "{run:?}: {words:?}");
        }
        assert!(session.watch(Watch::Status).is_err());
    }
}
