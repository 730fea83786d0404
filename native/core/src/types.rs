//! The units and identities of the exchange, one newtype each.
//!
//! Nothing here knows a decimal string: prices are whole ticks, quantities whole lots, money whole atoms.
//! Arithmetic is checked and stays inside one unit; the only crossings between units are the conversions of
//! [`crate::spec::SymbolSpec`], each named after what it converts. An overflow or an underflow in here can
//! only be our own bug (the edge refused everything that could cause one), so the operators panic with their
//! operands, which halts the engine; what a client may legitimately cause uses `checked_*`.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// Ids and sequence numbers stay below 2^53, so that a JavaScript number holds each of them exactly.
pub const ID_MAX: u64 = (1 << 53) - 1;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

id!(
    /// An account, named by the caller: 1 to [`ID_MAX`].
    AccountId(u64)
);
id!(
    /// An asset, numbered densely from 0 in the order of creation.
    AssetId(u32)
);
id!(
    /// A symbol, numbered densely from 0 in the order of creation.
    SymbolId(u32)
);
id!(
    /// An order, named by the engine: 1 to [`ID_MAX`], unique over all symbols and shards, never reused.
    OrderId(u64)
);
id!(
    /// A trade of one symbol: 1, 2, 3 ... without holes.
    TradeId(u64)
);
id!(
    /// A list of orders that share their fate (an OCO): 1 to [`ID_MAX`], from the same counter as order ids.
    ListId(u64)
);
id!(
    /// Accounts that must not trade with each other, named by the operator: 1 to 2^32 - 1.
    StpGroup(u32)
);
id!(
    /// Who waits for a reply. Chosen by the edge; the core hands it back untouched.
    Ticket(u64)
);
id!(
    /// A record's place in the journal. Only [`crate::log::Log::append`] hands one out; whatever leaves a
    /// shard names the one it was caused by, which is how "append before emit" became a matter of types.
    Lsn(u64)
);
id!(
    /// Nanoseconds since 1970-01-01 UTC. Time is an input: the core never reads a clock.
    Timestamp(u64)
);

macro_rules! unit {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl $name {
            /// Nothing of it.
            pub const ZERO: Self = Self(0);

            /// True for none at all.
            #[must_use]
            pub const fn is_zero(self) -> bool {
                self.0 == 0
            }

            /// The sum, or `None` when it does not fit.
            #[must_use]
            pub fn checked_add(self, other: Self) -> Option<Self> {
                self.0.checked_add(other.0).map(Self)
            }

            /// The difference, or `None` when `other` is larger.
            #[must_use]
            pub fn checked_sub(self, other: Self) -> Option<Self> {
                self.0.checked_sub(other.0).map(Self)
            }
        }

        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                match self.checked_add(other) {
                    Some(sum) => sum,
                    None => panic!("{self:?} + {other:?} overflows"),
                }
            }
        }

        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                match self.checked_sub(other) {
                    Some(difference) => difference,
                    None => panic!("{self:?} - {other:?} is negative"),
                }
            }
        }

        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }

        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }

        impl std::iter::Sum for $name {
            fn sum<I: Iterator<Item = Self>>(items: I) -> Self {
                items.fold(Self::ZERO, Add::add)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

unit!(
    /// A price in ticks of its symbol: what one base unit costs, divided by the symbol's tick size.
    Price(u64)
);
unit!(
    /// A quantity of the base asset in lots of its symbol.
    Quantity(u64)
);
unit!(
    /// Money: a count of an asset's smallest units (10^-scale of it). Never negative: a balance that would
    /// go below zero is a broken invariant, and the subtraction halts.
    Amount(u128)
);

/// Money with a sign, in an asset's smallest units: fees paid (positive), and rebates received (negative).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignedAmount(pub i128);

impl SignedAmount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// True for none at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What is paid.
    #[must_use]
    pub fn paid(amount: Amount) -> Self {
        Self(i128::try_from(amount.0).expect("an amount of money is below 2^127"))
    }

    /// What is received instead.
    #[must_use]
    pub fn rebate(amount: Amount) -> Self {
        Self(-Self::paid(amount).0)
    }

    /// Its size when it is positive, otherwise zero.
    #[must_use]
    pub fn positive(self) -> Amount {
        Amount(u128::try_from(self.0).unwrap_or(0))
    }

    /// Its size when it is negative, otherwise zero.
    #[must_use]
    pub fn negative(self) -> Amount {
        Amount(if self.0 < 0 { self.0.unsigned_abs() } else { 0 })
    }
}

impl Add for SignedAmount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).expect("a sum of fees is within 2^127"))
    }
}

impl AddAssign for SignedAmount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl fmt::Display for SignedAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An order's side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// Gives quote, receives base. Rests among the bids.
    Buy,
    /// Gives base, receives quote. Rests among the asks.
    Sell,
}

impl Side {
    /// The side this one trades with.
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// Would an incoming order of this side, limited to `limit`, trade with a maker at `maker`?
    #[must_use]
    pub fn crosses(self, limit: Price, maker: Price) -> bool {
        match self {
            Self::Buy => maker <= limit,
            Self::Sell => maker >= limit,
        }
    }

    /// Is a resting order of this side at `a` ahead of one at `b`, by price alone?
    #[must_use]
    pub fn is_better(self, a: Price, b: Price) -> bool {
        match self {
            Self::Buy => a > b,
            Self::Sell => a < b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_add_and_subtract_exactly() {
        assert_eq!(Amount(3) + Amount(4), Amount(7));
        assert_eq!(Quantity(9) - Quantity(9), Quantity::ZERO);
        assert_eq!(Amount(u128::MAX).checked_add(Amount(1)), None);
        assert_eq!(Price(1).checked_sub(Price(2)), None);
    }

    #[test]
    #[should_panic(expected = "Amount(1) - Amount(2) is negative")]
    fn an_underflow_halts_and_says_so() {
        let _ = Amount(1) - Amount(2);
    }

    #[test]
    fn crossing_is_by_the_takers_limit() {
        assert!(Side::Buy.crosses(Price(10), Price(10)));
        assert!(!Side::Buy.crosses(Price(9), Price(10)));
        assert!(Side::Sell.crosses(Price(10), Price(11)));
        assert!(!Side::Sell.crosses(Price(10), Price(9)));
    }
}
