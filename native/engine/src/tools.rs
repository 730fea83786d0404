//! What can be asked of a data directory that nobody has open, or that somebody else has: no lock is taken, and
//! nothing is written.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use lightning_core::archive::Kept;
use lightning_core::reject::Code;
use lightning_journal::storage::Storage;
use lightning_journal::storage::directory::Directory;
use serde_json::{Value, json};

use crate::audit::Trail;
use crate::config::{Config, Options};
use crate::recovery::RecoveryProgress;
use crate::refusal::Refusal;
use crate::replay::refusal_of;
use crate::verify::{self, VerifyFrom, VerifyReport};

/// Checks all files and does all records again.
///
/// # Errors
/// `CORRUPT_STATE`, `UNSUPPORTED_VERSION`, `UNSAFE_DATA_DIR`, `JOURNAL_IO`; `INVALID_REQUEST`, if the first records were
/// put away and are to be done again.
pub fn verify(
    dir: &Path,
    from: VerifyFrom,
    progress: &mut dyn FnMut(RecoveryProgress),
) -> Result<VerifyReport, Refusal> {
    verify::verify(&storage(dir)?, None, &config()?, from, progress)
}

/// The segments, snapshots and manifest of a directory.
///
/// # Errors
/// Those of [`verify`].
pub fn inspect(dir: &Path) -> Result<Value, Refusal> {
    let found = lightning_journal::inspect(storage(dir)?).map_err(|error| refusal_of(&error))?;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let segments: Vec<_> = found
        .segments
        .iter()
        .map(|segment| {
            json!({
                "file": segment.file,
                "incarnation": segment.incarnation,
                "firstSeq": segment.first_lsn,
                "lastSeq": segment.last_lsn,
                "usedBytes": segment.used_bytes,
                "fileBytes": segment.file_bytes,
                "state": if segment.last_lsn.is_some() { "sealed" } else { "live" },
            })
        })
        .collect();
    let snapshots: Vec<_> = found
        .snapshots
        .iter()
        .map(|snapshot| {
            json!({
                "file": snapshot.file,
                "seq": snapshot.lsn,
                "fileBytes": snapshot.file_bytes,
                "noted": snapshot.is_noted,
            })
        })
        .collect();
    Ok(json!({
        "journal": hex(&found.uuid),
        "incarnation": found.incarnation,
        "closedInGoodOrder": found.closed,
        "manifestGeneration": found.generation,
        "durableSeq": found.durable_lsn,
        "segments": segments,
        "snapshots": snapshots,
        "otherFiles": found
            .other_files
            .iter()
            .map(|(file, bytes)| json!({ "file": file, "fileBytes": bytes }))
            .collect::<Vec<_>>(),
        "warnings": found.warnings.iter().map(|warning| json!({ "warning": warning })).collect::<Vec<_>>(),
    }))
}

/// Hands out the records of a directory as JSON, `{ lsn, ts, kind, command, events, frameHash }` each, of one account
/// or of all, until `each` has enough.
///
/// # Errors
/// Those of [`verify`].
pub fn dump(
    dir: &Path,
    from_lsn: Option<u64>,
    to_lsn: Option<u64>,
    account: Option<u64>,
    each: &mut dyn FnMut(Value) -> ControlFlow<()>,
) -> Result<(), Refusal> {
    let storage = storage(dir)?;
    // How far it is whole; what a crash has cut short is not shown.
    let files =
        lightning_journal::verify(storage.clone(), &mut |_| {}).map_err(|error| refusal_of(&error))?;
    let end = to_lsn.map_or(files.head.lsn, |to| to.min(files.head.lsn));
    let mut trail = Trail::begin(&storage, &config()?, from_lsn)?;
    while let Some((_, told)) = trail.next(end, account)? {
        if let Some(record) = told
            && each(record).is_break()
        {
            break;
        }
    }
    Ok(())
}

fn storage(dir: &Path) -> Result<Arc<dyn Storage>, Refusal> {
    if !dir.is_dir() {
        // Looking makes nothing.
        return Err(Refusal::new(Code::JournalIo, format!("there is no directory {}", dir.display())));
    }
    let directory = Directory::open(dir).map_err(|error| refusal_of(&error.into()))?;
    Ok(Arc::new(directory))
}

/// How an engine would be told to keep as little as it can.
fn config() -> Result<Config, Refusal> {
    let options = Options { closed_orders: Some(0), ledger_entries: Some(0), ..Options::default() };
    Ok(Config { kept: Kept::NOTHING, ..options.validate()? })
}
