//! The half of a fold that decides: matchers, and what is remembered of their trades.
//!
//! A matcher's state is a function of its own records, so this half needs nothing of the other one and may run ahead of
//! it, in a thread of its own.

use super::Divergence;
use super::recent::Archives;
use crate::log::{Context, Log, Record, Recorded};
use crate::matcher::Matcher;
use crate::message::{AdmittedOrder, ReplyTo, ToMatcher};
use crate::outbox::MatcherOutbox;
use crate::shards::shard_of_symbol;
use crate::types::{Lsn, SymbolId, Ticket, Timestamp};

/// The matchers of a fold, which do records again in their order.
#[derive(Debug)]
pub struct Matching<'a> {
    pub(super) matchers: &'a mut [Matcher],
    pub(super) archives: &'a mut Archives,
    pub(super) out: &'a mut MatcherOutbox,
    /// The last record that was taken up.
    pub(super) last: Lsn,
}

impl Matching<'_> {
    /// Takes up a record: is it the next one, and did the previous one of its symbol lead to what it led to when this one
    /// was written? Nobody waits for its answer any more, which stands in it from now on.
    ///
    /// # Errors
    /// It is not. There is nothing behind it.
    #[inline]
    pub fn take_up(&mut self, lsn: Lsn, digest: u64, record: &mut Recorded) -> Result<(), Divergence> {
        let expected = Lsn(self.last.0 + 1);
        if lsn != expected {
            return Err(Divergence::Number { expected, found: lsn });
        }
        self.check_digest(record, digest)?;
        self.last = lsn;
        tell_again(record, lsn);
        Ok(())
    }

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

    /// Decides again what the matcher of a record that was taken up had decided. What it tells is added to the outbox:
    /// see [`Self::out`]. False of a record that was no matcher's, and nothing is done. The record is as it was.
    ///
    /// # Panics
    /// On a broken invariant: the records do not fit each other, or this is not the code that wrote them.
    #[inline]
    pub fn decide(&mut self, lsn: Lsn, at: Timestamp, record: &mut Recorded) -> bool {
        let run = Decision { half: self, lsn, at };
        match record {
            Recorded::Place(admitted) => {
                let symbol = admitted.order.symbol;
                run.on_matcher(symbol, |matcher, ctx, out| matcher.redo_place(admitted, ctx, out));
            }
            Recorded::Amend(amend) => {
                run.on_matcher(amend.symbol, |matcher, ctx, out| matcher.redo_amend(amend, ctx, out));
            }
            &mut Recorded::Cancel { to, account, symbol, order } => {
                // Its condition was met.
                run.message(ToMatcher::Cancel { to, account, symbol, order, only_if: None });
            }
            Recorded::PlaceOco(list, legs) => {
                run.message(ToMatcher::AdmitOco { list: *list, legs: legs.clone() });
            }
            Recorded::Replace(replace) => run.message(ToMatcher::Replace(replace.clone())),
            Recorded::CancelMany(many) => {
                run.on_matcher(many.symbol, |matcher, ctx, out| matcher.redo_cancel_many(many, ctx, out));
            }
            &mut Recorded::CollectFees { to, account, symbol } => {
                run.message(ToMatcher::CollectFees { to, account, symbol });
            }
            &mut Recorded::CancelBook(symbol) => {
                run.on_matcher(symbol, |matcher, ctx, out| matcher.redo_cancel_book(symbol, ctx, out));
            }
            &mut Recorded::Expire { symbol, order } => {
                run.on_matcher(symbol, |matcher, ctx, out| matcher.redo_expire(symbol, order, ctx, out));
            }
            Recorded::AddSymbol(spec, rules) => {
                run.on_matcher(spec.id(), |matcher, ctx, out| matcher.add_symbol(*spec, **rules, ctx, out));
            }
            Recorded::SetRules(spec, rules) => {
                run.on_matcher(spec.id(), |matcher, ctx, out| {
                    matcher.redo_set_rules(*spec, **rules, ctx, out);
                });
            }
            &mut Recorded::RemoveSymbol(symbol) => {
                run.on_matcher(symbol, |matcher, ctx, out| matcher.redo_remove(symbol, ctx, out));
                self.archives.forget(symbol);
            }
            Recorded::Account(..)
            | Recorded::TransferOffered(_)
            | Recorded::TransferAccepted(_)
            | Recorded::TransferRefused(..)
            | Recorded::MassCancel(_)
            | Recorded::OrderIds { .. }
            | Recorded::Operator(..)
            | Recorded::Genesis { .. }
            | Recorded::CleanShutdown { .. } => return false,
        }
        true
    }

    /// These records come next, at most [`crate::matcher::LOOK_AHEAD_MAX`] of them: see [`Matcher::look_ahead`].
    pub fn look_ahead<'r>(&self, records: impl Iterator<Item = &'r Recorded>) {
        for record in records {
            let (symbol, order) = match record {
                Recorded::Cancel { symbol, order, .. } | Recorded::Expire { symbol, order } => {
                    (*symbol, *order)
                }
                Recorded::Amend(amend) => (amend.symbol, amend.order),
                _ => continue,
            };
            self.matchers[shard_of_symbol(symbol, self.matchers.len())].look_ahead_to(symbol, order);
        }
    }

    /// What the decisions told: messages to sequencers, which are for the other half, trades, answers. The caller empties
    /// it.
    #[inline]
    pub fn out(&mut self) -> &mut MatcherOutbox {
        self.out
    }
}

/// One record that a matcher decides again.
struct Decision<'h, 'a> {
    half: &'h mut Matching<'a>,
    lsn: Lsn,
    at: Timestamp,
}

impl Decision<'_, '_> {
    #[inline]
    fn message(self, mut message: ToMatcher) {
        self.on_matcher(message.symbol(), |matcher, ctx, out| matcher.redo(&mut message, ctx, out));
    }

    #[inline]
    fn on_matcher(
        self,
        symbol: SymbolId,
        run: impl FnOnce(&mut Matcher, &mut Context<'_>, &mut MatcherOutbox),
    ) {
        let Matching { matchers, archives, out, .. } = self.half;
        let mut log = Rewritten { lsn: self.lsn, times: 0 };
        let mut ctx = Context { now: self.at, log: &mut log };
        let trades = out.trades.len();
        let shard = shard_of_symbol(symbol, matchers.len());
        run(&mut matchers[shard], &mut ctx, out);
        out.changed.clear();
        assert!(out.book_news.is_empty(), "nobody watches what is told again: {:?}", out.book_news);
        assert!(log.times == 1, "{:?} was not decided again", self.lsn);
        out.trades[trades..].iter().for_each(|trade| archives.push(trade));
    }
}

/// Nobody waits for the answer to a record, but its request id must remember it.
#[inline]
fn tell_again(record: &mut Recorded, lsn: Lsn) {
    let again = |to: ReplyTo| ReplyTo { ticket: Ticket(lsn.0), recorded: to.request_id().is_some(), ..to };
    let leg = |admitted: &mut AdmittedOrder| admitted.to = again(admitted.to);
    match record {
        Recorded::Place(admitted) => leg(admitted),
        Recorded::Cancel { to, .. } => *to = again(*to),
        Recorded::CollectFees { to, .. } => *to = again(*to).through_sequencer(),
        Recorded::PlaceOco(_, legs) => legs.iter_mut().for_each(leg),
        Recorded::Amend(amend) => amend.to = again(amend.to),
        Recorded::Replace(replace) => {
            replace.to = again(replace.to);
            if let Ok(new) = &mut replace.new {
                new.to = replace.to;
            }
        }
        Recorded::MassCancel(order) => order.to = order.to.map(again),
        Recorded::TransferOffered(offer) => offer.to_reply = again(offer.to_reply),
        // The others have none, or are answered by their account's sequencer alone.
        _ => {}
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

/// Where the record that is told again is written down already.
pub(super) struct Rewritten {
    lsn: Lsn,
    times: u32,
}

impl Rewritten {
    /// Of a record that was decided again: there is no other.
    pub(super) fn after(lsn: Lsn) -> Self {
        Self { lsn, times: 1 }
    }
}

impl Log for Rewritten {
    fn append(&mut self, _: Timestamp, _: u64, record: &Record<'_>) -> Lsn {
        assert!(self.times == 0, "{:?} leads to another record: {record:?}", self.lsn);
        self.times = 1;
        self.lsn
    }
}
