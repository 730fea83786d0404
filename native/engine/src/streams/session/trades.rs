//! Trades, each of them, or one taker's fills at one price as one.

use lightning_core::archive::aggregates;
use lightning_core::message::Trade;
use lightning_core::types::{SymbolId, TradeId};

use super::subscription::{Table, Take, Told};
use crate::streams::{AggregateTrade, Behind, Ended, Update};

/// What a subscription was told last.
pub(super) struct TradesView {
    symbol: SymbolId,
    /// The next one's id.
    next: u64,
    aggregate: bool,
    behind: Behind,
    /// Was it told anything? What was missed before is no reason to end.
    is_begun: bool,
}

impl TradesView {
    pub(super) fn new(
        table: &mut Table,
        symbol: SymbolId,
        from: Option<TradeId>,
        aggregate: bool,
        behind: Behind,
    ) -> Self {
        let next = from.map_or_else(
            || {
                let feed = &table.source(symbol).symbol.feed;
                feed.catch_up();
                feed.last_trade_id() + 1
            },
            // Ids begin at 1.
            |from| from.0.max(1),
        );
        Self { symbol, next, aggregate, behind, is_begun: from.is_none() }
    }

    pub(super) fn tell(&mut self, table: &mut Table, take: Take<'_>) -> Told {
        let (round, time, most) = (table.round, table.time, table.items_max());
        let mut trades = std::mem::take(&mut table.scratch.trades);
        let source = table.source(self.symbol);
        source.catch_up(round);
        let feed = &source.symbol.feed;
        if feed.last_trade_id() < self.next {
            table.scratch.trades = trades;
            return Told::Nothing;
        }
        trades.clear();
        let missed = feed.with_archive(time, |archive, _| {
            let since = archive.trades_since(TradeId(self.next));
            if since.missed.is_none() {
                let (first, second) = since.trades;
                let of_first = first.len().min(most);
                let of_second = second.len().min(most - of_first);
                trades.extend_from_slice(&first[..of_first]);
                trades.extend_from_slice(&second[..of_second]);
                if self.aggregate {
                    // One taker's fills are told together.
                    let rest = first[of_first..].iter().chain(&second[of_second..]);
                    let last = trades.last().copied();
                    let same = |more: &&Trade| last.is_some_and(|last| is_of_same_taker(&last, more));
                    trades.extend(rest.take_while(same));
                }
            }
            since.missed
        });
        // Of trades, not of what they are told as.
        table.has_more |= trades.len() >= most;
        let told = match missed {
            Some((from, _)) if self.behind == Behind::End && self.is_begun => {
                table.end(Ended::Slow { from: from.0 }, take)
            }
            Some((from, to)) => {
                let told = table.gap(from.0, to.0, take);
                if told == Told::Taken {
                    (self.next, self.is_begun) = (to.0 + 1, true);
                }
                told
            }
            None => self.tell_trades(&trades, table, take),
        };
        table.scratch.trades = trades;
        told
    }

    fn tell_trades(&mut self, trades: &[Trade], table: &mut Table, take: Take<'_>) -> Told {
        let Some(last) = trades.last() else { return Told::Nothing };
        let told = if self.aggregate {
            let mut told = std::mem::take(&mut table.scratch.aggregates);
            told.clear();
            told.extend(aggregates(trades).map(|aggregate| AggregateTrade {
                symbol: self.symbol,
                first: aggregate.first.id,
                last: aggregate.last,
                price: aggregate.first.price,
                quantity: aggregate.quantity,
                notional: aggregate.notional,
                taker_side: aggregate.first.taker_side,
                at: aggregate.first.at,
                book_seq: aggregate.first.book_seq,
            }));
            let result = table.told(told.len(), take(Update::AggregateTrades(&told)));
            table.scratch.aggregates = told;
            result
        } else {
            table.told(trades.len(), take(Update::Trades(trades)))
        };
        if told == Told::Taken {
            (self.next, self.is_begun) = (last.id.0 + 1, true);
        }
        told
    }
}

fn is_of_same_taker(a: &Trade, b: &Trade) -> bool {
    a.taker == b.taker && a.cause == b.cause && a.price == b.price
}
