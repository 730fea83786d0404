//! Mass cancels over symbols, and dead-man timers.

use lightning_core::log::Context;
use lightning_core::message::{
    CancelMany, CancelReason, CanceledOrder, ClientOrderId, NewOrder, OrderFilter, Outcome, Request,
    ToMatcher, ToSequencer,
};
use lightning_core::types::{AccountId, Lsn, OrderId, Side, SymbolId, Timestamp};

use crate::rig::{ALICE, BOB, BTCUSD, ETHUSD, Rig, SECOND, buy, market_buy, named, sell, stop};

fn eth(order: NewOrder) -> NewOrder {
    NewOrder { symbol: ETHUSD, ..order }
}

/// Orders 1 to 6 on two symbols, and a running one.
fn six() -> Rig {
    let mut rig = Rig::funded().fund(BOB);
    rig.rest(named(buy(10, 1), "x.b"));
    rig.rest(named(eth(buy(10, 1)), "x.a"));
    rig.rest(sell(20, 1));
    rig.rest(named(stop(sell(5, 1), 6), "y"));
    rig.rest(eth(sell(20, 1)));
    rig.rest(NewOrder { account: BOB, ..named(buy(10, 1), "x.c") });
    rig.admit(named(market_buy(1), "x.0"));
    rig
}

fn parts(rig: &mut Rig) -> Vec<CancelMany> {
    let parts = rig.out.to_matcher.drain(..).map(|message| match message {
        ToMatcher::CancelMany(part) => *part,
        message => panic!("{message:?}"),
    });
    parts.collect()
}

fn cancel_all(rig: &mut Rig, filter: OrderFilter) -> Vec<CancelMany> {
    rig.send(Request::CancelAll { account: ALICE, filter }, None);
    parts(rig)
}

fn orders(parts: &[CancelMany]) -> Vec<(u32, Vec<u64>)> {
    let ids = |part: &CancelMany| part.orders.iter().map(|id| id.0).collect();
    parts.iter().map(|part| (part.symbol.0, ids(part))).collect()
}

/// Behind every time of these tests.
const LATER: u64 = 1 << 62;

fn part_done(rig: &mut Rig, part: &CancelMany, cause: u64) -> Vec<CanceledOrder> {
    let reason = part.reason;
    let canceled: Vec<_> = part.orders.iter().map(|&order| rig.close(order, reason)).collect();
    let (mass, account, symbol, orders) = (part.mass, part.account, part.symbol, canceled.clone());
    let (cause, at) = (Lsn(cause), Timestamp(LATER + cause));
    rig.tell(ToSequencer::CanceledMany { cause, at, mass, account, symbol, orders });
    canceled
}

#[test]
fn the_answer_comes_with_the_last_part_in_the_order_of_acceptance() {
    let mut rig = six();
    let parts = cancel_all(&mut rig, OrderFilter::default());
    assert_eq!(orders(&parts), [(0, vec![1, 3, 4]), (1, vec![2, 5])]);
    assert_eq!(rig.log.0.last().map(String::as_str), Some("MassCancel"));
    assert!(parts.iter().all(|part| part.reason == CancelReason::Mass && part.mass == parts[0].mass));
    part_done(&mut rig, &parts[1], 5_000);
    assert!(rig.out.replies.is_empty());
    part_done(&mut rig, &parts[0], 4_000);
    let reply = rig.reply();
    let Outcome::CanceledAll(canceled) = reply.outcome else { panic!("a mass cancel's answer") };
    assert_eq!(canceled.iter().map(|order| order.id.0).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    assert_eq!(reply.gate, Lsn(5_000), "it shows what the other part did, too");
    assert_eq!(
        reply.at,
        Timestamp(LATER + 5_000),
        "the later part's time, whenever it comes: a repetition says the same"
    );
    assert_eq!(rig.open(BOB), [6]);
}

#[test]
fn filters_choose() {
    let mut rig = six();
    let mut chosen = |filter| orders(&cancel_all(&mut rig, filter));
    let prefix = |prefix: &str| Some(ClientOrderId(prefix.into()));
    let symbol = |symbol: SymbolId| OrderFilter { symbol: Some(symbol), ..OrderFilter::default() };
    let side = OrderFilter { side: Some(Side::Sell), ..OrderFilter::default() };
    assert_eq!(chosen(symbol(ETHUSD)), [(1, vec![2, 5])]);
    assert_eq!(chosen(side.clone()), [(0, vec![3, 4]), (1, vec![5])]);
    assert_eq!(chosen(OrderFilter { side: Some(Side::Buy), ..symbol(BTCUSD) }), [(0, vec![1])]);
    let named = |prefix| OrderFilter { client_id_prefix: prefix, ..OrderFilter::default() };
    assert_eq!(chosen(named(prefix("x."))), [(0, vec![1]), (1, vec![2])]);
    assert_eq!(chosen(OrderFilter { client_id_prefix: prefix("y"), ..side }), [(0, vec![4])]);
}

#[test]
fn nothing_to_cancel_is_answered_at_once() {
    let mut rig = six();
    let client_id_prefix = Some(ClientOrderId("z".into()));
    let filter = OrderFilter { client_id_prefix, ..OrderFilter::default() };
    assert!(cancel_all(&mut rig, filter).is_empty());
    assert!(matches!(rig.reply().outcome, Outcome::CanceledAll(orders) if orders.is_empty()));
}

#[test]
fn orders_that_closed_by_themselves_are_left_out() {
    let mut rig = six();
    let parts = cancel_all(&mut rig, OrderFilter { side: Some(Side::Sell), ..OrderFilter::default() });
    part_done(&mut rig, &parts[0], 5_000);
    rig.close(OrderId(5), CancelReason::User);
    let (mass, account, symbol) = (parts[1].mass, ALICE, parts[1].symbol);
    let (cause, at, orders) = (Lsn(5_001), Timestamp(rig.now), Vec::new());
    rig.tell(ToSequencer::CanceledMany { cause, at, mass, account, symbol, orders });
    let Outcome::CanceledAll(canceled) = rig.reply().outcome else { panic!("a mass cancel's answer") };
    assert_eq!(canceled.len(), 2);
}

fn timer(rig: &mut Rig, account: AccountId, after_nanos: u64) -> Option<Timestamp> {
    match rig.ask(Request::CancelAllAfter { account, after_nanos }) {
        Outcome::TimerSet(at) => at,
        outcome => panic!("{outcome:?}"),
    }
}

fn tick(rig: &mut Rig) {
    let mut ctx = Context { now: Timestamp(rig.now), log: &mut rig.log };
    rig.sequencer.tick(&mut ctx, &mut rig.out);
    rig.sequencer.check_invariants();
}

#[test]
fn a_timer_cancels_everything_once() {
    let mut rig = six();
    let deadline = Timestamp(rig.now + SECOND);
    assert_eq!(timer(&mut rig, ALICE, SECOND), Some(deadline));
    assert_eq!(rig.sequencer.next_deadline(), Some(deadline));
    rig.now += SECOND - 1;
    tick(&mut rig);
    assert!(rig.out.to_matcher.is_empty());
    rig.now += 1;
    tick(&mut rig);
    assert_eq!(rig.log.0.last().map(String::as_str), Some("MassCancel"));
    let sent = parts(&mut rig);
    assert_eq!(orders(&sent), [(0, vec![1, 3, 4]), (1, vec![2, 5])]);
    assert_eq!(sent[0].reason, CancelReason::Deadman);
    for part in &sent {
        part_done(&mut rig, part, 5_000);
    }
    assert!(rig.out.replies.is_empty(), "nobody asked");
    assert_eq!(rig.sequencer.next_deadline(), None);
    rig.rest(buy(10, 1));
    tick(&mut rig);
    assert!(rig.out.to_matcher.is_empty());
}

#[test]
fn a_timer_is_replaced_disarmed_and_shown() {
    let mut rig = six();
    timer(&mut rig, ALICE, SECOND);
    let later = timer(&mut rig, ALICE, 2 * SECOND);
    let Outcome::Account(info) = rig.ask(Request::Account { account: ALICE }) else { panic!("its terms") };
    assert_eq!(info.cancel_all_at, later);
    assert_eq!(timer(&mut rig, ALICE, 0), None);
    assert_eq!(timer(&mut rig, BOB, 0), None);
    assert_eq!(rig.sequencer.next_deadline(), None);
    assert_eq!(timer(&mut rig, ALICE, u64::MAX), Some(Timestamp(u64::MAX)));
}

#[test]
fn timers_are_due_before_the_next_command_by_deadline_then_account() {
    let mut rig = six();
    timer(&mut rig, BOB, 2 * SECOND);
    timer(&mut rig, ALICE, 2 * SECOND);
    rig.now += 5 * SECOND;
    rig.send(Request::Place(sell(1, 1)), None);
    let mut kinds = Vec::new();
    for message in rig.out.to_matcher.drain(..) {
        kinds.push(match message {
            ToMatcher::CancelMany(part) => part.account.0,
            ToMatcher::Admit(_) => 0,
            message => panic!("{message:?}"),
        });
    }
    assert_eq!(kinds, [ALICE.0, ALICE.0, BOB.0, 0]);
}
