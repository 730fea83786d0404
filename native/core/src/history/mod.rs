//! What a sequencer remembers of the past: its most recent closed orders and ledger entries.
//!
//! Both are rings of a fixed size whose items are numbered 1, 2, 3 ... and linked per account, the last first:
//! a page costs what it shows, and what falls out of the ring ends the links by being too old.

mod entries;

pub(crate) use self::entries::{Change, Entries, Step};
use crate::ledger::AccountSlot;
use crate::message::{Order, OrderPage};
use crate::types::{Lsn, OrderId, SymbolId};

/// The most recent closed orders, found by id through chains: one per bucket of ids, the last closed first.
///
/// Nothing is taken out of a chain when the ring forgets: what is beyond the oldest item ends it. So closing an
/// order writes one word besides the order itself, and ids are dense, so it is a word near the last one. (A
/// hash map would touch two distant places, for the new one and for the one that is forgotten.)
#[derive(Debug)]
pub(crate) struct ClosedOrders {
    /// Grows to `max`; the oldest makes room then. The item of a number is at `(number - 1) % max`.
    ring: Vec<Closed>,
    max: usize,
    /// The number of the next item.
    next: u64,
    /// Where it goes.
    cursor: usize,
    /// By account slot: the number of its last item; zero for none.
    last: Vec<u64>,
    /// The number of the last closed order whose id ends in these bits; zero for none. Their count is a power of
    /// two, and grows with the ring.
    buckets: Vec<u64>,
}

/// Most items that one page in the order of closing looks at, whosever they are: who asks keeps nobody waiting.
const LOOKED_AT_MAX: usize = 10_000;

/// Which closed orders are wanted, in the order in which they closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClosedSince {
    pub(crate) symbol: Option<SymbolId>,
    /// Only those that a record from this to that one has closed.
    pub(crate) causes: (Lsn, Lsn),
    /// Only those behind this one; the cursor of the page before, zero for the first.
    pub(crate) after: u64,
    pub(crate) limit: usize,
}

#[derive(Debug)]
struct Closed {
    account: AccountSlot,
    /// The record that closed it; zero if that was before the engine was opened.
    cause: Lsn,
    /// The number of the account's item before; zero for none.
    previous: u64,
    /// The number of the order before it in its bucket's chain.
    chained: u64,
    order: Order,
}

impl ClosedOrders {
    /// Remembers at most so many.
    pub(crate) fn new(max: usize) -> Self {
        Self { ring: Vec::new(), max, next: 1, cursor: 0, last: Vec::new(), buckets: vec![0; 64] }
    }

    /// Remembers one more; the oldest is forgotten for it when there are too many. Leaves nothing of use where the
    /// order was.
    pub(crate) fn push(&mut self, account: AccountSlot, cause: Lsn, order: &mut Order) {
        if self.max == 0 {
            order.order.extras = None;
            return;
        }
        if self.ring.len() == self.buckets.len() && self.ring.len() < self.max {
            self.grow();
        }
        if self.last.len() <= account.index() {
            self.last.resize(account.index() + 1, 0);
        }
        let number = self.next;
        self.next += 1;
        let previous = std::mem::replace(&mut self.last[account.index()], number);
        let bucket = bucket_of(order.id, self.buckets.len());
        let chained = std::mem::replace(&mut self.buckets[bucket], number);
        if let Some(place) = self.ring.get_mut(self.cursor) {
            (place.account, place.cause) = (account, cause);
            (place.previous, place.chained) = (previous, chained);
            std::mem::swap(&mut place.order, order);
            order.order.extras = None;
        } else {
            let extras = order.order.extras.take();
            let mut order = order.clone();
            order.order.extras = extras;
            self.ring.push(Closed { account, cause, previous, chained, order });
        }
        self.cursor = if self.cursor + 1 == self.max { 0 } else { self.cursor + 1 };
    }

    /// Twice as many buckets, and every chain made anew. The ring is not full.
    #[cold]
    fn grow(&mut self) {
        let mut buckets = vec![0; self.buckets.len() * 2];
        for (closed, number) in self.ring.iter_mut().zip(1..) {
            let bucket = bucket_of(closed.order.id, buckets.len());
            closed.chained = std::mem::replace(&mut buckets[bucket], number);
        }
        self.buckets = buckets;
    }

    /// The item of a number, as long as it is remembered.
    fn item(&self, number: u64) -> Option<&Closed> {
        let first = self.next - self.ring.len() as u64;
        if number == 0 || !(first..self.next).contains(&number) {
            return None;
        }
        let at = (number - 1) % self.max as u64;
        Some(&self.ring[usize::try_from(at).expect("within the ring")])
    }

    /// The items of an account, the last first, from before a number on.
    fn of_account_before(
        &self,
        account: AccountSlot,
        before: Option<u64>,
    ) -> impl Iterator<Item = (u64, &Order)> {
        let last = self.last.get(account.index()).copied().unwrap_or(0);
        let mut number = match before {
            None => last,
            // A cursor that we gave names an item of the account: its link leads on. Any other is walked to.
            Some(before) => match self.item(before).filter(|closed| closed.account == account) {
                Some(closed) => closed.previous,
                None => last,
            },
        };
        std::iter::from_fn(move || {
            let closed = self.item(number)?;
            let this = (number, &closed.order);
            number = closed.previous;
            Some(this)
        })
        .skip_while(move |&(number, _)| before.is_some_and(|before| number >= before))
    }

    /// A closed order, as long as it is remembered.
    pub(crate) fn get(&self, id: OrderId) -> Option<&Order> {
        let mut number = self.buckets[bucket_of(id, self.buckets.len())];
        loop {
            let closed = self.item(number)?;
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
        let orders = self.of_account_before(account, before);
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

    /// The account's orders in the order in which they closed, each with the record that closed it. A page may have none
    /// and still not be the last.
    pub(crate) fn since(&self, account: AccountSlot, wanted: &ClosedSince) -> OrderPage {
        let ClosedSince { symbol, causes: (first, last), after, limit } = *wanted;
        let oldest = self.next - self.ring.len() as u64;
        let mut page = OrderPage::default();
        for number in (oldest.max(after.saturating_add(1))..self.next).take(LOOKED_AT_MAX) {
            page.next = Some(number);
            let closed = self.item(number).expect("within what is remembered");
            if closed.account == account
                && (first..=last).contains(&closed.cause)
                && symbol.is_none_or(|symbol| closed.order.order.symbol == symbol)
            {
                page.orders.push(closed.order.clone());
                page.causes.push(closed.cause);
                if page.orders.len() == limit {
                    break;
                }
            }
        }
        page.next = page.next.filter(|&number| number + 1 < self.next);
        page
    }

    /// Forgets all of them, and gives them with the records that closed them, in the order in which they closed.
    pub(crate) fn take(&mut self) -> impl Iterator<Item = (Lsn, Order)> {
        let buckets = self.buckets.len();
        for closed in &self.ring {
            self.last[closed.account.index()] = 0;
            self.buckets[bucket_of(closed.order.id, buckets)] = 0;
        }
        let oldest = if self.ring.len() < self.max { 0 } else { self.cursor };
        self.ring.rotate_left(oldest);
        (self.next, self.cursor) = (1, 0);
        self.ring.drain(..).map(|closed| (closed.cause, closed.order))
    }

    /// Panics unless ring, links and chains agree.
    pub(crate) fn check_invariants(&self) {
        assert!(self.ring.len() <= self.max);
        let remembered: usize =
            (0..self.last.len()).map(|at| self.of_account_before(AccountSlot::at(at), None).count()).sum();
        assert_eq!(remembered, self.ring.len(), "every item is linked to its account");
        for closed in &self.ring {
            let found = self.get(closed.order.id).expect("every order is in its bucket's chain");
            assert!(std::ptr::eq(found, &raw const closed.order), "an id is remembered twice");
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

impl ClosedOrders {
    /// What is remembered of an account, the first closed first.
    pub(crate) fn of_account(&self, account: AccountSlot) -> Vec<&Order> {
        let mut orders: Vec<_> = self.of_account_before(account, None).map(|(_, order)| order).collect();
        orders.reverse();
        orders
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
    use crate::types::{AccountId, Amount, Price, Quantity, Side, SignedAmount, Timestamp};

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
            closed.push(
                AccountSlot::at(usize::from(id.is_multiple_of(3))),
                Lsn(id),
                &mut order(id, u32::from(id > 6)),
            );
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
            closed.push(AccountSlot::at(usize::from(id == 4)), Lsn(id), &mut order(id, 0));
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
            closed.push(AccountSlot::at(0), Lsn(id), &mut order(id, 0));
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
    fn closed_orders_are_paged_in_the_order_of_closing_as_far_as_they_are_remembered() {
        let mut closed = ClosedOrders::new(7);
        for id in 1..=10_u64 {
            let account = AccountSlot::at(usize::from(id.is_multiple_of(3)));
            // Two close by each record.
            closed.push(account, Lsn(id / 2), &mut order(id, u32::from(id > 6)));
        }
        let pages = |account, symbol: Option<u32>, causes: (u64, u64), limit| {
            let (mut pages, mut after) = (Vec::new(), 0);
            loop {
                let causes = (Lsn(causes.0), Lsn(causes.1));
                let wanted = ClosedSince { symbol: symbol.map(SymbolId), causes, after, limit };
                let page = closed.since(AccountSlot::at(account), &wanted);
                assert!(page.orders.iter().map(|order| Lsn(order.id.0 / 2)).eq(page.causes));
                pages.push(page.orders.iter().map(|order| order.id.0).collect::<Vec<_>>());
                let Some(next) = page.next else { return pages };
                after = next;
            }
        };
        assert_eq!(pages(0, None, (0, 99), 2), [vec![4, 5], vec![7, 8], vec![10]]);
        assert_eq!(pages(0, None, (0, 99), 9), [vec![4, 5, 7, 8, 10]]);
        assert_eq!(pages(0, None, (4, 4), 9), [vec![8]]);
        assert_eq!(pages(0, Some(0), (0, 99), 9), [vec![4, 5]]);
        assert_eq!(pages(1, None, (0, 99), 1), [vec![6], vec![9], vec![]]);
        assert_eq!(pages(5, None, (0, 99), 9), [vec![]]);
    }

    #[test]
    fn nobody_waits_for_a_page_that_looks_at_everybodys_orders() {
        let mut closed = ClosedOrders::new(30_000);
        for id in 1..=25_000_u64 {
            closed.push(AccountSlot::at(usize::from(id == 15_000)), Lsn(id), &mut order(id, 0));
        }
        let page = |after| {
            let wanted = ClosedSince { symbol: None, causes: (Lsn(0), Lsn(u64::MAX)), after, limit: 9 };
            let page = closed.since(AccountSlot::at(1), &wanted);
            (page.causes, page.next)
        };
        assert_eq!(page(0), (vec![], Some(10_000)));
        assert_eq!(page(10_000), (vec![Lsn(15_000)], Some(20_000)));
        assert_eq!(page(20_000), (vec![], None));
        assert_eq!(page(u64::MAX), (vec![], None));
    }

    #[test]
    fn what_is_taken_is_forgotten_and_the_next_are_remembered_as_the_first_were() {
        let mut closed = ClosedOrders::new(3);
        for round in 0..4_u64 {
            for id in 1..=5 + round {
                let at = usize::try_from(id % 2).expect("it is");
                closed.push(AccountSlot::at(at), Lsn(id), &mut order(round * 100 + id, 0));
                closed.check_invariants();
            }
            let taken: Vec<_> = closed.take().map(|(cause, order)| (cause.0, order.id.0)).collect();
            let last = 5 + round;
            let expected: Vec<_> = (last - 2..=last).map(|id| (id, round * 100 + id)).collect();
            assert_eq!(taken, expected);
            closed.check_invariants();
            assert!(closed.get(OrderId(round * 100 + last)).is_none());
            assert!(pages(&closed, 0, None, 9) == [vec![]]);
        }
    }

    #[test]
    fn nothing_is_remembered_by_a_ring_of_none() {
        let mut closed = ClosedOrders::new(0);
        closed.push(AccountSlot::at(0), Lsn(1), &mut order(1, 0));
        assert!(closed.get(OrderId(1)).is_none());
    }
}
