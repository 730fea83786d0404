//! What clients learn.

use lightning_core::message::{OrderAfter, Outcome, Request};
use lightning_core::types::{AccountId, Lsn, Ticket};

use super::World;
use super::clients::{Again, Fate};
use super::shards::HeldReply;
use crate::laws;
use crate::rng::Dice;

impl World<'_, '_> {
    /// A client sees an answer.
    pub(super) fn deliver_answer(&mut self, from: usize) {
        let HeldReply { reply, by_matcher, .. } = self.shards.answers[from].pop_front().expect("an answer");
        self.say(|| format!("answered: {reply:?}"));
        let asked = &mut self.tickets[usize::try_from(reply.ticket.0).expect("a ticket of ours")];
        assert!(asked.fate == Fate::Waits, "answered twice, or after a crash: {reply:?}");
        asked.fate = Fate::Answered;
        let (client, aside, known, id) = (asked.client, asked.aside, asked.known, asked.id);
        let request = asked.request.clone();
        if by_matcher {
            self.learn(reply.gate);
        }
        if let Outcome::Rejected(reject) = &reply.outcome {
            self.coverage.hit(reject.code.as_str());
        }
        if matches!(reply.outcome, Outcome::NotSeen) {
            self.coverage.hit("nothing to recall");
        }
        let account = self.clients[client].account;
        if self.journal.is_some() {
            let asked = &self.tickets[usize::try_from(reply.ticket.0).expect("a ticket of ours")];
            self.promises.note_answer(account, asked, &reply);
        }
        if let (Request::Order { order }, Some(known)) = (&request, known) {
            let owner = self.notes.orders.get(order).map_or(account, |order| order.account);
            let is_home = |account: AccountId| self.shards.home(account);
            if is_home(owner) == is_home(account) {
                let forgets = self.workload.setup.limits.closed_orders_max < 1_000;
                laws::order_is_known(*order, known, &reply.outcome, forgets);
            }
        }
        let specs = &self.workload.setup.symbols;
        let person = &mut self.clients[client];
        if let Some(notebook) = &mut person.notebook {
            if let Request::Balances { account } = request {
                notebook.check(account, &reply.outcome);
                self.coverage.hit("a notebook was right");
            }
            notebook.note(&request, &reply.outcome, specs);
            if aside {
                person.under_way -= 1;
            } else {
                // Its next command waits until the balances were checked.
                person.again.push_back(Again::ask(Request::Balances { account }));
            }
            return;
        }
        let doubts = person.doubts;
        if aside {
            return;
        }
        person.under_way -= 1;
        if let Some(id) = id
            && self.rng.one_in(6)
        {
            self.clients[client].again.push_back(Again::repeat(request, id));
        }
        if doubts == 0 || !self.rng.one_in(doubts) {
            return;
        }
        let question = match &reply.outcome {
            Outcome::Placed(placed) if self.rng.one_in(2) => Request::Order { order: placed.id },
            Outcome::Canceled(canceled) if self.rng.one_in(2) => Request::Order { order: canceled.id },
            _ => Request::Balances { account },
        };
        self.clients[client].again.push_back(Again::ask(question));
    }

    /// What an answer caused can be known from now on: by its client, and by whoever else it concerned.
    pub(super) fn learn(&mut self, cause: Lsn) {
        if self.promises.visible.contains_key(&cause) {
            return;
        }
        self.promises.visible.insert(cause, self.step);
        for (order, filled, after) in self.notes.effects.get(&cause).into_iter().flatten() {
            let known = self.promises.known.entry(*order).or_default();
            known.filled += filled;
            if let OrderAfter::Closed(status) = after {
                known.closed = Some(*status);
            }
        }
    }

    /// Read your writes, for money: nothing that was visible when the question was asked is missing now.
    pub(super) fn check_effects_arrived(&self, account: AccountId, ticket: Ticket) {
        let issued = self.asked(ticket).issued;
        for cause in self.notes.outstanding.get(&account).into_iter().flatten() {
            let seen = self.promises.visible.get(cause);
            assert!(
                seen.is_none_or(|seen| *seen > issued),
                "{account:?} asked for balances at step {issued} and is not told of {cause:?}, seen at {seen:?}"
            );
        }
    }
}
