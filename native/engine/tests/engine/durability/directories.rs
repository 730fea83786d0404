//! Real directories of a real file system, and what can be asked of them without an engine.

use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use lightning_core::reject::Code;
use lightning_engine::config::{Durability, Options};
use lightning_engine::recovery::RecoveryPhase;
use lightning_engine::refusal::Refusal;
use lightning_engine::verify::VerifyFrom;
use lightning_engine::{Engine, Mischief, tools};
use serde_json::Value;

use super::rig::{RUNS, Run, market, portrait, same, session};
use crate::everything::Random;
use crate::support::{Client, deposit};

/// A directory that goes when the test ends.
struct Temporary(PathBuf);

impl Temporary {
    fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("lightning-engine-test-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn options(run: Run, path: &Path, durability: Durability) -> Options {
    Options { data_dir: Some(path.to_owned()), durability: Some(durability), ..run.options() }
}

fn open(run: Run, path: &Path, durability: Durability) -> Client {
    Client::open(options(run, path, durability), Mischief::default())
}

fn refused(run: Run, path: &Path) -> Refusal {
    Engine::open(options(run, path, Durability::Sync), Box::new(|| {})).err().expect("it was opened")
}

#[test]
fn days_of_work_in_a_directory() {
    for durability in [Durability::Sync, Durability::Written] {
        let directory = Temporary::new();
        let mut random = Random(4);
        let mut client = open(Run::Inline, directory.path(), durability);
        market(&mut client);
        for (day, run) in RUNS.into_iter().enumerate() {
            session(&mut client, &mut random, 100);
            if day == 2 {
                client.engine.snapshot().unwrap();
                session(&mut client, &mut random, 50);
            }
            let (before, live) = (portrait(&mut client), client.engine.state_hash().unwrap());
            assert_eq!(client.engine.stats().durability, durability);
            client.engine.close().unwrap();
            assert_eq!(client.engine.stats().durable_lsn, client.engine.stats().last_lsn);

            let mut phases = Vec::new();
            let mut watch = |progress: lightning_engine::recovery::RecoveryProgress| {
                if phases.last() != Some(&progress.phase) {
                    phases.push(progress.phase);
                }
            };
            let options = options(run, directory.path(), durability);
            Engine::open_watched(options, Box::new(|| {}), &mut watch).unwrap().close().unwrap();
            assert_eq!(phases.last(), Some(&RecoveryPhase::Prove));
            assert_eq!(phases.contains(&RecoveryPhase::Snapshot), day >= 2, "{phases:?}");

            client = open(run, directory.path(), durability);
            let report = client.engine.recovery().unwrap();
            assert_eq!(report.state_hash, live.hash, "day {day}");
            same(&portrait(&mut client), &before, &format!("{durability:?}, day {day}"));
        }
        client.engine.close().unwrap();
    }
}

#[test]
fn a_directory_is_locked_as_long_as_an_engine_is_open() {
    let directory = Temporary::new();
    let client = open(Run::Threads(1, 1), directory.path(), Durability::Sync);
    assert_eq!(refused(Run::Inline, directory.path()).code, Code::DataDirLocked);
    drop(client);
    open(Run::Inline, directory.path(), Durability::Sync).engine.close().unwrap();
}

#[test]
fn a_directory_that_can_not_be_one_is_refused() {
    let directory = Temporary::new();
    fs::write(directory.path(), "a file").unwrap();
    assert_eq!(refused(Run::Inline, directory.path()).code, Code::JournalIo);
    fs::remove_file(directory.path()).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::create_dir(directory.path()).unwrap();
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(refused(Run::Inline, directory.path()).code, Code::UnsafeDataDir);
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o700)).unwrap();
    }
    #[cfg(not(unix))]
    fs::create_dir(directory.path()).unwrap();
    // Somebody else's files are left alone.
    fs::write(directory.path().join("notes.txt"), "mine").unwrap();
    open(Run::Inline, directory.path(), Durability::Sync).engine.close().unwrap();
    assert_eq!(fs::read_to_string(directory.path().join("notes.txt")).unwrap(), "mine");
}

fn dump(path: &Path, account: Option<u64>) -> Result<Vec<Value>, Refusal> {
    let mut all = Vec::new();
    tools::dump(path, None, None, account, &mut |record| {
        all.push(record);
        ControlFlow::Continue(())
    })?;
    Ok(all)
}

#[test]
fn tools_look_at_a_directory_whoever_has_it() {
    let directory = Temporary::new();
    let mut client = open(Run::Threads(2, 2), directory.path(), Durability::Sync);
    market(&mut client);
    session(&mut client, &mut Random(12), 200);
    client.engine.snapshot().unwrap();
    session(&mut client, &mut Random(13), 100);
    let live = client.engine.state_hash().unwrap();
    for is_open in [true, false] {
        if !is_open {
            client.engine.close().unwrap();
        }
        let end = live.lsn.0 + u64::from(!is_open);
        for from in [VerifyFrom::Genesis, VerifyFrom::Snapshot] {
            let mut words = 0;
            let report = tools::verify(directory.path(), from, &mut |_| words += 1).unwrap();
            assert!(words > 0);
            assert_eq!((report.head.lsn, report.state_hash), (end, live.hash), "{from:?}");
        }
        let all = dump(directory.path(), None).unwrap();
        assert_eq!(all.len() as u64, end);
        let own = dump(directory.path(), Some(3)).unwrap();
        assert!(own.len() > 10 && own.iter().all(|record| all.contains(record)));
        let mut seen = 0;
        tools::dump(directory.path(), Some(5), Some(50), None, &mut |record| {
            seen += 1;
            assert_eq!(record["lsn"], 4 + seen);
            if seen == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
        assert_eq!(seen, 3);
        let inspected = tools::inspect(directory.path()).unwrap();
        assert_eq!(inspected["incarnation"], 1);
        assert_eq!(inspected["closedInGoodOrder"], !is_open);
        assert_eq!(inspected["snapshots"].as_array().unwrap().len(), 1);
        assert!(!inspected["segments"].as_array().unwrap().is_empty());
    }
    let missing = directory.path().join("missing");
    for refusal in [
        tools::inspect(&missing).unwrap_err(),
        dump(&missing, None).unwrap_err(),
        tools::verify(&missing, VerifyFrom::Genesis, &mut |_| {}).unwrap_err(),
    ] {
        assert_eq!(refusal.code, Code::JournalIo);
    }
    assert!(!missing.exists(), "looking makes nothing");
    let empty = Temporary::new();
    fs::create_dir(empty.path()).unwrap();
    assert_eq!(tools::inspect(empty.path()).unwrap_err().code, Code::CorruptState);
    assert_eq!(fs::read_dir(empty.path()).unwrap().count(), 0);
}

/// What is deposited is there though nobody closed anything, as when a process is killed. (The pages of the system
/// outlive the process: that is what `written` is worth.)
#[test]
fn an_engine_that_is_not_closed_is_opened_again() {
    let directory = Temporary::new();
    let mut client = open(Run::Threads(1, 1), directory.path(), Durability::Written);
    market(&mut client);
    client.call(deposit(1, "BASE", "7")).unwrap();
    let copy = Temporary::new();
    fs::create_dir(copy.path()).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(copy.path(), fs::Permissions::from_mode(0o700)).unwrap();
    }
    let before = portrait(&mut client);
    for entry in fs::read_dir(directory.path()).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        // Those that are being prepared come and go meanwhile.
        if name.starts_with("segment-") || name.starts_with("MANIFEST-") {
            fs::copy(entry.path(), copy.path().join(name)).unwrap();
        }
    }
    let mut again = open(Run::Threads(2, 1), copy.path(), Durability::Written);
    same(&portrait(&mut again), &before, "as it was");
}
