//! What a sequencer remembers of the past: its most recent closed orders and ledger entries.
//!
//! Both are rings of a fixed size whose items are numbered 1, 2, 3 ... and linked per account, the last first:
//! a page costs what it shows, and what falls out of the ring ends the links by being too old.

use std::collections::{BTreeMap, VecDeque};

use crate::codec::{ensure, wire_struct};
use crate::ledger::AccountSlot;
use crate::message::{LedgerEntry, LedgerKind, LedgerPage, Order, OrderPage};
use crate::types::{AssetId, Lsn, OrderId, SignedAmount, SymbolId, Timestamp};

/// A ring of numbered items with links per account.
#[derive(Debug)]
struct Ring<T> {
    items: VecDeque<Linked<T>>,
    /// The number of the oldest item that is remembered, or of the next one.
    first: u64,
    max: usize,
    /// By account slot: the number of its last item; zero for none.
    last: Vec<u64>,
}

#[derive(Debug)]
struct Linked<T> {
    account: AccountSlot,
    /// The number of the account's item before; zero for none.
    previous: u64,
    item: T,
}

impl<T> Ring<T> {
    fn new(max: usize) -> Self {
        Self { items: VecDeque::new(), first: 1, max, last: Vec::new() }
    }

    /// Adds an item and says its number. The ring's size is not zero.
    fn push(&mut self, account: AccountSlot, item: T) -> u64 {
        if self.items.len() == self.max {
            self.items.pop_front();
            self.first += 1;
        }
        let number = self.first + self.items.len() as u64;
        if self.last.len() <= account.index() {
            self.last.resize(account.index() + 1, 0);
        }
        let previous = std::mem::replace(&mut self.last[account.index()], number);
        self.items.push_back(Linked { account, previous, item });
        number
    }

    fn get(&self, number: u64) -> Option<&Linked<T>> {
        let at = number.checked_sub(self.first)?;
        self.items.get(usize::try_from(at).ok()?)
    }

    /// The items of an account, the last first, from before a number on.
    fn of_account(&self, account: AccountSlot, before: Option<u64>) -> impl Iterator<Item = (u64, &T)> {
        let last = self.last.get(account.index()).copied().unwrap_or(0);
        let mut number = match before {
            None => last,
            // A cursor that we gave names an item of the account: its link leads on. Any other is walked to.
            Some(before) => match self.get(before).filter(|linked| linked.account == account) {
                Some(linked) => linked.previous,
                None => last,
            },
        };
        std::iter::from_fn(move || {
            let linked = self.get(number)?;
            let this = (number, &linked.item);
            number = linked.previous;
            Some(this)
        })
        .skip_while(move |&(number, _)| before.is_some_and(|before| number >= before))
    }

    fn check_invariants(&self) {
        assert!(self.items.len() <= self.max);
        let remembered: usize =
            (0..self.last.len()).map(|at| self.of_account(AccountSlot::at(at), None).count()).sum();
        assert_eq!(remembered, self.items.len(), "every item is linked to its account");
    }
}

/// The most recent closed orders, found by id through chains: one per bucket of ids, the last closed first.
///
/// Nothing is taken out of a chain when the ring forgets: what is beyond the oldest item ends it. So closing an
/// order writes one word besides the order itself, and ids are dense, so it is a word near the last one. (A
/// hash map would touch two distant places, for the new one and for the one that is forgotten.)
#[derive(Debug)]
pub(crate) struct ClosedOrders {
    ring: Ring<Closed>,
    /// The number of the last closed order whose id ends in these bits; zero for none. Their count is a power of
    /// two, and grows with the ring.
    buckets: Vec<u64>,
}

#[derive(Debug)]
struct Closed {
    order: Order,
    /// The number of the order before it in its bucket's chain.
    chained: u64,
}

impl ClosedOrders {
    /// Remembers at most so many.
    pub(crate) fn new(max: usize) -> Self {
        Self { ring: Ring::new(max), buckets: vec![0; 64] }
    }

    /// Remembers one more; the oldest is forgotten for it when there are too many.
    pub(crate) fn push(&mut self, account: AccountSlot, order: Order) {
        if self.ring.max == 0 {
            return;
        }
        if self.ring.items.len() == self.buckets.len() && self.ring.items.len() < self.ring.max {
            self.grow();
        }
        let bucket = bucket_of(order.id, self.buckets.len());
        let chained = self.buckets[bucket];
        self.buckets[bucket] = self.ring.push(account, Closed { order, chained });
    }

    /// Twice as many buckets, and every chain made anew.
    #[cold]
    fn grow(&mut self) {
        let mut buckets = vec![0; self.buckets.len() * 2];
        for (linked, number) in self.ring.items.iter_mut().zip(self.ring.first..) {
            let bucket = bucket_of(linked.item.order.id, buckets.len());
            linked.item.chained = std::mem::replace(&mut buckets[bucket], number);
        }
        self.buckets = buckets;
    }

    /// A closed order, as long as it is remembered.
    pub(crate) fn get(&self, id: OrderId) -> Option<&Order> {
        let mut number = self.buckets[bucket_of(id, self.buckets.len())];
        loop {
            let closed = &self.ring.get(number)?.item;
            if closed.order.id == id {
                return Some(&closed.order);
            }
            number = closed.chained;
        }
    }

    /// The account's orders that were closed before the cursor, the last closed first.
    pub(crate) fn page(
        &self,
        account: AccountSlot,
        symbol: Option<SymbolId>,
        before: Option<u64>,
        limit: usize,
    ) -> OrderPage {
        let mut page = OrderPage::default();
        let mut last = None;
        let of_symbol = |order: &Order| symbol.is_none_or(|symbol| order.order.symbol == symbol);
        let orders = self.ring.of_account(account, before).map(|(number, closed)| (number, &closed.order));
        for (number, order) in orders.filter(|entry| of_symbol(entry.1)) {
            if page.orders.len() == limit {
                page.next = last;
                break;
            }
            page.orders.push(order.clone());
            last = Some(number);
        }
        page
    }

    /// Panics unless ring and chains agree.
    pub(crate) fn check_invariants(&self) {
        self.ring.check_invariants();
        for linked in &self.ring.items {
            let found = self.get(linked.item.order.id).expect("every order is in its bucket's chain");
            assert!(std::ptr::eq(found, &raw const linked.item.order), "an id is remembered twice");
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "fewer buckets than a usize holds: the low bits are wanted"
)]
fn bucket_of(id: OrderId, buckets: usize) -> usize {
    id.0 as usize & (buckets - 1)
}

/// One change of one balance, as it is remembered: without what can be computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Change {
    pub(crate) cause: Lsn,
    pub(crate) at: Timestamp,
    pub(crate) order: Option<OrderId>,
    pub(crate) asset: AssetId,
    pub(crate) kind: LedgerKind,
    pub(crate) available: SignedAmount,
    pub(crate) frozen: SignedAmount,
}

/// The ring's item with its links is what one entry costs.
const _: () = assert!(size_of::<Linked<Change>>() <= 96);

/// The most recent changes of balances.
#[derive(Debug)]
pub(crate) struct Entries {
    ring: Ring<Change>,
}

impl Entries {
    /// Remembers at most so many; with none it is off.
    pub(crate) fn new(max: usize) -> Self {
        Self { ring: Ring::new(max) }
    }

    /// Is anything remembered at all?
    pub(crate) fn is_on(&self) -> bool {
        self.ring.max > 0
    }

    /// Remembers a change, unless it changes nothing.
    pub(crate) fn push(&mut self, account: AccountSlot, change: Change) {
        if self.is_on() && !(change.available.is_zero() && change.frozen.is_zero()) {
            self.ring.push(account, change);
        }
    }

    /// The account's entries, the last first, with the balances after each.
    ///
    /// Entries arrive in the order of their shards, not of the journal, so an account's are put in the order
    /// of (cause, number) here, and the balances computed backwards from `now_has`, which says what the account
    /// has by all that is decided. Walks all remembered entries of the account: a page costs that much. A
    /// cursor whose entry has been forgotten ends the listing.
    pub(crate) fn page(
        &self,
        account: AccountSlot,
        asset: Option<AssetId>,
        before: Option<u64>,
        limit: usize,
        now_has: impl Fn(AssetId) -> (SignedAmount, SignedAmount),
    ) -> LedgerPage {
        let mut changes: Vec<(u64, &Change)> = self
            .ring
            .of_account(account, None)
            .filter(|(_, change)| asset.is_none_or(|asset| change.asset == asset))
            .collect();
        changes.sort_unstable_by_key(|(number, change)| std::cmp::Reverse((change.cause, *number)));

        let mut after: BTreeMap<AssetId, (SignedAmount, SignedAmount)> = BTreeMap::new();
        let mut page = LedgerPage::default();
        let mut reached = before.is_none();
        for (number, change) in changes {
            let balance = after.entry(change.asset).or_insert_with(|| now_has(change.asset));
            let (available, frozen) = *balance;
            *balance = (less(available, change.available), less(frozen, change.frozen));
            if !reached {
                reached = before == Some(number);
                continue;
            }
            if page.entries.len() == limit {
                page.next = page.entries.last().map(|entry| entry.id);
                break;
            }
            page.entries.push(LedgerEntry {
                id: number,
                cause: change.cause,
                at: change.at,
                asset: change.asset,
                kind: change.kind,
                order: change.order,
                available_change: change.available,
                frozen_change: change.frozen,
                available,
                frozen,
            });
        }
        page
    }

    /// Panics unless the ring agrees with itself.
    pub(crate) fn check_invariants(&self) {
        self.ring.check_invariants();
    }
}

fn less(of: SignedAmount, change: SignedAmount) -> SignedAmount {
    of + SignedAmount(-change.0)
}

wire_struct!(
    Change {
        cause: Lsn,
        at: Timestamp,
        order: Option<OrderId>,
        asset: AssetId,
        kind: LedgerKind,
        available: SignedAmount,
        frozen: SignedAmount,
    },
    |change| ensure(!(change.available.is_zero() && change.frozen.is_zero()), "an entry of no change")
);

impl ClosedOrders {
    /// What is remembered of an account, the first closed first.
    pub(crate) fn of_account(&self, account: AccountSlot) -> Vec<&Order> {
        let mut orders: Vec<_> =
            self.ring.of_account(account, None).map(|(_, closed)| &closed.order).collect();
        orders.reverse();
        orders
    }
}

impl Entries {
    /// What is remembered of an account, the first first.
    pub(crate) fn of_account(&self, account: AccountSlot) -> Vec<Change> {
        let mut changes: Vec<_> = self.ring.of_account(account, None).map(|(_, change)| *change).collect();
        changes.reverse();
        changes
    }
}

/// What accounts remember, each the first first, as one ring remembers it: by time, as far as that goes. An account's
/// items keep their order whatever their times.
pub(crate) fn merged<T>(
    accounts: impl IntoIterator<Item = (AccountSlot, Vec<T>)>,
    time: impl Fn(&T) -> u64,
) -> Vec<(AccountSlot, T)> {
    let mut all = Vec::new();
    for (account, items) in accounts {
        let mut latest = 0;
        for item in items {
            latest = latest.max(time(&item));
            all.push((latest, account, item));
        }
    }
    // Stable: what is of one account and one time stays as it is.
    all.sort_by_key(|&(time, account, _)| (time, account));
    all.into_iter().map(|(_, account, item)| (account, item)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fees::FeeRates;
    use crate::message::{NewOrder, OrderStatus};
    use crate::types::{AccountId, Amount, Price, Quantity, Side};

    fn order(id: u64, symbol: u32) -> Order {
        Order {
            id: OrderId(id),
            order: NewOrder::limit(AccountId(1), SymbolId(symbol), Side::Buy, Price(1), Quantity(1)),
            fees: FeeRates::default(),
            status: OrderStatus::Filled,
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            prevented: Quantity::ZERO,
            fee: SignedAmount::ZERO,
            reserved: Amount::ZERO,
            list: None,
            amends: 0,
            accepted_at: Timestamp(1),
            updated_at: Timestamp(1),
        }
    }

    fn pages(closed: &ClosedOrders, account: usize, symbol: Option<u32>, limit: usize) -> Vec<Vec<u64>> {
        let (mut pages, mut before) = (Vec::new(), None);
        loop {
            let page = closed.page(AccountSlot::at(account), symbol.map(SymbolId), before, limit);
            pages.push(page.orders.iter().map(|order| order.id.0).collect());
            match page.next {
                Some(_) => before = page.next,
                None => return pages,
            }
        }
    }

    #[test]
    fn closed_orders_are_paged_the_last_first_as_far_as_they_are_remembered() {
        let mut closed = ClosedOrders::new(7);
        for id in 1..=10_u64 {
            closed.push(AccountSlot::at(usize::from(id.is_multiple_of(3))), order(id, u32::from(id > 6)));
            closed.check_invariants();
        }
        // 1, 2 and 3 are forgotten; 3, 6, 9 are the other account's.
        assert_eq!(pages(&closed, 0, None, 2), [vec![10, 8], vec![7, 5], vec![4]]);
        assert_eq!(pages(&closed, 0, None, 5), [vec![10, 8, 7, 5, 4]]);
        assert_eq!(pages(&closed, 0, Some(0), 1), [vec![5], vec![4]]);
        assert_eq!(pages(&closed, 1, None, 9), [vec![9, 6]]);
        assert_eq!(pages(&closed, 5, None, 9), [vec![]]);
        assert!(closed.get(OrderId(3)).is_none() && closed.get(OrderId(4)).is_some());
    }

    #[test]
    fn a_cursor_that_was_forgotten_or_never_given_still_means_before() {
        let mut closed = ClosedOrders::new(3);
        for id in 1..=5 {
            closed.push(AccountSlot::at(usize::from(id == 4)), order(id, 0));
        }
        let at = |before| closed.page(AccountSlot::at(0), None, Some(before), 9).orders.len();
        // Number 4 is the other account's, 2 is forgotten.
        assert_eq!((at(5), at(4), at(3), at(2), at(99)), (1, 1, 0, 0, 2));
    }

    #[test]
    fn closed_orders_are_found_by_id_while_they_are_remembered_and_not_after() {
        let mut closed = ClosedOrders::new(1_000);
        // Ids of blocks that were leased apart, so that many of them share a bucket.
        let ids: Vec<u64> = (0..5_000_u64).map(|n| 1 + n / 3 + (n % 3) * 65_536).collect();
        for (at, &id) in ids.iter().enumerate() {
            closed.push(AccountSlot::at(0), order(id, 0));
            if at % 500 == 0 {
                closed.check_invariants();
            }
            assert_eq!(closed.get(OrderId(id)).map(|order| order.id), Some(OrderId(id)));
            let oldest = (at + 1).saturating_sub(1_000);
            assert!(closed.get(OrderId(ids[oldest])).is_some());
            assert!(oldest == 0 || closed.get(OrderId(ids[oldest - 1])).is_none());
        }
        assert!(closed.get(OrderId(999_999)).is_none());
    }

    #[test]
    fn nothing_is_remembered_by_a_ring_of_none() {
        let mut closed = ClosedOrders::new(0);
        closed.push(AccountSlot::at(0), order(1, 0));
        assert!(closed.get(OrderId(1)).is_none());
        let mut entries = Entries::new(0);
        entries.push(AccountSlot::at(0), change(1, 5, 0));
        entries.check_invariants();
        assert!(!entries.is_on());
    }

    fn change(cause: u64, available: i128, frozen: i128) -> Change {
        Change {
            cause: Lsn(cause),
            at: Timestamp(cause),
            order: None,
            asset: AssetId(0),
            kind: LedgerKind::Deposit,
            available: SignedAmount(available),
            frozen: SignedAmount(frozen),
        }
    }

    #[test]
    fn entries_stand_in_the_order_of_the_journal_with_the_balances_after_each() {
        let mut entries = Entries::new(9);
        let slot = AccountSlot::at(0);
        // Two matchers: the later record's settlement came first.
        for (cause, available, frozen) in [(1, 100, 0), (5, -30, 30), (3, -10, 10), (5, 0, -30), (6, 0, 0)] {
            entries.push(slot, change(cause, available, frozen));
        }
        let page = |before, limit| {
            let now_has = |_| (SignedAmount(60), SignedAmount(10));
            let page = entries.page(slot, None, before, limit, now_has);
            let entries = page.entries.iter();
            (
                entries.map(|entry| (entry.id, entry.available.0, entry.frozen.0)).collect::<Vec<_>>(),
                page.next,
            )
        };
        assert_eq!(page(None, 9), (vec![(4, 60, 10), (2, 60, 40), (3, 90, 10), (1, 100, 0)], None));
        assert_eq!(page(None, 2), (vec![(4, 60, 10), (2, 60, 40)], Some(2)));
        assert_eq!(page(Some(2), 2), (vec![(3, 90, 10), (1, 100, 0)], None));
        assert_eq!(page(Some(77), 2), (vec![], None));
    }
}
