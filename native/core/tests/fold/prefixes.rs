//! A journal may end after any record. What it leads to then holds together, and is gone on from there.

use std::collections::BTreeSet;

use lightning_core::fold::{Fold, Told};
use lightning_core::log::Recorded;
use lightning_core::types::Timestamp;
use proptest::prelude::*;

use crate::journal::{Journal, SHARDS};
use crate::same::{Scope, Shards, assert_same, describe, describe_fold};
use crate::told_again::session;
use crate::world::{LIMITS, World};

const ALL: Scope = Scope { histories: true };

proptest! {
    #![proptest_config(crate::random::config(200))]

    #[test]
    fn after_every_record_everything_holds(steps in session(1..200)) {
        let journal = World::play(&steps).journal;
        for counts in SHARDS {
            let mut fold = Fold::new(counts, LIMITS, 3);
            let mut told = Told::default();
            for at in 0..journal.0.len() {
                journal.apply(at, &mut fold, &mut told).unwrap();
                fold.check();
                told.clear();
            }
        }
    }
}

proptest! {
    #![proptest_config(crate::random::config(60))]

    #[test]
    fn what_was_begun_is_finished_from_every_record_on(steps in session(1..150), later in 0_u64..5_000_000_000) {
        let whole = World::play(&steps).journal;
        for records in 0..=whole.0.len() {
            let mut journal = Journal(whole.0[..records].to_vec());
            let mut fold = journal.fold(SHARDS[records % 3], LIMITS);
            let now = Timestamp(fold.last().1.0 + later);
            fold.resume(now, &mut journal);
            fold.check();
            for written in &journal.0[records..] {
                let finishes = matches!(
                    written.record,
                    Recorded::TransferAccepted(_)
                        | Recorded::TransferRefused(..)
                        | Recorded::CancelMany(_)
                        // Live as it is, it does what is due.
                        | Recorded::Expire { .. }
                );
                assert!(finishes, "nobody asked for {:?}", written.record);
            }
            // Nothing is left to do, and nothing of a transfer is under way (or the description says so).
            let written = journal.last();
            fold.resume(now, &mut journal);
            assert_eq!(journal.last(), written, "done twice");
            assert_eq!(fold.last().0, written);

            // Those who follow the journal come to the same.
            let (resumed, _) = describe_fold(fold, &journal, ALL);
            assert!(!resumed["totals"].contains("in_transfer: Amount(1"), "{}", resumed["totals"]);
            let follower = journal.fold(SHARDS[(records + 1) % 3], LIMITS);
            follower.check();
            let (followed, _) = describe_fold(follower, &journal, ALL);
            assert_same(&format!("after {records} records"), &resumed, &followed);
        }
    }

    #[test]
    fn after_a_crash_it_goes_on_and_nothing_is_done_twice(
        first in session(1..150),
        keep in 0_usize..1_000,
        second in session(1..60),
    ) {
        let mut world = World::play(&first);
        let records = keep % (world.journal.0.len() + 1);
        world.crash(records);
        let recorded: BTreeSet<_> =
            world.journal.request_ids().map(|(account, id)| (account, id.lane, id.number)).collect();
        for (account, id, duplicate, outcome) in world.repeat_all() {
            let was_done = recorded.contains(&(account, id.lane, id.number));
            assert!(duplicate || !was_done, "done twice: {account} {id:?} {outcome:?}");
        }
        world.go_on(&second);
        let shards = Shards { sequencers: &mut world.sequencers, matchers: &world.matchers };
        let live = describe(shards, &world.journal, ALL);
        for counts in SHARDS {
            let fold = world.journal.fold(counts, LIMITS);
            fold.check();
            let (folded, _) = describe_fold(fold, &world.journal, ALL);
            assert_same(&format!("{counts:?}"), &live, &folded);
        }
    }
}
