//! A live exchange, and its copy that was saved and loaded onto other shards: given the same commands they answer the
//! same, tell each other the same, write the same down, and are the same in the end.

use lightning_core::codec::encoded;
use lightning_core::fees::{FeeMode, FeeRates};
use lightning_core::message::{
    AmendChange, ClientOrderId, Extras, NewOrder, NewQuantity, OnlyIf, OrderFilter, OrderKind, OrderRef,
    ReplaceMode, ReplaceRequest, Request, RequestId, StpMode, TimeInForce, TrailOffset, Trigger,
};
use lightning_core::rules::{AccountChange, AccountStatus, PriceBand, RateLimit, SymbolRules, SymbolStatus};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, OrderId, Price, Quantity, Side, StpGroup, SymbolId, Timestamp,
};
use proptest::prelude::*;

use crate::bytes::{assert_same_parts, load, parts, parts_of_shards, save, without_the_front_end};
use crate::journal::{SHARDS, Written};
use crate::serial::Serial;
use crate::world::Throws;

const LIMITS: SequencerLimits =
    SequencerLimits { open_orders_per_account_max: 8, closed_orders_max: 10_000, ledger_entries_max: 10_000 };

const SYMBOLS: u32 = 4;

/// One step's throws, and more where those don't do.
struct Dice(Vec<u16>, u64);

impl Dice {
    fn new(throws: Throws) -> Self {
        let seed = throws.iter().fold(9, |sum: u64, &throw| sum.wrapping_mul(65_599) + u64::from(throw));
        Self(throws.into_iter().rev().collect(), seed)
    }

    fn below(&mut self, sides: u64) -> u64 {
        self.0.pop().map_or_else(
            || {
                self.1 = self.1.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                (self.1 >> 33) % sides
            },
            |throw| u64::from(throw) % sides,
        )
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()].clone()
    }

    fn maybe<T>(&mut self, times: u64, value: T) -> Option<T> {
        (self.below(times) == 0).then_some(value)
    }
}

fn spec(symbol: u32) -> SymbolSpec {
    let limits = SymbolLimits {
        price_min: Price(1),
        price_max: Price(1_000),
        quantity_min: Quantity(1),
        quantity_max: Quantity(1_000),
        notional_min: Amount(0),
    };
    let (base, quote) = [(0, 1), (2, 1), (2, 0), (1, 2)][symbol as usize];
    let (lot, tick) = [(1, 1), (10, 3), (1, 2), (5, 1)][symbol as usize];
    let spec = SymbolSpec::new(SymbolId(symbol), AssetId(base), AssetId(quote), lot, tick, limits).unwrap();
    spec.with_fee_mode(if symbol % 2 == 1 { FeeMode::Quote } else { FeeMode::Received })
}

fn rules(symbol: u32) -> SymbolRules {
    SymbolRules {
        fees: if symbol == 0 {
            FeeRates::default()
        } else {
            FeeRates { maker_ppm: -40_000, taker_ppm: 90_000 }
        },
        reference_minutes: symbol,
        position_max: (symbol == 2).then_some(Quantity(400)),
        conditional_max: Some(4),
        amends_max: Some(3),
        // Sessions end apart, so that no two shards expire orders at the same moment.
        session_end_nanos: 3_600_000_000_000 * u64::from(symbol) + 86_300_000_000_000 / 7,
        ..SymbolRules::default()
    }
}

fn opened(counts: lightning_core::fold::Shards) -> Serial {
    let mut serial = Serial::new(counts, LIMITS);
    for symbol in 0..SYMBOLS - 1 {
        serial.add_symbol(spec(symbol), rules(symbol));
    }
    for account in 1..=5 {
        for asset in 0..3 {
            let (account, asset) = (AccountId(account), AssetId(asset));
            serial.ask(account, None, Request::Deposit { account, asset, amount: Amount(2_000) });
        }
    }
    serial
}

fn step(serial: &mut Serial, throws: Throws) {
    let mut dice = Dice::new(throws);
    serial.wait(1 + dice.below(5));
    let symbol = SymbolId(u32::try_from(dice.below(u64::from(SYMBOLS))).unwrap());
    match dice.below(40) {
        0 => serial.wait(dice.one_of(&[20_000_000_000, 70_000_000_000, 30_000_000_000_000])),
        1 => match dice.below(8) {
            0 => serial.cancel_book(symbol),
            1 => serial.remove_symbol(symbol, dice.below(2) == 0),
            2 if serial.matchers.iter().all(|matcher| matcher.market(SymbolId(SYMBOLS - 1)).is_none())
                && !serial.journal.symbols().contains(&SymbolId(SYMBOLS - 1)) =>
            {
                serial.add_symbol(spec(SYMBOLS - 1), rules(SYMBOLS - 1));
            }
            _ => {
                if serial.journal.symbols().contains(&symbol) {
                    change_rules(serial, symbol, &mut dice);
                }
            }
        },
        _ => {
            let account = AccountId(1 + dice.below(6));
            let request = request(serial, account, symbol, &mut dice);
            let account = request.account().unwrap_or(account);
            // Few numbers, so that some come again, with the same words or with others.
            let id = RequestId {
                lane: u32::try_from(dice.below(2)).unwrap(),
                number: 1 + dice.below(3) * 700 + dice.below(12),
                fingerprint: dice.below(2),
            };
            let recalls = matches!(request, Request::Recall { .. });
            let id = if recalls || dice.below(3) == 0 { Some(id) } else { None };
            serial.ask(account, id, request);
        }
    }
}

fn change_rules(serial: &mut Serial, symbol: SymbolId, dice: &mut Dice) {
    use SymbolStatus::{CancelOnly, Closed, Halt, LimitOnly, PostOnly, Trading};
    let mut rules = rules(symbol.0);
    rules.status =
        dice.one_of(&[Trading, Trading, Trading, Trading, LimitOnly, PostOnly, CancelOnly, Halt, Closed]);
    rules.reference_minutes = dice.one_of(&[0, 1, 5]);
    let band = PriceBand { bid_up_bps: 8_000, bid_down_bps: 8_000, ask_up_bps: 8_000, ask_down_bps: 8_000 };
    rules.band = dice.maybe(3, band);
    serial.set_rules(spec(symbol.0), rules, dice.below(2) == 0);
}

fn request(serial: &Serial, account: AccountId, symbol: SymbolId, dice: &mut Dice) -> Request {
    let (asset, amount) = (AssetId(dice.one_of(&[0, 1, 2])), Amount(u128::from(1 + dice.below(300))));
    let order = match dice.below(4) {
        0 => OrderRef::Client(name(dice)),
        _ => OrderRef::Id(OrderId(serial.ids.0.saturating_sub(dice.below(30)).max(1))),
    };
    let only_if = dice.one_of(&[None, None, Some(OnlyIf::New), Some(OnlyIf::PartiallyFilled)]);
    match dice.below(60) {
        0 => Request::Deposit { account, asset, amount },
        1 => Request::Withdraw { account, asset, amount },
        2 | 3 => Request::Transfer { account, to: AccountId(account.0 % 6 + 1), asset, amount },
        4 => Request::Hold { account, asset, amount },
        5 => Request::Release { account, asset, amount: Amount(1 + amount.0 / 9) },
        // Every timer at a moment of its own.
        6 => {
            Request::CancelAllAfter { account, after_nanos: dice.one_of(&[0, 9_000_000_000, 15_000_000_000]) }
        }
        7 | 8 => Request::CollectFees { account, symbol },
        9 => Request::Configure { account, change: change(dice) },
        10..32 => Request::Place(new_order(serial, account, symbol, dice)),
        32 => Request::Test(new_order(serial, account, symbol, dice)),
        33..36 => Request::PlaceOco(Box::new(oco(account, symbol, dice))),
        36..40 => Request::Cancel { account, order, symbol: dice.maybe(3, symbol), only_if },
        40..45 => {
            let total = NewQuantity::Total(Quantity(1 + dice.below(40)));
            let less = NewQuantity::ReduceBy(Quantity(1 + dice.below(4)));
            let (quantity, price) = (dice.one_of(&[total, less]), Price(1 + dice.below(20)));
            let price = dice.maybe(2, price);
            let quantity = if price.is_none() { Some(quantity) } else { dice.maybe(2, quantity) };
            Request::Amend { account, symbol, order, change: AmendChange { quantity, price } }
        }
        45..48 => {
            let mode =
                dice.one_of(&[ReplaceMode::StopOnFailure, ReplaceMode::AllowFailure, ReplaceMode::Atomic]);
            let new = new_order(serial, account, symbol, dice);
            Request::Replace(Box::new(ReplaceRequest { old: order, only_if, new, mode }))
        }
        48 => Request::CancelAll {
            account,
            filter: OrderFilter {
                symbol: dice.maybe(2, symbol),
                side: dice.maybe(3, Side::Buy),
                client_id_prefix: dice.maybe(4, ClientOrderId("n".into())),
            },
        },
        49 => Request::Recall { account },
        50 => Request::Balances { account },
        51 => Request::Account { account },
        52 => Request::OrderByClientId { account, client_id: name(dice) },
        53 | 54 => {
            Request::OpenOrders { account: Some(account), symbol: None, after: OrderId(0), limit: 100 }
        }
        55 | 56 => {
            Request::ClosedOrders { account, symbol: dice.maybe(2, symbol), before: None, limit: 1_000 }
        }
        _ => Request::LedgerEntries { account, asset: dice.maybe(2, asset), before: None, limit: 1_000 },
    }
}

fn name(dice: &mut Dice) -> ClientOrderId {
    ClientOrderId(format!("n{}", dice.below(4)).as_str().into())
}

fn change(dice: &mut Dice) -> AccountChange {
    use AccountStatus::{Active, CancelOnly, Closed, Suspended};
    match dice.below(5) {
        0 => AccountChange::Status(dice.one_of(&[Active, Active, CancelOnly, Suspended, Closed])),
        1 => AccountChange::Fees {
            symbol: dice.maybe(2, SymbolId(1)),
            rates: dice.maybe(2, FeeRates { maker_ppm: 10_000, taker_ppm: 120_000 }),
        },
        2 => AccountChange::Permissions { trade: dice.below(4) > 0, withdraw: dice.below(4) > 0 },
        3 => AccountChange::StpGroup(dice.maybe(2, StpGroup(3))),
        // One that nobody reaches: how much of a limit is used up is forgotten.
        _ => AccountChange::RateLimit(dice.maybe(2, RateLimit { per_second: 1_000_000, burst: 1_000_000 })),
    }
}

fn new_order(serial: &Serial, account: AccountId, symbol: SymbolId, dice: &mut Dice) -> NewOrder {
    let side = dice.one_of(&[Side::Buy, Side::Sell]);
    let (price, quantity) = (Price(5 + dice.below(8)), Quantity(1 + dice.below(20)));
    let sort = dice.below(24);
    let kind = match sort {
        0..17 => OrderKind::Limit { price, quantity },
        17..21 => OrderKind::MarketByQuantity { quantity },
        _ => OrderKind::MarketByQuote { quote: Amount(u128::from(quantity.0 * price.0 * 3 + price.0 % 5)) },
    };
    let mut order = match kind {
        OrderKind::Limit { .. } => NewOrder::limit(account, symbol, side, price, quantity),
        _ => NewOrder::market(account, symbol, side, kind),
    };
    use StpMode::{Decrement, ExpireBoth, ExpireMaker, ExpireTaker, None as Nothing};
    order.stp = dice.one_of(&[ExpireTaker, Nothing, Nothing, ExpireMaker, ExpireBoth, Decrement]);
    let name = name(dice);
    let mut extras = Extras { client_id: dice.maybe(5, name), ..Extras::default() };
    match sort {
        7 => order.tif = TimeInForce::Ioc,
        8 => order.tif = TimeInForce::Fok,
        9 => order.post_only = true,
        10 | 11 => extras.display = Some(Quantity(1 + quantity.0 / 3)),
        12 => {
            order.tif = TimeInForce::Gtd;
            // At a moment of its own.
            let ahead = dice.one_of(&[6_000_000_000, 40_000_000_000]);
            extras.expire_at = Some(Timestamp((serial.now + ahead) / 1_000_000 * 1_000_000 + serial.tickets));
        }
        13 => order.tif = TimeInForce::Day,
        14..17 => extras.trigger = Some(trigger(price, dice)),
        17 if side == Side::Buy => extras.max_quote = Some(Amount(u128::from(quantity.0 * 30))),
        18 => extras.protection_bps = Some(4_000),
        19 => {
            extras.trigger = Some(trigger(price, dice));
            extras.max_quote = (side == Side::Buy).then(|| Amount(u128::from(quantity.0 * 40)));
        }
        _ => {}
    }
    extras.fees = dice.maybe(12, FeeRates { maker_ppm: 5_000, taker_ppm: 7_000 });
    if extras != Extras::default() {
        order.extras = Some(Box::new(extras));
    }
    order
}

fn trigger(price: Price, dice: &mut Dice) -> Trigger {
    match dice.below(5) {
        0 => Trigger::Stop { price },
        1 => Trigger::TakeProfit { price },
        2 => Trigger::Trailing { offset: TrailOffset::Ticks(Price(1 + dice.below(4))), activation: None },
        _ => Trigger::Trailing {
            offset: TrailOffset::Bps(1 + u32::try_from(dice.below(4_000)).unwrap()),
            activation: dice.maybe(2, price),
        },
    }
}

fn oco(account: AccountId, symbol: SymbolId, dice: &mut Dice) -> [NewOrder; 2] {
    let (side, quantity) = (dice.one_of(&[Side::Buy, Side::Sell]), Quantity(1 + dice.below(12)));
    let away = 1 + dice.below(4);
    let (limit, stop, beyond) =
        if side == Side::Sell { (8 + away, 8 - away, 1) } else { (8 - away, 8 + away, 14) };
    let first = NewOrder::limit(account, symbol, side, Price(limit), quantity);
    let mut second = NewOrder::limit(account, symbol, side, Price(beyond), quantity);
    let trigger = Some(Trigger::Stop { price: Price(stop) });
    second.extras = Some(Box::new(Extras { trigger, ..Extras::default() }));
    [first, second]
}

/// A record's bytes, and those beside them.
fn bytes(written: &Written) -> (Timestamp, u64, Vec<u8>) {
    (written.at, written.digest, encoded(&written.record.as_record()))
}

proptest! {
    #![proptest_config(crate::random::config(600))]

    #[test]
    fn a_copy_on_other_shards_goes_on_like_the_original(
        first in proptest::collection::vec(any::<Throws>(), 1..250),
        second in proptest::collection::vec(any::<Throws>(), 1..80),
        (on, onto) in (0_usize..3, 0_usize..3),
    ) {
        let mut original = opened(SHARDS[on]);
        for &throws in &first {
            step(&mut original, throws);
        }
        // Live, told again, and loaded are the same.
        let fold = original.journal.fold(SHARDS[(on + onto) % 3], LIMITS);
        let live = parts_of_shards(&original.sequencers, &original.matchers);
        assert_same_parts("told again", &live, &without_the_front_end(parts(&fold)));
        // What a live shard remembers of requests that it refused is in no record: so it is saved, not the fold.
        let mut saved = save(&fold);
        for (name, bytes) in lightning_core::state::save(&original.sequencers, &original.matchers) {
            let section = saved.iter_mut().find(|section| section.0 == name).unwrap();
            // Nor is the order in which two shards heard of what they have in common.
            if !matches!(name, "requests" | "closed_orders" | "ledger_entries") {
                prop_assert_eq!(&section.1, &bytes, "{}", name);
            }
            section.1 = bytes;
        }
        let loaded = load(&saved, SHARDS[onto], LIMITS).unwrap();
        loaded.check();
        let mut copy = original.on(loaded.into_shards());
        original.take_said();

        for &throws in &second {
            step(&mut original, throws);
            step(&mut copy, throws);
            prop_assert_eq!(original.take_said(), copy.take_said());
        }
        let written = |serial: &Serial| serial.journal.0.iter().map(bytes).collect::<Vec<_>>();
        prop_assert_eq!(written(&original), written(&copy));
        let of = |serial: &Serial| parts_of_shards(&serial.sequencers, &serial.matchers);
        assert_same_parts("at the end", &of(&original), &of(&copy));
        copy.sequencers.iter().for_each(|sequencer| sequencer.check_invariants());
        copy.matchers.iter().for_each(|matcher| matcher.check_invariants());
    }
}
