//! What it takes to hold a million orders. Each figure is of a process of its own, which did nothing else: what it has
//! resident when it is full, less what it had when it was empty.

use std::process::Command as Process;

use lightning_core::book::{OrderBook, PriceTimeBook};
use lightning_core::types::Side;
use lightning_engine::config::Options;
use serde_json::{Value, json};

use crate::books::resting;
use crate::driver::{Script, Session};
use crate::host::{Load, resident_bytes};
use crate::report::Report;
use crate::workload::{Command, Depth, Hash, Kind, Tape, Workload};
use crate::{Memory, Plan};

/// Levels a side over which the orders spread.
const LEVELS: u64 = 10_000;
const MID: u64 = 1_000_000;
const SUBJECTS: [&str; 2] = ["book", "engine"];

/// The name of the command that measures one subject in this very process.
pub(crate) const HERE: &str = "memory-here";

pub(super) fn run(plan: &Plan, report: &mut Report) {
    for subject in SUBJECTS {
        let before = Load::now();
        match elsewhere(subject, plan.memory) {
            Ok(mut line) => {
                line["host"] = before.since();
                report.line(line);
            }
            Err(fault) => report.fault("memory", "", subject, &fault),
        }
    }
}

/// Measures in a new process. A test's process is not this program: there it is measured where it is.
fn elsewhere(subject: &str, memory: Memory) -> Result<Value, String> {
    if cfg!(test) {
        return Ok(here(subject, memory));
    }
    let program = std::env::current_exe().map_err(|error| format!("this program has no path: {error}"))?;
    let numbers = [memory.orders.to_string(), memory.accounts.to_string()];
    let output = Process::new(program).arg(HERE).arg(subject).args(numbers).output();
    let output = output.map_err(|error| format!("it can't be started: {error}"))?;
    if !output.status.success() {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("its answer can't be read: {error}"))
}

/// Measures in this process: subject, orders, accounts. Its line.
pub(crate) fn measure_here(arguments: &[String]) -> Result<Value, String> {
    let [subject, orders, accounts] = arguments else { return Err("subject, orders, accounts".to_owned()) };
    let number = |text: &str| text.parse().map_err(|error| format!("{text}: {error}"));
    if !SUBJECTS.contains(&subject.as_str()) {
        return Err(format!("there is no subject {subject}"));
    }
    Ok(here(subject, Memory { orders: number(orders)?, accounts: number(accounts)? }))
}

fn here(subject: &str, memory: Memory) -> Value {
    if subject == "book" { book(memory.orders) } else { engine(memory) }
}

/// Orders on both sides, none of which meet, over many levels and in no order.
fn commands(memory: Memory) -> impl Iterator<Item = Command> {
    (1..=memory.orders).map(move |id| {
        let mixed = u64::from(id).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        let distance = 1 + mixed % LEVELS;
        let side = if mixed & (1 << 40) == 0 { Side::Buy } else { Side::Sell };
        let price = if side == Side::Buy { MID - distance } else { MID + distance };
        let account = 1 + id % memory.accounts;
        Command {
            kind: Kind::PlaceGtc,
            side,
            symbol: 0,
            id,
            account,
            price,
            quantity: 1 + u64::from(id % 100),
        }
    })
}

fn book(orders: u32) -> Value {
    let empty = resident_bytes();
    let mut book = PriceTimeBook::default();
    for command in commands(Memory { orders, accounts: 1_000 }) {
        book.insert(resting(&command, command.quantity));
    }
    let full = resident_bytes().saturating_sub(empty);
    assert_eq!(book.len(), orders as usize, "all of them rest");
    json!({
        "type": "result",
        "stage": "memory",
        "subject": "book",
        "orders": orders,
        "levels": 2 * LEVELS,
        "residentBytes": full,
        "bytesPerOrder": full / u64::from(orders.max(1)),
        "verified": ["book"],
    })
}

fn engine(memory: Memory) -> Value {
    let commands: Vec<Command> = commands(memory).collect();
    let orders = commands.iter().map(|command| (command.side, command.price, command.quantity));
    let workload = Workload {
        name: "memory",
        seed: 0,
        symbols: 1,
        accounts: memory.accounts,
        loaded: commands.len(),
        resting_at_start: commands.len() as u64,
        canceled_percent: 0,
        tape: Tape { hash: Hash::default(), ..Tape::default() },
        books: vec![Depth::of_orders(orders)],
        commands,
    };
    let script = Script::new(&workload);
    // The client's own memory is here before the engine is: it is not counted.
    let empty = resident_bytes();
    let mut session =
        Session::open(&script, Options { sequencers: Some(1), matchers: Some(1), ..Options::default() });
    let funded = resident_bytes().saturating_sub(empty);
    session.play(workload.commands.len(), 2_048);
    let full = resident_bytes().saturating_sub(empty);
    let faults = session.audit(true);
    assert!(faults.is_empty(), "{faults:?}");
    json!({
        "type": "result",
        "stage": "memory",
        "subject": "engine",
        "orders": memory.orders,
        "accounts": memory.accounts,
        "assets": 2,
        "residentBytes": full,
        "accountsBytes": funded,
        "ordersBytes": full.saturating_sub(funded),
        "verified": ["fills", "book", "orders", "conservation"],
    })
}
