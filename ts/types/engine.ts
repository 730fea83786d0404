/** How an engine is opened, and what it says about itself. */

import type { Decimal, SignedDecimal } from './common.ts';
import type { Durability, JournalStats, RecoveryProgress, Retention, SnapshotOptions } from './durability.ts';

/** How an engine is opened. Everything has a default. */
export interface EngineConfig {
  /**
   * The directory that everything is kept in; made if it does not exist, and recovered from if it does. One engine at
   * a time may have it open (`DATA_DIR_LOCKED`). Default: none, everything is in memory and closing forgets it.
   */
  dataDir?: string;
  /**
   * When a call is answered: see {@link Durability}. With a `dataDir` `'sync'` (default) or `'written'`, without
   * `'volatile'`.
   */
  durability?: Durability;
  /** When snapshots are taken, and how many are kept. They are what makes opening fast. */
  snapshot?: SnapshotOptions;
  /** What becomes of log files that no snapshot needs any more; default `'keep'`: nothing is ever deleted. */
  retention?: Retention;
  /**
   * Bytes of a log file, 1,048,576 (1 MiB) at least; default 67,108,864 (64 MiB). Up to four of them are made in
   * advance and filled with zeros, so that no answer ever waits for a file to grow: an empty data directory takes that
   * much room.
   */
  segmentBytes?: number;
  /** Called with how far the opening is, at most about ten times a second. Opening waits for nothing of it. */
  onRecovery?: (progress: RecoveryProgress) => void;
  /**
   * Where the shards run.
   * - `'auto'` (default): threads of their own, as many as the cores suggest.
   * - `'inline'`: in the calling thread. No hand-off between threads: the lowest latency for one caller, and
   *   the same results for the same calls, always. For backtests, tests and simulators.
   * - an object: so many shards of each kind, 1 to 10; with `inline: true` in the calling thread all the same.
   */
  threads?: 'auto' | 'inline' | { sequencers?: number; matchers?: number; inline?: boolean };
  /**
   * What time it is for the engine: what orders expire by, sessions end by and every `ts` says.
   * - `'system'` (default): the system's clock.
   * - `'manual'`: stands still, at 0 (1970) in the beginning, and moves only with {@link Engine.advance}: for
   *   backtests and tests.
   * - `{ manual: startMs }`: the same, beginning at a time in milliseconds since 1970.
   */
  clock?: 'system' | 'manual' | { manual: number };
  /** What is kept for reading back. */
  history?: {
    /**
     * Trades per symbol, for `trades` and `myTrades`; default 10,000. Streams of trades are told from them, too: who falls
     * behind by more has a gap, and with 0 there is nothing but gaps.
     */
    tradesPerSymbol?: number;
    /**
     * Candles per symbol, for `klines`: 0 to 100 times the usual number, which is that of 3,600 seconds, 10,080 minutes
     * (a week), 17,520 hours (two years) and 7,300 days (twenty years) in which something was traded, and takes up to
     * 4.9 MB. Of 0 times, only the minutes of the last 24 hours. Default 1.
     */
    klines?: number;
    /** Closed orders per sequencer; default 100,000. Older ones answer `UNKNOWN_ORDER`, and are in `orderHistory`. */
    closedOrders?: number;
    /** Ledger entries per sequencer, for `accounts.ledger`; default 100,000. */
    ledgerEntries?: number;
  };
  /** What bounds memory. */
  limits?: {
    /** Calls in flight, 1 to 1,048,576; the next one is refused with `BUSY`. Default 65,536. */
    inFlight?: number;
    /**
     * Open orders per account, those that wait for a trigger included; the next one that may rest is refused
     * with `TOO_MANY_OPEN_ORDERS`. Default 10,000.
     */
    openOrdersPerAccount?: number;
  };
}

/** What all balances of one asset add up to. */
export interface Conservation {
  /** The asset's code. */
  asset: string;
  /** All deposits ever. */
  deposited: Decimal;
  /** All withdrawals ever. */
  withdrawn: Decimal;
  /** Sum of all available balances. */
  available: Decimal;
  /** Sum of all frozen balances. */
  frozen: Decimal;
  /** Sum of what open orders have reserved. */
  reserved: Decimal;
  /** Sum of what is held for purposes outside the exchange (`accounts.hold`). */
  held: Decimal;
  /** Frozen for transfers that are under way. */
  inTransfer: Decimal;
  /** Fees that have accrued and were not collected yet; negative where rebates exceed them. */
  feesAccrued: SignedDecimal;
  /**
   * `available + frozen + feesAccrued = deposited - withdrawn` and `frozen = reserved + held + inTransfer`, to
   * the atom.
   */
  holds: boolean;
}

/** What an engine has been doing. */
export interface EngineStats {
  /** Where the shards run. */
  mode: 'threaded' | 'inline';
  /** Shards that own balances. */
  sequencers: number;
  /** Shards that own books. */
  matchers: number;
  /** Calls admitted since the engine was opened, reads included. */
  commands: number;
  /** Calls refused before they were admitted. */
  refusedAtEdge: number;
  /** Calls refused with `BUSY`. */
  busy: number;
  /** Calls admitted and not settled yet. */
  inFlight: number;
  /** The newest record of the engine's log. */
  seq: number;
  /** When calls are answered. */
  durability: Durability;
  /** The newest record that can't be lost any more; null in memory, where every record can. */
  durableSeq: number | null;
  /** The log on disk; null in memory. */
  journal: JournalStats | null;
  /** True after a failure (see the event `fatal`): nothing is taken any more. */
  halted: boolean;
}
