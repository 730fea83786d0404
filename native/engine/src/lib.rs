//! The engine: the sans-IO core with threads, names, decimals and published market data around it.
//!
//! [`Engine`] is the one handle that every front end uses (Node, later gRPC). A call goes through [`edge`]
//! (words to numbers, refusals that need no state), takes an admission credit, and enters the channel of its
//! account's sequencer; the threads and channels are drawn in `router.rs` and built in `threaded.rs`. Answers
//! are drained in batches. Books and trades are read from what the matchers publish, without asking anybody.

pub mod config;
pub mod decimal;
pub mod edge;
pub mod market_data;
pub mod refusal;
pub mod registry;
pub mod words;

mod clock;
mod control;
mod inline;
mod journal;
mod matcher_thread;
mod mischief;
mod once;
mod replies;
mod router;
mod sequencer_thread;
mod threaded;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use lightning_core::limits::BOOK_LEVELS_MAX;
use lightning_core::message::{Command, Outcome, Request, Trade};
use lightning_core::reject::Code;
use lightning_core::types::{AccountId, ID_MAX, Lsn, Ticket, Timestamp};

use crate::clock::Clock;
use crate::config::{Config, Options};
use crate::edge::{Call, EdgeRefusal, Translated};
use crate::inline::Inline;
use crate::market_data::BookView;
#[doc(hidden)]
pub use crate::mischief::Mischief;
use crate::once::Once;
use crate::refusal::Refusal;
use crate::registry::{Registry, Symbol};
use crate::replies::Replies;
pub use crate::replies::{Answer, Ready, Wake};
use crate::router::shard_of_account;
use crate::threaded::Threaded;

/// An open engine.
pub struct Engine {
    config: Config,
    registry: RwLock<Registry>,
    replies: Arc<Replies>,
    driver: Driver,
    clock: Clock,
    closed: AtomicBool,
    counters: Counters,
    once: Mutex<Once>,
}

enum Driver {
    Inline(Box<Mutex<Inline>>, AtomicBool),
    Threaded(Threaded),
}

#[derive(Default)]
struct Counters {
    commands: AtomicU64,
    refused_at_edge: AtomicU64,
    busy: AtomicU64,
}

/// What an engine has been doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Commands admitted since the engine was opened, reads included.
    pub commands: u64,
    /// Commands refused before they were admitted, `BUSY` included.
    pub refused_at_edge: u64,
    /// Commands refused for want of a credit.
    pub busy: u64,
    /// Commands admitted and not settled yet.
    pub in_flight: usize,
    /// The newest record.
    pub last_lsn: Lsn,
    /// True after a broken invariant.
    pub halted: bool,
}

impl Engine {
    /// Opens an engine. `wake` is called, from any thread, when answers are ready to be drained; once until
    /// they are drained. Inline engines do not call it: their answers are ready when `submit` returns.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for an option out of range, `INTERNAL` if the system has no threads to spare.
    pub fn open(options: Options, wake: Wake) -> Result<Self, Refusal> {
        Self::start(options.validate()?, wake, Mischief::default())
    }

    /// Opens an engine that misbehaves as a test wants it to.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for an option out of range.
    #[doc(hidden)]
    pub fn open_with_mischief(options: Options, wake: Wake, mischief: Mischief) -> Result<Self, Refusal> {
        Self::start(options.validate()?, wake, mischief)
    }

    fn start(config: Config, wake: Wake, mischief: Mischief) -> Result<Self, Refusal> {
        // Without a journal on disk there is nothing to wait for.
        let durable = Lsn(u64::MAX);
        let clock = Clock::new(config.manual_clock_start_ms);
        let (replies, driver);
        if config.inline {
            replies = Arc::new(Replies::new(Box::new(|| {}), durable));
            let inline = Inline::new(&config, &clock, mischief);
            driver = Driver::Inline(Box::new(Mutex::new(inline)), AtomicBool::new(false));
        } else {
            replies = Arc::new(Replies::new(wake, durable));
            driver = Driver::Threaded(Threaded::start(&config, &replies, &clock, mischief)?);
        }
        Ok(Self {
            config,
            registry: RwLock::default(),
            replies,
            driver,
            clock,
            closed: AtomicBool::new(false),
            counters: Counters::default(),
            once: Mutex::default(),
        })
    }

    /// The validated configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    fn registry_mut(&self) -> RwLockWriteGuard<'_, Registry> {
        self.registry.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Assets and symbols, to read.
    pub fn registry(&self) -> RwLockReadGuard<'_, Registry> {
        self.registry.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks a batch. Each item is answered through [`Self::drain`] under its ticket, exactly once, refusals
    /// included; items of one account are handled in their order. Tickets are the caller's and must differ
    /// among calls that are not answered yet.
    pub fn submit<'a>(&self, batch: impl IntoIterator<Item = (Ticket, Call<'a>)>) {
        let registry = self.registry();
        let now = self.clock.peek();
        let commands =
            batch.into_iter().filter_map(|(ticket, call)| self.admit(ticket, &call, &registry, now));
        match &self.driver {
            Driver::Threaded(threaded) => {
                let mut shards: Vec<Vec<Command>> = vec![Vec::new(); self.config.sequencers];
                for command in commands {
                    if !threaded.credits.take() {
                        self.refuse_busy(&command);
                    } else if let Some(shard) = self.owner(&command.request) {
                        shards[shard].push(command);
                    } else {
                        // After whatever this batch asked before it.
                        send_all(threaded, &mut shards);
                        let totals = matches!(command.request, Request::Totals);
                        let (parts, most) = (self.parts(totals), most(&command.request));
                        self.replies.expect_parts(command.ticket, parts, most);
                        threaded.ask_all(&command, totals);
                    }
                }
                send_all(threaded, &mut shards);
            }
            Driver::Inline(inline, halted) => {
                let mut inline = inline.lock().unwrap_or_else(PoisonError::into_inner);
                let mut answers = Vec::new();
                for command in commands {
                    let run = || {
                        if let Some(shard) = self.owner(&command.request) {
                            inline.run(shard, command, &mut answers);
                        } else {
                            let totals = matches!(command.request, Request::Totals);
                            let (parts, most) = (self.parts(totals), most(&command.request));
                            self.replies.expect_parts(command.ticket, parts, most);
                            for shard in 0..self.config.sequencers {
                                inline.run(shard, command.clone(), &mut answers);
                            }
                            if totals {
                                inline.totals(command.ticket, &mut answers);
                            }
                        }
                        self.replies.push(&mut answers);
                    };
                    if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
                        halted.store(true, Ordering::SeqCst);
                        self.replies.halt(format!("inline: {}", threaded::panic_text(&*panic)));
                    }
                }
            }
        }
    }

    /// Everything that has been answered since the last call.
    #[must_use]
    pub fn drain(&self) -> Ready {
        let mut ready = self.replies.drain();
        if !ready.answers.is_empty() {
            let registry = self.registry();
            for answer in &mut ready.answers {
                if let Ok(Outcome::Rejected(reject)) = &answer.result {
                    answer.result = Err(Refusal::from_reject(reject, &registry));
                }
            }
        }
        ready
    }

    /// The best `levels` of a symbol's book: what every answered command has made of it, or newer.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `INVALID_DEPTH` outside 1 to 20, `ENGINE_CLOSED`.
    pub fn book(&self, symbol: &str, levels: usize) -> Result<(Arc<Symbol>, BookView), Refusal> {
        self.check_open()?;
        let symbol = self.registry().find_symbol(symbol)?.clone();
        if !(1..=BOOK_LEVELS_MAX).contains(&levels) {
            let message = format!("levels is {levels}, not within 1 to {BOOK_LEVELS_MAX}");
            return Err(Refusal::field(Code::InvalidDepth, "levels", message));
        }
        let view = match &self.driver {
            Driver::Inline(inline, _) => {
                inline.lock().unwrap_or_else(PoisonError::into_inner).book(symbol.spec.id(), levels)
            }
            Driver::Threaded(_) => symbol.feed.book(levels),
        };
        Ok((symbol, view))
    }

    /// Public trades in ascending order: the newest `limit`, or the first `limit` from an id on.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `ENGINE_CLOSED`.
    pub fn trades(
        &self,
        symbol: &str,
        from: Option<u64>,
        limit: usize,
    ) -> Result<(Arc<Symbol>, Vec<Trade>), Refusal> {
        self.check_open()?;
        let symbol = self.registry().find_symbol(symbol)?.clone();
        let trades = symbol.feed.trades(from, limit);
        Ok((symbol, trades))
    }

    /// An account's own trades of one symbol in ascending order: the newest `limit`, or the first `limit` from an
    /// id on; as far as the symbol's trades are kept.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for what is no account id, `UNKNOWN_SYMBOL`, `ENGINE_CLOSED`.
    pub fn my_trades(
        &self,
        account: u64,
        symbol: &str,
        from: Option<u64>,
        limit: usize,
    ) -> Result<(Arc<Symbol>, Vec<Trade>), Refusal> {
        self.check_open()?;
        if !(1..=ID_MAX).contains(&account) {
            let message = "accountId is not a whole number from 1 to 2^53 - 1";
            return Err(Refusal::field(Code::InvalidRequest, "accountId", message));
        }
        let symbol = self.registry().find_symbol(symbol)?.clone();
        let trades = symbol.feed.trades_of(AccountId(account), from, limit);
        Ok((symbol, trades))
    }

    /// The engine's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.peek()
    }

    /// Counters since the engine was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (in_flight, last_lsn) = match &self.driver {
            Driver::Inline(inline, _) => {
                (0, inline.lock().unwrap_or_else(PoisonError::into_inner).last_lsn())
            }
            Driver::Threaded(threaded) => (threaded.credits.in_flight(), threaded.journal.last()),
        };
        Stats {
            commands: count(&self.counters.commands),
            refused_at_edge: count(&self.counters.refused_at_edge),
            busy: count(&self.counters.busy),
            in_flight,
            last_lsn,
            halted: self.is_halted(),
        }
    }

    /// Takes nothing new, lets everything in flight end, and stops the threads. What was answered can still be
    /// drained. Calling it again does nothing.
    pub fn close(&self) {
        {
            // Exclusive, so that a batch is handed over wholly before this or refused wholly after it.
            let _registry = self.registry_mut();
            if self.closed.swap(true, Ordering::SeqCst) {
                return;
            }
        }
        if let Driver::Threaded(threaded) = &self.driver {
            threaded.close(&self.replies);
        }
    }

    fn is_halted(&self) -> bool {
        match &self.driver {
            Driver::Inline(_, halted) => halted.load(Ordering::SeqCst),
            Driver::Threaded(threaded) => threaded.is_halted(),
        }
    }

    fn check_open(&self) -> Result<(), Refusal> {
        let code = if self.closed.load(Ordering::SeqCst) {
            Code::EngineClosed
        } else if self.is_halted() {
            Code::Internal
        } else {
            return Ok(());
        };
        Err(Refusal::new(code, code.meaning()))
    }

    /// The command of a call; or its refusal, on its way to the caller already.
    fn admit(&self, ticket: Ticket, call: &Call<'_>, registry: &Registry, now: Timestamp) -> Option<Command> {
        let translated = match self.check_open() {
            Ok(()) => edge::translate(call, registry, now),
            Err(refusal) => Err(EdgeRefusal { refusal, recall: None }),
        };
        let command = match translated {
            Ok(Translated { request, request_id }) => Command { ticket, request_id, request },
            Err(EdgeRefusal { refusal, recall: Some((account, request_id)) }) => {
                // It may have been done already, when what is wrong now was not wrong yet.
                self.replies.refuse_unless_seen(ticket, refusal);
                Command { ticket, request_id: Some(request_id), request: Request::Recall { account } }
            }
            Err(EdgeRefusal { refusal, recall: None }) => {
                self.refuse(ticket, refusal);
                return None;
            }
        };
        self.counters.commands.fetch_add(1, Ordering::Relaxed);
        Some(command)
    }

    fn refuse_busy(&self, command: &Command) {
        self.counters.commands.fetch_sub(1, Ordering::Relaxed);
        self.counters.busy.fetch_add(1, Ordering::Relaxed);
        self.replies.forget_edge_refusal(command.ticket);
        let message = format!("{} commands are in flight", self.config.credits);
        self.refuse(command.ticket, Refusal::new(Code::Busy, message));
    }

    /// How many shards have a part of an answer that nobody has alone.
    fn parts(&self, totals: bool) -> usize {
        self.config.sequencers + if totals { self.config.matchers } else { 0 }
    }

    /// Whose sequencer decides; none when each must say its part.
    fn owner(&self, request: &Request) -> Option<usize> {
        request.account().map(|account| shard_of_account(account, self.config.sequencers))
    }

    fn refuse(&self, ticket: Ticket, refusal: Refusal) {
        self.counters.refused_at_edge.fetch_add(1, Ordering::Relaxed);
        self.replies.refuse(ticket, refusal);
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

/// Orders that the answer to a question to all shards may have.
fn most(question: &Request) -> usize {
    match question {
        Request::OpenOrders { limit, .. } => *limit,
        _ => usize::MAX,
    }
}

fn send_all(threaded: &Threaded, shards: &mut [Vec<Command>]) {
    for (shard, commands) in shards.iter_mut().enumerate() {
        threaded.send(shard, std::mem::take(commands));
    }
}
