//! A map from an id to a value that can't be iterated, and so can't leak an order that depends on hashing.

#![expect(clippy::disallowed_types, reason = "the one place; it offers no iteration")]

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Looks values up by a 64-bit id. Deterministic: same operations, same results, no iteration to observe.
#[derive(Debug)]
pub struct IdIndex<V> {
    map: HashMap<u64, V, BuildHasherDefault<IdHasher>>,
}

impl<V> Default for IdIndex<V> {
    fn default() -> Self {
        Self { map: HashMap::default() }
    }
}

impl<V> IdIndex<V> {
    /// The value of `id`.
    #[must_use]
    pub fn get(&self, id: u64) -> Option<&V> {
        self.map.get(&id)
    }

    /// The value of `id`, to be changed.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut V> {
        self.map.get_mut(&id)
    }

    /// Sets the value of `id`, which must have none.
    pub fn insert(&mut self, id: u64, value: V) {
        let before = self.map.insert(id, value);
        assert!(before.is_none(), "id {id} is in the index already");
    }

    /// Takes the value of `id` out.
    pub fn remove(&mut self, id: u64) -> Option<V> {
        self.map.remove(&id)
    }

    /// How many ids have a value.
    #[must_use]
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// True for none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.map.is_empty()
    }
}

/// Spreads an id over 64 bits: the two halves of its product with an odd constant, folded.
///
/// Account ids are the caller's own. Ids with a common step, or with the same low or high bits, meet no more often
/// than random ones do; without the fold they would, because a product's low bits know nothing of a factor's high
/// ones.
#[derive(Debug, Default)]
pub struct IdHasher(u64);

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only u64 keys are hashed");
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a product")]
    fn write_u64(&mut self, id: u64) {
        let product = u128::from(id ^ 0x2545_f491_4f6c_dd1d) * u128::from(GOLDEN);
        self.0 = (product >> 64) as u64 ^ product as u64;
    }
}

/// Finds the slot of a slab by the id that the slab keeps there: 6 to 9 bytes an id where there are a million, up to
/// 32 where there are few.
///
/// Open addressing with one small number a bucket: a slot, and the low byte of the bucket that its id belongs to (its
/// home). Nothing is ever further than 255 buckets from home, so the byte says which bucket that is: a probe reads the
/// slab only for ids of the same home, and a removal closes its gap without reading ids at all. No tombstones: what
/// is removed leaves no trace, and a table that was large enough once stays so.
///
/// The caller hands in how to read a slot's id. Meant for ids that the engine issues; should many of some others want
/// the same home, the table changes its multiplier.
#[derive(Debug)]
pub(crate) enum SlotIndex {
    /// Slots of 24 bits: up to 16 M of them.
    Narrow(Table<u32>),
    /// Slots of 32 bits, once there was one that needed them.
    Wide(Table<u64>),
}

impl Default for SlotIndex {
    fn default() -> Self {
        Self::Narrow(Table::default())
    }
}

impl SlotIndex {
    /// How many ids it knows.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Narrow(table) => table.len,
            Self::Wide(table) => table.len,
        }
    }

    /// The slot of `id`.
    #[inline(always)]
    pub(crate) fn get(&self, id: u64, id_at: impl Fn(u32) -> u64) -> Option<u32> {
        match self {
            Self::Narrow(table) => table.find(id, id_at).map(|(_, slot)| slot),
            Self::Wide(table) => table.find(id, id_at).map(|(_, slot)| slot),
        }
    }

    /// Remembers the slot of `id`, which must be unknown.
    #[inline(always)]
    pub(crate) fn insert(&mut self, id: u64, slot: u32, id_at: impl Fn(u32) -> u64) {
        if let Self::Narrow(table) = self
            && slot >= u32::MAX >> TAG_BITS
        {
            *self = Self::Wide(table.widened(&id_at));
        }
        match self {
            Self::Narrow(table) => table.insert(id, slot, id_at),
            Self::Wide(table) => table.insert(id, slot, id_at),
        }
    }

    /// Forgets `id`, and says where it was.
    #[inline(always)]
    pub(crate) fn remove(&mut self, id: u64, id_at: impl Fn(u32) -> u64) -> Option<u32> {
        match self {
            Self::Narrow(table) => table.remove(id, id_at),
            Self::Wide(table) => table.remove(id, id_at),
        }
    }

    /// Makes room for so many ids in all.
    pub(crate) fn reserve(&mut self, ids: usize, id_at: impl Fn(u32) -> u64) {
        match self {
            Self::Narrow(table) => table.reserve(ids, id_at),
            Self::Wide(table) => table.reserve(ids, id_at),
        }
    }

    /// Memory of its buckets.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Narrow(table) => size_of_val(&*table.buckets),
            Self::Wide(table) => size_of_val(&*table.buckets),
        }
    }
}

const TAG_BITS: u32 = 8;
/// Nothing is so far from home: the byte counts modulo it.
const REACH: usize = 1 << TAG_BITS;
const HOMES_MIN: usize = 64;
/// Up to here, a quarter of the buckets may be taken: a walk that nearly always ends at home is one that the processor
/// guesses right, which makes the whole book a seventh faster than with a half; with an eighth it is 4 % more.
const HOMES_SPARSE_MAX: usize = 1 << 14;
/// Up to here, a half: a table that is not in the cache should be small. (With a quarter, 200,000 orders are 10 % slower.)
/// Beyond, two thirds.
const HOMES_HALF_MAX: usize = 1 << 20;

/// A slot and its home's low byte, or nothing.
pub(crate) trait Bucket: Copy {
    const EMPTY: Self;
    fn new(slot: u32, home: usize) -> Self;
    fn is_empty(self) -> bool;
    /// Home's low byte.
    fn tag(self) -> usize;
    fn slot(self) -> u32;
}

macro_rules! bucket {
    ($word:ty) => {
        impl Bucket for $word {
            const EMPTY: Self = 0;

            #[inline(always)]
            #[expect(clippy::cast_possible_truncation, reason = "a byte")]
            fn new(slot: u32, home: usize) -> Self {
                ((<$word>::from(slot) + 1) << TAG_BITS) | <$word>::from(home as u8)
            }

            #[inline(always)]
            fn is_empty(self) -> bool {
                self == Self::EMPTY
            }

            #[inline(always)]
            #[expect(clippy::cast_possible_truncation, reason = "a byte")]
            fn tag(self) -> usize {
                usize::from(self as u8)
            }

            #[inline(always)]
            #[allow(clippy::cast_possible_truncation, reason = "a slot has 32 bits, whatever the word")]
            fn slot(self) -> u32 {
                ((self >> TAG_BITS) - 1) as u32
            }
        }
    };
}

bucket!(u32);
bucket!(u64);

#[derive(Debug)]
pub(crate) struct Table<W> {
    /// Homes, and [`REACH`] more: so nothing wraps around, and the last one is always empty.
    buckets: Box<[W]>,
    homes: usize,
    len: usize,
    /// As many ids as it takes.
    room: usize,
    /// Odd.
    multiplier: u64,
}

impl<W: Bucket> Default for Table<W> {
    fn default() -> Self {
        Self { buckets: Box::default(), homes: 0, len: 0, room: 0, multiplier: GOLDEN }
    }
}

impl<W: Bucket> Table<W> {
    fn new(homes: usize, multiplier: u64) -> Self {
        assert!(u32::try_from(homes).is_ok(), "{homes} buckets");
        let buckets = vec![W::EMPTY; homes + REACH].into_boxed_slice();
        Self { buckets, homes, len: 0, room: room(homes), multiplier }
    }

    /// Where `id` belongs: ids that follow each other are spread evenly.
    #[inline(always)]
    fn home(&self, id: u64) -> usize {
        let spread = id.wrapping_mul(self.multiplier) >> 32;
        (spread.wrapping_mul(self.homes as u64) >> 32) as usize
    }

    #[inline(always)]
    fn find(&self, id: u64, id_at: impl Fn(u32) -> u64) -> Option<(usize, u32)> {
        if self.buckets.is_empty() {
            return None;
        }
        let home = self.home(id);
        for (at, &bucket) in self.buckets[home..].iter().enumerate() {
            if bucket.is_empty() {
                return None;
            }
            if bucket.tag() == home % REACH && id_at(bucket.slot()) == id {
                return Some((home + at, bucket.slot()));
            }
        }
        unreachable!("the last bucket is empty");
    }

    #[inline(always)]
    fn insert(&mut self, id: u64, slot: u32, id_at: impl Fn(u32) -> u64) {
        if self.len == self.room {
            self.rebuild(larger(self.homes), &id_at);
        }
        while !self.try_insert(id, slot, &id_at) {
            self.spread_out(&id_at);
        }
        self.len += 1;
    }

    /// False if all places near home are taken.
    #[inline(always)]
    fn try_insert(&mut self, id: u64, slot: u32, id_at: impl Fn(u32) -> u64) -> bool {
        let home = self.home(id);
        for bucket in &mut self.buckets[home..home + REACH - 1] {
            if bucket.is_empty() {
                *bucket = W::new(slot, home);
                return true;
            }
            let is_known = bucket.tag() == home % REACH && id_at(bucket.slot()) == id;
            assert!(!is_known, "id {id} is in the index already");
        }
        false
    }

    #[inline(always)]
    fn remove(&mut self, id: u64, id_at: impl Fn(u32) -> u64) -> Option<u32> {
        let (mut gap, slot) = self.find(id, id_at)?;
        self.len -= 1;
        let mut at = gap + 1;
        while !self.buckets[at].is_empty() {
            // May it stand in the gap, or would that be before its home?
            let from_home = at.wrapping_sub(self.buckets[at].tag()) % REACH;
            if from_home >= at - gap {
                self.buckets[gap] = self.buckets[at];
                gap = at;
            }
            at += 1;
        }
        self.buckets[gap] = W::EMPTY;
        Some(slot)
    }

    #[cold]
    #[inline(never)]
    fn reserve(&mut self, ids: usize, id_at: impl Fn(u32) -> u64) {
        let mut homes = self.homes;
        while room(homes) < ids {
            homes = larger(homes);
        }
        if homes > self.homes {
            self.rebuild(homes, &id_at);
        }
    }

    /// Too many ids want to be in one place. Where a table is not even half as full as it may be, that is not its size's
    /// fault.
    #[cold]
    #[inline(never)]
    fn spread_out(&mut self, id_at: &impl Fn(u32) -> u64) {
        let is_crowded = self.len > self.room / 2;
        if !is_crowded {
            self.multiplier = another(self.multiplier);
        }
        self.rebuild(if is_crowded { larger(self.homes) } else { self.homes }, id_at);
    }

    #[cold]
    #[inline(never)]
    fn rebuild(&mut self, mut homes: usize, id_at: &impl Fn(u32) -> u64) {
        loop {
            let mut table = Self::new(homes, self.multiplier);
            if table.copy(&self.buckets, id_at) {
                *self = table;
                return;
            }
            // Ids that lie together though there is room have been chosen, or are bad luck: they are scattered
            // otherwise. More room would go on for ever.
            if self.len > room(homes) / 2 {
                homes = larger(homes);
            } else {
                self.multiplier = another(self.multiplier);
            }
        }
    }

    /// Takes over what is in these buckets. False if it does not fit near home.
    fn copy(&mut self, from: &[impl Bucket], id_at: &impl Fn(u32) -> u64) -> bool {
        from.iter().filter(|bucket| !bucket.is_empty()).all(|bucket| {
            self.len += 1;
            self.try_insert(id_at(bucket.slot()), bucket.slot(), id_at)
        })
    }
}

impl Table<u32> {
    #[cold]
    #[inline(never)]
    fn widened(&self, id_at: &impl Fn(u32) -> u64) -> Table<u64> {
        let mut wide = Table::new(self.homes.max(HOMES_MIN), self.multiplier);
        assert!(wide.copy(&self.buckets, id_at), "the same ids in as many buckets");
        wide
    }
}

/// Another odd number to scatter ids with.
fn another(multiplier: u64) -> u64 {
    multiplier.wrapping_mul(0xd134_2543_de82_ef95) ^ 0x5851_f42d_4c95_7f2c
}

/// How many ids so many homes are for.
fn room(homes: usize) -> usize {
    if homes <= HOMES_SPARSE_MAX {
        homes / 4
    } else if homes <= HOMES_HALF_MAX {
        homes / 2
    } else {
        homes / 3 * 2
    }
}

/// One step up: twice as many, and where that is much, by a half or a third.
fn larger(homes: usize) -> usize {
    match homes {
        0 => HOMES_MIN,
        _ if homes < HOMES_HALF_MAX => homes * 2,
        _ if homes.is_power_of_two() => homes / 2 * 3,
        _ => homes / 3 * 4,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn finds_what_was_put_in() {
        let mut index = IdIndex::default();
        for id in (0..10_000).map(|n| n * 64) {
            index.insert(id, id + 1);
        }
        assert_eq!(index.len(), 10_000);
        assert_eq!(index.get(640), Some(&641));
        assert_eq!(index.remove(640), Some(641));
        assert_eq!(index.get(640), None);
        assert!(!index.is_empty());
    }

    #[test]
    #[should_panic(expected = "in the index already")]
    fn refuses_to_forget_a_value() {
        let mut index = IdIndex::default();
        index.insert(1, ());
        index.insert(1, ());
    }

    /// Ids as hosts name their accounts, and worse: by what does a table of 2^16 buckets tell them apart?
    #[test]
    fn no_way_to_count_makes_ids_collide() {
        const BITS: u32 = 16;
        let inverse = {
            // Modulo 2^64, by Newton: its multiples are what a plain product maps to 1, 2, 3 ...
            let mut inverse = GOLDEN;
            for _ in 0..6 {
                inverse = inverse.wrapping_mul(2_u64.wrapping_sub(GOLDEN.wrapping_mul(inverse)));
            }
            assert_eq!(inverse.wrapping_mul(GOLDEN), 1);
            inverse
        };
        type Way = Box<dyn Fn(u64) -> u64>;
        let mut ways: Vec<Way> = Vec::new();
        ways.extend((0..37).map(|shift| Box::new(move |n| n << shift) as Way));
        ways.extend([3, 10, 100, 1_000, 1_000_003].map(|step: u64| Box::new(move |n| n * step) as Way));
        ways.push(Box::new(move |n: u64| n.wrapping_mul(inverse)));
        for (number, way) in ways.iter().enumerate() {
            for top in [false, true] {
                let mut counts = vec![0_u32; 1 << BITS];
                for n in 1..1 << BITS {
                    let mut hasher = IdHasher::default();
                    hasher.write_u64(way(n));
                    let hash = hasher.finish();
                    let bucket = if top { hash >> (64 - BITS) } else { hash % (1 << BITS) };
                    counts[usize::try_from(bucket).unwrap()] += 1;
                }
                // At random: 8 or 9.
                let most = counts.iter().max().unwrap();
                assert!(*most <= 24, "way {number}: up to {most} in a bucket");
            }
        }
    }

    /// A slab that is as large as it likes: a slot's id is a function of the slot and of how often it was used.
    struct Pair {
        index: SlotIndex,
        model: BTreeMap<u64, u32>,
        ids: BTreeMap<u32, u64>,
    }

    impl Pair {
        fn new() -> Self {
            Self { index: SlotIndex::default(), model: BTreeMap::new(), ids: BTreeMap::new() }
        }

        fn insert(&mut self, id: u64, slot: u32) {
            self.model.insert(id, slot);
            self.ids.insert(slot, id);
            self.index.insert(id, slot, |slot| self.ids[&slot]);
        }

        fn remove(&mut self, id: u64) {
            let was = self.index.remove(id, |slot| self.ids[&slot]);
            assert_eq!(was, self.model.remove(&id));
            if let Some(slot) = was {
                self.ids.remove(&slot);
            }
        }

        fn check(&self, id: u64) {
            assert_eq!(self.index.get(id, |slot| self.ids[&slot]), self.model.get(&id).copied(), "id {id}");
            assert_eq!(self.index.len(), self.model.len());
        }

        fn check_all(&self) {
            self.model.keys().for_each(|&id| self.check(id));
        }
    }

    /// A small xorshift: the core has no random source, and a test wants its own seed.
    fn random(state: &mut u64) -> u64 {
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        *state
    }

    /// Churn with ids of one kind, slots from `first_slot` on.
    fn churn(first_slot: u32, steps: usize, most: usize, mut id: impl FnMut(&mut u64) -> u64) -> Pair {
        let (mut pair, mut state) = (Pair::new(), 0x2545_f491_4f6c_dd1d);
        let (mut free, mut open): (Vec<u32>, Vec<u64>) = (Vec::new(), Vec::new());
        let mut next = first_slot;
        for step in 0..steps {
            let grows = (step / most).is_multiple_of(2);
            if open.len() < most && (open.is_empty() || random(&mut state) % 8 < if grows { 6 } else { 3 }) {
                let id = id(&mut state);
                if pair.model.contains_key(&id) {
                    continue;
                }
                let slot = free.pop().unwrap_or_else(|| {
                    next += 1;
                    next - 1
                });
                pair.insert(id, slot);
                open.push(id);
            } else {
                let at = usize::try_from(random(&mut state)).unwrap() % open.len();
                let id = open.swap_remove(at);
                free.push(pair.model[&id]);
                pair.remove(id);
                pair.check(id);
            }
            if let Some(&id) = open.last() {
                pair.check(id);
            }
            pair.check(random(&mut state) >> 11);
            if step % 4_096 == 0 {
                pair.check_all();
            }
        }
        pair.check_all();
        pair
    }

    #[test]
    fn slots_are_found_through_any_churn() {
        churn(0, 60_000, 3_000, |state| random(state) >> 11);
        let mut last = 0;
        churn(0, 60_000, 3_000, |_| {
            last += 1;
            last
        });
        let mut last = 0;
        churn(0, 60_000, 3_000, |_| {
            last += 4_096;
            last
        });
        // So few that the table is never larger than the reach.
        churn(0, 20_000, 30, |state| random(state) % 64);
    }

    #[test]
    fn more_than_16_million_slots_are_found_too() {
        // From narrow to wide in the middle of a run: 2^24 - 1 does not fit beside a byte any more.
        let first = (1 << 24) - 1_000;
        let pair = churn(first, 60_000, 3_000, |state| random(state) >> 11);
        assert!(matches!(pair.index, SlotIndex::Wide(_)));
        let pair = churn(u32::MAX - 4_000, 60_000, 3_000, |state| random(state) >> 11);
        assert!(matches!(pair.index, SlotIndex::Wide(_)));
        let pair = churn(0, 60_000, 3_000, |state| random(state) >> 11);
        assert!(matches!(pair.index, SlotIndex::Narrow(_)));
    }

    #[test]
    fn ids_that_want_the_same_place_find_one() {
        // A plain product with the first multiplier maps these to nearly the same number.
        let mut inverse = GOLDEN;
        for _ in 0..6 {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(GOLDEN.wrapping_mul(inverse)));
        }
        let mut pair = Pair::new();
        for n in 0..3_000_u32 {
            pair.insert(inverse.wrapping_mul(u64::from(n)), n);
        }
        pair.check_all();
        let SlotIndex::Narrow(table) = &pair.index else { panic!("few slots") };
        assert!(table.multiplier != GOLDEN && table.homes <= 16_384, "{} homes", table.homes);
        for n in (0..3_000_u32).rev() {
            pair.remove(inverse.wrapping_mul(u64::from(n)));
        }
        assert_eq!(pair.index.len(), 0);
        let SlotIndex::Narrow(table) = &pair.index else { panic!("few slots") };
        assert!(table.buckets.iter().all(|bucket| bucket.is_empty()), "what is removed leaves no trace");
    }

    /// A table that is moved to another multiplier has ids that were chosen for that one, too.
    #[test]
    fn ids_chosen_for_two_multipliers_cost_no_memory() {
        let inverse_of = |multiplier: u64| {
            let mut inverse = multiplier;
            for _ in 0..6 {
                inverse = inverse.wrapping_mul(2_u64.wrapping_sub(multiplier.wrapping_mul(inverse)));
            }
            inverse
        };
        let mut pair = Pair::new();
        let mut slot = 0;
        // Spread under the first, the ids of the second go in before the others crowd that one.
        for multiplier in [another(GOLDEN), GOLDEN] {
            let inverse = inverse_of(multiplier);
            // All with the same 32 bits that say where their home is.
            let ids = (0_u64..).map(|n| inverse.wrapping_mul(n)).filter(|id| (1..1 << 53).contains(id));
            for id in ids.take(400) {
                pair.insert(id, slot);
                slot += 1;
            }
        }
        pair.check_all();
        let SlotIndex::Narrow(table) = &pair.index else { panic!("few slots") };
        assert!(table.homes <= 16_384, "{} homes for 800 ids", table.homes);
    }

    #[test]
    fn what_was_reserved_is_there() {
        let mut pair = Pair::new();
        pair.insert(1, 0);
        pair.index.reserve(100_000, |slot| pair.ids[&slot]);
        let before = pair.index.bytes();
        for n in 1..100_000_u32 {
            pair.insert(u64::from(n) + 1, n);
        }
        assert_eq!(pair.index.bytes(), before);
        pair.check_all();
    }

    #[test]
    fn a_million_slots_take_little_room() {
        let mut index = SlotIndex::default();
        for slot in 0..1_000_000_u32 {
            index.insert(u64::from(slot) * 3, slot, |slot| u64::from(slot) * 3);
        }
        assert!(index.bytes() <= 8_000_000, "{} bytes", index.bytes());
    }

    #[test]
    #[should_panic(expected = "in the index already")]
    fn an_id_has_one_slot() {
        let mut pair = Pair::new();
        pair.insert(7, 0);
        pair.index.insert(7, 1, |_| 7);
    }
}
