//! What an account may do in each of its statuses, and with each permission.

use crate::script::play;

const OPEN: &str = "
    symbol BTC-USD lot 1 tick 1
    fund A USD 1000   fund A BTC 100   fund B USD 1000   fund B BTC 100
    A buy 5 @ 3
    A hold USD 10
";

#[test]
fn an_account_begins_active() {
    play(&format!(
        "{OPEN}
        terms A     -> ACTIVE, may trade, may withdraw, 1 open
        terms Z     -> 3000 UNKNOWN_ACCOUNT
        "
    ));
}

#[test]
fn cancel_only_places_nothing() {
    play(&format!(
        "{OPEN}
        A is CANCEL_ONLY
        A buy 1 @ 4                      -> 3003 PERMISSION_DENIED
        A buy 1 @ market                 -> 3003 PERMISSION_DENIED
        A oco sell 1 @ 9 / stop 4        -> 3003 PERMISSION_DENIED
        A amend o1 to 3                  -> 3003 PERMISSION_DENIED
        A replace o1 with buy 1 @ 4      -> 3003 PERMISSION_DENIED
        A test buy 1 @ 4                 -> 3003 PERMISSION_DENIED
        A withdraw USD 1                 -> A USD 974 available 25 frozen 10 held
        A transfer USD 1 to B            -> B USD 1001 available
        A hold USD 1                     -> A USD 972 available 26 frozen 11 held
        A release USD 11
        fund A USD 1
        B transfer USD 1 to A            -> A USD 985 available 15 frozen
        A cancel o1                      -> CANCELED o1
        A cancel-all                     -> none
        "
    ));
}

#[test]
fn suspended_takes_nothing_out_either() {
    play(&format!(
        "{OPEN}
        A is SUSPENDED
        A buy 1 @ 4                      -> 3001 ACCOUNT_SUSPENDED
        A amend o1 to 3                  -> 3001 ACCOUNT_SUSPENDED
        A replace o1 with buy 1 @ 4      -> 3001 ACCOUNT_SUSPENDED
        A withdraw USD 1                 -> 3001 ACCOUNT_SUSPENDED
        A transfer USD 1 to B            -> 3001 ACCOUNT_SUSPENDED
        A hold USD 1                     -> 3001 ACCOUNT_SUSPENDED
        fund A USD 1
        B transfer USD 1 to A            -> A USD 977 available 25 frozen 10 held
        A cancel o1                      -> CANCELED o1
        A is ACTIVE
        A buy 1 @ 4                      -> NEW o2
        "
    ));
}

#[test]
fn resting_orders_of_a_suspended_account_trade_on() {
    play(&format!(
        "{OPEN}
        A is SUSPENDED
        B sell 5 @ 3                     -> trade 5 @ 3 with o1; FILLED o2
        "
    ));
}

#[test]
fn closing_needs_no_orders_and_no_money() {
    play(&format!(
        "{OPEN}
        A is CLOSED                      -> 3011 HAS_OPEN_ORDERS
        A cancel o1
        A is CLOSED                      -> 3013 NON_ZERO_BALANCE
        A withdraw USD 990
        A withdraw BTC 100
        A is CLOSED                      -> 3013 NON_ZERO_BALANCE    # 10 are held
        A release USD 10
        A withdraw USD 10
        A is CLOSED
        terms A                          -> CLOSED, may trade, may withdraw, 0 open
        "
    ));
}

#[test]
fn closed_does_nothing_for_ever() {
    play(&format!(
        "{OPEN}
        fund C USD 5
        C withdraw USD 5
        C is CLOSED
        C buy 1 @ 4                      -> 3002 ACCOUNT_CLOSED
        C cancel o1                      -> 3002 ACCOUNT_CLOSED
        C cancel-all                     -> 3002 ACCOUNT_CLOSED
        C cancel-all after 5s            -> 3002 ACCOUNT_CLOSED
        C amend o1 to 4                  -> 3002 ACCOUNT_CLOSED
        C replace o1 with buy 1 @ 4      -> 3002 ACCOUNT_CLOSED
        C withdraw USD 1                 -> 3002 ACCOUNT_CLOSED
        C hold USD 1                     -> 3002 ACCOUNT_CLOSED
        C release USD 1                  -> 3002 ACCOUNT_CLOSED
        C deposit USD 1                  -> 3002 ACCOUNT_CLOSED
        C transfer USD 1 to A            -> 3002 ACCOUNT_CLOSED
        A transfer USD 1 to C            -> 3002 ACCOUNT_CLOSED
        C collect                        -> 3002 ACCOUNT_CLOSED
        C is ACTIVE                      -> 6006 BAD_STATUS_TRANSITION
        C is SUSPENDED                   -> 6006 BAD_STATUS_TRANSITION
        check                            -> A USD 975 available 25 frozen 10 held
        "
    ));
}

#[test]
fn an_account_without_permission_to_trade_places_nothing() {
    play(&format!(
        "{OPEN}
        A may withdraw
        A buy 1 @ 4                      -> 3003 PERMISSION_DENIED
        A amend o1 to 3                  -> 3003 PERMISSION_DENIED
        A replace o1 with buy 1 @ 4      -> 3003 PERMISSION_DENIED
        A withdraw USD 1                 -> A USD 974 available 25 frozen 10 held
        A cancel o1                      -> CANCELED o1
        A may trade withdraw
        A buy 1 @ 4                      -> NEW o2
        "
    ));
}

#[test]
fn an_account_without_permission_to_withdraw_takes_nothing_out() {
    play(&format!(
        "{OPEN}
        A may trade
        A withdraw USD 1                 -> 3003 PERMISSION_DENIED
        A transfer USD 1 to B            -> 3003 PERMISSION_DENIED
        A hold USD 1                     -> 3003 PERMISSION_DENIED
        A release USD 10                 -> A USD 985 available 15 frozen
        A buy 1 @ 4                      -> NEW o2
        fund A USD 1
        "
    ));
}

#[test]
fn the_operator_changes_terms_of_accounts_that_exist() {
    play(&format!(
        "{OPEN}
        Z is SUSPENDED                   -> 3000 UNKNOWN_ACCOUNT
        Z group 7                        -> 3000 UNKNOWN_ACCOUNT
        A pays 0/1_000_001               -> 6007 INVALID_FEE
        A pays 1_000_001/0               -> 6007 INVALID_FEE
        A pays -1_000_001/0              -> 6007 INVALID_FEE
        A rate 0 5                       -> 1000 INVALID_REQUEST
        A rate 5 0                       -> 1000 INVALID_REQUEST
        A pays -5/10
        A pays 1/2 on BTC-USD
        A group 7
        A rate 5 9
        A may trade
        A is SUSPENDED
        terms A    -> SUSPENDED, may trade, group 7, pays -5/10, pays 1/2 on BTC-USD, rate 5 9, 1 open
        "
    ));
}
