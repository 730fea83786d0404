//! Money from one account to another, over the same messages on one shard and on two.

use lightning_core::message::{AssetTotals, Outcome, Reply, Request, ToMatcher, ToSequencer};
use lightning_core::reject::Code;
use lightning_core::rules::{AccountChange, AccountStatus};
use lightning_core::types::{AccountId, Amount, Lsn, SignedAmount, Timestamp};

use crate::rig::{ALICE, BOB, BTC, BTCUSD, ETH, Rig, USD, code};

fn transfer(to: AccountId, amount: u128) -> Request {
    Request::Transfer { account: ALICE, to, asset: USD, amount: Amount(amount) }
}

fn pass(from: &mut Rig, to: &mut Rig) {
    assert_eq!(from.out.to_sequencer.len(), 1);
    let message = from.out.to_sequencer.remove(0);
    to.tell(message);
}

fn totals(rig: &mut Rig) -> AssetTotals {
    match rig.ask(Request::Totals) {
        Outcome::Totals(totals) => totals.into_iter().find(|line| line.asset == USD).unwrap(),
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn money_crosses_shards_and_is_frozen_on_the_way() {
    let (mut here, mut there) = (Rig::funded(), Rig::new().fund(BOB));
    let ticket = here.send(transfer(BOB, 300), None);
    assert_eq!(here.funds(ALICE, USD), (99_700, 300));
    assert_eq!(totals(&mut here).in_transfer, Amount(300));
    let entries = here.entries(ALICE, Some(USD));
    assert_eq!((entries.len(), entries[0].available.0), (1, 100_000), "undecided, so no entry");

    pass(&mut here, &mut there);
    assert_eq!(there.funds(BOB, USD), (100_300, 0));
    assert_eq!(there.log.0.last().map(String::as_str), Some("TransferAccepted"));
    pass(&mut there, &mut here);
    let reply = here.reply();
    assert_eq!(reply.ticket, ticket);
    assert_eq!(reply.gate.0, there.log.0.len() as u64, "its cause is the receiver's record");
    assert!(
        matches!(reply.outcome, Outcome::BalanceChanged { balance, .. } if balance.available == Amount(99_700))
    );
    assert_eq!(here.funds(ALICE, USD), (99_700, 0));
    let (out, into) = (totals(&mut here), totals(&mut there));
    assert_eq!(
        (out.transferred_out, out.transferred_in, out.in_transfer),
        (Amount(300), Amount(0), Amount(0))
    );
    assert_eq!((into.transferred_in, into.transferred_out), (Amount(300), Amount(0)));
    assert_eq!(here.entries(ALICE, Some(USD))[0].available_change, SignedAmount(-300));
}

#[test]
fn a_shard_sends_to_itself_too() {
    let mut rig = Rig::funded().fund(BOB);
    rig.send(transfer(BOB, 300), None);
    for _ in 0..2 {
        let message = rig.out.to_sequencer.remove(0);
        rig.tell(message);
    }
    rig.reply();
    assert_eq!((rig.funds(ALICE, USD), rig.funds(BOB, USD)), ((99_700, 0), (100_300, 0)));
    let totals = totals(&mut rig);
    assert_eq!((totals.transferred_in, totals.transferred_out), (Amount(300), Amount(300)));
}

#[test]
fn what_nobody_takes_comes_back() {
    let mut rig = Rig::funded().fund(BOB);
    for asset in [BTC, USD, ETH] {
        let amount = Amount(rig.funds(BOB, asset).0);
        rig.ask(Request::Withdraw { account: BOB, asset, amount });
    }
    let change = AccountChange::Status(AccountStatus::Closed);
    rig.ask(Request::Configure { account: BOB, change });
    let before = rig.state();
    for (to, expected) in [(AccountId(99), Code::UnknownAccount), (BOB, Code::AccountClosed)] {
        rig.send(transfer(to, 300), None);
        for _ in 0..2 {
            let message = rig.out.to_sequencer.remove(0);
            rig.tell(message);
        }
        assert_eq!(code(&rig.reply().outcome), expected);
        assert_eq!(before, rig.state());
    }
    assert_eq!(rig.refused_with(transfer(BOB, 100_001)), Code::InsufficientBalance);
}

#[test]
fn an_account_with_money_under_way_can_not_be_closed() {
    let mut rig = Rig::new();
    rig.ask(Request::Deposit { account: ALICE, asset: USD, amount: Amount(300) });
    rig.send(transfer(BOB, 300), None);
    let close =
        || Request::Configure { account: ALICE, change: AccountChange::Status(AccountStatus::Closed) };
    assert_eq!(code(&rig.ask(close())), Code::NonZeroBalance);
    let ToSequencer::TransferOffered(offer) = rig.out.to_sequencer.remove(0) else { panic!("an offer") };
    let (cause, at, refusal) = (Lsn(9_000), Timestamp(rig.now - 7), None);
    rig.tell(ToSequencer::TransferAnswered { offer, cause, at, refusal });
    assert_eq!(
        rig.reply().at,
        at,
        "the receiver's time, whenever its answer comes: a repetition says the same"
    );
    assert!(matches!(rig.ask(close()), Outcome::Account(_)));
}

/// Whoever waits for collected fees is not closed before they are there: nobody could take them out again.
#[test]
fn an_account_that_waits_for_collected_fees_can_not_be_closed() {
    let mut rig = Rig::new();
    rig.ask(Request::Deposit { account: ALICE, asset: USD, amount: Amount(1) });
    rig.ask(Request::Withdraw { account: ALICE, asset: USD, amount: Amount(1) });
    let close =
        || Request::Configure { account: ALICE, change: AccountChange::Status(AccountStatus::Closed) };
    let ticket = rig.send(Request::CollectFees { account: ALICE, symbol: BTCUSD }, None);
    let ToMatcher::CollectFees { to, .. } = rig.sent() else { panic!("a question for fees") };
    assert!(to.recorded && to.ticket == ticket);
    assert_eq!(code(&rig.ask(close())), Code::NonZeroBalance);
    // There were none: nothing but the answer comes.
    let outcome = Outcome::FeesCollected(Vec::new());
    let reply = Reply { ticket, gate: Lsn(1), at: Timestamp(1), duplicate: false, outcome };
    rig.tell(ToSequencer::Answer { account: ALICE, reply: Box::new(reply) });
    assert_eq!(rig.reply().ticket, ticket);
    assert!(matches!(rig.ask(close()), Outcome::Account(_)));
}
