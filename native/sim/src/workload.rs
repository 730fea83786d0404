//! What clients ask: seeded command lists, weighted so that each seed is a different kind of trouble.
//!
//! A seed switches most features off or up (swarm testing): one seed is nothing but market orders against a
//! thin book at one price, another cancels what is not its own, a third moves amounts at the edge of what the
//! engine counts. Averages find average bugs.
//!
//! Commands name orders by how long ago they were placed, because ids are only known once the run is under
//! way; [`Ids`] finds out which order that is.

use std::collections::BTreeMap;
use std::fmt;

use lightning_core::limits::AMOUNT_MAX;
use lightning_core::message::{NewOrder, OrderKind, Request};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{AccountId, Amount, AssetId, ID_MAX, OrderId, Price, Quantity, Side, SymbolId};

use crate::rng::Rng;

/// The market that a command list is for.
#[derive(Clone, Debug)]
pub struct Setup {
    /// How many assets there are.
    pub assets: u32,
    /// Who may come to have an account.
    pub accounts: Vec<AccountId>,
    /// By number, densely from 0.
    pub symbols: Vec<SymbolSpec>,
    /// Bounds of each sequencer.
    pub limits: SequencerLimits,
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

/// One command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// See [`Request::Deposit`].
    Deposit(AccountId, AssetId, Amount),
    /// See [`Request::Withdraw`].
    Withdraw(AccountId, AssetId, Amount),
    /// See [`Request::Place`].
    Place(NewOrder),
    /// See [`Request::Cancel`].
    Cancel(AccountId, Target),
    /// See [`Request::Balances`].
    Balances(AccountId),
    /// See [`Request::Order`]; asked by the owner of the order.
    Order(AccountId, Target),
    /// See [`Request::OpenOrders`].
    OpenOrders(AccountId, Option<SymbolId>),
}

/// An order, by when it was placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The account's own latest, or that many before.
    Own(u32),
    /// Anybody's latest, or that many before.
    Anyone(u32),
    /// This very id, which may be nobody's.
    Id(u64),
}

impl Action {
    /// Who gives the command.
    #[must_use]
    pub const fn account(&self) -> AccountId {
        match self {
            Self::Deposit(account, ..)
            | Self::Withdraw(account, ..)
            | Self::Cancel(account, _)
            | Self::Balances(account)
            | Self::Order(account, _)
            | Self::OpenOrders(account, _) => *account,
            Self::Place(order) => order.account,
        }
    }

    /// As the core is asked.
    #[must_use]
    pub fn request(&self, ids: &Ids) -> Request {
        match *self {
            Self::Deposit(account, asset, amount) => Request::Deposit { account, asset, amount },
            Self::Withdraw(account, asset, amount) => Request::Withdraw { account, asset, amount },
            Self::Place(order) => Request::Place(order),
            Self::Cancel(account, target) => Request::Cancel { account, order: ids.find(account, target) },
            Self::Balances(account) => Request::Balances { account },
            Self::Order(account, target) => Request::Order { order: ids.find(account, target) },
            Self::OpenOrders(account, symbol) => Request::OpenOrders { account: Some(account), symbol },
        }
    }
}

/// As a trader would say it.
impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Deposit(account, asset, amount) => {
                write!(f, "a{account} deposits {amount} of asset {asset}")
            }
            Self::Withdraw(account, asset, amount) => {
                write!(f, "a{account} withdraws {amount} of asset {asset}")
            }
            Self::Place(NewOrder { account, symbol, side, kind }) => {
                let side = match side {
                    Side::Buy => "buys",
                    Side::Sell => "sells",
                };
                match kind {
                    OrderKind::Limit { price, quantity } => {
                        write!(f, "a{account} {side} {quantity} @ {price} on s{symbol}")
                    }
                    OrderKind::MarketByQuantity { quantity } => {
                        write!(f, "a{account} {side} {quantity} at market on s{symbol}")
                    }
                    OrderKind::MarketByQuote { quote } => {
                        write!(f, "a{account} {side} for {quote} quote at market on s{symbol}")
                    }
                }
            }
            Self::Cancel(account, target) => write!(f, "a{account} cancels {target}"),
            Self::Balances(account) => write!(f, "a{account} asks for balances"),
            Self::Order(account, target) => write!(f, "a{account} asks for {target}"),
            Self::OpenOrders(account, None) => write!(f, "a{account} asks for open orders"),
            Self::OpenOrders(account, Some(symbol)) => {
                write!(f, "a{account} asks for open orders of s{symbol}")
            }
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(ago) => write!(f, "their order {ago} ago"),
            Self::Anyone(ago) => write!(f, "anybody's order {ago} ago"),
            Self::Id(id) => write!(f, "order {id}"),
        }
    }
}

/// Which order ids were handed out, and to whom.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    owners: Vec<AccountId>,
    by_owner: BTreeMap<AccountId, Vec<OrderId>>,
}

impl Ids {
    /// The id that comes next: one counter for all shards.
    #[must_use]
    pub fn peek(&self) -> OrderId {
        OrderId(self.owners.len() as u64 + 1)
    }

    /// Hands out the next id to an account's order.
    pub fn take(&mut self, owner: AccountId) -> OrderId {
        let id = self.peek();
        self.owners.push(owner);
        self.by_owner.entry(owner).or_default().push(id);
        id
    }

    /// The order that a target means by now; an id that was never handed out where there is none.
    #[must_use]
    pub fn find(&self, account: AccountId, target: Target) -> OrderId {
        let never = OrderId(ID_MAX);
        let ago = |len: usize, ago: u32| len.checked_sub(1 + ago as usize);
        match target {
            Target::Id(id) => OrderId(id),
            Target::Anyone(n) => ago(self.owners.len(), n).map_or(never, |at| OrderId(at as u64 + 1)),
            Target::Own(n) => self
                .by_owner
                .get(&account)
                .and_then(|own| ago(own.len(), n).map(|at| own[at]))
                .unwrap_or(never),
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

/// How one seed differs from the next.
struct Swarm {
    /// Deposit, withdraw, limit, market by quantity, market by quote, cancel, balances, order, open orders.
    weights: [u64; 9],
    prices: Spread,
    quantities: Spread,
    /// Lots of ten that buy.
    buys: u64,
    /// Deposits pay for many orders, not for a few.
    rich: bool,
    foreign_cancels: u64,
    hot_accounts: bool,
    hot_symbols: bool,
}

/// How numbers spread between 1 and their maximum.
#[derive(Clone, Copy)]
enum Spread {
    One,
    Few(u64),
    Any,
    Ends,
    Mixed,
}

impl Spread {
    fn draw(self, rng: &mut Rng) -> Self {
        let _ = self;
        match rng.below(10) {
            0 => Self::One,
            1..=5 => Self::Few(rng.between(2, 6)),
            6 => Self::Any,
            7 => Self::Ends,
            _ => Self::Mixed,
        }
    }

    fn number(self, max: u64, rng: &mut Rng) -> u64 {
        match self {
            Self::One => max / 2 + 1,
            Self::Few(width) => (max / 2 + 1 + rng.below(width)).min(max),
            Self::Any => rng.between(1, max),
            Self::Ends => *rng.pick(&[1, 1, 2.min(max), max - 1 + u64::from(max == 1), max]),
            Self::Mixed => match rng.below(8) {
                0 => Self::Any.number(max, rng),
                1 => Self::Ends.number(max, rng),
                _ => Self::Few(3).number(max, rng),
            },
        }
    }
}

/// The command list of a seed.
#[must_use]
pub fn generate(seed: u64) -> Workload {
    let mut rng = Rng::new(seed, 1);
    let setup = draw_setup(&mut rng);
    let swarm = draw_swarm(&mut rng);
    let solo_count = if rng.one_in(2) { 0 } else { rng.index(setup.accounts.len().min(3)) };
    let solo = setup.accounts[..solo_count].to_vec();

    let mut actions = Vec::new();
    for &account in &setup.accounts {
        // Some accounts come into being late or never.
        if account == setup.accounts[0] || !rng.one_in(15) {
            for asset in 0..setup.assets {
                if !rng.one_in(6) {
                    actions.push(deposit(account, AssetId(asset), &setup, &swarm, &mut rng));
                }
            }
        }
    }
    // Some start at the largest balance there is, where every further deposit is too much.
    if rng.one_in(6) {
        let account = *rng.pick(&setup.accounts);
        actions.push(Action::Deposit(account, AssetId(0), Amount(AMOUNT_MAX - u128::from(rng.below(3)))));
    }
    let length = *rng.pick(&[20, 60, 60, 120, 120, 240]);
    for _ in 0..length {
        let action = draw_action(&setup, &swarm, &solo, &mut rng);
        if admissible(&setup, &action) {
            actions.push(action);
        }
    }
    Workload { setup, actions, solo }
}

/// Would the edge let it through? The core takes shape and symbol rules for granted.
#[must_use]
pub fn admissible(setup: &Setup, action: &Action) -> bool {
    match action {
        Action::Deposit(_, _, amount) | Action::Withdraw(_, _, amount) => {
            !amount.is_zero() && amount.0 <= AMOUNT_MAX
        }
        Action::Place(order) => setup.symbols[order.symbol.0 as usize].check(&order.kind).is_ok(),
        _ => true,
    }
}

fn draw_setup(rng: &mut Rng) -> Setup {
    let assets = u32::try_from(rng.between(2, 4)).expect("small");
    let symbols = u32::try_from(*rng.pick(&[1, 1, 2, 3, 5])).expect("small");
    let symbols = (0..symbols)
        .map(|id| {
            // Mostly plain: extreme shapes meet only themselves.
            let shape = if rng.one_in(2) { &SHAPES[0] } else { rng.pick(&SHAPES) };
            let base = u32::try_from(rng.below(u64::from(assets))).expect("small");
            let quote = (base + 1 + u32::try_from(rng.below(u64::from(assets) - 1)).expect("small")) % assets;
            shape.symbol(id, base, quote)
        })
        .collect();
    let accounts = rng.between(1, 12);
    let far = rng.one_in(5);
    Setup {
        assets,
        accounts: (1..=accounts).map(|n| AccountId(if far { ID_MAX + 1 - n * 7 } else { n })).collect(),
        symbols,
        limits: SequencerLimits {
            open_orders_per_account_max: *rng.pick(&[2, 5, 20, 1_000, 1_000, 1_000, 1_000, 1_000]),
            closed_orders_max: 1 << 20,
        },
    }
}

fn draw_swarm(rng: &mut Rng) -> Swarm {
    let mut weights = [0; 9];
    for weight in &mut weights {
        if rng.one_in(2) {
            *weight = *rng.pick(&[1, 2, 4, 8]);
        }
    }
    // Without resting orders nothing else happens.
    weights[2] = *rng.pick(&[4, 8, 16]);
    Swarm {
        weights,
        prices: Spread::One.draw(rng),
        quantities: Spread::One.draw(rng),
        buys: *rng.pick(&[3, 5, 5, 5, 7]),
        rich: !rng.one_in(4),
        foreign_cancels: *rng.pick(&[0, 1, 5]),
        hot_accounts: rng.one_in(2),
        hot_symbols: rng.one_in(2),
    }
}

/// The first is drawn half of the time, the second a quarter of it, and so on.
fn hot<T: Copy>(items: &[T], is_hot: bool, rng: &mut Rng) -> T {
    if is_hot {
        for item in items {
            if rng.one_in(2) {
                return *item;
            }
        }
    }
    *rng.pick(items)
}

fn deposit(account: AccountId, asset: AssetId, setup: &Setup, swarm: &Swarm, rng: &mut Rng) -> Action {
    // Measured in orders of some symbol that uses the asset, so that it is neither nothing nor endless.
    let using: Vec<_> =
        setup.symbols.iter().filter(|spec| spec.base() == asset || spec.quote() == asset).collect();
    let orders = if swarm.rich { rng.between(20, 200) } else { rng.between(1, 4) };
    let amount = if using.is_empty() {
        u128::from(rng.between(1, 1_000))
    } else {
        let spec = *rng.pick(&using);
        let quantity = Quantity(swarm.quantities.number(spec.limits().quantity_max.0, rng));
        let price = Price(swarm.prices.number(spec.limits().price_max.0, rng));
        let one =
            if spec.base() == asset { spec.base_amount(quantity) } else { spec.notional(price, quantity) };
        one.0.saturating_mul(u128::from(orders)) + u128::from(rng.below(3))
    };
    Action::Deposit(account, asset, Amount(amount.min(AMOUNT_MAX)))
}

fn draw_action(setup: &Setup, swarm: &Swarm, solo: &[AccountId], rng: &mut Rng) -> Action {
    let somebody = hot(&setup.accounts, swarm.hot_accounts, rng);
    let account = if rng.one_in(60) { NOBODY } else { somebody };
    let asset = AssetId(u32::try_from(rng.below(u64::from(setup.assets))).expect("small"));
    let spec = hot(&setup.symbols, swarm.hot_symbols, rng);
    let side = if rng.below(10) < swarm.buys { Side::Buy } else { Side::Sell };
    let price = Price(swarm.prices.number(spec.limits().price_max.0, rng));
    let quantity = Quantity(swarm.quantities.number(spec.limits().quantity_max.0, rng));
    let place = |kind| Action::Place(NewOrder { account, symbol: spec.id(), side, kind });
    let ago = |rng: &mut Rng| u32::try_from(*rng.pick(&[0, 0, 0, 1, 2, 5])).expect("small");
    match rng.weighted(swarm.weights.iter().copied()).expect("limit orders have a weight") {
        0 => deposit(somebody, asset, setup, swarm, rng),
        1 => match deposit(account, asset, setup, swarm, rng) {
            Action::Deposit(account, asset, Amount(amount)) => {
                let amount = if rng.one_in(3) { amount / 20 + 1 } else { amount };
                Action::Withdraw(account, asset, Amount(amount))
            }
            _ => unreachable!("a deposit"),
        },
        2 if !solo.contains(&account) => place(OrderKind::Limit { price, quantity }),
        2 | 3 => place(OrderKind::MarketByQuantity { quantity }),
        4 => {
            let dust = u128::from(*rng.pick(&[0_u64, 0, 1, 7]));
            let orders = u128::from(*rng.pick(&[1_u64, 1, 2, 3]));
            let quote = if rng.one_in(8) {
                u128::from(rng.between(1, 20))
            } else {
                spec.notional(price, quantity).0.saturating_mul(orders) + dust
            };
            place(OrderKind::MarketByQuote { quote: Amount(quote.min(AMOUNT_MAX)) })
        }
        5 => {
            let target = match rng.below(10) {
                n if n < swarm.foreign_cancels => Target::Anyone(ago(rng)),
                9 if rng.one_in(2) => Target::Id(rng.between(1, 40)),
                _ => Target::Own(ago(rng)),
            };
            Action::Cancel(account, target)
        }
        6 => Action::Balances(account),
        7 => Action::Order(account, Target::Own(ago(rng))),
        _ => Action::OpenOrders(account, rng.one_in(2).then(|| spec.id())),
    }
}
