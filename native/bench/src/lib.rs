//! How fast every layer below Node is, and whether it is right: books, matchers, the engine inline and with threads,
//! memory, and what is durable. What is measured how, the workloads, and what is printed stand in the README.
//!
//! A library, so that programs which compare other books with ours run the same [`workload`]s in the same way.

pub mod books;
pub mod cli;
pub mod compare;
pub mod host;
pub mod report;
pub mod stopwatch;
pub mod workload;

mod bell;
mod driver;
mod durable;
mod exchange;
mod latency;
mod stage;
#[cfg(test)]
mod tests;
mod threads;

use std::path::PathBuf;
use std::time::Duration;

use crate::compare::Contestant;
use crate::workload::Size;

/// What is to be measured, and where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The disk that is measured is the one of this directory.
    pub dir: PathBuf,
    /// How long each rate is offered.
    pub span: Duration,
    /// Smaller states and fewer rates.
    pub quick: bool,
    /// Of every workload.
    pub seed: u64,
    /// Counted ones; one more comes first, to warm up.
    pub repetitions: usize,
    /// How much of each workload.
    pub size: Size,
    /// Which ones; those of each stage if there are none.
    pub workloads: Vec<String>,
    /// Whom alone to measure; everybody if it names nobody.
    pub subjects: Vec<String>,
    /// What the memory stage fills.
    pub memory: Memory,
}

/// How many there are when memory is measured.
#[derive(Clone, Copy, Debug)]
pub struct Memory {
    /// Resting orders.
    pub orders: u32,
    /// Accounts of the engine, with two assets each.
    pub accounts: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            dir: std::env::temp_dir(),
            span: Duration::from_secs(5),
            quick: false,
            seed: 8_123,
            repetitions: 5,
            size: Size::default(),
            workloads: Vec::new(),
            subjects: Vec::new(),
            memory: Memory { orders: 1_000_000, accounts: 1_000_000 },
        }
    }
}

impl Plan {
    /// Leaves the contestants that are to be measured.
    fn choose<'a>(&self, mut contestants: Vec<Contestant<'a>>) -> Vec<Contestant<'a>> {
        contestants
            .retain(|contestant| self.subjects.is_empty() || self.subjects.contains(&contestant.subject));
        contestants
    }

    /// Of what is usually so many commands.
    fn commands(&self, usual: u64) -> u64 {
        usual * self.size.percent / 100
    }

    /// About a minute for all that is asked in every run of the suite.
    #[must_use]
    pub fn quick(self) -> Self {
        let size = Size { percent: 10, is_small: true, ..self.size };
        Self { quick: true, span: Duration::from_secs(2), repetitions: 3, size, ..self }
    }
}
