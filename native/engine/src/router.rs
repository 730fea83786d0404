//! Who owns what, and the ways there: the only file that knows the shard counts.
//!
//! ```text
//!   edge ──ToSequencer::Commands──> [at most credits + control] ──> sequencer ──ToMatcher::Admitted──┐
//!                                                                       ▲                            │
//!                              [bounded by credits and open-order       │           [at most credits + control]
//!                               caps] <──── SettlementBatch ──── matcher <───────────────────────────┘
//! ```
//!
//! Only the edge ever refuses, and nobody ever waits to send: a cycle of bounded channels that block deadlocks
//! within a tenth of a second. The channels grow as they are used; what bounds them is that each message on one
//! holds an admission credit that no other message on it holds. That is asserted on every send.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use lightning_core::limits::SHARDS_MAX;
use lightning_core::log::Context;
use lightning_core::matcher::Matcher;
use lightning_core::message::{Command, ToMatcher as MatcherMessage, ToSequencer as SequencerMessage, Trade};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::sequencer::Sequencer;
pub(crate) use lightning_core::shards::{shard_of_account, shard_of_symbol};
use lightning_core::types::{Lsn, Ticket};

use crate::matcher_thread::Feeds;
use crate::metrics::{Queue, QueueKind};

/// Control messages that may be under way to one shard besides commands: one of the edge, one batch that each
/// sequencer's timers caused, and those of streams: what is to be told, and that trades are to be handed on, each of
/// which may be under way twice where who watched has just ended.
const CONTROL_MAX: usize = 1 + SHARDS_MAX + 4;

/// On the way to a sequencer thread.
pub(crate) enum ToSequencer {
    /// One message per tick of the edge and shard, sent then.
    Commands(Vec<Command>, Instant),
    /// A question that every shard answers its part of, on one credit for all of them.
    Question(Command, Arc<HeldCredits>),
    /// Something the edge waits for, done between two commands.
    Control(SequencerControl),
}

/// What the edge wants done on a sequencer. What it returns is called when the effects are out.
pub(crate) type SequencerControl =
    Box<dyn FnOnce(&mut Sequencer, &mut Context<'_>, &mut SequencerOutbox) -> Done + Send>;

/// Tells the waiting edge.
pub(crate) type Done = Box<dyn FnOnce() + Send>;

/// On the way to a matcher thread.
pub(crate) enum ToMatcher {
    /// One message per batch of a sequencer and shard, with the credits of all commands of that batch, sent then.
    Admitted(Vec<MatcherMessage>, Arc<HeldCredits>, Instant),
    /// A question that every shard answers its part of, on one credit for all of them.
    Question(Ticket, Arc<HeldCredits>),
    /// Something the edge waits for, done between two commands.
    Control(MatcherControl),
}

/// What the edge wants done on a matcher. What it returns is called when the effects are out.
pub(crate) type MatcherControl =
    Box<dyn FnOnce(&mut Matcher, &mut Feeds, &mut Context<'_>, &mut MatcherOutbox) -> Done + Send>;

/// To one sequencer: all that a batch of commands means for that shard. A command's effects arrive whole,
/// whatever the number of fills and accounts.
pub(crate) struct SettlementBatch {
    pub(crate) messages: Vec<SequencerMessage>,
    /// The trades of the same batch of commands, where somebody watches accounts.
    pub(crate) trades: Option<Arc<[Trade]>>,
    /// The latest record that what was published with them waits for.
    pub(crate) shown: Lsn,
    /// Returned when the last shard has applied its part.
    pub(crate) held: Arc<HeldCredits>,
}

/// The sending ends of all channels.
#[derive(Clone)]
pub(crate) struct Router {
    sequencers: Vec<Sender<ToSequencer>>,
    matchers: Vec<Sender<ToMatcher>>,
    settlements: Vec<Sender<SettlementBatch>>,
    /// Messages that a channel of commands may hold.
    capacity: usize,
    /// Memory of batches that were done, for the next ones.
    pub(crate) spare_admitted: Spare<MatcherMessage>,
    pub(crate) spare_settlements: Spare<SequencerMessage>,
}

/// Batches are filled in one thread and emptied in another: their memory goes back this way, so that a batch neither
/// asks the allocator nor grows step by step, copying what it holds each time.
pub(crate) struct Spare<T> {
    put: Sender<Vec<T>>,
    take: Receiver<Vec<T>>,
}

/// Batches that are kept for later.
const SPARE_MAX: usize = 4 * SHARDS_MAX;
/// A batch that had more room than this for messages gives it back to the allocator.
const SPARE_ROOM_MAX: usize = 4_096;

impl<T> Spare<T> {
    fn new() -> Self {
        let (put, take) = bounded(SPARE_MAX);
        Self { put, take }
    }

    /// An empty batch.
    pub(crate) fn take(&self) -> Vec<T> {
        self.take.try_recv().unwrap_or_default()
    }

    /// A batch that is done.
    pub(crate) fn put(&self, mut batch: Vec<T>) {
        batch.clear();
        if batch.capacity() <= SPARE_ROOM_MAX {
            let _ = self.put.try_send(batch); // There are enough.
        }
    }
}

impl<T> Clone for Spare<T> {
    fn clone(&self) -> Self {
        Self { put: self.put.clone(), take: self.take.clone() }
    }
}

/// The receiving ends of one sequencer.
pub(crate) struct SequencerInbox {
    pub(crate) commands: Receiver<ToSequencer>,
    pub(crate) settlements: Receiver<SettlementBatch>,
}

impl Router {
    /// Channels for so many shards.
    pub(crate) fn new(
        sequencers: usize,
        matchers: usize,
        credits: usize,
    ) -> (Self, Vec<SequencerInbox>, Vec<Receiver<ToMatcher>>) {
        let (to_sequencers, commands): (Vec<_>, Vec<_>) = (0..sequencers).map(|_| unbounded()).unzip();
        let (settlers, settlements): (Vec<_>, Vec<_>) = (0..sequencers).map(|_| unbounded()).unzip();
        let (to_matchers, admitted) = (0..matchers).map(|_| unbounded()).unzip();
        let inboxes = commands
            .into_iter()
            .zip(settlements)
            .map(|(commands, settlements)| SequencerInbox { commands, settlements })
            .collect();
        let router = Self {
            sequencers: to_sequencers,
            matchers: to_matchers,
            settlements: settlers,
            capacity: credits + CONTROL_MAX,
            spare_admitted: Spare::new(),
            spare_settlements: Spare::new(),
        };
        (router, inboxes, admitted)
    }

    /// How many sequencers there are.
    pub(crate) fn sequencers(&self) -> usize {
        self.sequencers.len()
    }

    /// How many matchers there are.
    pub(crate) fn matchers(&self) -> usize {
        self.matchers.len()
    }

    /// To a sequencer, from the edge.
    pub(crate) fn to_sequencer(&self, shard: usize, message: ToSequencer) {
        send(&self.sequencers[shard], message);
        self.check_bound(self.sequencers[shard].len());
    }

    /// To a matcher, from a sequencer or the edge.
    pub(crate) fn to_matcher(&self, shard: usize, message: ToMatcher) {
        send(&self.matchers[shard], message);
        self.check_bound(self.matchers[shard].len());
    }

    /// To a sequencer, from a matcher or another sequencer.
    pub(crate) fn settle(&self, shard: usize, batch: SettlementBatch) {
        send(&self.settlements[shard], batch);
    }

    /// What waits for each shard at this moment.
    pub(crate) fn queues(&self) -> Vec<Queue> {
        fn of<T>(kind: QueueKind, channels: &[Sender<T>]) -> impl Iterator<Item = Queue> {
            let waiting = channels.iter().enumerate();
            waiting.map(move |(shard, channel)| Queue { kind, shard, messages: channel.len() })
        }
        of(QueueKind::Commands, &self.sequencers)
            .chain(of(QueueKind::Settlements, &self.settlements))
            .chain(of(QueueKind::Orders, &self.matchers))
            .collect()
    }

    fn check_bound(&self, waiting: usize) {
        assert!(
            waiting <= self.capacity,
            "{waiting} messages wait on a channel, more than there are credits"
        );
    }
}

/// A closed channel means that the engine is halting: what is lost then is answered with `OUTCOME_UNKNOWN`.
fn send<T>(channel: &Sender<T>, message: T) {
    let _ = channel.send(message);
}

/// Deals messages out to their shards, in their order; shards that get nothing are left out.
pub(crate) fn deal<T>(
    messages: &mut Vec<T>,
    shards: usize,
    spare: &Spare<T>,
    shard_of: impl Fn(&T) -> usize,
    mut each: impl FnMut(usize, Vec<T>),
) {
    if messages.is_empty() {
        return;
    }
    if shards == 1 {
        return each(0, std::mem::replace(messages, spare.take()));
    }
    let mut batches: [Vec<T>; SHARDS_MAX] = [const { Vec::new() }; SHARDS_MAX];
    for message in messages.drain(..) {
        let batch = &mut batches[shard_of(&message)];
        if batch.capacity() == 0 {
            *batch = spare.take();
        }
        batch.push(message);
    }
    for (shard, batch) in batches.into_iter().enumerate() {
        if !batch.is_empty() {
            each(shard, batch);
        }
    }
}

/// Admission: how many more commands may be in flight.
#[derive(Debug)]
pub(crate) struct Credits {
    free: AtomicUsize,
    capacity: usize,
}

impl Credits {
    pub(crate) fn new(capacity: usize) -> Arc<Self> {
        Arc::new(Self { free: AtomicUsize::new(capacity), capacity })
    }

    /// Takes a credit, if there is one.
    pub(crate) fn take(&self) -> bool {
        self.free.fetch_update(Ordering::AcqRel, Ordering::Acquire, |free| free.checked_sub(1)).is_ok()
    }

    /// Gives `count` credits back.
    pub(crate) fn give_back(&self, count: usize) {
        // Checked before it is changed, so that the count stays one even where this is the invariant that breaks.
        let room = |free: usize| free.checked_add(count).filter(|&free| free <= self.capacity);
        let given_back = self.free.fetch_update(Ordering::AcqRel, Ordering::Acquire, room);
        assert!(given_back.is_ok(), "more credits came back than were given out");
    }

    /// Commands whose last effect has not been applied yet.
    pub(crate) fn in_flight(&self) -> usize {
        self.capacity - self.free.load(Ordering::Acquire)
    }
}

/// Credits of a batch of commands, given back when the last part of what they caused has been applied.
#[derive(Debug)]
pub(crate) struct HeldCredits {
    pub(crate) credits: Arc<Credits>,
    pub(crate) count: usize,
    /// What else must not come back before this: of batches that caused this one.
    #[expect(dead_code, reason = "held until this is dropped, and never looked at")]
    pub(crate) others: Vec<Arc<HeldCredits>>,
}

impl Drop for HeldCredits {
    fn drop(&mut self) {
        // A shard that is breaking already must not break again: a second panic would abort the host.
        if self.count > 0 && !std::thread::panicking() {
            self.credits.give_back(self.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_keep_the_order_of_each_shard_and_leave_their_memory_behind() {
        let spare = Spare::new();
        for shards in [1, 3] {
            let mut messages: Vec<usize> = (0..100).collect();
            let mut dealt = Vec::new();
            deal(
                &mut messages,
                shards,
                &spare,
                |message| message % shards,
                |shard, batch| {
                    assert!(batch.is_sorted() && batch.iter().all(|message| message % shards == shard));
                    dealt.extend_from_slice(&batch);
                    spare.put(batch);
                },
            );
            dealt.sort_unstable();
            assert_eq!(dealt, (0..100).collect::<Vec<_>>());
            assert!(messages.is_empty() && spare.take().capacity() >= 100 / shards);
        }
        spare.put(Vec::with_capacity(SPARE_ROOM_MAX + 1));
        deal(&mut Vec::new(), 1, &spare, |_| 0, |_, _| panic!("there is nothing to deal"));
    }

    #[test]
    fn credits_are_counted_and_come_back_once() {
        let credits = Credits::new(3);
        assert!(credits.take() && credits.take() && credits.take() && !credits.take());
        let held = Arc::new(HeldCredits { credits: credits.clone(), count: 3, others: Vec::new() });
        let other = held.clone();
        drop(held);
        assert_eq!(credits.in_flight(), 3);
        drop(other);
        assert_eq!(credits.in_flight(), 0);
    }
}
