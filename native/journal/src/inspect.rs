//! What a directory holds, for people: the manifest beside the files. Nothing is checked but that.

use std::sync::Arc;

use crate::catalog::Catalog;
use crate::error::RecoverError;
use crate::names;
use crate::storage::{Storage, Use};

/// What a directory holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspected {
    /// What the journal is known by.
    pub uuid: [u8; 16],
    /// The last run that wrote its name down.
    pub incarnation: u64,
    /// Grows with each manifest that is written.
    pub generation: u64,
    /// Was it closed in good order?
    pub closed: bool,
    /// What was durable when the manifest was written; a live segment may hold more.
    pub durable_lsn: u64,
    /// Segments, in order.
    pub segments: Vec<InspectedSegment>,
    /// Snapshots, newest first.
    pub snapshots: Vec<InspectedSnapshot>,
    /// Everything else, by name, with its length in bytes.
    pub other_files: Vec<(String, u64)>,
    /// What is wrong and can be done without.
    pub warnings: Vec<String>,
}

/// A segment that the manifest names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectedSegment {
    /// Its file.
    pub file: String,
    /// Who wrote it.
    pub incarnation: u64,
    /// Its first record.
    pub first_lsn: u64,
    /// Its last record; none while it is live.
    pub last_lsn: Option<u64>,
    /// Bytes up to the end of its last frame; none while it is live.
    pub used_bytes: Option<u64>,
    /// The file's length.
    pub file_bytes: u64,
}

/// A snapshot that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InspectedSnapshot {
    /// Its file.
    pub file: String,
    /// The last record in it.
    pub lsn: u64,
    /// The file's length.
    pub file_bytes: u64,
    /// Does the manifest name it?
    pub is_noted: bool,
}

/// Looks at a directory. Takes no lock and writes nothing.
///
/// # Errors
/// There is no journal, a file is missing that the manifest names, or the storage failed.
pub fn inspect(storage: Arc<dyn Storage>) -> Result<Inspected, RecoverError> {
    let Some(catalog) = Catalog::load(storage.clone())? else {
        let why = "there is no journal here";
        return Err(RecoverError::BadManifest { file: names::MANIFESTS[0].to_owned(), why });
    };
    let length = |name: &str| storage.open(name, Use::Read).and_then(|file| file.len());
    let manifest = &catalog.manifest;
    let mut segments = Vec::new();
    for entry in &manifest.segments {
        let file = names::segment(entry.first_lsn);
        let sealed = |value: u64| (!entry.is_live()).then_some(value);
        segments.push(InspectedSegment {
            incarnation: entry.incarnation,
            first_lsn: entry.first_lsn,
            last_lsn: sealed(entry.last_lsn),
            used_bytes: sealed(entry.end),
            file_bytes: length(&file)?,
            file,
        });
    }
    let mut snapshots = Vec::new();
    for &lsn in &catalog.snapshots {
        let file = names::snapshot(lsn);
        let is_noted = manifest.snapshots.iter().any(|noted| noted.lsn == lsn);
        snapshots.push(InspectedSnapshot { lsn, file_bytes: length(&file)?, is_noted, file });
    }
    let mut other_files = Vec::new();
    let mut files = storage.list()?;
    files.sort_unstable();
    for name in files {
        let is_known =
            segments.iter().any(|one| one.file == name) || snapshots.iter().any(|one| one.file == name);
        if !is_known {
            // One that is being made or removed meanwhile is no news.
            if let Ok(bytes) = length(&name) {
                other_files.push((name, bytes));
            }
        }
    }
    Ok(Inspected {
        uuid: manifest.uuid,
        incarnation: manifest.incarnation,
        generation: manifest.generation,
        closed: manifest.closed,
        durable_lsn: manifest.durable_lsn,
        segments,
        snapshots,
        other_files,
        warnings: catalog.warnings.clone(),
    })
}
