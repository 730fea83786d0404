//! Answers to who only asks. Immediate orders are over with their commands: no reader ever sees one open, or
//! what is reserved for it. Other orders are shown as soon as their matchers have written them down.

use crate::history::ClosedSince;
use crate::ledger::AccountSlot;
use crate::message::{AssetTotals, Balance, Order, OrderPage, Outcome, Request};
use crate::orders::Entry;
use crate::reject::Reject;
use crate::sequencer::Sequencer;
use crate::types::{AccountId, Amount, AssetId, Lsn, OrderId, SignedAmount, SymbolId};

impl Sequencer {
    pub(super) fn read(&self, request: &Request) -> Result<Outcome, Reject> {
        match *request {
            Request::Balances { account } => {
                let slot = self.slot(account)?;
                Ok(Outcome::Balances(self.visible_balances(slot)))
            }
            Request::Account { account } => {
                let slot = self.slot(account)?;
                let open_orders = self.orders.open_count(slot);
                Ok(Outcome::Account(self.accounts.info(slot, account, open_orders)))
            }
            Request::Order { order } => {
                let open =
                    self.orders.get(order).filter(|entry| entry.is_visible()).map(|entry| &entry.order);
                Ok(orders(open.or_else(|| self.closed.get(order)).cloned().into_iter().collect()))
            }
            Request::OrderByClientId { account, ref client_id } => {
                let slot = self.slot(account)?;
                let named = self.orders.with_client_id(slot, client_id).filter_map(|id| self.orders.get(id));
                Ok(orders(
                    named
                        .filter(|entry| entry.is_visible())
                        .take(1)
                        .map(|entry| entry.order.clone())
                        .collect(),
                ))
            }
            Request::OpenOrders { account, symbol, after, limit } => {
                self.open_orders(account, symbol, after, limit).map(orders)
            }
            Request::ClosedOrders { account, symbol, before, limit } => {
                let slot = self.slot(account)?;
                Ok(Outcome::Orders(self.closed.page(slot, symbol, before, limit)))
            }
            Request::ClosedSince { account, symbol, causes, after, limit } => {
                let slot = self.slot(account)?;
                let wanted = ClosedSince { symbol, causes, after, limit };
                Ok(Outcome::Orders(self.closed.since(slot, &wanted)))
            }
            Request::LedgerEntries { account, asset, before, limit } => {
                let slot = self.slot(account)?;
                let now_has = |asset| self.decided_balance(slot, asset);
                Ok(Outcome::LedgerEntries(self.entries.page(slot, asset, before, limit, now_has)))
            }
            Request::Totals => Ok(Outcome::Totals(self.totals())),
            _ => panic!("not a question: {request:?}"),
        }
    }

    /// Takes the closed orders that are remembered: see [`ClosedOrders::take`](crate::history::ClosedOrders::take).
    pub(crate) fn take_closed(&mut self) -> impl Iterator<Item = (Lsn, Order)> {
        self.closed.take()
    }

    /// An account's balances; what a running order has reserved counts as available: it may yet be refused.
    pub(super) fn visible_balances(&self, slot: AccountSlot) -> Vec<(AssetId, Balance)> {
        let mut balances = self.ledger.balances(slot).to_vec();
        for entry in self.orders.running(slot) {
            let asset = self.gives(&entry.order);
            if let Ok(at) = balances.binary_search_by_key(&asset, |line| line.0) {
                balances[at].1.frozen -= entry.order.reserved;
                balances[at].1.available += entry.order.reserved;
            }
        }
        balances
    }

    fn open_orders(
        &self,
        account: Option<AccountId>,
        symbol: Option<SymbolId>,
        after: OrderId,
        limit: usize,
    ) -> Result<Vec<Order>, Reject> {
        let wanted = |entry: &&Entry| {
            entry.is_visible()
                && entry.order.id > after
                && symbol.is_none_or(|symbol| entry.order.order.symbol == symbol)
        };
        if let Some(account) = account {
            let mine = self.orders.of_account_after(self.slot(account)?, after);
            return Ok(mine.filter(wanted).take(limit).map(|entry| entry.order.clone()).collect());
        }
        // Ids grow per sequencer: their order is that of acceptance.
        let mut all: Vec<&Order> = self.orders.all().filter(wanted).map(|entry| &entry.order).collect();
        if limit < all.len() {
            all.select_nth_unstable_by_key(limit, |order| order.id);
            all.truncate(limit);
        }
        all.sort_unstable_by_key(|order| order.id);
        Ok(all.into_iter().cloned().collect())
    }

    /// What an account has by all that is decided, available and frozen: without what was frozen for orders that
    /// may yet be refused, for amends that are not answered, and for transfers that are under way.
    fn decided_balance(&self, slot: AccountSlot, asset: AssetId) -> (SignedAmount, SignedAmount) {
        let orders = self.orders.of_account(slot).filter(|entry| self.gives(&entry.order) == asset);
        let amends = self
            .amends
            .all()
            .map(|(_, amend)| amend)
            .filter(|amend| (amend.account, amend.asset) == (slot, asset));
        let undecided = orders.map(|entry| entry.unwritten).sum::<Amount>()
            + amends.map(|amend| amend.extra).sum()
            + self.ledger.in_transfer(slot, asset);
        let balance = self.ledger.balance(slot, asset);
        (SignedAmount::paid(balance.available + undecided), SignedAmount::paid(balance.frozen - undecided))
    }

    /// What this shard's ledger adds up to, by asset.
    pub(crate) fn totals(&self) -> Vec<AssetTotals> {
        let mut totals = self.ledger.totals();
        let orders = self.orders.all().map(|entry| (self.gives(&entry.order), entry.order.reserved));
        let amends = self.amends.all().map(|(_, amend)| (amend.asset, amend.extra));
        for (asset, reserved) in orders.chain(amends) {
            // The ledger lists every asset that an account ever had, by asset. A market order may have
            // reserved nothing of one that its account never had.
            if let Ok(at) = totals.binary_search_by_key(&asset, |line| line.asset) {
                totals[at].reserved += reserved;
            }
        }
        totals
    }

    pub(super) fn gives(&self, order: &Order) -> AssetId {
        self.known(order.order.symbol).spec.gives(order.order.side)
    }
}

fn orders(orders: Vec<Order>) -> Outcome {
    Outcome::Orders(OrderPage { orders, ..OrderPage::default() })
}
