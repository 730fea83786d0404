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
//! The exchange:
//! - `symbol NAME lot ATOMS tick ATOMS [mode quote] [RULES]`: `lot` in base atoms, `tick` the quote atoms that
//!   one lot costs at a price of 1; the first symbol is the default one, any other is named `on NAME`;
//! - `rules [on NAME] RULES`: changes them, for instance `status HALT`, `fees -100/1_000` (maker/taker),
//!   `band 500/500/500/500`, `open 2`; all are in [`words::change_rules`];
//! - `cancel-book [NAME]`, `remove NAME [force]`: the operator's;
//! - `limits [open N] [closed N] [entries N]`: of a sequencer's memory; before any account;
//! - `at 10:30`: time passes until then (a script begins at 10:00), and what is due happens, each at its own
//!   time; `late 10:30`: the same, but nobody wakes up before the next command. `1d00:00` is the next midnight.
//!
//! An account:
//! - `fund A USD 100` (several on a line), `A deposit|withdraw|hold|release USD 10`, `A transfer USD 10 to B`;
//! - `A buy 10 @ 5`, `A sell 10 @ market`, `A buy for 100 USD @ market`, and any of `ioc fok day gtd 11:00
//!   post-only stp NONE max 100 protect 50 show 3 stop 7 take-profit 7 trail 100bps trail 5 from 20 as NAME
//!   fees 1/2 until 11:00`; `A test buy 10 @ 5` the same without the effect;
//! - `A oco sell 10 @ 9 / stop 4` or, with a limit on the stop leg, `/ @ 3 stop 4`: of which list o1 is the
//!   list's id, o2 the limit leg, o3 the stop leg;
//! - `A cancel o1 [if NEW]`, `A cancel #NAME`, `A amend o1 to 5`, `by 2`, `at 7`,
//!   `A replace o1 [atomic|whatever] with buy 10 @ 5`;
//! - `A cancel-all [buys|sells] [named PREFIX] [on NAME]`, `A cancel-all after 5s`;
//! - `A collect`; `A is SUSPENDED`, `A may trade withdraw` (what is left out, it may not), `A pays 1/2 [on NAME]`,
//!   `A pays default`, `A group 7`, `A rate 2 3` (per second, at once);
//! - each with `id 7` or, in a lane, `id 2:7`; `A recall id 7`;
//! - `COMMAND times 5` does it five times over;
//! - `COMMAND & COMMAND` lets the sequencers pass on all of them before the matchers see the first.
//!
//! `prints 20_000` is a trade of one lot at that price between two accounts that nobody cares about: it uses
//! two order ids up, and only what it triggers is told.
//!
//! Questions: `book [NAME]`, `last [NAME]`, `orders A` (open ones), `order o1` (open or closed), `order A #NAME`,
//! `history A [limit N] [before N]`, `ledger A [USD]`, `terms A`, `check` (for balances alone).
//!
//! After `->` stands everything that happened, in order, apart by `;`. What happened may have more to say in
//! parentheses; an expectation may leave that out. Balances (`A USD 50 available 50 frozen`, `accrued USD 2`;
//! what is not named is zero) are looked up when the line is over and stand anywhere. A command without `->`
//! may do anything but be refused, and with `-> ?` anything at all. Orders are named o1, o2, ... by their ids.
//! `#` at the beginning of a word that is followed by a space begins a comment.
//!
//! Every script runs on the fast book and on the naive one, with one shard of either kind and with several, and
//! must tell the same story each time. It does so again on shards that are thrown away after every line, and made
//! again from the records ([`told_again`]). After every line every law of [`laws`] is checked; and a command that is
//! refused, tested or a repeat has left everything that can be asked about as it was.

mod laws;
mod text;
mod told_again;
mod words;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use laws::Tracked;
use lightning_core::book::{NaiveBook, OrderBook, PriceTimeBook};
use lightning_core::fees::FeeMode;
use lightning_core::log::{Context, OrderIds};
use lightning_core::matcher::Matcher;
use lightning_core::message::{
    CanceledOrder, ClientOrderId, Command, LedgerEntry, Order, Outcome, Reply, Request, ToMatcher,
    ToSequencer,
};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::reject::Reject;
use lightning_core::rules::SymbolRules;
use lightning_core::sequencer::{Sequencer, SequencerLimits};
use lightning_core::shards::{shard_of_account, shard_of_symbol};
use lightning_core::spec::SymbolSpec;
use lightning_core::types::{AccountId, AssetId, OrderId, SymbolId, Ticket, Timestamp};
use words::{Asked, Dictionary, Words, number_of, order_id, small};

use crate::journal::Journal;

/// Runs a script in every configuration; panics, with the session up to there, when a line does not hold.
pub(crate) fn play(script: &str) {
    let one = "PriceTimeBook, 1 sequencer";
    let (told, session) = play_on::<PriceTimeBook>(script, 1, 1, one, |_, _| {});
    told_again::assert_same(session, script);
    let compare = |configuration: &str, again: &[String]| {
        for (told, again) in told.iter().zip(again) {
            assert_eq!(told, again, "{configuration} tells another story of\n{script}");
        }
    };
    let several = "PriceTimeBook, 3 sequencers, 2 matchers";
    let (again, session) = play_on::<PriceTimeBook>(script, 3, 2, several, |_, _| {});
    compare(several, &again);
    told_again::assert_same(session, script);
    let told_anew = "3 sequencers, 2 matchers, told again after every line";
    let (again, _) = play_on::<PriceTimeBook>(script, 3, 2, told_anew, told_again::restart);
    compare(told_anew, &again);
    for (sequencers, matchers, configuration) in
        [(1, 1, "NaiveBook, 1 sequencer"), (3, 2, "NaiveBook, 3 sequencers, 2 matchers")]
    {
        let (again, _) = play_on::<NaiveBook>(script, sequencers, matchers, configuration, |_, _| {});
        compare(configuration, &again);
    }
}

/// What happened, line by line.
fn play_on<B: OrderBook>(
    script: &str,
    sequencers: usize,
    matchers: usize,
    configuration: &str,
    after_line: impl Fn(&mut Session<B>, &str),
) -> (Vec<String>, Session<B>) {
    let mut session = Session::<B>::new(sequencers, matchers);
    let mut story = Vec::new();
    let mut transcript = String::new();
    for (number, line) in script.lines().enumerate() {
        let line = line.split("# ").next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let failed = |how: &str, what: &str| -> ! {
            let number = number + 1;
            panic!("line {number} {how} ({configuration}):\n\n{transcript}  > {line}\n\n{what}\n")
        };
        let run = || {
            let events = session.line(line);
            after_line(&mut session, line);
            events
        };
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(mut events)) => {
                // What expires at one instant on several matchers has no order.
                if line.starts_with("at ") {
                    events.sort_unstable();
                }
                story.push(format!("{line} => {}", events.join("; ")));
            }
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
    (story, session)
}

struct Session<B> {
    matchers: Vec<Matcher<B>>,
    sequencers: Vec<Sequencer>,
    log: Journal,
    limits: SequencerLimits,
    ids: CountingIds,
    now: Timestamp,
    last_ticket: u64,
    /// Commands that wait for an answer.
    asked: BTreeSet<u64>,
    /// Those of them whose answer is on its way from the matcher, and was told already.
    told: BTreeSet<u64>,
    /// What the matchers are to see.
    admitted: VecDeque<ToMatcher>,
    /// What the sequencers are to see.
    decided: VecDeque<ToSequencer>,
    /// Was the line's command answered by a refusal, or with nothing done?
    did_nothing: bool,
    words: Dictionary,
    /// By symbol.
    symbols: Vec<(SymbolSpec, SymbolRules)>,
    /// Every order that was ever passed on, by what trades and settlements say of it.
    orders: BTreeMap<u64, Tracked>,
    /// Orders that were closed in this line.
    closed_now: Vec<OrderId>,
    /// Deposited and withdrawn, by asset.
    flows: BTreeMap<u32, (u128, u128)>,
    told_again: told_again::ToldAgain,
}

const LIMITS: SequencerLimits = SequencerLimits {
    open_orders_per_account_max: 1_000_000,
    closed_orders_max: 1_000_000,
    ledger_entries_max: 1_000_000,
};

impl<B: OrderBook> Session<B> {
    fn new(sequencers: usize, matchers: usize) -> Self {
        Self {
            matchers: (0..matchers).map(|_| Matcher::default()).collect(),
            sequencers: (0..sequencers).map(|_| Sequencer::new(LIMITS)).collect(),
            log: Journal::default(),
            limits: LIMITS,
            ids: CountingIds(0),
            now: words::time("10:00"),
            last_ticket: 0,
            asked: BTreeSet::new(),
            told: BTreeSet::new(),
            admitted: VecDeque::new(),
            decided: VecDeque::new(),
            did_nothing: false,
            words: Dictionary::default(),
            symbols: Vec::new(),
            orders: BTreeMap::new(),
            closed_now: Vec::new(),
            flows: BTreeMap::new(),
            told_again: told_again::ToldAgain::default(),
        }
    }

    /// Runs a line. What happened, or how that differs from what the line expects.
    fn line(&mut self, line: &str) -> Result<Vec<String>, String> {
        self.now.0 += 1;
        let (command, expected) = match line.split_once("->") {
            Some((command, expected)) => (command.trim(), Some(expected.trim())),
            None => (line, None),
        };
        if let Some(to) = command.strip_prefix("late ") {
            self.now = words::time(to);
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        self.closed_now.clear();
        self.run(command, &mut events);
        assert!(self.asked.is_empty() && self.told.is_empty(), "never answered: {:?}", self.asked);
        self.check_laws();

        let Some(expected) = expected else {
            let refused = events.iter().find(|event| text::is_refusal(event));
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
            let is_balance = item.starts_with("accrued ")
                || [" available", " frozen", " held"].iter().any(|word| item.ends_with(word));
            if !is_balance {
                wanted.push(item);
            } else if let Some(actual) = self.differs(item) {
                differences.push_str(&format!("  expected  {item}\n  happened  {actual}\n"));
            }
        }
        if wanted == ["nothing"] {
            wanted.clear();
        }
        let holds =
            |(wanted, event): (&&str, &String)| *wanted == event || *wanted == text::without_aside(event);
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

    fn run(&mut self, command: &str, events: &mut Vec<String>) {
        let words: Vec<&str> = command.split_whitespace().collect();
        self.run_due(events);
        match words[..] {
            ["symbol", name, ref rules @ ..] => self.add_symbol(name, rules),
            ["limits", ref limits @ ..] => self.set_limits(limits),
            ["at", to] => self.advance(words::time(to), events),
            ["check"] => {}
            ["book"] => events.push(self.book_text(SymbolId(0))),
            ["book", symbol] => events.push(self.book_text(self.words.symbol(symbol))),
            ["last"] => events.push(self.last_text(SymbolId(0))),
            ["last", symbol] => events.push(self.last_text(self.words.symbol(symbol))),
            ["orders", account] => {
                let account = self.words.account(account);
                let orders = self.open_orders(self.shard_of(account), Some(account), None);
                events.extend(self.orders_text(&orders));
            }
            ["order", id] => {
                let orders = self.find_order(order_id(id));
                events.extend(self.orders_text(&orders));
            }
            ["order", account, name] => {
                let account = self.words.account(account);
                let client_id = ClientOrderId(name.trim_start_matches('#').into());
                let orders = self.ask_orders(account, Request::OrderByClientId { account, client_id });
                events.extend(self.orders_text(&orders.orders));
            }
            ["history", account, ref rest @ ..] => self.history(account, rest, events),
            ["ledger", account, ref rest @ ..] => {
                let account = self.words.account(account);
                let asset = rest.first().map(|asset| self.words.asset(asset));
                for entry in self.ledger(account, asset) {
                    events.push(self.entry_text(&entry));
                }
            }
            ["terms", account] => {
                let account = self.words.account(account);
                let text = match self.ask(self.shard_of(account), Request::Account { account }) {
                    Outcome::Account(info) => self.terms_text(&info),
                    Outcome::Rejected(reject) => self.reject_text(&reject),
                    outcome => panic!("not an account's terms: {outcome:?}"),
                };
                events.push(text);
            }
            ["cancel-book"] => self.cancel_book(SymbolId(0), events),
            ["cancel-book", symbol] => self.cancel_book(self.words.symbol(symbol), events),
            ["remove", symbol, ref force @ ..] => {
                let (symbol, force) = (self.words.symbol(symbol), !force.is_empty());
                let run = |matcher: &mut Matcher<B>, ctx: &mut Context<'_>, out: &mut MatcherOutbox| {
                    matcher.remove_symbol(symbol, force, ctx, out)
                };
                self.on_matcher(symbol, run, events);
            }
            ["prints", price] => self.print(price, events),
            ["fund", ..] => {
                for words in words.split(|word| *word == "fund").skip(1) {
                    let mut deposit = words.to_vec();
                    deposit.insert(1, "deposit");
                    self.together(&[&deposit], events);
                }
            }
            [ref once @ .., "times", times] => {
                let once = once.join(" ");
                (0..number_of(times)).for_each(|_| self.run(&once, events));
            }
            _ => {
                let requests: Vec<&[&str]> = words.split(|word| *word == "&").collect();
                self.together(&requests, events);
            }
        }
    }

    /// All commands through their sequencers, then all that they passed on through the matchers, then all that
    /// the matchers decided back to the sequencers. What one command that does nothing has changed is a bug.
    fn together(&mut self, commands: &[&[&str]], events: &mut Vec<String>) {
        self.did_nothing = false;
        if let [words] = commands
            && words[0] != "rules"
        {
            let asked = self.words.asked(words);
            let before = self.snapshot();
            self.ask_sequencer(asked, events);
            self.propagate(events);
            if self.did_nothing {
                assert_same(&before, &self.snapshot());
            }
            return;
        }
        for words in commands {
            if let ["rules", rest @ ..] = *words {
                self.set_rules(rest, events);
            } else {
                let asked = self.words.asked(words);
                self.ask_sequencer(asked, events);
            }
        }
        self.propagate(events);
    }

    /// A trade of one lot between two accounts that a script does not name otherwise. Tells only what else it
    /// causes.
    fn print(&mut self, price: &str, events: &mut Vec<String>) {
        let (spec, _) = self.symbols[0];
        let (base, quote) = (self.words.assets.name(spec.base().0), self.words.assets.name(spec.quote().0));
        let (base, quote) = (base.to_owned(), quote.to_owned());
        let (lot, cost) =
            (spec.lot_atoms().to_string(), (number_of(price) * spec.tick_lot_atoms()).to_string());
        let mut own = Vec::new();
        self.together(&[&["X", "deposit", &base, &lot]], &mut own);
        self.together(&[&["Y", "deposit", &quote, &cost]], &mut own);
        self.together(&[&["X", "sell", "1", "@", price]], &mut own);
        self.together(&[&["Y", "buy", "1", "@", price]], &mut own);
        let traded = format!("trade 1 @ {} ", number_of(price));
        let expected = [(0, "NEW "), (1, &traded), (2, "FILLED ")];
        let printed =
            expected.iter().all(|&(at, text)| own.get(at).is_some_and(|event| event.starts_with(text)));
        assert!(printed, "something stands in the way of a trade at {price}: {own:?}");
        events.extend(own.drain(3..));
    }

    fn ask_sequencer(&mut self, asked: Asked, events: &mut Vec<String>) {
        let Asked { request, request_id } = asked;
        let shard = self.shard_of(request.account().expect("a command of an account"));
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        self.asked.insert(ticket.0);
        let flow = match request {
            Request::Deposit { asset, amount, .. } => Some((asset, amount.0, 0)),
            Request::Withdraw { asset, amount, .. } => Some((asset, 0, amount.0)),
            _ => None,
        };
        let mut out = SequencerOutbox::default();
        let mut context = Context { now: self.now, log: &mut self.log };
        let command = Command { ticket, request_id, request };
        self.sequencers[shard].handle(command, &mut context, &mut self.ids, &mut out);
        if let Some((asset, deposited, withdrawn)) = flow
            && let [Reply { outcome: Outcome::BalanceChanged { .. }, duplicate: false, .. }] = out.replies[..]
        {
            let flow = self.flows.entry(asset.0).or_default();
            *flow = (flow.0 + deposited, flow.1 + withdrawn);
        }
        self.take_sequencers(out, events);
    }

    /// Carries messages between the shards until there are none.
    fn propagate(&mut self, events: &mut Vec<String>) {
        while !self.admitted.is_empty() || !self.decided.is_empty() {
            while let Some(message) = self.admitted.pop_front() {
                self.track(&message);
                let shard = self.matcher_of(message.symbol());
                let mut out = MatcherOutbox::default();
                let seqs = self.seqs();
                let mut context = Context { now: self.now, log: &mut self.log };
                self.matchers[shard].handle(message, &mut context, &mut out);
                self.check_sequence(&seqs, &out);
                self.take_matchers(out, &[], events);
            }
            while let Some(message) = self.decided.pop_front() {
                let shard = self.shard_of(message.account());
                let mut out = SequencerOutbox::default();
                let mut context = Context { now: self.now, log: &mut self.log };
                self.sequencers[shard].handle_settlement(message, &mut context, &mut out);
                self.take_sequencers(out, events);
            }
        }
    }

    fn take_sequencers(&mut self, out: SequencerOutbox, events: &mut Vec<String>) {
        for reply in out.replies {
            self.answered(&reply, events);
        }
        self.admitted.extend(out.to_matcher);
        self.decided.extend(out.to_sequencer);
    }

    /// Expiries first, then timers.
    fn run_due(&mut self, events: &mut Vec<String>) {
        if self.next_deadline().is_none_or(|deadline| deadline > self.now) {
            return;
        }
        for shard in 0..self.matchers.len() {
            let mut out = MatcherOutbox::default();
            let mut context = Context { now: self.now, log: &mut self.log };
            self.matchers[shard].tick(&mut context, &mut out);
            self.take_matchers(out, &[], events);
            self.propagate(events);
        }
        for shard in 0..self.sequencers.len() {
            let mut out = SequencerOutbox::default();
            let mut context = Context { now: self.now, log: &mut self.log };
            self.sequencers[shard].tick(&mut context, &mut out);
            self.take_sequencers(out, events);
            self.propagate(events);
        }
        assert!(self.next_deadline().is_none_or(|deadline| deadline > self.now), "what is due was done");
    }

    fn next_deadline(&self) -> Option<Timestamp> {
        let timers = self.sequencers.iter().filter_map(Sequencer::next_deadline);
        timers.chain(self.matchers.iter().filter_map(Matcher::next_deadline)).min()
    }

    /// Time passes; what is due happens at its own time.
    fn advance(&mut self, to: Timestamp, events: &mut Vec<String>) {
        assert!(to >= Timestamp(self.now.0 - 1), "time does not go back");
        while let Some(due) = self.next_deadline().filter(|&due| due <= to) {
            self.now = due;
            self.run_due(events);
        }
        self.now = to;
    }

    /// Does something on a symbol's matcher; true if that was not refused.
    fn on_matcher(
        &mut self,
        symbol: SymbolId,
        run: impl FnOnce(
            &mut Matcher<B>,
            &mut Context<'_>,
            &mut MatcherOutbox,
        ) -> Result<Vec<CanceledOrder>, Reject>,
        events: &mut Vec<String>,
    ) -> bool {
        let before = self.snapshot();
        let shard = self.matcher_of(symbol);
        let mut out = MatcherOutbox::default();
        let mut context = Context { now: self.now, log: &mut self.log };
        match run(&mut self.matchers[shard], &mut context, &mut out) {
            Ok(canceled) => {
                self.take_matchers(out, &canceled, events);
                self.propagate(events);
                true
            }
            Err(reject) => {
                events.push(self.reject_text(&reject));
                assert_same(&before, &self.snapshot());
                false
            }
        }
    }

    fn cancel_book(&mut self, symbol: SymbolId, events: &mut Vec<String>) {
        let cancel = |matcher: &mut Matcher<B>, ctx: &mut Context<'_>, out: &mut MatcherOutbox| {
            Ok(matcher.cancel_book(symbol, ctx, out))
        };
        self.on_matcher(symbol, cancel, events);
    }

    fn set_rules(&mut self, words: &[&str], events: &mut Vec<String>) {
        let (symbol, words) = match words {
            ["on", symbol, words @ ..] => (self.words.symbol(symbol), words),
            words => (SymbolId(0), words),
        };
        let (mut spec, mut rules) = self.symbols[symbol.0 as usize];
        let cancel_open = words::change_rules(words, &mut spec, &mut rules);
        let set = |matcher: &mut Matcher<B>, ctx: &mut Context<'_>, out: &mut MatcherOutbox| {
            matcher.set_rules(spec, rules, cancel_open, ctx, out)
        };
        let shard = self.matcher_of(symbol);
        let mut out = MatcherOutbox::default();
        let before = self.snapshot();
        let mut context = Context { now: self.now, log: &mut self.log };
        match set(&mut self.matchers[shard], &mut context, &mut out) {
            Ok(canceled) => self.take_matchers(out, &canceled, events),
            Err(reject) => {
                events.push(self.reject_text(&reject));
                assert_same(&before, &self.snapshot());
                return;
            }
        }
        self.words.default_stp[symbol.0 as usize] = rules.default_stp;
        self.symbols[symbol.0 as usize] = (spec, rules);
        for sequencer in &mut self.sequencers {
            sequencer.set_rules(spec, rules, self.log.last());
        }
    }

    fn add_symbol(&mut self, name: &str, words: &[&str]) {
        let (base, quote) = name.split_once('-').expect("a symbol is named BASE-QUOTE");
        let (base, quote) = (self.words.asset(base), self.words.asset(quote));
        let id = SymbolId(self.words.symbols.len());
        assert_eq!(id.0, self.words.symbols.number(name), "a symbol is added once");
        let ["lot", lot, "tick", tick, words @ ..] = words else {
            panic!("a symbol's lot and tick come first: {words:?}");
        };
        let spec = SymbolSpec::new(id, base, quote, number_of(lot), number_of(tick), words::LIMITS);
        let mut spec = spec.expect("a sound symbol");
        let words = match words {
            ["mode", "quote", words @ ..] => {
                spec = spec.with_fee_mode(FeeMode::Quote);
                words
            }
            words => words,
        };
        let mut rules = SymbolRules::default();
        words::change_rules(words, &mut spec, &mut rules);
        self.symbols.push((spec, rules));
        self.words.default_stp.push(rules.default_stp);
        let shard = self.matcher_of(id);
        let mut context = Context { now: self.now, log: &mut self.log };
        let mut out = MatcherOutbox::default();
        self.matchers[shard].add_symbol(spec, rules, &mut context, &mut out);
        for sequencer in &mut self.sequencers {
            sequencer.add_symbol(spec, rules, self.log.last());
        }
        assert!(out.trades.is_empty() && out.to_sequencer.is_empty() && out.replies.is_empty());
    }

    fn set_limits(&mut self, words: &[&str]) {
        assert!(self.words.accounts.len() == 0 && self.symbols.is_empty(), "limits come first");
        let mut limits = LIMITS;
        for limit in words.chunks(2) {
            let [name, max] = *limit else { panic!("not a limit: {limit:?}") };
            let size = usize::try_from(number_of(max)).expect("a usize");
            match name {
                "open" => limits.open_orders_per_account_max = u32::try_from(size).expect("a u32"),
                "closed" => limits.closed_orders_max = size,
                "entries" => limits.ledger_entries_max = size,
                _ => panic!("not a limit: {limit:?}"),
            }
        }
        for sequencer in &mut self.sequencers {
            *sequencer = Sequencer::new(limits);
        }
        self.limits = limits;
    }

    /// A question to one shard, answered at once and changing nothing.
    fn ask(&mut self, shard: usize, request: Request) -> Outcome {
        let records_before = self.log.last();
        let mut out = SequencerOutbox::default();
        let mut context = Context { now: self.now, log: &mut self.log };
        let command = Command { ticket: Ticket(0), request_id: None, request };
        self.sequencers[shard].handle(command, &mut context, &mut self.ids, &mut out);
        assert_eq!(self.log.last(), records_before, "a question decides nothing");
        assert!(out.to_matcher.is_empty() && out.to_sequencer.is_empty(), "a question asks nobody else");
        let reply = out.replies.pop().expect("an answer");
        assert!(out.replies.is_empty(), "one answer");
        reply.outcome
    }

    fn ask_orders(&mut self, account: AccountId, request: Request) -> lightning_core::message::OrderPage {
        match self.ask(self.shard_of(account), request) {
            Outcome::Orders(page) => page,
            outcome => panic!("not orders: {outcome:?}"),
        }
    }

    fn open_orders(
        &mut self,
        shard: usize,
        account: Option<AccountId>,
        symbol: Option<SymbolId>,
    ) -> Vec<Order> {
        let request = Request::OpenOrders { account, symbol, after: OrderId(0), limit: usize::MAX };
        match self.ask(shard, request) {
            Outcome::Orders(page) => {
                assert_eq!(page.next, None);
                page.orders
            }
            // Nobody's.
            Outcome::Rejected(_) if account.is_some() => Vec::new(),
            outcome => panic!("not orders: {outcome:?}"),
        }
    }

    /// An order, open or closed, from whichever shard has it.
    fn find_order(&mut self, order: OrderId) -> Vec<Order> {
        let mut found = Vec::new();
        for shard in 0..self.sequencers.len() {
            match self.ask(shard, Request::Order { order }) {
                Outcome::Orders(page) => found.extend(page.orders),
                outcome => panic!("not orders: {outcome:?}"),
            }
        }
        assert!(found.len() <= 1, "an order in two shards");
        found
    }

    fn history(&mut self, account: &str, rest: &[&str], events: &mut Vec<String>) {
        let account = self.words.account(account);
        let (mut symbol, mut limit, mut before) = (None, usize::MAX, None);
        let mut rest = Words(rest);
        while let Some(word) = rest.next() {
            match word {
                "on" => symbol = Some(self.words.symbol(rest.value())),
                "limit" => limit = usize::try_from(small(rest.value())).expect("a usize"),
                "before" => before = Some(small(rest.value())),
                _ => panic!("not a page of a history: {word}"),
            }
        }
        let page = self.ask_orders(account, Request::ClosedOrders { account, symbol, before, limit });
        events.extend(self.orders_text(&page.orders));
        if page.next.is_some() {
            events.push("more".to_owned());
        }
    }

    /// Everything that is remembered of an account's ledger, the last first, page by page.
    fn ledger(&mut self, account: AccountId, asset: Option<AssetId>) -> Vec<LedgerEntry> {
        let (mut entries, mut before) = (Vec::new(), None);
        loop {
            let request = Request::LedgerEntries { account, asset, before, limit: 3 };
            match self.ask(self.shard_of(account), request) {
                Outcome::LedgerEntries(page) => {
                    assert!(page.entries.len() <= 3);
                    entries.extend(page.entries);
                    match page.next {
                        None => return entries,
                        next => before = next,
                    }
                }
                Outcome::Rejected(_) => return entries,
                outcome => panic!("not ledger entries: {outcome:?}"),
            }
        }
    }

    fn shard_of(&self, account: AccountId) -> usize {
        shard_of_account(account, self.sequencers.len())
    }

    fn matcher_of(&self, symbol: SymbolId) -> usize {
        shard_of_symbol(symbol, self.matchers.len())
    }

    /// Numbers of the accounts that a script has named.
    fn accounts(&self) -> impl Iterator<Item = AccountId> + use<B> {
        (1..=u64::from(self.words.accounts.len())).map(AccountId)
    }
}

/// Does the command ask for something that can be refused? A book begins with a digit as a refusal does.
fn is_an_order(command: &str) -> bool {
    !["book", "order", "check", "last", "terms", "ledger", "history"]
        .iter()
        .any(|word| command.starts_with(word))
}

/// What was refused has changed nothing.
fn assert_same(before: &[String], after: &[String]) {
    for (before, after) in before.iter().zip(after) {
        assert_eq!(before, after, "it was refused, or did nothing, and yet this has changed");
    }
    assert_eq!(
        before.len(),
        after.len(),
        "it was refused, or did nothing, and yet something has come or gone"
    );
}

/// 1, 2, 3 ... over all sequencers, so that a script names orders alike however many there are.
struct CountingIds(u64);

impl OrderIds for CountingIds {
    fn next(&mut self) -> OrderId {
        self.0 += 1;
        OrderId(self.0)
    }
}
