//! How markets and commands are drawn. Every choice is made by [`Dice`], the first of each being the simplest.

use lightning_core::fees::{FeeMode, FeeRates};
use lightning_core::limits::AMOUNT_MAX;
use lightning_core::message::{
    AmendChange, Extras, NewOrder, NewQuantity, OnlyIf, OrderFilter, OrderKind, ReplaceMode, StpMode,
    TimeInForce, TrailOffset, Trigger,
};
use lightning_core::rules::{AccountChange, AccountStatus, PriceBand, RateLimit, SymbolRules, SymbolStatus};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, ID_MAX, Price, Quantity, Side, StpGroup, SymbolId, Timestamp,
};

use super::{Action, NOBODY, SHAPES, Setup, Target, Workload, admissible, client_id};
use crate::rng::{Dice, Rng};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// The command list of a seed.
#[must_use]
pub fn generate(seed: u64) -> Workload {
    generate_of(seed, &[20, 60, 60, 120, 120, 240])
}

/// The command list of a seed for a run of several lives.
#[must_use]
pub fn generate_long(seed: u64) -> Workload {
    generate_of(seed, &[120, 240, 240, 480])
}

/// A command list of one of these lengths.
fn generate_of(seed: u64, lengths: &[u64]) -> Workload {
    let mut rng = Rng::new(seed, 1);
    let setup = draw_setup(&mut rng);
    let swarm = draw_swarm(&mut rng);
    let solo_count = if rng.one_in(2) { 0 } else { rng.index(setup.accounts.len().min(3)) };
    let solo = setup.accounts[..solo_count].to_vec();
    let mut actions = opening(&setup, &swarm, &mut rng);
    let length = *rng.pick(lengths);
    for _ in 0..length {
        let action = draw_action(&setup, &swarm, &solo, &mut rng);
        if admissible(&setup, &action) {
            actions.push(action);
        }
    }
    Workload { setup, actions, solo }
}

/// How one seed differs from the next.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// By kind of command; see [`draw_action`].
    weights: [u64; KINDS],
    prices: Spread,
    quantities: Spread,
    /// Of ten orders so many buy.
    buys: u64,
    /// Deposits pay for many orders, not for a few.
    rich: bool,
    foreign: u64,
    hot_accounts: bool,
    hot_symbols: bool,
    /// Once in so many orders (never for 0): another time in force, post-only, an iceberg, another mode of
    /// self-trade prevention, a client order id, own fees, a protection, a budget, a last moment.
    often: Often,
    /// The modes of self-trade prevention that come up, the usual one first.
    stp: [StpMode; 2],
    /// The longest time that goes by at once.
    longest: u64,
    operator: OperatorMood,
}

#[derive(Clone, Copy, Debug)]
struct Often {
    tif: u64,
    post_only: u64,
    iceberg: u64,
    stp: u64,
    named: u64,
    fees: u64,
    protection: u64,
    budget: u64,
    valid: u64,
}

/// What changes of rules are about.
#[derive(Clone, Copy, Debug)]
enum OperatorMood {
    /// Statuses only, and mostly back to trading.
    Statuses,
    /// Everything.
    Rules,
}

const KINDS: usize = 26;

/// How numbers spread between 1 and their maximum.
#[derive(Clone, Copy, Debug)]
enum Spread {
    One,
    Few(u64),
    Any,
    Ends,
    Mixed,
}

impl Spread {
    fn draw(dice: &mut impl Dice) -> Self {
        match dice.below(10) {
            0..=5 => Self::Few(dice.between(2, 6)),
            6 => Self::One,
            7 => Self::Any,
            8 => Self::Ends,
            _ => Self::Mixed,
        }
    }

    fn number(self, max: u64, dice: &mut impl Dice) -> u64 {
        match self {
            Self::One => max / 2 + 1,
            Self::Few(width) => (max / 2 + 1 + dice.below(width)).min(max),
            Self::Any => dice.between(1, max),
            Self::Ends => *dice.pick(&[1, 1, 2.min(max), max - 1 + u64::from(max == 1), max]),
            Self::Mixed => match dice.below(8) {
                7 => Self::Any.number(max, dice),
                6 => Self::Ends.number(max, dice),
                _ => Self::Few(3).number(max, dice),
            },
        }
    }
}

/// The market of a command list.
pub fn draw_setup(dice: &mut impl Dice) -> Setup {
    let assets = small(dice.between(2, 4));
    let symbols = small(*dice.pick(&[1, 1, 1, 1, 2, 3, 5]));
    let symbols: Vec<SymbolSpec> = (0..symbols)
        .map(|id| {
            // Mostly plain: extreme shapes meet only themselves.
            let shape = if dice.one_in(2) { dice.pick(&SHAPES) } else { &SHAPES[0] };
            let base = small(dice.below(u64::from(assets)));
            let quote = (base + 1 + small(dice.below(u64::from(assets) - 1))) % assets;
            let spec = shape.symbol(id, base, quote);
            if dice.one_in(2) { spec.with_fee_mode(FeeMode::Quote) } else { spec }
        })
        .collect();
    let has_fees = dice.one_in(2);
    let has_rules = dice.one_in(3);
    let rules = symbols.iter().map(|spec| draw_rules(spec, has_fees, has_rules, None, dice)).collect();
    let accounts = *dice.pick(&[2, 3, 2, 3, 4, 6, 12, 1]);
    let far = dice.one_in(5);
    Setup {
        assets,
        accounts: (1..=accounts).map(|n| AccountId(if far { ID_MAX + 1 - n * 7 } else { n })).collect(),
        symbols,
        rules,
        limits: SequencerLimits {
            open_orders_per_account_max: *dice.pick(&[1_000, 1_000, 1_000, 1_000, 20, 5, 2]),
            closed_orders_max: *dice.pick(&[1 << 20, 1 << 20, 1 << 20, 3, 0]),
            ledger_entries_max: *dice.pick(&[0, 1_000]),
        },
        start: Timestamp(*dice.pick(&[1_000, 0, 1_790_000_000 * SECOND, 1_790_000_000 * SECOND + 7 * HOUR])),
        pace: *dice.pick(&[0, 1]),
    }
}

/// A symbol's rules, those that only the edge checks being kept.
fn draw_rules(
    spec: &SymbolSpec,
    has_fees: bool,
    has_rules: bool,
    before: Option<&SymbolRules>,
    dice: &mut impl Dice,
) -> SymbolRules {
    let mut rules = SymbolRules::default();
    if has_fees {
        rules.fees = draw_fees(dice);
        rules.allow_net_rebate = dice.one_in(3);
    }
    let edge = before.copied().unwrap_or_else(|| {
        let mut edge = SymbolRules::default();
        if dice.one_in(5) {
            edge.market_quantity_max = Some(Quantity(spec.limits().quantity_max.0 / 2 + 1));
        }
        if dice.one_in(5) {
            edge.trail_bps = (100, 2_000);
        }
        if dice.one_in(5) {
            edge.iceberg_parts_max = *dice.pick(&[4, 3, 2]);
        }
        edge
    });
    rules.market_quantity_max = edge.market_quantity_max;
    rules.trail_bps = edge.trail_bps;
    rules.iceberg_parts_max = edge.iceberg_parts_max;
    if dice.one_in(4) {
        rules.session_end_nanos = *dice.pick(&[9 * HOUR, DAY - 1, 1]);
    }
    if !has_rules {
        return rules;
    }
    let limits = *spec.limits();
    let middle = limits.price_max.0 / 2 + 1;
    if dice.one_in(6) {
        let worth = spec.notional(Price(middle), Quantity(limits.quantity_max.0 / 2 + 1)).0;
        rules.notional_max = Some(Amount((worth + u128::from(dice.below(9))).max(limits.notional_min.0)));
    }
    rules.notional_applies_to_market = dice.one_in(3);
    if dice.one_in(3) {
        let bps = |dice: &mut _| *Dice::pick(dice, &[300_u32, 1_000, 100, 0, 5_000, 9_999]);
        rules.band = Some(PriceBand {
            bid_up_bps: bps(dice),
            bid_down_bps: bps(dice),
            ask_up_bps: bps(dice) * 2,
            ask_down_bps: bps(dice),
        });
    }
    let near = |dice: &mut _| {
        let step = Dice::below(dice, 7);
        Price((middle + 3).saturating_sub(step).clamp(1, limits.price_max.0))
    };
    if dice.one_in(8) {
        rules.price_floor = Some(near(dice));
    }
    if dice.one_in(8) {
        rules.price_cap = Some(near(dice));
    }
    if dice.one_in(6) {
        rules.reference_price = Some(near(dice));
    }
    if dice.one_in(3) {
        rules.reference_minutes = *dice.pick(&[1, 2, 60]);
    }
    if dice.one_in(4) {
        rules.market_protection_bps = Some(*dice.pick(&[300, 100, 1, 1_000, 9_999]));
    }
    let few = |dice: &mut _| Dice::one_in(dice, 8).then(|| *Dice::pick(dice, &[2_u32, 1, 3, 0]));
    rules.open_orders_max = few(dice).map(|max| max + 1);
    rules.conditional_max = few(dice);
    rules.icebergs_max = few(dice);
    rules.lists_max = few(dice);
    rules.amends_max = few(dice);
    if dice.one_in(4) {
        let orders = *dice.pick(&[30, 3, 1, 100]);
        rules.position_max = Some(Quantity(limits.quantity_max.0.saturating_mul(orders)));
    }
    rules
}

fn draw_fees(dice: &mut impl Dice) -> FeeRates {
    FeeRates {
        maker_ppm: *dice.pick(&[1_000, 0, 10_000, 333_333, -500, -20_000, -1_000_000, 1_000_000]),
        taker_ppm: *dice.pick(&[2_000, 0, 10_000, 333_333, 7, 100_000, 1_000_000]),
    }
}

/// What a seed's commands are like.
pub fn draw_swarm(dice: &mut impl Dice) -> Swarm {
    let mut weights = [0; KINDS];
    for weight in &mut weights {
        if !dice.one_in(2) {
            *weight = *dice.pick(&[1, 2, 4]);
        }
    }
    // Without resting orders nothing else happens; and what stops everything must not come too often.
    weights[0] = *dice.pick(&[24, 12, 48]);
    for kind in [1, 2, 4, 5, 6, 7, 25] {
        weights[kind] *= *dice.pick(&[4, 2, 8]);
    }
    for (kind, most) in [(17, 2), (18, 1), (19, 1)] {
        weights[kind] = weights[kind].min(most);
    }
    if dice.one_in(2) {
        (weights[17], weights[18]) = (0, 0);
    }
    if dice.one_in(3) {
        weights[5] *= 5;
    }
    let mut often = || *dice.pick(&[0, 2, 4, 10]);
    let often = Often {
        tif: often(),
        post_only: often(),
        iceberg: often(),
        stp: often(),
        named: often(),
        fees: often(),
        protection: often(),
        budget: often(),
        valid: often() * 5,
    };
    Swarm {
        weights,
        prices: Spread::draw(dice),
        quantities: Spread::draw(dice),
        buys: *dice.pick(&[5, 5, 5, 3, 7]),
        rich: !dice.one_in(6),
        foreign: *dice.pick(&[0, 1, 5]),
        hot_accounts: dice.one_in(2),
        hot_symbols: dice.one_in(2),
        often,
        stp: [*dice.pick(&[StpMode::ExpireTaker, StpMode::None, StpMode::None]), *dice.pick(&StpMode::ALL)],
        longest: *dice.pick(&[20, SECOND, 3 * MINUTE, 2 * DAY, 3_000 * DAY]),
        operator: *dice.pick(&[OperatorMood::Statuses, OperatorMood::Rules]),
    }
}

/// The deposits that a command list begins with.
pub fn opening(setup: &Setup, swarm: &Swarm, dice: &mut impl Dice) -> Vec<Action> {
    let mut actions = Vec::new();
    // One may be closed from the start: for that it must own nothing.
    let closed = setup.accounts.last().copied().filter(|_| setup.accounts.len() > 1 && dice.one_in(8));
    if let Some(account) = closed {
        actions.push(Action::Deposit(account, AssetId(0), Amount(1)));
        actions.push(Action::Withdraw(account, AssetId(0), Amount(1)));
        actions.push(Action::Configure(account, AccountChange::Status(AccountStatus::Closed)));
    }
    for &account in setup.accounts.iter().filter(|account| Some(**account) != closed) {
        // Some accounts come into being late or never.
        if account == setup.accounts[0] || !dice.one_in(40) {
            for asset in 0..setup.assets {
                if !dice.one_in(10) {
                    actions.push(deposit(account, AssetId(asset), setup, swarm, dice));
                }
            }
        }
    }
    // Some start at the largest balance there is, where every further deposit is too much.
    if dice.one_in(6) {
        let account = *dice.pick(&setup.accounts);
        actions.push(Action::Deposit(account, AssetId(0), Amount(AMOUNT_MAX - u128::from(dice.below(3)))));
    }
    // Most markets have traded: without a last price nothing can wait for one.
    for spec in &setup.symbols {
        if !dice.one_in(4) {
            let price = Price(spec.limits().price_max.0 / 2 + 2);
            let pair = [Side::Sell, Side::Buy].map(|side| NewOrder {
                stp: StpMode::None,
                ..NewOrder::limit(*dice.pick(&setup.accounts), spec.id(), side, price, Quantity(1))
            });
            actions.extend(pair.map(Action::Place));
        }
        // And there is somebody to trade with.
        for _ in 0..dice.below(6) {
            let side = *dice.pick(&[Side::Sell, Side::Buy]);
            let (middle, away) = (spec.limits().price_max.0 / 2 + 2, dice.below(4));
            let price = if side == Side::Sell { middle + away } else { middle.saturating_sub(away) };
            let price = Price(price.clamp(1, spec.limits().price_max.0));
            let quantity = Quantity(swarm.quantities.number(spec.limits().quantity_max.0, dice));
            let account = *dice.pick(&setup.accounts);
            actions.push(Action::Place(NewOrder::limit(account, spec.id(), side, price, quantity)));
        }
    }
    actions
}

/// The first is drawn half of the time, the second a quarter of it, and so on.
fn hot<T: Copy>(items: &[T], is_hot: bool, dice: &mut impl Dice) -> T {
    if is_hot {
        for item in items {
            if !dice.one_in(2) {
                return *item;
            }
        }
    }
    *dice.pick(items)
}

fn deposit(account: AccountId, asset: AssetId, setup: &Setup, swarm: &Swarm, dice: &mut impl Dice) -> Action {
    Action::Deposit(account, asset, sum_of_money(asset, setup, swarm, dice))
}

fn sum_of_money(asset: AssetId, setup: &Setup, swarm: &Swarm, dice: &mut impl Dice) -> Amount {
    // Measured in orders of some symbol that uses the asset, so that it is neither nothing nor endless.
    let using: Vec<_> =
        setup.symbols.iter().filter(|spec| spec.base() == asset || spec.quote() == asset).collect();
    let orders = if swarm.rich { dice.between(100, 1_000) } else { dice.between(1, 4) };
    let amount = if using.is_empty() {
        u128::from(dice.between(1, 1_000))
    } else {
        let spec = *dice.pick(&using);
        let mut quantity = Quantity(swarm.quantities.number(spec.limits().quantity_max.0, dice));
        let mut price = Price(swarm.prices.number(spec.limits().price_max.0, dice));
        if swarm.rich {
            quantity = quantity.max(Quantity(spec.limits().quantity_max.0 / 2 + 1));
            price = price.max(Price(spec.limits().price_max.0 / 2 + 1));
        }
        let one =
            if spec.base() == asset { spec.base_amount(quantity) } else { spec.notional(price, quantity) };
        one.0.saturating_mul(u128::from(orders)) + u128::from(dice.below(3))
    };
    Amount(amount.min(AMOUNT_MAX))
}

/// One command. Whether the edge would let it through is the caller's question.
pub fn draw_action(setup: &Setup, swarm: &Swarm, solo: &[AccountId], dice: &mut impl Dice) -> Action {
    let kind = dice.weighted(swarm.weights.iter().copied()).expect("limit orders have a weight");
    let somebody = hot(&setup.accounts, swarm.hot_accounts, dice);
    let account = if dice.one_in(200) { NOBODY } else { somebody };
    let spec = hot(&setup.symbols, swarm.hot_symbols, dice);
    let draw = &mut Draw { setup, swarm, dice, account, spec };
    match kind {
        0 if !solo.contains(&account) => Action::Place(draw.limit()),
        2 => Action::Place(draw.by_quote()),
        3 => {
            let target = draw.target();
            Action::Cancel(account, target, draw.often_symbol(6), draw.only_if())
        }
        4 if !solo.contains(&account) => draw.amend(),
        5 if !solo.contains(&account) => Action::Place(draw.conditional()),
        6 if !solo.contains(&account) => draw.oco(),
        7 if !solo.contains(&account) => {
            let target = draw.target();
            let only_if = draw.only_if();
            let mode = *draw.dice.pick(&[
                ReplaceMode::StopOnFailure,
                ReplaceMode::AllowFailure,
                ReplaceMode::Atomic,
                ReplaceMode::Atomic,
            ]);
            Action::Replace(target, only_if, mode, draw.any_order())
        }
        8 => {
            let filter = OrderFilter {
                symbol: draw.often_symbol(2),
                side: draw.dice.one_in(3).then(|| draw.side()),
                client_id_prefix: draw.dice.one_in(4).then(|| client_id(*draw.dice.pick(&[0, 1, 2, 4]))),
            };
            Action::CancelAll(account, filter)
        }
        9 => {
            let nanos = if draw.dice.one_in(5) { 0 } else { draw.time() };
            Action::CancelAllAfter(account, nanos)
        }
        10 => Action::Wait(draw.time()),
        11 => deposit(somebody, draw.asset(), setup, swarm, draw.dice),
        12 => {
            let asset = draw.asset();
            Action::Withdraw(account, asset, draw.part_of_money(asset))
        }
        13 => {
            let asset = draw.asset();
            let to = if draw.dice.one_in(20) { NOBODY } else { hot(&setup.accounts, false, draw.dice) };
            Action::Transfer(account, to, asset, draw.part_of_money(asset))
        }
        14 => {
            let asset = draw.asset();
            Action::Hold(account, asset, draw.part_of_money(asset))
        }
        15 => {
            let asset = draw.asset();
            Action::Release(account, asset, draw.part_of_money(asset))
        }
        16 => Action::CollectFees(account, spec.id()),
        17 => Action::Configure(account, draw.change_of_terms()),
        18 => draw.change_of_rules(),
        19 => Action::CancelBook(spec.id()),
        20 => Action::Test(draw.any_order()),
        21 => Action::Balances(account),
        22 => match draw.dice.below(3) {
            0 => Action::Account(account),
            1 => Action::OrderByClientId(account, draw.name()),
            _ => Action::ClosedOrders(account, draw.often_symbol(2)),
        },
        23 => Action::Order(account, Target::Own(draw.ago())),
        24 => Action::OpenOrders(account, draw.often_symbol(2)),
        25 if !solo.contains(&account) => Action::Place(draw.any_order()),
        _ => Action::Place(draw.by_quantity()),
    }
}

/// One command while it is drawn.
struct Draw<'a, D> {
    setup: &'a Setup,
    swarm: &'a Swarm,
    dice: &'a mut D,
    account: AccountId,
    spec: SymbolSpec,
}

impl<D: Dice> Draw<'_, D> {
    fn side(&mut self) -> Side {
        if self.dice.below(10) < self.swarm.buys { Side::Buy } else { Side::Sell }
    }

    fn price(&mut self) -> Price {
        Price(self.swarm.prices.number(self.spec.limits().price_max.0, self.dice))
    }

    /// A price around which others are drawn, or a little beside them.
    fn price_beside(&mut self) -> Price {
        let step = self.dice.below(5);
        let price = self.price().0;
        Price((price + step).saturating_sub(2).clamp(1, self.spec.limits().price_max.0))
    }

    fn quantity(&mut self) -> Quantity {
        Quantity(self.swarm.quantities.number(self.spec.limits().quantity_max.0, self.dice))
    }

    fn asset(&mut self) -> AssetId {
        AssetId(small(self.dice.below(u64::from(self.setup.assets))))
    }

    /// A price beyond all, a quantity beyond all: what the core has to refuse once more.
    fn beyond(&mut self) -> bool {
        self.dice.one_in(150)
    }

    fn once_in(&mut self, n: u64) -> bool {
        n > 0 && self.dice.one_in(n)
    }

    fn ago(&mut self) -> u32 {
        small(*self.dice.pick(&[0, 0, 0, 1, 2, 5]))
    }

    fn name(&mut self) -> u8 {
        u8::try_from(self.dice.below(6)).expect("small")
    }

    fn time(&mut self) -> u64 {
        match self.dice.below(8) {
            0 | 1 => self.dice.between(1, 20),
            7 => *self.dice.pick(&[DAY, MINUTE, HOUR]),
            _ => self.dice.between(1, self.swarm.longest),
        }
    }

    fn target(&mut self) -> Target {
        match self.dice.below(10) {
            n if n >= 10 - self.swarm.foreign => Target::Anyone(self.ago()),
            4 if self.swarm.often.named > 0 => Target::Named(self.name()),
            3 if self.dice.one_in(3) => Target::Id(self.dice.between(1, 40)),
            2 => Target::Own(self.ago()),
            _ => Target::Open(self.ago()),
        }
    }

    fn only_if(&mut self) -> Option<OnlyIf> {
        self.dice.one_in(4).then(|| *self.dice.pick(&[OnlyIf::New, OnlyIf::PartiallyFilled]))
    }

    fn often_symbol(&mut self, n: u64) -> Option<SymbolId> {
        self.dice.one_in(n).then(|| self.spec.id())
    }

    fn part_of_money(&mut self, asset: AssetId) -> Amount {
        let Amount(amount) = sum_of_money(asset, self.setup, self.swarm, self.dice);
        Amount(*self.dice.pick(&[amount, amount / 20 + 1, 1]))
    }

    /// What any order may have.
    fn dressed(&mut self, mut order: NewOrder) -> NewOrder {
        let often = self.swarm.often;
        order.stp = self.swarm.stp[0];
        if self.once_in(often.stp) {
            order.stp = if self.dice.one_in(3) { *self.dice.pick(&StpMode::ALL) } else { self.swarm.stp[1] };
        }
        let mut extras = order.extras.take().map(|extras| *extras).unwrap_or_default();
        if self.once_in(often.named) {
            extras.client_id = Some(client_id(self.name()));
        }
        if self.once_in(often.fees) {
            extras.fees = Some(draw_fees(self.dice));
        }
        if self.once_in(often.valid) {
            extras.valid_until = Some(Timestamp(*self.dice.pick(&[1_000_000, 1, 2, 3])));
        }
        order.extras = (extras != Extras::default()).then(|| Box::new(extras));
        order
    }

    /// A limit order, perhaps one that waits for a price.
    fn limit_of(
        &mut self,
        side: Side,
        price: Price,
        quantity: Quantity,
        trigger: Option<Trigger>,
    ) -> NewOrder {
        let often = self.swarm.often;
        let (price, quantity) = match (self.beyond(), self.spec.limits()) {
            (false, _) => (price, quantity),
            (true, limits) if self.dice.one_in(2) => (Price(limits.price_max.0 + 1), quantity),
            (true, limits) => (price, Quantity(limits.quantity_max.0 + 1)),
        };
        let mut order = NewOrder::limit(self.account, self.spec.id(), side, price, quantity);
        let mut extras = Extras { trigger, ..Extras::default() };
        if self.once_in(often.tif) {
            order.tif =
                *self.dice.pick(&[TimeInForce::Ioc, TimeInForce::Fok, TimeInForce::Gtd, TimeInForce::Day]);
        }
        let rests = order.can_rest();
        if order.tif == TimeInForce::Gtd {
            let ahead = if self.dice.one_in(10) { 0 } else { 2 };
            extras.expire_at = Some(Timestamp(self.time() + ahead));
        }
        if rests && trigger.is_none() && self.once_in(often.post_only) {
            order.post_only = true;
        }
        if rests && self.once_in(often.iceberg) {
            let display = *self.dice.pick(&[1, 1, 2, 3, quantity.0 / 3 + 1, quantity.0]);
            // Not a million slices, each of which is a trade; not when its quantity is amended, either.
            let least = self.spec.limits().quantity_max.0 / 50;
            extras.display = (quantity.0 >= least).then(|| Quantity(display.max(least).min(quantity.0)));
        }
        order.extras = (extras != Extras::default()).then(|| Box::new(extras));
        self.dressed(order)
    }

    fn market_of(&mut self, side: Side, kind: OrderKind, trigger: Option<Trigger>) -> NewOrder {
        let often = self.swarm.often;
        let mut order = NewOrder::market(self.account, self.spec.id(), side, kind);
        let mut extras = Extras { trigger, ..Extras::default() };
        if trigger.is_none() && self.once_in(often.tif) && self.dice.one_in(2) {
            order.tif = TimeInForce::Fok;
        }
        let buys_lots = side == Side::Buy && matches!(kind, OrderKind::MarketByQuantity { .. });
        if buys_lots && (trigger.is_some() || self.once_in(often.budget)) {
            extras.max_quote = Some(self.quote());
        }
        if self.once_in(often.protection) {
            extras.protection_bps = Some(*self.dice.pick(&[300, 100, 1, 1_000, 9_999]));
        }
        order.extras = (extras != Extras::default()).then(|| Box::new(extras));
        self.dressed(order)
    }

    /// The worth of some orders, and a little more.
    fn quote(&mut self) -> Amount {
        let dust = u128::from(*self.dice.pick(&[0_u64, 0, 1, 7]));
        let orders = u128::from(*self.dice.pick(&[1_u64, 1, 2, 3]));
        let quote = if self.dice.one_in(8) {
            u128::from(self.dice.between(1, 20))
        } else {
            let (price, quantity) = (self.price(), self.quantity());
            self.spec.notional(price, quantity).0.saturating_mul(orders) + dust
        };
        Amount(quote.min(AMOUNT_MAX))
    }

    fn limit(&mut self) -> NewOrder {
        let (side, price, quantity) = (self.side(), self.price(), self.quantity());
        self.limit_of(side, price, quantity, None)
    }

    fn by_quantity(&mut self) -> NewOrder {
        let (side, quantity) = (self.side(), self.quantity());
        self.market_of(side, OrderKind::MarketByQuantity { quantity }, None)
    }

    fn by_quote(&mut self) -> NewOrder {
        let (side, quote) = (self.side(), self.quote());
        self.market_of(side, OrderKind::MarketByQuote { quote }, None)
    }

    fn conditional(&mut self) -> NewOrder {
        let side = self.side();
        let trigger = match self.dice.below(5) {
            0 | 1 => Trigger::Stop { price: self.price_beside() },
            2 => Trigger::TakeProfit { price: self.price_beside() },
            _ => Trigger::Trailing {
                offset: if self.dice.one_in(2) {
                    TrailOffset::Bps(*self.dice.pick(&[200, 100, 1_000, 5_000, 9_999, 1]))
                } else {
                    TrailOffset::Ticks(Price(*self.dice.pick(&[1, 2, 3, 10, 1 << 40])))
                },
                activation: self.dice.one_in(2).then(|| self.price_beside()),
            },
        };
        match self.dice.below(4) {
            0 => {
                let quantity = self.quantity();
                self.market_of(side, OrderKind::MarketByQuantity { quantity }, Some(trigger))
            }
            1 => {
                let quote = self.quote();
                self.market_of(side, OrderKind::MarketByQuote { quote }, Some(trigger))
            }
            _ => {
                let (price, quantity) = (self.price_beside(), self.quantity());
                self.limit_of(side, price, quantity, Some(trigger))
            }
        }
    }

    fn any_order(&mut self) -> NewOrder {
        match self.dice.below(6) {
            0..=2 => self.limit(),
            3 => self.by_quantity(),
            4 => self.by_quote(),
            _ => self.conditional(),
        }
    }

    fn oco(&mut self) -> Action {
        let (side, quantity) = (self.side(), self.quantity());
        let (one, other) = (self.price_beside(), self.price_beside());
        let (low, high) = (Price(one.0.min(other.0).saturating_sub(1).max(1)), one.max(other));
        let (limit, trigger) = if side == Side::Sell { (high, low) } else { (low, high) };
        let limit = self.limit_of(side, limit, quantity, None);
        let trigger = Some(Trigger::Stop { price: trigger });
        let mut stop = if self.dice.one_in(2) {
            let price = self.price_beside();
            self.limit_of(side, price, quantity, trigger)
        } else {
            self.market_of(side, OrderKind::MarketByQuantity { quantity }, trigger)
        };
        let mut limit = limit;
        for leg in [&mut limit, &mut stop] {
            if leg.kind.price().is_some() && matches!(leg.tif, TimeInForce::Ioc | TimeInForce::Fok) {
                leg.tif = TimeInForce::Gtc;
            }
            if let Some(extras) = &mut leg.extras {
                extras.display = None;
            }
        }
        Action::PlaceOco(Box::new([limit, stop]))
    }

    fn amend(&mut self) -> Action {
        let target = self.target();
        let what = self.dice.below(4);
        let quantity = match what {
            0 => Some(NewQuantity::Total(self.quantity())),
            1 | 2 => Some(NewQuantity::ReduceBy(Quantity(*self.dice.pick(&[1, 1, 2, 5])))),
            _ => None,
        };
        let price = (what > 1).then(|| self.price());
        let beyond = self.beyond();
        let price = price.map(|price| if beyond { Price(u64::MAX >> 1) } else { price });
        Action::Amend(self.account, self.spec.id(), target, AmendChange { quantity, price })
    }

    fn change_of_terms(&mut self) -> AccountChange {
        match self.dice.below(8) {
            0 | 1 => AccountChange::Fees {
                symbol: self.often_symbol(2),
                rates: (!self.dice.one_in(4)).then(|| draw_fees(self.dice)),
            },
            2 | 3 => AccountChange::StpGroup(
                (!self.dice.one_in(4)).then(|| StpGroup(1 + small(self.dice.below(2)))),
            ),
            4 => AccountChange::Permissions { trade: !self.dice.one_in(3), withdraw: !self.dice.one_in(3) },
            5 => AccountChange::RateLimit((!self.dice.one_in(3)).then(|| RateLimit {
                per_second: *self.dice.pick(&[1_000_000, 1_000, 3]),
                burst: *self.dice.pick(&[2, 1, 5]),
            })),
            _ => AccountChange::Status(*self.dice.pick(&[
                AccountStatus::Active,
                AccountStatus::Active,
                AccountStatus::CancelOnly,
                AccountStatus::Suspended,
                AccountStatus::Closed,
            ])),
        }
    }

    fn change_of_rules(&mut self) -> Action {
        let at = self.spec.id().0 as usize;
        let before = self.setup.rules[at];
        let (mut spec, mut rules) = (self.spec, before);
        if matches!(self.swarm.operator, OperatorMood::Rules) && self.dice.one_in(2) {
            rules = draw_rules(&spec, before.fees != FeeRates::default(), true, Some(&before), self.dice);
            if self.dice.one_in(4) {
                let limits = *spec.limits();
                let narrower = SymbolLimits {
                    price_min: Price(limits.price_max.0 / 2),
                    quantity_min: Quantity(self.dice.between(1, limits.quantity_max.0.min(3))),
                    quantity_max: Quantity(
                        limits.quantity_max.0 - self.dice.below(limits.quantity_max.0 / 3 + 1),
                    ),
                    ..limits
                };
                spec = spec.with_limits(narrower).unwrap_or(spec);
            }
        }
        let statuses = [
            SymbolStatus::Trading,
            SymbolStatus::Trading,
            SymbolStatus::Trading,
            SymbolStatus::Trading,
            SymbolStatus::Trading,
            SymbolStatus::PostOnly,
            SymbolStatus::LimitOnly,
            SymbolStatus::LimitOnly,
            SymbolStatus::CancelOnly,
            SymbolStatus::Halt,
        ];
        rules.status = if self.dice.one_in(30) { SymbolStatus::Closed } else { *self.dice.pick(&statuses) };
        Action::SetRules(Box::new((spec, rules)), self.dice.one_in(2))
    }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).expect("small")
}
