//! A matcher's state as bytes: what is hashed of it, which is what is saved.
//!
//! A book is its orders, best price first and first come first at each price; what waits for a price stands by id.
//! What can be derived from that (levels, triggers, groups of trailing stops, deadlines, flags) is derived again. What
//! is loaded is taken for hostile, and checked against itself before it is believed.

use super::market::{Kept, Market};
use super::pending::Waiting;
use super::removed::Removed;
use super::triggers::Progress;
use super::{Matcher, Slot};
use crate::book::{OrderBook, RestingFlags, RestingOrder};
use crate::codec::{Encode, ensure, wire_enum, wire_struct};
use crate::fees::FeeRates;
use crate::limits::QUANTITY_LOTS_MAX;
use crate::matcher::accrual::Accrued;
use crate::matcher::place::open_status;
use crate::matcher::reference::TradedMinutes;
use crate::message::{
    AdmittedOrder, Extras, NewOrder, OrderKind, OrderStatus, ReplyTo, StpMode, TimeInForce,
};
use crate::orders::Entry;
use crate::rules::SymbolRules;
use crate::spec::SymbolSpec;
use crate::state::{FindOrder, is_countable};
use crate::types::{
    AccountId, Amount, AssetId, ID_MAX, Lsn, OrderId, Price, Quantity, Side, SignedAmount, StpGroup,
    SymbolId, Ticket, Timestamp, TradeId,
};

/// A symbol, as it is hashed and saved.
pub(crate) enum SavedSymbol {
    /// It is there.
    Here(Box<SavedMarket>),
    /// It was removed.
    Removed(Box<SavedRemoved>),
}

wire_enum!(SavedSymbol { 1 = Here(market: Box<SavedMarket>), 2 = Removed(removed: Box<SavedRemoved>) });

pub(crate) struct SavedMarket {
    spec: SymbolSpec,
    rules: SymbolRules,
    last_trade: TradeId,
    last_price: Option<Price>,
    seq: u64,
    changed_at: Timestamp,
    horizon: Lsn,
    digest: u64,
    minutes: TradedMinutes,
    accrued: Accrued,
    bids: Vec<SavedResting>,
    asks: Vec<SavedResting>,
    waiting: Vec<SavedWaiting>,
}

wire_struct!(SavedMarket {
    spec: SymbolSpec,
    rules: SymbolRules,
    last_trade: TradeId,
    last_price: Option<Price>,
    seq: u64,
    changed_at: Timestamp,
    horizon: Lsn,
    digest: u64,
    minutes: TradedMinutes,
    accrued: Accrued,
    bids: Vec<SavedResting>,
    asks: Vec<SavedResting>,
    waiting: Vec<SavedWaiting>,
});

pub(crate) struct SavedRemoved {
    spec: SymbolSpec,
    accrued: Accrued,
    horizon: Lsn,
    digest: u64,
}

wire_struct!(SavedRemoved { spec: SymbolSpec, accrued: Accrued, horizon: Lsn, digest: u64 });

/// An order in a book, with all that its market keeps of it.
struct SavedResting {
    id: OrderId,
    account: AccountId,
    price: Price,
    shown: Quantity,
    hidden: Quantity,
    display: Quantity,
    total: Quantity,
    fees: FeeRates,
    stp_group: Option<StpGroup>,
    stp: StpMode,
    post_only: bool,
    prevented: Quantity,
    stop_leg: Option<OrderId>,
    kept: Option<SavedKept>,
}

wire_struct!(
    SavedResting {
        id: OrderId,
        account: AccountId,
        price: Price,
        shown: Quantity,
        hidden: Quantity,
        display: Quantity,
        total: Quantity,
        fees: FeeRates,
        stp_group: Option<StpGroup>,
        stp: StpMode,
        post_only: bool,
        prevented: Quantity,
        stop_leg: Option<OrderId>,
        kept: Option<SavedKept>,
    },
    |order| {
        let left = order.shown.checked_add(order.hidden).filter(|&left| left <= order.total);
        let done = left.map(|left| order.total - left);
        let sound = !order.shown.is_zero()
            && order.total.0 <= QUANTITY_LOTS_MAX
            && done.is_some_and(|done| order.prevented <= done)
            && !order.price.is_zero();
        ensure(sound, "an order in a book of nothing, or of more than there is")?;
        let slices = if order.display.is_zero() { order.hidden.is_zero() } else { order.shown <= order.display };
        ensure(slices, "not a slice of an iceberg")?;
        let untouched = done == Some(Quantity::ZERO) && order.hidden.is_zero();
        ensure(order.stop_leg.is_none() || untouched, "a leg of a list that has traded")
    }
);

struct SavedKept {
    tif: TimeInForce,
    extras: Box<Extras>,
}

wire_struct!(
    SavedKept { tif: TimeInForce, extras: Box<Extras> },
    |kept| {
        let expires = match kept.tif {
            TimeInForce::Gtc => false,
            TimeInForce::Gtd | TimeInForce::Day => true,
            TimeInForce::Ioc | TimeInForce::Fok => return Err("an order that rests, and can't"),
        };
        ensure(kept.extras.expire_at.is_some() == expires, "an order that expires has a time, no other has")
    }
);

/// An order that waits for its price.
struct SavedWaiting {
    id: OrderId,
    order: NewOrder,
    reserved: Amount,
    fees: FeeRates,
    stp_group: Option<StpGroup>,
    accepted_at: Timestamp,
    sibling: Option<OrderId>,
    progress: Progress,
}

wire_struct!(SavedWaiting {
    id: OrderId,
    order: NewOrder,
    reserved: Amount,
    fees: FeeRates,
    stp_group: Option<StpGroup>,
    accepted_at: Timestamp,
    sibling: Option<OrderId>,
    progress: Progress,
});

impl SavedSymbol {
    /// Which.
    pub(crate) fn symbol(&self) -> SymbolId {
        match self {
            Self::Here(market) => market.spec.id(),
            Self::Removed(removed) => removed.spec.id(),
        }
    }
}

impl<B: OrderBook> Matcher<B> {
    /// Hands out each symbol's part of the state's hash, removed ones included. For a shard at rest.
    pub fn market_parts(&self, each: &mut dyn FnMut(SymbolId, &[u8])) {
        let mut bytes = Vec::new();
        for saved in self.save() {
            bytes.clear();
            saved.encode(&mut bytes);
            each(saved.symbol(), &bytes);
        }
    }

    /// Every symbol that this shard has or had, by number.
    pub(crate) fn save(&self) -> impl Iterator<Item = SavedSymbol> {
        self.markets.iter().filter_map(|slot| match slot {
            Slot::Elsewhere => None,
            Slot::Here(market) => Some(SavedSymbol::Here(Box::new(market.save()))),
            Slot::Removed(removed) => {
                let Removed { spec, accrued, horizon, digest } = **removed;
                Some(SavedSymbol::Removed(Box::new(SavedRemoved { spec, accrued, horizon, digest })))
            }
        })
    }

    /// Brings a symbol to this shard as it was. `last` is the last record of all.
    ///
    /// # Errors
    /// It is not what a matcher saves.
    pub(crate) fn load(&mut self, saved: SavedSymbol, last: Lsn) -> Result<(), &'static str> {
        let symbol = saved.symbol();
        let at = symbol.0 as usize;
        if self.markets.len() <= at {
            self.markets.resize_with(at + 1, || Slot::Elsewhere);
        }
        ensure(matches!(self.markets[at], Slot::Elsewhere), "a symbol that is there twice")?;
        let (horizon, slot) = match saved {
            SavedSymbol::Here(saved) => {
                let market = Market::load(*saved)?;
                for (at, id) in market.deadlines() {
                    self.expiries.insert(at, id, symbol);
                }
                (market.horizon, Slot::Here(Box::new(market)))
            }
            SavedSymbol::Removed(removed) => {
                let SavedRemoved { spec, accrued, horizon, digest } = *removed;
                (horizon, Slot::Removed(Box::new(Removed { spec, accrued, horizon, digest })))
            }
        };
        ensure(horizon <= last, "a symbol that knows the future")?;
        self.markets[at] = slot;
        Ok(())
    }

    /// Is every open order here what its sequencer knows? Says how many there are.
    ///
    /// # Errors
    /// One is not.
    pub(crate) fn check_against(&self, find: FindOrder<'_>) -> Result<usize, &'static str> {
        let mut count = 0;
        for slot in &self.markets {
            if let Slot::Here(market) = slot {
                count += market.check_against(find)?;
            }
        }
        Ok(count)
    }

    /// The symbols that this shard has or had, with the rules of those that are there.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (SymbolId, SymbolSpec, Option<SymbolRules>)> {
        self.markets.iter().filter_map(|slot| match slot {
            Slot::Elsewhere => None,
            Slot::Here(market) => Some((market.spec.id(), market.spec, Some(market.rules))),
            Slot::Removed(removed) => Some((removed.spec.id(), removed.spec, None)),
        })
    }

    /// Fees that have accrued, symbol by symbol, removed ones included.
    pub(crate) fn all_accrued(&self) -> impl Iterator<Item = (AssetId, SignedAmount)> {
        self.markets.iter().flat_map(|slot| match slot {
            Slot::Elsewhere => Vec::new(),
            Slot::Here(market) => market.accrued().to_vec(),
            Slot::Removed(removed) => removed.accrued.amounts(&removed.spec).to_vec(),
        })
    }
}

impl<B: OrderBook> Market<B> {
    fn save(&self) -> SavedMarket {
        let side = |side| {
            let mut orders = Vec::new();
            self.book.for_each_order(side, |order| {
                orders.push(self.save_resting(&order));
                std::ops::ControlFlow::Continue(())
            });
            orders
        };
        SavedMarket {
            spec: self.spec,
            rules: self.rules,
            last_trade: self.last_trade,
            last_price: self.last_price,
            seq: self.seq,
            changed_at: self.changed_at,
            horizon: self.horizon,
            digest: self.digest,
            minutes: self.traded_minutes.clone(),
            accrued: self.accrued,
            bids: side(Side::Buy),
            asks: side(Side::Sell),
            waiting: self.pending.ids().map(|id| self.save_waiting(id)).collect(),
        }
    }

    fn save_resting(&self, order: &RestingOrder) -> SavedResting {
        let kept = self.kept.get(order.id.0);
        SavedResting {
            id: order.id,
            account: order.account,
            price: order.price,
            shown: order.shown,
            hidden: order.hidden,
            display: order.display,
            total: order.total,
            fees: order.fees,
            stp_group: order.stp_group,
            stp: order.stp,
            post_only: order.flags.post_only,
            prevented: self.prevented(order.id),
            stop_leg: self.stop_legs.get(order.id.0).copied(),
            kept: kept.map(|kept| SavedKept { tif: kept.tif, extras: kept.extras.clone() }),
        }
    }

    fn save_waiting(&self, id: OrderId) -> SavedWaiting {
        let Waiting { admitted, sibling } = self.pending.known(id);
        SavedWaiting {
            id,
            order: admitted.order.clone(),
            reserved: admitted.reserved,
            fees: admitted.fees,
            stp_group: admitted.stp_group,
            accepted_at: admitted.accepted_at,
            sibling: *sibling,
            progress: self.pending.progress(id),
        }
    }

    fn load(saved: SavedMarket) -> Result<Self, &'static str> {
        let SavedMarket {
            spec, rules, last_trade, last_price, minutes, accrued, bids, asks, waiting, ..
        } = saved;
        ensure(saved.seq <= ID_MAX, "a book that changed more often than can be")?;
        let traded = last_trade != TradeId(0);
        ensure(traded == last_price.is_some_and(|price| !price.is_zero()), "a last price without a trade")?;
        ensure(accrued.is_sound(), "more fees than there can be")?;
        ensure(minutes.is_sound(spec.tick_lot_atoms()), "minutes in which too much was traded")?;
        ensure(rules.reference_minutes != 0 || minutes.is_empty(), "minutes that nobody counts")?;
        let mut market = Self::new(spec, rules, saved.changed_at, saved.horizon);
        (market.last_trade, market.last_price, market.seq) = (last_trade, last_price, saved.seq);
        (market.digest, market.accrued, market.traded_minutes) = (saved.digest, accrued, minutes);
        for (side, orders) in [(Side::Buy, bids), (Side::Sell, asks)] {
            let sorted = orders.is_sorted_by(|a, b| !side.is_better(b.price, a.price));
            ensure(sorted, "a book out of order")?;
            for order in orders {
                market.load_resting(side, order)?;
            }
        }
        let best = [Side::Buy, Side::Sell].map(|side| market.book.best_price(side));
        ensure(!matches!(best, [Some(bid), Some(ask)] if bid >= ask), "a crossed book")?;
        ensure(waiting.is_sorted_by(|a, b| a.id < b.id), "orders that wait are out of order")?;
        for order in waiting {
            market.load_waiting(order)?;
        }
        market.check_legs()?;
        Ok(market)
    }

    fn load_resting(&mut self, side: Side, saved: SavedResting) -> Result<(), &'static str> {
        let SavedResting { id, account, price, shown, hidden, display, total, fees, stp_group, stp, .. } =
            saved;
        ensure(self.book.get(id).is_none(), "an order that is there twice")?;
        ensure(
            is_countable(&self.spec, OrderKind::Limit { price, quantity: total }),
            "an order of more than there is",
        )?;
        let extras = saved.kept.as_ref().map(|kept| &kept.extras);
        let shows = extras.and_then(|extras| extras.display).unwrap_or_default();
        ensure(shows == display, "an iceberg that shows something else")?;
        let flags = RestingFlags {
            post_only: saved.post_only,
            expires: extras.is_some_and(|extras| extras.expire_at.is_some()),
            has_sibling: saved.stop_leg.is_some(),
            touched: shown + hidden != total,
            has_extras: extras.is_some(),
        };
        let order = RestingOrder {
            id,
            account,
            side,
            price,
            shown,
            hidden,
            display,
            total,
            fees,
            stp_group,
            stp,
            flags,
        };
        order.flaw().map_or(Ok(()), Err)?;
        self.book.insert(order);
        if let Some(SavedKept { tif, extras }) = saved.kept {
            self.kept.insert(id.0, Kept { tif, extras });
        }
        if let Some(stop) = saved.stop_leg {
            self.stop_legs.insert(id.0, stop);
        }
        if !saved.prevented.is_zero() {
            self.prevented.insert(id, saved.prevented);
        }
        Ok(())
    }

    fn load_waiting(&mut self, saved: SavedWaiting) -> Result<(), &'static str> {
        let SavedWaiting { id, order, reserved, fees, stp_group, accepted_at, sibling, progress } = saved;
        let last = self.last_price.ok_or("an order that waits for a price where none was")?;
        ensure(self.book.get(id).is_none(), "an order that is there twice")?;
        ensure(order.symbol == self.spec.id(), "an order of another symbol")?;
        ensure(is_countable(&self.spec, order.kind), "an order of more than there is")?;
        let payable = match (order.kind, order.side) {
            (OrderKind::MarketByQuote { .. }, Side::Sell) => false,
            (OrderKind::MarketByQuantity { .. }, Side::Buy) => order.max_quote().is_some(),
            _ => true,
        };
        ensure(payable, "an order that can't be executed when its price comes")?;
        let need = if sibling.is_some() { Amount::ZERO } else { self.conditional_need(&order, fees) };
        ensure(reserved == need, "an order that has not reserved what it may cost")?;
        let admitted = AdmittedOrder {
            // It has been answered.
            to: ReplyTo::direct(Ticket(0)),
            id,
            order,
            reserved,
            fees,
            stp_group,
            accepted_at,
            late: None,
        };
        self.pending.load(Waiting { admitted, sibling }, progress, last)
    }

    /// Every leg of a list has the other one.
    fn check_legs(&self) -> Result<(), &'static str> {
        let mut legs = 0;
        for side in [Side::Buy, Side::Sell] {
            let mut paired = true;
            self.book.for_each_order(side, |order| {
                if let Some(&stop) = self.stop_legs.get(order.id.0) {
                    legs += 1;
                    paired &= self.pending.get(stop).is_some_and(|waiting| {
                        let stop = &waiting.admitted.order;
                        waiting.sibling == Some(order.id)
                            && (stop.account, stop.side) == (order.account, order.side)
                            && stop.kind.quantity() == Some(order.left())
                    });
                }
                std::ops::ControlFlow::Continue(())
            });
            ensure(paired, "a leg of a list without the other")?;
        }
        ensure(legs == self.pending.legs(), "a leg of a list without the other")
    }

    /// When orders expire.
    fn deadlines(&self) -> Vec<(Timestamp, OrderId)> {
        let mut deadlines = Vec::new();
        for side in [Side::Buy, Side::Sell] {
            self.book.for_each_order(side, |order| {
                let kept = self.kept.get(order.id.0);
                deadlines.extend(kept.and_then(|kept| kept.extras.expire_at).map(|at| (at, order.id)));
                std::ops::ControlFlow::Continue(())
            });
        }
        let waiting = self.pending.ids().map(|id| (&self.pending.known(id).admitted.order, id));
        deadlines.extend(waiting.filter_map(|(order, id)| Some((order.expire_at()?, id))));
        deadlines
    }

    fn check_against(&self, find: FindOrder<'_>) -> Result<usize, &'static str> {
        let mut result = Ok(());
        for side in [Side::Buy, Side::Sell] {
            self.book.for_each_order(side, |order| {
                result = self.check_resting(&order, find);
                if result.is_ok() {
                    std::ops::ControlFlow::Continue(())
                } else {
                    std::ops::ControlFlow::Break(())
                }
            });
            result?;
        }
        for id in self.pending.ids() {
            self.check_waiting(self.pending.known(id), find)?;
        }
        Ok(self.book.len() + self.pending.len())
    }

    fn check_resting(&self, resting: &RestingOrder, find: FindOrder<'_>) -> Result<(), &'static str> {
        let entry = find(resting.account, resting.id).ok_or("an order in a book that is nobody's")?;
        let (order, prevented) = (&entry.order, self.prevented(resting.id));
        let kind = OrderKind::Limit { price: resting.price, quantity: resting.total };
        let filled = resting.done() - prevented;
        let same = order.order == self.order_of(resting, kind)
            && order.status == open_status(filled)
            && (order.filled, order.prevented) == (filled, prevented)
            && order.fees == resting.fees
            && order.reserved == self.reservation(resting)
            && open_sibling(entry, find) == self.stop_legs.get(resting.id.0).copied();
        ensure(same, "an order in a book that its owner knows otherwise")
    }

    fn check_waiting(&self, waiting: &Waiting, find: FindOrder<'_>) -> Result<(), &'static str> {
        let Waiting { admitted, sibling } = waiting;
        let entry = find(admitted.order.account, admitted.id).ok_or("an order that waits and is nobody's")?;
        let order = &entry.order;
        let same = order.order == admitted.order
            && order.status == OrderStatus::PendingTrigger
            && order.fees == admitted.fees
            && order.reserved == admitted.reserved
            && order.accepted_at == admitted.accepted_at
            && open_sibling(entry, find) == *sibling;
        ensure(same, "an order that waits and that its owner knows otherwise")
    }
}

/// The other leg of a list, as long as it is open.
fn open_sibling(entry: &Entry, find: FindOrder<'_>) -> Option<OrderId> {
    let (_, sibling) = entry.order.list?;
    find(entry.order.order.account, sibling).map(|sibling| sibling.order.id)
}
