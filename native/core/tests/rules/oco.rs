//! One cancels the other: a limit leg and a stop leg with one reservation.

use crate::script::play;

const LAST_100: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 10_000   fund A BTC 100   fund B USD 10_000   fund B BTC 100
    prints 100
";

#[test]
fn a_sell_reserves_its_quantity_once() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 / stop 90   -> NEW o4; PENDING_TRIGGER o5; A BTC 95 available 5 frozen
        book                           -> - | 5 @ 110
        orders A                       -> o4 sell 5 @ 110 NEW 0 for 0; o5 sell 5 @ market stop 90 PENDING_TRIGGER 0 for 0
        "
    ));
}

#[test]
fn a_buy_reserves_what_the_dearer_leg_needs() {
    play(&format!(
        "{LAST_100}
        A oco buy 5 @ 90 / @ 115 stop 110    -> NEW o4; PENDING_TRIGGER o5; A USD 9425 available 575 frozen    # the stop leg
        A cancel o4
        A oco buy 5 @ 90 / stop 110 max 400  -> NEW o7; PENDING_TRIGGER o8; A USD 9550 available 450 frozen    # the limit leg
        A cancel o7                          -> CANCELED o8 OCO_SIBLING; CANCELED o7 (5 left, 450 USD back); A USD 10_000 available
        "
    ));
}

#[test]
fn the_limit_legs_first_fill_cancels_the_stop_leg() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 / stop 90   -> NEW o4; PENDING_TRIGGER o5
        B buy 2 @ 110                  -> CANCELED o5 OCO_SIBLING; trade 2 @ 110 with o4; FILLED o6
        check                          -> A BTC 95 available 3 frozen
        order o5                       -> o5 sell 5 @ market stop 90 CANCELED OCO_SIBLING 0 for 0
        B buy 1 @ 80
        prints 90                      -> nothing
        B buy 3 @ 110                  -> trade 3 @ 110 with o4; FILLED o10; A BTC 95 available
        "
    ));
}

#[test]
fn what_the_limit_leg_does_not_need_is_freed_at_its_first_fill() {
    // 575 for the stop leg; the limit leg needs 450, of which 90 are paid.
    play(&format!(
        "{LAST_100}
        A oco buy 5 @ 90 / @ 115 stop 110   -> NEW o4; PENDING_TRIGGER o5; A USD 9425 available 575 frozen
        B sell 1 @ 90                       -> CANCELED o5 OCO_SIBLING; trade 1 @ 90 with o4; FILLED o6; A USD 9550 available 360 frozen
        "
    ));
}

#[test]
fn a_whole_fill_of_the_limit_leg_cancels_the_stop_leg_too() {
    play(&format!(
        "{LAST_100}
        A oco buy 5 @ 90 / @ 115 stop 110   -> NEW o4; PENDING_TRIGGER o5
        B sell 5 @ 90                       -> CANCELED o5 OCO_SIBLING; trade 5 @ 90 with o4; FILLED o6; A USD 9550 available; A BTC 105 available
        orders A                            -> none
        "
    ));
}

#[test]
fn a_limit_leg_that_trades_at_once_leaves_no_stop_leg() {
    play(&format!(
        "{LAST_100}
        B buy 2 @ 105                  -> NEW o3
        A oco sell 5 @ 104 / stop 90   -> trade 2 @ 105 with o3; CANCELED o6 OCO_SIBLING; PARTIALLY_FILLED o5; A BTC 95 available 3 frozen
        orders A                       -> o5 sell 5 @ 104 PARTIALLY_FILLED 2 for 210
        B buy 9 @ 103                  -> NEW o7
        A oco sell 2 @ 106 / stop 90   -> NEW o9; PENDING_TRIGGER o10    # the last price is 105
        A oco sell 9 @ 103 / stop 90   -> 4013 OCO_BAD_PRICES (last 105)
        "
    ));
}

#[test]
fn a_limit_leg_that_is_filled_at_once_leaves_nothing() {
    play(&format!(
        "{LAST_100}
        B buy 5 @ 105                  -> NEW o3
        A oco sell 5 @ 104 / stop 90   -> trade 5 @ 105 with o3; CANCELED o6 OCO_SIBLING; FILLED o5; A BTC 95 available
        "
    ));
}

#[test]
fn the_trigger_cancels_the_limit_leg_before_the_stop_leg_executes() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 / stop 90   -> NEW o4; PENDING_TRIGGER o5
        B buy 9 @ 80                   -> NEW o6
        prints 90                      -> CANCELED o4 OCO_SIBLING; trade 5 @ 80 with o6 by o5; FILLED o5; A BTC 95 available; A USD 10_400 available
        book                           -> 4 @ 80 | -
        "
    ));
}

#[test]
fn the_stop_leg_takes_over_what_it_needs_and_the_rest_is_freed() {
    // The limit leg needed 450 of which the stop leg takes its 400: 4 lots at 95 and 20 that come back.
    play(&format!(
        "{LAST_100}
        A oco buy 5 @ 90 / stop 110 max 400    -> NEW o4; PENDING_TRIGGER o5; A USD 9550 available 450 frozen
        B sell 9 @ 111                         -> NEW o6
        prints 110                             -> CANCELED o4 OCO_SIBLING; trade 3 @ 111 with o6 by o5; EXPIRED o5 BUDGET_EXHAUSTED; A USD 9667 available
        "
    ));
}

#[test]
fn a_triggered_stop_leg_with_a_limit_rests() {
    play(&format!(
        "{LAST_100}
        A oco buy 5 @ 90 / @ 112 stop 110    -> NEW o4; PENDING_TRIGGER o5; A USD 9440 available 560 frozen
        prints 110                           -> CANCELED o4 OCO_SIBLING; NEW o5; A USD 9440 available 560 frozen
        book                                 -> 5 @ 112 | -
        A cancel o5                          -> CANCELED o5 (5 left, 560 USD back)
        "
    ));
}

#[test]
fn a_cancel_of_either_leg_closes_the_other() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 / stop 90   -> NEW o4; PENDING_TRIGGER o5
        A cancel o5                    -> CANCELED o5; CANCELED o4 OCO_SIBLING; A BTC 100 available
        A oco sell 5 @ 110 / stop 90   -> NEW o7; PENDING_TRIGGER o8
        A cancel o7                    -> CANCELED o8 OCO_SIBLING; CANCELED o7 (5 left, 5 BTC back); A BTC 100 available
        A cancel o8                    -> 4002 ORDER_ALREADY_CLOSED (CANCELED o8 OCO_SIBLING)
        book                           -> - | -
        "
    ));
}

#[test]
fn the_expiry_of_either_leg_closes_the_other() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 gtd 11:00 / stop 90           -> NEW o4; PENDING_TRIGGER o5
        A oco sell 5 @ 110 / @ 80 stop 90 gtd 12:00      -> NEW o7; PENDING_TRIGGER o8
        A oco sell 5 @ 110 day / stop 90                 -> NEW o10; PENDING_TRIGGER o11
        at 11:00      -> CANCELED o5 OCO_SIBLING; EXPIRED o4 GTD_EXPIRED; A BTC 90 available 10 frozen
        at 12:00      -> EXPIRED o8 GTD_EXPIRED; CANCELED o7 OCO_SIBLING; A BTC 95 available 5 frozen
        at 1d00:00    -> CANCELED o11 OCO_SIBLING; EXPIRED o10 SESSION_END; A BTC 100 available
        "
    ));
}

#[test]
fn self_trade_prevention_of_the_limit_leg_closes_the_stop_leg() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 / stop 90            -> NEW o4; PENDING_TRIGGER o5
        A buy 2 @ 110 stp EXPIRE_MAKER          -> CANCELED o5 OCO_SIBLING; EXPIRED o4 STP (5 prevented); NEW o6; A BTC 100 available
        A cancel o6
        A oco sell 5 @ 110 / stop 90            -> NEW o8; PENDING_TRIGGER o9
        A buy 2 @ 110 stp DECREMENT             -> CANCELED o9 OCO_SIBLING; PREVENTED 2 of o8; EXPIRED o10 STP (2 prevented); A BTC 97 available 3 frozen
        A buy 1 @ 110                           -> EXPIRED o11 STP (1 prevented)    # leaves the maker alone
        "
    ));
}

#[test]
fn a_stop_leg_is_left_alone_where_its_limit_leg_makes_a_taker_expire() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 / stop 90   -> NEW o4; PENDING_TRIGGER o5
        A buy 1 @ 110                  -> EXPIRED o6 STP (1 prevented)
        orders A                       -> o4 sell 5 @ 110 NEW 0 for 0; o5 sell 5 @ market stop 90 PENDING_TRIGGER 0 for 0
        check                          -> A BTC 95 available 5 frozen
        "
    ));
}

#[test]
fn a_limit_leg_that_expires_as_a_taker_closes_the_stop_leg() {
    play(&format!(
        "{LAST_100}
        A buy 1 @ 105                          -> NEW o3
        A oco sell 5 @ 104 / stop 90           -> CANCELED o6 OCO_SIBLING; EXPIRED o5 STP (5 prevented); A BTC 100 available
        "
    ));
}

#[test]
fn a_sells_prices_lie_around_the_last_price() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 100 / stop 90    -> 4013 OCO_BAD_PRICES (last 100)
        A oco sell 5 @ 99 / stop 90     -> 4013 OCO_BAD_PRICES
        A oco sell 5 @ 110 / stop 100   -> 4013 OCO_BAD_PRICES
        A oco sell 5 @ 110 / stop 101   -> 4013 OCO_BAD_PRICES
        A oco sell 5 @ 101 / stop 99    -> NEW o16; PENDING_TRIGGER o17
        "
    ));
}

#[test]
fn a_buys_prices_lie_around_the_last_price() {
    play(&format!(
        "{LAST_100}
        A oco buy 5 @ 100 / stop 110 max 600    -> 4013 OCO_BAD_PRICES (last 100)
        A oco buy 5 @ 101 / stop 110 max 600    -> 4013 OCO_BAD_PRICES
        A oco buy 5 @ 90 / stop 100 max 600     -> 4013 OCO_BAD_PRICES
        A oco buy 5 @ 90 / stop 99 max 600      -> 4013 OCO_BAD_PRICES
        A oco buy 5 @ 99 / stop 101 max 600     -> NEW o16; PENDING_TRIGGER o17
        "
    ));
}

#[test]
fn without_a_last_price_there_is_no_oco() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 100
        A oco sell 5 @ 110 / stop 90   -> 4012 NO_REFERENCE_PRICE
        check                          -> A BTC 100 available
        ",
    );
}

#[test]
fn the_limit_leg_may_be_post_only() {
    play(&format!(
        "{LAST_100}
        B buy 1 @ 105                            -> NEW o3
        A oco sell 5 @ 105 post-only / stop 90   -> 4010 POST_ONLY_WOULD_CROSS
        A oco sell 5 @ 106 post-only / stop 90   -> NEW o8; PENDING_TRIGGER o9
        "
    ));
}

#[test]
fn it_needs_the_funds_of_its_dearer_leg() {
    play(&format!(
        "{LAST_100}
        A oco sell 101 @ 110 / stop 90           -> 3010 INSUFFICIENT_BALANCE (needs 101 BTC, has 100)
        A oco buy 100 @ 90 / @ 115 stop 110      -> 3010 INSUFFICIENT_BALANCE (needs 11500 USD, has 10000)
        A oco buy 100 @ 90 / stop 110 max 10_001 -> 3010 INSUFFICIENT_BALANCE (needs 10001 USD, has 10000)
        A oco buy 100 @ 90 / stop 110 max 10_000 -> NEW o13; PENDING_TRIGGER o14; A USD 0 available 10_000 frozen
        "
    ));
}

#[test]
fn its_legs_have_names_of_their_own() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 as up / stop 90 as down    -> NEW o4; PENDING_TRIGGER o5
        A oco sell 5 @ 110 as same / stop 90 as same  -> 4003 DUPLICATE_CLIENT_ORDER_ID
        A oco sell 5 @ 110 as up / stop 90 as other   -> 4003 DUPLICATE_CLIENT_ORDER_ID
        A oco sell 5 @ 110 as other / stop 90 as down -> 4003 DUPLICATE_CLIENT_ORDER_ID
        A cancel #down                                -> CANCELED o5; CANCELED o4 OCO_SIBLING
        A oco sell 5 @ 110 as up / stop 90 as down    -> NEW o7; PENDING_TRIGGER o8
        "
    ));
}

#[test]
fn a_smaller_quantity_makes_both_legs_smaller() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 / stop 90   -> NEW o4; PENDING_TRIGGER o5
        A amend o4 to 3                -> AMENDED o4 NEW (kept); A BTC 97 available 3 frozen
        orders A                       -> o4 sell 3 @ 110 NEW 0 for 0; o5 sell 3 @ market stop 90 PENDING_TRIGGER 0 for 0
        A amend o5 by 1                -> AMENDED o5 PENDING_TRIGGER (kept); A BTC 98 available 2 frozen
        book                           -> - | 2 @ 110
        A oco buy 5 @ 90 / @ 115 stop 110   -> NEW o7; PENDING_TRIGGER o8; A USD 9425 available 575 frozen
        A amend o8 to 4                -> AMENDED o8 PENDING_TRIGGER (kept); A USD 9540 available 460 frozen
        "
    ));
}

#[test]
fn no_other_amend_of_a_leg_is_allowed() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 / stop 90   -> NEW o4; PENDING_TRIGGER o5
        A amend o4 to 6                -> 4015 AMEND_NOT_ALLOWED
        A amend o4 at 111              -> 4015 AMEND_NOT_ALLOWED
        A amend o4 to 3 at 111         -> 4015 AMEND_NOT_ALLOWED
        A amend o5 to 6                -> 4015 AMEND_NOT_ALLOWED
        A amend o5 at 80               -> 4015 AMEND_NOT_ALLOWED
        "
    ));
}

#[test]
fn a_leg_whose_sibling_is_gone_is_an_order_like_any_other() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 / stop 90   -> NEW o4; PENDING_TRIGGER o5
        B buy 1 @ 110                  -> CANCELED o5 OCO_SIBLING; trade 1 @ 110 with o4; FILLED o6
        A amend o4 to 9 at 120         -> AMENDED o4 PARTIALLY_FILLED (to the back); A BTC 91 available 8 frozen
        book                           -> - | 8 @ 120
        "
    ));
}

#[test]
fn a_mass_cancel_takes_both_legs() {
    play(&format!(
        "{LAST_100}
        A oco sell 5 @ 110 / stop 90   -> NEW o4; PENDING_TRIGGER o5
        A cancel-all                   -> CANCELED o5 OCO_SIBLING; CANCELED o4 (5 left, 5 BTC back); A BTC 100 available
        "
    ));
}

#[test]
fn lists_can_be_limited() {
    play(&format!(
        "{LAST_100}
        rules lists 1
        A oco sell 5 @ 110 / stop 90   -> NEW o4; PENDING_TRIGGER o5
        A oco sell 5 @ 110 / stop 90   -> 2050 TOO_MANY_OPEN_ORDERS (max 1)
        B oco sell 5 @ 110 / stop 90   -> NEW o10; PENDING_TRIGGER o11
        B buy 5 @ 120                  -> CANCELED o5 OCO_SIBLING; trade 5 @ 110 with o4; FILLED o12
        A oco sell 5 @ 120 / stop 90   -> NEW o14; PENDING_TRIGGER o15
        "
    ));
}
