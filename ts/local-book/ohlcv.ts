/** Candles in ccxt's form. */

import type { Decimal } from '../types/common.ts';

/** What is used of a candle. */
export interface OhlcvSource {
  /** Its first millisecond since 1970. */
  readonly openTime: number;
  /** The first price. */
  readonly open: Decimal;
  /** The highest. */
  readonly high: Decimal;
  /** The lowest. */
  readonly low: Decimal;
  /** The last. */
  readonly close: Decimal;
  /** Base traded. */
  readonly baseVolume: Decimal;
}

/** A candle in ccxt's form, in floats. */
export type Ohlcv = [
  timestamp: number,
  open: number,
  high: number,
  low: number,
  close: number,
  volume: number,
];

/**
 * Candles as rows of floats, for code that expects ccxt's `fetchOHLCV()`: charts, indicators.
 *
 * @example
 * const closes = toOHLCV(engine.klines('BTC-USDT', '1m')).map(([, , , , close]) => close);
 */
export function toOHLCV(klines: Iterable<OhlcvSource>): Ohlcv[] {
  return Array.from(klines, ({ openTime, open, high, low, close, baseVolume }) => [
    openTime,
    Number(open),
    Number(high),
    Number(low),
    Number(close),
    Number(baseVolume),
  ]);
}
