//! Who falls behind is told what he has missed, and costs no more than what is bounded.

use std::time::{Duration, Instant};

use lightning_core::types::{AccountId, Side, SymbolId, TradeId};
use lightning_engine::Mischief;
use lightning_engine::config::Options;
use lightning_engine::streams::{Behind, Depth, Ended, Session, SubscriptionId, Update, Watch};

use super::replica::{Follower, Replica, plain};
use crate::support::{Client, deposit, limit, market};

const S0: SymbolId = SymbolId(0);

/// A market, and two accounts with plenty of both assets.
pub(super) fn funded(options: Options) -> Client {
    let mut client = Client::with_market(options, Mischief::default(), 2);
    for account in 1..=2 {
        for asset in ["BASE", "QUOTE"] {
            client.call(deposit(account, asset, "1000000000")).unwrap();
        }
    }
    client
}

pub(super) fn inline() -> Options {
    Options { inline: true, ..Options::default() }
}

/// Everything that one subscription is told when it polls until there is nothing more.
fn drain(session: &mut Session, id: SubscriptionId) -> Vec<String> {
    let mut told = Vec::new();
    loop {
        session.want(id);
        let before = told.len();
        session.poll(Instant::now(), usize::MAX, &mut |of, update| {
            assert_eq!(of, id, "nobody else wants anything");
            told.push(match update {
                Update::Trades(trades) => format!("trades {}-{}", trades[0].id, trades[trades.len() - 1].id),
                Update::Gap { from, to } => format!("gap {from}-{to}"),
                Update::Ended(why) => format!("ended {why:?}"),
                Update::Book(book) => format!("{:?} {}", book.kind, book.seq),
                Update::Level3Start(start) => format!("start {}", start.seq),
                Update::Level3(events) => format!("{} events", events.len()),
                other => format!("{other:?}"),
            });
            true
        });
        if told.len() == before {
            return told;
        }
    }
}

fn trade(client: &mut Client, times: usize) {
    for _ in 0..times {
        client.call(limit(1, "S0", Side::Sell, "1", "100")).unwrap();
        client.call(market(2, "S0", Side::Buy, "1")).unwrap();
    }
}

#[test]
fn missed_trades_are_named_exactly() {
    let mut client = funded(Options { trades_per_symbol: Some(100), ..inline() });
    let mut session = client.engine.open_session(Box::new(|| {}));
    trade(&mut client, 5);
    let watch = |from: Option<u64>, behind| Watch::Trades {
        symbol: S0,
        from: from.map(TradeId),
        aggregate: false,
        behind,
    };
    let id = session.watch(watch(None, Behind::Gap)).unwrap();
    assert_eq!(drain(&mut session, id), Vec::<String>::new());
    trade(&mut client, 1);
    assert_eq!(drain(&mut session, id), ["trades 6-6"]);
    trade(&mut client, 250);
    // 256 trades, of which 157 to 256 are remembered.
    assert_eq!(drain(&mut session, id), ["gap 7-156", "trades 157-256"]);
    session.unwatch(id);
    let id = session.watch(watch(Some(200), Behind::End)).unwrap();
    assert_eq!(drain(&mut session, id), ["trades 200-256"]);
    trade(&mut client, 101);
    assert_eq!(drain(&mut session, id), ["ended Slow { from: 257 }"]);
    assert_eq!((client.engine.stream_stats().gaps, client.engine.stream_stats().ended_slow), (1, 1));
    let id = session.watch(watch(Some(1), Behind::Gap)).unwrap();
    assert_eq!(drain(&mut session, id), ["gap 1-257", "trades 258-357"]);
    session.unwatch(id);
    // Resumed from where it ended: what is forgotten by then is no reason to end again.
    let id = session.watch(watch(Some(257), Behind::End)).unwrap();
    assert_eq!(drain(&mut session, id), ["gap 257-257", "trades 258-357"]);
}

/// More changes than are remembered, and more news than a tap holds, while nobody takes anything.
#[test]
fn books_of_who_falls_behind_begin_anew() {
    let mut client = funded(inline());
    let mut follower = Follower::open(&client.engine);
    let book = |depth| Watch::Book { symbol: S0, depth, checksum: true, heartbeat: None };
    let watches = [book(Depth::Top(20)), book(Depth::All), Watch::Level3(S0)];
    let ids = watches.map(|watch| follower.watch(watch));
    follower.poll_all();
    for (rounds, looks) in [(300, true), (10_000, true), (20_000, false)] {
        for round in 0..rounds {
            let price = (50 + round % 37).to_string();
            client.call(limit(1, "S0", Side::Buy, "7", &price)).unwrap();
            client.call(limit(2, "S0", Side::Sell, "5", &price)).unwrap();
            client.call(limit(2, "S0", Side::Sell, "1", "200")).unwrap();
            if round % 3 == 0 {
                let cancel = serde_json::json!({ "op": "cancelAll", "accountId": 2 });
                client.say(&cancel).unwrap();
            }
            if looks && round % 1_000 == 0 {
                // Somebody else has the taps emptied.
                let mut other = client.engine.open_session(Box::new(|| {}));
                other.watch(Watch::Status).unwrap();
                other.poll(Instant::now(), 1, &mut |_, _| true);
            }
        }
        assert!(client.engine.stream_stats().backlog <= 65_536);
        let lost = client.engine.stream_stats().lost;
        follower.poll_all();
        assert_eq!(client.engine.stream_stats().lost > lost, !looks, "what a tap has no room for is lost");
        follower.poll_all();
        let (seq, bids, asks) = follower.oracle.read(&client.engine, "S0");
        for id in ids {
            let is_there = match &follower.of(id).replica {
                Replica::Book { seq: told, bids: all, .. } => {
                    let best: Vec<_> = all.iter().rev().map(|(&p, &(q, n))| (p, q, n)).take(20).collect();
                    *told == Some(seq) && best == bids
                }
                Replica::Orders { seq: told, orders, .. } => {
                    *told == Some(seq) && super::replica::levels_of(orders).1 == asks
                }
                _ => unreachable!(),
            };
            assert!(is_there, "{rounds} rounds: {:?}", follower.of(id).watch);
        }
    }
    for id in ids {
        follower.session.unwatch(id);
    }
    trade(&mut client, 10);
    let counters = client.engine.stream_stats();
    assert_eq!((counters.backlog, counters.subscriptions), (0, 0), "nobody watches: nothing is told");
}

/// Every record of an account is told or lies in a gap, and balances are right in the end.
#[test]
fn accounts_of_who_falls_behind_have_gaps_and_go_on() {
    let mut client = funded(inline());
    let mut session = client.engine.open_session(Box::new(|| {}));
    let (account, behind) = (Some(AccountId(2)), Behind::Gap);
    let executions = session.watch(Watch::Executions { account, from: None, behind }).unwrap();
    let balances = session.watch(Watch::Balances { account, behind }).unwrap();
    let ends = session.watch(Watch::Balances { account, behind: Behind::End }).unwrap();
    let all = session.watch(Watch::Executions { account: None, from: None, behind }).unwrap();
    session.poll(Instant::now(), 100, &mut |_, update| {
        assert!(matches!(update, Update::AccountStart(_)));
        true
    });
    let (mut seen, mut gaps, mut starts, mut last) = (Vec::new(), Vec::new(), 0, None);
    // The first time the rings overflow, the second time the tap does.
    for (rounds, looks) in [(9_000, true), (30_000, false)] {
        for round in 0..rounds {
            trade(&mut client, 1);
            if looks && round % 500 == 0 {
                session.want(all);
                session.poll(Instant::now(), usize::MAX, &mut |id, _| {
                    assert_eq!(id, all);
                    true
                });
            }
        }
        loop {
            let mut told = 0;
            [executions, balances].iter().for_each(|&id| session.want(id));
            session.poll(Instant::now(), usize::MAX, &mut |id, update| {
                told += usize::from(id != all);
                match update {
                    _ if id == all => {}
                    Update::Executions(reports) => seen.extend(reports.iter().map(|report| report.seq.0)),
                    Update::Gap { from, to } if id == executions => gaps.push((from, to)),
                    Update::Gap { .. } => {}
                    Update::AccountStart(start) => {
                        starts += 1;
                        last = Some(start.balances[0].1);
                    }
                    Update::Balances(updates) => {
                        for update in updates.iter().filter(|update| update.asset.0 == 0) {
                            last = Some(update.balance);
                        }
                    }
                    other => panic!("{other:?}"),
                }
                true
            });
            if told == 0 {
                break;
            }
        }
        let answer = client.call(lightning_engine::edge::Call::Balances { account: 2, asset: None }).unwrap();
        let lightning_core::message::Outcome::Balances(read) = answer else { panic!() };
        assert_eq!(last, Some(read[0].1), "{starts} starts");
    }
    assert!(gaps.len() >= 2 && starts >= 2, "{gaps:?}, {starts} starts");
    assert!(seen.is_sorted());
    assert!(seen.len() > 4_000, "{} reports", seen.len());
    let (_, trades) = client.engine.trades("S0", Some(1), usize::MAX).unwrap();
    for cause in trades.iter().map(|trade| trade.cause.0) {
        let is_missed = gaps.iter().any(|&(from, to)| (from..=to).contains(&cause));
        assert!(is_missed || seen.binary_search(&cause).is_ok(), "record {cause} is neither told nor missed");
    }
    let ended = drain(&mut session, ends);
    assert!(ended.len() == 1 && ended[0].starts_with("ended Slow"), "{ended:?}");
}

/// An account can be resumed from a record on, as long as somebody watches it.
#[test]
fn executions_are_resumed_from_a_record_on() {
    let mut client = funded(inline());
    let mut session = client.engine.open_session(Box::new(|| {}));
    for account in [Some(AccountId(2)), None] {
        let watch = |from| Watch::Executions { account, from, behind: Behind::Gap };
        let first = session.watch(watch(None)).unwrap();
        trade(&mut client, 10);
        let mut told = Vec::new();
        for _ in 0..3 {
            session.want(first);
            session.poll(Instant::now(), 1_000, &mut |_, update| {
                if let Update::Executions(reports) = update {
                    told.extend(reports.iter().map(|report| report.seq));
                }
                true
            });
        }
        let resumed = session.watch(watch(Some(told[5]))).unwrap();
        let mut again = Vec::new();
        session.poll(Instant::now(), 1_000, &mut |id, update| {
            assert_eq!(id, resumed);
            let Update::Executions(reports) = update else { panic!("{update:?}") };
            again.extend(reports.iter().map(|report| report.seq));
            true
        });
        assert_eq!(again, told.iter().copied().filter(|&seq| seq >= told[5]).collect::<Vec<_>>());
        assert!(session.unwatch(first) && session.unwatch(resumed));
        // Nobody watched: what happened since is not remembered.
        trade(&mut client, 1);
        let resumed = session.watch(watch(Some(told[5]))).unwrap();
        let mut updates = Vec::new();
        for _ in 0..3 {
            session.want(resumed);
            session.poll(Instant::now(), 1_000, &mut |_, update| {
                updates.push(match update {
                    Update::Gap { from, to } => (from, to),
                    _ => (0, 0),
                });
                true
            });
        }
        assert_eq!(updates[0].0, told[5].0);
        assert!(updates[0].1 >= told.last().unwrap().0 + 2, "{updates:?}");
        session.unwatch(resumed);
    }
}

#[test]
fn a_quiet_book_gives_a_sign_of_life_and_a_removed_one_ends() {
    let mut client = funded(inline());
    let mut follower = Follower::open(&client.engine);
    let heartbeat = Some(Duration::from_millis(20));
    let ids = [Depth::Top(3), Depth::All]
        .map(|depth| follower.watch(Watch::Book { symbol: S0, depth, checksum: true, heartbeat }));
    let bbo = follower.watch(Watch::Bbo(S0));
    follower.poll_all();
    client.call(limit(1, "S0", Side::Buy, "7", "50")).unwrap();
    follower.poll_all();
    let before = follower.updates;
    follower.poll_all();
    assert_eq!(follower.updates, before);
    let due = follower.session.next_poll(Instant::now()).unwrap();
    assert!(due <= Duration::from_millis(20));
    std::thread::sleep(Duration::from_millis(25));
    follower.poll_all();
    assert_eq!(follower.updates, before + 2, "a heartbeat each");
    client.engine.remove_symbol("S0", true).unwrap();
    follower.poll_all();
    for id in ids.into_iter().chain([bbo]) {
        assert_eq!(follower.of(id).ended, Some(Ended::Removed));
    }
    let Replica::Book { bids, .. } = &follower.of(ids[1]).replica else { panic!() };
    assert!(bids.is_empty(), "what was canceled is told first");
    assert!(follower.session.watch(Watch::Bbo(S0)).is_err());
    assert_eq!(plain(&[]), []);
}
