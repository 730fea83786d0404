//! The proof that the files hold what was written to them, and that it leads to what it led to.

use std::sync::Arc;
use std::time::Instant;

use lightning_core::reject::Code;
pub use lightning_journal::Head;
use lightning_journal::storage::Storage;
use lightning_journal::{Reader, SnapshotError, read_snapshot};

use crate::config::Config;
use crate::recovery::{RecoveryPhase, RecoveryProgress};
use crate::refusal::Refusal;
use crate::replay::{Replay, ReplayError, refusal_of, refusal_of_snapshot};
use crate::snapshots::ONE_OF_EACH;
use crate::state;

/// Where a verification begins to do the records again. All files are checked in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VerifyFrom {
    /// With the first record.
    #[default]
    Genesis,
    /// With the newest snapshot.
    Snapshot,
}

/// What it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifyReport {
    /// The snapshot it began with; none if it did every record again.
    pub snapshot_lsn: Option<u64>,
    /// The end of the journal: the last record, and the hash that covers everything before it.
    pub head: Head,
    /// Records that were done again.
    pub records: u64,
    /// Frames in all files.
    pub frames: u64,
    /// Bytes of all frames.
    pub bytes: u64,
    /// Files of records.
    pub segments: usize,
    /// Snapshots whose state was compared with that of the records, newest first.
    pub snapshots: Vec<u64>,
    /// The hash of the state after the last record.
    pub state_hash: [u8; 32],
    /// How long it took.
    pub milliseconds: u64,
    /// What is wrong and can be done without.
    pub warnings: Vec<String>,
}

/// Records between two words about how far it is.
const RECORDS_PER_WORD: u64 = 4_096;

/// Checks all files, and does records again up to `durable`; all that the files have without. Takes no lock.
///
/// # Errors
/// `CORRUPT_STATE`, `UNSUPPORTED_VERSION`, `JOURNAL_IO`; `INVALID_REQUEST`, if the first records were put away and are
/// to be done again.
pub(crate) fn verify(
    storage: &Arc<dyn Storage>,
    durable: Option<u64>,
    config: &Config,
    from: VerifyFrom,
    progress: &mut dyn FnMut(RecoveryProgress),
) -> Result<VerifyReport, Refusal> {
    let began = Instant::now();
    let files = lightning_journal::verify(storage.clone(), &mut |checked| {
        let (bytes, bytes_total) = (checked.bytes, checked.bytes_total);
        progress(RecoveryProgress { phase: RecoveryPhase::Check, records: 0, bytes, bytes_total });
    })
    .map_err(|error| refusal_of(&error))?;
    let end = durable.map_or(files.head.lsn, |durable| durable.min(files.head.lsn));
    let newest = files.snapshots.iter().copied().find(|&lsn| lsn <= end);
    let (mut replay, snapshot_lsn, mut head) = match (from, newest) {
        (VerifyFrom::Snapshot, Some(lsn)) => {
            let snapshot = read(storage, lsn)?;
            let replay = Replay::load(&snapshot, config, ONE_OF_EACH).map_err(|why| bad(lsn, &why))?;
            (replay, Some(lsn), snapshot.head)
        }
        (VerifyFrom::Snapshot, None) => (Replay::new(config, ONE_OF_EACH), None, Head::default()),
        (VerifyFrom::Genesis, _) if files.first_lsn > 1 => {
            let message =
                format!("the records before {} were put away: begin with a snapshot", files.first_lsn);
            return Err(
                Refusal::field(Code::InvalidRequest, "from", message).with("firstLsn", files.first_lsn)
            );
        }
        (VerifyFrom::Genesis, _) => (Replay::new(config, ONE_OF_EACH), None, Head::default()),
    };
    let mut compared: Vec<u64> = snapshot_lsn.into_iter().collect();
    let mut reader = Reader::open(storage.clone(), replay.last().0).map_err(|error| refusal_of(&error))?;
    while let Some(record) = reader.next(end).map_err(|error| refusal_of(&error))? {
        replay.apply(&record).map_err(|error| error.refusal())?;
        head = Head { lsn: record.lsn, hash: record.frame_hash };
        if files.snapshots.contains(&record.lsn) {
            compare(storage, config, &replay)?;
            compared.push(record.lsn);
        }
        if replay.is_closed() {
            replay.prove().map_err(|error: ReplayError| error.refusal())?;
        }
        if replay.records.is_multiple_of(RECORDS_PER_WORD) {
            let (phase, records) = (RecoveryPhase::Replay, replay.records);
            progress(RecoveryProgress { phase, records, bytes: 0, bytes_total: 0 });
        }
    }
    compared.reverse();
    let state_hash = replay.prove().map_err(|error| error.refusal())?;
    let mut warnings = files.warnings;
    if let Some(torn) = &files.torn {
        let (file, at) = (&torn.segment, torn.offset);
        warnings
            .push(format!("{file} ends at byte {at} with a frame that is not whole, which is no record's"));
    }
    Ok(VerifyReport {
        snapshot_lsn,
        head,
        records: replay.records,
        frames: files.frames,
        bytes: files.bytes,
        segments: files.segments,
        snapshots: compared,
        state_hash,
        milliseconds: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        warnings,
    })
}

/// Does the snapshot say what the records lead to?
fn compare(storage: &Arc<dyn Storage>, config: &Config, replay: &Replay) -> Result<(), Refusal> {
    let lsn = replay.last().0;
    match read_snapshot(&**storage, lsn) {
        Ok(snapshot) if snapshot.state_hash == state::hash_of(&replay.fold) => {
            Replay::load(&snapshot, config, ONE_OF_EACH).map_err(|why| bad(lsn, &why))?;
            Ok(())
        }
        Ok(_) => Err(bad(lsn, "the records lead to another state")),
        // Retention has put it away meanwhile.
        Err(SnapshotError::Missing { .. }) => Ok(()),
        Err(error) => Err(refusal_of_snapshot(&error)),
    }
}

fn read(storage: &Arc<dyn Storage>, lsn: u64) -> Result<lightning_journal::Snapshot, Refusal> {
    read_snapshot(&**storage, lsn).map_err(|error| refusal_of_snapshot(&error))
}

fn bad(lsn: u64, why: &str) -> Refusal {
    Refusal::new(Code::CorruptState, format!("the snapshot of record {lsn} is bad: {why}"))
        .with("lsn", lsn)
        .with("reason", why)
}
