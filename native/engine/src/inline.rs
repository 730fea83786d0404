//! All shards in the caller's thread: the same state machines, no hand-off.
//!
//! A command runs to its end, settlements and all, before the next one starts, so the same commands give the
//! same fills, balances and order ids whatever the shard counts. For backtests, tests, and the lowest latency
//! one core can give one caller. Nobody wakes up by itself here: what is due (an order's expiry, a timer) is
//! done before whatever is asked next.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use lightning_core::log::Context;
use lightning_core::matcher::Matcher;
use lightning_core::message::{Command, Reply, ToMatcher, ToSequencer};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::sequencer::Sequencer;
use lightning_core::types::{AccountId, Lsn, OrderId, SymbolId, Ticket, Timestamp};

use crate::clock::Clock;
use crate::journal::{Journal, LeasedOrderIds};
use crate::market_data::BookView;
use crate::matcher_thread::{Feeds, part_of_totals};
use crate::mischief::{Mischief, ShardMischief};
use crate::router::{shard_of_account, shard_of_symbol};
use crate::streams::{AccountItem, Hub, Rung, tell_all};
use crate::threaded::{ORDER_ID_BLOCK, Shards};

/// The shards and what a thread would own besides.
pub(crate) struct Inline {
    sequencers: Vec<Sequencer>,
    matchers: Vec<Matcher>,
    /// Of each matcher.
    feeds: Vec<Feeds>,
    journal: Journal,
    order_ids: LeasedOrderIds,
    clock: Clock,
    /// The time of what is asked now.
    now: Timestamp,
    sequencer_out: SequencerOutbox,
    matcher_out: MatcherOutbox,
    admitted: Vec<ToMatcher>,
    settlements: VecDeque<ToSequencer>,
    mischief: ShardMischief,
    streams: Arc<Hub>,
    /// What is to be told of accounts, with the trades it is made of.
    news: Vec<AccountItem>,
    /// Orders that are looked ahead to; kept for its memory.
    ahead: Vec<OrderId>,
}

impl Inline {
    pub(crate) fn new(
        shards: Shards,
        leased: &Arc<AtomicU64>,
        (journal, clock, streams): (&Journal, &Clock, &Arc<Hub>),
        mischief: Mischief,
    ) -> Self {
        Self {
            sequencers: shards.sequencers,
            matchers: shards.matchers,
            feeds: shards.feeds,
            journal: journal.clone(),
            // One for all sequencers, so that ids do not depend on how many there are.
            order_ids: LeasedOrderIds::new(leased.clone(), ORDER_ID_BLOCK, journal.clone(), clock.clone()),
            clock: clock.clone(),
            now: Timestamp(0),
            sequencer_out: SequencerOutbox::default(),
            matcher_out: MatcherOutbox::default(),
            admitted: Vec::new(),
            settlements: VecDeque::new(),
            mischief: mischief.sequencer(0),
            streams: streams.clone(),
            news: Vec::new(),
            ahead: Vec::new(),
        }
    }

    /// Something is about to be asked, or a batch of commands: all of that is at one time.
    pub(crate) fn begin(&mut self) {
        self.now = self.clock.now();
    }

    /// Forgets what was under way when an invariant broke, so that nothing of it is ever handled twice.
    pub(crate) fn abandon(&mut self) {
        self.sequencer_out = SequencerOutbox::default();
        self.matcher_out = MatcherOutbox::default();
        self.admitted.clear();
        self.settlements.clear();
        self.news.clear();
    }

    /// Are there so many open orders that looking ahead is worth it?
    pub(crate) fn has_many_orders(&self) -> bool {
        self.sequencers.iter().any(Sequencer::has_many_orders)
    }

    /// These orders, each with its account, are about to be canceled or changed: reads what that will need, so that memory
    /// is waited for once and not once for each. Nothing else comes of it, whatever the numbers are.
    pub(crate) fn look_ahead(&mut self, orders: impl Iterator<Item = (u64, u64)> + Clone) {
        let Self { sequencers, matchers, ahead, .. } = self;
        for (shard, sequencer) in sequencers.iter().enumerate() {
            let own =
                |&(account, _): &(u64, u64)| shard_of_account(AccountId(account), sequencers.len()) == shard;
            ahead.clear();
            ahead.extend(orders.clone().filter(own).map(|(_, order)| OrderId(order)));
            sequencer.look_ahead_to_change(ahead, |symbol, order| {
                matchers[shard_of_symbol(symbol, matchers.len())].look_ahead_to(symbol, order);
            });
        }
    }

    /// Runs one command to its end. `answered` gets what is answered, where it lies.
    pub(crate) fn run(
        &mut self,
        sequencer: usize,
        command: Command,
        answered: &mut impl FnMut(&mut Vec<Reply>),
    ) {
        self.mischief.step();
        let now = self.now;
        self.run_due(now);
        let mut ctx = Context { now, log: &mut self.journal };
        self.sequencers[sequencer].handle(command, &mut ctx, &mut self.order_ids, &mut self.sequencer_out);
        self.propagate(now);
        answered(&mut self.sequencer_out.replies);
        answered(&mut self.matcher_out.replies);
    }

    /// Every matcher's part of the totals.
    pub(crate) fn totals(&self, ticket: Ticket) -> Vec<Reply> {
        let (now, gate) = (self.now, self.journal.last());
        self.matchers.iter().map(|matcher| part_of_totals(matcher, ticket, now, gate)).collect()
    }

    /// Counts what rests in all books. (Threads count after each batch; here that would be after each command.)
    pub(crate) fn count_orders(&mut self) {
        for (feeds, matcher) in self.feeds.iter_mut().zip(&self.matchers) {
            feeds.count_orders(matcher);
        }
    }

    /// Does what is due by now: what every shard of its own would wake up for.
    pub(crate) fn tick(&mut self) {
        self.run_due(self.now);
    }

    /// When something is due next.
    pub(crate) fn next_deadline(&self) -> Option<Timestamp> {
        let timers = self.sequencers.iter().filter_map(Sequencer::next_deadline);
        timers.chain(self.matchers.iter().filter_map(Matcher::next_deadline)).min()
    }

    /// Expiries first, then timers: the order in which a matcher meets them, whoever comes first.
    fn run_due(&mut self, now: Timestamp) {
        if self.next_deadline().is_none_or(|deadline| deadline > now) {
            return;
        }
        for shard in 0..self.matchers.len() {
            let mut ctx = Context { now, log: &mut self.journal };
            self.matchers[shard].tick(&mut ctx, &mut self.matcher_out);
            self.publish(shard);
            self.propagate(now);
        }
        for shard in 0..self.sequencers.len() {
            let mut ctx = Context { now, log: &mut self.journal };
            self.sequencers[shard].tick(&mut ctx, &mut self.sequencer_out);
            self.propagate(now);
        }
    }

    /// Publishes what a matcher did. Books are read where they are, so that only those who are told need them published.
    fn publish(&mut self, shard: usize) {
        let Self { matchers, feeds, matcher_out, streams, news, sequencer_out, .. } = self;
        publish(&matchers[shard], &mut feeds[shard], matcher_out, streams, (news, sequencer_out));
    }

    /// Carries messages between the shards until there are none, and tells what became of accounts.
    fn propagate(&mut self, now: Timestamp) {
        self.carry(now);
        let Self { streams, news, sequencer_out, .. } = self;
        if !(news.is_empty() && sequencer_out.account_news.is_empty()) {
            tell_all(news, &mut sequencer_out.account_news);
            streams.tell_accounts(0, news);
        }
    }

    /// Messages are handled where they lie.
    fn carry(&mut self, now: Timestamp) {
        let Self {
            sequencers,
            matchers,
            feeds,
            journal,
            sequencer_out,
            matcher_out,
            admitted,
            settlements,
            streams,
            news,
            ..
        } = self;
        let mut next = 0;
        loop {
            let mut ctx = Context { now, log: journal };
            for message in &mut matcher_out.to_sequencer {
                let shard = shard_of_account(message.account(), sequencers.len());
                sequencers[shard].handle_settlement_in_place(message, &mut ctx, sequencer_out);
            }
            matcher_out.to_sequencer.clear();
            settlements.extend(sequencer_out.to_sequencer.drain(..));
            if let Some(message) = settlements.pop_front() {
                let shard = shard_of_account(message.account(), sequencers.len());
                sequencers[shard].handle_settlement(message, &mut ctx, sequencer_out);
                continue;
            }
            if next == admitted.len() {
                admitted.clear();
                next = 0;
                std::mem::swap(admitted, &mut sequencer_out.to_matcher);
            } else {
                admitted.append(&mut sequencer_out.to_matcher);
            }
            let Some(message) = admitted.get_mut(next) else { return };
            next += 1;
            let shard = shard_of_symbol(message.symbol(), matchers.len());
            matchers[shard].handle_in_place(message, &mut ctx, matcher_out);
            publish(&matchers[shard], &mut feeds[shard], matcher_out, streams, (news, sequencer_out));
        }
    }

    /// Does something on one matcher and carries its effects to their ends.
    pub(crate) fn on_matcher<R>(
        &mut self,
        shard: usize,
        run: impl FnOnce(&mut Matcher, &mut Feeds, &mut Context<'_>, &mut MatcherOutbox) -> R,
    ) -> R {
        let now = self.now;
        self.run_due(now);
        let mut ctx = Context { now, log: &mut self.journal };
        let result = run(&mut self.matchers[shard], &mut self.feeds[shard], &mut ctx, &mut self.matcher_out);
        self.publish(shard);
        self.propagate(now);
        result
    }

    /// Does something on every sequencer and carries its effects to their ends.
    pub(crate) fn on_sequencers<R>(
        &mut self,
        run: impl Fn(&mut Sequencer, &mut Context<'_>, &mut SequencerOutbox) -> R,
    ) -> Vec<R> {
        let now = self.now;
        self.run_due(now);
        let results = (0..self.sequencers.len())
            .map(|shard| {
                let mut ctx = Context { now, log: &mut self.journal };
                run(&mut self.sequencers[shard], &mut ctx, &mut self.sequencer_out)
            })
            .collect();
        self.propagate(now);
        results
    }

    /// A book is to be told, all of it first, or no longer.
    pub(crate) fn watch_book(&mut self, shard: usize, symbol: SymbolId, on: bool) {
        self.matchers[shard].watch(symbol, on, &mut self.matcher_out);
        self.streams.tell_books(0, &mut self.matcher_out.book_news, Rung::NOTHING, Lsn(0));
    }

    /// A book's top is to be found where it is published.
    pub(crate) fn publish_book(&mut self, shard: usize, symbol: SymbolId) {
        self.feeds[shard].publish_book(&self.matchers[shard], symbol);
    }

    /// An account, or all of a sequencer's, are to be told, all of it first, or no longer.
    pub(crate) fn watch_account(&mut self, shard: usize, account: Option<AccountId>, on: bool) {
        let now = self.clock.now();
        self.sequencers[shard].watch(account, on, now, &mut self.sequencer_out);
        tell_all(&mut self.news, &mut self.sequencer_out.account_news);
        self.streams.tell_accounts(0, &mut self.news);
    }

    /// A book, straight from its matcher.
    pub(crate) fn book(&mut self, symbol: SymbolId, levels: usize) -> BookView {
        self.tick();
        let shard = shard_of_symbol(symbol, self.matchers.len());
        BookView::of(self.matchers[shard].market(symbol).expect("a symbol of this engine"), levels)
    }
}

/// Trades, and where somebody is told of them, books and what happened to them.
fn publish(
    matcher: &Matcher,
    feeds: &mut Feeds,
    out: &mut MatcherOutbox,
    streams: &Hub,
    (news, sequencer_out): (&mut Vec<AccountItem>, &mut SequencerOutbox),
) {
    if !streams.may_be_watched() {
        feeds.publish(matcher, out, false, |_| ());
        out.book_news.clear(); // What nobody watches any more.
        return;
    }
    if let Some(trades) = streams.trades_for_accounts(&out.trades) {
        tell_all(news, &mut sequencer_out.account_news);
        news.push(AccountItem::Trades(trades));
    }
    let about = Rung::of(!out.changed.is_empty(), !out.trades.is_empty());
    let shown = feeds.publish(matcher, out, true, |_| ());
    streams.tell_books(0, &mut out.book_news, about, shown);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use lightning_core::message::{OrderAfter, Settlement, ToSequencer};
    use lightning_core::types::{AccountId, Amount, Lsn, OrderId, Quantity, SignedAmount, Timestamp};
    use lightning_journal::storage::memory::FakeDisk;

    use crate::config::Options;
    use crate::{Driver, Engine, Mischief, Opening};

    /// What an invariant broke on is not handled once more when the engine is closed.
    #[test]
    fn what_was_under_way_when_it_broke_is_forgotten() {
        let options = Options { inline: true, segment_bytes: Some(1 << 20), ..Options::default() };
        let engine = Engine::open_with(Opening {
            options,
            wake: Box::new(|| {}),
            storage: Some(Arc::new(FakeDisk::new())),
            progress: &mut |_| {},
            mischief: Mischief::default(),
        })
        .unwrap();
        let Driver::Inline(inline) = &engine.driver else { panic!("an inline engine") };
        let nobodys = Settlement {
            cause: Lsn(1),
            at: Timestamp(0),
            account: AccountId(1),
            order: OrderId(1),
            filled: Quantity::ZERO,
            notional: Amount::ZERO,
            fee: SignedAmount::ZERO,
            released: Amount::ZERO,
            prevented: Quantity::ZERO,
            after: OrderAfter::Open,
        };
        let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            engine.on_inline(inline, |inline| {
                inline.matcher_out.to_sequencer.push(ToSequencer::Settle(nobodys));
                inline.propagate(Timestamp(0));
            });
        }));
        assert!(broken.is_err(), "nobody has this order");
        assert!(engine.close().is_ok());
    }
}
