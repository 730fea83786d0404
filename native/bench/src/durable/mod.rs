//! How fast what is acknowledged is safe: the journal alone, the whole engine in each durability, recovery, and what
//! a snapshot costs the orders that come meanwhile.
//!
//! Latency is measured at a fixed offered rate from when a command was **due**, not from when it was sent: a stall
//! is charged to every command that had to wait for it. The load generator shares the machine with the engine. Every
//! figure comes with the load of the host, because a noisy neighbour makes the 99th percentile five times worse.

mod engine;
mod flow;
mod journal;
mod recovery;
mod snapshot;
mod streams;

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::Plan;
use crate::host::Load;
use crate::report::Report;

/// Measures, and gives a line for each measurement.
type Measure = fn(&Plan) -> Vec<Value>;

/// The stages by name.
const STAGES: [(&str, Measure); 5] = [
    ("journal", journal::run),
    ("engine", engine::run),
    ("recovery", recovery::run),
    ("snapshot", snapshot::run),
    ("streams", streams::run),
];

pub(crate) fn run(stage: &str, plan: &Plan, report: &mut Report) {
    let (_, measure) = STAGES.iter().find(|(name, _)| *name == stage).expect("a durable stage");
    let before = Load::now();
    for line in measure(plan) {
        let mut whole = json!({ "type": "result", "stage": stage });
        if let Value::Object(fields) = line {
            for (name, value) in fields {
                whole[&name] = value;
            }
        }
        whole["host"] = before.since();
        report.line(whole);
    }
}

/// A fresh directory for one measurement, removed when it is over.
pub(crate) struct Scratch(pub(crate) PathBuf);

impl Scratch {
    pub(crate) fn new(plan: &Plan, name: &str) -> Self {
        let path = plan.dir.join(format!("lightning-bench-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
