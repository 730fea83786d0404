//! What a fold keeps for the engine's front end, and the account of a client who comes back after a restart.

use lightning_core::archive::Archive;
use lightning_core::fold::{Fold, Shards, Told};
use lightning_core::log::{Log, OperatorKey, Record};
use lightning_core::message::{Outcome, ReplyTo, Request, RequestId};
use lightning_core::types::{AccountId, Amount, AssetId, Lsn, SymbolId, Ticket, Timestamp};

use crate::journal::{Journal, SHARDS};
use crate::world::{LIMITS, World};

fn folded(records: &[Record<'_>]) -> Fold {
    let mut journal = Journal::default();
    for (at, record) in (10..).zip(records) {
        journal.append(Timestamp(at), 0, record);
    }
    journal.fold(SHARDS[1], LIMITS)
}

#[test]
fn of_each_key_the_latest_counts() {
    let fold = folded(&[
        Record::Operator(OperatorKey::Asset(1), b"one"),
        Record::Operator(OperatorKey::Symbol(1), b"two"),
        Record::Operator(OperatorKey::Asset(1), b"three"),
    ]);
    let kept: Vec<_> = fold.operator().iter().map(|(key, body)| (*key, body.as_slice())).collect();
    assert_eq!(kept, [(OperatorKey::Asset(1), &b"three"[..]), (OperatorKey::Symbol(1), b"two")]);
}

#[test]
fn answers_are_kept_within_the_window_of_the_highest_number() {
    let numbers = |records: &[u64]| {
        let records: Vec<_> = records.iter().map(|&n| Record::Operator(OperatorKey::Once(n), b"")).collect();
        let fold = folded(&records);
        let kept = fold.operator().keys().map(|key| match key {
            OperatorKey::Once(number) => *number,
            other => panic!("{other:?}"),
        });
        kept.collect::<Vec<_>>()
    };
    assert_eq!(numbers(&[1, 2, 1_024]), [1, 2, 1_024]);
    assert_eq!(numbers(&[1, 2, 1_025]), [2, 1_025]);
    // One that comes late is not kept, and does not drive the others out.
    assert_eq!(numbers(&[3, 5_000, 4_500, 2]), [4_500, 5_000]);
    assert_eq!(numbers(&[u64::MAX, 7]), [u64::MAX]);
}

#[test]
fn order_ids_only_grow_and_the_time_is_the_latest() {
    let mut fold = folded(&[Record::OrderIds { up_to: 500 }, Record::OrderIds { up_to: 300 }]);
    assert_eq!((fold.order_ids_up_to(), fold.last()), (500, (Lsn(2), Timestamp(11))));
    let record = (&Record::CleanShutdown { state_hash: [7; 32] }).into();
    fold.apply(Lsn(3), Timestamp(4), 0, record, &mut Told::default()).unwrap();
    assert_eq!(fold.last(), (Lsn(3), Timestamp(11)));
}

#[test]
fn the_last_trades_are_kept_of_each_symbol_that_is() {
    // Five trades of symbol 0 and one of symbol 1, which is removed.
    let mut world = World::new();
    for _ in 0..5 {
        world.trade(SymbolId(0));
    }
    world.trade(SymbolId(1));
    let kept = |world: &World, trades_kept| {
        let mut fold = Fold::new(Shards { sequencers: 1, matchers: 1 }, LIMITS, trades_kept);
        let mut told = Told::default();
        for at in 0..world.journal.0.len() {
            world.journal.apply(at, &mut fold, &mut told).unwrap();
        }
        fold.check();
        let archives = fold.into_shards().archives;
        let ids = |archive: &Archive| archive.trades(None, 100).iter().map(|trade| trade.id.0).collect();
        archives.iter().map(|(symbol, archive)| (symbol.0, ids(archive))).collect::<Vec<(_, Vec<u64>)>>()
    };
    assert_eq!(kept(&world, 3), [(0, vec![3, 4, 5]), (1, vec![1])]);
    assert_eq!(kept(&world, 9), [(0, vec![1, 2, 3, 4, 5]), (1, vec![1])]);
    assert_eq!(kept(&world, 0), [(0, vec![]), (1, vec![])]);
    world.remove(SymbolId(1));
    assert_eq!(kept(&world, 3), [(0, vec![3, 4, 5])]);
}

#[test]
fn the_request_that_made_an_account_is_remembered_with_it() {
    let id = RequestId { lane: 3, number: 5, fingerprint: 9 };
    let deposit = Request::Deposit { account: AccountId(77), asset: AssetId(2), amount: Amount(40) };
    let mut journal = Journal::default();
    journal.append(Timestamp(1), 0, &Record::Account(ReplyTo::remembered(Ticket(1), &id), &deposit));
    let mut fold = Fold::new(SHARDS[2], LIMITS, 0);
    let mut told = Told::default();
    journal.apply(0, &mut fold, &mut told).unwrap();
    assert!(matches!(
        told.outcome,
        Some(Outcome::BalanceChanged { asset: AssetId(2), balance }) if balance.available == Amount(40)
    ));
    assert_eq!(journal.request_ids().collect::<Vec<_>>(), [(AccountId(77), id)]);
    let (described, _) = crate::same::describe_fold(fold, &journal, crate::same::Scope { histories: true });
    assert_eq!(described[&format!("answer 77 {id:?}")], "balance of 2 changed");
}
