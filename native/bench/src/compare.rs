//! Several contestants on the same workload, in turns: a neighbour's load falls on all of them alike, and what counts
//! are ratios inside one run.

use std::time::Duration;

use serde_json::{Value, json};

use crate::host::Load;
use crate::report::Report;
use crate::stopwatch::Stopwatch;
use crate::workload::{Book, Tape, Workload, play};

/// One run of one contestant.
#[derive(Clone, Debug)]
pub struct Run {
    /// What the measured commands took.
    pub elapsed: Duration,
    /// Where its outcome is not the workload's.
    pub faults: Vec<String>,
}

/// Who runs a workload from its beginning to its end and says how long the measured part took.
pub struct Contestant<'a> {
    /// Its name in the report.
    pub subject: String,
    /// Its run.
    pub run: Box<dyn FnMut(&Workload) -> Run + 'a>,
    /// What its outcome is compared with, for the report.
    pub verified: &'static [&'static str],
    /// Goes into its line as it is.
    pub details: Value,
    /// Somebody else's: where it is wrong, that is a difference and no fault of ours.
    pub is_peer: bool,
}

impl<'a> Contestant<'a> {
    /// A book that is made anew for each run.
    pub fn book<B: Book + 'a>(subject: impl Into<String>, mut make: impl FnMut() -> B + 'a) -> Self {
        Self {
            subject: subject.into(),
            run: Box::new(move |workload| run_book(workload, make())),
            verified: &["fills", "book"],
            details: json!({ "clock": Stopwatch::CLOCK }),
            is_peer: false,
        }
    }
}

/// Runs a workload on a book.
pub fn run_book(workload: &Workload, mut book: impl Book) -> Run {
    let mut tape = Tape::default();
    play(workload.load(), &mut book, &mut tape);
    let start = Stopwatch::start();
    play(workload.measured(), &mut book, &mut tape);
    let elapsed = start.elapsed();
    Run { elapsed, faults: workload.faults(&tape, &[book.depth()]) }
}

/// What came out for one contestant.
#[derive(Clone, Debug)]
pub struct Series {
    /// Its name.
    pub subject: String,
    /// Commands a second, by repetition.
    pub rates: Vec<u64>,
    /// Of the rates.
    pub median: u64,
    /// Of the rates.
    pub best: u64,
    /// It was wrong in some run, and so nothing of its speed is reported.
    pub is_wrong: bool,
}

/// Runs all contestants in turns, once to warm up and then so many times, and reports each: its line, with its median
/// against that of the subject `against`, or its faults.
pub fn compare(
    report: &mut Report,
    (stage, workload, repetitions): (&str, &Workload, usize),
    contestants: &mut [Contestant<'_>],
    against: Option<&str>,
) -> Vec<Series> {
    let before = Load::now();
    let mut elapsed = vec![Vec::new(); contestants.len()];
    let mut wrong = vec![false; contestants.len()];
    for repetition in 0..=repetitions {
        for (at, contestant) in contestants.iter_mut().enumerate() {
            if wrong[at] {
                continue;
            }
            let run = (contestant.run)(workload);
            for fault in &run.faults {
                let kind = if contestant.is_peer { "difference" } else { "fault" };
                report.wrong(kind, (stage, workload.name, &contestant.subject), fault);
            }
            wrong[at] = !run.faults.is_empty();
            if repetition > 0 || repetitions == 0 {
                elapsed[at].push(run.elapsed);
            }
        }
    }
    let host = before.since();
    let commands = workload.measured().len() as u64;
    let series: Vec<Series> = contestants
        .iter()
        .zip(elapsed)
        .zip(&wrong)
        .map(|((contestant, elapsed), &is_wrong)| {
            let rates: Vec<u64> = elapsed.iter().map(|&elapsed| per_second(commands, elapsed)).collect();
            let mut sorted = rates.clone();
            sorted.sort_unstable();
            let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0);
            let best = sorted.last().copied().unwrap_or(0);
            Series { subject: contestant.subject.clone(), rates, median, best, is_wrong }
        })
        .collect();
    let measure = against.and_then(|subject| series.iter().find(|series| series.subject == subject));
    for (contestant, series) in contestants.iter().zip(&series) {
        if series.is_wrong {
            continue;
        }
        let mut line = json!({
            "type": "result",
            "stage": stage,
            "workload": workload.name,
            "subject": series.subject,
            "commands": commands,
            "rates": series.rates,
            "median": series.median,
            "best": series.best,
            "nanoseconds": hundredths(100_000_000_000 / series.median.max(1)),
        });
        if let Some(measure) =
            measure.filter(|measure| !measure.is_wrong && measure.subject != series.subject)
        {
            line["against"] = json!(measure.subject);
            line["times"] = hundredths(series.median * 100 / measure.median.max(1));
            line["timesBest"] = hundredths(series.best * 100 / measure.best.max(1));
        }
        if let Value::Object(details) = &contestant.details {
            for (name, value) in details {
                line[name] = value.clone();
            }
        }
        line["verified"] = json!(contestant.verified);
        line["host"] = host.clone();
        report.line(line);
    }
    series
}

/// A number that was counted in hundredths.
#[must_use]
pub fn hundredths(number: u64) -> Value {
    let text = format!("{}.{:02}", number / 100, number % 100);
    json!(text.parse::<f64>().expect("digits and a point"))
}

/// So many in so long, as a rate.
#[must_use]
pub fn per_second(count: u64, elapsed: Duration) -> u64 {
    let rate = u128::from(count) * 1_000_000_000 / elapsed.as_nanos().max(1);
    u64::try_from(rate).expect("a rate of this world")
}
