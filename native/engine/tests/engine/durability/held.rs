//! A disk that can be held up.

use std::io;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use lightning_journal::storage::memory::FakeDisk;
use lightning_journal::storage::{File, Lock, Storage, Use};

/// A disk that a test can hold up: writes of frames wait until it lets them through.
#[derive(Clone, Debug)]
pub(crate) struct Held {
    disk: FakeDisk,
    pub(crate) valve: Arc<Valve>,
}

impl Held {
    pub(crate) fn new(disk: FakeDisk) -> Self {
        Self { disk, valve: Arc::default() }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Valve {
    state: Mutex<(bool, usize)>,
    changed: Condvar,
}

impl Valve {
    pub(crate) fn set(&self, closed: bool) {
        self.state.lock().unwrap().0 = closed;
        self.changed.notify_all();
    }

    /// Waits until somebody stands before the closed valve.
    pub(crate) fn wait_for_somebody(&self) {
        let state = self.state.lock().unwrap();
        let (_state, timeout) = self
            .changed
            .wait_timeout_while(state, Duration::from_secs(15), |(_, waiting)| *waiting == 0)
            .unwrap();
        assert!(!timeout.timed_out(), "nobody came");
    }

    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.1 += 1;
        self.changed.notify_all();
        let mut state = self.changed.wait_while(state, |(closed, _)| *closed).unwrap();
        state.1 -= 1;
    }
}

impl Storage for Held {
    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn create(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>> {
        self.disk.create(name, use_)
    }

    fn open(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>> {
        let file = self.disk.open(name, use_)?;
        match use_ {
            Use::Commit | Use::Write => Ok(Box::new(HeldFile { file, valve: self.valve.clone() })),
            Use::Read | Use::ReadDirect => Ok(file),
        }
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_dir(&self) -> io::Result<()> {
        self.disk.sync_dir()
    }

    fn lock(&self) -> io::Result<Option<Box<dyn Lock>>> {
        self.disk.lock()
    }

    fn archive(&self, name: &str) -> io::Result<()> {
        self.disk.archive(name)
    }
}

#[derive(Debug)]
struct HeldFile {
    file: Box<dyn File>,
    valve: Arc<Valve>,
}

impl File for HeldFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(offset, buffer)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.valve.pass();
        self.file.write_at(offset, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.file.sync()
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn is_synced_by_writes(&self) -> bool {
        self.file.is_synced_by_writes()
    }
}
