//! `sim`: runs seeds. One seed, to look at it; many, to find one worth looking at.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use lightning_sim::check::Worlds;
use lightning_sim::coverage::Coverage;
use lightning_sim::{check, workload};

const USAGE: &str = "\
sim SEED [--log]            run one seed; with --log, one line per step
sim --seeds N [--from K]    run N seeds, from K on (0 without), up to the first that fails
    [--keep-going]          do not stop at it: count how many fail
    [--jobs J]              so many at a time (as many as there are cores without)
--world calm|crash          with either: only the world without machines that die, or only the one with them";

enum Task {
    One { seed: u64, log: bool, worlds: Worlds },
    Many { from: u64, count: u64, keep_going: bool, jobs: usize, worlds: Worlds },
    Help,
}

fn main() -> ExitCode {
    match parse() {
        Ok(Task::Help) => {
            println!("{USAGE}");
            ExitCode::SUCCESS
        }
        Ok(Task::One { seed, log, worlds }) => one(seed, log, worlds),
        Ok(Task::Many { from, count, keep_going, jobs, worlds }) => {
            many(from, count, keep_going, jobs, worlds)
        }
        Err(error) => {
            eprintln!("{error}\n{USAGE}");
            ExitCode::from(2)
        }
    }
}

fn parse() -> Result<Task, lexopt::Error> {
    use lexopt::prelude::*;
    let (mut seed, mut log, mut count, mut from, mut keep_going) = (None, false, None, None, false);
    let (mut jobs, mut worlds) = (None, Worlds::Both);
    let mut args = lexopt::Parser::from_env();
    while let Some(arg) = args.next()? {
        match arg {
            Long("log") => log = true,
            Long("keep-going") => keep_going = true,
            Long("seeds") => count = Some(args.value()?.parse()?),
            Long("from") => from = Some(args.value()?.parse()?),
            Long("jobs") => jobs = Some(args.value()?.parse()?),
            Long("world") => {
                worlds = args.value()?.parse_with(|world| match world {
                    "calm" => Ok(Worlds::Calm),
                    "crash" => Ok(Worlds::Crash),
                    _ => Err("there are two worlds: calm and crash"),
                })?;
            }
            Short('h') | Long("help") => return Ok(Task::Help),
            Value(value) if seed.is_none() => seed = Some(value.parse()?),
            _ => return Err(arg.unexpected()),
        }
    }
    match (seed, count, from, log) {
        (Some(seed), None, None, log) if !keep_going && jobs.is_none() => Ok(Task::One { seed, log, worlds }),
        (None, Some(count), from, false) => {
            let (from, jobs) = (from.unwrap_or(0), jobs.unwrap_or_else(check::all_cores).max(1));
            Ok(Task::Many { from, count, keep_going, jobs, worlds })
        }
        _ => Err("give either a seed or --seeds".into()),
    }
}

fn one(seed: u64, log: bool, worlds: Worlds) -> ExitCode {
    println!("seed {seed}");
    let mut out = io::stdout().lock();
    if log {
        // First what is asked for, as it is asked where order is not left to chance.
        let (calm, crash) = (worlds != Worlds::Crash, worlds != Worlds::Calm);
        let workloads =
            [calm.then(|| workload::generate(seed)), crash.then(|| workload::generate_long(seed))];
        for workload in workloads.into_iter().flatten() {
            let _ = write!(out, "{}", workload.setup);
            for (at, action) in workload.actions.iter().enumerate() {
                let _ = writeln!(out, "  {:>3}. {action:?}", at + 1);
            }
        }
    }
    let mut print = |line: &str| {
        // A closed pipe (`| head`) only ends the reading along.
        let _ = writeln!(out, "{line}");
    };
    let result = check::catch(|| check::seed(seed, worlds, if log { Some(&mut print) } else { None }));
    drop(out);
    match result {
        Ok(coverage) => {
            println!("{}", describe(&coverage));
            ExitCode::SUCCESS
        }
        Err(message) => {
            println!("{}", check::report(seed, worlds, &message));
            ExitCode::FAILURE
        }
    }
}

fn many(from: u64, count: u64, keep_going: bool, jobs: usize, worlds: Worlds) -> ExitCode {
    println!("seeds {from} to {}", from.saturating_add(count).saturating_sub(1));
    let start = Instant::now();
    let mut last = start;
    let (mut total, mut done, mut failed) = (Coverage::default(), 0_u64, 0_u64);
    check::many(from, count, jobs, worlds, |seed, result| {
        done += 1;
        match result {
            Ok(coverage) => total.add(&coverage),
            Err(message) => {
                println!("{}", check::report(seed, worlds, &message));
                failed += 1;
            }
        }
        if last.elapsed() >= Duration::from_secs(1) {
            last = Instant::now();
            let per_second = u128::from(done) * 1_000 / start.elapsed().as_millis().max(1);
            let reached = total.counts.len();
            println!("{done} of {count} seeds, {per_second} a second, {reached} things reached");
        }
        keep_going || failed == 0
    });
    println!("{}", describe(&total));
    if failed > 0 {
        println!("{failed} of {done} seeds fail");
        return ExitCode::FAILURE;
    }
    println!("{done} seeds, no law broken, {:.1} s", start.elapsed().as_secs_f64());
    ExitCode::SUCCESS
}

fn describe(coverage: &Coverage) -> String {
    let counts: Vec<_> = coverage.counts.iter().map(|(name, count)| format!("{name} {count}")).collect();
    format!("reached: {}", counts.join(", "))
}
