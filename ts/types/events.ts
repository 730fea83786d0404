/** What {@link Engine.on} listens to. */

import type { LightningError } from '../errors.ts';
import type {
  BalanceMessage,
  BboMessage,
  BookMessage,
  ExecutionMessage,
  Gap,
  StatusMessage,
  TickerMessage,
  TradeMessage,
} from './streams.ts';

/**
 * The events by name, with what listeners are called with. All but `fatal` come from streams of all symbols, or of all
 * accounts, those that are created later included. What a listener who is slow misses is what a stream would miss
 * ({@link Stream}). What comes from one symbol or account comes in its order; between them there is none.
 */
export interface EngineEvents {
  /**
   * The engine has failed and takes nothing any more: `JOURNAL_IO` (the disk failed), `STORAGE_FULL` (it is full) or
   * `INTERNAL` (an invariant is broken). Calls that were unanswered have ended with `OUTCOME_UNKNOWN`. Told once. Close
   * the engine, and open it again.
   */
  fatal: [error: LightningError];
  /** As {@link Engine.watchTrades}. */
  trade: [message: TradeMessage | Gap];
  /** As {@link Engine.watchBbo}. */
  bbo: [message: BboMessage];
  /** As {@link Engine.watchBook} with 20 levels: of each symbol first a snapshot. */
  book: [message: BookMessage];
  /** As {@link Engine.watchTicker}. */
  ticker: [message: TickerMessage];
  /** As {@link Engine.watchExecutions}. */
  execution: [message: ExecutionMessage | Gap];
  /** As {@link Engine.watchBalances}. */
  balance: [message: BalanceMessage | Gap];
  /** As {@link Engine.watchStatus}. */
  status: [message: StatusMessage | Gap];
}
