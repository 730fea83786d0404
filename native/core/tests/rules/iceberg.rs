//! Icebergs: slices that come up at the back.

use crate::script::play;

const TEN_SHOWN_BY_THREES: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 1000   fund B BTC 100   fund C BTC 100
    B sell 10 @ 5 show 3
";

#[test]
fn the_book_shows_a_slice_and_counts_it_once() {
    play(&format!(
        "{TEN_SHOWN_BY_THREES}
        book        -> - | 3 @ 5
        order o1    -> o1 sell 10 @ 5 show 3 NEW 0 for 0
        check       -> B BTC 90 available 10 frozen
        C sell 4 @ 5
        book        -> - | 7 @ 5 x2
        "
    ));
}

#[test]
fn a_slice_that_is_used_up_comes_up_again_at_the_back() {
    play(&format!(
        "{TEN_SHOWN_BY_THREES}
        C sell 4 @ 5    -> NEW o2
        A buy 3 @ 5     -> trade 3 @ 5 with o1; FILLED o3
        book            -> - | 7 @ 5 x2
        A buy 5 @ 5     -> trade 4 @ 5 with o2; trade 1 @ 5 with o1; FILLED o4
        order o1        -> o1 sell 10 @ 5 show 3 PARTIALLY_FILLED 4 for 20
        book            -> - | 2 @ 5
        "
    ));
}

#[test]
fn a_slice_that_is_used_in_part_keeps_its_place() {
    play(&format!(
        "{TEN_SHOWN_BY_THREES}
        C sell 4 @ 5    -> NEW o2
        A buy 2 @ 5     -> trade 2 @ 5 with o1; FILLED o3
        book            -> - | 5 @ 5 x2
        A buy 2 @ 5     -> trade 1 @ 5 with o1; trade 1 @ 5 with o2; FILLED o4
        book            -> - | 6 @ 5 x2
        "
    ));
}

#[test]
fn the_same_taker_meets_it_again() {
    play(&format!(
        "{TEN_SHOWN_BY_THREES}
        C sell 1 @ 5     -> NEW o2
        A buy 11 @ 5     -> trade 3 @ 5 with o1; trade 1 @ 5 with o2; trade 3 @ 5 with o1; trade 3 @ 5 with o1; trade 1 @ 5 with o1; FILLED o3
        book             -> - | -
        "
    ));
}

#[test]
fn the_last_slice_is_what_is_left() {
    play(&format!(
        "{TEN_SHOWN_BY_THREES}
        A buy 9 @ 5     -> trade 3 @ 5 with o1; trade 3 @ 5 with o1; trade 3 @ 5 with o1; FILLED o2
        book            -> - | 1 @ 5
        A buy 2 @ 5     -> trade 1 @ 5 with o1; PARTIALLY_FILLED o3
        order o1        -> o1 sell 10 @ 5 show 3 FILLED 10 for 50
        "
    ));
}

#[test]
fn as_a_taker_it_trades_with_all_of_it_and_shows_a_slice_of_the_rest() {
    play(&format!(
        "{TEN_SHOWN_BY_THREES}
        A buy 20 @ 5 show 4    -> trade 3 @ 5 with o1; trade 3 @ 5 with o1; trade 3 @ 5 with o1; trade 1 @ 5 with o1; PARTIALLY_FILLED o2
        book                   -> 4 @ 5 | -
        check                  -> A USD 900 available 50 frozen
        "
    ));
}

#[test]
fn a_display_of_all_of_it_is_no_secret() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund B BTC 100
        B sell 3 @ 5 show 3   -> NEW o1
        book                  -> - | 3 @ 5
        A buy 3 @ 5           -> trade 3 @ 5 with o1; FILLED o2
        ",
    );
}

#[test]
fn everything_hidden_is_reserved_and_comes_back() {
    play(&format!(
        "{TEN_SHOWN_BY_THREES}
        A buy 4 @ 5     -> trade 3 @ 5 with o1; trade 1 @ 5 with o1; FILLED o2
        check           -> B BTC 90 available 6 frozen
        B cancel o1     -> CANCELED o1 (6 left, 6 BTC back); B BTC 96 available
        A buy 10 @ 4 show 1   -> NEW o3; A USD 940 available 40 frozen
        A cancel o3           -> CANCELED o3 (10 left, 40 USD back); A USD 980 available
        "
    ));
}

#[test]
fn its_price_is_better_than_anything_behind_it_hidden_or_not() {
    play(&format!(
        "{TEN_SHOWN_BY_THREES}
        C sell 9 @ 6     -> NEW o2
        A buy 11 @ 6     -> trade 3 @ 5 with o1; trade 3 @ 5 with o1; trade 3 @ 5 with o1; trade 1 @ 5 with o1; trade 1 @ 6 with o2; FILLED o3
        "
    ));
}

#[test]
fn two_icebergs_take_turns() {
    play(&format!(
        "{TEN_SHOWN_BY_THREES}
        C sell 4 @ 5 show 2   -> NEW o2
        A buy 12 @ 5          -> trade 3 @ 5 with o1; trade 2 @ 5 with o2; trade 3 @ 5 with o1; trade 2 @ 5 with o2; trade 2 @ 5 with o1; FILLED o3
        book                  -> - | 1 @ 5
        "
    ));
}

#[test]
fn gtd_and_day_icebergs_expire_with_all_they_hide() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund B BTC 100
        B sell 10 @ 5 show 3 gtd 11:00   -> NEW o1
        B sell 10 @ 5 show 3 day         -> NEW o2
        at 11:00                         -> EXPIRED o1 GTD_EXPIRED; B BTC 90 available 10 frozen
        at 1d00:00                       -> EXPIRED o2 SESSION_END; B BTC 100 available
        ",
    );
}
