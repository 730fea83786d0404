//! Journals that were tampered with, done again by three threads and by one: the same state, or the same refusal.

mod along;

use std::collections::BTreeMap;
use std::sync::Arc;

use lightning_core::fold::Shards;
use lightning_core::types::Ticket;
use lightning_journal::storage::memory::FakeDisk;
use lightning_journal::{Batch, Options as JournalOptions, Recovered};
use serde_json::{Value, json};

use super::Replay;
use crate::Engine;
use crate::config::{Config, Options};
use crate::edge::Call;
use crate::refusal::Refusal;
use crate::registry::{NewAsset, NewSymbol};
use crate::words::Words;

const SHARDS: Shards = Shards { sequencers: 2, matchers: 2 };

/// A record as it was written.
#[derive(Clone, Debug, PartialEq)]
struct Written {
    kind: u8,
    version: u8,
    at: u64,
    digest: u64,
    body: Vec<u8>,
}

struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}

fn options() -> Options {
    Options {
        inline: true,
        sequencers: Some(SHARDS.sequencers),
        matchers: Some(SHARDS.matchers),
        segment_bytes: Some(1 << 20),
        snapshot_every: Some(0),
        manual_clock_start_ms: Some(1_700_000_000_000),
        ..Options::default()
    }
}

fn config() -> Config {
    options().validate_with(true).unwrap()
}

fn draw(random: &mut Random) -> Value {
    let account = 1 + random.below(5);
    let symbol = format!("S{}", random.below(3));
    let side = if random.below(2) == 0 { "buy" } else { "sell" };
    let (price, recent) = ((95 + random.below(11)).to_string(), 1 + random.below(300));
    let order = json!({ "op": "placeOrder", "accountId": account, "symbol": symbol, "side": side, "type": "limit",
                        "price": price, "quantity": (1 + random.below(5)).to_string() });
    match random.below(12) {
        0 => json!({ "op": "cancelAll", "accountId": account }),
        1 => {
            json!({ "op": "transfer", "from": account, "to": 1 + random.below(5), "asset": "QUOTE", "amount": "2" })
        }
        2 => {
            json!({ "op": "amendOrder", "accountId": account, "symbol": symbol, "orderId": recent, "quantity": "1" })
        }
        3 => {
            json!({ "op": "cancelReplace", "accountId": account, "cancel": { "orderId": recent }, "place": order })
        }
        4 => {
            json!({ "op": "placeOco", "accountId": account, "symbol": symbol, "side": "sell", "quantity": "1",
                     "limit": { "price": "103" }, "stop": { "triggerPrice": "97", "price": "96" } })
        }
        5 => json!({ "op": "cancelOrder", "accountId": account, "orderId": recent, "requestId": recent }),
        6 => json!({ "op": "collectFees", "accountId": account, "symbol": symbol }),
        _ => order,
    }
}

/// What an engine writes in a session.
fn session(seed: u64) -> Vec<Written> {
    let disk = Arc::new(FakeDisk::new());
    let engine = Engine::open_on(disk.clone(), options(), Box::new(|| {})).unwrap();
    play(&engine, seed);
    engine.close().unwrap();
    let recovered = recover(disk);
    let written = recovered.records(0).map(|record| {
        let record = record.unwrap();
        let (kind, version, at, digest) = (record.kind, record.version, record.at, record.digest);
        Written { kind, version, at, digest, body: record.body.to_vec() }
    });
    written.collect()
}

fn play(engine: &Engine, seed: u64) {
    for asset in ["BASE", "QUOTE"] {
        engine.create_asset(&NewAsset::new(asset, 2)).unwrap();
    }
    for symbol in 0..3 {
        let new: NewSymbol = serde_json::from_value(json!({
            "name": format!("S{symbol}"), "base": "BASE", "quote": "QUOTE", "tickSize": "1", "lotSize": "1",
            "fees": { "makerPpm": 700, "takerPpm": 1_500 },
        }))
        .unwrap();
        engine.create_symbol(&new).unwrap();
    }
    let mut random = Random(seed);
    let deposits = (1..=5).flat_map(|account| ["BASE", "QUOTE"].map(|asset| (account, asset)));
    let mut said: Vec<Value> = deposits
        .map(|(account, asset)| json!({ "op": "deposit", "accountId": account, "asset": asset, "amount": "5000" }))
        .collect();
    said.extend((0..300).map(|_| draw(&mut random)));
    for (ticket, words) in (0..).zip(said) {
        let words: Words = serde_json::from_value(words).unwrap();
        engine.submit([(Ticket(ticket), Call::Words(&words))]);
        let _answers = engine.drain();
    }
}

fn recover(disk: Arc<FakeDisk>) -> Recovered {
    let options = JournalOptions { segment_bytes: 1 << 20, ..JournalOptions::default() };
    lightning_journal::recover(disk, options, &mut |_| {}).unwrap()
}

/// A journal of these records.
fn journal(records: &[Written]) -> Recovered {
    recover(write(records, 1 << 20))
}

fn write(records: &[Written], segment_bytes: u64) -> Arc<FakeDisk> {
    let disk = Arc::new(FakeDisk::new());
    let options = JournalOptions { segment_bytes, ..JournalOptions::default() };
    let recovered = lightning_journal::recover(disk.clone(), options, &mut |_| {}).unwrap();
    let (mut writer, _preparer) = recovered.start().unwrap();
    let mut batch = Batch::new(1);
    for Written { kind, version, at, digest, body } in records {
        batch.append(*kind, *version, *at, *digest, |out| out.extend_from_slice(body));
    }
    writer.commit(&mut batch).unwrap();
    writer.sync().unwrap();
    writer.close().unwrap();
    disk
}

/// How many records were done, and the state that they led to.
type Done = Result<(u64, [u8; 32]), Refusal>;

fn by_one(journal: &Recovered) -> Done {
    let mut replay = Replay::new(&config(), SHARDS);
    for record in journal.records(0) {
        replay.apply(&record.unwrap()).map_err(|error| error.refusal())?;
    }
    Ok((replay.records, replay.prove().map_err(|error| error.refusal())?))
}

fn by_three(journal: &Recovered) -> Done {
    let mut replay = Replay::new(&config(), SHARDS);
    let mut told = Vec::new();
    replay.run(journal.records(0), &mut |done| told.push((done.records, done.bytes)))?;
    assert!(told.is_sorted(), "{told:?}");
    assert_eq!(told.last().unwrap().0, replay.records);
    Ok((replay.records, replay.prove_side_by_side().map_err(|error| error.refusal())?))
}

/// Something is done to a record that no checksum notices.
fn tamper(records: &mut [Written], random: &mut Random) {
    let at = random.below(records.len());
    let other = (at + 1 + random.below(9)).min(records.len() - 1);
    let record = &mut records[at];
    match random.below(10) {
        0 => record.digest ^= 1 << random.below(64),
        1 => record.kind = 99,
        2 => record.version = 9,
        3 => record.body.truncate(record.body.len() - 1),
        4 => *record = Written { kind: 20, digest: 0, body: vec![1, 0, 0, 0], ..record.clone() },
        5 => records.swap(at, other),
        _ => {
            let byte = random.below(record.body.len());
            record.body[byte] ^= 1 << random.below(8);
        }
    }
}

#[test]
fn a_journal_that_was_tampered_with_is_refused_in_the_same_words_by_three_threads_as_by_one() {
    let whole = session(7);
    assert!(whole.len() > 250, "{}", whole.len());
    assert!(by_one(&journal(&whole)).is_ok());
    let mut random = Random(77);
    // Why they were refused, without the figures.
    let mut seen = BTreeMap::<String, u32>::new();
    for number in 0..200 {
        let mut records = whole.clone();
        // Two are wrong in most: the first counts, whoever of the three comes upon the other one first.
        for _ in 0..=number % 3 {
            tamper(&mut records, &mut random);
        }
        let journal = journal(&records);
        let (expected, found) = (by_one(&journal), by_three(&journal));
        assert_eq!(expected, found, "journal {number}");
        let why = match expected {
            Ok(_) => "nothing".to_owned(),
            Err(refusal) => refusal.message.chars().filter(|char| !char.is_ascii_digit()).take(90).collect(),
        };
        *seen.entry(why).or_default() += 1;
    }
    let of =
        |words: &str| seen.iter().filter(|(why, _)| why.contains(words)).map(|(_, count)| count).sum::<u32>();
    let [unread, by_digest, by_nothing] = [of("can't be read"), of("the record before it"), of("nothing")];
    let by_panic: u32 = seen.values().sum::<u32>() - unread - by_digest - by_nothing;
    assert!(unread > 15 && by_digest > 15 && by_panic > 15, "{seen:#?}");
}

#[test]
fn all_records_are_done_by_three_threads_as_by_one() {
    for seed in 1..6 {
        let journal = journal(&session(seed));
        assert_eq!(by_one(&journal).unwrap(), by_three(&journal).unwrap());
    }
}
