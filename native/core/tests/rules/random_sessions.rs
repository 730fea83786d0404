//! Random sessions, written as scripts: a failure shrinks to a script that can be pasted among the named
//! tests. What is checked, [`script`] says: every law after every line, in four configurations.

use proptest::prelude::*;

use crate::script::play;

fn account() -> impl Strategy<Value = &'static str> + Clone {
    proptest::sample::select(vec!["A", "B", "C", "D"])
}

fn side() -> impl Strategy<Value = &'static str> + Clone {
    proptest::sample::select(vec!["buy", "sell"])
}

fn symbol() -> impl Strategy<Value = &'static str> + Clone {
    prop_oneof![4 => Just("BTC-USD"), 1 => Just("ETH-USD"), 1 => Just("ETH-BTC")]
}

fn asset() -> impl Strategy<Value = &'static str> + Clone {
    proptest::sample::select(vec!["USD", "BTC", "ETH"])
}

fn command() -> impl Strategy<Value = String> + Clone {
    let order = (account(), side(), 1_u32..=12, 1_u32..=12, symbol());
    let limit = order.clone().prop_map(|(account, side, quantity, price, symbol)| {
        format!("{account} {side} {quantity} @ {price} on {symbol}")
    });
    let by_quantity = order.clone().prop_map(|(account, side, quantity, _, symbol)| {
        format!("{account} {side} {quantity} @ market on {symbol}")
    });
    let by_quote = order.prop_map(|(account, side, lots, price, symbol)| {
        let (_, quote_asset) = symbol.split_once('-').unwrap();
        let quote = lots * price + price % 3;
        format!("{account} {side} for {quote} {quote_asset} @ market on {symbol}")
    });
    let cancel = (account(), 1_u32..60).prop_map(|(account, order)| format!("{account} cancel o{order}"));
    let withdraw = (account(), asset(), 1_u32..100)
        .prop_map(|(account, asset, amount)| format!("{account} withdraw {asset} {amount}"));
    prop_oneof![
        10 => limit,
        2 => by_quantity,
        2 => by_quote,
        6 => cancel,
        1 => withdraw,
    ]
}

fn line() -> impl Strategy<Value = String> {
    let fund = (account(), asset(), 1_u32..300)
        .prop_map(|(account, asset, amount)| format!("fund {account} {asset} {amount}"));
    prop_oneof![
        8 => command(),
        3 => proptest::collection::vec(command(), 2..5).prop_map(|commands| commands.join(" & ")),
        1 => fund,
    ]
}

fn script() -> impl Strategy<Value = String> {
    let opening = (
        // Not a few closed orders: which ones a shard still remembers depends on how many accounts it has.
        prop_oneof![Just("limits open 3 closed 0\n"), Just("")],
        prop_oneof![Just("lot 1 tick 1"), Just("lot 10 tick 3")],
        // Small enough to cap an order by quote.
        prop_oneof![Just("quantity 1..12"), Just("quantity 1..1000")],
    );
    (opening, proptest::collection::vec(line(), 1..60)).prop_map(|((limits, scale, quantity), lines)| {
        let mut script = format!(
            "{limits}symbol BTC-USD {scale} {quantity}
            symbol ETH-USD lot 1 tick 1
            symbol ETH-BTC lot 1 tick 1
            fund A USD 500   fund B BTC 200   fund C USD 300   fund C ETH 100
            fund A BTC 5     fund D BTC 100   fund D USD 100\n"
        );
        for line in lines {
            script.push_str(&line);
            script.push_str(" -> ?\n");
        }
        script
    })
}

proptest! {
    #![proptest_config(crate::random::config(2_000))]

    #[test]
    fn any_session_keeps_every_law(script in script()) {
        play(&script);
    }
}
