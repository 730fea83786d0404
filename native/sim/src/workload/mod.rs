//! What clients and the operator ask: seeded command lists, weighted so that each seed is a different kind of
//! trouble.
//!
//! A seed switches most features off or up (swarm testing): one seed is nothing but market orders against a
//! thin book at one price, another is stops that set off stops, a third moves amounts at the edge of what the
//! engine counts. Averages find average bugs.
//!
//! Commands name orders by how long ago they were placed, because ids are only known once the run is under
//! way, and times by how long they are ahead; [`Action::request`] says which order and which time that is.

mod draw;
mod tell;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use lightning_core::limits::AMOUNT_MAX;
use lightning_core::message::{
    AmendChange, ClientOrderId, Extras, NewOrder, OnlyIf, OrderAfter, OrderFilter, OrderKind, OrderRef,
    ReplaceMode, ReplaceRequest, Request, Settlement, TimeInForce, TrailOffset, Trigger,
};
use lightning_core::rules::{AccountChange, SymbolRules};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, ID_MAX, OrderId, Price, Quantity, Side, SymbolId, Timestamp,
};

pub use draw::{Swarm, draw_action, draw_setup, draw_swarm, generate, generate_long, opening};

/// The market that a command list is for.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How many assets there are.
    pub assets: u32,
    /// Who may come to have an account.
    pub accounts: Vec<AccountId>,
    /// By number, densely from 0.
    pub symbols: Vec<SymbolSpec>,
    /// Their rules at first. What only the edge checks (iceberg parts, trailing bounds, order types, modes of
    /// self-trade prevention, the largest market order) never changes.
    pub rules: Vec<SymbolRules>,
    /// Bounds of each sequencer.
    pub limits: SequencerLimits,
    /// When it begins.
    pub start: Timestamp,
    /// How many nanoseconds later the next command comes.
    pub pace: u64,
}

/// A setup and what happens in it.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The market.
    pub setup: Setup,
    /// The commands, in the order in which they are given where order is not left to chance.
    pub actions: Vec<Action>,
    /// Accounts of clients that wait for each answer and never rest an order, and so can tell what their
    /// balances must be from the answers alone.
    pub solo: Vec<AccountId>,
}

/// Who never makes a deposit, and so is no account.
pub const NOBODY: AccountId = AccountId(999);

/// How far back the times of orders may lie: `expire_at` and `valid_until` of an order in a command list count
/// from so many nanoseconds before the command.
pub const LATE: u64 = 2;

/// One command, or something that happens.
#[derive(Clone, PartialEq, Eq)]
pub enum Action {
    /// See [`Request::Deposit`].
    Deposit(AccountId, AssetId, Amount),
    /// See [`Request::Withdraw`].
    Withdraw(AccountId, AssetId, Amount),
    /// See [`Request::Transfer`].
    Transfer(AccountId, AccountId, AssetId, Amount),
    /// See [`Request::Hold`].
    Hold(AccountId, AssetId, Amount),
    /// See [`Request::Release`].
    Release(AccountId, AssetId, Amount),
    /// See [`Request::Place`]. Times count from the command; see [`LATE`].
    Place(NewOrder),
    /// See [`Request::Test`].
    Test(NewOrder),
    /// See [`Request::PlaceOco`].
    PlaceOco(Box<[NewOrder; 2]>),
    /// See [`Request::Cancel`].
    Cancel(AccountId, Target, Option<SymbolId>, Option<OnlyIf>),
    /// See [`Request::Amend`].
    Amend(AccountId, SymbolId, Target, AmendChange),
    /// See [`Request::Replace`].
    Replace(Target, Option<OnlyIf>, ReplaceMode, NewOrder),
    /// See [`Request::CancelAll`].
    CancelAll(AccountId, OrderFilter),
    /// See [`Request::CancelAllAfter`].
    CancelAllAfter(AccountId, u64),
    /// See [`Request::CollectFees`].
    CollectFees(AccountId, SymbolId),
    /// See [`Request::Configure`].
    Configure(AccountId, AccountChange),
    /// See [`Request::Balances`].
    Balances(AccountId),
    /// See [`Request::Account`].
    Account(AccountId),
    /// See [`Request::Order`]; asked by the owner of the order.
    Order(AccountId, Target),
    /// See [`Request::OrderByClientId`].
    OrderByClientId(AccountId, u8),
    /// See [`Request::OpenOrders`].
    OpenOrders(AccountId, Option<SymbolId>),
    /// See [`Request::ClosedOrders`].
    ClosedOrders(AccountId, Option<SymbolId>),
    /// The operator changes a symbol's bounds and rules; whether it may be closed with orders in it.
    SetRules(Box<(SymbolSpec, SymbolRules)>, bool),
    /// The operator cancels a whole symbol.
    CancelBook(SymbolId),
    /// So many nanoseconds go by; what is due then is done, each at its own time.
    Wait(u64),
}

/// An order, by when it was placed or by its client order id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The account's own latest that is open, or that many before; without any, like [`Target::Own`].
    Open(u32),
    /// The account's own latest, or that many before.
    Own(u32),
    /// Anybody's latest, or that many before.
    Anyone(u32),
    /// This very id, which may be nobody's.
    Id(u64),
    /// By client order id: see [`client_id`].
    Named(u8),
}

/// The client order ids of a command list: few, so that they meet; some begin alike.
#[must_use]
pub fn client_id(number: u8) -> ClientOrderId {
    let family = ["a", "ab", "b"][usize::from(number % 3)];
    ClientOrderId(Arc::from(format!("{family}{}", number / 3)))
}

impl Action {
    /// Who gives the command; nobody where time goes by or the operator acts.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Deposit(account, ..)
            | Self::Withdraw(account, ..)
            | Self::Transfer(account, ..)
            | Self::Hold(account, ..)
            | Self::Release(account, ..)
            | Self::Cancel(account, ..)
            | Self::Amend(account, ..)
            | Self::CancelAll(account, _)
            | Self::CancelAllAfter(account, _)
            | Self::CollectFees(account, _)
            | Self::Configure(account, _)
            | Self::Balances(account)
            | Self::Account(account)
            | Self::Order(account, _)
            | Self::OrderByClientId(account, _)
            | Self::OpenOrders(account, _)
            | Self::ClosedOrders(account, _) => Some(*account),
            Self::Place(order) | Self::Test(order) | Self::Replace(.., order) => Some(order.account),
            Self::PlaceOco(legs) => Some(legs[0].account),
            Self::SetRules(..) | Self::CancelBook(_) | Self::Wait(_) => None,
        }
    }

    /// As the core is asked at `now`; none where time goes by or the operator acts.
    #[must_use]
    pub fn request(&self, ids: &Ids, now: Timestamp) -> Option<Request> {
        Some(match *self {
            Self::Deposit(account, asset, amount) => Request::Deposit { account, asset, amount },
            Self::Withdraw(account, asset, amount) => Request::Withdraw { account, asset, amount },
            Self::Transfer(account, to, asset, amount) => Request::Transfer { account, to, asset, amount },
            Self::Hold(account, asset, amount) => Request::Hold { account, asset, amount },
            Self::Release(account, asset, amount) => Request::Release { account, asset, amount },
            Self::Place(ref order) => Request::Place(at(order, now)),
            Self::Test(ref order) => Request::Test(at(order, now)),
            Self::PlaceOco(ref legs) => Request::PlaceOco(Box::new([at(&legs[0], now), at(&legs[1], now)])),
            Self::Cancel(account, target, symbol, only_if) => {
                Request::Cancel { account, order: ids.name(account, target), symbol, only_if }
            }
            Self::Amend(account, symbol, target, change) => {
                Request::Amend { account, symbol, order: ids.name(account, target), change }
            }
            Self::Replace(target, only_if, mode, ref order) => Request::Replace(Box::new(ReplaceRequest {
                old: ids.name(order.account, target),
                only_if,
                new: at(order, now),
                mode,
            })),
            Self::CancelAll(account, ref filter) => Request::CancelAll { account, filter: filter.clone() },
            Self::CancelAllAfter(account, after_nanos) => Request::CancelAllAfter { account, after_nanos },
            Self::CollectFees(account, symbol) => Request::CollectFees { account, symbol },
            Self::Configure(account, change) => Request::Configure { account, change },
            Self::Balances(account) => Request::Balances { account },
            Self::Account(account) => Request::Account { account },
            Self::Order(account, target) => Request::Order { order: ids.find(account, target) },
            Self::OrderByClientId(account, number) => {
                Request::OrderByClientId { account, client_id: client_id(number) }
            }
            Self::OpenOrders(account, symbol) => {
                Request::OpenOrders { account: Some(account), symbol, after: OrderId(0), limit: usize::MAX }
            }
            Self::ClosedOrders(account, symbol) => {
                Request::ClosedOrders { account, symbol, before: None, limit: usize::MAX }
            }
            Self::SetRules(..) | Self::CancelBook(_) | Self::Wait(_) => return None,
        })
    }
}

/// The order with its times as they are by the clock.
fn at(order: &NewOrder, now: Timestamp) -> NewOrder {
    let mut order = order.clone();
    if let Some(extras) = &mut order.extras {
        let by_the_clock = |time: Timestamp| Timestamp(now.0.saturating_add(time.0).saturating_sub(LATE));
        extras.expire_at = extras.expire_at.map(by_the_clock);
        extras.valid_until = extras.valid_until.map(by_the_clock);
    }
    order
}

/// Which order ids were handed out, and to whom.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    highest: u64,
    /// In the order in which they were handed out.
    all: Vec<OrderId>,
    by_owner: BTreeMap<AccountId, Vec<OrderId>>,
    open: BTreeMap<AccountId, BTreeSet<OrderId>>,
}

impl Ids {
    /// The id that comes next where one counter serves all shards.
    #[must_use]
    pub fn peek(&self) -> OrderId {
        OrderId(self.highest + 1)
    }

    /// Hands out the next id to an account's order (or list).
    pub fn take(&mut self, owner: AccountId) -> OrderId {
        let id = self.peek();
        self.hand_out(id, owner);
        id
    }

    /// Hears that an id was handed out to an account's order (or list).
    pub fn hand_out(&mut self, id: OrderId, owner: AccountId) {
        self.highest = self.highest.max(id.0);
        self.all.push(id);
        self.by_owner.entry(owner).or_default().push(id);
    }

    /// Hears what became of an order.
    pub fn note(&mut self, settlement: &Settlement) {
        let open = self.open.entry(settlement.account).or_default();
        match settlement.after {
            OrderAfter::Pending | OrderAfter::Open => open.insert(settlement.order),
            OrderAfter::Closed(_) | OrderAfter::Voided => open.remove(&settlement.order),
        };
    }

    /// The order that a target means by now; an id that was never handed out where there is none.
    #[must_use]
    pub fn find(&self, account: AccountId, target: Target) -> OrderId {
        let never = OrderId(ID_MAX);
        let ago = |len: usize, ago: u32| len.checked_sub(1 + ago as usize);
        match target {
            Target::Id(id) => OrderId(id),
            Target::Named(_) => never,
            Target::Open(n) => {
                let open = self.open.get(&account).and_then(|open| open.iter().rev().nth(n as usize));
                open.copied().unwrap_or_else(|| self.find(account, Target::Own(n)))
            }
            Target::Anyone(n) => ago(self.all.len(), n).map_or(never, |at| self.all[at]),
            Target::Own(n) => self
                .by_owner
                .get(&account)
                .and_then(|own| ago(own.len(), n).map(|at| own[at]))
                .unwrap_or(never),
        }
    }

    /// The order that a target means by now, as the core is told.
    #[must_use]
    pub fn name(&self, account: AccountId, target: Target) -> OrderRef {
        match target {
            Target::Named(number) => OrderRef::Client(client_id(number)),
            _ => OrderRef::Id(self.find(account, target)),
        }
    }
}

/// A kind of symbol, from the menu that setups choose from.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Base atoms in a lot.
    pub lot_atoms: u128,
    /// Quote atoms of a lot at one tick.
    pub tick_lot_atoms: u128,
    /// Highest price.
    pub price_max: u64,
    /// Largest quantity.
    pub quantity_max: u64,
    /// Smallest notional.
    pub notional_min: u128,
}

/// Plain, lots of many atoms, three ticks and lots only, a minimum notional, real scales, and two whose largest
/// order is worth nearly all that an amount can hold: once by price, once by quantity.
pub const SHAPES: [Shape; 7] = [
    shape(1, 1, 100, 20, 0),
    shape(100, 3, 1_000, 50, 0),
    shape(7, 5, 3, 3, 0),
    shape(1, 2, 60, 30, 24),
    shape(1_000_000_000_000_000_000, 10_000_000_000, 1_000_000, 1_000_000_000, 0),
    shape(1, 1, (1 << 63) - 1, (1 << 33) - 1, 0),
    shape(2, 1, (1 << 33) - 1, (1 << 63) - 1, 0),
];

const fn shape(
    lot_atoms: u128,
    tick_lot_atoms: u128,
    price_max: u64,
    quantity_max: u64,
    notional_min: u128,
) -> Shape {
    Shape { lot_atoms, tick_lot_atoms, price_max, quantity_max, notional_min }
}

impl Shape {
    /// A symbol of this shape.
    #[must_use]
    pub fn symbol(&self, id: u32, base: u32, quote: u32) -> SymbolSpec {
        let limits = SymbolLimits {
            price_min: Price(1),
            price_max: Price(self.price_max),
            quantity_min: Quantity(1),
            quantity_max: Quantity(self.quantity_max),
            notional_min: Amount(self.notional_min),
        };
        SymbolSpec::new(
            SymbolId(id),
            AssetId(base),
            AssetId(quote),
            self.lot_atoms,
            self.tick_lot_atoms,
            limits,
        )
        .expect("a sound shape")
    }
}

/// Would the edge let it through? The core takes for granted what is checked there: shape, combinations, and
/// the rules that only the edge knows. What the core checks again is let through here whatever it is.
#[must_use]
pub fn admissible(setup: &Setup, action: &Action) -> bool {
    let is_amount = |amount: &Amount| !amount.is_zero() && amount.0 <= AMOUNT_MAX;
    match action {
        Action::Deposit(.., amount)
        | Action::Withdraw(.., amount)
        | Action::Hold(.., amount)
        | Action::Release(.., amount) => is_amount(amount),
        Action::Transfer(from, to, _, amount) => from != to && is_amount(amount),
        Action::Place(order) | Action::Test(order) | Action::Replace(.., order) => {
            is_admissible_order(setup, order)
        }
        Action::PlaceOco(legs) => is_admissible_oco(setup, legs),
        Action::Amend(_, _, _, change) => change.quantity.is_some() || change.price.is_some(),
        Action::SetRules(change, _) => {
            let (spec, rules) = &**change;
            let at = spec.id().0 as usize;
            let limits = spec.limits();
            setup.symbols[at].with_limits(*limits) == Ok(*spec)
                && rules.notional_max.is_none_or(|max| max >= limits.notional_min)
                && edge_rules(rules) == edge_rules(&setup.rules[at])
        }
        _ => true,
    }
}

/// What only the edge checks.
fn edge_rules(rules: &SymbolRules) -> impl PartialEq + use<> {
    (
        rules.market_quantity_max,
        rules.trail_bps,
        rules.iceberg_parts_max,
        rules.allowed_stp,
        rules.default_stp,
        rules.order_types,
    )
}

fn is_admissible_order(setup: &Setup, order: &NewOrder) -> bool {
    let rules = &setup.rules[order.symbol.0 as usize];
    let is_limit = order.kind.price().is_some();
    let nothing = Extras::default();
    let extras = order.extras.as_deref().unwrap_or(&nothing);
    let rests = matches!(order.tif, TimeInForce::Gtc | TimeInForce::Gtd | TimeInForce::Day);
    let is_market_buy = order.side == Side::Buy && matches!(order.kind, OrderKind::MarketByQuantity { .. });
    let is_combined_well = match (is_limit, extras.trigger) {
        (true, _) => extras.protection_bps.is_none(),
        (false, None) => matches!(order.tif, TimeInForce::Ioc | TimeInForce::Fok),
        (false, Some(_)) => {
            order.tif == TimeInForce::Ioc
                && (!is_market_buy || extras.max_quote.is_some())
                && !(order.side == Side::Sell && matches!(order.kind, OrderKind::MarketByQuote { .. }))
        }
    };
    let is_post_only_well = !order.post_only || (is_limit && rests && extras.trigger.is_none());
    let is_iceberg_well = match (extras.display, order.kind.quantity()) {
        (None, _) => true,
        (Some(display), Some(quantity)) => {
            is_limit
                && rests
                && !display.is_zero()
                && display <= quantity
                && quantity.0.div_ceil(display.0) <= u64::from(rules.iceberg_parts_max)
        }
        (Some(_), None) => false,
    };
    let is_trigger_well = match extras.trigger {
        None => true,
        Some(Trigger::Stop { price } | Trigger::TakeProfit { price }) => !price.is_zero(),
        Some(Trigger::Trailing { offset, activation }) => {
            activation.is_none_or(|price| !price.is_zero())
                && match offset {
                    TrailOffset::Bps(bps) => {
                        (1..=9_999).contains(&bps) && (rules.trail_bps.0..=rules.trail_bps.1).contains(&bps)
                    }
                    TrailOffset::Ticks(ticks) => !ticks.is_zero(),
                }
        }
    };
    let is_worth_something = match order.kind {
        OrderKind::Limit { price, quantity } => !price.is_zero() && !quantity.is_zero(),
        OrderKind::MarketByQuantity { quantity } => {
            !quantity.is_zero() && rules.market_quantity_max.is_none_or(|max| quantity <= max)
        }
        OrderKind::MarketByQuote { quote } => !quote.is_zero() && quote.0 <= AMOUNT_MAX,
    };
    is_combined_well
        && is_post_only_well
        && is_iceberg_well
        && is_trigger_well
        && is_worth_something
        && (extras.max_quote.is_none() || is_market_buy)
        && extras.max_quote.is_none_or(|max| !max.is_zero() && max.0 <= AMOUNT_MAX)
        && extras.protection_bps.is_none_or(|bps| (1..=9_999).contains(&bps))
        && extras.expire_at.is_some() == (order.tif == TimeInForce::Gtd)
        && extras.fees.is_none_or(|fees| fees.is_sound())
}

fn is_admissible_oco(setup: &Setup, legs: &[NewOrder; 2]) -> bool {
    let [limit, stop] = legs;
    let common = |order: &NewOrder| (order.account, order.symbol, order.side, order.kind.quantity());
    let rests = |order: &NewOrder| !matches!(order.tif, TimeInForce::Ioc | TimeInForce::Fok);
    common(limit) == common(stop)
        && legs.iter().all(|leg| is_admissible_order(setup, leg) && leg.display().is_none())
        && limit.kind.price().is_some()
        && limit.trigger().is_none()
        && rests(limit)
        && matches!(stop.trigger(), Some(Trigger::Stop { .. }))
        && (stop.kind.price().is_none() || rests(stop))
        && stop.kind.quantity().is_some()
}
