//! Every operation of a small life fails once, in every way, and every crash follows: nothing that was acknowledged
//! is lost, and nothing is refused that comes of one fault.

use lightning_journal::{
    Head, Mode, Options, RecoverError, Retention, Snapshot, WriteError, Writer, recover, verify,
    write_snapshot,
};

use crate::support::*;

fn small(mode: Mode) -> Options {
    Options { segment_bytes: 16 << 10, mode, ..options() }
}

/// What was promised before something failed.
#[derive(Clone, Copy, Debug, Default)]
struct Promised {
    /// Records that may be told to others.
    durable: u64,
    /// Records that were handed over at all.
    given: u64,
    head: Head,
}

fn snapshot(head: Head) -> Snapshot {
    let sections = vec![("state".to_owned(), body(head.lsn)), ("empty".to_owned(), Vec::new())];
    Snapshot { lsn: head.lsn, at: 5, head, logic_version: 1, state_hash: [7; 32], sections }
}

/// Why a life ended early.
#[derive(Debug)]
#[allow(dead_code, reason = "shown when a test fails")]
enum End {
    Recover(RecoverError),
    Write(WriteError),
    Io(std::io::Error),
}

impl From<RecoverError> for End {
    fn from(error: RecoverError) -> Self {
        Self::Recover(error)
    }
}

impl From<WriteError> for End {
    fn from(error: WriteError) -> Self {
        Self::Write(error)
    }
}

impl From<std::io::Error> for End {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

/// Opens a journal, writes across segments, takes snapshots, puts old ones away, closes.
fn live(disk: &Disk, options: &Options, promised: &mut Promised) -> Result<(), End> {
    let recovered = recover(disk.storage(), options.clone(), &mut |_| {})?;
    let (mut writer, preparer) = recovered.start()?;
    promised.durable = promised.durable.max(writer.durable());
    let rounds = |writer: &mut Writer, promised: &mut Promised, rounds: u64| {
        for round in 0..rounds {
            promised.given = writer.written() + 5 + round;
            let result = commit(writer, 5 + round).and_then(|()| writer.heartbeat());
            promised.durable = writer.durable();
            promised.head = writer.head();
            if let Err(error) = result {
                check_poisoned(disk, writer);
                return Err(error);
            }
        }
        writer.sync()?;
        promised.durable = writer.durable();
        Ok(())
    };
    rounds(&mut writer, promised, 4)?;
    preparer.prepare()?;
    for _ in 0..3 {
        rounds(&mut writer, promised, 2)?;
        write_snapshot(&*disk.storage(), &snapshot(writer.head()))?;
        writer.note_snapshot(writer.head().lsn)?;
    }
    writer.retain(2, Retention::Remove)?;
    rounds(&mut writer, promised, 1)?;
    writer.close()?;
    Ok(())
}

/// J10: after an error nothing reaches the disk.
fn check_poisoned(disk: &Disk, writer: &mut Writer) {
    let operations = disk.operations();
    assert!(matches!(commit(writer, 1), Err(WriteError::Poisoned)));
    assert!(matches!(writer.heartbeat(), Err(WriteError::Poisoned)));
    assert!(matches!(writer.sync(), Err(WriteError::Poisoned)));
    assert!(matches!(writer.note_snapshot(1), Err(WriteError::Poisoned)));
    assert!(matches!(writer.retain(2, Retention::Archive), Err(WriteError::Poisoned)));
    assert_eq!(disk.operations(), operations);
}

/// All that was promised is there after a crash, all that is there was given, and the journal can be gone on with.
fn check_after(crashed: &Disk, options: &Options, promised: &Promised) {
    let recovered = open(crashed, options).unwrap_or_else(|error| panic!("refused: {error}"));
    let head = recovered.head();
    let durable = promised.durable;
    assert!((durable..=promised.given.max(durable)).contains(&head.lsn), "{head} is not {promised:?}");
    if head.lsn == promised.head.lsn {
        assert_eq!(head, promised.head);
    }
    let mut after = recovered.first_lsn() - 1;
    for lsn in recovered.snapshots() {
        let read = recovered.read_snapshot(lsn).unwrap();
        assert_eq!(read, snapshot(read.head));
        after = after.max(lsn);
    }
    check_records(&recovered, recovered.first_lsn() - 1);
    check_records(&recovered, after);
    let (mut writer, _preparer) = recovered.start().unwrap();
    commit(&mut writer, 3).unwrap();
    writer.close().unwrap();
    let verified = verify(crashed.storage(), &mut |_| {}).unwrap();
    assert_eq!((verified.head.lsn, verified.torn), (head.lsn + 3, None));
    check_records(&open(crashed, options).unwrap(), after);
}

const FAULTS: [Fault; 4] = [Fault::Io { done: false }, Fault::Io { done: true }, Fault::Full, Fault::Short];

/// Fails each operation of one more life of the journal on `before`, in each way.
fn sweep(before: &Disk, options: &Options) -> usize {
    let given = open(&before.crash(Crash::Kill), options).unwrap().head().lsn;
    let whole = before.crash(Crash::Kill);
    let mut promised = Promised { given, ..Promised::default() };
    live(&whole, options, &mut promised).unwrap();
    check_after(&whole.crash(Crash::PowerCut), options, &promised);
    let operations = whole.operations();
    for operation in 0..operations {
        for fault in FAULTS {
            let disk = before.crash(Crash::Kill);
            disk.fail(operation, fault);
            let mut promised = Promised { given, ..Promised::default() };
            // Some failures are nobody's loss: a file that was not there to be removed, one more try of a short write.
            let end = live(&disk, options, &mut promised);
            let refused = |error: &RecoverError| !matches!(error, RecoverError::Io(_));
            assert!(
                !matches!(&end, Err(End::Recover(error)) if refused(error)),
                "{operation} {fault:?}: {end:?}"
            );
            let seed = u64::try_from(operation).unwrap();
            for crash in [Crash::Kill, Crash::PowerCut, Crash::Torn(seed), Crash::Torn(!seed)] {
                let crashed = disk.crash(crash);
                let check = std::panic::AssertUnwindSafe(|| check_after(&crashed, options, &promised));
                if let Err(panic) = std::panic::catch_unwind(check) {
                    eprintln!("operation {operation} of {operations}, {fault:?}, {crash:?}, {end:?}");
                    std::panic::resume_unwind(panic);
                }
            }
        }
    }
    operations
}

#[test]
fn every_operation_of_a_new_journal_may_fail() {
    let operations = sweep(&Disk::new(true), &small(Mode::Sync));
    assert!(operations > 200, "{operations}");
}

#[test]
fn every_operation_may_fail_where_writes_are_synced_one_by_one() {
    sweep(&Disk::new(false), &small(Mode::Sync));
}

#[test]
fn every_operation_may_fail_in_written_mode() {
    sweep(&Disk::new(true), &small(Mode::Written));
}

/// A journal that died: several segments, snapshots, and a torn frame at its end.
fn died(mode: Mode) -> Disk {
    let options = small(mode);
    for seed in 0.. {
        let disk = Disk::new(false);
        live(&disk, &options, &mut Promised::default()).unwrap();
        let (mut writer, _preparer) = start(&disk, &options);
        commit(&mut writer, 3).unwrap();
        writer.sync().unwrap();
        // The write is done, its sync is not.
        disk.fail(disk.operations() + 1, Fault::Io { done: false });
        let _ = commit(&mut writer, 20).and_then(|()| writer.sync());
        let crashed = disk.crash(Crash::Torn(seed));
        if open(&crashed, &options).unwrap().torn().is_some() {
            return crashed;
        }
    }
    unreachable!("half of all seeds tear the frame")
}

#[test]
fn every_operation_of_a_recovery_may_fail() {
    for mode in [Mode::Sync, Mode::Written] {
        sweep(&died(mode), &small(mode));
    }
}

#[test]
fn a_recovery_that_dies_again_and_again_loses_nothing() {
    let options = small(Mode::Sync);
    let before = died(Mode::Sync);
    let head = open(&before, &options).unwrap().head();
    let mut random = Random(1);
    for _ in 0..300 {
        let mut disk = before.crash(Crash::Kill);
        for _ in 0..5 {
            disk.fail(usize::try_from(random.below(60)).unwrap(), Fault::Io { done: random.flip() });
            let _ = open(&disk, &options).and_then(|recovered| recovered.start());
            disk = disk.crash(Crash::Torn(random.next()));
        }
        let recovered = open(&disk, &options).unwrap();
        assert_eq!(recovered.head(), head);
        recovered.start().unwrap().0.close().unwrap();
        assert_eq!(verify(disk.storage(), &mut |_| {}).unwrap().head, head);
    }
}

/// The copy of the manifest that is whole is not touched before the other one is.
#[test]
fn a_manifest_with_one_whole_copy_survives_every_crash() {
    let options = small(Mode::Sync);
    let before = Disk::new(false);
    live(&before, &options, &mut Promised::default()).unwrap();
    let head = open(&before, &options).unwrap().head();
    for bad in ["MANIFEST-a", "MANIFEST-b"] {
        let before = before.crash(Crash::Kill);
        before.edit(bad, |bytes| bytes[50] ^= 1);
        for operation in 0..80 {
            for fault in FAULTS {
                let disk = before.crash(Crash::Kill);
                disk.fail(operation, fault);
                let _ = open(&disk, &options).and_then(|recovered| recovered.start());
                for seed in 0..8 {
                    let crashed = disk.crash(Crash::Torn(seed));
                    assert_eq!(open(&crashed, &options).unwrap().head(), head, "{bad} {operation} {fault:?}");
                }
            }
        }
    }
}

#[test]
fn the_torn_frame_is_saved_and_reported() {
    let options = small(Mode::Sync);
    let disk = died(Mode::Sync);
    let recovered = open(&disk, &options).unwrap();
    let torn = recovered.torn().unwrap().clone();
    let before = disk.image();
    assert_eq!(torn.lsn, recovered.head().lsn + 1);
    let start = usize::try_from(torn.offset).unwrap();
    let end = start + usize::try_from(torn.bytes).unwrap();
    let bytes = disk.read(&torn.segment)[start..end].to_vec();
    assert!(bytes.iter().any(|&byte| byte != 0));
    assert_eq!(disk.image(), before, "recovery has changed nothing");
    drop(recovered.start().unwrap());
    assert_eq!(disk.read(&format!("torn-{}.bin", torn.lsn)), bytes);
    assert_eq!(open(&disk, &options).unwrap().torn(), None);
}

#[test]
fn the_rest_of_a_short_write_is_tried_once() {
    for (fault, lasts) in [(Fault::Short, true), (Fault::Io { done: false }, false)] {
        let disk = Disk::new(true);
        let (mut writer, _preparer) = start(&disk, &options());
        commit(&mut writer, 100).unwrap();
        disk.fail(disk.operations(), fault);
        let operations = disk.operations();
        assert!(matches!(commit(&mut writer, 100), Err(WriteError::Io(_))));
        assert_eq!(disk.operations() - operations, if lasts { 2 } else { 1 });
        assert_eq!(writer.durable(), 100);
    }
}
