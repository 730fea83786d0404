//! Mass cancels, and the dead-man timers that start them.
//!
//! One goes to the matchers in parts, one per symbol; when the last part is back, the whole is answered.

use std::collections::BTreeMap;

use crate::ledger::AccountSlot;
use crate::log::{Context, Record};
use crate::message::{
    CancelMany, CancelReason, CanceledOrder, MassId, OrderFilter, Outcome, ReplyTo, Request, ToMatcher,
};
use crate::orders::Entry;
use crate::outbox::SequencerOutbox;
use crate::sequencer::{Sequencer, Verdict};
use crate::types::{AccountId, Lsn, OrderId, SymbolId, Timestamp};

/// A mass cancel of which parts are not back.
#[derive(Debug)]
pub(super) struct MassCancel {
    /// Whom to answer; a timer has nobody.
    to: Option<ReplyTo>,
    account: AccountId,
    parts_left: usize,
    canceled: Vec<CanceledOrder>,
}

impl Sequencer {
    pub(super) fn cancel_all(
        &mut self,
        to: ReplyTo,
        request: &Request,
        account: AccountId,
        filter: &OrderFilter,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) -> Verdict {
        let slot = self.who_acts(account)?;
        self.horizon = ctx.log.append(ctx.now, &Record::CancelAll(request));
        let sent = self.send_parts(Some(to), (account, slot), filter, CancelReason::Mass, out);
        Ok(if sent { None } else { Some(Outcome::CanceledAll(Vec::new())) })
    }

    pub(super) fn cancel_all_after(
        &mut self,
        request: &Request,
        account: AccountId,
        after_nanos: u64,
        ctx: &mut Context<'_>,
    ) -> Verdict {
        let slot = self.who_acts(account)?;
        // So far ahead that it overflows is never.
        let deadline = (after_nanos > 0).then(|| Timestamp(ctx.now.0.saturating_add(after_nanos)));
        self.horizon = ctx.log.append(ctx.now, &Record::Account(request));
        self.accounts.set_timer(slot, account, deadline);
        Ok(Some(Outcome::TimerSet(deadline)))
    }

    /// Cancels everything of the accounts whose dead-man timers have run out: by deadline, then account. Part
    /// of every command; drivers also call it when [`Self::next_deadline`] has come.
    pub fn tick(&mut self, ctx: &mut Context<'_>, out: &mut SequencerOutbox) {
        while let Some((deadline, account)) = self.accounts.next_timer()
            && deadline <= ctx.now
        {
            let slot = self.ledger.slot(account).expect("a timer is of an account that exists");
            self.horizon = ctx.log.append(ctx.now, &Record::TimerRanOut(account));
            self.accounts.set_timer(slot, account, None);
            self.send_parts(None, (account, slot), &OrderFilter::default(), CancelReason::Deadman, out);
        }
    }

    /// When the next dead-man timer runs out, if one is armed.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.accounts.next_timer().map(|(deadline, _)| deadline)
    }

    /// Sends each symbol's part to its matcher; false if no order matches.
    fn send_parts(
        &mut self,
        to: Option<ReplyTo>,
        (account, slot): (AccountId, AccountSlot),
        filter: &OrderFilter,
        reason: CancelReason,
        out: &mut SequencerOutbox,
    ) -> bool {
        let mut parts: BTreeMap<SymbolId, Vec<OrderId>> = BTreeMap::new();
        let mut take = |entry: &Entry| {
            let order = &entry.order.order;
            let matches = !entry.running
                && filter.symbol.is_none_or(|symbol| order.symbol == symbol)
                && filter.side.is_none_or(|side| order.side == side);
            if matches {
                parts.entry(order.symbol).or_default().push(entry.order.id);
            }
        };
        match &filter.client_id_prefix {
            None => self.orders.of_account(slot).for_each(&mut take),
            Some(prefix) => self.orders.with_prefix(slot, prefix).for_each(&mut take),
        }
        if parts.is_empty() {
            return false;
        }
        let mass = MassId(self.last_mass.0 + 1);
        self.last_mass = mass;
        let parts_left = parts.len();
        self.mass_cancels.insert(mass, MassCancel { to, account, parts_left, canceled: Vec::new() });
        for (symbol, mut orders) in parts {
            // Ids grow per sequencer: their order is that of acceptance. By name they came in another.
            orders.sort_unstable();
            let part = CancelMany { mass, account, symbol, orders, reason };
            out.to_matcher.push(ToMatcher::CancelMany(Box::new(part)));
        }
        true
    }

    /// One symbol's part is back.
    pub(super) fn canceled_many(
        &mut self,
        cause: Option<Lsn>,
        mass: MassId,
        account: AccountId,
        orders: Vec<CanceledOrder>,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) {
        self.horizon = self.horizon.max(cause.unwrap_or(Lsn(0)));
        let pending = self.mass_cancels.get_mut(&mass).expect("a part is of a mass cancel that is not over");
        assert!(pending.account == account, "{account:?} got a part of somebody else's {mass:?}");
        pending.canceled.extend(orders);
        pending.parts_left -= 1;
        if pending.parts_left > 0 {
            return;
        }
        let MassCancel { to, mut canceled, .. } =
            self.mass_cancels.remove(&mass).expect("it was there a moment ago");
        if let Some(to) = to {
            canceled.sort_unstable_by_key(|order| order.id);
            let reply = self.reply(to.ticket, ctx.now, Outcome::CanceledAll(canceled));
            self.pass_on(to.recorded, reply, out);
        }
    }
}
