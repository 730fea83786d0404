//! Closed orders of an account.

use lightning_core::archive::Kept;
use lightning_core::message::Order;
use lightning_core::types::{AccountId, Lsn, SymbolId};

use super::trail::{Start, Trail};
use super::{Historian, HistoryOf, HistoryPage, Source, put_away};
use crate::refusal::Refusal;

/// Which closed orders.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OrdersWanted {
    pub(crate) account: AccountId,
    /// Of all symbols without.
    pub(crate) symbol: Option<SymbolId>,
    /// Closed by this record, or a later one.
    pub(crate) from: u64,
    /// Closed by this record, or an earlier one.
    pub(crate) to: u64,
    /// A page ends with the record by which there are so many.
    pub(crate) limit: usize,
    /// This is not the first page.
    pub(crate) goes_on: bool,
}

impl Historian {
    /// A page of orders in the order in which they closed, each with the record that closed it.
    ///
    /// # Errors
    /// As [`Self::trades`].
    pub(crate) fn orders(
        &self,
        source: &Source<'_>,
        wanted: &OrdersWanted,
    ) -> Result<HistoryPage<(Lsn, Order)>, Refusal> {
        let of = HistoryOf::Orders(wanted.account, wanted.symbol);
        self.page(
            of,
            wanted.from,
            || begin(source, wanted),
            |trail| read(trail, source, wanted),
            |page| page.next,
        )
    }
}

fn begin(source: &Source<'_>, wanted: &OrdersWanted) -> Result<Trail, Refusal> {
    let mut trail = Trail::begin(
        source,
        &Start {
            with_first: wanted.from <= 1,
            kept: Kept::NOTHING,
            // Taken from there after every record.
            closed_orders: u32::MAX as usize,
            may_follow: &|lsn| lsn < wanted.from.max(1),
            may_begin: &|_| true,
        },
    )?;
    if wanted.goes_on && !trail.is_whole {
        return Err(put_away("fromSeq"));
    }
    // Those that the snapshot remembers, without saying by which records they were closed.
    trail.fold().take_closed().for_each(drop);
    Ok(trail)
}

fn read(
    trail: &mut Trail,
    source: &Source<'_>,
    wanted: &OrdersWanted,
) -> Result<HistoryPage<(Lsn, Order)>, Refusal> {
    let OrdersWanted { account, symbol, from, to, limit, .. } = *wanted;
    let mut items = Vec::new();
    while items.len() < limit && trail.step(source, to)? {
        let is_wanted = |(cause, order): &(Lsn, Order)| {
            order.order.account == account
                && symbol.is_none_or(|symbol| order.order.symbol == symbol)
                && (from..=to).contains(&cause.0)
        };
        items.extend(trail.fold().take_closed().filter(is_wanted));
    }
    // What was asked for may begin behind what is durable.
    let next = (trail.last() + 1).max(from);
    Ok(HistoryPage { items, next: (next <= to).then_some(next), to })
}
