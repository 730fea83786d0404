//! One reservation for two legs: where it is, whose lots count, and how each end leaves.

use lightning_core::message::{
    AdmittedOrder, CancelReason, NewOrder, OrderAfter, OrderKind, OrderStatus, Request, ToMatcher,
    ToSequencer,
};
use lightning_core::reject::Code;
use lightning_core::rules::SymbolRules;
use lightning_core::types::{Amount, ListId, Lsn, OrderId, Price, Quantity, Side};

use crate::rig::{ALICE, BTC, BTCUSD, ETHUSD, Rig, USD, buy, market_buy, named, sell, stop, with};

const SIBLING: OrderAfter = OrderAfter::Closed(OrderStatus::Canceled(CancelReason::OcoSibling));

fn place(rig: &mut Rig, legs: [NewOrder; 2]) -> (ListId, [AdmittedOrder; 2]) {
    rig.send(Request::PlaceOco(Box::new(legs)), None);
    match rig.sent() {
        ToMatcher::AdmitOco { list, legs } => (list, *legs),
        message => panic!("{message:?}"),
    }
}

/// Buys at 90, or once the price is 110 at up to 120.
fn resting(rig: &mut Rig) -> [OrderId; 2] {
    let (list, legs) = place(rig, [buy(90, 10), stop(buy(120, 10), 110)]);
    let ids = legs.each_ref().map(|leg| leg.id);
    assert_eq!((list, ids), (ListId(ids[0].0 - 1), [ids[0], OrderId(ids[0].0 + 1)]));
    assert_eq!(legs.map(|leg| leg.reserved), [Amount(1_200), Amount(0)], "the dearer need, at the limit leg");
    rig.settle(ids[0], |_| {});
    rig.settle(ids[1], |it| it.after = OrderAfter::Pending);
    assert_eq!(rig.order(ids[0]).unwrap().list, Some((list, ids[1])));
    assert_eq!(rig.order(ids[1]).unwrap().status, OrderStatus::PendingTrigger);
    assert_eq!(rig.funds(ALICE, USD), (98_800, 1_200));
    ids
}

/// How many lots the account could still buy.
fn room(rig: &mut Rig) -> u64 {
    rig.set_rules(BTCUSD, SymbolRules { position_max: Some(Quantity(2_000)), ..SymbolRules::default() });
    let by_quote = crate::rig::market_for(Side::Buy, 1);
    rig.send(Request::Test(by_quote), None);
    let ToMatcher::Test(test) = rig.sent() else { panic!("a test goes to the matcher") };
    test.late.unwrap().position_room.unwrap().0
}

#[test]
fn the_first_fill_closes_the_stop_leg_and_frees_what_it_alone_needed() {
    for stop_first in [true, false] {
        let mut rig = Rig::funded();
        let [limit, stop] = resting(&mut rig);
        assert_eq!(room(&mut rig), 990, "the lots count once");
        let close_stop = |rig: &mut Rig| rig.settle(stop, |it| it.after = SIBLING);
        if stop_first {
            close_stop(&mut rig);
        }
        rig.settle(limit, |it| {
            (it.filled, it.notional, it.released) = (Quantity(4), Amount(360), Amount(300));
        });
        if !stop_first {
            close_stop(&mut rig);
        }
        assert_eq!(rig.open(ALICE), [limit.0]);
        assert_eq!(rig.order(limit).unwrap().reserved, Amount(540));
        assert_eq!(rig.funds(ALICE, USD), (99_100, 540));
        assert_eq!(room(&mut rig), 990);
        rig.close(limit, CancelReason::User);
        assert_eq!(room(&mut rig), 996);
    }
}

#[test]
fn the_trigger_hands_the_reservation_over() {
    let mut rig = Rig::funded();
    let [limit, stop] = resting(&mut rig);
    let cause = Lsn(5_000);
    let moved = Amount(1_200);
    rig.tell(ToSequencer::MoveReservation { cause, account: ALICE, from: limit, to: stop, amount: moved });
    rig.settle(limit, |it| (it.cause, it.after) = (cause, SIBLING));
    assert_eq!(room(&mut rig), 990, "its lots are the stop leg's now");
    // It takes 3 at 115 and rests.
    rig.settle(stop, |it| {
        (it.cause, it.filled, it.notional, it.released) = (cause, Quantity(3), Amount(345), Amount(15));
    });
    let order = rig.order(stop).unwrap();
    assert_eq!((order.status, order.reserved), (OrderStatus::PartiallyFilled, Amount(840)));
    assert_eq!(rig.funds(ALICE, USD), (98_815, 840));
    assert_eq!(room(&mut rig), 990);
    // The list lives as long as one of its orders.
    rig.set_rules(BTCUSD, SymbolRules { lists_max: Some(1), ..SymbolRules::default() });
    let refused = |rig: &mut Rig| place(rig, [sell(20, 1), stop_sell()]).1[0].late.is_some();
    assert!(refused(&mut rig));
    rig.close(stop, CancelReason::User);
    assert!(!refused(&mut rig));
}

fn stop_sell() -> NewOrder {
    stop(sell(5, 1), 6)
}

#[test]
fn canceling_one_leg_closes_the_other() {
    let mut rig = Rig::funded();
    let [limit, stop] = resting(&mut rig);
    rig.close(limit, CancelReason::User);
    rig.settle(stop, |it| it.after = SIBLING);
    assert_eq!(rig.funds(ALICE, USD), (100_000, 0));
    assert_eq!(rig.open(ALICE), [0; 0]);
    let [limit, stop] = resting(&mut rig);
    rig.settle(stop, |it| it.after = OrderAfter::Closed(OrderStatus::Canceled(CancelReason::User)));
    rig.settle(limit, |it| (it.released, it.after) = (Amount(1_200), SIBLING));
    assert_eq!(rig.funds(ALICE, USD), (100_000, 0));
    assert_eq!(room(&mut rig), 1_000);
}

#[test]
fn an_oco_is_made_smaller_as_a_whole() {
    let mut rig = Rig::funded();
    let [limit, stop] = resting(&mut rig);
    let change = lightning_core::message::AmendChange {
        quantity: Some(lightning_core::message::NewQuantity::Total(Quantity(6))),
        price: None,
    };
    let order = lightning_core::message::OrderRef::Id(limit);
    rig.send(Request::Amend { account: ALICE, symbol: BTCUSD, order, change }, None);
    assert!(matches!(rig.sent(), ToMatcher::Amend(amend) if amend.extra == Amount(0)));
    let cause = Lsn(5_000);
    for (order, price) in [(limit, 90), (stop, 120)] {
        let kind = OrderKind::Limit { price: Price(price), quantity: Quantity(6) };
        let (limit_leg, extra, account) = (order == limit, Amount(0), ALICE);
        rig.tell(if limit_leg {
            ToSequencer::Amended { cause: Some(cause), account, order, extra, kind: Some(kind) }
        } else {
            ToSequencer::SiblingAmended { cause, account, order, kind }
        });
        rig.settle(order, |it| {
            it.released = Amount(if limit_leg { 480 } else { 0 });
            it.after = if limit_leg { OrderAfter::Open } else { OrderAfter::Pending };
        });
    }
    assert_eq!(rig.funds(ALICE, USD), (99_280, 720));
    assert_eq!(room(&mut rig), 994);
}

#[test]
fn each_kind_of_legs_reserves_what_the_dearer_needs() {
    let mut rig = Rig::funded();
    let void = |rig: &mut Rig, legs: [AdmittedOrder; 2]| {
        for leg in legs {
            rig.settle(leg.id, |it| (it.released, it.after) = (leg.reserved, OrderAfter::Voided));
        }
    };
    let (_, legs) = place(&mut rig, [sell(120, 10), stop(sell(80, 10), 90)]);
    assert_eq!((legs[0].reserved, legs[1].reserved), (Amount(100), Amount(0)));
    assert_eq!(rig.funds(ALICE, BTC), (9_900, 100));
    void(&mut rig, legs);
    let market = stop(with(market_buy(10), |extras| extras.max_quote = Some(Amount(5_000))), 110);
    let (_, legs) = place(&mut rig, [buy(90, 10), market]);
    assert_eq!(legs[0].reserved, Amount(5_000));
    void(&mut rig, legs);
    // With the fees on top, each leg's own.
    let eth = |order: NewOrder| NewOrder { symbol: ETHUSD, ..order };
    let (_, legs) = place(&mut rig, [eth(buy(90, 100)), eth(stop(buy(89, 100), 110))]);
    assert_eq!(legs[0].reserved, Amount(9_018));
    void(&mut rig, legs);
    assert_eq!(rig.open(ALICE), [0; 0]);
    assert_eq!(rig.funds(ALICE, USD), (100_000, 0));
}

#[test]
fn refusals_wait_for_the_books_unless_it_has_nothing_to_say_before() {
    let mut rig = Rig::funded();
    let before = rig.state();
    let (_, legs) = place(&mut rig, [buy(90, 1_000), stop(buy(120, 1_000), 110)]);
    let refusal = legs[0].late.as_ref().unwrap().refusal.unwrap();
    assert_eq!(refusal.code, Code::InsufficientBalance);
    assert_eq!((legs[0].reserved, &legs[1].late), (Amount(0), &None));
    assert_eq!(before, rig.state());
    rig.rest(named(buy(1, 1), "a"));
    let oco = |first: &str, second: &str| {
        Request::PlaceOco(Box::new([named(sell(20, 1), first), named(stop(sell(5, 1), 6), second)]))
    };
    for (first, second) in [("a", "b"), ("b", "a"), ("c", "c")] {
        assert_eq!(rig.refused_with(oco(first, second)), Code::DuplicateClientOrderId);
    }
    rig.send(oco("b", "c"), None);
    rig.sent();
}

/// What becomes of one leg becomes of both: while an amend of either is under way, another has to wait for it.
#[test]
fn a_pair_is_amended_by_one_at_a_time() {
    let mut rig = Rig::funded();
    let [limit, stop] = resting(&mut rig);
    let change = |less| lightning_core::message::AmendChange {
        quantity: Some(lightning_core::message::NewQuantity::ReduceBy(Quantity(less))),
        price: None,
    };
    let amend = |leg, less| Request::Amend {
        account: ALICE,
        symbol: BTCUSD,
        order: lightning_core::message::OrderRef::Id(leg),
        change: change(less),
    };
    rig.send(amend(stop, 1), None);
    assert!(matches!(rig.sent(), ToMatcher::Amend(amend) if amend.order == stop));
    for leg in [limit, stop] {
        assert_eq!(rig.refused_with(amend(leg, 1)), Code::Busy);
    }
    let cause = Lsn(5_000);
    let (account, extra) = (ALICE, Amount(0));
    let kind = |price, quantity| OrderKind::Limit { price: Price(price), quantity: Quantity(quantity) };
    rig.tell(ToSequencer::Amended {
        cause: Some(cause),
        account,
        order: stop,
        extra,
        kind: Some(kind(120, 9)),
    });
    rig.tell(ToSequencer::SiblingAmended { cause, account, order: limit, kind: kind(90, 9) });
    rig.settle(limit, |it| (it.released, it.after) = (Amount(120), OrderAfter::Open));
    rig.settle(stop, |it| it.after = OrderAfter::Pending);
    for leg in [limit, stop] {
        rig.send(amend(leg, 1), None);
        assert!(matches!(rig.sent(), ToMatcher::Amend(amend) if amend.order == leg));
        rig.tell(ToSequencer::Amended { cause: None, account, order: leg, extra, kind: None });
    }
}
