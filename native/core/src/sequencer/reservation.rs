//! What an order has reserved: the table of docs/SEMANTICS.md, section 1.

use crate::fees::FeeRates;
use crate::message::{NewOrder, Order, OrderKind, OrderStatus};
use crate::orders::Entry;
use crate::reject::{Code, Reject};
use crate::spec::SymbolSpec;
use crate::types::{Amount, Quantity, Side};

/// What is frozen for a new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Funding {
    /// So much, or it is refused.
    Exactly(Amount),
    /// What it costs, only the book can tell, and this shard does not see it: everything available, or at most
    /// so much of it, for the length of this one command. The matcher refuses what that can't pay for.
    Everything {
        /// The order's own bound.
        at_most: Option<Amount>,
    },
}

/// What a new order needs. The edge has refused the combinations that are refused here: they could not be
/// executed when their triggers come.
#[inline]
pub(super) fn funding(spec: &SymbolSpec, order: &NewOrder, fees: FeeRates) -> Result<Funding, Reject> {
    let immediate = order.is_immediate();
    match (order.kind, order.side) {
        (OrderKind::MarketByQuantity { .. }, Side::Buy) if immediate => {
            Ok(Funding::Everything { at_most: order.max_quote() })
        }
        (OrderKind::MarketByQuantity { .. }, Side::Buy) if order.max_quote().is_none() => {
            Err(Reject::new(Code::MissingField))
        }
        (OrderKind::MarketByQuote { .. }, Side::Sell) if immediate => {
            Ok(Funding::Everything { at_most: None })
        }
        (OrderKind::MarketByQuote { .. }, Side::Sell) => Err(Reject::new(Code::UnsupportedCombination)),
        (kind, _) => {
            let quantity = kind.quantity().unwrap_or_default();
            let amount = required(spec, order, quantity, fees).expect("the others are taken care of above");
            Ok(Funding::Exactly(amount))
        }
    }
}

/// What an order has reserved for what is open of it; none where everything available is.
#[inline]
pub(super) fn required(
    spec: &SymbolSpec,
    order: &NewOrder,
    open: Quantity,
    fees: FeeRates,
) -> Option<Amount> {
    match (order.kind, order.side) {
        (OrderKind::Limit { price, .. }, side) => Some(spec.reservation(side, price, open, fees)),
        (OrderKind::MarketByQuantity { .. }, Side::Sell) => Some(spec.base_amount(open)),
        (OrderKind::MarketByQuantity { .. }, Side::Buy) => order.max_quote(),
        (OrderKind::MarketByQuote { quote }, Side::Buy) => Some(quote),
        (OrderKind::MarketByQuote { .. }, Side::Sell) => None,
    }
}

/// Has an order that stays open exactly what the table says?
#[inline]
pub(super) fn is_exact(spec: &SymbolSpec, order: &Order) -> bool {
    let open = order.open_quantity().unwrap_or_default();
    required(spec, &order.order, open, order.fees) == Some(order.reserved)
}

/// The same of a leg of an OCO. The limit leg holds the dearer need of both; it may already have its own alone
/// when the other one's end is still on its way.
pub(super) fn is_exact_with(spec: &SymbolSpec, entry: &Entry, sibling: Option<&Entry>) -> bool {
    let order = &entry.order;
    if entry.shadow && order.status == OrderStatus::PendingTrigger {
        return order.reserved.is_zero();
    }
    let open = order.open_quantity().unwrap_or_default();
    let needs = |order: &Order| required(spec, &order.order, open, order.fees);
    let own = needs(order);
    let of_both = sibling.map(|sibling| own.max(needs(&sibling.order)));
    own == Some(order.reserved) || of_both == Some(Some(order.reserved))
}
