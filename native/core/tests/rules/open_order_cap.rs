//! An account may have so many open orders and not one more.

use crate::script::play;

const TWO_EACH: &str = "
    limits open 2
    symbol BTC-USD lot 1 tick 1
    fund A USD 100   fund B BTC 9   fund D USD 100
    A buy 1 @ 1
    A buy 1 @ 2
";

#[test]
fn beyond_it_orders_are_refused_and_nothing_changes() {
    play(&format!(
        "{TWO_EACH}
        A buy 1 @ 3    -> 2050 TOO_MANY_OPEN_ORDERS (max 2)
        A buy 1 @ 99   -> 2050 TOO_MANY_OPEN_ORDERS    # before funds, which are looked at last
        check          -> A USD 97 available 3 frozen
        book           -> 1 @ 2, 1 @ 1 | -
        "
    ));
}

#[test]
fn each_account_has_its_own() {
    play(&format!(
        "{TWO_EACH}
        B sell 1 @ 9   -> NEW o3
        D buy 1 @ 3    -> NEW o4     # with three shards, on the same one as A
        D buy 1 @ 4    -> NEW o5
        D buy 1 @ 5    -> 2050 TOO_MANY_OPEN_ORDERS
        "
    ));
}

#[test]
fn a_cancel_makes_room() {
    play(&format!(
        "{TWO_EACH}
        A cancel o1    -> CANCELED o1
        A buy 1 @ 3    -> NEW o3
        A buy 1 @ 4    -> 2050 TOO_MANY_OPEN_ORDERS
        "
    ));
}

#[test]
fn a_fill_makes_room_and_a_partial_one_does_not() {
    play(&format!(
        "{TWO_EACH}
        A cancel o1    -> CANCELED o1
        A buy 3 @ 5    -> NEW o3
        B sell 2 @ 5   -> trade 2 @ 5 with o3; FILLED o4
        A buy 1 @ 1    -> 2050 TOO_MANY_OPEN_ORDERS
        B sell 1 @ 5   -> trade 1 @ 5 with o3; FILLED o5
        A buy 1 @ 1    -> NEW o6
        "
    ));
}

#[test]
fn immediate_orders_neither_count_nor_are_refused() {
    // They are over with their commands, so nobody ever sees one open.
    play(&format!(
        "{TWO_EACH}
        B sell 4 @ 9                       -> NEW o3
        A buy 1 @ 9                        -> 2050 TOO_MANY_OPEN_ORDERS    # it might rest
        A buy 1 @ market                   -> trade 1 @ 9 with o3; FILLED o4
        A buy for 9 USD @ market           -> trade 1 @ 9 with o3; FILLED o5
        A buy 1 @ 9 ioc                    -> trade 1 @ 9 with o3; FILLED o6
        A buy 1 @ 9 fok                    -> trade 1 @ 9 with o3; FILLED o7
        A buy 1 @ market                   -> EXPIRED o8 INSUFFICIENT_LIQUIDITY
        A cancel o1                        -> CANCELED o1
        A buy 1 @ 8 ioc & A buy 1 @ 3      -> EXPIRED o9 IOC_REMAINDER; NEW o10    # not while it is on its way either
        "
    ));
}

#[test]
fn conditional_orders_count() {
    play(
        "
        limits open 2
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund A BTC 9
        prints 5
        A sell 1 @ market stop 4     -> PENDING_TRIGGER o3
        A sell 1 @ 9                 -> NEW o4
        A sell 1 @ market stop 4     -> 2050 TOO_MANY_OPEN_ORDERS (max 2)
        A sell 1 @ 9                 -> 2050 TOO_MANY_OPEN_ORDERS (max 2)
        A cancel o3                  -> CANCELED o3
        A sell 1 @ market stop 4     -> PENDING_TRIGGER o6
        ",
    );
}

#[test]
fn an_oco_counts_two() {
    play(
        "
        limits open 2
        symbol BTC-USD lot 1 tick 1
        fund A BTC 9
        prints 5
        A sell 1 @ 9                 -> NEW o3
        A oco sell 1 @ 9 / stop 4    -> 2050 TOO_MANY_OPEN_ORDERS (max 2)
        A cancel o3                  -> CANCELED o3
        A oco sell 1 @ 9 / stop 4    -> NEW o8; PENDING_TRIGGER o9    # refused ones use ids up
        A sell 1 @ 9                 -> 2050 TOO_MANY_OPEN_ORDERS (max 2)
        A cancel o8                  -> CANCELED o9 OCO_SIBLING; CANCELED o8
        A sell 1 @ 9                 -> NEW o10
        ",
    );
}

#[test]
fn refused_orders_take_no_room() {
    play(&format!(
        "{TWO_EACH}
        A cancel o2                  -> CANCELED o2
        B sell 1 @ 9                 -> NEW o3
        A buy for 8 USD @ market     -> 2030 NOTIONAL_RANGE
        A buy 1 @ 100                -> 3010 INSUFFICIENT_BALANCE
        A buy 1 @ 2                  -> NEW o5
        "
    ));
}
