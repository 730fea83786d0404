//! The half of a fold that has the money: sequencers, transfers under way, and what the operator's front end keeps.

use std::collections::BTreeMap;

use super::Told;
use super::matching::Rewritten;
use crate::log::{Context, OperatorKey, Recorded};
use crate::message::{Outcome, ToSequencer, TransferOffer};
use crate::outbox::SequencerOutbox;
use crate::reject::Reject;
use crate::sequencer::Sequencer;
use crate::shards::shard_of_account;
use crate::types::{AccountId, Lsn, Timestamp};
use crate::window::WINDOW;

/// The sequencers of a fold, which do records again in their order, behind its [`super::Matching`] half.
#[derive(Debug)]
pub struct Settling<'a> {
    pub(super) sequencers: &'a mut [Sequencer],
    pub(super) operator: &'a mut BTreeMap<OperatorKey, Vec<u8>>,
    pub(super) order_ids_up_to: &'a mut u64,
    pub(super) offers: &'a mut BTreeMap<Lsn, TransferOffer>,
    pub(super) last: &'a mut (Lsn, Timestamp),
    pub(super) out: &'a mut SequencerOutbox,
}

impl Settling<'_> {
    /// What the account's sequencer did before it let the command of this record through: the record that the other half
    /// has taken up, or is about to decide.
    ///
    /// # Panics
    /// On a broken invariant: the records do not fit each other, or this is not the code that wrote them.
    #[inline]
    pub fn begin(&mut self, lsn: Lsn, at: Timestamp, record: &Recorded) {
        assert!(lsn.0 == self.last.0.0 + 1, "{lsn:?} comes after {:?}", self.last.0);
        *self.last = (lsn, self.last.1.max(at));
        match record {
            Recorded::Place(admitted) => self.sequencer(admitted.order.account).redo_place(admitted),
            Recorded::Cancel { to, account, .. } => {
                self.sequencer(*account).begin(*account, *to);
            }
            Recorded::PlaceOco(list, legs) => self.sequencer(legs[0].order.account).redo_oco(*list, legs),
            Recorded::Amend(amend) => self.sequencer(amend.account).redo_amend(amend),
            Recorded::Replace(replace) => self.sequencer(replace.account).redo_replace(replace),
            Recorded::CollectFees { to, account, .. } => {
                self.sequencer(*account).redo_collect(*account, *to);
            }
            _ => {}
        }
    }

    /// These messages come next, at most [`crate::sequencer::LOOK_AHEAD`] of them: loads what they will need, all of it at
    /// once. Changes nothing; a driver may leave it out.
    pub fn look_ahead(&self, messages: &[ToSequencer]) {
        let shards = self.sequencers.len();
        for (shard, sequencer) in self.sequencers.iter().enumerate() {
            sequencer.look_ahead_to_settle(messages.iter().filter_map(|message| match message {
                ToSequencer::Settle(settlement) => {
                    (shard_of_account(settlement.account, shards) == shard).then_some(settlement.order)
                }
                _ => None,
            }));
        }
    }

    /// Applies what the record's matcher told. Gives the answer, if a sequencer has to remember it; its message is of no
    /// use then.
    ///
    /// # Panics
    /// As [`Self::begin`].
    #[inline]
    pub fn settle(&mut self, lsn: Lsn, at: Timestamp, messages: &mut [ToSequencer]) -> Option<Outcome> {
        let mut log = Rewritten::after(lsn);
        for message in messages {
            let shard = shard_of_account(message.account(), self.sequencers.len());
            let sequencer = &mut self.sequencers[shard];
            let mut ctx = Context { now: at, log: &mut log };
            match message {
                ToSequencer::Answer { .. } => {
                    sequencer.handle_settlement_in_place(message, &mut ctx, self.out)
                }
                other => sequencer.redo_message(other, &mut ctx, self.out),
            }
        }
        self.answer(lsn)
    }

    /// Carries out what only sequencers know of, or everybody. What stays of the record is of no use.
    ///
    /// # Panics
    /// As [`Self::begin`].
    #[inline]
    pub fn carry_out(&mut self, lsn: Lsn, at: Timestamp, record: &mut Recorded, told: &mut Told) {
        match record {
            Recorded::Account(to, request) => {
                let account = request.account().expect("what is written down is of an account");
                let outcome = self.sequencer(account).redo_account(*to, request, lsn, at);
                told.outcome = Some(outcome);
            }
            Recorded::MassCancel(order) => {
                told.outcome = self.sequencer(order.account).redo_mass_cancel(order.clone(), lsn, at);
            }
            Recorded::TransferOffered(offer) => self.offered(*offer, lsn, told),
            Recorded::TransferAccepted(offer) => {
                let offer = Box::new(self.answered(offer));
                self.sequencer(offer.to).redo_accept(&offer, lsn, at);
                self.tell(ToSequencer::TransferAnswered { offer, cause: lsn, at, refusal: None }, told);
            }
            Recorded::TransferRefused(offer, code) => {
                let offer = Box::new(self.answered(offer));
                let refusal = Some(Reject::new(*code));
                self.tell(ToSequencer::TransferAnswered { offer, cause: lsn, at, refusal }, told);
            }
            Recorded::AddSymbol(spec, rules) => {
                self.sequencers.iter_mut().for_each(|sequencer| sequencer.add_symbol(*spec, **rules, lsn));
            }
            Recorded::SetRules(spec, rules) => {
                self.sequencers.iter_mut().for_each(|sequencer| sequencer.set_rules(*spec, **rules, lsn));
            }
            Recorded::OrderIds { up_to } => *self.order_ids_up_to = (*self.order_ids_up_to).max(*up_to),
            Recorded::Operator(key, body) => self.keep(*key, std::mem::take(body)),
            // Their matchers have told all there is to it.
            Recorded::Place(_)
            | Recorded::PlaceOco(..)
            | Recorded::Cancel { .. }
            | Recorded::Amend(_)
            | Recorded::Replace(_)
            | Recorded::CancelMany(_)
            | Recorded::CancelBook(_)
            | Recorded::Expire { .. }
            | Recorded::CollectFees { .. }
            | Recorded::RemoveSymbol(_) => {}
            Recorded::Genesis { .. } | Recorded::CleanShutdown { .. } => {}
        }
    }

    fn sequencer(&mut self, account: AccountId) -> &mut Sequencer {
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

    /// Somebody sends money to another: it stays under way until that one's answer.
    fn offered(&mut self, mut offer: TransferOffer, lsn: Lsn, told: &mut Told) {
        offer.offered = lsn;
        self.sequencer(offer.from).redo_offer(&offer);
        self.offers.insert(lsn, offer);
        told.to_sequencers.push(ToSequencer::TransferOffered(Box::new(offer)));
    }

    /// The offer that is answered, which is over.
    fn answered(&mut self, answered: &TransferOffer) -> TransferOffer {
        let number = answered.offered;
        let offer = self.offers.remove(&number);
        let offer = offer.unwrap_or_else(|| panic!("{number:?} is no transfer that is under way"));
        let what = |offer: &TransferOffer| (offer.from, offer.to, offer.asset, offer.amount);
        assert!(what(&offer) == what(answered), "{answered:?} is not what was offered: {offer:?}");
        offer
    }

    /// Tells the sender what became of a transfer.
    fn tell(&mut self, message: ToSequencer, told: &mut Told) {
        let (lsn, at) = match &message {
            ToSequencer::TransferAnswered { cause, at, .. } => (*cause, *at),
            other => panic!("{other:?} is not told to a sender"),
        };
        let mut log = Rewritten::after(lsn);
        let mut ctx = Context { now: at, log: &mut log };
        let shard = shard_of_account(message.account(), self.sequencers.len());
        self.sequencers[shard].redo_message(&message, &mut ctx, self.out);
        told.to_sequencers.push(message);
        if let Some(outcome) = self.answer(lsn) {
            told.outcome = Some(outcome);
        }
    }

    /// The answer that a sequencer has passed on.
    #[inline]
    fn answer(&mut self, lsn: Lsn) -> Option<Outcome> {
        let outcome = self.out.replies.pop().map(|reply| reply.outcome);
        let out = &*self.out;
        let quiet = out.replies.is_empty()
            && out.to_matcher.is_empty()
            && out.to_sequencer.is_empty()
            && out.account_news.is_empty();
        assert!(quiet, "a sequencer has more to say of {lsn:?}: {out:?}");
        outcome
    }
}
