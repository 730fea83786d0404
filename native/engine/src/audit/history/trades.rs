//! Trades of a symbol.

use lightning_core::archive::Kept;
use lightning_core::message::Trade;
use lightning_core::types::{SymbolId, TradeId};

use super::trail::{Start, Trail};
use super::{Historian, HistoryOf, HistoryPage, Source, put_away};
use crate::refusal::Refusal;

/// Which trades.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TradesWanted {
    pub(crate) symbol: SymbolId,
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// A page ends with the command by which there are so many.
    pub(crate) limit: usize,
    /// This is not the first page.
    pub(crate) goes_on: bool,
    /// The oldest one that is remembered.
    pub(crate) remembered: Option<TradeId>,
}

impl Historian {
    /// A page of trades; none if the records lead to nothing that is not remembered as well.
    ///
    /// # Errors
    /// `CORRUPT_STATE`, `UNSUPPORTED_VERSION`, `JOURNAL_IO`, `ENGINE_CLOSED`; `INVALID_REQUEST` if what comes next was
    /// put away.
    pub(crate) fn trades(
        &self,
        source: &Source<'_>,
        wanted: &TradesWanted,
    ) -> Result<Option<HistoryPage<Trade>>, Refusal> {
        let of = HistoryOf::Trades(wanted.symbol);
        self.page(
            of,
            wanted.from,
            || begin(source, wanted),
            |trail| read(trail, source, wanted),
            |page| page.as_ref().and_then(|page| page.next),
        )
    }
}

fn begin(source: &Source<'_>, wanted: &TradesWanted) -> Result<Trail, Refusal> {
    let is_before = |last: Option<TradeId>| last.is_none_or(|last| last.0 < wanted.from);
    let trail = Trail::begin(
        source,
        &Start {
            with_first: wanted.from <= 1,
            kept: Kept::NOTHING,
            closed_orders: 0,
            may_follow: &|_| true,
            may_begin: &|fold| is_before(fold.last_trade(wanted.symbol)),
        },
    )?;
    if wanted.goes_on && !trail.is_whole { Err(put_away("fromId")) } else { Ok(trail) }
}

fn read(
    trail: &mut Trail,
    source: &Source<'_>,
    wanted: &TradesWanted,
) -> Result<Option<HistoryPage<Trade>>, Refusal> {
    let TradesWanted { symbol, from, to, limit, .. } = *wanted;
    if !trail.is_whole {
        let first = trail.fold().last_trade(symbol).map_or(1, |last| last.0 + 1);
        if wanted.remembered.is_some_and(|oldest| oldest.0 <= first) {
            return Ok(None);
        }
    }
    let mut items: Vec<Trade> = Vec::new();
    while items.len() < limit && items.last().is_none_or(|last| last.id.0 < to) {
        if !trail.step(source, u64::MAX)? {
            break;
        }
        let is_wanted = |trade: &&Trade| trade.symbol == symbol && (from..=to).contains(&trade.id.0);
        items.extend(trail.told().trades.iter().filter(is_wanted));
    }
    let next = items.last().map_or(from, |last| last.id.0 + 1);
    Ok(Some(HistoryPage { items, next: (next <= to).then_some(next), to }))
}
