/**
 * What every contestant does: take a flow, load the book, run the steps against the clock, and tell what came
 * out, in ticks and lots, so that all of them can be compared with each other and with the flow's oracle.
 */

import type { Flow, Outcome } from '../flow.ts';

export interface Adapter {
  name: string;
  run(flow: Flow): Promise<Run>;
}

export interface Run {
  /** Of the measured steps alone. */
  seconds: number;
  outcome: Pick<Outcome, 'tradedLots' | 'bids' | 'asks'>;
  /** What went wrong besides, in sentences. */
  faults: string[];
}

/** Adds up orders, best price first. */
export function depth(
  orders: Iterable<{ ticks: number; lots: number }>,
  best: 'high' | 'low',
): [number, number][] {
  const levels = new Map<number, number>();
  for (const { ticks, lots } of orders) levels.set(ticks, (levels.get(ticks) ?? 0) + lots);
  return [...levels].sort(([a], [b]) => (best === 'high' ? b - a : a - b));
}

/** What an outcome has different from the oracle's; empty if it is the same. */
export function differences(run: Run, expected: Outcome): string[] {
  const found = [...run.faults];
  const { tradedLots, bids, asks } = run.outcome;
  if (tradedLots !== expected.tradedLots) {
    found.push(`traded ${tradedLots} lots where ${expected.tradedLots} are right`);
  }
  if (JSON.stringify(bids) !== JSON.stringify(expected.bids)) found.push('other bids are left in the book');
  if (JSON.stringify(asks) !== JSON.stringify(expected.asks)) found.push('other asks are left in the book');
  return found;
}
