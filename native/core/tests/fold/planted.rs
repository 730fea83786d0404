//! Journals that were tampered with, by a bit flip or by code that has changed: somebody must notice.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lightning_core::fold::{Divergence, Fold, Told};
use lightning_core::log::Recorded;
use lightning_core::types::{AccountId, Amount, Lsn, SymbolId};
use proptest::prelude::*;

use crate::journal::{Journal, SHARDS};
use crate::same::{Scope, describe_fold};
use crate::told_again::session;
use crate::world::{LIMITS, Throws, World};

/// How a change was noticed.
#[derive(Debug, PartialEq, Eq)]
enum Noticed {
    /// At this record, by a digest or its number.
    Told(usize, Divergence),
    /// By a broken invariant.
    Halted,
    /// Not before somebody looked at the state.
    Later,
    /// Not at all.
    Never,
}

fn notice(changed: &Journal, expected: &BTreeMap<String, String>) -> Noticed {
    let run = || {
        let mut fold = Fold::new(SHARDS[1], LIMITS, 10);
        let mut told = Told::default();
        for at in 0..changed.0.len() {
            if let Err(divergence) = changed.apply(at, &mut fold, &mut told) {
                return Noticed::Told(at, divergence);
            }
        }
        fold.check();
        let (found, _) = describe_fold(fold, changed, Scope { histories: true });
        if found == *expected { Noticed::Never } else { Noticed::Later }
    };
    catch_unwind(AssertUnwindSafe(run)).unwrap_or(Noticed::Halted)
}

/// Where a symbol's own records stand.
fn records_of(journal: &Journal, symbol: SymbolId) -> Vec<usize> {
    let is_its = |record: &Recorded| match record {
        Recorded::Place(admitted) => admitted.order.symbol == symbol,
        Recorded::PlaceOco(_, legs) => legs[0].order.symbol == symbol,
        Recorded::Cancel { symbol: its, .. }
        | Recorded::CancelBook(its)
        | Recorded::Expire { symbol: its, .. }
        | Recorded::CollectFees { symbol: its, .. }
        | Recorded::RemoveSymbol(its) => *its == symbol,
        Recorded::Amend(amend) => amend.symbol == symbol,
        Recorded::Replace(replace) => replace.symbol == symbol,
        Recorded::CancelMany(many) => many.symbol == symbol,
        Recorded::SetRules(spec, _) => spec.id() == symbol,
        _ => false,
    };
    (0..journal.0.len()).filter(|&at| is_its(&journal.0[at].record)).collect()
}

/// A session, what it leads to, and the records of its busiest symbol, if there are enough of them.
fn played(steps: &[Throws]) -> Option<(Journal, BTreeMap<String, String>, Vec<usize>)> {
    let journal = World::play(steps).journal;
    let (expected, _) = describe_fold(journal.fold(SHARDS[0], LIMITS), &journal, Scope { histories: true });
    let busiest =
        journal.symbols().into_iter().map(|symbol| records_of(&journal, symbol)).max_by_key(Vec::len)?;
    (busiest.len() >= 4).then_some((journal, expected, busiest))
}

proptest! {
    #![proptest_config(crate::random::config(300))]

    #[test]
    fn a_flipped_bit_of_a_digest_is_noticed_where_it_is(steps in session(40..150), which in 0_usize..999, bit in 0_u32..64) {
        let Some((mut journal, expected, records)) = played(&steps) else { return Ok(()) };
        let at = records[which % records.len()];
        journal.0[at].digest ^= 1 << bit;
        let Noticed::Told(found, Divergence::Digest { recorded, found: digest, .. }) = notice(&journal, &expected)
        else {
            panic!("nobody noticed");
        };
        assert_eq!((found, recorded ^ digest), (at, 1 << bit));
    }

    #[test]
    fn a_record_that_is_missing_is_noticed_by_its_number_or_by_what_comes_next(
        steps in session(40..150),
        which in 0_usize..999,
    ) {
        let Some((journal, expected, records)) = played(&steps) else { return Ok(()) };
        let which = which % (records.len() - 1);
        let at = records[which];
        let mut shorter = journal.clone();
        shorter.0.remove(at);
        // Those behind it have other numbers now, which are in what they lead to.
        assert!(!matches!(notice(&shorter, &expected), Noticed::Later | Noticed::Never));
        // Something that does nothing is in its place.
        let mut replaced = journal;
        replaced.0[at].record = Recorded::Genesis { logic_version: 1 };
        replaced.0[at].digest = 0;
        match notice(&replaced, &expected) {
            Noticed::Told(found, Divergence::Digest { .. }) => assert_eq!(found, records[which + 1]),
            // Another symbol's, or an account's, could not be done without it.
            Noticed::Halted => {}
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn two_records_in_the_wrong_order_are_noticed(
        steps in session(40..150),
        which in 0_usize..999,
        distance in 0_usize..9,
        whole in any::<bool>(),
    ) {
        let Some((mut journal, expected, records)) = played(&steps) else { return Ok(()) };
        let first = which % (records.len() - 1);
        let second = (first + 1 + distance).min(records.len() - 1);
        let (first, second) = (records[first], records[second]);
        let effects = World::play(&steps).effects;
        if whole {
            journal.0.swap(first, second);
        } else {
            let mut record = journal.0[first].record.clone();
            std::mem::swap(&mut record, &mut journal.0[second].record);
            journal.0[first].record = record;
        }
        // Rules lead to nothing by themselves, and the last ones count.
        let led_to_nothing = [first, second].iter().all(|&at| {
            matches!(journal.0[at].record, Recorded::SetRules(..)) && !effects.contains_key(&Lsn(at as u64 + 1))
        });
        match notice(&journal, &expected) {
            Noticed::Told(found, Divergence::Digest { .. }) => assert!((first..=second).contains(&found)),
            Noticed::Halted => {}
            _ if led_to_nothing => {}
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_order_that_was_changed_is_noticed(steps in session(40..150), which in 0_usize..999, how in 0_u32..4) {
        let Some((mut journal, expected, records)) = played(&steps) else { return Ok(()) };
        // What an order asked for that the book refused has led to nothing: nobody can tell what it was.
        let world = World::play(&steps);
        let came_in = |at: usize| {
            let is_place = matches!(journal.0[at].record, Recorded::Place(_));
            is_place && !world.effects[&Lsn(at as u64 + 1)].messages[0].contains("Voided")
        };
        let places: Vec<_> = records.into_iter().filter(|&at| came_in(at)).collect();
        let Some(&at) = places.get(which % places.len().max(1)) else { return Ok(()) };
        let Recorded::Place(admitted) = &mut journal.0[at].record else { unreachable!() };
        match how {
            0 => admitted.reserved = Amount(admitted.reserved.0 + 1),
            1 => admitted.order.side = admitted.order.side.opposite(),
            2 => admitted.order.account = AccountId(admitted.order.account.0 % 4 + 1),
            _ => admitted.id.0 += 30_000,
        }
        assert_ne!(notice(&journal, &expected), Noticed::Never);
    }
}

#[test]
fn a_number_out_of_turn_or_a_digest_of_nothing_changes_nothing() {
    let journal = World::new().journal;
    let mut fold = Fold::new(SHARDS[0], LIMITS, 0);
    let mut told = Told::default();
    let number = |expected, found| Err(Divergence::Number { expected: Lsn(expected), found: Lsn(found) });
    assert_eq!(journal.apply(1, &mut fold, &mut told), number(1, 2));
    assert_eq!(journal.apply(0, &mut fold, &mut told), Ok(()));
    assert_eq!(journal.apply(0, &mut fold, &mut told), number(2, 1));
    let mut flipped = journal.clone();
    flipped.0[1].digest = 8;
    let nothing = Err(Divergence::DigestOfNothing { recorded: 8 });
    assert_eq!(flipped.apply(1, &mut fold, &mut told), nothing);
    assert_eq!(fold.last().0, Lsn(1));
}
