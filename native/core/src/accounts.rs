//! What a sequencer knows of its accounts besides their money: terms, request ids, and how many orders of each
//! sort they have open.
//!
//! Most accounts never had a term changed. They have none here, and the way of their orders is one check.

use std::collections::BTreeSet;

use crate::codec::ensure;
use crate::fees::FeeRates;
use crate::ledger::AccountSlot;
use crate::message::{AccountInfo, Order};
use crate::order::OrderStatus;
use crate::reject::{Code, Detail, Reject};
use crate::rules::{AccountStatus, RateLimit};
use crate::types::{AccountId, Side, StpGroup, SymbolId, Timestamp};
use crate::window::Lanes;

/// The accounts of one shard, by slot: in step with the ledger's.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    table: Vec<Account>,
    /// Armed dead-man timers, the next one first.
    timers: BTreeSet<(Timestamp, AccountId)>,
}

#[derive(Debug, Default)]
struct Account {
    terms: Option<Box<Terms>>,
    lanes: Option<Box<Lanes>>,
    /// Sorted by symbol. A symbol stays once the account has had an order on it.
    counters: Vec<(SymbolId, Counters)>,
}

/// What an account may do, and on which conditions.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) status: AccountStatus,
    pub(crate) can_trade: bool,
    pub(crate) can_withdraw: bool,
    pub(crate) stp_group: Option<StpGroup>,
    /// Sorted by symbol; none, which stands for all symbols, comes first.
    fees: Vec<(Option<SymbolId>, FeeRates)>,
    bucket: Option<Bucket>,
    cancel_all_at: Option<Timestamp>,
}

impl Default for Terms {
    fn default() -> Self {
        Self {
            status: AccountStatus::Active,
            can_trade: true,
            can_withdraw: true,
            stp_group: None,
            fees: Vec::new(),
            bucket: None,
            cancel_all_at: None,
        }
    }
}

impl Terms {
    /// May it place, amend and replace orders?
    pub(crate) fn may_trade(&self) -> Result<(), Reject> {
        match self.status {
            AccountStatus::Closed => Err(Reject::new(Code::AccountClosed)),
            AccountStatus::Suspended => Err(Reject::new(Code::AccountSuspended)),
            AccountStatus::CancelOnly => Err(Reject::new(Code::PermissionDenied)),
            AccountStatus::Active if !self.can_trade => Err(Reject::new(Code::PermissionDenied)),
            AccountStatus::Active => Ok(()),
        }
    }

    /// May it withdraw, transfer to others and hold?
    pub(crate) fn may_take_out(&self) -> Result<(), Reject> {
        match self.status {
            AccountStatus::Closed => Err(Reject::new(Code::AccountClosed)),
            AccountStatus::Suspended => Err(Reject::new(Code::AccountSuspended)),
            _ if !self.can_withdraw => Err(Reject::new(Code::PermissionDenied)),
            AccountStatus::Active | AccountStatus::CancelOnly => Ok(()),
        }
    }

    /// May it receive, cancel, and whatever else only a closed account may not?
    pub(crate) fn may_act(&self) -> Result<(), Reject> {
        match self.status {
            AccountStatus::Closed => Err(Reject::new(Code::AccountClosed)),
            _ => Ok(()),
        }
    }

    /// Its own rates on this symbol, else its own on all.
    pub(crate) fn rates(&self, symbol: SymbolId) -> Option<FeeRates> {
        let on =
            |symbol| self.fees.binary_search_by_key(&symbol, |entry| entry.0).ok().map(|at| self.fees[at].1);
        on(Some(symbol)).or_else(|| on(None))
    }

    /// Sets its own rates on a symbol or, without, on all; or takes them back.
    pub(crate) fn set_rates(&mut self, symbol: Option<SymbolId>, rates: Option<FeeRates>) {
        let at = self.fees.binary_search_by_key(&symbol, |entry| entry.0);
        match (at, rates) {
            (Ok(at), Some(rates)) => self.fees[at].1 = rates,
            (Ok(at), None) => {
                self.fees.remove(at);
            }
            (Err(at), Some(rates)) => self.fees.insert(at, (symbol, rates)),
            (Err(_), None) => {}
        }
    }

    /// From now on: a full bucket, or none.
    pub(crate) fn set_rate_limit(&mut self, limit: Option<RateLimit>, now: Timestamp) {
        self.bucket = limit.map(|limit| Bucket { limit, nano_tokens: Bucket::full(limit), at: now });
    }

    fn check_rate(&mut self, tokens: u32, now: Timestamp) -> Result<(), Reject> {
        self.bucket.as_mut().map_or(Ok(()), |bucket| bucket.check(tokens, now))
    }

    fn take_tokens(&mut self, tokens: u32, now: Timestamp) -> Result<(), Reject> {
        self.check_rate(tokens, now)?;
        if let Some(bucket) = &mut self.bucket {
            bucket.nano_tokens -= bucket.cost(tokens);
        }
        Ok(())
    }
}

/// A token bucket that counts in billionths of a token: what flows in per nanosecond is whole, nothing rounds.
#[derive(Debug)]
struct Bucket {
    limit: RateLimit,
    nano_tokens: u64,
    /// When it was so full.
    at: Timestamp,
}

const NANOS: u64 = 1_000_000_000;

impl Bucket {
    fn full(limit: RateLimit) -> u64 {
        u64::from(limit.burst) * NANOS
    }

    /// More tokens than there can be at once cost a full bucket: otherwise they could never be had.
    fn cost(&self, tokens: u32) -> u64 {
        u64::from(tokens.min(self.limit.burst)) * NANOS
    }

    fn check(&mut self, tokens: u32, now: Timestamp) -> Result<(), Reject> {
        let elapsed = now.0.saturating_sub(self.at.0);
        // Saturates only where the bucket is full long since.
        let came = elapsed.saturating_mul(u64::from(self.limit.per_second));
        self.nano_tokens = self.nano_tokens.saturating_add(came).min(Self::full(self.limit));
        self.at = self.at.max(now);
        match self.cost(tokens).checked_sub(self.nano_tokens) {
            None | Some(0) => Ok(()),
            Some(missing) => {
                let nanos = missing.div_ceil(u64::from(self.limit.per_second));
                Err(Reject { code: Code::RateLimited, detail: Detail::Wait { nanos } })
            }
        }
    }
}

/// An account's orders on one symbol. Immediate orders count in `buy_lots` only, while they run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    /// Resting and pending.
    pub(crate) open: u32,
    /// Waiting for their triggers.
    pub(crate) conditional: u32,
    /// Icebergs.
    pub(crate) icebergs: u32,
    /// Lists with an order open.
    pub(crate) lists: u32,
    /// Lots that open buys may still buy. The legs of an OCO count once: only one of them will.
    pub(crate) buy_lots: u128,
}

impl Counters {
    /// What one order counts, lists apart. `running`: it is immediate. `shadow`: its lots are counted with the
    /// other leg of its OCO.
    #[inline]
    pub(crate) fn of(order: &Order, running: bool, shadow: bool) -> Self {
        let lots = if order.order.side == Side::Buy && !shadow { order.open_quantity() } else { None };
        let buy_lots = lots.map_or(0, |lots| u128::from(lots.0));
        if running {
            return Self { buy_lots, ..Self::default() };
        }
        Self {
            open: 1,
            conditional: u32::from(order.status == OrderStatus::PendingTrigger),
            icebergs: u32::from(order.order.display().is_some()),
            lists: 0,
            buy_lots,
        }
    }

    /// Counts more.
    #[inline]
    pub(crate) fn add(&mut self, more: Self) {
        self.open += more.open;
        self.buy_lots += more.buy_lots;
        if more.is_special() {
            self.conditional += more.conditional;
            self.icebergs += more.icebergs;
            self.lists += more.lists;
        }
    }

    /// Counts less; below zero is a broken invariant.
    #[inline]
    pub(crate) fn subtract(&mut self, less: Self) {
        let left = |of: u32, less: u32| of.checked_sub(less).expect("an order is counted while it is open");
        self.open = left(self.open, less.open);
        self.take_lots(less.buy_lots);
        if less.is_special() {
            self.conditional = left(self.conditional, less.conditional);
            self.icebergs = left(self.icebergs, less.icebergs);
            self.lists = left(self.lists, less.lists);
        }
    }

    /// Does it count what most orders are not?
    #[inline]
    fn is_special(&self) -> bool {
        (self.conditional | self.icebergs | self.lists) != 0
    }

    /// Counts fewer lots that may be bought.
    #[inline]
    pub(crate) fn take_lots(&mut self, lots: u128) {
        self.buy_lots = self.buy_lots.checked_sub(lots).expect("an open buy's lots are counted");
    }
}

/// Where an account counts what it has open on a symbol, or where it would. Symbols are in ascending order and none is
/// there twice, so that none is behind the place that has its own number: an account that trades all of them is searched
/// in one step, which matters, for it would be a miss of the cache each step.
#[inline]
fn place_of(counters: &[(SymbolId, Counters)], symbol: SymbolId) -> Result<usize, usize> {
    let number = usize::try_from(symbol.0).expect("fewer symbols than that");
    let within = &counters[..counters.len().min(number.saturating_add(1))];
    match within.last() {
        Some(last) if last.0 == symbol => Ok(within.len() - 1),
        _ => within.binary_search_by_key(&symbol, |entry| entry.0),
    }
}

/// Most accounts trade on one symbol: room for that, and not for four.
#[cold]
fn add_counters(counters: &mut Vec<(SymbolId, Counters)>, at: usize, symbol: SymbolId) {
    if counters.len() == counters.capacity() {
        counters.reserve_exact(counters.len().max(1));
    }
    counters.insert(at, (symbol, Counters::default()));
}

impl Accounts {
    /// Makes room for an account that was just opened.
    pub(crate) fn grow_to(&mut self, slot: AccountSlot) {
        if self.table.len() <= slot.index() {
            self.table.resize_with(slot.index() + 1, Account::default);
        }
    }

    /// Its terms, if any was ever changed.
    #[inline]
    pub(crate) fn terms(&self, slot: AccountSlot) -> Option<&Terms> {
        self.table[slot.index()].terms.as_deref()
    }

    /// Are there so many tokens of its rate limit?
    pub(crate) fn check_rate(
        &mut self,
        slot: AccountSlot,
        tokens: u32,
        now: Timestamp,
    ) -> Result<(), Reject> {
        match &mut self.table[slot.index()].terms {
            Some(terms) => terms.check_rate(tokens, now),
            None => Ok(()),
        }
    }

    /// Takes so many tokens; what is refused later has used them up all the same.
    #[inline]
    pub(crate) fn take_tokens(
        &mut self,
        slot: AccountSlot,
        tokens: u32,
        now: Timestamp,
    ) -> Result<(), Reject> {
        match &mut self.table[slot.index()].terms {
            Some(terms) => terms.take_tokens(tokens, now),
            None => Ok(()),
        }
    }

    /// Its terms, to change.
    pub(crate) fn terms_mut(&mut self, slot: AccountSlot) -> &mut Terms {
        self.table[slot.index()].terms.get_or_insert_default()
    }

    /// Its request ids.
    pub(crate) fn lanes_mut(&mut self, slot: AccountSlot) -> &mut Lanes {
        self.table[slot.index()].lanes.get_or_insert_default()
    }

    /// What it has open on a symbol.
    pub(crate) fn counters(&self, slot: AccountSlot, symbol: SymbolId) -> Counters {
        let counters = &self.table[slot.index()].counters;
        place_of(counters, symbol).map_or_else(|_| Counters::default(), |at| counters[at].1)
    }

    /// What it has open on a symbol, to change.
    #[inline]
    pub(crate) fn counters_mut(&mut self, slot: AccountSlot, symbol: SymbolId) -> &mut Counters {
        let counters = &mut self.table[slot.index()].counters;
        let at = place_of(counters, symbol).unwrap_or_else(|at| {
            add_counters(counters, at, symbol);
            at
        });
        &mut counters[at].1
    }

    /// All that is counted, for a recount.
    pub(crate) fn all_counters(&self) -> impl Iterator<Item = (AccountSlot, SymbolId, Counters)> {
        (0..).zip(&self.table).flat_map(|(at, account)| {
            account.counters.iter().map(move |&(symbol, counters)| (AccountSlot::at(at), symbol, counters))
        })
    }

    /// Sets, replaces or disarms the dead-man timer.
    pub(crate) fn set_timer(&mut self, slot: AccountSlot, account: AccountId, at: Option<Timestamp>) {
        if at.is_none() && self.terms(slot).is_none() {
            return;
        }
        let before = std::mem::replace(&mut self.terms_mut(slot).cancel_all_at, at);
        if let Some(before) = before {
            assert!(self.timers.remove(&(before, account)), "an armed timer is in the list");
        }
        if let Some(at) = at {
            self.timers.insert((at, account));
        }
    }

    /// The timer that runs out next.
    pub(crate) fn next_timer(&self) -> Option<(Timestamp, AccountId)> {
        self.timers.first().copied()
    }

    /// Its terms, for who asks. `open_orders` is counted by the order table.
    pub(crate) fn info(&self, slot: AccountSlot, account: AccountId, open_orders: u32) -> AccountInfo {
        let plain = Terms::default();
        self.terms(slot).unwrap_or(&plain).info(account, open_orders)
    }

    /// Panics unless every armed timer is in the list, and nothing else.
    pub(crate) fn check_timers(&self, account_of: impl Fn(AccountSlot) -> AccountId) {
        let armed: BTreeSet<_> = (0..)
            .zip(&self.table)
            .filter_map(|(at, account)| {
                let deadline = account.terms.as_ref()?.cancel_all_at?;
                Some((deadline, account_of(AccountSlot::at(at))))
            })
            .collect();
        assert_eq!(armed, self.timers);
    }
}

impl Accounts {
    /// Its request ids, if it ever used any.
    pub(crate) fn lanes(&self, slot: AccountSlot) -> Option<&Lanes> {
        self.table[slot.index()].lanes.as_deref()
    }

    /// Gives an account the terms that it had. What of its rate limit was used up is forgotten.
    ///
    /// # Errors
    /// Its fee rates are out of order.
    pub(crate) fn load_terms(&mut self, slot: AccountSlot, info: &AccountInfo) -> Result<(), &'static str> {
        let AccountInfo {
            status,
            can_trade,
            can_withdraw,
            stp_group,
            ref fees,
            rate_limit,
            cancel_all_at,
            ..
        } = *info;
        ensure(fees.is_sorted_by(|a, b| a.0 < b.0), "an account's rates are out of order")?;
        if *info == Terms::default().info(info.account, info.open_orders) {
            return Ok(());
        }
        let terms = self.terms_mut(slot);
        (terms.status, terms.can_trade, terms.can_withdraw) = (status, can_trade, can_withdraw);
        (terms.stp_group, terms.fees) = (stp_group, fees.clone());
        // Full since ever.
        terms.set_rate_limit(rate_limit, Timestamp(0));
        self.set_timer(slot, info.account, cancel_all_at);
        Ok(())
    }
}

impl Terms {
    fn info(&self, account: AccountId, open_orders: u32) -> AccountInfo {
        AccountInfo {
            account,
            status: self.status,
            can_trade: self.can_trade,
            can_withdraw: self.can_withdraw,
            stp_group: self.stp_group,
            fees: self.fees.clone(),
            rate_limit: self.bucket.as_ref().map(|bucket| bucket.limit),
            cancel_all_at: self.cancel_all_at,
            open_orders,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_found_where_a_plain_search_finds_them() {
        // Every set of symbols out of eight, and each of nine to look for.
        for set in 0..256_u32 {
            let symbols = (0..8).filter(|symbol| set >> symbol & 1 == 1);
            let counters: Vec<_> = symbols.map(|symbol| (SymbolId(symbol), Counters::default())).collect();
            for symbol in (0..9).map(SymbolId) {
                let plain = counters.iter().position(|entry| entry.0 >= symbol).unwrap_or(counters.len());
                let is_there = counters.iter().any(|entry| entry.0 == symbol);
                assert_eq!(place_of(&counters, symbol), if is_there { Ok(plain) } else { Err(plain) });
            }
        }
    }

    fn limited(per_second: u32, burst: u32) -> Terms {
        let mut terms = Terms::default();
        terms.set_rate_limit(Some(RateLimit { per_second, burst }), Timestamp(0));
        terms
    }

    fn take(terms: &mut Terms, tokens: u32, now: u64) -> Result<(), u64> {
        terms.take_tokens(tokens, Timestamp(now)).map_err(|reject| match reject.detail {
            Detail::Wait { nanos } => nanos,
            _ => panic!("{reject:?}"),
        })
    }

    #[test]
    fn a_bucket_lets_a_burst_through_and_then_its_rate() {
        let mut terms = limited(3, 2);
        assert_eq!(take(&mut terms, 1, 0), Ok(()));
        assert_eq!(take(&mut terms, 1, 0), Ok(()));
        // A third of a second, rounded up; and the answer is exact.
        assert_eq!(take(&mut terms, 1, 0), Err(333_333_334));
        assert_eq!(take(&mut terms, 1, 333_333_333), Err(1));
        assert_eq!(take(&mut terms, 1, 333_333_334), Ok(()));
        // What does not fit flows over.
        assert_eq!(take(&mut terms, 2, u64::MAX), Ok(()));
        assert!(take(&mut terms, 1, u64::MAX).is_err());
    }

    #[test]
    fn asking_in_vain_costs_nothing_and_two_tokens_cost_a_full_bucket_of_one() {
        let mut terms = limited(1, 1);
        assert_eq!(take(&mut terms, 2, 0), Ok(()));
        for now in 0..10 {
            assert_eq!(take(&mut terms, 1, now * 1_000), Err(NANOS - now * 1_000));
        }
        assert_eq!(take(&mut terms, 1, NANOS), Ok(()));
    }

    #[test]
    fn the_nearest_rates_count() {
        let rates = |taker_ppm| FeeRates { maker_ppm: 0, taker_ppm };
        let mut terms = Terms::default();
        assert_eq!(terms.rates(SymbolId(1)), None);
        terms.set_rates(None, Some(rates(1)));
        terms.set_rates(Some(SymbolId(1)), Some(rates(2)));
        assert_eq!((terms.rates(SymbolId(1)), terms.rates(SymbolId(2))), (Some(rates(2)), Some(rates(1))));
        terms.set_rates(None, None);
        terms.set_rates(None, None);
        assert_eq!((terms.rates(SymbolId(1)), terms.rates(SymbolId(2))), (Some(rates(2)), None));
    }

    #[test]
    fn a_status_forbids_what_the_table_says() {
        let codes = |status| {
            let terms = Terms { status, ..Terms::default() };
            [terms.may_trade(), terms.may_take_out(), terms.may_act()]
                .map(|may| may.err().map(|no| no.code.number()))
        };
        assert_eq!(codes(AccountStatus::Active), [None; 3]);
        assert_eq!(codes(AccountStatus::CancelOnly), [Some(3003), None, None]);
        assert_eq!(codes(AccountStatus::Suspended), [Some(3001), Some(3001), None]);
        assert_eq!(codes(AccountStatus::Closed), [Some(3002); 3]);
        let denied = Terms { can_trade: false, can_withdraw: false, ..Terms::default() };
        assert_eq!(denied.may_trade().unwrap_err().code, Code::PermissionDenied);
        assert_eq!(denied.may_take_out().unwrap_err().code, Code::PermissionDenied);
    }

    #[test]
    fn timers_run_out_in_the_order_of_their_deadlines_then_accounts() {
        let mut accounts = Accounts::default();
        let slots = [0, 1, 2].map(AccountSlot::at);
        accounts.grow_to(slots[2]);
        accounts.set_timer(slots[0], AccountId(9), Some(Timestamp(5)));
        accounts.set_timer(slots[1], AccountId(3), Some(Timestamp(5)));
        accounts.set_timer(slots[2], AccountId(1), Some(Timestamp(7)));
        assert_eq!(accounts.next_timer(), Some((Timestamp(5), AccountId(3))));
        accounts.set_timer(slots[1], AccountId(3), None);
        accounts.set_timer(slots[0], AccountId(9), Some(Timestamp(8)));
        assert_eq!(accounts.next_timer(), Some((Timestamp(7), AccountId(1))));
        accounts.check_timers(|slot| AccountId([9, 3, 1][slot.index()]));
    }
}
