//! What is known of watched books and accounts: news taken from the taps, held until they may be seen, and looked up.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use lightning_core::events::{AccountEvent, AccountNews, BookNews, Execution};
use lightning_core::message::{Fill, Trade};
use lightning_core::types::{AccountId, Lsn, OrderId, SymbolId};

use crate::router::{shard_of_account, shard_of_symbol};
use crate::streams::accounts::{Accounts, Entry};
use crate::streams::depth::DepthBook;
use crate::streams::tap::{AccountItem, Caused, Lost, TAP_MAX, Tap};
use crate::streams::{AccountStart, BalanceUpdate, ExecutionReport};

/// What market data knows. One for each engine, behind a lock that no shard ever takes.
#[derive(Debug)]
pub(crate) struct Plane {
    /// By symbol number.
    books: Vec<Option<WatchedBook>>,
    accounts: Accounts,
    book_news: Vec<Held>,
    account_news: Vec<HeldEntries>,
    items: Vec<AccountItem>,
    /// Books of which something is missing, as was found since the last turn.
    broken: Vec<SymbolId>,
}

#[derive(Debug)]
struct WatchedBook {
    book: DepthBook,
    watchers: usize,
    /// Those of them who want its orders.
    of_orders: usize,
}

#[derive(Debug)]
struct AccountEntry {
    account: AccountId,
    cause: Lsn,
    entry: Entry,
}

/// News of books that were taken from a tap, in its order. They stay where they were taken to until all of them may be
/// seen.
#[derive(Debug, Default)]
struct Held {
    items: Vec<BookNews>,
    /// So many of them have been seen.
    seen: usize,
    /// Behind all of them.
    lost: Option<Lost>,
}

impl Held {
    /// Takes more, unless so much waits that it has to wait in the tap, which is bounded.
    fn take(&mut self, tap: &Tap<BookNews>) {
        if self.lost.is_some() || self.waiting() >= TAP_MAX {
            return;
        }
        // What was seen goes when it is most of what there is: each is moved once at most.
        if self.seen > self.items.len() / 2 {
            self.items.drain(..self.seen);
            self.seen = 0;
        }
        self.lost = tap.take(&mut self.items);
    }

    fn waiting(&self) -> usize {
        self.items.len() - self.seen
    }

    fn next(&mut self, open: Lsn) -> Option<&BookNews> {
        let next = self.items.get(self.seen)?;
        let may_be_seen = next.cause().is_none_or(|cause| cause <= open);
        self.seen += usize::from(may_be_seen);
        may_be_seen.then_some(next)
    }

    fn next_loss(&mut self, open: Lsn) -> Option<Lost> {
        if self.waiting() == 0 { self.lost.take_if(|lost| lost.to <= open) } else { None }
    }
}

/// What news of accounts say that were taken from a tap and may not be seen yet, in its order.
#[derive(Debug, Default)]
struct HeldEntries {
    items: VecDeque<AccountEntry>,
    /// Behind all of them.
    lost: Option<Lost>,
}

impl HeldEntries {
    /// May more be taken? Otherwise it waits in the tap, which is bounded.
    fn has_room(&self) -> bool {
        self.lost.is_none() && self.items.len() < TAP_MAX
    }

    fn next(&mut self, open: Lsn) -> Option<AccountEntry> {
        let may_be_seen = self.items.front()?.cause <= open;
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
            books: Vec::new(),
            accounts: Accounts::default(),
            book_news: (0..matchers).map(|_| Held::default()).collect(),
            account_news: (0..sequencers).map(|_| HeldEntries::default()).collect(),
            items: Vec::new(),
            broken: Vec::new(),
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
        let mut is_new = false;
        let Self { books: watched, book_news, broken, .. } = self;
        for (shard, (held, tap)) in book_news.iter_mut().zip(books).enumerate() {
            held.take(tap);
            while let Some(news) = held.next(open) {
                is_new = true;
                if let Err(symbol) = see_book(watched, news) {
                    broken.push(symbol);
                }
            }
            if held.next_loss(open).is_some() {
                for (symbol, watched) in (0..).map(SymbolId).zip(watched.iter_mut()) {
                    if let Some(watched) = watched
                        && shard_of_symbol(symbol, books.len()) == shard
                    {
                        watched.book.lose();
                        broken.push(symbol);
                    }
                }
            }
        }
        let mut resyncs: Vec<_> = broken.drain(..).map(Resync::Book).collect();
        for (shard, tap) in accounts.iter().enumerate() {
            is_new |= self.take_accounts(shard, tap, open);
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

    /// Takes more of what is told of accounts. What may be seen and has nothing ahead of it is: true if there was any.
    fn take_accounts(&mut self, shard: usize, tap: &Tap<AccountItem>, open: Lsn) -> bool {
        let held = &mut self.account_news[shard];
        let mut is_new = false;
        if !held.has_room() {
            return is_new;
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
                    let entry = entry_of(news, &mut trades);
                    if held.items.is_empty() && entry.cause <= open {
                        is_new = true;
                        self.accounts.push(entry.account, entry.entry);
                    } else {
                        held.items.push_back(entry);
                    }
                }
            }
        }
        is_new
    }

    /// News that wait for their records to be safe.
    pub(crate) fn held(&self) -> usize {
        let books: usize = self.book_news.iter().map(Held::waiting).sum();
        books + self.account_news.iter().map(|held| held.items.len()).sum::<usize>()
    }

    /// Forgets everything: nothing may leave any more.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.book_news.len(), self.account_news.len());
    }

    /// Somebody watches a book, perhaps with its orders. True if it has to be asked for.
    pub(crate) fn watch_book(&mut self, symbol: SymbolId, of_orders: bool) -> bool {
        let at = place_of(symbol);
        if self.books.len() <= at {
            self.books.resize_with(at + 1, || None);
        }
        let new = || WatchedBook { book: DepthBook::new(symbol), watchers: 0, of_orders: 0 };
        let watched = self.books[at].get_or_insert_with(new);
        watched.watchers += 1;
        watched.of_orders += usize::from(of_orders);
        let begins_orders = of_orders && watched.of_orders == 1;
        if begins_orders {
            watched.book.want_orders();
        }
        // What is not known yet has been asked for, and has all orders in it.
        watched.watchers == 1 || (begins_orders && watched.book.is_live())
    }

    /// Somebody does not any more. True if nobody does, so that it need not be told.
    pub(crate) fn unwatch_book(&mut self, symbol: SymbolId, of_orders: bool) -> bool {
        let Some(Some(watched)) = self.books.get_mut(place_of(symbol)) else { return false };
        watched.watchers -= 1;
        if of_orders {
            watched.of_orders -= 1;
        }
        let leaves_orders = of_orders && watched.of_orders == 0;
        if watched.watchers == 0 {
            self.books[place_of(symbol)] = None;
            return true;
        }
        if leaves_orders {
            watched.book.leave_orders();
        }
        false
    }

    /// A watched book, if it is known by now.
    pub(crate) fn book(&mut self, symbol: SymbolId) -> Option<&mut DepthBook> {
        let watched = self.books.get_mut(place_of(symbol))?.as_mut()?;
        Some(&mut watched.book).filter(|book| book.is_live())
    }

    /// Something is missing of a book: it is asked for anew with the next turn.
    pub(crate) fn lose_book(&mut self, symbol: SymbolId) {
        debug_assert!(false, "a watched book can't have had what was told of {symbol:?}");
        if let Some(book) = self.book(symbol) {
            book.lose();
            self.broken.push(symbol);
        }
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

/// Symbols are numbered from zero on.
fn place_of(symbol: SymbolId) -> usize {
    usize::try_from(symbol.0).expect("there are fewer symbols than that")
}

fn see_book(books: &mut [Option<WatchedBook>], news: &BookNews) -> Result<(), SymbolId> {
    match news {
        BookNews::Start(start) => {
            if let Some(Some(watched)) = books.get_mut(place_of(start.symbol)) {
                watched.book.start(start);
            }
        }
        BookNews::Changed(event) => {
            if let Some(Some(watched)) = books.get_mut(place_of(event.symbol))
                && watched.book.apply(event).is_err()
            {
                debug_assert!(
                    false,
                    "a watched book can't have had this, or what was ahead of it: {event:?}"
                );
                watched.book.lose();
                return Err(event.symbol);
            }
        }
        // Those who watch are told when the operator's call is safe.
        BookNews::Ended(_) => {}
    }
    Ok(())
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
    used: BTreeMap<(Lsn, OrderId), usize>,
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
