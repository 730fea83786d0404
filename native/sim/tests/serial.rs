//! Twenty thousand random sessions, command by command on the core and on the oracle. A failing one is shrunk to
//! the shortest that still fails, and printed as a trader would tell it.

mod session;

use std::cell::RefCell;

use lightning_sim::coverage::Coverage;
use proptest::test_runner::TestCaseError;
use session::Session;

const SESSIONS: u32 = 20_000;

/// What the sessions must reach, each at least so often: a generator that drifts away from a rule would leave it
/// untested and green.
const REACHED: [(&str, u64); 94] = [
    ("ACCOUNT_CLOSED", 10_000),
    ("ACCOUNT_SUSPENDED", 1_000),
    ("ADMIN", 10_000),
    ("AMEND_NOT_ALLOWED", 500),
    ("BAD_STATUS_TRANSITION", 30),
    ("BALANCE_OVERFLOW", 2_000),
    ("BUDGET_EXHAUSTED", 400),
    ("CANCEL_RESTRICTED", 1_000),
    ("DEADMAN", 4_000),
    ("DUPLICATE_CLIENT_ORDER_ID", 7_000),
    ("FILLED", 70_000),
    ("FOK filled", 1_000),
    ("FOK filled by an iceberg", 1_000),
    ("FOK_UNFILLABLE", 10_000),
    ("GTD_EXPIRED", 1_000),
    ("HAS_OPEN_ORDERS", 100),
    ("ICEBERG_PARTS", 1),
    ("INSUFFICIENT_BALANCE", 50_000),
    ("INSUFFICIENT_LIQUIDITY", 30_000),
    ("INVALID_EXPIRY", 100),
    ("IOC_REMAINDER", 5_000),
    ("MASS", 8_000),
    ("MAX_POSITION", 9_000),
    ("NON_ZERO_BALANCE", 30),
    ("NOTIONAL_RANGE", 10_000),
    ("NO_CHANGE", 1_000),
    ("NO_REFERENCE_PRICE", 10_000),
    ("OCO placed", 4_000),
    ("OCO: the limit leg ended", 800),
    ("OCO: the limit leg traded", 900),
    ("OCO: the limit leg was prevented", 60),
    ("OCO: the stop leg ended", 300),
    ("OCO: the stop leg was triggered", 400),
    ("OCO: the stop leg was triggered and expired", 200),
    ("OCO_BAD_PRICES", 9_000),
    ("OCO_SIBLING", 2_000),
    ("ORDER_ALREADY_CLOSED", 7_000),
    ("PERMISSION_DENIED", 2_000),
    ("POST_ONLY_WOULD_CROSS", 9_000),
    ("PRICE_BAND", 10_000),
    ("PRICE_PROTECTION", 400),
    ("PRICE_RANGE", 1_000),
    ("QTY_BELOW_FILLED", 600),
    ("QTY_RANGE", 1),
    ("RATE_LIMITED", 1_000),
    ("REPLACED", 5_000),
    ("REPLACE_FAILED", 800),
    ("SESSION_END", 80),
    ("STALE_REQUEST", 4_000),
    ("STP", 20_000),
    ("SYMBOL_CANCEL_ONLY", 2_000),
    ("SYMBOL_CLOSED", 100),
    ("SYMBOL_IN_USE", 20),
    ("SYMBOL_MODE_RESTRICTED", 3_000),
    ("SYMBOL_NOT_TRADING", 2_000),
    ("TOO_MANY_AMENDS", 80),
    ("TOO_MANY_OPEN_ORDERS", 20_000),
    ("TRIGGER_REJECTED", 1),
    ("UNKNOWN_ACCOUNT", 10_000),
    ("UNKNOWN_ORDER", 40_000),
    ("USER", 3_000),
    ("WOULD_TRIGGER_IMMEDIATELY", 10_000),
    ("a stop traded", 300),
    ("a take profit traded", 100),
    ("a trailing stop traded", 100),
    ("all of it is fee", 1_000),
    ("amended anew", 2_000),
    ("amended in place", 3_000),
    ("amended into a trade", 200),
    ("an activated trailing stop traded", 100),
    ("an iceberg is met again", 3_000),
    ("an iceberg is met again and again", 1_000),
    ("canceled", 2_000),
    ("cascade of 2 and more", 700),
    ("cascade of 4 and more", 20),
    ("fee capped by the reservation", 600),
    ("fees collected", 2_000),
    ("many canceled", 1_000),
    ("money moved", 100_000),
    ("net rebate", 1_000),
    ("partly filled, rests", 4_000),
    ("prevented by somebody who was triggered", 80),
    ("prevented: DECREMENT", 400),
    ("prevented: EXPIRE_BOTH", 400),
    ("prevented: EXPIRE_MAKER", 400),
    ("prevented: EXPIRE_TAKER", 10_000),
    ("rebate", 8_000),
    ("rebate cut", 5_000),
    ("replace failed", 20_000),
    ("replace failed partially", 4_000),
    ("replaced", 5_000),
    ("tested", 4_000),
    ("trade", 30_000),
    ("traded with oneself", 6_000),
];

#[test]
fn core_and_oracle_agree_on_everything_they_say() {
    let total = RefCell::new(Coverage::default());
    session::run(SESSIONS, |session: &Session| {
        let coverage = session.play(|_, _| {}).map_err(TestCaseError::fail)?;
        total.borrow_mut().add(&coverage);
        Ok(())
    })
    .unwrap_or_else(|failure| panic!("{failure}"));
    let total = total.into_inner();
    for (name, at_least) in REACHED {
        let count = total.counts.get(name).copied().unwrap_or_default();
        assert!(count >= at_least, "only {count} times in {SESSIONS} sessions: {name}");
    }
}
