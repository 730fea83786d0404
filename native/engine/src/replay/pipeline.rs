//! All records of a journal done again, as fast as can be: what recovery does.
//!
//! ```text
//!   reader           ──batch──>  matcher          ──batch──>  the caller
//!   reads, checks,               proves digests,              moves the money,
//!   decodes                      decides, remembers           says how far it is
//!        ^                       trades                           │
//!        └────────────── batches that were used up ───────────────┘
//! ```
//!
//! A matcher's state is a function of its own records, so that half of the fold runs ahead of the other. What is wrong is
//! found by whoever comes to it first, and told in the order of the records: nothing that stands behind it is handed on,
//! and it has its turn when all before it is done. Whatever was decided ahead of that is thrown away with the rest.
//!
//! What is on its way is bounded: besides what each of the three works on, [`AHEAD`] batches before each of the last two.
//! A batch is at most [`BATCH_RECORDS`] records, of which the last begins within [`BATCH_BYTES`] bytes of bodies and
//! [`BATCH_MESSAGES`] messages: 4 MB. So it is [`BYTES_MAX`] at most, and more only where single records (16 MiB at most)
//! or what they lead to are larger than a batch.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use crossbeam_channel::{Receiver, Sender, bounded};
use lightning_core::codec::decode_record;
use lightning_core::fold::{Matching, Settling, Told};
use lightning_core::log::Recorded;
use lightning_core::matcher::LOOK_AHEAD_MAX;
use lightning_core::message::ToSequencer;
use lightning_core::reject::Code;
use lightning_core::sequencer::LOOK_AHEAD;
use lightning_core::types::{Lsn, Timestamp};
use lightning_journal::{Progress, RecordRef, Records};

use super::{Replay, ReplayError, worded};
use crate::refusal::Refusal;
use crate::threaded::panic_text;

/// Records that are handed on at once: enough that threads do not wake each other all the time,
const BATCH_RECORDS: usize = if cfg!(test) { 7 } else { 4_096 };
/// or as soon as their bodies come to so many bytes,
const BATCH_BYTES: usize = 1 << 20;
/// or as soon as they have led to so many messages.
const BATCH_MESSAGES: usize = if cfg!(test) { 5 } else { 8_192 };
/// Batches that may wait for each of the two that take them.
const AHEAD: usize = 2;

/// All that, in bytes. What is decoded of a body may take twice its bytes.
const BYTES_MAX: usize = (2 * AHEAD + 3)
    * (BATCH_RECORDS * size_of::<Step>() + 2 * BATCH_BYTES + BATCH_MESSAGES * size_of::<ToSequencer>());
const _: () = assert!(BYTES_MAX <= 32 << 20);

/// Records on their way, in their order.
#[derive(Default)]
pub(super) struct Batch {
    steps: Vec<Step>,
    /// What their matchers told, in their order.
    messages: Vec<ToSequencer>,
    /// Bytes of the records' bodies.
    bytes: usize,
    /// How far the check of the files is, if it goes on meanwhile.
    checked: Option<Progress>,
    /// Why there is nothing behind them; none if there may be.
    end: Option<End>,
}

/// One record.
struct Step {
    lsn: Lsn,
    at: Timestamp,
    digest: u64,
    record: Recorded,
    /// Where in the batch its messages end; they begin where those of the one before end.
    told: usize,
}

/// Why there is nothing behind a batch.
enum End {
    /// What comes next is no record, or does not follow.
    Refused(ReplayError),
    /// The matcher of its last record came upon a broken invariant, in these words. What comes before that of the record
    /// is still to be done, and may break first.
    Broke(String),
}

/// How far it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Records that were done again.
    pub(crate) records: u64,
    /// The bytes of their bodies.
    pub(crate) bytes: u64,
    /// How far the check of the files is, if it goes on meanwhile.
    pub(crate) checked: Option<Progress>,
}

/// The way from the first of the three, and back to it.
pub(super) struct Source {
    to_decide: Receiver<Batch>,
    used: Sender<Batch>,
}

/// The same, of the first of the three.
pub(super) struct Sink {
    read: Sender<Batch>,
    unused: Receiver<Batch>,
}

pub(super) fn channel() -> (Sink, Source) {
    let (read, to_decide) = bounded(AHEAD);
    let (used, unused) = bounded(2 * AHEAD);
    (Sink { read, unused }, Source { to_decide, used })
}

impl Sink {
    /// One that is empty.
    pub(super) fn batch(&self) -> Batch {
        self.unused.try_recv().unwrap_or_default()
    }

    /// Hands it on. Says whether anything behind it is of use.
    pub(super) fn send(&self, batch: Batch) -> bool {
        let is_last = batch.end.is_some();
        self.read.send(batch).is_ok() && !is_last
    }
}

impl Replay {
    /// Does all these records again; `each` hears now and then how far it is. After an error this is of no more use.
    ///
    /// # Errors
    /// The first record that can't be done again; `INTERNAL` if the system has no threads to spare.
    pub(crate) fn run(&mut self, records: Records, each: &mut dyn FnMut(Done)) -> Result<(), Refusal> {
        let (sink, source) = channel();
        std::thread::scope(|scope| {
            let reader = spawn(scope, "recovery-reader", move || read_all(records, &sink))?;
            let result = self.run_from(source, each);
            // What was refused comes before whatever broke further on.
            if let (Err(panic), Ok(())) = (reader.join(), &result) {
                resume_unwind(panic);
            }
            result
        })
    }

    /// The same with what is read by somebody else, who ends when this does.
    ///
    /// # Errors
    /// Those of [`Self::run`].
    pub(super) fn run_from(&mut self, from: Source, each: &mut dyn FnMut(Done)) -> Result<(), Refusal> {
        let Source { to_decide, used } = from;
        let Self { fold, told, records: count, closed_with } = self;
        let (matching, settling) = fold.halves();
        let mut last = Last { settling, told, count, closed_with };
        let (decided, to_settle) = bounded(AHEAD);
        std::thread::scope(|scope| {
            let matcher = spawn(scope, "recovery-match", move || decide_all(matching, to_decide, &decided))?;
            // The receiver is dropped with this line, so that the others end too.
            let result = last.settle_all(to_settle, &used, each);
            if let (Err(panic), Ok(())) = (matcher.join(), &result) {
                resume_unwind(panic);
            }
            result.map_err(|error| error.refusal())
        })
    }
}

pub(super) fn spawn<'scope, T: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    run: impl FnOnce() -> T + Send + 'scope,
) -> Result<ScopedJoinHandle<'scope, T>, Refusal> {
    let spawned = Builder::new().name(name.to_owned()).spawn_scoped(scope, run);
    spawned.map_err(|error| Refusal::new(Code::Internal, format!("a thread can't be started: {error}")))
}

/// The first: reads, until all is read or something is no record, or nobody wants any more.
fn read_all(records: Records, sink: &Sink) {
    let mut batch = sink.batch();
    for record in records {
        match record {
            Ok(record) => batch.push(&record.by_ref()),
            Err(error) => batch.end = Some(End::Refused(error.into())),
        }
        if batch.is_whole() {
            if !sink.send(batch) {
                return;
            }
            batch = sink.batch();
        }
    }
    sink.send(batch);
}

/// The second: decides, until all is decided or something is wrong, or nobody wants any more.
fn decide_all(mut matching: Matching<'_>, to_decide: Receiver<Batch>, decided: &Sender<Batch>) {
    for batch in to_decide {
        let mut rest = Some(batch);
        while let Some(mut batch) = rest.take() {
            rest = batch.decide(&mut matching);
            let is_last = batch.end.is_some();
            if decided.send(batch).is_err() || is_last {
                return;
            }
        }
    }
}

impl Batch {
    /// Decodes the next record of it; if that is none, the batch ends before it.
    pub(super) fn push(&mut self, record: &RecordRef<'_>) {
        let (lsn, at, digest) = (Lsn(record.lsn), Timestamp(record.at), record.digest);
        match decode_record(record.kind, record.version, record.body) {
            Ok(record) => self.steps.push(Step { lsn, at, digest, record, told: 0 }),
            Err(error) => self.end = Some(End::Refused(ReplayError::Record { lsn: lsn.0, error })),
        }
        self.bytes += record.body.len();
    }

    /// Is it to be handed on before anything more is put into it?
    pub(super) fn is_whole(&self) -> bool {
        self.end.is_some() || self.steps.len() >= BATCH_RECORDS || self.bytes >= BATCH_BYTES
    }

    /// Says how far the check of the files is.
    pub(super) fn set_checked(&mut self, checked: Option<Progress>) {
        self.checked = checked;
    }

    /// Decides, up to what is wrong. Gives what is left to do when there are too many messages.
    fn decide(&mut self, matching: &mut Matching<'_>) -> Option<Self> {
        let (mut done, mut taken_up) = (0, false);
        let decided = catch_unwind(AssertUnwindSafe(|| {
            for at in 0..self.steps.len() {
                taken_up = false;
                if at.is_multiple_of(LOOK_AHEAD_MAX) {
                    let few = self.steps[at..].iter().take(LOOK_AHEAD_MAX);
                    matching.look_ahead(few.map(|step| &step.record));
                }
                let step = &mut self.steps[at];
                matching.take_up(step.lsn, step.digest, &mut step.record).map_err(worded)?;
                taken_up = true;
                matching.decide(step.lsn, step.at, &mut step.record);
                let out = matching.out();
                out.trades.clear();
                out.replies.clear();
                step.told = out.to_sequencer.len();
                done += 1;
                if step.told >= BATCH_MESSAGES {
                    break;
                }
            }
            Ok(())
        }));
        std::mem::swap(&mut self.messages, &mut matching.out().to_sequencer);
        let end = match decided {
            Ok(Ok(())) if done == self.steps.len() => return None,
            Ok(Ok(())) => {
                let (steps, end) = (self.steps.split_off(done), self.end.take());
                return Some(Self { steps, end, ..Self::default() });
            }
            Ok(Err(why)) => End::Refused(self.diverged(done, why)),
            Err(panic) if taken_up => End::Broke(text(&*panic)),
            Err(panic) => End::Refused(self.diverged(done, text(&*panic))),
        };
        self.steps.truncate(done + usize::from(matches!(end, End::Broke(_))));
        self.end = Some(end);
        None
    }

    fn diverged(&self, at: usize, why: String) -> ReplayError {
        ReplayError::Diverged { lsn: self.steps[at].lsn.0, why }
    }

    /// Makes it an empty one.
    fn clear(&mut self) {
        self.steps.clear();
        self.messages.clear();
        // What a single record needed is given back.
        self.messages.shrink_to(2 * BATCH_MESSAGES);
        (self.bytes, self.checked) = (0, None);
    }
}

/// The third, which is the caller.
struct Last<'a> {
    settling: Settling<'a>,
    told: &'a mut Told,
    count: &'a mut u64,
    closed_with: &'a mut Option<[u8; 32]>,
}

impl Last<'_> {
    fn settle_all(
        &mut self,
        to_settle: Receiver<Batch>,
        used: &Sender<Batch>,
        each: &mut dyn FnMut(Done),
    ) -> Result<(), ReplayError> {
        let mut bytes = 0;
        for mut batch in to_settle {
            self.settle(&mut batch)?;
            bytes += batch.bytes as u64;
            each(Done { records: *self.count, bytes, checked: batch.checked });
            batch.clear();
            let _ = used.try_send(batch); // There are enough of them.
        }
        Ok(())
    }

    /// Settles what was decided, and says then why there is nothing behind it.
    fn settle(&mut self, batch: &mut Batch) -> Result<(), ReplayError> {
        let end = batch.end.take();
        let whole = batch.steps.len() - usize::from(matches!(end, Some(End::Broke(_))));
        let (mut done, mut from, mut ahead) = (0, 0, 0);
        let settled = catch_unwind(AssertUnwindSafe(|| {
            for Step { lsn, at, record, told, .. } in &mut batch.steps {
                let (lsn, at) = (*lsn, *at);
                if from >= ahead {
                    let messages = &batch.messages[from..];
                    let few = &messages[..messages.len().min(LOOK_AHEAD)];
                    self.settling.look_ahead(few);
                    ahead = from + few.len();
                }
                self.settling.begin(lsn, at, record);
                if done == whole {
                    break;
                }
                self.settling.settle(lsn, at, &mut batch.messages[from..*told]);
                *self.closed_with = match record {
                    Recorded::CleanShutdown { state_hash } => Some(*state_hash),
                    _ => None,
                };
                self.settling.carry_out(lsn, at, record, self.told);
                from = *told;
                done += 1;
            }
        }));
        *self.count += done as u64;
        self.told.clear();
        if let Err(panic) = settled {
            return Err(batch.diverged(done, text(&*panic)));
        }
        match end {
            None => Ok(()),
            Some(End::Refused(error)) => Err(error),
            Some(End::Broke(why)) => Err(batch.diverged(done, why)),
        }
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    panic_text(panic).to_owned()
}
