/**
 * A market full of seeded traders. Makers quote around a mid that walks at random, some of them as icebergs; takers
 * take, or leave a stop behind the market; orders that the mid has left behind are canceled, and now and then
 * somebody pays in or out. Takers pay fees, makers get a part of them.
 *
 * The load is an open loop: every call has a scheduled time, is sent as soon as that time has come whether or
 * not earlier ones are answered, and its latency counts from the schedule. A slow engine, or a slow loop,
 * makes latencies longer here; it can't slow down the questions and so hide (no coordinated omission).
 *
 * The seed decides what the traders want. What they know when they want it, answers that are in by then, is up to
 * the machine: two markets of one seed are alike, not the same.
 */

import { createHistogram } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type Engine,
  type ErrorCode,
  LightningError,
  type NewOrder,
  type OrderStatus,
  type Side,
} from '../index.ts';
import { Random } from './random.ts';

/** A symbol to trade, with what its traders believe in. Ticks and lots are powers of ten: see `decimal`. */
interface Instrument {
  name: string;
  base: string;
  priceScale: number;
  quantityScale: number;
  /** Where the mid starts, in ticks. */
  mid: number;
  /** How far the mid steps, in ticks. */
  volatility: number;
  /** How far from the mid makers quote, in ticks, on average. */
  width: number;
  /** An order's size, in lots, on average. */
  size: number;
}

interface Book extends Instrument {
  /** Orders that we believe are open. Those that were filled in the meantime are found out by canceling them. */
  open: Resting[];
}

interface Resting {
  accountId: number;
  orderId: number;
  ticks: number;
}

const QUOTE = 'USDT';
const QUOTE_SCALE = 6;

const INSTRUMENTS: readonly Instrument[] = [
  {
    name: 'BTC-USDT',
    base: 'BTC',
    priceScale: 1,
    quantityScale: 4,
    mid: 642_500,
    volatility: 2.5,
    width: 12,
    size: 1500,
  },
  {
    name: 'ETH-USDT',
    base: 'ETH',
    priceScale: 2,
    quantityScale: 3,
    mid: 312_000,
    volatility: 3,
    width: 14,
    size: 2500,
  },
];

const MAKERS = 120;
const TAKERS = 180;
/** Open orders that a book is kept at. */
const OPEN_ORDERS = 400;
/** Latency counts from here on: the first second is the compiler's. Shorter markets count from the start. */
const WARM_UP_MS = 1000;
/** How long after its time a market may still make the calls that are due. */
const GRACE_MS = 250;
const BURST = 1024;
/** In parts per million of what is received. */
const FEES = { makerPpm: -50, takerPpm: 400 };
/** Calls between two steps of the mids. */
const STEP = 100;

/**
 * Refusals that belong to a market: an order that was filled before its cancel came, a taker that another of
 * its own orders has left without money, a stop that the price has overtaken or that nobody traded before, an engine
 * that is full. Any other refusal is a fault.
 */
const EXPECTED: ReadonlySet<ErrorCode> = new Set([
  'ORDER_ALREADY_CLOSED',
  'UNKNOWN_ORDER',
  'INSUFFICIENT_BALANCE',
  'WOULD_TRIGGER_IMMEDIATELY',
  'NO_REFERENCE_PRICE',
  'BUSY',
]);

const OPEN: ReadonlySet<OrderStatus> = new Set(['NEW', 'PARTIALLY_FILLED', 'PENDING_TRIGGER']);

export interface MarketOptions {
  seed: number;
  /** Calls a second. */
  rate: number;
  seconds: number;
}

/** What has happened so far. */
export interface Totals {
  calls: number;
  orders: number;
  icebergs: number;
  stops: number;
  cancels: number;
  transfers: number;
  refused: Partial<Record<ErrorCode, number>>;
}

export class Market {
  readonly options: MarketOptions;
  readonly symbols = INSTRUMENTS.map(({ name }) => name);
  readonly accounts = Array.from({ length: MAKERS + TAKERS }, (_, index) => index + 1);
  /** From the scheduled time to the answer, in nanoseconds, of every call after the warm-up. */
  readonly latency = createHistogram();
  readonly totals: Totals = {
    calls: 0,
    orders: 0,
    icebergs: 0,
    stops: 0,
    cancels: 0,
    transfers: 0,
    refused: {},
  };
  /** Milliseconds since the first call was due. */
  elapsed = 0;
  readonly #engine: Engine;
  readonly #random: Random;
  readonly #books: Book[] = INSTRUMENTS.map((instrument) => ({ ...instrument, open: [] }));
  readonly #makers = this.accounts.slice(0, MAKERS);
  readonly #takers = this.accounts.slice(MAKERS);
  #inFlight = 0;
  #fault: unknown;

  private constructor(engine: Engine, options: MarketOptions) {
    this.#engine = engine;
    this.options = options;
    this.#random = new Random(options.seed);
  }

  /** Lists the symbols and funds the traders. */
  static async open(engine: Engine, options: MarketOptions): Promise<Market> {
    const market = new Market(engine, options);
    await engine.assets.create({ code: QUOTE, scale: QUOTE_SCALE });
    for (const { name, base, priceScale, quantityScale } of INSTRUMENTS) {
      await engine.assets.create({ code: base, scale: 8 });
      await engine.symbols.create({
        name,
        base,
        quote: QUOTE,
        tickSize: decimal(1, priceScale),
        lotSize: decimal(1, quantityScale),
        fees: FEES,
      });
    }
    const deposits = market.accounts.flatMap((accountId) => {
      const wealth = accountId <= MAKERS ? 10 : 1;
      return [
        { accountId, asset: QUOTE, amount: 1_000_000 * wealth },
        { accountId, asset: 'BTC', amount: 15 * wealth },
        { accountId, asset: 'ETH', amount: 300 * wealth },
      ];
    });
    await Promise.all(deposits.map((deposit) => engine.accounts.deposit(deposit)));
    return market;
  }

  /** Calls that are not answered yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Trades that there have been: what stops set off is in nobody's answer, but every trade has a number. */
  get trades(): number {
    const last = (symbol: string): number => this.#engine.trades(symbol, { limit: 1 })[0]?.tradeId ?? 0;
    return this.symbols.reduce((sum, symbol) => sum + last(symbol), 0);
  }

  /** Trades until the time is over or `signal` says so, and returns when every call is answered. */
  async run(signal: AbortSignal): Promise<void> {
    const { rate, seconds } = this.options;
    const calls = Math.round(rate * seconds);
    const start = performance.now();
    let sent = 0;
    let warm = seconds * 1000 <= WARM_UP_MS;
    while (sent < calls && !signal.aborted && this.#fault === undefined) {
      this.elapsed = performance.now() - start;
      if (!warm && this.elapsed >= WARM_UP_MS) {
        warm = true;
        this.latency.reset();
      }
      // Too late is too late: a loop that fell behind stops with the time, and the achieved rate tells.
      if (this.elapsed >= seconds * 1000 + GRACE_MS) break;
      // The first call is due at once. A loop that fell behind catches up in bursts, between which it still takes
      // answers, draws, and hears Ctrl-C.
      const due = Math.min(calls, Math.floor((this.elapsed * rate) / 1000) + 1, sent + BURST);
      for (; sent < due; sent += 1) {
        if (sent % STEP === 0) this.#walk();
        this.#send(start + (sent * 1000) / rate);
      }
      // Round the event loop rather than to sleep: a timer is a millisecond late, a multiple of what we measure.
      await nextTurn();
    }
    while (this.#inFlight > 0) await nextTurn();
    this.elapsed = performance.now() - start;
    if (this.#fault !== undefined) throw this.#fault;
  }

  #walk(): void {
    for (const book of this.#books) book.mid += Math.round(this.#random.normal() * book.volatility);
  }

  /** Makes the next call of the script, counts it, and measures it from the time it was due. */
  #send(dueAt: number): void {
    this.totals.calls += 1;
    this.#inFlight += 1;
    this.#next()
      .catch((error: unknown) => this.#refused(error))
      .finally(() => {
        this.#inFlight -= 1;
        this.latency.record(Math.max(1, Math.round((performance.now() - dueAt) * 1e6)));
      });
  }

  #next(): Promise<void> {
    const random = this.#random;
    const book = random.pick(this.#books);
    const wish = random.int(1, 1000);
    if (wish <= 5) return this.#transfer(book);
    if (wish <= 140) return this.#take(book);
    // Quote or cancel, whichever brings the book nearer to its size; near it, a little more quotes than cancels
    // make up for what the takers take.
    const full = book.open.length / OPEN_ORDERS;
    return random.chance(full < 0.95 ? 0 : full > 1.05 ? 1 : 0.47) ? this.#cancel(book) : this.#quote(book);
  }

  /** A maker's limit order at some distance from the mid; it may cross what the mid has left behind. Some hide. */
  async #quote(book: Book): Promise<void> {
    const random = this.#random;
    const accountId = random.pick(this.#makers);
    const side = random.pick(['buy', 'sell'] as const);
    const distance = 1 + Math.round(random.exponential(book.width));
    const ticks = side === 'buy' ? book.mid - distance : book.mid + distance;
    const price = decimal(ticks, book.priceScale);
    const hides = random.chance(0.1);
    const shown = this.#lots(book, 1 + distance / book.width);
    const quantity = decimal(hides ? 4 * shown : shown, book.quantityScale);
    const order = { accountId, symbol: book.name, side, type: 'limit', price, quantity } as const;
    const iceberg = { ...order, displayQuantity: decimal(shown, book.quantityScale) };
    await this.#place(book, ticks, hides ? iceberg : order);
  }

  /** A taker's order: through the book with a limit, at market by base or by quote, or a stop behind the market. */
  async #take(book: Book): Promise<void> {
    const random = this.#random;
    const accountId = random.pick(this.#takers);
    const side: Side = random.pick(['buy', 'sell']);
    const order = { accountId, symbol: book.name, side };
    const kind = random.int(0, 6);
    const reach = kind === 6 ? 2 * book.width : 5;
    const ticks = side === 'buy' ? book.mid + reach : book.mid - reach;
    const price = decimal(ticks, book.priceScale);
    const quantity = decimal(this.#lots(book, 0.4), book.quantityScale);
    const quoteQuantity = random.int(500, 8000);
    const stop = { ...order, type: 'stop', triggerPrice: price } as const;
    if (kind <= 1) await this.#place(book, ticks, { ...order, type: 'market', quantity });
    else if (kind <= 3) await this.#place(book, ticks, { ...order, type: 'market', quoteQuantity });
    else if (kind <= 5) await this.#place(book, ticks, { ...order, type: 'limit', price, quantity });
    else if (side === 'sell') await this.#place(book, ticks, { ...stop, side, quantity });
    else await this.#place(book, ticks, { ...stop, side, quoteQuantity });
  }

  /** Cancels the order further from the mid of any two: quotes are kept where the market is. */
  async #cancel(book: Book): Promise<void> {
    const [one, other] = [0, 0].map(() => this.#random.int(0, book.open.length - 1));
    const far = (index = 0): number => Math.abs((book.open[index]?.ticks ?? book.mid) - book.mid);
    const index = (far(one) >= far(other) ? one : other) ?? 0;
    const chosen = book.open[index];
    const last = book.open.pop();
    if (chosen === undefined || last === undefined) return;
    if (last !== chosen) book.open[index] = last;
    this.totals.cancels += 1;
    await this.#engine.cancelOrder({ accountId: chosen.accountId, orderId: chosen.orderId });
  }

  /** Pays a little in or out. */
  async #transfer(book: Book): Promise<void> {
    const random = this.#random;
    const request = {
      accountId: random.pick(this.accounts),
      asset: random.pick([QUOTE, book.base]),
      amount: decimal(random.int(1, 1_000_000), QUOTE_SCALE),
    };
    this.totals.transfers += 1;
    await (random.chance(0.5)
      ? this.#engine.accounts.deposit(request)
      : this.#engine.accounts.withdraw(request));
  }

  /** Places an order, and keeps it in mind if it stays. */
  async #place(book: Book, ticks: number, order: NewOrder): Promise<void> {
    this.totals.orders += 1;
    if (order.type === 'stop') this.totals.stops += 1;
    if (order.displayQuantity !== undefined) this.totals.icebergs += 1;
    const { accountId, orderId, status } = await this.#engine.placeOrder(order);
    if (OPEN.has(status)) book.open.push({ accountId, orderId, ticks });
  }

  #lots(book: Book, factor: number): number {
    return 1 + Math.round(this.#random.exponential(book.size * factor));
  }

  #refused(error: unknown): void {
    if (error instanceof LightningError && EXPECTED.has(error.code)) {
      this.totals.refused[error.code] = (this.totals.refused[error.code] ?? 0) + 1;
    } else {
      this.#fault ??= error;
    }
  }
}

/** A whole number of 10^-`scale` as text: ticks as a price, lots as a quantity. Exact for such small numbers. */
function decimal(units: number, scale: number): string {
  return (units / 10 ** scale).toFixed(scale);
}
