//! Amends: the worst that one may cost is frozen besides what its order has, and given back where the book
//! finds that it is not needed.

use crate::ledger::AccountSlot;
use crate::message::{Amend, AmendChange, NewOrder, NewQuantity, OrderKind, OrderRef, ReplyTo, ToMatcher};
use crate::orders::OrderSlot;
use crate::outbox::SequencerOutbox;
use crate::reject::{Code, Detail, Reject};
use crate::sequencer::reservation::required;
use crate::sequencer::{Listing, Sequencer, Verdict};
use crate::types::{AccountId, Amount, AssetId, Lsn, OrderId, Quantity, Side, SymbolId};

/// An amend that its matcher has not answered. Kept apart from its order, which may be closed meanwhile.
#[derive(Clone, Copy, Debug)]
pub(super) struct AmendInFlight {
    pub(super) account: AccountSlot,
    pub(super) asset: AssetId,
    /// Frozen for it.
    pub(super) extra: Amount,
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
        // How much the next one may cost depends on what becomes of this one.
        if self.amends.contains_key(&id) {
            return Err(Reject::new(Code::Busy));
        }
        let listing = self.listing(symbol)?;
        if let Some(max) = listing.rules.amends_max
            && entry.order.amends >= max
        {
            return Err(Reject { code: Code::TooManyAmends, detail: Detail::Bound { max } });
        }
        let asset = listing.spec.gives(side);
        let mut extra = self.extra_for(at, listing, change)?;
        let refusal = self.ledger.check_available(slot, asset, extra).err();
        if refusal.is_some() {
            extra = Amount::ZERO;
        }
        self.begin_amend(slot, asset, id, extra);
        let amend = Amend { to, account, symbol, order: id, change, extra, refusal };
        out.to_matcher.push(ToMatcher::Amend(Box::new(amend)));
        Ok(None)
    }

    /// Freezes what an amend may cost: here for the first time, or told again.
    pub(super) fn begin_amend(&mut self, account: AccountSlot, asset: AssetId, id: OrderId, extra: Amount) {
        self.ledger.freeze_checked(account, asset, extra);
        self.amends.insert(id, AmendInFlight { account, asset, extra });
    }

    /// What the amended order would need besides what the old one has, by all that is known here. Less if the
    /// order trades before its matcher sees the amend.
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
        let in_flight = self.amends.remove(&id).expect("the book answers an amend, and answers it once");
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
