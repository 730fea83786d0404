//! What a snapshot of a large state costs the commands that come while it is made.

use std::time::{Duration, Instant};

use lightning_engine::config::Durability;
use serde_json::{Value, json};

use super::Scratch;
use super::engine::Desk;
use super::flow;
use crate::Plan;
use crate::compare::per_second;

pub(crate) fn run(plan: &Plan) -> Vec<Value> {
    let accounts = (u64::from(plan.memory.accounts) / if plan.quick { 20 } else { 1 }).max(flow::ACCOUNTS);
    let scratch = Scratch::new(plan, "snapshot");
    let mut desk = Desk::funded(&scratch, Durability::Written, accounts);
    // A state that a snapshot is worth: the flow leaves orders behind.
    flat_out(&mut desk, || false, plan.span * 4);
    let without = flat_out(&mut desk, || false, plan.span);
    let engine = desk.engine.clone();
    let making = std::thread::spawn(move || engine.snapshot().expect("a snapshot is made"));
    let during = flat_out(&mut desk, || making.is_finished(), plan.span * 40);
    let info = making.join().expect("it was made");
    let open_orders = desk.flow.resting();
    desk.engine.close().expect("it closes");
    vec![json!({
        "accounts": accounts,
        "openOrders": open_orders,
        "snapshotBytes": info.bytes,
        "snapshotMilliseconds": info.milliseconds,
        "commandsPerSecond": without,
        "commandsPerSecondMeanwhile": during,
        "percentOfBefore": during * 100 / without.max(1),
    })]
}

/// Commands per second with many in flight, until it is over or the time is up.
fn flat_out(desk: &mut Desk, over: impl Fn() -> bool, most: Duration) -> u64 {
    let (start, before) = (Instant::now(), desk.answered);
    while start.elapsed() < most && !over() {
        if desk.in_flight() < 8_192 {
            desk.ask(256);
        } else {
            desk.wait(Duration::from_millis(1));
        }
        desk.drain(|_| ());
    }
    let rate = per_second(desk.answered - before, start.elapsed());
    while desk.in_flight() > 0 {
        desk.wait(Duration::from_millis(1));
        desk.drain(|_| ());
    }
    rate
}
