//! Trading sessions as text, so that a test reads like what a trader sees.
//!
//! ```text
//! symbol BTC-USD lot 1 tick 1
//! fund A USD 100   fund B BTC 9
//! A buy 10 @ 5                 -> NEW o1; A USD 50 available 50 frozen
//! B sell 4 @ 5                 -> trade 4 @ 5 with o1; FILLED o2; A BTC 4 available
//! A cancel o1 & B sell 1 @ 5   -> CANCELED o1 (6 left, 30 USD back); NEW o3
//! book                         -> - | 1 @ 5
//! ```
//!
//! Commands:
//! - `symbol NAME lot ATOMS tick ATOMS [price LOW..HIGH] [quantity LOW..HIGH] [notional LOW]`: `lot` in base
//!   atoms, `tick` the quote atoms that one lot costs at a price of 1; the first symbol is the default one;
//! - `limits [open N] [closed N]`: open orders per account, closed orders remembered; before any account;
//! - `fund A USD 100` (several on a line), `A withdraw USD 10`;
//! - `A buy 10 @ 5`, `A sell 10 @ market`, `A buy for 100 USD @ market`, each with `on SYMBOL` at will;
//! - `A cancel o1`; `COMMAND times 5` does it five times over;
//! - `COMMAND & COMMAND` lets the sequencers pass on all of them before the matcher sees the first;
//! - `book [SYMBOL]`, `orders A` (open ones), `order o1` (open or closed), `check` (for balances alone).
//!
//! After `->` stands everything that happened, in order, apart by `;`. What happened may have more to say in
//! parentheses; an expectation may leave that out. Balances (`A USD 50 available 50 frozen`, what is not named
//! is zero) are looked up when the line is over and stand anywhere. A command without `->` may do anything but
//! be refused, and with `-> ?` anything at all. Orders are named o1, o2, ... in the order of their ids. `#`
//! begins a comment.
//!
//! Every script runs on the fast book and on the naive one, with one account shard and with three, and must
//! tell the same story each time. After every line each law is checked against [`model`], which works the
//! session out a second time: what the command did, price-time priority, every balance, every level of every
//! book, conservation, and that every ticket was answered once.

mod model;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use lightning_core::book::{NaiveBook, OrderBook, PriceLevel, PriceTimeBook};
use lightning_core::log::{Context, Log, OrderIds, Record};
use lightning_core::matcher::Matcher;
use lightning_core::message::{
    Command, NewOrder, Order, OrderKind, OrderStatus, Outcome, Reply, Request, ToMatcher, ToSequencer,
};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::reject::{Code, Detail, Reject};
use lightning_core::sequencer::{Sequencer, SequencerLimits};
use lightning_core::spec::{SymbolLimits, SymbolSpec};
use lightning_core::types::{
    AccountId, Amount, AssetId, Lsn, OrderId, Price, Quantity, Side, SymbolId, Ticket, Timestamp,
};
use model::Model;

/// Runs a script in every configuration; panics, with the session up to there, when a line does not hold.
pub(crate) fn play(script: &str) {
    let told = play_on::<PriceTimeBook>(script, 1, "PriceTimeBook, 1 sequencer");
    play_again::<PriceTimeBook>(script, 3, "PriceTimeBook, 3 sequencers", &told);
    play_again::<NaiveBook>(script, 1, "NaiveBook, 1 sequencer", &told);
    play_again::<NaiveBook>(script, 3, "NaiveBook, 3 sequencers", &told);
}

fn play_again<B: OrderBook>(script: &str, shards: u64, configuration: &str, told: &[String]) {
    let again = play_on::<B>(script, shards, configuration);
    for (told, again) in told.iter().zip(&again) {
        assert_eq!(told, again, "{configuration} tells another story of\n{script}");
    }
}

/// What happened, line by line.
fn play_on<B: OrderBook>(script: &str, shards: u64, configuration: &str) -> Vec<String> {
    let mut session = Session::<B>::new(shards);
    let mut story = Vec::new();
    let mut transcript = String::new();
    for (number, line) in script.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let failed = |how: &str, what: &str| -> ! {
            let number = number + 1;
            panic!("line {number} {how} ({configuration}):\n\n{transcript}  > {line}\n\n{what}\n")
        };
        match catch_unwind(AssertUnwindSafe(|| session.line(line))) {
            Ok(Ok(events)) => story.push(format!("{line} => {}", events.join("; "))),
            Ok(Err(difference)) => failed("does not hold", &difference),
            Err(cause) => match (cause.downcast_ref::<String>(), cause.downcast_ref::<&str>()) {
                (Some(text), _) => failed("breaks a law", text),
                (None, Some(text)) => failed("breaks a law", text),
                (None, None) => resume_unwind(cause),
            },
        }
        transcript.push_str("    ");
        transcript.push_str(line);
        transcript.push('\n');
    }
    story
}

struct Session<B> {
    matcher: Matcher<B>,
    sequencers: Vec<Sequencer>,
    /// Per sequencer, the last record whose effects it has seen.
    seen: Vec<Lsn>,
    log: CountingLog,
    ids: CountingIds,
    now: Timestamp,
    last_ticket: u64,
    /// Commands that wait for an answer.
    asked: BTreeMap<u64, Request>,
    accounts: Names,
    assets: Names,
    symbols: Names,
    /// When each order was accepted, and when it last changed.
    times: BTreeMap<u64, (Timestamp, Timestamp)>,
    model: Model,
}

impl<B: OrderBook> Session<B> {
    fn new(shards: u64) -> Self {
        let limits = SequencerLimits { open_orders_per_account_max: 1_000_000, closed_orders_max: 1_000_000 };
        Self {
            matcher: Matcher::default(),
            sequencers: (0..shards).map(|_| Sequencer::new(limits)).collect(),
            seen: (0..shards).map(|_| Lsn(0)).collect(),
            log: CountingLog(0),
            ids: CountingIds(0),
            now: Timestamp(1_000),
            last_ticket: 0,
            asked: BTreeMap::new(),
            accounts: Names::default(),
            assets: Names::default(),
            symbols: Names::default(),
            times: BTreeMap::new(),
            model: Model::default(),
        }
    }

    /// Runs a line. What happened, or how that differs from what the line expects.
    fn line(&mut self, line: &str) -> Result<Vec<String>, String> {
        self.now.0 += 1;
        let (command, expected) = match line.split_once("->") {
            Some((command, expected)) => (command.trim(), Some(expected.trim())),
            None => (line, None),
        };
        let events = self.run(command);
        assert!(self.asked.is_empty(), "never answered: {:?}", self.asked);
        self.check_laws();

        let Some(expected) = expected else {
            let refused = events.iter().find(|event| event.starts_with(|c: char| c.is_ascii_digit()));
            return match refused {
                Some(refusal) if is_an_order(command) => Err(format!("refused: {refusal}")),
                _ => Ok(events),
            };
        };
        if expected == "?" {
            return Ok(events);
        }
        let mut wanted = Vec::new();
        let mut differences = String::new();
        for item in expected.split(';').map(str::trim) {
            if !item.ends_with(" available") && !item.ends_with(" frozen") {
                wanted.push(item);
            } else if let Some(actual) = self.differs(item) {
                differences.push_str(&format!("  expected  {item}\n  happened  {actual}\n"));
            }
        }
        let holds = |(wanted, event): (&&str, &String)| *wanted == event || *wanted == without_aside(event);
        if wanted.len() != events.len() || !wanted.iter().zip(&events).all(holds) {
            for at in 0..wanted.len().max(events.len()) {
                match (wanted.get(at), events.get(at)) {
                    (Some(wanted), Some(event)) if holds((wanted, event)) => {
                        differences.push_str(&format!("            {event}\n"));
                    }
                    (wanted, event) => {
                        let wanted = wanted.copied().unwrap_or("nothing more");
                        let event = event.map_or("nothing more", String::as_str);
                        differences.push_str(&format!("  expected  {wanted}\n  happened  {event}\n"));
                    }
                }
            }
        }
        if differences.is_empty() { Ok(events) } else { Err(differences) }
    }

    fn run(&mut self, command: &str) -> Vec<String> {
        let words: Vec<&str> = command.split_whitespace().collect();
        match words[..] {
            ["symbol", name, ref rules @ ..] => self.add_symbol(name, rules),
            ["limits", ref limits @ ..] => self.set_limits(limits),
            ["check"] => Vec::new(),
            ["book"] => vec![self.book_text(SymbolId(0))],
            ["book", symbol] => vec![self.book_text(SymbolId(self.symbols.known(symbol)))],
            ["orders", account] => {
                let account = self.account(account);
                let request = Request::OpenOrders { account: Some(account), symbol: None };
                let orders = self.ask_orders(self.shard_of(account), request);
                self.orders_text(&orders)
            }
            ["order", id] => {
                let request = Request::Order { order: order_id(id) };
                let found: Vec<_> = (0..self.sequencers.len())
                    .flat_map(|shard| self.ask_orders(shard, request.clone()))
                    .collect();
                assert!(found.len() <= 1, "an order in two shards");
                self.orders_text(&found)
            }
            ["fund", ..] => {
                let mut events = Vec::new();
                for words in words.split(|word| *word == "fund").skip(1) {
                    let [account, asset, amount] = words[..] else {
                        panic!("not a deposit: {words:?}");
                    };
                    let request = Request::Deposit {
                        account: self.account(account),
                        asset: self.asset(asset),
                        amount: Amount(number(amount)),
                    };
                    events.extend(self.together(vec![request]));
                }
                events
            }
            [ref once @ .., "times", times] => {
                let once = once.join(" ");
                (0..number(times)).flat_map(|_| self.run(&once)).collect()
            }
            _ => {
                let requests = words.split(|word| *word == "&").map(|words| self.request(words)).collect();
                self.together(requests)
            }
        }
    }

    fn request(&mut self, words: &[&str]) -> Request {
        let account = self.account(words[0]);
        if let ["cancel", order] = words[1..] {
            let order = order_id(order);
            return Request::Cancel { account, order };
        }
        if let ["withdraw", asset, amount] = words[1..] {
            let (asset, amount) = (self.asset(asset), Amount(number(amount)));
            return Request::Withdraw { account, asset, amount };
        }
        let (words, symbol) = match words {
            [words @ .., "on", symbol] => (words, SymbolId(self.symbols.known(symbol))),
            _ => (words, SymbolId(0)),
        };
        let (side, kind) = match words[1..] {
            [side, "for", quote, asset, "@", "market"] => {
                let asset = self.asset(asset);
                let spec = self.matcher.market(symbol).expect("a symbol").spec();
                assert_eq!(spec.quote(), asset, "an order's budget is in the quote asset");
                let quote = Amount(number(quote));
                (side, OrderKind::MarketByQuote { quote })
            }
            [side, quantity, "@", "market"] => {
                let quantity = Quantity(small(quantity));
                (side, OrderKind::MarketByQuantity { quantity })
            }
            [side, quantity, "@", price] => {
                let (price, quantity) = (Price(small(price)), Quantity(small(quantity)));
                (side, OrderKind::Limit { price, quantity })
            }
            _ => panic!("not a command: {words:?}"),
        };
        let side = match side {
            "buy" => Side::Buy,
            "sell" => Side::Sell,
            _ => panic!("neither buy nor sell: {side}"),
        };
        Request::Place(NewOrder { account, symbol, side, kind })
    }

    /// All commands through their sequencers, then all they passed on through the matcher, then all that the
    /// matcher decided back to the sequencers.
    fn together(&mut self, requests: Vec<Request>) -> Vec<String> {
        let mut events = Vec::new();
        let mut to_matcher = Vec::new();
        for request in requests {
            to_matcher.extend(self.ask_sequencer(request, &mut events));
        }
        let mut to_sequencer = Vec::new();
        for message in to_matcher {
            to_sequencer.extend(self.ask_matcher(message, &mut events));
        }
        for message in to_sequencer {
            self.tell_sequencer(message, &mut events);
        }
        events
    }

    fn ask_sequencer(&mut self, request: Request, events: &mut Vec<String>) -> Vec<ToMatcher> {
        let account = match &request {
            Request::Deposit { account, .. }
            | Request::Withdraw { account, .. }
            | Request::Cancel { account, .. }
            | Request::Place(NewOrder { account, .. }) => *account,
            _ => panic!("not a command of an account: {request:?}"),
        };
        let shard = self.shard_of(account);
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.asked.insert(ticket.0, request.clone());
        let mut out = SequencerOutbox::default();
        let records_before = self.log.0;
        let mut context = Context { now: self.now, log: &mut self.log };
        self.sequencers[shard].handle(Command { ticket, request }, &mut context, &mut self.ids, &mut out);
        let records = self.log.0 - records_before;
        if records > 0 {
            self.seen[shard] = Lsn(self.log.0);
        }
        assert_eq!(out.replies.len() + out.to_matcher.len(), 1, "answered, or passed on");
        let funds_moved = matches!(out.replies[..], [Reply { outcome: Outcome::BalanceChanged { .. }, .. }]);
        assert_eq!(records, u64::from(funds_moved), "one record per decision");
        for reply in out.replies {
            assert_eq!(reply.gate, self.seen[shard], "a reply shows what its shard has seen");
            self.answered(reply, events);
        }
        out.to_matcher
    }

    fn ask_matcher(&mut self, message: ToMatcher, events: &mut Vec<String>) -> Vec<ToSequencer> {
        let symbol = message.symbol();
        let mut out = MatcherOutbox::default();
        let records_before = self.log.0;
        let seq_before = self.matcher.market(symbol).expect("a symbol").seq();
        let mut context = Context { now: self.now, log: &mut self.log };
        self.matcher.handle(message, &mut context, &mut out);
        let cause = Lsn(self.log.0);

        let mut settled = BTreeMap::new();
        for message in &out.to_sequencer {
            if let ToSequencer::Settle(settlement) = message {
                assert_eq!(settlement.cause, cause, "a settlement names its cause");
                let before = settled.insert(settlement.order.0, ());
                assert!(before.is_none(), "settled twice: {settlement:?}");
            }
        }
        for trade in &out.trades {
            assert_eq!((trade.cause, trade.at), (cause, self.now));
            let price = (trade.quantity, trade.price);
            events.push(format!("trade {} @ {} with o{}", price.0, price.1, trade.maker));
            self.times.get_mut(&trade.maker.0).expect("an order that was accepted").1 = self.now;
        }
        let mut changes = false;
        match &out.replies[..] {
            [reply] => {
                assert_eq!(cause, Lsn(records_before + 1), "one record per decision");
                assert_eq!(reply.gate, cause, "a reply shows its own command");
                match &reply.outcome {
                    Outcome::Placed(placed) => {
                        let asked = self.asked.get(&reply.ticket.0);
                        assert!(
                            matches!(asked, Some(Request::Place(order)) if *order == placed.order),
                            "another order was placed than asked for"
                        );
                        changes = self.model.place(placed, &out.trades);
                        self.times.insert(placed.id.0, (self.now, self.now));
                    }
                    Outcome::Canceled(canceled) => {
                        let Some(Request::Cancel { account, order }) = self.asked.get(&reply.ticket.0) else {
                            panic!("nobody asked for {canceled:?}");
                        };
                        assert_eq!(canceled.id, *order);
                        self.model.cancel(account.0, canceled);
                        self.times.get_mut(&order.0).expect("an order that was accepted").1 = self.now;
                        changes = true;
                    }
                    outcome => assert!(
                        matches!(outcome, Outcome::Rejected(_)) && out.trades.is_empty(),
                        "no answer to this command: {outcome:?}"
                    ),
                }
            }
            [] => {
                assert_eq!(cause, Lsn(records_before), "a cancel that misses decides nothing");
                assert!(matches!(out.to_sequencer[..], [ToSequencer::CancelMissed { .. }]));
            }
            more => panic!("several answers: {more:?}"),
        }
        let market = self.matcher.market(symbol).expect("a symbol");
        assert_eq!(market.seq(), seq_before + u64::from(changes), "the book sequence counts changes");
        if changes {
            assert_eq!(market.changed_at(), self.now);
        }
        if !out.replies.is_empty() {
            assert_eq!(market.horizon(), cause, "a market's last record");
        }
        let changed = if changes { &[symbol][..] } else { &[] };
        assert_eq!(out.changed, changed, "a changed book is announced");
        for trade in &out.trades {
            assert_eq!(trade.book_seq, market.seq());
        }
        for reply in out.replies {
            self.answered(reply, events);
        }
        out.to_sequencer
    }

    fn tell_sequencer(&mut self, message: ToSequencer, events: &mut Vec<String>) {
        let shard = self.shard_of(message.account());
        if let ToSequencer::Settle(settlement) = &message {
            self.seen[shard] = self.seen[shard].max(settlement.cause);
        }
        let mut out = SequencerOutbox::default();
        self.sequencers[shard].handle_settlement(message, self.now, &mut out);
        assert!(out.to_matcher.is_empty(), "a settlement asks for nothing");
        for reply in out.replies {
            assert_eq!(reply.gate, self.seen[shard], "a reply shows what its shard has seen");
            self.answered(reply, events);
        }
    }

    fn answered(&mut self, reply: Reply, events: &mut Vec<String>) {
        let request = self.asked.remove(&reply.ticket.0).expect("one answer to one ticket");
        assert_eq!(reply.at, self.now);
        match reply.outcome {
            Outcome::BalanceChanged { asset, balance } => {
                let account = match request {
                    Request::Deposit { account, asset, amount } => {
                        self.model.deposit(account.0, asset.0, amount.0);
                        account
                    }
                    Request::Withdraw { account, asset, amount } => {
                        self.model.withdraw(account.0, asset.0, amount.0);
                        account
                    }
                    request => panic!("not an answer to {request:?}"),
                };
                let shard = self.shard_of(account);
                assert_eq!(balance, self.sequencers[shard].balance(account, asset));
            }
            Outcome::Rejected(reject) => events.push(self.reject_text(&reject)),
            Outcome::Placed(placed) => events.push(status_text(placed.status, placed.id)),
            Outcome::Canceled(canceled) => {
                let spec = self.matcher.market(canceled.symbol).expect("a symbol").spec();
                events.push(format!(
                    "CANCELED o{} ({} left, {} {} back)",
                    canceled.id,
                    canceled.canceled,
                    canceled.released,
                    self.assets.name(spec.gives(canceled.side).0),
                ));
            }
            outcome => panic!("not an answer to a command: {outcome:?}"),
        }
    }

    /// A question to one shard, answered at once and changing nothing.
    fn ask(&mut self, shard: usize, request: Request) -> Outcome {
        let records_before = self.log.0;
        let mut out = SequencerOutbox::default();
        let mut context = Context { now: self.now, log: &mut self.log };
        let command = Command { ticket: Ticket(0), request };
        self.sequencers[shard].handle(command, &mut context, &mut self.ids, &mut out);
        assert_eq!(self.log.0, records_before, "a question decides nothing");
        assert!(out.to_matcher.is_empty(), "a question asks nobody else");
        let reply = out.replies.pop().expect("an answer");
        assert!(out.replies.is_empty(), "one answer");
        assert_eq!(reply.gate, self.seen[shard], "a reply shows what its shard has seen");
        reply.outcome
    }

    fn ask_orders(&mut self, shard: usize, request: Request) -> Vec<Order> {
        let Outcome::Orders(orders) = self.ask(shard, request) else {
            panic!("not orders");
        };
        for order in &orders {
            let times = (order.accepted_at, order.updated_at);
            assert_eq!(self.times.get(&order.id.0), Some(&times), "the times of o{}", order.id);
            assert!(order.status.is_open() || order.reserved.is_zero(), "closed, with a reservation");
        }
        orders
    }

    /// Everything that must hold between two lines.
    fn check_laws(&mut self) {
        self.check_books();
        self.check_orders();
        self.check_money();
    }

    /// Best prices and depth are what the orders say.
    fn check_books(&self) {
        let orders = self.model.orders();
        for symbol in (0..self.symbols.len()).map(SymbolId) {
            let book = self.matcher.market(symbol).expect("a symbol").book();
            book.check_invariants();
            for side in [Side::Buy, Side::Sell] {
                let levels: Vec<_> = (book.levels(side, usize::MAX).iter())
                    .map(|level| (u128::from(level.price.0), level.quantity, level.orders))
                    .collect();
                assert_eq!(levels, self.model.levels(symbol.0, side), "the {side:?} side");
                let best = book.best_price(side).map(|price| u128::from(price.0));
                assert_eq!(best, levels.first().map(|level| level.0), "best {side:?}");
            }
            if let (Some(bid), Some(ask)) = (book.best_price(Side::Buy), book.best_price(Side::Sell)) {
                assert!(bid < ask, "a crossed book: {bid:?} {ask:?}");
            }
            let mut resting = 0;
            for &(id, account, _, price, left, _) in orders.iter().filter(|order| order.2 == symbol.0) {
                let order = book.get(OrderId(id)).expect("an open order is in its book");
                assert_eq!(order.account.0, account);
                assert_eq!((u128::from(order.price.0), u128::from(order.quantity.0)), (price, left));
                resting += 1;
            }
            assert_eq!(book.len(), resting, "orders in the book");
        }
    }

    /// What the sequencers list as open is what rests, however they are asked.
    fn check_orders(&mut self) {
        let expected = self.model.orders();
        let mut open = Vec::new();
        for shard in 0..self.sequencers.len() {
            self.sequencers[shard].check_invariants();
            let all = self.ask_orders(shard, Request::OpenOrders { account: None, symbol: None });
            assert!(all.is_sorted_by_key(|order| order.id), "in the order of acceptance");
            for order in &all {
                let NewOrder { account, symbol, kind, .. } = order.order;
                assert_eq!(self.shard_of(account), shard);
                let OrderKind::Limit { price, quantity } = kind else {
                    panic!("a market order is open: {order:?}");
                };
                let status =
                    if order.filled.is_zero() { OrderStatus::New } else { OrderStatus::PartiallyFilled };
                assert_eq!(order.status, status);
                let left = u128::from((quantity - order.filled).0);
                let price = u128::from(price.0);
                open.push((order.id.0, account.0, symbol.0, price, left, order.reserved.0));
            }
            for symbol in (0..self.symbols.len()).map(SymbolId) {
                let request = Request::OpenOrders { account: None, symbol: Some(symbol) };
                let mut wanted = all.clone();
                wanted.retain(|order| order.order.symbol == symbol);
                assert_eq!(self.ask_orders(shard, request), wanted);
            }
            for account in (1..=u64::from(self.accounts.len())).map(AccountId) {
                if self.shard_of(account) == shard && self.model.knows(account.0) {
                    let request = Request::OpenOrders { account: Some(account), symbol: None };
                    let mut wanted = all.clone();
                    wanted.retain(|order| order.order.account == account);
                    assert_eq!(self.ask_orders(shard, request), wanted);
                }
            }
        }
        open.sort_unstable();
        assert_eq!(open, expected, "open orders");
    }

    /// Nobody has more or less than they should, and nothing was made or lost.
    fn check_money(&mut self) {
        let mut totals: BTreeMap<u32, [u128; 5]> = BTreeMap::new();
        for shard in 0..self.sequencers.len() {
            let Outcome::Totals(lines) = self.ask(shard, Request::Totals) else {
                panic!("not totals");
            };
            for line in lines {
                let sum = totals.entry(line.asset.0).or_default();
                let figures = [line.deposited, line.withdrawn, line.available, line.frozen, line.reserved];
                for (sum, figure) in sum.iter_mut().zip(figures) {
                    *sum += figure.0;
                }
            }
        }
        for asset in 0..self.assets.len() {
            let name = self.assets.name(asset);
            let [deposited, withdrawn, available, frozen, reserved] =
                totals.get(&asset).copied().unwrap_or_default();
            assert_eq!((deposited, withdrawn), self.model.flows(asset));
            assert_eq!(available + frozen, deposited - withdrawn, "conservation of {name}");
            assert_eq!(frozen, reserved, "frozen {name} is reserved");
        }
        for account in (1..=u64::from(self.accounts.len())).map(AccountId) {
            let listed = match self.ask(self.shard_of(account), Request::Balances { account }) {
                Outcome::Balances(listed) => listed,
                Outcome::Rejected(reject) => {
                    assert_eq!(reject.code, Code::UnknownAccount);
                    assert!(!self.model.knows(account.0), "an account begins with its first deposit");
                    Vec::new()
                }
                outcome => panic!("not balances: {outcome:?}"),
            };
            for asset in (0..self.assets.len()).map(AssetId) {
                let balance = self.balance(account, asset);
                let expected = self.model.balance(account.0, asset.0);
                assert_eq!(balance, expected, "balance of account {account}, asset {asset}");
                let line = listed.iter().find(|line| line.0 == asset).map(|line| line.1).unwrap_or_default();
                assert_eq!((line.available.0, line.frozen.0), balance, "the listed balance");
            }
        }
    }

    fn balance(&self, account: AccountId, asset: AssetId) -> (u128, u128) {
        let balance = self.sequencers[self.shard_of(account)].balance(account, asset);
        (balance.available.0, balance.frozen.0)
    }

    /// The balance that an item expects, as it is, if it is another.
    fn differs(&mut self, item: &str) -> Option<String> {
        let words: Vec<&str> = item.split_whitespace().collect();
        let (account, asset) = (self.account(words[0]), self.asset(words[1]));
        let expected = match words[2..] {
            [available, "available"] => (number(available), 0),
            [frozen, "frozen"] => (0, number(frozen)),
            [available, "available", frozen, "frozen"] => (number(available), number(frozen)),
            _ => panic!("not a balance: {item}"),
        };
        let (available, frozen) = self.balance(account, asset);
        ((available, frozen) != expected)
            .then(|| format!("{} {} {available} available {frozen} frozen", words[0], words[1]))
    }

    fn add_symbol(&mut self, name: &str, rules: &[&str]) -> Vec<String> {
        let (base, quote) = name.split_once('-').expect("a symbol is named BASE-QUOTE");
        let (base, quote) = (self.asset(base), self.asset(quote));
        let id = SymbolId(self.symbols.len());
        assert_eq!(id.0, self.symbols.number(name), "a symbol is added once");
        let (mut lot, mut tick) = (1, 1);
        let mut limits = SymbolLimits {
            price_min: Price(1),
            price_max: Price(1_000_000),
            quantity_min: Quantity(1),
            quantity_max: Quantity(1_000_000),
            notional_min: Amount(0),
        };
        for rule in rules.chunks(2) {
            match *rule {
                ["lot", atoms] => lot = number(atoms),
                ["tick", atoms] => tick = number(atoms),
                ["price", range] => {
                    let (low, high) = range.split_once("..").expect("a range");
                    (limits.price_min, limits.price_max) = (Price(small(low)), Price(small(high)));
                }
                ["quantity", range] => {
                    let (low, high) = range.split_once("..").expect("a range");
                    (limits.quantity_min, limits.quantity_max) =
                        (Quantity(small(low)), Quantity(small(high)));
                }
                ["notional", low] => limits.notional_min = Amount(number(low)),
                _ => panic!("not a rule of a symbol: {rule:?}"),
            }
        }
        let spec = SymbolSpec::new(id, base, quote, lot, tick, limits).expect("a sound symbol");
        self.model.add_symbol(&spec);
        let mut context = Context { now: self.now, log: &mut self.log };
        for (sequencer, seen) in self.sequencers.iter_mut().zip(&mut self.seen) {
            let mut out = SequencerOutbox::default();
            let command = Command { ticket: Ticket(0), request: Request::AddSymbol(spec) };
            sequencer.handle(command, &mut context, &mut self.ids, &mut out);
            assert!(matches!(out.replies[..], [Reply { outcome: Outcome::SymbolAdded, .. }]));
            *seen = out.replies[0].gate;
        }
        let mut out = MatcherOutbox::default();
        let ticket = Ticket(0);
        self.matcher.handle(ToMatcher::AddSymbol { ticket, spec }, &mut context, &mut out);
        assert!(matches!(out.replies[..], [Reply { outcome: Outcome::SymbolAdded, .. }]));
        Vec::new()
    }

    fn set_limits(&mut self, words: &[&str]) -> Vec<String> {
        assert!(self.accounts.len() == 0 && self.symbols.len() == 0, "limits come first");
        let mut limits =
            SequencerLimits { open_orders_per_account_max: 1_000_000, closed_orders_max: 1_000_000 };
        for limit in words.chunks(2) {
            match *limit {
                ["open", max] => {
                    limits.open_orders_per_account_max = u32::try_from(number(max)).expect("a u32");
                }
                ["closed", max] => limits.closed_orders_max = usize::try_from(number(max)).expect("a usize"),
                _ => panic!("not a limit: {limit:?}"),
            }
        }
        for sequencer in &mut self.sequencers {
            *sequencer = Sequencer::new(limits);
        }
        Vec::new()
    }

    fn account(&mut self, name: &str) -> AccountId {
        assert!(name.starts_with(|c: char| c.is_ascii_uppercase()), "not an account: {name}");
        AccountId(u64::from(self.accounts.number(name)) + 1)
    }

    fn asset(&mut self, name: &str) -> AssetId {
        AssetId(self.assets.number(name))
    }

    fn shard_of(&self, account: AccountId) -> usize {
        usize::try_from(account.0).expect("a small number") % self.sequencers.len()
    }

    fn book_text(&self, symbol: SymbolId) -> String {
        let book = self.matcher.market(symbol).expect("a symbol").book();
        let text = |level: &PriceLevel| match level.orders {
            1 => format!("{} @ {}", level.quantity, level.price),
            orders => format!("{} @ {} x{orders}", level.quantity, level.price),
        };
        let side = |side| match &book.levels(side, usize::MAX)[..] {
            [] => "-".to_owned(),
            levels => levels.iter().map(text).collect::<Vec<_>>().join(", "),
        };
        format!("{} | {}", side(Side::Buy), side(Side::Sell))
    }

    fn orders_text(&self, orders: &[Order]) -> Vec<String> {
        let text = |order: &Order| {
            let spec = self.matcher.market(order.order.symbol).expect("a symbol").spec();
            let side = match order.order.side {
                Side::Buy => "buy",
                Side::Sell => "sell",
            };
            let asked = match order.order.kind {
                OrderKind::Limit { price, quantity } => format!("{quantity} @ {price}"),
                OrderKind::MarketByQuantity { quantity } => format!("{quantity} @ market"),
                OrderKind::MarketByQuote { quote } => {
                    format!("for {quote} {} @ market", self.assets.name(spec.quote().0))
                }
            };
            let status = order.status.as_str();
            let reason = order.status.reason().map(|reason| format!(" {reason}")).unwrap_or_default();
            let (id, filled, notional) = (order.id, order.filled, order.notional);
            format!("o{id} {side} {asked} {status}{reason} {filled} for {notional}")
        };
        match orders {
            [] => vec!["none".to_owned()],
            orders => orders.iter().map(text).collect(),
        }
    }

    fn reject_text(&self, reject: &Reject) -> String {
        let code = format!("{} {}", reject.code.number(), reject.code.as_str());
        match reject.detail {
            Detail::None => code,
            Detail::Funds { asset, required, available } => {
                let asset = self.assets.name(asset.0);
                format!("{code} (needs {required} {asset}, has {available})")
            }
            Detail::Closed { order, status } => format!("{code} ({})", status_text(status, order)),
            Detail::Bound { max } => format!("{code} (max {max})"),
        }
    }
}

fn status_text(status: OrderStatus, order: OrderId) -> String {
    match status.reason() {
        Some(reason) => format!("{} o{order} {reason}", status.as_str()),
        None => format!("{} o{order}", status.as_str()),
    }
}

fn without_aside(event: &str) -> &str {
    event.split(" (").next().unwrap_or(event)
}

/// Does the command ask for something that can be refused? A book begins with a digit as a refusal does.
fn is_an_order(command: &str) -> bool {
    !["book", "order", "check"].iter().any(|word| command.starts_with(word))
}

fn order_id(text: &str) -> OrderId {
    let number = text.strip_prefix('o').and_then(|number| number.parse().ok());
    OrderId(number.unwrap_or_else(|| panic!("not an order's name: {text}")))
}

fn number(text: &str) -> u128 {
    let digits = text.replace('_', "");
    digits.parse().unwrap_or_else(|_| panic!("not a number: {text}"))
}

fn small(text: &str) -> u64 {
    u64::try_from(number(text)).unwrap_or_else(|_| panic!("not a 64-bit number: {text}"))
}

/// Names, numbered from 0 as they come up.
#[derive(Default)]
struct Names(Vec<String>);

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if !self.0.iter().any(|known| known == name) {
            self.0.push(name.to_owned());
        }
        self.known(name)
    }

    fn known(&self, name: &str) -> u32 {
        let at = self.0.iter().position(|known| known == name);
        u32::try_from(at.unwrap_or_else(|| panic!("who or what is {name}?"))).expect("few names")
    }

    fn name(&self, number: u32) -> &str {
        &self.0[number as usize]
    }

    fn len(&self) -> u32 {
        u32::try_from(self.0.len()).expect("few names")
    }
}

/// A journal that keeps nothing but its length.
struct CountingLog(u64);

impl Log for CountingLog {
    fn append(&mut self, _: Timestamp, _: &Record<'_>) -> Lsn {
        self.0 += 1;
        Lsn(self.0)
    }
}

/// 1, 2, 3 ... over all sequencers, so that a script names orders alike however many there are.
struct CountingIds(u64);

impl OrderIds for CountingIds {
    fn next(&mut self) -> OrderId {
        self.0 += 1;
        OrderId(self.0)
    }
}
