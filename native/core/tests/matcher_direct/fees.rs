//! Section 2 of docs/SEMANTICS.md: what a fill costs, in which asset, rounded for whom.

use lightning_core::book::PriceTimeBook;
use lightning_core::fees::FeeMode;
use lightning_core::message::{OrderStatus, Outcome, StpMode, TimeInForce, ToMatcher};
use lightning_core::rules::SymbolRules;
use lightning_core::types::{AccountId, Amount, Quantity, Side, SignedAmount};

use crate::desk::{BASE, Desk, QUOTE, SYMBOL, buy, by_quote, market, sell};

fn quote_mode() -> Desk<PriceTimeBook> {
    Desk::with(FeeMode::Quote, SymbolRules::default())
}

#[test]
fn each_side_pays_out_of_what_it_receives() {
    let mut desk = crate::desk();
    let maker = desk.put(sell(1, 100, 5).fees(1_000, 2_000));
    let placed = desk.place(buy(2, 100, 5).fees(1_000, 30_000)).unwrap();
    // 50 base atoms x 3 %, and 500 quote atoms x 0.1 %, both up.
    assert_eq!((placed.fee, placed.fills[0].fee), (SignedAmount(2), SignedAmount(2)));
    assert_eq!(desk.orders[&maker].fee, SignedAmount(1));
    assert_eq!(desk.matcher.accrued_fees(), [(BASE, SignedAmount(2)), (QUOTE, SignedAmount(1))]);
}

#[test]
fn a_rebate_is_cut_to_the_takers_rate_unless_the_symbol_gives_more() {
    for (allow_net_rebate, rebate) in [(false, -100), (true, -200)] {
        let rules = SymbolRules { allow_net_rebate, ..SymbolRules::default() };
        let mut desk = Desk::<PriceTimeBook>::with(FeeMode::Received, rules);
        let maker = desk.put(sell(1, 1_000, 100).fees(-2_000, 0));
        desk.put(buy(2, 1_000, 100).fees(0, 1_000));
        assert_eq!(desk.orders[&maker].fee, SignedAmount(rebate));
        assert_eq!(desk.matcher.accrued_fees()[1], (QUOTE, SignedAmount(rebate)));
    }
}

#[test]
fn a_buyer_in_quote_pays_on_top() {
    let mut desk = quote_mode();
    desk.put(sell(1, 100, 5).fees(0, 0));
    // Reserved: 1,100 and 1 % of it; 500 and 5 are spent, 5 lots at 110 stay open.
    let placed = desk.place(buy(2, 110, 10).fees(2_000, 10_000)).unwrap();
    assert_eq!((placed.notional, placed.fee), (Amount(500), SignedAmount(5)));
    assert_eq!(placed.reserved, Amount(556));
    // As a maker it pays less than its cushion holds: the rest is released with the fill.
    desk.put(sell(1, 110, 5));
    assert_eq!(desk.settled[0].fee, SignedAmount(2));
    assert_eq!((desk.settled[0].notional, desk.settled[0].released), (Amount(550), Amount(4)));
    assert_eq!(desk.matcher.accrued_fees(), [(QUOTE, SignedAmount(7))]);
}

#[test]
fn many_small_fills_never_take_more_than_the_cushion() {
    let mut desk = quote_mode();
    // 10 lots at 7: a cushion of ceil(0.7) = 1 atom for ten fills of which each would pay one.
    let maker = desk.put(buy(1, 7, 10).fees(10_000, 10_000));
    for _ in 0..10 {
        desk.put(sell(2, 7, 1));
    }
    assert_eq!((desk.status(maker), desk.orders[&maker].fee), (OrderStatus::Filled, SignedAmount(1)));
    // The same as a taker that rests.
    for _ in 0..9 {
        desk.put(sell(2, 7, 1));
    }
    let placed = desk.place(buy(1, 7, 10).fees(10_000, 10_000)).unwrap();
    assert_eq!((placed.filled, placed.fee, placed.reserved), (Quantity(9), SignedAmount(0), Amount(8)));
    desk.put(sell(2, 7, 1));
    assert_eq!(desk.orders[&placed.id].fee, SignedAmount(1));
    // And as one that does not: what may still be filled must stay paid for.
    for _ in 0..10 {
        desk.put(sell(2, 7, 1));
    }
    let placed = desk.place(buy(1, 7, 10).fees(10_000, 10_000).tif(TimeInForce::Ioc)).unwrap();
    let fees: Vec<_> = placed.fills.iter().map(|fill| fill.fee.0).collect();
    assert_eq!(fees, [0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
}

#[test]
fn price_improvement_pays_the_fee_in_full() {
    let mut desk = quote_mode();
    for _ in 0..10 {
        desk.put(sell(2, 6, 1));
    }
    let placed = desk.place(buy(1, 7, 10).fees(10_000, 10_000)).unwrap();
    assert_eq!((placed.notional, placed.fee), (Amount(60), SignedAmount(10)));
}

#[test]
fn budgets_and_amounts_include_the_fee_on_top() {
    let mut desk = quote_mode();
    desk.put(sell(1, 100, 100));
    let placed = desk.place(market(2, Side::Buy, 50).max_quote(1_099).fees(0, 100_000)).unwrap();
    assert_eq!((placed.filled, placed.fee), (Quantity(9), SignedAmount(90)));
    let placed = desk.place(by_quote(2, Side::Buy, 1_100).fees(0, 100_000)).unwrap();
    assert_eq!((placed.filled, placed.fee), (Quantity(10), SignedAmount(100)));
    // A lot costs 110; a seller's amount is gross.
    let code = desk.refused(by_quote(2, Side::Buy, 109).fees(0, 100_000));
    assert_eq!(code.number(), 2030);
    let code = desk.refused(market(2, Side::Buy, 10).fees(0, 100_000).available(1_099));
    assert_eq!(code.number(), 3010);
    desk.put(buy(1, 50, 10));
    let placed = desk.place(by_quote(2, Side::Sell, 100).fees(0, 100_000)).unwrap();
    assert_eq!((placed.filled, placed.fee), (Quantity(2), SignedAmount(10)));
}

#[test]
fn a_decrement_costs_no_fee() {
    let mut desk = quote_mode();
    desk.put(sell(1, 100, 1));
    // 250 would pay for 2 lots with a fee of 20 %; the own lot takes 100, and 150 pay for one more.
    let wish = by_quote(1, Side::Buy, 250).fees(0, 200_000).stp(StpMode::Decrement);
    desk.put(sell(2, 100, 5));
    let placed = desk.place(wish).unwrap();
    assert_eq!((placed.filled, placed.prevented, placed.fee), (Quantity(1), Quantity(1), SignedAmount(20)));
}

#[test]
fn a_rebate_in_quote_reaches_a_buying_maker_and_frees_its_cushion() {
    let mut desk = quote_mode();
    let maker = desk.put(buy(1, 100, 10).fees(-1_000, 2_000));
    assert_eq!(desk.orders[&maker].reserved, Amount(1_002));
    desk.put(sell(2, 100, 10).fees(0, 3_000));
    assert_eq!((desk.orders[&maker].fee, desk.settled[0].released), (SignedAmount(-1), Amount(2)));
    assert_eq!(desk.matcher.accrued_fees(), [(QUOTE, SignedAmount(2))]);
}

#[test]
fn fees_are_collected_once_and_rebates_are_not() {
    let mut desk = crate::desk();
    let collect = |desk: &mut Desk<PriceTimeBook>| {
        let (to, account) = (desk.to(), AccountId(9));
        match desk.ask(ToMatcher::CollectFees { to, account, symbol: SYMBOL }) {
            Outcome::FeesCollected(fees) => fees,
            other => panic!("{other:?}"),
        }
    };
    let records = desk.log.records.len();
    assert_eq!(collect(&mut desk), []);
    assert_eq!(desk.log.records.len(), records, "there was nothing to write down");
    desk.put(sell(1, 1_000, 100).fees(-1_000, 0));
    desk.put(buy(2, 1_000, 100).fees(0, 100_000));
    assert_eq!(collect(&mut desk), [(BASE, Amount(100))]);
    assert_eq!(desk.matcher.accrued_fees(), [(QUOTE, SignedAmount(-100))]);
    assert_eq!(collect(&mut desk), []);
}
