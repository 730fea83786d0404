//! A sequencer's state as bytes: what is hashed of it, and what is saved.
//!
//! Both are written between two records, when nothing is on its way between its orders and their matchers. What is
//! saved is taken for hostile when it is loaded, and checked against itself here; that the books say the same is
//! checked in [`crate::state`].

use std::collections::BTreeMap;

use crate::accounts::Counters;
use crate::codec::{Encode, ensure, wire_struct};
use crate::history::Change;
use crate::ledger::{AccountSlot, Lifetime, Line};
use crate::message::{
    AccountInfo, CancelReason, CanceledOrder, MassId, Order, OrderFilter, OrderStatus, ReplyTo, TransferOffer,
};
use crate::orders::Entry;
use crate::rules::SymbolRules;
use crate::sequencer::Sequencer;
use crate::sequencer::mass_cancel::MassCancel;
use crate::sequencer::requests::Awaited;
use crate::sequencer::reservation::{is_exact, is_exact_with};
use crate::spec::SymbolSpec;
use crate::state::{Totals, is_countable};
use crate::types::{
    AccountId, Amount, AssetId, Lsn, OrderId, Side, SignedAmount, SymbolId, Ticket, Timestamp,
};
use crate::window::Lanes;

/// An account, as it is hashed.
pub(crate) struct AccountState {
    pub(crate) info: AccountInfo,
    /// By asset.
    lines: Vec<Line>,
    /// By id.
    orders: Vec<OpenOrder>,
}

wire_struct!(AccountState { info: AccountInfo, lines: Vec<Line>, orders: Vec<OpenOrder> });

/// An open order, as it is hashed.
struct OpenOrder {
    order: Order,
    shadow: bool,
    unwritten: Amount,
}

wire_struct!(OpenOrder { order: Order, shadow: bool, unwritten: Amount });

/// An account, as it is saved.
pub(crate) struct SavedAccount {
    pub(crate) state: AccountState,
    /// Assets of which it has nothing any more.
    emptied: Vec<AssetId>,
}

wire_struct!(SavedAccount { state: AccountState, emptied: Vec<AssetId> });

/// A mass cancel of which parts are missing.
pub(crate) struct SavedMassCancel {
    mass: MassId,
    to: Option<ReplyTo>,
    pub(crate) account: AccountId,
    filter: OrderFilter,
    reason: CancelReason,
    missing: Vec<SymbolId>,
    canceled: Vec<CanceledOrder>,
    latest: Timestamp,
}

wire_struct!(
    SavedMassCancel {
        mass: MassId,
        to: Option<ReplyTo>,
        account: AccountId,
        filter: OrderFilter,
        reason: CancelReason,
        missing: Vec<SymbolId>,
        canceled: Vec<CanceledOrder>,
        latest: Timestamp,
    },
    |mass| {
        ensure(!mass.missing.is_empty(), "a mass cancel that is over")?;
        ensure(mass.missing.is_sorted_by(|a, b| a < b), "symbols out of order")
    }
);

impl SavedMassCancel {
    /// Which.
    pub(crate) fn mass(&self) -> MassId {
        self.mass
    }
}

impl SavedAccount {
    /// Whose.
    pub(crate) fn account(&self) -> AccountId {
        self.state.info.account
    }
}

impl Sequencer {
    /// Hands out each account's part of the state's hash: what it has, its terms, its open orders. For a shard at
    /// rest; what is on its way would be missing.
    pub fn account_parts(&self, each: &mut dyn FnMut(AccountId, &[u8])) {
        let mut bytes = Vec::new();
        for slot in self.ledger.all_slots() {
            bytes.clear();
            self.account_state(slot).encode(&mut bytes);
            each(self.ledger.account(slot), &bytes);
        }
    }

    /// Hands out each symbol's part of the state's hash, as this shard knows the symbol. All shards know the same.
    pub fn listing_parts(&self, each: &mut dyn FnMut(SymbolId, &[u8])) {
        let mut bytes = Vec::new();
        for listing in self.symbols.iter().flatten() {
            bytes.clear();
            (listing.spec, listing.rules).encode(&mut bytes);
            each(listing.spec.id(), &bytes);
        }
    }

    /// Adds what has crossed this shard's border in all time.
    pub fn add_totals(&self, totals: &mut Totals) {
        for (asset, lifetime) in self.lifetimes() {
            totals.add(asset, lifetime);
        }
    }

    /// What has crossed this shard's border in all time, by asset.
    pub(crate) fn lifetimes(&self) -> impl Iterator<Item = (AssetId, Lifetime)> {
        self.ledger.lifetimes()
    }

    fn account_state(&self, slot: AccountSlot) -> AccountState {
        let orders = self.orders.of_account(slot);
        let open_orders = self.orders.open_count(slot);
        AccountState {
            info: self.accounts.info(slot, self.ledger.account(slot), open_orders),
            lines: self.ledger.save_account(slot).0,
            orders: orders
                .map(|entry| OpenOrder {
                    order: entry.order.clone(),
                    shadow: entry.shadow,
                    unwritten: entry.unwritten,
                })
                .collect(),
        }
    }

    /// Every account.
    pub(crate) fn saved_ids(&self) -> impl Iterator<Item = (AccountId, AccountSlot)> {
        self.ledger.all_slots().map(|slot| (self.ledger.account(slot), slot))
    }

    /// One account, to be saved.
    pub(crate) fn save_account(&self, slot: AccountSlot) -> SavedAccount {
        SavedAccount { state: self.account_state(slot), emptied: self.ledger.save_account(slot).1 }
    }

    /// The request ids of an account, if it ever used any.
    pub(crate) fn lanes(&self, slot: AccountSlot) -> Option<&Lanes> {
        self.accounts.lanes(slot)
    }

    /// Closed orders that are remembered of an account, the first closed first.
    pub(crate) fn closed_of(&self, slot: AccountSlot) -> Vec<&Order> {
        self.closed.of_account(slot)
    }

    /// Ledger entries that are remembered of an account, the first first.
    pub(crate) fn entries_of(&self, slot: AccountSlot) -> Vec<Change> {
        self.entries.of_account(slot)
    }

    /// Symbols as they are known here.
    pub(crate) fn save_listings(&self) -> Vec<(SymbolSpec, SymbolRules)> {
        self.symbols.iter().flatten().map(|listing| (listing.spec, listing.rules)).collect()
    }

    /// Mass cancels of which parts are missing.
    pub(crate) fn save_mass_cancels(&self) -> Vec<SavedMassCancel> {
        let at_rest = self.amends.is_empty() && self.collecting.is_empty();
        assert!(at_rest, "a state is saved between two records, when no matcher owes an answer");
        let masses = self.mass_cancels.iter();
        masses
            .map(|(&mass, pending)| SavedMassCancel {
                mass,
                to: pending.to,
                account: pending.account,
                filter: pending.filter.clone(),
                reason: pending.reason,
                missing: pending.missing.iter().copied().collect(),
                canceled: pending.canceled.clone(),
                latest: pending.latest,
            })
            .collect()
    }

    /// Makes the symbols known. All that has happened up to `last` is shown here.
    ///
    /// # Errors
    /// They are out of order.
    pub(crate) fn load_listings(
        &mut self,
        listings: &[(SymbolSpec, SymbolRules)],
        last: Lsn,
    ) -> Result<(), &'static str> {
        ensure(listings.is_sorted_by(|a, b| a.0.id() < b.0.id()), "symbols are out of order")?;
        for &(spec, rules) in listings {
            self.add_symbol(spec, rules, last);
        }
        self.horizon = last;
        Ok(())
    }

    /// What had crossed all borders of the exchange: kept by one of its shards.
    pub(crate) fn load_totals(&mut self, totals: &Totals) {
        for (asset, lifetime) in totals.iter() {
            self.ledger.load_lifetime(asset, lifetime);
        }
    }

    /// Makes an account as it was.
    ///
    /// # Errors
    /// It is not what a sequencer saves.
    pub(crate) fn load_account(&mut self, saved: SavedAccount) -> Result<(), &'static str> {
        let SavedAccount { state: AccountState { info, lines, orders }, emptied } = saved;
        let account = info.account;
        ensure(lines.is_sorted_by(|a, b| a.asset < b.asset), "balances are out of order")?;
        ensure(emptied.is_sorted_by(|a, b| a < b), "balances are out of order")?;
        ensure(orders.is_sorted_by(|a, b| a.order.id < b.order.id), "orders are out of order")?;
        ensure(info.open_orders as usize == orders.len(), "orders are missing, or there are too many")?;
        let slot = self.ledger.load_account(account, &lines, &emptied)?;
        self.accounts.grow_to(slot);
        self.accounts.load_terms(slot, &info)?;

        let mut ids = Vec::with_capacity(orders.len());
        for OpenOrder { order, shadow, unwritten } in orders {
            ensure(order.order.account == account, "an order of somebody else's")?;
            ensure(self.orders.find(order.id).is_none(), "an order that is there twice")?;
            ensure(unwritten.is_zero(), "an order that its book has not seen")?;
            self.check_open(&order)?;
            ids.push(order.id);
            let mut entry = Entry::new(slot, order);
            entry.decided = true;
            (entry.shadow, entry.unwritten) = (shadow, Amount::ZERO);
            self.remember(entry);
        }
        self.check_orders(slot, &ids)?;
        self.check_purposes(slot, &lines)
    }

    /// Is it an order that may be open between two records?
    fn check_open(&self, order: &Order) -> Result<(), &'static str> {
        let kind = order.order.kind;
        let spec = &self.listing(order.order.symbol).map_err(|_| "an order on a symbol that is not")?.spec;
        ensure(order.status.is_open() && !order.order.is_immediate(), "an order that is not open")?;
        ensure(is_countable(spec, kind), "an order of more than there is")?;
        // What is added to later must have room.
        let room =
            order.notional.0 < 1 << 126 && order.fee.0.unsigned_abs() < 1 << 126 && order.amends < 1 << 31;
        ensure(room, "an order to which more has happened than can")?;
        let untouched = order.filled.is_zero() && order.prevented.is_zero();
        let sound = if order.status == OrderStatus::PendingTrigger {
            // What a sell by quote amount has to have reserved, only a book could tell.
            let reserves = kind.quantity().is_some() || order.order.side == Side::Buy;
            order.order.trigger().is_some() && untouched && reserves
        } else {
            let done = order.filled.checked_add(order.prevented);
            let left = kind.quantity().zip(done).is_some_and(|(quantity, done)| done < quantity);
            let is_new = order.status == OrderStatus::New;
            kind.price().is_some() && left && is_new == order.filled.is_zero()
        };
        ensure(sound, "an order in a state that it can't be in")
    }

    /// What can only be said of an account's orders when they are all there: pairs, reservations, counters.
    fn check_orders(&mut self, slot: AccountSlot, ids: &[OrderId]) -> Result<(), &'static str> {
        for &id in ids {
            let entry = self.orders.get(id).expect("it has just been loaded");
            let order = &entry.order;
            let mut sibling = None;
            if let Some((list, other)) = order.list
                && let Some(entry) = self.orders.get(other)
            {
                let paired = entry.order.list == Some((list, id)) && entry.account == slot;
                ensure(paired && other != id, "one leg of a list without the other")?;
                let pending = |order: &Order| order.status == OrderStatus::PendingTrigger;
                let same = (order.order.symbol, order.order.side, order.open_quantity());
                let others = (entry.order.order.symbol, entry.order.order.side, entry.order.open_quantity());
                ensure(pending(order) != pending(&entry.order) && same == others, "legs of different lists")?;
                sibling = Some(entry);
            }
            let is_shadow = sibling.is_some() && order.status == OrderStatus::PendingTrigger;
            ensure(entry.shadow == is_shadow, "a leg of a list that is not one")?;
            let spec = &self.known(order.order.symbol).spec;
            let exact = match sibling {
                None => is_exact(spec, order),
                Some(_) => is_exact_with(spec, entry, sibling),
            };
            ensure(exact, "an order that has not reserved what it may cost")?;
            if order.list.is_some() && !is_shadow {
                let counts = Counters { lists: 1, ..Counters::default() };
                let symbol = order.order.symbol;
                self.accounts.counters_mut(slot, symbol).add(counts);
            }
        }
        Ok(())
    }

    /// What is frozen is frozen for something.
    fn check_purposes(&self, slot: AccountSlot, lines: &[Line]) -> Result<(), &'static str> {
        let mut reserved: BTreeMap<AssetId, Amount> = BTreeMap::new();
        for entry in self.orders.of_account(slot) {
            let order = &entry.order;
            let sum =
                reserved.entry(self.known(order.order.symbol).spec.gives(order.order.side)).or_default();
            *sum = sum.checked_add(order.reserved).ok_or("more is reserved than there can be")?;
        }
        for line in lines {
            let purposes = line.held + line.in_transfer;
            let reserved = reserved.remove(&line.asset).unwrap_or_default();
            ensure(
                Some(line.frozen) == purposes.checked_add(reserved),
                "more or less is frozen than is reserved",
            )?;
        }
        ensure(reserved.into_values().all(Amount::is_zero), "a reservation without frozen funds")
    }

    /// Gives an account the request ids that it used.
    ///
    /// # Errors
    /// There is no such account.
    pub(crate) fn load_lanes(&mut self, account: AccountId, lanes: Lanes) -> Result<(), &'static str> {
        let slot = self.ledger.slot(account).ok_or("request ids of nobody")?;
        *self.accounts.lanes_mut(slot) = lanes;
        Ok(())
    }

    /// Remembers closed orders again, in this order.
    ///
    /// # Errors
    /// One of them is not closed, is there twice, or somebody else's.
    pub(crate) fn load_closed(&mut self, closed: Vec<(AccountSlot, Order)>) -> Result<(), &'static str> {
        for (slot, mut order) in closed {
            let account = self.ledger.account(slot);
            let known = self.orders.find(order.id).is_some() || self.closed.get(order.id).is_some();
            ensure(order.order.account == account && !known, "a closed order that is another")?;
            self.listing(order.order.symbol).map_err(|_| "an order on a symbol that is not")?;
            ensure(!order.status.is_open(), "a closed order that is open")?;
            self.closed.push(slot, Lsn(0), &mut order);
        }
        Ok(())
    }

    /// Remembers ledger entries again, in this order.
    ///
    /// # Errors
    /// They add up to more than there can be.
    pub(crate) fn load_entries(&mut self, changes: Vec<(AccountSlot, Change)>) -> Result<(), &'static str> {
        // What a page shows is computed from the present backwards: no way there may overflow.
        let room = Amount(1 << 126);
        let mut moved = BTreeMap::new();
        for (slot, change) in changes {
            let size = |amount: SignedAmount| Amount(amount.0.unsigned_abs());
            for (at, amount) in [(0, size(change.available)), (1, size(change.frozen))] {
                let sum = moved.entry((slot, change.asset, at)).or_insert(Amount::ZERO);
                *sum = sum.checked_add(amount).filter(|&sum| sum < room).ok_or("entries of too much")?;
            }
            self.entries.push(slot, change);
        }
        Ok(())
    }

    /// The place of an account that is there.
    ///
    /// # Errors
    /// It is not.
    pub(crate) fn loaded(&self, account: AccountId) -> Result<AccountSlot, &'static str> {
        self.ledger.slot(account).ok_or("something of an account that is not")
    }

    /// Waits again for the parts of a mass cancel.
    ///
    /// # Errors
    /// It is not what a sequencer saves.
    pub(crate) fn load_mass_cancel(&mut self, saved: SavedMassCancel) -> Result<(), &'static str> {
        let SavedMassCancel { mass, to, account, filter, reason, missing, canceled, latest } = saved;
        if !matches!(reason, CancelReason::Mass | CancelReason::Deadman) {
            return Err("a mass cancel for no reason of its own");
        }
        let slot = self.loaded(account)?;
        ensure(mass.0 <= self.horizon.0, "a mass cancel of the future")?;
        for &symbol in &missing {
            self.listing(symbol).map_err(|_| "a mass cancel on a symbol that is not")?;
        }
        let to = to.map(|to| ReplyTo { ticket: Ticket(mass.0), ..to });
        if let Some(to) = to {
            self.wait_again(slot, to)?;
        }
        let missing = missing.into_iter().collect();
        self.mass_cancels.insert(mass, MassCancel { to, account, filter, reason, missing, canceled, latest });
        Ok(())
    }

    /// Waits again for the answer to a transfer.
    ///
    /// # Errors
    /// Its sender is not there.
    pub(crate) fn load_offer(&mut self, offer: &TransferOffer) -> Result<(), &'static str> {
        let slot = self.loaded(offer.from)?;
        self.wait_again(slot, offer.to_reply)
    }

    fn wait_again(&mut self, slot: AccountSlot, to: ReplyTo) -> Result<(), &'static str> {
        let Some(id) = to.request_id() else { return Ok(()) };
        ensure(self.awaited.get(to.ticket.0).is_none(), "two that began with one record")?;
        self.awaited.insert(to.ticket.0, Awaited { account: slot, lane: id.lane, number: id.number });
        Ok(())
    }

    /// Every request that runs is waited for by somebody who will be answered. (Those who would be are counted.)
    pub(crate) fn check_awaited(&self, waiting: &[ReplyTo]) -> Result<(), &'static str> {
        let mut running = Vec::new();
        for slot in self.ledger.all_slots() {
            let numbers = self.accounts.lanes(slot).into_iter().flat_map(Lanes::running_numbers);
            running.extend(numbers.map(|(lane, number)| (slot, lane, number)));
        }
        let awaited = waiting.iter().filter_map(|to| self.awaited.get(to.ticket.0));
        let mut awaited: Vec<_> = awaited.map(|to| (to.account, to.lane, to.number)).collect();
        running.sort_unstable();
        awaited.sort_unstable();
        ensure(running == awaited, "requests that run, and that nobody will answer")
    }

    /// Whom the mass cancels that are not over will answer.
    pub(crate) fn mass_cancels_answer(&self) -> impl Iterator<Item = ReplyTo> {
        self.mass_cancels.values().filter_map(|pending| pending.to)
    }

    /// What is frozen for transfers under way, of each account and asset of which anything is.
    pub(crate) fn under_way(&self) -> impl Iterator<Item = ((AccountId, AssetId), Amount)> {
        self.ledger
            .all_in_transfer()
            .map(|(slot, asset, amount)| ((self.ledger.account(slot), asset), amount))
    }

    /// An account's open order.
    pub(crate) fn open_order(&self, id: OrderId) -> Option<&Entry> {
        self.orders.get(id)
    }

    /// How many orders are open.
    pub(crate) fn open_orders_count(&self) -> usize {
        self.orders.all().count()
    }

    /// Adds what every account has, by asset: available, and frozen.
    ///
    /// # Errors
    /// It is more than can be counted.
    pub(crate) fn add_balances(&self, sums: &mut BTreeMap<AssetId, i128>) -> Result<(), &'static str> {
        for slot in self.ledger.all_slots() {
            for &(asset, balance) in self.ledger.balances(slot) {
                let sum = sums.entry(asset).or_default();
                let total = i128::try_from(balance.total().0).map_err(|_| "a balance of too much")?;
                *sum = sum.checked_add(total).ok_or("balances of more than there can be")?;
            }
        }
        Ok(())
    }
}
