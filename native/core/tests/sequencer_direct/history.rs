//! Settlements and what is remembered of them: fees of both modes, ledger entries, closed orders.

use lightning_core::message::{
    CancelReason, LedgerKind, NewOrder, OrderAfter, OrderStatus, Outcome, Request, TimeInForce, ToSequencer,
};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::types::{AccountId, Amount, AssetId, Lsn, Quantity, SignedAmount, Timestamp};

use crate::rig::{ALICE, BTC, BTCUSD, ETH, ETHUSD, LIMITS, Rig, USD, buy, sell};

fn eth(order: NewOrder) -> NewOrder {
    NewOrder { symbol: ETHUSD, ..order }
}

fn fees(rig: &mut Rig, asset: AssetId) -> i128 {
    match rig.ask(Request::Totals) {
        Outcome::Totals(totals) => totals.into_iter().find(|line| line.asset == asset).unwrap().fees.0,
        outcome => panic!("{outcome:?}"),
    }
}

/// Each entry's balances follow from those before it, the last ones are the account's own, and the first ones
/// begin at nothing.
fn check_entries(rig: &mut Rig, account: AccountId) {
    for asset in [BTC, USD, ETH] {
        let entries = rig.entries(account, Some(asset));
        let (mut available, mut frozen) = (0, 0);
        for entry in entries.iter().rev() {
            available += entry.available_change.0;
            frozen += entry.frozen_change.0;
            assert_eq!((entry.available.0, entry.frozen.0), (available, frozen), "{entry:?}");
            assert!(available >= 0 && frozen >= 0, "{entry:?}");
        }
    }
}

fn kinds(rig: &mut Rig, asset: AssetId) -> Vec<(LedgerKind, i128, i128)> {
    let entries = rig.entries(ALICE, Some(asset));
    let mut kinds: Vec<_> =
        entries.iter().map(|entry| (entry.kind, entry.available_change.0, entry.frozen_change.0)).collect();
    kinds.reverse();
    kinds.remove(0); // The deposit.
    kinds
}

#[test]
fn a_fee_out_of_what_comes() {
    let mut rig = Rig::funded();
    let id = rig.admit(buy(100, 10)).id;
    // It takes 4 at 90, at 1 % of the base, and rests.
    rig.settle(id, |it| {
        (it.filled, it.notional, it.released) = (Quantity(4), Amount(360), Amount(40));
        it.fee = SignedAmount(1);
    });
    assert_eq!((rig.funds(ALICE, USD), rig.funds(ALICE, BTC)), ((99_040, 600), (10_039, 0)));
    assert_eq!(fees(&mut rig, BTC), -1);
    assert_eq!(rig.order(id).unwrap().fee, SignedAmount(1));
    // Then it makes, with a rebate.
    rig.settle(id, |it| {
        (it.filled, it.notional, it.fee) = (Quantity(6), Amount(600), SignedAmount(-2));
        it.after = OrderAfter::Closed(OrderStatus::Filled);
    });
    assert_eq!((rig.funds(ALICE, USD), rig.funds(ALICE, BTC)), ((99_040, 0), (10_101, 0)));
    assert_eq!(fees(&mut rig, BTC), 1);
    use LedgerKind::{Fee, Freeze, Trade, Unfreeze};
    assert_eq!(
        kinds(&mut rig, USD),
        [(Freeze, -1_000, 1_000), (Trade, 0, -360), (Unfreeze, 40, -40), (Trade, 0, -600)]
    );
    assert_eq!(kinds(&mut rig, BTC), [(Trade, 40, 0), (Fee, -1, 0), (Trade, 60, 0), (Fee, 2, 0)]);
    check_entries(&mut rig, ALICE);
}

#[test]
fn a_fee_on_top_comes_out_of_the_reservation() {
    let mut rig = Rig::funded();
    // 1,000 and 2,000 ppm of it.
    let id = rig.admit(eth(buy(100, 10))).id;
    assert_eq!(rig.funds(ALICE, USD), (98_998, 1_002));
    rig.settle(id, |it| {
        (it.filled, it.notional, it.fee) = (Quantity(5), Amount(500), SignedAmount(1));
    });
    assert_eq!(rig.order(id).unwrap().reserved, Amount(501));
    rig.settle(id, |it| {
        (it.filled, it.notional, it.fee, it.released) =
            (Quantity(5), Amount(500), SignedAmount(-3), Amount(1));
        it.after = OrderAfter::Closed(OrderStatus::Filled);
    });
    assert_eq!((rig.funds(ALICE, USD), rig.funds(ALICE, ETH)), ((99_002, 0), (5_010, 0)));
    assert_eq!(fees(&mut rig, USD), 2);
    use LedgerKind::{Fee, Freeze, Trade, Unfreeze};
    assert_eq!(
        kinds(&mut rig, USD),
        [
            (Freeze, -1_002, 1_002),
            (Trade, 0, -500),
            (Fee, 0, -1),
            (Trade, 0, -500),
            (Fee, 3, 0),
            (Unfreeze, 1, -1)
        ]
    );
    check_entries(&mut rig, ALICE);
    // The seller pays out of the proceeds.
    let id = rig.admit(eth(sell(100, 10))).id;
    rig.settle(id, |it| {
        (it.filled, it.notional, it.fee) = (Quantity(10), Amount(1_000), SignedAmount(2));
        it.after = OrderAfter::Closed(OrderStatus::Filled);
    });
    assert_eq!((rig.funds(ALICE, USD), rig.funds(ALICE, ETH)), ((100_000, 0), (5_000, 0)));
    check_entries(&mut rig, ALICE);
}

#[test]
fn what_is_prevented_is_freed() {
    let mut rig = Rig::funded();
    let id = rig.rest(sell(100, 10));
    rig.settle(id, |it| (it.prevented, it.released) = (Quantity(3), Amount(30)));
    let order = rig.order(id).unwrap();
    assert_eq!((order.prevented, order.status, order.reserved), (Quantity(3), OrderStatus::New, Amount(70)));
    assert_eq!(order.open_quantity(), Some(Quantity(7)));
    check_entries(&mut rig, ALICE);
}

#[test]
fn a_refused_order_leaves_no_trace() {
    let mut rig = Rig::funded();
    let before = rig.state();
    let admitted = rig.admit(NewOrder { post_only: true, ..buy(100, 10) });
    let entries = rig.entries(ALICE, Some(USD));
    assert_eq!((entries.len(), entries[0].available.0), (1, 100_000), "it is undecided");
    rig.settle(admitted.id, |it| (it.released, it.after) = (admitted.reserved, OrderAfter::Voided));
    assert_eq!(before, rig.state());
    assert!(rig.order(admitted.id).is_none());
}

#[test]
fn entries_stand_in_the_order_of_the_journal() {
    let mut rig = Rig::funded();
    let (first, second) = (rig.admit(buy(100, 10)).id, rig.admit(eth(buy(100, 10))).id);
    // The second symbol's shard is ahead, but its record is the later one.
    rig.settle(second, |it| it.cause = Lsn(6_000));
    rig.settle(first, |it| it.cause = Lsn(5_000));
    check_entries(&mut rig, ALICE);
    let entries = rig.entries(ALICE, Some(USD));
    assert_eq!((entries[0].order, entries[1].order), (Some(second), Some(first)));
    assert!(entries[0].id < entries[1].id);
    let page = |rig: &mut Rig, before| {
        let asset = Some(USD);
        match rig.ask(Request::LedgerEntries { account: ALICE, asset, before, limit: 1 }) {
            Outcome::LedgerEntries(page) => (page.entries[0], page.next),
            outcome => panic!("{outcome:?}"),
        }
    };
    let mut before = None;
    for (at, entry) in entries.iter().enumerate() {
        let (shown, next) = page(&mut rig, before);
        assert_eq!(shown, *entry);
        assert_eq!(next.is_some(), at + 1 < entries.len());
        before = next;
    }
}

#[test]
fn collected_fees_are_available() {
    let mut rig = Rig::funded();
    let (cause, at, amount) = (Lsn(5_000), Timestamp(rig.now), Amount(70));
    rig.tell(ToSequencer::Credit { cause, at, account: ALICE, asset: USD, amount });
    assert_eq!(rig.funds(ALICE, USD), (100_070, 0));
    assert_eq!(fees(&mut rig, USD), 70);
    assert_eq!(kinds(&mut rig, USD), [(LedgerKind::FeesCollected, 70, 0)]);
}

#[test]
fn holds_and_all_the_rest_add_up() {
    let mut rig = Rig::funded();
    let (account, asset) = (ALICE, USD);
    rig.ask(Request::Hold { account, asset, amount: Amount(500) });
    rig.ask(Request::Release { account, asset, amount: Amount(200) });
    rig.ask(Request::Withdraw { account, asset, amount: Amount(100) });
    rig.admit(buy(10, 10));
    check_entries(&mut rig, ALICE);
    use LedgerKind::{Hold, Release, Withdrawal};
    assert_eq!(kinds(&mut rig, USD), [(Hold, -500, 500), (Release, 200, -200), (Withdrawal, -100, 0)]);
}

#[test]
fn nothing_is_remembered_where_nothing_may_be() {
    let limits = SequencerLimits { closed_orders_max: 0, ledger_entries_max: 0, ..LIMITS };
    let mut rig = Rig::with_limits(limits).fund(ALICE);
    let id = rig.rest(buy(10, 1));
    rig.close(id, CancelReason::User);
    assert!(rig.order(id).is_none() && rig.entries(ALICE, None).is_empty());
}

#[test]
fn closed_orders_are_listed_the_last_closed_first_as_long_as_they_are_remembered() {
    let mut rig = Rig::with_limits(SequencerLimits { closed_orders_max: 5, ..LIMITS }).fund(ALICE);
    let ids: Vec<_> =
        (0..8).map(|n| rig.rest(if n % 2 == 0 { buy(10, 1) } else { eth(buy(10, 1)) })).collect();
    for &id in ids.iter().rev() {
        rig.close(id, CancelReason::User);
    }
    let list = |rig: &mut Rig, symbol| {
        let (mut ids, mut before) = (Vec::new(), None);
        loop {
            let (account, limit) = (ALICE, 2);
            let Outcome::Orders(page) = rig.ask(Request::ClosedOrders { account, symbol, before, limit })
            else {
                panic!("a page")
            };
            ids.push(page.orders.iter().map(|order| order.id.0).collect::<Vec<_>>());
            before = page.next;
            if before.is_none() {
                return ids;
            }
        }
    };
    assert_eq!(list(&mut rig, None), [vec![1, 2], vec![3, 4], vec![5]]);
    assert_eq!(list(&mut rig, Some(BTCUSD)), [vec![1, 3], vec![5]]);
    assert!(rig.order(ids[7]).is_none());
    assert!(rig.order(ids[0]).is_some_and(|order| order.reserved == Amount(0)));
}

#[test]
fn open_orders_are_paged_in_the_order_of_acceptance() {
    let mut rig = Rig::funded().fund(crate::rig::BOB);
    for n in 0..7 {
        let account = if n % 3 == 0 { crate::rig::BOB } else { ALICE };
        rig.rest(NewOrder { account, ..buy(10, 1) });
    }
    rig.admit(NewOrder { tif: TimeInForce::Ioc, ..buy(10, 1) });
    let mut page = |account, after, limit| {
        let after = lightning_core::types::OrderId(after);
        match rig.ask(Request::OpenOrders { account, symbol: Some(BTCUSD), after, limit }) {
            Outcome::Orders(page) => page.orders.iter().map(|order| order.id.0).collect::<Vec<_>>(),
            outcome => panic!("{outcome:?}"),
        }
    };
    assert_eq!(page(None, 0, 3), [1, 2, 3]);
    assert_eq!(page(None, 3, 9), [4, 5, 6, 7]);
    assert_eq!(page(Some(ALICE), 0, 2), [2, 3]);
    assert_eq!(page(Some(ALICE), 3, 9), [5, 6]);
    assert_eq!(page(Some(ALICE), 4, 9), [5, 6]);
    assert_eq!(page(None, 7, 9), [0; 0]);
}
