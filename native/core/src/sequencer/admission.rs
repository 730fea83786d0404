//! New orders: everything that is checked of one before its matcher sees it, and what is frozen for it.
//!
//! Order of checks: docs/SEMANTICS.md, section 8. Where the book has something to say between two checks of
//! ours, a refusal of the later one travels with the order ([`LateChecks`]), so that an order with several
//! faults always gets the same code.

use crate::accounts::Counters;
use crate::fees::FeeRates;
use crate::ledger::AccountSlot;
use crate::log::{Context, OrderIds};
use crate::message::{AdmittedOrder, LateChecks, NewOrder, Order, OrderStatus, ReplyTo, ToMatcher};
use crate::orders::{Entry, OrderSlot};
use crate::outbox::SequencerOutbox;
use crate::reject::{Code, Detail, Reject};
use crate::sequencer::listing::{Listing, check_fresh, listed};
use crate::sequencer::reservation::{Funding, funding};
use crate::sequencer::{Sequencer, Verdict};
use crate::types::{Amount, AssetId, ID_MAX, OrderId, Quantity, Side, SignedAmount, StpGroup, Timestamp};

/// An order that goes before the new one comes: what it holds counts as free.
#[derive(Debug)]
pub(super) struct Gone {
    /// Their client order ids may be used again: its own, and that of an OCO's other leg.
    pub(super) names_of: [OrderId; 2],
    /// What is reserved for it.
    pub(super) reserved: Option<(AssetId, Amount)>,
    /// What it counts.
    pub(super) counts: Counters,
}

/// What was found out about an order that may go to its matcher.
#[derive(Debug)]
pub(super) struct Judged {
    /// Its fee rates.
    pub(super) fees: FeeRates,
    /// Its account's group.
    pub(super) stp_group: Option<StpGroup>,
    /// To be frozen for it.
    pub(super) reserved: Amount,
    /// What it needs of the order that goes.
    pub(super) from_old: Amount,
    /// What its matcher must judge.
    pub(super) late: Option<Box<LateChecks>>,
}

impl Sequencer {
    /// Freezes what the order may cost, remembers it, and passes it on.
    pub(super) fn place(
        &mut self,
        to: ReplyTo,
        mut order: NewOrder,
        ctx: &mut Context<'_>,
        order_ids: &mut dyn OrderIds,
        out: &mut SequencerOutbox,
    ) -> Verdict {
        check_fresh(&order, ctx.now)?;
        let listing = listed(&self.symbols, order.symbol)?;
        listing.check_status(&order)?;
        let slot = self.who_trades(order.account)?;
        self.accounts.take_tokens(slot, 1, ctx.now)?;
        let judged = self.judge(slot, listing, &mut order, None, ctx.now)?;
        let Judged { fees, stp_group, reserved, late, from_old: _ } = judged;
        let (id, accepted_at) = (next_id(order_ids), ctx.now);
        // Built where it is to lie: see `matcher/run.rs`.
        out.to_matcher.extend(std::iter::once_with(|| {
            ToMatcher::Admit(AdmittedOrder { to, id, order, reserved, fees, stp_group, accepted_at, late })
        }));
        if let Some(ToMatcher::Admit(admitted)) = out.to_matcher.last()
            && !admitted.is_refused()
        {
            self.let_in(slot, admitted);
        }
        Ok(None)
    }

    /// The same without the effect.
    pub(super) fn test(
        &mut self,
        to: ReplyTo,
        mut order: NewOrder,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) -> Verdict {
        check_fresh(&order, ctx.now)?;
        let listing = listed(&self.symbols, order.symbol)?;
        listing.check_status(&order)?;
        let slot = self.who_trades(order.account)?;
        self.accounts.check_rate(slot, 1, ctx.now)?;
        let judged = self.judge(slot, listing, &mut order, None, ctx.now)?;
        let admitted = admitted(to, OrderId(0), order, judged, ctx.now);
        out.to_matcher.push(ToMatcher::Test(Box::new(admitted)));
        Ok(None)
    }

    /// Everything from the client order id on, as if an order that goes for this one were gone. Fills in when a
    /// DAY order expires. Changes nothing else.
    ///
    /// # Errors
    /// Any refusal that the book has nothing to say before.
    pub(super) fn judge(
        &self,
        slot: AccountSlot,
        listing: &Listing,
        order: &mut NewOrder,
        gone: Option<&Gone>,
        now: Timestamp,
    ) -> Result<Judged, Reject> {
        self.check_name(slot, order, gone.map(|gone| &gone.names_of))?;
        listing.check_expiry(order, now)?;
        listing.check_bounds(order)?;
        let mut judged = Judged {
            fees: self.fees(slot, order, listing),
            stp_group: self.accounts.terms(slot).and_then(|terms| terms.stp_group),
            reserved: Amount::ZERO,
            from_old: Amount::ZERO,
            late: None,
        };
        let funding = funding(&listing.spec, order, judged.fees)?;
        let mut position_room = None;
        let found = self.check_limits(slot, listing, order, gone).and_then(|room| {
            position_room = room;
            self.find_funds(slot, listing, order, gone, funding)
        });
        let refusal = match found {
            Ok((reserved, from_old)) => {
                (judged.reserved, judged.from_old) = (reserved, from_old);
                None
            }
            Err(reject) if listing.has_matcher_to_judge(order) => Some(reject),
            Err(reject) => return Err(reject),
        };
        if refusal.is_some() || position_room.is_some() {
            judged.late = Some(Box::new(LateChecks { refusal, position_room }));
        }
        Ok(judged)
    }

    /// How many orders there may be, and how much base. Immediate orders are bounded by the latter only.
    fn check_limits(
        &self,
        slot: AccountSlot,
        listing: &Listing,
        order: &NewOrder,
        gone: Option<&Gone>,
    ) -> Result<Option<Quantity>, Reject> {
        if !order.is_immediate() {
            let adds = Counters {
                open: 1,
                conditional: u32::from(order.trigger().is_some()),
                icebergs: u32::from(order.display().is_some()),
                ..Counters::default()
            };
            self.check_caps(slot, listing, adds, gone)?;
        }
        self.check_position(slot, listing, order, gone)
    }

    /// What is to be frozen for it, and what the order that goes is to leave it.
    fn find_funds(
        &self,
        slot: AccountSlot,
        listing: &Listing,
        order: &NewOrder,
        gone: Option<&Gone>,
        funding: Funding,
    ) -> Result<(Amount, Amount), Reject> {
        let asset = listing.spec.gives(order.side);
        let available = self.ledger.balance(slot, asset).available;
        let freed = gone.and_then(|gone| gone.reserved).filter(|freed| freed.0 == asset);
        let freed = freed.map_or(Amount::ZERO, |freed| freed.1);
        match funding {
            Funding::Exactly(needed) if needed <= available => Ok((needed, Amount::ZERO)),
            Funding::Exactly(required) => {
                let from_old = required - available;
                if from_old <= freed {
                    return Ok((available, from_old));
                }
                let detail = Detail::Funds { asset, required, available: available + freed };
                Err(Reject { code: Code::InsufficientBalance, detail })
            }
            Funding::Everything { at_most: None } => Ok((available, freed)),
            Funding::Everything { at_most: Some(most) } => {
                let reserved = available.min(most);
                Ok((reserved, freed.min(most - reserved)))
            }
        }
    }

    /// Freezes and remembers, unless the matcher is to refuse it.
    pub(super) fn accept(
        &mut self,
        to: ReplyTo,
        slot: AccountSlot,
        order: NewOrder,
        judged: Judged,
        id: OrderId,
        now: Timestamp,
    ) -> AdmittedOrder {
        let admitted = admitted(to, id, order, judged, now);
        if !admitted.is_refused() {
            self.let_in(slot, &admitted);
        }
        admitted
    }

    /// Freezes and remembers: here for the first time, or told again.
    #[inline]
    pub(super) fn let_in(&mut self, slot: AccountSlot, admitted: &AdmittedOrder) {
        let asset = self.known(admitted.order.symbol).spec.gives(admitted.order.side);
        self.ledger.freeze_checked(slot, asset, admitted.reserved);
        let at = self.orders.insert_admitted(slot, admitted);
        self.count(at);
    }

    pub(super) fn remember(&mut self, entry: Entry) {
        let at = self.orders.insert(entry);
        self.count(at);
    }

    /// Counts an order that was just remembered.
    #[inline]
    fn count(&mut self, at: OrderSlot) {
        let entry = self.orders.at(at);
        let counts = Counters::of(&entry.order, entry.running, entry.shadow);
        self.accounts.counters_mut(entry.account, entry.order.order.symbol).add(counts);
    }

    /// No live order of the account has its name, but for the one that goes.
    #[inline]
    pub(super) fn check_name(
        &self,
        slot: AccountSlot,
        order: &NewOrder,
        but: Option<&[OrderId; 2]>,
    ) -> Result<(), Reject> {
        let Some(client_id) = order.client_id() else { return Ok(()) };
        if self.orders.with_client_id(slot, client_id).any(|id| but.is_none_or(|names| !names.contains(&id)))
        {
            return Err(Reject::new(Code::DuplicateClientOrderId));
        }
        Ok(())
    }

    /// Its own rates, else its account's, else its symbol's.
    #[inline]
    pub(super) fn fees(&self, slot: AccountSlot, order: &NewOrder, listing: &Listing) -> FeeRates {
        let own = order.extras.as_ref().and_then(|extras| extras.fees);
        let of_account = || self.accounts.terms(slot)?.rates(order.symbol);
        own.or_else(of_account).unwrap_or(listing.rules.fees)
    }

    /// The bounds on how many orders an account may have open.
    #[inline]
    pub(super) fn check_caps(
        &self,
        slot: AccountSlot,
        listing: &Listing,
        adds: Counters,
        gone: Option<&Gone>,
    ) -> Result<(), Reject> {
        let less = gone.map_or_else(Counters::default, |gone| gone.counts);
        let max = self.limits.open_orders_per_account_max;
        if self.orders.open_count(slot) - less.open + adds.open > max {
            return Err(Reject { code: Code::TooManyOpenOrders, detail: Detail::Bound { max } });
        }
        let rules = &listing.rules;
        let has_caps = rules.open_orders_max.is_some()
            || rules.conditional_max.is_some()
            || rules.icebergs_max.is_some()
            || rules.lists_max.is_some();
        if !has_caps {
            return Ok(());
        }
        let has = self.accounts.counters(slot, listing.spec.id());
        let bounds = [
            (rules.open_orders_max, has.open, less.open, adds.open),
            (rules.conditional_max, has.conditional, less.conditional, adds.conditional),
            (rules.icebergs_max, has.icebergs, less.icebergs, adds.icebergs),
            (rules.lists_max, has.lists, less.lists, adds.lists),
        ];
        for (max, has, less, adds) in bounds {
            if let Some(max) = max
                && adds > 0
                && has - less + adds > max
            {
                return Err(Reject { code: Code::TooManyOpenOrders, detail: Detail::Bound { max } });
            }
        }
        Ok(())
    }

    /// The most that an account may own and be buying. How much an immediate order by quote amount buys, only
    /// the book can tell: it gets to know how much there is room for.
    #[inline]
    pub(super) fn check_position(
        &self,
        slot: AccountSlot,
        listing: &Listing,
        order: &NewOrder,
        gone: Option<&Gone>,
    ) -> Result<Option<Quantity>, Reject> {
        match listing.rules.position_max {
            Some(max) if order.side == Side::Buy => {
                let room = self.room_for(slot, listing, max, gone);
                match order.kind.quantity() {
                    Some(quantity) if quantity > room => Err(Reject::new(Code::MaxPosition)),
                    Some(_) => Ok(None),
                    None => Ok(order.is_immediate().then_some(room)),
                }
            }
            _ => Ok(None),
        }
    }

    /// How many more lots an account may be buying.
    fn room_for(&self, slot: AccountSlot, listing: &Listing, max: Quantity, gone: Option<&Gone>) -> Quantity {
        let spec = &listing.spec;
        let owned = self.ledger.balance(slot, spec.base()).total().0.div_ceil(spec.lot_atoms());
        let less = gone.map_or(0, |gone| gone.counts.buy_lots);
        let buying = self.accounts.counters(slot, spec.id()).buy_lots - less;
        let room = u128::from(max.0).saturating_sub(owned).saturating_sub(buying);
        Quantity(u64::try_from(room).expect("at most the bound, which is a u64"))
    }
}

/// The next order id.
#[inline]
pub(super) fn next_id(order_ids: &mut dyn OrderIds) -> OrderId {
    let id = order_ids.next();
    assert!((1..=ID_MAX).contains(&id.0), "order ids have run out");
    id
}

/// What a matcher gets to know of a refusal that waits for its turn.
pub(super) fn refused_late(reject: Reject) -> Box<LateChecks> {
    Box::new(LateChecks { refusal: Some(reject), position_room: None })
}

/// An order as its matcher gets it.
#[inline]
pub(super) fn admitted(
    to: ReplyTo,
    id: OrderId,
    order: NewOrder,
    judged: Judged,
    accepted_at: Timestamp,
) -> AdmittedOrder {
    let Judged { fees, stp_group, reserved, late, from_old: _ } = judged;
    AdmittedOrder { to, id, order, reserved, fees, stp_group, accepted_at, late }
}

/// A new order as its sequencer keeps it.
#[inline]
pub(crate) fn order_of(admitted: &AdmittedOrder) -> Order {
    let pending = admitted.order.trigger().is_some();
    Order {
        id: admitted.id,
        order: admitted.order.clone(),
        fees: admitted.fees,
        status: if pending { OrderStatus::PendingTrigger } else { OrderStatus::New },
        filled: Quantity::ZERO,
        notional: Amount::ZERO,
        prevented: Quantity::ZERO,
        fee: SignedAmount::ZERO,
        reserved: admitted.reserved,
        list: None,
        amends: 0,
        accepted_at: admitted.accepted_at,
        updated_at: admitted.accepted_at,
    }
}
