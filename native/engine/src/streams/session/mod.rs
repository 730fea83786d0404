//! Who watches: subscriptions, and what each of them was told last.
//!
//! A session belongs to one thread at a time, its owner's: it is woken, and polls. What a subscription is told is worked
//! out when it is polled, from what there is then; one that does not want anything gets nothing and costs nothing.
//!
//! | file | what it tells |
//! |---|---|
//! | `sort` | rounds of looking at subscriptions |
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
mod sort;
mod source;
mod status;
mod subscription;
mod top;
mod trades;

use std::sync::atomic::{Ordering, fence};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use lightning_core::reject::Code;
use lightning_core::types::SymbolId;

use self::sort::Sort;
use self::source::Source;
use self::subscription::{Kind, Subscription, Table};
use crate::clock::Clock;
use crate::refusal::Refusal;
use crate::registry::{Key, Registry, Symbol};
use crate::replies::Wake;
use crate::streams::bell::Rung;
use crate::streams::counters::Counting;
use crate::streams::hub::{Hub, Said};
use crate::streams::outlet::Outlet;
use crate::streams::status::State;
use crate::streams::{Ended, SubscriptionId, Update, Watch};

/// Takes an update, or says that it has no room for it: it is offered again later.
pub type Offer<'a> = &'a mut dyn FnMut(SubscriptionId, Update<'_>) -> bool;

/// Subscriptions of one session, at most.
pub const SUBSCRIPTIONS_MAX: usize = 65_536;
/// Levels, trades and so on of one update, where it can be cut.
const ITEMS_MAX: usize = 8_192;
/// A look that took that long is paced: where nobody watches much, nothing is held back.
const PACED_FROM: Duration = Duration::from_micros(20);
/// Pauses behind a look at words that took that long are longer: there is so much that fewer looks, each at more, save a
/// lot.
const MANY_WORDS_FROM: Duration = Duration::from_micros(50);
/// Pauses behind a look at states are never longer than this,
const STATES_PAUSE_MAX: Duration = Duration::from_millis(250);
/// and those behind a look at words than this.
const WORDS_PAUSE_MAX: Duration = Duration::from_micros(900);
/// Looking at states goes on so long before words are looked at again.
const SLICE: Duration = Duration::from_micros(200);
/// Between two looks at the clock.
const SLICE_SUBSCRIPTIONS: usize = 16;

/// Subscriptions of one consumer: a Node handle, a connection.
pub struct Session {
    hub: Arc<Hub>,
    registry: Arc<RwLock<Registry>>,
    clock: Clock,
    outlet: Arc<Outlet>,
    /// Nobody wakes its owner, and nothing is put off: the owner is the thread that does everything.
    is_inline: bool,
    words: Sort,
    states: Sort,
    table: Table,
    last_id: u32,
    /// How long the look at states has taken that is not finished.
    looking: Option<Duration>,
    /// Words left states no room, which have theirs first the next time.
    left_out: bool,
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
            words: Sort::default(),
            states: Sort::default(),
            table: Table::new(hub.clone()),
            last_id: 0,
            looking: None,
            left_out: false,
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
        if self.words.all.len() + self.states.all.len() >= SUBSCRIPTIONS_MAX {
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
        let sort = if kind.is_of_words() { &mut self.words } else { &mut self.states };
        sort.begin(id, Subscription { wants: true, told_in: 0, symbol: of_symbol, kind }, &self.table);
        Ok(id)
    }

    /// Ends a subscription: nothing more is told of it. False if there is none.
    pub fn unwatch(&mut self, id: SubscriptionId) -> bool {
        let Some(subscription) = self.words.remove(id).or_else(|| self.states.remove(id)) else {
            return false;
        };
        subscription.end(&mut self.table);
        true
    }

    /// The consumer has taken what a subscription was told, and may be told more: one update. Poll when all is said.
    pub fn want(&mut self, id: SubscriptionId) {
        _ = self.words.want(id, &self.table) || self.states.want(id, &self.table);
    }

    /// Hands out what there is for subscriptions that want something: one update for each, and `budget` levels, trades,
    /// events, reports and so on in all of them together, or one update of more. An update that is not taken ends the
    /// round and is offered again. Behind [`Update::Ended`] a subscription is gone.
    ///
    /// Whoever has an answer finds here what it tells of books and trades, and, once a sequencer has applied it, of
    /// accounts. True if there is more for somebody who wants it: poll again, without waiting to be woken.
    pub fn poll(&mut self, now: Instant, budget: usize, offer: Offer<'_>) -> bool {
        let wants_states = self.states.wanting > 0;
        let continues = self.looking.is_some();
        let is_due = self.outlet.polls(self.words.wanting > 0, wants_states, continues, now);
        // What is published from here on wakes again; what was published before is seen.
        fence(Ordering::SeqCst);
        let state = self.hub.status.now().0;
        // Nobody wakes it any more then, as nobody ever does inline.
        let is_alone = self.is_inline || matches!(state, State::Closed | State::Halted);
        let said = (state == State::Open && !self.is_inline).then(|| self.hub.said());
        let are_known = self.look_for_removals();
        let said = said.filter(|_| are_known);
        if self.words.wanting > 0 || wants_states {
            self.hub.turn();
        }
        let budget = budget.max(1);
        self.table.round(now, self.clock.peek(), budget, state);
        let looks = wants_states && (is_due || continues || is_alone);
        let mut is_all = true;
        let states_first = std::mem::take(&mut self.left_out) && looks;
        if states_first {
            is_all = self.look_at_states(is_alone, offer);
            self.table.budget = budget;
        }
        let has_words = self.look_at_words(said, offer);
        is_all &= has_words;
        if looks && !states_first {
            if has_words {
                is_all = self.look_at_states(is_alone, offer);
            } else {
                // Not where something was refused: that is offered first.
                self.left_out = self.table.budget == 0;
            }
        } else if wants_states && !looks {
            self.outlet.leave_states();
            self.hub.bell.ring(Rung::LOOK);
        }
        self.outlet.set_wants(self.words.wanting > 0, self.states.wanting > 0);
        !is_all
    }

    /// When to poll at the latest, if nobody wakes it before: a heartbeat, a candle or a ticker is due then. None if
    /// nothing will be due by itself.
    #[must_use]
    pub fn next_poll(&self, now: Instant) -> Option<Duration> {
        // Words are never due by themselves, and states are not looked at before they may be.
        let soonest = self.states.soonest().filter(|_| self.states.wanting > 0)?;
        let soonest = if self.is_inline { soonest } else { soonest.max(self.outlet.states_due()) };
        Some(soonest.saturating_duration_since(now))
    }

    /// False if it had to stop. `said`: what shards had said before it; none where that does not tell all.
    fn look_at_words(&mut self, said: Option<Said>, offer: Offer<'_>) -> bool {
        if self.words.wanting == 0 || said.is_some_and(|said| self.words.has_heard(said)) {
            return true;
        }
        let began = Instant::now();
        let is_continued = self.words.began.is_some();
        self.table.has_more = false;
        // All that it takes: whoever keeps up misses nothing.
        let is_done = self.words.look(&mut self.table, None, offer);
        let is_all = is_done && !is_continued && !self.table.has_more;
        self.words.set_heard(said.filter(|_| is_all), self.table.round);
        let now = Instant::now();
        let took = now - began;
        let times = if took < MANY_WORDS_FROM { 4 } else { 9 };
        self.outlet.set_words_due(now + pause(times, took, WORDS_PAUSE_MAX));
        // Those that were looked at before it had to stop may have been woken for since.
        is_done && !is_continued
    }

    /// What states cost is bounded: a twentieth of a core. False if it had to stop, or has to look again and nobody would wake
    /// it.
    fn look_at_states(&mut self, is_alone: bool, offer: Offer<'_>) -> bool {
        let began = Instant::now();
        let slice = (!self.is_inline).then(|| began + SLICE);
        let is_done = self.states.look(&mut self.table, slice, offer);
        let now = Instant::now();
        let is_continued = self.looking.is_some();
        let took = self.looking.take().unwrap_or_default() + (now - began);
        if !is_done {
            self.looking = Some(took);
            return false;
        }
        self.outlet.set_due(now + pause(19, took, STATES_PAUSE_MAX));
        if !is_continued {
            return true;
        }
        // Those that were looked at first may be new again, or have begun to want something.
        if !is_alone && (self.states.wanted || self.outlet.has_states()) {
            self.outlet.leave_states();
            self.hub.bell.ring(Rung::LOOK);
        }
        !is_alone
    }

    /// True if no symbol was removed that this session does not know of since its last look: what was removed is an end
    /// to tell, though no shard says it.
    fn look_for_removals(&mut self) -> bool {
        let removals = self.hub.removals.load(Ordering::SeqCst);
        if removals == self.removals {
            return true;
        }
        // Held for long only by an operator's call: another poll will find it free.
        let Ok(registry) = self.registry.try_read() else { return false };
        for source in self.table.sources.iter_mut().flatten() {
            source.is_removed = registry.symbol(source.symbol.spec.id()).removed;
        }
        self.removals = removals;
        false
    }

    fn symbol(&self, id: SymbolId) -> Result<Arc<Symbol>, Refusal> {
        let registry = self.registry.read().unwrap_or_else(PoisonError::into_inner);
        registry.symbol_of(Key::Number(id.0)).cloned()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        for sort in [&mut self.words, &mut self.states] {
            while let Some((_, subscription)) = sort.all.pop_first() {
                subscription.end(&mut self.table);
            }
        }
        self.hub.counting.sessions.fetch_sub(1, Ordering::Relaxed);
    }
}

/// So many times as long as the look took, at most `most`.
fn pause(times: u32, took: Duration, most: Duration) -> Duration {
    if took < PACED_FROM { Duration::ZERO } else { (times * took).min(most) }
}

/// Sources by the numbers of their symbols.
type Sources = Vec<Option<Source>>;

/// Why a subscription has nothing more to be told, if it has.
fn over(state: State, is_removed: bool) -> Option<Ended> {
    match state {
        State::Closed | State::Halted => Some(Ended::Closed),
        State::Open | State::Closing => is_removed.then_some(Ended::Removed),
    }
}
