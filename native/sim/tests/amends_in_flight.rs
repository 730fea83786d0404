//! Amends of an order that are sent before the first of them is answered: each comes to what it would have come to
//! if its owner had waited for the one before, or it is `BUSY` and changes nothing.

use lightning_core::fees::{FeeMode, FeeRates};
use lightning_core::message::{
    AmendChange, NewOrder, NewQuantity, OrderRef, Outcome, Reply, Request, TimeInForce,
};
use lightning_core::reject::Code;
use lightning_core::rules::SymbolRules;
use lightning_core::sequencer::SequencerLimits;
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, OrderId, Price, Quantity, Side, SymbolId, Ticket, Timestamp,
};
use lightning_sim::coverage::Coverage;
use lightning_sim::inline::Inline;
use lightning_sim::rng::{Dice, Rng};
use lightning_sim::workload::Setup;

const SCENES: u64 = 50_000;
const SYMBOL: SymbolId = SymbolId(0);
const BASE: AssetId = AssetId(0);
const QUOTE: AssetId = AssetId(1);
const OWNER: AccountId = AccountId(1);
const OTHER: AccountId = AccountId(2);
/// What no order and no amend of a scene needs.
const PLENTY: [u128; 2] = [1_000_000; 2];

/// A market with an order that is going to be amended, some that it may meet, and what its owner is left with.
struct Scene {
    setup: Setup,
    funds: [u128; 2],
    orders: Vec<NewOrder>,
    /// One that is answered before the others are sent.
    first: Option<AmendChange>,
    /// One of somebody else's that reaches the book before the amends, and of which their judge has not heard.
    meanwhile: Option<NewOrder>,
    changes: Vec<AmendChange>,
    cancels: bool,
}

fn draw(rng: &mut Rng) -> Scene {
    let limits = SymbolLimits {
        price_min: Price(50),
        price_max: Price(115),
        quantity_min: Quantity(rng.between(1, 4)),
        quantity_max: Quantity(40),
        notional_min: Amount(0),
    };
    let mode = *rng.pick(&[FeeMode::Received, FeeMode::Quote]);
    let spec = SymbolSpec::new(SYMBOL, BASE, QUOTE, 10, 1, limits).unwrap().with_fee_mode(mode);
    let fees = *rng.pick(&[FeeRates::default(), FeeRates { maker_ppm: -300, taker_ppm: 7_000 }]);
    let rules = SymbolRules {
        fees,
        notional_max: rng.one_in(4).then(|| Amount(u128::from(rng.between(2_000, 4_000)))),
        amends_max: rng.one_in(4).then(|| u32::try_from(rng.between(1, 4)).unwrap()),
        ..SymbolRules::default()
    };
    let limits = SequencerLimits {
        open_orders_per_account_max: 100,
        closed_orders_max: 100,
        ledger_entries_max: 1_000,
    };
    let (assets, accounts, start, pace) = (2, vec![OWNER, OTHER], Timestamp(1_000), 0);
    let setup = Setup { assets, accounts, symbols: vec![spec], rules: vec![rules], limits, start, pace };
    let side = *rng.pick(&[Side::Buy, Side::Sell]);
    let limit = |account, side, price, quantity| {
        NewOrder::limit(account, SYMBOL, side, Price(price), Quantity(quantity))
    };
    let post_only = rng.one_in(5);
    let mut orders = vec![NewOrder { post_only, ..limit(OWNER, side, 100, rng.between(5, 25)) }];
    // Part of it trades.
    if rng.one_in(2) {
        orders.push(NewOrder {
            tif: TimeInForce::Ioc,
            ..limit(OTHER, side.opposite(), 100, rng.between(4, 12))
        });
    }
    for _ in 0..rng.below(4) {
        let distance = rng.between(1, 10);
        let price = if side == Side::Buy { 100 + distance } else { 100 - distance };
        orders.push(limit(OTHER, side.opposite(), price, rng.between(4, 12)));
    }
    let meanwhile = rng.one_in(3).then(|| NewOrder {
        tif: TimeInForce::Ioc,
        ..limit(OTHER, side.opposite(), 100, rng.between(4, 24))
    });
    let first = rng.one_in(3).then(|| draw_change(rng));
    let changes = (0..rng.between(2, 5)).map(|_| draw_change(rng)).collect();
    // What the order and some of its amends need, or anything at all.
    let funds = if rng.one_in(4) { PLENTY } else { [400, 4_000].map(|most| draw_funds(most, rng)) };
    Scene { setup, funds, orders, first, meanwhile, changes, cancels: rng.one_in(3) }
}

fn draw_funds(most: u128, rng: &mut Rng) -> u128 {
    most * u128::from(rng.between(40, 160)) / 100
}

fn draw_change(rng: &mut Rng) -> AmendChange {
    let price = |rng: &mut Rng| Price(rng.between(90, 110) + 10 * u64::from(rng.one_in(20)));
    let quantity = |rng: &mut Rng| {
        if rng.one_in(2) {
            NewQuantity::Total(Quantity(rng.between(1, 30) + 15 * u64::from(rng.one_in(10))))
        } else {
            NewQuantity::ReduceBy(Quantity(rng.between(1, 12)))
        }
    };
    match rng.below(4) {
        0 | 1 => AmendChange { price: Some(price(rng)), quantity: None },
        2 => AmendChange { price: None, quantity: Some(quantity(rng)) },
        _ => AmendChange { price: Some(price(rng)), quantity: Some(quantity(rng)) },
    }
}

/// An exchange up to the amends; none if the order is not there.
fn begin(scene: &Scene) -> Option<(Inline, OrderId)> {
    let mut inline = Inline::new(&scene.setup, 1, 1);
    let mut ticket = 0;
    let mut run = |inline: &mut Inline, account, request| {
        ticket += 1;
        let reply = inline.run(account, Ticket(ticket), request).reply;
        reply.expect("each is answered").outcome
    };
    for (asset, amount) in [BASE, QUOTE].into_iter().zip(scene.funds) {
        run(&mut inline, OWNER, Request::Deposit { account: OWNER, asset, amount: Amount(amount) });
        let plenty = Amount(1_000_000);
        run(&mut inline, OTHER, Request::Deposit { account: OTHER, asset, amount: plenty });
    }
    let mut owned = None;
    for order in &scene.orders {
        let outcome = run(&mut inline, order.account, Request::Place(order.clone()));
        if let Outcome::Placed(placed) = outcome
            && order.account == OWNER
        {
            owned = Some(placed.id);
        }
    }
    let id = owned?;
    if let Some(change) = scene.first {
        run(&mut inline, OWNER, amend(id, change));
    }
    Some((inline, id))
}

fn amend(id: OrderId, change: AmendChange) -> Request {
    Request::Amend { account: OWNER, symbol: SYMBOL, order: OrderRef::Id(id), change }
}

fn requests(scene: &Scene, id: OrderId) -> Vec<(AccountId, Ticket, Request)> {
    let meanwhile = scene.meanwhile.iter().map(|order| Request::Place(order.clone()));
    let amends = scene.changes.iter().map(|&change| amend(id, change));
    let cancel = Request::Cancel { account: OWNER, order: OrderRef::Id(id), symbol: None, only_if: None };
    let all = meanwhile.chain(amends).chain(scene.cancels.then_some(cancel));
    let account = |request: &Request| request.account().expect("of an account");
    (1_000..).map(Ticket).zip(all).map(|(ticket, request)| (account(&request), ticket, request)).collect()
}

/// Is there nothing that may depend on the amends before this one, of a scene without rules of notional and number?
fn is_harmless(scene: &Scene, at: usize) -> bool {
    let rules = &scene.setup.rules[0];
    if rules.notional_max.is_some() || rules.amends_max.is_some() {
        return false;
    }
    let reduction = |change: &AmendChange| match change.quantity {
        Some(NewQuantity::ReduceBy(less)) => less.0,
        _ => 0,
    };
    let totals = scene.first.iter().chain(&scene.changes[..at]).filter_map(|change| match change.quantity {
        Some(NewQuantity::Total(total)) => Some(total.0),
        _ => None,
    });
    let placed = scene.orders[0].kind.quantity().expect("a limit order").0;
    let least = totals.chain([placed]).min().expect("the first at least");
    let reduced: u64 = scene.first.iter().chain(&scene.changes[..=at]).map(reduction).sum();
    // Else it may be less than there can be.
    if least < reduced + scene.setup.symbols[0].limits().quantity_min.0 {
        return false;
    }
    let AmendChange { price, quantity } = scene.changes[at];
    match quantity {
        Some(NewQuantity::Total(_)) => false,
        _ => price.is_none() || scene.orders[0].side == Side::Sell,
    }
}

fn code(reply: &Reply) -> Option<Code> {
    match &reply.outcome {
        Outcome::Rejected(reject) => Some(reject.code),
        _ => None,
    }
}

fn play(seed: u64, coverage: &mut Coverage) {
    let scene = draw(&mut Rng::new(seed, 0));
    let (Some((mut together, id)), Some((mut apart, _))) = (begin(&scene), begin(&scene)) else { return };
    let requests = requests(&scene, id);
    let mut answers = together.run_together(requests.clone());
    answers.sort_by_key(|reply| reply.ticket);
    assert_eq!(answers.len(), requests.len(), "one answer each");
    let mut amended = 0;
    for ((account, ticket, request), reply) in requests.into_iter().zip(&answers) {
        assert_eq!(reply.ticket, ticket);
        if code(reply) == Some(Code::Busy) {
            let at = usize::try_from(ticket.0).unwrap() - 1_000 - usize::from(scene.meanwhile.is_some());
            assert!(!is_harmless(&scene, at), "{ticket:?} of {:?} depends on nothing", scene.changes);
            coverage.hit("busy");
            continue;
        }
        if code(reply) == Some(Code::InsufficientBalance)
            && scene.meanwhile.is_some()
            && scene.funds != PLENTY
        {
            // By what was known then; less of the order may be left by now, and need less.
            coverage.hit("INSUFFICIENT_BALANCE");
            continue;
        }
        let alone = apart.run(account, ticket, request).reply.expect("it is answered");
        if code(&alone) == Some(Code::OrderAlreadyClosed) && code(reply).is_some() {
            // By one before it. Who does not know that yet may find something else to say.
            coverage.hit("closed meanwhile");
            continue;
        }
        assert_eq!(
            format!("{:?}", reply.outcome),
            format!("{:?}", alone.outcome),
            "{ticket:?} of {:?}",
            scene.changes
        );
        match &reply.outcome {
            Outcome::Amended(amended) if amended.placed.fills.is_empty() => coverage.hit("amended"),
            Outcome::Amended(_) => coverage.hit("amended into a trade"),
            Outcome::Canceled(_) => coverage.hit("canceled"),
            Outcome::Placed(placed) if !placed.fills.is_empty() => coverage.hit("traded meanwhile"),
            Outcome::Placed(_) => {}
            _ => coverage.hit(code(reply).expect("refused").as_str()),
        }
        amended += u64::from(matches!(reply.outcome, Outcome::Amended(_)));
    }
    if amended > 1 {
        coverage.hit("amended behind an amend");
    }
    together.check_invariants();
    apart.check_invariants();
    assert_eq!(together.open_orders(), apart.open_orders(), "{:?}", scene.changes);
    for account in [OWNER, OTHER] {
        for asset in [BASE, QUOTE] {
            assert_eq!(together.balance(account, asset), apart.balance(account, asset));
        }
    }
}

#[test]
fn amends_behind_amends_come_to_what_they_come_to_one_by_one() {
    let mut coverage = Coverage::default();
    for seed in 0..SCENES {
        let result = std::panic::catch_unwind(|| {
            let mut coverage = Coverage::default();
            play(seed, &mut coverage);
            coverage
        });
        match result {
            Ok(reached) => coverage.add(&reached),
            Err(_) => panic!("scene {seed}"),
        }
    }
    let mut reached: Vec<_> = coverage.counts.iter().collect();
    reached.sort_unstable();
    println!("{reached:?}");
    for (what, least) in [
        ("amended behind an amend", SCENES / 4),
        ("amended into a trade", SCENES / 20),
        ("busy", SCENES / 20),
        ("canceled", SCENES / 20),
        ("traded meanwhile", SCENES / 10),
        ("closed meanwhile", SCENES / 50),
        ("INSUFFICIENT_BALANCE", SCENES / 200),
        ("NOTIONAL_RANGE", SCENES / 200),
        ("NO_CHANGE", SCENES / 50),
        ("POST_ONLY_WOULD_CROSS", SCENES / 50),
        ("QTY_BELOW_FILLED", SCENES / 50),
        ("QTY_RANGE", SCENES / 100),
        ("TOO_MANY_AMENDS", 100),
    ] {
        let count = coverage.counts.get(what).copied().unwrap_or_default();
        assert!(count >= least, "{what}: {count} of {least}");
    }
}
