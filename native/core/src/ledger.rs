//! One shard's balances: available and frozen, per account and asset.
//!
//! Lives here: deposit, withdraw, hold, transfer, freeze, settle, release. Does not live here: orders, prices,
//! fees; the ledger moves amounts that others decided. Whatever takes from `available` is a decision of the
//! shard's own sequencer; a settlement consumes what is frozen and nothing else.
//!
//! What a client may cause is a [`Reject`] and changes nothing. A settlement beyond what is frozen is our bug,
//! and halts: never clamped, never defaulted.

use std::collections::BTreeMap;

use crate::codec::{ensure, wire_struct};
use crate::index::IdIndex;
use crate::limits::AMOUNT_MAX;
use crate::message::{AssetTotals, Balance};
use crate::reject::{Code, Detail, Reject};
use crate::types::{AccountId, Amount, AssetId, SignedAmount};

/// The balances of the accounts of one shard.
#[derive(Debug, Default)]
pub struct Ledger {
    slots: IdIndex<AccountSlot>,
    accounts: Vec<Holdings>,
    /// By asset number, which is dense: counting a fee costs no search.
    flows: Vec<Flows>,
    /// What is frozen for transfers whose receiver has not answered.
    in_transfer: BTreeMap<(AccountSlot, AssetId), Amount>,
}

/// An account's place in its ledger: spares a lookup, valid for ever (accounts are never removed).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccountSlot(u32);

impl AccountSlot {
    /// As an index into tables kept in step with the ledger's accounts.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The slot of that index.
    pub(crate) fn at(index: usize) -> Self {
        Self(u32::try_from(index).expect("fewer than 2^32 accounts in a shard"))
    }
}

/// An account's balances, sorted by asset: few per account, so a sorted Vec beats any map in space and time.
#[derive(Debug)]
struct Holdings {
    account: AccountId,
    lines: Vec<(AssetId, Balance)>,
}

/// What crossed the shard's border, of one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Flows {
    deposited: Amount,
    withdrawn: Amount,
    transferred_in: Amount,
    transferred_out: Amount,
    /// The sum of what is frozen for transfers that are not answered.
    in_transfer: Amount,
    fees: SignedAmount,
}

impl Ledger {
    /// The account's slot, if it exists.
    #[must_use]
    pub fn slot(&self, account: AccountId) -> Option<AccountSlot> {
        self.slots.get(account.0).copied()
    }

    /// Whose slot it is.
    #[must_use]
    pub fn account(&self, slot: AccountSlot) -> AccountId {
        self.accounts[slot.index()].account
    }

    /// Every account's slot, in the order of their first deposits.
    pub fn all_slots(&self) -> impl Iterator<Item = AccountSlot> + use<> {
        (0..self.accounts.len()).map(AccountSlot::at)
    }

    /// One balance; zero when the account never had any of the asset.
    #[must_use]
    pub fn balance(&self, slot: AccountSlot, asset: AssetId) -> Balance {
        self.accounts[slot.index()].get(asset)
    }

    /// All balances of an account, by asset.
    #[must_use]
    pub fn balances(&self, slot: AccountSlot) -> &[(AssetId, Balance)] {
        &self.accounts[slot.index()].lines
    }

    /// What is frozen for an account's transfers of an asset that are under way.
    #[must_use]
    pub fn in_transfer(&self, slot: AccountSlot, asset: AssetId) -> Amount {
        self.in_transfer.get(&(slot, asset)).copied().unwrap_or_default()
    }

    /// The same of all accounts and assets that have any.
    pub(crate) fn all_in_transfer(&self) -> impl Iterator<Item = (AccountSlot, AssetId, Amount)> {
        self.in_transfer.iter().map(|(&(slot, asset), &amount)| (slot, asset, amount))
    }

    /// Could this deposit be made? Asked before it is journaled.
    ///
    /// # Errors
    /// `BALANCE_OVERFLOW` when the balance would exceed [`AMOUNT_MAX`], or the shard's sum of deposits a u128.
    pub fn check_deposit(&self, account: AccountId, asset: AssetId, amount: Amount) -> Result<(), Reject> {
        let overflow = Reject::new(Code::BalanceOverflow);
        self.flows(asset).deposited.checked_add(amount).ok_or(overflow)?;
        let total = self.slot(account).map_or(Amount::ZERO, |slot| self.balance(slot, asset).total());
        check_total(total, amount)
    }

    /// Adds to `available`; makes the account if there is none. [`Self::check_deposit`] passed.
    pub fn deposit(&mut self, account: AccountId, asset: AssetId, amount: Amount) -> Balance {
        let slot = self.slot(account).unwrap_or_else(|| self.open_account(account));
        self.flows_mut(asset).deposited += amount;
        self.credit(slot, asset, amount)
    }

    /// Could this withdrawal be made? Asked before it is journaled.
    ///
    /// # Errors
    /// `INSUFFICIENT_BALANCE` when less than `amount` is available. What is frozen can't be withdrawn.
    pub fn check_withdraw(&self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Result<(), Reject> {
        self.check_available(slot, asset, amount)?;
        let after = self.flows(asset).withdrawn.checked_add(amount);
        after.map(|_| ()).ok_or(Reject::new(Code::BalanceOverflow))
    }

    /// Takes from `available`. [`Self::check_withdraw`] passed.
    pub fn withdraw(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Balance {
        self.flows_mut(asset).withdrawn += amount;
        let balance = self.accounts[slot.index()].entry(asset);
        balance.available -= amount;
        *balance
    }

    /// Is so much available?
    ///
    /// # Errors
    /// `INSUFFICIENT_BALANCE` with the figures.
    pub fn check_available(&self, slot: AccountSlot, asset: AssetId, required: Amount) -> Result<(), Reject> {
        let available = self.balance(slot, asset).available;
        if available < required { Err(insufficient(asset, required, available)) } else { Ok(()) }
    }

    /// Moves from available to frozen.
    ///
    /// # Errors
    /// `INSUFFICIENT_BALANCE` when less than `amount` is available; nothing changes then.
    pub fn freeze(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Result<(), Reject> {
        self.check_available(slot, asset, amount)?;
        self.freeze_checked(slot, asset, amount);
        Ok(())
    }

    /// The same when [`Self::check_available`] passed: less is a broken invariant now.
    pub fn freeze_checked(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) {
        if !amount.is_zero() {
            let balance = self.accounts[slot.index()].entry(asset);
            balance.available -= amount;
            balance.frozen += amount;
        }
    }

    /// Moves from frozen back to available. More than is frozen is a broken invariant.
    pub fn release(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) {
        if !amount.is_zero() {
            let balance = self.accounts[slot.index()].entry(asset);
            balance.frozen -= amount;
            balance.available += amount;
        }
    }

    /// Freezes for a purpose outside the exchange. [`Self::check_available`] passed.
    pub fn hold(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Balance {
        self.freeze_checked(slot, asset, amount);
        let balance = self.accounts[slot.index()].entry(asset);
        balance.held += amount;
        *balance
    }

    /// Is so much held?
    ///
    /// # Errors
    /// `INSUFFICIENT_BALANCE`, what is held being what is available for this.
    pub fn check_held(&self, slot: AccountSlot, asset: AssetId, required: Amount) -> Result<(), Reject> {
        let held = self.balance(slot, asset).held;
        if held < required { Err(insufficient(asset, required, held)) } else { Ok(()) }
    }

    /// Gives back what was held. [`Self::check_held`] passed.
    pub fn release_held(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Balance {
        self.accounts[slot.index()].entry(asset).held -= amount;
        self.release(slot, asset, amount);
        self.balance(slot, asset)
    }

    /// Could this be offered to another account? Asked before it is journaled.
    ///
    /// # Errors
    /// `INSUFFICIENT_BALANCE` when less is available.
    pub fn check_offer(&self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Result<(), Reject> {
        self.check_available(slot, asset, amount)?;
        let flows = self.flows(asset);
        let sum = flows.transferred_out.checked_add(flows.in_transfer);
        let after = sum.and_then(|sum| sum.checked_add(amount));
        after.map(|_| ()).ok_or(Reject::new(Code::BalanceOverflow))
    }

    /// Freezes what is on its way to another account. [`Self::check_offer`] passed.
    pub fn offer(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) {
        self.freeze_checked(slot, asset, amount);
        *self.in_transfer.entry((slot, asset)).or_default() += amount;
        self.flows_mut(asset).in_transfer += amount;
    }

    /// The receiver has it: it is gone.
    pub fn transfer_out(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Balance {
        self.arrived(slot, asset, amount);
        self.flows_mut(asset).transferred_out += amount;
        let balance = self.accounts[slot.index()].entry(asset);
        balance.frozen -= amount;
        *balance
    }

    /// The receiver did not take it: it is available again.
    pub fn transfer_back(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) {
        self.arrived(slot, asset, amount);
        self.release(slot, asset, amount);
    }

    /// Could this transfer be received? Asked before it is journaled.
    ///
    /// # Errors
    /// `BALANCE_OVERFLOW`, as for a deposit.
    pub fn check_transfer_in(&self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Result<(), Reject> {
        let sum = self.flows(asset).transferred_in.checked_add(amount);
        sum.ok_or(Reject::new(Code::BalanceOverflow))?;
        check_total(self.balance(slot, asset).total(), amount)
    }

    /// Adds what another account sent. [`Self::check_transfer_in`] passed.
    pub fn transfer_in(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) {
        self.flows_mut(asset).transferred_in += amount;
        self.credit(slot, asset, amount);
    }

    /// A fill: `paid` leaves the frozen balance of one asset, `received` joins the available one of another.
    pub fn settle(&mut self, slot: AccountSlot, paid: (AssetId, Amount), received: (AssetId, Amount)) {
        let holdings = &mut self.accounts[slot.index()];
        holdings.entry(paid.0).frozen -= paid.1;
        holdings.entry(received.0).available += received.1;
    }

    /// Adds to `available` what came from within the exchange.
    pub fn credit(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Balance {
        let balance = self.accounts[slot.index()].entry(asset);
        balance.available += amount;
        *balance
    }

    /// Counts what accounts got from fees: rebates and collected fees, less (negative) the fees they paid.
    pub fn count_fees(&mut self, asset: AssetId, got: SignedAmount) {
        self.flows_mut(asset).fees += got;
    }

    /// Sums over the whole shard, by asset. Walks every account: for reports and proofs.
    /// `reserved` is left zero; the sequencer, who knows the orders, fills it in.
    #[must_use]
    pub fn totals(&self) -> Vec<AssetTotals> {
        let mut totals: BTreeMap<AssetId, AssetTotals> = BTreeMap::new();
        for (number, &flows) in (0..).zip(&self.flows) {
            if flows != Flows::default() {
                let asset = AssetId(number);
                totals.insert(asset, line(asset, flows));
            }
        }
        for &(asset, balance) in self.accounts.iter().flat_map(|holdings| &holdings.lines) {
            let line = totals.entry(asset).or_insert_with(|| line(asset, Flows::default()));
            line.available += balance.available;
            line.frozen += balance.frozen;
            line.held += balance.held;
        }
        totals.into_values().collect()
    }

    fn flows(&self, asset: AssetId) -> Flows {
        self.flows.get(asset.0 as usize).copied().unwrap_or_default()
    }

    fn flows_mut(&mut self, asset: AssetId) -> &mut Flows {
        let at = asset.0 as usize;
        if self.flows.len() <= at {
            self.flows.resize(at + 1, Flows::default());
        }
        &mut self.flows[at]
    }

    fn arrived(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) {
        let under_way = self.in_transfer.get_mut(&(slot, asset)).expect("an answer is to an offer");
        *under_way -= amount;
        if under_way.is_zero() {
            self.in_transfer.remove(&(slot, asset));
        }
        self.flows_mut(asset).in_transfer -= amount;
    }

    fn open_account(&mut self, account: AccountId) -> AccountSlot {
        let slot = AccountSlot::at(self.accounts.len());
        self.accounts.push(Holdings { account, lines: Vec::new() });
        self.slots.insert(account.0, slot);
        slot
    }
}

fn insufficient(asset: AssetId, required: Amount, available: Amount) -> Reject {
    Reject { code: Code::InsufficientBalance, detail: Detail::Funds { asset, required, available } }
}

/// What comes from outside raises a balance to [`AMOUNT_MAX`] at most.
fn check_total(total: Amount, more: Amount) -> Result<(), Reject> {
    match total.checked_add(more) {
        Some(after) if after.0 <= AMOUNT_MAX => Ok(()),
        _ => Err(Reject::new(Code::BalanceOverflow)),
    }
}

fn line(asset: AssetId, flows: Flows) -> AssetTotals {
    AssetTotals {
        deposited: flows.deposited,
        withdrawn: flows.withdrawn,
        in_transfer: flows.in_transfer,
        transferred_in: flows.transferred_in,
        transferred_out: flows.transferred_out,
        fees: flows.fees,
        ..AssetTotals::nothing_of(asset)
    }
}

impl Holdings {
    #[inline]
    fn get(&self, asset: AssetId) -> Balance {
        match self.lines.binary_search_by_key(&asset, |entry| entry.0) {
            Ok(at) => self.lines[at].1,
            Err(_) => Balance::default(),
        }
    }

    #[inline]
    fn entry(&mut self, asset: AssetId) -> &mut Balance {
        let at = match self.lines.binary_search_by_key(&asset, |entry| entry.0) {
            Ok(at) => at,
            Err(at) => {
                self.add_line(at, asset);
                at
            }
        };
        &mut self.lines[at].1
    }

    /// Most accounts have two assets: room for those, and not for four.
    #[cold]
    fn add_line(&mut self, at: usize, asset: AssetId) {
        if self.lines.len() == self.lines.capacity() {
            self.lines.reserve_exact(self.lines.len().max(1));
        }
        self.lines.insert(at, (asset, Balance::default()));
    }
}

/// One balance as it is saved. Never all zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line {
    pub(crate) asset: AssetId,
    pub(crate) available: Amount,
    pub(crate) frozen: Amount,
    pub(crate) held: Amount,
    pub(crate) in_transfer: Amount,
}

wire_struct!(
    Line { asset: AssetId, available: Amount, frozen: Amount, held: Amount, in_transfer: Amount },
    |line| {
        let purposes = line.held.checked_add(line.in_transfer);
        ensure(purposes.is_some_and(|sum| sum <= line.frozen), "more is held than is frozen")?;
        let total = line.available.checked_add(line.frozen);
        ensure(
            total.is_some_and(|total| total.0 > 0 && total.0 < 1 << 127),
            "a balance of nothing, or of too much",
        )
    }
);

/// What has crossed the border in all time, of one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) deposited: Amount,
    pub(crate) withdrawn: Amount,
    pub(crate) transferred_in: Amount,
    pub(crate) transferred_out: Amount,
    pub(crate) fees: SignedAmount,
}

wire_struct!(Lifetime {
    deposited: Amount,
    withdrawn: Amount,
    transferred_in: Amount,
    transferred_out: Amount,
    fees: SignedAmount,
});

impl Ledger {
    /// What an account has, and of which assets it once had something.
    pub(crate) fn save_account(&self, slot: AccountSlot) -> (Vec<Line>, Vec<AssetId>) {
        let (mut lines, mut emptied) = (Vec::new(), Vec::new());
        for &(asset, balance) in self.balances(slot) {
            let Balance { available, frozen, held } = balance;
            if balance.total().is_zero() {
                emptied.push(asset);
            } else {
                let in_transfer = self.in_transfer(slot, asset);
                lines.push(Line { asset, available, frozen, held, in_transfer });
            }
        }
        (lines, emptied)
    }

    /// Makes an account that is not there with what it had.
    ///
    /// # Errors
    /// It is there, or a line is there twice.
    pub(crate) fn load_account(
        &mut self,
        account: AccountId,
        lines: &[Line],
        emptied: &[AssetId],
    ) -> Result<AccountSlot, &'static str> {
        ensure(self.slot(account).is_none(), "an account that is there twice")?;
        let slot = self.open_account(account);
        let mut balances: Vec<_> = emptied.iter().map(|&asset| (asset, Balance::default())).collect();
        for &Line { asset, available, frozen, held, in_transfer } in lines {
            balances.push((asset, Balance { available, frozen, held }));
            if !in_transfer.is_zero() {
                self.in_transfer.insert((slot, asset), in_transfer);
                let flow = &mut self.flows_mut(asset).in_transfer;
                *flow = flow.checked_add(in_transfer).ok_or("more is under way than there can be")?;
            }
        }
        balances.sort_unstable_by_key(|line| line.0);
        ensure(balances.is_sorted_by(|a, b| a.0 < b.0), "an asset that an account has twice")?;
        self.accounts[slot.index()].lines = balances;
        Ok(slot)
    }

    /// What has crossed the shard's border in all time, by asset.
    pub(crate) fn lifetimes(&self) -> impl Iterator<Item = (AssetId, Lifetime)> {
        (0..).map(AssetId).zip(&self.flows).map(|(asset, flows)| {
            let Flows { deposited, withdrawn, transferred_in, transferred_out, fees, in_transfer: _ } =
                *flows;
            (asset, Lifetime { deposited, withdrawn, transferred_in, transferred_out, fees })
        })
    }

    /// What had crossed the border before this ledger was made.
    pub(crate) fn load_lifetime(&mut self, asset: AssetId, lifetime: Lifetime) {
        let Lifetime { deposited, withdrawn, transferred_in, transferred_out, fees } = lifetime;
        let flows = self.flows_mut(asset);
        *flows = Flows { deposited, withdrawn, transferred_in, transferred_out, fees, ..*flows };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USD: AssetId = AssetId(1);
    const BTC: AssetId = AssetId(0);

    fn funded() -> (Ledger, AccountSlot) {
        let mut ledger = Ledger::default();
        ledger.check_deposit(AccountId(7), USD, Amount(100)).unwrap();
        ledger.deposit(AccountId(7), USD, Amount(100));
        let slot = ledger.slot(AccountId(7)).unwrap();
        (ledger, slot)
    }

    fn balance(available: u128, frozen: u128, held: u128) -> Balance {
        Balance { available: Amount(available), frozen: Amount(frozen), held: Amount(held) }
    }

    #[test]
    fn freezing_moves_and_releasing_moves_back() {
        let (mut ledger, slot) = funded();
        ledger.freeze(slot, USD, Amount(60)).unwrap();
        assert_eq!(ledger.balance(slot, USD), balance(40, 60, 0));
        ledger.release(slot, USD, Amount(10));
        assert_eq!(ledger.balance(slot, USD), balance(50, 50, 0));
    }

    #[test]
    fn settling_consumes_frozen_and_credits_available() {
        let (mut ledger, slot) = funded();
        ledger.freeze(slot, USD, Amount(60)).unwrap();
        ledger.settle(slot, (USD, Amount(60)), (BTC, Amount(3)));
        assert_eq!(ledger.balance(slot, USD), balance(40, 0, 0));
        assert_eq!(ledger.balance(slot, BTC), balance(3, 0, 0));
    }

    #[test]
    fn a_refusal_names_the_figures_and_changes_nothing() {
        let (mut ledger, slot) = funded();
        let reject = ledger.freeze(slot, USD, Amount(101)).unwrap_err();
        assert_eq!(reject, insufficient(USD, Amount(101), Amount(100)));
        assert_eq!(ledger.balance(slot, USD), balance(100, 0, 0));
        ledger.freeze(slot, USD, Amount(1)).unwrap();
        assert!(ledger.check_withdraw(slot, USD, Amount(100)).is_err(), "frozen funds can't be withdrawn");
    }

    #[test]
    fn deposits_stop_at_the_largest_amount() {
        let (ledger, slot) = funded();
        let room = Amount(AMOUNT_MAX - 100);
        assert!(ledger.check_deposit(AccountId(7), USD, room).is_ok());
        let reject = ledger.check_deposit(AccountId(7), USD, room + Amount(1)).unwrap_err();
        assert_eq!(reject.code, Code::BalanceOverflow);
        assert!(ledger.check_transfer_in(slot, USD, room + Amount(1)).is_err());
    }

    #[test]
    fn what_is_held_is_frozen_and_comes_back() {
        let (mut ledger, slot) = funded();
        assert_eq!(ledger.hold(slot, USD, Amount(30)), balance(70, 30, 30));
        ledger.freeze(slot, USD, Amount(20)).unwrap();
        let reject = ledger.check_held(slot, USD, Amount(31)).unwrap_err();
        assert_eq!(reject, insufficient(USD, Amount(31), Amount(30)));
        assert_eq!(ledger.release_held(slot, USD, Amount(30)), balance(80, 20, 0));
        assert_eq!(ledger.totals()[0].held, Amount(0));
    }

    #[test]
    fn a_transfer_is_frozen_until_it_is_answered() {
        let (mut ledger, slot) = funded();
        ledger.check_offer(slot, USD, Amount(60)).unwrap();
        ledger.offer(slot, USD, Amount(60));
        assert_eq!(ledger.balance(slot, USD), balance(40, 60, 0));
        assert_eq!(ledger.totals()[0].in_transfer, Amount(60));
        ledger.transfer_back(slot, USD, Amount(20));
        assert_eq!(ledger.transfer_out(slot, USD, Amount(40)), balance(60, 0, 0));
        ledger.transfer_in(slot, USD, Amount(5));
        let totals = ledger.totals()[0];
        assert_eq!(totals.in_transfer, Amount(0));
        assert_eq!((totals.transferred_out, totals.transferred_in), (Amount(40), Amount(5)));
        assert_eq!(totals.available, Amount(65));
    }

    #[test]
    #[should_panic(expected = "is negative")]
    fn settling_beyond_what_is_frozen_halts() {
        let (mut ledger, slot) = funded();
        ledger.freeze(slot, USD, Amount(5)).unwrap();
        ledger.settle(slot, (USD, Amount(6)), (BTC, Amount(1)));
    }
}
