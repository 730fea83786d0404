//! Core against oracle, command by command, everything either of them says.
//!
//! The core runs twice, with the real book and with the naive one; the two must say the same to the last byte.
//! Then each answer, trade and order, each balance and each price level must be what the oracle says it is.

use std::fmt::Debug;

use lightning_core::book::{NaiveBook, OrderBook, PriceTimeBook};
use lightning_core::message::{Order, Outcome, Request, ToSequencer};
use lightning_core::rules::{AccountChange, SymbolStatus};
use lightning_core::types::{AccountId, AssetId, Side, SignedAmount, Ticket};

use crate::coverage::Coverage;
use crate::inline::{Effects, Inline};
use crate::oracle::{self, Oracle, Refusal};
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
    /// What the commands have reached.
    pub coverage: Coverage,
}

/// What the core told, or why it refused.
type Told<'a> = Result<&'a Outcome, Refusal>;

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
            coverage: Coverage::default(),
        }
    }

    /// Gives one command to all three. Panics, saying what differs, unless they agree on everything.
    /// Returns what the core said.
    pub fn step(&mut self, action: &Action) -> Effects {
        self.ticket += 1;
        let ticket = Ticket(self.ticket);
        let request = action.request(&self.core.ids, self.core.next_now());
        let next_id = self.core.ids.peek().0;
        let effects = self.core.perform(ticket, action);
        let naive = self.naive.perform(ticket, action);
        assert_eq!(
            format!("{effects:?}"),
            format!("{naive:?}"),
            "the real book's words, then the naive book's"
        );
        self.oracle.advance(self.core.now().0);
        self.oracle.forget_trades();
        match (request, action) {
            (Some(request), _) => self.compare_answer(action, &request, next_id, &effects),
            (None, Action::Wait(_)) => assert!(effects.trades.is_empty(), "time does not trade"),
            (None, action) => self.compare_operation(action, &effects),
        }
        self.compare_trades(&effects);
        self.compare_state(&effects);
        self.coverage.note(action, &effects, &self.oracle);
        effects
    }

    fn compare_operation(&mut self, action: &Action, effects: &Effects) {
        let told = effects.operated.as_ref().expect("the operator is told something");
        let told = told.as_ref().map_err(plain::refusal);
        let told = told.map(|orders| orders.iter().map(plain::canceled).collect::<Vec<_>>());
        let expected = match action {
            Action::CancelBook(symbol) => self.oracle.cancel_symbol(symbol.0),
            Action::SetRules(change, cancel_open) => {
                let (symbol, rules) = (change.0.id().0, plain::rules(&change.0, &change.1));
                let canceled = self.oracle.set_status(symbol, rules.status, *cancel_open);
                canceled.and_then(|canceled| self.oracle.set_rules(symbol, rules).map(|()| canceled))
            }
            _ => unreachable!("the others are no operations"),
        };
        expect_same(&told, &expected);
    }

    fn compare_answer(&mut self, action: &Action, request: &Request, next_id: u64, effects: &Effects) {
        let reply = effects.reply.as_ref().expect("a request is answered");
        let told: Told<'_> = match &reply.outcome {
            Outcome::Rejected(reject) => Err(plain::refusal(reject)),
            other => Ok(other),
        };
        let oracle = &mut self.oracle;
        match request {
            &Request::Deposit { account, asset, amount } => {
                let expected = oracle.deposit(account.0, asset.0, plain::money(amount));
                self.expect_balance_changed(account, asset, told, expected);
            }
            &Request::Withdraw { account, asset, amount } => {
                let expected = oracle.withdraw(account.0, asset.0, plain::money(amount));
                self.expect_balance_changed(account, asset, told, expected);
            }
            &Request::Transfer { account, to, asset, amount } => {
                let expected = oracle.transfer(account.0, to.0, asset.0, plain::money(amount));
                self.expect_balance_changed(account, asset, told, expected);
            }
            &Request::Hold { account, asset, amount } => {
                let expected = oracle.hold(account.0, asset.0, plain::money(amount));
                self.expect_balance_changed(account, asset, told, expected);
            }
            &Request::Release { account, asset, amount } => {
                let expected = oracle.release_hold(account.0, asset.0, plain::money(amount));
                self.expect_balance_changed(account, asset, told, expected);
            }
            Request::Place(order) => {
                let told = told.map(|outcome| match outcome {
                    Outcome::Placed(placed) => {
                        assert_eq!(placed.id.0, next_id);
                        expect_asked(&placed.order, order);
                        plain::placed(placed, &effects.trades)
                    }
                    other => panic!("placed an order, told {other:?}"),
                });
                expect_same(&told, &oracle.place(next_id, plain::new_order(order), None));
            }
            Request::Test(order) => {
                let told = told.map(|outcome| match outcome {
                    Outcome::Tested(estimate) => {
                        expect_asked(&estimate.order, order);
                        plain::estimated(estimate)
                    }
                    other => panic!("tested an order, told {other:?}"),
                });
                let expected = oracle.test_order(plain::new_order(order));
                let expected = expected.map(|placed| oracle::Placed {
                    prevented: 0,
                    trades: Vec::new(),
                    book_seq: 0,
                    ..placed
                });
                expect_same(&told, &expected);
            }
            Request::PlaceOco(legs) => {
                let told = told.map(|outcome| match outcome {
                    Outcome::OcoPlaced(oco) => {
                        let [limit, stop] = &oco.legs;
                        assert_eq!((oco.list.0, limit.id.0, stop.id.0), (next_id, next_id + 1, next_id + 2));
                        for (placed, order) in oco.legs.iter().zip(&**legs) {
                            expect_asked(&placed.order, order);
                        }
                        (plain::placed(limit, &effects.trades), plain::placed(stop, &effects.trades))
                    }
                    other => panic!("placed an OCO, told {other:?}"),
                });
                let [limit, stop] = [&legs[0], &legs[1]].map(plain::new_order);
                let expected = oracle.place_oco(next_id, next_id + 1, next_id + 2, limit, stop);
                expect_same(&told, &expected);
            }
            Request::Cancel { account, order, symbol, only_if } => {
                let told = told.map(|outcome| match outcome {
                    Outcome::Canceled(canceled) => plain::canceled(canceled),
                    other => panic!("canceled an order, told {other:?}"),
                });
                let only_if = only_if.map(plain::only_if);
                let symbol = symbol.map(|symbol| symbol.0);
                expect_same(&told, &oracle.cancel(account.0, &plain::which(order), symbol, only_if));
            }
            Request::Amend { account, symbol, order, change } => {
                let told = told.map(|outcome| match outcome {
                    Outcome::Amended(amended) => plain::amended(amended, &effects.trades),
                    other => panic!("amended an order, told {other:?}"),
                });
                let quantity = change.quantity.map(plain::new_quantity);
                let price = change.price.map(|price| price.0);
                let expected = oracle.amend(account.0, symbol.0, &plain::which(order), quantity, price);
                expect_same(&told, &expected);
            }
            Request::Replace(replace) => {
                let told = told.and_then(|outcome| match outcome {
                    Outcome::Replaced(replaced) => plain::replaced(replaced, &effects.trades),
                    other => panic!("replaced an order, told {other:?}"),
                });
                let expected = oracle.cancel_replace(
                    &plain::which(&replace.old),
                    replace.only_if.map(plain::only_if),
                    next_id,
                    plain::new_order(&replace.new),
                    None,
                    plain::replace_mode(replace.mode),
                );
                expect_same(&told, &expected);
            }
            Request::CancelAll { account, filter } => {
                let told = told.map(|outcome| match outcome {
                    Outcome::CanceledAll(orders) => orders.iter().map(plain::canceled).collect::<Vec<_>>(),
                    other => panic!("canceled everything, told {other:?}"),
                });
                expect_same(&told, &oracle.cancel_all(account.0, &plain::filter(filter)));
            }
            Request::CancelAllAfter { account, after_nanos } => {
                let told = told.map(|outcome| match outcome {
                    Outcome::TimerSet(at) => at.map(|at| at.0),
                    other => panic!("set a timer, told {other:?}"),
                });
                expect_same(&told, &oracle.cancel_all_after(account.0, *after_nanos));
            }
            Request::CollectFees { account, symbol } => {
                let told = told.map(|outcome| match outcome {
                    Outcome::FeesCollected(fees) => {
                        fees.iter().map(|(asset, amount)| (asset.0, plain::money(*amount))).collect()
                    }
                    other => panic!("collected fees, told {other:?}"),
                });
                expect_same(&told, &oracle.collect_fees(account.0, symbol.0));
            }
            Request::Configure { account, change } => {
                let expected = configure(oracle, account.0, *change);
                assert_eq!(told.as_ref().err(), expected.as_ref().err(), "the core's, then the oracle's");
                self.expect_account(*account, told);
            }
            Request::Account { account } => self.expect_account(*account, told),
            Request::Balances { account } => match told {
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
            Request::Order { order } => {
                // What nobody remembers, or never was, is nobody's.
                let expected = oracle.order(order.0).map(|_| order.0);
                self.expect_orders(told, expected.into_iter().collect());
            }
            Request::OrderByClientId { account, client_id } => {
                let named = |order: &&oracle::Order| order.new.client_id.as_deref() == Some(&*client_id.0);
                let ids = self.open_ids(*account, |order| named(&order));
                self.expect_orders_of(*account, told, ids);
            }
            Request::OpenOrders { account, symbol, .. } => {
                let account = account.expect("a workload asks for one account's");
                let ids =
                    self.open_ids(account, |order| symbol.is_none_or(|symbol| symbol.0 == order.new.symbol));
                self.expect_orders_of(account, told, ids);
            }
            Request::ClosedOrders { account, symbol, .. } => {
                let ids = oracle
                    .closed_orders()
                    .filter(|order| order.new.account == account.0)
                    .filter(|order| symbol.is_none_or(|symbol| symbol.0 == order.new.symbol))
                    .map(|order| order.id)
                    .collect();
                self.expect_orders_of(*account, told, ids);
            }
            request => panic!("asked {request:?} by {action:?}, told {told:?}"),
        }
    }

    fn open_ids(&self, account: AccountId, is_meant: impl Fn(&oracle::Order) -> bool) -> Vec<u64> {
        let own = self.oracle.open_orders().filter(|order| order.new.account == account.0);
        own.filter(|order| is_meant(order)).map(|order| order.id).collect()
    }

    fn expect_balance_changed(
        &self,
        account: AccountId,
        asset: AssetId,
        told: Told<'_>,
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

    fn expect_orders_of(&self, account: AccountId, told: Told<'_>, expected: Vec<u64>) {
        match told {
            Err(refusal) => {
                assert!(refusal == Refusal::UnknownAccount && !self.oracle.knows(account.0), "{refusal:?}");
            }
            told => self.expect_orders(told, expected),
        }
    }

    fn expect_orders(&self, told: Told<'_>, expected: Vec<u64>) {
        let Ok(Outcome::Orders(page)) = told else { panic!("asked for orders, told {told:?}") };
        let ids: Vec<_> = page.orders.iter().map(|order| order.id.0).collect();
        assert_eq!(ids, expected, "orders: the core's, then the oracle's");
        for order in &page.orders {
            plain::expect_order(&self.oracle, order);
        }
    }

    fn expect_account(&self, account: AccountId, told: Told<'_>) {
        let info = match told {
            Ok(Outcome::Account(info)) => info,
            Ok(other) => panic!("asked for an account, told {other:?}"),
            Err(_) => return,
        };
        let open_orders = self.open_ids(account, |_| true).len();
        assert_eq!(
            (
                Some(plain::account_status(info.status)),
                info.cancel_all_at.map(|at| at.0),
                info.open_orders as usize
            ),
            (self.oracle.account_status(account.0), self.oracle.deadline(account.0), open_orders),
            "status, timer, open orders of account {account}: the core's, then the oracle's"
        );
    }

    fn compare_trades(&self, effects: &Effects) {
        let told: Vec<_> = effects.trades.iter().map(plain::trade).collect();
        assert_eq!(told, self.oracle.trades(), "all trades of the command: the core's, then the oracle's");
        for trade in &effects.trades {
            let owner = |id: u64| self.oracle.any_order(id).map(|order| order.new.account);
            assert_eq!(
                (Some(trade.maker_account.0), Some(trade.taker_account.0)),
                (owner(trade.maker.0), owner(trade.taker.0)),
                "the parties of {trade:?}: the core's, then the oracle's"
            );
            assert_eq!(
                trade.book_seq,
                self.oracle.book_seq(trade.symbol.0),
                "the book sequence of {trade:?}"
            );
        }
    }

    /// Everything that can be seen of the two must be the same.
    fn compare_state(&mut self, effects: &Effects) {
        self.core.check_invariants();
        self.naive.check_invariants();
        for &account in &self.setup.accounts {
            for asset in (0..self.setup.assets).map(AssetId) {
                plain::expect_balance(&self.oracle, account.0, asset.0, self.core.balance(account, asset));
            }
        }
        self.compare_open_orders();
        for message in &effects.settlements {
            if let ToSequencer::Settle(settlement) = message {
                match self.core.order(settlement.account, settlement.order) {
                    Some(order) => plain::expect_order(&self.oracle, &order),
                    None => assert!(
                        self.oracle.order(settlement.order.0).is_none(),
                        "the oracle remembers {:?}",
                        settlement.order
                    ),
                }
            }
        }
        let accrued = self.core.accrued_fees();
        for asset in 0..self.setup.assets {
            let told: SignedAmount = accrued
                .iter()
                .filter(|line| line.0.0 == asset)
                .fold(SignedAmount::ZERO, |sum, line| sum + line.1);
            let expected: oracle::Money =
                self.setup.symbols.iter().map(|spec| self.oracle.accrued(spec.id().0, asset)).sum();
            assert_eq!(
                plain::signed(told),
                expected,
                "accrued of asset {asset}: the core's, then the oracle's"
            );
        }
        for spec in &self.setup.symbols {
            let (market, symbol) = (self.core.market(spec.id()), spec.id().0);
            let pending =
                self.oracle.open_orders().filter(|order| order.new.symbol == symbol && order.is_pending());
            assert_eq!(
                (market.seq(), market.last_price().map(|price| price.0), market.pending()),
                (self.oracle.book_seq(symbol), self.oracle.last_price(symbol), pending.count()),
                "book sequence, last price, pending orders of symbol {symbol}: the core's, then the oracle's"
            );
            for side in [Side::Buy, Side::Sell] {
                let levels: Vec<_> = market
                    .book()
                    .levels(side, usize::MAX)
                    .iter()
                    .map(|level| (level.price.0, level.quantity, level.orders as usize))
                    .collect();
                assert_eq!(
                    levels,
                    self.oracle.levels(symbol, plain::side(side)),
                    "levels of {side:?} on symbol {symbol}: the core's, then the oracle's",
                );
            }
        }
    }

    fn compare_open_orders(&mut self) {
        let open: Vec<Order> = self.core.open_orders();
        let ids: Vec<_> = open.iter().map(|order| order.id.0).collect();
        let expected: Vec<_> = self.oracle.open_orders().map(|order| order.id).collect();
        assert_eq!(ids, expected, "open orders: the core's, then the oracle's");
        for order in &open {
            plain::expect_order(&self.oracle, order);
        }
    }

    /// The last look: every order that is open anywhere, and the sums of the ledger.
    pub fn finish(&mut self) {
        self.compare_open_orders();
        let accrued = self.core.accrued_fees();
        for mut totals in self.core.totals().concat() {
            for (asset, amount) in &accrued {
                if *asset == totals.asset {
                    totals.accrued += *amount;
                }
            }
            assert!(totals.holds(), "{totals:?}");
        }
    }

    /// Is a symbol closed for ever? Nothing more can happen there.
    #[must_use]
    pub fn is_closed(&self, symbol: u32) -> bool {
        self.oracle.status(symbol) == plain::symbol_status(SymbolStatus::Closed)
    }
}

fn configure(oracle: &mut Oracle, account: u64, change: AccountChange) -> Result<(), Refusal> {
    match change {
        AccountChange::Status(status) => oracle.set_account_status(account, plain::account_status(status)),
        AccountChange::Fees { symbol, rates } => {
            oracle.set_fees(account, symbol.map(|symbol| symbol.0), rates.map(plain::fees))
        }
        AccountChange::Permissions { trade, withdraw } => oracle.set_permissions(account, trade, withdraw),
        AccountChange::StpGroup(group) => oracle.set_stp_group(account, group.map(|group| group.0)),
        AccountChange::RateLimit(limit) => {
            oracle.set_rate_limit(account, limit.map(|limit| (limit.per_second.into(), limit.burst.into())))
        }
    }
}

/// An answer repeats the order that was asked for; only what the core fixed is not as asked.
fn expect_asked(told: &lightning_core::message::NewOrder, asked: &lightning_core::message::NewOrder) {
    assert_eq!(
        plain::new_order(told),
        plain::new_order(asked),
        "the order in the answer, then the one asked for"
    );
}

fn expect_same<T: PartialEq + Debug>(told: &Result<T, Refusal>, expected: &Result<T, Refusal>) {
    assert_eq!(told, expected, "the core's answer, then the oracle's");
}
