//! Ledger entries, remembered by what caused them.
//!
//! A settlement makes up to six entries, all of which follow from six amounts. So it is remembered as one record of as
//! many words as it needs, and the entries are made of it when somebody asks: writing a record costs a line or two of
//! memory where its entries took up to nine. To who reads, entries are what they would be if each were kept: numbered
//! one by one, and forgotten one by one, the oldest first.

use std::collections::BTreeMap;

use crate::codec::{ensure, wire_struct};
use crate::ledger::AccountSlot;
use crate::message::{LedgerEntry, LedgerKind, LedgerPage};
use crate::types::{Amount, AssetId, Lsn, OrderId, SignedAmount, Timestamp};

/// One change of one balance: an entry without what can be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) cause: Lsn,
    pub(crate) at: Timestamp,
    pub(crate) order: Option<OrderId>,
    pub(crate) asset: AssetId,
    pub(crate) kind: LedgerKind,
    pub(crate) available: SignedAmount,
    pub(crate) frozen: SignedAmount,
}

/// What one settlement did to the balances of the two assets of its order. Its entries, in this order: what was frozen
/// for the order since the last one (until now its matcher could refuse it), what it traded, the fee, what it did not
/// need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    pub(crate) cause: Lsn,
    pub(crate) at: Timestamp,
    pub(crate) order: OrderId,
    /// The asset that the order gives, and the one it receives.
    pub(crate) gives: AssetId,
    pub(crate) receives: AssetId,
    /// Frozen, in atoms of what it gives.
    pub(crate) frozen: Amount,
    /// What left the reservation for trades, the fee apart.
    pub(crate) given: Amount,
    /// What trades brought, the fee apart.
    pub(crate) received: Amount,
    /// A fee (or, negative, a rebate) on what was received.
    pub(crate) fee_on_received: SignedAmount,
    /// A fee on top of what was given, or a rebate of it.
    pub(crate) fee_on_given: SignedAmount,
    /// Released from the reservation.
    pub(crate) released: Amount,
}

/// The parts of a step in the order of their entries: bits of a record's mask. Of the two of each fee, a paid one and
/// a rebate, one at most is there.
const FREEZE: u32 = 0;
const GIVEN: u32 = 1;
const RECEIVED: u32 = 2;
const FEE_ON_RECEIVED: u32 = 3;
const REBATE_ON_RECEIVED: u32 = 4;
const FEE_ON_GIVEN: u32 = 5;
const REBATE_ON_GIVEN: u32 = 6;
const UNFREEZE: u32 = 7;
const PARTS: u32 = 8;

/// Words before the amounts of a record: the number of its first entry, the place of the account's record before, its
/// account and shape, cause, time, order (zero for none), assets (or asset and kind).
const HEAD: usize = 7;
/// Words of the longest record.
const WORDS_MAX: usize = HEAD + 12;
/// A record of a single change: it has no parts, its amounts are written out.
const SINGLE: u64 = 1;
const SINGLE_WORDS: usize = HEAD + 4;

/// What one entry costs at most.
const _: () = assert!(SINGLE_WORDS * size_of::<u64>() <= 96);

/// Every kind, by its number in a record of a single change.
const KINDS: [LedgerKind; 11] = [
    LedgerKind::Deposit,
    LedgerKind::Withdrawal,
    LedgerKind::TransferIn,
    LedgerKind::TransferOut,
    LedgerKind::Hold,
    LedgerKind::Release,
    LedgerKind::Freeze,
    LedgerKind::Unfreeze,
    LedgerKind::Trade,
    LedgerKind::Fee,
    LedgerKind::FeesCollected,
];

/// The most recent changes of balances.
#[derive(Debug)]
pub(crate) struct Entries {
    records: Records,
    /// The number of the next entry.
    next: u64,
    /// So many entries are remembered.
    max: u64,
    /// By account slot: the place of its last record; zero for none.
    last: Vec<u64>,
}

/// A record while it is written.
struct Draft<'a> {
    words: &'a mut [u64; WORDS_MAX],
    len: usize,
    /// How many entries it makes.
    entries: u64,
    /// Which parts it has.
    mask: u64,
    /// Which of them take two words.
    wide: u64,
}

impl Draft<'_> {
    #[inline]
    fn word(&mut self, word: u64) {
        self.words[self.len] = word;
        self.len += 1;
    }

    /// A part, unless it is nothing.
    #[inline]
    fn part(&mut self, part: u32, amount: u128) {
        if amount != 0 {
            let (low, high) = halves(amount);
            self.entries += 1;
            self.mask |= 1 << part;
            self.word(low);
            if high != 0 {
                self.wide |= 1 << part;
                self.word(high);
            }
        }
    }
}

impl Entries {
    /// Remembers at most so many; with none it is off.
    pub(crate) fn new(max: usize) -> Self {
        Self { records: Records::default(), next: 1, max: max as u64, last: Vec::new() }
    }

    /// Is anything remembered at all?
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        self.max > 0
    }

    /// Remembers a change, unless it changes nothing.
    pub(crate) fn push(&mut self, account: AccountSlot, change: Change) {
        if !self.is_on() || (change.available.is_zero() && change.frozen.is_zero()) {
            return;
        }
        let Change { cause, at, order, asset, kind, available, frozen } = change;
        let order = order.map_or(0, |order| order.0);
        let head = [cause.0, at.0, order, pair(asset.0, kind as u32)];
        self.write(account, head, SINGLE, |draft| {
            draft.entries = 1;
            for amount in [available, frozen] {
                let (low, high) = halves(amount.0.cast_unsigned());
                draft.word(low);
                draft.word(high);
            }
        });
    }

    /// Remembers what a settlement did, unless that is nothing.
    #[inline]
    pub(crate) fn push_step(&mut self, account: AccountSlot, step: &Step) {
        if !self.is_on() {
            return;
        }
        let head = [step.cause.0, step.at.0, step.order.0, pair(step.gives.0, step.receives.0)];
        self.write(account, head, 0, |draft| {
            draft.part(FREEZE, step.frozen.0);
            if step.given.0 | step.received.0 != 0 {
                draft.part(GIVEN, step.given.0);
                draft.part(RECEIVED, step.received.0);
            }
            if step.fee_on_received.0 | step.fee_on_given.0 != 0 {
                draft.part(FEE_ON_RECEIVED, step.fee_on_received.positive().0);
                draft.part(REBATE_ON_RECEIVED, step.fee_on_received.negative().0);
                draft.part(FEE_ON_GIVEN, step.fee_on_given.positive().0);
                draft.part(REBATE_ON_GIVEN, step.fee_on_given.negative().0);
            }
            draft.part(UNFREEZE, step.released.0);
        });
    }

    /// Writes a record, numbers it, links it to its account, and forgets what is too old by now.
    #[inline(always)]
    fn write(
        &mut self,
        account: AccountSlot,
        [cause, at, order, assets]: [u64; 4],
        single: u64,
        amounts: impl FnOnce(&mut Draft<'_>),
    ) {
        let place = self.records.end;
        let words = self.records.room();
        let mut draft = Draft { words, len: HEAD, entries: 0, mask: 0, wide: 0 };
        amounts(&mut draft);
        let Draft { words, len, entries, mask, wide } = draft;
        if entries == 0 {
            return;
        }
        let slot = account.index();
        if self.last.len() <= slot {
            self.last.resize(slot + 1, 0);
        }
        words[0] = self.next;
        words[1] = std::mem::replace(&mut self.last[slot], place);
        words[2] = slot as u64 | mask << 32 | wide << 40 | single << 48 | entries << 49 | (len as u64) << 56;
        (words[3], words[4], words[5], words[6]) = (cause, at, order, assets);
        self.records.end += len as u64;
        self.next += entries;
        let first = self.first();
        loop {
            let (end, len) = self.records.extent(self.records.begin);
            if end > first {
                return;
            }
            self.records.begin += len;
        }
    }

    /// The number of the oldest entry that is remembered, or of the next one.
    #[inline]
    fn first(&self) -> u64 {
        self.next - self.max.min(self.next - 1)
    }

    /// The entries of an account with their numbers, the last first.
    fn of_account_backwards(&self, account: AccountSlot) -> Vec<(u64, Change)> {
        let (mut all, first) = (Vec::new(), self.first());
        let mut at = self.last.get(account.index()).copied().unwrap_or(0);
        while at >= self.records.begin {
            let head = self.records.head(at);
            assert!(head.account == account.index() as u64, "an account is linked to another's entries");
            let changes = self.records.changes(at).into_iter().rev();
            all.extend((head.number..head.end).rev().zip(changes));
            at = head.previous;
        }
        all.retain(|&(number, _)| number >= first);
        all
    }

    /// What is remembered of an account, the first first.
    pub(crate) fn of_account(&self, account: AccountSlot) -> Vec<Change> {
        self.of_account_backwards(account).into_iter().rev().map(|(_, change)| change).collect()
    }

    /// The account's entries, the last first, with the balances after each.
    ///
    /// Entries arrive in the order of their shards, not of the journal, so an account's are put in the order
    /// of (cause, number) here, and the balances computed backwards from `now_has`, which says what the account
    /// has by all that is decided. Walks all remembered entries of the account: a page costs that much. A
    /// cursor whose entry has been forgotten ends the listing.
    pub(crate) fn page(
        &self,
        account: AccountSlot,
        asset: Option<AssetId>,
        before: Option<u64>,
        limit: usize,
        now_has: impl Fn(AssetId) -> (SignedAmount, SignedAmount),
    ) -> LedgerPage {
        let mut changes = self.of_account_backwards(account);
        changes.retain(|(_, change)| asset.is_none_or(|asset| change.asset == asset));
        changes.sort_unstable_by_key(|(number, change)| std::cmp::Reverse((change.cause, *number)));

        let mut after: BTreeMap<AssetId, (SignedAmount, SignedAmount)> = BTreeMap::new();
        let mut page = LedgerPage::default();
        let mut reached = before.is_none();
        for (number, change) in changes {
            let balance = after.entry(change.asset).or_insert_with(|| now_has(change.asset));
            let (available, frozen) = *balance;
            *balance = (less(available, change.available), less(frozen, change.frozen));
            if !reached {
                reached = before == Some(number);
                continue;
            }
            if page.entries.len() == limit {
                page.next = page.entries.last().map(|entry| entry.id);
                break;
            }
            page.entries.push(LedgerEntry {
                id: number,
                cause: change.cause,
                at: change.at,
                asset: change.asset,
                kind: change.kind,
                order: change.order,
                available_change: change.available,
                frozen_change: change.frozen,
                available,
                frozen,
            });
        }
        page
    }

    /// Panics unless every record that is remembered is linked to its account, and numbers have no holes.
    pub(crate) fn check_invariants(&self) {
        let (mut at, mut number) = (self.records.begin, None);
        // Where each account's newest record so far is; zero is none. So every link is looked at in the order in which the
        // records lie, and not account by account, which would be a miss of the cache for each.
        let mut newest = vec![0; self.last.len()];
        let is_linked = |link: u64, to: u64| if to == 0 { link < self.records.begin } else { link == to };
        while at < self.records.end {
            let head = self.records.head(at);
            let expected = number.unwrap_or_else(|| head.number.min(self.first()));
            assert!(head.number == expected, "entries are numbered without holes");
            let account = usize::try_from(head.account).ok().and_then(|account| newest.get_mut(account));
            let before = account.expect("an entry is of an account that has any");
            assert!(is_linked(head.previous, *before), "an entry is not linked to the one before it");
            *before = at;
            number = Some(head.end);
            at += head.len;
        }
        assert_eq!((at, number.unwrap_or(self.first())), (self.records.end, self.next));
        let mut all = self.last.iter().zip(newest);
        assert!(all.all(|(&link, newest)| is_linked(link, newest)), "every entry is linked to its account");
    }
}

/// A ring of words. Places in it grow for ever; it holds those from `begin` to `end`. A record lies in one piece, and
/// may reach beyond the last place of a round.
#[derive(Debug)]
struct Records {
    /// As many as a power of two, and room for one record more; or none.
    words: Vec<u64>,
    begin: u64,
    end: u64,
}

impl Default for Records {
    fn default() -> Self {
        // Place zero is none.
        Self { words: Vec::new(), begin: 1, end: 1 }
    }
}

/// What the first words of a record say.
struct Head {
    /// Of its first entry.
    number: u64,
    /// The number behind its last entry.
    end: u64,
    previous: u64,
    account: u64,
    mask: u64,
    wide: u64,
    is_single: bool,
    /// In words.
    len: u64,
}

impl Records {
    /// Where the next record goes.
    #[inline]
    fn room(&mut self) -> &mut [u64; WORDS_MAX] {
        let needed = self.end - self.begin + WORDS_MAX as u64;
        if needed + WORDS_MAX as u64 > self.words.len() as u64 {
            self.grow(needed);
        }
        let at = self.index(self.end);
        (&mut self.words[at..at + WORDS_MAX]).try_into().expect("as many as were asked for")
    }

    #[cold]
    fn grow(&mut self, needed: u64) {
        let room = usize::try_from(needed).expect("as many words as there is memory for");
        let room = room.next_power_of_two().max(1_024) + WORDS_MAX;
        let larger = Self { words: vec![0; room], ..*self };
        let before = std::mem::replace(self, larger);
        let mut at = before.begin;
        while at < before.end {
            let len = before.head(at).len;
            let (from, to) = (before.index(at), self.index(at));
            let len = usize::try_from(len).expect("a few words");
            self.words[to..to + len].copy_from_slice(&before.words[from..from + len]);
            at += len as u64;
        }
    }

    /// Places count on from round to round.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the low bits are wanted")]
    fn index(&self, at: u64) -> usize {
        at as usize & (self.words.len() - WORDS_MAX - 1)
    }

    /// A word of the record at a place.
    #[inline]
    fn word(&self, at: u64, word: usize) -> u64 {
        self.words[self.index(at) + word]
    }

    /// The number behind a record's last entry, and its length in words.
    #[inline]
    fn extent(&self, at: u64) -> (u64, u64) {
        let (number, shape) = (self.word(at, 0), self.word(at, 2));
        (number + (shape >> 49 & 0xf), shape >> 56)
    }

    fn head(&self, at: u64) -> Head {
        let (shape, (end, len)) = (self.word(at, 2), self.extent(at));
        Head {
            number: self.word(at, 0),
            end,
            previous: self.word(at, 1),
            account: shape & 0xffff_ffff,
            mask: shape >> 32 & 0xff,
            wide: shape >> 40 & 0xff,
            is_single: shape >> 48 & 1 == SINGLE,
            len,
        }
    }

    /// The entries of a record, in their order.
    fn changes(&self, at: u64) -> Vec<Change> {
        let head = self.head(at);
        let [cause, time, order, assets] = [3, 4, 5, 6].map(|word| self.word(at, word));
        let (first, second) = unpair(assets);
        let change = |asset, kind, available, frozen| Change {
            cause: Lsn(cause),
            at: Timestamp(time),
            order: (order != 0).then_some(OrderId(order)),
            asset: AssetId(asset),
            kind,
            available,
            frozen,
        };
        let mut amounts = HEAD;
        let mut next = || {
            amounts += 1;
            self.word(at, amounts - 1)
        };
        if head.is_single {
            let [available, frozen] = [(); 2].map(|()| SignedAmount(whole(next(), next()).cast_signed()));
            return vec![change(first, KINDS[second as usize], available, frozen)];
        }
        let (none, mut changes) = (SignedAmount::ZERO, Vec::new());
        for part in (0..PARTS).filter(|part| head.mask >> part & 1 == 1) {
            let amount = Amount(whole(next(), if head.wide >> part & 1 == 1 { next() } else { 0 }));
            let (gain, loss) = (SignedAmount::paid(amount), SignedAmount::rebate(amount));
            let (asset, kind, available, frozen) = match part {
                FREEZE => (first, LedgerKind::Freeze, loss, gain),
                GIVEN => (first, LedgerKind::Trade, none, loss),
                RECEIVED => (second, LedgerKind::Trade, gain, none),
                FEE_ON_RECEIVED => (second, LedgerKind::Fee, loss, none),
                REBATE_ON_RECEIVED => (second, LedgerKind::Fee, gain, none),
                // On top of the price it comes out of the reservation; a rebate is available.
                FEE_ON_GIVEN => (first, LedgerKind::Fee, none, loss),
                REBATE_ON_GIVEN => (first, LedgerKind::Fee, gain, none),
                _ => (first, LedgerKind::Unfreeze, gain, loss),
            };
            changes.push(change(asset, kind, available, frozen));
        }
        changes
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
fn halves(amount: u128) -> (u64, u64) {
    (amount as u64, (amount >> 64) as u64)
}

fn whole(low: u64, high: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

#[inline]
fn pair(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

#[expect(clippy::cast_possible_truncation, reason = "both halves are taken")]
fn unpair(both: u64) -> (u32, u32) {
    (both as u32, (both >> 32) as u32)
}

fn less(of: SignedAmount, change: SignedAmount) -> SignedAmount {
    of + SignedAmount(-change.0)
}

wire_struct!(
    Change {
        cause: Lsn,
        at: Timestamp,
        order: Option<OrderId>,
        asset: AssetId,
        kind: LedgerKind,
        available: SignedAmount,
        frozen: SignedAmount,
    },
    |change| ensure(!(change.available.is_zero() && change.frozen.is_zero()), "an entry of no change")
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change(cause: u64, available: i128, frozen: i128) -> Change {
        Change {
            cause: Lsn(cause),
            at: Timestamp(cause),
            order: None,
            asset: AssetId(0),
            kind: LedgerKind::Deposit,
            available: SignedAmount(available),
            frozen: SignedAmount(frozen),
        }
    }

    #[test]
    fn nothing_is_remembered_where_none_may_be() {
        let mut entries = Entries::new(0);
        entries.push(AccountSlot::at(0), change(1, 5, 0));
        entries.check_invariants();
        assert!(!entries.is_on() && entries.of_account(AccountSlot::at(0)).is_empty());
    }

    #[test]
    fn a_link_that_is_wrong_is_noticed() {
        let linked = || {
            let mut entries = Entries::new(6);
            for (cause, account) in (1..12).zip([0, 1, 2].into_iter().cycle()) {
                entries.push(AccountSlot::at(account), change(cause, 5, 0));
            }
            entries.check_invariants();
            entries
        };
        let is_noticed = |spoil: &dyn Fn(&mut Entries)| {
            let mut entries = linked();
            spoil(&mut entries);
            std::panic::catch_unwind(|| entries.check_invariants()).is_err()
        };
        // The place of the word of the newest record of an account that names the one before it.
        let link = |entries: &Entries| {
            let at = entries.last[1];
            (0..entries.records.words.len()).find(|&word| {
                let mut other = Records { words: entries.records.words.clone(), ..entries.records };
                other.words[word] ^= 1;
                other.head(at).previous != entries.records.head(at).previous
            })
        };
        assert!(is_noticed(&|entries| entries.last[1] = 0), "an account without its entries");
        assert!(is_noticed(&|entries| entries.last.swap(0, 1)), "an account with another's");
        assert!(is_noticed(&|entries| entries.last[1] = entries.records.head(entries.last[1]).previous));
        for previous in [0, 1, linked().last[0], linked().last[1]] {
            let spoil = |entries: &mut Entries| {
                let word = link(entries).unwrap();
                entries.records.words[word] = previous;
            };
            assert!(is_noticed(&spoil), "linked to {previous}");
        }
        assert!(is_noticed(&|entries| entries.next += 1), "a number without an entry");
        assert!(is_noticed(&|entries| entries.max += 1), "an entry that should be remembered");
    }

    #[test]
    fn kinds_are_numbered_by_their_place() {
        for (at, &kind) in KINDS.iter().enumerate() {
            assert_eq!(kind as usize, at);
        }
    }

    #[test]
    fn entries_stand_in_the_order_of_the_journal_with_the_balances_after_each() {
        let mut entries = Entries::new(9);
        let slot = AccountSlot::at(0);
        // Two matchers: the later record's settlement came first.
        for (cause, available, frozen) in [(1, 100, 0), (5, -30, 30), (3, -10, 10), (5, 0, -30), (6, 0, 0)] {
            entries.push(slot, change(cause, available, frozen));
        }
        let page = |before, limit| {
            let now_has = |_| (SignedAmount(60), SignedAmount(10));
            let page = entries.page(slot, None, before, limit, now_has);
            let entries = page.entries.iter();
            (
                entries.map(|entry| (entry.id, entry.available.0, entry.frozen.0)).collect::<Vec<_>>(),
                page.next,
            )
        };
        assert_eq!(page(None, 9), (vec![(4, 60, 10), (2, 60, 40), (3, 90, 10), (1, 100, 0)], None));
        assert_eq!(page(None, 2), (vec![(4, 60, 10), (2, 60, 40)], Some(2)));
        assert_eq!(page(Some(2), 2), (vec![(3, 90, 10), (1, 100, 0)], None));
        assert_eq!(page(Some(77), 2), (vec![], None));
    }

    /// What is remembered one entry at a time.
    #[derive(Default)]
    struct OneByOne {
        entries: Vec<(usize, u64, Change)>,
        next: u64,
    }

    impl OneByOne {
        fn push(&mut self, max: usize, account: usize, change: Change) {
            if change.available.is_zero() && change.frozen.is_zero() {
                return;
            }
            self.next += 1;
            self.entries.push((account, self.next, change));
            if self.entries.len() > max {
                self.entries.remove(0);
            }
        }

        fn push_step(&mut self, max: usize, account: usize, step: &Step) {
            let none = SignedAmount::ZERO;
            let (gain, loss) = (SignedAmount::paid, SignedAmount::rebate);
            let mut push = |asset, kind, available, frozen| {
                let Step { cause, at, order, .. } = *step;
                let change = Change { cause, at, order: Some(order), asset, kind, available, frozen };
                self.push(max, account, change);
            };
            push(step.gives, LedgerKind::Freeze, loss(step.frozen), gain(step.frozen));
            push(step.gives, LedgerKind::Trade, none, loss(step.given));
            push(step.receives, LedgerKind::Trade, gain(step.received), none);
            push(step.receives, LedgerKind::Fee, SignedAmount(-step.fee_on_received.0), none);
            let fee = step.fee_on_given;
            push(step.gives, LedgerKind::Fee, gain(fee.negative()), loss(fee.positive()));
            push(step.gives, LedgerKind::Unfreeze, gain(step.released), loss(step.released));
        }
    }

    fn amount() -> impl Strategy<Value = u128> {
        prop_oneof![Just(0), 1..100_u128, (1_u128 << 60)..(1 << 70), Just((1 << 96) - 1)]
    }

    fn step() -> impl Strategy<Value = Step> {
        let fee = || (amount(), -1..=1_i128);
        let amounts = (amount(), amount(), amount(), amount());
        (1..9_u64, amounts, fee(), fee()).prop_map(|(number, amounts, received, given)| {
            let signed = |(amount, sign): (u128, i128)| SignedAmount(amount.cast_signed() * sign);
            Step {
                cause: Lsn(number),
                at: Timestamp(number * 7),
                order: OrderId(number * 3),
                gives: AssetId(4),
                receives: AssetId(u32::MAX),
                frozen: Amount(amounts.0),
                given: Amount(amounts.1),
                received: Amount(amounts.2),
                released: Amount(amounts.3),
                fee_on_received: signed(received),
                fee_on_given: signed(given),
            }
        })
    }

    #[derive(Clone, Debug)]
    enum Push {
        Change(Change),
        Step(Step),
    }

    fn push() -> impl Strategy<Value = (usize, Push)> {
        let single = (1..9_u64, -3..3_i128, -(1_i128 << 100)..(1 << 100))
            .prop_map(|(cause, available, frozen)| Push::Change(change(cause, available, frozen)));
        (0..3_usize, prop_oneof![1 => single, 3 => step().prop_map(Push::Step)])
    }

    proptest! {
        #[test]
        fn a_step_is_its_entries_to_whoever_asks(
            pushes in prop::collection::vec(push(), 0..300),
            max in prop_oneof![1..9_usize, Just(100), Just(10_000)],
        ) {
            let (mut entries, mut model) = (Entries::new(max), OneByOne::default());
            for (account, push) in pushes {
                match push {
                    Push::Change(change) => {
                        entries.push(AccountSlot::at(account), change);
                        model.push(max, account, change);
                    }
                    Push::Step(step) => {
                        entries.push_step(AccountSlot::at(account), &step);
                        model.push_step(max, account, &step);
                    }
                }
            }
            entries.check_invariants();
            for account in 0..4 {
                let mut found = entries.of_account_backwards(AccountSlot::at(account));
                found.reverse();
                let expected: Vec<_> =
                    model.entries.iter().filter(|entry| entry.0 == account).map(|entry| (entry.1, entry.2)).collect();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
