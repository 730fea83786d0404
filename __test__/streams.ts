/** What the tests of streams share. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { BookMessage, BookSnapshot, Engine, Stream } from '../index.ts';

/** The next messages, so many of them; fails if they do not come within ten seconds. */
export async function take<Message>(stream: Stream<Message>, count: number): Promise<Message[]> {
  const messages: Message[] = [];
  while (messages.length < count) {
    const next = await within(stream.next(), `message ${messages.length + 1} of ${count}`);
    if (next.done) throw new Error(`the stream ended after ${messages.length} of ${count} messages`);
    messages.push(next.value);
  }
  return messages;
}

/** One message, the next one. */
export async function one<Message>(stream: Stream<Message>): Promise<Message> {
  const [message] = await take(stream, 1);
  return message as Message;
}

/** Messages up to and with the first one that is wanted. */
export async function until<Message>(
  stream: Stream<Message>,
  isWanted: (message: Message) => boolean,
): Promise<Message[]> {
  const messages: Message[] = [];
  for (;;) {
    const message = await one(stream);
    messages.push(message);
    if (isWanted(message)) return messages;
  }
}

/** The same promise, for ten seconds at most. */
export async function within<T>(promise: Promise<T>, what: string, ms = 10_000): Promise<T> {
  const late = new AbortController();
  const clock = sleep(ms, undefined, { signal: late.signal }).then(() => {
    throw new Error(`${what} has not come within ${ms} ms`);
  });
  clock.catch(() => {});
  try {
    return await Promise.race([promise, clock]);
  } finally {
    late.abort();
  }
}

/** Waits until something holds. */
export async function eventually(holds: () => boolean, what: string, ms = 10_000): Promise<void> {
  for (const end = Date.now() + ms; !holds();) {
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms`);
    await sleep(2);
  }
}

/** True if nothing comes for some time. */
export async function isQuiet(stream: Stream<unknown>, ms = 60): Promise<boolean> {
  const nothing = Symbol('nothing');
  const first = await Promise.race([stream.next(), sleep(ms, nothing)]);
  return first === nothing;
}

/**
 * Waits until streams of all accounts tell what happens: where shards have threads they begin a moment after they are
 * made. Moves money of an account to see it.
 */
export async function allAccountsBegin(engine: Engine, accountId: number): Promise<void> {
  const probe = engine.watchBalances();
  const nothing = Symbol('nothing');
  const first = probe.next();
  const end = Date.now() + 10_000;
  do {
    if (Date.now() > end) throw new Error('no balance of any account is told');
    await engine.accounts.deposit({ accountId, asset: 'USDT', amount: 1 });
  } while ((await Promise.race([first, sleep(5, nothing)])) === nothing);
  await probe.return();
}

/** A book that is nothing but what a stream has told: the plainest replica there is. */
export class Replica {
  seq = -1;
  epoch = 0;
  messages = 0;
  readonly bids = new Map<string, string>();
  readonly asks = new Map<string, string>();

  /** Applies a message; throws where it does not follow. */
  apply(message: BookMessage): this {
    this.messages += 1;
    if (message.type === 'snapshot') {
      this.bids.clear();
      this.asks.clear();
    } else {
      if (message.prevSeq !== this.seq) throw new Error(`${message.prevSeq} does not follow ${this.seq}`);
      if (message.epoch !== this.epoch) throw new Error(`epoch ${message.epoch} after ${this.epoch}`);
    }
    for (const [side, levels] of [
      [this.bids, message.bids],
      [this.asks, message.asks],
    ] as const) {
      for (const [price, quantity] of levels) {
        // Of a level that came and went in between nobody was told that it had come.
        if (/[1-9]/.test(quantity)) side.set(price, quantity);
        else side.delete(price);
      }
    }
    this.seq = message.seq;
    this.epoch = message.epoch;
    return this;
  }

  /** Both sides, best first. */
  get levels(): { bids: string[]; asks: string[] } {
    return { bids: lines(this.bids, -1), asks: lines(this.asks, 1) };
  }
}

function lines(levels: ReadonlyMap<string, string>, sign: number): string[] {
  return [...levels]
    .toSorted(([a], [b]) => sign * (Number(a) - Number(b)))
    .map(([price, quantity]) => `${quantity}@${price}`);
}

/** A book that was read, in a replica's words. */
export function levelsOf({ bids, asks }: BookSnapshot): { bids: string[]; asks: string[] } {
  const [left = [], right = []] = [bids, asks].map((side) =>
    side.map(({ price, quantity }) => `${quantity}@${price}`),
  );
  return { bids: left, asks: right };
}

/** Follows a book until it is where the engine's is. */
export async function catchUp(engine: Engine, stream: Stream<BookMessage>, replica: Replica): Promise<void> {
  const { symbol, seq } = engine.book('BTC-USDT');
  while (replica.seq < seq) {
    const message = await one(stream);
    if (message.symbol !== symbol) throw new Error(`${message.symbol} is not ${symbol}`);
    replica.apply(message);
  }
}
