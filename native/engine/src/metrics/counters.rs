//! What the edge counts: commands by kind, and refusals by code.

use std::sync::atomic::{AtomicU64, Ordering};

use lightning_core::message::Request;
use lightning_core::reject::Code;

/// The kinds of commands, in the order of [`kind_of`], named as the API's methods are.
pub const KINDS: [&str; 24] = [
    "deposit",
    "withdraw",
    "transfer",
    "hold",
    "release",
    "place_order",
    "test_order",
    "place_oco",
    "cancel_order",
    "amend_order",
    "cancel_replace",
    "cancel_all",
    "cancel_all_after",
    "collect_fees",
    "configure_account",
    "recall",
    "balances",
    "account",
    "order",
    "order_by_client_id",
    "open_orders",
    "closed_orders",
    "ledger",
    "conservation",
];

/// A command's kind, as its place in [`KINDS`].
pub(crate) const fn kind_of(request: &Request) -> usize {
    match request {
        Request::Deposit { .. } => 0,
        Request::Withdraw { .. } => 1,
        Request::Transfer { .. } => 2,
        Request::Hold { .. } => 3,
        Request::Release { .. } => 4,
        Request::Place(_) => 5,
        Request::Test(_) => 6,
        Request::PlaceOco(_) => 7,
        Request::Cancel { .. } => 8,
        Request::Amend { .. } => 9,
        Request::Replace(_) => 10,
        Request::CancelAll { .. } => 11,
        Request::CancelAllAfter { .. } => 12,
        Request::CollectFees { .. } => 13,
        Request::Configure { .. } => 14,
        Request::Recall { .. } => 15,
        Request::Balances { .. } => 16,
        Request::Account { .. } => 17,
        Request::Order { .. } => 18,
        Request::OrderByClientId { .. } => 19,
        Request::OpenOrders { .. } => 20,
        Request::ClosedOrders { .. } | Request::ClosedSince { .. } => 21,
        Request::LedgerEntries { .. } => 22,
        Request::Totals => 23,
    }
}

/// One command of so many of its kind is followed from its admission to its answer.
pub(crate) const SAMPLED_ONE_OF: u64 = 16;

/// What the edge has seen. Any thread may ask an engine, so these are added to with the processor's help.
#[derive(Debug)]
pub(crate) struct Counters {
    by_kind: [AtomicU64; KINDS.len()],
    refused_at_edge: AtomicU64,
    busy: AtomicU64,
    /// By the place in [`Code::ALL`].
    refusals: Box<[AtomicU64]>,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            by_kind: [const { AtomicU64::new(0) }; KINDS.len()],
            refused_at_edge: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            refusals: Code::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Counters {
    /// A command is on its way. Is it one to be followed? The first of each kind is, and then every so-manieth.
    #[inline]
    pub(crate) fn admitted(&self, request: &Request) -> bool {
        self.by_kind[kind_of(request)].fetch_add(1, Ordering::Relaxed).is_multiple_of(SAMPLED_ONE_OF)
    }

    /// A call was refused before it was admitted.
    pub(crate) fn refused_at_edge(&self) {
        self.refused_at_edge.fetch_add(1, Ordering::Relaxed);
    }

    /// A call was refused because too much is under way. It is refused at the edge as well.
    pub(crate) fn busy(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    /// A refusal was handed out, whoever has decided it.
    pub(crate) fn refused(&self, code: Code) {
        let at = Code::ALL.binary_search(&code).expect("every code is one of them, in the order of numbers");
        self.refusals[at].fetch_add(1, Ordering::Relaxed);
    }

    /// Commands admitted.
    pub(crate) fn commands(&self) -> u64 {
        self.by_kind.iter().map(count).sum()
    }

    /// Commands admitted, by kind.
    pub(crate) fn by_kind(&self) -> [(&'static str, u64); KINDS.len()] {
        std::array::from_fn(|kind| (KINDS[kind], count(&self.by_kind[kind])))
    }

    /// Calls refused before they were admitted.
    pub(crate) fn all_refused_at_edge(&self) -> u64 {
        count(&self.refused_at_edge)
    }

    /// Of these, for want of a credit or because the disk does not keep up.
    pub(crate) fn all_busy(&self) -> u64 {
        count(&self.busy)
    }

    /// Refusals handed out, by code; codes that were never used are left out.
    pub(crate) fn refusals(&self) -> Vec<(Code, u64)> {
        let counted = Code::ALL.iter().copied().zip(self.refusals.iter().map(count));
        counted.filter(|&(_, count)| count > 0).collect()
    }
}

fn count(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use lightning_core::types::AccountId;

    use super::*;

    #[test]
    fn the_first_command_of_a_kind_is_followed_and_then_every_sixteenth() {
        let counters = Counters::default();
        let followed = (0..33).filter(|_| counters.admitted(&Request::Totals)).count();
        assert_eq!(followed, 3);
        assert!(counters.admitted(&Request::Balances { account: AccountId(1) }));
        assert_eq!(counters.commands(), 34);
        let by_kind: Vec<_> = counters.by_kind().into_iter().filter(|&(_, count)| count > 0).collect();
        assert_eq!(by_kind, [("balances", 1), ("conservation", 33)]);
    }

    #[test]
    fn every_code_has_a_counter() {
        let counters = Counters::default();
        for (times, &code) in (1..).zip(Code::ALL) {
            (0..times).for_each(|_| counters.refused(code));
        }
        let expected: Vec<_> = Code::ALL.iter().copied().zip(1..).collect();
        assert_eq!(counters.refusals(), expected);
        assert_eq!((counters.commands(), counters.all_refused_at_edge()), (0, 0));
    }
}
