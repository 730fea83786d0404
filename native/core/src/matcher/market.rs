//! One symbol: its book, the orders that wait for a price, its counters, and what every command does with them.

use std::collections::BTreeMap;

use super::accrual::Accrued;
use super::pending::PendingOrders;
use super::reference::TradedMinutes;
use super::run::Run;
use crate::book::{OrderBook, PriceTimeBook, RestingOrder, Watched};
use crate::index::IdIndex;
use crate::log::Record;
use crate::message::{CancelReason, CanceledOrder, Extras, NewOrder, OrderKind, TimeInForce};
use crate::rules::{SymbolRules, SymbolStatus};
use crate::spec::SymbolSpec;
use crate::types::{Amount, AssetId, Lsn, OrderId, Price, Quantity, Side, SignedAmount, Timestamp, TradeId};

/// One symbol's book, pending orders and counters.
#[derive(Debug)]
pub struct Market<B = PriceTimeBook> {
    pub(super) spec: SymbolSpec,
    pub(super) rules: SymbolRules,
    pub(super) book: Watched<B>,
    pub(super) last_trade: TradeId,
    pub(super) last_price: Option<Price>,
    pub(super) seq: u64,
    pub(super) changed_at: Timestamp,
    pub(super) horizon: Lsn,
    /// Conditional orders whose price has not come.
    pub(super) pending: PendingOrders,
    /// What resting orders came with besides the plain terms; their flag `has_extras` says who came with any.
    pub(super) kept: IdIndex<Kept>,
    /// From an OCO's resting limit leg to its stop leg, as long as both are open.
    pub(super) stop_legs: IdIndex<OrderId>,
    /// What resting orders lost to self-trade prevention: nearly always empty.
    pub(super) prevented: BTreeMap<OrderId, Quantity>,
    pub(super) traded_minutes: TradedMinutes,
    pub(super) accrued: Accrued,
    /// Of everything that its records led to; zero where nobody reads digests.
    pub(super) digest: u64,
}

/// What a resting order came with.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) tif: TimeInForce,
    pub(super) extras: Box<Extras>,
}

impl<B: OrderBook> Market<B> {
    /// A market in which nothing has happened yet.
    pub(super) fn new(spec: SymbolSpec, rules: SymbolRules, at: Timestamp, horizon: Lsn) -> Self {
        Self {
            spec,
            rules,
            book: Watched::default(),
            last_trade: TradeId(0),
            last_price: None,
            seq: 0,
            changed_at: at,
            horizon,
            pending: PendingOrders::default(),
            kept: IdIndex::default(),
            stop_legs: IdIndex::default(),
            prevented: BTreeMap::new(),
            traded_minutes: TradedMinutes::default(),
            accrued: Accrued::default(),
            digest: 0,
        }
    }

    /// The symbol's grid.
    #[must_use]
    pub fn spec(&self) -> &SymbolSpec {
        &self.spec
    }

    /// Its rules.
    #[must_use]
    pub fn rules(&self) -> &SymbolRules {
        &self.rules
    }

    /// Its resting orders.
    #[must_use]
    pub fn book(&self) -> &B {
        &self.book
    }

    /// How many conditional orders wait for their price.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// The price of the last trade.
    #[must_use]
    pub fn last_price(&self) -> Option<Price> {
        self.last_price
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

    /// Fees that have accrued and were not collected yet, net of rebates, by asset.
    #[must_use]
    pub fn accrued(&self) -> [(AssetId, SignedAmount); 2] {
        self.accrued.amounts(&self.spec)
    }

    /// The operator changed its rules. Without a window of minutes nobody counts trades.
    fn change(&mut self, spec: SymbolSpec, rules: SymbolRules) {
        let fixed = |spec: &SymbolSpec| {
            (spec.base(), spec.quote(), spec.lot_atoms(), spec.tick_lot_atoms(), spec.fee_mode())
        };
        assert!(fixed(&spec) == fixed(&self.spec), "{spec:?} is another grid than {:?}", self.spec);
        if rules.reference_minutes == 0 {
            self.traded_minutes = TradedMinutes::default();
        }
        self.spec = spec;
        self.rules = rules;
    }

    /// The operator's change, which was judged. What a closed symbol has open is canceled.
    pub(super) fn set_rules(
        &mut self,
        spec: SymbolSpec,
        rules: SymbolRules,
        run: &mut Run<'_>,
    ) -> Vec<CanceledOrder> {
        self.record(&Record::SetRules(&spec, &rules), run);
        self.change(spec, rules);
        run.out.changed.push(spec.id());
        if rules.status == SymbolStatus::Closed {
            self.cancel_everything(CancelReason::SymbolClosed, run)
        } else {
            Vec::new()
        }
    }

    /// The operator cancels everything.
    pub(super) fn cancel_book(&mut self, run: &mut Run<'_>) -> Vec<CanceledOrder> {
        self.record(&Record::CancelBook(self.spec.id()), run);
        self.cancel_everything(CancelReason::Admin, run)
    }

    /// The operator removes the symbol, which was judged.
    pub(super) fn remove(&mut self, run: &mut Run<'_>) -> Vec<CanceledOrder> {
        self.record(&Record::RemoveSymbol(self.spec.id()), run);
        self.cancel_everything(CancelReason::SymbolClosed, run)
    }

    /// Writes a command down. Before this it must have changed nothing, after it it may not fail.
    pub(super) fn record(&mut self, record: &Record<'_>, run: &mut Run<'_>) {
        self.horizon = run.append(record);
    }

    /// The book changes; counted once per command.
    #[inline]
    pub(super) fn touch(&mut self, run: &mut Run<'_>) {
        if !run.touched {
            run.touched = true;
            self.seq += 1;
            self.changed_at = run.at;
            run.out.changed.push(self.spec.id());
        }
    }

    /// What a resting order has reserved: what the rest of it needs, and an OCO's limit leg what the dearer of
    /// the two legs needs.
    pub(super) fn reservation(&self, order: &RestingOrder) -> Amount {
        let own = self.own_need(order);
        if order.flags.has_sibling { own.max(self.stop_leg_need(order.id)) } else { own }
    }

    /// What the rest of a resting order needs for itself.
    pub(super) fn own_need(&self, order: &RestingOrder) -> Amount {
        self.spec.reservation(order.side, order.price, order.left(), order.fees)
    }

    /// What an order that waits for its trigger, or has just been triggered, has reserved.
    pub(super) fn conditional_need(&self, order: &NewOrder, fees: crate::fees::FeeRates) -> Amount {
        match (order.kind, order.side) {
            (OrderKind::Limit { price, quantity }, side) => {
                self.spec.reservation(side, price, quantity, fees)
            }
            (OrderKind::MarketByQuantity { quantity }, Side::Sell) => self.spec.base_amount(quantity),
            (OrderKind::MarketByQuantity { .. }, Side::Buy) => {
                order.max_quote().expect("a conditional buy at market says what it may spend")
            }
            (OrderKind::MarketByQuote { quote }, Side::Buy) => quote,
            (OrderKind::MarketByQuote { .. }, Side::Sell) => {
                panic!("a sell by quote amount has no trigger: {order:?}")
            }
        }
    }

    /// Forgets what was kept of an order that has left the book. Its stop leg, if it has one, is dealt with by
    /// whoever took it out.
    #[inline]
    pub(super) fn forget(&mut self, order: &RestingOrder, run: &mut Run<'_>) {
        if order.flags.has_extras {
            self.forget_extras(order.id, run);
        }
        if !self.prevented.is_empty() {
            self.prevented.remove(&order.id);
        }
    }

    fn forget_extras(&mut self, id: OrderId, run: &mut Run<'_>) {
        let kept = self.kept.remove(id.0).expect("a resting order's extras are kept");
        if let Some(at) = kept.extras.expire_at {
            run.expiries.remove(at, id, self.spec.id());
        }
    }

    /// How long an open order stays.
    pub(super) fn tif(&self, id: OrderId) -> TimeInForce {
        match self.pending.get(id) {
            Some(waiting) => waiting.admitted.order.tif,
            None => self.kept.get(id.0).map_or(TimeInForce::Gtc, |kept| kept.tif),
        }
    }

    /// What of a resting order was lost to self-trade prevention; the rest of what is done of it was traded.
    pub(super) fn prevented(&self, id: OrderId) -> Quantity {
        self.prevented.get(&id).copied().unwrap_or_default()
    }

    /// What holds after every command: the book is not crossed.
    pub(super) fn check_command(&self) {
        if let (Some(bid), Some(ask)) = (self.book.best_price(Side::Buy), self.book.best_price(Side::Sell)) {
            assert!(bid < ask, "{:?} is crossed: {bid:?} {ask:?}", self.spec.id());
        }
    }

    /// The last trade and its price.
    pub(crate) fn last(&self) -> (TradeId, Option<Price>) {
        (self.last_trade, self.last_price)
    }

    /// Panics unless book, pending orders and what is kept of either agree, and says how many of them expire.
    /// For tests; walks everything.
    pub(super) fn check_invariants(&self) -> usize {
        self.book.check_invariants();
        let (mut kept, mut legs, mut prevented, mut expiring) = (0, 0, 0, 0);
        for side in [Side::Buy, Side::Sell] {
            self.book.for_each_order(side, |order| {
                let extras = self.kept.get(order.id.0).map(|kept| &kept.extras);
                assert_eq!(order.flags.has_extras, extras.is_some(), "{order:?}");
                let expires = extras.is_some_and(|extras| extras.expire_at.is_some());
                assert_eq!(order.flags.expires, expires, "{order:?}");
                assert_eq!(order.flags.touched, !order.done().is_zero(), "{order:?}");
                let stop = self.stop_legs.get(order.id.0);
                assert_eq!(order.flags.has_sibling, stop.is_some(), "{order:?}");
                if let Some(&stop) = stop {
                    let stop = self.pending.get(stop).expect("the stop leg waits");
                    assert_eq!(stop.sibling, Some(order.id));
                    assert_eq!(stop.admitted.order.kind.quantity(), Some(order.left()));
                }
                assert!(self.prevented(order.id) <= order.done(), "{order:?}");
                kept += usize::from(extras.is_some());
                legs += usize::from(stop.is_some());
                prevented += usize::from(self.prevented.contains_key(&order.id));
                expiring += usize::from(expires);
                std::ops::ControlFlow::Continue(())
            });
        }
        assert_eq!((kept, prevented), (self.kept.len(), self.prevented.len()), "kept of nobody");
        assert_eq!((legs, legs), (self.stop_legs.len(), self.pending.legs()), "a leg without the other");
        expiring + self.pending.check_invariants()
    }
}
