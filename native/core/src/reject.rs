//! Every refusal, as data: a stable code and what the caller needs to know about it.
//!
//! The list is append-only. A code's string is the contract, its number is stable, its text may change.

use crate::message::OrderStatus;
use crate::types::{Amount, AssetId, OrderId};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $number:literal $string:literal),+ $(,)?) => {
        /// A refusal's code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u16)]
        pub enum Code {
            $($(#[doc = $doc])+ $name = $number,)+
        }

        impl Code {
            /// Every code, by number.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable string, for instance `INSUFFICIENT_BALANCE`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $string),+ }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii_start()),+ }
            }
        }
    };
}

codes! {
    /// The request is malformed: a wrong type, an id that is no positive integer below 2^53, a bad option.
    InvalidRequest = 1000 "INVALID_REQUEST",
    /// A field that this kind of request needs is missing.
    MissingField = 1001 "MISSING_FIELD",
    /// Two fields exclude each other, for instance quantity and quoteQuantity.
    ConflictingFields = 1002 "CONFLICTING_FIELDS",
    /// Not a plain positive decimal: digits, at most one point between digits, no sign, no exponent.
    InvalidDecimal = 1003 "INVALID_DECIMAL",
    /// More decimals than the asset has. Nothing is ever rounded.
    BadPrecision = 1004 "BAD_PRECISION",
    /// The number does not fit the engine's integers.
    NumberOverflow = 1005 "NUMBER_OVERFLOW",
    /// The side is neither `buy` nor `sell`.
    InvalidSide = 1006 "INVALID_SIDE",
    /// The order type is unknown.
    InvalidOrderType = 1007 "INVALID_ORDER_TYPE",
    /// The time in force is unknown.
    InvalidTif = 1008 "INVALID_TIF",
    /// The fields are valid one by one but not together, for instance a market order with a price.
    UnsupportedCombination = 1009 "UNSUPPORTED_COMBINATION",
    /// The number of Level2 levels is outside 1 to 20.
    InvalidDepth = 1012 "INVALID_DEPTH",
    /// There is no such symbol.
    UnknownSymbol = 2000 "UNKNOWN_SYMBOL",
    /// The price is not a multiple of the symbol's tick size.
    PriceTick = 2010 "PRICE_TICK",
    /// The price is outside the symbol's minPrice to maxPrice.
    PriceRange = 2011 "PRICE_RANGE",
    /// The quantity is not a multiple of the symbol's lot size.
    QtyLot = 2020 "QTY_LOT",
    /// The quantity is outside the symbol's minQuantity to maxQuantity.
    QtyRange = 2021 "QTY_RANGE",
    /// Price x quantity, or the quote quantity, is below the symbol's minNotional or the cost of one lot.
    NotionalRange = 2030 "NOTIONAL_RANGE",
    /// The account has as many open orders as it may have.
    TooManyOpenOrders = 2050 "TOO_MANY_OPEN_ORDERS",
    /// There is no such account: an account begins with its first deposit.
    UnknownAccount = 3000 "UNKNOWN_ACCOUNT",
    /// The account's available balance is below what the request needs.
    InsufficientBalance = 3010 "INSUFFICIENT_BALANCE",
    /// The balance would grow beyond what the engine counts.
    BalanceOverflow = 3012 "BALANCE_OVERFLOW",
    /// There is no such asset.
    UnknownAsset = 3020 "UNKNOWN_ASSET",
    /// There is no such order, or it is another account's (which is not told apart, so that ids leak nothing).
    UnknownOrder = 4000 "UNKNOWN_ORDER",
    /// The order has already been filled, canceled or expired.
    OrderAlreadyClosed = 4002 "ORDER_ALREADY_CLOSED",
    /// An asset of that code exists.
    AssetExists = 6000 "ASSET_EXISTS",
    /// A symbol of that name exists.
    SymbolExists = 6002 "SYMBOL_EXISTS",
    /// tickSize x lotSize is not a whole number of quote atoms, or a limit of the symbol could overflow.
    SymbolPrecisionInexact = 6004 "SYMBOL_PRECISION_INEXACT",
    /// A broken invariant: the engine has halted and must be opened again.
    Internal = 9000 "INTERNAL",
    /// As many commands are in flight as may be. Nothing was done: safe to retry.
    Busy = 9001 "BUSY",
    /// The engine halted before this call was answered: it may or may not have happened.
    OutcomeUnknown = 9008 "OUTCOME_UNKNOWN",
    /// Part of the plan, not of this version.
    NotSupported = 9009 "NOT_SUPPORTED",
    /// The engine is closed.
    EngineClosed = 9010 "ENGINE_CLOSED",
}

impl Code {
    /// The stable number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self as u16
    }

    /// May the very same request succeed when it is sent again?
    #[must_use]
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::Busy)
    }
}

/// One refusal. Nothing was changed by the request that got it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Which.
    pub code: Code,
    /// What else the caller wants to know.
    pub detail: Detail,
}

/// What a refusal says beyond its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Nothing.
    None,
    /// With `INSUFFICIENT_BALANCE`: what was needed and what there was, in atoms of the asset.
    Funds {
        /// Of which asset.
        asset: AssetId,
        /// What the request needs.
        required: Amount,
        /// What the account has available.
        available: Amount,
    },
    /// With `ORDER_ALREADY_CLOSED`: how the order ended.
    Closed {
        /// Which order.
        order: OrderId,
        /// Its final status.
        status: OrderStatus,
    },
    /// With `TOO_MANY_OPEN_ORDERS`: the bound.
    Bound {
        /// How many there may be.
        max: u32,
    },
}

impl Reject {
    /// A refusal without details.
    #[must_use]
    pub const fn new(code: Code) -> Self {
        Self { code, detail: Detail::None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_strings_are_unique_and_ascending() {
        for pair in Code::ALL.windows(2) {
            assert!(pair[0].number() < pair[1].number());
            assert_ne!(pair[0].as_str(), pair[1].as_str());
        }
        assert_eq!(Code::InsufficientBalance.number(), 3010);
        assert_eq!(Code::InsufficientBalance.as_str(), "INSUFFICIENT_BALANCE");
        assert!(Code::Busy.meaning().starts_with("As many commands"));
    }
}
