//! The same over real files: what the operating system has to do, and who must be kept out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use lightning_journal::storage::directory::Directory;
use lightning_journal::storage::{Storage, Use};
use lightning_journal::{
    Mode, Options, Reader, RecoverError, Retention, Snapshot, recover, verify, write_snapshot,
};

use crate::support::{check_record, check_records, commit, options};

/// A directory of this test's own, removed when it is over.
struct Temp(PathBuf);

impl Temp {
    fn new(test: &str) -> Self {
        let path = std::env::temp_dir().join(format!("lightning-journal-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        Self(path)
    }

    fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(Directory::open(&self.0).unwrap())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn names(path: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_journal_in_a_directory() {
    let temp = Temp::new("life");
    for (run, mode) in (0..).zip([Mode::Sync, Mode::Written, Mode::Sync]) {
        let recovered = recover(temp.storage(), Options { mode, ..options() }, &mut |_| {}).unwrap();
        assert_eq!(check_records(&recovered, recovered.first_lsn() - 1), run * 1200);
        assert_eq!(recovered.warnings().len(), 0);
        let (mut writer, preparer) = recovered.start().unwrap();
        let mut reader = Reader::open(temp.storage(), run * 1200).unwrap();
        assert_eq!(preparer.prepare().unwrap().ready, 2);
        for _ in 0..40 {
            commit(&mut writer, 30).unwrap();
            writer.heartbeat().unwrap();
            while let Some(record) = reader.next(writer.durable()).unwrap() {
                check_record(&record, reader.position());
            }
        }
        writer.sync().unwrap();
        while let Some(record) = reader.next(writer.durable()).unwrap() {
            check_record(&record, reader.position());
        }
        assert_eq!(reader.position(), (run + 1) * 1200);
        let head = writer.head();
        let sections = vec![("state".to_owned(), vec![1; 10_000])];
        let snapshot =
            Snapshot { lsn: head.lsn, at: 0, head, logic_version: 1, state_hash: [0; 32], sections };
        write_snapshot(&*temp.storage(), &snapshot).unwrap();
        writer.note_snapshot(head.lsn).unwrap();
        writer.retain(2, Retention::Archive).unwrap();
        assert_eq!(writer.close().unwrap(), head);
        let verified = verify(temp.storage(), &mut |_| {}).unwrap();
        assert_eq!((verified.head, verified.torn), (head, None));
    }
    assert!(names(&temp.file("archive")).iter().any(|name| name.starts_with("segment-")));
    assert!(names(&temp.0).iter().all(|name| !name.ends_with(".tmp")));
}

#[test]
fn a_directory_has_one_engine() {
    let temp = Temp::new("lock");
    let first = recover(temp.storage(), options(), &mut |_| {}).unwrap();
    let locked =
        |temp: &Temp| matches!(recover(temp.storage(), options(), &mut |_| {}), Err(RecoverError::Locked));
    assert!(locked(&temp));
    let (writer, _preparer) = first.start().unwrap();
    assert!(locked(&temp));
    drop(writer);
    assert!(!locked(&temp));
}

/// What is written past the page cache is read through it, by somebody who looks all the time.
#[test]
fn a_reader_and_a_verification_beside_a_writer() {
    let temp = Temp::new("beside");
    let (mut writer, preparer) = recover(temp.storage(), options(), &mut |_| {}).unwrap().start().unwrap();
    let durable = AtomicU64::new(0);
    let over = AtomicBool::new(false);
    let last = thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut reader = Reader::open(temp.storage(), 0).unwrap();
            loop {
                let stop = over.load(Ordering::Acquire);
                let to = durable.load(Ordering::Acquire);
                while let Some(record) = reader.next(to).unwrap() {
                    check_record(&record, reader.position());
                }
                assert_eq!(reader.position(), to);
                assert!(reader.durable_on_disk().unwrap() <= durable.load(Ordering::Acquire));
                if stop {
                    return to;
                }
            }
        });
        let verifying = scope.spawn(|| {
            let mut lsn = 0;
            while !over.load(Ordering::Acquire) {
                let verified = verify(temp.storage(), &mut |_| {}).unwrap();
                assert!(verified.head.lsn >= lsn);
                lsn = verified.head.lsn;
            }
        });
        for round in 0..600 {
            commit(&mut writer, 1 + round % 40).unwrap();
            durable.store(writer.durable(), Ordering::Release);
            if round % 7 == 0 {
                writer.heartbeat().unwrap();
            }
            if round % 50 == 0 {
                preparer.prepare().unwrap();
            }
        }
        over.store(true, Ordering::Release);
        verifying.join().unwrap();
        reading.join().unwrap()
    });
    assert_eq!(last, writer.durable());
    assert!(names(&temp.0).iter().filter(|name| name.starts_with("segment-")).count() > 10);
}

#[test]
fn files_are_made_once_and_read_whole() {
    let temp = Temp::new("files");
    let storage = temp.storage();
    for use_ in [Use::Write, Use::Commit] {
        let file = storage.create("file", use_).unwrap();
        assert_eq!(storage.create("file", use_).unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
        // Bytes from the middle of a buffer: not where a block begins, as direct writes want it.
        let bytes: Vec<u8> = (0..8193u32).map(|at| at.to_le_bytes()[0] | 1).collect();
        assert_eq!(file.write_at(0, &bytes[1..]).unwrap(), 8192);
        file.sync().unwrap();
        for read in [Use::Read, Use::ReadDirect] {
            let file = storage.open("file", read).unwrap();
            let mut back = vec![0; 8193];
            assert_eq!((file.len().unwrap(), file.read_at(0, &mut back[1..]).unwrap()), (8192, 8192));
            assert_eq!(back[1..], bytes[1..]);
            assert_eq!(file.read_at(8192, &mut back).unwrap(), 0);
        }
        storage.remove("file").unwrap();
        assert_eq!(storage.remove("file").unwrap_err().kind(), std::io::ErrorKind::NotFound);
        assert_eq!(storage.open("file", use_).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    }
    fs::create_dir(temp.file("folder")).unwrap();
    storage.create("one", Use::Write).unwrap();
    storage.rename("one", "other").unwrap();
    assert_eq!(storage.list().unwrap(), ["other"]);
}

#[cfg(unix)]
#[test]
fn nobody_else_may_write_and_no_link_is_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let temp = Temp::new("modes");
    let storage = temp.storage();
    storage.create("file", Use::Write).unwrap();
    assert_eq!((mode(&temp.0), mode(&temp.file("file"))), (0o700, 0o600));

    symlink(temp.file("file"), temp.file("link")).unwrap();
    for use_ in [Use::Read, Use::ReadDirect, Use::Write, Use::Commit] {
        assert!(storage.open("link", use_).is_err());
    }
    assert_eq!(storage.list().unwrap(), ["file"]);

    for unsafe_mode in [0o770, 0o702] {
        fs::set_permissions(&temp.0, fs::Permissions::from_mode(unsafe_mode)).unwrap();
        let error = Directory::open(&temp.0).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied);
        assert!(matches!(RecoverError::from(error), RecoverError::UnsafeDirectory(_)));
        // Also when it became so later.
        let opened = recover(Arc::clone(&storage), options(), &mut |_| {});
        assert!(matches!(opened, Err(RecoverError::UnsafeDirectory(_))), "{opened:?}");
    }
    fs::set_permissions(&temp.0, fs::Permissions::from_mode(0o755)).unwrap();
    Directory::open(&temp.0).unwrap();
}

#[test]
fn a_file_is_no_directory() {
    let temp = Temp::new("file");
    fs::write(&temp.0, b"").unwrap();
    assert!(Directory::open(&temp.0).is_err());
    fs::remove_file(&temp.0).unwrap();
}
