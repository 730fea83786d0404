//! Ledger entries: each change of a balance, why, and what it was after it.

use crate::script::play;

#[test]
fn deposits_and_withdrawals() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund A BTC 5
        A withdraw USD 30
        ledger A USD    -> WITHDRAWAL USD -30 0 = 70/0; DEPOSIT USD +100 0 = 100/0
        ledger A        -> WITHDRAWAL USD -30 0 = 70/0; DEPOSIT BTC +5 0 = 5/0; DEPOSIT USD +100 0 = 100/0
        ",
    );
}

#[test]
fn holds_and_releases() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100
        A hold USD 30
        A release USD 10
        ledger A        -> RELEASE USD +10 -10 = 80/20; HOLD USD -30 +30 = 70/30; DEPOSIT USD +100 0 = 100/0
        ",
    );
}

#[test]
fn transfers() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B USD 5
        A transfer USD 30 to B
        ledger A        -> TRANSFER_OUT USD -30 0 = 70/0; DEPOSIT USD +100 0 = 100/0
        ledger B        -> TRANSFER_IN USD +30 0 = 35/0; DEPOSIT USD +5 0 = 5/0
        ",
    );
}

#[test]
fn an_order_freezes_trades_pays_and_unfreezes() {
    // A: 100 lots at 5 with 1 %: 500 frozen, 60 of the lots for 240 at 4, a fee of 1 BTC, 60 come back.
    play(
        "
        symbol BTC-USD lot 1 tick 1 fees 0/10_000
        fund A USD 1000   fund B BTC 100
        B sell 60 @ 4
        A buy 100 @ 5    -> trade 60 @ 4 with o1 (fees 1 BTC, 0 USD); PARTIALLY_FILLED o2
        ledger A         -> UNFREEZE o2 USD +60 -60 = 560/200; FEE o2 BTC -1 0 = 59/0; TRADE o2 BTC +60 0 = 60/0; TRADE o2 USD 0 -240 = 500/260; FREEZE o2 USD -500 +500 = 500/500; DEPOSIT USD +1000 0 = 1000/0
        ledger B         -> TRADE o1 USD +240 0 = 240/0; TRADE o1 BTC 0 -60 = 40/0; FREEZE o1 BTC -60 +60 = 40/60; DEPOSIT BTC +100 0 = 100/0
        A cancel o2
        ledger A USD     -> UNFREEZE o2 USD +200 -200 = 760/0; UNFREEZE o2 USD +60 -60 = 560/200; TRADE o2 USD 0 -240 = 500/260; FREEZE o2 USD -500 +500 = 500/500; DEPOSIT USD +1000 0 = 1000/0
        ",
    );
}

#[test]
fn a_fee_on_top_comes_out_of_what_is_frozen() {
    // 1,000 and 1 %: 1,010 frozen, all of it used.
    play(
        "
        symbol BTC-USD lot 1 tick 1 mode quote fees 0/10_000
        fund A USD 2000   fund B BTC 200
        B sell 200 @ 5
        A buy 200 @ 5    -> trade 200 @ 5 with o1 (fees 10 USD, 0 USD); FILLED o2
        ledger A USD     -> FEE o2 USD 0 -10 = 990/0; TRADE o2 USD 0 -1000 = 990/10; FREEZE o2 USD -1010 +1010 = 990/1010; DEPOSIT USD +2000 0 = 2000/0
        ",
    );
}

#[test]
fn a_rebate_is_a_fee_that_comes() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 fees -10_000/10_000
        fund A USD 2000   fund B BTC 200
        B sell 200 @ 5
        A buy 200 @ 5    -> trade 200 @ 5 with o1 (fees 2 BTC, -10 USD); FILLED o2
        ledger B USD     -> FEE o1 USD +10 0 = 1010/0; TRADE o1 USD +1000 0 = 1000/0
        ",
    );
}

#[test]
fn collected_fees() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 fees 0/10_000
        fund A USD 2000   fund B BTC 200   fund H USD 1
        B sell 200 @ 5
        A buy 200 @ 5    -> trade 200 @ 5 with o1; FILLED o2
        H collect        -> collected 2 BTC
        ledger H         -> FEES_COLLECTED BTC +2 0 = 2/0; DEPOSIT USD +1 0 = 1/0
        ",
    );
}

#[test]
fn what_is_refused_leaves_no_entry() {
    // The runner compares the last ten entries of everybody for every refusal; here is one of the book's.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 1 @ 5
        A buy 1 @ 5 post-only     -> 4010 POST_ONLY_WOULD_CROSS
        A buy for 4 USD @ market  -> 2030 NOTIONAL_RANGE
        ledger A                  -> DEPOSIT USD +100 0 = 100/0
        ",
    );
}

#[test]
fn an_immediate_order_freezes_for_the_length_of_its_command() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 4 @ 5
        A buy 4 @ market    -> trade 4 @ 5 with o1; FILLED o2
        ledger A USD        -> UNFREEZE o2 USD +80 -80 = 80/0; TRADE o2 USD 0 -20 = 0/80; FREEZE o2 USD -100 +100 = 0/100; DEPOSIT USD +100 0 = 100/0
        ",
    );
}

#[test]
fn an_amend_freezes_and_unfreezes_the_difference() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100
        A buy 4 @ 5
        A amend o1 at 6
        A amend o1 to 3
        ledger A            -> UNFREEZE o1 USD +6 -6 = 82/18; FREEZE o1 USD -4 +4 = 76/24; FREEZE o1 USD -20 +20 = 80/20; DEPOSIT USD +100 0 = 100/0
        ",
    );
}

#[test]
fn only_the_most_recent_entries_are_remembered() {
    play(
        "
        limits entries 2
        symbol BTC-USD lot 1 tick 1
        fund A USD 1   fund A USD 2   fund A USD 3
        ledger A            -> DEPOSIT USD +3 0 = 6/0; DEPOSIT USD +2 0 = 3/0
        ",
    );
}

#[test]
fn they_can_be_turned_off() {
    play(
        "
        limits entries 0
        symbol BTC-USD lot 1 tick 1
        fund A USD 1
        ledger A            -> nothing
        ",
    );
}
