//! How shards call the market-data thread: a flag each time, and a system call only when it sleeps.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering, fence};
use std::thread::Thread;
use std::time::Duration;

/// What a ring is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rung(pub(crate) u8);

impl Rung {
    /// Nothing.
    pub(crate) const NOTHING: Self = Self(0);
    /// Books have changed.
    pub(crate) const BOOKS: Self = Self(1);
    /// Something happened of which each word counts: trades, news of books and accounts.
    pub(crate) const WORDS: Self = Self(2);
    /// A session has left something for later.
    pub(crate) const LOOK: Self = Self(4);
    /// Trades wait to be made candles of.
    pub(crate) const LATE: Self = Self(8);
    /// The engine's state has changed: everybody is woken.
    pub(crate) const ALL: Self = Self(Self::EVERYBODY.0 | Self::BOOKS.0 | Self::WORDS.0 | Self::LOOK.0);
    /// In it only where everybody is woken.
    pub(crate) const EVERYBODY: Self = Self(16);

    /// What a matcher's batch is about.
    pub(crate) const fn of(books: bool, trades: bool) -> Self {
        match (books, trades) {
            (_, true) => Self(Self::BOOKS.0 | Self::WORDS.0),
            (true, false) => Self::BOOKS,
            (false, false) => Self::NOTHING,
        }
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Is any of that in it?
    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Rung by anybody, answered by one thread; in an inline engine by nobody.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    rung: AtomicU8,
    asleep: AtomicBool,
    thread: OnceLock<Thread>,
}

impl Bell {
    /// Rings.
    pub(crate) fn ring(&self, about: Rung) {
        // Said before it is looked whether anybody sleeps, as who goes to sleep says so before looking for this: one of
        // the two sees the other.
        // Behind what it announces: a flag that is still there is taken by somebody who sees that.
        fence(Ordering::SeqCst);
        if self.rung.load(Ordering::SeqCst) & about.0 != about.0 {
            self.rung.fetch_or(about.0, Ordering::SeqCst);
        }
        if self.asleep.load(Ordering::SeqCst)
            && self.asleep.swap(false, Ordering::SeqCst)
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
    }

    /// What was rung for since.
    pub(crate) fn take(&self) -> Rung {
        Rung(self.rung.swap(0, Ordering::SeqCst))
    }

    /// The calling thread answers from now on.
    pub(crate) fn attend(&self) {
        let _ = self.thread.set(std::thread::current());
    }

    /// Sleeps until it rings, and at most so long; for ever without.
    pub(crate) fn wait(&self, at_most: Option<Duration>) {
        self.asleep.store(true, Ordering::SeqCst);
        if self.rung.load(Ordering::SeqCst) == 0 {
            match at_most {
                Some(at_most) => std::thread::park_timeout(at_most),
                None => std::thread::park(),
            }
        }
        self.asleep.store(false, Ordering::SeqCst);
    }
}
