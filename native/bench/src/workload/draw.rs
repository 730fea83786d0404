//! Numbers drawn from a seed.

/// A source of numbers (splitmix64): the same seed, the same numbers.
#[derive(Clone, Debug)]
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below a bound. (The bias of the remainder is of no account at the bounds that are drawn here.)
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// From `low` to `high`, both included.
    pub(super) fn within(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True so often in a million.
    pub(super) fn per_million(&mut self, share: u64) -> bool {
        self.below(1_000_000) < share
    }

    /// From 0 to below 1.
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds exactly")]
    pub(super) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Of a normal distribution of mean 0 and variance 1 (Box and Muller).
    pub(super) fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Of a Pareto distribution: at least `scale`, and the more rarely larger the greater its `shape`.
    pub(super) fn pareto(&mut self, scale: f64, shape: f64) -> f64 {
        scale / (1.0 - self.unit()).powf(1.0 / shape)
    }
}

/// Picks from a list by weight.
#[derive(Clone, Debug)]
pub(super) struct Weighted {
    /// Sums of the weights up to each.
    sums: Vec<f64>,
}

impl Weighted {
    pub(super) fn new(weights: impl IntoIterator<Item = f64>) -> Self {
        let mut sum = 0.0;
        let sums: Vec<f64> = weights
            .into_iter()
            .map(|weight| {
                sum += weight;
                sum
            })
            .collect();
        assert!(sum > 0.0, "nothing has any weight");
        Self { sums }
    }

    /// The place of one in the list.
    pub(super) fn pick(&self, draw: &mut Draw) -> usize {
        let total = self.sums[self.sums.len() - 1];
        let at = draw.unit() * total;
        self.sums.partition_point(|&sum| sum <= at).min(self.sums.len() - 1)
    }

    /// The share of one in all.
    pub(super) fn share(&self, at: usize) -> f64 {
        let before = if at == 0 { 0.0 } else { self.sums[at - 1] };
        (self.sums[at] - before) / self.sums[self.sums.len() - 1]
    }
}

/// The nearest whole number; zero for what is below it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rounded, and floored at zero")]
pub(super) fn nearest(number: f64) -> u64 {
    number.round().max(0.0) as u64
}

/// A whole number as a float.
#[expect(clippy::cast_precision_loss, reason = "prices and counts are far below 2^53")]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}
