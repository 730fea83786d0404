//! Closed orders: the last closed first, so many, page by page.

use crate::script::play;

const FOUR_CLOSED: &str = "
    symbol BTC-USD lot 1 tick 1
    symbol ETH-USD lot 1 tick 1
    fund A USD 1000   fund A BTC 100   fund B USD 1000   fund B BTC 100
    A buy 1 @ 4
    A buy 2 @ 3 on ETH-USD
    A buy 3 @ 2
    A buy 4 @ 1
    A cancel o3
    A cancel o2
    B sell 1 @ 4
    A buy 5 @ 9 ioc
";

#[test]
fn the_last_closed_comes_first() {
    play(&format!(
        "{FOUR_CLOSED}
        history A    -> o6 buy 5 @ 9 ioc EXPIRED IOC_REMAINDER 0 for 0; o1 buy 1 @ 4 FILLED 1 for 4; o2 buy 2 @ 3 CANCELED USER 0 for 0; o3 buy 3 @ 2 CANCELED USER 0 for 0
        history B    -> o5 sell 1 @ 4 FILLED 1 for 4
        "
    ));
}

#[test]
fn of_one_symbol() {
    play(&format!(
        "{FOUR_CLOSED}
        history A on ETH-USD    -> o2 buy 2 @ 3 CANCELED USER 0 for 0
        "
    ));
}

#[test]
fn a_page_at_a_time() {
    play(&format!(
        "{FOUR_CLOSED}
        history A limit 2       -> o6 buy 5 @ 9 ioc EXPIRED IOC_REMAINDER 0 for 0; o1 buy 1 @ 4 FILLED 1 for 4; more
        history A limit 4       -> o6 buy 5 @ 9 ioc EXPIRED IOC_REMAINDER 0 for 0; o1 buy 1 @ 4 FILLED 1 for 4; o2 buy 2 @ 3 CANCELED USER 0 for 0; o3 buy 3 @ 2 CANCELED USER 0 for 0
        "
    ));
}

#[test]
fn open_orders_are_not_in_it() {
    play(&format!(
        "{FOUR_CLOSED}
        orders A     -> o4 buy 4 @ 1 NEW 0 for 0
        A cancel o4
        history A limit 1   -> o4 buy 4 @ 1 CANCELED USER 0 for 0; more
        "
    ));
}

#[test]
fn what_was_prevented_and_paid_is_remembered() {
    play(
        "
        symbol BTC-USD lot 1 tick 1 fees 0/100_000
        fund A USD 1000   fund A BTC 100   fund B BTC 100
        B sell 10 @ 5
        A sell 2 @ 6
        A buy 13 @ 6 stp DECREMENT    -> trade 10 @ 5 with o1; EXPIRED o2 STP (2 prevented); PARTIALLY_FILLED o3 (2 prevented)
        A cancel o3                   -> CANCELED o3 (1 left, 6 USD back)
        history A                     -> o3 buy 13 @ 6 stp DECREMENT CANCELED USER 10 for 50, 2 prevented, fee 1; o2 sell 2 @ 6 EXPIRED STP 0 for 0, 2 prevented
        ",
    );
}

#[test]
fn a_name_is_free_again_when_its_order_has_closed() {
    // Edge case 10.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund B USD 1000
        A buy 1 @ 4 as mine          -> NEW o1
        A buy 1 @ 5 as mine          -> 4003 DUPLICATE_CLIENT_ORDER_ID
        B buy 1 @ 5 as mine          -> NEW o2    # each account has its own
        order A #mine                -> o1 buy 1 @ 4 as mine NEW 0 for 0
        A cancel #mine               -> CANCELED o1
        A cancel #mine               -> 4000 UNKNOWN_ORDER    # only live orders are found by name
        order A #mine                -> none
        order o1                     -> o1 buy 1 @ 4 as mine CANCELED USER 0 for 0
        A buy 1 @ 5 as mine          -> NEW o3
        A cancel #mine               -> CANCELED o3
        A buy 1 @ market as mine     -> EXPIRED o4 INSUFFICIENT_LIQUIDITY
        A buy 1 @ 5 as mine          -> NEW o5
        ",
    );
}

#[test]
fn only_if_restricts_a_cancel() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 1000   fund A BTC 9   fund B BTC 10
        A buy 4 @ 4                             -> NEW o1
        A cancel o1 if PARTIALLY_FILLED         -> 4016 CANCEL_RESTRICTED
        B sell 1 @ 4                            -> trade 1 @ 4 with o1; FILLED o2
        A cancel o1 if NEW                      -> 4016 CANCEL_RESTRICTED
        A sell 1 @ 2 stop 3                     -> PENDING_TRIGGER o3
        A cancel o3 if PARTIALLY_FILLED         -> 4016 CANCEL_RESTRICTED
        A cancel o3 if NEW                      -> CANCELED o3    # a pending one counts as new
        A cancel o1 if PARTIALLY_FILLED         -> CANCELED o1 (3 left, 12 USD back)
        A cancel o1 if NEW                      -> 4002 ORDER_ALREADY_CLOSED
        ",
    );
}

#[test]
fn a_cancel_may_name_the_symbol() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        symbol ETH-USD lot 1 tick 1
        fund A USD 1000
        A buy 4 @ 4                  -> NEW o1
        A cancel o1 on ETH-USD       -> 4000 UNKNOWN_ORDER
        A cancel o1 on BTC-USD       -> CANCELED o1
        ",
    );
}
