//! The state of the exchange as bytes: the parts that its hash is made of, and the sections of a snapshot.
//!
//! Neither knows anything of shards, slots, free lists or hashing: accounts stand by number, orders in their
//! order, and what can be derived is derived. So the same records lead to the same bytes on any shards, and what was
//! saved on one of them can be loaded on ten.
//!
//! | section | what it holds |
//! |---|---|
//! | `listings` | symbols and their rules, as sequencers know them |
//! | `accounts` | each account: terms, balances, open orders |
//! | `requests` | the request ids that accounts used, with their answers |
//! | `closed_orders`, `ledger_entries` | what is remembered of the past: each account's, the oldest first |
//! | `mass_cancels` | those of which parts are missing |
//! | `totals` | what was deposited, withdrawn, moved and paid in fees in all time |
//! | `markets` | symbols as their matchers know them: book, waiting orders, counters |
//!
//! A snapshot is loaded like a stranger's: whatever its bytes are, they are a state that agrees with itself, or
//! [`Malformed`]. What is not saved: the tokens of rate limits (they are full afterwards), who waits for an answer,
//! and the cursors of closed orders and ledger entries.

mod check;
mod totals;

pub use self::check::check;
pub use self::totals::Totals;

use std::collections::BTreeMap;

use crate::codec::{Decode, Encode, Input, Malformed, ensure};
use crate::history::{Change, merged};
use crate::ledger::AccountSlot;
use crate::log::OperatorKey;
use crate::matcher::{Matcher, SavedSymbol};
use crate::message::{Order, OrderKind, TransferOffer};
use crate::sequencer::{SavedAccount, SavedMassCancel, Sequencer, SequencerLimits};
use crate::shards::{shard_of_account, shard_of_symbol};
use crate::spec::SymbolSpec;
use crate::types::{AccountId, Lsn, OrderId};
use crate::window::Lanes;

/// The layout of the sections. Another one is another number, and this one is refused then: the journal is what is
/// kept for years, a snapshot only spares reading it.
const LAYOUT: u8 = 1;

/// The sections, in the order of the table.
pub(crate) const SECTIONS: [&str; 8] = [
    "listings",
    "accounts",
    "requests",
    "closed_orders",
    "ledger_entries",
    "mass_cancels",
    "totals",
    "markets",
];

/// Sections by name, as they were read.
pub(crate) struct Sections<'a>(pub(crate) &'a [(String, Vec<u8>)]);

impl<'a> Sections<'a> {
    /// Reads one section, all of it.
    ///
    /// # Errors
    /// It is missing, there twice, of another layout, or not what was written.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&mut Input<'a>) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        let mut named = self.0.iter().filter(|section| section.0 == name);
        let (Some((_, bytes)), None) = (named.next(), named.next()) else {
            return Err(Malformed { at: 0, what: "a section is missing, or there twice" });
        };
        let mut input = Input::new(bytes);
        if u8::decode(&mut input)? != LAYOUT {
            return Err(Malformed { at: 0, what: "a section of another layout" });
        }
        let value = read(&mut input)?;
        input.end()?;
        Ok(value)
    }

    /// Reads a list, whose keys ascend, and does something with each of it.
    pub(crate) fn read_each<T: Decode, K: Ord>(
        &self,
        name: &str,
        key: impl Fn(&T) -> K,
        mut each: impl FnMut(T) -> Result<(), &'static str>,
    ) -> Result<(), Malformed> {
        self.read(name, |input| {
            let mut before = None;
            for _ in 0..u32::decode(input)? {
                let at = input.at();
                let item = T::decode(input)?;
                let key = key(&item);
                let follows = before.as_ref().is_none_or(|before| *before < key);
                let taken = ensure(follows, "a list out of order").and_then(|()| each(item));
                taken.map_err(|what| Malformed { at, what })?;
                before = Some(key);
            }
            Ok(())
        })
    }
}

/// A section with one value in it.
pub(crate) fn section(value: &impl Encode) -> Vec<u8> {
    let mut bytes = vec![LAYOUT];
    value.encode(&mut bytes);
    bytes
}

/// A section with a list in it, one after the other.
pub(crate) fn list<T: Encode>(items: impl IntoIterator<Item = T>) -> Vec<u8> {
    let mut bytes = vec![LAYOUT, 0, 0, 0, 0];
    let mut count = 0_u32;
    for item in items {
        item.encode(&mut bytes);
        count = count.checked_add(1).expect("a list of fewer than 2^32");
    }
    bytes[1..5].copy_from_slice(&count.to_le_bytes());
    bytes
}

/// The state of shards at rest, section by section.
///
/// # Panics
/// A matcher owes a sequencer an answer.
#[must_use]
pub fn save(sequencers: &[Sequencer], matchers: &[Matcher]) -> Vec<(&'static str, Vec<u8>)> {
    let shards = (0..).zip(sequencers);
    let ids =
        shards.flat_map(|(shard, sequencer)| sequencer.saved_ids().map(move |(id, slot)| (id, shard, slot)));
    let mut accounts: Vec<(AccountId, usize, AccountSlot)> = ids.collect();
    accounts.sort_unstable();
    let each = || accounts.iter().map(|&(id, shard, slot)| (id, &sequencers[shard], slot));
    let listings = sequencers.first().map(Sequencer::save_listings).unwrap_or_default();
    let mut totals = Totals::default();
    sequencers.iter().for_each(|sequencer| sequencer.add_totals(&mut totals));
    let mut masses: Vec<_> = sequencers.iter().flat_map(Sequencer::save_mass_cancels).collect();
    masses.sort_unstable_by_key(SavedMassCancel::mass);
    let mut markets: Vec<_> = matchers.iter().flat_map(Matcher::save).collect();
    markets.sort_unstable_by_key(SavedSymbol::symbol);
    let closed = each().map(|(id, sequencer, slot)| (id, sequencer.closed_of(slot)));
    let entries = each().map(|(id, sequencer, slot)| (id, sequencer.entries_of(slot)));
    let lanes = each().filter_map(|(id, sequencer, slot)| Some((id, sequencer.lanes(slot)?)));
    let bytes = [
        list(listings),
        list(each().map(|(_, sequencer, slot)| sequencer.save_account(slot))),
        list(lanes),
        list(closed.filter(|(_, orders)| !orders.is_empty())),
        list(entries.filter(|(_, entries)| !entries.is_empty())),
        list(masses),
        section(&totals),
        list(markets),
    ];
    SECTIONS.into_iter().zip(bytes).collect()
}

/// Shards, as many as wanted, in the state that was saved. `last` is the last record that led to it; `offers` are the
/// transfers that were under way, which nobody here knows of.
///
/// # Errors
/// The sections are not what [`save`] writes, or are not one state.
pub(crate) fn load(
    sections: &Sections<'_>,
    (sequencers, matchers): (usize, usize),
    limits: SequencerLimits,
    last: Lsn,
    offers: &[TransferOffer],
) -> Result<(Vec<Sequencer>, Vec<Matcher>), Malformed> {
    let mut shards: Vec<Sequencer> = (0..sequencers).map(|_| Sequencer::new(limits)).collect();
    let shard_of = |account| shard_of_account(account, sequencers);
    let listings: Vec<_> = sections.read("listings", Vec::decode)?;
    let whole = |what| Malformed { at: 0, what };
    for shard in &mut shards {
        shard.load_listings(&listings, last).map_err(whole)?;
    }
    shards[0].load_totals(&sections.read("totals", Totals::decode)?);
    sections.read_each("accounts", SavedAccount::account, |saved| {
        shards[shard_of(saved.account())].load_account(saved)
    })?;
    sections.read_each("requests", account_of, |(account, lanes): (AccountId, Lanes)| {
        shards[shard_of(account)].load_lanes(account, lanes)
    })?;
    load_past(&mut shards, sections)?;
    sections.read_each("mass_cancels", SavedMassCancel::mass, |saved| {
        shards[shard_of(saved.account)].load_mass_cancel(saved)
    })?;
    for offer in offers {
        shards[shard_of(offer.from)].load_offer(offer).map_err(whole)?;
    }

    let mut books: Vec<Matcher> = (0..matchers).map(|_| Matcher::default()).collect();
    sections.read_each("markets", SavedSymbol::symbol, |saved| {
        books[shard_of_symbol(saved.symbol(), matchers)].load(saved, last)
    })?;
    check(&shards, &books, offers).map_err(whole)?;
    Ok((shards, books))
}

/// Closed orders and ledger entries: each shard's in the order of time.
fn load_past(shards: &mut [Sequencer], sections: &Sections<'_>) -> Result<(), Malformed> {
    type Past<T> = Vec<Vec<(AccountSlot, Vec<T>)>>;
    let shard_of = |account| shard_of_account(account, shards.len());
    let mut closed: Past<Order> = shards.iter().map(|_| Vec::new()).collect();
    sections.read_each("closed_orders", account_of, |(account, orders): (AccountId, Vec<Order>)| {
        ensure(!orders.is_empty(), "a past of nothing")?;
        let shard = shard_of(account);
        closed[shard].push((shards[shard].loaded(account)?, orders));
        Ok(())
    })?;
    let mut entries: Past<Change> = shards.iter().map(|_| Vec::new()).collect();
    sections.read_each("ledger_entries", account_of, |(account, changes): (AccountId, Vec<Change>)| {
        ensure(!changes.is_empty(), "a past of nothing")?;
        let shard = shard_of(account);
        entries[shard].push((shards[shard].loaded(account)?, changes));
        Ok(())
    })?;
    let whole = |what| Malformed { at: 0, what };
    for (shard, (closed, entries)) in shards.iter_mut().zip(closed.into_iter().zip(entries)) {
        shard.load_closed(merged(closed, |order| order.updated_at.0)).map_err(whole)?;
        shard.load_entries(merged(entries, |change| change.at.0)).map_err(whole)?;
    }
    Ok(())
}

fn account_of<T>((account, _): &(AccountId, T)) -> AccountId {
    *account
}

/// Hands out what the front end keeps as parts of the state's hash: each with its place in the order of the keys.
pub fn operator_parts(operator: &BTreeMap<OperatorKey, Vec<u8>>, each: &mut dyn FnMut(u64, &[u8])) {
    let mut bytes = Vec::new();
    for (place, (key, body)) in (0..).zip(operator) {
        bytes.clear();
        key.encode(&mut bytes);
        body.encode(&mut bytes);
        each(place, &bytes);
    }
}

/// Is an order within what the engine counts: does no product of its price and quantity overflow? Those that were
/// accepted are.
pub(crate) fn is_countable(spec: &SymbolSpec, kind: OrderKind) -> bool {
    let most = crate::limits::AMOUNT_MAX;
    let base =
        |quantity: u64| u128::from(quantity).checked_mul(spec.lot_atoms()).is_some_and(|atoms| atoms <= most);
    match kind {
        OrderKind::Limit { price, quantity } => {
            let product = u128::from(price.0) * u128::from(quantity.0);
            let notional = product.checked_mul(spec.tick_lot_atoms());
            notional.is_some_and(|notional| notional <= most) && base(quantity.0)
        }
        OrderKind::MarketByQuantity { quantity } => base(quantity.0),
        OrderKind::MarketByQuote { quote } => quote.0 <= most,
    }
}

/// Whose order it is that a book and a sequencer both know: what stands in the one must stand in the other.
pub(crate) type FindOrder<'a> = &'a dyn Fn(AccountId, OrderId) -> Option<&'a crate::orders::Entry>;
