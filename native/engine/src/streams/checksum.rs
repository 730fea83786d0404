//! The checksum of a book's best levels, for clients that want to check what they have: Kraken's algorithm.

use lightning_core::book::PriceLevel;

use crate::registry::Symbol;

/// Levels of each side that are in it.
pub(crate) const LEVELS: usize = 10;

/// CRC32 (IEEE) of prices and quantities, as they are written at the symbol's scales, without points and leading zeros:
/// asks from the lowest on, then bids from the highest on.
pub(crate) fn checksum(symbol: &Symbol, bids: &[PriceLevel], asks: &[PriceLevel], text: &mut String) -> u32 {
    use std::fmt::Write;
    text.clear();
    for level in asks.iter().take(LEVELS).chain(bids.iter().take(LEVELS)) {
        let (price, quantity) = (symbol.price_digits(level.price), symbol.quantity_digits(level.quantity));
        write!(text, "{price}{quantity}").expect("a string takes all");
    }
    crc32fast::hash(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use lightning_core::types::Price;

    use super::*;
    use crate::registry::{NewAsset, NewSymbol, Registry};

    /// Kraken's own example.
    #[test]
    fn it_is_the_one_that_clients_know() {
        let mut registry = Registry::default();
        registry.create_asset(&NewAsset::new("BASE", 8)).unwrap();
        registry.create_asset(&NewAsset::new("QUOTE", 16)).unwrap();
        let new = NewSymbol {
            name: "S".into(),
            base: "BASE".into(),
            quote: "QUOTE".into(),
            tick_size: "0.00005".into(),
            lot_size: "0.00000001".into(),
            ..NewSymbol::default()
        };
        let symbol = registry.prepare_symbol(&new, 0).unwrap();
        let level = |ticks| PriceLevel { price: Price(ticks), quantity: 500, orders: 1 };
        let asks: Vec<_> = (1001..=1012).map(level).collect();
        let bids: Vec<_> = (980..=1000).rev().map(level).collect();
        // Bids of the example go down in steps of 0.00005, but for the first: 0.05000, 0.04995, 0.04990, 0.04980 ...
        let given = [1000, 999, 998, 996, 995, 994, 993, 992, 991, 990].map(level);
        assert_eq!(checksum(&symbol, &given, &asks, &mut String::new()), 974_947_235);
        assert_ne!(checksum(&symbol, &bids, &asks, &mut String::new()), 974_947_235);
    }
}
