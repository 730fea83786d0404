//! One command while it runs: what it is caused by, and where its effects go.
//!
//! Settlements are built where they are to lie, which is what the forced inlining and `once_with` are for: one
//! that is built elsewhere and copied makes the copy's wide loads wait for the narrow stores before them, and
//! those for every store into the cold parts of the book (measured: an eighth of the time of a place).

use super::expiry::Expiries;
use crate::digest::Digest;
use crate::log::{Context, Log, Record};
use crate::message::{OrderAfter, Outcome, Reply, ReplyTo, Settlement, ToSequencer};
use crate::outbox::MatcherOutbox;
use crate::types::{AccountId, Amount, Lsn, OrderId, Quantity, SignedAmount, Timestamp};

/// A command under way.
pub(super) struct Run<'a> {
    /// The time of the command.
    pub(super) at: Timestamp,
    /// Its record; as long as it has none, the last one of its market: what a refusal shows depends on that.
    pub(super) cause: Lsn,
    /// Has the book's sequence grown in it?
    pub(super) touched: bool,
    /// Was its record appended?
    recorded: bool,
    /// Of what its market's last record led to.
    digest: u64,
    /// Where in the outbox this command's messages and trades begin.
    begins: (usize, usize),
    log: &'a mut dyn Log,
    pub(super) out: &'a mut MatcherOutbox,
    pub(super) expiries: &'a mut Expiries,
}

impl<'a> Run<'a> {
    /// A command of a market whose last record, and the digest of what that led to, are these.
    #[inline(always)]
    pub(super) fn new(
        ctx: &'a mut Context<'_>,
        (horizon, digest): (Lsn, u64),
        out: &'a mut MatcherOutbox,
        expiries: &'a mut Expiries,
    ) -> Self {
        Self {
            at: ctx.now,
            cause: horizon,
            touched: false,
            recorded: false,
            digest,
            begins: (out.to_sequencer.len(), out.trades.len()),
            log: &mut *ctx.log,
            out,
            expiries,
        }
    }

    /// Writes the decision down: from here on it has effects, which name this record.
    #[inline(always)]
    pub(super) fn append(&mut self, record: &Record<'_>) -> Lsn {
        assert!(!self.recorded, "a command is one record");
        self.recorded = true;
        self.cause = self.log.append(self.at, self.digest, record);
        self.cause
    }

    /// The command is over: says the digest of what its market's last record led to.
    #[inline(always)]
    pub(super) fn end(self) -> u64 {
        if self.recorded && self.log.wants_digests() { self.digest_of_effects() } else { self.digest }
    }

    #[inline(never)]
    fn digest_of_effects(&self) -> u64 {
        let mut digest = Digest::after(self.digest, self.cause, self.at);
        let (messages, trades) = self.begins;
        self.out.to_sequencer[messages..].iter().for_each(|message| digest.message(message));
        self.out.trades[trades..].iter().for_each(|trade| digest.trade(trade));
        digest.end()
    }

    /// A settlement that moves nothing, to be filled in.
    #[inline(always)]
    pub(super) fn nothing(&self, account: AccountId, order: OrderId, after: OrderAfter) -> Settlement {
        Settlement {
            cause: self.cause,
            at: self.at,
            account,
            order,
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fee: SignedAmount::ZERO,
            released: Amount::ZERO,
            prevented: Quantity::ZERO,
            after,
        }
    }

    /// Tells an order's sequencer what happened to it.
    #[inline(always)]
    pub(super) fn settle(&mut self, settlement: Settlement) {
        self.out.to_sequencer.extend(std::iter::once_with(|| ToSequencer::Settle(settlement)));
    }

    /// Tells an order's sequencer that only its reservation or its state changed.
    #[inline(always)]
    pub(super) fn release(
        &mut self,
        account: AccountId,
        order: OrderId,
        released: Amount,
        after: OrderAfter,
    ) {
        let settlement = Settlement { released, ..self.nothing(account, order, after) };
        self.settle(settlement);
    }

    /// Answers, after every settlement of the command: directly, or by way of the sequencer that remembers it.
    #[inline(always)]
    pub(super) fn answer(&mut self, to: ReplyTo, account: AccountId, outcome: Outcome) {
        let (gate, at) = (self.cause, self.at);
        let reply = || Reply { ticket: to.ticket, gate, at, duplicate: false, outcome };
        if to.recorded {
            self.out.to_sequencer.push(ToSequencer::Answer { account, reply: Box::new(reply()) });
        } else {
            self.out.replies.extend(std::iter::once_with(reply));
        }
    }
}
