//! Every refusal, as data: a stable code and what the caller needs to know about it.
//!
//! The list is append-only. A code's string is the contract, its number is stable, its text may change.

use crate::order::OrderStatus;
use crate::types::{Amount, AssetId, OrderId, Price, SymbolId};

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
    /// expireAt is missing, in the past, or given with a time in force other than GTD.
    InvalidExpiry = 1010 "INVALID_EXPIRY",
    /// Not 1 to 36 characters of A-Z a-z 0-9 . _ : / -
    InvalidClientOrderId = 1011 "INVALID_CLIENT_ORDER_ID",
    /// The number of Level2 levels is outside 1 to 20.
    InvalidDepth = 1012 "INVALID_DEPTH",
    /// No candle has this interval.
    InvalidInterval = 1013 "INVALID_INTERVAL",
    /// A batch of more than 1,000 items.
    BatchTooLarge = 1014 "BATCH_TOO_LARGE",
    /// The amend changes nothing.
    NoChange = 1015 "NO_CHANGE",
    /// There is no such symbol.
    UnknownSymbol = 2000 "UNKNOWN_SYMBOL",
    /// The symbol is halted or closed.
    SymbolNotTrading = 2001 "SYMBOL_NOT_TRADING",
    /// The symbol takes cancels only.
    SymbolCancelOnly = 2002 "SYMBOL_CANCEL_ONLY",
    /// The symbol takes post-only orders or limit orders only.
    SymbolModeRestricted = 2003 "SYMBOL_MODE_RESTRICTED",
    /// The price is not a multiple of the symbol's tick size.
    PriceTick = 2010 "PRICE_TICK",
    /// The price is outside the symbol's minPrice to maxPrice.
    PriceRange = 2011 "PRICE_RANGE",
    /// The price is too far from the reference price.
    PriceBand = 2012 "PRICE_BAND",
    /// The quantity is not a multiple of the symbol's lot size.
    QtyLot = 2020 "QTY_LOT",
    /// The quantity is outside the symbol's minQuantity to maxQuantity.
    QtyRange = 2021 "QTY_RANGE",
    /// Price x quantity, or the quote quantity, is outside minNotional to maxNotional, or below the cost of one lot.
    NotionalRange = 2030 "NOTIONAL_RANGE",
    /// The symbol does not take this order type.
    OrderTypeDisabled = 2040 "ORDER_TYPE_DISABLED",
    /// The symbol does not take this mode of self-trade prevention.
    StpModeDisabled = 2041 "STP_MODE_DISABLED",
    /// The iceberg would have too many slices.
    IcebergParts = 2042 "ICEBERG_PARTS",
    /// The trailing distance is outside the symbol's bounds.
    TrailingRange = 2043 "TRAILING_RANGE",
    /// The account has as many open orders as it may have.
    TooManyOpenOrders = 2050 "TOO_MANY_OPEN_ORDERS",
    /// The account would own more of the base asset than the symbol's maxPosition.
    MaxPosition = 2051 "MAX_POSITION",
    /// The order has been amended as often as it may be.
    TooManyAmends = 2052 "TOO_MANY_AMENDS",
    /// There is no such account: an account begins with its first deposit.
    UnknownAccount = 3000 "UNKNOWN_ACCOUNT",
    /// The account is suspended.
    AccountSuspended = 3001 "ACCOUNT_SUSPENDED",
    /// The account is closed.
    AccountClosed = 3002 "ACCOUNT_CLOSED",
    /// The account may not do this: it takes cancels only, or may not trade or withdraw.
    PermissionDenied = 3003 "PERMISSION_DENIED",
    /// The account's available balance is below what the request needs.
    InsufficientBalance = 3010 "INSUFFICIENT_BALANCE",
    /// The account has open orders.
    HasOpenOrders = 3011 "HAS_OPEN_ORDERS",
    /// The balance would grow beyond what the engine counts.
    BalanceOverflow = 3012 "BALANCE_OVERFLOW",
    /// The account still owns something.
    NonZeroBalance = 3013 "NON_ZERO_BALANCE",
    /// There is no such asset.
    UnknownAsset = 3020 "UNKNOWN_ASSET",
    /// The asset is disabled: nothing of it can be deposited, withdrawn, transferred or traded.
    AssetDisabled = 3021 "ASSET_DISABLED",
    /// There is no such order, or it is another account's (which is not told apart, so that ids leak nothing).
    UnknownOrder = 4000 "UNKNOWN_ORDER",
    /// The order has already been filled, canceled or expired.
    OrderAlreadyClosed = 4002 "ORDER_ALREADY_CLOSED",
    /// A live order of the account has that client order id.
    DuplicateClientOrderId = 4003 "DUPLICATE_CLIENT_ORDER_ID",
    /// The post-only order would trade at once.
    PostOnlyWouldCross = 4010 "POST_ONLY_WOULD_CROSS",
    /// The trigger is reached by the last price already.
    WouldTriggerImmediately = 4011 "WOULD_TRIGGER_IMMEDIATELY",
    /// The symbol has not traded yet, so there is no price to compare the trigger with.
    NoReferencePrice = 4012 "NO_REFERENCE_PRICE",
    /// The prices of the OCO are on the wrong sides of the last price.
    OcoBadPrices = 4013 "OCO_BAD_PRICES",
    /// The new quantity is not above what is filled already.
    QtyBelowFilled = 4014 "QTY_BELOW_FILLED",
    /// This order can't be amended, or not like this.
    AmendNotAllowed = 4015 "AMEND_NOT_ALLOWED",
    /// The order is not in the state that the cancel was restricted to.
    CancelRestricted = 4016 "CANCEL_RESTRICTED",
    /// One half of the cancel-replace failed; details hold both.
    ReplacePartiallyFailed = 4020 "REPLACE_PARTIALLY_FAILED",
    /// The cancel-replace failed, nothing changed; details hold both halves.
    ReplaceFailed = 4021 "REPLACE_FAILED",
    /// The request id was used for a different request.
    RequestIdConflict = 5000 "REQUEST_ID_CONFLICT",
    /// The request id is below the window that is remembered.
    RequestIdTooOld = 5001 "REQUEST_ID_TOO_OLD",
    /// validUntil had passed when the request was sequenced.
    StaleRequest = 5002 "STALE_REQUEST",
    /// The account places orders faster than it may.
    RateLimited = 5003 "RATE_LIMITED",
    /// An asset of that code exists.
    AssetExists = 6000 "ASSET_EXISTS",
    /// A symbol trades the asset, or somebody owns some of it.
    AssetInUse = 6001 "ASSET_IN_USE",
    /// A symbol of that name exists.
    SymbolExists = 6002 "SYMBOL_EXISTS",
    /// The symbol has open orders, or fees that were not collected.
    SymbolInUse = 6003 "SYMBOL_IN_USE",
    /// tickSize x lotSize is not a whole number of quote atoms, or a limit of the symbol could overflow.
    SymbolPrecisionInexact = 6004 "SYMBOL_PRECISION_INEXACT",
    /// The field can't be changed once it is set.
    ImmutableField = 6005 "IMMUTABLE_FIELD",
    /// The status can't follow the present one: CLOSED is final.
    BadStatusTransition = 6006 "BAD_STATUS_TRANSITION",
    /// A fee rate is out of range, or maker + taker is negative without allowNetRebate.
    InvalidFee = 6007 "INVALID_FEE",
    /// The consumer of a stream was so slow that what it wants next is not remembered any more: details say from where
    /// it can be resumed.
    SlowConsumer = 7000 "SLOW_CONSUMER",
    /// A broken invariant: the engine has halted and must be opened again.
    Internal = 9000 "INTERNAL",
    /// As many commands are in flight as may be; or an amend of an order that is being amended: what it may cost, or
    /// whether it keeps the rules, depends on what becomes of those before it. Nothing was done: safe to retry.
    Busy = 9001 "BUSY",
    /// The journal can't be written any more: the engine has halted and must be opened again.
    JournalIo = 9004 "JOURNAL_IO",
    /// The data directory does not hold what was written to it. Nothing was changed in it.
    CorruptState = 9005 "CORRUPT_STATE",
    /// Another engine has the data directory open.
    DataDirLocked = 9006 "DATA_DIR_LOCKED",
    /// The data directory was written by a version that this one can't read.
    UnsupportedVersion = 9007 "UNSUPPORTED_VERSION",
    /// The engine halted before this call was answered: it may or may not have happened.
    OutcomeUnknown = 9008 "OUTCOME_UNKNOWN",
    /// Part of the plan, not of this version.
    NotSupported = 9009 "NOT_SUPPORTED",
    /// The engine is closed.
    EngineClosed = 9010 "ENGINE_CLOSED",
    /// The disk is full: only cancels are taken until somebody makes room.
    StorageFull = 9011 "STORAGE_FULL",
    /// Others than its owner may write to the data directory.
    UnsafeDataDir = 9012 "UNSAFE_DATA_DIR",
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
        matches!(self, Self::Busy | Self::RateLimited)
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
    /// With `TOO_MANY_OPEN_ORDERS` and `TOO_MANY_AMENDS`: the bound.
    Bound {
        /// How many there may be.
        max: u32,
    },
    /// With `PRICE_BAND`: the prices that are allowed now.
    Band {
        /// Of which symbol.
        symbol: SymbolId,
        /// Lowest.
        min: Price,
        /// Highest.
        max: Price,
    },
    /// With the triggers' refusals: the last trade price.
    Last {
        /// Of which symbol.
        symbol: SymbolId,
        /// The last trade price.
        price: Price,
    },
    /// With `RATE_LIMITED`: when the next order is taken.
    Wait {
        /// In so many nanoseconds.
        nanos: u64,
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
