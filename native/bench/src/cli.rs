//! The command line.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use lexopt::prelude::*;
use serde_json::json;

use crate::report::{Report, Style};
use crate::stage::{self, Shelf};
use crate::{Plan, host, workload};

const USAGE: &str = "lightning-bench [--quick] [--json] [--workload NAME ...] [--seed N] [--repetitions N]
    [--seconds N] [--scale PERCENT] [--subject NAME ...] [--dir DIR] [--data DIR]
    [STAGE ...]
lightning-bench generate --workload NAME --out FILE [--text] [--seed N] [--scale PERCENT] [--quick] [--data DIR]

stages: book matcher inline threaded memory journal engine recovery snapshot streams
workloads: flash-static flash-normal flash-swing-25 flash-swing-40 flash-crash deep wide thin single-pair medium recorded";

/// Runs what the command line asks for.
#[must_use]
pub fn run() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == stage::HERE) {
        return match stage::measure_here(&arguments[1..]) {
            Ok(line) => {
                println!("{line}");
                ExitCode::SUCCESS
            }
            Err(error) => fail(&error),
        };
    }
    match parse().map_err(|error| error.to_string()).and_then(|wish| wish.grant()) {
        Ok(code) => code,
        Err(error) => fail(&format!("{error}\n\n{USAGE}")),
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("{error}");
    ExitCode::from(2)
}

/// What was asked for.
struct Wish {
    plan: Plan,
    stages: Vec<String>,
    as_json: bool,
    as_text: bool,
    out: Option<PathBuf>,
    generate: bool,
    help: bool,
}

fn parse() -> Result<Wish, lexopt::Error> {
    let mut plan = Plan::default();
    let mut wish = Wish {
        plan: Plan::default(),
        stages: Vec::new(),
        as_json: false,
        as_text: false,
        out: None,
        generate: false,
        help: false,
    };
    // What was said goes before what `--quick` means, wherever it stands.
    let (mut repetitions, mut seconds, mut percent) = (None, None, None);
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("quick") => plan.quick = true,
            Long("json") => wish.as_json = true,
            Long("text") => wish.as_text = true,
            Long("help") | Short('h') => wish.help = true,
            Long("workload") => plan.workloads.push(parser.value()?.string()?),
            Long("subject") => plan.subjects.push(parser.value()?.string()?),
            Long("seed") => plan.seed = parser.value()?.parse()?,
            Long("repetitions") => repetitions = Some(parser.value()?.parse()?),
            Long("seconds") => seconds = Some(parser.value()?.parse()?),
            Long("scale") => percent = Some(parser.value()?.parse()?),
            Long("dir") => plan.dir = parser.value()?.into(),
            Long("data") => plan.size.data = parser.value()?.into(),
            Long("out") => wish.out = Some(parser.value()?.into()),
            Value(name) => wish.stages.push(name.string()?),
            other => return Err(other.unexpected()),
        }
    }
    if plan.quick {
        plan = plan.quick();
    }
    plan.repetitions = repetitions.unwrap_or(plan.repetitions);
    plan.span = seconds.map_or(plan.span, Duration::from_secs);
    plan.size.percent = percent.unwrap_or(plan.size.percent);
    wish.generate = wish.stages.first().is_some_and(|stage| stage == "generate");
    wish.plan = plan;
    Ok(wish)
}

impl Wish {
    fn grant(self) -> Result<ExitCode, String> {
        if self.help {
            println!("{USAGE}");
            return Ok(ExitCode::SUCCESS);
        }
        let unknown = self.plan.workloads.iter().find(|name| !workload::NAMES.contains(&name.as_str()));
        if let Some(name) = unknown {
            return Err(format!("there is no workload {name}"));
        }
        if self.generate {
            return self.generate().map(|()| ExitCode::SUCCESS);
        }
        if let Some(unknown) = self.stages.iter().find(|stage| !stage::NAMES.contains(&stage.as_str())) {
            return Err(format!("there is no stage {unknown}"));
        }
        let mut report = Report::new(if self.as_json { Style::Json } else { Style::Text });
        let mut first = host::describe();
        first["seed"] = json!(self.plan.seed);
        first["quick"] = json!(self.plan.quick);
        first["repetitions"] = json!(self.plan.repetitions);
        first["scalePercent"] = json!(self.plan.size.percent);
        report.line(first);
        let mut shelf = Shelf::default();
        for stage in stage::NAMES {
            if self.stages.is_empty() || self.stages.iter().any(|wanted| wanted == stage) {
                stage::run(stage, &self.plan, &mut shelf, &mut report);
            }
        }
        Ok(if report.faults() == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// Writes a workload for other programs.
    fn generate(&self) -> Result<(), String> {
        let [name] = &self.plan.workloads[..] else { return Err("generate takes one --workload".to_owned()) };
        let out = self.out.as_ref().ok_or("generate needs --out")?;
        let workload = workload::write(name, self.plan.seed, &self.plan.size)?;
        let at = |error: std::io::Error| format!("{}: {error}", out.display());
        let mut file = BufWriter::new(File::create(out).map_err(at)?);
        if self.as_text {
            workload.write_text(&mut file).map_err(at)?;
        } else {
            workload.write_binary(&mut file).map_err(at)?;
        }
        file.flush().map_err(at)?;
        let mut beside = out.clone().into_os_string();
        beside.push(".json");
        let description = workload.description();
        std::fs::write(&beside, format!("{description}\n")).map_err(at)?;
        // The levels are in the file; what is printed is for people.
        println!("{}", workload.line());
        Ok(())
    }
}
