//! What must hold whatever happens: after every step, for every answer, and at the end.
//!
//! Nothing here knows how shards are scheduled; [`crate::world`] calls each law where it applies. A broken law
//! is a panic that says which, so that the seed that broke it can be looked at.

use std::collections::BTreeMap;

use lightning_core::book::OrderBook;
use lightning_core::matcher::Market;
use lightning_core::message::{
    NewOrder, OrderKind, Outcome, Reply, Request, RequestId, Settlement, ToSequencer, Trade,
};
use lightning_core::reject::{Code, Reject};
use lightning_core::rules::SymbolStatus;
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{AccountId, Amount, AssetId, Lsn, OrderId, Side, SymbolId, Ticket, TradeId};
use lightning_core::window::WINDOW;

use crate::plain;
use crate::recorder::Recorded;
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
            Recorded::Account(Request::Deposit { asset, amount, .. }) => {
                *self.outside.entry(*asset).or_default() += plain::money(*amount);
            }
            Recorded::Account(Request::Withdraw { asset, amount, .. }) => {
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

/// Request ids: what a sequencer must make of each command that has one, by the definition (docs/SEMANTICS.md,
/// section 10): all numbers ever, and the highest of each lane.
#[derive(Debug, Default)]
pub struct Requests {
    lanes: BTreeMap<(AccountId, u32), Lane>,
    expected: BTreeMap<Ticket, Expected>,
    /// The answers to those that ran.
    answers: BTreeMap<Ticket, String>,
}

#[derive(Debug, Default)]
struct Lane {
    highest: u64,
    /// What words each number was first used for, and by whom.
    seen: BTreeMap<u64, (u64, Ticket)>,
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    /// It runs.
    First(AccountId, RequestId),
    /// It is answered like that one.
    Repeat(Ticket),
    /// It is refused.
    Refused(Code),
    /// There is nothing to recall.
    NotSeen,
}

impl Requests {
    /// A sequencer takes a command of an existing account; `recalls`: only to ask what became of it.
    pub fn taken(&mut self, ticket: Ticket, account: AccountId, id: &RequestId, recalls: bool) {
        let lane = self.lanes.entry((account, id.lane)).or_default();
        let expected = if id.number + WINDOW <= lane.highest {
            Expected::Refused(Code::RequestIdTooOld)
        } else {
            match lane.seen.get(&id.number) {
                Some((fingerprint, _)) if *fingerprint != id.fingerprint => {
                    Expected::Refused(Code::RequestIdConflict)
                }
                Some((_, first)) => Expected::Repeat(*first),
                None if recalls => Expected::NotSeen,
                None => {
                    lane.highest = lane.highest.max(id.number);
                    lane.seen.insert(id.number, (id.fingerprint, ticket));
                    Expected::First(account, *id)
                }
            }
        };
        self.expected.insert(ticket, expected);
    }

    /// Its account does not exist, before it and after it: nobody remembers it.
    pub fn forget(&mut self, ticket: Ticket, account: AccountId) {
        self.expected.remove(&ticket);
        self.lanes.retain(|lane, _| lane.0 != account);
    }

    /// A command was answered. Panics unless it is the answer that was to be expected. Says whether it was a
    /// repeat.
    pub fn answered(&mut self, reply: &Reply) -> bool {
        let Some(expected) = self.expected.get(&reply.ticket).copied() else {
            assert!(!reply.duplicate, "nobody asked this twice: {reply:?}");
            return false;
        };
        let code = match &reply.outcome {
            Outcome::Rejected(reject) => Some(reject.code),
            _ => None,
        };
        let words = || format!("{:?} {:?} {:?}", reply.outcome, reply.gate, reply.at);
        match expected {
            Expected::First(account, id) => {
                let is_new = !reply.duplicate
                    && !matches!(code, Some(Code::RequestIdTooOld | Code::RequestIdConflict))
                    && !matches!(reply.outcome, Outcome::NotSeen);
                assert!(is_new, "the first of its number was not run: {reply:?}");
                if code == Some(Code::Busy) {
                    // Not used up.
                    let lane = self.lanes.get_mut(&(account, id.lane)).expect("it was used");
                    lane.seen.remove(&id.number);
                } else {
                    self.answers.insert(reply.ticket, words());
                }
            }
            Expected::Repeat(first) => {
                assert!(reply.duplicate, "the same request ran twice: {reply:?}");
                assert_eq!(self.answers.get(&first), Some(&words()), "a repeat is answered otherwise");
            }
            Expected::Refused(expected) => {
                assert!(
                    code == Some(expected) && !reply.duplicate,
                    "{expected:?} was to be expected: {reply:?}"
                );
            }
            Expected::NotSeen => {
                assert!(matches!(reply.outcome, Outcome::NotSeen), "there was nothing to recall: {reply:?}");
            }
        }
        matches!(expected, Expected::Repeat(_))
    }
}

/// A client that waits for each answer, never rests an order and is sent nothing can tell its balances from the
/// answers.
#[derive(Debug, Default)]
pub struct Notebook {
    /// All of it, and what of it is held.
    balances: BTreeMap<AssetId, (i128, i128)>,
}

impl Notebook {
    /// Notes what an answer did to the client's money.
    pub fn note(&mut self, request: &Request, outcome: &Outcome, specs: &[SymbolSpec]) {
        let mut change = |asset: AssetId, total: i128, held: i128| {
            let balance = self.balances.entry(asset).or_default();
            balance.0 += total;
            balance.1 += held;
        };
        match (request, outcome) {
            (_, Outcome::Rejected(_)) => {}
            (Request::Deposit { asset, amount, .. }, _) => change(*asset, plain::money(*amount), 0),
            (Request::Withdraw { asset, amount, .. } | Request::Transfer { asset, amount, .. }, _) => {
                change(*asset, -plain::money(*amount), 0);
            }
            (Request::Hold { asset, amount, .. }, _) => change(*asset, 0, plain::money(*amount)),
            (Request::Release { asset, amount, .. }, _) => change(*asset, 0, -plain::money(*amount)),
            (_, Outcome::FeesCollected(fees)) => {
                fees.iter().for_each(|(asset, amount)| change(*asset, plain::money(*amount), 0));
            }
            (_, Outcome::Placed(placed)) => {
                let spec = &specs[placed.order.symbol.0 as usize];
                assert!(!placed.status.is_open(), "such a client does not rest orders: {placed:?}");
                for fill in &placed.fills {
                    let base = plain::money(spec.base_amount(fill.quantity));
                    let quote = plain::money(fill.notional);
                    let sign = if placed.order.side == Side::Buy { 1 } else { -1 };
                    change(spec.base(), sign * base, 0);
                    change(spec.quote(), -sign * quote, 0);
                    change(spec.fee_asset(placed.order.side), -fill.fee.0, 0);
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
                    let [total, frozen, held] =
                        [balance.total(), balance.frozen, balance.held].map(plain::money);
                    (*asset, (total, frozen, held))
                })
                .collect(),
            Outcome::Rejected(Reject { code: Code::UnknownAccount, .. }) => BTreeMap::new(),
            other => panic!("asked for balances, told {other:?}"),
        };
        for asset in told.keys().chain(self.balances.keys()) {
            let (total, held) = self.balances.get(asset).copied().unwrap_or_default();
            assert_eq!(
                told.get(asset).copied().unwrap_or_default(),
                (total, held, held),
                "{account:?} does not read its own writes: total, frozen and held of {asset:?}, told and expected"
            );
        }
    }
}
