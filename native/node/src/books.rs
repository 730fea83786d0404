//! A book as numbers in a buffer of TypeScript's, which makes the objects: the way of who reads it all the time.
//!
//! ```text
//!  0 seq f64    8 ts f64 (ms)    16 bids u32    20 asks u32    24 nothing
//! 32 spread u128    48 spread in hundredths of a basis point u128    64 mid u128: zero while a side is empty
//! 80 each bid, then each ask: price u128, quantity u128, orders u32, nothing u32;
//!    with sums also: quantity from the best price on u128, quote from there on u128
//! ```
//! Prices and the rest are the digits of decimals at the scales that the symbol says.

use lightning_core::book::PriceLevel;
use lightning_core::limits::BOOK_LEVELS_MAX;
use lightning_engine::Engine;
use lightning_engine::registry::{Key, Symbol};

use crate::answers::milliseconds;
use crate::cold::{level_notional, mid_digits, spread_bps};

/// Bytes before the first level.
pub(crate) const HEADER: usize = 80;
/// Bytes of a level without sums, and with them.
pub(crate) const LEVEL: usize = 40;
pub(crate) const LEVEL_WITH_SUMS: usize = 72;
/// The most that is ever written.
pub(crate) const MOST: usize = HEADER + 2 * BOOK_LEVELS_MAX * LEVEL_WITH_SUMS;

/// Is refused, or does not fit.
const NOTHING: i32 = -1;

pub(crate) fn write(engine: &Engine, symbol: u32, levels: u32, cumulative: bool, buffer: &mut [u8]) -> i32 {
    let Ok((symbol, view)) = engine.book_of(Key::Number(symbol), levels as usize) else { return NOTHING };
    let level = if cumulative { LEVEL_WITH_SUMS } else { LEVEL };
    let end = HEADER + (view.bids.len() + view.asks.len()) * level;
    let Some(bytes) = buffer.get_mut(..end) else { return NOTHING };
    put_f64(bytes, 0, view.seq);
    put_f64(bytes, 8, view.changed_at.map_or(0, milliseconds));
    put_count(bytes, 16, view.bids.len());
    put_count(bytes, 20, view.asks.len());
    let best = view.bids.first().zip(view.asks.first()).map(|(bid, ask)| (bid.price, ask.price));
    let touch = best.map_or([0; 3], |(bid, ask)| {
        [symbol.price_digits(ask - bid), spread_bps(bid, ask), mid_digits(&symbol, bid, ask)]
    });
    for (index, digits) in touch.into_iter().enumerate() {
        put_u128(bytes, 32 + index * 16, digits);
    }
    let mut at = HEADER;
    for side in [&view.bids, &view.asks] {
        at = put_side(bytes, at, level, &symbol, side);
    }
    i32::try_from(at).expect("a book is smaller than 2 GiB")
}

fn put_side(bytes: &mut [u8], mut at: usize, level: usize, symbol: &Symbol, levels: &[PriceLevel]) -> usize {
    let (mut lots, mut atoms) = (0_u128, 0_u128);
    for each in levels {
        put_u128(bytes, at, symbol.price_digits(each.price));
        put_u128(bytes, at + 16, symbol.quantity_digits(each.quantity));
        bytes[at + 32..at + 36].copy_from_slice(&each.orders.to_le_bytes());
        if level == LEVEL_WITH_SUMS {
            lots += each.quantity;
            atoms += level_notional(symbol, each);
            put_u128(bytes, at + 40, symbol.quantity_digits(lots));
            put_u128(bytes, at + 56, atoms);
        }
        at += level;
    }
    at
}

fn put_count(bytes: &mut [u8], at: usize, count: usize) {
    let count = u32::try_from(count).expect("a view has few levels");
    bytes[at..at + 4].copy_from_slice(&count.to_le_bytes());
}

fn put_u128(bytes: &mut [u8], at: usize, digits: u128) {
    bytes[at..at + 16].copy_from_slice(&digits.to_le_bytes());
}

#[expect(clippy::cast_precision_loss, reason = "sequence numbers and milliseconds are below 2^53")]
fn put_f64(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&(value as f64).to_le_bytes());
}
