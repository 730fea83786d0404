//! Fees that have accrued at a symbol, until somebody collects them.

use crate::codec::wire_struct;
use crate::spec::SymbolSpec;
use crate::types::{Amount, AssetId, SignedAmount};

/// Net of rebates, in the symbol's two assets.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Accrued {
    base: SignedAmount,
    quote: SignedAmount,
}

impl Accrued {
    /// One side's fee of one fill.
    pub(super) fn add(&mut self, spec: &SymbolSpec, asset: AssetId, fee: SignedAmount) {
        if asset == spec.base() {
            self.base += fee;
        } else {
            assert!(asset == spec.quote(), "a fee in an asset that the symbol does not trade");
            self.quote += fee;
        }
    }

    /// What has accrued, by asset.
    pub(super) fn amounts(&self, spec: &SymbolSpec) -> [(AssetId, SignedAmount); 2] {
        [(spec.base(), self.base), (spec.quote(), self.quote)]
    }

    /// What can be collected: the assets in which more fees than rebates have accrued.
    pub(super) fn collectable(&self, spec: &SymbolSpec) -> Vec<(AssetId, Amount)> {
        let amounts = self.amounts(spec).map(|(asset, amount)| (asset, amount.positive()));
        amounts.into_iter().filter(|(_, amount)| !amount.is_zero()).collect()
    }

    /// Takes out what can be collected.
    pub(super) fn collect(&mut self) {
        for amount in [&mut self.base, &mut self.quote] {
            *amount += SignedAmount::rebate(amount.positive());
        }
    }
}

wire_struct!(Accrued { base: SignedAmount, quote: SignedAmount });

impl Accrued {
    /// Is it within what can be paid in fees?
    pub(super) fn is_sound(&self) -> bool {
        [self.base, self.quote].iter().all(|amount| amount.0.unsigned_abs() < 1 << 126)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::SymbolLimits;
    use crate::types::{Price, Quantity, SymbolId};

    #[test]
    fn only_what_is_positive_is_collected() {
        let limits = SymbolLimits {
            price_min: Price(1),
            price_max: Price(9),
            quantity_min: Quantity(1),
            quantity_max: Quantity(9),
            notional_min: Amount(0),
        };
        let spec = SymbolSpec::new(SymbolId(0), AssetId(4), AssetId(2), 1, 1, limits).unwrap();
        let mut accrued = Accrued::default();
        accrued.add(&spec, AssetId(4), SignedAmount(5));
        accrued.add(&spec, AssetId(2), SignedAmount(-3));
        assert_eq!(accrued.collectable(&spec), [(AssetId(4), Amount(5))]);
        accrued.collect();
        assert_eq!(accrued.amounts(&spec), [(AssetId(4), SignedAmount(0)), (AssetId(2), SignedAmount(-3))]);
        assert_eq!(accrued.collectable(&spec), []);
    }
}
