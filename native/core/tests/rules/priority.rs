//! Who trades first: the better price, and at one price whoever came first; always at the maker's price.

use crate::script::play;

#[test]
fn a_session_from_one_order_to_an_empty_book() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 10 @ 5                 -> NEW o1; A USD 50 available 50 frozen
        B sell 4 @ 5                 -> trade 4 @ 5 with o1; FILLED o2; A BTC 4 available
        book                         -> 6 @ 5 | -
        A cancel o1                  -> CANCELED o1 (6 left, 30 USD back); A USD 80 available
        A cancel o1                  -> 4002 ORDER_ALREADY_CLOSED
        book                         -> - | -
        ",
    );
}

#[test]
fn the_best_ask_trades_first_whatever_the_arrival() {
    for arrivals in ["7 5 6", "5 6 7", "6 7 5", "7 6 5"] {
        let mut sells = String::new();
        let mut name_of = [""; 8];
        for (price, name) in arrivals.split(' ').zip(["o1", "o2", "o3"]) {
            sells.push_str(&format!("B sell 1 @ {price} -> NEW {name}\n"));
            name_of[price.parse::<usize>().unwrap()] = name;
        }
        let [.., five, six, seven] = name_of;
        play(&format!(
            "
            symbol BTC-USD lot 1 tick 1
            fund A USD 100   fund B BTC 3
            {sells}
            book          -> - | 1 @ 5, 1 @ 6, 1 @ 7
            A buy 3 @ 9   -> trade 1 @ 5 with {five}; trade 1 @ 6 with {six}; trade 1 @ 7 with {seven}; FILLED o4
            "
        ));
    }
}

#[test]
fn the_best_bid_trades_first_whatever_the_arrival() {
    for arrivals in ["7 5 6", "5 6 7", "6 7 5", "7 6 5"] {
        let mut buys = String::new();
        let mut name_of = [""; 8];
        for (price, name) in arrivals.split(' ').zip(["o1", "o2", "o3"]) {
            buys.push_str(&format!("B buy 1 @ {price} -> NEW {name}\n"));
            name_of[price.parse::<usize>().unwrap()] = name;
        }
        let [.., five, six, seven] = name_of;
        play(&format!(
            "
            symbol BTC-USD lot 1 tick 1
            fund A BTC 3   fund B USD 100
            {buys}
            book           -> 1 @ 7, 1 @ 6, 1 @ 5 | -
            A sell 3 @ 1   -> trade 1 @ 7 with {seven}; trade 1 @ 6 with {six}; trade 1 @ 5 with {five}; FILLED o4
            "
        ));
    }
}

#[test]
fn at_one_price_whoever_came_first_trades_first() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund C BTC 9
        B sell 2 @ 5   -> NEW o1
        C sell 3 @ 5   -> NEW o2
        B sell 4 @ 5   -> NEW o3
        book           -> - | 9 @ 5 x3
        A buy 2 @ 5    -> trade 2 @ 5 with o1; FILLED o4
        A buy 4 @ 5    -> trade 3 @ 5 with o2; trade 1 @ 5 with o3; FILLED o5
        A buy 3 @ 5    -> trade 3 @ 5 with o3; FILLED o6
        ",
    );
}

#[test]
fn at_one_price_whoever_bid_first_trades_first() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A BTC 9   fund B USD 45   fund C USD 45
        B buy 2 @ 5    -> NEW o1
        C buy 3 @ 5    -> NEW o2
        B buy 4 @ 5    -> NEW o3
        A sell 6 @ 5   -> trade 2 @ 5 with o1; trade 3 @ 5 with o2; trade 1 @ 5 with o3; FILLED o4
        book           -> 3 @ 5 | -
        ",
    );
}

#[test]
fn a_partly_filled_maker_keeps_the_front() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund C BTC 9
        B sell 5 @ 5   -> NEW o1
        C sell 5 @ 5   -> NEW o2
        A buy 1 @ 5    -> trade 1 @ 5 with o1; FILLED o3
        A buy 1 @ 5    -> trade 1 @ 5 with o1; FILLED o4
        A buy 4 @ 5    -> trade 3 @ 5 with o1; trade 1 @ 5 with o2; FILLED o5
        order o1       -> o1 sell 5 @ 5 FILLED 5 for 25
        order o2       -> o2 sell 5 @ 5 PARTIALLY_FILLED 1 for 5
        ",
    );
}

#[test]
fn a_newcomer_at_the_price_of_a_partly_filled_order_waits_behind_it() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund C BTC 9
        B sell 5 @ 5   -> NEW o1
        A buy 4 @ 5    -> trade 4 @ 5 with o1; FILLED o2
        C sell 5 @ 5   -> NEW o3
        A buy 2 @ 5    -> trade 1 @ 5 with o1; trade 1 @ 5 with o3; FILLED o4
        ",
    );
}

#[test]
fn who_comes_back_to_a_price_goes_to_the_back() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund C BTC 9
        B sell 1 @ 5   -> NEW o1
        C sell 1 @ 5   -> NEW o2
        B cancel o1    -> CANCELED o1
        B sell 1 @ 5   -> NEW o3
        A buy 2 @ 5    -> trade 1 @ 5 with o2; trade 1 @ 5 with o3; FILLED o4
        ",
    );
}

#[test]
fn of_takers_in_the_same_instant_the_one_that_is_passed_on_first_gets_it() {
    // Same timestamp, same price: the order of acceptance decides (edge case 7).
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund C BTC 9
        A buy 5 @ 5                   -> NEW o1
        C sell 5 @ 5 & B sell 5 @ 5   -> trade 5 @ 5 with o1; FILLED o2; NEW o3
        A buy 5 @ 5                   -> trade 5 @ 5 with o3; FILLED o4
        B sell 1 @ 7 & C sell 1 @ 7   -> NEW o5; NEW o6
        A buy 2 @ 7                   -> trade 1 @ 7 with o5; trade 1 @ 7 with o6; FILLED o7
        ",
    );
}

#[test]
fn a_buyer_pays_the_makers_price() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        B sell 4 @ 5   -> NEW o1
        A buy 4 @ 20   -> trade 4 @ 5 with o1; FILLED o2
        check          -> A USD 80 available; A BTC 4 available; B USD 20 available; B BTC 5 available
        ",
    );
}

#[test]
fn a_seller_gets_the_makers_price() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 100   fund B BTC 9
        A buy 4 @ 20   -> NEW o1; A USD 20 available 80 frozen
        B sell 4 @ 5   -> trade 4 @ 20 with o1; FILLED o2
        check          -> A USD 20 available; A BTC 4 available; B USD 80 available; B BTC 5 available
        ",
    );
}

#[test]
fn orders_of_one_account_trade_with_each_other_if_it_wants_that() {
    // If they say so: the money goes round, the quantity is done.
    play(
        "
        symbol BTC-USD lot 1 tick 1
        fund A USD 50   fund A BTC 9
        A sell 4 @ 5         -> NEW o1; A USD 50 available; A BTC 5 available 4 frozen
        A buy 6 @ 6 stp NONE -> trade 4 @ 5 with o1; PARTIALLY_FILLED o2
        check                -> A USD 38 available 12 frozen; A BTC 9 available
        A sell 2 @ market stp NONE -> trade 2 @ 6 with o2; FILLED o3; A USD 50 available; A BTC 9 available
        ",
    );
}

#[test]
fn symbols_have_books_of_their_own() {
    play(
        "
        symbol BTC-USD lot 1 tick 1
        symbol ETH-USD lot 1 tick 1
        symbol ETH-BTC lot 1 tick 1
        fund A USD 100   fund B BTC 9   fund C ETH 9
        A buy 10 @ 5 on BTC-USD   -> NEW o1
        A buy 10 @ 5 on ETH-USD   -> NEW o2; A USD 0 available 100 frozen
        C sell 4 @ 5 on ETH-USD   -> trade 4 @ 5 with o2; FILLED o3
        B buy 2 @ 3 on ETH-BTC    -> NEW o4; B BTC 3 available 6 frozen
        C sell 5 @ 1 on ETH-BTC   -> trade 2 @ 3 with o4; PARTIALLY_FILLED o5; C BTC 6 available; C ETH 0 available 3 frozen
        book BTC-USD              -> 10 @ 5 | -
        book ETH-USD              -> 6 @ 5 | -
        book ETH-BTC              -> - | 3 @ 1
        orders A                  -> o1 buy 10 @ 5 NEW 0 for 0; o2 buy 10 @ 5 PARTIALLY_FILLED 4 for 20
        ",
    );
}

#[test]
fn lots_and_ticks_become_atoms_exactly() {
    // 100 base atoms a lot, 3 quote atoms for one lot at a price of one tick.
    play(
        "
        symbol BTC-USD lot 100 tick 3
        fund A USD 1_000   fund B BTC 1_050
        A buy 10 @ 7     -> NEW o1; A USD 790 available 210 frozen
        B sell 11 @ 7    -> 3010 INSUFFICIENT_BALANCE (needs 1100 BTC, has 1050)
        B sell 10 @ 6    -> trade 10 @ 7 with o1; FILLED o2
        check            -> A USD 790 available; A BTC 1_000 available; B USD 210 available; B BTC 50 available
        ",
    );
}
