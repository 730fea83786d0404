//! All shards in one thread, and a seed that decides everything a machine would leave to chance.
//!
//! Who runs next and how many messages it takes, when each message arrives, which clients pipeline and which
//! wait. What a driver must guarantee, and no more, is kept: messages of one sender to one receiver arrive in
//! order; a sequencer handles the settlements that have arrived before the next command; and the answer of a
//! matcher becomes visible only after the settlements of its command have arrived. The laws are checked after
//! every step, and at the end the canonical fold must have led to the very state that the shards are in.

use std::collections::{BTreeMap, VecDeque};

use lightning_core::book::OrderBook;
use lightning_core::log::Context;
use lightning_core::matcher::Matcher;
use lightning_core::message::{
    Command, NewOrder, OrderAfter, OrderStatus, Outcome, Reply, Request, Settlement, ToMatcher, ToSequencer,
};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::sequencer::Sequencer;
use lightning_core::types::{AccountId, Amount, AssetId, Lsn, OrderId, Side, Ticket, Timestamp};

use crate::inline::{ask, shard_of};
use crate::laws::{self, Conservation, Notebook, Told, TradeIds};
use crate::plain;
use crate::recorder::{IdsFor, Recorded, Recorder};
use crate::rng::Rng;
use crate::workload::{Action, Ids, Workload};

/// What happened in a run, to know that the tests reach what they are for.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// How often, by name.
    pub counts: BTreeMap<&'static str, u64>,
}

impl Coverage {
    fn hit(&mut self, name: &'static str) {
        *self.counts.entry(name).or_default() += 1;
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        for (name, count) in &other.counts {
            *self.counts.entry(name).or_default() += count;
        }
    }
}

/// Takes a line per step, when somebody wants to read along.
pub type Trace<'a> = Option<&'a mut dyn FnMut(&str)>;

/// One run.
pub struct World<'w, 't> {
    workload: &'w Workload,
    rng: Rng,
    trace: Trace<'t>,
    /// Counts steps; also the time.
    step: u64,
    clients: Vec<Client>,
    sequencers: Vec<SequencerShard>,
    matchers: Vec<MatcherShard>,
    /// By sequencer and matcher.
    to_matcher: Vec<Vec<VecDeque<ToMatcher>>>,
    /// By matcher and sequencer.
    to_sequencer: Vec<Vec<Pipe>>,
    /// By sender: sequencers first, then matchers.
    answers: Vec<VecDeque<HeldReply>>,
    /// How eager each actor and each pipe is: some runs starve some of them.
    pace: Vec<u64>,
    /// The most messages that anybody takes at a time.
    burst: u64,
    recorder: Recorder,
    ids: Ids,
    /// By ticket.
    tickets: Vec<Asked>,
    /// Every order that was passed to a matcher.
    orders: BTreeMap<OrderId, NewOrder>,
    /// Settlements by the record that caused them.
    effects: BTreeMap<Lsn, Vec<Settlement>>,
    /// When the answer to a record became visible.
    visible: BTreeMap<Lsn, u64>,
    /// Causes of the settlements of an account that its sequencer has not applied yet.
    outstanding: BTreeMap<AccountId, Vec<Lsn>>,
    /// What anybody can know of an order from visible answers.
    known: BTreeMap<OrderId, Known>,
    conservation: Conservation,
    trade_ids: TradeIds,
    told: Told,
    /// What was reached.
    pub coverage: Coverage,
}

struct SequencerShard {
    core: Sequencer,
    commands: VecDeque<Command>,
    settlements: VecDeque<ToSequencer>,
    /// The latest record whose effects this shard has.
    shown: Lsn,
}

struct MatcherShard {
    core: Matcher,
    inbox: VecDeque<ToMatcher>,
}

/// One matcher's way to one sequencer.
#[derive(Default)]
struct Pipe {
    queue: VecDeque<ToSequencer>,
    sent: u64,
    arrived: u64,
}

/// An answer, and how much must have arrived at each sequencer before it may be seen.
struct HeldReply {
    reply: Reply,
    after: Vec<u64>,
}

struct Client {
    account: AccountId,
    todo: VecDeque<Action>,
    /// How many commands it has under way at most.
    window: usize,
    under_way: usize,
    /// For one that waits for each answer and checks its balances by them.
    notebook: Option<Notebook>,
    /// Asks about once in so many answers whether the effects are there; never for 0.
    doubts: u64,
}

/// A command that is to be answered.
struct Asked {
    client: usize,
    request: Request,
    issued: u64,
    answered: bool,
    follow_up: bool,
    /// For a question about an order: what was known of it when it was asked.
    known: Option<Known>,
}

/// What visible answers say about an order.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    filled: u64,
    closed: Option<OrderStatus>,
}

#[derive(Clone, Copy)]
enum Move {
    Issue(usize),
    Sequencer(usize),
    Matcher(usize),
    ToMatcher(usize, usize),
    ToSequencer(usize, usize),
    Answer(usize),
}

impl<'w, 't> World<'w, 't> {
    /// A world at its beginning: the symbols announced, no command given.
    #[must_use]
    pub fn new(workload: &'w Workload, seed: u64, trace: Trace<'t>) -> Self {
        let mut rng = Rng::new(seed, 2);
        let (sequencers, matchers) = (*rng.pick(&[1, 1, 2, 2, 3, 5, 10]), *rng.pick(&[1, 1, 2, 2, 3, 5, 10]));
        let clients = clients(workload, &mut rng);
        let actors = clients.len() + 2 * (sequencers + matchers) + 2 * sequencers * matchers;
        let mut world = Self {
            workload,
            trace,
            step: 0,
            sequencers: (0..sequencers)
                .map(|_| SequencerShard {
                    core: Sequencer::new(workload.setup.limits),
                    commands: VecDeque::new(),
                    settlements: VecDeque::new(),
                    shown: Lsn(0),
                })
                .collect(),
            matchers: (0..matchers)
                .map(|_| MatcherShard { core: Matcher::default(), inbox: VecDeque::new() })
                .collect(),
            to_matcher: (0..sequencers).map(|_| (0..matchers).map(|_| VecDeque::new()).collect()).collect(),
            to_sequencer: (0..matchers).map(|_| (0..sequencers).map(|_| Pipe::default()).collect()).collect(),
            answers: (0..sequencers + matchers).map(|_| VecDeque::new()).collect(),
            pace: (0..actors).map(|_| *rng.pick(&[1, 4, 4, 16, 64])).collect(),
            burst: *rng.pick(&[1, 1, 2, 8]),
            clients,
            rng,
            recorder: Recorder::default(),
            ids: Ids::default(),
            tickets: Vec::new(),
            orders: BTreeMap::new(),
            effects: BTreeMap::new(),
            visible: BTreeMap::new(),
            outstanding: BTreeMap::new(),
            known: BTreeMap::new(),
            conservation: Conservation::default(),
            trade_ids: TradeIds::default(),
            told: Told::default(),
            coverage: Coverage::default(),
        };
        world.say(|| format!("{sequencers} sequencers, {matchers} matchers, {:?}", workload.setup));
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
            assert!(self.step < 1_000_000, "the run does not come to an end");
            match moves[at].0 {
                Move::Issue(client) => self.issue_next(client),
                Move::Sequencer(at) => self.run_sequencer(at),
                Move::Matcher(at) => self.run_matcher(at),
                Move::ToMatcher(from, to) => self.deliver_to_matcher(from, to),
                Move::ToSequencer(from, to) => self.deliver_to_sequencer(from, to),
                Move::Answer(from) => self.deliver_answer(from),
            }
            self.check_conservation();
        }
        self.finish();
    }

    /// The records of the run.
    #[must_use]
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// What clients were told.
    #[must_use]
    pub fn told(&self) -> &Told {
        &self.told
    }

    fn say(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace(&format!("{:>6} {}", self.step, line()));
        }
    }

    fn announce_symbols(&mut self) {
        let now = Timestamp(0);
        let mut out = SequencerOutbox::default();
        let mut matcher_out = MatcherOutbox::default();
        let mut ctx = Context { now, log: &mut self.recorder };
        for spec in &self.workload.setup.symbols {
            for shard in &mut self.sequencers {
                let request = Request::AddSymbol(*spec);
                let mut ids = IdsFor { ids: &mut self.ids, owner: AccountId(0) };
                let ticket = Ticket(u64::MAX);
                shard.core.handle(Command { ticket, request }, &mut ctx, &mut ids, &mut out);
            }
            let at = shard_of(u64::from(spec.id().0), self.matchers.len());
            let announced = ToMatcher::AddSymbol { ticket: Ticket(u64::MAX), spec: *spec };
            self.matchers[at].core.handle(announced, &mut ctx, &mut matcher_out);
        }
        let mut replies = out.replies.iter().chain(&matcher_out.replies);
        assert!(replies.all(|reply| matches!(reply.outcome, Outcome::SymbolAdded)));
    }

    /// Everything that may happen next, and how eager it is to.
    fn collect_moves(&self, moves: &mut Vec<(Move, u64)>) {
        let mut paces = self.pace.iter();
        let mut offer = |is_possible: bool, next: Move| {
            let pace = *paces.next().expect("a pace for every actor and pipe");
            if is_possible {
                moves.push((next, pace));
            }
        };
        for (at, client) in self.clients.iter().enumerate() {
            offer(!client.todo.is_empty() && client.under_way < client.window, Move::Issue(at));
        }
        for (at, shard) in self.sequencers.iter().enumerate() {
            offer(!shard.commands.is_empty() || !shard.settlements.is_empty(), Move::Sequencer(at));
        }
        for (at, shard) in self.matchers.iter().enumerate() {
            offer(!shard.inbox.is_empty(), Move::Matcher(at));
        }
        for (from, answers) in self.answers.iter().enumerate() {
            offer(answers.front().is_some_and(|held| self.may_be_seen(from, held)), Move::Answer(from));
        }
        for (from, pipes) in self.to_matcher.iter().enumerate() {
            for (to, pipe) in pipes.iter().enumerate() {
                offer(!pipe.is_empty(), Move::ToMatcher(from, to));
            }
        }
        for (from, pipes) in self.to_sequencer.iter().enumerate() {
            for (to, pipe) in pipes.iter().enumerate() {
                offer(!pipe.queue.is_empty(), Move::ToSequencer(from, to));
            }
        }
    }

    /// Whoever has an answer must find its effects in whatever is asked next.
    fn may_be_seen(&self, from: usize, held: &HeldReply) -> bool {
        let Some(matcher) = from.checked_sub(self.sequencers.len()) else {
            return true; // A sequencer's own answer: the effects are where the next question goes.
        };
        let pipes = &self.to_sequencer[matcher];
        held.after.iter().zip(pipes).all(|(needed, pipe)| pipe.arrived >= *needed)
    }

    fn issue_next(&mut self, client: usize) {
        let action = self.clients[client].todo.pop_front().expect("something to do");
        let request = action.request(&self.ids);
        self.say(|| format!("client {client}: {action:?}"));
        self.clients[client].under_way += 1;
        self.issue(client, request, false);
    }

    fn issue(&mut self, client: usize, request: Request, follow_up: bool) {
        let ticket = Ticket(self.tickets.len() as u64);
        let known = match request {
            Request::Order { order } => Some(self.known.get(&order).copied().unwrap_or_default()),
            _ => None,
        };
        let account = self.clients[client].account;
        self.tickets.push(Asked {
            client,
            request: request.clone(),
            issued: self.step,
            answered: false,
            follow_up,
            known,
        });
        let home = shard_of(account.0, self.sequencers.len());
        self.sequencers[home].commands.push_back(Command { ticket, request });
    }

    fn run_sequencer(&mut self, at: usize) {
        for _ in 0..self.rng.between(1, self.burst) {
            // The rule that drivers keep: first what has arrived, then the next command.
            while let Some(message) = self.sequencers[at].settlements.pop_front() {
                self.apply_settlement(at, message);
            }
            let Some(command) = self.sequencers[at].commands.pop_front() else {
                break;
            };
            self.say(|| format!("sequencer {at}: {command:?}"));
            let owner = self.clients[self.asked(command.ticket).client].account;
            if let Request::Balances { account } = command.request {
                self.check_effects_arrived(account, command.ticket);
            }
            let before = self.recorder.last();
            let mut out = SequencerOutbox::default();
            let mut ctx = Context { now: Timestamp(self.step), log: &mut self.recorder };
            let mut ids = IdsFor { ids: &mut self.ids, owner };
            self.sequencers[at].core.handle(command, &mut ctx, &mut ids, &mut out);
            self.note_funds(at, before);
            self.route_from_sequencer(at, out);
        }
        self.sequencers[at].core.check_invariants();
    }

    fn apply_settlement(&mut self, at: usize, message: ToSequencer) {
        self.say(|| format!("sequencer {at}: {message:?}"));
        let mut out = SequencerOutbox::default();
        let now = Timestamp(self.step);
        self.sequencers[at].core.handle_settlement(message, now, &mut out);
        match message {
            ToSequencer::Settle(settlement) => {
                let order = self.orders[&settlement.order];
                let spec = &self.workload.setup.symbols[order.symbol.0 as usize];
                self.conservation.settlement(&settlement, &order, spec, -1);
                let waiting = self.outstanding.entry(settlement.account).or_default();
                let first = waiting.iter().position(|cause| *cause == settlement.cause);
                waiting.remove(first.expect("a settlement is applied once"));
                let shown = &mut self.sequencers[at].shown;
                *shown = (*shown).max(settlement.cause);
                assert!(out.replies.is_empty(), "a settlement is nobody's question: {out:?}");
            }
            ToSequencer::CancelMissed { .. } => {
                self.coverage.hit("cancel came too late");
                assert_eq!(out.replies.len(), 1, "a missed cancel is answered by its sequencer");
            }
        }
        self.route_from_sequencer(at, out);
    }

    fn note_funds(&mut self, at: usize, before: Lsn) {
        let first = usize::try_from(before.0).expect("as many records as fit in memory");
        assert!(self.recorder.records.len() <= first + 1, "one command, one record");
        if let Some(Recorded::Funds(request)) = self.recorder.records.get(first) {
            self.conservation.funds(request);
            if let Request::Withdraw { account, asset, .. } = *request
                && !self.sequencers[at].core.balance(account, asset).frozen.is_zero()
            {
                self.coverage.hit("withdrawn while orders were open");
            }
            self.sequencers[at].shown = self.recorder.last();
        }
    }

    fn route_from_sequencer(&mut self, at: usize, mut out: SequencerOutbox) {
        for message in out.to_matcher.drain(..) {
            if let ToMatcher::Admit(admitted) = &message {
                assert!(self.orders.insert(admitted.id, admitted.order).is_none(), "an order id was reused");
            }
            let to = shard_of(u64::from(message.symbol().0), self.matchers.len());
            self.to_matcher[at][to].push_back(message);
        }
        for reply in out.replies.drain(..) {
            laws::gate_covers(&reply, self.sequencers[at].shown, &self.recorder);
            self.answers[at].push_back(HeldReply { reply, after: Vec::new() });
        }
    }

    fn run_matcher(&mut self, at: usize) {
        for _ in 0..self.rng.between(1, self.burst) {
            let Some(message) = self.matchers[at].inbox.pop_front() else {
                break;
            };
            self.say(|| format!("matcher {at}: {message:?}"));
            let symbol = message.symbol();
            let mut out = MatcherOutbox::default();
            let mut ctx = Context { now: Timestamp(self.step), log: &mut self.recorder };
            let order = match &message {
                ToMatcher::Admit(admitted) => Some(admitted.id),
                _ => None,
            };
            let seq_before = self.matchers[at].core.market(symbol).map(|market| market.seq());
            self.matchers[at].core.handle(message, &mut ctx, &mut out);
            laws::matcher_output_is_sound(&out, &self.recorder, &self.orders, &self.workload.setup.symbols);
            let market = self.matchers[at].core.market(symbol).expect("the symbol's matcher");
            laws::book_is_sound(market);
            let grown = u64::from(!out.changed.is_empty());
            assert_eq!(
                Some(market.seq()),
                seq_before.map(|seq| seq + grown),
                "book_seq grows once per change"
            );
            self.note_matcher_output(order, &out);
            self.route_from_matcher(at, out);
        }
    }

    /// Writes down what was said, before it is on its way.
    fn note_matcher_output(&mut self, order: Option<OrderId>, out: &MatcherOutbox) {
        for trade in &out.trades {
            self.trade_ids.next(trade);
            self.told.trades.entry(trade.symbol).or_default().push(plain::trade(trade));
            self.coverage.hit("trade");
            if self.orders[&trade.maker].account == self.orders[&trade.taker].account {
                self.coverage.hit("self-trade");
            }
        }
        for message in &out.to_sequencer {
            let ToSequencer::Settle(settlement) = message else {
                continue;
            };
            let order = self.orders[&settlement.order];
            let spec = &self.workload.setup.symbols[order.symbol.0 as usize];
            self.conservation.settlement(settlement, &order, spec, 1);
            self.outstanding.entry(settlement.account).or_default().push(settlement.cause);
            self.effects.entry(settlement.cause).or_default().push(*settlement);
            if settlement.after == OrderAfter::Voided {
                self.coverage.hit("refused by the matcher");
            }
        }
        for reply in &out.replies {
            match &reply.outcome {
                Outcome::Placed(placed) => {
                    self.told.placed(placed, &out.trades);
                    self.coverage.hit(match placed.status {
                        OrderStatus::Expired(_) => "expired",
                        OrderStatus::Filled => "filled at once",
                        _ => "rested",
                    });
                    if placed.fills.len() > 1 {
                        self.coverage.hit("swept several makers");
                    }
                }
                Outcome::Canceled(canceled) => {
                    self.told.canceled(canceled);
                    self.coverage.hit("canceled");
                }
                Outcome::Rejected(reject) => {
                    self.told.refused(order.expect("only orders are refused by a matcher"), reject);
                }
                other => panic!("a matcher answers no such thing: {other:?}"),
            }
        }
    }

    fn route_from_matcher(&mut self, at: usize, mut out: MatcherOutbox) {
        for message in out.to_sequencer.drain(..) {
            let to = shard_of(message.account().0, self.sequencers.len());
            let pipe = &mut self.to_sequencer[at][to];
            pipe.queue.push_back(message);
            pipe.sent += 1;
        }
        for reply in out.replies.drain(..) {
            let after = self.to_sequencer[at].iter().map(|pipe| pipe.sent).collect();
            self.answers[self.sequencers.len() + at].push_back(HeldReply { reply, after });
        }
    }

    fn deliver_to_matcher(&mut self, from: usize, to: usize) {
        let pipe = &mut self.to_matcher[from][to];
        let count = usize::try_from(self.rng.between(1, self.burst)).expect("small").min(pipe.len());
        self.matchers[to].inbox.extend(pipe.drain(..count));
        self.say(|| format!("sequencer {from} -> matcher {to}: {count}"));
    }

    fn deliver_to_sequencer(&mut self, from: usize, to: usize) {
        let pipe = &mut self.to_sequencer[from][to];
        let count = usize::try_from(self.rng.between(1, self.burst)).expect("small").min(pipe.queue.len());
        pipe.arrived += count as u64;
        self.sequencers[to].settlements.extend(pipe.queue.drain(..count));
        self.say(|| format!("matcher {from} -> sequencer {to}: {count}"));
    }

    /// A client sees an answer.
    fn deliver_answer(&mut self, from: usize) {
        let reply = self.answers[from].pop_front().expect("an answer").reply;
        self.say(|| format!("answered: {reply:?}"));
        let asked = &mut self.tickets[usize::try_from(reply.ticket.0).expect("a ticket of ours")];
        assert!(!asked.answered, "answered twice: {reply:?}");
        asked.answered = true;
        let (client, follow_up, issued, known) = (asked.client, asked.follow_up, asked.issued, asked.known);
        let request = asked.request.clone();
        assert!(reply.at.0 >= issued, "decided before it was asked");
        if from >= self.sequencers.len() {
            self.learn(reply.gate);
        }
        if let Outcome::Rejected(reject) = &reply.outcome {
            self.coverage.hit(reject.code.as_str());
        }
        if let (Request::Order { order }, Some(known)) = (&request, known) {
            check_order_is_known(*order, known, &reply.outcome);
        }
        let specs = &self.workload.setup.symbols;
        let person = &mut self.clients[client];
        if let Some(notebook) = &mut person.notebook {
            if let Request::Balances { account } = request {
                notebook.check(account, &reply.outcome);
            }
            notebook.note(&request, &reply.outcome, specs);
        }
        let (account, doubts) = (person.account, person.doubts);
        if person.notebook.is_some() && !follow_up {
            // Its next command waits until the balances were checked.
            self.issue(client, Request::Balances { account }, true);
            return;
        }
        person.under_way -= usize::from(!follow_up || person.notebook.is_some());
        if follow_up || doubts == 0 || !self.rng.one_in(doubts) {
            return;
        }
        let question = match &reply.outcome {
            Outcome::Placed(placed) if self.rng.one_in(2) => Request::Order { order: placed.id },
            Outcome::Canceled(canceled) if self.rng.one_in(2) => Request::Order { order: canceled.id },
            _ => Request::Balances { account },
        };
        self.issue(client, question, true);
    }

    /// What an answer caused can be known from now on: by its client, and by whoever else it concerned.
    fn learn(&mut self, cause: Lsn) {
        self.visible.insert(cause, self.step);
        for settlement in self.effects.get(&cause).into_iter().flatten() {
            let known = self.known.entry(settlement.order).or_default();
            known.filled += settlement.filled.0;
            if let OrderAfter::Closed(status) = settlement.after {
                known.closed = Some(status);
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

    fn held(&self, asset: AssetId) -> Amount {
        let accounts = &self.workload.setup.accounts;
        accounts
            .iter()
            .map(|account| {
                let home = shard_of(account.0, self.sequencers.len());
                self.sequencers[home].core.balance(*account, asset).total()
            })
            .sum()
    }

    fn check_conservation(&self) {
        for asset in (0..self.workload.setup.assets).map(AssetId) {
            self.conservation.check(asset, self.held(asset));
        }
    }

    /// Nobody has anything left to do: now all views must be one.
    fn finish(&mut self) {
        for client in &self.clients {
            assert!(client.todo.is_empty() && client.under_way == 0, "a client waits for ever");
        }
        for (at, asked) in self.tickets.iter().enumerate() {
            assert!(asked.answered, "ticket {at} was never answered: {:?}", asked.request);
        }
        assert!(self.outstanding.values().all(Vec::is_empty), "settlements got lost");
        self.conservation.check_settled();

        let canonical = laws::fold(&self.workload.setup, &self.recorder, &self.told);
        for account in &self.workload.setup.accounts {
            let home = shard_of(account.0, self.sequencers.len());
            for asset in (0..self.workload.setup.assets).map(AssetId) {
                let live = self.sequencers[home].core.balance(*account, asset);
                plain::expect_balance(&canonical, account.0, asset.0, live);
            }
        }
        let now = Timestamp(self.step);
        let mut open = 0;
        for (id, order) in &self.orders {
            let home = shard_of(order.account.0, self.sequencers.len());
            let core = &mut self.sequencers[home].core;
            match ask(core, Request::Order { order: *id }, &mut self.recorder, now) {
                Outcome::Orders(live) => match live.first() {
                    Some(live) => {
                        open += usize::from(live.status.is_open());
                        plain::expect_order(&canonical, live);
                    }
                    None => assert!(canonical.order(id.0).is_none(), "{id:?} is forgotten"),
                },
                other => panic!("asked for an order, told {other:?}"),
            }
        }
        let mut resting = 0;
        for spec in &self.workload.setup.symbols {
            let at = shard_of(u64::from(spec.id().0), self.matchers.len());
            let book = self.matchers[at].core.market(spec.id()).expect("the symbol's matcher").book();
            resting += book.len();
            for side in [Side::Buy, Side::Sell] {
                let levels = book.levels(side, usize::MAX);
                let levels =
                    levels.iter().map(|level| (level.price.0, level.quantity, level.orders as usize));
                assert_eq!(levels.collect::<Vec<_>>(), canonical.levels(spec.id().0, plain::side(side)));
            }
        }
        assert_eq!(resting, open, "orders in books, then open orders in sequencers");
        for shard in &mut self.sequencers {
            match ask(&mut shard.core, Request::Totals, &mut self.recorder, now) {
                Outcome::Totals(lines) => {
                    assert!(lines.iter().all(|line| line.frozen == line.reserved), "{lines:?}");
                }
                other => panic!("asked for totals, told {other:?}"),
            }
        }
        self.say(|| "all views agree".to_owned());
    }
}

/// Read your writes, for an order: no less than what visible answers had said when the question was asked.
fn check_order_is_known(order: OrderId, known: Known, outcome: &Outcome) {
    let Outcome::Orders(orders) = outcome else {
        panic!("asked for an order, told {outcome:?}");
    };
    match orders.first() {
        Some(live) => {
            assert!(
                live.filled.0 >= known.filled,
                "{order:?} is told to be less filled than was known: {live:?}, {known:?}"
            );
            if let Some(closed) = known.closed {
                assert!(
                    live.status == closed && live.filled.0 == known.filled,
                    "{order:?} is told not to be closed as was known: {live:?}, {known:?}"
                );
            }
        }
        None => {
            assert!(known.filled == 0 && known.closed.is_none(), "{order:?} is told not to exist: {known:?}")
        }
    }
}

/// One client per account that gives commands, each with its own manners.
fn clients(workload: &Workload, rng: &mut Rng) -> Vec<Client> {
    let mut todo: BTreeMap<AccountId, VecDeque<Action>> = BTreeMap::new();
    for action in &workload.actions {
        todo.entry(action.account()).or_default().push_back(*action);
    }
    let doubts = *rng.pick(&[0, 1, 3]);
    todo.into_iter()
        .map(|(account, todo)| {
            let is_solo = workload.solo.contains(&account);
            Client {
                account,
                todo,
                window: if is_solo { 1 } else { *rng.pick(&[1, 2, 8, usize::MAX]) },
                under_way: 0,
                notebook: is_solo.then(Notebook::default),
                doubts,
            }
        })
        .collect()
}
