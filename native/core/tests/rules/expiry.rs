//! GTD and DAY: orders that end by the clock.

use crate::script::play;

const OPENING: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 1000   fund A BTC 100   fund B USD 1000   fund B BTC 100
";

#[test]
fn gtd_expires_when_the_clock_reaches_it() {
    play(&format!(
        "{OPENING}
        A buy 5 @ 3 gtd 10:30     -> NEW o1; A USD 985 available 15 frozen
        order o1                  -> o1 buy 5 @ 3 gtd 10:30:00 NEW 0 for 0
        at 10:29:59               -> nothing
        at 10:30                  -> EXPIRED o1 GTD_EXPIRED; A USD 1000 available
        book                      -> - | -
        order o1                  -> o1 buy 5 @ 3 gtd 10:30:00 EXPIRED GTD_EXPIRED 0 for 0
        "
    ));
}

#[test]
fn gtd_lies_ahead() {
    play(&format!(
        "{OPENING}
        at 10:30
        A buy 5 @ 3 gtd 10:30     -> 1010 INVALID_EXPIRY    # a nanosecond ago
        A buy 5 @ 3 gtd 10:00     -> 1010 INVALID_EXPIRY
        A buy 5 @ 3 gtd 10:31     -> NEW o1
        "
    ));
}

#[test]
fn it_expires_before_any_later_command() {
    // Nobody woke up at 10:30: the seller that comes then finds nothing.
    play(&format!(
        "{OPENING}
        A buy 5 @ 3 gtd 10:30     -> NEW o1
        late 10:30
        B sell 5 @ 3              -> EXPIRED o1 GTD_EXPIRED; NEW o2
        "
    ));
}

#[test]
fn what_was_filled_stays_filled() {
    play(&format!(
        "{OPENING}
        A buy 5 @ 3 gtd 10:30     -> NEW o1
        B sell 2 @ 3              -> trade 2 @ 3 with o1; FILLED o2
        at 10:30                  -> EXPIRED o1 GTD_EXPIRED; A USD 994 available; A BTC 102 available
        order o1                  -> o1 buy 5 @ 3 gtd 10:30:00 EXPIRED GTD_EXPIRED 2 for 6
        "
    ));
}

#[test]
fn those_that_are_due_expire_by_time_and_then_by_age() {
    play(&format!(
        "{OPENING}
        A buy 1 @ 1 gtd 10:30
        A buy 1 @ 1 gtd 10:20
        B buy 1 @ 1 gtd 10:30
        A buy 1 @ 1 gtd 10:10
        at 11:00     -> EXPIRED o4 GTD_EXPIRED; EXPIRED o2 GTD_EXPIRED; EXPIRED o1 GTD_EXPIRED; EXPIRED o3 GTD_EXPIRED
        "
    ));
}

#[test]
fn filled_and_canceled_orders_do_not_expire() {
    play(&format!(
        "{OPENING}
        A buy 1 @ 3 gtd 10:30
        A buy 1 @ 2 gtd 10:30
        A cancel o2
        B sell 1 @ 3              -> trade 1 @ 3 with o1; FILLED o3
        at 11:00                  -> nothing
        "
    ));
}

#[test]
fn a_gtd_order_that_trades_at_once_does_not_expire() {
    play(&format!(
        "{OPENING}
        B sell 5 @ 3
        A buy 5 @ 3 gtd 10:30     -> trade 5 @ 3 with o1; FILLED o2
        at 11:00                  -> nothing
        "
    ));
}

#[test]
fn day_ends_at_midnight_utc_unless_the_symbol_says_otherwise() {
    play(&format!(
        "{OPENING}
        A buy 5 @ 3 day           -> NEW o1
        order o1                  -> o1 buy 5 @ 3 day 1d00:00:00 NEW 0 for 0
        at 23:59:59               -> nothing
        at 1d00:00                -> EXPIRED o1 SESSION_END; A USD 1000 available
        A buy 5 @ 3 day           -> NEW o2
        at 1d23:59                -> nothing
        at 2d00:00                -> EXPIRED o2 SESSION_END
        "
    ));
}

#[test]
fn a_session_can_end_at_another_time_of_day() {
    play(&format!(
        "{OPENING}
        rules session 17:30
        A buy 5 @ 3 day           -> NEW o1
        at 17:00                  -> nothing
        at 17:30                  -> EXPIRED o1 SESSION_END
        A buy 5 @ 3 day           -> NEW o2    # from now on it is tomorrow's
        at 1d17:29                -> nothing
        at 1d17:30                -> EXPIRED o2 SESSION_END
        "
    ));
}

#[test]
fn the_session_that_counts_is_the_one_at_acceptance() {
    play(&format!(
        "{OPENING}
        A buy 5 @ 3 day           -> NEW o1
        rules session 12:00
        A buy 5 @ 3 day           -> NEW o2
        at 12:00                  -> EXPIRED o2 SESSION_END
        at 1d00:00                -> EXPIRED o1 SESSION_END
        "
    ));
}

#[test]
fn it_expires_while_the_symbol_is_halted() {
    // Edge case 12: they stay, cancels and expiry go on.
    play(&format!(
        "{OPENING}
        A buy 5 @ 3 gtd 10:30     -> NEW o1
        A buy 5 @ 3 gtd 10:40     -> NEW o2
        rules status HALT
        at 10:30                  -> EXPIRED o1 GTD_EXPIRED
        rules status CANCEL_ONLY
        at 10:40                  -> EXPIRED o2 GTD_EXPIRED
        "
    ));
}

#[test]
fn a_request_that_is_sequenced_too_late_is_stale() {
    play(&format!(
        "{OPENING}
        A buy 5 @ 3 until 10:00   -> 5002 STALE_REQUEST
        A buy 5 @ 3 until 10:01   -> NEW o1
        at 10:01
        A buy 5 @ 3 until 10:01   -> 5002 STALE_REQUEST
        A replace o1 with buy 5 @ 4 until 10:01   -> 5002 STALE_REQUEST
        order o1                  -> o1 buy 5 @ 3 NEW 0 for 0
        "
    ));
}
