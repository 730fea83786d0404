//! The N-API skin: free functions over a handle, bytes in, bytes out.
//!
//! Nothing about trading is decided here. Calls enter as fixed-size records in a buffer that TypeScript
//! reuses ([`records`]), answers leave as records in another one ([`answers`]); cold calls carry JSON text. A
//! refusal is a result, never an exception. A panic never crosses: it becomes a JavaScript error.
//!
//! What takes its time has threads of its own ([`background`]).
//!
//! Buffers are read or written before the call returns, and no pointer into JavaScript memory is kept. What is
//! `unsafe` is the slice that answers are written to ([`Buffer`]), and reading commands out of memory that workers may
//! be writing to ([`shared`], [`raw`]).

mod admin;
mod answers;
mod background;
mod books;
mod cold;
mod history;
mod kept;
mod metrics;
mod pages;
mod raw;
mod records;
mod shared;
mod streams;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lightning_core::message::{Outcome, Reply};
use lightning_core::reject::Code;
use lightning_core::types::Ticket;
use lightning_engine::raw::Command;
use lightning_engine::refusal::Refusal;
use lightning_engine::registry::Registry;
use lightning_engine::{Answer, Engine, Halted, Ready, Wake, words};
use napi::bindgen_prelude::{External, Function, Uint8ArraySlice};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, Result};
use napi_derive::napi;

use crate::background::{Opening, in_background};
use crate::raw::{Batches, Waiter};
use crate::shared::SharedBytes;
use crate::streams::Streams;

/// An open engine, and answers that have not found room in a buffer yet.
pub struct Handle {
    shared: Arc<Shared>,
    undelivered: Mutex<Undelivered>,
}

/// An open engine, as threads of this crate share it.
pub(crate) struct Shared {
    /// Boxed, so that the environment's hook, which stays until that ends, holds on to a few words only.
    engine: Box<Engine>,
    /// Held while it is closed: whoever closes it a second time waits for the first.
    closing: Mutex<()>,
}

#[derive(Default)]
struct Undelivered {
    answers: VecDeque<Answer>,
    /// Of calls whose caller waits right now.
    now: VecDeque<Answer>,
    batches: Batches,
    /// Batches that are complete, and nobody was told yet.
    complete: VecDeque<u64>,
    halted: Option<Halted>,
}

impl Undelivered {
    /// Begins a raw batch. One of nothing is complete at once.
    fn begin(
        &mut self,
        batch: u32,
        commands: SharedBytes,
        count: u32,
    ) -> std::result::Result<Vec<Command>, Code> {
        let (commands, results) = self.batches.begin(batch, commands, count)?;
        self.batches.keep(batch, results);
        if commands.is_empty() {
            self.complete.push_back(u64::from(batch));
        }
        Ok(commands)
    }

    /// Takes over what is ready.
    fn sort(&mut self, ready: Ready) {
        for answer in ready.answers {
            match raw::waiter(answer.ticket) {
                Waiter::Call => self.answers.push_back(answer),
                Waiter::Now => {
                    self.now.push_back(Answer { ticket: raw::without_now(answer.ticket), ..answer });
                }
                Waiter::Raw { batch, index } => {
                    // What can't be written is our bug, and must not take the others with it: it stays unknown.
                    let put = || self.batches.put(batch, index, &answer);
                    let _ = catch_unwind(AssertUnwindSafe(put));
                    if self.batches.is_complete(batch) {
                        self.complete.push_back(batch);
                    }
                }
            }
        }
        if let Some(halted) = ready.halted {
            // What has no answer now never gets one.
            self.complete.extend(self.batches.incomplete());
            self.halted = Some(halted);
        }
    }

    /// Is there something for [`drain`], besides what a call that is answered at once has asked for?
    fn has_news(&self) -> bool {
        !self.answers.is_empty() || !self.complete.is_empty() || self.halted.is_some()
    }
}

/// A buffer of TypeScript's to be written to.
struct Buffer<'a>(Uint8ArraySlice<'a>);

impl Buffer<'_> {
    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: a plain ArrayBuffer of this package's TypeScript, which never shares it. Its thread is in this call,
        // so nobody reads, writes or transfers it until the call is over, and the slice does not outlive the call.
        unsafe { self.0.as_mut() }
    }
}

impl Handle {
    /// A handle for this environment, which closes the engine when it goes away: `worker.terminate()` and a natural
    /// exit end threads here; `process.exit()` in TypeScript.
    fn new(env: &Env, shared: Shared) -> Result<Self> {
        let shared = Arc::new(shared);
        env.add_env_cleanup_hook(Arc::downgrade(&shared), |shared| {
            if let Some(shared) = shared.upgrade() {
                // Nobody is left to be told how it went.
                let _ = shared.close();
            }
        })?;
        Ok(Self { shared, undelivered: Mutex::default() })
    }

    fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    fn undelivered(&self) -> MutexGuard<'_, Undelivered> {
        self.undelivered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn new(engine: Engine) -> Self {
        Self { engine: Box::new(engine), closing: Mutex::default() }
    }

    fn close(&self) -> std::result::Result<(), Refusal> {
        let _one_at_a_time = self.closing.lock().unwrap_or_else(PoisonError::into_inner);
        self.engine.close()
    }
}

/// What opening gives: an engine, or a refusal as JSON.
#[napi(object, object_from_js = false)]
pub struct Opened {
    /// The engine.
    pub handle: Option<External<Handle>>,
    /// Why there is none.
    pub error: Option<String>,
}

/// What an opening in the background has come to.
#[napi(object, object_from_js = false)]
pub struct OpenedSoFar {
    /// How far it is, as JSON, if that has changed since it was asked for.
    pub progress: Option<String>,
    /// What it gave, once it has ended; once.
    pub ended: Option<Opened>,
}

impl Opened {
    fn new(env: &Env, opened: std::result::Result<Shared, Refusal>) -> Result<Self> {
        Ok(match opened {
            Ok(shared) => Self { handle: Some(External::new(Handle::new(env, shared)?)), error: None },
            Err(refusal) => Self { handle: None, error: Some(cold::refusal_json(&refusal).to_string()) },
        })
    }
}

/// Opens an engine in memory. `options` is JSON; `wake` is called on this thread when answers are ready to be drained.
///
/// # Errors
/// If Node refuses the callback.
#[napi(catch_unwind)]
pub fn open(env: Env, options: String, wake: Function<'_, (), ()>) -> Result<Opened> {
    let wake = waker(&wake)?;
    let opened = cold::parse_options(&options)
        .and_then(|(options, mischief)| Engine::open_with_mischief(options, wake, mischief));
    Opened::new(&env, opened.map(Shared::new))
}

/// Opens an engine with a data directory, in a thread of its own. `tell` is called when [`opened`] has something new
/// to say.
///
/// # Errors
/// If Node refuses a callback, or the system a thread.
#[napi(catch_unwind)]
pub fn open_directory(
    env: Env,
    options: String,
    wake: Function<'_, (), ()>,
    tell: Function<'_, (), ()>,
) -> Result<External<Arc<Opening>>> {
    let opening = Opening::start(options, waker(&wake)?, &tell)?;
    env.add_env_cleanup_hook(Arc::downgrade(&opening), |opening| {
        if let Some(opening) = opening.upgrade() {
            opening.abandon();
        }
    })?;
    Ok(External::new(opening))
}

/// How far an opening is, and what came of it.
///
/// # Errors
/// If Node refuses to watch over the engine.
#[napi(catch_unwind)]
pub fn opened(env: Env, opening: &External<Arc<Opening>>) -> Result<OpenedSoFar> {
    let ended = opening.ended().map(|ended| Opened::new(&env, ended)).transpose()?;
    let progress = opening.progress().map(|progress| kept::progress_json(&progress).to_string());
    Ok(OpenedSoFar { progress, ended })
}

fn waker(wake: &Function<'_, (), ()>) -> Result<Wake> {
    // Weak: an idle engine does not keep the process alive; TypeScript does, while calls are unanswered.
    // A queue of two: the engine wakes once and not again before it is drained.
    let wake = wake
        .build_threadsafe_function()
        .weak::<true>()
        .callee_handled::<false>()
        .max_queue_size::<2>()
        .build()?;
    Ok(Box::new(move || {
        // Refused only when a wake-up is queued already, or when this environment is going away.
        wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
    }))
}

/// What there was before the engine was opened: assets, symbols, and how they were found. JSON out.
#[napi(catch_unwind)]
pub fn found(handle: &External<Handle>) -> String {
    kept::found(handle.engine())
}

/// Asks the first `count` records of a buffer. Each is answered through [`drain`] under its ticket. `words` is a JSON
/// array of the calls that are made in words, in the order of their records.
#[napi(catch_unwind)]
pub fn submit(handle: &External<Handle>, buffer: &[u8], count: u32, words: Option<String>) {
    let words: Vec<_> = words.map_or_else(Vec::new, |text| words::parse(&text).unwrap_or_default());
    let mut words = words.iter().map(|words| words.as_ref().ok());
    let batch = records::iterate(buffer, count);
    handle.engine().submit(batch.map(|record| (record.ticket(), record.call(&mut words))));
}

/// Writes answers into a buffer, as many as fit, and says where the last one ends. Negative: the next answer
/// needs a buffer of that size.
#[napi(catch_unwind)]
pub fn drain(handle: &External<Handle>, buffer: Uint8ArraySlice<'_>) -> f64 {
    let mut undelivered = handle.undelivered();
    undelivered.sort(handle.engine().drain());
    deliver(handle, &mut undelivered, answers::Writer::new(Buffer(buffer).bytes()))
}

/// [`submit`] and [`drain`] in one, for an engine that has answered when it was asked: nobody needs to be woken.
#[napi(catch_unwind)]
pub fn run(
    handle: &External<Handle>,
    records: &[u8],
    count: u32,
    words: Option<String>,
    answers: Uint8ArraySlice<'_>,
) -> f64 {
    let (mut undelivered, mut buffer) = (handle.undelivered(), Buffer(answers));
    let mut writer = answers::Writer::new(buffer.bytes());
    let ready = ask(handle, records, count, words, |ticket| ticket, (&mut writer, &mut undelivered.answers));
    undelivered.sort(ready);
    deliver(handle, &mut undelivered, writer)
}

/// The same, of which the answers to these calls alone are written: the others' stay where they are.
#[napi(catch_unwind)]
pub fn run_now(
    handle: &External<Handle>,
    records: &[u8],
    count: u32,
    words: Option<String>,
    answers: Uint8ArraySlice<'_>,
) -> f64 {
    let (mut undelivered, mut buffer) = (handle.undelivered(), Buffer(answers));
    let mut writer = answers::Writer::new(buffer.bytes());
    undelivered.now.clear();
    let ready = ask(handle, records, count, words, raw::now_ticket, (&mut writer, &mut undelivered.now));
    undelivered.sort(ready);
    deliver_now(handle, &mut undelivered, writer)
}

/// The answers of [`run_now`] that did not fit.
#[napi(catch_unwind)]
pub fn rest_of_now(handle: &External<Handle>, answers: Uint8ArraySlice<'_>) -> f64 {
    deliver_now(handle, &mut handle.undelivered(), answers::Writer::new(Buffer(answers).bytes()))
}

/// Asks a batch of raw commands: the first `count` records, which must be there. [`drain`] says when all of them are
/// answered. 0, or the number of the code for which all of it is refused.
#[napi(catch_unwind)]
pub fn submit_raw(
    handle: &External<Handle>,
    #[napi(ts_arg_type = "Uint8Array")] commands: SharedBytes,
    count: u32,
    batch: u32,
) -> u16 {
    // The lock is given back before anything else is done: whatever is answered at once takes it again.
    let begun = handle.undelivered().begin(batch, commands, count);
    let commands = match begun {
        Ok(commands) => commands,
        Err(code) => return code.number(),
    };
    let calls = commands.iter().enumerate();
    handle.engine().submit(calls.map(|(index, command)| (raw::raw_ticket(batch, index), command.call())));
    0
}

/// The same, of an engine that has answered when it was asked, with the results: as [`take_raw`] gives them; or less than
/// -1e15 by the number of the code for which all of it is refused; or -2e15 if somebody must [`drain`] before they take
/// them.
#[napi(catch_unwind)]
pub fn run_raw(
    handle: &External<Handle>,
    #[napi(ts_arg_type = "Uint8Array")] commands: SharedBytes,
    count: u32,
    batch: u32,
    results: Uint8ArraySlice<'_>,
) -> f64 {
    let begun = handle.undelivered().batches.begin(batch, commands, count);
    let (commands, mut answered) = match begun {
        Ok(begun) => begun,
        Err(code) => return REFUSED - f64::from(code.number()),
    };
    let calls = commands.iter().enumerate();
    let calls = calls.map(|(index, command)| (raw::raw_ticket(batch, index), command.call()));
    // Nobody else has a call in an inline engine while this one is made.
    let ready = handle.engine().submit_and_take(calls, |reply, _| raw::put(&mut answered, reply));
    let mut undelivered = handle.undelivered();
    undelivered.batches.keep(batch, answered);
    undelivered.sort(ready);
    undelivered.complete.retain(|&complete| complete != u64::from(batch));
    if undelivered.has_news() {
        return NEWS;
    }
    end_or_needed(undelivered.batches.take(batch, Buffer(results).bytes()))
}

/// Writes the results of a raw batch that is complete, and says where they end. Negative: they need a buffer of that
/// size.
#[napi(catch_unwind)]
pub fn take_raw(handle: &External<Handle>, batch: u32, results: Uint8ArraySlice<'_>) -> f64 {
    end_or_needed(handle.undelivered().batches.take(batch, Buffer(results).bytes()))
}

/// Forgets the results of a raw batch that nobody can take.
#[napi(catch_unwind)]
pub fn drop_raw(handle: &External<Handle>, batch: u32) {
    handle.undelivered().batches.forget(batch);
}

/// Less than any size of a buffer: what is below is refused, with the number of a code.
const REFUSED: f64 = -1e15;
/// Less than any refusal: somebody must [`drain`], and then take the results.
const NEWS: f64 = -2e15;

#[expect(clippy::cast_precision_loss, reason = "a buffer is smaller than 2^53 bytes")]
fn end_or_needed(taken: std::result::Result<usize, usize>) -> f64 {
    match taken {
        Ok(end) => end as f64,
        Err(needed) => -(needed as f64),
    }
}

/// Asks an inline engine, and writes what it answers as soon as it does, unless others wait to be written: then it waits
/// behind them. What is given back is to be written after all of it.
fn ask(
    handle: &External<Handle>,
    records: &[u8],
    count: u32,
    words: Option<String>,
    ticket: fn(Ticket) -> Ticket,
    (writer, waiting): (&mut answers::Writer<'_>, &mut VecDeque<Answer>),
) -> Ready {
    let words: Vec<_> = words.map_or_else(Vec::new, |text| words::parse(&text).unwrap_or_default());
    let mut words = words.iter().map(|words| words.as_ref().ok());
    let batch = records::iterate(records, count);
    let batch = batch.map(|record| (ticket(record.ticket()), record.call(&mut words)));
    handle.engine().submit_and_take(batch, |reply, registry| {
        let &Reply { gate, at, duplicate, ref outcome, .. } = reply;
        let ticket = raw::without_now(reply.ticket);
        let refusal = match outcome {
            Outcome::Rejected(reject) => Some(Refusal::from_reject(reject, registry)),
            _ => None,
        };
        let result = refusal.as_ref().map_or(Ok(outcome), Err);
        let said = answers::Said { ticket, gate, at, duplicate, result };
        if !(waiting.is_empty() && write_answer(writer, &said, registry).is_ok()) {
            let result = result.cloned().map_err(Refusal::clone);
            waiting.push_back(Answer { ticket, gate, at, duplicate, result });
        }
    })
}

/// An answer that can't be written is our bug, and must not take the others with it.
fn write_answer(
    writer: &mut answers::Writer<'_>,
    answer: &answers::Said<'_>,
    registry: &Registry,
) -> std::result::Result<(), usize> {
    catch_unwind(AssertUnwindSafe(|| writer.write(answer, registry)))
        .unwrap_or_else(|_| writer.write_unwritable(answer.ticket))
}

/// Writes as many answers as fit.
fn write_answers(
    writer: &mut answers::Writer<'_>,
    waiting: &mut VecDeque<Answer>,
    registry: &Registry,
) -> std::result::Result<(), usize> {
    while let Some(answer) = waiting.front() {
        write_answer(writer, &answer.into(), registry)?;
        waiting.pop_front();
    }
    Ok(())
}

fn deliver_now(handle: &Handle, undelivered: &mut Undelivered, mut writer: answers::Writer<'_>) -> f64 {
    let written = write_answers(&mut writer, &mut undelivered.now, &handle.engine().registry());
    writer.finish(written.err(), undelivered.has_news())
}

fn deliver(handle: &Handle, undelivered: &mut Undelivered, mut writer: answers::Writer<'_>) -> f64 {
    let registry = handle.engine().registry();
    if let Err(needed) = write_answers(&mut writer, &mut undelivered.answers, &registry) {
        return writer.finish(Some(needed), false);
    }
    while let Some(&batch) = undelivered.complete.front() {
        match writer.write_complete(batch) {
            Ok(()) => undelivered.complete.pop_front(),
            Err(needed) => return writer.finish(Some(needed), false),
        };
    }
    if let Some(halted) = &undelivered.halted {
        match writer.write_halt(halted) {
            Ok(()) => undelivered.halted = None,
            Err(needed) => return writer.finish(Some(needed), false),
        }
    }
    writer.finish(None, false)
}

/// Something that follows the engine. `wake` is called on this thread when there is something to poll for; never by an
/// engine that runs in the caller's thread.
///
/// # Errors
/// If Node refuses the callback.
#[napi(catch_unwind)]
pub fn open_streams(handle: &External<Handle>, wake: Function<'_, (), ()>) -> Result<External<Streams>> {
    Ok(External::new(Streams::open(handle.shared.clone(), waker(&wake)?)))
}

/// When the engine was opened, in milliseconds since 1970.
#[napi(catch_unwind)]
pub fn streams_epoch(streams: &External<Streams>) -> f64 {
    streams.epoch()
}

/// Watches something: JSON in and out, `{ ok }` with the number of the subscription, or `{ error }`.
#[napi(catch_unwind)]
pub fn watch(streams: &External<Streams>, what: String) -> String {
    cold::answer(streams.watch(&what))
}

/// Ends a subscription.
#[napi(catch_unwind)]
pub fn unwatch(streams: &External<Streams>, subscription: u32) {
    streams.unwatch(subscription);
}

/// Writes what there is for subscriptions that want something into a buffer, as much as fits, and says where it ends.
/// Negative: the next update needs a buffer of that size. The first `count` of `wanting` want something from now on.
#[napi(catch_unwind)]
pub fn poll_streams(
    streams: &External<Streams>,
    wanting: &[u32],
    count: u32,
    buffer: Uint8ArraySlice<'_>,
) -> f64 {
    let wanting = wanting.get(..count as usize).unwrap_or(wanting);
    streams.poll(wanting, Buffer(buffer).bytes())
}

/// In how many milliseconds to poll at the latest; negative if nothing will be due by itself.
#[napi(catch_unwind)]
pub fn next_poll(streams: &External<Streams>) -> f64 {
    streams.next_poll()
}

/// Creates an asset. JSON in and out: `{ ok }` or `{ error }`, here and in all that follow.
#[napi(catch_unwind)]
pub fn create_asset(handle: &External<Handle>, asset: String, request_id: Option<f64>) -> String {
    admin::create_asset(handle.engine(), &asset, request_id)
}

/// Changes an asset.
#[napi(catch_unwind)]
pub fn update_asset(
    handle: &External<Handle>,
    code: String,
    patch: String,
    request_id: Option<f64>,
) -> String {
    admin::update_asset(handle.engine(), &code, &patch, request_id)
}

/// Removes an asset that is not in use.
#[napi(catch_unwind)]
pub fn remove_asset(handle: &External<Handle>, code: String, request_id: Option<f64>) -> String {
    admin::remove_asset(handle.engine(), &code, request_id)
}

/// Creates a symbol.
#[napi(catch_unwind)]
pub fn create_symbol(handle: &External<Handle>, symbol: String, request_id: Option<f64>) -> String {
    admin::create_symbol(handle.engine(), &symbol, request_id)
}

/// Changes a symbol's rules.
#[napi(catch_unwind)]
pub fn update_symbol(
    handle: &External<Handle>,
    name: String,
    patch: String,
    request_id: Option<f64>,
) -> String {
    admin::update_symbol(handle.engine(), &name, &patch, request_id)
}

/// Changes what a symbol accepts; cancels its orders if it is told to.
#[napi(catch_unwind)]
pub fn set_symbol_status(
    handle: &External<Handle>,
    name: String,
    status: String,
    cancel_open: bool,
    request_id: Option<f64>,
) -> String {
    admin::set_symbol_status(handle.engine(), &name, &status, cancel_open, request_id)
}

/// Removes a symbol; with `force`, its orders, too.
#[napi(catch_unwind)]
pub fn remove_symbol(
    handle: &External<Handle>,
    name: String,
    force: bool,
    request_id: Option<f64>,
) -> String {
    admin::remove_symbol(handle.engine(), &name, force, request_id)
}

/// Cancels every order of a symbol.
#[napi(catch_unwind)]
pub fn cancel_symbol_orders(handle: &External<Handle>, name: String, request_id: Option<f64>) -> String {
    admin::cancel_symbol_orders(handle.engine(), &name, request_id)
}

/// Moves a manual clock on.
#[napi(catch_unwind)]
pub fn advance(handle: &External<Handle>, milliseconds: f64) -> String {
    admin::advance(handle.engine(), milliseconds)
}

/// What time it is for the engine, in milliseconds since 1970.
#[napi(catch_unwind)]
pub fn now(handle: &External<Handle>) -> String {
    cold::now(handle.engine())
}

/// The best levels of a book. JSON out.
#[napi(catch_unwind)]
pub fn book(handle: &External<Handle>, symbol: String, levels: f64, cumulative: bool) -> String {
    cold::book(handle.engine(), &symbol, levels, cumulative)
}

/// The best levels of a book, as numbers in a buffer: how many bytes, or a negative number if [`book`] has to say why
/// there is none.
#[napi(catch_unwind)]
pub fn read_book(
    handle: &External<Handle>,
    symbol: u32,
    levels: u32,
    cumulative: bool,
    buffer: Uint8ArraySlice<'_>,
) -> i32 {
    books::write(handle.engine(), symbol, levels, cumulative, Buffer(buffer).bytes())
}

/// Best bid and ask. JSON out.
#[napi(catch_unwind)]
pub fn bbo(handle: &External<Handle>, symbol: String) -> String {
    cold::bbo(handle.engine(), &symbol)
}

/// Public trades, ascending. JSON out.
#[napi(catch_unwind)]
pub fn trades(handle: &External<Handle>, symbol: String, from_id: Option<f64>, limit: f64) -> String {
    cold::trades(handle.engine(), &symbol, from_id, limit)
}

/// Candles, ascending: the newest, or those from a time on (milliseconds). JSON out.
#[napi(catch_unwind)]
pub fn klines(
    handle: &External<Handle>,
    symbol: String,
    interval: String,
    from: Option<f64>,
    to: Option<f64>,
    limit: f64,
    fill: bool,
) -> String {
    history::klines(handle.engine(), &symbol, &interval, &history::GivenRange { from, to, limit, fill })
}

/// The last 24 hours. JSON out.
#[napi(catch_unwind)]
pub fn ticker(handle: &External<Handle>, symbol: String) -> String {
    history::ticker(handle.engine(), &symbol)
}

/// An account's own trades, ascending. JSON out.
#[napi(catch_unwind)]
pub fn my_trades(
    handle: &External<Handle>,
    account_id: f64,
    symbol: String,
    from_id: Option<f64>,
    limit: f64,
) -> String {
    cold::my_trades(handle.engine(), account_id, &symbol, from_id, limit)
}

/// Counters. JSON out.
#[napi(catch_unwind)]
pub fn stats(handle: &External<Handle>) -> String {
    cold::stats(handle.engine())
}

/// Counters, queues, latencies. JSON out.
#[napi(catch_unwind)]
pub fn metrics(handle: &External<Handle>) -> String {
    metrics::metrics(handle.engine())
}

/// The same in Prometheus' text format.
#[napi(catch_unwind)]
pub fn metrics_text(handle: &External<Handle>) -> String {
    handle.engine().metrics_text()
}

/// How the engine is, in a word. JSON out.
#[napi(catch_unwind)]
pub fn health(handle: &External<Handle>) -> String {
    metrics::health(handle.engine())
}

/// The hash of the state. `done` gets JSON, here and in all that follow.
///
/// # Errors
/// If Node refuses the callback, or the system a thread; here and in all that follow.
#[napi(catch_unwind)]
pub fn state_hash(handle: &External<Handle>, done: Function<'_, String, ()>) -> Result<()> {
    let shared = handle.shared.clone();
    in_background(&done, move || kept::state_hash(&shared.engine))
}

/// Takes a snapshot.
///
/// # Errors
/// As [`state_hash`].
#[napi(catch_unwind)]
pub fn snapshot(handle: &External<Handle>, done: Function<'_, String, ()>) -> Result<()> {
    let shared = handle.shared.clone();
    in_background(&done, move || kept::snapshot(&shared.engine))
}

/// Reads and does again what is kept, from `genesis` or from the newest `snapshot`.
///
/// # Errors
/// As [`state_hash`].
#[napi(catch_unwind)]
pub fn verify(handle: &External<Handle>, from: String, done: Function<'_, String, ()>) -> Result<()> {
    let shared = handle.shared.clone();
    in_background(&done, move || kept::verify(&shared.engine, &from))
}

/// A page of the log. JSON in, too.
///
/// # Errors
/// As [`state_hash`].
#[napi(catch_unwind)]
pub fn audit(handle: &External<Handle>, query: String, done: Function<'_, String, ()>) -> Result<()> {
    let shared = handle.shared.clone();
    in_background(&done, move || kept::audit(&shared.engine, &query))
}

/// A page of trades, closed orders or candles, those included that are only in the journal. JSON in, too.
///
/// # Errors
/// As [`state_hash`].
#[napi(catch_unwind)]
pub fn history(handle: &External<Handle>, query: String, done: Function<'_, String, ()>) -> Result<()> {
    let shared = handle.shared.clone();
    in_background(&done, move || pages::history(&shared.engine, &query))
}

/// Nobody asks for that page. JSON in, too.
///
/// # Errors
/// As [`state_hash`].
#[napi(catch_unwind)]
pub fn leave_history(handle: &External<Handle>, query: String, done: Function<'_, String, ()>) -> Result<()> {
    let shared = handle.shared.clone();
    in_background(&done, move || cold::answer(pages::leave(&shared.engine, &query)))
}

/// Takes nothing new, lets what is in flight end, writes the end, stops the threads. Answers can still be drained.
///
/// # Errors
/// As [`state_hash`].
#[napi(catch_unwind)]
pub fn close_in_background(handle: &External<Handle>, done: Function<'_, String, ()>) -> Result<()> {
    let shared = handle.shared.clone();
    in_background(&done, move || cold::answer(shared.close()))
}

/// The same while this thread waits. JSON out.
#[napi(catch_unwind)]
pub fn close(handle: &External<Handle>) -> String {
    cold::answer(handle.shared.close())
}

/// Verifies a data directory that nobody has open, or that somebody else has, while this thread waits. `told` gets its
/// progress as JSON. JSON out.
#[napi(catch_unwind)]
pub fn verify_directory(dir: String, from: String, told: Function<'_, String, ()>) -> String {
    kept::verify_directory(&dir, &from, &told)
}

/// What is in a data directory. JSON out.
#[napi(catch_unwind)]
pub fn inspect_directory(dir: String) -> String {
    kept::inspect_directory(&dir)
}

/// Hands the log of a data directory to `write`, many lines of JSON at a time. JSON out, when it has ended.
///
/// # Errors
/// What `write` throws.
#[napi(catch_unwind)]
pub fn dump_directory(
    dir: String,
    from: Option<f64>,
    to: Option<f64>,
    account: Option<f64>,
    write: Function<'_, String, ()>,
) -> Result<String> {
    kept::dump_directory(&dir, from, to, account, &write)
}

/// Every error code with its number and meaning. JSON out: the source of the TypeScript list and the docs.
#[napi(catch_unwind)]
pub fn error_codes() -> String {
    cold::error_codes()
}

/// Where the fields of a record are. JSON out: TypeScript's offsets are tested against it.
#[napi(catch_unwind)]
pub fn layout() -> String {
    cold::layout()
}
