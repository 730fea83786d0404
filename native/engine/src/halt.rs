//! How an engine ends before its time: once, for one reason, and for everybody.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crossbeam_channel::Sender;
use lightning_core::reject::Code;

use crate::journal::Journal;
use crate::refusal::Refusal;
use crate::replies::Replies;
use crate::streams::Hub;

/// Why an engine takes nothing more. It has to be opened again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halted {
    /// `INTERNAL` for a broken invariant, `JOURNAL_IO` or `STORAGE_FULL` where the journal could not be written on.
    pub code: Code,
    /// What happened, and where.
    pub why: String,
}

impl Halted {
    /// A broken invariant.
    pub(crate) fn broken(why: impl Into<String>) -> Self {
        Self { code: Code::Internal, why: why.into() }
    }

    /// The refusal of whatever is asked from here on.
    pub(crate) fn refusal(&self) -> Refusal {
        Refusal::new(self.code, self.code.meaning()).with("reason", self.why.as_str())
    }

    /// The refusal of what was under way.
    pub(crate) fn outcome_unknown(&self) -> Refusal {
        let code = Code::OutcomeUnknown;
        Refusal::new(code, code.meaning()).with("reason", self.why.as_str())
    }
}

/// Whoever finds that the engine can't go on tells everybody through this.
#[derive(Clone)]
pub(crate) struct Breaker(Arc<Inner>);

struct Inner {
    halted: OnceLock<Halted>,
    journal: Journal,
    replies: Arc<Replies>,
    streams: Arc<Hub>,
    /// Dropped to stop every shard, wherever it waits.
    stop: Mutex<Option<Sender<()>>>,
}

impl Breaker {
    pub(crate) fn new(journal: Journal, replies: Arc<Replies>, streams: Arc<Hub>, stop: Sender<()>) -> Self {
        let stop = Mutex::new(Some(stop));
        Self(Arc::new(Inner { halted: OnceLock::new(), journal, replies, streams, stop }))
    }

    /// Ends everything: nothing more is written, no shard takes anything, no answer leaves. The first reason stands.
    pub(crate) fn halt(&self, halted: Halted) {
        // What is not on its way to the disk by now was never shown to anybody. It may be what broke the engine, and
        // would break it again whenever it is opened.
        if let Some(front) = self.0.journal.kept() {
            front.stop();
        }
        let halted = self.0.halted.get_or_init(|| halted).clone();
        self.stop_shards();
        // Whoever learns from a stream that it is over can ask why.
        self.0.replies.halt(halted.clone());
        self.0.streams.halt(&halted);
    }

    /// Why the engine has halted, if it has.
    pub(crate) fn halted(&self) -> Option<&Halted> {
        self.0.halted.get()
    }

    /// Why the engine has halted, by somebody who has seen that it has or is about to.
    pub(crate) fn wait_for_reason(&self) -> &Halted {
        self.0.halted.wait()
    }

    /// Ends the shards' threads.
    pub(crate) fn stop_shards(&self) {
        drop(self.0.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
