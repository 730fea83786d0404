//! Cancel-replace: one order goes and another comes, in one command.

use crate::script::play;

const ONE_BUY: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 100   fund A BTC 10   fund B USD 100   fund B BTC 50
    A buy 10 @ 8
";

#[test]
fn what_the_old_order_frees_pays_for_the_new_one() {
    play(&format!(
        "{ONE_BUY}
        A replace o1 with buy 10 @ 10            -> CANCELED o1 (10 left, 80 USD back); NEW o2; A USD 0 available 100 frozen
        A replace o2 whatever with buy 9 @ 11    -> CANCELED o2 (10 left, 100 USD back); NEW o3; A USD 1 available 99 frozen
        A replace o3 atomic with buy 10 @ 10     -> CANCELED o3 (9 left, 99 USD back); NEW o4; A USD 0 available 100 frozen
        order o1                                 -> o1 buy 10 @ 8 CANCELED REPLACED 0 for 0
        "
    ));
}

#[test]
fn what_is_too_dear_even_so_is_refused() {
    play(&format!(
        "{ONE_BUY}
        A replace o1 atomic with buy 10 @ 11     -> not canceled: 4021 REPLACE_FAILED; not placed: 3010 INSUFFICIENT_BALANCE (needs 110 USD, has 100)
        order o1                                 -> o1 buy 10 @ 8 NEW 0 for 0
        A replace o1 with buy 10 @ 11            -> CANCELED o1 (10 left, 80 USD back); not placed: 3010 INSUFFICIENT_BALANCE (needs 110 USD, has 100); A USD 100 available
        "
    ));
}

#[test]
fn stop_on_failure_places_nothing_if_the_cancel_fails() {
    play(&format!(
        "{ONE_BUY}
        A replace o9 with buy 1 @ 5                        -> not canceled: 4000 UNKNOWN_ORDER
        A replace #me with buy 1 @ 5                       -> not canceled: 4000 UNKNOWN_ORDER
        A replace o1 if PARTIALLY_FILLED with buy 1 @ 5    -> not canceled: 4016 CANCEL_RESTRICTED
        A cancel o1
        A replace o1 with buy 1 @ 5                        -> not canceled: 4002 ORDER_ALREADY_CLOSED (CANCELED o1 USER)
        orders A                                           -> none
        "
    ));
}

#[test]
fn stop_on_failure_lets_the_cancel_stand_if_the_new_order_is_refused() {
    play(&format!(
        "{ONE_BUY}
        B sell 1 @ 9                                -> NEW o2
        A replace o1 with buy 1 @ 9 post-only       -> CANCELED o1; not placed: 4010 POST_ONLY_WOULD_CROSS; A USD 100 available
        orders A                                    -> none
        "
    ));
}

#[test]
fn allow_failure_places_whatever_came_of_the_cancel() {
    play(&format!(
        "{ONE_BUY}
        A replace o9 whatever with buy 1 @ 5                      -> not canceled: 4000 UNKNOWN_ORDER; NEW o2
        A replace o1 if PARTIALLY_FILLED whatever with buy 1 @ 5  -> not canceled: 4016 CANCEL_RESTRICTED; NEW o3
        A replace o1 whatever with buy 90 @ 5                     -> CANCELED o1; not placed: 3010 INSUFFICIENT_BALANCE
        A replace o1 whatever with buy 90 @ 5                     -> not canceled: 4002 ORDER_ALREADY_CLOSED; not placed: 3010 INSUFFICIENT_BALANCE
        book                                                      -> 2 @ 5 x2 | -
        "
    ));
}

#[test]
fn atomic_does_both_or_nothing() {
    play(&format!(
        "{ONE_BUY}
        B sell 1 @ 9                                           -> NEW o2
        A replace o9 atomic with buy 1 @ 5                     -> not canceled: 4000 UNKNOWN_ORDER
        A replace o1 if PARTIALLY_FILLED atomic with buy 1 @ 5 -> not canceled: 4016 CANCEL_RESTRICTED
        A replace o1 atomic with buy 1 @ 9 post-only           -> not canceled: 4021 REPLACE_FAILED; not placed: 4010 POST_ONLY_WOULD_CROSS
        order o1                                               -> o1 buy 10 @ 8 NEW 0 for 0
        check                                                  -> A USD 20 available 80 frozen
        A replace o1 atomic with buy 1 @ 8 post-only           -> CANCELED o1; NEW o5
        "
    ));
}

#[test]
fn an_atomic_replace_that_fails_leaves_the_old_one_its_place() {
    play(&format!(
        "{ONE_BUY}
        B buy 1 @ 8                              -> NEW o2
        A replace o1 atomic with buy 90 @ 8      -> not canceled: 4021 REPLACE_FAILED; not placed: 3010 INSUFFICIENT_BALANCE
        B sell 1 @ 8                             -> trade 1 @ 8 with o1; FILLED o3
        "
    ));
}

#[test]
fn the_new_order_is_judged_as_if_the_old_were_gone_by_the_book() {
    // A's own sell at 9 would stand in the way of a post-only buy at 9, and of a market order's walk.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund A BTC 10   fund B BTC 50
        A sell 5 @ 9                                    -> NEW o1
        B sell 5 @ 12                                   -> NEW o2
        A replace o1 atomic with buy 5 @ 9 post-only    -> CANCELED o1; NEW o3; A USD 55 available 45 frozen; A BTC 10 available
        A replace o3 atomic with buy 1 @ 12 post-only   -> not canceled: 4021 REPLACE_FAILED; not placed: 4010 POST_ONLY_WOULD_CROSS
        A replace o3 atomic with buy 6 @ market         -> CANCELED o3; trade 5 @ 12 with o2; EXPIRED o5 INSUFFICIENT_LIQUIDITY; A USD 40 available
        ",
    );
}

#[test]
fn the_new_order_is_judged_as_if_the_old_were_gone_by_the_limits() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 open 1 icebergs 1 position 10
        fund A USD 1000
        A buy 10 @ 8 show 2                             -> NEW o1
        A buy 1 @ 8                                     -> 2050 TOO_MANY_OPEN_ORDERS (max 1)
        A replace o1 atomic with buy 9 @ 8 show 3       -> CANCELED o1; NEW o2
        A replace o2 atomic with buy 11 @ 8             -> not canceled: 4021 REPLACE_FAILED; not placed: 2051 MAX_POSITION
        A replace o2 atomic with buy 10 @ 8             -> CANCELED o2; NEW o3
        ",
    );
}

#[test]
fn the_new_order_may_have_the_name_of_the_old_one() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000
        A buy 1 @ 8 as mine                                 -> NEW o1
        A buy 1 @ 7 as other                                -> NEW o2
        A replace #mine with buy 2 @ 8 as mine              -> CANCELED o1; NEW o3
        A replace #mine atomic with buy 3 @ 8 as mine       -> CANCELED o3; NEW o4
        A replace #mine whatever with buy 4 @ 8 as mine     -> CANCELED o4; NEW o5
        A replace #mine atomic with buy 5 @ 8 as other      -> not canceled: 4021 REPLACE_FAILED; not placed: 4003 DUPLICATE_CLIENT_ORDER_ID
        order A #mine                                       -> o5 buy 4 @ 8 as mine NEW 0 for 0
        ",
    );
}

#[test]
fn the_new_order_may_be_anything() {
    play(&format!(
        "{ONE_BUY}
        B sell 3 @ 9                                      -> NEW o2
        A replace o1 with sell 5 @ 10                     -> CANCELED o1; NEW o3; A USD 100 available; A BTC 5 available 5 frozen
        A replace o3 with buy 5 @ 9 ioc                   -> CANCELED o3; trade 3 @ 9 with o2; EXPIRED o4 IOC_REMAINDER; A USD 73 available; A BTC 13 available
        A sell 1 @ 20                                     -> NEW o5
        A replace o5 with sell 2 @ market stop 8          -> CANCELED o5; PENDING_TRIGGER o6; A BTC 11 available 2 frozen
        A replace o6 with sell 5 @ 20 show 1              -> CANCELED o6; NEW o7
        book                                              -> - | 1 @ 20
        "
    ));
}

#[test]
fn a_market_buy_may_spend_what_the_old_order_frees() {
    play(&format!(
        "{ONE_BUY}
        B sell 10 @ 9                           -> NEW o2
        A replace o1 with buy 10 @ market       -> CANCELED o1; trade 10 @ 9 with o2; FILLED o3; A USD 10 available
        "
    ));
}

#[test]
fn the_old_order_is_cancelled_by_its_name_or_id_and_on_that_symbol() {
    play(&format!(
        "{ONE_BUY}
        symbol ETH-USD lot 1 tick 1
        A replace o1 with buy 1 @ 5 on ETH-USD    -> not canceled: 4000 UNKNOWN_ORDER
        B replace o1 with buy 1 @ 5               -> not canceled: 4000 UNKNOWN_ORDER
        "
    ));
}

#[test]
fn only_if_lets_a_race_be_lost_without_harm() {
    play(&format!(
        "{ONE_BUY}
        B sell 3 @ 8 & A replace o1 if NEW with buy 1 @ 5    -> trade 3 @ 8 with o1; FILLED o2; not canceled: 4016 CANCEL_RESTRICTED
        A replace o1 if PARTIALLY_FILLED with buy 7 @ 5      -> CANCELED o1 (7 left, 56 USD back); NEW o4
        "
    ));
}

#[test]
fn an_old_order_that_is_filled_in_the_meantime_is_closed() {
    play(&format!(
        "{ONE_BUY}
        B sell 10 @ 8 & A replace o1 with buy 1 @ 5             -> trade 10 @ 8 with o1; FILLED o2; not canceled: 4002 ORDER_ALREADY_CLOSED
        A buy 10 @ 1
        B sell 10 @ 1 & A replace o4 whatever with buy 2 @ 5    -> trade 10 @ 1 with o4; FILLED o5; not canceled: 4002 ORDER_ALREADY_CLOSED; NEW o6
        check                                                   -> A USD 0 available 10 frozen
        "
    ));
}

#[test]
fn what_the_old_order_no_longer_has_can_not_pay() {
    // 10 at 10 need the whole 80; when the replace arrives 5 lots have traded and 40 are left.
    play(&format!(
        "{ONE_BUY}
        B sell 5 @ 8 & A replace o1 with buy 10 @ 10           -> trade 5 @ 8 with o1; FILLED o2; CANCELED o1 (5 left, 40 USD back); not placed: 3010 INSUFFICIENT_BALANCE
        check                                                  -> A USD 60 available
        "
    ));
}

#[test]
fn a_leg_of_an_oco_can_be_replaced_and_takes_the_other_one_along() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 10
        prints 100
        A oco sell 5 @ 110 / stop 90           -> NEW o4; PENDING_TRIGGER o5
        A replace o4 with sell 10 @ 120        -> CANCELED o5 OCO_SIBLING; CANCELED o4; NEW o6; A BTC 0 available 10 frozen
        ",
    );
}

#[test]
fn who_may_not_trade_cancels_nothing_by_it() {
    play(&format!(
        "{ONE_BUY}
        A is CANCEL_ONLY
        A replace o1 with buy 1 @ 5           -> 3003 PERMISSION_DENIED
        A is ACTIVE
        rules status CANCEL_ONLY
        A replace o1 with buy 1 @ 5           -> 2002 SYMBOL_CANCEL_ONLY
        rules status HALT
        A replace o1 with buy 1 @ 5           -> 2001 SYMBOL_NOT_TRADING
        order o1                              -> o1 buy 10 @ 8 NEW 0 for 0
        "
    ));
}
