//! The mix that exchange-core publishes its figures for: hardly anything but moves. In the steady state 9 % of the
//! commands are GTC orders, 3 % IOC orders, 6 % cancels and reductions, 82 % moves, and about 6 % trade.

use lightning_core::types::Side;

use super::author::{Author, Ids};
use super::draw::{Weighted, float, nearest};
use super::{Kind, Size, Workload};

/// Where every symbol's price begins, in ticks.
const MID: u64 = 100_000;
/// New orders come up to so far behind the last price: 5 %, most of them near it.
const DEVIATION: f64 = 5_000.0;
/// A move goes this part of the way to the last price, a tick at least.
const MOVES_NEARER: f64 = 0.02;
/// An IOC order goes up to so many ticks beyond the touch.
const IOC_REACH: u64 = 100;
const COMMANDS: usize = 3_000_000;
/// Percent of the commands.
const GTC: u64 = 9;
const IOC: u64 = 12;
const CANCEL: u64 = 15;
const REDUCE: u64 = 18;

/// One symbol, 1,000 resting orders, 1,000 accounts.
pub(super) fn single_pair(seed: u64, size: &Size) -> Workload {
    write("single-pair", seed, size, &Shape { symbols: 1, resting: 1_000, users: 1_000 })
}

/// 10,000 symbols, a million resting orders, 3.3 million accounts in its way of counting: one per user and currency.
pub(super) fn medium(seed: u64, size: &Size) -> Workload {
    let part = if size.is_small { 10 } else { 1 };
    let shape = Shape { symbols: 10_000 / part, resting: 1_000_000 / part, users: 1_650_000 / part };
    write("medium", seed, size, &shape)
}

struct Shape {
    symbols: usize,
    resting: usize,
    users: usize,
}

struct Market {
    author: Author,
    users: Weighted,
    /// Of each symbol.
    last_price: Vec<u64>,
    reductions: bool,
}

fn write(name: &'static str, seed: u64, size: &Size, shape: &Shape) -> Workload {
    let mut author = Author::new(seed, shape.symbols, Ids::Ascending);
    let symbols: Vec<f64> = (0..shape.symbols).map(|_| author.draw.pareto(0.001, 1.5)).collect();
    let symbols = Weighted::new(symbols);
    let users: Vec<f64> = (0..shape.users).map(|_| author.draw.pareto(1.0, 1.5)).collect();
    let mut market = Market {
        author,
        users: Weighted::new(users),
        last_price: vec![MID; shape.symbols],
        reductions: size.reductions,
    };
    let targets: Vec<usize> = (0..shape.symbols)
        .map(|symbol| {
            let share = nearest(symbols.share(symbol) * float(shape.resting as u64));
            usize::try_from(share).expect("few orders").max(1)
        })
        .collect();
    for (symbol, &target) in targets.iter().enumerate() {
        while market.author.count(symbol) < target {
            market.quote(symbol);
        }
    }
    market.author.start_clock();
    for _ in 0..size.commands(COMMANDS) {
        let symbol = symbols.pick(&mut market.author.draw);
        market.step(symbol, targets[symbol]);
    }
    market.author.finish(name, seed, u32::try_from(shape.users).expect("few users"))
}

impl Market {
    fn step(&mut self, symbol: usize, target: usize) {
        let resting = self.author.count(symbol);
        // What keeps the number where it is: too few, and nothing leaves; too many, and nothing comes to rest.
        let wish = match self.author.draw.below(100) {
            leaves if (GTC..CANCEL).contains(&leaves) && resting <= target - target / 20 => 0,
            comes if comes < GTC && resting > target + target / 20 => GTC,
            wish => wish,
        };
        let Some(id) = self.author.some_order(symbol) else { return self.quote(symbol) };
        let left = self.author.order(symbol, id).left;
        if wish < GTC {
            self.quote(symbol);
        } else if wish < IOC {
            self.immediate(symbol);
        } else if wish < CANCEL {
            self.author.cancel(symbol, id);
        } else if wish < REDUCE && left == 1 {
            // Nothing would be left of it.
            self.author.cancel(symbol, id);
        } else if wish < REDUCE && self.reductions {
            let by = self.author.draw.within(1, left - 1);
            self.author.reduce(symbol, id, by);
        } else {
            self.shift(symbol, id);
        }
    }

    fn quote(&mut self, symbol: usize) {
        let side = self.author.some_side();
        let part = self.author.draw.unit();
        let distance = 1 + nearest(part * part * DEVIATION);
        let last = self.last_price[symbol];
        let price = if side == Side::Buy { last - distance } else { last + distance };
        self.place(symbol, (side, price), Kind::PlaceGtc);
    }

    fn immediate(&mut self, symbol: usize) {
        let side = self.author.some_side();
        let Some(touch) = self.author.best(symbol, side.opposite()) else { return self.quote(symbol) };
        let reach = self.author.draw.below(IOC_REACH);
        let price = if side == Side::Buy { touch + reach } else { touch - reach };
        self.place(symbol, (side, price), Kind::PlaceIoc);
    }

    fn place(&mut self, symbol: usize, (side, price): (Side, u64), kind: Kind) {
        let draw = &mut self.author.draw;
        let quantity = 1 + draw.below(6) * draw.below(6) * draw.below(6);
        let user = u32::try_from(1 + self.users.pick(draw)).expect("few users");
        self.trading(symbol, side, |author| {
            author.place(symbol, user, (side, price, quantity), kind);
        });
    }

    /// Orders follow the price.
    fn shift(&mut self, symbol: usize, id: u32) {
        let order = self.author.order(symbol, id);
        let last = self.last_price[symbol];
        let step = nearest((float(last.abs_diff(order.price)) * MOVES_NEARER).ceil()).max(1);
        let price = if order.price < last { order.price + step } else { order.price - step };
        self.trading(symbol, order.side, |author| author.shift(symbol, id, price));
    }

    /// Does something that may trade, and sees to the last price: the best that was there, if it is gone or less.
    fn trading(&mut self, symbol: usize, side: Side, act: impl FnOnce(&mut Author)) {
        let touch = self.author.best(symbol, side.opposite());
        let trades = self.author.trades();
        act(&mut self.author);
        if self.author.trades() > trades {
            self.last_price[symbol] = touch.expect("somebody was there to trade with");
        }
    }
}
