//! How an engine comes to be: from nothing, or from what an earlier one has kept.

use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Instant;

use crossbeam_channel::bounded;
use lightning_core::types::Lsn;
use lightning_journal::storage::Storage;
use lightning_journal::storage::directory::Directory;

use crate::audit::Auditor;
use crate::audit::history::Historian;
use crate::clock::Clock;
use crate::config::{Config, Options};
use crate::durable::{Kept, Rest};
use crate::halt::Breaker;
use crate::inline::Inline;
use crate::journal::{Bounds, Committer, Front, Helpers, Journal, run_journal, run_preparer, run_rest};
use crate::metrics::{Counters, Own};
use crate::mischief::Mischief;
use crate::once::Once;
use crate::recovery::{self, Recovery, RecoveryProgress};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::replay::refusal_of;
use crate::replies::{Replies, Wake};
use crate::snapshots::{Job, run_snapshots};
use crate::streams::{Hub, run_market_data};
use crate::threaded::{Shards, Threaded, spawn};
use crate::{Driver, Engine};

/// What an engine is opened with.
#[doc(hidden)]
pub struct Opening<'a> {
    /// What it is told.
    pub options: Options,
    /// Called, from any thread, when answers are ready to be drained.
    pub wake: Wake,
    /// In the place of a data directory.
    pub storage: Option<Arc<dyn Storage>>,
    /// Told how far recovery is.
    pub progress: &'a mut dyn FnMut(RecoveryProgress),
    /// What a test wants.
    pub mischief: Mischief,
}

/// What an engine is made of before it has threads.
struct Parts {
    shards: Shards,
    order_ids_up_to: u64,
    registry: Registry,
    once: Once,
    clock: Clock,
    journal: Journal,
    /// The last record, which needs no waiting.
    safe: Lsn,
}

impl Engine {
    /// Opens an engine. `wake` is called, from any thread, when answers are ready to be drained; once until
    /// they are drained. Inline engines do not call it: their answers are ready when `submit` returns.
    ///
    /// With a data directory it begins where an earlier engine ended, which takes time in proportion to what that did
    /// after its last snapshot.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for an option out of range, `INTERNAL` if the system has no threads to spare. With a data
    /// directory `DATA_DIR_LOCKED`, `CORRUPT_STATE`, `UNSUPPORTED_VERSION` and `UNSAFE_DATA_DIR`, where nothing has been
    /// changed in it; `JOURNAL_IO`, `STORAGE_FULL`.
    pub fn open(options: Options, wake: Wake) -> Result<Self, Refusal> {
        Self::open_watched(options, wake, &mut |_| {})
    }

    /// Opens an engine as [`Self::open`] does, and says how far recovery is.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_watched(
        options: Options,
        wake: Wake,
        progress: &mut dyn FnMut(RecoveryProgress),
    ) -> Result<Self, Refusal> {
        let mischief = Mischief::default();
        Self::open_with(Opening { options, wake, storage: None, progress, mischief })
    }

    /// Opens an engine on some storage in the place of a data directory.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_on(storage: Arc<dyn Storage>, options: Options, wake: Wake) -> Result<Self, Refusal> {
        let (progress, mischief) = (&mut |_| {}, Mischief::default());
        Self::open_with(Opening { options, wake, storage: Some(storage), progress, mischief })
    }

    /// Opens an engine that misbehaves as a test wants it to.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    #[doc(hidden)]
    pub fn open_with_mischief(options: Options, wake: Wake, mischief: Mischief) -> Result<Self, Refusal> {
        Self::open_with(Opening { options, wake, storage: None, progress: &mut |_| {}, mischief })
    }

    /// Opens an engine with everything said.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    #[doc(hidden)]
    pub fn open_with(opening: Opening<'_>) -> Result<Self, Refusal> {
        let Opening { options, wake, storage, progress, mischief } = opening;
        let has_storage = storage.is_some() || options.data_dir.is_some();
        let config = options.validate_with(has_storage)?;
        // An inline engine's caller is there already.
        let wake = if config.inline { Box::new(|| {}) } else { wake };
        match open_storage(storage, &config)? {
            Some(storage) => Self::recovered(config, storage, progress, wake, mischief),
            None => Self::volatile(config, wake, mischief),
        }
    }

    fn volatile(config: Config, wake: Wake, mischief: Mischief) -> Result<Self, Refusal> {
        let parts = Parts {
            shards: Shards::new(&config),
            order_ids_up_to: 0,
            registry: Registry::default(),
            once: Once::default(),
            clock: Clock::new(config.manual_clock_start_ms, None),
            journal: Journal::volatile(),
            // There is nothing to wait for.
            safe: Lsn(u64::MAX),
        };
        Self::assemble(config, parts, wake, mischief)
    }

    fn recovered(
        config: Config,
        storage: Arc<dyn Storage>,
        progress: &mut dyn FnMut(RecoveryProgress),
        wake: Wake,
        mischief: Mischief,
    ) -> Result<Self, Refusal> {
        let recovery = recovery::recover(&config, storage.clone(), progress)?;
        let Recovery {
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
        } = recovery;
        let usual = Bounds::default();
        let bounds = Bounds { high: mischief.backlog_high.unwrap_or(usual.high), ..usual };
        let front = Arc::new(Front::new(last, gate, !config.inline, bounds));
        let journal = Journal::Kept(front.clone());
        let parts = Parts { shards, order_ids_up_to, registry, once, clock, journal, safe: last };
        let mut engine = Self::assemble(config, parts, wake, mischief)?;

        let (wake_preparer, preparer_woken) = bounded(1);
        let (order_snapshot, snapshot_ordered) = bounded::<Job>(4);
        let helpers = Helpers { preparer: wake_preparer, snapshots: order_snapshot };
        let committer = Arc::new(Committer::new(
            writer,
            recovery::mode(engine.config.durability),
            (&front, &engine.replies, &engine.streams),
            &engine.config.journal,
            Lsn(report.snapshot_lsn.unwrap_or(0)),
            helpers,
        ));
        let (wake_rest, rest_woken) = bounded(1);
        let (stop_rest, rest_stopped) = bounded(0);
        engine.kept = Some(Kept {
            storage: storage.clone(),
            committer: committer.clone(),
            facts,
            report,
            rest: Mutex::new(engine.config.inline.then_some(Rest { wake: wake_rest, _stop: stop_rest })),
            journal_thread: Mutex::default(),
            helper_threads: Mutex::default(),
            auditor: Auditor::default(),
            historian: Historian::default(),
        });
        // Whatever goes wrong from here on, the engine is closed in good order.
        let kept = engine.kept.as_ref().expect("it was just put there");
        let breaker = engine.breaker.clone();
        let journal: Box<dyn FnOnce() + Send> = match &engine.driver {
            Driver::Threaded(threaded) => {
                let (committer, breaker, credits) =
                    (committer.clone(), breaker.clone(), threaded.credits.clone());
                Box::new(move || run_journal(&committer, &breaker, &|| credits.in_flight() == 0))
            }
            Driver::Inline(_) => {
                let (committer, breaker) = (committer.clone(), breaker.clone());
                Box::new(move || run_rest(&committer, &breaker, &rest_woken, &rest_stopped))
            }
        };
        add(&kept.journal_thread, spawn("journal".into(), &breaker, journal)?);
        let prepare = {
            let committer = committer.clone();
            Box::new(move || run_preparer(&committer, &preparer, &preparer_woken))
        };
        add(&kept.helper_threads, spawn("preparer".into(), &breaker, prepare)?);
        let (config, newest) = (engine.config.clone(), kept.report.snapshot_lsn);
        let make_snapshots = {
            let breaker = breaker.clone();
            Box::new(move || {
                run_snapshots(&storage, &committer, &breaker, &config, newest, &snapshot_ordered);
            })
        };
        add(&kept.helper_threads, spawn("snapshots".into(), &breaker, make_snapshots)?);
        engine.bring_in_line()?;
        Ok(engine)
    }

    fn assemble(config: Config, parts: Parts, wake: Wake, mischief: Mischief) -> Result<Self, Refusal> {
        let Parts { shards, order_ids_up_to, registry, once, clock, journal, safe } = parts;
        let leased = Arc::new(AtomicU64::new(order_ids_up_to));
        let replies = Arc::new(Replies::new(wake, safe));
        let matchers = shards.feeds.iter().map(|feeds| feeds.counts().clone()).collect();
        let (stop, stopped) = bounded(0);
        let streams = Hub::new(&config, &journal);
        let breaker = Breaker::new(journal.clone(), replies.clone(), streams.clone(), stop);
        let market_data_thread = Mutex::default();
        let driver = if config.inline {
            let inline = Inline::new(shards, &leased, (&journal, &clock, &streams), mischief);
            let inline = Arc::new(Mutex::new(inline));
            streams.link_inline(&inline);
            Driver::Inline(inline)
        } else {
            let shared = (&replies, &journal, &clock, &streams);
            let threaded = Threaded::start(&config, shards, &leased, shared, (&breaker, &stopped), mischief)?;
            let hub = streams.clone();
            let follow = Box::new(move || run_market_data(&hub));
            match spawn("market-data".into(), &breaker, follow) {
                Ok(thread) => add(&market_data_thread, thread),
                Err(refusal) => {
                    threaded.end();
                    return Err(refusal);
                }
            }
            Driver::Threaded(threaded)
        };
        Ok(Self {
            config,
            registry: Arc::new(RwLock::new(registry)),
            replies,
            driver,
            clock,
            closed: AtomicBool::new(false),
            counters: Counters::default(),
            once: Mutex::new(once),
            journal,
            leased,
            breaker,
            own: Own { opened: Instant::now(), matchers },
            streams,
            market_data_thread,
            kept: None,
        })
    }

    /// Does what the operator had decided about symbols when an earlier engine ended, and no matcher had written down.
    fn bring_in_line(&self) -> Result<(), Refusal> {
        let symbols: Vec<_> = self.registry().symbols().to_vec();
        for symbol in symbols {
            let id = symbol.spec.id();
            let market = self.on_matcher_of(id, move |matcher, _, _, _| {
                matcher.market(id).map(|market| (*market.spec(), *market.rules()))
            })?;
            match market {
                None if symbol.removed => {}
                None => self.tell_of_new(&symbol, None)?,
                Some(_) if symbol.removed => {
                    let removed = self.on_matcher_of(id, move |matcher, _, ctx, out| {
                        matcher.remove_symbol(id, true, ctx, out)
                    })?;
                    removed.map_err(|reject| Refusal::from_reject(&reject, &self.registry()))?;
                }
                Some(market) if market == (symbol.spec, symbol.rules) => {}
                Some(_) => {
                    let changed = self.tell_of_change(&symbol, true, None)?;
                    changed.map_err(|reject| Refusal::from_reject(&reject, &self.registry()))?;
                }
            }
        }
        self.wait_until_safe()
    }
}

fn add(threads: &Mutex<Vec<JoinHandle<()>>>, thread: JoinHandle<()>) {
    threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
}

fn open_storage(
    storage: Option<Arc<dyn Storage>>,
    config: &Config,
) -> Result<Option<Arc<dyn Storage>>, Refusal> {
    match (storage, &config.data_dir) {
        (Some(storage), _) => Ok(Some(storage)),
        (None, None) => Ok(None),
        (None, Some(path)) => {
            let directory = Directory::open(path).map_err(|error| refusal_of(&error.into()))?;
            Ok(Some(Arc::new(directory)))
        }
    }
}
