//! A record of the journal, told again: what its sequencer did when it let the command through.
//!
//! Nothing is judged: it was, and by what the live shard knew then, which is not what is known here. (A live shard
//! waits for settlements that have arrived here with their records. So there is never less available here than it
//! saw, and what it froze can be frozen.) What the matchers decided comes in the same messages as live.

use crate::ledger::AccountSlot;
use crate::log::Context;
use crate::message::{
    AdmittedOrder, Amend, CancelMany, MassCancelOrder, MassId, Outcome, Replace, ReplyTo, Request,
    ToSequencer, TransferOffer,
};
use crate::outbox::SequencerOutbox;
use crate::sequencer::Sequencer;
use crate::sequencer::requests::Awaited;
use crate::types::{AccountId, ListId, Lsn, Timestamp};
use crate::window::Answered;

impl Sequencer {
    /// What an account's sequencer decided alone.
    pub(crate) fn redo_account(
        &mut self,
        to: ReplyTo,
        request: &Request,
        lsn: Lsn,
        at: Timestamp,
    ) -> Outcome {
        self.horizon = lsn;
        let outcome = self.carry_out(request, at);
        let account = request.account().expect("what is written down is of an account");
        self.answer_again(account, to, &outcome, at);
        outcome
    }

    /// An order.
    pub(crate) fn redo_place(&mut self, admitted: &AdmittedOrder) {
        let slot = self.begin(admitted.order.account, admitted.to);
        self.let_in(slot, admitted);
    }

    /// Two orders of which one cancels the other.
    pub(crate) fn redo_oco(&mut self, list: ListId, legs: &[AdmittedOrder; 2]) {
        let slot = self.begin(legs[0].order.account, legs[0].to);
        self.let_legs_in(slot, list, legs);
    }

    /// An amend.
    pub(crate) fn redo_amend(&mut self, amend: &Amend) {
        let slot = self.begin(amend.account, amend.to);
        let amended = self.orders.get(amend.order).expect("an order that was amended is open");
        let asset = self.known(amend.symbol).spec.gives(amended.order.order.side);
        self.begin_amend(slot, asset, amend.order, amend.extra, amend.change);
    }

    /// A cancel-replace.
    pub(crate) fn redo_replace(&mut self, replace: &Replace) {
        let slot = self.begin(replace.account, replace.to);
        if let Ok(new) = &replace.new
            && !new.is_refused()
        {
            self.let_in(slot, new);
        }
    }

    /// Fees are collected.
    pub(crate) fn redo_collect(&mut self, account: AccountId, to: ReplyTo) {
        let slot = self.begin(account, to);
        self.collecting.insert(to.ticket.0, slot);
    }

    /// A mass cancel begins; one that found nothing is over.
    pub(crate) fn redo_mass_cancel(
        &mut self,
        order: MassCancelOrder,
        lsn: Lsn,
        at: Timestamp,
    ) -> Option<Outcome> {
        self.horizon = lsn;
        let (account, to) = (order.account, order.to);
        if to.is_none() {
            self.accounts.set_timer(self.whose(account), account, None);
        }
        if self.begin_mass_cancel(MassId(lsn.0), order, at) {
            if let Some(to) = to {
                self.begin(account, to);
            }
            return None;
        }
        let outcome = Outcome::CanceledAll(Vec::new());
        self.answer_again(account, to?, &outcome, at);
        Some(outcome)
    }

    /// Money leaves.
    pub(crate) fn redo_offer(&mut self, offer: &TransferOffer) {
        self.horizon = offer.offered;
        self.begin(offer.from, offer.to_reply);
        self.send_off(offer);
    }

    /// Money arrives.
    pub(crate) fn redo_accept(&mut self, offer: &TransferOffer, lsn: Lsn, at: Timestamp) {
        self.horizon = lsn;
        self.take_in(offer, at);
    }

    /// What a matcher told.
    #[inline]
    pub(crate) fn redo_message(
        &mut self,
        message: &ToSequencer,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) {
        match message {
            ToSequencer::Settle(settlement) => self.settle(settlement),
            other => self.handle_settlement(other.clone(), ctx, out),
        }
    }

    /// The parts of mass cancels that have no records: of the orders that match, those that are still open.
    pub(crate) fn missing_parts(&self) -> Vec<CancelMany> {
        let mut missing = Vec::new();
        for (&mass, pending) in &self.mass_cancels {
            let account = pending.account;
            let mut parts = self.parts(self.whose(account), &pending.filter);
            missing.extend(pending.missing.iter().map(|&symbol| {
                let orders = parts.remove(&symbol).unwrap_or_default();
                CancelMany { mass, account, symbol, orders, reason: pending.reason }
            }));
        }
        missing
    }

    /// A command begins that somebody else answers: its request id, if it has one, is used.
    pub(crate) fn begin(&mut self, account: AccountId, to: ReplyTo) -> AccountSlot {
        let slot = self.whose(account);
        if let Some(id) = to.request_id() {
            self.accounts.lanes_mut(slot).begin(&id);
            let awaited = Awaited { account: slot, lane: id.lane, number: id.number };
            self.awaited.insert(to.ticket.0, awaited);
        }
        slot
    }

    /// A command was answered at once, by the last record: its request id, if it has one, is used and remembers that.
    fn answer_again(&mut self, account: AccountId, to: ReplyTo, outcome: &Outcome, at: Timestamp) {
        if let Some(id) = to.request_id() {
            let (slot, gate) = (self.whose(account), self.horizon);
            let lanes = self.accounts.lanes_mut(slot);
            lanes.begin(&id);
            lanes.answer(id.lane, id.number, Answered { outcome: outcome.clone(), gate, at });
        }
    }
}
