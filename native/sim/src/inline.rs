//! The shards in one thread, one command at a time: the simplest driver there is.
//!
//! Any number of shards of either kind; that it makes no difference is one of the things tests prove with it.
//! Generic over the book, so that the naive one can be asked the same.

use std::collections::VecDeque;

use lightning_core::book::{OrderBook, PriceTimeBook};
use lightning_core::events::{AccountNews, BookNews};
use lightning_core::log::Context;
use lightning_core::matcher::{Market, Matcher};
use lightning_core::message::{
    AssetTotals, Balance, CanceledOrder, Command, Order, Outcome, Reply, Request, ToMatcher, ToSequencer,
    Trade,
};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::reject::Reject;
use lightning_core::rules::SymbolRules;
use lightning_core::sequencer::Sequencer;
use lightning_core::shards::{shard_of_account, shard_of_symbol};
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{AccountId, AssetId, OrderId, SignedAmount, SymbolId, Ticket, Timestamp};

use crate::recorder::{IdsFor, Recorder};
use crate::workload::{Action, Ids, Setup};

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
    pace: u64,
}

/// All that one command made the shards say.
#[derive(Debug, Default)]
pub struct Effects {
    /// To the matchers.
    pub admitted: Vec<ToMatcher>,
    /// Published.
    pub trades: Vec<Trade>,
    /// Books that changed.
    pub changed: Vec<SymbolId>,
    /// To the sequencers.
    pub settlements: Vec<ToSequencer>,
    /// The one answer; none where time went by or the operator acted.
    pub reply: Option<Reply>,
    /// What the operator's command did.
    pub operated: Option<Result<Vec<CanceledOrder>, Reject>>,
    /// Of watched books.
    pub book_news: Vec<BookNews>,
    /// Of watched accounts.
    pub account_news: Vec<AccountNews>,
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
            now: setup.start.0,
            pace: setup.pace,
        };
        let mut matcher_out = MatcherOutbox::default();
        for (spec, rules) in setup.symbols.iter().zip(&setup.rules) {
            let mut ctx = Context { now: setup.start, log: &mut inline.recorder };
            let matcher = &mut inline.matchers[shard_of_symbol(spec.id(), matchers)];
            matcher.add_symbol(*spec, *rules, &mut ctx, &mut matcher_out);
            let cause = inline.recorder.last();
            for sequencer in &mut inline.sequencers {
                sequencer.add_symbol(*spec, *rules, cause);
            }
        }
        inline
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        Timestamp(self.now)
    }

    /// When a command that is given next will be run.
    #[must_use]
    pub fn next_now(&self) -> Timestamp {
        Timestamp(self.now.saturating_add(self.pace))
    }

    /// Does what an action says, to its end.
    pub fn perform(&mut self, ticket: Ticket, action: &Action) -> Effects {
        match action {
            Action::Wait(nanos) => self.wait(*nanos),
            Action::SetRules(change, cancel_open) => self.set_rules(change.0, change.1, *cancel_open),
            Action::CancelBook(symbol) => self.cancel_book(*symbol),
            _ => {
                let account = action.account().expect("the others are done");
                let request = action.request(&self.ids, self.next_now()).expect("the others are done");
                self.run(account, ticket, request)
            }
        }
    }

    /// Runs one command of an account to its end.
    pub fn run(&mut self, account: AccountId, ticket: Ticket, request: Request) -> Effects {
        let mut effects = Effects::default();
        self.go_on(self.pace, &mut effects);
        let now = self.now();
        let mut out = SequencerOutbox::default();
        let mut ctx = Context { now, log: &mut self.recorder };
        let mut ids = IdsFor { ids: &mut self.ids, owner: account, lease: None };
        let home = shard_of_account(account, self.sequencers.len());
        let command = Command { ticket, request_id: None, request };
        self.sequencers[home].handle(command, &mut ctx, &mut ids, &mut out);
        let mut replies = self.propagate(out, MatcherOutbox::default(), &mut effects);
        assert_eq!(replies.len(), 1, "one command, one answer: {replies:?}");
        let reply = replies.remove(0);
        assert_eq!((reply.ticket, reply.at, reply.duplicate), (ticket, now, false));
        effects.reply = Some(reply);
        effects
    }

    /// Runs commands that their sequencers take before a matcher sees the first of them. Their answers, in the order in
    /// which they came.
    pub fn run_together(&mut self, commands: Vec<(AccountId, Ticket, Request)>) -> Vec<Reply> {
        let mut effects = Effects::default();
        self.go_on(self.pace, &mut effects);
        let now = self.now();
        let mut out = SequencerOutbox::default();
        for (account, ticket, request) in commands {
            let home = shard_of_account(account, self.sequencers.len());
            let mut ctx = Context { now, log: &mut self.recorder };
            let mut ids = IdsFor { ids: &mut self.ids, owner: account, lease: None };
            let command = Command { ticket, request_id: None, request };
            self.sequencers[home].handle(command, &mut ctx, &mut ids, &mut out);
            self.sequencers[home].check_invariants();
        }
        self.propagate(out, MatcherOutbox::default(), &mut effects)
    }

    /// Lets time go by, doing on the way all that is due, each at its own time.
    pub fn wait(&mut self, nanos: u64) -> Effects {
        let mut effects = Effects::default();
        self.go_on(nanos, &mut effects);
        effects
    }

    /// Changes a symbol's bounds and rules, as the operator does.
    pub fn set_rules(&mut self, spec: SymbolSpec, rules: SymbolRules, cancel_open: bool) -> Effects {
        let mut effects = self.on_matcher_of(spec.id(), |matcher, ctx, out| {
            matcher.set_rules(spec, rules, cancel_open, ctx, out)
        });
        if let Some(Ok(_)) = &effects.operated {
            let cause = self.recorder.last();
            for sequencer in &mut self.sequencers {
                sequencer.set_rules(spec, rules, cause);
            }
        }
        let replies = self.propagate(SequencerOutbox::default(), MatcherOutbox::default(), &mut effects);
        assert!(replies.is_empty(), "nobody asked: {replies:?}");
        effects
    }

    /// Cancels a whole symbol, as the operator does.
    pub fn cancel_book(&mut self, symbol: SymbolId) -> Effects {
        self.on_matcher_of(symbol, |matcher, ctx, out| Ok(matcher.cancel_book(symbol, ctx, out)))
    }

    /// Removes a symbol, as the operator does.
    pub fn remove_symbol(&mut self, symbol: SymbolId, force: bool) -> Effects {
        self.on_matcher_of(symbol, |matcher, ctx, out| matcher.remove_symbol(symbol, force, ctx, out))
    }

    /// Watches a book, or no longer.
    pub fn watch_book(&mut self, symbol: SymbolId, on: bool) -> Vec<BookNews> {
        let mut out = MatcherOutbox::default();
        let shard = shard_of_symbol(symbol, self.matchers.len());
        self.matchers[shard].watch(symbol, on, &mut out);
        out.book_news
    }

    /// Watches an account, or all, or no longer.
    pub fn watch_accounts(&mut self, account: Option<AccountId>, on: bool) -> Vec<AccountNews> {
        let mut out = SequencerOutbox::default();
        let (shards, now) = (self.sequencers.len(), self.now());
        let home = account.map(|account| shard_of_account(account, shards));
        for (at, sequencer) in self.sequencers.iter_mut().enumerate() {
            if home.is_none_or(|home| home == at) {
                sequencer.watch(account, on, now, &mut out);
            }
        }
        out.account_news
    }

    /// An account's balances and open orders, as its sequencer tells them; nothing of one that does not exist.
    pub fn account(&mut self, account: AccountId) -> (Vec<(AssetId, Balance)>, Vec<Order>) {
        let home = shard_of_account(account, self.sequencers.len());
        let balances = match self.ask(home, Request::Balances { account }) {
            Outcome::Balances(balances) => balances,
            _ => return Default::default(),
        };
        let (after, limit) = (OrderId(0), usize::MAX);
        let open = Request::OpenOrders { account: Some(account), symbol: None, after, limit };
        match self.ask(home, open) {
            Outcome::Orders(page) => (balances, page.orders),
            other => panic!("asked for orders, told {other:?}"),
        }
    }

    /// A symbol's market, as long as it is there.
    #[must_use]
    pub fn find_market(&self, symbol: SymbolId) -> Option<&Market<B>> {
        self.matchers[shard_of_symbol(symbol, self.matchers.len())].market(symbol)
    }

    fn on_matcher_of(
        &mut self,
        symbol: SymbolId,
        run: impl FnOnce(
            &mut Matcher<B>,
            &mut Context<'_>,
            &mut MatcherOutbox,
        ) -> Result<Vec<CanceledOrder>, Reject>,
    ) -> Effects {
        let mut effects = Effects::default();
        self.go_on(self.pace, &mut effects);
        let mut out = MatcherOutbox::default();
        let shard = shard_of_symbol(symbol, self.matchers.len());
        let mut ctx = Context { now: Timestamp(self.now), log: &mut self.recorder };
        effects.operated = Some(run(&mut self.matchers[shard], &mut ctx, &mut out));
        let replies = self.propagate(SequencerOutbox::default(), out, &mut effects);
        assert!(replies.is_empty(), "nobody asked: {replies:?}");
        effects
    }

    /// Moves the clock, from one deadline to the next.
    fn go_on(&mut self, nanos: u64, effects: &mut Effects) {
        let target = self.now.saturating_add(nanos);
        while let Some(due) = self.next_deadline().filter(|due| due.0 <= target) {
            self.now = self.now.max(due.0);
            self.run_due(effects);
        }
        self.now = target;
    }

    /// When something is due next.
    fn next_deadline(&self) -> Option<Timestamp> {
        let timers = self.sequencers.iter().filter_map(Sequencer::next_deadline);
        timers.chain(self.matchers.iter().filter_map(Matcher::next_deadline)).min()
    }

    /// Does what is due: expiries first, then timers.
    fn run_due(&mut self, effects: &mut Effects) {
        let now = self.now();
        let mut replies = Vec::new();
        for shard in 0..self.matchers.len() {
            let mut out = MatcherOutbox::default();
            let mut ctx = Context { now, log: &mut self.recorder };
            self.matchers[shard].tick(&mut ctx, &mut out);
            replies.extend(self.propagate(SequencerOutbox::default(), out, effects));
        }
        for shard in 0..self.sequencers.len() {
            let mut out = SequencerOutbox::default();
            let mut ctx = Context { now, log: &mut self.recorder };
            self.sequencers[shard].tick(&mut ctx, &mut out);
            replies.extend(self.propagate(out, MatcherOutbox::default(), effects));
        }
        assert!(replies.is_empty(), "nobody asked: {replies:?}");
    }

    /// Carries messages between the shards until there are none. Says who was answered.
    fn propagate(
        &mut self,
        mut out: SequencerOutbox,
        mut matcher_out: MatcherOutbox,
        effects: &mut Effects,
    ) -> Vec<Reply> {
        let now = self.now();
        let (mut admitted, mut settlements) = (VecDeque::new(), VecDeque::new());
        let mut replies = Vec::new();
        loop {
            settlements.extend(matcher_out.to_sequencer.drain(..));
            settlements.extend(out.to_sequencer.drain(..));
            admitted.extend(out.to_matcher.drain(..));
            replies.append(&mut out.replies);
            replies.append(&mut matcher_out.replies);
            effects.trades.append(&mut matcher_out.trades);
            effects.changed.append(&mut matcher_out.changed);
            effects.book_news.append(&mut matcher_out.book_news);
            effects.account_news.append(&mut out.account_news);
            let mut ctx = Context { now, log: &mut self.recorder };
            if let Some(message) = settlements.pop_front() {
                let message: ToSequencer = message;
                effects.settlements.push(message.clone());
                if let ToSequencer::Settle(settlement) = &message {
                    self.ids.note(settlement);
                }
                let shard = shard_of_account(message.account(), self.sequencers.len());
                self.sequencers[shard].handle_settlement(message, &mut ctx, &mut out);
            } else if let Some(message) = admitted.pop_front() {
                let message: ToMatcher = message;
                effects.admitted.push(message.clone());
                let shard = shard_of_symbol(message.symbol(), self.matchers.len());
                self.matchers[shard].handle(message, &mut ctx, &mut matcher_out);
            } else {
                return replies;
            }
        }
    }

    /// A balance.
    #[must_use]
    pub fn balance(&self, account: AccountId, asset: AssetId) -> Balance {
        self.sequencers[shard_of_account(account, self.sequencers.len())].balance(account, asset)
    }

    /// A symbol's market.
    #[must_use]
    pub fn market(&self, symbol: SymbolId) -> &Market<B> {
        self.matchers[shard_of_symbol(symbol, self.matchers.len())]
            .market(symbol)
            .expect("an announced symbol")
    }

    /// An account's order, as its sequencer tells it.
    pub fn order(&mut self, account: AccountId, order: OrderId) -> Option<Order> {
        match self.ask(shard_of_account(account, self.sequencers.len()), Request::Order { order }) {
            Outcome::Orders(page) => {
                assert!(page.orders.len() <= 1);
                page.orders.into_iter().next()
            }
            other => panic!("asked for an order, told {other:?}"),
        }
    }

    /// All open orders of all shards, in the order of acceptance.
    pub fn open_orders(&mut self) -> Vec<Order> {
        let all = Request::OpenOrders { account: None, symbol: None, after: OrderId(0), limit: usize::MAX };
        let mut orders = Vec::new();
        for shard in 0..self.sequencers.len() {
            match self.ask(shard, all.clone()) {
                Outcome::Orders(page) => orders.extend(page.orders),
                other => panic!("asked for orders, told {other:?}"),
            }
        }
        orders.sort_by_key(|order| order.id);
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

    /// Fees that have accrued at all symbols, by asset; an asset may come more than once.
    #[must_use]
    pub fn accrued_fees(&self) -> Vec<(AssetId, SignedAmount)> {
        self.matchers.iter().flat_map(Matcher::accrued_fees).collect()
    }

    /// Panics if a shard disagrees with itself.
    pub fn check_invariants(&self) {
        for sequencer in &self.sequencers {
            sequencer.check_invariants();
        }
        for matcher in &self.matchers {
            matcher.check_invariants();
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
    ask_reply(sequencer, request, log, now).outcome
}

/// The same, with when the answer may be seen.
pub(crate) fn ask_reply(
    sequencer: &mut Sequencer,
    request: Request,
    log: &mut Recorder,
    now: Timestamp,
) -> Reply {
    let mut out = SequencerOutbox::default();
    let mut ids = Ids::default();
    let before = log.last();
    let mut ctx = Context { now, log };
    let mut ids = IdsFor { ids: &mut ids, owner: AccountId(0), lease: None };
    let command = Command { ticket: Ticket(0), request_id: None, request };
    sequencer.handle(command, &mut ctx, &mut ids, &mut out);
    assert!(out.to_matcher.is_empty() && out.replies.len() == 1 && log.last() == before);
    assert!(out.account_news.is_empty(), "a question changes something: {out:?}");
    out.replies.remove(0)
}
