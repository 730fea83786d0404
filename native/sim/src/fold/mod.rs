//! The canonical history: what the log alone says must have become of everything.
//!
//! Every record is handled once more, in the order of the log. A matcher's record is given, as the message that
//! it was, to a fresh matcher, which must say the same to the last byte as the live one did when the record was
//! one of many messages, most of which left no record. What the matchers said is then folded, with the records
//! of the sequencers, into plain sums of money and plain orders; no sequencer takes part. A record's decision
//! counts: a live sequencer may have known less money than this fold does, by what was in flight, never more.
//! (That the decisions are the right ones is the duel's proof.)

mod answers;

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;

use lightning_core::log::{Context, Log, Record, Recorded};
use lightning_core::matcher::Matcher;
use lightning_core::message::{
    AdmittedOrder, Balance, Order, OrderAfter, OrderStatus, Outcome, Reply, Request, Settlement, ToMatcher,
    ToSequencer, Trade, TransferOffer,
};
use lightning_core::outbox::MatcherOutbox;
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{
    AccountId, Amount, AssetId, Lsn, OrderId, Quantity, Side, SignedAmount, SymbolId, Timestamp,
};

pub use self::answers::{Ran, asked_by, commands};
use crate::laws;
use crate::plain;
use crate::recorder::{Recorder, Written};
use crate::workload::Setup;

/// Whose matcher wrote a record down; none for one of a sequencer or of a driver.
#[must_use]
pub fn symbol_of(record: &Recorded) -> Option<SymbolId> {
    match record {
        Recorded::Place(admitted) => Some(admitted.order.symbol),
        Recorded::PlaceOco(_, legs) => Some(legs[0].order.symbol),
        Recorded::Amend(amend) => Some(amend.symbol),
        Recorded::Replace(replace) => Some(replace.symbol),
        Recorded::CancelMany(many) => Some(many.symbol),
        Recorded::Cancel { symbol, .. }
        | Recorded::CancelBook(symbol)
        | Recorded::Expire { symbol, .. }
        | Recorded::CollectFees { symbol, .. }
        | Recorded::RemoveSymbol(symbol) => Some(*symbol),
        Recorded::AddSymbol(spec, _) | Recorded::SetRules(spec, _) => Some(spec.id()),
        Recorded::Account(..)
        | Recorded::TransferOffered(_)
        | Recorded::TransferAccepted(_)
        | Recorded::TransferRefused(..)
        | Recorded::MassCancel(_)
        | Recorded::OrderIds { .. }
        | Recorded::Operator(..)
        | Recorded::Genesis { .. }
        | Recorded::CleanShutdown { .. } => None,
    }
}

/// All that a record made its matcher say.
#[derive(Debug, Default)]
pub struct Said {
    /// In the order they happened.
    pub trades: Vec<Trade>,
    /// To the sequencers, answers apart.
    pub messages: Vec<ToSequencer>,
    /// What the client, or the operator, was told.
    pub outcome: Option<Outcome>,
}

/// What matchers said because of which record.
#[derive(Debug, Default)]
pub struct History {
    /// By record.
    pub said: BTreeMap<Lsn, Said>,
}

impl History {
    /// What a matcher said to one message, having written down what comes after `before`. What it said without
    /// writing anything down has no place in history.
    pub fn note(&mut self, out: &MatcherOutbox, told: Option<Outcome>, before: Lsn, last: (Lsn, bool)) {
        // What is due expires first, in records of its own; the message's own record is the last one.
        let (last, is_expiry) = last;
        let own = Some(last).filter(|last| *last > before && !is_expiry);
        for trade in &out.trades {
            self.said.entry(trade.cause).or_default().trades.push(*trade);
        }
        let answer = |reply: &Reply| reply.outcome.clone();
        let mut outcome = told.or_else(|| out.replies.first().map(answer));
        for message in &out.to_sequencer {
            if let ToSequencer::Answer { reply, .. } = message {
                outcome = Some(answer(reply));
            } else if own.is_none() && is_void(message) {
                // Refused without a record: it names the last one there is.
            } else if let Some(cause) = cause_of(message).filter(|cause| *cause > before) {
                self.said.entry(cause).or_default().messages.push(message.clone());
            }
        }
        if let Some(own) = own {
            self.said.entry(own).or_default().outcome = outcome;
        }
    }
}

/// Does it say that an order never was?
fn is_void(message: &ToSequencer) -> bool {
    matches!(message, ToSequencer::Settle(Settlement { after: OrderAfter::Voided, .. }))
}

/// Which record a message names.
#[must_use]
pub fn cause_of(message: &ToSequencer) -> Option<Lsn> {
    match message {
        ToSequencer::Settle(settlement) => Some(settlement.cause),
        ToSequencer::MoveReservation { cause, .. }
        | ToSequencer::SiblingAmended { cause, .. }
        | ToSequencer::CanceledMany { cause, .. }
        | ToSequencer::TransferAnswered { cause, .. }
        | ToSequencer::Credit { cause, .. } => Some(*cause),
        ToSequencer::Amended { cause, .. } => *cause,
        ToSequencer::OrderMissed { .. } | ToSequencer::Answer { .. } | ToSequencer::TransferOffered(_) => {
            None
        }
    }
}

/// The log, as it is read again: whoever writes must write what comes next.
struct Replay<'a> {
    records: &'a [Written],
    at: usize,
    /// Expiries behind `at` that were decided with one before it.
    early: BTreeSet<usize>,
}

impl Replay<'_> {
    fn go_on(&mut self) {
        self.at += 1;
        while self.early.remove(&self.at) {
            self.at += 1;
        }
    }

    /// Where an expiry was written down. Of those that were due at one time a shard wrote all down, one symbol's
    /// among another's; here each symbol does it for itself.
    fn expiry(&self, now: Timestamp, order: OrderId) -> usize {
        let due = self.records[self.at..].iter().zip(self.at..).take_while(|(written, _)| {
            written.at == now && matches!(written.record, Recorded::Expire { .. })
        });
        let mut found = due.filter(|(written, at)| {
            !self.early.contains(at)
                && matches!(written.record, Recorded::Expire { order: other, .. } if other == order)
        });
        found.next().map_or(self.at, |(_, at)| at)
    }
}

impl Log for Replay<'_> {
    fn append(&mut self, now: Timestamp, digest: u64, record: &Record<'_>) -> Lsn {
        let place = match record {
            Record::Expire { order, .. } => self.expiry(now, *order),
            _ => self.at,
        };
        let written = self.records.get(place).expect("a replay that decides more than was decided");
        let Written { at, digest: known, record: expected } = written;
        let record = Recorded::from(record);
        let mut same = *at == now && *known == digest && discriminant(expected) == discriminant(&record);
        if let (Recorded::Expire { order, .. }, Recorded::Expire { order: again, .. }) = (expected, &record) {
            same &= order == again;
        }
        assert!(same, "decided at {at:?}: {expected:?}; decided again at {now:?}: {record:?}");
        if place == self.at {
            self.go_on();
        } else {
            self.early.insert(place);
        }
        Lsn(place as u64 + 1)
    }
}

/// What the log leads to.
#[derive(Debug)]
pub struct Canonical {
    /// One of each symbol, whose books are the canonical books.
    matchers: Vec<Matcher>,
    balances: BTreeMap<(AccountId, AssetId), Line>,
    orders: BTreeMap<OrderId, Order>,
    specs: Vec<SymbolSpec>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Line {
    total: i128,
    frozen: i128,
    held: i128,
}

/// Folds the log. Panics where the fold shows that a decision was wrong, or that something else was said live.
#[must_use]
pub fn fold(setup: &Setup, recorder: &Recorder, history: &History) -> Canonical {
    let (matchers, again) = replay(setup.symbols.len(), &recorder.records);
    for (live, again) in history.said.iter().zip(&again.said) {
        expect_same(live, again);
    }
    assert_eq!(history.said.len(), again.said.len(), "records that matchers said something about");

    let mut canonical = Canonical {
        matchers,
        balances: BTreeMap::new(),
        orders: BTreeMap::new(),
        specs: setup.symbols.clone(),
    };
    for (at, Written { record, .. }) in recorder.records.iter().enumerate() {
        canonical.decided(record);
        if let Some(said) = history.said.get(&Lsn(at as u64 + 1)) {
            said.messages.iter().for_each(|message| canonical.handled(message));
        }
        if symbol_of(record).is_none() || history.said.contains_key(&Lsn(at as u64 + 1)) {
            canonical.check_solvent(record);
        }
    }
    canonical
}

/// Gives every matcher's record to a fresh matcher, which has its symbol alone.
fn replay(symbols: usize, records: &[Written]) -> (Vec<Matcher>, History) {
    let mut matchers: Vec<Matcher> = (0..symbols).map(|_| Matcher::default()).collect();
    let mut history = History::default();
    let mut log = Replay { records, at: 0, early: BTreeSet::new() };
    while let Some(Written { at: now, record, .. }) = records.get(log.at) {
        let Some(symbol) = symbol_of(record) else {
            log.go_on();
            continue;
        };
        let before = Lsn(log.at as u64);
        let matcher = &mut matchers[symbol.0 as usize];
        let (mut out, mut ctx) = (MatcherOutbox::default(), Context { now: *now, log: &mut log });
        let mut told = None;
        match record {
            Recorded::AddSymbol(spec, rules) => matcher.add_symbol(*spec, **rules, &mut ctx, &mut out),
            Recorded::SetRules(spec, rules) => {
                let canceled = matcher.set_rules(*spec, **rules, true, &mut ctx, &mut out);
                told = Some(Outcome::CanceledAll(canceled.expect("what was recorded was possible")));
            }
            Recorded::CancelBook(symbol) => {
                told = Some(Outcome::CanceledAll(matcher.cancel_book(*symbol, &mut ctx, &mut out)));
            }
            Recorded::RemoveSymbol(symbol) => {
                let canceled = matcher.remove_symbol(*symbol, true, &mut ctx, &mut out);
                told = Some(Outcome::CanceledAll(canceled.expect("what was recorded was possible")));
            }
            Recorded::Expire { .. } => matcher.tick(&mut ctx, &mut out),
            record => matcher.handle(message_of(record), &mut ctx, &mut out),
        }
        assert!(Lsn(log.at as u64) > before, "decided once and not again: {record:?}");
        let is_expiry = matches!(records[log.at - 1].record, Recorded::Expire { .. });
        history.note(&out, told, before, (Lsn(log.at as u64), is_expiry));
    }
    (matchers, history)
}

/// The message that a record was.
fn message_of(record: &Recorded) -> ToMatcher {
    match record.clone() {
        Recorded::Place(admitted) => ToMatcher::Admit(admitted),
        Recorded::PlaceOco(list, legs) => ToMatcher::AdmitOco { list, legs },
        Recorded::Cancel { to, account, symbol, order } => {
            ToMatcher::Cancel { to, account, symbol, order, only_if: None }
        }
        Recorded::Amend(amend) => ToMatcher::Amend(amend),
        Recorded::Replace(replace) => ToMatcher::Replace(replace),
        Recorded::CancelMany(many) => ToMatcher::CancelMany(many),
        Recorded::CollectFees { to, account, symbol } => ToMatcher::CollectFees { to, account, symbol },
        record => panic!("no matcher writes this: {record:?}"),
    }
}

fn expect_same((at, live): (&Lsn, &Said), (at_again, again): (&Lsn, &Said)) {
    let same_message = |(live, again): (&ToSequencer, &ToSequencer)| match (live, again) {
        (ToSequencer::Settle(live), ToSequencer::Settle(again)) => live == again,
        _ => format!("{live:?}") == format!("{again:?}"),
    };
    let same_outcome = match (&live.outcome, &again.outcome) {
        (Some(Outcome::Placed(live)), Some(Outcome::Placed(again))) => live == again,
        (Some(Outcome::Canceled(live)), Some(Outcome::Canceled(again))) => live == again,
        // A mass cancel's answer is its sequencer's.
        (live, again) => format!("{live:?}") == format!("{again:?}"),
    };
    let same = at == at_again
        && live.trades == again.trades
        && live.messages.len() == again.messages.len()
        && live.messages.iter().zip(&again.messages).all(same_message)
        && same_outcome;
    assert!(same, "what was said of {at:?}: {live:?}; when it is told again, of {at_again:?}: {again:?}");
}

impl Canonical {
    fn line(&mut self, account: AccountId, asset: AssetId) -> &mut Line {
        self.balances.entry((account, asset)).or_default()
    }

    fn spec(&self, symbol: SymbolId) -> SymbolSpec {
        self.specs[symbol.0 as usize]
    }

    /// What a record says by itself.
    fn decided(&mut self, record: &Recorded) {
        match record {
            Recorded::Account(_, request) => match *request {
                Request::Deposit { account, asset, amount } => {
                    self.line(account, asset).total += plain::money(amount);
                }
                Request::Withdraw { account, asset, amount } => {
                    self.line(account, asset).total -= plain::money(amount);
                }
                Request::Hold { account, asset, amount } => {
                    let line = self.line(account, asset);
                    line.held += plain::money(amount);
                    line.frozen += plain::money(amount);
                }
                Request::Release { account, asset, amount } => {
                    let line = self.line(account, asset);
                    line.held -= plain::money(amount);
                    line.frozen -= plain::money(amount);
                }
                _ => {}
            },
            Recorded::TransferOffered(offer) => {
                self.line(offer.from, offer.asset).frozen += plain::money(offer.amount);
            }
            Recorded::TransferRefused(offer, _) => {
                self.line(offer.from, offer.asset).frozen -= plain::money(offer.amount);
            }
            Recorded::TransferAccepted(offer) => {
                let TransferOffer { from, to, asset, amount, .. } = *offer;
                let line = self.line(from, asset);
                line.frozen -= plain::money(amount);
                line.total -= plain::money(amount);
                self.line(to, asset).total += plain::money(amount);
            }
            Recorded::Place(admitted) => self.admitted(admitted),
            Recorded::PlaceOco(list, legs) => {
                let ids = legs.each_ref().map(|leg| leg.id);
                for (leg, sibling) in legs.iter().zip([ids[1], ids[0]]) {
                    self.admitted(leg);
                    self.orders.get_mut(&leg.id).expect("it was admitted").list = Some((*list, sibling));
                }
            }
            Recorded::Replace(replace) => {
                if let Ok(new) = &replace.new
                    && new.late.as_ref().is_none_or(|late| late.refusal.is_none())
                {
                    self.admitted(new);
                }
            }
            _ => {}
        }
    }

    fn admitted(&mut self, admitted: &AdmittedOrder) {
        let AdmittedOrder { id, ref order, reserved, fees, .. } = *admitted;
        let gives = self.spec(order.symbol).gives(order.side);
        self.line(order.account, gives).frozen += plain::money(reserved);
        let is_pending = order.trigger().is_some();
        let order = Order {
            id,
            order: order.clone(),
            fees,
            status: if is_pending { OrderStatus::PendingTrigger } else { OrderStatus::New },
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            prevented: Quantity::ZERO,
            fee: SignedAmount::ZERO,
            reserved,
            list: None,
            amends: 0,
            accepted_at: Timestamp(0),
            updated_at: Timestamp(0),
        };
        assert!(self.orders.insert(id, order).is_none(), "{id:?} was admitted twice");
    }

    /// What a matcher said.
    fn handled(&mut self, message: &ToSequencer) {
        match message {
            ToSequencer::Settle(settlement) => self.settle(settlement),
            ToSequencer::MoveReservation { from, to, amount, .. } => {
                self.known(*from).reserved -= *amount;
                self.known(*to).reserved += *amount;
            }
            ToSequencer::Amended { account, order, extra, kind: Some(kind), .. } => {
                let amended = self.known(*order);
                amended.order.kind = *kind;
                amended.amends += 1;
                amended.reserved += *extra;
                let (symbol, side) = (amended.order.symbol, amended.order.side);
                let gives = self.spec(symbol).gives(side);
                self.line(*account, gives).frozen += plain::money(*extra);
            }
            ToSequencer::SiblingAmended { order, kind, .. } => {
                let amended = self.known(*order);
                amended.order.kind = *kind;
                amended.amends += 1;
            }
            ToSequencer::Credit { account, asset, amount, .. } => {
                self.line(*account, *asset).total += plain::money(*amount);
            }
            ToSequencer::CanceledMany { .. } => {}
            other => panic!("no record is the cause of this: {other:?}"),
        }
    }

    fn known(&mut self, order: OrderId) -> &mut Order {
        self.orders.get_mut(&order).unwrap_or_else(|| panic!("{order:?} was never admitted"))
    }

    fn settle(&mut self, settlement: &Settlement) {
        let order = self.known(settlement.order).clone();
        let spec = self.spec(order.order.symbol);
        let (account, side) = (order.order.account, order.order.side);
        for (asset, change) in laws::moved(settlement, &order.order, &spec) {
            self.line(account, asset).total += change;
        }
        let given = match side {
            Side::Buy => settlement.notional,
            Side::Sell => spec.base_amount(settlement.filled),
        };
        let fee_on_top =
            if spec.fee_asset(side) == spec.gives(side) { settlement.fee.positive() } else { Amount::ZERO };
        let less = given + fee_on_top + settlement.released;
        self.line(account, spec.gives(side)).frozen -= plain::money(less);

        let order = self.known(settlement.order);
        order.reserved -= less; // Panics below zero.
        order.filled += settlement.filled;
        order.notional += settlement.notional;
        order.prevented += settlement.prevented;
        order.fee += settlement.fee;
        match settlement.after {
            OrderAfter::Pending => {
                assert!(order.status == OrderStatus::PendingTrigger, "{order:?} waits again")
            }
            OrderAfter::Open => {
                let untouched = order.filled.is_zero();
                order.status = if untouched { OrderStatus::New } else { OrderStatus::PartiallyFilled };
            }
            OrderAfter::Closed(status) => {
                assert!(order.status.is_open(), "closed twice: {order:?}");
                assert!(order.reserved.is_zero(), "a closed order keeps a reservation: {order:?}");
                order.status = status;
                if status == OrderStatus::Filled
                    && let Some(open) = order.open_quantity()
                {
                    assert!(open.is_zero(), "filled, and {open:?} are left: {order:?}");
                }
            }
            OrderAfter::Voided => {
                assert!(
                    order.reserved.is_zero() && order.filled.is_zero(),
                    "a trace of a refused order: {order:?}"
                );
                self.orders.remove(&settlement.order);
            }
        }
    }

    /// Nobody ever owes anything.
    fn check_solvent(&self, record: &Recorded) {
        for ((account, asset), Line { total, frozen, held }) in &self.balances {
            assert!(
                *held >= 0 && held <= frozen && frozen <= total,
                "{account:?} has {total} of {asset:?}, {frozen} frozen, {held} held, after {record:?}"
            );
        }
    }

    /// Panics unless a live balance is the canonical one.
    pub fn expect_balance(&self, account: AccountId, asset: AssetId, live: Balance) {
        let line = self.balances.get(&(account, asset)).copied().unwrap_or_default();
        assert_eq!(
            (plain::money(live.total()), plain::money(live.frozen), plain::money(live.held)),
            (line.total, line.frozen, line.held),
            "total, frozen, held of {account:?}, {asset:?}: live, then canonical"
        );
    }

    /// Of each asset of an account: all of it, and what of it is held.
    pub fn balances(&self, account: AccountId) -> impl Iterator<Item = (AssetId, (i128, i128))> {
        let lines = self.balances.iter().filter(move |((owner, _), _)| *owner == account);
        lines.map(|((_, asset), line)| (*asset, (line.total, line.held)))
    }

    /// An order that was not refused.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.orders.get(&id)
    }

    /// All orders that were not refused.
    pub fn orders(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    /// Panics unless a live order is the canonical one.
    pub fn expect_order(&self, live: &Order) {
        let Some(order) = self.orders.get(&live.id) else {
            panic!("nothing in the log says that there is such an order: {live:?}");
        };
        let canonical = Order { accepted_at: live.accepted_at, updated_at: live.updated_at, ..order.clone() };
        assert_eq!(*live, canonical, "an order, live, then canonical");
    }

    /// A symbol's canonical matcher.
    #[must_use]
    pub fn matcher(&self, symbol: SymbolId) -> &Matcher {
        &self.matchers[symbol.0 as usize]
    }
}
