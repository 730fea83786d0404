//! What is read of a symbol once for all subscriptions of it.

use std::sync::Arc;

use lightning_core::limits::BOOK_LEVELS_MAX;

use crate::market_data::BookView;
use crate::registry::Symbol;

/// A symbol.
pub(super) struct Source {
    pub(super) symbol: Arc<Symbol>,
    /// Subscriptions.
    pub(super) users: usize,
    pub(super) is_removed: bool,
    /// The round in which it was brought up to date.
    round: u64,
    /// The round in which its book was looked at.
    book_round: u64,
    /// What the book is, and its number: it changes whenever the book does.
    book: BookView,
    version: u64,
}

impl Source {
    pub(super) fn new(symbol: Arc<Symbol>) -> Self {
        Self {
            symbol,
            users: 0,
            is_removed: false,
            round: 0,
            book_round: 0,
            book: BookView::default(),
            version: u64::MAX,
        }
    }

    /// Lets out what is safe by now, once in a round.
    pub(super) fn catch_up(&mut self, round: u64) {
        if self.round != round {
            self.round = round;
            self.symbol.feed.catch_up();
        }
    }

    /// The best levels of the book, and a number that changes whenever they may have.
    pub(super) fn book(&mut self, round: u64) -> (&BookView, u64) {
        self.catch_up(round);
        if self.book_round != round {
            self.book_round = round;
            // Read first: what is published meanwhile is looked at once more.
            let version = self.symbol.feed.version();
            if version != self.version {
                self.book = self.symbol.feed.book(BOOK_LEVELS_MAX);
                self.version = version;
            }
        }
        (&self.book, self.version)
    }
}
