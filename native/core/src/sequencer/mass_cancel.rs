//! Mass cancels, and the dead-man timers that start them.
//!
//! One goes to the matchers in parts, one per symbol; when the last part is back, the whole is answered.

use std::collections::{BTreeMap, BTreeSet};

use crate::ledger::AccountSlot;
use crate::log::{Context, Record};
use crate::message::{
    CancelMany, CancelReason, CanceledOrder, MassCancelOrder, MassId, OrderFilter, Outcome, ReplyTo, Request,
    ToMatcher,
};
use crate::orders::Entry;
use crate::outbox::SequencerOutbox;
use crate::sequencer::{Sequencer, Verdict};
use crate::types::{AccountId, Lsn, OrderId, SymbolId, Timestamp};

/// A mass cancel of which parts are not back.
#[derive(Debug)]
pub(super) struct MassCancel {
    /// Whom to answer; a timer has nobody.
    pub(super) to: Option<ReplyTo>,
    pub(super) account: AccountId,
    /// Which orders: what the missing parts are made of again after a crash.
    pub(super) filter: OrderFilter,
    pub(super) reason: CancelReason,
    /// The symbols whose parts are not back.
    pub(super) missing: BTreeSet<SymbolId>,
    pub(super) canceled: Vec<CanceledOrder>,
    /// The latest time of its own record and those of the parts that are back: the answer's, which does not depend
    /// on when the parts come here, and is the same when it is told again.
    pub(super) latest: Timestamp,
}

impl Sequencer {
    pub(super) fn cancel_all(
        &mut self,
        to: ReplyTo,
        account: AccountId,
        filter: OrderFilter,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) -> Verdict {
        let slot = self.who_acts(account)?;
        let sent = self.send_parts(Some(to), (account, slot), filter, CancelReason::Mass, ctx, out);
        Ok(if sent { None } else { Some(Outcome::CanceledAll(Vec::new())) })
    }

    pub(super) fn cancel_all_after(
        &mut self,
        to: ReplyTo,
        request: &Request,
        account: AccountId,
        ctx: &mut Context<'_>,
    ) -> Verdict {
        self.who_acts(account)?;
        Ok(Some(self.decided(to, request, ctx)))
    }

    /// A dead-man timer is set, replaced or disarmed.
    pub(super) fn timer_set(&mut self, account: AccountId, after_nanos: u64, at: Timestamp) -> Outcome {
        // So far ahead that it overflows is never.
        let deadline = (after_nanos > 0).then(|| Timestamp(at.0.saturating_add(after_nanos)));
        self.accounts.set_timer(self.whose(account), account, deadline);
        Outcome::TimerSet(deadline)
    }

    /// Cancels everything of the accounts whose dead-man timers have run out: by deadline, then account. Part
    /// of every command; drivers also call it when [`Self::next_deadline`] has come.
    pub fn tick(&mut self, ctx: &mut Context<'_>, out: &mut SequencerOutbox) {
        while let Some((deadline, account)) = self.accounts.next_timer()
            && deadline <= ctx.now
        {
            let slot = self.whose(account);
            self.accounts.set_timer(slot, account, None);
            let all = OrderFilter::default();
            self.send_parts(None, (account, slot), all, CancelReason::Deadman, ctx, out);
        }
    }

    /// When the next dead-man timer runs out, if one is armed.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.accounts.next_timer().map(|(deadline, _)| deadline)
    }

    /// Writes a mass cancel down and sends each symbol's part to its matcher; false if no order matches.
    fn send_parts(
        &mut self,
        to: Option<ReplyTo>,
        (account, slot): (AccountId, AccountSlot),
        filter: OrderFilter,
        reason: CancelReason,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) -> bool {
        let parts = self.parts(slot, &filter);
        let symbols: Vec<_> = parts.keys().copied().collect();
        let order = MassCancelOrder { to, account, filter, reason, symbols };
        self.horizon = ctx.log.append(ctx.now, 0, &Record::MassCancel(&order));
        let mass = MassId(self.horizon.0);
        for (symbol, orders) in parts {
            let part = CancelMany { mass, account, symbol, orders, reason };
            out.to_matcher.push(ToMatcher::CancelMany(Box::new(part)));
        }
        self.begin_mass_cancel(mass, order, ctx.now)
    }

    /// Waits for the parts: here for the first time, or told again. False if there are none.
    pub(super) fn begin_mass_cancel(&mut self, mass: MassId, order: MassCancelOrder, at: Timestamp) -> bool {
        let MassCancelOrder { to, account, filter, reason, symbols } = order;
        if symbols.is_empty() {
            return false;
        }
        let missing = symbols.into_iter().collect();
        let (canceled, latest) = (Vec::new(), at);
        self.mass_cancels.insert(mass, MassCancel { to, account, filter, reason, missing, canceled, latest });
        true
    }

    /// An account's open orders that match, by symbol, in the order of acceptance.
    pub(super) fn parts(&self, slot: AccountSlot, filter: &OrderFilter) -> BTreeMap<SymbolId, Vec<OrderId>> {
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
        for orders in parts.values_mut() {
            // Ids grow per sequencer: their order is that of acceptance. By name they came in another.
            orders.sort_unstable();
        }
        parts
    }

    /// One symbol's part is back.
    pub(super) fn canceled_many(
        &mut self,
        (cause, at): (Lsn, Timestamp),
        mass: MassId,
        (account, symbol): (AccountId, SymbolId),
        orders: Vec<CanceledOrder>,
        out: &mut SequencerOutbox,
    ) {
        self.horizon = self.horizon.max(cause);
        let pending = self.mass_cancels.get_mut(&mass).expect("a part is of a mass cancel that is not over");
        assert!(pending.account == account, "{account:?} got a part of somebody else's {mass:?}");
        pending.canceled.extend(orders);
        pending.latest = pending.latest.max(at);
        assert!(pending.missing.remove(&symbol), "{mass:?} has no part on {symbol:?}, or it is back already");
        if !pending.missing.is_empty() {
            return;
        }
        let MassCancel { to, mut canceled, latest, .. } =
            self.mass_cancels.remove(&mass).expect("it was there a moment ago");
        if let Some(to) = to {
            canceled.sort_unstable_by_key(|order| order.id);
            let reply = self.reply(to.ticket, latest, Outcome::CanceledAll(canceled));
            self.pass_on(to.recorded, reply, out);
        }
    }
}
