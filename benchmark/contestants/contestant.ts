/**
 * What every contestant does: load a flow's book, run its parts against the clock one by one, and tell what came
 * out, in ticks and lots, so that all of them can be compared with each other and with the flow's oracle.
 */

import type { Outcome, Side } from '../workloads/array-book.ts';
import type { Flow } from '../workloads/flow.ts';

export interface Contestant {
  /** In recorded runs and on the command line. */
  id: string;
  /** In tables. */
  label: string;
  /** Loads the book of a flow; no clock runs. */
  begin(flow: Flow): Promise<Session>;
}

/** A contestant in the middle of a flow. */
export interface Session {
  /** Runs the next part of the flow. */
  play(part: number): Promise<Played>;
  /** Checks itself and goes away. */
  end(): Promise<Ended>;
}

/** What a part took. */
export interface Played {
  /** Of the part's steps alone. */
  seconds: number;
  /** Lots traded since the beginning. */
  tradedLots: number;
}

export interface Ended {
  outcome: Outcome;
  /** What a look at its own books has found wrong, in sentences. */
  faults: string[];
}

/** Adds up the orders of a side, best price first. */
export function depth(orders: Iterable<{ ticks: number; lots: number }>, side: Side): [number, number][] {
  const levels = new Map<number, number>();
  for (const { ticks, lots } of orders) levels.set(ticks, (levels.get(ticks) ?? 0) + lots);
  return [...levels].sort(([a], [b]) => (side === 'buy' ? b - a : a - b));
}

/** What an end has different from the oracle's; empty if it is the same. */
export function differences({ outcome, faults }: Ended, expected: Outcome): string[] {
  const found = [...faults];
  if (outcome.tradedLots !== expected.tradedLots) {
    found.push(`traded ${outcome.tradedLots} lots where ${expected.tradedLots} are right`);
  }
  for (const side of ['bids', 'asks'] as const) {
    if (JSON.stringify(outcome[side]) !== JSON.stringify(expected[side])) {
      found.push(`other ${side} are left in the book`);
    }
  }
  return found;
}
