//! What must hold whatever happens: after every step, for every answer, and at the end.
//!
//! Nothing here knows how shards are scheduled; [`crate::world`] calls each law where it applies. A broken law
//! is a panic that says which, so that the seed that broke it can be looked at.

use std::collections::BTreeMap;

use lightning_core::book::OrderBook;
use lightning_core::matcher::Market;
use lightning_core::message::{
    CanceledOrder, NewOrder, OrderAfter, OrderKind, Outcome, Reply, Request, Settlement, ToSequencer, Trade,
};
use lightning_core::outbox::MatcherOutbox;
use lightning_core::reject::Reject;
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{AccountId, Amount, AssetId, Lsn, OrderId, Side, SymbolId, TradeId};

use crate::oracle::{Canceled, Oracle, Placed, Refusal, Trade as PlainTrade};
use crate::plain;
use crate::recorder::{Recorded, Recorder};
use crate::workload::Setup;

/// Conservation: per asset, what the ledgers hold plus what is on its way is what came in minus what went out.
#[derive(Debug, Default)]
pub struct Conservation {
    /// Deposits minus withdrawals.
    outside: BTreeMap<AssetId, i128>,
    /// What settlements that nobody has applied yet will add to the ledgers.
    in_flight: BTreeMap<AssetId, i128>,
}

impl Conservation {
    /// A deposit or withdrawal was recorded.
    pub fn funds(&mut self, request: &Request) {
        match *request {
            Request::Deposit { asset, amount, .. } => {
                *self.outside.entry(asset).or_default() += plain::money(amount);
            }
            Request::Withdraw { asset, amount, .. } => {
                *self.outside.entry(asset).or_default() -= plain::money(amount);
            }
            _ => panic!("recorded as a movement of funds: {request:?}"),
        }
    }

    /// A settlement was sent (`sign` 1) or applied (`sign` -1).
    pub fn settlement(&mut self, settlement: &Settlement, order: &NewOrder, spec: &SymbolSpec, sign: i128) {
        let base = plain::money(spec.base_amount(settlement.filled));
        let quote = plain::money(settlement.notional);
        let (base, quote) = match order.side {
            Side::Buy => (base, -quote),
            Side::Sell => (-base, quote),
        };
        *self.in_flight.entry(spec.base()).or_default() += sign * base;
        *self.in_flight.entry(spec.quote()).or_default() += sign * quote;
    }

    /// Panics unless the law holds for a ledger that holds `held` of the asset over all shards.
    pub fn check(&self, asset: AssetId, held: Amount) {
        let of = |map: &BTreeMap<AssetId, i128>| map.get(&asset).copied().unwrap_or_default();
        let expected = of(&self.outside) - of(&self.in_flight);
        assert_eq!(
            plain::money(held),
            expected,
            "conservation of {asset:?} is broken: {held} in the ledgers, {expected} expected, {} of it in flight",
            of(&self.in_flight)
        );
    }

    /// Panics unless everything that was sent was applied.
    pub fn check_settled(&self) {
        assert!(
            self.in_flight.values().all(|amount| *amount == 0),
            "settlements got lost: {:?}",
            self.in_flight
        );
    }
}

/// Panics if a book is crossed or disagrees with itself.
pub fn book_is_sound<B: OrderBook>(market: &Market<B>) {
    market.book().check_invariants();
    let (bid, ask) = (market.book().best_price(Side::Buy), market.book().best_price(Side::Sell));
    if let (Some(bid), Some(ask)) = (bid, ask) {
        assert!(bid < ask, "{:?} is crossed: {bid:?} {ask:?}", market.spec().id());
    }
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

/// What one command made a matcher say must be consistent in itself.
pub fn matcher_output_is_sound(
    out: &MatcherOutbox,
    recorder: &Recorder,
    orders: &BTreeMap<OrderId, NewOrder>,
    specs: &[SymbolSpec],
) {
    let reply = match out.replies.as_slice() {
        [reply] => reply,
        [] => {
            let missed = matches!(out.to_sequencer.as_slice(), [ToSequencer::CancelMissed { .. }]);
            assert!(missed && out.trades.is_empty() && out.changed.is_empty(), "no answer: {out:?}");
            return;
        }
        _ => panic!("two answers to one command: {out:?}"),
    };
    // The answer names the record that caused it, and the record names the answer.
    match (recorder.get(reply.gate), &reply.outcome) {
        (Recorded::Place(admitted), Outcome::Placed(placed)) => {
            assert_eq!((admitted.ticket, admitted.id), (reply.ticket, placed.id));
        }
        (Recorded::Place(admitted), Outcome::Rejected(_)) => assert_eq!(admitted.ticket, reply.ticket),
        (Recorded::Cancel { order, .. }, Outcome::Canceled(canceled)) => assert_eq!(*order, canceled.id),
        (record, outcome) => panic!("{outcome:?} was caused by {record:?}"),
    }
    let cause = reply.gate;
    let mut settled = BTreeMap::new();
    let (mut base, mut quote): (BTreeMap<AssetId, i128>, BTreeMap<AssetId, i128>) = Default::default();
    for message in &out.to_sequencer {
        let ToSequencer::Settle(settlement) = message else {
            panic!("a missed cancel beside an answer: {out:?}");
        };
        let order = &orders[&settlement.order];
        let spec = &specs[order.symbol.0 as usize];
        assert_eq!((settlement.cause, settlement.account), (cause, order.account));
        assert!(
            settled.insert(settlement.order, settlement.after).is_none(),
            "two settlements of one order in one command: {settlement:?}"
        );
        let sign = if order.side == Side::Buy { 1 } else { -1 };
        *base.entry(spec.base()).or_default() += sign * plain::money(spec.base_amount(settlement.filled));
        *quote.entry(spec.quote()).or_default() += sign * plain::money(settlement.notional);
    }
    assert!(
        base.values().chain(quote.values()).all(|sum| *sum == 0),
        "what buyers got is not what sellers gave: {out:?}"
    );
    for trade in &out.trades {
        let (maker, taker) = (&orders[&trade.maker], &orders[&trade.taker]);
        assert_eq!((trade.cause, trade.taker_side), (cause, taker.side));
        assert!(maker.side != taker.side && maker.symbol == taker.symbol && trade.symbol == maker.symbol);
        assert!(trade.quantity.0 > 0, "a trade of nothing: {trade:?}");
        assert!(
            matches!(maker.kind, OrderKind::Limit { price, .. } if price == trade.price),
            "not the maker's price: {trade:?}"
        );
        if let OrderKind::Limit { price, .. } = taker.kind {
            assert!(taker.side.crosses(price, trade.price), "worse than the taker's limit: {trade:?}");
        }
        assert!(settled.contains_key(&trade.maker) && settled.contains_key(&trade.taker));
    }
    if let Outcome::Placed(placed) = &reply.outcome {
        let after = settled.get(&placed.id);
        assert!(
            matches!((after, placed.status.is_open()), (Some(OrderAfter::Open), true))
                || after == Some(&OrderAfter::Closed(placed.status)),
            "the answer says {:?}, the settlement {after:?}",
            placed.status
        );
    }
}

/// What clients were told about orders, to hold it against the canonical history.
#[derive(Debug, Default)]
pub struct Told {
    /// Answers to accepted orders, in the oracle's words, by order.
    pub placed: BTreeMap<OrderId, Placed>,
    /// Refusals by a matcher, by order.
    pub refused: BTreeMap<OrderId, Refusal>,
    /// Answers to cancels, by order.
    pub canceled: BTreeMap<OrderId, Canceled>,
    /// Trades as published.
    pub trades: BTreeMap<SymbolId, Vec<PlainTrade>>,
}

impl Told {
    /// A matcher accepted an order.
    pub fn placed(&mut self, placed: &lightning_core::message::PlacedOrder, trades: &[Trade]) {
        self.placed.insert(placed.id, plain::placed(placed, trades));
    }

    /// A matcher refused an order.
    pub fn refused(&mut self, order: OrderId, reject: &Reject) {
        self.refused.insert(order, plain::refusal(reject));
    }

    /// A matcher canceled an order.
    pub fn canceled(&mut self, canceled: &CanceledOrder) {
        self.canceled.insert(canceled.id, plain::canceled(canceled));
    }
}

/// The canonical state: the recorded decisions, in the order of the log, folded through the oracle. Panics
/// where the fold itself shows that a decision was wrong, or that a client was told something else.
#[must_use]
pub fn fold(setup: &Setup, recorder: &Recorder, told: &Told) -> Oracle {
    let mut oracle = plain::oracle(setup);
    let mut trades: BTreeMap<SymbolId, Vec<PlainTrade>> = BTreeMap::new();
    let (mut placed, mut refused, mut canceled) = (0, 0, 0);
    for (at, record) in recorder.records.iter().enumerate() {
        let lsn = Lsn(at as u64 + 1);
        match record {
            Recorded::AddSymbol(_) => {}
            // The live balance may have been smaller than the canonical one by what was in flight, never
            // larger: a deposit that fitted live is not asked again, a withdrawal must be possible.
            Recorded::Funds(Request::Deposit { account, asset, amount }) => {
                oracle.credit(account.0, asset.0, plain::money(*amount))
            }
            Recorded::Funds(Request::Withdraw { account, asset, amount }) => {
                oracle.withdraw(account.0, asset.0, plain::money(*amount)).unwrap_or_else(|refusal| {
                    panic!("at {lsn:?} a withdrawal that should be refused: {refusal:?}")
                })
            }
            Recorded::Place(admitted) => {
                let budget = plain::money(admitted.reserved);
                let answer = oracle.place(admitted.id.0, plain::new_order(&admitted.order), Some(budget));
                match answer {
                    Ok(expected) => {
                        placed += 1;
                        assert_eq!(
                            told.placed.get(&admitted.id),
                            Some(&expected),
                            "what was told of {:?} at {lsn:?}, then the oracle's answer",
                            admitted.id
                        );
                        for trade in expected.trades {
                            trades.entry(admitted.order.symbol).or_default().push(trade);
                        }
                    }
                    Err(expected) => {
                        refused += 1;
                        assert_eq!(
                            told.refused.get(&admitted.id),
                            Some(&expected),
                            "the refusal that was told of {:?} at {lsn:?}, then the oracle's",
                            admitted.id
                        );
                    }
                }
            }
            Recorded::Cancel { account, order } => {
                canceled += 1;
                let expected = oracle.cancel(account.0, order.0);
                assert_eq!(
                    told.canceled.get(order).copied().ok_or(Refusal::UnknownOrder),
                    expected,
                    "what was told of the cancel of {order:?} at {lsn:?}, then the oracle's answer"
                );
            }
            Recorded::Funds(other) => panic!("recorded as a movement of funds: {other:?}"),
        }
    }
    assert_eq!(
        (told.placed.len(), told.refused.len(), told.canceled.len()),
        (placed, refused, canceled),
        "orders placed, refused, canceled: told, then recorded"
    );
    assert_eq!(told.trades, trades, "the trades that were published, then those of the canonical history");
    oracle
}

/// Gates: an answer may leave once the record it names is durable, so it must name one at least as late as
/// everything it shows (rule J3).
pub fn gate_covers(reply: &Reply, shown: Lsn, recorder: &Recorder) {
    assert!(
        reply.gate >= shown && reply.gate <= recorder.last(),
        "an answer that shows effects of {shown:?} is let out by {:?} of {:?}: {reply:?}",
        reply.gate,
        recorder.last()
    );
}

/// A client that waits for each answer and never rests an order can tell its balances from the answers.
#[derive(Debug, Default)]
pub struct Notebook(BTreeMap<AssetId, i128>);

impl Notebook {
    /// Notes what an answer did to the client's money.
    pub fn note(&mut self, request: &Request, outcome: &Outcome, specs: &[SymbolSpec]) {
        match (request, outcome) {
            (_, Outcome::Rejected(_)) => {}
            (Request::Deposit { asset, amount, .. }, _) => {
                *self.0.entry(*asset).or_default() += plain::money(*amount);
            }
            (Request::Withdraw { asset, amount, .. }, _) => {
                *self.0.entry(*asset).or_default() -= plain::money(*amount);
            }
            (_, Outcome::Placed(placed)) => {
                let spec = &specs[placed.order.symbol.0 as usize];
                assert!(!placed.status.is_open(), "such a client does not rest orders: {placed:?}");
                for fill in &placed.fills {
                    let base = plain::money(spec.base_amount(fill.quantity));
                    let quote = plain::money(fill.notional);
                    let sign = if placed.order.side == Side::Buy { 1 } else { -1 };
                    *self.0.entry(spec.base()).or_default() += sign * base;
                    *self.0.entry(spec.quote()).or_default() -= sign * quote;
                }
            }
            _ => {}
        }
    }

    /// Panics unless balances asked for after the last answer are what the answers add up to.
    pub fn check(&self, account: AccountId, outcome: &Outcome) {
        let told: BTreeMap<_, _> = match outcome {
            Outcome::Balances(balances) => balances
                .iter()
                .map(|(asset, balance)| {
                    (*asset, (plain::money(balance.available), plain::money(balance.frozen)))
                })
                .collect(),
            Outcome::Rejected(_) => BTreeMap::new(),
            other => panic!("asked for balances, told {other:?}"),
        };
        for asset in told.keys().chain(self.0.keys()) {
            assert_eq!(
                told.get(asset).copied().unwrap_or_default(),
                (self.0.get(asset).copied().unwrap_or_default(), 0),
                "{account:?} does not read its own writes: available and frozen of {asset:?}, told and expected"
            );
        }
    }
}
