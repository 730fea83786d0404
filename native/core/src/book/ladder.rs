//! Prices of one side in order: leaves of 64 ticks, found through a 64-ary trie, an occupancy bitmap in each.
//!
//! What matching does all day happens within a few leaves next to the best price: their places are remembered in a
//! small table, so that finding a price costs one comparison, and the next price along one word. Where that fails,
//! finding a leaf, the first one and the next each cost one word per six bits of the highest price there has been
//! (three for prices below 16 M ticks), whatever the number of levels. A flat directory over a symbol's band would
//! save this walk, but nothing bounds a band; memory here follows the prices used. Leaves and nodes come from slabs
//! with free lists, so that levels may come and go without allocating once the book is warm. A sorted `Vec` would
//! move all levels behind a new one, and a B-tree compares its way down through memory allocated one by one.

use crate::types::Price;

const FANOUT_BITS: u32 = 6;
const FANOUT: usize = 1 << FANOUT_BITS;
const NONE: u32 = u32::MAX;
/// Places of leaves that are remembered, by the low bits of their keys: 4,096 ticks in a row.
const REMEMBERED: usize = 64;

/// A sorted map from price to a level's slot.
#[derive(Debug)]
pub(super) struct PriceLadder {
    leaves: Vec<Leaf>,
    free: Vec<u32>,
    /// From a leaf's key to its place.
    trie: Trie,
    /// Where leaves were last seen; each says itself whether it is still the one.
    remembered: [u32; REMEMBERED],
    len: usize,
}

/// The levels of 64 ticks.
#[derive(Debug)]
struct Leaf {
    occupied: u64,
    /// Its prices without their lowest digit.
    key: u64,
    levels: [u32; FANOUT],
}

/// Which way to look for the next price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

impl Default for PriceLadder {
    fn default() -> Self {
        Self {
            leaves: Vec::new(),
            free: Vec::new(),
            trie: Trie::default(),
            remembered: [NONE; REMEMBERED],
            len: 0,
        }
    }
}

impl PriceLadder {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub(super) fn get(&self, price: Price) -> Option<u32> {
        let (key, digit) = split(price);
        let leaf = &self.leaves[self.find(key)? as usize];
        (leaf.occupied & (1 << digit) != 0).then(|| leaf.levels[digit])
    }

    /// The level at a price, made if there is none.
    #[inline(always)]
    pub(super) fn get_or_insert(&mut self, price: Price, make: impl FnOnce() -> u32) -> u32 {
        let (key, digit) = split(price);
        let at = self.find(key).unwrap_or_else(|| self.new_leaf(key));
        self.remembered[remembered(key)] = at;
        let leaf = &mut self.leaves[at as usize];
        if leaf.occupied & (1 << digit) == 0 {
            leaf.occupied |= 1 << digit;
            leaf.levels[digit] = make();
            self.len += 1;
        }
        leaf.levels[digit]
    }

    /// Takes out a price that is there.
    #[inline(always)]
    pub(super) fn remove(&mut self, price: Price) {
        let (key, digit) = split(price);
        let Some(at) = self.find(key) else { panic!("{price:?} is not in the ladder") };
        let leaf = &mut self.leaves[at as usize];
        assert!(leaf.occupied & (1 << digit) != 0, "{price:?} is not in the ladder");
        leaf.occupied &= !(1 << digit);
        self.len -= 1;
        if leaf.occupied == 0 {
            self.drop_leaf(key, at);
        }
    }

    #[cold]
    #[inline(never)]
    fn drop_leaf(&mut self, key: u64, at: u32) {
        self.trie.remove(key);
        self.free.push(at);
    }

    /// The lowest price going up, the highest going down.
    pub(super) fn first(&self, direction: Direction) -> Option<(Price, u32)> {
        self.trie.first(direction).map(|(_, leaf)| self.outermost(leaf, direction))
    }

    /// The nearest price beyond `price` in the direction.
    pub(super) fn next(&self, price: Price, direction: Direction) -> Option<(Price, u32)> {
        let (key, digit) = split(price);
        if let Some(at) = self.find(key) {
            let leaf = &self.leaves[at as usize];
            if let Some(next) = nearest(beyond(leaf.occupied, digit, direction), direction) {
                return Some((join(key, next), leaf.levels[next]));
            }
        }
        self.next_leaf(key, direction)
    }

    /// Memory of what was ever in use.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&*self.leaves) + size_of_val(&*self.trie.nodes)
    }

    fn next_leaf(&self, key: u64, direction: Direction) -> Option<(Price, u32)> {
        self.trie.next(key, direction).map(|(_, leaf)| self.outermost(leaf, direction))
    }

    fn outermost(&self, leaf: u32, direction: Direction) -> (Price, u32) {
        let leaf = &self.leaves[leaf as usize];
        let digit = nearest(leaf.occupied, direction).expect("no empty leaf stays in the ladder");
        (join(leaf.key, digit), leaf.levels[digit])
    }

    #[inline(always)]
    fn find(&self, key: u64) -> Option<u32> {
        let at = self.remembered[remembered(key)];
        match self.leaves.get(at as usize) {
            Some(leaf) if leaf.key == key && leaf.occupied != 0 => Some(at),
            _ => self.trie.get(key),
        }
    }

    #[cold]
    #[inline(never)]
    fn new_leaf(&mut self, key: u64) -> u32 {
        let at = if let Some(at) = self.free.pop() {
            let leaf = &mut self.leaves[at as usize];
            assert!(leaf.occupied == 0, "a leaf in use is on the free list");
            leaf.key = key;
            at
        } else {
            let at = u32::try_from(self.leaves.len()).expect("fewer than 2^32 leaves");
            self.leaves.push(Leaf { occupied: 0, key, levels: [NONE; FANOUT] });
            at
        };
        self.trie.insert(key, at);
        at
    }
}

/// A price's leaf, and its place there.
#[inline(always)]
fn split(price: Price) -> (u64, usize) {
    (price.0 >> FANOUT_BITS, digit(price.0, 0))
}

#[expect(clippy::cast_possible_truncation, reason = "six bits")]
fn remembered(key: u64) -> usize {
    (key % REMEMBERED as u64) as usize
}

fn join(key: u64, digit: usize) -> Price {
    Price((key << FANOUT_BITS) | digit as u64)
}

/// A sorted map from the keys of leaves to their places.
#[derive(Debug)]
struct Trie {
    nodes: Vec<Node>,
    free: Vec<u32>,
    root: u32,
    /// How high it is: the root holds keys below 2^(6 * height).
    height: u32,
}

#[derive(Debug)]
struct Node {
    occupied: u64,
    /// Nodes of the next layer; in the lowest layer, leaves.
    children: [u32; FANOUT],
}

impl Default for Trie {
    fn default() -> Self {
        Self { nodes: Vec::new(), free: Vec::new(), root: NONE, height: 0 }
    }
}

impl Trie {
    fn get(&self, key: u64) -> Option<u32> {
        if self.root == NONE || !self.covers(key) {
            return None;
        }
        let mut at = self.root;
        for layer in (0..self.height).rev() {
            let node = &self.nodes[at as usize];
            let digit = digit(key, layer);
            if node.occupied & (1 << digit) == 0 {
                return None;
            }
            at = node.children[digit];
        }
        Some(at)
    }

    /// Adds a key that is not there yet.
    fn insert(&mut self, key: u64, value: u32) {
        if self.root == NONE {
            self.height = self.height.max(1);
            while !self.covers(key) {
                self.height += 1;
            }
            self.root = self.new_node();
        }
        while !self.covers(key) {
            self.raise();
        }
        let mut at = self.root;
        for layer in (1..self.height).rev() {
            let digit = digit(key, layer);
            if self.nodes[at as usize].occupied & (1 << digit) == 0 {
                let child = self.new_node();
                self.nodes[at as usize].set(digit, child);
            }
            at = self.nodes[at as usize].children[digit];
        }
        let digit = digit(key, 0);
        assert!(self.nodes[at as usize].occupied & (1 << digit) == 0, "leaf {key} is in the trie already");
        self.nodes[at as usize].set(digit, value);
    }

    /// Takes out a key that is there, and every node that it leaves empty.
    fn remove(&mut self, key: u64) {
        assert!(self.root != NONE && self.covers(key), "leaf {key} is not in the trie");
        let mut path = [NONE; (u64::BITS / FANOUT_BITS + 1) as usize];
        let mut at = self.root;
        for layer in (0..self.height).rev() {
            path[layer as usize] = at;
            let node = &self.nodes[at as usize];
            let digit = digit(key, layer);
            assert!(node.occupied & (1 << digit) != 0, "leaf {key} is not in the trie");
            at = node.children[digit];
        }
        for layer in 0..self.height {
            let node = path[layer as usize];
            self.nodes[node as usize].occupied &= !(1 << digit(key, layer));
            if self.nodes[node as usize].occupied != 0 {
                return;
            }
            self.free.push(node);
        }
        self.root = NONE;
    }

    /// The lowest key going up, the highest going down.
    fn first(&self, direction: Direction) -> Option<(u64, u32)> {
        (self.root != NONE).then(|| self.descend(self.root, self.height, 0, direction))
    }

    /// The nearest key beyond `key` in the direction.
    fn next(&self, key: u64, direction: Direction) -> Option<(u64, u32)> {
        if self.root == NONE || !self.covers(key) {
            return None;
        }
        // Walk down along `key`; remember the last place where a branch leads on in the direction.
        let mut branch = None;
        let mut at = self.root;
        for layer in (0..self.height).rev() {
            let node = &self.nodes[at as usize];
            let digit = digit(key, layer);
            if let Some(next) = nearest(beyond(node.occupied, digit, direction), direction) {
                branch = Some((at, layer, next));
            }
            if node.occupied & (1 << digit) == 0 {
                break;
            }
            at = node.children[digit];
        }
        let (node, layer, next) = branch?;
        let below = u64::MAX.checked_shl((layer + 1) * FANOUT_BITS).unwrap_or(0);
        let prefix = (key & below) | ((next as u64) << (layer * FANOUT_BITS));
        Some(self.descend(self.nodes[node as usize].children[next], layer, prefix, direction))
    }

    /// From a node whose subtree is `height` layers high, to its outermost key.
    fn descend(&self, node: u32, height: u32, prefix: u64, direction: Direction) -> (u64, u32) {
        let (mut at, mut key) = (node, prefix);
        for layer in (0..height).rev() {
            let node = &self.nodes[at as usize];
            let digit = nearest(node.occupied, direction).expect("no empty node stays in the trie");
            key |= (digit as u64) << (layer * FANOUT_BITS);
            at = node.children[digit];
        }
        (key, at)
    }

    fn covers(&self, key: u64) -> bool {
        key.checked_shr(self.height * FANOUT_BITS).unwrap_or(0) == 0
    }

    /// Puts a layer on top of a trie that has keys.
    fn raise(&mut self) {
        let top = self.new_node();
        self.nodes[top as usize].set(0, self.root);
        self.root = top;
        self.height += 1;
    }

    fn new_node(&mut self) -> u32 {
        if let Some(node) = self.free.pop() {
            assert!(self.nodes[node as usize].occupied == 0, "a node in use is on the free list");
            return node;
        }
        let node = u32::try_from(self.nodes.len()).expect("fewer than 2^32 nodes");
        self.nodes.push(Node { occupied: 0, children: [NONE; FANOUT] });
        node
    }
}

impl Node {
    fn set(&mut self, digit: usize, child: u32) {
        self.occupied |= 1 << digit;
        self.children[digit] = child;
    }
}

#[expect(clippy::cast_possible_truncation, reason = "six bits")]
fn digit(key: u64, layer: u32) -> usize {
    ((key >> (layer * FANOUT_BITS)) & (FANOUT as u64 - 1)) as usize
}

/// The occupied digits strictly beyond `digit`.
fn beyond(occupied: u64, digit: usize, direction: Direction) -> u64 {
    match direction {
        Direction::Up => occupied & (u64::MAX << digit) & !(1 << digit),
        Direction::Down => occupied & ((1 << digit) - 1),
    }
}

fn nearest(occupied: u64, direction: Direction) -> Option<usize> {
    match (occupied, direction) {
        (0, _) => None,
        (_, Direction::Up) => Some(occupied.trailing_zeros() as usize),
        (_, Direction::Down) => Some(63 - occupied.leading_zeros() as usize),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// A small xorshift: the core has no random source, and a test wants its own seed.
    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    #[test]
    fn agrees_with_a_sorted_map() {
        for seed in 1..200_u64 {
            let mut state = seed.wrapping_mul(0x2545_f491_4f6c_dd1d);
            // Some runs stay in few bits, some use the whole range: the trie must grow in height midway.
            let mask = u64::MAX >> (seed % 63);
            let mut ladder = PriceLadder::default();
            let mut model = BTreeMap::new();
            for step in 0..600_u32 {
                let price = random(&mut state) & mask;
                let pick = usize::try_from(random(&mut state) % (model.len() as u64 + 1)).unwrap();
                let known = model.keys().copied().nth(pick);
                match (random(&mut state) % 3, known) {
                    (0, Some(price)) => {
                        model.remove(&price);
                        ladder.remove(Price(price));
                    }
                    _ if !model.contains_key(&price) => {
                        model.insert(price, step);
                        assert_eq!(ladder.get_or_insert(Price(price), || step), step);
                        assert_eq!(ladder.get_or_insert(Price(price), || panic!("it is there")), step);
                    }
                    _ => {}
                }
                let probe = known.unwrap_or(price);
                let pair = |(&price, &value): (&u64, &u32)| (Price(price), value);
                assert_eq!(ladder.get(Price(probe)), model.get(&probe).copied());
                assert_eq!(ladder.first(Direction::Up), model.first_key_value().map(pair));
                assert_eq!(ladder.first(Direction::Down), model.last_key_value().map(pair));
                let above = (std::ops::Bound::Excluded(probe), std::ops::Bound::Unbounded);
                assert_eq!(ladder.next(Price(probe), Direction::Up), model.range(above).next().map(pair));
                assert_eq!(
                    ladder.next(Price(probe), Direction::Down),
                    model.range(..probe).next_back().map(pair)
                );
                assert_eq!(ladder.len(), model.len());
            }
        }
    }

    #[test]
    fn reuses_nodes_instead_of_allocating() {
        let mut ladder = PriceLadder::default();
        for price in 1..10_000 {
            ladder.get_or_insert(Price(price * 1_000), || 0);
        }
        for price in 1..10_000 {
            ladder.remove(Price(price * 1_000));
        }
        let nodes = (ladder.leaves.len(), ladder.trie.nodes.len());
        for price in 1..10_000 {
            ladder.get_or_insert(Price(price * 1_000), || 0);
        }
        assert_eq!((ladder.leaves.len(), ladder.trie.nodes.len()), nodes);
    }
}
