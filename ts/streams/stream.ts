/** A stream, as its consumer has it. */

import type { Source } from './source.ts';

/** Ends what nobody can read any more. Weak: it must not hold on to an engine that is read by nobody but itself. */
const abandoned = new FinalizationRegistry<WeakRef<Source>>((source) => source.deref()?.end());

/**
 * Messages as they come: iterate it with `for await`.
 *
 * It begins when it is made, not when it is first read: what happens from then on is in it. But for the first batch,
 * nothing is fetched before somebody asks, and then one batch at a time, so that a slow consumer costs no memory. What a consumer who is slow
 * misses depends on what is watched: states of a book, of best prices, of tickers and candles between two messages are
 * left out (it gets the newest, and what has changed since the last one it got); of trades, executions and balances
 * nothing is left out without saying so ({@link Gap}, or `SLOW_CONSUMER`).
 *
 * It ends when it is left (`break`, `return`), when its signal is aborted (with an `AbortError`), when its symbol is
 * removed, and when the engine is closed, after all that has happened until then; if the engine has halted, with why it
 * has. A stream that nobody holds any more ends by itself. A stream, also one that is waited for, does not keep the
 * process alive.
 *
 * @example
 * ```ts
 * for await (const message of engine.watchBook('BTC-USDT', { levels: 5 })) {
 *   console.log(message.type, message.seq, message.bids[0]);
 *   if (message.seq > 1_000) break;
 * }
 * ```
 */
export class Stream<Message> implements AsyncIterableIterator<Message> {
  readonly #source: Source;

  /** @internal */
  constructor(source: Source) {
    this.#source = source;
    abandoned.register(this, new WeakRef(source), this);
  }

  /**
   * The next message, when there is one. May be called again before it has come.
   *
   * @throws {@link LightningError} `SLOW_CONSUMER` with the policy `'close'`; why the engine has halted. An `AbortError`
   * after an abort. Once: after it, the stream is over.
   */
  next(): Promise<IteratorResult<Message, undefined>> {
    return this.#source.next(this);
  }

  /** Ends it: whoever waits is told that it is over. */
  return(): Promise<IteratorResult<Message, undefined>> {
    this.#close();
    return Promise.resolve({ value: undefined, done: true });
  }

  /**
   * The same messages, as many at a time as there are: at least one, about a thousand at most. Costs one promise for all of
   * them, which is worth it from about 100,000 messages a second. Leaving it ends the stream.
   *
   * @example
   * ```ts
   * for await (const trades of engine.watchTrades('BTC-USDT').batches()) console.log(trades.length);
   * ```
   */
  batches(): AsyncIterableIterator<readonly Message[]> {
    return {
      next: () => this.#source.nextBatch(this),
      return: async () => {
        this.#close();
        return { value: undefined, done: true };
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  /** Itself: what was read already does not come again. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** `await using` ends it at the end of the block. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
  }

  #close(): void {
    abandoned.unregister(this);
    this.#source.end();
  }
}
