//! The random source of the simulator: splitmix64, a dozen lines that will never change.
//!
//! A seed is a bug report, so a seed must mean the same run for ever. A crate's generator may change its
//! stream in a new version; this one may not. It is for choosing test cases and for nothing else.

/// A stream of numbers fixed by its seed.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The stream of a seed. `stream` tells apart several independent streams of one seed, so that a change
    /// to the workload does not reshuffle the schedule.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut rng =
            Self(seed.wrapping_mul(0xd134_2543_de82_ef95) ^ stream.wrapping_mul(0xaf25_1af3_b0f0_25b5));
        rng.next_u64();
        rng
    }

    /// Any number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

/// Whatever choices are made by: a seed's stream, or numbers from somewhere else. Where all of it is zeros, the
/// first choice of each is made.
pub trait Dice {
    /// A number from 0 to `bound - 1`. Slightly biased for huge bounds, which no test case minds.
    fn below(&mut self, bound: u64) -> u64;

    /// A number from `low` to `high`, both included.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        match (high - low).checked_add(1) {
            Some(width) => low + self.below(width),
            None => self.below(u64::MAX),
        }
    }

    /// An index into something of that length.
    fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("below a usize")
    }

    /// True once in `n` times; always for 1.
    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == n - 1
    }

    /// One of them.
    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.index(items.len())]
    }

    /// The position of one of the weights, each as likely as it is heavy; none while all are zero.
    fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> Option<usize>
    where
        Self: Sized,
    {
        let sum: u64 = weights.clone().sum();
        if sum == 0 {
            return None;
        }
        let mut left = self.below(sum);
        for (at, weight) in weights.enumerate() {
            if left < weight {
                return Some(at);
            }
            left -= weight;
        }
        unreachable!("a number below the sum falls into one of the weights")
    }
}

impl Dice for Rng {
    fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "nothing to choose from");
        self.next_u64() % bound
    }
}

/// Choices by a list of small numbers, zeros when it has run out. Lower numbers are simpler choices, which is
/// what lets a test framework shrink what was made of them.
#[derive(Clone, Debug)]
pub struct Words<'a>(pub &'a [u16]);

impl Words<'_> {
    fn next(&mut self) -> u64 {
        let (first, rest) = self.0.split_first().map_or((0, self.0), |(first, rest)| (*first, rest));
        self.0 = rest;
        u64::from(first)
    }
}

impl Dice for Words<'_> {
    fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "nothing to choose from");
        if bound <= 1 << 16 {
            return self.next() % bound;
        }
        let number = (0..4).fold(0, |number: u64, _| (number << 16) | self.next());
        number % bound
    }
}
