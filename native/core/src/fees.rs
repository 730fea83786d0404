//! Fee rates, and the two roundings that money knows: fees up, rebates down.

use crate::types::{Amount, SignedAmount};

/// A whole, in parts per million.
pub const PPM: u128 = 1_000_000;

/// An order's fee rates in parts per million, fixed when it is accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FeeRates {
    /// When it rests: -1,000,000 to 1,000,000; negative is a rebate.
    pub maker_ppm: i32,
    /// When it takes: 0 to 1,000,000.
    pub taker_ppm: u32,
}

impl FeeRates {
    /// Are both within their bounds?
    #[must_use]
    pub const fn is_sound(self) -> bool {
        self.taker_ppm <= 1_000_000 && self.maker_ppm >= -1_000_000 && self.maker_ppm <= 1_000_000
    }

    /// The most it may have to pay per fill: what a buyer's reservation counts with where fees come on top.
    #[must_use]
    pub fn ceiling_ppm(self) -> u32 {
        self.taker_ppm.max(u32::try_from(self.maker_ppm).unwrap_or(0))
    }
}

/// What fees are paid in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeeMode {
    /// Each side pays out of what it receives: a buyer in base, a seller in quote.
    #[default]
    Received,
    /// Both pay quote: a seller out of the proceeds, a buyer on top of the price.
    Quote,
}

/// A fee on `amount`: rounded **up**, for the house.
#[must_use]
pub fn fee_up(amount: Amount, ppm: u32) -> Amount {
    Amount(product(amount, ppm).div_ceil(PPM))
}

/// A rebate on `amount`: rounded **down**, for the house.
#[must_use]
pub fn rebate_down(amount: Amount, ppm: u32) -> Amount {
    Amount(product(amount, ppm) / PPM)
}

fn product(amount: Amount, ppm: u32) -> u128 {
    amount
        .0
        .checked_mul(u128::from(ppm))
        .unwrap_or_else(|| panic!("a fee of {ppm} ppm on {amount:?} overflows"))
}

/// A maker's rate beside its taker's: a rebate is cut to what the taker pays, unless the symbol allows more.
#[must_use]
pub fn maker_rate(maker_ppm: i32, taker_ppm: u32, allow_net_rebate: bool) -> i32 {
    if allow_net_rebate || maker_ppm >= 0 {
        return maker_ppm;
    }
    maker_ppm.max(-i32::try_from(taker_ppm).expect("a rate is at most 1,000,000"))
}

/// The fee of somebody who pays out of what the fill brings: at most that; a negative rate is a rebate.
#[must_use]
pub fn fee_on_received(received: Amount, ppm: i32) -> SignedAmount {
    match u32::try_from(ppm) {
        Ok(ppm) => SignedAmount::paid(fee_up(received, ppm).min(received)),
        Err(_) => SignedAmount::rebate(rebate_down(received, ppm.unsigned_abs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fees_round_up_and_rebates_down() {
        assert_eq!(fee_up(Amount(1), 1), Amount(1));
        assert_eq!(fee_up(Amount(1_000_000), 750), Amount(750));
        assert_eq!(fee_up(Amount(1_000_001), 750), Amount(751));
        assert_eq!(fee_up(Amount(0), 750), Amount(0));
        assert_eq!(rebate_down(Amount(1_999), 1_000), Amount(1));
        assert_eq!(fee_on_received(Amount(1_000_001), -750), SignedAmount(-750));
    }

    #[test]
    fn a_fee_is_at_most_what_was_received() {
        assert_eq!(fee_on_received(Amount(1), 1_000_000), SignedAmount(1));
        assert_eq!(fee_on_received(Amount(3), 999_999), SignedAmount(3));
    }

    #[test]
    fn a_rebate_is_cut_to_the_takers_fee() {
        assert_eq!(maker_rate(-200, 100, false), -100);
        assert_eq!(maker_rate(-200, 100, true), -200);
        assert_eq!(maker_rate(-50, 100, false), -50);
        assert_eq!(maker_rate(50, 0, false), 50);
        assert_eq!(FeeRates { maker_ppm: -5, taker_ppm: 3 }.ceiling_ppm(), 3);
        assert_eq!(FeeRates { maker_ppm: 5, taker_ppm: 3 }.ceiling_ppm(), 5);
    }
}
