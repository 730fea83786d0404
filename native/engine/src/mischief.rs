//! What a test may do to a shard from inside: pause at random, or break at a chosen step.
//!
//! Random pauses make interleavings that a quiet machine never shows; a break stands for an invariant that
//! does not hold, which no call from outside can bring about. Both are off, and cost one comparison per batch,
//! unless a test asks for them.

use std::time::Duration;

/// Off unless a test says otherwise.
#[derive(Clone, Copy, Debug, Default)]
#[doc(hidden)]
pub struct Mischief {
    /// Seed of random pauses in every shard.
    pub jitter: Option<u64>,
    /// The first sequencer panics at its so many-th step.
    pub panic_after: Option<u64>,
    /// So many bytes that wait to be written are too many to take anything new.
    pub backlog_high: Option<u64>,
}

/// One shard's share of it.
#[derive(Debug, Default)]
pub(crate) struct ShardMischief {
    random: Option<u64>,
    steps_left: Option<u64>,
}

impl Mischief {
    /// For the sequencer, or the matcher, of that number.
    pub(crate) fn sequencer(self, shard: usize) -> ShardMischief {
        ShardMischief { random: self.seed(shard as u64), steps_left: self.panic_after.filter(|_| shard == 0) }
    }

    pub(crate) fn matcher(self, shard: usize) -> ShardMischief {
        ShardMischief { random: self.seed(100 + shard as u64), steps_left: None }
    }

    fn seed(self, shard: u64) -> Option<u64> {
        self.jitter.map(|seed| (seed ^ shard.wrapping_mul(0x9e37_79b9_7f4a_7c15)) | 1)
    }
}

impl ShardMischief {
    /// A step of the shard: between taking messages, and between sends.
    pub(crate) fn step(&mut self) {
        if let Some(left) = &mut self.steps_left {
            assert!(*left > 0, "a planted broken invariant");
            *left -= 1;
        }
        let Some(state) = &mut self.random else { return };
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        match *state % 64 {
            0 => std::thread::sleep(Duration::from_micros(*state % 200)),
            1..16 => std::thread::yield_now(),
            _ => {}
        }
    }
}
