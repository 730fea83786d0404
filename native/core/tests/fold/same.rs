//! Everything that can be asked of shards, as text: shards at rest that are equal say the same, however many there
//! are of them.
//!
//! Left out is what may differ: cursors, lines of zeros, how much of a rate limit is left, the figures and the time
//! of an answer that was given while settlements were on their way.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::ops::ControlFlow;

use lightning_core::book::OrderBook;
use lightning_core::fold::{Fold, FoldedShards};
use lightning_core::log::{Context, Log, OrderIds, Record};
use lightning_core::matcher::Matcher;
use lightning_core::message::{AssetTotals, Command, LedgerKind, OrderPage, Outcome, Request, RequestId};
use lightning_core::outbox::SequencerOutbox;
use lightning_core::reject::Code;
use lightning_core::sequencer::Sequencer;
use lightning_core::shards::{shard_of_account, shard_of_symbol};
use lightning_core::state::Totals;
use lightning_core::types::{AccountId, AssetId, Lsn, OrderId, Side, Ticket, Timestamp};

use super::journal::Journal;

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scope {
    /// Are all closed orders and ledger entries remembered? If some are forgotten, which ones depends on the shards.
    pub(crate) histories: bool,
}

/// The shards of somebody.
pub(crate) struct Shards<'a, B> {
    pub(crate) sequencers: &'a mut [Sequencer],
    pub(crate) matchers: &'a [Matcher<B>],
}

/// Panics where two descriptions differ.
pub(crate) fn assert_same(what: &str, expected: &BTreeMap<String, String>, found: &BTreeMap<String, String>) {
    for (key, expected) in expected {
        let found = found.get(key).map_or("nothing", String::as_str);
        assert_eq!(expected, found, "{what}: {key}");
    }
    for (key, found) in found {
        assert!(expected.contains_key(key), "{what}: {key} is {found} and should not be there");
    }
}

/// A fold's description. It is of no more use to anybody after it, but for its shards.
pub(crate) fn describe_fold(
    fold: Fold,
    journal: &Journal,
    scope: Scope,
) -> (BTreeMap<String, String>, FoldedShards) {
    let mut folded = fold.into_shards();
    let shards = Shards { sequencers: &mut folded.sequencers, matchers: &folded.matchers };
    (describe(shards, journal, scope), folded)
}

/// All that shards can be asked, about what a journal names.
pub(crate) fn describe<B: OrderBook>(
    mut shards: Shards<'_, B>,
    journal: &Journal,
    scope: Scope,
) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for account in journal.accounts() {
        shards.describe_account(account, scope, &mut all);
    }
    for (account, id) in journal.request_ids() {
        let outcome = shards.recall(account, id);
        all.insert(format!("answer {account} {id:?}"), outcome);
    }
    for symbol in journal.symbols() {
        let matcher = &shards.matchers[shard_of_symbol(symbol, shards.matchers.len())];
        let Some(market) = matcher.market(symbol) else {
            all.insert(format!("market {symbol}"), "removed".to_owned());
            continue;
        };
        let mut text = format!(
            "{:?} {:?} pending {} last {:?} seq {} at {} horizon {} accrued {:?}",
            market.spec(),
            market.rules(),
            market.pending(),
            market.last_price(),
            market.seq(),
            market.changed_at(),
            market.horizon(),
            market.accrued(),
        );
        for side in [Side::Buy, Side::Sell] {
            market.book().for_each_order(side, |order| {
                write!(text, "\n  {order:?}").expect("a string takes all");
                ControlFlow::Continue(())
            });
        }
        all.insert(format!("market {symbol}"), text);
    }
    all.insert("totals".to_owned(), shards.totals());
    let expiry = shards.matchers.iter().filter_map(Matcher::next_deadline).min();
    let timer = shards.sequencers.iter().filter_map(Sequencer::next_deadline).min();
    all.insert("deadlines".to_owned(), format!("{expiry:?} {timer:?}"));
    shards.parts(&mut all);
    for sequencer in shards.sequencers {
        sequencer.check_invariants();
    }
    for matcher in shards.matchers {
        matcher.check_invariants();
    }
    all
}

impl<B: OrderBook> Shards<'_, B> {
    fn describe_account(&mut self, account: AccountId, scope: Scope, all: &mut BTreeMap<String, String>) {
        let mut balances = match self.ask(account, Request::Balances { account }) {
            Outcome::Balances(balances) => balances,
            outcome => panic!("not balances: {outcome:?}"),
        };
        balances.retain(|(_, balance)| !balance.total().is_zero());
        all.insert(format!("balances {account}"), format!("{balances:?}"));
        let terms = self.ask(account, Request::Account { account });
        all.insert(format!("terms {account}"), format!("{terms:?}"));
        let request = Request::OpenOrders {
            account: Some(account),
            symbol: None,
            after: OrderId(0),
            limit: usize::MAX,
        };
        all.insert(format!("open {account}"), orders(self.ask(account, request)));
        if scope.histories {
            let request = Request::ClosedOrders { account, symbol: None, before: None, limit: usize::MAX };
            all.insert(format!("closed {account}"), orders(self.ask(account, request)));
            all.insert(format!("entries {account}"), self.entries(account));
        }
    }

    /// What the hash of the state is made of, byte by byte.
    fn parts(&self, all: &mut BTreeMap<String, String>) {
        let mut part = |what: String, bytes: &[u8]| {
            let again = all.insert(what, bytes.iter().map(|byte| format!("{byte:02x}")).collect());
            assert_eq!(again, None, "a part that is there twice");
        };
        let mut totals = Totals::default();
        for (shard, sequencer) in self.sequencers.iter().enumerate() {
            sequencer.account_parts(&mut |account, bytes| part(format!("part of {account}"), bytes));
            if shard == 0 {
                sequencer
                    .listing_parts(&mut |symbol, bytes| part(format!("part of listing {symbol}"), bytes));
            }
            sequencer.add_totals(&mut totals);
        }
        for matcher in self.matchers {
            matcher.market_parts(&mut |symbol, bytes| part(format!("part of market {symbol}"), bytes));
        }
        totals.parts(&mut |asset, bytes| part(format!("part of totals {asset}"), bytes));
    }

    fn entries(&mut self, account: AccountId) -> String {
        let request = Request::LedgerEntries { account, asset: None, before: None, limit: usize::MAX };
        let Outcome::LedgerEntries(mut page) = self.ask(account, request) else {
            panic!("not ledger entries");
        };
        let mut text = String::new();
        for entry in &mut page.entries {
            entry.id = 0;
            if entry.kind == LedgerKind::TransferOut {
                entry.at = Timestamp(0); // Live, when the receiver's word came.
            }
            write!(text, "\n  {entry:?}").expect("a string takes all");
        }
        text
    }

    fn recall(&mut self, account: AccountId, id: RequestId) -> String {
        match self.ask_with(account, Request::Recall { account }, Some(id)) {
            Outcome::BalanceChanged { asset, balance: _ } => format!("balance of {asset} changed"),
            Outcome::Account(mut info) => {
                info.open_orders = 0;
                format!("{info:?}")
            }
            // What was refused and is no record moves the live window on, too.
            Outcome::Rejected(reject) if reject.code == Code::RequestIdTooOld => "too old".to_owned(),
            outcome => format!("{outcome:?}"),
        }
    }

    fn totals(&mut self) -> String {
        let mut sums: BTreeMap<AssetId, AssetTotals> = BTreeMap::new();
        for sequencer in &mut *self.sequencers {
            let Outcome::Totals(lines) = ask(sequencer, Request::Totals, None) else { panic!("not totals") };
            for line in lines {
                sums.entry(line.asset).or_insert_with(|| AssetTotals::nothing_of(line.asset)).add(&line);
            }
        }
        for (asset, accrued) in self.matchers.iter().flat_map(|matcher| matcher.accrued_fees()) {
            sums.entry(asset).or_insert_with(|| AssetTotals::nothing_of(asset)).accrued += accrued;
        }
        sums.retain(|&asset, sum| *sum != AssetTotals::nothing_of(asset));
        assert!(sums.values().all(AssetTotals::holds), "what all shards add up to: {sums:?}");
        format!("{sums:?}")
    }

    fn ask(&mut self, account: AccountId, request: Request) -> Outcome {
        self.ask_with(account, request, None)
    }

    fn ask_with(&mut self, account: AccountId, request: Request, id: Option<RequestId>) -> Outcome {
        let shard = shard_of_account(account, self.sequencers.len());
        ask(&mut self.sequencers[shard], request, id)
    }
}

/// One order a line, by id: they close in another order on other shards.
fn orders(outcome: Outcome) -> String {
    let Outcome::Orders(OrderPage { mut orders, next: None, .. }) = outcome else {
        panic!("not all orders: {outcome:?}");
    };
    orders.sort_unstable_by_key(|order| order.id);
    orders.iter().map(|order| format!("\n  {order:?}")).collect()
}

/// A question, answered at once.
fn ask(sequencer: &mut Sequencer, request: Request, request_id: Option<RequestId>) -> Outcome {
    struct Closed;
    impl Log for Closed {
        fn append(&mut self, _: Timestamp, _: u64, record: &Record<'_>) -> Lsn {
            panic!("a question decides nothing: {record:?}")
        }
    }
    impl OrderIds for Closed {
        fn next(&mut self) -> OrderId {
            panic!("a question is no order")
        }
    }
    let mut out = SequencerOutbox::default();
    // At the beginning of time, so that no timer runs out for a question.
    let mut ctx = Context { now: Timestamp(0), log: &mut Closed };
    let command = Command { ticket: Ticket(0), request_id: request_id.map(Box::new), request };
    sequencer.handle(command, &mut ctx, &mut Closed, &mut out);
    out.replies.pop().expect("an answer").outcome
}
