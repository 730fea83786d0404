//! Every code that the core itself can answer with, at least once, and that it changes nothing: the runner
//! compares every balance, open order, queue, name, timer, history and ledger before and after. (Codes of shape
//! and of combinations are the edge's: it lets nothing of the kind through.)

use crate::script::play;

#[test]
fn of_the_account() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund C USD 1
        A buy 5 @ 5
        Z buy 1 @ 1                  -> 3000 UNKNOWN_ACCOUNT
        B is SUSPENDED
        B sell 1 @ 1                 -> 3001 ACCOUNT_SUSPENDED
        B is CANCEL_ONLY
        B sell 1 @ 1                 -> 3003 PERMISSION_DENIED
        C withdraw USD 1
        C is CLOSED
        C buy 1 @ 1                  -> 3002 ACCOUNT_CLOSED
        C is ACTIVE                  -> 6006 BAD_STATUS_TRANSITION
        A is CLOSED                  -> 3011 HAS_OPEN_ORDERS
        A buy 99 @ 99                -> 3010 INSUFFICIENT_BALANCE
        A deposit USD 79_228_162_514_264_337_593_543_950_335    -> 3012 BALANCE_OVERFLOW
        A cancel o1
        A is CLOSED                  -> 3013 NON_ZERO_BALANCE
        A pays 0/2_000_000           -> 6007 INVALID_FEE
        A rate 0 0                   -> 1000 INVALID_REQUEST
        ",
    );
}

#[test]
fn of_the_symbol() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 price 2..50 quantity 2..50 notional 10..1000
        fund A USD 10_000   fund A BTC 100
        A buy 5 @ 5
        A buy 5 @ 5 on NOWHERE       -> 2000 UNKNOWN_SYMBOL
        A buy 5 @ 51                 -> 2011 PRICE_RANGE
        A buy 5 @ 1                  -> 2011 PRICE_RANGE
        A buy 51 @ 5                 -> 2021 QTY_RANGE
        A buy 1 @ 5                  -> 2021 QTY_RANGE
        A buy 51 @ market            -> 2021 QTY_RANGE
        A buy 3 @ 3                  -> 2030 NOTIONAL_RANGE
        A buy 50 @ 50                -> 2030 NOTIONAL_RANGE
        rules cap 10
        A buy 5 @ 11                 -> 2012 PRICE_BAND
        rules open 1
        A buy 5 @ 5                  -> 2050 TOO_MANY_OPEN_ORDERS
        rules open none position 100
        A buy 5 @ 5                  -> 2051 MAX_POSITION
        rules position none amends 0
        A amend o1 to 4              -> 2052 TOO_MANY_AMENDS
        rules status POST_ONLY
        A buy 5 @ 5                  -> 2003 SYMBOL_MODE_RESTRICTED
        rules status CANCEL_ONLY
        A buy 5 @ 5                  -> 2002 SYMBOL_CANCEL_ONLY
        rules status HALT
        A buy 5 @ 5                  -> 2001 SYMBOL_NOT_TRADING
        rules status CLOSED          -> 6003 SYMBOL_IN_USE
        remove BTC-USD               -> 6003 SYMBOL_IN_USE
        A cancel o1
        rules status CLOSED
        rules status TRADING         -> 6006 BAD_STATUS_TRANSITION
        ",
    );
}

#[test]
fn of_the_order() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 10_000   fund A BTC 100   fund B BTC 100
        A buy 5 @ 5 as mine
        A buy 5 @ 5 gtd 09:00                                  -> 1010 INVALID_EXPIRY
        A buy 5 @ 5 until 09:00                                -> 5002 STALE_REQUEST
        A buy 5 @ 5 as mine                                    -> 4003 DUPLICATE_CLIENT_ORDER_ID
        A sell 5 @ 5 post-only                                 -> 4010 POST_ONLY_WOULD_CROSS
        A sell 5 @ 5 stop 4                                    -> 4012 NO_REFERENCE_PRICE
        prints 7
        A sell 5 @ 5 stop 7                                    -> 4011 WOULD_TRIGGER_IMMEDIATELY
        A oco sell 5 @ 6 / stop 4                              -> 4013 OCO_BAD_PRICES
        A cancel o999                                          -> 4000 UNKNOWN_ORDER
        A cancel o1 if PARTIALLY_FILLED                        -> 4016 CANCEL_RESTRICTED
        A amend o1 to 5                                        -> 1015 NO_CHANGE
        A amend o1 by 5                                        -> 4014 QTY_BELOW_FILLED
        A sell 5 @ market stop 6                               -> PENDING_TRIGGER o10
        A amend o10 at 4                                       -> 4015 AMEND_NOT_ALLOWED
        A replace o999 with buy 1 @ 1                          -> not canceled: 4000 UNKNOWN_ORDER
        A replace o1 atomic with buy 9999 @ 9999               -> not canceled: 4021 REPLACE_FAILED; not placed: 3010 INSUFFICIENT_BALANCE
        A cancel o1
        A cancel o1                                            -> 4002 ORDER_ALREADY_CLOSED
        A amend o1 to 3                                        -> 4002 ORDER_ALREADY_CLOSED
        ",
    );
}

#[test]
fn of_the_request_id_and_the_rate() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 10_000
        A buy 5 @ 5 id 5000      -> NEW o1
        A buy 5 @ 4 id 5000      -> 5000 REQUEST_ID_CONFLICT
        A buy 5 @ 5 id 5         -> 5001 REQUEST_ID_TOO_OLD
        A rate 1 1
        A buy 5 @ 5              -> NEW o2
        A buy 5 @ 5              -> 5003 RATE_LIMITED
        ",
    );
}

#[test]
fn a_refusal_by_the_book_gives_everything_back_that_was_frozen_for_it() {
    // Frozen by the sequencer, refused by the matcher: every kind of it.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 10_000   fund A BTC 100   fund B BTC 100   fund B USD 1000
        B sell 5 @ 5000
        B buy 5 @ 3
        A buy 1 @ 5000 post-only               -> 4010 POST_ONLY_WOULD_CROSS
        A sell 1 @ 3 post-only                 -> 4010 POST_ONLY_WOULD_CROSS
        A buy for 4999 USD @ market            -> 2030 NOTIONAL_RANGE
        A sell for 2 USD @ market              -> 2030 NOTIONAL_RANGE
        A buy 3 @ market                       -> 3010 INSUFFICIENT_BALANCE (needs 15000 USD, has 10000)
        A buy 5 @ market stop 9 max 77         -> 4012 NO_REFERENCE_PRICE
        A oco sell 5 @ 9 / stop 2              -> 4012 NO_REFERENCE_PRICE
        check                                  -> A USD 10_000 available; A BTC 100 available
        A buy 2 @ market                       -> trade 2 @ 5000 with o1; FILLED o12; A USD 0 available
        ",
    );
}

#[test]
fn what_could_not_be_executed_when_its_trigger_comes_is_refused_at_placement() {
    // The edge refuses both; so does the core.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 10_000   fund A BTC 100
        prints 100
        A buy 1 @ market stop 105            -> 1001 MISSING_FIELD
        A sell for 10 USD @ market stop 95   -> 1009 UNSUPPORTED_COMBINATION
        ",
    );
}
