//! Trailing stops: an extreme that follows the last price one way, and a trigger some way behind it.

use crate::script::play;

/// Each row: a last price, and what comes of it. B bids and offers far away from where the prices are.
fn figures(order: &str, first: u64, rows: &[(u64, &str)]) {
    let mut script = format!(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1_000_000   fund A BTC 100   fund B USD 1_000_000   fund B BTC 100
        B sell 9 @ 900_000
        B buy 9 @ 1
        prints {first}
        A {order} -> PENDING_TRIGGER o5\n"
    );
    for (price, expected) in rows {
        let expected = match *expected {
            "-" => "nothing",
            "sells" => "trade 1 @ 1 with o2 by o5; FILLED o5",
            "buys" => "trade 1 @ 900000 with o1 by o5; FILLED o5",
            other => panic!("{other}"),
        };
        script.push_str(&format!("prints {price} -> {expected}\n"));
    }
    play(&script);
}

#[test]
fn a_sell_triggers_so_many_basis_points_below_the_highest_price() {
    // 1 % below 20,000 is 19,800; below 20,500 20,295; below 20,800 20,592.
    figures(
        "sell 1 @ market trail 100bps",
        20_000,
        &[(19_801, "-"), (20_500, "-"), (20_296, "-"), (20_800, "-"), (20_593, "-"), (20_592, "sells")],
    );
}

#[test]
fn a_sell_that_never_sees_a_higher_price_triggers_below_the_first() {
    figures("sell 1 @ market trail 100bps", 20_000, &[(19_900, "-"), (19_801, "-"), (19_800, "sells")]);
}

#[test]
fn a_sells_trigger_rounds_down() {
    // 1 % below 101 is 99.99; 2.5 % below 1,003 is 977.925.
    figures("sell 1 @ market trail 100bps", 101, &[(100, "-"), (99, "sells")]);
    figures("sell 1 @ market trail 250bps", 1_003, &[(978, "-"), (977, "sells")]);
}

#[test]
fn a_buy_triggers_so_many_basis_points_above_the_lowest_price() {
    // 2 % above 5,000 is 5,100; above 4,800 4,896; above 4,700 4,794.
    figures(
        "buy 1 @ market trail 200bps max 900_000",
        5_000,
        &[(5_099, "-"), (4_800, "-"), (4_895, "-"), (4_700, "-"), (4_793, "-"), (4_794, "buys")],
    );
}

#[test]
fn a_buys_trigger_rounds_up() {
    // 2 % above 4,990 is 5,089.8.
    figures("buy 1 @ market trail 200bps max 900_000", 4_990, &[(5_089, "-"), (5_090, "buys")]);
}

#[test]
fn ticks_are_counted_from_the_extreme() {
    figures("sell 1 @ market trail 7", 100, &[(94, "-"), (105, "-"), (99, "-"), (98, "sells")]);
    figures("buy 1 @ market trail 7 max 900_000", 100, &[(106, "-"), (95, "-"), (101, "-"), (102, "buys")]);
}

#[test]
fn a_jump_over_the_trigger_triggers() {
    figures("sell 1 @ market trail 100bps", 20_000, &[(10_000, "sells")]);
    figures("buy 1 @ market trail 7 max 900_000", 100, &[(200, "buys")]);
}

#[test]
fn a_trigger_of_zero_or_less_never_comes() {
    // 100 - 100, 50 - 100, and 0.01 % of 100.
    figures("sell 1 @ market trail 100", 100, &[(2, "-"), (3, "-")]);
    figures("sell 1 @ market trail 100", 50, &[(2, "-"), (101, "-"), (2, "-"), (200, "-"), (100, "sells")]);
    figures("sell 1 @ market trail 9999bps", 100, &[(2, "-"), (10_000, "-"), (2, "-")]);
}

#[test]
fn a_trigger_of_one_comes_at_one() {
    // 0.01 % of 20,000 is 2.
    figures("sell 1 @ market trail 9999bps", 20_000, &[(3, "-"), (2, "sells")]);
}

#[test]
fn with_an_activation_price_a_sell_starts_to_follow_when_the_price_has_risen_to_it() {
    // Until 21,000 nothing counts; 1 % below 21,000 is 20,790.
    figures(
        "sell 1 @ market trail 100bps from 21_000",
        20_000,
        &[(15_000, "-"), (20_999, "-"), (15_000, "-"), (21_000, "-"), (20_791, "-"), (20_790, "sells")],
    );
}

#[test]
fn the_extreme_starts_at_the_price_that_activates_and_not_at_the_activation_price() {
    // 1 % below 22,000 is 21,780.
    figures(
        "sell 1 @ market trail 100bps from 21_000",
        20_000,
        &[(22_000, "-"), (21_781, "-"), (21_780, "sells")],
    );
}

#[test]
fn with_an_activation_price_a_buy_starts_to_follow_when_the_price_has_fallen_to_it() {
    figures(
        "buy 1 @ market trail 10 from 90 max 900_000",
        100,
        &[(200, "-"), (91, "-"), (110, "-"), (90, "-"), (99, "-"), (100, "buys")],
    );
}

#[test]
fn an_activation_price_that_is_reached_already_lets_it_follow_at_once() {
    figures("sell 1 @ market trail 100bps from 20_000", 20_000, &[(19_801, "-"), (19_800, "sells")]);
    figures("sell 1 @ market trail 100bps from 15_000", 20_000, &[(19_801, "-"), (19_800, "sells")]);
    figures("buy 1 @ market trail 10 from 150 max 900_000", 100, &[(109, "-"), (110, "buys")]);
}

#[test]
fn a_trailing_stop_can_have_a_limit() {
    // 19,800 triggers, and it rests at its limit until somebody pays that.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 100   fund B USD 1_000_000
        prints 20_000
        A sell 2 @ 19_700 trail 100bps   -> PENDING_TRIGGER o3; A BTC 98 available 2 frozen
        prints 19_800                    -> NEW o3
        book                             -> - | 2 @ 19700
        B buy 3 @ 19_750                 -> trade 2 @ 19700 with o3; PARTIALLY_FILLED o6
        ",
    );
}

#[test]
fn a_trailing_buy_with_a_limit_reserves_it() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1_000
        prints 100
        A buy 2 @ 120 trail 10 from 90   -> PENDING_TRIGGER o3; A USD 760 available 240 frozen
        prints 80
        prints 90                        -> NEW o3; A USD 760 available 240 frozen
        A cancel o3                      -> CANCELED o3 (2 left, 240 USD back)
        ",
    );
}

#[test]
fn each_follows_from_its_own_beginning() {
    // o3 has seen 200, o8 has not.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 100   fund B USD 1_000
        prints 150
        A sell 1 @ market trail 50   -> PENDING_TRIGGER o3
        prints 200
        prints 160
        A sell 1 @ market trail 50   -> PENDING_TRIGGER o8
        B buy 9 @ 10
        prints 150                   -> trade 1 @ 10 with o9 by o3; FILLED o3; trade 1 @ 10 with o9 by o8; FILLED o8
        ",
    );
}

#[test]
fn a_trailing_stop_can_be_canceled_asleep_and_awake() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 100
        prints 150
        A sell 1 @ market trail 50            -> PENDING_TRIGGER o3
        A sell 1 @ market trail 50 from 200   -> PENDING_TRIGGER o4
        prints 170
        A cancel o3                           -> CANCELED o3 (1 left, 1 BTC back)
        A cancel o4                           -> CANCELED o4 (1 left, 1 BTC back)
        prints 200
        prints 100                            -> nothing
        check                                 -> A BTC 100 available
        ",
    );
}
