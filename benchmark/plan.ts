/** How much of everything is measured. */

import { deep, type FlowShape, thin } from './workloads/flow.ts';

export interface Plan {
  name: 'full' | 'quick' | 'tiny';
  seed: number;
  /** The columns of the report's table: one thin flow, and deep ones to see what depth costs. */
  flows: FlowShape[];
  latency: { rates: number[]; seconds: number };
  level2: { levels: number[]; reads: number };
  shards: { counts: number[]; symbols: number; inFlight: number; steps: number; parts: number };
  native: {
    /** Each of these is a run of the native benchmark: its arguments. */
    runs: string[];
    /** A run that is not over by then is ended; what it has printed counts. */
    limitSeconds: number;
  };
  rustPeers: { run: string; limitSeconds: number };
  exchangeCore: { workloads: string[]; scalePercent: number; repetitions: number };
}

/** Orders that rest. */
const DEPTHS = [2_000, 20_000, 200_000];

/** All repetitions that are claims: five, and one before them to warm up. */
export function full(seed: number): Plan {
  return {
    name: 'full',
    seed,
    flows: [thin(seed, 200_000, 6), ...DEPTHS.map((resting) => deep(seed, resting, 60_000, 6))],
    latency: { rates: [2_000, 20_000, 50_000], seconds: 10 },
    level2: { levels: [1, 5, 20], reads: 200_000 },
    shards: { counts: [1, 2, 4], symbols: 16, inFlight: 2_048, steps: 10_000, parts: 6 },
    native: { runs: [''], limitSeconds: 1_200 },
    rustPeers: { run: '', limitSeconds: 1_800 },
    exchangeCore: { workloads: ['single-pair', 'medium'], scalePercent: 100, repetitions: 5 },
  };
}

/** Two minutes on two cores, of which the native stages take a third. */
export function quick(seed: number): Plan {
  return {
    name: 'quick',
    seed,
    flows: [thin(seed, 60_000, 4), deep(seed, 20_000, 20_000, 4), deep(seed, 200_000, 20_000, 4)],
    latency: { rates: [2_000, 20_000], seconds: 1.2 },
    level2: { levels: [1, 20], reads: 20_000 },
    shards: { counts: [1, 2], symbols: 16, inFlight: 2_048, steps: 2_000, parts: 4 },
    native: {
      runs: [
        'book --workload flash-normal --workload flash-crash --workload deep --scale 10',
        'inline --workload thin --workload single-pair --scale 5',
        'threaded --workload wide --workload flash-normal --scale 5 --seconds 1',
        'engine --seconds 1',
      ],
      limitSeconds: 30,
    },
    rustPeers: {
      run: '--workload flash-normal --workload flash-crash --workload deep',
      limitSeconds: 120,
    },
    exchangeCore: { workloads: ['single-pair'], scalePercent: 20, repetitions: 3 },
  };
}

/** Seconds, for the tests: everything is done, nothing is a figure. */
export function tiny(seed: number): Plan {
  return {
    name: 'tiny',
    seed,
    flows: [thin(seed, 600, 2), deep(seed, 400, 600, 2), deep(seed, 4_000, 600, 2)],
    latency: { rates: [2_000], seconds: 0.2 },
    level2: { levels: [1, 20], reads: 90 },
    shards: { counts: [1, 2], symbols: 4, inFlight: 64, steps: 200, parts: 2 },
    native: { runs: [], limitSeconds: 1 },
    rustPeers: { run: '', limitSeconds: 1 },
    exchangeCore: { workloads: [], scalePercent: 1, repetitions: 1 },
  };
}
