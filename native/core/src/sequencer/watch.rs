//! What is told of watched accounts: what becomes of their orders, and each balance that changes.
//!
//! That somebody watches is no part of the state: nothing here is written down, hashed or saved. A balance is told when a
//! read would find another one than before the message or the command, and is what that read would say: so it can't
//! be seen before the newest record that this shard shows. What became of an order is told by its settlement, when it
//! has been applied, and can't be seen before the settlement's record. What a matcher refuses becomes of no order.

use std::collections::BTreeSet;

use super::Sequencer;
use crate::events::{AccountEvent, AccountNews, Execution, ExecutionKind};
use crate::log::{Context, OrderIds};
use crate::message::{Balance, Command, Order, OrderAfter, OrderStatus, Request, Settlement, ToSequencer};
use crate::orders::Entry;
use crate::outbox::SequencerOutbox;
use crate::types::{AccountId, AssetId, OrderId, Side, SymbolId, Timestamp};

/// Remainders of account ids, by which they are told apart at first; a bit each.
const REMAINDERS: u64 = 64 * WORDS as u64;
const WORDS: usize = 16;

/// Who is watched.
#[derive(Debug, Default)]
pub(super) struct Watching {
    all: bool,
    accounts: BTreeSet<AccountId>,
    /// A bit for the remainder of each of them: most accounts that nobody watches are told from them by that alone.
    remainders: [u64; WORDS],
    /// Accounts that were taken out since these were made: their bits may still be there.
    stale: usize,
    /// What became of orders by the message at hand.
    executions: Vec<AccountNews>,
}

impl Watching {
    #[inline]
    pub(super) fn includes(&self, account: AccountId) -> bool {
        let (word, bit) = place_of(account);
        self.all || (self.remainders[word] & bit != 0 && self.accounts.contains(&account))
    }

    fn set(&mut self, account: AccountId, on: bool) {
        let (word, bit) = place_of(account);
        if on {
            self.accounts.insert(account);
            self.remainders[word] |= bit;
        } else if self.accounts.remove(&account) {
            self.stale += 1;
            // Made anew in as many steps as there were removals: one costs the same however many are watched.
            if self.stale > self.accounts.len() {
                (self.stale, self.remainders) = (0, [0; WORDS]);
                for (word, bit) in self.accounts.iter().copied().map(place_of) {
                    self.remainders[word] |= bit;
                }
            }
        }
    }

    /// Something has become of an order, which is this now.
    #[cold]
    #[inline(never)]
    pub(super) fn tell(&mut self, kind: ExecutionKind, order: &Order, step: &Settlement) {
        let Settlement { account, cause, at, .. } = *step;
        if self.includes(account) {
            let execution = Execution { kind, order: order.clone(), step: Some(*step) };
            let event = AccountEvent::Execution(Box::new(execution));
            self.executions.push(AccountNews { account, cause, at, event });
        }
    }
}

/// The balances of a watched account that a message or a command may change, as they were before it. No message
/// changes more than two.
struct Before {
    account: AccountId,
    balances: [Option<(AssetId, Balance)>; 2],
}

impl Sequencer {
    /// An account is watched from now on, or no longer; without one all of the shard's are, besides those that are
    /// watched each for itself. Watching an account tells all of it ([`AccountEvent::Start`]), also where it was
    /// watched already, and does not ask whether it exists: it may yet come to be. Then every message and every command
    /// tells in its outbox what it changed. Call it between the messages of two commands.
    pub fn watch(&mut self, account: Option<AccountId>, on: bool, now: Timestamp, out: &mut SequencerOutbox) {
        let watching = self.watching.get_or_insert_default();
        match account {
            None => watching.all = on,
            Some(account) => watching.set(account, on),
        }
        if !watching.all && watching.accounts.is_empty() {
            self.watching = None;
        }
        if let Some(account) = account.filter(|_| on) {
            let (cause, event) = (self.horizon, self.start(account));
            out.account_news.push(AccountNews { account, cause, at: now, event });
        }
    }

    fn start(&self, account: AccountId) -> AccountEvent {
        let Some(slot) = self.ledger.slot(account) else {
            return AccountEvent::Start { balances: Vec::new(), orders: Vec::new() };
        };
        let open = self.orders.of_account(slot).filter(|entry| entry.is_visible());
        let orders = open.map(|entry| entry.order.clone()).collect();
        AccountEvent::Start { balances: self.visible_balances(slot), orders }
    }

    /// Handles a command of an account that is watched.
    #[cold]
    #[inline(never)]
    pub(super) fn handle_watched(
        &mut self,
        command: Command,
        ctx: &mut Context<'_>,
        order_ids: &mut dyn OrderIds,
        out: &mut SequencerOutbox,
    ) {
        let account = command.request.account().expect("a command of nobody is not watched");
        let before = self.before(account, self.moved_by_request(&command.request));
        let now = ctx.now;
        self.run(command, ctx, order_ids, out);
        self.tell(before, now, out);
    }

    /// Handles what others decided of an account that is watched.
    #[cold]
    #[inline(never)]
    pub(super) fn apply_watched(
        &mut self,
        message: ToSequencer,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) {
        let before = self.before(message.account(), self.moved_by_message(&message));
        let at = time_of(&message).unwrap_or(ctx.now);
        self.apply(message, ctx, out);
        self.tell(before, at, out);
    }

    /// Tells what became of orders, and then which balances are not what they were.
    fn tell(&mut self, Before { account, balances }: Before, at: Timestamp, out: &mut SequencerOutbox) {
        let watching = self.watching.as_mut().expect("somebody is watched");
        out.account_news.append(&mut watching.executions);
        for (asset, before) in balances.into_iter().flatten() {
            let balance = self.visible_balance(account, asset);
            if balance != before {
                let (cause, event) = (self.horizon, AccountEvent::Balance { asset, balance });
                out.account_news.push(AccountNews { account, cause, at, event });
            }
        }
    }

    /// Is anybody watched, and if so, this account?
    #[inline]
    pub(super) fn is_watched(&self, account: impl FnOnce() -> Option<AccountId>) -> bool {
        self.watching
            .as_ref()
            .is_some_and(|watching| account().is_some_and(|account| watching.includes(account)))
    }

    fn before(&self, account: AccountId, assets: [Option<AssetId>; 2]) -> Before {
        let balances = assets.map(|asset| asset.map(|asset| (asset, self.visible_balance(account, asset))));
        Before { account, balances }
    }

    /// What a read would say of one balance.
    fn visible_balance(&self, account: AccountId, asset: AssetId) -> Balance {
        let Some(slot) = self.ledger.slot(account) else { return Balance::default() };
        let mut balance = self.ledger.balance(slot, asset);
        for entry in self.orders.running(slot).filter(|entry| self.gives(&entry.order) == asset) {
            balance.frozen -= entry.order.reserved;
            balance.available += entry.order.reserved;
        }
        balance
    }

    /// Which balances of its account a command may change.
    fn moved_by_request(&self, request: &Request) -> [Option<AssetId>; 2] {
        match *request {
            Request::Deposit { asset, .. }
            | Request::Withdraw { asset, .. }
            | Request::Transfer { asset, .. }
            | Request::Hold { asset, .. }
            | Request::Release { asset, .. } => [Some(asset), None],
            Request::Place(ref order) => [self.given(order.symbol, order.side), None],
            Request::PlaceOco(ref legs) => [self.given(legs[0].symbol, legs[0].side), None],
            Request::Replace(ref replace) => [self.given(replace.new.symbol, replace.new.side), None],
            // Which side, only the order knows.
            Request::Amend { symbol, .. } => [Side::Buy, Side::Sell].map(|side| self.given(symbol, side)),
            // Nothing but questions, and what begins with a message.
            _ => [None; 2],
        }
    }

    /// Which balances of its account a message may change.
    fn moved_by_message(&self, message: &ToSequencer) -> [Option<AssetId>; 2] {
        let of_order = |id: OrderId| self.orders.get(id).map(|entry| self.gives(&entry.order));
        match message {
            ToSequencer::Settle(settlement) => {
                let Some(entry) = self.orders.get(settlement.order) else { return [None; 2] };
                let spec = &self.known(entry.order.order.symbol).spec;
                let side = entry.order.order.side;
                [Some(spec.gives(side)), Some(spec.receives(side))]
            }
            // What a running order has reserved counts as available.
            ToSequencer::MoveReservation { to, .. } => [of_order(*to), None],
            ToSequencer::Amended { order, .. } => [self.amends.first(*order).map(|amend| amend.asset), None],
            ToSequencer::Credit { asset, .. } => [Some(*asset), None],
            ToSequencer::TransferOffered(offer) => [Some(offer.asset), None],
            ToSequencer::TransferAnswered { offer, .. } => [Some(offer.asset), None],
            ToSequencer::SiblingAmended { .. }
            | ToSequencer::OrderMissed { .. }
            | ToSequencer::CanceledMany { .. }
            | ToSequencer::Answer { .. } => [None; 2],
        }
    }

    /// What a side of a symbol gives, if there is such a symbol.
    fn given(&self, symbol: SymbolId, side: Side) -> Option<AssetId> {
        self.listing(symbol).ok().map(|listing| listing.spec.gives(side))
    }
}

/// The word of an account's bit, and the bit.
#[inline]
fn place_of(AccountId(account): AccountId) -> (usize, u64) {
    let remainder = account % REMAINDERS;
    (usize::try_from(remainder / 64).expect("below sixteen"), 1 << (remainder % 64))
}

/// What a settlement makes of an order, which is `entry` before it; none where it was refused.
pub(super) fn kind_of(entry: &Entry, settlement: &Settlement) -> Option<ExecutionKind> {
    Some(match settlement.after {
        OrderAfter::Voided => return None,
        OrderAfter::Closed(OrderStatus::Canceled(_)) => ExecutionKind::Canceled,
        OrderAfter::Closed(OrderStatus::Expired(_)) => ExecutionKind::Expired,
        OrderAfter::Closed(_) => ExecutionKind::Trade,
        OrderAfter::Pending | OrderAfter::Open if !entry.decided => ExecutionKind::New,
        OrderAfter::Open if entry.order.status == OrderStatus::PendingTrigger => ExecutionKind::Triggered,
        // What came in again because of an amend may trade at once, like a new one.
        OrderAfter::Open if !entry.amended && !settlement.filled.is_zero() => ExecutionKind::Trade,
        OrderAfter::Open if !entry.amended && !settlement.prevented.is_zero() => ExecutionKind::Prevented,
        OrderAfter::Pending | OrderAfter::Open => ExecutionKind::Amended,
    })
}

/// When that was which a message tells of.
fn time_of(message: &ToSequencer) -> Option<Timestamp> {
    match message {
        ToSequencer::Settle(settlement) => Some(settlement.at),
        ToSequencer::CanceledMany { at, .. }
        | ToSequencer::Credit { at, .. }
        | ToSequencer::TransferAnswered { at, .. } => Some(*at),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_with_the_same_remainder_are_told_apart() {
        let mut watching = Watching::default();
        let others = [AccountId(5 + REMAINDERS), AccountId(6), AccountId(crate::types::ID_MAX)];
        watching.set(AccountId(5), true);
        assert!(watching.includes(AccountId(5)));
        assert!(others.iter().all(|&other| !watching.includes(other)));
        watching.set(others[0], true);
        watching.set(AccountId(5), false);
        assert!(watching.includes(others[0]) && !watching.includes(AccountId(5)));
        watching.set(others[0], false);
        assert!(!watching.includes(others[0]));
        watching.all = true;
        assert!(others.iter().all(|&other| watching.includes(other)));
    }
}
