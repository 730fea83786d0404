//! Two thousand seeds of machines that die, and proof that every way to die, and to come back, was taken.

use lightning_sim::check::{self, Worlds};
use lightning_sim::coverage::Coverage;

/// Another number of seeds than the usual one: `SIM_CRASH_SEEDS=20000 cargo test -p lightning-sim --test crashes`.
const SEEDS_VARIABLE: &str = "SIM_CRASH_SEEDS";

const SEEDS: u64 = 2_000;

/// What two thousand seeds must reach, each at least so often: a branch of recovery that nobody took is a branch
/// that nobody tested.
const REACHED: [(&str, u64); 41] = [
    ("a bit of an acknowledged frame is wrong", 100),
    ("a block of an acknowledged frame is gone", 100),
    ("a copy of the manifest was damaged", 200),
    ("a damaged snapshot was found by verification", 30),
    ("a frame was torn", 30),
    ("a mass cancel was ended by a recovery", 60),
    ("a recovery was killed", 100),
    ("a segment was filled ahead", 10_000),
    ("a snapshot was damaged", 100),
    ("a snapshot was taken", 10_000),
    ("a sync failed", 50),
    ("a sync failed, and left its pages clean", 80),
    ("a transfer was accepted by a recovery", 10),
    ("a transfer was refused by a recovery", 4),
    ("a write failed", 70),
    ("an acknowledged frame is gone", 100),
    ("answered once more, as before a crash", 2_000),
    ("began anew", 900),
    ("closed", 200),
    ("damage before a snapshot", 100),
    ("died at rest", 300),
    ("history was put away", 3_000),
    ("no frame was torn", 3_000),
    ("nothing found room any more", 100),
    ("records survived that nobody had been told of", 100),
    ("records were lost", 900),
    ("recovered from a snapshot", 1_000),
    ("recovered from an older snapshot", 100),
    ("recovered from one copy of the manifest", 200),
    ("recovered without a snapshot", 2_000),
    ("recovered without the beginning", 500),
    ("the clock went back", 200),
    ("the disk died", 30),
    ("the disk failed", 20),
    ("the power failed", 200),
    ("the power failed in a recovery", 300),
    ("the power failed while something was written", 100),
    ("the process was killed", 200),
    ("the process was killed, and its last writes failed", 200),
    ("told from a snapshot", 5_000),
    ("what was heard is still true", 2_000),
];

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
