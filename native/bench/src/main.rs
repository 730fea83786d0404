//! How fast what is acknowledged is safe: the journal alone, the whole engine in each durability, recovery, and what
//! a snapshot costs the orders that come meanwhile.
//!
//! Latency is measured at a fixed offered rate from when a command was **due**, not from when it was sent: a stall
//! is charged to every command that had to wait for it. The load generator shares the machine with the engine. Every
//! figure comes with the load of the host, because a noisy neighbour makes the 99th percentile five times worse.

mod engine;
mod flow;
mod host;
mod journal;
mod latency;
mod recovery;
mod snapshot;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use serde_json::{Value, json};

const USAGE: &str =
    "durable [--dir DIR] [--seconds N] [--quick] [--json] [journal|engine|recovery|snapshot ...]";

/// Measures, and gives a line for each measurement.
type Stage = fn(&Plan) -> Vec<Value>;

/// What is to be measured, and where.
pub(crate) struct Plan {
    /// The disk that is measured is the one of this directory.
    pub(crate) dir: PathBuf,
    /// How long each rate is offered.
    pub(crate) span: Duration,
    /// Smaller states and fewer rates.
    pub(crate) quick: bool,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn run() -> Result<(), lexopt::Error> {
    let mut plan = Plan { dir: std::env::temp_dir(), span: Duration::from_secs(5), quick: false };
    let (mut as_json, mut stages) = (false, Vec::new());
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("dir") => plan.dir = parser.value()?.into(),
            Long("seconds") => plan.span = Duration::from_secs(parser.value()?.parse()?),
            Long("quick") => (plan.quick, plan.span) = (true, Duration::from_secs(2)),
            Long("json") => as_json = true,
            Value(stage) => stages.push(stage.string()?),
            other => return Err(other.unexpected()),
        }
    }
    let all: [(&str, Stage); 4] = [
        ("journal", journal::run),
        ("engine", engine::run),
        ("recovery", recovery::run),
        ("snapshot", snapshot::run),
    ];
    if let Some(unknown) = stages.iter().find(|stage| all.iter().all(|(name, _)| name != stage)) {
        return Err(format!("there is no stage {unknown}").into());
    }
    let mut results = Vec::new();
    for (name, stage) in all {
        if stages.is_empty() || stages.iter().any(|wanted| wanted == name) {
            let before = host::Load::now();
            for mut line in stage(&plan) {
                line["stage"] = json!(name);
                line["host"] = before.since();
                if !as_json {
                    println!("{}", text(&line));
                }
                results.push(line);
            }
        }
    }
    if as_json {
        println!("{}", serde_json::to_string_pretty(&results).expect("plain data"));
    }
    Ok(())
}

/// One line for people.
fn text(line: &Value) -> String {
    let Value::Object(fields) = line else { return line.to_string() };
    let stage = fields["stage"].as_str().unwrap_or_default();
    let mut words = vec![format!("{stage:9}")];
    for (name, value) in fields.iter().filter(|(name, _)| *name != "stage") {
        words.push(match value {
            Value::String(text) => format!("{name} {text}"),
            Value::Object(fields) => {
                let inner: Vec<_> = fields.iter().map(|(name, value)| format!("{name} {value}")).collect();
                format!("{name} [{}]", inner.join(", "))
            }
            value => format!("{name} {value}"),
        });
    }
    words.join("  ")
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
