//! Records as they may come, so that every kind and everything in one is there at least once. Their bytes are in
//! `golden.txt`; the first of each kind is shown in `docs/JOURNAL-RECORDS.md`.

use std::sync::Arc;

use crate::fees::{FeeMode, FeeRates};
use crate::log::{OperatorKey, Recorded};
use crate::message::{
    AdmittedOrder, Amend, AmendChange, CancelMany, CancelReason, ClientOrderId, ExpireReason, Extras,
    LateChecks, MassCancelOrder, MassId, NewOrder, NewQuantity, OnlyIf, OrderFilter, OrderKind, OrderStatus,
    Replace, ReplaceMode, ReplyTo, Request, RequestId, StpMode, TimeInForce, TrailOffset, TransferOffer,
    Trigger,
};
use crate::reject::{Code, Detail, Reject};
use crate::rules::{
    AccountChange, AccountStatus, OrderType, PriceBand, RateLimit, SymbolRules, SymbolStatus,
};
use crate::spec::{SymbolLimits, SymbolSpec};
use crate::types::{
    AccountId, Amount, AssetId, ListId, Lsn, OrderId, Price, Quantity, Side, StpGroup, SymbolId, Ticket,
    Timestamp,
};

const ALICE: AccountId = AccountId(7);
const BOB: AccountId = AccountId(8);
const BTC: AssetId = AssetId(0);
const USD: AssetId = AssetId(1);
const BTCUSD: SymbolId = SymbolId(2);
const NOON: Timestamp = Timestamp(1_700_000_000_000_000_000);

/// Name and record, in the order of the kinds.
pub(super) fn examples() -> Vec<(&'static str, Recorded)> {
    let mut all = Vec::new();
    of_accounts(&mut all);
    of_orders(&mut all);
    of_cancels(&mut all);
    of_symbols(&mut all);
    of_the_engine(&mut all);
    all.sort_by_key(|(_, recorded)| crate::codec::kind_of(&recorded.as_record()));
    all
}

type Examples = Vec<(&'static str, Recorded)>;

fn asked(number: u64) -> ReplyTo {
    ReplyTo::remembered(Ticket(0), &RequestId { lane: 3, number, fingerprint: 0xfedc_ba98_7654_3210 })
}

fn unasked() -> ReplyTo {
    ReplyTo::direct(Ticket(0))
}

fn of_accounts(all: &mut Examples) {
    let account = |name, request| (name, Recorded::Account(unasked(), request));
    let amount = Amount(1_000_000);
    let configured = |name, change| account(name, Request::Configure { account: ALICE, change });
    all.extend([
        ("deposit", Recorded::Account(asked(1), Request::Deposit { account: ALICE, asset: USD, amount })),
        account("withdraw", Request::Withdraw { account: ALICE, asset: USD, amount: Amount(u128::MAX) }),
        account("hold", Request::Hold { account: ALICE, asset: BTC, amount }),
        account("release", Request::Release { account: ALICE, asset: BTC, amount: Amount(1) }),
        account("timer", Request::CancelAllAfter { account: ALICE, after_nanos: 60_000_000_000 }),
        configured("active", AccountChange::Status(AccountStatus::Active)),
        configured("cancel only", AccountChange::Status(AccountStatus::CancelOnly)),
        configured("suspended", AccountChange::Status(AccountStatus::Suspended)),
        configured("closed", AccountChange::Status(AccountStatus::Closed)),
        configured(
            "fees on a symbol",
            AccountChange::Fees {
                symbol: Some(BTCUSD),
                rates: Some(FeeRates { maker_ppm: -100, taker_ppm: 750 }),
            },
        ),
        configured("no fees of its own", AccountChange::Fees { symbol: None, rates: None }),
        configured("permissions", AccountChange::Permissions { trade: true, withdraw: false }),
        configured("group", AccountChange::StpGroup(Some(StpGroup(5)))),
        configured("rate limit", AccountChange::RateLimit(Some(RateLimit { per_second: 10, burst: 25 }))),
    ]);
    let offer = |offered| TransferOffer {
        to_reply: asked(2),
        offered: Lsn(offered),
        from: ALICE,
        to: BOB,
        asset: USD,
        amount: Amount(250),
    };
    all.extend([
        ("offered", Recorded::TransferOffered(offer(0))),
        ("accepted", Recorded::TransferAccepted(offer(41))),
        ("refused", Recorded::TransferRefused(offer(41), Code::AccountClosed)),
    ]);
}

fn plain() -> AdmittedOrder {
    AdmittedOrder {
        to: unasked(),
        id: OrderId(1_001),
        order: NewOrder::limit(ALICE, BTCUSD, Side::Buy, Price(5_000), Quantity(30)),
        reserved: Amount(150_000),
        fees: FeeRates::default(),
        stp_group: None,
        accepted_at: NOON,
        late: None,
    }
}

fn market(kind: OrderKind, tif: TimeInForce, stp: StpMode) -> AdmittedOrder {
    let mut admitted = plain();
    admitted.order = NewOrder { tif, stp, ..NewOrder::market(ALICE, BTCUSD, Side::Sell, kind) };
    admitted
}

fn with(extras: Extras) -> AdmittedOrder {
    let mut admitted = plain();
    admitted.order.extras = Some(Box::new(extras));
    admitted
}

fn waiting(trigger: Trigger) -> AdmittedOrder {
    with(Extras { trigger: Some(trigger), ..Extras::default() })
}

fn expiring(tif: TimeInForce) -> AdmittedOrder {
    let mut admitted = with(Extras { expire_at: Some(Timestamp(NOON.0 + 1)), ..Extras::default() });
    admitted.order.tif = tif;
    admitted
}

fn refused(detail: Detail, code: Code) -> AdmittedOrder {
    let late = LateChecks { refusal: Some(Reject { code, detail }), position_room: None };
    AdmittedOrder { late: Some(Box::new(late)), ..plain() }
}

/// All that an order can have.
fn laden() -> AdmittedOrder {
    let extras = Extras {
        client_id: Some(ClientOrderId(Arc::from("desk-1/order_7:a.b"))),
        max_quote: Some(Amount(77)),
        protection_bps: Some(9_999),
        display: Some(Quantity(3)),
        trigger: Some(Trigger::Trailing { offset: TrailOffset::Bps(250), activation: Some(Price(5_100)) }),
        expire_at: Some(Timestamp(NOON.0 + 5)),
        fees: Some(FeeRates { maker_ppm: -1_000_000, taker_ppm: 1_000_000 }),
        valid_until: Some(NOON),
    };
    let mut admitted = with(extras);
    admitted.to = asked(3);
    admitted.order.tif = TimeInForce::Gtd;
    admitted.order.post_only = true;
    admitted.stp_group = Some(StpGroup(9));
    admitted.late = Some(Box::new(LateChecks { refusal: None, position_room: Some(Quantity(12)) }));
    admitted
}

fn of_orders(all: &mut Examples) {
    let place = |name, admitted| (name, Recorded::Place(admitted));
    let by_quantity = OrderKind::MarketByQuantity { quantity: Quantity(30) };
    let by_quote = OrderKind::MarketByQuote { quote: Amount(1_000) };
    all.extend([
        place("plain", plain()),
        place("laden", laden()),
        place("fok", market(by_quantity, TimeInForce::Fok, StpMode::None)),
        place("by quote", market(by_quote, TimeInForce::Ioc, StpMode::ExpireMaker)),
        place("expire both", market(by_quantity, TimeInForce::Ioc, StpMode::ExpireBoth)),
        place("decrement", market(by_quantity, TimeInForce::Ioc, StpMode::Decrement)),
        place("day", expiring(TimeInForce::Day)),
        place("stop", waiting(Trigger::Stop { price: Price(5_500) })),
        place("take profit", waiting(Trigger::TakeProfit { price: Price(4_500) })),
        place(
            "trailing by ticks",
            waiting(Trigger::Trailing { offset: TrailOffset::Ticks(Price(40)), activation: None }),
        ),
        place(
            "too poor",
            refused(
                Detail::Funds { asset: USD, required: Amount(150_000), available: Amount(149_999) },
                Code::InsufficientBalance,
            ),
        ),
        place("too many", refused(Detail::Bound { max: 100 }, Code::TooManyOpenOrders)),
    ]);
    let mut stop = waiting(Trigger::Stop { price: Price(5_500) });
    (stop.id, stop.reserved) = (OrderId(1_002), Amount::ZERO);
    all.push(("oco", Recorded::PlaceOco(ListId(1_000), Box::new([plain(), stop]))));

    let amend = |change, refusal| {
        let (to, account, symbol, order) = (asked(4), ALICE, BTCUSD, OrderId(1_001));
        Recorded::Amend(Box::new(Amend { to, account, symbol, order, change, extra: Amount(17), refusal }))
    };
    let (total, less) = (NewQuantity::Total(Quantity(31)), NewQuantity::ReduceBy(Quantity(2)));
    all.extend([
        ("to a total", amend(AmendChange { quantity: Some(total), price: Some(Price(5_001)) }, None)),
        (
            "by less",
            amend(
                AmendChange { quantity: Some(less), price: None },
                Some(Reject { code: Code::RateLimited, detail: Detail::Wait { nanos: 5 } }),
            ),
        ),
    ]);

    let replace = |mode, old, only_if, new| {
        let from_old = Amount(99);
        let (to, account, symbol) = (unasked(), ALICE, BTCUSD);
        Recorded::Replace(Box::new(Replace { to, account, symbol, mode, old, only_if, new, from_old }))
    };
    let no = |code, detail| Reject { code, detail };
    let (old, other) = (OrderId(1_001), Ok(Box::new(AdmittedOrder { id: OrderId(1_003), ..plain() })));
    let closed = |status| Detail::Closed { order: OrderId(1_001), status };
    let gone = |status| Err(no(Code::OrderAlreadyClosed, closed(status)));
    all.extend([
        ("both", replace(ReplaceMode::Atomic, Ok(old), Some(OnlyIf::New), other.clone())),
        (
            "only the old one",
            replace(
                ReplaceMode::StopOnFailure,
                Ok(old),
                Some(OnlyIf::PartiallyFilled),
                Err(no(
                    Code::PriceBand,
                    Detail::Band { symbol: BTCUSD, min: Price(4_000), max: Price(u64::MAX) },
                )),
            ),
        ),
        ("filled", replace(ReplaceMode::AllowFailure, gone(OrderStatus::Filled), None, other.clone())),
    ]);
    // How an order may have ended, or stand.
    let open = [OrderStatus::PendingTrigger, OrderStatus::New, OrderStatus::PartiallyFilled];
    let canceled = CancelReason::ALL.iter().copied().map(OrderStatus::Canceled);
    let expired = ExpireReason::ALL.iter().copied().map(OrderStatus::Expired);
    for status in open.into_iter().chain(canceled).chain(expired) {
        all.push((
            status.reason().unwrap_or(status.as_str()),
            replace(ReplaceMode::AllowFailure, gone(status), None, other.clone()),
        ));
    }
    let last = no(Code::WouldTriggerImmediately, Detail::Last { symbol: BTCUSD, price: Price(5_050) });
    all.push(("would trigger", replace(ReplaceMode::AllowFailure, Ok(old), None, Err(last))));
}

fn of_cancels(all: &mut Examples) {
    let order = |to, filter, reason, symbols| {
        Recorded::MassCancel(MassCancelOrder { to, account: ALICE, filter, reason, symbols })
    };
    let filter = OrderFilter {
        symbol: Some(BTCUSD),
        side: Some(Side::Sell),
        client_id_prefix: Some(ClientOrderId(Arc::from("desk-1/"))),
    };
    let every = OrderFilter::default;
    let many = |reason, orders| {
        let (mass, account, symbol) = (MassId(55), ALICE, BTCUSD);
        Recorded::CancelMany(Box::new(CancelMany { mass, account, symbol, orders, reason }))
    };
    all.extend([
        ("asked for", order(Some(asked(5)), filter, CancelReason::Mass, vec![BTCUSD])),
        ("by name nobody", order(Some(unasked()), every(), CancelReason::Mass, vec![])),
        ("timer ran out", order(None, every(), CancelReason::Deadman, vec![SymbolId(0), BTCUSD])),
        ("cancel", Recorded::Cancel { to: asked(6), account: ALICE, symbol: BTCUSD, order: OrderId(1_001) }),
        ("two", many(CancelReason::Mass, vec![OrderId(1_001), OrderId(1_002)])),
        ("none any more", many(CancelReason::Deadman, vec![])),
        ("book", Recorded::CancelBook(BTCUSD)),
        ("expire", Recorded::Expire { symbol: BTCUSD, order: OrderId(1_001) }),
    ]);
}

fn spec(fee_mode: FeeMode) -> SymbolSpec {
    let limits = SymbolLimits {
        price_min: Price(1),
        price_max: Price(1_000_000),
        quantity_min: Quantity(1),
        quantity_max: Quantity(5_000_000),
        notional_min: Amount(10),
    };
    let spec = SymbolSpec::new(BTCUSD, BTC, USD, 1_000, 5, limits).expect("a sound symbol");
    spec.with_fee_mode(fee_mode)
}

fn of_symbols(all: &mut Examples) {
    let collect = |to| Recorded::CollectFees { to, account: ALICE, symbol: BTCUSD };
    all.extend([("collect", collect(asked(7))), ("collect unasked", collect(unasked()))]);
    all.push(("symbol", Recorded::AddSymbol(spec(FeeMode::Received), Box::default())));
    let rules = SymbolRules {
        status: SymbolStatus::Trading,
        fees: FeeRates { maker_ppm: -50, taker_ppm: 2_000 },
        allow_net_rebate: true,
        notional_max: Some(Amount(1 << 90)),
        notional_applies_to_market: true,
        market_quantity_max: Some(Quantity(1_000)),
        band: Some(PriceBand { bid_up_bps: 500, bid_down_bps: 9_000, ask_up_bps: 20_000, ask_down_bps: 400 }),
        price_floor: Some(Price(100)),
        price_cap: Some(Price(999_999)),
        reference_price: Some(Price(5_000)),
        reference_minutes: 5,
        market_protection_bps: Some(300),
        open_orders_max: Some(200),
        conditional_max: Some(20),
        icebergs_max: Some(5),
        lists_max: Some(4),
        position_max: Some(Quantity(123_456)),
        trail_bps: (10, 2_000),
        iceberg_parts_max: 100,
        amends_max: Some(9),
        allowed_stp: 0b0_0110,
        default_stp: StpMode::ExpireMaker,
        order_types: 1 << OrderType::Limit as u16 | 1 << OrderType::Oco as u16,
        session_end_nanos: 61_200_000_000_000,
    };
    all.push(("all rules", Recorded::SetRules(spec(FeeMode::Quote), Box::new(rules))));
    for status in SymbolStatus::ALL {
        let rules = SymbolRules { status, ..SymbolRules::default() };
        all.push((status.as_str(), Recorded::SetRules(spec(FeeMode::Received), Box::new(rules))));
    }
    all.push(("remove", Recorded::RemoveSymbol(BTCUSD)));
}

fn of_the_engine(all: &mut Examples) {
    all.extend([
        ("lease", Recorded::OrderIds { up_to: 65_536 }),
        ("asset", Recorded::Operator(OperatorKey::Asset(1), br#"{"code":"USD","scale":2}"#.to_vec())),
        ("name", Recorded::Operator(OperatorKey::Symbol(2), b"BTC/USD".to_vec())),
        ("answer", Recorded::Operator(OperatorKey::Once(12), vec![])),
        ("genesis", Recorded::Genesis { logic_version: 1 }),
        ("shutdown", Recorded::CleanShutdown { state_hash: std::array::from_fn(|n| n.to_le_bytes()[0]) }),
    ]);
}
