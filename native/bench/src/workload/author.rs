//! Who writes a workload: he knows which orders rest, and runs along on books of his own.

use std::collections::HashMap;

use lightning_core::types::Side;

use super::draw::Draw;
use super::reference::{Reference, Resting};
use super::tape::Tape;
use super::{Book, Command, Depth, Kind, Workload};

/// The name of the n-th order, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    /// In the order of arrival.
    Ascending,
    /// In no order: a lookup by id finds no two neighbours in one cache line.
    Scattered,
}

impl Ids {
    fn nth(self, ordinal: u32) -> u32 {
        const MASK: u32 = (1 << 31) - 1;
        match self {
            Self::Ascending => ordinal + 1,
            Self::Scattered => {
                // Each step can be undone within 31 bits, so no two orders get the same.
                let mixed = ordinal.wrapping_mul(0x9e37_79b1) & MASK;
                let mixed = (mixed ^ (mixed >> 16)).wrapping_mul(0x85eb_ca6b) & MASK;
                (mixed ^ (mixed >> 15)) + 1
            }
        }
    }
}

#[derive(Debug)]
pub(super) struct Author {
    pub(super) draw: Draw,
    ids: Ids,
    commands: Vec<Command>,
    books: Vec<Reference>,
    /// Which orders rest, by symbol, in no order.
    resting: Vec<Vec<u32>>,
    /// Of each of them, its place in that list and whose it is.
    places: HashMap<u32, (usize, u32)>,
    tape: Tape,
    orders: u32,
    /// How many that had rested were canceled, and filled.
    canceled: u64,
    filled: u64,
    loaded: Option<(usize, u64)>,
}

impl Author {
    pub(super) fn new(seed: u64, symbols: usize, ids: Ids) -> Self {
        Self {
            draw: Draw::new(seed),
            ids,
            commands: Vec::new(),
            books: (0..symbols).map(|_| Reference::default()).collect(),
            resting: vec![Vec::new(); symbols],
            places: HashMap::new(),
            tape: Tape::default(),
            orders: 0,
            canceled: 0,
            filled: 0,
            loaded: None,
        }
    }

    /// Commands written since the clock started.
    pub(super) fn written(&self) -> usize {
        self.commands.len() - self.loaded.map_or(0, |(commands, _)| commands)
    }

    pub(super) fn best(&self, symbol: usize, side: Side) -> Option<u64> {
        self.books[symbol].best(side)
    }

    pub(super) fn front(&self, symbol: usize, side: Side) -> Option<u32> {
        self.books[symbol].front(side)
    }

    /// How many orders rest.
    pub(super) fn count(&self, symbol: usize) -> usize {
        self.resting[symbol].len()
    }

    /// Some order that rests.
    pub(super) fn some_order(&mut self, symbol: usize) -> Option<u32> {
        let orders = &self.resting[symbol];
        if orders.is_empty() {
            return None;
        }
        let at = usize::try_from(self.draw.below(orders.len() as u64)).expect("below a usize");
        Some(orders[at])
    }

    pub(super) fn order(&self, symbol: usize, id: u32) -> Resting {
        self.books[symbol].get(id).expect("the author knows what rests")
    }

    pub(super) fn is_resting(&self, id: u32) -> bool {
        self.places.contains_key(&id)
    }

    /// Trades so far.
    pub(super) fn trades(&self) -> u64 {
        self.tape.trades
    }

    /// Half of them buy.
    pub(super) fn some_side(&mut self) -> Side {
        if self.draw.below(2) == 0 { Side::Buy } else { Side::Sell }
    }

    /// A new order; its id.
    pub(super) fn place(
        &mut self,
        symbol: usize,
        account: u32,
        (side, price, quantity): (Side, u64, u64),
        kind: Kind,
    ) -> u32 {
        assert!(price > 0 && quantity > 0, "{quantity} @ {price} is no order");
        let id = self.ids.nth(self.orders);
        self.orders += 1;
        let (command, left) =
            self.execute(Command { kind, side, symbol: number(symbol), id, account, price, quantity });
        if left > 0 && !command.is_ioc() {
            self.books[symbol].rest(id, side, price, left);
            self.enlist(symbol, id, account);
        }
        id
    }

    pub(super) fn cancel(&mut self, symbol: usize, id: u32) {
        let order = self.books[symbol].remove(id).expect("it rests");
        let account = self.strike(symbol, id);
        self.canceled += 1;
        self.write(symbol, id, account, Kind::Cancel, (order.side, order.price, order.left));
    }

    /// Makes an order smaller, not to nothing.
    pub(super) fn reduce(&mut self, symbol: usize, id: u32, by: u64) {
        let order = self.order(symbol, id);
        self.books[symbol].make_smaller(id, by);
        let account = self.places[&id].1;
        self.write(symbol, id, account, Kind::Reduce, (order.side, order.price, by));
    }

    /// Sends an order to another price.
    pub(super) fn shift(&mut self, symbol: usize, id: u32, price: u64) {
        let order = self.books[symbol].remove(id).expect("it rests");
        assert!(price > 0 && price != order.price, "a move of order {id} to {price} goes nowhere");
        let account = self.places[&id].1;
        let (kind, side, quantity) = (Kind::Move, order.side, order.left);
        let (_, left) =
            self.execute(Command { kind, side, symbol: number(symbol), id, account, price, quantity });
        if left > 0 {
            self.books[symbol].rest(id, side, price, left);
        } else {
            self.filled += 1;
            self.strike(symbol, id);
        }
    }

    /// Writes a command that may trade, and trades. It and what is left of its order.
    fn execute(&mut self, command: Command) -> (Command, u64) {
        let Command { side, price, quantity, id, .. } = command;
        let symbol = command.symbol as usize;
        let mut gone = Vec::new();
        let tape = &mut self.tape;
        let left = self.books[symbol].take(side, price, quantity, |fill| {
            tape.trade(u64::from(fill.maker), u64::from(id), fill.price, fill.quantity);
            if fill.is_last {
                gone.push(fill.maker);
            }
        });
        self.filled += gone.len() as u64;
        for maker in gone {
            self.strike(symbol, maker);
        }
        self.commands.push(command);
        (command, left)
    }

    fn write(
        &mut self,
        symbol: usize,
        id: u32,
        account: u32,
        kind: Kind,
        (side, price, quantity): (Side, u64, u64),
    ) {
        self.commands.push(Command { kind, side, symbol: number(symbol), id, account, price, quantity });
    }

    fn enlist(&mut self, symbol: usize, id: u32, account: u32) {
        self.places.insert(id, (self.resting[symbol].len(), account));
        self.resting[symbol].push(id);
    }

    /// An order rests no more. Whose it was.
    fn strike(&mut self, symbol: usize, id: u32) -> u32 {
        let (at, account) = self.places.remove(&id).expect("it rested");
        let orders = &mut self.resting[symbol];
        orders.swap_remove(at);
        if let Some(moved) = orders.get(at) {
            self.places.get_mut(moved).expect("it rests").0 = at;
        }
        account
    }

    /// The books are filled: from here on it is measured.
    pub(super) fn start_clock(&mut self) {
        let resting = self.resting.iter().map(|orders| orders.len() as u64).sum();
        self.loaded = Some((self.commands.len(), resting));
        (self.canceled, self.filled) = (0, 0);
    }

    pub(super) fn finish(self, name: &'static str, seed: u64, accounts: u32) -> Workload {
        let books: Vec<Depth> = self.books.iter().map(Book::depth).collect();
        let (loaded, resting_at_start) = self.loaded.unwrap_or((0, 0));
        Workload {
            name,
            seed,
            symbols: number(books.len()),
            accounts,
            commands: self.commands,
            loaded,
            resting_at_start,
            canceled_percent: self.canceled * 100 / (self.canceled + self.filled).max(1),
            tape: self.tape,
            books,
        }
    }
}

fn number(symbol: usize) -> u32 {
    u32::try_from(symbol).expect("few symbols")
}
