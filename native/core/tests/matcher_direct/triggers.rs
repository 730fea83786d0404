//! Sections 4 and 5 of docs/SEMANTICS.md: what waits for a price, and pairs of orders.

use lightning_core::book::PriceTimeBook;
use lightning_core::fees::FeeMode;
use lightning_core::message::{
    AmendChange, CancelReason, ExpireReason, NewQuantity, OrderStatus, StpMode, TimeInForce, TrailOffset,
    Trigger,
};
use lightning_core::reject::Code;
use lightning_core::rules::{SymbolRules, SymbolStatus};
use lightning_core::types::{Amount, OrderId, Price, Quantity, Side};

use crate::desk;
use crate::desk::{Desk, SYMBOL, Wish, buy, by_quote, market, sell, spec_in};

const SIBLING: OrderStatus = OrderStatus::Canceled(CancelReason::OcoSibling);

/// A trade at this price between two who are not heard of again.
fn trade_at(desk: &mut Desk<PriceTimeBook>, price: u64) {
    desk.put(sell(98, price, 1));
    let placed = desk.place(buy(99, price, 1)).unwrap();
    assert_eq!(placed.fills.last().unwrap().price, Price(price), "somebody else was in between");
}

fn desk_at(price: u64) -> Desk<PriceTimeBook> {
    let mut desk = desk();
    trade_at(&mut desk, price);
    desk
}

fn trailing(wish: Wish, offset: TrailOffset, activation: Option<u64>) -> Wish {
    wish.trigger(Trigger::Trailing { offset, activation: activation.map(Price) })
}

#[test]
fn a_trigger_needs_a_price_that_has_not_reached_it() {
    let mut desk = desk();
    assert_eq!(desk.refused(buy(1, 100, 1).stop(90)), Code::NoReferencePrice);
    let wish = trailing(buy(1, 100, 1), TrailOffset::Ticks(Price(1)), None);
    assert_eq!(desk.refused(wish), Code::NoReferencePrice);
    trade_at(&mut desk, 100);
    assert_eq!(desk.refused(buy(1, 100, 1).stop(100)), Code::WouldTriggerImmediately);
    assert_eq!(desk.refused(sell(1, 100, 1).stop(100)), Code::WouldTriggerImmediately);
    assert_eq!(desk.refused(buy(1, 100, 1).take_profit(100)), Code::WouldTriggerImmediately);
    assert_eq!(desk.refused(sell(1, 100, 1).take_profit(100)), Code::WouldTriggerImmediately);
    for wish in [
        buy(1, 100, 1).stop(101),
        sell(1, 100, 1).stop(99),
        buy(1, 100, 1).take_profit(99),
        sell(1, 100, 1).take_profit(101),
        trailing(sell(1, 100, 1), TrailOffset::Bps(1), Some(100)),
    ] {
        assert_eq!(desk.place(wish).unwrap().status, OrderStatus::PendingTrigger);
    }
    assert_eq!(desk.matcher.market(SYMBOL).unwrap().pending(), 5);
}

#[test]
fn what_is_due_is_executed_nearest_first_then_by_id() {
    let mut desk = desk_at(100);
    desk.put(sell(5, 120, 9));
    let far = desk.put(buy(1, 120, 1).stop(110)).0;
    let near_late = desk.put(buy(1, 120, 1).stop(105)).0;
    let near_later = desk.put(buy(1, 120, 1).stop(105)).0;
    let beyond = desk.put(buy(1, 120, 1).stop(121));
    let trail = desk.put(trailing(buy(1, 120, 1), TrailOffset::Ticks(Price(7)), None)).0;
    desk.put(sell(6, 112, 1));
    let seq = desk.matcher.market(SYMBOL).unwrap().seq();
    desk.put(buy(7, 112, 1));
    let takers: Vec<_> = desk.trades[1..].iter().map(|trade| trade.taker.0).collect();
    assert_eq!(takers, [near_late, near_later, trail, far]);
    assert_eq!(desk.status(beyond), OrderStatus::PendingTrigger);
    assert_eq!(desk.matcher.market(SYMBOL).unwrap().seq(), seq + 1, "one command, one sequence number");
    assert!(desk.trades.iter().all(|trade| trade.book_seq == seq + 1));
}

#[test]
fn a_fall_executes_the_highest_first() {
    let mut desk = desk_at(100);
    desk.put(buy(5, 50, 9));
    let low = desk.put(sell(1, 50, 1).stop(90)).0;
    let high = desk.put(sell(1, 50, 1).stop(95)).0;
    let dip = desk.put(buy(2, 10, 1).take_profit(93)).0;
    desk.put(sell(7, 50, 1));
    let takers: Vec<_> = desk.trades[1..].iter().map(|trade| trade.taker.0).collect();
    assert_eq!(takers, [high, low]);
    assert_eq!(desk.status(OrderId(dip)), OrderStatus::New, "it rests at 10");
    assert_eq!(desk.settled.last().unwrap().order.0, low);
}

#[test]
fn triggered_trades_trigger_others() {
    let mut desk = desk_at(100);
    desk.put(sell(5, 105, 1));
    desk.put(sell(5, 110, 1));
    desk.put(sell(5, 120, 1));
    let second = desk.put(market(1, Side::Buy, 1).max_quote(500).stop(110)).0;
    let first = desk.put(market(1, Side::Buy, 1).max_quote(500).stop(105)).0;
    desk.put(buy(7, 105, 1));
    let takers: Vec<_> = desk.trades[1..].iter().map(|trade| trade.taker.0).collect();
    assert_eq!(takers, [first, second]);
    assert_eq!(desk.matcher.market(SYMBOL).unwrap().last_price(), Some(Price(120)));
    assert_eq!(desk.log.records.last().unwrap(), "Place", "all of it is one record");
}

#[test]
fn prices_passed_on_the_way_do_not_count() {
    let mut desk = desk_at(100);
    desk.put(buy(5, 99, 1));
    desk.put(buy(5, 90, 1));
    desk.put(sell(6, 101, 1));
    let dip = desk.put(sell(1, 95, 1).stop(95));
    // A sell through 99 down to 90 ends there; what counts is the last of them.
    desk.put(sell(7, 90, 2));
    assert_eq!(desk.status(dip), OrderStatus::New);
    let rise = desk.put(buy(1, 80, 1).stop(95));
    assert_eq!(desk.status(rise), OrderStatus::PendingTrigger);
}

#[test]
fn a_triggered_order_executes_like_a_new_one() {
    let mut desk = desk_at(100);
    let ioc = desk.put(buy(1, 105, 2).stop(105).tif(TimeInForce::Ioc));
    let fok = desk.put(buy(1, 105, 2).stop(105).tif(TimeInForce::Fok));
    let iceberg = desk.put(buy(1, 104, 5).stop(105).display(2));
    let quote = desk.put(by_quote(1, Side::Buy, 500).stop(105));
    desk.put(sell(5, 105, 2));
    desk.put(buy(7, 105, 1));
    assert_eq!(desk.status(ioc), OrderStatus::Expired(ExpireReason::IocRemainder));
    assert_eq!(desk.orders[&ioc].filled, Quantity(1));
    assert_eq!(desk.status(fok), OrderStatus::Expired(ExpireReason::FokUnfillable));
    assert_eq!(desk.queue(Side::Buy), [(iceberg.0, 2, 3)]);
    assert_eq!(desk.status(quote), OrderStatus::Expired(ExpireReason::InsufficientLiquidity));
}

#[test]
fn limit_only_rejects_triggered_market_orders() {
    let mut desk = desk_at(100);
    let at_market = desk.put(market(1, Side::Sell, 1).stop(90));
    let at_limit = desk.put(sell(1, 80, 1).stop(90));
    let rules = SymbolRules { status: SymbolStatus::LimitOnly, ..SymbolRules::default() };
    desk.run(|matcher, ctx, out| matcher.set_rules(spec_in(FeeMode::Received), rules, false, ctx, out))
        .unwrap();
    trade_at(&mut desk, 90);
    assert_eq!(desk.status(at_market), OrderStatus::Expired(ExpireReason::TriggerRejected));
    assert_eq!(desk.status(at_limit), OrderStatus::New);
}

#[test]
fn a_trailing_sell_follows_the_highest_price() {
    let mut desk = desk_at(100);
    let ticks = desk.put(trailing(sell(1, 1, 1), TrailOffset::Ticks(Price(10)), None));
    let bps = desk.put(trailing(sell(1, 1, 1), TrailOffset::Bps(500), None));
    trade_at(&mut desk, 120); // Now they trigger at 110 and at 114.
    trade_at(&mut desk, 115);
    assert_eq!(desk.status(bps), OrderStatus::PendingTrigger);
    trade_at(&mut desk, 114);
    assert_eq!(desk.status(bps), OrderStatus::New);
    assert_eq!(desk.status(ticks), OrderStatus::PendingTrigger);
    desk.cancel(bps).unwrap();
    trade_at(&mut desk, 110);
    assert_eq!(desk.status(ticks), OrderStatus::New);
}

#[test]
fn a_trailing_buy_waits_for_its_activation() {
    let mut desk = desk_at(100);
    let wish = || trailing(buy(1, 1, 1), TrailOffset::Bps(1_000), Some(90));
    let order = desk.put(wish());
    trade_at(&mut desk, 95);
    trade_at(&mut desk, 120);
    assert_eq!(desk.status(order), OrderStatus::PendingTrigger, "it does not follow yet");
    trade_at(&mut desk, 88); // Follows: 88 x 1.1 = 96.8, up to 97.
    trade_at(&mut desk, 96);
    assert_eq!(desk.status(order), OrderStatus::PendingTrigger);
    trade_at(&mut desk, 97);
    assert_eq!(desk.status(order), OrderStatus::New);
    // True at placement: it follows from the last price at once, 80 x 1.1 = 88.
    trade_at(&mut desk, 80);
    let order = desk.put(wish());
    trade_at(&mut desk, 88);
    assert_eq!(desk.status(order), OrderStatus::New);
}

#[test]
fn pending_orders_are_canceled_and_amended_in_place() {
    let mut desk = desk_at(100);
    let stop = desk.put(buy(1, 120, 5).stop(110));
    let change = AmendChange { quantity: Some(NewQuantity::Total(Quantity(7))), price: Some(Price(115)) };
    let amended = desk.amend(stop, change).unwrap();
    assert_eq!((amended.priority_kept, amended.placed.reserved), (true, Amount(805)));
    assert_eq!(desk.amend(stop, change).unwrap_err(), Code::NoChange);
    let at_market = desk.put(market(1, Side::Sell, 5).stop(90));
    let price = AmendChange { quantity: None, price: Some(Price(1)) };
    assert_eq!(desk.amend(at_market, price).unwrap_err(), Code::AmendNotAllowed);
    let less = AmendChange { quantity: Some(NewQuantity::ReduceBy(Quantity(5))), price: None };
    assert_eq!(desk.amend(at_market, less).unwrap_err(), Code::QtyBelowFilled);
    assert_eq!(desk.cancel(at_market).unwrap().canceled, Quantity(5));
    assert_eq!(desk.cancel(at_market).unwrap_err(), Code::OrderAlreadyClosed);
    trade_at(&mut desk, 116);
    assert_eq!(desk.queue(Side::Buy), [(stop.0, 7, 0)], "what was amended is what executes");
}

fn oco_at_100() -> (Desk<PriceTimeBook>, OrderId, OrderId) {
    let mut desk = desk_at(100);
    let placed = desk.place_oco(buy(1, 90, 4), buy(1, 130, 4).stop(120)).unwrap();
    assert_eq!(placed.legs[0].status, OrderStatus::New);
    assert_eq!(placed.legs[0].reserved, Amount(520), "what the dearer leg needs");
    assert_eq!(placed.legs[1].status, OrderStatus::PendingTrigger);
    let (limit, stop) = (placed.legs[0].id, placed.legs[1].id);
    (desk, limit, stop)
}

#[test]
fn a_fill_of_the_limit_leg_closes_the_stop_leg() {
    let (mut desk, limit, stop) = oco_at_100();
    desk.put(sell(2, 90, 1));
    assert_eq!((desk.status(limit), desk.status(stop)), (OrderStatus::PartiallyFilled, SIBLING));
    assert_eq!(desk.orders[&limit].reserved, Amount(270), "the excess is free");
    // At once, too.
    let mut desk = desk_at(100);
    desk.put(buy(2, 105, 1));
    let placed = desk.place_oco(sell(1, 101, 4), market(1, Side::Sell, 4).stop(90)).unwrap();
    assert_eq!(placed.legs[0].status, OrderStatus::PartiallyFilled);
    assert_eq!(placed.legs[1].status, SIBLING);
}

#[test]
fn the_stop_legs_trigger_closes_the_limit_leg() {
    let (mut desk, limit, stop) = oco_at_100();
    trade_at(&mut desk, 120);
    assert_eq!((desk.status(limit), desk.status(stop)), (SIBLING, OrderStatus::New));
    assert_eq!(desk.orders[&stop].reserved, Amount(520));
    // The limit leg is the dearer one here: what the stop leg does not need is free.
    let mut desk = desk_at(100);
    let stop_leg = market(1, Side::Buy, 4).max_quote(300).stop(110);
    let placed = desk.place_oco(buy(1, 90, 4), stop_leg).unwrap();
    trade_at(&mut desk, 110);
    assert_eq!(desk.status(placed.legs[0].id), SIBLING);
    let moved = desk.settled.iter().find(|settled| settled.order == placed.legs[0].id).unwrap();
    assert_eq!(moved.released, Amount(60));
}

#[test]
fn the_end_of_one_leg_is_the_end_of_the_other() {
    let (mut desk, limit, stop) = oco_at_100();
    let canceled = desk.cancel(stop).unwrap();
    assert_eq!((canceled.sibling, canceled.released), (Some(limit), Amount(520)));
    assert_eq!((desk.status(limit), desk.orders[&limit].reserved), (SIBLING, Amount(0)));
    let (mut desk, limit, stop) = oco_at_100();
    let canceled = desk.cancel_many(1, vec![limit, stop]);
    assert_eq!(canceled.len(), 1, "the other leg is named with the first");
    assert_eq!((canceled[0].sibling, canceled[0].released), (Some(stop), Amount(520)));
    assert_eq!(desk.status(stop), SIBLING);
    // Self-trade prevention, by whichever mode.
    for mode in [StpMode::ExpireMaker, StpMode::Decrement] {
        let (mut desk, limit, stop) = oco_at_100();
        desk.put(sell(1, 90, 3).stp(mode));
        assert_eq!(desk.status(stop), SIBLING);
        let expired = mode == StpMode::ExpireMaker;
        assert_eq!(desk.status(limit) == OrderStatus::Expired(ExpireReason::Stp), expired);
    }
    // Time.
    let mut desk = desk_at(100);
    let placed = desk.place_oco(sell(1, 110, 1).gtd(2_000), sell(1, 80, 1).stop(90).gtd(2_000)).unwrap();
    desk.now = 2_000;
    desk.run(|matcher, ctx, out| matcher.tick(ctx, out));
    assert_eq!(desk.status(placed.legs[0].id), OrderStatus::Expired(ExpireReason::GtdExpired));
    assert_eq!(desk.status(placed.legs[1].id), SIBLING);
}

#[test]
fn both_legs_are_amended_down_or_not_at_all() {
    let (mut desk, limit, stop) = oco_at_100();
    let to = |total| AmendChange { quantity: Some(NewQuantity::Total(Quantity(total))), price: None };
    for leg in [limit, stop] {
        assert_eq!(desk.amend(leg, to(5)).unwrap_err(), Code::AmendNotAllowed);
        let price = AmendChange { quantity: None, price: Some(Price(89)) };
        assert_eq!(desk.amend(leg, price).unwrap_err(), Code::AmendNotAllowed);
        assert_eq!(desk.amend(leg, to(4)).unwrap_err(), Code::NoChange);
    }
    assert_eq!(desk.amend(limit, to(3)).unwrap().placed.reserved, Amount(390));
    assert_eq!(desk.amend(stop, to(2)).unwrap().placed.status, OrderStatus::PendingTrigger);
    assert_eq!(desk.orders[&limit].reserved, Amount(260));
    trade_at(&mut desk, 120);
    assert_eq!(desk.queue(Side::Buy), [(stop.0, 2, 0)]);
}

#[test]
fn the_last_price_is_between_the_legs() {
    let mut desk = desk();
    let code = |placed: Result<_, lightning_core::reject::Reject>| {
        placed.map(|_: lightning_core::message::PlacedOco| ()).unwrap_err().code
    };
    assert_eq!(code(desk.place_oco(buy(1, 90, 4), buy(1, 130, 4).stop(120))), Code::NoReferencePrice);
    trade_at(&mut desk, 100);
    for (price, trigger) in [(100, 120), (90, 100), (110, 120), (90, 95)] {
        let placed = desk.place_oco(buy(1, price, 4), buy(1, 130, 4).stop(trigger));
        assert_eq!(code(placed), Code::OcoBadPrices);
    }
    for (price, trigger) in [(100, 90), (110, 100), (90, 80)] {
        let placed = desk.place_oco(sell(1, price, 4), sell(1, 50, 4).stop(trigger));
        assert_eq!(code(placed), Code::OcoBadPrices);
    }
    desk.put(buy(2, 105, 1));
    let placed = desk.place_oco(sell(1, 105, 4).post_only(), sell(1, 50, 4).stop(90));
    assert_eq!(code(placed), Code::PostOnlyWouldCross);
    assert_eq!(desk.matcher.market(SYMBOL).unwrap().pending(), 0);
}

#[test]
fn a_limit_leg_is_out_of_reach_of_what_is_triggered_together_with_its_stop_leg() {
    let mut desk = desk_at(100);
    // Both are due at 90. The buy is nearer and would find the limit leg, were it still there.
    let hunter = desk.put(buy(2, 200, 1).take_profit(95));
    let placed = desk.place_oco(sell(1, 110, 1), sell(1, 150, 1).stop(90)).unwrap();
    trade_at(&mut desk, 90);
    assert_eq!(desk.status(placed.legs[0].id), SIBLING);
    assert_eq!(desk.status(hunter), OrderStatus::Filled);
    assert_eq!(desk.status(placed.legs[1].id), OrderStatus::Filled, "at the hunter's 200");
}
