//! The operator's calls: assets, symbols, rules, the clock. Cold: each waits until every shard has heard of it.
//!
//! A call that changes what orders are judged by holds the registry's lock while the shards learn of it, so that
//! a batch of orders is judged wholly before or wholly after. A matcher judges a symbol's status once more,
//! because orders may be on their way to it.

use std::sync::{Arc, PoisonError};

use lightning_core::log::Context;
use lightning_core::matcher::Matcher;
use lightning_core::message::{AssetTotals, CanceledOrder, Command, Outcome, Request};
use lightning_core::outbox::{MatcherOutbox, SequencerOutbox};
use lightning_core::reject::{Code, Reject};
use lightning_core::rules::SymbolStatus;
use lightning_core::sequencer::Sequencer;
use lightning_core::types::{OrderId, SymbolId, Ticket, Timestamp};
use serde_json::Value;

use crate::matcher_thread::Feeds;
use crate::refusal::Refusal;
use crate::registry::{Asset, AssetPatch, NewAsset, NewSymbol, Registry, Symbol, SymbolPatch};
use crate::router::shard_of_symbol;
use crate::{Driver, Engine};

impl Engine {
    /// Adds an asset.
    ///
    /// # Errors
    /// `INVALID_REQUEST`, `ASSET_EXISTS`, `ENGINE_CLOSED`, `INTERNAL`.
    pub fn create_asset(&self, new: &NewAsset) -> Result<Asset, Refusal> {
        self.check_open()?;
        self.registry_mut().create_asset(new).cloned()
    }

    /// Renames, disables or enables an asset.
    ///
    /// # Errors
    /// `UNKNOWN_ASSET`, `NO_CHANGE`, `ENGINE_CLOSED`, `INTERNAL`.
    pub fn update_asset(&self, code: &str, patch: &AssetPatch) -> Result<Asset, Refusal> {
        self.check_open()?;
        self.registry_mut().update_asset(code, patch).cloned()
    }

    /// Removes an asset that no symbol trades and nobody owns.
    ///
    /// # Errors
    /// `UNKNOWN_ASSET`, `ASSET_IN_USE`, `ENGINE_CLOSED`, `INTERNAL`.
    pub fn remove_asset(&self, code: &str) -> Result<Asset, Refusal> {
        self.check_open()?;
        let mut registry = self.registry_mut();
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
            return Err(Refusal::field(Code::AssetInUse, "code", format!("somebody owns some {code}")));
        }
        registry.remove_asset(code)
    }

    /// Adds a symbol; when it returns, every shard knows it.
    ///
    /// # Errors
    /// `INVALID_REQUEST`, `SYMBOL_EXISTS`, `UNKNOWN_ASSET`, `SYMBOL_PRECISION_INEXACT`, `INVALID_FEE` and the
    /// codes of bad decimals; `ENGINE_CLOSED`, `INTERNAL`.
    pub fn create_symbol(&self, new: &NewSymbol) -> Result<Arc<Symbol>, Refusal> {
        self.check_open()?;
        let mut registry = self.registry_mut();
        let symbol = registry.prepare_symbol(new, self.config.trades_per_symbol)?;
        let (spec, rules, feed) = (symbol.spec, symbol.rules, symbol.feed.clone());
        self.on_matcher_of(spec.id(), move |matcher, feeds, ctx, out| {
            feeds.add(spec.id().0 as usize, feed);
            matcher.add_symbol(spec, rules, ctx, out);
        })?;
        self.on_sequencers(move |sequencer, ctx, _| sequencer.add_symbol(spec, rules, ctx))?;
        Ok(registry.add_symbol(symbol).clone())
    }

    /// Changes a symbol's rules, from the next order on.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `IMMUTABLE_FIELD`, `NO_CHANGE`, the codes of a new symbol's rules; `ENGINE_CLOSED`,
    /// `INTERNAL`.
    pub fn update_symbol(&self, name: &str, patch: &SymbolPatch) -> Result<Arc<Symbol>, Refusal> {
        self.check_open()?;
        let mut registry = self.registry_mut();
        let symbol = registry.prepare_update(name, patch)?;
        self.announce(&symbol, false, &registry)?;
        Ok(registry.replace_symbol(symbol).clone())
    }

    /// Changes what a symbol accepts, and with `cancel_open` cancels its orders, without which one that has some
    /// can't be closed.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `INVALID_REQUEST`, `BAD_STATUS_TRANSITION`, `SYMBOL_IN_USE`, `NOT_SUPPORTED` for
    /// `PRE_OPEN`; `ENGINE_CLOSED`, `INTERNAL`.
    pub fn set_symbol_status(
        &self,
        name: &str,
        status: &str,
        cancel_open: bool,
    ) -> Result<(Arc<Symbol>, Vec<CanceledOrder>), Refusal> {
        self.check_open()?;
        let mut registry = self.registry_mut();
        let symbol = registry.prepare_status(name, status)?;
        let mut canceled = self.announce(&symbol, cancel_open, &registry)?;
        let (id, closed) = (symbol.spec.id(), symbol.rules.status == SymbolStatus::Closed);
        let symbol = registry.replace_symbol(symbol).clone();
        if cancel_open && !closed {
            canceled =
                self.on_matcher_of(id, move |matcher, _, ctx, out| matcher.cancel_book(id, ctx, out))?;
        }
        Ok((symbol, canceled))
    }

    /// Cancels every order of a symbol.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `ENGINE_CLOSED`, `INTERNAL`.
    pub fn cancel_symbol_orders(&self, name: &str) -> Result<Vec<CanceledOrder>, Refusal> {
        self.check_open()?;
        let registry = self.registry_mut();
        let symbol = registry.find_symbol(name)?.spec.id();
        self.on_matcher_of(symbol, move |matcher, _, ctx, out| matcher.cancel_book(symbol, ctx, out))
    }

    /// Removes a symbol, its open orders included if `force` says so. Its name is free again.
    ///
    /// # Errors
    /// `UNKNOWN_SYMBOL`, `SYMBOL_IN_USE`, `ENGINE_CLOSED`, `INTERNAL`.
    pub fn remove_symbol(&self, name: &str, force: bool) -> Result<Vec<CanceledOrder>, Refusal> {
        self.check_open()?;
        let mut registry = self.registry_mut();
        let symbol = registry.find_symbol(name)?.spec.id();
        let removed = self.on_matcher_of(symbol, move |matcher, _, ctx, out| {
            matcher.remove_symbol(symbol, force, ctx, out)
        })?;
        let canceled = removed.map_err(|reject| Refusal::from_reject(&reject, &registry))?;
        registry.remove_symbol(symbol);
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
        let target = Timestamp(self.clock.peek().0.saturating_add(milliseconds * 1_000_000));
        while let Some(due) = self.next_deadline()?.filter(|&due| due <= target) {
            self.clock.set(due);
            self.tick()?;
        }
        self.clock.set(target);
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
            once.remember(number, fingerprint, answer.clone());
        }
        answer
    }

    /// Tells a symbol's matcher, which may say no, and then every sequencer.
    fn announce(
        &self,
        symbol: &Symbol,
        cancel_open: bool,
        registry: &Registry,
    ) -> Result<Vec<CanceledOrder>, Refusal> {
        let (spec, rules) = (symbol.spec, symbol.rules);
        let answer: Result<Vec<CanceledOrder>, Reject> = self
            .on_matcher_of(spec.id(), move |matcher, _, ctx, out| {
                matcher.set_rules(spec, rules, cancel_open, ctx, out)
            })?;
        let canceled = answer.map_err(|reject| Refusal::from_reject(&reject, registry))?;
        self.on_sequencers(move |sequencer, ctx, _| sequencer.set_rules(spec, rules, ctx))?;
        Ok(canceled)
    }

    fn next_deadline(&self) -> Result<Option<Timestamp>, Refusal> {
        let mut next = match &self.driver {
            Driver::Inline(inline, _) => {
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
        if let Driver::Inline(inline, _) = &self.driver {
            inline.lock().unwrap_or_else(PoisonError::into_inner).tick();
            return Ok(());
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

    fn on_matcher_of<R: Send + 'static>(
        &self,
        symbol: SymbolId,
        run: impl FnOnce(&mut Matcher, &mut Feeds, &mut Context<'_>, &mut MatcherOutbox) -> R + Send + 'static,
    ) -> Result<R, Refusal> {
        self.on_matcher(shard_of_symbol(symbol, self.config.matchers), run)
    }

    fn on_matcher<R: Send + 'static>(
        &self,
        shard: usize,
        run: impl FnOnce(&mut Matcher, &mut Feeds, &mut Context<'_>, &mut MatcherOutbox) -> R + Send + 'static,
    ) -> Result<R, Refusal> {
        match &self.driver {
            Driver::Inline(inline, _) => {
                Ok(inline.lock().unwrap_or_else(PoisonError::into_inner).on_matcher(shard, run))
            }
            Driver::Threaded(threaded) => threaded.on_matcher(shard, run).ok_or_else(halted),
        }
    }

    fn on_sequencers<R: Send + 'static>(
        &self,
        run: impl Fn(&mut Sequencer, &mut Context<'_>, &mut SequencerOutbox) -> R + Clone + Send + 'static,
    ) -> Result<Vec<R>, Refusal> {
        match &self.driver {
            Driver::Inline(inline, _) => {
                Ok(inline.lock().unwrap_or_else(PoisonError::into_inner).on_sequencers(run))
            }
            Driver::Threaded(threaded) => threaded.on_sequencers(run).ok_or_else(halted),
        }
    }
}

/// Will the same call be refused like this for ever? Only then is the refusal its answer.
const fn is_final(code: Code) -> bool {
    !matches!(code, Code::EngineClosed | Code::Internal | Code::Busy)
}

fn halted() -> Refusal {
    Refusal::new(Code::Internal, Code::Internal.meaning())
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
