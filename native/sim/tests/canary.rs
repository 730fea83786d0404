//! Wrong expectations that must be found out: proof that the harness can fail, and that it says where.

mod session;

use lightning_core::log::Recorded;
use lightning_core::message::Outcome;
use lightning_core::types::Lsn;
use lightning_sim::recorder::Written;
use lightning_sim::world::World;
use lightning_sim::{check, fold, workload};
use proptest::test_runner::TestCaseError;

/// How many commands a session has besides deposits, which its market asks for.
fn orders_in(session: &session::Session) -> usize {
    let (_, actions) = session.actions();
    actions.iter().filter(|action| !matches!(action, workload::Action::Deposit(..))).count()
}

#[test]
fn one_atom_too_many_is_found_and_shrunk() {
    let failure = session::run(1_000, |session| {
        session
            .play(|duel, effects| {
                // The lie: whoever buys something gets an atom of quote from nowhere.
                if let Some(Outcome::Placed(placed)) = effects.reply.as_ref().map(|reply| &reply.outcome)
                    && !placed.fills.is_empty()
                {
                    duel.oracle.credit(placed.order.account.0, 1, 1);
                }
            })
            .map(|_| ())
            .map_err(TestCaseError::fail)
    })
    .expect_err("an oracle that makes money is found out");
    assert!(failure.reason.contains("the core's, then the oracle's"), "{failure}");
    // The first trades, a maker, a taker, and whatever looks at the balance.
    assert!(orders_in(&failure.session) <= 8, "not shrunk: {failure}");
}

#[test]
fn a_wrong_claim_about_the_core_is_found_and_shrunk() {
    let failure = session::run(1_000, |session| {
        session
            .play(|_, effects| {
                assert!(effects.trades.len() < 2, "no order trades twice");
            })
            .map(|_| ())
            .map_err(TestCaseError::fail)
    })
    .expect_err("orders do trade twice");
    let text = failure.to_string();
    assert!(text.contains("no order trades twice") && text.contains("reproduce:"), "{text}");
    assert!(orders_in(&failure.session) <= 8, "not shrunk: {text}");
}

/// Folds the log of a run that has trades, cancels and more than one matcher in it, after a lie.
fn fold_with(lie: impl Fn(&mut Vec<Written>, &mut fold::History)) -> Result<(), String> {
    let workload = workload::generate(SEED);
    let mut world = World::new(&workload, SEED, None);
    world.run();
    let (mut recorder, mut history) = world.into_log();
    lie(&mut recorder.records, &mut history);
    check::catch(|| {
        let _ = fold::fold(&workload.setup, &recorder, &history);
    })
}

const SEED: u64 = 11;

#[test]
fn a_history_that_was_tampered_with_is_found() {
    assert_eq!(fold_with(|_, _| {}), Ok(()));
    let places = |records: &[Written]| -> Vec<usize> {
        (0..records.len()).filter(|at| matches!(records[*at].record, Recorded::Place(_))).collect()
    };
    let lost = fold_with(|records, _| {
        let at = places(records)[3];
        records.remove(at);
    });
    assert!(lost.is_err(), "a lost order is noticed");
    let swapped = fold_with(|records, _| {
        let places = places(records);
        let (first, last) = (places[0], places[places.len() - 1]);
        records.swap(first, last);
    });
    assert!(swapped.is_err(), "a reordered log is noticed");
    let doubled = fold_with(|records, _| {
        let at = places(records)[3];
        records.insert(at, records[at].clone());
    });
    assert!(doubled.is_err(), "an order that is replayed twice is noticed");
    let silent = fold_with(|records, history| {
        let at = places(records)[3];
        history.said.remove(&Lsn(at as u64 + 1));
    });
    assert!(silent.is_err(), "something that was never said is noticed");
    let stolen = fold_with(|records, _| {
        let funds = |written: &Written| matches!(written.record, Recorded::Account(..));
        let at = records.iter().position(funds).expect("the first deposit");
        records.remove(at);
    });
    assert!(stolen.is_err(), "a deposit that nobody made is noticed");
}
