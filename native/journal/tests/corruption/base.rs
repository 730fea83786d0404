//! Journals to be damaged.

use std::ops::Range;

use lightning_journal::storage::memory::{BLOCK, FakeDisk, Settings};
use lightning_journal::{Batch, Mode, Options, Preparer, Writer, recover, write_snapshot};

use crate::harness::Dice;
use crate::harness::planted::{Bug, storage};
use crate::harness::truth::Truth;

/// How the journal ended before it was damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// With a heartbeat, as it has after 10 ms without work.
    Heartbeat,
    /// Right after a commit: nothing but the last frame itself shows that it was acknowledged.
    Bare,
    /// With a frame that a crash tore.
    Torn,
    /// Closed.
    Closed,
    /// Written mode, synced, and a heartbeat.
    Written,
}

impl Ending {
    pub(crate) const ALL: [Self; 5] = [Self::Heartbeat, Self::Bare, Self::Torn, Self::Closed, Self::Written];
}

/// A journal to be damaged.
pub(crate) struct Base {
    pub(crate) ending: Ending,
    pub(crate) options: Options,
    pub(crate) disk: FakeDisk,
    pub(crate) truth: Truth,
    /// Where the last frame with records is, and the last record before it.
    pub(crate) last_frame: (String, Range<u64>),
    pub(crate) before_last_frame: u64,
    /// The disk as it was at earlier times.
    pub(crate) history: Vec<FakeDisk>,
}

struct Builder {
    dice: Dice,
    options: Options,
    disk: FakeDisk,
    open: (Writer, Preparer),
    truth: Truth,
    history: Vec<FakeDisk>,
    commits: u64,
    /// One commit in so many goes down in history.
    stride: u64,
}

pub(crate) fn open(disk: &FakeDisk, options: &Options) -> (Writer, Preparer) {
    let recovered =
        recover(storage(disk, Bug::None), options.clone(), &mut |_| {}).expect("nothing is damaged");
    recovered.start().expect("nothing is damaged")
}

impl Builder {
    fn new(ending: Ending, log_bytes: u64) -> Self {
        let mut dice = Dice::new(ending as u64);
        let settings = Settings { synced_writes: dice.one_in(2), direct_reads: dice.one_in(2) };
        let segment_bytes = (log_bytes / 2).next_multiple_of(BLOCK as u64).max(16 << 10);
        let mode = if ending == Ending::Written { Mode::Written } else { Mode::Sync };
        let uuid = dice.bytes(16).try_into().expect("16 bytes");
        let options = Options { mode, segment_bytes, uuid: Some(uuid), ..Options::default() };
        let disk = FakeDisk::with(settings);
        let open = open(&disk, &options);
        let stride = (log_bytes >> 16).max(1);
        Self { dice, options, disk, open, truth: Truth::default(), history: Vec::new(), commits: 0, stride }
    }

    fn commit(&mut self) {
        self.open.1.prepare().expect("no fault");
        let mut batch = Batch::new(self.truth.last() + 1);
        let records = 1 + self.dice.below(6);
        for _ in 0..records {
            let most = if self.dice.one_in(6) { 4000 } else { 300 };
            let body = self.dice.index(most);
            self.truth.append(&mut batch, body, &mut self.dice);
        }
        self.open.0.commit(&mut batch).expect("no fault");
        if self.options.mode == Mode::Written && self.dice.one_in(3) {
            self.open.0.sync().expect("no fault");
        }
        self.truth.told(self.open.0.head()).expect("a head is told once");
        self.commits += 1;
        if self.commits.is_multiple_of(self.stride) {
            self.history.push(self.disk.kill());
        }
    }

    fn snapshot(&mut self) {
        self.open.0.sync().expect("no fault");
        let head = self.open.0.head();
        write_snapshot(&self.disk, &self.truth.snapshot(head, 1)).expect("no fault");
        self.open.0.note_snapshot(head.lsn).expect("it was just written");
        self.history.push(self.disk.kill());
    }

    /// The process dies, and another one goes on.
    fn restart(&mut self, disk: FakeDisk) {
        self.disk = disk;
        self.open = open(&self.disk, &self.options);
        assert_eq!(self.open.0.head().lsn, self.truth.last());
        self.history.push(self.disk.kill());
    }

    /// The disk with a frame of which only a part was written when the power went.
    fn torn(&mut self) -> FakeDisk {
        self.disk.film();
        let mut batch = Batch::new(self.truth.last() + 1);
        for _ in 0..20 {
            let body = self.dice.bytes(600);
            batch.append(1, 1, 1, 1, |bytes| bytes.extend_from_slice(&body));
        }
        self.open.0.commit(&mut batch).expect("no fault");
        let film = self.disk.cut();
        for _ in 0..10_000 {
            let moment = &film[self.dice.index(film.len())];
            let after = moment.disk.crash(&mut |bound| self.dice.below(bound));
            let found = recover(storage(&after.kill(), Bug::None), self.options.clone(), &mut |_| {})
                .expect("a crash is legal");
            if found.torn().is_some() && found.head().lsn == self.truth.last() {
                return after;
            }
        }
        panic!("no frame was ever torn");
    }
}

impl Base {
    pub(crate) fn build(ending: Ending, log_bytes: u64) -> Self {
        let mut it = Builder::new(ending, log_bytes);
        let total = |disk: &FakeDisk| -> u64 {
            let segments = disk.files().into_iter().filter(|name| name.starts_with("segment-"));
            segments.map(|name| used(disk, &name)).sum()
        };
        let mut milestones = [1, 3, 4, 5, 6, 7].map(|eighths| log_bytes * eighths / 8).into_iter();
        let mut next = milestones.next();
        let mut number = 0;
        while total(&it.disk) < log_bytes {
            it.commit();
            if it.dice.one_in(8) {
                it.open.0.heartbeat().expect("no fault");
            }
            if next.is_some_and(|bytes| total(&it.disk) >= bytes) {
                next = milestones.next();
                number += 1;
                match number {
                    1 | 3 | 5 => it.snapshot(),
                    2 => it.restart(it.disk.kill()),
                    4 => {
                        let disk = it.torn();
                        it.restart(disk);
                    }
                    _ => {}
                }
            }
        }
        // A few frames in the last segment, so that it can be rolled back.
        for _ in 0..3 {
            it.commit();
        }
        let before_last_frame = it.truth.last();
        let before = it.disk.kill();
        it.commit();
        let last_frame = changed(&before, &it.disk);
        match ending {
            Ending::Bare => {}
            Ending::Heartbeat => it.open.0.heartbeat().expect("no fault"),
            Ending::Written => {
                it.open.0.sync().expect("no fault");
                it.open.0.heartbeat().expect("no fault");
                it.open.0.sync().expect("no fault");
            }
            Ending::Torn => it.disk = it.torn(),
            Ending::Closed => {
                it.open.0.close().expect("no fault");
            }
        }
        let Builder { options, disk, truth, history, .. } = it;
        // A power loss at rest: nothing is dirty, and damage is all there is.
        let disk = disk.crash(&mut |bound| 1 % bound);
        Self { ending, options, disk, truth, last_frame, before_last_frame, history }
    }

    /// May the last frame be lost without a word? Only if nothing else says that it was there, and nothing else of
    /// the journal is damaged.
    pub(crate) fn forgives(&self, damaged: &FakeDisk) -> bool {
        let of_the_journal = |name: &&String| {
            ["segment-", "snapshot-", "MANIFEST"].iter().any(|prefix| name.starts_with(prefix))
        };
        let (files, left) = (self.disk.files(), damaged.files());
        let (last, frame) = &self.last_frame;
        let mut undecided = frame.clone();
        match self.ending {
            Ending::Bare | Ending::Torn => {}
            // Behind the last that was synced, frames of this mode may be in any condition after a crash. So the
            // heartbeat alone proves anything, and the same damage may destroy that one, too.
            Ending::Written => undecided.end += BLOCK as u64,
            Ending::Heartbeat | Ending::Closed => return false,
        }
        let intact = |bytes: Range<u64>| {
            let bytes = index(bytes.start)..index(bytes.end);
            left.contains(last) && damaged.read(last).get(bytes.clone()) == Some(&self.disk.read(last)[bytes])
        };
        (undecided == *frame || !intact(frame.end..undecided.end))
            && files.iter().filter(of_the_journal).eq(left.iter().filter(of_the_journal))
            && files.iter().filter(of_the_journal).all(|name| {
                let (mut before, mut after) = (self.disk.read(name), damaged.read(name));
                if name == last && before.len() == after.len() {
                    let undecided = index(undecided.start)..index(undecided.end);
                    before[undecided.clone()].fill(0);
                    after[undecided].fill(0);
                }
                before == after
            })
    }
}

pub(crate) fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("a file in memory")
}

/// How much of a file is in use: all up to the last byte that is not zero.
pub(crate) fn used(disk: &FakeDisk, name: &str) -> u64 {
    disk.read(name).iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1)
}

/// The one segment that differs, and where, in whole blocks.
fn changed(before: &FakeDisk, after: &FakeDisk) -> (String, Range<u64>) {
    let old = before.files();
    for name in after.files() {
        if !name.starts_with("segment-") {
            continue;
        }
        let now = after.read(&name);
        let then = if old.contains(&name) { before.read(&name) } else { vec![0; now.len()] };
        let block = BLOCK as u64;
        let differs = |at: &usize| now[at * BLOCK..(at + 1) * BLOCK] != then[at * BLOCK..(at + 1) * BLOCK];
        // The header of a new segment is not part of the frame.
        let blocks: Vec<usize> = (1..now.len() / BLOCK).filter(differs).collect();
        if let (Some(first), Some(last)) = (blocks.first(), blocks.last()) {
            return (name, *first as u64 * block..(*last as u64 + 1) * block);
        }
    }
    panic!("a commit changed no segment");
}

/// Was there a time at which all segments and manifests were what they are now, and the last record this one?
pub(crate) fn existed(base: &Base, damaged: &FakeDisk, last: u64) -> bool {
    let of_the_log = |name: &String| name.starts_with("segment-") || name.starts_with("MANIFEST");
    let log = |disk: &FakeDisk| -> Vec<(String, Vec<u8>)> {
        let names = disk.files().into_iter().filter(of_the_log);
        names.map(|name| (name.clone(), disk.read(&name))).collect()
    };
    let now = log(damaged);
    base.history.iter().any(|then| {
        now == log(then)
            && recover(storage(&then.kill(), Bug::None), base.options.clone(), &mut |_| {})
                .is_ok_and(|recovered| recovered.head().lsn == last)
    })
}
