//! A disk in memory for these tests: it counts operations, fails one of them, and shows what a crash leaves.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use lightning_journal::storage::{File, Lock, Storage, Use};
use lightning_journal::{Batch, Options, Preparer, Record, RecoverError, Recovered, Writer, recover};

/// What happens to the chosen operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// EIO; a write or sync may have been done or not.
    Io { done: bool },
    /// ENOSPC, nothing done.
    Full,
    /// Writes take half of what they are given, this time and the next; other operations fail.
    Short,
}

#[derive(Debug, Default)]
struct State {
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    files: Vec<Content>,
    archived: Vec<String>,
    operations: usize,
    fail: Option<(usize, Fault)>,
    /// No byte may be added any more.
    full: bool,
    locked: bool,
}

#[derive(Clone, Debug, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
}

/// What a crash left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// The process died: everything written is there.
    Kill,
    /// The power went: nothing that was not synced is there.
    PowerCut,
    /// The power went: of what was not synced some 512 byte sectors are there, drawn from this seed. Names, too.
    Torn(u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Disk {
    state: Arc<Mutex<State>>,
    /// Do `Commit` files sync with each write?
    direct: bool,
}

impl Disk {
    pub(crate) fn new(direct: bool) -> Self {
        Self { state: Arc::default(), direct }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn fail(&self, operation: usize, fault: Fault) {
        self.state().fail = Some((operation, fault));
    }

    pub(crate) fn operations(&self) -> usize {
        self.state().operations
    }

    pub(crate) fn set_full(&self, full: bool) {
        self.state().full = full;
    }

    /// Another disk, with what a crash at this moment leaves.
    pub(crate) fn crash(&self, crash: Crash) -> Self {
        let old = self.state();
        let mut random = Random(match crash {
            Crash::Torn(seed) => seed,
            _ => 0,
        });
        let torn = matches!(crash, Crash::Torn(_));
        let names = match crash {
            Crash::Kill => old.names.clone(),
            Crash::PowerCut => old.durable_names.clone(),
            Crash::Torn(_) => {
                if random.flip() {
                    old.names.clone()
                } else {
                    old.durable_names.clone()
                }
            }
        };
        let mut new = State::default();
        for (name, index) in names {
            let content = &old.files[index];
            let mut bytes = match crash {
                Crash::Kill => content.now.clone(),
                _ => content.durable.clone(),
            };
            if torn {
                bytes.resize(if random.flip() { content.now.len() } else { bytes.len() }, 0);
                for (start, sector) in (0..).step_by(512).zip(bytes.chunks_mut(512)) {
                    if random.flip() && start < content.now.len() {
                        let end = content.now.len().min(start + sector.len());
                        sector[..end - start].copy_from_slice(&content.now[start..end]);
                    }
                }
            }
            new.names.insert(name.clone(), new.files.len());
            new.durable_names.insert(name, new.files.len());
            new.files.push(Content { now: bytes.clone(), durable: bytes });
        }
        Self { state: Arc::new(Mutex::new(new)), direct: self.direct }
    }

    pub(crate) fn names(&self) -> Vec<String> {
        self.state().names.keys().cloned().collect()
    }

    pub(crate) fn archived(&self) -> Vec<String> {
        self.state().archived.clone()
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        let state = self.state();
        state.files[state.names[name]].now.clone()
    }

    /// Puts a file there, durably.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        let mut state = self.state();
        let index = state.files.len();
        state.files.push(Content { now: bytes.to_vec(), durable: bytes.to_vec() });
        state.names.insert(name.to_owned(), index);
        state.durable_names.insert(name.to_owned(), index);
    }

    pub(crate) fn edit(&self, name: &str, edit: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = self.read(name);
        edit(&mut bytes);
        self.put(name, &bytes);
    }

    pub(crate) fn delete(&self, name: &str) {
        let mut state = self.state();
        state.names.remove(name).unwrap();
        state.durable_names.remove(name);
    }

    /// The files as they are, to compare that nothing changed.
    pub(crate) fn image(&self) -> Vec<(String, Vec<u8>)> {
        let names = self.names().into_iter();
        names.map(|name| (name.clone(), self.read(&name))).collect()
    }

    pub(crate) fn storage(&self) -> Arc<dyn Storage> {
        Arc::new(self.clone())
    }

    /// Counts an operation; says what happens to it.
    fn operation(&self) -> (MutexGuard<'_, State>, Option<Fault>) {
        let mut state = self.state();
        let index = state.operations;
        state.operations += 1;
        let fault = match state.fail {
            Some((at, fault)) if at == index => Some(fault),
            // The second half of a short write is short as well.
            Some((at, Fault::Short)) if at + 1 == index => Some(Fault::Short),
            _ => None,
        };
        (state, fault)
    }

    fn check(&self) -> io::Result<MutexGuard<'_, State>> {
        match self.operation() {
            (state, None) => Ok(state),
            (_, Some(fault)) => Err(error(fault)),
        }
    }

    fn open_file(&self, index: usize, use_: Use) -> Box<dyn File> {
        Box::new(DiskFile { disk: self.clone(), index, synced: use_ == Use::Commit && self.direct })
    }
}

fn error(fault: Fault) -> io::Error {
    // EIO and ENOSPC.
    io::Error::from_raw_os_error(if fault == Fault::Full { 28 } else { 5 })
}

fn not_found() -> io::Error {
    io::ErrorKind::NotFound.into()
}

impl Storage for Disk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.check()?.names.keys().cloned().collect())
    }

    fn create(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>> {
        let mut state = self.check()?;
        if state.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let index = state.files.len();
        state.files.push(Content::default());
        state.names.insert(name.to_owned(), index);
        drop(state);
        Ok(self.open_file(index, use_))
    }

    fn open(&self, name: &str, use_: Use) -> io::Result<Box<dyn File>> {
        let index = *self.check()?.names.get(name).ok_or_else(not_found)?;
        Ok(self.open_file(index, use_))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.check()?;
        let index = state.names.remove(from).ok_or_else(not_found)?;
        state.names.insert(to.to_owned(), index);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.check()?.names.remove(name).map(|_| ()).ok_or_else(not_found)
    }

    fn sync_dir(&self) -> io::Result<()> {
        let mut state = self.check()?;
        state.durable_names = state.names.clone();
        Ok(())
    }

    fn lock(&self) -> io::Result<Option<Box<dyn Lock>>> {
        let mut state = self.check()?;
        if state.locked {
            return Ok(None);
        }
        state.locked = true;
        drop(state);
        Ok(Some(Box::new(DiskLock(self.clone()))))
    }

    fn archive(&self, name: &str) -> io::Result<()> {
        let mut state = self.check()?;
        state.names.remove(name).ok_or_else(not_found)?;
        state.durable_names = state.names.clone();
        state.archived.push(name.to_owned());
        Ok(())
    }
}

#[derive(Debug)]
struct DiskLock(Disk);

impl Lock for DiskLock {}

impl Drop for DiskLock {
    fn drop(&mut self) {
        self.0.state().locked = false;
    }
}

#[derive(Debug)]
struct DiskFile {
    disk: Disk,
    index: usize,
    synced: bool,
}

impl File for DiskFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.disk.check()?;
        let bytes = &state.files[self.index].now;
        let start = bytes.len().min(usize::try_from(offset).unwrap());
        let read = buffer.len().min(bytes.len() - start);
        buffer[..read].copy_from_slice(&bytes[start..start + read]);
        Ok(read)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        let (mut state, fault) = self.disk.operation();
        let full = state.full;
        let Content { now, durable } = &mut state.files[self.index];
        let start = usize::try_from(offset).unwrap();
        let len = if fault == Some(Fault::Short) { bytes.len() / 2 } else { bytes.len() };
        if full && start + len > now.len() {
            return Err(error(Fault::Full));
        }
        if let Some(fault @ (Fault::Full | Fault::Io { done: false })) = fault {
            return Err(error(fault));
        }
        now.resize(now.len().max(start + len), 0);
        now[start..start + len].copy_from_slice(&bytes[..len]);
        if self.synced && fault.is_none() {
            // This write alone, and the length.
            durable.resize(now.len(), 0);
            durable[start..start + len].copy_from_slice(&bytes[..len]);
        }
        match fault {
            Some(fault @ Fault::Io { .. }) => Err(error(fault)),
            _ => Ok(len),
        }
    }

    fn sync(&self) -> io::Result<()> {
        let (mut state, fault) = self.disk.operation();
        if fault.is_none() || fault == Some(Fault::Io { done: true }) {
            let Content { now, durable } = &mut state.files[self.index];
            *durable = now.clone();
        }
        fault.map_or(Ok(()), |fault| Err(error(fault)))
    }

    fn len(&self) -> io::Result<u64> {
        let state = self.disk.check()?;
        Ok(state.files[self.index].now.len().try_into().unwrap())
    }

    fn is_synced_by_writes(&self) -> bool {
        self.synced
    }
}

/// splitmix64.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    pub(crate) fn flip(&mut self) -> bool {
        self.next() & 1 == 1
    }
}

/// Small segments, and always the same journal.
pub(crate) fn options() -> Options {
    Options { segment_bytes: 64 << 10, uuid: Some(*b"a test's journal"), ..Options::default() }
}

pub(crate) fn open(disk: &Disk, options: &Options) -> Result<Recovered, RecoverError> {
    recover(disk.storage(), options.clone(), &mut |_| {})
}

pub(crate) fn start(disk: &Disk, options: &Options) -> (Writer, Preparer) {
    open(disk, options).unwrap().start().unwrap()
}

/// What the record of this LSN says: its length and bytes follow from the LSN.
pub(crate) fn body(lsn: u64) -> Vec<u8> {
    let mut random = Random(lsn);
    let len = random.below(200);
    (0..len).map(|_| random.next().to_le_bytes()[0]).collect()
}

pub(crate) fn append(batch: &mut Batch) {
    let lsn = batch.next_lsn();
    let version = (lsn % 3).to_le_bytes()[0];
    batch.append(1 + (lsn % 7).to_le_bytes()[0], version, 1_000 + lsn, lsn ^ 0xabcd, |out| {
        out.extend(body(lsn));
    });
}

/// Commits so many records as one batch.
pub(crate) fn commit(writer: &mut Writer, records: u64) -> Result<(), lightning_journal::WriteError> {
    let mut batch = Batch::new(writer.written() + 1);
    (0..records).for_each(|_| append(&mut batch));
    writer.commit(&mut batch)
}

pub(crate) fn check_record(record: &Record, lsn: u64) {
    assert_eq!(record.lsn, lsn);
    assert_eq!((record.at, record.digest), (1_000 + lsn, lsn ^ 0xabcd));
    assert_eq!(u64::from(record.kind), 1 + lsn % 7);
    assert_eq!(u64::from(record.version), lsn % 3);
    assert_eq!(*record.body, body(lsn)[..]);
}

/// All records behind `after` are those that [`append`] made, without a gap, up to the head; returns its LSN.
pub(crate) fn check_records(recovered: &Recovered, after: u64) -> u64 {
    let mut last = after;
    let mut hash = None;
    for record in recovered.records(after) {
        let record = record.unwrap();
        check_record(&record, last + 1);
        last = record.lsn;
        hash = Some(record.frame_hash);
    }
    assert_eq!(last, recovered.head().lsn.max(after));
    assert!(hash.is_none_or(|hash| hash == recovered.head().hash));
    last
}
