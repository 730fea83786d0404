//! orderbook-rs: a book that many threads may use at once; here one does. Trades come through its listener.
//!
//! A move is `UpdatePrice`: taken out and added again, at the back. A reduction is `UpdateQuantity`, which keeps the
//! place where it decreases. Both as its documentation says. An IOC order that finds too little answers with an error
//! that says so; its trades stand.

use std::sync::{Arc, Mutex};

use lightning_bench::compare::{Contestant, Run};
use lightning_bench::stopwatch::Stopwatch;
use lightning_bench::workload::{Command, Depth, Kind, Tape, Workload};
use lightning_core::types::Side;
use orderbook_rs::{Id, OrderBook, OrderBookError, TimeInForce};
use pricelevel::{OrderUpdate, Price, Quantity};
use serde_json::json;

use crate::foreseen;

pub(crate) fn contestant(workload: &Workload) -> Contestant<'static> {
    let left: Vec<u64> = foreseen(workload).iter().map(|foreseen| foreseen.left).collect();
    Contestant {
        subject: "orderbook-rs".to_owned(),
        run: Box::new(move |workload| run(workload, &left)),
        verified: &["fills", "book"],
        details: json!({ "clock": Stopwatch::CLOCK, "version": "0.15.3" }),
        is_peer: true,
    }
}

fn run(workload: &Workload, left: &[u64]) -> Run {
    let tape = Arc::new(Mutex::new(Tape::default()));
    let listening = tape.clone();
    let book = OrderBook::<()>::with_trade_listener(
        "S0",
        Arc::new(move |result| {
            let mut tape = listening.lock().expect("nobody panics with it");
            for trade in result.match_result.trades().as_vec() {
                let (maker, taker) = (number(trade.maker_order_id()), number(trade.taker_order_id()));
                let price = u64::try_from(trade.price().as_u128()).expect("a price of the workload");
                tape.trade(maker, taker, price, trade.quantity().as_u64());
            }
        }),
    );
    let (loaded, measured) = left.split_at(workload.loaded);
    let mut refused = play(&book, workload.load(), loaded);
    let start = Stopwatch::start();
    refused += play(&book, workload.measured(), measured);
    let elapsed = start.elapsed();
    let tape = *tape.lock().expect("nobody panics with it");
    let mut faults = workload.faults(&tape, &[depth(&book)]);
    if refused > 0 {
        faults.push(format!("{refused} commands were refused"));
    }
    Run { elapsed, faults }
}

fn number(id: Id) -> u64 {
    id.as_u64().expect("a number was given")
}

/// Runs commands; how many were refused for another reason than that an IOC order found too little.
fn play(book: &OrderBook<()>, commands: &[Command], left: &[u64]) -> u64 {
    let mut refused = 0;
    for (command, left) in commands.iter().zip(left) {
        let order_id = Id::sequential(u64::from(command.id));
        let result = match command.kind {
            Kind::PlaceGtc | Kind::PlaceIoc => {
                let side = match command.side {
                    Side::Buy => orderbook_rs::Side::Buy,
                    Side::Sell => orderbook_rs::Side::Sell,
                };
                let tif = if command.is_ioc() { TimeInForce::Ioc } else { TimeInForce::Gtc };
                let price = u128::from(command.price);
                book.add_limit_order(order_id, price, command.quantity, side, tif, None).map(Some)
            }
            Kind::Cancel => book.cancel_order(order_id),
            Kind::Reduce => {
                let new_quantity = Quantity::new(left - command.quantity);
                book.update_order(OrderUpdate::UpdateQuantity { order_id, new_quantity })
            }
            Kind::Move => {
                let new_price = Price::new(u128::from(command.price));
                book.update_order(OrderUpdate::UpdatePrice { order_id, new_price })
            }
        };
        let is_known = matches!(
            (&result, command.kind),
            (Ok(Some(_)), _) | (Err(OrderBookError::InsufficientLiquidity { .. }), Kind::PlaceIoc)
        );
        refused += u64::from(!is_known);
    }
    refused
}

fn depth(book: &OrderBook<()>) -> Depth {
    Depth::of_orders(book.get_all_orders().iter().map(|order| {
        let side = match order.side() {
            orderbook_rs::Side::Buy => Side::Buy,
            orderbook_rs::Side::Sell => Side::Sell,
        };
        let price = u64::try_from(order.price().as_u128()).expect("a price of the workload");
        (side, price, order.visible_quantity().as_u64())
    }))
}
