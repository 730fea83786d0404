//! Checks everything there is and changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::error::{RecoverError, SnapshotError};
use crate::names;
use crate::record::Head;
use crate::recover::{Progress, Torn};
use crate::storage::Storage;

/// How often the verification begins anew because a writer is at work.
const TRIES: usize = 32;
/// How often the same has to be wrong, one time after the other, to be damage.
const SEEN_DAMAGE: usize = 3;

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// What the journal is known by.
    pub uuid: [u8; 16],
    /// The last that wrote.
    pub incarnation: u64,
    /// The oldest record that is still in a segment; that of the next one if there is none.
    pub first_lsn: u64,
    /// The last record.
    pub head: Head,
    /// Records, counted.
    pub records: u64,
    /// Frames, heartbeats and seals among them.
    pub frames: u64,
    /// Bytes of frames, padding included.
    pub bytes: u64,
    /// Segments.
    pub segments: usize,
    /// LSNs of snapshots, newest first; all are whole.
    pub snapshots: Vec<u64>,
    /// A frame at the end that is not whole: torn by a crash, or just being written.
    pub torn: Option<Torn>,
    /// What was found wrong and can be done without.
    pub warnings: Vec<String>,
}

/// Checks checksums, chain, density, manifest, snapshots: all there is, not only what a recovery needs. Never writes,
/// takes no lock; a journal that is being written meanwhile is checked up to somewhere near its end.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(
    storage: Arc<dyn Storage>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Verified, RecoverError> {
    let mut before = (0, String::new());
    for _ in 0..TRIES {
        let error = match check(&storage, progress) {
            Err(error) => error,
            verified => return verified,
        };
        // A writer may have been between two files, or in the middle of a frame or of the manifest. Damage is the
        // same whenever it is looked at again.
        let text = error.to_string();
        let seen = if before.1 == text { before.0 + 1 } else { 1 };
        if seen == SEEN_DAMAGE {
            return Err(error);
        }
        before = (seen, text);
    }
    let why = format!("the journal changes faster than it can be checked; last: {}", before.1);
    Err(std::io::Error::other(why).into())
}

fn check(storage: &Arc<dyn Storage>, progress: &mut dyn FnMut(Progress)) -> Result<Verified, RecoverError> {
    let Some(catalog) = Catalog::load(Arc::clone(storage))? else {
        let why = "it is missing: there is no journal";
        return Err(RecoverError::BadManifest { file: names::MANIFESTS[0].to_owned(), why });
    };
    let mut heads = BTreeMap::new();
    for noted in &catalog.manifest.snapshots {
        if !catalog.snapshots.contains(&noted.lsn) {
            return Err(RecoverError::MissingHistory { file: names::snapshot(noted.lsn), lsn: noted.lsn });
        }
    }
    for &lsn in &catalog.snapshots {
        let (_, snapshot) =
            catalog.check_snapshot(lsn, false).map_err(|error| as_recover_error(error, lsn))?;
        heads.insert(snapshot.head.lsn, (lsn, snapshot.head.hash));
    }
    let (mut records, mut frames, mut bytes) = (0, 0, 0);
    let mut foreign = None;
    let live = catalog.survey(0, progress, &mut |_, frame| {
        records += u64::from(frame.header.records);
        frames += 1;
        bytes += frame.end() - frame.offset;
        for (_, (snapshot, hash)) in heads.range(frame.header.first_lsn..frame.header.next_lsn()) {
            if *hash != frame.hash {
                foreign = Some(*snapshot);
            }
        }
    })?;
    if let Some(lsn) = foreign {
        let why = "it is of another history than the segments";
        return Err(RecoverError::Corrupt { file: names::snapshot(lsn), offset: 0, lsn, why });
    }
    let manifest = catalog.manifest;
    Ok(Verified {
        uuid: manifest.uuid,
        incarnation: manifest.incarnation,
        first_lsn: manifest.base.lsn + 1,
        head: live.as_ref().map_or(manifest.base, |live| live.chain.head),
        records,
        frames,
        bytes,
        segments: manifest.segments.len(),
        snapshots: catalog.snapshots,
        torn: live.and_then(|live| live.torn),
        warnings: catalog.warnings,
    })
}

fn as_recover_error(error: SnapshotError, lsn: u64) -> RecoverError {
    match error {
        SnapshotError::Io(error) => error.into(),
        SnapshotError::Missing { file } => RecoverError::MissingHistory { file, lsn },
        SnapshotError::Corrupt { file, why } => RecoverError::Corrupt { file, offset: 0, lsn, why },
        SnapshotError::UnsupportedVersion { file, found } => RecoverError::UnsupportedVersion { file, found },
    }
}
