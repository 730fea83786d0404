//! A journal checked and done again at once: each byte is read and hashed by one thread, which decodes what it has found
//! whole for the other two.
//!
//! What is wrong with the files counts first, wherever it is, as if they had been checked before the first record was done
//! again. So after a record that can't be done again the check goes on to its end, and only if it finds nothing that record
//! is what is told. State that was made of records before the damage is thrown away; nothing on the disk has changed yet.

use std::panic::resume_unwind;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};
use lightning_core::fold::Shards;
use lightning_journal::storage::Storage;
use lightning_journal::{
    Follow, Options, Progress, RecordRef, RecoverError, Recovered, Snapshot, recover_along,
};

use super::pipeline::{Batch, Done, Sink, Source, channel, spawn};
use super::{Replay, refusal_of};
use crate::config::Config;
use crate::refusal::Refusal;

/// What is heard meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Heard {
    /// The files have been found, and a snapshot among them is loaded.
    Snapshot,
    /// So much was done.
    Done(Done),
}

/// What came of it: the state at the end of the journal, and the snapshot that it began with.
pub(crate) type Replayed = (Replay, Option<u64>);

/// Checks a journal and does its records again. None were done if it is new, or its newest whole snapshot is of no use:
/// then that is left to the caller.
///
/// # Errors
/// What is wrong with the files, wherever it is; `INTERNAL` if the system has no threads to spare. The inner one: the first
/// record that can't be done again, where nothing is wrong with the files.
pub(crate) fn check_and_replay(
    storage: Arc<dyn Storage>,
    options: Options,
    (config, shards): (&Config, Shards),
    hear: &mut dyn FnMut(Heard),
) -> Result<(Recovered, Option<Result<Replayed, Refusal>>), Refusal> {
    let (begin, begun) = bounded(1);
    let (sink, source) = channel();
    std::thread::scope(|scope| {
        let check = move || Along::new(begin, sink).check(storage, options);
        let reader = spawn(scope, "recovery-reader", check)?;
        // All that the reader may wait for is dropped with this line.
        let replayed = replay(begun, source, (config, shards), hear);
        let (checked, is_told) = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        let journal = checked.map_err(|error| refusal_of(&error))?;
        Ok((journal, replayed.filter(|_| is_told)))
    })
}

/// Does again what the reader sends, from where it says that it begins.
fn replay(
    begun: Receiver<Option<Snapshot>>,
    source: Source,
    (config, shards): (&Config, Shards),
    hear: &mut dyn FnMut(Heard),
) -> Option<Result<Replayed, Refusal>> {
    let snapshot = begun.recv().ok()?;
    let lsn = snapshot.as_ref().map(|snapshot| snapshot.lsn);
    let mut replay = match snapshot {
        None => Replay::new(config, shards),
        Some(snapshot) => {
            hear(Heard::Snapshot);
            // Whoever goes on with an older one says why.
            Replay::load(&snapshot, config, shards).ok()?
        }
    };
    Some(replay.run_from(source, &mut |done| hear(Heard::Done(done))).map(|()| (replay, lsn)))
}

/// The reader.
struct Along {
    begin: Sender<Option<Snapshot>>,
    sink: Sink,
    batch: Batch,
    /// How often it was said where the records begin. All that was told counts only if that was once.
    begun: usize,
    checked: Option<Progress>,
}

impl Along {
    fn new(begin: Sender<Option<Snapshot>>, sink: Sink) -> Self {
        Self { begin, sink, batch: Batch::default(), begun: 0, checked: None }
    }

    /// Checks everything. Says also whether all records were told, and no others.
    fn check(
        mut self,
        storage: Arc<dyn Storage>,
        options: Options,
    ) -> (Result<Recovered, RecoverError>, bool) {
        let checked = recover_along(storage, options, &mut self);
        let is_told = self.begun == 1;
        if checked.is_ok() && is_told {
            self.hand_on();
        }
        (checked, is_told)
    }

    fn hand_on(&mut self) -> bool {
        let mut batch = std::mem::take(&mut self.batch);
        batch.set_checked(self.checked);
        let is_wanted = self.sink.send(batch);
        if is_wanted {
            self.batch = self.sink.batch();
        }
        is_wanted
    }
}

impl Follow for Along {
    fn wants_snapshots(&self) -> bool {
        self.begun == 0
    }

    fn begin(&mut self, snapshot: Option<Snapshot>) -> bool {
        self.begun += 1;
        self.begun == 1 && self.begin.send(snapshot).is_ok()
    }

    fn record(&mut self, record: &RecordRef<'_>) -> bool {
        self.batch.push(record);
        !self.batch.is_whole() || self.hand_on()
    }

    fn progress(&mut self, progress: Progress) {
        self.checked = Some(progress);
    }
}
