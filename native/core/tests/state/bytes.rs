//! A fold's bytes, to be compared.

use std::collections::BTreeMap;

use lightning_core::fold::{Fold, Malformed, Part, Shards};
use lightning_core::matcher::Matcher;
use lightning_core::sequencer::{Sequencer, SequencerLimits};
use lightning_core::state::Totals;

/// What a state's hash is made of.
pub(crate) type Parts = BTreeMap<(Part, u64), Vec<u8>>;

/// A snapshot's sections.
pub(crate) type Sections = Vec<(String, Vec<u8>)>;

pub(crate) const TRADES_KEPT: usize = 1_000;

pub(crate) fn parts(fold: &Fold) -> Parts {
    let mut all = Parts::new();
    fold.parts(&mut |part, number, bytes| {
        assert!(all.insert((part, number), bytes.to_vec()).is_none(), "two parts {part:?} {number}");
    });
    all
}

/// The parts of a live exchange at rest, from each of its shards: what its front end keeps is not theirs.
pub(crate) fn parts_of_shards(sequencers: &[Sequencer], matchers: &[Matcher]) -> Parts {
    let mut all = Parts::new();
    let mut totals = Totals::default();
    for sequencer in sequencers {
        sequencer.account_parts(&mut |account, bytes| {
            assert!(all.insert((Part::Account, account.0), bytes.to_vec()).is_none(), "two of {account:?}");
        });
        // Every shard knows the same symbols.
        sequencer.listing_parts(&mut |symbol, bytes| {
            let before = all.insert((Part::Listing, u64::from(symbol.0)), bytes.to_vec());
            assert!(before.is_none_or(|before| before == bytes), "{symbol:?} is known in two ways");
        });
        sequencer.add_totals(&mut totals);
    }
    for matcher in matchers {
        matcher.market_parts(&mut |symbol, bytes| {
            assert!(
                all.insert((Part::Market, u64::from(symbol.0)), bytes.to_vec()).is_none(),
                "two of {symbol:?}"
            );
        });
    }
    totals.parts(&mut |asset, bytes| {
        all.insert((Part::Totals, u64::from(asset.0)), bytes.to_vec());
    });
    all
}

pub(crate) fn without_the_front_end(mut parts: Parts) -> Parts {
    parts.retain(|(part, _), _| !matches!(part, Part::Operator | Part::OrderIds));
    parts
}

pub(crate) fn save(fold: &Fold) -> Sections {
    fold.save().into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}

pub(crate) fn load(sections: &Sections, counts: Shards, limits: SequencerLimits) -> Result<Fold, Malformed> {
    Fold::load(sections, counts, limits, TRADES_KEPT)
}

/// Panics where two states differ, and says in what.
pub(crate) fn assert_same_parts(what: &str, expected: &Parts, found: &Parts) {
    for (key, expected) in expected {
        let Some(found) = found.get(key) else { panic!("{what}: {key:?} is missing") };
        assert_eq!(expected, found, "{what}: {key:?}");
    }
    let more: Vec<_> = found.keys().filter(|key| !expected.contains_key(key)).collect();
    assert!(more.is_empty(), "{what}: {more:?} should not be there");
}

/// Panics where two snapshots differ, and says in what.
pub(crate) fn assert_same_sections(what: &str, expected: &Sections, found: &Sections) {
    for (expected, found) in expected.iter().zip(found) {
        assert_eq!(expected, found, "{what}: {}", expected.0);
    }
    assert_eq!(expected.len(), found.len(), "{what}");
}
