//! Each number of a lane runs once; whoever sends it again gets the first answer.

use lightning_core::message::{
    Balance, CancelReason, Outcome, Reply, ReplyTo, Request, RequestId, ToMatcher, ToSequencer,
};
use lightning_core::reject::{Code, Reject};
use lightning_core::types::{AccountId, Amount, Lsn, OrderId, Ticket, Timestamp};

use crate::rig::{ALICE, BOB, BTC, Rig, USD, buy, code};

fn id(number: u64) -> Option<RequestId> {
    Some(RequestId { lane: 0, number, fingerprint: number })
}

fn deposit(account: AccountId, amount: u128) -> Request {
    Request::Deposit { account, asset: USD, amount: Amount(amount) }
}

fn answer(ticket: Ticket, outcome: Outcome) -> ToSequencer {
    let reply = Reply { ticket, gate: Lsn(2_000), at: Timestamp(77), duplicate: false, outcome };
    ToSequencer::Answer { account: ALICE, reply: Box::new(reply) }
}

#[test]
fn the_first_deposit_makes_the_account_and_is_remembered() {
    let mut rig = Rig::new();
    rig.send(deposit(ALICE, 5), id(1));
    let first = rig.reply();
    rig.now += 9;
    rig.send(deposit(BOB, 1), None);
    rig.reply();
    rig.send(deposit(ALICE, 5), id(1));
    let again = rig.reply();
    assert!(again.duplicate && !first.duplicate);
    assert_eq!((again.gate, again.at), (first.gate, first.at), "it shows what the first one showed");
    assert!(
        matches!(again.outcome, Outcome::BalanceChanged { balance, .. } if balance.available == Amount(5))
    );
    assert_eq!(rig.funds(ALICE, USD), (5, 0));
}

#[test]
fn who_does_not_exist_has_no_numbers() {
    let mut rig = Rig::new();
    let withdraw = || Request::Withdraw { account: ALICE, asset: USD, amount: Amount(1) };
    rig.send(withdraw(), id(1));
    assert_eq!(code(&rig.reply().outcome), Code::UnknownAccount);
    rig.send(Request::Recall { account: ALICE }, id(1));
    assert_eq!(code(&rig.reply().outcome), Code::UnknownAccount);
    rig.send(deposit(ALICE, 3), None);
    rig.reply();
    rig.send(withdraw(), id(1));
    let reply = rig.reply();
    assert!(matches!(reply.outcome, Outcome::BalanceChanged { .. }) && !reply.duplicate);
}

#[test]
fn refusals_are_answers_too() {
    let mut rig = Rig::funded();
    let withdraw = || Request::Withdraw { account: ALICE, asset: USD, amount: Amount(100_001) };
    rig.send(withdraw(), id(5));
    assert_eq!(code(&rig.reply().outcome), Code::InsufficientBalance);
    rig.ask(deposit(ALICE, 1));
    rig.send(withdraw(), id(5));
    let again = rig.reply();
    assert!(again.duplicate && code(&again.outcome) == Code::InsufficientBalance);
    // Other words, too low, a lane too many: told apart, and not remembered.
    rig.send(withdraw(), Some(RequestId { lane: 0, number: 5, fingerprint: 0 }));
    assert_eq!(code(&rig.reply().outcome), Code::RequestIdConflict);
    rig.send(deposit(ALICE, 1), id(5 + 1_024));
    rig.reply();
    rig.send(withdraw(), id(5));
    assert_eq!(code(&rig.reply().outcome), Code::RequestIdTooOld);
    rig.send(Request::Recall { account: ALICE }, id(5));
    assert_eq!(code(&rig.reply().outcome), Code::RequestIdTooOld);
    for lane in 1..64 {
        rig.send(deposit(ALICE, 1), Some(RequestId { lane, number: 1, fingerprint: 1 }));
        rig.reply();
    }
    rig.send(deposit(ALICE, 1), Some(RequestId { lane: 64, number: 1, fingerprint: 1 }));
    assert_eq!(code(&rig.reply().outcome), Code::InvalidRequest);
}

#[test]
fn recalling_tells_and_does_nothing() {
    let mut rig = Rig::funded();
    let recall = || Request::Recall { account: ALICE };
    rig.send(recall(), id(1));
    assert!(matches!(rig.reply().outcome, Outcome::NotSeen));
    rig.send(deposit(ALICE, 1), id(1));
    let first = rig.reply();
    assert!(!first.duplicate, "asking used nothing up");
    rig.send(recall(), id(1));
    let told = rig.reply();
    assert!(told.duplicate && told.gate == first.gate);
    rig.send(recall(), Some(RequestId { lane: 0, number: 1, fingerprint: 9 }));
    assert_eq!(code(&rig.reply().outcome), Code::RequestIdConflict);
    assert_eq!(code(&rig.ask(recall())), Code::MissingField);
}

#[test]
fn reads_and_tests_use_no_number_up() {
    let mut rig = Rig::funded();
    rig.send(Request::Balances { account: ALICE }, id(1));
    rig.reply();
    rig.send(Request::Test(buy(1, 1)), id(1));
    let ToMatcher::Test(test) = rig.sent() else { panic!("a test goes to the matcher") };
    assert!(!test.to.recorded && test.id == OrderId(0));
    rig.send(Request::Recall { account: ALICE }, id(1));
    assert!(matches!(rig.reply().outcome, Outcome::NotSeen));
}

#[test]
fn a_matchers_answer_is_remembered_and_reaches_all_who_wait() {
    let mut rig = Rig::funded();
    let first = rig.send(Request::Place(buy(10, 1)), id(1));
    let ToMatcher::Admit(admitted) = rig.sent() else { panic!("a place goes to the matcher") };
    assert_eq!(admitted.to, ReplyTo::remembered(first, &admitted.to.request_id().unwrap()));
    let second = rig.send(Request::Place(buy(10, 1)), id(1));
    let third = rig.send(Request::Recall { account: ALICE }, id(1));
    assert!(rig.out.to_matcher.is_empty() && rig.out.replies.is_empty(), "they wait");
    // Until its matcher has written it down a crash would forget it: nobody is shown it.
    assert_eq!(rig.open(ALICE), [0_u64; 0]);

    rig.tell(answer(first, Outcome::Rejected(Reject::new(Code::PriceBand))));
    let replies = std::mem::take(&mut rig.out.replies);
    let heads: Vec<_> =
        replies.iter().map(|reply| (reply.ticket, reply.duplicate, reply.gate.0, reply.at.0)).collect();
    assert_eq!(heads, [(first, false, 2_000, 77), (second, true, 2_000, 77), (third, true, 2_000, 77)]);
    rig.send(Request::Place(buy(10, 1)), id(1));
    let again = rig.reply();
    assert!(again.duplicate && again.gate == Lsn(2_000) && code(&again.outcome) == Code::PriceBand);
    // Whoever asks next is shown what that answer showed.
    rig.send(Request::Balances { account: ALICE }, None);
    assert_eq!(rig.reply().gate, Lsn(2_000));
}

#[test]
fn a_missed_cancel_is_remembered_with_the_orders_end() {
    let mut rig = Rig::funded();
    let order = rig.rest(buy(10, 1));
    let cancel = || Request::Cancel {
        account: ALICE,
        order: lightning_core::message::OrderRef::Id(order),
        symbol: None,
        only_if: None,
    };
    let ticket = rig.send(cancel(), id(1));
    let ToMatcher::Cancel { to, .. } = rig.sent() else { panic!("a cancel goes to the matcher") };
    rig.close(order, CancelReason::Deadman);
    rig.tell(ToSequencer::OrderMissed { to, account: ALICE, order });
    let reply = rig.reply();
    assert!(reply.ticket == ticket && code(&reply.outcome) == Code::OrderAlreadyClosed);
    rig.send(cancel(), id(1));
    assert!(rig.reply().duplicate);
}

#[test]
fn busy_is_no_answer() {
    let mut rig = Rig::funded();
    let id_of_order = rig.rest(buy(10, 5));
    let amend = |price| Request::Amend {
        account: ALICE,
        symbol: crate::rig::BTCUSD,
        order: lightning_core::message::OrderRef::Id(id_of_order),
        change: lightning_core::message::AmendChange {
            quantity: None,
            price: Some(lightning_core::types::Price(price)),
        },
    };
    rig.send(amend(9), None);
    rig.sent();
    // What is available pays for 20,000 from 10 on, not from 9 on.
    rig.send(amend(20_000), id(1));
    assert_eq!(code(&rig.reply().outcome), Code::Busy);
    rig.tell(ToSequencer::Amended {
        cause: None,
        account: ALICE,
        order: id_of_order,
        extra: Amount(0),
        kind: None,
    });
    rig.send(amend(20_000), id(1));
    assert!(matches!(rig.sent(), ToMatcher::Amend(_)), "the same number runs now");
}

#[test]
fn a_transfers_and_a_mass_cancels_answers_are_remembered() {
    let mut rig = Rig::funded().fund(BOB);
    let transfer = || Request::Transfer { account: ALICE, to: BOB, asset: BTC, amount: Amount(10) };
    rig.send(transfer(), id(1));
    for _ in 0..2 {
        let message = rig.out.to_sequencer.remove(0);
        rig.tell(message);
    }
    let first = rig.reply();
    rig.send(transfer(), id(1));
    let again = rig.reply();
    let left = Balance { available: Amount(9_990), ..Balance::default() };
    assert!(matches!(again.outcome, Outcome::BalanceChanged { balance, .. } if balance == left));
    assert!(again.duplicate && again.gate == first.gate);

    let order = rig.rest(buy(10, 1));
    let all = || Request::CancelAll { account: ALICE, filter: Default::default() };
    rig.send(all(), id(2));
    let ToMatcher::CancelMany(part) = rig.sent() else { panic!("a part goes to the matcher") };
    let canceled = rig.close(order, CancelReason::Mass);
    let orders = vec![canceled];
    rig.tell(ToSequencer::CanceledMany {
        cause: Lsn(3_000),
        at: Timestamp(rig.now),
        mass: part.mass,
        account: ALICE,
        symbol: part.symbol,
        orders,
    });
    let first = rig.reply();
    rig.send(all(), id(2));
    let again = rig.reply();
    assert!(again.duplicate && again.gate == first.gate && first.gate == Lsn(3_000));
    assert!(matches!(again.outcome, Outcome::CanceledAll(orders) if orders == [canceled]));
}
