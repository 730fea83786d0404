//! Everything in one thread: balances, matching, settlement; without the edge, and with it.

use lightning_engine::config::Options;
use serde_json::json;

use crate::Plan;
use crate::compare::{Contestant, Run, compare};
use crate::driver::{BATCH_MAX, Script, Session};
use crate::exchange::{Names, run_exchange};
use crate::report::Report;
use crate::stopwatch::Stopwatch;
use crate::workload::Workload;

pub(super) const WORKLOADS: &[&str] = &["flash-normal", "deep", "thin", "single-pair", "medium"];
/// Without those that take their time.
pub(super) const QUICK_WORKLOADS: &[&str] = &["flash-normal", "deep", "single-pair"];

pub(super) fn run(plan: &Plan, workload: &Workload, report: &mut Report) {
    let names = Names::new(workload);
    let script = Script::new(workload);
    let core = Contestant {
        subject: "core".to_owned(),
        run: Box::new(|workload| run_exchange(workload, &names)),
        verified: &["fills", "book", "conservation"],
        details: json!({ "clock": Stopwatch::CLOCK }),
        is_peer: false,
    };
    let engine = Contestant {
        subject: "engine".to_owned(),
        run: Box::new(|workload| run_engine(workload, &script)),
        verified: &["fills", "book", "orders", "conservation"],
        details: json!({ "clock": Stopwatch::CLOCK, "batch": BATCH_MAX }),
        is_peer: false,
    };
    let mut contestants = plan.choose(vec![core, engine]);
    compare(report, ("inline", workload, plan.repetitions), &mut contestants, None);
}

fn run_engine(workload: &Workload, script: &Script<'_>) -> Run {
    let mut session = Session::open(script, Options { inline: true, ..Options::default() });
    session.play(workload.loaded, BATCH_MAX);
    let start = Stopwatch::start();
    session.play(workload.commands.len(), BATCH_MAX);
    let elapsed = start.elapsed();
    Run { elapsed, faults: session.audit(true) }
}
