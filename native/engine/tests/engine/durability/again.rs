//! Opened, used, ended in good order or not, and opened again: everything that was answered is there, on any shards.

use lightning_core::message::Outcome;
use lightning_core::reject::Code;
use lightning_engine::registry::{AssetPatch, NewAsset, SymbolPatch};
use serde_json::json;

use super::rig::{RUNS, Run, disk, market, portrait, same, session};
use crate::everything::Random;

/// Opened again on each kind of shards in turn, from a copy of what was left.
#[test]
fn everything_that_was_answered_is_there_again() {
    for (seed, run) in (1..).zip(RUNS) {
        let disk = disk();
        let mut client = run.open(&disk);
        assert!(client.engine.recovery().unwrap().is_new);
        market(&mut client);
        let mut random = Random(seed * 7_919);
        let once = session(&mut client, &mut random, 400);
        let before = portrait(&mut client);
        let live = client.engine.state_hash().unwrap();
        // As if killed: nothing is written from here on.
        let killed = disk.kill();
        client.engine.close().unwrap();

        for (left, was_closed) in [(&killed, false), (&disk, true)] {
            for other in RUNS {
                let left = left.kill();
                let mut client = other.open(&left);
                let report = client.engine.recovery().unwrap().clone();
                assert_eq!((report.is_new, report.incarnation), (false, 2));
                assert_eq!(report.torn, None);
                assert_eq!(report.last_lsn, live.lsn.0 + u64::from(was_closed), "{run:?} {other:?}");
                assert_eq!(report.state_hash, live.hash, "{run:?} {other:?}");
                same(&portrait(&mut client), &before, &format!("{run:?} {other:?}"));
                assert_eq!(client.engine.state_hash().unwrap().hash, live.hash, "{run:?} {other:?}");
                assert!(once.len() > 20);
                for (words, answer) in &once {
                    assert_eq!(&format!("{:?}", client.say(words)), answer, "{words}");
                }
                same(&portrait(&mut client), &before, "what is repeated does nothing");
                client.engine.close().unwrap();
            }
        }
    }
}

/// Days of work, each in another topology, some of them cut short.
#[test]
fn an_engine_goes_on_where_another_ended() {
    let mut disk = disk();
    let mut random = Random(99);
    let mut client = Run::Inline.open(&disk);
    market(&mut client);
    for day in 0..8_u64 {
        session(&mut client, &mut random, 150);
        let before = portrait(&mut client);
        let live = client.engine.state_hash().unwrap();
        if day % 2 == 0 {
            disk = disk.kill();
        } else {
            client.engine.close().unwrap();
        }
        client = RUNS[usize::try_from(day).unwrap() % RUNS.len()].open(&disk);
        let report = client.engine.recovery().unwrap();
        assert_eq!((report.incarnation, report.state_hash), (day + 2, live.hash), "day {day}");
        same(&portrait(&mut client), &before, &format!("day {day}"));
    }
}

#[test]
fn the_operators_work_is_kept() {
    for run in RUNS {
        let disk = disk();
        let mut client = run.open(&disk);
        market(&mut client);
        let engine = &client.engine;
        engine.create_asset(&NewAsset::new("GONE", 3)).unwrap();
        engine.remove_asset("GONE").unwrap();
        engine.create_asset(&NewAsset::new("GONE", 5)).unwrap();
        let patch: AssetPatch = serde_json::from_value(json!({ "name": "Gone", "enabled": false })).unwrap();
        engine.update_asset("GONE", &patch).unwrap();
        let rules: SymbolPatch =
            serde_json::from_value(json!({ "maxAmends": 3, "maxPrice": "200" })).unwrap();
        engine.update_symbol("S0", &rules).unwrap();
        engine.set_symbol_status("S1", "HALT", false).unwrap();
        engine.remove_symbol("S2", true).unwrap();
        let first =
            engine.once(Some(7), 70, || Ok(engine.create_asset(&NewAsset::new("X", 1))?.to_json())).unwrap();
        let refused = engine.once(Some(8), 80, || Ok(engine.create_asset(&NewAsset::new("X", 1))?.to_json()));
        let refused = refused.unwrap_err();
        let before = portrait(&mut client);
        let live = client.engine.state_hash().unwrap();

        let mut client = Run::Threads(2, 2).open(&disk.kill());
        same(&portrait(&mut client), &before, &format!("{run:?}"));
        let engine = &client.engine;
        assert_eq!(engine.state_hash().unwrap().hash, live.hash, "{run:?}");
        let mut again = engine.once(Some(7), 70, || panic!("it was done")).unwrap();
        assert_eq!(again.as_object_mut().unwrap().remove("duplicate"), Some(true.into()));
        assert_eq!(again, first);
        assert_eq!(engine.once(Some(8), 80, || panic!("it was refused")).unwrap_err(), refused);
        assert_eq!(engine.once(Some(7), 71, || panic!("another")).unwrap_err().code, Code::RequestIdConflict);
        // Numbers go on: no asset is confused with an older one.
        assert_eq!(engine.create_asset(&NewAsset::new("Y", 1)).unwrap().id.0, 5);
    }
}

/// An id that somebody may have seen is never another order's.
#[test]
fn order_ids_are_never_used_twice() {
    let mut disk = disk();
    let mut seen = 0;
    for (day, run) in RUNS.into_iter().cycle().take(8).enumerate() {
        let mut client = run.open(&disk);
        if day == 0 {
            market(&mut client);
        }
        let before = seen;
        for account in 1..=6 {
            let order = json!({ "op": "placeOrder", "accountId": account, "symbol": "S0", "side": "buy",
                                "type": "limit", "price": "50", "quantity": "0.01" });
            let Ok(Outcome::Placed(placed)) = client.say(&order) else { panic!("day {day}") };
            assert!(placed.id.0 > before, "day {day}: {} was seen", placed.id);
            seen = seen.max(placed.id.0);
        }
        if day % 2 == 0 {
            disk = disk.kill();
        } else {
            client.engine.close().unwrap();
        }
    }
}
