//! What follows from the log so far, and from what is on its way.

use std::collections::{BTreeMap, BTreeSet};

use lightning_core::log::{OperatorKey, Recorded};
use lightning_core::message::{NewOrder, OrderAfter, Request, ToSequencer};
use lightning_core::types::{AccountId, Lsn, OrderId, SymbolId};
use lightning_core::window::WINDOW;

use crate::fold::{History, Ran};
use crate::laws::{Conservation, Requests, TradeIds};
use crate::recorder::Written;

/// The books that the world keeps itself, to check the laws by.
#[derive(Default)]
pub(super) struct Notes {
    /// Every order that was passed to a matcher, as it is by now.
    pub(super) orders: BTreeMap<OrderId, NewOrder>,
    /// What records changed of orders.
    pub(super) effects: BTreeMap<Lsn, Vec<(OrderId, u64, OrderAfter)>>,
    /// Causes of the settlements of an account that its sequencer has not applied yet.
    pub(super) outstanding: BTreeMap<AccountId, Vec<Lsn>>,
    /// Accounts that deposits have made.
    pub(super) exists: BTreeSet<AccountId>,
    /// Symbols that were made known.
    pub(super) announced: BTreeSet<SymbolId>,
    pub(super) removed: BTreeSet<SymbolId>,
    pub(super) conservation: Conservation,
    pub(super) trade_ids: TradeIds,
    pub(super) requests: Requests,
    /// What the operator's front end keeps, the latest of each key.
    pub(super) operator: BTreeMap<OperatorKey, Vec<u8>>,
    /// The highest number of an administrative call.
    pub(super) highest_once: u64,
}

impl Notes {
    /// The operator's front end writes something down.
    pub(super) fn keep(&mut self, key: OperatorKey, body: &[u8]) {
        self.operator.insert(key, body.to_vec());
        if let OperatorKey::Once(number) = key {
            // Numbers grow: those that nobody may repeat any more are forgotten.
            let highest = self.highest_once.max(number);
            self.highest_once = highest;
            self.operator.retain(|key, _| match key {
                OperatorKey::Once(number) => number + WINDOW > highest,
                _ => true,
            });
        }
    }

    /// What follows from the log alone: nothing is on its way.
    pub(super) fn told_again(records: &[Written], history: &History, commands: &[Ran]) -> Self {
        let ran = commands.iter().filter_map(|ran| {
            let said = ran.said.clone().unwrap_or_else(|| panic!("begun and not ended: {ran:?}"));
            Some((ran.account, ran.to.request_id()?, ran.to.ticket, said))
        });
        let mut notes = Self { requests: Requests::told_again(ran), ..Self::default() };
        for (number, Written { record, .. }) in (1..).zip(records) {
            notes.conservation.recorded(record);
            match record {
                Recorded::Account(_, Request::Deposit { account, .. }) => {
                    notes.exists.insert(*account);
                }
                Recorded::Place(admitted) => {
                    notes.orders.insert(admitted.id, admitted.order.clone());
                }
                Recorded::PlaceOco(_, legs) => {
                    notes.orders.extend(legs.iter().map(|leg| (leg.id, leg.order.clone())));
                }
                Recorded::Replace(replace) => {
                    notes.orders.extend(replace.new.iter().map(|new| (new.id, new.order.clone())));
                }
                Recorded::AddSymbol(spec, _) => {
                    notes.announced.insert(spec.id());
                }
                Recorded::Operator(key, body) => notes.keep(*key, body),
                Recorded::RemoveSymbol(symbol) => {
                    notes.removed.insert(*symbol);
                }
                _ => {}
            }
            let Some(said) = history.said.get(&Lsn(number)) else { continue };
            said.trades.iter().for_each(|trade| notes.trade_ids.next(trade));
            for message in &said.messages {
                match message {
                    ToSequencer::Settle(settlement) => {
                        let effect = (settlement.order, settlement.filled.0, settlement.after);
                        notes.effects.entry(settlement.cause).or_default().push(effect);
                    }
                    ToSequencer::Amended { order, kind: Some(kind), .. }
                    | ToSequencer::SiblingAmended { order, kind, .. } => {
                        notes.orders.get_mut(order).expect("an order that was placed").kind = *kind;
                    }
                    _ => {}
                }
            }
        }
        notes
    }
}
