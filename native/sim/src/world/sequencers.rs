//! A sequencer's turn.

use lightning_core::log::{Context, Log, Record, Recorded};
use lightning_core::message::{Command, NewOrder, Request, ToMatcher, ToSequencer};
use lightning_core::outbox::SequencerOutbox;
use lightning_core::types::{Lsn, OrderId, Ticket, Timestamp};

use super::shards::{HeldReply, Sent, ToHome};
use super::{THOROUGH, World};
use crate::fold;
use crate::laws;
use crate::recorder::{IdsFor, Lease};
use crate::rng::Dice;

/// The most order ids that one command may need: two legs and their list.
const IDS_PER_COMMAND: u64 = 3;

impl World<'_, '_> {
    pub(super) fn run_sequencer(&mut self, at: usize) {
        let clock = self.read_clock(self.shards.sequencers[at].clock);
        self.shards.sequencers[at].clock = clock;
        for _ in 0..self.rng.between(1, self.burst) {
            // The rule that drivers keep: first what has arrived, then the next command.
            while let Some(message) = self.shards.sequencers[at].arrived.pop_front() {
                self.handle_arrived(at, message);
            }
            match self.shards.sequencers[at].commands.pop_front() {
                None => break,
                Some(ToHome::Command(command)) => self.handle_command(at, command),
                Some(ToHome::Wait) => self.control_passed(),
                Some(ToHome::SetRules(change, cause)) => {
                    let shard = &mut self.shards.sequencers[at];
                    shard.core.set_rules(change.0, change.1, cause);
                    shard.shown = shard.shown.max(cause);
                    self.control_passed();
                }
            }
        }
        self.check_sequencer(at);
    }

    pub(super) fn handle_command(&mut self, at: usize, command: Command) {
        self.say(|| format!("sequencer {at}: {command:?}"));
        let ticket = command.ticket;
        let owner = self.clients[self.asked(ticket).client].account;
        if let Request::Balances { account } = command.request {
            self.check_effects_arrived(account, ticket);
        }
        let existed = self.notes.exists.contains(&owner);
        let id = command.request_id.clone().filter(|_| !is_question(&command.request));
        if let Some(id) = &id {
            let recalls = matches!(command.request, Request::Recall { .. });
            if existed || !recalls {
                self.notes.requests.taken(ticket, owner, id, recalls);
            }
        }
        let now = Timestamp(self.shards.sequencers[at].clock);
        self.take_block(at, now);
        let before = self.recorder.last();
        let mut out = SequencerOutbox::default();
        let mut ctx = Context { now, log: &mut self.recorder };
        let shard = &mut self.shards.sequencers[at];
        let lease = (self.block > 0).then_some(&mut shard.lease);
        let mut ids = IdsFor { ids: &mut self.ids, owner, lease };
        shard.core.handle(command, &mut ctx, &mut ids, &mut out);
        self.note_records(at, before);
        self.hear_sequencer(at, &mut out);
        if !self.notes.exists.contains(&owner) && id.is_some() {
            self.notes.requests.forget(ticket, owner);
        }
        self.route_from_sequencer(at, out, None);
    }

    /// Makes sure that a sequencer has as many order ids as a command may need, and that what it may hand out was
    /// written down.
    fn take_block(&mut self, at: usize, now: Timestamp) {
        let lease = &mut self.shards.sequencers[at].lease;
        if self.block == 0 || lease.up_to - lease.last >= IDS_PER_COMMAND {
            return;
        }
        let up_to = self.leased + self.block.max(IDS_PER_COMMAND);
        self.recorder.append(now, 0, &Record::OrderIds { up_to });
        *lease = Lease { last: self.leased, up_to };
        self.leased = up_to;
    }

    pub(super) fn tick_sequencer(&mut self, at: usize) {
        self.shards.sequencers[at].clock = self.now;
        while let Some(message) = self.shards.sequencers[at].arrived.pop_front() {
            self.handle_arrived(at, message);
        }
        self.say(|| format!("sequencer {at}: alarm"));
        let before = self.recorder.last();
        let mut out = SequencerOutbox::default();
        let mut ctx = Context { now: Timestamp(self.now), log: &mut self.recorder };
        self.shards.sequencers[at].core.tick(&mut ctx, &mut out);
        self.coverage.hit("a timer ran out");
        self.note_records(at, before);
        self.hear_sequencer(at, &mut out);
        self.route_from_sequencer(at, out, None);
        self.check_sequencer(at);
    }

    pub(super) fn handle_arrived(&mut self, at: usize, message: ToSequencer) {
        self.say(|| format!("sequencer {at}: {message:?}"));
        self.note_message(&message, -1);
        let before = self.recorder.last();
        let mut passed_on = None;
        match &message {
            ToSequencer::Settle(settlement) => {
                let waiting = self.notes.outstanding.entry(settlement.account).or_default();
                if let Some(first) = waiting.iter().position(|cause| *cause == settlement.cause) {
                    waiting.remove(first);
                }
            }
            ToSequencer::OrderMissed { .. } => self.coverage.hit("a cancel or amend came too late"),
            ToSequencer::Answer { reply, .. } => passed_on = Some((reply.ticket, reply.gate)),
            _ => {}
        }
        if let Some(cause) = fold::cause_of(&message) {
            let shown = &mut self.shards.sequencers[at].shown;
            *shown = (*shown).max(cause);
        }
        let answers = matches!(message, ToSequencer::OrderMissed { .. } | ToSequencer::Answer { .. });
        let mut out = SequencerOutbox::default();
        let now = Timestamp(self.shards.sequencers[at].clock);
        let mut ctx = Context { now, log: &mut self.recorder };
        self.shards.sequencers[at].core.handle_settlement(message, &mut ctx, &mut out);
        assert!(out.to_matcher.is_empty(), "what a matcher said makes a sequencer ask: {out:?}");
        assert!(!answers || !out.replies.is_empty(), "an answer got lost");
        self.note_records(at, before);
        self.hear_sequencer(at, &mut out);
        self.route_from_sequencer(at, out, passed_on);
    }

    /// What a sequencer has just written down.
    pub(super) fn note_records(&mut self, at: usize, before: Lsn) {
        for lsn in before.0 + 1..=self.recorder.last().0 {
            let record = self.recorder.get(Lsn(lsn));
            self.notes.conservation.recorded(record);
            if let Recorded::Account(_, Request::Deposit { account, .. }) = record {
                self.notes.exists.insert(*account);
            }
            if let Recorded::Account(_, Request::Withdraw { account, asset, .. }) = *record
                && !self.shards.sequencers[at].core.balance(account, asset).frozen.is_zero()
            {
                self.coverage.hit("withdrawn while something was frozen");
            }
            self.shards.sequencers[at].shown = Lsn(lsn);
        }
    }

    /// `passed_on`: an answer that a matcher decided, and that this sequencer only remembers.
    pub(super) fn route_from_sequencer(
        &mut self,
        at: usize,
        mut out: SequencerOutbox,
        passed_on: Option<(Ticket, Lsn)>,
    ) {
        for message in out.to_sequencer.drain(..) {
            self.note_message(&message, 1);
            let to = self.shards.home(message.account());
            let pipe = &mut self.shards.to_sequencer[at][to];
            pipe.queue.push_back(Sent { message, after: None });
            pipe.sent += 1;
        }
        for message in out.to_matcher.drain(..) {
            match &message {
                ToMatcher::Admit(admitted) => self.note_order(admitted.id, &admitted.order),
                ToMatcher::AdmitOco { legs, .. } => {
                    legs.iter().for_each(|leg| self.note_order(leg.id, &leg.order));
                }
                ToMatcher::Replace(replace) => {
                    if let Ok(new) = &replace.new {
                        self.note_order(new.id, &new.order);
                    }
                }
                _ => {}
            }
            let to = self.shards.book(message.symbol());
            if let ToMatcher::Amend(amend) = &message
                && self.shards.to_matcher[at][to]
                    .iter()
                    .any(|sent| matches!(sent, ToMatcher::Amend(before) if before.order == amend.order))
            {
                self.coverage.hit("amended behind an amend");
            }
            self.shards.to_matcher[at][to].push_back(message);
        }
        for reply in out.replies.drain(..) {
            let is_repeat = self.notes.requests.answered(&reply);
            let by_matcher = passed_on.is_some_and(|(ticket, _)| ticket == reply.ticket);
            if is_repeat {
                self.coverage.hit("answered once more");
                if self.notes.requests.repeats_history(reply.ticket) {
                    self.coverage.hit("answered once more, as before a crash");
                }
                if passed_on.is_some() {
                    self.coverage.hit("answered together with the first");
                }
            } else if by_matcher {
                assert_eq!(passed_on.map(|answer| answer.1), Some(reply.gate), "another gate: {reply:?}");
            } else {
                laws::gate_covers(&reply, self.shards.sequencers[at].shown, self.recorder.last());
            }
            self.shards.answers[at].push_back(HeldReply { reply, after: None, by_matcher });
        }
    }

    pub(super) fn note_order(&mut self, id: OrderId, order: &NewOrder) {
        assert!(!self.promises.has_shown(id), "{id:?} has been seen by somebody and is used again");
        assert!(self.notes.orders.insert(id, order.clone()).is_none(), "an order id was reused: {id:?}");
    }

    pub(super) fn check_sequencer(&mut self, at: usize) {
        if self.rng.one_in(THOROUGH) {
            self.shards.sequencers[at].core.check_invariants();
        }
        self.check_conservation();
    }
}

/// Does a request only ask? Then its number is nothing to it.
pub(super) fn is_question(request: &Request) -> bool {
    matches!(
        request,
        Request::Test(_)
            | Request::Balances { .. }
            | Request::Account { .. }
            | Request::Order { .. }
            | Request::OrderByClientId { .. }
            | Request::OpenOrders { .. }
            | Request::ClosedOrders { .. }
            | Request::ClosedSince { .. }
            | Request::LedgerEntries { .. }
            | Request::Totals
    )
}
