//! A symbol as a sequencer knows it, and what of an order only its rules decide.

use crate::message::{NewOrder, OrderKind, TimeInForce};
use crate::reject::{Code, Reject};
use crate::rules::{SymbolRules, SymbolStatus};
use crate::spec::SymbolSpec;
use crate::types::{SymbolId, Timestamp};

/// A symbol as a sequencer knows it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listing {
    pub(super) spec: SymbolSpec,
    pub(super) rules: SymbolRules,
}

/// The symbol that is asked for.
#[inline]
pub(super) fn listed(symbols: &[Option<Listing>], symbol: SymbolId) -> Result<&Listing, Reject> {
    match symbols.get(symbol.0 as usize) {
        Some(Some(listing)) => Ok(listing),
        _ => Err(Reject::new(Code::UnknownSymbol)),
    }
}

impl Listing {
    /// Does the symbol take changes of the book besides cancels at all?
    pub(super) fn check_takes_orders(&self) -> Result<(), Reject> {
        self.rules.status.check_changes()
    }

    /// Does the symbol take this order at present?
    #[inline]
    pub(super) fn check_status(&self, order: &NewOrder) -> Result<(), Reject> {
        self.rules.status.check_new(order.post_only, order.kind.price().is_some())
    }

    /// GTD lies ahead; DAY is until the end of the session.
    #[inline]
    pub(super) fn check_expiry(&self, order: &mut NewOrder, now: Timestamp) -> Result<(), Reject> {
        match order.tif {
            TimeInForce::Gtd if order.expire_at().is_none_or(|at| at <= now) => {
                Err(Reject::new(Code::InvalidExpiry))
            }
            TimeInForce::Day => {
                let at = session_end_after(now, self.rules.session_end_nanos);
                order.extras.get_or_insert_default().expire_at = Some(at);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Range and notional. The edge has checked them, but it may have done so by older rules.
    #[inline]
    pub(super) fn check_bounds(&self, order: &NewOrder) -> Result<(), Reject> {
        self.spec.check(order)?;
        if let Some(max) = self.rules.notional_max {
            let notional = match order.kind {
                OrderKind::Limit { price, quantity } => self.spec.notional(price, quantity),
                OrderKind::MarketByQuote { quote } => quote,
                OrderKind::MarketByQuantity { .. } => return Ok(()),
            };
            if notional > max {
                return Err(Reject::new(Code::NotionalRange));
            }
        }
        Ok(())
    }

    /// What the edge checks of a new order, and can't of an amended one, because it does not know that.
    pub(super) fn check_amended(&self, order: &NewOrder) -> Result<(), Reject> {
        let (rules, Some(quantity)) = (&self.rules, order.kind.quantity()) else {
            return Ok(());
        };
        if matches!(order.kind, OrderKind::MarketByQuantity { .. })
            && rules.market_quantity_max.is_some_and(|max| quantity > max)
        {
            return Err(Reject::new(Code::QtyRange));
        }
        if let Some(display) = order.display()
            && quantity.0.div_ceil(display.0) > u64::from(rules.iceberg_parts_max)
        {
            return Err(Reject::new(Code::IcebergParts));
        }
        Ok(())
    }

    /// Could the book refuse this order for something that is checked before limits and funds?
    pub(super) fn has_matcher_to_judge(&self, order: &NewOrder) -> bool {
        let rules = &self.rules;
        rules.status != SymbolStatus::Trading
            || rules.band.is_some()
            || rules.price_floor.is_some()
            || rules.price_cap.is_some()
            || order.post_only
            || order.trigger().is_some()
            || match order.kind {
                OrderKind::Limit { .. } => false,
                OrderKind::MarketByQuantity { .. } => rules.notional_applies_to_market,
                OrderKind::MarketByQuote { .. } => true,
            }
    }
}

/// Was the order meant to be sequenced by now?
#[inline]
pub(super) fn check_fresh(order: &NewOrder, now: Timestamp) -> Result<(), Reject> {
    let valid_until = order.extras.as_ref().and_then(|extras| extras.valid_until);
    if valid_until.is_some_and(|until| now > until) { Err(Reject::new(Code::StaleRequest)) } else { Ok(()) }
}

const DAY_NANOS: u64 = 24 * 60 * 60 * 1_000_000_000;

/// The first moment after `now` whose time of day is the session's end.
fn session_end_after(now: Timestamp, session_end_nanos: u64) -> Timestamp {
    let today = (now.0 - now.0 % DAY_NANOS).saturating_add(session_end_nanos);
    Timestamp(if today > now.0 { today } else { today.saturating_add(DAY_NANOS) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_strictly_after_now() {
        let hour = DAY_NANOS / 24;
        let ends = |now, end| session_end_after(Timestamp(now), end).0;
        assert_eq!(ends(5 * DAY_NANOS + hour, 0), 6 * DAY_NANOS);
        assert_eq!(ends(5 * DAY_NANOS, 0), 6 * DAY_NANOS);
        assert_eq!(ends(5 * DAY_NANOS + hour, 2 * hour), 5 * DAY_NANOS + 2 * hour);
        assert_eq!(ends(5 * DAY_NANOS + 2 * hour, 2 * hour), 6 * DAY_NANOS + 2 * hour);
    }
}
