/**
 * `npm start -- --file FILE`: plays a recording through the engine, shows how far it is, and reports.
 *
 * For the one recording whose outcome is known the report is also a verdict: the engine must make the venue's
 * own trades of the venue's own orders.
 */

import { isDeepStrictEqual } from 'node:util';
import cliProgress from 'cli-progress';
import { Engine } from '../index.ts';
import { audit, auditReport } from './audit.ts';
import { type BitstampEvent, readBitstamp, type Replay, replayBitstamp } from './bitstamp.ts';
import { canRedraw, colors, count, grouped, table } from './terminal.ts';

/**
 * Bitstamp's BTC/USD book over five hours of 1 May 2015, and what a correct matching engine makes of it. 79 of
 * its orders can't end as at the venue: they met orders from before the recording.
 */
const KNOWN = {
  name: 'Bitstamp BTC/USD, 1 May 2015',
  first: '65595247',
  figures: {
    events: 50_414,
    orders: 24_894,
    trades: 517,
    base: '709.08982245',
    ordersAsVenue: 24_815,
    unknownCancels: 182,
  } satisfies Replay,
};

/** Replays a file and returns the exit code. */
export async function replay(path: string, threads: 'auto' | 'inline'): Promise<number> {
  const events = await readBitstamp(path);
  const known = isKnown(events) ? KNOWN : null;
  const orders = events.filter(({ action }) => action === 'created').length;
  await using engine = await Engine.open({ threads });
  const { mode, sequencers, matchers } = engine.stats();
  const where = mode === 'inline' ? 'inline' : `threads: ${sequencers} + ${matchers}`;
  console.log(`${known?.name ?? 'recorded order flow'}: ${count(events.length)} events   ${where}\n`);

  const bar = new cliProgress.SingleBar(
    {
      format: ` {bar} {percentage} %   {value} / {total} events   {duration_formatted}`,
      fps: 10,
      hideCursor: true,
      stream: process.stdout,
      clearOnComplete: true,
    },
    cliProgress.Presets.shades_classic,
  );
  if (canRedraw) bar.start(events.length, 0);
  const start = performance.now();
  const done = await replayBitstamp(engine, events, canRedraw ? paced(bar) : undefined);
  const seconds = (performance.now() - start) / 1000;
  bar.stop();

  const outcome = await audit(
    engine,
    Array.from({ length: orders }, (_, index) => index + 1),
  );
  console.log(summary(done, seconds, known?.figures ?? null));
  console.log(auditReport(outcome));
  const asKnown = known === null || isDeepStrictEqual(done, known.figures);
  if (known !== null) {
    console.log(
      asKnown
        ? `${colors.green('✓')} the venue's own trades, from the venue's own orders`
        : `${colors.red('✗')} not what this recording must come to`,
    );
  }
  return outcome.faults.length === 0 && asKnown ? 0 : 1;
}

/** By content: a file may have any name. */
function isKnown(events: readonly BitstampEvent[]): boolean {
  return events.length === KNOWN.figures.events && events[0]?.id === KNOWN.first;
}

/**
 * Moves the bar on every 256th event. The bar draws itself then if it is due, not by a timer alone: inline, every
 * await is answered before the event loop comes round to one.
 */
function paced(bar: cliProgress.SingleBar): (done: number) => void {
  return (done) => {
    if (done % 256 === 0) bar.update(done);
  };
}

function summary(done: Replay, seconds: number, expected: Replay | null): string {
  const rows: [keyof Replay, string, (figure: string | number) => string][] = [
    ['events', 'events', (n) => count(Number(n))],
    ['orders', 'orders placed', (n) => count(Number(n))],
    ['trades', 'trades', (n) => count(Number(n))],
    ['base', 'BTC traded', (n) => grouped(String(n))],
    ['ordersAsVenue', 'orders filled as at the venue', (n) => count(Number(n))],
    ['unknownCancels', 'cancels of orders from before', (n) => count(Number(n))],
  ];
  const figures = rows.map(([key, title, text]) =>
    expected === null ? [title, text(done[key])] : [title, text(done[key]), text(expected[key])],
  );
  const rate = `${count(done.events / seconds)} events/s, each awaited, ${seconds.toFixed(2)} s in all`;
  return `${table(expected === null ? ['', 'engine'] : ['', 'engine', 'must be'], figures)}\n${rate}\n`;
}
