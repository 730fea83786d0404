//! How what the threads have measured comes together.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::journal::Committer;
use crate::metrics::{
    Distribution, Health, HealthReason, HealthStatus, Histogram, JournalState, MatcherCounts, Metrics, Stage,
    StreamState, ThreadMetrics, process, text,
};
use crate::{Driver, Engine, Room};

/// What an engine has besides for this.
pub(crate) struct Own {
    pub(crate) opened: Instant,
    /// Of each matcher.
    pub(crate) matchers: Vec<Arc<MatcherCounts>>,
}

impl Engine {
    /// How the engine is doing, without waiting for any of its threads: each figure is as it is at some moment of this
    /// call. It may be asked of a halted or closed engine, too.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        if let Driver::Inline(inline) = &self.driver {
            inline.lock().unwrap_or_else(PoisonError::into_inner).count_orders();
        }
        let sum = |of: fn(&MatcherCounts) -> u64| self.own.matchers.iter().map(|counts| of(counts)).sum();
        let (in_flight, queues) = match &self.driver {
            Driver::Inline(_) => (0, Vec::new()),
            Driver::Threaded(threaded) => (threaded.credits.in_flight(), threaded.queues()),
        };
        Metrics {
            uptime: self.own.opened.elapsed(),
            inline: self.config.inline,
            durability: self.config.durability,
            commands: self.counters.by_kind().to_vec(),
            refused_at_edge: self.counters.all_refused_at_edge(),
            busy: self.counters.all_busy(),
            refusals: self.counters.refusals(),
            trades: sum(MatcherCounts::trades),
            orders_resting: sum(MatcherCounts::resting),
            in_flight: (in_flight, self.config.credits),
            last_lsn: self.last_lsn().0,
            queues,
            latencies: Stage::ALL.into_iter().map(|stage| (stage, self.latency(stage))).collect(),
            journal: self.kept.as_ref().map(|kept| self.journal_state(kept.committer())),
            streams: self.stream_state(),
            resident_bytes: process::resident_bytes(),
            health: self.health(),
        }
    }

    /// [`Self::metrics`] as Prometheus reads it (text format 0.0.4).
    #[must_use]
    pub fn metrics_text(&self) -> String {
        text::exposition(&self.metrics())
    }

    /// How the engine is, in a word, and why. It may be asked of a halted or closed engine, too.
    #[must_use]
    pub fn health(&self) -> Health {
        if self.closed.load(Ordering::SeqCst) {
            return Health::ended(HealthStatus::Closed, Vec::new());
        }
        if let Some(halted) = self.breaker.halted() {
            let reason = HealthReason::new(halted.code.as_str(), halted.why.clone());
            return Health::ended(HealthStatus::Halted, vec![reason]);
        }
        let mut reasons = Vec::new();
        if let Driver::Threaded(threaded) = &self.driver
            && threaded.credits.in_flight() == self.config.credits
        {
            let message = format!("{} commands are in flight: the next one gets BUSY", self.config.credits);
            reasons.push(HealthReason::new("IN_FLIGHT_FULL", message));
        }
        if let Some(kept) = &self.kept {
            let committer = kept.committer();
            if committer.room() != Room::Plenty {
                let message = "the disk is full: what is no cancel is refused";
                reasons.push(HealthReason::new("STORAGE_LOW", message));
            }
            if committer.front().is_behind() {
                let bytes = committer.front().backlog();
                let message = format!("the disk does not keep up: {bytes} bytes wait, and calls get BUSY");
                reasons.push(HealthReason::new("JOURNAL_BEHIND", message));
            }
            if committer.metrics().snapshots(0).has_failed_last {
                let message = "the last snapshot could not be made: opening takes longer the more is written";
                reasons.push(HealthReason::new("SNAPSHOT_FAILED", message));
            }
        }
        Health::of(reasons)
    }

    /// What all threads together have measured of one stage.
    fn latency(&self, stage: Stage) -> Distribution {
        let mut all = Distribution::default();
        match stage {
            Stage::AnswerGate => all.merge_in(self.replies.gate_waits()),
            Stage::Command => all.merge_in(&self.replies.followed().whole),
            Stage::JournalCommit | Stage::JournalSync => {
                if let Some(kept) = &self.kept {
                    let metrics = kept.committer().metrics();
                    let is_commit = stage == Stage::JournalCommit;
                    all.merge_in(if is_commit { &metrics.commit } else { &metrics.sync });
                }
            }
            Stage::SequencerWait | Stage::SequencerBatch | Stage::MatcherWait | Stage::MatcherBatch => {
                if let Driver::Threaded(threaded) = &self.driver {
                    let mut merge = |histogram: &Histogram| all.merge_in(histogram);
                    let ThreadMetrics { sequencers, matchers } = threaded.metrics();
                    match stage {
                        Stage::SequencerWait => sequencers.iter().for_each(|shard| merge(&shard.wait)),
                        Stage::SequencerBatch => sequencers.iter().for_each(|shard| merge(&shard.batch)),
                        Stage::MatcherWait => matchers.iter().for_each(|shard| merge(&shard.wait)),
                        _ => matchers.iter().for_each(|shard| merge(&shard.batch)),
                    }
                }
            }
        }
        all
    }

    fn journal_state(&self, committer: &Committer) -> JournalState {
        let front = committer.front();
        // Durable first: what is appended meanwhile is newer, and so the difference is never below zero.
        let durable = committer.durable();
        let last = self.last_lsn();
        let metrics = committer.metrics();
        let oldest = [metrics.unsynced(), front.oldest()].into_iter().flatten().min();
        let lag_records = last.0.saturating_sub(durable.0);
        JournalState {
            written_bytes: committer.written_bytes(),
            backlog_bytes: front.backlog(),
            durable_lsn: durable.0,
            lag_records,
            lag: oldest.filter(|_| lag_records > 0).map_or(Duration::ZERO, |oldest| oldest.elapsed()),
            segments_prepared: committer.prepared(),
            room: committer.room(),
            snapshots: metrics.snapshots(last.0),
        }
    }

    fn stream_state(&self) -> StreamState {
        let streams = self.stream_stats();
        StreamState {
            sessions: streams.sessions,
            subscriptions: streams.subscriptions,
            backlog: streams.backlog,
            updates: streams.updates,
            conflated: streams.conflated,
            gaps: streams.gaps,
            ended_slow: streams.ended_slow,
            lost: streams.lost,
        }
    }
}
