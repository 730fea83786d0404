//! How long an engine takes to be there again.

use std::time::{Duration, Instant};

use lightning_engine::Engine;
use lightning_engine::config::{Durability, Options};
use serde_json::{Value, json};

use super::Scratch;
use super::engine::Desk;
use super::flow;
use crate::Plan;
use crate::compare::per_second;

pub(crate) fn run(plan: &Plan) -> Vec<Value> {
    let commands = plan.commands(3_000_000);
    let scratch = Scratch::new(plan, "recovery");
    let mut desk = Desk::funded(&scratch, Durability::Written, flow::ACCOUNTS);
    while desk.next_ticket < commands {
        if desk.in_flight() < 8_192 {
            desk.ask(256);
        } else {
            desk.wait(Duration::from_millis(1));
        }
        desk.drain(|_| ());
    }
    while desk.in_flight() > 0 {
        desk.wait(Duration::from_millis(1));
        desk.drain(|_| ());
    }
    desk.engine.close().expect("it closes");
    drop(desk);
    let mut lines = Vec::new();
    for shards in [1, 4] {
        let options = Options {
            data_dir: Some(scratch.0.clone()),
            sequencers: Some(shards),
            matchers: Some(shards),
            snapshot_every: Some(0),
            ..Options::default()
        };
        let start = Instant::now();
        let engine = Engine::open(options, Box::new(|| ())).expect("it opens again");
        let elapsed = start.elapsed();
        let report = engine.recovery().expect("it has a directory").clone();
        lines.push(json!({
            "shards": shards,
            "records": report.records,
            "openSeconds": elapsed.as_secs_f64(),
            "recordsPerSecond": per_second(report.records, elapsed),
        }));
        engine.close().expect("it closes");
    }
    lines
}
