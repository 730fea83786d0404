//! The proof that a fold agrees with itself.

use super::Fold;
use crate::shards::shard_of_symbol;
use crate::state;

impl Fold {
    /// Panics unless the invariants hold. Walks everything: for snapshots, after recovery, and in tests.
    ///
    /// - Per asset: deposits - withdrawals = balances + accrued fees, and every transfer that left has arrived.
    /// - What an account has frozen is what its open orders have reserved, what it holds and what it offered.
    /// - Open orders are those of the books, with the same quantities, prices and reservations; no closed one is open.
    /// - Books, counters, indexes and timers agree with themselves; no book is crossed.
    /// - The trades that are remembered are worth what they say and numbered without holes up to the last; candles
    ///   are of them and of those before.
    /// - The request ids that run are those of transfers and mass cancels that are not over.
    pub fn check(&self) {
        for sequencer in &self.sequencers {
            sequencer.check_invariants();
            sequencer.check_decided();
        }
        self.matchers.iter().for_each(|matcher| matcher.check_invariants());
        let offers: Vec<_> = self.offers.values().copied().collect();
        if let Err(broken) = state::check(&self.sequencers, &self.matchers, &offers) {
            panic!("after {:?}: {broken}", self.last.0);
        }
        self.check_trades();
    }

    fn check_trades(&self) {
        for (symbol, archive) in self.archives.iter() {
            archive.check();
            let Some(last) = archive.last() else { continue };
            let matcher = &self.matchers[shard_of_symbol(symbol, self.matchers.len())];
            let market = matcher.market(symbol).expect("nobody remembers the trades of a removed symbol");
            assert_eq!((last.id, Some(last.price)), market.last(), "the last trade of {symbol:?}");
            let trades = archive.trades(None, usize::MAX);
            for (trade, id) in trades.iter().rev().zip((1..=last.id.0).rev()) {
                assert_eq!((trade.symbol, trade.id.0), (symbol, id), "a hole before {trade:?}");
                assert_eq!(trade.notional, market.spec().notional(trade.price, trade.quantity), "{trade:?}");
            }
        }
    }
}
