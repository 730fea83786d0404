//! Laws over all shards, and the comparison of all views when nobody has anything left to do.

use std::collections::BTreeMap;

use lightning_core::book::OrderBook;
use lightning_core::message::{AssetTotals, Order, Outcome, Request};
use lightning_core::types::{AccountId, Amount, AssetId, OrderId, Side};

use super::World;
use super::clients::Fate;
use super::lives::LONG_AGO;
use crate::fold;
use crate::inline::ask;

impl World<'_, '_> {
    pub(super) fn held(&self, asset: AssetId) -> Amount {
        let accounts = &self.workload.setup.accounts;
        let balance = |account: &AccountId| {
            let home = self.shards.home(*account);
            self.shards.sequencers[home].core.balance(*account, asset).total()
        };
        accounts.iter().map(balance).sum()
    }

    pub(super) fn accrued(&self) -> BTreeMap<AssetId, i128> {
        let mut sums = BTreeMap::new();
        for (asset, amount) in self.shards.matchers.iter().flat_map(|shard| shard.core.accrued_fees()) {
            *sums.entry(asset).or_default() += amount.0;
        }
        sums
    }

    pub(super) fn check_conservation(&self) {
        let accrued = self.accrued();
        for asset in (0..self.workload.setup.assets).map(AssetId) {
            let accrued = accrued.get(&asset).copied().unwrap_or_default();
            self.notes.conservation.check(asset, self.held(asset), accrued);
        }
    }

    /// Nobody has anything left to do: now all views must be one.
    pub(crate) fn finish(&mut self) {
        for client in &self.clients {
            let waits = !client.todo.is_empty() || !client.again.is_empty() || client.under_way > 0;
            assert!(!waits, "a client waits for ever");
        }
        assert!(self.control.is_none() && self.operator.is_empty(), "the operator waits for ever");
        for (at, asked) in self.tickets.iter().enumerate() {
            assert!(asked.fate != Fate::Waits, "ticket {at} was never answered: {:?}", asked.request);
        }
        assert!(self.notes.outstanding.values().all(Vec::is_empty), "settlements got lost");
        self.notes.conservation.check_settled();
        self.shards.sequencers.iter().for_each(|shard| shard.core.check_invariants());
        self.shards.matchers.iter().for_each(|shard| shard.core.check_invariants());

        let canonical = fold::fold(&self.workload.setup, &self.recorder, &self.history);
        self.compare(&canonical);
        self.check_all_heard();
        self.say(|| "all views agree".to_owned());
    }

    /// Shards at rest must be what the log says.
    pub(super) fn compare(&mut self, canonical: &fold::Canonical) {
        for account in &self.workload.setup.accounts {
            let home = self.shards.home(*account);
            for asset in (0..self.workload.setup.assets).map(AssetId) {
                let live = self.shards.sequencers[home].core.balance(*account, asset);
                canonical.expect_balance(*account, asset, live);
            }
        }
        self.compare_orders(canonical);
        self.compare_books(canonical);
        self.check_totals();
    }

    pub(super) fn compare_orders(&mut self, canonical: &fold::Canonical) {
        let forgets = self.workload.setup.limits.closed_orders_max < 1_000;
        for order in canonical.orders() {
            let home = self.shards.home(order.order.account);
            let core = &mut self.shards.sequencers[home].core;
            match ask(core, Request::Order { order: order.id }, &mut self.recorder, LONG_AGO) {
                Outcome::Orders(page) => match page.orders.first() {
                    Some(live) => canonical.expect_order(live),
                    None => assert!(forgets && !order.status.is_open(), "{order:?} is forgotten"),
                },
                other => panic!("asked for an order, told {other:?}"),
            }
        }
        let everything =
            Request::OpenOrders { account: None, symbol: None, after: OrderId(0), limit: usize::MAX };
        let mut open: Vec<Order> = Vec::new();
        for shard in &mut self.shards.sequencers {
            match ask(&mut shard.core, everything.clone(), &mut self.recorder, LONG_AGO) {
                Outcome::Orders(page) => open.extend(page.orders),
                other => panic!("asked for orders, told {other:?}"),
            }
        }
        let mut open: Vec<_> = open.iter().map(|order| order.id).collect();
        open.sort_unstable();
        let expected: Vec<_> =
            canonical.orders().filter(|order| order.status.is_open()).map(|order| order.id).collect();
        assert_eq!(open, expected, "open orders, live, then canonical");
    }

    pub(super) fn compare_books(&self, canonical: &fold::Canonical) {
        let open: BTreeMap<_, _> = canonical
            .orders()
            .filter(|order| order.status.is_open())
            .map(|order| (order.id, order))
            .collect();
        let mut found = 0;
        for spec in &self.workload.setup.symbols {
            let at = self.shards.book(spec.id());
            let live = self.shards.matchers[at].core.market(spec.id());
            let again = canonical.matcher(spec.id()).market(spec.id());
            let (Some(live), Some(again)) = (live, again) else {
                assert!(live.is_none() && again.is_none(), "{:?} is removed here and not there", spec.id());
                continue;
            };
            assert_eq!(
                (live.seq(), live.last_price(), live.pending(), live.accrued(), live.horizon()),
                (again.seq(), again.last_price(), again.pending(), again.accrued(), again.horizon()),
                "sequence, last price, pending orders, accrued fees, last record of {:?}",
                spec.id()
            );
            for side in [Side::Buy, Side::Sell] {
                let (mut queue, mut queue_again) = (Vec::new(), Vec::new());
                for (book, queue) in [(live.book(), &mut queue), (again.book(), &mut queue_again)] {
                    book.for_each_order(side, |order| {
                        queue.push(order);
                        std::ops::ControlFlow::Continue(())
                    });
                }
                assert_eq!(queue, queue_again, "the queue of {side:?}, live, then canonical");
                for resting in queue {
                    let order =
                        open.get(&resting.id).unwrap_or_else(|| panic!("rests and is closed: {resting:?}"));
                    assert_eq!(
                        (Some(resting.left()), order.order.kind.price(), order.status.is_open()),
                        (order.open_quantity(), Some(resting.price), true),
                        "what is left of {resting:?}"
                    );
                    found += 1;
                }
            }
            found += live.pending();
        }
        assert_eq!(found, open.len(), "orders in books and waiting, then open orders");
    }

    pub(super) fn check_totals(&mut self) {
        let mut sums: BTreeMap<AssetId, AssetTotals> = BTreeMap::new();
        for shard in &mut self.shards.sequencers {
            let Outcome::Totals(lines) = ask(&mut shard.core, Request::Totals, &mut self.recorder, LONG_AGO)
            else {
                panic!("asked for totals");
            };
            for line in lines {
                let frozen = line.reserved + line.held + line.in_transfer;
                assert_eq!(line.frozen, frozen, "frozen for nothing: {line:?}");
                let sum = sums.entry(line.asset).or_insert_with(|| AssetTotals::nothing_of(line.asset));
                sum.deposited += line.deposited;
                sum.withdrawn += line.withdrawn;
                sum.available += line.available;
                sum.frozen += line.frozen;
                sum.reserved += line.reserved;
                sum.held += line.held;
                sum.in_transfer += line.in_transfer;
                sum.transferred_in += line.transferred_in;
                sum.transferred_out += line.transferred_out;
                sum.fees += line.fees;
            }
        }
        let accrued = self.accrued();
        for (asset, sum) in &mut sums {
            sum.accrued.0 = accrued.get(asset).copied().unwrap_or_default();
            assert!(sum.holds(), "{sum:?}");
        }
    }
}
