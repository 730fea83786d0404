//! What can go wrong, and what it names.

use std::fmt;
use std::io;

/// Why nothing more was written. After any of these but `Snapshot` the writer is poisoned for good.
#[derive(Debug)]
pub enum WriteError {
    /// The storage failed. What was being written may or may not be there; it is not tried again.
    Io(io::Error),
    /// No segment is left to write to, and no space for another.
    StorageFull,
    /// There was an error before.
    Poisoned,
    /// The snapshot that was to be noted is not one. Nothing was changed.
    Snapshot(SnapshotError),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the journal's storage failed: {error}"),
            Self::StorageFull => f.write_str("the journal's storage is full"),
            Self::Poisoned => f.write_str("the journal failed before and takes nothing more"),
            Self::Snapshot(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {}

impl From<SnapshotError> for WriteError {
    fn from(error: SnapshotError) -> Self {
        match error {
            SnapshotError::Io(error) => Self::Io(error),
            other => Self::Snapshot(other),
        }
    }
}

/// Why a journal was not opened, or not read on. Nothing was changed.
#[derive(Debug)]
pub enum RecoverError {
    /// Another engine has the directory.
    Locked,
    /// The storage failed.
    Io(io::Error),
    /// Something that is not provably the one torn frame at the end.
    Corrupt {
        /// In which file.
        file: String,
        /// At which byte of it.
        offset: u64,
        /// The record that was expected there.
        lsn: u64,
        /// What is wrong.
        why: &'static str,
    },
    /// The same, and records are lost that had been acknowledged.
    CorruptAcked {
        /// In which file.
        file: String,
        /// At which byte of it.
        offset: u64,
        /// The record that was expected there.
        lsn: u64,
        /// What shows that it had been acknowledged.
        why: &'static str,
    },
    /// Records are needed that are in no file.
    MissingHistory {
        /// The file that should have them.
        file: String,
        /// The first record that is missing.
        lsn: u64,
    },
    /// A file of a format that this build does not know.
    UnsupportedVersion {
        /// Which file.
        file: String,
        /// The version it says.
        found: u32,
    },
    /// No copy of the manifest is whole, or what it says cannot be.
    BadManifest {
        /// Which copy.
        file: String,
        /// What is wrong.
        why: &'static str,
    },
    /// Others than its owner may write to the directory.
    UnsafeDirectory(String),
}

impl fmt::Display for RecoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Locked => f.write_str("another engine has the data directory"),
            Self::Io(error) => write!(f, "the journal's storage failed: {error}"),
            Self::Corrupt { file, offset, lsn, why } => {
                write!(f, "corrupt journal: {file} at byte {offset}, record {lsn} expected: {why}")
            }
            Self::CorruptAcked { file, offset, lsn, why } => {
                write!(
                    f,
                    "acknowledged records are damaged: {file} at byte {offset}, record {lsn} expected: {why}"
                )
            }
            Self::MissingHistory { file, lsn } => write!(f, "missing: {file}, which has record {lsn}"),
            Self::UnsupportedVersion { file, found } => {
                write!(f, "{file} has version {found}, which this build cannot read")
            }
            Self::BadManifest { file, why } => write!(f, "bad manifest: {file}: {why}"),
            Self::UnsafeDirectory(why) => write!(f, "unsafe data directory: {why}"),
        }
    }
}

impl std::error::Error for RecoverError {}

impl From<io::Error> for RecoverError {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<UnsafeDirectory>()) {
            Some(UnsafeDirectory(why)) => Self::UnsafeDirectory(why.clone()),
            None => Self::Io(error),
        }
    }
}

/// What an `io::Error` of a storage holds when others than its owner may write to the directory.
#[derive(Debug)]
pub(crate) struct UnsafeDirectory(pub(crate) String);

impl fmt::Display for UnsafeDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnsafeDirectory {}

/// Why a snapshot cannot be used.
#[derive(Debug)]
pub enum SnapshotError {
    /// The storage failed.
    Io(io::Error),
    /// There is none of this LSN.
    Missing {
        /// What it would be called.
        file: String,
    },
    /// It is not what was written.
    Corrupt {
        /// Which file.
        file: String,
        /// What is wrong.
        why: &'static str,
    },
    /// A format that this build does not know.
    UnsupportedVersion {
        /// Which file.
        file: String,
        /// The version it says.
        found: u32,
    },
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => write!(f, "the journal's storage failed: {error}"),
            Self::Missing { file } => write!(f, "there is no {file}"),
            Self::Corrupt { file, why } => write!(f, "corrupt snapshot: {file}: {why}"),
            Self::UnsupportedVersion { file, found } => {
                write!(f, "{file} has version {found}, which this build cannot read")
            }
        }
    }
}

impl std::error::Error for SnapshotError {}
