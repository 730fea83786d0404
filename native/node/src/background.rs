//! What takes its time is done in a thread of its own: opening, closing, snapshots, verification.
//!
//! Such a thread never touches a JavaScript value. It calls a threadsafe function when it is done, which fails
//! without harm if the environment is gone by then; the engine is kept alive by the thread meanwhile.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use lightning_core::reject::Code;
use lightning_engine::Engine;
use lightning_engine::recovery::RecoveryProgress;
use lightning_engine::refusal::Refusal;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::ThreadsafeFunctionCallMode;
use napi::{Error, Result};

use crate::Shared;
use crate::cold::{answer, parse_options};

/// Time between two reports of progress, at least.
const PROGRESS_EVERY: Duration = Duration::from_millis(100);

/// Does some work in a thread of its own, and calls `done` with its answer. The process stays alive until then.
///
/// # Errors
/// If Node refuses the callback, or the system the thread.
pub(crate) fn in_background(
    done: &Function<'_, String, ()>,
    work: impl FnOnce() -> String + Send + 'static,
) -> Result<()> {
    let done = done.build_threadsafe_function().callee_handled::<false>().build()?;
    spawn(move || {
        let text = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| answer::<()>(Err(broken())));
        done.call(text, ThreadsafeFunctionCallMode::NonBlocking);
    })?;
    Ok(())
}

/// An engine that is being opened.
#[derive(Default)]
pub struct Opening {
    progress: Mutex<Option<RecoveryProgress>>,
    /// Somebody was told of progress and has not taken it yet.
    is_told: AtomicBool,
    ended: Mutex<Option<std::result::Result<Shared, Refusal>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Opening {
    /// Opens an engine in a thread of its own. `tell` is called when there is progress to be taken, and when it is
    /// opened or refused.
    pub(crate) fn start(
        options: String,
        wake: lightning_engine::Wake,
        tell: &Function<'_, (), ()>,
    ) -> Result<Arc<Self>> {
        // Strong, so that the process stays alive until the engine is opened.
        let tell = tell.build_threadsafe_function().callee_handled::<false>().build()?;
        let tell = move || {
            tell.call((), ThreadsafeFunctionCallMode::NonBlocking);
        };
        let opening = Arc::new(Self::default());
        let here = opening.clone();
        let thread = spawn(move || {
            let work = || open(&options, wake, &mut here.reporter(&tell)).map(Shared::new);
            let ended = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(broken()));
            *lock(&here.ended) = Some(ended);
            tell();
        })?;
        *lock(&opening.thread) = Some(thread);
        Ok(opening)
    }

    /// Keeps the newest progress, and says that there is some: now and then, and not again before it was taken.
    fn reporter<'a>(&'a self, tell: &'a impl Fn()) -> impl FnMut(RecoveryProgress) + 'a {
        let mut told_at: Option<Instant> = None;
        move |progress| {
            *lock(&self.progress) = Some(progress);
            let is_time = told_at.is_none_or(|at| at.elapsed() >= PROGRESS_EVERY);
            if is_time && !self.is_told.swap(true, Ordering::SeqCst) {
                told_at = Some(Instant::now());
                tell();
            }
        }
    }

    /// How far it is, if that has changed.
    pub(crate) fn progress(&self) -> Option<RecoveryProgress> {
        self.is_told.store(false, Ordering::SeqCst);
        lock(&self.progress).take()
    }

    /// What came of it, once it has ended.
    pub(crate) fn ended(&self) -> Option<std::result::Result<Shared, Refusal>> {
        lock(&self.ended).take()
    }

    /// The environment goes away: waits for the end, and closes what was opened for nobody.
    pub(crate) fn abandon(&self) {
        let thread = lock(&self.thread).take();
        if let Some(thread) = thread {
            // A panic was caught inside.
            let _ = thread.join();
        }
        drop(self.ended());
    }
}

fn open(
    options: &str,
    wake: lightning_engine::Wake,
    progress: &mut dyn FnMut(RecoveryProgress),
) -> std::result::Result<Engine, Refusal> {
    let (options, mischief) = parse_options(options)?;
    if mischief.panic_after.is_some() {
        return Engine::open_with_mischief(options, wake, mischief);
    }
    Engine::open_watched(options, wake, progress)
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let thread = thread::Builder::new().name("lightning-task".to_owned());
    thread.spawn(work).map_err(|error| Error::from_reason(format!("no thread to work in: {error}")))
}

/// The answer of work that has panicked, which it should never do; where, is on stderr.
fn broken() -> Refusal {
    Refusal::new(Code::Internal, "a broken invariant in the background")
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
