/**
 * What a client of the streams needs, without the native engine: an order book that is kept from a stream, and forms
 * that other libraries expect. Also in `lightning-exchange` itself.
 *
 * @packageDocumentation
 */

export { BinanceDepth, type BinanceDiff, type BinanceLevel, type BinanceSnapshot } from './binance.ts';
export { LocalOrderBook } from './book.ts';
export { type BookSource, follow, type FollowOptions } from './follow.ts';
export { type Ohlcv, type OhlcvSource, toOHLCV } from './ohlcv.ts';
export type {
  ApplyResult,
  CcxtOrderBook,
  LevelsOptions,
  LocalBbo,
  LocalBookDelta,
  LocalBookHeartbeat,
  LocalBookLevel,
  LocalBookLevels,
  LocalBookMessage,
  LocalBookSnapshot,
  LocalBookStamp,
  LocalBookTuple,
  LocalFill,
} from './types.ts';
