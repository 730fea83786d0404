//! Trailing stops of one side: those with the same extreme form a group and move together.
//!
//! A new high (for sells; a low for buys) becomes the extreme of every group behind it: they are one group from
//! then on, and each such move costs as many steps as there are orders in all but the largest of them. In a
//! group the order with the smallest offset triggers first, whatever the extreme, so a group is known by its
//! nearest trigger, and the groups are sorted by that: nothing ever scans.

use std::collections::{BTreeMap, BTreeSet};

use crate::index::IdIndex;
use crate::message::TrailOffset;
use crate::types::{OrderId, Price, Side};

/// The trailing stops of one side that are following.
#[derive(Debug)]
pub(super) struct Trail {
    side: Side,
    groups: BTreeMap<GroupId, Group>,
    by_extreme: BTreeMap<Price, GroupId>,
    /// The price at which the first order of each group triggers; a group of which none ever does is not here.
    by_nearest: BTreeSet<(Price, GroupId)>,
    group_of: IdIndex<GroupId>,
    last_group: GroupId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct GroupId(u64);

#[derive(Debug)]
struct Group {
    extreme: Price,
    nearest: Option<Price>,
    by_bps: BTreeSet<(u32, OrderId)>,
    by_ticks: BTreeSet<(Price, OrderId)>,
}

impl Group {
    fn new(extreme: Price) -> Self {
        Self { extreme, nearest: None, by_bps: BTreeSet::new(), by_ticks: BTreeSet::new() }
    }

    fn len(&self) -> usize {
        self.by_bps.len() + self.by_ticks.len()
    }

    fn insert(&mut self, id: OrderId, offset: TrailOffset) -> bool {
        match offset {
            TrailOffset::Bps(bps) => self.by_bps.insert((bps, id)),
            TrailOffset::Ticks(ticks) => self.by_ticks.insert((ticks, id)),
        }
    }

    fn remove(&mut self, id: OrderId, offset: TrailOffset) -> bool {
        match offset {
            TrailOffset::Bps(bps) => self.by_bps.remove(&(bps, id)),
            TrailOffset::Ticks(ticks) => self.by_ticks.remove(&(ticks, id)),
        }
    }

    /// Where the first of its orders triggers: the smallest offset of either kind, whatever the extreme.
    fn find_nearest(&self, side: Side) -> Option<Price> {
        let bps = self.by_bps.first().map(|&(bps, _)| TrailOffset::Bps(bps));
        let ticks = self.by_ticks.first().map(|&(ticks, _)| TrailOffset::Ticks(ticks));
        let prices = bps.into_iter().chain(ticks).filter_map(|offset| self.trigger(side, offset));
        match side {
            Side::Sell => prices.max(),
            Side::Buy => prices.min(),
        }
    }

    /// Adds what triggers at `last`.
    fn due(&self, side: Side, last: Price, due: &mut Vec<(Price, OrderId)>) {
        let reached = |offset| self.trigger(side, offset).filter(|&price| is_reached(side, price, last));
        due.extend(self.by_bps.iter().map_while(|&(bps, id)| Some((reached(TrailOffset::Bps(bps))?, id))));
        let by_ticks = self.by_ticks.iter();
        due.extend(by_ticks.map_while(|&(ticks, id)| Some((reached(TrailOffset::Ticks(ticks))?, id))));
    }

    fn trigger(&self, side: Side, offset: TrailOffset) -> Option<Price> {
        trigger_price(side, self.extreme, offset)
    }
}

/// Does a trailing stop that triggers at `trigger` do so at `last`?
fn is_reached(side: Side, trigger: Price, last: Price) -> bool {
    match side {
        Side::Sell => last <= trigger,
        Side::Buy => last >= trigger,
    }
}

/// Where a trailing stop triggers; none if that would not be a price above zero. Rounds away from the extreme.
fn trigger_price(side: Side, extreme: Price, offset: TrailOffset) -> Option<Price> {
    let whole = 10_000_u128;
    let best = u128::from(extreme.0);
    let price = match (side, offset) {
        (Side::Sell, TrailOffset::Bps(bps)) => best * whole.checked_sub(u128::from(bps))? / whole,
        (Side::Sell, TrailOffset::Ticks(ticks)) => best.checked_sub(u128::from(ticks.0))?,
        (Side::Buy, TrailOffset::Bps(bps)) => (best * (whole + u128::from(bps))).div_ceil(whole),
        (Side::Buy, TrailOffset::Ticks(ticks)) => best + u128::from(ticks.0),
    };
    // Prices and offsets leave a bit of u64 free: a buy's trigger fits, though it may be out of reach.
    u64::try_from(price).ok().filter(|&price| price > 0).map(Price)
}

impl Trail {
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            groups: BTreeMap::new(),
            by_extreme: BTreeMap::new(),
            by_nearest: BTreeSet::new(),
            group_of: IdIndex::default(),
            last_group: GroupId(0),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.group_of.len()
    }

    /// An order begins to follow, from `extreme`.
    pub(super) fn insert(&mut self, id: OrderId, offset: TrailOffset, extreme: Price) {
        let at = self.by_extreme.get(&extreme).copied().unwrap_or_else(|| {
            self.last_group.0 += 1;
            self.by_extreme.insert(extreme, self.last_group);
            self.groups.insert(self.last_group, Group::new(extreme));
            self.last_group
        });
        let is_new = self.group_mut(at).insert(id, offset);
        assert!(is_new, "{id:?} follows already");
        self.group_of.insert(id.0, at);
        self.refresh(at);
    }

    /// An order stops following; false if it did not.
    pub(super) fn remove(&mut self, id: OrderId, offset: TrailOffset) -> bool {
        let Some(at) = self.group_of.remove(id.0) else {
            return false;
        };
        let group = self.group_mut(at);
        assert!(group.remove(id, offset), "{id:?} is in its group");
        if group.len() == 0 {
            self.drop_group(at);
        } else {
            self.refresh(at);
        }
        true
    }

    /// The last price is `last`: the groups that it leaves behind take it for their extreme.
    pub(super) fn follow(&mut self, last: Price) {
        let behind: Vec<GroupId> = match self.side {
            Side::Sell => self.by_extreme.range(..last).map(|(_, &at)| at).collect(),
            Side::Buy => {
                let above = (std::ops::Bound::Excluded(last), std::ops::Bound::Unbounded);
                self.by_extreme.range(above).map(|(_, &at)| at).collect()
            }
        };
        if behind.is_empty() {
            return;
        }
        let joined = behind.into_iter().chain(self.by_extreme.get(&last).copied());
        let mut groups: Vec<(GroupId, Group)> = joined.map(|at| (at, self.drop_group(at))).collect();
        let largest = (0..groups.len()).max_by_key(|&n| groups[n].1.len()).expect("one was behind");
        let (at, mut group) = groups.swap_remove(largest);
        for (_, smaller) in groups {
            for &(_, id) in &smaller.by_bps {
                self.relabel(id, at);
            }
            for &(_, id) in &smaller.by_ticks {
                self.relabel(id, at);
            }
            // Not `append`, which walks both: the larger one must not be paid for.
            group.by_bps.extend(smaller.by_bps);
            group.by_ticks.extend(smaller.by_ticks);
        }
        group.extreme = last;
        group.nearest = None;
        self.by_extreme.insert(last, at);
        self.groups.insert(at, group);
        self.refresh(at);
    }

    /// Adds what triggers at `last` to `due`, with the price that each of them triggers at.
    pub(super) fn due(&self, last: Price, due: &mut Vec<(Price, OrderId)>) {
        let mut add = |at: &GroupId| self.groups[at].due(self.side, last, due);
        match self.side {
            Side::Sell => {
                self.by_nearest.range((last, GroupId(0))..).for_each(|(_, at)| add(at));
            }
            Side::Buy => {
                self.by_nearest.range(..=(last, GroupId(u64::MAX))).for_each(|(_, at)| add(at));
            }
        }
    }

    fn relabel(&mut self, id: OrderId, at: GroupId) {
        self.group_of.remove(id.0).expect("an order of a group is in the index");
        self.group_of.insert(id.0, at);
    }

    fn group_mut(&mut self, at: GroupId) -> &mut Group {
        self.groups.get_mut(&at).expect("a group in use")
    }

    /// Finds out again when the first order of a group triggers.
    fn refresh(&mut self, at: GroupId) {
        let side = self.side;
        let group = self.group_mut(at);
        let nearest = group.find_nearest(side);
        let before = std::mem::replace(&mut group.nearest, nearest);
        if let Some(price) = before {
            self.by_nearest.remove(&(price, at));
        }
        if let Some(price) = nearest {
            self.by_nearest.insert((price, at));
        }
    }

    fn drop_group(&mut self, at: GroupId) -> Group {
        let group = self.groups.remove(&at).expect("a group is dropped once");
        self.by_extreme.remove(&group.extreme);
        if let Some(price) = group.nearest {
            self.by_nearest.remove(&(price, at));
        }
        group
    }

    /// Panics unless the structure agrees with itself. For tests; walks everything.
    pub(super) fn check_invariants(&self) {
        let mut orders = 0;
        for (&at, group) in &self.groups {
            assert!(group.len() > 0, "an empty group");
            assert_eq!(self.by_extreme.get(&group.extreme), Some(&at));
            assert_eq!(group.nearest, group.find_nearest(self.side), "a stale trigger");
            assert!(group.nearest.is_none_or(|price| self.by_nearest.contains(&(price, at))));
            let ids = group.by_bps.iter().map(|&(_, id)| id).chain(group.by_ticks.iter().map(|&(_, id)| id));
            for id in ids {
                assert_eq!(self.group_of.get(id.0), Some(&at), "{id:?} is in another group");
                orders += 1;
            }
        }
        assert_eq!(orders, self.group_of.len());
        assert_eq!(self.by_extreme.len(), self.groups.len());
        assert!(self.by_nearest.len() <= self.groups.len());
    }
}

impl Trail {
    /// The best price since an order began to follow; none if it does not.
    pub(super) fn extreme(&self, id: OrderId) -> Option<Price> {
        self.group_of.get(id.0).map(|at| self.groups[at].extreme)
    }

    /// Does an order that follows from `extreme` trigger at `last`?
    pub(super) fn triggers(&self, extreme: Price, offset: TrailOffset, last: Price) -> bool {
        trigger_price(self.side, extreme, offset).is_some_and(|price| is_reached(self.side, price, last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(trail: &Trail, last: u64) -> Vec<(Price, OrderId)> {
        let mut due = Vec::new();
        trail.due(Price(last), &mut due);
        due
    }

    #[test]
    fn groups_merge_when_a_new_high_leaves_them_behind() {
        let mut trail = Trail::new(Side::Sell);
        trail.insert(OrderId(1), TrailOffset::Bps(1_000), Price(100));
        trail.insert(OrderId(2), TrailOffset::Ticks(Price(5)), Price(104));
        trail.insert(OrderId(3), TrailOffset::Ticks(Price(200)), Price(104));
        trail.check_invariants();
        assert_eq!(trail.groups.len(), 2);
        assert_eq!(due(&trail, 99), [(Price(99), OrderId(2))]);
        trail.follow(Price(110));
        trail.check_invariants();
        assert_eq!(trail.groups.len(), 1);
        assert_eq!(due(&trail, 106), []);
        assert_eq!(due(&trail, 99), [(Price(99), OrderId(1)), (Price(105), OrderId(2))]);
        assert_eq!(due(&trail, 1).len(), 2, "the third would trigger below zero, and so never does");
        assert!(trail.remove(OrderId(2), TrailOffset::Ticks(Price(5))));
        assert!(!trail.remove(OrderId(2), TrailOffset::Ticks(Price(5))));
        trail.check_invariants();
        assert_eq!(due(&trail, 100), []);
    }

    #[test]
    fn offsets_round_away_from_the_extreme() {
        let bps = TrailOffset::Bps(1);
        assert_eq!(trigger_price(Side::Sell, Price(100), bps), Some(Price(99)));
        assert_eq!(trigger_price(Side::Buy, Price(100), bps), Some(Price(101)));
        assert_eq!(trigger_price(Side::Sell, Price(1), bps), None);
        assert_eq!(trigger_price(Side::Sell, Price(5), TrailOffset::Ticks(Price(5))), None);
    }
}
