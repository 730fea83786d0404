//! Section 1 and 3 of docs/SEMANTICS.md: who trades with whom, how much, and what becomes of the rest.

use lightning_core::message::{
    ExpireReason, LateChecks, OrderStatus, Outcome, StpMode, TimeInForce, ToMatcher,
};
use lightning_core::reject::{Code, Detail, Reject};
use lightning_core::rules::{PriceBand, SymbolRules, SymbolStatus};
use lightning_core::types::{Amount, Price, Quantity, Side};

use crate::desk;
use crate::desk::{Desk, SYMBOL, buy, by_quote, market, sell};

fn expired(reason: ExpireReason) -> OrderStatus {
    OrderStatus::Expired(reason)
}

const STP: OrderStatus = OrderStatus::Expired(ExpireReason::Stp);

#[test]
fn a_taker_trades_at_the_makers_prices_and_rests() {
    let mut desk = desk();
    let first = desk.put(sell(1, 101, 3));
    let second = desk.put(sell(1, 100, 2));
    let placed = desk.place(buy(2, 101, 10)).unwrap();
    assert_eq!(desk.met(), [(second.0, 2), (first.0, 3)]);
    assert_eq!((placed.filled, placed.notional), (Quantity(5), Amount(503)));
    assert_eq!((placed.status, placed.reserved), (OrderStatus::PartiallyFilled, Amount(505)));
    assert_eq!(desk.matcher.market(SYMBOL).unwrap().last_price(), Some(Price(101)));
}

#[test]
fn none_trades_with_itself() {
    let mut desk = desk();
    desk.put(sell(1, 100, 2));
    let placed = desk.place(buy(1, 100, 2).stp(StpMode::None)).unwrap();
    assert_eq!((placed.status, placed.filled), (OrderStatus::Filled, Quantity(2)));
}

#[test]
fn expire_taker_ends_the_taker() {
    let mut desk = desk();
    desk.put(sell(2, 99, 1));
    let own = desk.put(sell(1, 100, 2));
    let placed = desk.place(buy(1, 100, 5).stp(StpMode::ExpireTaker)).unwrap();
    assert_eq!((placed.status, placed.filled, placed.prevented), (STP, Quantity(1), Quantity(4)));
    assert_eq!(desk.status(own), OrderStatus::New);
    // An order by quote amount has no quantity that could be prevented.
    let placed = desk.place(by_quote(1, Side::Buy, 500)).unwrap();
    assert_eq!((placed.status, placed.prevented), (STP, Quantity(0)));
}

#[test]
fn expire_maker_ends_the_makers_and_goes_on() {
    let mut desk = desk();
    let own = desk.put(sell(1, 99, 9).display(2));
    let other = desk.put(sell(2, 100, 2));
    let placed = desk.place(buy(1, 100, 5).stp(StpMode::ExpireMaker)).unwrap();
    assert_eq!((placed.status, placed.filled), (OrderStatus::PartiallyFilled, Quantity(2)));
    assert_eq!(desk.met(), [(other.0, 2)]);
    assert_eq!((desk.status(own), desk.orders[&own].prevented), (STP, Quantity(9)));
}

#[test]
fn expire_both_ends_both() {
    let mut desk = desk();
    let own = desk.put(sell(1, 100, 2));
    let placed = desk.place(buy(1, 100, 5).stp(StpMode::ExpireBoth)).unwrap();
    assert_eq!((placed.status, placed.prevented), (STP, Quantity(5)));
    assert_eq!((desk.status(own), desk.orders[&own].prevented), (STP, Quantity(2)));
    assert!(desk.trades.is_empty());
    assert_eq!(desk.matcher.market(SYMBOL).unwrap().last_price(), None);
}

#[test]
fn decrement_takes_from_both() {
    let mut desk = desk();
    let own = desk.put(sell(1, 100, 2));
    let other = desk.put(sell(2, 100, 2));
    // The smaller maker ends, the taker goes on.
    let placed = desk.place(buy(1, 100, 3).stp(StpMode::Decrement)).unwrap();
    assert_eq!((desk.status(own), desk.orders[&own].prevented), (STP, Quantity(2)));
    assert_eq!(desk.met(), [(other.0, 1)]);
    assert_eq!((placed.status, placed.prevented), (OrderStatus::Filled, Quantity(2)));
    // A taker that reaches zero right after a decrement ends like the order it met.
    let own = desk.put(sell(1, 99, 8));
    let placed = desk.place(buy(1, 100, 3).stp(StpMode::Decrement)).unwrap();
    assert_eq!((placed.status, placed.prevented), (STP, Quantity(3)));
    // Nothing of the maker was filled: still NEW, with less of it.
    assert_eq!((desk.status(own), desk.orders[&own].prevented), (OrderStatus::New, Quantity(3)));
    assert_eq!(desk.queue(Side::Sell)[0], (own.0, 5, 0));
}

#[test]
fn decrement_by_quote_takes_of_the_amount() {
    let mut desk = desk();
    let own = desk.put(sell(1, 100, 2));
    let placed = desk.place(by_quote(1, Side::Buy, 350).stp(StpMode::Decrement)).unwrap();
    // Two lots are prevented for 200; 150 would pay for one more, which nobody has.
    assert_eq!(placed.prevented, Quantity(2));
    assert_eq!(placed.status, expired(ExpireReason::InsufficientLiquidity));
    assert_eq!(desk.status(own), STP);
    desk.put(sell(1, 100, 9));
    let placed = desk.place(by_quote(1, Side::Buy, 350).stp(StpMode::Decrement)).unwrap();
    assert_eq!((placed.status, placed.prevented), (STP, Quantity(3)));
}

#[test]
fn a_group_does_not_trade_with_itself() {
    let mut desk = desk();
    desk.put(sell(1, 100, 2).group(9));
    let placed = desk.place(buy(2, 100, 1).group(8)).unwrap();
    assert_eq!(placed.status, OrderStatus::Filled);
    let placed = desk.place(buy(2, 100, 1).group(9)).unwrap();
    assert_eq!(placed.status, STP);
    let placed = desk.place(buy(2, 100, 1)).unwrap();
    assert_eq!(placed.status, OrderStatus::Filled);
}

#[test]
fn an_iceberg_lines_up_again_with_every_slice() {
    let mut desk = desk();
    let iceberg = desk.put(sell(1, 100, 7).display(3)).0;
    let plain = desk.put(sell(2, 100, 4)).0;
    assert_eq!(desk.queue(Side::Sell), [(iceberg, 3, 4), (plain, 4, 0)]);
    let level = desk.matcher.market(SYMBOL).unwrap();
    use lightning_core::book::OrderBook;
    assert_eq!(level.book().levels(Side::Sell, 1)[0].quantity, 7);
    desk.put(buy(3, 100, 2));
    assert_eq!(desk.queue(Side::Sell), [(iceberg, 1, 4), (plain, 4, 0)]);
    desk.put(buy(3, 100, 2));
    assert_eq!(desk.met(), [(iceberg, 1), (plain, 1)]);
    assert_eq!(desk.queue(Side::Sell), [(plain, 3, 0), (iceberg, 3, 1)]);
    // The same taker meets it again.
    desk.put(buy(3, 100, 7));
    assert_eq!(desk.met(), [(plain, 3), (iceberg, 3), (iceberg, 1)]);
    assert!(desk.queue(Side::Sell).is_empty());
}

#[test]
fn a_taking_iceberg_trades_with_all_it_has() {
    let mut desk = desk();
    desk.put(sell(1, 100, 5));
    let placed = desk.place(buy(2, 100, 9).display(2)).unwrap();
    assert_eq!(placed.filled, Quantity(5));
    assert_eq!(desk.queue(Side::Buy), [(placed.id.0, 2, 2)]);
}

#[test]
fn fill_or_kill_counts_what_is_hidden() {
    let mut desk = desk();
    desk.put(sell(1, 100, 7).display(2));
    let placed = desk.place(buy(2, 100, 8).tif(TimeInForce::Fok)).unwrap();
    assert_eq!((placed.status, placed.filled), (expired(ExpireReason::FokUnfillable), Quantity(0)));
    let placed = desk.place(buy(2, 100, 7).tif(TimeInForce::Fok)).unwrap();
    assert_eq!((placed.status, placed.fills.len()), (OrderStatus::Filled, 4));
}

#[test]
fn fill_or_kill_is_ended_or_passed_over_by_its_own() {
    for (mode, own, filled) in [
        (StpMode::ExpireTaker, OrderStatus::New, false),
        (StpMode::ExpireBoth, OrderStatus::New, false),
        (StpMode::Decrement, OrderStatus::New, false),
        (StpMode::ExpireMaker, STP, true),
    ] {
        let mut desk = desk();
        let mine = desk.put(sell(2, 100, 3));
        desk.put(sell(1, 100, 5));
        let placed = desk.place(buy(2, 100, 5).tif(TimeInForce::Fok).stp(mode)).unwrap();
        assert_eq!(placed.status == OrderStatus::Filled, filled, "{mode:?}");
        assert_eq!(desk.status(mine), own, "{mode:?}");
    }
    // Too little without its own: nothing happens, not even to that.
    let mut desk = desk();
    let mine = desk.put(sell(2, 100, 3));
    desk.put(sell(1, 100, 5));
    let wish = buy(2, 100, 6).tif(TimeInForce::Fok).stp(StpMode::ExpireMaker);
    assert_eq!(desk.place(wish).unwrap().status, expired(ExpireReason::FokUnfillable));
    assert_eq!(desk.status(mine), OrderStatus::New);
}

#[test]
fn immediate_or_cancel_leaves_nothing() {
    let mut desk = desk();
    desk.put(sell(1, 100, 2));
    let placed = desk.place(buy(2, 100, 3).tif(TimeInForce::Ioc)).unwrap();
    assert_eq!((placed.status, placed.filled), (expired(ExpireReason::IocRemainder), Quantity(2)));
    let placed = desk.place(market(2, Side::Buy, 3)).unwrap();
    assert_eq!(placed.status, expired(ExpireReason::InsufficientLiquidity));
}

#[test]
fn protection_stops_far_from_the_first_price() {
    let rules = SymbolRules { market_protection_bps: Some(100), ..SymbolRules::default() };
    let mut desk = Desk::<lightning_core::book::PriceTimeBook>::with(Default::default(), rules);
    for price in [199, 200, 201, 202] {
        desk.put(sell(1, price, 1));
    }
    // floor(199 x 1.01) = 200.
    let placed = desk.place(market(2, Side::Buy, 9)).unwrap();
    assert_eq!((placed.status, placed.filled), (expired(ExpireReason::PriceProtection), Quantity(2)));
    // The narrower of its own and the symbol's.
    let wish = market(2, Side::Buy, 9).extras(|extras| extras.protection_bps = Some(10));
    assert_eq!(desk.place(wish).unwrap().filled, Quantity(1));
    for price in [100, 99, 98] {
        desk.put(buy(1, price, 1));
    }
    let placed = desk.place(by_quote(2, Side::Sell, 1_000)).unwrap();
    assert_eq!((placed.status, placed.filled), (expired(ExpireReason::PriceProtection), Quantity(2)));
}

#[test]
fn a_budget_pays_for_whole_lots() {
    let mut desk = desk();
    desk.put(sell(1, 100, 2));
    desk.put(sell(1, 110, 9));
    let placed = desk.place(market(2, Side::Buy, 9).max_quote(450)).unwrap();
    assert_eq!((placed.status, placed.notional), (expired(ExpireReason::BudgetExhausted), Amount(420)));
    // The walk costs 330, and the account has less than that, though its budget is more.
    let refused = desk.place(market(2, Side::Buy, 3).max_quote(450).available(329)).unwrap_err();
    let detail = Detail::Funds { asset: desk::QUOTE, required: Amount(330), available: Amount(329) };
    assert_eq!(refused, Reject { code: Code::InsufficientBalance, detail });
    assert_eq!(desk.put(market(2, Side::Buy, 3).max_quote(450).available(330)).0, desk.last_id);
}

#[test]
fn what_a_walk_costs_must_be_there() {
    let mut desk = desk();
    desk.put(sell(1, 100, 2));
    desk.put(sell(1, 110, 2));
    assert_eq!(desk.refused(market(2, Side::Buy, 4).available(419)), Code::InsufficientBalance);
    assert_eq!(desk.place(market(2, Side::Buy, 4).available(420)).unwrap().status, OrderStatus::Filled);
    desk.put(buy(1, 100, 3));
    // 250 quote are two lots, 20 base atoms.
    assert_eq!(desk.refused(by_quote(2, Side::Sell, 250).available(19)), Code::InsufficientBalance);
    let placed = desk.place(by_quote(2, Side::Sell, 250).available(20)).unwrap();
    assert_eq!((placed.status, placed.notional), (OrderStatus::Filled, Amount(200)));
    // What does not pay for one lot is refused, unless there is nobody to ask for a price.
    assert_eq!(desk.refused(by_quote(2, Side::Sell, 99)), Code::NotionalRange);
    let placed = desk.place(by_quote(2, Side::Buy, 1)).unwrap();
    assert_eq!(placed.status, expired(ExpireReason::InsufficientLiquidity));
}

#[test]
fn an_order_by_quote_stops_at_the_largest_quantity() {
    let mut desk = desk();
    for _ in 0..3 {
        desk.put(sell(1, 1, 500));
    }
    let placed = desk.place(by_quote(2, Side::Buy, 5_000)).unwrap();
    assert_eq!((placed.status, placed.filled), (OrderStatus::Filled, Quantity(1_000)));
}

#[test]
fn post_only_never_takes() {
    let mut desk = desk();
    desk.put(sell(1, 100, 1));
    assert_eq!(desk.refused(buy(1, 100, 1).post_only()), Code::PostOnlyWouldCross);
    assert_eq!(desk.place(buy(2, 99, 1).post_only()).unwrap().status, OrderStatus::New);
}

#[test]
fn a_test_order_says_what_would_happen_and_leaves_no_trace() {
    let mut desk = desk();
    desk.put(sell(1, 100, 4).display(1));
    let records = desk.log.records.len();
    for wish in [
        || buy(2, 101, 9),
        || buy(2, 101, 3),
        || buy(2, 101, 9).tif(TimeInForce::Fok),
        || market(2, Side::Buy, 9),
        || by_quote(2, Side::Buy, 250),
        || buy(1, 101, 9).stp(StpMode::Decrement),
    ] {
        let tested = desk.admitted(wish());
        let outcome = desk.ask(ToMatcher::Test(Box::new(tested)));
        assert_eq!(desk.log.records.len(), records);
        let Outcome::Tested(estimate) = outcome else { panic!("{outcome:?}") };
        let mut twin = self::desk();
        twin.put(sell(1, 100, 4).display(1));
        let placed = twin.place(wish()).unwrap();
        assert_eq!(
            (estimate.status, estimate.filled, estimate.notional, estimate.reserved),
            (placed.status, placed.filled, placed.notional, placed.reserved)
        );
    }
    let tested = desk.admitted(buy(2, 100, 1).post_only());
    let outcome = desk.ask(ToMatcher::Test(Box::new(tested)));
    assert!(matches!(outcome, Outcome::Rejected(Reject { code: Code::PostOnlyWouldCross, .. })));
}

#[test]
fn a_symbols_status_is_judged_again() {
    for (status, limit, post_only, at_market) in [
        (SymbolStatus::Trading, None, None, None),
        (SymbolStatus::PostOnly, Some(Code::SymbolModeRestricted), None, Some(Code::SymbolModeRestricted)),
        (SymbolStatus::LimitOnly, None, None, Some(Code::SymbolModeRestricted)),
        (
            SymbolStatus::CancelOnly,
            Some(Code::SymbolCancelOnly),
            Some(Code::SymbolCancelOnly),
            Some(Code::SymbolCancelOnly),
        ),
        (
            SymbolStatus::Halt,
            Some(Code::SymbolNotTrading),
            Some(Code::SymbolNotTrading),
            Some(Code::SymbolNotTrading),
        ),
    ] {
        let rules = SymbolRules { status, ..SymbolRules::default() };
        let mut desk = Desk::<lightning_core::book::PriceTimeBook>::with(Default::default(), rules);
        assert_eq!(desk.place(buy(1, 9, 1)).err().map(|reject| reject.code), limit);
        assert_eq!(desk.place(buy(1, 9, 1).post_only()).err().map(|reject| reject.code), post_only);
        assert_eq!(desk.place(market(1, Side::Buy, 1)).err().map(|reject| reject.code), at_market);
    }
}

#[test]
fn bands_follow_the_reference_price() {
    let band = PriceBand { bid_up_bps: 1_000, bid_down_bps: 5_000, ask_up_bps: 20_000, ask_down_bps: 0 };
    let rules = SymbolRules { band: Some(band), price_cap: Some(Price(250)), ..SymbolRules::default() };
    let mut desk = Desk::<lightning_core::book::PriceTimeBook>::with(Default::default(), rules);
    // No trade, no band; the cap is there all the same.
    assert_eq!(desk.refused(sell(1, 251, 1)), Code::PriceBand);
    desk.put(sell(1, 95, 1));
    desk.put(buy(2, 200, 1));
    // The last price is 95: a buy from 47 to 105, a sell from 95 to 285, cut to 250.
    let refused = desk.place(buy(2, 106, 1)).unwrap_err();
    assert_eq!(refused.detail, Detail::Band { symbol: SYMBOL, min: Price(47), max: Price(105) });
    desk.put(buy(2, 47, 1));
    assert_eq!(desk.refused(buy(2, 46, 1)), Code::PriceBand);
    assert_eq!(desk.refused(sell(2, 94, 1)), Code::PriceBand);
    desk.put(sell(2, 250, 1));
    let rules = SymbolRules { reference_price: Some(Price(10)), ..rules };
    desk.run(|matcher, ctx, out| {
        matcher.set_rules(desk::spec_in(Default::default()), rules, false, ctx, out)
    })
    .unwrap();
    assert_eq!(desk.refused(buy(2, 12, 1)), Code::PriceBand);
}

#[test]
fn a_reference_price_may_average_the_last_minutes() {
    let band = PriceBand { bid_up_bps: 0, bid_down_bps: 10_000, ask_up_bps: 90_000, ask_down_bps: 10_000 };
    let rules = SymbolRules { band: Some(band), reference_minutes: 2, ..SymbolRules::default() };
    let mut desk = Desk::<lightning_core::book::PriceTimeBook>::with(Default::default(), rules);
    desk.put(sell(1, 100, 1));
    desk.put(buy(2, 100, 1));
    desk.put(sell(1, 130, 2));
    desk.put(market(2, Side::Buy, 2));
    // (100 + 2 x 130) / 3, rounded down.
    assert_eq!(desk.refused(buy(2, 121, 1)), Code::PriceBand);
    desk.put(buy(2, 120, 1));
    // After two minutes there is only the last price.
    desk.now += 120_000_000_000;
    desk.put(buy(2, 130, 1));
}

#[test]
fn late_refusals_have_their_turn() {
    let mut desk = desk();
    desk.put(sell(1, 100, 1));
    let records = desk.log.records.len();
    let late = |code| Some(Box::new(LateChecks { refusal: Some(Reject::new(code)), position_room: None }));
    let mut ask = |wish, code| {
        let mut admitted = desk.admitted(wish);
        (admitted.late, admitted.reserved) = (late(code), Amount::ZERO);
        match desk.ask(ToMatcher::Admit(admitted)) {
            Outcome::Rejected(reject) => reject.code,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(ask(buy(1, 100, 1).post_only(), Code::TooManyOpenOrders), Code::TooManyOpenOrders);
    assert_eq!(ask(buy(1, 100, 1).post_only(), Code::InsufficientBalance), Code::PostOnlyWouldCross);
    assert_eq!(ask(buy(1, 100, 1), Code::InsufficientBalance), Code::InsufficientBalance);
    assert_eq!(desk.log.records.len(), records, "and nothing is written down");
    assert!(desk.settled.is_empty());
}

#[test]
fn an_order_by_quote_must_find_room_under_the_position_bound() {
    let mut desk = desk();
    desk.put(sell(1, 100, 9));
    let mut ask = |room| {
        let mut admitted = desk.admitted(by_quote(2, Side::Buy, 350));
        admitted.late = Some(Box::new(LateChecks { refusal: None, position_room: Some(Quantity(room)) }));
        desk.believe(&admitted, None);
        desk.ask(ToMatcher::Admit(admitted))
    };
    assert!(matches!(ask(2), Outcome::Rejected(Reject { code: Code::MaxPosition, .. })));
    assert!(matches!(ask(3), Outcome::Placed(_)));
}
