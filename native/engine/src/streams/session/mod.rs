//! Who watches: subscriptions, and what each of them was told last.
//!
//! A session belongs to one thread at a time, its owner's: it is woken, and polls. What a subscription is told is worked
//! out when it is polled, from what there is then; one that does not want anything gets nothing and costs nothing.
//!
//! | file | what it tells |
//! |---|---|
//! | `subscription` | what is watched, by kind |
//! | `source` | what is read of a symbol once for all subscriptions of it |
//! | `top`, `full` | the best levels of a book, and all of them |
//! | `bbo` | best bid and offer |
//! | `orders` | every order of a book |
//! | `trades` | trades, and aggregated ones |
//! | `candles` | the last 24 hours, and candles |
//! | `account` | executions and balances |
//! | `status` | the engine's own state |

mod account;
mod bbo;
mod candles;
mod full;
mod orders;
mod source;
mod status;
mod subscription;
mod top;
mod trades;

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use lightning_core::reject::Code;
use lightning_core::types::SymbolId;

use self::source::Source;
use self::subscription::{Kind, Subscription, Table, Told};
use crate::clock::Clock;
use crate::refusal::Refusal;
use crate::registry::{Key, Registry, Symbol};
use crate::replies::Wake;
use crate::streams::bell::Rung;
use crate::streams::counters::Counting;
use crate::streams::hub::Hub;
use crate::streams::outlet::Outlet;
use crate::streams::status::State;
use crate::streams::{Ended, SubscriptionId, Update, Watch};

/// Takes an update, or says that it has no room for it: it is offered again later.
pub type Offer<'a> = &'a mut dyn FnMut(SubscriptionId, Update<'_>) -> bool;

/// Subscriptions of one session, at most.
pub const SUBSCRIPTIONS_MAX: usize = 65_536;
/// Levels, trades and so on of one update, where it can be cut.
const ITEMS_MAX: usize = 8_192;
/// What looking at states took that long is paced; what took less is not worth it.
const PACED_FROM: Duration = Duration::from_micros(250);
/// And never longer than this.
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// Subscriptions of one consumer: a Node handle, a connection.
pub struct Session {
    hub: Arc<Hub>,
    registry: Arc<RwLock<Registry>>,
    clock: Clock,
    outlet: Arc<Outlet>,
    /// Nobody wakes its owner, and nothing is put off: the owner is the thread that does everything.
    is_inline: bool,
    subscriptions: BTreeMap<SubscriptionId, Subscription>,
    table: Table,
    last_id: u32,
    /// The last one that was looked at: the next round begins behind it.
    last_looked: [SubscriptionId; 2],
    /// A look at states was not finished.
    is_looking: bool,
    /// Removals of symbols that it knows of.
    removals: u64,
}

impl Session {
    pub(crate) fn new(
        hub: &Arc<Hub>,
        registry: &Arc<RwLock<Registry>>,
        clock: &Clock,
        is_inline: bool,
        wake: Wake,
    ) -> Self {
        let outlet = Arc::new(Outlet::new(wake));
        hub.enter(&outlet);
        Counting::add(&hub.counting.sessions, 1);
        Self {
            hub: hub.clone(),
            registry: registry.clone(),
            clock: clock.clone(),
            outlet,
            is_inline,
            subscriptions: BTreeMap::new(),
            table: Table::new(hub.clone()),
            last_id: 0,
            last_looked: [SubscriptionId(0); 2],
            is_looking: false,
            removals: hub.removals.load(Ordering::SeqCst),
        }
    }

    /// When the engine was opened, in milliseconds since 1970: sequence numbers of another one mean nothing in this.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.hub.epoch()
    }

    /// Watches something. The subscription wants its first update already.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `INVALID_DEPTH` outside 1 to 20 levels, `INVALID_REQUEST` for what is no account id or for more
    /// than [`SUBSCRIPTIONS_MAX`], `ENGINE_CLOSED`, the codes of a halted engine.
    pub fn watch(&mut self, watch: Watch) -> Result<SubscriptionId, Refusal> {
        if let Some(halted) = self.hub.status.halted() {
            return Err(halted.refusal());
        }
        if self.hub.status.now().0 != State::Open {
            return Err(Refusal::new(Code::EngineClosed, Code::EngineClosed.meaning()));
        }
        if self.subscriptions.len() >= SUBSCRIPTIONS_MAX {
            let message = format!("no more than {SUBSCRIPTIONS_MAX} subscriptions");
            return Err(Refusal::new(Code::InvalidRequest, message));
        }
        let symbol = subscription::symbol_of(&watch).map(|symbol| self.symbol(symbol)).transpose()?;
        subscription::check(&watch)?;
        // Before anything is looked at: what is published from here on is told.
        self.hub.begin(1);
        Counting::add(&self.hub.counting.subscriptions, 1);
        let of_symbol = symbol.as_ref().map(|symbol| symbol.spec.id());
        if let Some(symbol) = symbol {
            self.table.enter(symbol);
        }
        let kind = Kind::begin(watch, &mut self.table, self.clock.peek());
        self.last_id = self.last_id.checked_add(1).expect("fewer subscriptions than there are numbers");
        let id = SubscriptionId(self.last_id);
        self.subscriptions.insert(id, Subscription { wants: true, symbol: of_symbol, kind });
        Ok(id)
    }

    /// Ends a subscription: nothing more is told of it. False if there is none.
    pub fn unwatch(&mut self, id: SubscriptionId) -> bool {
        let Some(subscription) = self.subscriptions.remove(&id) else { return false };
        subscription.end(&mut self.table);
        true
    }

    /// The consumer has taken what a subscription was told, and may be told more: one update. Poll when all is said.
    pub fn want(&mut self, id: SubscriptionId) {
        if let Some(subscription) = self.subscriptions.get_mut(&id) {
            subscription.wants = true;
        }
    }

    /// Hands out what there is for subscriptions that want something: one update for each, and `budget` levels, trades,
    /// events, reports and so on in all of them together, or one update of more. An update that is not taken ends the
    /// round and is offered again. Behind [`Update::Ended`] a subscription is gone.
    ///
    /// Whoever has an answer finds here what it tells of books and trades, and, once a sequencer has applied it, of
    /// accounts. True if there is more for somebody who wants it: poll again, without waiting to be woken.
    pub fn poll(&mut self, now: Instant, budget: usize, offer: Offer<'_>) -> bool {
        let (words, states) = self.wants();
        let is_due = self.outlet.polls(words, states, now) || self.is_inline;
        // What is published from here on wakes again; what was published before is seen.
        fence(Ordering::SeqCst);
        let state = self.hub.status.now().0;
        // Nobody wakes it any more then.
        let is_due = is_due || matches!(state, State::Closed | State::Halted);
        self.look_for_removals();
        if words || states {
            self.hub.turn();
        }
        self.table.round(now, self.clock.peek(), budget.max(1), state);
        let is_done = !words || self.look(0, offer);
        let mut is_all = is_done;
        if states && is_done {
            if is_due || self.is_looking {
                let began = Instant::now();
                is_all = self.look(1, offer);
                self.is_looking = !is_all;
                self.pace(began);
            } else {
                self.outlet.leave_states();
                self.hub.bell.ring(Rung::LOOK);
            }
        }
        let (words, states) = self.wants();
        self.outlet.set_wants(words, states);
        !is_all
    }

    /// When to poll at the latest, if nobody wakes it before: a heartbeat, a candle or a ticker is due then. None if
    /// nothing will be due by itself.
    #[must_use]
    pub fn next_poll(&self, now: Instant) -> Option<Duration> {
        let time = self.clock.peek();
        let wanting = self.subscriptions.values().filter(|subscription| subscription.wants);
        wanting.filter_map(|subscription| subscription.kind.next_poll(now, time)).min()
    }

    /// Does any subscription want words, and does any want states?
    fn wants(&self) -> (bool, bool) {
        let wanting = self.subscriptions.values().filter(|subscription| subscription.wants);
        wanting.fold((false, false), |(words, states), subscription| {
            let is_words = subscription.kind.is_of_words();
            (words || is_words, states || !is_words)
        })
    }

    /// Looks at the subscriptions of one sort, each once, behind where the last round ended. False if it had to stop.
    fn look(&mut self, sort: usize, offer: Offer<'_>) -> bool {
        let after = self.last_looked[sort];
        let later = (Bound::Excluded(after), Bound::Unbounded);
        let ids = self.subscriptions.range(later).chain(self.subscriptions.range(..=after));
        let ids = ids.filter(|(_, each)| each.wants && each.kind.is_of_words() == (sort == 0));
        let mut ids = std::mem::take(&mut self.table.ids).refill(ids.map(|(&id, _)| id));
        let mut is_all = true;
        for id in ids.drain(..) {
            if self.table.budget == 0 {
                is_all = false;
                break;
            }
            let subscription = self.subscriptions.get_mut(&id).expect("it was just there");
            match subscription.tell(&mut self.table, &mut |update| offer(id, update)) {
                Told::Nothing => {}
                Told::Taken => subscription.wants = false,
                Told::Refused => {
                    is_all = false;
                    break;
                }
                Told::Ended => _ = self.unwatch(id),
            }
            self.last_looked[sort] = id;
        }
        ids.clear();
        self.table.ids = ids;
        is_all
    }

    /// What states cost is bounded: a fifth of a core.
    fn pace(&self, began: Instant) {
        let now = Instant::now();
        let took = now - began;
        let pause = if took < PACED_FROM { Duration::ZERO } else { (4 * took).min(PAUSE_MAX) };
        self.outlet.set_due(now + pause);
    }

    fn look_for_removals(&mut self) {
        let removals = self.hub.removals.load(Ordering::SeqCst);
        if removals == self.removals {
            return;
        }
        // Held for long only by an operator's call, who rings when it is over.
        let Ok(registry) = self.registry.try_read() else { return };
        for source in self.table.sources.values_mut() {
            source.is_removed = registry.symbol(source.symbol.spec.id()).removed;
        }
        self.removals = removals;
    }

    fn symbol(&self, id: SymbolId) -> Result<Arc<Symbol>, Refusal> {
        let registry = self.registry.read().unwrap_or_else(PoisonError::into_inner);
        registry.symbol_of(Key::Number(id.0)).cloned()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        while let Some((_, subscription)) = self.subscriptions.pop_first() {
            subscription.end(&mut self.table);
        }
        self.hub.counting.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A buffer that is filled again, so that it stops allocating.
trait Refill<T> {
    fn refill(self, items: impl Iterator<Item = T>) -> Self;
}

impl<T> Refill<T> for Vec<T> {
    fn refill(mut self, items: impl Iterator<Item = T>) -> Self {
        self.clear();
        self.extend(items);
        self
    }
}

/// Sources by symbol.
type Sources = HashMap<SymbolId, Source>;

/// Why a subscription has nothing more to be told, if it has.
fn over(state: State, is_removed: bool) -> Option<Ended> {
    match state {
        State::Closed | State::Halted => Some(Ended::Closed),
        State::Open | State::Closing => is_removed.then_some(Ended::Removed),
    }
}
