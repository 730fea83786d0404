//! A sequencer's orders: the open ones with what is reserved for each, and the most recent closed ones.
//!
//! Open orders of an account are chained in the order of acceptance, so that listing an account's orders
//! walks those and no others.

use std::collections::VecDeque;

use crate::index::IdIndex;
use crate::ledger::AccountSlot;
use crate::message::Order;
use crate::types::{AccountId, Amount, OrderId};

const NONE: u32 = u32::MAX;

/// Open and recently closed orders of one shard's accounts.
#[derive(Debug)]
pub(crate) struct Orders {
    open: Vec<Option<Entry>>,
    free: Vec<u32>,
    by_id: IdIndex<u32>,
    /// By account slot.
    chains: Vec<Chain>,
    closed: IdIndex<Order>,
    closed_by_age: VecDeque<OrderId>,
    closed_max: usize,
}

#[derive(Debug)]
struct Entry {
    order: Order,
    slot: AccountSlot,
    prev: u32,
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Chain {
    head: u32,
    tail: u32,
    len: u32,
    /// Those of them that can't rest: they are open only while their command runs.
    running: u32,
}

impl Orders {
    pub(crate) fn new(closed_max: usize) -> Self {
        Self {
            open: Vec::new(),
            free: Vec::new(),
            by_id: IdIndex::default(),
            chains: Vec::new(),
            closed: IdIndex::default(),
            closed_by_age: VecDeque::new(),
            closed_max,
        }
    }

    /// Open orders of an account.
    pub(crate) fn open_count(&self, slot: AccountSlot) -> u32 {
        self.chains.get(slot.index()).map_or(0, |chain| chain.len)
    }

    /// Has the account a market order whose command is not over?
    pub(crate) fn has_running(&self, slot: AccountSlot) -> bool {
        self.chains.get(slot.index()).is_some_and(|chain| chain.running > 0)
    }

    /// Remembers an accepted order.
    pub(crate) fn insert(&mut self, slot: AccountSlot, order: Order) {
        if self.chains.len() <= slot.index() {
            self.chains.resize(slot.index() + 1, Chain { head: NONE, tail: NONE, len: 0, running: 0 });
        }
        let chain = &mut self.chains[slot.index()];
        let entry = Entry { order, slot, prev: chain.tail, next: NONE };
        let at = match self.free.pop() {
            Some(at) => {
                self.open[at as usize] = Some(entry);
                at
            }
            None => {
                self.open.push(Some(entry));
                u32::try_from(self.open.len() - 1).expect("fewer than 2^32 open orders")
            }
        };
        match chain.tail {
            NONE => chain.head = at,
            tail => self.open[tail as usize].as_mut().expect("a chained entry").next = at,
        }
        chain.tail = at;
        chain.len += 1;
        chain.running += u32::from(!order.order.kind.can_rest());
        self.by_id.insert(order.id.0, at);
    }

    /// An open order.
    pub(crate) fn open(&self, id: OrderId) -> Option<&Order> {
        let &at = self.by_id.get(id.0)?;
        self.open[at as usize].as_ref().map(|entry| &entry.order)
    }

    /// An open order, to change, and its account's slot.
    pub(crate) fn open_mut(&mut self, id: OrderId) -> Option<(&mut Order, AccountSlot)> {
        let &at = self.by_id.get(id.0)?;
        self.open[at as usize].as_mut().map(|entry| (&mut entry.order, entry.slot))
    }

    /// A closed order, as long as it is remembered.
    pub(crate) fn closed(&self, id: OrderId) -> Option<&Order> {
        self.closed.get(id.0)
    }

    /// Takes an open order out and remembers it among the closed ones.
    pub(crate) fn close(&mut self, id: OrderId) {
        let order = self.forget(id);
        if self.closed_max == 0 {
            return;
        }
        if self.closed_by_age.len() == self.closed_max {
            let oldest = self.closed_by_age.pop_front().expect("closed_max is not zero");
            self.closed.remove(oldest.0);
        }
        self.closed_by_age.push_back(id);
        self.closed.insert(id.0, order);
    }

    /// Takes an open order out without a trace.
    pub(crate) fn forget(&mut self, id: OrderId) -> Order {
        let at = self.by_id.remove(id.0).expect("an open order");
        let entry = self.open[at as usize].take().expect("an indexed entry");
        self.free.push(at);
        let chain = &mut self.chains[entry.slot.index()];
        chain.len -= 1;
        chain.running -= u32::from(!entry.order.order.kind.can_rest());
        match entry.prev {
            NONE => chain.head = entry.next,
            prev => self.open[prev as usize].as_mut().expect("a chained entry").next = entry.next,
        }
        match entry.next {
            NONE => chain.tail = entry.prev,
            next => self.open[next as usize].as_mut().expect("a chained entry").prev = entry.prev,
        }
        entry.order
    }

    /// Open orders of one account, in the order of acceptance.
    pub(crate) fn of_account(&self, slot: AccountSlot) -> impl Iterator<Item = &Order> {
        let mut at = self.chains.get(slot.index()).map_or(NONE, |chain| chain.head);
        std::iter::from_fn(move || {
            let entry = self.open.get(at as usize)?.as_ref().expect("a chained entry");
            at = entry.next;
            Some(&entry.order)
        })
    }

    /// All open orders, in no particular order.
    pub(crate) fn all_open(&self) -> impl Iterator<Item = (&Order, AccountSlot)> {
        self.open.iter().flatten().map(|entry| (&entry.order, entry.slot))
    }

    /// Panics unless chains, index and entries agree.
    pub(crate) fn check_invariants(&self, account_of: impl Fn(AccountSlot) -> Option<AccountId>) {
        let mut chained = 0;
        for (at, chain) in self.chains.iter().enumerate() {
            let slot = AccountSlot::at(at);
            let listed = self.of_account(slot).inspect(|order| {
                assert_eq!(Some(order.order.account), account_of(slot));
                assert!(order.status.is_open() && order.reserved > Amount::ZERO || order.filled.is_zero());
            });
            assert_eq!(listed.count(), chain.len as usize);
            chained += chain.len as usize;
        }
        assert_eq!(chained, self.by_id.len());
        assert_eq!(chained, self.open.iter().flatten().count());
        assert!(self.closed.len() == self.closed_by_age.len() && self.closed.len() <= self.closed_max);
    }
}
