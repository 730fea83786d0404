//! Testing an order: everything but the effect. (That nothing has changed, the runner asserts every time.)

use crate::script::play;

const BOTH_SIDES: &str = "
    symbol BTC-USD lot 1 tick 1 fees 0/10_000
    fund A USD 1000   fund A BTC 100   fund B USD 1000   fund B BTC 1000
    B sell 400 @ 5
    B buy 5 @ 3
";

#[test]
fn it_says_where_the_order_would_stand() {
    play(&format!(
        "{BOTH_SIDES}
        A test buy 10 @ 4               -> would be NEW (0 for 0, 40 reserved, fee 0)
        A test buy 150 @ 5              -> would be FILLED (150 for 750, 0 reserved, fee 2)
        A test buy 10 @ 9 ioc           -> would be FILLED (10 for 50, 0 reserved, fee 1)
        A test sell 8 @ 3               -> would be PARTIALLY_FILLED (5 for 15, 3 reserved, fee 1)
        A test sell 8 @ 3 ioc           -> would be EXPIRED IOC_REMAINDER (5 for 15, 0 reserved, fee 1)
        A test sell 8 @ 3 fok           -> would be EXPIRED FOK_UNFILLABLE (0 for 0, 0 reserved, fee 0)
        A test sell 8 @ market          -> would be EXPIRED INSUFFICIENT_LIQUIDITY (5 for 15, 0 reserved, fee 1)
        A test buy for 23 USD @ market  -> would be FILLED (4 for 20, 0 reserved, fee 1)
        A test buy 9 @ market max 12    -> would be EXPIRED BUDGET_EXHAUSTED (2 for 10, 0 reserved, fee 1)
        history A                       -> none
        A buy 1 @ 4                     -> NEW o3    # no id was used up
        "
    ));
}

#[test]
fn it_is_refused_like_the_order_would_be() {
    play(&format!(
        "{BOTH_SIDES}
        A test buy 1000 @ 4                 -> 3010 INSUFFICIENT_BALANCE (needs 4000 USD, has 1000)
        A test buy 1 @ 5 post-only          -> 4010 POST_ONLY_WOULD_CROSS
        A test sell 1 @ 2 stop 4            -> 4012 NO_REFERENCE_PRICE
        A test buy for 4 USD @ market       -> 2030 NOTIONAL_RANGE
        A test buy 300 @ market             -> 3010 INSUFFICIENT_BALANCE (needs 1500 USD, has 1000)
        Z test buy 1 @ 4                    -> 3000 UNKNOWN_ACCOUNT
        A test buy 1 @ 4 on NOWHERE         -> 2000 UNKNOWN_SYMBOL
        A buy 1 @ 1 as mine
        A test buy 1 @ 1 as mine            -> 4003 DUPLICATE_CLIENT_ORDER_ID
        rules open 1
        A test buy 1 @ 1                    -> 2050 TOO_MANY_OPEN_ORDERS (max 1)
        "
    ));
}

#[test]
fn a_conditional_order_would_wait() {
    play(&format!(
        "{BOTH_SIDES}
        prints 4
        A test sell 7 @ market stop 3              -> would be PENDING_TRIGGER (0 for 0, 7 reserved, fee 0)
        A test buy 7 @ market stop 6 max 50        -> would be PENDING_TRIGGER (0 for 0, 50 reserved, fee 0)
        A test buy 7 @ 8 stop 6                    -> would be PENDING_TRIGGER (0 for 0, 56 reserved, fee 0)
        A test sell 7 @ market stop 4              -> 4011 WOULD_TRIGGER_IMMEDIATELY
        "
    ));
}

#[test]
fn self_trade_prevention_is_foreseen() {
    play(&format!(
        "{BOTH_SIDES}
        A sell 5 @ 4                                -> NEW o3
        A test buy 9 @ 5                            -> would be EXPIRED STP (0 for 0, 0 reserved, fee 0)
        A test buy 9 @ 5 stp EXPIRE_MAKER           -> would be FILLED (9 for 45, 0 reserved, fee 1)
        order o3                                    -> o3 sell 5 @ 4 NEW 0 for 0
        "
    ));
}

#[test]
fn it_takes_no_tokens_of_the_rate() {
    play(&format!(
        "{BOTH_SIDES}
        A rate 1 1
        A test buy 1 @ 1         -> would be NEW
        A test buy 1 @ 1         -> would be NEW
        A buy 1 @ 1              -> NEW o3
        A test buy 1 @ 1         -> 5003 RATE_LIMITED
        "
    ));
}
