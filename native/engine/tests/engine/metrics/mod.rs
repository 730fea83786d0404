//! Metrics agree with what was done, whatever the driver.

mod exposition;

use std::sync::Arc;
use std::time::{Duration, Instant};

use lightning_core::reject::Code;
use lightning_core::types::{Side, Ticket};
use lightning_engine::Mischief;
use lightning_engine::config::{Durability, Options};
use lightning_engine::edge::Call;
use lightning_engine::metrics::{HealthStatus, Metrics, QueueKind, Stage};
use lightning_engine::streams::Watch;
use lightning_journal::storage::memory::{FakeDisk, Fault, Operation};

use self::exposition::read;
use crate::durability::held::Held;
use crate::support::{Client, code, deposit, limit, market};

fn inline() -> Options {
    Options { inline: true, ..Options::default() }
}

fn threaded(shards: usize) -> Options {
    Options { sequencers: Some(shards), matchers: Some(shards), ..Options::default() }
}

fn kept(options: Options) -> Options {
    Options { segment_bytes: Some(1 << 20), ..options }
}

fn client(options: Options, is_kept: bool) -> Client {
    if !is_kept {
        return Client::with_market(options, Mischief::default(), 2);
    }
    let client = Client::open_on(FakeDisk::new(), kept(options));
    client.make_market(2);
    client
}

fn kind(metrics: &Metrics, name: &str) -> u64 {
    metrics.commands.iter().find(|&&(kind, _)| kind == name).unwrap().1
}

/// Everything that an engine can say about a session that is known to the last command.
#[test]
fn counts_agree_with_what_was_done() {
    for (options, is_kept) in
        [(inline(), false), (threaded(1), false), (threaded(3), false), (inline(), true), (threaded(2), true)]
    {
        let context = format!("{options:?}, kept: {is_kept}");
        let is_inline = options.inline;
        let mut client = client(options, is_kept);
        for account in 1..=4 {
            client.call(deposit(account, "BASE", "1000")).unwrap();
            client.call(deposit(account, "QUOTE", "100000")).unwrap();
        }
        // Ten asks at each of two symbols; three of the first symbol's are taken, one of the second's is canceled.
        for price in 10..20 {
            client.call(limit(1, "S0", Side::Sell, "1", &price.to_string())).unwrap();
            client.call(limit(2, "S1", Side::Sell, "1", &price.to_string())).unwrap();
        }
        client.call(market(3, "S0", Side::Buy, "3")).unwrap();
        let order = client.call(limit(4, "S1", Side::Sell, "1", "50")).unwrap();
        let lightning_core::message::Outcome::Placed(order) = order else { panic!("{order:?}") };
        client.call(Call::Cancel { account: 4, order: order.id.0 }).unwrap();
        // Refused by the edge, by a sequencer, and by a sequencer twice.
        let nothing = client.call(limit(1, "S7", Side::Sell, "1", "1"));
        assert_eq!(code(&nothing), Some(Code::UnknownSymbol));
        let poor = client.call(limit(1, "S0", Side::Buy, "1000000", "9"));
        assert_eq!(code(&poor), Some(Code::InsufficientBalance));
        for _ in 0..2 {
            let gone = client.call(Call::Cancel { account: 4, order: order.id.0 });
            assert_eq!(code(&gone), Some(Code::OrderAlreadyClosed));
        }
        wait_until(&client, |metrics| metrics.in_flight.0 == 0);

        let metrics = client.engine.metrics();
        assert_eq!(kind(&metrics, "deposit"), 8, "{context}");
        assert_eq!(kind(&metrics, "place_order"), 23, "{context}");
        assert_eq!(kind(&metrics, "cancel_order"), 3, "{context}");
        assert_eq!(metrics.all_commands(), client.engine.stats().commands, "{context}");
        assert_eq!((metrics.refused_at_edge, metrics.busy), (1, 0), "{context}");
        let refusals =
            [(Code::UnknownSymbol, 1), (Code::InsufficientBalance, 1), (Code::OrderAlreadyClosed, 2)];
        assert_eq!(metrics.refusals, refusals, "{context}");
        assert_eq!((metrics.trades, metrics.orders_resting), (3, 17), "{context}");
        assert_eq!(metrics.health.status, HealthStatus::Ok, "{context}");

        // One of sixteen of each kind is followed: 1 deposit, 2 orders, 1 cancel.
        assert_eq!(metrics.latency(Stage::Command).count(), 4, "{context}");
        let waits = metrics.latency(Stage::SequencerWait).count();
        let batches = metrics.latency(Stage::SequencerBatch).count();
        let orders = metrics.latency(Stage::MatcherWait).count();
        if is_inline {
            assert_eq!((waits, batches, orders, metrics.queues.len()), (0, 0, 0, 0), "{context}");
        } else {
            // Each call was its own batch; all orders but the poor one went on, and the cancel of what rests.
            assert_eq!((waits, orders), (34, 23), "{context}");
            assert!(batches >= waits && metrics.latency(Stage::MatcherBatch).count() >= orders, "{context}");
            assert!(metrics.queues.iter().all(|queue| queue.messages == 0), "{context}");
            let settlements = metrics.queues.iter().filter(|queue| queue.kind == QueueKind::Settlements);
            assert_eq!(settlements.count(), client.engine.config().sequencers, "{context}");
        }
        let journal = metrics.journal;
        assert_eq!(journal.is_some(), is_kept, "{context}");
        if let Some(journal) = journal {
            assert!(metrics.latency(Stage::JournalCommit).count() > 0, "{context}");
            assert!(metrics.latency(Stage::AnswerGate).count() > 0, "{context}");
            assert_eq!((journal.lag_records, journal.lag), (0, Duration::ZERO), "{context}");
            assert_eq!(journal.durable_lsn, metrics.last_lsn, "{context}");
            assert_eq!(journal.snapshots.age_records, metrics.last_lsn, "{context}");
        }

        let text = client.engine.metrics_text();
        let families = read(&text).unwrap_or_else(|why| panic!("{context}: {why}\n{text}"));
        assert!(families.keys().all(|name| name.starts_with("lightning_")), "{context}");
        assert_eq!(families["lightning_commands_total"].with("kind", "place_order"), 23, "{context}");
        assert_eq!(families["lightning_refusals_total"].with("code", "ORDER_ALREADY_CLOSED"), 2, "{context}");
        assert_eq!(families["lightning_trades_total"].only(), 3, "{context}");
        assert_eq!(families["lightning_orders_resting"].only(), 17, "{context}");
        assert_eq!(families["lightning_health"].with("status", "ok"), 1, "{context}");
        assert_eq!(families.contains_key("lightning_journal_lag_seconds"), is_kept, "{context}");
        let latency = &families["lightning_latency_seconds"];
        let all = latency.samples.iter().find(|(name, labels, _)| {
            name == "lightning_latency_seconds_count" && labels["stage"] == "command"
        });
        assert_eq!(all.unwrap().2, "4", "{context}");

        client.engine.close().unwrap();
        assert_eq!(client.engine.health().status, HealthStatus::Closed);
        assert_eq!(client.engine.metrics().trades, 3, "{context}: what was counted stays");
    }
}

fn wait_until(client: &Client, is_over: impl Fn(&Metrics) -> bool) {
    let start = Instant::now();
    while !is_over(&client.engine.metrics()) {
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", client.engine.metrics());
        std::thread::yield_now();
    }
}

/// What streams count is told, and who follows nothing is not counted.
#[test]
fn who_follows_is_counted() {
    for options in [inline(), threaded(1)] {
        let client = client(options, false);
        let symbol = client.engine.registry().find_symbol("S0").unwrap().spec.id();
        let mut session = client.engine.open_session(Box::new(|| {}));
        let sessions = |client: &Client| client.engine.metrics().streams;
        assert_eq!((sessions(&client).sessions, sessions(&client).subscriptions), (1, 0));
        session.watch(Watch::Bbo(symbol)).unwrap();
        assert_eq!((sessions(&client).sessions, sessions(&client).subscriptions), (1, 1));
        let families = read(&client.engine.metrics_text()).unwrap();
        assert_eq!(families["lightning_stream_subscriptions"].only(), 1);
        drop(session);
        assert_eq!(sessions(&client).subscriptions, 0);
        client.engine.close().unwrap();
    }
}

/// Symbols come and go, engines are opened again: what rests is what can be seen in the books.
#[test]
fn what_rests_is_what_books_have() {
    for options in [inline(), threaded(2)] {
        let disk = FakeDisk::new();
        let mut client = Client::open_on(disk.clone(), kept(options.clone()));
        client.make_market(2);
        client.call(deposit(1, "BASE", "1000")).unwrap();
        for symbol in ["S0", "S0", "S1"] {
            client.call(limit(1, symbol, Side::Sell, "1", "10")).unwrap();
        }
        assert_eq!(client.engine.metrics().orders_resting, 3);
        client.engine.remove_symbol("S1", true).unwrap();
        assert_eq!(client.engine.metrics().orders_resting, 2);
        client.engine.close().unwrap();
        drop(client);

        let mut client = Client::open_on(disk, kept(options));
        wait_until(&client, |metrics| metrics.orders_resting == 2);
        client.call(limit(1, "S0", Side::Sell, "1", "10")).unwrap();
        assert_eq!(client.engine.metrics().orders_resting, 3);
        assert_eq!(client.engine.metrics().trades, 0, "counters begin when the engine is opened");
        client.engine.close().unwrap();
    }
}

/// Whoever asks while shards work sees counters that never go back, and texts that can be read.
#[test]
fn counters_never_go_back_while_the_engine_works() {
    let mut client = client(threaded(2), true);
    for account in 1..=4 {
        client.call(deposit(account, "BASE", "100000")).unwrap();
        client.call(deposit(account, "QUOTE", "100000")).unwrap();
    }
    let (mut before, mut reads) = (read(&client.engine.metrics_text()).unwrap(), 0);
    for round in 0..2_000_u64 {
        let side = if round % 2 == 0 { Side::Sell } else { Side::Buy };
        client.ask(limit(1 + round % 4, "S0", side, "1", "10"));
        if round % 500 == 0 {
            client.settle(); // With a thousand unanswered not all could be followed.
        }
        if round % 50 != 0 {
            continue;
        }
        let now = read(&client.engine.metrics_text()).unwrap();
        for (name, family) in
            before.iter().filter(|(name, _)| name.ends_with("_total") || name.ends_with("latency_seconds"))
        {
            for (sample, labels, value) in &family.samples {
                let later = now[name].samples.iter().find(|(name, with, _)| name == sample && with == labels);
                let (value, later): (f64, f64) = (value.parse().unwrap(), later.unwrap().2.parse().unwrap());
                assert!(value <= later, "{sample} {labels:?} was {value} and is {later}");
            }
        }
        (before, reads) = (now, reads + 1);
    }
    client.settle();
    assert_eq!(reads, 40);
    wait_until(&client, |metrics| metrics.in_flight.0 == 0);
    let metrics = client.engine.metrics();
    assert_eq!(
        metrics.latency(Stage::Command).count(),
        126,
        "one of sixteen of 2,000, and the first deposit"
    );
    assert_eq!(metrics.trades, 1_000);
}

/// A disk that takes its time: what is not durable is counted, and how long answers wait for it.
#[test]
fn the_journal_lags_while_the_disk_is_slow() {
    const SLOW: Duration = Duration::from_millis(20);
    for durability in [Durability::Sync, Durability::Written] {
        let disk = Held::new(FakeDisk::new());
        let valve = disk.valve.clone();
        let options = Options { durability: Some(durability), ..kept(threaded(1)) };
        let mut client = Client::open_on(disk, options);
        client.make_market(1);
        wait_until(&client, |metrics| metrics.journal.unwrap().lag == Duration::ZERO);
        valve.set(true);
        client.ask(deposit(1, "BASE", "5"));
        wait_until(&client, |metrics| metrics.journal.unwrap().lag_records > 0);
        std::thread::sleep(SLOW);
        let journal = client.engine.metrics().journal.unwrap();
        assert!(journal.lag >= SLOW && journal.backlog_bytes > 0, "{durability:?}: {journal:?}");
        valve.set(false);
        client.settle();
        wait_until(&client, |metrics| metrics.journal.unwrap().lag_records == 0);
        let metrics = client.engine.metrics();
        for stage in [Stage::AnswerGate, Stage::JournalCommit, Stage::Command] {
            let longest = u128::from(metrics.latency(stage).max_nanos());
            assert!(longest >= SLOW.as_nanos(), "{durability:?}: {stage:?} took {longest} ns at most");
        }
        let syncs = metrics.latency(Stage::JournalSync).count();
        assert_eq!(syncs > 0, durability == Durability::Written, "{syncs} syncs that came later");
    }
}

#[test]
fn an_engine_whose_disk_does_not_keep_up_is_degraded() {
    let disk = Held::new(FakeDisk::new());
    let valve = disk.valve.clone();
    let mischief = Mischief { backlog_high: Some(1), ..Mischief::default() };
    let mut client = Client::try_open(Some(Arc::new(disk)), kept(threaded(1)), mischief).unwrap();
    client.make_market(1);
    valve.set(true);
    client.ask(deposit(1, "BASE", "5"));
    wait_until(&client, |metrics| metrics.health.status == HealthStatus::Degraded);
    assert_eq!(client.engine.health().reasons[0].code, "JOURNAL_BEHIND");
    client.ask(deposit(1, "BASE", "5"));
    let metrics = client.engine.metrics();
    assert_eq!((metrics.busy, metrics.refused_at_edge, kind(&metrics, "deposit")), (1, 1, 1));
    valve.set(false);
    client.settle();
    wait_until(&client, |metrics| metrics.health.status == HealthStatus::Ok);
}

#[test]
fn snapshots_are_counted_and_one_that_fails_is_told() {
    for options in [inline(), threaded(2)] {
        let disk = FakeDisk::new();
        let mut client = Client::open_on(disk.clone(), kept(options));
        client.make_market(1);
        client.call(deposit(1, "BASE", "5")).unwrap();
        let made = client.engine.snapshot().unwrap();
        client.call(deposit(1, "BASE", "5")).unwrap();
        let snapshots = client.engine.metrics().journal.unwrap().snapshots;
        assert_eq!((snapshots.made, snapshots.failed, snapshots.age_records), (1, 0, 1));
        assert_eq!(snapshots.last_lsn, Some(made.lsn));
        assert!(snapshots.age.is_some());

        // Nobody else is to meet what the snapshot is meant to.
        wait_until(&client, |metrics| metrics.journal.unwrap().segments_prepared >= 2);
        disk.fail(Operation::Create, 0, Fault::Io);
        assert!(client.engine.snapshot().is_err());
        let metrics = client.engine.metrics();
        assert_eq!(metrics.journal.unwrap().snapshots.failed, 1);
        assert_eq!(metrics.health.reasons[0].code, "SNAPSHOT_FAILED");
        let families = read(&client.engine.metrics_text()).unwrap();
        assert_eq!(families["lightning_snapshots_failed_total"].only(), 1);
        assert_eq!(families["lightning_health"].with("status", "degraded"), 1);
        disk.clear_faults();
        client.engine.snapshot().unwrap();
        assert_eq!(client.engine.health().status, HealthStatus::Ok);
        client.engine.close().unwrap();
    }
}

#[test]
fn a_halted_engine_says_why() {
    for options in [inline(), threaded(2)] {
        let mischief = Mischief { panic_after: Some(40), ..Mischief::default() };
        let engine = Client::with_market(options, mischief, 1).engine;
        let start = Instant::now();
        while engine.drain().halted.is_none() {
            engine.submit((1..=8).map(|account| (Ticket(account), deposit(account, "BASE", "1"))));
            assert!(start.elapsed() < Duration::from_secs(20));
        }
        let health = engine.health();
        assert_eq!((health.status, health.reasons[0].code), (HealthStatus::Halted, "INTERNAL"));
        assert!(health.reasons[0].message.contains("a planted broken invariant"), "{health:?}");
        let families = read(&engine.metrics_text()).unwrap();
        assert_eq!(families["lightning_health"].with("status", "halted"), 1);
        assert_eq!(families["lightning_health"].with("status", "ok"), 0);
        assert_eq!(families["lightning_health_reason"].with("code", "INTERNAL"), 1);
    }
}

#[test]
fn an_engine_without_a_credit_left_is_degraded() {
    let disk = FakeDisk::new();
    let options = Options { max_in_flight: Some(1), ..kept(threaded(1)) };
    let mut client = Client::open_on(disk, options);
    client.make_market(1);
    let mut seen = false;
    for _ in 0..10_000 {
        client.ask(deposit(1, "BASE", "1"));
        let health = client.engine.health();
        if health.status == HealthStatus::Degraded {
            assert_eq!(health.reasons[0].code, "IN_FLIGHT_FULL");
            seen = true;
            break;
        }
    }
    client.settle();
    assert!(seen, "never was a command in flight");
}
