//! The loop of one sequencer thread. Kept parallel to `matcher_thread.rs` on purpose.
//!
//! It blocks until something arrives or a timer runs out, then takes what commands there are, then **every
//! settlement that is there**, and only then runs the commands. A settlement that somebody learned of through a
//! reply was sent before that reply, so it is applied before any command they sent afterwards: reads see their
//! writes, and funds that an answer showed can be spent. (`select!` alone would not do: it picks a ready channel
//! at random.)

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, after, never, select};
use lightning_core::log::Context;
use lightning_core::message::{Command, ToMatcher as MatcherMessage, ToSequencer as SequencerMessage};
use lightning_core::outbox::SequencerOutbox;
use lightning_core::sequencer::{LOOK_AHEAD, Sequencer};
use lightning_core::types::{Lsn, Timestamp};

use crate::clock::Clock;
use crate::journal::{Journal, LeasedOrderIds};
use crate::metrics::ShardMetrics;
use crate::mischief::ShardMischief;
use crate::replies::Replies;
use crate::router::{
    Credits, Done, HeldCredits, Router, SequencerInbox, SettlementBatch, ToMatcher, ToSequencer, deal,
    shard_of_account, shard_of_symbol,
};
use crate::streams::{AccountItem, Hub, tell_all};

/// Messages taken before settlements are looked at again.
const DRAIN_MAX: usize = 64;
/// Timers that ran out wait so long where what the ones before them caused is still under way.
const TIMER_PAUSE: Duration = Duration::from_millis(1);

pub(crate) struct SequencerThread {
    pub(crate) sequencer: Sequencer,
    pub(crate) inbox: SequencerInbox,
    pub(crate) stop: Receiver<()>,
    pub(crate) router: Router,
    pub(crate) replies: Arc<Replies>,
    pub(crate) credits: Arc<Credits>,
    pub(crate) journal: Journal,
    pub(crate) order_ids: LeasedOrderIds,
    pub(crate) clock: Clock,
    pub(crate) mischief: ShardMischief,
    /// Alive as long as something that timers caused is under way: there is one such batch at a time, so that
    /// what waits on a channel stays bounded.
    pub(crate) timers_under_way: Weak<HeldCredits>,
    /// The latest record that something waits for which matchers have published with what was applied here.
    pub(crate) shown: Lsn,
    pub(crate) metrics: Arc<ShardMetrics>,
    /// Which of them it is.
    pub(crate) shard: usize,
    pub(crate) streams: Arc<Hub>,
    /// What is to be told of accounts, with the trades it is made of.
    pub(crate) news: Vec<AccountItem>,
}

/// Credits on their way: of commands that went on to other shards, and of messages that caused more messages.
#[derive(Default)]
struct Passing {
    commands: usize,
    carried: Vec<Arc<HeldCredits>>,
}

impl SequencerThread {
    pub(crate) fn run(mut self) {
        let mut out = SequencerOutbox::default();
        let mut commands: Vec<ToSequencer> = Vec::new();
        loop {
            let mut passing = Passing::default();
            let alarm = self.clock.until(self.sequencer.next_deadline()).map_or_else(never, |wait| {
                after(if self.timers_under_way.strong_count() > 0 { wait.max(TIMER_PAUSE) } else { wait })
            });
            let mut rang = false;
            let taken;
            select! {
                recv(self.inbox.settlements) -> batch => match batch {
                    Ok(batch) => {
                        taken = Instant::now();
                        let now = self.clock.now();
                        self.apply(batch, now, &mut passing, &mut out);
                    }
                    Err(_) => return,
                },
                recv(self.inbox.commands) -> message => match message {
                    Ok(message) => {
                        taken = Instant::now();
                        commands.push(message);
                    }
                    Err(_) => return,
                },
                recv(alarm) -> _ => {
                    taken = Instant::now();
                    rang = true;
                }
                recv(self.stop) -> _ => return,
            }
            self.mischief.step();
            while commands.len() < DRAIN_MAX
                && let Ok(message) = self.inbox.commands.try_recv()
            {
                commands.push(message);
            }
            self.mischief.step();
            let now = self.clock.now();
            while let Ok(batch) = self.inbox.settlements.try_recv() {
                self.apply(batch, now, &mut passing, &mut out);
            }
            if rang && self.timers_under_way.strong_count() == 0 {
                let mut ctx = Context { now, log: &mut self.journal };
                self.sequencer.tick(&mut ctx, &mut out);
                let token =
                    Arc::new(HeldCredits { credits: self.credits.clone(), count: 0, others: Vec::new() });
                self.timers_under_way = Arc::downgrade(&token);
                passing.carried.push(token);
            }
            let mut done: Vec<Done> = Vec::new();
            for message in commands.drain(..) {
                match message {
                    ToSequencer::Commands(batch, sent) => {
                        self.metrics.waited(sent, taken);
                        self.run_commands(batch, now, &mut passing, &mut out);
                    }
                    ToSequencer::Question(command, _held) => self.handle(command, now, &mut out),
                    ToSequencer::Control(control) => {
                        let mut ctx = Context { now, log: &mut self.journal };
                        done.push(control(&mut self.sequencer, &mut ctx, &mut out));
                    }
                }
            }
            self.flush(&mut out, passing, taken);
            for tell in done {
                tell(); // With its effects out.
            }
        }
    }

    fn run_commands(
        &mut self,
        batch: Vec<Command>,
        now: Timestamp,
        passing: &mut Passing,
        out: &mut SequencerOutbox,
    ) {
        let mut ended = 0;
        let mut batch = batch.into_iter();
        for at in 0.. {
            if at % LOOK_AHEAD == 0 {
                self.sequencer.look_ahead(batch.as_slice());
            }
            let Some(command) = batch.next() else { break };
            let before = out.to_matcher.len() + out.to_sequencer.len();
            self.handle(command, now, out);
            if out.to_matcher.len() + out.to_sequencer.len() > before {
                // What went on to another shard keeps its credit until it is settled.
                passing.commands += 1;
            } else {
                ended += 1;
            }
        }
        self.credits.give_back(ended);
    }

    fn handle(&mut self, command: Command, now: Timestamp, out: &mut SequencerOutbox) {
        let mut ctx = Context { now, log: &mut self.journal };
        self.sequencer.handle(command, &mut ctx, &mut self.order_ids, out);
    }

    fn apply(
        &mut self,
        batch: SettlementBatch,
        now: Timestamp,
        passing: &mut Passing,
        out: &mut SequencerOutbox,
    ) {
        let before = out.to_sequencer.len();
        self.shown = self.shown.max(batch.shown);
        let mut ctx = Context { now, log: &mut self.journal };
        if let Some(trades) = batch.trades {
            tell_all(&mut self.news, &mut out.account_news);
            self.news.push(AccountItem::Trades(trades));
        }
        let mut messages = batch.messages;
        self.sequencer.handle_settlements(&mut messages, &mut ctx, out);
        self.router.spare_settlements.put(messages);
        if out.to_sequencer.len() > before {
            passing.carried.push(batch.held);
        }
    }

    fn flush(&mut self, out: &mut SequencerOutbox, passing: Passing, taken: Instant) {
        tell_all(&mut self.news, &mut out.account_news);
        if self.streams.is_watched() {
            self.streams.tell_accounts(self.shard, &mut self.news);
        }
        self.news.clear(); // What nobody watches any more.
        let sent = self.metrics.done(taken);
        // Dropped at once, and so given back, if nothing goes on to anybody.
        let held = Arc::new(HeldCredits {
            credits: self.credits.clone(),
            count: passing.commands,
            others: passing.carried,
        });
        let Self { router, mischief, shown, .. } = self;
        let shards = router.sequencers();
        let shard_of = |message: &SequencerMessage| shard_of_account(message.account(), shards);
        deal(&mut out.to_sequencer, shards, &router.spare_settlements, shard_of, |shard, messages| {
            mischief.step();
            router
                .settle(shard, SettlementBatch { messages, trades: None, shown: *shown, held: held.clone() });
        });
        let shards = router.matchers();
        let shard_of = |message: &MatcherMessage| shard_of_symbol(message.symbol(), shards);
        deal(&mut out.to_matcher, shards, &router.spare_admitted, shard_of, |shard, batch| {
            mischief.step();
            router.to_matcher(shard, ToMatcher::Admitted(batch, held.clone(), sent));
        });
        self.mischief.step();
        self.replies.push(&mut out.replies, self.shown);
    }
}
