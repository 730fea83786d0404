/**
 * One side of a book, sorted by price: short runs of levels one after the other, the best level at the very end.
 *
 * Nearly all changes are near the best price, where an array that ends there has little to move. Elsewhere an array of
 * thousands has much, and that is what the runs are for. What other forms cost is in docs/MARKET-DATA.md.
 */

import type { Decimal } from '../types/common.ts';
import { type Scaled, TOO_FINE, toScaled } from './scaled.ts';

/** A level as it is kept. */
export interface KeptLevel {
  price: Decimal;
  quantity: Decimal;
  /** Undefined if the stream does not say. */
  orders: number | undefined;
}

/** Neighbours: keys ascending, and the levels of the same places. Never empty. */
interface Run {
  keys: Scaled[];
  levels: KeptLevel[];
}

/** A run of so many levels is cut in two. */
const RUN_MAX = 128;

/** One side of a book. */
export class BookSide {
  /** +1 for bids, -1 for asks: prices times this ascend towards the best one. */
  readonly sign: 1 | -1;
  #runs: Run[] = [];
  #size = 0;

  constructor(sign: 1 | -1) {
    this.sign = sign;
  }

  /** How many levels. */
  get size(): number {
    return this.#size;
  }

  /** What sorts a price, at the scale; undefined if it has more decimals. */
  key(price: Decimal, scale: number): Scaled | undefined {
    const value = toScaled(price, scale);
    if (value === TOO_FINE) return undefined;
    if (this.sign === 1) return value;
    // 0 - 0 is 0, and not the -0 that would change how an array is kept.
    return typeof value === 'number' ? 0 - value : -value;
  }

  /** The best price times the sign. */
  get bestKey(): Scaled | undefined {
    return this.#runs.at(-1)?.keys.at(-1);
  }

  /** The best level. */
  get bestLevel(): KeptLevel | undefined {
    return this.#runs.at(-1)?.levels.at(-1);
  }

  /** The best `count` levels, best first. */
  best(count: number): KeptLevel[] {
    const found: KeptLevel[] = [];
    for (let run = this.#runs.length - 1; run >= 0; run -= 1) {
      const { levels } = this.#runs[run] as Run;
      for (let at = levels.length - 1; at >= 0; at -= 1) {
        if (found.length >= count) return found;
        found.push(levels[at] as KeptLevel);
      }
    }
    return found;
  }

  /** The level of a key. */
  get(key: Scaled): KeptLevel | undefined {
    const run = this.#runs[this.#runOf(key)];
    if (run === undefined) return undefined;
    const at = firstNotBelow(run.keys, key);
    return holds(run.keys, at, key) ? run.levels[at] : undefined;
  }

  /** Makes a level what it is now. */
  set(key: Scaled, price: Decimal, quantity: Decimal, orders: number | undefined): void {
    const index = this.#runOf(key);
    const run = this.#runs[index];
    if (run === undefined) {
      this.#runs.push({ keys: [key], levels: [{ price, quantity, orders }] });
      this.#size += 1;
      return;
    }
    const at = firstNotBelow(run.keys, key);
    if (holds(run.keys, at, key)) {
      const level = run.levels[at] as KeptLevel;
      level.price = price;
      level.quantity = quantity;
      level.orders = orders;
      return;
    }
    run.keys.splice(at, 0, key);
    run.levels.splice(at, 0, { price, quantity, orders });
    this.#size += 1;
    if (run.keys.length < RUN_MAX) return;
    const half = RUN_MAX / 2;
    this.#runs.splice(index + 1, 0, { keys: run.keys.splice(half), levels: run.levels.splice(half) });
  }

  /** Takes a level out, if it is there. */
  delete(key: Scaled): void {
    const index = this.#runOf(key);
    const run = this.#runs[index];
    if (run === undefined) return;
    const at = firstNotBelow(run.keys, key);
    if (!holds(run.keys, at, key)) return;
    this.#size -= 1;
    if (run.keys.length === 1) {
      this.#runs.splice(index, 1);
    } else {
      run.keys.splice(at, 1);
      run.levels.splice(at, 1);
    }
  }

  /** Takes all levels out. */
  clear(): void {
    this.#runs = [];
    this.#size = 0;
  }

  /** Sorts all levels by keys of a finer scale, in which their order is the same. */
  rescale(scale: number): void {
    for (const run of this.#runs) run.keys = run.levels.map(({ price }) => this.key(price, scale) as Scaled);
  }

  /** The run that has a key, or is to have it: the last one that begins at or below it, or else the first. */
  #runOf(key: Scaled): number {
    const runs = this.#runs;
    let low = 0;
    let high = runs.length - 1;
    // The last run is the one that changes most.
    if (high <= 0 || ((runs[high] as Run).keys[0] as Scaled) <= key) return Math.max(0, high);
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (((runs[middle] as Run).keys[0] as Scaled) <= key) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** The first place whose key is not below. */
function firstNotBelow(keys: readonly Scaled[], key: Scaled): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as Scaled) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Is it this key? It is not below, so it is if it is not above. */
function holds(keys: readonly Scaled[], at: number, key: Scaled): boolean {
  return at < keys.length && !((keys[at] as Scaled) > key);
}
