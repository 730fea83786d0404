//! The state machine of an account shard (the balance sequencer): how funds are guarded.
//!
//! It owns the balances and the open orders of its accounts. An order passes only with its worst cost frozen;
//! from then on the money is out of `available`, and only a settlement of that order's matcher can spend or
//! return it. A cancel is checked for ownership here, before anything is touched, and takes the same road as
//! its order, so it can't overtake it.
//!
//! | file | what it tells |
//! |---|---|
//! | `requests` | request ids: what was answered is answered again |
//! | `access`, `listing` | who may do what, which order is meant, what a symbol takes |
//! | `admission`, `oco`, `reservation` | new orders: all that is checked of one, and what is frozen for it |
//! | `amend`, `replace`, `mass_cancel` | the other ways of an open order to its matcher |
//! | `settlement` | what comes back from the matchers |
//! | `funds`, `transfer`, `terms` | money in, out and across; what an account may do |
//! | `reads`, `check` | answers to who only asks; the proof that it all agrees |
//! | `redo` | a record of the journal, told again |
//! | `state` | as bytes, and back |
//! | `watch` | what is told of watched accounts |
//!
//! Drivers keep one rule: settlements that have arrived are handled **before** the next command, so that who
//! was answered finds the effects in whatever they ask or do next.

mod access;
mod admission;
mod amend;
mod check;
mod funds;
mod listing;
mod mass_cancel;
mod oco;
mod reads;
mod redo;
mod replace;
mod requests;
mod reservation;
mod settlement;
mod state;
mod terms;
mod transfer;
mod watch;

use std::collections::BTreeMap;

use crate::accounts::Accounts;
use crate::history::{ClosedOrders, Entries};
use crate::index::IdIndex;
use crate::ledger::{AccountSlot, Ledger};
use crate::log::{Context, OrderIds};
use crate::message::{
    Balance, Command, MassId, OrderRef, Outcome, Reply, ReplyTo, Request, ToMatcher, ToSequencer,
};
pub use crate::orders::LOOK_AHEAD;
use crate::orders::Orders;
use crate::outbox::SequencerOutbox;
use crate::reject::{Code, Reject};
use crate::rules::SymbolRules;
use crate::sequencer::amend::AmendsInFlight;
use crate::sequencer::listing::Listing;
use crate::sequencer::mass_cancel::MassCancel;
use crate::sequencer::requests::Awaited;
use crate::sequencer::watch::Watching;
use crate::spec::SymbolSpec;
use crate::types::{AccountId, AssetId, Lsn, OrderId, SymbolId, Ticket, Timestamp};

pub(crate) use self::admission::order_of;
pub(crate) use self::state::{SavedAccount, SavedMassCancel};

/// One account shard.
#[derive(Debug)]
pub struct Sequencer {
    limits: SequencerLimits,
    ledger: Ledger,
    accounts: Accounts,
    orders: Orders,
    closed: ClosedOrders,
    entries: Entries,
    /// By symbol number.
    symbols: Vec<Option<Listing>>,
    amends: AmendsInFlight,
    mass_cancels: BTreeMap<MassId, MassCancel>,
    /// Who waits for collected fees, by ticket.
    collecting: BTreeMap<u64, AccountSlot>,
    /// Commands with a request id that somebody else answers, by ticket.
    awaited: IdIndex<Awaited>,
    /// The latest record whose effects this shard shows.
    horizon: Lsn,
    /// Whose changes are told; none for nobody's.
    watching: Option<Box<Watching>>,
}

/// What bounds a sequencer's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequencerLimits {
    /// Open orders per account; the next one is refused.
    pub open_orders_per_account_max: u32,
    /// Closed orders that are remembered; beyond, the oldest is forgotten.
    pub closed_orders_max: usize,
    /// Ledger entries that are remembered; zero turns them off, and they cost nothing.
    pub ledger_entries_max: usize,
}

/// What became of a request here: an answer, a refusal, or nothing yet, because somebody else answers.
type Verdict = Result<Option<Outcome>, Reject>;

impl Sequencer {
    /// A shard without accounts.
    #[must_use]
    pub fn new(limits: SequencerLimits) -> Self {
        Self {
            limits,
            ledger: Ledger::default(),
            accounts: Accounts::default(),
            orders: Orders::default(),
            closed: ClosedOrders::new(limits.closed_orders_max),
            entries: Entries::new(limits.ledger_entries_max),
            symbols: Vec::new(),
            amends: AmendsInFlight::default(),
            mass_cancels: BTreeMap::new(),
            collecting: BTreeMap::new(),
            awaited: IdIndex::default(),
            horizon: Lsn(0),
            watching: None,
        }
    }

    /// Handles one command, after the timers that are due: a deterministic function of the state and of what
    /// comes in.
    pub fn handle(
        &mut self,
        command: Command,
        ctx: &mut Context<'_>,
        order_ids: &mut dyn OrderIds,
        out: &mut SequencerOutbox,
    ) {
        self.tick(ctx, out);
        if self.is_watched(|| command.request.account()) {
            return self.handle_watched(command, ctx, order_ids, out);
        }
        self.run(command, ctx, order_ids, out);
    }

    /// The same of an account that nobody watches, and no look at the clock. Within its callers, like [`Self::apply`].
    #[inline(always)]
    fn run(
        &mut self,
        command: Command,
        ctx: &mut Context<'_>,
        order_ids: &mut dyn OrderIds,
        out: &mut SequencerOutbox,
    ) {
        let Command { ticket, request_id, request } = command;
        match request_id {
            Some(id) if matches!(request, Request::Recall { .. }) => {
                self.recall(ticket, &id, &request, ctx, out)
            }
            Some(id) if request.is_write() => self.handle_once(ticket, &id, request, ctx, order_ids, out),
            _ => {
                let to = ReplyTo::direct(ticket);
                let outcome = match self.decide(to, request, ctx, order_ids, out) {
                    Ok(None) => return, // Somebody else answers.
                    Ok(Some(outcome)) => outcome,
                    Err(reject) => Outcome::Rejected(reject),
                };
                out.replies.push(self.reply(ticket, ctx.now, outcome));
            }
        }
    }

    /// Handles all of them, in their order: no settlement is copied.
    pub fn handle_settlements(
        &mut self,
        messages: &mut Vec<ToSequencer>,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) {
        for few in messages.chunks_mut(LOOK_AHEAD) {
            if few.len() > 1 && self.orders.are_many() {
                self.orders.look_ahead(few.iter().filter_map(|message| match message {
                    ToSequencer::Settle(settlement) => Some(settlement.order),
                    _ => None,
                }));
            }
            for message in few {
                self.handle_settlement_in_place(message, ctx, out);
            }
        }
        messages.clear();
    }

    /// Loads what settlements of these orders will need: see [`Orders::look_ahead`]. Changes nothing.
    pub(crate) fn look_ahead_to_settle(&self, orders: impl Iterator<Item = OrderId>) {
        if self.orders.are_many() {
            self.orders.look_ahead(orders);
        }
    }

    /// Loads what the first of these commands will need: see [`Orders::look_ahead`]. Changes nothing.
    pub fn look_ahead(&self, commands: &[Command]) {
        if commands.len() > 1 && self.orders.are_many() {
            self.orders.look_ahead(commands.iter().take(LOOK_AHEAD).filter_map(
                |command| match command.request {
                    Request::Cancel { order: OrderRef::Id(id), .. }
                    | Request::Amend { order: OrderRef::Id(id), .. } => Some(id),
                    _ => None,
                },
            ));
        }
    }

    /// The same of orders that are about to be canceled or changed, as far as they are open here; `found` gets to know the
    /// symbol of each.
    pub fn look_ahead_to_change(&self, orders: &[OrderId], mut found: impl FnMut(SymbolId, OrderId)) {
        for few in orders.chunks(LOOK_AHEAD).filter(|few| few.len() > 1) {
            self.orders.look_ahead(few.iter().copied());
            for &id in few {
                if let Some(entry) = self.orders.get(id) {
                    found(entry.order.order.symbol, id);
                }
            }
        }
    }

    /// Has it so many open orders that looking ahead is worth it?
    #[must_use]
    pub fn has_many_orders(&self) -> bool {
        self.orders.are_many()
    }

    /// Handles one of them where it lies. What stays of it is of no use.
    #[inline]
    pub fn handle_settlement_in_place(
        &mut self,
        message: &mut ToSequencer,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) {
        if let ToSequencer::Settle(settlement) = &*message
            && !self.is_watched(|| Some(settlement.account))
        {
            self.settle(settlement);
        } else {
            let (to, account, order) = (ReplyTo::direct(Ticket(0)), AccountId(0), OrderId(0));
            let taken = std::mem::replace(message, ToSequencer::OrderMissed { to, account, order });
            self.handle_settlement(taken, ctx, out);
        }
    }

    /// Handles what matchers and other sequencers decided.
    pub fn handle_settlement(
        &mut self,
        message: ToSequencer,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) {
        if self.is_watched(|| Some(message.account())) {
            return self.apply_watched(message, ctx, out);
        }
        self.apply(message, ctx, out);
    }

    /// The same of an account that nobody watches. Within its callers, so that no message is copied for the question
    /// whether somebody does.
    #[inline(always)]
    fn apply(&mut self, message: ToSequencer, ctx: &mut Context<'_>, out: &mut SequencerOutbox) {
        match message {
            ToSequencer::Settle(settlement) => self.settle(&settlement),
            ToSequencer::MoveReservation { cause, account, from, to, amount } => {
                self.move_reservation(cause, account, from, to, amount);
            }
            ToSequencer::Amended { cause, account, order, extra, kind } => {
                self.amended(cause, account, order, extra, kind);
            }
            ToSequencer::SiblingAmended { cause, account, order, kind } => {
                self.sibling_amended(cause, account, order, kind);
            }
            ToSequencer::OrderMissed { to, account, order } => {
                self.order_missed(to, account, order, ctx, out)
            }
            ToSequencer::CanceledMany { cause, at, mass, account, symbol, orders } => {
                self.canceled_many((cause, at), mass, (account, symbol), orders, out);
            }
            ToSequencer::Credit { cause, at, account, asset, amount } => {
                self.fees_collected(cause, at, account, asset, amount);
            }
            ToSequencer::Answer { account: _, reply } => {
                self.horizon = self.horizon.max(reply.gate);
                self.pass_on(true, *reply, out);
            }
            ToSequencer::TransferOffered(offer) => self.transfer_offered(offer, ctx, out),
            ToSequencer::TransferAnswered { offer, cause, at, refusal } => {
                self.transfer_answered(&offer, (cause, at), refusal, out);
            }
        }
    }

    /// Makes a symbol known, which its matcher has written down. Symbols are never removed here: closed orders refer
    /// to them.
    pub fn add_symbol(&mut self, spec: SymbolSpec, rules: SymbolRules, cause: Lsn) {
        self.horizon = self.horizon.max(cause);
        let at = spec.id().0 as usize;
        if self.symbols.len() <= at {
            self.symbols.resize(at + 1, None);
        }
        assert!(self.symbols[at].is_none(), "{:?} was added twice", spec.id());
        self.symbols[at] = Some(Listing { spec, rules });
    }

    /// Changes a symbol's bounds and rules, which its matcher has written down; its assets, its grid and how it takes
    /// fees stay.
    pub fn set_rules(&mut self, spec: SymbolSpec, rules: SymbolRules, cause: Lsn) {
        let known = self.known(spec.id()).spec;
        let same = spec.with_limits(*known.limits());
        assert!(same == Ok(known), "a symbol's grid can't change: {spec:?}");
        self.horizon = self.horizon.max(cause);
        self.symbols[spec.id().0 as usize] = Some(Listing { spec, rules });
    }

    /// What one balance is; zero for an account or asset that never was. For tests and drivers in one thread.
    #[must_use]
    pub fn balance(&self, account: AccountId, asset: AssetId) -> Balance {
        self.ledger.slot(account).map_or_else(Default::default, |slot| self.ledger.balance(slot, asset))
    }

    fn decide(
        &mut self,
        to: ReplyTo,
        request: Request,
        ctx: &mut Context<'_>,
        order_ids: &mut dyn OrderIds,
        out: &mut SequencerOutbox,
    ) -> Verdict {
        match request {
            Request::Place(order) => self.place(to, order, ctx, order_ids, out),
            Request::Test(order) => self.test(to, order, ctx, out),
            Request::PlaceOco(legs) => self.place_oco(to, *legs, ctx, order_ids, out),
            Request::Replace(replace) => self.replace(to, *replace, ctx, order_ids, out),
            Request::Cancel { account, order, symbol, only_if } => {
                let slot = self.who_acts(account)?;
                let at = self.resolve(slot, &order, symbol)?;
                let order = &self.orders.at(at).order;
                let (symbol, order) = (order.order.symbol, order.id);
                // Built where it is to lie: an order has much more room than a cancel needs.
                out.to_matcher.extend(std::iter::once_with(|| ToMatcher::Cancel {
                    to,
                    account,
                    symbol,
                    order,
                    only_if,
                }));
                Ok(None)
            }
            Request::Amend { account, symbol, ref order, change } => {
                self.amend(to, account, symbol, order, change, out)
            }
            Request::CancelAll { account, filter } => self.cancel_all(to, account, filter, ctx, out),
            Request::CancelAllAfter { account, .. } => self.cancel_all_after(to, &request, account, ctx),
            Request::Deposit { account, asset, amount } => {
                self.deposit(to, &request, account, asset, amount, ctx)
            }
            Request::Withdraw { account, asset, amount } => {
                self.withdraw(to, &request, account, asset, amount, ctx)
            }
            Request::Hold { account, asset, amount } => self.hold(to, &request, account, asset, amount, ctx),
            Request::Release { account, asset, amount } => {
                self.release(to, &request, account, asset, amount, ctx)
            }
            Request::Transfer { account, to: receiver, asset, amount } => {
                self.transfer(to, (account, receiver), asset, amount, ctx, out)
            }
            Request::CollectFees { account, symbol } => {
                let slot = self.who_acts(account)?;
                self.listing(symbol)?;
                // Answered through here, so that the account is not closed while the money is on its way.
                self.collecting.insert(to.ticket.0, slot);
                let to = to.through_sequencer();
                out.to_matcher.push(ToMatcher::CollectFees { to, account, symbol });
                Ok(None)
            }
            Request::Configure { account, change } => self.configure(to, &request, account, change, ctx),
            // With one it does not get here.
            Request::Recall { .. } => Err(Reject::new(Code::MissingField)),
            Request::Balances { .. }
            | Request::Account { .. }
            | Request::Order { .. }
            | Request::OrderByClientId { .. }
            | Request::OpenOrders { .. }
            | Request::ClosedOrders { .. }
            | Request::ClosedSince { .. }
            | Request::LedgerEntries { .. }
            | Request::Totals => self.read(&request).map(Some),
        }
    }

    fn reply(&self, ticket: Ticket, at: Timestamp, outcome: Outcome) -> Reply {
        Reply { ticket, gate: self.horizon, at, duplicate: false, outcome }
    }

    fn order_missed(
        &mut self,
        to: ReplyTo,
        account: AccountId,
        order: OrderId,
        ctx: &mut Context<'_>,
        out: &mut SequencerOutbox,
    ) {
        assert!(self.orders.find(order).is_none(), "{order:?} is open here and not in its book");
        let slot = self.slot(account).expect("who asked exists");
        let outcome = Outcome::Rejected(self.closed_or_unknown(slot, order, None));
        let reply = self.reply(to.ticket, ctx.now, outcome);
        self.pass_on(to.recorded, reply, out);
    }
}
