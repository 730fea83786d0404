//! Metrics as Prometheus reads them: its text format, version 0.0.4.
//!
//! Latencies are histograms with cumulative buckets and no summaries: buckets of several engines add up, and the server
//! makes percentiles of any period of them, where a summary's would be those since the engine was opened. Buckets end
//! at powers of two nanoseconds, where the counts are exact.

use std::fmt::{Display, Write};
use std::time::Duration;

use crate::Room;
use crate::metrics::{Distribution, HealthStatus, JournalState, Metrics, Snapshots};

/// The buckets' ends: 2^10 nanoseconds (about a microsecond) to 2^34 (about 17 seconds).
const BUCKET_BITS: std::ops::RangeInclusive<u32> = 10..=34;

/// All metrics.
pub(super) fn exposition(metrics: &Metrics) -> String {
    let mut text = Text::default();
    engine(&mut text, metrics);
    commands(&mut text, metrics);
    latencies(&mut text, metrics);
    if let Some(journal) = &metrics.journal {
        self::journal(&mut text, journal);
        snapshots(&mut text, &journal.snapshots);
    }
    streams(&mut text, metrics);
    text.0
}

fn engine(text: &mut Text, metrics: &Metrics) {
    text.gauge("info", "What this engine is; always 1.").add(
        &[
            ("version", env!("CARGO_PKG_VERSION")),
            ("mode", if metrics.inline { "inline" } else { "threaded" }),
            ("durability", metrics.durability.as_str()),
        ],
        1,
    );
    text.gauge("uptime_seconds", "Seconds since the engine was opened.").one(Seconds::of(metrics.uptime));
    let mut health = text.gauge("health", "1 for what the engine is, 0 for what it is not.");
    for status in HealthStatus::ALL {
        health.add(&[("status", status.as_str())], u8::from(metrics.health.status == status));
    }
    let mut reasons = text.gauge("health_reason", "1 for each reason why the engine is not ok.");
    for reason in &metrics.health.reasons {
        reasons.add(&[("code", reason.code)], 1);
    }
    if let Some(bytes) = metrics.resident_bytes {
        text.gauge("process_resident_memory_bytes", "Memory that the process has, all of it, in bytes.")
            .one(bytes);
    }
}

fn commands(text: &mut Text, metrics: &Metrics) {
    let mut by_kind = text.counter("commands_total", "Commands admitted, reads included, by kind.");
    for &(kind, count) in &metrics.commands {
        by_kind.add(&[("kind", kind)], count);
    }
    text.counter("refused_at_edge_total", "Calls refused before they were admitted, BUSY included.")
        .one(metrics.refused_at_edge);
    text.counter("busy_total", "Calls refused with BUSY: too much was under way.").one(metrics.busy);
    let mut by_code = text.counter("refusals_total", "Refusals handed out, whoever decided them, by code.");
    for &(code, count) in &metrics.refusals {
        by_code.add(&[("code", code.as_str())], count);
    }
    text.counter("trades_total", "Trades made.").one(metrics.trades);
    text.gauge("orders_resting", "Orders that rest in books.").one(metrics.orders_resting);
    let (in_flight, most) = metrics.in_flight;
    text.gauge("in_flight", "Commands admitted and not settled yet.").one(in_flight);
    text.gauge("in_flight_max", "Commands that may be in flight; the next one gets BUSY.").one(most);
    text.gauge("log_last_seq", "The number of the newest record.").one(metrics.last_lsn);
    let mut queues = text.gauge("queue_messages", "Batches that wait for a shard.");
    for queue in &metrics.queues {
        let shard = queue.shard.to_string();
        queues.add(&[("queue", queue.kind.as_str()), ("shard", &shard)], queue.messages);
    }
}

fn latencies(text: &mut Text, metrics: &Metrics) {
    let name = "latency_seconds";
    let mut family = text.family(name, "histogram", "How long each stage of a command took, in seconds.");
    for (stage, distribution) in &metrics.latencies {
        family.histogram(("stage", stage.as_str()), distribution);
    }
}

fn journal(text: &mut Text, journal: &JournalState) {
    text.counter("journal_written_bytes_total", "Bytes of records written since the engine was opened.")
        .one(journal.written_bytes);
    text.gauge("journal_backlog_bytes", "Bytes of records that wait to be written.")
        .one(journal.backlog_bytes);
    text.gauge("journal_durable_seq", "The newest record that outlives a power loss.")
        .one(journal.durable_lsn);
    text.gauge("journal_lag_records", "Records that are newer than the newest durable one.")
        .one(journal.lag_records);
    text.gauge("journal_lag_seconds", "Age in seconds of the oldest record that is not durable; 0 for none.")
        .one(Seconds::of(journal.lag));
    text.gauge("journal_segments_prepared", "Log files that are ready to be written to.")
        .one(journal.segments_prepared);
    let mut rooms = text.gauge("journal_room", "1 for how much room there is on the disk, 0 for the others.");
    for room in [Room::Plenty, Room::Low, Room::Full] {
        rooms.add(&[("room", room.as_str())], u8::from(journal.room == room));
    }
}

fn snapshots(text: &mut Text, snapshots: &Snapshots) {
    text.counter("snapshots_total", "Snapshots made since the engine was opened.").one(snapshots.made);
    text.counter("snapshots_failed_total", "Snapshots that could not be made.").one(snapshots.failed);
    text.gauge("snapshot_age_records", "Records that are newer than the newest snapshot.")
        .one(snapshots.age_records);
    if let Some(age) = snapshots.age {
        text.gauge("snapshot_age_seconds", "Seconds since the newest snapshot was made.")
            .one(Seconds::of(age));
    }
    if let Some(took) = snapshots.took {
        text.gauge("snapshot_duration_seconds", "How long it took to make the newest snapshot, in seconds.")
            .one(Seconds::of(took));
    }
}

fn streams(text: &mut Text, metrics: &Metrics) {
    let streams = &metrics.streams;
    text.gauge("stream_sessions", "Groups of stream consumers.").one(streams.sessions);
    text.gauge("stream_subscriptions", "Streams that are followed.").one(streams.subscriptions);
    text.gauge("stream_backlog", "News that wait to be told to streams.").one(streams.backlog);
    text.counter("stream_updates_total", "Updates that were handed out to streams.").one(streams.updates);
    text.counter(
        "stream_conflated_total",
        "Updates that slow consumers were spared: a later state took their place.",
    )
    .one(streams.conflated);
    text.counter("stream_gaps_total", "Gaps that slow consumers were told of.").one(streams.gaps);
    text.counter("stream_ended_slow_total", "Streams ended because their consumer was too slow.")
        .one(streams.ended_slow);
    text.counter(
        "stream_lost_total",
        "Batches of news that found no room, so that a fresh start was asked for.",
    )
    .one(streams.lost);
}

/// What has been written.
#[derive(Default)]
struct Text(String);

/// One metric, and who writes it.
struct Family<'a> {
    text: &'a mut String,
    name: &'static str,
}

impl Text {
    fn counter(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "counter", help)
    }

    fn gauge(&mut self, name: &'static str, help: &str) -> Family<'_> {
        self.family(name, "gauge", help)
    }

    fn family(&mut self, name: &'static str, kind: &str, help: &str) -> Family<'_> {
        let help = help.replace('\\', r"\\").replace('\n', r"\n");
        put(&mut self.0, format_args!("# HELP lightning_{name} {help}\n# TYPE lightning_{name} {kind}\n"));
        Family { text: &mut self.0, name }
    }
}

impl Family<'_> {
    /// The only sample.
    fn one(&mut self, value: impl Display) {
        self.add(&[], value);
    }

    /// A sample.
    fn add(&mut self, labels: &[(&str, &str)], value: impl Display) {
        self.sample("", labels, value);
    }

    /// A histogram's samples.
    fn histogram(&mut self, label: (&str, &str), distribution: &Distribution) {
        for bits in BUCKET_BITS {
            let end = Seconds(1 << bits).to_string();
            self.sample("_bucket", &[label, ("le", &end)], distribution.at_most_power(bits));
        }
        self.sample("_bucket", &[label, ("le", "+Inf")], distribution.count());
        self.sample("_sum", &[label], Seconds(distribution.sum_nanos()));
        self.sample("_count", &[label], distribution.count());
    }

    fn sample(&mut self, suffix: &str, labels: &[(&str, &str)], value: impl Display) {
        put(self.text, format_args!("lightning_{}{suffix}", self.name));
        for (at, (name, value)) in labels.iter().enumerate() {
            let before = if at == 0 { '{' } else { ',' };
            put(self.text, format_args!("{before}{name}=\"{}\"", escaped(value)));
        }
        let end = if labels.is_empty() { "" } else { "}" };
        put(self.text, format_args!("{end} {value}\n"));
    }
}

fn put(text: &mut String, what: std::fmt::Arguments<'_>) {
    text.write_fmt(what).expect("a string takes everything");
}

/// A label's value.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', "\\\"").replace('\n', r"\n")
}

/// Nanoseconds, written as seconds, all of their decimals.
struct Seconds(u64);

impl Seconds {
    fn of(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, nanos) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        let digits = format!("{nanos:09}");
        match digits.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            decimals => write!(f, "{whole}.{decimals}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_help_are_escaped() {
        let mut text = Text::default();
        text.gauge("odd", "A \\ and\na \"line\".").add(&[("a", "x\\y\"z\n"), ("b", "")], 7);
        let expected = concat!(
            "# HELP lightning_odd A \\\\ and\\na \"line\".\n",
            "# TYPE lightning_odd gauge\n",
            "lightning_odd{a=\"x\\\\y\\\"z\\n\",b=\"\"} 7\n",
        );
        assert_eq!(text.0, expected);
    }

    #[test]
    fn seconds_are_written_exactly() {
        let texts =
            [0, 1, 1_024, 1_500_000_000, 2_000_000_000, u64::MAX].map(|nanos| Seconds(nanos).to_string());
        assert_eq!(texts, ["0", "0.000000001", "0.000001024", "1.5", "2", "18446744073.709551615"]);
    }
}
