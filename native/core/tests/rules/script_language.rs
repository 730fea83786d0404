//! The runner of the script tests, tested: what must fail fails, and says where. A check that never fails
//! checks nothing.

use std::panic::catch_unwind;

use crate::script::play;

const OPENING: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 100   fund B BTC 9
";

/// The message a script fails with.
fn failure(script: &str) -> String {
    let script = format!("{OPENING}{script}");
    let cause = catch_unwind(|| play(&script)).expect_err("this script must not hold");
    *cause.downcast::<String>().expect("a message")
}

#[test]
fn an_expectation_that_does_not_hold_shows_both_and_the_way_there() {
    let message = failure("A buy 10 @ 5 -> NEW o1\nB sell 4 @ 5 -> trade 4 @ 6 with o1; FILLED o2");
    for part in [
        "line 5 does not hold (PriceTimeBook, 1 sequencer)",
        "    A buy 10 @ 5 -> NEW o1\n  > B sell 4 @ 5",
        "  expected  trade 4 @ 6 with o1\n  happened  trade 4 @ 5 with o1\n            FILLED o2",
    ] {
        assert!(message.contains(part), "{part:?} is not in:\n{message}");
    }
}

#[test]
fn something_missing_or_more_than_expected_fails() {
    let message = failure("A buy 10 @ 5 -> NEW o1; NEW o2");
    assert!(message.contains("expected  NEW o2\n  happened  nothing more"), "{message}");
    let message = failure("A buy 10 @ 5 -> NEW o1\nB sell 4 @ 5 -> trade 4 @ 5 with o1");
    assert!(message.contains("expected  nothing more\n  happened  FILLED o2"), "{message}");
}

#[test]
fn a_balance_that_differs_fails() {
    let message = failure("A buy 10 @ 5 -> NEW o1; A USD 50 available");
    assert!(message.contains("happened  A USD 50 available 50 frozen"), "{message}");
}

#[test]
fn a_refusal_that_nobody_expects_fails() {
    let message = failure("A buy 1000 @ 5");
    assert!(message.contains("refused: 3010 INSUFFICIENT_BALANCE"), "{message}");
    let message = failure("fund A USD 79_228_162_514_264_337_593_543_950_335");
    assert!(message.contains("refused: 3012 BALANCE_OVERFLOW"), "{message}");
}

#[test]
fn an_aside_may_be_left_out_but_not_wrong() {
    play(&format!("{OPENING} A buy 1 @ 5\n A cancel o1 -> CANCELED o1"));
    let message = failure("A buy 1 @ 5\n A cancel o1 -> CANCELED o1 (1 left, 6 USD back)");
    assert!(message.contains("happened  CANCELED o1 (1 left, 5 USD back)"), "{message}");
}

#[test]
fn a_halt_of_the_core_says_at_which_line() {
    // Shape and symbol rules are the edge's to check; the sequencer asserts that they were.
    let message = failure("A buy 1 @ 0");
    assert!(message.contains("line 4 breaks a law"), "{message}");
    assert!(message.contains("the edge lets no such order in"), "{message}");
}

#[test]
fn nonsense_is_not_a_command() {
    for line in ["A jumps", "buy 1 @ 5", "A buy 1", "A buy 1 @ 5 on XRP-USD", "A cancel 1", "fund A USD"] {
        failure(line);
    }
}
