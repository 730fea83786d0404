//! What a session must come to, worked out a second time: one map of orders, one map of money, plain integers.
//!
//! Shares no arithmetic with the core. It is told each command's answer and checks that the answer is the one
//! that price-time priority and the order's own terms allow; then it says what balances and books must be.

use std::collections::BTreeMap;

use lightning_core::message::{CanceledOrder, ExpireReason, OrderKind, OrderStatus, PlacedOrder, Trade};
use lightning_core::spec::SymbolSpec;
use lightning_core::types::Side;

#[derive(Default)]
pub(super) struct Model {
    symbols: BTreeMap<u32, Rules>,
    resting: BTreeMap<u64, Resting>,
    arrivals: u64,
    /// What each account owns of each asset, free or not.
    owned: BTreeMap<(u64, u32), u128>,
    /// Deposits and withdrawals per asset.
    flows: BTreeMap<u32, (u128, u128)>,
}

struct Rules {
    base: u32,
    quote: u32,
    lot: u128,
    tick: u128,
    quantity_max: u128,
    last_trade: u64,
}

#[derive(Clone, Copy)]
struct Resting {
    account: u64,
    symbol: u32,
    side: Side,
    price: u128,
    left: u128,
    arrival: u64,
}

impl Model {
    pub(super) fn add_symbol(&mut self, spec: &SymbolSpec) {
        let rules = Rules {
            base: spec.base().0,
            quote: spec.quote().0,
            lot: spec.lot_atoms(),
            tick: spec.tick_lot_atoms(),
            quantity_max: spec.limits().quantity_max.0.into(),
            last_trade: 0,
        };
        self.symbols.insert(spec.id().0, rules);
    }

    pub(super) fn deposit(&mut self, account: u64, asset: u32, amount: u128) {
        *self.owned.entry((account, asset)).or_default() += amount;
        self.flows.entry(asset).or_default().0 += amount;
    }

    pub(super) fn withdraw(&mut self, account: u64, asset: u32, amount: u128) {
        assert!(amount <= self.balance(account, asset).0, "a withdrawal of what is not available");
        *self.owned.entry((account, asset)).or_default() -= amount;
        self.flows.entry(asset).or_default().1 += amount;
    }

    /// Checks an accepted order's whole command, fill by fill, and carries it out. Says if the book changed.
    pub(super) fn place(&mut self, placed: &PlacedOrder, trades: &[Trade]) -> bool {
        let order = placed.order;
        let (taker, symbol) = (order.account.0, order.symbol.0);
        let limit = match order.kind {
            OrderKind::Limit { price, .. } => Some(u128::from(price.0)),
            OrderKind::MarketByQuantity { .. } | OrderKind::MarketByQuote { .. } => None,
        };
        assert_eq!(placed.fills.len(), trades.len(), "a fill is a trade");
        let (mut filled, mut paid) = (0_u128, 0_u128);
        for (fill, trade) in placed.fills.iter().zip(trades) {
            let (maker_id, maker) = self.front(symbol, order.side.opposite()).expect("a maker");
            assert_eq!(trade.maker.0, maker_id, "the trade's maker is the one in front");
            assert_eq!(u128::from(trade.price.0), maker.price, "a trade is at its maker's price");
            let within = limit.is_none_or(|limit| match order.side {
                Side::Buy => maker.price <= limit,
                Side::Sell => maker.price >= limit,
            });
            assert!(within, "a trade beyond the taker's limit");
            let wanted = self.wanted(symbol, order.kind, filled, paid, maker.price);
            let quantity = wanted.min(maker.left);
            assert!(quantity > 0, "a trade that nobody wanted");
            assert_eq!(u128::from(trade.quantity.0), quantity, "the traded quantity");

            let rules = self.symbols.get_mut(&symbol).expect("a known symbol");
            let notional = maker.price * quantity * rules.tick;
            rules.last_trade += 1;
            assert_eq!(trade.id.0, rules.last_trade, "trade ids have no holes");
            assert_eq!(trade.notional.0, notional, "the traded notional");
            assert_eq!((trade.taker, trade.taker_side), (placed.id, order.side));
            assert_eq!(trade.symbol, order.symbol);
            assert_eq!(
                (fill.trade, fill.price, fill.quantity, fill.notional),
                (trade.id, trade.price, trade.quantity, trade.notional)
            );
            let (base, quote, atoms) = (rules.base, rules.quote, quantity * rules.lot);
            let (buyer, seller) = match order.side {
                Side::Buy => (taker, maker.account),
                Side::Sell => (maker.account, taker),
            };
            self.pay(buyer, seller, quote, notional);
            self.pay(seller, buyer, base, atoms);
            filled += quantity;
            paid += notional;
            let left = &mut self.resting.get_mut(&maker_id).expect("the maker").left;
            *left -= quantity;
            if *left == 0 {
                self.resting.remove(&maker_id);
            }
        }
        assert_eq!((u128::from(placed.filled.0), placed.notional.0), (filled, paid));

        let front = self.front(symbol, order.side.opposite());
        let rests = match order.kind {
            OrderKind::Limit { price, quantity } => {
                let left = u128::from(quantity.0) - filled;
                let expected = match (left, filled) {
                    (0, _) => OrderStatus::Filled,
                    (_, 0) => OrderStatus::New,
                    _ => OrderStatus::PartiallyFilled,
                };
                assert_eq!(placed.status, expected, "the status of o{}", placed.id);
                if left > 0 {
                    self.arrivals += 1;
                    let resting = Resting {
                        account: taker,
                        symbol,
                        side: order.side,
                        price: price.0.into(),
                        left,
                        arrival: self.arrivals,
                    };
                    self.resting.insert(placed.id.0, resting);
                    let crossed = front.is_some_and(|(_, maker)| match order.side {
                        Side::Buy => maker.price <= resting.price,
                        Side::Sell => maker.price >= resting.price,
                    });
                    assert!(!crossed, "it rests though it could have traded");
                }
                left > 0
            }
            OrderKind::MarketByQuantity { .. } | OrderKind::MarketByQuote { .. } => {
                // With nobody left to ask, any budget that is not used up to the last atom wants more.
                let wants_more = match front {
                    Some((_, maker)) => self.wanted(symbol, order.kind, filled, paid, maker.price) > 0,
                    None => self.wanted_at_all(symbol, order.kind, filled, paid),
                };
                assert!(front.is_none() || !wants_more, "it stops though somebody still offers");
                let expected = if wants_more {
                    OrderStatus::Expired(ExpireReason::InsufficientLiquidity)
                } else {
                    OrderStatus::Filled
                };
                assert_eq!(placed.status, expected, "the status of o{}", placed.id);
                false
            }
        };
        let reserved = self.resting.get(&placed.id.0).map_or(0, |o| self.reserved(o));
        assert_eq!(placed.reserved.0, reserved, "what stays reserved");
        rests || filled > 0
    }

    pub(super) fn cancel(&mut self, account: u64, canceled: &CanceledOrder) {
        let order = self.resting.remove(&canceled.id.0).expect("a resting order");
        assert_eq!(order.account, account, "only the owner cancels");
        assert_eq!((order.symbol, order.side), (canceled.symbol.0, canceled.side));
        assert_eq!(u128::from(canceled.canceled.0), order.left);
        assert_eq!(canceled.released.0, self.reserved(&order), "a cancel frees what was left");
    }

    /// Did the account ever own anything?
    pub(super) fn knows(&self, account: u64) -> bool {
        self.owned.keys().any(|whose| whose.0 == account)
    }

    /// Available and frozen.
    pub(super) fn balance(&self, account: u64, asset: u32) -> (u128, u128) {
        let owned = self.owned.get(&(account, asset)).copied().unwrap_or_default();
        let mine = self.resting.values().filter(|o| o.account == account && self.gives(o) == asset);
        let frozen = mine.map(|order| self.reserved(order)).sum();
        assert!(frozen <= owned, "account {account} has {owned} and {frozen} frozen");
        (owned - frozen, frozen)
    }

    /// Deposits and withdrawals of an asset; what the accounts own is their difference.
    pub(super) fn flows(&self, asset: u32) -> (u128, u128) {
        self.flows.get(&asset).copied().unwrap_or_default()
    }

    /// Price, quantity and number of orders of each level of one side, best first.
    pub(super) fn levels(&self, symbol: u32, side: Side) -> Vec<(u128, u128, u32)> {
        let mut levels = BTreeMap::new();
        for order in self.resting.values().filter(|o| o.symbol == symbol && o.side == side) {
            let level: &mut (u128, u32) = levels.entry(order.price).or_default();
            *level = (level.0 + order.left, level.1 + 1);
        }
        let levels = levels.into_iter().map(|(price, (quantity, orders))| (price, quantity, orders));
        match side {
            Side::Buy => levels.rev().collect(),
            Side::Sell => levels.collect(),
        }
    }

    /// Id, owner, symbol, price, what is left and what is reserved of each resting order, by id.
    pub(super) fn orders(&self) -> Vec<(u64, u64, u32, u128, u128, u128)> {
        let line = |(&id, o): (&u64, &Resting)| {
            (id, o.account, o.symbol, o.price, o.left, self.symbols[&o.symbol].reserve(o))
        };
        self.resting.iter().map(line).collect()
    }

    /// The order of a side that trades next: best price, then oldest.
    fn front(&self, symbol: u32, side: Side) -> Option<(u64, Resting)> {
        let of_side = self.resting.iter().filter(|(_, o)| o.symbol == symbol && o.side == side);
        let front = match side {
            Side::Buy => of_side.min_by_key(|(_, o)| (u128::MAX - o.price, o.arrival)),
            Side::Sell => of_side.min_by_key(|(_, o)| (o.price, o.arrival)),
        };
        front.map(|(&id, &order)| (id, order))
    }

    /// How much more base an order wants at a price, after what it got.
    fn wanted(&self, symbol: u32, kind: OrderKind, filled: u128, paid: u128, price: u128) -> u128 {
        let rules = &self.symbols[&symbol];
        match kind {
            OrderKind::Limit { quantity, .. } | OrderKind::MarketByQuantity { quantity } => {
                u128::from(quantity.0) - filled
            }
            OrderKind::MarketByQuote { quote } => {
                ((quote.0 - paid) / (price * rules.tick)).min(rules.quantity_max - filled)
            }
        }
    }

    fn wanted_at_all(&self, symbol: u32, kind: OrderKind, filled: u128, paid: u128) -> bool {
        match kind {
            OrderKind::MarketByQuote { quote } => {
                paid < quote.0 && filled < self.symbols[&symbol].quantity_max
            }
            OrderKind::Limit { .. } | OrderKind::MarketByQuantity { .. } => {
                self.wanted(symbol, kind, filled, paid, 1) > 0
            }
        }
    }

    fn pay(&mut self, from: u64, to: u64, asset: u32, amount: u128) {
        *self.owned.entry((from, asset)).or_default() -= amount;
        *self.owned.entry((to, asset)).or_default() += amount;
    }

    fn gives(&self, order: &Resting) -> u32 {
        let rules = &self.symbols[&order.symbol];
        match order.side {
            Side::Buy => rules.quote,
            Side::Sell => rules.base,
        }
    }

    fn reserved(&self, order: &Resting) -> u128 {
        self.symbols[&order.symbol].reserve(order)
    }
}

impl Rules {
    fn reserve(&self, order: &Resting) -> u128 {
        match order.side {
            Side::Buy => order.price * order.left * self.tick,
            Side::Sell => order.left * self.lot,
        }
    }
}
