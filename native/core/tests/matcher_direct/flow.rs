//! Random flow of everything there is, through the book that runs and the one that nobody could get wrong: both
//! say the same, a test order says what placing it does, and after every command the desk's checks hold.

use lightning_core::book::{NaiveBook, OrderBook, PriceTimeBook};
use lightning_core::fees::FeeMode;
use lightning_core::message::{
    AmendChange, NewQuantity, OnlyIf, OrderStatus, Outcome, PlacedOrder, ReplaceMode, StpMode, TimeInForce,
    ToMatcher, TrailOffset, Trigger,
};
use lightning_core::reject::Reject;
use lightning_core::rules::{SymbolRules, SymbolStatus};
use lightning_core::types::{Amount, OrderId, Price, Quantity, Side, Timestamp};

use crate::desk::{Desk, Wish, by_quote, limit, market, spec_in};

#[derive(Clone)]
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    fn side(&mut self) -> Side {
        if self.one_in(2) { Side::Buy } else { Side::Sell }
    }

    fn price(&mut self) -> u64 {
        95 + self.below(11)
    }

    /// Mostly beside the other side's prices, so that the book is deep.
    fn limit_price(&mut self, side: Side) -> u64 {
        let distance = self.below(9);
        if side == Side::Buy { 100 - distance } else { 99 + distance }
    }

    fn terms(&mut self, wish: Wish) -> Wish {
        let mode = StpMode::ALL[usize::try_from(self.below(5)).unwrap()];
        let mut wish = wish.stp(mode);
        if self.one_in(3) {
            let maker = i32::try_from(self.below(60_000)).unwrap() - 20_000;
            wish = wish.fees(maker, u32::try_from(self.below(50_000)).unwrap());
        }
        if self.one_in(3) {
            wish = wish.group(u32::try_from(self.below(2)).unwrap() + 1);
        }
        wish
    }

    fn limit(&mut self, side: Side, now: u64) -> Wish {
        let (price, quantity) = (self.limit_price(side), self.below(20) + 1);
        let account = self.below(4) + 1;
        let wish = limit(account, side, price, quantity);
        let mut wish = self.terms(wish);
        match self.below(10) {
            0 => wish = wish.tif(TimeInForce::Ioc),
            1 => wish = wish.tif(TimeInForce::Fok),
            2 => wish = wish.gtd(now + self.below(300) + 1),
            _ => {}
        }
        if !matches!(wish.order.tif, TimeInForce::Ioc | TimeInForce::Fok) && self.one_in(3) {
            wish = wish.display(self.below(quantity) + 1);
        }
        wish
    }

    fn at_market(&mut self, side: Side) -> Wish {
        let account = self.below(4) + 1;
        let wish = if self.one_in(2) {
            let wish = market(account, side, self.below(9) + 1);
            if side == Side::Buy && self.one_in(2) {
                wish.max_quote(u128::from(self.below(900) + 50))
            } else {
                wish
            }
        } else {
            by_quote(account, side, u128::from(self.below(900) + 50))
        };
        let mut wish = self.terms(wish);
        if self.one_in(3) {
            wish = wish.extras(|extras| extras.protection_bps = Some(150));
        }
        if self.one_in(5) {
            wish = wish.tif(TimeInForce::Fok);
        }
        if self.one_in(4) {
            wish = wish.available(u128::from(self.below(500)));
        }
        wish
    }

    fn conditional(&mut self, now: u64) -> Wish {
        let side = self.side();
        let wish = match self.below(4) {
            0 => {
                let wish = market(1, Side::Sell, 1 + self.below(9));
                self.terms(wish)
            }
            1 => {
                let wish = market(2, Side::Buy, 1 + self.below(9));
                self.terms(wish).max_quote(500)
            }
            2 => self.terms(by_quote(3, Side::Buy, 700)),
            _ => self.limit(side, now),
        };
        let price = Price(self.price());
        let offset = if self.one_in(2) {
            TrailOffset::Ticks(Price(self.below(4) + 1))
        } else {
            TrailOffset::Bps(u32::try_from(self.below(400) + 1).unwrap())
        };
        wish.trigger(match self.below(3) {
            0 => Trigger::Stop { price },
            1 => Trigger::TakeProfit { price },
            _ => Trigger::Trailing { offset, activation: self.one_in(2).then_some(price) },
        })
    }

    fn wish(&mut self, now: u64) -> Wish {
        let side = self.side();
        match self.below(10) {
            0..7 => self.limit(side, now),
            7 => self.at_market(side),
            _ => self.conditional(now),
        }
    }

    fn pick(&mut self, orders: &[OrderId]) -> Option<OrderId> {
        (!orders.is_empty()).then(|| orders[usize::try_from(self.below(orders.len() as u64)).unwrap()])
    }
}

/// One step, and what it answered. `tests`: what is placed is tested before.
fn step<B: OrderBook>(desk: &mut Desk<B>, random: &mut Random, tests: bool) -> String {
    desk.now += random.below(3);
    let due = desk.matcher.next_deadline().is_some_and(|at| at <= Timestamp(desk.now));
    if due {
        desk.run(|matcher, ctx, out| matcher.tick(ctx, out));
    }
    let is_open = |status: OrderStatus| status.is_open();
    let open: Vec<_> =
        desk.orders.iter().filter(|(_, order)| is_open(order.status)).map(|(&id, _)| id).collect();
    match random.below(40) {
        0..24 => {
            let mut again = random.clone();
            let estimate = tests.then(|| {
                let tested = desk.admitted(again.wish(desk.now));
                desk.last_id -= 1;
                desk.ask(ToMatcher::Test(Box::new(tested)))
            });
            let placed = desk.place(random.wish(desk.now));
            if let Some(estimate) = estimate {
                compare(&estimate, &placed);
            }
            format!("{placed:?}")
        }
        24..26 => {
            let side = random.side();
            let (account, quantity) = (random.below(4) + 1, random.below(9) + 1);
            let (price, trigger) = (random.price(), random.price());
            let leg = limit(account, side, price, quantity);
            let leg = random.terms(leg);
            let stop = if random.one_in(2) {
                limit(account, side, random.price(), quantity)
            } else if side == Side::Sell {
                market(account, side, quantity)
            } else {
                market(account, side, quantity).max_quote(u128::from(random.below(900) + 1))
            };
            format!("{:?}", desk.place_oco(leg, stop.stop(trigger)))
        }
        26..29 => {
            let only_if = random.one_in(4).then_some(OnlyIf::New);
            match random.pick(&open) {
                Some(id) => format!("{:?}", desk.cancel_if(id, only_if)),
                None => String::new(),
            }
        }
        29..35 => {
            let quantity = match random.below(3) {
                0 => Some(NewQuantity::Total(Quantity(random.below(25) + 1))),
                1 => Some(NewQuantity::ReduceBy(Quantity(random.below(9) + 1))),
                _ => None,
            };
            let price = random.one_in(2).then(|| Price(random.price()));
            match random.pick(&open) {
                Some(id) => format!("{:?}", desk.amend(id, AmendChange { quantity, price })),
                None => String::new(),
            }
        }
        35..38 => {
            let mode = [ReplaceMode::StopOnFailure, ReplaceMode::AllowFailure, ReplaceMode::Atomic]
                [usize::try_from(random.below(3)).unwrap()];
            let mut wish = random.wish(desk.now);
            match random.pick(&open) {
                Some(id) => {
                    wish.order.account = desk.orders[&id].order.account;
                    format!("{:?}", desk.replace(mode, Ok(id), Ok(wish)))
                }
                None => String::new(),
            }
        }
        38 => {
            let account = random.below(4) + 1;
            let mine =
                open.into_iter().filter(|id| desk.orders[id].order.account.0 == account).take(5).collect();
            format!("{:?}", desk.cancel_many(account, mine))
        }
        _ => {
            let status = match random.below(8) {
                0 => SymbolStatus::LimitOnly,
                1 => SymbolStatus::PostOnly,
                _ => SymbolStatus::Trading,
            };
            let rules = SymbolRules {
                status,
                allow_net_rebate: random.one_in(2),
                reference_minutes: u32::try_from(random.below(2)).unwrap(),
                ..SymbolRules::default()
            };
            let spec = *desk.matcher.market(crate::desk::SYMBOL).unwrap().spec();
            let spec = spec_in(spec.fee_mode());
            let changed = desk.run(|matcher, ctx, out| matcher.set_rules(spec, rules, false, ctx, out));
            format!("{changed:?}")
        }
    }
}

fn compare(estimate: &Outcome, placed: &Result<PlacedOrder, Reject>) {
    match (estimate, placed) {
        (Outcome::Tested(estimate), Ok(placed)) => assert_eq!(
            (estimate.status, estimate.filled, estimate.notional, estimate.fee, estimate.reserved),
            (placed.status, placed.filled, placed.notional, placed.fee, placed.reserved)
        ),
        (Outcome::Rejected(tested), Err(placed)) => assert_eq!(tested, placed),
        _ => panic!("{estimate:?} but {placed:?}"),
    }
}

#[test]
fn both_books_tell_the_same_story() {
    let mut canceled_in_all = 0;
    let mut statuses = std::collections::BTreeMap::<String, usize>::new();
    for seed in 1..=24_u64 {
        let mode = if seed.is_multiple_of(2) { FeeMode::Quote } else { FeeMode::Received };
        let mut fast = Desk::<PriceTimeBook>::with(mode, SymbolRules::default());
        let mut naive = Desk::<NaiveBook>::with(mode, SymbolRules::default());
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        for _ in 0..1_200 {
            let mut again = random.clone();
            let said = step(&mut fast, &mut random, true);
            assert_eq!(said, step(&mut naive, &mut again, false), "a test leaves no trace");
            assert_eq!(fast.trades, naive.trades);
            assert_eq!(fast.settled, naive.settled);
            for side in [Side::Buy, Side::Sell] {
                assert_eq!(fast.queue(side), naive.queue(side));
            }
        }
        let canceled = fast.run(|matcher, ctx, out| matcher.cancel_book(crate::desk::SYMBOL, ctx, out));
        canceled_in_all += canceled.len();
        for order in fast.orders.values() {
            assert!(!order.status.is_open() && order.reserved == Amount::ZERO);
            *statuses.entry(format!("{:?}", order.status)).or_default() += 1;
        }
    }
    assert!(canceled_in_all > 100, "the books were empty");
    for status in [
        "Filled",
        "Canceled(User)",
        "Canceled(Mass)",
        "Canceled(OcoSibling)",
        "Canceled(Replaced)",
        "Canceled(Admin)",
        "Expired(IocRemainder)",
        "Expired(FokUnfillable)",
        "Expired(InsufficientLiquidity)",
        "Expired(BudgetExhausted)",
        "Expired(PriceProtection)",
        "Expired(GtdExpired)",
        "Expired(TriggerRejected)",
        "Expired(Stp)",
    ] {
        assert!(statuses.get(status).is_some_and(|&count| count >= 5), "{status} is rare: {statuses:?}");
    }
}
