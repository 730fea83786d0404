//! The journal: what was decided, on disk, before anybody is told.
//!
//! This crate knows bytes, files, frames and hashes, and nothing about trading: a record is a kind, a version and
//! a body. It has no threads and no clock; whoever uses it brings them. All files go through [`storage::Storage`],
//! so that a simulator can put a disk underneath which loses what was not synced.
//!
//! One group commit is a *frame*: whole 4 KiB blocks, checksummed, chained by hash to the one before, written once and
//! never again. Frames fill *segments*, files that were filled with zeros beforehand. A *manifest* names the
//! segments and snapshots there must be. Begin with `recover.rs`, which says what a journal is by saying what it
//! refuses, then `writer.rs`. The bytes are drawn in `docs/JOURNAL.md`.

#![forbid(unsafe_code)]

mod aligned;
mod batch;
mod catalog;
mod chain;
mod chunks;
mod disk;
mod error;
mod follow;
mod frame;
mod inspect;
mod layout;
mod live;
mod manifest;
mod names;
mod preparer;
mod reader;
mod record;
mod recover;
mod segment;
mod snapshot;
mod start;
mod state_hash;
pub mod storage;
mod verify;
mod writer;

pub use batch::{Batch, RECORD_BODY_BYTES_MAX};
pub use error::{RecoverError, SnapshotError, WriteError};
pub use follow::Follow;
pub use inspect::{Inspected, InspectedSegment, InspectedSnapshot, inspect};
pub use preparer::{Prepared, Preparer, Step};
pub use reader::Reader;
pub use record::{Body, Head, Record, RecordRef};
pub use recover::{Options, Progress, Records, Recovered, Torn, recover, recover_along};
pub use snapshot::{Snapshot, read as read_snapshot, snapshots, write_snapshot};
pub use state_hash::StateHash;
pub use verify::{Verified, verify};
pub use writer::{Mode, Retention, Retired, Room, Writer};
