//! The threads of a journal: one writes (or, where callers write, rests for them), one keeps segments ready.

use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use lightning_journal::{Preparer, Step, WriteError};

use crate::Room;
use crate::halt::Breaker;
use crate::journal::commit::{Committer, halted_by, halted_full};
use crate::journal::front::Call;

/// How long what is under way may take to end when the disk is full.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Between two looks at whether it has ended.
const LAST_LOOK: Duration = Duration::from_millis(1);
/// Between two steps of preparing a segment, so that they don't get into the way of commits.
const PREPARE_PAUSE: Duration = Duration::from_millis(2);
/// Between two attempts to make room.
const RETRY: Duration = Duration::from_millis(500);

/// The journal's thread: writes what there is, then what there is by then, and sleeps when there is nothing.
/// `is_idle` says whether nothing is under way in the shards.
pub(crate) fn run_journal(committer: &Committer, breaker: &Breaker, is_idle: &dyn Fn() -> bool) {
    if let Err(error) = write_all(committer, breaker, is_idle) {
        breaker.halt(halted_by(&error));
    }
}

fn write_all(committer: &Committer, breaker: &Breaker, is_idle: &dyn Fn() -> bool) -> Result<(), WriteError> {
    let (mut patience, mut full_since) = (None, None);
    loop {
        match committer.front().wait_for_records(patience) {
            Call::Records => {
                committer.commit()?;
                patience = Some(Duration::ZERO); // To hear how long it may rest, if there is nothing.
            }
            Call::Idle => patience = committer.rest()?,
            Call::Close | Call::Stop => return Ok(()),
        }
        if committer.room() == Room::Full {
            // What was taken is done to its end, as far as that is a matter of moments.
            let since = *full_since.get_or_insert_with(Instant::now);
            let is_over = is_idle() && committer.front().backlog() == 0;
            if is_over || since.elapsed() > LAST_WORDS {
                breaker.halt(halted_full());
                return Ok(());
            }
            patience = Some(LAST_LOOK);
        } else {
            full_since = None;
        }
    }
}

/// Rests for an engine that writes in its callers' threads. It ends when `stopped` is disconnected.
pub(crate) fn run_rest(
    committer: &Committer,
    breaker: &Breaker,
    woken: &Receiver<()>,
    stopped: &Receiver<()>,
) {
    while woken.recv().is_ok() {
        loop {
            match committer.rest() {
                Ok(None) => break,
                // Awake already: a caller that writes all the while does not wake it each time.
                Ok(Some(patience)) => match stopped.recv_timeout(patience) {
                    Err(RecvTimeoutError::Timeout) => {}
                    Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
                },
                Err(error) => return breaker.halt(halted_by(&error)),
            }
        }
    }
}

/// The thread that keeps segments ready. Where there is no room it tries again, and the engine goes on by itself.
/// It ends when nobody can wake it any more.
pub(crate) fn run_preparer(committer: &Committer, preparer: &Preparer, woken: &Receiver<()>) {
    loop {
        let gone = match preparer.step() {
            Ok(Step::Wrote(_)) => {
                // With nothing ready, a commit may have to make a segment itself: that is farther in the way.
                if preparer.prepared().ready > 0 {
                    std::thread::sleep(PREPARE_PAUSE);
                }
                matches!(woken.try_recv(), Err(TryRecvError::Disconnected))
            }
            Ok(Step::Done(prepared)) => {
                committer.set_prepared(prepared.ready);
                woken.recv().is_err()
            }
            // Whatever it is, commits go on with what is ready; if that runs out, they say so.
            Err(_) => matches!(woken.recv_timeout(RETRY), Err(RecvTimeoutError::Disconnected)),
        };
        if gone {
            return;
        }
    }
}
