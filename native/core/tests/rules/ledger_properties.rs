//! The ledger against one map from (account, asset) to two plain integers, refusals included.

use std::collections::BTreeMap;

use lightning_core::ledger::Ledger;
use lightning_core::limits::AMOUNT_MAX;
use lightning_core::message::{AssetTotals, Balance};
use lightning_core::reject::{Code, Detail, Reject};
use lightning_core::types::{AccountId, Amount, AssetId};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Operation {
    Deposit(Whose, Size),
    Withdraw(Whose, Size),
    Freeze(Whose, Size),
    /// Of what is frozen; more than that is a bug of the caller, and halts.
    Release(Whose, Share),
    /// Of what is frozen, for this much of another asset.
    Settle(Whose, Share, u32, u64),
}

/// Account and asset.
type Whose = (u64, u32);

/// An amount, said by what makes it interesting.
#[derive(Clone, Copy, Debug)]
enum Size {
    Small(u128),
    Any(u128),
    /// All that is available, more or less this.
    Available(i128),
    /// As much as a deposit may add, more or less this.
    Room(i128),
}

/// Of what is frozen, in 16ths.
type Share = u128;

fn whose() -> impl Strategy<Value = Whose> + Clone {
    (1_u64..=4, 0_u32..3)
}

fn size() -> impl Strategy<Value = Size> + Clone {
    prop_oneof![
        4 => (1_u128..=100).prop_map(Size::Small),
        1 => (1_u128..=AMOUNT_MAX).prop_map(Size::Any),
        3 => (-1_i128..=1).prop_map(Size::Available),
        2 => (-1_i128..=1).prop_map(Size::Room),
    ]
}

fn operation() -> impl Strategy<Value = Operation> {
    let share = 0_u128..=16;
    let settle = (whose(), share.clone(), 0_u32..3, 0_u64..=1_000);
    prop_oneof![
        4 => (whose(), size()).prop_map(|(whose, size)| Operation::Deposit(whose, size)),
        3 => (whose(), size()).prop_map(|(whose, size)| Operation::Withdraw(whose, size)),
        4 => (whose(), size()).prop_map(|(whose, size)| Operation::Freeze(whose, size)),
        2 => (whose(), share).prop_map(|(whose, share)| Operation::Release(whose, share)),
        3 => settle.prop_map(|(whose, share, asset, got)| Operation::Settle(whose, share, asset, got)),
    ]
}

/// The ledger that nobody could get wrong. An i128 holds 2^31 times the largest amount.
#[derive(Default)]
struct Naive {
    /// Available and frozen.
    balances: BTreeMap<(u64, u32), (i128, i128)>,
    /// Deposited and withdrawn.
    flows: BTreeMap<u32, (i128, i128)>,
    /// In the order of their first deposits.
    accounts: Vec<u64>,
}

impl Naive {
    fn balance(&self, whose: Whose) -> (i128, i128) {
        self.balances.get(&whose).copied().unwrap_or_default()
    }

    fn amount(&self, whose: Whose, size: Size) -> Amount {
        let (available, frozen) = self.balance(whose);
        let amount = match size {
            Size::Small(amount) | Size::Any(amount) => return Amount(amount),
            Size::Available(offset) => available + offset,
            Size::Room(offset) => max() - available - frozen + offset,
        };
        // The sequencer asserts that it moves something.
        Amount(amount.max(1).unsigned_abs())
    }

    fn share(&self, whose: Whose, share: Share) -> i128 {
        self.balance(whose).1 / 16 * plain(Amount(share)) + plain(Amount(share / 16))
    }
}

fn max() -> i128 {
    plain(Amount(AMOUNT_MAX))
}

fn plain(amount: Amount) -> i128 {
    i128::try_from(amount.0).expect("an amount of a test")
}

fn short_of(asset: u32, required: Amount, available: i128) -> Reject {
    let detail =
        Detail::Funds { asset: AssetId(asset), required, available: Amount(available.unsigned_abs()) };
    Reject { code: Code::InsufficientBalance, detail }
}

fn apply(operation: &Operation, ledger: &mut Ledger, naive: &mut Naive) {
    match *operation {
        Operation::Deposit(whose, size) => {
            let (account, asset) = (AccountId(whose.0), AssetId(whose.1));
            let amount = naive.amount(whose, size);
            let (available, frozen) = naive.balance(whose);
            let result = ledger.check_deposit(account, asset, amount);
            if available + frozen + plain(amount) > max() {
                assert_eq!(result, Err(Reject::new(Code::BalanceOverflow)));
                return;
            }
            assert_eq!(result, Ok(()));
            let after = ledger.deposit(account, asset, amount);
            if !naive.accounts.contains(&whose.0) {
                naive.accounts.push(whose.0);
            }
            naive.balances.entry(whose).or_default().0 += plain(amount);
            naive.flows.entry(whose.1).or_default().0 += plain(amount);
            assert_eq!(plain(after.available), available + plain(amount));
        }
        Operation::Withdraw(whose, size) => {
            let Some(slot) = ledger.slot(AccountId(whose.0)) else {
                return;
            };
            let asset = AssetId(whose.1);
            let amount = naive.amount(whose, size);
            let (available, _) = naive.balance(whose);
            let result = ledger.check_withdraw(slot, asset, amount);
            if plain(amount) > available {
                assert_eq!(result, Err(short_of(whose.1, amount, available)));
                return;
            }
            assert_eq!(result, Ok(()));
            let after = ledger.withdraw(slot, asset, amount);
            naive.balances.entry(whose).or_default().0 -= plain(amount);
            naive.flows.entry(whose.1).or_default().1 += plain(amount);
            assert_eq!(plain(after.available), available - plain(amount));
        }
        Operation::Freeze(whose, size) => {
            let Some(slot) = ledger.slot(AccountId(whose.0)) else {
                return;
            };
            let amount = naive.amount(whose, size);
            let (available, _) = naive.balance(whose);
            let result = ledger.freeze(slot, AssetId(whose.1), amount);
            if plain(amount) > available {
                assert_eq!(result, Err(short_of(whose.1, amount, available)));
                return;
            }
            assert_eq!(result, Ok(()));
            let balance = naive.balances.entry(whose).or_default();
            *balance = (balance.0 - plain(amount), balance.1 + plain(amount));
        }
        Operation::Release(whose, share) => {
            let Some(slot) = ledger.slot(AccountId(whose.0)) else {
                return;
            };
            let amount = naive.share(whose, share).min(naive.balance(whose).1);
            ledger.release(slot, AssetId(whose.1), Amount(amount.unsigned_abs()));
            let balance = naive.balances.entry(whose).or_default();
            *balance = (balance.0 + amount, balance.1 - amount);
        }
        Operation::Settle(whose, share, asset, received) => {
            let Some(slot) = ledger.slot(AccountId(whose.0)) else {
                return;
            };
            let paid = naive.share(whose, share).min(naive.balance(whose).1);
            if asset == whose.1 {
                return; // Base and quote differ.
            }
            let paid_amount = Amount(paid.unsigned_abs());
            let received = Amount(received.into());
            ledger.settle(slot, (AssetId(whose.1), paid_amount), (AssetId(asset), received));
            naive.balances.entry(whose).or_default().1 -= paid;
            naive.balances.entry((whose.0, asset)).or_default().0 += plain(received);
        }
    }
}

fn compare(ledger: &Ledger, naive: &Naive) {
    for account in 0..=5 {
        let slot = ledger.slot(AccountId(account));
        assert_eq!(slot.is_some(), naive.accounts.contains(&account), "account {account}");
        let Some(slot) = slot else { continue };
        let listed = ledger.balances(slot);
        assert!(listed.is_sorted_by_key(|line| line.0), "by asset");
        for asset in 0..4 {
            let (available, frozen) = naive.balance((account, asset));
            let expected = Balance {
                available: Amount(u128::try_from(available).expect("never negative")),
                frozen: Amount(u128::try_from(frozen).expect("never negative")),
                held: Amount(0),
            };
            assert_eq!(ledger.balance(slot, AssetId(asset)), expected, "{account}, {asset}");
            assert_eq!(plain(expected.total()), available + frozen);
            let line = listed.iter().find(|line| line.0 == AssetId(asset));
            assert_eq!(line.map_or(Balance::default(), |line| line.1), expected);
        }
    }
    let slots: Vec<_> = naive.accounts.iter().map(|&account| ledger.slot(AccountId(account))).collect();
    assert_eq!(ledger.all_slots().map(Some).collect::<Vec<_>>(), slots);

    let totals = ledger.totals();
    assert!(totals.is_sorted_by_key(|line| line.asset), "by asset");
    for asset in 0..4 {
        let of_asset = naive.balances.iter().filter(|(whose, _)| whose.1 == asset);
        let (available, frozen) =
            of_asset.fold((0, 0), |sum, (_, balance)| (sum.0 + balance.0, sum.1 + balance.1));
        let (deposited, withdrawn) = naive.flows.get(&asset).copied().unwrap_or_default();
        let line = totals.iter().find(|line| line.asset == AssetId(asset));
        let figure = |figure: fn(&AssetTotals) -> Amount| line.map_or(0, |line| plain(figure(line)));
        assert_eq!(figure(|line| line.deposited), deposited);
        assert_eq!(figure(|line| line.withdrawn), withdrawn);
        assert_eq!(figure(|line| line.available), available);
        assert_eq!(figure(|line| line.frozen), frozen);
        assert_eq!(figure(|line| line.reserved), 0, "the sequencer's to fill in");
    }
}

proptest! {
    #![proptest_config(crate::random::config(6_000))]

    #[test]
    fn the_ledger_does_what_one_map_does(operations in proptest::collection::vec(operation(), 1..80)) {
        let (mut ledger, mut naive) = (Ledger::default(), Naive::default());
        for operation in &operations {
            apply(operation, &mut ledger, &mut naive);
            compare(&ledger, &naive);
        }
    }

    #[test]
    fn questions_change_nothing(
        operations in proptest::collection::vec(operation(), 1..20),
        asked in proptest::collection::vec((whose(), size()), 1..20),
    ) {
        let (mut ledger, mut naive) = (Ledger::default(), Naive::default());
        for operation in &operations {
            apply(operation, &mut ledger, &mut naive);
        }
        for (whose, size) in asked {
            let amount = naive.amount(whose, size);
            let (account, asset) = (AccountId(whose.0), AssetId(whose.1));
            let _ = ledger.check_deposit(account, asset, amount);
            if let Some(slot) = ledger.slot(account) {
                let _ = ledger.check_withdraw(slot, asset, amount);
            }
            compare(&ledger, &naive);
        }
    }
}

#[test]
#[should_panic(expected = "is negative")]
fn releasing_beyond_what_is_frozen_halts() {
    let mut ledger = Ledger::default();
    ledger.deposit(AccountId(1), AssetId(0), Amount(10));
    let slot = ledger.slot(AccountId(1)).unwrap();
    ledger.freeze(slot, AssetId(0), Amount(5)).unwrap();
    ledger.release(slot, AssetId(0), Amount(6));
}
