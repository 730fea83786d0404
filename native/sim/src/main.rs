//! `sim`: runs seeds. One seed, to look at it; many, to find one worth looking at.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use lightning_sim::coverage::Coverage;
use lightning_sim::{check, workload};

const USAGE: &str = "\
sim SEED [--log]            run one seed; with --log, one line per step
sim --seeds N [--from K]    run N seeds, from K on (0 without), up to the first that fails
    [--keep-going]          do not stop at it: count how many fail";

enum Task {
    One { seed: u64, log: bool },
    Many { from: u64, count: u64, keep_going: bool },
    Help,
}

fn main() -> ExitCode {
    match parse() {
        Ok(Task::Help) => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Ok(Task::One { seed, log }) => one(seed, log),
        Ok(Task::Many { from, count, keep_going }) => many(from, count, keep_going),
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn parse() -> Result<Task, lexopt::Error> {
    use lexopt::prelude::*;
    let (mut seed, mut log, mut count, mut from, mut keep_going) = (None, false, None, None, false);
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Long("log") => log = true,
            Long("keep-going") => keep_going = true,
            Long("seeds") => count = Some(args.value()?.parse()?),
            Long("from") => from = Some(args.value()?.parse()?),
            Short('h') | Long("help") => return Ok(Task::Help),
            Value(value) if seed.is_none() => seed = Some(value.parse()?),
            _ => return Err(arg.unexpected()),
        }
    }
    match (seed, count, from, log) {
        (Some(seed), None, None, log) if !keep_going => Ok(Task::One { seed, log }),
        (None, Some(count), from, false) => Ok(Task::Many { from: from.unwrap_or(0), count, keep_going }),
        _ => Err("give either a seed or --seeds".into()),
    }
}

fn one(seed: u64, log: bool) -> ExitCode {
    println!("seed {seed}");
    let mut out = io::stdout().lock();
    if log {
        // First what is asked for, as it is asked where order is not left to chance.
        let workload = workload::generate(seed);
        let _ = write!(out, "{}", workload.setup);
        for (at, action) in workload.actions.iter().enumerate() {
            let _ = writeln!(out, "  {:>3}. {action:?}", at + 1);
        }
    }
    let mut print = |line: &str| {
        // A closed pipe (`| head`) only ends the reading along.
        let _ = writeln!(out, "{line}");
    };
    let result = check::catch(|| check::seed(seed, if log { Some(&mut print) } else { None }));
    drop(out);
    match result {
        Ok(coverage) => {
            println!("{}", describe(&coverage));
            ExitCode::SUCCESS
        }
        Err(message) => {
            println!("{}", check::report(seed, &message));
            ExitCode::FAILURE
        }
    }
}

fn many(from: u64, count: u64, keep_going: bool) -> ExitCode {
    println!("seeds {from} to {}", from.saturating_add(count).saturating_sub(1));
    let start = Instant::now();
    let mut last = start;
    let mut total = Coverage::default();
    let mut failed = 0_u64;
    for done in 0..count {
        let seed = from + done;
        match check::catch(|| check::seed(seed, None)) {
            Ok(coverage) => total.add(&coverage),
            Err(message) => {
                if failed == 0 {
                    println!("{}", check::report(seed, &message));
                }
                failed += 1;
                if !keep_going {
                    return ExitCode::FAILURE;
                }
            }
        }
        if last.elapsed() >= Duration::from_secs(1) {
            last = Instant::now();
            let per_second = u128::from(done + 1) * 1_000 / start.elapsed().as_millis().max(1);
            println!("{} of {count} seeds, {per_second} a second", done + 1);
        }
    }
    println!("{}", describe(&total));
    if failed > 0 {
        println!("{failed} of {count} seeds fail");
        return ExitCode::FAILURE;
    }
    println!("{count} seeds, no law broken, {:.1} s", start.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

fn describe(coverage: &Coverage) -> String {
    let counts: Vec<_> = coverage.counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    format!("reached: {}", counts.join(", "))
}
