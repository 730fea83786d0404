//! Fees: what is paid in which asset, how it rounds, and where it goes. Rates are maker/taker, in millionths.

use crate::script::play;

/// Out of what each side receives: makers 0.1 %, takers 0.2 %.
const RECEIVED: &str = "
    symbol BTC-USD lot 1 tick 1 fees 1_000/2_000
    fund A USD 100_000   fund A BTC 10_000   fund B USD 100_000   fund B BTC 10_000
";

/// Both in quote: makers 0.1 %, takers 0.2 %.
const QUOTE: &str = "
    symbol BTC-USD lot 1 tick 1 mode quote fees 1_000/2_000
    fund A USD 100_000   fund A BTC 10_000   fund B USD 100_000   fund B BTC 10_000
";

#[test]
fn each_side_pays_out_of_what_it_receives() {
    // A receives 1,000 BTC and pays 2; B receives 5,000 USD and pays 5.
    play(&format!(
        "{RECEIVED}
        B sell 1000 @ 5    -> NEW o1
        A buy 1000 @ 5     -> trade 1000 @ 5 with o1 (fees 2 BTC, 5 USD); FILLED o2
        check              -> A USD 95_000 available; A BTC 10_998 available; B USD 104_995 available; B BTC 9_000 available; accrued BTC 2; accrued USD 5
        order o1           -> o1 sell 1000 @ 5 FILLED 1000 for 5000, fee 5
        order o2           -> o2 buy 1000 @ 5 FILLED 1000 for 5000, fee 2
        "
    ));
}

#[test]
fn a_selling_taker_pays_quote_and_its_maker_base() {
    // 5,000 x 0.2 % = 10 USD; 1,000 x 0.1 % = 1 BTC.
    play(&format!(
        "{RECEIVED}
        A buy 1000 @ 5     -> NEW o1; A USD 95_000 available 5_000 frozen
        B sell 1000 @ 5    -> trade 1000 @ 5 with o1 (fees 10 USD, 1 BTC); FILLED o2; A BTC 10_999 available; B USD 104_990 available
        "
    ));
}

#[test]
fn fees_round_up_per_fill() {
    // 0.2 % of 1 lot is 1, of 501 lots 1.002, so 2; the makers' 0.1 % of 3 and of 1,503 are 1 and 2.
    play(&format!(
        "{RECEIVED}
        B sell 1 @ 3      -> NEW o1
        B sell 501 @ 3    -> NEW o2
        A buy 502 @ 3     -> trade 1 @ 3 with o1 (fees 1 BTC, 1 USD); trade 501 @ 3 with o2 (fees 2 BTC, 2 USD); FILLED o3
        check             -> A BTC 10_499 available; accrued BTC 3; accrued USD 3
        "
    ));
}

#[test]
fn a_fee_is_at_most_what_was_received() {
    // Edge case 3: the fee of one lot is rounded up to all of it.
    play(&format!(
        "{RECEIVED}
        B sell 1 @ 1      -> NEW o1
        A buy 1 @ 1       -> trade 1 @ 1 with o1 (fees 1 BTC, 1 USD); FILLED o2
        check             -> A BTC 10_000 available; B USD 100_000 available; accrued BTC 1; accrued USD 1
        "
    ));
    play(
        "
        symbol BTC-USD lot 1 tick 1 fees 1_000_000/1_000_000
        fund A USD 1000   fund B BTC 1000
        B sell 7 @ 3      -> NEW o1
        A buy 7 @ 3       -> trade 7 @ 3 with o1 (fees 7 BTC, 21 USD); FILLED o2; A USD 979 available; B BTC 993 available
        ",
    );
}

#[test]
fn a_zero_rate_costs_nothing() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 fees 0/0
        fund A USD 1000   fund B BTC 1000
        B sell 7 @ 3      -> NEW o1
        A buy 7 @ 3       -> trade 7 @ 3 with o1; FILLED o2; A BTC 7 available; B USD 21 available; accrued BTC 0
        ",
    );
}

#[test]
fn a_rebate_rounds_down() {
    // The maker gets 0.1 % of 1,999 USD: 1.999, so 1. The taker pays 0.2 % of 1,999 BTC: 3.998, so 4.
    play(
        "
        symbol BTC-USD lot 1 tick 1 fees -1_000/2_000
        fund A USD 10_000   fund B BTC 10_000
        B sell 1999 @ 1   -> NEW o1
        A buy 1999 @ 1    -> trade 1999 @ 1 with o1 (fees 4 BTC, -1 USD); FILLED o2
        check             -> A BTC 1_995 available; B USD 2_000 available; accrued BTC 4; accrued USD -1
        order o1          -> o1 sell 1999 @ 1 FILLED 1999 for 1999, fee -1
        ",
    );
}

#[test]
fn a_rebate_is_cut_to_the_takers_rate_unless_the_symbol_allows_more() {
    // The taker's own rate is 0.05 %: the maker's rebate of 0.1 % of 10,000 is cut from 10 to 5.
    play(
        "
        symbol BTC-USD lot 1 tick 1 fees -1_000/2_000
        fund A USD 100_000   fund B BTC 100_000
        B sell 20000 @ 1               -> NEW o1
        A buy 10000 @ 1 fees 0/500     -> trade 10000 @ 1 with o1 (fees 5 BTC, -5 USD); FILLED o2
        rules net-rebate yes
        A buy 10000 @ 1 fees 0/500     -> trade 10000 @ 1 with o1 (fees 5 BTC, -10 USD); FILLED o3
        check                          -> accrued BTC 10; accrued USD -15
        ",
    );
}

#[test]
fn in_quote_mode_a_buyer_pays_on_top_and_a_seller_out_of_the_proceeds() {
    // 5,000 USD: the buying taker pays 10 on top, the selling maker 5 of them.
    play(&format!(
        "{QUOTE}
        B sell 1000 @ 5    -> NEW o1; B BTC 9_000 available 1_000 frozen
        A buy 1000 @ 5     -> trade 1000 @ 5 with o1 (fees 10 USD, 5 USD); FILLED o2
        check              -> A USD 94_990 available; A BTC 11_000 available; B USD 104_995 available; accrued USD 15; accrued BTC 0
        "
    ));
}

#[test]
fn in_quote_mode_a_limit_buy_reserves_the_dearer_of_its_fees() {
    // 5,000 and 0.2 %, though as a maker it pays 0.1 %: 5 of the 10 come back when it is filled.
    play(&format!(
        "{QUOTE}
        A buy 1000 @ 5     -> NEW o1; A USD 94_990 available 5_010 frozen
        B sell 1000 @ 5    -> trade 1000 @ 5 with o1 (fees 10 USD, 5 USD); FILLED o2; A USD 94_995 available; B USD 104_990 available
        "
    ));
}

#[test]
fn in_quote_mode_a_partly_filled_buy_keeps_the_cushion_of_its_rest() {
    // Of 5,010: 400 lots cost 2,000 and a fee of 2; the other 600 need 3,000 and 6. 2 come back.
    play(&format!(
        "{QUOTE}
        A buy 1000 @ 5     -> NEW o1; A USD 94_990 available 5_010 frozen
        B sell 400 @ 5     -> trade 400 @ 5 with o1 (fees 4 USD, 2 USD); FILLED o2; A USD 94_992 available 3_006 frozen
        A cancel o1        -> CANCELED o1 (600 left, 3006 USD back); A USD 97_998 available
        "
    ));
}

#[test]
fn in_quote_mode_many_small_fills_never_eat_into_the_rest() {
    // 3 lots at 5 with 15 %: 15 and 2.25, so 18. Fills of one lot: 0.75 is rounded up to 1, which leaves 10 and 1.5,
    // so 12, of the 12 that are left; then 5 and 0.75, so 6: of the 12 - 5 - 6 one more; the last one 1 of 1.
    play(
        "
        symbol BTC-USD lot 1 tick 1 mode quote fees 150_000/150_000
        fund A USD 18   fund B BTC 10
        A buy 3 @ 5        -> NEW o1; A USD 0 available 18 frozen
        B sell 1 @ 5       -> trade 1 @ 5 with o1 (fees 1 USD, 1 USD); FILLED o2; A USD 0 available 12 frozen
        B sell 1 @ 5       -> trade 1 @ 5 with o1 (fees 1 USD, 1 USD); FILLED o3; A USD 0 available 6 frozen
        B sell 1 @ 5       -> trade 1 @ 5 with o1 (fees 1 USD, 1 USD); FILLED o4; A USD 0 available
        ",
    );
}

#[test]
fn in_quote_mode_a_fill_that_the_cushion_does_not_cover_pays_an_atom_less() {
    // 3 lots at 1 with 34 %: 3 and 1.02, so 5. One lot: ceil(0.34) = 1 of 5 - 1 - (2 + 0.68, so 3) = 1. Then 1 of
    // 3 - 1 - (1 + 0.34, so 2) = 0: nothing. Then 1 of 2 - 1 - 0 = 1.
    play(
        "
        symbol BTC-USD lot 1 tick 1 mode quote fees 340_000/340_000
        fund A USD 5   fund B BTC 10
        A buy 3 @ 1        -> NEW o1; A USD 0 available 5 frozen
        B sell 1 @ 1       -> trade 1 @ 1 with o1 (fees 1 USD, 1 USD); FILLED o2; A USD 0 available 3 frozen
        B sell 1 @ 1       -> trade 1 @ 1 with o1 (fees 1 USD, 0 USD); FILLED o3; A USD 0 available 2 frozen
        B sell 1 @ 1       -> trade 1 @ 1 with o1 (fees 1 USD, 1 USD); FILLED o4; A USD 0 available
        order o1           -> o1 buy 3 @ 1 FILLED 3 for 3, fee 2
        ",
    );
}

#[test]
fn in_quote_mode_an_ioc_limit_is_no_different() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 mode quote fees 0/340_000
        fund A USD 5   fund B BTC 10
        B sell 1 @ 1 times 3
        A buy 3 @ 1 ioc    -> trade 1 @ 1 with o1 (fees 1 USD, 0 USD); trade 1 @ 1 with o2; trade 1 @ 1 with o3 (fees 1 USD, 0 USD); FILLED o4; A USD 0 available
        ",
    );
}

#[test]
fn in_quote_mode_price_improvement_comes_back_with_its_fee() {
    // 10,020 are reserved at 10; 5,000 and 10 are paid.
    play(&format!(
        "{QUOTE}
        B sell 1000 @ 5
        A buy 1000 @ 10    -> trade 1000 @ 5 with o1 (fees 10 USD, 5 USD); FILLED o2; A USD 94_990 available
        "
    ));
}

#[test]
fn in_quote_mode_a_market_buy_by_quantity_must_be_able_to_pay_its_fee() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 mode quote fees 0/2_000
        fund A USD 5_009   fund B BTC 10_000
        B sell 1000 @ 5          -> NEW o1
        A buy 1000 @ market      -> 3010 INSUFFICIENT_BALANCE (needs 5010 USD, has 5009)
        fund A USD 1
        A buy 1000 @ market      -> trade 1000 @ 5 with o1 (fees 10 USD, 0 USD); FILLED o3; A USD 0 available
        ",
    );
}

#[test]
fn in_quote_mode_a_budget_includes_the_fee() {
    // A lot costs 5.01: 999 of them 5,004.99, a thousandth 5,010.
    play(&format!(
        "{QUOTE}
        B sell 2000 @ 5
        A buy 2000 @ market max 5_009     -> trade 999 @ 5 with o1 (fees 10 USD, 5 USD); EXPIRED o2 BUDGET_EXHAUSTED; A USD 94_995 available
        A buy 1000 @ market max 5_010     -> trade 1000 @ 5 with o1 (fees 10 USD, 5 USD); FILLED o3; A USD 89_985 available
        "
    ));
}

#[test]
fn in_quote_mode_a_buy_by_quote_pays_its_fee_out_of_the_amount() {
    play(&format!(
        "{QUOTE}
        B sell 2000 @ 5
        A buy for 5_010 USD @ market     -> trade 1000 @ 5 with o1 (fees 10 USD, 5 USD); FILLED o2; A USD 94_990 available
        A buy for 5_009 USD @ market     -> trade 999 @ 5 with o1 (fees 10 USD, 5 USD); FILLED o3; A USD 89_985 available
        "
    ));
}

#[test]
fn in_quote_mode_an_amount_below_a_lot_and_its_fee_is_too_small() {
    play(&format!(
        "{QUOTE}
        B sell 2000 @ 500
        A buy for 500 USD @ market     -> 2030 NOTIONAL_RANGE
        A buy for 501 USD @ market     -> trade 1 @ 500 with o1 (fees 1 USD, 1 USD); FILLED o3; A USD 99_499 available
        "
    ));
}

#[test]
fn in_quote_mode_a_sell_by_quote_counts_gross_proceeds() {
    // 1,000 lots at 5 are 5,000, of which 10 are the fee.
    play(&format!(
        "{QUOTE}
        A buy 2000 @ 5
        B sell for 5_000 USD @ market     -> trade 1000 @ 5 with o1 (fees 10 USD, 5 USD); FILLED o2; B USD 104_990 available; B BTC 9_000 available
        "
    ));
}

#[test]
fn in_quote_mode_a_buying_maker_gets_its_rebate_in_quote() {
    // 0.1 % of 5,000: 5 USD, on top of a cushion of 10 that comes back.
    play(
        "
        symbol BTC-USD lot 1 tick 1 mode quote fees -1_000/2_000
        fund A USD 100_000   fund B BTC 10_000
        A buy 1000 @ 5     -> NEW o1; A USD 94_990 available 5_010 frozen
        B sell 1000 @ 5    -> trade 1000 @ 5 with o1 (fees 10 USD, -5 USD); FILLED o2; A USD 95_005 available; B USD 4_990 available; accrued USD 5
        ",
    );
}

#[test]
fn the_orders_own_rates_come_before_the_accounts_and_those_before_the_symbols() {
    // 0.2 % of the symbol's, 0.3 % of the account's, 0.4 % of the account's on this symbol, 0.5 % of the order's.
    play(&format!(
        "{RECEIVED}
        B sell 9000 @ 5
        A buy 1000 @ 5                  -> trade 1000 @ 5 with o1 (fees 2 BTC, 5 USD); FILLED o2
        A pays 0/3_000
        A buy 1000 @ 5                  -> trade 1000 @ 5 with o1 (fees 3 BTC, 5 USD); FILLED o3
        A pays 0/4_000 on BTC-USD
        A buy 1000 @ 5                  -> trade 1000 @ 5 with o1 (fees 4 BTC, 5 USD); FILLED o4
        A buy 1000 @ 5 fees 0/5_000     -> trade 1000 @ 5 with o1 (fees 5 BTC, 5 USD); FILLED o5
        A pays default on BTC-USD
        A buy 1000 @ 5                  -> trade 1000 @ 5 with o1 (fees 3 BTC, 5 USD); FILLED o6
        A pays default
        A buy 1000 @ 5                  -> trade 1000 @ 5 with o1 (fees 2 BTC, 5 USD); FILLED o7
        "
    ));
}

#[test]
fn rates_are_fixed_at_acceptance() {
    play(&format!(
        "{RECEIVED}
        prints 5
        A sell 1000 @ 3 stop 4          -> PENDING_TRIGGER o3
        B buy 2000 @ 3                  -> NEW o4
        rules fees 100_000/200_000
        B pays 500_000/500_000
        prints 4                        -> trade 1000 @ 3 with o4 by o3 (fees 6 USD, 1 BTC); FILLED o3
        A sell 1000 @ 3                 -> trade 1000 @ 3 with o4 (fees 600 USD, 1 BTC); FILLED o7
        "
    ));
}

#[test]
fn two_fees_are_paid_where_an_account_trades_with_itself() {
    play(&format!(
        "{RECEIVED}
        A sell 1000 @ 5                 -> NEW o1
        A buy 1000 @ 5 stp NONE         -> trade 1000 @ 5 with o1 (fees 2 BTC, 5 USD); FILLED o2; A USD 99_995 available; A BTC 9_998 available
        "
    ));
}

#[test]
fn collected_fees_go_to_an_account() {
    play(&format!(
        "{RECEIVED}
        fund H USD 1
        B sell 1000 @ 5
        A buy 1000 @ 5                  -> trade 1000 @ 5 with o1 (fees 2 BTC, 5 USD); FILLED o2; accrued BTC 2; accrued USD 5
        H collect                       -> collected 2 BTC; collected 5 USD; H BTC 2 available; H USD 6 available; accrued BTC 0; accrued USD 0
        H collect                       -> no fees
        Z collect                       -> 3000 UNKNOWN_ACCOUNT
        H collect on NOWHERE            -> 2000 UNKNOWN_SYMBOL
        "
    ));
}

#[test]
fn what_is_owed_is_not_collected() {
    // The house owes 5 USD in rebates: only what is positive moves.
    play(
        "
        symbol BTC-USD lot 1 tick 1 fees -1_000/2_000
        fund A USD 10_000   fund B BTC 10_000   fund H USD 1
        B sell 1000 @ 5
        A buy 1000 @ 5                  -> trade 1000 @ 5 with o1 (fees 2 BTC, -5 USD); FILLED o2
        H collect                       -> collected 2 BTC; accrued USD -5; accrued BTC 0; H USD 1 available
        ",
    );
}

#[test]
fn fees_accrue_by_symbol() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 fees 0/10_000
        symbol ETH-USD lot 1 tick 1 fees 0/20_000
        fund A USD 10_000   fund B BTC 1_000   fund B ETH 1_000   fund A BTC 1_000
        B sell 100 @ 5
        B sell 100 @ 5 on ETH-USD
        A buy 100 @ 5                   -> trade 100 @ 5 with o1 (fees 1 BTC, 0 USD); FILLED o3
        A buy 100 @ 5 on ETH-USD        -> trade 100 @ 5 with o2 (fees 2 ETH, 0 USD); FILLED o4
        B collect on ETH-USD            -> collected 2 ETH; accrued BTC 1; accrued ETH 0
        ",
    );
}

#[test]
fn a_symbol_goes_only_when_its_fees_are_collected() {
    play(&format!(
        "{RECEIVED}
        B sell 1000 @ 5
        A buy 1000 @ 5                  -> trade 1000 @ 5 with o1 (fees 2 BTC, 5 USD); FILLED o2
        remove BTC-USD                  -> 6003 SYMBOL_IN_USE
        remove BTC-USD force            -> 6003 SYMBOL_IN_USE    # nobody could collect them afterwards
        A collect                       -> collected 2 BTC; collected 5 USD; A BTC 11_000 available; A USD 95_005 available
        remove BTC-USD                  -> nothing
        "
    ));
}

#[test]
fn lots_of_many_atoms_pay_in_atoms() {
    // 1,000 atoms a lot: 3 lots are 3,000 BTC atoms, 0.2 % of which are 6; 3 x 7 x 10 = 210 USD, 0.1 % of it 1.
    play(
        "
        symbol BTC-USD lot 1000 tick 10 fees 1_000/2_000
        fund A USD 10_000   fund B BTC 10_000
        B sell 3 @ 7
        A buy 3 @ 7        -> trade 3 @ 7 with o1 (fees 6 BTC, 1 USD); FILLED o2; A BTC 2_994 available; B USD 209 available
        ",
    );
}
