//! What stands between the shards: queues, and when a message may arrive.

use std::collections::VecDeque;

use lightning_core::matcher::Matcher;
use lightning_core::message::{Command, Reply, ToMatcher, ToSequencer, Trade};
use lightning_core::rules::SymbolRules;
use lightning_core::sequencer::Sequencer;
use lightning_core::shards::{shard_of_account, shard_of_symbol};
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{AccountId, Lsn, SymbolId};

use super::World;
use crate::laws;
use crate::plain;
use crate::recorder::Lease;
use crate::rng::Dice;

/// All shards, and what is on its way between them.
pub(super) struct Shards {
    pub(super) sequencers: Vec<SequencerShard>,
    pub(super) matchers: Vec<MatcherShard>,
    /// By sequencer and matcher.
    pub(super) to_matcher: Vec<Vec<VecDeque<ToMatcher>>>,
    /// By sender, sequencers first, then matchers, and receiver.
    pub(super) to_sequencer: Vec<Vec<Pipe>>,
    /// By sender: sequencers first, then matchers.
    pub(super) answers: Vec<VecDeque<HeldReply>>,
}

pub(super) struct SequencerShard {
    pub(super) core: Sequencer,
    pub(super) commands: VecDeque<ToHome>,
    pub(super) arrived: VecDeque<ToSequencer>,
    /// The latest record whose effects this shard has; zero where it only has what was recovered.
    pub(super) shown: Lsn,
    pub(super) clock: u64,
    /// The order ids that it may hand out.
    pub(super) lease: Lease,
}

/// To a sequencer, from the edge.
pub(super) enum ToHome {
    Command(Command),
    /// The operator waits until what came before has been handled.
    Wait,
    SetRules(Box<(SymbolSpec, SymbolRules)>, Lsn),
}

pub(super) struct MatcherShard {
    pub(super) core: Matcher,
    pub(super) inbox: VecDeque<ToBook>,
    pub(super) clock: u64,
    /// Trades that nobody has seen, and what must be durable before.
    pub(super) published: VecDeque<(Lsn, Vec<Trade>)>,
}

/// To a matcher.
pub(super) enum ToBook {
    Message(ToMatcher),
    /// The operator's call.
    Control,
}

/// One shard's way to one sequencer.
#[derive(Default)]
pub(super) struct Pipe {
    pub(super) queue: VecDeque<Sent>,
    pub(super) sent: u64,
    pub(super) arrived: u64,
}

/// A message, and how much must have arrived at each sequencer before it may; nothing for most.
pub(super) struct Sent {
    pub(super) message: ToSequencer,
    pub(super) after: Option<Vec<u64>>,
}

/// An answer, and how much must have arrived at each sequencer before it may be seen.
pub(super) struct HeldReply {
    pub(super) reply: Reply,
    pub(super) after: Option<Vec<u64>>,
    /// A matcher decided it, whoever passed it on: its gate is the record.
    pub(super) by_matcher: bool,
}

impl Shards {
    /// Shards at rest, whose clocks show `clock`.
    pub(super) fn new(sequencers: Vec<Sequencer>, matchers: Vec<Matcher>, clock: u64) -> Self {
        let (homes, books) = (sequencers.len(), matchers.len());
        let sequencer = |core| SequencerShard {
            core,
            commands: VecDeque::new(),
            arrived: VecDeque::new(),
            shown: Lsn(0),
            clock,
            lease: Lease::default(),
        };
        let matcher = |core| MatcherShard { core, inbox: VecDeque::new(), clock, published: VecDeque::new() };
        Self {
            sequencers: sequencers.into_iter().map(sequencer).collect(),
            matchers: matchers.into_iter().map(matcher).collect(),
            to_matcher: (0..homes).map(|_| (0..books).map(|_| VecDeque::new()).collect()).collect(),
            to_sequencer: (0..homes + books).map(|_| (0..homes).map(|_| Pipe::default()).collect()).collect(),
            answers: (0..homes + books).map(|_| VecDeque::new()).collect(),
        }
    }

    /// How many may do something by themselves: shards, their alarms, what waits to be answered, and pipes.
    pub(super) fn actors(&self) -> usize {
        let (homes, books) = (self.sequencers.len(), self.matchers.len());
        3 * (homes + books) + homes * (homes + 2 * books)
    }

    /// The sequencer of an account.
    pub(super) fn home(&self, account: AccountId) -> usize {
        shard_of_account(account, self.sequencers.len())
    }

    /// The matcher of a symbol.
    pub(super) fn book(&self, symbol: SymbolId) -> usize {
        shard_of_symbol(symbol, self.matchers.len())
    }

    /// A matcher as a sender.
    pub(super) fn sender(&self, matcher: usize) -> usize {
        self.sequencers.len() + matcher
    }

    /// Has so much arrived of what a shard sent to the sequencers?
    pub(super) fn has_arrived(&self, from: usize, after: Option<&[u64]>) -> bool {
        let pipes = &self.to_sequencer[from];
        after.is_none_or(|after| after.iter().zip(pipes).all(|(needed, pipe)| pipe.arrived >= *needed))
    }

    /// How much a shard has sent to each sequencer by now.
    pub(super) fn sent_by(&self, from: usize) -> Vec<u64> {
        self.to_sequencer[from].iter().map(|pipe| pipe.sent).collect()
    }
}

impl World<'_, '_> {
    /// What a shard reads from its clock.
    pub(super) fn read_clock(&mut self, clock: u64) -> u64 {
        if self.rng.one_in(self.punctual) { self.now } else { self.rng.between(clock, self.now) }
    }

    /// A message was sent (`sign` 1) or is handled (`sign` -1): what it changes of the ledgers.
    pub(super) fn note_message(&mut self, message: &ToSequencer, sign: i128) {
        match message {
            ToSequencer::Settle(settlement) => {
                let order = &self.notes.orders[&settlement.order];
                let spec = &self.workload.setup.symbols[order.symbol.0 as usize];
                for (asset, change) in laws::moved(settlement, order, spec) {
                    self.notes.conservation.on_its_way(asset, change, sign);
                }
            }
            ToSequencer::Credit { asset, amount, .. } => {
                self.notes.conservation.on_its_way(*asset, plain::money(*amount), sign);
            }
            // It is at both until its sender hears of it.
            ToSequencer::TransferAnswered { offer, refusal, .. } => {
                if refusal.is_none() {
                    self.notes.conservation.on_its_way(offer.asset, -plain::money(offer.amount), sign);
                }
                if sign > 0 {
                    self.coverage.hit(if refusal.is_none() {
                        "transferred"
                    } else {
                        "a transfer was refused"
                    });
                }
            }
            _ => {}
        }
    }

    pub(super) fn deliver_to_matcher(&mut self, from: usize, to: usize) {
        let pipe = &mut self.shards.to_matcher[from][to];
        let count = usize::try_from(self.rng.between(1, self.burst)).expect("small").min(pipe.len());
        self.shards.matchers[to].inbox.extend(pipe.drain(..count).map(ToBook::Message));
        self.say(|| format!("sequencer {from} -> matcher {to}: {count}"));
    }

    pub(super) fn deliver_to_sequencer(&mut self, from: usize, to: usize) {
        let most = self.rng.between(1, self.burst);
        let mut count = 0;
        while count < most
            && let Some(sent) = self.shards.to_sequencer[from][to].queue.front()
            && self.shards.has_arrived(from, sent.after.as_deref())
        {
            let pipe = &mut self.shards.to_sequencer[from][to];
            let sent = pipe.queue.pop_front().expect("it is in front");
            pipe.arrived += 1;
            self.shards.sequencers[to].arrived.push_back(sent.message);
            count += 1;
        }
        self.say(|| format!("shard {from} -> sequencer {to}: {count}"));
    }
}
