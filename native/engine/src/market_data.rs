//! What a matcher publishes for anybody to read: the top of each book, and what is remembered of trades.
//!
//! The top of the book never waits for a reader. It is a sequence lock: the matcher writes words and a version, a
//! reader that meets a write in progress reads again. All of it is atomics, so there is no unsafe code; the
//! words are `Relaxed` and the fences around them make a version vouch for the words it covers.
//!
//! Of trades the matcher hands over a copy, behind a lock that is held for as long as that takes. Whoever comes next to
//! read them, or to bring the archive up to date, makes candles of them. Only if nobody comes does the matcher, when too
//! many wait.
//!
//! Where there is a journal, nobody may see what could still be lost, and whoever has an answer must see what it
//! tells. So what is published waits until its records are safe, and whoever comes next, reader or publisher, lets
//! out what is. What becomes safe at the same moment waits as one, so hardly more waits than the disk has under way.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use lightning_core::archive::{Archive, AsOf, Kept};
use lightning_core::book::{OrderBook, PriceLevel};
use lightning_core::limits::BOOK_LEVELS_MAX;
use lightning_core::matcher::Market;
use lightning_core::message::Trade;
use lightning_core::types::{AccountId, Lsn, Price, Side, Timestamp};

use crate::journal::Gate;
use crate::under_way::UnderWay;

const HEADER_WORDS: usize = 4;
const LEVEL_WORDS: usize = 4;
const WORDS: usize = HEADER_WORDS + 2 * BOOK_LEVELS_MAX * LEVEL_WORDS;
/// Room for so many trades stays where there was more.
const SPARE_MAX: usize = 4_096;

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

/// How much a feed remembers, and how it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// What is remembered of trades.
    pub kept: Kept,
    /// Trades that may wait until somebody reads them or brings the archive up to date. Beyond, whoever publishes them
    /// does it.
    pub pending: usize,
}

impl Memory {
    /// Of a symbol whose trades nobody asks for.
    pub const NOTHING: Self = Self { kept: Kept::NOTHING, pending: 0 };
}

/// So many trades, and the usual candles; published by whoever reads them.
impl From<usize> for Memory {
    fn from(trades: usize) -> Self {
        Self { kept: Kept::with_trades(trades), pending: 1_024 }
    }
}

/// One symbol's published data.
#[derive(Debug)]
pub struct Feed {
    version: AtomicU64,
    words: Box<[AtomicU64; WORDS]>,
    memory: Memory,
    /// Trades that were published: moved from here to the archive by whoever comes next, so that their matcher does not
    /// have to. Locked behind `remembered`, and never for long.
    arrived: Mutex<Vec<Trade>>,
    remembered: Mutex<Remembered>,
    /// Trades that were published and are not in the archive.
    pending: AtomicUsize,
    /// The newest trade in the archive.
    last_trade: AtomicU64,
    /// What its matcher is at, if that is a thread.
    under_way: OnceLock<Arc<UnderWay>>,
    /// Where there is a journal: what is not safe yet.
    held: Option<Held>,
}

#[derive(Debug)]
struct Remembered {
    archive: Archive,
    /// Taken from `arrived`, and not safe yet; older than what is there now.
    arriving: Vec<Trade>,
    /// All trades from before are there: as much was said.
    settled: Timestamp,
}

#[derive(Debug)]
struct Held {
    gate: Arc<Gate>,
    /// In the order of their records.
    waiting: Mutex<VecDeque<Waiting>>,
}

/// A book that may be seen when a record is safe.
#[derive(Debug)]
struct Waiting {
    until: Lsn,
    words: Box<[u64; WORDS]>,
}

impl Feed {
    /// An empty book and no trades. Everything is seen at once.
    #[must_use]
    pub fn new(memory: impl Into<Memory>) -> Self {
        let memory = memory.into();
        Self {
            version: AtomicU64::new(0),
            words: Box::new([const { AtomicU64::new(0) }; WORDS]),
            memory,
            arrived: Mutex::default(),
            remembered: Mutex::new(Remembered {
                archive: Archive::new(memory.kept),
                arriving: Vec::new(),
                settled: Timestamp(0),
            }),
            pending: AtomicUsize::new(0),
            last_trade: AtomicU64::new(0),
            under_way: OnceLock::new(),
            held: None,
        }
    }

    /// The same, where everything is seen when it is safe.
    pub(crate) fn behind(gate: Option<Arc<Gate>>, memory: impl Into<Memory>) -> Self {
        let held = gate.map(|gate| Held { gate, waiting: Mutex::default() });
        Self { held, ..Self::new(memory) }
    }

    /// Its matcher is a thread, which says what it is at.
    pub(crate) fn set_under_way(&self, under_way: &Arc<UnderWay>) {
        let known = self.under_way.get_or_init(|| under_way.clone());
        debug_assert!(Arc::ptr_eq(known, under_way), "a symbol stays with its matcher");
    }

    /// Publishes the top of the book. Called by the one thread that owns the market, and by no other.
    pub fn publish_book<B: OrderBook>(&self, market: &Market<B>) {
        let Some(held) = &self.held else {
            return self.show_market(market);
        };
        let mut words = Box::new([0; WORDS]);
        write_book(market, |at, word| words[at] = word);
        self.hold(held, Waiting { until: market.horizon(), words });
    }

    /// Adds trades, oldest first. Called by the one thread that owns the market, and by no other.
    pub fn publish_trades(&self, trades: &[Trade]) {
        if trades.is_empty() {
            return;
        }
        let pending = {
            let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
            arrived.extend_from_slice(trades);
            self.pending.fetch_add(trades.len(), Ordering::Release) + trades.len()
        };
        if pending > self.memory.pending {
            drop(self.remembered());
        }
    }

    /// Shows what is safe already: what was there when the engine was opened.
    pub(crate) fn restore<B: OrderBook>(&self, market: Option<&Market<B>>, archive: Option<Archive>) {
        if let Some(market) = market {
            self.show_market(market);
        }
        if let Some(archive) = archive {
            self.last_trade.store(archive.version(), Ordering::Release);
            self.lock_remembered().archive = archive;
        }
    }

    fn hold(&self, held: &Held, news: Waiting) {
        let mut waiting = held.lock();
        self.let_out(held, &mut waiting);
        match waiting.back_mut() {
            // Neither was on its way when it was looked, so they go together.
            Some(last) if last.until > held.gate.taken() => *last = news,
            None if news.until <= held.gate.open() => self.show(&news),
            _ => waiting.push_back(news),
        }
    }

    /// Lets out what is safe by now, and brings the archive up to date.
    pub fn catch_up(&self) {
        self.catch_up_book();
        if self.pending() > 0 {
            drop(self.remembered());
        }
    }

    fn catch_up_book(&self) {
        if let Some(held) = &self.held {
            self.let_out(held, &mut held.lock());
        }
    }

    /// Trades that were published and are not in the archive: nobody has let them out yet, or nobody may.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.load(Ordering::Acquire)
    }

    /// Changes whenever the book that may be seen does.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// The newest trade in the archive; zero before the first.
    #[must_use]
    pub fn last_trade_id(&self) -> u64 {
        self.last_trade.load(Ordering::Acquire)
    }

    fn let_out(&self, held: &Held, waiting: &mut VecDeque<Waiting>) {
        let open = held.gate.open();
        while waiting.front().is_some_and(|first| first.until <= open) {
            self.show(&waiting.pop_front().expect("it was just looked at"));
        }
    }

    /// Who shows something that was held holds the lock of all that is: there is one at a time.
    fn show(&self, news: &Waiting) {
        self.show_words(|shown| {
            shown.iter().zip(*news.words).for_each(|(place, word)| place.store(word, Ordering::Relaxed));
        });
    }

    fn lock_remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What may be seen, up to date.
    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        let mut remembered = self.lock_remembered();
        if self.pending() == 0 {
            return remembered;
        }
        let Remembered { archive, arriving, .. } = &mut *remembered;
        {
            let mut arrived = self.arrived.lock().unwrap_or_else(PoisonError::into_inner);
            if arriving.is_empty() {
                std::mem::swap(arriving, &mut arrived);
            } else {
                arriving.append(&mut arrived);
            }
        }
        let safe = match &self.held {
            None => arriving.len(),
            Some(held) => {
                let open = held.gate.open();
                arriving.partition_point(|trade| trade.cause <= open)
            }
        };
        arriving[..safe].iter().for_each(|trade| archive.push(trade));
        arriving.drain(..safe);
        if arriving.is_empty() && arriving.capacity() > SPARE_MAX {
            *arriving = Vec::new();
        }
        self.last_trade.store(archive.version(), Ordering::Release);
        self.pending.fetch_sub(safe, Ordering::Release);
        remembered
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

    /// The best `levels` of the book as last published; never half of one state and half of another.
    #[must_use]
    pub fn book(&self, levels: usize) -> BookView {
        self.catch_up_book();
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
        self.remembered().archive.trades(from, limit)
    }

    /// An account's trades in ascending order: its newest `limit`, or its first `limit` with an id of `from` or
    /// above. Looks through what is remembered of the symbol's trades.
    #[must_use]
    pub fn trades_of(&self, account: AccountId, from: Option<u64>, limit: usize) -> Vec<Trade> {
        self.remembered().archive.trades_of(account, from, limit)
    }

    /// Reads the archive, up to date, and what time it is for it: `now` was read before. Trades that are published
    /// meanwhile wait, and whoever else wants to read: no calls in here.
    pub fn with_archive<R>(&self, now: Timestamp, read: impl FnOnce(&mut Archive, AsOf) -> R) -> R {
        // Looked at before the trades are taken that are there.
        let settled = self.under_way.get().map_or(now, |under_way| under_way.settled(now));
        let mut remembered = self.remembered();
        let Remembered { archive, arriving, settled: said } = &mut *remembered;
        let settled = arriving.first().map_or(settled, |first| settled.min(first.at));
        // What was true once stays true, whatever the system's clock does.
        *said = settled.max(*said);
        read(archive, AsOf { now, settled: *said })
    }
}

impl Held {
    fn lock(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
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

    use lightning_core::archive::{Interval, KlineQuery};
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

    fn trade(id: u64) -> Trade {
        Trade {
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
            at: Timestamp(1_000_000_000 * id),
            cause: Lsn(id),
            book_seq: 1,
        }
    }

    fn seconds_of(feed: &Feed, now: u64) -> Vec<(u64, bool)> {
        let query = KlineQuery { interval: Interval::Second1, from: None, to: None, limit: 100, fill: false };
        let klines =
            feed.with_archive(Timestamp(now * 1_000_000_000), |archive, as_of| archive.klines(&query, as_of));
        klines.iter().map(|kline| (kline.open_time.0 / 1_000_000_000, kline.closed)).collect()
    }

    /// Whoever reads makes the candles; the matcher does so only when too many trades wait for that.
    #[test]
    fn trades_wait_for_a_reader_but_not_too_many() {
        let feed = Feed::new(Memory { pending: 3, ..Memory::from(10) });
        feed.publish_trades(&[trade(1), trade(2), trade(3)]);
        assert_eq!((feed.pending(), feed.last_trade_id()), (3, 0));
        feed.publish_trades(&[trade(4)]);
        assert_eq!((feed.pending(), feed.last_trade_id()), (0, 4), "the publisher moved them");
        feed.publish_trades(&[trade(5)]);
        assert_eq!(feed.trades(None, 10).len(), 5, "a reader sees them all");
        assert_eq!((feed.pending(), feed.last_trade_id()), (0, 5));
        feed.publish_trades(&[trade(6)]);
        feed.catch_up();
        assert_eq!((feed.pending(), feed.last_trade_id()), (0, 6));
    }

    /// No trade and no candle is seen before its record is safe; and no candle is closed that one on its way may be in.
    #[test]
    fn trades_that_are_not_safe_are_in_no_candle() {
        let gate = Arc::new(Gate::at(Lsn(0)));
        let feed = Feed::behind(Some(gate.clone()), Memory { pending: 2, ..Memory::from(10) });
        feed.publish_trades(&[trade(1), trade(2), trade(3)]);
        assert_eq!(feed.pending(), 3);
        assert!(feed.trades(None, 10).is_empty() && seconds_of(&feed, 9).is_empty());
        gate.set_open(Lsn(1));
        feed.publish_trades(&[trade(4)]);
        assert_eq!((feed.pending(), feed.last_trade_id()), (3, 1));
        assert_eq!(seconds_of(&feed, 9), [(1, true)], "trade 2 is of the second behind it");
        gate.set_open(Lsn(3));
        feed.catch_up();
        assert_eq!((feed.pending(), feed.last_trade_id()), (1, 3));
        assert_eq!(seconds_of(&feed, 9), [(1, true), (2, true), (3, true)]);
        gate.set_open(Lsn(4));
        assert_eq!((feed.trades(None, 10).len(), feed.pending()), (4, 0));
        assert_eq!(seconds_of(&feed, 4).last(), Some(&(4, false)));
    }

    /// While a trade waits that happened within a second, the second is not closed.
    #[test]
    fn a_candle_is_not_closed_while_a_trade_of_it_waits() {
        let gate = Arc::new(Gate::at(Lsn(0)));
        let feed = Feed::behind(Some(gate.clone()), Memory::from(10));
        let same_second = Trade { id: lightning_core::types::TradeId(2), cause: Lsn(2), ..trade(1) };
        feed.publish_trades(&[trade(1), same_second]);
        gate.set_open(Lsn(1));
        assert_eq!(seconds_of(&feed, 9), [(1, false)]);
        gate.set_open(Lsn(2));
        assert_eq!(seconds_of(&feed, 9), [(1, true)]);
    }

    /// A matcher that takes its time between reading the clock and publishing, a clock that runs on, and a reader who
    /// holds it to what it has said.
    #[test]
    fn a_candle_that_was_closed_never_changes() {
        const SECOND: u64 = 1_000_000_000;
        let (feed, clock, done) =
            (Feed::new(Memory::from(0)), AtomicU64::new(SECOND), AtomicBool::new(false));
        let told = AtomicUsize::new(0);
        let under_way = Arc::new(UnderWay::default());
        feed.set_under_way(&under_way);
        let read = || Timestamp(clock.load(Ordering::SeqCst));
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut closed = std::collections::BTreeMap::new();
                let query =
                    KlineQuery { interval: Interval::Second1, from: None, to: None, limit: 5, fill: false };
                while !done.load(Ordering::Acquire) {
                    let klines = feed.with_archive(read(), |archive, as_of| archive.klines(&query, as_of));
                    for kline in klines {
                        let said = closed.get(&kline.open_time).copied();
                        assert!(said.is_none_or(|said| said == kline), "{said:?} has become {kline:?}");
                        if kline.closed {
                            closed.insert(kline.open_time, kline);
                        }
                    }
                    told.store(closed.len(), Ordering::Relaxed);
                }
            });
            let time = scope.spawn(|| {
                while !done.load(Ordering::Acquire) {
                    clock.fetch_add(SECOND / 50, Ordering::SeqCst);
                    std::thread::yield_now();
                }
            });
            let mut now = read();
            let began = std::time::Instant::now();
            for id in 1.. {
                // Until it was held to enough, however little the reader gets to run.
                let is_enough = id > 20_000 && told.load(Ordering::Relaxed) > 10;
                if is_enough || reader.is_finished() || began.elapsed().as_secs() > 60 {
                    break;
                }
                under_way.begin(now);
                now = read();
                under_way.set(now);
                if id % 3 == 0 {
                    std::thread::yield_now();
                }
                feed.publish_trades(&[Trade { at: now, ..trade(id) }]);
                under_way.end();
            }
            done.store(true, Ordering::Release);
            time.join().unwrap();
            reader.join().unwrap();
            assert!(told.load(Ordering::Relaxed) > 10, "hardly anything was looked at");
        });
    }

    /// A reader that runs all the while finds trades without holes, none twice, and at the end all of them.
    #[test]
    fn trades_read_while_they_are_published_have_no_holes() {
        let feed = Feed::new(Memory { pending: 100, ..Memory::from(1_000_000) });
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| {
                let mut next = 1;
                loop {
                    let is_last = done.load(Ordering::Acquire);
                    for read in feed.trades(Some(next), 1_000) {
                        assert_eq!(read.id.0, next);
                        next += 1;
                    }
                    if is_last && next > 20_000 {
                        return next - 1;
                    }
                }
            });
            for first in (1..=20_000).step_by(4) {
                feed.publish_trades(&[trade(first), trade(first + 1), trade(first + 2), trade(first + 3)]);
            }
            done.store(true, Ordering::Release);
            assert_eq!(reader.join().unwrap(), 20_000);
        });
    }

    #[test]
    fn trades_are_kept_up_to_a_bound_and_found_by_id() {
        let feed = Feed::new(3);
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
