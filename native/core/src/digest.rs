//! A digest of everything that a record led to, chained from record to record of a symbol.
//!
//! Eight bytes in each record prove to whoever replays the journal that every fill before it was made again. It finds
//! bugs, bit flips and code that has changed, not forgers (the journal's hash chain is for those): a multiplication
//! whose halves are folded, two words at a time, over fields that are named one by one. Neither the layout of a
//! type nor the order of its variants nor a debug text enters: the same numbers come out of every build for ever.

use crate::message::{
    AmendedOrder, CancelReason, CanceledOrder, ExpireReason, OrderAfter, OrderKind, OrderStatus, Outcome,
    PlacedOco, PlacedOrder, ReplacedOrder, Reply, Settlement, ToSequencer, Trade,
};
use crate::reject::Reject;
use crate::types::{Amount, Lsn, Quantity, Side, SignedAmount, Timestamp};

/// Odd, and half of its bits set: the golden ratio's first 64.
const MIXER: u64 = 0x9e37_79b9_7f4a_7c15;

/// A digest while it is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Digest(u64);

impl Digest {
    /// Of a record, on top of the digest of the one before it. What the record leads to names both numbers, and is
    /// not asked for them again.
    pub(crate) fn after(before: u64, cause: Lsn, at: Timestamp) -> Self {
        let mut digest = Self(before);
        digest.pair(cause.0, at.0);
        digest
    }

    /// The digest of all that was added.
    pub(crate) fn end(self) -> u64 {
        self.0
    }

    /// Adds a message to a sequencer.
    #[inline]
    pub(crate) fn message(&mut self, message: &ToSequencer) {
        match message {
            ToSequencer::Settle(settlement) => self.settlement(settlement),
            ToSequencer::MoveReservation { cause: _, account, from, to, amount } => {
                self.pair(2, account.0);
                self.pair(from.0, to.0);
                self.amount(*amount);
            }
            ToSequencer::Amended { cause, account, order, extra, kind } => {
                self.pair(3, account.0);
                self.pair(order.0, u64::from(cause.is_some()));
                self.amount(*extra);
                match kind {
                    Some(kind) => self.kind(*kind),
                    None => self.pair(0, 0),
                }
            }
            ToSequencer::SiblingAmended { cause: _, account, order, kind } => {
                self.pair(4, account.0);
                self.pair(order.0, 0);
                self.kind(*kind);
            }
            ToSequencer::OrderMissed { to: _, account, order } => {
                self.pair(5, account.0);
                self.pair(order.0, 0);
            }
            ToSequencer::CanceledMany { cause: _, at: _, mass, account, symbol, orders } => {
                self.pair(6, account.0);
                self.pair(mass.0, u64::from(symbol.0));
                self.pair(orders.len() as u64, 0);
                orders.iter().for_each(|order| self.canceled(order));
            }
            ToSequencer::Credit { cause: _, at: _, account, asset, amount } => {
                self.pair(7, account.0);
                self.pair(u64::from(asset.0), 0);
                self.amount(*amount);
            }
            ToSequencer::Answer { account, reply } => {
                let Reply { ticket: _, gate: _, at: _, duplicate: _, outcome } = &**reply;
                self.pair(8, account.0);
                self.outcome(outcome);
            }
            ToSequencer::TransferOffered(_) | ToSequencer::TransferAnswered { .. } => {
                panic!("a matcher has nothing to do with transfers: {message:?}")
            }
        }
    }

    /// Adds a trade.
    #[inline]
    pub(crate) fn trade(&mut self, trade: &Trade) {
        let Trade {
            symbol,
            id,
            price,
            quantity,
            notional,
            taker_side,
            maker,
            taker,
            maker_account,
            taker_account,
            maker_fee,
            taker_fee,
            at: _,
            cause: _,
            book_seq,
        } = *trade;
        let side = match taker_side {
            Side::Buy => 1,
            Side::Sell => 2,
        };
        self.pair(9, u64::from(symbol.0));
        self.pair(id.0, price.0);
        self.pair(quantity.0, side);
        self.amount(notional);
        self.pair(maker.0, taker.0);
        self.pair(maker_account.0, taker_account.0);
        self.signed(maker_fee);
        self.signed(taker_fee);
        self.pair(book_seq, 0);
    }

    #[inline]
    fn settlement(&mut self, settlement: &Settlement) {
        let Settlement { cause: _, at: _, account, order, filled, notional, fee, released, prevented, after } =
            *settlement;
        let after = match after {
            OrderAfter::Pending => 1,
            OrderAfter::Open => 2,
            OrderAfter::Voided => 3,
            OrderAfter::Closed(status) => 4 + status_number(status),
        };
        self.pair(1, account.0);
        self.pair(order.0, after);
        self.pair(filled.0, prevented.0);
        self.amount(notional);
        self.signed(fee);
        self.amount(released);
    }

    /// What an answer says that is neither in its record (the order as it was asked for) nor among the trades (its
    /// fills, one by one).
    fn outcome(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Rejected(reject) => self.reject(reject),
            Outcome::Placed(placed) => self.placed(placed),
            Outcome::OcoPlaced(placed) => {
                let PlacedOco { list, legs } = &**placed;
                self.pair(32, list.0);
                legs.iter().for_each(|leg| self.placed(leg));
            }
            Outcome::Canceled(canceled) => self.canceled(canceled),
            Outcome::Amended(amended) => {
                let AmendedOrder { placed, done_before, priority_kept } = &**amended;
                self.pair(33, done_before.0);
                self.pair(u64::from(*priority_kept), 0);
                self.placed(placed);
            }
            Outcome::Replaced(replaced) => {
                let ReplacedOrder { canceled, placed } = &**replaced;
                match canceled {
                    Ok(canceled) => self.canceled(canceled),
                    Err(reject) => self.reject(reject),
                }
                match placed {
                    Some(Ok(placed)) => self.placed(placed),
                    Some(Err(reject)) => self.reject(reject),
                    None => self.pair(34, 0),
                }
            }
            Outcome::FeesCollected(collected) => {
                self.pair(35, collected.len() as u64);
                for (asset, amount) in collected {
                    self.pair(u64::from(asset.0), 0);
                    self.amount(*amount);
                }
            }
            Outcome::Tested(_)
            | Outcome::CanceledAll(_)
            | Outcome::TimerSet(_)
            | Outcome::BalanceChanged { .. }
            | Outcome::Account(_)
            | Outcome::NotSeen
            | Outcome::Balances(_)
            | Outcome::Orders(_)
            | Outcome::LedgerEntries(_)
            | Outcome::Totals(_) => panic!("no answer of a matcher's record: {outcome:?}"),
        }
    }

    fn placed(&mut self, placed: &PlacedOrder) {
        let PlacedOrder { id, order: _, status, filled, notional, prevented, fee, reserved, fills, book_seq } =
            placed;
        self.pair(id.0, status_number(*status));
        self.pair(filled.0, prevented.0);
        self.amount(*notional);
        self.signed(*fee);
        self.amount(*reserved);
        self.pair(fills.len() as u64, *book_seq);
    }

    fn canceled(&mut self, order: &CanceledOrder) {
        let CanceledOrder { id, symbol: _, side: _, canceled, released, sibling, book_seq } = *order;
        self.pair(id.0, canceled.0);
        self.amount(released);
        self.pair(sibling.map_or(0, |sibling| sibling.0), book_seq);
    }

    fn reject(&mut self, reject: &Reject) {
        // The details are figures for the eye, made of what other messages say.
        self.pair(36, u64::from(reject.code.number()));
    }

    fn kind(&mut self, kind: OrderKind) {
        let quantity = |quantity: Quantity| Amount(u128::from(quantity.0));
        let (number, price, amount) = match kind {
            OrderKind::Limit { price, quantity: of } => (1, price.0, quantity(of)),
            OrderKind::MarketByQuantity { quantity: of } => (2, 0, quantity(of)),
            OrderKind::MarketByQuote { quote } => (3, 0, quote),
        };
        self.pair(number, price);
        self.amount(amount);
    }

    #[inline]
    fn signed(&mut self, amount: SignedAmount) {
        self.amount(Amount(amount.0.cast_unsigned()));
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
    fn amount(&mut self, amount: Amount) {
        self.pair(amount.0 as u64, (amount.0 >> 64) as u64);
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
    fn pair(&mut self, a: u64, b: u64) {
        let product = u128::from(self.0 ^ a) * u128::from(b ^ MIXER);
        // What was there is added once more: a factor that happens to be zero does not wipe it out.
        let folded = (product as u64) ^ ((product >> 64) as u64);
        self.0 = folded.wrapping_add(self.0.rotate_left(29));
    }
}

fn status_number(status: OrderStatus) -> u64 {
    match status {
        OrderStatus::PendingTrigger => 1,
        OrderStatus::New => 2,
        OrderStatus::PartiallyFilled => 3,
        OrderStatus::Filled => 4,
        OrderStatus::Canceled(reason) => match reason {
            CancelReason::User => 16,
            CancelReason::Mass => 17,
            CancelReason::Deadman => 18,
            CancelReason::OcoSibling => 19,
            CancelReason::Replaced => 20,
            CancelReason::Admin => 21,
            CancelReason::SymbolClosed => 22,
        },
        OrderStatus::Expired(reason) => match reason {
            ExpireReason::IocRemainder => 32,
            ExpireReason::FokUnfillable => 33,
            ExpireReason::InsufficientLiquidity => 34,
            ExpireReason::BudgetExhausted => 35,
            ExpireReason::PriceProtection => 36,
            ExpireReason::GtdExpired => 37,
            ExpireReason::SessionEnd => 38,
            ExpireReason::TriggerRejected => 39,
            ExpireReason::Stp => 40,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{AccountId, OrderId};

    fn settlement() -> Settlement {
        Settlement {
            cause: Lsn(7),
            at: Timestamp(9),
            account: AccountId(1),
            order: OrderId(2),
            filled: Quantity(3),
            notional: Amount(4),
            fee: SignedAmount(-5),
            released: Amount(6),
            prevented: Quantity::ZERO,
            after: OrderAfter::Open,
        }
    }

    fn digest(settlements: &[Settlement]) -> u64 {
        let mut digest = Digest::after(11, Lsn(7), Timestamp(9));
        settlements.iter().for_each(|&settlement| digest.message(&ToSequencer::Settle(settlement)));
        digest.end()
    }

    #[test]
    fn every_field_and_the_order_count() {
        let one = settlement();
        let others = [
            Settlement { account: AccountId(2), ..one },
            Settlement { order: OrderId(3), ..one },
            Settlement { filled: Quantity(4), ..one },
            Settlement { notional: Amount(4 | 1 << 64), ..one },
            Settlement { fee: SignedAmount(5), ..one },
            Settlement { released: Amount(7), ..one },
            Settlement { prevented: Quantity(1), ..one },
            Settlement { after: OrderAfter::Pending, ..one },
            Settlement { after: OrderAfter::Closed(OrderStatus::Filled), ..one },
            Settlement { after: OrderAfter::Closed(OrderStatus::Canceled(CancelReason::Mass)), ..one },
        ];
        let mut digests: Vec<u64> = others.iter().map(|&other| digest(&[other])).collect();
        digests.extend([digest(&[one]), digest(&[one, others[0]]), digest(&[others[0], one]), digest(&[])]);
        let all = digests.len();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), all);
    }

    #[test]
    fn the_numbers_are_part_of_the_format() {
        assert_eq!(digest(&[]), 7_681_369_321_817_100_631);
        assert_eq!(digest(&[settlement()]), 1_843_557_053_009_862_831);
    }

    #[test]
    fn a_flipped_bit_changes_half_of_the_bits() {
        let flipped = |bit: u32| digest(&[Settlement { notional: Amount(4 ^ (1 << bit)), ..settlement() }]);
        let same = digest(&[settlement()]);
        let changed: u32 = (0..96).map(|bit| (flipped(bit) ^ same).count_ones()).sum();
        assert!((28 * 96..36 * 96).contains(&changed), "{changed} of {}", 64 * 96);
    }
}
