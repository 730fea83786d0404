//! Two thousand seeds of the world, and proof that they get to where they should.

use lightning_sim::check;
use lightning_sim::world::Coverage;

const SEEDS: u64 = 2_000;

/// What the seeds must reach, each at least so often: a generator that drifts away from a rule would leave it
/// untested and green.
const REACHED: [(&str, u64); 17] = [
    ("trade", 10_000),
    ("self-trade", 1_000),
    ("swept several makers", 1_000),
    ("rested", 10_000),
    ("filled at once", 5_000),
    ("expired", 1_000),
    ("canceled", 1_000),
    ("cancel came too late", 100),
    ("refused by the matcher", 500),
    ("NOTIONAL_RANGE", 100),
    ("TOO_MANY_OPEN_ORDERS", 500),
    ("UNKNOWN_ACCOUNT", 500),
    ("INSUFFICIENT_BALANCE", 1_000),
    ("BALANCE_OVERFLOW", 100),
    ("UNKNOWN_ORDER", 500),
    ("ORDER_ALREADY_CLOSED", 500),
    ("withdrawn while orders were open", 100),
];

#[test]
fn no_seed_breaks_a_law() {
    let mut total = Coverage::default();
    for seed in 0..SEEDS {
        match check::catch(|| check::seed(seed, None)) {
            Ok(coverage) => total.add(&coverage),
            Err(message) => panic!("{}", check::report(seed, &message)),
        }
    }
    for (name, at_least) in REACHED {
        let count = total.counts.get(name).copied().unwrap_or_default();
        assert!(count >= at_least, "only {count} times in {SEEDS} seeds: {name}");
    }
}

#[test]
fn a_seed_is_always_the_same_run() {
    let lines = |seed| {
        let mut lines = Vec::new();
        // Whether the seed passes is the other test's question.
        let result = check::catch(|| check::seed(seed, Some(&mut |line: &str| lines.push(line.to_owned()))));
        (lines, result.is_ok())
    };
    assert_eq!(lines(7), lines(7));
    assert_ne!(lines(7), lines(8));
}
