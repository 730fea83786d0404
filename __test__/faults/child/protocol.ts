/** What a child is told to do, and what it says while it does. */
import type {
  Balance,
  BookSnapshot,
  Conservation,
  EngineConfig,
  ErrorCode,
  Order,
  RecoveryReport,
  StateHash,
  Trade,
} from '../../../index.ts';
import type { Script } from '../commands.ts';

/** Makes calls, and says each answer before it goes on. */
export interface LoadJob {
  role: 'load';
  config: EngineConfig;
  script: Script;
  /** So many calls in flight at once. */
  width: number;
  /** Waits for all answers and says all there is to read, every so many calls. */
  quietEvery: number;
  /** A file to make when all is set up, before the first call of the script. */
  arms?: string;
  /** A file that {@link LoadJob.arms} made, removed after so many calls. */
  disarmsAfter?: number;
  /**
   * What it does when all calls are made.
   * - `wait`: nothing, until it is killed.
   * - `close`: closes the engine and lets the process end by itself.
   */
  atEnd: 'wait' | 'close';
  /** `process.exit(0)` instead of this call of the script, with others in flight and the engine open. */
  exitAt?: number;
  /** Opens files until there are no more descriptors, before so many calls of the script are made. */
  starveAt?: number;
  /** Closes the engine at SIGTERM. */
  closesAtTerm?: boolean;
}

/** Opens a directory, says how that went, and waits until it is killed or SIGTERM closes it. */
export interface HoldJob {
  role: 'hold';
  config: EngineConfig;
}

/** Runs a load in a worker thread, and terminates that in the middle of it; what the worker says is passed on. */
export interface WorkerJob {
  role: 'worker';
  load: LoadJob;
  /** After so many answers. */
  terminateAfter: number;
}

/** What a child does. */
export type Job = LoadJob | HoldJob | WorkerJob;

/** Everything that can be read at rest. */
export interface Reading {
  balances: Record<number, Balance[]>;
  openOrders: Order[];
  books: BookSnapshot[];
  /** All of each symbol, oldest first. */
  trades: Trade[][];
  conservation: Conservation[];
  /** Null without a data directory. */
  state: StateHash | null;
}

/** A refusal, as it is passed on. */
export interface Refused {
  code: ErrorCode;
  details: unknown;
}

/** A line that a child says. */
export type Line =
  | { say: 'opened'; recovery: RecoveryReport | null }
  | { say: 'open failed'; error: Refused }
  | { say: 'ready' }
  /** It is about to make this call. */
  | { say: 'sent'; key: string }
  /** It has an answer. */
  | { say: 'ok'; key: string; answer: object }
  | { say: 'no'; key: string; error: Refused }
  /** It has read something, while calls were in flight. */
  | { say: 'read'; what: 'book'; value: BookSnapshot }
  | { say: 'read'; what: 'trades'; value: Trade[] }
  | { say: 'read'; what: 'order'; value: Order }
  | { say: 'read'; what: 'saver'; value: Balance[] }
  | { say: 'read'; what: 'conservation'; value: Conservation[] }
  | { say: 'read'; what: 'durable'; value: number }
  /** Nothing is in flight, and this is what there is. */
  | { say: 'quiet'; reading: Reading }
  | { say: 'fatal'; error: Refused }
  /** The script is over. */
  | { say: 'end' }
  | { say: 'closed' }
  | { say: 'close failed'; error: Refused };
