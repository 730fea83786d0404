//! The snapshot container, and what is kept.

use lightning_journal::{Head, Retention, Snapshot, SnapshotError, WriteError, verify, write_snapshot};

use crate::support::*;

fn snapshot(lsn: u64) -> Snapshot {
    let sections = vec![
        ("accounts".to_owned(), vec![1; 3_000_000]),
        ("empty".to_owned(), Vec::new()),
        ("n".repeat(40), body(lsn)),
    ];
    let head = Head { lsn, hash: [4; 32] };
    Snapshot { lsn, at: 123_456_789, head, logic_version: 3, state_hash: [5; 32], sections }
}

/// A journal with a record, and the head there.
fn journal(disk: &Disk) -> (lightning_journal::Writer, Head) {
    let (mut writer, _preparer) = start(disk, &options());
    commit(&mut writer, 5).unwrap();
    let head = writer.head();
    (writer, head)
}

#[test]
fn sections_come_back_as_they_were_written() {
    let disk = Disk::new(true);
    let (mut writer, head) = journal(&disk);
    let written = Snapshot { head, ..snapshot(5) };
    assert_eq!(write_snapshot(&*disk.storage(), &written).unwrap(), "snapshot-00000000000000000005.snap");
    writer.note_snapshot(5).unwrap();
    drop(writer);
    let recovered = open(&disk, &options()).unwrap();
    assert_eq!((recovered.snapshots(), recovered.warnings().len()), (vec![5], 0));
    assert_eq!(recovered.read_snapshot(5).unwrap(), written);
    assert!(matches!(recovered.read_snapshot(4), Err(SnapshotError::Missing { .. })));
    drop(recovered);
    assert_eq!(verify(disk.storage(), &mut |_| {}).unwrap().snapshots, [5]);
}

#[test]
fn a_snapshot_that_nobody_noted_is_found() {
    let disk = Disk::new(true);
    let (writer, head) = journal(&disk);
    write_snapshot(&*disk.storage(), &Snapshot { head, ..snapshot(5) }).unwrap();
    drop(writer);
    let recovered = open(&disk, &options()).unwrap();
    assert_eq!(recovered.snapshots(), [5]);
    // From now on it is missed if it is gone.
    drop(recovered.start().unwrap());
    disk.delete("snapshot-00000000000000000005.snap");
    assert_eq!(
        open(&disk, &options()).unwrap().warnings(),
        ["snapshot-00000000000000000005.snap is missing"]
    );
}

#[test]
fn a_whole_one_is_not_written_twice_and_a_bad_one_is_replaced() {
    let disk = Disk::new(true);
    write_snapshot(&*disk.storage(), &snapshot(9)).unwrap();
    let name = "snapshot-00000000000000000009.snap";
    let before = disk.read(name);
    write_snapshot(&*disk.storage(), &Snapshot { at: 1, ..snapshot(9) }).unwrap();
    assert_eq!(disk.read(name), before);
    disk.edit(name, |bytes| bytes[5_000] ^= 1);
    write_snapshot(&*disk.storage(), &snapshot(9)).unwrap();
    assert_eq!(disk.read(name), before);
}

#[test]
fn names_of_sections_are_checked() {
    let disk = Disk::new(true);
    for names in [vec![""], vec!["a", "a"], vec!["a name that has one byte more than it can."]] {
        let sections = names.into_iter().map(|name| (name.to_owned(), Vec::new())).collect();
        let error = write_snapshot(&*disk.storage(), &Snapshot { sections, ..snapshot(1) }).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    }
    assert_eq!(disk.names(), Vec::<String>::new());
}

#[test]
fn what_cannot_be_noted_changes_nothing() {
    let disk = Disk::new(true);
    let (mut writer, _) = journal(&disk);
    assert!(matches!(writer.note_snapshot(3), Err(WriteError::Snapshot(SnapshotError::Missing { .. }))));
    write_snapshot(&*disk.storage(), &snapshot(6)).unwrap();
    assert!(matches!(writer.note_snapshot(6), Err(WriteError::Snapshot(SnapshotError::Corrupt { .. }))));
    commit(&mut writer, 1).unwrap();
    writer.note_snapshot(6).unwrap();
}

#[test]
fn two_snapshots_and_the_log_behind_the_older_one_are_kept() {
    for policy in [Retention::Remove, Retention::Archive, Retention::KeepAll] {
        let disk = Disk::new(true);
        let (mut writer, _preparer) = start(&disk, &options());
        let mut heads: Vec<Head> = Vec::new();
        for _ in 0..6 {
            (0..25).for_each(|_| commit(&mut writer, 20).unwrap());
            let head = writer.head();
            heads.push(head);
            let sections = vec![("state".to_owned(), body(head.lsn))];
            write_snapshot(&*disk.storage(), &Snapshot { head, sections, ..snapshot(head.lsn) }).unwrap();
            writer.note_snapshot(head.lsn).unwrap();
            let retired = writer.retain(1, policy).unwrap();
            assert_eq!(retired.snapshots.is_empty(), heads.len() <= 2 || policy == Retention::KeepAll);
        }
        assert_eq!(disk.archived().is_empty(), policy != Retention::Archive);
        let head = writer.head();
        drop(writer);
        let recovered = open(&disk, &options()).unwrap();
        let kept = if policy == Retention::KeepAll { 6 } else { 2 };
        assert_eq!(recovered.snapshots().len(), kept);
        let oldest = heads[heads.len() - kept];
        assert!(recovered.first_lsn() <= oldest.lsn + 1);
        assert_eq!(recovered.first_lsn() > 1, policy != Retention::KeepAll);
        assert_eq!(check_records(&recovered, oldest.lsn), head.lsn);
        let before = recovered.first_lsn() - 1;
        if let Some(before) = before.checked_sub(1) {
            assert!(recovered.records(before).next().unwrap().is_err());
        }
        drop(recovered.start().unwrap());
        let verified = verify(disk.storage(), &mut |_| {}).unwrap();
        assert_eq!((verified.head, verified.first_lsn), (head, before + 1));
    }
}

#[test]
fn what_a_crash_left_of_retired_files_is_put_away_next_time() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    for _ in 0..3 {
        (0..25).for_each(|_| commit(&mut writer, 20).unwrap());
        let head = writer.head();
        write_snapshot(&*disk.storage(), &Snapshot { head, ..snapshot(head.lsn) }).unwrap();
        writer.note_snapshot(head.lsn).unwrap();
    }
    let before = disk.image();
    let retired = writer.retain(2, Retention::Remove).unwrap();
    let gone: Vec<_> = before.iter().filter(|(name, _)| !disk.names().contains(name)).collect();
    assert_eq!(gone.len(), retired.segments.len() + retired.snapshots.len());
    gone.iter().for_each(|(name, bytes)| disk.put(name, bytes));
    drop(writer);
    let (mut writer, _preparer) = start(&disk, &options());
    assert_eq!(writer.retain(2, Retention::Remove).unwrap(), retired);
    assert!(gone.iter().all(|(name, _)| !disk.names().contains(name)));
}
