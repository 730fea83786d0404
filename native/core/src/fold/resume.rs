//! What was begun and not finished when the journal ended.
//!
//! Two things take more than one record: a transfer (its sender's and its receiver's), and a mass cancel (its
//! account's, and one of each symbol). After a crash somebody has to write the records that are missing. They are
//! decided now and live, by the shards as they stand: a receiver may have been closed, an order filled.

use std::collections::VecDeque;

use super::Fold;
use crate::log::{Context, Log, Record};
use crate::message::{CancelMany, ToMatcher, ToSequencer};
use crate::outbox::{MatcherOutbox, SequencerOutbox};
use crate::shards::{shard_of_account, shard_of_symbol};
use crate::types::{Lsn, Timestamp};

impl Fold {
    /// Does to its end what was begun and not finished: transfers that nobody answered, and the parts of mass cancels
    /// that have no record. Like a live engine does it, writing records, at `now` or the latest time of all records.
    pub fn resume(&mut self, now: Timestamp, log: &mut dyn Log) {
        let now = now.max(self.last.1);
        let mut log = Following { log, last: &mut self.last };
        let mut ctx = Context { now, log: &mut log };
        let mut matcher_out = MatcherOutbox::default();
        let mut sequencer_out = SequencerOutbox::default();

        let offers = std::mem::take(&mut self.offers).into_values();
        let mut decided: VecDeque<_> =
            offers.map(|offer| ToSequencer::TransferOffered(Box::new(offer))).collect();
        let mut parts: Vec<CancelMany> =
            self.sequencers.iter().flat_map(|sequencer| sequencer.missing_parts()).collect();
        // The same records whatever the shards.
        parts.sort_unstable_by_key(|part| (part.mass, part.symbol));
        let mut parts = VecDeque::from(parts);
        loop {
            if let Some(message) = decided.pop_front() {
                let shard = shard_of_account(message.account(), self.sequencers.len());
                self.sequencers[shard].handle_settlement(message, &mut ctx, &mut sequencer_out);
                decided.extend(sequencer_out.to_sequencer.drain(..));
            } else if let Some(part) = parts.pop_front() {
                let shard = shard_of_symbol(part.symbol, self.matchers.len());
                let message = ToMatcher::CancelMany(Box::new(part));
                self.matchers[shard].handle(message, &mut ctx, &mut matcher_out);
                decided.extend(matcher_out.to_sequencer.drain(..));
            } else {
                break;
            }
        }
        assert!(matcher_out.trades.is_empty(), "a cancel does not trade");
    }
}

/// A log that is followed: the fold has done what is written.
struct Following<'a> {
    log: &'a mut dyn Log,
    last: &'a mut (Lsn, Timestamp),
}

impl Log for Following<'_> {
    fn append(&mut self, now: Timestamp, digest: u64, record: &Record<'_>) -> Lsn {
        let lsn = self.log.append(now, digest, record);
        let expected = Lsn(self.last.0.0 + 1);
        assert!(lsn == expected, "the log goes on with {lsn:?}, and the fold with {expected:?}");
        *self.last = (lsn, self.last.1.max(now));
        lsn
    }

    fn wants_digests(&self) -> bool {
        self.log.wants_digests()
    }
}
