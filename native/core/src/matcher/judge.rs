//! What only the book can tell of an order before it is let in, in the fixed order of the codes.
//!
//! Its sequencer has judged everything else. The symbol's status is judged here once more: it may have changed
//! while the order was on its way.

use super::market::Market;
use super::walk::{Expected, UNLIMITED};
use crate::book::OrderBook;
use crate::message::{AdmittedOrder, NewOrder, OrderKind, TimeInForce, Trigger};
use crate::reject::{Code, Detail, Reject};
use crate::rules::SymbolStatus;
use crate::types::{Amount, OrderId, Price, Quantity, Side, Timestamp};

impl<B: OrderBook> Market<B> {
    /// Everything that the book has to say of an order that would come in with `reserved` frozen for it, as if
    /// the order `without` were not there. A market order was walked for it.
    #[inline]
    pub(super) fn judge(
        &self,
        admitted: &AdmittedOrder,
        reserved: Amount,
        without: Option<OrderId>,
        at: Timestamp,
    ) -> Result<Option<Expected>, Reject> {
        if self.takes_as_it_is(admitted) {
            return Ok(None);
        }
        self.judge_closely(admitted, reserved, without, at)
    }

    #[inline(never)]
    fn judge_closely(
        &self,
        admitted: &AdmittedOrder,
        reserved: Amount,
        without: Option<OrderId>,
        at: Timestamp,
    ) -> Result<Option<Expected>, Reject> {
        let order = &admitted.order;
        self.check_status(order)?;
        self.check_notional_and_band(order, at)?;
        let (refusal, room) =
            admitted.late.as_ref().map_or((None, None), |late| (late.refusal, late.position_room));
        if let Some(refusal) = refusal
            && refusal.code != Code::InsufficientBalance
        {
            return Err(refusal);
        }
        // What a market order costs, and takes, is asked of the same walk.
        let walked = (room.is_some() || reserves_everything(order)).then(|| {
            let terms = (admitted.fees, admitted.stp_group);
            let taker = self.taker(admitted.id, order, terms, UNLIMITED, Quantity::ZERO, without);
            self.walk(taker, order.tif == TimeInForce::Fok, without)
        });
        if let (Some(walked), Some(room)) = (&walked, room)
            && walked.taker.filled > room
        {
            return Err(Reject::new(Code::MaxPosition));
        }
        self.check_post_only(order, without)?;
        if let Some(trigger) = order.trigger() {
            self.check_trigger(order.side, trigger)?;
        }
        self.check_one_lot(admitted, without)?;
        if let Some(refusal) = refusal {
            return Err(refusal);
        }
        if let Some(walked) = &walked
            && walked.required > reserved
        {
            return Err(self.too_little(order.side, walked.required, reserved));
        }
        Ok(walked.map(|walked| walked.expected()))
    }

    /// Is it an order that no check concerns, as most are?
    #[inline]
    fn takes_as_it_is(&self, admitted: &AdmittedOrder) -> bool {
        let (order, rules) = (&admitted.order, &self.rules);
        rules.status == SymbolStatus::Trading
            && order.kind.price().is_some()
            && order.extras.is_none()
            && !order.post_only
            && admitted.late.is_none()
            && rules.band.is_none()
            && rules.price_floor.is_none()
            && rules.price_cap.is_none()
    }

    /// Does the symbol take an order like this now?
    pub(super) fn check_status(&self, order: &NewOrder) -> Result<(), Reject> {
        self.rules.status.check_new(order.post_only, order.kind.price().is_some())
    }

    /// Does the symbol take anything but cancels now?
    pub(super) fn check_changeable(&self) -> Result<(), Reject> {
        self.rules.status.check_changes()
    }

    /// The checks that need the reference price.
    pub(super) fn check_notional_and_band(&self, order: &NewOrder, at: Timestamp) -> Result<(), Reject> {
        match order.kind {
            OrderKind::Limit { price, .. } => self.check_band(order.side, price, at),
            OrderKind::MarketByQuantity { quantity } if self.rules.notional_applies_to_market => {
                self.check_notional(quantity, at)
            }
            OrderKind::MarketByQuantity { .. } | OrderKind::MarketByQuote { .. } => Ok(()),
        }
    }

    /// What limit prices and market orders are measured by: the operator's price, else the average of the last
    /// minutes, else the last price.
    fn reference_price(&self, at: Timestamp) -> Option<Price> {
        let rules = &self.rules;
        if rules.reference_price.is_some() {
            return rules.reference_price;
        }
        let average = if rules.reference_minutes == 0 {
            None
        } else {
            self.traded_minutes.average(at, rules.reference_minutes, self.spec.tick_lot_atoms())
        };
        average.or(self.last_price)
    }

    /// The bounds on a market order's worth, at the reference price. Without one there are none.
    fn check_notional(&self, quantity: Quantity, at: Timestamp) -> Result<(), Reject> {
        let Some(price) = self.reference_price(at) else {
            return Ok(());
        };
        // The operator's price may be beyond any limit price: then this is beyond any bound.
        let notional = u128::from(price.0) * u128::from(quantity.0);
        let notional = notional.checked_mul(self.spec.tick_lot_atoms()).map_or(Amount(u128::MAX), Amount);
        let max = self.rules.notional_max.unwrap_or(Amount(u128::MAX));
        if notional < self.spec.limits().notional_min || notional > max {
            return Err(Reject::new(Code::NotionalRange));
        }
        Ok(())
    }

    /// Is a limit price near enough to the reference price, and between the operator's floor and cap?
    pub(super) fn check_band(&self, side: Side, price: Price, at: Timestamp) -> Result<(), Reject> {
        let rules = &self.rules;
        if rules.band.is_none() && rules.price_floor.is_none() && rules.price_cap.is_none() {
            return Ok(());
        }
        let limits = self.spec.limits();
        let (mut min, mut max) = (limits.price_min, limits.price_max);
        if let Some(band) = rules.band
            && let Some(reference) = self.reference_price(at)
        {
            let (up, down) = match side {
                Side::Buy => (band.bid_up_bps, band.bid_down_bps),
                Side::Sell => (band.ask_up_bps, band.ask_down_bps),
            };
            let (reference, whole) = (u128::from(reference.0), 10_000);
            let lowest = reference * u128::from(10_000_u32.saturating_sub(down)) / whole;
            let highest = (reference * (whole + u128::from(up))).div_ceil(whole);
            min = min.max(Price(u64::try_from(lowest).expect("a part of a price is a price")));
            max = max.min(Price(u64::try_from(highest).unwrap_or(u64::MAX)));
        }
        min = rules.price_floor.map_or(min, |floor| min.max(floor));
        max = rules.price_cap.map_or(max, |cap| max.min(cap));
        if price < min || price > max {
            return Err(Reject {
                code: Code::PriceBand,
                detail: Detail::Band { symbol: self.spec.id(), min, max },
            });
        }
        Ok(())
    }

    /// A post-only order must not cross anybody's.
    pub(super) fn check_post_only(&self, order: &NewOrder, without: Option<OrderId>) -> Result<(), Reject> {
        let Some(price) = order.kind.price().filter(|_| order.post_only) else {
            return Ok(());
        };
        self.check_not_crossing(order.side, price, without)
    }

    pub(super) fn check_not_crossing(
        &self,
        side: Side,
        price: Price,
        without: Option<OrderId>,
    ) -> Result<(), Reject> {
        match self.best_without(side.opposite(), without) {
            Some(best) if side.crosses(price, best) => Err(Reject::new(Code::PostOnlyWouldCross)),
            _ => Ok(()),
        }
    }

    /// A trigger is compared with the last price, so there must be one, and it must not be there already.
    fn check_trigger(&self, side: Side, trigger: &Trigger) -> Result<(), Reject> {
        let last = self.last_price.ok_or(Reject::new(Code::NoReferencePrice))?;
        let reached = match (*trigger, side) {
            (Trigger::Stop { price }, Side::Buy) | (Trigger::TakeProfit { price }, Side::Sell) => {
                last >= price
            }
            (Trigger::Stop { price }, Side::Sell) | (Trigger::TakeProfit { price }, Side::Buy) => {
                last <= price
            }
            // Starts behind the last price at the earliest.
            (Trigger::Trailing { .. }, _) => false,
        };
        if reached {
            let detail = Detail::Last { symbol: self.spec.id(), price: last };
            return Err(Reject { code: Code::WouldTriggerImmediately, detail });
        }
        Ok(())
    }

    /// An order by quote amount that can't pay for one lot at the best price.
    fn check_one_lot(&self, admitted: &AdmittedOrder, without: Option<OrderId>) -> Result<(), Reject> {
        let order = &admitted.order;
        if let OrderKind::MarketByQuote { quote } = order.kind
            && order.is_immediate()
            && let Some(best) = self.best_without(order.side.opposite(), without)
        {
            let terms = (admitted.fees, admitted.stp_group);
            let taker = self.taker(admitted.id, order, terms, UNLIMITED, Quantity::ZERO, without);
            if taker.lots_for(quote, best, &self.spec).is_zero() {
                return Err(Reject::new(Code::NotionalRange));
            }
        }
        Ok(())
    }

    /// 3010, with what was needed and what there was.
    pub(super) fn too_little(&self, side: Side, required: Amount, available: Amount) -> Reject {
        let detail = Detail::Funds { asset: self.spec.gives(side), required, available };
        Reject { code: Code::InsufficientBalance, detail }
    }
}

/// Is it an immediate order of which only the book can tell what it costs? Everything that its account has is
/// reserved for it, for the length of its command.
pub(super) fn reserves_everything(order: &NewOrder) -> bool {
    let unknown = matches!(
        (order.kind, order.side),
        (OrderKind::MarketByQuantity { .. }, Side::Buy) | (OrderKind::MarketByQuote { .. }, Side::Sell)
    );
    unknown && order.is_immediate()
}
