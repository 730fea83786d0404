//! What is kept on disk, asked of an open engine or of a directory. JSON text in and out.

use std::ops::ControlFlow;
use std::path::Path;

use lightning_core::reject::Code;
use lightning_engine::Engine;
use lightning_engine::audit::AuditQuery;
use lightning_engine::recovery::{RecoveryProgress, RecoveryReport};
use lightning_engine::refusal::Refusal;
use lightning_engine::tools;
use lightning_engine::verify::{VerifyFrom, VerifyReport};
use napi::bindgen_prelude::Function;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::cold::{answer, whole, with_seq};

/// Characters of a dump that are handed over at a time.
const DUMP_CHUNK: usize = 64 * 1024;

/// What there was when the engine was opened: assets and symbols, removed ones too, and how it was found.
pub(crate) fn found(engine: &Engine) -> String {
    let registry = engine.registry();
    let (symbols, removed): (Vec<_>, Vec<_>) = registry.symbols().iter().partition(|symbol| !symbol.removed);
    let list = |symbols: Vec<&std::sync::Arc<lightning_engine::registry::Symbol>>| {
        symbols.iter().map(|symbol| symbol.to_json()).collect::<Value>()
    };
    answer(Ok(json!({
        "assets": registry.live_assets().map(|asset| asset.to_json()).collect::<Value>(),
        "symbols": list(symbols),
        "removed": list(removed),
        "recovery": engine.recovery().map(recovery_json),
    })))
}

fn recovery_json(report: &RecoveryReport) -> Value {
    json!({
        "isNew": report.is_new,
        "incarnation": report.incarnation,
        "snapshotSeq": report.snapshot_lsn,
        "records": report.records,
        "seq": report.last_lsn,
        "torn": report.torn.as_ref().map(|torn| json!({
            "file": torn.segment,
            "offset": torn.offset,
            "seq": torn.lsn,
            "bytes": torn.bytes,
        })),
        "warnings": report.warnings,
        "stateHash": hex(&report.state_hash),
        "ms": report.milliseconds,
    })
}

pub(crate) fn progress_json(progress: &RecoveryProgress) -> Value {
    json!({
        "phase": progress.phase.as_str(),
        "records": progress.records,
        "bytes": progress.bytes,
        "bytesTotal": progress.bytes_total,
    })
}

pub(crate) fn state_hash(engine: &Engine) -> String {
    answer(engine.state_hash().map(|state| json!({ "seq": state.lsn.0, "hash": hex(&state.hash) })))
}

pub(crate) fn snapshot(engine: &Engine) -> String {
    answer(engine.snapshot().map(|snapshot| {
        json!({
            "seq": snapshot.lsn,
            "file": snapshot.file,
            "stateHash": hex(&snapshot.state_hash),
            "bytes": snapshot.bytes,
            "ms": snapshot.milliseconds,
        })
    }))
}

pub(crate) fn verify(engine: &Engine, from: &str) -> String {
    answer(verify_from(from).and_then(|from| engine.verify(from)).map(|report| verify_json(&report)))
}

fn verify_from(word: &str) -> Result<VerifyFrom, Refusal> {
    match word {
        "genesis" => Ok(VerifyFrom::Genesis),
        "snapshot" => Ok(VerifyFrom::Snapshot),
        _ => Err(Refusal::field(Code::InvalidRequest, "from", "from is neither genesis nor snapshot")),
    }
}

fn verify_json(report: &VerifyReport) -> Value {
    json!({
        "seq": report.head.lsn,
        "headHash": hex(&report.head.hash),
        "stateHash": hex(&report.state_hash),
        "snapshotSeq": report.snapshot_lsn,
        "records": report.records,
        "frames": report.frames,
        "bytes": report.bytes,
        "segments": report.segments,
        "snapshots": report.snapshots,
        "warnings": report.warnings,
        "ms": report.milliseconds,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GivenQuery {
    from_seq: Option<f64>,
    to_seq: Option<f64>,
    account_id: Option<f64>,
    limit: usize,
}

pub(crate) fn audit(engine: &Engine, query: &str) -> String {
    answer(parse_query(query).and_then(|query| engine.audit(query)).map(|page| {
        json!({
            "records": page.records.into_iter().map(with_seq).collect::<Value>(),
            "next": page.next_lsn,
        })
    }))
}

fn parse_query(text: &str) -> Result<AuditQuery, Refusal> {
    let given: GivenQuery = serde_json::from_str(text)
        .map_err(|error| Refusal::new(Code::InvalidRequest, format!("filter: {error}")))?;
    Ok(AuditQuery {
        from_lsn: place("fromSeq", given.from_seq)?,
        to_lsn: place("toSeq", given.to_seq)?,
        account: place("accountId", given.account_id)?,
        limit: given.limit,
    })
}

/// A record's number or an account's.
fn place(field: &'static str, given: Option<f64>) -> Result<Option<u64>, Refusal> {
    let read = |number| {
        let place = whole(number).filter(|&place| place > 0).map(|place| place as u64);
        place.ok_or_else(|| {
            Refusal::field(Code::InvalidRequest, field, format!("{field} is not a whole number from 1"))
        })
    };
    given.map(read).transpose()
}

pub(crate) fn verify_directory(dir: &str, from: &str, told: &Function<'_, String, ()>) -> String {
    let mut progress = |progress: RecoveryProgress| {
        // A bar that can't be drawn is no reason to stop.
        let _ = told.call(progress_json(&progress).to_string());
    };
    let report = verify_from(from).and_then(|from| tools::verify(Path::new(dir), from, &mut progress));
    answer(report.map(|report| verify_json(&report)))
}

pub(crate) fn inspect_directory(dir: &str) -> String {
    answer(tools::inspect(Path::new(dir)))
}

/// Hands out records as lines of JSON, many at a time, until somebody has enough.
pub(crate) fn dump_directory(
    dir: &str,
    from: Option<f64>,
    to: Option<f64>,
    account: Option<f64>,
    write: &Function<'_, String, ()>,
) -> napi::Result<String> {
    let mut chunk = String::with_capacity(DUMP_CHUNK + 1024);
    let mut failed = Ok(());
    let flush = |chunk: &mut String| write.call(std::mem::take(chunk));
    let dumped = (|| {
        let (from, to, account) = (place("from", from)?, place("to", to)?, place("account", account)?);
        tools::dump(Path::new(dir), from, to, account, &mut |record| {
            chunk += &with_seq(record).to_string();
            chunk.push('\n');
            if chunk.len() >= DUMP_CHUNK {
                failed = flush(&mut chunk);
            }
            if failed.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })
    })();
    failed?;
    // What was read before something turned out to be wrong is worth seeing.
    if !chunk.is_empty() {
        flush(&mut chunk)?;
    }
    Ok(answer(dumped))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
