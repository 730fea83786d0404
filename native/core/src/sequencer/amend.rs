//! Amends: the worst that one may cost is frozen besides what its order has, and given back where the book
//! finds that it is not needed.
//!
//! An order may be amended again before the book has answered. What the next amend finds depends on which of those
//! before it the book takes, so it is judged by the cheapest and the dearest order that they may leave.

use crate::fees::FeeMode;
use crate::index::IdIndex;
use crate::ledger::AccountSlot;
use crate::message::{Amend, AmendChange, NewOrder, NewQuantity, OrderKind, OrderRef, ReplyTo, ToMatcher};
use crate::orders::OrderSlot;
use crate::outbox::SequencerOutbox;
use crate::reject::{Code, Detail, Reject};
use crate::sequencer::reservation::required;
use crate::sequencer::{Listing, Sequencer, Verdict};
use crate::types::{AccountId, Amount, AssetId, Lsn, OrderId, Price, Quantity, Side, SymbolId};

/// An amend that its matcher has not answered. Kept apart from its order, which may be closed meanwhile.
#[derive(Clone, Copy, Debug)]
pub(super) struct AmendInFlight {
    pub(super) account: AccountSlot,
    pub(super) asset: AssetId,
    /// Frozen for it.
    pub(super) extra: Amount,
    /// What its order may be when the book has answered it.
    leaves: Bounds,
}

/// Amends that their matchers have not answered: those of one order in the order in which they were sent, which is
/// the one in which they are answered.
#[derive(Debug, Default)]
pub(super) struct AmendsInFlight {
    queues: IdIndex<Queue>,
    /// Places that are in use, and others.
    places: Vec<Place>,
    free: Vec<u32>,
}

/// The amends of one order.
#[derive(Clone, Copy, Debug)]
struct Queue {
    first: u32,
    last: u32,
    count: u32,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    order: OrderId,
    amend: AmendInFlight,
    /// Of the one that was sent after it; its own if there is none.
    next: u32,
    in_use: bool,
}

impl AmendsInFlight {
    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    /// All, in no order that means anything.
    pub(super) fn all(&self) -> impl Iterator<Item = (OrderId, &AmendInFlight)> {
        self.places.iter().filter(|place| place.in_use).map(|place| (place.order, &place.amend))
    }

    /// The one of an order that is answered next.
    pub(super) fn first(&self, id: OrderId) -> Option<&AmendInFlight> {
        self.queues.get(id.0).map(|queue| &self.places[queue.first as usize].amend)
    }

    /// The one of an order that was sent last, and how many there are.
    fn last(&self, id: OrderId) -> Option<(&AmendInFlight, u32)> {
        self.queues.get(id.0).map(|queue| (&self.places[queue.last as usize].amend, queue.count))
    }

    fn push(&mut self, order: OrderId, amend: AmendInFlight) {
        let at = self.free.pop().unwrap_or_else(|| {
            u32::try_from(self.places.len()).expect("fewer commands are in flight than 2^32")
        });
        let place = Place { order, amend, next: at, in_use: true };
        match self.places.get_mut(at as usize) {
            Some(free) => *free = place,
            None => self.places.push(place),
        }
        match self.queues.get_mut(order.0) {
            Some(queue) => {
                self.places[queue.last as usize].next = at;
                queue.last = at;
                queue.count += 1;
            }
            None => self.queues.insert(order.0, Queue { first: at, last: at, count: 1 }),
        }
    }

    fn pop(&mut self, order: OrderId) -> Option<AmendInFlight> {
        let queue = self.queues.get_mut(order.0)?;
        let at = queue.first;
        let place = &mut self.places[at as usize];
        assert!(place.in_use && place.order == order, "{place:?} is not of {order:?}");
        place.in_use = false;
        if queue.count == 1 {
            self.queues.remove(order.0);
        } else {
            queue.first = place.next;
            queue.count -= 1;
        }
        self.free.push(at);
        Some(place.amend)
    }
}

/// The least and the most that an order's price and whole quantity may be, whichever of its amends in flight the book
/// takes. None where its kind has none.
#[derive(Clone, Copy, Debug)]
struct Bounds {
    price: Option<(Price, Price)>,
    total: Option<(Quantity, Quantity)>,
}

impl Bounds {
    /// Of an order that nothing changes.
    fn exactly(kind: OrderKind) -> Self {
        let twice = |price| (price, price);
        Self { price: kind.price().map(twice), total: kind.quantity().map(|total| (total, total)) }
    }

    /// Of what an amend makes of any such order if the book takes it. None if it can't take it.
    fn amended(self, change: AmendChange) -> Option<Self> {
        let price = match change.price {
            Some(price) => self.price.map(|_| Some((price, price)))?,
            None => self.price,
        };
        let total = match change.quantity {
            Some(NewQuantity::Total(total)) => self.total.map(|_| Some((total, total)))?,
            Some(NewQuantity::ReduceBy(less)) => {
                let (least, most) = self.total?;
                let most = most.checked_sub(less).filter(|total| *total != Quantity::ZERO)?;
                // Of the cheapest order nothing may be left: then the book does not take it, and it is not certain.
                Some((least.checked_sub(less).unwrap_or_default(), most))
            }
            None => self.total,
        };
        Some(Self { price, total })
    }

    /// What is within one of both.
    fn or(self, other: Self) -> Self {
        fn span<T: Ord>(one: Option<(T, T)>, other: Option<(T, T)>) -> Option<(T, T)> {
            let ((least, most), (low, high)) = (one?, other?);
            Some((least.min(low), most.max(high)))
        }
        Self { price: span(self.price, other.price), total: span(self.total, other.total) }
    }

    /// The cheapest and the dearest such order.
    fn of_order(self, order: &NewOrder) -> [NewOrder; 2] {
        let with = |price: Option<Price>, total: Option<Quantity>| {
            let mut kind = total.map_or(order.kind, |total| order.kind.with_quantity(total));
            if let (OrderKind::Limit { price: at, .. }, Some(price)) = (&mut kind, price) {
                *at = price;
            }
            NewOrder { kind, ..order.clone() }
        };
        let least = with(self.price.map(|(least, _)| least), self.total.map(|(least, _)| least));
        let most = with(self.price.map(|(_, most)| most), self.total.map(|(_, most)| most));
        [least, most]
    }
}

impl Sequencer {
    pub(super) fn amend(
        &mut self,
        to: ReplyTo,
        account: AccountId,
        symbol: SymbolId,
        order: &OrderRef,
        change: AmendChange,
        out: &mut SequencerOutbox,
    ) -> Verdict {
        self.listing(symbol)?.check_takes_orders()?;
        let slot = self.who_trades(account)?;
        let at = self.resolve(slot, order, Some(symbol))?;
        let entry = self.orders.at(at);
        let (id, side) = (entry.order.id, entry.order.order.side);
        let before = self.amends.last(id).map(|(last, count)| (last.leaves, count));
        // What becomes of one leg of a pair becomes of both.
        if let Some((_, sibling)) = entry.order.list
            && (before.is_some() || self.amends.first(sibling).is_some())
        {
            return Err(Reject::new(Code::Busy));
        }
        let listing = self.listing(symbol)?;
        if let Some(max) = listing.rules.amends_max {
            if entry.order.amends >= max {
                return Err(Reject { code: Code::TooManyAmends, detail: Detail::Bound { max } });
            }
            if before.is_some_and(|(_, count)| entry.order.amends.saturating_add(count) >= max) {
                return Err(Reject::new(Code::Busy));
            }
        }
        let asset = listing.spec.gives(side);
        let mut extra = match before {
            None => self.extra_for(at, listing, change)?,
            Some((found, _)) => self.extra_behind(at, listing, found, change)?,
        };
        let refusal = self.ledger.check_available(slot, asset, extra).err();
        if refusal.is_some() {
            if before.is_some() {
                // It may well need less than the most that it can.
                return Err(Reject::new(Code::Busy));
            }
            extra = Amount::ZERO;
        } else if before.is_none() && matches!(change.quantity, Some(NewQuantity::Total(_))) {
            // More of the order may trade before the book comes to the amend. That is no reason to refuse it, but what
            // it may cost then is frozen as far as it is there.
            let found = Bounds::exactly(self.orders.at(at).order.order.kind);
            let worst = self.extra_behind(at, listing, found, change)?;
            extra = extra.max(worst.min(self.ledger.balance(slot, asset).available));
        }
        self.begin_amend(slot, asset, id, extra, change);
        let amend = Amend { to, account, symbol, order: id, change, extra, refusal };
        out.to_matcher.push(ToMatcher::Amend(Box::new(amend)));
        Ok(None)
    }

    /// Freezes what an amend may cost: here for the first time, or told again.
    pub(super) fn begin_amend(
        &mut self,
        account: AccountSlot,
        asset: AssetId,
        id: OrderId,
        extra: Amount,
        change: AmendChange,
    ) {
        self.ledger.freeze_checked(account, asset, extra);
        let found = match self.amends.last(id) {
            Some((last, _)) => last.leaves,
            None => Bounds::exactly(self.orders.get(id).expect("who amends it found it").order.order.kind),
        };
        let leaves = found.amended(change).map_or(found, |taken| found.or(taken));
        self.amends.push(id, AmendInFlight { account, asset, extra, leaves });
    }

    /// What the amended order would need besides what the old one has, by all that is known here.
    ///
    /// # Errors
    /// Price and quantity rules.
    fn extra_for(&self, at: OrderSlot, listing: &Listing, change: AmendChange) -> Result<Amount, Reject> {
        let entry = self.orders.at(at);
        let order = &entry.order;
        let Some(amended) = amended_order(&order.order, change) else {
            return Ok(Amount::ZERO); // To less than nothing, or what the order does not have: the book refuses.
        };
        listing.check_bounds(&amended)?;
        listing.check_amended(&amended)?;
        if order.list.is_some_and(|(_, sibling)| self.orders.find(sibling).is_some()) {
            return Ok(Amount::ZERO); // An OCO can only be made smaller.
        }
        let done = order.filled + order.prevented;
        let Some(open) = amended.kind.quantity().unwrap_or_default().checked_sub(done) else {
            return Ok(Amount::ZERO);
        };
        let needs = required(&listing.spec, &amended, open, order.fees).unwrap_or_default();
        Ok(needs.checked_sub(order.reserved).unwrap_or_default())
    }

    /// The most that an amend behind others may need besides what its order has when the book comes to it, however
    /// much of the order has traded by then.
    ///
    /// # Errors
    /// Price and quantity rules; `Busy` where it depends on those before it whether they are kept.
    fn extra_behind(
        &self,
        at: OrderSlot,
        listing: &Listing,
        found: Bounds,
        change: AmendChange,
    ) -> Result<Amount, Reject> {
        let order = &self.orders.at(at).order;
        let Some(taken) = found.amended(change) else {
            return Ok(Amount::ZERO); // The book can't take it, whatever it finds.
        };
        let [least, most] = taken.of_order(&order.order);
        for amended in [&least, &most] {
            let judged = listing.check_bounds(amended).and_then(|()| listing.check_amended(amended));
            // Where it is certain what it makes of the order, so is the refusal.
            let is_certain = |code| match code {
                Code::PriceRange => {
                    least.kind.price() == most.kind.price() && least.kind.quantity() != Some(Quantity::ZERO)
                }
                Code::QtyRange => least.kind.quantity() == most.kind.quantity(),
                _ => least.kind == most.kind,
            };
            judged
                .map_err(|reject| if is_certain(reject.code) { reject } else { Reject::new(Code::Busy) })?;
        }
        let needs = |it: &NewOrder, done: Quantity| {
            let open = it.kind.quantity().unwrap_or_default().checked_sub(done).unwrap_or_default();
            required(&listing.spec, it, open, order.fees).unwrap_or_default()
        };
        let missing = |after: &NewOrder, before: &NewOrder, done: Quantity| {
            needs(after, done).checked_sub(needs(before, done)).unwrap_or_default()
        };
        let done = order.filled + order.prevented;
        let Some(NewQuantity::Total(total)) = change.quantity else {
            // Of whatever it was it becomes no more: it costs the difference of prices, the more of it the more.
            let [before, _] =
                Bounds { total: found.total.map(|(_, most)| (most, most)), ..found }.of_order(&order.order);
            return Ok(if change.price.is_some() { missing(&most, &before, done) } else { Amount::ZERO });
        };
        let fewest = found.total.map_or(total, |(fewest, _)| fewest);
        let price =
            if change.price.is_some() { found.price } else { found.price.map(|(_, most)| (most, most)) };
        let [before, _] = Bounds { price, ..found }.of_order(&order.order);
        let now = missing(&most, &before, done);
        // At a lower price than it had, it may be more when all that the order was is done and nothing of what it had
        // is left. In between it is not: what is missing changes steadily with what trades.
        let is_limit = matches!(order.order.kind, OrderKind::Limit { .. });
        let at_last = if is_limit && change.price.is_some() { needs(&most, fewest) } else { Amount::ZERO };
        // A buyer's fee of what is left is rounded: at the same price it may be an atom more on the way.
        let is_rounded =
            order.order.side == Side::Buy && listing.spec.fee_mode() == FeeMode::Quote && total > fewest;
        Ok(now.max(at_last) + Amount(u128::from(is_rounded)))
    }

    /// The book's word on an amend.
    pub(super) fn amended(
        &mut self,
        cause: Option<Lsn>,
        account: AccountId,
        id: OrderId,
        extra: Amount,
        kind: Option<OrderKind>,
    ) {
        self.horizon = self.horizon.max(cause.unwrap_or(Lsn(0)));
        let in_flight = self.amends.pop(id).expect("the book answers an amend, and answers it once");
        let frozen = in_flight.extra;
        assert!(frozen == extra, "{extra:?} comes back of an amend for which {frozen:?} was frozen");
        match kind {
            Some(kind) => self.change_kind(account, id, extra, kind),
            None => self.ledger.release(in_flight.account, in_flight.asset, extra),
        }
    }

    /// The other leg of an OCO was amended, and with it this one.
    pub(super) fn sibling_amended(&mut self, cause: Lsn, account: AccountId, id: OrderId, kind: OrderKind) {
        self.horizon = self.horizon.max(cause);
        self.change_kind(account, id, Amount::ZERO, kind);
    }

    fn change_kind(&mut self, account: AccountId, id: OrderId, extra: Amount, kind: OrderKind) {
        let at = self.orders.find(id).expect("an order whose amend was accepted is open");
        let entry = self.orders.at_mut(at);
        let order = &mut entry.order;
        assert!(order.order.account == account, "an amend of somebody else's order: {id:?}");
        let before = order.open_quantity();
        order.order.kind = kind;
        order.amends += 1;
        order.reserved += extra;
        // Written down with the settlement that follows, which has the same cause.
        entry.unwritten += extra;
        entry.amended = true;
        if order.order.side == Side::Buy
            && !entry.shadow
            && let (Some(before), Some(after)) = (before, order.open_quantity())
        {
            let (slot, symbol) = (entry.account, order.order.symbol);
            let counters = self.accounts.counters_mut(slot, symbol);
            counters.take_lots(u128::from(before.0));
            counters.buy_lots += u128::from(after.0);
        }
    }
}

/// The order as amended; none if there is no such order.
fn amended_order(order: &NewOrder, change: AmendChange) -> Option<NewOrder> {
    let mut amended = order.clone();
    if let Some(quantity) = change.quantity {
        let before = amended.kind.quantity()?;
        let after = match quantity {
            NewQuantity::Total(total) => total,
            NewQuantity::ReduceBy(less) => {
                before.checked_sub(less).filter(|after| *after != Quantity::ZERO)?
            }
        };
        amended.kind = amended.kind.with_quantity(after);
    }
    if let Some(new_price) = change.price {
        let OrderKind::Limit { price, .. } = &mut amended.kind else { return None };
        *price = new_price;
    }
    Some(amended)
}
