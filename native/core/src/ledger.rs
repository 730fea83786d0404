//! One shard's balances: available and frozen, per account and asset.
//!
//! Lives here: deposit, withdraw, freeze, settle, release. Does not live here: orders, prices, fees; the
//! ledger moves amounts that others decided. Only `withdraw` and `freeze` take from `available`, and both are
//! decisions of the shard's own sequencer; a settlement consumes what is frozen and nothing else.
//!
//! What a client may cause is a [`Reject`] and changes nothing. A settlement beyond what is frozen is our bug,
//! and halts: never clamped, never defaulted.

use std::collections::BTreeMap;

use crate::index::IdIndex;
use crate::limits::AMOUNT_MAX;
use crate::message::{AssetTotals, Balance};
use crate::reject::{Code, Detail, Reject};
use crate::types::{AccountId, Amount, AssetId};

/// The balances of the accounts of one shard.
#[derive(Debug, Default)]
pub struct Ledger {
    slots: IdIndex<AccountSlot>,
    accounts: Vec<Holdings>,
    flows: BTreeMap<AssetId, Flows>,
}

/// An account's place in its ledger: spares a lookup, valid for ever (accounts are never removed).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Debug, Default)]
struct Holdings(Vec<(AssetId, Balance)>);

/// What crossed the shard's border.
#[derive(Clone, Copy, Debug, Default)]
struct Flows {
    deposited: Amount,
    withdrawn: Amount,
}

impl Ledger {
    /// The account's slot, if it exists.
    #[must_use]
    pub fn slot(&self, account: AccountId) -> Option<AccountSlot> {
        self.slots.get(account.0).copied()
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
        &self.accounts[slot.index()].0
    }

    /// Could this deposit be made? Asked before it is journaled.
    ///
    /// # Errors
    /// `BALANCE_OVERFLOW` when the balance would exceed [`AMOUNT_MAX`], or the shard's sum of deposits a u128.
    pub fn check_deposit(&self, account: AccountId, asset: AssetId, amount: Amount) -> Result<(), Reject> {
        let overflow = Reject::new(Code::BalanceOverflow);
        let total = self.slot(account).map_or(Amount::ZERO, |slot| self.balance(slot, asset).total());
        let flows = self.flows.get(&asset).copied().unwrap_or_default();
        flows.deposited.checked_add(amount).ok_or(overflow)?;
        match total.checked_add(amount) {
            Some(after) if after.0 <= AMOUNT_MAX => Ok(()),
            _ => Err(overflow),
        }
    }

    /// Adds to `available`; makes the account if there is none. [`Self::check_deposit`] passed.
    pub fn deposit(&mut self, account: AccountId, asset: AssetId, amount: Amount) -> Balance {
        let slot = self.slot(account).unwrap_or_else(|| self.open_account(account));
        self.flows.entry(asset).or_default().deposited += amount;
        let balance = self.accounts[slot.index()].entry(asset);
        balance.available += amount;
        *balance
    }

    /// Could this withdrawal be made? Asked before it is journaled.
    ///
    /// # Errors
    /// `INSUFFICIENT_BALANCE` when less than `amount` is available. What is frozen can't be withdrawn.
    pub fn check_withdraw(&self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Result<(), Reject> {
        self.check_available(slot, asset, amount)?;
        let flows = self.flows.get(&asset).copied().unwrap_or_default();
        flows.withdrawn.checked_add(amount).map(|_| ()).ok_or(Reject::new(Code::BalanceOverflow))
    }

    /// Takes from `available`. [`Self::check_withdraw`] passed.
    pub fn withdraw(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Balance {
        let balance = self.accounts[slot.index()].entry(asset);
        balance.available -= amount;
        let after = *balance;
        self.flows.entry(asset).or_default().withdrawn += amount;
        after
    }

    /// Moves from available to frozen.
    ///
    /// # Errors
    /// `INSUFFICIENT_BALANCE` when less than `amount` is available; nothing changes then.
    pub fn freeze(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) -> Result<(), Reject> {
        self.check_available(slot, asset, amount)?;
        if !amount.is_zero() {
            let balance = self.accounts[slot.index()].entry(asset);
            balance.available -= amount;
            balance.frozen += amount;
        }
        Ok(())
    }

    /// Moves from frozen back to available. More than is frozen is a broken invariant.
    pub fn release(&mut self, slot: AccountSlot, asset: AssetId, amount: Amount) {
        if !amount.is_zero() {
            let balance = self.accounts[slot.index()].entry(asset);
            balance.frozen -= amount;
            balance.available += amount;
        }
    }

    /// A fill: `paid` leaves the frozen balance of one asset, `received` joins the available one of another.
    pub fn settle(&mut self, slot: AccountSlot, paid: (AssetId, Amount), received: (AssetId, Amount)) {
        let holdings = &mut self.accounts[slot.index()];
        holdings.entry(paid.0).frozen -= paid.1;
        holdings.entry(received.0).available += received.1;
    }

    /// Sums over the whole shard, by asset. Walks every account: for reports and proofs.
    /// `reserved` is left zero; the sequencer, who knows the orders, fills it in.
    #[must_use]
    pub fn totals(&self) -> Vec<AssetTotals> {
        let mut totals: BTreeMap<AssetId, AssetTotals> = BTreeMap::new();
        let zero = |asset| AssetTotals {
            asset,
            deposited: Amount::ZERO,
            withdrawn: Amount::ZERO,
            available: Amount::ZERO,
            frozen: Amount::ZERO,
            reserved: Amount::ZERO,
        };
        for (&asset, flows) in &self.flows {
            let line = totals.entry(asset).or_insert_with(|| zero(asset));
            line.deposited = flows.deposited;
            line.withdrawn = flows.withdrawn;
        }
        for &(asset, balance) in self.accounts.iter().flat_map(|holdings| &holdings.0) {
            let line = totals.entry(asset).or_insert_with(|| zero(asset));
            line.available += balance.available;
            line.frozen += balance.frozen;
        }
        totals.into_values().collect()
    }

    fn check_available(&self, slot: AccountSlot, asset: AssetId, required: Amount) -> Result<(), Reject> {
        let available = self.balance(slot, asset).available;
        if available < required {
            let detail = Detail::Funds { asset, required, available };
            return Err(Reject { code: Code::InsufficientBalance, detail });
        }
        Ok(())
    }

    fn open_account(&mut self, account: AccountId) -> AccountSlot {
        let slot = AccountSlot::at(self.accounts.len());
        self.accounts.push(Holdings::default());
        self.slots.insert(account.0, slot);
        slot
    }
}

impl Holdings {
    fn get(&self, asset: AssetId) -> Balance {
        match self.0.binary_search_by_key(&asset, |entry| entry.0) {
            Ok(at) => self.0[at].1,
            Err(_) => Balance::default(),
        }
    }

    fn entry(&mut self, asset: AssetId) -> &mut Balance {
        let at = match self.0.binary_search_by_key(&asset, |entry| entry.0) {
            Ok(at) => at,
            Err(at) => {
                self.0.insert(at, (asset, Balance::default()));
                at
            }
        };
        &mut self.0[at].1
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

    #[test]
    fn freezing_moves_and_releasing_moves_back() {
        let (mut ledger, slot) = funded();
        ledger.freeze(slot, USD, Amount(60)).unwrap();
        assert_eq!(ledger.balance(slot, USD), Balance { available: Amount(40), frozen: Amount(60) });
        ledger.release(slot, USD, Amount(10));
        assert_eq!(ledger.balance(slot, USD), Balance { available: Amount(50), frozen: Amount(50) });
    }

    #[test]
    fn settling_consumes_frozen_and_credits_available() {
        let (mut ledger, slot) = funded();
        ledger.freeze(slot, USD, Amount(60)).unwrap();
        ledger.settle(slot, (USD, Amount(60)), (BTC, Amount(3)));
        assert_eq!(ledger.balance(slot, USD), Balance { available: Amount(40), frozen: Amount(0) });
        assert_eq!(ledger.balance(slot, BTC), Balance { available: Amount(3), frozen: Amount(0) });
    }

    #[test]
    fn a_refusal_names_the_figures_and_changes_nothing() {
        let (mut ledger, slot) = funded();
        let reject = ledger.freeze(slot, USD, Amount(101)).unwrap_err();
        assert_eq!(reject.code, Code::InsufficientBalance);
        assert_eq!(
            reject.detail,
            Detail::Funds { asset: USD, required: Amount(101), available: Amount(100) }
        );
        assert_eq!(ledger.balance(slot, USD), Balance { available: Amount(100), frozen: Amount(0) });
        ledger.freeze(slot, USD, Amount(1)).unwrap();
        assert!(ledger.check_withdraw(slot, USD, Amount(100)).is_err(), "frozen funds can't be withdrawn");
    }

    #[test]
    fn deposits_stop_at_the_largest_amount() {
        let (ledger, _) = funded();
        let room = Amount(AMOUNT_MAX - 100);
        assert!(ledger.check_deposit(AccountId(7), USD, room).is_ok());
        let reject = ledger.check_deposit(AccountId(7), USD, room + Amount(1)).unwrap_err();
        assert_eq!(reject.code, Code::BalanceOverflow);
    }

    #[test]
    #[should_panic(expected = "is negative")]
    fn settling_beyond_what_is_frozen_halts() {
        let (mut ledger, slot) = funded();
        ledger.freeze(slot, USD, Amount(5)).unwrap();
        ledger.settle(slot, (USD, Amount(6)), (BTC, Amount(1)));
    }
}
