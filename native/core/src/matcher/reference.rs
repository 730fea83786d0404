//! The volume-weighted average price of the last minutes, which price bands may refer to.

use std::collections::VecDeque;

use crate::codec::{Decode, Encode, Input, Malformed, wire_struct};
use crate::limits::PRICE_TICKS_MAX;
use crate::types::{Amount, Price, Quantity, Timestamp};

const NANOS_PER_MINUTE: u64 = 60_000_000_000;

/// What traded, by minute of the clock. Kept only while a symbol's rules ask for it.
#[derive(Clone, Debug, Default)]
pub(super) struct TradedMinutes {
    minutes: VecDeque<Minute>,
    total: Sums,
}

#[derive(Clone, Copy, Debug)]
struct Minute {
    number: u64,
    sums: Sums,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    notional: u128,
    quantity: u128,
}

impl Sums {
    fn add(&mut self, other: Self) {
        self.notional += other.notional;
        self.quantity += other.quantity;
    }

    fn subtract(&mut self, other: Self) {
        self.notional -= other.notional;
        self.quantity -= other.quantity;
    }
}

impl TradedMinutes {
    /// Counts a trade, and forgets what is older than the last `minutes` minutes, this one included.
    pub(super) fn add(&mut self, at: Timestamp, notional: Amount, quantity: Quantity, minutes: u32) {
        let number = at.0 / NANOS_PER_MINUTE;
        while let Some(oldest) = self.minutes.front()
            && !is_within(oldest.number, number, minutes)
        {
            self.total.subtract(oldest.sums);
            self.minutes.pop_front();
        }
        let sums = Sums { notional: notional.0, quantity: u128::from(quantity.0) };
        self.total.add(sums);
        match self.minutes.back_mut() {
            Some(last) if last.number == number => last.sums.add(sums),
            _ => self.minutes.push_back(Minute { number, sums }),
        }
    }

    /// The average price of the last `minutes` minutes, rounded down; none without a trade in them. Changes
    /// nothing: whoever asks must leave no trace in a state that is folded from records.
    pub(super) fn average(&self, at: Timestamp, minutes: u32, tick_lot_atoms: u128) -> Option<Price> {
        let number = at.0 / NANOS_PER_MINUTE;
        let mut sums = self.total;
        for minute in self.minutes.iter().take_while(|minute| !is_within(minute.number, number, minutes)) {
            sums.subtract(minute.sums);
        }
        if sums.quantity == 0 {
            return None;
        }
        // No trade is below one tick, so this divisor is at most the dividend, which fits.
        let price = sums.notional / (sums.quantity * tick_lot_atoms);
        Some(Price(u64::try_from(price).expect("an average of prices is at most the highest of them")))
    }
}

/// Is a minute one of the last `minutes`, the present one included?
fn is_within(minute: u64, now: u64, minutes: u32) -> bool {
    minute + u64::from(minutes) > now
}

/// A minute as it is saved. Minutes that are too old to count stay until the next trade: a longer window may count them
/// again, so they are a part of the state.
struct SavedMinute {
    number: u64,
    notional: u128,
    quantity: u128,
}

wire_struct!(SavedMinute { number: u64, notional: u128, quantity: u128 });

impl Encode for TradedMinutes {
    fn encode(&self, out: &mut Vec<u8>) {
        let minutes = self.minutes.iter().map(|minute| SavedMinute {
            number: minute.number,
            notional: minute.sums.notional,
            quantity: minute.sums.quantity,
        });
        minutes.collect::<Vec<_>>().encode(out);
    }
}

impl Decode for TradedMinutes {
    fn decode(input: &mut Input<'_>) -> Result<Self, Malformed> {
        let malformed = input.malformed("minutes out of order, or in which too much was traded");
        let mut traded = Self::default();
        for SavedMinute { number, notional, quantity } in Vec::<SavedMinute>::decode(input)? {
            let in_order = traded.minutes.back().is_none_or(|last| last.number < number);
            let total = &mut traded.total;
            let sums = total.notional.checked_add(notional).zip(total.quantity.checked_add(quantity));
            let (Some((notional_sum, quantity_sum)), true) = (sums, in_order) else { return Err(malformed) };
            if quantity == 0 || number > u64::MAX / NANOS_PER_MINUTE {
                return Err(malformed);
            }
            (total.notional, total.quantity) = (notional_sum, quantity_sum);
            traded.minutes.push_back(Minute { number, sums: Sums { notional, quantity } });
        }
        Ok(traded)
    }
}

impl TradedMinutes {
    /// Has nothing been counted?
    pub(super) fn is_empty(&self) -> bool {
        self.minutes.is_empty()
    }

    /// Is the average price of every minute one that there is?
    pub(super) fn is_sound(&self, tick_lot_atoms: u128) -> bool {
        self.minutes.iter().all(|Minute { sums, .. }| {
            let lots = sums.quantity.checked_mul(tick_lot_atoms);
            lots.is_some_and(|lots| {
                lots <= sums.notional && sums.notional / lots <= u128::from(PRICE_TICKS_MAX)
            })
        }) && self.total.quantity.checked_mul(tick_lot_atoms).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(number: u64) -> Timestamp {
        Timestamp(number * NANOS_PER_MINUTE + 17)
    }

    impl crate::codec::tests::dice::Drawn for TradedMinutes {
        fn draw(dice: &mut crate::codec::tests::dice::Dice<'_>) -> Self {
            let mut traded = Self::default();
            for number in 0..u64::from(dice.byte()) {
                traded.add(
                    minute(number * 2),
                    Amount(u128::draw(dice) >> 10),
                    Quantity(number + 1),
                    u32::MAX,
                );
            }
            traded
        }
    }

    impl crate::codec::tests::layout::Layout for TradedMinutes {
        const BYTES: Option<usize> = None;
    }

    #[test]
    fn averages_the_last_minutes_and_rounds_down() {
        let mut traded = TradedMinutes::default();
        assert_eq!(traded.average(minute(0), 5, 3), None);
        // A tick x lot is three atoms: 1 lot at 10 ticks, 2 lots at 12.
        traded.add(minute(10), Amount(30), Quantity(1), 2);
        traded.add(minute(11), Amount(72), Quantity(2), 2);
        assert_eq!(traded.average(minute(11), 2, 3), Some(Price(11)));
        assert_eq!(traded.average(minute(12), 2, 3), Some(Price(12)));
        assert_eq!(traded.average(minute(13), 2, 3), None);
        traded.add(minute(13), Amount(300), Quantity(10), 2);
        assert_eq!(traded.minutes.len(), 1, "older minutes are forgotten");
        assert_eq!(traded.average(minute(13), 2, 3), Some(Price(10)));
    }
}
