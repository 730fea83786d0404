/** Binance's own depth stream (spot), through the same book. */

import type { Decimal } from '../types/common.ts';
import { LocalOrderBook } from './book.ts';
import type { ApplyResult } from './types.ts';

/** A level as Binance writes it. */
export type BinanceLevel = readonly [price: Decimal, quantity: Decimal];

/** What `GET /api/v3/depth` answers. */
export interface BinanceSnapshot {
  /** The update that it is as of. */
  readonly lastUpdateId: number;
  /** Best first. */
  readonly bids: readonly BinanceLevel[];
  /** Best first. */
  readonly asks: readonly BinanceLevel[];
}

/** A message of `<symbol>@depth` or `<symbol>@depth@100ms`. */
export interface BinanceDiff {
  /** `'depthUpdate'`. */
  readonly e?: string;
  /** When it was sent, in milliseconds since 1970. */
  readonly E: number;
  /** Of which symbol. */
  readonly s: string;
  /** The first update in it. */
  readonly U: number;
  /** The last update in it. */
  readonly u: number;
  /** Bids that have changed. */
  readonly b: readonly BinanceLevel[];
  /** Asks that have changed. */
  readonly a: readonly BinanceLevel[];
}

/** Diffs kept while there is no snapshot: over a minute and a half at ten a second. */
const WAITING_MAX = 1_000;

/**
 * Keeps a {@link LocalOrderBook} from Binance's diffs. Begin with the stream, then fetch a snapshot: diffs that come
 * before it are kept, those that it has in it already are dropped. After `'gap'`, fetch another one.
 *
 * @example
 * const depth = new BinanceDepth('BTCUSDT');
 * socket.onmessage = ({ data }) => {
 *   if (depth.apply(JSON.parse(data)) === 'gap') fetchSnapshot(); // unless one is under way
 * };
 */
export class BinanceDepth {
  /** The book; its `seq` is the last update id, its `epoch` 0. */
  readonly book: LocalOrderBook;
  readonly #symbol: string;
  #waiting: BinanceDiff[] = [];

  /** For one symbol, as Binance writes it: `'BTCUSDT'`. */
  constructor(symbol: string) {
    this.#symbol = symbol;
    this.book = new LocalOrderBook(symbol);
  }

  /**
   * Takes a snapshot or a diff in.
   *
   * - `'gap'`: the book needs a (newer) snapshot; the diff is kept for it.
   * - `'ignored'`: all of it was in the book already.
   */
  apply(message: BinanceSnapshot | BinanceDiff): ApplyResult {
    return 'lastUpdateId' in message ? this.#start(message) : this.#diff(message);
  }

  #start({ lastUpdateId, bids, asks }: BinanceSnapshot): ApplyResult {
    const { book } = this;
    // A snapshot may be slower than the stream: it never takes a book back.
    if (!book.needsSnapshot && lastUpdateId <= (book.seq as number)) return 'ignored';
    const ts = book.ts ?? 0;
    let result = book.apply({
      type: 'snapshot',
      symbol: this.#symbol,
      epoch: 0,
      seq: lastUpdateId,
      ts,
      bids,
      asks,
    });
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const diff of waiting) {
      if (this.#diff(diff) === 'gap') result = 'gap';
    }
    return result;
  }

  #diff(diff: BinanceDiff): ApplyResult {
    const { book } = this;
    const { U, u, E: ts, b: bids, a: asks, s: symbol } = diff;
    if (symbol !== this.#symbol) throw new TypeError(`a diff of ${symbol} for the book of ${this.#symbol}`);
    if (!Number.isSafeInteger(U) || U > u) throw new TypeError(`a diff of the updates ${U} to ${u}`);
    const here = book.seq ?? 0;
    // A diff has every level that changed between U and u, so it may begin within what the book has.
    const prevSeq = U <= here + 1 && here < u ? here : U - 1;
    const result = book.apply({ type: 'delta', symbol, epoch: 0, prevSeq, seq: u, ts, bids, asks });
    if (result === 'gap') {
      this.#waiting.push(diff);
      if (this.#waiting.length > WAITING_MAX) this.#waiting.shift();
    }
    return result;
  }
}
