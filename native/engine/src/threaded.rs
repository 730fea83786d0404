//! The product's driver: one thread per shard, parked while there is nothing to do.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use lightning_core::log::Context;
use lightning_core::matcher::Matcher;
use lightning_core::message::Command;
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::reject::Code;
use lightning_core::sequencer::Sequencer;
use lightning_core::types::{Lsn, Ticket};

use crate::clock::Clock;
use crate::config::Config;
use crate::halt::{Breaker, Halted};
use crate::journal::{Journal, LeasedOrderIds};
use crate::matcher_thread::{Feeds, MatcherThread};
use crate::metrics::{Queue, ThreadMetrics};
use crate::mischief::Mischief;
use crate::refusal::Refusal;
use crate::replies::Replies;
use crate::router::{Credits, Done, HeldCredits, Router, ToMatcher, ToSequencer};
use crate::sequencer_thread::SequencerThread;
use crate::streams::Hub;

/// Order ids leased to a sequencer at a time.
pub(crate) const ORDER_ID_BLOCK: u64 = 1_024;

/// How long nothing moves before a closing engine is taken for broken. Far beyond any pause of a live machine.
const STUCK: Duration = Duration::from_secs(5);

/// The running threads and the ways to them.
pub(crate) struct Threaded {
    router: Router,
    pub(crate) credits: Arc<Credits>,
    breaker: Breaker,
    threads: Mutex<Vec<JoinHandle<()>>>,
    metrics: Box<ThreadMetrics>,
}

impl Threaded {
    /// Starts the threads: the whole graph of threads and channels is built here. They stop when `stopped` is
    /// disconnected.
    pub(crate) fn start(
        config: &Config,
        shards: Shards,
        leased: &Arc<AtomicU64>,
        (replies, journal, clock, streams): (&Arc<Replies>, &Journal, &Clock, &Arc<Hub>),
        (breaker, stopped): (&Breaker, &Receiver<()>),
        mischief: Mischief,
    ) -> Result<Self, Refusal> {
        let credits = Credits::new(config.credits);
        let (router, inboxes, admitted) = Router::new(config.sequencers, config.matchers, config.credits);
        let metrics = Box::new(ThreadMetrics::new(config.sequencers, config.matchers));
        let mut threads = Vec::new();
        let mut failure = None;
        let mut start = |name: String, run: Box<dyn FnOnce() + Send>| match spawn(name, breaker, run) {
            Ok(thread) => threads.push(thread),
            Err(refusal) => failure = Some(refusal),
        };
        for (shard, (inbox, sequencer)) in inboxes.into_iter().zip(shards.sequencers).enumerate() {
            let (journal, clock) = (journal.clone(), clock.clone());
            let order_ids =
                LeasedOrderIds::new(leased.clone(), ORDER_ID_BLOCK, journal.clone(), clock.clone());
            let thread = SequencerThread {
                sequencer,
                inbox,
                stop: stopped.clone(),
                router: router.clone(),
                replies: replies.clone(),
                credits: credits.clone(),
                journal,
                order_ids,
                clock,
                mischief: mischief.sequencer(shard),
                timers_under_way: Weak::new(),
                shown: Lsn(0),
                metrics: metrics.sequencers[shard].clone(),
                shard,
                streams: streams.clone(),
                news: Vec::new(),
            };
            start(format!("sequencer-{shard}"), Box::new(move || thread.run()));
        }
        let matchers = shards.matchers.into_iter().zip(shards.feeds);
        for (shard, (inbox, (matcher, feeds))) in admitted.into_iter().zip(matchers).enumerate() {
            let thread = MatcherThread {
                matcher,
                feeds,
                inbox,
                stop: stopped.clone(),
                router: router.clone(),
                replies: replies.clone(),
                credits: credits.clone(),
                journal: journal.clone(),
                clock: clock.clone(),
                mischief: mischief.matcher(shard),
                metrics: metrics.matchers[shard].clone(),
                shard,
                streams: streams.clone(),
            };
            start(format!("matcher-{shard}"), Box::new(move || thread.run()));
        }
        streams.link_threads(router.clone());
        let threads = Mutex::new(threads);
        let engine = Self { router, credits, breaker: breaker.clone(), threads, metrics };
        match failure {
            None => Ok(engine),
            Some(refusal) => {
                engine.end();
                Err(refusal)
            }
        }
    }

    /// Sends commands, each with a credit taken, to one sequencer.
    pub(crate) fn send(&self, sequencer: usize, commands: Vec<Command>, now: Instant) {
        if !commands.is_empty() {
            self.router.to_sequencer(sequencer, ToSequencer::Commands(commands, now));
        }
    }

    /// What waits for each shard at this moment.
    pub(crate) fn queues(&self) -> Vec<Queue> {
        self.router.queues()
    }

    /// What the shards measure.
    pub(crate) fn metrics(&self) -> &ThreadMetrics {
        &self.metrics
    }

    /// Sends a question, with a credit taken, to every sequencer, and to every matcher that has a part in it.
    pub(crate) fn ask_all(&self, command: &Command, matchers_too: bool) {
        let held = Arc::new(HeldCredits { credits: self.credits.clone(), count: 1, others: Vec::new() });
        for shard in 0..self.router.sequencers() {
            self.router.to_sequencer(shard, ToSequencer::Question(command.clone(), held.clone()));
        }
        if matchers_too {
            self.ask_matchers(command.ticket, &held);
        }
    }

    fn ask_matchers(&self, ticket: Ticket, held: &Arc<HeldCredits>) {
        for shard in 0..self.router.matchers() {
            self.router.to_matcher(shard, ToMatcher::Question(ticket, held.clone()));
        }
    }

    /// Does something on one matcher, between two commands, and waits until its effects are out; and then until
    /// every sequencer has applied them. None when the engine halted meanwhile.
    pub(crate) fn on_matcher<R: Send + 'static>(
        &self,
        shard: usize,
        run: impl FnOnce(&mut Matcher, &mut Feeds, &mut Context<'_>, &mut MatcherOutbox) -> R + Send + 'static,
    ) -> Option<R> {
        let (tell, heard) = bounded(1);
        let control = move |matcher: &mut Matcher,
                            feeds: &mut Feeds,
                            ctx: &mut Context<'_>,
                            out: &mut MatcherOutbox|
              -> Done {
            let result = run(matcher, feeds, ctx, out);
            Box::new(move || {
                let _ = tell.send(result); // Nobody waits any more: the engine is being dropped.
            })
        };
        self.router.to_matcher(shard, ToMatcher::Control(Box::new(control)));
        let result = self.wait_for(&heard)?;
        self.on_sequencers(|_, _, _| ())?;
        Some(result)
    }

    /// Does something on every sequencer, one after the other, between two commands, and waits until its effects
    /// are out. None when the engine halted meanwhile.
    pub(crate) fn on_sequencers<R: Send + 'static>(
        &self,
        run: impl Fn(&mut Sequencer, &mut Context<'_>, &mut SequencerOutbox) -> R + Clone + Send + 'static,
    ) -> Option<Vec<R>> {
        let waiting: Vec<_> = (0..self.router.sequencers())
            .map(|shard| {
                let (tell, heard) = bounded(1);
                let run = run.clone();
                let control = move |sequencer: &mut Sequencer,
                                    ctx: &mut Context<'_>,
                                    out: &mut SequencerOutbox|
                      -> Done {
                    let result = run(sequencer, ctx, out);
                    Box::new(move || {
                        let _ = tell.send(result); // Nobody waits any more: the engine is being dropped.
                    })
                };
                self.router.to_sequencer(shard, ToSequencer::Control(Box::new(control)));
                heard
            })
            .collect();
        waiting.iter().map(|heard| self.wait_for(heard)).collect()
    }

    fn wait_for<R>(&self, heard: &Receiver<R>) -> Option<R> {
        loop {
            match heard.recv_timeout(Duration::from_millis(50)) {
                Ok(result) => return Some(result),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) if self.breaker.halted().is_some() => return None,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    /// Waits until everything in flight has been settled. A halted engine is not waited for, and one in which nothing
    /// moves any more is halted: a credit that never returns must not hang the host.
    pub(crate) fn drain(&self) {
        let (mut waiting, mut moved) = (self.credits.in_flight(), Instant::now());
        while waiting > 0 && self.breaker.halted().is_none() {
            std::thread::park_timeout(Duration::from_micros(100));
            let now = self.credits.in_flight();
            if now != waiting {
                (waiting, moved) = (now, Instant::now());
            } else if moved.elapsed() > STUCK {
                self.breaker.halt(Halted::broken(format!("{waiting} commands never ended")));
            }
        }
    }

    /// Ends the threads, wherever they are.
    pub(crate) fn end(&self) {
        self.breaker.stop_shards();
        join(&self.threads);
    }
}

/// The state that threads begin with.
pub(crate) struct Shards {
    pub(crate) sequencers: Vec<Sequencer>,
    pub(crate) matchers: Vec<Matcher>,
    /// Of each matcher.
    pub(crate) feeds: Vec<Feeds>,
}

impl Shards {
    /// Of an engine in which nothing has happened.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            sequencers: (0..config.sequencers).map(|_| Sequencer::new(config.limits)).collect(),
            matchers: (0..config.matchers).map(|_| Matcher::default()).collect(),
            feeds: (0..config.matchers).map(|_| Feeds::default()).collect(),
        }
    }
}

/// Starts a thread of the engine. A panic in it is a broken invariant: what it knows can't be trusted any more, so the
/// whole engine stops answering. It never reaches the host as anything but a rejected promise.
pub(crate) fn spawn(
    name: String,
    breaker: &Breaker,
    run: Box<dyn FnOnce() + Send>,
) -> Result<JoinHandle<()>, Refusal> {
    let (breaker, who) = (breaker.clone(), name.clone());
    let body = move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(run)) {
            breaker.halt(Halted::broken(format!("{who}: {}", panic_text(&*panic))));
        }
    };
    std::thread::Builder::new()
        .name(name)
        .spawn(body)
        .map_err(|error| Refusal::new(Code::Internal, format!("a thread can't be started: {error}")))
}

/// Waits until threads have ended. One that panicked has said so already.
pub(crate) fn join(threads: &Mutex<Vec<JoinHandle<()>>>) {
    let threads: Vec<_> = threads.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect();
    for thread in threads {
        let _ = thread.join();
    }
}

pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("a broken invariant")
}
