//! A sequencer with everything around it made of paper: a log that counts, ids that count, a clock that is set.

use lightning_core::fees::{FeeMode, FeeRates};
use lightning_core::log::{Context, Log, OrderIds, Record};
use lightning_core::message::{
    AdmittedOrder, Balance, CancelReason, CanceledOrder, ClientOrderId, Command, Extras, LedgerEntry,
    NewOrder, Order, OrderAfter, OrderKind, OrderStatus, Outcome, Reply, Request, RequestId, Settlement,
    ToMatcher, ToSequencer, Trigger,
};
use lightning_core::outbox::SequencerOutbox;
use lightning_core::reject::{Code, Reject};
use lightning_core::rules::SymbolRules;
use lightning_core::sequencer::{Sequencer, SequencerLimits};
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, Lsn, OrderId, Price, Quantity, Side, SignedAmount, SymbolId, Ticket,
    Timestamp,
};

pub(crate) const BTC: AssetId = AssetId(0);
pub(crate) const USD: AssetId = AssetId(1);
pub(crate) const ETH: AssetId = AssetId(2);
/// A lot is 10 atoms of BTC, a tick x lot one atom of USD.
pub(crate) const BTCUSD: SymbolId = SymbolId(0);
/// A lot is one atom of ETH; buyers pay fees in USD on top.
pub(crate) const ETHUSD: SymbolId = SymbolId(1);
pub(crate) const ALICE: AccountId = AccountId(7);
pub(crate) const BOB: AccountId = AccountId(8);
pub(crate) const SECOND: u64 = 1_000_000_000;

/// Counts records, and keeps what kind they were.
#[derive(Debug, Default)]
pub(crate) struct PaperLog(pub(crate) Vec<String>);

impl Log for PaperLog {
    fn append(&mut self, _: Timestamp, _: u64, record: &Record<'_>) -> Lsn {
        let words = format!("{record:?}");
        let kind = words.split(['(', ' ']).next().unwrap_or_default();
        self.0.push(kind.to_owned());
        Lsn(self.0.len() as u64)
    }
}

/// 1, 2, 3 ...
#[derive(Debug, Default)]
pub(crate) struct PaperIds(u64);

impl OrderIds for PaperIds {
    fn next(&mut self) -> OrderId {
        self.0 += 1;
        OrderId(self.0)
    }
}

pub(crate) struct Rig {
    pub(crate) sequencer: Sequencer,
    pub(crate) log: PaperLog,
    pub(crate) ids: PaperIds,
    pub(crate) out: SequencerOutbox,
    pub(crate) now: u64,
    tickets: u64,
    /// The cause of what the paper matcher sends next.
    pub(crate) cause: u64,
}

pub(crate) fn spec(symbol: SymbolId, base: AssetId, lot: u128, mode: FeeMode) -> SymbolSpec {
    let limits = SymbolLimits {
        price_min: Price(1),
        price_max: Price(1_000_000),
        quantity_min: Quantity(1),
        quantity_max: Quantity(1_000_000),
        notional_min: Amount(0),
    };
    SymbolSpec::new(symbol, base, USD, lot, 1, limits).unwrap().with_fee_mode(mode)
}

pub(crate) const LIMITS: SequencerLimits =
    SequencerLimits { open_orders_per_account_max: 100, closed_orders_max: 100, ledger_entries_max: 1_000 };

impl Rig {
    pub(crate) fn new() -> Self {
        Self::with_limits(LIMITS)
    }

    pub(crate) fn with_limits(limits: SequencerLimits) -> Self {
        let mut rig = Self {
            sequencer: Sequencer::new(limits),
            log: PaperLog::default(),
            ids: PaperIds::default(),
            out: SequencerOutbox::default(),
            now: 1_000 * SECOND,
            tickets: 0,
            cause: 1_000,
        };
        rig.log.0 = vec!["AddSymbol".to_owned(); 2];
        rig.sequencer.add_symbol(btcusd(), SymbolRules::default(), Lsn(1));
        let fees = FeeRates { maker_ppm: -1_000, taker_ppm: 2_000 };
        rig.sequencer.add_symbol(ethusd(), SymbolRules { fees, ..SymbolRules::default() }, Lsn(2));
        rig
    }

    /// With an account that owns some of everything.
    pub(crate) fn funded() -> Self {
        Self::new().fund(ALICE)
    }

    pub(crate) fn fund(mut self, account: AccountId) -> Self {
        for (asset, amount) in [(BTC, 10_000), (USD, 100_000), (ETH, 5_000)] {
            self.ask(Request::Deposit { account, asset, amount: Amount(amount) });
        }
        self
    }

    pub(crate) fn set_rules(&mut self, symbol: SymbolId, rules: SymbolRules) {
        let spec = if symbol == BTCUSD { btcusd() } else { ethusd() };
        self.log.0.push("SetRules".to_owned());
        self.sequencer.set_rules(spec, rules, Lsn(self.log.0.len() as u64));
    }

    /// A command; what it sends stays in the outbox.
    pub(crate) fn send(&mut self, request: Request, request_id: Option<RequestId>) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        let command = Command { ticket, request_id: request_id.map(Box::new), request };
        let mut ctx = Context { now: Timestamp(self.now), log: &mut self.log };
        self.sequencer.handle(command, &mut ctx, &mut self.ids, &mut self.out);
        self.sequencer.check_invariants();
        ticket
    }

    /// A command that is answered at once.
    pub(crate) fn ask(&mut self, request: Request) -> Outcome {
        let ticket = self.send(request, None);
        let reply = self.reply();
        assert_eq!(reply.ticket, ticket);
        assert!(!reply.duplicate);
        reply.outcome
    }

    /// The refusal of a command that is refused at once, and that nothing changed: no message, no order, no
    /// balance, no term.
    pub(crate) fn refused(&mut self, request: Request) -> Reject {
        let before = self.state();
        let outcome = self.ask(request);
        assert_eq!(before, self.state(), "after {outcome:?}");
        assert!(self.out.to_matcher.is_empty() && self.out.to_sequencer.is_empty());
        match outcome {
            Outcome::Rejected(reject) => reject,
            outcome => panic!("not refused: {outcome:?}"),
        }
    }

    pub(crate) fn refused_with(&mut self, request: Request) -> Code {
        self.refused(request).code
    }

    /// Whatever can be seen.
    pub(crate) fn state(&mut self) -> String {
        let mut state = String::new();
        for account in [ALICE, BOB] {
            state += &format!("{:?}", self.ask(Request::Balances { account }));
            state += &format!("{:?}", self.ask(Request::Account { account }));
            let (asset, before) = (None, None);
            state +=
                &format!("{:?}", self.ask(Request::LedgerEntries { account, asset, before, limit: 100 }));
        }
        let (account, symbol, after) = (None, None, OrderId(0));
        state += &format!("{:?}", self.ask(Request::OpenOrders { account, symbol, after, limit: 100 }));
        state + &format!("{:?}", self.ask(Request::Totals))
    }

    /// The only reply there is.
    pub(crate) fn reply(&mut self) -> Reply {
        assert_eq!(self.out.replies.len(), 1, "{:?}", self.out.replies);
        self.out.replies.remove(0)
    }

    /// The only message to a matcher there is.
    pub(crate) fn sent(&mut self) -> ToMatcher {
        assert!(self.out.replies.is_empty(), "{:?}", self.out.replies);
        assert_eq!(self.out.to_matcher.len(), 1, "{:?}", self.out.to_matcher);
        self.out.to_matcher.remove(0)
    }

    /// Places an order and says what its matcher got.
    pub(crate) fn admit(&mut self, order: NewOrder) -> AdmittedOrder {
        self.send(Request::Place(order), None);
        match self.sent() {
            ToMatcher::Admit(admitted) => admitted,
            message => panic!("not admitted: {message:?}"),
        }
    }

    /// Places an order that rests (or waits) as it is.
    pub(crate) fn rest(&mut self, order: NewOrder) -> OrderId {
        let (account, pending) = (order.account, order.trigger().is_some());
        let id = self.admit(order).id;
        self.settle(id, |it| {
            it.account = account;
            it.after = if pending { OrderAfter::Pending } else { OrderAfter::Open };
        });
        id
    }

    /// Something from a matcher or another sequencer.
    pub(crate) fn tell(&mut self, message: ToSequencer) {
        let mut ctx = Context { now: Timestamp(self.now), log: &mut self.log };
        self.sequencer.handle_settlement(message, &mut ctx, &mut self.out);
        self.sequencer.check_invariants();
    }

    /// A settlement of nothing, but for what is changed in it.
    pub(crate) fn settle(&mut self, order: OrderId, change: impl FnOnce(&mut Settlement)) {
        self.cause += 1;
        let mut settlement = Settlement {
            cause: Lsn(self.cause),
            at: Timestamp(self.now),
            account: self.order(order).map_or(ALICE, |order| order.order.account),
            order,
            filled: Quantity(0),
            notional: Amount(0),
            fee: SignedAmount(0),
            released: Amount(0),
            prevented: Quantity(0),
            after: OrderAfter::Open,
        };
        change(&mut settlement);
        self.tell(ToSequencer::Settle(settlement));
    }

    /// An order is canceled, and all that it had reserved comes back.
    pub(crate) fn close(&mut self, order: OrderId, reason: CancelReason) -> CanceledOrder {
        let open = self.order(order).unwrap();
        let status = OrderStatus::Canceled(reason);
        self.settle(order, |it| {
            (it.released, it.after) = (open.reserved, OrderAfter::Closed(status));
        });
        CanceledOrder {
            id: order,
            symbol: open.order.symbol,
            side: open.order.side,
            canceled: open.open_quantity().unwrap_or_default(),
            released: open.reserved,
            sibling: None,
            book_seq: 1,
        }
    }

    pub(crate) fn order(&mut self, order: OrderId) -> Option<Order> {
        match self.ask(Request::Order { order }) {
            Outcome::Orders(mut page) => page.orders.pop(),
            outcome => panic!("{outcome:?}"),
        }
    }

    pub(crate) fn open(&mut self, account: AccountId) -> Vec<u64> {
        let (account, symbol, after) = (Some(account), None, OrderId(0));
        match self.ask(Request::OpenOrders { account, symbol, after, limit: 100 }) {
            Outcome::Orders(page) => page.orders.iter().map(|order| order.id.0).collect(),
            outcome => panic!("{outcome:?}"),
        }
    }

    /// Available and frozen, as a reader sees them.
    pub(crate) fn funds(&mut self, account: AccountId, asset: AssetId) -> (u128, u128) {
        match self.ask(Request::Balances { account }) {
            Outcome::Balances(lines) => {
                let line = lines.iter().find(|line| line.0 == asset);
                let Balance { available, frozen, .. } = line.map_or_else(Balance::default, |line| line.1);
                (available.0, frozen.0)
            }
            outcome => panic!("{outcome:?}"),
        }
    }

    pub(crate) fn entries(&mut self, account: AccountId, asset: Option<AssetId>) -> Vec<LedgerEntry> {
        match self.ask(Request::LedgerEntries { account, asset, before: None, limit: 1_000 }) {
            Outcome::LedgerEntries(page) => page.entries,
            outcome => panic!("{outcome:?}"),
        }
    }
}

fn btcusd() -> SymbolSpec {
    spec(BTCUSD, BTC, 10, FeeMode::Received)
}

fn ethusd() -> SymbolSpec {
    spec(ETHUSD, ETH, 1, FeeMode::Quote)
}

pub(crate) fn buy(price: u64, quantity: u64) -> NewOrder {
    NewOrder::limit(ALICE, BTCUSD, Side::Buy, Price(price), Quantity(quantity))
}

pub(crate) fn sell(price: u64, quantity: u64) -> NewOrder {
    NewOrder::limit(ALICE, BTCUSD, Side::Sell, Price(price), Quantity(quantity))
}

pub(crate) fn market_buy(quantity: u64) -> NewOrder {
    NewOrder::market(ALICE, BTCUSD, Side::Buy, OrderKind::MarketByQuantity { quantity: Quantity(quantity) })
}

pub(crate) fn market_for(side: Side, quote: u128) -> NewOrder {
    NewOrder::market(ALICE, BTCUSD, side, OrderKind::MarketByQuote { quote: Amount(quote) })
}

/// The same with other extras.
pub(crate) fn with(mut order: NewOrder, change: impl FnOnce(&mut Extras)) -> NewOrder {
    change(order.extras.get_or_insert_default());
    order
}

pub(crate) fn named(order: NewOrder, name: &str) -> NewOrder {
    with(order, |extras| extras.client_id = Some(ClientOrderId(name.into())))
}

pub(crate) fn stop(order: NewOrder, price: u64) -> NewOrder {
    with(order, |extras| extras.trigger = Some(Trigger::Stop { price: Price(price) }))
}

/// The code of a plain refusal.
pub(crate) fn code(outcome: &Outcome) -> Code {
    match outcome {
        Outcome::Rejected(reject) => reject.code,
        outcome => panic!("not refused: {outcome:?}"),
    }
}
