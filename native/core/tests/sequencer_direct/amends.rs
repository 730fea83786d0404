//! Amends: what is frozen besides, and that it comes back whatever happens.

use lightning_core::message::{
    Amend, AmendChange, NewOrder, NewQuantity, OrderAfter, OrderKind, OrderRef, OrderStatus, Request,
    ToMatcher, ToSequencer,
};
use lightning_core::reject::{Code, Detail, Reject};
use lightning_core::rules::{SymbolRules, SymbolStatus};
use lightning_core::types::{Amount, Lsn, OrderId, Price, Quantity, Side};

use crate::rig::{ALICE, BTC, BTCUSD, ETHUSD, Rig, USD, buy, code, market_buy, sell, stop, with};

fn change(quantity: Option<u64>, price: Option<u64>) -> AmendChange {
    AmendChange {
        quantity: quantity.map(|total| NewQuantity::Total(Quantity(total))),
        price: price.map(Price),
    }
}

fn request(order: OrderId, change: AmendChange) -> Request {
    Request::Amend { account: ALICE, symbol: BTCUSD, order: OrderRef::Id(order), change }
}

fn amend(rig: &mut Rig, order: OrderId, change: AmendChange) -> Amend {
    rig.send(request(order, change), None);
    match rig.sent() {
        ToMatcher::Amend(amend) => *amend,
        message => panic!("{message:?}"),
    }
}

fn answered(rig: &mut Rig, order: OrderId, extra: u128, kind: Option<(u64, u64)>) {
    let cause = kind.map(|_| Lsn(rig.cause + 1));
    let kind =
        kind.map(|(price, quantity)| OrderKind::Limit { price: Price(price), quantity: Quantity(quantity) });
    rig.tell(ToSequencer::Amended { cause, account: ALICE, order, extra: Amount(extra), kind });
}

#[test]
fn a_dearer_order_freezes_the_difference_and_keeps_what_it_needs() {
    let mut rig = Rig::funded();
    let id = rig.rest(buy(10, 100));
    let sent = amend(&mut rig, id, change(Some(120), Some(11)));
    assert_eq!((sent.extra, sent.refusal), (Amount(320), None));
    assert_eq!(rig.funds(ALICE, USD), (98_680, 1_320));
    assert_eq!(rig.order(id).unwrap().reserved, Amount(1_000), "until it is accepted");
    answered(&mut rig, id, 320, Some((11, 120)));
    // It traded 20 at 10 on the way back in: 20 are saved.
    rig.settle(id, |it| {
        (it.filled, it.notional, it.released) = (Quantity(20), Amount(200), Amount(20));
    });
    let order = rig.order(id).unwrap();
    assert_eq!(
        (order.reserved, order.amends, order.status),
        (Amount(1_100), 1, OrderStatus::PartiallyFilled)
    );
    assert_eq!(rig.funds(ALICE, USD), (98_700, 1_100));
}

#[test]
fn a_refused_amend_gives_back_even_when_the_order_is_gone() {
    let mut rig = Rig::funded();
    let id = rig.rest(buy(10, 100));
    assert_eq!(amend(&mut rig, id, change(Some(200), None)).extra, Amount(1_000));
    answered(&mut rig, id, 1_000, None);
    assert_eq!(rig.funds(ALICE, USD), (99_000, 1_000));
    assert_eq!(rig.order(id).unwrap().amends, 0);

    let sent = amend(&mut rig, id, change(Some(200), None));
    rig.settle(id, |it| {
        (it.filled, it.notional) = (Quantity(100), Amount(1_000));
        it.after = OrderAfter::Closed(OrderStatus::Filled);
    });
    assert_eq!(rig.funds(ALICE, USD), (98_000, 1_000), "the extra is still frozen");
    assert_eq!(rig.entries(ALICE, Some(USD))[0].frozen.0, 0, "and no entry says so");
    answered(&mut rig, id, 1_000, None);
    rig.tell(ToSequencer::OrderMissed { to: sent.to, account: ALICE, order: id });
    assert_eq!(code(&rig.reply().outcome), Code::OrderAlreadyClosed);
    assert_eq!(rig.funds(ALICE, USD), (99_000, 0));
}

#[test]
fn what_can_not_be_paid_for_is_refused_by_the_book_at_the_end() {
    let mut rig = Rig::funded();
    let id = rig.rest(buy(1_000, 60));
    let before = rig.state();
    let sent = amend(&mut rig, id, change(Some(110), None));
    let detail = Detail::Funds { asset: USD, required: Amount(50_000), available: Amount(40_000) };
    assert_eq!(sent.refusal, Some(Reject { code: Code::InsufficientBalance, detail }));
    assert_eq!(sent.extra, Amount(0));
    answered(&mut rig, id, 0, None);
    assert_eq!(before, rig.state());
}

#[test]
fn an_amend_behind_another_freezes_the_most_that_it_may_cost() {
    let mut rig = Rig::funded();
    let id = rig.rest(buy(10, 100));
    assert_eq!(amend(&mut rig, id, change(None, Some(12))).extra, Amount(200));
    // Cheaper than the first makes it, dearer than it is if the first is refused.
    assert_eq!(amend(&mut rig, id, change(None, Some(11))).extra, Amount(100));
    // 50 more at 12.
    assert_eq!(amend(&mut rig, id, change(Some(150), None)).extra, Amount(600));
    assert_eq!(rig.funds(ALICE, USD), (98_100, 1_900));
    // The first is refused, the others are not.
    answered(&mut rig, id, 200, None);
    answered(&mut rig, id, 100, Some((11, 100)));
    rig.settle(id, |_| {});
    assert_eq!(rig.order(id).unwrap().reserved, Amount(1_100));
    answered(&mut rig, id, 600, Some((11, 150)));
    rig.settle(id, |it| it.released = Amount(50));
    assert_eq!(rig.funds(ALICE, USD), (98_350, 1_650));
    assert_eq!(rig.order(id).unwrap().amends, 2);
}

/// All of it may have traded at 100 before the book comes to the second, and then nothing is left of what it had.
#[test]
fn more_at_a_lower_price_may_cost_all_that_is_more() {
    let mut rig = Rig::funded();
    let id = rig.rest(buy(100, 10));
    assert_eq!(amend(&mut rig, id, change(None, Some(99))).extra, Amount(0));
    assert_eq!(amend(&mut rig, id, change(Some(15), Some(60))).extra, Amount(300));
}

#[test]
fn less_of_an_order_costs_nothing_however_many_are_in_flight() {
    let mut rig = Rig::funded();
    let id = rig.rest(buy(1_000, 100));
    let less = |less| AmendChange { quantity: Some(NewQuantity::ReduceBy(Quantity(less))), price: None };
    assert_eq!(rig.funds(ALICE, USD), (0, 100_000));
    for change in
        [change(Some(80), None), less(10), less(10), change(Some(60), None), change(None, Some(999))]
    {
        assert_eq!(amend(&mut rig, id, change).extra, Amount(0), "{change:?}");
    }
    // What waits for its trigger with a budget has that, however much it buys.
    let mut rig = Rig::funded();
    let budget = with(market_buy(10), |extras| extras.max_quote = Some(Amount(100_000)));
    let id = rig.rest(stop(budget, 9));
    for quantity in [9, 12, 8] {
        assert_eq!(amend(&mut rig, id, change(Some(quantity), None)).extra, Amount(0));
    }
}

#[test]
fn amends_behind_one_another_come_back_when_their_order_is_gone() {
    let mut rig = Rig::funded();
    let id = rig.rest(buy(10, 100));
    let sent = [change(Some(200), None), change(None, Some(11))].map(|change| amend(&mut rig, id, change));
    let extras = sent.each_ref().map(|amend| amend.extra.0);
    rig.settle(id, |it| {
        (it.filled, it.notional) = (Quantity(100), Amount(1_000));
        it.after = OrderAfter::Closed(OrderStatus::Filled);
    });
    for (sent, extra) in sent.iter().zip(extras) {
        answered(&mut rig, id, extra, None);
        rig.tell(ToSequencer::OrderMissed { to: sent.to, account: ALICE, order: id });
        assert_eq!(code(&rig.reply().outcome), Code::OrderAlreadyClosed);
    }
    assert_eq!(rig.funds(ALICE, USD), (99_000, 0));
}

#[test]
fn what_depends_on_an_amend_in_flight_is_busy() {
    let mut rig = Rig::funded();
    let id = rig.rest(buy(1_000, 60));
    amend(&mut rig, id, change(None, Some(1_300)));
    // 40,000 are left, and 18,000 of them frozen: enough for 20 more at 1,000, not at 1,300.
    let behind = request(id, change(Some(80), None));
    assert_eq!(rig.refused_with(behind.clone()), Code::Busy);
    answered(&mut rig, id, 18_000, None);
    rig.send(behind, None);
    assert!(matches!(rig.sent(), ToMatcher::Amend(amend) if amend.extra == Amount(20_000)));
    answered(&mut rig, id, 20_000, None);

    // 11 x 100 are allowed and 12 x 100 are not, so it depends on the price; 1,200 are not whatever the price.
    rig.set_rules(BTCUSD, SymbolRules { notional_max: Some(Amount(1_150)), ..SymbolRules::default() });
    let id = rig.rest(buy(10, 90));
    amend(&mut rig, id, change(None, Some(12)));
    assert_eq!(rig.refused_with(request(id, change(Some(100), None))), Code::Busy);
    assert_eq!(rig.refused_with(request(id, change(Some(1_200), Some(1)))), Code::NotionalRange);
    assert!(amend(&mut rig, id, change(Some(100), Some(11))).refusal.is_none());
}

#[test]
fn a_sell_at_another_price_needs_nothing_however_many_are_in_flight() {
    let mut rig = Rig::funded();
    let id = rig.rest(sell(10, 1_000));
    assert_eq!(rig.funds(ALICE, BTC), (0, 10_000));
    for price in [11, 9, 12] {
        assert_eq!(amend(&mut rig, id, change(None, Some(price))).extra, Amount(0));
    }
    assert_eq!(rig.refused_with(request(id, change(Some(1_001), None))), Code::Busy);
    // More than there can be to reduce: the book has the last word.
    let all = AmendChange { quantity: Some(NewQuantity::ReduceBy(Quantity(1_000))), price: None };
    assert_eq!(amend(&mut rig, id, all).extra, Amount(0));
}

#[test]
fn an_order_is_amended_so_often_at_most() {
    let mut rig = Rig::funded();
    rig.set_rules(BTCUSD, SymbolRules { amends_max: Some(2), ..SymbolRules::default() });
    let id = rig.rest(sell(10, 100));
    amend(&mut rig, id, change(Some(90), None));
    amend(&mut rig, id, change(Some(80), None));
    // If the book takes both, it is one too many.
    assert_eq!(rig.refused_with(request(id, change(Some(70), None))), Code::Busy);
    answered(&mut rig, id, 0, None);
    amend(&mut rig, id, change(Some(70), None));
    for quantity in [80, 70] {
        answered(&mut rig, id, 0, Some((10, quantity)));
        rig.settle(id, |it| it.released = Amount(if quantity == 80 { 200 } else { 100 }));
    }
    assert_eq!(rig.funds(ALICE, BTC), (9_300, 700));
    let reject = Reject { code: Code::TooManyAmends, detail: Detail::Bound { max: 2 } };
    assert_eq!(rig.refused(request(id, change(Some(0), None))), reject, "before the rules of quantity");
}

#[test]
fn refusals_come_in_their_order() {
    let mut rig = Rig::funded();
    let id = rig.rest(buy(10, 100));
    let elsewhere = Request::Amend {
        account: ALICE,
        symbol: ETHUSD,
        order: OrderRef::Id(id),
        change: change(Some(1), None),
    };
    assert_eq!(rig.refused_with(elsewhere), Code::UnknownOrder);
    assert_eq!(rig.refused_with(request(OrderId(9), change(Some(1), None))), Code::UnknownOrder);
    assert_eq!(rig.refused_with(request(id, change(Some(1_000_001), None))), Code::QtyRange);
    assert_eq!(rig.refused_with(request(id, change(None, Some(1_000_001)))), Code::PriceRange);
    rig.set_rules(BTCUSD, SymbolRules { notional_max: Some(Amount(1_500)), ..SymbolRules::default() });
    assert_eq!(rig.refused_with(request(id, change(None, Some(16)))), Code::NotionalRange);
    for (status, code) in
        [(SymbolStatus::CancelOnly, Code::SymbolCancelOnly), (SymbolStatus::Halt, Code::SymbolNotTrading)]
    {
        rig.set_rules(BTCUSD, SymbolRules { status, ..SymbolRules::default() });
        assert_eq!(rig.refused_with(request(id, change(None, Some(16)))), code);
    }
    rig.set_rules(BTCUSD, SymbolRules::default());
    let running = rig.admit(market_buy(1)).id;
    assert_eq!(rig.refused_with(request(running, change(Some(1), None))), Code::UnknownOrder);
    rig.close(id, lightning_core::message::CancelReason::User);
    assert_eq!(rig.refused_with(request(id, change(Some(1), None))), Code::OrderAlreadyClosed);
}

#[test]
fn what_only_the_book_may_refuse_goes_there_with_nothing_frozen() {
    let mut rig = Rig::funded();
    let id = rig.rest(buy(10, 100));
    for quantity in [NewQuantity::ReduceBy(Quantity(100)), NewQuantity::ReduceBy(Quantity(500))] {
        let sent = amend(&mut rig, id, AmendChange { quantity: Some(quantity), price: None });
        assert_eq!((sent.extra, sent.refusal), (Amount(0), None));
        answered(&mut rig, id, 0, None);
    }
    // A price for an order that has none.
    let market = rig.rest(stop(with(market_buy(7), |extras| extras.max_quote = Some(Amount(70))), 9));
    assert_eq!(amend(&mut rig, market, change(None, Some(5))).extra, Amount(0));
    answered(&mut rig, market, 0, None);
    // Its reservation is its budget, however much it buys.
    assert_eq!(amend(&mut rig, market, change(Some(70), None)).extra, Amount(0));
    let kind = Some(OrderKind::MarketByQuantity { quantity: Quantity(70) });
    let (cause, order, extra) = (Some(Lsn(5_000)), market, Amount(0));
    rig.tell(ToSequencer::Amended { cause, account: ALICE, order, extra, kind });
    rig.settle(market, |it| it.after = OrderAfter::Pending);
    assert_eq!(rig.order(market).unwrap().order.kind.quantity(), Some(Quantity(70)));
}

#[test]
fn a_pending_sell_at_market_freezes_its_quantity() {
    let mut rig = Rig::funded();
    let order = NewOrder { side: Side::Sell, ..market_buy(7) };
    let id = rig.rest(stop(order, 9));
    assert_eq!(amend(&mut rig, id, change(Some(9), None)).extra, Amount(20));
    let kind = Some(OrderKind::MarketByQuantity { quantity: Quantity(9) });
    let cause = Some(Lsn(5_000));
    rig.tell(ToSequencer::Amended { cause, account: ALICE, order: id, extra: Amount(20), kind });
    rig.settle(id, |it| (it.cause, it.after) = (Lsn(5_000), OrderAfter::Pending));
    assert_eq!(rig.funds(ALICE, BTC), (9_910, 90));
    let entries = rig.entries(ALICE, Some(BTC));
    assert_eq!((entries[0].cause, entries[0].available_change.0, entries[0].frozen.0), (Lsn(5_000), -20, 90));
}

#[test]
fn more_lots_are_bought_after_an_amend() {
    let mut rig = Rig::funded();
    let id = rig.rest(buy(1, 10));
    let extra = amend(&mut rig, id, change(Some(20), None)).extra.0;
    answered(&mut rig, id, extra, Some((1, 20)));
    rig.settle(id, |_| {});
    rig.set_rules(BTCUSD, SymbolRules { position_max: Some(Quantity(1_030)), ..SymbolRules::default() });
    assert_eq!(rig.refused_with(Request::Place(buy(1, 11))), Code::MaxPosition);
    rig.admit(buy(1, 10));
}
