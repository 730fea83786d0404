/**
 * `npm start`: a live market on an engine in this process, or, with `--file`, a recorded one.
 *
 * Ends with an audit. The exit code is 0 only if not an atom was made or lost, everything frozen belongs to an
 * open order, and no book is crossed.
 */

import { parseArgs } from 'node:util';
import { Engine, type EngineStats } from '../index.ts';
import { audit, auditReport } from './audit.ts';
import { Market } from './market.ts';
import { replay } from './replay.ts';
import { liveScreen, plainLines } from './show.ts';
import { canRedraw, colors, count, duration, percentiles, table } from './terminal.ts';

const USAGE = `Usage: npm start -- [options]

  --seconds N            how long the market is open (20)
  --rate N               calls offered a second: orders, cancels, transfers (5000)
  --seed N               what the traders do (42)
  --threads auto|inline  the engine in threads of its own, or in this one (auto)
  --file FILE            replay recorded order flow instead: .csv, .csv.gz or .csv.xz as Bitstamp's event files

Without a terminal, in CI, or with NO_COLOR: plain lines, one a second. Ctrl-C ends the market early.`;

async function main(): Promise<number> {
  const options = readOptions();
  if (options === null) return 0;
  if (options.file !== undefined) return replay(options.file, options.threads);

  await using engine = await Engine.open({ threads: options.threads });
  const market = await Market.open(engine, options);
  const { mode, sequencers, matchers } = engine.stats();
  const where = mode === 'inline' ? 'inline' : `threads: ${sequencers} + ${matchers}`;
  const title = `${market.accounts.length} accounts   ${where}   seed ${options.seed}`;

  const stop = new AbortController();
  // The first Ctrl-C closes the market and reports, the second one means it.
  process.on('SIGINT', () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
  const show = canRedraw ? liveScreen(engine, market, title) : plainLines(engine, market, title);
  try {
    await market.run(stop.signal);
  } finally {
    await show.end();
  }
  const outcome = await audit(engine, market.accounts);
  console.log(summary(market, engine.stats()));
  console.log(auditReport(outcome));
  return outcome.faults.length === 0 ? 0 : 1;
}

function readOptions(): {
  seconds: number;
  rate: number;
  seed: number;
  threads: 'auto' | 'inline';
  file: string | undefined;
} | null {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '20' },
      rate: { type: 'string', default: '5000' },
      seed: { type: 'string', default: '42' },
      threads: { type: 'string', default: 'auto' },
      file: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return null;
  }
  const { threads } = values;
  if (threads !== 'auto' && threads !== 'inline') throw new RangeError(`--threads is ${threads}`);
  const number = (name: 'seconds' | 'rate' | 'seed', low: number, high: number): number => {
    const value = Number(values[name]);
    if (!(value >= low && value <= high)) throw new RangeError(`--${name} is ${values[name]}`);
    return value;
  };
  return {
    seconds: number('seconds', 0.1, 86_400),
    rate: number('rate', 1, 10_000_000),
    seed: Math.trunc(number('seed', 0, 2 ** 31 - 1)),
    threads,
    file: values.file,
  };
}

function summary(market: Market, stats: EngineStats): string {
  const { calls, orders, icebergs, stops, cancels, transfers, refused } = market.totals;
  const seconds = market.elapsed / 1000;
  const { p50, p99, p999, max } = percentiles(market.latency);
  const { ORDER_ALREADY_CLOSED: late = 0, UNKNOWN_ORDER: gone = 0, INSUFFICIENT_BALANCE: poor = 0 } = refused;
  const rows: [string, string][] = [
    ['offered', `${count(market.options.rate)}/s for ${market.options.seconds} s`],
    ['achieved', `${count(calls / seconds)}/s over ${seconds.toFixed(1)} s, ${count(calls)} calls`],
    ['orders', `${count(orders)}, ${count(icebergs)} of them icebergs, ${count(stops)} stops`],
    ['trades', count(market.trades)],
    ['cancels', `${count(cancels)}, ${count(late + gone)} of them too late`],
    ['deposits and withdrawals', count(transfers)],
    ['refused for lack of funds', count(poor)],
    ['refused as busy', count(refused.BUSY ?? 0)],
    ['latency p50 / p99 / p99.9 / max', [p50, p99, p999, max].map(duration).join(' / ')],
    ['log position', count(stats.seq)],
  ];
  return `\n${table(['the market', 'seed ' + market.options.seed], rows)}\n`;
}

process.exitCode = await main().catch((error: unknown) => {
  const usage = error instanceof RangeError || (error instanceof TypeError && 'code' in error);
  console.error(usage ? `${colors.red('error')} ${error.message}\n\n${USAGE}` : error);
  return 1;
});
