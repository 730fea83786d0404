/** What a synchronous read of the book costs. */

import { median } from '../../statistics.ts';
import { deep, writeFlow } from '../../workloads/flow.ts';
import { type Mode, openMarket, SYMBOL, toCalls } from './market.ts';
import { Caller } from './promises.ts';

export interface Level2Options {
  mode: Mode;
  /** Levels a side, each of them measured. */
  levels: number[];
  /** Timed reads of each. */
  reads: number;
  seed: number;
}

export interface Level2 {
  mode: Mode;
  levels: number;
  reads: number;
  /** Of one read: the median of nine batches. */
  nanoseconds: number;
}

/** Reads one book again and again; it has more levels than are read. */
export async function level2({ mode, levels, reads, seed }: Level2Options): Promise<Level2[]> {
  await using engine = await openMarket(mode);
  const { load } = toCalls(writeFlow(deep(seed, 10_000, 0, 0)));
  await new Caller(engine).play(load, 1024);
  const batch = Math.ceil(reads / 9);
  return levels.map((count) => {
    const times: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const start = performance.now();
      for (let read = 0; read < batch; read += 1) engine.book(SYMBOL, { levels: count });
      // The first batch warms the compiler up.
      if (round > 0) times.push(((performance.now() - start) * 1e6) / batch);
    }
    return { mode, levels: count, reads, nanoseconds: Math.round(median(times)) };
  });
}
