//! Order flow, drawn from a seed before any clock runs: the same commands for every engine, and what a correct one
//! comes to.
//!
//! A flow has to cancel and move orders that rest, so its author must know which ones do. He keeps a [`Reference`]
//! book of his own while he writes; the trades and the books that it ends with are part of the workload.

mod author;
mod deep;
mod draw;
mod exchange_core;
mod file;
mod flash;
mod recorded;
mod reference;
mod tape;
mod thin;

use std::path::PathBuf;

use lightning_core::types::Side;
use serde_json::{Value, json};

pub use reference::Reference;
pub use tape::{Depth, Hash, Level, Tape};

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A limit order comes, and rests if something is left of it.
    PlaceGtc,
    /// A limit order comes; what is left of it is gone.
    PlaceIoc,
    /// An order leaves.
    Cancel,
    /// An order becomes smaller where it stands.
    Reduce,
    /// An order goes to another price, as if it came anew: it may trade, and otherwise stands at the back.
    Move,
}

/// One command. Cancels, reductions and moves name orders that rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// What is done.
    pub kind: Kind,
    /// The order's side.
    pub side: Side,
    /// On which book, from 0.
    pub symbol: u32,
    /// The order, from 1, unique.
    pub id: u32,
    /// Whose, from 1.
    pub account: u32,
    /// In ticks: the limit of a placed order, the new price of a moved one, otherwise the price where it rests.
    pub price: u64,
    /// In lots: what is placed; what a reduction takes off; otherwise what is left of the order.
    pub quantity: u64,
}

impl Command {
    /// Is it a new order?
    #[must_use]
    pub const fn is_place(&self) -> bool {
        matches!(self.kind, Kind::PlaceGtc | Kind::PlaceIoc)
    }

    /// Is it a new order that never rests?
    #[must_use]
    pub const fn is_ioc(&self) -> bool {
        matches!(self.kind, Kind::PlaceIoc)
    }
}

/// An order book that a workload runs on. What it is asked is always possible.
pub trait Book {
    /// A new order trades and, unless it is IOC, rests.
    fn place(&mut self, command: &Command, tape: &mut Tape);
    /// An order leaves.
    fn cancel(&mut self, command: &Command);
    /// An order becomes smaller where it stands.
    fn reduce(&mut self, command: &Command);
    /// An order goes to another price.
    fn shift(&mut self, command: &Command, tape: &mut Tape);
    /// All its levels.
    fn depth(&self) -> Depth;
}

/// Runs commands on a book. A function of its own, so that a profiler tells books apart by it.
#[inline(never)]
pub fn play(commands: &[Command], book: &mut impl Book, tape: &mut Tape) {
    for command in commands {
        match command.kind {
            Kind::PlaceGtc | Kind::PlaceIoc => book.place(command, tape),
            Kind::Cancel => book.cancel(command),
            Kind::Reduce => book.reduce(command),
            Kind::Move => book.shift(command, tape),
        }
    }
}

/// Commands, and what a correct engine comes to by them.
#[derive(Clone, Debug)]
pub struct Workload {
    /// Its name.
    pub name: &'static str,
    /// What it was drawn from.
    pub seed: u64,
    /// Books, numbered from 0.
    pub symbols: u32,
    /// Accounts, numbered from 1.
    pub accounts: u32,
    /// All commands.
    pub commands: Vec<Command>,
    /// So many of them come first, to fill the books before the clock runs.
    pub loaded: usize,
    /// Orders that rest when the clock starts.
    pub resting_at_start: u64,
    /// Of all orders that ever rested and are gone, how many were canceled, in percent.
    pub canceled_percent: u64,
    /// The trades of all commands.
    pub tape: Tape,
    /// The books after all commands, by symbol.
    pub books: Vec<Depth>,
}

/// How much of it is wanted.
#[derive(Clone, Debug)]
pub struct Size {
    /// Commands, in percent of what is usual.
    pub percent: u64,
    /// A tenth of the state, where the state is large.
    pub is_small: bool,
    /// Where recorded files are.
    pub data: PathBuf,
    /// Are there commands that make an order smaller and leave it where it stands? Not every book knows such; the
    /// flow has moves in their place then.
    pub reductions: bool,
}

impl Default for Size {
    fn default() -> Self {
        Self { percent: 100, is_small: false, data: PathBuf::from("../shared/data"), reductions: true }
    }
}

impl Size {
    /// Of what is usually so many.
    fn commands(&self, usual: usize) -> usize {
        let percent = usize::try_from(self.percent).expect("a percentage");
        (usual * percent / 100).max(1)
    }
}

/// All names.
pub const NAMES: [&str; 11] = [
    "flash-static",
    "flash-normal",
    "flash-swing-25",
    "flash-swing-40",
    "flash-crash",
    "deep",
    "wide",
    "thin",
    "single-pair",
    "medium",
    "recorded",
];

/// The workloads of one symbol that need no files.
pub const ONE_SYMBOL: [&str; 8] = [
    "flash-static",
    "flash-normal",
    "flash-swing-25",
    "flash-swing-40",
    "flash-crash",
    "deep",
    "thin",
    "single-pair",
];

/// Writes a workload.
///
/// # Errors
/// There is none of this name, or what it is made from is not here.
pub fn write(name: &str, seed: u64, size: &Size) -> Result<Workload, String> {
    if let Some(regime) = flash::Regime::named(name) {
        return Ok(flash::write(regime, seed, size));
    }
    match name {
        "deep" => Ok(deep::deep(seed, size)),
        "wide" => Ok(deep::wide(seed, size)),
        "thin" => Ok(thin::write(seed, size)),
        "single-pair" => Ok(exchange_core::single_pair(seed, size)),
        "medium" => Ok(exchange_core::medium(seed, size)),
        "recorded" => recorded::write(size),
        other => Err(format!("there is no workload {other}, but {}", NAMES.join(", "))),
    }
}

impl Workload {
    /// What comes before the clock runs.
    #[must_use]
    pub fn load(&self) -> &[Command] {
        &self.commands[..self.loaded]
    }

    /// What is measured.
    #[must_use]
    pub fn measured(&self) -> &[Command] {
        &self.commands[self.loaded..]
    }

    /// Orders that rest at the end.
    #[must_use]
    pub fn resting_at_end(&self) -> u64 {
        self.books.iter().map(Depth::orders).sum()
    }

    /// Of all commands.
    #[must_use]
    pub fn hash(&self) -> Hash {
        let mut hash = Hash::default();
        for command in &self.commands {
            for word in file::words(command) {
                hash.add(word);
            }
        }
        hash
    }

    /// What a run came to that should have come to the outcome of this; empty if it did.
    #[must_use]
    pub fn faults(&self, tape: &Tape, books: &[Depth]) -> Vec<String> {
        let mut faults = Vec::new();
        if tape.trades != self.tape.trades {
            faults.push(format!("{} trades, not {}", tape.trades, self.tape.trades));
        }
        if tape.lots != self.tape.lots {
            faults.push(format!("{} lots were traded, not {}", tape.lots, self.tape.lots));
        }
        if faults.is_empty() && tape.hash != self.tape.hash {
            faults.push("as many trades of as many lots, but not the same ones".to_owned());
        }
        faults.extend(self.book_faults(books));
        faults
    }

    /// The same of the books alone.
    #[must_use]
    pub fn book_faults(&self, books: &[Depth]) -> Vec<String> {
        if books.len() != self.books.len() {
            return vec![format!("{} books, not {}", books.len(), self.books.len())];
        }
        let differ = self.books.iter().zip(books).enumerate().find(|(_, (own, other))| own != other);
        let Some((symbol, (own, other))) = differ else { return Vec::new() };
        let first = own.bids.iter().zip(&other.bids).chain(own.asks.iter().zip(&other.asks));
        let first = first.into_iter().find(|(own, other)| own != other);
        let levels = |depth: &Depth| (depth.bids.len(), depth.asks.len());
        vec![format!(
            "the book of symbol {symbol} has {:?} levels, not {:?}; the first to differ (is, should be): {:?}",
            levels(other),
            levels(own),
            first.map(|(own, other)| (other, own)),
        )]
    }

    /// Its line of the report.
    #[must_use]
    pub fn line(&self) -> Value {
        let measured = self.measured();
        let percent = |kind: Kind| {
            let count = measured.iter().filter(|command| command.kind == kind).count();
            (count * 1_000 / measured.len().max(1)) as u64
        };
        // One decimal, without floats that print as 8.999.
        let decimal = |tenths: u64| json!(format!("{}.{}", tenths / 10, tenths % 10).parse::<f64>().ok());
        json!({
            "type": "workload",
            "workload": self.name,
            "seed": self.seed,
            "symbols": self.symbols,
            "accounts": self.accounts,
            "loaded": self.loaded,
            "commands": measured.len(),
            "percent": {
                "gtc": decimal(percent(Kind::PlaceGtc)),
                "ioc": decimal(percent(Kind::PlaceIoc)),
                "cancel": decimal(percent(Kind::Cancel)),
                "reduce": decimal(percent(Kind::Reduce)),
                "move": decimal(percent(Kind::Move)),
            },
            "trades": self.tape.trades,
            "tradedLots": self.tape.lots,
            "resting": { "start": self.resting_at_start, "end": self.resting_at_end() },
            "canceledPercent": self.canceled_percent,
            "hash": self.hash().hex(),
        })
    }
}
