//! The last trades, and one taker's fills at one price as one.

use std::collections::VecDeque;

use crate::message::Trade;
use crate::types::{AccountId, Amount, TradeId};

/// The oldest first, without holes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LastTrades(VecDeque<Trade>);

impl LastTrades {
    #[inline]
    pub(super) fn push(&mut self, trade: &Trade, kept: usize) {
        if kept == 0 {
            return;
        }
        if self.0.len() >= kept {
            self.0.pop_front();
        }
        self.0.push_back(*trade);
    }

    pub(super) fn oldest(&self) -> Option<TradeId> {
        self.0.front().map(|trade| trade.id)
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &Trade> {
        self.0.iter()
    }

    /// How many have a lower id.
    fn before(&self, id: u64) -> usize {
        // Ids have no holes: whoever follows finds the next one where it has to be, and nothing is searched.
        let place = self.oldest().and_then(|oldest| usize::try_from(id.checked_sub(oldest.0)?).ok());
        match place.and_then(|place| Some((place, self.0.get(place)?.id.0))) {
            Some((place, found)) if found == id => place,
            _ => self.0.partition_point(|trade| trade.id.0 < id),
        }
    }

    pub(super) fn range(&self, from: Option<u64>, limit: usize) -> Vec<Trade> {
        let start = from.map_or_else(|| self.0.len().saturating_sub(limit), |from| self.before(from));
        self.0.range(start..).take(limit).copied().collect()
    }

    pub(super) fn of_account(&self, account: AccountId, from: Option<u64>, limit: usize) -> Vec<Trade> {
        let own = |trade: &&Trade| trade.maker_account == account || trade.taker_account == account;
        match from {
            Some(from) => self.0.range(self.before(from)..).filter(own).take(limit).copied().collect(),
            None => {
                let mut newest: Vec<_> = self.0.iter().rev().filter(own).take(limit).copied().collect();
                newest.reverse();
                newest
            }
        }
    }

    pub(super) fn since(&self, from: TradeId, newest: Option<TradeId>) -> Since<'_> {
        let (older, newer) = self.0.as_slices();
        let start = self.before(from.0);
        let trades = match start.checked_sub(older.len()) {
            None => (&older[start..], newer),
            Some(start) => (&newer[start..], [].as_slice()),
        };
        let told_from =
            self.oldest().map_or_else(|| newest.map_or(0, |newest| newest.0 + 1), |oldest| oldest.0);
        // Ids begin at 1: before it nothing was missed.
        let first = from.0.max(1);
        let missed = (first < told_from).then(|| (TradeId(first), TradeId(told_from - 1)));
        Since { missed, trades }
    }
}

/// Trades from an id on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since<'a> {
    /// The first and the last of those that were wanted and are not remembered any more.
    pub missed: Option<(TradeId, TradeId)>,
    /// Those that are, ascending: first these, then those.
    pub trades: (&'a [Trade], &'a [Trade]),
}

/// Trades of one taker at one price: one row of a public feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Aggregate {
    /// The first trade; price, side, time and taker are those of all.
    pub first: Trade,
    /// The last one's id.
    pub last: TradeId,
    /// Lots of all of them.
    pub quantity: u128,
    /// Quote of all of them.
    pub notional: Amount,
}

/// Trades, ascending, by taker, command and price.
pub fn aggregates(trades: &[Trade]) -> impl Iterator<Item = Aggregate> {
    let same = |a: &Trade, b: &Trade| a.taker == b.taker && a.cause == b.cause && a.price == b.price;
    trades.chunk_by(same).map(|fills| Aggregate {
        first: fills[0],
        last: fills[fills.len() - 1].id,
        // Fewer than 2^64 of at most 2^64.
        quantity: fills.iter().map(|fill| u128::from(fill.quantity.0)).sum(),
        notional: fills.iter().map(|fill| fill.notional).sum(),
    })
}
