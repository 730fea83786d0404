//! Where decisions go: into the files of a journal, or, in an engine that keeps nothing, nowhere.
//!
//! | file | what it tells |
//! |---|---|
//! | `front` | how shards append, who waits for what, and when nobody appends any more |
//! | `gate` | how far the journal is, for whoever must not show what could still be lost |
//! | `commit` | how what was appended gets to the disk, and what happens then |
//! | `thread` | who does that, and who keeps segments ready |
//! | `order_ids` | how sequencers get order ids that nobody has seen |
//!
//! A shard appends before it emits (rule J1), so it has the number of its record when it sends what the record causes.
//! There is one order of records, that of the front's lock, and it respects causes: who learned of a record appends
//! behind it.

mod commit;
mod front;
mod gate;
mod order_ids;
mod thread;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lightning_core::log::{Log, Record};
use lightning_core::types::{Lsn, Timestamp};

pub(crate) use self::commit::{Committer, Helpers, halted_by, halted_full};
pub(crate) use self::front::{Bounds, Front, Stopped};
pub(crate) use self::gate::Gate;
pub(crate) use self::order_ids::LeasedOrderIds;
pub(crate) use self::thread::{run_journal, run_preparer, run_rest};

/// A handle to the journal; every shard has one.
#[derive(Clone, Debug)]
pub(crate) enum Journal {
    /// Records are numbered, and nothing else.
    Volatile(Arc<AtomicU64>),
    /// Records are kept.
    Kept(Arc<Front>),
}

impl Journal {
    /// One that keeps nothing: dense numbers over all shards, from 1.
    pub(crate) fn volatile() -> Self {
        Self::Volatile(Arc::default())
    }

    /// The newest record's number.
    pub(crate) fn last(&self) -> Lsn {
        match self {
            Self::Volatile(last) => Lsn(last.load(Ordering::Acquire)),
            Self::Kept(front) => front.last(),
        }
    }

    /// The way to the files, if there are any.
    pub(crate) fn kept(&self) -> Option<&Arc<Front>> {
        match self {
            Self::Volatile(_) => None,
            Self::Kept(front) => Some(front),
        }
    }
}

impl Log for Journal {
    #[inline]
    fn append(&mut self, now: Timestamp, digest: u64, record: &Record<'_>) -> Lsn {
        match self {
            Self::Volatile(last) => Lsn(last.fetch_add(1, Ordering::AcqRel) + 1),
            Self::Kept(front) => front.append(now, digest, record),
        }
    }

    #[inline]
    fn wants_digests(&self) -> bool {
        matches!(self, Self::Kept(_))
    }
}
