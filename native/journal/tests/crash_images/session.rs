//! A random life of a journal: what is done to it, and what it has promised so far.

use std::collections::BTreeMap;

use lightning_journal::storage::memory::{FakeDisk, Fault, Operation, Settings};
use lightning_journal::{
    Batch, Head, Mode, Options, Preparer, Reader, RecoverError, Retention, Room, WriteError, Writer, recover,
    verify, write_snapshot,
};

use crate::harness::Dice;
use crate::harness::planted::{Bug, storage};
use crate::harness::truth::Truth;

/// What [`Found`] counts images under.
pub(crate) const IMAGES: &str = "images";

/// How often what happened.
#[derive(Debug, Default)]
pub(crate) struct Found(BTreeMap<&'static str, u64>);

impl Found {
    pub(crate) fn mark(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(crate) fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    pub(crate) fn add(&mut self, other: Self) {
        for (what, count) in other.0 {
            *self.0.entry(what).or_default() += count;
        }
    }
}

/// What may be found after a crash at some moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    /// Acknowledged as durable: survives power loss.
    pub(crate) durable: u64,
    /// Acknowledged as written: survives the process, on a disk that has not failed.
    pub(crate) written: u64,
    /// The newest snapshot that was noted.
    pub(crate) noted: u64,
    /// Segments may have been retired.
    pub(crate) retired: bool,
}

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// `kill -9`. The page cache still has everything if the disk was sound.
    Kill {
        sound: bool,
    },
    PowerLoss,
}

pub(crate) struct Session {
    pub(crate) dice: Dice,
    pub(crate) bug: Bug,
    pub(crate) faulty: bool,
    pub(crate) options: Options,
    pub(crate) disk: FakeDisk,
    pub(crate) open: Option<(Writer, Preparer)>,
    pub(crate) batch: Batch,
    pub(crate) truth: Truth,
    pub(crate) bounds: Bounds,
    /// A write-back failed since the last recovery: what was written but not synced is anybody's guess.
    pub(crate) lied: bool,
    /// The disk may be full.
    pub(crate) space_bounded: bool,
    /// The writer has failed.
    pub(crate) poisoned: bool,
    pub(crate) found: Found,
}

pub(crate) type Outcome = Result<(), String>;

impl Session {
    pub(crate) fn new(seed: u64, bug: Bug) -> Self {
        let mut dice = Dice::new(seed);
        let settings = Settings { synced_writes: dice.one_in(2), direct_reads: dice.one_in(2) };
        let mode = if dice.one_in(3) { Mode::Written } else { Mode::Sync };
        let uuid = dice.bytes(16).try_into().expect("16 bytes");
        let segment_bytes = dice.pick(&[16 << 10, 20 << 10, 32 << 10, 64 << 10, 256 << 10]);
        let repersist = bug != Bug::NoRepersist;
        let options = Options { mode, segment_bytes, uuid: Some(uuid), repersist, ..Options::default() };
        Self {
            bug,
            faulty: dice.one_in(2),
            options,
            disk: FakeDisk::with(settings),
            open: None,
            batch: Batch::new(1),
            truth: Truth::default(),
            bounds: Bounds::default(),
            lied: false,
            space_bounded: false,
            poisoned: false,
            found: Found::default(),
            dice,
        }
    }

    pub(crate) fn run(mut self) -> Result<Found, String> {
        self.reopen()?;
        for _ in 0..10 + self.dice.below(50) {
            self.arm_faults();
            let before = self.bounds;
            self.disk.film();
            let (what, outcome) = self.step();
            outcome.map_err(|why| format!("{what}: {why}"))?;
            let film = self.disk.cut();
            self.images(&film, before, what)?;
            if self.dice.one_in(6) {
                let disk = self.disk.clone();
                self.image(&disk, self.bounds, "between steps")
                    .map_err(|why| format!("after {what}: {why}"))?;
            }
            if self.open.is_none() || self.poisoned || self.dice.one_in(12) {
                self.restart()?;
            }
        }
        self.found.mark("sessions");
        Ok(self.found)
    }

    fn arm_faults(&mut self) {
        if !self.faulty || !self.dice.one_in(4) {
            return;
        }
        let seed = self.dice.any();
        let (operation, fault) = match self.dice.below(12) {
            0..4 => (Operation::Sync, Fault::SyncLies { seed }),
            4 => (Operation::Sync, self.dice.pick(&[Fault::Io, Fault::NoSpace])),
            5 => (Operation::Write, self.dice.pick(&[Fault::Io, Fault::NoSpace])),
            6 => (Operation::Write, Fault::Short(512 * (1 + self.dice.index(8)))),
            7 => (Operation::Any, Fault::Io),
            8 => (Operation::Any, Fault::Dead),
            _ => {
                let space = self.dice.below(2 * self.options.segment_bytes);
                self.space_bounded = true;
                return self.disk.set_space(Some(space));
            }
        };
        self.disk.fail(operation, self.dice.below(6), fault);
    }

    /// Does one thing.
    fn step(&mut self) -> (&'static str, Outcome) {
        match self.dice.below(32) {
            0 | 1 => ("heartbeat", self.heartbeat()),
            2..=4 => ("sync", self.sync()),
            5..=9 => ("prepare", self.prepare()),
            10 | 11 => ("snapshot", self.snapshot()),
            12 => ("retain", self.retain()),
            13 => ("read along", self.read_along()),
            14 => ("close", self.close()),
            _ => ("commit", self.commit()),
        }
    }

    fn writer(&mut self) -> &mut Writer {
        &mut self.open.as_mut().expect("a session is open between its steps").0
    }

    /// What the writer says it has, after anything it did.
    fn settle(&mut self, done: Result<(), WriteError>) -> Outcome {
        let last = self.truth.last();
        let writer = &self.open.as_ref().expect("a session is open between its steps").0;
        let (durable, written, head, room) =
            (writer.durable(), writer.written(), writer.head(), writer.room());
        if durable < self.bounds.durable
            || written < self.bounds.written
            || written < durable
            || written > last
        {
            return Err(format!("durable {durable}, written {written} of {last} after {:?}", self.bounds));
        }
        self.bounds.durable = durable;
        self.bounds.written = written;
        if matches!(room, Room::Low { .. }) {
            self.found.mark("on the emergency segment");
        }
        match done {
            Ok(()) => {
                if written != last || head.lsn != last {
                    return Err(format!("all is well with {written} of {last} written, head {head}"));
                }
                self.truth.told(head)
            }
            Err(error) if !self.faulty => Err(format!("nothing failed but the writer: {error}")),
            Err(error) => {
                self.found.mark(match error {
                    WriteError::StorageFull => "storage full",
                    _ => "write errors",
                });
                self.fails_for_good()
            }
        }
    }

    /// J10: after an error nothing is written, and nothing acknowledged.
    fn fails_for_good(&mut self) -> Outcome {
        self.poisoned = true;
        let before = self.disk.operations();
        let durable = self.writer().durable();
        let mut batch = Batch::new(self.batch.next_lsn());
        batch.append(1, 1, 1, 1, |_| {});
        let again = [self.writer().commit(&mut batch), self.writer().heartbeat(), self.writer().sync()];
        if !again.iter().all(|result| matches!(result, Err(WriteError::Poisoned))) {
            return Err(format!("a writer that failed goes on: {again:?}"));
        }
        if self.disk.operations() != before || self.writer().durable() != durable {
            return Err("a writer that failed still does something".to_owned());
        }
        Ok(())
    }

    fn commit(&mut self) -> Outcome {
        let records = match self.dice.below(10) {
            0 => 0,
            1 => 1 + self.dice.below(60),
            _ => 1 + self.dice.below(4),
        };
        for _ in 0..records {
            let body = match self.dice.below(60) {
                0 => self.dice.pick(&[12_000, 50_000]),
                1..=3 => self.dice.index(3000),
                4 => 0,
                _ => self.dice.index(150),
            };
            self.truth.append(&mut self.batch, body, &mut self.dice);
        }
        let mut batch = std::mem::replace(&mut self.batch, Batch::new(self.truth.last() + 1));
        let done = self.writer().commit(&mut batch);
        if done.is_ok() {
            if !batch.is_empty() {
                return Err("a committed batch is not empty".to_owned());
            }
            if self.options.mode == Mode::Sync && self.writer().durable() != self.truth.last() {
                return Err("a commit returned before its records were durable".to_owned());
            }
        }
        self.settle(done)
    }

    fn heartbeat(&mut self) -> Outcome {
        let done = self.writer().heartbeat();
        self.settle(done)
    }

    fn sync(&mut self) -> Outcome {
        let done = self.writer().sync();
        if done.is_ok() && self.writer().durable() != self.truth.last() {
            return Err("a sync returned before everything was durable".to_owned());
        }
        self.settle(done)
    }

    fn prepare(&mut self) -> Outcome {
        let preparer = &self.open.as_ref().expect("a session is open between its steps").1;
        let done =
            if self.dice.one_in(3) { preparer.step().map(|_| ()) } else { preparer.prepare().map(|_| ()) };
        match done {
            Err(error) if !self.faulty => Err(error.to_string()),
            _ => Ok(()),
        }
    }

    fn snapshot(&mut self) -> Outcome {
        let Some(head) = self.head_to_snapshot()? else { return Ok(()) };
        let snapshot = self.truth.snapshot(head, self.options.logic_version);
        let storage = storage(&self.disk, self.bug);
        match write_snapshot(&*storage, &snapshot) {
            Err(error) if !self.faulty => return Err(error.to_string()),
            Err(_) => return Ok(()),
            Ok(_) => {}
        }
        match self.writer().note_snapshot(head.lsn) {
            Ok(()) => {
                self.bounds.noted = head.lsn;
                self.found.mark("snapshots");
                Ok(())
            }
            // It was written a moment ago, but a read may fail.
            Err(WriteError::Snapshot(_)) if self.faulty => Ok(()),
            Err(error) => self.settle(Err(error)),
        }
    }

    /// The last frame's, or that of any durable record, as whoever folds the journal comes by it.
    fn head_to_snapshot(&mut self) -> Result<Option<Head>, String> {
        let (head, durable) = (self.writer().head(), self.writer().durable());
        let from = self.bounds.noted;
        if self.faulty || from >= durable || self.dice.one_in(2) {
            return Ok((head.lsn > 0 && head.lsn <= durable).then_some(head));
        }
        let after = from + self.dice.below(durable - from);
        let record = Reader::open(storage(&self.disk, self.bug), after)
            .and_then(|mut reader| reader.next(durable))
            .map_err(|error| error.to_string())?
            .ok_or("a durable record is not there")?;
        if record.lsn != after + 1 {
            return Err(format!("read {}, not {}", record.lsn, after + 1));
        }
        Ok(Some(Head { lsn: record.lsn, hash: record.frame_hash }))
    }

    fn retain(&mut self) -> Outcome {
        let keep = 1 + self.dice.index(3);
        let policy = self.dice.pick(&[Retention::Archive, Retention::Remove, Retention::KeepAll]);
        // From its first moment on, for the images of the call itself.
        self.bounds.retired |= policy != Retention::KeepAll;
        match self.writer().retain(keep, policy) {
            Ok(retired) => {
                if !retired.segments.is_empty() {
                    self.found.mark("retired segments");
                }
                let files = self.disk.files();
                let kept = |name: &String| files.contains(&format!("archive/{name}"));
                if policy == Retention::Archive && !retired.segments.iter().all(kept) {
                    return Err(format!("archived {retired:?}, and there are {files:?}"));
                }
                Ok(())
            }
            Err(error) => self.settle(Err(error)),
        }
    }

    /// A reader sees all that is durable, and waits at what is not; a verification sees all that is written.
    fn read_along(&mut self) -> Outcome {
        let durable = self.writer().durable();
        if self.faulty || self.bounds.retired || durable == 0 {
            return Ok(());
        }
        let after = self.dice.below(durable);
        let fail = |error: RecoverError| error.to_string();
        let mut reader = Reader::open(storage(&self.disk, self.bug), after).map_err(fail)?;
        for expected in after + 1..=durable {
            let record =
                reader.next(durable).map_err(fail)?.ok_or_else(|| format!("no {expected} to read"))?;
            if record.lsn != expected {
                return Err(format!("read {}, not {expected}", record.lsn));
            }
            self.truth.check_record(&record)?;
        }
        let said = reader.durable_on_disk().map_err(fail)?;
        if said > durable {
            return Err(format!("the files say that {said} is durable, and {durable} is"));
        }
        let verified = verify(storage(&self.disk, self.bug), &mut |_| {}).map_err(fail)?;
        if verified.head != self.writer().head() || !verified.warnings.is_empty() {
            return Err(format!("{:?} is written, {verified:?} verified", self.writer().head()));
        }
        match reader.next(durable).map_err(fail)? {
            Some(record) => Err(format!("read {} beyond what is durable", record.lsn)),
            None => Ok(()),
        }
    }

    fn close(&mut self) -> Outcome {
        let (writer, preparer) = self.open.take().expect("a session is open between its steps");
        drop(preparer);
        match writer.close() {
            Ok(head) => {
                if head.lsn != self.truth.last() {
                    return Err(format!("closed at {head}, not at {}", self.truth.last()));
                }
                self.truth.told(head)?;
                self.bounds.durable = head.lsn;
                self.bounds.written = head.lsn;
                self.found.mark("closed");
                Ok(())
            }
            Err(_) if self.faulty => Ok(()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The process ends in one way or another, and another one begins.
    fn restart(&mut self) -> Outcome {
        self.lied |= self.faulty;
        let after = match self.dice.below(3) {
            0 => {
                self.bounds.written = self.bounds.durable;
                self.disk.crash(&mut |bound| self.dice.below(bound))
            }
            1 => self.disk.kill(),
            _ => {
                drop(self.open.take());
                let disk = self.disk.kill();
                // Write-back goes on after the process, and may fail without anybody to be told.
                if self.dice.one_in(2) {
                    disk.lose_writeback(&mut |bound| self.dice.below(bound));
                    self.lied = true;
                    self.found.mark("lost write-back");
                }
                disk
            }
        };
        self.open = None;
        self.disk = after;
        self.reopen()
    }

    /// Recovers and starts, until it works; each attempt may die of a fault.
    fn reopen(&mut self) -> Outcome {
        loop {
            if self.faulty && self.dice.one_in(3) {
                let operation = self.dice.pick(&[Operation::Any, Operation::Sync, Operation::Write]);
                let fault = if operation == Operation::Sync && self.dice.one_in(2) {
                    Fault::SyncLies { seed: self.dice.any() }
                } else {
                    self.dice.pick(&[Fault::Io, Fault::NoSpace, Fault::Dead])
                };
                self.disk.fail(operation, self.dice.below(60), fault);
            }
            // No fault at all: a read may give less than it was asked for.
            if self.dice.one_in(4) {
                let bytes = 1 + self.dice.index(5000);
                self.disk.fail(Operation::Read, self.dice.below(20), Fault::Short(bytes));
            }
            let armed = self.disk.faults_left();
            let before = self.bounds;
            self.disk.film();
            let done = self.recover_and_start();
            let film = self.disk.cut();
            let struck = self.disk.faults_left() < armed || self.space_bounded;
            match done {
                Ok(writer_and_preparer) => {
                    self.images(&film, before, "recovery")?;
                    self.open = Some(writer_and_preparer);
                    let head = self.writer().head();
                    self.truth.cut(head.lsn);
                    self.truth.told(head)?;
                    self.bounds.durable = head.lsn;
                    self.bounds.written = head.lsn;
                    self.batch = Batch::new(head.lsn + 1);
                    (self.lied, self.poisoned) = (false, false);
                    let writer = self.writer();
                    if (writer.durable(), writer.written()) != (head.lsn, head.lsn) {
                        return Err(format!("{head} is recovered, {} durable", writer.durable()));
                    }
                    return Ok(());
                }
                Err(RecoverError::Io(_)) if struck => {
                    self.found.mark("recoveries that failed and were tried again");
                    self.lied = true;
                    self.images(&film, before, "failed recovery")?;
                    self.disk = self.disk.kill();
                    self.disk.set_space(None);
                    self.space_bounded = false;
                }
                Err(error) => return Err(format!("refused: {error}")),
            }
        }
    }

    fn recover_and_start(&mut self) -> Result<(Writer, Preparer), RecoverError> {
        let armed = self.disk.faults_left();
        let recovered = recover(storage(&self.disk, self.bug), self.options.clone(), &mut |_| {})?;
        if let Err(why) = self.check(&recovered, self.bounds, self.least_after_kill()) {
            // A fault that struck what the check itself read is one of recovery.
            assert!(self.disk.faults_left() < armed, "recovered: {why}");
            return Err(RecoverError::Io(std::io::Error::other(why)));
        }
        recovered.start()
    }

    fn least_after_kill(&self) -> u64 {
        if self.lied { self.bounds.durable } else { self.bounds.written }
    }
}
