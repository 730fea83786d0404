//! Cancel-replace: what is answered here, what goes to the book, and what the old order pays for.

use lightning_core::message::{
    CancelReason, ClientOrderId, NewOrder, OnlyIf, OrderAfter, OrderRef, OrderStatus, Outcome, Replace,
    ReplaceMode, ReplaceRequest, ReplacedOrder, Request, ToMatcher, ToSequencer,
};
use lightning_core::reject::Code;
use lightning_core::rules::{AccountChange, AccountStatus, SymbolRules, SymbolStatus};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::types::{AccountId, Amount, Lsn, OrderId, Quantity};

use crate::rig::{ALICE, BTCUSD, LIMITS, Rig, USD, buy, market_buy, named, sell, stop, with};

use ReplaceMode::{AllowFailure, Atomic, StopOnFailure};

const MODES: [ReplaceMode; 3] = [StopOnFailure, AllowFailure, Atomic];

fn request(old: OrderId, new: NewOrder, mode: ReplaceMode) -> Request {
    Request::Replace(Box::new(ReplaceRequest { old: OrderRef::Id(old), only_if: None, new, mode }))
}

fn sent(rig: &mut Rig, request: Request) -> Replace {
    rig.send(request, None);
    match rig.sent() {
        ToMatcher::Replace(replace) => *replace,
        message => panic!("{message:?}"),
    }
}

/// Both halves of an answer given at once, as codes; that nothing changed is checked.
fn refused(rig: &mut Rig, request: Request) -> (Code, Option<Code>) {
    let before = rig.state();
    let outcome = rig.ask(request);
    assert_eq!(before, rig.state());
    assert!(rig.out.to_matcher.is_empty());
    match outcome {
        Outcome::Replaced(replaced) => {
            let ReplacedOrder { canceled, placed } = *replaced;
            (canceled.unwrap_err().code, placed.map(|placed| placed.unwrap_err().code))
        }
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn the_new_order_is_paid_for_by_what_is_free_and_then_by_the_old_one() {
    let mut rig = Rig::funded();
    let old = rig.rest(buy(1_000, 90));
    for mode in MODES {
        let replace = sent(&mut rig, request(old, buy(1_000, 95), mode));
        let new = replace.new.unwrap();
        assert_eq!((new.reserved, replace.from_old, replace.old), (Amount(10_000), Amount(85_000), Ok(old)));
        assert_eq!(rig.funds(ALICE, USD), (0, 100_000));
        // The cancel failed: the new one never was.
        rig.settle(new.id, |it| (it.released, it.after) = (Amount(10_000), OrderAfter::Voided));
        assert_eq!(rig.funds(ALICE, USD), (10_000, 90_000));
    }
    let replace = sent(&mut rig, request(old, buy(1_000, 95), Atomic));
    let new = replace.new.unwrap().id;
    let (cause, amount) = (Lsn(5_000), Amount(85_000));
    rig.tell(ToSequencer::MoveReservation { cause, account: ALICE, from: old, to: new, amount });
    rig.settle(old, |it| {
        (it.cause, it.released) = (cause, Amount(5_000));
        it.after = OrderAfter::Closed(OrderStatus::Canceled(CancelReason::Replaced));
    });
    rig.settle(new, |it| it.cause = cause);
    assert_eq!(rig.funds(ALICE, USD), (5_000, 95_000));
    assert_eq!(rig.open(ALICE), [new.0]);
    // In the entries nothing is frozen twice.
    let frozen: i128 = rig.entries(ALICE, Some(USD)).iter().map(|entry| entry.frozen_change.0).sum();
    assert_eq!(frozen, 95_000);
    assert_eq!(rig.entries(ALICE, Some(USD))[0].frozen.0, 95_000);
}

#[test]
fn what_neither_pays_for_is_refused_here() {
    let mut rig = Rig::funded();
    let old = rig.rest(buy(1_000, 90));
    let dear = || buy(1_000, 101);
    let failed = Code::InsufficientBalance;
    // Whether the old one may go at all, its book is asked first.
    for mode in MODES {
        let replace = sent(&mut rig, request(old, dear(), mode));
        assert_eq!((replace.old, replace.new.map_err(|reject| reject.code)), (Ok(old), Err(failed)));
    }
    // A buy's money is none for a sell.
    let replace = sent(&mut rig, request(old, sell(1, 1_001), AllowFailure));
    assert_eq!(replace.new.unwrap_err().code, Code::InsufficientBalance);
    // Where the book judges first, the refusal goes along and nothing is frozen.
    let replace = sent(&mut rig, request(old, NewOrder { post_only: true, ..dear() }, Atomic));
    let new = replace.new.unwrap();
    assert_eq!((new.reserved, replace.from_old), (Amount(0), Amount(0)));
    assert_eq!(new.late.unwrap().refusal.unwrap().code, Code::InsufficientBalance);
}

#[test]
fn an_old_order_that_is_none_is_answered_by_mode() {
    let mut rig = Rig::funded();
    let unknown = OrderId(99);
    let (good, bad) = (|| buy(1, 1), || buy(1_000, 101));
    let no = Code::UnknownOrder;
    let short = Some(Code::InsufficientBalance);
    assert_eq!(refused(&mut rig, request(unknown, good(), StopOnFailure)), (no, None));
    assert_eq!(refused(&mut rig, request(unknown, bad(), StopOnFailure)), (no, None));
    assert_eq!(refused(&mut rig, request(unknown, good(), Atomic)), (no, None));
    assert_eq!(refused(&mut rig, request(unknown, bad(), Atomic)), (no, None));
    assert_eq!(refused(&mut rig, request(unknown, bad(), AllowFailure)), (no, short));
    let replace = sent(&mut rig, request(unknown, good(), AllowFailure));
    assert_eq!(replace.old.unwrap_err().code, no);
    assert_eq!((replace.new.unwrap().reserved, replace.from_old), (Amount(1), Amount(0)));
}

#[test]
fn immediate_orders_take_what_there_is() {
    let mut rig = Rig::funded();
    let old = rig.rest(buy(1_000, 90));
    let replace = sent(&mut rig, request(old, market_buy(5), Atomic));
    let new = replace.new.unwrap();
    assert_eq!((new.reserved, replace.from_old), (Amount(10_000), Amount(90_000)));
    rig.settle(new.id, |it| (it.released, it.after) = (Amount(10_000), OrderAfter::Voided));
    let bounded = with(market_buy(5), |extras| extras.max_quote = Some(Amount(30_000)));
    let replace = sent(&mut rig, request(old, bounded, Atomic));
    assert_eq!((replace.new.unwrap().reserved, replace.from_old), (Amount(10_000), Amount(20_000)));
}

#[test]
fn limits_are_judged_as_if_the_old_one_were_gone() {
    let limits = SequencerLimits { open_orders_per_account_max: 2, ..LIMITS };
    let mut rig = Rig::with_limits(limits).fund(ALICE);
    let old = rig.rest(buy(10, 20));
    rig.rest(stop(sell(5, 1), 6));
    let rules = SymbolRules {
        position_max: Some(Quantity(1_025)),
        open_orders_max: Some(2),
        conditional_max: Some(1),
        ..SymbolRules::default()
    };
    rig.set_rules(BTCUSD, rules);
    assert_eq!(rig.refused_with(Request::Place(buy(1, 1))), Code::TooManyOpenOrders);
    let replace = sent(&mut rig, request(old, buy(10, 26), Atomic));
    assert_eq!(replace.new.unwrap_err().code, Code::MaxPosition);
    let replace = sent(&mut rig, request(old, stop(buy(10, 1), 20), Atomic));
    let refusal = replace.new.unwrap().late.unwrap().refusal.unwrap();
    assert_eq!(refusal.code, Code::TooManyOpenOrders, "another one is pending");
    let replace = sent(&mut rig, request(old, buy(10, 25), Atomic));
    assert!(replace.new.unwrap().late.is_none());
}

#[test]
fn a_new_order_may_have_the_old_ones_name_unless_both_may_live() {
    let mut rig = Rig::funded();
    let old = rig.rest(named(buy(10, 1), "a"));
    let other = rig.rest(named(buy(10, 1), "b"));
    let new = || named(buy(10, 2), "a");
    let name = || OrderRef::Client(ClientOrderId("a".into()));
    for mode in MODES {
        let replace = sent(&mut rig, request(old, new(), mode));
        let new = replace.new.unwrap().id;
        rig.settle(new, |it| (it.released, it.after) = (Amount(20), OrderAfter::Voided));
        let Outcome::Orders(page) =
            rig.ask(Request::OrderByClientId { account: ALICE, client_id: ClientOrderId("a".into()) })
        else {
            panic!("a page")
        };
        assert_eq!(page.orders[0].id, old, "the name is still the old one's");
    }
    let restricted = |mode| ReplaceRequest { old: name(), only_if: Some(OnlyIf::New), new: new(), mode };
    let replace = sent(&mut rig, Request::Replace(Box::new(restricted(AllowFailure))));
    assert_eq!(replace.new.unwrap_err().code, Code::DuplicateClientOrderId);
    let replace = sent(&mut rig, request(other, new(), Atomic));
    assert_eq!(replace.new.unwrap_err().code, Code::DuplicateClientOrderId);
    let replace = sent(&mut rig, Request::Replace(Box::new(restricted(StopOnFailure))));
    assert_eq!((replace.old, replace.only_if), (Ok(old), Some(OnlyIf::New)));
    // The new one lives on under the name.
    let id = replace.new.unwrap().id;
    rig.close(old, CancelReason::Replaced);
    rig.settle(id, |_| {});
    rig.send(Request::Cancel { account: ALICE, order: name(), symbol: None, only_if: None }, None);
    assert!(matches!(rig.sent(), ToMatcher::Cancel { order, .. } if order == id));
}

#[test]
fn what_forbids_any_order_is_a_plain_refusal() {
    let mut rig = Rig::funded();
    let old = rig.rest(buy(10, 1));
    let stranger = NewOrder { account: AccountId(99), ..buy(1, 1) };
    assert_eq!(rig.refused_with(request(old, stranger, Atomic)), Code::UnknownAccount);
    rig.set_rules(BTCUSD, SymbolRules { status: SymbolStatus::CancelOnly, ..SymbolRules::default() });
    assert_eq!(rig.refused_with(request(old, buy(1, 1), AllowFailure)), Code::SymbolCancelOnly);
    // What the symbol restricts is the new order's fault.
    rig.set_rules(BTCUSD, SymbolRules { status: SymbolStatus::LimitOnly, ..SymbolRules::default() });
    let replace = sent(&mut rig, request(old, market_buy(1), StopOnFailure));
    assert_eq!(replace.new.unwrap_err().code, Code::SymbolModeRestricted);
    let change = AccountChange::Status(AccountStatus::Suspended);
    rig.ask(Request::Configure { account: ALICE, change });
    assert_eq!(rig.refused_with(request(old, buy(1, 1), Atomic)), Code::AccountSuspended);
}
