//! The loop of one matcher thread. Kept parallel to `sequencer_thread.rs` on purpose.
//!
//! It blocks until something arrives or an order's time has come, takes what there is up to a bound, runs it,
//! and then lets the effects out in an order that readers rely on: first the book and the trades, then the
//! settlements of all parties, then the replies. Who has a reply therefore sees its effects in the book, and
//! finds them ahead of anything they ask a sequencer next.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::{Receiver, after, never, select};
use lightning_core::book::OrderBook as _;
use lightning_core::log::Context;
use lightning_core::matcher::{LOOK_AHEAD_MAX, Matcher};
use lightning_core::message::{Outcome, Reply, ToSequencer as SequencerMessage, Trade};
use lightning_core::outbox::MatcherOutbox;
use lightning_core::types::{Lsn, SymbolId, Ticket, Timestamp};

use crate::clock::Clock;
use crate::journal::Journal;
use crate::market_data::Feed;
use crate::metrics::{MatcherCounts, ShardMetrics};
use crate::mischief::ShardMischief;
use crate::replies::{Replies, accrued};
use crate::router::{Credits, HeldCredits, Router, SettlementBatch, ToMatcher, deal, shard_of_account};
use crate::streams::{Hub, Rung};
use crate::under_way::UnderWay;

/// Commands run before their effects are let out.
const BATCH_MAX: usize = 256;
/// Trades of a symbol that may wait before the market-data thread is asked to make candles of them.
const LATE: usize = 1_024;

pub(crate) struct MatcherThread {
    pub(crate) matcher: Matcher,
    pub(crate) feeds: Feeds,
    pub(crate) inbox: Receiver<ToMatcher>,
    pub(crate) stop: Receiver<()>,
    pub(crate) router: Router,
    pub(crate) replies: Arc<Replies>,
    pub(crate) credits: Arc<Credits>,
    pub(crate) journal: Journal,
    pub(crate) clock: Clock,
    pub(crate) mischief: ShardMischief,
    pub(crate) metrics: Arc<ShardMetrics>,
    /// Which of them it is.
    pub(crate) shard: usize,
    pub(crate) streams: Arc<Hub>,
}

/// Where each symbol of a matcher publishes, by symbol number.
#[derive(Default)]
pub(crate) struct Feeds {
    feeds: Vec<Option<Arc<Feed>>>,
    /// Orders that rest in each symbol's book, as they were counted last.
    resting: Vec<usize>,
    counts: Arc<MatcherCounts>,
    /// What the matcher is at, where it has a thread.
    under_way: Arc<UnderWay>,
}

impl Feeds {
    pub(crate) fn add(&mut self, symbol: usize, feed: Arc<Feed>) {
        if self.feeds.len() <= symbol {
            self.feeds.resize(symbol + 1, None);
            self.resting.resize(symbol + 1, 0);
        }
        feed.set_under_way(&self.under_way);
        self.feeds[symbol] = Some(feed);
    }

    /// Publishes the top of a book as it is, for somebody who begins to read it.
    pub(crate) fn publish_book(&self, matcher: &Matcher, symbol: SymbolId) {
        if let Some(market) = matcher.market(symbol) {
            self.feed(symbol.0 as usize).publish_book(market);
        }
    }

    fn feed(&self, symbol: usize) -> &Arc<Feed> {
        self.feeds[symbol].as_ref().expect("a symbol of this matcher")
    }

    /// What is counted here, for whoever asks.
    pub(crate) fn counts(&self) -> &Arc<MatcherCounts> {
        &self.counts
    }

    /// Counts what rests in all books: where some may have come or gone.
    pub(crate) fn count_orders(&mut self, matcher: &Matcher) {
        for (symbol, counted) in (0..).map(SymbolId).zip(&mut self.resting) {
            let rests = matcher.market(symbol).map_or(0, |market| market.book().len());
            self.counts.rests(std::mem::replace(counted, rests), rests);
        }
    }

    /// Publishes what a batch changed: trades by symbol, and the top of each changed book once. Says which record it
    /// waits for.
    ///
    /// `late` is told of each symbol of which so many trades wait to be made candles of that somebody should do it.
    pub(crate) fn publish(
        &mut self,
        matcher: &Matcher,
        out: &mut MatcherOutbox,
        books: bool,
        mut late: impl FnMut(&Arc<Feed>),
    ) -> Lsn {
        let mut shown = Lsn(0);
        self.counts.traded(out.trades.len());
        for run in out.trades.chunk_by(|a, b| a.symbol == b.symbol) {
            let feed = self.feed(run[0].symbol.0 as usize);
            feed.publish_trades(run);
            if feed.pending() > LATE {
                late(feed);
            }
            shown = shown.max(run[run.len() - 1].cause);
        }
        out.trades.clear();
        if books {
            out.changed.sort_unstable();
            out.changed.dedup();
            for &symbol in &out.changed {
                // A symbol that was removed in the same batch has no book any more.
                if let Some(market) = matcher.market(symbol) {
                    self.feed(symbol.0 as usize).publish_book(market);
                    shown = shown.max(market.horizon());
                    let rests = market.book().len();
                    let before = std::mem::replace(&mut self.resting[symbol.0 as usize], rests);
                    self.counts.rests(before, rests);
                }
            }
        }
        out.changed.clear();
        shown
    }
}

impl MatcherThread {
    pub(crate) fn run(mut self) {
        let mut out = MatcherOutbox::default();
        let mut messages: Vec<ToMatcher> = Vec::new();
        self.feeds.count_orders(&self.matcher);
        let mut now = self.clock.now();
        loop {
            let alarm = self.clock.until(self.matcher.next_deadline()).map_or_else(never, after);
            select! {
                recv(self.inbox) -> message => match message {
                    Ok(message) => messages.push(message),
                    Err(_) => return,
                },
                recv(alarm) -> _ => {}
                recv(self.stop) -> _ => return,
            }
            let taken = Instant::now();
            self.mischief.step();
            let mut waiting: usize = messages.iter().map(weight).sum();
            while waiting < BATCH_MAX
                && let Ok(message) = self.inbox.try_recv()
            {
                waiting += weight(&message);
                messages.push(message);
            }
            self.feeds.under_way.begin(now);
            now = self.clock.now();
            self.feeds.under_way.set(now);
            if messages.is_empty() {
                let mut ctx = Context { now, log: &mut self.journal };
                self.matcher.tick(&mut ctx, &mut out);
            }
            let (mut held, mut done) = (Vec::new(), Vec::new());
            for message in messages.drain(..) {
                match message {
                    ToMatcher::Admitted(mut batch, credits, sent) => {
                        self.metrics.waited(sent, taken);
                        let mut ctx = Context { now, log: &mut self.journal };
                        for few in batch.chunks_mut(LOOK_AHEAD_MAX) {
                            if few.len() > 1 {
                                self.matcher.look_ahead(few);
                            }
                            for message in few {
                                self.matcher.handle_in_place(message, &mut ctx, &mut out);
                            }
                        }
                        self.router.spare_admitted.put(batch);
                        held.push(credits);
                    }
                    ToMatcher::Question(ticket, _held) => {
                        out.replies.push(part_of_totals(&self.matcher, ticket, now, self.journal.last()));
                    }
                    ToMatcher::Control(control) => {
                        let mut ctx = Context { now, log: &mut self.journal };
                        done.push(control(&mut self.matcher, &mut self.feeds, &mut ctx, &mut out));
                    }
                }
            }
            self.flush(&mut out, held, taken);
            if !done.is_empty() {
                self.feeds.count_orders(&self.matcher); // A symbol may have come or gone.
            }
            for tell in done {
                tell(); // With its effects out.
            }
        }
    }

    fn flush(&mut self, out: &mut MatcherOutbox, held: Vec<Arc<HeldCredits>>, taken: Instant) {
        let trades = self.streams.trades_for_accounts(&out.trades);
        let about = Rung::of(!out.changed.is_empty(), !out.trades.is_empty());
        let late = |feed: &Arc<Feed>| self.streams.bring_up_to_date(feed);
        let shown = self.feeds.publish(&self.matcher, out, true, late);
        self.feeds.under_way.end();
        if self.streams.is_watched() {
            self.streams.tell_books(self.shard, &mut out.book_news, about, shown);
        }
        out.book_news.clear(); // What nobody watches any more.
        self.mischief.step();
        self.settle(out, held, trades, shown);
        self.mischief.step();
        self.metrics.done(taken);
        self.replies.push(&mut out.replies, shown);
    }

    /// One message per sequencer, and then another for each that is to remember answers and pass them on: like
    /// all answers these leave last, so that who has one finds its effects whichever sequencer they ask next.
    /// The batch's credits come back when the last message has been applied.
    fn settle(
        &mut self,
        out: &mut MatcherOutbox,
        held: Vec<Arc<HeldCredits>>,
        mut trades: Option<Arc<[Trade]>>,
        shown: Lsn,
    ) {
        let held = Arc::new(HeldCredits { credits: self.credits.clone(), count: 0, others: held });
        let shards = self.router.sequencers();
        let shard_of = |message: &SequencerMessage| shard_of_account(message.account(), shards);
        let is_answer = |message: &mut SequencerMessage| matches!(message, SequencerMessage::Answer { .. });
        let mut answers: Vec<_> = out.to_sequencer.extract_if(.., is_answer).collect();
        let Self { router, mischief, .. } = self;
        for messages in [&mut out.to_sequencer, &mut answers] {
            deal(messages, shards, &router.spare_settlements, shard_of, |shard, messages| {
                mischief.step();
                let trades = trades.clone();
                router.settle(shard, SettlementBatch { messages, trades, shown, held: held.clone() });
            });
            trades = None; // Answers settle nothing.
        }
    }
}

/// What a matcher adds to the proof of conservation: the fees that have accrued and are nobody's yet. Nothing of it is
/// newer than `gate`.
pub(crate) fn part_of_totals(matcher: &Matcher, ticket: Ticket, at: Timestamp, gate: Lsn) -> Reply {
    let outcome = Outcome::Totals(matcher.accrued_fees().into_iter().map(accrued).collect());
    Reply { ticket, gate, at, duplicate: false, outcome }
}

fn weight(message: &ToMatcher) -> usize {
    match message {
        ToMatcher::Admitted(batch, ..) => batch.len(),
        ToMatcher::Question(..) | ToMatcher::Control(_) => 1,
    }
}
