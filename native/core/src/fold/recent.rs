//! The last trades of each symbol, for who asks what was traded before the restart.

use std::collections::{BTreeMap, VecDeque};

use crate::message::Trade;
use crate::types::SymbolId;

/// A bounded number of trades of each symbol.
#[derive(Debug)]
pub(crate) struct RecentTrades {
    /// By symbol number, the oldest first.
    pub(crate) of: Vec<VecDeque<Trade>>,
    /// At most so many of each.
    pub(crate) kept: usize,
}

impl RecentTrades {
    pub(crate) fn new(kept: usize) -> Self {
        Self { of: Vec::new(), kept }
    }

    /// One more; the oldest is forgotten for it when there are too many.
    pub(crate) fn push(&mut self, trade: Trade) {
        if self.kept == 0 {
            return;
        }
        let at = trade.symbol.0 as usize;
        if self.of.len() <= at {
            self.of.resize_with(at + 1, VecDeque::new);
        }
        let trades = &mut self.of[at];
        if trades.len() == self.kept {
            trades.pop_front();
        }
        trades.push_back(trade);
    }

    /// Nobody can ask for the trades of a symbol that was removed.
    pub(crate) fn forget(&mut self, symbol: SymbolId) {
        if let Some(trades) = self.of.get_mut(symbol.0 as usize) {
            *trades = VecDeque::new();
        }
    }

    /// Those of each symbol that has any.
    pub(crate) fn into_map(self) -> BTreeMap<SymbolId, VecDeque<Trade>> {
        (0..).map(SymbolId).zip(self.of).filter(|(_, trades)| !trades.is_empty()).collect()
    }
}
