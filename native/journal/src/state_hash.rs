//! The hash of a state that comes in parts, in any order and from several places.

use std::collections::BTreeMap;

/// Puts a state's hash together. Parts are sorted, so the order in which they come does not matter.
#[derive(Clone, Debug, Default)]
pub struct StateHash {
    parts: BTreeMap<(u8, u64), [u8; 32]>,
}

impl StateHash {
    /// Adds a part: what it is of, its number, and its bytes. What several places have must be equal, and counts once.
    ///
    /// # Panics
    /// If the same part was added with other bytes.
    pub fn add(&mut self, part: u8, id: u64, bytes: &[u8]) {
        let hash = *blake3::hash(bytes).as_bytes();
        if let Some(before) = self.parts.insert((part, id), hash) {
            assert!(before == hash, "part {part} number {id} is not the same everywhere");
        }
    }

    /// The hash of all parts.
    #[must_use]
    pub fn finish(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        for ((part, id), hash) in &self.parts {
            hasher.update(&[*part]).update(&id.to_le_bytes()).update(hash);
        }
        *hasher.finalize().as_bytes()
    }
}
