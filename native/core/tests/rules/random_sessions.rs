//! Random sessions, written as scripts: a failure shrinks to a script that can be pasted among the named
//! tests. What is checked, [`crate::script`] says: every law after every line, and that four configurations
//! tell the same story. (What each order should have done, the oracle of `lightning-sim` says.)

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

/// What an order may have besides; the edge lets only some of it through together.
fn terms() -> impl Strategy<Value = String> + Clone {
    let stp = proptest::sample::select(vec![
        "",
        " stp NONE",
        " stp EXPIRE_MAKER",
        " stp EXPIRE_BOTH",
        " stp DECREMENT",
    ]);
    let name = prop_oneof![4 => Just(String::new()), 1 => (1_u32..6).prop_map(|name| format!(" as n{name}"))];
    let until =
        prop_oneof![2 => Just(""), 1 => Just(" day"), 1 => Just(" gtd 10:30"), 1 => Just(" gtd 12:00")];
    let limit = prop_oneof![
        4 => until.clone().prop_map(str::to_owned),
        1 => Just(" ioc".to_owned()),
        1 => Just(" fok".to_owned()),
        1 => until.clone().prop_map(|until| format!(" post-only{until}")),
        1 => (1_u32..6, until).prop_map(|(show, until)| format!(" show {show}{until}")),
    ];
    (limit, stp, name).prop_map(|(limit, stp, name)| format!("{limit}{stp}{name}"))
}

fn trigger() -> impl Strategy<Value = String> + Clone {
    prop_oneof![
        (1_u32..=12).prop_map(|price| format!(" stop {price}")),
        (1_u32..=12).prop_map(|price| format!(" take-profit {price}")),
        (1_u32..=5).prop_map(|ticks| format!(" trail {ticks}")),
        (1_u32..=4_000).prop_map(|bps| format!(" trail {bps}bps")),
        ((1_u32..=5), 1_u32..=12).prop_map(|(ticks, from)| format!(" trail {ticks} from {from}")),
    ]
}

fn order() -> impl Strategy<Value = String> + Clone {
    let order = (side(), 5_u32..=12, 1_u32..=12, symbol());
    let limit = (order.clone(), terms()).prop_map(|((side, quantity, price, symbol), terms)| {
        format!("{side} {quantity} @ {price}{terms} on {symbol}")
    });
    let by_quantity =
        (order.clone(), proptest::sample::select(vec!["", " fok", " protect 2000", " stp DECREMENT"]))
            .prop_map(|((side, quantity, _, symbol), terms)| {
                format!("{side} {quantity} @ market{terms} on {symbol}")
            });
    let budget = order.clone().prop_map(|(_, quantity, price, symbol)| {
        format!("buy {quantity} @ market max {} on {symbol}", quantity * price / 2 + 1)
    });
    let by_quote = order.clone().prop_map(|(side, lots, price, symbol)| {
        let (_, quote_asset) = symbol.split_once('-').unwrap();
        let quote = lots * price + price % 3;
        format!("{side} for {quote} {quote_asset} @ market on {symbol}")
    });
    let conditional = (order.clone(), trigger(), any::<bool>()).prop_map(
        |((side, quantity, price, symbol), trigger, at_limit)| match (at_limit, side) {
            (true, _) => format!("{side} {quantity} @ {price}{trigger} on {symbol}"),
            (false, "sell") => format!("sell {quantity} @ market{trigger} on {symbol}"),
            (false, _) => format!("buy {quantity} @ market{trigger} max {} on {symbol}", quantity * price),
        },
    );
    prop_oneof![8 => limit, 2 => by_quantity, 1 => budget, 2 => by_quote, 3 => conditional]
}

fn command() -> impl Strategy<Value = String> + Clone {
    let place = (account(), order()).prop_map(|(account, order)| format!("{account} {order}"));
    let test = (account(), order()).prop_map(|(account, order)| format!("{account} test {order}"));
    let oco = (account(), side(), 1_u32..=9, 1_u32..=6, any::<bool>()).prop_map(
        |(account, side, quantity, away, at_limit)| {
            let (limit, stop, beyond) =
                if side == "sell" { (7 + away, 7 - away.min(6), 1) } else { (7 - away.min(6), 7 + away, 14) };
            let market = if side == "sell" { String::new() } else { format!(" max {}", quantity * 8) };
            let leg =
                if at_limit { format!("@ {beyond} stop {stop}") } else { format!("stop {stop}{market}") };
            format!("{account} oco {side} {quantity} @ {limit} / {leg}")
        },
    );
    let cancel = (account(), 1_u32..60).prop_map(|(account, order)| format!("{account} cancel o{order}"));
    let amend = (account(), 1_u32..60, 1_u32..=14, 1_u32..=12, 0_u32..4, symbol()).prop_map(
        |(account, order, quantity, price, how, symbol)| {
            let change = match how {
                0 => format!("to {quantity}"),
                1 => format!("by {}", quantity % 4 + 1),
                2 => format!("at {price}"),
                _ => format!("to {quantity} at {price}"),
            };
            format!("{account} amend o{order} {change} on {symbol}")
        },
    );
    let replace =
        (account(), 1_u32..60, order(), proptest::sample::select(vec!["", "atomic", "whatever", "if NEW"]))
            .prop_map(|(account, old, order, how)| format!("{account} replace o{old} {how} with {order}"));
    let all = (account(), proptest::sample::select(vec!["", " buys", " sells", " named n", " after 5s"]))
        .prop_map(|(account, which)| format!("{account} cancel-all{which}"));
    let money = (account(), account(), asset(), 1_u32..100, 0_u32..4).prop_filter_map(
        "not to oneself",
        |(account, to, asset, amount, how)| match how {
            0 => Some(format!("{account} withdraw {asset} {amount}")),
            1 => Some(format!("{account} hold {asset} {amount}")),
            2 => Some(format!("{account} release {asset} {amount}")),
            _ => (account != to).then(|| format!("{account} transfer {asset} {amount} to {to}")),
        },
    );
    let collect =
        (account(), symbol()).prop_map(|(account, symbol)| format!("{account} collect on {symbol}"));
    prop_oneof![
        16 => place,
        1 => test,
        1 => oco,
        5 => cancel,
        3 => amend,
        2 => replace,
        1 => all,
        1 => money,
        1 => collect,
    ]
}

fn line() -> impl Strategy<Value = String> {
    let fund = (account(), asset(), 1_u32..300)
        .prop_map(|(account, asset, amount)| format!("fund {account} {asset} {amount}"));
    prop_oneof![
        10 => command(),
        3 => proptest::collection::vec(command(), 2..5).prop_map(|commands| commands.join(" & ")),
        1 => fund,
    ]
}

fn script() -> impl Strategy<Value = String> {
    let opening = (
        // Not a few closed orders: which ones a shard still remembers depends on how many accounts it has.
        prop_oneof![Just("limits open 3 closed 0\n"), Just(""), Just("")],
        prop_oneof![Just("lot 1 tick 1"), Just("lot 10 tick 3"), Just("lot 1 tick 1 mode quote")],
        // Small enough to cap an order by quote.
        prop_oneof![Just("quantity 1..14"), Just("quantity 1..1000")],
        prop_oneof![
            Just(""),
            Just(" fees 100_000/200_000"),
            Just(" fees -50_000/340_000"),
            Just(" band 5000/5000/5000/5000 minutes 2"),
            Just(" position 30 open 3 amends 1"),
        ],
    );
    let times = prop_oneof![3 => Just(""), 1 => Just("at 10:31"), 1 => Just("at 1d01:00")];
    (opening, proptest::collection::vec(line(), 1..40), times, proptest::collection::vec(line(), 0..20))
        .prop_map(|((limits, scale, quantity, rules), first, time, second)| {
            let mut script = format!(
                "{limits}symbol BTC-USD {scale} {quantity}{rules}
                symbol ETH-USD lot 1 tick 1
                symbol ETH-BTC lot 1 tick 1
                fund A USD 500   fund B BTC 200   fund C USD 300   fund C ETH 100
                fund A BTC 5     fund D BTC 100   fund D USD 100\n"
            );
            for line in
                first.iter().map(String::as_str).chain([time]).chain(second.iter().map(String::as_str))
            {
                if !line.is_empty() {
                    script.push_str(line);
                    script.push_str(" -> ?\n");
                }
            }
            script
        })
}

proptest! {
    #![proptest_config(crate::random::config(500))]

    #[test]
    fn any_session_keeps_every_law(script in script()) {
        play(&script);
    }
}
