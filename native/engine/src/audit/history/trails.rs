//! Which trails are kept: a few, so that several iterations get on side by side, and never more.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::{HistoryOf, Trail};

/// So many at once, those included that are being read: each costs the state of the engine once more.
const TRAILS_MAX: usize = 4;

#[derive(Default)]
pub(super) struct Trails {
    waiting: Mutex<Waiting>,
    /// A seat is free.
    freed: Condvar,
}

#[derive(Default)]
struct Waiting {
    /// Those that nobody reads now, the longest unused first.
    trails: VecDeque<Resting>,
    /// Seats that are taken.
    taken: usize,
    is_closed: bool,
}

struct Resting {
    of: HistoryOf,
    /// What its next page begins with.
    next: u64,
    trail: Box<Trail>,
}

/// The right to have a trail: the one that was kept, or a new one.
pub(super) struct Seat<'a> {
    trails: &'a Trails,
    kept: Option<Box<Trail>>,
    left: Option<Resting>,
}

impl Trails {
    /// A seat for who reads a page: with the trail that stands where it begins, if one does. Waits while all are taken.
    pub(super) fn take(&self, of: HistoryOf, from: u64) -> Seat<'_> {
        let mut waiting = self.lock();
        while waiting.taken >= TRAILS_MAX {
            waiting = self.freed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        let kept = waiting.remove(of, from);
        waiting.taken += 1;
        let surplus = (waiting.taken + waiting.trails.len()).saturating_sub(TRAILS_MAX);
        let gone: Vec<Resting> = waiting.trails.drain(..surplus).collect();
        drop(waiting);
        drop(gone); // It takes its time, and nobody has to wait for it.
        Seat { trails: self, kept, left: None }
    }

    /// Nobody goes on with this one.
    pub(super) fn leave(&self, of: HistoryOf, next: u64) {
        let gone = self.lock().remove(of, next);
        drop(gone);
    }

    /// Keeps none any more.
    pub(super) fn close(&self) {
        let mut waiting = self.lock();
        waiting.is_closed = true;
        let gone = std::mem::take(&mut waiting.trails);
        drop(waiting);
        drop(gone);
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn remove(&mut self, of: HistoryOf, next: u64) -> Option<Box<Trail>> {
        let at = self.trails.iter().position(|resting| resting.of == of && resting.next == next)?;
        self.trails.remove(at).map(|resting| resting.trail)
    }
}

impl Seat<'_> {
    /// The trail that was kept.
    pub(super) fn kept(&mut self) -> Option<Box<Trail>> {
        self.kept.take()
    }

    /// Leaves a trail for the next page.
    pub(super) fn leave(mut self, of: HistoryOf, next: u64, trail: Box<Trail>) {
        self.left = Some(Resting { of, next, trail });
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut waiting = self.trails.lock();
        waiting.taken -= 1;
        if !waiting.is_closed {
            waiting.trails.extend(self.left.take());
        }
        drop(waiting);
        self.trails.freed.notify_one();
    }
}
