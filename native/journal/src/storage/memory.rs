//! A disk in memory that does what a real one may do, for the tests that prove the journal, the engine and
//! the simulator.
//!
//! [`FakeDisk`] is a [`Storage`]. What is written to it is in the page cache, where every process sees it; the
//! device has it only after `sync` of that file (or after a write through a [`Use::Commit`] handle, where
//! [`Settings::synced_writes`] says that the file system takes O_DSYNC). Names are as volatile as bytes, until
//! `sync_dir`. [`FakeDisk::crash`] is power loss: it gives one of the disks that a machine may find afterwards.
//! [`FakeDisk::kill`] is `kill -9`: the page cache outlives the process, and nothing is lost, yet.
//!
//! Faults are injected at the n-th operation ([`FakeDisk::fail`]), space is bounded ([`FakeDisk::set_space`]), and
//! files can be damaged at rest (`memory/surgery.rs`). There is no clock and no random source in here: whoever
//! wants a choice passes the function that makes it, so that a seed is the whole story.
//!
//! Stricter than a real file system where that finds bugs: writes through a `Commit` handle must be whole sectors
//! at whole sectors, as O_DIRECT demands, and a failed write may have left any part of itself behind.

mod contents;
mod power;
mod surgery;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::contents::{Block, Contents, index};
use super::{File, Lock, Storage, Use};

/// Bytes that a device writes wholly or not at all, in the better case.
pub const SECTOR: usize = 512;
/// Bytes of a page of the cache and of a physical sector of today's devices.
pub const BLOCK: usize = 4096;

/// Name of the file that [`Storage::lock`] leaves behind, as a lock on a real directory does.
const LOCK: &str = "LOCK";
/// What `archive` puts before a name: the archive is a folder, which [`Storage::list`] does not show.
const ARCHIVE: &str = "archive/";

/// What the file system below takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// `Use::Commit` is O_DIRECT and O_DSYNC: a write that returned is on the device.
    pub synced_writes: bool,
    /// `Use::ReadDirect` reads what the device has, not what the page cache believes it has. The two differ only
    /// after a write-back that failed.
    pub direct_reads: bool,
}

/// What can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Any of those below.
    Any,
    /// [`Storage::list`].
    List,
    /// [`Storage::create`].
    Create,
    /// [`Storage::open`].
    Open,
    /// [`Storage::rename`].
    Rename,
    /// [`Storage::remove`].
    Remove,
    /// [`Storage::sync_dir`].
    SyncDir,
    /// [`Storage::archive`].
    Archive,
    /// [`File::read_at`].
    Read,
    /// [`File::write_at`].
    Write,
    /// [`File::sync`].
    Sync,
}

/// How it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// EIO. A write may have left part of itself behind; nothing else has been done.
    Io,
    /// ENOSPC, which a thin or copy-on-write disk may say to a sync as well. Nothing has been done.
    NoSpace,
    /// Only so many bytes are read or written; at least one whole sector through a `Commit` handle, and at least
    /// one byte through another. Operations without a length fail with EIO.
    Short(usize),
    /// EIO from a sync after which the pages count as clean, as on Linux: reads go on to serve them, no later sync
    /// writes them again, and the device has taken whichever of them the seed says.
    SyncLies {
        /// Chooses which.
        seed: u64,
    },
    /// EIO, and the device answers nothing but EIO from here on.
    Dead,
}

struct Armed {
    operation: Operation,
    after: u64,
    fault: Fault,
}

/// One write that the device need not have: the blocks as the cache held them right after it.
#[derive(Clone, Debug)]
struct Dirty {
    sectors: Range<u64>,
    /// The blocks which the sectors of the original write touch, from `first_block` on.
    blocks: Arc<[Arc<Block>]>,
    first_block: u64,
    /// Length of the file right after it.
    len: u64,
}

#[derive(Clone, Debug, Default)]
struct Inode {
    /// What reads see.
    cached: Contents,
    /// What the device is known to hold.
    device: Contents,
    /// Writes since the last sync, in their order.
    dirty: Vec<Dirty>,
    /// A write-back failed: the cache believes things of the device that are not so.
    diverged: bool,
    /// Handles share it: an unlinked file lives on until the last of them is gone.
    handles: Arc<()>,
}

impl Inode {
    fn write(&mut self, offset: u64, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.cached.write(offset, bytes);
        let sectors = offset / SECTOR as u64..(offset + bytes.len() as u64).div_ceil(SECTOR as u64);
        self.dirty.push(Dirty {
            blocks: self.cached.blocks_of(&sectors),
            first_block: sectors.start / (BLOCK / SECTOR) as u64,
            sectors,
            len: self.cached.len(),
        });
    }

    /// The device takes everything that is dirty. What a failed write-back left behind is not: it stays lost.
    fn flush(&mut self) {
        if self.diverged {
            for write in std::mem::take(&mut self.dirty) {
                power::apply(&mut self.device, &write, write.sectors.clone());
            }
            self.device.set_len(self.cached.len());
        } else {
            self.dirty.clear();
            self.device = self.cached.clone();
        }
    }

    /// The device takes the last write alone, as O_DSYNC promises; older ones elsewhere in the file stay dirty.
    fn flush_last(&mut self) {
        let Some(write) = self.dirty.pop() else { return };
        power::apply(&mut self.device, &write, write.sectors.clone());
        let mut rest = Vec::new();
        for older in self.dirty.drain(..) {
            for part in [
                older.sectors.start..older.sectors.end.min(write.sectors.start),
                older.sectors.start.max(write.sectors.end)..older.sectors.end,
            ] {
                if !part.is_empty() {
                    rest.push(Dirty { sectors: part, ..older.clone() });
                }
            }
        }
        self.dirty = rest;
    }
}

/// One change of names: what they stand for afterwards.
type NameChange = Vec<(String, Option<u64>)>;

#[derive(Default)]
struct State {
    settings: Settings,
    inodes: BTreeMap<u64, Inode>,
    next_inode: u64,
    /// As processes see them; `archive/x` is a name like any other.
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    /// Since the last `sync_dir`, in their order.
    name_changes: Vec<NameChange>,
    /// What a few deleted files held: blocks of a new file may show it, until they were written.
    freed: Vec<Contents>,
    locked: bool,
    /// Why nothing works any more.
    gone: Option<&'static str>,
    /// Bytes that files may still grow by.
    space: Option<u64>,
    faults: Vec<Armed>,
    operations: u64,
    moments: u64,
    cut_at: Option<u64>,
    film: Option<Vec<Moment>>,
}

/// A disk at one moment of its life, from [`FakeDisk::film`].
#[derive(Debug)]
pub struct Moment {
    /// What has just been done, or is being done: for the report of a failure.
    pub what: String,
    /// The disk as it was then, a copy of its own.
    pub disk: FakeDisk,
}

/// A disk in memory; clones are handles to the same one.
#[derive(Clone)]
pub struct FakeDisk(Arc<Mutex<State>>);

impl FakeDisk {
    /// An empty disk whose writes are durable after a `sync` only.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// An empty disk below that file system.
    #[must_use]
    pub fn with(settings: Settings) -> Self {
        Self::from_state(State { settings, ..State::default() })
    }

    fn from_state(state: State) -> Self {
        Self(Arc::new(Mutex::new(state)))
    }

    /// A test that panicked in another thread has its message printed; this one must not hide it behind another.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What `kill -9` leaves: all that was written, the lock released, and pages as dirty as they were, which a
    /// later power loss may still take. A copy: the handles of the killed process go on with the old one.
    #[must_use]
    pub fn kill(&self) -> Self {
        Self::from_state(self.state().copy())
    }

    /// Makes the n-th operation of a kind from now on fail, 0 being the next one. Each fault strikes once.
    pub fn fail(&self, operation: Operation, after: u64, fault: Fault) {
        self.state().faults.push(Armed { operation, after, fault });
    }

    /// Forgets the faults that have not struck yet.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    /// How many faults have not struck yet.
    #[must_use]
    pub fn faults_left(&self) -> usize {
        self.state().faults.len()
    }

    /// Bounds the bytes that files may grow by from now on; removing files gives theirs back. `None`: no bound.
    pub fn set_space(&self, bytes: Option<u64>) {
        self.state().space = bytes;
    }

    /// Operations so far, those that failed included.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Moments so far. A moment is a place where power may fail with an outcome of its own: after each change of
    /// bytes or names, and in the middle of each write that syncs itself.
    #[must_use]
    pub fn moments(&self) -> u64 {
        self.state().moments
    }

    /// Cuts the power at the n-th moment from now on, 0 being the next one: what is under way fails, and so does all
    /// that follows. [`FakeDisk::crash`] then says what is left.
    pub fn cut_power_at(&self, after: u64) {
        let mut state = self.state();
        state.cut_at = Some(state.moments + after);
    }

    /// Keeps a copy of the disk at each moment from now on.
    pub fn film(&self) {
        self.state().film = Some(Vec::new());
    }

    /// Ends the film and gives it: one copy for each moment since [`FakeDisk::film`], in their order.
    #[must_use]
    pub fn cut(&self) -> Vec<Moment> {
        self.state().film.take().unwrap_or_default()
    }
}

impl Default for FakeDisk {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for FakeDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        let files = state.names.iter().map(|(name, inode)| (name, state.inodes[inode].cached.len()));
        f.debug_map().entries(files).finish()
    }
}

fn eio(why: &'static str) -> io::Error {
    io::Error::other(why)
}

fn missing(name: &str) -> io::Error {
    io::Error::new(ErrorKind::NotFound, format!("there is no {name}"))
}

impl State {
    /// Another disk in the same condition, without the process that used it: no lock, no faults, no film.
    fn copy(&self) -> Self {
        let mut inodes = self.inodes.clone();
        inodes.values_mut().for_each(|inode| inode.handles = Arc::default());
        Self {
            settings: self.settings,
            inodes,
            next_inode: self.next_inode,
            names: self.names.clone(),
            durable_names: self.durable_names.clone(),
            name_changes: self.name_changes.clone(),
            freed: self.freed.clone(),
            space: self.space,
            ..Self::default()
        }
    }

    /// Counts an operation, and says which fault strikes it.
    fn begin(&mut self, operation: Operation) -> io::Result<Option<Fault>> {
        if let Some(why) = self.gone {
            return Err(eio(why));
        }
        self.operations += 1;
        let mut struck = None;
        self.faults.retain_mut(|armed| {
            if armed.operation != Operation::Any && armed.operation != operation {
                return true;
            }
            if armed.after > 0 || struck.is_some() {
                armed.after = armed.after.saturating_sub(1);
                return true;
            }
            struck = Some(armed.fault);
            false
        });
        if struck == Some(Fault::Dead) {
            self.gone = Some("EIO: the device is dead");
        }
        Ok(struck)
    }

    /// As `begin`, for what has no length and keeps no promise about pages.
    fn begin_whole(&mut self, operation: Operation) -> io::Result<()> {
        match self.begin(operation)? {
            None => Ok(()),
            Some(fault) => Err(fault.error()),
        }
    }

    /// Power may fail here.
    fn moment(&mut self, what: impl FnOnce() -> String) -> io::Result<()> {
        if self.film.is_some() {
            let moment = Moment { what: what(), disk: FakeDisk::from_state(self.copy()) };
            self.film.get_or_insert_default().push(moment);
        }
        self.moments += 1;
        if self.cut_at.is_some_and(|at| self.moments > at) {
            self.gone = Some("the power is off");
            return Err(eio("the power is off"));
        }
        Ok(())
    }

    fn inode(&mut self, inode: u64) -> &mut Inode {
        self.inodes.get_mut(&inode).expect("a handle keeps its file alive")
    }

    fn lookup(&self, name: &str) -> io::Result<u64> {
        self.names.get(name).copied().ok_or_else(|| missing(name))
    }

    fn create(&mut self, name: &str) -> u64 {
        let inode = self.next_inode;
        self.next_inode += 1;
        self.inodes.insert(inode, Inode::default());
        self.change_names(vec![(name.to_owned(), Some(inode))]);
        inode
    }

    fn change_names(&mut self, change: NameChange) {
        set_names(&mut self.names, &change);
        self.name_changes.push(change);
        self.collect();
    }

    /// Drops files that neither a name, now or after a crash, nor a handle leads to.
    fn collect(&mut self) {
        let named: Vec<u64> = (self.names.values().chain(self.durable_names.values()).copied())
            .chain(self.name_changes.iter().flatten().filter_map(|(_, inode)| *inode))
            .collect();
        let unused = |(number, inode): &(&u64, &Inode)| {
            !named.contains(number) && Arc::strong_count(&inode.handles) == 1
        };
        let gone: Vec<u64> = self.inodes.iter().filter(unused).map(|(number, _)| *number).collect();
        for number in gone {
            let inode = self.inodes.remove(&number).expect("it was just listed");
            if let Some(space) = &mut self.space {
                *space += inode.cached.len();
            }
            self.freed.push(inode.device);
            if self.freed.len() > 4 {
                self.freed.remove(0);
            }
        }
    }

    /// How many of the bytes still find room, given what the file has.
    fn take_space(&mut self, inode: u64, offset: u64, len: usize) -> usize {
        let end = offset + len as u64;
        let growth = end.saturating_sub(self.inode(inode).cached.len());
        let Some(space) = &mut self.space else { return len };
        let denied = growth.saturating_sub(*space);
        *space -= growth - denied;
        len - index(denied).min(len)
    }
}

fn set_names(names: &mut BTreeMap<String, u64>, change: &NameChange) {
    for (name, inode) in change {
        match inode {
            Some(inode) => names.insert(name.clone(), *inode),
            None => names.remove(name),
        };
    }
}

impl Fault {
    fn error(self) -> io::Error {
        match self {
            Self::NoSpace => ErrorKind::StorageFull.into(),
            Self::Io | Self::Short(_) | Self::SyncLies { .. } | Self::Dead => eio("EIO: an injected fault"),
        }
    }
}

impl Storage for FakeDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        let mut state = self.state();
        state.begin_whole(Operation::List)?;
        Ok(state.names.keys().filter(|name| !name.contains('/')).cloned().collect())
    }

    fn create(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>> {
        let mut state = self.state();
        state.begin_whole(Operation::Create)?;
        if state.names.contains_key(name) {
            return Err(io::Error::new(ErrorKind::AlreadyExists, format!("there is a {name} already")));
        }
        let inode = state.create(name);
        let handle = self.handle(&mut state, name, inode, use_);
        state.moment(|| format!("create {name}"))?;
        Ok(handle)
    }

    fn open(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>> {
        let mut state = self.state();
        state.begin_whole(Operation::Open)?;
        let inode = state.lookup(name)?;
        Ok(self.handle(&mut state, name, inode, use_))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state();
        state.begin_whole(Operation::Rename)?;
        let inode = state.lookup(from)?;
        state.change_names(vec![(from.to_owned(), None), (to.to_owned(), Some(inode))]);
        state.moment(|| format!("rename {from} to {to}"))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.begin_whole(Operation::Remove)?;
        state.lookup(name)?;
        state.change_names(vec![(name.to_owned(), None)]);
        state.moment(|| format!("remove {name}"))
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut state = self.state();
        state.begin_whole(Operation::SyncDir)?;
        state.durable_names = state.names.clone();
        state.name_changes.clear();
        state.collect();
        state.moment(|| "sync_dir".to_owned())
    }

    /// Not a moment: a process that dies releases its lock, and the file says nothing.
    fn lock(&self) -> io::Result<Option<Box<dyn Lock>>> {
        let mut state = self.state();
        if let Some(why) = state.gone {
            return Err(eio(why));
        }
        if state.locked {
            return Ok(None);
        }
        state.locked = true;
        if !state.names.contains_key(LOCK) {
            state.create(LOCK);
        }
        Ok(Some(Box::new(FakeLock(self.clone()))))
    }

    fn archive(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.begin_whole(Operation::Archive)?;
        let inode = state.lookup(name)?;
        let archived = format!("{ARCHIVE}{name}");
        state.change_names(vec![(archived, Some(inode)), (name.to_owned(), None)]);
        state.moment(|| format!("archive {name}, directories not yet synced"))?;
        state.durable_names = state.names.clone();
        state.name_changes.clear();
        state.collect();
        state.moment(|| format!("archive {name}"))
    }
}

impl FakeDisk {
    fn handle(&self, state: &mut State, name: &str, inode: u64, use_: Use) -> Box<dyn File> {
        let alive = Arc::clone(&state.inode(inode).handles);
        Box::new(FakeFile { disk: self.clone(), name: name.into(), inode, use_, _alive: alive })
    }
}

struct FakeLock(FakeDisk);

impl Lock for FakeLock {}

impl Drop for FakeLock {
    fn drop(&mut self) {
        self.0.state().locked = false;
    }
}

impl fmt::Debug for FakeLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FakeLock")
    }
}

struct FakeFile {
    disk: FakeDisk,
    /// The name it was opened by, for reports.
    name: Box<str>,
    inode: u64,
    use_: Use,
    _alive: Arc<()>,
}

impl FakeFile {
    fn syncs_itself(&self, state: &State) -> bool {
        matches!(self.use_, Use::Commit) && state.settings.synced_writes
    }
}

impl fmt::Debug for FakeFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FakeFile({})", self.name)
    }
}

impl File for FakeFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut state = self.disk.state();
        let wanted = match state.begin(Operation::Read)? {
            None => buffer.len(),
            Some(Fault::Short(bytes)) => buffer.len().min(bytes.max(1)),
            Some(fault) => return Err(fault.error()),
        };
        let direct = matches!(self.use_, Use::ReadDirect) && state.settings.direct_reads;
        let inode = state.inode(self.inode);
        if direct && inode.diverged {
            // A direct read first writes back what is dirty, and then asks the device.
            let mut device = inode.device.clone();
            for write in &inode.dirty {
                power::apply(&mut device, write, write.sectors.clone());
            }
            device.set_len(inode.cached.len());
            Ok(device.read(offset, &mut buffer[..wanted]))
        } else {
            Ok(inode.cached.read(offset, &mut buffer[..wanted]))
        }
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        if matches!(self.use_, Use::Read | Use::ReadDirect) {
            return Err(ErrorKind::PermissionDenied.into());
        }
        let whole_sectors = matches!(self.use_, Use::Commit);
        let len = bytes.len() as u64;
        if whole_sectors && (!offset.is_multiple_of(SECTOR as u64) || !len.is_multiple_of(SECTOR as u64)) {
            return Err(io::Error::new(ErrorKind::InvalidInput, "EINVAL: O_DIRECT takes whole sectors only"));
        }
        let mut state = self.disk.state();
        let mut failed = None;
        let mut take = match state.begin(Operation::Write)? {
            None => bytes.len(),
            Some(Fault::Short(most)) => bytes.len().min(most.max(1)),
            Some(fault @ Fault::NoSpace) => return Err(fault.error()),
            Some(fault) => {
                failed = Some(fault);
                let part = power::mix(state.operations) % (len + 1);
                index(part)
            }
        };
        let free = state.take_space(self.inode, offset, take);
        take = take.min(free);
        if whole_sectors {
            take = match take / SECTOR * SECTOR {
                0 if failed.is_none() && free >= SECTOR => SECTOR.min(bytes.len()),
                whole => whole,
            };
        }
        if take == 0 && failed.is_none() && !bytes.is_empty() {
            return Err(ErrorKind::StorageFull.into());
        }
        let syncs_itself = self.syncs_itself(&state);
        let inode = state.inode(self.inode);
        inode.write(offset, &bytes[..take]);
        let what = |when| format!("{when}write {} at {offset}, {take} of {len} bytes", self.name);
        if syncs_itself {
            state.moment(|| what("in the middle of "))?;
            state.inode(self.inode).flush_last();
        }
        state.moment(|| what(""))?;
        match failed {
            Some(fault) => Err(fault.error()),
            None => Ok(take),
        }
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.state();
        match state.begin(Operation::Sync)? {
            None => {}
            Some(Fault::SyncLies { seed }) => {
                let inode = state.inode(self.inode);
                let mut numbers = seed;
                inode.forget_dirty(&mut |bound| {
                    numbers = numbers.wrapping_add(1);
                    power::mix(numbers) % bound
                });
                return Err(Fault::Io.error());
            }
            Some(fault) => return Err(fault.error()),
        }
        state.inode(self.inode).flush();
        state.moment(|| format!("sync {}", self.name))
    }

    fn len(&self) -> io::Result<u64> {
        let mut state = self.disk.state();
        Ok(state.inode(self.inode).cached.len())
    }

    fn is_synced_by_writes(&self) -> bool {
        self.syncs_itself(&self.disk.state())
    }
}
