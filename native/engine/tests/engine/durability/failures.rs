//! Disks that fail, fill up, are slow or damaged, and shards that break: nobody is told what may be lost, nothing that
//! was told is lost, and everybody who asks is told why.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lightning_core::message::Outcome;
use lightning_core::reject::Code;
use lightning_core::types::{Amount, Side, Ticket, Timestamp};
use lightning_engine::config::{Durability, Options};
use lightning_engine::edge::Call;
use lightning_engine::refusal::Refusal;
use lightning_engine::registry::NewAsset;
use lightning_engine::{Engine, Halted, Mischief, Room};
use lightning_journal::storage::memory::{FakeDisk, Fault, Operation};
use serde_json::json;

use super::held::Held;
use super::rig::{Run, disk, market, portrait, same, session};
use crate::everything::Random;
use crate::support::{Client, code, deposit, limit};

const PATIENCE: Duration = Duration::from_secs(15);

fn open(disk: &FakeDisk, options: Options) -> Result<Engine, Refusal> {
    Engine::open_on(Arc::new(disk.clone()), options, Box::new(|| {}))
}

/// Asks one thing, and waits for its answer or for the end of everything.
fn ask(engine: &Engine, call: Call<'_>) -> Result<Result<Outcome, Refusal>, Halted> {
    engine.submit([(Ticket(1), call)]);
    let start = Instant::now();
    loop {
        let mut ready = engine.drain();
        match (ready.answers.pop(), ready.halted) {
            // A halted engine says why to everybody who asks.
            (Some(answer), _) => match answer.result {
                Err(Refusal { code, details, .. }) if details.contains_key("reason") => {
                    return Err(Halted { code, why: details["reason"].as_str().unwrap().to_owned() });
                }
                result => return Ok(result),
            },
            (None, Some(halted)) => return Err(halted),
            (None, None) => {}
        }
        assert!(start.elapsed() < PATIENCE, "no answer: {:?}", engine.stats());
        std::thread::yield_now();
    }
}

/// What an account has, by what it was told.
#[derive(Debug, Default)]
struct Told {
    assets: Vec<&'static str>,
    deposits: u128,
    /// The call that nobody was told the end of.
    open_end: Option<u128>,
}

/// Creates an asset and makes deposits of 1, 2, 3 ... until the disk fails.
fn work(engine: &Engine, told: &mut Told, deposits: u128) -> Result<(), Halted> {
    for asset in ["A", "B"] {
        match engine.create_asset(&NewAsset::new(asset, 0)) {
            Ok(_) => told.assets.push(asset),
            Err(refusal) if refusal.code == Code::AssetExists => {}
            Err(refusal) => {
                let codes = [Code::OutcomeUnknown, Code::JournalIo, Code::StorageFull];
                assert!(codes.contains(&refusal.code), "{refusal:?}");
                let why = refusal.details["reason"].as_str().unwrap().to_owned();
                return Err(Halted { code: Code::JournalIo, why });
            }
        }
    }
    for amount in 1..=deposits {
        told.open_end = Some(amount);
        let text = amount.to_string();
        match ask(engine, deposit(7, "A", &text))? {
            Ok(Outcome::BalanceChanged { .. }) => told.deposits += amount,
            other => panic!("{other:?}"),
        }
        told.open_end = None;
    }
    Ok(())
}

/// Whatever was told is there; what was open is wholly there or not at all.
fn check(disk: &FakeDisk, told: &Told, context: &str) {
    let engine = open(disk, Run::Threads(1, 1).options()).unwrap_or_else(|why| panic!("{context}: {why:?}"));
    for asset in &told.assets {
        assert!(engine.registry().find_asset(asset).is_ok(), "{context}: {asset} is gone");
    }
    let balance = match ask(&engine, Call::Balances { account: 7, asset: None }).unwrap() {
        Ok(Outcome::Balances(lines)) => lines.first().map_or(0, |(_, balance)| balance.available.0),
        Err(refusal) if refusal.code == Code::UnknownAccount => 0,
        other => panic!("{context}: {other:?}"),
    };
    let with_open = told.deposits + told.open_end.unwrap_or(0);
    assert!(balance == told.deposits || balance == with_open, "{context}: {balance} of {told:?}");
    engine.close().unwrap();
}

/// A process that is killed and a machine that loses power leave different disks.
fn check_what_is_left(disk: &FakeDisk, durability: Durability, told: &Told, context: &str) {
    let killed = disk.kill();
    killed.set_space(None);
    check(&killed, told, &format!("{context}, killed"));
    if durability == Durability::Written {
        return; // No more than that was promised.
    }
    for seed in 0..3 {
        let mut numbers = Random(seed * 31 + 1);
        let crashed = disk.crash(&mut |bound| numbers.below(bound));
        crashed.set_space(None);
        check(&crashed, told, &format!("{context}, power lost, seed {seed}"));
    }
}

/// One operation of the disk fails, each in turn, from the opening to the closing of a small run.
#[test]
fn whichever_operation_fails_nothing_that_was_told_is_lost() {
    for (run, durability) in [
        (Run::Inline, Durability::Sync),
        (Run::Threads(1, 1), Durability::Sync),
        (Run::Threads(2, 2), Durability::Written),
    ] {
        let options = || Options { durability: Some(durability), ..run.options() };
        let (mut failed, mut after) = (0, 0);
        loop {
            let disk = disk();
            disk.fail(Operation::Any, after, Fault::Io);
            let context = format!("{run:?} {durability:?}, operation {after}");
            let mut told = Told::default();
            let halted = match open(&disk, options()) {
                Err(refusal) => {
                    assert_eq!(refusal.code, Code::JournalIo, "{context}: {refusal:?}");
                    failed += 1;
                    true
                }
                Ok(engine) => {
                    let ended = work(&engine, &mut told, 12);
                    if let Err(halted) = &ended {
                        assert_eq!(halted.code, Code::JournalIo, "{context}: {halted:?}");
                        // Whoever asks from here on is told why; nothing is read either.
                        let refused = ask(&engine, Call::Balances { account: 7, asset: None }).unwrap_err();
                        assert_eq!(&refused, halted, "{context}");
                        assert_eq!(
                            engine.create_asset(&NewAsset::new("C", 0)).unwrap_err().code,
                            Code::JournalIo
                        );
                        assert_eq!(engine.state_hash().unwrap_err().code, Code::JournalIo, "{context}");
                    }
                    let closed = engine.close();
                    failed += u64::from(ended.is_err() || closed.is_err());
                    ended.is_err()
                }
            };
            if !halted {
                told.open_end = None;
            }
            let struck = disk.faults_left() == 0;
            disk.clear_faults();
            check_what_is_left(&disk, durability, &told, &context);
            if !struck {
                break; // It was never reached: the run is over.
            }
            after += 1;
        }
        assert!(failed > 20, "{run:?} {durability:?}: only {failed} of {after} were felt");
    }
}

/// The same with the other ways to fail, at a few places.
#[test]
fn syncs_that_lie_and_disks_that_die_are_survived() {
    for run in [Run::Inline, Run::Threads(2, 2)] {
        for (operation, fault) in [
            (Operation::Sync, Fault::SyncLies { seed: 5 }),
            (Operation::Write, Fault::NoSpace),
            (Operation::Write, Fault::Dead),
            (Operation::Write, Fault::Short(512)),
        ] {
            for after in (0..40).step_by(3) {
                // Without writes that sync themselves: there is a page cache to be lied to by.
                let disk = FakeDisk::new();
                let engine = open(&disk, run.options()).unwrap();
                disk.fail(operation, after, fault);
                let mut told = Told::default();
                let _ = work(&engine, &mut told, 30);
                let _ = engine.close();
                disk.clear_faults();
                check_what_is_left(
                    &disk,
                    Durability::Sync,
                    &told,
                    &format!("{run:?} {operation:?} {fault:?} {after}"),
                );
            }
        }
    }
}

#[test]
fn a_full_disk_takes_cancels_and_goes_on_when_there_is_room() {
    for run in [Run::Inline, Run::Threads(1, 1)] {
        let disk = disk();
        let mut client = Client::open_on(disk.clone(), run.options());
        market(&mut client);
        let orders: Vec<u64> = (0..20)
            .map(|_| match client.call(limit(1, "S0", Side::Buy, "0.01", "50")) {
                Ok(Outcome::Placed(placed)) => placed.id.0,
                other => panic!("{other:?}"),
            })
            .collect();
        // All that was meant to be prepared is; from here on there is no room for more.
        wait(&client, |client| client.engine.stats().segments_prepared == 2);
        disk.set_space(Some(0));
        let start = Instant::now();
        let refused = loop {
            if let Err(refusal) = client.call(deposit(1, "BASE", "1")) {
                break refusal;
            }
            assert!(start.elapsed() < Duration::from_secs(60));
        };
        assert_eq!((refused.code, client.engine.stats().room), (Code::StorageFull, Room::Low), "{refused:?}");
        let place = client.call(limit(1, "S0", Side::Buy, "0.01", "50"));
        assert_eq!(code(&place), Some(Code::StorageFull));
        assert_eq!(client.engine.create_asset(&NewAsset::new("X", 0)).unwrap_err().code, Code::StorageFull);
        // What takes nothing more of anybody is done, and what only asks is answered.
        client.call(Call::Cancel { account: 1, order: orders[0] }).unwrap();
        client.call(Call::Balances { account: 1, asset: None }).unwrap();
        // What was done before is answered again.
        let before = client.engine.state_hash().unwrap();

        disk.set_space(None);
        wait(&client, |client| client.engine.stats().room == Room::Plenty);
        client.call(deposit(1, "BASE", "1")).unwrap();
        client.engine.close().unwrap();
        let client = Run::Threads(2, 2).open(&disk);
        assert!(client.engine.recovery().unwrap().last_lsn > before.lsn.0);
    }
}

#[test]
fn a_disk_that_stays_full_ends_the_engine_and_loses_nothing() {
    for run in [Run::Inline, Run::Threads(2, 2)] {
        let disk = disk();
        let mut client = Client::open_on(disk.clone(), run.options());
        market(&mut client);
        wait(&client, |client| client.engine.stats().segments_prepared == 2);
        disk.set_space(Some(0));
        let engine = &client.engine;
        let once = json!({ "op": "deposit", "accountId": 1, "asset": "BASE", "amount": "1", "requestId": 1 });
        let once: lightning_engine::words::Words = serde_json::from_value(once).unwrap();
        let first = ask(engine, Call::Words(&once)).unwrap().unwrap();
        while engine.stats().room == Room::Plenty {
            let _ = ask(engine, deposit(1, "BASE", "1")).unwrap();
        }
        let again = ask(engine, Call::Words(&once)).unwrap().unwrap();
        assert_eq!(format!("{again:?}"), format!("{first:?}"), "what was done is told again");
        let Ok(Ok(before)) = ask(engine, Call::Balances { account: 1, asset: None }) else { panic!() };
        // Cancels of nothing are records, too.
        let words = json!({ "op": "cancelAll", "accountId": 1 });
        let words: lightning_engine::words::Words = serde_json::from_value(words).unwrap();
        let start = Instant::now();
        let halted = loop {
            match ask(engine, Call::Words(&words)) {
                // The last moments are for those who were first.
                Ok(Ok(_) | Err(Refusal { code: Code::StorageFull, .. })) => {}
                Ok(Err(refusal)) => panic!("{refusal:?}"),
                Err(halted) => break halted,
            }
            assert!(start.elapsed() < PATIENCE, "it does not end");
        };
        assert_eq!(halted.code, Code::StorageFull);
        assert_eq!(ask(engine, Call::Conservation).unwrap_err().code, Code::StorageFull);
        assert_eq!(engine.close().unwrap_err().code, Code::StorageFull);
        disk.set_space(None);
        let mut client = Run::Threads(1, 1).open(&disk);
        let after = client.call(Call::Balances { account: 1, asset: None }).unwrap();
        assert_eq!(format!("{after:?}"), format!("{before:?}"));
    }
}

fn wait(client: &Client, until: impl Fn(&Client) -> bool) {
    let start = Instant::now();
    while !until(client) {
        assert!(start.elapsed() < PATIENCE, "{:?}", client.engine.stats());
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn a_slow_disk_makes_the_engine_busy_and_not_the_memory_full() {
    let held = Held::new(disk());
    let valve = held.valve.clone();
    let mischief = Mischief { backlog_high: Some(100_000), ..Mischief::default() };
    let mut client = Client::try_open(Some(Arc::new(held)), Run::Threads(2, 2).options(), mischief).unwrap();
    market(&mut client);
    valve.set(true);
    let start = Instant::now();
    let mut asked = 0;
    let tickets = loop {
        client.ask(deposit(1 + asked % 12, "BASE", "1"));
        asked += 1;
        client.poll();
        if client.engine.stats().busy > 0 {
            break asked;
        }
        assert!(start.elapsed() < PATIENCE, "never busy: {:?}", client.engine.stats());
    };
    assert!(client.engine.stats().backlog_bytes < 1_000_000, "{:?}", client.engine.stats());
    valve.set(false);
    let answers = client.settle();
    let busy = answers.values().filter(|answer| code(answer) == Some(Code::Busy)).count();
    let done = answers.values().filter(|answer| answer.is_ok()).count();
    assert_eq!((busy + done) as u64, tickets);
    assert!(busy > 0 && done > 500, "{busy} busy, {done} done");
    // And then it is not any more.
    client.call(deposit(1, "BASE", "1")).unwrap();
    client.engine.close().unwrap();
}

/// A shard that breaks takes nobody's money: what it had told is there when the engine is opened again.
#[test]
fn a_broken_invariant_loses_nothing_that_was_told() {
    for run in [Run::Inline, Run::Threads(1, 1), Run::Threads(2, 2)] {
        for steps in [40, 90, 200] {
            let disk = disk();
            let mischief = Mischief { panic_after: Some(steps), ..Mischief::default() };
            let client = Client::try_open(Some(Arc::new(disk.clone())), run.options(), mischief).unwrap();
            let mut told = Told::default();
            let engine = &client.engine;
            // Some of the steps are spent in the operator's calls.
            let halted = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                match work(engine, &mut told, 1_000) {
                    Err(halted) => halted,
                    Ok(()) => panic!("nothing broke"),
                }
            }))
            .unwrap();
            assert_eq!(halted.code, Code::Internal, "{halted:?}");
            engine.close().unwrap();
            check_what_is_left(&disk, Durability::Sync, &told, &format!("{run:?} after {steps} steps"));
        }
    }
}

#[test]
fn time_goes_on_though_the_clock_was_set_back() {
    let disk = disk();
    let options = Options { manual_clock_start_ms: Some(1 << 43), ..Run::Inline.options() };
    let mut client = Client::open_on(disk.clone(), options);
    market(&mut client);
    let order = json!({ "op": "placeOrder", "accountId": 1, "symbol": "S0", "side": "buy", "type": "limit",
                        "price": "50", "quantity": "0.01", "timeInForce": "GTD",
                        "expireAt": (1_u64 << 43) + 5 });
    client.say(&order).unwrap();
    let last = client.engine.now();
    client.engine.close().unwrap();

    // By the system's clock it is centuries earlier.
    let options = Options { manual_clock_start_ms: None, ..Run::Threads(1, 1).options() };
    let mut client = Client::open_on(disk.clone(), options);
    assert_eq!(client.engine.now(), Timestamp(last.0 + 1));
    client.call(deposit(1, "BASE", "1")).unwrap();
    client.engine.close().unwrap();
    let options = Options { manual_clock_start_ms: Some(0), ..Run::Threads(1, 1).options() };
    let mut client = Client::open_on(disk, options);
    assert!(client.engine.now() > last);
    client.engine.advance(10).unwrap();
    let open = client.say(&json!({ "op": "openOrders", "accountId": 1 })).unwrap();
    assert!(matches!(open, Outcome::Orders(page) if page.orders.is_empty()), "its time has come");
}

#[test]
fn a_directory_has_one_engine_at_a_time() {
    let disk = disk();
    let client = Run::Inline.open(&disk);
    for run in [Run::Inline, Run::Threads(1, 1)] {
        assert_eq!(open(&disk, run.options()).err().map(|refusal| refusal.code), Some(Code::DataDirLocked));
    }
    client.engine.close().unwrap();
    open(&disk, Run::Inline.options()).unwrap();
}

/// All bytes of a disk.
fn bytes(disk: &FakeDisk) -> BTreeMap<String, Vec<u8>> {
    disk.files().into_iter().map(|name| (name.clone(), disk.read(&name))).collect()
}

#[test]
fn a_damaged_directory_is_refused_and_left_alone() {
    let good = disk();
    let mut client = Run::Inline.open(&good);
    market(&mut client);
    session(&mut client, &mut Random(5), 200);
    client.engine.close().unwrap();
    let segments: Vec<_> = good.files().into_iter().filter(|name| name.starts_with("segment-")).collect();
    let mut refused = 0;
    for name in &segments {
        for at in (0..good.len_of(name).min(400_000)).step_by(50_021) {
            let bad = good.kill();
            bad.flip(name, at, 0x10);
            let before = bytes(&bad);
            match open(&bad, Run::Threads(2, 2).options()) {
                Err(refusal) => {
                    assert_eq!(refusal.code, Code::CorruptState, "{name} at {at}: {refusal:?}");
                    assert!(refusal.details.contains_key("file"), "{refusal:?}");
                    assert_eq!(bytes(&bad), before, "{name} at {at}: something was changed");
                    refused += 1;
                }
                // Padding, and zeros behind the end, may be damaged without harm.
                Ok(engine) => engine.close().unwrap(),
            }
        }
    }
    assert!(refused > 3, "{refused}");
}

/// Records that are whole, and are not what an engine decided.
#[test]
fn records_that_lead_nowhere_are_refused_by_their_number() {
    use lightning_core::codec::{Encode, VERSION, kind_of};
    use lightning_core::log::Record;
    use lightning_core::types::{OrderId, SymbolId};
    use lightning_journal::{Batch, Options as JournalOptions, recover};

    let plant = |kind: Option<u8>, record: &Record<'_>| {
        let disk = disk();
        let mut client = Run::Inline.open(&disk);
        market(&mut client);
        client.engine.close().unwrap();
        let options = JournalOptions { segment_bytes: 1 << 20, ..JournalOptions::default() };
        let recovered = recover(Arc::new(disk.clone()), options, &mut |_| {}).unwrap();
        let lsn = recovered.head().lsn + 1;
        let (mut writer, _preparer) = recovered.start().unwrap();
        let mut batch = Batch::new(lsn);
        batch.append(kind.unwrap_or(kind_of(record)), VERSION, 1, 0, |out| record.encode(out));
        writer.commit(&mut batch).unwrap();
        writer.close().unwrap();
        let before = bytes(&disk);
        let refusal = open(&disk, Run::Threads(2, 1).options()).err().expect("it was opened");
        assert_eq!(bytes(&disk), before);
        assert_eq!(refusal.details["lsn"], lsn, "{refusal:?}");
        refusal.code
    };
    let (symbol, order) = (SymbolId(0), OrderId(999));
    assert_eq!(plant(None, &Record::Expire { symbol, order }), Code::CorruptState);
    assert_eq!(plant(None, &Record::CleanShutdown { state_hash: [7; 32] }), Code::CorruptState);
    assert_eq!(plant(Some(250), &Record::RemoveSymbol(symbol)), Code::UnsupportedVersion);
}

#[test]
fn a_journal_of_a_later_version_is_refused() {
    use lightning_journal::{Options as JournalOptions, recover};
    let disk = disk();
    let options = JournalOptions { segment_bytes: 1 << 20, logic_version: 2, ..JournalOptions::default() };
    let recovered = recover(Arc::new(disk.clone()), options, &mut |_| {}).unwrap();
    recovered.start().unwrap().0.close().unwrap();
    let refusal = open(&disk, Run::Inline.options()).err().expect("it was opened");
    assert_eq!(refusal.code, Code::UnsupportedVersion);
}

/// A session of all kinds of calls that is cut by a failing disk, and goes on after another start.
#[test]
fn sessions_are_cut_anywhere_and_agree_with_what_is_opened_again() {
    for seed in 1..12 {
        let disk = disk();
        let mut client = Run::Threads(2, 2).open(&disk);
        market(&mut client);
        session(&mut client, &mut Random(seed), 40 * seed);
        let (before, live) = (portrait(&mut client), client.engine.state_hash().unwrap());
        // The next record does not get to the disk.
        disk.fail(Operation::Write, 0, Fault::Io);
        let halted = ask(&client.engine, deposit(1, "BASE", "5")).unwrap_err();
        assert_eq!(halted.code, Code::JournalIo);
        assert_eq!(client.engine.close().unwrap_err().code, Code::JournalIo);
        let mut client = Run::Threads(3, 1).open(&disk);
        let report = client.engine.recovery().unwrap().clone();
        if report.last_lsn == live.lsn.0 {
            assert_eq!(report.state_hash, live.hash, "seed {seed}");
            same(&portrait(&mut client), &before, &format!("seed {seed}"));
        } else {
            // It did get there, and nobody was told.
            let Ok(Outcome::Balances(lines)) = client.call(Call::Balances { account: 1, asset: None }) else {
                panic!()
            };
            assert!(lines[0].1.available > Amount(500));
        }
    }
}
