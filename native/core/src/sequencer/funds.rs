//! Deposits, withdrawals and holds: what one account's sequencer decides alone.

use crate::history::Change;
use crate::ledger::AccountSlot;
use crate::log::{Context, Record};
use crate::message::{LedgerKind, Outcome, Request};
use crate::reject::Reject;
use crate::sequencer::{Sequencer, Verdict};
use crate::types::{AccountId, Amount, AssetId, ID_MAX, Lsn, SignedAmount, Timestamp};

impl Sequencer {
    pub(super) fn deposit(
        &mut self,
        request: &Request,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        ctx: &mut Context<'_>,
    ) -> Verdict {
        assert!((1..=ID_MAX).contains(&account.0) && !amount.is_zero(), "the edge lets no such deposit in");
        if self.ledger.slot(account).is_some() {
            self.who_acts(account)?;
        }
        self.ledger.check_deposit(account, asset, amount)?;
        self.horizon = ctx.log.append(ctx.now, &Record::Account(request));
        let balance = self.ledger.deposit(account, asset, amount);
        let slot = self.slot(account)?;
        self.accounts.grow_to(slot);
        self.note(slot, ctx.now, asset, LedgerKind::Deposit, (gain(amount), SignedAmount::ZERO));
        Ok(Some(Outcome::BalanceChanged { asset, balance }))
    }

    pub(super) fn withdraw(
        &mut self,
        request: &Request,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        ctx: &mut Context<'_>,
    ) -> Verdict {
        let slot = self.who_takes_out(account, amount)?;
        self.ledger.check_withdraw(slot, asset, amount)?;
        self.horizon = ctx.log.append(ctx.now, &Record::Account(request));
        let balance = self.ledger.withdraw(slot, asset, amount);
        self.note(slot, ctx.now, asset, LedgerKind::Withdrawal, (loss(amount), SignedAmount::ZERO));
        Ok(Some(Outcome::BalanceChanged { asset, balance }))
    }

    pub(super) fn hold(
        &mut self,
        request: &Request,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        ctx: &mut Context<'_>,
    ) -> Verdict {
        let slot = self.who_takes_out(account, amount)?;
        self.ledger.check_available(slot, asset, amount)?;
        self.horizon = ctx.log.append(ctx.now, &Record::Account(request));
        let balance = self.ledger.hold(slot, asset, amount);
        self.note(slot, ctx.now, asset, LedgerKind::Hold, (loss(amount), gain(amount)));
        Ok(Some(Outcome::BalanceChanged { asset, balance }))
    }

    pub(super) fn release(
        &mut self,
        request: &Request,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        ctx: &mut Context<'_>,
    ) -> Verdict {
        assert!(!amount.is_zero(), "the edge lets no such release in");
        let slot = self.who_acts(account)?;
        self.ledger.check_held(slot, asset, amount)?;
        self.horizon = ctx.log.append(ctx.now, &Record::Account(request));
        let balance = self.ledger.release_held(slot, asset, amount);
        self.note(slot, ctx.now, asset, LedgerKind::Release, (gain(amount), loss(amount)));
        Ok(Some(Outcome::BalanceChanged { asset, balance }))
    }

    /// Collected fees have come.
    pub(super) fn fees_collected(
        &mut self,
        cause: Lsn,
        at: Timestamp,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
    ) {
        self.horizon = self.horizon.max(cause);
        let slot = self.ledger.slot(account).expect("fees are collected to an account that exists");
        self.ledger.credit(slot, asset, amount);
        self.ledger.count_fees(asset, gain(amount));
        let kind = LedgerKind::FeesCollected;
        let (available, frozen) = (gain(amount), SignedAmount::ZERO);
        self.entries.push(slot, Change { cause, at, order: None, asset, kind, available, frozen });
    }

    /// An account that may withdraw, transfer to others and hold.
    pub(super) fn who_takes_out(&self, account: AccountId, amount: Amount) -> Result<AccountSlot, Reject> {
        assert!(!amount.is_zero(), "the edge lets no such amount in");
        let slot = self.slot(account)?;
        self.accounts.terms(slot).map_or(Ok(()), |terms| terms.may_take_out())?;
        Ok(slot)
    }

    /// A ledger entry of the record that was just appended.
    pub(super) fn note(
        &mut self,
        slot: AccountSlot,
        at: Timestamp,
        asset: AssetId,
        kind: LedgerKind,
        (available, frozen): (SignedAmount, SignedAmount),
    ) {
        let cause = self.horizon;
        self.entries.push(slot, Change { cause, at, order: None, asset, kind, available, frozen });
    }
}

/// A balance grows by so much.
pub(super) fn gain(amount: Amount) -> SignedAmount {
    SignedAmount::paid(amount)
}

/// A balance shrinks by so much.
pub(super) fn loss(amount: Amount) -> SignedAmount {
    SignedAmount::rebate(amount)
}
