//! Trades, closed orders and candles that are not remembered any more: found by doing the records again that led to
//! them, page by page.
//!
//! Where a page ended, the next one goes on: what reads the records, and the state that they led to so far, is kept in
//! between (a [`Trail`]). A few of them are, so that several iterations get on side by side; each costs the state of the
//! engine once more.
//!
//! | file | what it tells |
//! |---|---|
//! | `trades`, `orders`, `klines` | what a page of each is, and where its trail begins |
//! | `trails` | which trails are kept |
//! | `trail` | records, one after the other |

mod klines;
mod orders;
mod trades;
mod trail;
mod trails;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lightning_core::archive::Interval;
use lightning_core::reject::Code;
use lightning_core::types::{AccountId, Lsn, SymbolId};
use lightning_journal::storage::Storage;

pub(crate) use self::klines::{KlinesWanted, Remembered};
pub(crate) use self::orders::OrdersWanted;
pub(crate) use self::trades::TradesWanted;
use self::trail::Trail;
use self::trails::Trails;
use crate::config::Config;
use crate::refusal::Refusal;

/// What a history is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HistoryOf {
    /// All trades of a symbol.
    Trades(SymbolId),
    /// Closed orders of an account, of one symbol or of all.
    Orders(AccountId, Option<SymbolId>),
    /// Candles of a symbol.
    Klines(SymbolId, Interval),
}

/// Some of it, in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage<T> {
    /// None, with a `next`: what comes next is decided and not durable yet. Ask again in a moment.
    pub items: Vec<T>,
    /// From where on the next page is to be asked for (a trade, a record, a time); none if this was the last.
    pub next: Option<u64>,
    /// Up to where the pages go (a trade, a record, a time): what was there when the first one was asked for.
    pub to: u64,
}

/// What records are read from, and how far.
pub(crate) struct Source<'a> {
    pub(crate) storage: &'a Arc<dyn Storage>,
    pub(crate) durable: Lsn,
    pub(crate) config: &'a Config,
    /// Set when the engine is closed: nobody wants to know any more then.
    pub(crate) is_closed: &'a AtomicBool,
}

/// Reads pages, and keeps the trails of those that were read last.
#[derive(Default)]
pub(crate) struct Historian(Trails);

impl Historian {
    /// Nobody goes on with this history from there on.
    pub(crate) fn leave(&self, of: HistoryOf, next: u64) {
        self.0.leave(of, next);
    }

    /// Keeps nothing any more.
    pub(crate) fn close(&self) {
        self.0.close();
    }

    /// Reads a page with the trail that stands where it begins, or with a new one; keeps it if there is a next page.
    fn page<T>(
        &self,
        of: HistoryOf,
        from: u64,
        begin: impl Fn() -> Result<Trail, Refusal>,
        mut read: impl FnMut(&mut Trail) -> Result<T, Refusal>,
        next_of: impl Fn(&T) -> Option<u64>,
    ) -> Result<T, Refusal> {
        let mut seat = self.0.take(of, from);
        let kept = seat.kept().and_then(|mut trail| {
            // The files that it would have read may have been put away meanwhile: then another start may do.
            let page = read(&mut trail).ok()?;
            Some((trail, page))
        });
        let (trail, page) = match kept {
            Some(both) => both,
            None => {
                let mut trail = Box::new(begin()?);
                let page = read(&mut trail)?;
                (trail, page)
            }
        };
        if let Some(next) = next_of(&page) {
            seat.leave(of, next, trail);
        }
        Ok(page)
    }
}

/// What was to come next is not in the records any more.
fn put_away(field: &'static str) -> Refusal {
    let message = "the records that lead to what comes next were put away meanwhile";
    Refusal::field(Code::InvalidRequest, field, message)
}

impl Source<'_> {
    /// Goes on, unless the engine is closed.
    fn check_open(&self) -> Result<(), Refusal> {
        if self.is_closed.load(Ordering::SeqCst) { Err(closed()) } else { Ok(()) }
    }
}

fn closed() -> Refusal {
    Refusal::new(Code::EngineClosed, Code::EngineClosed.meaning())
}
