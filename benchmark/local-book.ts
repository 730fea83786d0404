/**
 * What a client's book costs per message, next to simpler ways to keep one: `npx tsx benchmark/local-book.ts`. The
 * figures are in docs/MARKET-DATA.md.
 *
 * Every message changes one level, and the best bid is looked at after it. The simpler ones check nothing.
 */

import {
  type LocalBookDelta,
  type LocalBookSnapshot,
  type LocalBookTuple,
  LocalOrderBook,
} from '../ts/local-book/index.ts';

type Message = LocalBookSnapshot | LocalBookDelta;

/** A way to keep a book. */
interface Kept {
  apply(message: Message): void;
  bestBid(): string | undefined;
}

const MESSAGES = 100_000;
const REPEATS = 3;
const MID = 6_000_000;
const STAMP = { symbol: 'X', epoch: 1 };

/** Small and good enough; the same numbers on every run. */
function generator(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function priceOf(ticks: number): string {
  return (ticks / 100).toFixed(2);
}

function flow(depth: number, isNear: boolean): Message[] {
  const random = generator();
  const quantity = (): string => (1 + random() * 9).toFixed(4);
  const levels = Array.from({ length: depth }, (_, at) => at + 1);
  const messages: Message[] = [
    {
      ...STAMP,
      type: 'snapshot',
      seq: 0,
      ts: 0,
      bids: levels.map((at) => [priceOf(MID - at), quantity()]),
      asks: levels.map((at) => [priceOf(MID + at), quantity()]),
    },
  ];
  for (let seq = 1; seq <= MESSAGES; seq += 1) {
    const distance = isNear ? Math.floor(-Math.log(1 - random()) * 4) : Math.floor(random() * depth);
    const at = 1 + Math.min(depth - 1, distance);
    const is = random() < 0.3 ? '0.0000' : quantity();
    const isBid = random() < 0.5;
    const changes: LocalBookTuple[] = [[priceOf(isBid ? MID - at : MID + at), is]];
    const sides = isBid ? { bids: changes, asks: [] } : { bids: [], asks: changes };
    messages.push({ ...STAMP, type: 'delta', prevSeq: seq - 1, seq, ts: seq, ...sides });
  }
  return messages;
}

/** The real one. */
class Real implements Kept {
  readonly #book = new LocalOrderBook();

  apply(message: Message): void {
    if (this.#book.apply(message) !== 'applied') throw new Error('a gap in a flow without gaps');
  }

  bestBid(): string | undefined {
    return this.#book.best('bids')?.price;
  }
}

/** A sorted array for each side; prices as numbers. */
class OneArray implements Kept {
  readonly #isBestFirst: boolean;
  readonly #sides = [0, 1].map(() => ({
    keys: [] as number[],
    levels: [] as { price: string; quantity: string }[],
  }));

  constructor(isBestFirst: boolean) {
    this.#isBestFirst = isBestFirst;
  }

  apply({ bids, asks }: Message): void {
    for (const [side, changes] of [bids, asks].entries()) {
      for (const [price, quantity] of changes) this.#set(side, price, quantity);
    }
  }

  bestBid(): string | undefined {
    const levels = this.#sides[0]?.levels;
    return levels?.at(this.#isBestFirst ? 0 : -1)?.price;
  }

  #set(side: number, price: string, quantity: string): void {
    const { keys, levels } = this.#sides[side] ?? { keys: [], levels: [] };
    const value = Math.round(Number(price) * 100);
    const key = (side === 0) === this.#isBestFirst ? -value : value;
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((keys[middle] ?? 0) < key) low = middle + 1;
      else high = middle;
    }
    const isThere = keys[low] === key;
    if (Number(quantity) === 0) {
      if (!isThere) return;
      keys.splice(low, 1);
      levels.splice(low, 1);
    } else if (isThere) {
      levels[low] = { price, quantity };
    } else {
      keys.splice(low, 0, key);
      levels.splice(low, 0, { price, quantity });
    }
  }
}

/** A map for each side; the best is searched for. */
class Maps implements Kept {
  readonly #bids = new Map<string, string>();
  readonly #asks = new Map<string, string>();

  apply({ bids, asks }: Message): void {
    for (const [map, changes] of [[this.#bids, bids] as const, [this.#asks, asks] as const]) {
      for (const [price, quantity] of changes) {
        if (Number(quantity) === 0) map.delete(price);
        else map.set(price, quantity);
      }
    }
  }

  bestBid(): string | undefined {
    let [best, value] = [undefined as string | undefined, -1];
    for (const price of this.#bids.keys()) {
      if (Number(price) > value) [best, value] = [price, Number(price)];
    }
    return best;
  }
}

const WAYS: [name: string, make: () => Kept][] = [
  ['LocalOrderBook', () => new Real()],
  ['one array, best at the end', () => new OneArray(false)],
  ['one array, best first', () => new OneArray(true)],
  ['maps', () => new Maps()],
];

/** Nanoseconds of processor time a message, of the best of several runs. */
function measure(
  make: () => Kept,
  messages: readonly Message[],
): { nanoseconds: number; last: string | undefined } {
  let nanoseconds = Infinity;
  let last: string | undefined;
  for (let repeat = 0; repeat < REPEATS; repeat += 1) {
    const kept = make();
    const start = process.cpuUsage();
    for (const message of messages) {
      kept.apply(message);
      last = kept.bestBid();
    }
    const { user, system } = process.cpuUsage(start);
    nanoseconds = Math.min(nanoseconds, ((user + system) * 1e3) / messages.length);
  }
  return { nanoseconds, last };
}

for (const depth of [20, 5_000, 50_000]) {
  for (const isNear of [true, false]) {
    const messages = flow(depth, isNear);
    const outcomes = new Set<string | undefined>();
    for (const [name, make] of WAYS) {
      // What takes long says the same of fewer messages.
      const most = name === 'maps' ? 2_000_000 / depth : name === 'LocalOrderBook' ? MESSAGES : 5e8 / depth;
      const some = messages.slice(0, 1 + Math.min(MESSAGES, most));
      const { nanoseconds, last } = measure(make, some);
      if (some.length === messages.length) outcomes.add(last);
      console.log(`${depth} levels, ${isNear ? 'near' : 'anywhere'}: ${name} ${nanoseconds.toFixed(0)} ns`);
    }
    if (outcomes.size !== 1) throw new Error(`they differ in the best bid: ${[...outcomes].join(', ')}`);
  }
}
