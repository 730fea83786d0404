/**
 * The two ways to watch a market: a live screen for a terminal, and a line a second for everything else.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Engine } from '../index.ts';
import { Followed } from './followed.ts';
import type { Market } from './market.ts';
import type { View } from './screen.ts';
import { count, duration, grouped, percentiles } from './terminal.ts';

/** Something that watches until it is ended. */
export interface Show {
  end(): Promise<void>;
}

/** What rates are counted from. */
interface Moment {
  at: number;
  calls: number;
  trades: number;
}

/** Draws at 10 Hz at most; more is nothing that an eye could see. */
const FRAME_MS = 100;
/** Rates are averages over this many frames. */
const RATE_FRAMES = 10;
/** More of each side than a screen shows. */
const LEVELS = 20;

/** Redraws one screen until it is ended. */
export function liveScreen(engine: Engine, market: Market, title: string): Show {
  const screen = fork(fileURLToPath(new URL('screen-process.ts', import.meta.url)));
  const followed = new Followed(engine, market.symbols, FRAME_MS);
  const mids = market.symbols.map((): number[] => []);
  const moments: Moment[] = [{ at: 0, calls: 0, trades: 0 }];
  const update = (): void => {
    const { calls } = market.totals;
    const { trades } = market;
    moments.push({ at: market.elapsed, calls, trades });
    const since = moments.length > RATE_FRAMES ? moments.shift() : moments[0];
    const span = Math.max(1, market.elapsed - (since?.at ?? 0)) / 1000;
    const books = followed.books.map((book) => ({ ...book.bbo(), ...book.levels({ count: LEVELS }) }));
    for (const [index, { mid }] of books.entries()) if (mid !== null) mids[index]?.push(Number(mid));
    const view: View = {
      title,
      elapsed: Math.min(market.elapsed / 1000, market.options.seconds),
      seconds: market.options.seconds,
      offered: market.options.rate,
      callRate: (calls - (since?.calls ?? 0)) / span,
      tradeRate: (trades - (since?.trades ?? 0)) / span,
      inFlight: market.inFlight,
      latency: percentiles(market.latency),
      books,
      tickers: followed.tickers.map((ticker) => ticker ?? null),
      tape: [...followed.tape],
      mids,
    };
    if (screen.connected) screen.send(view);
  };
  const timer = setInterval(update, FRAME_MS);
  return {
    async end() {
      clearInterval(timer);
      // The last frame shows what the market came to: what it asked for last has arrived a frame later.
      await sleep(2 * FRAME_MS);
      update();
      await followed.end();
      const gone = once(screen, 'exit');
      if (screen.connected) screen.disconnect();
      if (screen.exitCode === null) await gone;
    },
  };
}

/** One line a second until it is ended. */
export function plainLines(engine: Engine, market: Market, title: string): Show {
  console.log(`lightning-exchange   ${title}   ${count(market.options.rate)} calls/s offered`);
  const followed = new Followed(engine, market.symbols, FRAME_MS);
  let before: Moment = { at: 0, calls: 0, trades: 0 };
  const timer = setInterval(() => {
    const { calls } = market.totals;
    const { trades } = market;
    const span = Math.max(1, market.elapsed - before.at) / 1000;
    const { p50, p99, p999 } = percentiles(market.latency);
    const touch = followed.books.map((book, index) => {
      const { symbol, bid, ask, spreadBps } = book.bbo();
      const { last, baseVolume } = followed.tickers[index] ?? {};
      return (
        `${symbol} ${bid?.price ?? '-'} / ${ask?.price ?? '-'} (${spreadBps ?? '-'} bps), ` +
        `last ${last ?? '-'}, volume ${grouped(baseVolume ?? '0')}`
      );
    });
    console.log(
      [
        `${(market.elapsed / 1000).toFixed(0).padStart(3)} s`,
        `${count((calls - before.calls) / span)} calls/s`,
        `${count((trades - before.trades) / span)} trades/s`,
        `p50 ${duration(p50)} p99 ${duration(p99)} p99.9 ${duration(p999)}`,
        ...touch,
      ].join('   '),
    );
    before = { at: market.elapsed, calls, trades };
  }, 1000);
  return {
    async end() {
      clearInterval(timer);
      await followed.end();
    },
  };
}
