//! The N-API skin: free functions over a handle, bytes in, bytes out.
//!
//! Nothing about trading is decided here. Calls enter as fixed-size records in a buffer that TypeScript
//! reuses ([`records`]), answers leave as records in another one ([`answers`]); cold calls carry JSON text. A
//! refusal is a result, never an exception. A panic never crosses: it becomes a JavaScript error.
//!
//! Buffers come in as slices that are read or written before the call returns, and no pointer into JavaScript
//! memory is kept; the one `unsafe` block is in [`drain`].

mod admin;
mod answers;
mod cold;
mod records;

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use lightning_engine::{Answer, Engine, words};
use napi::bindgen_prelude::{External, Function, Uint8ArraySlice};
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Env, Result};
use napi_derive::napi;

/// An open engine, and answers that have not found room in a buffer yet.
pub struct Handle {
    engine: Arc<Engine>,
    undelivered: Mutex<Undelivered>,
}

#[derive(Default)]
struct Undelivered {
    answers: VecDeque<Answer>,
    halted: Option<String>,
}

/// What `open` gives: an engine, or a refusal as JSON.
#[napi(object, object_from_js = false)]
pub struct Opened {
    /// The engine.
    pub handle: Option<External<Handle>>,
    /// Why there is none.
    pub error: Option<String>,
}

/// Opens an engine. `options` is JSON; `wake` is called on this thread when answers are ready to be drained.
///
/// # Errors
/// If Node refuses the callback.
#[napi(catch_unwind)]
pub fn open(env: Env, options: String, wake: Function<'_, (), ()>) -> Result<Opened> {
    // Weak: an idle engine does not keep the process alive; TypeScript does, while calls are unanswered.
    // A queue of two: the engine wakes once and not again before it is drained.
    let wake = wake
        .build_threadsafe_function()
        .weak::<true>()
        .callee_handled::<false>()
        .max_queue_size::<2>()
        .build()?;
    let on_ready = move || {
        // Refused only when a wake-up is queued already, or when this environment is going away.
        wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
    };
    let opened = cold::parse_options(&options)
        .and_then(|(options, mischief)| Engine::open_with_mischief(options, Box::new(on_ready), mischief));
    match opened {
        Err(refusal) => Ok(Opened { handle: None, error: Some(refusal.to_json().to_string()) }),
        Ok(engine) => {
            let engine = Arc::new(engine);
            // `worker.terminate()` and a natural exit end threads here; `process.exit()` in TypeScript.
            let at_exit = Arc::downgrade(&engine);
            env.add_env_cleanup_hook(at_exit, |engine| {
                if let Some(engine) = engine.upgrade() {
                    engine.close();
                }
            })?;
            let handle = Handle { engine, undelivered: Mutex::default() };
            Ok(Opened { handle: Some(External::new(handle)), error: None })
        }
    }
}

/// Asks the first `count` records of a buffer. Each is answered through [`drain`] under its ticket. `words` is a JSON
/// array of the calls that are made in words, in the order of their records.
#[napi(catch_unwind)]
pub fn submit(handle: &External<Handle>, buffer: &[u8], count: u32, words: Option<String>) {
    let words: Vec<_> = words.map_or_else(Vec::new, |text| words::parse(&text).unwrap_or_default());
    let mut words = words.iter().map(|words| words.as_ref().ok());
    let batch = records::iterate(buffer, count);
    handle.engine.submit(batch.map(|record| (record.ticket(), record.call(&mut words))));
}

/// Writes answers into a buffer, as many as fit, and says where the last one ends. Negative: the next answer
/// needs a buffer of that size.
#[napi(catch_unwind)]
pub fn drain(handle: &External<Handle>, mut buffer: Uint8ArraySlice<'_>) -> f64 {
    // SAFETY: a plain ArrayBuffer of this package's TypeScript, which alone has a reference to it and never
    // shares or transfers it. Its thread is in this call, so nobody reads or writes it until the call is over,
    // and the slice does not outlive the call.
    let buffer = unsafe { buffer.as_mut() };
    let mut undelivered = handle.undelivered.lock().unwrap_or_else(PoisonError::into_inner);
    let ready = handle.engine.drain();
    undelivered.answers.extend(ready.answers);
    if ready.halted.is_some() {
        undelivered.halted = ready.halted;
    }
    let registry = handle.engine.registry();
    let mut writer = answers::Writer::new(buffer);
    while let Some(answer) = undelivered.answers.front() {
        // An answer that can't be written is our bug, and must not take the others with it.
        let written = catch_unwind(AssertUnwindSafe(|| writer.write(answer, &registry)))
            .unwrap_or_else(|_| writer.write_unwritable(answer.ticket));
        match written {
            Ok(()) => {
                undelivered.answers.pop_front();
            }
            Err(needed) => return writer.finish(Some(needed)),
        }
    }
    if let Some(why) = &undelivered.halted {
        match writer.write_halt(why) {
            Ok(()) => undelivered.halted = None,
            Err(needed) => return writer.finish(Some(needed)),
        }
    }
    writer.finish(None)
}

/// Creates an asset. JSON in and out: `{ ok }` or `{ error }`, here and in all that follow.
#[napi(catch_unwind)]
pub fn create_asset(handle: &External<Handle>, asset: String, request_id: Option<f64>) -> String {
    admin::create_asset(&handle.engine, &asset, request_id)
}

/// Changes an asset.
#[napi(catch_unwind)]
pub fn update_asset(
    handle: &External<Handle>,
    code: String,
    patch: String,
    request_id: Option<f64>,
) -> String {
    admin::update_asset(&handle.engine, &code, &patch, request_id)
}

/// Removes an asset that is not in use.
#[napi(catch_unwind)]
pub fn remove_asset(handle: &External<Handle>, code: String, request_id: Option<f64>) -> String {
    admin::remove_asset(&handle.engine, &code, request_id)
}

/// Creates a symbol.
#[napi(catch_unwind)]
pub fn create_symbol(handle: &External<Handle>, symbol: String, request_id: Option<f64>) -> String {
    admin::create_symbol(&handle.engine, &symbol, request_id)
}

/// Changes a symbol's rules.
#[napi(catch_unwind)]
pub fn update_symbol(
    handle: &External<Handle>,
    name: String,
    patch: String,
    request_id: Option<f64>,
) -> String {
    admin::update_symbol(&handle.engine, &name, &patch, request_id)
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
    admin::set_symbol_status(&handle.engine, &name, &status, cancel_open, request_id)
}

/// Removes a symbol; with `force`, its orders, too.
#[napi(catch_unwind)]
pub fn remove_symbol(
    handle: &External<Handle>,
    name: String,
    force: bool,
    request_id: Option<f64>,
) -> String {
    admin::remove_symbol(&handle.engine, &name, force, request_id)
}

/// Cancels every order of a symbol.
#[napi(catch_unwind)]
pub fn cancel_symbol_orders(handle: &External<Handle>, name: String, request_id: Option<f64>) -> String {
    admin::cancel_symbol_orders(&handle.engine, &name, request_id)
}

/// Moves a manual clock on.
#[napi(catch_unwind)]
pub fn advance(handle: &External<Handle>, milliseconds: f64) -> String {
    admin::advance(&handle.engine, milliseconds)
}

/// What time it is for the engine, in milliseconds since 1970.
#[napi(catch_unwind)]
pub fn now(handle: &External<Handle>) -> String {
    cold::now(&handle.engine)
}

/// The best levels of a book. JSON out.
#[napi(catch_unwind)]
pub fn book(handle: &External<Handle>, symbol: String, levels: f64, cumulative: bool) -> String {
    cold::book(&handle.engine, &symbol, levels, cumulative)
}

/// Best bid and ask. JSON out.
#[napi(catch_unwind)]
pub fn bbo(handle: &External<Handle>, symbol: String) -> String {
    cold::bbo(&handle.engine, &symbol)
}

/// Public trades, ascending. JSON out.
#[napi(catch_unwind)]
pub fn trades(handle: &External<Handle>, symbol: String, from_id: Option<f64>, limit: f64) -> String {
    cold::trades(&handle.engine, &symbol, from_id, limit)
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
    cold::my_trades(&handle.engine, account_id, &symbol, from_id, limit)
}

/// Counters. JSON out.
#[napi(catch_unwind)]
pub fn stats(handle: &External<Handle>) -> String {
    cold::stats(&handle.engine)
}

/// Takes nothing new, lets what is in flight end, stops the threads. Answers can still be drained.
#[napi(catch_unwind)]
pub fn close(handle: &External<Handle>) {
    handle.engine.close();
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
