//! What is known of watched books and accounts: news taken from the taps, held until they may be seen, and looked up.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use lightning_core::events::{AccountEvent, AccountNews, BookNews, Execution};
use lightning_core::message::{Fill, Trade};
use lightning_core::types::{AccountId, Lsn, OrderId, SymbolId};

use crate::router::shard_of_account;
use crate::streams::accounts::{Accounts, Entry};
use crate::streams::depth::DepthBook;
use crate::streams::tap::{AccountItem, Caused, Lost, TAP_MAX, Tap};
use crate::streams::{AccountStart, BalanceUpdate, ExecutionReport};

/// What market data knows. One for each engine, behind a lock that no shard ever takes.
#[derive(Debug)]
pub(crate) struct Plane {
    books: BTreeMap<SymbolId, WatchedBook>,
    accounts: Accounts,
    book_news: Vec<Held<BookNews>>,
    account_news: Vec<Held<AccountEntry>>,
    items: Vec<AccountItem>,
}

#[derive(Debug)]
struct WatchedBook {
    book: DepthBook,
    watchers: usize,
    /// Those of them who want events of orders.
    of_orders: usize,
}

#[derive(Debug)]
struct AccountEntry {
    account: AccountId,
    cause: Lsn,
    entry: Entry,
}

impl Caused for AccountEntry {
    fn cause(&self) -> Option<Lsn> {
        Some(self.cause)
    }
}

/// What was taken from a tap and may not be seen yet, in its order.
#[derive(Debug)]
struct Held<T> {
    items: VecDeque<T>,
    /// Behind all of them.
    lost: Option<Lost>,
    buffer: Vec<T>,
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), lost: None, buffer: Vec::new() }
    }
}

impl<T: Caused> Held<T> {
    /// May more be taken? Otherwise it waits in the tap, which is bounded.
    fn has_room(&self) -> bool {
        self.lost.is_none() && self.items.len() < TAP_MAX
    }

    fn next(&mut self, open: Lsn) -> Option<T> {
        let may_be_seen = self.items.front()?.cause().is_none_or(|cause| cause <= open);
        if may_be_seen { self.items.pop_front() } else { None }
    }

    fn next_loss(&mut self, open: Lsn) -> Option<Lost> {
        if self.items.is_empty() { self.lost.take_if(|lost| lost.to <= open) } else { None }
    }
}

/// Something was lost, so a shard has to be asked for a fresh start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Resync {
    /// Of a book.
    Book(SymbolId),
    /// Of an account.
    Account(AccountId),
}

impl Plane {
    /// With taps of so many matchers and sequencers.
    pub(crate) fn new(matchers: usize, sequencers: usize) -> Self {
        Self {
            books: BTreeMap::new(),
            accounts: Accounts::default(),
            book_news: (0..matchers).map(|_| Held::default()).collect(),
            account_news: (0..sequencers).map(|_| Held::default()).collect(),
            items: Vec::new(),
        }
    }

    /// Takes what shards have left, and looks at what may be seen of it: records up to `open` are safe. Says what has to
    /// be asked for, and whether anything was new.
    pub(crate) fn turn(
        &mut self,
        books: &[Tap<BookNews>],
        accounts: &[Tap<AccountItem>],
        open: Lsn,
    ) -> (Vec<Resync>, bool) {
        let (mut resyncs, mut is_new) = (Vec::new(), false);
        for (shard, tap) in books.iter().enumerate() {
            let held = &mut self.book_news[shard];
            if held.has_room() {
                held.lost = tap.take(&mut held.buffer);
                held.items.extend(held.buffer.drain(..));
            }
            while let Some(news) = self.book_news[shard].next(open) {
                is_new = true;
                if let Err(symbol) = self.see_book(&news) {
                    resyncs.push(Resync::Book(symbol));
                }
            }
            if self.book_news[shard].next_loss(open).is_some() {
                let of_shard = |symbol: SymbolId| symbol.0 as usize % books.len() == shard;
                for (&symbol, watched) in self.books.iter_mut().filter(|&(&symbol, _)| of_shard(symbol)) {
                    watched.book.lose();
                    resyncs.push(Resync::Book(symbol));
                }
            }
        }
        for (shard, tap) in accounts.iter().enumerate() {
            self.take_accounts(shard, tap);
            while let Some(AccountEntry { account, entry, .. }) = self.account_news[shard].next(open) {
                is_new = true;
                self.accounts.push(account, entry);
            }
            if let Some(lost) = self.account_news[shard].next_loss(open) {
                is_new = true;
                let is_of = |account| shard_of_account(account, accounts.len()) == shard;
                self.accounts.lose(lost, is_of);
                resyncs.extend(self.accounts.accounts().filter(|&of| is_of(of)).map(Resync::Account));
            }
        }
        (resyncs, is_new)
    }

    fn see_book(&mut self, news: &BookNews) -> Result<(), SymbolId> {
        match news {
            BookNews::Start(start) => {
                if let Some(watched) = self.books.get_mut(&start.symbol) {
                    watched.book.start(start);
                }
            }
            BookNews::Changed(event) => {
                if let Some(watched) = self.books.get_mut(&event.symbol)
                    && watched.book.apply(event).is_err()
                {
                    debug_assert!(false, "a watched book can't have had this: {event:?}");
                    watched.book.lose();
                    return Err(event.symbol);
                }
            }
            // Those who watch are told when the operator's call is safe.
            BookNews::Ended(_) => {}
        }
        Ok(())
    }

    fn take_accounts(&mut self, shard: usize, tap: &Tap<AccountItem>) {
        let held = &mut self.account_news[shard];
        if !held.has_room() {
            return;
        }
        held.lost = tap.take(&mut self.items);
        // Trades come ahead of what became of their orders; what came ahead of them is over.
        let (mut trades, mut is_over) = (BatchTrades::default(), false);
        for item in self.items.drain(..) {
            match item {
                AccountItem::Trades(of_batch) => {
                    if std::mem::take(&mut is_over) {
                        trades = BatchTrades::default();
                    }
                    trades.batches.push(of_batch);
                }
                AccountItem::News(news) => {
                    is_over = true;
                    held.items.push_back(entry_of(news, &mut trades));
                }
            }
        }
    }

    /// News that wait for their records to be safe.
    pub(crate) fn held(&self) -> usize {
        let books: usize = self.book_news.iter().map(|held| held.items.len()).sum();
        books + self.account_news.iter().map(|held| held.items.len()).sum::<usize>()
    }

    /// Forgets everything: nothing may leave any more.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.book_news.len(), self.account_news.len());
    }

    /// Somebody watches a book, perhaps with events of orders. True if it has to be asked for.
    pub(crate) fn watch_book(&mut self, symbol: SymbolId, of_orders: bool) -> bool {
        let new = || WatchedBook { book: DepthBook::new(symbol), watchers: 0, of_orders: 0 };
        let watched = self.books.entry(symbol).or_insert_with(new);
        watched.watchers += 1;
        if of_orders {
            watched.of_orders += 1;
            watched.book.keep_events(true);
        }
        watched.watchers == 1
    }

    /// Somebody does not any more. True if nobody does, so that it need not be told.
    pub(crate) fn unwatch_book(&mut self, symbol: SymbolId, of_orders: bool) -> bool {
        let Some(watched) = self.books.get_mut(&symbol) else { return false };
        watched.watchers -= 1;
        if of_orders {
            watched.of_orders -= 1;
            if watched.of_orders == 0 {
                watched.book.keep_events(false);
            }
        }
        let is_last = watched.watchers == 0;
        if is_last {
            self.books.remove(&symbol);
        }
        is_last
    }

    /// A watched book, if it is known by now.
    pub(crate) fn book(&self, symbol: SymbolId) -> Option<&DepthBook> {
        self.books.get(&symbol).map(|watched| &watched.book).filter(|book| book.is_live())
    }

    /// Watched accounts.
    pub(crate) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    /// The same, to change who watches.
    pub(crate) fn accounts_mut(&mut self) -> &mut Accounts {
        &mut self.accounts
    }
}

fn entry_of(news: AccountNews, trades: &mut BatchTrades) -> AccountEntry {
    let AccountNews { account, cause, at, event } = news;
    let entry = match event {
        AccountEvent::Start { balances, orders } => {
            Entry::Start(Arc::new(AccountStart { account, seq: cause, at, balances, orders }))
        }
        AccountEvent::Balance { asset, balance } => {
            Entry::Balance(BalanceUpdate { account, seq: cause, at, asset, balance })
        }
        AccountEvent::Execution(execution) => {
            let (fills, is_maker) = trades.fills_of(&execution, cause);
            Entry::Execution(Arc::new(ExecutionReport { seq: cause, at, execution, fills, is_maker }))
        }
    };
    AccountEntry { account, cause, entry }
}

/// The trades that the executions behind them are made of.
#[derive(Default)]
struct BatchTrades {
    batches: Vec<Arc<[Trade]>>,
    /// How many of an order's trades by one record are in executions already, where those are not all.
    used: HashMap<(Lsn, OrderId), usize>,
}

impl BatchTrades {
    /// What an order traded in this step, and whether it rested. By one record an order may take several: others that the
    /// command triggered came upon it, one after the other.
    fn fills_of(&mut self, execution: &Execution, cause: Lsn) -> (Vec<Fill>, bool) {
        let Some(step) = execution.step.filter(|step| !step.filled.is_zero()) else {
            return (Vec::new(), false);
        };
        let order = execution.order.id;
        let of_record = |batch: &'_ Arc<[Trade]>| {
            let begin = batch.partition_point(|trade| trade.cause < cause);
            let end = batch.partition_point(|trade| trade.cause <= cause);
            begin..end
        };
        let trades = self.batches.iter().flat_map(|batch| &batch[of_record(batch)]);
        let mut own = trades.filter(|trade| trade.maker == order || trade.taker == order).peekable();
        let used = self.used.get(&(cause, order)).copied().unwrap_or(0);
        own.by_ref().take(used).for_each(drop);
        let (mut fills, mut is_maker, mut left) = (Vec::new(), false, step.filled.0);
        while let Some(trade) = own.next_if(|trade| trade.quantity.0 <= left) {
            left -= trade.quantity.0;
            is_maker |= trade.maker == order;
            fills.push(Fill {
                trade: trade.id,
                price: trade.price,
                quantity: trade.quantity,
                notional: trade.notional,
                fee: if trade.maker == order { trade.maker_fee } else { trade.taker_fee },
            });
        }
        debug_assert_eq!(left, 0, "what {execution:?} traded");
        if own.peek().is_some() {
            self.used.insert((cause, order), used + fills.len());
        }
        (fills, is_maker)
    }
}
