//! How long an order stays: GTC, IOC, FOK. (GTD and DAY: [`crate::expiry`].)

use crate::script::play;

const TWO_LEVELS: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 1000   fund B BTC 100
    B sell 4 @ 5
    B sell 4 @ 7
";

#[test]
fn a_limit_order_is_gtc_unless_it_says_otherwise() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 6 @ 5    -> trade 4 @ 5 with o1; PARTIALLY_FILLED o3
        at 1d23:00     -> nothing
        order o3       -> o3 buy 6 @ 5 PARTIALLY_FILLED 4 for 20
        book           -> 2 @ 5 | 4 @ 7
        "
    ));
}

#[test]
fn ioc_trades_what_crosses_and_the_rest_expires_at_once() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 10 @ 6 ioc   -> trade 4 @ 5 with o1; EXPIRED o3 IOC_REMAINDER; A USD 980 available; A BTC 4 available
        order o3           -> o3 buy 10 @ 6 ioc EXPIRED IOC_REMAINDER 4 for 20
        book               -> - | 4 @ 7
        A buy 10 @ 7 ioc   -> trade 4 @ 7 with o2; EXPIRED o4 IOC_REMAINDER; A USD 952 available    # the book ran out
        book               -> - | -
        "
    ));
}

#[test]
fn ioc_that_trades_all_is_filled() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 8 @ 9 ioc    -> trade 4 @ 5 with o1; trade 4 @ 7 with o2; FILLED o3; A USD 952 available; A BTC 8 available
        "
    ));
}

#[test]
fn ioc_without_any_fill_is_a_result_and_not_an_error() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 1 @ 4 ioc    -> EXPIRED o3 IOC_REMAINDER; A USD 1000 available
        B sell 1 @ 1 ioc   -> EXPIRED o4 IOC_REMAINDER; B BTC 92 available 8 frozen
        order o3           -> o3 buy 1 @ 4 ioc EXPIRED IOC_REMAINDER 0 for 0
        last               -> none
        "
    ));
}

#[test]
fn ioc_needs_its_whole_reservation() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 200 @ 6 ioc    -> 3010 INSUFFICIENT_BALANCE (needs 1200 USD, has 1000)
        B sell 93 @ 9 ioc    -> 3010 INSUFFICIENT_BALANCE (needs 93 BTC, has 92)
        A buy 200 @ 5 ioc    -> trade 4 @ 5 with o1; EXPIRED o3 IOC_REMAINDER    # refused ones used no id up
        "
    ));
}

#[test]
fn fok_trades_all_of_it_across_levels() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 8 @ 7 fok   -> trade 4 @ 5 with o1; trade 4 @ 7 with o2; FILLED o3; A USD 952 available; A BTC 8 available
        book              -> - | -
        "
    ));
}

#[test]
fn fok_that_the_book_can_not_fill_trades_nothing_and_touches_no_maker() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 9 @ 7 fok   -> EXPIRED o3 FOK_UNFILLABLE; A USD 1000 available
        order o3          -> o3 buy 9 @ 7 fok EXPIRED FOK_UNFILLABLE 0 for 0
        order o1          -> o1 sell 4 @ 5 NEW 0 for 0
        book              -> - | 4 @ 5, 4 @ 7
        last              -> none
        "
    ));
}

#[test]
fn fok_that_its_limit_does_not_let_fill_expires_untouched() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 5 @ 6 fok   -> EXPIRED o3 FOK_UNFILLABLE; A USD 1000 available
        A buy 1 @ 4 fok   -> EXPIRED o4 FOK_UNFILLABLE
        A buy 4 @ 6 fok   -> trade 4 @ 5 with o1; FILLED o5
        "
    ));
}

#[test]
fn fok_on_an_empty_side_expires() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund A BTC 9
        A buy 1 @ 5 fok               -> EXPIRED o1 FOK_UNFILLABLE
        A sell 1 @ market fok         -> EXPIRED o2 FOK_UNFILLABLE
        A buy for 5 USD @ market fok  -> EXPIRED o3 FOK_UNFILLABLE; A USD 100 available; A BTC 9 available
        ",
    );
}

#[test]
fn fok_counts_what_icebergs_hide() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund B BTC 100   fund C BTC 100
        B sell 10 @ 5 show 2   -> NEW o1
        C sell 1 @ 5           -> NEW o2
        book                   -> - | 3 @ 5 x2
        A buy 12 @ 5 fok       -> EXPIRED o3 FOK_UNFILLABLE
        A buy 11 @ 5 fok       -> trade 2 @ 5 with o1; trade 1 @ 5 with o2; trade 2 @ 5 with o1; trade 2 @ 5 with o1; trade 2 @ 5 with o1; trade 2 @ 5 with o1; FILLED o4
        book                   -> - | -
        ",
    );
}

#[test]
fn a_market_order_can_be_fok() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 9 @ market fok   -> EXPIRED o3 FOK_UNFILLABLE; A USD 1000 available
        A buy 5 @ market fok   -> trade 4 @ 5 with o1; trade 1 @ 7 with o2; FILLED o4; A USD 973 available
        order o4               -> o4 buy 5 @ market fok FILLED 5 for 27
        "
    ));
}

#[test]
fn a_market_order_by_quote_can_be_fok() {
    // 23 buy 4 lots at 5, and 3 do not make a lot at 7: sated. 49 are one more than both levels cost.
    play(&format!(
        "{TWO_LEVELS}
        A buy for 49 USD @ market fok   -> EXPIRED o3 FOK_UNFILLABLE; A USD 1000 available
        A buy for 23 USD @ market fok   -> trade 4 @ 5 with o1; FILLED o4; A USD 980 available
        A buy for 28 USD @ market fok   -> trade 4 @ 7 with o2; FILLED o5; A USD 952 available
        "
    ));
}

#[test]
fn a_fok_market_order_that_can_not_be_paid_is_refused() {
    // As far as the book reaches, whether that is enough or not: its walk is paid for before it is judged.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 30   fund B BTC 100
        B sell 10 @ 5
        A buy 7 @ market fok    -> 3010 INSUFFICIENT_BALANCE (needs 35 USD, has 30)
        A buy 11 @ market fok   -> 3010 INSUFFICIENT_BALANCE (needs 50 USD, has 30)
        A buy 6 @ market fok    -> trade 6 @ 5 with o1; FILLED o4; A USD 0 available
        ",
    );
}

#[test]
fn a_market_order_never_rests() {
    play(&format!(
        "{TWO_LEVELS}
        A buy 9 @ market   -> trade 4 @ 5 with o1; trade 4 @ 7 with o2; EXPIRED o3 INSUFFICIENT_LIQUIDITY
        orders A           -> none
        book               -> - | -
        "
    ));
}
