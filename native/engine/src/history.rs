//! Histories: trades, closed orders and candles, page by page, as far back as anything leads to them.
//!
//! What is remembered is told from there. What is not, the journal knows: `audit/history` finds it.

use std::sync::Arc;

use lightning_core::archive::{Archive, AsOf, Interval, Kline, KlineQuery};
use lightning_core::message::{Order, Trade};
use lightning_core::types::{AccountId, Lsn, Timestamp, TradeId};

use crate::Engine;
use crate::audit::history::{
    HistoryOf, HistoryPage, KlinesWanted, OrdersWanted, Remembered, Source, TradesWanted,
};
use crate::durable::Kept;
use crate::refusal::Refusal;
use crate::registry::Symbol;

/// Which page of a history. The next one has the same `from`, and `next` and `to` of the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    /// The first thing that is wanted: a trade, a record, or a time in nanoseconds. Zero for all that there is.
    pub from: u64,
    /// The last one; without, the newest when the first page is asked for.
    pub to: Option<u64>,
    /// Where the page before ended; none for the first page.
    pub next: Option<u64>,
    /// How many, 1 or more. (Of trades and orders a page may have more: it ends with a command.)
    pub limit: usize,
}

impl PageQuery {
    fn begin(&self) -> u64 {
        self.next.unwrap_or(self.from)
    }
}

impl Engine {
    /// Trades of a symbol from an id on, in ascending order. Those that are not remembered any more are read from the
    /// journal, in the calling thread; the page after another is much cheaper than one out of the blue. Without a journal,
    /// and where it was put away, it begins with the oldest that there is.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `ENGINE_CLOSED`, `CORRUPT_STATE`, `JOURNAL_IO`, `UNSUPPORTED_VERSION`; `INVALID_REQUEST` if the
    /// records of what comes next were put away meanwhile; the codes of a halted engine.
    pub fn trade_history(
        &self,
        symbol: &str,
        query: &PageQuery,
    ) -> Result<(Arc<Symbol>, HistoryPage<Trade>), Refusal> {
        self.check_open()?;
        let symbol = self.registry().find_symbol(symbol)?.clone();
        let (from, limit) = (query.begin(), query.limit);
        let look = |archive: &mut Archive, _| {
            let to = query.to.unwrap_or(u64::MAX).min(archive.version());
            let is_whole = from > to || archive.trades_since(TradeId(from)).missed.is_none();
            (to, is_whole, archive.oldest(), archive.trades(Some(from), limit))
        };
        let (to, is_whole, oldest, mut items) = symbol.feed.with_archive(self.now(), look);
        if let Some(kept) = self.kept.as_ref().filter(|_| !is_whole) {
            let goes_on = query.next.is_some();
            let id = symbol.spec.id();
            let wanted = TradesWanted { symbol: id, from, to, limit, goes_on, remembered: oldest };
            if let Some(page) = kept.historian.trades(&self.source(kept), &wanted)? {
                return Ok((symbol, page));
            }
        }
        self.leave_behind(query, HistoryOf::Trades(symbol.spec.id()));
        items.retain(|trade| trade.id.0 <= to);
        let next = items.last().map(|last| last.id.0 + 1).filter(|&next| next <= to);
        Ok((symbol, HistoryPage { items, next, to }))
    }

    /// Closed orders of an account in the order in which they closed, each with the record that closed it, from a record
    /// on: all that the journal's records lead to. They are read in the calling thread, as trades are.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` without a data directory, where [`lightning_core::message::Request::ClosedSince`] asks for those
    /// that are remembered; `UNKNOWN_SYMBOL`, and the others of [`Self::trade_history`].
    pub fn order_history(
        &self,
        account: AccountId,
        symbol: Option<&str>,
        query: &PageQuery,
    ) -> Result<HistoryPage<(Lsn, Order)>, Refusal> {
        let kept = self.opened_kept()?;
        let symbol = symbol.map(|name| Ok(self.registry().find_symbol(name)?.spec.id())).transpose()?;
        let (from, last) = (query.begin(), self.last_lsn().0);
        let to = query.to.unwrap_or(u64::MAX).min(last);
        if from > to {
            return Ok(HistoryPage { items: Vec::new(), next: None, to });
        }
        let goes_on = query.next.is_some();
        let wanted = OrdersWanted { account, symbol, from, to, limit: query.limit, goes_on };
        kept.historian.orders(&self.source(kept), &wanted)
    }

    /// Candles of a symbol in ascending order, up to the running one: those that [`Engine::klines`] tells, and those
    /// before them that the journal's records lead to. They are read in the calling thread, as trades are.
    ///
    /// # Errors
    /// Those of [`Self::trade_history`].
    pub fn kline_history(
        &self,
        symbol: &str,
        interval: Interval,
        fill: bool,
        query: &PageQuery,
    ) -> Result<(Arc<Symbol>, HistoryPage<Kline>), Refusal> {
        self.check_open()?;
        let symbol = self.registry().find_symbol(symbol)?.clone();
        let (from, limit) = (Timestamp(query.begin()), query.limit);
        let look = |archive: &mut Archive, as_of: AsOf| {
            let reach = archive.reach(interval, as_of.now);
            // The newest candle is the last, whatever is asked for.
            let last = reach.map_or(interval.open_of(as_of.now), |reach| reach.last);
            let to = last.min(query.to.map_or(last, Timestamp));
            let asked = KlineQuery { interval, from: Some(from), to: Some(to), limit, fill };
            let is_whole = archive.version() == 0
                || from > to
                || reach.is_some_and(|reach| !reach.is_empty() && (reach.is_whole || reach.first <= from));
            let first = reach.filter(|reach| !reach.is_empty()).map(|reach| reach.first);
            let remembered = Remembered { first, newest: TradeId(archive.version()), as_of };
            (to, is_whole, remembered, archive.klines(&asked, as_of))
        };
        let (to, is_whole, remembered, items) = symbol.feed.with_archive(self.now(), look);
        if let Some(kept) = self.kept.as_ref().filter(|_| !is_whole) {
            let goes_on = query.next.is_some();
            let id = symbol.spec.id();
            let wanted = KlinesWanted { symbol: id, interval, from, to, limit, fill, goes_on };
            if let Some(page) = kept.historian.klines(&self.source(kept), &wanted, &remembered)? {
                return Ok((symbol, page));
            }
        }
        self.leave_behind(query, HistoryOf::Klines(symbol.spec.id(), interval));
        let is_full = items.len() == limit;
        let next = items.last().filter(|last| is_full && last.end_time <= to).map(|last| last.end_time.0);
        Ok((symbol, HistoryPage { items, next, to: to.0 }))
    }

    /// Nobody asks for the next page of this history, which would begin there: what was kept for it is dropped.
    pub fn leave_history(&self, of: HistoryOf, next: u64) {
        if let Some(kept) = &self.kept {
            kept.historian.leave(of, next);
        }
    }

    /// From here on memory tells: what was kept for the page that was asked for is of no more use.
    fn leave_behind(&self, query: &PageQuery, of: HistoryOf) {
        if let Some(next) = query.next {
            self.leave_history(of, next);
        }
    }

    fn source<'a>(&'a self, kept: &'a Kept) -> Source<'a> {
        let (storage, durable) = (&kept.storage, kept.committer().durable());
        Source { storage, durable, config: &self.config, is_closed: &self.closed }
    }
}
