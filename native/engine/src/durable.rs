//! What an engine that keeps its data has besides, and what can be asked about it.

use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use crossbeam_channel::{Sender, bounded};
use lightning_core::message::Request;
use lightning_core::reject::Code;
use lightning_journal::storage::Storage;

use crate::audit::history::Historian;
use crate::audit::{AuditPage, AuditQuery, Auditor};
use crate::halt::Breaker;
use crate::journal::{Committer, Stopped, halted_by, halted_full};
use crate::operator::Facts;
use crate::recovery::RecoveryReport;
use crate::refusal::Refusal;
use crate::snapshots::{Job, SnapshotInfo};
use crate::threaded::join;
use crate::verify::{self, VerifyFrom, VerifyReport};
use crate::{Engine, Room};

/// What an engine that keeps its data has besides.
pub(crate) struct Kept {
    pub(super) storage: Arc<dyn Storage>,
    pub(super) committer: Arc<Committer>,
    pub(super) facts: Facts,
    pub(super) report: RecoveryReport,
    /// Of an inline engine: the thread that rests for it. None if a thread writes.
    pub(super) rest: Mutex<Option<Rest>>,
    /// The one that writes, or rests.
    pub(super) journal_thread: Mutex<Vec<JoinHandle<()>>>,
    /// Those that prepare segments and make snapshots.
    pub(super) helper_threads: Mutex<Vec<JoinHandle<()>>>,
    pub(super) auditor: Auditor,
    pub(super) historian: Historian,
}

/// The way to the thread that does for an inline engine what is to be done when nobody calls. It ends with this.
pub(crate) struct Rest {
    /// Something was written.
    pub(super) wake: Sender<()>,
    pub(super) _stop: Sender<()>,
}

impl Kept {
    pub(crate) fn committer(&self) -> &Committer {
        &self.committer
    }

    /// Of an inline engine: writes what its caller's thread has decided. An engine with a thread for that has it do so.
    pub(crate) fn commit_here(&self, breaker: &Breaker) {
        let rest = self.rest.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let Some(rest) = &*rest else { return };
        match self.committer.commit() {
            Ok(true) => {
                let _ = rest.wake.try_send(()); // Full: it is being woken already.
                if self.committer.room() == Room::Full {
                    breaker.halt(halted_full());
                }
            }
            Ok(false) => {}
            Err(error) => breaker.halt(halted_by(&error)),
        }
    }

    /// Waits until everything that was written down is safe.
    ///
    /// # Errors
    /// It never will be.
    pub(crate) fn wait_until_safe(&self, breaker: &Breaker) -> Result<(), Stopped> {
        self.commit_here(breaker);
        let front = self.committer.front();
        front.wait_until_safe(front.last())
    }

    /// Is there room for changes?
    ///
    /// # Errors
    /// `STORAGE_FULL`.
    pub(crate) fn check_room(&self) -> Result<(), Refusal> {
        match self.committer.room() {
            Room::Plenty => Ok(()),
            Room::Low | Room::Full => Err(Refusal::new(Code::StorageFull, Code::StorageFull.meaning())),
        }
    }

    /// Is there room for this? As long as there is a little, cancels are taken.
    ///
    /// # Errors
    /// `STORAGE_FULL`.
    pub(crate) fn judge_room(&self, request: &Request) -> Result<(), Refusal> {
        let is_cancel = matches!(request, Request::Cancel { .. } | Request::CancelAll { .. });
        if !request.is_write() || (is_cancel && self.committer.room() == Room::Low) {
            return Ok(());
        }
        self.check_room()
    }

    /// Sends those threads home that work beside the journal's, and waits for them.
    pub(crate) fn dismiss_helpers(&self) {
        self.committer.dismiss_helpers();
        join(&self.helper_threads);
    }
}

impl Engine {
    /// What recovery found; none without a data directory.
    #[must_use]
    pub fn recovery(&self) -> Option<&RecoveryReport> {
        self.kept.as_ref().map(|kept| &kept.report)
    }

    /// Makes a snapshot of all that is durable by now, in the background, and waits for it.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` without a data directory, `ENGINE_CLOSED`; `JOURNAL_IO`, if it can't be written, which leaves the
    /// engine as it is; `CORRUPT_STATE`, if the files do not hold what was written to them; the codes of a halted engine.
    pub fn snapshot(&self) -> Result<SnapshotInfo, Refusal> {
        let kept = self.opened_kept()?;
        let (tell, heard) = bounded(1);
        let closed = || Refusal::new(Code::EngineClosed, Code::EngineClosed.meaning());
        if !kept.committer.ask_for_snapshot(Job::Now(tell)) {
            return Err(closed());
        }
        heard.recv().unwrap_or_else(|_| Err(closed()))
    }

    /// Checks all files and does the records again that are durable by now, in the calling thread.
    ///
    /// # Errors
    /// `NOT_SUPPORTED` without a data directory, `ENGINE_CLOSED`, `CORRUPT_STATE`, `JOURNAL_IO`, `UNSUPPORTED_VERSION`;
    /// the codes of a halted engine.
    pub fn verify(&self, from: VerifyFrom) -> Result<VerifyReport, Refusal> {
        let kept = self.opened_kept()?;
        let durable = kept.committer.durable().0;
        verify::verify(&kept.storage, Some(durable), &self.config, from, &mut |_| {})
    }

    /// Durable records as JSON, in the calling thread. The page after another is much cheaper than one out of the blue.
    ///
    /// # Errors
    /// `INVALID_REQUEST`; those of [`Self::verify`].
    pub fn audit(&self, query: AuditQuery) -> Result<AuditPage, Refusal> {
        let kept = self.opened_kept()?;
        kept.auditor.page(&kept.storage, kept.committer.durable(), &self.config, query)
    }

    pub(crate) fn opened_kept(&self) -> Result<&Kept, Refusal> {
        self.check_open()?;
        self.kept.as_ref().ok_or_else(|| {
            Refusal::new(Code::NotSupported, "without a dataDir nothing is kept that could be asked for this")
        })
    }
}
