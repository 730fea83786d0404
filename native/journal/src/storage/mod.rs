//! What the journal asks of a disk, and nothing else: the seam between it and real files or simulated ones.
//!
//! A name is a plain file name without separators. Nothing is durable because it was written: a file's bytes and
//! length are after [`File::sync`] (or a write to a file that [`File::is_synced_by_writes`]), a created, renamed or
//! removed name is after [`Storage::sync_dir`].

use std::fmt::Debug;
use std::io;

pub mod directory;
#[cfg(any(test, feature = "fake-disk"))]
pub mod memory;

/// A directory of plain files.
pub trait Storage: Send + Sync + Debug {
    /// Plain file names, in any order. Other things in the directory are left out.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Makes an empty file. It is an error (`AlreadyExists`) if there is one.
    fn create(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>>;
    /// Opens a file. It is an error (`NotFound`) if there is none.
    fn open(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>>;
    /// Gives a file another name; a file that had it is gone.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a file. It is an error (`NotFound`) if there is none.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes names durable that were created, renamed and removed before this call.
    fn sync_dir(&self) -> io::Result<()>;
    /// Takes the directory for this process. `None` if somebody else has it.
    fn lock(&self) -> io::Result<Option<Box<dyn Lock>>>;
    /// Moves a file into the folder `archive`, durably.
    fn archive(&self, name: &str) -> io::Result<()>;
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Use {
    /// To be read.
    Read,
    /// To be written, through the page cache; durable after a `sync`.
    Write,
    /// To be written in whole blocks that are durable when the write returns, where the file system can do that
    /// (`O_DIRECT | O_DSYNC`); [`File::is_synced_by_writes`] says whether it can.
    Commit,
    /// To be read from the device, past the page cache, where the file system can do that.
    ReadDirect,
}

/// An open file. Offsets and lengths are bytes.
pub trait File: Send + Debug {
    /// Reads into `buffer` and says how many bytes; fewer than fit only at the end, 0 there.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;
    /// Writes, and says how many bytes, which may be fewer than were given.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize>;
    /// Makes what was written before this call durable, with the length needed to read it.
    fn sync(&self) -> io::Result<()>;
    /// The file's length.
    fn len(&self) -> io::Result<u64>;
    /// Has it no bytes?
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }
    /// Is a write durable when it returns, so that no `sync` is needed? May change from yes to no with the first
    /// write, if that showed that the file system cannot do it after all: ask after each write.
    fn is_synced_by_writes(&self) -> bool {
        false
    }
}

/// Holds the directory until it is dropped.
pub trait Lock: Send + Debug {}
