//! Random sessions that shrink: every number in them is independent of every other, so that proptest may drop
//! commands and lower numbers one by one, and what is left is a story of a few lines.

use std::fmt;

use lightning_core::limits::AMOUNT_MAX;
use lightning_core::message::{NewOrder, OrderKind};
use lightning_core::sequencer::SequencerLimits;
use lightning_core::types::{AccountId, Amount, AssetId, Price, Quantity, Side, SymbolId};
use lightning_sim::check;
use lightning_sim::duel::Duel;
use lightning_sim::inline::Effects;
use lightning_sim::workload::{Action, NOBODY, SHAPES, Setup, Target, admissible};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

/// Another seed than the usual one: `SIM_SESSIONS=2 cargo test -p lightning-sim`.
const SEED_VARIABLE: &str = "SIM_SESSIONS";

/// A market and what happens in it, as raw numbers.
#[derive(Clone)]
pub(crate) struct Session {
    shapes: [usize; 3],
    open_orders_max: u32,
    closed_orders_max: usize,
    /// Deposits of this size in every asset come first; none for zero.
    funds: u128,
    drafts: Vec<Draft>,
}

/// A command before it knows its market.
#[derive(Clone, Debug)]
struct Draft {
    account: u64,
    symbol: u32,
    asset: u32,
    is_sell: bool,
    what: What,
}

#[derive(Clone, Debug)]
enum What {
    Deposit(Size),
    Withdraw(Size),
    Limit(Number, Number),
    ByQuantity(Number),
    /// Worth of a price and a quantity, and some atoms more.
    ByQuote(Number, Number, u8),
    Cancel(Target),
    Balances,
    Order(u32),
    OpenOrders(bool),
}

/// A price or quantity: near the middle of what is allowed, or at its ends.
#[derive(Clone, Debug)]
enum Number {
    Middle(u64),
    Low(u64),
    High(u64),
}

/// An amount.
#[derive(Clone, Debug)]
enum Size {
    Atoms(u64),
    /// So many of the largest orders of the symbol.
    Orders(u64),
    /// The largest there is, less a few.
    Most(u64),
}

impl Number {
    fn within(&self, max: u64) -> u64 {
        let number = match *self {
            Self::Middle(n) => max / 2 + n,
            Self::Low(n) => 1 + n,
            Self::High(n) => max.saturating_sub(n),
        };
        number.clamp(1, max)
    }
}

impl Session {
    fn setup(&self) -> Setup {
        let pairs = [(0, 1), (1, 2), (0, 2)];
        let symbols = self.shapes.iter().zip(pairs).zip(0..);
        Setup {
            assets: 3,
            accounts: (1..=4).map(AccountId).collect(),
            symbols: symbols
                .map(|((shape, (base, quote)), id)| SHAPES[*shape].symbol(id, base, quote))
                .collect(),
            limits: SequencerLimits {
                open_orders_per_account_max: self.open_orders_max,
                closed_orders_max: self.closed_orders_max,
            },
        }
    }

    /// The commands. What the edge would not let through is not among them.
    pub(crate) fn actions(&self) -> (Setup, Vec<Action>) {
        let setup = self.setup();
        let mut actions = Vec::new();
        if self.funds > 0 {
            for account in &setup.accounts {
                for asset in (0..setup.assets).map(AssetId) {
                    actions.push(Action::Deposit(*account, asset, Amount(self.funds)));
                }
            }
        }
        actions.extend(self.drafts.iter().map(|draft| draft.action(&setup)));
        actions.retain(|action| admissible(&setup, action));
        (setup, actions)
    }

    /// Plays it. Says which command broke what, if one did; `watch` sees each command and what the core said,
    /// and may panic as well.
    pub(crate) fn play(&self, mut watch: impl FnMut(&mut Duel, &Effects)) -> Result<(), String> {
        let (setup, actions) = self.actions();
        let mut duel = Duel::new(&setup);
        for (at, action) in actions.iter().enumerate() {
            check::catch(|| {
                let effects = duel.step(action);
                watch(&mut duel, &effects);
            })
            .map_err(|message| format!("at command {}, `{action:?}`: {message}", at + 1))?;
        }
        check::catch(|| duel.finish())
    }
}

impl Draft {
    fn action(&self, setup: &Setup) -> Action {
        let account = if self.account == 0 { NOBODY } else { AccountId(self.account) };
        let spec = &setup.symbols[self.symbol as usize];
        let (price_max, quantity_max) = (spec.limits().price_max.0, spec.limits().quantity_max.0);
        let side = if self.is_sell { Side::Sell } else { Side::Buy };
        let asset = AssetId(self.asset);
        let amount = |size: &Size| {
            let atoms = match *size {
                Size::Atoms(n) => u128::from(n) + 1,
                Size::Orders(n) => spec
                    .notional(Price(price_max), Quantity(quantity_max))
                    .0
                    .saturating_mul(u128::from(n) + 1),
                Size::Most(n) => AMOUNT_MAX - u128::from(n),
            };
            Amount(atoms.min(AMOUNT_MAX))
        };
        let place = |kind| Action::Place(NewOrder { account, symbol: SymbolId(self.symbol), side, kind });
        match &self.what {
            // Nobody stays nobody.
            What::Deposit(size) => Action::Deposit(AccountId(self.account.max(1)), asset, amount(size)),
            What::Withdraw(size) => Action::Withdraw(account, asset, amount(size)),
            What::Limit(price, quantity) => place(OrderKind::Limit {
                price: Price(price.within(price_max)),
                quantity: Quantity(quantity.within(quantity_max)),
            }),
            What::ByQuantity(quantity) => {
                place(OrderKind::MarketByQuantity { quantity: Quantity(quantity.within(quantity_max)) })
            }
            What::ByQuote(price, quantity, more) => {
                let (price, quantity) = (price.within(price_max), quantity.within(quantity_max));
                let quote = spec.notional(Price(price), Quantity(quantity)).0 + u128::from(*more);
                place(OrderKind::MarketByQuote { quote: Amount(quote) })
            }
            What::Cancel(target) => Action::Cancel(account, *target),
            What::Balances => Action::Balances(account),
            What::Order(ago) => Action::Order(account, Target::Own(*ago)),
            What::OpenOrders(all) => Action::OpenOrders(account, (!all).then_some(SymbolId(self.symbol))),
        }
    }
}

/// The session as it is read by people.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (setup, actions) = self.actions();
        for spec in &setup.symbols {
            writeln!(
                f,
                "  symbol s{}: base {} in lots of {}, quote {} in {} per tick and lot, price to {}, quantity to {}",
                spec.id(),
                spec.base(),
                spec.lot_atoms(),
                spec.quote(),
                spec.tick_lot_atoms(),
                spec.limits().price_max,
                spec.limits().quantity_max,
            )?;
        }
        writeln!(f, "  {:?}", setup.limits)?;
        for (at, action) in actions.iter().enumerate() {
            writeln!(f, "  {:>3}. {action:?}", at + 1)?;
        }
        Ok(())
    }
}

fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        6 => (0_u64..4).prop_map(Number::Middle),
        2 => (0_u64..3).prop_map(Number::Low),
        1 => (0_u64..3).prop_map(Number::High),
    ]
}

fn size() -> impl Strategy<Value = Size> {
    prop_oneof![
        3 => (0_u64..3_000).prop_map(Size::Atoms),
        2 => (0_u64..4).prop_map(Size::Orders),
        1 => (0_u64..3).prop_map(Size::Most),
    ]
}

fn draft() -> impl Strategy<Value = Draft> {
    let target = prop_oneof![
        4 => (0_u32..6).prop_map(Target::Own),
        2 => (0_u32..6).prop_map(Target::Anyone),
        1 => (1_u64..40).prop_map(Target::Id),
    ];
    let what = prop_oneof![
        2 => size().prop_map(What::Deposit),
        1 => size().prop_map(What::Withdraw),
        12 => (number(), number()).prop_map(|(price, quantity)| What::Limit(price, quantity)),
        3 => number().prop_map(What::ByQuantity),
        3 => (number(), number(), 0_u8..9).prop_map(|(price, quantity, more)| What::ByQuote(price, quantity, more)),
        5 => target.prop_map(What::Cancel),
        1 => Just(What::Balances),
        1 => (0_u32..4).prop_map(What::Order),
        1 => any::<bool>().prop_map(What::OpenOrders),
    ];
    let account = prop_oneof![1 => Just(0_u64), 40 => 1_u64..5];
    let symbol = prop_oneof![6 => Just(0_u32), 1 => Just(1), 1 => Just(2)];
    (account, symbol, 0_u32..3, any::<bool>(), what)
        .prop_map(|(account, symbol, asset, is_sell, what)| Draft { account, symbol, asset, is_sell, what })
}

fn session() -> impl Strategy<Value = Session> {
    let shape = || prop_oneof![2 => Just(0_usize), 1 => 0..SHAPES.len()];
    let funds = prop_oneof![
        1 => Just(0_u128),
        4 => Just(1_000_000),
        2 => Just(2_000),
        2 => Just(1 << 90),
    ];
    let open_orders_max = prop_oneof![4 => Just(1_000_u32), 1 => 1_u32..4];
    let closed_orders_max = prop_oneof![4 => Just(1_000_usize), 1 => 0_usize..4];
    ([shape(), shape(), shape()], open_orders_max, closed_orders_max, funds, vec(draft(), 1..60)).prop_map(
        |(shapes, open_orders_max, closed_orders_max, funds, drafts)| Session {
            shapes,
            open_orders_max,
            closed_orders_max,
            funds,
            drafts,
        },
    )
}

/// A claim about sessions that was found to be wrong.
#[derive(Debug)]
pub(crate) struct Failure {
    /// The shortest session that shows it.
    pub(crate) session: Session,
    /// What it shows.
    pub(crate) reason: String,
    seed: u8,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { session, reason, seed } = self;
        write!(
            f,
            "{reason}\nshortest session:\n{session:?}reproduce: {SEED_VARIABLE}={seed} cargo test -p lightning-sim"
        )
    }
}

/// Holds a claim against so many random sessions: always the same ones, unless another seed is asked for.
pub(crate) fn run(
    cases: u32,
    claim: impl Fn(&Session) -> Result<(), TestCaseError>,
) -> Result<(), Box<Failure>> {
    let seed = std::env::var(SEED_VARIABLE).map_or(1, |text| text.parse().expect("a seed from 0 to 255"));
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]));
    match runner.run(&session(), |session| claim(&session)) {
        Ok(()) => Ok(()),
        Err(TestError::Fail(reason, session)) => {
            Err(Box::new(Failure { session, reason: reason.to_string(), seed }))
        }
        Err(TestError::Abort(reason)) => panic!("no sessions to be had: {reason}"),
    }
}
