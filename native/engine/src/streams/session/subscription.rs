//! What is watched, by kind.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use lightning_core::book::PriceLevel;
use lightning_core::limits::BOOK_LEVELS_MAX;
use lightning_core::message::Trade;
use lightning_core::reject::Code;
use lightning_core::types::{AccountId, ID_MAX, SymbolId, Timestamp};

use super::account::{AccountView, Of};
use super::bbo::BboView;
use super::candles::{KlineView, TickerView};
use super::full::FullView;
use super::orders::OrdersView;
use super::source::Source;
use super::status::StatusView;
use super::top::TopView;
use super::trades::TradesView;
use super::{ITEMS_MAX, Sources, over};
use crate::refusal::Refusal;
use crate::registry::Symbol;
use crate::streams::counters::Counting;
use crate::streams::hub::Hub;
use crate::streams::status::State;
use crate::streams::{
    AggregateTrade, BalanceUpdate, Depth, Ended, ExecutionReport, OrderEvent, Update, Watch,
};

/// One subscription.
pub(super) struct Subscription {
    /// May it be told something?
    pub(super) wants: bool,
    /// The round in which it was told something last.
    pub(super) told_in: u64,
    pub(super) symbol: Option<SymbolId>,
    pub(super) kind: Kind,
}

/// What it watches, and what it was told last.
pub(super) enum Kind {
    Top(TopView),
    Full(FullView),
    Bbo(BboView),
    Orders(OrdersView),
    Trades(TradesView),
    Ticker(TickerView),
    Klines(KlineView),
    Account(Box<AccountView>),
    Status(StatusView),
}

/// What became of a look at a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// There is nothing new.
    Nothing,
    /// An update was taken.
    Taken,
    /// An update was not.
    Refused,
    /// The last one was.
    Ended,
}

/// What all subscriptions of a session share while one of them is looked at.
pub(super) struct Table {
    pub(super) hub: Arc<Hub>,
    pub(super) sources: Sources,
    /// Counts rounds of polling.
    pub(super) round: u64,
    pub(super) now: Instant,
    pub(super) time: Timestamp,
    /// Items that may still be handed out in this round.
    pub(super) budget: usize,
    /// Somebody was told something, and there may be more of it already.
    pub(super) has_more: bool,
    state: State,
    pub(super) scratch: Scratch,
}

/// Buffers, so that telling stops allocating.
#[derive(Default)]
pub(super) struct Scratch {
    pub(super) bids: Vec<PriceLevel>,
    pub(super) asks: Vec<PriceLevel>,
    pub(super) top: (Vec<PriceLevel>, Vec<PriceLevel>),
    pub(super) events: Vec<OrderEvent>,
    pub(super) trades: Vec<Trade>,
    pub(super) aggregates: Vec<AggregateTrade>,
    pub(super) reports: Vec<Arc<ExecutionReport>>,
    pub(super) balances: Vec<BalanceUpdate>,
    pub(super) text: String,
}

/// Takes an update.
pub(super) type Take<'a> = &'a mut dyn FnMut(Update<'_>) -> bool;

impl Table {
    pub(super) fn new(hub: Arc<Hub>) -> Self {
        Self {
            hub,
            sources: Sources::new(),
            round: 0,
            now: Instant::now(),
            time: Timestamp(0),
            budget: 0,
            has_more: false,
            state: State::Open,
            scratch: Scratch::default(),
        }
    }

    /// Another round begins.
    pub(super) fn round(&mut self, now: Instant, time: Timestamp, budget: usize, state: State) {
        self.round += 1;
        (self.now, self.time, self.budget, self.state) = (now, time, budget, state);
    }

    /// One more subscription of a symbol.
    pub(super) fn enter(&mut self, symbol: Arc<Symbol>) {
        let at = place_of(symbol.spec.id());
        if self.sources.len() <= at {
            self.sources.resize_with(at + 1, || None);
        }
        self.sources[at].get_or_insert_with(|| Source::new(symbol)).users += 1;
    }

    fn leave(&mut self, symbol: SymbolId) {
        let source = self.source(symbol);
        source.users -= 1;
        if source.users == 0 {
            self.sources[place_of(symbol)] = None;
        }
    }

    /// What is read of a symbol.
    pub(super) fn source(&mut self, symbol: SymbolId) -> &mut Source {
        self.sources[place_of(symbol)].as_mut().expect("a symbol that is watched")
    }

    /// The symbol itself.
    pub(super) fn symbol(&self, symbol: SymbolId) -> &Arc<Symbol> {
        &self.sources[place_of(symbol)].as_ref().expect("a symbol that is watched").symbol
    }

    /// How much one update may have where it can be cut.
    pub(super) fn items_max(&self) -> usize {
        self.budget.clamp(1, ITEMS_MAX)
    }

    /// An update of so many items was taken, or was not.
    pub(super) fn told(&mut self, items: usize, is_taken: bool) -> Told {
        if !is_taken {
            return Told::Refused;
        }
        // What tells of nothing counted, such as a gap, is told ahead of something; what has as many as it may was cut.
        self.has_more |= items == 0 || items >= self.items_max();
        self.budget = self.budget.saturating_sub(items.max(1));
        Counting::add(&self.hub.counting.updates, 1);
        Counting::add(&self.hub.counting.items, items as u64);
        Told::Taken
    }

    /// So many states of a book were passed over.
    pub(super) fn passed_over(&self, told: u64, now: u64) {
        if let Some(between) = now.checked_sub(told + 1)
            && between > 0
        {
            Counting::add(&self.hub.counting.conflated, between);
        }
    }

    /// Something was missed.
    pub(super) fn gap(&mut self, from: u64, to: u64, take: Take<'_>) -> Told {
        let is_taken = take(Update::Gap { from, to });
        if is_taken {
            Counting::add(&self.hub.counting.gaps, 1);
        }
        self.told(0, is_taken)
    }

    /// It is over.
    pub(super) fn end(&mut self, why: Ended, take: Take<'_>) -> Told {
        if !take(Update::Ended(why)) {
            return Told::Refused;
        }
        if matches!(why, Ended::Slow { .. }) {
            Counting::add(&self.hub.counting.ended_slow, 1);
        }
        self.told(0, true);
        Told::Ended
    }
}

impl Subscription {
    /// Offers what is new, if anything is.
    pub(super) fn tell(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        let is_removed = self.symbol.is_some_and(|symbol| table.source(symbol).is_removed);
        let told = match (&mut self.kind, table.state) {
            (Kind::Status(view), _) => view.tell(table, take),
            // What is not out by now never will be.
            (_, State::Halted) => Told::Nothing,
            (Kind::Top(view), _) => view.tell(table, take),
            (Kind::Full(view), _) => view.tell(table, take),
            (Kind::Bbo(view), _) => view.tell(table, take),
            (Kind::Orders(view), _) => view.tell(table, take),
            (Kind::Trades(view), _) => view.tell(table, take),
            (Kind::Ticker(view), _) => view.tell(table, take),
            (Kind::Klines(view), _) => view.tell(table, take),
            (Kind::Account(view), _) => view.tell(table, take),
        };
        match over(table.state, is_removed) {
            Some(why) if told == Told::Nothing => table.end(why, take),
            _ => told,
        }
    }

    /// When it is due by itself, by the time of this round.
    pub(super) fn due(&self, table: &Table) -> Option<Instant> {
        self.kind.next_poll(table.now, table.time).map(|left| table.now + left)
    }

    /// Nothing more is told.
    pub(super) fn end(self, table: &mut Table) {
        let hub = table.hub.clone();
        match &self.kind {
            Kind::Full(view) => unwatch_book(&hub, view.symbol, false),
            Kind::Orders(view) => unwatch_book(&hub, view.symbol, true),
            Kind::Account(view) => {
                let mut plane = hub.plane();
                if plane.accounts_mut().unwatch(view.account) {
                    hub.accounts.ask(&hub, view.account, false);
                }
                drop(plane);
                hub.accounts.end();
            }
            _ => {}
        }
        if let Some(symbol) = self.symbol {
            table.leave(symbol);
        }
        hub.counting.subscriptions.fetch_sub(1, Ordering::Relaxed);
        hub.end(1);
    }
}

impl Kind {
    /// Begins to watch.
    pub(super) fn begin(watch: Watch, table: &mut Table, time: Timestamp) -> Self {
        let hub = table.hub.clone();
        match watch {
            Watch::Book { symbol, depth: Depth::Top(levels), checksum, heartbeat } => {
                hub.books.publish(&hub, symbol);
                Self::Top(TopView::new(symbol, levels, checksum, heartbeat))
            }
            Watch::Book { symbol, depth: Depth::All, checksum, heartbeat } => {
                watch_book(&hub, symbol, false);
                Self::Full(FullView::new(symbol, checksum, heartbeat))
            }
            Watch::Bbo(symbol) => {
                hub.books.publish(&hub, symbol);
                Self::Bbo(BboView::new(symbol))
            }
            Watch::Level3(symbol) => {
                watch_book(&hub, symbol, true);
                Self::Orders(OrdersView::new(symbol))
            }
            Watch::Trades { symbol, from, aggregate, behind } => {
                Self::Trades(TradesView::new(table, symbol, from, aggregate, behind))
            }
            Watch::Ticker(symbol) => Self::Ticker(TickerView::new(symbol)),
            Watch::Klines { symbol, interval } => Self::Klines(KlineView::new(symbol, interval, time)),
            Watch::Executions { account, from, behind } => {
                Self::Account(Box::new(AccountView::begin(&hub, account, Of::Executions, from, behind)))
            }
            Watch::Balances { account, behind } => {
                Self::Account(Box::new(AccountView::begin(&hub, account, Of::Balances, None, behind)))
            }
            Watch::Status => Self::Status(StatusView::new(&hub)),
        }
    }

    /// Does every word count? Otherwise the newest state does.
    pub(super) const fn is_of_words(&self) -> bool {
        match self {
            Self::Orders(_) | Self::Trades(_) | Self::Account(_) | Self::Status(_) => true,
            Self::Top(_) | Self::Full(_) | Self::Bbo(_) | Self::Ticker(_) | Self::Klines(_) => false,
        }
    }

    /// When it is due by itself.
    pub(super) fn next_poll(&self, now: Instant, time: Timestamp) -> Option<Duration> {
        match self {
            Self::Top(view) => view.heartbeat.next(now),
            Self::Full(view) => view.heartbeat.next(now),
            Self::Ticker(view) => Some(view.next_poll(now)),
            Self::Klines(view) => view.next_poll(time),
            Self::Bbo(_) | Self::Orders(_) | Self::Trades(_) | Self::Account(_) | Self::Status(_) => None,
        }
    }
}

/// Symbols are numbered from zero on.
fn place_of(symbol: SymbolId) -> usize {
    usize::try_from(symbol.0).expect("there are fewer symbols than that")
}

fn watch_book(hub: &Hub, symbol: SymbolId, of_orders: bool) {
    // Under the plane's lock, so that who begins and who ends agree on what the shard is asked last.
    let mut plane = hub.plane();
    if plane.watch_book(symbol, of_orders) {
        hub.books.ask(hub, symbol, true);
    }
}

fn unwatch_book(hub: &Hub, symbol: SymbolId, of_orders: bool) {
    let mut plane = hub.plane();
    if plane.unwatch_book(symbol, of_orders) {
        hub.books.ask(hub, symbol, false);
    }
}

/// The symbol that is watched.
pub(super) fn symbol_of(watch: &Watch) -> Option<SymbolId> {
    match *watch {
        Watch::Book { symbol, .. }
        | Watch::Bbo(symbol)
        | Watch::Level3(symbol)
        | Watch::Trades { symbol, .. }
        | Watch::Ticker(symbol)
        | Watch::Klines { symbol, .. } => Some(symbol),
        Watch::Executions { .. } | Watch::Balances { .. } | Watch::Status => None,
    }
}

/// Can that be watched?
pub(super) fn check(watch: &Watch) -> Result<(), Refusal> {
    match *watch {
        Watch::Book { depth: Depth::Top(levels), .. } if !(1..=BOOK_LEVELS_MAX).contains(&levels) => {
            let message = format!("levels is {levels}, not within 1 to {BOOK_LEVELS_MAX}");
            Err(Refusal::field(Code::InvalidDepth, "levels", message))
        }
        Watch::Executions { account: Some(AccountId(id)), .. }
        | Watch::Balances { account: Some(AccountId(id)), .. }
            if !(1..=ID_MAX).contains(&id) =>
        {
            let message = "accountId is not a whole number from 1 to 2^53 - 1";
            Err(Refusal::field(Code::InvalidRequest, "accountId", message))
        }
        _ => Ok(()),
    }
}
