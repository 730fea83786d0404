//! Every stage, tiny; and that what is wrong is noticed.

use std::collections::HashSet;
use std::time::Duration;

use lightning_core::book::{NaiveBook, PriceTimeBook};
use lightning_core::message::AssetTotals;
use lightning_core::types::{Amount, AssetId, Side};
use lightning_engine::config::Options;

use crate::compare::{Contestant, compare, run_book};
use crate::driver::{Script, Session};
use crate::exchange::{FUNDS, Names, conservation_faults, run_exchange, run_matcher};
use crate::report::{Report, Style};
use crate::stage::{self, Shelf};
use crate::workload::{self, Book, Command, Depth, Kind, Reference, Size, Tape, Workload, play};
use crate::{Memory, Plan};

fn tiny() -> Plan {
    let size = Size { percent: 1, is_small: true, ..Size::default() };
    Plan {
        span: Duration::from_millis(50),
        quick: true,
        repetitions: 1,
        size,
        memory: Memory { orders: 2_000, accounts: 1_000 },
        ..Plan::default()
    }
}

fn written(name: &str) -> Workload {
    workload::write(name, 7, &tiny().size).unwrap()
}

fn run_stage(stage: &str, workloads: &[&str]) -> Report {
    let plan = Plan { workloads: workloads.iter().map(ToString::to_string).collect(), ..tiny() };
    let mut report = Report::new(Style::Silent);
    stage::run(stage, &plan, &mut Shelf::default(), &mut report);
    assert_eq!(report.faults(), 0, "{:?}", report.lines);
    assert!(report.lines.iter().any(|line| line["type"] == "result"), "{:?}", report.lines);
    report
}

#[test]
fn each_stage_that_runs_workloads_runs() {
    let report = run_stage("book", &["flash-swing-40", "deep", "thin", "single-pair"]);
    let subjects: HashSet<&str> = report.lines.iter().filter_map(|line| line["subject"].as_str()).collect();
    assert_eq!(subjects, HashSet::from(["price-time", "reference"]));
    run_stage("matcher", &["flash-normal"]);
    run_stage("inline", &["single-pair"]);
    run_stage("threaded", &["wide"]);
    let report = run_stage("threaded", &["flash-static"]);
    assert!(report.lines.iter().any(|line| line["latencyNanoseconds"]["p99"].is_u64()), "{:?}", report.lines);
}

#[test]
fn each_other_stage_runs() {
    for stage in ["memory", "journal", "engine", "recovery", "snapshot", "streams"] {
        run_stage(stage, &[]);
    }
}

#[test]
fn one_seed_makes_one_workload() {
    for name in workload::ONE_SYMBOL {
        let (one, other) = (written(name), written(name));
        assert_eq!(one.hash(), other.hash(), "{name}");
        let another = workload::write(name, 8, &tiny().size).unwrap();
        assert_ne!(one.hash(), another.hash(), "{name}");
        let ids: HashSet<u32> = one.commands.iter().filter(|c| c.is_place()).map(|c| c.id).collect();
        assert_eq!(ids.len(), one.commands.iter().filter(|command| command.is_place()).count(), "{name}");
    }
}

/// The author's book was not written by the authors of the others.
#[test]
fn the_naive_book_agrees_with_the_author() {
    for name in ["flash-crash", "thin", "single-pair"] {
        let workload = written(name);
        let run = run_book(&workload, crate::books::Matched::<NaiveBook>::default());
        assert_eq!(run.faults, Vec::<String>::new(), "{name}");
    }
}

#[test]
fn a_flow_without_reductions_has_none() {
    let size = Size { reductions: false, ..tiny().size };
    for name in ["flash-normal", "deep", "single-pair"] {
        let workload = workload::write(name, 7, &size).unwrap();
        assert!(workload.commands.iter().all(|command| command.kind != Kind::Reduce), "{name}");
        assert!(workload.commands.iter().any(|command| command.kind == Kind::Move), "{name}");
    }
}

/// What a run should have come to, told wrongly in each way there is.
fn falsified(workload: &Workload) -> [Workload; 4] {
    let mut all = [(); 4].map(|()| workload.clone());
    all[0].tape.trades += 1;
    all[1].tape.lots -= 1;
    all[2].books[0].bids[0].lots += 1;
    all[3].books[0].asks.pop();
    all
}

#[test]
fn an_outcome_that_is_not_the_workloads_is_a_fault() {
    let workload = written("flash-normal");
    let names = Names::new(&workload);
    assert_eq!(run_matcher::<PriceTimeBook>(&workload, &names).faults, Vec::<String>::new());
    for wrong in falsified(&workload) {
        assert!(!run_book(&wrong, Reference::default()).faults.is_empty());
        assert!(!run_matcher::<PriceTimeBook>(&wrong, &names).faults.is_empty());
        assert!(!run_exchange(&wrong, &names).faults.is_empty());
        let script = Script::new(&wrong);
        let mut session = Session::open(&script, Options { inline: true, ..Options::default() });
        session.play(wrong.commands.len(), 64);
        assert!(!session.audit(true).is_empty());
    }
    assert_eq!(run_exchange(&workload, &names).faults, Vec::<String>::new());
}

/// A book that lets an order go to the back when it becomes smaller: as many trades, but with others.
#[derive(Default)]
struct Forgetful(Reference);

impl Book for Forgetful {
    fn place(&mut self, command: &Command, tape: &mut Tape) {
        self.0.place(command, tape);
    }

    fn cancel(&mut self, command: &Command) {
        self.0.cancel(command);
    }

    fn reduce(&mut self, command: &Command) {
        // There and back: what is left, at the same price, behind everybody.
        self.0.reduce(command);
        let away = Command { price: 1, ..*command };
        self.0.shift(&away, &mut Tape::default());
        self.0.shift(command, &mut Tape::default());
    }

    fn shift(&mut self, command: &Command, tape: &mut Tape) {
        self.0.shift(command, tape);
    }

    fn depth(&self) -> Depth {
        self.0.depth()
    }
}

fn command(kind: Kind, side: Side, id: u32, quantity: u64) -> Command {
    Command { kind, side, symbol: 0, id, account: 1, price: 5, quantity }
}

/// A workload of these, and of what they come to.
fn of_commands(commands: Vec<Command>) -> Workload {
    let (mut book, mut tape) = (Reference::default(), Tape::default());
    play(&commands, &mut book, &mut tape);
    Workload {
        name: "thin",
        seed: 0,
        symbols: 1,
        accounts: 1,
        commands,
        loaded: 0,
        resting_at_start: 0,
        canceled_percent: 0,
        tape,
        books: vec![book.depth()],
    }
}

#[test]
fn a_contestant_that_is_wrong_is_reported_and_not_timed() {
    let workload = of_commands(vec![
        command(Kind::PlaceGtc, Side::Buy, 1, 10),
        command(Kind::PlaceGtc, Side::Buy, 2, 10),
        command(Kind::Reduce, Side::Buy, 1, 1),
        command(Kind::PlaceIoc, Side::Sell, 3, 5),
    ]);
    assert_eq!(workload.tape.trades, 1);
    let mut report = Report::new(Style::Silent);
    let mut contestants =
        [Contestant::book("right", Reference::default), Contestant::book("wrong", Forgetful::default)];
    let series = compare(&mut report, ("book", &workload, 2), &mut contestants, Some("wrong"));
    assert_eq!((series[0].is_wrong, series[0].rates.len()), (false, 2));
    assert_eq!((series[1].is_wrong, series[1].rates.len()), (true, 0));
    let types: Vec<&str> = report.lines.iter().filter_map(|line| line["type"].as_str()).collect();
    assert_eq!(types, ["fault", "result"], "{:?}", report.lines);
    assert!(report.lines[1].get("times").is_none(), "nothing is compared with who is wrong");
}

#[test]
fn money_that_comes_from_nowhere_is_a_fault() {
    let totals = |available| {
        [AssetId(0), AssetId(1)].map(|asset| AssetTotals {
            deposited: Amount(FUNDS),
            available: Amount(available),
            ..AssetTotals::nothing_of(asset)
        })
    };
    assert_eq!(conservation_faults(&totals(FUNDS), 1), Vec::<String>::new());
    assert_eq!(conservation_faults(&totals(FUNDS + 1), 1).len(), 2);
    assert_eq!(conservation_faults(&totals(FUNDS), 2).len(), 2);
}

#[test]
fn a_file_says_what_the_workload_is() {
    let workload = written("thin");
    let mut bytes = Vec::new();
    workload.write_binary(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 96 + 32 * workload.commands.len());
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
    assert_eq!(&bytes[..8], b"LTNGFLOW");
    assert_eq!((word(24), word(32)), (workload.loaded as u64, workload.measured().len() as u64));
    let mut hash = workload::Hash::default();
    (96..bytes.len()).step_by(8).for_each(|at| hash.add(word(at)));
    assert_eq!((word(48), hash), (hash.0, workload.hash()));
    assert_eq!((word(56), word(64)), (workload.tape.trades, workload.tape.lots));
    assert_eq!(word(80), Depth::hash_of(&workload.books).0);
    let description = workload.description();
    assert_eq!(description["expected"]["bids"].as_array().unwrap().len(), workload.books[0].bids.len());
    let mut text = Vec::new();
    workload.write_text(&mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert_eq!(text.lines().count(), workload.commands.len());
    assert!(text.starts_with("place 1 account "), "{}", &text[..80]);
}

/// Where the recording is, its oracle is asserted by whoever writes the workload.
#[test]
fn the_recording_is_written_or_said_to_be_missing() {
    match workload::write("recorded", 7, &Size { data: "../../../shared/data".into(), ..Size::default() }) {
        Ok(workload) => assert_eq!(workload.tape.trades, 517),
        Err(why) => assert!(why.contains("there is no") || why.contains("xz"), "{why}"),
    }
}
