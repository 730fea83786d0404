//! Where shards append: a batch in memory behind a lock.
//!
//! The writer takes the whole batch whenever it is done with the one before, so that a group commit is as large as the
//! disk is slow, and nobody waits for a timer. Appending is a copy into memory; it waits for nothing but the lock, as
//! long as the writer does not fall far behind.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lightning_core::codec::{Encode, VERSION, kind_of};
use lightning_core::log::Record;
use lightning_core::types::{Lsn, Timestamp};
use lightning_journal::Batch;

use crate::journal::Gate;

/// How many bytes may wait to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Beyond, the edge takes nothing new.
    pub(crate) high: u64,
    /// Beyond, shards wait. Far above what commands that were taken can still cause.
    pub(crate) max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { high: 32 << 20, max: 256 << 20 }
    }
}

/// A batch that was larger gives its memory back.
const BATCH_KEPT: usize = 16 << 20;

/// Where shards append.
pub(crate) struct Front {
    inner: Mutex<Inner>,
    /// The writer waits here for records.
    work: Condvar,
    /// Here those wait who need something to be safe, or room to append.
    progress: Condvar,
    gate: Arc<Gate>,
    /// Bytes that wait to be written.
    backlog: AtomicU64,
    bounds: Bounds,
    /// Who appends does not write: an inline engine must not wait for itself.
    has_writer_thread: bool,
}

struct Inner {
    batch: Batch,
    /// Bytes that the writer has taken and not written yet.
    taken_bytes: usize,
    /// When the first record was appended that waits, and the first of those that the writer has taken.
    since: Option<Instant>,
    taken_since: Option<Instant>,
    writer_sleeps: bool,
    /// How many wait for progress.
    waiting: usize,
    closing: bool,
    stopped: bool,
}

/// Why the writer was woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// There are records.
    Records,
    /// There were none for as long as it wanted to wait.
    Idle,
    /// There are none and there will be none.
    Close,
    /// The engine has halted.
    Stop,
}

/// The engine has halted: nothing is written any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stopped;

impl Front {
    /// An empty batch behind the last record, which is safe.
    pub(crate) fn new(last: Lsn, gate: Arc<Gate>, has_writer_thread: bool, bounds: Bounds) -> Self {
        gate.set_taken(last);
        gate.set_open(last);
        let inner = Inner {
            batch: Batch::new(last.0 + 1),
            taken_bytes: 0,
            since: None,
            taken_since: None,
            writer_sleeps: false,
            waiting: 0,
            closing: false,
            stopped: false,
        };
        Self {
            inner: Mutex::new(inner),
            work: Condvar::new(),
            progress: Condvar::new(),
            gate,
            backlog: AtomicU64::new(0),
            bounds,
            has_writer_thread,
        }
    }

    /// Appends a record, and says its number.
    pub(crate) fn append(&self, now: Timestamp, digest: u64, record: &Record<'_>) -> Lsn {
        let mut inner = self.lock();
        if inner.bytes() >= self.bounds.max {
            inner = self.wait_for_room(inner);
        }
        if inner.batch.is_empty() {
            inner.since = Some(Instant::now());
        }
        let encode = |out: &mut Vec<u8>| record.encode(out);
        let lsn = inner.batch.append(kind_of(record), VERSION, now.0, digest, encode);
        self.backlog.store(inner.bytes() as u64, Ordering::Relaxed);
        if inner.writer_sleeps {
            inner.writer_sleeps = false;
            self.work.notify_one();
        }
        Lsn(lsn)
    }

    /// The newest record.
    pub(crate) fn last(&self) -> Lsn {
        Lsn(self.lock().batch.next_lsn() - 1)
    }

    /// How far the journal is.
    pub(crate) fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Bytes that wait to be written.
    pub(crate) fn backlog(&self) -> u64 {
        self.backlog.load(Ordering::Relaxed)
    }

    /// When the oldest record was appended that is not written.
    pub(crate) fn oldest(&self) -> Option<Instant> {
        let inner = self.lock();
        inner.taken_since.or(inner.since)
    }

    /// Does the disk not keep up, so that nothing more should be taken?
    pub(crate) fn is_behind(&self) -> bool {
        self.backlog() > self.bounds.high
    }

    /// Waits until a record is safe.
    ///
    /// # Errors
    /// It will not be, for the engine has halted.
    pub(crate) fn wait_until_safe(&self, lsn: Lsn) -> Result<(), Stopped> {
        if self.gate.open() >= lsn {
            return Ok(());
        }
        let mut inner = self.lock();
        // Progress is told under the lock, so none is missed between the look and the wait.
        while self.gate.open() < lsn && !inner.stopped {
            inner = self.wait_for_progress(inner);
        }
        if self.gate.open() >= lsn { Ok(()) } else { Err(Stopped) }
    }

    /// No more is taken: what is appended from here on goes nowhere.
    pub(crate) fn stop(&self) {
        let mut inner = self.lock();
        inner.stopped = true;
        self.work.notify_all();
        self.progress.notify_all();
    }

    /// Nobody appends any more; the writer ends when all is written.
    pub(crate) fn close(&self) {
        self.lock().closing = true;
        self.work.notify_all();
    }

    /// Waits for records, for so long; for ever without.
    pub(super) fn wait_for_records(&self, at_most: Option<Duration>) -> Call {
        let mut inner = self.lock();
        let mut timed_out = false;
        loop {
            let call = match () {
                () if inner.stopped => Call::Stop,
                () if !inner.batch.is_empty() => Call::Records,
                () if inner.closing => Call::Close,
                () if timed_out => Call::Idle,
                () => {
                    inner.writer_sleeps = true;
                    inner = match at_most {
                        None => self.work.wait(inner).unwrap_or_else(PoisonError::into_inner),
                        Some(at_most) => {
                            let waited = self.work.wait_timeout(inner, at_most);
                            let (inner, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
                            timed_out = timeout.timed_out();
                            inner
                        }
                    };
                    continue;
                }
            };
            inner.writer_sleeps = false;
            return call;
        }
    }

    /// Takes all there is into an empty batch; false if there is nothing, or nothing may be written any more.
    pub(super) fn take(&self, into: &mut Batch) -> bool {
        let mut inner = self.lock();
        if inner.stopped || inner.batch.is_empty() {
            return false;
        }
        inner.batch.swap_with(into);
        inner.taken_bytes = into.bytes();
        inner.taken_since = inner.since.take();
        self.gate.set_taken(Lsn(into.next_lsn() - 1));
        true
    }

    /// What was taken is written, and everything up to `safe` may be shown.
    pub(super) fn written(&self, taken: &mut Batch, taken_bytes: usize, safe: Lsn) {
        if taken_bytes > BATCH_KEPT {
            *taken = Batch::new(1);
        }
        self.gate.set_open(safe);
        let mut inner = self.lock();
        inner.taken_bytes = 0;
        inner.taken_since = None;
        self.backlog.store(inner.bytes() as u64, Ordering::Relaxed);
        if inner.waiting > 0 {
            self.progress.notify_all();
        }
    }

    fn wait_for_room<'a>(&'a self, mut inner: MutexGuard<'a, Inner>) -> MutexGuard<'a, Inner> {
        while inner.bytes() >= self.bounds.max && !inner.stopped && self.has_writer_thread {
            inner = self.wait_for_progress(inner);
        }
        if inner.stopped {
            // Numbers go on until the shards have stopped; bytes are of no use to anybody.
            inner.batch = Batch::new(inner.batch.next_lsn());
            inner.since = None;
        }
        inner
    }

    fn wait_for_progress<'a>(&'a self, mut inner: MutexGuard<'a, Inner>) -> MutexGuard<'a, Inner> {
        inner.waiting += 1;
        let mut inner = self.progress.wait(inner).unwrap_or_else(PoisonError::into_inner);
        inner.waiting -= 1;
        inner
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn bytes(&self) -> usize {
        self.batch.bytes() + self.taken_bytes
    }
}

impl fmt::Debug for Front {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Front({:?} open, {} bytes wait)", self.gate.open(), self.backlog())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn front(bounds: Bounds) -> Front {
        Front::new(Lsn(0), Arc::new(Gate::at(Lsn(0))), true, bounds)
    }

    fn append(front: &Front) -> Lsn {
        front.append(Timestamp(1), 0, &Record::OrderIds { up_to: 1 })
    }

    #[test]
    fn numbers_are_dense_whoever_appends() {
        let front = front(Bounds::default());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| assert!(append(&front) > Lsn(0))));
            }
        });
        assert_eq!(front.last(), Lsn(4_000));
        let mut batch = Batch::new(1);
        assert!(front.take(&mut batch));
        assert_eq!((batch.len(), batch.next_lsn()), (4_000, 4_001));
        let mut nothing = Batch::new(1);
        assert!(!front.take(&mut nothing));
        assert_eq!(append(&front), Lsn(4_001));
    }

    #[test]
    fn who_waits_is_told_when_it_is_safe_and_when_it_never_will_be() {
        let front = front(Bounds::default());
        let lsn = append(&front);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| front.wait_until_safe(lsn));
            let mut batch = Batch::new(1);
            assert_eq!(front.wait_for_records(None), Call::Records);
            assert!(front.take(&mut batch));
            front.written(&mut batch, 0, lsn);
            assert_eq!(waits.join().unwrap(), Ok(()));
        });
        let later = append(&front);
        std::thread::scope(|scope| {
            let waits = scope.spawn(|| front.wait_until_safe(later));
            front.stop();
            assert_eq!(waits.join().unwrap(), Err(Stopped));
        });
        assert_eq!(front.wait_until_safe(lsn), Ok(()), "what was safe stays safe");
        assert_eq!(front.wait_for_records(None), Call::Stop);
        let mut batch = Batch::new(1);
        assert!(!front.take(&mut batch), "nothing is written any more");
    }

    /// Shards wait for a disk that is far behind, and go on when it has caught up, or when all is over.
    #[test]
    fn appending_waits_when_too_much_waits_to_be_written() {
        let front = front(Bounds { high: 1_000, max: 10_000 });
        std::thread::scope(|scope| {
            let appends = scope.spawn(|| (0..1_000).for_each(|n| assert!(append(&front).0 > n)));
            let mut taken = Batch::new(1);
            let mut records = 0;
            while records < 500 {
                assert_eq!(front.wait_for_records(None), Call::Records);
                if front.take(&mut taken) {
                    records += taken.len();
                    assert!(front.backlog() < 10_100, "{} bytes wait", front.backlog());
                    let safe = Lsn(taken.next_lsn() - 1);
                    taken = Batch::new(1);
                    front.written(&mut taken, 0, safe);
                }
            }
            front.stop();
            appends.join().unwrap();
        });
        assert!(front.is_behind() || front.backlog() < 1_000);
    }

    #[test]
    fn a_closed_front_says_so_when_nothing_is_left() {
        let front = front(Bounds::default());
        append(&front);
        front.close();
        assert_eq!(front.wait_for_records(None), Call::Records);
        let mut batch = Batch::new(1);
        assert!(front.take(&mut batch));
        assert_eq!(front.wait_for_records(Some(Duration::ZERO)), Call::Close);
    }
}
