//! Naive replicas of everything that can be watched, and an oracle that remembers every book that anybody was shown.

use std::collections::BTreeMap;
use std::time::Instant;

use lightning_core::book::PriceLevel;
use lightning_core::events::{BookEventKind, ExecutionKind};
use lightning_core::message::{Balance, Order, Trade};
use lightning_core::types::{AccountId, AssetId, OrderId, Price, Side, SymbolId};
use lightning_engine::Engine;
use lightning_engine::streams::{
    Behind, BookUpdate, BookUpdateKind, Depth, Ended, Session, SubscriptionId, Update, Watch,
};

use crate::everything::Random;

type Levels = Vec<(u64, u128, u32)>;

/// Every book that anybody was shown, by symbol and sequence number, with how deep it was.
#[derive(Default)]
pub(crate) struct Oracle {
    books: BTreeMap<(SymbolId, u64), (usize, Levels, Levels)>,
    pub(crate) checked: usize,
}

impl Oracle {
    /// Somebody was shown this. Whoever was shown the same book must have been shown the same.
    pub(crate) fn claim(&mut self, (symbol, seq): (SymbolId, u64), depth: usize, bids: Levels, asks: Levels) {
        match self.books.get_mut(&(symbol, seq)) {
            None => _ = self.books.insert((symbol, seq), (depth, bids, asks)),
            Some((known, known_bids, known_asks)) => {
                let both = depth.min(*known);
                let cut = |levels: &Levels| levels.iter().take(both).copied().collect::<Vec<_>>();
                assert_eq!(cut(&bids), cut(known_bids), "bids of {symbol:?} at {seq}");
                assert_eq!(cut(&asks), cut(known_asks), "asks of {symbol:?} at {seq}");
                self.checked += 1;
                if depth > *known {
                    (*known, *known_bids, *known_asks) = (depth, bids, asks);
                }
            }
        }
    }

    /// What a read says.
    pub(crate) fn read(&mut self, engine: &Engine, symbol: &str) -> (u64, Levels, Levels) {
        let (symbol, view) = engine.book(symbol, 20).unwrap();
        let (bids, asks) = (plain(&view.bids), plain(&view.asks));
        self.claim((symbol.spec.id(), view.seq), 20, bids.clone(), asks.clone());
        (view.seq, bids, asks)
    }
}

pub(crate) fn plain(levels: &[PriceLevel]) -> Levels {
    levels.iter().map(|level| (level.price.0, level.quantity, level.orders)).collect()
}

/// What a subscription has made of its updates.
pub(crate) enum Replica {
    Book {
        depth: usize,
        seq: Option<u64>,
        bids: BTreeMap<u64, (u128, u32)>,
        asks: BTreeMap<u64, (u128, u32)>,
    },
    Orders {
        seq: Option<u64>,
        orders: BTreeMap<OrderId, (Side, Price, u64)>,
        queue: Vec<OrderId>,
    },
    Bbo(Option<(u64, Option<PriceLevel>, Option<PriceLevel>)>),
    Trades {
        next: Option<u64>,
        trades: BTreeMap<u64, Trade>,
        missed: Vec<(u64, u64)>,
    },
    Aggregates {
        next: u64,
        quantity: u128,
        count: u64,
    },
    Account {
        started: bool,
        orders: BTreeMap<OrderId, Order>,
        filled: BTreeMap<OrderId, u64>,
        gaps: usize,
    },
    Balances {
        started: bool,
        balances: BTreeMap<(AccountId, AssetId), Balance>,
        gaps: usize,
    },
    Other(usize),
}

/// A watched thing.
pub(crate) struct Followed {
    pub(crate) watch: Watch,
    pub(crate) replica: Replica,
    /// It was told something and has not asked for more.
    pub(crate) is_full: bool,
    pub(crate) ended: Option<Ended>,
}

/// A session and replicas of all that it watches.
pub(crate) struct Follower {
    pub(crate) session: Session,
    pub(crate) followed: BTreeMap<SubscriptionId, Followed>,
    pub(crate) oracle: Oracle,
    pub(crate) updates: usize,
}

impl Follower {
    pub(crate) fn open(engine: &Engine) -> Self {
        let session = engine.open_session(Box::new(|| {}));
        Self { session, followed: BTreeMap::new(), oracle: Oracle::default(), updates: 0 }
    }

    pub(crate) fn watch(&mut self, watch: Watch) -> SubscriptionId {
        let id = self.session.watch(watch.clone()).unwrap();
        let replica = match &watch {
            Watch::Book { depth, .. } => {
                let depth = match *depth {
                    Depth::Top(levels) => levels,
                    Depth::All => usize::MAX,
                };
                Replica::Book { depth, seq: None, bids: BTreeMap::new(), asks: BTreeMap::new() }
            }
            Watch::Level3(_) => Replica::Orders { seq: None, orders: BTreeMap::new(), queue: Vec::new() },
            Watch::Bbo(_) => Replica::Bbo(None),
            Watch::Trades { aggregate: true, from, .. } => {
                Replica::Aggregates { next: from.map_or(1, |from| from.0), quantity: 0, count: 0 }
            }
            Watch::Trades { from, .. } => {
                Replica::Trades { next: from.map(|from| from.0), trades: BTreeMap::new(), missed: Vec::new() }
            }
            Watch::Executions { account, .. } => Replica::Account {
                started: account.is_none(),
                orders: BTreeMap::new(),
                filled: BTreeMap::new(),
                gaps: 0,
            },
            Watch::Balances { account, .. } => {
                Replica::Balances { started: account.is_none(), balances: BTreeMap::new(), gaps: 0 }
            }
            Watch::Ticker(_) | Watch::Klines { .. } | Watch::Status => Replica::Other(0),
        };
        self.followed.insert(id, Followed { watch, replica, is_full: false, ended: None });
        id
    }

    /// Ends a subscription and begins the same again.
    pub(crate) fn again(&mut self, id: SubscriptionId) {
        assert!(self.session.unwatch(id));
        let followed = self.followed.remove(&id).unwrap();
        self.watch(followed.watch);
    }

    /// Takes a random part of what there is, at random speeds.
    pub(crate) fn poll_some(&mut self, random: &mut Random) {
        let ids: Vec<_> = self.followed.keys().copied().collect();
        for id in ids {
            if random.below(3) == 0 && std::mem::take(&mut self.followed.get_mut(&id).unwrap().is_full) {
                self.session.want(id);
            }
        }
        let budget = 1 + usize::try_from(random.below(60)).unwrap();
        let refuse_from = random.below(40);
        self.poll(budget, |taken| taken < refuse_from);
    }

    /// Takes all there is.
    pub(crate) fn poll_all(&mut self) {
        loop {
            for (&id, followed) in &mut self.followed {
                if std::mem::take(&mut followed.is_full) {
                    self.session.want(id);
                }
            }
            let before = self.updates;
            let more = self.poll(usize::MAX, |_| true);
            if !more && self.updates == before {
                return;
            }
        }
    }

    fn poll(&mut self, budget: usize, has_room: impl Fn(u64) -> bool) -> bool {
        let Self { session, followed, oracle, updates, .. } = self;
        let mut taken = 0;
        session.poll(Instant::now(), budget, &mut |id, update| {
            if !has_room(taken) {
                return false;
            }
            taken += 1;
            *updates += 1;
            let followed = followed.get_mut(&id).expect("a subscription that was not ended");
            assert!(!followed.is_full, "{:?} did not want {update:?}", followed.watch);
            assert_eq!(followed.ended, None);
            followed.is_full = true;
            followed.take(update, oracle);
            true
        })
    }

    pub(crate) fn of(&self, id: SubscriptionId) -> &Followed {
        &self.followed[&id]
    }
}

impl Followed {
    fn take(&mut self, update: Update<'_>, oracle: &mut Oracle) {
        match (&mut self.replica, update) {
            (_, Update::Ended(why)) => self.ended = Some(why),
            (Replica::Book { depth, seq, bids, asks }, Update::Book(update)) => {
                apply_book((*depth, symbol_of(&self.watch)), (seq, bids, asks), &update, oracle);
            }
            (Replica::Bbo(last), Update::Bbo { seq, bid, ask, .. }) => {
                if let Some((before, old_bid, old_ask)) = *last {
                    let top = |level: Option<PriceLevel>| level.map(|level| (level.price, level.quantity));
                    assert!(before < seq, "{before} and then {seq}");
                    assert_ne!((top(old_bid), top(old_ask)), (top(bid), top(ask)), "nothing is new");
                }
                *last = Some((seq, bid, ask));
                let side = |level: Option<PriceLevel>| plain(level.as_slice());
                oracle.claim((symbol_of(&self.watch), seq), 1, side(bid), side(ask));
            }
            (Replica::Orders { seq, orders, queue }, Update::Level3Start(start)) => {
                orders.clear();
                queue.clear();
                for (side, given) in [(Side::Buy, &start.bids), (Side::Sell, &start.asks)] {
                    for &(order, price, quantity) in given {
                        orders.insert(order, (side, price, quantity.0));
                        queue.push(order);
                    }
                }
                *seq = Some(start.seq);
                claim_orders(start.symbol, start.seq, orders, oracle);
            }
            (Replica::Orders { seq, orders, queue }, Update::Level3(events)) => {
                for event in events {
                    assert!(seq.is_some_and(|seq| seq <= event.seq), "{seq:?}: {event:?}");
                    *seq = Some(event.seq);
                    match event.kind {
                        BookEventKind::Added => {
                            let order = (event.side, event.price, event.quantity.0);
                            assert_eq!(orders.insert(event.order, order), None);
                            queue.push(event.order);
                        }
                        BookEventKind::Executed | BookEventKind::Reduced => {
                            let left = &mut orders.get_mut(&event.order).unwrap().2;
                            *left -= event.quantity.0;
                            if *left == 0 {
                                orders.remove(&event.order);
                            }
                        }
                        BookEventKind::Removed => _ = orders.remove(&event.order),
                    }
                    queue.retain(|order| orders.contains_key(order));
                }
            }
            (Replica::Trades { next, trades, .. }, Update::Trades(told)) => {
                for trade in told {
                    assert_eq!(trade.id.0, next.unwrap_or(trade.id.0), "a hole without a gap");
                    *next = Some(trade.id.0 + 1);
                    trades.insert(trade.id.0, *trade);
                }
            }
            (Replica::Trades { next, missed, .. }, Update::Gap { from, to }) => {
                assert_eq!(from, next.unwrap_or(from));
                missed.push((from, to));
                *next = Some(to + 1);
            }
            (Replica::Aggregates { next, quantity, count }, Update::AggregateTrades(told)) => {
                for aggregate in told {
                    assert!(aggregate.first.0 == *next && aggregate.last >= aggregate.first);
                    *next = aggregate.last.0 + 1;
                    *quantity += aggregate.quantity;
                    *count += 1;
                }
            }
            (Replica::Account { started, orders, .. }, Update::AccountStart(start)) => {
                *started = true;
                assert!(start.balances.is_empty());
                *orders = start.orders.iter().map(|order| (order.id, order.clone())).collect();
            }
            (Replica::Account { started, orders, filled, .. }, Update::Executions(reports)) => {
                assert!(*started, "orders come first");
                for report in reports {
                    let order = &report.execution.order;
                    let fills: u64 = report.fills.iter().map(|fill| fill.quantity.0).sum();
                    assert_eq!(fills, report.filled().0, "{report:?}");
                    *filled.entry(order.id).or_default() += fills;
                    if report.kind() == ExecutionKind::Trade {
                        assert!(fills > 0, "{report:?}");
                    }
                    if order.status.is_open() {
                        orders.insert(order.id, order.clone());
                    } else {
                        orders.remove(&order.id);
                    }
                }
            }
            (Replica::Balances { started, balances, .. }, Update::AccountStart(start)) => {
                *started = true;
                assert!(start.orders.is_empty());
                balances.clear();
                balances
                    .extend(start.balances.iter().map(|&(asset, balance)| ((start.account, asset), balance)));
            }
            (Replica::Balances { started, balances, .. }, Update::Balances(told)) => {
                assert!(*started, "balances come first");
                for update in told {
                    balances.insert((update.account, update.asset), update.balance);
                }
            }
            (Replica::Account { gaps, .. } | Replica::Balances { gaps, .. }, Update::Gap { from, to }) => {
                assert!(from <= to);
                *gaps += 1;
            }
            (Replica::Other(count), Update::Ticker(_) | Update::Klines(_) | Update::Status(_)) => *count += 1,
            (_, update) => panic!("{:?} was told {update:?}", self.watch),
        }
    }
}

fn claim_orders(
    symbol: SymbolId,
    seq: u64,
    orders: &BTreeMap<OrderId, (Side, Price, u64)>,
    oracle: &mut Oracle,
) {
    let (bids, asks) = levels_of(orders);
    oracle.claim((symbol, seq), usize::MAX, bids, asks);
}

/// The levels that orders add up to.
pub(crate) fn levels_of(orders: &BTreeMap<OrderId, (Side, Price, u64)>) -> (Levels, Levels) {
    let mut sides = [BTreeMap::new(), BTreeMap::new()];
    for &(side, price, quantity) in orders.values() {
        let level: &mut (u128, u32) = sides[usize::from(side == Side::Sell)].entry(price.0).or_default();
        level.0 += u128::from(quantity);
        level.1 += 1;
    }
    let [bids, asks] = sides;
    let level = |(price, (quantity, orders)): (u64, (u128, u32))| (price, quantity, orders);
    (bids.into_iter().rev().map(level).collect(), asks.into_iter().map(level).collect())
}

type Sides<'a> =
    (&'a mut Option<u64>, &'a mut BTreeMap<u64, (u128, u32)>, &'a mut BTreeMap<u64, (u128, u32)>);

fn apply_book(
    (depth, symbol): (usize, SymbolId),
    (seq, bids, asks): Sides<'_>,
    update: &BookUpdate<'_>,
    oracle: &mut Oracle,
) {
    match update.kind {
        BookUpdateKind::Snapshot => {
            bids.clear();
            asks.clear();
        }
        BookUpdateKind::Delta => {
            assert_eq!(Some(update.prev_seq), *seq, "a delta of something else: {update:?}");
            assert!(update.seq > update.prev_seq, "{update:?}");
        }
        BookUpdateKind::Heartbeat => assert_eq!(Some(update.seq), *seq),
    }
    for (levels, side) in [(update.bids, &mut *bids), (update.asks, &mut *asks)] {
        for level in levels {
            if level.quantity == 0 {
                side.remove(&level.price.0);
            } else {
                side.insert(level.price.0, (level.quantity, level.orders));
            }
        }
    }
    *seq = Some(update.seq);
    assert!(bids.len() <= depth && asks.len() <= depth, "more levels than were asked for");
    let level = |(&price, &(quantity, orders)): (&u64, &(u128, u32))| (price, quantity, orders);
    let (bids, asks) = (bids.iter().rev().map(level).collect(), asks.iter().map(level).collect());
    oracle.claim((symbol, update.seq), depth, bids, asks);
}

pub(crate) fn symbol_of(watch: &Watch) -> SymbolId {
    match *watch {
        Watch::Book { symbol, .. } | Watch::Bbo(symbol) | Watch::Level3(symbol) => symbol,
        Watch::Trades { symbol, .. } | Watch::Ticker(symbol) | Watch::Klines { symbol, .. } => symbol,
        _ => panic!("{watch:?} is of no symbol"),
    }
}

/// All kinds of things to watch.
pub(crate) fn everything(symbols: u64, accounts: u64) -> Vec<Watch> {
    let behind = Behind::Gap;
    let mut all = vec![
        Watch::Status,
        Watch::Executions { account: None, from: None, behind },
        Watch::Balances { account: None, behind },
    ];
    for symbol in (0..symbols).map(|symbol| SymbolId(u32::try_from(symbol).unwrap())) {
        let book = |depth| Watch::Book { symbol, depth, checksum: true, heartbeat: None };
        all.extend([1, 5, 20].map(|levels| book(Depth::Top(levels))));
        all.extend([book(Depth::All), Watch::Bbo(symbol), Watch::Level3(symbol), Watch::Ticker(symbol)]);
        let from = Some(lightning_core::types::TradeId(1));
        all.push(Watch::Trades { symbol, from, aggregate: false, behind });
        all.push(Watch::Trades { symbol, from, aggregate: true, behind });
        let interval = lightning_core::archive::Interval::Second1;
        all.push(Watch::Klines { symbol, interval });
    }
    for account in (1..=accounts).map(AccountId) {
        all.push(Watch::Executions { account: Some(account), from: None, behind });
        all.push(Watch::Balances { account: Some(account), behind });
    }
    all
}
