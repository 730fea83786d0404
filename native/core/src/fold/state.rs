//! A fold as bytes: what its hash is made of, and what a snapshot holds of it.

use std::collections::BTreeMap;

use super::recent::Archives;
use super::{Fold, Part, Shards};
use crate::archive::{Archive, Kept, SavedCandles};
use crate::codec::{Decode, Malformed, encoded, ensure};
use crate::log::OperatorKey;
use crate::matcher::{Market, Matcher};
use crate::message::{OrderKind, Trade, TransferOffer};
use crate::sequencer::SequencerLimits;
use crate::shards::shard_of_symbol;
use crate::state::{self, Sections, Totals, is_countable, list, operator_parts, section};
use crate::types::{Lsn, SymbolId, Ticket, Timestamp};

/// Sections of a snapshot besides those of the shards.
const OWN: [&str; 5] = ["engine", "operator", "offers", "trades", CANDLES];
/// Engines before candles did not write this one: then they are made of the trades.
const CANDLES: &str = "candles";

impl Fold {
    /// Hands out what the state's hash is made of, in no particular order: what it is a part of, its number (of the
    /// account, symbol, asset ...) and its bytes. Equal whatever the shards.
    pub fn parts(&self, each: &mut dyn FnMut(Part, u64, &[u8])) {
        let mut totals = Totals::default();
        for sequencer in &self.sequencers {
            sequencer.account_parts(&mut |account, bytes| each(Part::Account, account.0, bytes));
            sequencer.add_totals(&mut totals);
        }
        for matcher in &self.matchers {
            matcher.market_parts(&mut |symbol, bytes| each(Part::Market, u64::from(symbol.0), bytes));
        }
        if let Some(sequencer) = self.sequencers.first() {
            sequencer.listing_parts(&mut |symbol, bytes| each(Part::Listing, u64::from(symbol.0), bytes));
        }
        totals.parts(&mut |asset, bytes| each(Part::Totals, u64::from(asset.0), bytes));
        operator_parts(&self.operator, &mut |place, bytes| each(Part::Operator, place, bytes));
        each(Part::OrderIds, 0, &encoded(&self.order_ids_up_to));
    }

    /// The sections of a snapshot, each with its name.
    #[must_use]
    pub fn save(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut sections = state::save(&self.sequencers, &self.matchers);
        let trades = self.archives.iter().map(|(_, archive)| archive.saved_trades());
        let candles = self.archives.iter().filter_map(|(symbol, archive)| archive.save_candles(symbol));
        sections.extend(OWN.into_iter().zip([
            section(&(self.order_ids_up_to, self.last)),
            list(self.operator.iter().map(|(key, body)| (*key, body.as_slice()))),
            list(self.offers.values()),
            list(trades.filter(|trades| !trades.is_empty())),
            list(candles),
        ]));
        sections
    }

    /// The fold that [`Self::save`] wrote down, on whatever shards (at least one of each). The bytes are taken for
    /// hostile.
    ///
    /// # Errors
    /// The sections are not what `save` makes, or do not agree with each other.
    pub fn load(
        sections: &[(String, Vec<u8>)],
        shards: Shards,
        limits: SequencerLimits,
        kept: impl Into<Kept>,
    ) -> Result<Self, Malformed> {
        let kept = kept.into();
        let is_known = |name: &str| OWN.contains(&name) || state::SECTIONS.contains(&name);
        if !sections.iter().all(|(name, _)| is_known(name)) {
            return Err(Malformed { at: 0, what: "a section that nobody knows" });
        }
        let sections = Sections(sections);
        let (order_ids_up_to, last): (u64, (Lsn, Timestamp)) = sections.read("engine", Decode::decode)?;
        let mut offers: BTreeMap<Lsn, TransferOffer> = BTreeMap::new();
        sections.read_each(
            "offers",
            |offer: &TransferOffer| offer.offered,
            |mut offer| {
                let number = offer.offered;
                ensure(number <= last.0, "a transfer of the future")?;
                offer.to_reply.ticket = Ticket(number.0);
                offers.insert(number, offer);
                Ok(())
            },
        )?;
        let under_way: Vec<_> = offers.values().copied().collect();
        let counts = (shards.sequencers, shards.matchers);
        let (sequencers, matchers) = state::load(&sections, counts, limits, last.0, &under_way)?;
        let mut operator: BTreeMap<OperatorKey, Vec<u8>> = BTreeMap::new();
        sections.read_each(
            "operator",
            |(key, _): &(OperatorKey, Vec<u8>)| *key,
            |(key, body)| {
                operator.insert(key, body);
                Ok(())
            },
        )?;
        let archives = load_archives(&sections, kept, &matchers)?;
        let empty = Self::new(Shards { sequencers: 0, matchers: 0 }, limits, kept);
        Ok(Self { sequencers, matchers, operator, order_ids_up_to, offers, archives, last, ..empty })
    }
}

/// What is remembered of trades: of symbols that are there, and up to their last one.
fn load_archives(sections: &Sections<'_>, kept: Kept, matchers: &[Matcher]) -> Result<Archives, Malformed> {
    let mut candles: BTreeMap<SymbolId, SavedCandles> = BTreeMap::new();
    let has_candles = sections.0.iter().any(|(name, _)| name == CANDLES);
    if has_candles {
        let symbol_of = |saved: &SavedCandles| saved.symbol;
        sections.read_each(CANDLES, symbol_of, |saved| {
            let market = market_of(saved.symbol, matchers)?;
            let is_last = market.last() == (saved.last.id, Some(saved.last.price));
            ensure(is_last, "candles that do not end with the market's last trade")?;
            candles.insert(saved.symbol, saved);
            Ok(())
        })?;
    }
    let mut archives = Archives::new(kept);
    let symbol_of = |trades: &Vec<Trade>| trades.first().map(|trade| trade.symbol);
    sections.read_each("trades", symbol_of, |trades| {
        check_trades(&trades, matchers)?;
        let symbol = trades[0].symbol;
        let candles = candles.remove(&symbol);
        ensure(candles.is_some() == has_candles, "trades without candles")?;
        archives.put(symbol, Archive::load(kept, &trades, candles)?);
        Ok(())
    })?;
    for (symbol, candles) in candles {
        let archive = Archive::load(kept, &[], Some(candles));
        archives.put(symbol, archive.map_err(|what| Malformed { at: 0, what })?);
    }
    Ok(archives)
}

fn market_of(symbol: SymbolId, matchers: &[Matcher]) -> Result<&Market, &'static str> {
    let market = matchers[shard_of_symbol(symbol, matchers.len())].market(symbol);
    market.ok_or("trades of a symbol that is not")
}

/// The last trades of a symbol: up to its last one, and each worth what it says.
fn check_trades(trades: &[Trade], matchers: &[Matcher]) -> Result<(), &'static str> {
    let last = trades.last().ok_or("trades of no symbol")?;
    let market = market_of(last.symbol, matchers)?;
    ensure(market.last() == (last.id, Some(last.price)), "a last trade that is not the market's")?;
    let is_worth = |trade: &Trade| {
        let kind = OrderKind::Limit { price: trade.price, quantity: trade.quantity };
        is_countable(market.spec(), kind)
            && market.spec().notional(trade.price, trade.quantity) == trade.notional
    };
    ensure(trades.iter().all(is_worth), "a trade that is not worth what it says")
}
