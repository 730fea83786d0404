//! What conditional orders wait for, arranged so that a price that changes nothing touches nothing.
//!
//! Fixed trigger prices and activation prices are sorted by price; trailing stops are in [`super::trail`].
//! Whatever is due at a price is at an end of something sorted.

use std::collections::{BTreeMap, BTreeSet};

use super::trail::Trail;
use crate::codec::{ensure, wire_enum};
use crate::message::{TrailOffset, Trigger};
use crate::types::{OrderId, Price, Side};

/// The triggers of one symbol's pending orders.
#[derive(Debug)]
pub(super) struct TriggerIndex {
    /// Due at last >= price: buy stops, sell take-profits.
    rising: BTreeSet<(Price, OrderId)>,
    /// Due at last <= price: sell stops, buy take-profits.
    falling: BTreeSet<(Price, OrderId)>,
    /// Trailing sells that begin to follow at last >= price.
    asleep_sells: BTreeMap<(Price, OrderId), TrailOffset>,
    /// Trailing buys that begin to follow at last <= price.
    asleep_buys: BTreeMap<(Price, OrderId), TrailOffset>,
    sells: Trail,
    buys: Trail,
}

impl Default for TriggerIndex {
    fn default() -> Self {
        Self {
            rising: BTreeSet::new(),
            falling: BTreeSet::new(),
            asleep_sells: BTreeMap::new(),
            asleep_buys: BTreeMap::new(),
            sells: Trail::new(Side::Sell),
            buys: Trail::new(Side::Buy),
        }
    }
}

impl TriggerIndex {
    /// How many orders wait.
    pub(super) fn len(&self) -> usize {
        self.rising.len()
            + self.falling.len()
            + self.asleep_sells.len()
            + self.asleep_buys.len()
            + self.sells.len()
            + self.buys.len()
    }

    /// Adds an order that the last price does not trigger.
    pub(super) fn insert(&mut self, id: OrderId, side: Side, trigger: Trigger, last: Price) {
        let is_new = match (trigger, side) {
            (Trigger::Stop { price }, Side::Buy) | (Trigger::TakeProfit { price }, Side::Sell) => {
                self.rising.insert((price, id))
            }
            (Trigger::Stop { price }, Side::Sell) | (Trigger::TakeProfit { price }, Side::Buy) => {
                self.falling.insert((price, id))
            }
            (Trigger::Trailing { offset, activation: Some(price) }, Side::Sell) if last < price => {
                self.asleep_sells.insert((price, id), offset).is_none()
            }
            (Trigger::Trailing { offset, activation: Some(price) }, Side::Buy) if last > price => {
                self.asleep_buys.insert((price, id), offset).is_none()
            }
            (Trigger::Trailing { offset, .. }, side) => {
                self.trail_mut(side).insert(id, offset, last);
                true
            }
        };
        assert!(is_new, "{id:?} waits already");
    }

    /// Takes an order out, wherever it has got to.
    pub(super) fn remove(&mut self, id: OrderId, side: Side, trigger: &Trigger) {
        let was_there = match (*trigger, side) {
            (Trigger::Stop { price }, Side::Buy) | (Trigger::TakeProfit { price }, Side::Sell) => {
                self.rising.remove(&(price, id))
            }
            (Trigger::Stop { price }, Side::Sell) | (Trigger::TakeProfit { price }, Side::Buy) => {
                self.falling.remove(&(price, id))
            }
            (Trigger::Trailing { offset, activation }, side) => {
                let asleep = match side {
                    Side::Sell => &mut self.asleep_sells,
                    Side::Buy => &mut self.asleep_buys,
                };
                activation.is_some_and(|price| asleep.remove(&(price, id)).is_some())
                    || self.trail_mut(side).remove(id, offset)
            }
        };
        assert!(was_there, "{id:?} does not wait");
    }

    /// There is a new last price: extremes follow it and sleepers wake up, then everything that is due is told,
    /// nearest first, at one price the older first. What is due stays until it is removed, which its owner does
    /// before the next price.
    pub(super) fn follow(&mut self, last: Price) -> Vec<OrderId> {
        while let Some((&(price, id), &offset)) = self.asleep_sells.first_key_value()
            && price <= last
        {
            self.asleep_sells.pop_first();
            self.sells.insert(id, offset, last);
        }
        while let Some((&(price, id), &offset)) = self.asleep_buys.last_key_value()
            && price >= last
        {
            self.asleep_buys.pop_last();
            self.buys.insert(id, offset, last);
        }
        self.sells.follow(last);
        self.buys.follow(last);

        let mut up: Vec<_> = self.rising.range(..=(last, OrderId(u64::MAX))).copied().collect();
        self.buys.due(last, &mut up);
        let mut down: Vec<_> = self.falling.range((last, OrderId(0))..).copied().collect();
        self.sells.due(last, &mut down);
        // What waits for a rise is above the price before, what waits for a fall below it.
        assert!(up.is_empty() || down.is_empty(), "a price rose and fell at once: {up:?} {down:?}");
        up.sort_unstable();
        down.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
        up.into_iter().chain(down).map(|(_, id)| id).collect()
    }

    /// Panics unless the structure agrees with itself. For tests; walks everything.
    pub(super) fn check_invariants(&self) {
        self.sells.check_invariants();
        self.buys.check_invariants();
    }

    fn trail_mut(&mut self, side: Side) -> &mut Trail {
        match side {
            Side::Sell => &mut self.sells,
            Side::Buy => &mut self.buys,
        }
    }
}

/// How far an order that waits has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// It waits for a price that stays where it is.
    Fixed,
    /// A trailing stop that has not begun to follow.
    Asleep,
    /// One that follows: the best price since it began.
    Following(Price),
}

wire_enum!(Progress { 1 = Fixed, 2 = Asleep, 3 = Following(extreme: Price) });

impl TriggerIndex {
    /// How far an order has got.
    pub(super) fn progress(&self, id: OrderId, side: Side, trigger: &Trigger) -> Progress {
        let Trigger::Trailing { .. } = trigger else { return Progress::Fixed };
        let trail = match side {
            Side::Sell => &self.sells,
            Side::Buy => &self.buys,
        };
        trail.extreme(id).map_or(Progress::Asleep, Progress::Following)
    }

    /// Adds an order that has got so far, and that was compared with the last price.
    ///
    /// # Errors
    /// It would have been triggered by that, or have got further.
    pub(super) fn load(
        &mut self,
        id: OrderId,
        side: Side,
        trigger: Trigger,
        progress: Progress,
        last: Price,
    ) -> Result<(), &'static str> {
        // Is a price one that those above it wait to fall to, or the other way round?
        let is_beyond = |price: Price, above: bool| if above { price > last } else { price < last };
        let sound = match (trigger, progress) {
            (Trigger::Stop { price }, Progress::Fixed) => is_beyond(price, side == Side::Buy),
            (Trigger::TakeProfit { price }, Progress::Fixed) => is_beyond(price, side == Side::Sell),
            (Trigger::Trailing { activation, .. }, Progress::Asleep) => {
                activation.is_some_and(|price| is_beyond(price, side == Side::Sell))
            }
            (Trigger::Trailing { offset, .. }, Progress::Following(extreme)) => {
                let (trail, behind) = match side {
                    Side::Sell => (&mut self.sells, extreme < last),
                    Side::Buy => (&mut self.buys, extreme > last),
                };
                ensure(!behind, "a trailing stop that lags behind")?;
                ensure(!trail.triggers(extreme, offset, last), "an order whose price has come")?;
                trail.insert(id, offset, extreme);
                return Ok(());
            }
            _ => false,
        };
        ensure(sound, "an order whose price has come")?;
        self.insert(id, side, trigger, last);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One order, and how far it has got.
    #[derive(Clone, Copy, Debug)]
    struct Scanned {
        id: OrderId,
        side: Side,
        trigger: Trigger,
        extreme: Option<Price>,
    }

    impl Scanned {
        /// The rule of docs/SEMANTICS.md, section 4, word by word.
        fn look(&mut self, last: Price) -> Option<Price> {
            match (self.trigger, self.side) {
                (Trigger::Stop { price }, Side::Buy) | (Trigger::TakeProfit { price }, Side::Sell) => {
                    (last >= price).then_some(price)
                }
                (Trigger::Stop { price }, Side::Sell) | (Trigger::TakeProfit { price }, Side::Buy) => {
                    (last <= price).then_some(price)
                }
                (Trigger::Trailing { offset, activation }, Side::Sell) => {
                    if self.extreme.is_none() && activation.is_none_or(|price| last >= price) {
                        self.extreme = Some(last);
                    }
                    let extreme = self.extreme?.max(last);
                    self.extreme = Some(extreme);
                    let trigger = match offset {
                        TrailOffset::Bps(bps) => extreme.0 * u64::from(10_000 - bps) / 10_000,
                        TrailOffset::Ticks(ticks) => extreme.0.checked_sub(ticks.0)?,
                    };
                    (trigger > 0 && last.0 <= trigger).then_some(Price(trigger))
                }
                (Trigger::Trailing { offset, activation }, Side::Buy) => {
                    if self.extreme.is_none() && activation.is_none_or(|price| last <= price) {
                        self.extreme = Some(last);
                    }
                    let extreme = self.extreme?.min(last);
                    self.extreme = Some(extreme);
                    let trigger = match offset {
                        TrailOffset::Bps(bps) => (extreme.0 * u64::from(10_000 + bps)).div_ceil(10_000),
                        TrailOffset::Ticks(ticks) => extreme.0 + ticks.0,
                    };
                    (last.0 >= trigger).then_some(Price(trigger))
                }
            }
        }
    }

    struct Random(u64);

    impl Random {
        fn below(&mut self, bound: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % bound
        }

        fn trigger(&mut self, side: Side, last: Price) -> Trigger {
            let distance = self.below(30) + 1;
            let above = Price(last.0 + distance);
            let below = Price(last.0.saturating_sub(distance));
            let offset = if self.below(2) == 0 {
                TrailOffset::Bps(u32::try_from(self.below(9_999) + 1).unwrap() / (1 << self.below(12)).max(1))
            } else {
                TrailOffset::Ticks(Price(self.below(40) + 1))
            };
            let offset = if offset == TrailOffset::Bps(0) { TrailOffset::Bps(1) } else { offset };
            match (self.below(5), side) {
                (0, Side::Buy) => Trigger::Stop { price: above },
                (0, Side::Sell) => Trigger::Stop { price: below },
                (1, Side::Buy) => Trigger::TakeProfit { price: below },
                (1, Side::Sell) => Trigger::TakeProfit { price: above },
                (2, _) => {
                    let activation = Price((last.0 + self.below(60)).saturating_sub(30));
                    Trigger::Trailing { offset, activation: Some(activation) }
                }
                _ => Trigger::Trailing { offset, activation: None },
            }
        }
    }

    #[test]
    fn the_index_says_what_a_scan_says() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let (mut triggered, mut removed) = (0, 0);
        for _ in 0..20 {
            let (mut index, mut scan) = (TriggerIndex::default(), Vec::<Scanned>::new());
            let mut last = Price(100 + random.below(1_000));
            for step in 0..5_000 {
                match random.below(5) {
                    0 | 1 => {
                        let side = if random.below(2) == 0 { Side::Buy } else { Side::Sell };
                        let (id, trigger) = (OrderId(step), random.trigger(side, last));
                        index.insert(id, side, trigger, last);
                        let mut scanned = Scanned { id, side, trigger, extreme: None };
                        assert_eq!(scanned.look(last), None, "not at once: {scanned:?} at {last:?}");
                        scan.push(scanned);
                    }
                    2 if !scan.is_empty() => {
                        let at = usize::try_from(random.below(scan.len() as u64)).unwrap();
                        let Scanned { id, side, trigger, .. } = scan.swap_remove(at);
                        index.remove(id, side, &trigger);
                        removed += 1;
                    }
                    _ => {
                        let jump = if random.below(20) == 0 { 200 } else { 8 };
                        let before = last;
                        last = Price((last.0 + random.below(2 * jump + 1)).saturating_sub(jump).max(1));
                        let mut due: Vec<_> = scan
                            .iter_mut()
                            .filter_map(|order| order.look(last).map(|price| (price, order.id)))
                            .collect();
                        due.sort_by_key(|&(price, id)| (if last > before { price.0 } else { !price.0 }, id));
                        let due: Vec<_> = due.into_iter().map(|(_, id)| id).collect();
                        assert_eq!(index.follow(last), due, "{before:?} to {last:?}");
                        for id in due {
                            let at = scan.iter().position(|order| order.id == id).unwrap();
                            let Scanned { side, trigger, .. } = scan.swap_remove(at);
                            index.remove(id, side, &trigger);
                            triggered += 1;
                        }
                    }
                }
                assert_eq!(index.len(), scan.len());
                if step % 50 == 0 {
                    index.check_invariants();
                }
            }
        }
        assert!(triggered > 1_000 && removed > 1_000, "{triggered} triggered, {removed} removed");
    }
}
