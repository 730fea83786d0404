/**
 * The two ways to watch a market: a live screen for a terminal, and a line a second for everything else.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Engine, Trade } from '../index.ts';
import type { Market } from './market.ts';
import type { View } from './screen.ts';
import { count, duration, percentiles } from './terminal.ts';

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
const TAPE = 24;

/** Redraws one screen until it is ended. */
export function liveScreen(engine: Engine, market: Market, title: string): Show {
  const screen = fork(fileURLToPath(new URL('screen-process.ts', import.meta.url)));
  const tape = new Tape(engine, market.symbols);
  const mids = market.symbols.map((): number[] => []);
  const moments: Moment[] = [{ at: 0, calls: 0, trades: 0 }];
  const update = (): void => {
    const { calls } = market.totals;
    const { trades } = market;
    moments.push({ at: market.elapsed, calls, trades });
    const since = moments.length > RATE_FRAMES ? moments.shift() : moments[0];
    const span = Math.max(1, market.elapsed - (since?.at ?? 0)) / 1000;
    const books = market.symbols.map((symbol) => engine.book(symbol));
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
      tape: tape.read(),
      mids,
    };
    if (screen.connected) screen.send(view);
  };
  const timer = setInterval(update, FRAME_MS);
  return {
    async end() {
      clearInterval(timer);
      update();
      const gone = once(screen, 'exit');
      if (screen.connected) screen.disconnect();
      if (screen.exitCode === null) await gone;
    },
  };
}

/** The newest trades of all symbols. */
class Tape {
  readonly #engine: Engine;
  readonly #next: Map<string, number>;
  #trades: Trade[] = [];

  constructor(engine: Engine, symbols: readonly string[]) {
    this.#engine = engine;
    this.#next = new Map(symbols.map((symbol) => [symbol, 1]));
  }

  /** Newest first. */
  read(): Trade[] {
    const fresh: Trade[] = [];
    for (const [symbol, next] of this.#next) {
      const latest = this.#engine.trades(symbol, { limit: TAPE }).filter(({ tradeId }) => tradeId >= next);
      this.#next.set(symbol, (latest.at(-1)?.tradeId ?? next - 1) + 1);
      fresh.push(...latest);
    }
    fresh.sort((a, b) => b.ts - a.ts || b.tradeId - a.tradeId);
    this.#trades = [...fresh, ...this.#trades].slice(0, TAPE);
    return this.#trades;
  }
}

/** One line a second until it is ended. */
export function plainLines(engine: Engine, market: Market, title: string): Show {
  console.log(`lightning-exchange   ${title}   ${count(market.options.rate)} calls/s offered`);
  let before: Moment = { at: 0, calls: 0, trades: 0 };
  const timer = setInterval(() => {
    const { calls } = market.totals;
    const { trades } = market;
    const span = Math.max(1, market.elapsed - before.at) / 1000;
    const { p50, p99, p999 } = percentiles(market.latency);
    const touch = market.symbols.map((symbol) => {
      const { bid, ask, spreadBps } = engine.bbo(symbol);
      return `${symbol} ${bid?.price ?? '-'} / ${ask?.price ?? '-'} (${spreadBps ?? '-'} bps)`;
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
    },
  };
}
