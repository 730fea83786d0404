//! Price bands, notional bounds, and how much an account may have open or own.

use crate::script::play;

const OPENING: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 100_000   fund A BTC 1000   fund B USD 100_000   fund B BTC 1000
";

#[test]
fn a_band_lies_around_the_operators_reference_price_by_side() {
    // Buys 5 % up and 10 % down from 1,000, sells 20 % up and 2 % down.
    play(&format!(
        "{OPENING}
        rules reference 1000 band 500/1000/2000/200
        A buy 1 @ 1051     -> 2012 PRICE_BAND (900 to 1050)
        A buy 1 @ 1050     -> NEW o2    # refused ones have used an id up
        A buy 1 @ 899      -> 2012 PRICE_BAND (900 to 1050)
        A buy 1 @ 900      -> NEW o4
        A sell 1 @ 1201    -> 2012 PRICE_BAND (980 to 1200)
        A sell 1 @ 1200    -> NEW o6
        A sell 1 @ 979     -> 2012 PRICE_BAND (980 to 1200)
        B sell 1 @ 980     -> trade 1 @ 1050 with o2; FILLED o8
        "
    ));
}

#[test]
fn a_bands_lower_end_rounds_down_and_its_upper_end_up() {
    // 33 x 0.9 = 29.7, 33 x 1.1 = 36.3
    play(&format!(
        "{OPENING}
        rules reference 33 band 1000/1000/1000/1000
        A buy 1 @ 28     -> 2012 PRICE_BAND (29 to 37)
        A buy 1 @ 29     -> NEW o2
        A sell 1 @ 38    -> 2012 PRICE_BAND (29 to 37)
        A sell 1 @ 37    -> NEW o4
        "
    ));
}

#[test]
fn without_the_operators_price_the_last_trade_is_the_reference() {
    play(&format!(
        "{OPENING}
        rules band 1000/1000/1000/1000
        A buy 1 @ 5           -> NEW o1    # no trade, no band
        prints 100
        A buy 1 @ 89          -> 2012 PRICE_BAND (90 to 110)
        A buy 1 @ 90          -> NEW o5
        prints 105
        A buy 1 @ 90          -> 2012 PRICE_BAND (94 to 116)    # 94.5 to 115.5
        rules reference 50
        A buy 1 @ 50          -> NEW o9
        A buy 1 @ 90          -> 2012 PRICE_BAND (45 to 55)
        "
    ));
}

#[test]
fn the_reference_may_be_an_average_of_the_last_minutes_weighted_by_volume() {
    // 100 and three lots at 200: 700 / 4 = 175.
    play(&format!(
        "{OPENING}
        rules minutes 5 band 0/10_000/10_000/0
        A sell 1 @ 100
        B buy 1 @ 100
        A sell 3 @ 200
        B buy 1 @ 101             -> 2012 PRICE_BAND (1 to 100)
        rules band none
        B buy 3 @ 200             -> trade 3 @ 200 with o3; FILLED o5
        rules band 0/10_000/10_000/0
        B buy 1 @ 176             -> 2012 PRICE_BAND (1 to 175)
        B buy 1 @ 175             -> NEW o7
        A sell 1 @ 174            -> 2012 PRICE_BAND (175 to 350)
        "
    ));
}

#[test]
fn an_average_rounds_down() {
    // 100 + 100 + 101 = 301, / 3 = 100.33
    play(&format!(
        "{OPENING}
        rules minutes 5
        prints 100
        prints 100
        prints 101
        rules band 0/0/0/0
        B buy 1 @ 101             -> 2012 PRICE_BAND (100 to 100)
        "
    ));
}

#[test]
fn minutes_are_those_of_the_calendar_the_present_one_included() {
    // 10:00 and 10:01 with a bound of 2; at 10:02 the first has gone, at 10:03 both, and the last price counts.
    play(&format!(
        "{OPENING}
        rules minutes 2
        at 10:00:59
        prints 100
        at 10:01:00
        prints 200
        rules band 0/0/0/0
        B buy 1 @ 1       -> 2012 PRICE_BAND (150 to 150)
        at 10:01:59
        B buy 1 @ 1       -> 2012 PRICE_BAND (150 to 150)
        at 10:02
        B buy 1 @ 1       -> 2012 PRICE_BAND (200 to 200)
        at 10:30
        B buy 1 @ 1       -> 2012 PRICE_BAND (200 to 200)
        "
    ));
}

#[test]
fn floor_and_cap_hold_for_all_limit_prices() {
    play(&format!(
        "{OPENING}
        rules floor 50 cap 150
        A buy 1 @ 49      -> 2012 PRICE_BAND (50 to 150)
        A sell 1 @ 151    -> 2012 PRICE_BAND (50 to 150)
        A buy 1 @ 50      -> NEW o3
        A sell 1 @ 150    -> NEW o4
        "
    ));
}

#[test]
fn of_band_and_floor_or_cap_the_narrower_counts() {
    play(&format!(
        "{OPENING}
        rules floor 95 cap 105 reference 100 band 1000/1000/100/100
        A buy 1 @ 94      -> 2012 PRICE_BAND (95 to 105)
        A sell 1 @ 102    -> 2012 PRICE_BAND (99 to 101)
        "
    ));
}

#[test]
fn the_band_is_for_limit_prices_only() {
    play(&format!(
        "{OPENING}
        A sell 3 @ 200
        rules reference 100 band 100/100/100/100
        B buy 1 @ market                   -> trade 1 @ 200 with o1; FILLED o2
        B buy 1 @ market stop 300 max 500  -> PENDING_TRIGGER o3
        B buy 1 @ 300 stop 300             -> 2012 PRICE_BAND (99 to 101)
        B buy 1 @ 200 ioc                  -> 2012 PRICE_BAND (99 to 101)
        "
    ));
}

#[test]
fn an_oco_is_banded_leg_by_leg() {
    play(&format!(
        "{OPENING}
        prints 100
        rules reference 100 band 1000/1000/1000/1000
        A oco sell 1 @ 120 / stop 90          -> 2012 PRICE_BAND (90 to 110)
        A oco sell 1 @ 105 / @ 80 stop 90     -> 2012 PRICE_BAND (90 to 110)
        A oco sell 1 @ 105 / stop 50          -> NEW o10; PENDING_TRIGGER o11
        "
    ));
}

#[test]
fn notional_bounds_a_limit_order() {
    play(&format!(
        "{OPENING}
        rules notional 100..500
        A buy 33 @ 3      -> 2030 NOTIONAL_RANGE    # 99
        A buy 167 @ 3     -> 2030 NOTIONAL_RANGE    # 501
        A buy 50 @ 2      -> NEW o1
        A sell 250 @ 3    -> 2030 NOTIONAL_RANGE
        A sell 100 @ 5    -> NEW o2
        "
    ));
}

#[test]
fn notional_bounds_an_amount_of_quote() {
    play(&format!(
        "{OPENING}
        B sell 900 @ 1
        rules notional 100..500
        A buy for 99 USD @ market     -> 2030 NOTIONAL_RANGE
        A buy for 501 USD @ market    -> 2030 NOTIONAL_RANGE
        A buy for 100 USD @ market    -> trade 100 @ 1 with o1; FILLED o2
        "
    ));
}

#[test]
fn notional_bounds_a_market_order_by_quantity_only_if_the_symbol_says_so_and_at_the_reference_price() {
    play(&format!(
        "{OPENING}
        B sell 900 @ 1
        rules notional 100..500
        A buy 1 @ market        -> trade 1 @ 1 with o1; FILLED o2
        rules notional-at-market yes reference 10
        A buy 9 @ market        -> 2030 NOTIONAL_RANGE    # 90
        A buy 51 @ market       -> 2030 NOTIONAL_RANGE    # 510
        A buy 10 @ market       -> trade 10 @ 1 with o1; FILLED o5
        rules reference none
        A buy 9 @ market        -> 2030 NOTIONAL_RANGE    # at the last price of 1
        "
    ));
    play(&format!(
        "{OPENING}
        rules notional 100..500 notional-at-market yes
        A buy 9 @ market        -> EXPIRED o1 INSUFFICIENT_LIQUIDITY    # no reference, no bound
        "
    ));
}

#[test]
fn an_account_may_have_so_many_orders_open_on_a_symbol() {
    play(&format!(
        "{OPENING}
        symbol ETH-USD lot 1 tick 1
        rules open 2
        A buy 1 @ 1                    -> NEW o1
        A buy 1 @ 2                    -> NEW o2
        A buy 1 @ 3                    -> 2050 TOO_MANY_OPEN_ORDERS (max 2)
        A buy 1 @ 3 on ETH-USD         -> NEW o3
        B buy 1 @ 1                    -> NEW o4
        A buy 1 @ 5 ioc                -> EXPIRED o5 IOC_REMAINDER    # not while it could not rest
        A cancel o1
        A buy 1 @ 3                    -> NEW o6
        "
    ));
}

#[test]
fn an_account_may_have_so_many_conditional_orders() {
    play(&format!(
        "{OPENING}
        prints 100
        rules conditional 1
        A sell 1 @ market stop 90         -> PENDING_TRIGGER o3
        A sell 1 @ market stop 91         -> 2050 TOO_MANY_OPEN_ORDERS (max 1)
        A sell 1 @ 100 take-profit 120    -> 2050 TOO_MANY_OPEN_ORDERS (max 1)
        A oco sell 1 @ 120 / stop 90      -> 2050 TOO_MANY_OPEN_ORDERS (max 1)
        A sell 1 @ 120                    -> NEW o9
        prints 90                         -> EXPIRED o3 INSUFFICIENT_LIQUIDITY
        A sell 1 @ 120 stop 80            -> PENDING_TRIGGER o12
        prints 80                         -> NEW o12    # triggered: no longer one of them
        A sell 1 @ 120 stop 70            -> PENDING_TRIGGER o15
        "
    ));
}

#[test]
fn an_account_may_have_so_many_icebergs() {
    play(&format!(
        "{OPENING}
        rules icebergs 1
        A buy 5 @ 3 show 1     -> NEW o1
        A buy 5 @ 3 show 1     -> 2050 TOO_MANY_OPEN_ORDERS (max 1)
        A buy 5 @ 3            -> NEW o2
        A cancel o1
        A buy 5 @ 3 show 1     -> NEW o3
        "
    ));
}

#[test]
fn a_position_is_what_is_owned_and_what_is_being_bought() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 position 20
        fund A USD 1000   fund A BTC 10   fund B BTC 100
        A buy 11 @ 5         -> 2051 MAX_POSITION
        A buy 6 @ 5          -> NEW o1
        A buy 5 @ 5          -> 2051 MAX_POSITION
        A buy 4 @ 5          -> NEW o2
        A buy 1 @ market     -> 2051 MAX_POSITION
        B sell 6 @ 5         -> trade 6 @ 5 with o1; FILLED o3
        A buy 1 @ 5          -> 2051 MAX_POSITION    # bought, not gone
        A sell 16 @ 9        -> NEW o4
        A buy 1 @ 5          -> 2051 MAX_POSITION    # frozen, not gone
        B sell 99 @ 99       -> 3010 INSUFFICIENT_BALANCE
        A cancel o4
        A withdraw BTC 1
        A buy 1 @ 5          -> NEW o5
        ",
    );
}

#[test]
fn what_is_held_counts_as_owned() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 position 20
        fund A USD 1000   fund A BTC 10
        A hold BTC 10
        A buy 11 @ 5         -> 2051 MAX_POSITION
        A buy 10 @ 5         -> NEW o1
        ",
    );
}

#[test]
fn a_partial_lot_counts_against_the_position() {
    // A lot is 10 atoms, the bound 100: 5 and nine lots are 95, ten lots 105.
    play(
        "
        symbol BTC-USD lot 10 tick 1 position 10
        fund A USD 1000   fund A BTC 5
        A buy 10 @ 5         -> 2051 MAX_POSITION
        A buy 9 @ 5          -> NEW o1
        ",
    );
}

#[test]
fn an_order_by_quote_counts_with_what_it_would_take_now() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 position 20
        fund A USD 1000   fund A BTC 10   fund B BTC 100
        B sell 50 @ 5
        A buy for 55 USD @ market    -> 2051 MAX_POSITION
        A buy for 54 USD @ market    -> trade 10 @ 5 with o1; FILLED o3
        A buy for 5 USD @ market     -> 2051 MAX_POSITION
        ",
    );
}

#[test]
fn what_a_conditional_order_by_quote_will_take_nobody_knows() {
    // So it is not bounded, whatever it would take now; and at its trigger no rule is checked again.
    play(
        "
        symbol BTC-USD lot 1 tick 1 position 20
        fund A USD 1000   fund A BTC 10   fund B BTC 100
        prints 4
        A buy for 55 USD @ market stop 9    -> PENDING_TRIGGER o3
        prints 9                            -> EXPIRED o3 INSUFFICIENT_LIQUIDITY
        ",
    );
}

#[test]
fn sells_are_bounded_by_no_position() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 position 5
        fund A BTC 10
        A sell 10 @ 5        -> NEW o1
        ",
    );
}

#[test]
fn the_legs_of_an_oco_are_one_buy() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 position 10
        fund A USD 10_000   fund B BTC 10   fund B USD 1000
        prints 100
        A oco buy 8 @ 90 / @ 115 stop 110    -> NEW o4; PENDING_TRIGGER o5
        A buy 3 @ 1                          -> 2051 MAX_POSITION
        A buy 2 @ 1                          -> NEW o6
        ",
    );
}

#[test]
fn a_rate_limit_lets_a_burst_through_and_then_so_many_per_second() {
    // 2 at once, then one every 500 ms. Each line is a nanosecond later than the one before.
    play(&format!(
        "{OPENING}
        A rate 2 2
        at 10:01
        A buy 1 @ 1          -> NEW o1
        A buy 1 @ 1          -> NEW o2
        A buy 1 @ 1          -> 5003 RATE_LIMITED (wait 499999998ns)
        A buy 1 @ 1          -> 5003 RATE_LIMITED (wait 499999997ns)
        A cancel o1          -> CANCELED o1    # costs nothing
        B buy 1 @ 1          -> NEW o3
        at 10:01:01
        A buy 1 @ 1          -> NEW o4
        A buy 1 @ 1          -> NEW o5
        A buy 1 @ 1          -> 5003 RATE_LIMITED
        A rate none
        A buy 1 @ 1          -> NEW o6
        "
    ));
}

#[test]
fn refused_orders_use_the_rate_up_too() {
    play(&format!(
        "{OPENING}
        A rate 1 1
        A buy 1 @ 999_999    -> 3010 INSUFFICIENT_BALANCE
        A buy 1 @ 1          -> 5003 RATE_LIMITED
        at 10:01
        A buy 1 @ 1          -> NEW o1
        "
    ));
}
