//! Cancels: exactly one order goes, wherever it stands, and nobody behind it is lost.

use crate::script::play;

const FIVE_IN_A_QUEUE: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 1000   fund B BTC 50   fund C BTC 50
    B sell 1 @ 5
    C sell 2 @ 5
    B sell 3 @ 5
    C sell 4 @ 5
    B sell 5 @ 5
";

#[test]
fn cancel_of_the_head_loses_nobody_behind_it() {
    play(&format!(
        "{FIVE_IN_A_QUEUE}
        B cancel o1    -> CANCELED o1 (1 left, 1 BTC back)
        book           -> - | 14 @ 5 x4
        A buy 14 @ 5   -> trade 2 @ 5 with o2; trade 3 @ 5 with o3; trade 4 @ 5 with o4; trade 5 @ 5 with o5; FILLED o6
        "
    ));
}

#[test]
fn cancel_in_the_middle_loses_nobody_behind_it() {
    play(&format!(
        "{FIVE_IN_A_QUEUE}
        B cancel o3    -> CANCELED o3 (3 left, 3 BTC back)
        A buy 12 @ 5   -> trade 1 @ 5 with o1; trade 2 @ 5 with o2; trade 4 @ 5 with o4; trade 5 @ 5 with o5; FILLED o6
        "
    ));
}

#[test]
fn cancel_of_the_tail_lets_the_next_join_behind_the_rest() {
    play(&format!(
        "{FIVE_IN_A_QUEUE}
        B cancel o5    -> CANCELED o5 (5 left, 5 BTC back)
        C sell 7 @ 5   -> NEW o6
        A buy 17 @ 5   -> trade 1 @ 5 with o1; trade 2 @ 5 with o2; trade 3 @ 5 with o3; trade 4 @ 5 with o4; trade 7 @ 5 with o6; FILLED o7
        "
    ));
}

#[test]
fn scattered_cancels_lose_nobody() {
    play(&format!(
        "{FIVE_IN_A_QUEUE}
        C cancel o4    -> CANCELED o4 (4 left, 4 BTC back)
        C cancel o2    -> CANCELED o2 (2 left, 2 BTC back)
        B sell 6 @ 5   -> NEW o6
        B cancel o1    -> CANCELED o1 (1 left, 1 BTC back)
        book           -> - | 14 @ 5 x3
        A buy 14 @ 5   -> trade 3 @ 5 with o3; trade 5 @ 5 with o5; trade 6 @ 5 with o6; FILLED o7
        book           -> - | -
        "
    ));
}

#[test]
fn a_whole_queue_can_be_canceled_and_the_price_used_again() {
    play(&format!(
        "{FIVE_IN_A_QUEUE}
        B cancel o3 & C cancel o2 & B cancel o5 & B cancel o1 & C cancel o4 -> CANCELED o3; CANCELED o2; CANCELED o5; CANCELED o1; CANCELED o4
        book           -> - | -
        check          -> B BTC 50 available; C BTC 50 available
        B sell 1 @ 5   -> NEW o6
        A buy 2 @ 5    -> trade 1 @ 5 with o6; PARTIALLY_FILLED o7
        book           -> 1 @ 5 | -
        "
    ));
}

#[test]
fn cancelling_the_best_ask_uncovers_the_next() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 1 @ 5
        B sell 2 @ 6
        B sell 3 @ 9
        B cancel o1    -> CANCELED o1
        book           -> - | 2 @ 6, 3 @ 9
        B cancel o2    -> CANCELED o2
        A buy 1 @ 8    -> NEW o4
        book           -> 1 @ 8 | 3 @ 9
        B cancel o3    -> CANCELED o3
        book           -> 1 @ 8 | -
        B sell 1 @ 9   -> NEW o5
        A buy 1 @ 9    -> trade 1 @ 9 with o5; FILLED o6
        ",
    );
}

#[test]
fn cancelling_the_best_bid_uncovers_the_next() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 1 @ 9
        A buy 2 @ 6
        A buy 3 @ 5
        A cancel o1    -> CANCELED o1
        book           -> 2 @ 6, 3 @ 5 | -
        A cancel o2    -> CANCELED o2
        B sell 1 @ 6   -> NEW o4
        book           -> 3 @ 5 | 1 @ 6
        A cancel o3    -> CANCELED o3
        book           -> - | 1 @ 6
        A buy 1 @ 5    -> NEW o5
        B sell 1 @ 5   -> trade 1 @ 5 with o5; FILLED o6
        ",
    );
}

#[test]
fn a_worse_level_can_go_while_the_best_stays() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 1 @ 3
        A buy 1 @ 4
        A buy 1 @ 5
        B sell 1 @ 7
        B sell 1 @ 8
        B sell 1 @ 9
        A cancel o2    -> CANCELED o2
        B cancel o5    -> CANCELED o5
        book           -> 1 @ 5, 1 @ 3 | 1 @ 7, 1 @ 9
        ",
    );
}

#[test]
fn a_closed_order_refuses_cancel_with_its_final_status() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 2 @ 5
        B sell 2 @ 5        -> trade 2 @ 5 with o1; FILLED o2
        A cancel o1         -> 4002 ORDER_ALREADY_CLOSED (FILLED o1)
        B cancel o2         -> 4002 ORDER_ALREADY_CLOSED (FILLED o2)
        A buy 2 @ 5
        A cancel o3         -> CANCELED o3
        A cancel o3         -> 4002 ORDER_ALREADY_CLOSED (CANCELED o3 USER)
        A buy 1 @ market    -> EXPIRED o4 INSUFFICIENT_LIQUIDITY
        A cancel o4         -> 4002 ORDER_ALREADY_CLOSED (EXPIRED o4 INSUFFICIENT_LIQUIDITY)
        check               -> A USD 90 available; A BTC 2 available; B USD 10 available; B BTC 7 available
        ",
    );
}

#[test]
fn a_cancel_after_a_partial_fill_takes_only_the_rest() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 10 @ 5
        B sell 4 @ 5   -> trade 4 @ 5 with o1; FILLED o2
        A cancel o1    -> CANCELED o1 (6 left, 30 USD back)
        order o1       -> o1 buy 10 @ 5 CANCELED USER 4 for 20
        A cancel o1    -> 4002 ORDER_ALREADY_CLOSED (CANCELED o1 USER)
        check          -> A USD 80 available; A BTC 4 available
        ",
    );
}

#[test]
fn an_unknown_order_is_refused_on_a_virgin_book() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100
        A cancel o1                       -> 4000 UNKNOWN_ORDER
        A cancel o9007199254740991        -> 4000 UNKNOWN_ORDER
        B cancel o1                       -> 3000 UNKNOWN_ACCOUNT
        book                              -> - | -
        A buy 1 @ 5                       -> NEW o1
        A cancel o2                       -> 4000 UNKNOWN_ORDER
        ",
    );
}

#[test]
fn somebody_elses_order_is_unknown_and_stays_untouched() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund D USD 1
        A buy 10 @ 5   -> NEW o1
        B cancel o1    -> 4000 UNKNOWN_ORDER
        D cancel o1    -> 4000 UNKNOWN_ORDER    # with three shards, on the same one as A
        book           -> 10 @ 5 | -
        check          -> A USD 50 available 50 frozen
        A cancel o1    -> CANCELED o1
        B cancel o1    -> 4000 UNKNOWN_ORDER    # closed, and still nobody else's business
        D cancel o1    -> 4000 UNKNOWN_ORDER
        ",
    );
}

#[test]
fn a_cancel_that_loses_the_race_against_a_fill_hears_how_the_order_ended() {
    // One sequence decides (edge case 8): the order was open when its sequencer looked, and filled before
    // the matcher got to the cancel.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 4 @ 5                  -> NEW o1
        B sell 4 @ 5 & A cancel o1   -> trade 4 @ 5 with o1; FILLED o2; 4002 ORDER_ALREADY_CLOSED (FILLED o1)
        check                        -> A USD 80 available; A BTC 4 available
        ",
    );
}

#[test]
fn a_cancel_that_wins_the_race_leaves_the_taker_resting() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 4 @ 5                  -> NEW o1
        A cancel o1 & B sell 4 @ 5   -> CANCELED o1 (4 left, 20 USD back); NEW o2
        book                         -> - | 4 @ 5
        ",
    );
}

#[test]
fn a_cancel_racing_a_partial_fill_takes_the_rest() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 4 @ 5                  -> NEW o1
        B sell 1 @ 5 & A cancel o1   -> trade 1 @ 5 with o1; FILLED o2; CANCELED o1 (3 left, 15 USD back)
        check                        -> A USD 95 available; A BTC 1 available
        ",
    );
}

#[test]
fn of_two_cancels_of_one_order_one_succeeds() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100
        A buy 4 @ 5                 -> NEW o1
        A cancel o1 & A cancel o1   -> CANCELED o1; 4002 ORDER_ALREADY_CLOSED (CANCELED o1 USER)
        check                       -> A USD 100 available
        ",
    );
}

#[test]
fn a_cancel_does_not_overtake_its_own_order() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 4 @ 5 & A cancel o1                  -> NEW o1; CANCELED o1
        A buy 4 @ market & A cancel o2             -> 4000 UNKNOWN_ORDER; EXPIRED o2 INSUFFICIENT_LIQUIDITY    # nobody has heard of it yet
        A buy 4 @ 5                                -> NEW o3
        B sell 1 @ 5 & A cancel o3 & B sell 1 @ 5  -> trade 1 @ 5 with o3; FILLED o4; CANCELED o3; NEW o5
        ",
    );
}

#[test]
fn a_cancel_of_an_order_that_the_matcher_refused_finds_nothing() {
    // Refused means it never was: no id answers for it.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 1 @ 50                                -> NEW o1
        A buy for 49 USD @ market & A cancel o2      -> 4000 UNKNOWN_ORDER; 2030 NOTIONAL_RANGE
        order o2                                     -> none
        ",
    );
}

#[test]
fn only_the_most_recent_closed_orders_are_remembered() {
    play(
        "
        limits closed 2
        symbol BTC-USD lot 1 tick 1
        fund A USD 100
        A buy 1 @ 5
        A buy 1 @ 5
        A buy 1 @ 5
        A cancel o2    -> CANCELED o2
        A cancel o1    -> CANCELED o1
        A cancel o2    -> 4002 ORDER_ALREADY_CLOSED
        A cancel o3    -> CANCELED o3
        A cancel o2    -> 4000 UNKNOWN_ORDER      # the first to be closed is the first to be forgotten
        A cancel o1    -> 4002 ORDER_ALREADY_CLOSED
        order o2       -> none
        order o3       -> o3 buy 1 @ 5 CANCELED USER 0 for 0
        ",
    );
}

#[test]
fn without_a_memory_closed_orders_are_unknown() {
    play(
        "
        limits closed 0
        symbol BTC-USD lot 1 tick 1
        fund A USD 100
        A buy 1 @ 5
        A cancel o1    -> CANCELED o1
        A cancel o1    -> 4000 UNKNOWN_ORDER
        ",
    );
}

#[test]
fn an_accounts_open_orders_are_listed_in_the_order_of_acceptance() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        symbol ETH-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund D USD 100
        A buy 1 @ 9
        D buy 1 @ 3
        A buy 1 @ 5 on ETH-USD
        A buy 2 @ 7
        orders A       -> o1 buy 1 @ 9 NEW 0 for 0; o3 buy 1 @ 5 NEW 0 for 0; o4 buy 2 @ 7 NEW 0 for 0
        A cancel o3    -> CANCELED o3
        A buy 1 @ 2
        B sell 2 @ 7   -> trade 1 @ 9 with o1; trade 1 @ 7 with o4; FILLED o6
        orders A       -> o4 buy 2 @ 7 PARTIALLY_FILLED 1 for 7; o5 buy 1 @ 2 NEW 0 for 0
        orders D       -> o2 buy 1 @ 3 NEW 0 for 0
        ",
    );
}
