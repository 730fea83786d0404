//! Storages between the journal and its disk that make the journal wrong in ways journals have been wrong.
//!
//! A harness that finds nothing may be blind; these must be found.

use std::io;
use std::sync::Arc;

use lightning_journal::storage::memory::{BLOCK, FakeDisk};
use lightning_journal::storage::{File, Lock, Storage, Use};

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    /// Nothing.
    None,
    /// Frames count as durable without a sync.
    AckBeforeSync,
    /// A sync that failed is called again, and its success believed.
    RetryAfterEio,
    /// Names are never made durable.
    NoSyncDir,
    /// Each write also rewrites the block before it, which holds acknowledged bytes.
    TailRewrite,
    /// Recovery goes on with what the page cache says: not a storage's doing, but that of `Options::repersist`.
    NoRepersist,
    /// Zeros are the end of data: nobody looks at what lies behind them.
    ZeroIsEnd,
}

/// What the journal is to run on.
pub(crate) fn storage(disk: &FakeDisk, bug: Bug) -> Arc<dyn Storage> {
    match bug {
        Bug::None | Bug::NoRepersist => Arc::new(disk.clone()),
        bug => Arc::new(Planted { disk: disk.clone(), bug }),
    }
}

#[derive(Debug)]
struct Planted {
    disk: FakeDisk,
    bug: Bug,
}

impl Planted {
    fn wrap(&self, name: &str, file: Box<dyn File>, use_: Use) -> Box<dyn File> {
        // A segment keeps the handle that it was opened by when it was a prepared file.
        let segment = ["segment-", "prepared-", "emergency"].iter().any(|prefix| name.starts_with(prefix));
        Box::new(PlantedFile { file, use_, segment, bug: self.bug })
    }

    /// A handle that may write may also read, here: the tail cannot be rewritten without being known.
    fn use_for(&self, use_: Use) -> Use {
        match (self.bug, use_) {
            (Bug::AckBeforeSync, Use::Commit) => Use::Write,
            (_, use_) => use_,
        }
    }
}

impl Storage for Planted {
    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn create(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>> {
        Ok(self.wrap(name, self.disk.create(name, self.use_for(use_))?, use_))
    }

    fn open(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>> {
        Ok(self.wrap(name, self.disk.open(name, self.use_for(use_))?, use_))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        if self.bug == Bug::NoSyncDir { Ok(()) } else { self.disk.sync_dir() }
    }

    fn lock(&self) -> io::Result<Option<Box<dyn Lock>>> {
        self.disk.lock()
    }

    fn archive(&self, name: &str) -> io::Result<()> {
        self.disk.archive(name)
    }
}

#[derive(Debug)]
struct PlantedFile {
    file: Box<dyn File>,
    use_: Use,
    segment: bool,
    bug: Bug,
}

impl PlantedFile {
    /// Where the first block of zeros begins.
    fn first_zeros(&self) -> io::Result<u64> {
        let mut block = [0; BLOCK];
        let mut at = 0;
        loop {
            let read = self.file.read_at(at, &mut block)?;
            if read < BLOCK || block == [0; BLOCK] {
                return Ok(at);
            }
            at += BLOCK as u64;
        }
    }
}

impl File for PlantedFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(offset, buffer)?;
        if self.bug == Bug::ZeroIsEnd && self.segment {
            let end = self.first_zeros()?;
            let known = usize::try_from(end.saturating_sub(offset)).expect("an offset in memory").min(read);
            buffer[known..read].fill(0);
        }
        Ok(read)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        if self.bug == Bug::TailRewrite && self.segment && offset >= 2 * BLOCK as u64 {
            let before = offset - BLOCK as u64;
            let mut both = vec![0; BLOCK];
            self.file.read_at(before, &mut both)?;
            both.extend_from_slice(bytes);
            return Ok(self.file.write_at(before, &both)?.saturating_sub(BLOCK));
        }
        self.file.write_at(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        match (self.bug, self.use_) {
            (Bug::AckBeforeSync, Use::Commit) => Ok(()),
            (Bug::RetryAfterEio, _) => self.file.sync().or_else(|_| self.file.sync()),
            _ => self.file.sync(),
        }
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn is_synced_by_writes(&self) -> bool {
        self.file.is_synced_by_writes() || (self.bug == Bug::AckBeforeSync && self.use_ == Use::Commit)
    }
}
