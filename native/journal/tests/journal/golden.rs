//! A journal of format 1 as it was written once: it must be read for ever, and what is broken in it refused for ever.
//!
//! `LIGHTNING_WRITE_GOLDEN=1 cargo test -p lightning-journal golden` writes the directory anew; only ever for a new
//! format, into a new folder.

use std::fs;
use std::path::PathBuf;

use lightning_journal::{Batch, Mode, Options, Retention, Snapshot, recover, verify, write_snapshot};

use crate::support::{Disk, check_record, commit, options};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

/// The golden files, on a disk in memory.
fn golden() -> Disk {
    if std::env::var_os("LIGHTNING_WRITE_GOLDEN").is_some() {
        let disk = make();
        fs::create_dir_all(folder()).unwrap();
        for (name, bytes) in disk.image() {
            fs::write(folder().join(name), bytes).unwrap();
        }
    }
    let disk = Disk::new(true);
    for entry in fs::read_dir(folder()).unwrap() {
        let entry = entry.unwrap();
        disk.put(&entry.file_name().into_string().unwrap(), &fs::read(entry.path()).unwrap());
    }
    disk
}

/// Two runs, both modes, heartbeats, a rotation, a segment for one large record, retired segments, a snapshot that
/// was noted and one that was not, and the process died without a word.
fn make() -> Disk {
    let disk = Disk::new(true);
    let run = |mode| {
        let options = Options { mode, segment_bytes: 16 << 10, logic_version: 5, ..options() };
        recover(disk.storage(), options, &mut |_| {}).unwrap().start().unwrap().0
    };
    let snapshot = |head: lightning_journal::Head| {
        let sections = vec![("first".to_owned(), vec![1, 2, 3]), ("second".to_owned(), vec![])];
        let snapshot =
            Snapshot { lsn: head.lsn, at: 77, head, logic_version: 5, state_hash: [6; 32], sections };
        write_snapshot(&*disk.storage(), &snapshot).unwrap();
    };
    let mut writer = run(Mode::Written);
    (0..4).for_each(|_| commit(&mut writer, 10).unwrap());
    writer.sync().unwrap();
    snapshot(writer.head());
    writer.note_snapshot(writer.head().lsn).unwrap();
    commit(&mut writer, 7).unwrap();
    writer.heartbeat().unwrap();
    drop(writer);
    let mut writer = run(Mode::Sync);
    commit(&mut writer, 1).unwrap();
    let mut batch = Batch::new(writer.written() + 1);
    batch.append(9, 0, 1, 2, |body| body.extend([0xaa; 20_000]));
    writer.commit(&mut batch).unwrap();
    snapshot(writer.head());
    writer.note_snapshot(writer.head().lsn).unwrap();
    writer.retain(2, Retention::Remove).unwrap();
    commit(&mut writer, 3).unwrap();
    writer.heartbeat().unwrap();
    commit(&mut writer, 30).unwrap();
    snapshot(writer.head());
    drop(writer);
    disk
}

/// The record that is not one of `append`'s.
const LARGE: u64 = 49;
const HEAD: &str = "82:d822db9ef57923f6e454cb63daa592e2ee3c638efd983361baf831303ab3ecca";

#[test]
fn the_golden_journal_is_read() {
    let disk = golden();
    let before = disk.image();
    let verified = verify(disk.storage(), &mut |_| {}).unwrap();
    assert_eq!(verified.head.to_string(), HEAD);
    let recovered = recover(disk.storage(), options(), &mut |_| {}).unwrap();
    assert_eq!(disk.image(), before, "reading changes nothing");
    assert_eq!(recovered.head(), verified.head);
    assert_eq!(recovered.uuid(), *b"a test's journal");
    assert_eq!((recovered.incarnation(), recovered.logic_version()), (2, Some(5)));
    assert_eq!((recovered.first_lsn(), recovered.snapshots()), (41, vec![82, 49, 40]));
    assert_eq!((recovered.torn(), recovered.was_closed()), (None, false));
    let mut expected = 41;
    for record in recovered.records(40) {
        let record = record.unwrap();
        if record.lsn == LARGE {
            assert_eq!((record.at, record.kind, record.version, record.digest), (1, 9, 0, 2));
            assert!(record.body.len() == 20_000 && record.body.iter().all(|&byte| byte == 0xaa));
        } else {
            check_record(&record, expected);
        }
        expected = record.lsn + 1;
    }
    assert_eq!(expected, 83);
    for lsn in [82, 49, 40] {
        let snapshot = recovered.read_snapshot(lsn).unwrap();
        assert_eq!((snapshot.lsn, snapshot.at, snapshot.logic_version), (lsn, 77, 5));
        assert_eq!(snapshot.state_hash, [6; 32]);
        let sections = [("first".to_owned(), vec![1, 2, 3]), ("second".to_owned(), vec![])];
        assert_eq!(snapshot.sections, sections);
    }
    // And it goes on, in this build's format.
    let (mut writer, _preparer) = recovered.start().unwrap();
    commit(&mut writer, 5).unwrap();
    writer.close().unwrap();
    assert_eq!(verify(disk.storage(), &mut |_| {}).unwrap().head.lsn, 87);
}

/// What is done to the files, and how a recovery and a verification must refuse it.
struct Broken {
    edit: fn(&Disk),
    recovery: Option<&'static str>,
    verification: &'static str,
}

const SEALED: &str = "segment-00000000000000000050.log";
const LIVE: &str = "segment-00000000000000000053.log";

const BROKEN: [Broken; 8] = [
    // A byte of a record; what lies before the newest snapshot is not read to recover.
    Broken {
        edit: |disk| disk.edit(SEALED, |bytes| bytes[4096 + 180] ^= 4),
        recovery: None,
        verification: "corrupt journal: segment-00000000000000000050.log at byte 4096, record 50 expected: \
                       a frame's body does not match its checksum",
    },
    // A heartbeat is lost in the middle.
    Broken {
        edit: |disk| disk.edit(SEALED, |bytes| bytes[8192..12288].fill(0)),
        recovery: None,
        verification: "corrupt journal: segment-00000000000000000050.log at byte 8192, record 53 expected: \
                       no frame begins here",
    },
    // The last frame is torn, and a snapshot has its records.
    Broken {
        edit: |disk| disk.edit(LIVE, |bytes| bytes[5000..].fill(0)),
        recovery: Some(
            "acknowledged records are damaged: segment-00000000000000000053.log at byte 4096, record 53 expected: \
             the manifest or a snapshot names this record or a later one",
        ),
        verification: "acknowledged records are damaged: segment-00000000000000000053.log at byte 4096, \
                       record 53 expected: the manifest or a snapshot names this record or a later one",
    },
    Broken {
        edit: |disk| disk.edit(LIVE, |bytes| bytes.truncate(8192)),
        recovery: Some(
            "corrupt journal: segment-00000000000000000053.log at byte 8192, record 53 expected: \
             the file is not as long as it was made",
        ),
        verification: "corrupt journal: segment-00000000000000000053.log at byte 8192, record 53 expected: \
                       the file is not as long as it was made",
    },
    Broken {
        edit: |disk| disk.delete(LIVE),
        recovery: Some("missing: segment-00000000000000000053.log, which has record 53"),
        verification: "missing: segment-00000000000000000053.log, which has record 53",
    },
    Broken {
        edit: |disk| {
            disk.edit("MANIFEST-a", |bytes| bytes[40] ^= 1);
            disk.edit("MANIFEST-b", |bytes| bytes.truncate(100));
        },
        recovery: Some("bad manifest: MANIFEST-a: it does not match its checksum"),
        verification: "bad manifest: MANIFEST-a: it does not match its checksum",
    },
    // No snapshot is whole, and the records before them are gone.
    Broken {
        edit: |disk| {
            for lsn in [40, 49, 82] {
                disk.edit(&format!("snapshot-{lsn:020}.snap"), |bytes| bytes[257] ^= 1);
            }
        },
        recovery: Some("missing: snapshot-00000000000000000040.snap, which has record 40"),
        verification: "corrupt journal: snapshot-00000000000000000082.snap at byte 0, record 82 expected: \
                       a section does not match its checksum",
    },
    // A header of a format that is not known yet.
    Broken {
        edit: |disk| {
            disk.edit(LIVE, |bytes| {
                bytes[4] = 2;
                bytes[8..12].fill(0);
                let crc = crc32c::crc32c(&bytes[..4096]);
                bytes[8..12].copy_from_slice(&crc.to_le_bytes());
            });
        },
        recovery: Some("segment-00000000000000000053.log has version 2, which this build cannot read"),
        verification: "segment-00000000000000000053.log has version 2, which this build cannot read",
    },
];

#[test]
fn what_is_broken_in_it_is_refused() {
    for broken in BROKEN {
        let disk = golden();
        (broken.edit)(&disk);
        let before = disk.image();
        let verification = verify(disk.storage(), &mut |_| {}).unwrap_err();
        assert_eq!(verification.to_string(), broken.verification);
        let recovery = recover(disk.storage(), options(), &mut |_| {}).map(|recovered| recovered.head());
        assert_eq!(recovery.err().map(|error| error.to_string()).as_deref(), broken.recovery);
        assert_eq!(disk.image(), before);
    }
}

#[test]
fn its_last_frame_may_be_torn_if_nothing_names_it() {
    let disk = golden();
    disk.delete("snapshot-00000000000000000082.snap");
    disk.edit(LIVE, |bytes| bytes[5000..].fill(0));
    let recovered = recover(disk.storage(), options(), &mut |_| {}).unwrap();
    assert_eq!(recovered.head().lsn, 52);
    assert_eq!(recovered.torn().map(|torn| (torn.lsn, torn.offset, torn.bytes)), Some((53, 4096, 4096)));
}
