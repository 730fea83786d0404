//! What is refused, and with which words; and that a refusal changes nothing.

use lightning_journal::{
    Head, Mode, Options, RecoverError, Retention, Snapshot, recover, verify, write_snapshot,
};

use crate::support::*;

const BLOCK: usize = 4096;

/// Three sealed segments and a live one that ends with a frame that no heartbeat follows. Returns the last heads.
fn journal() -> (Disk, Vec<Head>) {
    journal_of(&options())
}

fn journal_of(options: &Options) -> (Disk, Vec<Head>) {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, options);
    let mut heads = Vec::new();
    let segments = |disk: &Disk| disk.names().iter().filter(|name| name.starts_with("segment-")).count();
    while segments(&disk) < 4 {
        commit(&mut writer, 20).unwrap();
        heads.push(writer.head());
    }
    for _ in 0..3 {
        commit(&mut writer, 20).unwrap();
        heads.push(writer.head());
    }
    writer.sync().unwrap();
    (disk, heads)
}

fn segments(disk: &Disk) -> Vec<String> {
    disk.names().into_iter().filter(|name| name.starts_with("segment-")).collect()
}

fn live(disk: &Disk) -> String {
    segments(disk).pop().unwrap()
}

/// Where frames begin, until the first block that is none.
fn frames(bytes: &[u8]) -> Vec<usize> {
    let mut at = BLOCK;
    let mut found = Vec::new();
    while bytes.get(at..at + 4) == Some(b"LJF1") {
        found.push(at);
        let body = u32::from_le_bytes(bytes[at + 52..at + 56].try_into().unwrap());
        at += (128 + usize::try_from(body).unwrap()).next_multiple_of(BLOCK);
    }
    found
}

fn first_lsn(bytes: &[u8], frame: usize) -> u64 {
    u64::from_le_bytes(bytes[frame + 40..frame + 48].try_into().unwrap())
}

/// The refusal's words, twice the same, and nothing has changed.
fn refusal(disk: &Disk) -> String {
    let before = disk.image();
    let error = open(disk, &options()).map(|recovered| recovered.head()).unwrap_err();
    assert_eq!(open(disk, &options()).unwrap_err().to_string(), error.to_string());
    assert_eq!(disk.image(), before);
    error.to_string()
}

/// Makes the checksum right of what is `at` its field in `bytes`.
fn fix_crc(bytes: &mut [u8], field: usize) {
    bytes[field..field + 4].fill(0);
    let crc = crc32c::crc32c(bytes);
    bytes[field..field + 4].copy_from_slice(&crc.to_le_bytes());
}

#[test]
fn damage_in_a_sealed_segment() {
    let (disk, _) = journal();
    let name = segments(&disk)[1].clone();
    let bytes = disk.read(&name);
    let frame = frames(&bytes)[2];
    let lsn = first_lsn(&bytes, frame);
    let place = format!("corrupt journal: {name} at byte {frame}, record {lsn} expected: ");
    for (at, why) in [
        (frame, "no frame begins here"),
        (frame + 60, "a frame's header does not match its checksum"),
        (frame + 12, "a frame's header does not match its checksum"),
        (frame + 128, "a frame's body does not match its checksum"),
        (frames(&bytes)[3] - 1, "a frame is not padded with zeros"),
    ] {
        let disk = disk.crash(Crash::Kill);
        disk.edit(&name, |bytes| bytes[at] ^= 0x40);
        assert_eq!(refusal(&disk), format!("{place}{why}"));
        let verified = verify(disk.storage(), &mut |_| {}).unwrap_err();
        assert_eq!(verified.to_string(), format!("{place}{why}"));
    }
}

#[test]
fn frames_that_are_whole_and_do_not_belong_there() {
    let (disk, _) = journal();
    let names = segments(&disk);
    let whole = disk.read(&names[1]);
    let at = frames(&whole);
    let swapped = |disk: &Disk| {
        disk.edit(&names[1], |bytes| {
            bytes[at[2]..at[3]].copy_from_slice(&whole[at[3]..at[3] * 2 - at[2]]);
        });
    };
    let why = "the frame does not begin where the one before ends";
    let lsn = first_lsn(&whole, at[2]);
    swapped(&disk);
    assert_eq!(
        refusal(&disk),
        format!("corrupt journal: {} at byte {}, record {lsn} expected: {why}", names[1], at[2])
    );
    // Of another run of the engine.
    let (disk, _) = journal();
    disk.edit(&names[1], |bytes| {
        let header = &mut bytes[at[2]..at[2] + 128];
        header[32] ^= 1;
        fix_crc(header, 8);
    });
    let why = "the frame is of another incarnation than its segment";
    assert_eq!(
        refusal(&disk),
        format!("corrupt journal: {} at byte {}, record {lsn} expected: {why}", names[1], at[2])
    );
}

#[test]
fn a_frame_that_was_not_alone_in_flight() {
    let (disk, _) = journal();
    let name = segments(&disk)[1].clone();
    let frame = frames(&disk.read(&name))[2];
    disk.edit(&name, |bytes| {
        bytes[frame + 56] -= 1;
        fix_crc(&mut bytes[frame..frame + 128], 8);
    });
    assert!(refusal(&disk).ends_with("a frame says what cannot have been durable"));
}

#[test]
fn nothing_stands_behind_a_seal() {
    let has_room = |disk: &Disk, name: &str| {
        let bytes = disk.read(name);
        frames_end(&bytes) < bytes.len()
    };
    // Frames of three blocks do not fill a segment.
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    (0..5).for_each(|_| commit(&mut writer, 75).unwrap());
    drop(writer);
    let name = segments(&disk)[0].clone();
    assert!(name != live(&disk) && has_room(&disk, &name));
    let sealed = disk.crash(Crash::Kill);
    sealed.edit(&name, |bytes| *bytes.last_mut().unwrap() = 1);
    assert!(refusal(&sealed).ends_with("something stands behind the seal"));
    // The same in a live one, of a process that died in a rotation.
    let is_sealed = |disk: &Disk| {
        let bytes = disk.read(&live(disk));
        frames(&bytes).last().is_some_and(|&last| bytes[last + 6] == 1 | 4) && has_room(disk, &live(disk))
    };
    let died = (0..2_000).find_map(|operation| {
        let disk = Disk::new(true);
        disk.fail(operation, Fault::Io { done: false });
        let (mut writer, _preparer) = open(&disk, &options()).ok()?.start().ok()?;
        while segments(&disk).len() == 1 {
            if commit(&mut writer, 75).is_err() {
                break;
            }
        }
        is_sealed(&disk).then(|| disk.crash(Crash::Kill))
    });
    let disk = died.expect("some operation comes between");
    open(&disk, &options()).unwrap();
    disk.edit(&live(&disk), |bytes| {
        let (frame, behind) = (frames(bytes)[0], bytes.len() - BLOCK);
        bytes.copy_within(frame..frame + BLOCK, behind);
    });
    assert!(refusal(&disk).ends_with("something stands behind the seal"));
}

#[test]
fn history_that_was_written_over() {
    // A record is changed, and every checksum over it made right: the frames behind it tell.
    let forge = |disk: &Disk, name: &str, frame: usize| {
        disk.edit(name, |bytes| {
            let record = frame + 128;
            let len =
                usize::try_from(u32::from_le_bytes(bytes[record..record + 4].try_into().unwrap())).unwrap();
            bytes[record + 24] ^= 1;
            let crc = crc32c::crc32c(&bytes[record..record + len - 4]);
            bytes[record + len - 4..record + len].copy_from_slice(&crc.to_le_bytes());
            let body = usize::try_from(u32::from_le_bytes(bytes[frame + 52..frame + 56].try_into().unwrap()))
                .unwrap();
            let crc = crc32c::crc32c(&bytes[record..record + body]);
            bytes[frame + 12..frame + 16].copy_from_slice(&crc.to_le_bytes());
            fix_crc(&mut bytes[frame..frame + 128], 8);
        });
    };
    let (disk, _) = journal();
    let names = segments(&disk);
    let whole = disk.read(&names[1]);
    let at = frames(&whole);
    let sealed = disk.crash(Crash::Kill);
    forge(&sealed, &names[1], at[2]);
    let lsn = first_lsn(&whole, at[3]);
    let why = "the frame does not continue the chain";
    assert_eq!(
        refusal(&sealed),
        format!("corrupt journal: {} at byte {}, record {lsn} expected: {why}", names[1], at[3])
    );
    // In the live one, too. Only the very last frame has nothing behind it; then the head is another.
    let name = live(&disk);
    let at = frames(&disk.read(&name));
    let damaged = disk.crash(Crash::Kill);
    forge(&damaged, &name, at[0]);
    assert!(refusal(&damaged).ends_with(why));
    let head = open(&disk, &options()).unwrap().head();
    forge(&disk, &name, at[at.len() - 1]);
    let forged = open(&disk, &options()).unwrap().head();
    assert!(forged.lsn == head.lsn && forged.hash != head.hash);
}

#[test]
fn a_sealed_end_is_compared_with_what_is_named() {
    // The process died in a rotation: the live segment is sealed, and nothing is behind it.
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    commit(&mut writer, 5).unwrap();
    drop(writer);
    let sealed = |disk: &Disk| {
        let bytes = disk.read(&live(disk));
        let last = *frames(&bytes).last()?;
        (live(disk) == "segment-00000000000000000001.log" && bytes[last + 6] == 1 | 4).then_some(last)
    };
    let died = (0..100).find_map(|operation| {
        let disk = disk.crash(Crash::Kill);
        disk.fail(operation, Fault::Io { done: false });
        let _ = open(&disk, &options()).and_then(|recovered| recovered.start());
        sealed(&disk).map(|seal| (disk.crash(Crash::Kill), seal))
    });
    let (disk, seal) = died.expect("some operation comes between");
    assert_eq!(open(&disk, &options()).unwrap().head().lsn, 5);
    disk.put(&format!("snapshot-{:020}.snap", 6), b"");
    let why = "the manifest or a snapshot names this record or a later one";
    let place = format!("{} at byte {}, record 6 expected", live(&disk), seal + BLOCK);
    assert_eq!(refusal(&disk), format!("acknowledged records are damaged: {place}: {why}"));
}

#[test]
fn files_that_are_missing_or_changed_places() {
    let (disk, _) = journal();
    let names = segments(&disk);
    for name in &names {
        let disk = disk.crash(Crash::Kill);
        disk.delete(name);
        let lsn: u64 = name[8..28].parse().unwrap();
        assert_eq!(refusal(&disk), format!("missing: {name}, which has record {lsn}"));
        assert!(matches!(open(&disk, &options()), Err(RecoverError::MissingHistory { .. })));
    }
    let swapped = disk.crash(Crash::Kill);
    let (one, two) = (swapped.read(&names[1]), swapped.read(&names[2]));
    swapped.put(&names[1], &two);
    swapped.put(&names[2], &one);
    assert!(refusal(&swapped).ends_with("the segment's header does not fit its name"));
    let renamed = disk.crash(Crash::Kill);
    renamed.put(&format!("segment-{:020}.log", 3), &renamed.read(&names[0]));
    assert!(refusal(&renamed).ends_with("the manifest does not name this segment, and something is in it"));
    // Of another journal, with the same records.
    let other = journal_of(&Options { uuid: Some([9; 16]), ..options() }).0;
    let foreign = disk.crash(Crash::Kill);
    foreign.put(&names[1], &other.read(&names[1]));
    assert!(refusal(&foreign).ends_with("the segment is another journal's"));
}

#[test]
fn files_that_are_shorter_or_longer() {
    let (disk, _) = journal();
    for name in segments(&disk) {
        for change in [|bytes: &mut Vec<u8>| bytes.truncate(8 * BLOCK), |bytes: &mut Vec<u8>| bytes.push(0)] {
            let disk = disk.crash(Crash::Kill);
            disk.edit(&name, change);
            assert!(refusal(&disk).ends_with("the file is not as long as it was made"));
        }
        let disk = disk.crash(Crash::Kill);
        disk.edit(&name, Vec::clear);
        assert!(refusal(&disk).ends_with("the file ends inside its header"));
    }
}

#[test]
fn a_bad_frame_with_anything_behind_it_was_acknowledged() {
    let (disk, heads) = journal();
    let name = live(&disk);
    let bytes = disk.read(&name);
    let at = frames(&bytes);
    assert!(at.len() >= 4);
    let place = |frame: usize| {
        let lsn = first_lsn(&bytes, frame);
        format!("acknowledged records are damaged: {name} at byte {frame}, record {lsn} expected: ")
    };
    for &frame in &at[..at.len() - 1] {
        for damaged in [frame, frame + 100, frame + 200] {
            let disk = disk.crash(Crash::Kill);
            disk.edit(&name, |bytes| bytes[damaged] ^= 1);
            let why = "a frame behind it says that it was durable";
            assert_eq!(refusal(&disk), place(frame) + why);
        }
        // Zeros are not the end either.
        let disk = disk.crash(Crash::Kill);
        disk.edit(&name, |bytes| bytes[frame..frame + BLOCK].fill(0));
        assert!(refusal(&disk).starts_with(&place(frame)));
    }
    // The last frame is the torn one, if nothing says otherwise...
    let last = at[at.len() - 1];
    let torn = disk.crash(Crash::Kill);
    torn.edit(&name, |bytes| bytes[last + 200] ^= 1);
    let recovered = open(&torn, &options()).unwrap();
    assert_eq!(recovered.head(), heads[heads.len() - 2]);
    assert_eq!(recovered.torn().unwrap().offset, u64::try_from(last).unwrap());
    // ... as bytes behind it do, however far, ...
    for behind in [frames_end(&bytes), bytes.len() - 1] {
        let damaged = torn.crash(Crash::Kill);
        damaged.edit(&name, |bytes| bytes[behind] = 1);
        assert_eq!(
            refusal(&damaged),
            place(last) + "there are bytes farther behind it than one frame reaches"
        );
    }
    // ... or a frame of this journal, even an old one, ...
    let damaged = torn.crash(Crash::Kill);
    damaged.edit(&name, |copy| {
        copy[last..last + BLOCK].fill(7);
        copy[last + BLOCK..last + 2 * BLOCK].copy_from_slice(&bytes[at[0]..at[0] + BLOCK]);
    });
    assert!(refusal(&damaged).ends_with("a frame stands where none can"));
    // ... or a snapshot, or the manifest.
    let snapshot = torn.crash(Crash::Kill);
    snapshot.put(&format!("snapshot-{:020}.snap", heads[heads.len() - 1].lsn), b"whatever is in it");
    assert!(refusal(&snapshot).ends_with("the manifest or a snapshot names this record or a later one"));
}

/// Behind the last frame.
pub(crate) fn frames_end(bytes: &[u8]) -> usize {
    let last = *frames(bytes).last().unwrap();
    let body = u32::from_le_bytes(bytes[last + 52..last + 56].try_into().unwrap());
    last + (128 + usize::try_from(body).unwrap()).next_multiple_of(BLOCK)
}

#[test]
fn a_bad_last_frame_of_a_closed_journal_was_acknowledged() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    commit(&mut writer, 5).unwrap();
    commit(&mut writer, 5).unwrap();
    writer.close().unwrap();
    let name = live(&disk);
    disk.edit(&name, |bytes| bytes[2 * BLOCK + 300] ^= 1);
    // The seal says so, and the manifest, where the seal is gone.
    let by_seal = "a frame behind it says that it was durable";
    let by_manifest = "the manifest or a snapshot names this record or a later one";
    for why in [by_seal, by_manifest] {
        assert_eq!(
            refusal(&disk),
            format!("acknowledged records are damaged: {name} at byte 8192, record 6 expected: {why}")
        );
        disk.edit(&name, |bytes| bytes[3 * BLOCK..].fill(0));
    }
}

#[test]
fn a_bad_last_frame_before_a_heartbeat_was_acknowledged() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    commit(&mut writer, 5).unwrap();
    writer.heartbeat().unwrap();
    let name = live(&disk);
    let damaged = disk.crash(Crash::Kill);
    damaged.edit(&name, |bytes| bytes[BLOCK + 300] ^= 1);
    assert!(matches!(
        open(&damaged, &options()),
        Err(RecoverError::CorruptAcked { lsn: 1, offset: 4096, .. })
    ));
    // On the heartbeat itself nothing depends.
    drop(writer);
    disk.edit(&name, |bytes| bytes[2 * BLOCK + 100] ^= 1);
    assert_eq!(check_records(&open(&disk, &options()).unwrap(), 0), 5);
}

#[test]
fn bytes_beyond_the_reach_of_the_largest_frame() {
    let options = Options { segment_bytes: 24 << 20, ..options() };
    let disk = Disk::new(true);
    // The file that a start makes itself ends within that reach.
    let (writer, preparer) = start(&disk, &options);
    preparer.prepare().unwrap();
    drop(writer);
    let (mut writer, _preparer) = start(&disk, &options);
    commit(&mut writer, 5).unwrap();
    let name = live(&disk);
    // A frame of which nothing but one sector far behind its beginning arrived: possible within its reach only.
    let reach = (17 << 20) + BLOCK;
    for (at, refused) in [(2 * BLOCK + reach - 1, false), (2 * BLOCK + reach, true)] {
        let disk = disk.crash(Crash::Kill);
        disk.edit(&name, |bytes| bytes[at] = 1);
        let opened = open(&disk, &options);
        match refused {
            false => assert_eq!(opened.unwrap().torn().unwrap().bytes, u64::try_from(reach).unwrap()),
            true => assert!(matches!(opened, Err(RecoverError::CorruptAcked { lsn: 6, .. })), "{opened:?}"),
        }
    }
}

#[test]
fn written_mode_ends_at_the_first_bad_frame_that_was_not_durable() {
    let options = Options { mode: Mode::Written, ..options() };
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options);
    for _ in 0..3 {
        commit(&mut writer, 5).unwrap();
    }
    writer.sync().unwrap();
    for _ in 0..4 {
        commit(&mut writer, 5).unwrap();
    }
    let name = live(&disk);
    let at = frames(&disk.read(&name));
    for (index, &frame) in at.iter().enumerate() {
        let disk = disk.crash(Crash::Kill);
        disk.edit(&name, |bytes| bytes[frame + 150] ^= 1);
        let opened = open(&disk, &options);
        if index < 3 {
            assert!(matches!(opened, Err(RecoverError::CorruptAcked { .. })), "{opened:?}");
        } else {
            let opened = opened.unwrap();
            let torn = opened.torn().unwrap();
            assert_eq!(check_records(&opened, 0), 5 * u64::try_from(index).unwrap());
            assert_eq!(torn.bytes, u64::try_from((at.len() - index) * BLOCK).unwrap());
        }
    }
}

#[test]
fn the_manifest_has_two_copies_and_one_is_enough() {
    let (disk, heads) = journal();
    let head = heads[heads.len() - 1];
    for name in ["MANIFEST-a", "MANIFEST-b"] {
        let one = disk.crash(Crash::Kill);
        one.edit(name, |bytes| bytes[100] ^= 1);
        let recovered = open(&one, &options()).unwrap();
        let warning = format!("{name} cannot be used: it does not match its checksum");
        assert_eq!((recovered.head(), recovered.warnings()), (head, &[warning][..]));
        drop(recovered.start().unwrap());
        assert_eq!(open(&one, &options()).unwrap().warnings().len(), 0, "both are written anew");
    }
    let both = disk.crash(Crash::Kill);
    both.edit("MANIFEST-a", |bytes| bytes.truncate(10));
    both.edit("MANIFEST-b", |bytes| bytes[20_000 % 16_384] ^= 1);
    assert_eq!(refusal(&both), "bad manifest: MANIFEST-a: this is no manifest");
    let none = disk.crash(Crash::Kill);
    none.delete("MANIFEST-a");
    none.delete("MANIFEST-b");
    let why = "it is missing, and there are segments or snapshots";
    assert_eq!(refusal(&none), format!("bad manifest: MANIFEST-a: {why}"));
    let other = journal_of(&Options { uuid: Some([9; 16]), ..options() }).0;
    disk.put("MANIFEST-b", &other.read("MANIFEST-b"));
    assert_eq!(refusal(&disk), "bad manifest: MANIFEST-b: the two copies contradict each other");
}

#[test]
fn an_old_manifest_does_not_hide_newer_segments() {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    commit(&mut writer, 5).unwrap();
    let old = disk.read("MANIFEST-a");
    for _ in 0..30 {
        commit(&mut writer, 20).unwrap();
    }
    drop(writer);
    disk.put("MANIFEST-a", &old);
    disk.put("MANIFEST-b", &old);
    assert!(refusal(&disk).ends_with("the manifest does not name this segment, and something is in it"));
}

#[test]
fn versions_that_are_not_known() {
    let (disk, _) = journal();
    let (sealed, live) = (segments(&disk)[0].clone(), live(&disk));
    let bytes = disk.read(&live);
    let last = *frames(&bytes).last().unwrap();
    // Offset and length of what has a version, and where its checksum is.
    for (name, at, len) in [(&sealed, 0, BLOCK), (&sealed, BLOCK, 128), (&live, last, 128)] {
        let disk = disk.crash(Crash::Kill);
        disk.edit(name, |bytes| {
            bytes[at + 4] = 2;
            fix_crc(&mut bytes[at..at + len], 8);
        });
        assert_eq!(refusal(&disk), format!("{name} has version 2, which this build cannot read"));
    }
    for name in ["MANIFEST-a", "MANIFEST-b"] {
        disk.edit(name, |bytes| {
            let len = u32::from_le_bytes(bytes[12..16].try_into().unwrap());
            bytes[4] = 9;
            fix_crc(&mut bytes[..usize::try_from(len).unwrap()], 8);
        });
    }
    assert_eq!(refusal(&disk), "MANIFEST-a has version 9, which this build cannot read");
}

#[test]
fn one_engine_at_a_time() {
    let disk = Disk::new(true);
    let recovered = open(&disk, &options()).unwrap();
    assert!(matches!(open(&disk, &options()), Err(RecoverError::Locked)));
    let (writer, preparer) = recovered.start().unwrap();
    assert!(matches!(open(&disk, &options()), Err(RecoverError::Locked)));
    drop(writer);
    open(&disk, &options()).unwrap();
    drop(preparer);
}

#[test]
fn segments_of_a_size_that_cannot_be() {
    for segment_bytes in [0, 4096, 12 << 10, (64 << 10) + 1] {
        let opened = recover(Disk::new(true).storage(), Options { segment_bytes, ..options() }, &mut |_| {});
        assert!(matches!(opened, Err(RecoverError::Io(_))));
    }
}

fn snapshot(head: Head) -> Snapshot {
    let sections = vec![("state".to_owned(), body(head.lsn))];
    Snapshot { lsn: head.lsn, at: 5, head, logic_version: 1, state_hash: [7; 32], sections }
}

/// A journal with snapshots at five heads, of which `keep` were kept.
fn with_snapshots(keep: usize) -> (Disk, Vec<Head>) {
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options());
    let mut heads = Vec::new();
    for _ in 0..5 {
        (0..12).for_each(|_| commit(&mut writer, 30).unwrap());
        heads.push(writer.head());
        write_snapshot(&*disk.storage(), &snapshot(writer.head())).unwrap();
        writer.note_snapshot(writer.head().lsn).unwrap();
    }
    writer.retain(keep, Retention::Remove).unwrap();
    commit(&mut writer, 30).unwrap();
    (disk, heads)
}

#[test]
fn a_bad_snapshot_is_passed_over_loudly() {
    let (disk, heads) = with_snapshots(2);
    let name = |head: &Head| format!("snapshot-{:020}.snap", head.lsn);
    let recovered = open(&disk, &options()).unwrap();
    assert_eq!(recovered.snapshots(), [heads[4].lsn, heads[3].lsn]);
    assert!(recovered.first_lsn() > 1 && recovered.first_lsn() <= heads[3].lsn + 1);
    drop(recovered);
    disk.edit(&name(&heads[4]), |bytes| *bytes.last_mut().unwrap() ^= 1);
    let recovered = open(&disk, &options()).unwrap();
    let warning = format!("corrupt snapshot: {}: it does not match its hash", name(&heads[4]));
    assert_eq!((recovered.snapshots(), recovered.warnings()), (vec![heads[3].lsn], &[warning][..]));
    check_records(&recovered, heads[3].lsn);
    drop(recovered);
    disk.delete(&name(&heads[3]));
    let lost = name(&heads[3]);
    let first = segments(&disk)[0][8..28].parse::<u64>().unwrap();
    assert_eq!(refusal(&disk), format!("missing: {lost}, which has record {}", first - 1));
}

#[test]
fn a_snapshot_of_another_history_is_passed_over() {
    let (disk, heads) = with_snapshots(5);
    let mut forged = snapshot(heads[2]);
    forged.lsn = heads[4].lsn - 1;
    forged.head = Head { lsn: forged.lsn, hash: [3; 32] };
    write_snapshot(&*disk.storage(), &forged).unwrap();
    disk.delete(&format!("snapshot-{:020}.snap", heads[4].lsn));
    let recovered = open(&disk, &options()).unwrap();
    assert_eq!(recovered.snapshots()[0], heads[3].lsn);
    assert_eq!(recovered.warnings().len(), 2, "{:?}", recovered.warnings());
    drop(recovered);
    let error = verify(disk.storage(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, RecoverError::MissingHistory { .. }), "{error}");
}

#[test]
fn a_noted_snapshot_is_not_replaced_unseen() {
    let (disk, heads) = with_snapshots(5);
    let name = format!("snapshot-{:020}.snap", heads[4].lsn);
    disk.delete(&name);
    let other = Snapshot { state_hash: [8; 32], ..snapshot(heads[4]) };
    write_snapshot(&*disk.storage(), &other).unwrap();
    let recovered = open(&disk, &options()).unwrap();
    assert_eq!(recovered.snapshots()[0], heads[3].lsn);
    let error = recovered.read_snapshot(heads[4].lsn).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("corrupt snapshot: {name}: it is not the one that was noted in the manifest")
    );
}

/// Flips bytes all over a journal that ends with a heartbeat: each is refused, or nothing is lost.
#[test]
fn no_flipped_byte_loses_a_record() {
    let options = Options { segment_bytes: 16 << 10, ..options() };
    let disk = Disk::new(true);
    let (mut writer, _preparer) = start(&disk, &options);
    for _ in 0..5 {
        commit(&mut writer, 9).unwrap();
    }
    write_snapshot(&*disk.storage(), &snapshot(writer.head())).unwrap();
    writer.note_snapshot(writer.head().lsn).unwrap();
    commit(&mut writer, 9).unwrap();
    writer.heartbeat().unwrap();
    let head = writer.head();
    let (mut refused, mut accepted) = (0, 0);
    for (name, bytes) in disk.image() {
        for at in (0..bytes.len()).step_by(if bytes.len() > 8192 { 13 } else { 1 }) {
            for flip in [0x01, 0x80, 0xff] {
                let disk = disk.crash(Crash::Kill);
                disk.edit(&name, |bytes| bytes[at] ^= flip);
                match open(&disk, &options) {
                    Err(RecoverError::Io(error)) => panic!("{name} {at}: {error}"),
                    Err(_) => refused += 1,
                    Ok(recovered) => {
                        assert_eq!(recovered.head(), head, "{name} at {at}");
                        let from = recovered.snapshots().first().copied().unwrap_or(0);
                        check_records(&recovered, from);
                        accepted += 1;
                    }
                }
            }
        }
    }
    assert!(refused > 5_000 && accepted > 1_000, "{refused} {accepted}");
}

/// Headers that lie, with checksums that are right: an error or not, but never a panic or a huge allocation.
#[test]
fn lying_headers_are_errors() {
    let (disk, _) = with_snapshots(5);
    let names: Vec<_> = disk.names().into_iter().filter(|name| !name.starts_with("prepared")).collect();
    let mut random = Random(3);
    for _ in 0..3_000 {
        let disk = disk.crash(Crash::Kill);
        let name = &names[usize::try_from(random.below(names.len().try_into().unwrap())).unwrap()];
        disk.edit(name, |bytes| {
            let manifest_len =
                |bytes: &[u8]| usize::try_from(u32::from_le_bytes(bytes[12..16].try_into().unwrap()));
            let covered = match name.as_bytes()[0] {
                b'M' => 0..manifest_len(bytes).unwrap(),
                b's' if name.starts_with("snapshot") => 0..128 + 64,
                _ if random.flip() => 0..BLOCK,
                _ => {
                    let frames = frames(bytes);
                    let Some(&frame) = frames.get(usize::try_from(random.below(9)).unwrap()) else { return };
                    frame..frame + 128
                }
            };
            let covered = &mut bytes[covered];
            let at = usize::try_from(random.below(covered.len().min(256).try_into().unwrap())).unwrap() & !3;
            let value =
                [0, 1, 0x7fff_ffff, 0x8000_0000, u32::MAX, 4096][usize::try_from(random.below(6)).unwrap()];
            covered[at..at + 4].copy_from_slice(&value.to_le_bytes());
            if !(8..12).contains(&at) {
                fix_crc(covered, 8);
            }
        });
        if let Ok(recovered) = open(&disk, &options()) {
            let _ = recovered.records(recovered.first_lsn() - 1).filter(Result::is_err).count();
            for lsn in recovered.snapshots() {
                let _ = recovered.read_snapshot(lsn);
            }
        }
        let _ = verify(disk.storage(), &mut |_| {});
    }
}
