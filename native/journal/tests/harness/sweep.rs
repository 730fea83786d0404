//! Runs seeds on all cores. The first that fails is named, with the command that runs it again.

use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// No seed.
const IDLE: u64 = u64::MAX;

/// The number in an environment variable.
pub(crate) fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.replace('_', "").parse().unwrap_or_else(|_| panic!("{variable}={text} is not a number")))
}

/// Runs the seeds below `seeds` in their order, until `enough` says so of what was summed up with `add`; only the
/// one in the environment variable `SEED`, if there is one. A seed fails by returning an error or by panicking.
///
/// # Panics
/// If a seed fails: with its number.
pub(crate) fn run<T: Default + Send>(
    file: &str,
    test: &str,
    seeds: u64,
    enough: impl Fn(&T) -> bool + Sync,
    add: impl Fn(&mut T, T) + Sync,
    one: impl Fn(u64) -> Result<T, String> + Sync,
) -> T {
    let only = number("SEED");
    assert!(only.is_none_or(|only| only < seeds), "there are only {seeds} seeds");
    let first = only.unwrap_or(0);
    let next = AtomicU64::new(first);
    let stop = AtomicBool::new(false);
    let sum = Mutex::new(T::default());
    let failed: Mutex<Option<(u64, String)>> = Mutex::new(None);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let working: Vec<AtomicU64> = (0..workers).map(|_| AtomicU64::new(IDLE)).collect();
    let work = |at: &AtomicU64| {
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds || only.is_some_and(|only| seed != only) {
                break;
            }
            at.store(seed, Ordering::Relaxed);
            match guarded(|| one(seed)) {
                Ok(found) => {
                    let mut sum = sum.lock().expect("nobody panics with it");
                    add(&mut sum, found);
                    if enough(&sum) {
                        stop.store(true, Ordering::Relaxed);
                    }
                }
                Err(why) => {
                    stop.store(true, Ordering::Relaxed);
                    let mut failed = failed.lock().expect("nobody panics with it");
                    if failed.as_ref().is_none_or(|(other, _)| seed < *other) {
                        *failed = Some((seed, why));
                    }
                }
            }
        }
        at.store(IDLE, Ordering::Relaxed);
    };
    thread::scope(|scope| {
        working.iter().for_each(|at| {
            scope.spawn(|| work(at));
        });
        scope.spawn(|| name_the_stuck(&working));
    });
    if let Some((seed, why)) = failed.into_inner().expect("nobody panics with it") {
        panic!(
            "seed {seed}: {why}\n  again: SEED={seed} cargo test -p lightning-journal --test {file} {test} -- --nocapture"
        );
    }
    sum.into_inner().expect("nobody panics with it")
}

/// Names a seed that does not come to an end: the test hangs, but says why. Returns when all are idle.
fn name_the_stuck(working: &[AtomicU64]) {
    let mut since = vec![(IDLE, 0); working.len()];
    loop {
        thread::sleep(Duration::from_millis(100));
        for (at, (seed, ticks)) in working.iter().zip(&mut since) {
            let now = at.load(Ordering::Relaxed);
            *ticks = if now == *seed { *ticks + 1 } else { 0 };
            *seed = now;
            if *ticks == 600 && now != IDLE {
                eprintln!("seed {now} has been running for a minute");
            }
        }
        if since.iter().all(|(seed, _)| *seed == IDLE) {
            return;
        }
    }
}

/// A panic is a failure like another; the hook has printed where it was.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let text = (panic.downcast_ref::<String>().map(String::as_str))
            .or_else(|| panic.downcast_ref::<&str>().copied())
            .unwrap_or("?");
        Err(format!("panicked: {text}"))
    })
}
