//! How a session is woken: once, until it has polled, and for states alone not sooner than it may.
//!
//! Of some things every word counts: trades, executions, orders. Of others the newest state does: a book's levels, a
//! ticker. What the latter cost is bounded: between two looks at them passes nineteen times what the last one took. Words
//! wait for four to nine times as long, and for less than a millisecond at most, where there are so many subscriptions that
//! looking at them takes long.

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
    /// There are new words, and it was too early to wake for them.
    has_words: AtomicBool,
    /// There are new states, and it was too early to wake for them.
    has_states: AtomicBool,
    /// Nanoseconds since `began`: nobody is woken for words before.
    words_due: AtomicU64,
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
            has_words: AtomicBool::new(false),
            has_states: AtomicBool::new(false),
            words_due: AtomicU64::new(0),
            states_due: AtomicU64::new(0),
            began: Instant::now(),
        }
    }

    /// The owner polls, and this is what its subscriptions want: whatever comes from here on wakes it again. False if it is
    /// too early to look at states. Where it goes on with a look, what has come since that began is not forgotten.
    pub(crate) fn polls(&self, words: bool, states: bool, continues: bool, now: Instant) -> bool {
        self.set_wants(words, states);
        let is_due = now >= self.time(&self.states_due);
        if is_due && !continues {
            self.has_states.store(false, Ordering::SeqCst);
        }
        self.has_words.store(false, Ordering::SeqCst);
        self.woken.store(false, Ordering::SeqCst);
        is_due
    }

    /// What subscriptions want.
    pub(crate) fn set_wants(&self, words: bool, states: bool) {
        self.wants_words.store(words, Ordering::SeqCst);
        self.wants_states.store(states, Ordering::SeqCst);
    }

    /// Are there new states, since a look at them began?
    pub(crate) fn has_states(&self) -> bool {
        self.has_states.load(Ordering::SeqCst)
    }

    /// There may be new states that were not looked at.
    pub(crate) fn leave_states(&self) {
        self.has_states.store(true, Ordering::SeqCst);
    }

    /// States are not looked at before.
    pub(crate) fn set_due(&self, due: Instant) {
        self.set_time(&self.states_due, due);
    }

    /// When states may be looked at.
    pub(crate) fn states_due(&self) -> Instant {
        self.time(&self.states_due)
    }

    /// Nobody is woken for words before.
    pub(crate) fn set_words_due(&self, due: Instant) {
        self.set_time(&self.words_due, due);
    }

    fn set_time(&self, of: &AtomicU64, time: Instant) {
        let time = time.saturating_duration_since(self.began);
        of.store(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::SeqCst);
    }

    fn time(&self, of: &AtomicU64) -> Instant {
        self.began + Duration::from_nanos(of.load(Ordering::SeqCst))
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
        if rung.has(Rung::WORDS) {
            self.has_words.store(true, Ordering::SeqCst);
        }
        let due = |wants: &AtomicBool, has: &AtomicBool, due: &AtomicU64| {
            let is_wanted = wants.load(Ordering::SeqCst) && has.load(Ordering::SeqCst);
            is_wanted.then(|| self.time(due))
        };
        let words = due(&self.wants_words, &self.has_words, &self.words_due);
        let states = due(&self.wants_states, &self.has_states, &self.states_due);
        if words.into_iter().chain(states).any(|due| due <= now) {
            self.wake();
        }
        // What it is woken for it looks at when it is there.
        words.into_iter().chain(states).filter(|&due| due > now).min()
    }

    /// When it may be woken at the earliest for what its subscriptions want; none if they want nothing, or it has been
    /// woken and has not polled yet.
    pub(crate) fn earliest(&self) -> Option<Instant> {
        if self.woken.load(Ordering::SeqCst) {
            return None;
        }
        let due = |wants: &AtomicBool, due| wants.load(Ordering::SeqCst).then(|| self.time(due));
        let (words, states) = (&self.words_due, &self.states_due);
        due(&self.wants_words, words).into_iter().chain(due(&self.wants_states, states)).min()
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
        outlet.polls(true, false, false, now);
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
        assert!(!outlet.polls(true, true, false, now));
        assert!(outlet.hear(Rung::LOOK, now).is_some(), "they are still there");
        assert_eq!(outlet.hear(Rung::NOTHING, due + Duration::from_secs(1)), None);
        assert_eq!(woken.load(Ordering::SeqCst), 2);
        assert!(outlet.polls(true, true, false, due + Duration::from_secs(1)));
    }

    #[test]
    fn it_says_when_it_may_be_woken() {
        let (outlet, _) = outlet();
        let now = Instant::now();
        let (words, states) = (now + Duration::from_secs(2), now + Duration::from_secs(1));
        outlet.set_words_due(words);
        outlet.set_due(states);
        assert_eq!(outlet.earliest(), None, "it wants nothing");
        outlet.set_wants(true, false);
        assert_eq!(outlet.earliest(), Some(words));
        outlet.set_wants(true, true);
        assert_eq!(outlet.earliest(), Some(states));
        outlet.hear(Rung::WORDS, words);
        assert_eq!(outlet.earliest(), None, "it is woken");
        outlet.polls(true, true, false, now);
        assert_eq!(outlet.earliest(), Some(states));
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
