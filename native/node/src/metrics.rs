//! Metrics as JSON: the names in the manner of JavaScript, durations as numbers in their usual units.

use std::time::Duration;

use lightning_engine::Engine;
use lightning_engine::metrics::{
    Distribution, Health, JournalState, Metrics, Queue, QueueKind, Snapshots, StreamState,
};
use serde_json::{Map, Value, json};

/// All metrics.
pub(crate) fn metrics(engine: &Engine) -> String {
    let metrics = engine.metrics();
    let by_kind: Map<_, _> =
        metrics.commands.iter().map(|&(kind, count)| (camel(kind), count.into())).collect();
    let refusals: Map<_, _> =
        metrics.refusals.iter().map(|&(code, count)| (code.as_str().to_owned(), count.into())).collect();
    let latencies: Map<_, _> =
        metrics.latencies.iter().map(|(stage, all)| (camel(stage.as_str()), latency(all))).collect();
    let (in_flight, in_flight_max) = metrics.in_flight;
    json!({
        "uptimeMs": milliseconds(metrics.uptime),
        "health": health_value(&metrics.health),
        "commands": {
            "total": metrics.all_commands(),
            "byKind": by_kind,
            "refusedAtEdge": metrics.refused_at_edge,
            "busy": metrics.busy,
            "refusals": refusals,
            "inFlight": in_flight,
            "inFlightMax": in_flight_max,
        },
        "trades": metrics.trades,
        "ordersResting": metrics.orders_resting,
        "seq": metrics.last_lsn,
        "queues": queues(&metrics),
        "latencyMicros": latencies,
        "journal": metrics.journal.as_ref().map(journal),
        "streams": streams(&metrics.streams),
        "residentBytes": metrics.resident_bytes,
    })
    .to_string()
}

/// What can be said in a word.
pub(crate) fn health(engine: &Engine) -> String {
    health_value(&engine.health()).to_string()
}

fn health_value(health: &Health) -> Value {
    let reasons: Value = health
        .reasons
        .iter()
        .map(|reason| json!({ "code": reason.code, "message": reason.message }))
        .collect();
    json!({ "status": health.status.as_str(), "reasons": reasons })
}

fn queues(metrics: &Metrics) -> Value {
    let of = |kind| {
        let of_kind = |queue: &&Queue| queue.kind == kind;
        metrics.queues.iter().filter(of_kind).map(|queue| Value::from(queue.messages)).collect::<Value>()
    };
    json!({
        "commands": of(QueueKind::Commands),
        "settlements": of(QueueKind::Settlements),
        "orders": of(QueueKind::Orders),
    })
}

fn latency(all: &Distribution) -> Value {
    let at = |of_a_million| micros(all.percentile_nanos(of_a_million));
    json!({
        "count": all.count(),
        "mean": micros(all.mean_nanos()),
        "p50": at(500_000),
        "p90": at(900_000),
        "p99": at(990_000),
        "p999": at(999_000),
        "p9999": at(999_900),
        "max": micros(all.max_nanos()),
    })
}

fn journal(journal: &JournalState) -> Value {
    json!({
        "bytes": journal.written_bytes,
        "backlogBytes": journal.backlog_bytes,
        "durableSeq": journal.durable_lsn,
        "lagRecords": journal.lag_records,
        "lagMs": milliseconds(journal.lag),
        "segmentsPrepared": journal.segments_prepared,
        "room": journal.room.as_str(),
        "snapshots": snapshots(&journal.snapshots),
    })
}

fn snapshots(snapshots: &Snapshots) -> Value {
    json!({
        "made": snapshots.made,
        "failed": snapshots.failed,
        "lastSeq": snapshots.last_lsn,
        "ageRecords": snapshots.age_records,
        "ageMs": snapshots.age.map(milliseconds),
        "tookMs": snapshots.took.map(milliseconds),
    })
}

fn streams(streams: &StreamState) -> Value {
    json!({
        "sessions": streams.sessions,
        "subscriptions": streams.subscriptions,
        "backlog": streams.backlog,
        "updates": streams.updates,
        "conflated": streams.conflated,
        "gaps": streams.gaps,
        "endedSlow": streams.ended_slow,
        "lost": streams.lost,
    })
}

/// `sequencer_wait` as `sequencerWait`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut whole, word| {
        let mut letters = word.chars();
        whole.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        whole.push_str(letters.as_str());
        whole
    })
}

/// Nanoseconds as microseconds. Exact up to 104 days.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn micros(nanos: u64) -> f64 {
    nanos as f64 / 1e3
}

/// Rounded down.
fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
