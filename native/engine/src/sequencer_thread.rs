//! The loop of one sequencer thread. Kept parallel to `matcher_thread.rs` on purpose.
//!
//! It blocks until something arrives, then takes what commands there are, then **every settlement that is
//! there**, and only then runs the commands. A settlement that somebody learned of through a reply was sent
//! before that reply, so it is applied before any command they sent afterwards: reads see their writes, and
//! funds that an answer showed can be spent. (`select!` alone would not do: it picks a ready channel at random.)

use std::sync::Arc;

use crossbeam_channel::{Receiver, select};
use lightning_core::log::Context;
use lightning_core::message::{Command, ToMatcher as MatcherMessage};
use lightning_core::outbox::SequencerOutbox;
use lightning_core::sequencer::Sequencer;
use lightning_core::types::{Ticket, Timestamp};

use crate::clock::Clock;
use crate::journal::{LeasedOrderIds, VolatileJournal};
use crate::mischief::ShardMischief;
use crate::replies::Replies;
use crate::router::{
    Credits, Router, SequencerInbox, SettlementBatch, ToMatcher, ToSequencer, deal, shard_of_symbol,
};

/// Messages taken before settlements are looked at again.
const DRAIN_MAX: usize = 64;

pub(crate) struct SequencerThread {
    pub(crate) sequencer: Sequencer,
    pub(crate) inbox: SequencerInbox,
    pub(crate) stop: Receiver<()>,
    pub(crate) router: Router,
    pub(crate) replies: Arc<Replies>,
    pub(crate) credits: Arc<Credits>,
    pub(crate) journal: VolatileJournal,
    pub(crate) order_ids: LeasedOrderIds,
    pub(crate) clock: Clock,
    pub(crate) mischief: ShardMischief,
}

impl SequencerThread {
    pub(crate) fn run(mut self) {
        let mut out = SequencerOutbox::default();
        let mut commands: Vec<ToSequencer> = Vec::new();
        loop {
            select! {
                recv(self.inbox.settlements) -> batch => match batch {
                    Ok(batch) => {
                        let now = self.clock.now();
                        self.apply(batch, now, &mut out);
                    }
                    Err(_) => return,
                },
                recv(self.inbox.commands) -> message => match message {
                    Ok(message) => commands.push(message),
                    Err(_) => return,
                },
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
                self.apply(batch, now, &mut out);
            }
            for message in commands.drain(..) {
                match message {
                    ToSequencer::Commands(batch) => self.run_commands(batch, now, &mut out),
                    ToSequencer::Question(command, _held) => self.handle(command, now, &mut out),
                    ToSequencer::AddSymbol(spec, known) => {
                        let ticket = Ticket(0);
                        let request = lightning_core::message::Request::AddSymbol(spec);
                        let before = out.replies.len();
                        self.handle(Command { ticket, request }, now, &mut out);
                        out.replies.truncate(before); // Nobody's ticket: the waiting caller is told directly.
                        let _ = known.send(());
                    }
                }
            }
            self.flush(&mut out);
        }
    }

    fn run_commands(&mut self, batch: Vec<Command>, now: Timestamp, out: &mut SequencerOutbox) {
        let admitted = batch.len();
        let before = out.to_matcher.len();
        for command in batch {
            self.handle(command, now, out);
        }
        // What went on to a matcher keeps its credit until it is settled; the rest is answered already.
        let passed_on = out.to_matcher.len() - before;
        self.credits.give_back(admitted - passed_on);
    }

    fn handle(&mut self, command: Command, now: Timestamp, out: &mut SequencerOutbox) {
        let mut ctx = Context { now, log: &mut self.journal };
        self.sequencer.handle(command, &mut ctx, &mut self.order_ids, out);
    }

    fn apply(&mut self, batch: SettlementBatch, now: Timestamp, out: &mut SequencerOutbox) {
        for message in batch.messages {
            self.sequencer.handle_settlement(message, now, out);
        }
    }

    fn flush(&mut self, out: &mut SequencerOutbox) {
        let shards = self.router.matchers();
        let shard_of = |message: &MatcherMessage| shard_of_symbol(message.symbol(), shards);
        for (shard, batch) in deal(&mut out.to_matcher, shards, shard_of) {
            self.mischief.step();
            self.router.to_matcher(shard, ToMatcher::Admitted(batch));
        }
        self.mischief.step();
        self.replies.push(&mut out.replies);
    }
}
