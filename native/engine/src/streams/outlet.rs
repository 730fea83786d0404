//! How a session is woken: once, until it has polled, and for states alone not sooner than it may.
//!
//! Of some things every word counts: trades, executions, orders. Of others the newest state does: a book's levels, a
//! ticker. What the latter cost is bounded: between two looks at them passes four times what the last one took.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::replies::Wake;
use crate::streams::bell::Rung;

/// The part of a session that the market-data thread knows.
pub(crate) struct Outlet {
    wake: Wake,
    /// A wake-up is under way: no second one before the owner polls.
    woken: AtomicBool,
    /// Some subscription of whose kind every word counts may get more.
    wants_words: AtomicBool,
    /// Some subscription of whose kind the newest state counts may get more.
    wants_states: AtomicBool,
    /// There are new states, and it was too early to wake for them.
    has_states: AtomicBool,
    /// Nanoseconds since `began`: states are not looked at before.
    states_due: AtomicU64,
    began: Instant,
}

impl Outlet {
    pub(crate) fn new(wake: Wake) -> Self {
        Self {
            wake,
            woken: AtomicBool::new(false),
            wants_words: AtomicBool::new(false),
            wants_states: AtomicBool::new(false),
            has_states: AtomicBool::new(false),
            states_due: AtomicU64::new(0),
            began: Instant::now(),
        }
    }

    /// The owner polls, and this is what its subscriptions want: whatever comes from here on wakes it again. False if it is
    /// too early to look at states.
    pub(crate) fn polls(&self, words: bool, states: bool, now: Instant) -> bool {
        self.set_wants(words, states);
        let is_due = now >= self.due();
        if is_due {
            self.has_states.store(false, Ordering::SeqCst);
        }
        self.woken.store(false, Ordering::SeqCst);
        is_due
    }

    /// What subscriptions want.
    pub(crate) fn set_wants(&self, words: bool, states: bool) {
        self.wants_words.store(words, Ordering::SeqCst);
        self.wants_states.store(states, Ordering::SeqCst);
    }

    /// There may be new states that were not looked at.
    pub(crate) fn leave_states(&self) {
        self.has_states.store(true, Ordering::SeqCst);
    }

    /// States are not looked at before.
    pub(crate) fn set_due(&self, due: Instant) {
        let due = due.saturating_duration_since(self.began);
        self.states_due.store(u64::try_from(due.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    fn due(&self) -> Instant {
        self.began + Duration::from_nanos(self.states_due.load(Ordering::SeqCst))
    }

    /// Something is new. Wakes the owner if it wants that, or says when to try again.
    pub(crate) fn hear(&self, rung: Rung, now: Instant) -> Option<Instant> {
        if rung.has(Rung::EVERYBODY) {
            self.wake();
            return None;
        }
        if rung.has(Rung::BOOKS.and(Rung::WORDS)) {
            self.has_states.store(true, Ordering::SeqCst);
        }
        let due = self.due();
        let has_states = self.wants_states.load(Ordering::SeqCst) && self.has_states.load(Ordering::SeqCst);
        if has_states && now >= due {
            self.wake();
            return None;
        }
        if rung.has(Rung::WORDS) && self.wants_words.load(Ordering::SeqCst) {
            self.wake();
        }
        has_states.then_some(due)
    }

    /// Wakes the owner, unless that is under way.
    fn wake(&self) {
        if !self.woken.swap(true, Ordering::SeqCst) {
            (self.wake)();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn outlet() -> (Outlet, Arc<AtomicUsize>) {
        let woken = Arc::new(AtomicUsize::new(0));
        let count = woken.clone();
        let wake = move || _ = count.fetch_add(1, Ordering::SeqCst);
        (Outlet::new(Box::new(wake)), woken)
    }

    #[test]
    fn it_is_woken_once_until_it_polls() {
        let (outlet, woken) = outlet();
        let now = Instant::now();
        outlet.set_wants(true, false);
        outlet.hear(Rung::WORDS, now);
        outlet.hear(Rung::WORDS, now);
        assert_eq!(woken.load(Ordering::SeqCst), 1);
        outlet.polls(true, false, now);
        outlet.hear(Rung::BOOKS, now);
        assert_eq!(woken.load(Ordering::SeqCst), 1, "nobody wants states");
        outlet.hear(Rung::WORDS, now);
        assert_eq!(woken.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn for_states_it_is_woken_when_they_are_due() {
        let (outlet, woken) = outlet();
        let now = Instant::now();
        let due = now + Duration::from_secs(1);
        outlet.set_wants(true, true);
        outlet.set_due(due);
        assert!(outlet.hear(Rung::BOOKS, now).is_some());
        assert_eq!(woken.load(Ordering::SeqCst), 0);
        // Words do not wait for it, and states do not come with them.
        assert!(outlet.hear(Rung::WORDS, now).is_some());
        assert_eq!(woken.load(Ordering::SeqCst), 1);
        assert!(!outlet.polls(true, true, now));
        assert!(outlet.hear(Rung::LOOK, now).is_some(), "they are still there");
        assert_eq!(outlet.hear(Rung::NOTHING, due + Duration::from_secs(1)), None);
        assert_eq!(woken.load(Ordering::SeqCst), 2);
        assert!(outlet.polls(true, true, due + Duration::from_secs(1)));
    }

    #[test]
    fn everybody_is_woken_by_what_is_for_everybody_and_by_nothing_else() {
        let (outlet, woken) = outlet();
        let now = Instant::now();
        outlet.set_due(now + Duration::from_secs(1));
        outlet.hear(Rung::BOOKS.and(Rung::WORDS).and(Rung::LOOK).and(Rung::LATE), now);
        assert_eq!(woken.load(Ordering::SeqCst), 0, "it wants nothing");
        outlet.hear(Rung::ALL.and(Rung::LATE), now);
        assert_eq!(woken.load(Ordering::SeqCst), 1);
    }
}
