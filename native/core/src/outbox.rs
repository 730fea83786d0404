//! Where `handle` writes what it wants sent. Reused from message to message, so that it stops allocating.
//!
//! A driver empties an outbox after each message or after a batch of them, in this order: trades and book
//! changes are published, settlements are sent, replies leave. Whoever has a reply therefore finds its
//! effects in every read that follows.

use crate::events::{AccountNews, BookNews};
use crate::message::{Reply, ToMatcher, ToSequencer, Trade};
use crate::types::SymbolId;

/// What a sequencer wants sent.
#[derive(Debug, Default)]
pub struct SequencerOutbox {
    /// To the matcher of the message's symbol.
    pub to_matcher: Vec<ToMatcher>,
    /// To the sequencer of another account: transfers, and nothing else.
    pub to_sequencer: Vec<ToSequencer>,
    /// To whoever asked.
    pub replies: Vec<Reply>,
    /// Of watched accounts, in the order it happened.
    pub account_news: Vec<AccountNews>,
}

/// What a matcher wants sent.
#[derive(Debug, Default)]
pub struct MatcherOutbox {
    /// Trades, in the order they happened.
    pub trades: Vec<Trade>,
    /// Books that changed. A symbol may be named more than once.
    pub changed: Vec<SymbolId>,
    /// To the sequencer of each message's account; makers before their taker.
    pub to_sequencer: Vec<ToSequencer>,
    /// To whoever asked.
    pub replies: Vec<Reply>,
    /// Of watched books, in the order it happened.
    pub book_news: Vec<BookNews>,
}
