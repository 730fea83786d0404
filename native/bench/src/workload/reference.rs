//! A book of plain collections: what a workload's author knows the outcome from. It shares no code with any engine,
//! and beside being right it is what anybody would write first, which makes it the measure of the fast ones.

use std::collections::{BTreeMap, HashMap, VecDeque};

use lightning_core::types::Side;

use super::tape::{Depth, Level, Tape};
use super::{Book, Command};

/// A sorted map of queues for each side, and a map of the orders.
#[derive(Debug, Default)]
pub struct Reference {
    bids: BTreeMap<u64, Queue>,
    asks: BTreeMap<u64, Queue>,
    orders: HashMap<u32, Resting>,
    /// Of the last order that came to rest.
    last_arrival: u64,
}

/// An order that rests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resting {
    pub(super) side: Side,
    pub(super) price: u64,
    pub(super) left: u64,
    arrival: u64,
}

/// The orders at one price.
#[derive(Debug, Default)]
struct Queue {
    /// By arrival. Who has left meanwhile is still named; so is who has come back, with another arrival.
    entries: VecDeque<(u32, u64)>,
    lots: u64,
    orders: usize,
}

/// One trade with an order that rested.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fill {
    pub(super) maker: u32,
    pub(super) price: u64,
    pub(super) quantity: u64,
    /// Nothing is left of the maker.
    pub(super) is_last: bool,
}

impl Reference {
    /// What is left of an order that rests, in lots.
    #[must_use]
    pub fn left(&self, id: u32) -> Option<u64> {
        self.orders.get(&id).map(|order| order.left)
    }

    pub(super) fn get(&self, id: u32) -> Option<Resting> {
        self.orders.get(&id).copied()
    }

    pub(super) fn best(&self, side: Side) -> Option<u64> {
        match side {
            Side::Buy => self.bids.last_key_value().map(|(&price, _)| price),
            Side::Sell => self.asks.first_key_value().map(|(&price, _)| price),
        }
    }

    /// Who trades next on a side.
    pub(super) fn front(&self, side: Side) -> Option<u32> {
        let queue = match side {
            Side::Buy => self.bids.last_key_value()?.1,
            Side::Sell => self.asks.first_key_value()?.1,
        };
        let is_here =
            |(id, arrival): &&(u32, u64)| self.orders.get(id).is_some_and(|order| order.arrival == *arrival);
        queue.entries.iter().find(is_here).map(|&(id, _)| id)
    }

    fn queues(&mut self, side: Side) -> &mut BTreeMap<u64, Queue> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Trades with what crosses; gives what is left.
    pub(super) fn take(&mut self, side: Side, price: u64, quantity: u64, mut each: impl FnMut(Fill)) -> u64 {
        let mut left = quantity;
        while left > 0 {
            let Some(best) = self.best(side.opposite()) else { break };
            let crosses = if side == Side::Buy { best <= price } else { best >= price };
            if !crosses {
                break;
            }
            // Not through `queues`: the orders are borrowed beside the queue.
            let queues = if side == Side::Buy { &mut self.asks } else { &mut self.bids };
            let queue = queues.get_mut(&best).expect("the best price has a queue");
            while left > 0 && queue.orders > 0 {
                let &(maker, arrival) = queue.entries.front().expect("as many entries as orders");
                let Some(resting) = self.orders.get_mut(&maker).filter(|order| order.arrival == arrival)
                else {
                    queue.entries.pop_front();
                    continue;
                };
                let quantity = left.min(resting.left);
                left -= quantity;
                resting.left -= quantity;
                queue.lots -= quantity;
                let is_last = resting.left == 0;
                if is_last {
                    self.orders.remove(&maker);
                    queue.entries.pop_front();
                    queue.orders -= 1;
                }
                each(Fill { maker, price: best, quantity, is_last });
            }
            if queue.orders == 0 {
                queues.remove(&best);
            }
        }
        left
    }

    pub(super) fn rest(&mut self, id: u32, side: Side, price: u64, left: u64) {
        self.last_arrival += 1;
        let arrival = self.last_arrival;
        let before = self.orders.insert(id, Resting { side, price, left, arrival });
        assert!(before.is_none(), "order {id} rests twice");
        let queue = self.queues(side).entry(price).or_default();
        queue.entries.push_back((id, arrival));
        queue.lots += left;
        queue.orders += 1;
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<Resting> {
        let order = self.orders.remove(&id)?;
        let queues = self.queues(order.side);
        let queue = queues.get_mut(&order.price).expect("it has a queue");
        queue.lots -= order.left;
        queue.orders -= 1;
        if queue.orders == 0 {
            queues.remove(&order.price);
        } else if queue.entries.len() > 2 * queue.orders + 32 {
            // What has left is swept out now and then: the queue stays as long as it is full, twice at most.
            let mut entries = std::mem::take(&mut queue.entries);
            let orders = &self.orders;
            entries.retain(|&(id, arrival)| orders.get(&id).is_some_and(|order| order.arrival == arrival));
            self.queues(order.side).get_mut(&order.price).expect("it has a queue").entries = entries;
        }
        Some(order)
    }

    pub(super) fn make_smaller(&mut self, id: u32, by: u64) {
        let order = self.orders.get_mut(&id).expect("it rests");
        assert!(by < order.left, "a reduction by {by} leaves nothing of order {id}");
        order.left -= by;
        let (side, price) = (order.side, order.price);
        self.queues(side).get_mut(&price).expect("it has a queue").lots -= by;
    }
}

impl Book for Reference {
    fn place(&mut self, command: &Command, tape: &mut Tape) {
        let Command { id, side, price, quantity, .. } = *command;
        let left = self.take(side, price, quantity, |fill| {
            tape.trade(u64::from(fill.maker), u64::from(id), fill.price, fill.quantity);
        });
        if left > 0 && !command.is_ioc() {
            self.rest(id, side, price, left);
        }
    }

    fn cancel(&mut self, command: &Command) {
        self.remove(command.id).expect("only what rests is canceled");
    }

    fn reduce(&mut self, command: &Command) {
        self.make_smaller(command.id, command.quantity);
    }

    fn shift(&mut self, command: &Command, tape: &mut Tape) {
        let order = self.remove(command.id).expect("only what rests is moved");
        let left = self.take(order.side, command.price, order.left, |fill| {
            tape.trade(u64::from(fill.maker), u64::from(command.id), fill.price, fill.quantity);
        });
        if left > 0 {
            self.rest(command.id, order.side, command.price, left);
        }
    }

    fn depth(&self) -> Depth {
        let level =
            |(&price, queue): (&u64, &Queue)| Level { price, lots: queue.lots, orders: queue.orders as u64 };
        Depth {
            bids: self.bids.iter().rev().map(level).collect(),
            asks: self.asks.iter().map(level).collect(),
        }
    }
}
