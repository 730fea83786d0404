//! One short test for each sentence of `docs/SEMANTICS.md` that can go wrong. Figures are computed by hand.

use super::*;

const BASE: u32 = 1;
const QUOTE: u32 = 2;
const SYMBOL: u32 = 7;
const SECOND: Time = 1_000_000_000;
const MILLISECOND: Time = 1_000_000;

/// One lot is 10 base atoms, one lot at one tick costs one quote atom. Accounts 1 to 6 have 1,000 lots and
/// 1,000,000 quote each.
fn exchange() -> Oracle {
    exchange_with(|_| ())
}

fn exchange_with(change: impl FnOnce(&mut Rules)) -> Oracle {
    let mut rules = Rules::plain(BASE, QUOTE, 10, 1);
    change(&mut rules);
    let mut o = Oracle::new(Limits { open_orders_max: 20, closed_orders_max: 100 });
    o.add_symbol(SYMBOL, rules);
    for account in 1..=6 {
        o.deposit(account, BASE, 10_000).unwrap();
        o.deposit(account, QUOTE, 1_000_000).unwrap();
    }
    o
}

fn named_in(canceled: &[Canceled]) -> Vec<u64> {
    canceled.iter().map(|canceled| canceled.order).collect()
}

/// Orders by their ids, without a symbol.
impl Oracle {
    fn cancel_id(&mut self, account: u64, id: u64, only_if: Option<OnlyIf>) -> Result<Canceled, Refusal> {
        self.cancel(account, &Which::Id(id), None, only_if)
    }

    fn cancel_by_client_id(
        &mut self,
        account: u64,
        name: &str,
        only_if: Option<OnlyIf>,
    ) -> Result<Canceled, Refusal> {
        self.cancel(account, &Which::Client(name.into()), None, only_if)
    }

    fn amend_id(
        &mut self,
        account: u64,
        symbol: u32,
        id: u64,
        quantity: Option<NewQuantity>,
        price: Option<u64>,
    ) -> Result<Placed, Refusal> {
        self.amend(account, symbol, &Which::Id(id), quantity, price).map(|amended| amended.placed)
    }
}

fn change_rules(o: &mut Oracle, change: impl FnOnce(&mut Rules)) {
    let mut rules = o.rules(SYMBOL).clone();
    change(&mut rules);
    o.set_rules(SYMBOL, rules).unwrap();
}

fn buy(account: u64, price: u64, quantity: u64) -> NewOrder {
    NewOrder::limit(account, SYMBOL, Side::Buy, price, quantity)
}

fn sell(account: u64, price: u64, quantity: u64) -> NewOrder {
    NewOrder::limit(account, SYMBOL, Side::Sell, price, quantity)
}

fn market(account: u64, side: Side, kind: Kind) -> NewOrder {
    NewOrder::market(account, SYMBOL, side, kind)
}

fn stop(new: NewOrder, price: u64) -> NewOrder {
    NewOrder { trigger: Some(Trigger::Stop(price)), ..new }
}

fn trailing(new: NewOrder, trail: Trail, activation: Option<u64>) -> NewOrder {
    NewOrder { trigger: Some(Trigger::Trailing { trail, activation }), ..new }
}

fn named(new: NewOrder, name: &str) -> NewOrder {
    let client_id = Some(name.into());
    NewOrder { client_id, ..new }
}

fn put(o: &mut Oracle, id: u64, new: NewOrder) -> Placed {
    o.place(id, new, None).unwrap()
}

/// Places orders as 1, 2, 3 ...
fn put_all(o: &mut Oracle, orders: impl IntoIterator<Item = NewOrder>) {
    for (id, new) in (1..).zip(orders) {
        put(o, id, new);
    }
}

fn refused(o: &mut Oracle, new: NewOrder) -> u32 {
    o.place(999, new, None).unwrap_err().number()
}

/// One lot trades at that price, between accounts 5 and 6.
fn trade_at(o: &mut Oracle, id: u64, price: u64) -> Placed {
    put(o, id, sell(5, price, 1));
    put(o, id + 1, buy(6, price, 1))
}

fn status(o: &Oracle, id: u64) -> (Status, Option<Reason>) {
    let order = o.order(id).unwrap();
    (order.status, order.reason)
}

fn fills(placed: &Placed) -> Vec<(u64, u64, u64)> {
    placed.trades.iter().map(|trade| (trade.maker, trade.price, trade.quantity)).collect()
}

fn all_fills(o: &Oracle) -> Vec<(u64, u64, u64)> {
    o.trades().iter().map(|trade| (trade.maker, trade.price, trade.quantity)).collect()
}

fn closed_as(reason: Reason) -> (Status, Option<Reason>) {
    let status = match reason {
        Reason::User
        | Reason::Mass
        | Reason::Deadman
        | Reason::OcoSibling
        | Reason::Replaced
        | Reason::Admin
        | Reason::SymbolClosed => Status::Canceled,
        _ => Status::Expired,
    };
    (status, Some(reason))
}

const FILLED: (Status, Option<Reason>) = (Status::Filled, None);
const NEW: (Status, Option<Reason>) = (Status::New, None);
const PENDING: (Status, Option<Reason>) = (Status::PendingTrigger, None);

// Orders and matching.

#[test]
fn a_limit_order_trades_at_the_makers_prices_and_rests() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 101, 2), sell(2, 100, 3), sell(3, 100, 1)]);
    let placed = put(&mut o, 4, buy(4, 101, 8));
    assert_eq!(fills(&placed), [(2, 100, 3), (3, 100, 1), (1, 101, 2)]);
    assert_eq!((placed.status, placed.filled, placed.notional), (Status::PartiallyFilled, 6, 602));
    assert_eq!(placed.reserved, 202);
    assert_eq!(o.available(4, QUOTE), 1_000_000 - 602 - 202);
    assert_eq!(o.levels(SYMBOL, Side::Buy), [(101, 2, 1)]);
    assert_eq!(o.last_price(SYMBOL), Some(101));
}

#[test]
fn an_ioc_limit_order_expires_instead_of_resting() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 100, 2));
    let placed = put(&mut o, 2, NewOrder { tif: Tif::Ioc, ..buy(2, 100, 5) });
    assert_eq!((placed.filled, placed.reserved), (2, 0));
    assert_eq!(status(&o, 2), closed_as(Reason::IocRemainder));
    assert_eq!(o.order(2).unwrap().canceled, 3);
    put(&mut o, 3, sell(1, 102, 2));
    put(&mut o, 4, NewOrder { tif: Tif::Ioc, ..buy(2, 101, 5) });
    assert_eq!(status(&o, 4), closed_as(Reason::IocRemainder));
}

#[test]
fn an_ioc_limit_order_needs_its_whole_reservation() {
    let mut o = exchange();
    assert_eq!(refused(&mut o, NewOrder { tif: Tif::Ioc, ..buy(2, 1_000, 1_001) }), 3010);
}

#[test]
fn a_market_order_on_an_empty_side_expires() {
    let mut o = exchange();
    put(&mut o, 1, market(1, Side::Buy, Kind::Quantity(5)));
    assert_eq!(status(&o, 1), closed_as(Reason::InsufficientLiquidity));
    put(&mut o, 2, market(1, Side::Buy, Kind::Quote(5)));
    assert_eq!(status(&o, 2), closed_as(Reason::InsufficientLiquidity));
    assert_eq!(o.book_seq(SYMBOL), 0);
}

#[test]
fn a_market_buy_that_costs_too_much_is_refused() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 100, 2), sell(1, 600_000, 2)]);
    let refusal = o.place(3, market(2, Side::Buy, Kind::Quantity(4)), None).unwrap_err();
    let required = 200 + 1_200_000;
    assert_eq!(refusal, Refusal::Insufficient { asset: QUOTE, required, available: 1_000_000 });
    let refusal = o.place(3, market(2, Side::Buy, Kind::Quantity(2)), Some(199)).unwrap_err();
    assert_eq!(refusal, Refusal::Insufficient { asset: QUOTE, required: 200, available: 199 });
    assert!(o.place(3, market(2, Side::Buy, Kind::Quantity(2)), Some(200)).is_ok());
}

#[test]
fn a_market_buy_stops_where_its_max_quote_ends() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 100, 2), sell(1, 110, 5)]);
    let new = NewOrder { max_quote: Some(450), ..market(2, Side::Buy, Kind::Quantity(6)) };
    let placed = put(&mut o, 3, new);
    assert_eq!((placed.filled, placed.notional), (4, 420));
    assert_eq!(status(&o, 3), closed_as(Reason::BudgetExhausted));
}

#[test]
fn max_quote_does_not_help_who_can_not_pay() {
    let mut o = exchange();
    o.hold(2, QUOTE, 999_900).unwrap();
    put(&mut o, 1, sell(1, 100, 5));
    let new = NewOrder { max_quote: Some(300), ..market(2, Side::Buy, Kind::Quantity(5)) };
    let refusal = o.place(2, new.clone(), None).unwrap_err();
    assert_eq!(refusal, Refusal::Insufficient { asset: QUOTE, required: 300, available: 100 });
    put(&mut o, 2, NewOrder { kind: Kind::Quantity(1), ..new });
    assert_eq!(status(&o, 2), FILLED);
}

#[test]
fn a_market_order_by_quote_takes_whole_lots_and_is_filled() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 100, 2), sell(1, 110, 5)]);
    let placed = put(&mut o, 3, market(2, Side::Buy, Kind::Quote(529)));
    assert_eq!((placed.status, placed.filled, placed.notional), (Status::Filled, 4, 420));
    let placed = put(&mut o, 4, market(2, Side::Buy, Kind::Quote(10_000)));
    assert_eq!((placed.filled, placed.notional), (3, 330));
    assert_eq!(status(&o, 4), closed_as(Reason::InsufficientLiquidity));
}

#[test]
fn a_sell_by_quote_counts_gross_proceeds() {
    let mut o = exchange_with(|rules| rules.fees = Fees { taker: 100_000, maker: 0 });
    put(&mut o, 1, buy(1, 100, 50));
    let placed = put(&mut o, 2, market(2, Side::Sell, Kind::Quote(1_050)));
    assert_eq!((placed.status, placed.filled, placed.fee), (Status::Filled, 10, 100));
    o.hold(2, BASE, 9_800).unwrap();
    let refusal = o.place(3, market(2, Side::Sell, Kind::Quote(1_100)), None).unwrap_err();
    assert_eq!(refusal, Refusal::Insufficient { asset: BASE, required: 110, available: 100 });
}

#[test]
fn an_order_by_quote_must_buy_a_lot() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 100, 2));
    assert_eq!(refused(&mut o, market(2, Side::Buy, Kind::Quote(99))), 2030);
    change_rules(&mut o, |rules| rules.fees.taker = 0);
    put(&mut o, 2, market(2, Side::Buy, Kind::Quote(100)));
    assert_eq!(status(&o, 2), FILLED);
}

#[test]
fn an_order_by_quote_must_buy_a_lot_and_pay_its_fee_on_top() {
    let mut o = exchange_with(|rules| {
        rules.fee_mode = FeeMode::Quote;
        rules.fees = Fees { taker: 10_000, maker: 0 };
    });
    put_all(&mut o, [sell(1, 100, 2), buy(1, 90, 1)]);
    assert_eq!(refused(&mut o, market(2, Side::Buy, Kind::Quote(100))), 2030);
    assert_eq!(put(&mut o, 3, market(2, Side::Buy, Kind::Quote(101))).filled, 1);
    // A seller's fee is not on top.
    assert_eq!(put(&mut o, 4, market(2, Side::Sell, Kind::Quote(90))).filled, 1);
}

#[test]
fn an_order_by_quote_is_sated_by_the_largest_quantity() {
    let mut o = exchange_with(|rules| rules.quantity_max = 3);
    put_all(&mut o, [sell(1, 100, 2), sell(1, 100, 2)]);
    let placed = put(&mut o, 3, market(2, Side::Buy, Kind::Quote(1_000)));
    assert_eq!((placed.status, placed.filled), (Status::Filled, 3));
}

#[test]
fn lack_of_money_comes_last() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 2_000_000, 2));
    assert_eq!(refused(&mut o, market(2, Side::Buy, Kind::Quote(1_000_001))), 2030);
    assert_eq!(refused(&mut o, market(2, Side::Buy, Kind::Quote(2_000_001))), 3010);
    let new = NewOrder { post_only: true, ..buy(2, 2_000_000, 1) };
    assert_eq!(refused(&mut o, new), 4010);
}

#[test]
fn protection_counts_from_the_best_price_at_entry() {
    let mut o = exchange_with(|rules| rules.market_protection_bps = Some(200));
    put_all(&mut o, [sell(1, 105, 1), sell(1, 107, 1), sell(1, 108, 1)]);
    // floor(105 x 1.02) = 107
    let placed = put(&mut o, 4, market(2, Side::Buy, Kind::Quantity(3)));
    assert_eq!(placed.filled, 2);
    assert_eq!(status(&o, 4), closed_as(Reason::PriceProtection));
    put_all_from(&mut o, 5, [buy(1, 97, 1), buy(1, 96, 1), buy(1, 95, 1)]);
    // ceil(97 x 0.99) = 97, narrower than ceil(97 x 0.98) = 96
    let new = NewOrder { protection_bps: Some(100), ..market(2, Side::Sell, Kind::Quantity(3)) };
    assert_eq!(put(&mut o, 8, new).filled, 1);
    let new = NewOrder { protection_bps: Some(9_999), ..market(2, Side::Sell, Kind::Quantity(3)) };
    // ceil(96 x 0.98) = 95
    assert_eq!(put(&mut o, 9, new).filled, 2);
}

fn put_all_from(o: &mut Oracle, first: u64, orders: impl IntoIterator<Item = NewOrder>) {
    for (id, new) in (first..).zip(orders) {
        put(o, id, new);
    }
}

#[test]
fn fok_is_all_or_nothing() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 100, 2), NewOrder { display: Some(1), ..sell(1, 101, 3) }]);
    put(&mut o, 3, NewOrder { tif: Tif::Fok, ..buy(2, 101, 6) });
    assert_eq!(status(&o, 3), closed_as(Reason::FokUnfillable));
    put(&mut o, 4, NewOrder { tif: Tif::Fok, ..buy(2, 100, 3) });
    assert_eq!(status(&o, 4), closed_as(Reason::FokUnfillable));
    assert_eq!(o.levels(SYMBOL, Side::Sell), [(100, 2, 1), (101, 1, 1)]);
    // What is hidden counts.
    put(&mut o, 5, NewOrder { tif: Tif::Fok, ..buy(2, 101, 5) });
    assert_eq!(status(&o, 5), FILLED);
}

#[test]
fn fok_market_orders() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 100, 5));
    put(&mut o, 2, NewOrder { tif: Tif::Fok, ..market(2, Side::Buy, Kind::Quantity(6)) });
    assert_eq!(status(&o, 2), closed_as(Reason::FokUnfillable));
    put(&mut o, 3, NewOrder { tif: Tif::Fok, ..market(2, Side::Buy, Kind::Quote(600)) });
    assert_eq!(status(&o, 3), closed_as(Reason::FokUnfillable));
    let new = NewOrder { tif: Tif::Fok, ..market(2, Side::Buy, Kind::Quantity(5)) };
    put(&mut o, 4, NewOrder { max_quote: Some(499), ..new });
    assert_eq!(status(&o, 4), closed_as(Reason::FokUnfillable));
    put(&mut o, 5, NewOrder { tif: Tif::Fok, ..market(2, Side::Buy, Kind::Quote(450)) });
    assert_eq!(status(&o, 5), FILLED);
    assert_eq!(o.order(5).unwrap().filled, 4);
}

#[test]
fn fok_that_meets_its_own() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 100, 2), sell(2, 100, 2), sell(1, 101, 2)]);
    for (id, stp) in [(11, Stp::ExpireTaker), (12, Stp::ExpireBoth), (13, Stp::Decrement)] {
        put(&mut o, id, NewOrder { tif: Tif::Fok, stp, ..buy(2, 101, 4) });
        assert_eq!(status(&o, id), closed_as(Reason::FokUnfillable), "{stp:?}");
    }
    put(&mut o, 14, NewOrder { tif: Tif::Fok, stp: Stp::ExpireMaker, ..buy(2, 101, 5) });
    assert_eq!(status(&o, 14), closed_as(Reason::FokUnfillable));
    assert_eq!(status(&o, 2), NEW);
    put(&mut o, 15, NewOrder { tif: Tif::Fok, stp: Stp::ExpireMaker, ..buy(2, 101, 4) });
    assert_eq!(status(&o, 15), FILLED);
    assert_eq!(status(&o, 2), closed_as(Reason::Stp));
}

#[test]
fn post_only_never_takes() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 100, 2));
    assert_eq!(refused(&mut o, NewOrder { post_only: true, ..buy(2, 100, 1) }), 4010);
    // Not even from its owner.
    assert_eq!(refused(&mut o, NewOrder { post_only: true, ..buy(1, 100, 1) }), 4010);
    put(&mut o, 2, NewOrder { post_only: true, ..buy(1, 99, 1) });
    assert_eq!(status(&o, 2), NEW);
}

#[test]
fn an_iceberg_shows_slices_and_goes_to_the_back() {
    let mut o = exchange();
    put_all(&mut o, [NewOrder { display: Some(2), ..sell(1, 100, 5) }, sell(2, 100, 3)]);
    assert_eq!(o.levels(SYMBOL, Side::Sell), [(100, 5, 2)]);
    assert_eq!(o.frozen(1, BASE), 50);
    let placed = put(&mut o, 3, buy(3, 100, 6));
    assert_eq!(fills(&placed), [(1, 100, 2), (2, 100, 3), (1, 100, 1)]);
    assert_eq!(o.levels(SYMBOL, Side::Sell), [(100, 1, 1)]);
    let placed = put(&mut o, 4, buy(3, 100, 2));
    assert_eq!(fills(&placed), [(1, 100, 1), (1, 100, 1)]);
    assert_eq!(status(&o, 1), FILLED);
}

#[test]
fn an_iceberg_takes_with_all_it_has() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 100, 4));
    let placed = put(&mut o, 2, NewOrder { display: Some(3), ..buy(2, 100, 9) });
    assert_eq!(placed.filled, 4);
    assert_eq!(o.levels(SYMBOL, Side::Buy), [(100, 3, 1)]);
    assert_eq!(o.frozen(2, QUOTE), 500);
}

#[test]
fn an_iceberg_has_so_many_parts() {
    let mut o = exchange_with(|rules| rules.max_iceberg_parts = Some(3));
    assert_eq!(refused(&mut o, NewOrder { display: Some(2), ..sell(1, 100, 7) }), 2042);
    put(&mut o, 1, NewOrder { display: Some(2), ..sell(1, 100, 6) });
}

// Reservations.

#[test]
fn what_orders_reserve() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put(&mut o, 1, sell(1, 200, 3));
    put(&mut o, 2, stop(sell(1, 80, 4), 90));
    put(&mut o, 3, stop(market(1, Side::Sell, Kind::Quantity(5)), 90));
    assert_eq!(o.frozen(1, BASE), 30 + 40 + 50);
    put(&mut o, 4, buy(1, 50, 3));
    put(&mut o, 5, stop(buy(1, 130, 4), 120));
    let new = stop(market(1, Side::Buy, Kind::Quantity(5)), 120);
    put(&mut o, 6, NewOrder { max_quote: Some(1_000), ..new });
    put(&mut o, 7, stop(market(1, Side::Buy, Kind::Quote(77)), 120));
    assert_eq!(o.frozen(1, QUOTE), 150 + 520 + 1_000 + 77);
    for id in 1..=7 {
        o.cancel_id(1, id, None).unwrap();
    }
    assert_eq!((o.frozen(1, BASE), o.frozen(1, QUOTE)), (0, 0));
}

#[test]
fn a_cushion_for_the_higher_rate() {
    let mut o = exchange_with(|rules| {
        rules.fee_mode = FeeMode::Quote;
        rules.fees = Fees { taker: 1_000, maker: 2_500 };
    });
    // ceil(1,000 x 0.0025) = 3
    assert_eq!(put(&mut o, 1, buy(1, 100, 10)).reserved, 1_003);
    assert_eq!(
        put(&mut o, 2, NewOrder { fees: Some(Fees { taker: 0, maker: -5 }), ..buy(1, 100, 10) }).reserved,
        1_000
    );
}

#[test]
fn a_limit_order_must_be_paid_with_its_cushion() {
    let mut o = exchange_with(|rules| {
        rules.fee_mode = FeeMode::Quote;
        rules.fees.taker = 1_000;
    });
    let refusal = o.place(1, buy(1, 1_000, 1_000), None).unwrap_err();
    assert_eq!(refusal, Refusal::Insufficient { asset: QUOTE, required: 1_001_000, available: 1_000_000 });
}

// Fees.

#[test]
fn fees_out_of_what_is_received() {
    let mut o = exchange_with(|rules| rules.fees = Fees { taker: 2_000, maker: 1_000 });
    put(&mut o, 1, sell(1, 101, 3));
    let placed = put(&mut o, 2, buy(2, 101, 3));
    // Buyer: ceil(30 x 0.002) = 1 base. Seller: ceil(303 x 0.001) = 1 quote.
    assert_eq!((placed.trades[0].taker_fee, placed.trades[0].maker_fee), (1, 1));
    assert_eq!(o.total(2, BASE), 10_029);
    assert_eq!(o.total(1, QUOTE), 1_000_302);
    assert_eq!((o.accrued(SYMBOL, BASE), o.accrued(SYMBOL, QUOTE)), (1, 1));
    assert_eq!((o.order(1).unwrap().fee, o.order(2).unwrap().fee), (1, 1));
}

#[test]
fn fees_in_quote_from_both() {
    let mut o = exchange_with(|rules| {
        rules.fee_mode = FeeMode::Quote;
        rules.fees = Fees { taker: 2_000, maker: 1_000 };
    });
    put(&mut o, 1, sell(1, 101, 3));
    put(&mut o, 2, buy(2, 110, 3));
    assert_eq!((o.total(2, BASE), o.available(2, QUOTE)), (10_030, 1_000_000 - 303 - 1));
    assert_eq!(o.total(1, QUOTE), 1_000_302);
    assert_eq!(o.accrued(SYMBOL, QUOTE), 2);
}

#[test]
fn a_fee_leaves_the_reservation_of_the_rest_whole() {
    let mut o = exchange_with(|rules| {
        rules.fee_mode = FeeMode::Quote;
        rules.fees = Fees { taker: 100_000, maker: 100_000 };
    });
    // 2 lots at 5: 10 + ceil(1) = 11; 1 lot: 5 + ceil(0.5) = 6. The first fill may use 11 - 6 = 5: no fee.
    put(&mut o, 1, buy(1, 5, 2));
    assert_eq!(o.frozen(1, QUOTE), 11);
    assert_eq!(put(&mut o, 2, sell(2, 5, 1)).trades[0].maker_fee, 0);
    assert_eq!(o.frozen(1, QUOTE), 6);
    assert_eq!(put(&mut o, 3, sell(2, 5, 1)).trades[0].maker_fee, 1);
    assert_eq!(o.available(1, QUOTE), 1_000_000 - 11);
}

#[test]
fn the_fee_of_an_immediate_order_uses_what_its_reservation_has_left() {
    let mut o = exchange_with(|rules| {
        rules.fee_mode = FeeMode::Quote;
        rules.fees = Fees { taker: 100_000, maker: 0 };
    });
    o.hold(3, QUOTE, 1_000_000 - 11).unwrap();
    put_all(&mut o, [sell(1, 5, 1), sell(1, 5, 1)]);
    let placed = put(&mut o, 3, NewOrder { tif: Tif::Ioc, ..buy(3, 5, 2) });
    assert_eq!(placed.trades.iter().map(|trade| trade.taker_fee).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(o.available(3, QUOTE), 0);
}

#[test]
fn a_market_buy_pays_its_fee_on_top() {
    let mut o = exchange_with(|rules| {
        rules.fee_mode = FeeMode::Quote;
        rules.fees = Fees { taker: 10_000, maker: 0 };
    });
    put(&mut o, 1, sell(1, 100, 50));
    let refusal = o.place(2, market(2, Side::Buy, Kind::Quantity(3)), Some(302)).unwrap_err();
    assert_eq!(refusal, Refusal::Insufficient { asset: QUOTE, required: 303, available: 302 });
    let new = NewOrder { max_quote: Some(302), ..market(2, Side::Buy, Kind::Quantity(3)) };
    let placed = put(&mut o, 2, new);
    assert_eq!((placed.filled, placed.fee), (2, 2));
    let placed = put(&mut o, 3, market(2, Side::Buy, Kind::Quote(505)));
    assert_eq!((placed.filled, placed.notional, placed.fee), (5, 500, 5));
}

#[test]
fn a_fee_of_everything_leaves_nothing() {
    let mut o = exchange_with(|rules| rules.fees = Fees { taker: 1_000_000, maker: 0 });
    put(&mut o, 1, sell(1, 100, 1));
    assert_eq!(put(&mut o, 2, buy(2, 100, 1)).fee, 10);
    assert_eq!(o.total(2, BASE), 10_000);
}

#[test]
fn a_rebate_is_at_most_what_the_taker_pays() {
    let fees = Fees { taker: 1_000, maker: -3_000 };
    let mut o = exchange_with(|rules| rules.fees = fees);
    put(&mut o, 1, sell(1, 1_500, 1));
    // floor(1,500 x 0.001) = 1
    assert_eq!(put(&mut o, 2, buy(2, 1_500, 1)).trades[0].maker_fee, -1);
    change_rules(&mut o, |rules| rules.allow_net_rebate = true);
    put(&mut o, 3, sell(1, 1_500, 1));
    // floor(1,500 x 0.003) = 4
    assert_eq!(put(&mut o, 4, buy(2, 1_500, 1)).trades[0].maker_fee, -4);
    assert_eq!((o.accrued(SYMBOL, QUOTE), o.order(3).unwrap().fee), (-5, -4));
    assert_eq!(o.collect_fees(6, SYMBOL).unwrap(), BTreeMap::from([(BASE, 2)]));
}

#[test]
fn a_buyers_rebate_in_both_modes() {
    for (fee_mode, in_base, in_quote) in [(FeeMode::Received, 1, 0), (FeeMode::Quote, 0, 1)] {
        let mut o = exchange_with(|rules| {
            rules.fee_mode = fee_mode;
            rules.fees = Fees { taker: 5_000, maker: -5_000 };
        });
        put(&mut o, 1, buy(1, 10, 20));
        put(&mut o, 2, sell(2, 10, 20));
        // 200 base x 0.005, or 200 quote x 0.005
        assert_eq!(o.total(1, BASE), 10_200 + in_base);
        assert_eq!(o.total(1, QUOTE), 1_000_000 - 200 + in_quote);
    }
}

#[test]
fn whose_rates_count() {
    let fees = |taker| Fees { taker, maker: 0 };
    let mut o = exchange_with(|rules| rules.fees = fees(1));
    let rate = |o: &mut Oracle, id, own| {
        put(o, id, NewOrder { fees: own, ..buy(1, 10, 1) });
        o.order(id).unwrap().rates.taker
    };
    assert_eq!(rate(&mut o, 1, None), 1);
    o.set_fees(1, None, Some(fees(2))).unwrap();
    assert_eq!(rate(&mut o, 2, None), 2);
    o.set_fees(1, Some(SYMBOL), Some(fees(3))).unwrap();
    assert_eq!(rate(&mut o, 3, None), 3);
    assert_eq!(rate(&mut o, 4, Some(fees(4))), 4);
    o.set_fees(1, Some(SYMBOL), None).unwrap();
    assert_eq!(rate(&mut o, 5, None), 2);
    assert_eq!(o.order(1).unwrap().rates.taker, 1, "fixed at acceptance");
}

#[test]
fn collected_fees_are_an_accounts() {
    let mut o = exchange_with(|rules| rules.fees = Fees { taker: 100_000, maker: 100_000 });
    put(&mut o, 1, sell(1, 100, 1));
    put(&mut o, 2, buy(2, 100, 1));
    assert_eq!(o.collect_fees(77, SYMBOL), Err(Refusal::UnknownAccount));
    o.deposit(77, QUOTE, 1).unwrap();
    assert_eq!(o.collect_fees(77, SYMBOL).unwrap(), BTreeMap::from([(BASE, 1), (QUOTE, 10)]));
    assert_eq!((o.available(77, BASE), o.available(77, QUOTE)), (1, 11));
    assert_eq!((o.accrued(SYMBOL, BASE), o.accrued(SYMBOL, QUOTE)), (0, 0));
}

// Self-trade prevention.

#[test]
fn stp_none_trades_with_itself() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 100, 2));
    put(&mut o, 2, NewOrder { stp: Stp::None, ..buy(1, 100, 2) });
    assert_eq!((status(&o, 1), status(&o, 2)), (FILLED, FILLED));
    assert_eq!((o.available(1, BASE), o.available(1, QUOTE)), (10_000, 1_000_000));
}

#[test]
fn stp_expires_the_taker() {
    let mut o = exchange();
    put_all(&mut o, [sell(2, 99, 1), sell(1, 100, 2)]);
    let placed = put(&mut o, 3, buy(1, 100, 5));
    assert_eq!((placed.filled, placed.prevented), (1, 4));
    assert_eq!(status(&o, 3), closed_as(Reason::Stp));
    assert_eq!(status(&o, 1), FILLED);
    assert_eq!((status(&o, 2), o.last_price(SYMBOL)), (NEW, Some(99)));
    // By quote there is nothing to prevent.
    assert_eq!(put(&mut o, 4, market(1, Side::Buy, Kind::Quote(500))).prevented, 0);
}

#[test]
fn stp_expires_the_maker() {
    let mut o = exchange();
    put_all(&mut o, [NewOrder { display: Some(1), ..sell(1, 100, 4) }, sell(2, 100, 2)]);
    let placed = put(&mut o, 3, NewOrder { stp: Stp::ExpireMaker, ..buy(1, 100, 2) });
    assert_eq!(fills(&placed), [(2, 100, 2)]);
    assert_eq!(status(&o, 1), closed_as(Reason::Stp));
    assert_eq!(o.order(1).unwrap().prevented, 4);
    assert_eq!(o.frozen(1, BASE), 0);
}

#[test]
fn stp_expires_both() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 100, 4));
    let placed = put(&mut o, 2, NewOrder { stp: Stp::ExpireBoth, ..buy(1, 100, 2) });
    assert_eq!((status(&o, 1), status(&o, 2)), (closed_as(Reason::Stp), closed_as(Reason::Stp)));
    assert_eq!((o.order(1).unwrap().prevented, placed.prevented), (4, 2));
}

#[test]
fn stp_decrement_of_a_larger_maker() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 100, 5));
    let placed = put(&mut o, 2, NewOrder { stp: Stp::Decrement, ..buy(1, 100, 3) });
    assert_eq!((status(&o, 2), placed.prevented), (closed_as(Reason::Stp), 3));
    assert_eq!((status(&o, 1), o.order(1).unwrap().prevented), (NEW, 3));
    assert_eq!(o.levels(SYMBOL, Side::Sell), [(100, 2, 1)]);
    assert_eq!((o.frozen(1, BASE), o.frozen(1, QUOTE)), (20, 0));
    assert_eq!(o.last_price(SYMBOL), None);
}

#[test]
fn stp_decrement_of_a_smaller_maker() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 100, 2), sell(2, 100, 1)]);
    let placed = put(&mut o, 3, NewOrder { stp: Stp::Decrement, ..buy(1, 100, 5) });
    assert_eq!((placed.status, placed.filled, placed.prevented), (Status::PartiallyFilled, 1, 2));
    assert_eq!(placed.reserved, 200);
    assert_eq!(status(&o, 1), closed_as(Reason::Stp));
    // Sated by a trade, not by a decrement.
    put(&mut o, 4, sell(1, 101, 1));
    put(&mut o, 5, sell(2, 101, 1));
    put(&mut o, 6, NewOrder { stp: Stp::Decrement, tif: Tif::Ioc, ..buy(1, 101, 2) });
    assert_eq!(status(&o, 6), FILLED);
}

#[test]
fn stp_decrement_goes_slice_by_slice() {
    let mut o = exchange();
    put_all(&mut o, [NewOrder { display: Some(2), ..sell(1, 100, 5) }, sell(2, 100, 1)]);
    let placed = put(&mut o, 3, NewOrder { stp: Stp::Decrement, ..buy(1, 100, 4) });
    assert_eq!(fills(&placed), [(2, 100, 1)]);
    assert_eq!((placed.filled, placed.prevented), (1, 3));
    assert_eq!(status(&o, 3), closed_as(Reason::Stp));
    assert_eq!(o.levels(SYMBOL, Side::Sell), [(100, 1, 1)]);
    assert_eq!(o.frozen(1, BASE), 20);
}

#[test]
fn stp_decrement_by_quote() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 100, 2), sell(2, 110, 5)]);
    let placed = put(&mut o, 3, NewOrder { stp: Stp::Decrement, ..market(1, Side::Buy, Kind::Quote(430)) });
    // 430 - 2 x 100 lost = 230: 2 lots at 110.
    assert_eq!((placed.status, placed.filled, placed.notional), (Status::Filled, 2, 220));
    assert_eq!(placed.prevented, 2);
    put(&mut o, 4, sell(1, 100, 9));
    put(&mut o, 5, NewOrder { stp: Stp::Decrement, ..market(1, Side::Buy, Kind::Quote(430)) });
    // 4 lots lost, 30 do not pay for a fifth.
    assert_eq!((status(&o, 5), o.order(5).unwrap().prevented), (closed_as(Reason::Stp), 4));
    assert_eq!(o.available(1, QUOTE), 1_000_000 - 220);
}

#[test]
fn stp_decrement_costs_no_budget() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 100, 2), sell(2, 110, 5)]);
    let new = NewOrder { max_quote: Some(230), ..market(1, Side::Buy, Kind::Quantity(6)) };
    let placed = put(&mut o, 3, NewOrder { stp: Stp::Decrement, ..new });
    assert_eq!((placed.filled, placed.prevented), (2, 2));
    assert_eq!(status(&o, 3), closed_as(Reason::BudgetExhausted));
}

#[test]
fn stp_of_a_group() {
    let mut o = exchange();
    o.set_stp_group(1, Some(5)).unwrap();
    put(&mut o, 1, sell(1, 100, 1));
    assert_eq!(put(&mut o, 2, buy(2, 100, 1)).status, Status::Filled);
    o.set_stp_group(2, Some(5)).unwrap();
    put(&mut o, 3, sell(1, 100, 1));
    put(&mut o, 4, buy(2, 100, 1));
    assert_eq!(status(&o, 4), closed_as(Reason::Stp));
}

// Triggers.

#[test]
fn triggers_need_a_last_price_and_must_not_be_due() {
    let mut o = exchange();
    assert_eq!(refused(&mut o, stop(sell(1, 80, 1), 90)), 4012);
    trade_at(&mut o, 100, 90);
    let take_profit = |new, price| NewOrder { trigger: Some(Trigger::TakeProfit(price)), ..new };
    assert_eq!(refused(&mut o, stop(sell(1, 80, 1), 90)), 4011);
    assert_eq!(refused(&mut o, stop(buy(1, 80, 1), 90)), 4011);
    assert_eq!(refused(&mut o, take_profit(sell(1, 80, 1), 90)), 4011);
    assert_eq!(refused(&mut o, take_profit(buy(1, 80, 1), 90)), 4011);
    put(&mut o, 1, stop(sell(1, 80, 1), 89));
    put(&mut o, 2, stop(buy(1, 80, 1), 91));
    put(&mut o, 3, take_profit(sell(1, 80, 1), 91));
    put(&mut o, 4, take_profit(buy(1, 80, 1), 89));
    assert_eq!(o.levels(SYMBOL, Side::Sell), []);
    assert_eq!((1..=4).map(|id| status(&o, id)).collect::<Vec<_>>(), [PENDING; 4]);
    trade_at(&mut o, 102, 91);
    assert_eq!((status(&o, 2).0, status(&o, 1)), (Status::New, PENDING));
    assert_eq!(status(&o, 3).0, Status::Expired, "it meets its own");
}

#[test]
fn a_stop_executes_when_the_last_price_reaches_it() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put(&mut o, 1, stop(market(1, Side::Sell, Kind::Quantity(3)), 95));
    put(&mut o, 2, buy(2, 94, 2));
    trade_at(&mut o, 102, 96);
    assert_eq!(status(&o, 1), PENDING);
    let seq = o.book_seq(SYMBOL);
    put(&mut o, 3, buy(3, 95, 1));
    let placed = put(&mut o, 4, sell(4, 95, 1));
    assert_eq!((fills(&placed), all_fills(&o)), (vec![(3, 95, 1)], vec![(3, 95, 1), (2, 94, 2)]));
    assert_eq!((placed.filled, placed.book_seq), (1, seq + 2));
    assert_eq!(status(&o, 1), closed_as(Reason::InsufficientLiquidity));
    assert_eq!(o.frozen(1, BASE), 0);
}

#[test]
fn prices_passed_on_the_way_do_not_count() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put(&mut o, 1, stop(buy(1, 120, 1), 110));
    put_all_from(&mut o, 2, [buy(2, 100, 1), sell(3, 110, 1)]);
    // A buy that trades at 110 only; then one command that ends below.
    put(&mut o, 4, stop(sell(4, 100, 1), 90));
    put(&mut o, 5, buy(5, 110, 1));
    assert_eq!(status(&o, 1).0, Status::New);
    put(&mut o, 6, buy(6, 89, 1));
    put(&mut o, 7, stop(sell(2, 200, 1), 105));
    o.cancel_id(1, 1, None).unwrap();
    // It sweeps 100 and 89, last is 89: both stops.
    put(&mut o, 8, sell(3, 89, 2));
    assert_eq!((status(&o, 4).0, status(&o, 7).0), (Status::New, Status::New));
}

#[test]
fn due_orders_execute_nearest_first_then_by_id() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put(&mut o, 3, stop(buy(1, 130, 1), 105));
    put(&mut o, 1, stop(buy(1, 130, 1), 110));
    put(&mut o, 2, stop(buy(1, 130, 1), 105));
    put_all_from(&mut o, 4, [sell(2, 120, 2), sell(2, 125, 5)]);
    put(&mut o, 6, buy(3, 120, 1));
    assert_eq!(
        o.trades().iter().map(|trade| (trade.taker, trade.price)).collect::<Vec<_>>(),
        [(6, 120), (2, 120), (3, 125), (1, 125)]
    );
}

#[test]
fn falling_prices_trigger_the_highest_first() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put_all(&mut o, [stop(sell(1, 50, 1), 85), stop(sell(1, 50, 1), 95), buy(2, 80, 5)]);
    put(&mut o, 4, sell(3, 80, 1));
    assert_eq!(o.trades().iter().map(|trade| trade.taker).collect::<Vec<_>>(), [4, 2, 1]);
}

#[test]
fn a_cascade_is_one_command() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put_all(&mut o, [stop(sell(1, 50, 1), 95), stop(sell(1, 50, 1), 90), stop(sell(1, 50, 1), 80)]);
    put_all_from(&mut o, 4, [buy(2, 95, 1), buy(2, 90, 1), buy(2, 85, 1)]);
    let seq = o.book_seq(SYMBOL);
    let placed = put(&mut o, 7, sell(3, 95, 1));
    assert_eq!(all_fills(&o), [(4, 95, 1), (5, 90, 1), (6, 85, 1)]);
    assert_eq!(placed.book_seq, seq + 1);
    assert_eq!(status(&o, 3), PENDING);
}

#[test]
fn all_that_are_due_trigger_before_any_executes() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    // The second's limit leg would be traded with by the first, were it still there.
    put(&mut o, 1, stop(buy(1, 90, 1), 105));
    o.place_oco(1, 2, 3, sell(2, 120, 2), stop(market(2, Side::Sell, Kind::Quantity(2)), 80)).unwrap();
    put(&mut o, 4, stop(sell(4, 80, 1), 85));
    put_all_from(&mut o, 5, [buy(5, 70, 1)]);
    put(&mut o, 6, sell(3, 70, 1));
    assert_eq!(status(&o, 2), closed_as(Reason::OcoSibling));
    assert_eq!(status(&o, 3), closed_as(Reason::InsufficientLiquidity));
    assert_eq!((status(&o, 4).0, status(&o, 1)), (Status::New, PENDING));
}

#[test]
fn a_triggered_order_is_the_youngest() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put(&mut o, 1, stop(sell(1, 120, 1), 95));
    put(&mut o, 2, sell(2, 120, 1));
    trade_at(&mut o, 102, 95);
    assert_eq!(fills(&put(&mut o, 3, buy(3, 120, 2))), [(2, 120, 1), (1, 120, 1)]);
}

#[test]
fn time_in_force_counts_from_the_trigger() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put(&mut o, 1, NewOrder { tif: Tif::Ioc, ..stop(sell(1, 90, 1), 95) });
    put(&mut o, 2, NewOrder { tif: Tif::Fok, ..stop(sell(1, 90, 2), 95) });
    trade_at(&mut o, 102, 95);
    assert_eq!(status(&o, 1), closed_as(Reason::IocRemainder));
    assert_eq!(status(&o, 2), closed_as(Reason::FokUnfillable));
}

#[test]
fn the_reservation_of_a_triggered_market_buy_is_its_budget() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    let new = stop(market(1, Side::Buy, Kind::Quantity(5)), 105);
    put(&mut o, 1, NewOrder { max_quote: Some(330), ..new });
    put(&mut o, 2, stop(market(2, Side::Buy, Kind::Quote(250)), 105));
    put(&mut o, 3, sell(3, 110, 9));
    put(&mut o, 4, buy(4, 110, 1));
    assert_eq!(status(&o, 1), closed_as(Reason::BudgetExhausted));
    assert_eq!((status(&o, 2), o.order(2).unwrap().filled), (FILLED, 2));
    assert_eq!(o.available(1, QUOTE), 1_000_000 - 330);
    assert_eq!(o.available(2, QUOTE), 1_000_000 - 220);
}

#[test]
fn a_trailing_sell_follows_the_highest_price() {
    let mut o = exchange();
    assert_eq!(refused(&mut o, trailing(sell(1, 1, 1), Trail::Bps(500), None)), 4012);
    trade_at(&mut o, 100, 99);
    put(&mut o, 1, trailing(sell(1, 1_000, 1), Trail::Bps(500), None));
    // floor(99 x 0.95) = 94
    assert_eq!(o.order(1).unwrap().trigger_price(), Some(94));
    trade_at(&mut o, 102, 111);
    // floor(111 x 0.95) = 105
    trade_at(&mut o, 104, 106);
    assert_eq!((o.order(1).unwrap().trigger_price(), status(&o, 1)), (Some(105), PENDING));
    trade_at(&mut o, 106, 105);
    assert_eq!(status(&o, 1), NEW);
}

#[test]
fn a_trailing_buy_follows_the_lowest_price() {
    let mut o = exchange();
    trade_at(&mut o, 100, 99);
    put(&mut o, 1, trailing(buy(1, 10, 1), Trail::Bps(500), None));
    put(&mut o, 2, trailing(buy(1, 10, 1), Trail::Ticks(4), None));
    trade_at(&mut o, 102, 91);
    // ceil(91 x 1.05) = 96, 91 + 4 = 95
    trade_at(&mut o, 104, 94);
    assert_eq!((status(&o, 1), status(&o, 2)), (PENDING, PENDING));
    trade_at(&mut o, 106, 95);
    assert_eq!((status(&o, 1), status(&o, 2)), (PENDING, NEW));
    trade_at(&mut o, 108, 96);
    assert_eq!(status(&o, 1), NEW);
}

#[test]
fn a_trailing_order_waits_for_its_activation() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put(&mut o, 1, trailing(sell(1, 1_000, 1), Trail::Ticks(5), Some(110)));
    put(&mut o, 2, trailing(sell(1, 1_000, 1), Trail::Ticks(5), Some(100)));
    put(&mut o, 3, trailing(buy(1, 10, 1), Trail::Ticks(5), Some(90)));
    let extremes = |o: &Oracle| (1..=3).map(|id| o.order(id).unwrap().extreme).collect::<Vec<_>>();
    assert_eq!(extremes(&o), [None, Some(100), None]);
    trade_at(&mut o, 102, 111);
    assert_eq!(extremes(&o), [Some(111), Some(111), None]);
    trade_at(&mut o, 104, 90);
    assert_eq!(extremes(&o)[2], Some(90));
    assert_eq!((status(&o, 1), status(&o, 2)), (NEW, NEW));
}

#[test]
fn a_trail_below_zero_never_triggers() {
    let mut o = exchange();
    trade_at(&mut o, 100, 5);
    put(&mut o, 1, trailing(sell(1, 1_000, 1), Trail::Ticks(5), None));
    put(&mut o, 2, trailing(sell(1, 1_000, 1), Trail::Bps(9_999), None));
    trade_at(&mut o, 102, 1);
    assert_eq!((status(&o, 1), status(&o, 2)), (PENDING, PENDING));
}

#[test]
fn trails_have_bounds() {
    let mut o = exchange_with(|rules| (rules.trail_bps_min, rules.trail_bps_max) = (50, 500));
    trade_at(&mut o, 100, 100);
    assert_eq!(refused(&mut o, trailing(sell(1, 1, 1), Trail::Bps(49), None)), 2043);
    assert_eq!(refused(&mut o, trailing(sell(1, 1, 1), Trail::Bps(501), None)), 2043);
    put(&mut o, 1, trailing(sell(1, 1, 1), Trail::Bps(500), None));
}

#[test]
fn a_limit_only_symbol_rejects_triggered_market_orders() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put(&mut o, 1, stop(market(1, Side::Sell, Kind::Quantity(1)), 95));
    put(&mut o, 2, stop(sell(1, 200, 1), 95));
    o.set_status(SYMBOL, SymbolStatus::LimitOnly, false).unwrap();
    trade_at(&mut o, 102, 95);
    assert_eq!((status(&o, 1), status(&o, 2)), (closed_as(Reason::TriggerRejected), NEW));
}

// Lists.

/// Last is 100; account 1 sells 5 lots at 120, or at market if 80 is reached.
fn list() -> Oracle {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    let legs = (sell(1, 120, 5), stop(market(1, Side::Sell, Kind::Quantity(5)), 80));
    o.place_oco(9, 1, 2, legs.0, legs.1).unwrap();
    o
}

#[test]
fn the_legs_of_a_list_are_around_the_last_price() {
    let mut o = exchange();
    let mut oco = |last: Option<u64>, limit: NewOrder, trigger| {
        if let Some(last) = last {
            trade_at(&mut o, 100 + 2 * last, last);
        }
        let other = stop(limit.clone(), trigger);
        o.clone().place_oco(1, 1, 2, limit, other).map_err(|refusal| refusal.number()).err()
    };
    assert_eq!(oco(None, sell(1, 120, 1), 80), Some(4012));
    assert_eq!(oco(Some(100), sell(1, 120, 1), 80), None);
    assert_eq!(oco(None, sell(1, 100, 1), 80), Some(4013));
    assert_eq!(oco(None, sell(1, 120, 1), 100), Some(4013));
    assert_eq!(oco(None, buy(1, 80, 1), 120), None);
    assert_eq!(oco(None, buy(1, 100, 1), 120), Some(4013));
    assert_eq!(oco(None, buy(1, 80, 1), 100), Some(4013));
}

#[test]
fn a_list_has_one_reservation() {
    let mut o = list();
    assert_eq!(o.frozen(1, BASE), 50);
    assert_eq!((o.reserved(o.order(1).unwrap()), o.reserved(o.order(2).unwrap())), (50, 0));
    let legs = (buy(2, 85, 5), stop(buy(2, 130, 5), 120));
    o.place_oco(10, 3, 4, legs.0, legs.1).unwrap();
    assert_eq!((o.frozen(2, QUOTE), o.reserved(o.order(3).unwrap())), (650, 650));
    // The first fill frees what the limit leg does not need.
    put(&mut o, 5, sell(3, 85, 1));
    assert_eq!(status(&o, 4), closed_as(Reason::OcoSibling));
    assert_eq!(o.frozen(2, QUOTE), 340);
}

#[test]
fn the_trigger_of_a_list_takes_the_reservation_over() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    let other = NewOrder { max_quote: Some(700), ..stop(market(1, Side::Buy, Kind::Quantity(5)), 120) };
    o.place_oco(9, 1, 2, buy(1, 80, 5), other).unwrap();
    assert_eq!(o.frozen(1, QUOTE), 700);
    put(&mut o, 3, sell(2, 120, 9));
    put(&mut o, 4, buy(3, 120, 1));
    assert_eq!((status(&o, 1), status(&o, 2)), (closed_as(Reason::OcoSibling), FILLED));
    assert_eq!((o.frozen(1, QUOTE), o.available(1, QUOTE)), (0, 999_400));
}

#[test]
fn a_limit_leg_that_fills_at_once_closes_the_stop_leg() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put(&mut o, 1, buy(2, 125, 1));
    let legs = (sell(1, 120, 5), stop(sell(1, 70, 5), 80));
    let (limit, other) = o.place_oco(9, 2, 3, legs.0.clone(), legs.1.clone()).unwrap();
    assert_eq!((limit.status, limit.filled, limit.reserved), (Status::PartiallyFilled, 1, 40));
    assert_eq!((other.status, other.reason), closed_as(Reason::OcoSibling));
    o.cancel_id(1, 2, None).unwrap();
    put(&mut o, 4, buy(2, 130, 1));
    // Last is 125.
    let post_only = NewOrder { post_only: true, ..sell(1, 130, 5) };
    assert_eq!(o.place_oco(10, 5, 6, post_only, legs.1), Err(Refusal::PostOnlyWouldCross));
}

#[test]
fn the_end_of_one_leg_is_the_end_of_the_other() {
    for (id, other) in [(1, 2), (2, 1)] {
        let mut o = list();
        let canceled = o.cancel_id(1, id, None).unwrap();
        assert_eq!((canceled.quantity, canceled.released), (5, 50));
        assert_eq!(
            (status(&o, id), status(&o, other)),
            (closed_as(Reason::User), closed_as(Reason::OcoSibling))
        );
    }
    let mut o = list();
    put(&mut o, 3, NewOrder { stp: Stp::ExpireMaker, ..buy(1, 120, 1) });
    assert_eq!((status(&o, 1), status(&o, 2)), (closed_as(Reason::Stp), closed_as(Reason::OcoSibling)));
    let mut o = list();
    put(&mut o, 3, NewOrder { stp: Stp::Decrement, ..buy(1, 120, 1) });
    assert_eq!((status(&o, 1), status(&o, 2)), (NEW, closed_as(Reason::OcoSibling)));
    assert_eq!(o.frozen(1, BASE), 40);
}

#[test]
fn the_expiry_of_a_leg_ends_its_list() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    let limit = NewOrder { tif: Tif::Gtd, expire_at: Some(5), ..sell(1, 120, 5) };
    o.place_oco(9, 1, 2, limit, stop(sell(1, 70, 5), 80)).unwrap();
    assert_eq!(o.advance(5), [2, 1]);
    assert_eq!(
        (status(&o, 1), status(&o, 2)),
        (closed_as(Reason::GtdExpired), closed_as(Reason::OcoSibling))
    );
}

#[test]
fn a_list_can_only_get_smaller() {
    let mut o = list();
    let amend = |o: &mut Oracle, id, quantity, price| {
        o.amend_id(1, SYMBOL, id, quantity, price).map_err(|refusal| refusal.number())
    };
    assert_eq!(amend(&mut o, 1, Some(NewQuantity::Total(6)), None), Err(4015));
    assert_eq!(amend(&mut o, 1, None, Some(130)), Err(4015));
    assert_eq!(amend(&mut o, 1, Some(NewQuantity::Total(4)), Some(130)), Err(4015));
    assert!(amend(&mut o, 2, Some(NewQuantity::ReduceBy(2)), None).is_ok());
    assert_eq!((o.order(1).unwrap().quantity, o.order(2).unwrap().quantity), (3, 3));
    assert_eq!((o.frozen(1, BASE), o.levels(SYMBOL, Side::Sell)), (30, vec![(120, 3, 1)]));
    assert_eq!(amend(&mut o, 1, Some(NewQuantity::ReduceBy(3)), None), Err(4014));
}

// Cancel.

#[test]
fn cancels_that_are_refused() {
    let mut o = exchange();
    put(&mut o, 1, named(sell(1, 100, 5), "a"));
    let cancel =
        |o: &mut Oracle, account, id, only_if| o.cancel_id(account, id, only_if).map_err(|e| e.number());
    assert_eq!(cancel(&mut o, 2, 1, None), Err(4000));
    assert_eq!(cancel(&mut o, 1, 2, None), Err(4000));
    assert_eq!(cancel(&mut o, 88, 1, None), Err(3000));
    assert_eq!(cancel(&mut o, 1, 1, Some(OnlyIf::PartiallyFilled)), Err(4016));
    put(&mut o, 2, buy(2, 100, 1));
    assert_eq!(cancel(&mut o, 1, 1, Some(OnlyIf::New)), Err(4016));
    assert_eq!(cancel(&mut o, 1, 1, Some(OnlyIf::PartiallyFilled)).unwrap().released, 40);
    assert_eq!(
        o.cancel_id(1, 1, None),
        Err(Refusal::AlreadyClosed { order: 1, status: Status::Canceled, reason: Some(Reason::User) })
    );
    assert_eq!(o.cancel_by_client_id(1, "a", None), Err(Refusal::UnknownOrder));
}

#[test]
fn client_order_ids_are_free_again_when_closed() {
    let mut o = exchange();
    put(&mut o, 1, named(sell(1, 100, 5), "a"));
    assert_eq!(refused(&mut o, named(sell(1, 101, 5), "a")), 4003);
    put(&mut o, 2, named(sell(2, 101, 5), "a"));
    assert_eq!(o.cancel_by_client_id(1, "a", Some(OnlyIf::New)).unwrap().order, 1);
    put(&mut o, 3, named(sell(1, 100, 5), "a"));
    assert_eq!(o.open_orders().count(), 2);
}

#[test]
fn closed_orders_are_forgotten() {
    let mut o = Oracle::new(Limits { open_orders_max: 20, closed_orders_max: 1 });
    o.add_symbol(SYMBOL, Rules::plain(BASE, QUOTE, 10, 1));
    o.deposit(1, BASE, 100).unwrap();
    put_all(&mut o, [sell(1, 100, 1), sell(1, 100, 1)]);
    o.cancel_id(1, 1, None).unwrap();
    assert!(o.order(1).is_some());
    o.cancel_id(1, 2, None).unwrap();
    assert!(o.order(1).is_none());
    assert_eq!(o.cancel_id(1, 1, None), Err(Refusal::UnknownOrder));
}

#[test]
fn mass_cancel_takes_what_the_filter_means() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put_all(
        &mut o,
        [
            named(sell(1, 110, 1), "x1"),
            named(buy(1, 90, 1), "x2"),
            named(stop(sell(1, 80, 1), 95), "y1"),
            sell(2, 110, 1),
        ],
    );
    let prefix = Filter { prefix: Some("x".into()), ..Filter::default() };
    assert_eq!(named_in(&o.clone().cancel_all(1, &prefix).unwrap()), [1, 2]);
    let sells = Filter { side: Some(Side::Sell), symbol: Some(SYMBOL), ..Filter::default() };
    let canceled = o.clone().cancel_all(1, &sells).unwrap();
    assert_eq!(named_in(&canceled), [1, 3]);
    assert_eq!(canceled.iter().map(|canceled| canceled.released).sum::<Money>(), 20);
    let seq = o.book_seq(SYMBOL);
    assert_eq!(named_in(&o.cancel_all(1, &Filter::default()).unwrap()), [1, 2, 3]);
    assert_eq!((status(&o, 3), o.book_seq(SYMBOL)), (closed_as(Reason::Mass), seq + 1));
    assert_eq!(o.cancel_all(1, &Filter::default()).unwrap(), []);
    assert_eq!(named_in(&o.cancel_symbol(SYMBOL).unwrap()), [4]);
    assert_eq!(status(&o, 4), closed_as(Reason::Admin));
}

#[test]
fn the_timer_cancels_once() {
    let mut o = exchange();
    o.advance(SECOND);
    put(&mut o, 1, sell(1, 100, 1));
    o.cancel_all_after(1, 500 * MILLISECOND).unwrap();
    o.cancel_all_after(1, 1_000 * MILLISECOND).unwrap();
    assert_eq!(o.advance(2 * SECOND - 1), []);
    assert_eq!(o.advance(2 * SECOND), [1]);
    assert_eq!(status(&o, 1), closed_as(Reason::Deadman));
    put(&mut o, 2, sell(1, 100, 1));
    o.advance(9 * SECOND);
    assert_eq!(status(&o, 2), NEW);
    o.cancel_all_after(1, MILLISECOND).unwrap();
    o.cancel_all_after(1, 0).unwrap();
    assert_eq!(o.advance(10 * SECOND), []);
}

#[test]
fn orders_expire_by_time_then_id_before_timers() {
    let mut o = exchange();
    let gtd = |new, expire_at| NewOrder { tif: Tif::Gtd, expire_at: Some(expire_at), ..new };
    put(&mut o, 1, gtd(sell(1, 100, 1), 30_000_000));
    put(&mut o, 3, gtd(sell(1, 100, 1), 20_000_000));
    put(&mut o, 2, gtd(sell(1, 100, 1), 20_000_000));
    put(&mut o, 4, gtd(sell(2, 100, 1), 20_000_000));
    o.cancel_all_after(2, 20 * MILLISECOND).unwrap();
    assert_eq!(o.advance(30_000_000), [2, 3, 4, 1]);
    assert_eq!(
        (status(&o, 4), status(&o, 1)),
        (closed_as(Reason::GtdExpired), closed_as(Reason::GtdExpired))
    );
    assert_eq!(refused(&mut o, gtd(sell(1, 100, 1), 30_000_000)), 1010);
    assert_eq!(refused(&mut o, NewOrder { valid_until: Some(29_999_999), ..sell(1, 100, 1) }), 5002);
}

#[test]
fn a_day_ends_with_its_session() {
    let mut o = exchange_with(|rules| rules.session_end = 3_600 * SECOND);
    let day = NewOrder { tif: Tif::Day, ..sell(1, 100, 1) };
    put(&mut o, 1, day.clone());
    o.advance(3_600 * SECOND - 1);
    assert_eq!(status(&o, 1), NEW);
    o.advance(3_600 * SECOND);
    assert_eq!(status(&o, 1), closed_as(Reason::SessionEnd));
    put(&mut o, 2, day);
    assert_eq!(o.order(2).unwrap().expire_at, Some(DAY + 3_600 * SECOND));
}

// Amend.

fn amend(o: &mut Oracle, id: u64, quantity: Option<NewQuantity>, price: Option<u64>) -> Result<Placed, u32> {
    let account = o.order(id).map_or(1, |order| order.new.account);
    o.amend_id(account, SYMBOL, id, quantity, price).map_err(|refusal| refusal.number())
}

#[test]
fn less_quantity_keeps_its_place() {
    let mut o = exchange();
    put_all(&mut o, [NewOrder { display: Some(3), ..sell(1, 100, 8) }, sell(2, 100, 5)]);
    let placed = amend(&mut o, 1, Some(NewQuantity::Total(4)), Some(100)).unwrap();
    assert_eq!((placed.status, placed.reserved), (Status::New, 40));
    assert_eq!(o.levels(SYMBOL, Side::Sell), [(100, 8, 2)]);
    amend(&mut o, 1, Some(NewQuantity::ReduceBy(2)), None).unwrap();
    assert_eq!(o.levels(SYMBOL, Side::Sell), [(100, 7, 2)]);
    assert_eq!(fills(&put(&mut o, 3, buy(3, 100, 3))), [(1, 100, 2), (2, 100, 1)]);
}

#[test]
fn more_quantity_or_another_price_goes_to_the_back() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 100, 1), sell(2, 100, 1), sell(3, 101, 1)]);
    amend(&mut o, 1, Some(NewQuantity::Total(2)), None).unwrap();
    amend(&mut o, 2, None, Some(101)).unwrap();
    assert_eq!(fills(&put(&mut o, 4, buy(4, 101, 4))), [(1, 100, 2), (3, 101, 1), (2, 101, 1)]);
}

#[test]
fn an_amended_order_may_take() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 100, 2), buy(2, 90, 5), NewOrder { post_only: true, ..buy(3, 90, 1) }]);
    assert_eq!(amend(&mut o, 3, None, Some(100)), Err(4010));
    let placed = amend(&mut o, 2, None, Some(101)).unwrap();
    assert_eq!((fills(&placed), placed.reserved), (vec![(1, 100, 2)], 303));
    assert_eq!(o.available(2, QUOTE), 1_000_000 - 200 - 303);
}

#[test]
fn amends_that_are_refused() {
    let mut o = exchange_with(|rules| (rules.quantity_max, rules.max_amends) = (2_000, Some(1)));
    put_all(&mut o, [sell(1, 100, 4), buy(2, 100, 1), buy(2, 90, 100)]);
    assert_eq!(amend(&mut o, 2, None, Some(90)), Err(4002));
    assert_eq!(amend(&mut o, 77, None, Some(90)), Err(4000));
    assert_eq!(amend(&mut o, 1, Some(NewQuantity::Total(2_001)), None), Err(2021));
    assert_eq!(amend(&mut o, 1, Some(NewQuantity::Total(4)), Some(100)), Err(1015));
    assert_eq!(amend(&mut o, 1, Some(NewQuantity::Total(1)), None), Err(4014));
    assert_eq!(amend(&mut o, 1, Some(NewQuantity::ReduceBy(3)), None), Err(4014));
    let refusal = o.amend_id(1, SYMBOL, 1, Some(NewQuantity::Total(1_002)), None).unwrap_err();
    // 997 lots are available and 998 more are needed.
    assert_eq!(refusal, Refusal::Insufficient { asset: BASE, required: 9_980, available: 9_960 });
    amend(&mut o, 1, Some(NewQuantity::ReduceBy(1)), None).unwrap();
    assert_eq!(amend(&mut o, 1, Some(NewQuantity::ReduceBy(1)), None), Err(2052));
    assert_eq!(o.amend_id(1, SYMBOL + 1, 1, None, Some(90)), Err(Refusal::UnknownSymbol));
}

#[test]
fn an_amend_needs_only_the_difference() {
    let mut o = exchange();
    put(&mut o, 1, buy(1, 1_000, 900));
    amend(&mut o, 1, Some(NewQuantity::Total(1_000)), None).unwrap();
    assert_eq!(o.available(1, QUOTE), 0);
    assert_eq!(amend(&mut o, 1, Some(NewQuantity::Total(500)), Some(2_001)), Err(3010));
    amend(&mut o, 1, Some(NewQuantity::Total(500)), Some(2_000)).unwrap();
}

#[test]
fn a_pending_order_is_amended_where_it_is() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put(&mut o, 1, stop(buy(1, 120, 2), 110));
    put(&mut o, 2, stop(market(1, Side::Buy, Kind::Quote(500)), 110));
    let placed = amend(&mut o, 1, Some(NewQuantity::Total(3)), Some(130)).unwrap();
    assert_eq!((placed.status, placed.reserved), (Status::PendingTrigger, 390));
    assert_eq!(amend(&mut o, 2, None, Some(130)), Err(4015));
    assert_eq!(amend(&mut o, 2, Some(NewQuantity::Total(3)), None), Err(4015));
}

#[test]
fn an_amended_order_may_trigger_others() {
    let mut o = exchange();
    trade_at(&mut o, 100, 100);
    put_all(&mut o, [stop(sell(1, 50, 1), 95), buy(2, 90, 2), sell(3, 105, 1)]);
    let placed = amend(&mut o, 3, None, Some(90)).unwrap();
    assert_eq!((placed.status, placed.trades.len()), (Status::Filled, 1));
    assert_eq!(o.trades().iter().map(|trade| trade.taker).collect::<Vec<_>>(), [3, 1]);
}

// Cancel-replace.

fn replace(o: &mut Oracle, old: u64, id: u64, new: NewOrder, mode: ReplaceMode) -> Result<Replaced, u32> {
    o.cancel_replace(&Which::Id(old), None, id, new, None, mode).map_err(|refusal| refusal.number())
}

#[test]
fn what_the_old_order_frees_counts_for_the_new() {
    for mode in [ReplaceMode::StopOnFailure, ReplaceMode::AllowFailure, ReplaceMode::Atomic] {
        let mut o = exchange();
        put(&mut o, 1, buy(1, 1_000, 900));
        let replaced = replace(&mut o, 1, 2, buy(1, 1_000, 1_000), mode).unwrap();
        assert_eq!(replaced.canceled.unwrap().unwrap().released, 900_000);
        assert_eq!(replaced.placed.unwrap().unwrap().reserved, 1_000_000);
        assert_eq!((status(&o, 1), o.book_seq(SYMBOL)), (closed_as(Reason::Replaced), 2));
    }
}

#[test]
fn replace_when_the_new_order_is_refused() {
    let new = buy(1, 1_000, 1_001);
    for (mode, number, was) in [
        (ReplaceMode::StopOnFailure, 4020, closed_as(Reason::User)),
        (ReplaceMode::AllowFailure, 4020, closed_as(Reason::User)),
        (ReplaceMode::Atomic, 4021, NEW),
    ] {
        let mut o = exchange();
        put(&mut o, 1, buy(1, 1_000, 900));
        assert_eq!(replace(&mut o, 1, 2, new.clone(), mode), Err(number));
        assert_eq!((status(&o, 1), o.order(2).is_none()), (was, true));
    }
    let mut o = exchange();
    put(&mut o, 1, buy(1, 1_000, 900));
    let refusal = o.cancel_replace(&Which::Id(1), None, 2, new, None, ReplaceMode::Atomic).unwrap_err();
    let required = Refusal::Insufficient { asset: QUOTE, required: 1_001_000, available: 1_000_000 };
    let halves = Replaced { canceled: None, placed: Some(Err(required)) };
    assert_eq!(refusal, Refusal::ReplaceFailed(Box::new(halves)));
}

#[test]
fn replace_when_there_is_nothing_to_cancel() {
    let mut o = exchange();
    assert_eq!(replace(&mut o, 1, 2, buy(1, 10, 1), ReplaceMode::StopOnFailure), Err(4021));
    assert_eq!(replace(&mut o, 1, 2, buy(1, 10, 1), ReplaceMode::Atomic), Err(4021));
    assert!(o.order(2).is_none());
    assert_eq!(replace(&mut o, 1, 2, buy(1, 10, 1), ReplaceMode::AllowFailure), Err(4020));
    assert_eq!(status(&o, 2), NEW);
    assert_eq!(replace(&mut o, 1, 3, buy(1, 1_000, 1_001), ReplaceMode::AllowFailure), Err(4021));
}

#[test]
fn an_atomic_replace_is_judged_as_if_the_old_order_were_gone() {
    let mut o = exchange_with(|rules| rules.max_open_orders = Some(1));
    put(&mut o, 1, named(sell(1, 100, 1), "a"));
    assert!(
        replace(
            &mut o,
            1,
            2,
            named(NewOrder { post_only: true, ..buy(1, 100, 1) }, "a"),
            ReplaceMode::Atomic
        )
        .is_ok()
    );
    o.set_status(SYMBOL, SymbolStatus::CancelOnly, false).unwrap();
    assert_eq!(replace(&mut o, 2, 3, buy(1, 100, 1), ReplaceMode::StopOnFailure), Err(2002));
    assert_eq!(status(&o, 2), NEW);
}

#[test]
fn a_tested_order_leaves_no_trace() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 100, 1));
    assert!(o.test_order(buy(2, 100, 1)).is_ok());
    assert_eq!(o.test_order(buy(2, 1_000, 1_001)).unwrap_err().number(), 3010);
    assert_eq!((o.last_price(SYMBOL), o.levels(SYMBOL, Side::Sell)), (None, vec![(100, 1, 1)]));
}

// Symbols.

#[test]
fn what_a_status_admits() {
    let limit = buy(1, 50, 1);
    let post_only = NewOrder { post_only: true, ..limit.clone() };
    let at_market = market(1, Side::Sell, Kind::Quantity(1));
    for (status, of_limit, of_post_only, of_market, of_amend) in [
        (SymbolStatus::Trading, 0, 0, 0, 0),
        (SymbolStatus::PostOnly, 2003, 0, 2003, 0),
        (SymbolStatus::LimitOnly, 0, 0, 2003, 0),
        (SymbolStatus::CancelOnly, 2002, 2002, 2002, 2002),
        (SymbolStatus::Halt, 2001, 2001, 2001, 2001),
    ] {
        let mut o = exchange();
        put(&mut o, 1, sell(2, 100, 5));
        o.set_status(SYMBOL, status, false).unwrap();
        let number = |new: &NewOrder| o.test_order(new.clone()).map_or_else(|e| e.number(), |_| 0);
        assert_eq!([&limit, &post_only, &at_market].map(number), [of_limit, of_post_only, of_market]);
        assert_eq!(amend(&mut o, 1, None, Some(101)).map_or_else(|number| number, |_| 0), of_amend);
        assert!(o.cancel_id(2, 1, None).is_ok());
    }
}

#[test]
fn closing_a_symbol_is_final() {
    let mut o = exchange();
    put_all(&mut o, [sell(1, 100, 1), sell(2, 100, 1)]);
    assert_eq!(o.set_status(SYMBOL, SymbolStatus::Closed, false), Err(Refusal::SymbolInUse));
    assert_eq!(named_in(&o.set_status(SYMBOL, SymbolStatus::Closed, true).unwrap()), [1, 2]);
    assert_eq!(status(&o, 1), closed_as(Reason::SymbolClosed));
    assert_eq!(refused(&mut o, sell(1, 100, 1)), 2001);
    assert_eq!(o.set_status(SYMBOL, SymbolStatus::Trading, false), Err(Refusal::BadStatusTransition));
    assert_eq!(o.set_status(8, SymbolStatus::Trading, false), Err(Refusal::UnknownSymbol));
}

#[test]
fn a_halted_symbol_still_lets_orders_expire() {
    let mut o = exchange();
    put(&mut o, 1, NewOrder { tif: Tif::Gtd, expire_at: Some(9), ..sell(1, 100, 1) });
    o.set_status(SYMBOL, SymbolStatus::Halt, false).unwrap();
    assert_eq!(o.advance(9), [1]);
}

#[test]
fn a_band_around_the_reference_price() {
    let mut o = exchange_with(|rules| {
        rules.band = Some(Band { bid_up: 1_000, bid_down: 2_000, ask_up: 3_000, ask_down: 500 });
        (rules.price_floor, rules.price_cap) = (Some(10), Some(200));
    });
    // No reference: only floor and cap.
    assert_eq!([9, 201].map(|price| refused(&mut o, sell(1, price, 1))), [2012, 2012]);
    assert!([10, 200].iter().all(|price| o.test_order(sell(1, *price, 1)).is_ok()));
    trade_at(&mut o, 100, 99);
    // buy: floor(79.2) to ceil(108.9); sell: floor(94.05) to ceil(128.7)
    assert_eq!([78, 110].map(|price| refused(&mut o, buy(1, price, 1))), [2012, 2012]);
    assert!([79, 109].iter().all(|price| o.test_order(buy(1, *price, 1)).is_ok()));
    assert_eq!([93, 130].map(|price| refused(&mut o, sell(1, price, 1))), [2012, 2012]);
    assert!([94, 129].iter().all(|price| o.test_order(sell(1, *price, 1)).is_ok()));
    put(&mut o, 1, buy(1, 80, 1));
    assert_eq!(amend(&mut o, 1, None, Some(110)), Err(2012));
}

#[test]
fn where_the_reference_price_comes_from() {
    let mut o = exchange_with(|rules| rules.reference_minutes = Some(2));
    o.advance(1_000 * SECOND);
    assert_eq!(o.reference_price(SYMBOL), None);
    put(&mut o, 1, sell(1, 100, 2));
    put(&mut o, 2, buy(2, 100, 2));
    o.advance(1_060 * SECOND);
    trade_at(&mut o, 3, 105);
    // floor((200 + 105) / 3)
    assert_eq!(o.reference_price(SYMBOL), Some(101));
    o.advance(1_120 * SECOND);
    assert_eq!(o.reference_price(SYMBOL), Some(105));
    trade_at(&mut o, 5, 107);
    o.advance(9_000 * SECOND);
    assert_eq!(o.reference_price(SYMBOL), Some(107), "the last");
    change_rules(&mut o, |rules| rules.reference_price = Some(55));
    assert_eq!(o.reference_price(SYMBOL), Some(55));
}

#[test]
fn an_order_is_worth_something() {
    let mut o = exchange_with(|rules| (rules.min_notional, rules.max_notional) = (Some(100), Some(500)));
    assert_eq!(refused(&mut o, buy(1, 33, 3)), 2030);
    assert_eq!(refused(&mut o, buy(1, 501, 1)), 2030);
    assert_eq!(refused(&mut o, market(1, Side::Buy, Kind::Quote(99))), 2030);
    put(&mut o, 1, sell(1, 100, 5));
    assert_eq!(amend(&mut o, 1, None, Some(101)), Err(2030));
    assert!(o.test_order(market(2, Side::Buy, Kind::Quantity(6))).is_ok());
    change_rules(&mut o, |rules| rules.apply_to_market = true);
    assert!(o.test_order(market(2, Side::Buy, Kind::Quantity(6))).is_ok(), "no reference price");
    change_rules(&mut o, |rules| rules.reference_price = Some(100));
    assert_eq!(refused(&mut o, market(2, Side::Buy, Kind::Quantity(6))), 2030);
    put(&mut o, 2, market(2, Side::Buy, Kind::Quantity(5)));
}

#[test]
fn open_orders_are_counted() {
    let mut o = exchange_with(|rules| {
        rules.max_open_orders = Some(4);
        rules.max_open_conditional = Some(2);
        rules.max_open_icebergs = Some(1);
        rules.max_open_lists = Some(1);
    });
    trade_at(&mut o, 100, 100);
    put(&mut o, 1, NewOrder { display: Some(1), ..sell(1, 110, 2) });
    assert_eq!(refused(&mut o, NewOrder { display: Some(1), ..sell(1, 110, 2) }), 2050);
    let legs = || (sell(1, 120, 1), stop(sell(1, 80, 1), 90));
    o.place_oco(1, 2, 3, legs().0, legs().1).unwrap();
    assert_eq!(o.place_oco(2, 4, 5, legs().0, legs().1), Err(Refusal::TooManyOpenOrders(4)));
    put(&mut o, 4, stop(sell(1, 80, 1), 90));
    assert_eq!(refused(&mut o, sell(1, 110, 1)), 2050);
    put(&mut o, 5, NewOrder { tif: Tif::Ioc, ..sell(1, 110, 1) });
    o.cancel_id(1, 1, None).unwrap();
    assert_eq!(refused(&mut o, stop(sell(1, 80, 1), 90)), 2050);
    o.cancel_id(1, 4, None).unwrap();
    assert_eq!(o.place_oco(2, 6, 7, legs().0, legs().1), Err(Refusal::TooManyOpenOrders(1)));
}

#[test]
fn open_orders_are_counted_over_all_symbols() {
    let mut o = exchange();
    o.add_symbol(8, Rules::plain(BASE, QUOTE, 10, 1));
    for id in 0..20 {
        put(&mut o, id, NewOrder { symbol: SYMBOL + u32::from(id % 2 == 0), ..buy(1, 10, 1) });
    }
    assert_eq!(o.place(20, buy(1, 10, 1), None), Err(Refusal::TooManyOpenOrders(20)));
    assert_eq!(refused(&mut o, buy(7, 10, 1)), 3000);
}

#[test]
fn a_position_has_a_limit() {
    let mut o = exchange_with(|rules| rules.max_position = Some(10_100));
    put(&mut o, 1, buy(1, 50, 4));
    assert_eq!(refused(&mut o, buy(1, 50, 7)), 2051);
    assert_eq!(refused(&mut o, market(1, Side::Buy, Kind::Quantity(7))), 2051);
    put(&mut o, 2, sell(2, 100, 50));
    assert_eq!(refused(&mut o, market(1, Side::Buy, Kind::Quote(700))), 2051);
    assert!(o.test_order(market(1, Side::Buy, Kind::Quote(699))).is_ok());
    put(&mut o, 3, buy(1, 50, 6));
    assert!(o.test_order(sell(1, 100, 500)).is_ok());
}

#[test]
fn some_rules_can_not_be_changed() {
    let mut o = exchange();
    let rules = Rules { lot: 100, ..o.rules(SYMBOL).clone() };
    assert_eq!(o.set_rules(SYMBOL, rules.clone()), Err(Refusal::ImmutableField));
    assert_eq!(o.set_rules(8, rules), Err(Refusal::UnknownSymbol));
}

// Accounts.

#[test]
fn what_an_account_may_do() {
    for (account_status, trade, cancel, withdraw, deposit) in [
        (AccountStatus::Active, 0, 0, 0, 0),
        (AccountStatus::CancelOnly, 3003, 0, 0, 0),
        (AccountStatus::Suspended, 3001, 0, 3001, 0),
    ] {
        let mut o = exchange();
        put_all(&mut o, [sell(1, 100, 1), sell(1, 100, 1)]);
        o.set_account_status(1, account_status).unwrap();
        let number = |result: Result<(), Refusal>| result.map_or_else(|refusal| refusal.number(), |()| 0);
        assert_eq!(number(o.place(3, sell(1, 100, 1), None).map(|_| ())), trade);
        assert_eq!(number(o.amend_id(1, SYMBOL, 1, None, Some(101)).map(|_| ())), trade);
        let mode = ReplaceMode::Atomic;
        let replaced = o.cancel_replace(&Which::Id(2), None, 4, sell(1, 100, 1), None, mode);
        assert_eq!(number(replaced.map(|_| ())), trade);
        assert_eq!(number(o.cancel_id(1, 1, None).map(|_| ())), cancel);
        assert_eq!(number(o.withdraw(1, QUOTE, 1)), withdraw);
        assert_eq!(number(o.transfer(1, 2, QUOTE, 1)), withdraw);
        assert_eq!(number(o.hold(1, QUOTE, 1)), withdraw);
        assert_eq!(number(o.deposit(1, QUOTE, 1)), deposit);
        assert_eq!(number(o.transfer(2, 1, QUOTE, 1)), deposit);
    }
}

#[test]
fn a_closed_account_may_do_nothing() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 100, 1));
    assert_eq!(o.set_account_status(1, AccountStatus::Closed), Err(Refusal::HasOpenOrders));
    o.cancel_id(1, 1, None).unwrap();
    assert_eq!(o.set_account_status(1, AccountStatus::Closed), Err(Refusal::NonZeroBalance));
    assert_eq!(o.transfer(1, 9, BASE, 10_000), Err(Refusal::UnknownAccount));
    o.deposit(9, BASE, 1).unwrap();
    o.transfer(1, 9, BASE, 10_000).unwrap();
    o.withdraw(1, QUOTE, 1_000_000).unwrap();
    o.set_account_status(1, AccountStatus::Closed).unwrap();
    assert_eq!(refused(&mut o, buy(1, 1, 1)), 3002);
    assert_eq!(o.cancel_id(1, 1, None), Err(Refusal::AccountClosed));
    assert_eq!(o.deposit(1, BASE, 1), Err(Refusal::AccountClosed));
    assert_eq!(o.transfer(9, 1, BASE, 1), Err(Refusal::AccountClosed));
    assert_eq!(o.set_account_status(1, AccountStatus::Active), Err(Refusal::BadStatusTransition));
}

#[test]
fn permissions() {
    let mut o = exchange();
    put(&mut o, 1, sell(1, 100, 1));
    o.set_permissions(1, false, true).unwrap();
    assert_eq!(refused(&mut o, buy(1, 1, 1)), 3003);
    assert!(o.cancel_id(1, 1, None).is_ok());
    assert!(o.withdraw(1, QUOTE, 1).is_ok());
    o.set_permissions(1, true, false).unwrap();
    assert_eq!(o.withdraw(1, QUOTE, 1), Err(Refusal::PermissionDenied));
    put(&mut o, 2, buy(1, 1, 1));
}

#[test]
fn holds_freeze_money() {
    let mut o = exchange();
    o.hold(1, QUOTE, 999_999).unwrap();
    assert_eq!((o.available(1, QUOTE), o.frozen(1, QUOTE), o.held(1, QUOTE)), (1, 999_999, 999_999));
    let refusal = Refusal::Insufficient { asset: QUOTE, required: 2, available: 1 };
    assert_eq!(o.hold(1, QUOTE, 2), Err(refusal.clone()));
    assert_eq!(o.withdraw(1, QUOTE, 2), Err(refusal));
    let refusal = Refusal::Insufficient { asset: QUOTE, required: 1_000_000, available: 999_999 };
    assert_eq!(o.release_hold(1, QUOTE, 1_000_000), Err(refusal));
    o.release_hold(1, QUOTE, 999_999).unwrap();
    assert_eq!(o.available(1, QUOTE), 1_000_000);
}

#[test]
fn balances_have_a_limit() {
    let mut o = exchange();
    assert_eq!(o.deposit(1, QUOTE, BALANCE_MAX - 999_999), Err(Refusal::BalanceOverflow));
    o.deposit(1, QUOTE, BALANCE_MAX - 1_000_000).unwrap();
    assert_eq!(o.transfer(2, 1, QUOTE, 1), Err(Refusal::BalanceOverflow));
    assert_eq!(o.withdraw(88, QUOTE, 1), Err(Refusal::UnknownAccount));
}

// Everything at once.

/// A session of random operations; the oracle checks itself after each.
#[test]
fn nothing_is_made_or_lost() {
    for seed in 1..=60 {
        let mut dice = Dice(seed);
        let fees = Fees { taker: 30_000, maker: dice.roll(60_000).cast_signed() - 30_000 };
        let mut o = exchange_with(|rules| {
            rules.fees = fees;
            rules.fee_mode = if seed % 2 == 0 { FeeMode::Received } else { FeeMode::Quote };
            rules.tick_lot = 1 + Money::from(seed % 3);
        });
        o.set_stp_group(1, Some(1)).unwrap();
        o.set_stp_group(2, Some(1)).unwrap();
        for account in 3..=4 {
            o.withdraw(account, QUOTE, 999_000).unwrap();
            o.withdraw(account, BASE, 9_800).unwrap();
        }
        for id in 0..300 {
            dice.operate(&mut o, id * 3 + 1);
        }
        for account in 1..=6 {
            o.cancel_all(account, &Filter::default()).unwrap();
            assert_eq!((o.frozen(account, BASE), o.frozen(account, QUOTE)), (0, 0));
        }
    }
}

/// Numbers that look random.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn one_in(&mut self, sides: u64) -> bool {
        self.roll(sides) == 0
    }

    fn order(&mut self, now: Time) -> NewOrder {
        let side = [Side::Buy, Side::Sell][usize::from(self.one_in(2))];
        let (price, quantity) = (90 + self.roll(20), 1 + self.roll(12));
        let kind = match self.roll(8) {
            0 => Kind::Quantity(quantity),
            1 => Kind::Quote(Money::from(price * quantity)),
            _ => Kind::Limit { price, quantity },
        };
        let mut new = market(1 + self.roll(5), side, kind);
        new.stp = [Stp::None, Stp::ExpireTaker, Stp::ExpireMaker, Stp::ExpireBoth, Stp::Decrement]
            [usize::try_from(self.roll(5)).unwrap()];
        if new.is_limit() {
            new.tif = [Tif::Gtc, Tif::Gtc, Tif::Gtc, Tif::Gtd, Tif::Day, Tif::Ioc, Tif::Fok]
                [usize::try_from(self.roll(7)).unwrap()];
            new.expire_at = (new.tif == Tif::Gtd).then(|| now + 1 + self.roll(40 * SECOND));
            new.post_only = new.can_rest() && self.one_in(4);
            new.display = (new.can_rest() && self.one_in(4)).then(|| 1 + self.roll(quantity));
        } else if self.one_in(4) {
            new.tif = Tif::Fok;
        } else if self.one_in(3) {
            new.protection_bps = Some(1 + self.roll(900));
        }
        if matches!((kind, side), (Kind::Quantity(_), Side::Buy)) && self.one_in(2) {
            new.max_quote = Some(Money::from(quantity * (85 + self.roll(30))));
        }
        let can_wait = match kind {
            Kind::Limit { .. } => !new.post_only,
            Kind::Quantity(_) => side == Side::Sell || new.max_quote.is_some(),
            Kind::Quote(_) => side == Side::Buy,
        };
        if can_wait && self.one_in(3) {
            let price = 85 + self.roll(30);
            new.trigger = Some(match self.roll(4) {
                0 => Trigger::Stop(price),
                1 => Trigger::TakeProfit(price),
                2 => Trigger::Trailing { trail: Trail::Bps(1 + self.roll(500)), activation: None },
                _ => Trigger::Trailing { trail: Trail::Ticks(1 + self.roll(5)), activation: Some(price) },
            });
            if !new.is_limit() {
                new.tif = Tif::Ioc;
            }
        }
        new
    }

    fn operate(&mut self, o: &mut Oracle, id: u64) {
        let now = o.now() + self.roll(SECOND);
        o.advance(now);
        let open: Vec<(u64, u64)> = o.open_orders().map(|order| (order.new.account, order.id)).collect();
        let pick = usize::try_from(self.roll(1_000)).unwrap() % open.len().max(1);
        let (account, old) = open.get(pick).copied().unwrap_or((1, 999_999));
        match self.roll(20) {
            0 | 1 => drop(o.cancel_id(account, old, None)),
            2 | 3 => {
                drop(o.amend_id(account, SYMBOL, old, Some(NewQuantity::Total(1 + self.roll(15))), None))
            }
            4 => drop(o.amend_id(account, SYMBOL, old, None, Some(90 + self.roll(20)))),
            5 => drop(o.amend_id(account, SYMBOL, old, Some(NewQuantity::ReduceBy(1 + self.roll(5))), None)),
            6 | 7 => {
                let mode = [ReplaceMode::StopOnFailure, ReplaceMode::AllowFailure, ReplaceMode::Atomic]
                    [usize::try_from(self.roll(3)).unwrap()];
                let new = NewOrder { account, ..self.order(now) };
                drop(o.cancel_replace(&Which::Id(old), None, id, new, None, mode));
            }
            8 | 9 => {
                let (account, quantity, by) = (1 + self.roll(5), 1 + self.roll(8), 1 + self.roll(6));
                let last = o.last_price(SYMBOL).unwrap_or(100);
                let legs = if self.one_in(2) {
                    (
                        buy(account, last - by, quantity),
                        stop(buy(account, last + by + 2, quantity), last + by),
                    )
                } else {
                    let at_market = market(account, Side::Sell, Kind::Quantity(quantity));
                    (sell(account, last + by, quantity), stop(at_market, last - by))
                };
                drop(o.place_oco(id, id, id + 1, legs.0, legs.1));
            }
            10 => drop(o.cancel_all_after(account, self.roll(2_000) * MILLISECOND)),
            11 => drop(o.collect_fees(6, SYMBOL)),
            _ => drop(o.place(id, self.order(now), None)),
        }
    }
}

#[test]
fn a_rate_limit_is_a_bucket_that_fills_up_again() {
    let mut o = exchange();
    o.set_rate_limit(1, Some((2, 3))).unwrap();
    assert!(o.place(1, buy(1, 1, 1), None).is_ok());
    // What is refused later has cost its token, too; what is tested costs none.
    assert_eq!(refused(&mut o, buy(1, 1_000, 1_001)), 3010);
    assert!(o.test_order(buy(1, 1, 1)).is_ok());
    assert!(o.place(2, buy(1, 1, 1), None).is_ok());
    assert_eq!(o.place(3, buy(1, 1, 1), None), Err(Refusal::RateLimited { nanos: SECOND / 2 }));
    o.advance(SECOND / 2 - 1);
    assert_eq!(o.place(3, buy(1, 1, 1), None), Err(Refusal::RateLimited { nanos: 1 }));
    o.advance(SECOND / 2);
    assert!(o.place(3, buy(1, 1, 1), None).is_ok());
}

#[test]
fn where_the_old_order_may_stay_there_must_be_room_for_both() {
    let mut o = exchange();
    put(&mut o, 1, named(buy(1, 1_000, 600), "a"));
    let both = |o: &mut Oracle, new, only_if| {
        o.cancel_replace(&Which::Id(1), only_if, 2, new, None, ReplaceMode::AllowFailure).is_ok()
    };
    let (same_name, larger) = (named(buy(1, 1, 1), "a"), buy(1, 1_000, 700));
    assert!(!both(&mut o.clone(), same_name.clone(), Some(OnlyIf::New)));
    assert!(!both(&mut o.clone(), larger.clone(), Some(OnlyIf::New)));
    assert!(both(&mut o.clone(), same_name, None));
    assert!(both(&mut o, larger, None));
}
