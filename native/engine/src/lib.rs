//! The engine: the sans-IO core with threads, names, decimals and published market data around it.
//!
//! [`Engine`] is the one handle that every front end uses (Node, later gRPC). A call goes through [`edge`]
//! (words to numbers, refusals that need no state), takes an admission credit, and enters the channel of its
//! account's sequencer; the threads and channels are drawn in `router.rs` and built in `threaded.rs`. Answers
//! are drained in batches. Books and trades are read from what the matchers publish, without asking anybody.

pub mod audit;
pub mod config;
pub mod decimal;
pub mod edge;
pub mod history;
pub mod market_data;
pub mod metrics;
pub mod raw;
pub mod recovery;
pub mod refusal;
pub mod registry;
pub mod snapshots;
pub mod state;
pub mod streams;
pub mod tools;
pub mod verify;
pub mod words;

mod clock;
mod closing;
mod control;
mod durable;
mod halt;
mod inline;
mod journal;
mod matcher_thread;
mod mischief;
mod once;
mod opening;
mod operator;
mod replay;
mod replies;
mod router;
mod sequencer_thread;
mod threaded;
mod under_way;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::thread::JoinHandle;
use std::time::Instant;

use lightning_core::archive::{Kline, KlineQuery, Ticker};
use lightning_core::limits::BOOK_LEVELS_MAX;
use lightning_core::message::{Command, Outcome, Reply, Request, RequestId, Trade};
use lightning_core::reject::Code;
use lightning_core::sequencer::LOOK_AHEAD;
use lightning_core::types::{AccountId, ID_MAX, Lsn, Ticket, Timestamp};

use crate::clock::Clock;
use crate::config::{Config, Durability};
use crate::durable::Kept;
use crate::edge::{Call, EdgeRefusal, Translated};
use crate::halt::Breaker;
pub use crate::halt::Halted;
use crate::inline::Inline;
use crate::journal::{Committer, Journal};
use crate::market_data::BookView;
use crate::metrics::Counters;
#[doc(hidden)]
pub use crate::mischief::Mischief;
use crate::once::Once;
#[doc(hidden)]
pub use crate::opening::Opening;
use crate::refusal::Refusal;
use crate::registry::{Key, Registry, Symbol};
use crate::replies::Replies;
pub use crate::replies::{Answer, Ready, Wake};
use crate::router::shard_of_account;
use crate::streams::Session;
use crate::threaded::Threaded;

/// An open engine.
pub struct Engine {
    config: Config,
    registry: Arc<RwLock<Registry>>,
    replies: Arc<Replies>,
    driver: Driver,
    clock: Clock,
    closed: AtomicBool,
    counters: Counters,
    once: Mutex<Once>,
    journal: Journal,
    /// The last order id that some sequencer may hand out.
    leased: Arc<AtomicU64>,
    breaker: Breaker,
    own: metrics::Own,
    /// What is told of it while it runs.
    streams: Arc<streams::Hub>,
    /// Of an engine with threads: the one that follows them.
    market_data_thread: Mutex<Vec<JoinHandle<()>>>,
    /// None if nothing is kept.
    kept: Option<Kept>,
}

enum Driver {
    Inline(Arc<Mutex<Inline>>),
    Threaded(Threaded),
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
    /// True after a broken invariant, or when the journal could not be written on.
    pub halted: bool,
    /// What an answer promises.
    pub durability: Durability,
    /// The newest record that outlives what the engine promises to outlive. Of a volatile engine, the newest one.
    pub durable_lsn: Lsn,
    /// Bytes of records that the journal has written since the engine was opened.
    pub journal_bytes: u64,
    /// Bytes of records that wait to be written.
    pub backlog_bytes: u64,
    /// Segments of the journal that are ready to be written to.
    pub segments_prepared: usize,
    /// How much may still be written.
    pub room: Room,
}

/// How much may still be written to the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Room {
    /// As much as anybody likes.
    #[default]
    Plenty,
    /// The disk is full: cancels are taken and nothing else that changes something.
    Low,
    /// What is left is kept for closing.
    Full,
}

impl Room {
    /// Its name, for instance `plenty`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plenty => "plenty",
            Self::Low => "low",
            Self::Full => "full",
        }
    }
}

impl Engine {
    /// The validated configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Somebody who follows what happens. `wake` is called, from any thread, when there is something to poll for; once
    /// until it is polled. Of an inline engine nobody calls it: its owner polls after calls, and when the session says.
    #[must_use]
    pub fn open_session(&self, wake: Wake) -> Session {
        Session::new(&self.streams, &self.registry, &self.clock, self.config.inline, wake)
    }

    /// When the engine was opened, in milliseconds since 1970: books of another epoch have other sequence numbers.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.streams.epoch()
    }

    /// What streams have been doing.
    #[must_use]
    pub fn stream_stats(&self) -> streams::Counters {
        self.streams.counters()
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
        self.ask(batch, |replies, _| self.replies.push(replies, Lsn(0)));
    }

    /// The same. What is answered meanwhile and may leave is handed to `take` where it lies, which saves its copies; what
    /// is given back is ready besides, and comes behind it. With an inline engine, which wakes nobody, that is all of it.
    ///
    /// `take` must not panic: that would be taken for a broken invariant.
    pub fn submit_and_take<'a>(
        &self,
        batch: impl IntoIterator<Item = (Ticket, Call<'a>)>,
        mut take: impl FnMut(&Reply, &Registry),
    ) -> Ready {
        self.ask(batch, |replies, registry| {
            self.replies.hand_over(replies, |reply| {
                if let Outcome::Rejected(reject) = &reply.outcome {
                    self.counters.refused(reject.code);
                }
                take(reply, registry);
            });
        });
        self.drain()
    }

    /// Asks a batch. `answered` takes what an inline engine answers; it is empty then.
    fn ask<'a>(
        &self,
        batch: impl IntoIterator<Item = (Ticket, Call<'a>)>,
        mut answered: impl FnMut(&mut Vec<Reply>, &Registry),
    ) {
        let registry = self.registry();
        let now = self.clock.peek();
        let admit = |(ticket, call): (Ticket, Call<'a>)| self.admit(ticket, &call, &registry, now);
        let mut batch = batch.into_iter();
        match &self.driver {
            Driver::Threaded(threaded) => self.send(threaded, batch.filter_map(admit)),
            Driver::Inline(inline) => self.on_inline(inline, |inline| {
                let mut answered = |replies: &mut Vec<Reply>| answered(replies, &registry);
                if !inline.has_many_orders() {
                    batch.filter_map(admit).for_each(|command| self.run(inline, command, &mut answered));
                    return;
                }
                let mut few = Vec::with_capacity(LOOK_AHEAD);
                loop {
                    few.extend(batch.by_ref().take(LOOK_AHEAD));
                    if few.is_empty() {
                        return;
                    }
                    inline.look_ahead(few.iter().filter_map(|(_, call)| call.open_order()));
                    let commands = few.drain(..).filter_map(admit);
                    commands.for_each(|command| self.run(inline, command, &mut answered));
                }
            }),
        }
    }

    /// Sends commands to their shards.
    fn send(&self, threaded: &Threaded, commands: impl Iterator<Item = Command>) {
        let mut shards: Vec<Vec<Command>> = vec![Vec::new(); self.config.sequencers];
        let is_behind = self.journal.kept().is_some_and(|front| front.is_behind());
        // Once there is no room the rest is refused, whatever ends meanwhile: nothing overtakes what was refused.
        let mut is_full = false;
        let sent = Instant::now();
        for command in commands {
            if is_behind {
                let message = "the disk does not keep up: too much waits to be written";
                self.refuse_busy(&command, message.to_owned());
            } else if is_full || !threaded.credits.take() {
                is_full = true;
                self.refuse_busy(&command, format!("{} commands are in flight", self.config.credits));
            } else if let Some(shard) = self.owner(&command.request) {
                self.count(&command, || sent);
                shards[shard].push(command);
            } else {
                self.count(&command, || sent);
                // After whatever this batch asked before it.
                send_all(threaded, &mut shards, sent);
                let totals = matches!(command.request, Request::Totals);
                let (parts, most) = (self.parts(totals), most(&command.request));
                self.replies.expect_parts(command.ticket, parts, most);
                threaded.ask_all(&command, totals);
            }
        }
        send_all(threaded, &mut shards, sent);
    }

    /// Runs a command to its end, in the caller's thread.
    fn run(&self, inline: &mut Inline, command: Command, answered: &mut impl FnMut(&mut Vec<Reply>)) {
        self.count(&command, Instant::now);
        let run = || {
            if let Some(shard) = self.owner(&command.request) {
                inline.run(shard, command, answered);
            } else {
                let totals = matches!(command.request, Request::Totals);
                let (parts, most) = (self.parts(totals), most(&command.request));
                self.replies.expect_parts(command.ticket, parts, most);
                for shard in 0..self.config.sequencers {
                    inline.run(shard, command.clone(), answered);
                }
                if totals {
                    answered(&mut inline.totals(command.ticket));
                }
            }
        };
        if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
            self.breaker.halt(Halted::broken(format!("inline: {}", threaded::panic_text(&*panic))));
            inline.abandon();
        }
    }

    /// Does something with the shards of an inline engine, and keeps what they decided before anybody else sees it.
    fn on_inline<R>(&self, inline: &Mutex<Inline>, run: impl FnOnce(&mut Inline) -> R) -> R {
        let mut inline = inline.lock().unwrap_or_else(PoisonError::into_inner);
        inline.begin();
        match catch_unwind(AssertUnwindSafe(|| run(&mut inline))) {
            Ok(result) => {
                if let Some(kept) = &self.kept {
                    kept.commit_here(&self.breaker);
                }
                result
            }
            Err(panic) => {
                self.breaker.halt(Halted::broken(format!("inline: {}", threaded::panic_text(&*panic))));
                inline.abandon();
                resume_unwind(panic)
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
                if let Err(refusal) = &answer.result {
                    self.counters.refused(refusal.code);
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
        self.book_of(Key::Name(symbol), levels)
    }

    /// The same of a symbol that may be named by its number.
    ///
    /// # Errors
    /// As [`Self::book`].
    pub fn book_of(&self, symbol: Key<'_>, levels: usize) -> Result<(Arc<Symbol>, BookView), Refusal> {
        self.check_open()?;
        let symbol = self.registry().symbol_of(symbol)?.clone();
        if !(1..=BOOK_LEVELS_MAX).contains(&levels) {
            let message = format!("levels is {levels}, not within 1 to {BOOK_LEVELS_MAX}");
            return Err(Refusal::field(Code::InvalidDepth, "levels", message));
        }
        let view = match &self.driver {
            Driver::Inline(inline) => {
                let view = self.on_inline(inline, |inline| inline.book(symbol.spec.id(), levels));
                self.check_open()?; // What was due was done before, and may not have been kept.
                view
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

    /// Candles in ascending order: the newest, or those from a time on.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `ENGINE_CLOSED`.
    pub fn klines(&self, symbol: &str, query: &KlineQuery) -> Result<(Arc<Symbol>, Vec<Kline>), Refusal> {
        self.check_open()?;
        let symbol = self.registry().find_symbol(symbol)?.clone();
        let klines =
            symbol.feed.with_archive(self.clock.peek(), |archive, as_of| archive.klines(query, as_of));
        Ok((symbol, klines))
    }

    /// The last 24 hours of a symbol, and the top of its book.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `ENGINE_CLOSED`.
    pub fn ticker(&self, symbol: &str) -> Result<(Arc<Symbol>, Ticker, BookView), Refusal> {
        let (symbol, view) = self.book(symbol, 1)?;
        let ticker = symbol.feed.with_archive(self.clock.peek(), |archive, as_of| archive.ticker(as_of.now));
        Ok((symbol, ticker, view))
    }

    /// The engine's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.peek()
    }

    /// Counters since the engine was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let in_flight = match &self.driver {
            Driver::Inline(_) => 0,
            Driver::Threaded(threaded) => threaded.credits.in_flight(),
        };
        let last_lsn = self.last_lsn();
        let committer = self.kept.as_ref().map(Kept::committer);
        Stats {
            commands: self.counters.commands(),
            refused_at_edge: self.counters.all_refused_at_edge(),
            busy: self.counters.all_busy(),
            in_flight,
            last_lsn,
            halted: self.breaker.halted().is_some(),
            durability: self.config.durability,
            durable_lsn: committer.map_or(last_lsn, Committer::durable),
            journal_bytes: committer.map_or(0, Committer::written_bytes),
            backlog_bytes: committer.map_or(0, |committer| committer.front().backlog()),
            segments_prepared: committer.map_or(0, Committer::prepared),
            room: committer.map_or(Room::Plenty, Committer::room),
        }
    }

    /// The newest record.
    fn last_lsn(&self) -> Lsn {
        self.journal.last()
    }

    fn check_open(&self) -> Result<(), Refusal> {
        if self.closed.load(Ordering::SeqCst) {
            return Err(Refusal::new(Code::EngineClosed, Code::EngineClosed.meaning()));
        }
        self.breaker.halted().map_or(Ok(()), |halted| Err(halted.refusal()))
    }

    /// The command of a call; or its refusal, on its way to the caller already.
    fn admit(&self, ticket: Ticket, call: &Call<'_>, registry: &Registry, now: Timestamp) -> Option<Command> {
        let translated = match self.check_open() {
            Ok(()) => edge::translate(call, registry, now),
            Err(refusal) => Err(EdgeRefusal { refusal, recall: None }),
        };
        let command = match translated {
            Ok(Translated { request, request_id }) => match self.no_room_for(&request) {
                None => Command { ticket, request_id, request },
                Some(refusal) => {
                    let recall = request.account().zip(request_id);
                    self.recall(ticket, refusal, recall)?
                }
            },
            Err(EdgeRefusal { refusal, recall }) => self.recall(ticket, refusal, recall)?,
        };
        Some(command)
    }

    /// A command is admitted: `now`, if that is wanted.
    #[inline]
    fn count(&self, command: &Command, now: impl FnOnce() -> Instant) {
        if self.counters.admitted(&command.request) {
            self.replies.followed().begin(command.ticket, now());
        }
    }

    /// Refuses a call, unless it has a request id: it may have been done already, when what is wrong now was not wrong
    /// yet.
    fn recall(
        &self,
        ticket: Ticket,
        refusal: Refusal,
        recall: Option<(AccountId, Box<RequestId>)>,
    ) -> Option<Command> {
        let Some((account, request_id)) = recall else {
            self.refuse(ticket, refusal);
            return None;
        };
        self.replies.refuse_unless_seen(ticket, refusal);
        Some(Command { ticket, request_id: Some(request_id), request: Request::Recall { account } })
    }

    /// Why this can't be written down at present.
    fn no_room_for(&self, request: &Request) -> Option<Refusal> {
        self.kept.as_ref()?.judge_room(request).err()
    }

    fn refuse_busy(&self, command: &Command, message: String) {
        self.counters.busy();
        self.replies.forget_edge_refusal(command.ticket);
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
        self.counters.refused_at_edge();
        self.replies.refuse(ticket, refusal);
    }
}

/// Orders that the answer to a question to all shards may have.
fn most(question: &Request) -> usize {
    match question {
        Request::OpenOrders { limit, .. } => *limit,
        _ => usize::MAX,
    }
}

fn send_all(threaded: &Threaded, shards: &mut [Vec<Command>], sent: Instant) {
    for (shard, commands) in shards.iter_mut().enumerate() {
        threaded.send(shard, std::mem::take(commands), sent);
    }
}
