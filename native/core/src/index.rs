//! A map from an id to a value that can't be iterated, and so can't leak an order that depends on hashing.

#![expect(clippy::disallowed_types, reason = "the one place; it offers no iteration")]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Looks values up by a 64-bit id. Deterministic: same operations, same results, no iteration to observe.
#[derive(Debug)]
pub struct IdIndex<V> {
    map: HashMap<u64, V, BuildHasherDefault<IdHasher>>,
}

impl<V> Default for IdIndex<V> {
    fn default() -> Self {
        Self { map: HashMap::default() }
    }
}

impl<V> IdIndex<V> {
    /// The value of `id`.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&V> {
        self.map.get(&id)
    }

    /// Sets the value of `id`, which must have none.
    pub fn insert(&mut self, id: u64, value: V) {
        let before = self.map.insert(id, value);
        assert!(before.is_none(), "id {id} is in the index already");
    }

    /// Takes the value of `id` out.
    pub fn remove(&mut self, id: u64) -> Option<V> {
        self.map.remove(&id)
    }

    /// How many ids have a value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// True for none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

/// Multiplies by an odd constant and folds the high half in: ids are dense, and both ends of the product vary.
#[derive(Debug, Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 keys are hashed");
    }

    fn write_u64(&mut self, id: u64) {
        let product = id.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_put_in() {
        let mut index = IdIndex::default();
        for id in (0..10_000).map(|n| n * 64) {
            index.insert(id, id + 1);
        }
        assert_eq!(index.len(), 10_000);
        assert_eq!(index.get(640), Some(&641));
        assert_eq!(index.remove(640), Some(641));
        assert_eq!(index.get(640), None);
        assert!(!index.is_empty());
    }

    #[test]
    #[should_panic(expected = "in the index already")]
    fn refuses_to_forget_a_value() {
        let mut index = IdIndex::default();
        index.insert(1, ());
        index.insert(1, ());
    }
}
