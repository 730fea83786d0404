//! The archive, compared with what a naive reader makes of all trades.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::codec::{decoded, encoded};
use crate::message::Trade;
use crate::types::{Lsn, OrderId, Side, SignedAmount, SymbolId};

const SECOND: u64 = 1_000_000_000;
const DAY: u64 = 86_400 * SECOND;
/// 2024-02-10T00:00:00Z: a leap day is ahead.
const START: u64 = 19_763 * DAY;
const PLENTY: Kept = Kept { trades: 1_000, seconds: 1_000, minutes: 2_000, hours: 1_000, days: 1_000 };

/// What a trade is drawn from: nanoseconds since the one before it, whether those run back, price, lots, taker buys.
type Drawn = (u64, bool, u64, u64, bool);

fn drawn() -> impl Strategy<Value = Drawn> {
    let gap = prop_oneof![
        4 => 0..SECOND / 4,
        3 => 0..20 * SECOND,
        3 => 0..1_800 * SECOND,
        2 => 0..DAY,
        1 => 0..40 * DAY,
        1 => 0..200 * DAY,
    ];
    (gap, prop::bool::weighted(0.1), 1..50_u64, 1..1_000_u64, any::<bool>())
}

fn trades_of(drawn: &[Drawn]) -> Vec<Trade> {
    let mut at = START;
    let each = |(id, &(gap, is_back, price, lots, taker_buys)): (u64, &Drawn)| {
        at = if is_back { at - gap.min(10 * SECOND) } else { at + gap };
        trade(id, at, price, lots, if taker_buys { Side::Buy } else { Side::Sell })
    };
    (1..).zip(drawn).map(each).collect()
}

fn trade(id: u64, at: u64, price: u64, lots: u64, taker_side: Side) -> Trade {
    Trade {
        symbol: SymbolId(3),
        id: TradeId(id),
        price: Price(price),
        quantity: Quantity(lots),
        notional: Amount(u128::from(price * lots) * 7),
        taker_side,
        maker: OrderId(1),
        taker: OrderId(2),
        maker_account: AccountId(1 + id % 3),
        taker_account: AccountId(9),
        maker_fee: SignedAmount::ZERO,
        taker_fee: SignedAmount::ZERO,
        at: Timestamp(at),
        cause: Lsn(id / 2 + 1),
        book_seq: id,
    }
}

fn archive_of(kept: Kept, trades: &[Trade]) -> Archive {
    let mut archive = Archive::new(kept);
    trades.iter().for_each(|trade| archive.push(trade));
    archive.check();
    archive
}

/// A candle's first day or nanosecond and the next one's, found by walking from 1970.
fn naive_span(interval: Interval, at: u64) -> (u64, u64) {
    let fixed = |length: u64| (at - at % length, at - at % length + length);
    let (number, unit) = interval.as_str().split_at(interval.as_str().len() - 1);
    let number: u64 = number.parse().unwrap();
    match unit {
        "s" => fixed(number * SECOND),
        "m" => fixed(number * 60 * SECOND),
        "h" => fixed(number * 3_600 * SECOND),
        "d" => fixed(number * DAY),
        "w" => {
            // 1970-01-05 was a Monday.
            let mut monday = 4 * DAY;
            while monday + 7 * DAY <= at {
                monday += 7 * DAY;
            }
            (monday, monday + 7 * DAY)
        }
        _ => {
            let (mut first, mut year, mut month) = (0, 1970, 1);
            loop {
                let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
                let days = match month {
                    2 => 28 + u64::from(is_leap),
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                let next = first + days * DAY;
                if at < next {
                    return (first, next);
                }
                (first, year, month) = (next, year + month / 12, month % 12 + 1);
            }
        }
    }
}

/// Trades with the times that they count at: none before the second that was open.
fn counted(trades: &[Trade]) -> Vec<(u64, Trade)> {
    let mut latest = 0;
    let each = |trade: &Trade| {
        latest = latest.max(trade.at.0);
        (trade.at.0.max(latest - latest % SECOND), *trade)
    };
    trades.iter().map(each).collect()
}

/// All candles from the first trade to `now`; empty ones, too, unless there would be too many.
fn naive_klines(interval: Interval, trades: &[(u64, Trade)], now: u64) -> (Vec<Kline>, bool) {
    let mut by_open: BTreeMap<u64, Vec<Trade>> = BTreeMap::new();
    for (at, trade) in trades {
        by_open.entry(naive_span(interval, *at).0).or_default().push(*trade);
    }
    let mut klines: Vec<Kline> = Vec::new();
    let Some((&first, _)) = by_open.first_key_value() else { return (klines, true) };
    let last = naive_span(interval, now.max(*by_open.last_key_value().unwrap().0)).0;
    let is_filled = (last - first) / (naive_span(interval, first).1 - first) < 5_000;
    let mut open = first;
    while open <= last {
        let end = naive_span(interval, open).1;
        let fills = by_open.get(&open).map_or(&[][..], Vec::as_slice);
        let before = klines.last().map(|kline| kline.close);
        let prices = || fills.iter().map(|fill| fill.price);
        let bought = || fills.iter().filter(|fill| fill.taker_side == Side::Buy);
        klines.push(Kline {
            open_time: Timestamp(open),
            end_time: Timestamp(end),
            open: prices().next().or(before).unwrap(),
            high: prices().max().or(before).unwrap(),
            low: prices().min().or(before).unwrap(),
            close: prices().next_back().or(before).unwrap(),
            base: fills.iter().map(|fill| u128::from(fill.quantity.0)).sum(),
            quote: fills.iter().map(|fill| fill.notional).sum(),
            trades: fills.len() as u64,
            taker_base: bought().map(|fill| u128::from(fill.quantity.0)).sum(),
            taker_quote: bought().map(|fill| fill.notional).sum(),
            first_trade: fills.first().map(|fill| fill.id),
            last_trade: fills.last().map(|fill| fill.id),
            closed: end <= now,
        });
        open = if is_filled { end } else { by_open.range(end..).next().map_or(u64::MAX, |(&open, _)| open) };
    }
    (klines, is_filled)
}

/// Which candle differs first, if one does.
fn first_difference(told: &[Kline], expected: &[Kline]) -> String {
    let longest = told.len().max(expected.len());
    let differs = (0..longest).find(|&at| told.get(at) != expected.get(at));
    differs.map_or_else(String::new, |at| {
        format!(
            "of {} and {}, {at}: {:?} is not {:?}",
            told.len(),
            expected.len(),
            told.get(at),
            expected.get(at)
        )
    })
}

fn with_trades(klines: &[Kline]) -> Vec<Kline> {
    klines.iter().filter(|kline| kline.trades > 0).copied().collect()
}

const fn all(interval: Interval, fill: bool) -> KlineQuery {
    KlineQuery { interval, from: None, to: None, limit: 10_000, fill }
}

macro_rules! same {
    ($told:expr, $expected:expr, $($what:tt)+) => {
        let difference = first_difference(&$told, &$expected);
        prop_assert!(difference.is_empty(), "{}: {difference}", format!($($what)+));
    };
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Of every interval, with and without empty ones, from here, up to there, so many.
    #[test]
    fn candles_are_those_of_all_trades(
        drawn in prop::collection::vec(drawn(), 1..60),
        later in 0..3 * DAY,
        (from, span, limit) in (0..100 * DAY, 0..100 * DAY, 1..20_usize),
    ) {
        let trades = trades_of(&drawn);
        let archive = archive_of(PLENTY, &trades);
        let counted = counted(&trades);
        let now = counted.last().unwrap().0 + later;
        for interval in Interval::ALL {
            let (naive, is_filled) = naive_klines(interval, &counted, now);
            let told = |query| archive.klines(&query, Timestamp(now));
            same!(told(all(interval, false)), with_trades(&naive), "{interval:?}");
            let (from, to) = (START + from, START + from + span);
            let in_range = |klines: Vec<Kline>| {
                let begins = |kline: &Kline| (from..=to).contains(&kline.open_time.0);
                klines.into_iter().filter(begins).take(limit).collect::<Vec<_>>()
            };
            let up_to = |klines: Vec<Kline>| {
                let klines: Vec<_> = klines.into_iter().filter(|kline| kline.open_time.0 <= to).collect();
                klines[klines.len().saturating_sub(limit)..].to_vec()
            };
            for fill in [false, true] {
                if fill && !is_filled {
                    continue;
                }
                let all_of_them = if fill { naive.clone() } else { with_trades(&naive) };
                if fill && naive.len() <= 10_000 {
                    same!(told(all(interval, true)), all_of_them, "{interval:?}");
                }
                let ranged = KlineQuery { from: Some(Timestamp(from)), to: Some(Timestamp(to)), limit, ..all(interval, fill) };
                same!(told(ranged), in_range(all_of_them.clone()), "{interval:?} {fill}");
                let newest = KlineQuery { from: None, ..ranged };
                same!(told(newest), up_to(all_of_them), "{interval:?} {fill}");
            }
        }
    }

    /// What is told while little is kept, or by an archive that was not there from the beginning, is true: each candle is
    /// the one of all trades, they end with the newest, and as many are there as have not been forgotten.
    #[test]
    fn what_is_forgotten_is_not_told(
        drawn in prop::collection::vec(drawn(), 2..60),
        kept in (1..5_usize, 1..5_usize, 1..5_usize, 1..5_usize),
        missed in 0..20_usize,
    ) {
        // Who missed trades can't know that a clock runs back behind them.
        let forward = |drawn: &Drawn| if missed == 0 { *drawn } else { (drawn.0, false, drawn.2, drawn.3, drawn.4) };
        let trades = trades_of(&drawn.iter().map(forward).collect::<Vec<_>>());
        let counted = counted(&trades);
        let now = Timestamp(counted.last().unwrap().0);
        let (seconds, minutes, hours, days) = kept;
        let kept = Kept { trades: 2, seconds, minutes, hours, days };
        let missed = missed.min(trades.len() - 1);
        let archive = archive_of(kept, &trades[missed..]);
        for interval in Interval::ALL {
            let (naive, is_filled) = naive_klines(interval, &counted, now.0);
            let told = archive.klines(&all(interval, false), now);
            let expected = with_trades(&naive);
            let suffix = &expected[expected.len().saturating_sub(told.len())..];
            same!(told, suffix, "{interval:?}");
            let base = match interval.as_str() {
                "1s" => Some(seconds),
                "1m" => Some(minutes),
                "1h" => Some(hours),
                "1d" => Some(days),
                _ => None,
            };
            if let Some(kept) = base.filter(|_| missed == 0) {
                prop_assert_eq!(told.len(), expected.len().min(kept + 1), "{:?}", interval);
            }
            if is_filled {
                let told = archive.klines(&all(interval, true), now);
                let suffix = &naive[naive.len().saturating_sub(told.len())..];
                same!(told, suffix, "{interval:?} with empty ones");
            }
        }
    }

    /// The ticker is of 1,440 minutes, whenever it is asked for.
    #[test]
    fn a_ticker_is_of_the_last_1440_minutes(
        drawn in prop::collection::vec((drawn(), 0..40 * 3_600 * SECOND), 1..40),
    ) {
        let trades = trades_of(&drawn.iter().map(|(drawn, _)| *drawn).collect::<Vec<_>>());
        let counted = counted(&trades);
        let mut archive = Archive::new(PLENTY);
        let mut now = 0;
        for (at, (_, later)) in drawn.iter().enumerate() {
            archive.push(&trades[at]);
            now = now.max(counted[at].0 + if at % 3 == 0 { *later } else { 0 });
            let from = (now / (60 * SECOND) + 1 - 1_440) * 60 * SECOND;
            let seen = || counted[..=at].iter().filter(|(at, _)| *at >= from).map(|(_, trade)| trade);
            let ticker = archive.ticker(Timestamp(now));
            prop_assert_eq!(ticker, Ticker {
                open_time: Timestamp(from),
                close_time: Timestamp(now),
                open: seen().next().map(|trade| trade.price),
                high: seen().map(|trade| trade.price).max(),
                low: seen().map(|trade| trade.price).min(),
                last: Some(trades[at].price),
                last_quantity: trades[at].quantity.0,
                base: seen().map(|trade| u128::from(trade.quantity.0)).sum(),
                quote: seen().map(|trade| trade.notional).sum(),
                trades: seen().count() as u64,
                first_trade: seen().next().map(|trade| trade.id),
                last_trade: seen().next_back().map(|trade| trade.id),
            });
        }
    }

    /// An archive that was saved and loaded goes on as if it had not been.
    #[test]
    fn what_is_saved_goes_on(drawn in prop::collection::vec(drawn(), 2..50), cut in 1..50_usize) {
        let trades = trades_of(&drawn);
        let cut = cut.min(trades.len());
        let kept = Kept { trades: 5, seconds: 4, minutes: 4, hours: 4, days: 4 };
        let mut archive = archive_of(kept, &trades[..cut]);
        let bytes = encoded(&archive.save_candles(SymbolId(3)).unwrap());
        let saved: SavedCandles = decoded(&bytes).unwrap();
        let mut loaded = Archive::load(kept, &archive.saved_trades(), Some(saved)).unwrap();
        prop_assert!(loaded == archive);
        for trade in &trades[cut..] {
            loaded.push(trade);
            archive.push(trade);
        }
        prop_assert!(loaded == archive);
        let smaller = Kept { trades: 1, seconds: 1, minutes: 1, hours: 1, days: 1 };
        let saved = archive.save_candles(SymbolId(3));
        let loaded = Archive::load(smaller, &archive.saved_trades()[..0], saved).unwrap();
        loaded.check();
        prop_assert_eq!(loaded.last(), archive.last());
    }
}

#[test]
fn a_time_that_runs_back_changes_nothing_that_is_over() {
    let at = |seconds: u64| START + seconds * SECOND;
    let mut archive =
        archive_of(PLENTY, &[trade(1, at(1), 10, 1, Side::Buy), trade(2, at(62), 11, 1, Side::Buy)]);
    let before = archive.klines(&all(Interval::Minute1, true), Timestamp(at(63)))[0];
    archive.push(&trade(3, at(1), 99, 5, Side::Sell));
    let klines = archive.klines(&all(Interval::Minute1, true), Timestamp(at(63)));
    assert_eq!(klines[0], before);
    assert_eq!((klines[1].high, klines[1].trades), (Price(99), 2));
}

#[test]
fn a_followers_candles_are_the_one_it_knows_and_the_later_ones() {
    let at = |seconds: u64| START + seconds * SECOND;
    let archive =
        archive_of(PLENTY, &[trade(1, at(1), 10, 1, Side::Buy), trade(2, at(62), 11, 1, Side::Buy)]);
    let opens = |from, limit| {
        let klines = archive.klines(
            &KlineQuery {
                interval: Interval::Minute1,
                from: Some(Timestamp(from)),
                to: None,
                limit,
                fill: true,
            },
            AsOf { now: Timestamp(at(200)), settled: Timestamp(at(130)) },
        );
        klines.iter().map(|kline| ((kline.open_time.0 - START) / SECOND, kline.closed)).collect::<Vec<_>>()
    };
    assert_eq!(opens(at(60), 10), [(60, true), (120, false), (180, false)]);
    assert_eq!(opens(0, 2), [(0, true), (60, true)]);
    assert_eq!(opens(at(240), 2), []);
}

#[test]
fn trades_since_say_what_is_missing() {
    let trades: Vec<_> = (1..=7).map(|id| trade(id, START + id, 5, id, Side::Buy)).collect();
    let archive = archive_of(Kept { trades: 3, ..PLENTY }, &trades);
    let since = |from| {
        let Since { missed, trades: (older, newer) } = archive.trades_since(TradeId(from));
        let ids: Vec<_> = older.iter().chain(newer).map(|trade| trade.id.0).collect();
        (missed.map(|(from, to)| (from.0, to.0)), ids)
    };
    assert_eq!(since(0), (Some((1, 4)), vec![5, 6, 7]));
    assert_eq!(since(4), (Some((4, 4)), vec![5, 6, 7]));
    assert_eq!(since(5), (None, vec![5, 6, 7]));
    assert_eq!(since(7), (None, vec![7]));
    assert_eq!(since(8), (None, vec![]));
    let none = archive_of(Kept { trades: 0, ..PLENTY }, &trades);
    assert_eq!(none.trades_since(TradeId(2)).missed, Some((TradeId(2), TradeId(7))));
    assert_eq!(Archive::new(PLENTY).trades_since(TradeId(1)).missed, None);
    assert_eq!((archive.version(), archive.oldest()), (7, Some(TradeId(5))));
}

#[test]
fn one_takers_fills_at_one_price_are_one() {
    let fill = |id, price, taker, cause| Trade {
        taker: OrderId(taker),
        cause: Lsn(cause),
        ..trade(id, START, price, id, Side::Buy)
    };
    let trades = [fill(1, 5, 1, 1), fill(2, 5, 1, 1), fill(3, 6, 1, 1), fill(4, 6, 2, 2), fill(5, 6, 2, 3)];
    let told: Vec<_> = aggregates(&trades)
        .map(|one| (one.first.id.0, one.last.0, one.first.price.0, one.quantity, one.notional.0))
        .collect();
    assert_eq!(told, [(1, 2, 5, 3, 105), (3, 3, 6, 3, 126), (4, 4, 6, 4, 168), (5, 5, 6, 5, 210)]);
}

/// Candles that a stranger wrote are refused unless they could be.
#[test]
fn candles_that_can_not_be_are_refused() {
    let trades: Vec<_> = (1..=9).map(|id| trade(id, START + id * 1_000 * SECOND, id, 3, Side::Buy)).collect();
    let archive = archive_of(PLENTY, &trades);
    let bytes = encoded(&archive.save_candles(SymbolId(3)).unwrap());
    let load = |bytes: &[u8]| {
        let saved: SavedCandles = decoded(bytes).map_err(|malformed| malformed.what)?;
        Archive::load(PLENTY, &trades, Some(saved))
    };
    assert!(load(&bytes).unwrap() == archive);
    let mut loaded = 0;
    for at in 0..bytes.len() {
        for bit in [0, 7] {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            // Some prices and sums could be others: whatever is loaded agrees with itself and can be read and added to.
            let Ok(mut archive) = load(&changed) else { continue };
            loaded += 1;
            archive.check();
            archive.push(&trade(10, START + 40 * DAY, 4, 4, Side::Sell));
            for interval in Interval::ALL {
                let _ = archive.klines(&all(interval, false), Timestamp(START + 41 * DAY));
            }
            let _ = archive.ticker(Timestamp(START + 41 * DAY));
        }
    }
    assert!(loaded * 2 < bytes.len() * 2, "{loaded} changes went unnoticed");
    assert_eq!(
        load(&encoded(&archive_of(PLENTY, &trades[..8]).save_candles(SymbolId(3)).unwrap())).err(),
        Some("a last trade that is not the candles'")
    );
}

/// `cargo test --release -p lightning-core measure_archive -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
#[expect(clippy::disallowed_types, reason = "it is measured")]
#[expect(clippy::disallowed_macros, reason = "it is told")]
fn measure_archive() {
    for (what, step) in [("one second for 100,000 trades", 10_000), ("a second each", SECOND)] {
        let mut archive = Archive::new(Kept::with_trades(10_000));
        let mut one = trade(1, START, 5, 3, Side::Buy);
        let began = std::time::Instant::now();
        for id in 1..=5_000_000 {
            (one.id, one.at) = (TradeId(id), Timestamp(one.at.0 + step));
            (one.price, one.taker_side) =
                (Price(5 + id % 7), if id % 2 == 0 { Side::Buy } else { Side::Sell });
            archive.push(&one);
        }
        eprintln!("{what}: {} ps per trade", began.elapsed().as_nanos() / 5_000);
        let now = one.at;
        let began = std::time::Instant::now();
        for _ in 0..100 {
            std::hint::black_box(archive.ticker(now));
        }
        eprintln!("  ticker: {} ns", began.elapsed().as_nanos() / 100);
        for interval in [Interval::Minute1, Interval::Hour12, Interval::Month1] {
            let began = std::time::Instant::now();
            for _ in 0..100 {
                std::hint::black_box(
                    archive.klines(&KlineQuery { limit: 1_000, ..all(interval, true) }, now),
                );
            }
            eprintln!("  1,000 of {interval:?}: {} ns", began.elapsed().as_nanos() / 100);
        }
    }
}
