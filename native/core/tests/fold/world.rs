//! A live exchange of which nothing is in time: three sequencers, two matchers, and a queue for each way between two
//! shards, of which any may be long or empty while the others go on. A session is a list of throws of dice.

use std::collections::{BTreeMap, VecDeque};

use lightning_core::fees::{FeeMode, FeeRates};
use lightning_core::fold::Shards;
use lightning_core::log::{Context, Log, OperatorKey, OrderIds, Record};
use lightning_core::matcher::Matcher;
use lightning_core::message::{
    AmendChange, ClientOrderId, Command, Extras, NewOrder, NewQuantity, OnlyIf, OrderFilter, OrderKind,
    OrderRef, Outcome, ReplaceMode, ReplaceRequest, Reply, Request, RequestId, StpMode, TimeInForce,
    ToMatcher, ToSequencer, Trade, TrailOffset, Trigger,
};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::rules::{AccountChange, AccountStatus, PriceBand, RateLimit, SymbolRules, SymbolStatus};
use lightning_core::sequencer::{Sequencer, SequencerLimits};
use lightning_core::shards::{shard_of_account, shard_of_symbol};
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, Lsn, OrderId, Price, Quantity, Side, StpGroup, SymbolId, Ticket, Timestamp,
};

use crate::journal::Journal;

pub(crate) const LIMITS: SequencerLimits = SequencerLimits {
    open_orders_per_account_max: 6,
    closed_orders_max: 100_000,
    ledger_entries_max: 100_000,
};

const SEQUENCERS: usize = 3;
const MATCHERS: usize = 2;
const SYMBOLS_MAX: usize = 5;
const ACCOUNTS: u64 = 6;

/// One step's throws: with so few that a failure shrinks to something that can be read.
pub(crate) type Throws = [u16; 8];

/// What matchers told when a record was live.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) messages: Vec<String>,
    pub(crate) trades: Vec<Trade>,
    /// The matcher's answer.
    pub(crate) outcome: Option<String>,
}

/// The exchange.
pub(crate) struct World {
    pub(crate) sequencers: Vec<Sequencer>,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) journal: Journal,
    /// By record.
    pub(crate) effects: BTreeMap<Lsn, Effects>,
    now: u64,
    ids: Vec<Ids>,
    tickets: u64,
    to_matchers: BTreeMap<(usize, usize), VecDeque<ToMatcher>>,
    /// From a matcher, or (second) from a sequencer.
    to_sequencers: BTreeMap<(usize, bool, usize), VecDeque<ToSequencer>>,
    /// What sequencers have not heard of symbols.
    announced: Vec<VecDeque<Announced>>,
    symbols: Vec<(SymbolSpec, SymbolRules)>,
    /// Orders that were passed on, to do something with.
    orders: Vec<(AccountId, SymbolId, OrderId)>,
    /// Commands with a request id, to be repeated.
    sent: Vec<Command>,
    numbers: BTreeMap<(AccountId, u32), u64>,
    answers: Vec<Reply>,
    /// The records of how it began.
    opening: usize,
}

#[derive(Clone, Copy)]
struct Announced {
    spec: SymbolSpec,
    rules: SymbolRules,
    cause: Lsn,
    is_new: bool,
}

/// A sequencer's own order ids, between those of the others.
struct Ids {
    last: u64,
}

impl OrderIds for Ids {
    fn next(&mut self) -> OrderId {
        self.last += SEQUENCERS as u64;
        OrderId(self.last)
    }
}

/// Throws of one step, one after the other; what comes after the last is made of them.
struct Dice {
    throws: Throws,
    used: usize,
    rest: u64,
}

impl Dice {
    fn new(throws: Throws) -> Self {
        let rest = throws
            .iter()
            .fold(7, |rest, &throw| (rest ^ u64::from(throw)).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        Self { throws, used: 0, rest }
    }

    fn below(&mut self, sides: u64) -> u64 {
        let throw = match self.throws.get(self.used) {
            Some(&throw) => u64::from(throw),
            None => {
                self.rest ^= self.rest >> 29;
                self.rest = self.rest.wrapping_mul(0xbf58_476d_1ce4_e5b9);
                self.rest >> 17
            }
        };
        self.used += 1;
        throw % sides
    }

    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap()]
    }

    /// Once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == times - 1
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let mut world = Self {
            sequencers: (0..SEQUENCERS).map(|_| Sequencer::new(LIMITS)).collect(),
            matchers: (0..MATCHERS).map(|_| Matcher::default()).collect(),
            journal: Journal::default(),
            effects: BTreeMap::new(),
            now: 1_000_000_000_000,
            ids: (0..SEQUENCERS as u64).map(|shard| Ids { last: 1 + shard }).collect(),
            tickets: 0,
            to_matchers: BTreeMap::new(),
            to_sequencers: BTreeMap::new(),
            announced: vec![VecDeque::new(); SEQUENCERS],
            symbols: Vec::new(),
            orders: Vec::new(),
            sent: Vec::new(),
            numbers: BTreeMap::new(),
            answers: Vec::new(),
            opening: 0,
        };
        world.journal.append(Timestamp(world.now), 0, &Record::Genesis { logic_version: 1 });
        world.journal.append(Timestamp(world.now), 0, &Record::OrderIds { up_to: 100_000 });
        for _ in 0..3 {
            world.add_symbol();
        }
        for account in 1..=ACCOUNTS - 2 {
            for asset in 0..3 {
                let deposit = Request::Deposit {
                    account: AccountId(account),
                    asset: AssetId(asset),
                    amount: Amount(300),
                };
                world.send(None, deposit);
            }
        }
        world.come_to_rest();
        world.opening = world.journal.0.len();
        world
    }

    /// A whole session, up to where everything has arrived.
    pub(crate) fn play(steps: &[Throws]) -> Self {
        let mut world = Self::new();
        world.go_on(steps);
        world
    }

    /// The same, from where the exchange is now.
    pub(crate) fn go_on(&mut self, steps: &[Throws]) {
        for &throws in steps {
            self.step(Dice::new(throws));
        }
        self.come_to_rest();
    }

    /// The process is gone, and with it all that its shards knew and had on its way. Somebody makes them again from
    /// the first so many records, at least those of how it began, on as many shards, and finishes what was begun.
    pub(crate) fn crash(&mut self, records: usize) {
        self.journal.0.truncate(records.max(self.opening));
        let counts = Shards { sequencers: SEQUENCERS, matchers: MATCHERS };
        let mut fold = self.journal.fold(counts, LIMITS);
        fold.resume(Timestamp(self.now), &mut self.journal);
        fold.check();
        let folded = fold.into_shards();
        self.now = self.now.max(folded.last.1.0);
        (self.sequencers, self.matchers) = (folded.sequencers, folded.matchers);
        self.to_matchers.clear();
        self.to_sequencers.clear();
        self.announced.iter_mut().for_each(VecDeque::clear);
        self.effects.clear();
        let added = self.journal.symbols().len();
        self.symbols.truncate(added);
        for (spec, rules) in &mut self.symbols {
            if let Some(market) = self.matchers[shard_of_symbol(spec.id(), MATCHERS)].market(spec.id()) {
                *rules = *market.rules();
            }
        }
    }

    /// Sends every command with a request id once more: with the answer, and whether it is the one to an earlier
    /// command.
    pub(crate) fn repeat_all(&mut self) -> Vec<(AccountId, RequestId, bool, Outcome)> {
        let mut repeated = Vec::new();
        for command in self.sent.clone() {
            let account = command.request.account().unwrap();
            let id = *command.request_id.clone().unwrap();
            self.answers.clear();
            self.command(command);
            self.come_to_rest();
            // Whatever else was answered, from its own ticket on, is the answer to something that ran out meanwhile.
            let answer = self.answers.iter().find(|reply| reply.ticket.0 == self.tickets);
            let Reply { duplicate, outcome, .. } = answer.expect("every command is answered").clone();
            repeated.push((account, id, duplicate, outcome));
        }
        repeated
    }

    /// A command, and nothing that it causes elsewhere.
    pub(crate) fn send(&mut self, request_id: Option<RequestId>, request: Request) {
        self.command(Command { ticket: Ticket(0), request_id: request_id.map(Box::new), request });
    }

    /// A matcher sees the next message that a sequencer has for it.
    pub(crate) fn deliver_to_matcher(&mut self, symbol: SymbolId) {
        let matcher = shard_of_symbol(symbol, MATCHERS);
        let queues = self.to_matchers.iter_mut().filter(|(key, queue)| key.1 == matcher && !queue.is_empty());
        let message = queues.map(|(_, queue)| queue.pop_front().unwrap()).next().expect("a message for it");
        self.on_matcher(matcher, |matcher, ctx, out| matcher.handle(message, ctx, out));
    }

    /// One lot changes hands between two accounts.
    pub(crate) fn trade(&mut self, symbol: SymbolId) {
        for (account, side) in [(1, Side::Sell), (2, Side::Buy)] {
            let order = NewOrder::limit(AccountId(account), symbol, side, Price(5), Quantity(1));
            self.send(None, Request::Place(order));
            self.come_to_rest();
        }
    }

    /// The operator cancels everything on a symbol.
    pub(crate) fn cancel_book(&mut self, symbol: SymbolId) {
        self.on_matcher(shard_of_symbol(symbol, MATCHERS), |matcher, ctx, out| {
            matcher.cancel_book(symbol, ctx, out)
        });
    }

    /// A symbol goes, after its fees.
    pub(crate) fn remove(&mut self, symbol: SymbolId) {
        self.send(None, Request::CollectFees { account: AccountId(1), symbol });
        self.come_to_rest();
        let removed = self.on_matcher(shard_of_symbol(symbol, MATCHERS), |matcher, ctx, out| {
            matcher.remove_symbol(symbol, false, ctx, out)
        });
        removed.expect("nothing is open on it");
    }

    fn step(&mut self, mut dice: Dice) {
        self.now += 1;
        match dice.below(100) {
            0..42 => {
                self.deliver(&mut dice);
            }
            42..94 => {
                let command = self.ask(&mut dice);
                self.command(command);
            }
            94..97 => self.operate(&mut dice),
            _ => self.pass_time(&mut dice),
        }
    }

    /// Delivers until there is nothing left to deliver.
    pub(crate) fn come_to_rest(&mut self) {
        while self.deliver(&mut Dice::new([0; 8])) {}
        for shard in 0..SEQUENCERS {
            while self.hear(shard) {}
        }
    }

    /// Delivers the first message of some queue; false if all are empty.
    fn deliver(&mut self, dice: &mut Dice) -> bool {
        let matchers =
            self.to_matchers.iter().filter(|(_, queue)| !queue.is_empty()).map(|(&key, _)| Ok(key));
        let sequencers =
            self.to_sequencers.iter().filter(|(_, queue)| !queue.is_empty()).map(|(&key, _)| Err(key));
        let queues: Vec<_> = matchers.chain(sequencers).collect();
        if queues.is_empty() {
            return false;
        }
        match dice.one_of(&queues) {
            Ok(key) => {
                let message = self.to_matchers.get_mut(&key).unwrap().pop_front().unwrap();
                // What is due goes first, and is told apart from what the message does.
                self.on_matcher(key.1, |matcher, ctx, out| matcher.tick(ctx, out));
                self.on_matcher(key.1, |matcher, ctx, out| matcher.handle(message, ctx, out));
            }
            Err(key) => {
                let message = self.to_sequencers.get_mut(&key).unwrap().pop_front().unwrap();
                self.on_sequencer(key.2, |sequencer, _, ctx, out| {
                    sequencer.handle_settlement(message, ctx, out);
                });
            }
        }
        true
    }

    /// A sequencer hears of a symbol; false if there is nothing to hear.
    fn hear(&mut self, shard: usize) -> bool {
        let Some(Announced { spec, rules, cause, is_new }) = self.announced[shard].pop_front() else {
            return false;
        };
        let sequencer = &mut self.sequencers[shard];
        if is_new {
            sequencer.add_symbol(spec, rules, cause)
        } else {
            sequencer.set_rules(spec, rules, cause)
        }
        true
    }

    fn command(&mut self, mut command: Command) {
        self.tickets += 1;
        command.ticket = Ticket(self.tickets);
        let account = command.request.account().expect("commands are of accounts");
        self.on_sequencer(shard_of_account(account, SEQUENCERS), |sequencer, ids, ctx, out| {
            sequencer.handle(command, ctx, ids, out);
        });
    }

    fn on_sequencer(
        &mut self,
        shard: usize,
        run: impl FnOnce(&mut Sequencer, &mut Ids, &mut Context<'_>, &mut SequencerOutbox),
    ) {
        let mut out = SequencerOutbox::default();
        let mut ctx = Context { now: self.clock_of(shard), log: &mut self.journal };
        run(&mut self.sequencers[shard], &mut self.ids[shard], &mut ctx, &mut out);
        self.answers.extend(out.replies);
        for message in out.to_matcher {
            self.remember(&message);
            let to = shard_of_symbol(message.symbol(), MATCHERS);
            self.to_matchers.entry((shard, to)).or_default().push_back(message);
        }
        for message in out.to_sequencer {
            let to = shard_of_account(message.account(), SEQUENCERS);
            self.to_sequencers.entry((shard, true, to)).or_default().push_back(message);
        }
    }

    fn on_matcher<R>(
        &mut self,
        shard: usize,
        run: impl FnOnce(&mut Matcher, &mut Context<'_>, &mut MatcherOutbox) -> R,
    ) -> R {
        let before = self.journal.last();
        let mut out = MatcherOutbox::default();
        let mut ctx = Context { now: self.clock_of(SEQUENCERS + shard), log: &mut self.journal };
        let result = run(&mut self.matchers[shard], &mut ctx, &mut out);
        let through_sequencers = out.to_sequencer.iter().filter_map(|message| match message {
            ToSequencer::Answer { reply, .. } => Some(&**reply),
            _ => None,
        });
        for reply in out.replies.iter().chain(through_sequencers).filter(|reply| reply.gate > before) {
            let effects = self.effects.entry(reply.gate).or_default();
            assert_eq!(effects.outcome, None, "two answers");
            effects.outcome = Some(format!("{:?}", reply.outcome));
        }
        self.answers.extend(out.replies);
        for trade in out.trades {
            self.effects.entry(trade.cause).or_default().trades.push(trade);
        }
        for message in out.to_sequencer {
            // What a command without a record says is told nobody again.
            if let Some(cause) = cause_of(&message).filter(|&cause| cause > before) {
                self.effects.entry(cause).or_default().messages.push(format!("{message:?}"));
            }
            let to = shard_of_account(message.account(), SEQUENCERS);
            self.to_sequencers.entry((shard, false, to)).or_default().push_back(message);
        }
        result
    }

    /// No two of them show the same time.
    fn clock_of(&self, shard: usize) -> Timestamp {
        Timestamp(self.now + [4, 0, 9, 2, 7][shard])
    }

    fn remember(&mut self, message: &ToMatcher) {
        let admitted = match message {
            ToMatcher::Admit(admitted) => std::slice::from_ref(admitted),
            ToMatcher::AdmitOco { legs, .. } => &legs[..],
            ToMatcher::Replace(replace) => {
                replace.new.as_ref().map_or(&[][..], |new| std::slice::from_ref(&**new))
            }
            _ => return,
        };
        self.orders.extend(
            admitted.iter().map(|admitted| (admitted.order.account, admitted.order.symbol, admitted.id)),
        );
    }

    fn pass_time(&mut self, dice: &mut Dice) {
        self.now +=
            dice.one_of(&[1, 1_000, 1_000_000_000, 20_000_000_000, 70_000_000_000, 90_000_000_000_000]);
        let shard = usize::try_from(dice.below((SEQUENCERS + MATCHERS) as u64)).unwrap();
        match shard.checked_sub(SEQUENCERS) {
            Some(shard) => self.on_matcher(shard, |matcher, ctx, out| matcher.tick(ctx, out)),
            None => self.on_sequencer(shard, |sequencer, _, ctx, out| sequencer.tick(ctx, out)),
        }
    }

    fn add_symbol(&mut self) {
        let number = self.symbols.len();
        let limits = SymbolLimits {
            price_min: Price(1),
            price_max: Price(1_000),
            quantity_min: Quantity(1),
            quantity_max: Quantity(if number == 1 { 14 } else { 1_000 }),
            notional_min: Amount(0),
        };
        let id = SymbolId(u32::try_from(number).unwrap());
        let (base, quote) = [(0, 1), (2, 1), (2, 0), (1, 2), (0, 2)][number];
        let spec = SymbolSpec::new(id, AssetId(base), AssetId(quote), 1, 1, limits).unwrap();
        let spec = spec.with_fee_mode(if number == 1 { FeeMode::Quote } else { FeeMode::Received });
        let rules = SymbolRules {
            fees: [
                FeeRates { maker_ppm: 20_000, taker_ppm: 50_000 },
                FeeRates { maker_ppm: -50_000, taker_ppm: 340_000 },
                FeeRates::default(),
            ][number % 3],
            reference_minutes: if number == 2 { 2 } else { 0 },
            ..SymbolRules::default()
        };
        self.symbols.push((spec, rules));
        self.on_matcher(number % MATCHERS, |matcher, ctx, out| matcher.add_symbol(spec, rules, ctx, out));
        self.announce(spec, rules, true);
    }

    fn announce(&mut self, spec: SymbolSpec, rules: SymbolRules, is_new: bool) {
        let cause = self.journal.last();
        self.announced.iter_mut().for_each(|queue| queue.push_back(Announced { spec, rules, cause, is_new }));
    }

    fn operate(&mut self, dice: &mut Dice) {
        let (spec, mut rules) = dice.one_of(&self.symbols);
        let symbol = spec.id();
        let matcher = shard_of_symbol(symbol, MATCHERS);
        match dice.below(12) {
            0..4 => {
                let shard = dice.one_of(&[0, 1, 2]);
                self.hear(shard);
            }
            4..8 => {
                use SymbolStatus::{CancelOnly, Closed, Halt, LimitOnly, PostOnly, Trading};
                match dice.below(5) {
                    0 | 1 => {
                        rules.status = dice.one_of(&[
                            Trading, Trading, Trading, CancelOnly, Halt, LimitOnly, PostOnly, Closed,
                        ]);
                    }
                    2 => {
                        rules.fees =
                            dice.one_of(&[FeeRates::default(), FeeRates { maker_ppm: 0, taker_ppm: 90_000 }])
                    }
                    3 => rules.reference_minutes = dice.one_of(&[0, 1, 3]),
                    _ => {
                        let band = PriceBand {
                            bid_up_bps: 9_000,
                            bid_down_bps: 9_000,
                            ask_up_bps: 9_000,
                            ask_down_bps: 9_000,
                        };
                        rules.band = dice.one_of(&[None, Some(band)]);
                    }
                }
                let cancel_open = dice.below(2) == 0;
                let set = self.on_matcher(matcher, |matcher, ctx, out| {
                    matcher.set_rules(spec, rules, cancel_open, ctx, out)
                });
                if set.is_ok() {
                    self.symbols[symbol.0 as usize].1 = rules;
                    self.announce(spec, rules, false);
                }
            }
            8 => self.cancel_book(symbol),
            9 => {
                let force = dice.below(4) > 0;
                let _ = self
                    .on_matcher(matcher, |matcher, ctx, out| matcher.remove_symbol(symbol, force, ctx, out));
            }
            10 if self.symbols.len() < SYMBOLS_MAX => self.add_symbol(),
            _ => {
                let key = dice.one_of(&[OperatorKey::Asset(1), OperatorKey::Symbol(0), OperatorKey::Once(7)]);
                let body = [u8::try_from(dice.below(256)).unwrap(); 3];
                self.journal.append(Timestamp(self.now), 0, &Record::Operator(key, &body));
            }
        }
    }

    fn ask(&mut self, dice: &mut Dice) -> Command {
        if !self.sent.is_empty() && dice.once_in(30) {
            return self.sent[usize::try_from(dice.below(self.sent.len() as u64)).unwrap()].clone();
        }
        let account = AccountId(1 + dice.below(ACCOUNTS - 1));
        let request = self.request(account, dice);
        let request_id = dice.once_in(3).then(|| {
            let lane = u32::try_from(dice.below(2)).unwrap();
            let account = request.account().unwrap();
            let number = self.numbers.entry((account, lane)).or_default();
            *number += 1 + dice.below(3);
            Box::new(RequestId { lane, number: *number, fingerprint: *number * 31 })
        });
        let command = Command { ticket: Ticket(0), request_id, request };
        if command.request_id.is_some() {
            self.sent.push(command.clone());
        }
        command
    }

    fn request(&mut self, account: AccountId, dice: &mut Dice) -> Request {
        let (asset, amount) = (AssetId(dice.one_of(&[0, 1, 2])), Amount(u128::from(1 + dice.below(120))));
        match dice.below(60) {
            0..2 => Request::Deposit { account, asset, amount },
            2 => Request::Withdraw { account, asset, amount },
            3..6 => {
                // Some of them never had a deposit.
                let others: Vec<_> =
                    (1..=ACCOUNTS).map(AccountId).filter(|&other| other != account).collect();
                Request::Transfer { account, to: dice.one_of(&others), asset, amount }
            }
            6 => Request::Hold { account, asset, amount },
            7 => Request::Release { account, asset, amount: Amount(1 + amount.0 / 8) },
            8 => Request::CancelAllAfter {
                account,
                after_nanos: dice.one_of(&[0, 1_000_000_000, 5_000_000_000]),
            },
            9..11 => Request::CollectFees { account, symbol: dice.one_of(&self.symbols).0.id() },
            11..13 => Request::Configure { account, change: Self::change(dice) },
            13..36 => {
                let symbol = dice.one_of(&self.symbols).0.id();
                Request::Place(Self::order(account, symbol, self.now, dice))
            }
            36..39 => Request::PlaceOco(self.oco(account, dice)),
            39..46 => {
                let (account, symbol, order) = self.some_order(account, dice);
                let symbol = dice.once_in(4).then_some(symbol);
                let only_if =
                    dice.one_of(&[None, None, None, Some(OnlyIf::New), Some(OnlyIf::PartiallyFilled)]);
                Request::Cancel { account, order, symbol, only_if }
            }
            46..52 => {
                let (account, symbol, order) = self.some_order(account, dice);
                let (quantity, price) = (Quantity(1 + dice.below(14)), Price(1 + dice.below(12)));
                let change = AmendChange {
                    quantity: dice.one_of(&[
                        None,
                        Some(NewQuantity::Total(quantity)),
                        Some(NewQuantity::ReduceBy(Quantity(1 + quantity.0 / 4))),
                    ]),
                    price: dice.one_of(&[None, Some(price)]),
                };
                if change.quantity.is_none() && change.price.is_none() {
                    return Request::Cancel { account, order, symbol: None, only_if: None };
                }
                Request::Amend { account, symbol, order, change }
            }
            52..57 => {
                let (account, symbol, old) = self.some_order(account, dice);
                let new = Self::order(account, symbol, self.now, dice);
                let mode = dice.one_of(&[
                    ReplaceMode::StopOnFailure,
                    ReplaceMode::AllowFailure,
                    ReplaceMode::Atomic,
                ]);
                let only_if = dice.one_of(&[None, None, Some(OnlyIf::New), Some(OnlyIf::PartiallyFilled)]);
                Request::Replace(Box::new(ReplaceRequest { old, only_if, new, mode }))
            }
            _ => {
                let filter = OrderFilter {
                    symbol: dice.one_of(&[None, None, None, Some(SymbolId(0))]),
                    side: dice.one_of(&[None, None, Some(Side::Buy)]),
                    client_id_prefix: dice.once_in(4).then(|| ClientOrderId("n".into())),
                };
                Request::CancelAll { account, filter }
            }
        }
    }

    /// An order of somebody, the last ones more often; or one that never was.
    fn some_order(&self, account: AccountId, dice: &mut Dice) -> (AccountId, SymbolId, OrderRef) {
        if dice.once_in(8) {
            let name = format!("n{}", dice.below(3));
            return (account, SymbolId(0), OrderRef::Client(ClientOrderId(name.as_str().into())));
        }
        let last = self.orders.len();
        let at = last.checked_sub(1 + usize::try_from(dice.below(last.clamp(1, 24) as u64)).unwrap());
        match at.map(|at| self.orders[at]) {
            Some((account, symbol, order)) => (account, symbol, OrderRef::Id(order)),
            None => (account, SymbolId(0), OrderRef::Id(OrderId(77))),
        }
    }

    fn change(dice: &mut Dice) -> AccountChange {
        use AccountStatus::{Active, CancelOnly, Closed, Suspended};
        match dice.below(6) {
            0 | 1 => {
                AccountChange::Status(dice.one_of(&[Active, Active, Active, CancelOnly, Suspended, Closed]))
            }
            2 => AccountChange::Fees {
                symbol: dice.one_of(&[None, Some(SymbolId(1))]),
                rates: dice.one_of(&[None, Some(FeeRates { maker_ppm: 10_000, taker_ppm: 120_000 })]),
            },
            3 => AccountChange::Permissions { trade: !dice.once_in(4), withdraw: !dice.once_in(4) },
            4 => AccountChange::StpGroup(dice.one_of(&[None, Some(StpGroup(3))])),
            _ => AccountChange::RateLimit(dice.one_of(&[None, Some(RateLimit { per_second: 9, burst: 3 })])),
        }
    }

    fn trigger(dice: &mut Dice) -> Trigger {
        let price = Price(1 + dice.below(12));
        match dice.below(5) {
            0 | 1 => Trigger::Stop { price },
            2 => Trigger::TakeProfit { price },
            3 => Trigger::Trailing { offset: TrailOffset::Ticks(Price(1 + price.0 / 3)), activation: None },
            _ => Trigger::Trailing {
                offset: TrailOffset::Bps(100 * u32::try_from(price.0).unwrap()),
                activation: dice.one_of(&[None, Some(price)]),
            },
        }
    }

    fn order(account: AccountId, symbol: SymbolId, now: u64, dice: &mut Dice) -> NewOrder {
        let side = dice.one_of(&[Side::Buy, Side::Sell]);
        // Around each other, so that they meet.
        let (price, quantity) = (Price(4 + dice.below(6)), Quantity(1 + dice.below(12)));
        let sort = dice.below(24);
        let kind = match sort {
            0..16 => OrderKind::Limit { price, quantity },
            16..20 => OrderKind::MarketByQuantity { quantity },
            _ => OrderKind::MarketByQuote { quote: Amount(u128::from(quantity.0 * price.0 + price.0 % 3)) },
        };
        let mut order = match kind {
            OrderKind::Limit { .. } => NewOrder::limit(account, symbol, side, price, quantity),
            _ => NewOrder::market(account, symbol, side, kind),
        };
        order.stp = dice.one_of(&[
            StpMode::ExpireTaker,
            StpMode::ExpireTaker,
            StpMode::None,
            StpMode::ExpireMaker,
            StpMode::ExpireBoth,
            StpMode::Decrement,
        ]);
        let mut extras = Extras::default();
        match sort {
            8 => order.tif = TimeInForce::Ioc,
            9 => order.tif = TimeInForce::Fok,
            10 => order.post_only = true,
            11 => extras.display = Some(Quantity(1 + quantity.0 / 3)),
            12 => {
                order.tif = TimeInForce::Gtd;
                extras.expire_at = Some(Timestamp(now + dice.one_of(&[5, 2_000, 3_000_000_000])));
            }
            13 => order.tif = TimeInForce::Day,
            14 | 15 => extras.trigger = Some(Self::trigger(dice)),
            16 if side == Side::Buy => extras.max_quote = Some(Amount(u128::from(quantity.0 * 6))),
            17 => extras.protection_bps = Some(3_000),
            18 => {
                extras.trigger = Some(Self::trigger(dice));
                extras.max_quote = (side == Side::Buy).then(|| Amount(u128::from(quantity.0 * 9)));
            }
            19 => order.tif = TimeInForce::Fok,
            _ => {}
        }
        if dice.once_in(5) {
            extras.client_id = Some(ClientOrderId(format!("n{}", dice.below(3)).as_str().into()));
        }
        if extras != Extras::default() {
            order.extras = Some(Box::new(extras));
        }
        order
    }

    fn oco(&self, account: AccountId, dice: &mut Dice) -> Box<[NewOrder; 2]> {
        let symbol = dice.one_of(&self.symbols).0.id();
        let (side, quantity) = (dice.one_of(&[Side::Buy, Side::Sell]), Quantity(1 + dice.below(9)));
        let away = 1 + dice.below(4);
        let (limit, stop, beyond) = match side {
            Side::Sell => (7 + away, 7 - away, 1),
            Side::Buy => (7 - away, 7 + away, 14),
        };
        let first = NewOrder::limit(account, symbol, side, Price(limit), quantity);
        let mut second = NewOrder::limit(account, symbol, side, Price(beyond), quantity);
        let mut extras = Extras { trigger: Some(Trigger::Stop { price: Price(stop) }), ..Extras::default() };
        if dice.below(2) == 0 {
            second = NewOrder::market(account, symbol, side, OrderKind::MarketByQuantity { quantity });
            extras.max_quote = (side == Side::Buy).then(|| Amount(u128::from(quantity.0 * 12)));
        }
        second.extras = Some(Box::new(extras));
        Box::new([first, second])
    }
}

/// The record that a matcher's message comes from, if the message is told again with it.
fn cause_of(message: &ToSequencer) -> Option<Lsn> {
    match message {
        ToSequencer::Settle(settlement) => Some(settlement.cause),
        ToSequencer::MoveReservation { cause, .. }
        | ToSequencer::SiblingAmended { cause, .. }
        | ToSequencer::CanceledMany { cause, .. }
        | ToSequencer::Credit { cause, .. } => Some(*cause),
        ToSequencer::Amended { cause, .. } => *cause,
        ToSequencer::OrderMissed { .. }
        | ToSequencer::Answer { .. }
        | ToSequencer::TransferOffered(_)
        | ToSequencer::TransferAnswered { .. } => None,
    }
}
