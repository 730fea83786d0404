/** How an engine is doing, for whoever operates it. docs/METRICS.md says what to look at. */

import type { ErrorCode } from '../codes.ts';

/** Why an engine is not well, or not there any more. */
export interface HealthReason {
  /**
   * For a program:
   * - `IN_FLIGHT_FULL`: as many calls are in flight as there may be; the next one is refused with `BUSY`.
   * - `JOURNAL_BEHIND`: the disk does not keep up; calls are refused with `BUSY` until it does.
   * - `STORAGE_LOW`: the disk is full; what is not a cancel is refused with `STORAGE_FULL`.
   * - `SNAPSHOT_FAILED`: the last snapshot could not be made. Nothing is lost, but opening takes longer.
   * - of a halted engine, the code of the event `fatal`.
   */
  code:
    | 'IN_FLIGHT_FULL'
    | 'JOURNAL_BEHIND'
    | 'STORAGE_LOW'
    | 'SNAPSHOT_FAILED'
    | 'INTERNAL'
    | 'JOURNAL_IO'
    | 'STORAGE_FULL';
  /** For a person; may change from version to version. */
  message: string;
}

/** What {@link Engine.health} says. */
export interface EngineHealth {
  /**
   * - `'ok'`: everything is taken and done.
   * - `'degraded'`: it works, but some calls are refused, or something wants to be looked at.
   * - `'halted'`: it has failed and takes nothing any more (see the event `fatal`).
   * - `'closed'`: it was closed.
   */
  status: 'ok' | 'degraded' | 'halted' | 'closed';
  /** Why; empty for `'ok'` and `'closed'`. */
  reasons: HealthReason[];
}

/** The kinds of calls that are counted. */
export type CommandKind =
  | 'deposit'
  | 'withdraw'
  | 'transfer'
  | 'hold'
  | 'release'
  | 'placeOrder'
  | 'testOrder'
  | 'placeOco'
  | 'cancelOrder'
  | 'amendOrder'
  | 'cancelReplace'
  | 'cancelAll'
  | 'cancelAllAfter'
  | 'collectFees'
  | 'configureAccount'
  | 'recall'
  | 'balances'
  | 'account'
  | 'order'
  | 'orderByClientId'
  | 'openOrders'
  | 'closedOrders'
  | 'ledger'
  | 'conservation';

/**
 * Where time goes between a call and its answer:
 * - `sequencerWait`: from the call until a sequencer takes its batch.
 * - `sequencerBatch`: one turn of a sequencer, until what follows from it is sent on.
 * - `matcherWait`: from a sequencer until a matcher takes the batch of orders.
 * - `matcherBatch`: one turn of a matcher, until books, trades and settlements are out.
 * - `journalCommit`: writing one group of records; with durability `'sync'`, until it is on the disk.
 * - `journalSync`: one sync that comes later than the writing, with durability `'written'`.
 * - `answerGate`: from the moment when a shard has answers until the last of them may leave.
 * - `command`: a call from its admission until its answer is ready; one call of sixteen of its kind.
 *
 * The first four are empty with `threads: 'inline'`, the next three without a `dataDir`.
 */
export type LatencyStage =
  | 'sequencerWait'
  | 'sequencerBatch'
  | 'matcherWait'
  | 'matcherBatch'
  | 'journalCommit'
  | 'journalSync'
  | 'answerGate'
  | 'command';

/**
 * How long something took, in microseconds, since the engine was opened. Percentiles are at most a 64th too long and
 * never too short; `count`, `mean` and `max` are exact. Zeros, if nothing was measured.
 */
export interface LatencySummary {
  /** How often it was measured. */
  count: number;
  /** Microseconds. */
  mean: number;
  /** Microseconds that half of them took at most. */
  p50: number;
  /** Microseconds that 90 % took at most. */
  p90: number;
  /** Microseconds that 99 % took at most. */
  p99: number;
  /** Microseconds that 99.9 % took at most. */
  p999: number;
  /** Microseconds that 99.99 % took at most. */
  p9999: number;
  /** Microseconds that the longest took. */
  max: number;
}

/** Calls, in {@link Metrics}. */
export interface CommandMetrics {
  /** Calls admitted since the engine was opened, reads included. */
  total: number;
  /** The same by kind: of raw commands, too. Of batches, each item. */
  byKind: Record<CommandKind, number>;
  /** Calls refused before they were admitted, `BUSY` included. */
  refusedAtEdge: number;
  /** Calls refused with `BUSY`. */
  busy: number;
  /**
   * Refusals that were handed out, by code, whoever decided them. The operator's calls (`assets`, `symbols`) are not
   * among them.
   */
  refusals: Partial<Record<ErrorCode, number>>;
  /** Calls admitted and not settled yet. */
  inFlight: number;
  /** How many there may be: `limits.inFlight`. */
  inFlightMax: number;
}

/** The log on disk, in {@link Metrics}. */
export interface JournalMetrics {
  /** Bytes written since the engine was opened. */
  bytes: number;
  /** Bytes that were decided and are not written yet. */
  backlogBytes: number;
  /** The newest record that can't be lost any more. */
  durableSeq: number;
  /** Records that are newer. */
  lagRecords: number;
  /** How old the oldest of them is, in milliseconds; 0 for none. */
  lagMs: number;
  /** Log files prepared for when the present one is full. */
  segmentsPrepared: number;
  /** Is there room on the disk? See {@link JournalStats}. */
  room: 'plenty' | 'low' | 'full';
  /** Snapshots. */
  snapshots: SnapshotMetrics;
}

/** Snapshots, in {@link JournalMetrics}. */
export interface SnapshotMetrics {
  /** Snapshots made since the engine was opened. */
  made: number;
  /** Snapshots that could not be made. */
  failed: number;
  /** The last record of the newest one; null if there is none. */
  lastSeq: number | null;
  /** Records that are newer than it: what opening would have to do again. */
  ageRecords: number;
  /** Milliseconds since it was made; null if an earlier engine has made it, or nobody. */
  ageMs: number | null;
  /** How long that took, in milliseconds; null as `ageMs` is. */
  tookMs: number | null;
}

/** Who follows books, trades and accounts, in {@link Metrics}. */
export interface StreamMetrics {
  /** Groups of consumers. */
  sessions: number;
  /** Streams that are followed. */
  subscriptions: number;
  /** News that wait to be told. */
  backlog: number;
  /** Updates that were handed out. */
  updates: number;
  /** Updates that slow consumers were spared: a later state took their place. */
  conflated: number;
  /** Gaps that slow consumers were told of. */
  gaps: number;
  /** Streams that were ended because their consumer was too slow. */
  endedSlow: number;
  /** Batches of news that found no room, so that a fresh start was asked for. */
  lost: number;
}

/**
 * What {@link Engine.metrics} says. Counters begin with zero when the engine is opened and never go back. It tells how
 * many, never what or whose, and does not wait for the disk: what is counted may not be durable yet.
 */
export interface Metrics {
  /** Milliseconds since the engine was opened. */
  uptimeMs: number;
  /** In a word. */
  health: EngineHealth;
  /** Calls. */
  commands: CommandMetrics;
  /** Trades made. */
  trades: number;
  /** Orders that rest in books. */
  ordersResting: number;
  /** The newest record of the engine's log. */
  seq: number;
  /**
   * What waits for each shard, by its number: batches, each of whatever its sender had. `commands` and `settlements`
   * wait for sequencers, `orders` for matchers. Empty with `threads: 'inline'`.
   */
  queues: { commands: number[]; settlements: number[]; orders: number[] };
  /** How long each stage took, in microseconds. */
  latencyMicros: Record<LatencyStage, LatencySummary>;
  /** The log on disk; null in memory. */
  journal: JournalMetrics | null;
  /** Who follows books, trades and accounts. */
  streams: StreamMetrics;
  /** Bytes of memory that the whole process has; null where the system does not tell (all but Linux). */
  residentBytes: number | null;
}
