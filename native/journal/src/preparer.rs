//! Makes segments ahead of their use, filled with real zeros.
//!
//! A write into blocks that were written before costs the same every time; the first write into blocks that were
//! only reserved makes the file system note that they are in use, and a sync waits for that. And a disk that fills
//! up is noticed here, not in a commit.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::aligned::AlignedBuffer;
use crate::disk::{self, PIECE_BYTES};
use crate::layout::{BLOCK_BYTES, in_file, in_memory, is_zero};
use crate::names;
use crate::storage::{File, Storage, Use};

/// How many segments are kept ready besides the emergency one.
const READY: usize = 2;

/// What is made while somebody waits for it is no larger, unless a frame needs it: at a start that finds nothing ready, and
/// where commits were faster than the preparer. It lasts until the preparer has made one of the usual size.
const HASTY_BYTES: u64 = 16 << 20;

/// What is ready to be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Zero-filled segments, synced.
    pub ready: usize,
    /// Is the emergency segment there?
    pub emergency: bool,
}

/// One step of the preparer's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many bytes of zeros were written and synced; there is more to do.
    Wrote(u64),
    /// Everything is ready, or the writer is gone and nothing more is needed.
    Done(Prepared),
}

/// Keeps zero-filled segments ready for the writer. Lives on a thread of its own.
#[derive(Debug)]
pub struct Preparer {
    pool: Arc<Pool>,
    /// What is being filled; nobody else locks this.
    filling: Mutex<Option<Filling>>,
}

impl Preparer {
    pub(crate) fn new(pool: Arc<Pool>) -> Self {
        Self { pool, filling: Mutex::new(None) }
    }

    /// Brings the directory up to two prepared segments and the emergency one, and says what there is. Returns
    /// early, with less, if the writer is gone.
    ///
    /// # Errors
    /// Those of the storage; `StorageFull` means that the disk is. What was being filled is removed, and the next
    /// call begins anew.
    pub fn prepare(&self) -> io::Result<Prepared> {
        loop {
            if let Step::Done(prepared) = self.step()? {
                return Ok(prepared);
            }
        }
    }

    /// The same work in small steps, for whoever wants to pause in between: at most 1 MiB is written and synced.
    ///
    /// # Errors
    /// As for [`Preparer::prepare`].
    pub fn step(&self) -> io::Result<Step> {
        let mut filling = self.filling.lock().expect("a step does not panic");
        let mut current = match filling.take() {
            Some(current) => current,
            None => match self.pool.wanted() {
                Some(wanted) => Filling::begin(&self.pool, wanted, self.pool.segment_bytes)?,
                None => return Ok(Step::Done(self.pool.prepared())),
            },
        };
        match current.step() {
            Ok(written) if current.is_full() => {
                let Filling { temp, goal, file, .. } = current;
                drop(file);
                self.pool.add(&temp, goal).inspect_err(|_| self.give_up(&temp))?;
                Ok(Step::Wrote(written))
            }
            Ok(written) => {
                *filling = Some(current);
                Ok(Step::Wrote(written))
            }
            Err(error) => {
                self.give_up(&current.temp);
                Err(error)
            }
        }
    }

    /// What is ready.
    #[must_use]
    pub fn prepared(&self) -> Prepared {
        self.pool.prepared()
    }

    /// Gives the space back. If even that fails, the next start removes the file.
    fn give_up(&self, temp: &str) {
        let state = self.pool.state();
        if !state.closed {
            let _ = self.pool.storage.remove(temp);
        }
    }
}

/// What a file will be when it is full.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    Prepared(u64),
    Emergency,
}

/// A file that is being filled with zeros.
#[derive(Debug)]
struct Filling {
    temp: String,
    goal: Goal,
    file: Box<dyn File>,
    zeros: AlignedBuffer,
    written: u64,
    bytes: u64,
}

impl Filling {
    fn begin(pool: &Pool, goal: Goal, bytes: u64) -> io::Result<Self> {
        let temp = match goal {
            Goal::Prepared(number) => names::prepared_temp(number),
            Goal::Emergency => names::EMERGENCY_TEMP.to_owned(),
        };
        disk::remove_if_there(&*pool.storage, &temp)?;
        let file = pool.storage.create(&temp, Use::Commit)?;
        let piece = in_memory(bytes.min(in_file(PIECE_BYTES)));
        Ok(Self { temp, goal, file, zeros: AlignedBuffer::zeroed(piece), written: 0, bytes })
    }

    fn is_full(&self) -> bool {
        self.written == self.bytes
    }

    fn step(&mut self) -> io::Result<u64> {
        let piece = (self.bytes - self.written).min(in_file(self.zeros.len()));
        disk::write_all(&*self.file, self.written, &self.zeros.bytes()[..in_memory(piece)])?;
        self.written += piece;
        // The last time also for the length, which a write that is durable by itself may leave out.
        if !self.file.is_synced_by_writes() || self.is_full() {
            self.file.sync()?;
        }
        Ok(piece)
    }
}

/// What is ready, shared by the writer, which takes, and the preparer, which adds.
#[derive(Debug)]
pub(crate) struct Pool {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) segment_bytes: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    ready: VecDeque<String>,
    emergency: bool,
    next_number: u64,
    /// The writer is gone, and with it the directory's lock: touch nothing more.
    closed: bool,
}

/// A file full of zeros, and how it was come by.
#[derive(Debug)]
pub(crate) struct Taken {
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) emergency: bool,
}

impl Pool {
    /// With what an earlier run left ready. Files that cannot be used are removed.
    pub(crate) fn adopt(storage: Arc<dyn Storage>, segment_bytes: u64, files: &[String]) -> io::Result<Self> {
        let mut numbers = Vec::new();
        let mut emergency = false;
        for name in files {
            let number = names::prepared_number(name);
            if number.is_none() && name != names::EMERGENCY {
                continue;
            }
            if !is_unused(&*storage, name, segment_bytes)? {
                storage.remove(name)?;
            } else if let Some(number) = number {
                numbers.push(number);
            } else {
                emergency = true;
            }
        }
        numbers.sort_unstable();
        let next_number = numbers.last().map_or(1, |last| last.saturating_add(1));
        let ready = numbers.into_iter().map(names::prepared).collect();
        let state = Mutex::new(State { ready, emergency, next_number, closed: false });
        Ok(Self { storage, segment_bytes, state })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it has the pool")
    }

    pub(crate) fn prepared(&self) -> Prepared {
        let state = self.state();
        Prepared { ready: state.ready.len(), emergency: state.emergency }
    }

    /// Nobody takes anything any more.
    pub(crate) fn close(&self) {
        self.state().closed = true;
    }

    /// What is missing most: one segment to go on with, one for the worst case, one more.
    fn wanted(&self) -> Option<Goal> {
        let mut state = self.state();
        if state.closed {
            return None;
        }
        if !state.ready.is_empty() && !state.emergency {
            return Some(Goal::Emergency);
        }
        (state.ready.len() < READY).then(|| Goal::Prepared(state.take_number()))
    }

    /// Gives a full file its name.
    fn add(&self, temp: &str, goal: Goal) -> io::Result<()> {
        // Held meanwhile: when the writer is gone, another engine may be using the same names.
        let mut state = self.state();
        if state.closed {
            return Ok(());
        }
        let name = match goal {
            Goal::Prepared(number) => names::prepared(number),
            Goal::Emergency => names::EMERGENCY.to_owned(),
        };
        self.storage.rename(temp, &name)?;
        self.storage.sync_dir()?;
        match goal {
            Goal::Prepared(_) => state.ready.push_back(name),
            Goal::Emergency => state.emergency = true,
        }
        Ok(())
    }

    /// A file of at least so many bytes: one that is ready, or one made on the spot, which may be smaller than usual, or
    /// the emergency segment.
    ///
    /// # Errors
    /// Those of the storage; `StorageFull` only if the emergency segment is used up, too.
    pub(crate) fn take(&self, bytes: u64) -> io::Result<Taken> {
        let usual = bytes <= self.segment_bytes;
        let number = {
            let mut state = self.state();
            if usual && let Some(name) = state.ready.pop_front() {
                return Ok(Taken { name, bytes: self.segment_bytes, emergency: false });
            }
            state.take_number()
        };
        match self.make(number, bytes.max(self.segment_bytes.min(HASTY_BYTES))) {
            Err(error) if is_full(&error) => {
                let mut state = self.state();
                if !usual || !state.emergency {
                    return Err(error);
                }
                state.emergency = false;
                let name = names::EMERGENCY.to_owned();
                Ok(Taken { name, bytes: self.segment_bytes, emergency: true })
            }
            made => made,
        }
    }

    fn make(&self, number: u64, bytes: u64) -> io::Result<Taken> {
        let mut filling = Filling::begin(self, Goal::Prepared(number), bytes)?;
        while !filling.is_full() {
            if let Err(error) = filling.step() {
                // Gives the space back; if even that fails, the next start does it.
                let _ = self.storage.remove(&filling.temp);
                return Err(error);
            }
        }
        let name = names::prepared(number);
        self.storage.rename(&filling.temp, &name)?;
        self.storage.sync_dir()?;
        Ok(Taken { name, bytes, emergency: false })
    }
}

impl State {
    fn take_number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number = self.next_number.saturating_add(1);
        number
    }
}

/// Is this error the disk's being full?
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Has it the right size, and does no segment begin in it? It got its name after its zeros were synced.
fn is_unused(storage: &dyn Storage, name: &str, bytes: u64) -> io::Result<bool> {
    let file = storage.open(name, Use::Read)?;
    let mut block = vec![0; BLOCK_BYTES];
    Ok(file.len()? == bytes && disk::read_full(&*file, 0, &mut block)? == BLOCK_BYTES && is_zero(&block))
}
