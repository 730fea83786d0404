//! Messages that come together do what each does alone; what is read ahead of them has no effect.

use lightning_core::book::OrderBook;
use lightning_core::fees::{FeeMode, FeeRates};
use lightning_core::log::Context;
use lightning_core::matcher::{LOOK_AHEAD_MAX, Matcher};
use lightning_core::message::{
    AdmittedOrder, Amend, AmendChange, NewOrder, NewQuantity, OnlyIf, Replace, ReplaceMode, ReplyTo,
    ToMatcher,
};
use lightning_core::outbox::MatcherOutbox;
use lightning_core::reject::{Code, Reject};
use lightning_core::rules::SymbolRules;
use lightning_core::types::{AccountId, Amount, OrderId, Price, Quantity, Side, SymbolId, Ticket, Timestamp};

use crate::desk::{CountingLog, SYMBOL, spec_in};

struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    /// Not across the middle, so that the book becomes deep; or far across it.
    fn order(&mut self, id: u64, crosses: bool) -> AdmittedOrder {
        let side = if self.below(2) == 0 { Side::Buy } else { Side::Sell };
        let distance = self.below(300) + 1;
        let price = Price(if (side == Side::Buy) == crosses { 1_000 + distance } else { 1_000 - distance });
        let quantity = Quantity(self.below(20) + 1);
        let order = NewOrder::limit(AccountId(1), SYMBOL, side, price, quantity);
        let order = NewOrder { stp: lightning_core::message::StpMode::None, ..order };
        let fees = FeeRates::default();
        AdmittedOrder {
            to: ReplyTo::direct(Ticket(id)),
            id: OrderId(id),
            reserved: spec_in(FeeMode::Received).reservation(side, price, quantity, fees),
            order,
            fees,
            stp_group: None,
            accepted_at: Timestamp(1),
            late: None,
        }
    }

    fn message(&mut self, last_id: &mut u64) -> ToMatcher {
        let (to, account, symbol) = (ReplyTo::direct(Ticket(7)), AccountId(1), SYMBOL);
        // Some are gone, and one is still to come.
        let order = OrderId(self.below(*last_id + 1) + 1);
        match self.below(10) {
            0..=2 => {
                *last_id += 1;
                let crosses = self.below(4) == 0;
                ToMatcher::Admit(self.order(*last_id, crosses))
            }
            3..=5 => {
                let only_if = (self.below(8) == 0).then_some(OnlyIf::PartiallyFilled);
                ToMatcher::Cancel { to, account, symbol, order, only_if }
            }
            6..=8 => {
                let price = (self.below(2) == 0).then(|| Price(self.below(600) + 700));
                let quantity = Some(NewQuantity::Total(Quantity(self.below(20) + 1)));
                let change = AmendChange { price, quantity };
                let extra = Amount(1 << 40);
                ToMatcher::Amend(Box::new(Amend { to, account, symbol, order, change, extra, refusal: None }))
            }
            _ => {
                *last_id += 1;
                let old = if self.below(4) == 0 { Err(Reject::new(Code::UnknownOrder)) } else { Ok(order) };
                ToMatcher::Replace(Box::new(Replace {
                    to,
                    account,
                    symbol,
                    mode: ReplaceMode::AllowFailure,
                    old,
                    only_if: None,
                    new: Ok(Box::new(self.order(*last_id, false))),
                    from_old: Amount(0),
                }))
            }
        }
    }
}

#[test]
fn a_batch_does_what_its_messages_do_one_by_one() {
    let rules = SymbolRules::default();
    let mut matchers = [Matcher::<lightning_core::book::PriceTimeBook>::default(), Matcher::default()];
    let mut logs = [CountingLog::default(), CountingLog::default()];
    let mut outs = [MatcherOutbox::default(), MatcherOutbox::default()];
    let now = Timestamp(1_000);
    for ((matcher, log), out) in matchers.iter_mut().zip(&mut logs).zip(&mut outs) {
        matcher.add_symbol(spec_in(FeeMode::Received), rules, &mut Context { now, log }, out);
    }
    let (mut random, mut last_id) = (Random(77), 0);
    // Deep enough that the book looks ahead.
    let deep: Vec<ToMatcher> = (1..=6_000).map(|id| ToMatcher::Admit(random.order(id, false))).collect();
    last_id += deep.len() as u64;
    let batches = std::iter::once(deep).chain((0..200).map(|n| {
        let length = [0, 1, 15, 16, 17, 100][n % 6];
        (0..length).map(|_| random.message(&mut last_id)).collect()
    }));
    for batch in batches {
        for message in batch.clone() {
            matchers[0].handle(message, &mut Context { now, log: &mut logs[0] }, &mut outs[0]);
        }
        for chunk in batch.chunks(LOOK_AHEAD_MAX) {
            matchers[1].look_ahead(chunk);
            for message in chunk {
                matchers[1].handle(message.clone(), &mut Context { now, log: &mut logs[1] }, &mut outs[1]);
            }
        }
        assert_eq!(format!("{:?}", outs[0]), format!("{:?}", outs[1]));
        outs = [MatcherOutbox::default(), MatcherOutbox::default()];
    }
    assert_eq!(logs[0].records, logs[1].records);
    let [first, second] = matchers.each_ref().map(|matcher| matcher.market(SymbolId(0)).unwrap());
    assert!(first.book().len() > 4_096);
    assert!(first.last_price().is_some(), "some traded");
    for side in [Side::Buy, Side::Sell] {
        assert_eq!(first.book().levels(side, usize::MAX), second.book().levels(side, usize::MAX));
    }
    matchers[1].check_invariants();
}
