//! What is told of a watched book: all of it when watching begins, and then each change, with its command.
//!
//! That somebody watches is no part of the state: nothing here is written down, hashed or saved.

use std::ops::ControlFlow;

use super::market::Market;
use super::{Matcher, here};
use crate::book::{Change, OrderBook};
use crate::events::{BookEvent, BookNews, BookStart};
use crate::outbox::MatcherOutbox;
use crate::types::{Lsn, OrderId, Price, Quantity, Side, SymbolId, Timestamp};

impl<B: OrderBook> Matcher<B> {
    /// A symbol's book is watched from now on, or no longer. `on` tells all of it ([`BookNews::Start`]), also where it was
    /// watched already; then every command tells what it changed, in its outbox. Of a symbol that is not here, because
    /// it was removed, it tells that nothing more comes ([`BookNews::Ended`]). Call it between commands.
    pub fn watch(&mut self, symbol: SymbolId, on: bool, out: &mut MatcherOutbox) {
        match here(&mut self.markets, symbol) {
            Some(market) => {
                market.book.watch(on);
                if on {
                    out.book_news.push(BookNews::Start(Box::new(market.start())));
                }
            }
            None if on => out.book_news.push(BookNews::Ended(symbol)),
            None => {}
        }
    }
}

impl<B: OrderBook> Market<B> {
    fn start(&self) -> BookStart {
        let all = |side: Side| {
            let mut orders: Vec<(OrderId, Price, Quantity)> = Vec::new();
            self.book.for_each_order(side, |order| {
                orders.push((order.id, order.price, order.shown));
                ControlFlow::Continue(())
            });
            orders
        };
        BookStart {
            symbol: self.spec.id(),
            seq: self.seq,
            at: self.changed_at,
            cause: self.horizon,
            bids: all(Side::Buy),
            asks: all(Side::Sell),
        }
    }
}

/// Tells what a command that is over did to a book: it is the one that changed the book last.
#[cold]
#[inline(never)]
pub(super) fn tell(
    changes: &mut Vec<Change>,
    (symbol, seq): (SymbolId, u64),
    (cause, at): (Lsn, Timestamp),
    out: &mut MatcherOutbox,
) {
    let told = changes.drain(..).map(|Change { kind, order, side, price, quantity, left }| {
        BookNews::Changed(BookEvent { symbol, seq, at, cause, order, side, price, kind, quantity, left })
    });
    out.book_news.extend(told);
}
