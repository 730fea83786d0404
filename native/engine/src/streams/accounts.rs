//! What has happened to watched accounts lately: a bounded ring for each, and one for all of them.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use lightning_core::index::IdHasher;
use lightning_core::types::{AccountId, Lsn};

use crate::streams::tap::Lost;
use crate::streams::{AccountStart, BalanceUpdate, ExecutionReport};

/// What is remembered of one account.
pub(crate) const OF_ONE_MAX: usize = 8_192;
/// What is remembered of all.
pub(crate) const OF_ALL_MAX: usize = 65_536;
/// What is forgotten is remembered by blocks: which records it was of.
const BLOCK: u64 = 1_024;
/// So many blocks; older ones are one.
const BLOCKS_MAX: usize = 256;

/// What happened.
#[derive(Clone, Debug)]
pub(crate) enum Entry {
    /// All of the account.
    Start(Arc<AccountStart>),
    /// Something became of an order.
    Execution(Arc<ExecutionReport>),
    /// A balance.
    Balance(BalanceUpdate),
    /// Something was lost here.
    Lost(Lost),
}

impl Entry {
    fn records(&self) -> Lost {
        let one = |lsn| Lost { from: lsn, to: lsn };
        match self {
            Self::Start(start) => one(start.seq),
            Self::Execution(report) => one(report.seq),
            Self::Balance(balance) => one(balance.seq),
            Self::Lost(lost) => *lost,
        }
    }
}

/// The last that happened, each with a number.
#[derive(Debug)]
pub(crate) struct Ring {
    entries: VecDeque<Entry>,
    /// The number of the first entry.
    first: u64,
    most: usize,
    /// What is forgotten: up to which number, and of which records. Ascending.
    forgotten: VecDeque<(u64, Lost)>,
    /// Subscriptions.
    watchers: usize,
    /// The record that it begins behind; none before it has begun.
    since: Option<Lsn>,
}

impl Ring {
    fn new(most: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            first: 0,
            most,
            forgotten: VecDeque::new(),
            watchers: 0,
            since: None,
        }
    }

    /// The number of the next entry.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    /// The record that it begins behind.
    pub(crate) fn since(&self) -> Option<Lsn> {
        self.since
    }

    /// The entries from a number on.
    ///
    /// # Errors
    /// Some of them are forgotten: the records that those were of, and the number of the first one that is not.
    pub(crate) fn from(
        &self,
        number: u64,
    ) -> Result<std::collections::vec_deque::Iter<'_, Entry>, (Lost, u64)> {
        if number >= self.first {
            let skip = usize::try_from(number - self.first).unwrap_or(usize::MAX).min(self.entries.len());
            return Ok(self.entries.range(skip..));
        }
        let missed = self.forgotten.iter().filter(|&&(end, _)| end > number).map(|&(_, lost)| lost);
        let missed = missed.reduce(|a, b| a.and(Some(b)));
        Err((missed.expect("the last block ends where the entries begin"), self.first))
    }

    /// The number of the first entry of a record or a later one.
    pub(crate) fn number_of(&self, record: Lsn) -> u64 {
        let at = self.entries.iter().position(|entry| entry.records().to >= record);
        self.first + at.unwrap_or(self.entries.len()) as u64
    }

    /// The records of what is forgotten, if any of it is of this record or a later one.
    pub(crate) fn forgotten_since(&self, record: Lsn) -> Option<Lost> {
        let lost = self.forgotten.iter().map(|&(_, lost)| lost).filter(|lost| lost.to >= record);
        lost.reduce(|a, b| a.and(Some(b)))
    }

    fn push(&mut self, entry: Entry) {
        if self.entries.len() == self.most
            && let Some(oldest) = self.entries.pop_front()
        {
            self.forget(&oldest);
        }
        self.entries.push_back(entry);
    }

    fn forget(&mut self, entry: &Entry) {
        let records = entry.records();
        self.first += 1;
        match self.forgotten.back_mut() {
            Some((end, lost)) if !self.first.is_multiple_of(BLOCK) => {
                (*end, *lost) = (self.first, records.and(Some(*lost)));
            }
            _ => self.forgotten.push_back((self.first, records)),
        }
        if self.forgotten.len() > BLOCKS_MAX
            && let Some((_, oldest)) = self.forgotten.pop_front()
            && let Some((_, next)) = self.forgotten.front_mut()
        {
            *next = next.and(Some(oldest));
        }
    }
}

/// All rings.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    rings: HashMap<AccountId, Ring, BuildHasherDefault<IdHasher>>,
    all: Option<Ring>,
}

impl Accounts {
    /// Somebody watches one account, or all. True if nobody did.
    pub(crate) fn watch(&mut self, account: Option<AccountId>) -> bool {
        let ring = match account {
            Some(account) => self.rings.entry(account).or_insert_with(|| Ring::new(OF_ONE_MAX)),
            None => self.all.get_or_insert_with(|| Ring::new(OF_ALL_MAX)),
        };
        ring.watchers += 1;
        ring.watchers == 1
    }

    /// Somebody does not any more. True if nobody does.
    pub(crate) fn unwatch(&mut self, account: Option<AccountId>) -> bool {
        let Some(ring) = self.ring_mut(account) else { return false };
        ring.watchers -= 1;
        let is_last = ring.watchers == 0;
        if is_last {
            match account {
                Some(account) => _ = self.rings.remove(&account),
                None => self.all = None,
            }
        }
        is_last
    }

    /// The accounts that are watched each for itself.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.rings.keys().copied()
    }

    /// One account's, or the one of all.
    pub(crate) fn ring(&self, account: Option<AccountId>) -> Option<&Ring> {
        match account {
            Some(account) => self.rings.get(&account),
            None => self.all.as_ref(),
        }
    }

    fn ring_mut(&mut self, account: Option<AccountId>) -> Option<&mut Ring> {
        match account {
            Some(account) => self.rings.get_mut(&account),
            None => self.all.as_mut(),
        }
    }

    /// Something happened.
    pub(crate) fn push(&mut self, account: AccountId, entry: Entry) {
        if let Some(all) = &mut self.all {
            all.since.get_or_insert(entry.records().from);
            if !matches!(entry, Entry::Start(_)) {
                all.push(entry.clone());
            }
        }
        if let Some(ring) = self.rings.get_mut(&account) {
            if let Entry::Start(start) = &entry {
                ring.since.get_or_insert(start.seq);
            }
            // What is ahead of the first start is in it.
            if ring.since.is_some() {
                ring.push(entry);
            }
        }
    }

    /// News of some accounts were lost.
    pub(crate) fn lose(&mut self, lost: Lost, is_of: impl Fn(AccountId) -> bool) {
        if let Some(all) = &mut self.all {
            all.push(Entry::Lost(lost));
        }
        for (&account, ring) in &mut self.rings {
            if is_of(account) && ring.since.is_some() {
                ring.push(Entry::Lost(lost));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use lightning_core::message::Balance;
    use lightning_core::types::{AssetId, Timestamp};

    use super::*;

    fn balance(account: u64, seq: u64) -> Entry {
        Entry::Balance(BalanceUpdate {
            account: AccountId(account),
            seq: Lsn(seq),
            at: Timestamp(1),
            asset: AssetId(0),
            balance: Balance::default(),
        })
    }

    #[test]
    fn what_is_forgotten_is_known_by_its_records() {
        let mut accounts = Accounts::default();
        assert!(accounts.watch(None));
        // Two shards whose records come two at a time in the wrong order.
        for n in 0..OF_ALL_MAX as u64 + 5_000 {
            accounts.push(AccountId(1), balance(1, 100 + (n ^ 1)));
        }
        let ring = accounts.ring(None).unwrap();
        assert!(ring.from(5_000).is_ok());
        let (lost, first) = ring.from(4_999).unwrap_err();
        assert_eq!(first, 5_000);
        assert!(lost.from <= Lsn(100 + 4_998) && lost.to == Lsn(100 + 4_999), "{lost:?}");
        // No more than a block too much.
        assert!(lost.from.0 + BLOCK >= 100 + 4_998, "{lost:?}");
        assert_eq!(ring.forgotten_since(Lsn(100 + 5_000)), None);
        assert_eq!(ring.number_of(Lsn(100 + 6_000)), 6_000);
        assert!(accounts.unwatch(None) && accounts.ring(None).is_none());
    }

    #[test]
    fn an_account_is_known_from_its_start_on() {
        let mut accounts = Accounts::default();
        let account = AccountId(7);
        assert!(accounts.watch(Some(account)) && !accounts.watch(Some(account)));
        accounts.push(account, balance(7, 3));
        assert_eq!(accounts.ring(Some(account)).unwrap().end(), 0);
        let start = AccountStart { account, seq: Lsn(5), at: Timestamp(1), balances: vec![], orders: vec![] };
        accounts.push(account, Entry::Start(Arc::new(start)));
        accounts.push(account, balance(7, 6));
        accounts.push(AccountId(8), balance(8, 7));
        let ring = accounts.ring(Some(account)).unwrap();
        assert_eq!((ring.end(), ring.since()), (2, Some(Lsn(5))));
        assert!(!accounts.unwatch(Some(account)) && accounts.unwatch(Some(account)));
    }
}
