//! Somebody listens to the shards of a world: what they tell of what is watched, and when it may be seen.

use std::collections::BTreeSet;

use lightning_core::events::{AccountEvent, AccountNews, BookNews};
use lightning_core::matcher::Matcher;
use lightning_core::message::{Order, Outcome, Request, ToSequencer};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::types::{AccountId, Lsn, OrderId, SymbolId, Timestamp};

use super::World;
use super::lives::LONG_AGO;
use crate::fold::{Canonical, History, symbol_of};
use crate::inline::ask_reply;
use crate::news::Observer;
use crate::rng::{Dice, Rng};

/// Who listens. What they want is drawn apart, so that it does not change what happens.
pub(super) struct Listener {
    observer: Observer,
    rng: Rng,
    /// They go away now and then; else everything is heard from the beginning of a machine's life on.
    comes_and_goes: bool,
    /// All that was told in this machine's life.
    pub(super) heard: Heard,
}

/// What was told, in the order of each shard.
#[derive(Clone, Default)]
pub(super) struct Heard {
    pub(super) books: Vec<BookNews>,
    pub(super) accounts: Vec<AccountNews>,
}

impl Listener {
    fn wants(&mut self, n: u64) -> Option<bool> {
        let switches = self.rng.one_in(n);
        switches.then(|| !(self.comes_and_goes && self.rng.one_in(3)))
    }
}

impl World<'_, '_> {
    /// Somebody listens from now on, to books and accounts as a seed decides.
    #[must_use]
    pub fn watched(mut self, seed: u64) -> Self {
        let mut rng = Rng::new(seed, 9);
        let everyone = rng.one_in(3);
        let observer = if everyone { Observer::of_everyone() } else { Observer::default() };
        let heard = Heard::default();
        self.listener = Some(Listener { observer, rng, comes_and_goes: true, heard });
        if everyone {
            self.watch_all_accounts();
        }
        self
    }

    fn watch_all_accounts(&mut self) {
        for shard in &mut self.shards.sequencers {
            let mut out = SequencerOutbox::default();
            shard.core.watch(None, true, Timestamp(shard.clock), &mut out);
            assert!(out.account_news.is_empty(), "of all accounts there is no beginning: {out:?}");
        }
    }

    /// A machine has come to life: everything on it is listened to.
    pub(crate) fn listen(&mut self, rng: Rng) {
        let (observer, heard) = Default::default();
        self.listener = Some(Listener { observer, rng, comes_and_goes: false, heard });
        for spec in &self.workload.setup.symbols {
            self.watch_book(spec.id(), true);
        }
        for &account in &self.workload.setup.accounts {
            self.watch_account(account, true);
        }
    }

    fn watch_book(&mut self, symbol: SymbolId, on: bool) {
        let mut out = MatcherOutbox::default();
        let at = self.shards.book(symbol);
        self.shards.matchers[at].core.watch(symbol, on, &mut out);
        let listener = self.listener.as_mut().expect("somebody listens");
        match &out.book_news[..] {
            [] if !on => listener.observer.leave_book(symbol),
            [BookNews::Ended(ended)] if on => {
                assert!(*ended == symbol && self.notes.removed.contains(&symbol), "{symbol:?} is there");
            }
            [start @ BookNews::Start(_)] if on => {
                listener.observer.book_news(start);
                listener.heard.books.push(start.clone());
            }
            other => panic!("asked to tell of a book, told {other:?}"),
        }
    }

    fn watch_account(&mut self, account: AccountId, on: bool) {
        let mut out = SequencerOutbox::default();
        let home = self.shards.home(account);
        let shard = &mut self.shards.sequencers[home];
        shard.core.watch(Some(account), on, Timestamp(shard.clock), &mut out);
        assert_eq!(out.account_news.len(), usize::from(on), "{out:?}");
        for news in out.account_news {
            // All that this shard shows.
            assert!(news.cause >= self.shards.sequencers[home].shown, "seen too early: {news:?}");
            self.hear_account(news);
        }
        if !on {
            self.listener.as_mut().expect("somebody listens").observer.leave(account);
        }
    }

    fn hear_account(&mut self, news: AccountNews) {
        let listener = self.listener.as_mut().expect("somebody listens");
        listener.observer.account_news(&news);
        listener.heard.accounts.push(news);
    }

    /// What a matcher told of its last command, which wrote down what comes after `before`.
    pub(super) fn hear_matcher(&mut self, at: usize, before: Lsn, out: &mut MatcherOutbox) {
        let Some(listener) = &mut self.listener else {
            return assert!(out.book_news.is_empty(), "nobody listens: {out:?}");
        };
        Observer::check_executed(&listener.observer.books(), &out.book_news, &out.trades);
        for news in out.book_news.drain(..) {
            if let BookNews::Changed(event) = &news {
                let symbol = symbol_of(self.recorder.get(event.cause));
                let is_own = event.cause > before && symbol == Some(event.symbol);
                // Where machines die, it is for those who come back to find out.
                assert!(is_own || self.journal.is_some(), "it may be seen before its record: {event:?}");
            }
            listener.observer.book_news(&news);
            listener.heard.books.push(news);
        }
        for spec in &self.workload.setup.symbols {
            if self.shards.book(spec.id()) == at {
                listener.observer.check_book(spec.id(), self.shards.matchers[at].core.market(spec.id()));
            }
        }
        for spec in &self.workload.setup.symbols {
            let symbol = spec.id();
            if self.shards.book(symbol) == at
                && let Some(on) = self.listener.as_mut().and_then(|listener| listener.wants(16))
            {
                self.watch_book(symbol, on);
            }
        }
    }

    /// What a sequencer told of its last command or message.
    pub(super) fn hear_sequencer(&mut self, at: usize, out: &mut SequencerOutbox) {
        if self.listener.is_none() {
            return assert!(out.account_news.is_empty(), "nobody listens: {out:?}");
        }
        let is_balance = |news: &AccountNews| matches!(news.event, AccountEvent::Balance { .. });
        assert!(out.account_news.is_sorted_by_key(is_balance), "orders first: {:?}", out.account_news);
        let shown = self.shards.sequencers[at].shown;
        let mut last = None;
        let mut concerned = BTreeSet::new();
        for news in out.account_news.drain(..) {
            if let AccountEvent::Execution(execution) = &news.event {
                assert_eq!(
                    execution.step.map(|step| step.cause),
                    Some(news.cause),
                    "another record: {news:?}"
                );
            } else {
                assert!(news.cause >= shown, "it may be seen before what it shows: {news:?}");
                last = Some(news.cause);
            }
            concerned.insert(news.account);
            self.hear_account(news);
        }
        let any = &self.workload.setup.accounts;
        let listener = self.listener.as_mut().expect("somebody listens");
        concerned.insert(*listener.rng.pick(any));
        for account in concerned {
            if self.shards.home(account) == at {
                let gate = self.check_heard(account, false);
                let told = last.is_none_or(|last| last == gate);
                assert!(told, "told at {last:?}, and a read may be seen at {gate:?}");
            }
        }
        for &account in &self.workload.setup.accounts {
            if self.shards.home(account) == at
                && let Some(on) = self.listener.as_mut().and_then(|listener| listener.wants(16))
            {
                self.watch_account(account, on);
            }
        }
    }

    /// Who only listened knows what an account's sequencer says when it is asked. `exactly`: nothing is on its way. Says
    /// when such an answer may be seen.
    fn check_heard(&mut self, account: AccountId, exactly: bool) -> Lsn {
        let home = self.shards.home(account);
        let core = &mut self.shards.sequencers[home].core;
        let mut read = |request| ask_reply(core, request, &mut self.recorder, LONG_AGO);
        let balances = read(Request::Balances { account });
        let observer = &self.listener.as_ref().expect("somebody listens").observer;
        if let Outcome::Balances(balances) = balances.outcome {
            observer.check_balances(account, &balances);
            let (after, limit) = (OrderId(0), usize::MAX);
            let open = Request::OpenOrders { account: Some(account), symbol: None, after, limit };
            let Outcome::Orders(open) = read(open).outcome else { panic!("asked for open orders") };
            observer.check_orders(account, &open.orders, exactly);
        }
        balances.gate
    }

    /// Nothing is on its way.
    pub(super) fn check_all_heard(&mut self) {
        if self.listener.is_some() {
            for account in &self.workload.setup.accounts {
                self.check_heard(*account, true);
            }
        }
    }

    /// The machine is dead: what may have been seen of what was told by then is a promise.
    pub(super) fn note_heard(&mut self) {
        let gate = self.gate().min(self.recorder.last());
        if let Some(listener) = self.listener.take() {
            self.promises.note_heard(gate, listener.heard);
        }
    }
}

impl Heard {
    /// Nothing of what may have been seen, when records up to `gate` were durable, contradicts the history that is left.
    pub(super) fn check(&self, gate: Lsn, history: &History, canonical: &Canonical, books: &[Matcher]) {
        let mut observer = Observer::default();
        for news in &self.books {
            let seen = match news {
                BookNews::Start(start) => start.cause <= gate,
                BookNews::Changed(event) => event.cause <= gate,
                // That there is nothing more, the book will say.
                BookNews::Ended(_) => false,
            };
            if seen {
                observer.book_news(news);
            }
        }
        for symbol in self.books.iter().filter_map(symbol_of_start) {
            if let Some(market) = books[0].market(symbol) {
                observer.check_book(symbol, Some(market));
            }
        }
        for news in self.accounts.iter().filter(|news| news.cause <= gate) {
            match &news.event {
                AccountEvent::Balance { .. } => {}
                AccountEvent::Start { orders, .. } => {
                    orders.iter().for_each(|order| expect_order(order, canonical));
                }
                AccountEvent::Execution(execution) => {
                    let step = execution.step.expect("every step has a settlement");
                    let said = history.said.get(&news.cause).into_iter().flat_map(|said| &said.messages);
                    let again = |message: &ToSequencer| matches!(message, ToSequencer::Settle(again) if *again == step);
                    assert!(said.into_iter().any(again), "it was seen, and did not happen: {execution:?}");
                    expect_order(&execution.order, canonical);
                }
            }
        }
    }
}

fn symbol_of_start(news: &BookNews) -> Option<SymbolId> {
    match news {
        BookNews::Start(start) => Some(start.symbol),
        _ => None,
    }
}

/// An order that was seen is still that far, or further.
fn expect_order(seen: &Order, canonical: &Canonical) {
    let order = canonical.order(seen.id);
    let order = order.unwrap_or_else(|| panic!("an order that was seen is lost: {seen:?}"));
    let kept = order.filled >= seen.filled
        && order.notional >= seen.notional
        && order.prevented >= seen.prevented
        && order.amends >= seen.amends
        && (seen.status.is_open() || order.status == seen.status);
    assert!(kept, "{seen:?} was seen, and it is {order:?}");
}
