//! A matcher's turn.

use std::collections::BTreeSet;

use lightning_core::log::{Context, Recorded};
use lightning_core::message::{OrderAfter, OrderStatus, Outcome, Reply, Settlement, ToSequencer};
use lightning_core::outbox::MatcherOutbox;
use lightning_core::types::{Lsn, SymbolId, Timestamp};

use super::operator::Stage;
use super::shards::{HeldReply, Sent, ToBook};
use super::{THOROUGH, World};
use crate::laws;
use crate::rng::Dice;

impl World<'_, '_> {
    pub(super) fn run_matcher(&mut self, at: usize) {
        self.shards.matchers[at].clock = self.read_clock(self.shards.matchers[at].clock);
        let now = Timestamp(self.shards.matchers[at].clock);
        let mut batch = MatcherOutbox::default();
        let mut control = None;
        for _ in 0..self.rng.between(1, self.burst) {
            let mut out = MatcherOutbox::default();
            let before = self.recorder.last();
            match self.shards.matchers[at].inbox.pop_front() {
                None => break,
                Some(ToBook::Message(message)) => {
                    self.say(|| format!("matcher {at}: {message:?}"));
                    let symbol = message.symbol();
                    let mut ctx = Context { now, log: &mut self.recorder };
                    let seq_before = self.shards.matchers[at].core.market(symbol).map(|market| market.seq());
                    self.shards.matchers[at].core.handle(message, &mut ctx, &mut out);
                    self.check_answer(at, symbol, &out);
                    let grown = out.changed.iter().filter(|changed| **changed == symbol).count() as u64;
                    assert_eq!(
                        self.shards.matchers[at].core.market(symbol).map(|market| market.seq()),
                        seq_before.map(|seq| seq + grown),
                        "book_seq grows once per change"
                    );
                    self.note_matcher_output(before, &out, None);
                    self.hear_matcher(at, before, &mut out);
                }
                Some(ToBook::Control) => {
                    self.say(|| format!("matcher {at}: the operator's"));
                    let told = self.control_matcher(at, now, &mut out);
                    control = Some(told.is_some().then(|| self.recorder.last()));
                    self.note_matcher_output(before, &out, told);
                    self.hear_matcher(at, before, &mut out);
                }
            }
            batch.to_sequencer.append(&mut out.to_sequencer);
            batch.replies.append(&mut out.replies);
            batch.trades.append(&mut out.trades);
        }
        self.route_from_matcher(at, batch);
        if let Some(tells) = control {
            let after = self.shards.sent_by(self.shards.sender(at));
            let control = self.control.as_mut().expect("a call under way");
            control.stage = Stage::Decided { after, tells };
        }
        self.check_matcher(at);
    }

    pub(super) fn tick_matcher(&mut self, at: usize) {
        self.say(|| format!("matcher {at}: alarm"));
        self.shards.matchers[at].clock = self.now;
        let before = self.recorder.last();
        let mut out = MatcherOutbox::default();
        let mut ctx = Context { now: Timestamp(self.now), log: &mut self.recorder };
        self.shards.matchers[at].core.tick(&mut ctx, &mut out);
        assert!(out.replies.is_empty() && out.trades.is_empty(), "nobody asked: {out:?}");
        self.note_matcher_output(before, &out, None);
        self.hear_matcher(at, before, &mut out);
        self.route_from_matcher(at, out);
        self.check_matcher(at);
    }

    /// Every message to a matcher is answered once, by an answer that names the symbol's last record.
    pub(super) fn check_answer(&self, at: usize, symbol: SymbolId, out: &MatcherOutbox) {
        let mut answers: Vec<Option<&Reply>> = out.replies.iter().map(Some).collect();
        for message in &out.to_sequencer {
            match message {
                ToSequencer::Answer { reply, .. } => answers.push(Some(reply)),
                ToSequencer::OrderMissed { .. } | ToSequencer::CanceledMany { .. } => answers.push(None),
                _ => {}
            }
        }
        assert!(answers.len() == 1, "a message is answered once: {out:?}");
        if let (Some(reply), Some(market)) = (answers[0], self.shards.matchers[at].core.market(symbol)) {
            assert_eq!(reply.gate, market.horizon(), "let out by another record: {reply:?}");
            laws::status_is_kept(market, &reply.outcome);
        }
    }

    /// Writes down what was said, before it is on its way.
    pub(super) fn note_matcher_output(&mut self, before: Lsn, out: &MatcherOutbox, told: Option<Outcome>) {
        let last = self.recorder.last();
        for lsn in before.0 + 1..=last.0 {
            if let Recorded::Expire { .. } = self.recorder.get(Lsn(lsn)) {
                self.coverage.hit("an order's time came");
            }
        }
        let is_expiry = last > before && matches!(self.recorder.get(last), Recorded::Expire { .. });
        self.history.note(out, told, before, (last, is_expiry));
        for message in &out.to_sequencer {
            if let ToSequencer::Amended { order, kind: Some(kind), .. }
            | ToSequencer::SiblingAmended { order, kind, .. } = message
            {
                self.notes.orders.get_mut(order).expect("an order that was admitted").kind = *kind;
            }
        }
        laws::settlements_add_up(&out.to_sequencer, |id| &self.notes.orders[&id]);
        let mut takers = BTreeSet::new();
        for trade in &out.trades {
            self.notes.trade_ids.next(trade);
            laws::trade_is_fair(trade, |id| &self.notes.orders[&id]);
            self.coverage.hit("trade");
            takers.insert(trade.taker);
            if self.notes.orders[&trade.taker].trigger().is_some() {
                self.coverage.hit("a triggered order traded");
            }
        }
        if takers.len() > 1 {
            self.coverage.hit("one command set off others");
        }
        for message in &out.to_sequencer {
            self.note_message(message, 1);
            match message {
                ToSequencer::Settle(settlement) => self.note_settlement(settlement, before),
                ToSequencer::Answer { reply, .. } => self.note_answer(reply),
                ToSequencer::MoveReservation { .. } => self.coverage.hit("a reservation changed hands"),
                ToSequencer::Amended { cause: None, .. } => {
                    self.coverage.hit("an amend was refused by the book")
                }
                ToSequencer::CanceledMany { orders, .. } if orders.len() > 1 => {
                    self.coverage.hit("many canceled");
                }
                _ => {}
            }
        }
        out.replies.iter().for_each(|reply| self.note_answer(reply));
    }

    pub(super) fn note_settlement(&mut self, settlement: &Settlement, before: Lsn) {
        if settlement.after == OrderAfter::Voided {
            self.coverage.hit("refused by the matcher");
        }
        if let OrderAfter::Closed(status) = settlement.after {
            self.coverage.hit(status.reason().unwrap_or("FILLED"));
        }
        if !settlement.prevented.is_zero() {
            self.coverage.hit("prevented");
        }
        if settlement.cause > before {
            self.notes.outstanding.entry(settlement.account).or_default().push(settlement.cause);
            let effect = (settlement.order, settlement.filled.0, settlement.after);
            self.notes.effects.entry(settlement.cause).or_default().push(effect);
        } else {
            let nothing = settlement.after == OrderAfter::Voided && settlement.filled.is_zero();
            assert!(nothing, "an effect without a record: {settlement:?}");
        }
    }

    pub(super) fn note_answer(&mut self, reply: &Reply) {
        match &reply.outcome {
            Outcome::Placed(placed) => self.coverage.hit(match placed.status {
                OrderStatus::PendingTrigger => "waits for its trigger",
                OrderStatus::Expired(_) => "expired at once",
                OrderStatus::Filled => "filled at once",
                _ => "rested",
            }),
            Outcome::Canceled(_) => self.coverage.hit("canceled"),
            Outcome::OcoPlaced(_) => self.coverage.hit("OCO placed"),
            Outcome::Amended(amended) => {
                self.coverage.hit(if amended.priority_kept { "amended in place" } else { "amended anew" });
            }
            Outcome::Replaced(replaced) => {
                let both = replaced.canceled.is_ok() && matches!(replaced.placed, Some(Ok(_)));
                self.coverage.hit(if both { "replaced" } else { "replaced by half or not" });
            }
            Outcome::Tested(_) => self.coverage.hit("tested"),
            Outcome::FeesCollected(fees) if !fees.is_empty() => self.coverage.hit("fees collected"),
            Outcome::FeesCollected(_) | Outcome::Rejected(_) => {}
            other => panic!("a matcher answers no such thing: {other:?}"),
        }
    }

    pub(super) fn route_from_matcher(&mut self, at: usize, mut out: MatcherOutbox) {
        let from = self.shards.sender(at);
        if self.journal.is_some()
            && let Some(last) = out.trades.iter().map(|trade| trade.cause).max()
        {
            self.shards.matchers[at].published.push_back((last, std::mem::take(&mut out.trades)));
        }
        // First what changes something, then the answers: who has one finds the effects wherever they are.
        let is_answer = |message: &ToSequencer| matches!(message, ToSequencer::Answer { .. });
        let (answers, effects): (Vec<_>, Vec<_>) = out.to_sequencer.drain(..).partition(is_answer);
        for message in effects.into_iter().chain(answers) {
            let after = is_answer(&message).then(|| self.shards.sent_by(from));
            let to = self.shards.home(message.account());
            let pipe = &mut self.shards.to_sequencer[from][to];
            // Its own way is in order by itself, and this message is on it.
            pipe.queue.push_back(Sent { message, after });
            pipe.sent += 1;
        }
        for reply in out.replies.drain(..) {
            let after = Some(self.shards.sent_by(from));
            self.notes.requests.answered(&reply);
            self.shards.answers[from].push_back(HeldReply { reply, after, by_matcher: true });
        }
    }

    /// The market sees what was traded.
    pub(super) fn publish(&mut self, at: usize) {
        let first = self.shards.matchers[at].published.pop_front();
        let (gate, trades) = first.expect("something was published");
        self.say(|| format!("matcher {at}: {} trades are seen", trades.len()));
        self.promises.note_trades(gate, &trades);
    }

    pub(super) fn check_matcher(&mut self, at: usize) {
        if self.rng.one_in(THOROUGH) {
            self.shards.matchers[at].core.check_invariants();
        }
        for spec in &self.workload.setup.symbols {
            if let Some(market) = self.shards.matchers[at].core.market(spec.id()) {
                laws::is_uncrossed(market);
            }
        }
        self.check_conservation();
    }
}
