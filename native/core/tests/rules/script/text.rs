//! Telling what happened.

use std::collections::BTreeMap;

use lightning_core::book::{OrderBook, PriceLevel};
use lightning_core::message::{
    AccountInfo, CancelReason, CanceledOrder, Estimate, LedgerEntry, Order, OrderAfter, OrderKind,
    OrderStatus, Outcome, PlacedOrder, Reply, StpMode, TimeInForce, ToSequencer, TrailOffset, Trigger,
};
use lightning_core::outbox::MatcherOutbox;
use lightning_core::reject::{Detail, Reject};
use lightning_core::types::{OrderId, Quantity, Side, SymbolId, Timestamp};

use super::Session;
use super::words::{SECOND, number_of};

impl<B: OrderBook> Session<B> {
    /// Tells what a matcher did in one step, in the order in which it did it, and lets the sequencers know.
    /// `canceled` is its answer to the operator.
    pub(super) fn take_matchers(
        &mut self,
        out: MatcherOutbox,
        canceled: &[CanceledOrder],
        events: &mut Vec<String>,
    ) {
        let mut answers: Vec<Reply> = Vec::new();
        for message in &out.to_sequencer {
            if let ToSequencer::Answer { reply, .. } = message {
                answers.push((**reply).clone());
            }
        }
        answers.extend(out.replies.iter().cloned());

        // What is said of an order, where its turn comes.
        let mut own: BTreeMap<u64, String> = BTreeMap::new();
        for canceled in canceled {
            own.insert(canceled.id.0, self.canceled_text(canceled));
        }
        for message in &out.to_sequencer {
            if let ToSequencer::CanceledMany { orders, .. } = message {
                own.extend(orders.iter().map(|canceled| (canceled.id.0, self.canceled_text(canceled))));
            }
        }
        for answer in &answers {
            match &answer.outcome {
                Outcome::Placed(placed) => drop(own.insert(placed.id.0, placed_text(placed))),
                Outcome::OcoPlaced(oco) => {
                    own.extend(oco.legs.iter().map(|leg| (leg.id.0, placed_text(leg))));
                }
                Outcome::Canceled(canceled) => drop(own.insert(canceled.id.0, self.canceled_text(canceled))),
                Outcome::Amended(amended) => {
                    let place = if amended.priority_kept { "kept" } else { "to the back" };
                    let text = format!(
                        "AMENDED o{} {} ({place})",
                        amended.placed.id,
                        amended.placed.status.as_str()
                    );
                    own.insert(amended.placed.id.0, text);
                }
                Outcome::Replaced(replaced) => {
                    match &replaced.canceled {
                        Ok(canceled) => drop(own.insert(canceled.id.0, self.canceled_text(canceled))),
                        Err(reject) => events.push(format!("not canceled: {}", self.reject_text(reject))),
                    }
                    if let Some(Ok(placed)) = &replaced.placed {
                        own.insert(placed.id.0, placed_text(placed));
                    }
                }
                _ => {}
            }
        }
        self.check_fills(&answers, &out.trades);

        let mut trades = out.trades.iter().peekable();
        // Who has traded in this step and is not settled yet, and how much.
        let mut taker: Option<(OrderId, Quantity)> = None;
        for message in &out.to_sequencer {
            let ToSequencer::Settle(settlement) = message else { continue };
            let id = settlement.order;
            let is_taker = taker.is_some_and(|(taker, _)| taker == id);
            let mut is_maker = false;
            if is_taker {
                let (_, filled) = taker.take().expect("it traded");
                assert_eq!(settlement.filled, filled, "what o{id} traded");
            } else if let Some(trade) =
                trades.next_if(|trade| trade.maker == id && trade.quantity == settlement.filled)
            {
                is_maker = true;
                let is_own = answers.iter().any(|answer| is_of(answer, trade.taker));
                let whose = if is_own { String::new() } else { format!(" by o{}", trade.taker) };
                events.push(format!(
                    "trade {} @ {} with o{}{whose}{}",
                    trade.quantity,
                    trade.price,
                    trade.maker,
                    self.fees_text(trade)
                ));
                let filled = taker.map_or(Quantity(0), |(who, filled)| {
                    assert_eq!(who, trade.taker, "o{who} was never settled");
                    filled
                });
                taker = Some((trade.taker, filled + trade.quantity));
                self.traded(trade);
            } else {
                assert!(settlement.filled.is_zero(), "o{id} was settled for no trade: {settlement:?}");
            }
            let was_pending = self.settled(settlement, is_maker);
            let aside = match settlement.prevented {
                Quantity(0) => String::new(),
                prevented => format!(" ({prevented} prevented)"),
            };
            let by_timer = OrderAfter::Closed(OrderStatus::Canceled(CancelReason::Deadman));
            if !is_maker && let Some(text) = own.remove(&id.0) {
                let status = || status_text(OrderStatus::Canceled(CancelReason::Deadman), id);
                events.push(if settlement.after == by_timer { status() } else { text });
                continue;
            }
            match settlement.after {
                OrderAfter::Closed(OrderStatus::Filled) if is_maker => {}
                OrderAfter::Closed(status) => events.push(format!("{}{aside}", status_text(status, id))),
                OrderAfter::Open if is_maker => {}
                OrderAfter::Open if is_taker || was_pending => {
                    let filled = self.orders[&id.0].filled;
                    let status = if filled == 0 { OrderStatus::New } else { OrderStatus::PartiallyFilled };
                    events.push(format!("{}{aside}", status_text(status, id)));
                }
                OrderAfter::Open if !settlement.prevented.is_zero() => {
                    events.push(format!("PREVENTED {} of o{id}", settlement.prevented));
                }
                OrderAfter::Open | OrderAfter::Pending | OrderAfter::Voided => {}
            }
        }
        assert!(trades.next().is_none(), "a trade was settled with nobody");
        assert!(taker.is_none(), "a taker was never settled");
        events.extend(own.into_values());

        for answer in &answers {
            match &answer.outcome {
                Outcome::Rejected(_) | Outcome::Tested(_) | Outcome::FeesCollected(_) => {
                    self.did_nothing |= !matches!(answer.outcome, Outcome::FeesCollected(_));
                    events.extend(self.answer_text(&answer.outcome));
                }
                Outcome::Replaced(replaced) => {
                    let nothing_placed = !matches!(replaced.placed, Some(Ok(_)));
                    if let Some(Err(reject)) = &replaced.placed {
                        events.push(format!("not placed: {}", self.reject_text(reject)));
                    }
                    self.did_nothing |= replaced.canceled.is_err() && nothing_placed;
                }
                _ => {}
            }
            self.told.insert(answer.ticket.0);
        }
        for reply in out.replies {
            self.answered(&reply, events);
        }
        self.decided.extend(out.to_sequencer);
    }

    /// An answer has come to who asked.
    pub(super) fn answered(&mut self, reply: &Reply, events: &mut Vec<String>) {
        assert!(self.asked.remove(&reply.ticket.0), "one answer to one ticket: {reply:?}");
        assert!(reply.gate <= self.log.last(), "a reply shows what was decided: {reply:?}");
        if reply.duplicate {
            self.did_nothing = true;
            let texts = self.answer_text(&reply.outcome);
            events.extend(texts.into_iter().map(|text| format!("again {text}")));
            return;
        }
        assert_eq!(reply.at, self.now, "decided now: {reply:?}");
        if self.told.remove(&reply.ticket.0) {
            return;
        }
        match &reply.outcome {
            Outcome::CanceledAll(orders) => {
                assert!(orders.is_sorted_by_key(|order| order.id), "in the order of acceptance");
                if orders.is_empty() {
                    events.push("none".to_owned());
                }
            }
            Outcome::BalanceChanged { .. } | Outcome::Account(_) => {}
            outcome => {
                let both_failed = |outcome: &Outcome| match outcome {
                    Outcome::Replaced(replaced) => {
                        replaced.canceled.is_err() && !matches!(replaced.placed, Some(Ok(_)))
                    }
                    _ => false,
                };
                self.did_nothing |=
                    matches!(outcome, Outcome::Rejected(_) | Outcome::Tested(_) | Outcome::NotSeen)
                        || both_failed(outcome);
                let texts = self.answer_text(outcome);
                events.extend(texts);
            }
        }
    }

    /// An answer by itself.
    fn answer_text(&self, outcome: &Outcome) -> Vec<String> {
        match outcome {
            Outcome::Rejected(reject) => vec![self.reject_text(reject)],
            Outcome::Placed(placed) => vec![placed_text(placed)],
            Outcome::OcoPlaced(oco) => oco.legs.iter().map(placed_text).collect(),
            Outcome::Tested(estimate) => vec![self.estimate_text(estimate)],
            Outcome::Canceled(canceled) => vec![self.canceled_text(canceled)],
            Outcome::Amended(amended) => {
                vec![format!("AMENDED o{} {}", amended.placed.id, amended.placed.status.as_str())]
            }
            Outcome::Replaced(replaced) => {
                let canceled = match &replaced.canceled {
                    Ok(canceled) => self.canceled_text(canceled),
                    Err(reject) => format!("not canceled: {}", self.reject_text(reject)),
                };
                let placed = replaced.placed.as_ref().map(|placed| match placed {
                    Ok(placed) => placed_text(placed),
                    Err(reject) => format!("not placed: {}", self.reject_text(reject)),
                });
                [canceled].into_iter().chain(placed).collect()
            }
            Outcome::CanceledAll(orders) => orders.iter().map(|order| self.canceled_text(order)).collect(),
            Outcome::TimerSet(Some(at)) => vec![format!("timer {}", time_text(*at))],
            Outcome::TimerSet(None) => vec!["no timer".to_owned()],
            Outcome::BalanceChanged { asset, balance } => {
                let asset = self.words.assets.name(asset.0);
                vec![format!("{} {asset}", balance.available)]
            }
            Outcome::FeesCollected(fees) if fees.is_empty() => vec!["no fees".to_owned()],
            Outcome::FeesCollected(fees) => fees
                .iter()
                .map(|(asset, amount)| format!("collected {amount} {}", self.words.assets.name(asset.0)))
                .collect(),
            Outcome::NotSeen => vec!["not seen".to_owned()],
            Outcome::Account(info) => vec![self.terms_text(info)],
            outcome => panic!("not an answer to a command: {outcome:?}"),
        }
    }

    fn canceled_text(&self, canceled: &CanceledOrder) -> String {
        let (spec, _) = self.symbols[canceled.symbol.0 as usize];
        format!(
            "CANCELED o{} ({} left, {} {} back)",
            canceled.id,
            canceled.canceled,
            canceled.released,
            self.words.assets.name(spec.gives(canceled.side).0),
        )
    }

    fn estimate_text(&self, estimate: &Estimate) -> String {
        let status = match estimate.status.reason() {
            Some(reason) => format!("{} {reason}", estimate.status.as_str()),
            None => estimate.status.as_str().to_owned(),
        };
        let Estimate { filled, notional, reserved, fee, .. } = estimate;
        format!("would be {status} ({filled} for {notional}, {reserved} reserved, fee {fee})")
    }

    fn fees_text(&self, trade: &lightning_core::message::Trade) -> String {
        if trade.taker_fee.is_zero() && trade.maker_fee.is_zero() {
            return String::new();
        }
        let (spec, _) = self.symbols[trade.symbol.0 as usize];
        let asset = |side: Side| self.words.assets.name(spec.fee_asset(side).0);
        let (side, other) = (trade.taker_side, trade.taker_side.opposite());
        format!(" (fees {} {}, {} {})", trade.taker_fee, asset(side), trade.maker_fee, asset(other))
    }

    pub(super) fn last_text(&self, symbol: SymbolId) -> String {
        let last =
            self.matchers[self.matcher_of(symbol)].market(symbol).and_then(|market| market.last_price());
        last.map_or("none".to_owned(), |price| price.to_string())
    }

    pub(super) fn book_text(&self, symbol: SymbolId) -> String {
        let Some(market) = self.matchers[self.matcher_of(symbol)].market(symbol) else {
            return "no such book".to_owned();
        };
        let text = |level: &PriceLevel| match level.orders {
            1 => format!("{} @ {}", level.quantity, level.price),
            orders => format!("{} @ {} x{orders}", level.quantity, level.price),
        };
        let side = |side| match &market.book().levels(side, usize::MAX)[..] {
            [] => "-".to_owned(),
            levels => levels.iter().map(text).collect::<Vec<_>>().join(", "),
        };
        format!("{} | {}", side(Side::Buy), side(Side::Sell))
    }

    /// `o1 buy 10 @ 5 day show 3 PARTIALLY_FILLED 4 for 20, 2 prevented, fee 1`.
    pub(super) fn orders_text(&self, orders: &[Order]) -> Vec<String> {
        let text = |order: &Order| {
            let (spec, rules) = self.symbols[order.order.symbol.0 as usize];
            let new = &order.order;
            let side = match new.side {
                Side::Buy => "buy",
                Side::Sell => "sell",
            };
            let mut text = format!("o{} {side} ", order.id);
            text.push_str(&match new.kind {
                OrderKind::Limit { price, quantity } => format!("{quantity} @ {price}"),
                OrderKind::MarketByQuantity { quantity } => format!("{quantity} @ market"),
                OrderKind::MarketByQuote { quote } => {
                    format!("for {quote} {} @ market", self.words.assets.name(spec.quote().0))
                }
            });
            match (new.tif, new.kind.price()) {
                (TimeInForce::Gtc, _) | (TimeInForce::Ioc, None) => {}
                (tif, _) => text.push_str(&format!(" {}", tif.as_str().to_lowercase())),
            }
            if let Some(at) = new.expire_at() {
                text.push_str(&format!(" {}", time_text(at)));
            }
            if new.post_only {
                text.push_str(" post-only");
            }
            if new.stp != rules.default_stp {
                let position = StpMode::ALL.iter().position(|mode| *mode == new.stp).expect("a mode");
                text.push_str(&format!(" stp {}", StpMode::ALL[position].as_str()));
            }
            if let Some(display) = new.display() {
                text.push_str(&format!(" show {display}"));
            }
            match new.trigger() {
                None => {}
                Some(Trigger::Stop { price }) => text.push_str(&format!(" stop {price}")),
                Some(Trigger::TakeProfit { price }) => text.push_str(&format!(" take-profit {price}")),
                Some(Trigger::Trailing { offset, activation }) => {
                    text.push_str(&match offset {
                        TrailOffset::Bps(bps) => format!(" trail {bps}bps"),
                        TrailOffset::Ticks(ticks) => format!(" trail {ticks}"),
                    });
                    if let Some(price) = activation {
                        text.push_str(&format!(" from {price}"));
                    }
                }
            }
            if let Some(client_id) = new.client_id() {
                text.push_str(&format!(" as {}", client_id.0));
            }
            text.push_str(&format!(" {}", order.status.as_str()));
            if let Some(reason) = order.status.reason() {
                text.push_str(&format!(" {reason}"));
            }
            text.push_str(&format!(" {} for {}", order.filled, order.notional));
            if !order.prevented.is_zero() {
                text.push_str(&format!(", {} prevented", order.prevented));
            }
            if !order.fee.is_zero() {
                text.push_str(&format!(", fee {}", order.fee));
            }
            text
        };
        match orders {
            [] => vec!["none".to_owned()],
            orders => orders.iter().map(text).collect(),
        }
    }

    /// `FREEZE o1 USD -50 +50 = 50/50`: the changes of what is available and frozen, and both after it.
    pub(super) fn entry_text(&self, entry: &LedgerEntry) -> String {
        let order = entry.order.map(|order| format!(" o{order}")).unwrap_or_default();
        let change = |amount: i128| if amount == 0 { "0".to_owned() } else { format!("{amount:+}") };
        format!(
            "{}{order} {} {} {} = {}/{}",
            entry.kind.as_str(),
            self.words.assets.name(entry.asset.0),
            change(entry.available_change.0),
            change(entry.frozen_change.0),
            entry.available,
            entry.frozen,
        )
    }

    pub(super) fn terms_text(&self, info: &AccountInfo) -> String {
        let mut text = info.status.as_str().to_owned();
        if info.can_trade {
            text.push_str(", may trade");
        }
        if info.can_withdraw {
            text.push_str(", may withdraw");
        }
        if let Some(group) = info.stp_group {
            text.push_str(&format!(", group {group}"));
        }
        for (symbol, rates) in &info.fees {
            text.push_str(&format!(", pays {}/{}", rates.maker_ppm, rates.taker_ppm));
            if let Some(symbol) = symbol {
                text.push_str(&format!(" on {}", self.words.symbols.name(symbol.0)));
            }
        }
        if let Some(rate) = info.rate_limit {
            text.push_str(&format!(", rate {} {}", rate.per_second, rate.burst));
        }
        if let Some(at) = info.cancel_all_at {
            text.push_str(&format!(", timer {}", time_text(at)));
        }
        text.push_str(&format!(", {} open", info.open_orders));
        text
    }

    pub(super) fn reject_text(&self, reject: &Reject) -> String {
        let code = format!("{} {}", reject.code.number(), reject.code.as_str());
        match reject.detail {
            Detail::None => code,
            Detail::Funds { asset, required, available } => {
                let asset = self.words.assets.name(asset.0);
                format!("{code} (needs {required} {asset}, has {available})")
            }
            Detail::Closed { order, status } => format!("{code} ({})", status_text(status, order)),
            Detail::Bound { max } => format!("{code} (max {max})"),
            Detail::Band { min, max, .. } => format!("{code} ({min} to {max})"),
            Detail::Last { price, .. } => format!("{code} (last {price})"),
            Detail::Wait { nanos } => format!("{code} (wait {nanos}ns)"),
        }
    }

    /// The balance that an item expects, as it is, if it is another.
    pub(super) fn differs(&mut self, item: &str) -> Option<String> {
        let words: Vec<&str> = item.split_whitespace().collect();
        if let ["accrued", asset, amount] = words[..] {
            let id = self.words.asset(asset);
            let expected: i128 = amount.replace('_', "").parse().expect("a number");
            let all = self.matchers.iter().flat_map(|matcher| matcher.accrued_fees());
            let accrued: i128 = all.filter(|line| line.0 == id).map(|line| line.1.0).sum();
            return (accrued != expected).then(|| format!("accrued {asset} {accrued}"));
        }
        let (account, asset) = (self.words.account(words[0]), self.words.asset(words[1]));
        let (mut available, mut frozen, mut held) = (0, 0, 0);
        for pair in words[2..].chunks(2) {
            match *pair {
                [amount, "available"] => available = number_of(amount),
                [amount, "frozen"] => frozen = number_of(amount),
                [amount, "held"] => held = number_of(amount),
                _ => panic!("not a balance: {item}"),
            }
        }
        let balance = self.sequencers[self.shard_of(account)].balance(account, asset);
        let is = (balance.available.0, balance.frozen.0, balance.held.0);
        (is != (available, frozen, held)).then(|| {
            let held = if is.2 == 0 { String::new() } else { format!(" {} held", is.2) };
            format!("{} {} {} available {} frozen{held}", words[0], words[1], is.0, is.1)
        })
    }
}

/// Is it the answer about this order?
fn is_of(answer: &Reply, order: OrderId) -> bool {
    match &answer.outcome {
        Outcome::Placed(placed) => placed.id == order,
        Outcome::OcoPlaced(oco) => oco.legs[0].id == order,
        Outcome::Amended(amended) => amended.placed.id == order,
        Outcome::Replaced(replaced) => matches!(&replaced.placed, Some(Ok(placed)) if placed.id == order),
        _ => false,
    }
}

fn placed_text(placed: &PlacedOrder) -> String {
    let text = status_text(placed.status, placed.id);
    if placed.prevented.is_zero() { text } else { format!("{text} ({} prevented)", placed.prevented) }
}

fn status_text(status: OrderStatus, order: OrderId) -> String {
    match status.reason() {
        Some(reason) => format!("{} o{order} {reason}", status.as_str()),
        None => format!("{} o{order}", status.as_str()),
    }
}

pub(super) fn without_aside(event: &str) -> &str {
    event.split(" (").next().unwrap_or(event)
}

/// Refusals begin with their code; those of a half, with what was not done.
pub(super) fn is_refusal(event: &str) -> bool {
    event.starts_with(|c: char| c.is_ascii_digit()) || event.starts_with("not ")
}

/// `10:30:00`, and the day, and what is left of a second, where there is any.
fn time_text(at: Timestamp) -> String {
    let (seconds, nanos) = (at.0 / SECOND, at.0 % SECOND);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let day = if days == 0 { String::new() } else { format!("{days}d") };
    let rest = if nanos == 0 { String::new() } else { format!(".{nanos:09}") };
    format!("{day}{:02}:{:02}:{:02}{rest}", of_day / 3_600, of_day / 60 % 60, of_day % 60)
}
