//! How far a market order goes: by price, and by what it may spend.

use crate::script::play;

const TWO_LEVELS: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 1000   fund B BTC 100
    B sell 3 @ 5
    B sell 9 @ 7
";

#[test]
fn a_budget_ends_a_buy_and_its_fills_stay() {
    // 3 lots for 15; of the 12 left one lot at 7, and 5 are less than another.
    play(&format!(
        "{TWO_LEVELS}
        A buy 10 @ market max 27   -> trade 3 @ 5 with o1; trade 1 @ 7 with o2; EXPIRED o3 BUDGET_EXHAUSTED
        check                      -> A USD 978 available; A BTC 4 available
        order o3                   -> o3 buy 10 @ market EXPIRED BUDGET_EXHAUSTED 4 for 22
        book                       -> - | 8 @ 7
        "
    ));
}

#[test]
fn a_budget_used_to_the_last_atom_is_exhausted_too() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 10 @ market max 22   -> trade 3 @ 5 with o1; trade 1 @ 7 with o2; EXPIRED o3 BUDGET_EXHAUSTED; A USD 978 available
        "
    ));
}

#[test]
fn a_budget_that_is_just_enough_is_filled() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 4 @ market max 22   -> trade 3 @ 5 with o1; trade 1 @ 7 with o2; FILLED o3; A USD 978 available
        "
    ));
}

#[test]
fn a_budget_below_one_lot_buys_nothing() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 4 @ market max 4   -> EXPIRED o3 BUDGET_EXHAUSTED; A USD 1000 available
        last                     -> none
        "
    ));
}

#[test]
fn where_the_book_ran_out_the_budget_is_not_the_reason() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 13 @ market max 78   -> trade 3 @ 5 with o1; trade 9 @ 7 with o2; EXPIRED o3 INSUFFICIENT_LIQUIDITY; A USD 922 available
        "
    ));
}

#[test]
fn what_the_walk_costs_within_the_budget_must_be_there() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 20   fund B BTC 100
        B sell 3 @ 5
        B sell 9 @ 7
        A buy 10 @ market max 30     -> 3010 INSUFFICIENT_BALANCE (needs 29 USD, has 20)
        A buy 10 @ market max 5000   -> 3010 INSUFFICIENT_BALANCE (needs 64 USD, has 20)
        A buy 3 @ market max 5000    -> trade 3 @ 5 with o1; FILLED o5; A USD 5 available
        A buy 9 @ market max 5       -> EXPIRED o6 BUDGET_EXHAUSTED; A USD 5 available
        ",
    );
}

#[test]
fn only_the_budget_is_reserved_while_it_is_on_its_way() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 4 @ market max 300 & A withdraw USD 9999    -> 3010 INSUFFICIENT_BALANCE (needs 9999 USD, has 700); trade 3 @ 5 with o1; trade 1 @ 7 with o2; FILLED o3
        A buy 4 @ market & A withdraw USD 9999            -> 3010 INSUFFICIENT_BALANCE (needs 9999 USD, has 0); trade 4 @ 7 with o2; FILLED o4
        check                                             -> A USD 950 available
        "
    ));
}

#[test]
fn fok_with_a_budget_that_does_not_do_expires_untouched() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 4 @ market max 21 fok   -> EXPIRED o3 FOK_UNFILLABLE; A USD 1000 available
        A buy 4 @ market max 22 fok   -> trade 3 @ 5 with o1; trade 1 @ 7 with o2; FILLED o4
        "
    ));
}

const PROTECTED: &str = "
    symbol BTC-USD lot 1 tick 1 protect 1000
    fund A USD 10_000   fund A BTC 100   fund B USD 10_000   fund B BTC 100
";

#[test]
fn protection_in_mid_sweep_keeps_the_fills_and_expires_the_rest() {
    // Edge case 15. 10 % above the best price of 100 is 110.
    play(&format!(
        "{PROTECTED}
        B sell 1 @ 100
        B sell 1 @ 110
        B sell 1 @ 111
        A buy 3 @ market   -> trade 1 @ 100 with o1; trade 1 @ 110 with o2; EXPIRED o4 PRICE_PROTECTION
        check              -> A USD 9790 available; A BTC 102 available
        order o4           -> o4 buy 3 @ market EXPIRED PRICE_PROTECTION 2 for 210
        book               -> - | 1 @ 111
        A buy 1 @ market   -> trade 1 @ 111 with o3; FILLED o5    # from the best price at entry
        "
    ));
}

#[test]
fn a_buys_protection_rounds_down() {
    // 33 x 1.1 = 36.3
    play(&format!(
        "{PROTECTED}
        B sell 1 @ 33
        B sell 1 @ 36
        B sell 1 @ 37
        A buy 3 @ market   -> trade 1 @ 33 with o1; trade 1 @ 36 with o2; EXPIRED o4 PRICE_PROTECTION
        "
    ));
}

#[test]
fn a_sells_protection_rounds_up() {
    // 33 x 0.9 = 29.7
    play(&format!(
        "{PROTECTED}
        B buy 1 @ 33
        B buy 1 @ 30
        B buy 1 @ 29
        A sell 3 @ market   -> trade 1 @ 33 with o1; trade 1 @ 30 with o2; EXPIRED o4 PRICE_PROTECTION; A BTC 98 available
        "
    ));
}

#[test]
fn the_narrower_of_the_orders_and_the_symbols_counts() {
    play(&format!(
        "{PROTECTED}
        B sell 1 @ 100
        B sell 1 @ 105
        B sell 1 @ 106
        B sell 1 @ 110
        B sell 1 @ 111
        A buy 9 @ market protect 500    -> trade 1 @ 100 with o1; trade 1 @ 105 with o2; EXPIRED o6 PRICE_PROTECTION    # to 105
        A buy 9 @ market protect 5000   -> trade 1 @ 106 with o3; trade 1 @ 110 with o4; trade 1 @ 111 with o5; EXPIRED o7 INSUFFICIENT_LIQUIDITY    # to 116
        "
    ));
}

#[test]
fn an_order_protects_itself_where_the_symbol_does_not() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 10_000   fund B BTC 100
        B sell 1 @ 100
        B sell 1 @ 101
        B sell 1 @ 102
        A buy 3 @ market protect 100   -> trade 1 @ 100 with o1; trade 1 @ 101 with o2; EXPIRED o4 PRICE_PROTECTION
        A buy 3 @ market protect 1     -> trade 1 @ 102 with o3; EXPIRED o5 INSUFFICIENT_LIQUIDITY
        ",
    );
}

#[test]
fn a_sell_may_be_protected_down_to_next_to_nothing() {
    // 33 x 0.0001, rounded up.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 100   fund B USD 100
        B buy 1 @ 33
        B buy 1 @ 1
        A sell 2 @ market protect 9_999   -> trade 1 @ 33 with o1; trade 1 @ 1 with o2; FILLED o3
        ",
    );
}

#[test]
fn orders_by_quote_are_protected_too() {
    play(&format!(
        "{PROTECTED}
        B sell 1 @ 100
        B sell 1 @ 111
        A buy for 300 USD @ market   -> trade 1 @ 100 with o1; EXPIRED o3 PRICE_PROTECTION; A USD 9900 available
        A buy 1 @ 90
        A buy 1 @ 80
        B sell for 150 USD @ market  -> trade 1 @ 90 with o4; EXPIRED o6 PRICE_PROTECTION
        "
    ));
}

#[test]
fn a_fok_that_protection_stops_is_unfillable() {
    play(&format!(
        "{PROTECTED}
        B sell 1 @ 100
        B sell 1 @ 111
        A buy 2 @ market fok   -> EXPIRED o3 FOK_UNFILLABLE; A USD 10_000 available
        A buy 1 @ market fok   -> trade 1 @ 100 with o1; FILLED o4
        "
    ));
}

#[test]
fn what_is_out_of_protections_reach_need_not_be_paid() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 protect 1000
        fund A USD 210   fund B BTC 100
        B sell 1 @ 100
        B sell 1 @ 110
        B sell 1 @ 111
        A buy 3 @ market   -> trade 1 @ 100 with o1; trade 1 @ 110 with o2; EXPIRED o4 PRICE_PROTECTION; A USD 0 available
        ",
    );
}

#[test]
fn limit_orders_are_not_protected() {
    play(&format!(
        "{PROTECTED}
        B sell 1 @ 100
        B sell 1 @ 200
        A buy 2 @ 200   -> trade 1 @ 100 with o1; trade 1 @ 200 with o2; FILLED o3
        "
    ));
}

#[test]
fn a_triggered_market_order_is_protected_from_the_best_price_then() {
    // At the trigger the best price is 120: 10 % of it reach to 132.
    play(&format!(
        "{PROTECTED}
        prints 100
        A buy 3 @ market stop 105 max 1000   -> PENDING_TRIGGER o3
        B sell 1 @ 120
        B sell 1 @ 132
        B sell 1 @ 133
        prints 105                           -> trade 1 @ 120 with o4 by o3; trade 1 @ 132 with o5 by o3; EXPIRED o3 PRICE_PROTECTION; A USD 9748 available
        "
    ));
}
