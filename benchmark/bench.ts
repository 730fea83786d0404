/**
 * `npm run bench`: how fast, compared with whom, and is it right?
 *
 * Right comes first. Every run of every contestant is compared with the flow's oracle: the quantity traded and
 * each level left in the book; ours are audited besides (conservation, balances against open orders). A run that
 * is wrong is reported and fails the benchmark; a run that is slow never does, for machines differ.
 *
 * Repetitions are interleaved, so that a neighbour's load falls on all contestants alike; what counts are ratios
 * inside one invocation, not figures of different days.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import cliProgress from 'cli-progress';
import { canRedraw, colors, count, duration, percentiles, table } from '../demo/terminal.ts';
import { type Adapter, differences } from './adapters/adapter.ts';
import { latencyAt, level2Read, lightning } from './adapters/lightning.ts';
import { nodejsOrderBook } from './adapters/nodejs-order-book.ts';
import { type Flow, type FlowShape, writeFlow } from './flow.ts';

const USAGE = `Usage: npm run bench -- [options]

  --quick   shorter flows and fewer repetitions: about a minute
  --save    write the results to benchmark/runs/
  --seed N  of the flows (8123)`;

/** Steps are cut to this share for a contestant that takes ages otherwise: the same flow, ended sooner. */
interface Contestant {
  adapter: Adapter;
  share: number;
  /** The one that the others are compared with. */
  isPeer?: boolean;
}

interface Result {
  flow: string;
  contestant: string;
  steps: number;
  /** Steps a second, of each repetition. */
  rates: number[];
  median: number;
  best: number;
  /** Median against the peer's. */
  timesPeer: number | null;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      save: { type: 'boolean', default: false },
      seed: { type: 'string', default: '8123' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const seed = Math.trunc(Number(values.seed));
  if (!(seed >= 0 && seed < 2 ** 31)) throw new RangeError(`--seed is ${values.seed}`);
  const plan = values.quick
    ? { repetitions: 3, thin: 100_000, deep: 20_000, deepSteps: 40_000, latencySeconds: 3 }
    : { repetitions: 5, thin: 400_000, deep: 200_000, deepSteps: 150_000, latencySeconds: 10 };

  const machine = describeMachine();
  console.log(`${colors.bold('lightning-exchange benchmark')}${values.quick ? ', quick' : ''}, seed ${seed}`);
  console.log(Object.values(machine).join(', '));

  const peer = await nodejsOrderBook();
  console.log(
    typeof peer === 'string'
      ? `nodejs-order-book is left out: it can't be loaded (${peer})`
      : `against ${peer.name}: synchronous, a book without accounts; in whole ticks and lots, for it counts in floats`,
  );

  const thin: FlowShape = { name: 'thin', resting: 100, levels: 20, steps: plan.thin, seed, minimumAge: 256 };
  const deep: FlowShape = {
    name: 'deep',
    resting: plan.deep,
    // A hundred orders a level whatever the size of the book, so that quick runs stress the same thing.
    levels: plan.deep / 200,
    steps: plan.deepSteps,
    seed,
    minimumAge: 2048,
  };
  const contestants: Contestant[] = [
    ...(typeof peer === 'string' ? [] : [{ adapter: peer, share: 1, isPeer: true }]),
    ours('inline', 1),
    ours('inline', 256),
    ours('threaded', 1, 0.1),
    ours('threaded', 256),
  ];
  const faults: string[] = [];
  const results = [
    ...(await compare(thin, contestants, plan.repetitions, faults)),
    ...(await compare(deep, [...contestants, ours('threaded', 2048)], plan.repetitions, faults)),
  ];

  const latencies = await latency(thin, plan.latencySeconds, faults);
  const reads = await level2Read('threaded', writeFlow({ ...thin, steps: 0 }), 20_000);
  console.log(`\nLevel2: a synchronous read of 20 levels takes ${duration(reads)}`);
  console.log(`host load after the run: ${load()}`);

  for (const fault of faults.slice(0, 20)) console.log(`${colors.red('✗')} ${fault}`);
  if (faults.length === 0) {
    console.log(
      `\n${colors.green('✓')} all runs made the oracle's fills and left its book; conservation holds in all of ours`,
    );
  }
  if (values.save) {
    const day = new Date().toISOString().slice(0, 10);
    const name = `${day}-${machine.cpu.replace(/[^A-Za-z0-9]+/g, '-').toLowerCase()}-${availableParallelism()}.json`;
    const folder = new URL('runs/', import.meta.url);
    mkdirSync(folder, { recursive: true });
    const record = {
      date: new Date().toISOString(),
      quick: values.quick,
      seed,
      machine,
      plan,
      results,
      latencies,
    };
    const saved = { ...record, level2ReadNs: reads, loadAfter: load(), faults };
    writeFileSync(new URL(name, folder), `${JSON.stringify(saved, null, 2)}\n`);
    console.log(`written to benchmark/runs/${name}`);
  }
  return faults.length === 0 ? 0 : 1;
}

function ours(mode: 'inline' | 'threaded', inFlight: number, share = 1): Contestant {
  return { adapter: lightning(mode, inFlight), share };
}

/** Runs all contestants on one kind of flow and prints the table. */
async function compare(
  shape: FlowShape,
  contestants: readonly Contestant[],
  repetitions: number,
  faults: string[],
): Promise<Result[]> {
  const flows = new Map<number, Flow>();
  for (const { share } of contestants) {
    if (!flows.has(share)) flows.set(share, writeFlow({ ...shape, steps: Math.round(shape.steps * share) }));
  }
  const flow = flows.get(1) ?? writeFlow(shape);
  const percent = (steps: number): string => `${((steps * 100) / flow.steps.length).toFixed(0)} %`;
  console.log(
    `\n${colors.bold(shape.name)}: ${count(flow.steps.length)} steps, ${percent(flow.mix.passive)} passive, ` +
      `${percent(flow.mix.cancel)} cancels, ${percent(flow.mix.crossing)} crossing; ` +
      `${count(flow.resting.start)} orders resting at the start, ${count(flow.resting.end)} at the end; ` +
      `${count(flow.expected.trades)} trades`,
  );

  const bar = new cliProgress.SingleBar(
    { format: ' {bar} {value} / {total} runs   {what}', clearOnComplete: true, hideCursor: true, fps: 10 },
    cliProgress.Presets.shades_classic,
  );
  if (canRedraw) bar.start((repetitions + 1) * contestants.length, 0, { what: '' });
  const rates = contestants.map((): number[] => []);
  // One repetition more than counted: the first warms the compiler up.
  for (let repetition = 0; repetition <= repetitions; repetition += 1) {
    for (const [index, { adapter, share }] of contestants.entries()) {
      const own = flows.get(share) ?? flow;
      if (canRedraw) bar.update({ what: adapter.name });
      const run = await adapter.run(own);
      const wrong = differences(run, own.expected);
      faults.push(...wrong.map((fault) => `${adapter.name}, ${shape.name}, run ${repetition}: ${fault}`));
      if (repetition > 0) rates[index]?.push(own.steps.length / run.seconds);
      if (canRedraw) bar.increment();
    }
  }
  bar.stop();

  const peerIndex = contestants.findIndex(({ isPeer }) => isPeer);
  const peerMedian = peerIndex < 0 ? null : median(rates[peerIndex] ?? []);
  const results = contestants.map(({ adapter, share }, index): Result => {
    const own = rates[index] ?? [];
    return {
      flow: shape.name,
      contestant: adapter.name,
      steps: (flows.get(share) ?? flow).steps.length,
      rates: own.map(Math.round),
      median: Math.round(median(own)),
      best: Math.round(Math.max(...own)),
      timesPeer: peerMedian === null ? null : median(own) / peerMedian,
    };
  });
  console.log(
    table(
      ['orders and cancels a second', 'median', 'best', 'x peer', 'steps'],
      results.map((result) => [
        result.contestant,
        colors.bold(count(result.median)),
        count(result.best),
        result.timesPeer === null ? '' : result.timesPeer.toFixed(2),
        count(result.steps),
      ]),
    ),
  );
  return results;
}

/** Latency at fixed offered rates, of both modes. */
async function latency(
  shape: FlowShape,
  seconds: number,
  faults: string[],
): Promise<
  { mode: string; offered: number; achieved: number; p50: number; p99: number; p999: number; max: number }[]
> {
  console.log(
    `\n${colors.bold('latency')}, open loop, from the scheduled send to the answer, thin flow, ${seconds} s each`,
  );
  const figures = [];
  for (const rate of [2_000, 20_000]) {
    const flow = writeFlow({ ...shape, steps: rate * seconds });
    for (const mode of ['threaded', 'inline'] as const) {
      const run = await latencyAt(mode, rate, flow);
      faults.push(...run.faults.map((fault) => `latency, ${mode}: ${fault}`));
      figures.push({
        mode,
        offered: rate,
        achieved: Math.round(run.achieved),
        ...percentiles(run.histogram),
      });
    }
  }
  console.log(
    table(
      ['offered a second', 'achieved', 'p50', 'p99', 'p99.9', 'max'],
      figures.map(({ mode, offered, achieved, p50, p99, p999, max }) => [
        `${mode}, ${count(offered)}`,
        count(achieved),
        ...[p50, p99, p999, max].map(duration),
      ]),
    ),
  );
  return figures;
}

function describeMachine(): { commit: string; cpu: string; cores: string; node: string; load: string } {
  return {
    commit: `commit ${commit()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cores: `${availableParallelism()} cores`,
    node: `Node ${process.versions.node}`,
    load: `host load ${load()}`,
  };
}

function load(): string {
  return loadavg()
    .map((average) => average.toFixed(2))
    .join(' ');
}

function commit(): string {
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') === '' ? '' : ' and changes');
  } catch {
    return 'unknown';
  }
}

function git(...args: string[]): string {
  return execFileSync('git', args, {
    cwd: fileURLToPath(new URL('.', import.meta.url)),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : (high + (sorted[middle - 1] ?? 0)) / 2;
}

process.exitCode = await main().catch((error: unknown) => {
  const usage = error instanceof RangeError || (error instanceof TypeError && 'code' in error);
  console.error(usage ? `${error.message}\n\n${USAGE}` : error);
  return 1;
});
