//! A journal's records done again: by recovery, by the maker of snapshots, by verification and audit.

mod along;
mod pipeline;
#[cfg(test)]
mod tests;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::Builder;

use lightning_core::codec::{DecodeError, decode_record};
use lightning_core::fold::{Divergence, Fold, Shards, Told};
use lightning_core::log::Recorded;
use lightning_core::reject::Code;
use lightning_core::types::{Lsn, Timestamp};
use lightning_journal::{Record, RecoverError, Snapshot, SnapshotError};

pub(crate) use self::along::{Heard, check_and_replay};
pub(crate) use self::pipeline::Done;

use crate::config::Config;
use crate::refusal::Refusal;
use crate::state;
use crate::threaded::panic_text;

/// The version of what records mean. A journal of an older one is read: its digests prove that it still leads to what
/// it led to. One of a newer one is not.
pub(crate) const LOGIC_VERSION: u32 = 1;

/// Records that have been done again, and the state that they led to.
pub(crate) struct Replay {
    pub(crate) fold: Fold,
    /// What the last record led to.
    pub(crate) told: Told,
    /// How many there were.
    pub(crate) records: u64,
    /// The hash that an engine wrote down when it was closed, if that is the last record.
    closed_with: Option<[u8; 32]>,
}

/// Why records can't be done again.
#[derive(Debug)]
pub(crate) enum ReplayError {
    /// The files do not have them.
    Journal(RecoverError),
    /// This is no record, or one of a later version.
    Record {
        /// Which.
        lsn: u64,
        /// What is wrong.
        error: DecodeError,
    },
    /// It leads to something else than it led to, or breaks an invariant.
    Diverged {
        /// Which.
        lsn: u64,
        /// What is wrong.
        why: String,
    },
}

impl From<RecoverError> for ReplayError {
    fn from(error: RecoverError) -> Self {
        Self::Journal(error)
    }
}

impl ReplayError {
    /// As the caller sees it.
    pub(crate) fn refusal(&self) -> Refusal {
        match self {
            Self::Journal(error) => refusal_of(error),
            Self::Record { lsn, error } => {
                let code = match error {
                    DecodeError::UnknownKind { .. } | DecodeError::UnknownVersion { .. } => {
                        Code::UnsupportedVersion
                    }
                    DecodeError::Malformed(_) => Code::CorruptState,
                };
                Refusal::new(code, format!("record {lsn} can't be read: {error}"))
                    .with("lsn", *lsn)
                    .with("reason", error.to_string())
            }
            Self::Diverged { lsn, why } => {
                let message = format!("record {lsn} does not lead to what it led to: {why}");
                Refusal::new(Code::CorruptState, message).with("lsn", *lsn).with("reason", why.as_str())
            }
        }
    }
}

impl Replay {
    /// Before the first record, on as many shards as the engine has.
    pub(crate) fn new(config: &Config, shards: Shards) -> Self {
        Self::of(Fold::new(shards, config.limits, config.kept))
    }

    /// After the last record of a snapshot.
    ///
    /// # Errors
    /// It is not what was written, in words.
    pub(crate) fn load(snapshot: &Snapshot, config: &Config, shards: Shards) -> Result<Self, String> {
        let load = || {
            let fold = Fold::load(&snapshot.sections, shards, config.limits, config.kept)
                .map_err(|malformed| format!("byte {}: {}", malformed.at, malformed.what))?;
            if fold.last().0 != Lsn(snapshot.lsn) {
                return Err(format!("it ends with record {}", fold.last().0.0));
            }
            if state::hash_of(&fold) != snapshot.state_hash {
                return Err("its state does not have the hash that it should have".to_owned());
            }
            Ok(Self::of(fold))
        };
        // Whatever its bytes say, they are no reason to end here.
        catch_unwind(AssertUnwindSafe(load)).unwrap_or_else(|panic| Err(panic_text(&*panic).to_owned()))
    }

    fn of(fold: Fold) -> Self {
        Self { fold, told: Told::default(), records: 0, closed_with: None }
    }

    /// The last record.
    pub(crate) fn last(&self) -> Lsn {
        self.fold.last().0
    }

    /// Does the next record again. An error is the last thing that can be done.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn apply(&mut self, record: &Record) -> Result<(), ReplayError> {
        let lsn = record.lsn;
        let decoded = decode_record(record.kind, record.version, &record.body)
            .map_err(|error| ReplayError::Record { lsn, error })?;
        self.apply_decoded(record, decoded)
    }

    /// The same with a record that was decoded already.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn apply_decoded(&mut self, record: &Record, decoded: Recorded) -> Result<(), ReplayError> {
        self.closed_with = match decoded {
            Recorded::CleanShutdown { state_hash } => Some(state_hash),
            _ => None,
        };
        self.told.clear();
        let (lsn, at) = (Lsn(record.lsn), Timestamp(record.at));
        let apply = || self.fold.apply(lsn, at, record.digest, decoded, &mut self.told);
        let diverged = |why| ReplayError::Diverged { lsn: record.lsn, why };
        match catch_unwind(AssertUnwindSafe(apply)) {
            Ok(Ok(())) => {}
            Ok(Err(divergence)) => return Err(diverged(worded(divergence))),
            Err(panic) => return Err(diverged(panic_text(&*panic).to_owned())),
        }
        self.records += 1;
        Ok(())
    }

    /// Proves that the state agrees with itself, and with what an engine wrote down that was closed here. Gives the
    /// state's hash.
    ///
    /// # Errors
    /// It does not.
    pub(crate) fn prove(&self) -> Result<[u8; 32], ReplayError> {
        self.prove_by(|fold| {
            fold.check();
            state::hash_of(fold)
        })
    }

    /// The same on two processors, for a caller whom nobody else's work waits for.
    ///
    /// # Errors
    /// Those of [`Self::prove`].
    pub(crate) fn prove_side_by_side(&self) -> Result<[u8; 32], ReplayError> {
        self.prove_by(|fold| {
            std::thread::scope(|scope| {
                let hash = || state::hash_of(fold);
                let beside = Builder::new().name("recovery-hash".to_owned()).spawn_scoped(scope, hash);
                fold.check();
                match beside {
                    Ok(hash) => hash.join().unwrap_or_else(|panic| resume_unwind(panic)),
                    // There is no thread to spare.
                    Err(_) => hash(),
                }
            })
        })
    }

    fn prove_by(&self, prove: impl FnOnce(&Fold) -> [u8; 32]) -> Result<[u8; 32], ReplayError> {
        let lsn = self.last().0;
        let diverged = |why| ReplayError::Diverged { lsn, why };
        let hash = catch_unwind(AssertUnwindSafe(|| prove(&self.fold)))
            .map_err(|panic| diverged(panic_text(&*panic).to_owned()))?;
        match self.closed_with {
            Some(closed_with) if closed_with != hash => {
                Err(diverged("the engine was closed with another state".to_owned()))
            }
            _ => Ok(hash),
        }
    }

    /// Did an engine write down its state with the last record?
    pub(crate) const fn is_closed(&self) -> bool {
        self.closed_with.is_some()
    }
}

fn worded(divergence: Divergence) -> String {
    match divergence {
        Divergence::Digest { symbol, .. } => {
            format!("the record before it of symbol {} led to something else when it was written", symbol.0)
        }
        Divergence::DigestOfNothing { .. } => "it is of no symbol, and says that it is".to_owned(),
        Divergence::Number { expected, found } => {
            format!("record {} comes after record {}", found.0, expected.0.saturating_sub(1))
        }
    }
}

/// Why a journal can't be read, as the caller sees it.
pub(crate) fn refusal_of(error: &RecoverError) -> Refusal {
    let plain = |code| Refusal::new(code, error.to_string());
    match error {
        RecoverError::Locked => plain(Code::DataDirLocked),
        RecoverError::Io(io) => plain(code_of(io)).with("reason", io.to_string()),
        RecoverError::Corrupt { file, offset, lsn, why }
        | RecoverError::CorruptAcked { file, offset, lsn, why } => plain(Code::CorruptState)
            .with("file", file.as_str())
            .with("offset", *offset)
            .with("lsn", *lsn)
            .with("reason", *why),
        RecoverError::MissingHistory { file, lsn } => plain(Code::CorruptState)
            .with("file", file.as_str())
            .with("lsn", *lsn)
            .with("reason", "it is missing"),
        RecoverError::BadManifest { file, why } => {
            plain(Code::CorruptState).with("file", file.as_str()).with("reason", *why)
        }
        RecoverError::UnsupportedVersion { file, found } => {
            plain(Code::UnsupportedVersion).with("file", file.as_str()).with("found", *found)
        }
        RecoverError::UnsafeDirectory(why) => plain(Code::UnsafeDataDir).with("reason", why.as_str()),
    }
}

/// A full disk can be helped by whoever runs the engine; every other error of it is none of their making.
fn code_of(error: &io::Error) -> Code {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Code::StorageFull,
        _ => Code::JournalIo,
    }
}

/// Why a snapshot can't be used, as the caller sees it.
pub(crate) fn refusal_of_snapshot(error: &SnapshotError) -> Refusal {
    let plain = |code| Refusal::new(code, error.to_string());
    match error {
        SnapshotError::Io(io) => plain(code_of(io)).with("reason", io.to_string()),
        SnapshotError::Missing { file } => {
            plain(Code::CorruptState).with("file", file.as_str()).with("reason", "it is missing")
        }
        SnapshotError::Corrupt { file, why } => {
            plain(Code::CorruptState).with("file", file.as_str()).with("reason", *why)
        }
        SnapshotError::UnsupportedVersion { file, found } => {
            plain(Code::UnsupportedVersion).with("file", file.as_str()).with("found", *found)
        }
    }
}
