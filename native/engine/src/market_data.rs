//! What a matcher publishes for anybody to read: the top of each book, and recent trades.
//!
//! The top of the book never waits for a reader. It is a sequence lock: the matcher writes words and a version, a
//! reader that meets a write in progress reads again. All of it is atomics, so there is no unsafe code; the
//! words are `Relaxed` and the fences around them make a version vouch for the words it covers. Trades are
//! behind a lock, which a reader holds while it copies what it asked for.
//!
//! Where there is a journal, nobody may see what could still be lost, and whoever has an answer must see what it
//! tells. So what is published waits until its records are safe, and whoever comes next, reader or publisher, lets
//! out what is. What becomes safe at the same moment waits as one, so hardly more waits than the disk has under way.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lightning_core::book::{OrderBook, PriceLevel};
use lightning_core::limits::BOOK_LEVELS_MAX;
use lightning_core::matcher::Market;
use lightning_core::message::Trade;
use lightning_core::types::{AccountId, Lsn, Price, Side, Timestamp};

use crate::journal::Gate;

const HEADER_WORDS: usize = 4;
const LEVEL_WORDS: usize = 4;
const WORDS: usize = HEADER_WORDS + 2 * BOOK_LEVELS_MAX * LEVEL_WORDS;

/// A book's best levels at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookView {
    /// Grows by one with every command that changed the book.
    pub seq: u64,
    /// When it last changed.
    pub changed_at: Option<Timestamp>,
    /// Best first.
    pub bids: Vec<PriceLevel>,
    /// Best first.
    pub asks: Vec<PriceLevel>,
}

impl BookView {
    /// The best `levels` of a market, read in the thread that owns it.
    pub fn of<B: OrderBook>(market: &Market<B>, levels: usize) -> Self {
        Self {
            seq: market.seq(),
            changed_at: Some(market.changed_at()),
            bids: market.book().levels(Side::Buy, levels),
            asks: market.book().levels(Side::Sell, levels),
        }
    }
}

/// One symbol's published data.
#[derive(Debug)]
pub struct Feed {
    version: AtomicU64,
    words: Box<[AtomicU64; WORDS]>,
    trades: Mutex<VecDeque<Trade>>,
    trades_max: usize,
    /// Where there is a journal: what is not safe yet.
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    gate: Arc<Gate>,
    /// In the order of their records.
    waiting: Mutex<VecDeque<Waiting>>,
}

/// What may be seen when a record is safe.
#[derive(Debug)]
struct Waiting {
    until: Lsn,
    /// The book's words, if it changed.
    book: Option<Box<[u64; WORDS]>>,
    trades: Vec<Trade>,
}

impl Feed {
    /// An empty book and no trades; keeps at most `trades_max` of them. Everything is seen at once.
    #[must_use]
    pub fn new(trades_max: usize) -> Self {
        Self {
            version: AtomicU64::new(0),
            words: Box::new([const { AtomicU64::new(0) }; WORDS]),
            trades: Mutex::default(),
            trades_max,
            held: None,
        }
    }

    /// The same, where everything is seen when it is safe.
    pub(crate) fn behind(gate: Option<Arc<Gate>>, trades_max: usize) -> Self {
        let held = gate.map(|gate| Held { gate, waiting: Mutex::default() });
        Self { held, ..Self::new(trades_max) }
    }

    /// Publishes the top of the book. Called by the one thread that owns the market, and by no other.
    pub fn publish_book<B: OrderBook>(&self, market: &Market<B>) {
        let Some(held) = &self.held else {
            return self.show_market(market);
        };
        let mut words = Box::new([0; WORDS]);
        write_book(market, |at, word| words[at] = word);
        self.hold(held, Waiting { until: market.horizon(), book: Some(words), trades: Vec::new() });
    }

    /// Adds trades, oldest first; forgets the oldest beyond the bound.
    pub fn publish_trades(&self, trades: &[Trade]) {
        let Some(held) = &self.held else { return self.show_trades(trades) };
        let Some(last) = trades.last() else { return };
        self.hold(held, Waiting { until: last.cause, book: None, trades: trades.to_vec() });
    }

    /// Shows what is safe already: what was there when the engine was opened.
    pub(crate) fn restore<B: OrderBook>(&self, market: Option<&Market<B>>, trades: &[Trade]) {
        if let Some(market) = market {
            self.show_market(market);
        }
        self.show_trades(trades);
    }

    fn hold(&self, held: &Held, news: Waiting) {
        let mut waiting = held.lock();
        self.let_out(held, &mut waiting);
        match waiting.back_mut() {
            // Neither was on its way when it was looked, so they go together.
            Some(last) if last.until > held.gate.taken() => last.add(news, self.trades_max),
            None if news.until <= held.gate.open() => self.show(news),
            _ => waiting.push_back(news),
        }
    }

    /// Lets out what is safe by now.
    fn catch_up(&self) {
        if let Some(held) = &self.held {
            self.let_out(held, &mut held.lock());
        }
    }

    fn let_out(&self, held: &Held, waiting: &mut VecDeque<Waiting>) {
        let open = held.gate.open();
        while waiting.front().is_some_and(|first| first.until <= open) {
            self.show(waiting.pop_front().expect("it was just looked at"));
        }
    }

    /// Who shows something that was held holds the lock of all that is: there is one at a time.
    fn show(&self, news: Waiting) {
        if let Some(words) = news.book {
            self.show_words(|shown| {
                shown.iter().zip(*words).for_each(|(place, word)| place.store(word, Ordering::Relaxed));
            });
        }
        self.show_trades(&news.trades);
    }

    fn show_market<B: OrderBook>(&self, market: &Market<B>) {
        self.show_words(|words| write_book(market, |at, word| words[at].store(word, Ordering::Relaxed)));
    }

    fn show_words(&self, write: impl FnOnce(&[AtomicU64; WORDS])) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        write(&self.words);
        self.version.store(version + 2, Ordering::Release);
    }

    fn show_trades(&self, trades: &[Trade]) {
        if trades.is_empty() {
            return;
        }
        let mut kept = self.trades.lock().unwrap_or_else(PoisonError::into_inner);
        for trade in trades {
            if kept.len() >= self.trades_max {
                kept.pop_front();
            }
            if self.trades_max > 0 {
                kept.push_back(*trade);
            }
        }
    }

    /// The best `levels` of the book as last published; never half of one state and half of another.
    #[must_use]
    pub fn book(&self, levels: usize) -> BookView {
        self.catch_up();
        loop {
            let before = self.version.load(Ordering::Acquire);
            if before.is_multiple_of(2) {
                let view = self.read(levels);
                fence(Ordering::Acquire);
                if self.version.load(Ordering::Relaxed) == before {
                    return view;
                }
            }
            std::thread::yield_now();
        }
    }

    /// May read words of different versions; the caller finds out and throws the view away.
    fn read(&self, levels: usize) -> BookView {
        let word = |at: usize| self.words[at].load(Ordering::Relaxed);
        let side = |count_at: usize| {
            let base = HEADER_WORDS + (count_at - 2) * BOOK_LEVELS_MAX * LEVEL_WORDS;
            let count = usize::try_from(word(count_at)).map_or(0, |count| count.min(BOOK_LEVELS_MAX));
            (0..count.min(levels))
                .map(|level| base + level * LEVEL_WORDS)
                .map(|at| PriceLevel {
                    price: Price(word(at)),
                    quantity: u128::from(word(at + 1)) | u128::from(word(at + 2)) << 64,
                    orders: u32::try_from(word(at + 3)).unwrap_or(u32::MAX),
                })
                .collect()
        };
        let changed_at = word(1);
        BookView {
            seq: word(0),
            changed_at: (changed_at != 0).then_some(Timestamp(changed_at)),
            bids: side(2),
            asks: side(3),
        }
    }

    /// Trades in ascending order: the newest `limit`, or the first `limit` with an id of `from` or above.
    #[must_use]
    pub fn trades(&self, from: Option<u64>, limit: usize) -> Vec<Trade> {
        self.catch_up();
        let kept = self.trades.lock().unwrap_or_else(PoisonError::into_inner);
        let start = match from {
            Some(from) => kept.partition_point(|trade| trade.id.0 < from),
            None => kept.len().saturating_sub(limit),
        };
        kept.range(start..).take(limit).copied().collect()
    }

    /// An account's trades in ascending order: its newest `limit`, or its first `limit` with an id of `from` or
    /// above. Looks through what is kept of the symbol's trades.
    #[must_use]
    pub fn trades_of(&self, account: AccountId, from: Option<u64>, limit: usize) -> Vec<Trade> {
        self.catch_up();
        let kept = self.trades.lock().unwrap_or_else(PoisonError::into_inner);
        let own = |trade: &&Trade| trade.maker_account == account || trade.taker_account == account;
        match from {
            Some(from) => {
                let start = kept.partition_point(|trade| trade.id.0 < from);
                kept.range(start..).filter(own).take(limit).copied().collect()
            }
            None => {
                let mut newest: Vec<_> = kept.iter().rev().filter(own).take(limit).copied().collect();
                newest.reverse();
                newest
            }
        }
    }
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    /// What becomes safe at the same moment.
    fn add(&mut self, news: Self, trades_max: usize) {
        self.until = self.until.max(news.until);
        if news.book.is_some() {
            self.book = news.book;
        }
        self.trades.extend(news.trades);
        // So many are forgotten as soon as they are seen.
        let surplus = self.trades.len().saturating_sub(trades_max);
        self.trades.drain(..surplus);
    }
}

/// The words of a market's top levels, each with its place.
fn write_book<B: OrderBook>(market: &Market<B>, mut store: impl FnMut(usize, u64)) {
    store(0, market.seq());
    store(1, market.changed_at().0);
    for (side, count_at) in [(Side::Buy, 2), (Side::Sell, 3)] {
        let base = HEADER_WORDS + (count_at - 2) * BOOK_LEVELS_MAX * LEVEL_WORDS;
        let mut count = 0;
        market.book().for_each_level(side, |level| {
            let at = base + count * LEVEL_WORDS;
            store(at, level.price.0);
            store(at + 1, low_word(level.quantity));
            store(at + 2, low_word(level.quantity >> 64));
            store(at + 3, u64::from(level.orders));
            count += 1;
            if count == BOOK_LEVELS_MAX { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        store(count_at, count as u64);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low 64 bits are what is wanted")]
const fn low_word(wide: u128) -> u64 {
    wide as u64
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use lightning_core::fees::FeeRates;
    use lightning_core::log::Context;
    use lightning_core::matcher::Matcher;
    use lightning_core::message::{AdmittedOrder, NewOrder, ReplyTo, ToMatcher};
    use lightning_core::outbox::MatcherOutbox;
    use lightning_core::rules::SymbolRules;
    use lightning_core::spec::{SymbolLimits, SymbolSpec};
    use lightning_core::types::{Amount, AssetId, OrderId, Quantity, SignedAmount, SymbolId, Ticket};

    use super::*;
    use crate::journal::Journal;

    const SYMBOL: SymbolId = SymbolId(0);

    /// A matcher with one symbol, driven by hand.
    struct Desk {
        matcher: Matcher,
        journal: Journal,
        out: MatcherOutbox,
        last_order: u64,
    }

    impl Desk {
        fn open() -> Self {
            let limits = SymbolLimits {
                price_min: Price(1),
                price_max: Price(1_000),
                quantity_min: Quantity(1),
                quantity_max: Quantity(1_000_000),
                notional_min: Amount::ZERO,
            };
            let spec = SymbolSpec::new(SYMBOL, AssetId(0), AssetId(1), 1, 1, limits).unwrap();
            let mut desk = Self {
                matcher: Matcher::default(),
                journal: Journal::volatile(),
                out: MatcherOutbox::default(),
                last_order: 0,
            };
            let mut ctx = Context { now: Timestamp(7), log: &mut desk.journal };
            desk.matcher.add_symbol(spec, SymbolRules::default(), &mut ctx, &mut desk.out);
            desk
        }

        fn send(&mut self, message: ToMatcher) {
            let mut ctx = Context { now: Timestamp(7), log: &mut self.journal };
            self.matcher.handle(message, &mut ctx, &mut self.out);
            self.out = MatcherOutbox::default();
        }

        fn place(&mut self, side: Side, price: u64, quantity: u64) -> OrderId {
            self.last_order += 1;
            let id = OrderId(self.last_order);
            let reserved = Amount(u128::from(if side == Side::Buy { price * quantity } else { quantity }));
            let order = NewOrder::limit(AccountId(1), SYMBOL, side, Price(price), Quantity(quantity));
            self.send(ToMatcher::Admit(AdmittedOrder {
                to: ReplyTo::direct(Ticket(0)),
                accepted_at: lightning_core::types::Timestamp(1),
                id,
                order,
                reserved,
                fees: FeeRates::default(),
                stp_group: None,
                late: None,
            }));
            id
        }

        fn cancel(&mut self, order: OrderId) {
            let to = ReplyTo::direct(Ticket(0));
            self.send(ToMatcher::Cancel { to, account: AccountId(1), symbol: SYMBOL, order, only_if: None });
        }

        fn market(&self) -> &Market {
            self.matcher.market(SYMBOL).unwrap()
        }
    }

    #[test]
    fn what_is_published_is_the_top_of_the_book() {
        let mut desk = Desk::open();
        let feed = Feed::new(0);
        for offset in 0..30 {
            desk.place(Side::Buy, 100 - offset, 1 + offset);
            desk.place(Side::Sell, 200 + offset, 1 + offset);
        }
        desk.place(Side::Buy, 100, 5);
        feed.publish_book(desk.market());
        assert_eq!(feed.book(BOOK_LEVELS_MAX), BookView::of(desk.market(), BOOK_LEVELS_MAX));
        assert_eq!(feed.book(3), BookView::of(desk.market(), 3));
        assert_eq!(feed.book(1).bids, [PriceLevel { price: Price(100), quantity: 6, orders: 2 }]);
    }

    /// A reader that runs all the while sees whole states only: in each, all forty levels have one quantity,
    /// and both sides are full.
    #[test]
    fn a_book_read_while_it_is_published_is_never_torn() {
        let mut desk = Desk::open();
        let feed = Feed::new(0);
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let (mut reads, mut last) = (0_u64, 0);
                while !done.load(Ordering::Acquire) {
                    let book = feed.book(BOOK_LEVELS_MAX);
                    let quantities: Vec<_> =
                        book.bids.iter().chain(&book.asks).map(|level| level.quantity).collect();
                    assert!(matches!(quantities.len(), 0 | 40), "torn: {book:?}");
                    assert!(quantities.windows(2).all(|pair| pair[0] == pair[1]), "torn: {book:?}");
                    assert!(book.seq >= last, "a read went back in time");
                    last = book.seq;
                    reads += 1;
                }
                reads
            });
            for round in 1..=2_000 {
                let orders: Vec<_> = (0..20)
                    .flat_map(|level| [(Side::Buy, 100 - level), (Side::Sell, 200 + level)])
                    .map(|(side, price)| desk.place(side, price, round))
                    .collect();
                feed.publish_book(desk.market());
                for order in orders {
                    desk.cancel(order);
                }
            }
            done.store(true, Ordering::Release);
            assert!(reader.join().unwrap() > 0);
        });
    }

    /// Nothing is seen before its record is safe, and everything is when it is; what is under way and what comes
    /// behind it are two things to wait for, and never more.
    #[test]
    fn what_is_not_safe_is_not_seen() {
        let mut desk = Desk::open();
        let gate = Arc::new(Gate::at(Lsn(0)));
        let feed = Feed::behind(Some(gate.clone()), 10);
        let waiting = || feed.held.as_ref().unwrap().waiting.lock().unwrap().len();
        let mut publish = |price| {
            desk.place(Side::Buy, price, 1);
            feed.publish_book(desk.market());
            desk.market().horizon()
        };
        let first = publish(1);
        gate.set_taken(first);
        let second = publish(2);
        let third = publish(3);
        assert_eq!((waiting(), feed.book(20)), (2, BookView::default()));
        gate.set_open(first);
        assert_eq!(feed.book(20).bids[0].price, Price(1));
        gate.set_taken(third);
        let fourth = publish(4);
        gate.set_open(second);
        assert_eq!(feed.book(20).bids[0].price, Price(1), "the third goes with the second");
        gate.set_open(third);
        assert_eq!(feed.book(20).bids[0].price, Price(3));
        gate.set_open(fourth);
        assert_eq!((feed.book(20).bids[0].price, waiting()), (Price(4), 0));
    }

    #[test]
    fn trades_are_kept_up_to_a_bound_and_found_by_id() {
        let feed = Feed::new(3);
        let trade = |id| Trade {
            symbol: SYMBOL,
            id: lightning_core::types::TradeId(id),
            price: Price(1),
            quantity: Quantity(1),
            notional: Amount(1),
            taker_side: Side::Buy,
            maker: OrderId(1),
            taker: OrderId(2),
            maker_account: AccountId(id % 2),
            taker_account: AccountId(7),
            maker_fee: SignedAmount::ZERO,
            taker_fee: SignedAmount::ZERO,
            at: Timestamp(1),
            cause: lightning_core::types::Lsn(1),
            book_seq: 1,
        };
        let trades: Vec<_> = (1..=5).map(trade).collect();
        feed.publish_trades(&trades);
        let ids = |from, limit| feed.trades(from, limit).iter().map(|trade| trade.id.0).collect::<Vec<_>>();
        assert_eq!(ids(None, 10), [3, 4, 5]);
        assert_eq!(ids(None, 2), [4, 5]);
        assert_eq!(ids(Some(1), 2), [3, 4]);
        assert_eq!(ids(Some(5), 2), [5]);
        assert!(ids(Some(6), 2).is_empty());
        let own = |account, from, limit| {
            let trades = feed.trades_of(AccountId(account), from, limit);
            trades.iter().map(|trade| trade.id.0).collect::<Vec<_>>()
        };
        assert_eq!(own(1, None, 10), [3, 5]);
        assert_eq!(own(1, None, 1), [5]);
        assert_eq!(own(7, Some(4), 10), [4, 5]);
        assert!(own(9, None, 10).is_empty());
    }
}
