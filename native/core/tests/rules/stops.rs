//! Stop and take-profit orders: what they wait for, what they reserve, and what they become.

use crate::script::play;

/// The last price is 100; B offers and bids far from it.
const LAST_100: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 10_000   fund A BTC 100   fund B USD 10_000   fund B BTC 100
    B sell 9 @ 120
    B buy 9 @ 80
    prints 100
";

#[test]
fn a_stop_buy_waits_for_a_price_at_or_above_its_trigger() {
    play(&format!(
        "{LAST_100}
        A buy 2 @ market stop 105 max 500   -> PENDING_TRIGGER o5
        prints 104                          -> nothing
        prints 99                           -> nothing
        prints 105                          -> trade 2 @ 120 with o1 by o5; FILLED o5
        "
    ));
}

#[test]
fn a_stop_sell_waits_for_a_price_at_or_below_its_trigger() {
    play(&format!(
        "{LAST_100}
        A sell 2 @ market stop 95   -> PENDING_TRIGGER o5
        prints 96                   -> nothing
        prints 110                  -> nothing
        prints 95                   -> trade 2 @ 80 with o2 by o5; FILLED o5
        "
    ));
}

#[test]
fn a_take_profit_buy_waits_for_a_price_at_or_below_its_trigger() {
    play(&format!(
        "{LAST_100}
        A buy 2 @ market take-profit 95 max 500   -> PENDING_TRIGGER o5
        prints 96                                 -> nothing
        prints 110                                -> nothing
        prints 95                                 -> trade 2 @ 120 with o1 by o5; FILLED o5
        "
    ));
}

#[test]
fn a_take_profit_sell_waits_for_a_price_at_or_above_its_trigger() {
    play(&format!(
        "{LAST_100}
        A sell 2 @ market take-profit 105   -> PENDING_TRIGGER o5
        prints 104                          -> nothing
        prints 90                           -> nothing
        prints 106                          -> trade 2 @ 80 with o2 by o5; FILLED o5
        "
    ));
}

#[test]
fn before_the_first_trade_there_is_nothing_to_compare_with() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 10_000   fund A BTC 100
        A sell 1 @ market stop 95                 -> 4012 NO_REFERENCE_PRICE
        A sell 1 @ 94 stop 95                     -> 4012 NO_REFERENCE_PRICE
        A buy 1 @ market stop 95 max 500          -> 4012 NO_REFERENCE_PRICE
        A sell 1 @ market take-profit 95          -> 4012 NO_REFERENCE_PRICE
        A buy 1 @ 95 take-profit 95               -> 4012 NO_REFERENCE_PRICE
        A sell 1 @ market trail 100bps            -> 4012 NO_REFERENCE_PRICE
        A sell 1 @ market trail 100bps from 200   -> 4012 NO_REFERENCE_PRICE
        A sell 1 @ 1000                           -> NEW o8    # a resting order is no price
        A sell 1 @ market stop 95                 -> 4012 NO_REFERENCE_PRICE
        check                                     -> A USD 10_000 available; A BTC 99 available 1 frozen
        ",
    );
}

#[test]
fn a_trigger_that_is_true_already_is_refused() {
    play(&format!(
        "{LAST_100}
        A buy 1 @ market stop 100 max 500          -> 4011 WOULD_TRIGGER_IMMEDIATELY (last 100)
        A buy 1 @ market stop 99 max 500           -> 4011 WOULD_TRIGGER_IMMEDIATELY
        A sell 1 @ market stop 100                 -> 4011 WOULD_TRIGGER_IMMEDIATELY
        A sell 1 @ market stop 101                 -> 4011 WOULD_TRIGGER_IMMEDIATELY
        A buy 1 @ market take-profit 100 max 500   -> 4011 WOULD_TRIGGER_IMMEDIATELY
        A buy 1 @ market take-profit 101 max 500   -> 4011 WOULD_TRIGGER_IMMEDIATELY
        A sell 1 @ market take-profit 100          -> 4011 WOULD_TRIGGER_IMMEDIATELY
        A sell 1 @ market take-profit 99           -> 4011 WOULD_TRIGGER_IMMEDIATELY
        A buy 1 @ 90 stop 100                      -> 4011 WOULD_TRIGGER_IMMEDIATELY
        A buy 1 @ 90 stop 101                      -> PENDING_TRIGGER o14
        "
    ));
}

#[test]
fn until_its_trigger_it_is_in_no_book() {
    play(&format!(
        "{LAST_100}
        A sell 1 @ 90 stop 95   -> PENDING_TRIGGER o5
        book                    -> 9 @ 80 | 9 @ 120
        B buy 1 @ 90            -> NEW o6    # would trade with it if it rested
        orders A                -> o5 sell 1 @ 90 stop 95 PENDING_TRIGGER 0 for 0
        order o5                -> o5 sell 1 @ 90 stop 95 PENDING_TRIGGER 0 for 0
        "
    ));
}

#[test]
fn every_kind_reserves_at_placement() {
    play(&format!(
        "{LAST_100}
        A sell 5 @ market stop 95                 -> PENDING_TRIGGER o5; A BTC 95 available 5 frozen
        A sell 5 @ 90 stop 95                     -> PENDING_TRIGGER o6; A BTC 90 available 10 frozen
        A buy 5 @ 110 stop 105                    -> PENDING_TRIGGER o7; A USD 9450 available 550 frozen
        A buy 5 @ market stop 105 max 700         -> PENDING_TRIGGER o8; A USD 8750 available 1250 frozen
        A buy for 300 USD @ market stop 105       -> PENDING_TRIGGER o9; A USD 8450 available 1550 frozen
        A buy 5 @ 90 take-profit 95               -> PENDING_TRIGGER o10; A USD 8000 available 2000 frozen
        A sell 5 @ market trail 100bps            -> PENDING_TRIGGER o11; A BTC 85 available 15 frozen
        A buy 5 @ market trail 100bps max 600     -> PENDING_TRIGGER o12; A USD 7400 available 2600 frozen
        "
    ));
}

#[test]
fn what_it_reserves_must_be_there() {
    play(&format!(
        "{LAST_100}
        A sell 101 @ market stop 95                -> 3010 INSUFFICIENT_BALANCE (needs 101 BTC, has 100)
        A buy 100 @ 101 stop 105                   -> 3010 INSUFFICIENT_BALANCE (needs 10100 USD, has 10000)
        A buy 1 @ market stop 105 max 10_001       -> 3010 INSUFFICIENT_BALANCE (needs 10001 USD, has 10000)
        A buy for 10_001 USD @ market stop 105     -> 3010 INSUFFICIENT_BALANCE (needs 10001 USD, has 10000)
        "
    ));
}

#[test]
fn a_cancel_before_the_trigger_frees_all() {
    play(&format!(
        "{LAST_100}
        A sell 5 @ 90 stop 95                -> PENDING_TRIGGER o5
        A buy 5 @ market stop 105 max 700    -> PENDING_TRIGGER o6
        A cancel o5                          -> CANCELED o5 (5 left, 5 BTC back); A BTC 100 available
        A cancel o6                          -> CANCELED o6 (5 left, 700 USD back); A USD 10_000 available
        prints 95                            -> nothing
        prints 105                           -> nothing
        "
    ));
}

#[test]
fn a_stop_limit_rests_at_its_limit_when_it_is_triggered() {
    play(&format!(
        "{LAST_100}
        A sell 5 @ 97 stop 95   -> PENDING_TRIGGER o5
        prints 95               -> NEW o5; A BTC 95 available 5 frozen
        book                    -> 9 @ 80 | 5 @ 97, 9 @ 120
        order o5                -> o5 sell 5 @ 97 stop 95 NEW 0 for 0
        B buy 5 @ 97            -> trade 5 @ 97 with o5; FILLED o8
        "
    ));
}

#[test]
fn a_stop_limit_that_crosses_trades_first_and_rests_with_the_rest() {
    play(&format!(
        "{LAST_100}
        A sell 12 @ 80 stop 95   -> PENDING_TRIGGER o5
        prints 95                -> trade 9 @ 80 with o2 by o5; PARTIALLY_FILLED o5; A USD 10_720 available; A BTC 88 available 3 frozen
        book                     -> - | 3 @ 80, 9 @ 120
        "
    ));
}

#[test]
fn time_priority_begins_at_the_trigger() {
    play(&format!(
        "{LAST_100}
        A sell 1 @ 97 stop 95   -> PENDING_TRIGGER o5
        B sell 1 @ 97           -> NEW o6    # later, but in the book
        prints 95               -> NEW o5
        B cancel o2
        A buy 1 @ 97            -> trade 1 @ 97 with o6; FILLED o9
        "
    ));
}

#[test]
fn time_in_force_begins_at_the_trigger() {
    play(&format!(
        "{LAST_100}
        A sell 10 @ 80 fok stop 95    -> PENDING_TRIGGER o5
        A sell 12 @ 80 ioc stop 94    -> PENDING_TRIGGER o6
        prints 95                     -> EXPIRED o5 FOK_UNFILLABLE; A BTC 88 available 12 frozen
        prints 94                     -> trade 9 @ 80 with o2 by o6; EXPIRED o6 IOC_REMAINDER; A BTC 91 available
        B buy 11 @ 70
        prints 94
        A sell 11 @ 70 fok stop 93    -> PENDING_TRIGGER o14
        prints 93                     -> trade 11 @ 70 with o11 by o14; FILLED o14
        "
    ));
}

#[test]
fn a_triggered_budget_that_is_used_up_expires_the_rest() {
    // 250 buy 2 lots at 120; 10 come back.
    play(&format!(
        "{LAST_100}
        A buy 5 @ market stop 105 max 250   -> PENDING_TRIGGER o5
        prints 105                          -> trade 2 @ 120 with o1 by o5; EXPIRED o5 BUDGET_EXHAUSTED; A USD 9760 available; A BTC 102 available
        "
    ));
}

#[test]
fn a_triggered_buy_by_quote_takes_whole_lots_and_frees_the_dust() {
    play(&format!(
        "{LAST_100}
        A buy for 250 USD @ market stop 105   -> PENDING_TRIGGER o5
        prints 105                            -> trade 2 @ 120 with o1 by o5; FILLED o5; A USD 9760 available
        "
    ));
}

#[test]
fn a_triggered_market_order_on_an_empty_side_expires() {
    play(&format!(
        "{LAST_100}
        A sell 5 @ market stop 95             -> PENDING_TRIGGER o5
        A buy for 10 USD @ market stop 105    -> PENDING_TRIGGER o6
        B cancel o2
        prints 95                             -> EXPIRED o5 INSUFFICIENT_LIQUIDITY; A BTC 100 available
        prints 105                            -> FILLED o6; A USD 10_000 available    # 10 are less than a lot at 120
        "
    ));
}

#[test]
fn no_rule_is_checked_again_at_the_trigger() {
    play(&format!(
        "{LAST_100}
        A sell 5 @ 97 stop 95              -> PENDING_TRIGGER o5
        rules cap 96 quantity 1..4 notional 0..400
        A sell 3 @ 97                      -> 2012 PRICE_BAND (1 to 96)
        A sell 5 @ 96                      -> 2021 QTY_RANGE
        prints 95                          -> NEW o5    # beyond the cap, too large, worth too much
        book                               -> 9 @ 80 | 5 @ 97, 9 @ 120
        "
    ));
}

#[test]
fn a_market_order_whose_trigger_comes_while_only_limits_are_taken_is_rejected_then() {
    play(&format!(
        "{LAST_100}
        A sell 5 @ market stop 95   -> PENDING_TRIGGER o5
        A sell 5 @ 97 stop 95       -> PENDING_TRIGGER o6
        rules status LIMIT_ONLY
        prints 95                   -> EXPIRED o5 TRIGGER_REJECTED; NEW o6; A BTC 95 available 5 frozen
        order o5                    -> o5 sell 5 @ market stop 95 EXPIRED TRIGGER_REJECTED 0 for 0
        "
    ));
}

#[test]
fn a_pending_order_can_expire() {
    play(&format!(
        "{LAST_100}
        A sell 5 @ 97 stop 95 gtd 11:00   -> PENDING_TRIGGER o5
        A sell 5 @ 97 stop 95 day         -> PENDING_TRIGGER o6
        at 11:00                          -> EXPIRED o5 GTD_EXPIRED; A BTC 95 available 5 frozen
        at 1d00:00                        -> EXPIRED o6 SESSION_END; A BTC 100 available
        prints 95                         -> nothing
        "
    ));
}

#[test]
fn a_triggered_gtd_order_expires_in_the_book() {
    play(&format!(
        "{LAST_100}
        A sell 5 @ 97 stop 95 gtd 11:00   -> PENDING_TRIGGER o5
        prints 95                         -> NEW o5
        at 11:00                          -> EXPIRED o5 GTD_EXPIRED; A BTC 100 available
        book                              -> 9 @ 80 | 9 @ 120
        "
    ));
}

#[test]
fn a_conditional_iceberg_shows_slices_once_it_is_triggered() {
    play(&format!(
        "{LAST_100}
        A sell 5 @ 97 stop 95 show 2   -> PENDING_TRIGGER o5
        prints 95                      -> NEW o5
        book                           -> 9 @ 80 | 2 @ 97, 9 @ 120
        order o5                       -> o5 sell 5 @ 97 show 2 stop 95 NEW 0 for 0
        "
    ));
}

#[test]
fn its_own_mode_decides_when_it_meets_its_account() {
    play(&format!(
        "{LAST_100}
        A buy 3 @ 90                                    -> NEW o5
        A sell 5 @ market stop 95                       -> PENDING_TRIGGER o6
        A sell 5 @ market stop 94 stp EXPIRE_MAKER      -> PENDING_TRIGGER o7
        prints 95                                       -> EXPIRED o6 STP (5 prevented)
        prints 94                                       -> EXPIRED o5 STP (3 prevented); trade 5 @ 80 with o2 by o7; FILLED o7
        "
    ));
}

#[test]
fn prices_below_the_last_do_not_wake_a_stop_that_was_placed_after_them() {
    play(&format!(
        "{LAST_100}
        prints 90
        prints 100
        A sell 1 @ market stop 92   -> PENDING_TRIGGER o9
        prints 93                   -> nothing
        prints 92                   -> trade 1 @ 80 with o2 by o9; FILLED o9
        "
    ));
}
