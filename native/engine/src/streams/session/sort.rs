//! Subscriptions of one sort: those of which every word counts, or those of which the newest state does.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Instant;

use super::subscription::{Subscription, Table, Told};
use super::{Offer, SLICE_SUBSCRIPTIONS};
use crate::streams::SubscriptionId;
use crate::streams::hub::Said;

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
    /// Those that want something now have been told all of it that there was when shards had said this, and in which round
    /// that was found.
    heard: Option<(Said, u64)>,
    /// When the first of those that want something is due by itself, as the last round found.
    soonest: Option<Instant>,
    /// The same, of the round that is not finished.
    coming: Option<Instant>,
}

impl Default for Sort {
    fn default() -> Self {
        // Numbers begin at one.
        Self {
            all: BTreeMap::new(),
            wanting: 0,
            last_looked: SubscriptionId(0),
            began: None,
            wanted: false,
            heard: None,
            soonest: None,
            coming: None,
        }
    }
}

impl Sort {
    /// It begins.
    pub(super) fn begin(&mut self, id: SubscriptionId, subscription: Subscription, table: &Table) {
        self.wanting += 1;
        self.heard = None;
        self.expect(subscription.due(table));
        self.all.insert(id, subscription);
    }

    /// Something is due by itself.
    fn expect(&mut self, due: Option<Instant>) {
        self.soonest = earlier(self.soonest, due);
        self.coming = earlier(self.coming, due);
    }

    /// When something is due by itself, if anything is.
    pub(super) const fn soonest(&self) -> Option<Instant> {
        self.soonest
    }

    /// It wants more. False if it is not of this sort.
    pub(super) fn want(&mut self, id: SubscriptionId, table: &Table) -> bool {
        let Some(subscription) = self.all.get_mut(&id) else { return false };
        if !subscription.wants {
            subscription.wants = true;
            self.wanting += 1;
            self.wanted = true;
            // It has missed the rounds since.
            self.heard.take_if(|heard| heard.1 != subscription.told_in);
            let due = subscription.due(table);
            self.expect(due);
        }
        true
    }

    /// Is there nothing for anybody, if shards have said no more than this?
    pub(super) fn has_heard(&self, said: Said) -> bool {
        self.heard.is_some_and(|heard| heard.0 == said)
    }

    /// Everybody who wants something has just been told all that there was when shards had said this; or not.
    pub(super) fn set_heard(&mut self, said: Option<Said>, round: u64) {
        self.heard = said.map(|said| (said, round));
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
            (self.wanted, self.coming) = (false, None);
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
            (self.began, self.soonest) = (None, self.coming);
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
                Told::Nothing => sort.coming = earlier(sort.coming, subscription.due(self.table)),
                Told::Taken => {
                    subscription.wants = false;
                    subscription.told_in = self.table.round;
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

fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    a.into_iter().chain(b).min()
}
