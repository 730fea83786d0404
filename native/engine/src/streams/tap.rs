//! Where a shard leaves its news: it never waits, and what there is no room for is lost, and known to be.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lightning_core::events::{AccountNews, BookNews};
use lightning_core::message::Trade;
use lightning_core::types::Lsn;

/// News that wait for the market-data thread. More than that is lost.
pub(crate) const TAP_MAX: usize = 65_536;

/// What a sequencer leaves.
#[derive(Debug)]
pub(crate) enum AccountItem {
    /// What the fills of the next executions are found in: a matcher's batch, ascending by record.
    Trades(Arc<[Trade]>),
    /// What happened.
    News(AccountNews),
}

/// Which record something must not be seen before.
pub(crate) trait Caused {
    /// None: it may be seen when what is ahead of it may.
    fn cause(&self) -> Option<Lsn>;
}

impl Caused for BookNews {
    fn cause(&self) -> Option<Lsn> {
        match self {
            Self::Start(start) => Some(start.cause),
            Self::Changed(event) => Some(event.cause),
            Self::Ended(_) => None,
        }
    }
}

impl Caused for AccountItem {
    fn cause(&self) -> Option<Lsn> {
        match self {
            Self::Trades(_) => None,
            Self::News(news) => Some(news.cause),
        }
    }
}

/// The records of what was lost, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lost {
    /// The lowest.
    pub(crate) from: Lsn,
    /// The highest.
    pub(crate) to: Lsn,
}

impl Lost {
    /// Both.
    pub(crate) fn and(self, other: Option<Self>) -> Self {
        other.map_or(self, |other| Self { from: self.from.min(other.from), to: self.to.max(other.to) })
    }
}

/// One shard's.
#[derive(Debug)]
pub(crate) struct Tap<T> {
    inner: Mutex<Inner<T>>,
    anything: AtomicBool,
    len: AtomicU64,
}

#[derive(Debug)]
struct Inner<T> {
    items: Vec<T>,
    /// Behind all of `items`.
    lost: Option<Lost>,
}

impl<T> Default for Tap<T> {
    fn default() -> Self {
        let inner = Mutex::new(Inner { items: Vec::new(), lost: None });
        Self { inner, anything: AtomicBool::new(false), len: AtomicU64::new(0) }
    }
}

impl<T: Caused> Tap<T> {
    /// Takes over a batch: all of it, or none once something had to be left out.
    pub(crate) fn push(&self, batch: &mut Vec<T>) {
        if batch.is_empty() {
            return;
        }
        let mut inner = self.lock();
        if inner.lost.is_none() && inner.items.len() + batch.len() <= TAP_MAX {
            if inner.items.is_empty() {
                // Nothing has to be moved.
                std::mem::swap(&mut inner.items, batch);
            } else {
                inner.items.append(batch);
            }
        } else {
            for cause in batch.drain(..).filter_map(|item| item.cause()) {
                inner.lost = Some(Lost { from: cause, to: cause }.and(inner.lost));
            }
        }
        self.len.store(inner.items.len() as u64, Ordering::Relaxed);
        self.anything.store(true, Ordering::Release);
    }

    /// Takes all there is, behind what is in a buffer already, and says what was lost behind it.
    pub(crate) fn take(&self, into: &mut Vec<T>) -> Option<Lost> {
        if !self.anything.load(Ordering::Acquire) {
            return None;
        }
        let mut inner = self.lock();
        self.anything.store(false, Ordering::Release);
        self.len.store(0, Ordering::Relaxed);
        if into.is_empty() {
            std::mem::swap(&mut inner.items, into);
        } else {
            into.append(&mut inner.items);
        }
        inner.lost.take()
    }

    /// News that wait.
    pub(crate) fn len(&self) -> u64 {
        self.len.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, Inner<T>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use lightning_core::types::SymbolId;

    use super::*;

    #[derive(Debug)]
    struct Item(u64);

    impl Caused for Item {
        fn cause(&self) -> Option<Lsn> {
            Some(Lsn(self.0))
        }
    }

    #[test]
    fn a_full_tap_takes_nothing_more_and_says_what_was_lost() {
        let tap = Tap::default();
        let mut full: Vec<_> = (0..TAP_MAX as u64).map(Item).collect();
        tap.push(&mut full);
        assert!(full.is_empty());
        tap.push(&mut vec![Item(70_001), Item(70_002)]);
        tap.push(&mut vec![Item(70_000)]);
        let mut taken = Vec::new();
        assert_eq!(tap.take(&mut taken), Some(Lost { from: Lsn(70_000), to: Lsn(70_002) }));
        assert_eq!(taken.len(), TAP_MAX);
        taken.clear();
        // What comes now is taken again.
        tap.push(&mut vec![Item(7)]);
        assert_eq!((tap.take(&mut taken), taken.len(), tap.len()), (None, 1, 0));
    }

    #[test]
    fn what_ends_waits_for_what_is_ahead_of_it() {
        assert_eq!(BookNews::Ended(SymbolId(1)).cause(), None);
    }
}
