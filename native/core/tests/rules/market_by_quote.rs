//! Market orders for an amount of quote: whole lots, and never an atom beyond the amount.

use crate::script::play;

#[test]
fn a_buy_takes_whole_lots_and_frees_the_dust() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 99
        B sell 90 @ 5
        A buy for 23 USD @ market   -> trade 4 @ 5 with o1; FILLED o2; A USD 80 available; A BTC 4 available
        order o2                    -> o2 buy for 23 USD @ market FILLED 4 for 20
        A buy for 5 USD @ market    -> trade 1 @ 5 with o1; FILLED o3; A USD 75 available
        ",
    );
}

#[test]
fn a_buy_rounds_down_to_a_lot_at_each_level() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 99   fund C BTC 99
        B sell 1 @ 5
        C sell 1 @ 5
        B sell 2 @ 7
        B sell 9 @ 8
        A buy for 22 USD @ market   -> trade 1 @ 5 with o1; trade 1 @ 5 with o2; trade 1 @ 7 with o3; FILLED o5
        check                       -> A USD 83 available; A BTC 3 available
        book                        -> - | 1 @ 7, 9 @ 8
        ",
    );
}

#[test]
fn a_budget_below_one_lot_is_refused() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund A BTC 5   fund B USD 100   fund B BTC 99
        B sell 9 @ 5
        B buy 9 @ 4
        A buy for 4 USD @ market     -> 2030 NOTIONAL_RANGE
        A sell for 3 USD @ market    -> 2030 NOTIONAL_RANGE
        check                        -> A USD 100 available; A BTC 5 available
        book                         -> 9 @ 4 | 9 @ 5
        A buy for 5 USD @ market     -> trade 1 @ 5 with o1; FILLED o5
        A sell for 4 USD @ market    -> trade 1 @ 4 with o2; FILLED o6
        ",
    );
}

#[test]
fn one_lot_too_dear_is_counted_in_quote_atoms() {
    play(
        "
        symbol BTC-USD lot 100 tick 3
        fund A USD 100   fund B BTC 900
        B sell 9 @ 7                 -> NEW o1
        A buy for 20 USD @ market    -> 2030 NOTIONAL_RANGE
        A buy for 62 USD @ market    -> trade 2 @ 7 with o1; FILLED o3; A USD 58 available; A BTC 200 available
        ",
    );
}

#[test]
fn on_an_empty_side_it_expires_at_once() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund A BTC 5
        A buy for 50 USD @ market    -> EXPIRED o1 INSUFFICIENT_LIQUIDITY; A USD 100 available
        A sell for 50 USD @ market   -> EXPIRED o2 INSUFFICIENT_LIQUIDITY; A BTC 5 available
        ",
    );
}

#[test]
fn a_buy_needs_its_budget_even_on_an_empty_book_and_a_sell_needs_nothing_there() {
    // Edge case 2: the budget of a buy is what the caller says; what a sell needs, the book says.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A GBP 1
        A buy for 1 USD @ market    -> 3010 INSUFFICIENT_BALANCE (needs 1 USD, has 0)
        A sell for 1 USD @ market   -> EXPIRED o2 INSUFFICIENT_LIQUIDITY
        ",
    );
}

#[test]
fn a_buy_beyond_the_balance_is_refused_though_the_book_is_cheaper() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 99   fund B BTC 1
        B sell 1 @ 5
        A buy for 100 USD @ market   -> 3010 INSUFFICIENT_BALANCE (needs 100 USD, has 99)
        A buy for 99 USD @ market    -> trade 1 @ 5 with o1; EXPIRED o3 INSUFFICIENT_LIQUIDITY; A USD 94 available
        ",
    );
}

#[test]
fn a_buy_that_runs_the_book_out_keeps_its_fills_and_expires() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 2 @ 5
        B sell 1 @ 7
        A buy for 50 USD @ market   -> trade 2 @ 5 with o1; trade 1 @ 7 with o2; EXPIRED o3 INSUFFICIENT_LIQUIDITY
        check                       -> A USD 83 available; A BTC 3 available
        book                        -> - | -
        ",
    );
}

#[test]
fn a_sell_that_runs_the_book_out_keeps_its_fills_and_expires() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 9   fund B USD 100
        B buy 2 @ 5
        B buy 1 @ 3
        A sell for 50 USD @ market   -> trade 2 @ 5 with o1; trade 1 @ 3 with o2; EXPIRED o3 INSUFFICIENT_LIQUIDITY
        check                        -> A BTC 6 available; A USD 13 available
        book                         -> - | -
        ",
    );
}

#[test]
fn a_budget_used_to_the_last_atom_is_filled_though_the_book_is_empty_too() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 2 @ 5
        A buy for 10 USD @ market    -> trade 2 @ 5 with o1; FILLED o2
        A buy 3 @ 4
        A buy 1 @ 3
        B sell for 15 USD @ market   -> trade 3 @ 4 with o3; trade 1 @ 3 with o4; FILLED o5
        book                         -> - | -
        ",
    );
}

#[test]
fn a_sell_raises_the_amount_and_never_more() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 9   fund B USD 100
        B buy 9 @ 10
        A sell for 25 USD @ market   -> trade 2 @ 10 with o1; FILLED o2; A USD 20 available; A BTC 7 available
        A sell for 30 USD @ market   -> trade 3 @ 10 with o1; FILLED o3; A USD 50 available; A BTC 4 available
        ",
    );
}

#[test]
fn a_sell_continues_at_the_next_lower_price_where_a_lot_fits_again() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 9   fund B USD 100   fund C USD 100
        B buy 1 @ 10
        C buy 2 @ 3
        A sell for 14 USD @ market   -> trade 1 @ 10 with o1; trade 1 @ 3 with o2; FILLED o3; A USD 13 available
        ",
    );
}

#[test]
fn a_sell_that_raised_enough_at_one_level_stops_before_the_next() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 9   fund B USD 100   fund C USD 100
        B buy 1 @ 10
        C buy 2 @ 3
        A sell for 12 USD @ market   -> trade 1 @ 10 with o1; FILLED o3; A USD 10 available; A BTC 8 available
        book                         -> 2 @ 3 | -
        ",
    );
}

#[test]
fn a_sell_does_not_reach_past_a_better_bid_that_no_lot_fits_any_more() {
    // 5 USD are left, one lot would fit at 3, but the bid of 10 is ahead and must not be traded through.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 9   fund B USD 100   fund C USD 100
        B buy 5 @ 10
        C buy 9 @ 3
        A sell for 25 USD @ market   -> trade 2 @ 10 with o1; FILLED o3; A USD 20 available
        book                         -> 3 @ 10, 9 @ 3 | -
        ",
    );
}

#[test]
fn a_sell_that_needs_more_base_than_there_is_is_refused_and_nothing_changes() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 2   fund B USD 100
        B buy 2 @ 10
        B buy 9 @ 3
        A sell for 23 USD @ market    -> 3010 INSUFFICIENT_BALANCE (needs 3 BTC, has 2)
        A sell for 999 USD @ market   -> 3010 INSUFFICIENT_BALANCE (needs 11 BTC, has 2)    # as far as the book reaches
        check                         -> A BTC 2 available; B USD 53 available 47 frozen
        book                          -> 2 @ 10, 9 @ 3 | -
        A sell for 22 USD @ market    -> trade 2 @ 10 with o1; FILLED o5; A USD 20 available
        ",
    );
}

#[test]
fn a_sell_without_any_base_is_refused_once_there_are_bids() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1   fund B USD 100
        B buy 2 @ 10
        A sell for 10 USD @ market   -> 3010 INSUFFICIENT_BALANCE (needs 1 BTC, has 0)
        A sell for 9 USD @ market    -> 2030 NOTIONAL_RANGE
        ",
    );
}

#[test]
fn base_that_is_less_than_a_lot_does_not_hinder_a_sell() {
    play(
        "
        symbol BTC-USD lot 100 tick 1
        fund A BTC 250   fund B USD 100
        B buy 9 @ 10
        A sell for 30 USD @ market   -> 3010 INSUFFICIENT_BALANCE (needs 300 BTC, has 250)
        A sell for 29 USD @ market   -> trade 2 @ 10 with o1; FILLED o3; A BTC 50 available; A USD 20 available
        ",
    );
}

#[test]
fn the_largest_order_caps_a_budget() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 quantity 1..3
        fund A USD 100   fund B BTC 9
        B sell 2 @ 1
        B sell 3 @ 1
        A buy for 50 USD @ market   -> trade 2 @ 1 with o1; trade 1 @ 1 with o2; FILLED o3; A USD 97 available
        book                        -> - | 2 @ 1
        ",
    );
}

#[test]
fn the_largest_order_caps_what_a_sell_needs() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 quantity 1..3
        fund A BTC 3   fund B USD 100
        B buy 2 @ 1
        B buy 3 @ 1
        A sell for 50 USD @ market   -> trade 2 @ 1 with o1; trade 1 @ 1 with o2; FILLED o3; A BTC 0 available
        book                         -> 2 @ 1 | -
        ",
    );
}

#[test]
fn a_capped_order_is_filled_though_the_book_is_empty_too() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 quantity 1..3
        fund A USD 100   fund B BTC 9
        B sell 3 @ 1
        A buy for 50 USD @ market   -> trade 3 @ 1 with o1; FILLED o2; A USD 97 available
        ",
    );
}
