//! The core without its engine: what a driver does in one thread and no more. A sequencer and a matcher, or a matcher
//! alone; no edge, no names, no queue between them.

use lightning_core::book::{OrderBook, PriceTimeBook};
use lightning_core::fees::FeeRates;
use lightning_core::log::{Context, Log, OrderIds, Record};
use lightning_core::matcher::Matcher;
use lightning_core::message::{
    AdmittedOrder, Amend, AmendChange, AssetTotals, NewOrder, NewQuantity, OrderRef, Outcome, ReplyTo,
    Request, TimeInForce, ToMatcher,
};
use lightning_core::order::StpMode;
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::rules::SymbolRules;
use lightning_core::sequencer::{Sequencer, SequencerLimits};
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, Lsn, OrderId, Price, Quantity, SymbolId, Ticket, Timestamp,
};

use crate::books::depth;
use crate::compare::Run;
use crate::stopwatch::Stopwatch;
use crate::workload::{Command, Depth, Kind, Tape, Workload};

pub(crate) const BASE: AssetId = AssetId(0);
pub(crate) const QUOTE: AssetId = AssetId(1);
/// Of either asset, for each account: more than any workload spends.
pub(crate) const FUNDS: u128 = 1_000_000_000_000_000_000_000_000;
/// Parts per million, so that fees are computed and accrue.
pub(crate) const FEES: FeeRates = FeeRates { maker_ppm: 100, taker_ppm: 200 };
/// Largest order of every symbol, in lots.
pub(crate) const QUANTITY_MAX: u64 = 1 << 50;
const NOW: Timestamp = Timestamp(1);

/// A journal that counts, and a source of order ids that does, too.
struct Counter(u64);

impl Log for Counter {
    fn append(&mut self, _: Timestamp, _: u64, _: &Record<'_>) -> Lsn {
        self.0 += 1;
        Lsn(self.0)
    }

    fn wants_digests(&self) -> bool {
        false
    }
}

impl OrderIds for Counter {
    fn next(&mut self) -> OrderId {
        self.0 += 1;
        OrderId(self.0)
    }
}

/// The highest price of a symbol that the workload stays well below.
pub(crate) fn price_max(workload: &Workload) -> u64 {
    workload.commands.iter().map(|command| command.price).max().unwrap_or(1).next_power_of_two() * 2
}

pub(crate) fn specs(workload: &Workload) -> impl Iterator<Item = SymbolSpec> {
    let limits = SymbolLimits {
        price_min: Price(1),
        price_max: Price(price_max(workload)),
        quantity_min: Quantity(1),
        quantity_max: Quantity(QUANTITY_MAX),
        notional_min: Amount(0),
    };
    (0..workload.symbols).map(move |symbol| {
        SymbolSpec::new(SymbolId(symbol), BASE, QUOTE, 1, 1, limits).expect("a sound symbol")
    })
}

fn rules() -> SymbolRules {
    SymbolRules { fees: FEES, ..SymbolRules::default() }
}

/// Engines name orders themselves, 1, 2, 3 ...: their names by the workload's, and the other way round.
pub(crate) struct Names {
    /// For each command the engine's name of its order.
    pub(crate) of_commands: Vec<u32>,
    /// By the engine's name, from 1.
    own: Vec<u32>,
}

impl Names {
    pub(crate) fn new(workload: &Workload) -> Self {
        let mut own = vec![0];
        let mut engines = std::collections::HashMap::new();
        let of_commands = workload
            .commands
            .iter()
            .map(|command| {
                if command.is_place() {
                    let name = u32::try_from(own.len()).expect("fewer orders than 2^32");
                    own.push(command.id);
                    engines.insert(command.id, name);
                }
                engines[&command.id]
            })
            .collect();
        Self { of_commands, own }
    }

    /// The workload's name of an order.
    pub(crate) fn own(&self, order: OrderId) -> u64 {
        u64::from(self.own[usize::try_from(order.0).expect("fewer orders")])
    }
}

/// A command's order.
fn new_order(command: &Command) -> NewOrder {
    let (account, symbol) = (AccountId(u64::from(command.account)), SymbolId(command.symbol));
    let order =
        NewOrder::limit(account, symbol, command.side, Price(command.price), Quantity(command.quantity));
    let tif = if command.is_ioc() { TimeInForce::Ioc } else { TimeInForce::Gtc };
    NewOrder { tif, stp: StpMode::None, ..order }
}

fn change(command: &Command) -> AmendChange {
    match command.kind {
        Kind::Reduce => {
            AmendChange { quantity: Some(NewQuantity::ReduceBy(Quantity(command.quantity))), price: None }
        }
        _ => AmendChange { quantity: None, price: Some(Price(command.price)) },
    }
}

/// A matcher and whoever stands around it.
struct MatcherDesk<B> {
    matcher: Matcher<B>,
    out: MatcherOutbox,
    log: Counter,
    specs: Vec<SymbolSpec>,
    tape: Tape,
    refused: u64,
}

impl<B: OrderBook> MatcherDesk<B> {
    fn new(workload: &Workload) -> Self {
        let specs: Vec<SymbolSpec> = specs(workload).collect();
        let (mut matcher, mut out, mut log) = (Matcher::default(), MatcherOutbox::default(), Counter(0));
        for &spec in &specs {
            matcher.add_symbol(spec, rules(), &mut Context { now: NOW, log: &mut log }, &mut out);
        }
        out.changed.clear();
        Self { matcher, out, log, specs, tape: Tape::default(), refused: 0 }
    }

    /// A function of its own, so that a profiler tells by it what is measured.
    #[inline(never)]
    fn run(&mut self, commands: &[Command], names: &[u32], all: &Names) {
        for (command, &name) in commands.iter().zip(names) {
            let message = self.message(command, OrderId(u64::from(name)));
            self.matcher.handle(message, &mut Context { now: NOW, log: &mut self.log }, &mut self.out);
            for trade in self.out.trades.drain(..) {
                self.tape.trade(all.own(trade.maker), all.own(trade.taker), trade.price.0, trade.quantity.0);
            }
            self.out.changed.clear();
            self.out.to_sequencer.clear();
            for reply in self.out.replies.drain(..) {
                self.refused += u64::from(matches!(reply.outcome, Outcome::Rejected(_)));
            }
        }
    }

    /// What a sequencer would send.
    fn message(&self, command: &Command, order: OrderId) -> ToMatcher {
        let (account, symbol) = (AccountId(u64::from(command.account)), SymbolId(command.symbol));
        let to = ReplyTo::direct(Ticket(order.0));
        let spec = &self.specs[command.symbol as usize];
        match command.kind {
            Kind::PlaceGtc | Kind::PlaceIoc => ToMatcher::Admit(AdmittedOrder {
                to,
                id: order,
                order: new_order(command),
                reserved: spec.reservation(
                    command.side,
                    Price(command.price),
                    Quantity(command.quantity),
                    FEES,
                ),
                fees: FEES,
                stp_group: None,
                accepted_at: NOW,
                late: None,
            }),
            Kind::Cancel => ToMatcher::Cancel { to, account, symbol, order, only_if: None },
            Kind::Reduce | Kind::Move => ToMatcher::Amend(Box::new(Amend {
                to,
                account,
                symbol,
                order,
                change: change(command),
                // The worst case, of which the book gives back what it does not need.
                extra: match command.kind {
                    Kind::Move => {
                        spec.reservation(command.side, Price(command.price), Quantity(command.quantity), FEES)
                    }
                    _ => Amount::ZERO,
                },
                refusal: None,
            })),
        }
    }
}

/// Runs a workload on a matcher alone.
pub(crate) fn run_matcher<B: OrderBook>(workload: &Workload, names: &Names) -> Run {
    let mut desk = MatcherDesk::<B>::new(workload);
    let (load, measured) = names.of_commands.split_at(workload.loaded);
    desk.run(workload.load(), load, names);
    let start = Stopwatch::start();
    desk.run(workload.measured(), measured, names);
    let elapsed = start.elapsed();
    let mut faults = workload.faults(&desk.tape, &books(&desk.matcher, workload));
    if desk.refused > 0 {
        faults.push(format!("{} commands were refused", desk.refused));
    }
    Run { elapsed, faults }
}

fn books<B: OrderBook>(matcher: &Matcher<B>, workload: &Workload) -> Vec<Depth> {
    (0..workload.symbols)
        .map(|symbol| depth(matcher.market(SymbolId(symbol)).expect("it was added").book()))
        .collect()
}

/// A sequencer and a matcher in one thread.
struct Exchange {
    sequencer: Sequencer,
    matcher: Matcher<PriceTimeBook>,
    sequencer_out: SequencerOutbox,
    matcher_out: MatcherOutbox,
    log: Counter,
    order_ids: Counter,
    tape: Tape,
    refused: u64,
}

impl Exchange {
    fn new(workload: &Workload) -> Self {
        let limits = SequencerLimits {
            open_orders_per_account_max: u32::MAX >> 1,
            // What an engine remembers if nobody says otherwise.
            closed_orders_max: 100_000,
            ledger_entries_max: 100_000,
        };
        let mut exchange = Self {
            sequencer: Sequencer::new(limits),
            matcher: Matcher::default(),
            sequencer_out: SequencerOutbox::default(),
            matcher_out: MatcherOutbox::default(),
            log: Counter(0),
            order_ids: Counter(0),
            tape: Tape::default(),
            refused: 0,
        };
        for spec in specs(workload) {
            let mut ctx = Context { now: NOW, log: &mut exchange.log };
            exchange.matcher.add_symbol(spec, rules(), &mut ctx, &mut exchange.matcher_out);
            exchange.sequencer.add_symbol(spec, rules(), Lsn(exchange.log.0));
        }
        for account in 1..=u64::from(workload.accounts) {
            for asset in [BASE, QUOTE] {
                let (account, amount) = (AccountId(account), Amount(FUNDS));
                exchange.handle(Request::Deposit { account, asset, amount }, |_| 0);
            }
        }
        exchange
    }

    /// A function of its own, so that a profiler tells by it what is measured.
    #[inline(never)]
    fn run(&mut self, commands: &[Command], names: &[u32], all: &Names) {
        for (command, &name) in commands.iter().zip(names) {
            let (account, symbol) = (AccountId(u64::from(command.account)), SymbolId(command.symbol));
            let order = OrderRef::Id(OrderId(u64::from(name)));
            let request = match command.kind {
                Kind::PlaceGtc | Kind::PlaceIoc => Request::Place(new_order(command)),
                Kind::Cancel => Request::Cancel { account, order, symbol: None, only_if: None },
                Kind::Reduce | Kind::Move => {
                    Request::Amend { account, symbol, order, change: change(command) }
                }
            };
            self.handle(request, |order| all.own(order));
        }
    }

    /// Runs a request to its end.
    #[inline(always)]
    fn handle(&mut self, request: Request, name: impl Fn(OrderId) -> u64) {
        let command =
            lightning_core::message::Command { ticket: Ticket(self.log.0), request_id: None, request };
        let mut ctx = Context { now: NOW, log: &mut self.log };
        self.sequencer.handle(command, &mut ctx, &mut self.order_ids, &mut self.sequencer_out);
        for message in self.sequencer_out.to_matcher.drain(..) {
            self.matcher.handle(message, &mut ctx, &mut self.matcher_out);
        }
        for message in self.matcher_out.to_sequencer.drain(..) {
            self.sequencer.handle_settlement(message, &mut ctx, &mut self.sequencer_out);
        }
        for trade in self.matcher_out.trades.drain(..) {
            self.tape.trade(name(trade.maker), name(trade.taker), trade.price.0, trade.quantity.0);
        }
        self.matcher_out.changed.clear();
        for reply in self.sequencer_out.replies.drain(..).chain(self.matcher_out.replies.drain(..)) {
            self.refused += u64::from(matches!(reply.outcome, Outcome::Rejected(_)));
        }
    }

    /// What all money adds up to, fees that nobody has yet included.
    fn totals(&mut self) -> Vec<AssetTotals> {
        let command = lightning_core::message::Command {
            ticket: Ticket(0),
            request_id: None,
            request: Request::Totals,
        };
        let mut ctx = Context { now: NOW, log: &mut self.log };
        self.sequencer.handle(command, &mut ctx, &mut self.order_ids, &mut self.sequencer_out);
        let reply = self.sequencer_out.replies.pop().expect("the totals are answered");
        let Outcome::Totals(mut totals) = reply.outcome else { panic!("{reply:?} are no totals") };
        for (asset, accrued) in self.matcher.accrued_fees() {
            let line =
                totals.iter_mut().find(|line| line.asset == asset).expect("fees of an asset that is traded");
            line.accrued += accrued;
        }
        totals
    }
}

/// Runs a workload on sequencer and matcher.
pub(crate) fn run_exchange(workload: &Workload, names: &Names) -> Run {
    let mut exchange = Exchange::new(workload);
    let (load, measured) = names.of_commands.split_at(workload.loaded);
    exchange.run(workload.load(), load, names);
    let start = Stopwatch::start();
    exchange.run(workload.measured(), measured, names);
    let elapsed = start.elapsed();
    let mut faults = workload.faults(&exchange.tape, &books(&exchange.matcher, workload));
    if exchange.refused > 0 {
        faults.push(format!("{} commands were refused", exchange.refused));
    }
    faults.extend(conservation_faults(&exchange.totals(), workload.accounts));
    exchange.matcher.check_invariants();
    Run { elapsed, faults }
}

/// Where money was made or lost.
pub(crate) fn conservation_faults(totals: &[AssetTotals], accounts: u32) -> Vec<String> {
    let deposited = Amount(FUNDS * u128::from(accounts));
    let wrong = |line: &&AssetTotals| !line.holds() || line.deposited != deposited;
    let mut faults: Vec<String> =
        totals.iter().filter(wrong).map(|line| format!("money is not conserved: {line:?}")).collect();
    if totals.len() != 2 {
        faults.push(format!("{} assets, not 2", totals.len()));
    }
    faults
}
