//! Who follows the engine: a thousand subscriptions over a hundred symbols, one in ten of which never takes more than
//! its first update. What they are told, what that costs the commands, and how long it is from a match until somebody is
//! told: from the time that the trade bears, which its matcher read ahead of the batch.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lightning_core::archive::Interval;
use lightning_core::types::{AccountId, SymbolId, Timestamp};
use lightning_engine::config::Durability;
use lightning_engine::streams::{Behind, Depth, Session, SubscriptionId, Update, Watch};
use serde_json::{Value, json};

use super::Scratch;
use super::engine::Desk;
use super::flow;
use crate::Plan;
use crate::bell::Bell;
use crate::compare::per_second;
use crate::latency::Latencies;
use crate::threads::Threads;

const SYMBOLS: usize = 100;
/// Levels, trades and so on that a consumer takes at once.
const BUDGET: usize = 65_536;
/// Commands in flight where they are sent as fast as it goes.
const IN_FLIGHT: u64 = 8_192;
const BATCH: u64 = 256;
/// What is offered where latencies are measured, in commands a second.
const RATE: u64 = 100_000;

pub(crate) fn run(plan: &Plan) -> Vec<Value> {
    let mut lines: Vec<_> = [false, true].into_iter().map(|followed| flat_out(plan, followed)).collect();
    lines.push(at_rate(plan));
    lines
}

/// What a consumer has been told.
struct Heard {
    updates: u64,
    items: u64,
    trades: u64,
    /// Trades of subscriptions that keep up, which were missed all the same.
    missed: u64,
    latencies: Latencies,
}

/// A thread that follows.
struct Consumer {
    stop: Arc<AtomicBool>,
    bell: Bell,
    thread: JoinHandle<Heard>,
}

/// Ten subscriptions of each symbol: a thousand. With those of accounts instead of some, where there is one.
fn watches(symbol: SymbolId) -> Vec<Watch> {
    let book = |depth| Watch::Book { symbol, depth, checksum: false, heartbeat: None };
    let behind = Behind::Gap;
    vec![
        book(Depth::Top(20)),
        book(Depth::Top(5)),
        book(Depth::All),
        Watch::Bbo(symbol),
        Watch::Trades { symbol, from: None, aggregate: false, behind },
        Watch::Trades { symbol, from: None, aggregate: true, behind },
        Watch::Ticker(symbol),
        Watch::Klines { symbol, interval: Interval::Minute1 },
        Watch::Executions { account: Some(AccountId(1 + u64::from(symbol.0))), from: None, behind },
        Watch::Level3(symbol),
    ]
}

impl Consumer {
    fn start(desk: &Desk, is_stalled: impl Fn(SubscriptionId) -> bool + Send + 'static) -> Self {
        let (bell, stop) = (Bell::default(), Arc::new(AtomicBool::new(false)));
        let ring = bell.clone();
        let mut session = desk.engine.open_session(Box::new(move || ring.ring()));
        for symbol in 0..u32::try_from(SYMBOLS).expect("few") {
            for watch in watches(SymbolId(symbol)) {
                session.watch(watch).expect("it is there to be watched");
            }
        }
        let (wait, stopped) = (bell.clone(), stop.clone());
        let follow = move || follow(&mut session, &wait, &stopped, &is_stalled);
        let thread = std::thread::Builder::new().name("consumer".into()).spawn(follow).expect("a thread");
        Self { stop, bell, thread }
    }

    fn end(self) -> Heard {
        self.stop.store(true, Ordering::SeqCst);
        self.bell.ring();
        self.thread.join().expect("a consumer does not panic")
    }
}

fn follow(
    session: &mut Session,
    bell: &Bell,
    stop: &AtomicBool,
    is_stalled: &dyn Fn(SubscriptionId) -> bool,
) -> Heard {
    let mut heard = Heard { updates: 0, items: 0, trades: 0, missed: 0, latencies: Latencies::new() };
    let mut told: Vec<SubscriptionId> = Vec::new();
    loop {
        let is_last = stop.load(Ordering::SeqCst);
        loop {
            let more = session.poll(Instant::now(), BUDGET, &mut |id, update| {
                told.push(id);
                heard.take(&update);
                true
            });
            let is_quiet = told.is_empty();
            told.drain(..).filter(|&id| !is_stalled(id)).for_each(|id| session.want(id));
            if is_quiet && !more {
                break;
            }
        }
        if is_last {
            return heard;
        }
        bell.wait(session.next_poll(Instant::now()).unwrap_or(Duration::from_millis(100)));
    }
}

impl Heard {
    fn take(&mut self, update: &Update<'_>) {
        self.updates += 1;
        self.items += match update {
            Update::Book(book) => (book.bids.len() + book.asks.len()) as u64,
            Update::Level3(events) => events.len() as u64,
            Update::AggregateTrades(trades) => trades.len() as u64,
            Update::Executions(reports) => reports.len() as u64,
            Update::Trades(trades) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                for Timestamp(at) in trades.iter().map(|trade| trade.at) {
                    self.latencies.add(now.saturating_sub(Duration::from_nanos(at)));
                }
                self.trades += trades.len() as u64;
                trades.len() as u64
            }
            Update::Gap { from, to } => {
                self.missed += to - from + 1;
                1
            }
            _ => 1,
        };
    }
}

/// Every tenth subscription, each of another kind than the one before it.
fn one_in_ten(id: SubscriptionId) -> bool {
    let number = id.0 - 1;
    number % 10 == (number / 10) % 10
}

fn desk(plan: &Plan) -> (Scratch, Desk) {
    let scratch = Scratch::new(plan, "streams");
    let desk = Desk::with_symbols(&scratch, Durability::Volatile, flow::ACCOUNTS, SYMBOLS);
    (scratch, desk)
}

/// As many commands as it takes, with and without who follows.
fn flat_out(plan: &Plan, followed: bool) -> Value {
    let (_scratch, mut desk) = desk(plan);
    let consumer = followed.then(|| Consumer::start(&desk, one_in_ten));
    let (start, before, threads) = (Instant::now(), desk.answered, Threads::now());
    while start.elapsed() < plan.span {
        if desk.in_flight() < IN_FLIGHT {
            desk.ask(BATCH);
        } else {
            desk.wait(Duration::from_millis(1));
        }
        desk.drain(|_| ());
    }
    let commands = desk.answered - before;
    let rate = per_second(commands, start.elapsed());
    while desk.in_flight() > 0 {
        desk.wait(Duration::from_millis(1));
        desk.drain(|_| ());
    }
    let elapsed = start.elapsed();
    let threads = threads.since(desk.answered - before);
    let heard = consumer.map(Consumer::end);
    let counters = desk.engine.stream_stats();
    desk.engine.close().expect("it closes");
    json!({
        "subscriptions": if followed { 10 * SYMBOLS } else { 0 },
        "stalled": if followed { SYMBOLS } else { 0 },
        "commandsPerSecond": rate,
        "inFlight": IN_FLIGHT,
        "cpuNanosecondsPerCommand": threads,
        "told": heard.map(|heard| json!({
            "updates": heard.updates,
            "items": heard.items,
            "itemsPerSecond": per_second(heard.items, elapsed),
            "trades": heard.trades,
            "missed": heard.missed,
        })),
        "conflated": counters.conflated,
        "gaps": counters.gaps,
        "lost": counters.lost,
    })
}

/// From match to callback, at a rate that leaves room.
fn at_rate(plan: &Plan) -> Value {
    let (_scratch, mut desk) = desk(plan);
    desk.offer(RATE, plan.span / 4, || true);
    let consumer = Consumer::start(&desk, one_in_ten);
    let (latencies, achieved) = desk.offer(RATE, plan.span, || true);
    let heard = consumer.end();
    desk.engine.close().expect("it closes");
    json!({
        "subscriptions": 10 * SYMBOLS,
        "offeredPerSecond": RATE,
        "achievedPerSecond": achieved,
        "answerMicroseconds": latencies.report(),
        "trades": heard.trades,
        "missed": heard.missed,
        "matchToCallbackMicroseconds": heard.latencies.report(),
    })
}
