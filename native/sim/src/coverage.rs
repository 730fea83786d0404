//! What runs have reached, to know that they get to what they are for: a generator that drifts away from a rule
//! would leave it untested and green.

use std::collections::BTreeMap;

use lightning_core::fees::{PPM, fee_up};
use lightning_core::message::{OrderAfter, OrderStatus, Outcome, StpMode, ToSequencer, Trade};
use lightning_core::order::{CancelReason, ExpireReason};
use lightning_core::reject::Reject;
use lightning_core::types::Amount;

use crate::inline::Effects;
use crate::oracle::{self, Oracle};
use crate::workload::Action;

/// What happened in a run, or in many.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    /// How often, by name.
    pub counts: BTreeMap<&'static str, u64>,
}

impl Coverage {
    /// It happened.
    pub fn hit(&mut self, name: &'static str) {
        *self.counts.entry(name).or_default() += 1;
    }

    /// Adds another run's.
    pub fn add(&mut self, other: &Self) {
        for (name, count) in &other.counts {
            *self.counts.entry(name).or_default() += count;
        }
    }

    /// Counts what one command reached, on which core and oracle agree.
    pub fn note(&mut self, action: &Action, effects: &Effects, oracle: &Oracle) {
        match effects.reply.as_ref().map(|reply| &reply.outcome) {
            Some(outcome) => self.note_outcome(outcome),
            None => {
                if let Some(Err(reject)) = &effects.operated {
                    self.reject(reject);
                }
            }
        }
        for trade in &effects.trades {
            self.note_trade(trade, oracle);
        }
        let mut takers: Vec<_> = effects.trades.iter().map(|trade| trade.taker).collect();
        takers.dedup();
        if takers.len() >= 2 {
            self.hit("cascade of 2 and more");
        }
        if takers.len() >= 4 {
            self.hit("cascade of 4 and more");
        }
        let mut makers: Vec<_> = effects.trades.iter().map(|trade| (trade.taker, trade.maker)).collect();
        let fills = makers.len();
        makers.sort_unstable();
        makers.dedup();
        if makers.len() < fills {
            self.hit("an iceberg is met again");
        }
        if fills > makers.len() + 3 {
            self.hit("an iceberg is met again and again");
        }
        let mut prevents = false;
        for message in &effects.settlements {
            if let ToSequencer::Settle(settlement) = message {
                prevents |= !settlement.prevented.is_zero();
                if let OrderAfter::Closed(status) = settlement.after {
                    prevents |= status == OrderStatus::Expired(ExpireReason::Stp);
                    self.note_closed(settlement.order.0, status, oracle);
                }
            }
        }
        if let Action::Place(order) = action
            && prevents
        {
            self.hit(match order.stp {
                StpMode::None => "prevented by somebody who was triggered",
                StpMode::ExpireTaker => "prevented: EXPIRE_TAKER",
                StpMode::ExpireMaker => "prevented: EXPIRE_MAKER",
                StpMode::ExpireBoth => "prevented: EXPIRE_BOTH",
                StpMode::Decrement => "prevented: DECREMENT",
            });
        }
    }

    fn reject(&mut self, reject: &Reject) {
        self.hit(reject.code.as_str());
    }

    fn note_outcome(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Rejected(reject) => self.reject(reject),
            Outcome::Placed(placed) if placed.status.is_open() && !placed.filled.is_zero() => {
                self.hit("partly filled, rests");
            }
            Outcome::Tested(_) => self.hit("tested"),
            Outcome::OcoPlaced(_) => self.hit("OCO placed"),
            Outcome::Canceled(_) => self.hit("canceled"),
            Outcome::Amended(amended) => {
                self.hit(if amended.priority_kept { "amended in place" } else { "amended anew" });
                if !amended.priority_kept && !amended.placed.fills.is_empty() {
                    self.hit("amended into a trade");
                }
            }
            Outcome::Replaced(replaced) => match (&replaced.canceled, &replaced.placed) {
                (Ok(_), Some(Ok(_))) => self.hit("replaced"),
                (canceled, placed) => {
                    let whole = canceled.is_err() && !matches!(placed, Some(Ok(_)));
                    self.hit(if whole { "replace failed" } else { "replace failed partially" });
                    let placed = placed.as_ref().and_then(|half| half.as_ref().err());
                    for reject in canceled.as_ref().err().into_iter().chain(placed) {
                        self.reject(reject);
                    }
                }
            },
            Outcome::CanceledAll(orders) if orders.len() > 1 => self.hit("many canceled"),
            Outcome::FeesCollected(fees) if !fees.is_empty() => self.hit("fees collected"),
            Outcome::BalanceChanged { .. } => self.hit("money moved"),
            _ => {}
        }
    }

    fn note_trade(&mut self, trade: &Trade, oracle: &Oracle) {
        self.hit("trade");
        let (Some(maker), Some(taker)) = (oracle.any_order(trade.maker.0), oracle.any_order(trade.taker.0))
        else {
            return;
        };
        let rules = oracle.rules(trade.symbol.0);
        if maker.new.account == taker.new.account {
            self.hit("traded with oneself");
        }
        if taker.new.tif == oracle::Tif::Fok {
            self.hit("FOK filled");
            if maker.new.display.is_some() {
                self.hit("FOK filled by an iceberg");
            }
        }
        match taker.new.trigger {
            None => {}
            Some(oracle::Trigger::Stop(_)) => self.hit("a stop traded"),
            Some(oracle::Trigger::TakeProfit(_)) => self.hit("a take profit traded"),
            Some(oracle::Trigger::Trailing { activation: None, .. }) => self.hit("a trailing stop traded"),
            Some(oracle::Trigger::Trailing { .. }) => self.hit("an activated trailing stop traded"),
        }
        let (maker_fee, taker_fee) = (trade.maker_fee.0, trade.taker_fee.0);
        if maker_fee < 0 {
            self.hit("rebate");
            if maker_fee + taker_fee < 0 && rules.allow_net_rebate {
                self.hit("net rebate");
            }
        }
        if maker.rates.maker < -taker.rates.taker && !rules.allow_net_rebate {
            self.hit("rebate cut");
        }
        if rules.fee_mode == oracle::FeeMode::Quote {
            let (fee, rate) = match taker.new.side {
                oracle::Side::Buy => (taker_fee, taker.rates.taker),
                oracle::Side::Sell => (maker_fee, maker.rates.maker),
            };
            let full = u32::try_from(rate).map_or(0, |ppm| fee_up(trade.notional, ppm).0);
            let full = i128::try_from(full).unwrap_or(i128::MAX);
            if rate > 0 && fee < full {
                self.hit("fee capped by the reservation");
            }
        } else if u128::try_from(taker.rates.taker).is_ok_and(|ppm| ppm == PPM) {
            self.hit("all of it is fee");
        }
        if trade.notional == Amount::ZERO {
            self.hit("a trade for nothing");
        }
    }

    fn note_closed(&mut self, id: u64, status: OrderStatus, oracle: &Oracle) {
        self.hit(match status {
            OrderStatus::Filled => "FILLED",
            other => other.reason().expect("closed for a reason"),
        });
        let Some(order) = oracle.any_order(id) else { return };
        if status == OrderStatus::Canceled(CancelReason::OcoSibling) {
            let other =
                (id - 1..=id + 1).filter(|each| *each != id).filter_map(|each| oracle.any_order(each));
            let Some(other) = { other }.find(|other| other.list == order.list) else { return };
            self.hit(if order.new.trigger.is_none() {
                match other.reason {
                    None | Some(oracle::Reason::IocRemainder) => "OCO: the stop leg was triggered",
                    Some(
                        oracle::Reason::InsufficientLiquidity
                        | oracle::Reason::BudgetExhausted
                        | oracle::Reason::PriceProtection
                        | oracle::Reason::TriggerRejected
                        | oracle::Reason::Stp,
                    ) => "OCO: the stop leg was triggered and expired",
                    Some(_) => "OCO: the stop leg ended",
                }
            } else if other.filled > 0 {
                "OCO: the limit leg traded"
            } else if other.prevented > 0 {
                "OCO: the limit leg was prevented"
            } else {
                "OCO: the limit leg ended"
            });
        }
    }
}
