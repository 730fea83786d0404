//! matchcore: commands in, outcomes out. It names an order by the sequence number of the command that brought it, so
//! every command can be made before the clock runs.
//!
//! A move is an amend of the price: it goes to the back, and trades if it crosses. A reduction is an amend of the
//! quantity policy, which keeps the place unless the quantity grows. Both as its documentation says.
//!
//! Its version 0.4.0 has no limit once a limit order crosses: the order trades on beyond its own price. So its fills
//! are not the workload's, and as it is (`matchcore`) it has no speed here. To have one at all, a second contestant
//! (`matchcore, told`) is told, before the clock runs, how much each order may trade within its limit, and places that
//! as an IOC order and the rest behind it. Nobody could know that in earnest, so it is a favor; few orders need it.

use std::collections::HashMap;

use lightning_bench::compare::{Contestant, Run};
use lightning_bench::stopwatch::Stopwatch;
use lightning_bench::workload::{self, Depth, Kind, Tape, Workload};
use lightning_core::types::Side;
use matchcore::{
    AmendCmd, AmendPatch, CancelCmd, Command, CommandKind, CommandMeta, CommandOutcome, CommandReport,
    LimitOrder, LimitOrderPatch, NewOrder, OrderBook, OrderFlags, OrderId, OrderKind, Price, Quantity,
    QuantityPolicy, SequenceNumber, SubmitCmd, TimeInForce, Timestamp,
};
use serde_json::json;

use crate::foreseen;

/// A command, and the workload's order that it is about.
type Own = (Command, u32);

/// The two of them.
pub(crate) fn contestants(workload: &Workload) -> [Contestant<'static>; 2] {
    [("matchcore", false), ("matchcore, told", true)].map(|(subject, is_told)| {
        let script = Script::new(workload, is_told);
        Contestant {
            subject: subject.to_owned(),
            run: Box::new(move |workload| run(workload, &script)),
            verified: &["fills", "book"],
            details: json!({ "clock": Stopwatch::CLOCK, "version": "0.4.0" }),
            is_peer: true,
        }
    })
}

/// A workload in its words.
struct Script {
    commands: Vec<Own>,
    /// So many of them come before the clock runs.
    loaded: usize,
    /// Its own name of each order: the number of the command that brought it last.
    numbers: HashMap<u32, u64>,
}

impl Script {
    fn new(workload: &Workload, is_told: bool) -> Self {
        let mut script = Self { commands: Vec::new(), loaded: 0, numbers: HashMap::new() };
        for (at, (command, foreseen)) in workload.commands.iter().zip(foreseen(workload)).enumerate() {
            if at == workload.loaded {
                script.loaded = script.commands.len();
            }
            let tradable = if is_told { Some(foreseen.tradable) } else { None };
            script.translate(command, foreseen.left, tradable);
        }
        script
    }

    fn translate(&mut self, command: &workload::Command, left: u64, tradable: Option<u64>) {
        let quantity = if command.is_place() { command.quantity } else { left };
        let cut = tradable.filter(|&tradable| tradable > 0 && tradable < quantity);
        match (command.kind, cut) {
            (Kind::PlaceGtc | Kind::PlaceIoc, None) => {
                self.push(command.id, submit(command, quantity, command.is_ioc()));
            }
            (Kind::PlaceIoc, Some(tradable)) => self.push(command.id, submit(command, tradable, true)),
            (Kind::PlaceGtc | Kind::Move, Some(tradable)) => {
                if command.kind == Kind::Move {
                    self.push(command.id, cancel(self.name(command.id)));
                }
                self.push(command.id, submit(command, tradable, true));
                self.push(command.id, submit(command, quantity - tradable, false));
            }
            (Kind::Cancel, _) => self.push(command.id, cancel(self.name(command.id))),
            (Kind::Reduce, _) | (Kind::Move, None) => {
                self.push(command.id, amend(command, self.name(command.id), left));
            }
        }
    }

    fn name(&self, id: u32) -> OrderId {
        OrderId(self.numbers[&id])
    }

    /// One more command.
    fn push(&mut self, id: u32, kind: CommandKind) {
        let number = self.commands.len() as u64;
        if matches!(kind, CommandKind::Submit(_)) {
            self.numbers.insert(id, number);
        }
        let meta = CommandMeta { sequence_number: SequenceNumber(number), timestamp: Timestamp(1) };
        self.commands.push((Command { meta, kind }, id));
    }
}

fn submit(command: &workload::Command, quantity: u64, is_ioc: bool) -> CommandKind {
    let side = match command.side {
        Side::Buy => matchcore::Side::Buy,
        Side::Sell => matchcore::Side::Sell,
    };
    let flags = OrderFlags::new(side, false, if is_ioc { TimeInForce::Ioc } else { TimeInForce::Gtc });
    let order = LimitOrder::new(Price(command.price), standard(quantity), flags);
    CommandKind::Submit(SubmitCmd { order: NewOrder::Limit(order) })
}

fn cancel(order_id: OrderId) -> CommandKind {
    CommandKind::Cancel(CancelCmd { order_id, order_kind: OrderKind::Limit })
}

/// A reduction or a move of an order of which so much is left.
fn amend(command: &workload::Command, order_id: OrderId, left: u64) -> CommandKind {
    let patch = match command.kind {
        Kind::Reduce => LimitOrderPatch::new().with_quantity_policy(standard(left - command.quantity)),
        _ => LimitOrderPatch::new().with_price(Price(command.price)),
    };
    CommandKind::Amend(AmendCmd { order_id, patch: AmendPatch::Limit(patch) })
}

fn standard(quantity: u64) -> QuantityPolicy {
    QuantityPolicy::Standard { quantity: Quantity(quantity) }
}

fn run(workload: &Workload, script: &Script) -> Run {
    let mut desk = Desk { book: OrderBook::new("S0"), tape: Tape::default(), rejected: 0 };
    let (load, measured) = script.commands.split_at(script.loaded);
    desk.play(load, &script.commands);
    let start = Stopwatch::start();
    desk.play(measured, &script.commands);
    let elapsed = start.elapsed();
    let mut faults = workload.faults(&desk.tape, &[depth(&desk.book)]);
    if desk.rejected > 0 {
        faults.push(format!("{} commands were rejected", desk.rejected));
    }
    Run { elapsed, faults }
}

struct Desk {
    book: OrderBook,
    tape: Tape,
    rejected: u64,
}

impl Desk {
    /// Runs some of all commands: an order is named by the number of the one that brought it.
    fn play(&mut self, commands: &[Own], all: &[Own]) {
        for (command, id) in commands {
            match self.book.execute(command) {
                CommandOutcome::Applied(CommandReport::Submit(effects) | CommandReport::Amend(effects)) => {
                    let Some(result) = effects.target_order().match_result() else { continue };
                    for trade in result.trades() {
                        let number = usize::try_from(trade.maker_order_id().0).expect("a command's number");
                        let maker = u64::from(all[number].1);
                        self.tape.trade(maker, u64::from(*id), trade.price().0, trade.quantity().0);
                    }
                }
                CommandOutcome::Applied(CommandReport::Cancel) => {}
                CommandOutcome::Rejected(_) => self.rejected += 1,
            }
        }
    }
}

fn depth(book: &OrderBook) -> Depth {
    Depth::of_orders(book.limit().orders().values().map(|order| {
        let side = match order.side() {
            matchcore::Side::Buy => Side::Buy,
            matchcore::Side::Sell => Side::Sell,
        };
        (side, order.price().0, order.total_quantity().0)
    }))
}
