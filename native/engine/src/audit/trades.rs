//! Trades that are not remembered any more, found by doing the records again that led to them.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use lightning_core::archive::Kept;
use lightning_core::message::Trade;
use lightning_core::types::{Lsn, SymbolId};
use lightning_journal::storage::Storage;
use lightning_journal::{Reader, read_snapshot, snapshots};

use crate::config::Config;
use crate::refusal::Refusal;
use crate::replay::{Replay, refusal_of};
use crate::snapshots::ONE_OF_EACH;

/// Reads pages, and remembers where the last one ended: the next one mostly begins there.
#[derive(Default)]
pub(crate) struct Historian(Mutex<Option<Trail>>);

/// Records on the way to a symbol's trades.
struct Trail {
    symbol: SymbolId,
    /// The next trade that would be told.
    next: u64,
    /// Found, and not told yet.
    found: VecDeque<Trade>,
    reader: Reader,
    replay: Replay,
}

impl Historian {
    /// The first `limit` trades of a symbol with an id of `from` or above, as far as records are durable and there.
    ///
    /// # Errors
    /// `CORRUPT_STATE`, `UNSUPPORTED_VERSION`, `JOURNAL_IO`.
    pub(crate) fn page(
        &self,
        storage: &Arc<dyn Storage>,
        durable: Lsn,
        config: &Config,
        (symbol, from, limit): (SymbolId, u64, usize),
    ) -> Result<Vec<Trade>, Refusal> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let goes_on = |trail: &Trail| trail.symbol == symbol && trail.next == from;
        let mut trail = match kept.take().filter(goes_on) {
            Some(trail) => trail,
            None => Trail::begin(storage, config, symbol, from)?,
        };
        let mut told = Vec::new();
        while told.len() < limit
            && let Some(trade) = trail.next(durable)?
        {
            told.push(trade);
        }
        *kept = Some(trail);
        Ok(told)
    }
}

impl Trail {
    /// Behind the newest snapshot from before that trade; if there is none, with the oldest record that is there.
    fn begin(
        storage: &Arc<dyn Storage>,
        config: &Config,
        symbol: SymbolId,
        from: u64,
    ) -> Result<Self, Refusal> {
        let config = Config { kept: Kept::NOTHING, ..config.clone() };
        let mut candidates = snapshots(&**storage).map_err(|error| refusal_of(&error.into()))?;
        candidates.sort_unstable_by(|one, other| other.cmp(one));
        let trail =
            |replay: Replay, reader| Self { symbol, next: from, found: VecDeque::new(), reader, replay };
        // The oldest that can be read on from, so far: where the records before it were put away, it has to do.
        let mut oldest = None;
        for lsn in candidates {
            // A bad one is no reason to give up, as long as the records before it are there.
            let Ok(snapshot) = read_snapshot(&**storage, lsn) else { continue };
            let Ok(replay) = Replay::load(&snapshot, &config, ONE_OF_EACH) else { continue };
            let Ok(reader) = Reader::open(storage.clone(), lsn) else { continue };
            let is_before = replay.fold.last_trade(symbol).is_none_or(|last| last.0 < from);
            let found = trail(replay, reader);
            if is_before {
                return Ok(found);
            }
            oldest = Some(found);
        }
        match Reader::open(storage.clone(), 0) {
            Ok(reader) => Ok(trail(Replay::new(&config, ONE_OF_EACH), reader)),
            Err(error) => oldest.ok_or_else(|| refusal_of(&error)),
        }
    }

    /// The next trade that is wanted; none if no durable record leads to one.
    fn next(&mut self, durable: Lsn) -> Result<Option<Trade>, Refusal> {
        while self.found.is_empty() {
            let record = self.reader.next(durable.0).map_err(|error| refusal_of(&error))?;
            let Some(record) = record else { return Ok(None) };
            self.replay.apply(&record).map_err(|error| error.refusal())?;
            let (symbol, next) = (self.symbol, self.next);
            let wanted = |trade: &&Trade| trade.symbol == symbol && trade.id.0 >= next;
            self.found.extend(self.replay.told.trades.iter().filter(wanted));
        }
        let trade = self.found.pop_front().expect("one was found");
        self.next = trade.id.0 + 1;
        Ok(Some(trade))
    }
}
