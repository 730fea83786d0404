//! Market orders for a quantity of base: they take what is there, never rest, and cost what the book says.

use crate::script::play;

#[test]
fn it_takes_whatever_price_the_book_offers() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 10_000   fund B BTC 9
        B sell 1 @ 5
        B sell 1 @ 9_000
        A buy 2 @ market   -> trade 1 @ 5 with o1; trade 1 @ 9000 with o2; FILLED o3; A USD 995 available; A BTC 2 available
        A buy 1 @ 9
        A buy 1 @ 1
        B sell 2 @ market  -> trade 1 @ 9 with o4; trade 1 @ 1 with o5; FILLED o6
        ",
    );
}

#[test]
fn on_an_empty_side_it_expires_at_once() {
    // Accepted, and a result rather than an error (edge case 1).
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 1 @ market    -> EXPIRED o1 INSUFFICIENT_LIQUIDITY; A USD 100 available
        B sell 1 @ market   -> EXPIRED o2 INSUFFICIENT_LIQUIDITY; B BTC 9 available
        A buy 1 @ 5         -> NEW o3
        A buy 1 @ market    -> EXPIRED o4 INSUFFICIENT_LIQUIDITY    # its own side does not count
        order o4            -> o4 buy 1 @ market EXPIRED INSUFFICIENT_LIQUIDITY 0 for 0
        book                -> 1 @ 5 | -
        ",
    );
}

#[test]
fn a_buy_without_a_cent_expires_on_an_empty_book_and_is_refused_on_another() {
    // On an empty book it costs nothing (edge case 2).
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 1   fund B BTC 9
        A buy 1 @ market   -> EXPIRED o1 INSUFFICIENT_LIQUIDITY
        B sell 1 @ 5
        A buy 1 @ market   -> 3010 INSUFFICIENT_BALANCE (needs 5 USD, has 0)
        book               -> - | 1 @ 5
        ",
    );
}

#[test]
fn when_the_book_runs_out_the_fills_stay_and_the_rest_expires() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 2 @ 5
        B sell 1 @ 7
        A buy 4 @ market    -> trade 2 @ 5 with o1; trade 1 @ 7 with o2; EXPIRED o3 INSUFFICIENT_LIQUIDITY
        check               -> A USD 83 available; A BTC 3 available
        order o3            -> o3 buy 4 @ market EXPIRED INSUFFICIENT_LIQUIDITY 3 for 17
        A buy 1 @ 2
        B sell 6 @ market   -> trade 1 @ 2 with o4; EXPIRED o5 INSUFFICIENT_LIQUIDITY; B BTC 5 available
        book                -> - | -
        ",
    );
}

#[test]
fn exact_exhaustion_is_filled() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 2 @ 5
        A buy 2 @ market    -> trade 2 @ 5 with o1; FILLED o2
        A buy 2 @ 5
        B sell 2 @ market   -> trade 2 @ 5 with o3; FILLED o4
        book                -> - | -
        ",
    );
}

#[test]
fn a_buy_that_the_whole_balance_just_pays_for_is_filled() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 17   fund B BTC 9
        B sell 2 @ 5
        B sell 1 @ 7
        B sell 1 @ 8
        A buy 3 @ market   -> trade 2 @ 5 with o1; trade 1 @ 7 with o2; FILLED o4; A USD 0 available; A BTC 3 available
        ",
    );
}

#[test]
fn a_buy_beyond_the_balance_is_refused_whole_and_nothing_changes() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 16   fund B BTC 9
        B sell 2 @ 5
        B sell 1 @ 7
        A buy 3 @ market   -> 3010 INSUFFICIENT_BALANCE (needs 17 USD, has 16)
        A buy 9 @ market   -> 3010 INSUFFICIENT_BALANCE (needs 17 USD, has 16)    # as far as the book reaches
        check              -> A USD 16 available
        book               -> - | 2 @ 5, 1 @ 7
        order o3           -> none
        A buy 2 @ market   -> trade 2 @ 5 with o1; FILLED o5; A USD 6 available
        ",
    );
}

#[test]
fn what_is_frozen_does_not_pay_for_it() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 16   fund B BTC 9
        B sell 2 @ 5
        A buy 7 @ 1        -> NEW o2
        A buy 2 @ market   -> 3010 INSUFFICIENT_BALANCE (needs 10 USD, has 9)
        A buy 1 @ market   -> trade 1 @ 5 with o1; FILLED o4; A USD 4 available 7 frozen
        ",
    );
}

#[test]
fn a_sell_beyond_the_balance_is_refused() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 2
        A buy 9 @ 5
        B sell 3 @ market   -> 3010 INSUFFICIENT_BALANCE (needs 3 BTC, has 2)
        A sell 1 @ market   -> 3010 INSUFFICIENT_BALANCE (needs 1 BTC, has 0)
        B sell 2 @ market   -> trade 2 @ 5 with o1; FILLED o2
        book                -> 7 @ 5 | -
        ",
    );
}

#[test]
fn fifo_holds_for_it_too() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund C BTC 9
        B sell 2 @ 5
        C sell 2 @ 5
        A buy 1 @ market   -> trade 1 @ 5 with o1; FILLED o3
        A buy 2 @ market   -> trade 1 @ 5 with o1; trade 1 @ 5 with o2; FILLED o4
        ",
    );
}
