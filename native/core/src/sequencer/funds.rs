//! Deposits, withdrawals and holds: what one account's sequencer decides alone.

use crate::history::Change;
use crate::ledger::AccountSlot;
use crate::log::{Context, Record};
use crate::message::{LedgerKind, Outcome, ReplyTo, Request};
use crate::reject::Reject;
use crate::sequencer::{Sequencer, Verdict};
use crate::types::{AccountId, Amount, AssetId, ID_MAX, Lsn, SignedAmount, Timestamp};

impl Sequencer {
    pub(super) fn deposit(
        &mut self,
        to: ReplyTo,
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
        Ok(Some(self.decided(to, request, ctx)))
    }

    pub(super) fn withdraw(
        &mut self,
        to: ReplyTo,
        request: &Request,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        ctx: &mut Context<'_>,
    ) -> Verdict {
        let slot = self.who_takes_out(account, amount)?;
        self.ledger.check_withdraw(slot, asset, amount)?;
        Ok(Some(self.decided(to, request, ctx)))
    }

    pub(super) fn hold(
        &mut self,
        to: ReplyTo,
        request: &Request,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        ctx: &mut Context<'_>,
    ) -> Verdict {
        let slot = self.who_takes_out(account, amount)?;
        self.ledger.check_available(slot, asset, amount)?;
        Ok(Some(self.decided(to, request, ctx)))
    }

    pub(super) fn release(
        &mut self,
        to: ReplyTo,
        request: &Request,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        ctx: &mut Context<'_>,
    ) -> Verdict {
        assert!(!amount.is_zero(), "the edge lets no such release in");
        let slot = self.who_acts(account)?;
        self.ledger.check_held(slot, asset, amount)?;
        Ok(Some(self.decided(to, request, ctx)))
    }

    /// Everything was checked: it is written down and done.
    pub(super) fn decided(&mut self, to: ReplyTo, request: &Request, ctx: &mut Context<'_>) -> Outcome {
        self.horizon = ctx.log.append(ctx.now, 0, &Record::Account(to, request));
        self.carry_out(request, ctx.now)
    }

    /// Does what the last record says: here for the first time, or told again.
    pub(super) fn carry_out(&mut self, request: &Request, at: Timestamp) -> Outcome {
        let none = SignedAmount::ZERO;
        let (account, asset, balance, kind, changes) = match *request {
            Request::Deposit { account, asset, amount } => {
                let balance = self.ledger.deposit(account, asset, amount);
                let slot = self.whose(account);
                self.accounts.grow_to(slot);
                (account, asset, balance, LedgerKind::Deposit, (gain(amount), none))
            }
            Request::Withdraw { account, asset, amount } => {
                let balance = self.ledger.withdraw(self.whose(account), asset, amount);
                (account, asset, balance, LedgerKind::Withdrawal, (loss(amount), none))
            }
            Request::Hold { account, asset, amount } => {
                let balance = self.ledger.hold(self.whose(account), asset, amount);
                (account, asset, balance, LedgerKind::Hold, (loss(amount), gain(amount)))
            }
            Request::Release { account, asset, amount } => {
                let balance = self.ledger.release_held(self.whose(account), asset, amount);
                (account, asset, balance, LedgerKind::Release, (gain(amount), loss(amount)))
            }
            Request::CancelAllAfter { account, after_nanos } => {
                return self.timer_set(account, after_nanos, at);
            }
            Request::Configure { account, change } => return self.configured(account, change, at),
            _ => panic!("this is not decided by an account's sequencer alone: {request:?}"),
        };
        self.note(self.whose(account), at, asset, kind, changes);
        Outcome::BalanceChanged { asset, balance }
    }

    /// The slot of an account of which a record says something.
    #[inline]
    pub(super) fn whose(&self, account: AccountId) -> AccountSlot {
        self.ledger.slot(account).unwrap_or_else(|| panic!("{account:?} does not exist"))
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
        let slot = self.whose(account);
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
