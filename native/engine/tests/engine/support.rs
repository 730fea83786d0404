//! A client of the engine with a watchdog: asks, waits for answers, and says what is missing when none come.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use lightning_core::message::Outcome;
use lightning_core::reject::Code;
use lightning_core::types::{Side, Ticket};
use lightning_engine::config::Options;
use lightning_engine::edge::{Call, Funds, KindName, Named, Place, TifName};
use lightning_engine::refusal::Refusal;
use lightning_engine::registry::{NewAsset, NewSymbol};
use lightning_engine::words::Words;
use lightning_engine::{Engine, Mischief, Opening};
use lightning_journal::storage::Storage;
use serde_json::Value;

/// Nothing in these tests takes a second: this long without an answer is a deadlock.
const WATCHDOG: Duration = Duration::from_secs(15);

pub(crate) type Answered = Result<Outcome, Refusal>;

pub(crate) struct Client {
    pub(crate) engine: Engine,
    bell: Arc<(Mutex<bool>, Condvar)>,
    answers: BTreeMap<u64, Answered>,
    next_ticket: u64,
    unanswered: usize,
}

impl Client {
    pub(crate) fn open(options: Options, mischief: Mischief) -> Self {
        Self::try_open(None, options, mischief).unwrap()
    }

    /// On some storage, without mischief.
    pub(crate) fn open_on(storage: impl Storage + 'static, options: Options) -> Self {
        Self::try_open(Some(Arc::new(storage)), options, Mischief::default()).unwrap()
    }

    pub(crate) fn try_open(
        storage: Option<Arc<dyn Storage>>,
        options: Options,
        mischief: Mischief,
    ) -> Result<Self, Refusal> {
        let bell = Arc::new((Mutex::new(false), Condvar::new()));
        let ring = bell.clone();
        let wake = Box::new(move || {
            *ring.0.lock().unwrap() = true;
            ring.1.notify_one();
        });
        let engine = Engine::open_with(Opening { options, wake, storage, progress: &mut |_| {}, mischief })?;
        Ok(Self { engine, bell, answers: BTreeMap::new(), next_ticket: 1, unanswered: 0 })
    }

    /// An engine with assets BASE and QUOTE and `symbols` symbols S0, S1, ... of tick 1 and lot 1.
    pub(crate) fn with_market(options: Options, mischief: Mischief, symbols: usize) -> Self {
        let client = Self::open(options, mischief);
        client.make_market(symbols);
        client
    }

    /// Assets BASE and QUOTE and `symbols` symbols S0, S1, ... of tick 1 and lot 1.
    pub(crate) fn make_market(&self, symbols: usize) {
        self.engine.create_asset(&NewAsset::new("BASE", 0)).unwrap();
        self.engine.create_asset(&NewAsset::new("QUOTE", 0)).unwrap();
        for symbol in 0..symbols {
            let new = NewSymbol {
                name: format!("S{symbol}"),
                base: "BASE".into(),
                quote: "QUOTE".into(),
                tick_size: "1".into(),
                lot_size: "1".into(),
                ..NewSymbol::default()
            };
            self.engine.create_symbol(&new).unwrap();
        }
    }

    /// Asks; the answer comes later.
    pub(crate) fn ask(&mut self, ask: Call<'_>) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.unanswered += 1;
        self.engine.submit([(Ticket(ticket), ask)]);
        ticket
    }

    /// Asks and waits; asks again while the engine is busy. (An answer may be here before its credit is back:
    /// it leaves when its settlements are sent, the credit returns when the last of them has been applied.)
    pub(crate) fn call(&mut self, ask: Call<'_>) -> Answered {
        let start = Instant::now();
        loop {
            let ticket = self.ask(ask);
            let answer = loop {
                if let Some(answer) = self.answers.remove(&ticket) {
                    break answer;
                }
                self.wait();
            };
            if code(&answer) != Some(Code::Busy) {
                return answer;
            }
            assert!(start.elapsed() < WATCHDOG, "watchdog: busy for ever, {:?}", self.engine.stats());
            std::thread::yield_now();
        }
    }

    /// Asks in words and waits.
    pub(crate) fn say(&mut self, words: &Value) -> Answered {
        let words: Words =
            serde_json::from_value(words.clone()).unwrap_or_else(|why| panic!("{why}: {words}"));
        self.call(Call::Words(&words))
    }

    /// Waits until everything is answered; gives the answers by ticket.
    pub(crate) fn settle(&mut self) -> BTreeMap<u64, Answered> {
        while self.unanswered > 0 {
            self.wait();
        }
        std::mem::take(&mut self.answers)
    }

    pub(crate) fn unanswered(&self) -> usize {
        self.unanswered
    }

    /// Takes in what is ready without waiting.
    pub(crate) fn poll(&mut self) {
        let ready = self.engine.drain();
        assert_eq!(ready.halted, None, "the engine halted");
        for answer in ready.answers {
            let before = self.answers.insert(answer.ticket.0, answer.result);
            assert!(before.is_none(), "{:?} was answered twice", answer.ticket);
            self.unanswered -= 1;
        }
    }

    fn wait(&mut self) {
        let before = self.unanswered;
        self.poll();
        if self.unanswered < before {
            return;
        }
        let rung = self.bell.0.lock().unwrap();
        let (mut rung, timeout) = self.bell.1.wait_timeout_while(rung, WATCHDOG, |rung| !*rung).unwrap();
        assert!(
            !timeout.timed_out(),
            "watchdog: {} of {} tickets unanswered, {:?}",
            self.unanswered,
            self.next_ticket - 1,
            self.engine.stats()
        );
        *rung = false;
        drop(rung);
        self.poll();
    }
}

pub(crate) fn deposit<'a>(account: u64, asset: &'a str, amount: &'a str) -> Call<'a> {
    Call::Deposit(Funds { account, asset: Some(asset), amount: Some(amount) })
}

pub(crate) fn limit<'a>(
    account: u64,
    symbol: &'a str,
    side: Side,
    quantity: &'a str,
    price: &'a str,
) -> Call<'a> {
    Call::Place(Place {
        account,
        symbol: Some(symbol),
        side: Named::Known(side),
        kind: Named::Known(KindName::Limit),
        tif: TifName::Default,
        price: Some(price),
        quantity: Some(quantity),
        quote_quantity: None,
        post_only: false,
        stp: Named::Missing,
    })
}

pub(crate) fn market<'a>(account: u64, symbol: &'a str, side: Side, quantity: &'a str) -> Call<'a> {
    Call::Place(Place {
        account,
        symbol: Some(symbol),
        side: Named::Known(side),
        kind: Named::Known(KindName::Market),
        tif: TifName::Default,
        price: None,
        quantity: Some(quantity),
        quote_quantity: None,
        post_only: false,
        stp: Named::Missing,
    })
}

/// The code of a refusal, if it is one.
pub(crate) fn code(answer: &Answered) -> Option<Code> {
    answer.as_ref().err().map(|refusal| refusal.code)
}
