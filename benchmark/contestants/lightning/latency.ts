/** How long an answer takes at a fixed offered rate. */

import { createHistogram } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { LightningError } from 'lightning-exchange';
import { thin, writeFlow } from '../../workloads/flow.ts';
import { differences } from '../contestant.ts';
import { type Call, type Mode, openMarket, toCalls, verify } from './market.ts';
import { Caller } from './promises.ts';

/** The points of the curve that are recorded, in percent. */
export const PERCENTILES = [50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 100] as const;

export interface LatencyOptions {
  mode: Mode;
  /** Calls offered a second. */
  rate: number;
  seconds: number;
  seed: number;
}

export interface Latency extends LatencyOptions {
  /** Calls answered a second. */
  achieved: number;
  /** `[percent, nanoseconds]` from the scheduled time to the answer. */
  percentiles: [number, number][];
  faults: string[];
}

/**
 * Sends a flow at a fixed rate, each step at its scheduled time whether or not earlier ones are answered, and
 * measures from the schedule: an engine, or a loop, that stalls is late for everything that was due meanwhile.
 */
export async function latency(options: LatencyOptions): Promise<Latency> {
  const { mode, rate, seconds, seed } = options;
  const flow = writeFlow(thin(seed, Math.ceil(rate * seconds), 1));
  const { load, parts } = toCalls(flow);
  const calls = parts[0] ?? [];
  await using engine = await openMarket(mode);
  const caller = new Caller(engine);
  await caller.play(load, 1024);
  const histogram = createHistogram();
  // The first tenth warms the compiler up.
  const warm = Math.floor(calls.length / 10);
  const faults: string[] = [];
  let overtaken = 0;
  const send = async (index: number, call: Call, dueAt: number): Promise<void> => {
    await caller.make(call).catch((error: unknown) => {
      // After a long stall of this loop a cancel waits for its order's id, and other orders may overtake it.
      if (error instanceof LightningError && error.code === 'ORDER_ALREADY_CLOSED') overtaken += 1;
      else faults.push(String(error));
    });
    if (index >= warm) histogram.record(Math.max(1, Math.round((performance.now() - dueAt) * 1e6)));
  };
  const sent: Promise<void>[] = [];
  const start = performance.now();
  while (sent.length < calls.length) {
    // The first step is due at once.
    const due = Math.min(calls.length, Math.floor(((performance.now() - start) * rate) / 1000) + 1);
    for (let index = sent.length; index < due; index += 1) {
      const call = calls[index];
      if (call !== undefined) sent.push(send(index, call, start + (index * 1000) / rate));
    }
    // Round the event loop rather than to sleep: a timer is a millisecond late.
    await nextTurn();
  }
  await Promise.all(sent);
  const achieved = Math.round((calls.length * 1000) / (performance.now() - start));
  const end = await verify(engine, caller.tradedLots());
  // What was overtaken has changed the flow; what it came to is then nobody's to say, but the audit still is.
  faults.push(...(overtaken === 0 ? differences(end, flow.expected) : end.faults));
  const percentiles = PERCENTILES.map((percent): [number, number] => [
    percent,
    percent === 100 ? histogram.max : histogram.percentile(percent),
  ]);
  return { ...options, achieved, percentiles, faults };
}
