//! A sequencer's open orders, with what is reserved for each.
//!
//! Open orders of an account are chained in the order of acceptance, so that listing an account's orders
//! walks those and no others.

use std::collections::BTreeSet;

use crate::index::SlotIndex;
use crate::ledger::AccountSlot;
use crate::message::{AdmittedOrder, NewOrder, Order, OrderStatus};
use crate::order::ClientOrderId;
use crate::sequencer::order_of;
use crate::types::{Amount, OrderId, Quantity, SignedAmount};

const NONE: u32 = u32::MAX;

/// Messages that a sequencer looks ahead for at a time.
pub const LOOK_AHEAD: usize = 16;
/// So many orders fit into a cache: to look ahead would cost more than it saves.
const MANY: usize = 8_192;

/// Open orders of one shard's accounts.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    /// Also the places of orders that were closed: [`Entry::is_open`] says which are in use.
    open: Vec<Entry>,
    free: Vec<u32>,
    by_id: SlotIndex,
    /// By account slot.
    chains: Vec<Chain>,
    /// Orders that their owners named. While a cancel-replace runs, both orders may have the same name.
    by_client_id: BTreeSet<(AccountSlot, ClientOrderId, OrderId)>,
}

/// An open order's place; it is another's when the order is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OrderSlot(u32);

/// An open order, and what only its sequencer wants to know of it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) order: Order,
    pub(crate) account: AccountSlot,
    /// It is immediate: open only while its command runs, and to nobody who reads.
    pub(crate) running: bool,
    /// Its matcher has spoken: there is a record of it. Until then it may be refused, and a crash forgets it, so
    /// nobody who reads is told of it.
    pub(crate) decided: bool,
    /// Its matcher has said that it was amended, and not yet what that moved.
    pub(crate) amended: bool,
    /// It is the stop leg of an OCO whose limit leg is open: its reservation and its lots are that one's.
    pub(crate) shadow: bool,
    /// Frozen for it, and not in the ledger's entries yet: they are written with its next settlement, because
    /// the matcher may still refuse it.
    pub(crate) unwritten: Amount,
    is_open: bool,
    prev: u32,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Chain {
    head: u32,
    tail: u32,
    len: u32,
    /// Those of them that are running.
    running: u32,
    /// No id in it was ever above.
    highest: OrderId,
}

impl Entry {
    /// An order that its sequencer just accepted.
    pub(crate) fn new(account: AccountSlot, order: Order) -> Self {
        let (running, unwritten) = (order.order.is_immediate(), order.reserved);
        Self {
            order,
            account,
            running,
            decided: false,
            amended: false,
            shadow: false,
            unwritten,
            is_open: true,
            prev: NONE,
            next: NONE,
        }
    }

    /// The same as [`Self::new`], written over an entry that is not in use: field by field, because an order that is
    /// built elsewhere and copied makes the copy's wide loads wait for the narrow stores before them.
    #[inline(always)]
    fn begin(&mut self, account: AccountSlot, admitted: &AdmittedOrder) {
        let AdmittedOrder { to: _, id, ref order, reserved, fees, stp_group: _, accepted_at, late: _ } =
            *admitted;
        let NewOrder { account: owner, symbol, side, kind, tif, post_only, stp, ref extras } = *order;
        let place = &mut self.order;
        place.id = id;
        place.order.account = owner;
        place.order.symbol = symbol;
        place.order.side = side;
        place.order.kind = kind;
        place.order.tif = tif;
        place.order.post_only = post_only;
        place.order.stp = stp;
        place.order.extras.clone_from(extras);
        place.fees = fees;
        let pending = order.trigger().is_some();
        place.status = if pending { OrderStatus::PendingTrigger } else { OrderStatus::New };
        place.filled = Quantity::ZERO;
        place.notional = Amount::ZERO;
        place.prevented = Quantity::ZERO;
        place.fee = SignedAmount::ZERO;
        place.reserved = reserved;
        place.list = None;
        place.amends = 0;
        place.accepted_at = accepted_at;
        place.updated_at = accepted_at;
        self.account = account;
        self.running = order.is_immediate();
        self.decided = false;
        self.amended = false;
        self.shadow = false;
        self.unwritten = reserved;
        self.is_open = true;
    }

    /// Is it there for all to see?
    pub(crate) fn is_visible(&self) -> bool {
        self.decided && !self.running
    }
}

impl Orders {
    /// Open orders of an account that are there for all to see.
    #[inline]
    pub(crate) fn open_count(&self, account: AccountSlot) -> u32 {
        self.chains.get(account.index()).map_or(0, |chain| chain.len - chain.running)
    }

    /// An account's immediate orders whose commands are not over, the last first. They are among the last that were
    /// accepted: whoever has many open orders does not wait for those.
    pub(crate) fn running(&self, account: AccountSlot) -> impl Iterator<Item = &Entry> {
        let chain = self.chains.get(account.index());
        let (mut at, running) = chain.map_or((NONE, 0), |chain| (chain.tail, chain.running));
        let backwards = std::iter::from_fn(move || {
            let entry = self.open.get(at as usize)?;
            assert!(entry.is_open, "what is chained is open");
            at = entry.prev;
            Some(entry)
        });
        backwards.filter(|entry| entry.running).take(running as usize)
    }

    /// Remembers an accepted order, at its place in the order of acceptance: that of ids.
    pub(crate) fn insert(&mut self, entry: Entry) -> OrderSlot {
        let (account, id) = (entry.account, entry.order.id);
        let fresh = || u32::try_from(self.open.len()).expect("fewer than 2^32 open orders");
        let at = self.free.pop().unwrap_or_else(fresh);
        match self.open.get_mut(at as usize) {
            Some(place) => *place = entry,
            None => self.open.push(entry),
        }
        self.link(account, id, at)
    }

    /// The same of an order as its matcher gets it.
    #[inline(always)]
    pub(crate) fn insert_admitted(&mut self, account: AccountSlot, admitted: &AdmittedOrder) -> OrderSlot {
        let Some(at) = self.free.pop() else {
            return self.insert(Entry::new(account, order_of(admitted)));
        };
        self.open[at as usize].begin(account, admitted);
        self.link(account, admitted.id, at)
    }

    /// Chains an order to those of its account, and makes it known by its names.
    fn link(&mut self, account: AccountSlot, id: OrderId, at: u32) -> OrderSlot {
        let slot = account.index();
        if self.chains.len() <= slot {
            let empty = Chain { head: NONE, tail: NONE, len: 0, running: 0, highest: OrderId(0) };
            self.chains.resize(slot + 1, empty);
        }
        let entry = &self.open[at as usize];
        if let Some(client_id) = entry.order.order.client_id() {
            self.by_client_id.insert((account, client_id.clone(), id));
        }
        let chain = &mut self.chains[slot];
        chain.len += 1;
        chain.running += u32::from(entry.running);
        let (mut prev, mut next) = (chain.tail, NONE);
        if id < chain.highest {
            // Only where records are told again: those of two symbols may stand the other way round.
            while let Some(before) = self.open.get(prev as usize)
                && before.order.id > id
            {
                (prev, next) = (before.prev, prev);
            }
        }
        chain.highest = chain.highest.max(id);
        match prev {
            NONE => chain.head = at,
            prev => self.open[prev as usize].next = at,
        }
        match next {
            NONE => chain.tail = at,
            next => self.open[next as usize].prev = at,
        }
        let entry = &mut self.open[at as usize];
        (entry.prev, entry.next) = (prev, next);
        let open = &self.open;
        self.by_id.insert(id.0, at, |at| open[at as usize].order.id.0);
        OrderSlot(at)
    }

    /// Where an open order is.
    #[inline]
    pub(crate) fn find(&self, id: OrderId) -> Option<OrderSlot> {
        self.by_id.get(id.0, |at| self.open[at as usize].order.id.0).map(OrderSlot)
    }

    /// Loads what a settlement of each of these orders will need, all of it at once: memory is waited for once and not
    /// once for each order. Nothing is decided here, and an id that is unknown is none of its business.
    pub(crate) fn look_ahead(&self, ids: impl Iterator<Item = OrderId>) {
        let mut found = [NONE; LOOK_AHEAD];
        for (slot, id) in found.iter_mut().zip(ids) {
            *slot = self.find(id).map_or(NONE, |at| at.0);
        }
        let mut loaded = 0;
        let mut neighbours = [[NONE; 2]; LOOK_AHEAD];
        for (links, &at) in neighbours.iter_mut().zip(&found) {
            if let Some(entry) = self.open.get(at as usize) {
                *links = [entry.prev, entry.next];
                // A field of each cache line, wherever the compiler has put them.
                let order = &entry.order;
                loaded ^= order.id.0 ^ order.updated_at.0 ^ order.filled.0 ^ order.prevented.0;
                loaded ^= u64::from(order.fees.taker_ppm) ^ u64::from(entry.is_open);
            }
        }
        for at in neighbours.into_iter().flatten() {
            loaded ^= self.open.get(at as usize).map_or(0, |entry| u64::from(entry.prev ^ entry.next));
        }
        std::hint::black_box(loaded);
    }

    /// Are there so many that they can't all be near?
    #[inline]
    pub(crate) fn are_many(&self) -> bool {
        self.open.len() > MANY
    }

    /// The order there.
    #[inline]
    pub(crate) fn at(&self, at: OrderSlot) -> &Entry {
        let entry = &self.open[at.0 as usize];
        assert!(entry.is_open, "a slot is used as long as its order is open");
        entry
    }

    /// The order there, to change.
    #[inline]
    pub(crate) fn at_mut(&mut self, at: OrderSlot) -> &mut Entry {
        let entry = &mut self.open[at.0 as usize];
        assert!(entry.is_open, "a slot is used as long as its order is open");
        entry
    }

    /// An open order.
    pub(crate) fn get(&self, id: OrderId) -> Option<&Entry> {
        self.find(id).map(|at| self.at(at))
    }

    /// Takes an open order out. What is given stands where it stood: to be looked at, and taken from, before the
    /// next order comes.
    #[inline]
    pub(crate) fn remove(&mut self, at: OrderSlot) -> &mut Entry {
        let entry = &mut self.open[at.0 as usize];
        assert!(entry.is_open, "a slot is used as long as its order is open");
        entry.is_open = false;
        let (account, id, running) = (entry.account, entry.order.id, entry.running);
        let (prev, next) = (entry.prev, entry.next);
        if let Some(client_id) = entry.order.order.client_id() {
            self.by_client_id.remove(&(account, client_id.clone(), id));
        }
        let open = &self.open;
        self.by_id.remove(id.0, |at| open[at as usize].order.id.0);
        self.free.push(at.0);
        let chain = &mut self.chains[account.index()];
        chain.len -= 1;
        chain.running -= u32::from(running);
        match prev {
            NONE => chain.head = next,
            prev => self.open[prev as usize].next = next,
        }
        match next {
            NONE => chain.tail = prev,
            next => self.open[next as usize].prev = prev,
        }
        &mut self.open[at.0 as usize]
    }

    /// Live orders of an account with this client order id, running ones included, the oldest first.
    pub(crate) fn with_client_id(
        &self,
        account: AccountSlot,
        client_id: &ClientOrderId,
    ) -> impl Iterator<Item = OrderId> {
        let [first, last] = [OrderId(0), OrderId(u64::MAX)].map(|id| (account, client_id.clone(), id));
        self.by_client_id.range(first..=last).map(|entry| entry.2)
    }

    /// Live orders of an account whose client order id begins like this, running ones included.
    pub(crate) fn with_prefix(
        &self,
        account: AccountSlot,
        prefix: &ClientOrderId,
    ) -> impl Iterator<Item = &Entry> {
        self.by_client_id
            .range((account, prefix.clone(), OrderId(0))..)
            .take_while(move |entry| entry.0 == account && entry.1.0.starts_with(&*prefix.0))
            .map(|entry| self.get(entry.2).expect("an indexed order is open"))
    }

    /// Open orders of one account, in the order of acceptance, running ones included.
    pub(crate) fn of_account(&self, account: AccountSlot) -> impl Iterator<Item = &Entry> {
        self.chained(self.chains.get(account.index()).map_or(NONE, |chain| chain.head))
    }

    /// The same, from the one after this order on if it is the account's; otherwise all.
    pub(crate) fn of_account_after(
        &self,
        account: AccountSlot,
        after: OrderId,
    ) -> impl Iterator<Item = &Entry> {
        let head = self.chains.get(account.index()).map_or(NONE, |chain| chain.head);
        let start = self.get(after).filter(|entry| entry.account == account).map_or(head, |entry| entry.next);
        self.chained(start)
    }

    fn chained(&self, mut at: u32) -> impl Iterator<Item = &Entry> {
        std::iter::from_fn(move || {
            let entry = self.open.get(at as usize)?;
            assert!(entry.is_open, "what is chained is open");
            at = entry.next;
            Some(entry)
        })
    }

    /// All open orders, in no particular order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.open.iter().filter(|entry| entry.is_open)
    }

    /// Panics unless chains, indexes and entries agree.
    pub(crate) fn check_invariants(&self) {
        let (mut chained, mut named) = (0, 0);
        for (number, chain) in self.chains.iter().enumerate() {
            let account = AccountSlot::at(number);
            let (mut len, mut running, mut last) = (0, 0, OrderId(0));
            for entry in self.of_account(account) {
                let order = &entry.order;
                assert_eq!(entry.account, account);
                assert!(order.id > last && order.id <= chain.highest, "{order:?} is chained out of turn");
                assert!(order.status.is_open(), "{order:?} is closed");
                assert_eq!(entry.running, order.order.is_immediate());
                assert!(self.get(order.id).is_some_and(|found| found.order.id == order.id));
                if let Some(client_id) = order.order.client_id() {
                    assert!(self.by_client_id.contains(&(account, client_id.clone(), order.id)));
                    named += 1;
                }
                last = order.id;
                len += 1;
                running += u32::from(entry.running);
            }
            assert_eq!((len, running), (chain.len, chain.running));
            chained += len as usize;
        }
        assert_eq!(chained, self.by_id.len());
        assert_eq!(chained, self.all().count());
        assert_eq!(named, self.by_client_id.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fees::FeeRates;
    use crate::message::{Extras, NewOrder, OrderStatus};
    use crate::types::{AccountId, Price, Quantity, Side, SymbolId, Timestamp};

    fn entry(account: usize, id: u64, client_id: Option<&str>) -> Entry {
        let mut order = NewOrder::limit(AccountId(1), SymbolId(0), Side::Buy, Price(1), Quantity(1));
        order.extras = client_id.map(|client_id| {
            let client_id = Some(ClientOrderId(client_id.into()));
            Box::new(Extras { client_id, ..Extras::default() })
        });
        Entry::new(
            AccountSlot::at(account),
            Order {
                id: OrderId(id),
                order,
                fees: FeeRates::default(),
                status: OrderStatus::New,
                filled: Quantity::ZERO,
                notional: Amount::ZERO,
                prevented: Quantity::ZERO,
                fee: crate::types::SignedAmount::ZERO,
                reserved: Amount(1),
                list: None,
                amends: 0,
                accepted_at: Timestamp(1),
                updated_at: Timestamp(1),
            },
        )
    }

    fn ids<'a>(entries: impl Iterator<Item = &'a Entry>) -> Vec<u64> {
        entries.map(|entry| entry.order.id.0).collect()
    }

    #[test]
    fn chains_survive_any_order_of_leaving() {
        let mut orders = Orders::default();
        for id in 1..=9 {
            orders.insert(entry(usize::try_from(id % 2).unwrap(), id, None));
        }
        for id in [5, 1, 9, 2] {
            orders.remove(orders.find(OrderId(id)).unwrap());
            orders.check_invariants();
        }
        orders.insert(entry(1, 11, None));
        assert_eq!(ids(orders.of_account(AccountSlot::at(1))), [3, 7, 11]);
        assert_eq!(ids(orders.of_account_after(AccountSlot::at(1), OrderId(3))), [7, 11]);
        assert_eq!(ids(orders.of_account_after(AccountSlot::at(1), OrderId(5))), [3, 7, 11]);
        assert_eq!(ids(orders.of_account(AccountSlot::at(0))), [4, 6, 8]);
        assert_eq!(orders.open_count(AccountSlot::at(7)), 0);
        orders.check_invariants();
        // Told again in another order than they were accepted in.
        for id in [10, 5, 1, 13] {
            orders.insert(entry(1, id, None));
            orders.check_invariants();
        }
        assert_eq!(ids(orders.of_account(AccountSlot::at(1))), [1, 3, 5, 7, 10, 11, 13]);
    }

    #[test]
    fn names_are_found_whole_and_by_their_beginning_within_an_account() {
        let mut orders = Orders::default();
        for (id, name) in (1..).zip(["a", "a.1", "a.10", "a2", "b"]) {
            orders.insert(entry(0, id, Some(name)));
        }
        orders.insert(entry(1, 10, Some("a.1")));
        let name = |name: &str| ClientOrderId(name.into());
        let slot = AccountSlot::at(0);
        assert_eq!(orders.with_client_id(slot, &name("a.1")).collect::<Vec<_>>(), [OrderId(2)]);
        assert_eq!(orders.with_client_id(slot, &name("a.")).count(), 0);
        assert_eq!(ids(orders.with_prefix(slot, &name("a."))), [2, 3]);
        assert_eq!(ids(orders.with_prefix(slot, &name("b"))), [5]);
        orders.remove(orders.find(OrderId(2)).unwrap());
        assert_eq!(orders.with_client_id(slot, &name("a.1")).count(), 0);
        orders.check_invariants();
    }
}
