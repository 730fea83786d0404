//! An order on its way through the book: what it still wants, and what it does with the maker it meets.
//!
//! Every decision is made here, once, for [`super::take`], which has effects, and [`super::walk`], which has
//! none: the two can't disagree.

use super::market::Market;
use crate::book::{OrderBook, RestingOrder};
use crate::fees::{self, FeeMode, FeeRates};
use crate::message::{NewOrder, OrderKind, StpMode};
use crate::spec::SymbolSpec;
use crate::types::{AccountId, Amount, OrderId, Price, Quantity, Side, SignedAmount, StpGroup};

/// An incoming order while it trades.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taker {
    pub(super) id: OrderId,
    pub(super) account: AccountId,
    pub(super) side: Side,
    pub(super) stp: StpMode,
    pub(super) stp_group: Option<StpGroup>,
    pub(super) fees: FeeRates,
    /// Trades at this price or better: its limit, or how far its protection reaches.
    pub(super) worst: Option<Price>,
    pub(super) wants: Appetite,
    /// What of `maxQuote` is left.
    pub(super) budget: Option<Amount>,
    /// Its limit, if it has one: what the rest of it may still cost there is not spent on fees.
    pub(super) limit: Option<Price>,
    /// Still frozen for it.
    pub(super) reserved: Amount,
    pub(super) filled: Quantity,
    pub(super) notional: Amount,
    pub(super) fee: SignedAmount,
    pub(super) prevented: Quantity,
}

/// What an incoming order still wants.
#[derive(Clone, Copy, Debug)]
pub(super) enum Appetite {
    /// So much base.
    Quantity(Quantity),
    /// Base for so much quote, in whole lots.
    Quote(Amount),
}

/// Why an incoming order stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It got all it wanted, or can't want a whole lot any more.
    Sated,
    /// Nobody is left on the other side.
    RanOut,
    /// The next maker is beyond its limit or its protection.
    OutOfReach,
    /// Its `maxQuote` pays for no more.
    Budget,
    /// It met an order of its own.
    Prevented,
}

/// What an incoming order does with the maker it meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// They trade.
    Trade(Quantity),
    /// It stops here.
    Stop(End),
    /// They are the same owner's: the mode says what becomes of them. DECREMENT: both lose so much.
    Own(StpMode, Quantity),
}

/// What a fill costs its parties, and gives back to a maker who bought for less than was reserved.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Charge {
    pub(super) taker: SignedAmount,
    pub(super) maker: SignedAmount,
    pub(super) maker_released: Amount,
}

impl Taker {
    /// Before anybody asks who is next: what got all it wanted is filled, though it emptied the book.
    #[inline(always)]
    pub(super) fn is_sated(&self, spec: &SymbolSpec) -> bool {
        match self.wants {
            Appetite::Quantity(left) => left.is_zero(),
            Appetite::Quote(left) => left.is_zero() || self.done() >= spec.limits().quantity_max,
        }
    }

    /// What of it may still trade; nothing that has a number for an order by quote amount.
    pub(super) fn left(&self) -> Quantity {
        match self.wants {
            Appetite::Quantity(left) => left,
            Appetite::Quote(_) => Quantity::ZERO,
        }
    }

    /// What it traded, and what self-trade prevention took.
    fn done(&self) -> Quantity {
        self.filled + self.prevented
    }

    /// What its side pays in fees on top of the price, per million: nothing where fees come out of what a side
    /// receives.
    fn fee_on_top_ppm(&self, spec: &SymbolSpec) -> u32 {
        match (spec.fee_mode(), self.side) {
            (FeeMode::Quote, Side::Buy) => self.fees.taker_ppm,
            _ => 0,
        }
    }

    /// How many lots so much quote pays for at `price`.
    pub(super) fn lots_for(&self, quote: Amount, price: Price, spec: &SymbolSpec) -> Quantity {
        spec.lots_for_budget_and_fee(quote, price, self.fee_on_top_ppm(spec))
    }

    /// How many lots it wants at `price`.
    #[inline(always)]
    fn wanted(&self, price: Price, spec: &SymbolSpec) -> Quantity {
        match (self.wants, self.budget) {
            (Appetite::Quantity(left), None) => left,
            (Appetite::Quantity(left), Some(budget)) => left.min(self.lots_for(budget, price, spec)),
            // Never more than the largest order in all, so that its sums can't overflow.
            (Appetite::Quote(left), _) => {
                self.lots_for(left, price, spec).min(spec.limits().quantity_max - self.done())
            }
        }
    }

    /// What it does with the next maker.
    #[inline(always)]
    pub(super) fn meet(&self, maker: &RestingOrder, spec: &SymbolSpec) -> Step {
        if self.worst.is_some_and(|worst| !self.side.crosses(worst, maker.price)) {
            return Step::Stop(End::OutOfReach);
        }
        let is_own =
            self.account == maker.account || (self.stp_group.is_some() && self.stp_group == maker.stp_group);
        if is_own && !matches!(self.stp, StpMode::None | StpMode::Decrement) {
            return Step::Own(self.stp, Quantity::ZERO);
        }
        let wanted = self.wanted(maker.price, spec);
        if wanted.is_zero() {
            return Step::Stop(if self.budget.is_some() { End::Budget } else { End::Sated });
        }
        if is_own && self.stp == StpMode::Decrement {
            // What is prevented spends no budget, so a budget for one lot prevents all of them: at once, not lot by lot.
            let prevented = match self.wants {
                Appetite::Quantity(left) => left,
                Appetite::Quote(_) => wanted,
            };
            return Step::Own(StpMode::Decrement, prevented.min(maker.shown));
        }
        Step::Trade(wanted.min(maker.shown))
    }

    /// Counts a trade: what it gave comes out of what is reserved, and out of what it may still spend.
    #[inline(always)]
    pub(super) fn trade(
        &mut self,
        quantity: Quantity,
        notional: Amount,
        fee: SignedAmount,
        spec: &SymbolSpec,
    ) {
        let given = match (self.side, spec.fee_mode()) {
            (Side::Sell, _) => spec.base_amount(quantity),
            (Side::Buy, FeeMode::Received) => notional,
            (Side::Buy, FeeMode::Quote) => notional + fee.positive(),
        };
        self.reserved -= given;
        match &mut self.wants {
            Appetite::Quantity(left) => *left -= quantity,
            Appetite::Quote(left) => *left -= if self.side == Side::Buy { given } else { notional },
        }
        if let Some(budget) = &mut self.budget {
            *budget -= given;
        }
        self.filled += quantity;
        self.notional += notional;
        self.fee += fee;
    }

    /// Counts lots that would have traded with an order of its own at `price`. True if that ends it.
    pub(super) fn decrement(&mut self, quantity: Quantity, price: Price, spec: &SymbolSpec) -> bool {
        self.prevented += quantity;
        match &mut self.wants {
            Appetite::Quantity(left) => {
                *left -= quantity;
                left.is_zero()
            }
            Appetite::Quote(left) => {
                *left -= spec.notional(price, quantity);
                self.wanted(price, spec).is_zero()
            }
        }
    }

    /// Ends it: what is open of it was prevented.
    pub(super) fn give_up(&mut self) {
        if let Appetite::Quantity(left) = &mut self.wants {
            self.prevented += *left;
            *left = Quantity::ZERO;
        }
    }
}

impl<B: OrderBook> Market<B> {
    /// An order as it comes to the book: `left` is what of its quantity may trade.
    /// `without`: as if this order were not there.
    #[inline(always)]
    pub(super) fn taker(
        &self,
        id: OrderId,
        order: &NewOrder,
        terms: (FeeRates, Option<StpGroup>),
        reserved: Amount,
        done: Quantity,
        without: Option<OrderId>,
    ) -> Taker {
        let (worst, wants) = match order.kind {
            OrderKind::Limit { price, quantity } => (Some(price), Appetite::Quantity(quantity - done)),
            OrderKind::MarketByQuantity { quantity } => {
                (self.protection(order, without), Appetite::Quantity(quantity))
            }
            OrderKind::MarketByQuote { quote } => (self.protection(order, without), Appetite::Quote(quote)),
        };
        Taker {
            id,
            account: order.account,
            side: order.side,
            stp: order.stp,
            stp_group: terms.1,
            fees: terms.0,
            worst,
            wants,
            budget: order.max_quote(),
            limit: order.kind.price(),
            reserved,
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fee: SignedAmount::ZERO,
            prevented: Quantity::ZERO,
        }
    }

    /// How far from the best opposite price a market order may trade. Rounds towards that price, for a buy
    /// down and for a sell up.
    fn protection(&self, order: &NewOrder, without: Option<OrderId>) -> Option<Price> {
        let own = order.extras.as_ref().and_then(|extras| extras.protection_bps);
        let bps = match (own, self.rules.market_protection_bps) {
            (Some(own), Some(general)) => own.min(general),
            (own, general) => own.or(general)?,
        };
        let best = u128::from(self.best_without(order.side.opposite(), without)?.0);
        let (bps, whole) = (u128::from(bps), 10_000);
        let price = match order.side {
            Side::Buy => best * (whole + bps) / whole,
            Side::Sell => (best * whole.saturating_sub(bps)).div_ceil(whole),
        };
        // Beyond the highest price there is: no protection is needed.
        u64::try_from(price).ok().map(Price)
    }

    /// The fees of a fill, each rounded for the house.
    #[inline(always)]
    pub(super) fn charge(
        &self,
        taker: &Taker,
        maker: &RestingOrder,
        quantity: Quantity,
        notional: Amount,
    ) -> Charge {
        if taker.fees == FeeRates::default() && maker.fees == FeeRates::default() {
            return Charge::default();
        }
        self.charge_rates(taker, *maker, quantity, notional)
    }

    #[inline(never)]
    fn charge_rates(
        &self,
        taker: &Taker,
        maker: RestingOrder,
        quantity: Quantity,
        notional: Amount,
    ) -> Charge {
        let spec = &self.spec;
        let taker_ppm = i32::try_from(taker.fees.taker_ppm).expect("a rate is at most 1,000,000");
        let maker_ppm =
            fees::maker_rate(maker.fees.maker_ppm, taker.fees.taker_ppm, self.rules.allow_net_rebate);
        if spec.fee_mode() == FeeMode::Received {
            let base = spec.base_amount(quantity);
            let received = |side| if side == Side::Buy { base } else { notional };
            return Charge {
                taker: fee_on_received(received(taker.side), taker_ppm),
                maker: fee_on_received(received(maker.side), maker_ppm),
                maker_released: Amount::ZERO,
            };
        }
        if taker.side == Side::Sell {
            let left = maker.left();
            let need = |open| spec.reservation(Side::Buy, maker.price, open, maker.fees);
            let spare = need(left) - notional - need(left - quantity);
            let fee = fee_on_top(notional, maker_ppm, spare);
            return Charge {
                taker: fee_on_received(notional, taker_ppm),
                maker: fee,
                maker_released: spare - fee.positive(),
            };
        }
        // A limit order, immediate or not, may go on at its limit: the rest of it stays paid for. A market order
        // was counted lot by lot, or walked, with its fees.
        let spare = match taker.limit {
            Some(limit) => {
                let need = |open| spec.reservation(Side::Buy, limit, open, taker.fees);
                need(taker.left()) - notional - need(taker.left() - quantity)
            }
            None => taker.reserved - notional,
        };
        Charge {
            taker: fee_on_top(notional, taker_ppm, spare),
            maker: fee_on_received(notional, maker_ppm),
            maker_released: Amount::ZERO,
        }
    }
}

/// The fee of a side that pays out of what it receives. Most rates are zero, and a wide division is not free.
fn fee_on_received(received: Amount, ppm: i32) -> SignedAmount {
    if ppm == 0 { SignedAmount::ZERO } else { fees::fee_on_received(received, ppm) }
}

/// The fee of a buyer who pays it on top of the price: at most what its reservation has to spare, so that
/// the rounding up of many small fills never eats into what the rest of the order needs.
fn fee_on_top(notional: Amount, ppm: i32, spare: Amount) -> SignedAmount {
    match u32::try_from(ppm) {
        Ok(0) => SignedAmount::ZERO,
        Ok(ppm) => SignedAmount::paid(fees::fee_up(notional, ppm).min(spare)),
        Err(_) => SignedAmount::rebate(fees::rebate_down(notional, ppm.unsigned_abs())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::book::RestingFlags;
    use crate::spec::SymbolLimits;
    use crate::types::{AssetId, SymbolId};

    fn spec(fee_mode: FeeMode) -> SymbolSpec {
        let limits = SymbolLimits {
            price_min: Price(1),
            price_max: Price(1_000),
            quantity_min: Quantity(1),
            quantity_max: Quantity(50),
            notional_min: Amount(0),
        };
        SymbolSpec::new(SymbolId(0), AssetId(0), AssetId(1), 1, 1, limits).unwrap().with_fee_mode(fee_mode)
    }

    fn maker(account: u64, price: u64, shown: u64) -> RestingOrder {
        RestingOrder {
            id: OrderId(1),
            account: AccountId(account),
            side: Side::Sell,
            price: Price(price),
            shown: Quantity(shown),
            hidden: Quantity::ZERO,
            display: Quantity::ZERO,
            total: Quantity(shown),
            fees: FeeRates::default(),
            stp_group: None,
            stp: StpMode::None,
            flags: RestingFlags::default(),
        }
    }

    fn taker(wants: Appetite) -> Taker {
        Taker {
            id: OrderId(2),
            account: AccountId(2),
            side: Side::Buy,
            stp: StpMode::ExpireTaker,
            stp_group: None,
            fees: FeeRates { maker_ppm: 0, taker_ppm: 100_000 },
            worst: None,
            wants,
            budget: None,
            limit: None,
            reserved: Amount(10_000),
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fee: SignedAmount::ZERO,
            prevented: Quantity::ZERO,
        }
    }

    #[test]
    fn a_step_is_decided_in_the_order_of_the_rules() {
        let spec = spec(FeeMode::Received);
        let mut order = taker(Appetite::Quantity(Quantity(5)));
        assert_eq!(order.meet(&maker(1, 10, 3), &spec), Step::Trade(Quantity(3)));
        assert_eq!(order.meet(&maker(1, 10, 9), &spec), Step::Trade(Quantity(5)));
        order.budget = Some(Amount(29));
        assert_eq!(order.meet(&maker(1, 10, 9), &spec), Step::Trade(Quantity(2)));
        assert_eq!(order.meet(&maker(1, 30, 9), &spec), Step::Stop(End::Budget));
        // Its own order comes before what it can pay for, and what is out of reach before that.
        let own = Step::Own(StpMode::ExpireTaker, Quantity::ZERO);
        assert_eq!(order.meet(&maker(2, 30, 9), &spec), own);
        order.worst = Some(Price(29));
        assert_eq!(order.meet(&maker(2, 30, 9), &spec), Step::Stop(End::OutOfReach));
    }

    #[test]
    fn a_quote_amount_pays_for_lots_and_their_fee() {
        let mut order = taker(Appetite::Quote(Amount(109)));
        assert_eq!(order.meet(&maker(1, 10, 99), &spec(FeeMode::Received)), Step::Trade(Quantity(10)));
        let quote = spec(FeeMode::Quote);
        assert_eq!(order.meet(&maker(1, 10, 99), &quote), Step::Trade(Quantity(9)));
        order.trade(Quantity(9), Amount(90), SignedAmount(9), &quote);
        assert_eq!(order.meet(&maker(1, 10, 99), &quote), Step::Stop(End::Sated));
        assert_eq!(order.reserved, Amount(9_901));
    }

    #[test]
    fn a_quote_amount_never_takes_more_than_the_largest_order() {
        let (mut order, spec) = (taker(Appetite::Quote(Amount(9_000))), spec(FeeMode::Received));
        assert_eq!(order.meet(&maker(1, 1, 99), &spec), Step::Trade(Quantity(50)));
        order.filled = Quantity(50);
        assert!(order.is_sated(&spec));
    }

    #[test]
    fn a_decrement_ends_what_can_no_longer_pay() {
        let spec = spec(FeeMode::Received);
        let mut order = taker(Appetite::Quote(Amount(25)));
        assert!(!order.decrement(Quantity(1), Price(10), &spec));
        assert!(order.decrement(Quantity(1), Price(10), &spec));
        assert_eq!(order.prevented, Quantity(2));
        let mut order = taker(Appetite::Quantity(Quantity(3)));
        assert!(!order.decrement(Quantity(2), Price(10), &spec));
        order.give_up();
        assert_eq!((order.left(), order.prevented), (Quantity::ZERO, Quantity(3)));
    }
}
