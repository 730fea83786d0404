//! Transfers: money that the sender's sequencer freezes, and that the receiver's takes or refuses.
//!
//! Both may be the same sequencer; the messages are the same then, and the driver brings them back. Until the
//! receiver has answered, the money is frozen at its sender: no moment shows it at both or at neither.

use crate::history::Change;
use crate::log::{Context, Record};
use crate::message::{LedgerKind, Outcome, ReplyTo, ToSequencer, TransferOffer};
use crate::outbox::SequencerOutbox;
use crate::reject::Reject;
use crate::sequencer::funds::{gain, loss};
use crate::sequencer::{Sequencer, Verdict};
use crate::types::{AccountId, Amount, AssetId, Lsn, SignedAmount, Timestamp};

impl Sequencer {
    pub(super) fn transfer(
        &mut self,
        to_reply: ReplyTo,
        (from, to): (AccountId, AccountId),
        asset: AssetId,
        amount: Amount,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) -> Verdict {
        assert!(from != to, "the edge lets no transfer to oneself in");
        let slot = self.who_takes_out(from, amount)?;
        self.ledger.check_offer(slot, asset, amount)?;
        let mut offer = TransferOffer { to_reply, offered: Lsn(0), from, to, asset, amount };
        self.horizon = ctx.log.append(ctx.now, 0, &Record::TransferOffered(&offer));
        offer.offered = self.horizon;
        self.send_off(&offer);
        out.to_sequencer.push(ToSequencer::TransferOffered(Box::new(offer)));
        Ok(None)
    }

    /// Freezes what is on its way: here for the first time, or told again.
    pub(super) fn send_off(&mut self, offer: &TransferOffer) {
        let slot = self.whose(offer.from);
        self.ledger.offer(slot, offer.asset, offer.amount);
    }

    /// Takes what has come, the record of which is the last one: here for the first time, or told again.
    pub(super) fn take_in(&mut self, offer: &TransferOffer, at: Timestamp) {
        let TransferOffer { to, asset, amount, .. } = *offer;
        let slot = self.whose(to);
        self.ledger.transfer_in(slot, asset, amount);
        self.note(slot, at, asset, LedgerKind::TransferIn, (gain(amount), SignedAmount::ZERO));
    }

    /// Somebody sends money to an account of this shard, if it exists.
    pub(super) fn transfer_offered(
        &mut self,
        offer: Box<TransferOffer>,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) {
        let TransferOffer { to, asset, amount, .. } = *offer;
        let checked = self.who_acts(to).and_then(|slot| self.ledger.check_transfer_in(slot, asset, amount));
        let refusal = match checked {
            Ok(()) => {
                self.horizon = ctx.log.append(ctx.now, 0, &Record::TransferAccepted(&offer));
                self.take_in(&offer, ctx.now);
                None
            }
            Err(reject) => {
                // Written down, because the sender may spend at once what comes back.
                self.horizon = ctx.log.append(ctx.now, 0, &Record::TransferRefused(&offer, reject.code));
                Some(reject)
            }
        };
        let (cause, at) = (self.horizon, ctx.now);
        out.to_sequencer.push(ToSequencer::TransferAnswered { offer, cause, at, refusal });
    }

    /// The receiver has answered, in a record and at a time that are the answer's, too: told again after a crash, it
    /// says the same.
    pub(super) fn transfer_answered(
        &mut self,
        offer: &TransferOffer,
        (cause, at): (Lsn, Timestamp),
        refusal: Option<Reject>,
        out: &mut SequencerOutbox,
    ) {
        let TransferOffer { to_reply, from, asset, amount, .. } = *offer;
        let slot = self.whose(from);
        // Only now is it decided: the entry's cause is the receiver's record.
        self.horizon = self.horizon.max(cause);
        let outcome = match refusal {
            None => {
                let balance = self.ledger.transfer_out(slot, asset, amount);
                let (kind, available, frozen) = (LedgerKind::TransferOut, loss(amount), SignedAmount::ZERO);
                self.entries.push(slot, Change { cause, at, order: None, asset, kind, available, frozen });
                Outcome::BalanceChanged { asset, balance }
            }
            Some(reject) => {
                self.ledger.transfer_back(slot, asset, amount);
                Outcome::Rejected(reject)
            }
        };
        let reply = self.reply(to_reply.ticket, at, outcome);
        self.pass_on(to_reply.recorded, reply, out);
    }
}
