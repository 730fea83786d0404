//! Many subscriptions: each has its turn, however little is taken at once.

use std::collections::BTreeMap;
use std::time::Instant;

use lightning_core::types::{Side, SymbolId, TradeId};
use lightning_engine::config::Options;
use lightning_engine::streams::{Behind, Depth, Session, SubscriptionId, Update, Watch};

use super::slow::{funded, inline};
use crate::support::{Client, limit, market};

const S0: SymbolId = SymbolId(0);

/// An engine, and a session with so many books and as many streams of trades, all of which were told how it begins.
fn open(each: usize) -> (Client, Session, Vec<SubscriptionId>) {
    let client = funded(inline());
    let mut session = client.engine.open_session(Box::new(|| {}));
    let book = Watch::Book { symbol: S0, depth: Depth::Top(5), checksum: false, heartbeat: None };
    let trades = Watch::Trades { symbol: S0, from: None, aggregate: false, behind: Behind::Gap };
    let watches = std::iter::repeat_n([book, trades], each).flatten();
    let ids: Vec<_> = watches.map(|watch| session.watch(watch).unwrap()).collect();
    while session.poll(Instant::now(), usize::MAX, &mut |_, _| true) {}
    ids.iter().for_each(|&id| session.want(id));
    (client, session, ids)
}

/// A trade, and a level that stays.
fn change(client: &mut Client, price: u64) {
    client.call(limit(1, "S0", Side::Sell, "1", "100")).unwrap();
    client.call(market(2, "S0", Side::Buy, "1")).unwrap();
    client.call(limit(2, "S0", Side::Buy, "1", &price.to_string())).unwrap();
}

#[test]
fn a_little_at_a_time_everybody_is_told_once() {
    for budget in [1, 2, 3, 7, usize::MAX] {
        let (mut client, mut session, ids) = open(10);
        change(&mut client, 50);
        let mut told: BTreeMap<SubscriptionId, u32> = BTreeMap::new();
        let mut polls = 0;
        loop {
            polls += 1;
            assert!(polls < 100, "it ends");
            let more = session.poll(Instant::now(), budget, &mut |id, _| {
                *told.entry(id).or_default() += 1;
                true
            });
            if !more {
                break;
            }
        }
        assert!(ids.iter().all(|id| told.get(id) == Some(&1)), "with {budget}: {told:?}");
    }
}

#[test]
fn those_who_want_more_at_once_do_not_keep_others_waiting() {
    let (mut client, mut session, ids) = open(10);
    let mut told: BTreeMap<SubscriptionId, u32> = BTreeMap::new();
    for round in 0..400 {
        // There is something new for everybody before each poll, which has room for one.
        change(&mut client, 10 + round % 50);
        let mut wanting = Vec::new();
        session.poll(Instant::now(), 1, &mut |id, _| {
            *told.entry(id).or_default() += 1;
            wanting.push(id);
            true
        });
        wanting.into_iter().for_each(|id| session.want(id));
    }
    // Words come first, all the time.
    let of_trades: Vec<u32> = ids.iter().skip(1).step_by(2).filter_map(|id| told.get(id).copied()).collect();
    let (least, most) = (of_trades.iter().min().unwrap(), of_trades.iter().max().unwrap());
    assert_eq!(of_trades.len(), 10, "{told:?}");
    assert!(most - least <= 1, "{told:?}");
}

#[test]
fn what_was_not_taken_is_offered_first() {
    let (mut client, mut session, ids) = open(5);
    change(&mut client, 50);
    let mut left = 3;
    let mut refused = None;
    assert!(session.poll(Instant::now(), usize::MAX, &mut |id, _| {
        left -= 1;
        if left == 0 {
            refused = Some(id);
        }
        left > 0
    }));
    let mut offered = Vec::new();
    while session.poll(Instant::now(), usize::MAX, &mut |id, _| {
        offered.push(id);
        true
    }) {}
    assert_eq!(offered.first().copied(), refused);
    assert_eq!(offered.len(), ids.len() - 2);
}

#[test]
fn who_leaves_in_the_middle_of_a_round_does_not_stop_it() {
    for leaver in 0..10 {
        let (mut client, mut session, ids) = open(5);
        // A round ends at the third stream, so that the next one begins behind it.
        change(&mut client, 50);
        session.poll(Instant::now(), 3, &mut |_, _| true);
        change(&mut client, 51);
        ids.iter().for_each(|&id| session.want(id));
        session.poll(Instant::now(), 1, &mut |_, _| true);
        session.unwatch(ids[leaver]);
        let mut polls = 0;
        while session.poll(Instant::now(), 2, &mut |_, _| true) {
            polls += 1;
            assert!(polls < 100, "it ends");
        }
        ids.iter().for_each(|&id| session.want(id));
        while session.poll(Instant::now(), usize::MAX, &mut |id, _| {
            assert_ne!(id, ids[leaver]);
            true
        }) {}
        ids.iter().for_each(|&id| session.want(id));
        change(&mut client, 52);
        let mut told = Vec::new();
        while session.poll(Instant::now(), usize::MAX, &mut |id, _| {
            told.push(id);
            true
        }) {}
        told.sort_unstable();
        let rest: Vec<_> = ids.iter().copied().filter(|&id| id != ids[leaver]).collect();
        assert_eq!(told, rest);
    }
}

/// Books that are new again, and consumers that come back, between the polls of one round: nobody would wake them.
#[test]
fn what_is_new_again_in_the_middle_of_a_round_is_told_before_it_rests() {
    for changes in 1..12 {
        let (mut client, mut session, ids) = open(5);
        // Streams of trades have it polled again anyway.
        ids.iter().skip(1).step_by(2).for_each(|&id| assert!(session.unwatch(id)));
        change(&mut client, 20);
        let mut seen: BTreeMap<SubscriptionId, u64> = BTreeMap::new();
        let (mut polls, mut left) = (0, changes);
        loop {
            polls += 1;
            assert!(polls < 500, "it ends");
            let mut told = Vec::new();
            let more = session.poll(Instant::now(), 1, &mut |id, update| {
                told.push(id);
                if let Update::Book(book) = update {
                    seen.insert(id, book.seq);
                }
                true
            });
            told.iter().for_each(|&id| session.want(id));
            if left > 0 {
                left -= 1;
                // At a better price each time: nobody's view misses it.
                change(&mut client, 20 + changes - left);
            } else if !more {
                break;
            }
        }
        let newest = client.engine.book("S0", 5).unwrap().1.seq;
        let books = ids.iter().step_by(2);
        assert!(books.clone().all(|id| seen.get(id) == Some(&newest)), "{changes}: {newest} {seen:?}");
    }
}

/// Trades that never end leave books their turn.
#[test]
fn states_have_their_turn_beside_words_that_never_end() {
    let (mut client, mut session, ids) = open(3);
    let mut books = BTreeMap::<SubscriptionId, u32>::new();
    for round in 0..100 {
        change(&mut client, 10 + round % 50);
        let mut told = Vec::new();
        session.poll(Instant::now(), 1, &mut |id, update| {
            told.push(id);
            if matches!(update, Update::Book(_)) {
                *books.entry(id).or_default() += 1;
            }
            true
        });
        told.iter().for_each(|&id| session.want(id));
    }
    assert!(ids.iter().step_by(2).all(|id| books.get(id).is_some_and(|&told| told > 5)), "{books:?}");
}

/// Streams of trades of an engine with threads; what each was told last.
fn trades_beside_threads(each: usize) -> (Client, Session, Vec<SubscriptionId>) {
    let client = funded(Options::default());
    let mut session = client.engine.open_session(Box::new(|| {}));
    let watch = || Watch::Trades { symbol: S0, from: None, aggregate: false, behind: Behind::Gap };
    let ids = (0..each).map(|_| session.watch(watch()).unwrap()).collect();
    (client, session, ids)
}

/// The last trade that each was told of, in one poll.
fn last_told(session: &mut Session, budget: usize) -> BTreeMap<SubscriptionId, u64> {
    let mut told = BTreeMap::new();
    session.poll(Instant::now(), budget, &mut |id, update| {
        let Update::Trades(trades) = update else { panic!("{update:?}") };
        told.insert(id, trades[trades.len() - 1].id.0);
        true
    });
    told
}

/// Where shards have said nothing more since everybody was told all of it, nobody is looked at; who was not asked then is.
#[test]
fn who_comes_back_late_is_told_what_was_said_meanwhile() {
    let (mut client, mut session, ids) = trades_beside_threads(2);
    change(&mut client, 50);
    assert_eq!(last_told(&mut session, usize::MAX), BTreeMap::from([(ids[0], 1), (ids[1], 1)]));
    session.want(ids[1]);
    assert!(last_told(&mut session, usize::MAX).is_empty());
    change(&mut client, 51);
    assert_eq!(last_told(&mut session, usize::MAX), BTreeMap::from([(ids[1], 2)]));
    ids.iter().for_each(|&id| session.want(id));
    assert_eq!(last_told(&mut session, usize::MAX), BTreeMap::from([(ids[0], 2)]));
    // Who has just begun is looked at, too.
    let watch = Watch::Trades { symbol: S0, from: Some(TradeId(2)), aggregate: false, behind: Behind::Gap };
    let late = session.watch(watch).unwrap();
    assert_eq!(last_told(&mut session, usize::MAX), BTreeMap::from([(late, 2)]));
}

/// Who was told a part of it is told the rest, although nothing more was said.
#[test]
fn what_was_cut_is_told_without_anything_new() {
    let (mut client, mut session, ids) = trades_beside_threads(1);
    (0..5).for_each(|price| change(&mut client, 50 + price));
    for (budget, last) in [(1, 1), (2, 3), (3, 5)] {
        assert_eq!(last_told(&mut session, budget), BTreeMap::from([(ids[0], last)]));
        session.want(ids[0]);
    }
    assert!(last_told(&mut session, usize::MAX).is_empty());
}

/// Two trades of one taker are told as one, and are two of the trades that a poll may look at.
#[test]
fn what_was_cut_of_trades_that_are_told_together_is_told_without_anything_new() {
    let mut client = funded(Options::default());
    let mut session = client.engine.open_session(Box::new(|| {}));
    let watch = Watch::Trades { symbol: S0, from: None, aggregate: true, behind: Behind::Gap };
    let id = session.watch(watch).unwrap();
    (0..2).for_each(|_| drop(client.call(limit(1, "S0", Side::Sell, "1", "100")).unwrap()));
    client.call(market(2, "S0", Side::Buy, "2")).unwrap();
    (0..2).for_each(|price| change(&mut client, 50 + price));
    for last in [2, 4] {
        let mut told = 0;
        session.poll(Instant::now(), 2, &mut |_, update| {
            let Update::AggregateTrades(trades) = update else { panic!("{update:?}") };
            told = trades[trades.len() - 1].last.0;
            true
        });
        assert_eq!(told, last);
        session.want(id);
    }
}
