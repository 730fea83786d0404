//! What an engine finds when it is opened on what an earlier one has kept.
//!
//! Everything is checked before anything is changed: the files, then every record that no snapshot covers, which is done
//! again and proves by its digests that it leads to what it led to, then the state that comes of it. Only then the
//! journal is made ready to be written, and what was begun and not finished is finished. Dying at any moment of this
//! changes nothing that matters: it is done again.

use std::sync::Arc;
use std::time::Instant;

use lightning_core::codec::{Encode, VERSION, kind_of};
use lightning_core::fold::{FoldedShards, Shards};
use lightning_core::log::{Log, Record};
use lightning_core::reject::Code;
use lightning_core::types::{Lsn, Timestamp};
pub use lightning_journal::Torn;
use lightning_journal::storage::Storage;
use lightning_journal::{Batch, Mode, Options, Preparer, Recovered, Writer};

use crate::clock::Clock;
use crate::config::{Config, Durability};
use crate::journal::{Gate, halted_by};
use crate::matcher_thread::Feeds;
use crate::once::Once;
use crate::operator::Facts;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::replay::{Done, Heard, LOGIC_VERSION, Replay, check_and_replay, refusal_of};
use crate::router::shard_of_symbol;
use crate::threaded;

/// Records between two words about how far it is.
const RECORDS_PER_WORD: u64 = 4_096;

/// What recovery is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryPhase {
    /// Files are read and checked.
    Check,
    /// A snapshot is loaded.
    Snapshot,
    /// Records are done again.
    Replay,
    /// Invariants are checked, and the state is hashed.
    Prove,
}

impl RecoveryPhase {
    /// Its name, for instance `replay`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Snapshot => "snapshot",
            Self::Replay => "replay",
            Self::Prove => "prove",
        }
    }
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecoveryProgress {
    /// What it is doing.
    pub phase: RecoveryPhase,
    /// Records so far, in this phase.
    pub records: u64,
    /// Bytes of files so far, in this phase.
    pub bytes: u64,
    /// Of so many; zero where nobody knows.
    pub bytes_total: u64,
}

/// What it found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecoveryReport {
    /// The directory was empty: a new journal begins.
    pub is_new: bool,
    /// How often the journal was opened, this time included.
    pub incarnation: u64,
    /// The snapshot that it began with; none if it did every record again.
    pub snapshot_lsn: Option<u64>,
    /// Records that were done again.
    pub records: u64,
    /// The last of them.
    pub last_lsn: u64,
    /// What a crash had cut short. Nobody was ever told of it.
    pub torn: Option<Torn>,
    /// The hash of the state after the last record.
    pub state_hash: [u8; 32],
    /// How long it took.
    pub milliseconds: u64,
    /// What was wrong and could be done without: a bad copy of the manifest, a bad snapshot.
    pub warnings: Vec<String>,
}

/// An engine's state as an earlier one left it, and the journal that goes on behind it.
pub(crate) struct Recovery {
    pub(crate) shards: threaded::Shards,
    /// Order ids up to this one may have been seen.
    pub(crate) order_ids_up_to: u64,
    pub(crate) registry: Registry,
    pub(crate) once: Once,
    pub(crate) facts: Facts,
    pub(crate) clock: Clock,
    pub(crate) writer: Writer,
    pub(crate) preparer: Preparer,
    /// For whoever must not show what could still be lost.
    pub(crate) gate: Arc<Gate>,
    /// The last record, which is safe.
    pub(crate) last: Lsn,
    pub(crate) report: RecoveryReport,
}

/// How an engine's promise is kept.
pub(crate) fn mode(durability: Durability) -> Mode {
    match durability {
        Durability::Written => Mode::Written,
        Durability::Sync | Durability::Volatile => Mode::Sync,
    }
}

/// Recovers an engine from its storage.
///
/// # Errors
/// `DATA_DIR_LOCKED`, `CORRUPT_STATE`, `UNSUPPORTED_VERSION`, `UNSAFE_DATA_DIR`, and nothing has been changed;
/// `JOURNAL_IO`, `STORAGE_FULL`.
pub(crate) fn recover(
    config: &Config,
    storage: Arc<dyn Storage>,
    progress: &mut dyn FnMut(RecoveryProgress),
) -> Result<Recovery, Refusal> {
    let began = Instant::now();
    let options = Options {
        mode: mode(config.durability),
        segment_bytes: config.journal.segment_bytes,
        logic_version: LOGIC_VERSION,
        ..Options::default()
    };
    let shards = Shards { sequencers: config.sequencers, matchers: config.matchers };
    let mut words = Words { progress, told: 0, last: Done::default() };
    words.say(RecoveryPhase::Check);
    let (journal, replayed) =
        check_and_replay(storage, options, (config, shards), &mut |heard| words.hear(heard))?;
    if let Some(found) = journal.logic_version().filter(|&found| found > LOGIC_VERSION) {
        let message =
            format!("the journal is of a later version: its records mean what version {found} says");
        return Err(Refusal::new(Code::UnsupportedVersion, message).with("found", found));
    }
    let (replay, snapshot_lsn, warnings) = match replayed {
        None => replay(&journal, (config, shards), &mut words)?,
        Some(replayed) => {
            let (replay, snapshot_lsn) = replayed?;
            (replay, snapshot_lsn, journal.warnings().to_vec())
        }
    };
    words.say(RecoveryPhase::Prove);
    let state_hash = replay.prove_side_by_side().map_err(|error| error.refusal())?;

    let gate = Arc::new(Gate::at(Lsn(0)));
    let facts = replay.fold.operator();
    let no_fact = |why: String| {
        let message = format!("what the operator's front end has kept can't be read: {why}");
        Refusal::new(Code::CorruptState, message).with("reason", why)
    };
    let registry = Registry::from_facts(facts, gate.clone(), config.memory()).map_err(no_fact)?;
    let once = Once::from_facts(facts).map_err(no_fact)?;

    let mut report = RecoveryReport {
        is_new: journal.is_new(),
        incarnation: 0,
        snapshot_lsn,
        records: replay.records,
        last_lsn: replay.last().0,
        torn: journal.torn().cloned(),
        state_hash,
        milliseconds: 0,
        warnings,
    };
    let (writer, preparer, clock, folded) = begin(journal, replay, config)?;
    report.incarnation = writer.incarnation();
    report.milliseconds = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let facts = Facts::new(folded.operator.clone());
    let last = Lsn(writer.written());
    let order_ids_up_to = folded.order_ids_up_to;
    let shards = with_feeds(folded, &registry, config);
    Ok(Recovery {
        shards,
        order_ids_up_to,
        registry,
        once,
        facts,
        clock,
        writer,
        preparer,
        gate,
        last,
        report,
    })
}

/// The state at the end of the journal, from the newest snapshot that is one.
fn replay(
    journal: &Recovered,
    (config, shards): (&Config, Shards),
    words: &mut Words<'_>,
) -> Result<(Replay, Option<u64>, Vec<String>), Refusal> {
    let mut warnings = journal.warnings().to_vec();
    let mut begun = None;
    for lsn in journal.snapshots() {
        words.hear(Heard::Snapshot);
        let read = journal.read_snapshot(lsn).map_err(|error| error.to_string());
        match read.and_then(|snapshot| Replay::load(&snapshot, config, shards)) {
            Ok(replay) => {
                begun = Some((replay, lsn));
                break;
            }
            Err(why) => warnings.push(format!("the snapshot of record {lsn} is not used: {why}")),
        }
    }
    let snapshot_lsn = begun.as_ref().map(|&(_, lsn)| lsn);
    let mut replay = begun.map_or_else(|| Replay::new(config, shards), |(replay, _)| replay);
    (words.told, words.last) = (0, Done::default());
    replay.run(journal.records(snapshot_lsn.unwrap_or(0)), &mut |done| words.hear(Heard::Done(done)))?;
    Ok((replay, snapshot_lsn, warnings))
}

/// Says how far recovery is.
struct Words<'a> {
    progress: &'a mut dyn FnMut(RecoveryProgress),
    /// How many thousands of records have been told.
    told: u64,
    last: Done,
}

impl Words<'_> {
    /// A phase begins.
    fn say(&mut self, phase: RecoveryPhase) {
        let Done { records, bytes, .. } = self.last;
        (self.progress)(RecoveryProgress { phase, records, bytes, bytes_total: 0 });
    }

    fn hear(&mut self, heard: Heard) {
        match heard {
            Heard::Snapshot => self.say(RecoveryPhase::Snapshot),
            Heard::Done(done) => {
                self.last = done;
                if let Some(checked) = done.checked {
                    let (bytes, bytes_total) = (checked.bytes, checked.bytes_total);
                    let phase = RecoveryPhase::Check;
                    (self.progress)(RecoveryProgress { phase, records: 0, bytes, bytes_total });
                }
                if done.records / RECORDS_PER_WORD > self.told {
                    self.told = done.records / RECORDS_PER_WORD;
                    self.say(RecoveryPhase::Replay);
                }
            }
        }
    }
}

/// Makes the journal ready to be written, and finishes what was begun. From here on something changes.
fn begin(
    journal: Recovered,
    mut replay: Replay,
    config: &Config,
) -> Result<(Writer, Preparer, Clock, FoldedShards), Refusal> {
    let (mut writer, preparer) = journal.start().map_err(|error| refusal_of(&error))?;
    let mut clock = Clock::new(config.manual_clock_start_ms, Some(replay.fold.last().1));
    let now = clock.now();
    let mut log = BatchLog(Batch::new(replay.last().0 + 1));
    let genesis = Record::Genesis { logic_version: LOGIC_VERSION };
    let lsn = log.append(now, 0, &genesis);
    replay
        .fold
        .apply(lsn, now, 0, (&genesis).into(), &mut replay.told)
        .expect("it is the next record, and of no symbol");
    replay.fold.resume(now, &mut log);
    writer.commit(&mut log.0).and_then(|()| writer.sync()).map_err(|error| {
        let halted = halted_by(&error);
        Refusal::new(halted.code, halted.why.clone()).with("reason", halted.why)
    })?;
    Ok((writer, preparer, clock, replay.fold.into_shards()))
}

/// The shards of an engine at rest, and what they have published.
fn with_feeds(folded: FoldedShards, registry: &Registry, config: &Config) -> threaded::Shards {
    let FoldedShards { sequencers, matchers, mut archives, .. } = folded;
    let mut feeds: Vec<_> = matchers.iter().map(|_| Feeds::default()).collect();
    for symbol in registry.symbols() {
        let id = symbol.spec.id();
        let shard = shard_of_symbol(id, config.matchers);
        symbol.feed.restore(matchers[shard].market(id), archives.remove(&id));
        feeds[shard].add(id.0 as usize, symbol.feed.clone());
    }
    threaded::Shards { sequencers, matchers, feeds }
}

/// A log that is a batch, before there are shards.
struct BatchLog(Batch);

impl Log for BatchLog {
    fn append(&mut self, now: Timestamp, digest: u64, record: &Record<'_>) -> Lsn {
        let encode = |out: &mut Vec<u8>| record.encode(out);
        Lsn(self.0.append(kind_of(record), VERSION, now.0, digest, encode))
    }
}
