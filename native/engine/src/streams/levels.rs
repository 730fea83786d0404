//! A book's levels, as changes of them say.

use std::collections::BTreeMap;

use lightning_core::book::PriceLevel;
use lightning_core::events::BookEventKind;
use lightning_core::types::{Price, Quantity, Side};

/// What a book's news said of it that can't be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mismatch;

/// What happened to a level: a third of what happened to the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LevelChange {
    pub(super) price: Price,
    quantity: Quantity,
    pub(super) side: Side,
    step: Step,
}

/// What happened there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// An order came with the quantity.
    Came,
    /// The quantity went, the order stayed.
    Shrank,
    /// The quantity went, and the order with it.
    Went,
}

impl LevelChange {
    /// What becomes of a level by what happened to an order of it, and whether that is gone by it.
    pub(super) fn of(
        (side, price): (Side, Price),
        kind: BookEventKind,
        quantity: Quantity,
        is_gone: bool,
    ) -> Self {
        let step = match kind {
            BookEventKind::Added => Step::Came,
            _ if is_gone => Step::Went,
            _ => Step::Shrank,
        };
        Self { price, quantity, side, step }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Level {
    quantity: u128,
    orders: u32,
}

/// All levels of a book.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Levels {
    bids: BTreeMap<Price, Level>,
    asks: BTreeMap<Price, Level>,
}

impl Levels {
    /// Those of these orders.
    ///
    /// # Errors
    /// There are no such orders.
    pub(super) fn of_orders<O>(
        bids: &[(O, Price, Quantity)],
        asks: &[(O, Price, Quantity)],
    ) -> Result<Self, Mismatch> {
        let mut levels = Self::default();
        for (side, orders) in [(Side::Buy, bids), (Side::Sell, asks)] {
            for &(_, price, quantity) in orders {
                levels.apply(&LevelChange { price, quantity, side, step: Step::Came })?;
            }
        }
        Ok(levels)
    }

    /// One change.
    ///
    /// # Errors
    /// It can't have happened to these levels.
    pub(super) fn apply(&mut self, change: &LevelChange) -> Result<(), Mismatch> {
        let LevelChange { price, quantity, side, step } = *change;
        let by = u128::from(quantity.0);
        let levels = match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        if step == Step::Came {
            let level = levels.entry(price).or_default();
            level.quantity = level.quantity.checked_add(by).ok_or(Mismatch)?;
            level.orders = level.orders.checked_add(1).ok_or(Mismatch)?;
            return if by == 0 { Err(Mismatch) } else { Ok(()) };
        }
        let level = levels.get_mut(&price).ok_or(Mismatch)?;
        level.quantity = level.quantity.checked_sub(by).ok_or(Mismatch)?;
        level.orders = level.orders.checked_sub(u32::from(step == Step::Went)).ok_or(Mismatch)?;
        let (is_empty, has_nothing) = (level.orders == 0, level.quantity == 0);
        if is_empty {
            levels.remove(&price);
        }
        // Orders show something: there are none where nothing is shown, and the other way round.
        if is_empty == has_nothing { Ok(()) } else { Err(Mismatch) }
    }

    /// What stands at a price, nothing if there is no level.
    pub(super) fn at(&self, side: Side, price: Price) -> PriceLevel {
        shown(price, self.side(side).get(&price).copied().unwrap_or_default())
    }

    /// The best levels of a side, best first.
    pub(super) fn best(&self, side: Side, most: usize, into: &mut Vec<PriceLevel>) {
        let level = |(&price, level): (&Price, &Level)| shown(price, *level);
        into.clear();
        match side {
            Side::Buy => into.extend(self.bids.iter().rev().take(most).map(level)),
            Side::Sell => into.extend(self.asks.iter().take(most).map(level)),
        }
    }

    const fn side(&self, side: Side) -> &BTreeMap<Price, Level> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }
}

fn shown(price: Price, level: Level) -> PriceLevel {
    PriceLevel { price, quantity: level.quantity, orders: level.orders }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(kind: BookEventKind, quantity: u64, is_gone: bool) -> LevelChange {
        LevelChange::of((Side::Sell, Price(7)), kind, Quantity(quantity), is_gone)
    }

    #[test]
    fn levels_are_the_sum_of_their_orders() {
        use BookEventKind::{Added, Executed, Reduced, Removed};
        let mut levels = Levels::default();
        let level = |levels: &Levels| {
            let level = levels.at(Side::Sell, Price(7));
            (level.quantity, level.orders)
        };
        for (kind, quantity, is_gone, expected) in [
            (Added, 5, false, (5, 1)),
            (Added, 4, false, (9, 2)),
            (Executed, 2, false, (7, 2)),
            (Reduced, 3, true, (4, 1)),
            (Removed, 4, true, (0, 0)),
        ] {
            assert_eq!(levels.apply(&change(kind, quantity, is_gone)), Ok(()));
            assert_eq!(level(&levels), expected, "{kind:?}");
        }
        assert_eq!(levels, Levels::default(), "nothing stays of a level without orders");
    }

    #[test]
    fn what_cannot_be_is_said() {
        use BookEventKind::{Added, Executed, Removed};
        let made = |changes: &[LevelChange]| {
            let mut levels = Levels::default();
            changes.iter().try_for_each(|change| levels.apply(change))
        };
        let five = change(Added, 5, false);
        assert_eq!(made(&[change(Removed, 5, true)]), Err(Mismatch), "of no order");
        assert_eq!(made(&[change(Added, 0, false)]), Err(Mismatch), "an order of nothing");
        assert_eq!(made(&[five, change(Executed, 6, false)]), Err(Mismatch), "more than there is");
        assert_eq!(made(&[five, change(Executed, 4, true)]), Err(Mismatch), "something without an order");
        assert_eq!(made(&[five, change(Executed, 5, false)]), Err(Mismatch), "an order without anything");
        assert_eq!(made(&[five, change(Removed, 5, true)]), Ok(()));
    }
}
