//! All shards in one thread, and a seed that decides everything a machine would leave to chance.
//!
//! Who runs next and how many messages it takes, when each message arrives, what time each shard reads, which
//! clients pipeline, which wait and which ask for the same thing twice. What a driver must guarantee, and no
//! more, is kept:
//!
//! - messages of one sender to one receiver arrive in order;
//! - a sequencer handles what has arrived from matchers and other sequencers before the next command;
//! - the answer of a matcher becomes visible, or reaches the sequencer that passes it on, only after the
//!   settlements of its command have arrived everywhere;
//! - the operator's call reaches the symbol's matcher, then (when its effects have been applied) every sequencer,
//!   and no client's command is let in meanwhile; what was let in before may still be on its way.
//!
//! The laws are checked after every step, and at the end the canonical fold must have led to the very state that
//! the shards are in.

mod answers;
mod clients;
mod lives;
mod matchers;
mod news;
mod notes;
mod operator;
mod promises;
mod rest;
mod sequencers;
mod shards;

use std::collections::VecDeque;

use lightning_core::log::Context;
use lightning_core::matcher::Matcher;
use lightning_core::outbox::MatcherOutbox;
use lightning_core::sequencer::Sequencer;
use lightning_core::types::{Lsn, Timestamp};

use crate::coverage::Coverage;
use crate::crash::{Journal, TASKS, Task};
use crate::fold::History;
use crate::recorder::Recorder;
use crate::rng::{Dice, Rng};
use crate::workload::{Action, Ids, Workload};
use clients::{Asked, Client, clients};
pub(crate) use lives::Pause;
use news::Listener;
use notes::Notes;
use operator::Control;
pub use promises::Known;
use promises::Promises;
use shards::{HeldReply, Sent, Shards};

/// Takes a line per step, when somebody wants to read along.
pub type Trace<'a> = Option<&'a mut dyn FnMut(&str)>;

/// Every how many steps of a shard it is walked from end to end.
const THOROUGH: u64 = 4;

/// One run.
pub struct World<'w, 't> {
    workload: &'w Workload,
    rng: Rng,
    trace: Trace<'t>,
    step: u64,
    /// The time that nobody is ahead of.
    now: u64,
    /// How much of it goes by per step.
    tempo: u64,
    /// Shards read the time as it is, once in so many times (always for 1); else an earlier one.
    punctual: u64,
    clients: Vec<Client>,
    /// What the operator does, each with how many commands come before it.
    operator: VecDeque<(u64, Action)>,
    /// How many of those need not have come.
    hurry: u64,
    /// The operator's call under way. No command is let in meanwhile.
    control: Option<Control>,
    /// Commands let in, the operator's included.
    issued: u64,
    shards: Shards,
    /// How eager each actor and each pipe is: some runs starve some of them.
    pace: Vec<u64>,
    /// The most messages that anybody takes at a time.
    burst: u64,
    recorder: Recorder,
    history: History,
    ids: Ids,
    /// Order ids up to this one are in blocks that were taken.
    leased: u64,
    /// How many ids a block has; zero where one counter serves all shards.
    block: u64,
    /// By ticket.
    tickets: Vec<Asked>,
    notes: Notes,
    promises: Promises,
    /// Who listens to the shards.
    listener: Option<Listener>,
    /// What lets answers out; without one they leave at once.
    journal: Option<Journal>,
    /// Why nothing more may happen.
    stopped: Option<String>,
    /// Nobody is let in any more.
    closing: bool,
    /// What may happen next; kept for its memory.
    moves: Vec<(Move, u64)>,
    /// What was reached.
    pub coverage: Coverage,
}

#[derive(Clone, Copy)]
enum Move {
    Issue(usize),
    Operate,
    Control,
    Sequencer(usize),
    Matcher(usize),
    /// A shard's alarm rings.
    TickSequencer(usize),
    TickMatcher(usize),
    ToMatcher(usize, usize),
    ToSequencer(usize, usize),
    Answer(usize),
    /// What a matcher published is seen.
    Publish(usize),
    Journal(Task),
}

impl<'w, 't> World<'w, 't> {
    /// A world at its beginning: the symbols announced, no command given.
    #[must_use]
    pub fn new(workload: &'w Workload, seed: u64, trace: Trace<'t>) -> Self {
        let setup = &workload.setup;
        let mut rng = Rng::new(seed, 2);
        let (sequencers, matchers) = (*rng.pick(&SHARDS), *rng.pick(&SHARDS));
        let (clients, operator) = clients(workload, false, &mut rng);
        let mut world = Self::blank(workload, trace, clients, operator, rng);
        world.shards = Shards::new(
            (0..sequencers).map(|_| Sequencer::new(setup.limits)).collect(),
            (0..matchers).map(|_| Matcher::default()).collect(),
            world.now,
        );
        world.pace = draw_pace(world.clients.len() + 2 + world.shards.actors(), &mut world.rng);
        world.burst = *world.rng.pick(&[1, 1, 2, 8]);
        world.say(|| format!("{sequencers} sequencers, {matchers} matchers\n{setup}"));
        world.announce_symbols();
        world
    }

    /// A world in which there is nothing but those who will want something.
    fn blank(
        workload: &'w Workload,
        trace: Trace<'t>,
        clients: Vec<Client>,
        operator: VecDeque<(u64, Action)>,
        mut rng: Rng,
    ) -> Self {
        Self {
            workload,
            trace,
            step: 0,
            now: workload.setup.start.0,
            tempo: *rng.pick(&[0, 1, 1, 5]),
            punctual: *rng.pick(&[1, 1, 2]),
            hurry: *rng.pick(&[0, 0, 20, 1_000]),
            shards: Shards::new(Vec::new(), Vec::new(), 0),
            pace: Vec::new(),
            burst: 1,
            clients,
            operator,
            control: None,
            issued: 0,
            rng,
            recorder: Recorder::default(),
            history: History::default(),
            ids: Ids::default(),
            leased: 0,
            block: 0,
            tickets: Vec::new(),
            notes: Notes::default(),
            promises: Promises::default(),
            listener: None,
            journal: None,
            stopped: None,
            closing: false,
            moves: Vec::new(),
            coverage: Coverage::default(),
        }
    }

    /// Runs to the end, checking the laws after every step, and compares with the canonical history.
    pub fn run(&mut self) {
        while self.advance() {}
        self.finish();
    }

    /// The records of the run, and what they made matchers say.
    #[must_use]
    pub fn into_log(self) -> (Recorder, History) {
        (self.recorder, self.history)
    }

    pub(crate) fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace(&format!("{:>6} {:>4} {}", self.step, self.now - self.workload.setup.start.0, line()));
        }
    }

    /// Makes the symbols known that are not.
    pub(crate) fn announce_symbols(&mut self) {
        let mut out = MatcherOutbox::default();
        let setup = &self.workload.setup;
        for (spec, rules) in setup.symbols.iter().zip(&setup.rules) {
            if !self.notes.announced.insert(spec.id()) {
                continue;
            }
            let mut ctx = Context { now: Timestamp(self.now), log: &mut self.recorder };
            let at = self.shards.book(spec.id());
            self.shards.matchers[at].core.add_symbol(*spec, *rules, &mut ctx, &mut out);
            let cause = self.recorder.last();
            for shard in &mut self.shards.sequencers {
                shard.core.add_symbol(*spec, *rules, cause);
                shard.shown = cause;
            }
            let nothing = MatcherOutbox { changed: Vec::new(), ..std::mem::take(&mut out) };
            self.history.note(&nothing, None, Lsn(cause.0 - 1), (cause, false));
        }
    }

    /// Somebody does something; false if nobody has anything left to do.
    fn advance(&mut self) -> bool {
        let mut moves = std::mem::take(&mut self.moves);
        moves.clear();
        self.collect_moves(&mut moves);
        let next = self.rng.weighted(moves.iter().map(|(_, weight)| *weight)).map(|at| moves[at].0);
        self.moves = moves;
        let Some(next) = next else { return false };
        self.step += 1;
        self.now = self.now.saturating_add(self.tempo);
        assert!(self.step < 1_000_000, "the run does not come to an end");
        match next {
            Move::Issue(client) => self.issue_next(client),
            Move::Operate => self.operate(),
            Move::Control => self.go_on_with_control(),
            Move::Sequencer(at) => self.run_sequencer(at),
            Move::Matcher(at) => self.run_matcher(at),
            Move::TickSequencer(at) => self.tick_sequencer(at),
            Move::TickMatcher(at) => self.tick_matcher(at),
            Move::ToMatcher(from, to) => self.deliver_to_matcher(from, to),
            Move::ToSequencer(from, to) => self.deliver_to_sequencer(from, to),
            Move::Answer(from) => self.deliver_answer(from),
            Move::Publish(at) => self.publish(at),
            Move::Journal(task) => self.run_journal(task),
        }
        true
    }

    /// Everything that may happen next, and how eager it is to.
    fn collect_moves(&self, moves: &mut Vec<(Move, u64)>) {
        let mut actor = 0;
        let mut offer = |is_possible: bool, next: Move| {
            if is_possible {
                moves.push((next, self.pace[actor]));
            }
            actor += 1;
        };
        let is_open = self.control.is_none() && !self.closing;
        for (at, client) in self.clients.iter().enumerate() {
            let may = !client.todo.is_empty() && client.under_way < client.window;
            offer(is_open && (may || !client.again.is_empty()), Move::Issue(at));
        }
        let next = self.operator.front().filter(|(place, _)| self.issued + self.hurry >= *place);
        offer(is_open && next.is_some(), Move::Operate);
        offer(self.control.as_ref().is_some_and(|control| self.may_go_on(control)), Move::Control);
        let now = Timestamp(self.now);
        for (at, shard) in self.shards.sequencers.iter().enumerate() {
            offer(!shard.commands.is_empty() || !shard.arrived.is_empty(), Move::Sequencer(at));
            offer(shard.core.next_deadline().is_some_and(|due| due <= now), Move::TickSequencer(at));
        }
        for (at, shard) in self.shards.matchers.iter().enumerate() {
            offer(!shard.inbox.is_empty(), Move::Matcher(at));
            offer(shard.core.next_deadline().is_some_and(|due| due <= now), Move::TickMatcher(at));
        }
        let gate = self.gate();
        for (from, answers) in self.shards.answers.iter().enumerate() {
            let may = |held: &HeldReply| {
                held.reply.gate <= gate && self.shards.has_arrived(from, held.after.as_deref())
            };
            offer(answers.front().is_some_and(may), Move::Answer(from));
        }
        for (from, pipes) in self.shards.to_matcher.iter().enumerate() {
            for (to, pipe) in pipes.iter().enumerate() {
                offer(!pipe.is_empty(), Move::ToMatcher(from, to));
            }
        }
        for (from, pipes) in self.shards.to_sequencer.iter().enumerate() {
            for (to, pipe) in pipes.iter().enumerate() {
                let may = |sent: &Sent| self.shards.has_arrived(from, sent.after.as_deref());
                offer(pipe.queue.front().is_some_and(may), Move::ToSequencer(from, to));
            }
        }
        let (Some(journal), Some(front)) = (&self.journal, &self.recorder.front) else { return };
        for (at, shard) in self.shards.matchers.iter().enumerate() {
            offer(shard.published.front().is_some_and(|first| first.0 <= gate), Move::Publish(at));
        }
        for task in TASKS {
            offer(journal.can(task, front), Move::Journal(task));
        }
    }

    /// What depends on no later record may be shown.
    fn gate(&self) -> Lsn {
        self.journal.as_ref().map_or(Lsn(u64::MAX), Journal::gate)
    }

    fn run_journal(&mut self, task: Task) {
        self.say(|| format!("journal: {task:?}"));
        let some = self.rng.between(1, 8 * self.burst);
        let journal = self.journal.as_mut().expect("it is open");
        let front = self.recorder.front.as_mut().expect("it is open");
        match journal.run(task, some, front, &self.history, &mut self.coverage) {
            Ok(()) => {
                let head = journal.head();
                if head.lsn > 0 && journal.durable().0 >= head.lsn {
                    self.promises.note_head(head.lsn, head.hash);
                }
            }
            Err(why) => {
                self.say(|| format!("journal: {why}"));
                self.stopped = Some(why);
            }
        }
    }
}

/// How many shards of a kind there are; ten are dear to simulate.
const SHARDS: [usize; 12] = [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 5, 10];

fn draw_pace(actors: usize, rng: &mut Rng) -> Vec<u64> {
    (0..actors).map(|_| *rng.pick(&[1, 4, 4, 16, 64])).collect()
}
