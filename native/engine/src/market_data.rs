//! What a matcher publishes for anybody to read: the top of each book, and recent trades.
//!
//! The top of the book never waits for a reader. It is a sequence lock: the matcher writes words and a version, a
//! reader that meets a write in progress reads again. All of it is atomics, so there is no unsafe code; the
//! words are `Relaxed` and the fences around them make a version vouch for the words it covers. Trades are
//! behind a lock, which a reader holds while it copies what it asked for.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering, fence};
use std::sync::{Mutex, PoisonError};

use lightning_core::book::{OrderBook, PriceLevel};
use lightning_core::limits::BOOK_LEVELS_MAX;
use lightning_core::matcher::Market;
use lightning_core::message::Trade;
use lightning_core::types::{AccountId, Price, Side, Timestamp};

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
}

impl Feed {
    /// An empty book and no trades; keeps at most `trades_max` of them.
    #[must_use]
    pub fn new(trades_max: usize) -> Self {
        Self {
            version: AtomicU64::new(0),
            words: Box::new([const { AtomicU64::new(0) }; WORDS]),
            trades: Mutex::default(),
            trades_max,
        }
    }

    /// Publishes the top of the book. Called by the one thread that owns the market, and by no other.
    pub fn publish_book<B: OrderBook>(&self, market: &Market<B>) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Relaxed);
        fence(Ordering::Release);
        let store = |at: usize, word: u64| self.words[at].store(word, Ordering::Relaxed);
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
                if count == BOOK_LEVELS_MAX {
                    std::ops::ControlFlow::Break(())
                } else {
                    std::ops::ControlFlow::Continue(())
                }
            });
            store(count_at, count as u64);
        }
        self.version.store(version + 2, Ordering::Release);
    }

    /// The best `levels` of the book as last published; never half of one state and half of another.
    #[must_use]
    pub fn book(&self, levels: usize) -> BookView {
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

    /// Adds trades, oldest first; forgets the oldest beyond the bound.
    pub fn publish_trades<'a>(&self, trades: impl Iterator<Item = &'a Trade>) {
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

    /// Trades in ascending order: the newest `limit`, or the first `limit` with an id of `from` or above.
    #[must_use]
    pub fn trades(&self, from: Option<u64>, limit: usize) -> Vec<Trade> {
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
    use crate::journal::VolatileJournal;

    const SYMBOL: SymbolId = SymbolId(0);

    /// A matcher with one symbol, driven by hand.
    struct Desk {
        matcher: Matcher,
        journal: VolatileJournal,
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
                journal: VolatileJournal::default(),
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
                to: ReplyTo { ticket: Ticket(0), recorded: false },
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
            let to = ReplyTo { ticket: Ticket(0), recorded: false };
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
        feed.publish_trades(trades.iter());
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
