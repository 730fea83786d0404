//! What is measured, one file per stage.

mod book;
mod inline;
mod matcher;
mod memory;
mod threaded;

use std::collections::HashMap;
use std::rc::Rc;

pub(crate) use memory::{HERE, measure_here};

use crate::report::Report;
use crate::workload::{self, Workload};
use crate::{Plan, durable};

/// In the order in which they run.
pub(crate) const NAMES: [&str; 10] = [
    "book", "matcher", "inline", "threaded", "memory", "journal", "engine", "recovery", "snapshot", "streams",
];

/// Measures one workload.
type Measure = fn(&Plan, &Workload, &mut Report);

/// Runs a stage by its name.
pub(crate) fn run(stage: &str, plan: &Plan, shelf: &mut Shelf, report: &mut Report) {
    let (usual, run): (&[&str], Measure) = match stage {
        "book" => (book::WORKLOADS, book::run),
        "matcher" => (matcher::WORKLOADS, matcher::run),
        "inline" if plan.quick => (inline::QUICK_WORKLOADS, inline::run),
        "inline" => (inline::WORKLOADS, inline::run),
        "threaded" => (threaded::WORKLOADS, threaded::run),
        "memory" => return memory::run(plan, report),
        durable => return durable::run(durable, plan, report),
    };
    let wanted: Vec<&str> = if plan.workloads.is_empty() {
        usual.to_vec()
    } else {
        plan.workloads.iter().map(String::as_str).collect()
    };
    for name in wanted {
        if let Some(workload) = shelf.take(name, plan, report) {
            run(plan, &workload, report);
        }
    }
}

/// Workloads that were written already: stages share them.
#[derive(Default)]
pub(crate) struct Shelf(HashMap<String, Option<Rc<Workload>>>);

impl Shelf {
    /// A workload, if it can be had here. Reports it, or why not, the first time.
    pub(crate) fn take(&mut self, name: &str, plan: &Plan, report: &mut Report) -> Option<Rc<Workload>> {
        if let Some(known) = self.0.get(name) {
            return known.clone();
        }
        let workload = match workload::write(name, plan.seed, &plan.size) {
            Ok(workload) => {
                report.line(workload.line());
                Some(Rc::new(workload))
            }
            Err(why) => {
                report.skipped(name, &why);
                None
            }
        };
        // The largest one is written again where it is needed again: it would be a good part of the memory.
        if name != "medium" {
            self.0.insert(name.to_owned(), workload.clone());
        }
        workload
    }
}
