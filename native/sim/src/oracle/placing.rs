//! New orders: who may place them, what rules they must meet, whether they can be paid.

use super::Oracle;
use super::matching::limit_need;
use super::words::{
    FeeMode, Kind, Money, NewOrder, Order, Placed, Refusal, Side, SymbolStatus, Trail, Trigger, scale_down,
    scale_up,
};

impl Oracle {
    /// Places an order under a given id. Without a `budget` an immediate market order may spend all that is
    /// available; with one, that much and no more, which is what a recorded reservation allows it.
    ///
    /// # Errors
    /// In the order of checks: 5002, 2000 2001 2002 2003, 3000 3002 3001 3003, 5003, 4003, 1010, 2042 2043,
    /// 2011 2021 2030, 2012, 2050 2051, 4010 4012 4011, 2030, 3010.
    pub fn place(&mut self, id: u64, new: NewOrder, budget: Option<Money>) -> Result<Placed, Refusal> {
        let before = self.begin();
        self.check_may_place(&[&new])?;
        self.take_tokens(new.account, 1)?;
        self.accept(id, &new, budget, None)?;
        let placed = self.placed(id);
        self.finish(&before);
        Ok(self.seen(placed, new.symbol))
    }

    /// Tells what would become of an order.
    ///
    /// # Errors
    /// As [`Oracle::place`].
    pub fn test_order(&self, new: NewOrder) -> Result<Placed, Refusal> {
        self.clone().place(u64::MAX, new, None)
    }

    /// Places the two legs of a list under given ids: a limit order, and a stop order on the same side for
    /// the same quantity. What became of the limit leg, and of the stop leg.
    ///
    /// # Errors
    /// As [`Oracle::place`], and 4013.
    pub fn place_oco(
        &mut self,
        list: u64,
        limit_id: u64,
        stop_id: u64,
        limit: NewOrder,
        stop: NewOrder,
    ) -> Result<(Placed, Placed), Refusal> {
        let both = |order: &NewOrder| (order.account, order.symbol, order.side);
        assert_eq!(both(&limit), both(&stop), "legs of one account, symbol and side");
        let (account, symbol, side) = both(&limit);
        let before = self.begin();
        self.check_may_place(&[&limit, &stop])?;
        self.take_tokens(account, 2)?;
        if limit.client_id.is_some() && limit.client_id == stop.client_id {
            return Err(Refusal::DuplicateClientOrderId);
        }
        self.check_client_id(&limit)?;
        self.check_client_id(&stop)?;
        self.check_rules(&limit)?;
        self.check_rules(&stop)?;
        self.check_band(&limit)?;
        self.check_band(&stop)?;
        self.check_limits(&[&limit, &stop])?;
        self.check_position(&limit, self)?;
        self.check_post_only(&limit)?;
        let last_price = self.last_price(symbol).ok_or(Refusal::NoReferencePrice)?;
        let (Kind::Limit { price, .. }, Some(Trigger::Stop(trigger))) = (limit.kind, stop.trigger) else {
            unreachable!("the edge lets only a limit leg and a stop leg through");
        };
        let is_around = match side {
            Side::Sell => price > last_price && last_price > trigger,
            Side::Buy => price < last_price && last_price < trigger,
        };
        if !is_around {
            return Err(Refusal::OcoBadPrices { last: last_price });
        }
        let required = self.need_of_new(&limit).max(self.need_of_new(&stop));
        self.check_funds(account, self.rules(symbol).gives(side), required)?;
        self.admit(limit_id, limit);
        self.admit(stop_id, stop);
        for (id, sibling) in [(limit_id, stop_id), (stop_id, limit_id)] {
            let order = self.get_mut(id);
            order.list = Some(list);
            order.sibling = Some(sibling);
        }
        self.execute(limit_id);
        let (limit, stop) = (self.placed(limit_id), self.placed(stop_id));
        self.finish(&before);
        Ok((self.seen(limit, symbol), self.seen(Placed { trades: Vec::new(), ..stop }, symbol)))
    }

    /// Checks an order and lets it do what it does at once. `accounts`: where to look whether its account has
    /// room and money for it, if not here.
    pub(super) fn accept(
        &mut self,
        id: u64,
        new: &NewOrder,
        budget: Option<Money>,
        accounts: Option<&Self>,
    ) -> Result<(), Refusal> {
        self.check_acceptable(id, new, budget, accounts.unwrap_or(self))?;
        self.admit(id, new.clone());
        if new.trigger.is_none() {
            self.execute(id);
        }
        Ok(())
    }

    fn check_acceptable(
        &self,
        id: u64,
        new: &NewOrder,
        budget: Option<Money>,
        accounts: &Self,
    ) -> Result<(), Refusal> {
        self.check_symbol(new)?;
        accounts.check_client_id(new)?;
        self.check_rules(new)?;
        self.check_band(new)?;
        accounts.check_limits(&[new])?;
        accounts.check_position(new, self)?;
        self.check_post_only(new)?;
        self.check_trigger(new)?;
        self.check_one_lot(new)?;
        let rules = self.rules(new.symbol);
        let asset = rules.gives(new.side);
        accounts.check_funds(new.account, asset, self.need_of_new(new))?;
        // What can't be told without the book.
        let required = match (new.kind, new.side) {
            _ if new.trigger.is_some() => 0,
            (Kind::Quantity(_), Side::Buy) => {
                let order = self.rehearsed(id, new);
                order.notional + self.fee_on_top(&order)
            }
            (Kind::Quote(_), Side::Sell) => Money::from(self.rehearsed(id, new).filled) * rules.lot,
            _ => 0,
        };
        let available = budget.unwrap_or(accounts.available(new.account, asset));
        if required > available {
            return Err(Refusal::Insufficient { asset, required, available });
        }
        Ok(())
    }

    /// The answer, once the whole command is over.
    pub(super) fn seen(&self, placed: Placed, symbol: u32) -> Placed {
        Placed { book_seq: self.book_seq(symbol), ..placed }
    }

    /// What has become of an order by now, nothing but it having traded in this command.
    pub(super) fn placed(&self, id: u64) -> Placed {
        let order = self.get(id);
        Placed {
            status: order.status,
            reason: order.reason,
            filled: order.filled,
            prevented: order.prevented,
            notional: order.notional,
            fee: order.fee,
            reserved: self.reserved(order),
            trades: self.news.clone(),
            book_seq: self.book_seq(order.new.symbol),
        }
    }

    /// 5002, 2000 2001 2002 2003, 3000 3002 3001 3003.
    fn check_may_place(&self, new: &[&NewOrder]) -> Result<(), Refusal> {
        for new in new {
            self.check_fresh(new)?;
        }
        for new in new {
            self.check_symbol(new)?;
        }
        self.check_may_trade(new[0].account)
    }

    /// 5002.
    pub(super) fn check_fresh(&self, new: &NewOrder) -> Result<(), Refusal> {
        if new.valid_until.is_some_and(|valid_until| valid_until < self.now) {
            return Err(Refusal::StaleRequest);
        }
        Ok(())
    }

    /// 2000, 2001, 2002.
    pub(super) fn check_symbol_open(&self, symbol: u32) -> Result<(), Refusal> {
        match self.markets.get(&symbol).ok_or(Refusal::UnknownSymbol)?.status {
            SymbolStatus::Halt | SymbolStatus::Closed => Err(Refusal::SymbolNotTrading),
            SymbolStatus::CancelOnly => Err(Refusal::SymbolCancelOnly),
            SymbolStatus::Trading | SymbolStatus::PostOnly | SymbolStatus::LimitOnly => Ok(()),
        }
    }

    /// 2000, 2001, 2002, 2003.
    fn check_symbol(&self, new: &NewOrder) -> Result<(), Refusal> {
        self.check_symbol_open(new.symbol)?;
        match self.status(new.symbol) {
            SymbolStatus::PostOnly if !new.post_only => Err(Refusal::SymbolModeRestricted),
            SymbolStatus::LimitOnly if !new.is_limit() => Err(Refusal::SymbolModeRestricted),
            _ => Ok(()),
        }
    }

    /// 4003.
    fn check_client_id(&self, new: &NewOrder) -> Result<(), Refusal> {
        let is_used = new.client_id.is_some()
            && self
                .open_orders()
                .any(|order| order.new.account == new.account && order.new.client_id == new.client_id);
        if is_used { Err(Refusal::DuplicateClientOrderId) } else { Ok(()) }
    }

    /// 1010, 2042, 2043, 2011, 2021, 2030.
    fn check_rules(&self, new: &NewOrder) -> Result<(), Refusal> {
        if new.expire_at.is_some_and(|expire_at| expire_at <= self.now) {
            return Err(Refusal::InvalidExpiry);
        }
        let rules = self.rules(new.symbol);
        if let Kind::Limit { quantity, .. } = new.kind {
            self.check_iceberg_parts(new, quantity)?;
        }
        if let Some(Trigger::Trailing { trail: Trail::Bps(bps), .. }) = new.trigger
            && !(rules.trail_bps_min..=rules.trail_bps_max).contains(&bps)
        {
            return Err(Refusal::TrailingRange);
        }
        self.check_bounds(new.symbol, new.kind)
    }

    /// 2011, 2021, 2030.
    pub(super) fn check_bounds(&self, symbol: u32, kind: Kind) -> Result<(), Refusal> {
        let rules = self.rules(symbol);
        let (price, quantity, quantity_max) = match kind {
            Kind::Limit { price, quantity } => (Some(price), quantity, rules.quantity_max),
            Kind::Quantity(quantity) => {
                (None, quantity, rules.quantity_max.min(rules.market_quantity_max.unwrap_or(u64::MAX)))
            }
            Kind::Quote(quote) => return self.check_notional(symbol, quote),
        };
        if price.is_some_and(|price| !(rules.price_min..=rules.price_max).contains(&price)) {
            return Err(Refusal::PriceRange);
        }
        if !(rules.quantity_min..=quantity_max).contains(&quantity) {
            return Err(Refusal::QuantityRange);
        }
        price.map_or(Ok(()), |price| self.check_notional(symbol, rules.cost(price, quantity)))
    }

    /// 2042.
    pub(super) fn check_iceberg_parts(&self, new: &NewOrder, quantity: u64) -> Result<(), Refusal> {
        let max = self.rules(new.symbol).max_iceberg_parts.unwrap_or(u64::MAX);
        if new.display.is_some_and(|display| quantity.div_ceil(display) > max) {
            return Err(Refusal::IcebergParts);
        }
        Ok(())
    }

    /// 2030.
    fn check_notional(&self, symbol: u32, notional: Money) -> Result<(), Refusal> {
        let rules = self.rules(symbol);
        let is_small = rules.min_notional.is_some_and(|min| notional < min);
        let is_large = rules.max_notional.is_some_and(|max| notional > max);
        if is_small || is_large { Err(Refusal::NotionalRange) } else { Ok(()) }
    }

    /// 2030, for a market order by quantity.
    fn check_notional_at_reference(&self, symbol: u32, quantity: u64) -> Result<(), Refusal> {
        let rules = self.rules(symbol);
        match self.reference_price(symbol) {
            Some(price) if rules.apply_to_market => self.check_notional(symbol, rules.cost(price, quantity)),
            _ => Ok(()),
        }
    }

    /// What the reference price has to do with: 2012 of a limit, 2030 of a market order by quantity.
    fn check_band(&self, new: &NewOrder) -> Result<(), Refusal> {
        match new.kind {
            Kind::Limit { price, .. } => self.check_price_band(new.symbol, new.side, price),
            Kind::Quantity(quantity) => self.check_notional_at_reference(new.symbol, quantity),
            Kind::Quote(_) => Ok(()),
        }
    }

    /// 2012.
    pub(super) fn check_price_band(&self, symbol: u32, side: Side, price: u64) -> Result<(), Refusal> {
        let rules = self.rules(symbol);
        let (mut min, mut max) = (rules.price_min, rules.price_max);
        if let (Some(band), Some(reference)) = (rules.band, self.reference_price(symbol)) {
            let (down, up) = match side {
                Side::Buy => (band.bid_down, band.bid_up),
                Side::Sell => (band.ask_down, band.ask_up),
            };
            min = min.max(scale_down(reference, 10_000_u64.saturating_sub(down)));
            max = max.min(scale_up(reference, 10_000 + up));
        }
        min = min.max(rules.price_floor.unwrap_or(0));
        max = max.min(rules.price_cap.unwrap_or(u64::MAX));
        if (min..=max).contains(&price) { Ok(()) } else { Err(Refusal::PriceBand { min, max }) }
    }

    /// 2050, for orders of one account and symbol that come together.
    fn check_limits(&self, new: &[&NewOrder]) -> Result<(), Refusal> {
        let (account, symbol) = (new[0].account, new[0].symbol);
        let rules = self.rules(symbol);
        let coming = |is_meant: fn(&NewOrder) -> bool| {
            new.iter().filter(|new| !new.is_immediate() && is_meant(new)).count()
        };
        let here = |is_meant: fn(&Order) -> bool| {
            self.open_orders()
                .filter(|order| order.new.account == account && order.new.symbol == symbol)
                .filter(|order| is_meant(order))
                .count()
        };
        let anywhere = self.open_orders().filter(|order| order.new.account == account).count();
        let lists_coming = usize::from(new.len() > 1);
        // A list counts as long as one of its legs is open.
        let lists: std::collections::BTreeSet<u64> = self
            .open_orders()
            .filter(|order| order.new.account == account && order.new.symbol == symbol)
            .filter_map(|order| order.list)
            .collect();
        let lists = lists.len();
        for (open, coming, max) in [
            (anywhere, coming(|_| true), Some(self.limits.open_orders_max)),
            (here(|_| true), coming(|_| true), rules.max_open_orders),
            (here(Order::is_pending), coming(|new| new.trigger.is_some()), rules.max_open_conditional),
            (
                here(|order| order.new.display.is_some()),
                coming(|new| new.display.is_some()),
                rules.max_open_icebergs,
            ),
            (lists, lists_coming, rules.max_open_lists),
        ] {
            if let Some(max) = max
                && coming > 0
                && open + coming > max
            {
                return Err(Refusal::TooManyOpenOrders(max));
            }
        }
        Ok(())
    }

    /// 2051. `books`: where an order by quote would be walked.
    fn check_position(&self, new: &NewOrder, books: &Self) -> Result<(), Refusal> {
        let rules = self.rules(new.symbol);
        let Some(max) = rules.max_position else {
            return Ok(());
        };
        if new.side == Side::Sell {
            return Ok(());
        }
        let lots = match new.kind {
            Kind::Limit { quantity, .. } | Kind::Quantity(quantity) => quantity,
            // What a conditional one will take, nobody knows.
            Kind::Quote(_) if new.trigger.is_some() => return Ok(()),
            Kind::Quote(_) => books.rehearsed(u64::MAX, new).filled,
        };
        if lots == 0 {
            return Ok(());
        }
        // The two legs of a list are one buy.
        let open_lots: Money = self
            .open_orders()
            .filter(|order| order.new.account == new.account && order.new.symbol == new.symbol)
            .filter(|order| order.new.side == Side::Buy)
            .filter(|order| !(order.is_pending() && order.sibling.is_some()))
            .map(|order| Money::from(order.open_quantity()))
            .sum();
        let position = self.total(new.account, rules.base) + (open_lots + Money::from(lots)) * rules.lot;
        if position > max { Err(Refusal::MaxPosition) } else { Ok(()) }
    }

    /// 4010.
    fn check_post_only(&self, new: &NewOrder) -> Result<(), Refusal> {
        match new.kind {
            Kind::Limit { price, .. } if new.post_only && self.would_cross(new.symbol, new.side, price) => {
                Err(Refusal::PostOnlyWouldCross)
            }
            _ => Ok(()),
        }
    }

    /// 4012, 4011.
    fn check_trigger(&self, new: &NewOrder) -> Result<(), Refusal> {
        let Some(trigger) = new.trigger else {
            return Ok(());
        };
        let last = self.last_price(new.symbol).ok_or(Refusal::NoReferencePrice)?;
        let is_due = match (trigger, new.side) {
            (Trigger::Stop(price), Side::Buy) | (Trigger::TakeProfit(price), Side::Sell) => last >= price,
            (Trigger::Stop(price), Side::Sell) | (Trigger::TakeProfit(price), Side::Buy) => last <= price,
            (Trigger::Trailing { .. }, _) => false,
        };
        if is_due { Err(Refusal::WouldTriggerImmediately { last }) } else { Ok(()) }
    }

    /// 2030, for a market order by quote that would not buy (or sell) anything.
    fn check_one_lot(&self, new: &NewOrder) -> Result<(), Refusal> {
        let (Kind::Quote(quote), None) = (new.kind, new.trigger) else {
            return Ok(());
        };
        let Some(best) = self.next_maker(new.symbol, new.side).and_then(|maker| maker.price) else {
            return Ok(());
        };
        let rules = self.rules(new.symbol);
        let lot = rules.cost(best, 1);
        let taker = Money::from(self.rates(new).taker);
        // With the fee on top, in millionths, so that nothing is rounded.
        let (needed, given) = match (rules.fee_mode, new.side) {
            (FeeMode::Quote, Side::Buy) => (lot * (1_000_000 + taker), quote * 1_000_000),
            _ => (lot, quote),
        };
        if given < needed { Err(Refusal::NotionalRange) } else { Ok(()) }
    }

    /// What can be told without the book of what an order needs: nothing of a market buy by quantity and of
    /// a market sell by quote.
    fn need_of_new(&self, new: &NewOrder) -> Money {
        let rules = self.rules(new.symbol);
        match (new.kind, new.side) {
            (Kind::Limit { price, quantity }, side) => {
                limit_need(rules, self.rates(new), side, price, quantity)
            }
            (Kind::Quantity(quantity), Side::Sell) => Money::from(quantity) * rules.lot,
            (Kind::Quantity(_), Side::Buy) if new.trigger.is_some() => new.max_quote.unwrap_or(0),
            (Kind::Quote(quote), Side::Buy) => quote,
            (Kind::Quantity(_), Side::Buy) | (Kind::Quote(_), Side::Sell) => 0,
        }
    }
}
