//! The shards in one thread, one command at a time: the simplest driver there is.
//!
//! Any number of shards of either kind; that it makes no difference is one of the things tests prove with it.
//! Generic over the book, so that the naive one can be asked the same.

use lightning_core::book::{OrderBook, PriceTimeBook};
use lightning_core::log::Context;
use lightning_core::matcher::{Market, Matcher};
use lightning_core::message::{
    AssetTotals, Balance, Command, Order, Outcome, Reply, Request, ToMatcher, ToSequencer, Trade,
};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::sequencer::Sequencer;
use lightning_core::types::{AccountId, AssetId, OrderId, SymbolId, Ticket, Timestamp};

use crate::recorder::{IdsFor, Recorder};
use crate::workload::{Ids, Setup};

/// A whole exchange.
#[derive(Debug)]
pub struct Inline<B = PriceTimeBook> {
    sequencers: Vec<Sequencer>,
    matchers: Vec<Matcher<B>>,
    /// What was written down.
    pub recorder: Recorder,
    /// Which ids were handed out.
    pub ids: Ids,
    now: u64,
}

/// All that one command made the shards say.
#[derive(Debug)]
pub struct Effects {
    /// To the matcher.
    pub admitted: Vec<ToMatcher>,
    /// Published.
    pub trades: Vec<Trade>,
    /// Books that changed.
    pub changed: Vec<SymbolId>,
    /// To the sequencers.
    pub settlements: Vec<ToSequencer>,
    /// The one answer.
    pub reply: Reply,
}

/// Which of `count` shards an id belongs to.
#[must_use]
pub fn shard_of(id: u64, count: usize) -> usize {
    usize::try_from(id % count as u64).expect("below a usize")
}

impl<B: OrderBook> Inline<B> {
    /// An exchange of so many sequencers and matchers, the symbols of the setup announced.
    #[must_use]
    pub fn new(setup: &Setup, sequencers: usize, matchers: usize) -> Self {
        let mut inline = Self {
            sequencers: (0..sequencers).map(|_| Sequencer::new(setup.limits)).collect(),
            matchers: (0..matchers).map(|_| Matcher::default()).collect(),
            recorder: Recorder::default(),
            ids: Ids::default(),
            now: 0,
        };
        let mut out = SequencerOutbox::default();
        let mut matcher_out = MatcherOutbox::default();
        for spec in &setup.symbols {
            let mut ctx = Context { now: Timestamp(0), log: &mut inline.recorder };
            for sequencer in &mut inline.sequencers {
                let command = Command { ticket: Ticket(0), request: Request::AddSymbol(*spec) };
                let mut ids = IdsFor { ids: &mut inline.ids, owner: AccountId(0) };
                sequencer.handle(command, &mut ctx, &mut ids, &mut out);
            }
            let announced = ToMatcher::AddSymbol { ticket: Ticket(0), spec: *spec };
            inline.matchers[shard_of(u64::from(spec.id().0), matchers)].handle(
                announced,
                &mut ctx,
                &mut matcher_out,
            );
        }
        inline
    }

    /// Runs one command of an account to its end.
    pub fn run(&mut self, account: AccountId, ticket: Ticket, request: Request) -> Effects {
        self.now += 1;
        let now = Timestamp(self.now);
        let (mut out, mut matcher_out) = (SequencerOutbox::default(), MatcherOutbox::default());
        let mut ctx = Context { now, log: &mut self.recorder };
        let mut ids = IdsFor { ids: &mut self.ids, owner: account };
        let home = shard_of(account.0, self.sequencers.len());
        self.sequencers[home].handle(Command { ticket, request }, &mut ctx, &mut ids, &mut out);
        let admitted = out.to_matcher.clone();
        for message in out.to_matcher.drain(..) {
            let matcher = shard_of(u64::from(message.symbol().0), self.matchers.len());
            self.matchers[matcher].handle(message, &mut ctx, &mut matcher_out);
        }
        for message in &matcher_out.to_sequencer {
            let shard = shard_of(message.account().0, self.sequencers.len());
            self.sequencers[shard].handle_settlement(*message, now, &mut out);
        }
        let mut replies = out.replies;
        replies.append(&mut matcher_out.replies);
        assert_eq!(replies.len(), 1, "one command, one answer: {replies:?}");
        let reply = replies.remove(0);
        assert_eq!((reply.ticket, reply.at), (ticket, now));
        Effects {
            admitted,
            trades: matcher_out.trades,
            changed: matcher_out.changed,
            settlements: matcher_out.to_sequencer,
            reply,
        }
    }

    /// A balance.
    #[must_use]
    pub fn balance(&self, account: AccountId, asset: AssetId) -> Balance {
        self.sequencers[shard_of(account.0, self.sequencers.len())].balance(account, asset)
    }

    /// A symbol's market.
    #[must_use]
    pub fn market(&self, symbol: SymbolId) -> &Market<B> {
        self.matchers[shard_of(u64::from(symbol.0), self.matchers.len())]
            .market(symbol)
            .expect("an announced symbol")
    }

    /// An account's order, as its sequencer tells it.
    pub fn order(&mut self, account: AccountId, order: OrderId) -> Option<Order> {
        match self.ask(shard_of(account.0, self.sequencers.len()), Request::Order { order }) {
            Outcome::Orders(orders) => {
                assert!(orders.len() <= 1);
                orders.into_iter().next()
            }
            other => panic!("asked for an order, told {other:?}"),
        }
    }

    /// All open orders of all shards, in the order of acceptance.
    pub fn open_orders(&mut self) -> Vec<Order> {
        let all = Request::OpenOrders { account: None, symbol: None };
        let mut orders = Vec::new();
        for shard in 0..self.sequencers.len() {
            match self.ask(shard, all.clone()) {
                Outcome::Orders(more) => orders.extend(more),
                other => panic!("asked for orders, told {other:?}"),
            }
        }
        orders.sort_by_key(|order| (order.accepted_at, order.id));
        orders
    }

    /// What each shard's ledger adds up to.
    pub fn totals(&mut self) -> Vec<Vec<AssetTotals>> {
        (0..self.sequencers.len())
            .map(|shard| match self.ask(shard, Request::Totals) {
                Outcome::Totals(totals) => totals,
                other => panic!("asked for totals, told {other:?}"),
            })
            .collect()
    }

    /// Panics if a shard disagrees with itself.
    pub fn check_invariants(&self) {
        for sequencer in &self.sequencers {
            sequencer.check_invariants();
        }
    }

    fn ask(&mut self, shard: usize, request: Request) -> Outcome {
        ask(&mut self.sequencers[shard], request, &mut self.recorder, Timestamp(self.now))
    }
}

/// Asks a sequencer something that changes nothing.
pub(crate) fn ask(
    sequencer: &mut Sequencer,
    request: Request,
    log: &mut Recorder,
    now: Timestamp,
) -> Outcome {
    let mut out = SequencerOutbox::default();
    let mut ids = Ids::default();
    let before = log.last();
    let mut ctx = Context { now, log };
    let mut ids = IdsFor { ids: &mut ids, owner: AccountId(0) };
    let command = Command { ticket: Ticket(0), request };
    sequencer.handle(command, &mut ctx, &mut ids, &mut out);
    assert!(out.to_matcher.is_empty() && out.replies.len() == 1 && log.last() == before);
    out.replies.remove(0).outcome
}
