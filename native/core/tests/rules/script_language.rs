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
    // Shape is the edge's to check; the sequencer asserts that it was.
    let message = failure("A withdraw USD 0");
    assert!(message.contains("line 4 breaks a law"), "{message}");
    assert!(message.contains("the edge lets no such amount in"), "{message}");
}

#[test]
fn nonsense_is_not_a_command() {
    for line in [
        "A jumps",
        "buy 1 @ 5",
        "A buy 1",
        "A buy 1 @ 5 on XRP-USD",
        "A buy 1 @ 5 quickly",
        "A buy 1 @ 5 gtd",
        "A cancel 1",
        "A oco sell 1 @ 9",
        "A amend o1 down 5",
        "A is HAPPY",
        "rules status SLEEPY",
        "fund A USD",
        "at 09:00",
    ] {
        failure(line);
    }
}

#[test]
fn a_refused_half_is_a_refusal() {
    let message = failure("A buy 1 @ 5\n A replace o1 with buy 99 @ 99");
    assert!(message.contains("refused: not placed: 3010 INSUFFICIENT_BALANCE"), "{message}");
}

#[test]
fn a_print_says_what_stands_in_its_way() {
    let message = failure("B sell 1 @ 5\n prints 6");
    assert!(message.contains("something stands in the way of a trade at 6"), "{message}");
}

#[test]
fn nothing_is_an_expectation_too() {
    play(&format!("{OPENING} at 11:00 -> nothing"));
    let message = failure("A buy 1 @ 5 gtd 10:30\n at 11:00 -> nothing");
    assert!(message.contains("expected  nothing more\n  happened  EXPIRED o1 GTD_EXPIRED"), "{message}");
}

#[test]
fn accrued_fees_and_what_is_held_are_looked_up() {
    let message = failure("check -> accrued USD 1");
    assert!(message.contains("happened  accrued USD 0"), "{message}");
    let message = failure("A hold USD 5 -> A USD 95 available 5 frozen");
    assert!(message.contains("happened  A USD 95 available 5 frozen 5 held"), "{message}");
}
