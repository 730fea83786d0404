//! From a disk to a living machine, and back.

use std::sync::Arc;

use lightning_core::fold::{Fold, Shards, Told};
use lightning_core::log::{Record, Recorded};
use lightning_core::types::{Lsn, Timestamp};
use lightning_journal::storage::Storage;
use lightning_journal::storage::memory::{FakeDisk, Fault, Operation};
use lightning_journal::{
    Mode, Options, Preparer, RecoverError, Recovered, Snapshot, Writer, recover, verify,
};

use super::journal::Journal;
use super::replayer::Replayer;
use super::state::State;
use super::weather::{Death, Weather, draw_fault};
use super::{LOGIC_VERSION, TRADES_KEPT, rot, verdict};
use crate::coverage::Coverage;
use crate::recorder::Front;
use crate::rng::{Dice, Rng};
use crate::workload::Workload;
use crate::world::{Pause, Trace, World};

/// Steps that a machine goes on for at most when its end is near.
const LAST_STEPS: u64 = 300;

/// Shard counts that must make no difference to what the log leads to.
const CROWDS: [usize; 4] = [1, 2, 5, 20];

/// One seed's machines.
pub(super) struct Run<'w, 't> {
    workload: &'w Workload,
    world: World<'w, 't>,
    weather: Weather,
    /// For everything but the world's own schedule.
    rng: Rng,
    /// For what is listened to, apart, so that it does not change what happens.
    ears: Rng,
    disk: FakeDisk,
    uuid: [u8; 16],
    /// What the last machine let out.
    shown: Lsn,
    /// What it knew to be safe from power loss.
    durable: Lsn,
    /// Has the power failed since it lived?
    dark: bool,
    /// Was its engine closed, and at which state?
    closed: Option<[u8; 32]>,
    /// Has a snapshot been damaged that may be missed one day?
    misses_snapshot: bool,
}

/// What happens while a recovery runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Disturbance {
    PowerCut,
    Fault,
}

/// A journal that was opened, and what it led to.
struct Opened {
    writer: Writer,
    preparer: Preparer,
    storage: Arc<dyn Storage>,
    replayer: Option<Replayer>,
    fold: Fold,
    /// The last record.
    last: Lsn,
}

impl<'w, 't> Run<'w, 't> {
    pub(super) fn new(workload: &'w Workload, seed: u64, trace: Trace<'t>) -> Self {
        let mut rng = Rng::new(seed, 3);
        let weather = Weather::draw(&mut rng);
        let mut uuid = [0; 16];
        uuid.fill_with(|| rng.next_u64().to_le_bytes()[0]);
        let mut world = World::unborn(workload, seed, trace);
        world.say(|| format!("{}{weather:?}", workload.setup));
        Self {
            workload,
            world,
            disk: FakeDisk::with(weather.disk),
            weather,
            rng,
            ears: Rng::new(seed, 9),
            uuid,
            shown: Lsn(0),
            durable: Lsn(0),
            dark: false,
            closed: None,
            misses_snapshot: false,
        }
    }

    pub(super) fn into_coverage(self) -> Coverage {
        self.world.coverage
    }

    /// Lives all lives.
    pub(super) fn go(&mut self) {
        for _ in 1..self.weather.lives {
            self.come_to_life(true);
            let span = self.weather.span(&mut self.rng);
            let pause = self.world.live(span);
            self.die(pause);
        }
        loop {
            self.come_to_life(false);
            match self.world.live(u64::MAX) {
                Pause::Rest => break,
                // A recovery had set off what strikes only now.
                Pause::Stopped(_) => self.end(true),
                Pause::Time => unreachable!("there was all the time in the world"),
            }
        }
        self.world.finish();
        self.expect_one_state();
        let closed = self.close();
        assert!(closed, "a healthy disk lets an engine be closed");
        self.read_the_end();
    }

    fn hit(&mut self, name: &'static str) {
        self.world.coverage.hit(name);
    }

    // Dying.

    /// A machine that lives ends, by whatever the weather says.
    fn die(&mut self, pause: Pause) {
        if let Pause::Stopped(_) = pause {
            // Something that struck late.
            return self.end(true);
        }
        if pause == Pause::Rest {
            self.hit("died at rest");
        }
        let death = self.weather.death(&mut self.rng);
        self.world.say(|| format!("{death:?}"));
        let dark = match death {
            Death::Power => {
                self.hit("the power failed");
                true
            }
            Death::PowerSoon(after) => {
                self.disk.cut_power_at(after);
                if let Pause::Stopped(_) = self.world.live(LAST_STEPS) {
                    self.hit("the power failed while something was written");
                }
                true
            }
            Death::Kill => {
                self.hit("the process was killed");
                false
            }
            Death::KillAndForget => {
                self.hit("the process was killed, and its last writes failed");
                self.end(false);
                let rng = &mut self.rng;
                self.disk.lose_writeback(&mut |bound| rng.below(bound));
                // What only the page cache has may be gone, as if the power had failed.
                self.dark = true;
                return;
            }
            Death::Fault(operation, after, fault) => {
                self.disk.fail(operation, after, fault);
                self.live_until_it_strikes(operation, fault);
                if matches!(fault, Fault::SyncLies { .. }) {
                    self.end(false);
                    self.dark = true;
                    return;
                }
                self.rng.one_in(3)
            }
            Death::FaultAndPower(operation, after, fault) => {
                self.disk.fail(operation, after, fault);
                self.live_until_it_strikes(operation, fault);
                true
            }
            Death::Full => {
                self.disk.set_space(Some(self.rng.below(self.weather.segment_bytes)));
                if let Pause::Stopped(_) = self.world.live(LAST_STEPS) {
                    self.hit("nothing found room any more");
                }
                false
            }
            Death::Close => {
                let closed = self.close();
                if closed {
                    self.hit("closed");
                }
                // A power cut that a recovery had set off may come in its way.
                !closed || self.rng.one_in(2)
            }
        };
        self.end(dark);
    }

    fn live_until_it_strikes(&mut self, operation: Operation, fault: Fault) {
        if let Pause::Stopped(_) = self.world.live(LAST_STEPS) {
            self.hit(match (operation, fault) {
                (Operation::Sync, Fault::SyncLies { .. }) => "a sync failed, and left its pages clean",
                (Operation::Sync, _) => "a sync failed",
                (Operation::Write, _) => "a write failed",
                (_, Fault::Dead) => "the disk died",
                _ => "the disk failed",
            });
        }
    }

    /// The machine is gone; `dark`: with what only its memory had.
    fn end(&mut self, dark: bool) {
        if let Some((shown, durable)) = self.world.journal_ends() {
            (self.shown, self.durable) = (shown, durable);
        }
        self.world.die();
        self.cut(dark);
        self.disk.set_space(None);
        self.disk.clear_faults();
        self.dark = dark;
    }

    /// Another process, or another machine, with the same disk.
    fn cut(&mut self, dark: bool) {
        let rng = &mut self.rng;
        self.disk = if dark { self.disk.crash(&mut |bound| rng.below(bound)) } else { self.disk.kill() };
    }

    /// Closes the engine as one that is asked to: nobody is let in, what is under way ends, and the last record says
    /// so. False if the disk fails meanwhile.
    fn close(&mut self) -> bool {
        if self.world.drain() != Pause::Rest {
            return false;
        }
        let hash = self.fold_everything(1).1.hash();
        self.world.append(&Record::CleanShutdown { state_hash: hash });
        if !self.world.flush() {
            return false;
        }
        let journal = self.world.take_journal();
        let last = self.world.recorder().last();
        match journal.close() {
            Ok(head) => {
                assert_eq!(head.lsn, last.0, "it was closed behind the last record");
                (self.shown, self.durable) = (last, last);
                self.closed = Some(hash);
                true
            }
            Err(_) => false,
        }
    }

    // Coming to life.

    /// Recovers, as often as it takes. `disturbed`: as the weather says, something may happen meanwhile.
    fn come_to_life(&mut self, disturbed: bool) {
        self.damage();
        let mut chances = if disturbed && self.weather.disturbs > 0 { 3 } else { 0 };
        let opened = loop {
            let armed = chances > 0 && self.rng.one_in(self.weather.disturbs);
            chances = u64::saturating_sub(chances, 1);
            let disturbance = armed.then(|| self.disturb());
            match (self.open(), disturbance) {
                (Ok(opened), _) => break opened,
                (Err(why), None) => panic!("recovery fails on a healthy disk: {why}"),
                (Err(why), Some(disturbance)) => {
                    self.world.say(|| format!("a recovery is cut short: {why}"));
                    let dark = disturbance == Disturbance::PowerCut || self.rng.one_in(2);
                    self.hit(if dark { "the power failed in a recovery" } else { "a recovery was killed" });
                    self.cut(dark);
                    self.dark |= dark;
                    self.disk.clear_faults();
                }
            }
        };
        self.disk.clear_faults();
        self.begin(opened);
    }

    /// Sets off something that happens in the next recovery, or soon after it.
    fn disturb(&mut self) -> Disturbance {
        if self.rng.one_in(2) {
            self.disk.cut_power_at(self.rng.below(60));
            return Disturbance::PowerCut;
        }
        let (operation, after, fault) = if self.rng.one_in(2) {
            draw_fault(&mut self.rng)
        } else {
            let reading = [Operation::Read, Operation::Open, Operation::List, Operation::Remove];
            (*self.rng.pick(&reading), self.rng.below(20), Fault::Io)
        };
        self.disk.fail(operation, after, fault);
        Disturbance::Fault
    }

    /// Files rot while nobody runs: where they can be done without, and (on a copy) where they can't.
    fn damage(&mut self) {
        if self.weather.rots == 0 || !self.rng.one_in(self.weather.rots) {
            return;
        }
        let options = self.options();
        rot::is_noticed(&self.disk, options, &mut self.rng, &mut self.world.coverage);
        if self.rng.one_in(3) && rot::spoil_manifest(&self.disk, &mut self.rng) {
            self.hit("a copy of the manifest was damaged");
        }
        let may_be_missed = rot::has_all_history(&self.disk) || !self.misses_snapshot;
        if self.rng.one_in(3) && may_be_missed && rot::spoil_snapshot(&self.disk, &mut self.rng) {
            self.hit("a snapshot was damaged");
            self.misses_snapshot = true;
        }
    }

    fn options(&self) -> Options {
        Options {
            mode: self.weather.habits.mode,
            segment_bytes: self.weather.segment_bytes,
            logic_version: LOGIC_VERSION,
            repersist: true,
            uuid: Some(self.uuid),
        }
    }

    /// Reads the journal, compares it with what was written to it, folds it, and gets ready to write.
    fn open(&mut self) -> Result<Opened, String> {
        let storage: Arc<dyn Storage> = Arc::new(self.disk.clone());
        let recovered = recover(Arc::clone(&storage), self.options(), &mut |_| {}).map_err(excuse)?;
        let (head, first) = (recovered.head(), recovered.first_lsn());
        let records = recovered.records(first - 1).collect::<Result<Vec<_>, _>>().map_err(excuse)?;
        let recorded = verdict::same_log(&records, first, head, &self.world.recorder().records);
        verdict::same_heads(self.world.heads(), &records, first, head);
        assert!(head.lsn >= self.durable.0, "{:?} was durable, and the log ends at {head:?}", self.durable);
        assert!(
            self.dark || head.lsn >= self.shown.0,
            "{:?} was written, and the log ends at {head:?}",
            self.shown
        );
        self.note(&recovered);

        let limits = self.workload.setup.limits;
        let shards = Shards {
            sequencers: self.weather.crowd(&mut self.rng),
            matchers: self.weather.crowd(&mut self.rng),
        };
        let snapshot = self.newest_snapshot(&recovered)?;
        let mut fold = match &snapshot {
            None => Fold::new(shards, limits, TRADES_KEPT),
            Some(snapshot) => load(snapshot, shards, self.workload),
        };
        let mut told = Told::default();
        for (record, recorded) in records.iter().zip(recorded) {
            if record.lsn > fold.last().0.0 {
                let (lsn, at) = (Lsn(record.lsn), Timestamp(record.at));
                told.clear();
                let applied = fold.apply(lsn, at, record.digest, recorded, &mut told);
                applied.unwrap_or_else(|divergence| panic!("recovered, {lsn:?} differs: {divergence:?}"));
            }
        }
        fold.check();
        if let Some(hash) = self.closed {
            // In `written` mode a heartbeat may have come after the last sync, and that may be torn.
            let whole = recovered.torn().is_none() || self.weather.habits.mode == Mode::Written;
            assert!(whole, "it was closed, and is torn: {:?}", recovered.torn());
            let last = self.world.recorder().records.last().map(|written| &written.record);
            assert!(
                matches!(last, Some(Recorded::CleanShutdown { state_hash }) if *state_hash == hash),
                "the last record says that it was closed: {last:?}"
            );
            assert_eq!(State::of_fold(&fold).hash(), hash, "the state at which it was closed");
        }
        let (writer, preparer) = recovered.start().map_err(excuse)?;
        let replayer = match self.weather.habits.snapshot_every {
            0 => None,
            _ => Some(Replayer::begin(&storage, limits, snapshot.as_ref())?),
        };
        Ok(Opened { writer, preparer, storage, replayer, fold, last: Lsn(head.lsn) })
    }

    /// Which branches a recovery took.
    fn note(&mut self, recovered: &Recovered) {
        if recovered.is_new() {
            return self.hit("began anew");
        }
        self.hit(if recovered.torn().is_some() { "a frame was torn" } else { "no frame was torn" });
        if recovered.first_lsn() > 1 {
            self.hit("recovered without the beginning");
        }
        if recovered.head().lsn < self.world.recorder().last().0 {
            self.hit("records were lost");
        }
        if recovered.head().lsn > self.shown.0 {
            self.hit("records survived that nobody had been told of");
        }
        if recovered.warnings().iter().any(|warning| warning.contains("MANIFEST")) {
            self.hit("recovered from one copy of the manifest");
        }
    }

    fn newest_snapshot(&mut self, recovered: &Recovered) -> Result<Option<Snapshot>, String> {
        let snapshots = recovered.snapshots();
        let Some(newest) = snapshots.first() else {
            self.hit("recovered without a snapshot");
            return Ok(None);
        };
        // The newest has been found to be whole.
        let snapshot = recovered.read_snapshot(*newest).map_err(|error| error.to_string())?;
        let spoilt = recovered.warnings().iter().any(|warning| warning.contains("snapshot"));
        self.hit(if spoilt { "recovered from an older snapshot" } else { "recovered from a snapshot" });
        Ok(Some(snapshot))
    }

    /// The journal is open: what was begun is ended, everything is compared, and the shards go to work.
    fn begin(&mut self, opened: Opened) {
        let Opened { writer, preparer, storage, replayer, mut fold, last } = opened;
        let forgives = self.weather.habits.mode == Mode::Written && self.dark;
        self.world.survive(last, forgives);
        let jumps = self.weather.clocks_jump && self.rng.one_in(2);
        if self.world.set_clock(fold.last().1, jumps) {
            self.hit("the clock went back");
        }
        self.world.open_log(Front::behind(last));
        let now = self.world.now();
        let genesis = Recorded::Genesis { logic_version: LOGIC_VERSION };
        let lsn = self.world.append(&genesis.as_record());
        let applied = fold.apply(lsn, now, 0, genesis, &mut Told::default());
        applied.unwrap_or_else(|divergence| panic!("{divergence:?}"));
        fold.resume(now, self.world.recorder_mut());
        fold.check();
        self.note_resumed(lsn);

        let crowd = *self.rng.pick(&CROWDS);
        let (_, state) = self.fold_everything(crowd);
        State::of_fold(&fold).expect_same(&state, "recovered and resumed, and told from the beginning");
        let canonical = self.world.take_stock(forgives);
        let shards = fold.into_shards();
        assert_eq!(shards.last.0, self.world.recorder().last(), "the fold is at the end of the log");
        self.world.check_operator(&shards.operator, shards.order_ids_up_to);
        self.world.check_published(&shards.archives, TRADES_KEPT);
        let habits = self.weather.habits;
        let journal = Journal::new((writer, preparer), storage, habits, replayer);
        let (block, up_to) = (self.weather.block, shards.order_ids_up_to);
        self.world.begin(last, (shards.sequencers, shards.matchers), up_to, block, journal);
        self.world.inspect(&canonical);
        self.world.announce_symbols();
        self.world.listen(Rng::new(self.ears.next_u64(), 9));
        (self.dark, self.closed) = (false, None);
        (self.shown, self.durable) = (last, last);
    }

    /// What recovery itself wrote behind its first record.
    fn note_resumed(&mut self, genesis: Lsn) {
        let first = usize::try_from(genesis.0).expect("it is in memory");
        let resumed: Vec<&'static str> = self.world.recorder().records[first..]
            .iter()
            .map(|written| match written.record {
                Recorded::TransferAccepted(_) => "a transfer was accepted by a recovery",
                Recorded::TransferRefused(..) => "a transfer was refused by a recovery",
                Recorded::CancelMany(_) => "a mass cancel was ended by a recovery",
                Recorded::Expire { .. } => "an order's time came in a recovery",
                ref other => panic!("no recovery writes this: {other:?}"),
            })
            .collect();
        resumed.into_iter().for_each(|name| self.hit(name));
    }

    // What all must agree on.

    /// The whole log, told again on so many shards, which must say what was said.
    fn fold_everything(&mut self, crowd: usize) -> (Fold, State) {
        let shards = Shards { sequencers: crowd, matchers: crowd };
        let fold = Fold::new(shards, self.workload.setup.limits, TRADES_KEPT);
        let fold = self.world.retell(fold);
        fold.check();
        let state = State::of_fold(&fold);
        (fold, state)
    }

    /// At rest: the live shards, and the log from the beginning and from each snapshot, on any number of shards.
    fn expect_one_state(&mut self) {
        let (shown, durable) = self.world.journal_ends().expect("it is open");
        let last = self.world.recorder().last();
        assert!(shown == last && durable == last, "at rest everything is durable: {durable:?} of {last:?}");
        let (_, state) = self.fold_everything(1);
        for crowd in &CROWDS[1..] {
            self.fold_everything(*crowd).1.expect_same(&state, "one shard of a kind, and several");
        }
        self.world.state().expect_same(&state, "live, and told from the beginning");
        let copy: Arc<dyn Storage> = Arc::new(self.disk.kill());
        let recovered = recover(copy, self.options(), &mut |_| {}).expect("a healthy journal");
        for lsn in recovered.snapshots() {
            let Ok(snapshot) = recovered.read_snapshot(lsn) else {
                assert!(self.misses_snapshot, "the snapshot at {lsn} can't be read");
                continue;
            };
            let crowd = *self.rng.pick(&CROWDS);
            let shards = Shards { sequencers: crowd, matchers: crowd };
            let fold = load(&snapshot, shards, self.workload);
            let fold = self.world.retell(fold);
            State::of_fold(&fold).expect_same(&state, "from a snapshot, and from the beginning");
            self.hit("told from a snapshot");
        }
    }

    /// The engine was closed: it is opened once more, perhaps after a power cut.
    fn read_the_end(&mut self) {
        self.world.die();
        let dark = self.rng.one_in(2);
        self.cut(dark);
        self.dark = dark;
        let last = self.world.recorder().last();
        match verify(Arc::new(self.disk.clone()), &mut |_| {}) {
            Ok(verified) => assert_eq!(verified.head.lsn, last.0, "verified to the end"),
            Err(RecoverError::Corrupt { file, .. }) if self.misses_snapshot && file.contains("snapshot") => {
                self.hit("a damaged snapshot was found by verification");
            }
            Err(error) => panic!("a closed journal is not verified: {error}"),
        }
        let opened = self.open().unwrap_or_else(|why| panic!("a closed journal is not opened: {why}"));
        assert_eq!(opened.last, last, "closing makes everything durable");
    }
}

fn load(snapshot: &Snapshot, shards: Shards, workload: &Workload) -> Fold {
    let fold = Fold::load(&snapshot.sections, shards, workload.setup.limits, TRADES_KEPT);
    let fold = fold.unwrap_or_else(|malformed| panic!("snapshot {}: {malformed:?}", snapshot.lsn));
    assert_eq!(fold.last(), (Lsn(snapshot.lsn), Timestamp(snapshot.at)), "what a snapshot is of");
    assert_eq!(State::of_fold(&fold).hash(), snapshot.state_hash, "the state in a snapshot");
    fold
}

/// Only a disk that fails is an excuse.
fn excuse(error: RecoverError) -> String {
    match error {
        RecoverError::Io(error) => error.to_string(),
        error => panic!("recovery refuses what nothing but a crash has done: {error}"),
    }
}
