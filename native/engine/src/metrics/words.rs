//! What an engine says about how it is doing.

use std::time::Duration;

use lightning_core::reject::Code;

use crate::Room;
use crate::config::Durability;
use crate::metrics::{Distribution, Health, Snapshots};

/// Where time goes between a call and its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// From the edge until a sequencer takes a batch of commands.
    SequencerWait,
    /// One turn of a sequencer: all that it has taken, until what follows from it is sent on.
    SequencerBatch,
    /// From a sequencer until a matcher takes a batch of orders.
    MatcherWait,
    /// One turn of a matcher: all that it has taken, until books, trades and settlements are out.
    MatcherBatch,
    /// From the moment when answers are there until the last of them may leave: the journal's part in it.
    AnswerGate,
    /// One group of records, until it is written; in `sync` mode, until it is on the disk.
    JournalCommit,
    /// One sync that comes later than the writing.
    JournalSync,
    /// One command from its admission until its answer is ready to be taken: one of sixteen.
    Command,
}

impl Stage {
    /// All of them, in the order in which a command meets them.
    pub const ALL: [Self; 8] = [
        Self::SequencerWait,
        Self::SequencerBatch,
        Self::MatcherWait,
        Self::MatcherBatch,
        Self::JournalCommit,
        Self::JournalSync,
        Self::AnswerGate,
        Self::Command,
    ];

    /// Its name, for instance `sequencer_wait`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SequencerWait => "sequencer_wait",
            Self::SequencerBatch => "sequencer_batch",
            Self::MatcherWait => "matcher_wait",
            Self::MatcherBatch => "matcher_batch",
            Self::AnswerGate => "answer_gate",
            Self::JournalCommit => "journal_commit",
            Self::JournalSync => "journal_sync",
            Self::Command => "command",
        }
    }
}

/// What an engine has been doing, and how it is. Counters begin when it was opened and never go back.
#[derive(Clone, Debug)]
pub struct Metrics {
    /// How long it has been open.
    pub uptime: Duration,
    /// All shards in the caller's thread.
    pub inline: bool,
    /// What an answer promises.
    pub durability: Durability,
    /// Commands admitted, reads included, by kind.
    pub commands: Vec<(&'static str, u64)>,
    /// Calls refused before they were admitted, `BUSY` included.
    pub refused_at_edge: u64,
    /// Calls refused with `BUSY`.
    pub busy: u64,
    /// Refusals handed out, by code, whoever decided them; codes that were never used are left out.
    pub refusals: Vec<(Code, u64)>,
    /// Trades made.
    pub trades: u64,
    /// Orders that rest in books.
    pub orders_resting: u64,
    /// Commands admitted and not settled yet, and how many there may be.
    pub in_flight: (usize, usize),
    /// The newest record.
    pub last_lsn: u64,
    /// What waits for each shard; nothing ever does inline.
    pub queues: Vec<Queue>,
    /// How long things took since the engine was opened.
    pub latencies: Vec<(Stage, Distribution)>,
    /// None without a data directory.
    pub journal: Option<JournalState>,
    /// Who follows books, trades and accounts.
    pub streams: StreamState,
    /// Bytes of memory that the process has, where the system tells.
    pub resident_bytes: Option<u64>,
    /// What can be said in a word.
    pub health: Health,
}

impl Metrics {
    /// The latencies of one stage.
    #[must_use]
    pub fn latency(&self, stage: Stage) -> &Distribution {
        let found = self.latencies.iter().find(|&&(each, _)| each == stage);
        &found.expect("all stages are there").1
    }

    /// Commands admitted, of all kinds.
    #[must_use]
    pub fn all_commands(&self) -> u64 {
        self.commands.iter().map(|&(_, count)| count).sum()
    }
}

/// What waits for one shard: messages, each of which is a batch of whatever its sender had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Queue {
    /// Of what.
    pub kind: QueueKind,
    /// Which shard of those that take them.
    pub shard: usize,
    /// How many.
    pub messages: usize,
}

/// What waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueKind {
    /// Commands, for a sequencer.
    Commands,
    /// What orders have led to, for a sequencer.
    Settlements,
    /// Orders, for a matcher.
    Orders,
}

impl QueueKind {
    /// Its name, for instance `settlements`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Commands => "commands",
            Self::Settlements => "settlements",
            Self::Orders => "orders",
        }
    }
}

/// How the journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalState {
    /// Bytes of records written since the engine was opened.
    pub written_bytes: u64,
    /// Bytes of records that wait to be written.
    pub backlog_bytes: u64,
    /// The newest record that outlives a power loss.
    pub durable_lsn: u64,
    /// Records that are newer.
    pub lag_records: u64,
    /// How old the oldest of them is; zero if there are none.
    pub lag: Duration,
    /// Segments that are ready to be written to.
    pub segments_prepared: usize,
    /// How much may still be written.
    pub room: Room,
    /// Snapshots.
    pub snapshots: Snapshots,
}

/// Who follows books, trades and accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamState {
    /// Groups of consumers.
    pub sessions: u64,
    /// What they follow.
    pub subscriptions: u64,
    /// News that wait to be told.
    pub backlog: u64,
    /// Updates that were handed out.
    pub updates: u64,
    /// Updates that a slow consumer was spared: it got a later state in their place.
    pub conflated: u64,
    /// Gaps that slow consumers were told of.
    pub gaps: u64,
    /// Subscriptions that ended because they were too slow.
    pub ended_slow: u64,
    /// Batches of news that a shard could not get rid of, so that it was asked for a fresh start.
    pub lost: u64,
}
