/**
 * Seeded order flow for benchmarks, made before any clock runs: the same steps for every engine, and what a
 * correct engine must come to.
 *
 * The flow has to cancel orders that are live, so its author must know which ones are: a little book of plain
 * arrays runs along while the flow is written. It shares no code with any engine, which makes it the oracle:
 * quantity traded, number of trades and the final depth come out of it.
 */

import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** One step: a good-till-canceled limit order, or the cancel of an earlier one. */
export type Step =
  | { kind: 'place'; id: number; side: 'buy' | 'sell'; ticks: number; lots: number }
  | { kind: 'cancel'; id: number };

/** What is left in the book and what has happened to get there. */
export interface Outcome {
  tradedLots: number;
  trades: number;
  orders: number;
  /** Best first: `[ticks, lots]` of every level. */
  bids: [number, number][];
  asks: [number, number][];
}

export interface Flow {
  name: string;
  seed: number;
  /** Orders that fill the book before the clock runs. */
  load: Step[];
  /** What is measured. */
  steps: Step[];
  /** Of the steps, by kind; `crossing` ones are limit orders through the touch. */
  mix: { passive: number; cancel: number; crossing: number };
  /** How many orders rest at the start and at the end. */
  resting: { start: number; end: number };
  /** After `load` and all `steps`. */
  expected: Outcome;
}

export interface FlowShape {
  name: string;
  /** Orders that rest in the book, roughly, all the time. */
  resting: number;
  /** Levels a side that passive orders spread over. */
  levels: number;
  steps: number;
  seed: number;
  /**
   * No order is canceled sooner than this many steps after it was placed. A caller with fewer calls than this in
   * flight always knows the id of the order to cancel, so that everybody sends exactly the same flow.
   */
  minimumAge: number;
}

/** A tick is 0.01, a lot 0.0001: see the adapters. */
const MID = 100_000;
const LOTS_MAX = 100;

interface Live {
  id: number;
  bornAt: number;
  level: Level;
  lots: number;
  /** Its place among the live orders. */
  slot: number;
}

interface Level {
  ticks: number;
  lots: number;
  queue: Live[];
  /** Orders before this one in the queue are gone. */
  head: number;
}

/**
 * Writes a flow: 45 % passive orders, 40 % cancels of live ones, 15 % crossing ones, as nearly as a book of
 * constant size allows (a cancel that finds the book too small becomes a passive order).
 */
export function writeFlow(shape: FlowShape): Flow {
  const generator = xoroshiro128plus(shape.seed);
  const int = (low: number, high: number): number => uniformInt(generator, low, high);
  const book = new ArrayBook();
  const mix = { passive: 0, cancel: 0, crossing: 0 };

  const passive = (at: number): Step => {
    const side = int(0, 1) === 0 ? 'buy' : 'sell';
    const touch = book.best(side === 'buy' ? 'sell' : 'buy') ?? MID;
    const distance = int(1, shape.levels);
    return book.place(at, side, side === 'buy' ? touch - distance : touch + distance, int(1, LOTS_MAX));
  };

  const load: Step[] = [];
  while (load.length < shape.resting) load.push(passive(-shape.minimumAge));
  const start = book.live.length;

  const steps: Step[] = [];
  for (let at = 0; at < shape.steps; at += 1) {
    const wish = int(1, 100);
    const victim =
      wish > 45 && wish <= 85 && book.live.length > shape.resting ? pickOld(book, at) : undefined;
    if (victim !== undefined) {
      mix.cancel += 1;
      steps.push(book.cancel(victim));
    } else if (wish > 85 && book.best('buy') !== null && book.best('sell') !== null) {
      mix.crossing += 1;
      const side = int(0, 1) === 0 ? 'buy' : 'sell';
      const touch = book.best(side === 'buy' ? 'sell' : 'buy') ?? MID;
      // Mostly a part of the first order, now and then a level or two.
      const lots = int(1, int(1, 10) === 1 ? 3 * LOTS_MAX : LOTS_MAX / 2);
      steps.push(book.place(at, side, side === 'buy' ? touch + 1 : touch - 1, lots));
    } else {
      mix.passive += 1;
      steps.push(passive(at));
    }
  }

  function pickOld(from: ArrayBook, at: number): Live | undefined {
    for (let attempt = 0; attempt < 64; attempt += 1) {
      const live = from.live[int(0, from.live.length - 1)];
      if (live !== undefined && at - live.bornAt >= shape.minimumAge) return live;
    }
    return undefined;
  }

  return {
    name: shape.name,
    seed: shape.seed,
    load,
    steps,
    mix,
    resting: { start, end: book.live.length },
    expected: book.outcome(),
  };
}

/** Price-time priority in the plainest way: a sorted list of levels a side, an array of orders a level. */
class ArrayBook {
  readonly live: Live[] = [];
  /** Best last, so that the touch is where arrays are cheap. */
  readonly #sides: Record<'buy' | 'sell', Level[]> = { buy: [], sell: [] };
  #orders = 0;
  #trades = 0;
  #tradedLots = 0;

  best(side: 'buy' | 'sell'): number | null {
    return this.#sides[side].at(-1)?.ticks ?? null;
  }

  place(at: number, side: 'buy' | 'sell', ticks: number, lots: number): Step {
    const id = this.#orders;
    this.#orders += 1;
    const left = this.#match(side, ticks, lots);
    if (left > 0) {
      const level = this.#level(side, ticks);
      const live: Live = { id, bornAt: at, level, lots: left, slot: this.live.length };
      level.queue.push(live);
      level.lots += left;
      this.live.push(live);
    }
    return { kind: 'place', id, side, ticks, lots };
  }

  cancel(live: Live): Step {
    const { level } = live;
    level.lots -= live.lots;
    level.queue.splice(level.queue.indexOf(live, level.head), 1);
    this.#forget(live);
    if (level.lots === 0) {
      for (const side of Object.values(this.#sides)) {
        const index = side.indexOf(level);
        if (index >= 0) side.splice(index, 1);
      }
    }
    return { kind: 'cancel', id: live.id };
  }

  outcome(): Outcome {
    return {
      tradedLots: this.#tradedLots,
      trades: this.#trades,
      orders: this.#orders,
      bids: bestFirst(this.#sides.buy),
      asks: bestFirst(this.#sides.sell),
    };
  }

  /** Trades what crosses and returns what is left. */
  #match(side: 'buy' | 'sell', limit: number, lots: number): number {
    const others = this.#sides[side === 'buy' ? 'sell' : 'buy'];
    let left = lots;
    for (let level = others.at(-1); level !== undefined && left > 0; level = others.at(-1)) {
      if (side === 'buy' ? level.ticks > limit : level.ticks < limit) break;
      const maker = level.queue[level.head];
      if (maker === undefined) throw new Error('a level without orders');
      const traded = Math.min(left, maker.lots);
      left -= traded;
      maker.lots -= traded;
      level.lots -= traded;
      this.#trades += 1;
      this.#tradedLots += traded;
      if (maker.lots === 0) {
        level.head += 1;
        this.#forget(maker);
      }
      if (level.lots === 0) others.pop();
    }
    return left;
  }

  #level(side: 'buy' | 'sell', ticks: number): Level {
    const levels = this.#sides[side];
    // Where the list, read from its end, is no longer better than the new price.
    let index = levels.length;
    for (; index > 0; index -= 1) {
      const other = levels[index - 1];
      if (other === undefined || (side === 'buy' ? other.ticks <= ticks : other.ticks >= ticks)) break;
    }
    const found = levels[index - 1];
    if (found?.ticks === ticks) return found;
    const level: Level = { ticks, lots: 0, queue: [], head: 0 };
    levels.splice(index, 0, level);
    return level;
  }

  #forget(live: Live): void {
    const last = this.live.pop();
    if (last === undefined || last === live) return;
    last.slot = live.slot;
    this.live[live.slot] = last;
  }
}

function bestFirst(side: Level[]): [number, number][] {
  return side.toReversed().map(({ ticks, lots }) => [ticks, lots]);
}
