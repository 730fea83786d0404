//! The core's books as workloads see them: the trait `OrderBook`, and the loop that matches with it.

use std::ops::ControlFlow;

use lightning_core::book::{OrderBook, RestingFlags, RestingOrder};
use lightning_core::fees::FeeRates;
use lightning_core::order::StpMode;
use lightning_core::types::{AccountId, OrderId, Price, Quantity, Side};

use crate::workload::{Book, Command, Depth, Level, Tape};

/// Any of the core's books.
#[derive(Debug, Default)]
pub struct Matched<B>(pub B);

impl<B: OrderBook> Matched<B> {
    /// Trades with what crosses; gives what is left.
    fn take(&mut self, id: u64, side: Side, price: u64, quantity: u64, tape: &mut Tape) -> u64 {
        let mut left = quantity;
        while left > 0 {
            // Most orders meet nobody: who is first is not asked before it matters.
            let best = self.0.best_price(side.opposite());
            if !best.is_some_and(|best| side.crosses(Price(price), best)) {
                break;
            }
            let maker = self.0.front(side.opposite()).expect("whose the best price is");
            let quantity = left.min(maker.shown.0);
            self.0.take_front(side.opposite(), Quantity(quantity));
            tape.trade(maker.id.0, id, maker.price.0, quantity);
            left -= quantity;
        }
        left
    }
}

/// A plain limit order that rests.
#[must_use]
pub fn resting(command: &Command, left: u64) -> RestingOrder {
    RestingOrder {
        id: OrderId(u64::from(command.id)),
        account: AccountId(u64::from(command.account)),
        side: command.side,
        price: Price(command.price),
        shown: Quantity(left),
        hidden: Quantity(0),
        display: Quantity(0),
        total: Quantity(command.quantity),
        fees: FeeRates::default(),
        stp_group: None,
        stp: StpMode::None,
        flags: RestingFlags { touched: left != command.quantity, ..RestingFlags::default() },
    }
}

/// All levels of one of the core's books.
pub fn depth(book: &impl OrderBook) -> Depth {
    let side = |side| {
        let mut levels = Vec::new();
        book.for_each_level(side, |level| {
            let lots = u64::try_from(level.quantity).expect("a workload has fewer lots than 2^64");
            levels.push(Level { price: level.price.0, lots, orders: u64::from(level.orders) });
            ControlFlow::Continue(())
        });
        levels
    };
    Depth { bids: side(Side::Buy), asks: side(Side::Sell) }
}

impl<B: OrderBook> Book for Matched<B> {
    #[inline]
    fn place(&mut self, command: &Command, tape: &mut Tape) {
        let Command { id, side, price, quantity, .. } = *command;
        let left = self.take(u64::from(id), side, price, quantity, tape);
        if left > 0 && !command.is_ioc() {
            self.0.insert(resting(command, left));
        }
    }

    #[inline]
    fn cancel(&mut self, command: &Command) {
        let order = self.0.remove(OrderId(u64::from(command.id)));
        assert!(order.is_some(), "order {} should rest", command.id);
    }

    #[inline]
    fn reduce(&mut self, command: &Command) {
        let id = OrderId(u64::from(command.id));
        let order = self.0.get(id).expect("what is reduced rests");
        let by = Quantity(command.quantity);
        self.0.shrink(id, order.left() - by, order.total - by);
    }

    #[inline]
    fn shift(&mut self, command: &Command, tape: &mut Tape) {
        let id = u64::from(command.id);
        let order = self.0.remove(OrderId(id)).expect("what is moved rests");
        let left = self.take(id, order.side, command.price, order.shown.0, tape);
        if left > 0 {
            self.0.insert(RestingOrder { price: Price(command.price), shown: Quantity(left), ..order });
        }
    }

    fn depth(&self) -> Depth {
        depth(&self.0)
    }
}
