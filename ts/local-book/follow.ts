/** A book that is followed through gaps: whoever reads it never has to resubscribe by hand. */

import { LocalOrderBook } from './book.ts';
import type { LocalBookMessage } from './types.ts';

/** How deep, and how often told that all is well: what `engine.watchBook()` takes. */
export interface FollowOptions {
  /** The best so many levels of each side, or all; the source's default without. */
  levels?: number | 'all';
  /** With the number of orders of each level. */
  counts?: boolean;
  /** With a checksum in each message, which is then verified. */
  checksum?: boolean;
  /** A heartbeat after so many milliseconds without a change. */
  heartbeatMs?: number;
  /** Ends it, as it ends a stream of the source. */
  signal?: AbortSignal;
  /** Called whenever the source is asked anew, and why. */
  onResync?: (why: 'gap' | 'mismatch', book: LocalOrderBook) => void;
}

/** Anything that has a book's stream: an engine, a client of one. */
export interface BookSource {
  /** A stream that begins with a snapshot. */
  watchBook(symbol: string, options: Omit<FollowOptions, 'onResync'>): AsyncIterable<LocalBookMessage>;
}

/**
 * Follows a book, and gives it after every message that was applied: always the same object, which the next message
 * changes. After a gap or a wrong checksum it lets go of the stream and asks for another one, which begins with a
 * snapshot. It ends when the source's stream ends, and throws what that throws.
 *
 * @example
 * for await (const book of follow(engine, 'BTC-USDT', { levels: 20, signal })) {
 *   draw(book.levels({ count: 10 }));
 * }
 */
export async function* follow(
  source: BookSource,
  symbol: string,
  options: FollowOptions = {},
): AsyncGenerator<LocalOrderBook, void, undefined> {
  const { onResync, ...watching } = options;
  const book = new LocalOrderBook(symbol);
  for (;;) {
    let why: 'gap' | 'mismatch' | undefined;
    let applied = 0;
    for await (const message of source.watchBook(symbol, watching)) {
      const result = book.apply(message);
      if (result === 'applied') {
        applied += 1;
        yield book;
      } else if (result !== 'ignored') {
        why = result;
        break;
      }
    }
    if (why === undefined) return;
    // Whoever begins wrongly would do so for ever.
    if (applied === 0)
      throw new Error(`the stream of ${symbol} does not begin with a right snapshot: ${why}`);
    onResync?.(why, book);
  }
}
