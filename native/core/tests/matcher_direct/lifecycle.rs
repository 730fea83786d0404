//! Sections 6 and 7 of docs/SEMANTICS.md: cancels, amends, replacements, time, and the operator.

use lightning_core::book::PriceTimeBook;
use lightning_core::fees::FeeMode;
use lightning_core::message::{
    AmendChange, CancelReason, ExpireReason, NewQuantity, OnlyIf, OrderStatus, Outcome, ReplaceMode, StpMode,
    TimeInForce, ToMatcher,
};
use lightning_core::reject::{Code, Reject};
use lightning_core::rules::{SymbolRules, SymbolStatus};
use lightning_core::types::{
    AccountId, Amount, AssetId, OrderId, Price, Quantity, Side, SignedAmount, Timestamp,
};

use crate::desk;
use crate::desk::{Desk, SYMBOL, buy, market, sell, spec_in};

fn total(quantity: u64) -> AmendChange {
    AmendChange { quantity: Some(NewQuantity::Total(Quantity(quantity))), price: None }
}

fn less(quantity: u64) -> AmendChange {
    AmendChange { quantity: Some(NewQuantity::ReduceBy(Quantity(quantity))), price: None }
}

fn to_price(price: u64) -> AmendChange {
    AmendChange { quantity: None, price: Some(Price(price)) }
}

fn set_rules(desk: &mut Desk<PriceTimeBook>, rules: SymbolRules, cancel_open: bool) -> Result<usize, Reject> {
    let spec = spec_in(FeeMode::Received);
    desk.run(|matcher, ctx, out| matcher.set_rules(spec, rules, cancel_open, ctx, out))
        .map(|canceled| canceled.len())
}

#[test]
fn a_cancel_frees_what_is_reserved() {
    let mut desk = desk();
    let order = desk.put(buy(1, 100, 5));
    desk.put(sell(2, 100, 2));
    assert_eq!(desk.cancel_if(order, Some(OnlyIf::New)).unwrap_err(), Code::CancelRestricted);
    let canceled = desk.cancel_if(order, Some(OnlyIf::PartiallyFilled)).unwrap();
    assert_eq!((canceled.canceled, canceled.released, canceled.sibling), (Quantity(3), Amount(300), None));
    assert_eq!(desk.status(order), OrderStatus::Canceled(CancelReason::User));
    let records = desk.log.records.len();
    assert_eq!(desk.cancel(order).unwrap_err(), Code::OrderAlreadyClosed);
    assert_eq!(desk.log.records.len(), records, "a refused cancel is not written down");
    // What was only prevented is not filled.
    let order = desk.put(buy(1, 100, 5));
    desk.put(sell(1, 100, 2).stp(StpMode::Decrement));
    assert_eq!(desk.cancel_if(order, Some(OnlyIf::PartiallyFilled)).unwrap_err(), Code::CancelRestricted);
    desk.cancel_if(order, Some(OnlyIf::New)).unwrap();
}

#[test]
fn a_mass_cancel_leaves_out_what_is_closed() {
    let mut desk = desk();
    let orders: Vec<_> = (1..=3).map(|price| desk.put(buy(1, price, 1))).collect();
    desk.cancel(orders[1]).unwrap();
    let seq = desk.matcher.market(SYMBOL).unwrap().seq();
    let canceled = desk.cancel_many(1, orders.clone());
    assert_eq!(canceled.iter().map(|order| order.id).collect::<Vec<_>>(), [orders[0], orders[2]]);
    assert!(canceled.iter().all(|order| order.book_seq == seq + 1));
    let records = desk.log.records.len();
    assert_eq!(desk.cancel_many(1, orders), []);
    // Written down all the same: a part without a record is sent again after a crash.
    assert_eq!(desk.log.records.len(), records + 1);
}

#[test]
fn less_of_an_order_keeps_its_place() {
    let mut desk = desk();
    let first = desk.put(buy(1, 100, 5).display(3));
    let second = desk.put(buy(2, 100, 5));
    let amended = desk.amend(first, total(4)).unwrap();
    assert!(amended.priority_kept);
    assert_eq!((amended.placed.reserved, amended.placed.status), (Amount(400), OrderStatus::New));
    assert_eq!(desk.queue(Side::Buy), [(first.0, 3, 1), (second.0, 5, 0)]);
    desk.amend(first, less(2)).unwrap();
    assert_eq!(desk.queue(Side::Buy), [(first.0, 2, 0), (second.0, 5, 0)]);
    desk.put(sell(3, 100, 1));
    assert_eq!(desk.amend(first, less(1)).unwrap_err(), Code::QtyBelowFilled);
    assert_eq!(desk.amend(first, total(1)).unwrap_err(), Code::QtyBelowFilled);
    assert_eq!(desk.amend(first, total(2)).unwrap_err(), Code::NoChange);
    assert_eq!(desk.amend(first, to_price(100)).unwrap_err(), Code::NoChange);
}

#[test]
fn anything_else_comes_in_again() {
    let mut desk = desk();
    let first = desk.put(buy(1, 100, 5));
    let second = desk.put(buy(2, 100, 5));
    desk.put(sell(3, 100, 2));
    let amended = desk.amend(first, total(6)).unwrap();
    assert_eq!((amended.priority_kept, amended.done_before), (false, Quantity(2)));
    assert_eq!(desk.queue(Side::Buy), [(second.0, 5, 0), (first.0, 4, 0)]);
    // As a taker: at the maker's price, and what is left rests.
    desk.put(sell(3, 102, 1));
    let amended = desk.amend(first, to_price(103)).unwrap();
    assert_eq!((amended.placed.filled, amended.placed.notional), (Quantity(1), Amount(102)));
    assert_eq!((amended.placed.status, amended.placed.reserved), (OrderStatus::PartiallyFilled, Amount(309)));
    assert_eq!(desk.orders[&first].filled, Quantity(3));
    // Until nothing is left.
    desk.put(sell(3, 104, 9));
    let amended = desk.amend(first, to_price(104)).unwrap();
    assert_eq!((amended.placed.status, amended.done_before), (OrderStatus::Filled, Quantity(3)));
    assert_eq!(desk.amend(first, to_price(105)).unwrap_err(), Code::OrderAlreadyClosed);
}

#[test]
fn an_amended_order_keeps_its_terms() {
    let mut desk = desk();
    let post_only = desk.put(buy(1, 100, 5).post_only());
    desk.put(sell(2, 110, 1));
    assert_eq!(desk.amend(post_only, to_price(110)).unwrap_err(), Code::PostOnlyWouldCross);
    desk.amend(post_only, to_price(109)).unwrap();
    // Its own mode, its own display, its own end.
    let iceberg = desk.put(sell(1, 120, 9).display(4).stp(StpMode::Decrement).gtd(5_000));
    let amended = desk.amend(iceberg, to_price(109)).unwrap();
    assert_eq!((amended.placed.prevented, amended.placed.status), (Quantity(5), OrderStatus::New));
    assert_eq!(amended.placed.order.tif, TimeInForce::Gtd);
    assert_eq!(amended.placed.order.display(), Some(Quantity(4)));
    assert_eq!(desk.status(post_only), OrderStatus::Expired(ExpireReason::Stp));
    assert_eq!(desk.queue(Side::Sell)[0], (iceberg.0, 4, 0));
    assert_eq!(desk.matcher.next_deadline(), Some(Timestamp(5_000)));
    // What was prevented does not count as filled, but as done.
    let amended = desk.amend(iceberg, to_price(111)).unwrap();
    assert_eq!((amended.placed.status, amended.done_before), (OrderStatus::New, Quantity(5)));
    assert_eq!(desk.amend(iceberg, total(5)).unwrap_err(), Code::QtyBelowFilled);
}

#[test]
fn an_amend_is_refused_for_funds_last() {
    let mut desk = desk();
    let order = desk.put(buy(1, 100, 5));
    let poor = Some(Reject::new(Code::InsufficientBalance));
    assert_eq!(desk.amend_with(order, total(5), poor).unwrap_err(), Code::NoChange);
    let records = desk.log.records.len();
    assert_eq!(desk.amend_with(order, total(6), poor).unwrap_err(), Code::InsufficientBalance);
    assert_eq!(desk.log.records.len(), records, "a refused amend is not written down");
    let rules = SymbolRules { price_cap: Some(Price(150)), ..SymbolRules::default() };
    set_rules(&mut desk, rules, false).unwrap();
    assert_eq!(desk.amend_with(order, to_price(151), poor).unwrap_err(), Code::PriceBand);
    let rules = SymbolRules { status: SymbolStatus::CancelOnly, ..SymbolRules::default() };
    set_rules(&mut desk, rules, false).unwrap();
    assert_eq!(desk.amend(order, total(4)).unwrap_err(), Code::SymbolCancelOnly);
    desk.cancel(order).unwrap();
}

#[test]
fn a_replacement_inherits_what_it_needs() {
    for mode in [ReplaceMode::StopOnFailure, ReplaceMode::AllowFailure, ReplaceMode::Atomic] {
        let mut desk = desk();
        let old = desk.put(buy(1, 100, 5));
        let replaced = desk.replace(mode, Ok(old), Ok(buy(1, 90, 4)));
        let canceled = replaced.canceled.unwrap();
        assert_eq!((canceled.released, canceled.canceled), (Amount(500), Quantity(5)));
        let placed = replaced.placed.unwrap().unwrap();
        assert_eq!((placed.status, placed.reserved), (OrderStatus::New, Amount(360)));
        assert_eq!(desk.status(old), OrderStatus::Canceled(CancelReason::Replaced));
        assert_eq!(desk.log.records.last().unwrap(), "Replace");
        // To the other side: nothing is inherited, and the old one is not in the way of the new one.
        let replaced = desk.replace(mode, Ok(placed.id), Ok(sell(1, 90, 4).post_only()));
        assert_eq!(replaced.placed.unwrap().unwrap().status, OrderStatus::New);
    }
}

#[test]
fn each_mode_has_its_own_way_to_fail() {
    let gone = Err(Reject::new(Code::UnknownOrder));
    for (mode, canceled, attempted, placed) in [
        (ReplaceMode::StopOnFailure, true, false, false),
        (ReplaceMode::AllowFailure, true, true, true),
        (ReplaceMode::Atomic, false, false, false),
    ] {
        // The new half fails.
        let mut desk = desk();
        desk.put(sell(2, 120, 1));
        let old = desk.put(buy(1, 100, 5));
        let records = desk.log.records.len();
        let replaced = desk.replace(mode, Ok(old), Ok(buy(1, 130, 1).post_only()));
        let refusal = Reject::new(Code::PostOnlyWouldCross);
        assert_eq!(replaced.placed, Some(Err(refusal)), "{mode:?}");
        assert_eq!(replaced.canceled.is_ok(), canceled, "{mode:?}");
        if canceled {
            assert_eq!(desk.status(old), OrderStatus::Canceled(CancelReason::User));
        } else {
            assert_eq!(
                replaced.canceled.unwrap_err(),
                Reject::new(Code::ReplaceFailed),
                "for no fault of its own"
            );
            assert_eq!((desk.status(old), desk.log.records.len()), (OrderStatus::New, records));
        }
        // The cancel fails.
        let replaced = desk.replace(mode, gone, Ok(buy(1, 10, 1)));
        assert_eq!(replaced.canceled.unwrap_err().code, Code::UnknownOrder);
        assert_eq!(
            (replaced.placed.is_some(), desk.orders.contains_key(&OrderId(desk.last_id))),
            (attempted, placed)
        );
        // Both.
        let replaced = desk.replace(mode, gone, Err(refusal));
        assert_eq!(replaced.placed, attempted.then_some(Err(refusal)));
    }
}

#[test]
fn a_replacement_that_finds_less_than_it_was_promised_is_refused() {
    let mut desk = desk();
    let old = desk.put(buy(1, 100, 5));
    // While the replacement is on its way the old order trades: 200 of its 500 are left.
    let mut new = desk.admitted(buy(1, 90, 5));
    (new.reserved, new.to) = (Amount::ZERO, desk.to());
    desk.put(sell(2, 100, 3));
    desk.believe(&new, None);
    let replace = lightning_core::message::Replace {
        to: new.to,
        account: AccountId(1),
        symbol: SYMBOL,
        mode: ReplaceMode::Atomic,
        old: Ok(old),
        only_if: Some(OnlyIf::PartiallyFilled),
        new: Ok(Box::new(new)),
        from_old: Amount(450),
    };
    let outcome = desk.ask(ToMatcher::Replace(Box::new(replace)));
    let Outcome::Replaced(replaced) = outcome else { panic!("{outcome:?}") };
    assert_eq!(replaced.placed.unwrap().unwrap_err().code, Code::InsufficientBalance);
    assert_eq!(desk.status(old), OrderStatus::PartiallyFilled);
    // A market order takes what there is.
    desk.put(sell(2, 101, 9));
    let replaced = desk.replace(ReplaceMode::Atomic, Ok(old), Ok(market(1, Side::Buy, 1).available(101)));
    assert_eq!(replaced.placed.unwrap().unwrap().status, OrderStatus::Filled);
    assert_eq!(replaced.canceled.unwrap().released, Amount(200));
}

#[test]
fn orders_expire_when_their_time_has_come() {
    let mut desk = desk();
    let late = desk.put(buy(1, 10, 1).gtd(3_000));
    let day = desk
        .put(buy(1, 11, 1).tif(TimeInForce::Day).extras(|extras| extras.expire_at = Some(Timestamp(2_000))));
    let early = desk.put(buy(1, 12, 1).gtd(2_000));
    assert_eq!(desk.matcher.next_deadline(), Some(Timestamp(2_000)));
    desk.now = 1_999;
    desk.run(|matcher, ctx, out| matcher.tick(ctx, out));
    assert!(desk.settled.is_empty());
    desk.now = 2_500;
    let records = desk.log.records.len();
    // Whatever comes, time goes first.
    let placed = desk.place(sell(2, 10, 1)).unwrap();
    assert_eq!(placed.fills[0].price, Price(10));
    assert_eq!(desk.log.records[records..], ["Expire", "Expire", "Place"]);
    assert_eq!(desk.settled[0].order, day);
    assert_eq!(desk.status(day), OrderStatus::Expired(ExpireReason::SessionEnd));
    assert_eq!(desk.status(early), OrderStatus::Expired(ExpireReason::GtdExpired));
    assert_eq!((desk.status(late), desk.matcher.next_deadline()), (OrderStatus::Filled, None));
}

#[test]
fn a_symbol_closes_only_with_its_orders() {
    let mut desk = desk();
    desk.put(sell(2, 50, 1));
    desk.put(buy(1, 50, 1));
    let resting = desk.put(buy(1, 10, 1));
    let pending = desk.put(buy(1, 90, 1).stop(80));
    let closed = SymbolRules { status: SymbolStatus::Closed, ..SymbolRules::default() };
    let records = desk.log.records.len();
    assert_eq!(set_rules(&mut desk, closed, false).unwrap_err().code, Code::SymbolInUse);
    assert_eq!(desk.log.records.len(), records);
    assert_eq!(set_rules(&mut desk, closed, true), Ok(2));
    assert_eq!(desk.log.records[records..], ["SetRules"]);
    for order in [resting, pending] {
        assert_eq!(desk.status(order), OrderStatus::Canceled(CancelReason::SymbolClosed));
    }
    assert_eq!(desk.refused(buy(1, 10, 1)), Code::SymbolNotTrading);
    let refused = set_rules(&mut desk, SymbolRules::default(), false).unwrap_err();
    assert_eq!(refused.code, Code::BadStatusTransition);
}

#[test]
fn the_operator_cancels_a_whole_book() {
    let mut desk = desk();
    let orders: Vec<_> = (1..=3).map(|account| desk.put(buy(account, 10 + account, 1))).collect();
    let canceled = desk.run(|matcher, ctx, out| matcher.cancel_book(SYMBOL, ctx, out));
    assert_eq!(canceled.iter().map(|order| order.id).collect::<Vec<_>>(), orders);
    assert!(orders.iter().all(|&order| desk.status(order) == OrderStatus::Canceled(CancelReason::Admin)));
    let records = desk.log.records.len();
    assert_eq!(desk.run(|matcher, ctx, out| matcher.cancel_book(SYMBOL, ctx, out)), []);
    assert_eq!(desk.log.records.len(), records);
}

#[test]
fn a_removed_symbol_answers_what_was_on_its_way() {
    let mut desk = desk();
    desk.put(sell(2, 50, 100).fees(100_000, 0));
    desk.put(buy(1, 50, 100));
    let open = desk.put(buy(1, 10, 1).gtd(9_000));
    let remove = |desk: &mut Desk<PriceTimeBook>, force| {
        desk.run(|matcher, ctx, out| matcher.remove_symbol(SYMBOL, force, ctx, out))
    };
    assert_eq!(remove(&mut desk, false).unwrap_err().code, Code::SymbolInUse);
    // Nobody could collect its fees afterwards.
    assert_eq!(desk.matcher.accrued_fees(), [(AssetId(1), SignedAmount(500))]);
    assert_eq!(remove(&mut desk, true).unwrap_err().code, Code::SymbolInUse);
    let (to, account, symbol) = (desk.to(), AccountId(9), SYMBOL);
    let outcome = desk.ask(ToMatcher::CollectFees { to, account, symbol });
    assert!(matches!(outcome, Outcome::FeesCollected(fees) if fees == [(AssetId(1), Amount(500))]));
    assert_eq!(remove(&mut desk, true).unwrap().len(), 1);
    assert_eq!(desk.status(open), OrderStatus::Canceled(CancelReason::SymbolClosed));
    assert!(desk.matcher.market(SYMBOL).is_none());
    assert_eq!(desk.matcher.next_deadline(), None);
    assert_eq!(desk.matcher.accrued_fees(), []);

    assert_eq!(desk.refused(buy(1, 10, 1)), Code::UnknownSymbol);
    assert_eq!(desk.cancel(open).unwrap_err(), Code::OrderAlreadyClosed);
    assert_eq!(desk.amend(open, total(2)).unwrap_err(), Code::UnknownSymbol);
    assert_eq!(desk.place_oco(buy(1, 9, 1), buy(1, 99, 1).stop(98)).unwrap_err().code, Code::UnknownSymbol);
    assert_eq!(desk.cancel_many(1, vec![open]), []);
    let tested = desk.admitted(buy(1, 10, 1));
    assert!(matches!(desk.ask(ToMatcher::Test(Box::new(tested))), Outcome::Rejected(_)));
    let (to, account, symbol) = (desk.to(), AccountId(9), SYMBOL);
    let outcome = desk.ask(ToMatcher::CollectFees { to, account, symbol });
    assert!(matches!(outcome, Outcome::FeesCollected(fees) if fees.is_empty()));
    assert_eq!(remove(&mut desk, true).unwrap_err().code, Code::UnknownSymbol);
}
