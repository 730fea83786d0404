//! Core against oracle, command by command, everything either of them says.
//!
//! The core runs twice, with the real book and with the naive one; the two must say the same to the last byte.
//! Then each answer, trade and order, each balance and each price level must be what the oracle says it is.

use lightning_core::book::{NaiveBook, OrderBook, PriceTimeBook};
use lightning_core::message::{Order, Outcome, Request, ToSequencer};
use lightning_core::types::{AccountId, AssetId, Side, Ticket};

use crate::inline::{Effects, Inline};
use crate::oracle::{Oracle, Refusal};
use crate::plain;
use crate::workload::{Action, Setup};

/// One exchange three times.
#[derive(Debug)]
pub struct Duel {
    setup: Setup,
    core: Inline<PriceTimeBook>,
    naive: Inline<NaiveBook>,
    /// The one that is believed. Public, so that a test may lie to it and see whether it is found out.
    pub oracle: Oracle,
    ticket: u64,
}

impl Duel {
    /// Three empty exchanges.
    #[must_use]
    pub fn new(setup: &Setup) -> Self {
        Self {
            setup: setup.clone(),
            core: Inline::new(setup, 1, 1),
            naive: Inline::new(setup, 1, 1),
            oracle: plain::oracle(setup),
            ticket: 0,
        }
    }

    /// Gives one command to all three. Panics, saying what differs, unless they agree on everything.
    /// Returns what the core said.
    pub fn step(&mut self, action: &Action) -> Effects {
        self.ticket += 1;
        let ticket = Ticket(self.ticket);
        let request = action.request(&self.core.ids);
        let next_id = self.core.ids.peek().0;
        let effects = self.core.run(action.account(), ticket, request.clone());
        let naive = self.naive.run(action.account(), ticket, request.clone());
        assert_eq!(
            format!("{effects:?}"),
            format!("{naive:?}"),
            "the real book's words, then the naive book's"
        );
        self.compare_answer(action.account(), &request, next_id, &effects);
        self.compare_state(&effects);
        effects
    }

    fn compare_answer(&mut self, asker: AccountId, request: &Request, next_id: u64, effects: &Effects) {
        let told = match &effects.reply.outcome {
            Outcome::Rejected(reject) => Err(plain::refusal(reject)),
            other => Ok(other),
        };
        let oracle = &mut self.oracle;
        match (request, told) {
            (&Request::Deposit { account, asset, amount }, told) => {
                let expected = oracle.deposit(account.0, asset.0, plain::money(amount));
                self.expect_balance_changed(account, asset, told, expected);
            }
            (&Request::Withdraw { account, asset, amount }, told) => {
                let expected = oracle.withdraw(account.0, asset.0, plain::money(amount));
                self.expect_balance_changed(account, asset, told, expected);
            }
            (Request::Place(order), told) => {
                let told = told.map(|outcome| match outcome {
                    Outcome::Placed(placed) => {
                        assert_eq!((placed.id.0, placed.order), (next_id, *order));
                        plain::placed(placed, &effects.trades)
                    }
                    other => panic!("placed an order, told {other:?}"),
                });
                let expected = oracle.place(next_id, plain::new_order(order), None);
                assert_eq!(told, expected, "the core's answer, then the oracle's");
            }
            (&Request::Cancel { account, order }, told) => {
                let told = told.map(|outcome| match outcome {
                    Outcome::Canceled(canceled) => {
                        assert_eq!(canceled.id, order);
                        plain::canceled(canceled)
                    }
                    other => panic!("canceled an order, told {other:?}"),
                });
                let expected = oracle.cancel(account.0, order.0);
                assert_eq!(told, expected, "the core's answer, then the oracle's");
            }
            (&Request::Balances { account }, told) => match told {
                Err(refusal) => {
                    assert!(refusal == Refusal::UnknownAccount && !oracle.knows(account.0), "{refusal:?}");
                }
                Ok(Outcome::Balances(balances)) => {
                    assert!(oracle.knows(account.0));
                    assert!(balances.is_sorted_by(|a, b| a.0 < b.0), "balances out of order: {balances:?}");
                    for asset in (0..self.setup.assets).map(AssetId) {
                        let balance = balances.iter().find(|line| line.0 == asset);
                        let balance = balance.map_or_else(Default::default, |line| line.1);
                        plain::expect_balance(oracle, account.0, asset.0, balance);
                    }
                }
                Ok(other) => panic!("asked for balances, told {other:?}"),
            },
            (&Request::Order { order }, Ok(Outcome::Orders(orders))) => {
                let expected = oracle.order(order.0).filter(|told| told.new.account == asker.0);
                assert_eq!(orders.len(), usize::from(expected.is_some()), "{orders:?}");
                for order in orders {
                    plain::expect_order(oracle, order);
                }
            }
            (&Request::OpenOrders { account, symbol }, told) => {
                let account = account.expect("a workload asks for one account's");
                match told {
                    Err(refusal) => {
                        assert!(
                            refusal == Refusal::UnknownAccount && !oracle.knows(account.0),
                            "{refusal:?}"
                        );
                    }
                    Ok(Outcome::Orders(orders)) => {
                        let expected = oracle
                            .open_orders()
                            .filter(|order| order.new.account == account.0)
                            .filter(|order| symbol.is_none_or(|symbol| symbol.0 == order.new.symbol))
                            .map(|order| order.id);
                        assert!(
                            orders.iter().map(|order| order.id.0).eq(expected.clone()),
                            "open orders: told {orders:?}, expected {:?}",
                            expected.collect::<Vec<_>>()
                        );
                        for order in orders {
                            plain::expect_order(oracle, order);
                        }
                    }
                    Ok(other) => panic!("asked for open orders, told {other:?}"),
                }
            }
            (request, told) => panic!("asked {request:?}, told {told:?}"),
        }
    }

    fn expect_balance_changed(
        &self,
        account: AccountId,
        asset: AssetId,
        told: Result<&Outcome, Refusal>,
        expected: Result<(), Refusal>,
    ) {
        match told {
            Ok(Outcome::BalanceChanged { asset: told_asset, balance }) => {
                assert_eq!((*told_asset, Ok(())), (asset, expected), "the core did what the oracle refuses");
                plain::expect_balance(&self.oracle, account.0, asset.0, *balance);
            }
            Ok(other) => panic!("moved money, told {other:?}"),
            Err(refusal) => {
                assert_eq!(Err(refusal), expected, "the core's refusal, then the oracle's answer")
            }
        }
    }

    /// Everything that can be seen of the two must be the same.
    fn compare_state(&mut self, effects: &Effects) {
        self.core.check_invariants();
        for &account in &self.setup.accounts {
            for asset in (0..self.setup.assets).map(AssetId) {
                plain::expect_balance(&self.oracle, account.0, asset.0, self.core.balance(account, asset));
            }
        }
        for message in &effects.settlements {
            if let ToSequencer::Settle(settlement) = message {
                match self.core.order(settlement.account, settlement.order) {
                    Some(order) => plain::expect_order(&self.oracle, &order),
                    None => assert!(self.oracle.order(settlement.order.0).is_none()),
                }
            }
        }
        for spec in &self.setup.symbols {
            let market = self.core.market(spec.id());
            market.book().check_invariants();
            for side in [Side::Buy, Side::Sell] {
                let levels: Vec<_> = market
                    .book()
                    .levels(side, usize::MAX)
                    .iter()
                    .map(|level| (level.price.0, level.quantity, level.orders as usize))
                    .collect();
                assert_eq!(
                    levels,
                    self.oracle.levels(spec.id().0, plain::side(side)),
                    "levels of {side:?} on {:?}: the core's, then the oracle's",
                    spec.id()
                );
            }
        }
    }

    /// The last look: every order that is open anywhere, and the sums of the ledger.
    pub fn finish(&mut self) {
        let open: Vec<Order> = self.core.open_orders();
        assert_eq!(open.len(), self.oracle.open_orders().count());
        for order in &open {
            plain::expect_order(&self.oracle, order);
        }
        for totals in self.core.totals().concat() {
            assert_eq!(totals.frozen, totals.reserved, "{totals:?}");
            assert_eq!(totals.available + totals.frozen + totals.withdrawn, totals.deposited, "{totals:?}");
        }
    }
}
