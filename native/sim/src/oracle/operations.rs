//! What can be done to orders that are open: cancel, amend, replace, one or many.

use super::Oracle;
use super::words::{
    Amended, Canceled, Filter, Kind, Money, NewOrder, NewQuantity, OnlyIf, Order, Placed, Reason, Refusal,
    ReplaceMode, Replaced, Status, Time, Which,
};

impl Oracle {
    /// Takes an open order off, if its owner asks; with a symbol, only if it is there.
    ///
    /// # Errors
    /// 3000, 3002, 4000, 4002, 4016.
    pub fn cancel(
        &mut self,
        account: u64,
        which: &Which,
        symbol: Option<u32>,
        only_if: Option<OnlyIf>,
    ) -> Result<Canceled, Refusal> {
        let before = self.begin();
        self.check_may_cancel(account)?;
        let canceled = self.take_off(account, which, symbol, only_if, Reason::User)?;
        self.finish(&before);
        Ok(Canceled { book_seq: self.book_seq(canceled.symbol), ..canceled })
    }

    /// Changes an open order: a smaller quantity leaves it its place, anything else brings it in anew.
    ///
    /// # Errors
    /// In the order of checks: 2000 2001 2002, 3000 3002 3001 3003, 4000 4002, 2052, 2021 2030 2042, 4015,
    /// 1015, 4014, 2012, 4010, 3010.
    pub fn amend(
        &mut self,
        account: u64,
        symbol: u32,
        which: &Which,
        quantity: Option<NewQuantity>,
        price: Option<u64>,
    ) -> Result<Amended, Refusal> {
        let before = self.begin();
        self.check_symbol_open(symbol)?;
        self.check_may_trade(account)?;
        let order = self.find_open(account, which, Some(symbol))?.clone();
        let id = order.id;
        let rules = self.rules(symbol).clone();
        if let Some(max) = rules.max_amends.filter(|max| order.amends >= *max) {
            return Err(Refusal::TooManyAmends(max));
        }
        let new_quantity = match quantity {
            None => order.quantity,
            Some(NewQuantity::Total(total)) => total,
            Some(NewQuantity::ReduceBy(lots)) => order.quantity.saturating_sub(lots),
        };
        let new_price = price.or(order.price);
        if new_quantity > 0 && !order.new.is_by_quote() {
            let kind = match (new_price, order.new.kind) {
                (Some(price), Kind::Limit { .. }) => Some(Kind::Limit { price, quantity: new_quantity }),
                (None, Kind::Quantity(_)) => Some(Kind::Quantity(new_quantity)),
                // A market order has no price to be amended.
                _ => None,
            };
            kind.map_or(Ok(()), |kind| self.check_bounds(symbol, kind))?;
            self.check_iceberg_parts(&order.new, new_quantity)?;
        }
        check_amendable(&order, quantity, price, new_quantity)?;
        let is_only_less = new_price == order.price && new_quantity < order.quantity;
        if !is_only_less {
            self.check_amended_funds(&order, new_price, new_quantity)?;
        }
        for leg in [Some(id), order.sibling].into_iter().flatten() {
            let leg = self.get_mut(leg);
            leg.amends += 1;
            leg.quantity = new_quantity;
            leg.shown = leg.shown.min(leg.open_quantity());
        }
        self.get_mut(id).price = new_price;
        if !is_only_less && !order.is_pending() {
            let order = self.get_mut(id);
            order.rank = None;
            order.shown = 0;
            self.execute(id);
        }
        let placed = self.placed(id);
        self.finish(&before);
        let placed = self.seen(placed, symbol);
        Ok(Amended {
            placed: Placed {
                filled: placed.filled - order.filled,
                prevented: placed.prevented - order.prevented,
                notional: placed.notional - order.notional,
                fee: placed.fee - order.fee,
                ..placed
            },
            done_before: order.filled + order.prevented,
            priority_kept: is_only_less || order.is_pending(),
        })
    }

    /// Cancels an order and places another on the same symbol. What the old one frees counts for the new.
    ///
    /// # Errors
    /// 5002, 2000 2001 2002, 3000 3002 3001 3003, 5003 for the whole of it; else 4020, 4021.
    pub fn cancel_replace(
        &mut self,
        old: &Which,
        only_if: Option<OnlyIf>,
        id: u64,
        new: NewOrder,
        budget: Option<Money>,
        mode: ReplaceMode,
    ) -> Result<Replaced, Refusal> {
        let symbol = new.symbol;
        let before = self.begin();
        self.check_fresh(&new)?;
        self.check_symbol_open(symbol)?;
        self.check_may_trade(new.account)?;
        self.take_tokens(new.account, 1)?;
        let mut after = self.clone();
        let canceled = after.take_off(new.account, old, Some(symbol), only_if, Reason::Replaced);
        let is_placed_anyway = mode == ReplaceMode::AllowFailure || canceled.is_ok();
        // Where the old order may stay and the new one come all the same, there must be room for both.
        let may_stay = mode == ReplaceMode::AllowFailure && only_if.is_some();
        let accepted = is_placed_anyway.then(|| after.accept(id, &new, budget, may_stay.then_some(&*self)));
        let placed_well = accepted == Some(Ok(()));
        let is_whole = canceled.is_ok() && placed_well;
        let is_kept = is_whole || (mode != ReplaceMode::Atomic && (canceled.is_ok() || placed_well));
        let placed = accepted.map(|accepted| accepted.map(|()| after.placed(id)));
        if is_kept {
            *self = after;
            // Nothing came in its place.
            if let (Ok(canceled), false) = (&canceled, placed_well) {
                self.get_mut(canceled.order).reason = Some(Reason::User);
            }
            self.finish(&before);
        }
        let book_seq = self.book_seq(symbol);
        let canceled = match canceled {
            // It was only tried out.
            Ok(_) if !is_kept => None,
            canceled => Some(canceled.map(|canceled| Canceled { book_seq, ..canceled })),
        };
        let placed = placed.map(|placed| placed.map(|placed| self.seen(placed, symbol)));
        let replaced = Box::new(Replaced { canceled, placed });
        if is_whole {
            Ok(*replaced)
        } else if is_kept {
            Err(Refusal::ReplacePartiallyFailed(replaced))
        } else {
            Err(Refusal::ReplaceFailed(replaced))
        }
    }

    /// Takes off all open orders of an account that a filter means.
    ///
    /// # Errors
    /// 3000, 3002, 2000.
    pub fn cancel_all(&mut self, account: u64, filter: &Filter) -> Result<Vec<Canceled>, Refusal> {
        if filter.symbol.is_some_and(|symbol| !self.markets.contains_key(&symbol)) {
            return Err(Refusal::UnknownSymbol);
        }
        self.check_may_cancel(account)?;
        let before = self.begin();
        let canceled = self.cancel_where(Reason::Mass, |order| {
            let name = order.new.client_id.as_deref().unwrap_or_default();
            order.new.account == account
                && filter.symbol.is_none_or(|symbol| order.new.symbol == symbol)
                && filter.side.is_none_or(|side| order.new.side == side)
                && filter.prefix.as_ref().is_none_or(|prefix| name.starts_with(prefix))
        });
        self.finish(&before);
        Ok(self.seen_all(canceled))
    }

    /// Takes off all open orders on a symbol: the operator's.
    ///
    /// # Errors
    /// 2000.
    pub fn cancel_symbol(&mut self, symbol: u32) -> Result<Vec<Canceled>, Refusal> {
        if !self.markets.contains_key(&symbol) {
            return Err(Refusal::UnknownSymbol);
        }
        let before = self.begin();
        let canceled = self.cancel_where(Reason::Admin, |order| order.new.symbol == symbol);
        self.finish(&before);
        Ok(self.seen_all(canceled))
    }

    /// The answer, once the whole command is over.
    pub(super) fn seen_all(&self, canceled: Vec<Canceled>) -> Vec<Canceled> {
        let seen = |canceled: Canceled| Canceled { book_seq: self.book_seq(canceled.symbol), ..canceled };
        canceled.into_iter().map(seen).collect()
    }

    /// Winds an account's timer up: after so many nanoseconds all its open orders are canceled. 0 stops it.
    ///
    /// # Errors
    /// 3000, 3002.
    pub fn cancel_all_after(&mut self, account: u64, after: Time) -> Result<Option<Time>, Refusal> {
        self.check_may_cancel(account)?;
        let deadline = (after > 0).then(|| self.now.saturating_add(after));
        self.account_mut(account)?.deadline = deadline;
        Ok(deadline)
    }

    /// Takes off all open orders that are meant, first come first. The other leg of a list goes with the one
    /// that comes first, and is not named again.
    pub(super) fn cancel_where(
        &mut self,
        reason: Reason,
        is_meant: impl Fn(&Order) -> bool,
    ) -> Vec<Canceled> {
        // Symbol by symbol, each in the order of acceptance.
        let meant = self.open_orders().filter(|order| is_meant(order));
        let mut meant: Vec<(u32, u64)> = meant.map(|order| (order.new.symbol, order.id)).collect();
        meant.sort_unstable();
        let mut canceled = Vec::new();
        for (_, id) in meant {
            if self.get(id).is_open() {
                canceled.push(self.cancel_open(id, reason));
            }
        }
        canceled.sort_by_key(|canceled| canceled.order);
        canceled
    }

    fn cancel_open(&mut self, id: u64, reason: Reason) -> Canceled {
        let order = self.get(id).clone();
        let sibling = order.sibling.map(|id| self.get(id));
        let released = self.reserved(&order) + sibling.map_or(0, |sibling| self.reserved(sibling));
        self.close(id, Status::Canceled, Some(reason));
        Canceled {
            order: id,
            symbol: order.new.symbol,
            side: order.new.side,
            quantity: order.open_quantity(),
            released,
            sibling: order.sibling,
            book_seq: 0,
        }
    }

    fn take_off(
        &mut self,
        account: u64,
        which: &Which,
        symbol: Option<u32>,
        only_if: Option<OnlyIf>,
        reason: Reason,
    ) -> Result<Canceled, Refusal> {
        let order = self.find_open(account, which, symbol)?.clone();
        let is_restricted = match only_if {
            None => false,
            Some(OnlyIf::New) => order.filled > 0,
            Some(OnlyIf::PartiallyFilled) => order.filled == 0,
        };
        if is_restricted {
            return Err(Refusal::CancelRestricted);
        }
        Ok(self.cancel_open(order.id, reason))
    }

    /// An open order of an account, on that symbol if one is named.
    fn find_open(&self, account: u64, which: &Which, symbol: Option<u32>) -> Result<&Order, Refusal> {
        let found = match which {
            Which::Id(id) => self.order(*id),
            Which::Client(name) => self
                .open_orders()
                .find(|order| order.new.account == account && order.new.client_id.as_ref() == Some(name)),
        };
        let found = found.filter(|order| symbol.is_none_or(|symbol| order.new.symbol == symbol));
        match found {
            Some(order) if order.new.account != account => Err(Refusal::UnknownOrder),
            None => Err(Refusal::UnknownOrder),
            Some(order) if !order.is_open() => {
                Err(Refusal::AlreadyClosed { order: order.id, status: order.status, reason: order.reason })
            }
            Some(order) => Ok(order),
        }
    }

    /// 2012, 4010, 3010, for an order that would come in anew, or wait for its trigger as something else.
    fn check_amended_funds(&self, order: &Order, price: Option<u64>, quantity: u64) -> Result<(), Refusal> {
        let NewOrder { account, symbol, side, post_only, .. } = order.new;
        if let Some(price) = price {
            self.check_price_band(symbol, side, price)?;
            if post_only && self.would_cross(symbol, side, price) {
                return Err(Refusal::PostOnlyWouldCross);
            }
        }
        let amended = Order { price, quantity, ..order.clone() };
        let required = self.need(&amended) - self.need(order);
        self.check_funds(account, self.rules(symbol).gives(side), required.max(0))
    }
}

/// 4015, 1015, 4014.
fn check_amendable(
    order: &Order,
    quantity: Option<NewQuantity>,
    price: Option<u64>,
    new_quantity: u64,
) -> Result<(), Refusal> {
    let changes_price = price.is_some() && price != order.price;
    let has_no_such_field =
        (price.is_some() && order.price.is_none()) || (quantity.is_some() && order.new.is_by_quote());
    let is_leg_beyond_less = order.sibling.is_some() && (changes_price || new_quantity > order.quantity);
    if has_no_such_field || is_leg_beyond_less {
        return Err(Refusal::AmendNotAllowed);
    }
    if !changes_price && new_quantity == order.quantity {
        return Err(Refusal::NoChange);
    }
    let is_below_filled = match quantity {
        Some(NewQuantity::Total(total)) => total <= order.filled + order.prevented,
        Some(NewQuantity::ReduceBy(lots)) => lots >= order.open_quantity(),
        None => false,
    };
    if is_below_filled { Err(Refusal::QuantityBelowFilled) } else { Ok(()) }
}
