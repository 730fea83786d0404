//! Whoever only listens: a book and an account made of nothing but what shards tell of them when they are watched.
//!
//! A replica adds up what it is told, as naively as can be, and must be what the shard has: after every command, however
//! often watching ended and began again. What it is told must also make sense by itself: an order that is executed is
//! in front, what becomes of an order follows from what it was.

mod account;
mod book;

pub use account::AccountReplica;
pub use book::BookReplica;

use std::collections::{BTreeMap, BTreeSet};

use lightning_core::book::OrderBook;
use lightning_core::events::{AccountEvent, AccountNews, BookEventKind, BookNews};
use lightning_core::matcher::Market;
use lightning_core::message::{Balance, Order, Trade};
use lightning_core::types::{AccountId, AssetId, SymbolId};

/// Follows books and accounts.
#[derive(Debug, Default)]
pub struct Observer {
    books: BTreeMap<SymbolId, BookReplica>,
    accounts: BTreeMap<AccountId, AccountReplica>,
    /// Everyone is watched from the very beginning: of whom nothing was told, there is nothing.
    everyone: bool,
}

impl Observer {
    /// Follows everyone from the very beginning.
    #[must_use]
    pub fn of_everyone() -> Self {
        Self { everyone: true, ..Self::default() }
    }

    /// Are all accounts followed?
    #[must_use]
    pub fn follows_everyone(&self) -> bool {
        self.everyone
    }

    /// Is this book followed?
    #[must_use]
    pub fn follows_book(&self, symbol: SymbolId) -> bool {
        self.books.contains_key(&symbol)
    }

    /// Is this account followed?
    #[must_use]
    pub fn follows(&self, account: AccountId) -> bool {
        self.everyone || self.accounts.contains_key(&account)
    }

    /// Follows a book no longer.
    pub fn leave_book(&mut self, symbol: SymbolId) {
        self.books.remove(&symbol);
    }

    /// Follows an account no longer, unless everyone is followed.
    pub fn leave(&mut self, account: AccountId) {
        if !self.everyone {
            self.accounts.remove(&account);
        }
    }

    /// What a matcher tells.
    pub fn book_news(&mut self, news: &BookNews) {
        match news {
            BookNews::Start(start) => {
                let replica = BookReplica::new(start);
                if let Some(before) = self.books.insert(start.symbol, replica) {
                    before.expect(&self.books[&start.symbol]);
                }
            }
            BookNews::Changed(event) => {
                let replica = self.books.get_mut(&event.symbol);
                replica.unwrap_or_else(|| panic!("nobody watches this book: {event:?}")).apply(event);
            }
            BookNews::Ended(symbol) => {
                let replica = self.books.remove(symbol);
                let replica = replica.unwrap_or_else(|| panic!("nobody watched {symbol:?}"));
                assert!(replica.is_empty(), "a symbol was removed with orders in it: {replica:?}");
            }
        }
    }

    /// What one command made a matcher tell: what was executed of a followed book was traded, in this order.
    ///
    /// `before`: the books that were followed when the command began.
    pub fn check_executed(before: &BTreeSet<SymbolId>, news: &[BookNews], trades: &[Trade]) {
        let executed = news.iter().filter_map(|news| match news {
            BookNews::Changed(event) if event.kind == BookEventKind::Executed => {
                Some((event.symbol, event.order, event.price, event.quantity))
            }
            _ => None,
        });
        let traded = trades.iter().filter(|trade| before.contains(&trade.symbol));
        let traded = traded.map(|trade| (trade.symbol, trade.maker, trade.price, trade.quantity));
        assert_eq!(executed.collect::<Vec<_>>(), traded.collect::<Vec<_>>(), "executed, and traded");
    }

    /// The books that are followed.
    #[must_use]
    pub fn books(&self) -> BTreeSet<SymbolId> {
        self.books.keys().copied().collect()
    }

    /// What a sequencer tells.
    pub fn account_news(&mut self, news: &AccountNews) {
        let account = news.account;
        assert!(self.follows(account) || matches!(news.event, AccountEvent::Start { .. }), "{news:?}");
        self.accounts.entry(account).or_default().apply(news);
    }

    /// A followed book is what its market has.
    pub fn check_book<B: OrderBook>(&self, symbol: SymbolId, market: Option<&Market<B>>) {
        let Some(replica) = self.books.get(&symbol) else { return };
        let market = market.unwrap_or_else(|| panic!("nobody said that {symbol:?} was removed"));
        replica.check(market);
    }

    /// A followed account has these balances.
    pub fn check_balances(&self, account: AccountId, balances: &[(AssetId, Balance)]) {
        if self.follows(account) {
            self.accounts.get(&account).unwrap_or(&AccountReplica::default()).check_balances(balances);
        }
    }

    /// A followed account has these open orders. `exactly`: nothing is on its way to it.
    pub fn check_orders(&self, account: AccountId, open: &[Order], exactly: bool) {
        if self.follows(account) {
            self.accounts.get(&account).unwrap_or(&AccountReplica::default()).check_orders(open, exactly);
        }
    }

    /// What a followed account's orders came to that were closed meanwhile.
    pub fn closed(&self, account: AccountId) -> impl Iterator<Item = &Order> {
        self.accounts.get(&account).into_iter().flat_map(AccountReplica::closed)
    }

    /// A followed book.
    #[must_use]
    pub fn book(&self, symbol: SymbolId) -> Option<&BookReplica> {
        self.books.get(&symbol)
    }
}
