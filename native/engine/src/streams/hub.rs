//! What shards, sessions and the market-data thread share: taps one way, wishes the other.
//!
//! Locks, where somebody holds more than one: the plane, then an inline engine's shards, then a tap. Shards take nothing
//! but their own tap's.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{SystemTime, UNIX_EPOCH};

use lightning_core::events::{AccountNews, BookNews};
use lightning_core::message::Trade;
use lightning_core::rules::SymbolStatus;
use lightning_core::types::{AccountId, Lsn, SymbolId};

use crate::Room;
use crate::config::Config;
use crate::halt::Halted;
use crate::inline::Inline;
use crate::journal::{Gate, Journal};
use crate::market_data::Feed;
use crate::router::{Router, shard_of_account, shard_of_symbol};
use crate::streams::bell::{Bell, Rung};
use crate::streams::counters::{Counters, Counting};
use crate::streams::outlet::Outlet;
use crate::streams::plane::{Plane, Resync};
use crate::streams::shards::{AccountDesk, BookDesk};
use crate::streams::status::{State, Status};
use crate::streams::tap::{AccountItem, Caused, Tap};

/// One for each engine.
pub(crate) struct Hub {
    /// Milliseconds since 1970.
    epoch: u64,
    pub(super) counting: Counting,
    pub(super) bell: Bell,
    pub(super) status: Status,
    outlets: Mutex<Vec<Weak<Outlet>>>,
    /// Symbols of which many trades wait to be made candles of.
    late: Mutex<Vec<Arc<Feed>>>,
    /// Subscriptions of all sessions.
    watching: AtomicU64,
    pub(super) journal: Journal,
    /// None where everything is safe at once.
    gate: Option<Arc<Gate>>,
    /// The newest record that something waits for.
    awaited: AtomicU64,
    /// Up to where the journal has called.
    called: AtomicU64,
    /// Counts what shards have told, and whatever else there may be new words by.
    said: AtomicU64,
    /// Symbols were removed, so many.
    pub(super) removals: AtomicU64,
    book_taps: Box<[Tap<BookNews>]>,
    account_taps: Box<[Tap<AccountItem>]>,
    pub(super) books: BookDesk,
    pub(super) accounts: AccountDesk,
    link: OnceLock<Link>,
    plane: Mutex<Plane>,
    is_stopped: AtomicBool,
}

/// What shards had told, and how much of it was safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    count: u64,
    open: Lsn,
}

/// The way to the shards.
pub(super) enum Link {
    Threaded(Router),
    Inline(Weak<Mutex<Inline>>),
}

impl Hub {
    pub(crate) fn new(config: &Config, journal: &Journal) -> Arc<Self> {
        let epoch = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        // Shards of an inline engine share what they say.
        let (matchers, sequencers) =
            if config.inline { (1, 1) } else { (config.matchers, config.sequencers) };
        Arc::new(Self {
            epoch: u64::try_from(epoch).unwrap_or(u64::MAX),
            counting: Counting::default(),
            bell: Bell::default(),
            status: Status::default(),
            outlets: Mutex::default(),
            late: Mutex::default(),
            watching: AtomicU64::new(0),
            journal: journal.clone(),
            gate: journal.kept().map(|front| front.gate().clone()),
            awaited: AtomicU64::new(0),
            called: AtomicU64::new(0),
            said: AtomicU64::new(0),
            removals: AtomicU64::new(0),
            book_taps: (0..matchers).map(|_| Tap::default()).collect(),
            account_taps: (0..sequencers).map(|_| Tap::default()).collect(),
            books: BookDesk::new(config.matchers),
            accounts: AccountDesk::new(config.sequencers),
            link: OnceLock::new(),
            plane: Mutex::new(Plane::new(matchers, sequencers)),
            is_stopped: AtomicBool::new(false),
        })
    }

    /// When the engine was opened, in milliseconds since 1970.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What was counted.
    pub(crate) fn counters(&self) -> Counters {
        let taps = self.book_taps.iter().map(Tap::len).chain(self.account_taps.iter().map(Tap::len));
        let mut counters = self.counting.read();
        counters.backlog += taps.sum::<u64>();
        counters
    }

    /// The shards run now.
    pub(super) fn set_link(&self, link: Link) {
        assert!(self.link.set(link).is_ok(), "shards begin once");
    }

    /// The shards are threads now.
    pub(crate) fn link_threads(&self, router: Router) {
        self.set_link(Link::Threaded(router));
    }

    /// The shards are these now.
    pub(crate) fn link_inline(&self, inline: &Arc<Mutex<Inline>>) {
        self.set_link(Link::Inline(Arc::downgrade(inline)));
    }

    pub(super) fn link(&self) -> Option<&Link> {
        self.link.get()
    }

    // ---- What shards ask and say.

    /// Does anybody watch anything? Asked by a shard behind what it has published, so that who begins to watch either
    /// sees that or is told.
    #[inline]
    pub(crate) fn is_watched(&self) -> bool {
        fence(Ordering::SeqCst);
        self.watching.load(Ordering::Relaxed) > 0
    }

    /// The same by who is not in a hurry to be exact.
    #[inline]
    pub(crate) fn may_be_watched(&self) -> bool {
        self.watching.load(Ordering::Relaxed) > 0
    }

    /// Trades of a matcher's batch, for the executions that its settlements make, if anybody watches those.
    #[inline]
    pub(crate) fn trades_for_accounts(&self, trades: &[Trade]) -> Option<Arc<[Trade]>> {
        (!trades.is_empty() && self.accounts.wants_trades()).then(|| Arc::from(trades))
    }

    /// A matcher's batch: what it has published waits for `shown`.
    pub(crate) fn tell_books(&self, shard: usize, news: &mut Vec<BookNews>, about: Rung, shown: Lsn) {
        let mut until = shown;
        if self.gate.is_some() {
            until = news.iter().filter_map(Caused::cause).fold(until, Lsn::max);
        }
        let about = if news.is_empty() { about } else { about.and(Rung::WORDS) };
        self.book_taps[shard].push(news);
        self.say();
        self.ring_when_safe(about, until);
    }

    /// A sequencer's batch.
    pub(crate) fn tell_accounts(&self, shard: usize, items: &mut Vec<AccountItem>) {
        if items.is_empty() {
            return;
        }
        let mut until = Lsn(0);
        if self.gate.is_some() {
            until = items.iter().filter_map(Caused::cause).fold(until, Lsn::max);
        }
        self.account_taps[shard].push(items);
        self.say();
        self.ring_when_safe(Rung::WORDS, until);
    }

    /// There may be new words, from here on.
    pub(super) fn say(&self) {
        self.said.fetch_add(1, Ordering::SeqCst);
    }

    /// What there may be words of: while it is the same, there are no new ones. Read ahead of looking for them.
    pub(super) fn said(&self) -> Said {
        Said { count: self.said.load(Ordering::SeqCst), open: self.open() }
    }

    fn open(&self) -> Lsn {
        self.gate.as_ref().map_or(Lsn(u64::MAX), |gate| gate.open())
    }

    /// Of a symbol so many trades wait to be made candles of that the market-data thread is to do it.
    pub(crate) fn bring_up_to_date(&self, feed: &Arc<Feed>) {
        let mut late = self.late.lock().unwrap_or_else(PoisonError::into_inner);
        if late.iter().any(|known| Arc::ptr_eq(known, feed)) {
            return;
        }
        late.push(feed.clone());
        drop(late);
        self.bell.ring(Rung::LATE);
    }

    /// Makes candles of what waits for it.
    pub(super) fn make_candles(&self) {
        let late = std::mem::take(&mut *self.late.lock().unwrap_or_else(PoisonError::into_inner));
        late.iter().for_each(|feed| feed.catch_up());
    }

    fn ring_when_safe(&self, about: Rung, until: Lsn) {
        if about == Rung::NOTHING {
            return;
        }
        if let Some(gate) = &self.gate
            && gate.open() < until
        {
            self.awaited.fetch_max(until.0, Ordering::SeqCst);
            // The journal says that it is safe, and then looks who waits: one of the two sees the other.
            fence(Ordering::SeqCst);
            if gate.open() < until {
                return;
            }
        }
        self.bell.ring(about);
    }

    /// The journal has made records up to this one safe, and whoever asks may see them.
    pub(crate) fn gate_moved(&self, safe: Lsn) {
        fence(Ordering::SeqCst);
        let called = self.called.swap(safe.0, Ordering::SeqCst);
        if self.awaited.load(Ordering::SeqCst) > called {
            self.bell.ring(Rung::BOOKS.and(Rung::WORDS));
        }
    }

    // ---- What the engine says.

    /// Nothing leaves any more.
    pub(crate) fn halt(&self, halted: &Halted) {
        if self.status.halt(halted) {
            self.say();
            self.bell.ring(Rung::ALL);
        }
    }

    /// The engine is being closed, or is closed.
    pub(crate) fn set_state(&self, state: State) {
        if self.status.set_state(state) {
            self.say();
            self.bell.ring(Rung::ALL);
        }
    }

    /// So much may be written.
    pub(crate) fn set_room(&self, room: Room) {
        if self.status.set_room(room) {
            self.say();
            self.bell.ring(Rung::ALL);
        }
    }

    /// A symbol was added, changed or removed, and that is safe.
    pub(crate) fn tell_symbol(&self, symbol: SymbolId, status: Option<SymbolStatus>) {
        self.status.tell(symbol, status);
        if status.is_none() {
            self.removals.fetch_add(1, Ordering::SeqCst);
        }
        self.say();
        self.bell.ring(Rung::ALL);
    }

    /// The market-data thread ends, after it has woken everybody once more.
    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        self.bell.ring(Rung::ALL);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::SeqCst)
    }

    // ---- What sessions ask.

    /// A session is there.
    pub(super) fn enter(&self, outlet: &Arc<Outlet>) {
        let mut outlets = self.outlets();
        outlets.retain(|outlet| outlet.strong_count() > 0);
        outlets.push(Arc::downgrade(outlet));
    }

    /// So many subscriptions more.
    pub(super) fn begin(&self, subscriptions: u64) {
        self.watching.fetch_add(subscriptions, Ordering::SeqCst);
        fence(Ordering::SeqCst);
    }

    /// So many less.
    pub(super) fn end(&self, subscriptions: u64) {
        self.watching.fetch_sub(subscriptions, Ordering::SeqCst);
    }

    pub(super) fn outlets(&self) -> MutexGuard<'_, Vec<Weak<Outlet>>> {
        self.outlets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is known of books and accounts.
    pub(super) fn plane(&self) -> MutexGuard<'_, Plane> {
        self.plane.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what shards have left, as far as it may be seen. True if something was new.
    pub(super) fn turn(self: &Arc<Self>) -> bool {
        let mut plane = self.plane();
        if self.status.halted().is_some() {
            plane.clear();
            return false;
        }
        let open = self.open();
        let (resyncs, is_new) = plane.turn(&self.book_taps, &self.account_taps, open);
        self.counting.held.store(plane.held() as u64, Ordering::Relaxed);
        Counting::add(&self.counting.lost, resyncs.len() as u64);
        for resync in resyncs {
            match resync {
                Resync::Book(symbol) => self.books.ask(self, symbol, true),
                Resync::Account(account) => self.accounts.ask(self, Some(account), true),
            }
        }
        is_new
    }

    pub(super) fn matcher_of(&self, symbol: SymbolId) -> usize {
        shard_of_symbol(symbol, self.books.shards())
    }

    pub(super) fn sequencer_of(&self, account: AccountId) -> usize {
        shard_of_account(account, self.accounts.shards())
    }
}

/// What a sequencer says, behind what it was told of trades.
pub(crate) fn tell_all(items: &mut Vec<AccountItem>, news: &mut Vec<AccountNews>) {
    items.extend(news.drain(..).map(AccountItem::News));
}
