//! Crash images: random sessions on a disk in memory, which loses power at every moment one can lose it at.
//!
//! A session commits, rotates, prepares, snapshots, retires, closes, dies and recovers, in both modes, on disks that
//! take O_DSYNC and on those that do not; some disks fail, fill up, or lie about a failed sync. At its moments (see
//! `FakeDisk::film`), and in the recoveries themselves, the machine loses power or the process is killed, and what is
//! left must open, with every acknowledged record and nothing that was never appended, under the heads that
//! were told, and must go on working.
//!
//! `CRASH_IMAGES=10000000` runs that many images instead of 25,000, `SEED=n` one session again.

#[path = "../harness/mod.rs"]
mod harness;
mod images;
mod session;

use lightning_journal::storage::memory::{FakeDisk, Fault, Moment, Operation, Settings};
use lightning_journal::{Batch, Options, Recovered, recover};

use harness::planted::{Bug, storage};
use harness::{Dice, sweep};
use session::{Found, IMAGES, Session};

const FILE: &str = "crash_images";

fn run(test: &str, images: u64) -> Found {
    sweep::run(
        FILE,
        test,
        u64::MAX,
        |found: &Found| found.of(IMAGES) >= images,
        Found::add,
        |seed| Session::new(seed, Bug::None).run(),
    )
}

#[test]
fn every_crash_image_opens_with_all_that_was_acknowledged() {
    let images = sweep::number("CRASH_IMAGES").unwrap_or(25_000);
    let found = run("every_crash_image_opens_with_all_that_was_acknowledged", images);
    println!("{found:#?}");
    if sweep::number("SEED").is_some() {
        return;
    }
    for branch in [
        "all there",
        "the end lost",
        "torn",
        "new",
        "killed",
        "closed",
        "snapshots",
        "retired segments",
        "crashes in recovery",
        "lost write-back",
        "write errors",
        "storage full",
        "on the emergency segment",
        "warnings",
        "recoveries that failed and were tried again",
    ] {
        assert!(found.of(branch) > 10, "{branch}: {} times only", found.of(branch));
    }
}

/// A sync that fails leaves pages in the cache that the disk has not got. The start that it failed may be tried again,
/// believes the cache, and may lose power in its turn: at no moment of that is there no journal left to open. (Once the
/// manifest's good copy was written over while the other was in the cache only.)
#[test]
fn a_start_that_failed_can_be_tried_again_and_lose_power() {
    let options = Options { segment_bytes: 16 << 10, uuid: Some([7; 16]), ..Options::default() };
    let recovered = |disk: &FakeDisk| recover(storage(disk, Bug::None), options.clone(), &mut |_| {});
    let mut tried = 0;
    for settings in [Settings::default(), Settings { direct_reads: true, synced_writes: true }] {
        let disk = FakeDisk::with(settings);
        let (mut writer, _) = recovered(&disk).and_then(Recovered::start).expect("a new journal");
        let mut batch = Batch::new(1);
        batch.append(1, 1, 1, 1, |body| body.extend_from_slice(b"acknowledged"));
        writer.commit(&mut batch).expect("nothing fails");
        let disk = disk.kill();
        for sync in 0.. {
            let mut struck = false;
            for seed in 0..60 {
                let disk = disk.kill();
                disk.fail(Operation::Sync, sync, Fault::SyncLies { seed });
                struck = recovered(&disk).and_then(Recovered::start).is_err();
                let disk = disk.kill();
                disk.film();
                recovered(&disk).and_then(Recovered::start).expect("a second try");
                let mut dice = Dice::new(seed);
                for Moment { what, disk } in disk.cut() {
                    for _ in 0..8 {
                        let after = disk.crash(&mut |bound| dice.below(bound));
                        let head = recovered(&after).map(|recovered| recovered.head().lsn);
                        assert!(matches!(head, Ok(1)), "sync {sync}, seed {seed}, {what}: {head:?}");
                        tried += 1;
                    }
                }
            }
            if !struck {
                assert!(sync >= 3, "a start syncs a segment and both manifests");
                break;
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}

/// The seeds of the run above, with a bug: it must be found in one of the first so many.
fn caught(bug: Bug, seeds: u64) {
    let (mut caught, mut first) = (0, None);
    for seed in 0..seeds {
        if let Err(why) = sweep::guarded(|| Session::new(seed, bug).run()) {
            caught += 1;
            first.get_or_insert((seed, why));
        }
    }
    println!("{bug:?}: {caught} of {seeds} sessions; first {first:?}");
    assert!(caught > 0, "{bug:?} was not noticed in {seeds} sessions");
}

#[test]
fn an_ack_before_the_sync_is_caught() {
    caught(Bug::AckBeforeSync, 150);
}

#[test]
fn a_retry_after_a_failed_sync_is_caught() {
    caught(Bug::RetryAfterEio, 150);
}

#[test]
fn a_missing_sync_of_the_directory_is_caught() {
    caught(Bug::NoSyncDir, 150);
}

#[test]
fn a_rewrite_of_the_tail_block_is_caught() {
    caught(Bug::TailRewrite, 150);
}

#[test]
fn trust_in_the_page_cache_at_recovery_is_caught() {
    caught(Bug::NoRepersist, 150);
}
