//! The journal for people and auditors: each record as JSON, with what it led to.
//!
//! What a record led to stands in no file: it is found by doing the records again, from the newest snapshot before the
//! first one that is asked for. Prices and amounts are written as their symbols and assets say, which the records
//! before them have said.

pub mod history;
mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use lightning_core::codec::decode_record;
use lightning_core::log::Recorded;
use lightning_core::reject::Code;
use lightning_core::types::{AccountId, Lsn};
use lightning_journal::storage::Storage;
use lightning_journal::{Reader, read_snapshot, snapshots};
use serde_json::{Value, json};

use crate::audit::words::Words;
use crate::config::Config;
use crate::journal::Gate;
use crate::market_data::Memory;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::replay::{Replay, ReplayError, refusal_of};
use crate::snapshots::ONE_OF_EACH;

/// Most records of one page.
const PAGE_MAX: usize = 10_000;

/// Which records somebody wants to see.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditQuery {
    /// From this record on; from the oldest that there is without.
    pub from_lsn: Option<u64>,
    /// Up to this one; up to the last without.
    pub to_lsn: Option<u64>,
    /// Only what concerns this account.
    pub account: Option<u64>,
    /// At most so many records, 1 to 10,000.
    pub limit: usize,
}

/// Some of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AuditPage {
    /// `{ lsn, ts, kind, command, events, frameHash }` each.
    pub records: Vec<Value>,
    /// Where the next page begins; none if this was the last.
    pub next_lsn: Option<u64>,
}

/// Reads pages, and remembers where the last one ended: the next one mostly begins there.
#[derive(Default)]
pub(crate) struct Auditor(Mutex<Option<Trail>>);

impl Auditor {
    /// Records up to `durable`.
    ///
    /// # Errors
    /// `INVALID_REQUEST`, `CORRUPT_STATE`, `UNSUPPORTED_VERSION`, `JOURNAL_IO`.
    pub(crate) fn page(
        &self,
        storage: &Arc<dyn Storage>,
        durable: Lsn,
        config: &Config,
        query: AuditQuery,
    ) -> Result<AuditPage, Refusal> {
        if !(1..=PAGE_MAX).contains(&query.limit) {
            let message = format!("limit is not a whole number from 1 to {PAGE_MAX}");
            return Err(Refusal::field(Code::InvalidRequest, "limit", message));
        }
        let from = query.from_lsn.unwrap_or(0).max(1);
        let end = query.to_lsn.map_or(durable.0, |to| to.min(durable.0));
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut trail = match kept.take().filter(|trail| trail.next_lsn() == from) {
            Some(trail) => trail,
            None => Trail::begin(storage, config, query.from_lsn)?,
        };
        let mut page = AuditPage::default();
        while page.records.len() < query.limit {
            match trail.next(end, query.account)? {
                None => {
                    // Whoever asks again later goes on here.
                    *kept = Some(trail);
                    return Ok(page);
                }
                Some((lsn, Some(record))) if lsn >= from => page.records.push(record),
                Some(_) => {}
            }
        }
        page.next_lsn = Some(trail.next_lsn()).filter(|&next| next <= end);
        *kept = Some(trail);
        Ok(page)
    }
}

/// The records, one after the other, done again.
pub(crate) struct Trail {
    reader: Reader,
    replay: Replay,
    registry: Registry,
    /// Before it they are done again and not told.
    from: u64,
}

impl Trail {
    /// With the first record that somebody wants to see, or the oldest that there is.
    ///
    /// # Errors
    /// `INVALID_REQUEST` for a record that was put away; those of [`Auditor::page`].
    pub(crate) fn begin(
        storage: &Arc<dyn Storage>,
        config: &Config,
        from: Option<u64>,
    ) -> Result<Self, Refusal> {
        let mut candidates = snapshots(&**storage).map_err(|error| refusal_of(&error.into()))?;
        candidates.sort_unstable_by(|one, other| other.cmp(one));
        let before = candidates.iter().filter(|&&lsn| from.is_some_and(|from| lsn < from));
        // A bad one is no reason to give up, as long as the records before it are there.
        let loaded = before.copied().find_map(|lsn| {
            let snapshot = read_snapshot(&**storage, lsn).ok()?;
            Replay::load(&snapshot, config, ONE_OF_EACH).ok()
        });
        let mut replay = loaded.unwrap_or_else(|| Replay::new(config, ONE_OF_EACH));
        let mut reader = Reader::open(storage.clone(), replay.last().0);
        if reader.is_err() && replay.last() == Lsn(0) {
            // The first records were put away: the oldest that can be told are behind the oldest snapshot.
            for &lsn in candidates.iter().rev() {
                let Ok(snapshot) = read_snapshot(&**storage, lsn) else { continue };
                let Ok(later) = Replay::load(&snapshot, config, ONE_OF_EACH) else { continue };
                let Ok(found) = Reader::open(storage.clone(), lsn) else { continue };
                if let Some(from) = from.filter(|&from| from <= lsn) {
                    let message = format!("record {from} was put away: the oldest is {}", lsn + 1);
                    let refusal = Refusal::field(Code::InvalidRequest, "fromLsn", message);
                    return Err(refusal.with("firstLsn", lsn + 1));
                }
                (replay, reader) = (later, Ok(found));
                break;
            }
        }
        let reader = reader.map_err(|error| refusal_of(&error))?;
        let gate = Arc::new(Gate::at(Lsn(0)));
        let registry =
            Registry::from_facts(replay.fold.operator(), gate, Memory::NOTHING).map_err(no_fact)?;
        let from = from.unwrap_or(1).max(replay.last().0 + 1);
        Ok(Self { reader, replay, registry, from })
    }

    /// The next record that would be told.
    fn next_lsn(&self) -> u64 {
        self.from.max(self.replay.last().0 + 1)
    }

    /// The next record up to `end`; none if there is none. Told is one that concerns the account, if one is named.
    ///
    /// # Errors
    /// `CORRUPT_STATE`, `UNSUPPORTED_VERSION`, `JOURNAL_IO`.
    pub(crate) fn next(
        &mut self,
        end: u64,
        account: Option<u64>,
    ) -> Result<Option<(u64, Option<Value>)>, Refusal> {
        let Some(record) = self.reader.next(end).map_err(|error| refusal_of(&error))? else {
            return Ok(None);
        };
        let lsn = record.lsn;
        let decoded = decode_record(record.kind, record.version, &record.body)
            .map_err(|error| ReplayError::Record { lsn, error }.refusal())?;
        if let Recorded::Operator(key, body) = &decoded {
            self.registry.learn(*key, body, Memory::NOTHING).map_err(no_fact)?;
        }
        let is_told = lsn >= self.from;
        let before = is_told.then(|| decoded.clone());
        self.replay.apply_decoded(&record, decoded).map_err(|error| error.refusal())?;
        let Some(decoded) = before else { return Ok(Some((lsn, None))) };
        let words = Words { registry: &self.registry };
        let told = &self.replay.told;
        let tell = || {
            let (kind, command, mut accounts) = words.command(&decoded);
            let events = words.events(&decoded, told, &mut accounts);
            (kind, command, accounts, events)
        };
        // An engine names everything before it uses it; whoever else wrote these records may not have.
        let (kind, command, accounts, events) = catch_unwind(AssertUnwindSafe(tell))
            .map_err(|_| no_fact(format!("record {lsn} is about something that has no name")))?;
        let concerned = account.is_none_or(|account| accounts.contains(&AccountId(account)));
        let told = concerned.then(|| {
            let hash: String = record.frame_hash.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({
                "lsn": lsn,
                "ts": record.at / 1_000_000,
                "kind": kind,
                "command": command,
                "events": events,
                "frameHash": hash,
            })
        });
        Ok(Some((lsn, told)))
    }
}

fn no_fact(why: String) -> Refusal {
    let message = format!("what the operator's front end has kept can't be read: {why}");
    Refusal::new(Code::CorruptState, message).with("reason", why)
}
