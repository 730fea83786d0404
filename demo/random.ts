/**
 * Seeded chance for the demo: the same seed draws the same numbers on every machine. Nothing here is fit for
 * anything that must not be guessed.
 */

import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export class Random {
  readonly #generator;

  constructor(seed: number) {
    this.#generator = xoroshiro128plus(seed);
  }

  /** A whole number from `low` to `high`, both included. */
  int(low: number, high: number): number {
    return uniformInt(this.#generator, low, high);
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return uniformFloat64(this.#generator) < probability;
  }

  /** A positive number, small ones often and large ones seldom, `mean` on average. */
  exponential(mean: number): number {
    return -Math.log(1 - uniformFloat64(this.#generator)) * mean;
  }

  /** A number around 0 with a standard deviation of 1: twelve uniform ones are bell enough for a demo. */
  normal(): number {
    let sum = -6;
    for (let i = 0; i < 12; i += 1) sum += uniformFloat64(this.#generator);
    return sum;
  }

  /** One of the list. */
  pick<T>(list: readonly T[]): T {
    const chosen = list[this.int(0, list.length - 1)];
    if (chosen === undefined) throw new RangeError('nothing to pick from');
    return chosen;
  }
}
