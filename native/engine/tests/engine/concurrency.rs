//! The threaded engine under load: every ticket answered once, nothing lost, nothing stuck.
//!
//! Shards pause at random places (a seed says where), channels are as small as one command, and the shard
//! counts go from 1 to 10. A watchdog turns a deadlock into a failure that names what is missing.

use std::collections::BTreeSet;
use std::sync::Barrier;

use lightning_core::message::{Balance, Outcome};
use lightning_core::reject::Code;
use lightning_core::types::{Amount, AssetId, Side, Ticket};
use lightning_engine::config::Options;
use lightning_engine::edge::Call;
use lightning_engine::registry::NewAsset;
use lightning_engine::words::Words;
use lightning_engine::{Engine, Mischief};

use crate::support::{Client, code, deposit, limit, market};

const ACCOUNTS: u64 = 20;
const SYMBOLS: usize = 4;

fn options(sequencers: usize, matchers: usize, credits: usize) -> Options {
    Options {
        sequencers: Some(sequencers),
        matchers: Some(matchers),
        max_in_flight: Some(credits),
        ..Options::default()
    }
}

fn jitter(seed: u64) -> Mischief {
    Mischief { jitter: Some(seed), ..Mischief::default() }
}

/// A small generator with a seed, so that a failure can be run again.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}

fn fund(client: &mut Client) {
    for account in 1..=ACCOUNTS {
        client.call(deposit(account, "BASE", "100000")).unwrap();
        client.call(deposit(account, "QUOTE", "1000000")).unwrap();
    }
}

/// Random orders and cancels from all accounts, as many in flight as the credits allow; then the laws.
fn stress(sequencers: usize, matchers: usize, credits: usize, seed: u64, commands: u64) {
    let context = format!("{sequencers}+{matchers} shards, {credits} credits, seed {seed}");
    let mut client = Client::with_market(options(sequencers, matchers, credits), jitter(seed), SYMBOLS);
    fund(&mut client);
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    for _ in 0..commands {
        let account = 1 + random.below(ACCOUNTS);
        let symbol = format!("S{}", random.below(SYMBOLS as u64));
        let side = if random.below(2) == 0 { Side::Buy } else { Side::Sell };
        let (price, quantity) = (format!("{}", 95 + random.below(11)), format!("{}", 1 + random.below(9)));
        match random.below(10) {
            0..6 => client.ask(limit(account, &symbol, side, &quantity, &price)),
            6 => client.ask(market(account, &symbol, side, &quantity)),
            // Anybody's order, open, closed or not there yet: most of these are refused.
            7 | 8 => client.ask(Call::Cancel { account, order: 1 + random.below(2 * commands) }),
            _ => client.ask(Call::Balances { account, asset: None }),
        };
        if client.unanswered() >= credits {
            client.settle();
        } else {
            client.poll();
        }
    }
    client.settle();

    let Ok(Outcome::Totals(totals)) = client.call(Call::Conservation) else { panic!("{context}") };
    assert_eq!(totals.len(), 2, "{context}");
    for line in &totals {
        assert_eq!(line.available + line.frozen, line.deposited - line.withdrawn, "{context}: {line:?}");
        assert_eq!(line.frozen, line.reserved, "{context}: {line:?}");
    }
    for account in 1..=ACCOUNTS {
        check_account(&mut client, account, &context);
    }
    for symbol in 0..SYMBOLS {
        let (_, book) = client.engine.book(&format!("S{symbol}"), 20).unwrap();
        if let (Some(bid), Some(ask)) = (book.bids.first(), book.asks.first()) {
            assert!(bid.price < ask.price, "{context}: crossed");
        }
        let (_, trades) = client.engine.trades(&format!("S{symbol}"), None, usize::MAX).unwrap();
        let ids: Vec<_> = trades.iter().map(|trade| trade.id.0).collect();
        assert!(ids.windows(2).all(|pair| pair[1] == pair[0] + 1), "{context}: a hole in {ids:?}");
    }
    assert_eq!(client.engine.stats().in_flight, 0, "{context}: a credit was lost");
    client.engine.close().unwrap();
}

fn open_orders(account: u64) -> Words {
    serde_json::from_value(serde_json::json!({ "op": "openOrders", "accountId": account })).unwrap()
}

/// What is frozen is what the open orders have reserved, per asset.
fn check_account(client: &mut Client, account: u64, context: &str) {
    let Ok(Outcome::Balances(balances)) = client.call(Call::Balances { account, asset: None }) else {
        panic!("{context}: account {account}")
    };
    let Ok(Outcome::Orders(orders)) = client.call(Call::Words(&open_orders(account))) else {
        panic!("{context}: account {account}")
    };
    for (asset, balance) in balances {
        let side = if asset == AssetId(0) { Side::Sell } else { Side::Buy };
        let reserved: Amount =
            orders.orders.iter().filter(|order| order.order.side == side).map(|order| order.reserved).sum();
        assert_eq!(balance.frozen, reserved, "{context}: account {account}, {asset:?}");
    }
}

#[test]
fn nothing_is_lost_or_stuck_in_any_topology() {
    for (seed, shards) in (1..=10).enumerate() {
        stress(shards, 11 - shards, 4_096, 100 + seed as u64, 1_500);
    }
}

#[test]
fn nothing_is_lost_or_stuck_with_channels_of_one() {
    for (seed, (sequencers, matchers)) in [(1, 1), (2, 1), (1, 3), (10, 10), (4, 2)].into_iter().enumerate() {
        for credits in [1, 2, 3, 7] {
            stress(sequencers, matchers, credits, 200 + seed as u64, 300);
        }
    }
}

#[test]
fn nothing_is_lost_or_stuck_over_many_seeds() {
    for seed in 0..40_usize {
        stress(1 + seed % 4, 1 + seed / 4 % 4, 64, 300 + seed as u64, 400);
    }
}

/// Who was answered finds the effects everywhere: their own balance, the makers' balances on other shards, the
/// book, the trades. Fails at once if a reply leaves before the settlements, or before the book is published.
#[test]
fn every_read_after_an_answer_sees_its_effects() {
    for (seed, (sequencers, matchers)) in [(1, 1), (2, 2), (7, 3), (10, 10)].into_iter().enumerate() {
        let mut client = Client::with_market(options(sequencers, matchers, 64), jitter(seed as u64 + 1), 1);
        fund(&mut client);
        let mut expected = vec![(100_000_u128, 1_000_000_u128); usize::try_from(ACCOUNTS).unwrap() + 1];
        for round in 0..300_u64 {
            // Two makers and a taker who takes both, each time other accounts.
            let account = |offset: u64| 1 + (round * 7 + offset) % ACCOUNTS;
            let (a, b, taker) = (account(0), account(1), account(2));
            client.call(limit(a, "S0", Side::Sell, "2", "10")).unwrap();
            client.call(limit(b, "S0", Side::Sell, "3", "11")).unwrap();
            let Ok(Outcome::Placed(placed)) = client.call(limit(taker, "S0", Side::Buy, "5", "12")) else {
                panic!("not placed")
            };
            assert_eq!(placed.fills.len(), 2);
            for (who, base, quote) in [(a, -2_i128, 20_i128), (b, -3, 33), (taker, 5, -53)] {
                let entry = &mut expected[usize::try_from(who).unwrap()];
                entry.0 = entry.0.checked_add_signed(base).unwrap();
                entry.1 = entry.1.checked_add_signed(quote).unwrap();
            }
            let (_, book) = client.engine.book("S0", 20).unwrap();
            assert!(book.asks.is_empty() && book.bids.is_empty(), "round {round}: {book:?}");
            assert_eq!(book.seq, placed.book_seq);
            let (_, trades) = client.engine.trades("S0", None, 1).unwrap();
            assert_eq!(trades[0].id, placed.fills[1].trade);
            for who in [a, b, taker] {
                let Ok(Outcome::Balances(balances)) =
                    client.call(Call::Balances { account: who, asset: None })
                else {
                    panic!("no balances")
                };
                let (base, quote) = expected[usize::try_from(who).unwrap()];
                let free =
                    |amount| Balance { available: Amount(amount), frozen: Amount::ZERO, held: Amount::ZERO };
                assert_eq!(
                    balances,
                    [(AssetId(0), free(base)), (AssetId(1), free(quote))],
                    "round {round}, account {who}, {sequencers}+{matchers} shards"
                );
            }
        }
    }
}

#[test]
fn closing_lets_what_is_in_flight_end_and_refuses_the_rest() {
    for seed in 0..20 {
        let mut client = Client::with_market(options(3, 3, 10_000), jitter(500 + seed), SYMBOLS);
        fund(&mut client);
        for order in 0..500_u64 {
            let symbol = format!("S{}", order % SYMBOLS as u64);
            let side = if order % 2 == 0 { Side::Buy } else { Side::Sell };
            client.ask(limit(1 + order % ACCOUNTS, &symbol, side, "1", "100"));
        }
        client.engine.close().unwrap();
        let late = client.ask(deposit(1, "BASE", "1"));
        let answers = client.settle();
        assert_eq!(code(&answers[&late]), Some(Code::EngineClosed));
        let placed = answers.values().filter(|answer| matches!(answer, Ok(Outcome::Placed(_)))).count();
        assert_eq!(placed, 500, "seed {seed}");
    }
}

/// Somebody closes the engine while somebody else calls it: each call happens wholly or is refused, and none
/// is forgotten. (A close between a call's check and its hand-over once left its command in a dead channel.)
#[test]
fn a_close_in_the_middle_of_calls_forgets_none() {
    const CALLS: u64 = 8;
    for round in 0..2_000_u64 {
        let engine = Engine::open(options(1, 1, 4), Box::new(|| {})).unwrap();
        engine.create_asset(&NewAsset::new("A", 0)).unwrap();
        let start = Barrier::new(2);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                start.wait();
                for ticket in 0..CALLS {
                    engine.submit([(Ticket(ticket), deposit(ticket + 1, "A", "1"))]);
                }
            });
            start.wait();
            for _ in 0..(round * 7) % 400 {
                std::hint::spin_loop();
            }
            engine.close().unwrap();
        });
        // Closed, and nobody calls any more: whatever will be answered is answered.
        let ready = engine.drain();
        assert_eq!(ready.halted, None, "round {round}");
        let answers = ready.answers;
        let tickets: BTreeSet<_> = answers.iter().map(|answer| answer.ticket.0).collect();
        assert_eq!(tickets.len(), answers.len(), "round {round}: answered twice");
        assert_eq!(tickets, (0..CALLS).collect(), "round {round}");
    }
}
