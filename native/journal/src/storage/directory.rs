//! Real files in a real directory.
//!
//! On Linux frames are written with `O_DIRECT | O_DSYNC` where the file system takes it: an error is then that of the
//! write it belongs to, and no page cache claims to have what the disk has not. Where it does not, and everywhere
//! else, it is a write and a sync.

use std::fs::{self, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::{File, Lock, Storage, Use};
use crate::aligned::AlignedBuffer;
use crate::error::UnsafeDirectory;
use crate::layout::BLOCK_BYTES;

const LOCK: &str = "LOCK";
const ARCHIVE: &str = "archive";

/// A directory of the file system.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
}

impl Directory {
    /// Opens a directory, which is made (mode 0700) if it does not exist.
    ///
    /// # Errors
    /// Those of the file system; `PermissionDenied` if others than the owner may write to the directory.
    pub fn open(path: impl AsRef<Path>) -> io::Result<Self> {
        let path = path.as_ref().to_owned();
        if !path.exists() {
            make_directory(&path)?;
            if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
                sync_directory(parent)?;
            }
        }
        let this = Self { path };
        this.check()?;
        Ok(this)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn check(&self) -> io::Result<()> {
        let metadata = fs::metadata(&self.path)?;
        if !metadata.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                "the data directory is not a directory",
            ));
        }
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
            if mode & 0o022 != 0 {
                let why =
                    UnsafeDirectory(format!("its mode is {mode:o}: others than its owner may write to it"));
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
            }
        }
        Ok(())
    }

    fn file(&self, name: &str) -> PathBuf {
        assert!(!name.contains(['/', '\\']), "{name:?} is no plain file name");
        self.path.join(name)
    }

    fn open_for(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>> {
        let path = self.file(name);
        let direct = match use_ {
            Use::Commit | Use::ReadDirect => open_direct(&path, use_)?,
            Use::Read | Use::Write => None,
        };
        Ok(match direct {
            Some(direct) => {
                Box::new(DirectFile { path, use_, direct, plain: OnceLock::new(), works: OnceLock::new() })
            }
            None => Box::new(PlainFile { file: options(use_).open(&path)? }),
        })
    }
}

impl Storage for Directory {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                // A name that is no text is none of ours.
                names.extend(entry.file_name().into_string());
            }
        }
        Ok(names)
    }

    fn create(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>> {
        // Made plainly first: some file systems make the file and then say that they cannot open it that way.
        let file = options(Use::Write).create_new(true).open(self.file(name))?;
        match use_ {
            Use::Write => Ok(Box::new(PlainFile { file })),
            _ => self.open_for(name, use_),
        }
    }

    fn open(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>> {
        self.open_for(name, use_)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.file(from), self.file(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.file(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        sync_directory(&self.path)
    }

    fn lock(&self) -> io::Result<Option<Box<dyn Lock>>> {
        self.check()?;
        let file = options(Use::Write).create(true).open(self.file(LOCK))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(DirectoryLock { _file: file }))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    fn archive(&self, name: &str) -> io::Result<()> {
        let archive = self.path.join(ARCHIVE);
        make_directory(&archive)?;
        fs::rename(self.file(name), archive.join(name))?;
        // The new name first: a file with two names is better than one without.
        sync_directory(&archive)?;
        sync_directory(&self.path)
    }
}

/// Locked as long as the file is open; the operating system gives the lock back when the process dies.
#[derive(Debug)]
struct DirectoryLock {
    _file: fs::File,
}

impl Lock for DirectoryLock {}

/// A file read and written through the page cache.
#[derive(Debug)]
struct PlainFile {
    file: fs::File,
}

impl File for PlainFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        read_at(&self.file, offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        write_at(&self.file, offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }
}

/// A file read or written past the page cache, as long as that works.
#[derive(Debug)]
struct DirectFile {
    path: PathBuf,
    use_: Use,
    direct: fs::File,
    /// Set when the file system took the flags and then refused the first read or write.
    plain: OnceLock<fs::File>,
    /// Set by the first read or write that it did not refuse.
    works: OnceLock<()>,
}

impl DirectFile {
    fn file(&self) -> &fs::File {
        self.plain.get().unwrap_or(&self.direct)
    }

    /// Runs `attempt` past the page cache; if the very first is refused as such, plainly from then on.
    fn run(&self, mut attempt: impl FnMut(&fs::File) -> io::Result<usize>) -> io::Result<usize> {
        match attempt(self.file()) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput && self.works.get().is_none() => {
                let plain = options(self.use_).open(&self.path)?;
                let done = attempt(self.plain.get_or_init(|| plain))?;
                self.works.get_or_init(|| ());
                Ok(done)
            }
            done => {
                if done.is_ok() {
                    self.works.get_or_init(|| ());
                }
                done
            }
        }
    }
}

impl File for DirectFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if is_aligned(buffer) {
            return self.run(|file| read_at(file, offset, buffer));
        }
        let mut aligned = AlignedBuffer::zeroed(buffer.len().next_multiple_of(BLOCK_BYTES));
        let read = self.run(|file| read_at(file, offset, aligned.bytes_mut()))?.min(buffer.len());
        buffer[..read].copy_from_slice(&aligned.bytes()[..read]);
        Ok(read)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        if is_aligned(bytes) {
            return self.run(|file| write_at(file, offset, bytes));
        }
        let mut aligned = AlignedBuffer::zeroed(bytes.len());
        aligned.bytes_mut().copy_from_slice(bytes);
        self.run(|file| write_at(file, offset, aligned.bytes()))
    }

    fn sync(&self) -> io::Result<()> {
        self.file().sync_data()
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.file().metadata()?.len())
    }

    fn is_synced_by_writes(&self) -> bool {
        self.use_ == Use::Commit && self.plain.get().is_none()
    }
}

fn is_aligned(bytes: &[u8]) -> bool {
    bytes.as_ptr().align_offset(BLOCK_BYTES) == 0
}

fn options(use_: Use) -> OpenOptions {
    let mut options = OpenOptions::new();
    match use_ {
        Use::Read | Use::ReadDirect => options.read(true),
        Use::Write | Use::Commit => options.write(true),
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW);
    }
    options
}

/// `None` if the file cannot be opened that way; then plainly.
#[cfg(target_os = "linux")]
fn open_direct(path: &Path, use_: Use) -> io::Result<Option<fs::File>> {
    use std::os::unix::fs::OpenOptionsExt;
    let synced = if use_ == Use::Commit { libc::O_DSYNC } else { 0 };
    let mut options = options(use_);
    options.custom_flags(libc::O_NOFOLLOW | libc::O_DIRECT | synced);
    match options.open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(None),
        Err(error) => Err(error),
    }
}

/// Other systems have other ways past their page caches, none of which is tied to the write.
#[cfg(not(target_os = "linux"))]
fn open_direct(_: &Path, _: Use) -> io::Result<Option<fs::File>> {
    Ok(None)
}

fn make_directory(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Where a directory cannot be opened as a file, its names are durable without.
fn sync_directory(path: &Path) -> io::Result<()> {
    if cfg!(unix) { fs::File::open(path)?.sync_all() } else { Ok(()) }
}

#[cfg(unix)]
fn read_at(file: &fs::File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    uninterrupted(|| std::os::unix::fs::FileExt::read_at(file, buffer, offset))
}

#[cfg(unix)]
fn write_at(file: &fs::File, offset: u64, bytes: &[u8]) -> io::Result<usize> {
    uninterrupted(|| std::os::unix::fs::FileExt::write_at(file, bytes, offset))
}

#[cfg(windows)]
fn read_at(file: &fs::File, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
    uninterrupted(|| std::os::windows::fs::FileExt::seek_read(file, buffer, offset))
}

#[cfg(windows)]
fn write_at(file: &fs::File, offset: u64, bytes: &[u8]) -> io::Result<usize> {
    uninterrupted(|| std::os::windows::fs::FileExt::seek_write(file, bytes, offset))
}

/// A signal that came in before anything was done is not an error.
fn uninterrupted(mut attempt: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match attempt() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> io::Error {
        io::ErrorKind::InvalidInput.into()
    }

    fn direct_file(test: &str) -> DirectFile {
        let path =
            std::env::temp_dir().join(format!("lightning-journal-direct-{}-{test}", std::process::id()));
        fs::write(&path, [0; 16]).unwrap();
        let direct = options(Use::Commit).open(&path).unwrap();
        DirectFile { path, use_: Use::Commit, direct, plain: OnceLock::new(), works: OnceLock::new() }
    }

    #[test]
    fn a_first_write_that_is_refused_is_written_plainly_and_synced_from_then_on() {
        let file = direct_file("refused");
        assert!(file.is_synced_by_writes());
        let mut tries = 0;
        let attempt = |plain: &fs::File| {
            tries += 1;
            if tries == 1 { Err(refused()) } else { write_at(plain, 0, b"written") }
        };
        assert_eq!(file.run(attempt).unwrap(), 7);
        assert!(!file.is_synced_by_writes(), "now it needs a sync");
        assert_eq!(file.run(|_| Err(refused())).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(&fs::read(&file.path).unwrap()[..7], b"written");
        fs::remove_file(&file.path).unwrap();
    }

    #[test]
    fn a_later_refusal_is_an_error() {
        let file = direct_file("later");
        assert_eq!(file.run(|_| Ok(5)).unwrap(), 5);
        assert_eq!(file.run(|_| Err(refused())).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(file.is_synced_by_writes());
        fs::remove_file(&file.path).unwrap();
    }
}
