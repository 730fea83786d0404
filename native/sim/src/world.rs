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

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use lightning_core::book::OrderBook;
use lightning_core::log::Context;
use lightning_core::matcher::Matcher;
use lightning_core::message::{
    AssetTotals, Command, NewOrder, Order, OrderAfter, OrderStatus, Outcome, Reply, Request, RequestId,
    ToMatcher, ToSequencer,
};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::rules::{SymbolRules, SymbolStatus};
use lightning_core::sequencer::Sequencer;
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{AccountId, Amount, AssetId, Lsn, OrderId, Side, SymbolId, Ticket, Timestamp};

use crate::coverage::Coverage;
use crate::fold::{self, Author, History};
use crate::inline::{ask, shard_of};
use crate::laws::{self, Conservation, Notebook, Requests, TradeIds};
use crate::recorder::{IdsFor, Recorded, Recorder};
use crate::rng::{Dice, Rng};
use crate::workload::{Action, Ids, Workload};

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
    removed: BTreeSet<SymbolId>,
    sequencers: Vec<SequencerShard>,
    matchers: Vec<MatcherShard>,
    /// By sequencer and matcher.
    to_matcher: Vec<Vec<VecDeque<ToMatcher>>>,
    /// By sender, sequencers first, then matchers, and receiver.
    to_sequencer: Vec<Vec<Pipe>>,
    /// By sender: sequencers first, then matchers.
    answers: Vec<VecDeque<HeldReply>>,
    /// How eager each actor and each pipe is: some runs starve some of them.
    pace: Vec<u64>,
    /// The most messages that anybody takes at a time.
    burst: u64,
    recorder: Recorder,
    history: History,
    ids: Ids,
    /// By ticket.
    tickets: Vec<Asked>,
    /// Every order that was passed to a matcher, as it is by now.
    orders: BTreeMap<OrderId, NewOrder>,
    /// What records changed of orders.
    effects: BTreeMap<Lsn, Vec<(OrderId, u64, OrderAfter)>>,
    /// When the answer to a record became visible.
    visible: BTreeMap<Lsn, u64>,
    /// Causes of the settlements of an account that its sequencer has not applied yet.
    outstanding: BTreeMap<AccountId, Vec<Lsn>>,
    /// What anybody can know of an order from visible answers.
    known: BTreeMap<OrderId, Known>,
    /// Accounts that deposits have made.
    exists: BTreeSet<AccountId>,
    conservation: Conservation,
    trade_ids: TradeIds,
    requests: Requests,
    /// What was reached.
    pub coverage: Coverage,
}

struct SequencerShard {
    core: Sequencer,
    commands: VecDeque<ToHome>,
    arrived: VecDeque<ToSequencer>,
    /// The latest record whose effects this shard has.
    shown: Lsn,
    clock: u64,
}

/// To a sequencer, from the edge.
enum ToHome {
    Command(Command),
    /// The operator waits until what came before has been handled.
    Wait,
    SetRules(Box<(SymbolSpec, SymbolRules)>),
}

struct MatcherShard {
    core: Matcher,
    inbox: VecDeque<ToBook>,
    clock: u64,
}

/// To a matcher.
enum ToBook {
    Message(ToMatcher),
    /// The operator's call.
    Control,
}

/// One shard's way to one sequencer.
#[derive(Default)]
struct Pipe {
    queue: VecDeque<Sent>,
    sent: u64,
    arrived: u64,
}

/// A message, and how much must have arrived at each sequencer before it may; nothing for most.
struct Sent {
    message: ToSequencer,
    after: Option<Vec<u64>>,
}

/// An answer, and how much must have arrived at each sequencer before it may be seen.
struct HeldReply {
    reply: Reply,
    after: Option<Vec<u64>>,
    /// A matcher decided it, whoever passed it on: its gate is the record.
    by_matcher: bool,
}

/// A call of the operator, and how far it is.
struct Control {
    task: Task,
    stage: Stage,
}

enum Task {
    SetRules(Box<(SymbolSpec, SymbolRules)>, bool),
    CancelBook(SymbolId),
    RemoveSymbol(SymbolId, bool),
}

impl Task {
    fn symbol(&self) -> SymbolId {
        match self {
            Self::SetRules(change, _) => change.0.id(),
            Self::CancelBook(symbol) | Self::RemoveSymbol(symbol, _) => *symbol,
        }
    }
}

enum Stage {
    /// On its way to the matcher.
    AtMatcher,
    /// The matcher has decided, for these sequencers to be told or not; these effects are on their way.
    Decided { after: Vec<u64>, tells: bool },
    /// Every sequencer is to have handled the effects.
    Applying { waiting: usize, tells: bool },
    /// Every sequencer is being told.
    Telling { waiting: usize },
}

struct Client {
    account: AccountId,
    todo: VecDeque<Action>,
    /// Questions and repeats.
    again: VecDeque<(Request, Option<RequestId>)>,
    /// How many commands it has under way at most.
    window: usize,
    under_way: usize,
    /// For one that waits for each answer and checks its balances by them.
    notebook: Option<Notebook>,
    /// Asks about once in so many answers whether the effects are there; never for 0.
    doubts: u64,
    /// Gives once in so many commands a request id; never for 0.
    numbers: u64,
    last_number: u64,
}

/// A command that is to be answered.
struct Asked {
    client: usize,
    request: Request,
    id: Option<RequestId>,
    issued: u64,
    answered: bool,
    /// A question or a repeat, which is not counted.
    aside: bool,
    /// For a question about an order: what was known of it when it was asked.
    known: Option<Known>,
}

/// What visible answers say about an order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// So much of it was filled.
    pub filled: u64,
    /// It ended like this.
    pub closed: Option<OrderStatus>,
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
}

impl<'w, 't> World<'w, 't> {
    /// A world at its beginning: the symbols announced, no command given.
    #[must_use]
    pub fn new(workload: &'w Workload, seed: u64, trace: Trace<'t>) -> Self {
        let setup = &workload.setup;
        let mut rng = Rng::new(seed, 2);
        let (sequencers, matchers) = (*rng.pick(&SHARDS), *rng.pick(&SHARDS));
        let (clients, operator) = clients(workload, &mut rng);
        let shards = sequencers + matchers;
        let actors = clients.len() + 2 + 3 * shards + sequencers * (matchers + shards);
        let start = setup.start.0;
        let mut world = Self {
            workload,
            trace,
            step: 0,
            now: start,
            tempo: *rng.pick(&[0, 1, 1, 5]),
            punctual: *rng.pick(&[1, 1, 2]),
            hurry: *rng.pick(&[0, 0, 20, 1_000]),
            sequencers: (0..sequencers)
                .map(|_| SequencerShard {
                    core: Sequencer::new(setup.limits),
                    commands: VecDeque::new(),
                    arrived: VecDeque::new(),
                    shown: Lsn(0),
                    clock: start,
                })
                .collect(),
            matchers: (0..matchers)
                .map(|_| MatcherShard { core: Matcher::default(), inbox: VecDeque::new(), clock: start })
                .collect(),
            to_matcher: (0..sequencers).map(|_| (0..matchers).map(|_| VecDeque::new()).collect()).collect(),
            to_sequencer: (0..shards).map(|_| (0..sequencers).map(|_| Pipe::default()).collect()).collect(),
            answers: (0..shards).map(|_| VecDeque::new()).collect(),
            pace: (0..actors).map(|_| *rng.pick(&[1, 4, 4, 16, 64])).collect(),
            burst: *rng.pick(&[1, 1, 2, 8]),
            clients,
            operator,
            control: None,
            issued: 0,
            removed: BTreeSet::new(),
            rng,
            recorder: Recorder::default(),
            history: History::default(),
            ids: Ids::default(),
            tickets: Vec::new(),
            orders: BTreeMap::new(),
            effects: BTreeMap::new(),
            visible: BTreeMap::new(),
            outstanding: BTreeMap::new(),
            known: BTreeMap::new(),
            exists: BTreeSet::new(),
            conservation: Conservation::default(),
            trade_ids: TradeIds::default(),
            requests: Requests::default(),
            coverage: Coverage::default(),
        };
        world.say(|| format!("{sequencers} sequencers, {matchers} matchers\n{setup}"));
        world.announce_symbols();
        world
    }

    /// Runs to the end, checking the laws after every step, and compares with the canonical history.
    pub fn run(&mut self) {
        let mut moves = Vec::new();
        loop {
            moves.clear();
            self.collect_moves(&mut moves);
            let Some(at) = self.rng.weighted(moves.iter().map(|(_, weight)| *weight)) else {
                break;
            };
            self.step += 1;
            self.now = self.now.saturating_add(self.tempo);
            assert!(self.step < 1_000_000, "the run does not come to an end");
            match moves[at].0 {
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
            }
        }
        self.finish();
    }

    /// The records of the run, who wrote them, and what they made matchers say.
    #[must_use]
    pub fn into_log(self) -> (Recorder, History) {
        (self.recorder, self.history)
    }

    /// How many matchers there are.
    #[must_use]
    pub fn matchers(&self) -> usize {
        self.matchers.len()
    }

    fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace(&format!("{:>6} {:>4} {}", self.step, self.now - self.workload.setup.start.0, line()));
        }
    }

    fn announce_symbols(&mut self) {
        let mut out = MatcherOutbox::default();
        let setup = &self.workload.setup;
        for (spec, rules) in setup.symbols.iter().zip(&setup.rules) {
            let mut ctx = Context { now: setup.start, log: &mut self.recorder };
            let at = shard_of(u64::from(spec.id().0), self.matchers.len());
            self.matchers[at].core.add_symbol(*spec, *rules, &mut ctx, &mut out);
            self.history.authors.push(Author::Matcher(at));
            for shard in &mut self.sequencers {
                shard.core.add_symbol(*spec, *rules, &mut ctx);
                self.history.authors.push(Author::Sequencer);
                shard.shown = Lsn(self.history.authors.len() as u64);
            }
            let nothing = MatcherOutbox { changed: Vec::new(), ..std::mem::take(&mut out) };
            let lsn = Lsn((self.history.authors.len() - self.sequencers.len()) as u64);
            self.history.note(&nothing, None, Lsn(lsn.0 - 1), (lsn, false));
        }
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
        let is_open = self.control.is_none();
        for (at, client) in self.clients.iter().enumerate() {
            let may = !client.todo.is_empty() && client.under_way < client.window;
            offer(is_open && (may || !client.again.is_empty()), Move::Issue(at));
        }
        let next = self.operator.front().filter(|(place, _)| self.issued + self.hurry >= *place);
        offer(is_open && next.is_some(), Move::Operate);
        offer(self.control.as_ref().is_some_and(|control| self.may_go_on(control)), Move::Control);
        let now = Timestamp(self.now);
        for (at, shard) in self.sequencers.iter().enumerate() {
            offer(!shard.commands.is_empty() || !shard.arrived.is_empty(), Move::Sequencer(at));
            offer(shard.core.next_deadline().is_some_and(|due| due <= now), Move::TickSequencer(at));
        }
        for (at, shard) in self.matchers.iter().enumerate() {
            offer(!shard.inbox.is_empty(), Move::Matcher(at));
            offer(shard.core.next_deadline().is_some_and(|due| due <= now), Move::TickMatcher(at));
        }
        for (from, answers) in self.answers.iter().enumerate() {
            let may = |held: &HeldReply| self.has_arrived(from, held.after.as_deref());
            offer(answers.front().is_some_and(may), Move::Answer(from));
        }
        for (from, pipes) in self.to_matcher.iter().enumerate() {
            for (to, pipe) in pipes.iter().enumerate() {
                offer(!pipe.is_empty(), Move::ToMatcher(from, to));
            }
        }
        for (from, pipes) in self.to_sequencer.iter().enumerate() {
            for (to, pipe) in pipes.iter().enumerate() {
                let may = |sent: &Sent| self.has_arrived(from, sent.after.as_deref());
                offer(pipe.queue.front().is_some_and(may), Move::ToSequencer(from, to));
            }
        }
    }

    /// Has so much arrived of what a shard sent to the sequencers?
    fn has_arrived(&self, from: usize, after: Option<&[u64]>) -> bool {
        let pipes = &self.to_sequencer[from];
        after.is_none_or(|after| after.iter().zip(pipes).all(|(needed, pipe)| pipe.arrived >= *needed))
    }

    fn may_go_on(&self, control: &Control) -> bool {
        let shard = shard_of(u64::from(control.task.symbol().0), self.matchers.len());
        match &control.stage {
            Stage::AtMatcher => false,
            Stage::Decided { after, .. } => self.has_arrived(self.sequencers.len() + shard, Some(after)),
            Stage::Applying { waiting, .. } | Stage::Telling { waiting } => *waiting == 0,
        }
    }

    // What is asked.

    fn issue_next(&mut self, at: usize) {
        let client = &mut self.clients[at];
        if let Some((request, id)) = client.again.pop_front() {
            return self.issue(at, request, id, true);
        }
        let action = client.todo.pop_front().expect("something to do");
        self.issued += 1;
        self.say(|| format!("client {at}: {action:?}"));
        let request = action.request(&self.ids, Timestamp(self.now)).expect("not the operator's");
        let client = &mut self.clients[at];
        if symbol_of(&request).is_some_and(|symbol| self.removed.contains(&symbol)) {
            return; // The edge does not know it any more.
        }
        client.under_way += 1;
        let id =
            (client.numbers > 0 && self.rng.one_in(client.numbers)).then(|| draw_id(client, &mut self.rng));
        if let Some(id) = id
            && client.notebook.is_none()
            && self.rng.one_in(2)
        {
            // Once more, or for something else, or only to ask: at once, or after others.
            let again = match self.rng.below(8) {
                0 => (request.clone(), RequestId { fingerprint: id.fingerprint + 1, ..id }),
                1 => (Request::Recall { account: client.account }, id),
                2 => (Request::Recall { account: client.account }, RequestId { number: id.number + 7, ..id }),
                _ => (request.clone(), id),
            };
            client.again.push_back((again.0, Some(again.1)));
        }
        self.issue(at, request, id, false);
    }

    fn issue(&mut self, client: usize, request: Request, id: Option<RequestId>, aside: bool) {
        let ticket = Ticket(self.tickets.len() as u64);
        let known = match request {
            Request::Order { order } => Some(self.known.get(&order).copied().unwrap_or_default()),
            _ => None,
        };
        let account = self.clients[client].account;
        let (issued, answered) = (self.step, false);
        self.tickets.push(Asked { client, request: request.clone(), id, issued, answered, aside, known });
        let home = shard_of(account.0, self.sequencers.len());
        let command = Command { ticket, request_id: id.map(Box::new), request };
        self.sequencers[home].commands.push_back(ToHome::Command(command));
    }

    // The operator.

    fn operate(&mut self) {
        let (_, action) = self.operator.pop_front().expect("something to do");
        self.issued += 1;
        self.say(|| format!("operator: {action:?}"));
        let task = match action {
            Action::Wait(nanos) => {
                self.now = self.now.saturating_add(nanos);
                return;
            }
            Action::SetRules(change, cancel_open) => Task::SetRules(change, cancel_open),
            Action::CancelBook(symbol) if self.rng.one_in(4) => {
                Task::RemoveSymbol(symbol, self.rng.one_in(2))
            }
            Action::CancelBook(symbol) => Task::CancelBook(symbol),
            action => panic!("a client's: {action:?}"),
        };
        if self.removed.contains(&task.symbol()) {
            return;
        }
        let shard = shard_of(u64::from(task.symbol().0), self.matchers.len());
        self.matchers[shard].inbox.push_back(ToBook::Control);
        self.control = Some(Control { task, stage: Stage::AtMatcher });
    }

    /// The operator's call, at its symbol's matcher: says what the operator will hear.
    fn control_matcher(&mut self, at: usize, ctx_now: Timestamp, out: &mut MatcherOutbox) -> Option<Outcome> {
        let control = self.control.as_ref().expect("a call under way");
        let mut ctx = Context { now: ctx_now, log: &mut self.recorder };
        let core = &mut self.matchers[at].core;
        let decided = match &control.task {
            Task::SetRules(change, cancel_open) => {
                core.set_rules(change.0, change.1, *cancel_open, &mut ctx, out)
            }
            Task::CancelBook(symbol) => Ok(core.cancel_book(*symbol, &mut ctx, out)),
            Task::RemoveSymbol(symbol, force) => core.remove_symbol(*symbol, *force, &mut ctx, out),
        };
        match decided {
            Ok(canceled) => {
                match &control.task {
                    Task::SetRules(change, _) => self.coverage.hit(match change.1.status {
                        SymbolStatus::Closed => "a symbol closed",
                        SymbolStatus::Trading => "rules changed",
                        _ => "a symbol restricted",
                    }),
                    Task::CancelBook(_) => self.coverage.hit("a whole book canceled"),
                    Task::RemoveSymbol(symbol, _) => {
                        self.coverage.hit("a symbol removed");
                        self.removed.insert(*symbol);
                    }
                }
                Some(Outcome::CanceledAll(canceled))
            }
            Err(reject) => {
                self.coverage.hit(reject.code.as_str());
                None
            }
        }
    }

    fn go_on_with_control(&mut self) {
        let Control { task, stage } = self.control.take().expect("a call under way");
        let all = self.sequencers.len();
        let stage = match stage {
            Stage::AtMatcher => unreachable!("its matcher goes on with it"),
            Stage::Decided { tells, .. } => {
                for shard in &mut self.sequencers {
                    shard.commands.push_back(ToHome::Wait);
                }
                Some(Stage::Applying { waiting: all, tells })
            }
            Stage::Applying { tells: true, .. } => match &task {
                Task::SetRules(change, _) => {
                    for shard in &mut self.sequencers {
                        shard.commands.push_back(ToHome::SetRules(change.clone()));
                    }
                    Some(Stage::Telling { waiting: all })
                }
                _ => None,
            },
            Stage::Applying { tells: false, .. } | Stage::Telling { .. } => None,
        };
        self.say(|| "operator: goes on".to_owned());
        self.control = stage.map(|stage| Control { task, stage });
    }

    fn control_passed(&mut self) {
        match self.control.as_mut().map(|control| &mut control.stage) {
            Some(Stage::Applying { waiting, .. } | Stage::Telling { waiting }) => *waiting -= 1,
            _ => panic!("nobody waits for this sequencer"),
        }
    }

    // Sequencers.

    /// What a shard reads from its clock.
    fn read_clock(&mut self, clock: u64) -> u64 {
        if self.rng.one_in(self.punctual) { self.now } else { self.rng.between(clock, self.now) }
    }

    fn run_sequencer(&mut self, at: usize) {
        let clock = self.read_clock(self.sequencers[at].clock);
        self.sequencers[at].clock = clock;
        for _ in 0..self.rng.between(1, self.burst) {
            // The rule that drivers keep: first what has arrived, then the next command.
            while let Some(message) = self.sequencers[at].arrived.pop_front() {
                self.handle_arrived(at, message);
            }
            match self.sequencers[at].commands.pop_front() {
                None => break,
                Some(ToHome::Command(command)) => self.handle_command(at, command),
                Some(ToHome::Wait) => self.control_passed(),
                Some(ToHome::SetRules(change)) => {
                    let before = self.recorder.last();
                    let mut ctx = Context { now: Timestamp(clock), log: &mut self.recorder };
                    self.sequencers[at].core.set_rules(change.0, change.1, &mut ctx);
                    self.note_records(at, before);
                    self.control_passed();
                }
            }
        }
        self.check_sequencer(at);
    }

    fn handle_command(&mut self, at: usize, command: Command) {
        self.say(|| format!("sequencer {at}: {command:?}"));
        let ticket = command.ticket;
        let owner = self.clients[self.asked(ticket).client].account;
        if let Request::Balances { account } = command.request {
            self.check_effects_arrived(account, ticket);
        }
        let existed = self.exists.contains(&owner);
        let id = command.request_id.clone().filter(|_| !is_question(&command.request));
        if let Some(id) = &id {
            let recalls = matches!(command.request, Request::Recall { .. });
            if existed || !recalls {
                self.requests.taken(ticket, owner, id, recalls);
            }
        }
        let before = self.recorder.last();
        let mut out = SequencerOutbox::default();
        let now = Timestamp(self.sequencers[at].clock);
        let mut ctx = Context { now, log: &mut self.recorder };
        let mut ids = IdsFor { ids: &mut self.ids, owner };
        self.sequencers[at].core.handle(command, &mut ctx, &mut ids, &mut out);
        self.note_records(at, before);
        if !self.exists.contains(&owner) && id.is_some() {
            self.requests.forget(ticket, owner);
        }
        self.route_from_sequencer(at, out, None);
    }

    fn tick_sequencer(&mut self, at: usize) {
        self.sequencers[at].clock = self.now;
        while let Some(message) = self.sequencers[at].arrived.pop_front() {
            self.handle_arrived(at, message);
        }
        self.say(|| format!("sequencer {at}: alarm"));
        let before = self.recorder.last();
        let mut out = SequencerOutbox::default();
        let mut ctx = Context { now: Timestamp(self.now), log: &mut self.recorder };
        self.sequencers[at].core.tick(&mut ctx, &mut out);
        self.coverage.hit("a timer ran out");
        self.note_records(at, before);
        self.route_from_sequencer(at, out, None);
        self.check_sequencer(at);
    }

    fn handle_arrived(&mut self, at: usize, message: ToSequencer) {
        self.say(|| format!("sequencer {at}: {message:?}"));
        self.note_message(&message, -1);
        let before = self.recorder.last();
        let mut passed_on = None;
        match &message {
            ToSequencer::Settle(settlement) => {
                let waiting = self.outstanding.entry(settlement.account).or_default();
                if let Some(first) = waiting.iter().position(|cause| *cause == settlement.cause) {
                    waiting.remove(first);
                }
            }
            ToSequencer::OrderMissed { .. } => self.coverage.hit("a cancel or amend came too late"),
            ToSequencer::Answer { reply, .. } => passed_on = Some((reply.ticket, reply.gate)),
            _ => {}
        }
        if let Some(cause) = fold::cause_of(&message) {
            let shown = &mut self.sequencers[at].shown;
            *shown = (*shown).max(cause);
        }
        let answers = matches!(message, ToSequencer::OrderMissed { .. } | ToSequencer::Answer { .. });
        let mut out = SequencerOutbox::default();
        let now = Timestamp(self.sequencers[at].clock);
        let mut ctx = Context { now, log: &mut self.recorder };
        self.sequencers[at].core.handle_settlement(message, &mut ctx, &mut out);
        assert!(out.to_matcher.is_empty(), "what a matcher said makes a sequencer ask: {out:?}");
        assert!(!answers || !out.replies.is_empty(), "an answer got lost");
        self.note_records(at, before);
        self.route_from_sequencer(at, out, passed_on);
    }

    /// What a sequencer has just written down.
    fn note_records(&mut self, at: usize, before: Lsn) {
        for lsn in before.0 + 1..=self.recorder.last().0 {
            self.history.authors.push(Author::Sequencer);
            let record = self.recorder.get(Lsn(lsn));
            self.conservation.recorded(record);
            if let Recorded::Account(Request::Deposit { account, .. }) = record {
                self.exists.insert(*account);
            }
            if let Recorded::Account(Request::Withdraw { account, asset, .. }) = *record
                && !self.sequencers[at].core.balance(account, asset).frozen.is_zero()
            {
                self.coverage.hit("withdrawn while something was frozen");
            }
            self.sequencers[at].shown = Lsn(lsn);
        }
    }

    /// `passed_on`: an answer that a matcher decided, and that this sequencer only remembers.
    fn route_from_sequencer(
        &mut self,
        at: usize,
        mut out: SequencerOutbox,
        passed_on: Option<(Ticket, Lsn)>,
    ) {
        for message in out.to_sequencer.drain(..) {
            self.note_message(&message, 1);
            let to = shard_of(message.account().0, self.sequencers.len());
            let pipe = &mut self.to_sequencer[at][to];
            pipe.queue.push_back(Sent { message, after: None });
            pipe.sent += 1;
        }
        for message in out.to_matcher.drain(..) {
            match &message {
                ToMatcher::Admit(admitted) => self.note_order(admitted.id, &admitted.order),
                ToMatcher::AdmitOco { legs, .. } => {
                    legs.iter().for_each(|leg| self.note_order(leg.id, &leg.order));
                }
                ToMatcher::Replace(replace) => {
                    if let Ok(new) = &replace.new {
                        self.note_order(new.id, &new.order);
                    }
                }
                _ => {}
            }
            let to = shard_of(u64::from(message.symbol().0), self.matchers.len());
            self.to_matcher[at][to].push_back(message);
        }
        for reply in out.replies.drain(..) {
            let is_repeat = self.requests.answered(&reply);
            let by_matcher = passed_on.is_some_and(|(ticket, _)| ticket == reply.ticket);
            if is_repeat {
                self.coverage.hit("answered once more");
                if passed_on.is_some() {
                    self.coverage.hit("answered together with the first");
                }
            } else if by_matcher {
                assert_eq!(passed_on.map(|answer| answer.1), Some(reply.gate), "another gate: {reply:?}");
            } else {
                laws::gate_covers(&reply, self.sequencers[at].shown, self.recorder.last());
            }
            self.answers[at].push_back(HeldReply { reply, after: None, by_matcher });
        }
    }

    fn note_order(&mut self, id: OrderId, order: &NewOrder) {
        assert!(self.orders.insert(id, order.clone()).is_none(), "an order id was reused: {id:?}");
    }

    fn check_sequencer(&mut self, at: usize) {
        if self.rng.one_in(THOROUGH) {
            self.sequencers[at].core.check_invariants();
        }
        self.check_conservation();
    }

    // Matchers.

    fn run_matcher(&mut self, at: usize) {
        self.matchers[at].clock = self.read_clock(self.matchers[at].clock);
        let now = Timestamp(self.matchers[at].clock);
        let mut batch = MatcherOutbox::default();
        let mut control = None;
        for _ in 0..self.rng.between(1, self.burst) {
            let mut out = MatcherOutbox::default();
            let before = self.recorder.last();
            match self.matchers[at].inbox.pop_front() {
                None => break,
                Some(ToBook::Message(message)) => {
                    self.say(|| format!("matcher {at}: {message:?}"));
                    let symbol = message.symbol();
                    let mut ctx = Context { now, log: &mut self.recorder };
                    let seq_before = self.matchers[at].core.market(symbol).map(|market| market.seq());
                    self.matchers[at].core.handle(message, &mut ctx, &mut out);
                    self.check_answer(at, symbol, &out);
                    let grown = out.changed.iter().filter(|changed| **changed == symbol).count() as u64;
                    assert_eq!(
                        self.matchers[at].core.market(symbol).map(|market| market.seq()),
                        seq_before.map(|seq| seq + grown),
                        "book_seq grows once per change"
                    );
                    self.note_matcher_output(at, before, &out, None);
                }
                Some(ToBook::Control) => {
                    self.say(|| format!("matcher {at}: the operator's"));
                    let told = self.control_matcher(at, now, &mut out);
                    control = Some(told.is_some());
                    self.note_matcher_output(at, before, &out, told);
                }
            }
            batch.to_sequencer.append(&mut out.to_sequencer);
            batch.replies.append(&mut out.replies);
        }
        self.route_from_matcher(at, batch);
        if let Some(tells) = control {
            let after = self.sent_by(self.sequencers.len() + at);
            let control = self.control.as_mut().expect("a call under way");
            control.stage = Stage::Decided { after, tells };
        }
        self.check_matcher(at);
    }

    fn tick_matcher(&mut self, at: usize) {
        self.say(|| format!("matcher {at}: alarm"));
        self.matchers[at].clock = self.now;
        let before = self.recorder.last();
        let mut out = MatcherOutbox::default();
        let mut ctx = Context { now: Timestamp(self.now), log: &mut self.recorder };
        self.matchers[at].core.tick(&mut ctx, &mut out);
        assert!(out.replies.is_empty() && out.trades.is_empty(), "nobody asked: {out:?}");
        self.note_matcher_output(at, before, &out, None);
        self.route_from_matcher(at, out);
        self.check_matcher(at);
    }

    /// Every message to a matcher is answered once, by an answer that names the symbol's last record.
    fn check_answer(&self, at: usize, symbol: SymbolId, out: &MatcherOutbox) {
        let mut answers: Vec<Option<&Reply>> = out.replies.iter().map(Some).collect();
        for message in &out.to_sequencer {
            match message {
                ToSequencer::Answer { reply, .. } => answers.push(Some(reply)),
                ToSequencer::OrderMissed { .. } | ToSequencer::CanceledMany { .. } => answers.push(None),
                _ => {}
            }
        }
        assert!(answers.len() == 1, "a message is answered once: {out:?}");
        if let (Some(reply), Some(market)) = (answers[0], self.matchers[at].core.market(symbol)) {
            assert_eq!(reply.gate, market.horizon(), "let out by another record: {reply:?}");
            laws::status_is_kept(market, &reply.outcome);
        }
    }

    /// Writes down what was said, before it is on its way.
    fn note_matcher_output(&mut self, at: usize, before: Lsn, out: &MatcherOutbox, told: Option<Outcome>) {
        let last = self.recorder.last();
        for lsn in before.0 + 1..=last.0 {
            self.history.authors.push(Author::Matcher(at));
            if let Recorded::Expire { .. } = self.recorder.get(Lsn(lsn)) {
                self.coverage.hit("an order's time came");
            }
        }
        let is_expiry = last > before && matches!(self.recorder.get(last), Recorded::Expire { .. });
        self.history.note(out, told, before, (last, is_expiry));
        for message in &out.to_sequencer {
            if let ToSequencer::Amended { order, kind: Some(kind), .. }
            | ToSequencer::SiblingAmended { order, kind, .. } = message
            {
                self.orders.get_mut(order).expect("an order that was admitted").kind = *kind;
            }
        }
        laws::settlements_add_up(&out.to_sequencer, |id| &self.orders[&id]);
        let mut takers = BTreeSet::new();
        for trade in &out.trades {
            self.trade_ids.next(trade);
            laws::trade_is_fair(trade, |id| &self.orders[&id]);
            self.coverage.hit("trade");
            takers.insert(trade.taker);
            if self.orders[&trade.taker].trigger().is_some() {
                self.coverage.hit("a triggered order traded");
            }
        }
        if takers.len() > 1 {
            self.coverage.hit("one command set off others");
        }
        for message in &out.to_sequencer {
            self.note_message(message, 1);
            match message {
                ToSequencer::Settle(settlement) => self.note_settlement(settlement, before),
                ToSequencer::Answer { reply, .. } => self.note_answer(reply),
                ToSequencer::MoveReservation { .. } => self.coverage.hit("a reservation changed hands"),
                ToSequencer::Amended { cause: None, .. } => {
                    self.coverage.hit("an amend was refused by the book")
                }
                ToSequencer::CanceledMany { orders, .. } if orders.len() > 1 => {
                    self.coverage.hit("many canceled");
                }
                _ => {}
            }
        }
        out.replies.iter().for_each(|reply| self.note_answer(reply));
    }

    fn note_settlement(&mut self, settlement: &lightning_core::message::Settlement, before: Lsn) {
        if settlement.after == OrderAfter::Voided {
            self.coverage.hit("refused by the matcher");
        }
        if let OrderAfter::Closed(status) = settlement.after {
            self.coverage.hit(status.reason().unwrap_or("FILLED"));
        }
        if !settlement.prevented.is_zero() {
            self.coverage.hit("prevented");
        }
        if settlement.cause > before {
            self.outstanding.entry(settlement.account).or_default().push(settlement.cause);
            let effect = (settlement.order, settlement.filled.0, settlement.after);
            self.effects.entry(settlement.cause).or_default().push(effect);
        } else {
            let nothing = settlement.after == OrderAfter::Voided && settlement.filled.is_zero();
            assert!(nothing, "an effect without a record: {settlement:?}");
        }
    }

    fn note_answer(&mut self, reply: &Reply) {
        match &reply.outcome {
            Outcome::Placed(placed) => self.coverage.hit(match placed.status {
                OrderStatus::PendingTrigger => "waits for its trigger",
                OrderStatus::Expired(_) => "expired at once",
                OrderStatus::Filled => "filled at once",
                _ => "rested",
            }),
            Outcome::Canceled(_) => self.coverage.hit("canceled"),
            Outcome::OcoPlaced(_) => self.coverage.hit("OCO placed"),
            Outcome::Amended(amended) => {
                self.coverage.hit(if amended.priority_kept { "amended in place" } else { "amended anew" });
            }
            Outcome::Replaced(replaced) => {
                let both = replaced.canceled.is_ok() && matches!(replaced.placed, Some(Ok(_)));
                self.coverage.hit(if both { "replaced" } else { "replaced by half or not" });
            }
            Outcome::Tested(_) => self.coverage.hit("tested"),
            Outcome::FeesCollected(fees) if !fees.is_empty() => self.coverage.hit("fees collected"),
            Outcome::FeesCollected(_) | Outcome::Rejected(_) => {}
            other => panic!("a matcher answers no such thing: {other:?}"),
        }
    }

    fn route_from_matcher(&mut self, at: usize, mut out: MatcherOutbox) {
        let from = self.sequencers.len() + at;
        // First what changes something, then the answers: who has one finds the effects wherever they are.
        let is_answer = |message: &ToSequencer| matches!(message, ToSequencer::Answer { .. });
        let (answers, effects): (Vec<_>, Vec<_>) = out.to_sequencer.drain(..).partition(is_answer);
        for message in effects.into_iter().chain(answers) {
            let after = is_answer(&message).then(|| self.sent_by(from));
            let to = shard_of(message.account().0, self.sequencers.len());
            let pipe = &mut self.to_sequencer[from][to];
            // Its own way is in order by itself, and this message is on it.
            pipe.queue.push_back(Sent { message, after });
            pipe.sent += 1;
        }
        for reply in out.replies.drain(..) {
            let after = Some(self.sent_by(from));
            self.requests.answered(&reply);
            self.answers[from].push_back(HeldReply { reply, after, by_matcher: true });
        }
    }

    /// How much a shard has sent to each sequencer by now.
    fn sent_by(&self, from: usize) -> Vec<u64> {
        self.to_sequencer[from].iter().map(|pipe| pipe.sent).collect()
    }

    fn check_matcher(&mut self, at: usize) {
        if self.rng.one_in(THOROUGH) {
            self.matchers[at].core.check_invariants();
        }
        for spec in &self.workload.setup.symbols {
            if let Some(market) = self.matchers[at].core.market(spec.id()) {
                laws::is_uncrossed(market);
            }
        }
        self.check_conservation();
    }

    // What is on its way.

    /// A message was sent (`sign` 1) or is handled (`sign` -1): what it changes of the ledgers.
    fn note_message(&mut self, message: &ToSequencer, sign: i128) {
        match message {
            ToSequencer::Settle(settlement) => {
                let order = &self.orders[&settlement.order];
                let spec = &self.workload.setup.symbols[order.symbol.0 as usize];
                for (asset, change) in laws::moved(settlement, order, spec) {
                    self.conservation.on_its_way(asset, change, sign);
                }
            }
            ToSequencer::Credit { asset, amount, .. } => {
                self.conservation.on_its_way(*asset, crate::plain::money(*amount), sign);
            }
            // It is at both until its sender hears of it.
            ToSequencer::TransferAnswered { offer, refusal, .. } => {
                if refusal.is_none() {
                    self.conservation.on_its_way(offer.asset, -crate::plain::money(offer.amount), sign);
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

    fn deliver_to_matcher(&mut self, from: usize, to: usize) {
        let pipe = &mut self.to_matcher[from][to];
        let count = usize::try_from(self.rng.between(1, self.burst)).expect("small").min(pipe.len());
        self.matchers[to].inbox.extend(pipe.drain(..count).map(ToBook::Message));
        self.say(|| format!("sequencer {from} -> matcher {to}: {count}"));
    }

    fn deliver_to_sequencer(&mut self, from: usize, to: usize) {
        let most = self.rng.between(1, self.burst);
        let mut count = 0;
        while count < most
            && let Some(sent) = self.to_sequencer[from][to].queue.front()
            && self.has_arrived(from, sent.after.as_deref())
        {
            let pipe = &mut self.to_sequencer[from][to];
            let sent = pipe.queue.pop_front().expect("it is in front");
            pipe.arrived += 1;
            self.sequencers[to].arrived.push_back(sent.message);
            count += 1;
        }
        self.say(|| format!("shard {from} -> sequencer {to}: {count}"));
    }

    // Answers.

    /// A client sees an answer.
    fn deliver_answer(&mut self, from: usize) {
        let HeldReply { reply, by_matcher, .. } = self.answers[from].pop_front().expect("an answer");
        self.say(|| format!("answered: {reply:?}"));
        let asked = &mut self.tickets[usize::try_from(reply.ticket.0).expect("a ticket of ours")];
        assert!(!asked.answered, "answered twice: {reply:?}");
        asked.answered = true;
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
        if let (Request::Order { order }, Some(known)) = (&request, known) {
            let owner = self.orders.get(order).map_or(account, |order| order.account);
            let is_home = |account: AccountId| shard_of(account.0, self.sequencers.len());
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
                person.again.push_back((Request::Balances { account }, None));
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
            self.clients[client].again.push_back((request, Some(id)));
        }
        if doubts == 0 || !self.rng.one_in(doubts) {
            return;
        }
        let question = match &reply.outcome {
            Outcome::Placed(placed) if self.rng.one_in(2) => Request::Order { order: placed.id },
            Outcome::Canceled(canceled) if self.rng.one_in(2) => Request::Order { order: canceled.id },
            _ => Request::Balances { account },
        };
        self.clients[client].again.push_back((question, None));
    }

    /// What an answer caused can be known from now on: by its client, and by whoever else it concerned.
    fn learn(&mut self, cause: Lsn) {
        if self.visible.contains_key(&cause) {
            return;
        }
        self.visible.insert(cause, self.step);
        for (order, filled, after) in self.effects.get(&cause).into_iter().flatten() {
            let known = self.known.entry(*order).or_default();
            known.filled += filled;
            if let OrderAfter::Closed(status) = after {
                known.closed = Some(*status);
            }
        }
    }

    /// Read your writes, for money: nothing that was visible when the question was asked is missing now.
    fn check_effects_arrived(&self, account: AccountId, ticket: Ticket) {
        let issued = self.asked(ticket).issued;
        for cause in self.outstanding.get(&account).into_iter().flatten() {
            let seen = self.visible.get(cause);
            assert!(
                seen.is_none_or(|seen| *seen > issued),
                "{account:?} asked for balances at step {issued} and is not told of {cause:?}, seen at {seen:?}"
            );
        }
    }

    fn asked(&self, ticket: Ticket) -> &Asked {
        &self.tickets[usize::try_from(ticket.0).expect("a ticket of ours")]
    }

    // Laws over all shards.

    fn held(&self, asset: AssetId) -> Amount {
        let accounts = &self.workload.setup.accounts;
        let balance = |account: &AccountId| {
            let home = shard_of(account.0, self.sequencers.len());
            self.sequencers[home].core.balance(*account, asset).total()
        };
        accounts.iter().map(balance).sum()
    }

    fn accrued(&self) -> BTreeMap<AssetId, i128> {
        let mut sums = BTreeMap::new();
        for (asset, amount) in self.matchers.iter().flat_map(|shard| shard.core.accrued_fees()) {
            *sums.entry(asset).or_default() += amount.0;
        }
        sums
    }

    fn check_conservation(&self) {
        let accrued = self.accrued();
        for asset in (0..self.workload.setup.assets).map(AssetId) {
            let accrued = accrued.get(&asset).copied().unwrap_or_default();
            self.conservation.check(asset, self.held(asset), accrued);
        }
    }

    /// Nobody has anything left to do: now all views must be one.
    fn finish(&mut self) {
        for client in &self.clients {
            let waits = !client.todo.is_empty() || !client.again.is_empty() || client.under_way > 0;
            assert!(!waits, "a client waits for ever");
        }
        assert!(self.control.is_none() && self.operator.is_empty(), "the operator waits for ever");
        for (at, asked) in self.tickets.iter().enumerate() {
            assert!(asked.answered, "ticket {at} was never answered: {:?}", asked.request);
        }
        assert!(self.outstanding.values().all(Vec::is_empty), "settlements got lost");
        self.conservation.check_settled();
        self.sequencers.iter().for_each(|shard| shard.core.check_invariants());
        self.matchers.iter().for_each(|shard| shard.core.check_invariants());

        let canonical = fold::fold(&self.workload.setup, self.matchers.len(), &self.recorder, &self.history);
        for account in &self.workload.setup.accounts {
            let home = shard_of(account.0, self.sequencers.len());
            for asset in (0..self.workload.setup.assets).map(AssetId) {
                canonical.expect_balance(
                    *account,
                    asset,
                    self.sequencers[home].core.balance(*account, asset),
                );
            }
        }
        self.compare_orders(&canonical);
        self.compare_books(&canonical);
        self.check_totals();
        self.say(|| "all views agree".to_owned());
    }

    fn compare_orders(&mut self, canonical: &fold::Canonical) {
        let now = Timestamp(self.now);
        let forgets = self.workload.setup.limits.closed_orders_max < 1_000;
        for order in canonical.orders() {
            let home = shard_of(order.order.account.0, self.sequencers.len());
            let core = &mut self.sequencers[home].core;
            match ask(core, Request::Order { order: order.id }, &mut self.recorder, now) {
                Outcome::Orders(page) => match page.orders.first() {
                    Some(live) => canonical.expect_order(live),
                    None => assert!(forgets && !order.status.is_open(), "{order:?} is forgotten"),
                },
                other => panic!("asked for an order, told {other:?}"),
            }
        }
        let everything =
            Request::OpenOrders { account: None, symbol: None, after: OrderId(0), limit: usize::MAX };
        let mut open: Vec<Order> = Vec::new();
        for shard in &mut self.sequencers {
            match ask(&mut shard.core, everything.clone(), &mut self.recorder, now) {
                Outcome::Orders(page) => open.extend(page.orders),
                other => panic!("asked for orders, told {other:?}"),
            }
        }
        let mut open: Vec<_> = open.iter().map(|order| order.id).collect();
        open.sort_unstable();
        let expected: Vec<_> =
            canonical.orders().filter(|order| order.status.is_open()).map(|order| order.id).collect();
        assert_eq!(open, expected, "open orders, live, then canonical");
    }

    fn compare_books(&self, canonical: &fold::Canonical) {
        let open: BTreeMap<_, _> = canonical
            .orders()
            .filter(|order| order.status.is_open())
            .map(|order| (order.id, order))
            .collect();
        let mut found = 0;
        for spec in &self.workload.setup.symbols {
            let at = shard_of(u64::from(spec.id().0), self.matchers.len());
            let live = self.matchers[at].core.market(spec.id());
            let again = canonical.matcher(spec.id()).market(spec.id());
            let (Some(live), Some(again)) = (live, again) else {
                assert!(live.is_none() && again.is_none(), "{:?} is removed here and not there", spec.id());
                continue;
            };
            assert_eq!(
                (live.seq(), live.last_price(), live.pending(), live.accrued(), live.horizon()),
                (again.seq(), again.last_price(), again.pending(), again.accrued(), again.horizon()),
                "sequence, last price, pending orders, accrued fees, last record of {:?}",
                spec.id()
            );
            for side in [Side::Buy, Side::Sell] {
                let (mut queue, mut queue_again) = (Vec::new(), Vec::new());
                for (book, queue) in [(live.book(), &mut queue), (again.book(), &mut queue_again)] {
                    book.for_each_order(side, |order| {
                        queue.push(order);
                        std::ops::ControlFlow::Continue(())
                    });
                }
                assert_eq!(queue, queue_again, "the queue of {side:?}, live, then canonical");
                for resting in queue {
                    let order =
                        open.get(&resting.id).unwrap_or_else(|| panic!("rests and is closed: {resting:?}"));
                    assert_eq!(
                        (Some(resting.left()), order.order.kind.price(), order.status.is_open()),
                        (order.open_quantity(), Some(resting.price), true),
                        "what is left of {resting:?}"
                    );
                    found += 1;
                }
            }
            found += live.pending();
        }
        assert_eq!(found, open.len(), "orders in books and waiting, then open orders");
    }

    fn check_totals(&mut self) {
        let now = Timestamp(self.now);
        let mut sums: BTreeMap<AssetId, AssetTotals> = BTreeMap::new();
        for shard in &mut self.sequencers {
            let Outcome::Totals(lines) = ask(&mut shard.core, Request::Totals, &mut self.recorder, now)
            else {
                panic!("asked for totals");
            };
            for line in lines {
                let frozen = line.reserved + line.held + line.in_transfer;
                assert_eq!(line.frozen, frozen, "frozen for nothing: {line:?}");
                let sum = sums.entry(line.asset).or_insert_with(|| AssetTotals::nothing_of(line.asset));
                sum.deposited += line.deposited;
                sum.withdrawn += line.withdrawn;
                sum.available += line.available;
                sum.frozen += line.frozen;
                sum.reserved += line.reserved;
                sum.held += line.held;
                sum.in_transfer += line.in_transfer;
                sum.transferred_in += line.transferred_in;
                sum.transferred_out += line.transferred_out;
                sum.fees += line.fees;
            }
        }
        let accrued = self.accrued();
        for (asset, sum) in &mut sums {
            sum.accrued.0 = accrued.get(asset).copied().unwrap_or_default();
            assert!(sum.holds(), "{sum:?}");
        }
    }
}

/// How many shards of a kind there are; ten are dear to simulate.
const SHARDS: [usize; 12] = [1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 5, 10];

/// One client per account that gives commands, each with its own manners; and what the operator does.
fn clients(workload: &Workload, rng: &mut Rng) -> (Vec<Client>, VecDeque<(u64, Action)>) {
    let mut todo: BTreeMap<AccountId, VecDeque<Action>> = BTreeMap::new();
    let mut operator = VecDeque::new();
    let mut place = 0;
    for action in &workload.actions {
        let spoils = match action {
            // Whose balances must add up to their answers, nobody sends anything, and no order of theirs rests.
            Action::Transfer(_, to, ..) => workload.solo.contains(to),
            Action::Place(order) => workload.solo.contains(&order.account) && !order.is_immediate(),
            _ => false,
        };
        if spoils {
            continue;
        }
        match action.account() {
            Some(account) => todo.entry(account).or_default().push_back(action.clone()),
            None => operator.push_back((place, action.clone())),
        }
        place += 1;
    }
    let doubts = *rng.pick(&[0, 1, 3]);
    let clients = todo
        .into_iter()
        .map(|(account, todo)| {
            let is_solo = workload.solo.contains(&account);
            Client {
                account,
                todo,
                again: VecDeque::new(),
                window: if is_solo { 1 } else { *rng.pick(&[1, 2, 8, usize::MAX]) },
                under_way: 0,
                notebook: is_solo.then(Notebook::default),
                doubts,
                numbers: *rng.pick(&[0, 1, 2, 4]),
                last_number: 0,
            }
        })
        .collect();
    (clients, operator)
}

/// A request id: mostly the next one, sometimes one that was left out, or one far ahead.
fn draw_id(client: &mut Client, rng: &mut Rng) -> RequestId {
    let step = match rng.below(40) {
        0 => 1_020,
        1..=4 => 3,
        _ => 1,
    };
    client.last_number += step;
    let lane = u32::try_from(rng.below(2)).expect("small");
    RequestId { lane, number: client.last_number, fingerprint: rng.below(1 << 40) }
}

/// Does a request only ask? Then its number is nothing to it.
fn is_question(request: &Request) -> bool {
    matches!(
        request,
        Request::Test(_)
            | Request::Balances { .. }
            | Request::Account { .. }
            | Request::Order { .. }
            | Request::OrderByClientId { .. }
            | Request::OpenOrders { .. }
            | Request::ClosedOrders { .. }
            | Request::LedgerEntries { .. }
            | Request::Totals
    )
}

/// The symbol that the edge has to know for a request.
fn symbol_of(request: &Request) -> Option<SymbolId> {
    match request {
        Request::Place(order) | Request::Test(order) => Some(order.symbol),
        Request::PlaceOco(legs) => Some(legs[0].symbol),
        Request::Replace(replace) => Some(replace.new.symbol),
        Request::Amend { symbol, .. } | Request::CollectFees { symbol, .. } => Some(*symbol),
        Request::Cancel { symbol, .. } => *symbol,
        Request::CancelAll { filter, .. } => filter.symbol,
        _ => None,
    }
}
