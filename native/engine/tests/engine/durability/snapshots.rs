//! Snapshots, verification and audit: the same state from wherever one begins.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lightning_core::reject::Code;
use lightning_engine::audit::AuditQuery;
use lightning_engine::config::{Options, Retention};
use lightning_engine::verify::VerifyFrom;
use lightning_journal::storage::memory::{FakeDisk, Fault, Operation};
use serde_json::Value;

use super::rig::{RUNS, Run, disk, market, portrait, same, session};
use crate::everything::Random;
use crate::support::{Client, deposit};

const PATIENCE: Duration = Duration::from_secs(15);

fn snapshots(disk: &FakeDisk) -> Vec<String> {
    disk.files().into_iter().filter(|name| name.ends_with(".snap")).collect()
}

#[test]
fn the_state_is_the_same_from_each_snapshot() {
    for (seed, run) in (11..).zip(RUNS) {
        let disk = disk();
        let mut client = run.open(&disk);
        market(&mut client);
        let mut random = Random(seed * 101);
        let mut made = Vec::new();
        for _ in 0..3 {
            session(&mut client, &mut random, 120);
            let live = client.engine.state_hash().unwrap();
            let snapshot = client.engine.snapshot().unwrap();
            assert_eq!((snapshot.lsn, snapshot.state_hash), (live.lsn.0, live.hash), "{run:?}");
            assert_eq!(snapshot.bytes, disk.len_of(&snapshot.file));
            made.push(snapshot);
        }
        // What is there already is not made again.
        assert_eq!(client.engine.snapshot().unwrap().file, made[2].file);
        session(&mut client, &mut random, 60);
        let (before, live) = (portrait(&mut client), client.engine.state_hash().unwrap());
        let left = disk.kill();
        client.engine.close().unwrap();

        // The newest is used; where it is damaged the one before it, and in the end the records alone.
        for good in (0..=made.len()).rev() {
            let bad = left.kill();
            for snapshot in &made[good..] {
                bad.flip(&snapshot.file, snapshot.bytes / 2, 1);
            }
            for other in RUNS {
                let mut client = other.open(&bad.kill());
                let report = client.engine.recovery().unwrap().clone();
                let expected = good.checked_sub(1).map(|newest| made[newest].lsn);
                assert_eq!(report.snapshot_lsn, expected, "{run:?} {other:?}: {report:?}");
                assert_eq!(report.warnings.len(), made.len() - good, "{:?}", report.warnings);
                assert_eq!(report.records, live.lsn.0 - expected.unwrap_or(0));
                assert_eq!(report.state_hash, live.hash, "{run:?} {other:?}, {good} good");
                same(&portrait(&mut client), &before, &format!("{run:?} {other:?}, {good} good"));
            }
        }
    }
}

#[test]
fn snapshots_are_made_by_themselves_and_old_files_go() {
    for (run, retention) in [
        (Run::Inline, Retention::Remove),
        (Run::Threads(2, 2), Retention::Archive),
        (Run::Threads(1, 1), Retention::KeepAll),
    ] {
        let disk = disk();
        let options = || Options {
            snapshot_every: Some(300),
            snapshots_kept: Some(2),
            retention: Some(retention),
            ..run.options()
        };
        let mut client = Client::open_on(disk.clone(), options());
        market(&mut client);
        let mut random = Random(77);
        let start = Instant::now();
        // Each call is a frame of 4 KiB at least: a few hundred are a segment.
        let is_done = |disk: &FakeDisk| {
            let has_first = disk.files().contains(&format!("segment-{:020}.log", 1));
            match retention {
                Retention::KeepAll => snapshots(disk).len() >= 3,
                Retention::Remove | Retention::Archive => !has_first,
            }
        };
        while !is_done(&disk) {
            session(&mut client, &mut random, 50);
            assert!(start.elapsed() < 4 * PATIENCE, "{run:?} {retention:?}: {disk:?}");
        }
        let (before, live) = (portrait(&mut client), client.engine.state_hash().unwrap());
        client.engine.close().unwrap();
        let archived = disk.files().iter().any(|name| name.starts_with("archive/segment-"));
        assert_eq!(archived, retention == Retention::Archive, "{disk:?}");

        let mut client = Client::open_on(disk.clone(), options());
        let report = client.engine.recovery().unwrap();
        assert!(report.snapshot_lsn.is_some() && report.warnings.is_empty(), "{report:?}");
        assert_eq!(report.state_hash, live.hash, "{run:?}");
        same(&portrait(&mut client), &before, &format!("{run:?}"));
        let from_snapshot = client.engine.verify(VerifyFrom::Snapshot).unwrap();
        assert_eq!(from_snapshot.state_hash, client.engine.state_hash().unwrap().hash);
        match (retention, client.engine.verify(VerifyFrom::Genesis)) {
            (Retention::KeepAll, Ok(report)) => assert!(report.snapshots.len() >= 3),
            (Retention::Remove | Retention::Archive, Err(refusal)) => {
                assert_eq!((refusal.code, refusal.field), (Code::InvalidRequest, Some("from")));
                // What is there is told all the same.
                let query = AuditQuery { limit: 1, ..AuditQuery::default() };
                let first = client.engine.audit(query).unwrap().records[0]["lsn"].as_u64().unwrap();
                assert!(first > 1);
                let query = AuditQuery { from_lsn: Some(1), limit: 1, ..AuditQuery::default() };
                assert_eq!(client.engine.audit(query).unwrap_err().code, Code::InvalidRequest);
            }
            (_, other) => panic!("{retention:?}: {other:?}"),
        }
    }
}

#[test]
fn a_live_engine_is_verified_while_it_works() {
    let disk = disk();
    let mut client = Run::Threads(2, 2).open(&disk);
    market(&mut client);
    let mut random = Random(3);
    session(&mut client, &mut random, 200);
    client.engine.snapshot().unwrap();
    session(&mut client, &mut random, 100);
    let live = client.engine.state_hash().unwrap();
    for from in [VerifyFrom::Genesis, VerifyFrom::Snapshot] {
        let report = client.engine.verify(from).unwrap();
        assert_eq!((report.head.lsn, report.state_hash), (live.lsn.0, live.hash), "{from:?}");
        assert_eq!(report.snapshots.len(), 1, "{from:?}");
        assert_eq!(report.snapshot_lsn.is_some(), from == VerifyFrom::Snapshot);
    }
    std::thread::scope(|scope| {
        let engine = &client.engine;
        let checks = scope.spawn(move || {
            for _ in 0..10 {
                engine.verify(VerifyFrom::Genesis).unwrap();
                engine.snapshot().unwrap();
            }
        });
        while !checks.is_finished() {
            engine.submit([(lightning_core::types::Ticket(1), deposit(1, "BASE", "1"))]);
            while engine.drain().answers.is_empty() {
                std::thread::yield_now();
            }
        }
        checks.join().unwrap();
    });
    // A byte of an old record, changed while nobody looks.
    let name = disk.files().into_iter().find(|name| name.starts_with("segment-")).unwrap();
    disk.flip(&name, 5_000, 4);
    let refusal = client.engine.verify(VerifyFrom::Genesis).unwrap_err();
    assert_eq!((refusal.code, refusal.details["file"].as_str()), (Code::CorruptState, Some(&*name)));
    client.engine.close().unwrap();
}

/// A snapshot that can't be written is a pity, and no more.
#[test]
fn a_snapshot_that_fails_leaves_the_engine_as_it_is() {
    let disk = disk();
    let mut client = Run::Threads(1, 1).open(&disk);
    market(&mut client);
    let start = Instant::now();
    while client.engine.stats().segments_prepared < 2 {
        assert!(start.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(1));
    }
    disk.fail(Operation::Create, 0, Fault::Io);
    assert_eq!(client.engine.snapshot().unwrap_err().code, Code::JournalIo);
    client.call(deposit(1, "BASE", "1")).unwrap();
    let snapshot = client.engine.snapshot().unwrap();
    assert_eq!(snapshots(&disk), [snapshot.file]);
    client.engine.close().unwrap();
    assert_eq!(client.engine.snapshot().unwrap_err().code, Code::EngineClosed);
}

#[test]
fn an_audit_tells_every_record_once_in_pages_of_any_size() {
    let disk = disk();
    let mut client = Run::Threads(2, 2).open(&disk);
    market(&mut client);
    let mut random = Random(8);
    session(&mut client, &mut random, 300);
    client.engine.snapshot().unwrap();
    session(&mut client, &mut random, 300);
    client.engine.set_symbol_status("S0", "HALT", true).unwrap();
    client.engine.remove_symbol("S1", true).ok();
    let last = client.engine.state_hash().unwrap().lsn.0;
    let all = pages(&client, AuditQuery { limit: 10_000, ..AuditQuery::default() });
    let lsns: Vec<_> = all.iter().map(|record| record["lsn"].as_u64().unwrap()).collect();
    assert_eq!(lsns, (1..=last).collect::<Vec<_>>());
    for limit in [1, 7, 100] {
        assert_eq!(pages(&client, AuditQuery { limit, ..AuditQuery::default() }), all, "{limit}");
    }
    // Out of the blue, before and behind the snapshot.
    for from in [1, 2, last / 3, last - 5, last, last + 1] {
        let query = AuditQuery { from_lsn: Some(from), limit: 1_000, ..AuditQuery::default() };
        assert_eq!(pages(&client, query), all[usize::try_from(from).unwrap() - 1..], "{from}");
    }
    let query = AuditQuery { from_lsn: Some(10), to_lsn: Some(19), limit: 4, ..AuditQuery::default() };
    assert_eq!(pages(&client, query), all[9..19]);

    // Of one account, all that names it, and nothing else.
    let query = AuditQuery { account: Some(5), limit: 50, ..AuditQuery::default() };
    let of_account = pages(&client, query);
    assert!(of_account.len() > 20 && of_account.len() < all.len() / 2);
    for record in &of_account {
        assert!(names_account(record, 5), "{record}");
    }
    let named = all.iter().filter(|record| names_account(record, 5)).count();
    assert_eq!(named, of_account.len());

    let kinds: BTreeSet<_> = all.iter().map(|record| record["kind"].as_str().unwrap()).collect();
    assert!(kinds.len() > 15, "{kinds:?}");
    let trades = all.iter().flat_map(|record| record["events"].as_array().unwrap());
    let trades = trades.filter(|event| event["event"] == "Trade").count();
    let shown: usize =
        ["S0", "S2"].iter().map(|symbol| client.engine.trades(symbol, None, 10_000).unwrap().1.len()).sum();
    assert!(trades >= shown && shown > 20, "{trades} {shown}");
    for limit in [0, 10_001] {
        let refused = client.engine.audit(AuditQuery { limit, ..AuditQuery::default() }).unwrap_err();
        assert_eq!((refused.code, refused.field), (Code::InvalidRequest, Some("limit")));
    }
}

fn pages(client: &Client, mut query: AuditQuery) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let page = client.engine.audit(query).unwrap();
        all.extend(page.records);
        match page.next_lsn {
            None => return all,
            next => query.from_lsn = next,
        }
    }
}

/// Is the account named anywhere in it?
fn names_account(value: &Value, account: u64) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(name, value)| {
            let is_account = name.ends_with("ccountId") || name == "from" || name == "to";
            (is_account && *value == account) || names_account(value, account)
        }),
        Value::Array(values) => values.iter().any(|value| names_account(value, account)),
        _ => false,
    }
}
