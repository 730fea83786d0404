//! Two thousand seeds of the world, and proof that they get to where they should.

use lightning_sim::check::{self, Worlds};
use lightning_sim::coverage::Coverage;

const SEEDS: u64 = 2_000;

/// What the seeds must reach, each at least so often: a generator that drifts away from a rule would leave it
/// untested and green.
const REACHED: [(&str, u64); 86] = [
    ("OCO placed", 200),
    ("a cancel or amend came too late", 100),
    ("a notebook was right", 5_000),
    ("a reservation changed hands", 50),
    ("a symbol closed", 5),
    ("a symbol removed", 50),
    ("a symbol restricted", 50),
    ("a timer ran out", 100),
    ("a transfer was refused", 50),
    ("a triggered order traded", 100),
    ("a whole book canceled", 200),
    ("amended anew", 100),
    ("amended behind an amend", 20),
    ("amended in place", 100),
    ("an amend was refused by the book", 200),
    ("an order's time came", 100),
    ("answered once more", 10_000),
    ("answered together with the first", 2_000),
    ("canceled", 100),
    ("expired at once", 5_000),
    ("fees collected", 200),
    ("filled at once", 2_000),
    ("many canceled", 200),
    ("nothing to recall", 1_000),
    ("one command set off others", 50),
    ("prevented", 1_000),
    ("refused by the matcher", 5_000),
    ("replaced", 200),
    ("replaced by half or not", 500),
    ("rested", 5_000),
    ("rules changed", 50),
    ("tested", 500),
    ("trade", 5_000),
    ("transferred", 200),
    ("waits for its trigger", 1_000),
    ("withdrawn while something was frozen", 200),
    ("ACCOUNT_CLOSED", 2_000),
    ("ACCOUNT_SUSPENDED", 200),
    ("ADMIN", 500),
    ("AMEND_NOT_ALLOWED", 20),
    ("BALANCE_OVERFLOW", 200),
    ("BUDGET_EXHAUSTED", 50),
    ("BUSY", 2),
    ("CANCEL_RESTRICTED", 10),
    ("DEADMAN", 200),
    ("DUPLICATE_CLIENT_ORDER_ID", 1_000),
    ("FILLED", 5_000),
    ("FOK_UNFILLABLE", 1_000),
    ("GTD_EXPIRED", 50),
    ("HAS_OPEN_ORDERS", 10),
    ("INSUFFICIENT_BALANCE", 5_000),
    ("INSUFFICIENT_LIQUIDITY", 5_000),
    ("INVALID_EXPIRY", 100),
    ("IOC_REMAINDER", 200),
    ("MASS", 500),
    ("MAX_POSITION", 1_000),
    ("NOTIONAL_RANGE", 1_000),
    ("NO_CHANGE", 50),
    ("NO_REFERENCE_PRICE", 1_000),
    ("OCO_BAD_PRICES", 500),
    ("OCO_SIBLING", 200),
    ("ORDER_ALREADY_CLOSED", 500),
    ("PERMISSION_DENIED", 200),
    ("POST_ONLY_WOULD_CROSS", 500),
    ("PRICE_BAND", 1_000),
    ("PRICE_PROTECTION", 50),
    ("PRICE_RANGE", 100),
    ("QTY_BELOW_FILLED", 20),
    ("RATE_LIMITED", 200),
    ("REPLACED", 200),
    ("REQUEST_ID_CONFLICT", 1_000),
    ("REQUEST_ID_TOO_OLD", 200),
    ("SESSION_END", 20),
    ("STALE_REQUEST", 1_000),
    ("STP", 1_000),
    ("SYMBOL_CANCEL_ONLY", 500),
    ("SYMBOL_CLOSED", 100),
    ("SYMBOL_IN_USE", 20),
    ("SYMBOL_MODE_RESTRICTED", 500),
    ("SYMBOL_NOT_TRADING", 500),
    ("TOO_MANY_OPEN_ORDERS", 2_000),
    ("UNKNOWN_ACCOUNT", 1_000),
    ("UNKNOWN_ORDER", 2_000),
    ("UNKNOWN_SYMBOL", 100),
    ("USER", 100),
    ("WOULD_TRIGGER_IMMEDIATELY", 500),
];

#[test]
fn no_seed_breaks_a_law() {
    let mut total = Coverage::default();
    for seed in 0..SEEDS {
        match check::catch(|| check::seed(seed, Worlds::Calm, None)) {
            Ok(coverage) => total.add(&coverage),
            Err(message) => panic!("{}", check::report(seed, Worlds::Calm, &message)),
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
        let result = check::catch(|| {
            check::seed(seed, Worlds::Calm, Some(&mut |line: &str| lines.push(line.to_owned())))
        });
        (lines, result.is_ok())
    };
    assert_eq!(lines(7), lines(7));
    assert_ne!(lines(7), lines(8));
}
