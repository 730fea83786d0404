//! How an incoming order trades: with the makers who cross it, best price first and first come first served
//! at each price, always at the maker's price.
//!
//! Every fill consumes funds that were frozen beforehand. The makers' settlements leave as they trade, the
//! taker's when it has stopped.

use super::market::Market;
use super::run::Run;
use super::taker::{End, Step, Taker};
use crate::book::{Front, OrderBook, RestingOrder};
use crate::message::{ExpireReason, Fill, OrderAfter, OrderStatus, Settlement, StpMode, Trade};
use crate::types::{Amount, Quantity, TradeId};

impl<B: OrderBook> Market<B> {
    /// Trades until the taker is sated, or nobody is left whom it may or can trade with.
    pub(super) fn take(&mut self, taker: &mut Taker, fills: &mut Vec<Fill>, run: &mut Run<'_>) -> End {
        loop {
            if taker.is_sated(&self.spec) {
                return End::Sated;
            }
            let Some(maker) = self.book.front(taker.side.opposite()) else {
                return End::RanOut;
            };
            match taker.meet(&maker, &self.spec) {
                Step::Trade(quantity) => self.trade(taker, &maker, quantity, fills, run),
                Step::Stop(end) => return end,
                Step::Own(mode, quantity) => {
                    if self.prevent(taker, maker, mode, quantity, run) {
                        return End::Prevented;
                    }
                }
            }
        }
    }

    /// One fill.
    #[inline(always)]
    fn trade(
        &mut self,
        taker: &mut Taker,
        maker: &RestingOrder,
        quantity: Quantity,
        fills: &mut Vec<Fill>,
        run: &mut Run<'_>,
    ) {
        let (price, symbol) = (maker.price, self.spec.id());
        let notional = self.spec.notional(price, quantity);
        let charge = self.charge(taker, maker, quantity, notional);
        let front = self.book.take_front(maker.side, quantity);
        self.touch(run);
        self.last_trade = TradeId(self.last_trade.0 + 1);
        self.last_price = Some(price);
        if self.rules.reference_minutes != 0 {
            self.traded_minutes.add(run.at, notional, quantity, self.rules.reference_minutes);
        }
        if !charge.taker.is_zero() || !charge.maker.is_zero() {
            self.accrued.add(&self.spec, self.spec.fee_asset(taker.side), charge.taker);
            self.accrued.add(&self.spec, self.spec.fee_asset(maker.side), charge.maker);
        }
        taker.trade(quantity, notional, charge.taker, &self.spec);
        fills.push(Fill { trade: self.last_trade, price, quantity, notional, fee: charge.taker });
        run.out.trades.push(Trade {
            symbol,
            id: self.last_trade,
            price,
            quantity,
            notional,
            taker_side: taker.side,
            maker: maker.id,
            taker: taker.id,
            maker_account: maker.account,
            taker_account: taker.account,
            maker_fee: charge.maker,
            taker_fee: charge.taker,
            at: run.at,
            cause: run.cause,
            book_seq: self.seq,
        });
        let mut released = charge.maker_released;
        if maker.flags.has_sibling {
            released += self.part_from_stop_leg(*maker, front, run);
        }
        let after = if front == Front::Gone {
            self.forget(maker, run);
            OrderAfter::Closed(OrderStatus::Filled)
        } else {
            OrderAfter::Open
        };
        run.settle(Settlement {
            filled: quantity,
            notional,
            fee: charge.maker,
            released,
            ..run.nothing(maker.account, maker.id, after)
        });
    }

    /// The maker is the taker's own, or its group's. True if that ends the taker.
    #[cold]
    #[inline(never)]
    fn prevent(
        &mut self,
        taker: &mut Taker,
        maker: RestingOrder,
        mode: StpMode,
        quantity: Quantity,
        run: &mut Run<'_>,
    ) -> bool {
        match mode {
            StpMode::None => panic!("without self-trade prevention there is nothing to prevent"),
            StpMode::ExpireTaker => {
                taker.give_up();
                true
            }
            StpMode::ExpireMaker => {
                self.expire_maker(&maker, run);
                false
            }
            StpMode::ExpireBoth => {
                self.expire_maker(&maker, run);
                taker.give_up();
                true
            }
            StpMode::Decrement => {
                self.decrement_maker(&maker, quantity, run);
                taker.decrement(quantity, maker.price, &self.spec)
            }
        }
    }

    #[inline(never)]
    fn expire_maker(&mut self, maker: &RestingOrder, run: &mut Run<'_>) {
        let before = self.reservation(maker);
        self.book.remove(maker.id).expect("the maker is in front");
        self.touch(run);
        if maker.flags.has_sibling {
            self.part_from_stop_leg(*maker, Front::Gone, run);
        }
        self.forget(maker, run);
        self.settle_prevented(maker, maker.left(), before, true, run);
    }

    #[inline(never)]
    fn decrement_maker(&mut self, maker: &RestingOrder, quantity: Quantity, run: &mut Run<'_>) {
        let before = self.reservation(maker);
        let front = self.book.prevent_front(maker.side, quantity);
        self.touch(run);
        if maker.flags.has_sibling {
            self.part_from_stop_leg(*maker, front, run);
        }
        if front == Front::Gone {
            self.forget(maker, run);
            return self.settle_prevented(maker, quantity, before, true, run);
        }
        *self.prevented.entry(maker.id).or_default() += quantity;
        let rest = maker.left() - quantity;
        let after = self.spec.reservation(maker.side, maker.price, rest, maker.fees);
        self.settle_prevented(maker, quantity, before - after, false, run);
    }

    fn settle_prevented(
        &mut self,
        maker: &RestingOrder,
        prevented: Quantity,
        released: Amount,
        closed: bool,
        run: &mut Run<'_>,
    ) {
        let after = if closed {
            OrderAfter::Closed(OrderStatus::Expired(ExpireReason::Stp))
        } else {
            OrderAfter::Open
        };
        let settlement = Settlement { prevented, released, ..run.nothing(maker.account, maker.id, after) };
        run.settle(settlement);
    }
}
