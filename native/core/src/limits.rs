//! Every bound of the engine in one place, checked against each other when the crate is compiled.

/// Most decimals an asset may have.
pub const SCALE_MAX: u32 = 18;

/// Most atoms that a deposit may raise one account's balance of an asset to, and most that one order may be
/// worth. (Trades may raise a balance further; it can be used, and withdrawn in parts of this size.)
///
/// 2^96 - 1, the largest number that a 96-bit decimal writes exactly (about 7.9e28 atoms). A `u128` holds
/// 2^32 of them, and a shard's sum of deposits is checked against that, so no sum over accounts overflows.
pub const AMOUNT_MAX: u128 = (1 << 96) - 1;

/// Highest price in ticks. Leaves a bit of `u64` free, so that twice a price (a mid) is always a number.
pub const PRICE_TICKS_MAX: u64 = (1 << 63) - 1;

/// Largest quantity of one order in lots.
pub const QUANTITY_LOTS_MAX: u64 = (1 << 63) - 1;

/// Assets of one engine.
pub const ASSETS_MAX: usize = 100_000;

/// Symbols of one engine.
pub const SYMBOLS_MAX: usize = 100_000;

/// Shards of either kind.
pub const SHARDS_MAX: usize = 10;

/// Price levels per side in a Level2 snapshot.
pub const BOOK_LEVELS_MAX: usize = 20;

/// Commands that may be in flight: admission credits, and so the capacity of every bounded channel.
pub const CREDITS_MAX: usize = 1 << 20;

/// Slices of one iceberg. A taker meets each of them, in one command: a slice of one lot of a huge order would
/// keep a matcher busy for ever.
pub const ICEBERG_PARTS_MAX: u32 = 1_000;

/// Characters of an asset code or a symbol name.
pub const NAME_LENGTH_MAX: usize = 32;

const _: () = assert!(10_u128.pow(SCALE_MAX) <= AMOUNT_MAX);
const _: () = assert!(AMOUNT_MAX.checked_mul(1 << 31).is_some());
const _: () = assert!(PRICE_TICKS_MAX.checked_mul(2).is_some());
const _: () = assert!(QUANTITY_LOTS_MAX.checked_mul(2).is_some());
const _: () = assert!(SHARDS_MAX >= 1 && BOOK_LEVELS_MAX >= 1);
