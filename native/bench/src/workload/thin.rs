//! A market with next to nothing in it: 45 % passive orders, 40 % cancels, 15 % crossing ones, about 100 orders rest.

use lightning_core::types::Side;

use super::author::{Author, Ids};
use super::{Kind, Size, Workload};

const MID: u64 = 100_000;
const RESTING: usize = 100;
/// Levels a side that passive orders spread over.
const LEVELS: u64 = 20;
const LOTS_MAX: u64 = 100;
const ACCOUNTS: u32 = 1_000;

pub(super) fn write(seed: u64, size: &Size) -> Workload {
    let mut author = Author::new(seed, 1, Ids::Ascending);
    while author.count(0) < RESTING {
        passive(&mut author);
    }
    author.start_clock();
    for _ in 0..size.commands(1_000_000) {
        let wish = author.draw.below(100);
        let both = author.best(0, Side::Buy).is_some() && author.best(0, Side::Sell).is_some();
        if (45..85).contains(&wish) && author.count(0) > RESTING {
            let order = author.some_order(0).expect("a hundred rest");
            author.cancel(0, order);
        } else if wish >= 85 && both {
            crossing(&mut author);
        } else {
            passive(&mut author);
        }
    }
    author.finish("thin", seed, ACCOUNTS)
}

fn passive(author: &mut Author) {
    let side = author.some_side();
    let touch = author.best(0, side.opposite()).unwrap_or(MID);
    let distance = author.draw.within(1, LEVELS);
    let price = if side == Side::Buy { touch - distance } else { touch + distance };
    let quantity = author.draw.within(1, LOTS_MAX);
    let account = some_account(author);
    author.place(0, account, (side, price, quantity), Kind::PlaceGtc);
}

/// Mostly a part of the first order, now and then a level or two.
fn crossing(author: &mut Author) {
    let side = author.some_side();
    let touch = author.best(0, side.opposite()).expect("both sides have orders");
    let price = if side == Side::Buy { touch + 1 } else { touch - 1 };
    let most = if author.draw.below(10) == 0 { 3 * LOTS_MAX } else { LOTS_MAX / 2 };
    let quantity = author.draw.within(1, most);
    let account = some_account(author);
    author.place(0, account, (side, price, quantity), Kind::PlaceGtc);
}

fn some_account(author: &mut Author) -> u32 {
    u32::try_from(author.draw.within(1, u64::from(ACCOUNTS))).expect("few accounts")
}
