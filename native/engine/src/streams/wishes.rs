//! What a shard is asked to tell, or to tell no more: the last word on each counts, and one message is under way.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Wishes to one shard.
#[derive(Debug)]
pub(crate) struct Wishes<K>(Mutex<Inner<K>>);

#[derive(Debug)]
struct Inner<K> {
    wanted: BTreeMap<K, bool>,
    under_way: bool,
}

impl<K> Default for Wishes<K> {
    fn default() -> Self {
        Self(Mutex::new(Inner { wanted: BTreeMap::new(), under_way: false }))
    }
}

impl<K: Ord> Wishes<K> {
    /// Is something to be told? True if the shard has to be sent for its wishes.
    pub(crate) fn wish(&self, what: K, on: bool) -> bool {
        let mut inner = self.lock();
        inner.wanted.insert(what, on);
        !std::mem::replace(&mut inner.under_way, true)
    }

    /// All of them, by the shard that was sent for them.
    pub(crate) fn take(&self) -> BTreeMap<K, bool> {
        let mut inner = self.lock();
        inner.under_way = false;
        std::mem::take(&mut inner.wanted)
    }

    /// Has the shard heard all of them?
    pub(crate) fn is_idle(&self) -> bool {
        let inner = self.lock();
        !inner.under_way && inner.wanted.is_empty()
    }

    /// Is there any?
    pub(crate) fn is_anything(&self) -> bool {
        !self.lock().wanted.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Inner<K>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_message_is_under_way_and_the_last_word_counts() {
        let wishes = Wishes::default();
        assert!(wishes.wish(1, true));
        assert!(!wishes.wish(1, false) && !wishes.wish(2, true));
        assert_eq!(wishes.take(), BTreeMap::from([(1, false), (2, true)]));
        assert!(wishes.wish(1, true));
    }
}
