//! What is refused before the book sees it, in which order, and that nothing changes.

use lightning_core::fees::FeeRates;
use lightning_core::message::{
    CancelReason, NewOrder, OrderAfter, OrderRef, OrderStatus, Outcome, Request, TimeInForce, ToMatcher,
};
use lightning_core::reject::{Code, Detail, Reject};
use lightning_core::rules::{AccountChange, AccountStatus, PriceBand, RateLimit, SymbolRules, SymbolStatus};
use lightning_core::types::{
    AccountId, Amount, OrderId, Price, Quantity, Side, StpGroup, SymbolId, Timestamp,
};

use crate::rig::{
    ALICE, BOB, BTC, BTCUSD, ETHUSD, LIMITS, Rig, SECOND, USD, buy, market_buy, market_for, named, sell,
    stop, with,
};

fn configure(rig: &mut Rig, change: AccountChange) {
    let outcome = rig.ask(Request::Configure { account: ALICE, change });
    assert!(matches!(outcome, Outcome::Account(_)), "{outcome:?}");
}

fn cancel(order: OrderRef, symbol: Option<SymbolId>) -> Request {
    Request::Cancel { account: ALICE, order, symbol, only_if: None }
}

fn late(rig: &mut Rig, order: NewOrder) -> Option<Reject> {
    let before = rig.state();
    let admitted = rig.admit(order);
    let late = admitted.late?;
    if late.refusal.is_some() {
        assert_eq!(before, rig.state(), "nothing is frozen or remembered");
        assert_eq!(admitted.reserved, Amount(0));
    }
    late.refusal
}

#[test]
fn an_unknown_account_may_nothing() {
    let mut rig = Rig::funded();
    let account = AccountId(99);
    for request in [
        Request::Place(NewOrder { account, ..buy(1, 1) }),
        Request::Test(NewOrder { account, ..buy(1, 1) }),
        Request::Withdraw { account, asset: USD, amount: Amount(1) },
        Request::Hold { account, asset: USD, amount: Amount(1) },
        Request::Release { account, asset: USD, amount: Amount(1) },
        Request::Transfer { account, to: ALICE, asset: USD, amount: Amount(1) },
        Request::Cancel { account, order: OrderRef::Id(OrderId(1)), symbol: None, only_if: None },
        Request::CancelAll { account, filter: Default::default() },
        Request::CancelAllAfter { account, after_nanos: 1 },
        Request::CollectFees { account, symbol: BTCUSD },
        Request::Configure { account, change: AccountChange::StpGroup(None) },
        Request::Balances { account },
        Request::Account { account },
    ] {
        assert_eq!(rig.refused_with(request), Code::UnknownAccount);
    }
}

#[test]
fn statuses_and_permissions_forbid_what_they_say() {
    let requests = |order: OrderId| {
        let (account, asset, amount) = (ALICE, USD, Amount(1));
        let change = lightning_core::message::AmendChange { quantity: None, price: Some(Price(9)) };
        [
            Request::Place(buy(1, 1)),
            Request::Amend { account, symbol: BTCUSD, order: OrderRef::Id(order), change },
            Request::Withdraw { account, asset, amount },
            Request::Transfer { account, to: BOB, asset, amount },
            Request::Hold { account, asset, amount },
            cancel(OrderRef::Id(order), None),
            Request::Deposit { account, asset, amount },
        ]
    };
    let codes = |change| {
        let mut rig = Rig::funded().fund(BOB);
        let order = rig.rest(buy(10, 1));
        configure(&mut rig, change);
        requests(order).map(|request| {
            let before = rig.state();
            rig.send(request, None);
            let reply = rig.out.replies.pop();
            let passed = rig.out.to_matcher.pop().is_some() || rig.out.to_sequencer.pop().is_some();
            match reply.map(|reply| reply.outcome) {
                Some(Outcome::Rejected(reject)) => {
                    assert_eq!(before, rig.state());
                    reject.code.number()
                }
                Some(_) => 0,
                None => u16::from(!passed),
            }
        })
    };
    assert_eq!(codes(AccountChange::Status(AccountStatus::Active)), [0; 7]);
    assert_eq!(codes(AccountChange::Status(AccountStatus::CancelOnly)), [3003, 3003, 0, 0, 0, 0, 0]);
    assert_eq!(codes(AccountChange::Status(AccountStatus::Suspended)), [3001, 3001, 3001, 3001, 3001, 0, 0]);
    let no_trade = AccountChange::Permissions { trade: false, withdraw: true };
    assert_eq!(codes(no_trade), [3003, 3003, 0, 0, 0, 0, 0]);
    let no_withdraw = AccountChange::Permissions { trade: true, withdraw: false };
    assert_eq!(codes(no_withdraw), [0, 0, 3003, 3003, 3003, 0, 0]);
}

#[test]
fn closing_needs_an_empty_account_and_is_final() {
    let mut rig = Rig::funded();
    let status = |status| Request::Configure { account: ALICE, change: AccountChange::Status(status) };
    let order = rig.rest(buy(10, 1));
    assert_eq!(rig.refused_with(status(AccountStatus::Closed)), Code::HasOpenOrders);
    rig.close(order, CancelReason::User);
    assert_eq!(rig.refused_with(status(AccountStatus::Closed)), Code::NonZeroBalance);
    for (asset, amount) in [(BTC, 10_000), (USD, 100_000), (crate::rig::ETH, 5_000)] {
        rig.ask(Request::Withdraw { account: ALICE, asset, amount: Amount(amount) });
    }
    rig.ask(Request::CancelAllAfter { account: ALICE, after_nanos: 5 });
    configure(&mut rig, AccountChange::Status(AccountStatus::Closed));
    assert_eq!(rig.sequencer.next_deadline(), None);
    configure(&mut rig, AccountChange::Status(AccountStatus::Closed));
    assert_eq!(rig.refused_with(status(AccountStatus::Active)), Code::BadStatusTransition);
    let (account, asset, amount) = (ALICE, USD, Amount(1));
    for request in [
        Request::Deposit { account, asset, amount },
        Request::Withdraw { account, asset, amount },
        Request::Hold { account, asset, amount },
        Request::Release { account, asset, amount },
        Request::Place(buy(1, 1)),
        cancel(OrderRef::Id(order), None),
        Request::CancelAll { account, filter: Default::default() },
        Request::CancelAllAfter { account, after_nanos: 1 },
        Request::CollectFees { account, symbol: BTCUSD },
    ] {
        assert_eq!(rig.refused_with(request), Code::AccountClosed);
    }
}

#[test]
fn terms_are_shown_and_unsound_ones_refused() {
    let mut rig = Rig::funded();
    let rates = |taker_ppm| FeeRates { maker_ppm: 0, taker_ppm };
    configure(&mut rig, AccountChange::Fees { symbol: Some(BTCUSD), rates: Some(rates(2)) });
    configure(&mut rig, AccountChange::Fees { symbol: None, rates: Some(rates(1)) });
    configure(&mut rig, AccountChange::StpGroup(Some(StpGroup(4))));
    let limit = RateLimit { per_second: 5, burst: 6 };
    configure(&mut rig, AccountChange::RateLimit(Some(limit)));
    let Outcome::Account(info) = rig.ask(Request::Account { account: ALICE }) else { panic!("its terms") };
    assert_eq!(info.fees, [(None, rates(1)), (Some(BTCUSD), rates(2))]);
    assert_eq!((info.stp_group, info.rate_limit), (Some(StpGroup(4)), Some(limit)));

    // Its own, the account's on the symbol, the account's, the symbol's.
    let admitted = rig.admit(with(buy(1, 1), |extras| extras.fees = Some(rates(9))));
    assert_eq!((admitted.fees, admitted.stp_group), (rates(9), Some(StpGroup(4))));
    assert_eq!(rig.admit(buy(1, 1)).fees, rates(2));
    assert_eq!(rig.admit(NewOrder { symbol: ETHUSD, ..buy(1, 1) }).fees, rates(1));
    configure(&mut rig, AccountChange::Fees { symbol: None, rates: None });
    assert_eq!(rig.admit(NewOrder { symbol: ETHUSD, ..buy(1, 1) }).fees.taker_ppm, 2_000);

    let unsound = AccountChange::Fees { symbol: None, rates: Some(rates(1_000_001)) };
    assert_eq!(rig.refused_with(Request::Configure { account: ALICE, change: unsound }), Code::InvalidFee);
    let none = AccountChange::RateLimit(Some(RateLimit { per_second: 0, burst: 1 }));
    assert_eq!(rig.refused_with(Request::Configure { account: ALICE, change: none }), Code::InvalidRequest);
}

#[test]
fn a_late_request_is_stale() {
    let mut rig = Rig::funded();
    let until = |at| with(buy(1, 1), |extras| extras.valid_until = Some(Timestamp(at)));
    assert_eq!(rig.refused_with(Request::Place(until(rig.now - 1))), Code::StaleRequest);
    rig.admit(until(rig.now));
    // First of all.
    let nobody = NewOrder { account: AccountId(99), ..until(rig.now - 1) };
    assert_eq!(rig.refused_with(Request::Place(nobody)), Code::StaleRequest);
}

#[test]
fn a_symbols_status_comes_before_the_account() {
    let mut rig = Rig::funded();
    let post_only = || NewOrder { post_only: true, ..buy(1, 1) };
    for (status, plain, post, market) in [
        (SymbolStatus::Trading, 0, 0, 0),
        (SymbolStatus::PostOnly, 2003, 0, 2003),
        (SymbolStatus::LimitOnly, 0, 0, 2003),
        (SymbolStatus::CancelOnly, 2002, 2002, 2002),
        (SymbolStatus::Halt, 2001, 2001, 2001),
        (SymbolStatus::Closed, 2001, 2001, 2001),
    ] {
        rig.set_rules(BTCUSD, SymbolRules { status, ..SymbolRules::default() });
        let codes = [buy(1, 1), post_only(), market_buy(1)].map(|order| {
            rig.send(Request::Test(order), None);
            match rig.out.replies.pop() {
                Some(reply) => crate::rig::code(&reply.outcome).number(),
                None => u16::from(rig.out.to_matcher.pop().is_none()),
            }
        });
        assert_eq!(codes, [plain, post, market], "{status:?}");
        let nobody = NewOrder { account: AccountId(99), ..market_buy(1) };
        let expected = if market == 0 { 3000 } else { market };
        assert_eq!(rig.refused_with(Request::Place(nobody)).number(), expected);
        // A cancel always passes.
    }
    assert_eq!(
        rig.refused_with(Request::Place(NewOrder { symbol: SymbolId(9), ..buy(1, 1) })),
        Code::UnknownSymbol
    );
}

#[test]
fn orders_take_tokens_and_nothing_else_does() {
    let mut rig = Rig::funded();
    configure(&mut rig, AccountChange::RateLimit(Some(RateLimit { per_second: 2, burst: 3 })));
    rig.admit(buy(1, 1));
    let legs = || Request::PlaceOco(Box::new([sell(20, 1), stop(sell(5, 1), 6)]));
    rig.send(legs(), None);
    rig.sent();
    for request in [Request::Place(buy(1, 1)), legs(), Request::Test(buy(1, 1))] {
        let reject = rig.refused(request.clone());
        let nanos = if matches!(request, Request::PlaceOco(_)) { SECOND } else { SECOND / 2 };
        assert_eq!(reject, Reject { code: Code::RateLimited, detail: Detail::Wait { nanos } });
    }
    rig.ask(Request::Deposit { account: ALICE, asset: USD, amount: Amount(1) });
    rig.send(cancel(OrderRef::Id(OrderId(1)), None), None);
    rig.sent();
    rig.now += SECOND / 2;
    // Testing asks for a token and takes none.
    for _ in 0..3 {
        rig.send(Request::Test(buy(1, 1)), None);
        rig.sent();
    }
    rig.admit(buy(1, 1));
    assert_eq!(rig.refused_with(Request::Place(buy(1, 1))), Code::RateLimited);
}

#[test]
fn a_client_order_id_is_live_once() {
    let mut rig = Rig::funded().fund(BOB);
    let order = rig.rest(named(buy(1, 1), "a"));
    let again = || Request::Place(named(sell(1, 1), "a"));
    assert_eq!(rig.refused_with(again()), Code::DuplicateClientOrderId);
    // Before funds and limits, and among running orders too.
    assert_eq!(rig.refused_with(Request::Place(named(buy(1_000, 1_000), "a"))), Code::DuplicateClientOrderId);
    let running = rig.admit(named(NewOrder { tif: TimeInForce::Ioc, ..buy(1, 1) }, "b")).id;
    assert_eq!(rig.refused_with(Request::Place(named(buy(1, 1), "b"))), Code::DuplicateClientOrderId);
    // Another account's is another.
    rig.rest(NewOrder { account: BOB, ..named(buy(1, 1), "a") });
    rig.settle(running, |it| {
        it.released = Amount(1);
        it.after = OrderAfter::Closed(OrderStatus::Filled);
    });
    rig.close(order, CancelReason::User);
    rig.rest(named(buy(1, 1), "a"));
    rig.rest(named(buy(1, 1), "b"));
}

#[test]
fn gtd_lies_ahead_and_day_ends_with_its_session() {
    let mut rig = Rig::funded();
    let gtd = |at| {
        let order = NewOrder { tif: TimeInForce::Gtd, ..buy(1, 1) };
        with(order, |extras| extras.expire_at = Some(Timestamp(at)))
    };
    assert_eq!(rig.refused_with(Request::Place(gtd(rig.now))), Code::InvalidExpiry);
    rig.admit(gtd(rig.now + 1));
    let session_end_nanos = 2_000 * SECOND;
    rig.set_rules(BTCUSD, SymbolRules { session_end_nanos, ..SymbolRules::default() });
    let day = NewOrder { tif: TimeInForce::Day, ..buy(1, 1) };
    assert_eq!(rig.admit(day).order.expire_at(), Some(Timestamp(2_000 * SECOND)));
}

#[test]
fn bounds_are_checked_again_for_the_edge_may_know_older_ones() {
    let mut rig = Rig::funded();
    assert_eq!(rig.refused_with(Request::Place(buy(1_000_001, 1))), Code::PriceRange);
    assert_eq!(rig.refused_with(Request::Place(buy(1, 1_000_001))), Code::QtyRange);
    rig.set_rules(BTCUSD, SymbolRules { notional_max: Some(Amount(100)), ..SymbolRules::default() });
    assert_eq!(rig.refused_with(Request::Place(buy(101, 1))), Code::NotionalRange);
    assert_eq!(rig.refused_with(Request::Place(market_for(Side::Buy, 101))), Code::NotionalRange);
    rig.admit(buy(100, 1));
}

#[test]
fn open_orders_are_bounded_but_immediate_ones_are_not() {
    let limits = lightning_core::sequencer::SequencerLimits { open_orders_per_account_max: 2, ..LIMITS };
    let mut rig = Rig::with_limits(limits).fund(ALICE).fund(BOB);
    rig.rest(buy(1, 1));
    rig.rest(NewOrder { symbol: ETHUSD, ..buy(1, 1) });
    let reject = Reject { code: Code::TooManyOpenOrders, detail: Detail::Bound { max: 2 } };
    assert_eq!(rig.refused(Request::Place(buy(1, 1))), reject);
    assert_eq!(rig.refused(Request::Place(buy(1_000, 1_000))), reject, "before funds");
    rig.admit(NewOrder { tif: TimeInForce::Fok, ..buy(1, 1) });
    rig.admit(NewOrder { account: BOB, ..buy(1, 1) });
    // Where the book has something to say first, the refusal waits.
    assert_eq!(late(&mut rig, NewOrder { post_only: true, ..buy(1, 1) }), Some(reject));
}

#[test]
fn each_sort_of_order_has_its_bound_per_symbol() {
    let mut rig = Rig::funded();
    let iceberg = || with(sell(9, 9), |extras| extras.display = Some(Quantity(3)));
    let oco = || Request::PlaceOco(Box::new([sell(20, 1), stop(sell(5, 1), 6)]));
    rig.rest(stop(sell(5, 1), 6));
    rig.rest(iceberg());
    rig.send(oco(), None);
    let ToMatcher::AdmitOco { legs, .. } = rig.sent() else { panic!("an OCO goes to the matcher") };
    assert!(legs[0].late.is_none());
    let rules = SymbolRules::default();
    let bounds = [
        SymbolRules { open_orders_max: Some(4), ..rules },
        SymbolRules { conditional_max: Some(2), ..rules },
        SymbolRules { icebergs_max: Some(1), ..rules },
        SymbolRules { lists_max: Some(1), ..rules },
    ];
    let table = bounds.map(|rules| {
        rig.set_rules(BTCUSD, rules);
        [sell(1, 1), stop(sell(1, 1), 2), iceberg()].map(|order| {
            rig.send(Request::Test(order), None);
            match rig.out.replies.pop() {
                Some(reply) => u32::from(crate::rig::code(&reply.outcome) == Code::TooManyOpenOrders),
                None => {
                    let Some(ToMatcher::Test(test)) = rig.out.to_matcher.pop() else { panic!("a test") };
                    u32::from(test.late.is_some_and(|late| late.refusal.is_some()))
                }
            }
        })
    });
    assert_eq!(table, [[1, 1, 1], [0, 1, 0], [0, 0, 1], [0, 0, 0]]);
    rig.send(oco(), None);
    let ToMatcher::AdmitOco { legs, .. } = rig.sent() else { panic!("an OCO goes to the matcher") };
    let refusal = legs[0].late.as_ref().unwrap().refusal.unwrap();
    assert_eq!(refusal, Reject { code: Code::TooManyOpenOrders, detail: Detail::Bound { max: 1 } });
}

#[test]
fn a_position_is_what_is_owned_and_being_bought() {
    let mut rig = Rig::funded();
    // 1,000 lots are owned; another 30 may be bought.
    rig.set_rules(BTCUSD, SymbolRules { position_max: Some(Quantity(1_030)), ..SymbolRules::default() });
    rig.rest(buy(10, 20));
    assert_eq!(rig.refused(Request::Place(buy(1, 11))), Reject::new(Code::MaxPosition));
    assert_eq!(rig.refused_with(Request::Place(market_buy(11))), Code::MaxPosition);
    rig.admit(sell(1, 500));
    assert_eq!(late(&mut rig, stop(buy(1, 11), 5)), Some(Reject::new(Code::MaxPosition)));
    let by_quote = rig.admit(market_for(Side::Buy, 500)).late.unwrap();
    assert_eq!((by_quote.refusal, by_quote.position_room), (None, Some(Quantity(10))));
    // What is bought moves from one to the other.
    rig.settle(OrderId(1), |it| (it.filled, it.notional) = (Quantity(15), Amount(150)));
    assert_eq!(rig.refused_with(Request::Place(buy(1, 11))), Code::MaxPosition);
    rig.admit(buy(1, 10));
    assert_eq!(rig.refused_with(Request::Place(buy(1, 1))), Code::MaxPosition);
}

#[test]
fn funds_are_looked_at_last() {
    let mut rig = Rig::funded();
    let funds = |required, available, asset| Reject {
        code: Code::InsufficientBalance,
        detail: Detail::Funds { asset, required: Amount(required), available: Amount(available) },
    };
    assert_eq!(rig.refused(Request::Place(buy(1_000, 101))), funds(101_000, 100_000, USD));
    assert_eq!(rig.refused(Request::Place(sell(1, 1_001))), funds(10_010, 10_000, BTC));
    // In quote mode a buyer's fees are reserved with the price: 50,000 and 2,000 ppm of it.
    let eth = |price| NewOrder { symbol: ETHUSD, ..buy(price, 1_000) };
    assert_eq!(rig.refused(Request::Place(eth(100))), funds(100_200, 100_000, USD));
    assert_eq!(rig.admit(eth(50)).reserved, Amount(50_100));
    assert_eq!(late(&mut rig, stop(buy(1_000, 50), 5)), Some(funds(50_000, 49_900, USD)));
    assert_eq!(late(&mut rig, market_for(Side::Buy, 49_901)), Some(funds(49_901, 49_900, USD)));
    let band = PriceBand { bid_up_bps: 1, bid_down_bps: 1, ask_up_bps: 1, ask_down_bps: 1 };
    rig.set_rules(BTCUSD, SymbolRules { band: Some(band), ..SymbolRules::default() });
    assert_eq!(late(&mut rig, buy(1_000, 50)), Some(funds(50_000, 49_900, USD)));
}

#[test]
fn reservations_are_those_of_the_table() {
    let mut rig = Rig::funded();
    let reserved = |rig: &mut Rig, order: NewOrder| {
        let admitted = rig.admit(order);
        let id = admitted.id;
        rig.settle(id, |it| (it.released, it.after) = (admitted.reserved, OrderAfter::Voided));
        admitted.reserved.0
    };
    assert_eq!(reserved(&mut rig, sell(5, 7)), 70);
    assert_eq!(reserved(&mut rig, buy(5, 7)), 35);
    assert_eq!(reserved(&mut rig, market_for(Side::Buy, 77)), 77);
    assert_eq!(reserved(&mut rig, market_for(Side::Sell, 77)), 10_000);
    assert_eq!(reserved(&mut rig, market_buy(7)), 100_000);
    let at_most = |order, quote| with(order, |extras| extras.max_quote = Some(Amount(quote)));
    assert_eq!(reserved(&mut rig, at_most(market_buy(7), 700)), 700);
    assert_eq!(reserved(&mut rig, at_most(market_buy(7), 700_000)), 100_000);
    assert_eq!(reserved(&mut rig, stop(at_most(market_buy(7), 700), 9)), 700);
    assert_eq!(reserved(&mut rig, stop(market_for(Side::Buy, 77), 9)), 77);
    assert_eq!(reserved(&mut rig, stop(buy(5, 7), 9)), 35);
    let market_sell = NewOrder { side: Side::Sell, ..market_buy(7) };
    assert_eq!(reserved(&mut rig, stop(market_sell, 9)), 70);
    // A conditional one that could not be executed: the edge's to refuse, but never accepted here.
    assert_eq!(rig.refused_with(Request::Place(stop(market_buy(7), 9))), Code::MissingField);
    let by_quote = stop(market_for(Side::Sell, 7), 9);
    assert_eq!(rig.refused_with(Request::Place(by_quote)), Code::UnsupportedCombination);
    assert_eq!(rig.funds(ALICE, USD), (100_000, 0));
}

#[test]
fn an_immediate_order_is_there_for_nobody() {
    let mut rig = Rig::funded();
    let order = named(NewOrder { tif: TimeInForce::Ioc, ..buy(10, 5) }, "a");
    let before = rig.state();
    let id = rig.admit(order).id;
    // But for the sums, which must add up for whoever audits them.
    let running = "available: Amount(99950), frozen: Amount(50), reserved: Amount(50)";
    let idle = "available: Amount(100000), frozen: Amount(0), reserved: Amount(0)";
    assert_eq!(rig.state().replace(running, idle), before);
    assert!(rig.order(id).is_none());
    let name = lightning_core::message::ClientOrderId("a".into());
    let Outcome::Orders(page) = rig.ask(Request::OrderByClientId { account: ALICE, client_id: name.clone() })
    else {
        panic!("a page")
    };
    assert!(page.orders.is_empty());
    assert_eq!(rig.refused_with(cancel(OrderRef::Id(id), None)), Code::UnknownOrder);
    assert_eq!(rig.refused_with(cancel(OrderRef::Client(name), None)), Code::UnknownOrder);
    rig.send(Request::CancelAll { account: ALICE, filter: Default::default() }, None);
    assert!(matches!(rig.reply().outcome, Outcome::CanceledAll(orders) if orders.is_empty()));
}

#[test]
fn a_cancel_says_what_it_is_not_about() {
    let mut rig = Rig::funded().fund(BOB);
    let open = rig.rest(named(buy(10, 1), "a"));
    let closed = rig.rest(named(buy(10, 1), "b"));
    rig.close(closed, CancelReason::User);
    let theirs = rig.rest(NewOrder { account: BOB, ..buy(10, 1) });
    let name = |name: &str| OrderRef::Client(lightning_core::message::ClientOrderId(name.into()));
    for order in [OrderRef::Id(OrderId(99)), OrderRef::Id(theirs), name("b"), name("c")] {
        assert_eq!(rig.refused(cancel(order, None)), Reject::new(Code::UnknownOrder));
    }
    let status = OrderStatus::Canceled(CancelReason::User);
    let reject = Reject { code: Code::OrderAlreadyClosed, detail: Detail::Closed { order: closed, status } };
    assert_eq!(rig.refused(cancel(OrderRef::Id(closed), None)), reject);
    assert_eq!(rig.refused_with(cancel(OrderRef::Id(open), Some(ETHUSD))), Code::UnknownOrder);
    assert_eq!(rig.refused_with(cancel(OrderRef::Id(closed), Some(ETHUSD))), Code::UnknownOrder);
    for (order, symbol) in [(OrderRef::Id(open), None), (name("a"), Some(BTCUSD))] {
        rig.send(cancel(order, symbol), None);
        assert!(matches!(rig.sent(), ToMatcher::Cancel { order, .. } if order == open));
    }
}

#[test]
fn holds_and_withdrawals_are_of_what_is_free() {
    let mut rig = Rig::funded();
    let (account, asset) = (ALICE, USD);
    rig.rest(buy(1_000, 50));
    let funds = |required, available| Reject {
        code: Code::InsufficientBalance,
        detail: Detail::Funds { asset, required: Amount(required), available: Amount(available) },
    };
    let hold = |amount| Request::Hold { account, asset, amount: Amount(amount) };
    let release = |amount| Request::Release { account, asset, amount: Amount(amount) };
    assert_eq!(rig.refused(hold(50_001)), funds(50_001, 50_000));
    rig.ask(hold(20_000));
    assert_eq!(rig.funds(account, asset), (30_000, 70_000));
    assert_eq!(rig.refused(release(20_001)), funds(20_001, 20_000), "what an order has frozen is not held");
    let withdraw = Request::Withdraw { account, asset, amount: Amount(30_001) };
    assert_eq!(rig.refused(withdraw), funds(30_001, 30_000));
    rig.ask(release(20_000));
    assert_eq!(rig.funds(account, asset), (50_000, 50_000));
    let much = Request::Deposit { account, asset, amount: Amount(lightning_core::limits::AMOUNT_MAX) };
    assert_eq!(rig.refused_with(much), Code::BalanceOverflow);
}

#[test]
fn a_test_says_what_would_be_frozen_and_freezes_nothing() {
    let mut rig = Rig::funded();
    let before = rig.state();
    rig.send(Request::Test(buy(10, 5)), None);
    let ToMatcher::Test(test) = rig.sent() else { panic!("a test goes to the matcher") };
    assert_eq!((test.id, test.reserved, test.late), (OrderId(0), Amount(50), None));
    rig.send(Request::Test(stop(buy(10_000, 50), 5)), None);
    let ToMatcher::Test(test) = rig.sent() else { panic!("a test goes to the matcher") };
    assert_eq!(test.late.unwrap().refusal.unwrap().code, Code::InsufficientBalance);
    assert_eq!(rig.refused_with(Request::Test(buy(10_000, 50))), Code::InsufficientBalance);
    assert_eq!(before, rig.state());
    assert_eq!(rig.admit(buy(1, 1)).id, OrderId(1), "no id was taken");
}
