//! An order with several faults is refused for the first of them, always the same one (edge case 18):
//! time, symbol and its status, account, rate, name, expiry, range and notional, band, limits, position,
//! post-only or trigger, one lot, funds.

use crate::script::play;

/// Each script below cures one fault after the other of an order that has them all.
#[test]
fn a_limit_order_from_the_first_fault_to_the_last() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 quantity 1..1000 price 1..5000 status HALT
        fund A USD 1000   fund B USD 1_000_000   fund B BTC 100
        Z buy 9999 @ 9999 post-only as mine gtd 09:00 until 09:00              -> 5002 STALE_REQUEST
        Z buy 9999 @ 9999 post-only as mine gtd 09:00 on NOWHERE               -> 2000 UNKNOWN_SYMBOL
        Z buy 9999 @ 9999 post-only as mine gtd 09:00                          -> 2001 SYMBOL_NOT_TRADING
        rules status CANCEL_ONLY
        Z buy 9999 @ 9999 post-only as mine gtd 09:00                          -> 2002 SYMBOL_CANCEL_ONLY
        rules status TRADING
        Z buy 9999 @ 9999 post-only as mine gtd 09:00                          -> 3000 UNKNOWN_ACCOUNT
        A buy 1 @ 1 as mine                                                    -> NEW o1
        A rate 1 1
        A is SUSPENDED
        A buy 9999 @ 9999 post-only as mine gtd 09:00                          -> 3001 ACCOUNT_SUSPENDED
        A is CANCEL_ONLY
        A buy 9999 @ 9999 post-only as mine gtd 09:00                          -> 3003 PERMISSION_DENIED
        A is ACTIVE
        A sell 1 @ 1 ioc                                                       -> 3010 INSUFFICIENT_BALANCE    # takes the only token
        A buy 9999 @ 9999 post-only as mine gtd 09:00                          -> 5003 RATE_LIMITED
        A rate none
        A buy 9999 @ 9999 post-only as mine gtd 09:00                          -> 4003 DUPLICATE_CLIENT_ORDER_ID
        A buy 9999 @ 9999 post-only gtd 09:00                                  -> 1010 INVALID_EXPIRY
        A buy 9999 @ 9999 post-only                                            -> 2011 PRICE_RANGE
        A buy 9999 @ 4000 post-only                                            -> 2021 QTY_RANGE
        rules notional 0..3_000_000 cap 3000 open 1 position 500
        B sell 1 @ 2000                                                        -> NEW o2
        A buy 1000 @ 4000 post-only                                            -> 2030 NOTIONAL_RANGE
        A buy 600 @ 4000 post-only                                             -> 2012 PRICE_BAND
        A buy 600 @ 3000 post-only                                             -> 2050 TOO_MANY_OPEN_ORDERS
        rules open none
        A buy 600 @ 3000 post-only                                             -> 2051 MAX_POSITION
        A buy 400 @ 3000 post-only                                             -> 4010 POST_ONLY_WOULD_CROSS
        A buy 400 @ 1000 post-only                                             -> 3010 INSUFFICIENT_BALANCE
        A buy 1 @ 900 post-only                                                -> NEW o8
        ",
    );
}

#[test]
fn a_conditional_order_from_band_to_funds() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 cap 500 open 1 conditional 0 position 20
        fund A USD 1000   fund B BTC 100
        A buy 1 @ 1
        A buy 100 @ 600 stop 50       -> 2012 PRICE_BAND
        A buy 100 @ 400 stop 50       -> 2050 TOO_MANY_OPEN_ORDERS (max 1)
        rules open none
        A buy 100 @ 400 stop 50       -> 2050 TOO_MANY_OPEN_ORDERS (max 0)
        rules conditional none
        A buy 100 @ 400 stop 50       -> 2051 MAX_POSITION
        A buy 10 @ 400 stop 50        -> 4012 NO_REFERENCE_PRICE
        prints 100
        A buy 10 @ 400 stop 50        -> 4011 WOULD_TRIGGER_IMMEDIATELY
        A buy 10 @ 400 stop 150       -> 3010 INSUFFICIENT_BALANCE
        A buy 1 @ 400 stop 150        -> PENDING_TRIGGER o11
        ",
    );
}

#[test]
fn a_market_order_by_quote_is_too_small_before_it_is_too_dear() {
    // 2030 before 3010.
    play(
        "
        symbol BTC-USD lot 1 tick 1 position 5
        fund A USD 3   fund B BTC 100
        B sell 50 @ 10
        A buy for 9 USD @ market      -> 2030 NOTIONAL_RANGE
        A buy for 99 USD @ market     -> 2051 MAX_POSITION
        A buy for 10 USD @ market     -> 3010 INSUFFICIENT_BALANCE (needs 10 USD, has 3)
        ",
    );
}

#[test]
fn a_status_that_restricts_comes_before_the_account() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 status POST_ONLY
        Z buy 1 @ 1                   -> 2003 SYMBOL_MODE_RESTRICTED
        Z buy 1 @ 1 post-only         -> 3000 UNKNOWN_ACCOUNT
        rules status LIMIT_ONLY
        Z buy 1 @ market              -> 2003 SYMBOL_MODE_RESTRICTED
        Z buy 1 @ 1                   -> 3000 UNKNOWN_ACCOUNT
        ",
    );
}

#[test]
fn an_oco_from_name_to_funds() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 price 10..400 cap 300 open 1 lists 0
        fund A USD 1000   fund A BTC 1   fund B USD 1000   fund B BTC 100
        B sell 1 @ 90
        B cancel o1
        A oco sell 5 @ 500 as x / stop 200 as x     -> 4003 DUPLICATE_CLIENT_ORDER_ID
        A oco sell 5 @ 500 / stop 200               -> 2011 PRICE_RANGE
        A oco sell 5 @ 400 / stop 200               -> 2012 PRICE_BAND
        A oco sell 5 @ 50 / stop 200                -> 2050 TOO_MANY_OPEN_ORDERS (max 1)
        rules open none
        A oco sell 5 @ 50 post-only / stop 200      -> 2050 TOO_MANY_OPEN_ORDERS (max 0)
        rules lists none
        B buy 1 @ 60                                -> NEW o11
        A oco sell 5 @ 50 post-only / stop 200      -> 4010 POST_ONLY_WOULD_CROSS
        A oco sell 5 @ 70 post-only / stop 200      -> 4012 NO_REFERENCE_PRICE
        prints 100
        A oco sell 5 @ 70 post-only / stop 200      -> 4013 OCO_BAD_PRICES
        A oco sell 5 @ 120 post-only / stop 80      -> 3010 INSUFFICIENT_BALANCE
        A oco sell 1 @ 120 post-only / stop 80      -> NEW o27; PENDING_TRIGGER o28
        ",
    );
}

#[test]
fn an_amend_from_the_symbol_to_funds() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 price 1..500 quantity 1..100 cap 400 amends 1
        fund A USD 100   fund B BTC 100   fund B USD 100
        A buy 10 @ 5 post-only                -> NEW o1
        B sell 10 @ 300                       -> NEW o2
        rules status HALT
        Z amend o9 to 999 at 999              -> 2001 SYMBOL_NOT_TRADING
        rules status TRADING
        Z amend o9 to 999 at 999              -> 3000 UNKNOWN_ACCOUNT
        A may withdraw
        A amend o9 to 999 at 999              -> 3003 PERMISSION_DENIED
        A may trade withdraw
        A amend o9 to 999 at 999              -> 4000 UNKNOWN_ORDER
        A amend o1 to 9                       -> AMENDED o1 NEW
        A amend o1 to 999 at 999              -> 2052 TOO_MANY_AMENDS
        rules amends none
        A amend o1 to 999 at 999              -> 2011 PRICE_RANGE
        A amend o1 to 999 at 450              -> 2021 QTY_RANGE
        A amend o1 at 5                       -> 1015 NO_CHANGE
        B buy 0001 @ 1                        -> NEW o3
        B sell 5 @ 5                          -> trade 5 @ 5 with o1; FILLED o4
        A amend o1 to 5 at 450                -> 4014 QTY_BELOW_FILLED
        A amend o1 to 90 at 450               -> 2012 PRICE_BAND
        A amend o1 to 90 at 300               -> 4010 POST_ONLY_WOULD_CROSS
        A amend o1 to 90 at 200               -> 3010 INSUFFICIENT_BALANCE
        A amend o1 to 15 at 6                 -> AMENDED o1 PARTIALLY_FILLED
        ",
    );
}
