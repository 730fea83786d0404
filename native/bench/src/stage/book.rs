//! The book alone.

use lightning_core::book::PriceTimeBook;

use crate::Plan;
use crate::books::Matched;
use crate::compare::{Contestant, compare};
use crate::report::Report;
use crate::workload::{Reference, Workload};

pub(super) const WORKLOADS: &[&str] = &[
    "flash-static",
    "flash-normal",
    "flash-swing-25",
    "flash-swing-40",
    "flash-crash",
    "deep",
    "thin",
    "single-pair",
    "recorded",
];

pub(super) fn run(plan: &Plan, workload: &Workload, report: &mut Report) {
    if workload.symbols > 1 {
        return report.skipped(workload.name, "one book has one symbol");
    }
    let contestants = vec![
        Contestant::book("price-time", Matched::<PriceTimeBook>::default),
        Contestant::book("reference", Reference::default),
    ];
    let mut contestants = plan.choose(contestants);
    compare(report, ("book", workload, plan.repetitions), &mut contestants, Some("reference"));
}
