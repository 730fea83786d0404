//! The volume-weighted average price of the last minutes, which price bands may refer to.

use std::collections::VecDeque;

use crate::types::{Amount, Price, Quantity, Timestamp};

const NANOS_PER_MINUTE: u64 = 60_000_000_000;

/// What traded, by minute of the clock. Kept only while a symbol's rules ask for it.
#[derive(Debug, Default)]
pub(super) struct TradedMinutes {
    minutes: VecDeque<Minute>,
    total: Sums,
}

#[derive(Debug)]
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

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(number: u64) -> Timestamp {
        Timestamp(number * NANOS_PER_MINUTE + 17)
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
