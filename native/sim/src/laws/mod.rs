//! What must hold whatever happens: after every step, for every answer, and at the end.
//!
//! Nothing here knows how shards are scheduled; [`crate::world`] calls each law where it applies. A broken law
//! is a panic that says which, so that the seed that broke it can be looked at.

mod notebook;
mod requests;

use std::collections::BTreeMap;

use lightning_core::book::OrderBook;
use lightning_core::log::Recorded;
use lightning_core::matcher::Market;
use lightning_core::message::{NewOrder, OrderKind, Outcome, Reply, Request, Settlement, ToSequencer, Trade};
use lightning_core::rules::SymbolStatus;
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{Amount, AssetId, Lsn, OrderId, Side, SymbolId, TradeId};

pub use self::notebook::Notebook;
pub use self::requests::{Requests, Said};
use crate::plain;
use crate::world::Known;

/// What a settlement changes of its account's balances, frozen and available together.
#[must_use]
pub fn moved(settlement: &Settlement, order: &NewOrder, spec: &SymbolSpec) -> [(AssetId, i128); 3] {
    let base = plain::money(spec.base_amount(settlement.filled));
    let quote = plain::money(settlement.notional);
    let (base, quote) = match order.side {
        Side::Buy => (base, -quote),
        Side::Sell => (-base, quote),
    };
    [(spec.base(), base), (spec.quote(), quote), (spec.fee_asset(order.side), -settlement.fee.0)]
}

/// Conservation: per asset, what the ledgers hold plus what is on its way to them plus what has accrued at the
/// matchers is what came in minus what went out.
#[derive(Debug, Default)]
pub struct Conservation {
    /// Deposits minus withdrawals.
    outside: BTreeMap<AssetId, i128>,
    /// What messages that nobody has handled yet will add to the ledgers.
    in_flight: BTreeMap<AssetId, i128>,
}

impl Conservation {
    /// A sequencer wrote something down.
    pub fn recorded(&mut self, record: &Recorded) {
        match record {
            Recorded::Account(_, Request::Deposit { asset, amount, .. }) => {
                *self.outside.entry(*asset).or_default() += plain::money(*amount);
            }
            Recorded::Account(_, Request::Withdraw { asset, amount, .. }) => {
                *self.outside.entry(*asset).or_default() -= plain::money(*amount);
            }
            _ => {}
        }
    }

    /// Something was sent (`sign` 1) or handled (`sign` -1) that changes the ledgers by so much.
    pub fn on_its_way(&mut self, asset: AssetId, change: i128, sign: i128) {
        *self.in_flight.entry(asset).or_default() += sign * change;
    }

    /// Panics unless the law holds for ledgers that hold `held` of the asset over all shards, and matchers at
    /// which so much of it has accrued.
    pub fn check(&self, asset: AssetId, held: Amount, accrued: i128) {
        let of = |map: &BTreeMap<AssetId, i128>| map.get(&asset).copied().unwrap_or_default();
        let expected = of(&self.outside) - of(&self.in_flight) - accrued;
        assert_eq!(
            plain::money(held),
            expected,
            "conservation of {asset:?} is broken: {held} in the ledgers, {expected} expected, {} of it in flight, {accrued} accrued",
            of(&self.in_flight)
        );
    }

    /// Panics unless everything that was sent was handled.
    pub fn check_settled(&self) {
        assert!(
            self.in_flight.values().all(|amount| *amount == 0),
            "settlements got lost: {:?}",
            self.in_flight
        );
    }
}

/// Panics if a book is crossed.
pub fn is_uncrossed<B: OrderBook>(market: &Market<B>) {
    let (bid, ask) = (market.book().best_price(Side::Buy), market.book().best_price(Side::Sell));
    if let (Some(bid), Some(ask)) = (bid, ask) {
        assert!(bid < ask, "{:?} is crossed: {bid:?} {ask:?}", market.spec().id());
    }
}

/// Panics if a market accepted what its status forbids: orders may be on their way when the operator changes it.
pub fn status_is_kept<B: OrderBook>(market: &Market<B>, outcome: &Outcome) {
    let placed: Vec<&NewOrder> = match outcome {
        Outcome::Placed(placed) => vec![&placed.order],
        Outcome::OcoPlaced(oco) => oco.legs.iter().map(|leg| &leg.order).collect(),
        Outcome::Replaced(replaced) => match &replaced.placed {
            Some(Ok(placed)) => vec![&placed.order],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    };
    let changes = !placed.is_empty() || matches!(outcome, Outcome::Amended(_) | Outcome::Replaced(_));
    let kept = match market.rules().status {
        SymbolStatus::Trading => true,
        SymbolStatus::PostOnly => placed.iter().all(|order| order.post_only),
        SymbolStatus::LimitOnly => placed.iter().all(|order| order.kind.price().is_some()),
        SymbolStatus::CancelOnly | SymbolStatus::Halt | SymbolStatus::Closed => !changes,
    };
    assert!(kept, "{:?} accepts this: {outcome:?}", market.rules().status);
}

/// Trade ids: 1, 2, 3 ... per symbol.
#[derive(Debug, Default)]
pub struct TradeIds(BTreeMap<SymbolId, TradeId>);

impl TradeIds {
    /// Panics unless the trade is the next of its symbol.
    pub fn next(&mut self, trade: &Trade) {
        let last = self.0.entry(trade.symbol).or_insert(TradeId(0));
        assert_eq!(trade.id.0, last.0 + 1, "trade ids of {:?} are not dense: {trade:?}", trade.symbol);
        *last = trade.id;
    }
}

/// Panics unless a trade is one that its parties could have agreed to: at the maker's price, not beyond the
/// taker's. `order` says what an order is by now.
pub fn trade_is_fair<'a>(trade: &Trade, order: impl Fn(OrderId) -> &'a NewOrder) {
    let (maker, taker) = (order(trade.maker), order(trade.taker));
    assert_eq!(
        (trade.taker_side, trade.maker_account, trade.taker_account),
        (taker.side, maker.account, taker.account),
        "side and parties of {trade:?}"
    );
    assert!(maker.side != taker.side && maker.symbol == taker.symbol && trade.symbol == maker.symbol);
    assert!(trade.quantity.0 > 0, "a trade of nothing: {trade:?}");
    assert_eq!(maker.kind.price(), Some(trade.price), "not the maker's price: {trade:?}");
    if let OrderKind::Limit { price, .. } = taker.kind {
        assert!(taker.side.crosses(price, trade.price), "worse than the taker's limit: {trade:?}");
    }
}

/// Panics unless what buyers got in one command is what sellers gave, fees apart.
pub fn settlements_add_up<'a>(messages: &[ToSequencer], order: impl Fn(OrderId) -> &'a NewOrder) {
    let (mut base, mut quote) = (0, 0);
    for message in messages {
        if let ToSequencer::Settle(settlement) = message {
            let order = order(settlement.order);
            assert_eq!(settlement.account, order.account, "a settlement of somebody else's: {settlement:?}");
            let sign = if order.side == Side::Buy { 1 } else { -1 };
            base += sign * i128::from(settlement.filled.0);
            quote += sign * plain::money(settlement.notional);
        }
    }
    assert_eq!((base, quote), (0, 0), "what buyers got is not what sellers gave: {messages:?}");
}

/// Gates: an answer may leave once the record it names is durable, so it must name one at least as late as
/// everything it shows (rule J3).
pub fn gate_covers(reply: &Reply, shown: Lsn, last: Lsn) {
    assert!(
        reply.gate >= shown && reply.gate <= last,
        "an answer that shows effects of {shown:?} is let out by {:?} of {last:?}: {reply:?}",
        reply.gate,
    );
}

/// Read your writes, for an order: no less than what visible answers had said when the question was asked.
/// `forgets`: closed orders are not remembered for ever.
pub fn order_is_known(order: OrderId, known: Known, outcome: &Outcome, forgets: bool) {
    let Outcome::Orders(page) = outcome else {
        panic!("asked for an order, told {outcome:?}");
    };
    let Some(live) = page.orders.first() else {
        let nothing = known.filled == 0 && known.closed.is_none();
        assert!(nothing || forgets, "{order:?} is told not to exist: {known:?}");
        return;
    };
    assert!(
        live.filled.0 >= known.filled,
        "{order:?} is told to be less filled than was known: {live:?}, {known:?}"
    );
    if let Some(closed) = known.closed {
        assert!(
            live.status == closed,
            "{order:?} is told not to be closed as was known: {live:?}, {known:?}"
        );
    }
}
