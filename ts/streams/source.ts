/** What one consumer is told: fetched when it asks, one batch at a time. */

import type { SymbolInfo } from '../types.ts';
import { obey } from './abort.ts';
import type { Receiver } from './decoder.ts';
import type { End } from './layout.ts';

/** What is known of a subscription. */
export interface Watched {
  readonly symbol?: SymbolInfo | undefined;
  readonly accountId?: number | undefined;
  readonly counts?: boolean;
  readonly raw?: boolean;
}

/** Whom a source asks for more, and tells when it needs no more. */
export interface Supply {
  /** It may be told more. */
  want(source: Source): void;
  /** Nobody needs it any more. */
  drop(source: Source): void;
  /** It is over. */
  forget(source: Source): void;
  /** Why there is no more; nothing where that is as it should be. May run the consumer's code. */
  reason(end: End, source: Source): Error | undefined;
}

/** Somebody who waits. */
interface Waiter {
  /** Gives it what there is; it takes at least one. */
  serve(source: Source): void;
  end(): void;
  fail(error: Error): void;
  /** What must not be collected while it waits. */
  readonly holder: unknown;
}

/** Messages of a subscription, on their way to its consumer. */
export class Source implements Receiver {
  /** Its number. */
  readonly id: number;
  readonly symbol: SymbolInfo | undefined;
  readonly accountId: number | undefined;
  readonly counts: boolean;
  readonly raw: boolean;
  /** The first that a consumer who was too slow has missed: a trade id, or the number of a record. */
  missedFrom = 0;
  /** It is told more when there is something. */
  wanting = false;
  readonly #supply: Supply;
  #queue: unknown[] = [];
  #at = 0;
  #waiters: Waiter[] = [];
  #isOver = false;
  /** How it ended, or why; told once. */
  #end: End | undefined;
  #error: Error | undefined;
  #unsignal: (() => void) | undefined;

  constructor(id: number, supply: Supply, watched: Watched) {
    const { symbol, accountId, counts = false, raw = false } = watched;
    this.id = id;
    this.symbol = symbol;
    this.accountId = accountId;
    this.counts = counts;
    this.raw = raw;
    this.#supply = supply;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends it when a signal says so. */
  obey(signal: AbortSignal): void {
    this.#unsignal = obey(signal, this);
  }

  /** One message more; nothing is done with it yet, so that no code of the consumer's runs. */
  put(message: unknown): void {
    if (!this.#isOver) this.#queue.push(message);
  }

  /** No more messages come. */
  over(why: End, from: number): void {
    if (this.#isOver) return;
    this.#end = why;
    this.missedFrom = from;
    this.#supply.forget(this);
    this.#finish();
  }

  /** Serves those who wait. */
  serve(): void {
    while (this.#waiters.length > 0 && this.#at < this.#queue.length) this.#waiters.shift()?.serve(this);
    if (this.#isOver) this.#dismiss();
    else if (this.#waiters.length > 0) this.#supply.want(this);
  }

  /** Is there something for who asks now? Nobody gets ahead of those who wait. */
  get #isReady(): boolean {
    return this.#at < this.#queue.length && this.#waiters.length === 0;
  }

  /** The next message, when there is one. */
  next(holder: unknown): Promise<IteratorResult<never, undefined>> {
    if (this.#isReady) return Promise.resolve({ value: this.take() as never, done: false });
    return this.#wait(holder, (source) => source.take());
  }

  /** All messages that are there, when there are some. */
  nextBatch(holder: unknown): Promise<IteratorResult<never, undefined>> {
    if (this.#isReady) return Promise.resolve({ value: this.takeAll() as never, done: false });
    return this.#wait(holder, (source) => source.takeAll());
  }

  #wait(holder: unknown, take: (source: Source) => unknown): Promise<IteratorResult<never, undefined>> {
    if (this.#isOver) {
      const error = this.#takeError();
      return error ? Promise.reject(error) : Promise.resolve({ value: undefined, done: true });
    }
    return new Promise((resolve, reject) => {
      this.#waiters.push({
        serve: (source) => resolve({ value: take(source) as never, done: false }),
        end: () => resolve({ value: undefined, done: true }),
        fail: reject,
        holder,
      });
      this.#supply.want(this);
    });
  }

  /** The next message; there must be one. */
  take(): unknown {
    const message = this.#queue[this.#at];
    this.#at += 1;
    if (this.#at === this.#queue.length) this.#clear();
    return message;
  }

  /** All messages that are there. */
  takeAll(): unknown[] {
    const messages = this.#at === 0 ? this.#queue : this.#queue.slice(this.#at);
    this.#clear();
    return messages;
  }

  /** Nobody wants any more of it. */
  end(): void {
    if (!this.#isOver) this.#supply.drop(this);
    this.#clear();
    this.#end = undefined;
    this.#error = undefined;
    this.#finish();
    this.#dismiss();
  }

  /** The same, and the consumer is told why. */
  fail(error: Error): void {
    if (this.#isOver) return;
    this.#supply.drop(this);
    this.#clear();
    this.#error = error;
    this.#finish();
    this.#dismiss();
  }

  #finish(): void {
    this.#isOver = true;
    this.#unsignal?.();
    this.#unsignal = undefined;
  }

  /** Tells those who wait that there is no more: the first one why. */
  #dismiss(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      const error = this.#takeError();
      if (error) waiter.fail(error);
      else waiter.end();
    }
  }

  /** Why it is over, to whom it may concern: once. */
  #takeError(): Error | undefined {
    const [end, error] = [this.#end, this.#error];
    this.#end = undefined;
    this.#error = undefined;
    return end ? this.#supply.reason(end, this) : error;
  }

  #clear(): void {
    this.#queue = [];
    this.#at = 0;
  }
}
