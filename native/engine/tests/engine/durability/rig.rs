//! Engines on disks that a test has in its hand, and the portrait of everything that can be read from one.

use std::fmt::Write;

use lightning_core::message::{LedgerEntry, Outcome};
use lightning_engine::config::Options;
use lightning_engine::edge::Call;
use lightning_engine::words::Words;
use lightning_journal::storage::memory::{FakeDisk, Settings};
use serde_json::{Value, json};

use crate::everything::{ACCOUNTS, Random, SYMBOLS, create_market, draw};
use crate::support::{Client, deposit};

/// How an engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Run {
    Inline,
    Threads(usize, usize),
}

pub(crate) const RUNS: [Run; 4] = [Run::Inline, Run::Threads(1, 1), Run::Threads(2, 3), Run::Threads(5, 2)];

impl Run {
    /// Options with the smallest segments, so that there are many, and no snapshots that nobody asks for. Time stands
    /// still unless it is moved.
    pub(crate) fn options(self) -> Options {
        let plain = Options {
            segment_bytes: Some(1 << 20),
            snapshot_every: Some(0),
            manual_clock_start_ms: Some(1_700_000_000_000),
            ..Options::default()
        };
        match self {
            Self::Inline => Options { inline: true, sequencers: Some(2), matchers: Some(2), ..plain },
            Self::Threads(sequencers, matchers) => {
                Options { sequencers: Some(sequencers), matchers: Some(matchers), ..plain }
            }
        }
    }

    pub(crate) fn open(self, disk: &FakeDisk) -> Client {
        Client::open_on(disk.clone(), self.options())
    }
}

/// A disk whose writes are durable when they return, as those of the usual file systems are.
pub(crate) fn disk() -> FakeDisk {
    FakeDisk::with(Settings { synced_writes: true, direct_reads: true })
}

/// A market with funds in it.
pub(crate) fn market(client: &mut Client) {
    create_market(&client.engine);
    for account in 1..=ACCOUNTS {
        for asset in ["BASE", "QUOTE"] {
            client.call(deposit(account, asset, "100000")).unwrap();
        }
    }
}

/// Calls of all kinds, all of them answered, while time goes on. Those with a request id that were done, and what was
/// answered. (What did nothing has no record, and is judged anew after a restart.)
pub(crate) fn session(client: &mut Client, random: &mut Random, calls: u64) -> Vec<(Value, String)> {
    let mut once = Vec::new();
    for _ in 0..calls {
        if random.below(10) == 0 {
            // Timers of a few milliseconds run out, and now and then a day ends.
            let milliseconds = if random.below(20) == 0 { 12 * 3_600_000 } else { random.below(4) };
            client.engine.advance(milliseconds).unwrap();
        }
        let words = draw(random);
        let answer = client.say(&words);
        let did_something = match &answer {
            Ok(Outcome::FeesCollected(fees)) => !fees.is_empty(),
            Ok(Outcome::Replaced(replaced)) => {
                replaced.canceled.is_ok() || matches!(replaced.placed, Some(Ok(_)))
            }
            answer => answer.is_ok(),
        };
        if words.get("requestId").is_some() && did_something {
            once.push((words, format!("{answer:?}")));
        }
    }
    once
}

/// Everything that can be read, as text.
pub(crate) fn portrait(client: &mut Client) -> String {
    let mut out = String::new();
    {
        let registry = client.engine.registry();
        for asset in registry.assets() {
            writeln!(out, "{} removed {}", asset.to_json(), asset.removed).unwrap();
        }
        for symbol in registry.symbols() {
            writeln!(out, "{} removed {}", symbol.to_json(), symbol.removed).unwrap();
        }
    }
    let symbols: Vec<_> = client.engine.registry().live_symbols().map(|symbol| symbol.name.clone()).collect();
    for symbol in &symbols {
        let (_, book) = client.engine.book(symbol, 20).unwrap();
        let (_, trades) = client.engine.trades(symbol, None, usize::MAX).unwrap();
        writeln!(out, "{symbol} {book:?}\n{trades:?}").unwrap();
    }
    let ask = |client: &mut Client, words: Value| {
        let words: Words = serde_json::from_value(words).unwrap();
        client.call(Call::Words(&words))
    };
    for account in 1..=ACCOUNTS {
        let balances = client.call(Call::Balances { account, asset: None });
        writeln!(out, "{account}: {balances:?}").unwrap();
        for op in ["account", "openOrders", "orders", "ledger"] {
            match ask(client, json!({ "op": op, "accountId": account })) {
                // Which of two things that shards did at the same time comes first is a matter of running.
                Ok(Outcome::Orders(mut page)) => {
                    page.orders.sort_unstable_by_key(|order| order.id);
                    page.orders.iter().for_each(|order| writeln!(out, "{op} {order:?}").unwrap());
                }
                Ok(Outcome::LedgerEntries(page)) => {
                    let mut lines: Vec<_> = page.entries.into_iter().map(entry_line).collect();
                    lines.sort_unstable();
                    lines.iter().for_each(|line| writeln!(out, "{op} {line}").unwrap());
                }
                answer => writeln!(out, "{op} {answer:?}").unwrap(),
            }
        }
    }
    writeln!(out, "{:?}", client.call(Call::Conservation)).unwrap();
    assert!(SYMBOLS > 0 && !symbols.is_empty());
    out
}

/// Without what depends on which came first.
fn entry_line(entry: LedgerEntry) -> String {
    let LedgerEntry { cause, at, asset, kind, order, available_change, frozen_change, .. } = entry;
    format!("{cause:?} {at:?} {asset:?} {kind:?} {order:?} {available_change:?} {frozen_change:?}")
}

/// Says where two portraits differ.
#[track_caller]
pub(crate) fn same(found: &str, expected: &str, context: &str) {
    for (found, expected) in found.lines().zip(expected.lines()) {
        assert!(found == expected, "{context}:\n{found:.900}\n{expected:.900}");
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "{context}");
}
