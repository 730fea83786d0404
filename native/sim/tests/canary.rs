//! Wrong expectations that must be found out: proof that the harness can fail, and that it says where.

mod session;

use lightning_core::message::Outcome;
use lightning_sim::check;
use lightning_sim::laws::{self, Told};
use lightning_sim::recorder::Recorded;
use lightning_sim::workload;
use lightning_sim::world::World;
use proptest::test_runner::TestCaseError;

#[test]
fn one_atom_too_many_is_found_and_shrunk() {
    let failure = session::run(1_000, |session| {
        session
            .play(|duel, effects| {
                // The lie: whoever buys something gets an atom of quote from nowhere.
                if let Outcome::Placed(placed) = &effects.reply.outcome
                    && !placed.fills.is_empty()
                {
                    duel.oracle.credit(placed.order.account.0, 1, 1);
                }
            })
            .map_err(TestCaseError::fail)
    })
    .expect_err("an oracle that makes money is found out");
    let (_, actions) = failure.session.actions();
    assert!(failure.reason.contains("the core's, then the oracle's"), "{failure}");
    // The deposits of the twelve balances, a maker, a taker, and whatever looks at the balance.
    assert!(actions.len() <= 12 + 4, "not shrunk: {failure}");
}

#[test]
fn a_wrong_claim_about_the_core_is_found_and_shrunk() {
    let failure = session::run(1_000, |session| {
        session
            .play(|_, effects| {
                assert!(effects.trades.len() < 2, "no order trades twice");
            })
            .map_err(TestCaseError::fail)
    })
    .expect_err("orders do trade twice");
    let text = failure.to_string();
    assert!(text.contains("no order trades twice") && text.contains("reproduce:"), "{text}");
    let (_, actions) = failure.session.actions();
    assert!(actions.len() <= 12 + 3, "not shrunk: {text}");
}

/// A run whose history has trades and cancels in it, and what was told of it.
fn fold_with(lie: impl Fn(&mut Vec<Recorded>)) -> Result<(), String> {
    let workload = workload::generate(SEED);
    let mut world = World::new(&workload, SEED, None);
    world.run();
    let mut recorder = world.recorder().clone();
    lie(&mut recorder.records);
    check::catch(|| {
        let _ = laws::fold(&workload.setup, &recorder, world.told());
    })
}

const SEED: u64 = 11;

#[test]
fn a_history_that_was_tampered_with_is_found() {
    let is_place = |record: &Recorded| matches!(record, Recorded::Place(_));
    assert_eq!(fold_with(|_| {}), Ok(()));
    let places = |records: &[Recorded]| -> Vec<usize> {
        (0..records.len()).filter(|at| is_place(&records[*at])).collect()
    };
    let lost = fold_with(|records| {
        let at = places(records)[3];
        records.remove(at);
    });
    assert!(lost.is_err(), "a lost order is noticed");
    let swapped = fold_with(|records| {
        let places = places(records);
        let (first, last) = (places[0], places[places.len() - 1]);
        records.swap(first, last);
    });
    assert!(swapped.is_err(), "a reordered log is noticed");
    let doubled = fold_with(|records| {
        let at = places(records)[3];
        records.insert(at, records[at].clone());
    });
    assert!(doubled.is_err(), "an order that is replayed twice is noticed");
    let workload = workload::generate(SEED);
    let mut world = World::new(&workload, SEED, None);
    world.run();
    let nothing_told = check::catch(|| {
        let _ = laws::fold(&workload.setup, world.recorder(), &Told::default());
    });
    assert!(nothing_told.is_err(), "answers that were never given are noticed");
}
