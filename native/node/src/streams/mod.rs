//! Following the engine: TypeScript watches something, says which of its subscriptions have a consumer that waits, and
//! polls what there is for them into a buffer ([`records`]).

mod json;
mod records;
mod watch;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use lightning_core::archive::Interval;
use lightning_engine::market_data::BookView;
use lightning_engine::refusal::Refusal;
use lightning_engine::registry::{Key, Symbol};
use lightning_engine::streams::{Session, SubscriptionId, Update};
use lightning_engine::{Engine, Wake};
use serde_json::json;

pub(crate) use self::records::{
    AGGREGATE, BBO, BOOK, HEADER, KINDS, LEVEL, LEVEL3, LEVEL3_ORDER, LEVEL3_START, PREFIX, TRADE,
};
use self::records::{Needs, Writer};
use crate::Shared;

/// Levels, trades, events and so on that one poll hands out, unless a single update has more.
const BUDGET: usize = 1_024;

/// The subscriptions of a handle.
pub struct Streams {
    shared: Arc<Shared>,
    open: Mutex<Open>,
}

struct Open {
    session: Session,
    watched: HashMap<SubscriptionId, Watched>,
}

/// What must be known of a subscription to say what it is told.
struct Watched {
    symbol: Option<Arc<Symbol>>,
    interval: Option<Interval>,
    /// Are balances watched? Otherwise it is orders, where it is about an account.
    of_balances: bool,
}

impl Watched {
    fn symbol(&self) -> &Symbol {
        self.symbol.as_deref().expect("what is told of a symbol was asked of one")
    }
}

impl Streams {
    pub(crate) fn open(shared: Arc<Shared>, wake: Wake) -> Self {
        let session = shared.engine.open_session(wake);
        Self { shared, open: Mutex::new(Open { session, watched: HashMap::new() }) }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the engine was opened, in milliseconds since 1970.
    #[expect(clippy::cast_precision_loss, reason = "milliseconds are below 2^53")]
    pub(crate) fn epoch(&self) -> f64 {
        self.shared.engine.epoch() as f64
    }

    /// Watches what is given as JSON; gives the subscription's number.
    pub(crate) fn watch(&self, text: &str) -> Result<u32, Refusal> {
        let (watch, watched) = watch::parse(text, &self.shared.engine.registry())?;
        let mut open = self.lock();
        let id = open.session.watch(watch)?;
        open.watched.insert(id, watched);
        Ok(id.0)
    }

    pub(crate) fn unwatch(&self, id: u32) {
        let mut open = self.lock();
        open.session.unwatch(SubscriptionId(id));
        open.watched.remove(&SubscriptionId(id));
    }

    /// Writes what there is for those that want something, `wanting` among them, as much as fits; says where it ends, or
    /// with a negative number how large the buffer must be.
    pub(crate) fn poll(&self, wanting: &[u32], buffer: &mut [u8]) -> f64 {
        let mut open = self.lock();
        let Open { session, watched } = &mut *open;
        for &id in wanting {
            session.want(SubscriptionId(id));
        }
        let mut writer = Writer::new(buffer);
        let mut needs = None;
        let mut gone = Vec::new();
        let engine = &*self.shared.engine;
        let more = session.poll(Instant::now(), BUDGET, &mut |id, update| {
            let Some(about) = watched.get(&id) else { return true };
            let is_over = matches!(update, Update::Ended(_));
            match write(&mut writer, engine, id, about, update) {
                Ok(()) => {
                    if is_over {
                        gone.push(id);
                    }
                    true
                }
                Err(Needs(bytes)) => {
                    needs = Some(bytes);
                    false
                }
            }
        });
        for id in gone {
            watched.remove(&id);
        }
        writer.finish(more, needs)
    }

    /// In how many milliseconds to poll at the latest; negative if nothing will be due by itself.
    pub(crate) fn next_poll(&self) -> f64 {
        self.lock().session.next_poll(Instant::now()).map_or(-1.0, |wait: Duration| wait.as_secs_f64() * 1e3)
    }
}

fn write(
    writer: &mut Writer<'_>,
    engine: &Engine,
    id: SubscriptionId,
    about: &Watched,
    update: Update<'_>,
) -> Result<(), Needs> {
    match update {
        Update::Trades(trades) => writer.trades(id, trades),
        Update::Gap { from, to } => writer.gap(id, from, to),
        Update::Ended(why) => writer.ended(id, why),
        Update::AccountStart(start) => {
            writer.json(id, &json!([json::start(start, about.of_balances, &engine.registry())]))
        }
        Update::Executions(reports) => {
            let registry = engine.registry();
            writer.json(id, &reports.iter().map(|report| json::execution(report, &registry)).collect())
        }
        Update::Balances(updates) => {
            let registry = engine.registry();
            writer.json(id, &updates.iter().map(|update| json::balance(update, &registry)).collect())
        }
        Update::Status(status) => writer.json(id, &json!([json::status(status, &engine.registry())])),
        Update::Ticker(ticker) => {
            let symbol = about.symbol();
            // The top of its book as it is now; none if the engine is closed meanwhile.
            let book = engine.book_of(Key::Number(symbol.spec.id().0), 1);
            let book = book.map_or_else(|_| BookView::default(), |(_, book)| book);
            writer.json(id, &json!([json::ticker(symbol, ticker, &book)]))
        }
        Update::Klines(klines) => {
            let interval = about.interval.expect("whoever watches candles says how long they are");
            let line = |kline| json::kline(about.symbol(), interval, kline);
            writer.json(id, &klines.iter().map(line).collect())
        }
        Update::Book(book) => writer.book(id, about.symbol(), &book),
        Update::Bbo { seq, at, bid, ask } => writer.bbo(id, about.symbol(), (seq, at), bid, ask),
        Update::Level3Start(start) => writer.level3_start(id, about.symbol(), start),
        Update::Level3(events) => writer.level3(id, about.symbol(), events),
        Update::AggregateTrades(trades) => writer.aggregates(id, about.symbol(), trades),
    }
}
