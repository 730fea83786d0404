//! What the operator's front end keeps in the journal: what assets and symbols are called and made of, and what it
//! answered to calls with a request id. To the core these are bytes; they are JSON, for whoever reads the journal.
//!
//! A fact about a symbol stands right before the record of its matcher, so an engine that crashed between the two
//! finds the fact and does the rest when it is opened again.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use lightning_core::log::{Context, Log, OperatorKey, Record};
use lightning_core::types::{Lsn, Timestamp};
use lightning_core::window::WINDOW;

/// Something that is kept, the latest of its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) key: OperatorKey,
    pub(crate) body: Vec<u8>,
}

impl Fact {
    /// Writes it down.
    pub(crate) fn append(&self, now: Timestamp, log: &mut dyn Log) -> Lsn {
        log.append(now, 0, &Record::Operator(self.key, &self.body))
    }
}

/// All that is kept: what a fold of the journal has, too.
#[derive(Debug, Default)]
pub(crate) struct Facts(Mutex<BTreeMap<OperatorKey, Vec<u8>>>);

impl Facts {
    /// What an earlier engine kept.
    pub(crate) fn new(kept: BTreeMap<OperatorKey, Vec<u8>>) -> Self {
        Self(Mutex::new(kept))
    }

    /// Keeps something that is written down.
    pub(crate) fn put(&self, fact: Fact) {
        let mut kept = self.lock();
        kept.insert(fact.key, fact.body);
        if let OperatorKey::Once(_) = fact.key
            && let Some((&OperatorKey::Once(highest), _)) = kept.last_key_value()
        {
            let base = (highest + 1).saturating_sub(WINDOW);
            kept.retain(|key, _| !matches!(key, OperatorKey::Once(number) if *number < base));
        }
    }

    /// All of it.
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<OperatorKey, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A log that writes a fact down right before the first record of what the fact is about.
struct FactFirst<'a> {
    fact: Option<Fact>,
    log: &'a mut dyn Log,
}

impl Log for FactFirst<'_> {
    fn append(&mut self, now: Timestamp, digest: u64, record: &Record<'_>) -> Lsn {
        let is_about =
            matches!(record, Record::AddSymbol(..) | Record::SetRules(..) | Record::RemoveSymbol(_));
        if is_about && let Some(fact) = self.fact.take() {
            fact.append(now, self.log);
        }
        self.log.append(now, digest, record)
    }

    fn wants_digests(&self) -> bool {
        self.log.wants_digests()
    }
}

/// Does something that decides about a symbol; if it writes that down, the fact stands before it.
pub(crate) fn behind<R>(
    fact: Option<Fact>,
    ctx: &mut Context<'_>,
    decide: impl FnOnce(&mut Context<'_>) -> R,
) -> R {
    let mut log = FactFirst { fact, log: &mut *ctx.log };
    decide(&mut Context { now: ctx.now, log: &mut log })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Names(Vec<String>);

    impl Log for Names {
        fn append(&mut self, _: Timestamp, _: u64, record: &Record<'_>) -> Lsn {
            self.0.push(format!("{record:?}").split(['(', ' ']).next().unwrap().to_owned());
            Lsn(self.0.len() as u64)
        }
    }

    #[test]
    fn a_fact_stands_before_what_it_is_about_and_nowhere_else() {
        let fact = Fact { key: OperatorKey::Symbol(7), body: b"{}".to_vec() };
        let mut names = Names::default();
        let mut ctx = Context { now: Timestamp(1), log: &mut names };
        let symbol = lightning_core::types::SymbolId(7);
        behind(Some(fact.clone()), &mut ctx, |ctx| {
            ctx.log.append(ctx.now, 0, &Record::Expire { symbol, order: lightning_core::types::OrderId(1) });
            ctx.log.append(ctx.now, 0, &Record::RemoveSymbol(symbol));
        });
        behind(Some(fact), &mut ctx, |_| ());
        assert_eq!(names.0, ["Expire", "Operator", "RemoveSymbol"]);
    }

    #[test]
    fn answers_below_the_window_are_forgotten() {
        let facts = Facts::default();
        let once = |number| Fact { key: OperatorKey::Once(number), body: Vec::new() };
        facts.put(Fact { key: OperatorKey::Asset(0), body: Vec::new() });
        for number in [5, 6, 5 + WINDOW] {
            facts.put(once(number));
        }
        let keys: Vec<_> = facts.lock().keys().copied().collect();
        assert_eq!(keys, [OperatorKey::Asset(0), OperatorKey::Once(6), OperatorKey::Once(5 + WINDOW)]);
    }
}
