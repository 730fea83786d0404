//! What has crossed the border of the exchange in all time.

use std::collections::BTreeMap;

use crate::codec::{Decode, Encode, Input, Malformed};
use crate::ledger::Lifetime;
use crate::types::AssetId;

/// Sums over shards, by asset: deposits, withdrawals, transfers in and out, fees. How they are spread over shards is
/// no part of the state.
#[derive(Debug, Default)]
pub struct Totals(BTreeMap<AssetId, Lifetime>);

impl Totals {
    /// Hands out each asset's part of the state's hash.
    pub fn parts(&self, each: &mut dyn FnMut(AssetId, &[u8])) {
        let mut bytes = Vec::new();
        for (asset, lifetime) in self.iter() {
            bytes.clear();
            lifetime.encode(&mut bytes);
            each(asset, &bytes);
        }
    }

    /// Adds one shard's. An asset of which nothing ever moved is none.
    pub(crate) fn add(&mut self, asset: AssetId, lifetime: Lifetime) {
        if lifetime == Lifetime::default() {
            return;
        }
        let sum = self.0.entry(asset).or_default();
        sum.deposited += lifetime.deposited;
        sum.withdrawn += lifetime.withdrawn;
        sum.transferred_in += lifetime.transferred_in;
        sum.transferred_out += lifetime.transferred_out;
        sum.fees += lifetime.fees;
    }

    /// By asset. Shards may have had what they have not together: that is none.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (AssetId, Lifetime)> {
        self.0
            .iter()
            .map(|(&asset, &lifetime)| (asset, lifetime))
            .filter(|(_, sum)| *sum != Lifetime::default())
    }
}

impl Encode for Totals {
    fn encode(&self, out: &mut Vec<u8>) {
        self.iter().collect::<Vec<_>>().encode(out);
    }
}

impl Decode for Totals {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let malformed = input.malformed("totals out of order, or of nothing");
        let sums: Vec<(AssetId, Lifetime)> = Vec::decode(input)?;
        let nothing = sums.iter().any(|(_, sum)| *sum == Lifetime::default());
        if nothing || !sums.is_sorted_by(|a, b| a.0 < b.0) {
            return Err(malformed);
        }
        Ok(Self(sums.into_iter().collect()))
    }
}
