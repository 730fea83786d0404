/**
 * The threaded engine with one or more shards of each kind, several symbols at once.
 *
 * Each symbol has an account of its own that trades with itself: the order of calls is promised per account
 * whatever the number of sequencers, so that every symbol comes to what its flow's oracle says.
 */

import { audit } from '../../../demo/audit.ts';
import { Engine } from 'lightning-exchange';
import { type Flow, deep, writeFlow } from '../../workloads/flow.ts';
import { differences } from '../contestant.ts';
import { type Call, book, fund, listSymbols, toOrder } from './market.ts';
import { Caller } from './promises.ts';

export interface ShardsOptions {
  /** Sequencers, and as many matchers. */
  shards: number;
  symbols: number;
  inFlight: number;
  /** Steps of each symbol and part. */
  steps: number;
  /** The first one warms up and is not counted. */
  parts: number;
  seed: number;
}

export interface Shards extends ShardsOptions {
  /** Steps a second of all symbols together, of each part but the first. */
  rates: number[];
  faults: string[];
}

export async function shards(options: ShardsOptions): Promise<Shards> {
  const { shards: count, inFlight, steps, parts, seed } = options;
  const symbols = Array.from({ length: options.symbols }, (_, index) => `PAIR${index + 1}-USDT`);
  const flows = symbols.map((_, index) => writeFlow(deep(seed + index, 1_000, steps, parts)));
  await using engine = await Engine.open({ threads: { sequencers: count, matchers: count } });
  await listSymbols(engine, symbols);
  const accounts = symbols.map((_, index) => index + 1);
  await fund(engine, accounts);

  const caller = new Caller(engine);
  await caller.play(
    interleave(flows, symbols, ({ load }) => load),
    1024,
  );
  const rates: number[] = [];
  for (let part = 0; part < parts; part += 1) {
    const calls = interleave(flows, symbols, (flow) => flow.parts[part] ?? []);
    const start = performance.now();
    await caller.play(calls, inFlight);
    if (part > 0) rates.push(Math.round((calls.length * 1000) / (performance.now() - start)));
  }

  const { open, faults } = await audit(engine, accounts);
  const expectedLots = flows.reduce((sum, { expected }) => sum + expected.tradedLots, 0);
  if (caller.tradedLots() !== expectedLots) faults.push(`traded other than ${expectedLots} lots`);
  for (const [index, symbol] of symbols.entries()) {
    const expected = flows[index]?.expected;
    if (expected === undefined) continue;
    const left = book(engine, symbol, open, faults);
    const outcome = { tradedLots: expected.tradedLots, ...left };
    faults.push(...differences({ outcome, faults: [] }, expected).map((fault) => `${symbol}: ${fault}`));
  }
  return { ...options, rates, faults };
}

/** The calls of all symbols, taking turns. Ids are made unique over all of them. */
function interleave(
  flows: readonly Flow[],
  symbols: readonly string[],
  stepsOf: (flow: Flow) => Flow['load'],
): Call[] {
  const lists = flows.map((flow, index) =>
    stepsOf(flow).map((step): Call => {
      const [id, accountId] = [step.id * flows.length + index, index + 1];
      return step.kind === 'cancel'
        ? { order: null, id, accountId }
        : { order: toOrder(step, accountId, symbols[index] ?? ''), id };
    }),
  );
  const longest = Math.max(...lists.map(({ length }) => length));
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at] ?? [])).flat();
}
