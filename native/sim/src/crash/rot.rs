//! Damage at rest that recovery must not overlook: on a copy of the disk, an acknowledged frame is damaged, and a
//! journal that is opened nevertheless must say so for the records that it lost.
//!
//! The last frame is left in peace: nothing on the disk may say that it was ever whole, so it can't be told from one
//! that the crash cut short (`docs/JOURNAL.md`). In `written` mode that goes for all frames that no later one says
//! were durable.

use std::sync::Arc;

use lightning_journal::storage::memory::{BLOCK, FakeDisk};
use lightning_journal::{Mode, Options, RecoverError, recover};

use crate::coverage::Coverage;
use crate::rng::{Dice, Rng};

/// Where the fields of a frame's header are (docs/JOURNAL.md).
const MAGIC: &[u8] = b"LJF1";
const FIRST_LSN: usize = 40;
const RECORDS: usize = 48;
const BODY_LEN: usize = 52;
const DURABLE_LSN: usize = 56;
const HEADER_BYTES: usize = 128;

/// A frame, as far as damage is concerned.
struct Frame {
    file: String,
    offset: usize,
    bytes: usize,
    records: u64,
    first_lsn: u64,
    /// What it says was durable when it was written.
    durable_lsn: u64,
}

/// Damages a frame of a copy of the disk and looks whether that is noticed.
pub(super) fn is_noticed(disk: &FakeDisk, options: Options, rng: &mut Rng, coverage: &mut Coverage) {
    let frames = frames(disk);
    let mut durable = 0;
    let mut victims = Vec::new();
    for (number, frame) in frames.iter().enumerate().rev() {
        let is_known = match options.mode {
            Mode::Sync => frames[number + 1..].iter().any(|later| later.records > 0),
            Mode::Written => durable >= frame.first_lsn,
        };
        if frame.records > 0 && is_known {
            victims.push(frame);
        }
        durable = durable.max(frame.durable_lsn);
    }
    if victims.is_empty() {
        return;
    }
    let Frame { file, offset, bytes, records, first_lsn, .. } = victims[rng.index(victims.len())];
    let last_lsn = first_lsn + records - 1;
    let copy = disk.kill();
    let at = |byte: usize| u64::try_from(offset + byte).expect("in a file");
    let what = match rng.below(3) {
        0 => {
            copy.poke(file, at(0), &vec![0; bytes.next_multiple_of(BLOCK)]);
            "an acknowledged frame is gone"
        }
        1 => {
            let block = rng.index(bytes.div_ceil(BLOCK)) * BLOCK;
            copy.poke(file, at(block), &[0; BLOCK]);
            "a block of an acknowledged frame is gone"
        }
        _ => {
            copy.flip(file, at(rng.index(*bytes)), 1 << rng.below(8));
            "a bit of an acknowledged frame is wrong"
        }
    };
    match recover(Arc::new(copy), options, &mut |_| {}) {
        Err(RecoverError::Corrupt { .. } | RecoverError::CorruptAcked { .. }) => coverage.hit(what),
        Err(error) => panic!("{file} is damaged at byte {offset}, and recovery says: {error}"),
        Ok(recovered) => {
            // A snapshot made it superfluous: it may be overlooked until somebody wants to read it.
            let newest = recovered.snapshots().first().copied().unwrap_or(0);
            assert!(
                last_lsn <= newest,
                "{file} is damaged at byte {offset}, where record {last_lsn} was, and recovery goes on with {:?}",
                recovered.head()
            );
            coverage.hit("damage before a snapshot");
        }
    }
}

/// All frames, in their order.
fn frames(disk: &FakeDisk) -> Vec<Frame> {
    let mut frames = Vec::new();
    let mut files = disk.files();
    files.retain(|name| name.starts_with("segment-") && name.ends_with(".log"));
    files.sort();
    for file in files {
        let bytes = disk.read(&file);
        let mut offset = BLOCK;
        while bytes.len() > offset + HEADER_BYTES && bytes[offset..].starts_with(MAGIC) {
            let field = |at: usize| {
                let field = &bytes[offset + at..offset + at + 4];
                u32::from_le_bytes(field.try_into().expect("four bytes"))
            };
            let len = HEADER_BYTES + usize::try_from(field(BODY_LEN)).expect("in a file");
            frames.push(Frame {
                file: file.clone(),
                offset,
                bytes: len,
                records: field(RECORDS).into(),
                first_lsn: field(FIRST_LSN).into(),
                durable_lsn: field(DURABLE_LSN).into(),
            });
            offset += len.next_multiple_of(BLOCK);
        }
    }
    frames
}

/// Damages one of two equal copies of the manifest; false if they are not equal.
pub(super) fn spoil_manifest(disk: &FakeDisk, rng: &mut Rng) -> bool {
    let copies = ["MANIFEST-a", "MANIFEST-b"];
    if !copies.iter().all(|copy| disk.files().iter().any(|file| file == copy)) {
        return false;
    }
    let bytes = copies.map(|copy| disk.read(copy));
    if bytes[0] != bytes[1] {
        return false;
    }
    flip_some_byte(disk, copies[rng.index(2)], rng);
    true
}

/// Is the first segment still there?
pub(super) fn has_all_history(disk: &FakeDisk) -> bool {
    disk.files().iter().any(|file| *file == format!("segment-{:020}.log", 1))
}

/// Damages the newest snapshot, if it is not the only one there is or all history is there.
pub(super) fn spoil_snapshot(disk: &FakeDisk, rng: &mut Rng) -> bool {
    let mut files = disk.files();
    files.retain(|name| name.starts_with("snapshot-") && name.ends_with(".snap"));
    files.sort();
    let Some(newest) = files.last() else { return false };
    if files.len() < 2 && !has_all_history(disk) {
        return false;
    }
    flip_some_byte(disk, newest, rng);
    true
}

fn flip_some_byte(disk: &FakeDisk, file: &str, rng: &mut Rng) {
    disk.flip(file, rng.below(disk.len_of(file)), 1 << rng.below(8));
}
