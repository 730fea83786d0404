//! 200,000 orders of random lifetimes around a price that walks at random, on one book or on eight. Ids come in no
//! order, so that nothing about an order is near anything else in memory.

use lightning_core::types::Side;

use super::author::{Author, Ids};
use super::{Kind, Size, Workload};

const MID: u64 = 1_000_000;
const RESTING: usize = 200_000;
/// Levels a side that orders spread over.
const LEVELS: u64 = 5_000;
const LOTS_MAX: u64 = 100;
const ACCOUNTS: u32 = 1_000;

/// All on one book.
pub(super) fn deep(seed: u64, size: &Size) -> Workload {
    write("deep", 1, seed, size)
}

/// On eight, so that several matchers have something to do.
pub(super) fn wide(seed: u64, size: &Size) -> Workload {
    write("wide", 8, seed, size)
}

fn write(name: &'static str, symbols: usize, seed: u64, size: &Size) -> Workload {
    let mut author = Author::new(seed, symbols, Ids::Scattered);
    let target = RESTING / symbols;
    let mut mids = vec![MID; symbols];
    for symbol in 0..symbols {
        while author.count(symbol) < target {
            passive(&mut author, symbol, MID);
        }
    }
    author.start_clock();
    for _ in 0..size.commands(1_000_000) {
        let symbol = usize::try_from(author.draw.below(symbols as u64)).expect("few");
        let mid = &mut mids[symbol];
        *mid = if author.draw.below(2) == 0 { *mid - 1 } else { *mid + 1 };
        let mid = *mid;
        let wish = author.draw.below(100);
        // 46 % come, 46 % leave or trade; the rest change. Which of them brings the number back to where it was.
        let wish = match author.count(symbol) {
            few if few < target * 99 / 100 && (46..92).contains(&wish) => 0,
            many if many > target * 101 / 100 && wish < 46 => 46,
            _ => wish,
        };
        let order = author.some_order(symbol).expect("the book is never empty");
        match wish {
            0..46 => passive(&mut author, symbol, mid),
            46..88 => author.cancel(symbol, order),
            88..92 => immediate(&mut author, symbol),
            92..96 if size.reductions && author.order(symbol, order).left > 1 => {
                let by = author.order(symbol, order).left / 2;
                author.reduce(symbol, order, by);
            }
            _ => {
                let side = author.order(symbol, order).side;
                let price = some_price(&mut author, side, mid);
                if price == author.order(symbol, order).price {
                    author.cancel(symbol, order);
                } else {
                    author.shift(symbol, order, price);
                }
            }
        }
    }
    author.finish(name, seed, ACCOUNTS)
}

fn passive(author: &mut Author, symbol: usize, mid: u64) {
    let side = author.some_side();
    let price = some_price(author, side, mid);
    let quantity = author.draw.within(1, LOTS_MAX);
    let account = some_account(author);
    author.place(symbol, account, (side, price, quantity), Kind::PlaceGtc);
}

fn some_price(author: &mut Author, side: Side, mid: u64) -> u64 {
    let distance = author.draw.within(1, LEVELS);
    if side == Side::Buy { mid - distance } else { mid + distance }
}

fn immediate(author: &mut Author, symbol: usize) {
    let side = author.some_side();
    let price = author.best(symbol, side.opposite()).expect("a side is never empty");
    let quantity = author.draw.within(1, LOTS_MAX);
    let account = some_account(author);
    author.place(symbol, account, (side, price, quantity), Kind::PlaceIoc);
}

fn some_account(author: &mut Author) -> u32 {
    u32::try_from(author.draw.within(1, u64::from(ACCOUNTS))).expect("few accounts")
}
