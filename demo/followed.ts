/**
 * The market as somebody outside sees it: books, trades and tickers, from the engine's streams alone.
 *
 * Whoever draws ten times a second asks for news ten times a second. The streams make one message of all that has
 * happened to a book in between, and leave no trade out.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { type Engine, follow, LocalOrderBook, type TickerMessage, type TradeMessage } from '../index.ts';

/** Trades that are kept: more than any screen shows. */
const TAPE = 24;

/** What has become of the symbols. */
export class Followed {
  /** Of each symbol. */
  readonly books: LocalOrderBook[];
  /** Of each symbol, once it has come. */
  readonly tickers: (TickerMessage | undefined)[];
  readonly #stop = new AbortController();
  readonly #frameMs: number;
  readonly #ends: Promise<void>[];
  /** Why a stream ended before its time. */
  #failure: { error: unknown } | undefined;
  #tape: TradeMessage[] = [];

  /** Follows these symbols until it is ended, and asks for news so often. */
  constructor(engine: Engine, symbols: readonly string[], frameMs: number) {
    this.#frameMs = frameMs;
    this.books = symbols.map((symbol) => new LocalOrderBook(symbol));
    this.tickers = symbols.map(() => undefined);
    this.#ends = symbols.flatMap((symbol, index) => [
      this.#untilStopped(this.#followBook(engine, symbol, index)),
      this.#untilStopped(this.#followTrades(engine, symbol)),
      this.#untilStopped(this.#followTicker(engine, symbol, index)),
    ]);
  }

  /** The last trades of all symbols, newest first. */
  get tape(): readonly TradeMessage[] {
    return this.#tape;
  }

  /** Lets go of all streams. Throws if one of them had failed. */
  async end(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#ends);
    if (this.#failure) throw this.#failure.error;
  }

  async #followBook(engine: Engine, symbol: string, index: number): Promise<void> {
    const { signal } = this.#stop;
    for await (const book of follow(engine, symbol, { counts: true, checksum: true, signal })) {
      this.books[index] = book;
      await sleep(this.#frameMs, undefined, { signal });
    }
  }

  async #followTrades(engine: Engine, symbol: string): Promise<void> {
    const { signal } = this.#stop;
    for await (const trades of engine.watchTrades(symbol, { signal }).batches()) {
      const fresh = trades.slice(-TAPE).flatMap((trade) => (trade.type === 'trade' ? [trade] : []));
      const all = [...fresh, ...this.#tape].sort((a, b) => b.ts - a.ts || b.tradeId - a.tradeId);
      this.#tape = all.slice(0, TAPE);
    }
  }

  async #followTicker(engine: Engine, symbol: string, index: number): Promise<void> {
    const { signal } = this.#stop;
    for await (const ticker of engine.watchTicker(symbol, { signal })) {
      this.tickers[index] = ticker;
      await sleep(this.#frameMs, undefined, { signal });
    }
  }

  /** That it was stopped is no failure. Another one is told at the end: until then nobody waits for it. */
  async #untilStopped(followed: Promise<void>): Promise<void> {
    try {
      await followed;
    } catch (error) {
      if (!(error instanceof Error && error.name === 'AbortError')) this.#failure ??= { error };
    }
  }
}
