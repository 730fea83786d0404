//! What a crash cuts in half: transfers, and mass cancels over several symbols.

use std::collections::BTreeMap;

use lightning_core::log::Recorded;
use lightning_core::message::{NewOrder, OrderFilter, Request, RequestId};
use lightning_core::types::{AccountId, Amount, AssetId, Price, Quantity, Side, SymbolId};

use crate::same::{Scope, Shards, describe};
use crate::world::World;

const ID: RequestId = RequestId { lane: 0, number: 4, fingerprint: 44 };

fn described(world: &mut World) -> BTreeMap<String, String> {
    let shards = Shards { sequencers: &mut world.sequencers, matchers: &world.matchers };
    describe(shards, &world.journal, Scope { histories: true })
}

fn answer(world: &mut World, account: u64) -> String {
    described(world)[&format!("answer {account} {ID:?}")].clone()
}

/// What the kinds of the records are that were written since.
fn kinds(world: &World, since: usize) -> Vec<String> {
    let name = |record: &Recorded| {
        let text = format!("{record:?}");
        text.chars().take_while(|letter| letter.is_alphanumeric()).collect()
    };
    world.journal.0[since..].iter().map(|written| name(&written.record)).collect()
}

fn transfer(to: u64) -> (World, usize) {
    let mut world = World::new();
    let (account, to) = (AccountId(1), AccountId(to));
    world.send(Some(ID), Request::Transfer { account, to, asset: AssetId(0), amount: Amount(50) });
    let records = world.journal.0.len();
    assert_eq!(kinds(&world, records - 1), ["TransferOffered"]);
    (world, records)
}

fn has(available: u128) -> String {
    format!("[(AssetId(0), Balance {{ available: Amount({available}), frozen: Amount(0), held: Amount(0) }})")
}

#[test]
fn a_transfer_arrives_and_is_answered() {
    let (mut world, records) = transfer(2);
    world.crash(records);
    assert_eq!(kinds(&world, records), ["TransferAccepted"]);
    let all = described(&mut world);
    assert!(all["balances 1"].starts_with(&has(250)) && all["balances 2"].starts_with(&has(350)));
    assert_eq!(answer(&mut world, 1), "balance of 0 changed");
}

#[test]
fn a_transfer_to_nobody_comes_back() {
    let (mut world, records) = transfer(6);
    world.crash(records);
    assert_eq!(kinds(&world, records), ["TransferRefused"]);
    assert!(described(&mut world)["balances 1"].starts_with(&has(300)));
    assert!(answer(&mut world, 1).contains("UnknownAccount"));
}

#[test]
fn a_transfer_that_has_its_answer_is_over_though_its_sender_never_heard() {
    let (mut world, _) = transfer(2);
    world.come_to_rest();
    let records = world.journal.0.len();
    world.crash(records);
    assert_eq!(kinds(&world, records - 1), ["TransferAccepted"]);
    assert!(described(&mut world)["balances 1"].starts_with(&has(250)));
}

/// Orders of account 1 on three symbols, some of which match; a mass cancel of which one part has its record.
fn mass_cancel() -> (World, usize) {
    let mut world = World::new();
    let place = |world: &mut World, symbol, side, price| {
        let order = NewOrder::limit(AccountId(1), SymbolId(symbol), side, Price(price), Quantity(2));
        world.send(None, Request::Place(order));
        world.come_to_rest();
    };
    for symbol in 0..3 {
        place(&mut world, symbol, Side::Buy, 4);
        place(&mut world, symbol, Side::Sell, 9);
    }
    let filter = OrderFilter { side: Some(Side::Buy), ..OrderFilter::default() };
    world.send(Some(ID), Request::CancelAll { account: AccountId(1), filter });
    world.deliver_to_matcher(SymbolId(1));
    let records = world.journal.0.len();
    assert_eq!(kinds(&world, records - 2), ["MassCancel", "CancelMany"]);
    (world, records)
}

#[test]
fn the_other_parts_of_a_mass_cancel_are_done_and_the_whole_is_answered() {
    let (mut world, records) = mass_cancel();
    world.crash(records);
    assert_eq!(kinds(&world, records), ["CancelMany", "CancelMany"]);
    let all = described(&mut world);
    assert_eq!(all["open 1"].matches("side: Sell").count(), 3);
    assert!(!all["open 1"].contains("side: Buy"));
    assert_eq!(answer(&mut world, 1).matches("CanceledOrder {").count(), 3);
}

#[test]
fn parts_that_find_nothing_any_more_are_done_too() {
    let (mut world, _) = mass_cancel();
    // The operator was faster on both of the others.
    for symbol in [0, 2] {
        world.cancel_book(SymbolId(symbol));
    }
    let records = world.journal.0.len();
    world.crash(records);
    assert_eq!(kinds(&world, records - 2), ["CancelBook", "CancelBook", "CancelMany", "CancelMany"]);
    assert_eq!(answer(&mut world, 1).matches("CanceledOrder {").count(), 1);
}
