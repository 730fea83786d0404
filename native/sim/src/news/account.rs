//! An account that only listens: its balances and its open orders.

use std::collections::{BTreeMap, BTreeSet};

use lightning_core::events::{AccountEvent, AccountNews, Execution, ExecutionKind};
use lightning_core::message::{Balance, Order, OrderStatus, Settlement};
use lightning_core::types::{AccountId, AssetId, OrderId};

/// An account, made of what is told of it.
#[derive(Clone, Debug, Default)]
pub struct AccountReplica {
    balances: BTreeMap<AssetId, Balance>,
    open: BTreeMap<OrderId, Order>,
    closed: BTreeMap<OrderId, Order>,
    /// Of these only the beginning is known: an amend may have been under way.
    begun: BTreeSet<OrderId>,
}

impl AccountReplica {
    /// What is told of it.
    pub fn apply(&mut self, news: &AccountNews) {
        match &news.event {
            AccountEvent::Start { balances, orders } => {
                assert!(orders.is_sorted_by_key(|order| order.id), "by ascending id: {orders:?}");
                self.balances = balances.iter().copied().collect();
                self.open = orders.iter().map(|order| (order.id, order.clone())).collect();
                self.begun = self.open.keys().copied().collect();
            }
            AccountEvent::Balance { asset, balance } => {
                let before = self.balances.insert(*asset, *balance).unwrap_or_default();
                assert_ne!(before, *balance, "{asset:?} of {:?} has not changed", news.account);
            }
            AccountEvent::Execution(execution) => self.execution(news.account, execution),
        }
    }

    fn execution(&mut self, account: AccountId, execution: &Execution) {
        let Execution { kind, ref order, ref step } = *execution;
        let step = step.as_ref().unwrap_or_else(|| panic!("every step has a settlement: {execution:?}"));
        assert_eq!((order.order.account, order.id), (account, step.order), "somebody else's: {execution:?}");
        let id = order.id;
        assert!(!self.closed.contains_key(&id), "it is closed already: {execution:?}");
        let before = self.open.remove(&id);
        follows(before.as_ref(), order, step);
        let is_open = order.status.is_open();
        let was = before.as_ref().map(|before| before.status);
        let amended = before.as_ref().is_some_and(|before| before.amends < order.amends);
        let perhaps = self.begun.remove(&id) && was.is_some();
        let makes_sense = match kind {
            ExecutionKind::New => before.is_none() && is_open,
            ExecutionKind::Triggered => was == Some(OrderStatus::PendingTrigger) && is_open,
            ExecutionKind::Trade if is_open => was.is_some() && !amended && !step.filled.is_zero(),
            // An order by quote amount for which nothing can be had is filled, too.
            ExecutionKind::Trade => order.status == OrderStatus::Filled,
            ExecutionKind::Prevented => was.is_some() && is_open && !amended && !step.prevented.is_zero(),
            ExecutionKind::Amended => (amended || perhaps) && is_open,
            ExecutionKind::Canceled => matches!(order.status, OrderStatus::Canceled(_)),
            ExecutionKind::Expired => matches!(order.status, OrderStatus::Expired(_)),
        };
        assert!(makes_sense, "{execution:?} of {before:?}");
        let orders = if is_open { &mut self.open } else { &mut self.closed };
        orders.insert(id, order.clone());
    }

    /// It has these balances.
    pub fn check_balances(&self, balances: &[(AssetId, Balance)]) {
        let nothing = Balance::default();
        let some = |(asset, balance): (AssetId, Balance)| (balance != nothing).then_some((asset, balance));
        let told: Vec<_> =
            self.balances.iter().filter_map(|(asset, balance)| some((*asset, *balance))).collect();
        let read: Vec<_> = balances.iter().filter_map(|line| some(*line)).collect();
        assert_eq!(told, read, "balances by what was told, and as they are read");
    }

    /// It has these open orders. `exactly`: nothing is on its way. Else an order may have been amended, or have got
    /// another's reservation, and its step not be here yet.
    pub fn check_orders(&self, open: &[Order], exactly: bool) {
        let told: Vec<&Order> = self.open.values().collect();
        if exactly {
            let read: Vec<&Order> = open.iter().collect();
            return assert_eq!(told, read, "open orders by what was told, and as they are read");
        }
        let of = |order: &Order| {
            (order.id, order.status, order.filled, order.notional, order.prevented, order.fee)
        };
        let told: Vec<_> = told.into_iter().map(of).collect();
        let read: Vec<_> = open.iter().map(of).collect();
        assert_eq!(told, read, "open orders by what was told, and as they are read");
    }

    /// What the orders came to that were closed.
    pub fn closed(&self) -> impl Iterator<Item = &Order> {
        self.closed.values()
    }
}

/// An order is what it was, and what the step did to it.
fn follows(before: Option<&Order>, after: &Order, step: &Settlement) {
    let (mut filled, mut notional, mut prevented, mut fee) = Default::default();
    let mut amends = 0;
    if let Some(before) = before {
        (filled, notional, prevented, fee) = (before.filled, before.notional, before.prevented, before.fee);
        amends = before.amends;
        let same = |order: &Order| {
            let Order { id, fees, list, accepted_at, .. } = *order;
            (id, fees, list, accepted_at, order.order.side, order.order.symbol, order.order.tif)
        };
        assert_eq!(same(before), same(after), "it is another order");
        assert!(after.updated_at >= before.updated_at, "{after:?} is older than {before:?}");
    }
    assert_eq!(
        (after.filled, after.notional, after.prevented, after.fee),
        (filled + step.filled, notional + step.notional, prevented + step.prevented, fee + step.fee),
        "{before:?} and {step:?} are not {after:?}"
    );
    assert!(after.amends - amends <= 1, "{after:?} was amended more often than it was told");
}
