//! A random session's records lead to its state, on whatever shards, and each to what it led to.

use lightning_core::fold::{Fold, Told};
use lightning_core::message::ToSequencer;
use lightning_core::types::Lsn;
use proptest::prelude::*;

use crate::journal::SHARDS;
use crate::same::{Scope, Shards, assert_same, describe, describe_fold};
use crate::world::{Effects, LIMITS, Throws, World};

const ALL: Scope = Scope { histories: true };

pub(crate) fn session(steps: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Throws>> {
    proptest::collection::vec(any::<Throws>(), steps)
}

proptest! {
    #![proptest_config(crate::random::config(1_000))]

    #[test]
    fn the_records_lead_to_the_state_of_the_shards_that_wrote_them(steps in session(1..300)) {
        let mut world = World::play(&steps);
        let shards = Shards { sequencers: &mut world.sequencers, matchers: &world.matchers };
        let live = describe(shards, &world.journal, ALL);
        for counts in SHARDS {
            let fold = world.journal.fold(counts, LIMITS);
            fold.check();
            let (folded, _) = describe_fold(fold, &world.journal, ALL);
            assert_same(&format!("{counts:?}"), &live, &folded);
        }
    }

    #[test]
    fn every_record_leads_to_the_messages_trades_and_answer_that_it_led_to(steps in session(1..300)) {
        let world = World::play(&steps);
        let mut fold = Fold::new(SHARDS[1], LIMITS, 0);
        let mut told = Told::default();
        let nothing = Effects::default();
        for at in 0..world.journal.0.len() {
            world.journal.apply(at, &mut fold, &mut told).unwrap();
            let live = world.effects.get(&Lsn(at as u64 + 1)).unwrap_or(&nothing);
            let is_transfer = |message: &ToSequencer| {
                matches!(message, ToSequencer::TransferOffered(_) | ToSequencer::TransferAnswered { .. })
            };
            let messages: Vec<String> = told
                .to_sequencers
                .iter()
                .filter(|message| !is_transfer(message))
                .map(|message| format!("{message:?}"))
                .collect();
            assert_eq!(live.messages, messages, "of record {}: {:?}", at + 1, world.journal.0[at].record);
            assert_eq!(live.trades, told.trades, "of record {}: {:?}", at + 1, world.journal.0[at].record);
            if let Some(outcome) = &live.outcome {
                let again = told.outcome.as_ref().map(|outcome| format!("{outcome:?}"));
                assert_eq!(Some(outcome), again.as_ref(), "of record {}", at + 1);
            }
            told.clear();
        }
    }

    #[test]
    fn the_half_that_decides_may_run_ahead(steps in session(1..300), ahead in 1_usize..400) {
        let world = World::play(&steps);
        let (expected, _) = describe_fold(world.journal.fold(SHARDS[1], LIMITS), &world.journal, ALL);
        let mut fold = Fold::new(SHARDS[1], LIMITS, 1_000);
        let (mut matching, mut settling) = fold.halves();
        let mut told = Told::default();
        let mut records: Vec<_> = (1..).map(Lsn).zip(world.journal.0.clone()).collect();
        for few in records.chunks_mut(ahead) {
            let mut ends = Vec::new();
            matching.look_ahead(few.iter().take(16).map(|(_, written)| &written.record));
            for (lsn, written) in &mut *few {
                matching.take_up(*lsn, written.digest, &mut written.record).unwrap();
                let before = format!("{:?}", written.record);
                matching.decide(*lsn, written.at, &mut written.record);
                assert_eq!(before, format!("{:?}", written.record), "the other half wants it as it was");
                ends.push(matching.out().to_sequencer.len());
            }
            let out = std::mem::take(matching.out());
            let (mut messages, mut from) = (out.to_sequencer, 0);
            for ((lsn, written), to) in few.iter_mut().zip(ends) {
                settling.look_ahead(&messages[from..to]);
                settling.begin(*lsn, written.at, &written.record);
                settling.settle(*lsn, written.at, &mut messages[from..to]);
                settling.carry_out(*lsn, written.at, &mut written.record, &mut told);
                from = to;
            }
        }
        fold.check();
        let (found, _) = describe_fold(fold, &world.journal, ALL);
        assert_same("ahead", &expected, &found);
    }
}
