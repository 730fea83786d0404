//! Histories against what somebody saw who looked after every call: nothing is missing, nothing is there twice, and all
//! of it is as it was while it was remembered.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use lightning_core::archive::{Interval, Kline};
use lightning_core::message::{Order, Outcome, Trade};
use lightning_core::reject::Code;
use lightning_core::types::{AccountId, Amount, Lsn, Price, Side, Timestamp};
use lightning_engine::audit::history::{HistoryOf, HistoryPage};
use lightning_engine::config::{Options, Retention};
use lightning_engine::history::PageQuery;
use lightning_engine::refusal::Refusal;
use lightning_journal::storage::memory::FakeDisk;
use serde_json::json;

use super::rig::{RUNS, Run, disk, market, session};
use crate::everything::{ACCOUNTS, Random, SYMBOLS};
use crate::support::Client;

/// What is decided is durable by then.
const PATIENCE: Duration = Duration::from_secs(15);
/// More orders than one call closes, trades than one makes, and few besides.
const CLOSED: usize = 150;
const TRADES: usize = 60;

/// An engine that forgets.
fn options(run: Run) -> Options {
    Options {
        closed_orders: Some(CLOSED),
        trades_per_symbol: Some(TRADES),
        klines: Some(0),
        ledger_entries: Some(0),
        ..run.options()
    }
}

/// What somebody has seen.
#[derive(Default)]
struct Seen {
    /// By id, each as it was when it was seen last.
    closed: BTreeMap<u64, Order>,
    /// Of each symbol, without holes.
    trades: BTreeMap<u64, Vec<Trade>>,
}

fn name(symbol: u64) -> String {
    format!("S{symbol}")
}

impl Seen {
    fn look(&mut self, client: &mut Client) {
        for account in 1..=ACCOUNTS {
            let asked = json!({ "op": "orders", "accountId": account, "limit": 1_000 });
            let Outcome::Orders(page) = client.say(&asked).unwrap() else { panic!("no orders") };
            self.closed.extend(page.orders.into_iter().map(|order| (order.id.0, order)));
        }
        for symbol in 0..SYMBOLS {
            let seen = self.trades.entry(symbol).or_default();
            let next = seen.last().map_or(1, |last| last.id.0 + 1);
            let (_, new) = client.engine.trades(&name(symbol), Some(next), usize::MAX).unwrap();
            assert!(new.first().is_none_or(|first| first.id.0 == next), "the test itself has missed trades");
            seen.extend(new);
        }
    }

    fn of(&self, account: u64) -> BTreeMap<u64, Order> {
        let own = self.closed.iter().filter(|(_, order)| order.order.account == AccountId(account));
        own.map(|(&id, order)| (id, order.clone())).collect()
    }
}

/// All pages, each asked for as the one before said.
struct Pages {
    query: PageQuery,
    is_over: bool,
    until: Instant,
}

impl Pages {
    fn new(from: u64, to: Option<u64>, limit: usize) -> Self {
        let query = PageQuery { from, to, next: None, limit };
        Self { query, is_over: false, until: Instant::now() + PATIENCE }
    }

    /// The next one; nothing if there is none.
    fn next<T>(&mut self, ask: impl Fn(&PageQuery) -> Result<HistoryPage<T>, Refusal>) -> Option<Vec<T>> {
        while !self.is_over {
            assert!(Instant::now() < self.until, "watchdog: {:?} has no next page", self.query);
            let page = ask(&self.query).unwrap();
            self.is_over = page.next.is_none();
            self.query = PageQuery { to: Some(page.to), next: page.next, ..self.query };
            if !page.items.is_empty() {
                return Some(page.items);
            }
            std::thread::yield_now();
        }
        None
    }

    fn all<T>(mut self, ask: impl Fn(&PageQuery) -> Result<HistoryPage<T>, Refusal>) -> Vec<T> {
        let mut all = Vec::new();
        while let Some(items) = self.next(&ask) {
            all.extend(items);
        }
        all
    }
}

fn orders(client: &Client, account: u64, symbol: Option<&str>) -> impl Fn(&PageQuery) -> Closed {
    move |query| client.engine.order_history(AccountId(account), symbol, query)
}

type Closed = Result<HistoryPage<(Lsn, Order)>, Refusal>;

fn trades(client: &Client, symbol: u64) -> impl Fn(&PageQuery) -> Result<HistoryPage<Trade>, Refusal> {
    move |query| Ok(client.engine.trade_history(&name(symbol), query)?.1)
}

fn klines(
    client: &Client,
    symbol: u64,
    interval: Interval,
    fill: bool,
) -> impl Fn(&PageQuery) -> Result<HistoryPage<Kline>, Refusal> {
    move |query| Ok(client.engine.kline_history(&name(symbol), interval, fill, query)?.1)
}

/// The candles that begin from `from` to `to`, made in one pass over all trades that there were.
fn naive(
    trades: &[Trade],
    interval: Interval,
    fill: bool,
    range: (Timestamp, Timestamp),
    now: Timestamp,
) -> Vec<Kline> {
    let Some(first) = trades.first() else { return Vec::new() };
    let mut klines: Vec<Kline> = Vec::new();
    let (mut open_time, mut close, mut rest) = (interval.open_of(first.at), first.price, trades);
    while open_time <= now {
        let end_time = interval.end_of(open_time);
        let (inside, later) = rest.split_at(rest.partition_point(|trade| trade.at < end_time));
        let bought = || inside.iter().filter(|trade| trade.taker_side == Side::Buy);
        let lots = |trade: &Trade| u128::from(trade.quantity.0);
        let price = |pick: fn(Price, Price) -> Price| {
            inside.iter().map(|trade| trade.price).reduce(pick).unwrap_or(close)
        };
        let open = inside.first().map_or(close, |trade| trade.price);
        let (high, low) = (price(Price::max), price(Price::min));
        close = inside.last().map_or(close, |trade| trade.price);
        if (fill || !inside.is_empty()) && (range.0..=range.1).contains(&open_time) {
            klines.push(Kline {
                open_time,
                end_time,
                open,
                high,
                low,
                close,
                base: inside.iter().map(lots).sum(),
                quote: inside.iter().map(|trade| trade.notional).sum::<Amount>(),
                trades: inside.len() as u64,
                taker_base: bought().map(lots).sum(),
                taker_quote: bought().map(|trade| trade.notional).sum::<Amount>(),
                first_trade: inside.first().map(|trade| trade.id),
                last_trade: inside.last().map(|trade| trade.id),
                closed: end_time <= now,
            });
        }
        // Without those that nobody wants there would be a million of them.
        open_time = match (fill, later.first()) {
            (true, _) => end_time,
            (false, Some(next)) => interval.open_of(next.at),
            (false, None) => return klines,
        };
        rest = later;
    }
    klines
}

fn has_first(disk: &FakeDisk) -> bool {
    disk.files().contains(&format!("segment-{:020}.log", 1))
}

/// Compares everything with everything, a page of this after a page of that.
fn compare(client: &Client, seen: &Seen, random: &mut Random, context: &str) {
    let limit = |random: &mut Random| usize::try_from(1 + random.below(60)).unwrap();
    // Closed orders of all accounts side by side, many more than trails are kept.
    // One of them is read twice, at another pace.
    let mut iterations: Vec<_> = (1..=ACCOUNTS)
        .chain([ACCOUNTS])
        .map(|account| (account, Pages::new(0, None, limit(random)), Vec::new()))
        .collect();
    let mut is_over = false;
    while !is_over {
        is_over = true;
        for (account, pages, found) in &mut iterations {
            if let Some(items) = pages.next(orders(client, *account, None)) {
                found.extend(items);
                is_over = false;
            }
        }
    }
    for (account, _, found) in iterations {
        assert!(found.is_sorted_by_key(|(cause, _)| *cause), "{context}: not in the order of the records");
        let mut by_id = BTreeMap::new();
        for (_, order) in &found {
            let twice = by_id.insert(order.id.0, order.clone());
            assert_eq!(twice, None, "{context}: an order closed twice");
        }
        let expected = seen.of(account);
        for (id, order) in &expected {
            assert_eq!(by_id.get(id), Some(order), "{context}: order {id} of account {account}");
        }
        assert_eq!(by_id.len(), expected.len(), "{context}: orders that nobody saw, account {account}");

        // A range of records, and one symbol.
        let last = found.last().map_or(0, |(cause, _)| cause.0);
        let (from, to) = (random.below(last + 2), random.below(last + 2));
        let symbol = name(random.below(SYMBOLS));
        let id = client.engine.registry().find_symbol(&symbol).unwrap().spec.id();
        let part = Pages::new(from, Some(to), limit(random)).all(orders(client, account, Some(&symbol)));
        let within =
            |(cause, order): &&(Lsn, Order)| (from..=to).contains(&cause.0) && order.order.symbol == id;
        let expected: Vec<_> = found.iter().filter(within).cloned().collect();
        assert_eq!(part, expected, "{context}: records {from} to {to} of account {account}");
    }
    for symbol in 0..SYMBOLS {
        let expected = &seen.trades[&symbol];
        let found = Pages::new(0, None, limit(random)).all(trades(client, symbol));
        assert!(found == *expected, "{context}: trades of {symbol}: {} of {}", found.len(), expected.len());
        for interval in Interval::ALL {
            compare_klines(client, (symbol, interval), expected, random, context);
        }
    }
}

fn compare_klines(
    client: &Client,
    (symbol, interval): (u64, Interval),
    trades: &[Trade],
    random: &mut Random,
    context: &str,
) {
    let now = client.engine.now();
    let limit = usize::try_from(1 + random.below(40)).unwrap();
    let whole = (Timestamp(0), Timestamp(u64::MAX));
    let found = Pages::new(0, None, limit).all(klines(client, symbol, interval, false));
    let context = format!("{context}: {interval:?} of {symbol}, {limit} at a time");
    assert_same(&found, &naive(trades, interval, false, whole, now), &context);
    // With empty ones: all of the long ones, some of the short ones.
    let first = trades.first().map_or(now, |first| first.at);
    let length = interval.end_of(now).0 - interval.open_of(now).0;
    let (from, to) = if (now.0 - first.0) / length < 3_000 {
        (0, None)
    } else {
        let from = first.0 + random.below(now.0 - first.0);
        (from, Some(from + length * (1 + random.below(100))))
    };
    let found = Pages::new(from, to, limit).all(klines(client, symbol, interval, true));
    let expected = naive(trades, interval, true, (Timestamp(from), Timestamp(to.unwrap_or(u64::MAX))), now);
    assert_same(&found, &expected, &format!("{context}, from {from} to {to:?}"));
}

#[track_caller]
fn assert_same(found: &[Kline], expected: &[Kline], context: &str) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected, "{context}");
    }
    assert_eq!(found.len(), expected.len(), "{context}");
}

#[test]
fn histories_are_what_was_seen_while_it_was_remembered() {
    for (seed, run) in (1..).zip(RUNS) {
        let disk = disk();
        let mut client = Client::open_on(disk.clone(), options(run));
        market(&mut client);
        let (mut random, mut seen) = (Random(seed * 9_973), Seen::default());
        for part in 0..4 {
            for _ in 0..150 {
                session(&mut client, &mut random, 4);
                seen.look(&mut client);
            }
            if part == 1 {
                client.engine.advance(50 * 86_400_000).unwrap();
                seen.look(&mut client);
            }
            if part < 3 {
                client.engine.snapshot().unwrap();
            }
        }
        let (closed, made) = (seen.closed.len(), seen.trades.values().map(Vec::len).max());
        assert!(
            closed > 4 * CLOSED && made > Some(2 * TRADES),
            "too little is forgotten: {closed}, {made:?}"
        );
        compare(&client, &seen, &mut random, &format!("{run:?}"));
        client.engine.close().unwrap();
        let again = Client::open_on(disk.kill(), options(run));
        compare(&again, &seen, &mut random, &format!("{run:?}, opened again"));
    }
}

/// What is left of the records leads to the newest part of everything; and what is remembered of trades and candles may
/// reach farther back.
#[test]
fn histories_begin_with_the_oldest_that_there_is() {
    for retention in [Retention::Remove, Retention::Archive] {
        let run = Run::Threads(2, 2);
        let options = Options {
            snapshot_every: Some(500),
            snapshots_kept: Some(2),
            retention: Some(retention),
            ..options(run)
        };
        let disk = disk();
        let mut client = Client::open_on(disk.clone(), options);
        market(&mut client);
        let (mut random, mut seen) = (Random(77_003), Seen::default());
        for _ in 0..700 {
            session(&mut client, &mut random, 5);
            seen.look(&mut client);
        }
        client.engine.snapshot().unwrap();
        session(&mut client, &mut random, 50);
        seen.look(&mut client);
        let until = Instant::now() + PATIENCE;
        while has_first(&disk) {
            assert!(Instant::now() < until, "nothing was put away: {:?}", disk.files());
            std::thread::sleep(Duration::from_millis(10));
        }
        for account in 1..=ACCOUNTS {
            let found = Pages::new(0, None, 7).all(orders(&client, account, None));
            let expected = seen.of(account);
            assert!(found.iter().all(|(_, order)| expected.get(&order.id.0) == Some(order)));
            assert!(found.is_sorted_by_key(|(cause, _)| *cause) && found.len() < expected.len());
        }
        for symbol in 0..SYMBOLS {
            let all = &seen.trades[&symbol];
            let found = Pages::new(0, None, 7).all(trades(&client, symbol));
            assert!(found.len() >= TRADES.min(all.len()), "fewer than are remembered");
            assert!(all.ends_with(&found), "trades of {symbol}");
            for interval in [Interval::Second1, Interval::Minute1, Interval::Hour1, Interval::Day3] {
                let now = client.engine.now();
                let whole = (Timestamp(0), Timestamp(u64::MAX));
                let expected = naive(all, interval, false, whole, now);
                let found = Pages::new(0, None, 7).all(klines(&client, symbol, interval, false));
                assert!(expected.ends_with(&found), "{interval:?} of {symbol}");
                // Nobody knows all of three days: the snapshot's engine remembered none that was over.
                assert!(interval == Interval::Day3 || !found.is_empty(), "{interval:?} of {symbol}");
            }
        }
    }
}

/// A page that goes on from records that were put away is refused; it does not go on somewhere else.
#[test]
fn a_history_has_no_hole() {
    let run = Run::Inline;
    let disk = disk();
    let open = |disk, retention| {
        let retention = Some(retention);
        Client::open_on(disk, Options { snapshots_kept: Some(2), retention, ..options(run) })
    };
    let mut client = open(disk.clone(), Retention::KeepAll);
    market(&mut client);
    let mut random = Random(41);
    session(&mut client, &mut random, 600);
    client.engine.snapshot().unwrap();
    let account = AccountId(1);
    let ask = |client: &Client, next| {
        let query = PageQuery { from: 0, to: None, next, limit: 3 };
        (
            client.engine.order_history(account, None, &query),
            client.engine.trade_history("S0", &query).map(|(_, page)| page),
        )
    };
    let (orders, trades) = ask(&client, None);
    let (orders, trades) = (orders.unwrap().next.unwrap(), trades.unwrap().next.unwrap());
    client.engine.close().unwrap();
    let disk = disk.kill();
    let mut client = open(disk.clone(), Retention::Remove);
    for _ in 0..3 {
        session(&mut client, &mut random, 500);
        client.engine.snapshot().unwrap();
    }
    let until = Instant::now() + PATIENCE;
    while has_first(&disk) {
        assert!(Instant::now() < until, "nothing was put away: {:?}", disk.files());
        std::thread::sleep(Duration::from_millis(10));
    }
    let codes = |(orders, trades): (Closed, Result<_, Refusal>)| {
        (orders.err().map(|refusal| refusal.code), trades.err().map(|refusal| refusal.code))
    };
    assert_eq!(codes(ask(&client, Some(orders))).0, Some(Code::InvalidRequest));
    assert_eq!(codes(ask(&client, Some(trades))).1, Some(Code::InvalidRequest));
    assert!(ask(&client, None).0.is_ok(), "from the oldest that there is");
}

/// What is left is dropped, and what is asked for again begins again; a closed engine tells nothing.
#[test]
fn a_history_that_was_left_can_be_gone_on_with() {
    let disk = disk();
    let mut client = Client::open_on(disk.clone(), options(Run::Inline));
    market(&mut client);
    session(&mut client, &mut Random(5), 1_500);
    let read = |is_left: bool| {
        let before = disk.operations();
        let (mut pages, mut found) = (Pages::new(0, None, 1), Vec::new());
        while let Some(items) = pages.next(orders(&client, 1, None)) {
            found.extend(items);
            if is_left && let Some(next) = pages.query.next {
                client.engine.leave_history(HistoryOf::Orders(AccountId(1), None), next);
            }
        }
        (found, disk.operations() - before)
    };
    let (all, cost) = read(false);
    assert!(all.len() > 20);
    let (found, more) = read(true);
    assert_eq!(found, all);
    assert!(more > 5 * cost, "something was kept: {more} operations, {cost} without leaving");
    client.engine.close().unwrap();
    let refused = orders(&client, 1, None)(&PageQuery { from: 0, to: None, next: None, limit: 1 });
    assert_eq!(refused.map_err(|refusal| refusal.code), Err(Code::EngineClosed));
}

/// Four iterations side by side read each record once; five of them begin again with every page.
#[test]
fn a_few_histories_get_on_side_by_side_and_are_cheap() {
    let disk = disk();
    let mut client = Client::open_on(disk.clone(), options(Run::Inline));
    market(&mut client);
    session(&mut client, &mut Random(19), 1_500);
    let operations = |count: u64| {
        let before = disk.operations();
        let mut iterations: Vec<_> =
            (1..=count).map(|account| (account, Pages::new(0, None, 2), 0)).collect();
        let mut is_over = false;
        while !is_over {
            is_over = true;
            for (account, pages, found) in &mut iterations {
                if let Some(items) = pages.next(orders(&client, *account, None)) {
                    *found += items.len();
                    is_over = false;
                }
            }
        }
        assert!(iterations.iter().all(|(_, _, found)| *found > 40), "too little to read");
        disk.operations() - before
    };
    let alone = operations(1);
    assert!(operations(4) <= 5 * alone, "four read more than four times what one reads: {alone}");
    assert!(operations(5) > 40 * alone, "the fifth had a trail as well: {alone}");
}
