//! The exchange that nobody could get wrong: one list of orders, one map of money, every answer a search.
//!
//! It shares **no code** with the core, not even a type: numbers here are plain integers, so a mistake in the
//! core's units, books or ledger cannot be repeated here by construction. It is slow on purpose and serial by
//! nature. What it leaves out is what makes the core hard: shards, reservations in flight, price ladders.
//!
//! Two simplifications carry it. Frozen money is not stored: it **is** what the open orders still need. And
//! whether a market order is affordable is found by trying it out on a copy of the whole exchange.

use std::collections::{BTreeMap, BTreeSet};

/// Atoms of money. Signed, so that a mistake shows as a negative balance instead of a panic on the way.
pub type Money = i128;

/// Most atoms a deposit may bring a balance to.
const BALANCE_MAX: Money = (1 << 96) - 1;

/// A symbol's rules.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// The asset that is bought and sold.
    pub base: u32,
    /// The asset that it is paid with.
    pub quote: u32,
    /// Base atoms of one lot.
    pub lot: Money,
    /// Quote atoms of one lot at a price of one tick.
    pub tick_lot: Money,
    /// Lots of the largest order.
    pub quantity_max: u64,
}

/// Bounds per account and shard.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Open orders an account may have.
    pub open_orders_max: usize,
    /// Closed orders that are remembered.
    pub closed_orders_max: usize,
}

/// Who gives quote, who gives base.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Gives quote.
    Buy,
    /// Gives base.
    Sell,
}

/// What an order asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// So many lots at this price or better; the rest waits.
    Limit {
        /// In ticks.
        price: u64,
        /// In lots.
        quantity: u64,
    },
    /// So many lots at any price.
    Quantity(u64),
    /// Lots for so much quote.
    Quote(Money),
}

/// An order as it comes in.
#[derive(Clone, Copy, Debug)]
pub struct NewOrder {
    /// Whose.
    pub account: u64,
    /// On which symbol.
    pub symbol: u32,
    /// Buy or sell.
    pub side: Side,
    /// What it asks for.
    pub kind: Kind,
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Waits, nothing traded.
    New,
    /// Waits, something traded.
    PartiallyFilled,
    /// Got what it asked for.
    Filled,
    /// Taken off by its owner.
    Canceled,
    /// A market order, and nobody was left to trade with.
    Expired,
}

/// An accepted order, open or closed.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// Its id.
    pub id: u64,
    /// As it came in.
    pub new: NewOrder,
    /// Where it stands.
    pub status: Status,
    /// Lots traded.
    pub filled: u64,
    /// Quote atoms traded.
    pub notional: Money,
}

/// One trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// On which symbol.
    pub symbol: u32,
    /// 1, 2, 3 ... per symbol.
    pub id: u64,
    /// The price of the order that waited.
    pub price: u64,
    /// In lots.
    pub quantity: u64,
    /// In quote atoms.
    pub notional: Money,
    /// The side of the order that came in.
    pub taker_side: Side,
    /// The order that waited.
    pub maker: u64,
    /// The order that came in.
    pub taker: u64,
}

/// What placing an order did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Where the order stands.
    pub status: Status,
    /// Lots traded.
    pub filled: u64,
    /// Quote atoms traded.
    pub notional: Money,
    /// What it still holds back.
    pub reserved: Money,
    /// The trades, in order.
    pub trades: Vec<Trade>,
    /// The symbol's book sequence after it.
    pub book_seq: u64,
}

/// What canceling an order did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Canceled {
    /// On which symbol it was.
    pub symbol: u32,
    /// Its side.
    pub side: Side,
    /// Lots that will not trade.
    pub quantity: u64,
    /// What is free again.
    pub released: Money,
    /// The symbol's book sequence after it.
    pub book_seq: u64,
}

/// A refusal. Nothing changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 2030: not even one lot.
    NotOneLot,
    /// 2050: this many open orders are enough.
    TooManyOpenOrders(usize),
    /// 3000: no such account.
    UnknownAccount,
    /// 3010: not enough money.
    Insufficient {
        /// Of which asset.
        asset: u32,
        /// Needed.
        required: Money,
        /// There.
        available: Money,
    },
    /// 3012: too much money.
    BalanceOverflow,
    /// 4000: no such order of yours.
    UnknownOrder,
    /// 4002: it is closed already, like this.
    AlreadyClosed {
        /// Which order.
        order: u64,
        /// How it ended.
        status: Status,
    },
}

/// The whole exchange.
#[derive(Clone, Debug)]
pub struct Oracle {
    symbols: BTreeMap<u32, Rules>,
    limits: Limits,
    accounts: BTreeSet<u64>,
    /// By account and asset. What is frozen is not here: see [`Oracle::frozen`].
    available: BTreeMap<(u64, u32), Money>,
    /// Every accepted order, first come first.
    orders: Vec<Order>,
    /// Ids of closed orders, in the order of closing.
    closed: Vec<u64>,
    last_trade: BTreeMap<u32, u64>,
    book_seq: BTreeMap<u32, u64>,
}

impl Oracle {
    /// An exchange without symbols and accounts.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            symbols: BTreeMap::new(),
            limits,
            accounts: BTreeSet::new(),
            available: BTreeMap::new(),
            orders: Vec::new(),
            closed: Vec::new(),
            last_trade: BTreeMap::new(),
            book_seq: BTreeMap::new(),
        }
    }

    /// Adds a symbol.
    pub fn add_symbol(&mut self, symbol: u32, rules: Rules) {
        self.symbols.insert(symbol, rules);
    }

    /// Adds money; the first deposit makes the account.
    ///
    /// # Errors
    /// 3012.
    pub fn deposit(&mut self, account: u64, asset: u32, amount: Money) -> Result<(), Refusal> {
        if self.available(account, asset) + self.frozen(account, asset) + amount > BALANCE_MAX {
            return Err(Refusal::BalanceOverflow);
        }
        self.credit(account, asset, amount);
        Ok(())
    }

    /// Adds money without asking whether it is too much: a deposit that was decided already.
    pub fn credit(&mut self, account: u64, asset: u32, amount: Money) {
        self.accounts.insert(account);
        self.give(account, asset, amount);
    }

    /// Takes money that is not held back for orders.
    ///
    /// # Errors
    /// 3000, 3010.
    pub fn withdraw(&mut self, account: u64, asset: u32, amount: Money) -> Result<(), Refusal> {
        self.check_account(account)?;
        self.check_funds(account, asset, amount)?;
        self.give(account, asset, -amount);
        Ok(())
    }

    /// Places an order under a given id. Without a `budget` a market order may spend all that is available;
    /// with one, that much and no more, which is what a recorded reservation allows it.
    ///
    /// # Errors
    /// 3000, 2050, 3010, 2030.
    pub fn place(&mut self, id: u64, new: NewOrder, budget: Option<Money>) -> Result<Placed, Refusal> {
        let rules = self.symbols[&new.symbol];
        self.check_account(new.account)?;
        let max = self.limits.open_orders_max;
        if self.open_orders().filter(|order| order.new.account == new.account).count() >= max {
            return Err(Refusal::TooManyOpenOrders(max));
        }
        let gives = match new.side {
            Side::Buy => rules.quote,
            Side::Sell => rules.base,
        };
        // What can be told without the book: the worst case of a limit order, and what a market order names.
        match (new.kind, new.side) {
            (Kind::Limit { price, quantity }, Side::Buy) => {
                self.check_funds(new.account, gives, cost(&rules, price, quantity))?;
            }
            (Kind::Limit { quantity, .. } | Kind::Quantity(quantity), Side::Sell) => {
                self.check_funds(new.account, gives, Money::from(quantity) * rules.lot)?;
            }
            (Kind::Quote(quote), Side::Buy) => self.check_funds(new.account, gives, quote)?,
            (Kind::Quantity(_), Side::Buy) | (Kind::Quote(_), Side::Sell) => {}
        }
        if let Kind::Quote(quote) = new.kind
            && let Some(best) = self.next_maker(new.symbol, new.side)
            && cost(&rules, limit_price(&self.orders[best]), 1) > quote
        {
            return Err(Refusal::NotOneLot);
        }
        let spendable = budget.unwrap_or(self.available(new.account, gives));
        let mut after = self.clone();
        let placed = after.execute(id, new);
        let required = match new.side {
            Side::Buy => placed.notional,
            Side::Sell => Money::from(placed.filled) * rules.lot,
        };
        if !matches!(new.kind, Kind::Limit { .. }) && required > spendable {
            return Err(Refusal::Insufficient { asset: gives, required, available: spendable });
        }
        *self = after;
        self.check();
        Ok(placed)
    }

    /// Takes an open order off, if its owner asks.
    ///
    /// # Errors
    /// 3000, 4000, 4002.
    pub fn cancel(&mut self, account: u64, id: u64) -> Result<Canceled, Refusal> {
        self.check_account(account)?;
        let order = match self.order(id) {
            Some(order) if order.new.account == account => *order,
            _ => return Err(Refusal::UnknownOrder),
        };
        if !is_open(&order) {
            return Err(Refusal::AlreadyClosed { order: id, status: order.status });
        }
        let released = self.reserved(&order);
        let rules = self.symbols[&order.new.symbol];
        self.give(account, gives(&rules, order.new.side), released);
        self.close(id, Status::Canceled);
        self.check();
        Ok(Canceled {
            symbol: order.new.symbol,
            side: order.new.side,
            quantity: open_quantity(&order),
            released,
            book_seq: self.bump_book_seq(order.new.symbol),
        })
    }

    /// Money an account may use.
    #[must_use]
    pub fn available(&self, account: u64, asset: u32) -> Money {
        self.available.get(&(account, asset)).copied().unwrap_or(0)
    }

    /// Money held back: what the account's open orders still need.
    #[must_use]
    pub fn frozen(&self, account: u64, asset: u32) -> Money {
        self.open_orders()
            .filter(|order| order.new.account == account)
            .filter(|order| gives(&self.symbols[&order.new.symbol], order.new.side) == asset)
            .map(|order| self.reserved(order))
            .sum()
    }

    /// Does the account exist?
    #[must_use]
    pub fn knows(&self, account: u64) -> bool {
        self.accounts.contains(&account)
    }

    /// An order that is open, or closed and still remembered.
    #[must_use]
    pub fn order(&self, id: u64) -> Option<&Order> {
        let forgotten = self.closed.len().saturating_sub(self.limits.closed_orders_max);
        if self.closed[..forgotten].contains(&id) {
            return None;
        }
        self.orders.iter().find(|order| order.id == id)
    }

    /// Open orders, first come first.
    pub fn open_orders(&self) -> impl Iterator<Item = &Order> + Clone {
        self.orders.iter().filter(|order| is_open(order))
    }

    /// What an order still holds back: nothing once it is closed.
    #[must_use]
    pub fn reserved(&self, order: &Order) -> Money {
        let rules = &self.symbols[&order.new.symbol];
        match order.new.side {
            _ if !is_open(order) => 0,
            Side::Buy => cost(rules, limit_price(order), open_quantity(order)),
            Side::Sell => Money::from(open_quantity(order)) * rules.lot,
        }
    }

    /// Price levels of one side, best first: price, lots, orders.
    #[must_use]
    pub fn levels(&self, symbol: u32, side: Side) -> Vec<(u64, u128, usize)> {
        let mut levels: BTreeMap<u64, (u128, usize)> = BTreeMap::new();
        for order in self.open_orders().filter(|o| o.new.symbol == symbol && o.new.side == side) {
            let level = levels.entry(limit_price(order)).or_default();
            level.0 += u128::from(open_quantity(order));
            level.1 += 1;
        }
        let mut levels: Vec<_> =
            levels.into_iter().map(|(price, (lots, orders))| (price, lots, orders)).collect();
        if side == Side::Buy {
            levels.reverse();
        }
        levels
    }

    /// Trades until sated or nobody crosses; then the rest of a limit order waits, of a market order expires.
    /// Money is moved as it goes; whether the taker had it is for the caller to decide, who works on a copy.
    fn execute(&mut self, id: u64, new: NewOrder) -> Placed {
        let rules = self.symbols[&new.symbol];
        let (mut filled, mut notional, mut trades) = (0, 0, Vec::new());
        let sated = loop {
            // How many lots it still wants, whatever they cost.
            let lots_left = match new.kind {
                Kind::Limit { quantity, .. } | Kind::Quantity(quantity) => quantity - filled,
                Kind::Quote(_) => rules.quantity_max - filled,
            };
            let money_left = match new.kind {
                Kind::Quote(quote) => Some(quote - notional),
                _ => None,
            };
            if lots_left == 0 || money_left == Some(0) {
                break true;
            }
            let Some(at) = self.next_maker(new.symbol, new.side) else {
                break false;
            };
            let maker = self.orders[at];
            let price = limit_price(&maker);
            if let Kind::Limit { price: limit, .. } = new.kind {
                let crosses = match new.side {
                    Side::Buy => price <= limit,
                    Side::Sell => price >= limit,
                };
                if !crosses {
                    break false;
                }
            }
            let affordable = match money_left {
                Some(money) => u64::try_from(money / cost(&rules, price, 1)).unwrap_or(u64::MAX),
                None => u64::MAX,
            };
            let quantity = lots_left.min(open_quantity(&maker)).min(affordable);
            if quantity == 0 {
                break true; // One more lot does not fit into the money that is left.
            }
            let worth = cost(&rules, price, quantity);
            let lots = Money::from(quantity) * rules.lot;
            filled += quantity;
            notional += worth;
            // The taker gives from what is available. What the maker gives was held back by its open order,
            // and is not any more as soon as the order counts as filled by that much.
            match new.side {
                Side::Buy => {
                    self.give(new.account, rules.quote, -worth);
                    self.give(new.account, rules.base, lots);
                    self.give(maker.new.account, rules.quote, worth);
                }
                Side::Sell => {
                    self.give(new.account, rules.base, -lots);
                    self.give(new.account, rules.quote, worth);
                    self.give(maker.new.account, rules.base, lots);
                }
            }
            self.orders[at].filled += quantity;
            self.orders[at].notional += worth;
            self.orders[at].status = Status::PartiallyFilled;
            if open_quantity(&self.orders[at]) == 0 {
                self.close(maker.id, Status::Filled);
            }
            let trade = self.last_trade.entry(new.symbol).or_insert(0);
            *trade += 1;
            trades.push(Trade {
                symbol: new.symbol,
                id: *trade,
                price,
                quantity,
                notional: worth,
                taker_side: new.side,
                maker: maker.id,
                taker: id,
            });
        };
        let rests = matches!(new.kind, Kind::Limit { .. }) && !sated;
        let status = match (sated, rests) {
            (true, _) => Status::Filled,
            (_, true) if filled == 0 => Status::New,
            (_, true) => Status::PartiallyFilled,
            _ => Status::Expired,
        };
        let order = Order { id, new, status, filled, notional };
        self.orders.push(order);
        let reserved = self.reserved(&order);
        if rests {
            self.give(new.account, gives(&rules, new.side), -reserved);
        } else {
            self.closed.push(id);
        }
        if rests || !trades.is_empty() {
            self.bump_book_seq(new.symbol);
        }
        Placed {
            status,
            filled,
            notional,
            reserved,
            trades,
            book_seq: self.book_seq.get(&new.symbol).copied().unwrap_or(0),
        }
    }

    /// Whom an order of `side` trades with next: of the open orders of the other side the one with the best
    /// price, of several the one that came first.
    fn next_maker(&self, symbol: u32, side: Side) -> Option<usize> {
        let mut best: Option<usize> = None;
        for (at, order) in self.orders.iter().enumerate() {
            if !is_open(order) || order.new.symbol != symbol || order.new.side == side {
                continue;
            }
            let is_better = match best {
                None => true,
                Some(best) if side == Side::Buy => limit_price(order) < limit_price(&self.orders[best]),
                Some(best) => limit_price(order) > limit_price(&self.orders[best]),
            };
            if is_better {
                best = Some(at);
            }
        }
        best
    }

    fn close(&mut self, id: u64, status: Status) {
        let order = self.orders.iter_mut().find(|order| order.id == id).expect("a known order");
        order.status = status;
        self.closed.push(id);
    }

    fn give(&mut self, account: u64, asset: u32, amount: Money) {
        *self.available.entry((account, asset)).or_insert(0) += amount;
    }

    fn bump_book_seq(&mut self, symbol: u32) -> u64 {
        let seq = self.book_seq.entry(symbol).or_insert(0);
        *seq += 1;
        *seq
    }

    fn check_account(&self, account: u64) -> Result<(), Refusal> {
        if self.knows(account) { Ok(()) } else { Err(Refusal::UnknownAccount) }
    }

    fn check_funds(&self, account: u64, asset: u32, required: Money) -> Result<(), Refusal> {
        let available = self.available(account, asset);
        if required > available {
            return Err(Refusal::Insufficient { asset, required, available });
        }
        Ok(())
    }

    fn check(&self) {
        for (key, money) in &self.available {
            assert!(*money >= 0, "the oracle lets account and asset {key:?} owe {money}");
        }
    }
}

fn is_open(order: &Order) -> bool {
    matches!(order.status, Status::New | Status::PartiallyFilled)
}

/// Lots that an open order still waits for.
fn open_quantity(order: &Order) -> u64 {
    match order.new.kind {
        Kind::Limit { quantity, .. } => quantity - order.filled,
        _ => unreachable!("only limit orders wait"),
    }
}

fn limit_price(order: &Order) -> u64 {
    match order.new.kind {
        Kind::Limit { price, .. } => price,
        _ => unreachable!("only limit orders wait"),
    }
}

fn gives(rules: &Rules, side: Side) -> u32 {
    match side {
        Side::Buy => rules.quote,
        Side::Sell => rules.base,
    }
}

fn cost(rules: &Rules, price: u64, quantity: u64) -> Money {
    Money::from(price) * Money::from(quantity) * rules.tick_lot
}
