//! The proof that a state that was loaded is one: what stands in two places is the same in both.

use std::collections::BTreeMap;

use crate::codec::{encoded, ensure};
use crate::matcher::Matcher;
use crate::message::TransferOffer;
use crate::sequencer::Sequencer;
use crate::shards::shard_of_account;
use crate::types::{AccountId, Amount, AssetId, SignedAmount};

/// Do shards at rest agree with each other? Every open order is in its book as its sequencer knows it, and the other
/// way round; what is frozen for transfers is what is under way; requests that run will be answered; and of every
/// asset there is what was deposited and not withdrawn. Walks everything.
///
/// # Errors
/// What does not agree.
pub fn check(
    sequencers: &[Sequencer],
    matchers: &[Matcher],
    offers: &[TransferOffer],
) -> Result<(), &'static str> {
    check_orders(sequencers, matchers)?;
    check_offers(sequencers, offers)?;
    check_answers(sequencers, offers)?;
    check_money(sequencers, matchers)
}

fn check_orders(sequencers: &[Sequencer], matchers: &[Matcher]) -> Result<(), &'static str> {
    let find =
        |account: AccountId, order| sequencers[shard_of_account(account, sequencers.len())].open_order(order);
    let mut in_books = 0;
    for matcher in matchers {
        in_books += matcher.check_against(&find)?;
    }
    let open: usize = sequencers.iter().map(Sequencer::open_orders_count).sum();
    ensure(open == in_books, "an open order that is in no book")?;
    let listings = |sequencer: &Sequencer| {
        let mut listings = Vec::new();
        sequencer.listing_parts(&mut |symbol, bytes| listings.push((symbol, bytes.to_vec())));
        listings
    };
    let [first, others @ ..] = sequencers else { return Err("no shard of accounts") };
    let known = listings(first);
    ensure(others.iter().all(|other| listings(other) == known), "shards that know different symbols")?;
    let mut markets: Vec<_> = matchers.iter().flat_map(Matcher::listed).collect();
    markets.sort_unstable_by_key(|market| market.0);
    ensure(markets.len() == known.len(), "a symbol without a market, or a market without a symbol")?;
    for ((symbol, spec, rules), (listed, bytes)) in markets.into_iter().zip(known) {
        // What is left of a symbol that was removed knows no rules any more.
        let same = match rules {
            Some(rules) => encoded(&(spec, rules)) == bytes,
            None => bytes.starts_with(&encoded(&spec)),
        };
        ensure(symbol == listed && same, "a market whose rules are not its symbol's")?;
    }
    Ok(())
}

fn check_offers(sequencers: &[Sequencer], offers: &[TransferOffer]) -> Result<(), &'static str> {
    let mut under_way: BTreeMap<(AccountId, AssetId), Amount> = BTreeMap::new();
    for offer in offers {
        let sum = under_way.entry((offer.from, offer.asset)).or_default();
        *sum = sum.checked_add(offer.amount).ok_or("more is under way than there can be")?;
    }
    let frozen: BTreeMap<_, _> = sequencers.iter().flat_map(Sequencer::under_way).collect();
    ensure(frozen == under_way, "what is frozen for transfers is not what is under way")
}

fn check_answers(sequencers: &[Sequencer], offers: &[TransferOffer]) -> Result<(), &'static str> {
    for (shard, sequencer) in (0..).zip(sequencers) {
        let mine = offers.iter().filter(|offer| shard_of_account(offer.from, sequencers.len()) == shard);
        let mut waiting: Vec<_> = mine.map(|offer| offer.to_reply).collect();
        waiting.extend(sequencer.mass_cancels_answer());
        sequencer.check_awaited(&waiting)?;
    }
    Ok(())
}

/// available + frozen + accrued = deposited - withdrawn; what accounts got from fees is what is missing at markets.
fn check_money(sequencers: &[Sequencer], matchers: &[Matcher]) -> Result<(), &'static str> {
    const TOO_MUCH: &str = "more money than there can be";
    let signed = |amount: Amount| i128::try_from(amount.0).map_err(|_| TOO_MUCH);
    let mut owned: BTreeMap<AssetId, i128> = BTreeMap::new();
    let mut fees: BTreeMap<AssetId, i128> = BTreeMap::new();
    let mut moved: BTreeMap<AssetId, i128> = BTreeMap::new();
    let add = |sums: &mut BTreeMap<AssetId, i128>, asset, amount: i128| {
        let sum = sums.entry(asset).or_default();
        *sum = sum.checked_add(amount).ok_or(TOO_MUCH)?;
        Ok::<(), &'static str>(())
    };
    for sequencer in sequencers {
        sequencer.add_balances(&mut owned)?;
        for (asset, lifetime) in sequencer.lifetimes() {
            add(&mut owned, asset, signed(lifetime.withdrawn)?)?;
            add(&mut owned, asset, -signed(lifetime.deposited)?)?;
            add(&mut fees, asset, lifetime.fees.0)?;
            let (came, went) = (signed(lifetime.transferred_in)?, signed(lifetime.transferred_out)?);
            add(&mut moved, asset, came)?;
            add(&mut moved, asset, -went)?;
        }
    }
    for (asset, SignedAmount(accrued)) in matchers.iter().flat_map(Matcher::all_accrued) {
        add(&mut owned, asset, accrued)?;
        add(&mut fees, asset, accrued)?;
    }
    ensure(moved.into_values().all(|sum| sum == 0), "a transfer that left and never came")?;
    ensure(owned.into_values().all(|sum| sum == 0), "money that came from nowhere, or went there")?;
    ensure(fees.into_values().all(|sum| sum == 0), "fees that nobody paid, or that nobody got")
}
