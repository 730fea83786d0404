//! `cancelAllAfter`: a timer that cancels everything unless it is set again in time.

use crate::script::play;

const TWO: &str = "
    symbol BTC-USD lot 1 tick 1
    symbol ETH-USD lot 1 tick 1
    fund A USD 1000   fund A BTC 100   fund B USD 1000   fund B BTC 100
    A buy 5 @ 3
    A buy 5 @ 2 on ETH-USD
    B buy 1 @ 2
    at 10:01
";

#[test]
fn at_its_deadline_everything_open_is_canceled() {
    // It is set one nanosecond after 10:01.
    play(&format!(
        "{TWO}
        A cancel-all after 60s    -> timer 10:02:00.000000001
        terms A                   -> ACTIVE, may trade, may withdraw, timer 10:02:00.000000001, 2 open
        at 10:02                  -> nothing
        at 10:03                  -> CANCELED o1 DEADMAN; CANCELED o2 DEADMAN; A USD 1000 available
        orders B                  -> o3 buy 1 @ 2 NEW 0 for 0
        order o2                  -> o2 buy 5 @ 2 CANCELED DEADMAN 0 for 0
        "
    ));
}

#[test]
fn it_fires_once() {
    play(&format!(
        "{TWO}
        A cancel-all after 60s    -> timer 10:02:00.000000001
        at 10:03                  -> CANCELED o1 DEADMAN; CANCELED o2 DEADMAN
        terms A                   -> ACTIVE, may trade, may withdraw, 0 open
        A buy 1 @ 1               -> NEW o4
        at 11:00                  -> nothing
        "
    ));
}

#[test]
fn setting_it_again_replaces_it() {
    play(&format!(
        "{TWO}
        A cancel-all after 60s    -> timer 10:02:00.000000001
        at 10:01:50
        A cancel-all after 60s    -> timer 10:02:50.000000001
        at 10:02:50               -> nothing
        at 10:02:51               -> CANCELED o1 DEADMAN; CANCELED o2 DEADMAN
        "
    ));
}

#[test]
fn zero_disarms_it() {
    play(&format!(
        "{TWO}
        A cancel-all after 60s    -> timer 10:02:00.000000001
        A cancel-all after 0      -> no timer
        A cancel-all after 0      -> no timer
        at 12:00                  -> nothing
        "
    ));
}

#[test]
fn conditional_orders_and_lists_go_too() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 100
        prints 100
        A sell 5 @ market stop 90        -> PENDING_TRIGGER o3
        A oco sell 5 @ 110 / stop 90     -> NEW o5; PENDING_TRIGGER o6
        A cancel-all after 5s
        at 11:00                         -> CANCELED o3 DEADMAN; CANCELED o6 OCO_SIBLING; CANCELED o5 DEADMAN; A BTC 100 available
        ",
    );
}

#[test]
fn what_expires_at_the_same_instant_expires_first() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000
        A buy 5 @ 3 gtd 10:05
        A buy 5 @ 2
        at 10:04
        A cancel-all after 59_999_999_999ns    -> timer 10:05:00    # the nanosecond is this command's
        at 10:05                         -> EXPIRED o1 GTD_EXPIRED; CANCELED o2 DEADMAN
        ",
    );
}

#[test]
fn who_wakes_up_late_does_expiries_first_and_the_next_command_finds_all_of_it_done() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund B BTC 9
        A buy 5 @ 3 gtd 10:09
        A buy 5 @ 2
        A cancel-all after 60s
        late 10:30
        B sell 9 @ 1                     -> EXPIRED o1 GTD_EXPIRED; CANCELED o2 DEADMAN; NEW o3
        ",
    );
}

#[test]
fn timers_of_several_accounts_run_out_in_their_order() {
    play(&format!(
        "{TWO}
        A cancel-all after 60s
        B cancel-all after 30s
        at 11:00                         -> CANCELED o3 DEADMAN; CANCELED o1 DEADMAN; CANCELED o2 DEADMAN
        "
    ));
}

#[test]
fn an_account_that_nobody_knows_has_no_timer() {
    play(&format!(
        "{TWO}
        Z cancel-all after 60s    -> 3000 UNKNOWN_ACCOUNT
        "
    ));
}

#[test]
fn it_works_for_suspended_accounts() {
    play(&format!(
        "{TWO}
        A is SUSPENDED
        A cancel-all after 60s
        at 11:00                  -> CANCELED o1 DEADMAN; CANCELED o2 DEADMAN
        "
    ));
}

#[test]
fn it_works_while_the_symbol_is_halted() {
    play(&format!(
        "{TWO}
        A cancel-all after 60s
        rules status HALT
        at 11:00                  -> CANCELED o1 DEADMAN; CANCELED o2 DEADMAN
        "
    ));
}
