//! A matcher and what stands around it: a log that counts, and a sequencer reduced to what it must believe.
//!
//! Every message to a sequencer is booked here, and every booking is checked: a settlement spends and releases
//! only what its order has reserved, a closed order has nothing reserved, an open one what the table of
//! docs/SEMANTICS.md says, and the fees that parties paid are the fees that accrued.

use std::collections::BTreeMap;

use lightning_core::book::OrderBook;
use lightning_core::fees::{FeeMode, FeeRates};
use lightning_core::log::{Context, Log, Record};
use lightning_core::matcher::Matcher;
use lightning_core::message::{
    AdmittedOrder, Amend, AmendChange, AmendedOrder, CancelMany, CancelReason, CanceledOrder, Extras, MassId,
    NewOrder, OnlyIf, OrderAfter, OrderKind, OrderStatus, Outcome, PlacedOco, PlacedOrder, Replace,
    ReplaceMode, ReplacedOrder, Reply, ReplyTo, Settlement, StpMode, TimeInForce, ToMatcher, ToSequencer,
    Trade, Trigger,
};
use lightning_core::outbox::MatcherOutbox;
use lightning_core::reject::{Code, Reject};
use lightning_core::rules::SymbolRules;
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, ListId, Lsn, OrderId, Price, Quantity, Side, SignedAmount, StpGroup,
    SymbolId, Ticket, Timestamp,
};

pub(crate) const BASE: AssetId = AssetId(0);
pub(crate) const QUOTE: AssetId = AssetId(1);
pub(crate) const SYMBOL: SymbolId = SymbolId(0);

#[derive(Default)]
pub(crate) struct CountingLog {
    pub(crate) records: Vec<String>,
}

impl Log for CountingLog {
    fn append(&mut self, _: Timestamp, _: u64, record: &Record<'_>) -> Lsn {
        let text = format!("{record:?}");
        self.records.push(text.split(['(', ' ', '{']).next().unwrap().to_owned());
        Lsn(self.records.len() as u64)
    }
}

/// An order as its sequencer believes it to be.
#[derive(Clone, Debug)]
pub(crate) struct Believed {
    pub(crate) order: NewOrder,
    pub(crate) fees: FeeRates,
    pub(crate) reserved: Amount,
    pub(crate) status: OrderStatus,
    pub(crate) filled: Quantity,
    pub(crate) notional: Amount,
    pub(crate) fee: SignedAmount,
    pub(crate) prevented: Quantity,
    pub(crate) sibling: Option<OrderId>,
}

/// What a test says of an order.
pub(crate) struct Wish {
    pub(crate) order: NewOrder,
    pub(crate) fees: FeeRates,
    pub(crate) group: Option<StpGroup>,
    /// Instead of what the table says: what an order that reserves everything finds.
    pub(crate) available: Amount,
}

pub(crate) fn limit(account: u64, side: Side, price: u64, quantity: u64) -> Wish {
    let order = NewOrder::limit(AccountId(account), SYMBOL, side, Price(price), Quantity(quantity));
    Wish { order, fees: FeeRates::default(), group: None, available: Amount(1 << 60) }
}

pub(crate) fn buy(account: u64, price: u64, quantity: u64) -> Wish {
    limit(account, Side::Buy, price, quantity)
}

pub(crate) fn sell(account: u64, price: u64, quantity: u64) -> Wish {
    limit(account, Side::Sell, price, quantity)
}

pub(crate) fn market(account: u64, side: Side, quantity: u64) -> Wish {
    let mut wish = limit(account, side, 1, quantity);
    wish.order.kind = OrderKind::MarketByQuantity { quantity: Quantity(quantity) };
    wish.tif(TimeInForce::Ioc)
}

pub(crate) fn by_quote(account: u64, side: Side, quote: u128) -> Wish {
    let mut wish = market(account, side, 1);
    wish.order.kind = OrderKind::MarketByQuote { quote: Amount(quote) };
    wish
}

impl Wish {
    pub(crate) fn tif(mut self, tif: TimeInForce) -> Self {
        self.order.tif = tif;
        self
    }

    pub(crate) fn stp(mut self, stp: StpMode) -> Self {
        self.order.stp = stp;
        self
    }

    pub(crate) fn group(mut self, group: u32) -> Self {
        self.group = Some(StpGroup(group));
        self
    }

    pub(crate) fn post_only(mut self) -> Self {
        self.order.post_only = true;
        self
    }

    pub(crate) fn extras(mut self, set: impl FnOnce(&mut Extras)) -> Self {
        set(self.order.extras.get_or_insert_default());
        self
    }

    pub(crate) fn display(self, display: u64) -> Self {
        self.extras(|extras| extras.display = Some(Quantity(display)))
    }

    pub(crate) fn trigger(self, trigger: Trigger) -> Self {
        self.extras(|extras| extras.trigger = Some(trigger))
    }

    pub(crate) fn stop(self, price: u64) -> Self {
        self.trigger(Trigger::Stop { price: Price(price) })
    }

    pub(crate) fn take_profit(self, price: u64) -> Self {
        self.trigger(Trigger::TakeProfit { price: Price(price) })
    }

    pub(crate) fn max_quote(self, quote: u128) -> Self {
        self.extras(|extras| extras.max_quote = Some(Amount(quote)))
    }

    pub(crate) fn gtd(self, at: u64) -> Self {
        self.tif(TimeInForce::Gtd).extras(|extras| extras.expire_at = Some(Timestamp(at)))
    }

    pub(crate) fn fees(mut self, maker_ppm: i32, taker_ppm: u32) -> Self {
        self.fees = FeeRates { maker_ppm, taker_ppm };
        self
    }

    pub(crate) fn available(mut self, available: u128) -> Self {
        self.available = Amount(available);
        self
    }
}

pub(crate) struct Desk<B: OrderBook> {
    pub(crate) matcher: Matcher<B>,
    pub(crate) log: CountingLog,
    pub(crate) out: MatcherOutbox,
    pub(crate) orders: BTreeMap<OrderId, Believed>,
    pub(crate) now: u64,
    pub(crate) last_id: u64,
    /// What parties paid, net, and what was collected.
    pub(crate) paid: BTreeMap<AssetId, SignedAmount>,
    /// The settlements of the last command.
    pub(crate) settled: Vec<Settlement>,
    pub(crate) trades: Vec<Trade>,
    pub(crate) missed: Vec<OrderId>,
    pub(crate) canceled_many: Vec<CanceledOrder>,
    spec: SymbolSpec,
}

pub(crate) fn spec_in(mode: FeeMode) -> SymbolSpec {
    let limits = SymbolLimits {
        price_min: Price(1),
        price_max: Price(1_000_000),
        quantity_min: Quantity(1),
        quantity_max: Quantity(1_000),
        notional_min: Amount(0),
    };
    SymbolSpec::new(SYMBOL, BASE, QUOTE, 10, 1, limits).unwrap().with_fee_mode(mode)
}

impl<B: OrderBook> Desk<B> {
    pub(crate) fn with(mode: FeeMode, rules: SymbolRules) -> Self {
        let spec = spec_in(mode);
        let mut desk = Self {
            matcher: Matcher::default(),
            log: CountingLog::default(),
            out: MatcherOutbox::default(),
            orders: BTreeMap::new(),
            now: 1_000,
            last_id: 0,
            paid: BTreeMap::new(),
            settled: Vec::new(),
            trades: Vec::new(),
            missed: Vec::new(),
            canceled_many: Vec::new(),
            spec,
        };
        let mut ctx = Context { now: Timestamp(desk.now), log: &mut desk.log };
        desk.matcher.add_symbol(spec, rules, &mut ctx, &mut desk.out);
        desk
    }

    /// Lets the matcher run something, and books what it sends.
    pub(crate) fn run<R>(
        &mut self,
        run: impl FnOnce(&mut Matcher<B>, &mut Context<'_>, &mut MatcherOutbox) -> R,
    ) -> R {
        self.settled.clear();
        self.trades.clear();
        self.missed.clear();
        let result = {
            let mut ctx = Context { now: Timestamp(self.now), log: &mut self.log };
            run(&mut self.matcher, &mut ctx, &mut self.out)
        };
        self.trades.append(&mut self.out.trades);
        for message in std::mem::take(&mut self.out.to_sequencer) {
            self.book(message);
        }
        self.check();
        result
    }

    pub(crate) fn send(&mut self, message: ToMatcher) {
        self.run(|matcher, ctx, out| matcher.handle(message, ctx, out));
    }

    /// Sends what gets exactly one answer.
    pub(crate) fn ask(&mut self, message: ToMatcher) -> Outcome {
        self.send(message);
        let Reply { outcome, gate, .. } = self.out.replies.pop().expect("an answer");
        assert!(self.out.replies.is_empty());
        assert!(gate.0 <= self.log.records.len() as u64);
        outcome
    }

    fn consumed(&self, side: Side, settlement: &Settlement) -> Amount {
        match (side, self.spec.fee_mode()) {
            (Side::Sell, _) => self.spec.base_amount(settlement.filled),
            (Side::Buy, FeeMode::Received) => settlement.notional,
            (Side::Buy, FeeMode::Quote) => settlement.notional + settlement.fee.positive(),
        }
    }

    fn book(&mut self, message: ToSequencer) {
        match message {
            ToSequencer::Settle(settlement) => self.settle(settlement),
            ToSequencer::MoveReservation { from, to, amount, .. } => {
                self.orders.get_mut(&from).unwrap().reserved -= amount;
                self.orders.get_mut(&to).unwrap().reserved += amount;
            }
            ToSequencer::Amended { order, extra, kind, cause, .. } => {
                assert_eq!(kind.is_some(), cause.is_some());
                if let Some(kind) = kind {
                    let believed = self.orders.get_mut(&order).unwrap();
                    believed.order.kind = kind;
                    believed.reserved += extra;
                }
            }
            ToSequencer::SiblingAmended { order, kind, .. } => {
                self.orders.get_mut(&order).unwrap().order.kind = kind;
            }
            ToSequencer::OrderMissed { order, .. } => {
                assert!(self.orders.get(&order).is_none_or(|order| !order.status.is_open()));
                self.missed.push(order);
            }
            ToSequencer::CanceledMany { orders, .. } => {
                self.canceled_many = orders;
            }
            ToSequencer::Credit { asset, amount, .. } => {
                *self.paid.get_mut(&asset).unwrap() += SignedAmount::rebate(amount);
            }
            ToSequencer::Answer { reply, .. } => self.out.replies.push(*reply),
            ToSequencer::TransferOffered(_) | ToSequencer::TransferAnswered { .. } => unreachable!(),
        }
    }

    fn settle(&mut self, settlement: Settlement) {
        self.settled.push(settlement);
        let mut believed = self.orders.remove(&settlement.order).expect("a settlement of a known order");
        assert!(believed.status.is_open(), "a settlement of a closed order: {settlement:?} {believed:?}");
        assert_eq!(believed.order.account, settlement.account);
        let side = believed.order.side;
        believed.reserved = believed.reserved - self.consumed(side, &settlement) - settlement.released;
        believed.filled += settlement.filled;
        believed.notional += settlement.notional;
        believed.fee += settlement.fee;
        believed.prevented += settlement.prevented;
        *self.paid.entry(self.spec.fee_asset(side)).or_default() += settlement.fee;
        match settlement.after {
            OrderAfter::Pending => assert_eq!(believed.status, OrderStatus::PendingTrigger),
            OrderAfter::Open => {
                believed.status =
                    if believed.filled.is_zero() { OrderStatus::New } else { OrderStatus::PartiallyFilled };
            }
            OrderAfter::Closed(status) => {
                assert!(!status.is_open());
                assert!(believed.reserved.is_zero(), "a closed order keeps a reservation: {believed:?}");
                believed.status = status;
            }
            OrderAfter::Voided => {
                assert!(believed.reserved.is_zero() && believed.filled.is_zero());
                return;
            }
        }
        self.orders.insert(settlement.order, believed);
    }

    /// What an order needs by the table.
    pub(crate) fn need(&self, order: &NewOrder, fees: FeeRates, done: Quantity) -> Option<Amount> {
        match (order.kind, order.side) {
            (OrderKind::Limit { price, quantity }, side) => {
                Some(self.spec.reservation(side, price, quantity - done, fees))
            }
            (OrderKind::MarketByQuantity { quantity }, Side::Sell) => Some(self.spec.base_amount(quantity)),
            (OrderKind::MarketByQuote { quote }, Side::Buy) => Some(quote),
            (OrderKind::MarketByQuantity { .. }, Side::Buy) if order.trigger().is_some() => order.max_quote(),
            _ => None,
        }
    }

    /// After every command: the matcher agrees with itself and with what its messages say.
    fn check(&self) {
        self.matcher.check_invariants();
        let accrued: BTreeMap<_, _> = self.matcher.accrued_fees().into_iter().collect();
        let paid: BTreeMap<_, _> =
            self.paid.iter().filter(|(_, fee)| !fee.is_zero()).map(|(&asset, &fee)| (asset, fee)).collect();
        assert_eq!(accrued, paid, "what was paid has accrued");
        let open = self.orders.iter().filter(|(_, order)| order.status.is_open());
        let (mut resting, mut pending) = (0, 0);
        for (&id, order) in open {
            let done = order.filled + order.prevented;
            let own = self.need(&order.order, order.fees, done).unwrap();
            let sibling = order.sibling.map(|id| &self.orders[&id]).filter(|order| order.status.is_open());
            let is_pending = order.status == OrderStatus::PendingTrigger;
            let expected = match sibling {
                Some(_) if is_pending => Amount::ZERO,
                Some(stop) => own.max(self.need(&stop.order, stop.fees, Quantity::ZERO).unwrap()),
                None => own,
            };
            assert_eq!(order.reserved, expected, "{id:?} {order:?}");
            if is_pending {
                pending += 1;
            } else {
                resting += 1;
                let market = self.matcher.market(SYMBOL).expect("open orders have a market");
                let at_book = market.book().get(id).expect("an open order rests");
                assert_eq!(Some(at_book.total), order.order.kind.quantity());
                assert_eq!((at_book.done(), Some(at_book.price)), (done, order.order.kind.price()));
            }
        }
        if let Some(market) = self.matcher.market(SYMBOL) {
            assert_eq!((market.book().len(), market.pending()), (resting, pending));
        }
    }

    pub(crate) fn to(&self) -> ReplyTo {
        let to = ReplyTo::direct(Ticket(7));
        if self.last_id.is_multiple_of(2) { to.through_sequencer() } else { to }
    }

    /// An order with its reservation, not yet believed in.
    pub(crate) fn admitted(&mut self, wish: Wish) -> AdmittedOrder {
        self.last_id += 1;
        let Wish { order, fees, group, available } = wish;
        let reserved = self
            .need(&order, fees, Quantity::ZERO)
            .unwrap_or_else(|| order.max_quote().map_or(available, |max_quote| max_quote.min(available)));
        let id = OrderId(self.last_id);
        AdmittedOrder {
            to: self.to(),
            id,
            order,
            reserved,
            fees,
            stp_group: group,
            accepted_at: Timestamp(1),
            late: None,
        }
    }

    pub(crate) fn believe(&mut self, admitted: &AdmittedOrder, sibling: Option<OrderId>) {
        let AdmittedOrder { id, ref order, reserved, fees, .. } = *admitted;
        let is_conditional = order.trigger().is_some();
        let believed = Believed {
            order: order.clone(),
            fees,
            reserved,
            status: if is_conditional { OrderStatus::PendingTrigger } else { OrderStatus::New },
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fee: SignedAmount::ZERO,
            prevented: Quantity::ZERO,
            sibling,
        };
        self.orders.insert(id, believed);
    }

    pub(crate) fn place(&mut self, wish: Wish) -> Result<PlacedOrder, Reject> {
        let admitted = self.admitted(wish);
        self.believe(&admitted, None);
        let id = admitted.id;
        match self.ask(ToMatcher::Admit(admitted)) {
            Outcome::Placed(placed) => {
                // Where nothing was triggered, the answer is what its sequencer believes, too.
                let believed = &self.orders[&id];
                if self.settled.iter().filter(|settled| settled.order == id).count() == 1 {
                    assert_eq!((placed.status, placed.filled), (believed.status, believed.filled));
                    assert_eq!((placed.reserved, placed.fee), (believed.reserved, believed.fee));
                }
                assert_eq!(placed.fills.iter().map(|fill| fill.quantity).sum::<Quantity>(), placed.filled);
                Ok(placed)
            }
            Outcome::Rejected(reject) => {
                assert!(!self.orders.contains_key(&id), "a refused order is forgotten");
                Err(reject)
            }
            other => panic!("{other:?}"),
        }
    }

    /// Places what is accepted; its id.
    pub(crate) fn put(&mut self, wish: Wish) -> OrderId {
        self.place(wish).unwrap().id
    }

    pub(crate) fn refused(&mut self, wish: Wish) -> Code {
        self.place(wish).unwrap_err().code
    }

    pub(crate) fn place_oco(&mut self, limit: Wish, stop: Wish) -> Result<PlacedOco, Reject> {
        let mut limit = self.admitted(limit);
        let mut stop = self.admitted(stop);
        limit.to = stop.to;
        limit.reserved = limit.reserved.max(stop.reserved);
        stop.reserved = Amount::ZERO;
        self.believe(&limit, Some(stop.id));
        self.believe(&stop, Some(limit.id));
        let legs = Box::new([limit, stop]);
        match self.ask(ToMatcher::AdmitOco { list: ListId(self.last_id), legs }) {
            Outcome::OcoPlaced(placed) => Ok(*placed),
            Outcome::Rejected(reject) => Err(reject),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn cancel_if(&mut self, id: OrderId, only_if: Option<OnlyIf>) -> Result<CanceledOrder, Code> {
        let (to, account) = (self.to(), self.orders[&id].order.account);
        self.send(ToMatcher::Cancel { to, account, symbol: SYMBOL, order: id, only_if });
        match self.out.replies.pop().map(|reply| reply.outcome) {
            Some(Outcome::Canceled(canceled)) => Ok(canceled),
            Some(Outcome::Rejected(reject)) => Err(reject.code),
            None => {
                assert_eq!(self.missed, [id]);
                Err(Code::OrderAlreadyClosed)
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn cancel(&mut self, id: OrderId) -> Result<CanceledOrder, Code> {
        self.cancel_if(id, None)
    }

    pub(crate) fn cancel_many(&mut self, account: u64, orders: Vec<OrderId>) -> Vec<CanceledOrder> {
        let (account, symbol, reason) = (AccountId(account), SYMBOL, CancelReason::Mass);
        let many = CancelMany { mass: MassId(1), account, symbol, orders, reason };
        self.send(ToMatcher::CancelMany(Box::new(many)));
        std::mem::take(&mut self.canceled_many)
    }

    pub(crate) fn amend(&mut self, id: OrderId, change: AmendChange) -> Result<AmendedOrder, Code> {
        self.amend_with(id, change, None)
    }

    pub(crate) fn amend_with(
        &mut self,
        id: OrderId,
        change: AmendChange,
        refusal: Option<Reject>,
    ) -> Result<AmendedOrder, Code> {
        use lightning_core::message::NewQuantity;
        let believed = &self.orders[&id];
        let account = believed.order.account;
        // The worst case, as far as it is known here.
        let mut amended = believed.order.clone();
        let total = amended.kind.quantity().unwrap_or_default();
        let total = match change.quantity {
            Some(NewQuantity::Total(total)) => total,
            Some(NewQuantity::ReduceBy(less)) => total.checked_sub(less).unwrap_or_default(),
            None => total,
        };
        amended.kind = amended.kind.with_quantity(total);
        if let (OrderKind::Limit { price, .. }, Some(new)) = (&mut amended.kind, change.price) {
            *price = new;
        }
        let done = believed.filled + believed.prevented;
        let is_open = believed.status.is_open() && believed.sibling.is_none() && total >= done;
        let extra = if is_open && refusal.is_none() {
            let need = self.need(&amended, believed.fees, done).unwrap_or_default();
            need.checked_sub(believed.reserved).unwrap_or_default()
        } else {
            Amount::ZERO
        };
        let to = self.to();
        let amend = Amend { to, account, symbol: SYMBOL, order: id, change, extra, refusal };
        self.send(ToMatcher::Amend(Box::new(amend)));
        match self.out.replies.pop().map(|reply| reply.outcome) {
            Some(Outcome::Amended(amended)) => Ok(*amended),
            Some(Outcome::Rejected(reject)) => Err(reject.code),
            None => {
                assert_eq!(self.missed, [id]);
                Err(Code::OrderAlreadyClosed)
            }
            other => panic!("{other:?}"),
        }
    }

    /// Replaces `old`; what of the new order's need the old one has reserved comes from there.
    pub(crate) fn replace(
        &mut self,
        mode: ReplaceMode,
        old: Result<OrderId, Reject>,
        new: Result<Wish, Reject>,
    ) -> ReplacedOrder {
        let (mut from_old, mut account) = (Amount::ZERO, AccountId(0));
        let new = new.map(|wish| {
            let mut new = self.admitted(wish);
            account = new.order.account;
            if let Ok(old) = old
                && self.orders[&old].order.side == new.order.side
            {
                from_old = self.orders[&old].reserved.min(new.reserved);
                new.reserved -= from_old;
            }
            self.believe(&new, None);
            Box::new(new)
        });
        if let Ok(old) = old {
            account = self.orders[&old].order.account;
        }
        let (to, symbol) = (self.to(), SYMBOL);
        let replace = Replace { to, account, symbol, mode, old, only_if: None, new, from_old };
        match self.ask(ToMatcher::Replace(Box::new(replace))) {
            Outcome::Replaced(replaced) => *replaced,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn status(&self, id: OrderId) -> OrderStatus {
        self.orders[&id].status
    }

    /// Everybody at a side, in queue order: id, shown, hidden.
    pub(crate) fn queue(&self, side: Side) -> Vec<(u64, u64, u64)> {
        let mut queue = Vec::new();
        self.matcher.market(SYMBOL).unwrap().book().for_each_order(side, |order| {
            queue.push((order.id.0, order.shown.0, order.hidden.0));
            std::ops::ControlFlow::Continue(())
        });
        queue
    }

    /// The makers of the last command's trades, and how much: in order.
    pub(crate) fn met(&self) -> Vec<(u64, u64)> {
        self.trades.iter().map(|trade| (trade.maker.0, trade.quantity.0)).collect()
    }
}
