//! What happens to an order once it is accepted: it trades, it rests, it waits for its trigger.

use super::words::{
    FeeMode, Fees, Kind, Money, NewOrder, Order, Reason, Rules, Side, Status, Stp, SymbolStatus, Tif, Trade,
    Trigger, scale_down, scale_up,
};
use super::{MINUTE, Oracle};

/// Parts in a whole of a fee rate.
const PPM: Money = 1_000_000;

/// Why a taker stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stop {
    Sated,
    BookRanOut,
    LimitReached,
    Protection,
    Budget,
    Stp,
}

impl Oracle {
    /// An order that is accepted, and not yet anywhere.
    pub(super) fn admit(&mut self, id: u64, new: NewOrder) {
        let price = match new.kind {
            Kind::Limit { price, .. } => Some(price),
            _ => None,
        };
        let quantity = match new.kind {
            Kind::Limit { quantity, .. } | Kind::Quantity(quantity) => quantity,
            Kind::Quote(_) => 0,
        };
        let mut order = Order {
            id,
            status: if new.trigger.is_some() { Status::PendingTrigger } else { Status::New },
            reason: None,
            price,
            quantity,
            filled: 0,
            prevented: 0,
            canceled: 0,
            notional: 0,
            lost: 0,
            fee: 0,
            rates: self.rates(&new),
            group: self.accounts[&new.account].stp_group,
            expire_at: match new.tif {
                Tif::Gtd => new.expire_at,
                Tif::Day => Some(self.session_end(new.symbol)),
                _ => None,
            },
            list: None,
            sibling: None,
            shown: 0,
            rank: None,
            extreme: None,
            amends: 0,
            new,
        };
        if let Some(last) = self.last_price(order.new.symbol) {
            follow(&mut order, last);
        }
        assert!(self.orders.iter().all(|order| order.id != id), "order id {id} is used twice");
        self.orders.push(order);
    }

    /// Does what an order that is accepted (or triggered, or amended) does at once.
    pub(super) fn execute(&mut self, id: u64) {
        let new = self.get(id).new.clone();
        if new.tif == Tif::Fok {
            let mut rehearsal = self.clone();
            if rehearsal.walk(id, true) != Stop::Sated {
                self.close(id, Status::Expired, Some(Reason::FokUnfillable));
                return;
            }
        }
        let stop = self.walk(id, false);
        let order = self.get(id);
        if order.filled > 0 || order.prevented > 0 {
            self.end_sibling(id);
        }
        let reason = match stop {
            Stop::Sated => {
                self.close(id, Status::Filled, None);
                return;
            }
            Stop::BookRanOut | Stop::LimitReached if new.can_rest() => {
                self.rest(id);
                return;
            }
            Stop::BookRanOut if !new.is_limit() => Reason::InsufficientLiquidity,
            Stop::BookRanOut | Stop::LimitReached => Reason::IocRemainder,
            Stop::Protection => Reason::PriceProtection,
            Stop::Budget => Reason::BudgetExhausted,
            Stop::Stp => Reason::Stp,
        };
        self.close(id, Status::Expired, Some(reason));
    }

    /// An order as the walk leaves it that decides whether it is let in, or filled if it is FOK.
    pub(super) fn rehearsed(&self, id: u64, new: &NewOrder) -> Order {
        let mut rehearsal = self.clone();
        rehearsal.admit(id, new.clone());
        rehearsal.walk(id, new.tif == Tif::Fok);
        rehearsal.get(id).clone()
    }

    /// Trades until sated or nobody crosses. Money is moved as it goes; whether the taker had it is for the
    /// caller to decide, who works on a copy. In a rehearsal of a FOK order, whoever would be made smaller
    /// by its own ends.
    fn walk(&mut self, id: u64, is_rehearsal: bool) -> Stop {
        let symbol = self.get(id).new.symbol;
        let protection = self.protection_price(id);
        loop {
            let taker = self.get(id).clone();
            let buys = taker.new.side == Side::Buy;
            let is_sated = match taker.new.kind {
                Kind::Quote(_) => {
                    self.money_left(&taker) == Some(0)
                        || taker.filled + taker.prevented == self.lots_max(symbol)
                }
                _ => taker.open_quantity() == 0,
            };
            if is_sated {
                return Stop::Sated;
            }
            let Some(maker) = self.next_maker(symbol, taker.new.side).cloned() else {
                return Stop::BookRanOut;
            };
            let price = maker.price.expect("only limit orders rest");
            let is_beyond = |limit: u64| if buys { price > limit } else { price < limit };
            if taker.price.is_some_and(is_beyond) {
                return Stop::LimitReached;
            }
            if protection.is_some_and(is_beyond) {
                return Stop::Protection;
            }
            let wanted = self.wanted(&taker, price);
            let quantity = wanted.min(maker.shown);
            let is_own = maker.new.account == taker.new.account
                || (maker.group.is_some() && maker.group == taker.group);
            let mode = match taker.new.stp {
                _ if !is_own => Stp::None,
                Stp::Decrement | Stp::ExpireBoth if is_rehearsal => Stp::ExpireTaker,
                mode => mode,
            };
            if matches!(mode, Stp::ExpireMaker | Stp::ExpireBoth) {
                self.expire_own(maker.id);
            }
            if matches!(mode, Stp::ExpireTaker | Stp::ExpireBoth) {
                self.get_mut(id).prevented += taker.open_quantity();
                return Stop::Stp;
            }
            if mode == Stp::ExpireMaker {
                continue;
            }
            if quantity == 0 {
                return if taker.new.is_by_quote() { Stop::Sated } else { Stop::Budget };
            }
            if mode == Stp::None {
                self.trade(&maker, &taker, quantity);
            } else {
                self.decrement(&maker, &taker, quantity);
                let taker = self.get(id).clone();
                let has_ended = match taker.new.kind {
                    Kind::Quote(_) => self.wanted(&taker, price) == 0,
                    _ => taker.open_quantity() == 0,
                };
                if has_ended {
                    return Stop::Stp;
                }
            }
        }
    }

    /// The farthest price a market order may trade at.
    fn protection_price(&self, id: u64) -> Option<u64> {
        let new = &self.get(id).new;
        if new.is_limit() {
            return None;
        }
        let best = self.next_maker(new.symbol, new.side)?.price?;
        let of_symbol = self.rules(new.symbol).market_protection_bps;
        let bps = new.protection_bps.into_iter().chain(of_symbol).min()?;
        Some(match new.side {
            Side::Buy => scale_down(best, 10_000 + bps),
            Side::Sell => scale_up(best, 10_000_u64.saturating_sub(bps)),
        })
    }

    /// Lots that an order wants at a price, whoever offers them.
    pub(super) fn wanted(&self, order: &Order, price: u64) -> u64 {
        let rules = self.rules(order.new.symbol);
        let lots = match order.new.kind {
            Kind::Quote(_) => self.lots_max(order.new.symbol) - order.filled - order.prevented,
            _ => order.open_quantity(),
        };
        let Some(left) = self.money_left(order) else {
            return lots;
        };
        let lot = rules.cost(price, 1);
        let affordable = match (rules.fee_mode, order.new.side) {
            (FeeMode::Quote, Side::Buy) => left * PPM / (lot * (PPM + Money::from(order.rates.taker))),
            _ => left / lot,
        };
        lots.min(u64::try_from(affordable).unwrap_or(u64::MAX))
    }

    /// What an order that counts money may still spend (or earn).
    fn money_left(&self, order: &Order) -> Option<Money> {
        let given = match order.new.kind {
            Kind::Quote(quote) => quote - order.lost,
            Kind::Quantity(_) => order.new.max_quote?,
            Kind::Limit { .. } => return None,
        };
        Some(given - order.notional - self.fee_on_top(order))
    }

    /// What an order has paid in fees beside what it traded for.
    pub(super) fn fee_on_top(&self, order: &Order) -> Money {
        match (self.rules(order.new.symbol).fee_mode, order.new.side) {
            (FeeMode::Quote, Side::Buy) => order.fee,
            _ => 0,
        }
    }

    /// Most lots of an order by quote, those that were prevented included.
    fn lots_max(&self, symbol: u32) -> u64 {
        self.rules(symbol).quantity_max
    }

    /// Whom an order of `side` trades with next: of the resting orders of the other side the one with the
    /// best price, of several the one that came first.
    pub(super) fn next_maker(&self, symbol: u32, side: Side) -> Option<&Order> {
        let resting = self
            .orders
            .iter()
            .filter(|order| order.rank.is_some() && order.new.symbol == symbol && order.new.side != side);
        match side {
            Side::Buy => resting.min_by_key(|order| (order.price, order.rank)),
            Side::Sell => resting.min_by_key(|order| (order.price.map(std::cmp::Reverse), order.rank)),
        }
    }

    /// Would a limit order of that side and price trade with anybody?
    pub(super) fn would_cross(&self, symbol: u32, side: Side, limit: u64) -> bool {
        match (self.next_maker(symbol, side).and_then(|maker| maker.price), side) {
            (None, _) => false,
            (Some(best), Side::Buy) => best <= limit,
            (Some(best), Side::Sell) => best >= limit,
        }
    }

    /// One trade: lots one way, money the other, fees to the symbol.
    fn trade(&mut self, maker: &Order, taker: &Order, quantity: u64) {
        let symbol = taker.new.symbol;
        let rules = self.rules(symbol).clone();
        let price = maker.price.expect("only limit orders rest");
        let notional = rules.cost(price, quantity);
        // The first fill of a limit leg ends its list. That of a taker's, when it has traded.
        self.end_sibling(maker.id);
        let rebate_max = if rules.allow_net_rebate { PPM } else { Money::from(taker.rates.taker) };
        let maker_rate = Money::from(maker.rates.maker).max(-rebate_max);
        let maker_fee = self.fee(maker, maker_rate, price, quantity);
        let taker_fee = self.fee(taker, Money::from(taker.rates.taker), price, quantity);
        for (order, fee) in [(maker, maker_fee), (taker, taker_fee)] {
            let lots = Money::from(quantity) * rules.lot;
            let (lots, money) = match order.new.side {
                Side::Buy => (lots, -notional),
                Side::Sell => (-lots, notional),
            };
            let account = order.new.account;
            let fee_asset = rules.fee_asset(order.new.side);
            self.give(account, rules.base, lots);
            self.give(account, rules.quote, money);
            self.give(account, fee_asset, -fee);
            let market = self.markets.get_mut(&symbol).expect("a known symbol");
            *market.accrued.entry(fee_asset).or_insert(0) += fee;
            let order = self.get_mut(order.id);
            order.filled += quantity;
            order.notional += notional;
            order.fee += fee;
        }
        self.use_up(maker.id, quantity, Status::Filled, None);
        let time = self.now;
        let market = self.markets.get_mut(&symbol).expect("a known symbol");
        market.last_trade += 1;
        market.last_price = Some(price);
        // What nobody asks for is not remembered.
        if let Some(minutes) = market.rules.reference_minutes {
            market.tape.retain(|(each, _, _)| each / MINUTE + minutes > time / MINUTE);
            market.tape.push((time, price, quantity));
        }
        self.news.push(Trade {
            symbol,
            id: market.last_trade,
            time,
            price,
            quantity,
            notional,
            taker_side: taker.new.side,
            maker: maker.id,
            taker: taker.id,
            maker_fee,
            taker_fee,
        });
    }

    /// Own meets own: both lose what would have traded.
    fn decrement(&mut self, maker: &Order, taker: &Order, quantity: u64) {
        let price = maker.price.expect("only limit orders rest");
        let worth = self.rules(taker.new.symbol).cost(price, quantity);
        self.end_sibling(maker.id);
        for order in [maker, taker] {
            self.get_mut(order.id).prevented += quantity;
        }
        if taker.new.is_by_quote() {
            self.get_mut(taker.id).lost += worth;
        }
        self.use_up(maker.id, quantity, Status::Expired, Some(Reason::Stp));
    }

    /// Takes lots out of what the book shows of an order. Its next slice goes to the back of its level; if
    /// there is none, it is closed.
    fn use_up(&mut self, id: u64, quantity: u64, status: Status, reason: Option<Reason>) {
        let rank = self.next_rank();
        let order = self.get_mut(id);
        order.shown -= quantity;
        order.status = resting_status(order);
        if order.open_quantity() == 0 {
            self.close(id, status, reason);
        } else if order.shown == 0 {
            order.shown = slice(order);
            order.rank = Some(rank);
        }
    }

    /// What a fill costs one side; negative: brings it.
    fn fee(&self, order: &Order, rate: Money, price: u64, quantity: u64) -> Money {
        let rules = self.rules(order.new.symbol);
        let notional = rules.cost(price, quantity);
        let on = if rules.fee_asset(order.new.side) == rules.quote {
            notional
        } else {
            Money::from(quantity) * rules.lot
        };
        if rate < 0 {
            return -(on * -rate / PPM);
        }
        let fee = ceil(on * rate, PPM);
        if rules.fee_mode == FeeMode::Received || order.new.side == Side::Sell {
            return fee.min(on);
        }
        match self.reserved_beyond_rest(order, quantity) {
            Some(reserved) => fee.min(reserved - notional),
            None => fee,
        }
    }

    /// What a buyer's reservation has for the next lots: all of it but for what stays open. None: there is
    /// no bound; a market order's lots are chosen so that it can pay for them, or its account was asked.
    fn reserved_beyond_rest(&self, order: &Order, quantity: u64) -> Option<Money> {
        let rules = self.rules(order.new.symbol);
        let need = |quantity| {
            let price = order.price.expect("a limit order");
            limit_need(rules, order.rates, Side::Buy, price, quantity)
        };
        let open = order.open_quantity();
        order.new.is_limit().then(|| need(open) - need(open - quantity))
    }

    /// What a reservation table says about an order: for what is open of it.
    pub(super) fn need(&self, order: &Order) -> Money {
        let rules = self.rules(order.new.symbol);
        match (order.new.kind, order.new.side) {
            _ if !order.is_open() => 0,
            (Kind::Limit { .. }, side) => {
                let price = order.price.expect("a limit order");
                limit_need(rules, order.rates, side, price, order.open_quantity())
            }
            (Kind::Quantity(_), Side::Sell) => Money::from(order.open_quantity()) * rules.lot,
            (Kind::Quantity(_), Side::Buy) => order.new.max_quote.unwrap_or(0),
            (Kind::Quote(quote), Side::Buy) => quote,
            (Kind::Quote(_), Side::Sell) => 0,
        }
    }

    /// Ends an order that met its own.
    fn expire_own(&mut self, id: u64) {
        let order = self.get_mut(id);
        order.prevented += order.open_quantity();
        self.close(id, Status::Expired, Some(Reason::Stp));
    }

    /// Into the book, behind everybody.
    fn rest(&mut self, id: u64) {
        let rank = self.next_rank();
        let order = self.get_mut(id);
        order.rank = Some(rank);
        order.shown = slice(order);
        order.status = resting_status(order);
    }

    /// Ends an order, and with it the other leg of its list.
    pub(super) fn close(&mut self, id: u64, status: Status, reason: Option<Reason>) {
        // Of a list, the stop leg is closed first.
        if self.get(id).new.trigger.is_none() {
            self.end_sibling(id);
        }
        let order = self.get_mut(id);
        order.canceled += order.open_quantity();
        order.status = status;
        order.reason = reason;
        order.rank = None;
        order.shown = 0;
        self.closed.push(id);
        self.end_sibling(id);
    }

    /// Ends the other leg of an order's list, if there is one.
    pub(super) fn end_sibling(&mut self, id: u64) {
        if let Some(sibling) = self.get_mut(id).sibling.take() {
            self.get_mut(sibling).sibling = None;
            self.close(sibling, Status::Canceled, Some(Reason::OcoSibling));
        }
    }

    /// Triggers what the last trade makes due, until nothing is due.
    pub(super) fn run_triggers(&mut self, symbol: u32) {
        let mut trades_seen = 0;
        while self.news.len() > trades_seen {
            trades_seen = self.news.len();
            let last = self.last_price(symbol).expect("something has traded");
            for order in self.orders.iter_mut().filter(|order| order.new.symbol == symbol) {
                follow(order, last);
            }
            for id in self.trigger_due(symbol, last) {
                let is_limit = self.get(id).new.is_limit();
                if self.status(symbol) == SymbolStatus::LimitOnly && !is_limit {
                    self.close(id, Status::Expired, Some(Reason::TriggerRejected));
                } else {
                    self.execute(id);
                }
            }
        }
    }

    /// Triggers all that are due at that price and names them in the order in which they execute.
    fn trigger_due(&mut self, symbol: u32, last: u64) -> Vec<u64> {
        if matches!(self.status(symbol), SymbolStatus::CancelOnly | SymbolStatus::Halt) {
            return Vec::new();
        }
        let mut due: Vec<&Order> = self
            .orders
            .iter()
            .filter(|order| order.is_pending() && order.new.symbol == symbol && order.is_due(last))
            .collect();
        // The nearest to where the price came from is the farthest from where it is now.
        due.sort_by_key(|order| {
            (std::cmp::Reverse(order.trigger_price().map(|price| price.abs_diff(last))), order.id)
        });
        let due: Vec<u64> = due.into_iter().map(|order| order.id).collect();
        for id in &due {
            self.end_sibling(*id);
            self.get_mut(*id).status = Status::New;
        }
        due
    }
}

/// Lets a trailing order that waits follow the last price, or begin to.
fn follow(order: &mut Order, last: u64) {
    let Some(Trigger::Trailing { activation, .. }) = order.new.trigger else {
        return;
    };
    if !order.is_pending() {
        return;
    }
    let sells = order.new.side == Side::Sell;
    order.extreme = match (order.extreme, activation) {
        (Some(extreme), _) if sells => Some(extreme.max(last)),
        (Some(extreme), _) => Some(extreme.min(last)),
        (None, Some(activation)) if sells && last < activation => None,
        (None, Some(activation)) if !sells && last > activation => None,
        (None, _) => Some(last),
    };
}

/// What a limit order needs for so many lots.
pub(super) fn limit_need(rules: &Rules, rates: Fees, side: Side, price: u64, quantity: u64) -> Money {
    let cost = rules.cost(price, quantity);
    match (side, rules.fee_mode) {
        (Side::Sell, _) => Money::from(quantity) * rules.lot,
        (Side::Buy, FeeMode::Received) => cost,
        (Side::Buy, FeeMode::Quote) => {
            cost + ceil(cost * Money::from(rates.taker.max(rates.maker).max(0)), PPM)
        }
    }
}

/// What the book shows of an order.
fn slice(order: &Order) -> u64 {
    order.open_quantity().min(order.new.display.unwrap_or(u64::MAX))
}

/// The status of an order that is open and not conditional.
fn resting_status(order: &Order) -> Status {
    if order.filled == 0 { Status::New } else { Status::PartiallyFilled }
}

fn ceil(amount: Money, parts: Money) -> Money {
    (amount + parts - 1) / parts
}
