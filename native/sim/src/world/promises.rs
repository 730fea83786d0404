//! What anybody outside has been told. It stays true whatever happens to the machine.

use std::collections::{BTreeMap, BTreeSet};

use lightning_core::message::{Order, OrderStatus, Outcome, Reply, RequestId, Trade};
use lightning_core::types::{AccountId, Lsn, OrderId, SymbolId, Ticket, TradeId};

use super::clients::Asked;
use super::news::Heard;
use crate::fold::{Canonical, History, Ran};
use crate::laws::Said;

/// What visible answers say about an order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Known {
    /// So much of it was filled.
    pub filled: u64,
    /// It ended like this.
    pub closed: Option<OrderStatus>,
}

/// All that was told.
#[derive(Default)]
pub(super) struct Promises {
    /// When the answer to a record became visible.
    pub(super) visible: BTreeMap<Lsn, u64>,
    /// What anybody can know of an order from visible answers.
    pub(super) known: BTreeMap<OrderId, Known>,
    /// The last record that anything shown depends on.
    durable: Option<Lsn>,
    /// What commands were answered.
    answers: Vec<Told>,
    /// Orders that were shown to whoever asked for orders.
    shown: BTreeMap<OrderId, Order>,
    /// Ids of orders and lists that were named.
    ids: BTreeSet<OrderId>,
    /// What was published.
    trades: BTreeMap<(SymbolId, TradeId), Trade>,
    /// Ends of the journal that were reported.
    heads: BTreeMap<u64, [u8; 32]>,
    /// What shards told who listened to them in a life, and the last record that let any of it out.
    heard: Vec<(Lsn, Heard)>,
}

/// An answer that somebody got.
struct Told {
    ticket: Ticket,
    account: AccountId,
    id: Option<RequestId>,
    said: Said,
    /// It says that something was done.
    done: bool,
    /// When it may be shown.
    gate: Lsn,
}

impl Promises {
    /// Somebody got an answer.
    pub(super) fn note_answer(&mut self, account: AccountId, asked: &Asked, reply: &Reply) {
        let Reply { ticket, gate, at, ref outcome, .. } = *reply;
        self.depend_on(gate);
        let mut ids = Vec::new();
        let done = match outcome {
            Outcome::Placed(placed) => {
                ids.push(placed.id);
                true
            }
            Outcome::OcoPlaced(oco) => {
                ids.push(OrderId(oco.list.0));
                ids.extend(oco.legs.iter().map(|leg| leg.id));
                true
            }
            Outcome::Replaced(replaced) => {
                if let Some(Ok(placed)) = &replaced.placed {
                    ids.push(placed.id);
                }
                replaced.canceled.is_ok() || matches!(replaced.placed, Some(Ok(_)))
            }
            Outcome::Orders(page) => {
                for order in &page.orders {
                    ids.push(order.id);
                    self.shown.insert(order.id, order.clone());
                }
                false
            }
            Outcome::Canceled(_)
            | Outcome::Amended(_)
            | Outcome::CanceledAll(_)
            | Outcome::TimerSet(_)
            | Outcome::BalanceChanged { .. } => true,
            Outcome::FeesCollected(fees) => !fees.is_empty(),
            Outcome::Account(_) => asked.request.is_write(),
            Outcome::Rejected(_)
            | Outcome::Tested(_)
            | Outcome::NotSeen
            | Outcome::Balances(_)
            | Outcome::LedgerEntries(_)
            | Outcome::Totals(_) => false,
        };
        self.ids.extend(ids);
        if done || asked.request.is_write() {
            let said = Said::of(outcome).at(at);
            self.answers.push(Told { ticket, account, id: asked.id, said, done, gate });
        }
    }

    /// Something was shown that was true after this record.
    pub(super) fn depend_on(&mut self, gate: Lsn) {
        self.durable = self.durable.max(Some(gate));
    }

    /// Nothing that was shown depends on a record behind this one.
    pub(super) fn check_end(&self, last: Lsn) {
        assert!(self.durable <= Some(last), "{:?} was shown, and the log ends at {last:?}", self.durable);
    }

    /// Something was published.
    pub(super) fn note_trades(&mut self, gate: Lsn, trades: &[Trade]) {
        self.depend_on(gate);
        self.trades.extend(trades.iter().map(|trade| ((trade.symbol, trade.id), *trade)));
    }

    /// Something may have been seen of what shards told who listened.
    pub(super) fn note_heard(&mut self, gate: Lsn, heard: Heard) {
        self.heard.push((gate, heard));
    }

    /// What may have been seen since this was asked last.
    pub(super) fn take_heard(&mut self) -> Vec<(Lsn, Heard)> {
        std::mem::take(&mut self.heard)
    }

    /// The journal's end was reported.
    pub(super) fn note_head(&mut self, lsn: u64, hash: [u8; 32]) {
        let before = self.heads.insert(lsn, hash);
        assert!(before.is_none_or(|before| before == hash), "another head for record {lsn}");
    }

    /// Every end of the journal that was reported up to a record.
    pub(super) fn heads(&self) -> impl Iterator<Item = (u64, [u8; 32])> {
        self.heads.iter().map(|(lsn, hash)| (*lsn, *hash))
    }

    /// Has anybody seen this id?
    pub(super) fn has_shown(&self, id: OrderId) -> bool {
        self.ids.contains(&id)
    }

    /// Nothing that was told contradicts the history that is left, of which this is the canonical outcome.
    pub(super) fn check(&self, commands: &[Ran], canonical: &Canonical, history: &History) {
        let mut by_ticket = BTreeMap::new();
        let mut by_id = BTreeMap::new();
        for ran in commands {
            let twice = by_ticket.insert(ran.to.ticket, ran);
            assert!(twice.is_none(), "a command ran twice: {ran:?}, {twice:?}");
            if let Some(id) = ran.to.request_id() {
                let twice = by_id.insert((ran.account, id.lane, id.number), ran);
                assert!(twice.is_none(), "a request id ran twice: {ran:?}, {twice:?}");
            }
        }
        for told in &self.answers {
            let same_id = |id: RequestId| by_id.get(&(told.account, id.lane, id.number));
            let ran = by_ticket.get(&told.ticket).or_else(|| told.id.filter(|_| told.done).and_then(same_id));
            let Some(ran) = ran else {
                assert!(!told.done, "what was answered {:?} is lost: {:?}", told.said, told.ticket);
                continue;
            };
            let said = ran.said.as_ref();
            assert!(
                said.is_some_and(|said| said.agrees(&told.said)),
                "{:?} was answered {:?}, and the log says {said:?}",
                told.ticket,
                told.said
            );
        }
        for (id, known) in &self.known {
            let Some(order) = canonical.order(*id) else {
                let nothing = known.filled == 0 && known.closed.is_none();
                assert!(nothing, "{id:?} is lost, of which was known: {known:?}");
                continue;
            };
            let kept = order.filled.0 >= known.filled && known.closed.is_none_or(|end| order.status == end);
            assert!(kept, "of {order:?} more was known: {known:?}");
        }
        for (id, shown) in &self.shown {
            let order = canonical.order(*id);
            let order = order.unwrap_or_else(|| panic!("an order that was shown is lost: {shown:?}"));
            let kept = order.filled >= shown.filled
                && order.prevented >= shown.prevented
                && order.amends >= shown.amends
                && (shown.status.is_open() || order.status == shown.status);
            assert!(kept, "{shown:?} was shown, and it is {order:?}");
        }
        for trade in self.trades.values() {
            let said = history.said.get(&trade.cause);
            let again = said.and_then(|said| said.trades.iter().find(|again| again.id == trade.id));
            assert_eq!(again, Some(trade), "a trade that was published is lost, or another now");
        }
    }

    /// Where answers may leave before the disk has them, power loss takes back what was said of records behind this
    /// one.
    pub(super) fn forgive(&mut self, last: Lsn) {
        self.visible.retain(|cause, _| *cause <= last);
        self.answers.retain(|told| told.gate <= last);
        self.durable = self.durable.min(Some(last));
        self.heard.retain(|(gate, _)| *gate <= last);
        self.trades.retain(|_, trade| trade.cause <= last);
        // Of these nobody noted which records they were known from.
        self.known.clear();
        self.shown.clear();
        self.ids.clear();
    }
}
