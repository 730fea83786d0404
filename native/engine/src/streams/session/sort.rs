//! Subscriptions of one sort: those of which every word counts, or those of which the newest state does.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Instant;

use super::subscription::{Subscription, Table, Told};
use super::{Offer, SLICE_SUBSCRIPTIONS};
use crate::streams::SubscriptionId;

/// Looked at in rounds, each of them once in a round, and those that want nothing not at all.
pub(super) struct Sort {
    pub(super) all: BTreeMap<SubscriptionId, Subscription>,
    /// Those that want something.
    pub(super) wanting: usize,
    /// The last one that was looked at: it goes on behind it.
    last_looked: SubscriptionId,
    /// Where a round began that is not finished.
    pub(super) began: Option<SubscriptionId>,
    /// Something has begun to be wanted since the last round began.
    pub(super) wanted: bool,
}

impl Default for Sort {
    fn default() -> Self {
        // Numbers begin at one.
        Self { all: BTreeMap::new(), wanting: 0, last_looked: SubscriptionId(0), began: None, wanted: false }
    }
}

impl Sort {
    /// It wants more. False if it is not of this sort.
    pub(super) fn want(&mut self, id: SubscriptionId) -> bool {
        let Some(subscription) = self.all.get_mut(&id) else { return false };
        if !subscription.wants {
            subscription.wants = true;
            self.wanting += 1;
            self.wanted = true;
        }
        true
    }

    /// It is one less.
    pub(super) fn remove(&mut self, id: SubscriptionId) -> Option<Subscription> {
        let subscription = self.all.remove(&id)?;
        if subscription.wants {
            self.wanting -= 1;
        }
        Some(subscription)
    }

    /// Looks at those that want something, on from where it had to stop. False if it has to stop again: the budget is used
    /// up, an update was not taken, or it is `until`.
    pub(super) fn look(&mut self, table: &mut Table, until: Option<Instant>, offer: Offer<'_>) -> bool {
        let after = self.last_looked;
        if self.began.is_none() {
            self.wanted = false;
        }
        let began = *self.began.get_or_insert(after);
        let (behind, to) = (Bound::Excluded(after), Bound::Included(began));
        let mut looking = Looking { table, until, looked: 0, ended: Vec::new() };
        let is_done = if after < began {
            // It has been around already.
            looking.look(self, (behind, to), offer)
        } else {
            looking.look(self, (behind, Bound::Unbounded), offer)
                && looking.look(self, (Bound::Unbounded, to), offer)
        };
        let ended = looking.ended;
        for id in ended {
            let subscription = self.remove(id).expect("it was just there");
            subscription.end(table);
        }
        if is_done {
            self.began = None;
        }
        is_done
    }
}

/// A part of a round.
struct Looking<'a> {
    table: &'a mut Table,
    until: Option<Instant>,
    looked: usize,
    /// They have been told that it is over.
    ended: Vec<SubscriptionId>,
}

impl Looking<'_> {
    fn look(
        &mut self,
        sort: &mut Sort,
        range: (Bound<SubscriptionId>, Bound<SubscriptionId>),
        offer: Offer<'_>,
    ) -> bool {
        for (&id, subscription) in sort.all.range_mut(range) {
            if !subscription.wants {
                continue;
            }
            if self.table.budget == 0 || self.is_late() {
                return false;
            }
            self.looked += 1;
            match subscription.tell(self.table, &mut |update| offer(id, update)) {
                Told::Nothing => {}
                Told::Taken => {
                    subscription.wants = false;
                    sort.wanting -= 1;
                }
                Told::Refused => return false,
                Told::Ended => self.ended.push(id),
            }
            sort.last_looked = id;
        }
        true
    }

    fn is_late(&self) -> bool {
        let Some(until) = self.until else { return false };
        self.looked % SLICE_SUBSCRIPTIONS == SLICE_SUBSCRIPTIONS - 1 && Instant::now() >= until
    }
}
