//! The records of a script, told again: whatever shards they are folded on, these are in the same state as the ones
//! that wrote them, and go on like them.

use lightning_core::book::{OrderBook, PriceTimeBook};
use lightning_core::fold::Shards as Counts;

use super::{LIMITS, Session};
use crate::journal::SHARDS;
use crate::same::{Scope, Shards, assert_same as assert_same_shards, describe, describe_fold};

/// Panics unless the records of a session that is over lead to its state.
pub(super) fn assert_same<B: OrderBook>(mut session: Session<B>, script: &str) {
    let scope = Scope { histories: session.limits == LIMITS };
    let shards = Shards { sequencers: &mut session.sequencers, matchers: &session.matchers };
    let live = describe(shards, &session.log, scope);
    for counts in SHARDS {
        let fold = session.log.fold(counts, session.limits);
        fold.check();
        let (folded, _) = describe_fold(fold, &session.log, scope);
        assert_same_shards(&format!("{counts:?} of\n{script}"), &live, &folded);
    }
}

/// What a session was is forgotten, but for its records. No record says how much of a rate limit is used up, nor
/// what was refused: a script goes on with the shards it has once it uses a rate up, or once a request id was
/// answered without a record.
pub(super) fn restart(session: &mut Session<PriceTimeBook>, line: &str) {
    let records = session.log.0.len();
    let is_refusal =
        line.contains(" id ") && !line.contains("again") && records == session.told_again.records;
    session.told_again.stopped |= is_refusal || line.contains(" rate ");
    session.told_again.records = records;
    if session.told_again.stopped {
        return;
    }
    let counts = Counts { sequencers: session.sequencers.len(), matchers: session.matchers.len() };
    let folded = session.log.fold(counts, session.limits).into_shards();
    session.sequencers = folded.sequencers;
    session.matchers = folded.matchers;
}

/// How a session is told again after every line.
#[derive(Debug, Default)]
pub(super) struct ToldAgain {
    /// What was forgotten would be missed.
    stopped: bool,
    /// Up to the line before.
    records: usize,
}
