//! What is remembered of each symbol's trades, for who asks what was traded before the restart.

use std::collections::BTreeMap;

use crate::archive::{Archive, Kept};
use crate::message::Trade;
use crate::types::SymbolId;

/// An archive of each symbol that has traded.
#[derive(Debug)]
pub(crate) struct Archives {
    /// By symbol number.
    of: Vec<Option<Box<Archive>>>,
    kept: Kept,
}

impl Archives {
    pub(crate) fn new(kept: Kept) -> Self {
        Self { of: Vec::new(), kept }
    }

    /// One more.
    pub(crate) fn push(&mut self, trade: &Trade) {
        if self.kept == Kept::NOTHING {
            return;
        }
        let kept = self.kept;
        self.place(trade.symbol).get_or_insert_with(|| Box::new(Archive::new(kept))).push(trade);
    }

    pub(crate) fn put(&mut self, symbol: SymbolId, archive: Archive) {
        if self.kept == Kept::NOTHING {
            return; // It would not be told of what comes behind it.
        }
        *self.place(symbol) = Some(Box::new(archive));
    }

    fn place(&mut self, symbol: SymbolId) -> &mut Option<Box<Archive>> {
        let at = symbol.0 as usize;
        if self.of.len() <= at {
            self.of.resize_with(at + 1, || None);
        }
        &mut self.of[at]
    }

    pub(crate) fn get(&self, symbol: SymbolId) -> Option<&Archive> {
        self.of.get(symbol.0 as usize)?.as_deref()
    }

    /// Nobody can ask for the trades of a symbol that was removed.
    pub(crate) fn forget(&mut self, symbol: SymbolId) {
        if let Some(place) = self.of.get_mut(symbol.0 as usize) {
            *place = None;
        }
    }

    /// Each symbol that has one, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (SymbolId, &Archive)> {
        (0..).map(SymbolId).zip(&self.of).filter_map(|(symbol, archive)| Some((symbol, archive.as_deref()?)))
    }

    /// The same.
    pub(crate) fn into_map(self) -> BTreeMap<SymbolId, Archive> {
        let archives = (0..).map(SymbolId).zip(self.of);
        archives.filter_map(|(symbol, archive)| Some((symbol, *archive?))).collect()
    }
}
