//! The state of an exchange, in parts that can be compared: whose fold it is, and on how many shards, must not
//! matter.

use std::collections::BTreeMap;

use lightning_core::fold::{Fold, Part};

/// What a state is made of.
#[derive(Debug, Default)]
pub(crate) struct State(BTreeMap<(Part, u64), Vec<u8>>);

impl State {
    pub(crate) fn of_fold(fold: &Fold) -> Self {
        let mut state = Self::default();
        fold.parts(&mut |part, id, bytes| state.add(part, id, bytes));
        state
    }

    /// Adds a part. What several shards have must be the same.
    pub(crate) fn add(&mut self, part: Part, id: u64, bytes: &[u8]) {
        if let Some(before) = self.0.insert((part, id), bytes.to_vec()) {
            assert_eq!(before, bytes, "{part:?} {id} of two shards");
        }
    }

    /// Panics unless the two are the same; `which` says which they are.
    pub(crate) fn expect_same(&self, other: &Self, which: &str) {
        for key in self.0.keys().chain(other.0.keys()) {
            assert_eq!(self.0.get(key), other.0.get(key), "{key:?}: {which}");
        }
    }

    /// A hash of everything, good enough to tell states apart that nobody made to collide.
    pub(crate) fn hash(&self) -> [u8; 32] {
        let mut lanes = [0x9e37_79b9_7f4a_7c15_u64, 0xbf58_476d_1ce4_e5b9, 0x94d0_49bb_1331_11eb, 1];
        let mut mix = |word: u64| {
            for (number, lane) in (1..).zip(&mut lanes) {
                *lane = (*lane ^ word).wrapping_mul(0x2127_599b_f432_5c37).rotate_left(29) ^ number;
            }
        };
        for ((part, id), bytes) in &self.0 {
            mix(*part as u64);
            mix(*id);
            mix(bytes.len() as u64);
            bytes.iter().for_each(|byte| mix(u64::from(*byte)));
        }
        let mut hash = [0; 32];
        for (lane, into) in lanes.iter().zip(hash.chunks_exact_mut(8)) {
            into.copy_from_slice(&lane.to_le_bytes());
        }
        hash
    }
}
