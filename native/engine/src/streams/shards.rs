//! How shards are asked to tell, and to tell no more, without waiting for them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lightning_core::types::{AccountId, Lsn, SymbolId};

use crate::router::{Router, ToMatcher, ToSequencer};
use crate::streams::hub::{Hub, Link};
use crate::streams::wishes::Wishes;

/// What matchers are asked for.
pub(crate) struct BookDesk {
    wishes: Box<[Arc<Wishes<SymbolId>>]>,
}

impl BookDesk {
    pub(super) fn new(matchers: usize) -> Self {
        Self { wishes: (0..matchers).map(|_| Arc::default()).collect() }
    }

    pub(super) fn shards(&self) -> usize {
        self.wishes.len()
    }

    /// A book is to be told, all of it first, also where it is told already; or no longer.
    pub(super) fn ask(&self, hub: &Hub, symbol: SymbolId, on: bool) {
        let shard = hub.matcher_of(symbol);
        match hub.link() {
            Some(Link::Threaded(router)) => {
                let wishes = &self.wishes[shard];
                let is_sent_for = !wishes.wish(symbol, on);
                if !is_sent_for {
                    send_for(wishes.clone(), shard, router);
                }
            }
            Some(Link::Inline(inline)) => {
                if let Some(inline) = inline.upgrade() {
                    inline.lock().unwrap_or_else(PoisonError::into_inner).watch_book(shard, symbol, on);
                }
            }
            None => {}
        }
    }

    /// A book is to be published from now on: an inline engine does not, where nobody watches.
    pub(super) fn publish(&self, hub: &Hub, symbol: SymbolId) {
        if let Some(Link::Inline(inline)) = hub.link()
            && let Some(inline) = inline.upgrade()
        {
            let shard = hub.matcher_of(symbol);
            inline.lock().unwrap_or_else(PoisonError::into_inner).publish_book(shard, symbol);
        }
    }
}

fn send_for(wishes: Arc<Wishes<SymbolId>>, shard: usize, router: &Router) {
    let control = ToMatcher::Control(Box::new(move |matcher, _, _, out| {
        for (symbol, on) in wishes.take() {
            matcher.watch(symbol, on, out);
        }
        Box::new(|| ())
    }));
    router.to_matcher(shard, control);
}

/// What sequencers are asked for.
///
/// What an order's execution was made of is in its trades, which its matcher has. So matchers hand them on with their
/// settlements while any account is watched; and no sequencer is asked for an account before every matcher does, and
/// what it sent before has been applied.
pub(crate) struct AccountDesk {
    wishes: Box<[Wishes<Option<AccountId>>]>,
    wants_trades: AtomicBool,
    readiness: Mutex<Readiness>,
    /// Subscriptions.
    watchers: AtomicUsize,
    /// How many sequencers do not tell of all accounts yet, and the newest record before the others did. None if nobody
    /// asked.
    all: Mutex<Option<(usize, Lsn)>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Readiness {
    /// Matchers hand on nothing.
    Off,
    /// Some do not know yet that they are to.
    Preparing,
    /// All do.
    On,
}

impl AccountDesk {
    pub(super) fn new(sequencers: usize) -> Self {
        Self {
            wishes: (0..sequencers).map(|_| Wishes::default()).collect(),
            wants_trades: AtomicBool::new(false),
            readiness: Mutex::new(Readiness::Off),
            watchers: AtomicUsize::new(0),
            all: Mutex::new(None),
        }
    }

    pub(super) fn shards(&self) -> usize {
        self.wishes.len()
    }

    /// Do matchers hand on their trades?
    #[inline]
    pub(super) fn wants_trades(&self) -> bool {
        self.wants_trades.load(Ordering::Acquire)
    }

    /// A subscription of an account, or of all, begins.
    pub(super) fn begin(&self, hub: &Arc<Hub>) {
        self.watchers.fetch_add(1, Ordering::SeqCst);
        let mut readiness = self.readiness();
        if *readiness != Readiness::Off {
            return;
        }
        self.wants_trades.store(true, Ordering::SeqCst);
        let Some(Link::Threaded(router)) = hub.link() else {
            *readiness = Readiness::On;
            return;
        };
        *readiness = Readiness::Preparing;
        let left = Arc::new(AtomicUsize::new(router.matchers()));
        for shard in 0..router.matchers() {
            let (left, hub) = (left.clone(), Arc::downgrade(hub));
            let ready = move || {
                if left.fetch_sub(1, Ordering::AcqRel) == 1
                    && let Some(hub) = hub.upgrade()
                {
                    hub.accounts.set_ready(&hub);
                }
            };
            // Whatever it sent without trades is on its way before this is called.
            router.to_matcher(shard, ToMatcher::Control(Box::new(move |_, _, _, _| Box::new(ready))));
        }
    }

    /// Every matcher hands on its trades.
    fn set_ready(&self, hub: &Arc<Hub>) {
        *self.readiness() = Readiness::On;
        if let Some(Link::Threaded(router)) = hub.link() {
            for shard in (0..self.shards()).filter(|&shard| self.wishes[shard].is_anything()) {
                self.send(shard, hub, router);
            }
        }
        self.rest();
    }

    /// A subscription ends.
    pub(super) fn end(&self) {
        self.watchers.fetch_sub(1, Ordering::SeqCst);
        self.rest();
    }

    /// Has matchers hand on nothing, if nobody watches any account and every sequencer has heard of that.
    fn rest(&self) {
        let mut readiness = self.readiness();
        let is_unwatched = self.watchers.load(Ordering::SeqCst) == 0;
        if *readiness == Readiness::On && is_unwatched && self.wishes.iter().all(Wishes::is_idle) {
            *readiness = Readiness::Off;
            self.wants_trades.store(false, Ordering::SeqCst);
        }
    }

    /// An account, or all of them, is to be told, all of it first; or no longer.
    pub(super) fn ask(&self, hub: &Arc<Hub>, account: Option<AccountId>, on: bool) {
        let shards = account.map_or(0..self.shards(), |account| {
            let shard = hub.sequencer_of(account);
            shard..shard + 1
        });
        if account.is_none() {
            *self.all() = on.then_some((self.shards(), Lsn(0)));
        }
        for shard in shards {
            match hub.link() {
                Some(Link::Threaded(router)) => {
                    // Behind what is not ready it stays until that is.
                    let readiness = self.readiness();
                    if self.wishes[shard].wish(account, on) && *readiness != Readiness::Preparing {
                        self.send(shard, hub, router);
                    }
                }
                Some(Link::Inline(inline)) => {
                    if let Some(inline) = inline.upgrade() {
                        let mut inline = inline.lock().unwrap_or_else(PoisonError::into_inner);
                        inline.watch_account(shard, account, on);
                        if account.is_none() && on {
                            self.begin_all(hub.journal.last());
                        }
                    }
                }
                None => {}
            }
        }
    }

    fn send(&self, shard: usize, hub: &Arc<Hub>, router: &Router) {
        let hub = Arc::downgrade(hub);
        let control = ToSequencer::Control(Box::new(move |sequencer, ctx, out| {
            if let Some(hub) = hub.upgrade() {
                for (account, on) in hub.accounts.take(shard) {
                    sequencer.watch(account, on, ctx.now, out);
                    if account.is_none() && on {
                        hub.accounts.begin_all(hub.journal.last());
                        hub.say();
                    }
                }
                hub.accounts.rest();
            }
            Box::new(|| ())
        }));
        router.to_sequencer(shard, control);
    }

    /// What a sequencer may do now: nothing while matchers are being prepared, who sends it then.
    fn take(&self, shard: usize) -> BTreeMap<Option<AccountId>, bool> {
        let readiness = self.readiness();
        if *readiness == Readiness::Preparing { BTreeMap::new() } else { self.wishes[shard].take() }
    }

    /// A sequencer tells of all accounts from now on; this is the newest record before that.
    fn begin_all(&self, last: Lsn) {
        if let Some((left, newest)) = &mut *self.all() {
            *left = left.saturating_sub(1);
            *newest = last.max(*newest);
        }
    }

    /// Since when every sequencer tells of all accounts: what is of a later record is told. None if some do not yet.
    pub(super) fn all_begun(&self) -> Option<Lsn> {
        self.all().filter(|(left, _)| *left == 0).map(|(_, newest)| newest)
    }

    fn all(&self) -> MutexGuard<'_, Option<(usize, Lsn)>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn readiness(&self) -> MutexGuard<'_, Readiness> {
        self.readiness.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
