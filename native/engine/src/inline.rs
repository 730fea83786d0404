//! All shards in the caller's thread: the same state machines, no hand-off.
//!
//! A command runs to its end, settlements and all, before the next one starts, so the same commands give the
//! same fills, balances and order ids whatever the shard counts. For backtests, tests, and the lowest latency
//! one core can give one caller.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use lightning_core::log::Context;
use lightning_core::matcher::Matcher;
use lightning_core::message::{Command, Reply, Request, ToMatcher};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::sequencer::Sequencer;
use lightning_core::types::{Lsn, SymbolId, Ticket};

use crate::clock::Clock;
use crate::config::Config;
use crate::journal::{LeasedOrderIds, VolatileJournal};
use crate::market_data::BookView;
use crate::matcher_thread::Feeds;
use crate::mischief::{Mischief, ShardMischief};
use crate::registry::Symbol;
use crate::router::{shard_of_account, shard_of_symbol};

/// The shards and what a thread would own besides.
pub(crate) struct Inline {
    sequencers: Vec<Sequencer>,
    matchers: Vec<Matcher>,
    feeds: Feeds,
    journal: VolatileJournal,
    order_ids: LeasedOrderIds,
    clock: Clock,
    sequencer_out: SequencerOutbox,
    matcher_out: MatcherOutbox,
    admitted: VecDeque<ToMatcher>,
    mischief: ShardMischief,
}

impl Inline {
    pub(crate) fn new(config: &Config, mischief: Mischief) -> Self {
        Self {
            sequencers: (0..config.sequencers).map(|_| Sequencer::new(config.limits)).collect(),
            matchers: (0..config.matchers).map(|_| Matcher::default()).collect(),
            feeds: Feeds::default(),
            journal: VolatileJournal::default(),
            // One by one, so that ids do not depend on the number of sequencers.
            order_ids: LeasedOrderIds::new(Arc::new(AtomicU64::new(0)), 1),
            clock: Clock::default(),
            sequencer_out: SequencerOutbox::default(),
            matcher_out: MatcherOutbox::default(),
            admitted: VecDeque::new(),
            mischief: mischief.sequencer(0),
        }
    }

    /// The newest record's number.
    pub(crate) fn last_lsn(&self) -> Lsn {
        self.journal.last()
    }

    /// Runs one command to its end.
    pub(crate) fn run(&mut self, sequencer: usize, command: Command, replies: &mut Vec<Reply>) {
        self.mischief.step();
        let now = self.clock.now();
        let mut ctx = Context { now, log: &mut self.journal };
        self.sequencers[sequencer].handle(command, &mut ctx, &mut self.order_ids, &mut self.sequencer_out);
        self.admitted.extend(self.sequencer_out.to_matcher.drain(..));
        while let Some(message) = self.admitted.pop_front() {
            let shard = shard_of_symbol(message.symbol(), self.matchers.len());
            let mut ctx = Context { now, log: &mut self.journal };
            self.matchers[shard].handle(message, &mut ctx, &mut self.matcher_out);
            // Books are read where they are: only trades need publishing.
            self.feeds.publish(&self.matchers[shard], &mut self.matcher_out, false);
            for message in self.matcher_out.to_sequencer.drain(..) {
                let shard = shard_of_account(message.account(), self.sequencers.len());
                self.sequencers[shard].handle_settlement(message, now, &mut self.sequencer_out);
            }
        }
        replies.append(&mut self.sequencer_out.replies);
        replies.append(&mut self.matcher_out.replies);
    }

    /// Announces a symbol to its matcher and to every sequencer.
    pub(crate) fn add_symbol(&mut self, symbol: &Symbol) {
        self.feeds.add(symbol.spec.id().0 as usize, symbol.feed.clone());
        let now = self.clock.now();
        let shard = shard_of_symbol(symbol.spec.id(), self.matchers.len());
        let mut ctx = Context { now, log: &mut self.journal };
        let message = ToMatcher::AddSymbol { ticket: Ticket(0), spec: symbol.spec };
        self.matchers[shard].handle(message, &mut ctx, &mut self.matcher_out);
        for sequencer in &mut self.sequencers {
            let command = Command { ticket: Ticket(0), request: Request::AddSymbol(symbol.spec) };
            let mut ctx = Context { now, log: &mut self.journal };
            sequencer.handle(command, &mut ctx, &mut self.order_ids, &mut self.sequencer_out);
        }
        // Nobody's tickets: the caller is here.
        self.sequencer_out.replies.clear();
        self.matcher_out.replies.clear();
        self.matcher_out.changed.clear();
    }

    /// A book, straight from its matcher.
    pub(crate) fn book(&self, symbol: SymbolId, levels: usize) -> BookView {
        let shard = shard_of_symbol(symbol, self.matchers.len());
        BookView::of(self.matchers[shard].market(symbol).expect("a symbol of this engine"), levels)
    }
}
