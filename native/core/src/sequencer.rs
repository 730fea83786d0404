//! The state machine of an account shard (the balance sequencer): how funds are guarded.
//!
//! It owns the balances and the open orders of its accounts. An order passes only with its worst cost frozen;
//! from then on the money is out of `available`, and only a settlement of that order's matcher can spend or
//! return it. A cancel is checked for ownership here, before anything is touched, and takes the same road as
//! its order, so it can't overtake it.
//!
//! Drivers keep one rule: settlements that have arrived are handled **before** the next command, so that who
//! was answered finds the effects in whatever they ask or do next.

use crate::ledger::Ledger;
use crate::log::{Context, OrderIds, Record};
use crate::message::{
    AdmittedOrder, Command, NewOrder, Order, OrderAfter, OrderKind, OrderStatus, Outcome, Reply, Request,
    Settlement, ToMatcher, ToSequencer,
};
use crate::orders::Orders;
use crate::outbox::SequencerOutbox;
use crate::reject::{Code, Detail, Reject};
use crate::spec::SymbolSpec;
use crate::types::{
    AccountId, Amount, AssetId, ID_MAX, Lsn, OrderId, Quantity, Side, SymbolId, Ticket, Timestamp,
};

/// One account shard.
#[derive(Debug)]
pub struct Sequencer {
    ledger: Ledger,
    orders: Orders,
    /// By symbol number.
    symbols: Vec<Option<SymbolSpec>>,
    limits: SequencerLimits,
    /// The latest record whose effects this shard shows.
    horizon: Lsn,
}

/// What bounds a sequencer's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequencerLimits {
    /// Open orders per account; the next one is refused.
    pub open_orders_per_account_max: u32,
    /// Closed orders that are remembered; beyond, the oldest is forgotten.
    pub closed_orders_max: usize,
}

impl Sequencer {
    /// A shard without accounts.
    #[must_use]
    pub fn new(limits: SequencerLimits) -> Self {
        Self {
            ledger: Ledger::default(),
            orders: Orders::new(limits.closed_orders_max),
            symbols: Vec::new(),
            limits,
            horizon: Lsn(0),
        }
    }

    /// Handles one command: a deterministic function of the state and of what comes in.
    pub fn handle(
        &mut self,
        command: Command,
        ctx: &mut Context<'_>,
        order_ids: &mut dyn OrderIds,
        out: &mut SequencerOutbox,
    ) {
        let ticket = command.ticket;
        let outcome = match command.request {
            Request::Deposit { account, asset, amount } => self.deposit(account, asset, amount, ctx),
            Request::Withdraw { account, asset, amount } => self.withdraw(account, asset, amount, ctx),
            Request::Place(order) => match self.admit(ticket, order, ctx, order_ids, out) {
                Ok(()) => return, // The matcher answers.
                Err(reject) => Err(reject),
            },
            Request::Cancel { account, order } => match self.cancel(ticket, account, order, out) {
                Ok(()) => return, // The matcher answers.
                Err(reject) => Err(reject),
            },
            Request::Balances { account } => self.balances(account),
            Request::Order { order } => Ok(Outcome::Orders(self.order(order).into_iter().collect())),
            Request::OpenOrders { account, symbol } => self.open_orders(account, symbol),
            Request::Totals => Ok(self.totals()),
            Request::AddSymbol(spec) => {
                self.add_symbol(spec, ctx);
                Ok(Outcome::SymbolAdded)
            }
        };
        self.reply(ticket, ctx.now, outcome, out);
    }

    /// Applies what a matcher decided.
    pub fn handle_settlement(&mut self, message: ToSequencer, now: Timestamp, out: &mut SequencerOutbox) {
        match message {
            ToSequencer::Settle(settlement) => self.settle(&settlement),
            ToSequencer::CancelMissed { ticket, account, order } => {
                assert!(self.orders.open(order).is_none(), "{order:?} is open here and not in its book");
                let reject = self.closed_or_unknown(account, order);
                self.reply(ticket, now, Err(reject), out);
            }
        }
    }

    /// Panics unless balances and open orders agree: no closed order keeps a reservation, and what is frozen
    /// is the sum of what open orders have reserved, per account and asset. For tests; walks everything.
    pub fn check_invariants(&self) {
        let mut reserved = std::collections::BTreeMap::new();
        let mut accounts = std::collections::BTreeMap::new();
        for (order, slot) in self.orders.all_open() {
            accounts.insert(slot.index(), order.order.account);
            let asset = self.symbol(order.order.symbol).gives(order.order.side);
            *reserved.entry((slot.index(), asset)).or_insert(Amount::ZERO) += order.reserved;
        }
        self.orders.check_invariants(|slot| accounts.get(&slot.index()).copied());
        for slot in self.ledger.all_slots() {
            for &(asset, balance) in self.ledger.balances(slot) {
                let expected = reserved.remove(&(slot.index(), asset)).unwrap_or_default();
                assert_eq!(balance.frozen, expected, "frozen of slot {slot:?}, {asset:?}");
            }
        }
        assert!(reserved.values().all(|amount| amount.is_zero()), "a reservation without frozen funds");
    }

    /// What one balance is; zero for an account or asset that never was. For tests and drivers in one thread.
    #[must_use]
    pub fn balance(&self, account: AccountId, asset: AssetId) -> crate::message::Balance {
        self.ledger.slot(account).map_or_else(Default::default, |slot| self.ledger.balance(slot, asset))
    }

    fn reply(
        &self,
        ticket: Ticket,
        at: Timestamp,
        outcome: Result<Outcome, Reject>,
        out: &mut SequencerOutbox,
    ) {
        let outcome = outcome.unwrap_or_else(Outcome::Rejected);
        out.replies.push(Reply { ticket, gate: self.horizon, at, outcome });
    }

    fn deposit(
        &mut self,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        ctx: &mut Context<'_>,
    ) -> Result<Outcome, Reject> {
        assert!((1..=ID_MAX).contains(&account.0) && !amount.is_zero(), "the edge lets no such deposit in");
        self.ledger.check_deposit(account, asset, amount)?;
        self.horizon = ctx.log.append(ctx.now, &Record::Funds(&Request::Deposit { account, asset, amount }));
        let balance = self.ledger.deposit(account, asset, amount);
        Ok(Outcome::BalanceChanged { asset, balance })
    }

    fn withdraw(
        &mut self,
        account: AccountId,
        asset: AssetId,
        amount: Amount,
        ctx: &mut Context<'_>,
    ) -> Result<Outcome, Reject> {
        assert!(!amount.is_zero(), "the edge lets no such withdrawal in");
        let slot = self.ledger.slot(account).ok_or(Reject::new(Code::UnknownAccount))?;
        self.ledger.check_withdraw(slot, asset, amount)?;
        self.horizon = ctx.log.append(ctx.now, &Record::Funds(&Request::Withdraw { account, asset, amount }));
        let balance = self.ledger.withdraw(slot, asset, amount);
        Ok(Outcome::BalanceChanged { asset, balance })
    }

    /// Freezes what the order may cost, remembers it, and passes it on. Funds are looked at last.
    fn admit(
        &mut self,
        ticket: Ticket,
        order: NewOrder,
        ctx: &mut Context<'_>,
        order_ids: &mut dyn OrderIds,
        out: &mut SequencerOutbox,
    ) -> Result<(), Reject> {
        let spec = *self.symbol(order.symbol);
        assert!(spec.check(&order.kind).is_ok(), "the edge lets no such order in: {order:?}");
        let slot = self.ledger.slot(order.account).ok_or(Reject::new(Code::UnknownAccount))?;
        let max = self.limits.open_orders_per_account_max;
        if self.orders.open_count(slot) >= max {
            return Err(Reject { code: Code::TooManyOpenOrders, detail: Detail::Bound { max } });
        }
        let asset = spec.gives(order.side);
        let reserved = match (order.kind, order.side) {
            (OrderKind::Limit { price, quantity }, Side::Buy) => spec.notional(price, quantity),
            (OrderKind::Limit { quantity, .. } | OrderKind::MarketByQuantity { quantity }, Side::Sell) => {
                spec.base_amount(quantity)
            }
            (OrderKind::MarketByQuote { quote }, Side::Buy) => quote,
            // What these cost, only the book can tell, and this shard does not see it: everything available,
            // for the length of this one command. The matcher refuses what that can't pay for.
            (OrderKind::MarketByQuantity { .. }, Side::Buy)
            | (OrderKind::MarketByQuote { .. }, Side::Sell) => self.ledger.balance(slot, asset).available,
        };
        self.ledger.freeze(slot, asset, reserved)?;
        let id = order_ids.next();
        assert!((1..=ID_MAX).contains(&id.0), "order ids have run out");
        self.orders.insert(
            slot,
            Order {
                id,
                order,
                status: OrderStatus::New,
                filled: Quantity::ZERO,
                notional: Amount::ZERO,
                reserved,
                accepted_at: ctx.now,
                updated_at: ctx.now,
            },
        );
        out.to_matcher.push(ToMatcher::Admit(AdmittedOrder { ticket, id, order, reserved }));
        Ok(())
    }

    /// Passes a cancel on, if the order is open and the asker's.
    fn cancel(
        &mut self,
        ticket: Ticket,
        account: AccountId,
        id: OrderId,
        out: &mut SequencerOutbox,
    ) -> Result<(), Reject> {
        if self.ledger.slot(account).is_none() {
            return Err(Reject::new(Code::UnknownAccount));
        }
        let Some(order) = self.orders.open(id).filter(|order| order.order.account == account) else {
            return Err(self.closed_or_unknown(account, id));
        };
        out.to_matcher.push(ToMatcher::Cancel { ticket, account, symbol: order.order.symbol, order: id });
        Ok(())
    }

    fn settle(&mut self, settlement: &Settlement) {
        self.horizon = self.horizon.max(settlement.cause);
        let (order, slot) =
            self.orders.open_mut(settlement.order).expect("a settlement is for an open order");
        let NewOrder { account, symbol, side, kind } = order.order;
        assert!(settlement.account == account, "a settlement of somebody else's order: {settlement:?}");
        let spec = self.symbols[symbol.0 as usize].as_ref().expect("the order's symbol is known");
        let base = (spec.base(), spec.base_amount(settlement.filled));
        let quote = (spec.quote(), settlement.notional);
        let (paid, received) = match side {
            Side::Buy => (quote, base),
            Side::Sell => (base, quote),
        };
        // Goes below zero, and halts, if the matcher spends or returns more than this order had reserved.
        order.reserved = order.reserved - paid.1 - settlement.released;
        order.filled += settlement.filled;
        order.notional += settlement.notional;
        order.updated_at = order.updated_at.max(settlement.at); // Another shard's clock may be behind.
        assert!(
            kind.quantity().is_none_or(|quantity| order.filled <= quantity),
            "filled beyond its quantity"
        );
        if !settlement.filled.is_zero() {
            self.ledger.settle(slot, paid, received);
        }
        self.ledger.release(slot, paid.0, settlement.released);

        match settlement.after {
            OrderAfter::Open => {
                assert!(
                    remainder_cost(spec, order) == Some(order.reserved),
                    "an open order has not reserved what its remainder may cost: {order:?}"
                );
                if !order.filled.is_zero() {
                    order.status = OrderStatus::PartiallyFilled;
                }
            }
            OrderAfter::Closed(status) => {
                assert!(order.reserved.is_zero(), "a closed order keeps a reservation: {order:?}");
                order.status = status;
                self.orders.close(settlement.order);
            }
            OrderAfter::Voided => {
                assert!(order.reserved.is_zero() && order.filled.is_zero(), "a refused order left a trace");
                self.orders.forget(settlement.order);
            }
        }
    }

    /// An account's balances as a reader sees them. What a market order has reserved while it runs counts as
    /// available: that order is never open to anybody, and may yet be refused.
    fn balances(&self, account: AccountId) -> Result<Outcome, Reject> {
        let slot = self.ledger.slot(account).ok_or(Reject::new(Code::UnknownAccount))?;
        let mut balances = self.ledger.balances(slot).to_vec();
        if self.orders.has_running(slot) {
            for order in self.orders.of_account(slot).filter(|order| !order.order.kind.can_rest()) {
                let asset = self.symbol(order.order.symbol).gives(order.order.side);
                if let Ok(at) = balances.binary_search_by_key(&asset, |line| line.0) {
                    balances[at].1.frozen -= order.reserved;
                    balances[at].1.available += order.reserved;
                }
            }
        }
        Ok(Outcome::Balances(balances))
    }

    fn order(&self, id: OrderId) -> Option<Order> {
        let open = self.orders.open(id).filter(|order| order.order.kind.can_rest());
        open.or_else(|| self.orders.closed(id)).copied()
    }

    fn open_orders(&self, account: Option<AccountId>, symbol: Option<SymbolId>) -> Result<Outcome, Reject> {
        let wanted = |order: &&Order| {
            order.order.kind.can_rest() && symbol.is_none_or(|symbol| order.order.symbol == symbol)
        };
        let orders = match account {
            Some(account) => {
                let slot = self.ledger.slot(account).ok_or(Reject::new(Code::UnknownAccount))?;
                self.orders.of_account(slot).filter(wanted).copied().collect()
            }
            None => {
                let all = self.orders.all_open().map(|(order, _)| order);
                let mut orders: Vec<_> = all.filter(wanted).copied().collect();
                orders.sort_unstable_by_key(|order| (order.accepted_at, order.id));
                orders
            }
        };
        Ok(Outcome::Orders(orders))
    }

    fn totals(&self) -> Outcome {
        let mut totals = self.ledger.totals();
        for (order, _) in self.orders.all_open() {
            let asset = self.symbol(order.order.symbol).gives(order.order.side);
            // The ledger lists every asset that an account ever had, by asset. A market order may have
            // reserved nothing of one that its account never had.
            if let Ok(at) = totals.binary_search_by_key(&asset, |line| line.asset) {
                totals[at].reserved += order.reserved;
            }
        }
        Outcome::Totals(totals)
    }

    fn add_symbol(&mut self, spec: SymbolSpec, ctx: &mut Context<'_>) {
        self.horizon = ctx.log.append(ctx.now, &Record::AddSymbol(&spec));
        let at = spec.id().0 as usize;
        if self.symbols.len() <= at {
            self.symbols.resize(at + 1, None);
        }
        assert!(self.symbols[at].is_none(), "{:?} was added twice", spec.id());
        self.symbols[at] = Some(spec);
    }

    fn symbol(&self, symbol: SymbolId) -> &SymbolSpec {
        match self.symbols.get(symbol.0 as usize) {
            Some(Some(spec)) => spec,
            _ => panic!("{symbol:?} was announced to nobody"),
        }
    }

    /// An order that is not open: closed if it was this account's, unknown otherwise. Somebody else's order
    /// answers like one that never was.
    fn closed_or_unknown(&self, account: AccountId, id: OrderId) -> Reject {
        match self.orders.closed(id) {
            Some(order) if order.order.account == account => Reject {
                code: Code::OrderAlreadyClosed,
                detail: Detail::Closed { order: id, status: order.status },
            },
            _ => Reject::new(Code::UnknownOrder),
        }
    }
}

/// What the rest of a resting order costs at worst; none for an order that can't rest.
fn remainder_cost(spec: &SymbolSpec, order: &Order) -> Option<Amount> {
    match (order.order.kind, order.order.side) {
        (OrderKind::Limit { price, quantity }, Side::Buy) => {
            Some(spec.notional(price, quantity - order.filled))
        }
        (OrderKind::Limit { quantity, .. }, Side::Sell) => Some(spec.base_amount(quantity - order.filled)),
        _ => None,
    }
}
