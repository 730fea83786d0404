//! Machines that die: the world with a journal on a disk that loses what was not synced.
//!
//! One seed is one history of an exchange on one disk, over several lives. A life is a [`World`] with shards and a
//! journal; it ends at any step, or in the middle of one of the disk's, by power loss, by a kill, by a fault of the
//! disk, or because somebody closes the engine. Recovery, which may be cut short itself, reads the journal and folds
//! it, and the next life goes on with another number of shards. Clients remember what they were answered and send
//! again, by the same request ids, what they were not.
//!
//! | file | what it tells |
//! |---|---|
//! | `weather` | what one seed goes through |
//! | `journal`, `replayer` | the journal's threads as actors of the world |
//! | `life` | from a disk to a living machine, and back |
//! | `verdict`, `state`, `rot` | what must be so after a crash |

mod journal;
mod life;
mod replayer;
mod rot;
mod state;
mod verdict;
mod weather;

pub(crate) use journal::{Journal, TASKS, Task};
pub(crate) use state::State;
pub(crate) use verdict::same_was_said;

use crate::coverage::Coverage;
use crate::workload::{self, Workload};
use crate::world::Trace;
use life::Run;

/// Stamped on all segments and snapshots.
const LOGIC_VERSION: u32 = 1;

/// How many trades of each symbol a recovery brings back.
const TRADES_KEPT: usize = 16;

/// Runs a seed's machines. Says what they reached; panics where a law is broken. `trace` sees every step.
pub fn seed(seed: u64, trace: Trace<'_>) -> Coverage {
    let workload = self::workload(seed);
    let mut run = Run::new(&workload, seed, trace);
    run.go();
    run.into_coverage()
}

/// What is asked in a seed's history.
#[must_use]
pub fn workload(seed: u64) -> Workload {
    workload::generate_long(seed)
}
