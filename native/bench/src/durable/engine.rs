//! The whole engine at a fixed rate: edge, sequencers, matchers, settlement, journal, answers drained by the asker,
//! who runs on the same cores.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lightning_core::types::Ticket;
use lightning_engine::Engine;
use lightning_engine::config::{Durability, Options};
use serde_json::{Value, json};

use super::Scratch;
use super::flow::{self, Flow};
use crate::Plan;
use crate::bell::Bell;
use crate::compare::per_second;
use crate::latency::{Latencies, Schedule};

/// Commands that are handed over at once.
const BATCH_MAX: u64 = 256;
/// The engine takes no more (its default).
const IN_FLIGHT_MAX: u64 = 60_000;

pub(crate) fn run(plan: &Plan) -> Vec<Value> {
    let rates: &[u64] =
        if plan.quick { &[20_000, 200_000] } else { &[2_000, 20_000, 100_000, 200_000, 300_000] };
    let mut lines = Vec::new();
    for &rate in rates {
        for durability in Durability::ALL {
            lines.push(at_rate(plan, durability, rate));
        }
    }
    // As fast as it goes: what is in flight is all that bounds it.
    for durability in Durability::ALL {
        lines.push(flat_out(plan, durability));
    }
    lines
}

/// An engine, and who asks it.
pub(crate) struct Desk {
    pub(crate) engine: Arc<Engine>,
    pub(crate) flow: Flow,
    pub(crate) next_ticket: u64,
    pub(crate) answered: u64,
    bell: Bell,
}

impl Desk {
    pub(crate) fn open(
        scratch: &Scratch,
        durability: Durability,
        symbols: usize,
        change: impl FnOnce(&mut Options),
    ) -> Self {
        let bell = Bell::default();
        let ring = bell.clone();
        let durable = durability != Durability::Volatile;
        let mut options = Options {
            data_dir: durable.then(|| scratch.0.clone()),
            durability: Some(durability),
            snapshot_every: Some(0),
            ..Options::default()
        };
        change(&mut options);
        let engine = Engine::open(options, Box::new(move || ring.ring())).expect("an engine opens");
        Self { engine: Arc::new(engine), flow: Flow::new(7, symbols), next_ticket: 0, answered: 0, bell }
    }

    /// With the market, and `accounts` of which the first thousand trade.
    pub(crate) fn funded(scratch: &Scratch, durability: Durability, accounts: u64) -> Self {
        Self::with_symbols(scratch, durability, accounts, flow::SYMBOLS)
    }

    /// The same with so many symbols.
    pub(crate) fn with_symbols(
        scratch: &Scratch,
        durability: Durability,
        accounts: u64,
        symbols: usize,
    ) -> Self {
        let mut desk = Self::open(scratch, durability, symbols, |_| ());
        flow::set_up(&desk.engine, symbols);
        let tickets = 2 * accounts;
        while desk.answered < tickets {
            if desk.in_flight() < 8_192 {
                let next = (desk.next_ticket + 1_000).min(tickets);
                let batch = (desk.next_ticket..next).map(|ticket| (Ticket(ticket), flow::deposit(ticket)));
                desk.engine.submit(batch);
                desk.next_ticket = next;
            }
            let ready = desk.engine.drain();
            assert!(ready.answers.iter().all(|answer| answer.result.is_ok()), "deposits are taken");
            desk.answered += ready.answers.len() as u64;
            if ready.answers.is_empty() {
                desk.wait(Duration::from_millis(1));
            }
        }
        desk
    }

    /// Asks so many commands in one batch.
    pub(crate) fn ask(&mut self, count: u64) {
        let first = self.next_ticket;
        self.next_ticket += count;
        let wishes: Vec<_> =
            (first..self.next_ticket).map(|ticket| (ticket, self.flow.wish(ticket))).collect();
        let flow = &self.flow;
        self.engine.submit(wishes.iter().map(|&(ticket, wish)| (Ticket(ticket), flow.call(wish))));
    }

    /// Takes in what is answered.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(Ticket)) {
        let ready = self.engine.drain();
        assert_eq!(ready.halted, None, "the engine halted");
        self.answered += ready.answers.len() as u64;
        for answer in &ready.answers {
            self.flow.learn(answer);
            each(answer.ticket);
        }
    }

    pub(crate) fn wait(&self, most: Duration) {
        self.bell.wait(most);
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.next_ticket - self.answered
    }

    /// Offers a rate for a while; latencies from when each command was due to when its answer was drained.
    pub(crate) fn offer(&mut self, rate: u64, span: Duration, until: impl Fn() -> bool) -> (Latencies, u64) {
        let base = self.next_ticket;
        let mut latencies = Latencies::new();
        let mut schedule = Schedule::new(rate);
        while schedule.elapsed() < span || (!until() && schedule.elapsed() < span * 20) {
            let room = IN_FLIGHT_MAX.saturating_sub(self.in_flight()).min(BATCH_MAX);
            let due = schedule.take_due(room);
            if due > 0 {
                self.ask(due);
            }
            let now = Instant::now();
            self.drain(|ticket| latencies.add(now.saturating_duration_since(schedule.due(ticket.0 - base))));
            let wait = if room == 0 { Duration::from_millis(1) } else { schedule.until_next() };
            if !wait.is_zero() {
                self.wait(wait);
            }
        }
        while self.in_flight() > 0 {
            self.wait(Duration::from_millis(1));
            let now = Instant::now();
            self.drain(|ticket| latencies.add(now.saturating_duration_since(schedule.due(ticket.0 - base))));
        }
        let achieved = per_second(schedule.sent(), schedule.elapsed());
        (latencies, achieved)
    }
}

fn at_rate(plan: &Plan, durability: Durability, rate: u64) -> Value {
    let scratch = Scratch::new(plan, "engine");
    let mut desk = Desk::funded(&scratch, durability, flow::ACCOUNTS);
    desk.offer(rate, plan.span / 4, || true); // Warm, and something rests.
    let (latencies, achieved) = desk.offer(rate, plan.span, || true);
    let line = json!({
        "durability": durability.as_str(),
        "offeredPerSecond": rate,
        "achievedPerSecond": achieved,
        "microseconds": latencies.report(),
    });
    desk.engine.close().expect("it closes");
    line
}

fn flat_out(plan: &Plan, durability: Durability) -> Value {
    let scratch = Scratch::new(plan, "engine");
    let mut desk = Desk::funded(&scratch, durability, flow::ACCOUNTS);
    let (start, before) = (Instant::now(), desk.answered);
    while start.elapsed() < plan.span {
        if desk.in_flight() < 8_192 {
            desk.ask(BATCH_MAX);
        } else {
            desk.wait(Duration::from_millis(1));
        }
        desk.drain(|_| ());
    }
    let rate = per_second(desk.answered - before, start.elapsed());
    while desk.in_flight() > 0 {
        desk.wait(Duration::from_millis(1));
        desk.drain(|_| ());
    }
    desk.engine.close().expect("it closes");
    json!({ "durability": durability.as_str(), "inFlight": 8_192, "commandsPerSecond": rate })
}
