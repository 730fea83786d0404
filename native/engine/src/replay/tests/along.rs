//! Journals that are damaged, tampered with, or both, checked and done again at once and one after the other: the same
//! state, or the same refusal.

use std::sync::Arc;

use lightning_journal::storage::memory::FakeDisk;
use lightning_journal::storage::{Storage, Use};
use lightning_journal::{Head, Snapshot, read_snapshot, snapshots, write_snapshot};

use super::{Done, JournalOptions, Random, SHARDS, by_one, config, options, play, session, tamper, write};
use crate::Engine;
use crate::recovery::RecoveryReport;
use crate::replay::{Heard, check_and_replay, refusal_of};

const SEGMENT_BYTES: u64 = 16 << 10;

fn journal_options() -> JournalOptions {
    JournalOptions { segment_bytes: SEGMENT_BYTES, ..JournalOptions::default() }
}

/// First all is checked, and then all is done again, record by record.
fn one_after_the_other(disk: &FakeDisk) -> Done {
    let storage = Arc::new(disk.kill());
    let journal = lightning_journal::recover(storage, journal_options(), &mut |_| {})
        .map_err(|error| refusal_of(&error))?;
    by_one(&journal)
}

fn at_once(disk: &FakeDisk) -> Done {
    let (config, mut heard) = (config(), Vec::new());
    let storage = Arc::new(disk.kill());
    let (journal, replayed) =
        check_and_replay(storage, journal_options(), (&config, SHARDS), &mut |word| heard.push(word))?;
    let (replay, snapshot) = replayed.expect("there is something, and no snapshot")?;
    assert_eq!((snapshot, replay.last().0), (None, journal.head().lsn));
    let counts: Vec<_> = heard
        .iter()
        .map(|word| match word {
            Heard::Done(done) => (done.records, done.checked.map_or(0, |checked| checked.bytes)),
            Heard::Snapshot => panic!("there is none"),
        })
        .collect();
    assert!(counts.is_sorted() && counts.last().unwrap().1 > 0, "{counts:?}");
    assert_eq!(counts.last().unwrap().0, replay.records);
    Ok((replay.records, replay.prove_side_by_side().map_err(|error| error.refusal())?))
}

/// Flips a bit somewhere in a segment.
fn damage(disk: &FakeDisk, random: &mut Random) {
    let mut names = disk.list().unwrap();
    names.retain(|name| name.starts_with("segment-"));
    names.sort();
    let name = &names[random.below(names.len())];
    let mut byte = [0];
    let offset = loop {
        let offset = random.below(usize::try_from(SEGMENT_BYTES).unwrap()) as u64;
        disk.open(name, Use::Read).unwrap().read_at(offset, &mut byte).unwrap();
        if byte[0] != 0 {
            break offset;
        }
    };
    byte[0] ^= 1 << random.below(8);
    let file = disk.open(name, Use::Write).unwrap();
    assert_eq!(file.write_at(offset, &byte).unwrap(), 1);
    file.sync().unwrap();
}

#[test]
fn what_is_wrong_with_the_files_counts_before_what_is_wrong_with_their_records() {
    let whole = session(7);
    let mut random = Random(99);
    let [mut by_file, mut by_both, mut by_record, mut by_nothing] = [0; 4];
    for number in 0..160 {
        let mut records = whole.clone();
        (0..number % 3).for_each(|_| tamper(&mut records, &mut random));
        let disk = write(&records, SEGMENT_BYTES);
        let undamaged = one_after_the_other(&disk);
        if number % 2 == 1 {
            damage(&disk, &mut random);
        }
        let expected = one_after_the_other(&disk);
        assert_eq!(expected, at_once(&disk), "journal {number}");
        let is_of_a_file = expected.as_ref().is_err_and(|refusal| refusal.details.contains_key("file"));
        match (is_of_a_file, undamaged.is_err()) {
            (true, true) => by_both += 1,
            (true, false) => by_file += 1,
            (false, true) => by_record += 1,
            (false, false) => by_nothing += 1,
        }
    }
    assert!(
        by_file > 10 && by_both > 10 && by_record > 10 && by_nothing > 10,
        "{by_file} {by_both} {by_record}"
    );
}

/// Its bytes are whole and its state is one, but its head is none of this journal's: that is found when the records behind
/// it have been done again.
#[test]
fn what_was_done_behind_a_snapshot_of_another_history_counts_for_nothing() {
    let disk = Arc::new(FakeDisk::new());
    let engine = Engine::open_on(disk.clone(), options(), Box::new(|| {})).unwrap();
    play(&engine, 3);
    let before = disk.kill();
    engine.snapshot().unwrap();
    engine.close().unwrap();
    let lsn = snapshots(&*disk).unwrap()[0];
    let snapshot = read_snapshot(&*disk, lsn).unwrap();
    for (hash, used) in [(snapshot.head.hash, Some(lsn)), ([3; 32], None)] {
        let disk = before.kill();
        write_snapshot(&disk, &Snapshot { head: Head { hash, ..snapshot.head }, ..snapshot.clone() })
            .unwrap();
        let report = opened(&disk);
        assert_eq!((report.snapshot_lsn, report.last_lsn), (used, opened(&before).last_lsn));
        assert_eq!(report.state_hash, opened(&before).state_hash);
        assert_eq!(report.warnings.len(), usize::from(used.is_none()), "{:?}", report.warnings);
    }
}

/// A journal with a snapshot in its middle, and records behind it.
fn with_a_snapshot() -> FakeDisk {
    let disk = Arc::new(FakeDisk::new());
    let engine = Engine::open_on(disk.clone(), options(), Box::new(|| {})).unwrap();
    play(&engine, 3);
    engine.snapshot().unwrap();
    engine.close().unwrap();
    let engine = Engine::open_on(disk.clone(), options(), Box::new(|| {})).unwrap();
    engine.close().unwrap();
    disk.kill()
}

fn opened(disk: &FakeDisk) -> RecoveryReport {
    let engine = Engine::open_on(Arc::new(disk.kill()), options(), Box::new(|| {})).unwrap();
    let report = engine.recovery().unwrap().clone();
    engine.close().unwrap();
    report
}

#[test]
fn a_snapshot_that_turns_out_to_be_of_no_use_is_passed_over() {
    let disk = with_a_snapshot();
    let lsn = snapshots(&disk).unwrap()[0];
    let usual = opened(&disk);
    assert_eq!((usual.snapshot_lsn, usual.warnings.len()), (Some(lsn), 0));
    assert!(usual.records > 2 && usual.records < usual.last_lsn);
    let snapshot = read_snapshot(&disk, lsn).unwrap();
    // Found only when the records have been done again that it does not cover, and when it is loaded.
    let of_another_history = Snapshot { head: Head { lsn: lsn + 1, hash: [3; 32] }, ..snapshot.clone() };
    for (forged, why) in [(of_another_history, "another history"), (snapshot, "it ends with record")] {
        let disk = disk.kill();
        write_snapshot(&disk, &Snapshot { lsn: lsn + 1, ..forged }).unwrap();
        let report = opened(&disk);
        assert_eq!(report.snapshot_lsn, Some(lsn));
        assert_eq!((report.state_hash, report.records), (usual.state_hash, usual.records));
        assert!(report.warnings[0].contains(why) && report.warnings.len() == 1, "{:?}", report.warnings);
    }
}
