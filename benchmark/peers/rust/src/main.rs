//! Rust order books on Lightning's workloads: the same fills first, then the time they take.
//!
//! All contestants run in one process, in turns, on the same commands, translated before the clock runs. Who makes
//! other trades, or leaves another book, is reported with the difference and without a speed.

mod lobster;
mod matchcore;
mod orderbook_rs;

use std::process::ExitCode;

use lexopt::prelude::*;
use lightning_bench::books::Matched;
use lightning_bench::compare::{Contestant, Series, compare, hundredths};
use lightning_bench::host;
use lightning_bench::report::{Report, Style};
use lightning_bench::workload::{self, Kind, ONE_SYMBOL, Reference, Size, Workload, play};
use lightning_core::book::PriceTimeBook;
use serde_json::{Value, json};

const USAGE: &str =
    "lightning-rust-peers [--quick] [--json] [--workload NAME ...] [--peer NAME ...] [--seed N]
    [--repetitions N] [--scale PERCENT]

workloads: flash-static flash-normal flash-swing-25 flash-swing-40 flash-crash deep thin single-pair
peers: matchcore orderbook-rs lobster";

const OURS: &str = "lightning";
const PEERS: [&str; 3] = ["matchcore", "orderbook-rs", "lobster"];

struct Wish {
    report: Report,
    seed: u64,
    repetitions: usize,
    size: Size,
    workloads: Vec<String>,
    peers: Vec<String>,
}

fn main() -> ExitCode {
    match parse() {
        Ok(wish) => run(wish),
        Err(error) => {
            eprintln!("{error}\n\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn parse() -> Result<Wish, lexopt::Error> {
    let (mut is_quick, mut style, mut seed) = (false, Style::Text, 8_123);
    let (mut repetitions, mut percent) = (None, None);
    let (mut workloads, mut peers) = (Vec::new(), Vec::new());
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("quick") => is_quick = true,
            Long("json") => style = Style::Json,
            Long("seed") => seed = parser.value()?.parse()?,
            Long("repetitions") => repetitions = Some(parser.value()?.parse()?),
            Long("scale") => percent = Some(parser.value()?.parse()?),
            Long("workload") => workloads.push(known(parser.value()?.string()?, &ONE_SYMBOL)?),
            Long("peer") => peers.push(known(parser.value()?.string()?, &PEERS)?),
            other => return Err(other.unexpected()),
        }
    }
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    if workloads.is_empty() {
        workloads = all(&ONE_SYMBOL);
    }
    if peers.is_empty() {
        peers = all(&PEERS);
    }
    let percent = percent.unwrap_or(if is_quick { 10 } else { 100 });
    Ok(Wish {
        report: Report::new(style),
        seed,
        repetitions: repetitions.unwrap_or(if is_quick { 3 } else { 5 }),
        size: Size { percent, ..Size::default() },
        workloads,
        peers,
    })
}

fn known(name: String, names: &[&str]) -> Result<String, lexopt::Error> {
    if names.contains(&name.as_str()) { Ok(name) } else { Err(format!("there is no {name}").into()) }
}

fn run(mut wish: Wish) -> ExitCode {
    let mut first = host::describe();
    for (name, value) in [
        ("seed", json!(wish.seed)),
        ("repetitions", json!(wish.repetitions)),
        ("scalePercent", json!(wish.size.percent)),
    ] {
        first[name] = value;
    }
    wish.report.line(first);
    let mut is_ours_right = true;
    for name in &wish.workloads {
        // Every flow as it is, and once more without what one of the peers can't do.
        for reductions in [true, false] {
            let size = Size { reductions, ..wish.size.clone() };
            let workload = workload::write(name, wish.seed, &size).expect("a workload that needs no files");
            let has_reductions = workload.commands.iter().any(|command| command.kind == Kind::Reduce);
            let peers: Vec<&str> = PEERS
                .into_iter()
                .filter(|peer| wish.peers.iter().any(|wanted| wanted == peer))
                .filter(|&peer| if peer == "lobster" { !has_reductions } else { reductions })
                .collect();
            if !peers.is_empty() {
                let mut line = workload.line();
                line["reductions"] = json!(has_reductions);
                wish.report.line(line);
                is_ours_right &= contest(&mut wish.report, &workload, wish.repetitions, &peers);
            }
            if !has_reductions {
                break; // Without them it is the same flow again.
            }
        }
    }
    if is_ours_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Runs ours and the peers in turns; is ours right?
fn contest(report: &mut Report, workload: &Workload, repetitions: usize, peers: &[&str]) -> bool {
    let mut contestants = vec![
        Contestant::book(OURS, Matched::<PriceTimeBook>::default),
        Contestant::book("reference", Reference::default),
    ];
    for &peer in peers {
        match peer {
            "matchcore" => contestants.extend(matchcore::contestants(workload)),
            "orderbook-rs" => contestants.push(orderbook_rs::contestant(workload)),
            _ => contestants.push(lobster::contestant()),
        }
    }
    let series = compare(report, ("peers", workload, repetitions), &mut contestants, None);
    let (ours, others) = series.split_first().expect("ours is the first");
    for other in others {
        report.line(ratio(workload, ours, other));
    }
    !ours.is_wrong
}

/// How many times ours is as fast: median to median, and best to best, which a neighbour's load spoils less.
fn ratio(workload: &Workload, ours: &Series, other: &Series) -> Value {
    let mut line = json!({
        "type": "ratio",
        "stage": "peers",
        "workload": workload.name,
        "subject": ours.subject,
        "against": other.subject,
    });
    for (name, ours_is, other_is) in
        [("times", ours.median, other.median), ("timesBest", ours.best, other.best)]
    {
        let is_known = !ours.is_wrong && !other.is_wrong;
        line[name] = if is_known { hundredths(ours_is * 100 / other_is.max(1)) } else { Value::Null };
    }
    line
}

/// What a command will meet: known before the clock runs, for who needs it in his words.
#[derive(Clone, Copy)]
struct Foreseen {
    /// What is left of its order before it; zero for a new one.
    left: u64,
    /// What it will trade.
    tradable: u64,
}

fn foreseen(workload: &Workload) -> Vec<Foreseen> {
    let (mut book, mut tape) = (Reference::default(), workload::Tape::default());
    let commands = workload.commands.iter();
    commands
        .map(|command| {
            let (left, lots) = (book.left(command.id).unwrap_or(0), tape.lots);
            play(std::slice::from_ref(command), &mut book, &mut tape);
            Foreseen { left, tradable: tape.lots - lots }
        })
        .collect()
}
