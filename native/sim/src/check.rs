//! Everything that one seed is put through.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Once, mpsc};
use std::thread;

use lightning_core::message::Outcome;
use lightning_core::types::Ticket;

use crate::coverage::Coverage;
use crate::crash;
use crate::duel::Duel;
use crate::inline::Inline;
use crate::workload::{self, Workload};
use crate::world::{Trace, World};

/// Shard counts that must make no difference to a serial run: sequencers, matchers.
const TOPOLOGIES: [(usize, usize); 4] = [(1, 1), (10, 1), (1, 10), (3, 7)];

/// Which worlds a seed is put through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worlds {
    /// The one without a journal, and everything serial.
    Calm,
    /// The one with machines that die.
    Crash,
    /// Both, one after the other.
    Both,
}

/// Runs a seed. Says what the worlds reached; panics where a law is broken. `trace` sees their steps.
pub fn seed(seed: u64, worlds: Worlds, trace: Trace<'_>) -> Coverage {
    let traces = trace.is_some();
    let mut nobody = |_: &str| {};
    let reader = trace.unwrap_or(&mut nobody);
    let mut read = |line: &str| reader(line);
    let mut coverage = Coverage::default();
    if worlds != Worlds::Crash {
        coverage.add(&calm(seed, traces.then_some(&mut read)));
    }
    if worlds != Worlds::Calm {
        coverage.add(&crash::seed(seed, traces.then_some(&mut read)));
    }
    coverage
}

/// A seed serially against the oracle, serially with several shard counts, and as a concurrent world.
fn calm(seed: u64, trace: Trace<'_>) -> Coverage {
    let workload = workload::generate(seed);
    serial(&workload);
    shards_make_no_difference(&workload);
    let mut world = World::new(&workload, seed, trace).watched(seed);
    world.run();
    world.coverage
}

/// The commands, in order, on the core and on the oracle.
pub fn serial(workload: &Workload) -> Coverage {
    let mut duel = Duel::new(&workload.setup);
    for action in &workload.actions {
        duel.step(action);
    }
    duel.finish();
    duel.coverage
}

/// The commands, in order, with several numbers of shards: what anybody can see must be the same.
pub fn shards_make_no_difference(workload: &Workload) {
    let mut seen: Option<Vec<String>> = None;
    // How many closed orders are remembered is each shard's own: nothing may be forgotten by then.
    let mut setup = workload.setup.clone();
    setup.limits.closed_orders_max = 1 << 20;
    for (sequencers, matchers) in TOPOLOGIES {
        let mut inline: Inline = Inline::new(&setup, sequencers, matchers);
        let mut lines = Vec::new();
        for (at, action) in workload.actions.iter().enumerate() {
            let mut effects = inline.perform(Ticket(at as u64), action);
            for trade in &mut effects.trades {
                // How many records there are before depends on the number of shards.
                trade.cause = lightning_core::types::Lsn(0);
            }
            let outcome = effects.reply.as_ref().map(|reply| &reply.outcome);
            // What is forgotten, and what a cursor is, is each shard's own.
            let outcome = outcome.filter(|outcome| !matches!(outcome, Outcome::Orders(_)));
            lines.push(format!("{outcome:?} {:?} {:?}", effects.operated, effects.trades));
        }
        inline.check_invariants();
        for account in &workload.setup.accounts {
            for asset in 0..workload.setup.assets {
                let balance = inline.balance(*account, lightning_core::types::AssetId(asset));
                lines.push(format!("{account} {asset} {balance:?}"));
            }
        }
        lines.push(format!("{:?}", inline.open_orders()));
        match &seen {
            None => seen = Some(lines),
            Some(seen) => {
                for (expected, line) in seen.iter().zip(&lines) {
                    assert_eq!(expected, line, "1 sequencer and 1 matcher, then {sequencers} and {matchers}");
                }
                assert_eq!(seen.len(), lines.len());
            }
        }
    }
}

/// Runs `count` seeds from `from` on, `jobs` at a time, and says what each of them came to, in the order in which they
/// end. No more are begun after `each` has said false.
pub fn many(
    from: u64,
    count: u64,
    jobs: usize,
    worlds: Worlds,
    mut each: impl FnMut(u64, Result<Coverage, String>) -> bool,
) {
    let (next, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let (results, arriving) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..jobs {
            let (results, next, over) = (results.clone(), &next, &over);
            scope.spawn(move || {
                while !over.load(Ordering::Relaxed) {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    if at >= count {
                        return;
                    }
                    let result = catch(|| seed(from + at, worlds, None));
                    if results.send((from + at, result)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(results);
        for (seed, result) in arriving {
            if !each(seed, result) {
                over.store(true, Ordering::Relaxed);
            }
        }
    });
}

/// As many as there are cores.
#[must_use]
pub fn all_cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// A seed that broke a law in these worlds: which law, and how to see it again.
#[must_use]
pub fn report(seed: u64, worlds: Worlds, message: &str) -> String {
    let world = match worlds {
        Worlds::Calm => " --world calm",
        Worlds::Crash => " --world crash",
        Worlds::Both => "",
    };
    let again = format!("npm run sim -- {seed}{world}");
    format!("seed {seed} fails: {message}\nreproduce: {again}      (step by step: {again} --log)")
}

const NO_MESSAGE: &str = "a panic without a message";

thread_local! {
    /// Where and why this thread panicked, while somebody asked to catch it.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
    static CATCHING: RefCell<bool> = const { RefCell::new(false) };
}

/// Runs `work`; a panic comes back as its message and place, and is printed only where `RUST_BACKTRACE` asks for it.
///
/// # Errors
/// The panic's message.
pub fn catch<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if CATCHING.with_borrow(|catching| *catching) {
                let place = info.location().map(|place| format!(" ({}:{})", place.file(), place.line()));
                let payload = info.payload();
                let text = payload.downcast_ref::<String>().map(String::as_str);
                let text = text.or_else(|| payload.downcast_ref::<&str>().copied());
                let text = text.unwrap_or(NO_MESSAGE);
                CAUGHT.set(Some(format!("{text}{}", place.unwrap_or_default())));
            }
            if !CATCHING.with_borrow(|catching| *catching) || std::env::var_os("RUST_BACKTRACE").is_some() {
                default(info);
            }
        }));
    });
    let before = CATCHING.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(before);
    result.map_err(|_| CAUGHT.take().unwrap_or_else(|| NO_MESSAGE.to_owned()))
}
