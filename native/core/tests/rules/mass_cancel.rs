//! Mass cancels: by their owner, with a filter, and by the operator.

use crate::script::play;

const FIVE: &str = "
    symbol BTC-USD lot 1 tick 1
    symbol ETH-USD lot 1 tick 1
    fund A USD 1000   fund A BTC 100   fund A ETH 100   fund B USD 1000   fund B BTC 100
    A buy 5 @ 3 as grid:1
    A sell 5 @ 9 as grid:2
    A buy 2 @ 4 on ETH-USD as other
    A sell 1 @ 8
    B buy 1 @ 2
";

#[test]
fn everything_that_is_open_goes_in_the_order_of_acceptance() {
    play(&format!(
        "{FIVE}
        check         -> A USD 977 available 23 frozen; A BTC 94 available 6 frozen
        A cancel-all  -> CANCELED o1 (5 left, 15 USD back); CANCELED o2 (5 left, 5 BTC back); CANCELED o4 (1 left, 1 BTC back); CANCELED o3 (2 left, 8 USD back)
        check         -> A USD 1000 available; A BTC 100 available
        orders A      -> none
        book          -> 1 @ 2 | -
        order o3      -> o3 buy 2 @ 4 as other CANCELED MASS 0 for 0
        "
    ));
}

#[test]
fn of_one_symbol() {
    play(&format!(
        "{FIVE}
        A cancel-all on ETH-USD   -> CANCELED o3
        A cancel-all on BTC-USD   -> CANCELED o1; CANCELED o2; CANCELED o4
        "
    ));
}

#[test]
fn of_one_side() {
    play(&format!(
        "{FIVE}
        A cancel-all sells   -> CANCELED o2; CANCELED o4
        A cancel-all buys    -> CANCELED o1; CANCELED o3
        "
    ));
}

#[test]
fn by_the_beginning_of_their_names() {
    play(&format!(
        "{FIVE}
        A cancel-all named grid:    -> CANCELED o1; CANCELED o2
        A cancel-all named grid:    -> none
        A cancel-all named o        -> CANCELED o3
        orders A                    -> o4 sell 1 @ 8 NEW 0 for 0
        "
    ));
}

#[test]
fn a_filter_is_all_of_its_parts() {
    play(&format!(
        "{FIVE}
        A cancel-all buys named grid: on BTC-USD     -> CANCELED o1
        A cancel-all sells named other               -> none
        A cancel-all buys on BTC-USD                 -> none
        "
    ));
}

#[test]
fn nothing_that_matches_is_an_empty_list_and_no_error() {
    play(&format!(
        "{FIVE}
        B cancel-all sells   -> none
        B cancel-all         -> CANCELED o5
        B cancel-all         -> none
        Z cancel-all         -> 3000 UNKNOWN_ACCOUNT
        "
    ));
}

#[test]
fn conditional_orders_and_lists_go_too() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund A BTC 100
        prints 100
        A sell 5 @ market stop 90          -> PENDING_TRIGGER o3
        A oco sell 5 @ 110 / stop 90       -> NEW o5; PENDING_TRIGGER o6
        A buy 5 @ market trail 5 max 600   -> PENDING_TRIGGER o7
        A cancel-all                       -> CANCELED o3 (5 left, 5 BTC back); CANCELED o6 OCO_SIBLING; CANCELED o5 (5 left, 5 BTC back); CANCELED o7 (5 left, 600 USD back)
        check                              -> A USD 1000 available; A BTC 100 available
        ",
    );
}

#[test]
fn a_filter_that_means_one_leg_takes_the_other_along() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 100
        prints 100
        A oco sell 5 @ 110 as limit / stop 90 as stop    -> NEW o4; PENDING_TRIGGER o5
        A cancel-all named stop                          -> CANCELED o5; CANCELED o4 OCO_SIBLING; A BTC 100 available
        ",
    );
}

#[test]
fn orders_that_close_while_it_is_on_its_way_are_left_out() {
    play(&format!(
        "{FIVE}
        B sell 5 @ 3 & A cancel-all on BTC-USD     -> trade 5 @ 3 with o1; FILLED o6; CANCELED o2; CANCELED o4
        B sell 9 @ 8                               -> NEW o7
        A buy 1 @ 8 & A cancel-all                 -> trade 1 @ 8 with o7; FILLED o8; CANCELED o3
        "
    ));
}

#[test]
fn orders_that_come_after_it_stay() {
    play(&format!(
        "{FIVE}
        A cancel-all on BTC-USD & A buy 1 @ 1      -> CANCELED o1; CANCELED o2; CANCELED o4; NEW o6
        book                                       -> 1 @ 2, 1 @ 1 | -
        "
    ));
}

#[test]
fn the_operator_cancels_a_whole_symbol() {
    play(&format!(
        "{FIVE}
        cancel-book     -> CANCELED o1 (5 left, 15 USD back); CANCELED o2; CANCELED o4; CANCELED o5 (1 left, 2 USD back)
        order o5        -> o5 buy 1 @ 2 CANCELED ADMIN 0 for 0
        orders A        -> o3 buy 2 @ 4 as other NEW 0 for 0
        cancel-book     -> nothing
        A buy 1 @ 1     -> NEW o6    # the symbol trades on
        "
    ));
}

#[test]
fn a_partly_filled_order_loses_only_its_rest() {
    play(&format!(
        "{FIVE}
        B sell 2 @ 3          -> trade 2 @ 3 with o1; FILLED o6
        A cancel-all buys     -> CANCELED o1 (3 left, 9 USD back); CANCELED o3
        order o1              -> o1 buy 5 @ 3 as grid:1 CANCELED MASS 2 for 6
        "
    ));
}
