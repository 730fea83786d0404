//! What records lead to is saved and loaded, after any of them: it is the same, and leads to the same.

use std::cell::Cell;

use lightning_core::fold::{Fold, Told};
use lightning_core::types::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::bytes::{
    TRADES_KEPT, assert_same_parts, assert_same_sections, load, parts, parts_of_shards, save,
    without_the_front_end,
};
use crate::journal::{Journal, SHARDS};
use crate::world::{LIMITS, Throws, World};

pub(crate) fn session(steps: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Throws>> {
    proptest::collection::vec(any::<Throws>(), steps)
}

fn prefix(journal: &Journal, records: usize) -> Journal {
    Journal(journal.0[..records].to_vec())
}

/// What a record led to, in words.
fn words(told: &Told) -> String {
    format!("{:?} {:?} {:?}", told.to_sequencers, told.trades, told.outcome)
}

proptest! {
    #![proptest_config(crate::random::config(400))]

    #[test]
    fn what_is_loaded_is_what_was_saved_and_leads_to_the_same(
        steps in session(1..250),
        cut in 0_usize..10_000,
        (on, onto) in (0_usize..3, 0_usize..3),
    ) {
        let journal = World::play(&steps).journal;
        let records = cut % (journal.0.len() + 1);
        let mut fold = Fold::new(SHARDS[on], LIMITS, TRADES_KEPT);
        let (mut told, mut told_again) = (Told::default(), Told::default());
        for at in 0..records {
            journal.apply(at, &mut fold, &mut told).unwrap();
            told.clear();
        }
        let (expected, saved) = (parts(&fold), save(&fold));
        let mut loaded = load(&saved, SHARDS[onto], LIMITS).unwrap();
        loaded.check();
        prop_assert_eq!(loaded.last(), fold.last());
        assert_same_parts("loaded", &expected, &parts(&loaded));
        assert_same_sections("saved again", &saved, &save(&loaded));

        for at in records..journal.0.len() {
            journal.apply(at, &mut fold, &mut told).unwrap();
            journal.apply(at, &mut loaded, &mut told_again).unwrap();
            prop_assert_eq!(words(&told), words(&told_again), "of record {}", at + 1);
            told.clear();
            told_again.clear();
        }
        loaded.check();
        assert_same_parts("at the end", &parts(&fold), &parts(&loaded));
        assert_same_sections("at the end", &save(&fold), &save(&loaded));
    }

    #[test]
    fn a_state_is_the_same_on_all_shards_and_live_at_rest(steps in session(1..250)) {
        let world = World::play(&steps);
        let folds = SHARDS.map(|counts| world.journal.fold(counts, LIMITS));
        let expected = parts(&folds[0]);
        for fold in &folds {
            assert_same_parts("other shards", &expected, &parts(fold));
            assert_same_sections("other shards", &save(&folds[0]), &save(fold));
        }
        let live = parts_of_shards(&world.sequencers, &world.matchers);
        assert_same_parts("live", &without_the_front_end(expected), &live);
    }
}

#[test]
fn what_was_begun_is_finished_after_a_load_as_without_one() {
    let under_way = Cell::new(0_usize);
    let mut runner = TestRunner::new(crate::random::config(60));
    let played = runner.run(&(session(1..120), 0_u64..5_000_000_000), |(steps, later)| {
        let whole = World::play(&steps).journal;
        for records in 0..=whole.0.len() {
            let (mut journal, mut journal_again) = (prefix(&whole, records), prefix(&whole, records));
            let mut fold = journal.fold(SHARDS[records % 3], LIMITS);
            // By way of other shards. (What is due meanwhile is done by the shards that are asked something else.)
            let between = load(&save(&fold), SHARDS[(records + 1) % 3], LIMITS).unwrap();
            let mut loaded = load(&save(&between), SHARDS[records % 3], LIMITS).unwrap();
            loaded.check();
            let now = Timestamp(fold.last().1.0 + later);
            fold.resume(now, &mut journal);
            loaded.resume(now, &mut journal_again);
            under_way.set(under_way.get() + journal.0.len() - records);
            prop_assert_eq!(
                format!("{journal:?}"),
                format!("{journal_again:?}"),
                "after {} records",
                records
            );
            assert_same_parts("resumed", &parts(&fold), &parts(&loaded));
            loaded.check();
        }
        Ok(())
    });
    played.unwrap();
    assert!(under_way.get() > 100, "hardly anything was under way: {}", under_way.get());
}
