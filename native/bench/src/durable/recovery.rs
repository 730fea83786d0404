//! How long an engine takes to be there again: after it was closed, after it was closed right after it was opened, which
//! leaves it no time to prepare log files, and after it was killed.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, Instant};

use lightning_engine::Engine;
use lightning_engine::config::{Durability, Options};
use lightning_engine::recovery::RecoveryPhase;
use serde_json::{Value, json};

use super::Scratch;
use super::engine::Desk;
use super::flow;
use crate::Plan;
use crate::compare::per_second;

pub(crate) fn run(plan: &Plan) -> Vec<Value> {
    let commands = plan.commands(3_000_000);
    let scratch = Scratch::new(plan, "recovery");
    let killed = Scratch::new(plan, "recovery-killed");
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
    copy(&scratch.0, &killed.0);
    desk.engine.close().expect("it closes");
    drop(desk);
    vec![
        open("close", &scratch.0, 1),
        open("open and close", &scratch.0, 4),
        open("kill", &killed.0, 1),
        open("open and close", &killed.0, 1),
    ]
}

/// What a kill would leave of a directory where everything was answered: what the operating system has of its files.
fn copy(from: &Path, into: &Path) {
    fs::create_dir(into).expect("a directory beside it");
    for entry in fs::read_dir(from).expect("it is there") {
        let entry = entry.expect("it is there");
        let copy = into.join(entry.file_name());
        // What is just being prepared may have got its name meanwhile.
        if entry.file_type().expect("it is there").is_file() && fs::copy(entry.path(), &copy).is_ok() {
            let file = File::open(copy).expect("it was copied");
            file.sync_all().expect("there is room on the disk");
        }
    }
}

/// Opens what was left, and closes it.
fn open(after: &str, directory: &Path, shards: usize) -> Value {
    let options = Options {
        data_dir: Some(directory.to_owned()),
        sequencers: Some(shards),
        matchers: Some(shards),
        snapshot_every: Some(0),
        ..Options::default()
    };
    let start = Instant::now();
    let mut ended: Vec<(RecoveryPhase, Duration)> = Vec::new();
    let mut watch = |progress: lightning_engine::recovery::RecoveryProgress| match ended
        .iter_mut()
        .find(|(phase, _)| *phase == progress.phase)
    {
        Some((_, at)) => *at = start.elapsed(),
        None => ended.push((progress.phase, start.elapsed())),
    };
    let engine = Engine::open_watched(options, Box::new(|| ()), &mut watch).expect("it opens again");
    let elapsed = start.elapsed();
    let report = engine.recovery().expect("it has a directory").clone();
    engine.close().expect("it closes");
    // When each phase was last heard of.
    let heard = |phase| ended.iter().find(|(of, _)| *of == phase).map(|(_, at)| at.as_secs_f64());
    json!({
        "after": after,
        "shards": shards,
        "records": report.records,
        "openSeconds": elapsed.as_secs_f64(),
        "checkedSeconds": heard(RecoveryPhase::Check),
        "replayedSeconds": heard(RecoveryPhase::Prove),
        "recordsPerSecond": per_second(report.records, elapsed),
    })
}
