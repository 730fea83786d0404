//! Snapshots that nobody saved: refused, or states that agree with themselves and are saved as what they were loaded
//! from. Never a panic.

use lightning_core::fold::{Fold, Malformed, Shards};
use lightning_core::log::Context;
use lightning_core::message::ToSequencer;
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::shards::{shard_of_account, shard_of_symbol};

use crate::bytes::{Sections, TRADES_KEPT, assert_same_sections, load, parts, save};
use crate::journal::{Journal, SHARDS};
use crate::world::{LIMITS, Throws, World};

/// A small xorshift.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap()
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[3]
    }
}

/// A journal of some length, cut off anywhere, and what it leads to.
fn state(random: &mut Random) -> (Journal, Fold) {
    let steps: Vec<Throws> = (0..20 + random.below(250))
        .map(|_| std::array::from_fn(|_| u16::from_le_bytes([random.byte(), random.byte()])))
        .collect();
    let mut journal = World::play(&steps).journal;
    journal.0.truncate(1 + random.below(journal.0.len()));
    let fold = journal.fold(SHARDS[random.below(3)], LIMITS);
    (journal, fold)
}

/// Loads what somebody wrote. What is loaded must hold together in every way.
fn survives(sections: &Sections, counts: Shards, journal: &Journal) -> bool {
    let loaded = match load(sections, counts, LIMITS) {
        Ok(loaded) => loaded,
        Err(Malformed { at, .. }) => {
            assert!(sections.iter().any(|(_, bytes)| at <= bytes.len()) || at == 0);
            return false;
        }
    };
    loaded.check();
    let _ = parts(&loaded);
    assert_same_sections("saved again", sections, &save(&loaded));
    close_everything(loaded, journal.clone());
    true
}

/// What was begun is finished, and every book canceled: every order is closed, every reservation given back.
fn close_everything(mut fold: Fold, mut journal: Journal) {
    // Its own numbers go on behind the last record, however many there are here.
    let (last, now) = fold.last();
    let missing = usize::try_from(last.0).unwrap().checked_sub(journal.0.len());
    let Some(0) = missing else { return };
    fold.resume(now, &mut journal);
    let mut folded = fold.into_shards();
    for symbol in journal.symbols() {
        let shard = shard_of_symbol(symbol, folded.matchers.len());
        let (mut out, mut quiet) = (MatcherOutbox::default(), SequencerOutbox::default());
        let mut ctx = Context { now, log: &mut journal };
        folded.matchers[shard].cancel_book(symbol, &mut ctx, &mut out);
        for message in out.to_sequencer {
            let ToSequencer::Settle(settlement) = &message else { panic!("not a settlement: {message:?}") };
            let shard = shard_of_account(settlement.account, folded.sequencers.len());
            folded.sequencers[shard].handle_settlement(message, &mut ctx, &mut quiet);
        }
    }
    folded.sequencers.iter().for_each(|sequencer| sequencer.check_invariants());
    folded.matchers.iter().for_each(|matcher| matcher.check_invariants());
}

/// Changes a section here and there; sometimes so that it still says something.
fn spoil(bytes: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    for _ in 0..=random.below(2) {
        let at = random.below(bytes.len());
        match random.below(9) {
            0 if !bytes.is_empty() => bytes[at] = random.byte(),
            1 if !bytes.is_empty() => bytes[at] ^= 1 << random.below(8),
            2 | 3 if !bytes.is_empty() => {
                bytes[at] = bytes[at].wrapping_add(if random.below(2) == 0 { 1 } else { 255 })
            }
            4 if bytes.len() >= at + 8 => bytes[at..at + 8].fill(u8::MAX),
            5 => bytes.insert(at, random.byte()),
            6 if !bytes.is_empty() => drop(bytes.remove(at)),
            7 if !bytes.is_empty() => bytes[at] = 0,
            _ => {
                let from = random.below(other.len()).min(other.len());
                let length = random.below(40).min(other.len() - from);
                let until = (at + length).min(bytes.len());
                bytes.splice(at..until, other[from..from + length].iter().copied());
            }
        }
    }
}

#[test]
fn no_spoiled_snapshot_is_believed_or_halts() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..40 {
        let (journal, fold) = state(&mut random);
        let saved = save(&fold);
        assert!(survives(&saved, SHARDS[1], &journal), "nothing is spoiled");
        for _ in 0..500 {
            let mut spoiled = saved.clone();
            let section = random.below(saved.len());
            let other = saved[random.below(saved.len())].1.clone();
            spoil(&mut spoiled[section].1, &other, &mut random);
            if survives(&spoiled, SHARDS[random.below(3)], &journal) {
                taken += 1;
            } else {
                refused += 1;
            }
        }
    }
    assert!(taken > 200 && refused > 10_000, "{taken} taken, {refused} refused: nothing is proven");
}

#[test]
fn no_part_of_a_snapshot_is_taken_for_the_whole() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..4 {
        let (_, fold) = state(&mut random);
        let saved = save(&fold);
        for section in 0..saved.len() {
            let mut cut = saved.clone();
            let whole = cut[section].1.len();
            // All of them at the ends, some of them between.
            let lengths = (0..whole).filter(|length| *length < 40 || whole - length < 40 || length % 29 == 0);
            for length in lengths.collect::<Vec<_>>() {
                cut[section].1.truncate(0);
                cut[section].1.extend_from_slice(&saved[section].1[..length]);
                assert!(load(&cut, SHARDS[0], LIMITS).is_err(), "{length} bytes of {}", saved[section].0);
            }
            let mut longer = saved.clone();
            longer[section].1.push(0);
            assert!(load(&longer, SHARDS[0], LIMITS).is_err(), "a byte behind {}", saved[section].0);
            let mut newer = saved.clone();
            newer[section].1[0] += 1;
            assert!(load(&newer, SHARDS[0], LIMITS).is_err(), "another layout of {}", saved[section].0);
            let mut missing = saved.clone();
            missing.remove(section);
            let is_old = saved[section].0 == "candles"; // Then they are made of the trades.
            assert_eq!(load(&missing, SHARDS[0], LIMITS).is_ok(), is_old, "without {}", saved[section].0);
            let mut twice = saved.clone();
            twice.push(saved[section].clone());
            assert!(load(&twice, SHARDS[0], LIMITS).is_err(), "{} twice", saved[section].0);
        }
        let mut unknown = saved.clone();
        unknown.push(("something".to_owned(), vec![1]));
        assert!(load(&unknown, SHARDS[0], LIMITS).is_err(), "a section that nobody knows");
    }
}

#[test]
fn two_snapshots_do_not_make_a_third() {
    // Each is sound by itself: only what they say of each other gives them away.
    let mut random = Random(0x0dd0_15ea_5eed_1e55);
    let mut mixed = 0;
    for _ in 0..150 {
        let (journal, fold) = state(&mut random);
        let mut earlier = journal.clone();
        earlier.0.truncate(1 + random.below(journal.0.len()));
        let (now, before) = (save(&fold), save(&earlier.fold(SHARDS[0], LIMITS)));
        for section in 0..now.len() {
            let mut mix = now.clone();
            mix[section] = before[section].clone();
            let what_is_remembered =
                ["requests", "closed_orders", "ledger_entries", "operator", "engine", "trades", "candles"];
            let may_differ = what_is_remembered.contains(&mix[section].0.as_str());
            if mix == now || may_differ {
                survives(&mix, SHARDS[2], &journal);
            } else if let Ok(loaded) = load(&mix, SHARDS[2], LIMITS) {
                // What no other part of the state shows: a transfer that is over, a digest, a term, the rules of a symbol
                // that was removed.
                loaded.check();
                let quiet = ["mass_cancels", "markets", "totals", "accounts", "listings"];
                assert!(quiet.contains(&mix[section].0.as_str()), "{} of before", mix[section].0);
            } else {
                mixed += 1;
            }
        }
    }
    assert!(mixed > 100, "only {mixed} were found out");
}

#[test]
fn a_snapshot_loads_with_less_room_than_it_was_saved_with() {
    let mut random = Random(0x5555_1234_9876_0001);
    let (_, fold) = state(&mut random);
    let limits =
        lightning_core::sequencer::SequencerLimits { closed_orders_max: 3, ledger_entries_max: 0, ..LIMITS };
    let loaded = Fold::load(&save(&fold), SHARDS[1], limits, 2).unwrap();
    loaded.check();
    assert_eq!(parts(&loaded), parts(&fold));
    let again = save(&loaded);
    assert!(Fold::load(&again, SHARDS[0], LIMITS, TRADES_KEPT).is_ok());
}
