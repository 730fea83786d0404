//! What comes back from the matchers: settlements, and reservations that change hands.
//!
//! A settlement consumes what is frozen and credits what is available; it never debits `available`.

use crate::accounts::Counters;
use crate::history::Step;
use crate::message::{OrderAfter, OrderStatus, Settlement};
use crate::orders::OrderSlot;
use crate::sequencer::Sequencer;
use crate::sequencer::listing::listed;
use crate::sequencer::reservation::{is_exact, is_exact_with};
use crate::sequencer::watch::kind_of;
use crate::spec::SymbolSpec;
use crate::types::{AccountId, Amount, AssetId, Lsn, OrderId, Quantity, Side, SignedAmount};

/// What a settlement moves: amounts of the asset that the order gives, and of the one it receives.
#[derive(Clone, Copy, Debug)]
struct Moves {
    gives: AssetId,
    receives: AssetId,
    /// Leaves the reservation, the fee apart.
    given: Amount,
    /// Comes, the fee apart.
    received: Amount,
    /// A buyer's fee on top of the price, or rebate: in the asset that is given.
    fee_on_given: SignedAmount,
    /// A fee out of what came, or rebate.
    fee_on_received: SignedAmount,
}

impl Moves {
    #[inline]
    fn of(settlement: &Settlement, spec: &SymbolSpec, side: Side) -> Self {
        let (gives, receives) = (spec.gives(side), spec.receives(side));
        let base = spec.base_amount(settlement.filled);
        let (given, received) = match side {
            Side::Buy => (settlement.notional, base),
            Side::Sell => (base, settlement.notional),
        };
        let (fee_on_given, fee_on_received) = if spec.fee_asset(side) == gives {
            (settlement.fee, SignedAmount::ZERO)
        } else {
            (SignedAmount::ZERO, settlement.fee)
        };
        Self { gives, receives, given, received, fee_on_given, fee_on_received }
    }
}

impl Sequencer {
    pub(super) fn settle(&mut self, settlement: &Settlement) {
        self.horizon = self.horizon.max(settlement.cause);
        let at = self.orders.find(settlement.order).expect("a settlement is for an open order");
        let entry = self.orders.at_mut(at);
        let (slot, symbol, side) = (entry.account, entry.order.order.symbol, entry.order.order.side);
        let spec = &listed(&self.symbols, symbol).expect("the order's symbol is known").spec;
        // Most say that an order rests, or is canceled.
        let moves_anything = settlement.moves_anything();
        let (gives, receives) = (spec.gives(side), spec.receives(side));
        let moves = if moves_anything {
            Moves::of(settlement, spec, side)
        } else {
            let (none, nothing) = (Amount::ZERO, SignedAmount::ZERO);
            let (fee_on_given, fee_on_received) = (nothing, nothing);
            Moves { gives, receives, given: none, received: none, fee_on_given, fee_on_received }
        };
        let voided = settlement.after == OrderAfter::Voided;
        if !voided {
            self.entries.push_step(
                slot,
                &Step {
                    cause: settlement.cause,
                    at: settlement.at,
                    order: settlement.order,
                    gives: moves.gives,
                    receives: moves.receives,
                    frozen: entry.unwritten,
                    given: moves.given,
                    received: moves.received,
                    fee_on_received: moves.fee_on_received,
                    fee_on_given: moves.fee_on_given,
                    released: settlement.released,
                },
            );
        }
        let order = &mut entry.order;
        assert!(settlement.account == order.order.account, "a settlement of somebody else's: {settlement:?}");

        order.updated_at = order.updated_at.max(settlement.at); // Another shard's clock may be behind.
        let quantity = order.order.kind.quantity();
        if moves_anything {
            // Goes below zero, and halts, if the matcher spends or returns more than this order had reserved.
            let mut consumed = moves.given;
            if !moves.fee_on_given.is_zero() {
                consumed += moves.fee_on_given.positive();
            }
            order.reserved = order.reserved - consumed - settlement.released;
            order.filled += settlement.filled;
            order.prevented += settlement.prevented;
            order.notional += settlement.notional;
            let done = order.filled + order.prevented;
            assert!(quantity.is_none_or(|quantity| done <= quantity), "beyond its quantity: {order:?}");

            if !settlement.filled.is_zero() {
                let mut received = moves.received;
                if !settlement.fee.is_zero() {
                    order.fee += settlement.fee;
                    received = received - moves.fee_on_received.positive() + moves.fee_on_received.negative();
                    if moves.fee_on_given.0 < 0 {
                        self.ledger.credit(slot, moves.gives, moves.fee_on_given.negative());
                    }
                    self.ledger.count_fees(spec.fee_asset(side), SignedAmount(-settlement.fee.0));
                }
                self.ledger.settle(slot, (moves.gives, consumed), (moves.receives, received));
            }
            if side == Side::Buy && !entry.shadow && quantity.is_some() {
                let lots = u128::from(settlement.filled.0) + u128::from(settlement.prevented.0);
                if lots > 0 {
                    self.accounts.counters_mut(slot, symbol).take_lots(lots);
                }
            }
        } else if !settlement.released.is_zero() {
            order.reserved -= settlement.released;
        }
        self.ledger.release(slot, moves.gives, settlement.released);

        if voided {
            let order = &entry.order;
            let is_traceless = order.reserved.is_zero()
                && order.filled.is_zero()
                && order.prevented.is_zero()
                && settlement.released == entry.unwritten;
            assert!(is_traceless, "a refused order left a trace: {order:?}");
            self.uncount(at);
            self.orders.remove(at).order.order.extras = None;
            return;
        }
        let is_watched = self.watching.as_ref().is_some_and(|watching| watching.includes(settlement.account));
        let kind = if is_watched { kind_of(entry, settlement) } else { None };
        entry.unwritten = Amount::ZERO;
        entry.decided = true;
        entry.amended = false;
        let order = &mut entry.order;
        match settlement.after {
            OrderAfter::Pending => {
                assert!(order.status == OrderStatus::PendingTrigger, "it waits again: {order:?}");
                self.check_reservation(at);
                if let (Some(kind), Some(watching)) = (kind, &mut self.watching) {
                    watching.tell(kind, &self.orders.at(at).order, settlement);
                }
            }
            OrderAfter::Open => {
                if order.status == OrderStatus::PendingTrigger {
                    self.accounts.counters_mut(slot, symbol).conditional -= 1;
                }
                let filled = !order.filled.is_zero();
                order.status = if filled { OrderStatus::PartiallyFilled } else { OrderStatus::New };
                self.check_reservation(at);
                if let (Some(kind), Some(watching)) = (kind, &mut self.watching) {
                    watching.tell(kind, &self.orders.at(at).order, settlement);
                }
            }
            OrderAfter::Closed(status) => {
                assert!(order.reserved.is_zero(), "a closed order keeps a reservation: {order:?}");
                self.uncount(at);
                let order = &mut self.orders.remove(at).order;
                order.status = status;
                if let (Some(kind), Some(watching)) = (kind, &mut self.watching) {
                    watching.tell(kind, order, settlement);
                }
                self.closed.push(slot, settlement.cause, order);
            }
            OrderAfter::Voided => panic!("a refused order is taken care of above"),
        }
    }

    /// An order's reservation, or a part of it, becomes another's. The balance stays what it is.
    pub(super) fn move_reservation(
        &mut self,
        cause: Lsn,
        account: AccountId,
        from: OrderId,
        to: OrderId,
        amount: Amount,
    ) {
        self.horizon = self.horizon.max(cause);
        let [from, to] =
            [from, to].map(|id| self.orders.find(id).expect("a reservation moves between open orders"));
        let gives = |at| {
            let order = &self.orders.at(at).order.order;
            assert!(order.account == account, "a reservation of somebody else's: {order:?}");
            self.known(order.symbol).spec.gives(order.side)
        };
        assert!(gives(from) == gives(to), "a reservation moves between orders that give different assets");
        self.orders.at_mut(from).order.reserved -= amount;
        self.orders.at_mut(to).order.reserved += amount;
    }

    /// An order is about to be closed, or was refused: takes back what it counted.
    #[inline]
    fn uncount(&mut self, at: OrderSlot) {
        let entry = self.orders.at(at);
        let (account, symbol, list) = (entry.account, entry.order.order.symbol, entry.order.list);
        let mut counts = Counters::of(&entry.order, entry.running, entry.shadow);
        if let Some((_, sibling)) = list {
            let own = self.part_from(sibling);
            counts.lists = u32::from(own.is_none());
            let counters = self.accounts.counters_mut(account, symbol);
            counters.buy_lots += own.map_or(0, |lots| u128::from(lots.0));
        }
        self.accounts.counters_mut(account, symbol).subtract(counts);
    }

    /// The other leg of an OCO is alone from now on: says which lots that were counted with this one become its
    /// own; none if it is closed as well.
    fn part_from(&mut self, sibling: OrderId) -> Option<Quantity> {
        let at = self.orders.find(sibling)?;
        let sibling = self.orders.at_mut(at);
        let was_shadow = std::mem::take(&mut sibling.shadow);
        let buys = was_shadow && sibling.order.order.side == Side::Buy;
        Some(if buys { sibling.order.open_quantity().unwrap_or_default() } else { Quantity::ZERO })
    }

    #[inline]
    fn check_reservation(&self, at: OrderSlot) {
        let entry = self.orders.at(at);
        let spec = &self.known(entry.order.order.symbol).spec;
        let exact = match entry.order.list {
            None => is_exact(spec, &entry.order),
            Some((_, sibling)) => is_exact_with(spec, entry, self.orders.get(sibling)),
        };
        assert!(exact, "an open order has not reserved what the rest of it may cost: {:?}", entry.order);
    }
}
