//! Who may do what, and which order is meant.

use crate::ledger::AccountSlot;
use crate::message::OrderRef;
use crate::orders::OrderSlot;
use crate::reject::{Code, Detail, Reject};
use crate::sequencer::Sequencer;
use crate::sequencer::listing::{Listing, listed};
use crate::types::{AccountId, OrderId, SymbolId};

impl Sequencer {
    #[inline]
    pub(super) fn slot(&self, account: AccountId) -> Result<AccountSlot, Reject> {
        self.ledger.slot(account).ok_or(Reject::new(Code::UnknownAccount))
    }

    /// An account that may do what only a closed one may not.
    #[inline]
    pub(super) fn who_acts(&self, account: AccountId) -> Result<AccountSlot, Reject> {
        let slot = self.slot(account)?;
        self.accounts.terms(slot).map_or(Ok(()), |terms| terms.may_act())?;
        Ok(slot)
    }

    /// An account that may place, amend and replace orders.
    #[inline]
    pub(super) fn who_trades(&self, account: AccountId) -> Result<AccountSlot, Reject> {
        let slot = self.slot(account)?;
        self.accounts.terms(slot).map_or(Ok(()), |terms| terms.may_trade())?;
        Ok(slot)
    }

    /// The symbol that is asked for.
    #[inline]
    pub(super) fn listing(&self, symbol: SymbolId) -> Result<&Listing, Reject> {
        listed(&self.symbols, symbol)
    }

    /// The symbol of an order that was accepted.
    #[inline]
    pub(super) fn known(&self, symbol: SymbolId) -> &Listing {
        self.listing(symbol).unwrap_or_else(|_| panic!("{symbol:?} was announced to nobody"))
    }

    /// The account's open order that is meant, if it is on that symbol. Immediate orders are open to nobody.
    pub(super) fn resolve(
        &self,
        account: AccountSlot,
        order: &OrderRef,
        symbol: Option<SymbolId>,
    ) -> Result<OrderSlot, Reject> {
        let visible = |id: OrderId| {
            let at = self.orders.find(id)?;
            let entry = self.orders.at(at);
            let meant = entry.account == account
                && !entry.running
                && symbol.is_none_or(|symbol| entry.order.order.symbol == symbol);
            meant.then_some(at)
        };
        match order {
            OrderRef::Id(id) => visible(*id).ok_or_else(|| self.closed_or_unknown(account, *id, symbol)),
            OrderRef::Client(client_id) => {
                // While a cancel-replace runs, two may have the name: the one that comes is meant.
                let named = self.orders.with_client_id(account, client_id).filter_map(visible).last();
                named.ok_or(Reject::new(Code::UnknownOrder))
            }
        }
    }

    /// An order that is not open: closed if it was this account's, unknown otherwise. Somebody else's order
    /// answers like one that never was.
    pub(super) fn closed_or_unknown(
        &self,
        account: AccountSlot,
        id: OrderId,
        symbol: Option<SymbolId>,
    ) -> Reject {
        let account = self.ledger.account(account);
        let closed = self.closed.get(id).filter(|order| {
            order.order.account == account && symbol.is_none_or(|symbol| order.order.symbol == symbol)
        });
        closed.map_or(Reject::new(Code::UnknownOrder), |order| Reject {
            code: Code::OrderAlreadyClosed,
            detail: Detail::Closed { order: id, status: order.status },
        })
    }
}
