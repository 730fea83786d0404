//! Changes of an account's terms by the operator.

use crate::log::Context;
use crate::message::{Outcome, ReplyTo, Request};
use crate::reject::{Code, Reject};
use crate::rules::{AccountChange, AccountStatus, RateLimit};
use crate::sequencer::{Sequencer, Verdict};
use crate::types::{AccountId, Timestamp};

/// Most tokens per second, and at once.
const RATE_MAX: u32 = 1_000_000;

impl Sequencer {
    pub(super) fn configure(
        &mut self,
        to: ReplyTo,
        request: &Request,
        account: AccountId,
        change: AccountChange,
        ctx: &mut Context<'_>,
    ) -> Verdict {
        self.slot(account)?;
        match change {
            AccountChange::Status(status) => self.check_status_change(account, status)?,
            AccountChange::Fees { rates: Some(rates), .. } if !rates.is_sound() => {
                return Err(Reject::new(Code::InvalidFee));
            }
            AccountChange::RateLimit(Some(RateLimit { per_second, burst }))
                if !(1..=RATE_MAX).contains(&per_second) || !(1..=RATE_MAX).contains(&burst) =>
            {
                return Err(Reject::new(Code::InvalidRequest));
            }
            _ => {}
        }
        Ok(Some(self.decided(to, request, ctx)))
    }

    /// An account's terms change.
    pub(super) fn configured(&mut self, account: AccountId, change: AccountChange, at: Timestamp) -> Outcome {
        let slot = self.whose(account);
        if change == AccountChange::Status(AccountStatus::Closed) {
            self.accounts.set_timer(slot, account, None);
        }
        let terms = self.accounts.terms_mut(slot);
        match change {
            AccountChange::Status(status) => terms.status = status,
            AccountChange::Fees { symbol, rates } => terms.set_rates(symbol, rates),
            AccountChange::Permissions { trade, withdraw } => {
                (terms.can_trade, terms.can_withdraw) = (trade, withdraw);
            }
            AccountChange::StpGroup(group) => terms.stp_group = group,
            AccountChange::RateLimit(limit) => terms.set_rate_limit(limit, at),
        }
        let open_orders = self.orders.open_count(slot);
        Outcome::Account(self.accounts.info(slot, account, open_orders))
    }

    /// Closed is for accounts that have nothing left, and for ever.
    fn check_status_change(&self, account: AccountId, to: AccountStatus) -> Result<(), Reject> {
        let slot = self.slot(account)?;
        let is = self.accounts.terms(slot).map_or(AccountStatus::Active, |terms| terms.status);
        if to != AccountStatus::Closed {
            let is_closed = is == AccountStatus::Closed;
            return if is_closed { Err(Reject::new(Code::BadStatusTransition)) } else { Ok(()) };
        }
        if self.orders.open_count(slot) > 0 || self.orders.running(slot).next().is_some() {
            return Err(Reject::new(Code::HasOpenOrders));
        }
        // What is on its way to another account is frozen, so it counts as well; collected fees are on their way.
        if self.collecting.values().any(|&waiting| waiting == slot)
            || self.ledger.balances(slot).iter().any(|(_, balance)| !balance.total().is_zero())
        {
            return Err(Reject::new(Code::NonZeroBalance));
        }
        Ok(())
    }
}
