/**
 * This engine, through its public API: objects in, promises out, decimals as strings, balances of 256 accounts
 * checked and settled with every order, everything audited after every run.
 */

import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { audit } from '../../demo/audit.ts';
import { Engine, LightningError, type NewOrder, type OrderResult } from '../../index.ts';
import type { Flow, Step } from '../flow.ts';
import { type Adapter, depth, type Run } from './adapter.ts';

const SYMBOL = 'BTC-USDT';
const ACCOUNTS = Array.from({ length: 256 }, (_, index) => index + 1);

type Mode = 'inline' | 'threaded';

/** A step as the engine wants it. What to cancel is known when its order is answered. */
type Call = { order: NewOrder; id: number } | { order: null; id: number; accountId: number };

/** Runs a flow with so many calls in flight: so many callers, each of which awaits its call and makes the next. */
export function lightning(mode: Mode, inFlight: number): Adapter {
  const width = inFlight === 1 ? 'one at a time' : `${inFlight.toLocaleString('en-US')} in flight`;
  return {
    name: `${mode}, ${width}`,
    async run(flow) {
      await using engine = await openMarket(mode);
      const load = flow.load.map(toCall);
      const steps = flow.steps.map(toCall);
      const session = new Session(engine);
      await session.play(load, 1024);
      const start = performance.now();
      await session.play(steps, inFlight);
      const seconds = (performance.now() - start) / 1000;
      return { seconds, ...(await verify(engine, session)) };
    },
  };
}

export interface LatencyRun {
  offered: number;
  achieved: number;
  /** Nanoseconds from the scheduled time to the answer. */
  histogram: RecordableHistogram;
  faults: string[];
}

/**
 * Sends a flow at a fixed rate, each step at its scheduled time whether or not earlier ones are answered, and
 * measures from the schedule: an engine, or a loop, that stalls is late for everything that was due meanwhile.
 */
export async function latencyAt(mode: Mode, rate: number, flow: Flow): Promise<LatencyRun> {
  await using engine = await openMarket(mode);
  const session = new Session(engine);
  await session.play(flow.load.map(toCall), 1024);
  const steps = flow.steps.map(toCall);
  const histogram = createHistogram();
  // The first tenth warms the compiler up.
  const warm = Math.floor(steps.length / 10);
  const faults: string[] = [];
  let answered = 0;
  const send = async (index: number, call: Call, dueAt: number): Promise<void> => {
    await session.make(call).catch((error: unknown) => {
      // After a long stall of this loop a cancel waits for its order's id, and other orders may overtake it.
      const overtaken = error instanceof LightningError && error.code === 'ORDER_ALREADY_CLOSED';
      if (!overtaken) faults.push(String(error));
    });
    answered += 1;
    if (index >= warm) histogram.record(Math.max(1, Math.round((performance.now() - dueAt) * 1e6)));
  };
  const sent: Promise<void>[] = [];
  const start = performance.now();
  while (sent.length < steps.length) {
    // The first step is due at once.
    const due = Math.min(steps.length, Math.floor(((performance.now() - start) * rate) / 1000) + 1);
    for (let index = sent.length; index < due; index += 1) {
      const call = steps[index];
      if (call !== undefined) sent.push(send(index, call, start + (index * 1000) / rate));
    }
    // Round the event loop rather than to sleep: a timer is a millisecond late.
    await nextTurn();
  }
  await Promise.all(sent);
  const achieved = (answered * 1000) / (performance.now() - start);
  faults.push(...(await verify(engine, session)).faults);
  return { offered: rate, achieved, histogram, faults };
}

/** Nanoseconds of one synchronous read of 20 levels, of a book that the flow has left behind. */
export async function level2Read(mode: Mode, flow: Flow, reads: number): Promise<number> {
  await using engine = await openMarket(mode);
  await new Session(engine).play(flow.load.map(toCall), 1024);
  for (let warm = 0; warm < reads / 10; warm += 1) engine.book(SYMBOL);
  const start = performance.now();
  for (let read = 0; read < reads; read += 1) engine.book(SYMBOL);
  return ((performance.now() - start) * 1e6) / reads;
}

/** One engine and what has been placed on it. */
class Session {
  readonly engine: Engine;
  /** Quantities traded by takers, to be added up when no clock runs. */
  readonly filled: string[] = [];
  /** The engine's order ids by the flow's; a promise while the order is not answered. */
  readonly #orderIds: (number | Promise<number>)[] = [];

  constructor(engine: Engine) {
    this.engine = engine;
  }

  /** Makes the calls in their order, so many at a time. Between two of them a caller does what any caller must. */
  async play(calls: readonly Call[], inFlight: number): Promise<void> {
    let next = 0;
    const caller = async (): Promise<void> => {
      for (let call = calls[next]; call !== undefined; call = calls[next]) {
        next += 1;
        if (call.order === null) {
          const orderId = this.#orderIds[call.id];
          if (typeof orderId !== 'number')
            throw new Error(`order ${call.id} is canceled before it is answered`);
          await this.engine.cancelOrder({ accountId: call.accountId, orderId });
        } else {
          this.#placed(call.id, await this.engine.placeOrder(call.order));
        }
      }
    };
    await Promise.all(Array.from({ length: inFlight }, caller));
  }

  /** Makes one call, now; but a cancel waits until its order is answered. */
  async make(call: Call): Promise<void> {
    if (call.order === null) {
      const orderId = await this.#orderIds[call.id];
      if (orderId === undefined) throw new Error(`order ${call.id} is canceled before it is placed`);
      await this.engine.cancelOrder({ accountId: call.accountId, orderId });
    } else {
      const answer = this.engine.placeOrder(call.order).then((result) => this.#placed(call.id, result));
      this.#orderIds[call.id] = answer;
      await answer;
    }
  }

  #placed(id: number, { orderId, fills, filledQuantity }: OrderResult): number {
    this.#orderIds[id] = orderId;
    if (fills.length > 0) this.filled.push(filledQuantity);
    return orderId;
  }
}

/**
 * One symbol has one matcher, so one is opened. One sequencer as well: calls of all accounts then keep their
 * order from call to book, which several sequencers promise only for calls of the same account.
 */
async function openMarket(mode: Mode): Promise<Engine> {
  const engine = await Engine.open({
    threads: { sequencers: 1, matchers: 1, inline: mode === 'inline' },
  });
  await engine.assets.create({ code: 'BTC', scale: 8 });
  await engine.assets.create({ code: 'USDT', scale: 6 });
  await engine.symbols.create({
    name: SYMBOL,
    base: 'BTC',
    quote: 'USDT',
    tickSize: '0.01',
    lotSize: '0.0001',
  });
  await Promise.all(
    ACCOUNTS.flatMap((accountId) => [
      engine.accounts.deposit({ accountId, asset: 'BTC', amount: '1000000' }),
      engine.accounts.deposit({ accountId, asset: 'USDT', amount: '1000000000' }),
    ]),
  );
  return engine;
}

function toCall(step: Step): Call {
  const accountId = (step.id % ACCOUNTS.length) + 1;
  if (step.kind === 'cancel') return { order: null, id: step.id, accountId };
  return {
    id: step.id,
    order: {
      accountId,
      symbol: SYMBOL,
      side: step.side,
      type: 'limit',
      price: (step.ticks / 100).toFixed(2),
      quantity: (step.lots / 10_000).toFixed(4),
    },
  };
}

async function verify(engine: Engine, session: Session): Promise<Omit<Run, 'seconds'>> {
  const orders = (await engine.openOrders()).map(({ side, price, openQuantity }) => ({
    side,
    ticks: whole(price ?? ''),
    lots: whole(openQuantity),
  }));
  const bids = depth(
    orders.filter(({ side }) => side === 'buy'),
    'high',
  );
  const asks = depth(
    orders.filter(({ side }) => side === 'sell'),
    'low',
  );
  const { faults } = await audit(engine, ACCOUNTS);
  // The book as published must be what the orders add up to.
  const book = engine.book(SYMBOL);
  for (const [published, added] of [
    [book.bids, bids],
    [book.asks, asks],
  ] as const) {
    const levels = published.map(({ price, quantity }) => [whole(price), whole(quantity)]);
    if (JSON.stringify(levels) !== JSON.stringify(added.slice(0, 20))) faults.push('Level2 is not the book');
  }
  return {
    outcome: { tradedLots: session.filled.reduce((sum, quantity) => sum + whole(quantity), 0), bids, asks },
    faults,
  };
}

/** A price or a quantity in ticks or lots. */
function whole(decimal: string): number {
  return Number(decimal.replace('.', ''));
}
