//! How an engine is doing: counters, queues, latencies, and what can be said in a word.
//!
//! | file | what it tells |
//! |---|---|
//! | `histogram` | how durations are counted without a lock |
//! | `counters` | what the edge counts |
//! | `followed` | the commands that are followed from admission to answer |
//! | `shard`, `journal` | what shards and the journal measure of themselves |
//! | `words`, `health` | what is said of all this |
//! | `collect` | how it comes together |
//! | `text` | the same for Prometheus |
//! | `process` | what the system says |
//!
//! Measuring must not cost what it measures: a shard reads the clock twice per batch, and counts in memory that it alone
//! writes. Whoever asks adds up what the threads have, while they go on. None of this waits behind the journal's gate: it
//! tells how many, never what or whose.

mod collect;
mod counters;
mod followed;
mod health;
mod histogram;
mod journal;
mod process;
mod shard;
mod text;
mod words;

pub use self::counters::KINDS;
pub use self::health::{Health, HealthReason, HealthStatus};
pub use self::histogram::Distribution;
pub use self::journal::Snapshots;
pub use self::words::{JournalState, Metrics, Queue, QueueKind, Stage, StreamState};

pub(crate) use self::collect::Own;
pub(crate) use self::counters::Counters;
pub(crate) use self::followed::Followed;
pub(crate) use self::histogram::Histogram;
pub(crate) use self::journal::JournalMetrics;
pub(crate) use self::shard::{MatcherCounts, ShardMetrics, ThreadMetrics};
