/**
 * Seeded order flow, made before any clock runs: the same steps for every engine, and what a correct engine must
 * come to. A flow is a function of its shape, so that contestants in processes of their own write it again instead
 * of having it sent.
 */

import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { ArrayBook, type Live, type Outcome, type Side } from './array-book.ts';

/** One step: a good-till-canceled limit order, or the cancel of an earlier one. */
export type Step =
  { kind: 'place'; id: number; side: Side; ticks: number; lots: number } | { kind: 'cancel'; id: number };

export interface FlowShape {
  /** What it is called in tables; also the column of the report. */
  name: string;
  seed: number;
  /** Orders that rest in the book, roughly, all the time. */
  resting: number;
  /** Levels a side that passive orders spread over. */
  levels: number;
  /** Steps of a part. A part is a repetition: all contestants run one before anybody runs the next. */
  steps: number;
  /** The first one warms up and is not counted. */
  parts: number;
  /**
   * No order is canceled sooner than this many steps after it was placed. A caller with fewer calls than this in
   * flight always knows the id of the order to cancel, so that everybody sends exactly the same flow.
   */
  minimumAge: number;
}

export interface Flow {
  shape: FlowShape;
  /** Orders that fill the book before the clock runs. */
  load: Step[];
  parts: Step[][];
  /** Of all parts' steps, by kind; `crossing` ones are limit orders through the touch. */
  mix: { passive: number; cancel: number; crossing: number };
  /** How many orders rest at the start and at the end. */
  resting: { start: number; end: number };
  trades: number;
  /** Lots traded since the beginning, after the load and then after each part. */
  tradedLots: number[];
  /** After everything. */
  expected: Outcome;
}

/** A tick is 0.01, a lot 0.0001: see the contestants. */
const MID = 100_000;
const LOTS_MAX = 100;

/** About 100 orders in the book: what a call costs. */
export function thin(seed: number, steps: number, parts: number): FlowShape {
  return { name: 'thin', seed, resting: 100, levels: 20, steps, parts, minimumAge: 256 };
}

/** A book of any size, a hundred orders a level whatever the size: what depth costs. */
export function deep(seed: number, resting: number, steps: number, parts: number): FlowShape {
  const levels = Math.max(10, Math.round(resting / 200));
  return { name: `deep-${resting}`, seed, resting, levels, steps, parts, minimumAge: 2048 };
}

/**
 * Writes a flow: 45 % passive orders, 40 % cancels of live ones, 15 % crossing ones, as nearly as a book of
 * constant size allows (a cancel that finds the book too small becomes a passive order).
 */
export function writeFlow(shape: FlowShape): Flow {
  const generator = xoroshiro128plus(shape.seed);
  // Scaled rather than rejected: a bias of 2^-20 is nothing to a flow, and it is written by every contestant.
  const int = (low: number, high: number): number =>
    low + Math.floor(((generator.next() >>> 0) / 2 ** 32) * (high - low + 1));
  const book = new ArrayBook();
  const mix = { passive: 0, cancel: 0, crossing: 0 };
  let ids = 0;

  const place = (at: number, side: Side, ticks: number, lots: number): Step => {
    const id = ids++;
    book.place(id, side, ticks, lots, at);
    return { kind: 'place', id, side, ticks, lots };
  };
  const passive = (at: number): Step => {
    const side = int(0, 1) === 0 ? 'buy' : 'sell';
    const touch = book.best(side === 'buy' ? 'sell' : 'buy') ?? MID;
    const distance = int(1, shape.levels);
    return place(at, side, side === 'buy' ? touch - distance : touch + distance, int(1, LOTS_MAX));
  };
  const pickOld = (at: number): Live | undefined => {
    for (let attempt = 0; attempt < 64; attempt += 1) {
      const live = book.live[int(0, book.live.length - 1)];
      if (live !== undefined && at - live.bornAt >= shape.minimumAge) return live;
    }
    return undefined;
  };
  const step = (at: number): Step => {
    const wish = int(1, 100);
    const victim = wish > 45 && wish <= 85 && book.live.length > shape.resting ? pickOld(at) : undefined;
    if (victim !== undefined) {
      mix.cancel += 1;
      book.cancel(victim);
      return { kind: 'cancel', id: victim.id };
    }
    if (wish > 85 && book.best('buy') !== null && book.best('sell') !== null) {
      mix.crossing += 1;
      const side = int(0, 1) === 0 ? 'buy' : 'sell';
      const touch = book.best(side === 'buy' ? 'sell' : 'buy') ?? MID;
      // Mostly a part of the first order, now and then a level or two.
      const lots = int(1, int(1, 10) === 1 ? 3 * LOTS_MAX : LOTS_MAX / 2);
      return place(at, side, side === 'buy' ? touch + 1 : touch - 1, lots);
    }
    mix.passive += 1;
    return passive(at);
  };

  const load: Step[] = [];
  while (load.length < shape.resting) load.push(passive(-shape.minimumAge));
  const start = book.live.length;
  const tradedLots = [book.tradedLots];
  const parts = Array.from({ length: shape.parts }, (_, part) => {
    const steps = Array.from({ length: shape.steps }, (_, at) => step(part * shape.steps + at));
    tradedLots.push(book.tradedLots);
    return steps;
  });
  const resting = { start, end: book.live.length };
  return { shape, load, parts, mix, resting, trades: book.trades, tradedLots, expected: book.outcome() };
}
