/** What is kept on disk, and what an engine says about it. */

/**
 * When a call is answered.
 * - `'sync'`: when everything that the answer shows is synced to the disk. Survives `kill -9` and a power failure.
 * - `'written'`: when it is handed to the operating system, which is told to sync every 50 ms. Survives `kill -9`; a
 *   power failure or a crash of the system takes the last moments along.
 * - `'volatile'`: at once, because nothing is kept. What an engine without a `dataDir` is, and only that.
 */
export type Durability = 'sync' | 'written' | 'volatile';

/**
 * What becomes of log segments that no kept snapshot needs any more.
 * - `'keep'`: they stay where they are.
 * - `'archive'`: they are moved to `archive/` in the data directory, for you to take elsewhere.
 * - `'remove'`: they are deleted; {@link Engine.audit} and `verify({ from: 'genesis' })` reach as far back as what is
 *   left.
 */
export type Retention = 'keep' | 'archive' | 'remove';

/** When snapshots are taken, and how many are kept. */
export interface SnapshotOptions {
  /**
   * A snapshot every so many records of the log, taken by a thread in the background; 0: only when
   * {@link Engine.snapshot} asks for one. Default 2,000,000. Opening replays at most about as many.
   */
  everyRecords?: number;
  /** So many snapshots are kept, 2 at least; default 3. Older ones are deleted. */
  keep?: number;
}

/** How far an opening is: see `onRecovery` in {@link EngineConfig}. */
export interface RecoveryProgress {
  /** What is being done. */
  phase: RecoveryPhase;
  /** Records handled so far in this phase. */
  records: number;
  /** Bytes of files handled so far in this phase. */
  bytes: number;
  /** Of so many bytes; 0 where nobody knows. */
  bytesTotal: number;
}

/**
 * What an opening is doing.
 * - `'check'`: reading the files; checksums and the chain of hashes. It goes on during `'replay'`, and is told of by turns.
 * - `'snapshot'`: loading the newest snapshot.
 * - `'replay'`: doing again what the log says happened after it.
 * - `'prove'`: adding everything up, and hashing it.
 */
export type RecoveryPhase = 'check' | 'snapshot' | 'replay' | 'prove';

/** A group of records that a crash cut short while it was being written. Nobody was ever told of it. */
export interface TornFrame {
  /** The log file it was the end of. */
  file: string;
  /** Where in it, in bytes. */
  offset: number;
  /** The `seq` of its first record, which is given to another record from now on. */
  seq: number;
  /** How many bytes; they are kept in a file `torn-<seq>.bin`. */
  bytes: number;
}

/** What was found when the engine was opened. */
export interface RecoveryReport {
  /** True if the directory was empty. */
  isNew: boolean;
  /** How many times the directory has been opened, this time included. */
  incarnation: number;
  /** The `seq` of the snapshot that recovery began with; null: none, the log was replayed from its beginning. */
  snapshotSeq: number | null;
  /** Records replayed. */
  records: number;
  /** The newest record found; `seq` goes on behind it. */
  seq: number;
  /** What was dropped at the end of the log; null: nothing, it ended as it should. */
  torn: TornFrame | null;
  /** What was wrong and could be done without: a damaged snapshot, for instance. Look into each. */
  warnings: string[];
  /** The hash of the recovered state, as {@link Engine.stateHash} gives it. */
  stateHash: string;
  /** How long it took, in milliseconds. */
  ms: number;
}

/** The hash of everything that an engine knows: balances, orders, books, rules. */
export interface StateHash {
  /** The newest record that is in it. */
  seq: number;
  /** 64 hexadecimal digits (BLAKE3). */
  hash: string;
}

/** A snapshot that was taken. */
export interface SnapshotInfo {
  /** The newest record that is in it. */
  seq: number;
  /** Its file's name in the data directory. */
  file: string;
  /** The hash of the state in it, as {@link Engine.stateHash} gives it. */
  stateHash: string;
  /** Its size in bytes. */
  bytes: number;
  /** How long it took, in milliseconds. */
  ms: number;
}

/** What a verification found: everything is as it was written, or it would have been refused. */
export interface VerifyReport {
  /** The newest record. */
  seq: number;
  /**
   * The hash of the log's end. Every group of records has the hash of the one before it in its own, so that this one
   * stands for all of them: noted down elsewhere, it tells later whether anything before was changed.
   */
  headHash: string;
  /** The hash of the state that the records lead to, as {@link Engine.stateHash} gives it. */
  stateHash: string;
  /** The `seq` of the snapshot that it began with; null: none, every record was done again. */
  snapshotSeq: number | null;
  /** Records that were done again. */
  records: number;
  /** Groups of records in all files. */
  frames: number;
  /** Bytes in all files. */
  bytes: number;
  /** Files of the log. */
  segments: number;
  /** The `seq` of each snapshot that was compared with what the records lead to, the newest first. */
  snapshots: number[];
  /** What is wrong and can be done without. */
  warnings: string[];
  /** How long it took, in milliseconds. */
  ms: number;
}

/** Which records {@link Engine.audit} reads. */
export interface AuditFilter {
  /** The first record; default: the oldest that there is. */
  fromSeq?: number;
  /** The last record; default: the newest when the reading begins. */
  toSeq?: number;
  /** Only records that changed something of this account. */
  accountId?: number;
}

/**
 * Something that a record led to:
 * - `Trade`: with both orders, both accounts and both fees.
 * - `Settled`: how far an order is after it.
 * - `BalanceChanged`: what an account has after it.
 * - `Credited`: fees that were collected into an account.
 * - `Amended`, `AmendRefused`, `ReservationMoved`: what became of an amend or a replacement.
 * - `TermsChanged`, `TimerSet`: of an account.
 * - `Refused`: the book said no.
 */
export interface AuditEvent {
  /** What kind of thing. */
  event: string;
  /** What exactly; which fields there are depends on the event. Prices, quantities and amounts are decimals. */
  [field: string]: unknown;
}

/** A record of the log: what was decided, and everything that it led to. */
export interface AuditRecord {
  /** Its place in the log: that of the answers it led to. */
  seq: number;
  /** When it was decided, in milliseconds since 1970. */
  ts: number;
  /** What kind of record, for instance `'Place'`. */
  kind: string;
  /** What was asked; which fields there are depends on the kind. Prices, quantities and amounts are decimals. */
  command: Record<string, unknown>;
  /** What it led to, in this order. */
  events: AuditEvent[];
  /** The hash of the log up to the group of records that this one was written with: 64 hexadecimal digits. */
  frameHash: string;
}

/** The log of an engine with a `dataDir`, in its {@link EngineStats}. */
export interface JournalStats {
  /** Bytes written since the engine was opened. */
  bytes: number;
  /** Bytes that were decided and are not written yet. */
  backlogBytes: number;
  /** Log files prepared for when the present one is full. */
  segmentsPrepared: number;
  /**
   * Is there room on the disk?
   * - `'plenty'`: yes.
   * - `'low'`: no; what is not a cancel is refused with `STORAGE_FULL` until there is again.
   * - `'full'`: what is left is kept for closing: the engine halts.
   */
  room: 'plenty' | 'low' | 'full';
}
