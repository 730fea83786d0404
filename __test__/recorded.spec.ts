/**
 * Five hours of a real venue's order flow: the engine, given the venue's orders and cancels, must find the venue's
 * trades by itself. Skipped where the recording is absent.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { readBitstamp, replayBitstamp } from '../demo/bitstamp.ts';
import { configFor, MODES, open } from './helpers.ts';

const FILE = fileURLToPath(new URL('../../shared/data/bitstamp-btcusd-2015-05-01.csv.xz', import.meta.url));

for (const mode of MODES) {
  test(`Bitstamp, 1 May 2015: the venue's trades [${mode}]`, async (t) => {
    if (!existsSync(FILE)) {
      t.log(`skipped: there is no ${FILE}`);
      t.pass();
      return;
    }
    const events = await readBitstamp(FILE);
    t.is(events.length, 50_414);
    const engine = await open(t, configFor(mode, 2));
    const replay = await replayBitstamp(engine, events);
    t.like(replay, {
      events: 50_414,
      orders: 24_894,
      trades: 517,
      base: '709.08982245',
      ordersAsVenue: 24_815,
      unknownCancels: 182,
    });
    t.true((await engine.conservation()).every(({ holds }) => holds));
    t.false(engine.stats().halted);
  });
}
