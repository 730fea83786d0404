//! The state machine of a symbol shard: how orders trade.
//!
//! An admitted order first trades with whatever crosses it, best price first and first come first served at
//! each price, always at the maker's price; what is left of a limit order then rests, what is left of a market
//! order expires. Every fill consumes funds that were frozen beforehand; what a better price saved goes back
//! in the same command.
//!
//! The record is appended before anything happens, so that everything the command sends can name it. State
//! here is a function of this shard's own records and nothing else (rule J5).

use std::ops::ControlFlow;

use crate::book::{OrderBook, PriceTimeBook, RestingOrder};
use crate::log::{Context, Record};
use crate::message::{
    AdmittedOrder, CancelReason, CanceledOrder, ExpireReason, Fill, OrderAfter, OrderKind, OrderStatus,
    Outcome, PlacedOrder, Reply, Settlement, ToMatcher, ToSequencer, Trade,
};
use crate::outbox::MatcherOutbox;
use crate::reject::{Code, Detail, Reject};
use crate::spec::SymbolSpec;
use crate::types::{
    AccountId, Amount, Lsn, OrderId, Price, Quantity, Side, SymbolId, Ticket, Timestamp, TradeId,
};

/// The books of the symbols of one shard. Generic over the book only so that tests can run the naive one.
#[derive(Debug)]
pub struct Matcher<B = PriceTimeBook> {
    /// By symbol number; other shards' symbols are empty.
    markets: Vec<Option<Box<Market<B>>>>,
}

/// One symbol's book and counters.
#[derive(Debug)]
pub struct Market<B = PriceTimeBook> {
    spec: SymbolSpec,
    book: B,
    last_trade: TradeId,
    seq: u64,
    changed_at: Timestamp,
    horizon: Lsn,
}

impl<B> Default for Matcher<B> {
    fn default() -> Self {
        Self { markets: Vec::new() }
    }
}

impl<B: OrderBook> Matcher<B> {
    /// Handles one message: a deterministic function of the state and of what comes in.
    pub fn handle(&mut self, message: ToMatcher, ctx: &mut Context<'_>, out: &mut MatcherOutbox) {
        match message {
            ToMatcher::Admit(admitted) => self.place(&admitted, ctx, out),
            ToMatcher::Cancel { ticket, account, symbol, order } => {
                self.cancel(ticket, account, symbol, order, ctx, out);
            }
            ToMatcher::AddSymbol { ticket, spec } => self.add_symbol(ticket, spec, ctx, out),
        }
    }

    /// A symbol's market, if it is on this shard.
    #[must_use]
    pub fn market(&self, symbol: SymbolId) -> Option<&Market<B>> {
        self.markets.get(symbol.0 as usize)?.as_deref()
    }

    fn market_mut(&mut self, symbol: SymbolId) -> &mut Market<B> {
        match self.markets.get_mut(symbol.0 as usize) {
            Some(Some(market)) => market,
            _ => panic!("{symbol:?} was routed to a matcher that does not have it"),
        }
    }

    fn add_symbol(
        &mut self,
        ticket: Ticket,
        spec: SymbolSpec,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) {
        let cause = ctx.log.append(ctx.now, &Record::AddSymbol(&spec));
        let at = spec.id().0 as usize;
        if self.markets.len() <= at {
            self.markets.resize_with(at + 1, || None);
        }
        assert!(self.markets[at].is_none(), "{:?} was added twice", spec.id());
        self.markets[at] = Some(Box::new(Market {
            spec,
            book: B::default(),
            last_trade: TradeId(0),
            seq: 0,
            changed_at: ctx.now,
            horizon: cause,
        }));
        out.changed.push(spec.id());
        out.replies.push(Reply { ticket, gate: cause, at: ctx.now, outcome: Outcome::SymbolAdded });
    }

    fn place(&mut self, admitted: &AdmittedOrder, ctx: &mut Context<'_>, out: &mut MatcherOutbox) {
        let cause = ctx.log.append(ctx.now, &Record::Place(admitted));
        let market = self.market_mut(admitted.order.symbol);
        market.horizon = cause;
        let at = ctx.now;
        if let Err(reject) = market.check_market_order(admitted) {
            out.to_sequencer.push(ToSequencer::Settle(Settlement {
                cause,
                at,
                account: admitted.order.account,
                order: admitted.id,
                filled: Quantity::ZERO,
                notional: Amount::ZERO,
                released: admitted.reserved,
                after: OrderAfter::Voided,
            }));
            let outcome = Outcome::Rejected(reject);
            out.replies.push(Reply { ticket: admitted.ticket, gate: cause, at, outcome });
            return;
        }
        let placed = market.execute(admitted, cause, at, out);
        out.replies.push(Reply {
            ticket: admitted.ticket,
            gate: cause,
            at,
            outcome: Outcome::Placed(placed),
        });
    }

    fn cancel(
        &mut self,
        ticket: Ticket,
        account: AccountId,
        symbol: SymbolId,
        id: OrderId,
        ctx: &mut Context<'_>,
        out: &mut MatcherOutbox,
    ) {
        let market = self.market_mut(symbol);
        let Some(order) = market.book.get(id) else {
            // Its sequencer saw it open, so whatever closed it is on its way there, ahead of this.
            out.to_sequencer.push(ToSequencer::CancelMissed { ticket, account, order: id });
            return;
        };
        // Checked by the sequencer already; a cancel that got here with another owner is a bug of ours.
        assert!(order.account == account, "{account:?} cancels {order:?}, which is not theirs");
        let cause = ctx.log.append(ctx.now, &Record::Cancel { account, symbol, order: id });
        market.horizon = cause;
        market.book.remove(id);
        market.touch(ctx.now);
        let released = market.reservation(order.side, order.price, order.quantity);
        let status = OrderStatus::Canceled(CancelReason::User);
        out.to_sequencer.push(ToSequencer::Settle(Settlement {
            cause,
            at: ctx.now,
            account,
            order: id,
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            released,
            after: OrderAfter::Closed(status),
        }));
        out.changed.push(symbol);
        let outcome = Outcome::Canceled(CanceledOrder {
            id,
            symbol,
            side: order.side,
            canceled: order.quantity,
            released,
            book_seq: market.seq,
        });
        out.replies.push(Reply { ticket, gate: cause, at: ctx.now, outcome });
    }
}

/// What an incoming order still wants.
#[derive(Clone, Copy)]
enum Appetite {
    /// So much base.
    Quantity(Quantity),
    /// Base for so much quote, in whole lots.
    Quote(Amount),
}

/// What an incoming order got.
#[derive(Default)]
struct Taken {
    fills: Vec<Fill>,
    filled: Quantity,
    notional: Amount,
}

impl<B: OrderBook> Market<B> {
    /// The symbol's rules.
    #[must_use]
    pub fn spec(&self) -> &SymbolSpec {
        &self.spec
    }

    /// Its resting orders.
    #[must_use]
    pub fn book(&self) -> &B {
        &self.book
    }

    /// Grows by one with every command that changes the book.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// When the book last changed.
    #[must_use]
    pub fn changed_at(&self) -> Timestamp {
        self.changed_at
    }

    /// The last record of this market: what a reader of the book sees is durable when this is.
    #[must_use]
    pub fn horizon(&self) -> Lsn {
        self.horizon
    }

    /// Trades and rests: the whole of an accepted order's command.
    fn execute(
        &mut self,
        admitted: &AdmittedOrder,
        cause: Lsn,
        at: Timestamp,
        out: &mut MatcherOutbox,
    ) -> PlacedOrder {
        let AdmittedOrder { id, order, reserved, .. } = *admitted;
        let seq_before = self.seq;
        let (limit, mut appetite) = match order.kind {
            OrderKind::Limit { price, quantity } => (Some(price), Appetite::Quantity(quantity)),
            OrderKind::MarketByQuantity { quantity } => (None, Appetite::Quantity(quantity)),
            OrderKind::MarketByQuote { quote } => (None, Appetite::Quote(quote)),
        };
        let mut taken = Taken::default();
        let sated = self.take(admitted, limit, &mut appetite, cause, at, &mut taken, out);

        let (status, still_reserved) = match (order.kind, appetite) {
            (OrderKind::Limit { price, .. }, Appetite::Quantity(left)) if !sated => {
                self.touch_once(seq_before, at);
                self.book.insert(RestingOrder {
                    id,
                    account: order.account,
                    side: order.side,
                    price,
                    quantity: left,
                });
                let status =
                    if taken.filled.is_zero() { OrderStatus::New } else { OrderStatus::PartiallyFilled };
                (status, self.reservation(order.side, price, left))
            }
            _ if sated => (OrderStatus::Filled, Amount::ZERO),
            _ => (OrderStatus::Expired(ExpireReason::InsufficientLiquidity), Amount::ZERO),
        };
        self.check_uncrossed();
        let consumed = self.paid(order.side, taken.filled, taken.notional);
        out.to_sequencer.push(ToSequencer::Settle(Settlement {
            cause,
            at,
            account: order.account,
            order: id,
            filled: taken.filled,
            notional: taken.notional,
            // Price improvement, and all that an order which does not rest leaves over.
            released: reserved - consumed - still_reserved,
            after: if status.is_open() { OrderAfter::Open } else { OrderAfter::Closed(status) },
        }));
        if self.seq != seq_before {
            out.changed.push(order.symbol);
        }
        PlacedOrder {
            id,
            order,
            status,
            filled: taken.filled,
            notional: taken.notional,
            reserved: still_reserved,
            fills: taken.fills,
            book_seq: self.seq,
        }
    }

    /// Trades with makers in price-time order until the appetite is sated (true), or nobody is left who
    /// crosses (false).
    #[expect(clippy::too_many_arguments, reason = "one story, told by its only caller")]
    fn take(
        &mut self,
        taker: &AdmittedOrder,
        limit: Option<Price>,
        appetite: &mut Appetite,
        cause: Lsn,
        at: Timestamp,
        taken: &mut Taken,
        out: &mut MatcherOutbox,
    ) -> bool {
        let side = taker.order.side;
        let seq_before = self.seq;
        loop {
            // Before asking who is next: what got all it wanted is filled, though it emptied the book.
            let sated = match appetite {
                Appetite::Quantity(left) => left.is_zero(),
                Appetite::Quote(left) => left.is_zero() || taken.filled == self.spec.limits().quantity_max,
            };
            if sated {
                return true;
            }
            let Some(maker) = self.book.front(side.opposite()) else {
                return false;
            };
            if limit.is_some_and(|limit| !side.crosses(limit, maker.price)) {
                return false;
            }
            let wanted = match *appetite {
                Appetite::Quantity(left) => left,
                Appetite::Quote(left) => self.lots_for_quote(left, taken.filled, maker.price),
            };
            if wanted.is_zero() {
                return true; // The budget's rest is less than one lot, or the largest order is reached.
            }
            let quantity = wanted.min(maker.quantity);
            let notional = self.spec.notional(maker.price, quantity);
            self.book.fill_front(maker.side, quantity);
            self.touch_once(seq_before, at);
            self.last_trade = TradeId(self.last_trade.0 + 1);

            match appetite {
                Appetite::Quantity(left) => *left -= quantity,
                Appetite::Quote(left) => *left -= notional,
            }
            taken.filled += quantity;
            taken.notional += notional;
            taken.fills.push(Fill { trade: self.last_trade, price: maker.price, quantity, notional });
            out.trades.push(Trade {
                symbol: self.spec.id(),
                id: self.last_trade,
                price: maker.price,
                quantity,
                notional,
                taker_side: side,
                maker: maker.id,
                taker: taker.id,
                at,
                cause,
                book_seq: self.seq,
            });
            out.to_sequencer.push(ToSequencer::Settle(Settlement {
                cause,
                at,
                account: maker.account,
                order: maker.id,
                filled: quantity,
                notional,
                released: Amount::ZERO, // A maker trades at its own price: nothing to give back.
                after: if quantity == maker.quantity {
                    OrderAfter::Closed(OrderStatus::Filled)
                } else {
                    OrderAfter::Open
                },
            }));
        }
    }

    /// What a market order must satisfy that only the book can tell. Walks levels, changes nothing.
    fn check_market_order(&self, admitted: &AdmittedOrder) -> Result<(), Reject> {
        let order = &admitted.order;
        let opposite = order.side.opposite();
        let required = match (order.kind, order.side) {
            (OrderKind::Limit { .. }, _) | (OrderKind::MarketByQuantity { .. }, Side::Sell) => return Ok(()),
            (OrderKind::MarketByQuantity { quantity }, Side::Buy) => self.cost_to_take(opposite, quantity),
            (OrderKind::MarketByQuote { quote }, side) => {
                if let Some(best) = self.book.best_price(opposite)
                    && self.spec.lots_for_budget(quote, best).is_zero()
                {
                    return Err(Reject::new(Code::NotionalRange));
                }
                match side {
                    Side::Buy => quote,
                    Side::Sell => self.spec.base_amount(self.lots_to_raise(opposite, quote)),
                }
            }
        };
        if required > admitted.reserved {
            let detail =
                Detail::Funds { asset: self.spec.gives(order.side), required, available: admitted.reserved };
            return Err(Reject { code: Code::InsufficientBalance, detail });
        }
        Ok(())
    }

    /// What taking `quantity` from `side` costs, as far as the book reaches.
    fn cost_to_take(&self, side: Side, quantity: Quantity) -> Amount {
        let (mut left, mut cost) = (quantity, Amount::ZERO);
        self.book.for_each_level(side, |level| {
            let take = if u128::from(left.0) >= level.quantity { lots_of(level.quantity) } else { left };
            cost += self.spec.notional(level.price, take);
            left -= take;
            if left.is_zero() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        cost
    }

    /// How many lots sold into `side` raise `quote` without passing it, as far as the book reaches.
    fn lots_to_raise(&self, side: Side, quote: Amount) -> Quantity {
        let (mut left, mut lots) = (quote, Quantity::ZERO);
        self.book.for_each_level(side, |level| {
            let fits = self.lots_for_quote(left, lots, level.price);
            let drains = u128::from(fits.0) >= level.quantity;
            let take = if drains { lots_of(level.quantity) } else { fits };
            left -= self.spec.notional(level.price, take);
            lots += take;
            // What no longer makes a lot here may still make one at the next, lower price.
            if drains { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
        lots
    }

    /// How many more lots an order by quote amount takes at `price`, having `filled` already: whole lots, and
    /// never more than the largest order in all, so that its sums can't overflow either.
    fn lots_for_quote(&self, left: Amount, filled: Quantity, price: Price) -> Quantity {
        let room = self.spec.limits().quantity_max - filled;
        self.spec.lots_for_budget(left, price).min(room)
    }

    /// What an order that rests keeps reserved.
    fn reservation(&self, side: Side, price: Price, quantity: Quantity) -> Amount {
        match side {
            Side::Buy => self.spec.notional(price, quantity),
            Side::Sell => self.spec.base_amount(quantity),
        }
    }

    /// What an order of `side` gave for its fills.
    fn paid(&self, side: Side, filled: Quantity, notional: Amount) -> Amount {
        match side {
            Side::Buy => notional,
            Side::Sell => self.spec.base_amount(filled),
        }
    }

    /// The book is never crossed between commands.
    fn check_uncrossed(&self) {
        if let (Some(bid), Some(ask)) = (self.book.best_price(Side::Buy), self.book.best_price(Side::Sell)) {
            assert!(bid < ask, "{:?} is crossed: {bid:?} {ask:?}", self.spec.id());
        }
    }

    /// The book changes in this command; counted once per command.
    fn touch(&mut self, at: Timestamp) {
        self.seq += 1;
        self.changed_at = at;
    }

    fn touch_once(&mut self, seq_before: u64, at: Timestamp) {
        if self.seq == seq_before {
            self.touch(at);
        }
    }
}

/// A level's quantity that is known not to exceed one order's.
fn lots_of(level: u128) -> Quantity {
    Quantity(u64::try_from(level).expect("a level below an order's quantity fits an order's quantity"))
}
