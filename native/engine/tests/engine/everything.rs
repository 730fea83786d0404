//! Every kind of call at once, over threads that pause at random: each is answered once, money is conserved to
//! the atom with all fees counted, no credit is lost, and what is frozen is frozen for something.

use lightning_core::message::Outcome;
use lightning_core::reject::Code;
use lightning_engine::config::Options;
use lightning_engine::edge::Call;
use lightning_engine::registry::{NewAsset, NewSymbol};
use lightning_engine::words::Words;
use lightning_engine::{Engine, Mischief};
use serde_json::{Value, json};

use crate::support::{Client, code, deposit};

pub(crate) const ACCOUNTS: u64 = 12;
pub(crate) const SYMBOLS: u64 = 3;

pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[usize::try_from(self.below(words.len() as u64)).unwrap()]
    }
}

pub(crate) fn create_market(engine: &Engine) {
    for asset in ["BASE", "QUOTE"] {
        engine.create_asset(&NewAsset::new(asset, 2)).unwrap();
    }
    for symbol in 0..SYMBOLS {
        let new: NewSymbol = serde_json::from_value(json!({
            "name": format!("S{symbol}"), "base": "BASE", "quote": "QUOTE", "tickSize": "1", "lotSize": "0.01",
            "feeMode": if symbol == 1 { "quote" } else { "received" },
            "fees": { "makerPpm": if symbol == 2 { -300 } else { 700 }, "takerPpm": 1_500 },
        }))
        .unwrap();
        engine.create_symbol(&new).unwrap();
    }
}

pub(crate) fn draw(random: &mut Random) -> Value {
    let account = 1 + random.below(ACCOUNTS);
    let symbol = format!("S{}", random.below(SYMBOLS));
    let side = random.pick(&["buy", "sell"]);
    let price = (95 + random.below(11)).to_string();
    let quantity = format!("{}.{:02}", random.below(3), 1 + random.below(99));
    let mut order = json!({ "accountId": account, "symbol": symbol, "side": side });
    let stp = random.pick(&["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH", "DECREMENT"]);
    match random.below(8) {
        0 => {
            order["type"] = "market".into();
            order["quantity"] = quantity.into();
        }
        1 => {
            order["type"] = "market".into();
            order["quoteQuantity"] = format!("{}", 1 + random.below(300)).into();
        }
        2 => {
            order["type"] = "stop_limit".into();
            order["triggerPrice"] = (95 + random.below(11)).to_string().into();
            order["price"] = price.into();
            order["quantity"] = quantity.into();
        }
        3 => {
            order["type"] = "trailing_stop".into();
            order["trailAmount"] = (1 + random.below(4)).to_string().into();
            order["quantity"] = quantity.clone().into();
            order["price"] = price.into();
        }
        _ => {
            order["type"] = "limit".into();
            order["price"] = price.into();
            order["quantity"] = quantity.into();
            order["timeInForce"] = random.pick(&["GTC", "GTC", "IOC", "FOK", "DAY"]).into();
        }
    }
    order["stp"] = stp.into();
    let recent = 1 + random.below(4_000);
    let op = match random.below(20) {
        0 => json!({ "op": "cancelAll", "accountId": account }),
        1 => json!({ "op": "transfer", "from": account, "to": 1 + random.below(ACCOUNTS), "asset": "QUOTE",
                     "amount": "1.5" }),
        2 => json!({ "op": "hold", "accountId": account, "asset": "BASE", "amount": "0.5" }),
        3 => json!({ "op": "release", "accountId": account, "asset": "BASE", "amount": "0.5" }),
        4 | 5 => json!({ "op": "amendOrder", "accountId": account, "symbol": symbol, "orderId": recent,
                         "quantity": "1.00", "price": (95 + random.below(11)).to_string() }),
        6 => json!({ "op": "cancelReplace", "accountId": account, "cancel": { "orderId": recent },
                     "place": order, "mode": random.pick(&["STOP_ON_FAILURE", "ALLOW_FAILURE", "ATOMIC"]) }),
        7 => json!({ "op": "collectFees", "accountId": account, "symbol": symbol }),
        8 => json!({ "op": "cancelAllAfter", "accountId": account, "timeoutMs": random.below(3) }),
        9 => {
            json!({ "op": "placeOco", "accountId": account, "symbol": symbol, "side": "sell", "quantity": "1",
                     "limit": { "price": "103" }, "stop": { "triggerPrice": "97", "price": "96" } })
        }
        10 => json!({ "op": "cancelOrder", "accountId": account, "orderId": recent }),
        _ => {
            order["op"] = "placeOrder".into();
            order
        }
    };
    let mut op = op;
    if random.below(3) == 0 {
        // Numbers that repeat: some are answered a second time, some are conflicts.
        op["requestId"] = (1 + random.below(600)).into();
    }
    op
}

fn stress(sequencers: usize, matchers: usize, seed: u64) {
    let context = format!("{sequencers} + {matchers} shards, seed {seed}");
    let options = Options { sequencers: Some(sequencers), matchers: Some(matchers), ..Options::default() };
    let mut client = Client::open(options, Mischief { jitter: Some(seed), ..Mischief::default() });
    create_market(&client.engine);
    for account in 1..=ACCOUNTS {
        for asset in ["BASE", "QUOTE"] {
            client.call(deposit(account, asset, "100000")).unwrap();
        }
    }
    let mut random = Random(seed * 7_919 + 1);
    for _ in 0..3_000 {
        let words: Words = serde_json::from_value(draw(&mut random)).unwrap();
        client.ask(Call::Words(&words));
        if random.below(20) == 0 {
            client.poll();
        }
    }
    let answers = client.settle();
    let placed = answers.values().filter(|answer| matches!(answer, Ok(Outcome::Placed(_)))).count();
    assert!(placed > 100, "{context}: {placed} orders were accepted");
    assert!(answers.values().all(|answer| code(answer) != Some(Code::Internal)), "{context}");
    let fees = answers.values().filter_map(|answer| match answer {
        Ok(Outcome::Placed(placed)) => Some(placed.fee),
        _ => None,
    });
    assert!(fees.filter(|fee| !fee.is_zero()).count() > 10, "{context}: hardly a fee was paid");
    // Dead-man timers of a few milliseconds may still be running out.
    for account in 1..=ACCOUNTS {
        for op in [json!({ "op": "cancelAllAfter", "timeoutMs": 0 }), json!({ "op": "cancelAll" })] {
            let mut op = op;
            op["accountId"] = account.into();
            let words: Words = serde_json::from_value(op).unwrap();
            client.call(Call::Words(&words)).unwrap();
        }
    }
    let Ok(Outcome::Totals(totals)) = client.call(Call::Conservation) else { panic!("{context}: no totals") };
    assert_eq!(totals.len(), 2);
    for line in totals {
        assert!(line.holds(), "{context}: {line:?}");
        assert!(line.reserved.is_zero(), "{context}: everything was canceled: {line:?}");
    }
    assert_eq!(client.engine.stats().in_flight, 0, "{context}: a credit was lost");
    client.engine.close().unwrap();
}

#[test]
fn every_kind_of_call_in_any_topology_conserves_money_and_loses_nothing() {
    for (seed, shards) in (1..=10).enumerate() {
        stress(shards, 11 - shards, 1 + seed as u64);
    }
    for seed in 100..110 {
        stress(2, 2, seed);
    }
}
