/**
 * Lightning: an exchange core for Node. Balances, order books, matching, settlement and Level2 market data in
 * native Rust threads behind typed calls.
 *
 * @packageDocumentation
 */

export { Accounts, Assets, Engine, Symbols } from './ts/engine.ts';
export {
  AccountError,
  AdminError,
  ConflictError,
  type DetailsByCode,
  type DetailsOf,
  type ErrorDetails,
  InsufficientBalanceError,
  LightningError,
  LimitError,
  MarketClosedError,
  OrderError,
  OrderNotFoundError,
  PostOnlyError,
  RateLimitError,
  ReplaceError,
  type ReplaceHalves,
  RuleError,
  StorageError,
  StreamError,
  SystemError,
  UnknownOutcomeError,
  ValidationError,
} from './ts/errors.ts';
export { ERROR_CODES, type ErrorCode } from './ts/codes.ts';
export * from './ts/local-book/index.ts';
export { CommandWriter, ResultReader } from './ts/raw.ts';
export { Stream } from './ts/streams/stream.ts';
export { TradeBatch } from './ts/streams/trades.ts';
export type * from './ts/types.ts';
