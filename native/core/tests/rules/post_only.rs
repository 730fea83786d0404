//! Post-only: as a maker, or not at all.

use crate::script::play;

const BOTH_SIDES: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 1000   fund A BTC 100   fund B USD 1000   fund B BTC 100
    B sell 4 @ 7
    B buy 4 @ 5
";

#[test]
fn it_rests_one_tick_short_of_the_other_side() {
    play(&format!(
        "{BOTH_SIDES}
        A buy 1 @ 6 post-only    -> NEW o3
        A cancel o3
        A sell 1 @ 6 post-only   -> NEW o4
        order o4                 -> o4 sell 1 @ 6 post-only NEW 0 for 0
        book                     -> 4 @ 5 | 1 @ 6, 4 @ 7
        "
    ));
}

#[test]
fn at_the_other_sides_price_or_beyond_it_is_refused() {
    play(&format!(
        "{BOTH_SIDES}
        A buy 1 @ 7 post-only    -> 4010 POST_ONLY_WOULD_CROSS
        A buy 1 @ 9 post-only    -> 4010 POST_ONLY_WOULD_CROSS
        A sell 1 @ 5 post-only   -> 4010 POST_ONLY_WOULD_CROSS
        A sell 1 @ 1 post-only   -> 4010 POST_ONLY_WOULD_CROSS
        check                    -> A USD 1000 available; A BTC 100 available
        orders A                 -> none
        history A                -> none
        "
    ));
}

#[test]
fn on_an_empty_side_any_price_is_fine() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund B BTC 9
        A buy 1 @ 999 post-only   -> NEW o1
        B sell 1 @ 999            -> trade 1 @ 999 with o1; FILLED o2
        ",
    );
}

#[test]
fn its_own_crossing_order_counts_too_whatever_its_stp_mode() {
    // 4010, not STP (edge case 17).
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund A BTC 100
        A sell 1 @ 5                               -> NEW o1
        A buy 1 @ 5 post-only                      -> 4010 POST_ONLY_WOULD_CROSS
        A buy 1 @ 5 post-only stp NONE             -> 4010 POST_ONLY_WOULD_CROSS
        A buy 1 @ 5 post-only stp EXPIRE_MAKER     -> 4010 POST_ONLY_WOULD_CROSS
        A buy 1 @ 5 post-only stp EXPIRE_BOTH      -> 4010 POST_ONLY_WOULD_CROSS
        A buy 1 @ 5 post-only stp DECREMENT        -> 4010 POST_ONLY_WOULD_CROSS
        order o1                                   -> o1 sell 1 @ 5 NEW 0 for 0
        ",
    );
}

#[test]
fn gtd_and_day_orders_can_be_post_only() {
    play(&format!(
        "{BOTH_SIDES}
        A buy 1 @ 6 post-only gtd 11:00   -> NEW o3
        A buy 1 @ 6 post-only day         -> NEW o4
        A buy 1 @ 7 post-only day         -> 4010 POST_ONLY_WOULD_CROSS
        at 11:00                          -> EXPIRED o3 GTD_EXPIRED
        at 1d00:00                        -> EXPIRED o4 SESSION_END
        "
    ));
}

#[test]
fn an_iceberg_can_be_post_only() {
    play(&format!(
        "{BOTH_SIDES}
        A buy 6 @ 6 post-only show 2   -> NEW o3
        book                           -> 2 @ 6, 4 @ 5 | 4 @ 7
        A buy 6 @ 7 post-only show 2   -> 4010 POST_ONLY_WOULD_CROSS
        "
    ));
}

#[test]
fn once_it_rests_it_is_an_order_like_any_other() {
    play(&format!(
        "{BOTH_SIDES}
        A buy 3 @ 6 post-only   -> NEW o3
        B sell 2 @ 6            -> trade 2 @ 6 with o3; FILLED o4
        order o3                -> o3 buy 3 @ 6 post-only PARTIALLY_FILLED 2 for 12
        "
    ));
}

#[test]
fn a_resting_limit_that_would_be_worse_does_not_matter() {
    // Only the best opposite price counts; what is behind it is no reason to refuse or to accept.
    play(&format!(
        "{BOTH_SIDES}
        B cancel o1             -> CANCELED o1
        B sell 1 @ 9            -> NEW o3
        A buy 1 @ 8 post-only   -> NEW o4
        A buy 1 @ 9 post-only   -> 4010 POST_ONLY_WOULD_CROSS
        "
    ));
}
