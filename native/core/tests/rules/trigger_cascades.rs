//! What one trade sets off: who is executed first, against which book, and where it ends.

use crate::script::play;

const LAST_100: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 10_000   fund A BTC 100   fund B USD 10_000   fund B BTC 100
    fund C USD 10_000   fund C BTC 100
    prints 100
";

#[test]
fn the_takers_remainder_rests_before_what_it_triggers() {
    // Edge case 14: the seller that B's trade wakes up finds what is left of B's own order.
    play(&format!(
        "{LAST_100}
        C sell 2 @ 101                       -> NEW o3
        A sell 3 @ market take-profit 101    -> PENDING_TRIGGER o4
        B buy 5 @ 101                        -> trade 2 @ 101 with o3; PARTIALLY_FILLED o5; trade 3 @ 101 with o5 by o4; FILLED o4
        order o5                             -> o5 buy 5 @ 101 FILLED 5 for 505
        book                                 -> - | -
        "
    ));
}

#[test]
fn the_answer_tells_where_the_order_stands_before_what_it_triggers() {
    // PARTIALLY_FILLED is what B is told, though all of it has traded when the command is over.
    play(&format!(
        "{LAST_100}
        C sell 2 @ 101
        A sell 9 @ 101 take-profit 101       -> PENDING_TRIGGER o4
        B buy 5 @ 101                        -> trade 2 @ 101 with o3; PARTIALLY_FILLED o5; trade 3 @ 101 with o5 by o4; PARTIALLY_FILLED o4
        book                                 -> - | 6 @ 101
        "
    ));
}

#[test]
fn rising_the_lowest_trigger_goes_first() {
    play(&format!(
        "{LAST_100}
        A buy 1 @ market stop 107 max 500   -> PENDING_TRIGGER o3
        A buy 1 @ market stop 105 max 500   -> PENDING_TRIGGER o4
        A buy 1 @ market stop 106 max 500   -> PENDING_TRIGGER o5
        C sell 1 @ 120
        C sell 1 @ 130
        C sell 1 @ 140
        prints 107                          -> trade 1 @ 120 with o6 by o4; FILLED o4; trade 1 @ 130 with o7 by o5; FILLED o5; trade 1 @ 140 with o8 by o3; FILLED o3
        "
    ));
}

#[test]
fn falling_the_highest_trigger_goes_first() {
    play(&format!(
        "{LAST_100}
        A sell 1 @ market stop 93   -> PENDING_TRIGGER o3
        A sell 1 @ market stop 95   -> PENDING_TRIGGER o4
        A sell 1 @ market stop 94   -> PENDING_TRIGGER o5
        C buy 1 @ 80
        C buy 1 @ 70
        C buy 1 @ 60
        prints 93                   -> trade 1 @ 80 with o6 by o4; FILLED o4; trade 1 @ 70 with o7 by o5; FILLED o5; trade 1 @ 60 with o8 by o3; FILLED o3
        "
    ));
}

#[test]
fn at_one_trigger_the_older_order_goes_first() {
    play(&format!(
        "{LAST_100}
        A buy 1 @ market stop 105 max 500     -> PENDING_TRIGGER o3
        B buy 1 @ market stop 105 max 500     -> PENDING_TRIGGER o4
        A sell 1 @ 130 take-profit 105        -> PENDING_TRIGGER o5    # the side does not matter
        C sell 1 @ 120
        C sell 1 @ 140
        prints 105                            -> trade 1 @ 120 with o6 by o3; FILLED o3; trade 1 @ 140 with o7 by o4; FILLED o4; NEW o5
        "
    ));
}

#[test]
fn a_trailing_stop_stands_at_the_price_it_triggers_at() {
    // At 105 the buy that trails by 3 from 100 waits for 103, between the stops at 102 and 104.
    play(&format!(
        "{LAST_100}
        A buy 1 @ market stop 104 max 500   -> PENDING_TRIGGER o3
        A buy 1 @ market trail 3 max 500    -> PENDING_TRIGGER o4
        A buy 1 @ market stop 102 max 500   -> PENDING_TRIGGER o5
        C sell 1 @ 120
        C sell 1 @ 130
        C sell 1 @ 140
        prints 105                          -> trade 1 @ 120 with o6 by o5; FILLED o5; trade 1 @ 130 with o7 by o4; FILLED o4; trade 1 @ 140 with o8 by o3; FILLED o3
        "
    ));
}

#[test]
fn what_triggered_orders_trade_triggers_more_until_nothing_is_due() {
    play(&format!(
        "{LAST_100}
        A sell 1 @ market stop 95   -> PENDING_TRIGGER o3
        A sell 1 @ market stop 90   -> PENDING_TRIGGER o4
        A sell 1 @ market stop 85   -> PENDING_TRIGGER o5
        A sell 1 @ market stop 79   -> PENDING_TRIGGER o6
        C buy 1 @ 90
        C buy 1 @ 85
        C buy 1 @ 80
        prints 95                   -> trade 1 @ 90 with o7 by o3; FILLED o3; trade 1 @ 85 with o8 by o4; FILLED o4; trade 1 @ 80 with o9 by o5; FILLED o5
        order o6                    -> o6 sell 1 @ market stop 79 PENDING_TRIGGER 0 for 0
        last                        -> 80
        "
    ));
}

#[test]
fn those_due_together_are_executed_before_anybody_is_looked_at_again() {
    // o4 is due when o3's first trade has happened, but after o5, which was due at the same time as o3.
    play(&format!(
        "{LAST_100}
        A sell 1 @ market stop 95   -> PENDING_TRIGGER o3
        A sell 1 @ market stop 90   -> PENDING_TRIGGER o4
        A sell 1 @ market stop 94   -> PENDING_TRIGGER o5
        C buy 1 @ 90
        C buy 1 @ 89
        C buy 1 @ 88
        prints 94                   -> trade 1 @ 90 with o6 by o3; FILLED o3; trade 1 @ 89 with o7 by o5; FILLED o5; trade 1 @ 88 with o8 by o4; FILLED o4
        "
    ));
}

#[test]
fn a_price_that_is_passed_on_the_way_does_not_count() {
    // o3 trades at 110, o4 at 104 after it: 104 is what the stop at 108 is compared with.
    play(&format!(
        "{LAST_100}
        A buy 1 @ market stop 105 max 500   -> PENDING_TRIGGER o3
        A sell 1 @ market take-profit 105   -> PENDING_TRIGGER o4
        A buy 1 @ market stop 108 max 500   -> PENDING_TRIGGER o5
        C sell 1 @ 110
        B buy 1 @ 104
        prints 105                          -> trade 1 @ 110 with o6 by o3; FILLED o3; trade 1 @ 104 with o7 by o4; FILLED o4
        last                                -> 104
        order o5                            -> o5 buy 1 @ market stop 108 PENDING_TRIGGER 0 for 0
        "
    ));
}

#[test]
fn an_extreme_does_not_follow_a_price_that_is_passed_on_the_way() {
    // o3 trades at 150 and o4 at 104: from 105 the sell that trails by 20 waits for 85, not for 130.
    play(&format!(
        "{LAST_100}
        A buy 1 @ market stop 105 max 500   -> PENDING_TRIGGER o3
        A sell 1 @ market take-profit 105   -> PENDING_TRIGGER o4
        A sell 1 @ market trail 20          -> PENDING_TRIGGER o5
        C sell 1 @ 150
        B buy 1 @ 104
        prints 105                          -> trade 1 @ 150 with o6 by o3; FILLED o3; trade 1 @ 104 with o7 by o4; FILLED o4
        C buy 1 @ 50
        prints 86                           -> nothing
        prints 85                           -> trade 1 @ 50 with o10 by o5; FILLED o5
        "
    ));
}

#[test]
fn only_the_last_trade_of_a_sweep_counts() {
    // The sweep passes 101 and ends at 103: at 103 the buy is due, and the take-profit at 102 as well.
    play(&format!(
        "{LAST_100}
        A buy 1 @ 90 stop 103            -> PENDING_TRIGGER o3
        A buy 1 @ 90 stop 104            -> PENDING_TRIGGER o4
        C sell 1 @ 101
        C sell 1 @ 103
        B buy 2 @ 110                    -> trade 1 @ 101 with o5; trade 1 @ 103 with o6; FILLED o7; NEW o3
        "
    ));
}

#[test]
fn who_was_due_is_executed_though_the_price_has_come_back() {
    // o3 moves the price to 90 and o4, which was due at 105 with it, still goes.
    play(&format!(
        "{LAST_100}
        A sell 1 @ market take-profit 104   -> PENDING_TRIGGER o3
        A buy 1 @ market stop 105 max 500   -> PENDING_TRIGGER o4
        C buy 1 @ 90
        C sell 1 @ 120
        prints 105                          -> trade 1 @ 90 with o5 by o3; FILLED o3; trade 1 @ 120 with o6 by o4; FILLED o4
        "
    ));
}

#[test]
fn triggered_orders_trade_with_each_other() {
    play(&format!(
        "{LAST_100}
        A sell 2 @ 105 take-profit 105   -> PENDING_TRIGGER o3
        B buy 2 @ 106 stop 105           -> PENDING_TRIGGER o4
        prints 105                       -> NEW o3; trade 2 @ 105 with o3 by o4; FILLED o4
        "
    ));
}

#[test]
fn both_legs_of_an_oco_in_one_cascade_do_not_both_trade() {
    // o3 would sell to C at 120, which the limit leg o5 also wants; but o6 was triggered with it, so o5 is gone.
    play(&format!(
        "{LAST_100}
        A buy 2 @ 120 stop 105                       -> PENDING_TRIGGER o3
        B oco buy 1 @ 95 / stop 105 max 500          -> NEW o5; PENDING_TRIGGER o6
        C sell 5 @ 120
        prints 105                                   -> CANCELED o5 OCO_SIBLING; trade 2 @ 120 with o7 by o3; FILLED o3; trade 1 @ 120 with o7 by o6; FILLED o6
        "
    ));
}

#[test]
fn a_cascade_takes_one_step_of_the_books_sequence() {
    // The runner asserts it after every line; here it has three rounds to get wrong.
    play(&format!(
        "{LAST_100}
        A sell 1 @ market stop 95   -> PENDING_TRIGGER o3
        A sell 1 @ market stop 90   -> PENDING_TRIGGER o4
        C buy 1 @ 90
        C buy 1 @ 85
        B sell 1 @ 95
        C buy 1 @ 95                -> trade 1 @ 95 with o7; FILLED o8; trade 1 @ 90 with o5 by o3; FILLED o3; trade 1 @ 85 with o6 by o4; FILLED o4
        "
    ));
}

#[test]
fn an_amend_that_trades_triggers_too() {
    play(&format!(
        "{LAST_100}
        A sell 1 @ 97 stop 95   -> PENDING_TRIGGER o3
        C sell 1 @ 99           -> NEW o4
        B buy 1 @ 95            -> NEW o5
        C amend o4 at 95        -> trade 1 @ 95 with o5; AMENDED o4 FILLED; NEW o3
        "
    ));
}

#[test]
fn a_cancel_replace_that_trades_triggers_too() {
    play(&format!(
        "{LAST_100}
        A sell 1 @ 97 stop 95              -> PENDING_TRIGGER o3
        C sell 1 @ 99                      -> NEW o4
        B buy 1 @ 95                       -> NEW o5
        C replace o4 with sell 1 @ 95      -> CANCELED o4; trade 1 @ 95 with o5; FILLED o6; NEW o3
        "
    ));
}

#[test]
fn symbols_have_last_prices_of_their_own() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        symbol ETH-USD lot 1 tick 1
        fund A BTC 9   fund A ETH 9   fund B USD 1000   fund C ETH 9
        prints 100
        A sell 1 @ 97 stop 95               -> PENDING_TRIGGER o3
        A sell 1 @ 97 stop 95 on ETH-USD    -> 4012 NO_REFERENCE_PRICE
        B buy 1 @ 90 on ETH-USD
        C sell 1 @ 90 on ETH-USD            -> trade 1 @ 90 with o5; FILLED o6
        orders A                            -> o3 sell 1 @ 97 stop 95 PENDING_TRIGGER 0 for 0
        A sell 1 @ 80 stop 89 on ETH-USD    -> PENDING_TRIGGER o7
        ",
    );
}
