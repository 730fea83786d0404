//! What a start finds and makes: the last segment of a journal that was closed, and the first file where none is ready.

use crate::refusals::frames_end;
use crate::support::*;
use lightning_journal::{Batch, Mode, Options, RECORD_BODY_BYTES_MAX, verify};

/// What a start fills with zeros where nothing is ready.
const HASTY_BYTES: usize = 16 << 20;

fn usual(bytes: u64) -> Options {
    Options { segment_bytes: bytes, ..options() }
}

fn lengths(disk: &Disk, prefix: &str) -> Vec<usize> {
    disk.image().iter().filter(|(name, _)| name.starts_with(prefix)).map(|(_, bytes)| bytes.len()).collect()
}

#[test]
fn a_closed_segment_stays_as_it_is() {
    for direct in [false, true] {
        for mode in [Mode::Sync, Mode::Written] {
            let options = Options { mode, ..options() };
            let disk = Disk::new(direct);
            let (mut writer, _preparer) = start(&disk, &options);
            (0..4).for_each(|_| commit(&mut writer, 70).unwrap());
            let head = writer.close().unwrap();
            // Whatever closed it has waited for the disk.
            let disk = disk.crash(Crash::PowerCut);
            let name = format!("segment-{:020}.log", 1);
            let closed = disk.read(&name);
            assert_eq!(closed.len(), 64 << 10);
            let recovered = open(&disk, &options).unwrap();
            assert_eq!((recovered.head(), recovered.was_closed()), (head, true));
            let (mut writer, _preparer) = recovered.start().unwrap();
            assert!(disk.read(&name) == closed, "it was written anew");
            commit(&mut writer, 5).unwrap();
            writer.sync().unwrap();
            let disk = disk.crash(Crash::PowerCut);
            assert_eq!(check_records(&open(&disk, &options).unwrap(), 0), 285);
            assert_eq!(verify(disk.storage(), &mut |_| {}).unwrap().segments, 2);
        }
    }
}

/// A bit of a file that is ready fell over before the file was used. Nobody looks for it then, and no record is lost by it.
#[test]
fn what_was_in_a_file_before_it_was_used_is_dropped_behind_its_seal() {
    let disk = Disk::new(true);
    let (writer, preparer) = start(&disk, &options());
    preparer.prepare().unwrap();
    writer.close().unwrap();
    for (name, _) in disk.image().iter().filter(|(name, _)| name.starts_with("prepared-")) {
        disk.edit(name, |bytes| *bytes.last_mut().unwrap() = 1);
    }
    let (mut writer, _preparer) = start(&disk, &options());
    (0..4).for_each(|_| commit(&mut writer, 70).unwrap());
    let head = writer.close().unwrap();
    let name = live(&disk);
    let used = frames_end(&disk.read(&name));
    let recovered = open(&disk, &options()).unwrap();
    assert_eq!((recovered.head(), recovered.was_closed()), (head, true));
    let torn = recovered.torn().expect("it is told");
    assert_eq!((torn.segment.as_str(), torn.offset), (name.as_str(), used as u64));
    drop(recovered.start().unwrap());
    assert_eq!(disk.read(&name).len(), used, "written anew, up to its seal");
    assert_eq!(check_records_of(&disk), 280);
    assert!(verify(disk.crash(Crash::Kill).storage(), &mut |_| {}).is_ok());
}

#[test]
fn a_closed_segment_that_is_hardly_used_gives_the_disk_back() {
    let disk = Disk::new(true);
    for run in 0..4 {
        let (mut writer, _preparer) = start(&disk, &options());
        assert_eq!(check_records_of(&disk), 5 * run);
        commit(&mut writer, 5).unwrap();
        writer.close().unwrap();
    }
    drop(start(&disk, &options()));
    // Header, frame and seal.
    assert_eq!(lengths(&disk, "segment-"), [12 << 10, 12 << 10, 12 << 10, 12 << 10, 64 << 10]);
}

/// How many records there are, read beside whoever has the lock.
fn check_records_of(disk: &Disk) -> u64 {
    check_records(&open(&disk.crash(Crash::Kill), &options()).unwrap(), 0)
}

#[test]
fn only_what_was_closed_stays() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    (0..4).for_each(|_| commit(&mut writer, 70).unwrap());
    let killed = disk.crash(Crash::Kill);
    writer.close().unwrap();
    // Sealed, and the process died before the manifest said so: as in the middle of a rotation.
    let sealed = disk.crash(Crash::Kill);
    for name in ["MANIFEST-a", "MANIFEST-b"] {
        sealed.put(name, &killed.read(name));
    }
    // Closed by an engine that did not seal yet.
    let unsealed = disk.crash(Crash::Kill);
    unsealed.edit(&live(&disk), |bytes| {
        let used = used_bytes(bytes);
        bytes[used - 4096..].fill(0);
    });
    assert!(open(&unsealed, &options()).unwrap().was_closed());
    let used = [disk.read(&live(&disk)), killed.read(&live(&killed))].map(|bytes| used_bytes(&bytes));
    assert_eq!(used[0], used[1] + 4096, "the seal is all that closing adds");
    for disk in [killed, sealed, unsealed] {
        drop(start(&disk, &options()));
        assert_eq!(lengths(&disk, "segment-"), [used[0], 64 << 10]);
        assert_eq!(check_records_of(&disk), 280);
    }
}

fn live(disk: &Disk) -> String {
    disk.names().into_iter().rfind(|name| name.starts_with("segment-")).unwrap()
}

fn used_bytes(bytes: &[u8]) -> usize {
    bytes.len() - 4096 * bytes.rchunks(4096).take_while(|block| block.iter().all(|&byte| byte == 0)).count()
}

#[test]
fn a_journal_that_is_closed_without_a_record_goes_on() {
    let disk = Disk::new(true);
    for _ in 0..3 {
        start(&disk, &options()).0.close().unwrap();
    }
    let (mut writer, _preparer) = start(&disk, &options());
    commit(&mut writer, 5).unwrap();
    writer.close().unwrap();
    for _ in 0..3 {
        start(&disk, &options()).0.close().unwrap();
        assert_eq!(check_records_of(&disk), 5);
    }
}

#[test]
fn a_start_that_finds_nothing_ready_makes_little() {
    let disk = Disk::new(true);
    let options = usual(24 << 20);
    let (mut writer, preparer) = start(&disk, &options);
    assert_eq!(lengths(&disk, "segment-"), [HASTY_BYTES]);
    commit(&mut writer, 5).unwrap();
    preparer.prepare().unwrap();
    // The next is of the usual size, and so is that of a start that finds one ready.
    drop(writer);
    let (mut writer, _preparer) = start(&disk, &options);
    commit(&mut writer, 5).unwrap();
    assert_eq!(lengths(&disk, "segment-").last(), Some(&(24 << 20)));
    drop(writer);
    assert_eq!(check_records(&open(&disk, &options).unwrap(), 0), 10);
}

#[test]
fn a_record_of_the_largest_size_has_room_behind_a_start_that_found_nothing_ready() {
    for (records_before, largest) in [(0, RECORD_BODY_BYTES_MAX), (5, RECORD_BODY_BYTES_MAX), (5, 9 << 20)] {
        let disk = Disk::new(true);
        let (mut writer, _preparer) = start(&disk, &usual(24 << 20));
        if records_before > 0 {
            commit(&mut writer, records_before).unwrap();
        }
        // Twice, so that the second does not fit behind the first.
        for _ in 0..2 {
            let mut batch = Batch::new(writer.written() + 1);
            batch.append(1, 1, 1, 1, |out| out.resize(out.len() + largest, 7));
            writer.commit(&mut batch).unwrap();
        }
        let head = writer.head();
        drop(writer);
        let recovered = open(&disk, &usual(24 << 20)).unwrap();
        assert_eq!(recovered.head(), head);
        let bodies: Vec<usize> =
            recovered.records(records_before).map(|record| record.unwrap().body.len()).collect();
        assert_eq!(bodies, [largest, largest]);
        drop(recovered.start().unwrap());
    }
}

/// A start may die when it has made its file and not begun to use it, or has begun and not said so in the manifest.
#[test]
fn a_start_that_died_with_its_file_made_is_begun_again() {
    let disk = Disk::new(true);
    let options = usual(24 << 20);
    let (mut writer, _preparer) = start(&disk, &options);
    commit(&mut writer, 5).unwrap();
    drop(writer);
    let made = disk.crash(Crash::Kill);
    made.put("prepared-3.log", &[0; HASTY_BYTES]);
    made.put("prepared-4.tmp", &[0; 4 << 20]);
    let begun = disk.crash(Crash::Kill);
    drop(start(&begun, &options));
    for name in ["MANIFEST-a", "MANIFEST-b"] {
        begun.put(name, &disk.read(name));
    }
    assert_eq!(lengths(&begun, "segment-").len(), 2);
    for disk in [made, begun] {
        let (mut writer, _preparer) = start(&disk, &options);
        assert_eq!(*lengths(&disk, "segment-").last().unwrap(), HASTY_BYTES);
        assert_eq!(lengths(&disk, "prepared-").len(), 0, "a file of another size is not adopted");
        commit(&mut writer, 5).unwrap();
        drop(writer);
        assert_eq!(check_records(&open(&disk, &options).unwrap(), 0), 10);
    }
}
