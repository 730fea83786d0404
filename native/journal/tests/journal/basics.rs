//! What is written is read back: over frames, segments, restarts, modes.

use crate::support::*;
use lightning_journal::{Batch, Head, Mode, Options, RECORD_BODY_BYTES_MAX, Room, Step, WriteError, verify};

#[test]
fn everything_may_go_to_another_thread() {
    fn goes<T: Send>() {}
    goes::<lightning_journal::Recovered>();
    goes::<lightning_journal::Records>();
    goes::<lightning_journal::Writer>();
    goes::<lightning_journal::Preparer>();
    goes::<lightning_journal::Reader>();
    goes::<lightning_journal::Record>();
}

#[test]
fn a_new_journal_is_empty_and_begins_with_record_1() {
    let disk = Disk::new(false);
    let recovered = open(&disk, &options()).unwrap();
    assert!(recovered.is_new());
    assert_eq!((recovered.head(), recovered.incarnation(), recovered.first_lsn()), (Head::default(), 0, 1));
    assert_eq!(recovered.records(0).count(), 0);
    assert_eq!(disk.names(), Vec::<String>::new(), "recovery has changed nothing");
    let (writer, _preparer) = recovered.start().unwrap();
    assert_eq!((writer.written(), writer.durable(), writer.incarnation()), (0, 0, 1));
}

#[test]
fn records_come_back_as_they_were_appended() {
    for direct in [false, true] {
        let disk = Disk::new(direct);
        let (mut writer, _preparer) = start(&disk, &options());
        for records in [1, 2, 50, 1, 0, 7] {
            commit(&mut writer, records).unwrap();
        }
        let head = writer.head();
        assert_eq!((head.lsn, writer.durable()), (61, 61));
        assert_eq!(writer.close().unwrap(), head);

        let recovered = open(&disk, &options()).unwrap();
        assert_eq!((recovered.head(), recovered.is_new(), recovered.was_closed()), (head, false, true));
        assert_eq!(check_records(&recovered, 0), 61);
        assert_eq!(check_records(&recovered, 40), 61);
        assert_eq!(recovered.records(61).count(), 0);
        assert_eq!((recovered.torn(), recovered.warnings().len()), (None, 0));
    }
}

#[test]
fn a_journal_goes_on_over_many_restarts_and_segments() {
    let disk = Disk::new(true);
    let mut head = Head::default();
    for run in 1..=12 {
        let recovered = open(&disk, &options()).unwrap();
        assert_eq!((recovered.head(), recovered.incarnation()), (head, run - 1));
        check_records(&recovered, 0);
        let (mut writer, preparer) = recovered.start().unwrap();
        assert_eq!(writer.incarnation(), run);
        // Some runs write nothing, some across several segments, some are closed and some die.
        for _ in 0..(run % 4) * 20 {
            commit(&mut writer, 25).unwrap();
            if run % 3 == 0 {
                preparer.prepare().unwrap();
            }
        }
        head = writer.head();
        if run % 2 == 0 {
            writer.close().unwrap();
        }
    }
    let verified = verify(disk.storage(), &mut |_| {}).unwrap();
    assert_eq!((verified.head, verified.records, verified.incarnation), (head, head.lsn, 12));
    assert!(verified.segments > 10, "{verified:?}");
}

#[test]
fn a_head_that_was_reported_stays_true() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    let mut heads = Vec::new();
    for round in 0..150 {
        commit(&mut writer, 1 + round % 9).unwrap();
        heads.push(writer.head());
        writer.heartbeat().unwrap();
        assert_eq!(writer.head(), heads[heads.len() - 1], "a heartbeat is no new head");
    }
    drop(writer);
    for _ in 0..2 {
        let (writer, _preparer) = start(&disk, &options());
        assert_eq!(writer.head(), heads[heads.len() - 1]);
        drop(writer);
        let recovered = open(&disk, &options()).unwrap();
        for record in recovered.records(0) {
            let record = record.unwrap();
            if let Ok(index) = heads.binary_search_by_key(&record.lsn, |head| head.lsn) {
                assert_eq!(record.frame_hash, heads[index].hash);
            }
        }
    }
}

#[test]
fn the_largest_record_fits_even_if_segments_are_small() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &Options { segment_bytes: 16 << 10, ..options() });
    let mut batch = Batch::new(1);
    let sizes = [10, RECORD_BODY_BYTES_MAX, 20_000, 0, 3_000_000, 8_000, 9_000, 1];
    for (size, fill) in sizes.into_iter().zip(1..) {
        batch.append(1, 0, 0, 0, |body| body.extend(std::iter::repeat_n(fill, size)));
    }
    writer.commit(&mut batch).unwrap();
    assert!(batch.is_empty() && batch.next_lsn() == 9);
    drop(writer);
    let recovered = open(&disk, &options()).unwrap();
    let records: Vec<_> = recovered.records(0).map(Result::unwrap).collect();
    assert_eq!(records.len(), sizes.len());
    for ((record, size), fill) in records.iter().zip(sizes).zip(1..) {
        assert!(record.body.len() == size && record.body.iter().all(|&byte| byte == fill));
    }
    let (writer, _preparer) = recovered.start().unwrap();
    assert_eq!(writer.head().lsn, 8);
    drop(writer);
    assert_eq!(verify(disk.storage(), &mut |_| {}).unwrap().records, 8);
}

#[test]
#[should_panic(expected = "a batch goes on where the journal ends")]
fn a_batch_of_other_lsns_is_a_mistake() {
    let (mut writer, _preparer) = start(&Disk::new(true), &options());
    let mut batch = Batch::new(2);
    append(&mut batch);
    let _ = writer.commit(&mut batch);
}

#[test]
fn written_records_are_durable_when_they_were_synced() {
    let options = Options { mode: Mode::Written, ..options() };
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options);
    commit(&mut writer, 3).unwrap();
    commit(&mut writer, 4).unwrap();
    assert_eq!((writer.written(), writer.durable()), (7, 0));
    writer.sync().unwrap();
    assert_eq!((writer.written(), writer.durable()), (7, 7));
    commit(&mut writer, 5).unwrap();
    commit(&mut writer, 1).unwrap();
    assert_eq!((writer.written(), writer.durable()), (13, 7));
    // A process that dies loses nothing; a machine that does, what was not synced.
    assert_eq!(check_records(&open(&disk.crash(Crash::Kill), &options).unwrap(), 0), 13);
    assert_eq!(check_records(&open(&disk.crash(Crash::PowerCut), &options).unwrap(), 0), 7);
    for seed in 0..200 {
        let last = check_records(&open(&disk.crash(Crash::Torn(seed)), &options).unwrap(), 0);
        assert!([7, 12, 13].contains(&last), "{last}");
    }
    // Rotation syncs.
    for _ in 0..40 {
        commit(&mut writer, 30).unwrap();
    }
    assert!(writer.durable() > 900, "{}", writer.durable());
    writer.close().unwrap();
    let closed = disk.crash(Crash::PowerCut);
    assert_eq!(check_records(&open(&closed, &options).unwrap(), 0), 13 + 1200);
}

#[test]
fn a_journal_may_change_its_mode_from_run_to_run() {
    let disk = Disk::new(false);
    for mode in [Mode::Sync, Mode::Written, Mode::Written, Mode::Sync] {
        let (mut writer, _preparer) = start(&disk, &Options { mode, ..options() });
        for _ in 0..30 {
            commit(&mut writer, 30).unwrap();
        }
    }
    assert_eq!(check_records(&open(&disk, &options()).unwrap(), 0), 4 * 900);
}

#[test]
fn heartbeats_cost_nothing_when_nothing_is_new() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    writer.heartbeat().unwrap();
    commit(&mut writer, 1).unwrap();
    writer.heartbeat().unwrap();
    let operations = disk.operations();
    (0..100).for_each(|_| writer.heartbeat().unwrap());
    assert_eq!(disk.operations(), operations);
    assert_eq!(verify(disk.storage(), &mut |_| {}).unwrap().frames, 2);
}

#[test]
fn the_preparer_makes_what_the_writer_takes() {
    let disk = Disk::new(true);
    let (mut writer, preparer) = start(&disk, &options());
    let prepared = preparer.prepare().unwrap();
    assert_eq!((prepared.ready, prepared.emergency), (2, true));
    assert!(
        ["prepared-2.log", "prepared-3.log", "emergency.log"]
            .iter()
            .all(|name| disk.names().contains(&(*name).to_owned()))
    );
    let operations = disk.operations();
    assert_eq!(preparer.prepare().unwrap(), prepared);
    assert_eq!(disk.operations(), operations, "there was nothing to do");
    while disk.names().iter().filter(|name| name.starts_with("segment-")).count() < 3 {
        commit(&mut writer, 20).unwrap();
    }
    assert!(!disk.names().iter().any(|name| name.starts_with("prepared-")));
    assert_eq!(preparer.prepare().unwrap(), prepared);
    // The next run finds them.
    drop(writer);
    let (writer, preparer) = start(&disk, &options());
    assert!(preparer.prepare().unwrap().emergency);
    assert!(disk.names().contains(&"prepared-5.log".to_owned()), "{:?}", disk.names());
    drop(writer);
}

#[test]
fn without_its_writer_a_preparer_touches_nothing() {
    let disk = Disk::new(true);
    let (writer, preparer) = start(&disk, &options());
    assert!(matches!(preparer.step(), Ok(Step::Wrote(_))));
    drop(writer);
    let (operations, before) = (disk.operations(), disk.image());
    assert_eq!(preparer.prepare().unwrap().ready, 1);
    assert_eq!((disk.operations(), disk.image()), (operations, before));
}

#[test]
fn what_an_earlier_run_left_is_used_only_if_it_is_as_it_was_made() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    commit(&mut writer, 5).unwrap();
    drop(writer);
    disk.put("prepared-7.log", &[0; 64 << 10]);
    let mut dirty = vec![0; 64 << 10];
    dirty[40] = 1;
    disk.put("prepared-8.log", &dirty);
    disk.put("emergency.log", &[0; 32 << 10]);
    disk.put("prepared-9.tmp", b"half");
    disk.put(&format!("segment-{:020}.log", 50), &[0; 64 << 10]);
    disk.put("a file of somebody else.log", b"whatever");
    let (writer, preparer) = start(&disk, &options());
    let names = disk.names();
    let segments = ["segment-00000000000000000001.log", "segment-00000000000000000006.log"];
    assert_eq!(names, ["MANIFEST-a", "MANIFEST-b", "a file of somebody else.log", segments[0], segments[1]]);
    assert_eq!(preparer.prepare().unwrap().ready, 2);
    drop(writer);
}

#[test]
fn a_full_disk_leaves_the_emergency_segment() {
    let disk = Disk::new(true);
    let (mut writer, preparer) = start(&disk, &options());
    preparer.prepare().unwrap();
    disk.set_full(true);
    assert_eq!(writer.room(), Room::Plenty);
    let mut low = Vec::new();
    let error = loop {
        if let Err(error) = commit(&mut writer, 10) {
            break error;
        }
        match writer.room() {
            Room::Low { bytes_left } => low.push(bytes_left),
            Room::Plenty => assert!(low.is_empty()),
        }
    };
    assert!(matches!(error, WriteError::StorageFull), "{error}");
    assert!(low.len() > 5 && low.is_sorted_by(|one, next| one > next), "{low:?}");
    let durable = writer.durable();
    assert!(matches!(commit(&mut writer, 1), Err(WriteError::Poisoned)));
    drop(writer);
    assert_eq!(check_records(&open(&disk, &options()).unwrap(), 0), durable);
    // While the disk is full it does not start; then it does, and nothing is lost.
    assert!(open(&disk, &options()).unwrap().start().is_err());
    disk.set_full(false);
    let (mut writer, preparer) = start(&disk, &options());
    commit(&mut writer, 10).unwrap();
    assert!(preparer.prepare().unwrap().emergency);
    writer.close().unwrap();
    assert_eq!(check_records(&open(&disk, &options()).unwrap(), 0), durable + 10);
}

#[test]
fn a_disk_that_has_space_again_ends_the_emergency() {
    let disk = Disk::new(true);
    let (mut writer, preparer) = start(&disk, &options());
    preparer.prepare().unwrap();
    disk.set_full(true);
    while writer.room() == Room::Plenty {
        commit(&mut writer, 10).unwrap();
    }
    assert!(preparer.prepare().is_err());
    assert!(!disk.names().iter().any(|name| name.ends_with(".tmp")), "the space was given back");
    disk.set_full(false);
    preparer.prepare().unwrap();
    assert_eq!(writer.room(), Room::Plenty);
    (0..50).for_each(|_| commit(&mut writer, 10).unwrap());
}
