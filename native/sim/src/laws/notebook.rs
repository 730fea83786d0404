//! What a client can tell of its money from the answers alone.

use std::collections::BTreeMap;

use lightning_core::message::{Outcome, Request};
use lightning_core::reject::{Code, Reject};
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{AccountId, AssetId, Side};

use crate::plain;

/// A client that waits for each answer, never rests an order and is sent nothing can tell its balances from the
/// answers.
#[derive(Debug, Default)]
pub struct Notebook {
    /// All of it, and what of it is held.
    balances: BTreeMap<AssetId, (i128, i128)>,
}

impl Notebook {
    /// Begins anew with what there is: of each asset all of it, and what of it is held.
    pub fn copy(&mut self, balances: impl IntoIterator<Item = (AssetId, (i128, i128))>) {
        self.balances = balances.into_iter().collect();
    }

    /// Notes what an answer did to the client's money.
    pub fn note(&mut self, request: &Request, outcome: &Outcome, specs: &[SymbolSpec]) {
        let mut change = |asset: AssetId, total: i128, held: i128| {
            let balance = self.balances.entry(asset).or_default();
            balance.0 += total;
            balance.1 += held;
        };
        match (request, outcome) {
            (_, Outcome::Rejected(_)) => {}
            (Request::Deposit { asset, amount, .. }, _) => change(*asset, plain::money(*amount), 0),
            (Request::Withdraw { asset, amount, .. } | Request::Transfer { asset, amount, .. }, _) => {
                change(*asset, -plain::money(*amount), 0);
            }
            (Request::Hold { asset, amount, .. }, _) => change(*asset, 0, plain::money(*amount)),
            (Request::Release { asset, amount, .. }, _) => change(*asset, 0, -plain::money(*amount)),
            (_, Outcome::FeesCollected(fees)) => {
                fees.iter().for_each(|(asset, amount)| change(*asset, plain::money(*amount), 0));
            }
            (_, Outcome::Placed(placed)) => {
                let spec = &specs[placed.order.symbol.0 as usize];
                assert!(!placed.status.is_open(), "such a client does not rest orders: {placed:?}");
                for fill in &placed.fills {
                    let base = plain::money(spec.base_amount(fill.quantity));
                    let quote = plain::money(fill.notional);
                    let sign = if placed.order.side == Side::Buy { 1 } else { -1 };
                    change(spec.base(), sign * base, 0);
                    change(spec.quote(), -sign * quote, 0);
                    change(spec.fee_asset(placed.order.side), -fill.fee.0, 0);
                }
            }
            _ => {}
        }
    }

    /// Panics unless balances asked for after the last answer are what the answers add up to.
    pub fn check(&self, account: AccountId, outcome: &Outcome) {
        let told: BTreeMap<_, _> = match outcome {
            Outcome::Balances(balances) => balances
                .iter()
                .map(|(asset, balance)| {
                    let [total, frozen, held] =
                        [balance.total(), balance.frozen, balance.held].map(plain::money);
                    (*asset, (total, frozen, held))
                })
                .collect(),
            Outcome::Rejected(Reject { code: Code::UnknownAccount, .. }) => BTreeMap::new(),
            other => panic!("asked for balances, told {other:?}"),
        };
        for asset in told.keys().chain(self.balances.keys()) {
            let (total, held) = self.balances.get(asset).copied().unwrap_or_default();
            assert_eq!(
                told.get(asset).copied().unwrap_or_default(),
                (total, held, held),
                "{account:?} does not read its own writes: total, frozen and held of {asset:?}, told and expected"
            );
        }
    }
}
