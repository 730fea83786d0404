//! A client of the whole engine: sends a workload's commands, learns what they are answered, and audits what is left.
//!
//! He does what any client must: names an order by the id that its answer gave. Where that makes him wait, waiting is
//! part of the measurement.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use lightning_core::message::{OrderKind, Outcome, PlacedOrder};
use lightning_core::order::StpMode;
use lightning_core::types::{Side, Ticket};
use lightning_engine::config::Options;
use lightning_engine::edge::{AmendUnits, Call, Funds, KindName, Named, Place, TifName};
use lightning_engine::registry::{NewAsset, NewSymbol, RateWords};
use lightning_engine::words::{OpenOrdersWords, Words};
use lightning_engine::{Answer, Engine};

use crate::bell::Bell;
use crate::exchange::{FEES, FUNDS, Names, QUANTITY_MAX, conservation_faults, price_max};
use crate::latency::{Latencies, Schedule};
use crate::workload::{Depth, Kind, Level, Tape, Workload};

/// Commands that are handed over at once, at most.
pub(crate) const BATCH_MAX: usize = 256;
/// In flight at a fixed rate, at most: the engine would refuse more than 65,536.
const IN_FLIGHT_MAX: usize = 60_000;
/// Tickets of the workload's commands are their numbers; all others begin here.
const OTHER_TICKETS: u64 = 1 << 40;
/// Orders of one page.
const PAGE: i64 = 10_000;
/// A tick is 0.01, a lot 0.001: as text they take the decimals that texts take.
const PRICE_DECIMALS: u32 = 2;
const QUANTITY_DECIMALS: u32 = 3;

/// What is the same in every run of a workload: texts, and which order each command is about.
pub(crate) struct Script<'w> {
    workload: &'w Workload,
    /// Of each command, by number: the order's number from 1, and the command that placed it if it is another one.
    orders: Vec<u32>,
    placed_by: Vec<Option<u32>>,
    symbols: Vec<String>,
    texts: Vec<String>,
    /// Of each command: its price and its quantity in `texts`.
    said: Vec<(u32, u32)>,
}

impl<'w> Script<'w> {
    pub(crate) fn new(workload: &'w Workload) -> Self {
        let orders = Names::new(workload).of_commands;
        let mut placed = HashMap::new();
        let placed_by = (0_u32..)
            .zip(&orders)
            .map(|(number, order)| {
                let first = *placed.entry(order).or_insert(number);
                (first != number).then_some(first)
            })
            .collect();
        let mut texts = Texts::default();
        let said = workload
            .commands
            .iter()
            .map(|command| {
                let price = texts.get(command.price, PRICE_DECIMALS);
                (price, texts.get(command.quantity, QUANTITY_DECIMALS))
            })
            .collect();
        let symbols = (0..workload.symbols).map(|symbol| format!("S{symbol}")).collect();
        Self { workload, orders, placed_by, symbols, texts: texts.all, said }
    }

    /// A command as its client says it: a new order in texts, a change of one in ticks and lots.
    fn call(&self, number: usize, name: u64) -> Call<'_> {
        let command = &self.workload.commands[number];
        let account = u64::from(command.account);
        let (price, quantity) = self.said[number];
        let amend = AmendUnits {
            account,
            symbol: command.symbol,
            order: name,
            price: 0,
            quantity: 0,
            is_reduction: false,
        };
        match command.kind {
            Kind::PlaceGtc | Kind::PlaceIoc => Call::Place(Place {
                account,
                symbol: Some(&self.symbols[command.symbol as usize]),
                side: Named::Known(command.side),
                kind: Named::Known(KindName::Limit),
                tif: if command.is_ioc() { TifName::Ioc } else { TifName::Gtc },
                price: Some(&self.texts[price as usize]),
                quantity: Some(&self.texts[quantity as usize]),
                quote_quantity: None,
                post_only: false,
                stp: Named::Known(StpMode::None),
            }),
            Kind::Cancel => Call::Cancel { account, order: name },
            Kind::Reduce => {
                Call::AmendUnits(AmendUnits { quantity: command.quantity, is_reduction: true, ..amend })
            }
            Kind::Move => Call::AmendUnits(AmendUnits { price: command.price, ..amend }),
        }
    }
}

/// Texts of numbers, each once.
#[derive(Default)]
struct Texts {
    all: Vec<String>,
    places: HashMap<(u64, u32), u32>,
}

impl Texts {
    fn get(&mut self, number: u64, decimals: u32) -> u32 {
        *self.places.entry((number, decimals)).or_insert_with(|| {
            self.all.push(decimal(u128::from(number), decimals));
            u32::try_from(self.all.len() - 1).expect("fewer texts than 2^32")
        })
    }
}

/// A count of the smallest units, with so many decimals.
fn decimal(number: u128, decimals: u32) -> String {
    let one = 10_u128.pow(decimals);
    format!("{}.{:0width$}", number / one, number % one, width = decimals as usize)
}

/// Answers that are no yes.
#[derive(Clone, Debug, Default)]
struct Refused {
    /// New orders: never right.
    placed: u64,
    /// Others: their order was gone, or smaller than it should be.
    others: u64,
    first: Option<String>,
}

/// One engine and its only client.
pub(crate) struct Session<'s> {
    engine: Engine,
    script: &'s Script<'s>,
    bell: Bell,
    /// The engine's names of the orders, by number; zero while it is not known.
    names: Vec<u64>,
    is_answered: Vec<bool>,
    /// The next command to be sent, and how many are answered.
    next: usize,
    answered: usize,
    tape: Tape,
    refused: Refused,
}

impl<'s> Session<'s> {
    /// An engine with the workload's symbols, and accounts with plenty of money.
    pub(crate) fn open(script: &'s Script<'s>, options: Options) -> Self {
        let bell = Bell::default();
        let ring = bell.clone();
        let options = Options { open_orders_per_account: Some(1 << 30), ..options };
        let engine = Engine::open(options, Box::new(move || ring.ring())).expect("an engine opens");
        let orders = script.orders.iter().copied().max().unwrap_or(0) as usize;
        let session = Self {
            engine,
            script,
            bell,
            names: vec![0; orders + 1],
            is_answered: vec![false; script.workload.commands.len()],
            next: 0,
            answered: 0,
            tape: Tape::default(),
            refused: Refused::default(),
        };
        session.make_market();
        session.deposit();
        session
    }

    fn make_market(&self) {
        let (base, quote) = (QUANTITY_DECIMALS, QUANTITY_DECIMALS + PRICE_DECIMALS);
        self.engine.create_asset(&NewAsset::new("BASE", base)).expect("a new engine");
        self.engine.create_asset(&NewAsset::new("QUOTE", quote)).expect("a new engine");
        let max_price = decimal(u128::from(price_max(self.script.workload)), PRICE_DECIMALS);
        for (number, name) in (0..).zip(&self.script.symbols) {
            let new = NewSymbol {
                name: name.clone(),
                base: "BASE".into(),
                quote: "QUOTE".into(),
                tick_size: decimal(1, PRICE_DECIMALS),
                lot_size: decimal(1, QUANTITY_DECIMALS),
                max_price: Some(max_price.clone()),
                max_quantity: Some(decimal(u128::from(QUANTITY_MAX), QUANTITY_DECIMALS)),
                fees: Some(RateWords {
                    maker_ppm: i64::from(FEES.maker_ppm).into(),
                    taker_ppm: i64::from(FEES.taker_ppm).into(),
                }),
                ..NewSymbol::default()
            };
            let symbol = self.engine.create_symbol(&new).expect("a new engine");
            assert_eq!(symbol.spec.id().0, number, "symbols are numbered as they come");
        }
    }

    fn deposit(&self) {
        let amounts = [("BASE", QUANTITY_DECIMALS), ("QUOTE", QUANTITY_DECIMALS + PRICE_DECIMALS)]
            .map(|(asset, scale)| (asset, decimal(FUNDS, scale)));
        let all = 2 * u64::from(self.script.workload.accounts);
        let (mut sent, mut answered) = (0, 0);
        while answered < all {
            if sent - answered < 8_192 && sent < all {
                let until = (sent + 1_024).min(all);
                self.engine.submit((sent..until).map(|number| {
                    let (asset, amount) = &amounts[usize::from(number % 2 == 1)];
                    let funds = Funds { account: 1 + number / 2, asset: Some(asset), amount: Some(amount) };
                    (Ticket(OTHER_TICKETS + number), Call::Deposit(funds))
                }));
                sent = until;
            } else {
                self.bell.wait(Duration::from_millis(1));
            }
            let ready = self.engine.drain();
            assert!(ready.answers.iter().all(|answer| answer.result.is_ok()), "deposits are taken");
            answered += ready.answers.len() as u64;
        }
    }

    /// Sends the next commands in one batch, at most so many, and not before what they wait for is answered. How many.
    fn send(&mut self, most: usize) -> usize {
        let first = self.next;
        let script = self.script;
        while self.next - first < most.min(BATCH_MAX) && self.next < self.is_answered.len() {
            let awaited = script.placed_by[self.next];
            if awaited.is_some_and(|placed| !self.is_answered[placed as usize]) {
                break;
            }
            self.next += 1;
        }
        let names = &self.names;
        self.engine.submit((first..self.next).map(|number| {
            let name = names[script.orders[number] as usize];
            (Ticket(number as u64), script.call(number, name))
        }));
        self.next - first
    }

    /// Takes in what is answered. How much that was.
    fn drain(&mut self, mut each: impl FnMut(usize)) -> usize {
        let ready = self.engine.drain();
        assert_eq!(ready.halted, None, "the engine halted");
        for answer in &ready.answers {
            let number = usize::try_from(answer.ticket.0).expect("a command's number");
            self.learn(number, answer);
            self.is_answered[number] = true;
            each(number);
        }
        self.answered += ready.answers.len();
        ready.answers.len()
    }

    fn learn(&mut self, number: usize, answer: &Answer) {
        let order = self.script.orders[number] as usize;
        match &answer.result {
            Ok(Outcome::Placed(placed)) => {
                self.names[order] = placed.id.0;
                self.fills(placed);
            }
            Ok(Outcome::Amended(amended)) => self.fills(&amended.placed),
            Ok(Outcome::Canceled(_)) => {}
            other => {
                let is_place = self.script.workload.commands[number].is_place();
                let count = if is_place { &mut self.refused.placed } else { &mut self.refused.others };
                *count += 1;
                self.refused.first.get_or_insert_with(|| format!("command {number}: {other:?}"));
            }
        }
    }

    fn fills(&mut self, placed: &PlacedOrder) {
        self.tape.trades += placed.fills.len() as u64;
        self.tape.lots += placed.fills.iter().map(|fill| fill.quantity.0).sum::<u64>();
    }

    fn in_flight(&self) -> usize {
        self.next - self.answered
    }

    /// Sends commands as fast as they are taken, with at most so many in flight, up to a number.
    #[inline(never)]
    pub(crate) fn play(&mut self, until: usize, in_flight: usize) {
        while self.answered < until {
            let room = in_flight.saturating_sub(self.in_flight()).min(until - self.next);
            // Not one by one: room for a quarter of what may be in flight is worth a batch.
            let sent = if room >= (in_flight / 4).min(BATCH_MAX).min(until - self.next) {
                self.send(room)
            } else {
                0
            };
            if self.drain(|_| ()) == 0 && sent == 0 {
                self.bell.wait(Duration::from_millis(1));
            }
        }
    }

    /// Sends commands at a fixed rate, up to a number; latencies from when each was due to when its answer was here.
    pub(crate) fn offer(&mut self, rate: u64, until: usize) -> (Latencies, Duration) {
        let first = self.next;
        let mut latencies = Latencies::new();
        let mut schedule = Schedule::new(rate);
        let mut due = 0;
        while self.answered < until {
            let room = IN_FLIGHT_MAX.saturating_sub(self.in_flight());
            let rest = (until - first) as u64 - schedule.sent();
            due += usize::try_from(schedule.take_due(rest)).expect("few");
            let sent = self.send(due.min(room));
            due -= sent;
            let now = Instant::now();
            let answered = self.drain(|number| {
                let late = now.saturating_duration_since(schedule.due((number - first) as u64));
                latencies.add(late);
            });
            if sent == 0 && answered == 0 {
                let is_all_sent = schedule.sent() == (until - first) as u64 || due > 0;
                let wait = if is_all_sent { Duration::from_millis(1) } else { schedule.until_next() };
                if !wait.is_zero() {
                    self.bell.wait(wait);
                }
            }
        }
        (latencies, schedule.elapsed())
    }

    /// Compares what is left with the workload's outcome. Where several sequencers may have changed the order of the
    /// commands there is none: then only with itself.
    pub(crate) fn audit(self, is_ordered: bool) -> Vec<String> {
        let mut faults = Vec::new();
        let workload = self.script.workload;
        let refused =
            if is_ordered { self.refused.placed + self.refused.others } else { self.refused.placed };
        if refused > 0 {
            faults.push(format!("{refused} commands were refused; first {:?}", self.refused.first));
        }
        let books = self.books();
        if is_ordered {
            let tape = Tape { hash: workload.tape.hash, ..self.tape };
            faults.extend(workload.faults(&tape, &books));
        }
        // What is published must be what the open orders add up to.
        for (name, book) in self.script.symbols.iter().zip(&books).take(100) {
            let (_, published) = self.engine.book(name, 20).expect("it was created");
            let top = |levels: &[Level]| -> Vec<(u64, u128, u64)> {
                let top = levels.iter().take(20);
                top.map(|level| (level.price, u128::from(level.lots), level.orders)).collect()
            };
            let shown = |levels: &[lightning_core::book::PriceLevel]| -> Vec<(u64, u128, u64)> {
                let levels = levels.iter();
                levels.map(|level| (level.price.0, level.quantity, u64::from(level.orders))).collect()
            };
            if shown(&published.bids) != top(&book.bids) || shown(&published.asks) != top(&book.asks) {
                faults.push(format!("what is published of {name} is not what its open orders add up to"));
            }
        }
        match self.ask(Call::Conservation) {
            Outcome::Totals(totals) => faults.extend(conservation_faults(&totals, workload.accounts)),
            other => faults.push(format!("{other:?} are no totals")),
        }
        self.engine.close().expect("it closes");
        faults
    }

    /// The books as the open orders add up to them.
    fn books(&self) -> Vec<Depth> {
        let mut orders: Vec<Vec<(Side, u64, u64)>> = vec![Vec::new(); self.script.symbols.len()];
        let mut after = 0;
        loop {
            let page = self.page(after);
            for order in &page {
                let OrderKind::Limit { price, .. } = order.order.kind else { panic!("{order:?} can't rest") };
                let open = order.open_quantity().expect("a limit order has a quantity");
                orders[order.order.symbol.0 as usize].push((order.order.side, price.0, open.0));
            }
            match page.last() {
                Some(last) => after = i64::try_from(last.id.0).expect("below 2^53"),
                None => return orders.into_iter().map(Depth::of_orders).collect(),
            }
        }
    }

    fn page(&self, after: i64) -> Vec<lightning_core::message::Order> {
        let words = Words::OpenOrders(OpenOrdersWords {
            after_id: Some(after.into()),
            limit: Some(PAGE.into()),
            ..OpenOrdersWords::default()
        });
        match self.ask(Call::Words(&words)) {
            Outcome::Orders(page) => page.orders,
            other => panic!("{other:?} are no orders"),
        }
    }

    fn ask(&self, call: Call<'_>) -> Outcome {
        self.engine.submit([(Ticket(OTHER_TICKETS), call)]);
        loop {
            let mut ready = self.engine.drain();
            assert_eq!(ready.halted, None, "the engine halted");
            if let Some(answer) = ready.answers.pop() {
                assert!(ready.answers.is_empty(), "nothing else was asked");
                return answer.result.expect("a question is answered");
            }
            self.bell.wait(Duration::from_millis(1));
        }
    }
}
