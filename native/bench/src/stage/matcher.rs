//! The matcher: judging, matching, settlements and answers made, nobody to take them.

use lightning_core::book::PriceTimeBook;
use serde_json::json;

use crate::Plan;
use crate::compare::{Contestant, compare};
use crate::exchange::{Names, run_matcher};
use crate::report::Report;
use crate::stopwatch::Stopwatch;
use crate::workload::Workload;

pub(super) const WORKLOADS: &[&str] = &["flash-normal", "deep", "thin", "single-pair"];

pub(super) fn run(plan: &Plan, workload: &Workload, report: &mut Report) {
    let names = Names::new(workload);
    let matcher = Contestant {
        subject: "matcher".to_owned(),
        run: Box::new(|workload| run_matcher::<PriceTimeBook>(workload, &names)),
        verified: &["fills", "book"],
        details: json!({ "clock": Stopwatch::CLOCK }),
        is_peer: false,
    };
    let mut contestants = plan.choose(vec![matcher]);
    compare(report, ("matcher", workload, plan.repetitions), &mut contestants, None);
}
