//! A reader that follows: across rotations, restarts, replaced files, and up to what is durable.

use lightning_journal::{
    Batch, Mode, Options, Reader, RecoverError, Retention, Snapshot, verify, write_snapshot,
};

use crate::support::*;

#[test]
fn a_reader_sees_what_is_durable_and_waits_for_the_rest() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    let mut reader = Reader::open(disk.storage(), 0).unwrap();
    assert!(reader.next(0).unwrap().is_none());
    commit(&mut writer, 3).unwrap();
    for lsn in 1..=2 {
        check_record(&reader.next(2).unwrap().unwrap(), lsn);
    }
    assert!(reader.next(2).unwrap().is_none());
    check_record(&reader.next(3).unwrap().unwrap(), 3);
    assert_eq!(reader.position(), 3);
    // Behind what is durable nothing is looked at, whatever is there.
    disk.edit("segment-00000000000000000001.log", |bytes| bytes[8192..8192 + 500].fill(9));
    assert!(reader.next(3).unwrap().is_none());
    let mut reader = Reader::open(disk.storage(), 0).unwrap();
    (1..=3).for_each(|lsn| check_record(&reader.next(3).unwrap().unwrap(), lsn));
    assert!(reader.next(3).unwrap().is_none());
    // Up to there all must be whole.
    let error = reader.next(4).unwrap_err();
    let place = "segment-00000000000000000001.log at byte 8192, record 4 expected";
    assert_eq!(error.to_string(), format!("corrupt journal: {place}: no frame begins here"));
}

#[test]
fn a_reader_may_begin_anywhere() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    for round in 0..120 {
        commit(&mut writer, 1 + round % 13).unwrap();
        if round % 5 == 0 {
            writer.heartbeat().unwrap();
        }
    }
    let durable = writer.durable();
    for after in (0..=durable).step_by(7).chain([durable]) {
        let mut reader = Reader::open(disk.storage(), after).unwrap();
        for lsn in after + 1..=durable {
            check_record(&reader.next(durable).unwrap().unwrap(), lsn);
        }
        assert!(reader.next(durable).unwrap().is_none());
    }
    assert!(matches!(Reader::open(Disk::new(true).storage(), 0), Err(RecoverError::BadManifest { .. })));
}

#[test]
fn a_reader_follows_through_rotations_and_restarts() {
    for seed in 0..60 {
        let mut random = Random(seed);
        let mode = if random.flip() { Mode::Sync } else { Mode::Written };
        let repersist = random.below(4) > 0;
        let options = Options { segment_bytes: 16 << 10, mode, repersist, ..options() };
        let disk = Disk::new(random.flip());
        let mut writing = start(&disk, &options);
        let mut readers = vec![Reader::open(disk.storage(), 0).unwrap()];
        for _ in 0..200 {
            let writer = &mut writing.0;
            match random.below(12) {
                0 => {
                    // The engine dies, or stops, and another one starts over the same files.
                    if random.flip() {
                        drop(writing);
                    } else {
                        writing.0.close().unwrap();
                    }
                    writing = start(&disk, &options);
                }
                1 => writer.heartbeat().unwrap(),
                2 => writer.sync().unwrap(),
                3 => {
                    let mut batch = Batch::new(writer.written() + 1);
                    (0..random.below(200)).for_each(|_| append(&mut batch));
                    writer.commit(&mut batch).unwrap();
                }
                4 if readers.len() < 4 => {
                    let after = random.below(writer.durable() + 1);
                    readers.push(Reader::open(disk.storage(), after).unwrap());
                }
                5..8 => commit(writer, 1 + random.below(9)).unwrap(),
                _ => {
                    let durable = writing.0.durable();
                    let index = usize::try_from(random.below(readers.len().try_into().unwrap())).unwrap();
                    let reader = &mut readers[index];
                    for _ in 0..random.below(120) {
                        let expected = reader.position() + 1;
                        match reader.next(durable).unwrap() {
                            Some(record) => check_record(&record, expected),
                            None => {
                                assert!(expected > durable);
                                break;
                            }
                        }
                    }
                }
            }
        }
        writing.0.sync().unwrap();
        let durable = writing.0.durable();
        for mut reader in readers {
            while let Some(record) = reader.next(durable).unwrap() {
                check_record(&record, reader.position());
            }
            assert_eq!(reader.position(), durable, "seed {seed}");
        }
        assert_eq!(verify(disk.storage(), &mut |_| {}).unwrap().head, writing.0.head());
    }
}

#[test]
fn another_process_learns_from_the_files_what_is_durable() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    let mut reader = Reader::open(disk.storage(), 0).unwrap();
    let mut seen = 0;
    for round in 0..100 {
        commit(&mut writer, 1 + round % 7).unwrap();
        let said = reader.durable_on_disk().unwrap();
        assert!(said < writer.durable() && said >= seen);
        if round % 3 == 0 {
            writer.heartbeat().unwrap();
            assert_eq!(reader.durable_on_disk().unwrap(), writer.durable());
        }
        seen = reader.durable_on_disk().unwrap();
        while let Some(record) = reader.next(seen).unwrap() {
            check_record(&record, reader.position());
        }
    }
    let durable = writer.close().unwrap().lsn;
    assert_eq!(reader.durable_on_disk().unwrap(), durable);
}

#[test]
fn a_reader_that_is_too_slow_is_told() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    let mut reader = Reader::open(disk.storage(), 0).unwrap();
    for _ in 0..3 {
        (0..30).for_each(|_| commit(&mut writer, 20).unwrap());
        let head = writer.head();
        let sections = Vec::new();
        let snapshot =
            Snapshot { lsn: head.lsn, at: 0, head, logic_version: 1, state_hash: [0; 32], sections };
        write_snapshot(&*disk.storage(), &snapshot).unwrap();
        writer.note_snapshot(head.lsn).unwrap();
    }
    let retired = writer.retain(0, Retention::Archive).unwrap();
    assert!(retired.segments.len() > 2 && retired.snapshots.len() == 1, "{retired:?}");
    assert!(retired.segments.iter().chain(&retired.snapshots).all(|name| disk.archived().contains(name)));
    let durable = writer.durable();
    let error = loop {
        match reader.next(durable) {
            Ok(record) => check_record(&record.unwrap(), reader.position()),
            Err(error) => break error,
        }
    };
    assert!(
        matches!(error, RecoverError::MissingHistory { lsn, .. } if lsn == reader.position() + 1),
        "{error}"
    );
    let reopened = Reader::open(disk.storage(), reader.position());
    assert!(matches!(reopened, Err(RecoverError::MissingHistory { .. })));
    assert_eq!(writer.retain(2, Retention::Archive).unwrap(), lightning_journal::Retired::default());
}
