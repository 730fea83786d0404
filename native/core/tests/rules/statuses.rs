//! What a symbol accepts in each of its statuses.

use crate::script::play;

const RESTING: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 1000   fund A BTC 100   fund B USD 1000   fund B BTC 100
    A buy 5 @ 3
    B sell 5 @ 9
    prints 6
";

#[test]
fn trading_takes_everything() {
    play(&format!(
        "{RESTING}
        A buy 1 @ market            -> trade 1 @ 9 with o2; FILLED o5
        A sell 1 @ 3 stop 4         -> PENDING_TRIGGER o6
        A buy 1 @ 4 post-only       -> NEW o7
        "
    ));
}

#[test]
fn post_only_takes_nothing_else() {
    play(&format!(
        "{RESTING}
        rules status POST_ONLY
        A buy 1 @ 4                         -> 2003 SYMBOL_MODE_RESTRICTED
        A buy 1 @ 4 ioc                     -> 2003 SYMBOL_MODE_RESTRICTED
        A buy 1 @ market                    -> 2003 SYMBOL_MODE_RESTRICTED
        A sell 1 @ 3 stop 4                 -> 2003 SYMBOL_MODE_RESTRICTED
        A oco sell 1 @ 9 / stop 4           -> 2003 SYMBOL_MODE_RESTRICTED
        A oco sell 1 @ 9 post-only / stop 4 -> 2003 SYMBOL_MODE_RESTRICTED
        A buy 1 @ 4 post-only               -> NEW o5
        A buy 1 @ 9 post-only               -> 4010 POST_ONLY_WOULD_CROSS
        A cancel o1                         -> CANCELED o1
        "
    ));
}

#[test]
fn limit_only_takes_no_market_orders_conditional_ones_included() {
    play(&format!(
        "{RESTING}
        rules status LIMIT_ONLY
        A buy 1 @ market                    -> 2003 SYMBOL_MODE_RESTRICTED
        A buy for 9 USD @ market            -> 2003 SYMBOL_MODE_RESTRICTED
        A sell 1 @ market stop 4            -> 2003 SYMBOL_MODE_RESTRICTED
        A oco sell 1 @ 9 / stop 4           -> 2003 SYMBOL_MODE_RESTRICTED
        A buy 1 @ 4 ioc                     -> EXPIRED o5 IOC_REMAINDER
        A sell 1 @ 3 stop 4                 -> PENDING_TRIGGER o6
        A oco sell 1 @ 9 / @ 3 stop 4       -> NEW o8; PENDING_TRIGGER o9
        A buy 1 @ 4 post-only               -> NEW o10
        "
    ));
}

#[test]
fn cancel_only_takes_cancels_only() {
    play(&format!(
        "{RESTING}
        rules status CANCEL_ONLY
        A buy 1 @ 4                         -> 2002 SYMBOL_CANCEL_ONLY
        A buy 1 @ 4 post-only               -> 2002 SYMBOL_CANCEL_ONLY
        A buy 1 @ market                    -> 2002 SYMBOL_CANCEL_ONLY
        A sell 1 @ 3 stop 4                 -> 2002 SYMBOL_CANCEL_ONLY
        A oco sell 1 @ 9 / stop 4           -> 2002 SYMBOL_CANCEL_ONLY
        A amend o1 to 3                     -> 2002 SYMBOL_CANCEL_ONLY
        A replace o1 with buy 1 @ 4         -> 2002 SYMBOL_CANCEL_ONLY
        A test buy 1 @ 4                    -> 2002 SYMBOL_CANCEL_ONLY
        book                                -> 5 @ 3 | 5 @ 9
        A cancel o1                         -> CANCELED o1
        B cancel-all                        -> CANCELED o2
        "
    ));
}

#[test]
fn a_halt_leaves_orders_where_they_are_and_lets_them_be_canceled() {
    // Edge case 12.
    play(&format!(
        "{RESTING}
        A sell 1 @ market stop 4            -> PENDING_TRIGGER o5
        rules status HALT
        A buy 1 @ 4                         -> 2001 SYMBOL_NOT_TRADING
        A buy 1 @ market                    -> 2001 SYMBOL_NOT_TRADING
        A amend o1 to 3                     -> 2001 SYMBOL_NOT_TRADING
        A replace o1 with buy 1 @ 4         -> 2001 SYMBOL_NOT_TRADING
        book                                -> 5 @ 3 | 5 @ 9
        orders A                            -> o1 buy 5 @ 3 NEW 0 for 0; o5 sell 1 @ market stop 4 PENDING_TRIGGER 0 for 0
        A cancel o5                         -> CANCELED o5
        rules status TRADING
        B sell 5 @ 3                        -> trade 5 @ 3 with o1; FILLED o6
        "
    ));
}

#[test]
fn stops_do_not_trigger_in_a_halt_and_wake_up_afterwards() {
    play(&format!(
        "{RESTING}
        A sell 1 @ 5 stop 4                 -> PENDING_TRIGGER o5
        rules status HALT
        at 11:00                            -> nothing
        rules status TRADING                -> nothing
        prints 4                            -> NEW o5
        "
    ));
}

#[test]
fn closed_cancels_all_orders_for_ever() {
    play(&format!(
        "{RESTING}
        A sell 1 @ market stop 4            -> PENDING_TRIGGER o5
        A oco sell 2 @ 9 / stop 4           -> NEW o7; PENDING_TRIGGER o8
        rules status CLOSED cancel-open     -> CANCELED o1 (5 left, 15 USD back); CANCELED o2; CANCELED o5 (1 left, 1 BTC back); CANCELED o8 OCO_SIBLING; CANCELED o7 (2 left, 2 BTC back)
        check                               -> A USD 1000 available; A BTC 100 available; B BTC 100 available
        order o1                            -> o1 buy 5 @ 3 CANCELED SYMBOL_CLOSED 0 for 0
        order o5                            -> o5 sell 1 @ market stop 4 CANCELED SYMBOL_CLOSED 0 for 0
        A buy 1 @ 4                         -> 2001 SYMBOL_NOT_TRADING
        A cancel o1                         -> 4002 ORDER_ALREADY_CLOSED (CANCELED o1 SYMBOL_CLOSED)
        rules status TRADING                -> 6006 BAD_STATUS_TRANSITION
        rules status HALT                   -> 6006 BAD_STATUS_TRANSITION
        rules status CLOSED                 -> nothing
        "
    ));
}

#[test]
fn closing_with_open_orders_must_be_meant() {
    play(&format!(
        "{RESTING}
        rules status CLOSED                 -> 6003 SYMBOL_IN_USE
        A buy 1 @ 4                         -> NEW o5
        A cancel-all
        rules status CLOSED                 -> 6003 SYMBOL_IN_USE
        B cancel-all
        A sell 1 @ 3 stop 4                 -> PENDING_TRIGGER o6
        rules status CLOSED                 -> 6003 SYMBOL_IN_USE    # those that wait count
        A cancel-all
        rules status CLOSED                 -> nothing
        "
    ));
}

#[test]
fn a_symbol_with_open_orders_is_removed_only_by_force() {
    // Edge case 13.
    play(&format!(
        "{RESTING}
        remove BTC-USD                      -> 6003 SYMBOL_IN_USE
        book                                -> 5 @ 3 | 5 @ 9
        remove BTC-USD force                -> CANCELED o1; CANCELED o2
        check                               -> A USD 1000 available; B BTC 100 available
        book                                -> no such book
        order o1                            -> o1 buy 5 @ 3 CANCELED SYMBOL_CLOSED 0 for 0
        remove BTC-USD                      -> 2000 UNKNOWN_SYMBOL
        "
    ));
}

#[test]
fn a_cancel_that_was_on_its_way_when_the_symbol_was_halted_still_cancels() {
    play(&format!(
        "{RESTING}
        A cancel o1 & rules status HALT      -> CANCELED o1
        B cancel o2 & rules status CLOSED    -> 6003 SYMBOL_IN_USE; CANCELED o2
        "
    ));
}

#[test]
fn an_order_that_was_on_its_way_when_the_status_changed_is_judged_by_the_new_one() {
    play(&format!(
        "{RESTING}
        A buy 1 @ 4 & rules status CANCEL_ONLY          -> 2002 SYMBOL_CANCEL_ONLY
        check                                           -> A USD 985 available 15 frozen
        rules status TRADING
        A buy 1 @ market & rules status LIMIT_ONLY      -> 2003 SYMBOL_MODE_RESTRICTED
        A amend o1 to 3 & rules status HALT             -> 2001 SYMBOL_NOT_TRADING
        order o1                                        -> o1 buy 5 @ 3 NEW 0 for 0
        "
    ));
}

#[test]
fn other_symbols_go_on() {
    play(&format!(
        "{RESTING}
        symbol ETH-USD lot 1 tick 1
        rules status HALT
        A buy 1 @ 4 on ETH-USD              -> NEW o5
        "
    ));
}

#[test]
fn amends_are_taken_while_only_post_only_or_limit_orders_are() {
    play(&format!(
        "{RESTING}
        rules status POST_ONLY
        A amend o1 to 3                     -> AMENDED o1 NEW (kept)
        rules status LIMIT_ONLY
        A amend o1 at 4                     -> AMENDED o1 NEW (to the back)
        "
    ));
}

#[test]
fn a_symbol_that_nobody_announced_is_unknown() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000
        A buy 1 @ 4 on NOWHERE              -> 2000 UNKNOWN_SYMBOL
        A buy 1 @ market on NOWHERE         -> 2000 UNKNOWN_SYMBOL
        A amend o1 to 4 on NOWHERE          -> 2000 UNKNOWN_SYMBOL
        A replace o1 with buy 1 @ 4 on NOWHERE   -> 2000 UNKNOWN_SYMBOL
        ",
    );
}
