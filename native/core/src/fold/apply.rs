//! One record after the other, each with all its effects at once.

use super::{Divergence, Fold, Matching, Settling, Told};
use crate::log::Recorded;
use crate::message::ToSequencer;
use crate::outbox::MatcherOutbox;
use crate::types::{Lsn, Timestamp};

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
        mut record: Recorded,
        told: &mut Told,
    ) -> Result<(), Divergence> {
        let (mut matching, mut settling) = self.halves();
        matching.take_up(lsn, digest, &mut record)?;
        settling.begin(lsn, at, &record);
        // What is told goes on where the caller has it: no message is copied.
        let messages = told.to_sequencers.len();
        swap(matching.out(), told);
        let is_decided = matching.decide(lsn, at, &mut record);
        swap(matching.out(), told);
        if is_decided {
            told.outcome = matching.out().replies.pop().map(|reply| reply.outcome);
            let is_answered = matches!(told.to_sequencers.last(), Some(ToSequencer::Answer { .. }));
            if let Some(outcome) = settling.settle(lsn, at, &mut told.to_sequencers[messages..]) {
                told.outcome = Some(outcome);
            }
            if is_answered {
                told.to_sequencers.pop();
            }
        }
        settling.carry_out(lsn, at, &mut record, told);
        Ok(())
    }

    /// Both halves, for a driver that lets the deciding one run ahead. For each record, in the records' order:
    /// [`Matching::take_up`] and [`Matching::decide`], then [`Settling::begin`], [`Settling::settle`] with what was
    /// decided, and [`Settling::carry_out`]. Both must end with the same record.
    #[inline]
    pub fn halves(&mut self) -> (Matching<'_>, Settling<'_>) {
        let Self { sequencers, matchers, operator, order_ids_up_to, offers, archives, last, .. } = self;
        let (matcher_out, out) = (&mut self.matcher_out, &mut self.sequencer_out);
        let matching = Matching { matchers, archives, out: matcher_out, last: last.0 };
        (matching, Settling { sequencers, operator, order_ids_up_to, offers, last, out })
    }
}

#[inline]
fn swap(out: &mut MatcherOutbox, told: &mut Told) {
    std::mem::swap(&mut out.to_sequencer, &mut told.to_sequencers);
    std::mem::swap(&mut out.trades, &mut told.trades);
}
