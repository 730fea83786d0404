//! What clients ask: limit orders around a price that stands still, and cancels of what rests; seeded.
//!
//! Four in ten commands cancel, if something is known to rest; of the orders about one in six trades at once.

use lightning_core::message::{OrderStatus, Outcome};
use lightning_core::types::Side;
use lightning_engine::edge::{Call, Funds, KindName, Named, Place, TifName};
use lightning_engine::registry::{NewAsset, NewSymbol};
use lightning_engine::{Answer, Engine};

/// Accounts that trade.
pub(crate) const ACCOUNTS: u64 = 1_000;
/// Symbols that are traded, where nothing else is said.
pub(crate) const SYMBOLS: usize = 4;
const MID: usize = 1_000;
const REACH: usize = 20;

/// The next command of a seed.
pub(crate) struct Flow {
    state: u64,
    symbols: Vec<String>,
    prices: Vec<String>,
    quantities: Vec<String>,
    /// Orders that rest, as far as the answers said.
    resting: Vec<(u64, u64)>,
    /// Of the last tickets, whose orders they place; by ticket modulo its length, a power of two.
    owners: Vec<u64>,
}

/// A command in numbers: what a call borrows is in the flow.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wish {
    Place { account: u64, symbol: usize, side: Side, price: usize, quantity: usize },
    Cancel { account: u64, order: u64 },
}

impl Flow {
    pub(crate) fn new(seed: u64, symbols: usize) -> Self {
        Self {
            state: seed.wrapping_mul(2).wrapping_add(1),
            symbols: (0..symbols).map(|symbol| format!("S{symbol}")).collect(),
            prices: (0..=MID + REACH).map(|price| price.to_string()).collect(),
            quantities: (0..=100).map(|quantity: usize| quantity.to_string()).collect(),
            resting: Vec::new(),
            owners: vec![0; 1 << 20],
        }
    }

    /// A number below a bound (splitmix).
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % bound as u64).expect("below a usize")
    }

    pub(crate) fn wish(&mut self, ticket: u64) -> Wish {
        if self.below(10) < 4 && !self.resting.is_empty() {
            let at = self.below(self.resting.len());
            let (account, order) = self.resting.swap_remove(at);
            return Wish::Cancel { account, order };
        }
        let account = 1 + self.below(usize::try_from(ACCOUNTS).expect("few")) as u64;
        let side = if self.below(2) == 0 { Side::Buy } else { Side::Sell };
        // From three ticks beyond the other side's best to seventeen behind.
        let away = self.below(REACH);
        let price = match side {
            Side::Buy => MID + 3 - away,
            Side::Sell => MID - 3 + away,
        };
        let slot = usize::try_from(ticket).expect("fewer") % self.owners.len();
        self.owners[slot] = account;
        Wish::Place {
            account,
            symbol: self.below(self.symbols.len()),
            side,
            price,
            quantity: 1 + self.below(100),
        }
    }

    pub(crate) fn call(&self, wish: Wish) -> Call<'_> {
        match wish {
            Wish::Cancel { account, order } => Call::Cancel { account, order },
            Wish::Place { account, symbol, side, price, quantity } => Call::Place(Place {
                account,
                symbol: Some(&self.symbols[symbol]),
                side: Named::Known(side),
                kind: Named::Known(KindName::Limit),
                tif: TifName::Default,
                price: Some(&self.prices[price]),
                quantity: Some(&self.quantities[quantity]),
                quote_quantity: None,
                post_only: false,
                stp: Named::Missing,
            }),
        }
    }

    /// How many orders rest, as far as the answers said.
    pub(crate) fn resting(&self) -> usize {
        self.resting.len()
    }

    /// Learns what rests. Panics for what no correct engine answers to this flow.
    pub(crate) fn learn(&mut self, answer: &Answer) {
        match &answer.result {
            Ok(Outcome::Placed(placed)) => {
                if matches!(placed.status, OrderStatus::New | OrderStatus::PartiallyFilled) {
                    let slot = usize::try_from(answer.ticket.0).expect("fewer") % self.owners.len();
                    self.resting.push((self.owners[slot], placed.id.0));
                }
            }
            Ok(Outcome::Canceled(_)) => {}
            Ok(other) => panic!("{other:?} is no answer to an order or a cancel"),
            // It was filled before its cancel came, perhaps so long ago that nobody remembers it.
            Err(refusal) => {
                let code = refusal.code.as_str();
                assert!(["ORDER_ALREADY_CLOSED", "UNKNOWN_ORDER"].contains(&code), "{refusal:?}");
            }
        }
    }
}

/// Makes the market.
pub(crate) fn set_up(engine: &Engine, symbols: usize) {
    engine.create_asset(&NewAsset::new("BASE", 0)).expect("a new engine");
    engine.create_asset(&NewAsset::new("QUOTE", 0)).expect("a new engine");
    for symbol in 0..symbols {
        let new = NewSymbol {
            name: format!("S{symbol}"),
            base: "BASE".into(),
            quote: "QUOTE".into(),
            tick_size: "1".into(),
            lot_size: "1".into(),
            ..NewSymbol::default()
        };
        engine.create_symbol(&new).expect("a new engine");
    }
}

/// Plenty of both assets; two tickets for each account.
pub(crate) fn deposit(ticket: u64) -> Call<'static> {
    let asset = if ticket.is_multiple_of(2) { "BASE" } else { "QUOTE" };
    Call::Deposit(Funds { account: 1 + ticket / 2, asset: Some(asset), amount: Some("1000000000000000") })
}
