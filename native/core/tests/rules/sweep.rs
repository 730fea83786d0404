//! Orders that trade with many: level by level, never past their limit, and nothing is left behind.

use crate::script::play;

#[test]
fn a_sweep_drains_each_level_before_the_next() {
    // The prototype took one maker per level and could leave a crossed book (edge case 5).
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund B BTC 99   fund C BTC 99
        B sell 1 @ 5
        C sell 2 @ 5
        B sell 3 @ 5
        C sell 4 @ 6
        B sell 5 @ 6
        book          -> - | 6 @ 5 x3, 9 @ 6 x2
        A buy 11 @ 6  -> trade 1 @ 5 with o1; trade 2 @ 5 with o2; trade 3 @ 5 with o3; trade 4 @ 6 with o4; trade 1 @ 6 with o5; FILLED o6
        book          -> - | 4 @ 6
        ",
    );
}

#[test]
fn a_buying_sweep_stops_at_its_limit_and_its_rest_becomes_the_touch() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 2 @ 5
        B sell 2 @ 7
        A buy 5 @ 6    -> trade 2 @ 5 with o1; PARTIALLY_FILLED o3; A USD 72 available 18 frozen
        book           -> 3 @ 6 | 2 @ 7
        B sell 1 @ 6   -> trade 1 @ 6 with o3; FILLED o4
        B sell 2 @ 1   -> trade 2 @ 6 with o3; FILLED o5
        book           -> - | 2 @ 7
        order o3       -> o3 buy 5 @ 6 FILLED 5 for 28
        ",
    );
}

#[test]
fn a_selling_sweep_stops_at_its_limit_and_its_rest_becomes_the_touch() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 9   fund B USD 100
        B buy 2 @ 7
        B buy 2 @ 5
        A sell 5 @ 6   -> trade 2 @ 7 with o1; PARTIALLY_FILLED o3; A BTC 4 available 3 frozen
        book           -> 2 @ 5 | 3 @ 6
        B buy 1 @ 6    -> trade 1 @ 6 with o3; FILLED o4
        B buy 3 @ 9    -> trade 2 @ 6 with o3; PARTIALLY_FILLED o5
        book           -> 1 @ 9, 2 @ 5 | -
        ",
    );
}

#[test]
fn an_order_at_the_other_sides_price_trades_and_one_tick_short_of_it_rests() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 2 @ 5   -> NEW o1
        A buy 2 @ 4    -> NEW o2
        book           -> 2 @ 4 | 2 @ 5
        A buy 1 @ 5    -> trade 1 @ 5 with o1; FILLED o3
        B sell 1 @ 4   -> trade 1 @ 4 with o2; FILLED o4
        book           -> 1 @ 4 | 1 @ 5
        ",
    );
}

#[test]
fn exact_exhaustion_leaves_nothing() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 2 @ 5
        B sell 3 @ 6
        A buy 5 @ 6    -> trade 2 @ 5 with o1; trade 3 @ 6 with o2; FILLED o3
        book           -> - | -
        check          -> A USD 72 available; A BTC 5 available; B USD 28 available; B BTC 4 available
        orders A       -> none
        orders B       -> none
        A buy 1 @ 9    -> NEW o4
        book           -> 1 @ 9 | -
        B sell 1 @ 9   -> trade 1 @ 9 with o4; FILLED o5
        book           -> - | -
        ",
    );
}

#[test]
fn prices_at_the_ends_of_the_band_work() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 price 1..9_223_372_036_854_775_807
        fund A USD 92_233_720_368_547_758_071   fund B BTC 20
        A buy 1 @ 1                               -> NEW o1
        B sell 2 @ 9_223_372_036_854_775_807      -> NEW o2
        book                                      -> 1 @ 1 | 2 @ 9223372036854775807
        A buy 1 @ 9_223_372_036_854_775_807       -> trade 1 @ 9223372036854775807 with o2; FILLED o3
        B sell 1 @ 1                              -> trade 1 @ 1 with o1; FILLED o4
        book                                      -> - | 1 @ 9223372036854775807
        B cancel o2                               -> CANCELED o2 (1 left, 1 BTC back)
        A buy 2 @ 9_223_372_036_854_775_807       -> NEW o5
        B sell 2 @ 1                              -> trade 2 @ 9223372036854775807 with o5; FILLED o6
        B sell 2 @ 1                              -> NEW o7
        A buy 3 @ 9_223_372_036_854_775_807       -> trade 2 @ 1 with o7; PARTIALLY_FILLED o8
        book                                      -> 1 @ 9223372036854775807 | -
        ",
    );
}

#[test]
fn the_largest_order_trades_at_once() {
    // However many lots: one maker, one trade.
    play(
        "
        symbol BTC-USD lot 1 tick 1 price 1..9 quantity 1..9_223_372_036_854_775_807
        fund A USD 83_010_348_331_692_982_263   fund B BTC 18_446_744_073_709_551_614
        B sell 9_223_372_036_854_775_807 @ 9      -> NEW o1
        B sell 9_223_372_036_854_775_807 @ 9      -> NEW o2
        book                                      -> - | 18446744073709551614 @ 9 x2
        A buy 9_223_372_036_854_775_806 @ 9       -> trade 9223372036854775806 @ 9 with o1; FILLED o3; A USD 9 available
        A buy 1 @ market                          -> trade 1 @ 9 with o1; FILLED o4; A USD 0 available
        book                                      -> - | 9223372036854775807 @ 9
        A sell 9_223_372_036_854_775_807 @ 9      -> NEW o5
        B buy 9_223_372_036_854_775_807 @ market stp NONE -> trade 9223372036854775807 @ 9 with o2; FILLED o6
        ",
    );
}

#[test]
fn far_apart_prices_are_visited_in_order() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 price 1..1_000_000_000_000
        fund A USD 10_000_000_000_000   fund B BTC 20
        B sell 1 @ 64
        B sell 1 @ 1_000_000_000_000
        B sell 1 @ 63
        B sell 1 @ 4_096
        B sell 1 @ 4_095
        B sell 1 @ 262_144
        book          -> - | 1 @ 63, 1 @ 64, 1 @ 4095, 1 @ 4096, 1 @ 262144, 1 @ 1000000000000
        A buy 3 @ 4_095   -> trade 1 @ 63 with o3; trade 1 @ 64 with o1; trade 1 @ 4095 with o5; FILLED o7
        A buy 3 @ 1_000_000_000_000 -> trade 1 @ 4096 with o4; trade 1 @ 262144 with o6; trade 1 @ 1000000000000 with o2; FILLED o8
        ",
    );
}

#[test]
fn five_thousand_fills_complete_in_order() {
    // 50 prices of 100 orders each, two sellers in turns; the last maker keeps one lot.
    let mut sells = String::new();
    let mut trades = String::new();
    for price in 1..=50 {
        sells.push_str(&format!("B sell 2 @ {price} & C sell 2 @ {price} times 50\n"));
    }
    for maker in 1..=5_000_u32 {
        let (price, quantity) = ((maker - 1) / 100 + 1, if maker == 5_000 { 1 } else { 2 });
        trades.push_str(&format!("trade {quantity} @ {price} with o{maker}; "));
    }
    // 200 lots at each of 1 to 50, less the last one.
    play(&format!(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1_000_000   fund B BTC 5_000   fund C BTC 5_000
        {sells}
        A buy 9_999 @ 50   -> {trades} FILLED o5001; A USD 745_050 available; A BTC 9_999 available
        book               -> - | 1 @ 50
        check              -> C BTC 0 available 1 frozen; B BTC 0 available
        "
    ));
}
