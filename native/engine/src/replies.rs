//! From ticket to waiting caller: every ticket is answered once, when what it shows is durable.
//!
//! Shards push answers in batches; the caller drains all that is ready after one wake-up. An answer whose gate
//! is beyond the durable record waits here, in the order of gates; without a journal everything is durable as
//! soon as it has happened.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use lightning_core::message::{AssetTotals, OrderPage, Outcome, Reply};
use lightning_core::reject::Code;
use lightning_core::types::{AssetId, Lsn, SignedAmount, Ticket, Timestamp};

use crate::halt::Halted;
use crate::metrics::{Followed, Histogram};
use crate::refusal::Refusal;

/// One answer to one ticket.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Whose call.
    pub ticket: Ticket,
    /// The record that it shows effects up to.
    pub gate: Lsn,
    /// When it was decided.
    pub at: Timestamp,
    /// It is the answer to an earlier call of the same request id; nothing was done.
    pub duplicate: bool,
    /// Yes with a result, or no with a reason.
    pub result: Result<Outcome, Refusal>,
}

impl From<Reply> for Answer {
    #[inline(always)]
    fn from(Reply { ticket, gate, at, duplicate, outcome }: Reply) -> Self {
        Self { ticket, gate, at, duplicate, result: Ok(outcome) }
    }
}

impl Answer {
    /// Of a call that only asked for an earlier one: there was none, or not even the account.
    fn says_nothing_was_seen(&self) -> bool {
        match &self.result {
            Ok(Outcome::NotSeen) => true,
            Ok(Outcome::Rejected(reject)) => reject.code == Code::UnknownAccount && !self.duplicate,
            _ => false,
        }
    }
}

/// What a caller drains.
#[derive(Debug, Default)]
pub struct Ready {
    /// Answers, in the order in which they became ready.
    pub answers: Vec<Answer>,
    /// Set once, when the engine has halted: what is still unanswered never will be.
    pub halted: Option<Halted>,
}

/// Called when something becomes ready and nobody was told yet.
pub type Wake = Box<dyn Fn() + Send + Sync>;

pub(crate) struct Replies {
    inner: Mutex<Inner>,
    wake: Wake,
    /// A wake-up is under way: no second one until the caller has drained.
    woken: AtomicBool,
    followed: Followed,
    /// How long what waited for the gate has waited: once for all that a shard answered in one go.
    gate_waits: Histogram,
}

struct Inner {
    ready: Ready,
    gated: BTreeMap<Lsn, Vec<Answer>>,
    durable: Lsn,
    /// Questions that every shard answers a part of.
    fan_outs: HashMap<Ticket, FanOut>,
    /// What the edge would say of calls whose request id may have an answer already.
    edge_refusals: HashMap<Ticket, Refusal>,
    halted: bool,
    /// Since when shards' answers wait, and what the last of them wait for. Fewer than there are answers that wait.
    waiting: Vec<(Lsn, Instant)>,
}

struct FanOut {
    missing: usize,
    /// The latest record that a part waits for.
    until: Lsn,
    /// Orders that the whole may have; of those with the lowest ids, each part has as many.
    most: usize,
    answer: Option<Answer>,
}

impl Replies {
    /// `durable` is what needs no waiting: everything, without a journal.
    pub(crate) fn new(wake: Wake, durable: Lsn) -> Self {
        let inner = Inner {
            ready: Ready::default(),
            gated: BTreeMap::new(),
            durable,
            fan_outs: HashMap::new(),
            edge_refusals: HashMap::new(),
            halted: false,
            waiting: Vec::new(),
        };
        Self {
            inner: Mutex::new(inner),
            wake,
            woken: AtomicBool::new(false),
            followed: Followed::default(),
            gate_waits: Histogram::default(),
        }
    }

    /// Announces that a ticket will get `parts` answers, to be handed out as one, with `most` orders at most.
    pub(crate) fn expect_parts(&self, ticket: Ticket, parts: usize, most: usize) {
        let before =
            self.lock().fan_outs.insert(ticket, FanOut { missing: parts, until: Lsn(0), most, answer: None });
        assert!(before.is_none(), "{ticket:?} was used twice");
    }

    /// The edge refuses the call, unless its sequencer remembers an answer to its request id.
    pub(crate) fn refuse_unless_seen(&self, ticket: Ticket, refusal: Refusal) {
        self.lock().edge_refusals.insert(ticket, refusal);
    }

    /// The call did not even get to be asked.
    pub(crate) fn forget_edge_refusal(&self, ticket: Ticket) {
        self.lock().edge_refusals.remove(&ticket);
    }

    /// Takes over what a shard answered. None of it leaves before `shown` is safe, a record that what the shard has
    /// published may wait for: whoever has an answer finds its effects. After a halt nothing gets out any more.
    pub(crate) fn push(&self, replies: &mut Vec<Reply>, shown: Lsn) {
        if replies.is_empty() {
            return;
        }
        let mut inner = self.lock();
        if inner.lets_out(replies, shown) {
            for reply in &*replies {
                self.followed.end(reply.ticket, Instant::now);
            }
            inner.ready.answers.extend(replies.drain(..).map(Answer::from));
            return self.wake_once(inner);
        }
        let mut until = Lsn(0);
        for reply in replies.drain(..) {
            until = until.max(inner.put(Answer::from(reply), shown, &self.followed));
        }
        if until > inner.durable && !inner.halted {
            inner.waiting.push((until, Instant::now()));
        }
        self.wake_once(inner);
    }

    /// Hands over to `take` what may leave, unless something is ready that it would overtake. Takes over the rest.
    pub(crate) fn hand_over(&self, replies: &mut Vec<Reply>, take: impl FnMut(&Reply)) {
        if replies.is_empty() {
            return;
        }
        let is_free = {
            let inner = self.lock();
            inner.ready.answers.is_empty() && inner.lets_out(replies, Lsn(0))
        };
        if !is_free {
            return self.push(replies, Lsn(0));
        }
        replies.iter().for_each(|reply| self.followed.end(reply.ticket, Instant::now));
        replies.iter().for_each(take);
        replies.clear();
    }

    /// Who is followed from admission to answer.
    pub(crate) fn followed(&self) -> &Followed {
        &self.followed
    }

    /// How long answers have waited for the gate.
    pub(crate) fn gate_waits(&self) -> &Histogram {
        &self.gate_waits
    }

    /// An answer that the edge gave itself. It shows nothing, so it waits for nothing, and leaves even after a
    /// halt: a call must not stay unanswered because it was made too late.
    pub(crate) fn refuse(&self, ticket: Ticket, refusal: Refusal) {
        let mut inner = self.lock();
        inner.ready.answers.push(Answer {
            ticket,
            gate: Lsn(0),
            at: Timestamp(0),
            duplicate: false,
            result: Err(refusal),
        });
        self.wake_once(inner);
    }

    /// Records up to here can no longer be lost: what waited for them leaves.
    pub(crate) fn advance(&self, durable: Lsn) {
        let mut inner = self.lock();
        assert!(durable >= inner.durable, "what was durable stays durable");
        if inner.halted {
            return; // Whoever waits has been told that they will never know.
        }
        inner.durable = durable;
        let later = inner.gated.split_off(&Lsn(durable.0 + 1));
        let released = std::mem::replace(&mut inner.gated, later);
        let now = Instant::now();
        for answer in released.into_values().flatten() {
            self.followed.end(answer.ticket, || now);
            inner.ready.answers.push(answer);
        }
        let has_waited = |&mut (until, since): &mut (Lsn, Instant)| {
            let is_over = until <= durable;
            if is_over {
                self.gate_waits.add(now.saturating_duration_since(since));
            }
            is_over
        };
        inner.waiting.extract_if(.., has_waited).for_each(drop);
        self.wake_once(inner);
    }

    /// A broken invariant: no answer leaves any more, and the caller is told why.
    pub(crate) fn halt(&self, halted: Halted) {
        let mut inner = self.lock();
        if !inner.halted {
            inner.halted = true;
            inner.ready.halted = Some(halted);
            inner.gated.clear();
            inner.waiting.clear();
        }
        self.wake_once(inner);
    }

    /// Everything that is ready.
    pub(crate) fn drain(&self) -> Ready {
        // First, so that whatever becomes ready from here on wakes again.
        self.woken.store(false, Ordering::SeqCst);
        std::mem::take(&mut self.lock().ready)
    }

    fn wake_once(&self, inner: MutexGuard<'_, Inner>) {
        let anything = !inner.ready.answers.is_empty() || inner.ready.halted.is_some();
        drop(inner);
        // Looked at first: to exchange it costs as much whether it changes or not.
        if anything && !self.woken.load(Ordering::SeqCst) && !self.woken.swap(true, Ordering::SeqCst) {
            (self.wake)();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// May all of these leave at once, as they are? Then each is copied once, which is most of what an answer costs.
    fn lets_out(&self, replies: &[Reply], shown: Lsn) -> bool {
        !self.halted
            && self.fan_outs.is_empty()
            && self.edge_refusals.is_empty()
            && replies.iter().all(|reply| reply.gate.max(shown) <= self.durable)
    }

    /// Says what it waits for; nothing, if it waits for other parts.
    fn put(&mut self, answer: Answer, shown: Lsn, followed: &Followed) -> Lsn {
        if self.halted {
            return Lsn(0);
        }
        let mut answer = answer;
        if !self.edge_refusals.is_empty()
            && let Some(refusal) = self.edge_refusals.remove(&answer.ticket)
            && answer.says_nothing_was_seen()
        {
            answer.result = Err(refusal);
        }
        let until = answer.gate.max(shown);
        let answer = if self.fan_outs.is_empty() { Some((answer, until)) } else { self.join(answer, until) };
        let Some((answer, until)) = answer else { return Lsn(0) };
        if until <= self.durable {
            followed.end(answer.ticket, Instant::now);
            self.ready.answers.push(answer);
        } else {
            self.gated.entry(until).or_default().push(answer);
        }
        until
    }

    /// Adds a part to its question's answer; gives the whole when it was the last.
    fn join(&mut self, part: Answer, until: Lsn) -> Option<(Answer, Lsn)> {
        let ticket = part.ticket;
        let Some(fan_out) = self.fan_outs.get_mut(&ticket) else {
            return Some((part, until));
        };
        fan_out.missing -= 1;
        fan_out.until = fan_out.until.max(until);
        fan_out.answer = Some(match fan_out.answer.take() {
            None => part,
            Some(so_far) => merge(so_far, part),
        });
        if fan_out.missing > 0 {
            return None;
        }
        let FanOut { until, most, answer, .. } = self.fan_outs.remove(&ticket)?;
        let mut whole = answer?;
        if let Ok(Outcome::Orders(page)) = &mut whole.result {
            page.orders.truncate(most);
        }
        Some((whole, until))
    }
}

fn merge(a: Answer, b: Answer) -> Answer {
    let result = match (a.result, b.result) {
        (Ok(Outcome::Orders(mut page)), Ok(Outcome::Orders(more))) => {
            page.orders.extend(more.orders);
            page.orders.sort_unstable_by_key(|order| order.id);
            Ok(Outcome::Orders(OrderPage { orders: page.orders, ..OrderPage::default() }))
        }
        (Ok(Outcome::Totals(totals)), Ok(Outcome::Totals(more))) => Ok(Outcome::Totals(add(totals, more))),
        (Err(refusal), _) | (_, Err(refusal)) => Err(refusal),
        (a, b) => panic!("{a:?} and {b:?} are not parts of one answer"),
    };
    Answer { ticket: a.ticket, gate: a.gate.max(b.gate), at: a.at.max(b.at), duplicate: false, result }
}

fn add(totals: Vec<AssetTotals>, more: Vec<AssetTotals>) -> Vec<AssetTotals> {
    let mut sums: BTreeMap<_, _> = totals.into_iter().map(|line| (line.asset, line)).collect();
    for line in more {
        sums.entry(line.asset)
            .and_modify(|sum| {
                sum.deposited += line.deposited;
                sum.withdrawn += line.withdrawn;
                sum.available += line.available;
                sum.frozen += line.frozen;
                sum.reserved += line.reserved;
                sum.held += line.held;
                sum.in_transfer += line.in_transfer;
                sum.transferred_in += line.transferred_in;
                sum.transferred_out += line.transferred_out;
                sum.fees += line.fees;
                sum.accrued += line.accrued;
            })
            .or_insert(line);
    }
    sums.into_values().collect()
}

/// A matcher's part of the totals.
pub(crate) fn accrued((asset, accrued): (AssetId, SignedAmount)) -> AssetTotals {
    AssetTotals { accrued, ..AssetTotals::nothing_of(asset) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    use super::*;

    fn reply(ticket: u64, gate: u64) -> Reply {
        Reply {
            ticket: Ticket(ticket),
            gate: Lsn(gate),
            at: Timestamp(1),
            duplicate: false,
            outcome: Outcome::NotSeen,
        }
    }

    fn tickets(ready: &Ready) -> Vec<u64> {
        ready.answers.iter().map(|answer| answer.ticket.0).collect()
    }

    #[test]
    fn an_answer_leaves_when_what_it_shows_is_durable_and_not_before() {
        let replies = Replies::new(Box::new(|| {}), Lsn(0));
        replies.push(&mut vec![reply(1, 3), reply(2, 1), reply(3, 0)], Lsn(0));
        assert_eq!(tickets(&replies.drain()), [3]);
        replies.advance(Lsn(2));
        assert_eq!(tickets(&replies.drain()), [2]);
        replies.advance(Lsn(3));
        assert_eq!(tickets(&replies.drain()), [1]);
    }

    #[test]
    fn an_answer_waits_for_what_its_shard_has_published() {
        let replies = Replies::new(Box::new(|| {}), Lsn(0));
        replies.expect_parts(Ticket(2), 2, 5);
        let part = |gate| Reply { outcome: Outcome::Orders(OrderPage::default()), ..reply(2, gate) };
        replies.push(&mut vec![reply(1, 1), part(1)], Lsn(3));
        replies.push(&mut vec![part(2)], Lsn(0));
        replies.advance(Lsn(2));
        assert!(replies.drain().answers.is_empty());
        replies.advance(Lsn(3));
        let ready = replies.drain();
        assert_eq!(tickets(&ready), [1, 2]);
        assert_eq!(ready.answers[0].gate, Lsn(1), "what it says is its own record");
    }

    #[test]
    fn what_waits_when_the_engine_halts_never_leaves() {
        let replies = Replies::new(Box::new(|| {}), Lsn(0));
        replies.push(&mut vec![reply(1, 1)], Lsn(0));
        replies.halt(Halted::broken("why"));
        replies.advance(Lsn(1));
        assert!(replies.drain().answers.is_empty());
    }

    #[test]
    fn one_wake_up_serves_all_that_is_ready() {
        let wakes = Arc::new(AtomicUsize::new(0));
        let counter = wakes.clone();
        let wake = move || {
            counter.fetch_add(1, Ordering::SeqCst);
        };
        let replies = Replies::new(Box::new(wake), Lsn(u64::MAX));
        replies.push(&mut vec![reply(1, 1)], Lsn(0));
        replies.push(&mut vec![reply(2, 1)], Lsn(0));
        assert_eq!(wakes.load(Ordering::SeqCst), 1);
        assert_eq!(tickets(&replies.drain()), [1, 2]);
        replies.push(&mut vec![reply(3, 1)], Lsn(0));
        assert_eq!(wakes.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn what_is_handed_over_overtakes_nothing_and_leaves_no_sooner() {
        let replies = Replies::new(Box::new(|| panic!("who takes it is awake")), Lsn(2));
        let mut taken = Vec::new();
        let mut hand_over = |replies: &Replies, reply: Reply| {
            let mut all = vec![reply];
            replies.hand_over(&mut all, |reply| taken.push(reply.ticket.0));
            assert!(all.is_empty());
        };
        hand_over(&replies, reply(1, 2));
        hand_over(&replies, reply(2, 3)); // Not durable yet.
        assert!(replies.drain().answers.is_empty());

        let replies = Replies::new(Box::new(|| {}), Lsn(2));
        replies.refuse(Ticket(3), Refusal::new(Code::SymbolNotTrading, "halted"));
        hand_over(&replies, reply(4, 2)); // Behind the refusal.
        assert_eq!(tickets(&replies.drain()), [3, 4]);
        replies.refuse_unless_seen(Ticket(5), Refusal::new(Code::SymbolNotTrading, "halted"));
        hand_over(&replies, reply(5, 2)); // Says nothing that the edge does not.
        assert!(replies.drain().answers[0].result.is_err());
        replies.expect_parts(Ticket(6), 2, 5);
        let part = || Reply { outcome: Outcome::Orders(OrderPage::default()), ..reply(6, 2) };
        hand_over(&replies, part());
        assert!(replies.drain().answers.is_empty());
        hand_over(&replies, part());
        assert_eq!(tickets(&replies.drain()), [6]);
        replies.halt(Halted::broken("why"));
        hand_over(&replies, reply(7, 2));
        assert!(replies.drain().answers.is_empty());
        assert_eq!(taken, [1]);
    }

    #[test]
    fn parts_of_an_answer_leave_as_one() {
        let replies = Replies::new(Box::new(|| {}), Lsn(u64::MAX));
        replies.expect_parts(Ticket(1), 2, 5);
        let part = |gate| Reply { outcome: Outcome::Orders(OrderPage::default()), ..reply(1, gate) };
        replies.push(&mut vec![part(5)], Lsn(0));
        assert!(replies.drain().answers.is_empty());
        replies.push(&mut vec![part(4)], Lsn(0));
        let ready = replies.drain();
        assert_eq!(tickets(&ready), [1]);
        assert_eq!(ready.answers[0].gate, Lsn(5));
    }

    #[test]
    fn the_edges_refusal_stands_unless_the_request_id_was_seen() {
        let replies = Replies::new(Box::new(|| {}), Lsn(u64::MAX));
        let refusal = Refusal::new(Code::SymbolNotTrading, "halted");
        replies.refuse_unless_seen(Ticket(1), refusal.clone());
        replies.refuse_unless_seen(Ticket(2), refusal.clone());
        let seen = Reply { duplicate: true, outcome: Outcome::TimerSet(None), ..reply(2, 1) };
        replies.push(&mut vec![reply(1, 1), seen], Lsn(0));
        let ready = replies.drain();
        assert_eq!(ready.answers[0].result.as_ref().unwrap_err(), &refusal);
        assert!(matches!(ready.answers[1].result, Ok(Outcome::TimerSet(None))));
    }

    #[test]
    fn after_a_halt_nothing_gets_out_but_the_reason() {
        let replies = Replies::new(Box::new(|| {}), Lsn(u64::MAX));
        replies.halt(Halted::broken("shard 1: a sum is off"));
        replies.push(&mut vec![reply(1, 1)], Lsn(0));
        let ready = replies.drain();
        assert!(ready.answers.is_empty());
        replies.refuse(Ticket(2), Refusal::new(lightning_core::reject::Code::Internal, "halted"));
        assert_eq!(tickets(&replies.drain()), [2]);
        assert_eq!(ready.halted, Some(Halted::broken("shard 1: a sum is off")));
    }
}
