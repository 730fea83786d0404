//! The hash of everything that an engine knows.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use lightning_core::codec::encoded;
use lightning_core::fold::{Fold, Part};
use lightning_core::reject::Code;
use lightning_core::state::{Totals, operator_parts};
use lightning_core::types::Lsn;

use crate::refusal::Refusal;
use crate::{Driver, Engine};

/// How often it is tried to find nothing under way, while timers run out and orders expire.
const TRIES: usize = 100;

/// What the state is worth comparing by: equal states have equal hashes, whatever the shards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateHash {
    /// The last record that it shows.
    pub lsn: Lsn,
    /// BLAKE3.
    pub hash: [u8; 32],
}

/// The hash of a state that was folded.
pub(crate) fn hash_of(fold: &Fold) -> [u8; 32] {
    let mut hash = lightning_journal::StateHash::default();
    fold.parts(&mut |part, id, bytes| hash.add(part as u8, id, bytes));
    hash.finish()
}

impl Engine {
    /// The hash of the state, when nothing is under way: holds admission until it is made, which takes time in
    /// proportion to the state.
    ///
    /// # Errors
    /// `ENGINE_CLOSED`; `BUSY`, if timers and expiries never pause; the codes of a halted engine, and `OUTCOME_UNKNOWN`
    /// if it halts meanwhile.
    pub fn state_hash(&self) -> Result<StateHash, Refusal> {
        let _registry = self.registry_mut();
        self.check_open()?;
        if let Driver::Threaded(threaded) = &self.driver {
            threaded.drain();
        }
        let state = self.rest()?;
        self.wait_until_safe()?;
        Ok(state)
    }

    /// The state when nothing is under way and nothing is admitted. What timers cause may still be: it is waited for.
    pub(crate) fn rest(&self) -> Result<StateHash, Refusal> {
        for _ in 0..TRIES {
            let before = self.last_lsn();
            // What the records up to here caused arrives: nothing that makes no record itself causes anything more, and
            // the longest way is from a shard to another and back.
            self.on_sequencers(|_, _, _| ())?;
            for shard in 0..self.config.matchers {
                self.on_matcher(shard, |_, _, _, _| ())?;
            }
            let hash = self.hash()?;
            if self.last_lsn() == before {
                return Ok(StateHash { lsn: before, hash });
            }
        }
        Err(Refusal::new(Code::Busy, "timers and expiries leave no moment in which nothing is under way"))
    }

    /// The hash of what the shards have, each asked for its parts.
    fn hash(&self) -> Result<[u8; 32], Refusal> {
        let parts = Arc::new(Mutex::new(Parts::default()));
        let collected = parts.clone();
        self.on_sequencers(move |sequencer, _, _| {
            let mut parts = collected.lock().unwrap_or_else(PoisonError::into_inner);
            let Parts { hash, totals } = &mut *parts;
            sequencer.account_parts(&mut |account, bytes| hash.add(Part::Account as u8, account.0, bytes));
            sequencer
                .listing_parts(&mut |symbol, bytes| hash.add(Part::Listing as u8, symbol.0.into(), bytes));
            sequencer.add_totals(totals);
        })?;
        for shard in 0..self.config.matchers {
            let collected = parts.clone();
            self.on_matcher(shard, move |matcher, _, _, _| {
                let hash = &mut collected.lock().unwrap_or_else(PoisonError::into_inner).hash;
                matcher
                    .market_parts(&mut |symbol, bytes| hash.add(Part::Market as u8, symbol.0.into(), bytes));
            })?;
        }
        let mut parts = parts.lock().unwrap_or_else(PoisonError::into_inner);
        let Parts { hash, totals } = &mut *parts;
        totals.parts(&mut |asset, bytes| hash.add(Part::Totals as u8, asset.0.into(), bytes));
        if let Some(kept) = &self.kept {
            let facts = kept.facts.lock();
            operator_parts(&facts, &mut |place, bytes| hash.add(Part::Operator as u8, place, bytes));
        }
        let leased = self.leased.load(Ordering::Acquire);
        hash.add(Part::OrderIds as u8, 0, &encoded(&leased));
        Ok(hash.finish())
    }
}

/// Of all shards.
#[derive(Default)]
struct Parts {
    hash: lightning_journal::StateHash,
    totals: Totals,
}
