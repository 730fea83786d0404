//! The operator's calls: assets, symbols, rules, the clock. Cold: each waits until every shard has heard of it.
//!
//! A call that changes what orders are judged by holds the registry's lock while the shards learn of it, so that
//! a batch of orders is judged wholly before or wholly after. A matcher judges a symbol's status once more,
//! because orders may be on their way to it.
//!
//! Where there is a journal, nobody hears of a change before it is safe, the caller included.

use std::sync::{Arc, PoisonError, RwLockWriteGuard};

use lightning_core::log::Context;
use lightning_core::matcher::Matcher;
use lightning_core::message::{AssetTotals, CanceledOrder, Command, Outcome, Request};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::reject::{Code, Reject};
use lightning_core::rules::SymbolStatus;
use lightning_core::sequencer::Sequencer;
use lightning_core::types::{OrderId, SymbolId, Ticket, Timestamp};
use serde_json::Value;

use crate::durable::Kept;
use crate::inline::Inline;
use crate::journal::Stopped;
use crate::matcher_thread::Feeds;
use crate::operator::{self, Fact};
use crate::refusal::Refusal;
use crate::registry::{Asset, AssetPatch, NewAsset, NewSymbol, Registry, Symbol, SymbolPatch};
use crate::router::shard_of_symbol;
use crate::{Driver, Engine, once};

impl Engine {
    /// Adds an asset.
    ///
    /// # Errors
    /// `INVALID_REQUEST`, `ASSET_EXISTS`, and those of every change: see [`Self::create_symbol`].
    pub fn create_asset(&self, new: &NewAsset) -> Result<Asset, Refusal> {
        let mut registry = self.change()?;
        let asset = registry.prepare_asset(new)?;
        self.keep(self.kept.is_some().then(|| asset.to_fact()))?;
        Ok(registry.put_asset(asset).clone())
    }

    /// Renames, disables or enables an asset.
    ///
    /// # Errors
    /// `UNKNOWN_ASSET`, `NO_CHANGE`, and those of every change: see [`Self::create_symbol`].
    pub fn update_asset(&self, code: &str, patch: &AssetPatch) -> Result<Asset, Refusal> {
        let mut registry = self.change()?;
        let asset = registry.prepare_asset_update(code, patch)?;
        self.keep(self.kept.is_some().then(|| asset.to_fact()))?;
        Ok(registry.put_asset(asset).clone())
    }

    /// Removes an asset that no symbol trades and nobody owns.
    ///
    /// # Errors
    /// `UNKNOWN_ASSET`, `ASSET_IN_USE`, and those of every change: see [`Self::create_symbol`].
    pub fn remove_asset(&self, code: &str) -> Result<Asset, Refusal> {
        let mut registry = self.change()?;
        let asset = registry.find_asset(code)?.id;
        let owned = |line: &AssetTotals| {
            line.asset == asset
                && !(line.available.is_zero() && line.frozen.is_zero() && line.accrued.is_zero())
        };
        let totals = self.on_sequencers(totals_of)?;
        let mut in_use = totals.iter().flatten().any(owned);
        for shard in 0..self.config.matchers {
            let fees = self.on_matcher(shard, |matcher, _, _, _| matcher.accrued_fees())?;
            in_use |= fees.iter().any(|&(of, fees)| of == asset && !fees.is_zero());
        }
        if in_use {
            self.wait_until_safe()?; // Who owns some may have come by it a moment ago.
            return Err(Refusal::field(Code::AssetInUse, "code", format!("somebody owns some {code}")));
        }
        let asset = registry.prepare_asset_removal(code)?;
        self.keep(self.kept.is_some().then(|| asset.to_fact()))?;
        Ok(registry.put_asset(asset).clone())
    }

    /// Adds a symbol; when it returns, every shard knows it.
    ///
    /// # Errors
    /// `INVALID_REQUEST`, `SYMBOL_EXISTS`, `UNKNOWN_ASSET`, `SYMBOL_PRECISION_INEXACT`, `INVALID_FEE` and the codes of
    /// bad decimals. Those of every change: `STORAGE_FULL`, `ENGINE_CLOSED`, the codes of a halted engine, and
    /// `OUTCOME_UNKNOWN` if it halts meanwhile.
    pub fn create_symbol(&self, new: &NewSymbol) -> Result<Arc<Symbol>, Refusal> {
        let mut registry = self.change()?;
        let symbol = registry.prepare_symbol(new, self.config.memory())?;
        let fact = self.kept.is_some().then(|| symbol.to_fact());
        self.tell_of_new(&symbol, fact.clone())?;
        self.kept_with(fact)?;
        let symbol = registry.add_symbol(symbol).clone();
        drop(registry);
        self.streams.tell_symbol(symbol.spec.id(), Some(symbol.rules.status));
        Ok(symbol)
    }

    /// Changes a symbol's rules, from the next order on.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `IMMUTABLE_FIELD`, `NO_CHANGE`, the codes of a new symbol's rules, and those of every change:
    /// see [`Self::create_symbol`].
    pub fn update_symbol(&self, name: &str, patch: &SymbolPatch) -> Result<Arc<Symbol>, Refusal> {
        let mut registry = self.change()?;
        let symbol = registry.prepare_update(name, patch)?;
        self.announce(&symbol, false, &registry)?;
        let symbol = registry.replace_symbol(symbol).clone();
        drop(registry);
        self.streams.tell_symbol(symbol.spec.id(), Some(symbol.rules.status));
        Ok(symbol)
    }

    /// Changes what a symbol accepts, and with `cancel_open` cancels its orders, without which one that has some
    /// can't be closed.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `INVALID_REQUEST`, `BAD_STATUS_TRANSITION`, `SYMBOL_IN_USE`, `NOT_SUPPORTED` for
    /// `PRE_OPEN`, and those of every change: see [`Self::create_symbol`].
    pub fn set_symbol_status(
        &self,
        name: &str,
        status: &str,
        cancel_open: bool,
    ) -> Result<(Arc<Symbol>, Vec<CanceledOrder>), Refusal> {
        let mut registry = self.change()?;
        let symbol = registry.prepare_status(name, status)?;
        let mut canceled = self.announce(&symbol, cancel_open, &registry)?;
        let (id, closed) = (symbol.spec.id(), symbol.rules.status == SymbolStatus::Closed);
        let symbol = registry.replace_symbol(symbol).clone();
        if cancel_open && !closed {
            canceled =
                self.on_matcher_of(id, move |matcher, _, ctx, out| matcher.cancel_book(id, ctx, out))?;
            self.wait_until_safe()?;
        }
        drop(registry);
        self.streams.tell_symbol(id, Some(symbol.rules.status));
        Ok((symbol, canceled))
    }

    /// Cancels every order of a symbol.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, and those of every change but `STORAGE_FULL`: see [`Self::create_symbol`].
    pub fn cancel_symbol_orders(&self, name: &str) -> Result<Vec<CanceledOrder>, Refusal> {
        let registry = self.registry_mut();
        self.check_open()?;
        let symbol = registry.find_symbol(name)?.spec.id();
        let canceled =
            self.on_matcher_of(symbol, move |matcher, _, ctx, out| matcher.cancel_book(symbol, ctx, out))?;
        self.wait_until_safe()?;
        Ok(canceled)
    }

    /// Removes a symbol, its open orders included if `force` says so. Its name is free again.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `SYMBOL_IN_USE`, and those of every change: see [`Self::create_symbol`].
    pub fn remove_symbol(&self, name: &str, force: bool) -> Result<Vec<CanceledOrder>, Refusal> {
        let mut registry = self.change()?;
        let mut symbol = Symbol::clone(registry.find_symbol(name)?);
        symbol.removed = true;
        let fact = self.kept.is_some().then(|| symbol.to_fact());
        let (id, before) = (symbol.spec.id(), fact.clone());
        let removed = self.on_matcher_of(id, move |matcher, _, ctx, out| {
            operator::behind(before, ctx, |ctx| matcher.remove_symbol(id, force, ctx, out))
        })?;
        let canceled = self.unless_refused(removed, &registry)?;
        self.kept_with(fact)?;
        registry.remove_symbol(id);
        drop(registry);
        self.streams.tell_symbol(id, None);
        Ok(canceled)
    }

    /// Moves a manual clock by so many milliseconds, doing on the way all that was due, each at its own time.
    ///
    /// # Errors
    /// `INVALID_REQUEST` without a manual clock, or for a step that is no whole number up to 2^43;
    /// `ENGINE_CLOSED`, `INTERNAL`.
    pub fn advance(&self, milliseconds: u64) -> Result<Timestamp, Refusal> {
        self.check_open()?;
        if !self.clock.is_manual() {
            let message = "only an engine that was opened with a manual clock can be advanced";
            return Err(Refusal::new(Code::InvalidRequest, message));
        }
        if milliseconds > 1 << 43 {
            let message = "milliseconds is not a whole number from 0 to 2^43";
            return Err(Refusal::field(Code::InvalidRequest, "milliseconds", message));
        }
        // Nothing is judged while time passes.
        let _registry = self.registry_mut();
        self.check_open()?;
        let target = Timestamp(self.clock.peek().0.saturating_add(milliseconds * 1_000_000));
        while let Some(due) = self.next_deadline()?.filter(|&due| due <= target) {
            self.clock.set(due);
            self.tick()?;
        }
        self.clock.set(target);
        self.wait_until_safe()?;
        Ok(target)
    }

    /// Does an administrative call at most once for its request id; without one, simply does it. A repeat is
    /// answered like the first time, with `duplicate: true` in a result.
    ///
    /// # Errors
    /// What `run` says, or said the first time; `REQUEST_ID_CONFLICT`, `REQUEST_ID_TOO_OLD`.
    pub fn once(
        &self,
        request_id: Option<u64>,
        fingerprint: u64,
        run: impl FnOnce() -> Result<Value, Refusal>,
    ) -> Result<Value, Refusal> {
        let Some(number) = request_id else { return run() };
        // Held while it runs, so that two of the same number can't both be the first.
        let mut once = self.once.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mut first) = once.recall(number, fingerprint)? {
            if let Value::Object(fields) = &mut first {
                fields.insert("duplicate".to_owned(), Value::Bool(true));
            }
            return Ok(first);
        }
        let answer = run();
        // What can't be answered now may well be done later.
        if answer.as_ref().map_or_else(|refusal| is_final(refusal.code), |_| true) {
            self.keep(self.kept.is_some().then(|| once::to_fact(number, fingerprint, &answer)))?;
            once.remember(number, fingerprint, answer.clone());
        }
        answer
    }

    /// The registry, to change something in it.
    fn change(&self) -> Result<RwLockWriteGuard<'_, Registry>, Refusal> {
        let registry = self.registry_mut();
        self.check_open()?;
        self.kept.as_ref().map_or(Ok(()), Kept::check_room)?;
        Ok(registry)
    }

    /// Writes something down that no shard decides.
    fn keep(&self, fact: Option<Fact>) -> Result<(), Refusal> {
        if let Some(fact) = &fact {
            fact.append(self.clock.peek(), &mut self.journal.clone());
        }
        self.kept_with(fact)
    }

    /// Waits until all that was written down is safe, a fact among it.
    fn kept_with(&self, fact: Option<Fact>) -> Result<(), Refusal> {
        self.wait_until_safe()?;
        if let (Some(kept), Some(fact)) = (&self.kept, fact) {
            kept.facts.put(fact);
        }
        Ok(())
    }

    /// Waits until all that was written down is safe.
    pub(crate) fn wait_until_safe(&self) -> Result<(), Refusal> {
        let Some(kept) = &self.kept else { return Ok(()) };
        kept.wait_until_safe(&self.breaker)
            .map_err(|Stopped| self.breaker.wait_for_reason().outcome_unknown())
    }

    /// The answer of a shard. A refusal waits, too, until what it shows is safe.
    fn unless_refused<T>(&self, answer: Result<T, Reject>, registry: &Registry) -> Result<T, Refusal> {
        answer.or_else(|reject| {
            self.wait_until_safe()?;
            Err(Refusal::from_reject(&reject, registry))
        })
    }

    /// Tells a new symbol's matcher, and then every sequencer.
    pub(crate) fn tell_of_new(&self, symbol: &Symbol, fact: Option<Fact>) -> Result<(), Refusal> {
        let (spec, rules, feed) = (symbol.spec, symbol.rules, symbol.feed.clone());
        let id = spec.id();
        let cause = self.on_matcher_of(id, move |matcher, feeds, ctx, out| {
            feeds.add(id.0 as usize, feed);
            operator::behind(fact, ctx, |ctx| matcher.add_symbol(spec, rules, ctx, out));
            matcher.market(id).expect("it was just added").horizon()
        })?;
        self.on_sequencers(move |sequencer, _, _| sequencer.add_symbol(spec, rules, cause))?;
        Ok(())
    }

    /// Tells a symbol's matcher, which may say no, and then every sequencer.
    fn announce(
        &self,
        symbol: &Symbol,
        cancel_open: bool,
        registry: &Registry,
    ) -> Result<Vec<CanceledOrder>, Refusal> {
        let fact = self.kept.is_some().then(|| symbol.to_fact());
        let answer = self.tell_of_change(symbol, cancel_open, fact.clone())?;
        let canceled = self.unless_refused(answer, registry)?;
        self.kept_with(fact)?;
        Ok(canceled)
    }

    pub(crate) fn tell_of_change(
        &self,
        symbol: &Symbol,
        cancel_open: bool,
        fact: Option<Fact>,
    ) -> Result<Result<Vec<CanceledOrder>, Reject>, Refusal> {
        let (spec, rules) = (symbol.spec, symbol.rules);
        let answer = self.on_matcher_of(spec.id(), move |matcher, _, ctx, out| {
            let answer =
                operator::behind(fact, ctx, |ctx| matcher.set_rules(spec, rules, cancel_open, ctx, out));
            answer.map(|canceled| {
                (canceled, matcher.market(spec.id()).expect("its rules were just set").horizon())
            })
        })?;
        let (canceled, cause) = match answer {
            Ok(done) => done,
            Err(reject) => return Ok(Err(reject)),
        };
        self.on_sequencers(move |sequencer, _, _| sequencer.set_rules(spec, rules, cause))?;
        Ok(Ok(canceled))
    }

    fn next_deadline(&self) -> Result<Option<Timestamp>, Refusal> {
        let mut next = match &self.driver {
            Driver::Inline(inline) => {
                return Ok(inline.lock().unwrap_or_else(PoisonError::into_inner).next_deadline());
            }
            Driver::Threaded(_) => self.on_sequencers(|sequencer, _, _| sequencer.next_deadline())?,
        };
        for shard in 0..self.config.matchers {
            next.push(self.on_matcher(shard, |matcher, _, _, _| matcher.next_deadline())?);
        }
        Ok(next.into_iter().flatten().min())
    }

    /// Does what is due: expiries first, then timers, and what these cause.
    fn tick(&self) -> Result<(), Refusal> {
        if let Driver::Inline(inline) = &self.driver {
            self.on_inline(inline, Inline::tick);
            return self.check_open();
        }
        for shard in 0..self.config.matchers {
            self.on_matcher(shard, |matcher, _, ctx, out| matcher.tick(ctx, out))?;
        }
        self.on_sequencers(|sequencer, ctx, out| sequencer.tick(ctx, out))?;
        // Behind what the timers sent to the matchers, and behind what these answered.
        for shard in 0..self.config.matchers {
            self.on_matcher(shard, |_, _, _, _| ())?;
        }
        Ok(())
    }

    pub(crate) fn on_matcher_of<R: Send + 'static>(
        &self,
        symbol: SymbolId,
        run: impl FnOnce(&mut Matcher, &mut Feeds, &mut Context<'_>, &mut MatcherOutbox) -> R + Send + 'static,
    ) -> Result<R, Refusal> {
        self.on_matcher(shard_of_symbol(symbol, self.config.matchers), run)
    }

    pub(crate) fn on_matcher<R: Send + 'static>(
        &self,
        shard: usize,
        run: impl FnOnce(&mut Matcher, &mut Feeds, &mut Context<'_>, &mut MatcherOutbox) -> R + Send + 'static,
    ) -> Result<R, Refusal> {
        match &self.driver {
            Driver::Inline(inline) => Ok(self.on_inline(inline, |inline| inline.on_matcher(shard, run))),
            Driver::Threaded(threaded) => threaded.on_matcher(shard, run).ok_or_else(|| self.lost()),
        }
    }

    pub(crate) fn on_sequencers<R: Send + 'static>(
        &self,
        run: impl Fn(&mut Sequencer, &mut Context<'_>, &mut SequencerOutbox) -> R + Clone + Send + 'static,
    ) -> Result<Vec<R>, Refusal> {
        match &self.driver {
            Driver::Inline(inline) => Ok(self.on_inline(inline, |inline| inline.on_sequencers(run))),
            Driver::Threaded(threaded) => threaded.on_sequencers(run).ok_or_else(|| self.lost()),
        }
    }

    /// The refusal of what was under way when the engine halted.
    pub(crate) fn lost(&self) -> Refusal {
        match self.breaker.halted() {
            Some(halted) => halted.outcome_unknown(),
            // A shard is breaking at this moment.
            None => Refusal::new(Code::OutcomeUnknown, Code::OutcomeUnknown.meaning()),
        }
    }
}

/// Will the same call be refused like this for ever? Only then is the refusal its answer.
const fn is_final(code: Code) -> bool {
    !matches!(
        code,
        Code::EngineClosed
            | Code::Internal
            | Code::Busy
            | Code::JournalIo
            | Code::StorageFull
            | Code::OutcomeUnknown
    )
}

/// What a sequencer's ledger adds up to, asked without a ticket.
fn totals_of(
    sequencer: &mut Sequencer,
    ctx: &mut Context<'_>,
    out: &mut SequencerOutbox,
) -> Vec<AssetTotals> {
    struct NoIds;
    impl lightning_core::log::OrderIds for NoIds {
        fn next(&mut self) -> OrderId {
            unreachable!("a question makes no order")
        }
    }
    let before = out.replies.len();
    let command = Command { ticket: Ticket(0), request_id: None, request: Request::Totals };
    sequencer.handle(command, ctx, &mut NoIds, out);
    match out.replies.drain(before..).next_back().map(|reply| reply.outcome) {
        Some(Outcome::Totals(totals)) => totals,
        other => panic!("totals were asked for, and not {other:?}"),
    }
}
