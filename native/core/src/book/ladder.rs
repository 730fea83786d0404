//! Prices of one side in order: a 64-ary trie over ticks with an occupancy bitmap in every node.
//!
//! Finding a price, the best price and the next price each cost one word per six bits of the highest price there
//! has been (four for prices below 16 M ticks), whatever the number of levels. Nodes come from a slab with a
//! free list, so that levels may come and go without allocating once the book is warm. A sorted `Vec` would
//! move all levels behind a new one, and a B-tree compares its way down through memory allocated one by one.

use crate::types::Price;

const FANOUT_BITS: u32 = 6;
const FANOUT: usize = 1 << FANOUT_BITS;
const NONE: u32 = u32::MAX;

/// A sorted map from price to a level's slot.
#[derive(Debug)]
pub(super) struct PriceLadder {
    nodes: Vec<Node>,
    free: Vec<u32>,
    root: u32,
    /// Height of the trie: the root holds prices below 2^(6 * height).
    height: u32,
    len: usize,
}

#[derive(Debug)]
struct Node {
    occupied: u64,
    /// Nodes of the next layer; in the lowest layer, values.
    children: [u32; FANOUT],
}

/// Which way to look for the next price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

impl Default for PriceLadder {
    fn default() -> Self {
        Self { nodes: Vec::new(), free: Vec::new(), root: NONE, height: 0, len: 0 }
    }
}

impl PriceLadder {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, price: Price) -> Option<u32> {
        if self.root == NONE || !self.covers(price) {
            return None;
        }
        let mut at = self.root;
        for layer in (0..self.height).rev() {
            let node = &self.nodes[at as usize];
            let digit = digit(price, layer);
            if node.occupied & (1 << digit) == 0 {
                return None;
            }
            at = node.children[digit];
        }
        Some(at)
    }

    /// Adds a price that is not there yet.
    pub(super) fn insert(&mut self, price: Price, value: u32) {
        if self.root == NONE {
            self.height = self.height.max(1);
            while !self.covers(price) {
                self.height += 1;
            }
            self.root = self.new_node();
        }
        while !self.covers(price) {
            self.raise();
        }
        let mut at = self.root;
        for layer in (1..self.height).rev() {
            let digit = digit(price, layer);
            if self.nodes[at as usize].occupied & (1 << digit) == 0 {
                let child = self.new_node();
                self.nodes[at as usize].set(digit, child);
            }
            at = self.nodes[at as usize].children[digit];
        }
        let digit = digit(price, 0);
        assert!(self.nodes[at as usize].occupied & (1 << digit) == 0, "{price:?} is in the ladder already");
        self.nodes[at as usize].set(digit, value);
        self.len += 1;
    }

    /// Takes out a price that is there, and every node that it leaves empty.
    pub(super) fn remove(&mut self, price: Price) {
        assert!(self.root != NONE && self.covers(price), "{price:?} is not in the ladder");
        let mut path = [NONE; (u64::BITS / FANOUT_BITS + 1) as usize];
        let mut at = self.root;
        for layer in (0..self.height).rev() {
            path[layer as usize] = at;
            let node = &self.nodes[at as usize];
            let digit = digit(price, layer);
            assert!(node.occupied & (1 << digit) != 0, "{price:?} is not in the ladder");
            at = node.children[digit];
        }
        self.len -= 1;
        for layer in 0..self.height {
            let node = path[layer as usize];
            self.nodes[node as usize].occupied &= !(1 << digit(price, layer));
            if self.nodes[node as usize].occupied != 0 {
                return;
            }
            self.free.push(node);
        }
        self.root = NONE;
    }

    /// The lowest price going up, the highest going down.
    pub(super) fn first(&self, direction: Direction) -> Option<(Price, u32)> {
        (self.root != NONE).then(|| self.descend(self.root, self.height, 0, direction))
    }

    /// The nearest price beyond `price` in the direction.
    pub(super) fn next(&self, price: Price, direction: Direction) -> Option<(Price, u32)> {
        if self.root == NONE || !self.covers(price) {
            return None;
        }
        // Walk down along `price`; remember the last place where a branch leads on in the direction.
        let mut branch = None;
        let mut at = self.root;
        for layer in (0..self.height).rev() {
            let node = &self.nodes[at as usize];
            let digit = digit(price, layer);
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
        let prefix = (price.0 & below) | ((next as u64) << (layer * FANOUT_BITS));
        Some(self.descend(self.nodes[node as usize].children[next], layer, prefix, direction))
    }

    /// From a node whose subtree is `height` layers high, to its outermost price.
    fn descend(&self, node: u32, height: u32, prefix: u64, direction: Direction) -> (Price, u32) {
        let (mut at, mut price) = (node, prefix);
        for layer in (0..height).rev() {
            let node = &self.nodes[at as usize];
            let digit = nearest(node.occupied, direction).expect("no empty node stays in the ladder");
            price |= (digit as u64) << (layer * FANOUT_BITS);
            at = node.children[digit];
        }
        (Price(price), at)
    }

    fn covers(&self, price: Price) -> bool {
        price.0.checked_shr(self.height * FANOUT_BITS).unwrap_or(0) == 0
    }

    /// Puts a layer on top of a ladder that has prices.
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
        let node = u32::try_from(self.nodes.len()).expect("fewer than 2^32 ladder nodes");
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
fn digit(price: Price, layer: u32) -> usize {
    ((price.0 >> (layer * FANOUT_BITS)) & (FANOUT as u64 - 1)) as usize
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
                        ladder.insert(Price(price), step);
                    }
                    _ => {}
                }
                let probe = known.unwrap_or(price);
                let pair = |(&price, &value): (&u64, &u32)| (Price(price), value);
                assert_eq!(ladder.get(Price(probe)), model.get(&probe).copied());
                assert_eq!(ladder.first(Direction::Up), model.first_key_value().map(pair));
                assert_eq!(ladder.first(Direction::Down), model.last_key_value().map(pair));
                if ladder.covers(Price(probe)) {
                    let above = (std::ops::Bound::Excluded(probe), std::ops::Bound::Unbounded);
                    assert_eq!(ladder.next(Price(probe), Direction::Up), model.range(above).next().map(pair));
                    assert_eq!(
                        ladder.next(Price(probe), Direction::Down),
                        model.range(..probe).next_back().map(pair)
                    );
                }
                assert_eq!(ladder.len(), model.len());
            }
        }
    }

    #[test]
    fn reuses_nodes_instead_of_allocating() {
        let mut ladder = PriceLadder::default();
        for price in 1..10_000 {
            ladder.insert(Price(price * 1_000), 0);
        }
        for price in 1..10_000 {
            ladder.remove(Price(price * 1_000));
        }
        let nodes = ladder.nodes.len();
        for price in 1..10_000 {
            ladder.insert(Price(price * 1_000), 0);
        }
        assert_eq!(ladder.nodes.len(), nodes);
    }
}
