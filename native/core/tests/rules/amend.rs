//! Amends: less keeps its place, anything else comes in anew; and a refusal leaves everything as it was.

use crate::script::play;

const QUEUE: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 1000   fund A BTC 100   fund B USD 1000   fund B BTC 100   fund C USD 1000   fund C BTC 100
    A sell 5 @ 7
    B sell 5 @ 7
";

#[test]
fn less_keeps_its_place_and_frees_the_difference_at_once() {
    play(&format!(
        "{QUEUE}
        A amend o1 to 3    -> AMENDED o1 NEW (kept); A BTC 97 available 3 frozen
        book               -> - | 8 @ 7 x2
        order o1           -> o1 sell 3 @ 7 NEW 0 for 0
        C buy 4 @ 7        -> trade 3 @ 7 with o1; trade 1 @ 7 with o2; FILLED o3
        "
    ));
}

#[test]
fn reduce_by_is_counted_from_what_it_is() {
    play(&format!(
        "{QUEUE}
        C buy 1 @ 7        -> trade 1 @ 7 with o1; FILLED o3
        A amend o1 by 2    -> AMENDED o1 PARTIALLY_FILLED (kept); A BTC 97 available 2 frozen
        order o1           -> o1 sell 3 @ 7 PARTIALLY_FILLED 1 for 7
        C buy 3 @ 7        -> trade 2 @ 7 with o1; trade 1 @ 7 with o2; FILLED o4
        "
    ));
}

#[test]
fn less_of_a_buy_frees_its_price() {
    play(&format!(
        "{QUEUE}
        C buy 10 @ 5       -> NEW o3; C USD 950 available 50 frozen
        C amend o3 to 4    -> AMENDED o3 NEW (kept); C USD 980 available 20 frozen
        C amend o3 by 1    -> AMENDED o3 NEW (kept); C USD 985 available 15 frozen
        "
    ));
}

#[test]
fn the_new_quantity_is_the_whole_one() {
    play(&format!(
        "{QUEUE}
        C buy 2 @ 7        -> trade 2 @ 7 with o1; FILLED o3
        A amend o1 to 4    -> AMENDED o1 PARTIALLY_FILLED (kept); A BTC 96 available 2 frozen
        book               -> - | 7 @ 7 x2
        "
    ));
}

#[test]
fn more_loses_its_place() {
    play(&format!(
        "{QUEUE}
        A amend o1 to 6    -> AMENDED o1 NEW (to the back); A BTC 94 available 6 frozen
        book               -> - | 11 @ 7 x2
        C buy 6 @ 7        -> trade 5 @ 7 with o2; trade 1 @ 7 with o1; FILLED o3
        "
    ));
}

#[test]
fn another_price_loses_its_place() {
    play(&format!(
        "{QUEUE}
        A amend o1 at 8    -> AMENDED o1 NEW (to the back); A BTC 95 available 5 frozen
        book               -> - | 5 @ 7, 5 @ 8
        A amend o1 at 7    -> AMENDED o1 NEW (to the back)
        C buy 6 @ 7        -> trade 5 @ 7 with o2; trade 1 @ 7 with o1; FILLED o3
        "
    ));
}

#[test]
fn less_at_another_price_loses_its_place_too() {
    play(&format!(
        "{QUEUE}
        A amend o1 to 2 at 8   -> AMENDED o1 NEW (to the back); A BTC 98 available 2 frozen
        book                   -> - | 5 @ 7, 2 @ 8
        "
    ));
}

#[test]
fn a_higher_price_of_a_buy_needs_the_difference() {
    play(&format!(
        "{QUEUE}
        C buy 10 @ 5         -> NEW o3; C USD 950 available 50 frozen
        C amend o3 at 6      -> AMENDED o3 NEW (to the back); C USD 940 available 60 frozen
        C amend o3 to 20     -> AMENDED o3 NEW (to the back); C USD 880 available 120 frozen
        C amend o3 at 2      -> AMENDED o3 NEW (to the back); C USD 960 available 40 frozen
        "
    ));
}

#[test]
fn only_the_difference_must_be_there() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 10
        A buy 10 @ 8         -> NEW o1; A USD 20 available 80 frozen
        A amend o1 at 11     -> 3010 INSUFFICIENT_BALANCE (needs 30 USD, has 20)
        A amend o1 to 13     -> 3010 INSUFFICIENT_BALANCE (needs 24 USD, has 20)
        A amend o1 at 10     -> AMENDED o1 NEW (to the back); A USD 0 available 100 frozen
        B sell 8 @ 12        -> NEW o2
        B amend o2 to 11     -> 3010 INSUFFICIENT_BALANCE (needs 3 BTC, has 2)
        B amend o2 to 10     -> AMENDED o2 NEW (to the back); B BTC 0 available 10 frozen
        B amend o2 at 13     -> AMENDED o2 NEW (to the back)    # a sell's price costs nothing
        ",
    );
}

#[test]
fn an_order_that_is_amended_to_cross_trades_as_a_taker() {
    play(&format!(
        "{QUEUE}
        C buy 8 @ 5        -> NEW o3
        C amend o3 at 7    -> trade 5 @ 7 with o1; trade 3 @ 7 with o2; AMENDED o3 FILLED (to the back); C USD 944 available
        order o3           -> o3 buy 8 @ 7 FILLED 8 for 56
        "
    ));
}

#[test]
fn price_improvement_of_an_amend_comes_back() {
    play(&format!(
        "{QUEUE}
        C buy 12 @ 5       -> NEW o3; C USD 940 available 60 frozen
        C amend o3 at 9    -> trade 5 @ 7 with o1; trade 5 @ 7 with o2; AMENDED o3 PARTIALLY_FILLED (to the back); C USD 912 available 18 frozen
        book               -> 2 @ 9 | -
        "
    ));
}

#[test]
fn self_trade_prevention_applies_to_an_amend_that_crosses() {
    play(&format!(
        "{QUEUE}
        A buy 8 @ 5        -> NEW o3
        A amend o3 at 7    -> AMENDED o3 EXPIRED (to the back); A USD 1000 available
        order o3           -> o3 buy 8 @ 7 EXPIRED STP 0 for 0, 8 prevented
        book               -> - | 10 @ 7 x2
        "
    ));
}

#[test]
fn a_post_only_order_is_not_amended_across_the_book() {
    play(&format!(
        "{QUEUE}
        C buy 8 @ 5 post-only   -> NEW o3
        C amend o3 at 7         -> 4010 POST_ONLY_WOULD_CROSS
        C amend o3 at 8         -> 4010 POST_ONLY_WOULD_CROSS
        C amend o3 at 6         -> AMENDED o3 NEW (to the back)
        C amend o3 to 9         -> AMENDED o3 NEW (to the back)
        "
    ));
}

#[test]
fn an_amend_that_changes_nothing_is_refused() {
    // Edge case 16: the price that it has is no change, unless the quantity differs.
    play(&format!(
        "{QUEUE}
        A amend o1 at 7         -> 1015 NO_CHANGE
        A amend o1 to 5         -> 1015 NO_CHANGE
        A amend o1 to 5 at 7    -> 1015 NO_CHANGE
        A amend o1 to 4 at 7    -> AMENDED o1 NEW (kept)
        C buy 1 @ 7             -> trade 1 @ 7 with o1; FILLED o3    # it has kept its place
        "
    ));
}

#[test]
fn a_quantity_that_is_filled_already_is_refused() {
    play(&format!(
        "{QUEUE}
        C buy 2 @ 7        -> trade 2 @ 7 with o1; FILLED o3
        A amend o1 to 2    -> 4014 QTY_BELOW_FILLED
        A amend o1 to 1    -> 4014 QTY_BELOW_FILLED
        A amend o1 by 3    -> 4014 QTY_BELOW_FILLED
        A amend o1 by 9    -> 4014 QTY_BELOW_FILLED
        A amend o1 to 3    -> AMENDED o1 PARTIALLY_FILLED (kept)
        "
    ));
}

#[test]
fn what_was_prevented_counts_as_done() {
    play(&format!(
        "{QUEUE}
        A buy 2 @ 7 stp DECREMENT   -> PREVENTED 2 of o1; EXPIRED o3 STP
        A amend o1 to 2             -> 4014 QTY_BELOW_FILLED
        A amend o1 by 3             -> 4014 QTY_BELOW_FILLED
        A amend o1 to 4             -> AMENDED o1 NEW (kept); A BTC 98 available 2 frozen
        A amend o1 to 6 at 8        -> AMENDED o1 NEW (to the back); A BTC 96 available 4 frozen
        order o1                    -> o1 sell 6 @ 8 NEW 0 for 0, 2 prevented
        "
    ));
}

#[test]
fn orders_that_are_unknown_closed_or_somebody_elses_can_not_be_amended() {
    play(&format!(
        "{QUEUE}
        A amend o9 to 3    -> 4000 UNKNOWN_ORDER
        A amend o2 to 3    -> 4000 UNKNOWN_ORDER
        A amend #me to 3   -> 4000 UNKNOWN_ORDER
        A cancel o1
        A amend o1 to 3    -> 4002 ORDER_ALREADY_CLOSED (CANCELED o1 USER)
        Z amend o2 to 3    -> 3000 UNKNOWN_ACCOUNT
        "
    ));
}

#[test]
fn an_amend_names_the_orders_symbol() {
    play(&format!(
        "{QUEUE}
        symbol ETH-USD lot 1 tick 1
        A amend o1 to 3 on ETH-USD   -> 4000 UNKNOWN_ORDER
        A amend o1 to 3 on NOWHERE   -> 2000 UNKNOWN_SYMBOL
        A amend o1 to 3 on BTC-USD   -> AMENDED o1 NEW
        "
    ));
}

#[test]
fn an_order_can_be_amended_by_its_name() {
    play(&format!(
        "{QUEUE}
        A buy 5 @ 3 as mine       -> NEW o3
        A amend #mine to 2 at 4   -> AMENDED o3 NEW (to the back)
        order A #mine             -> o3 buy 2 @ 4 as mine NEW 0 for 0
        "
    ));
}

#[test]
fn an_amend_that_loses_the_race_against_a_fill_hears_how_the_order_ended() {
    play(&format!(
        "{QUEUE}
        C buy 5 @ 7 & A amend o1 to 3      -> trade 5 @ 7 with o1; FILLED o3; 4002 ORDER_ALREADY_CLOSED (FILLED o1)
        C buy 4 @ 7 & B amend o2 to 3      -> trade 4 @ 7 with o2; FILLED o4; 4014 QTY_BELOW_FILLED
        check                              -> A BTC 95 available; B BTC 95 available 1 frozen
        "
    ));
}

#[test]
fn what_an_amend_froze_beyond_its_need_comes_back() {
    // 10 at 6 would need 10 more than 10 at 5; when the amend arrives 4 have traded, and 6 need 6 more.
    play(&format!(
        "{QUEUE}
        C buy 10 @ 5                        -> NEW o3; C USD 950 available 50 frozen
        B sell 4 @ 5 & C amend o3 at 6      -> trade 4 @ 5 with o3; FILLED o4; AMENDED o3 PARTIALLY_FILLED; C USD 944 available 36 frozen
        "
    ));
}

#[test]
fn price_and_quantity_rules_are_checked_again() {
    play(&format!(
        "{QUEUE}
        rules price 2..20 quantity 2..9 notional 20..90
        A amend o1 at 1          -> 2011 PRICE_RANGE
        A amend o1 at 21         -> 2011 PRICE_RANGE
        A amend o1 to 10         -> 2021 QTY_RANGE
        A amend o1 to 1          -> 2021 QTY_RANGE
        A amend o1 to 2          -> 2030 NOTIONAL_RANGE
        A amend o1 at 19         -> 2030 NOTIONAL_RANGE
        A amend o1 to 9 at 10    -> AMENDED o1 NEW (to the back)
        "
    ));
}

#[test]
fn the_band_is_checked_again() {
    play(&format!(
        "{QUEUE}
        rules cap 10
        A amend o1 at 11     -> 2012 PRICE_BAND (1 to 10)
        A amend o1 at 10     -> AMENDED o1 NEW
        rules cap 9
        A amend o1 to 6      -> 2012 PRICE_BAND    # it comes in anew, at a price that is not taken now
        A amend o1 to 4      -> AMENDED o1 NEW (kept)
        "
    ));
}

#[test]
fn an_order_can_be_amended_so_often() {
    play(&format!(
        "{QUEUE}
        rules amends 2
        A amend o1 to 4    -> AMENDED o1 NEW
        A amend o1 at 4    -> AMENDED o1 NEW
        A amend o1 to 4    -> 2052 TOO_MANY_AMENDS (max 2)
        B amend o2 to 4    -> AMENDED o2 NEW
        B amend o2 to 4    -> 1015 NO_CHANGE    # counts nothing
        B amend o2 to 3    -> AMENDED o2 NEW
        B amend o2 to 2    -> 2052 TOO_MANY_AMENDS (max 2)
        "
    ));
}

#[test]
fn an_iceberg_that_becomes_smaller_shows_less_only_when_it_must() {
    play(&format!(
        "{QUEUE}
        A sell 10 @ 8 show 4    -> NEW o3
        B sell 1 @ 8            -> NEW o4
        A amend o3 to 6         -> AMENDED o3 NEW (kept)
        book                    -> - | 10 @ 7 x2, 5 @ 8 x2
        A amend o3 to 3         -> AMENDED o3 NEW (kept)
        book                    -> - | 10 @ 7 x2, 4 @ 8 x2
        "
    ));
}

#[test]
fn an_iceberg_that_has_shown_half_its_slice_keeps_that_half() {
    play(&format!(
        "{QUEUE}
        A cancel o1
        B cancel o2
        A sell 10 @ 8 show 4    -> NEW o3
        C buy 3 @ 8             -> trade 3 @ 8 with o3; FILLED o4
        book                    -> - | 1 @ 8
        A amend o3 to 9         -> AMENDED o3 PARTIALLY_FILLED (kept)
        book                    -> - | 1 @ 8
        A amend o3 to 11        -> AMENDED o3 PARTIALLY_FILLED (to the back)
        book                    -> - | 4 @ 8    # a fresh slice
        "
    ));
}

#[test]
fn a_pending_order_is_amended_in_place() {
    play(&format!(
        "{QUEUE}
        prints 6
        A sell 5 @ 4 stop 5      -> PENDING_TRIGGER o5; A BTC 90 available 10 frozen
        A amend o5 to 7          -> AMENDED o5 PENDING_TRIGGER; A BTC 88 available 12 frozen
        A amend o5 at 6          -> AMENDED o5 PENDING_TRIGGER
        A amend o5 by 3          -> AMENDED o5 PENDING_TRIGGER; A BTC 91 available 9 frozen
        C buy 5 @ 10 stop 9      -> PENDING_TRIGGER o6; C USD 950 available 50 frozen
        C amend o6 at 12         -> AMENDED o6 PENDING_TRIGGER; C USD 940 available 60 frozen
        C amend o6 at 12         -> 1015 NO_CHANGE
        C amend o6 by 5          -> 4014 QTY_BELOW_FILLED
        C amend o6 at 999        -> 3010 INSUFFICIENT_BALANCE (needs 4935 USD, has 940)
        prints 5                 -> NEW o5
        book                     -> - | 4 @ 6, 10 @ 7 x2
        "
    ));
}

#[test]
fn a_pending_market_order_can_change_its_quantity_and_nothing_else() {
    play(&format!(
        "{QUEUE}
        prints 6
        A sell 5 @ market stop 5            -> PENDING_TRIGGER o5
        A amend o5 to 7                     -> AMENDED o5 PENDING_TRIGGER; A BTC 88 available 12 frozen
        A amend o5 at 4                     -> 4015 AMEND_NOT_ALLOWED
        C buy 5 @ market stop 9 max 100     -> PENDING_TRIGGER o6
        C amend o6 to 8                     -> AMENDED o6 PENDING_TRIGGER; C USD 900 available 100 frozen    # its budget stays
        C buy for 50 USD @ market stop 9    -> PENDING_TRIGGER o7
        C amend o7 to 8                     -> 4015 AMEND_NOT_ALLOWED
        C amend o7 at 8                     -> 4015 AMEND_NOT_ALLOWED
        "
    ));
}

#[test]
fn immediate_orders_can_not_be_amended() {
    // They are open to nobody.
    play(&format!(
        "{QUEUE}
        C buy 1 @ 3 ioc      -> EXPIRED o3 IOC_REMAINDER
        C amend o3 to 2      -> 4002 ORDER_ALREADY_CLOSED
        C buy 1 @ market & C amend o4 to 2   -> 4000 UNKNOWN_ORDER; trade 1 @ 7 with o1; FILLED o4
        "
    ));
}

#[test]
fn an_amended_gtd_order_still_expires() {
    play(&format!(
        "{QUEUE}
        C buy 5 @ 5 gtd 11:00   -> NEW o3
        C amend o3 at 6         -> AMENDED o3 NEW (to the back)
        C amend o3 to 4         -> AMENDED o3 NEW (kept)
        at 11:00                -> EXPIRED o3 GTD_EXPIRED; C USD 1000 available
        "
    ));
}

#[test]
fn fees_stay_what_they_were_at_acceptance() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 fees 0/10_000
        fund A USD 1000   fund B BTC 500
        A buy 100 @ 5           -> NEW o1
        rules fees 0/500_000
        B sell 100 @ 6          -> NEW o2
        A amend o1 at 6         -> trade 100 @ 6 with o2 (fees 1 BTC, 0 USD); AMENDED o1 FILLED
        ",
    );
}

#[test]
fn an_amended_quantity_meets_the_rules_of_its_type() {
    play(&format!(
        "{QUEUE}
        rules market-max 6 parts 3
        prints 6
        A sell 5 @ market stop 5    -> PENDING_TRIGGER o5
        A amend o5 to 7             -> 2021 QTY_RANGE
        A amend o5 to 6             -> AMENDED o5 PENDING_TRIGGER
        A sell 6 @ 8 show 2         -> NEW o6
        A amend o6 to 7             -> 2042 ICEBERG_PARTS
        A amend o6 to 4             -> AMENDED o6 NEW (kept)
        "
    ));
}
