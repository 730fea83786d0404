//! The loop of one matcher thread. Kept parallel to `sequencer_thread.rs` on purpose.
//!
//! It blocks until something arrives, takes what there is up to a bound, runs it, and then lets the effects out
//! in an order that readers rely on: first the book and the trades, then the settlements of all parties, then
//! the replies. Who has a reply therefore sees its effects in the book, and finds them ahead of anything they
//! ask a sequencer next.

use std::sync::Arc;

use crossbeam_channel::{Receiver, select};
use lightning_core::log::Context;
use lightning_core::matcher::Matcher;
use lightning_core::message::{ToMatcher as MatcherMessage, ToSequencer as SequencerMessage};
use lightning_core::outbox::MatcherOutbox;
use lightning_core::types::Ticket;

use crate::clock::Clock;
use crate::journal::VolatileJournal;
use crate::market_data::Feed;
use crate::mischief::ShardMischief;
use crate::replies::Replies;
use crate::router::{Credits, HeldCredits, Router, SettlementBatch, ToMatcher, deal, shard_of_account};

/// Commands run before their effects are let out.
const BATCH_MAX: usize = 256;

pub(crate) struct MatcherThread {
    pub(crate) matcher: Matcher,
    pub(crate) feeds: Feeds,
    pub(crate) inbox: Receiver<ToMatcher>,
    pub(crate) stop: Receiver<()>,
    pub(crate) router: Router,
    pub(crate) replies: Arc<Replies>,
    pub(crate) credits: Arc<Credits>,
    pub(crate) journal: VolatileJournal,
    pub(crate) clock: Clock,
    pub(crate) mischief: ShardMischief,
}

/// Where each symbol of a matcher publishes, by symbol number.
#[derive(Default)]
pub(crate) struct Feeds(Vec<Option<Arc<Feed>>>);

impl Feeds {
    pub(crate) fn add(&mut self, symbol: usize, feed: Arc<Feed>) {
        if self.0.len() <= symbol {
            self.0.resize(symbol + 1, None);
        }
        self.0[symbol] = Some(feed);
    }

    fn feed(&self, symbol: usize) -> &Feed {
        self.0[symbol].as_ref().expect("a symbol of this matcher")
    }

    /// Publishes what a batch changed: trades by symbol, and the top of each changed book once.
    pub(crate) fn publish(&self, matcher: &Matcher, out: &mut MatcherOutbox, books: bool) {
        for run in out.trades.chunk_by(|a, b| a.symbol == b.symbol) {
            self.feed(run[0].symbol.0 as usize).publish_trades(run.iter());
        }
        out.trades.clear();
        if books {
            out.changed.sort_unstable();
            out.changed.dedup();
            for &symbol in &out.changed {
                let market = matcher.market(symbol).expect("a symbol of this matcher");
                self.feed(symbol.0 as usize).publish_book(market);
            }
        }
        out.changed.clear();
    }
}

impl MatcherThread {
    pub(crate) fn run(mut self) {
        let mut out = MatcherOutbox::default();
        let mut messages: Vec<ToMatcher> = Vec::new();
        loop {
            select! {
                recv(self.inbox) -> message => match message {
                    Ok(message) => messages.push(message),
                    Err(_) => return,
                },
                recv(self.stop) -> _ => return,
            }
            self.mischief.step();
            let mut waiting = weight(&messages[0]);
            while waiting < BATCH_MAX
                && let Ok(message) = self.inbox.try_recv()
            {
                waiting += weight(&message);
                messages.push(message);
            }
            let now = self.clock.now();
            let mut commands = 0;
            let mut added = Vec::new();
            for message in messages.drain(..) {
                match message {
                    ToMatcher::Admitted(batch) => {
                        for message in batch {
                            commands += 1;
                            let mut ctx = Context { now, log: &mut self.journal };
                            self.matcher.handle(message, &mut ctx, &mut out);
                        }
                    }
                    ToMatcher::AddSymbol(spec, feed, known) => {
                        self.feeds.add(spec.id().0 as usize, feed);
                        let before = out.replies.len();
                        let mut ctx = Context { now, log: &mut self.journal };
                        let message = MatcherMessage::AddSymbol { ticket: Ticket(0), spec };
                        self.matcher.handle(message, &mut ctx, &mut out);
                        out.replies.truncate(before); // Nobody's ticket: the waiting caller is told directly.
                        added.push(known);
                    }
                }
            }
            self.flush(&mut out, commands);
            for known in added {
                let _ = known.send(()); // With its empty book published.
            }
        }
    }

    fn flush(&mut self, out: &mut MatcherOutbox, commands: usize) {
        self.feeds.publish(&self.matcher, out, true);
        self.mischief.step();
        self.settle(out, commands);
        self.mischief.step();
        self.replies.push(&mut out.replies);
    }

    /// One message per sequencer; the batch's credits come back when the last of them has been applied.
    fn settle(&mut self, out: &mut MatcherOutbox, commands: usize) {
        let held = Arc::new(HeldCredits { credits: self.credits.clone(), count: commands });
        let shards = self.router.sequencers();
        let shard_of = |message: &SequencerMessage| shard_of_account(message.account(), shards);
        for (shard, messages) in deal(&mut out.to_sequencer, shards, shard_of) {
            self.mischief.step();
            self.router.settle(shard, SettlementBatch { messages, _held: held.clone() });
        }
    }
}

fn weight(message: &ToMatcher) -> usize {
    match message {
        ToMatcher::Admitted(batch) => batch.len(),
        ToMatcher::AddSymbol(..) => 1,
    }
}
