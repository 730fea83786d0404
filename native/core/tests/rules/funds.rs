//! What is frozen, when, and to the last atom how it comes back.

use crate::script::play;

#[test]
fn limit_orders_freeze_their_worst_cost() {
    play(
        "
        symbol BTC-USD lot 100 tick 3
        fund A USD 1_000   fund A BTC 1_000
        A buy 4 @ 7    -> NEW o1; A USD 916 available 84 frozen
        A sell 4 @ 9   -> NEW o2; A BTC 600 available 400 frozen
        ",
    );
}

#[test]
fn an_order_can_take_the_last_atom_and_not_one_more() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 49   fund B BTC 9
        A buy 10 @ 5   -> 3010 INSUFFICIENT_BALANCE (needs 50 USD, has 49)
        check          -> A USD 49 available
        fund A USD 1
        A buy 10 @ 5   -> NEW o1; A USD 0 available 50 frozen    # a refusal used no id up
        A buy 1 @ 1    -> 3010 INSUFFICIENT_BALANCE (needs 1 USD, has 0)
        B sell 10 @ 6  -> 3010 INSUFFICIENT_BALANCE (needs 10 BTC, has 9)
        B sell 9 @ 6   -> NEW o2; B BTC 0 available 9 frozen
        book           -> 10 @ 5 | 9 @ 6
        ",
    );
}

#[test]
fn what_each_kind_of_order_freezes_while_it_is_on_its_way() {
    // The withdrawal is refused by the sequencer while the order has not reached the matcher yet, and says
    // what is still available.
    play(
        "
        symbol BTC-USD lot 10 tick 1
        fund A USD 100   fund A BTC 100
        A buy 3 @ 5 & A withdraw USD 999                  -> 3010 INSUFFICIENT_BALANCE (needs 999 USD, has 85); NEW o1
        A cancel o1
        A sell 3 @ 5 & A withdraw BTC 999                 -> 3010 INSUFFICIENT_BALANCE (needs 999 BTC, has 70); NEW o2
        A cancel o2
        A sell 3 @ market & A withdraw BTC 999            -> 3010 INSUFFICIENT_BALANCE (needs 999 BTC, has 70); EXPIRED o3 INSUFFICIENT_LIQUIDITY
        A buy for 30 USD @ market & A withdraw USD 999    -> 3010 INSUFFICIENT_BALANCE (needs 999 USD, has 70); EXPIRED o4 INSUFFICIENT_LIQUIDITY
        A buy 3 @ market & A withdraw USD 999             -> 3010 INSUFFICIENT_BALANCE (needs 999 USD, has 0); EXPIRED o5 INSUFFICIENT_LIQUIDITY
        A sell for 30 USD @ market & A withdraw BTC 999   -> 3010 INSUFFICIENT_BALANCE (needs 999 BTC, has 0); EXPIRED o6 INSUFFICIENT_LIQUIDITY
        check                                             -> A USD 100 available; A BTC 100 available
        ",
    );
}

#[test]
fn an_order_that_freezes_everything_stands_in_the_way_of_the_next_until_it_is_settled() {
    // Known and accepted: the sequencer does not see the book, so a market buy by quantity holds the whole
    // balance for the length of its command, and an order sent right behind it finds nothing.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 9 @ 5
        A buy 1 @ market & A buy 1 @ 1   -> 3010 INSUFFICIENT_BALANCE (needs 1 USD, has 0); trade 1 @ 5 with o1; FILLED o2
        A buy 1 @ market & A buy 1 @ market -> trade 1 @ 5 with o1; FILLED o3; 3010 INSUFFICIENT_BALANCE (needs 5 USD, has 0)    # the matcher's no
        A buy 1 @ 1                      -> NEW o5
        ",
    );
}

#[test]
fn price_improvement_comes_back_at_once() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 2 @ 4
        B sell 2 @ 6
        A buy 5 @ 10   -> trade 2 @ 4 with o1; trade 2 @ 6 with o2; PARTIALLY_FILLED o3
        check          -> A USD 70 available 10 frozen; A BTC 4 available    # 20 paid, one lot at 10 kept
        A cancel o3    -> CANCELED o3 (1 left, 10 USD back)
        check          -> A USD 80 available
        ",
    );
}

#[test]
fn a_maker_gives_exactly_what_it_had_frozen() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 10 @ 7   -> NEW o1; A USD 30 available 70 frozen
        B sell 3 @ 1   -> trade 3 @ 7 with o1; FILLED o2; A USD 30 available 49 frozen
        B sell 3 @ 1   -> trade 3 @ 7 with o1; FILLED o3; A USD 30 available 28 frozen
        A cancel o1    -> CANCELED o1 (4 left, 28 USD back)
        check          -> A USD 58 available; A BTC 6 available; B USD 42 available; B BTC 3 available
        ",
    );
}

#[test]
fn proceeds_can_be_used_and_withdrawn_at_once() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 50   fund B BTC 10
        A buy 10 @ 5
        B sell 10 @ 5      -> trade 10 @ 5 with o1; FILLED o2; B USD 50 available
        B buy 5 @ 4        -> NEW o3; B USD 30 available 20 frozen
        A sell 5 @ 4       -> trade 5 @ 4 with o3; FILLED o4
        A withdraw USD 20  -> A USD 0 available
        A withdraw BTC 5   -> A BTC 0 available
        B withdraw USD 30  -> B USD 0 available
        B withdraw BTC 5   -> B BTC 0 available
        ",
    );
}

#[test]
fn frozen_funds_cannot_be_withdrawn() {
    // Edge case 11.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 10 @ 5       -> NEW o1
        A withdraw USD 51  -> 3010 INSUFFICIENT_BALANCE (needs 51 USD, has 50)
        A withdraw USD 50  -> A USD 0 available 50 frozen
        A withdraw USD 1   -> 3010 INSUFFICIENT_BALANCE (needs 1 USD, has 0)
        A cancel o1        -> CANCELED o1 (10 left, 50 USD back)
        A withdraw USD 50  -> A USD 0 available
        A withdraw GBP 1   -> 3010 INSUFFICIENT_BALANCE (needs 1 GBP, has 0)
        ",
    );
}

#[test]
fn who_never_deposited_is_nobody() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        A withdraw USD 1             -> 3000 UNKNOWN_ACCOUNT
        A buy 1 @ 1                  -> 3000 UNKNOWN_ACCOUNT
        A sell 1 @ market            -> 3000 UNKNOWN_ACCOUNT
        A sell for 1 USD @ market    -> 3000 UNKNOWN_ACCOUNT
        A cancel o1                  -> 3000 UNKNOWN_ACCOUNT
        fund A BTC 1                 -> A BTC 1 available
        A withdraw BTC 1
        A buy 1 @ 1                  -> 3010 INSUFFICIENT_BALANCE    # known from now on, and poor
        ",
    );
}

#[test]
fn the_funds_of_others_stay_untouched() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund C USD 70   fund D BTC 7
        C buy 1 @ 3
        D sell 1 @ 9
        A buy 10 @ 5
        B sell 4 @ 5       -> trade 4 @ 5 with o3; FILLED o4
        A cancel o3        -> CANCELED o3
        check              -> C USD 67 available 3 frozen; D BTC 6 available 1 frozen
        orders C           -> o1 buy 1 @ 3 NEW 0 for 0
        book               -> 1 @ 3 | 1 @ 9
        ",
    );
}

#[test]
fn every_order_of_an_account_keeps_a_reservation_of_its_own() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        symbol ETH-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund B ETH 9
        A buy 5 @ 4
        A buy 5 @ 6
        A buy 5 @ 10 on ETH-USD         -> NEW o3; A USD 0 available 100 frozen
        B sell 7 @ 1                    -> trade 5 @ 6 with o2; trade 2 @ 4 with o1; FILLED o4; A USD 0 available 62 frozen
        B sell 1 @ 1 on ETH-USD         -> trade 1 @ 10 with o3; FILLED o5; A USD 0 available 52 frozen
        A cancel o1                     -> CANCELED o1 (3 left, 12 USD back)
        A cancel o3                     -> CANCELED o3 (4 left, 40 USD back)
        check                           -> A USD 52 available
        ",
    );
}

#[test]
fn base_and_quote_of_one_asset_are_one_balance() {
    // What is base here is quote there: both orders draw on the same money.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        symbol ETH-BTC lot 1 tick 1
        fund A BTC 10   fund B ETH 9   fund B USD 100
        A sell 6 @ 5             -> NEW o1
        A buy 2 @ 3 on ETH-BTC   -> 3010 INSUFFICIENT_BALANCE (needs 6 BTC, has 4)
        A buy 2 @ 2 on ETH-BTC   -> NEW o2; A BTC 0 available 10 frozen
        B sell 1 @ 2 on ETH-BTC  -> trade 1 @ 2 with o2; FILLED o3; B BTC 2 available
        B buy 6 @ 5              -> trade 6 @ 5 with o1; FILLED o4; B BTC 8 available; A BTC 0 available 2 frozen
        ",
    );
}

#[test]
fn a_deposit_stops_at_the_largest_balance() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 79_228_162_514_264_337_593_543_950_335    # 2^96 - 1
        fund A USD 1                                         -> 3012 BALANCE_OVERFLOW
        fund B USD 1                                         -> B USD 1 available
        A buy 1 @ 5
        fund A USD 1                                         -> 3012 BALANCE_OVERFLOW    # frozen counts
        A withdraw USD 10
        fund A USD 11                                        -> 3012 BALANCE_OVERFLOW
        fund A USD 10                                        -> A USD 79_228_162_514_264_337_593_543_950_330 available 5 frozen
        ",
    );
}

#[test]
fn a_trade_may_lift_a_balance_above_what_a_deposit_may() {
    // The money is there already; only its owner changes. It can be withdrawn, and spent.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 79_228_162_514_264_337_593_543_950_335   fund A BTC 1   fund B USD 5
        A sell 1 @ 5
        B buy 1 @ 5         -> trade 1 @ 5 with o1; FILLED o2; A USD 79_228_162_514_264_337_593_543_950_340 available
        fund A USD 1        -> 3012 BALANCE_OVERFLOW
        B sell 1 @ 3
        A buy 1 @ market    -> trade 1 @ 3 with o3; FILLED o4
        A withdraw USD 79_228_162_514_264_337_593_543_950_337 -> A USD 0 available
        ",
    );
}
