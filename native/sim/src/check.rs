//! Everything that one seed is put through.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use lightning_core::message::Outcome;
use lightning_core::types::Ticket;

use crate::coverage::Coverage;
use crate::duel::Duel;
use crate::inline::Inline;
use crate::workload::{self, Workload};
use crate::world::{Trace, World};

/// Shard counts that must make no difference to a serial run: sequencers, matchers.
const TOPOLOGIES: [(usize, usize); 4] = [(1, 1), (10, 1), (1, 10), (3, 7)];

/// Runs a seed serially against the oracle, serially with several shard counts, and as a concurrent world. Says
/// what the world reached; panics where a law is broken. `trace` sees the world's steps.
pub fn seed(seed: u64, trace: Trace<'_>) -> Coverage {
    let workload = workload::generate(seed);
    serial(&workload);
    shards_make_no_difference(&workload);
    let mut world = World::new(&workload, seed, trace);
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

/// A seed that broke a law: which law, and how to see it again.
#[must_use]
pub fn report(seed: u64, message: &str) -> String {
    format!(
        "seed {seed} fails: {message}\nreproduce: npm run sim -- {seed}      (step by step: npm run sim -- {seed} --log)"
    )
}

const NO_MESSAGE: &str = "a panic without a message";

thread_local! {
    /// Where and why this thread panicked, while somebody asked to catch it.
    static CAUGHT: RefCell<Option<String>> = const { RefCell::new(None) };
    static CATCHING: RefCell<bool> = const { RefCell::new(false) };
}

/// Runs `work`; a panic comes back as its message and place, and is not printed.
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
            } else {
                default(info);
            }
        }));
    });
    let before = CATCHING.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(before);
    result.map_err(|_| CAUGHT.take().unwrap_or_else(|| NO_MESSAGE.to_owned()))
}
