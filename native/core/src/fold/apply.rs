//! One record after the other, each with all its effects at once.

use super::{Divergence, Fold, Told};
use crate::log::{Context, Log, OperatorKey, Record, Recorded};
use crate::matcher::Matcher;
use crate::message::{ReplyTo, ToMatcher, ToSequencer, TransferOffer};
use crate::outbox::MatcherOutbox;
use crate::reject::Reject;
use crate::sequencer::Sequencer;
use crate::shards::{shard_of_account, shard_of_symbol};
use crate::types::{AccountId, Lsn, SymbolId, Ticket, Timestamp};
use crate::window::WINDOW;

impl Fold {
    /// Does again what a record was written for, with all its effects.
    ///
    /// # Errors
    /// The record is not the next one, or the previous record of its symbol led to something else when it was
    /// written.
    ///
    /// # Panics
    /// On a broken invariant: the records do not fit each other, or this is not the code that wrote them.
    pub fn apply(
        &mut self,
        lsn: Lsn,
        at: Timestamp,
        digest: u64,
        record: Recorded,
        told: &mut Told,
    ) -> Result<(), Divergence> {
        let expected = Lsn(self.last.0.0 + 1);
        if lsn != expected {
            return Err(Divergence::Number { expected, found: lsn });
        }
        self.check_digest(&record, digest)?;
        self.last = (lsn, self.last.1.max(at));
        Step { fold: self, lsn, at, told }.redo(record);
        Ok(())
    }

    /// Did the previous record of the symbol lead to what it led to when this one was written?
    fn check_digest(&self, record: &Recorded, recorded: u64) -> Result<(), Divergence> {
        match symbol_of(record) {
            Some(symbol) => {
                let found = self.matchers[shard_of_symbol(symbol, self.matchers.len())].digest(symbol);
                if found == recorded { Ok(()) } else { Err(Divergence::Digest { symbol, recorded, found }) }
            }
            None if recorded != 0 => Err(Divergence::DigestOfNothing { recorded }),
            None => Ok(()),
        }
    }

    pub(super) fn sequencer(&mut self, account: AccountId) -> &mut Sequencer {
        let shard = shard_of_account(account, self.sequencers.len());
        &mut self.sequencers[shard]
    }

    /// What the front end keeps. Of the answers to administrative calls, as far back as the highest number's window.
    fn keep(&mut self, key: OperatorKey, body: Vec<u8>) {
        self.operator.insert(key, body);
        if matches!(key, OperatorKey::Once(_))
            && let Some((&OperatorKey::Once(highest), _)) = self.operator.last_key_value()
        {
            let lowest = OperatorKey::Once(highest.saturating_sub(WINDOW - 1));
            while let Some((&oldest, _)) = self.operator.range(OperatorKey::Once(0)..lowest).next() {
                self.operator.remove(&oldest);
            }
        }
    }
}

/// The symbol whose matcher wrote a record, if one did after it had the symbol.
fn symbol_of(record: &Recorded) -> Option<SymbolId> {
    match record {
        Recorded::Place(admitted) => Some(admitted.order.symbol),
        Recorded::PlaceOco(_, legs) => Some(legs[0].order.symbol),
        Recorded::Cancel { symbol, .. }
        | Recorded::CancelBook(symbol)
        | Recorded::Expire { symbol, .. }
        | Recorded::CollectFees { symbol, .. }
        | Recorded::RemoveSymbol(symbol) => Some(*symbol),
        Recorded::Amend(amend) => Some(amend.symbol),
        Recorded::Replace(replace) => Some(replace.symbol),
        Recorded::CancelMany(many) => Some(many.symbol),
        Recorded::SetRules(spec, _) => Some(spec.id()),
        Recorded::Account(..)
        | Recorded::TransferOffered(_)
        | Recorded::TransferAccepted(_)
        | Recorded::TransferRefused(..)
        | Recorded::MassCancel(_)
        | Recorded::AddSymbol(..)
        | Recorded::OrderIds { .. }
        | Recorded::Operator(..)
        | Recorded::Genesis { .. }
        | Recorded::CleanShutdown { .. } => None,
    }
}

/// One record that is told again.
struct Step<'a> {
    fold: &'a mut Fold,
    lsn: Lsn,
    at: Timestamp,
    told: &'a mut Told,
}

impl Step<'_> {
    #[inline]
    fn redo(mut self, record: Recorded) {
        let (lsn, at) = (self.lsn, self.at);
        match record {
            Recorded::Place(mut admitted) => {
                admitted.to = self.again(admitted.to);
                self.fold.sequencer(admitted.order.account).redo_place(&admitted);
                self.run(ToMatcher::Admit(admitted));
            }
            Recorded::Cancel { to, account, symbol, order } => {
                let to = self.again(to);
                self.fold.sequencer(account).begin(account, to);
                // Its condition was met.
                self.run(ToMatcher::Cancel { to, account, symbol, order, only_if: None });
            }
            Recorded::PlaceOco(list, mut legs) => {
                for leg in legs.iter_mut() {
                    leg.to = self.again(leg.to);
                }
                self.fold.sequencer(legs[0].order.account).redo_oco(list, &legs);
                self.run(ToMatcher::AdmitOco { list, legs });
            }
            Recorded::Amend(mut amend) => {
                amend.to = self.again(amend.to);
                self.fold.sequencer(amend.account).redo_amend(&amend);
                self.run(ToMatcher::Amend(amend));
            }
            Recorded::Replace(mut replace) => {
                replace.to = self.again(replace.to);
                if let Ok(new) = &mut replace.new {
                    new.to = replace.to;
                }
                self.fold.sequencer(replace.account).redo_replace(&replace);
                self.run(ToMatcher::Replace(replace));
            }
            Recorded::CancelMany(many) => self.run(ToMatcher::CancelMany(many)),
            Recorded::CollectFees { to, account, symbol } => {
                let to = self.again(to).through_sequencer();
                self.fold.sequencer(account).redo_collect(account, to);
                self.run(ToMatcher::CollectFees { to, account, symbol });
            }
            Recorded::CancelBook(symbol) => {
                self.on_matcher(symbol, |matcher, ctx, out| matcher.redo_cancel_book(symbol, ctx, out));
            }
            Recorded::Expire { symbol, order } => {
                self.on_matcher(symbol, |matcher, ctx, out| matcher.redo_expire(symbol, order, ctx, out));
            }
            Recorded::AddSymbol(spec, rules) => {
                self.on_matcher(spec.id(), |matcher, ctx, out| matcher.add_symbol(spec, *rules, ctx, out));
                for sequencer in &mut self.fold.sequencers {
                    sequencer.add_symbol(spec, *rules, lsn);
                }
            }
            Recorded::SetRules(spec, rules) => {
                self.on_matcher(spec.id(), |matcher, ctx, out| {
                    matcher.redo_set_rules(spec, *rules, ctx, out)
                });
                for sequencer in &mut self.fold.sequencers {
                    sequencer.set_rules(spec, *rules, lsn);
                }
            }
            Recorded::RemoveSymbol(symbol) => {
                self.on_matcher(symbol, |matcher, ctx, out| matcher.redo_remove(symbol, ctx, out));
                self.fold.archives.forget(symbol);
            }
            Recorded::Account(to, request) => {
                let account = request.account().expect("what is written down is of an account");
                let outcome = self.fold.sequencer(account).redo_account(to, &request, lsn, at);
                self.told.outcome = Some(outcome);
            }
            Recorded::MassCancel(mut order) => {
                order.to = order.to.map(|to| self.again(to));
                self.told.outcome = self.fold.sequencer(order.account).redo_mass_cancel(order, lsn, at);
            }
            Recorded::TransferOffered(offer) => self.offered(offer),
            Recorded::TransferAccepted(offer) => {
                let offer = self.answered(&offer);
                self.fold.sequencer(offer.to).redo_accept(&offer, lsn, at);
                self.tell(ToSequencer::TransferAnswered {
                    offer: Box::new(offer),
                    cause: lsn,
                    at,
                    refusal: None,
                });
            }
            Recorded::TransferRefused(offer, code) => {
                let offer = Box::new(self.answered(&offer));
                let refusal = Some(Reject::new(code));
                self.tell(ToSequencer::TransferAnswered { offer, cause: lsn, at, refusal });
            }
            Recorded::OrderIds { up_to } => self.fold.order_ids_up_to = self.fold.order_ids_up_to.max(up_to),
            Recorded::Operator(key, body) => self.fold.keep(key, body),
            Recorded::Genesis { .. } | Recorded::CleanShutdown { .. } => {}
        }
    }

    /// Nobody waits for the answer, but its request id must remember it.
    #[inline]
    fn again(&self, to: ReplyTo) -> ReplyTo {
        ReplyTo { ticket: Ticket(self.lsn.0), recorded: to.request_id().is_some(), ..to }
    }

    /// A message of a sequencer, to its symbol's matcher.
    #[inline]
    fn run(&mut self, mut message: ToMatcher) {
        self.on_matcher(message.symbol(), |matcher, ctx, out| matcher.redo(&mut message, ctx, out));
    }

    /// Lets a matcher decide again, and its sequencers apply what it tells.
    #[inline]
    fn on_matcher(
        &mut self,
        symbol: SymbolId,
        run: impl FnOnce(&mut Matcher, &mut Context<'_>, &mut MatcherOutbox),
    ) {
        let Self { fold, told, .. } = self;
        let mut log = Rewritten { lsn: self.lsn, times: 0 };
        let mut ctx = Context { now: self.at, log: &mut log };
        // What is told goes on where the caller has it: no message is copied.
        let out = &mut fold.matcher_out;
        std::mem::swap(&mut out.to_sequencer, &mut told.to_sequencers);
        std::mem::swap(&mut out.trades, &mut told.trades);
        let (messages, trades) = (out.to_sequencer.len(), out.trades.len());
        let shard = shard_of_symbol(symbol, fold.matchers.len());
        run(&mut fold.matchers[shard], &mut ctx, out);
        std::mem::swap(&mut out.to_sequencer, &mut told.to_sequencers);
        std::mem::swap(&mut out.trades, &mut told.trades);
        out.changed.clear();
        assert!(out.book_news.is_empty(), "nobody watches what is told again: {:?}", out.book_news);
        told.outcome = out.replies.pop().map(|reply| reply.outcome);
        assert!(log.times == 1, "{:?} was not decided again", self.lsn);

        told.trades[trades..].iter().for_each(|trade| fold.archives.push(trade));
        let answer = told.to_sequencers.pop_if(|last| matches!(last, ToSequencer::Answer { .. }));
        for message in &told.to_sequencers[messages..] {
            let shard = shard_of_account(message.account(), fold.sequencers.len());
            let mut ctx = Context { now: self.at, log: &mut log };
            fold.sequencers[shard].redo_message(message, &mut ctx, &mut fold.sequencer_out);
        }
        if let Some(answer) = answer {
            let mut ctx = Context { now: self.at, log: &mut log };
            let shard = shard_of_account(answer.account(), fold.sequencers.len());
            fold.sequencers[shard].handle_settlement(answer, &mut ctx, &mut fold.sequencer_out);
        }
        self.take_answer();
    }

    /// Somebody sends money to another: it stays under way until that one's answer.
    fn offered(&mut self, mut offer: TransferOffer) {
        offer.to_reply = self.again(offer.to_reply);
        offer.offered = self.lsn;
        self.fold.sequencer(offer.from).redo_offer(&offer);
        self.fold.offers.insert(self.lsn, offer);
        self.told.to_sequencers.push(ToSequencer::TransferOffered(Box::new(offer)));
    }

    /// The offer that is answered, which is over.
    fn answered(&mut self, answered: &TransferOffer) -> TransferOffer {
        let number = answered.offered;
        let offer = self.fold.offers.remove(&number);
        let offer = offer.unwrap_or_else(|| panic!("{number:?} is no transfer that is under way"));
        let what = |offer: &TransferOffer| (offer.from, offer.to, offer.asset, offer.amount);
        assert!(what(&offer) == what(answered), "{answered:?} is not what was offered: {offer:?}");
        offer
    }

    /// Tells the sender what became of a transfer.
    fn tell(&mut self, message: ToSequencer) {
        let mut log = Rewritten { lsn: self.lsn, times: 1 };
        let mut ctx = Context { now: self.at, log: &mut log };
        let shard = shard_of_account(message.account(), self.fold.sequencers.len());
        self.fold.sequencers[shard].redo_message(&message, &mut ctx, &mut self.fold.sequencer_out);
        self.told.to_sequencers.push(message);
        self.take_answer();
    }

    /// The answer that a sequencer has passed on.
    #[inline]
    fn take_answer(&mut self) {
        let out = &mut self.fold.sequencer_out;
        if let Some(reply) = out.replies.pop() {
            self.told.outcome = Some(reply.outcome);
        }
        let quiet = out.replies.is_empty()
            && out.to_matcher.is_empty()
            && out.to_sequencer.is_empty()
            && out.account_news.is_empty();
        assert!(quiet, "a sequencer has more to say of {:?}: {out:?}", self.lsn);
    }
}

/// Where the record that is told again is written down already.
struct Rewritten {
    lsn: Lsn,
    times: u32,
}

impl Log for Rewritten {
    fn append(&mut self, _: Timestamp, _: u64, record: &Record<'_>) -> Lsn {
        assert!(self.times == 0, "{:?} leads to another record: {record:?}", self.lsn);
        self.times = 1;
        self.lsn
    }
}
