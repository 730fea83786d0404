//! Request ids: what was answered is answered again, what runs is waited for.

use crate::ledger::AccountSlot;
use crate::log::{Context, OrderIds};
use crate::message::{Outcome, Reply, ReplyTo, Request, RequestId};
use crate::outbox::SequencerOutbox;
use crate::reject::{Code, Reject};
use crate::sequencer::Sequencer;
use crate::types::Ticket;
use crate::window::{Answered, Seen};

/// Where an answer has to be remembered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Awaited {
    pub(super) account: AccountSlot,
    pub(super) lane: u32,
    pub(super) number: u64,
}

impl Sequencer {
    /// Runs a command unless its request id was seen.
    pub(super) fn handle_once(
        &mut self,
        ticket: Ticket,
        id: &RequestId,
        request: Request,
        ctx: &mut Context<'_>,
        order_ids: &mut dyn OrderIds,
        out: &mut SequencerOutbox,
    ) {
        let account = request.account().expect("every write is of an account");
        let slot = self.ledger.slot(account);
        if let Some(slot) = slot {
            match self.accounts.lanes_mut(slot).admit(id, ticket) {
                Seen::Never => {}
                Seen::Running => return,
                Seen::Answered(answered) => return out.replies.push(repeat(ticket, *answered)),
                Seen::Refused(code) => {
                    let outcome = Outcome::Rejected(Reject::new(code));
                    return out.replies.push(self.reply(ticket, ctx.now, outcome));
                }
            }
        }
        let to = ReplyTo { recorded: slot.is_some(), ..ReplyTo::remembered(ticket, id) };
        let verdict = self.decide(to, request, ctx, order_ids, out);
        // Nothing was done and the same may be sent again: its number is not used up.
        let busy = matches!(verdict, Err(Reject { code: Code::Busy, .. }));
        let slot = slot.or_else(|| {
            // The deposit that made the account is its first request. Where none was made, nobody remembers.
            let slot = self.ledger.slot(account)?;
            let seen = self.accounts.lanes_mut(slot).admit(id, ticket);
            assert!(matches!(seen, Seen::Never), "a new account has seen no number");
            Some(slot)
        });
        let Some(outcome) = verdict.unwrap_or_else(|reject| Some(Outcome::Rejected(reject))) else {
            let account = slot.expect("what others answer is of an account that exists");
            self.awaited.insert(ticket.0, Awaited { account, lane: id.lane, number: id.number });
            return;
        };
        let reply = self.reply(ticket, ctx.now, outcome);
        if let Some(slot) = slot {
            let lanes = self.accounts.lanes_mut(slot);
            if busy {
                lanes.give_back(id.lane, id.number);
            } else {
                let nobody = lanes.answer(id.lane, id.number, remembered(&reply));
                assert!(nobody.is_empty(), "somebody waits for what was answered at once");
            }
        }
        out.replies.push(reply);
    }

    /// Says what became of an earlier command, and does nothing.
    pub(super) fn recall(
        &mut self,
        ticket: Ticket,
        id: &RequestId,
        request: &Request,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) {
        let outcome = match request.account().and_then(|account| self.ledger.slot(account)) {
            None => Outcome::Rejected(Reject::new(Code::UnknownAccount)),
            Some(slot) => match self.accounts.lanes_mut(slot).recall(id, ticket) {
                Seen::Never => Outcome::NotSeen,
                Seen::Running => return,
                Seen::Answered(answered) => return out.replies.push(repeat(ticket, *answered)),
                Seen::Refused(code) => Outcome::Rejected(Reject::new(code)),
            },
        };
        out.replies.push(self.reply(ticket, ctx.now, outcome));
    }

    /// Sends an answer that was waited for, to all who wait.
    pub(super) fn pass_on(&mut self, recorded: bool, reply: Reply, out: &mut SequencerOutbox) {
        if !recorded {
            return out.replies.push(reply);
        }
        let collected = self.collecting.remove(&reply.ticket.0).is_some();
        let Some(Awaited { account, lane, number }) = self.awaited.remove(reply.ticket.0) else {
            assert!(collected, "an answer to be remembered is to a request with an id: {reply:?}");
            return out.replies.push(reply);
        };
        let answered = remembered(&reply);
        let waiting = self.accounts.lanes_mut(account).answer(lane, number, answered.clone());
        out.replies.push(reply);
        out.replies.extend(waiting.into_iter().map(|ticket| repeat(ticket, answered.clone())));
    }
}

fn remembered(reply: &Reply) -> Answered {
    Answered { outcome: reply.outcome.clone(), gate: reply.gate, at: reply.at }
}

fn repeat(ticket: Ticket, answered: Answered) -> Reply {
    let Answered { outcome, gate, at } = answered;
    Reply { ticket, gate, at, duplicate: true, outcome }
}
