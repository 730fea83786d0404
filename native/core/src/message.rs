//! The whole vocabulary: what the exchange can be asked, what it can say, and what its shards tell each other.
//!
//! ```text
//! edge ──Command──> sequencer ──ToMatcher──> matcher ──ToSequencer──> sequencers of all parties
//!                    │    ▲  └────────── ToSequencer (transfers) ─────────▲
//!                    │    └── Answer ──────┐                              │
//!                    └──────── Reply ──────┴──> edge          Trade ──> market data
//! ```
//!
//! Commands are asked in the imperative, events told in the past tense, a reply answers one ticket, a reject
//! is one no. Every message is immutable once sent. What an order is stands in [`crate::order`].

use crate::fees::FeeRates;
pub use crate::order::{
    CancelReason, ClientOrderId, ExpireReason, Extras, NewOrder, Order, OrderKind, OrderStatus, StpMode,
    TimeInForce, TrailOffset, Trigger,
};
use crate::reject::Reject;
use crate::rules::{AccountChange, AccountStatus};
use crate::types::{
    AccountId, Amount, AssetId, ListId, Lsn, OrderId, Price, Quantity, Side, SignedAmount, StpGroup,
    SymbolId, Ticket, Timestamp, TradeId,
};

/// What the edge asks of a sequencer. Shape and symbol rules were checked at the edge.
#[derive(Clone, Debug)]
pub struct Command {
    /// Whom to answer.
    pub ticket: Ticket,
    /// The client's own number for it, if it wants it done at most once.
    pub request_id: Option<Box<RequestId>>,
    /// What to do.
    pub request: Request,
}

/// Makes a command idempotent: see [`crate::window`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId {
    /// Which of the account's series of numbers; series are independent.
    pub lane: u32,
    /// Its number: 1 to 2^53 - 1.
    pub number: u64,
    /// A hash of the request's words: the same number with another is a conflict.
    pub fingerprint: u64,
}

/// What can be asked of a sequencer.
#[derive(Clone, Debug)]
pub enum Request {
    /// Adds to an account's available balance. The first deposit makes the account.
    Deposit {
        /// To whom.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much, not zero.
        amount: Amount,
    },
    /// Takes from an account's available balance; frozen funds can't be withdrawn.
    Withdraw {
        /// From whom.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much, not zero.
        amount: Amount,
    },
    /// Moves available balance from one account to another, which must exist.
    Transfer {
        /// From whom; its sequencer decides.
        account: AccountId,
        /// To whom; not the same account.
        to: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much, not zero.
        amount: Amount,
    },
    /// Freezes available balance for a purpose outside the exchange.
    Hold {
        /// Whose.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much, not zero.
        amount: Amount,
    },
    /// Gives back what was held.
    Release {
        /// Whose.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much, not zero; at most what is held.
        amount: Amount,
    },
    /// Freezes what the order may cost and passes it on to its symbol's matcher.
    Place(NewOrder),
    /// Checks an order as if it were placed, and says what it would do.
    Test(NewOrder),
    /// Places two orders of which one cancels the other. The second one has a stop trigger.
    PlaceOco(Box<[NewOrder; 2]>),
    /// Takes an open order off its book and releases exactly what was left reserved for it.
    Cancel {
        /// Who asks; only the owner may.
        account: AccountId,
        /// Which order.
        order: OrderRef,
        /// Only if it is on this symbol.
        symbol: Option<SymbolId>,
        /// Only in this state.
        only_if: Option<OnlyIf>,
    },
    /// Changes an open order's quantity or price.
    Amend {
        /// Who asks; only the owner may.
        account: AccountId,
        /// On which book.
        symbol: SymbolId,
        /// Which order.
        order: OrderRef,
        /// How.
        change: AmendChange,
    },
    /// Cancels an order and places another of the same account and symbol.
    Replace(Box<ReplaceRequest>),
    /// Cancels all of an account's orders that match.
    CancelAll {
        /// Whose.
        account: AccountId,
        /// Which of them.
        filter: OrderFilter,
    },
    /// Sets, replaces or (zero) disarms the account's dead-man timer.
    CancelAllAfter {
        /// Whose.
        account: AccountId,
        /// In how many nanoseconds everything is canceled.
        after_nanos: u64,
    },
    /// Moves the fees that have accrued at a symbol to an account.
    CollectFees {
        /// To whom.
        account: AccountId,
        /// From which symbol.
        symbol: SymbolId,
    },
    /// Changes an account's terms.
    Configure {
        /// Whose.
        account: AccountId,
        /// How.
        change: AccountChange,
    },
    /// Asks for the outcome of an earlier command of the same request id, without doing anything:
    /// [`Outcome::NotSeen`] if there was none.
    Recall {
        /// Whose.
        account: AccountId,
    },
    /// All balances of an account.
    Balances {
        /// Whose.
        account: AccountId,
    },
    /// An account's terms.
    Account {
        /// Whose.
        account: AccountId,
    },
    /// One order, open or recently closed.
    Order {
        /// Which.
        order: OrderId,
    },
    /// One live order by its client order id.
    OrderByClientId {
        /// Whose.
        account: AccountId,
        /// Its client order id.
        client_id: ClientOrderId,
    },
    /// Open orders of this shard in the order of acceptance, of one account or of all, of one symbol or of all.
    OpenOrders {
        /// Whose; all accounts of the shard without.
        account: Option<AccountId>,
        /// Of which symbol; of all without.
        symbol: Option<SymbolId>,
        /// Only those with ids after this.
        after: OrderId,
        /// At most so many.
        limit: usize,
    },
    /// Closed orders that are still remembered, the last closed first.
    ClosedOrders {
        /// Whose.
        account: AccountId,
        /// Of which symbol; of all without.
        symbol: Option<SymbolId>,
        /// Only those closed before this one was; the cursor of the page before.
        before: Option<u64>,
        /// At most so many.
        limit: usize,
    },
    /// Closed orders that are still remembered, in the order in which they closed, each with the record that closed it.
    ClosedSince {
        /// Whose.
        account: AccountId,
        /// Of which symbol; of all without.
        symbol: Option<SymbolId>,
        /// Only those that a record from this to that one has closed.
        causes: (Lsn, Lsn),
        /// Only those behind this one; the cursor of the page before, zero for the first.
        after: u64,
        /// At most so many.
        limit: usize,
    },
    /// Ledger entries that are still remembered, the last first.
    LedgerEntries {
        /// Whose.
        account: AccountId,
        /// Of which asset; of all without.
        asset: Option<AssetId>,
        /// Only entries before this cursor.
        before: Option<u64>,
        /// At most so many.
        limit: usize,
    },
    /// What this shard's ledger adds up to, per asset.
    Totals,
}

impl Request {
    /// Does it change something? Then its request id, if it has one, is used up by it.
    #[must_use]
    pub const fn is_write(&self) -> bool {
        match self {
            Self::Deposit { .. }
            | Self::Withdraw { .. }
            | Self::Transfer { .. }
            | Self::Hold { .. }
            | Self::Release { .. }
            | Self::Place(_)
            | Self::PlaceOco(_)
            | Self::Cancel { .. }
            | Self::Amend { .. }
            | Self::Replace(_)
            | Self::CancelAll { .. }
            | Self::CancelAllAfter { .. }
            | Self::CollectFees { .. }
            | Self::Configure { .. } => true,
            Self::Test(_)
            | Self::Recall { .. }
            | Self::Balances { .. }
            | Self::Account { .. }
            | Self::Order { .. }
            | Self::OrderByClientId { .. }
            | Self::OpenOrders { .. }
            | Self::ClosedOrders { .. }
            | Self::ClosedSince { .. }
            | Self::LedgerEntries { .. }
            | Self::Totals => false,
        }
    }

    /// Whose sequencer decides; none when every sequencer has a part of the answer.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::Deposit { account, .. }
            | Self::Withdraw { account, .. }
            | Self::Transfer { account, .. }
            | Self::Hold { account, .. }
            | Self::Release { account, .. }
            | Self::Cancel { account, .. }
            | Self::Amend { account, .. }
            | Self::CancelAll { account, .. }
            | Self::CancelAllAfter { account, .. }
            | Self::CollectFees { account, .. }
            | Self::Configure { account, .. }
            | Self::Recall { account }
            | Self::Balances { account }
            | Self::Account { account }
            | Self::OrderByClientId { account, .. }
            | Self::ClosedOrders { account, .. }
            | Self::ClosedSince { account, .. }
            | Self::LedgerEntries { account, .. } => Some(*account),
            Self::Place(order) | Self::Test(order) => Some(order.account),
            Self::PlaceOco(legs) => Some(legs[0].account),
            Self::Replace(replace) => Some(replace.new.account),
            Self::OpenOrders { account, .. } => *account,
            Self::Order { .. } | Self::Totals => None,
        }
    }
}

/// How a client names an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderRef {
    /// By the engine's id.
    Id(OrderId),
    /// By its own; only live orders can be found by it.
    Client(ClientOrderId),
}

/// A cancel's condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnlyIf {
    /// Nothing filled yet (a pending conditional order counts).
    New,
    /// Something filled.
    PartiallyFilled,
}

/// What an amend changes; at least one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmendChange {
    /// The quantity.
    pub quantity: Option<NewQuantity>,
    /// The limit price.
    pub price: Option<Price>,
}

/// An amended quantity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewQuantity {
    /// The new whole quantity, filled and prevented included.
    Total(Quantity),
    /// So much less.
    ReduceBy(Quantity),
}

/// A cancel-replace as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplaceRequest {
    /// Which order goes.
    pub old: OrderRef,
    /// Only in this state.
    pub only_if: Option<OnlyIf>,
    /// Which comes.
    pub new: NewOrder,
    /// What if one of the two fails.
    pub mode: ReplaceMode,
}

/// What a cancel-replace does when one half fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplaceMode {
    /// No new order if the cancel fails.
    StopOnFailure,
    /// The new order whatever came of the cancel.
    AllowFailure,
    /// Both or nothing.
    Atomic,
}

/// Which of an account's open orders.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Those on this symbol.
    pub symbol: Option<SymbolId>,
    /// Those of this side.
    pub side: Option<Side>,
    /// Those whose client order id begins like this.
    pub client_id_prefix: Option<ClientOrderId>,
}

/// Whom a matcher answers, and on which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyTo {
    /// Whose call.
    pub ticket: Ticket,
    /// Through the sequencer of the account, which remembers the answer for its request id.
    pub recorded: bool,
    /// Zero, which no request id has, for a call without one. Flat, because an order is copied with it.
    pub(crate) number: u64,
    pub(crate) fingerprint: u64,
    pub(crate) lane: u32,
}

impl ReplyTo {
    /// Whoever asked, directly.
    #[must_use]
    pub const fn direct(ticket: Ticket) -> Self {
        Self { ticket, recorded: false, number: 0, fingerprint: 0, lane: 0 }
    }

    /// Through the account's sequencer, though it has nothing to remember.
    #[must_use]
    pub const fn through_sequencer(self) -> Self {
        Self { recorded: true, ..self }
    }

    /// Through the account's sequencer, which remembers the answer.
    #[must_use]
    pub const fn remembered(ticket: Ticket, id: &RequestId) -> Self {
        let RequestId { lane, number, fingerprint } = *id;
        Self { ticket, recorded: true, number, fingerprint, lane }
    }

    /// The request id of the call, if it has one: what a record of it says, so that a replay remembers it, too.
    #[must_use]
    pub const fn request_id(&self) -> Option<RequestId> {
        let Self { number, fingerprint, lane, .. } = *self;
        if number == 0 { None } else { Some(RequestId { lane, number, fingerprint }) }
    }
}

/// From a sequencer to a matcher, in one FIFO, so that a cancel can't overtake its own order.
#[derive(Clone, Debug)]
pub enum ToMatcher {
    /// An order whose funds are frozen.
    Admit(AdmittedOrder),
    /// An order to be judged and forgotten; nothing is frozen for it.
    Test(Box<AdmittedOrder>),
    /// Two orders of which one cancels the other: the limit leg, which holds the reservation of both, and the
    /// stop leg, whose own is zero. Both have the same `to`, `late` is the first one's.
    AdmitOco {
        /// The list's id.
        list: ListId,
        /// Limit leg, stop leg.
        legs: Box<[AdmittedOrder; 2]>,
    },
    /// A cancel by the owner of an order that was open when its sequencer looked.
    Cancel {
        /// Whom to answer.
        to: ReplyTo,
        /// The owner.
        account: AccountId,
        /// On which book.
        symbol: SymbolId,
        /// Which order.
        order: OrderId,
        /// Only in this state.
        only_if: Option<OnlyIf>,
    },
    /// An amend by the owner of an order that was open when its sequencer looked.
    Amend(Box<Amend>),
    /// A cancel-replace.
    Replace(Box<Replace>),
    /// The part of a mass cancel that is on one symbol.
    CancelMany(Box<CancelMany>),
    /// Moves accrued fees to an account that exists.
    CollectFees {
        /// Whom to answer.
        to: ReplyTo,
        /// To whom.
        account: AccountId,
        /// From which symbol.
        symbol: SymbolId,
    },
}

impl ToMatcher {
    /// Whose matcher it goes to.
    #[must_use]
    pub fn symbol(&self) -> SymbolId {
        match self {
            Self::Admit(admitted) => admitted.order.symbol,
            Self::Test(admitted) => admitted.order.symbol,
            Self::AdmitOco { legs, .. } => legs[0].order.symbol,
            Self::Cancel { symbol, .. } | Self::CollectFees { symbol, .. } => *symbol,
            Self::Amend(amend) => amend.symbol,
            Self::Replace(replace) => replace.symbol,
            Self::CancelMany(many) => many.symbol,
        }
    }
}

/// An order with its reservation and all that was fixed for it at acceptance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdmittedOrder {
    /// Whom to answer.
    pub to: ReplyTo,
    /// Its id.
    pub id: OrderId,
    /// The order. A DAY order's `expire_at` is set.
    pub order: NewOrder,
    /// Frozen for it, in atoms of the asset that its side gives.
    pub reserved: Amount,
    /// Its fee rates.
    pub fees: FeeRates,
    /// Its account's group.
    pub stp_group: Option<StpGroup>,
    /// When its sequencer accepted it.
    pub accepted_at: Timestamp,
    /// What the matcher must judge before or after what only it can see; none for most orders.
    pub late: Option<Box<LateChecks>>,
}

impl AdmittedOrder {
    /// Moves it out. What stays behind has neither extras nor late checks, and is of no use.
    pub(crate) fn take(&mut self) -> Self {
        let (extras, late) = (self.order.extras.take(), self.late.take());
        let mut taken = self.clone();
        (taken.order.extras, taken.late) = (extras, late);
        taken
    }

    /// Did its sequencer refuse it, leaving it to the book to say whether that is the first of its faults?
    pub(crate) fn is_refused(&self) -> bool {
        self.late.as_ref().is_some_and(|late| late.refusal.is_some())
    }
}

/// Refusals that come after checks which only the book can make, so that an order with several faults always
/// gets the same code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LateChecks {
    /// 2050 or 2051: refused after the band and before post-only and trigger; 3010: refused at the very end.
    /// Nothing is frozen for an order that has one, and no sequencer remembers it.
    pub refusal: Option<Reject>,
    /// A market order by quote may take at most so many lots (`maxPosition`): otherwise 2051.
    pub position_room: Option<Quantity>,
}

/// An amend on its way to the book.
#[derive(Clone, Debug)]
pub struct Amend {
    /// Whom to answer.
    pub to: ReplyTo,
    /// The owner.
    pub account: AccountId,
    /// On which book.
    pub symbol: SymbolId,
    /// Which order.
    pub order: OrderId,
    /// How.
    pub change: AmendChange,
    /// Frozen for it besides what the order had: the worst case, of which the matcher gives back what is not
    /// needed.
    pub extra: Amount,
    /// 3010, if the account can't pay for the worst case: refused after everything that the book may find.
    pub refusal: Option<Reject>,
}

/// A cancel-replace on its way to the book.
#[derive(Clone, Debug)]
pub struct Replace {
    /// Whom to answer.
    pub to: ReplyTo,
    /// Whose.
    pub account: AccountId,
    /// On which book.
    pub symbol: SymbolId,
    /// What if one half fails.
    pub mode: ReplaceMode,
    /// The order that goes; or why it can't.
    pub old: Result<OrderId, Reject>,
    /// Only in this state.
    pub only_if: Option<OnlyIf>,
    /// The order that comes; or why its sequencer refuses it. What is frozen for it already is its `reserved`;
    /// `from_old` comes on top.
    pub new: Result<Box<AdmittedOrder>, Reject>,
    /// What the new order needs of the old one's reservation, which is in the same asset then. If the old one
    /// has less left, the new one is refused (3010); an immediate market order that reserves 'everything'
    /// takes what there is of it.
    pub from_old: Amount,
}

/// A mass cancel as its sequencer writes it down before any part of it is sent. Each part is a record of a matcher,
/// even where it finds nothing open; a part without one is sent again after a crash.
#[derive(Clone, Debug)]
pub struct MassCancelOrder {
    /// Whom to answer; none if a dead-man timer ran out, which this disarms.
    pub to: Option<ReplyTo>,
    /// Whose orders.
    pub account: AccountId,
    /// Which of them.
    pub filter: OrderFilter,
    /// MASS or DEADMAN.
    pub reason: CancelReason,
    /// The symbols on which there were any, ascending: one part each.
    pub symbols: Vec<SymbolId>,
}

/// The part of a mass cancel that is on one symbol.
#[derive(Clone, Debug)]
pub struct CancelMany {
    /// Which mass cancel of the account's sequencer.
    pub mass: MassId,
    /// Whose orders.
    pub account: AccountId,
    /// On which book.
    pub symbol: SymbolId,
    /// Which, in the order of acceptance. Those that are closed by now are left out of the answer.
    pub orders: Vec<OrderId>,
    /// MASS or DEADMAN.
    pub reason: CancelReason,
}

/// A mass cancel, by the record with which it began: the same whichever shards there are when it is told again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MassId(pub u64);

/// To the sequencer of an account: from a matcher or another sequencer, in one FIFO per sender.
#[derive(Clone, Debug)]
pub enum ToSequencer {
    /// What a step of a command did to one order.
    Settle(Settlement),
    /// An order's reservation, or a part of it, becomes another's (OCO, cancel-replace). Both are open, of the
    /// same account, and reserve the same asset.
    MoveReservation {
        /// The record that caused it.
        cause: Lsn,
        /// Whose.
        account: AccountId,
        /// From which order.
        from: OrderId,
        /// To which order.
        to: OrderId,
        /// How much.
        amount: Amount,
    },
    /// The book's word on an amend. What it does to the reservation follows as a settlement if it was accepted;
    /// if not, `extra` is released.
    Amended {
        /// The record that caused it; none if it was refused.
        cause: Option<Lsn>,
        /// Whose.
        account: AccountId,
        /// Which order. It may be closed by now if the amend was refused.
        order: OrderId,
        /// What had been frozen for the amend.
        extra: Amount,
        /// What the order is now; none if the amend was refused.
        kind: Option<OrderKind>,
    },
    /// The other leg of an OCO was amended, and with it this one. Nobody asked for that by this order's name, so
    /// it is no answer to an amend of this order that may be under way.
    SiblingAmended {
        /// The record that caused it.
        cause: Lsn,
        /// Whose.
        account: AccountId,
        /// Which order.
        order: OrderId,
        /// What the order is now.
        kind: OrderKind,
    },
    /// A cancel or an amend found its order closed. Whatever closed it was sent before this, on the same way.
    OrderMissed {
        /// Whom to answer: 4002 with the final status.
        to: ReplyTo,
        /// Who asked.
        account: AccountId,
        /// For which order.
        order: OrderId,
    },
    /// What one symbol's part of a mass cancel did. The settlements were sent before.
    CanceledMany {
        /// The record that caused it.
        cause: Lsn,
        /// When that was.
        at: Timestamp,
        /// Which mass cancel.
        mass: MassId,
        /// Whose.
        account: AccountId,
        /// Which symbol's part it is.
        symbol: SymbolId,
        /// What was canceled.
        orders: Vec<CanceledOrder>,
    },
    /// Collected fees for an account's available balance.
    Credit {
        /// The record that caused it.
        cause: Lsn,
        /// When that was.
        at: Timestamp,
        /// To whom.
        account: AccountId,
        /// Of what.
        asset: AssetId,
        /// How much.
        amount: Amount,
    },
    /// An answer to be remembered for its request id and passed on.
    Answer {
        /// Whose request it was.
        account: AccountId,
        /// The answer.
        reply: Box<Reply>,
    },
    /// From a sequencer: money on its way from one account to another. It is frozen at its sender.
    TransferOffered(Box<TransferOffer>),
    /// Back to it: accepted, or refused by the receiver's sequencer.
    TransferAnswered {
        /// What was offered.
        offer: Box<TransferOffer>,
        /// The record of the receiver's sequencer: that it took it, or that it refused.
        cause: Lsn,
        /// When that was.
        at: Timestamp,
        /// Why it was refused, if it was.
        refusal: Option<Reject>,
    },
}

/// Money on its way between the sequencers of two accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferOffer {
    /// Whom to answer in the end.
    pub to_reply: ReplyTo,
    /// The record of the sender's sequencer; zero until it is written.
    pub offered: Lsn,
    /// From whom.
    pub from: AccountId,
    /// To whom.
    pub to: AccountId,
    /// Of what.
    pub asset: AssetId,
    /// How much.
    pub amount: Amount,
}

impl ToSequencer {
    /// Whose sequencer it goes to.
    #[must_use]
    pub fn account(&self) -> AccountId {
        match self {
            Self::Settle(settlement) => settlement.account,
            Self::MoveReservation { account, .. }
            | Self::Amended { account, .. }
            | Self::SiblingAmended { account, .. }
            | Self::OrderMissed { account, .. }
            | Self::CanceledMany { account, .. }
            | Self::Credit { account, .. }
            | Self::Answer { account, .. } => *account,
            Self::TransferOffered(offer) => offer.to,
            Self::TransferAnswered { offer, .. } => offer.from,
        }
    }
}

/// What one step of a command did to one order. (A command has several steps where it triggers others.)
///
/// It consumes frozen funds and credits available ones; it never debits `available`, which is what lets
/// balances be folded from the journal in any order that respects causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The record that caused it.
    pub cause: Lsn,
    /// When that was.
    pub at: Timestamp,
    /// Whose.
    pub account: AccountId,
    /// Which order.
    pub order: OrderId,
    /// Base that changed hands.
    pub filled: Quantity,
    /// Quote that changed hands.
    pub notional: Amount,
    /// Fee paid or rebate received, in [`crate::spec::SymbolSpec::fee_asset`] of the order's side. A buyer's in
    /// quote comes out of the reservation, every other out of what was received.
    pub fee: SignedAmount,
    /// What goes from frozen back to available: price improvement, and the rest when the order closes.
    pub released: Amount,
    /// Base lost to self-trade prevention.
    pub prevented: Quantity,
    /// What became of the order.
    pub after: OrderAfter,
}

impl Settlement {
    /// Did anything trade, or was anything prevented? Otherwise it only releases, and says what became of the order.
    #[inline]
    pub(crate) fn moves_anything(&self) -> bool {
        let lots = self.filled.0 | self.prevented.0;
        lots != 0 || !self.notional.is_zero() || !self.fee.is_zero()
    }
}

/// An order's state after a settlement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderAfter {
    /// It waits for its trigger.
    Pending,
    /// It rests.
    Open,
    /// It is closed; nothing stays reserved.
    Closed(OrderStatus),
    /// The matcher refused it: it never was. Nothing stays reserved.
    Voided,
}

/// One answer to one ticket.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Whose call.
    pub ticket: Ticket,
    /// May leave the engine once this record is durable: it shows effects up to here.
    pub gate: Lsn,
    /// When it was decided.
    pub at: Timestamp,
    /// It is the answer to an earlier command of the same request id; nothing was done.
    pub duplicate: bool,
    /// The answer.
    pub outcome: Outcome,
}

/// The answers.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// No, and nothing changed.
    Rejected(Reject),
    /// The order was accepted; this is where it stands after its own execution. (Orders that it triggered may
    /// have traded with its rest since.)
    Placed(PlacedOrder),
    /// What the order would do; nothing was done.
    Tested(Box<Estimate>),
    /// Both legs were accepted.
    OcoPlaced(Box<PlacedOco>),
    /// The order was canceled.
    Canceled(CanceledOrder),
    /// The order was amended.
    Amended(Box<AmendedOrder>),
    /// A cancel-replace: both halves, of which at least one succeeded, or why both failed.
    Replaced(Box<ReplacedOrder>),
    /// A mass cancel.
    CanceledAll(Vec<CanceledOrder>),
    /// The dead-man timer is set (when it runs out), or disarmed.
    TimerSet(Option<Timestamp>),
    /// A deposit, withdrawal, transfer, hold or release happened.
    BalanceChanged {
        /// Of which asset.
        asset: AssetId,
        /// The (sending) account's balance after it.
        balance: Balance,
    },
    /// Fees were moved to the account.
    FeesCollected(Vec<(AssetId, Amount)>),
    /// An account's terms, asked for or changed.
    Account(AccountInfo),
    /// No command with this request id has been seen.
    NotSeen,
    /// An account's balances, by asset.
    Balances(Vec<(AssetId, Balance)>),
    /// Orders. To a question for one order: it, or none.
    Orders(OrderPage),
    /// Ledger entries, the last first.
    LedgerEntries(LedgerPage),
    /// What a shard's ledger adds up to, by asset.
    Totals(Vec<AssetTotals>),
}

/// Some orders, and where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderPage {
    /// The orders.
    pub orders: Vec<Order>,
    /// Of a page in the order of closing: the record that closed each of them. Of any other, nothing.
    pub causes: Vec<Lsn>,
    /// The cursor of the next page of closed orders; none if this was the last.
    pub next: Option<u64>,
}

/// An accepted order after its own execution: filled, resting, waiting for its trigger, or expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedOrder {
    /// Its id.
    pub id: OrderId,
    /// The order as it was asked for.
    pub order: NewOrder,
    /// Where it stands.
    pub status: OrderStatus,
    /// Base traded.
    pub filled: Quantity,
    /// Quote traded.
    pub notional: Amount,
    /// Base lost to self-trade prevention.
    pub prevented: Quantity,
    /// Fees paid.
    pub fee: SignedAmount,
    /// Still reserved, in atoms of the asset that its side gives.
    pub reserved: Amount,
    /// The fills, in the order they happened.
    pub fills: Vec<Fill>,
    /// The symbol's book sequence after the command.
    pub book_seq: u64,
}

/// Both legs of an OCO after their placement. If the limit leg traded at once, the stop leg is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedOco {
    /// The list's id.
    pub list: ListId,
    /// Limit leg, stop leg.
    pub legs: [PlacedOrder; 2],
}

/// An amended order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmendedOrder {
    /// The order, `filled`, `notional`, `prevented` and `fee` being those of this amend's own execution.
    pub placed: PlacedOrder,
    /// What was filled before the amend, and prevented.
    pub done_before: Quantity,
    /// Did it keep its place in the queue?
    pub priority_kept: bool,
}

/// A cancel-replace's outcome.
#[derive(Clone, Debug)]
pub struct ReplacedOrder {
    /// The order that went, or why it did not.
    pub canceled: Result<CanceledOrder, Reject>,
    /// The order that came, or why not; none if it was not attempted.
    pub placed: Option<Result<PlacedOrder, Reject>>,
}

/// What a tested order would do, were it placed now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Estimate {
    /// The order.
    pub order: NewOrder,
    /// Where it would stand.
    pub status: OrderStatus,
    /// What would stay reserved for it.
    pub reserved: Amount,
    /// Base it would trade.
    pub filled: Quantity,
    /// Quote it would trade.
    pub notional: Amount,
    /// Fees it would pay.
    pub fee: SignedAmount,
}

/// One fill of the incoming order, at its maker's price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The trade.
    pub trade: TradeId,
    /// The maker's price.
    pub price: Price,
    /// How much base.
    pub quantity: Quantity,
    /// How much quote.
    pub notional: Amount,
    /// The taker's fee.
    pub fee: SignedAmount,
}

/// A canceled order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CanceledOrder {
    /// Its id.
    pub id: OrderId,
    /// On which book it was.
    pub symbol: SymbolId,
    /// Its side.
    pub side: Side,
    /// Base that will not trade; zero for an order by quote amount.
    pub canceled: Quantity,
    /// Released, in atoms of the asset that its side gives: all that was still reserved.
    pub released: Amount,
    /// The other leg of its OCO, which was closed with it.
    pub sibling: Option<OrderId>,
    /// The symbol's book sequence after the command.
    pub book_seq: u64,
}

/// One trade, for the public feed and for its parties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// On which book.
    pub symbol: SymbolId,
    /// 1, 2, 3 ... per symbol.
    pub id: TradeId,
    /// The maker's price.
    pub price: Price,
    /// How much base.
    pub quantity: Quantity,
    /// How much quote.
    pub notional: Amount,
    /// Who came in: the side of the aggressor.
    pub taker_side: Side,
    /// The order that rested.
    pub maker: OrderId,
    /// The order that came in.
    pub taker: OrderId,
    /// Whose order rested.
    pub maker_account: AccountId,
    /// Whose order came in.
    pub taker_account: AccountId,
    /// The maker's fee.
    pub maker_fee: SignedAmount,
    /// The taker's fee.
    pub taker_fee: SignedAmount,
    /// When.
    pub at: Timestamp,
    /// The record that caused it.
    pub cause: Lsn,
    /// The symbol's book sequence of the command that made it.
    pub book_seq: u64,
}

/// One account's money of one asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    /// Free to use.
    pub available: Amount,
    /// Reserved for open orders, or held.
    pub frozen: Amount,
    /// The part of `frozen` that is held for a purpose outside the exchange.
    pub held: Amount,
}

impl Balance {
    /// Available plus frozen. Computed, never stored.
    #[must_use]
    pub fn total(&self) -> Amount {
        self.available + self.frozen
    }
}

/// An account's terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountInfo {
    /// Whose.
    pub account: AccountId,
    /// What it may do.
    pub status: AccountStatus,
    /// May it place orders?
    pub can_trade: bool,
    /// May it withdraw?
    pub can_withdraw: bool,
    /// Whom it must not trade with besides itself.
    pub stp_group: Option<StpGroup>,
    /// Its own fee rates: on all symbols (none), and on single ones.
    pub fees: Vec<(Option<SymbolId>, FeeRates)>,
    /// How many orders it may place per time.
    pub rate_limit: Option<crate::rules::RateLimit>,
    /// When its dead-man timer runs out.
    pub cancel_all_at: Option<Timestamp>,
    /// Its open orders, pending ones included.
    pub open_orders: u32,
}

/// One change of one balance, and why. At rest, an account's entries are the fold of the journal's records in
/// their order, and `available` and `frozen` the balances after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its number, for this shard: the cursor.
    pub id: u64,
    /// The record that caused it.
    pub cause: Lsn,
    /// When that was.
    pub at: Timestamp,
    /// Of what.
    pub asset: AssetId,
    /// Why.
    pub kind: LedgerKind,
    /// The order that it was for, if it was for one.
    pub order: Option<OrderId>,
    /// The change of the available balance.
    pub available_change: SignedAmount,
    /// The change of the frozen balance.
    pub frozen_change: SignedAmount,
    /// Available after it.
    pub available: SignedAmount,
    /// Frozen after it.
    pub frozen: SignedAmount,
}

/// Why a balance changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "their names say it")]
pub enum LedgerKind {
    Deposit,
    Withdrawal,
    TransferIn,
    TransferOut,
    Hold,
    Release,
    /// An order's reservation.
    Freeze,
    /// What an order did not need.
    Unfreeze,
    /// What trades took and brought, before fees.
    Trade,
    /// A fee, or (positive) a rebate.
    Fee,
    FeesCollected,
}

impl LedgerKind {
    /// For instance `TRANSFER_IN`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "DEPOSIT",
            Self::Withdrawal => "WITHDRAWAL",
            Self::TransferIn => "TRANSFER_IN",
            Self::TransferOut => "TRANSFER_OUT",
            Self::Hold => "HOLD",
            Self::Release => "RELEASE",
            Self::Freeze => "FREEZE",
            Self::Unfreeze => "UNFREEZE",
            Self::Trade => "TRADE",
            Self::Fee => "FEE",
            Self::FeesCollected => "FEES_COLLECTED",
        }
    }
}

/// Some ledger entries, and where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerPage {
    /// The entries.
    pub entries: Vec<LedgerEntry>,
    /// The cursor of the next page; none if this was the last.
    pub next: Option<u64>,
}

/// What one ledger shard adds up to for one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AssetTotals {
    /// Of which asset.
    pub asset: AssetId,
    /// All deposits ever.
    pub deposited: Amount,
    /// All withdrawals ever.
    pub withdrawn: Amount,
    /// Sum of available balances.
    pub available: Amount,
    /// Sum of frozen balances.
    pub frozen: Amount,
    /// Sum of the reservations of open orders; with `held` and `in_transfer` it equals `frozen`.
    pub reserved: Amount,
    /// Sum of what is held.
    pub held: Amount,
    /// What is frozen for transfers that are under way.
    pub in_transfer: Amount,
    /// All transfers in from other shards ever.
    pub transferred_in: Amount,
    /// All transfers out to other shards ever.
    pub transferred_out: Amount,
    /// Fees moved here by `collectFees` plus rebates, less fees paid: what the matchers' accruals must match.
    pub fees: SignedAmount,
    /// Fees that have accrued at matchers and are nobody's yet; a sequencer knows of none.
    pub accrued: SignedAmount,
}

impl AssetTotals {
    /// A line of zeros.
    #[must_use]
    pub const fn nothing_of(asset: AssetId) -> Self {
        Self {
            asset,
            deposited: Amount::ZERO,
            withdrawn: Amount::ZERO,
            available: Amount::ZERO,
            frozen: Amount::ZERO,
            reserved: Amount::ZERO,
            held: Amount::ZERO,
            in_transfer: Amount::ZERO,
            transferred_in: Amount::ZERO,
            transferred_out: Amount::ZERO,
            fees: SignedAmount::ZERO,
            accrued: SignedAmount::ZERO,
        }
    }

    /// Adds another shard's line of the same asset.
    pub fn add(&mut self, other: &Self) {
        let Self {
            asset,
            deposited,
            withdrawn,
            available,
            frozen,
            reserved,
            held,
            in_transfer,
            transferred_in,
            transferred_out,
            fees,
            accrued,
        } = *other;
        assert!(self.asset == asset, "a line of {asset:?} does not add to one of {:?}", self.asset);
        self.deposited += deposited;
        self.withdrawn += withdrawn;
        self.available += available;
        self.frozen += frozen;
        self.reserved += reserved;
        self.held += held;
        self.in_transfer += in_transfer;
        self.transferred_in += transferred_in;
        self.transferred_out += transferred_out;
        self.fees += fees;
        self.accrued += accrued;
    }

    /// To the atom: what is there is what was deposited and not withdrawn, fees that nobody has yet included;
    /// what is frozen is frozen for something; and no money is on its way.
    #[must_use]
    pub fn holds(&self) -> bool {
        let signed = |amount: Amount| i128::try_from(amount.0).ok();
        let sum =
            |parts: [Option<i128>; 4]| parts.into_iter().try_fold(0_i128, |sum, part| sum.checked_add(part?));
        let owned =
            sum([signed(self.available), signed(self.frozen), signed(self.withdrawn), Some(self.accrued.0)]);
        owned.is_some()
            && owned == signed(self.deposited)
            && self.frozen == self.reserved + self.held + self.in_transfer
            && self.transferred_in == self.transferred_out
            && self.fees.0.checked_add(self.accrued.0) == Some(0)
    }
}
