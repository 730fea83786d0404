//! A live exchange that does one command to its end before the next: what it says and writes down is the same on
//! whatever shards.

use std::collections::VecDeque;

use lightning_core::fold::{FoldedShards, Shards};
use lightning_core::log::{Context, OrderIds};
use lightning_core::matcher::Matcher;
use lightning_core::message::{Command, Outcome, Reply, Request, RequestId, ToMatcher, ToSequencer};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::rules::SymbolRules;
use lightning_core::sequencer::{Sequencer, SequencerLimits};
use lightning_core::shards::{shard_of_account, shard_of_symbol};
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{AccountId, OrderId, SymbolId, Ticket, Timestamp};

use crate::journal::Journal;

/// The exchange.
pub(crate) struct Serial {
    pub(crate) sequencers: Vec<Sequencer>,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) journal: Journal,
    pub(crate) now: u64,
    pub(crate) ids: Ids,
    pub(crate) tickets: u64,
    /// What was said since somebody looked: answers, and what shards told each other.
    said: Vec<String>,
    queue: VecDeque<Message>,
}

enum Message {
    ToMatcher(ToMatcher),
    ToSequencer(ToSequencer),
}

/// One counter for all shards.
#[derive(Clone, Copy)]
pub(crate) struct Ids(pub(crate) u64);

impl OrderIds for Ids {
    fn next(&mut self) -> OrderId {
        self.0 += 1;
        OrderId(self.0)
    }
}

impl Serial {
    pub(crate) fn new(counts: Shards, limits: SequencerLimits) -> Self {
        Self {
            sequencers: (0..counts.sequencers).map(|_| Sequencer::new(limits)).collect(),
            matchers: (0..counts.matchers).map(|_| Matcher::default()).collect(),
            journal: Journal::default(),
            now: 1_700_000_000_000_000_000,
            ids: Ids(0),
            tickets: 0,
            said: Vec::new(),
            queue: VecDeque::new(),
        }
    }

    /// The same exchange, on shards that were made from what it wrote down.
    pub(crate) fn on(&self, folded: FoldedShards) -> Self {
        let Self { ref journal, now, ids, tickets, .. } = *self;
        let FoldedShards { sequencers, matchers, .. } = folded;
        Self {
            sequencers,
            matchers,
            journal: journal.clone(),
            now,
            ids,
            tickets,
            said: Vec::new(),
            queue: VecDeque::new(),
        }
    }

    /// What was said, once.
    pub(crate) fn take_said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    pub(crate) fn add_symbol(&mut self, spec: SymbolSpec, rules: SymbolRules) {
        self.on_matcher(spec.id(), |matcher, ctx, out| matcher.add_symbol(spec, rules, ctx, out));
        let cause = self.journal.last();
        self.sequencers.iter_mut().for_each(|sequencer| sequencer.add_symbol(spec, rules, cause));
    }

    pub(crate) fn set_rules(&mut self, spec: SymbolSpec, rules: SymbolRules, cancel_open: bool) {
        let set = self
            .on_matcher(spec.id(), |matcher, ctx, out| matcher.set_rules(spec, rules, cancel_open, ctx, out));
        if set.is_ok() {
            let cause = self.journal.last();
            self.sequencers.iter_mut().for_each(|sequencer| sequencer.set_rules(spec, rules, cause));
        }
        self.said.push(format!("{set:?}"));
        self.come_to_rest();
    }

    pub(crate) fn cancel_book(&mut self, symbol: SymbolId) {
        let canceled = self.on_matcher(symbol, |matcher, ctx, out| matcher.cancel_book(symbol, ctx, out));
        self.said.push(format!("{canceled:?}"));
        self.come_to_rest();
    }

    pub(crate) fn remove_symbol(&mut self, symbol: SymbolId, force: bool) {
        let removed =
            self.on_matcher(symbol, |matcher, ctx, out| matcher.remove_symbol(symbol, force, ctx, out));
        self.said.push(format!("{removed:?}"));
        self.come_to_rest();
    }

    /// Lets time go by, from one deadline to the next. (No two shards have one at the same time: which of them comes
    /// first would depend on the shards.)
    pub(crate) fn wait(&mut self, nanos: u64) {
        let until = self.now + nanos;
        loop {
            let timers = self.sequencers.iter().filter_map(Sequencer::next_deadline);
            let next = timers.chain(self.matchers.iter().filter_map(Matcher::next_deadline)).min();
            let Some(due) = next.filter(|due| due.0 <= until) else { break };
            self.now = self.now.max(due.0);
            for shard in 0..self.matchers.len() {
                self.on_matcher_at(shard, |matcher, ctx, out| matcher.tick(ctx, out));
            }
            for shard in 0..self.sequencers.len() {
                self.on_sequencer(shard, |sequencer, _, ctx, out| sequencer.tick(ctx, out));
            }
            self.come_to_rest();
        }
        self.now = until;
    }

    /// One command of an account, to its end.
    pub(crate) fn ask(&mut self, account: AccountId, request_id: Option<RequestId>, request: Request) {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let command = Command { ticket, request_id: request_id.map(Box::new), request };
        let shard = shard_of_account(account, self.sequencers.len());
        self.on_sequencer(shard, |sequencer, ids, ctx, out| sequencer.handle(command, ctx, ids, out));
        self.come_to_rest();
    }

    fn come_to_rest(&mut self) {
        while let Some(message) = self.queue.pop_front() {
            match message {
                Message::ToMatcher(message) => {
                    self.said.push(format!("{message:?}"));
                    self.on_matcher(message.symbol(), |matcher, ctx, out| matcher.handle(message, ctx, out));
                }
                Message::ToSequencer(message) => {
                    self.said.push(format!("{message:?}"));
                    let shard = shard_of_account(message.account(), self.sequencers.len());
                    self.on_sequencer(shard, |sequencer, _, ctx, out| {
                        sequencer.handle_settlement(message, ctx, out);
                    });
                }
            }
        }
    }

    fn on_sequencer(
        &mut self,
        shard: usize,
        run: impl FnOnce(&mut Sequencer, &mut Ids, &mut Context<'_>, &mut SequencerOutbox),
    ) {
        let mut out = SequencerOutbox::default();
        let mut ctx = Context { now: Timestamp(self.now), log: &mut self.journal };
        run(&mut self.sequencers[shard], &mut self.ids, &mut ctx, &mut out);
        out.replies.into_iter().for_each(|reply| self.said.push(in_words(reply)));
        self.queue.extend(out.to_matcher.into_iter().map(Message::ToMatcher));
        self.queue.extend(out.to_sequencer.into_iter().map(Message::ToSequencer));
    }

    fn on_matcher<R>(
        &mut self,
        symbol: SymbolId,
        run: impl FnOnce(&mut Matcher, &mut Context<'_>, &mut MatcherOutbox) -> R,
    ) -> R {
        self.on_matcher_at(shard_of_symbol(symbol, self.matchers.len()), run)
    }

    fn on_matcher_at<R>(
        &mut self,
        shard: usize,
        run: impl FnOnce(&mut Matcher, &mut Context<'_>, &mut MatcherOutbox) -> R,
    ) -> R {
        let mut out = MatcherOutbox::default();
        let mut ctx = Context { now: Timestamp(self.now), log: &mut self.journal };
        let result = run(&mut self.matchers[shard], &mut ctx, &mut out);
        self.said.extend(out.trades.iter().map(|trade| format!("{trade:?}")));
        self.said.extend(out.changed.iter().map(|symbol| format!("{symbol} changed")));
        out.replies.into_iter().for_each(|reply| self.said.push(in_words(reply)));
        self.queue.extend(out.to_sequencer.into_iter().map(Message::ToSequencer));
        result
    }
}

/// An answer, but for what depends on the shards (up to which record its shard shows effects) and on what is forgotten
/// by design: cursors.
fn in_words(reply: Reply) -> String {
    let Reply { ticket, gate: _, at, duplicate, mut outcome } = reply;
    match &mut outcome {
        Outcome::LedgerEntries(page) => {
            page.next = None;
            page.entries.iter_mut().for_each(|entry| entry.id = 0);
        }
        Outcome::Orders(page) => page.next = None,
        _ => {}
    }
    format!("{ticket} at {at}, again: {duplicate}: {outcome:?}")
}
