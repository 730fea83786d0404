//! What shards tell of what is watched is all that happens to it. (That watching changes nothing: see
//! `event_log.rs`. While shards take turns: see `seeds.rs`. When machines die: see `crashes.rs`.)

use std::collections::BTreeMap;

use lightning_core::book::{NaiveBook, OrderBook, PriceTimeBook};
use lightning_core::events::{AccountEvent, AccountNews, BookEventKind, BookNews};
use lightning_core::message::Request;
use lightning_core::types::{Lsn, SymbolId, Ticket};
use lightning_sim::check;
use lightning_sim::fold::symbol_of;
use lightning_sim::inline::{Effects, Inline};
use lightning_sim::news::Observer;
use lightning_sim::rng::{Dice, Rng};
use lightning_sim::workload::{self, Workload};

const SEEDS: u64 = 3_000;

/// What the seeds must reach, each at least so often.
const REACHED: [(&str, u64); 17] = [
    ("Added", 20_000),
    ("Executed", 5_000),
    ("Reduced", 500),
    ("Removed", 5_000),
    ("a slice behind another", 500),
    ("a book begins", 10_000),
    ("a book ends", 500),
    ("an account begins", 10_000),
    ("a balance", 50_000),
    ("New", 10_000),
    ("Triggered", 100),
    ("Trade", 5_000),
    ("Prevented", 100),
    ("Amended", 200),
    ("Canceled", 5_000),
    ("Expired", 5_000),
    ("a closed order was remembered", 10_000),
];

#[test]
fn replicas_are_what_they_watch_after_every_command() {
    let mut reached = BTreeMap::new();
    for seed in 0..SEEDS {
        let workload = workload::generate(seed);
        // Several shards of both kinds; one in a while the book that nobody could get wrong.
        let result = check::catch(|| match seed % 8 {
            0 => Run::<NaiveBook>::new(&workload, seed, (1, 1)).go(),
            1..4 => Run::<PriceTimeBook>::new(&workload, seed, (1, 1)).go(),
            _ => Run::<PriceTimeBook>::new(&workload, seed, (3, 2)).go(),
        });
        match result {
            Ok(counts) => {
                counts.into_iter().for_each(|(name, count)| *reached.entry(name).or_default() += count)
            }
            Err(message) => panic!("seed {seed}: {message}"),
        }
    }
    for (name, at_least) in REACHED {
        let count: u64 = reached.get(name).copied().unwrap_or_default();
        assert!(count >= at_least, "only {count} times in {SEEDS} seeds: {name}");
    }
}

/// One seed, command by command.
struct Run<'w, B> {
    workload: &'w Workload,
    rng: Rng,
    exchange: Inline<B>,
    observer: Observer,
    reached: BTreeMap<&'static str, u64>,
}

impl<'w, B: OrderBook> Run<'w, B> {
    fn new(workload: &'w Workload, seed: u64, (sequencers, matchers): (usize, usize)) -> Self {
        let mut rng = Rng::new(seed, 9);
        let exchange = Inline::new(&workload.setup, sequencers, matchers);
        let observer = if rng.one_in(3) { Observer::of_everyone() } else { Observer::default() };
        let mut run = Self { workload, rng, exchange, observer, reached: BTreeMap::new() };
        if run.observer.follows_everyone() {
            assert!(run.exchange.watch_accounts(None, true).is_empty(), "nothing has happened");
        }
        run
    }

    fn go(mut self) -> BTreeMap<&'static str, u64> {
        for (number, action) in self.workload.actions.iter().enumerate() {
            self.switch();
            let effects = self.exchange.perform(Ticket(number as u64 + 1), action);
            self.told(&effects);
            self.check();
        }
        self.remove_symbols();
        self.check_closed();
        self.reached
    }

    fn hit(&mut self, name: &'static str) {
        *self.reached.entry(name).or_default() += 1;
    }

    /// Somebody comes, goes, or wants to hear all of it once more.
    fn switch(&mut self) {
        for spec in &self.workload.setup.symbols {
            if self.rng.one_in(8) {
                let (symbol, on) = (spec.id(), !self.rng.one_in(3));
                let news = self.exchange.watch_book(symbol, on);
                assert_eq!(news.len(), usize::from(on), "{news:?}");
                news.iter().for_each(|news| self.book_news(news));
                if !on {
                    self.observer.leave_book(symbol);
                }
            }
        }
        for account in &self.workload.setup.accounts {
            if self.rng.one_in(8) {
                let on = !self.rng.one_in(3);
                let news = self.exchange.watch_accounts(Some(*account), on);
                assert_eq!(news.len(), usize::from(on), "{news:?}");
                news.iter().for_each(|news| self.account_news(news));
                if !on {
                    self.observer.leave(*account);
                }
            }
        }
    }

    fn told(&mut self, effects: &Effects) {
        Observer::check_executed(&self.observer.books(), &effects.book_news, &effects.trades);
        effects.book_news.iter().for_each(|news| self.book_news(news));
        effects.account_news.iter().for_each(|news| self.account_news(news));
        for news in effects.book_news.windows(2) {
            if let [BookNews::Changed(used_up), BookNews::Changed(next)] = news
                && used_up.kind == BookEventKind::Executed
                && next.kind == BookEventKind::Added
                && used_up.order == next.order
            {
                self.hit("a slice behind another");
            }
        }
    }

    fn book_news(&mut self, news: &BookNews) {
        self.observer.book_news(news);
        match news {
            BookNews::Start(_) => self.hit("a book begins"),
            BookNews::Ended(_) => self.hit("a book ends"),
            BookNews::Changed(event) => {
                // The record is of this symbol, and of this time.
                let written = &self.exchange.recorder.records[place_of(event.cause)];
                assert_eq!(
                    (symbol_of(&written.record), written.at),
                    (Some(event.symbol), event.at),
                    "{event:?}"
                );
                self.hit(match event.kind {
                    BookEventKind::Added => "Added",
                    BookEventKind::Executed => "Executed",
                    BookEventKind::Reduced => "Reduced",
                    BookEventKind::Removed => "Removed",
                });
            }
        }
    }

    fn account_news(&mut self, news: &AccountNews) {
        self.observer.account_news(news);
        assert!(news.cause <= self.exchange.recorder.last(), "{news:?}");
        match &news.event {
            AccountEvent::Start { .. } => self.hit("an account begins"),
            AccountEvent::Balance { .. } => self.hit("a balance"),
            AccountEvent::Execution(execution) => {
                let written = &self.exchange.recorder.records[place_of(news.cause)];
                assert_eq!(symbol_of(&written.record), Some(execution.order.order.symbol), "{news:?}");
                assert_eq!(written.at, news.at, "{news:?}");
                self.hit(KINDS[execution.kind as usize]);
            }
        }
    }

    fn check(&mut self) {
        for spec in &self.workload.setup.symbols {
            self.observer.check_book(spec.id(), self.exchange.find_market(spec.id()));
        }
        for &account in &self.workload.setup.accounts {
            if self.observer.follows(account) {
                let (balances, open) = self.exchange.account(account);
                self.observer.check_balances(account, &balances);
                self.observer.check_orders(account, &open, true);
            }
        }
    }

    /// The operator takes every symbol away, with all that is open on it, as soon as its fees have been collected.
    fn remove_symbols(&mut self) {
        let symbols: Vec<SymbolId> = self.workload.setup.symbols.iter().map(|spec| spec.id()).collect();
        for symbol in symbols {
            for &account in &self.workload.setup.accounts {
                let request = Request::CollectFees { account, symbol };
                let effects = self.exchange.run(account, Ticket(u64::MAX), request);
                self.told(&effects);
                self.check();
            }
            let followed = self.observer.follows_book(symbol);
            let effects = self.exchange.remove_symbol(symbol, true);
            self.told(&effects);
            self.check();
            if let Some(Ok(_)) = effects.operated {
                assert!(!self.observer.follows_book(symbol), "{symbol:?} was removed");
                let ends = effects.book_news.last() == Some(&BookNews::Ended(symbol));
                assert_eq!(ends, followed, "{:?}", effects.book_news);
                let late = self.exchange.watch_book(symbol, true);
                assert_eq!(late, [BookNews::Ended(symbol)], "it was removed before");
            }
        }
    }

    /// What was told last of an order that is closed is what is remembered of it.
    fn check_closed(&mut self) {
        for account in self.workload.setup.accounts.clone() {
            let closed: Vec<_> = self.observer.closed(account).cloned().collect();
            for told in closed {
                if let Some(remembered) = self.exchange.order(account, told.id) {
                    assert_eq!(told, remembered, "by what was told, and as it is remembered");
                    self.hit("a closed order was remembered");
                }
            }
        }
    }
}

const KINDS: [&str; 7] = ["New", "Triggered", "Trade", "Prevented", "Amended", "Canceled", "Expired"];

fn place_of(cause: Lsn) -> usize {
    usize::try_from(cause.0).unwrap().checked_sub(1).expect("an event has a record")
}
