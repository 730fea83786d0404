//! How an engine ends: with everything in flight done, and everything done kept.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use lightning_core::log::{Log, Record};
use lightning_core::reject::Code;

use crate::durable::Kept;
use crate::journal::halted_by;
use crate::refusal::Refusal;
use crate::streams::State;
use crate::threaded::join;
use crate::{Driver, Engine};

impl Engine {
    /// Takes nothing new, lets everything in flight end, and stops the threads. What was answered can still be
    /// drained. With a data directory everything is on the disk when it returns, and another engine may open it. Calling
    /// it again does nothing.
    ///
    /// # Errors
    /// `JOURNAL_IO` or `STORAGE_FULL`, if the last of the journal could not be written. All that was answered is in it
    /// all the same.
    pub fn close(&self) -> Result<(), Refusal> {
        {
            // Exclusive, so that a batch is handed over wholly before this or refused wholly after it.
            let _registry = self.registry_mut();
            if self.closed.swap(true, Ordering::SeqCst) {
                return Ok(());
            }
        }
        self.streams.set_state(State::Closing);
        let result = self.close_shards();
        // All that was decided may be seen now, and is told before it is said that this was all.
        self.streams.set_state(State::Closed);
        self.streams.stop();
        join(&self.market_data_thread);
        result
    }

    fn close_shards(&self) -> Result<(), Refusal> {
        if let Driver::Threaded(threaded) = &self.driver {
            threaded.drain();
        }
        let Some(kept) = &self.kept else {
            if let Driver::Threaded(threaded) = &self.driver {
                threaded.end();
            }
            return Ok(());
        };
        // Who proves at the next start that it begins where this one ended.
        let state = self.rest().ok();
        if let Driver::Threaded(threaded) = &self.driver {
            threaded.end();
        }
        kept.dismiss_helpers();
        kept.historian.close();
        // A timer may have run out since.
        if let Some(state) = state.filter(|state| state.lsn == self.last_lsn()) {
            let last_word = Record::CleanShutdown { state_hash: state.hash };
            self.journal.clone().append(self.clock.peek(), 0, &last_word);
        }
        self.close_journal(kept)
    }

    fn close_journal(&self, kept: &Kept) -> Result<(), Refusal> {
        kept.commit_here(&self.breaker);
        drop(kept.rest.lock().unwrap_or_else(PoisonError::into_inner).take());
        kept.committer().front().close();
        join(&kept.journal_thread);
        let closed = kept.committer().close();
        match (self.breaker.halted(), closed) {
            // It ended for another reason, and everybody has been told.
            (Some(halted), _) if halted.code == Code::Internal => Ok(()),
            (Some(halted), _) => Err(halted.refusal()),
            (None, Ok(_)) => Ok(()),
            (None, Err(error)) => Err(halted_by(&error).refusal()),
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // Whoever wants to know how it went closes it before.
        let _ = self.close();
    }
}
