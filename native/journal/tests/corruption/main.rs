//! Corruption: a real journal, damaged at rest in every way a disk, a cable, a backup or a person damages files.
//!
//! For each damage recovery must refuse, or give exactly what was appended. It may lack the last frame only where
//! nothing on the disk shows that this frame was ever acknowledged: no heartbeat after it, no clean end, the damage
//! in that frame alone (design, recovery step 4). Such cases are counted apart. Nothing else is forgiven.
//!
//! `CORRUPTION_CASES=n` runs so many cases instead of 24,000 (0: all), `CORRUPTION_LOG_BYTES=4194304` damages a
//! larger log, `SEED=n` runs one case again (with the same log size).

mod base;
mod damage;
#[path = "../harness/mod.rs"]
mod harness;

use std::collections::BTreeMap;

use lightning_journal::storage::memory::{BLOCK, FakeDisk};
use lightning_journal::{Batch, Options, Reader, RecoverError, recover, verify};

use base::{Base, Ending, existed, index, open};
use damage::{Cases, Damage};
use harness::planted::{Bug, storage};
use harness::truth::Truth;
use harness::{Dice, sweep};

const FILE: &str = "corruption";

/// What recovery made of a damaged journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Refused(&'static str),
    Exact,
    /// The last frame taken for torn: nothing else showed that it had been acknowledged.
    LastFrame,
    /// Each file is what it once was, and all of them were so at the same time: only a head that somebody wrote
    /// down elsewhere can tell.
    RolledBack,
}

fn kind(error: &RecoverError) -> &'static str {
    match error {
        RecoverError::Locked => "locked",
        RecoverError::Io(_) => "io",
        RecoverError::Corrupt { .. } => "corrupt",
        RecoverError::CorruptAcked { .. } => "corrupt and acknowledged",
        RecoverError::MissingHistory { .. } => "missing history",
        RecoverError::UnsupportedVersion { .. } => "unsupported version",
        RecoverError::BadManifest { .. } => "bad manifest",
        RecoverError::UnsafeDirectory(_) => "unsafe directory",
    }
}

/// Opens, and compares all that can be read with the truth: the last LSN, and whether a torn frame was reported.
fn opened(
    disk: &FakeDisk,
    options: &Options,
    truth: &Truth,
    bug: Bug,
) -> Result<Result<(u64, bool), RecoverError>, String> {
    let before = disk.moments();
    let recovered = match recover(storage(disk, bug), options.clone(), &mut |_| {}) {
        Ok(recovered) => recovered,
        Err(error) => return Ok(Err(error)),
    };
    let head = recovered.head();
    truth.check_head(head)?;
    let first = recovered.first_lsn();
    let mut last = first.saturating_sub(1);
    for record in recovered.records(last) {
        match record {
            Ok(record) if record.lsn == last + 1 => {
                truth.check_record(&record)?;
                last = record.lsn;
            }
            Ok(record) => return Err(format!("record {} follows {last}", record.lsn)),
            Err(error) => return Ok(Err(error)),
        }
    }
    if last != head.lsn {
        return Err(format!("the last record is {last}, the head {head}"));
    }
    for lsn in recovered.snapshots() {
        if let Ok(snapshot) = recovered.read_snapshot(lsn) {
            truth.check_snapshot(lsn, &snapshot)?;
        }
    }
    if disk.moments() != before {
        return Err("recovery changed something before it was started".to_owned());
    }
    Ok(Ok((head.lsn, recovered.torn().is_some())))
}

/// Judges one damage; an error is a silent loss, a wrong byte, or a panic.
fn judge(base: &Base, damage: &Damage, number: u64, bug: Bug) -> Result<Verdict, String> {
    let disk = base.disk.kill();
    damage.apply(base, &disk);
    let last = base.truth.last();
    let verdict = match opened(&disk, &base.options, &base.truth, bug)? {
        Err(error) => Verdict::Refused(kind(&error)),
        Ok((lsn, _)) if lsn == last => Verdict::Exact,
        Ok((lsn, torn)) if lsn == base.before_last_frame && base.forgives(&disk) => {
            let (file, frame) = &base.last_frame;
            let left = &disk.read(file)[index(frame.start)..index(frame.end)];
            if torn != left.iter().any(|byte| *byte != 0) {
                return Err(format!("the last frame is lost, and torn is {torn}"));
            }
            Verdict::LastFrame
        }
        Ok((lsn, _)) if existed(base, &disk, lsn) => Verdict::RolledBack,
        Ok((lsn, torn)) => return Err(format!("silently lost: {lsn} of {last} records left, torn: {torn}")),
    };
    if number.is_multiple_of(5) {
        others(base, &disk, verdict)?;
    }
    if number.is_multiple_of(7) && matches!(verdict, Verdict::Exact | Verdict::LastFrame) {
        goes_on(base, &disk, verdict)?;
    }
    Ok(verdict)
}

/// Verification and readers see no other journal than recovery does.
fn others(base: &Base, disk: &FakeDisk, verdict: Verdict) -> Result<(), String> {
    // It may refuse what recovery does not: it looks at all there is.
    if let Ok(verified) = verify(storage(disk, Bug::None), &mut |_| {}) {
        base.truth.check_head(verified.head)?;
        let lost = verified.head.lsn != base.truth.last();
        if lost && !matches!(verdict, Verdict::LastFrame | Verdict::RolledBack) {
            return Err(format!("verify finds nothing wrong with {}, recovery: {verdict:?}", verified.head));
        }
    }
    let Ok(mut reader) = Reader::open(storage(disk, Bug::None), 0) else { return Ok(()) };
    let mut expected = 1;
    while let Ok(Some(record)) = reader.next(base.truth.last()) {
        if record.lsn != expected {
            return Err(format!("a reader is given {} for {expected}", record.lsn));
        }
        base.truth.check_record(&record)?;
        expected += 1;
    }
    Ok(())
}

/// What was opened goes on: nothing is lost later that was there now.
fn goes_on(base: &Base, disk: &FakeDisk, verdict: Verdict) -> Result<(), String> {
    let disk = disk.kill();
    let Ok(recovered) = recover(storage(&disk, Bug::None), base.options.clone(), &mut |_| {}) else {
        return Ok(());
    };
    let mut truth = base.truth.clone();
    truth.cut(recovered.head().lsn);
    let Ok((mut writer, preparer)) = recovered.start() else { return Ok(()) };
    let mut dice = Dice::new(truth.last());
    for _ in 0..3 {
        // A spare part may be rotten, and say so.
        if preparer.prepare().is_err() {
            return Ok(());
        }
        let mut batch = Batch::new(truth.last() + 1);
        for _ in 0..8 {
            truth.append(&mut batch, 1000, &mut dice);
        }
        if writer.commit(&mut batch).is_err() {
            return Ok(());
        }
        truth.told(writer.head())?;
    }
    let durable = writer.durable();
    match opened(&disk.crash(&mut |bound| dice.below(bound)), &base.options, &truth, Bug::None)? {
        Ok((lsn, _)) if lsn < durable => {
            Err(format!("{verdict:?}, and then {lsn} of {durable} records left"))
        }
        _ => Ok(()),
    }
}

type Verdicts = BTreeMap<(Ending, Verdict), u64>;

fn judge_all(test: &str, most: u64, bug: Bug) -> Verdicts {
    let cases = Cases::new();
    let all = most == 0 || sweep::number("SEED").is_some();
    let count = if all { cases.len() } else { most.min(cases.len()) };
    println!("{count} of {} cases", cases.len());
    sweep::run(
        FILE,
        test,
        count,
        |_| false,
        |sum: &mut Verdicts, one: Verdicts| {
            one.into_iter().for_each(|(what, count)| *sum.entry(what).or_default() += count);
        },
        |number| {
            let (base, damage) = cases.get(number);
            let base = &cases.bases[base];
            let verdict = sweep::guarded(|| judge(base, &damage, number, bug))
                .map_err(|why| format!("{:?}, {damage:?}: {why}", base.ending))?;
            Ok(Verdicts::from([((base.ending, verdict), 1)]))
        },
    )
}

#[test]
fn no_damage_is_silent() {
    let most = sweep::number("CORRUPTION_CASES").unwrap_or(24_000);
    let verdicts = judge_all("no_damage_is_silent", most, Bug::None);
    println!("{verdicts:#?}");
    // The figures below are those of a run that got to the pieces and bytes.
    if sweep::number("SEED").is_some() || (1..24_000).contains(&most) {
        return;
    }
    let of = |verdict: fn(&Verdict) -> bool| -> u64 {
        verdicts.iter().filter(|((_, found), _)| verdict(found)).map(|(_, count)| count).sum()
    };
    let refused = of(|verdict| matches!(verdict, Verdict::Refused(_)));
    let exact = of(|verdict| *verdict == Verdict::Exact);
    let last_frame = of(|verdict| *verdict == Verdict::LastFrame);
    let rolled_back = of(|verdict| *verdict == Verdict::RolledBack);
    println!(
        "{refused} refused, {exact} exact, {last_frame} last frame, {rolled_back} rolled back, 0 silent"
    );
    assert!(refused > 1000 && exact > 1000, "damage is noticed, and what no record needs is forgiven");
    assert!(rolled_back > 0, "some copy of a file was as old as all the others");
    assert!(last_frame > 10, "the one case that a single copy cannot decide is among them");
    let by_any_means = |ending| verdicts.keys().any(|key| *key == (ending, Verdict::LastFrame));
    assert!(![Ending::Heartbeat, Ending::Closed].into_iter().any(by_any_means));
}

/// Several damages at once may amount to a journal that is older or shorter; never to one with other bytes.
#[test]
fn no_damages_together_make_a_wrong_record() {
    let cases = Cases::new();
    let verdicts = sweep::run(
        FILE,
        "no_damages_together_make_a_wrong_record",
        4000,
        |_| false,
        |sum: &mut (u64, u64), one| *sum = (sum.0 + one.0, sum.1 + one.1),
        |seed| {
            let mut dice = Dice::new(seed);
            let number = dice.index(cases.bases.len());
            let base = &cases.bases[number];
            let disk = base.disk.kill();
            let mut done = Vec::new();
            let several = 2 + dice.index(4);
            while done.len() < several {
                let (of, damage) = cases.get(dice.below(cases.len()));
                // What needs a file that an earlier damage took cannot happen.
                if of == number && damage.is_possible(&disk) {
                    damage.apply(base, &disk);
                    done.push(damage);
                }
            }
            match sweep::guarded(|| opened(&disk, &base.options, &base.truth, Bug::None)) {
                Ok(Ok(_)) => Ok((1, 0)),
                Ok(Err(_)) => Ok((0, 1)),
                Err(why) => Err(format!("{:?}, {done:?}: {why}", base.ending)),
            }
        },
    );
    println!("{} opened, {} refused", verdicts.0, verdicts.1);
    assert!(verdicts.0 > 100 && verdicts.1 > 100);
}

#[test]
fn zeros_taken_for_the_end_are_caught() {
    let caught = std::panic::catch_unwind(|| {
        judge_all("zeros_taken_for_the_end_are_caught", 20_000, Bug::ZeroIsEnd);
    });
    let why = caught.expect_err("a recovery that stops at zeros was not noticed");
    let why = why.downcast_ref::<String>().expect("a message");
    assert!(why.contains("silently lost"), "{why}");
}

/// Once it looked for the next segment behind one without a whole frame, which is that one again, for ever.
#[test]
fn a_reader_at_a_damaged_first_frame_says_so() {
    let disk = FakeDisk::new();
    let options = Options { segment_bytes: 16 << 10, ..Options::default() };
    let (mut writer, _) = open(&disk, &options);
    let mut batch = Batch::new(1);
    batch.append(1, 1, 1, 1, |body| body.extend_from_slice(b"a record"));
    writer.commit(&mut batch).expect("no fault");
    disk.flip("segment-00000000000000000001.log", BLOCK as u64 + 140, 1);
    let mut reader = Reader::open(storage(&disk, Bug::None), 0).expect("the segment's header is whole");
    assert!(matches!(reader.next(1), Err(RecoverError::Corrupt { lsn: 1, .. })));
}

/// In written mode the frames behind the last synced one may be in any condition, but each stands in its own place.
/// Once the last one, found in the place of the heartbeat behind it, was taken for the remains of a crash.
#[test]
fn a_frame_in_the_place_of_a_later_one_is_damage() {
    let base = Base::build(Ending::Written, 64 << 10);
    let (file, frame) = base.last_frame.clone();
    let len = frame.end - frame.start;
    let damage = Damage::Misdirect {
        file: file.clone(),
        at: frame.start,
        to: file,
        to_at: frame.end,
        len,
        lost: true,
    };
    let verdict = judge(&base, &damage, 0, Bug::None);
    assert_eq!(verdict, Ok(Verdict::Refused("corrupt and acknowledged")));
}
