//! The exchange that nobody could get wrong: one list of orders, one map of money, every answer a search.
//!
//! It is written from `docs/SEMANTICS.md` and shares **no code** with the core, not even a type: numbers here
//! are plain integers, so a mistake in the core's units, books or ledger cannot be repeated here by
//! construction. It is slow on purpose and serial by nature. What it leaves out is what makes the core hard:
//! shards, reservations in flight, price ladders, queues of triggers and expiries.
//!
//! Three simplifications carry it. An account's money is one number; frozen is not stored: it **is** what the
//! open orders need, plus holds. Whatever is "walked without effect" is done on a copy of the whole exchange.
//! And whether a command changed the book is found by looking at the book before and after.
//!
//! Fields of an order are not checked here (shape, tick, lot, range, combination): an edge does that before.

mod matching;
mod operations;
mod placing;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

pub use words::*;

/// Most atoms a deposit may bring a balance to.
const BALANCE_MAX: Money = (1 << 96) - 1;

/// Nanoseconds of a day.
const DAY: Time = 86_400_000_000_000;

/// Billionths of a whole.
const BILLION: i128 = 1_000_000_000;

/// Nanoseconds of a minute.
const MINUTE: Time = 60_000_000_000;

/// One account.
#[derive(Clone, Debug)]
struct Account {
    status: AccountStatus,
    can_trade: bool,
    can_withdraw: bool,
    fees: Option<Fees>,
    fees_by_symbol: BTreeMap<u32, Fees>,
    stp_group: Option<u32>,
    /// When all its orders are canceled.
    deadline: Option<Time>,
    bucket: Option<Bucket>,
}

/// How many orders an account may place at present.
#[derive(Clone, Debug)]
struct Bucket {
    per_second: i128,
    burst: i128,
    /// Billionths of an order, at that time.
    has: i128,
    at: Time,
}

/// One symbol.
#[derive(Clone, Debug)]
struct Market {
    rules: Rules,
    status: SymbolStatus,
    last_price: Option<u64>,
    last_trade: u64,
    book_seq: u64,
    /// Fees that it has earned (or owes), by asset.
    accrued: BTreeMap<u32, Money>,
    /// Time, price and quantity of the trades that the average price is made of.
    tape: Vec<(Time, u64, u64)>,
}

/// What a command's effects are measured against: of each symbol its last trade and its resting orders
/// (id, place, price, lots shown, lots open).
type Books = BTreeMap<u32, (u64, Vec<(u64, u64, Option<u64>, u64, u64)>)>;

/// The whole exchange.
#[derive(Clone, Debug)]
pub struct Oracle {
    limits: Limits,
    now: Time,
    markets: BTreeMap<u32, Market>,
    accounts: BTreeMap<u64, Account>,
    /// By account and asset: all of it, frozen or not.
    totals: BTreeMap<(u64, u32), Money>,
    /// By account and asset: what is frozen, and not for an order.
    held: BTreeMap<(u64, u32), Money>,
    /// By asset: deposits less withdrawals.
    brought: BTreeMap<u32, Money>,
    /// Every accepted order that is remembered, first come first.
    orders: Vec<Order>,
    /// Ids of closed orders, in the order of closing.
    closed: Vec<u64>,
    /// The highest place that was given in a book.
    last_rank: u64,
    /// Trades of the present command.
    news: Vec<Trade>,
}

impl Oracle {
    /// An exchange without symbols and accounts.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            now: 0,
            markets: BTreeMap::new(),
            accounts: BTreeMap::new(),
            totals: BTreeMap::new(),
            held: BTreeMap::new(),
            brought: BTreeMap::new(),
            orders: Vec::new(),
            closed: Vec::new(),
            last_rank: 0,
            news: Vec::new(),
        }
    }

    // Symbols.

    /// Adds a symbol.
    pub fn add_symbol(&mut self, symbol: u32, rules: Rules) {
        let market = Market {
            status: rules.status,
            rules,
            last_price: None,
            last_trade: 0,
            book_seq: 0,
            accrued: BTreeMap::new(),
            tape: Vec::new(),
        };
        assert!(self.markets.insert(symbol, market).is_none(), "symbol {symbol} is added twice");
    }

    /// Replaces a symbol's rules, but not its status. Orders that are open keep their rates and times.
    ///
    /// # Errors
    /// 2000, 6005 for another asset, unit or fee mode.
    pub fn set_rules(&mut self, symbol: u32, rules: Rules) -> Result<(), Refusal> {
        let market = self.markets.get_mut(&symbol).ok_or(Refusal::UnknownSymbol)?;
        let fixed = |rules: &Rules| (rules.base, rules.quote, rules.lot, rules.tick_lot, rules.fee_mode);
        if fixed(&rules) != fixed(&market.rules) {
            return Err(Refusal::ImmutableField);
        }
        if rules.reference_minutes.is_none() {
            market.tape.clear();
        }
        market.rules = rules;
        Ok(())
    }

    /// Changes a symbol's status. Closing it cancels its orders, if `cancel_open` allows it.
    ///
    /// # Errors
    /// 2000, 6006, 6003.
    pub fn set_status(
        &mut self,
        symbol: u32,
        status: SymbolStatus,
        cancel_open: bool,
    ) -> Result<Vec<Canceled>, Refusal> {
        let market = self.markets.get(&symbol).ok_or(Refusal::UnknownSymbol)?;
        if market.status == SymbolStatus::Closed && status != SymbolStatus::Closed {
            return Err(Refusal::BadStatusTransition);
        }
        let is_used = self.open_orders().any(|order| order.new.symbol == symbol);
        if status == SymbolStatus::Closed && is_used && !cancel_open {
            return Err(Refusal::SymbolInUse);
        }
        let before = self.begin();
        let mut canceled = Vec::new();
        if status == SymbolStatus::Closed {
            canceled = self.cancel_where(Reason::SymbolClosed, |order| order.new.symbol == symbol);
        }
        self.markets.get_mut(&symbol).expect("a known symbol").status = status;
        self.finish(&before);
        Ok(self.seen_all(canceled))
    }

    // Accounts and money.

    /// Adds money; the first deposit makes the account.
    ///
    /// # Errors
    /// 3002, 3012.
    pub fn deposit(&mut self, account: u64, asset: u32, amount: Money) -> Result<(), Refusal> {
        self.check_may_receive(account, asset, amount)?;
        self.credit(account, asset, amount);
        Ok(())
    }

    /// Adds money without asking whether it is too much: a deposit that was decided already.
    pub fn credit(&mut self, account: u64, asset: u32, amount: Money) {
        self.open_account(account);
        self.give(account, asset, amount);
        *self.brought.entry(asset).or_insert(0) += amount;
        self.check();
    }

    /// Takes money that is not frozen.
    ///
    /// # Errors
    /// 3000, 3002, 3001, 3003, 3010.
    pub fn withdraw(&mut self, account: u64, asset: u32, amount: Money) -> Result<(), Refusal> {
        self.check_may_withdraw(account)?;
        self.check_funds(account, asset, amount)?;
        self.give(account, asset, -amount);
        *self.brought.entry(asset).or_insert(0) -= amount;
        self.check();
        Ok(())
    }

    /// Moves money that is not frozen to another account.
    ///
    /// # Errors
    /// 3000, 3002, 3001, 3003, 3010; then of the receiver 3000, 3002, 3012.
    pub fn transfer(&mut self, from: u64, to: u64, asset: u32, amount: Money) -> Result<(), Refusal> {
        self.check_may_withdraw(from)?;
        self.check_funds(from, asset, amount)?;
        if from != to {
            self.check_exists(to)?;
            self.check_may_receive(to, asset, amount)?;
            self.give(from, asset, -amount);
            self.give(to, asset, amount);
        }
        self.check();
        Ok(())
    }

    /// Freezes money.
    ///
    /// # Errors
    /// 3000, 3002, 3001, 3003, 3010.
    pub fn hold(&mut self, account: u64, asset: u32, amount: Money) -> Result<(), Refusal> {
        self.check_may_withdraw(account)?;
        self.check_funds(account, asset, amount)?;
        *self.held.entry((account, asset)).or_insert(0) += amount;
        self.check();
        Ok(())
    }

    /// Makes held money available again.
    ///
    /// # Errors
    /// 3000, 3002, 3010.
    pub fn release_hold(&mut self, account: u64, asset: u32, amount: Money) -> Result<(), Refusal> {
        self.check_may_cancel(account)?;
        let held = self.held(account, asset);
        if amount > held {
            return Err(Refusal::Insufficient { asset, required: amount, available: held });
        }
        self.held.insert((account, asset), held - amount);
        self.check();
        Ok(())
    }

    /// Moves what a symbol has earned to an account, by asset what was moved.
    ///
    /// # Errors
    /// 3000, 3002, 2000.
    pub fn collect_fees(&mut self, account: u64, symbol: u32) -> Result<BTreeMap<u32, Money>, Refusal> {
        self.check_may_cancel(account)?;
        let market = self.markets.get(&symbol).ok_or(Refusal::UnknownSymbol)?;
        let mut earned = market.accrued.clone();
        earned.retain(|_, money| *money > 0);
        for (asset, money) in &earned {
            self.give(account, *asset, *money);
            self.markets.get_mut(&symbol).expect("a known symbol").accrued.insert(*asset, 0);
        }
        self.check();
        Ok(earned)
    }

    /// Changes an account's status.
    ///
    /// # Errors
    /// 3000, 6006, 3011, 3013.
    pub fn set_account_status(&mut self, account: u64, status: AccountStatus) -> Result<(), Refusal> {
        let was = self.accounts.get(&account).ok_or(Refusal::UnknownAccount)?.status;
        if status != AccountStatus::Closed && was == AccountStatus::Closed {
            return Err(Refusal::BadStatusTransition);
        }
        if status == AccountStatus::Closed {
            if self.open_orders().any(|order| order.new.account == account) {
                return Err(Refusal::HasOpenOrders);
            }
            if self.totals.iter().any(|((owner, _), money)| *owner == account && *money != 0) {
                return Err(Refusal::NonZeroBalance);
            }
        }
        let account = self.account_mut(account)?;
        account.status = status;
        if status == AccountStatus::Closed {
            account.deadline = None;
        }
        Ok(())
    }

    /// Limits how many orders an account may place: `burst` at once, and so many per second in the long run.
    ///
    /// # Errors
    /// 3000.
    pub fn set_rate_limit(&mut self, account: u64, limit: Option<(i128, i128)>) -> Result<(), Refusal> {
        let now = self.now;
        self.account_mut(account)?.bucket =
            limit.map(|(per_second, burst)| Bucket { per_second, burst, has: burst * BILLION, at: now });
        Ok(())
    }

    /// 5003, or takes so many orders' worth. More than there can be at once costs all there can be.
    fn take_tokens(&mut self, account: u64, tokens: i128) -> Result<(), Refusal> {
        let now = self.now;
        let Some(bucket) = &mut self.account_mut(account)?.bucket else {
            return Ok(());
        };
        let came = i128::from(now - bucket.at) * bucket.per_second;
        let has = (bucket.has + came).min(bucket.burst * BILLION);
        let missing = tokens.min(bucket.burst) * BILLION - has;
        if missing > 0 {
            let nanos = (missing + bucket.per_second - 1) / bucket.per_second;
            return Err(Refusal::RateLimited { nanos: Time::try_from(nanos).expect("not that long") });
        }
        (bucket.has, bucket.at) = (-missing, now);
        Ok(())
    }

    /// Changes what an account is permitted to do.
    ///
    /// # Errors
    /// 3000.
    pub fn set_permissions(&mut self, account: u64, trade: bool, withdraw: bool) -> Result<(), Refusal> {
        let account = self.account_mut(account)?;
        account.can_trade = trade;
        account.can_withdraw = withdraw;
        Ok(())
    }

    /// Changes an account's fee rates, for one symbol or all; none: back to the next wider ones.
    ///
    /// # Errors
    /// 3000.
    pub fn set_fees(&mut self, account: u64, symbol: Option<u32>, fees: Option<Fees>) -> Result<(), Refusal> {
        let account = self.account_mut(account)?;
        match (symbol, fees) {
            (None, fees) => account.fees = fees,
            (Some(symbol), Some(fees)) => {
                account.fees_by_symbol.insert(symbol, fees);
            }
            (Some(symbol), None) => {
                account.fees_by_symbol.remove(&symbol);
            }
        }
        Ok(())
    }

    /// Puts an account into a self-trade group, or into none. Orders that are open keep theirs.
    ///
    /// # Errors
    /// 3000.
    pub fn set_stp_group(&mut self, account: u64, group: Option<u32>) -> Result<(), Refusal> {
        self.account_mut(account)?.stp_group = group;
        Ok(())
    }

    // Time.

    /// Sets the clock, which never goes back: what is due by then is done, each at its own time; at the same
    /// time orders expire (by id) before timers run out (by account). Each is a command of its own. Names the
    /// orders that are closed by it.
    pub fn advance(&mut self, now: Time) -> Vec<u64> {
        let mut closed = Vec::new();
        while let Some((time, kind, name)) = self.next_due().filter(|due| due.0 <= now) {
            self.now = self.now.max(time);
            let before = self.begin();
            let closed_before = self.closed.len();
            if kind == 0 {
                let is_day = self.get(name).new.tif == Tif::Day;
                let reason = if is_day { Reason::SessionEnd } else { Reason::GtdExpired };
                self.close(name, Status::Expired, Some(reason));
            } else {
                self.accounts.get_mut(&name).expect("a known account").deadline = None;
                self.cancel_where(Reason::Deadman, |order| order.new.account == name);
            }
            self.finish(&before);
            closed.extend_from_slice(&self.closed[closed_before..]);
        }
        self.now = self.now.max(now);
        closed
    }

    /// What is due next: when, 0 for an order and 1 for a timer, and whose.
    fn next_due(&self) -> Option<(Time, u8, u64)> {
        let orders = self.open_orders().filter_map(|order| Some((order.expire_at?, 0, order.id)));
        let timers = self.accounts.iter().filter_map(|(id, account)| Some((account.deadline?, 1, *id)));
        orders.chain(timers).min()
    }

    // Questions.

    /// The time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// Money an account may use.
    #[must_use]
    pub fn available(&self, account: u64, asset: u32) -> Money {
        self.total(account, asset) - self.frozen(account, asset)
    }

    /// Money an account may not use: what its open orders need, and holds.
    #[must_use]
    pub fn frozen(&self, account: u64, asset: u32) -> Money {
        let for_orders: Money = self
            .open_orders()
            .filter(|order| order.new.account == account)
            .filter(|order| self.rules(order.new.symbol).gives(order.new.side) == asset)
            .map(|order| self.reserved(order))
            .sum();
        for_orders + self.held(account, asset)
    }

    /// Money frozen by [`Oracle::hold`].
    #[must_use]
    pub fn held(&self, account: u64, asset: u32) -> Money {
        self.held.get(&(account, asset)).copied().unwrap_or(0)
    }

    /// All money of an account.
    #[must_use]
    pub fn total(&self, account: u64, asset: u32) -> Money {
        self.totals.get(&(account, asset)).copied().unwrap_or(0)
    }

    /// Does the account exist?
    #[must_use]
    pub fn knows(&self, account: u64) -> bool {
        self.accounts.contains_key(&account)
    }

    /// What an account may do.
    #[must_use]
    pub fn account_status(&self, account: u64) -> Option<AccountStatus> {
        Some(self.accounts.get(&account)?.status)
    }

    /// When an account's timer runs out.
    #[must_use]
    pub fn deadline(&self, account: u64) -> Option<Time> {
        self.accounts.get(&account)?.deadline
    }

    /// The trades of the last command in order: an order's own, then those of orders that it triggered.
    #[must_use]
    pub fn trades(&self) -> &[Trade] {
        &self.news
    }

    /// Forgets them, before something is asked that does not trade.
    pub fn forget_trades(&mut self) {
        self.news.clear();
    }

    /// Orders that are closed and still remembered, the last closed first.
    pub fn closed_orders(&self) -> impl Iterator<Item = &Order> {
        self.closed[self.forgotten().len()..].iter().rev().map(|id| self.get(*id))
    }

    /// An order that had to do with the last command, remembered or not.
    #[must_use]
    pub fn any_order(&self, id: u64) -> Option<&Order> {
        self.orders.iter().find(|order| order.id == id)
    }

    /// An order that is open, or closed and still remembered.
    #[must_use]
    pub fn order(&self, id: u64) -> Option<&Order> {
        if self.forgotten().contains(&id) {
            return None;
        }
        self.orders.iter().find(|order| order.id == id)
    }

    /// Open orders, first come first.
    pub fn open_orders(&self) -> impl Iterator<Item = &Order> + Clone {
        self.orders.iter().filter(|order| order.is_open())
    }

    /// What an order holds back, of the asset that it gives: nothing once it is closed. Of the two legs of a
    /// list the limit leg holds what the needier one needs.
    #[must_use]
    pub fn reserved(&self, order: &Order) -> Money {
        match order.sibling {
            Some(_) if order.new.trigger.is_some() => 0,
            Some(sibling) => self.need(order).max(self.need(self.get(sibling))),
            None => self.need(order),
        }
    }

    /// Price levels of one side, best first: price, lots that are seen, orders.
    #[must_use]
    pub fn levels(&self, symbol: u32, side: Side) -> Vec<(u64, u128, usize)> {
        let mut levels: BTreeMap<u64, (u128, usize)> = BTreeMap::new();
        for order in self.resting(symbol).filter(|order| order.new.side == side) {
            let level = levels.entry(order.price.expect("only limit orders rest")).or_default();
            level.0 += u128::from(order.shown);
            level.1 += 1;
        }
        let mut levels: Vec<_> =
            levels.into_iter().map(|(price, (lots, orders))| (price, lots, orders)).collect();
        if side == Side::Buy {
            levels.reverse();
        }
        levels
    }

    /// A symbol's rules.
    ///
    /// # Panics
    /// If there is no such symbol.
    #[must_use]
    pub fn rules(&self, symbol: u32) -> &Rules {
        &self.markets[&symbol].rules
    }

    /// A symbol's status.
    ///
    /// # Panics
    /// If there is no such symbol.
    #[must_use]
    pub fn status(&self, symbol: u32) -> SymbolStatus {
        self.markets[&symbol].status
    }

    /// The price of a symbol's last trade.
    #[must_use]
    pub fn last_price(&self, symbol: u32) -> Option<u64> {
        self.markets.get(&symbol)?.last_price
    }

    /// A symbol's book sequence: how many commands have changed its book.
    #[must_use]
    pub fn book_seq(&self, symbol: u32) -> u64 {
        self.markets.get(&symbol).map_or(0, |market| market.book_seq)
    }

    /// Fees that a symbol has earned (or owes) and that are not collected.
    #[must_use]
    pub fn accrued(&self, symbol: u32, asset: u32) -> Money {
        self.markets.get(&symbol).and_then(|market| market.accrued.get(&asset)).copied().unwrap_or(0)
    }

    /// What a limit price is compared with: the operator's price, else the average of the last minutes, else
    /// the last price.
    #[must_use]
    pub fn reference_price(&self, symbol: u32) -> Option<u64> {
        let market = self.markets.get(&symbol)?;
        if market.rules.reference_price.is_some() {
            return market.rules.reference_price;
        }
        let minutes = market.rules.reference_minutes.unwrap_or(0);
        let (mut worth, mut lots) = (0, 0);
        for (time, price, quantity) in &market.tape {
            if time / MINUTE + minutes > self.now / MINUTE {
                worth += u128::from(*price) * u128::from(*quantity);
                lots += u128::from(*quantity);
            }
        }
        let average = worth.checked_div(lots).map(|price| u64::try_from(price).expect("between two prices"));
        average.or(market.last_price)
    }

    // Helpers.

    fn get(&self, id: u64) -> &Order {
        self.orders.iter().find(|order| order.id == id).expect("a known order")
    }

    fn get_mut(&mut self, id: u64) -> &mut Order {
        self.orders.iter_mut().find(|order| order.id == id).expect("a known order")
    }

    fn account_mut(&mut self, account: u64) -> Result<&mut Account, Refusal> {
        self.accounts.get_mut(&account).ok_or(Refusal::UnknownAccount)
    }

    fn resting(&self, symbol: u32) -> impl Iterator<Item = &Order> {
        self.orders.iter().filter(move |order| order.rank.is_some() && order.new.symbol == symbol)
    }

    fn next_rank(&mut self) -> u64 {
        self.last_rank += 1;
        self.last_rank
    }

    fn give(&mut self, account: u64, asset: u32, amount: Money) {
        *self.totals.entry((account, asset)).or_insert(0) += amount;
    }

    fn open_account(&mut self, account: u64) {
        self.accounts.entry(account).or_insert(Account {
            status: AccountStatus::Active,
            can_trade: true,
            can_withdraw: true,
            fees: None,
            fees_by_symbol: BTreeMap::new(),
            stp_group: None,
            deadline: None,
            bucket: None,
        });
    }

    /// An order's fee rates: its own, else its account's for the symbol, else its account's for all symbols,
    /// else the symbol's.
    fn rates(&self, new: &NewOrder) -> Fees {
        let account = &self.accounts[&new.account];
        new.fees
            .or(account.fees_by_symbol.get(&new.symbol).copied())
            .or(account.fees)
            .unwrap_or(self.rules(new.symbol).fees)
    }

    /// The next moment whose time of day is the end of the symbol's session.
    fn session_end(&self, symbol: u32) -> Time {
        let midnight = self.now - self.now % DAY;
        let today = midnight + self.rules(symbol).session_end;
        if today > self.now { today } else { today + DAY }
    }

    fn check_funds(&self, account: u64, asset: u32, required: Money) -> Result<(), Refusal> {
        let available = self.available(account, asset);
        if required > available {
            return Err(Refusal::Insufficient { asset, required, available });
        }
        Ok(())
    }

    fn check_exists(&self, account: u64) -> Result<(), Refusal> {
        if self.knows(account) { Ok(()) } else { Err(Refusal::UnknownAccount) }
    }

    fn check_may_receive(&self, account: u64, asset: u32, amount: Money) -> Result<(), Refusal> {
        if self.account_status(account) == Some(AccountStatus::Closed) {
            return Err(Refusal::AccountClosed);
        }
        if self.total(account, asset) + amount > BALANCE_MAX {
            return Err(Refusal::BalanceOverflow);
        }
        Ok(())
    }

    fn check_may_withdraw(&self, id: u64) -> Result<(), Refusal> {
        let account = self.accounts.get(&id).ok_or(Refusal::UnknownAccount)?;
        match account.status {
            AccountStatus::Closed => Err(Refusal::AccountClosed),
            AccountStatus::Suspended => Err(Refusal::AccountSuspended),
            _ if !account.can_withdraw => Err(Refusal::PermissionDenied),
            _ => Ok(()),
        }
    }

    fn check_may_trade(&self, id: u64) -> Result<(), Refusal> {
        let account = self.accounts.get(&id).ok_or(Refusal::UnknownAccount)?;
        match account.status {
            AccountStatus::Closed => Err(Refusal::AccountClosed),
            AccountStatus::Suspended => Err(Refusal::AccountSuspended),
            AccountStatus::CancelOnly => Err(Refusal::PermissionDenied),
            AccountStatus::Active if !account.can_trade => Err(Refusal::PermissionDenied),
            AccountStatus::Active => Ok(()),
        }
    }

    fn check_may_cancel(&self, id: u64) -> Result<(), Refusal> {
        let account = self.accounts.get(&id).ok_or(Refusal::UnknownAccount)?;
        if account.status == AccountStatus::Closed {
            return Err(Refusal::AccountClosed);
        }
        Ok(())
    }

    /// Closed orders that are not remembered.
    fn forgotten(&self) -> &[u64] {
        &self.closed[..self.closed.len().saturating_sub(self.limits.closed_orders_max)]
    }

    /// What every command begins with.
    fn begin(&mut self) -> Books {
        self.news.clear();
        let forgotten = self.forgotten().to_vec();
        self.closed.drain(..forgotten.len());
        self.orders.retain(|order| !forgotten.contains(&order.id));
        self.books()
    }

    /// What every command that ran ends with.
    fn finish(&mut self, before: &Books) {
        if let Some(trade) = self.news.first() {
            self.run_triggers(trade.symbol);
        }
        for (symbol, book) in self.books() {
            if before.get(&symbol) != Some(&book) {
                self.markets.get_mut(&symbol).expect("a known symbol").book_seq += 1;
            }
        }
        self.check();
    }

    fn books(&self) -> Books {
        let book = |symbol| {
            self.resting(symbol)
                .map(|order| {
                    let rank = order.rank.expect("it rests");
                    (order.id, rank, order.price, order.shown, order.open_quantity())
                })
                .collect()
        };
        self.markets.iter().map(|(symbol, market)| (*symbol, (market.last_trade, book(*symbol)))).collect()
    }

    /// What is always true.
    fn check(&self) {
        for (account, asset) in self.totals.keys() {
            let available = self.available(*account, *asset);
            assert!(available >= 0, "the oracle lets account {account} owe {available} of asset {asset}");
        }
        for (asset, brought) in &self.brought {
            let owned: Money =
                self.totals.iter().filter(|((_, of), _)| of == asset).map(|(_, money)| *money).sum();
            let accrued: Money = self.markets.keys().map(|symbol| self.accrued(*symbol, *asset)).sum();
            assert_eq!(owned + accrued, *brought, "asset {asset} is made or lost");
        }
        for symbol in self.markets.keys() {
            let best = |side| self.next_maker(*symbol, side).and_then(|order| order.price);
            if let (Some(ask), Some(bid)) = (best(Side::Buy), best(Side::Sell)) {
                assert!(bid < ask, "the book of symbol {symbol} is crossed: {bid} is bid, {ask} is asked");
            }
        }
        for order in self.orders.iter().filter(|order| !order.new.is_by_quote()) {
            let parts = order.filled + order.prevented + order.canceled + order.open_quantity();
            assert_eq!(order.quantity, parts, "parts of {order:?}");
        }
        for order in &self.orders {
            let rests = order.is_open() && !order.is_pending();
            assert_eq!(order.rank.is_some(), rests, "place in the book of {order:?}");
            assert_eq!(order.shown > 0, rests, "what the book shows of {order:?}");
        }
    }
}
