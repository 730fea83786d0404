//! The engine with its threads: how much it takes, by shards and by how much is in flight; and how long an answer
//! takes at a rate that it is offered.

use std::time::Instant;

use lightning_engine::config::Options;
use serde_json::{Value, json};

use crate::Plan;
use crate::compare::{Contestant, Run, compare, per_second};
use crate::driver::{Script, Session};
use crate::host::Load;
use crate::report::Report;
use crate::workload::Workload;

pub(super) const WORKLOADS: &[&str] = &["deep", "wide", "single-pair", "flash-normal"];
/// Sequencers and matchers.
const SHARDS: [(usize, usize); 2] = [(1, 1), (2, 2)];
const IN_FLIGHT: [usize; 3] = [256, 2_048, 8_192];
/// What a flash flow is offered, in commands a second.
const RATES: [u64; 4] = [2_000, 20_000, 100_000, 200_000];
const QUICK_RATES: [u64; 2] = [20_000, 100_000];

pub(super) fn run(plan: &Plan, workload: &Workload, report: &mut Report) {
    let script = Script::new(workload);
    if workload.name.starts_with("flash") {
        return at_rates(plan, workload, &script, report);
    }
    // More than one matcher has nothing to do where there is one symbol.
    let shards = if workload.symbols > 1 { &SHARDS[..] } else { &SHARDS[..1] };
    let in_flight = if workload.symbols > 1 || plan.quick { &IN_FLIGHT[1..2] } else { &IN_FLIGHT[..] };
    let mut contestants: Vec<Contestant<'_>> = Vec::new();
    for &shards in shards {
        for &in_flight in in_flight {
            contestants.push(saturated(&script, shards, in_flight));
        }
    }
    let against = contestants[0].subject.clone();
    let mut contestants = plan.choose(contestants);
    compare(report, ("threaded", workload, plan.repetitions), &mut contestants, Some(&against));
}

fn saturated<'a>(script: &'a Script<'a>, shards: (usize, usize), in_flight: usize) -> Contestant<'a> {
    let is_ordered = shards.0 == 1;
    Contestant {
        subject: format!("{}+{}, {in_flight} in flight", shards.0, shards.1),
        run: Box::new(move |workload| {
            let mut session = Session::open(script, options(shards));
            session.play(workload.loaded, in_flight);
            let start = Instant::now();
            session.play(workload.commands.len(), in_flight);
            let elapsed = start.elapsed();
            Run { elapsed, faults: session.audit(is_ordered) }
        }),
        // With several sequencers commands of different accounts may overtake each other: what they come to is
        // theirs then, and only has to agree with itself.
        verified: if is_ordered {
            &["fills", "book", "orders", "conservation"]
        } else {
            &["orders", "conservation"]
        },
        details: json!({ "shards": named(shards), "inFlight": in_flight }),
        is_peer: false,
    }
}

fn options((sequencers, matchers): (usize, usize)) -> Options {
    Options { sequencers: Some(sequencers), matchers: Some(matchers), ..Options::default() }
}

fn named((sequencers, matchers): (usize, usize)) -> Value {
    json!({ "sequencers": sequencers, "matchers": matchers })
}

fn at_rates(plan: &Plan, workload: &Workload, script: &Script<'_>, report: &mut Report) {
    let rates = if plan.quick { &QUICK_RATES[..] } else { &RATES[..] };
    for &rate in rates {
        let before = Load::now();
        let mut session = Session::open(script, options((1, 1)));
        session.play(workload.loaded, 256);
        // A tenth of a second warms up; then as much as the time allows, if there is so much of it.
        let warm = workload.loaded + usize::try_from(rate / 10).expect("a small number");
        let wanted = u64::try_from(plan.span.as_millis()).expect("seconds") * rate / 1_000;
        let until = (warm + usize::try_from(wanted).expect("a small number")).min(workload.commands.len());
        let warm = warm.min(until / 2);
        session.offer(rate, warm);
        let (latencies, elapsed) = session.offer(rate, until);
        // To the end, so that the outcome is the workload's.
        session.play(workload.commands.len(), 2_048);
        let faults = session.audit(true);
        for fault in &faults {
            report.fault("threaded", workload.name, "engine", fault);
        }
        if faults.is_empty() {
            report.line(json!({
                "type": "result",
                "stage": "threaded",
                "workload": workload.name,
                "subject": "engine",
                "shards": named((1, 1)),
                "offeredPerSecond": rate,
                "achievedPerSecond": per_second((until - warm) as u64, elapsed),
                "commands": until - warm,
                "latencyNanoseconds": latencies.nanoseconds(),
                "verified": ["fills", "book", "orders", "conservation"],
                "host": before.since(),
            }));
        }
    }
}
