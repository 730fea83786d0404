//! Quotes around a mid price, in five regimes of what that price does.
//!
//! Distances from the mid fall off as a power law (exponent 2.23) behind a hump at 8 ticks, quantities are uniform in
//! 1 to 100, 15 % of new orders are IOC, a fifth of all commands change an order, and 19 of 20 orders that rest are
//! canceled. Quotes that the mid has passed are canceled first, as their owners would; where the price runs faster
//! than they can, they are traded with.

use lightning_core::types::Side;

use super::author::{Author, Ids};
use super::draw::{Draw, Weighted, float, nearest};
use super::{Kind, Size, Workload};

/// Where every regime begins, in ticks.
const MID: u64 = 10_000;
const RESTING: usize = 2_000;
const ACCOUNTS: u32 = 1_000;
const LOTS_MAX: u64 = 100;
const COMMANDS: usize = 1_000_000;
/// Depth: where most quotes stand, how fast they become fewer behind it, and the last tick that has any.
const HUMP: u64 = 8;
const EXPONENT: f64 = 2.23;
const DISTANCE_MAX: u64 = 2_000;
/// Of all commands, in a million. What comes is what leaves: of 100 orders that came to rest 95 are canceled.
const AMEND: u64 = 200_000;
const IOC: u64 = 66_400;
const GTC: u64 = 376_300;
/// Of the IOC orders, in a million, those that meet somebody; together they take one in twenty of what rests.
const IOC_HITS: u64 = 330_000;

/// What the mid price does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Regime {
    /// It stands still.
    Static,
    /// A geometric Brownian motion of 1 % over the whole.
    Normal,
    /// The same, and so many percent up, down and back, once.
    Swing(u64),
    /// The same, and a fall to four tenths within a twentieth of the time, of which half comes back.
    Crash,
}

impl Regime {
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Static, Self::Normal, Self::Swing(25), Self::Swing(40), Self::Crash];
        all.into_iter().find(|regime| regime.name() == name)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Static => "flash-static",
            Self::Normal => "flash-normal",
            Self::Swing(25) => "flash-swing-25",
            Self::Swing(_) => "flash-swing-40",
            Self::Crash => "flash-crash",
        }
    }

    /// Its standard deviation over the whole time.
    const fn volatility(self) -> f64 {
        match self {
            Self::Static => 0.0,
            _ => 0.01,
        }
    }

    /// The logarithm of what the mid is multiplied with at a time from 0 to 1.
    fn drift(self, time: f64) -> f64 {
        match self {
            Self::Static | Self::Normal => 0.0,
            Self::Swing(percent) => {
                (1.0 + float(percent) / 100.0).ln() * (time * std::f64::consts::TAU).sin()
            }
            Self::Crash => {
                let (bottom, after) = (0.4_f64.ln(), 0.7_f64.ln());
                match time {
                    early if early < 0.4 => 0.0,
                    fall if fall < 0.45 => bottom * (fall - 0.4) / 0.05,
                    rise if rise < 0.6 => bottom + (after - bottom) * (rise - 0.45) / 0.15,
                    _ => after,
                }
            }
        }
    }
}

/// Where the price is.
struct Mid {
    regime: Regime,
    commands: f64,
    /// The logarithm of what chance has multiplied it with.
    chance: f64,
    /// Of one step's.
    deviation: f64,
}

impl Mid {
    fn new(regime: Regime, commands: usize) -> Self {
        let commands = float(commands as u64);
        Self { regime, commands, chance: 0.0, deviation: regime.volatility() / commands.sqrt() }
    }

    fn step(&mut self, number: usize, draw: &mut Draw) -> u64 {
        self.chance += self.deviation * draw.normal();
        let time = float(number as u64) / self.commands;
        nearest(float(MID) * (self.chance + self.regime.drift(time)).exp())
    }
}

pub(super) fn write(regime: Regime, seed: u64, size: &Size) -> Workload {
    let mut author = Author::new(seed, 1, Ids::Ascending);
    let distances = Weighted::new((1..=DISTANCE_MAX).map(|distance| {
        let relative = float(distance) / float(HUMP);
        if distance < HUMP { relative } else { relative.powf(-EXPONENT) }
    }));
    while author.count(0) < RESTING {
        quote(&mut author, &distances, MID);
    }
    author.start_clock();
    let commands = size.commands(COMMANDS);
    let mut walk = Mid::new(regime, commands);
    while author.written() < commands {
        let mid = walk.step(author.written(), &mut author.draw);
        step(&mut author, &distances, mid, size);
    }
    author.finish(regime.name(), seed, ACCOUNTS)
}

fn step(author: &mut Author, distances: &Weighted, mid: u64, size: &Size) {
    let wish = author.draw.below(1_000_000);
    let (few, many) = (author.count(0) < RESTING * 95 / 100, author.count(0) > RESTING * 105 / 100);
    if wish < AMEND {
        amend(author, distances, mid, size);
    } else if wish < AMEND + IOC {
        immediate(author, mid);
    } else if let Some(order) =
        passed(author, mid).filter(|_| !wish.is_multiple_of(10) && author.count(0) > RESTING / 2)
    {
        // Nine in ten are quick enough.
        author.cancel(0, order);
    } else if (wish < AMEND + IOC + GTC && !many) || few {
        quote(author, distances, mid);
    } else {
        let order = author.some_order(0).expect("the book is never empty");
        author.cancel(0, order);
    }
}

/// A quote that the mid has reached, if there is one.
fn passed(author: &mut Author, mid: u64) -> Option<u32> {
    let bid = author.best(0, Side::Buy).is_some_and(|price| price >= mid);
    let ask = author.best(0, Side::Sell).is_some_and(|price| price <= mid);
    match (bid, ask) {
        (false, false) => None,
        (true, false) => author.front(0, Side::Buy),
        (false, true) => author.front(0, Side::Sell),
        (true, true) => {
            let side = author.some_side();
            author.front(0, side)
        }
    }
}

fn some_price(author: &mut Author, distances: &Weighted, side: Side, mid: u64) -> u64 {
    let distance = 1 + distances.pick(&mut author.draw) as u64;
    if side == Side::Buy { mid - distance } else { mid + distance }
}

fn quote(author: &mut Author, distances: &Weighted, mid: u64) {
    let side = author.some_side();
    let price = some_price(author, distances, side, mid);
    let quantity = author.draw.within(1, LOTS_MAX);
    let account = some_account(author);
    author.place(0, account, (side, price, quantity), Kind::PlaceGtc);
}

/// Most come too late: what they were after is gone.
fn immediate(author: &mut Author, mid: u64) {
    let side = author.some_side();
    let touch = author.best(0, side.opposite()).unwrap_or(mid);
    let reaches = author.draw.per_million(IOC_HITS);
    let price = match (side, reaches) {
        (Side::Buy, true) => touch + 1,
        (Side::Sell, true) => touch - 1,
        (Side::Buy, false) => touch - 1,
        (Side::Sell, false) => touch + 1,
    };
    let quantity = author.draw.within(1, LOTS_MAX);
    let account = some_account(author);
    author.place(0, account, (side, price, quantity), Kind::PlaceIoc);
}

/// Half of the changes make an order smaller, half send it elsewhere.
fn amend(author: &mut Author, distances: &Weighted, mid: u64, size: &Size) {
    let id = author.some_order(0).expect("the book is never empty");
    let order = author.order(0, id);
    if size.reductions && order.left > 1 && author.draw.below(2) == 0 {
        let by = author.draw.within(1, order.left - 1);
        author.reduce(0, id, by);
        return;
    }
    let mut price = some_price(author, distances, order.side, mid);
    if price == order.price {
        price = if order.side == Side::Buy { price - 1 } else { price + 1 };
    }
    author.shift(0, id, price);
}

fn some_account(author: &mut Author) -> u32 {
    u32::try_from(author.draw.within(1, u64::from(ACCOUNTS))).expect("few accounts")
}
