//! What happened, in a few numbers: trades as they go by, books as they stand.

use lightning_core::types::Side;

/// A hash of words, in the order in which they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash(pub u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hash {
    /// Takes one word in.
    #[inline]
    pub fn add(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(0x0100_0000_01b3);
    }

    /// As 16 hex digits.
    #[must_use]
    pub fn hex(self) -> String {
        format!("{:016x}", self.0)
    }
}

/// The trades of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tape {
    /// How many.
    pub trades: u64,
    /// What they traded, in lots.
    pub lots: u64,
    /// Who with whom, at which price, how much.
    pub hash: Hash,
}

impl Tape {
    /// A trade: order ids, ticks, lots.
    #[inline]
    pub fn trade(&mut self, maker: u64, taker: u64, price: u64, quantity: u64) {
        self.trades += 1;
        self.lots += quantity;
        self.hash.add(maker);
        self.hash.add(taker);
        self.hash.add(price);
        self.hash.add(quantity);
    }
}

/// All orders of one side at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// In ticks.
    pub price: u64,
    /// In lots.
    pub lots: u64,
    /// How many.
    pub orders: u64,
}

/// The levels of one symbol, best first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Bids.
    pub bids: Vec<Level>,
    /// Asks.
    pub asks: Vec<Level>,
}

impl Depth {
    /// Made of orders in any order: side, price in ticks, open quantity in lots.
    pub fn of_orders(orders: impl IntoIterator<Item = (Side, u64, u64)>) -> Self {
        let mut sides = [std::collections::BTreeMap::new(), std::collections::BTreeMap::new()];
        for (side, price, lots) in orders {
            let level = sides[usize::from(side == Side::Sell)].entry(price).or_insert((0, 0));
            level.0 += lots;
            level.1 += 1;
        }
        let level = |(price, (lots, orders))| Level { price, lots, orders };
        let [bids, asks] = sides;
        Self {
            bids: bids.into_iter().rev().map(level).collect(),
            asks: asks.into_iter().map(level).collect(),
        }
    }

    /// How many orders rest.
    #[must_use]
    pub fn orders(&self) -> u64 {
        self.bids.iter().chain(&self.asks).map(|level| level.orders).sum()
    }

    /// The hash of the books of all symbols, in the order of their numbers.
    #[must_use]
    pub fn hash_of(all: &[Self]) -> Hash {
        let mut hash = Hash::default();
        for (symbol, depth) in (0_u64..).zip(all) {
            for (side, levels) in (0_u64..).zip([&depth.bids, &depth.asks]) {
                for level in levels {
                    for word in [symbol, side, level.price, level.lots, level.orders] {
                        hash.add(word);
                    }
                }
            }
        }
        hash
    }
}
