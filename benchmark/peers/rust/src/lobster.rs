//! lobster: limit, market and cancel, and no more.
//!
//! A move is a cancel and a new order of the same id; an IOC order is a limit order whose rest is canceled at once;
//! there is no way to make an order smaller that leaves it where it stands, so it runs on flows that have none. It
//! lists levels without the number of their orders: fills are compared one by one, its book by prices and lots.

use lightning_bench::compare::{Contestant, Run};
use lightning_bench::stopwatch::Stopwatch;
use lightning_bench::workload::{Command, Depth, Kind, Level, Tape, Workload};
use lightning_core::types::Side;
use lobster::{FillMetadata, OrderBook, OrderEvent, OrderType};
use serde_json::json;

pub(crate) fn contestant() -> Contestant<'static> {
    Contestant {
        subject: "lobster".to_owned(),
        run: Box::new(run),
        verified: &["fills", "book"],
        details: json!({ "clock": Stopwatch::CLOCK, "version": "0.7.0" }),
        is_peer: true,
    }
}

fn run(workload: &Workload) -> Run {
    let (mut book, mut tape) = (OrderBook::default(), Tape::default());
    play(workload.load(), &mut book, &mut tape);
    let start = Stopwatch::start();
    play(workload.measured(), &mut book, &mut tape);
    let elapsed = start.elapsed();
    let mut uncounted = workload.clone();
    for level in uncounted.books.iter_mut().flat_map(|book| book.bids.iter_mut().chain(&mut book.asks)) {
        level.orders = 0;
    }
    Run { elapsed, faults: uncounted.faults(&tape, &[depth(&book)]) }
}

fn play(commands: &[Command], book: &mut OrderBook, tape: &mut Tape) {
    for command in commands {
        let id = u128::from(command.id);
        match command.kind {
            Kind::PlaceGtc | Kind::PlaceIoc => {
                let rests = place(command, book, tape);
                if rests && command.is_ioc() {
                    book.execute(OrderType::Cancel { id });
                }
            }
            Kind::Cancel => {
                book.execute(OrderType::Cancel { id });
            }
            Kind::Move => {
                book.execute(OrderType::Cancel { id });
                place(command, book, tape);
            }
            Kind::Reduce => unreachable!("it runs on flows without reductions"),
        }
    }
}

/// Places what is left of an order; does something of it rest?
fn place(command: &Command, book: &mut OrderBook, tape: &mut Tape) -> bool {
    let side = match command.side {
        Side::Buy => lobster::Side::Bid,
        Side::Sell => lobster::Side::Ask,
    };
    let (id, qty, price) = (u128::from(command.id), command.quantity, command.price);
    let mut record = |fills: &[FillMetadata]| {
        for fill in fills {
            let maker = u64::try_from(fill.order_2).expect("an id of the workload");
            tape.trade(maker, u64::from(command.id), fill.price, fill.qty);
        }
    };
    match book.execute(OrderType::Limit { id, side, qty, price }) {
        OrderEvent::Filled { fills, .. } => {
            record(&fills);
            false
        }
        OrderEvent::PartiallyFilled { fills, .. } => {
            record(&fills);
            true
        }
        OrderEvent::Placed { .. } => true,
        OrderEvent::Unfilled { .. } | OrderEvent::Canceled { .. } => false,
    }
}

fn depth(book: &OrderBook) -> Depth {
    let depth = book.depth(usize::from(u16::MAX));
    let mut levels = [depth.bids, depth.asks].map(|levels| -> Vec<Level> {
        levels.iter().map(|level| Level { price: level.price, lots: level.qty, orders: 0 }).collect()
    });
    for (side, levels) in levels.iter_mut().enumerate() {
        levels.sort_by_key(|level| level.price);
        if side == 0 {
            levels.reverse();
        }
    }
    let [bids, asks] = levels;
    Depth { bids, asks }
}
