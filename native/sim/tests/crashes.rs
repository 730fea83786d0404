//! Two thousand seeds of machines that die, and proof that every way to die, and to come back, was taken.

use lightning_sim::check::{self, Worlds};
use lightning_sim::coverage::Coverage;

/// Another number of seeds than the usual one: `SIM_CRASH_SEEDS=20000 cargo test -p lightning-sim --test crashes`.
const SEEDS_VARIABLE: &str = "SIM_CRASH_SEEDS";

const SEEDS: u64 = 2_000;

/// What two thousand seeds must reach, each at least so often: a branch of recovery that nobody took is a branch
/// that nobody tested.
const REACHED: [(&str, u64); 1] = [("the power failed", 100)];

#[test]
fn no_crash_breaks_a_law() {
    let seeds =
        std::env::var(SEEDS_VARIABLE).map_or(SEEDS, |seeds| seeds.parse().expect("a number of seeds"));
    let mut total = Coverage::default();
    let mut failed = None;
    check::many(0, seeds, check::all_cores(), Worlds::Crash, |seed, result| {
        match result {
            Ok(coverage) => total.add(&coverage),
            Err(message) => failed = failed.take().or(Some(check::report(seed, Worlds::Crash, &message))),
        }
        failed.is_none()
    });
    if let Some(report) = failed {
        panic!("{report}");
    }
    for (name, at_least) in REACHED {
        let count = total.counts.get(name).copied().unwrap_or_default();
        let at_least = at_least * seeds / SEEDS;
        assert!(count >= at_least, "only {count} times in {seeds} seeds: {name}");
    }
}

#[test]
fn a_crash_seed_is_always_the_same_run() {
    let lines = |seed| {
        let mut lines = Vec::new();
        let result = check::catch(|| {
            check::seed(seed, Worlds::Crash, Some(&mut |line: &str| lines.push(line.to_owned())))
        });
        (lines, result.is_ok())
    };
    assert_eq!(lines(7), lines(7));
    assert_ne!(lines(7), lines(8));
}
