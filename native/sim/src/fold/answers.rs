//! What the log says that each command of a client was answered.

use std::collections::BTreeMap;

use lightning_core::log::Recorded;
use lightning_core::message::{Balance, CanceledOrder, Outcome, ReplyTo, Request, ToSequencer};
use lightning_core::types::{AccountId, AssetId, Lsn, Timestamp};

use super::History;
use crate::laws::Said;
use crate::recorder::Written;

/// A command of a client that has a record.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Its record.
    pub lsn: Lsn,
    /// Whose command.
    pub account: AccountId,
    /// Whom to answer.
    pub to: ReplyTo,
    /// What; none while it is not decided.
    pub said: Option<Said>,
}

/// Whose command a record is, and whom to answer; none for what no client asked for, and for later steps of a command.
#[must_use]
pub fn asked_by(record: &Recorded) -> Option<(AccountId, ReplyTo)> {
    match record {
        Recorded::Account(to, request) => Some((request.account().expect("a write is of an account"), *to)),
        Recorded::TransferOffered(offer) => Some((offer.from, offer.to_reply)),
        Recorded::MassCancel(order) => Some((order.account, order.to?)),
        Recorded::Place(admitted) => Some((admitted.order.account, admitted.to)),
        Recorded::PlaceOco(_, legs) => Some((legs[0].order.account, legs[0].to)),
        Recorded::Cancel { to, account, .. } | Recorded::CollectFees { to, account, .. } => {
            Some((*account, *to))
        }
        Recorded::Amend(amend) => Some((amend.account, amend.to)),
        Recorded::Replace(replace) => Some((replace.account, replace.to)),
        Recorded::TransferAccepted(_)
        | Recorded::TransferRefused(..)
        | Recorded::CancelMany(_)
        | Recorded::CancelBook(_)
        | Recorded::Expire { .. }
        | Recorded::AddSymbol(..)
        | Recorded::SetRules(..)
        | Recorded::RemoveSymbol(_)
        | Recorded::OrderIds { .. }
        | Recorded::Operator(..)
        | Recorded::Genesis { .. }
        | Recorded::CleanShutdown { .. } => None,
    }
}

/// All commands of clients that have a record, in the order of the log.
#[must_use]
pub fn commands(records: &[Written], history: &History) -> Vec<Ran> {
    let mut commands = Vec::new();
    // By the record that began it: where it is in the list.
    let mut offers: BTreeMap<Lsn, usize> = BTreeMap::new();
    let mut sweeps: BTreeMap<Lsn, Sweep> = BTreeMap::new();
    for (number, Written { at, record, .. }) in (1..).zip(records) {
        let lsn = Lsn(number);
        if let Some((account, to)) = asked_by(record) {
            let said =
                decided_at_once(record, *at, history.said.get(&lsn).and_then(|said| said.outcome.as_ref()));
            commands.push(Ran { lsn, account, to, said });
        }
        let here = commands.len().wrapping_sub(1);
        match record {
            Recorded::TransferOffered(_) => {
                offers.insert(lsn, here);
            }
            Recorded::TransferAccepted(offer) => {
                let command = offers.remove(&offer.offered).expect("what is accepted was offered");
                commands[command].said = Some(balance_changed(offer.asset).at(*at));
            }
            Recorded::TransferRefused(offer, code) => {
                let command = offers.remove(&offer.offered).expect("what is refused was offered");
                commands[command].said = Some(Said::refused(*code).at(*at));
            }
            Recorded::MassCancel(order) if !order.symbols.is_empty() => {
                let command = order.to.is_some().then_some(here);
                sweeps.insert(
                    lsn,
                    Sweep { command, missing: order.symbols.len(), canceled: Vec::new(), latest: *at },
                );
            }
            Recorded::CancelMany(many) => {
                let sweep = sweeps.get_mut(&Lsn(many.mass.0)).expect("a part is of a mass cancel");
                for message in history.said.get(&lsn).map(|said| &said.messages[..]).unwrap_or_default() {
                    if let ToSequencer::CanceledMany { orders, .. } = message {
                        sweep.canceled.extend(orders.iter().cloned());
                    }
                }
                sweep.latest = sweep.latest.max(*at);
                sweep.missing = sweep.missing.checked_sub(1).expect("each symbol has one part");
                if let (0, Some(command)) = (sweep.missing, sweep.command) {
                    let mut canceled = std::mem::take(&mut sweep.canceled);
                    canceled.sort_by_key(|order| order.id);
                    let said = Said::of(&Outcome::CanceledAll(canceled));
                    commands[command].said = Some(said.at(sweep.latest));
                }
            }
            _ => {}
        }
    }
    commands
}

/// A mass cancel, and how far it is.
struct Sweep {
    command: Option<usize>,
    missing: usize,
    canceled: Vec<CanceledOrder>,
    /// The latest time of its parts.
    latest: Timestamp,
}

/// What a command was answered whose record is all there is of it. `outcome`: what its matcher said.
fn decided_at_once(record: &Recorded, at: Timestamp, outcome: Option<&Outcome>) -> Option<Said> {
    let said = match record {
        Recorded::Account(_, request) => match *request {
            Request::Deposit { asset, .. }
            | Request::Withdraw { asset, .. }
            | Request::Hold { asset, .. }
            | Request::Release { asset, .. } => balance_changed(asset),
            Request::CancelAllAfter { after_nanos, .. } => {
                let deadline = (after_nanos > 0).then(|| Timestamp(at.0.saturating_add(after_nanos)));
                Said::of(&Outcome::TimerSet(deadline))
            }
            Request::Configure { account, .. } => Said::terms(account),
            ref other => panic!("no sequencer writes this: {other:?}"),
        },
        Recorded::TransferOffered(_) => return None,
        Recorded::MassCancel(order) if order.symbols.is_empty() => {
            Said::of(&Outcome::CanceledAll(Vec::new()))
        }
        Recorded::MassCancel(_) => return None,
        _ => Said::of(outcome.expect("a matcher answers whatever it records")),
    };
    Some(said.at(at))
}

fn balance_changed(asset: AssetId) -> Said {
    Said::of(&Outcome::BalanceChanged { asset, balance: Balance::default() })
}
