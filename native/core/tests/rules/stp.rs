//! Self-trade prevention: the taker's mode decides, at each of its own orders that it meets.

use crate::script::play;

/// A's own offer stands between two of B's.
const BETWEEN: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 1000   fund A BTC 100   fund B USD 1000   fund B BTC 100
    B sell 2 @ 5
    A sell 3 @ 6
    B sell 4 @ 7
";

#[test]
fn expire_taker_is_the_default_and_keeps_earlier_fills() {
    play(&format!(
        "{BETWEEN}
        A buy 9 @ 7     -> trade 2 @ 5 with o1; EXPIRED o4 STP (7 prevented); A USD 990 available; A BTC 99 available 3 frozen
        order o4        -> o4 buy 9 @ 7 EXPIRED STP 2 for 10, 7 prevented
        order o2        -> o2 sell 3 @ 6 NEW 0 for 0
        book            -> - | 3 @ 6, 4 @ 7
        last            -> 5
        "
    ));
}

#[test]
fn expire_taker_leaves_the_maker_its_place() {
    play(&format!(
        "{BETWEEN}
        B sell 1 @ 6
        A buy 9 @ 7     -> trade 2 @ 5 with o1; EXPIRED o5 STP
        B buy 1 @ 6     -> trade 1 @ 6 with o2; FILLED o6
        "
    ));
}

#[test]
fn expire_maker_takes_the_own_order_away_and_goes_on() {
    play(&format!(
        "{BETWEEN}
        A buy 9 @ 7 stp EXPIRE_MAKER    -> trade 2 @ 5 with o1; EXPIRED o2 STP (3 prevented); trade 4 @ 7 with o3; PARTIALLY_FILLED o4
        check                           -> A USD 941 available 21 frozen; A BTC 106 available
        order o2                        -> o2 sell 3 @ 6 EXPIRED STP 0 for 0, 3 prevented
        book                            -> 3 @ 7 | -
        "
    ));
}

#[test]
fn expire_both_ends_both() {
    play(&format!(
        "{BETWEEN}
        A buy 9 @ 7 stp EXPIRE_BOTH    -> trade 2 @ 5 with o1; EXPIRED o2 STP (3 prevented); EXPIRED o4 STP (7 prevented)
        check                          -> A USD 990 available; A BTC 102 available
        book                           -> - | 4 @ 7
        "
    ));
}

#[test]
fn decrement_takes_from_both_and_a_maker_at_zero_expires() {
    play(&format!(
        "{BETWEEN}
        A buy 9 @ 7 stp DECREMENT     -> trade 2 @ 5 with o1; EXPIRED o2 STP (3 prevented); trade 4 @ 7 with o3; FILLED o4 (3 prevented)
        order o4                      -> o4 buy 9 @ 7 stp DECREMENT FILLED 6 for 38, 3 prevented
        check                         -> A USD 962 available; A BTC 106 available
        "
    ));
}

#[test]
fn decrement_to_zero_expires_the_taker_and_leaves_the_maker_its_place() {
    play(&format!(
        "{BETWEEN}
        B sell 1 @ 6
        A buy 4 @ 7 stp DECREMENT     -> trade 2 @ 5 with o1; PREVENTED 2 of o2; EXPIRED o5 STP (2 prevented)
        check                         -> A USD 990 available; A BTC 101 available 1 frozen
        order o2                      -> o2 sell 3 @ 6 NEW 0 for 0, 2 prevented
        B buy 1 @ 6                   -> trade 1 @ 6 with o2; FILLED o6    # first in its queue, as it was
        order o2                      -> o2 sell 3 @ 6 FILLED 1 for 6, 2 prevented
        "
    ));
}

#[test]
fn decrement_to_zero_of_both_expires_both() {
    play(&format!(
        "{BETWEEN}
        A buy 5 @ 7 stp DECREMENT     -> trade 2 @ 5 with o1; EXPIRED o2 STP (3 prevented); EXPIRED o4 STP (3 prevented)
        book                          -> - | 4 @ 7
        "
    ));
}

/// What is prevented spends nothing, so a budget for one lot is one for all of them. Lot by lot, 2^40 of them would not end.
#[test]
fn decrement_prevents_at_once_whatever_a_budget_pays_for() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund A BTC 1000   fund B BTC 100
        A sell 1000 @ 6
        A buy 1001 @ market max 7 stp DECREMENT -> EXPIRED o1 STP (1000 prevented); EXPIRED o2 INSUFFICIENT_LIQUIDITY (1000 prevented)
        ",
    );
}

#[test]
fn none_lets_them_trade() {
    play(&format!(
        "{BETWEEN}
        A buy 5 @ 7 stp NONE          -> trade 2 @ 5 with o1; trade 3 @ 6 with o2; FILLED o4
        check                         -> A USD 990 available; A BTC 102 available
        last                          -> 6
        "
    ));
}

#[test]
fn no_trade_no_last_price_no_trigger() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund A BTC 100
        prints 5
        A sell 1 @ 3 stop 4             -> PENDING_TRIGGER o3
        A buy 1 @ 4                     -> NEW o4
        A sell 1 @ 4 stp DECREMENT      -> EXPIRED o4 STP (1 prevented); EXPIRED o5 STP (1 prevented)
        last                            -> 5
        orders A                        -> o3 sell 1 @ 3 stop 4 PENDING_TRIGGER 0 for 0
        ",
    );
}

#[test]
fn accounts_of_one_group_do_not_trade_with_each_other() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund B BTC 100   fund C BTC 100
        A group 7
        B group 7
        C group 8
        C sell 1 @ 5     -> NEW o1
        B sell 1 @ 6     -> NEW o2
        A buy 2 @ 9      -> trade 1 @ 5 with o1; EXPIRED o3 STP (1 prevented)
        A group none
        A buy 2 @ 9      -> trade 1 @ 6 with o2; PARTIALLY_FILLED o4
        ",
    );
}

#[test]
fn the_makers_group_is_the_one_it_had_at_acceptance() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund B BTC 100
        A group 7
        B group 7
        B sell 1 @ 6     -> NEW o1
        B group 8
        A buy 1 @ 9      -> EXPIRED o2 STP
        ",
    );
}

#[test]
fn the_takers_mode_decides_and_not_the_makers() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund A BTC 100
        A sell 1 @ 6 stp EXPIRE_MAKER    -> NEW o1
        A buy 1 @ 9                      -> EXPIRED o2 STP
        A buy 1 @ 9 stp EXPIRE_MAKER     -> EXPIRED o1 STP; NEW o3
        ",
    );
}

#[test]
fn a_symbol_has_a_mode_for_orders_that_name_none() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 stp NONE
        fund A USD 1000   fund A BTC 100
        A sell 2 @ 6                     -> NEW o1
        A buy 1 @ 9                      -> trade 1 @ 6 with o1; FILLED o2
        A buy 1 @ 9 stp EXPIRE_TAKER     -> EXPIRED o3 STP
        ",
    );
}

#[test]
fn an_iceberg_maker_expires_with_all_it_hides() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund A BTC 100   fund B BTC 100
        A sell 9 @ 6 show 2              -> NEW o1
        B sell 1 @ 6                     -> NEW o2
        A buy 1 @ 6 stp EXPIRE_MAKER     -> EXPIRED o1 STP (9 prevented); trade 1 @ 6 with o2; FILLED o3
        check                            -> A BTC 101 available
        ",
    );
}

#[test]
fn decrement_takes_one_slice_of_an_iceberg_at_a_time() {
    // The first slice of 2 is gone, the next one comes up behind B's order: that trades in between.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund A BTC 100   fund B BTC 100
        A sell 5 @ 6 show 2              -> NEW o1
        B sell 1 @ 6                     -> NEW o2
        A buy 4 @ 6 stp DECREMENT        -> PREVENTED 2 of o1; trade 1 @ 6 with o2; PREVENTED 1 of o1; EXPIRED o3 STP (3 prevented)
        book                             -> - | 1 @ 6
        order o1                         -> o1 sell 5 @ 6 show 2 NEW 0 for 0, 3 prevented
        ",
    );
}

#[test]
fn an_ioc_and_a_market_order_end_by_it_too() {
    play(&format!(
        "{BETWEEN}
        A buy 9 @ 7 ioc       -> trade 2 @ 5 with o1; EXPIRED o4 STP (7 prevented)
        A buy 9 @ market      -> EXPIRED o5 STP (9 prevented)
        "
    ));
}

#[test]
fn a_market_order_goes_past_its_own_orders_under_expire_maker() {
    play(&format!(
        "{BETWEEN}
        A buy 9 @ market stp EXPIRE_MAKER   -> trade 2 @ 5 with o1; EXPIRED o2 STP (3 prevented); trade 4 @ 7 with o3; EXPIRED o4 INSUFFICIENT_LIQUIDITY
        "
    ));
}

#[test]
fn what_stp_takes_of_a_market_order_need_not_be_paid() {
    // 2 lots at 5, then A's own: 10 are enough for as many as A may want.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 10   fund A BTC 100   fund B BTC 100
        B sell 2 @ 5
        A sell 3 @ 6
        B sell 4 @ 7
        A buy 50 @ market                     -> trade 2 @ 5 with o1; EXPIRED o4 STP (48 prevented); A USD 0 available
        A buy 50 @ market stp EXPIRE_MAKER    -> 3010 INSUFFICIENT_BALANCE (needs 28 USD, has 0)
        order o2                              -> o2 sell 3 @ 6 NEW 0 for 0    # the refusal has left it alone
        ",
    );
}

#[test]
fn a_taker_by_quote_loses_budget_to_decrement() {
    // Of 37, 10 buy two lots at 5, 18 go with A's own three at 6, and 9 buy one at 7.
    play(&format!(
        "{BETWEEN}
        A buy for 37 USD @ market stp DECREMENT    -> trade 2 @ 5 with o1; EXPIRED o2 STP (3 prevented); trade 1 @ 7 with o3; FILLED o4 (3 prevented); A USD 983 available
        "
    ));
}

#[test]
fn a_taker_by_quote_that_can_pay_for_no_more_right_after_a_decrement_expires() {
    // Of 28, 10 are spent and all the others go with A's own: nothing is left that could trade. Neither are 2.
    play(&format!(
        "{BETWEEN}
        A buy for 28 USD @ market stp DECREMENT    -> trade 2 @ 5 with o1; EXPIRED o2 STP (3 prevented); EXPIRED o4 STP (3 prevented); A USD 990 available
        order o4                                   -> o4 buy for 28 USD @ market stp DECREMENT EXPIRED STP 2 for 10, 3 prevented
        A sell 3 @ 6                               -> NEW o5
        A buy for 20 USD @ market stp DECREMENT    -> EXPIRED o5 STP (3 prevented); EXPIRED o6 STP (3 prevented); A USD 990 available
        "
    ));
}

#[test]
fn a_taker_by_quote_has_no_quantity_that_expire_taker_could_prevent() {
    play(&format!(
        "{BETWEEN}
        A buy for 100 USD @ market       -> trade 2 @ 5 with o1; EXPIRED o4 STP; A USD 990 available
        order o4                         -> o4 buy for 100 USD @ market EXPIRED STP 2 for 10
        "
    ));
}

#[test]
fn a_taker_with_a_budget_loses_none_of_it_to_decrement() {
    // 10 are spent, 3 lots are prevented for nothing, and the other 28 buy all four at 7.
    play(&format!(
        "{BETWEEN}
        A buy 9 @ market max 38 stp DECREMENT    -> trade 2 @ 5 with o1; EXPIRED o2 STP (3 prevented); trade 4 @ 7 with o3; FILLED o4 (3 prevented); A USD 962 available
        "
    ));
}

#[test]
fn a_fok_under_expire_taker_needs_its_own_orders_out_of_its_way() {
    play(&format!(
        "{BETWEEN}
        A buy 3 @ 7 fok     -> EXPIRED o4 FOK_UNFILLABLE    # only 2 lots are within reach
        A buy 2 @ 7 fok     -> trade 2 @ 5 with o1; FILLED o5
        "
    ));
}

#[test]
fn a_fok_under_expire_maker_passes_its_own_orders_over() {
    play(&format!(
        "{BETWEEN}
        A buy 7 @ 7 fok stp EXPIRE_MAKER     -> EXPIRED o4 FOK_UNFILLABLE    # 6 lots of others
        order o2                             -> o2 sell 3 @ 6 NEW 0 for 0
        A buy 6 @ 7 fok stp EXPIRE_MAKER     -> trade 2 @ 5 with o1; EXPIRED o2 STP (3 prevented); trade 4 @ 7 with o3; FILLED o5
        "
    ));
}

#[test]
fn a_fok_under_expire_both_or_decrement_ends_at_its_own_order() {
    play(&format!(
        "{BETWEEN}
        A buy 3 @ 7 fok stp EXPIRE_BOTH     -> EXPIRED o4 FOK_UNFILLABLE
        A buy 3 @ 7 fok stp DECREMENT       -> EXPIRED o5 FOK_UNFILLABLE
        A buy 6 @ 7 fok stp DECREMENT       -> EXPIRED o6 FOK_UNFILLABLE    # nothing of it may be prevented
        A buy 5 @ 7 fok stp NONE            -> trade 2 @ 5 with o1; trade 3 @ 6 with o2; FILLED o7
        "
    ));
}

#[test]
fn a_limit_order_that_does_not_reach_its_own_is_not_concerned() {
    play(&format!(
        "{BETWEEN}
        A buy 9 @ 5     -> trade 2 @ 5 with o1; PARTIALLY_FILLED o4
        book            -> 7 @ 5 | 3 @ 6, 4 @ 7
        "
    ));
}

#[test]
fn sellers_are_prevented_alike() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund A BTC 100   fund B USD 1000
        B buy 2 @ 7
        A buy 3 @ 6
        B buy 4 @ 5
        A sell 9 @ 5 stp DECREMENT       -> trade 2 @ 7 with o1; EXPIRED o2 STP (3 prevented); trade 4 @ 5 with o3; FILLED o4 (3 prevented)
        check                            -> A USD 1034 available; A BTC 94 available
        ",
    );
}

#[test]
fn decrement_frees_what_both_lose() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund A BTC 100
        A buy 10 @ 5                     -> NEW o1; A USD 950 available 50 frozen
        A sell 4 @ 5 stp DECREMENT       -> PREVENTED 4 of o1; EXPIRED o2 STP (4 prevented); A USD 970 available 30 frozen; A BTC 100 available
        A cancel o1                      -> CANCELED o1 (6 left, 30 USD back)
        order o1                         -> o1 buy 10 @ 5 CANCELED USER 0 for 0, 4 prevented
        ",
    );
}
