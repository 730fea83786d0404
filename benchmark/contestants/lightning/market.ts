/**
 * A market on this engine for benchmarks: balances of 256 accounts that are checked and settled with every order,
 * and an audit of everything behind every run.
 */

import { audit } from '../../../demo/audit.ts';
import { Engine, type NewOrder, type Order } from 'lightning-exchange';
import type { Outcome, Side } from '../../workloads/array-book.ts';
import type { Flow, Step } from '../../workloads/flow.ts';
import { depth, type Ended } from '../contestant.ts';

export type Mode = 'inline' | 'threaded';

export const SYMBOL = 'BTC-USDT';
const ACCOUNTS = Array.from({ length: 256 }, (_, index) => index + 1);

/**
 * One symbol has one matcher, so one is opened. One sequencer as well: calls of all accounts then keep their
 * order from call to book, which several sequencers promise only for calls of the same account.
 */
export async function openMarket(mode: Mode): Promise<Engine> {
  const engine = await Engine.open({
    threads: { sequencers: 1, matchers: 1, inline: mode === 'inline' },
  });
  await listSymbols(engine, [SYMBOL]);
  await fund(engine, ACCOUNTS);
  return engine;
}

/** Pairs with USDT, a tick of 0.01 and a lot of 0.0001. */
export async function listSymbols(engine: Engine, names: readonly string[]): Promise<void> {
  await engine.assets.create({ code: 'BTC', scale: 8 });
  await engine.assets.create({ code: 'USDT', scale: 6 });
  for (const name of names) {
    await engine.symbols.create({
      name,
      base: 'BTC',
      quote: 'USDT',
      tickSize: '0.01',
      lotSize: '0.0001',
      defaultStp: 'NONE',
    });
  }
}

/** So much that no order of a flow is ever refused for want of it. */
export async function fund(engine: Engine, accounts: readonly number[]): Promise<void> {
  await Promise.all(
    accounts.flatMap((accountId) => [
      engine.accounts.deposit({ accountId, asset: 'BTC', amount: '1000000' }),
      engine.accounts.deposit({ accountId, asset: 'USDT', amount: '1000000000' }),
    ]),
  );
}

/** Whose order it is. */
export function accountOf(id: number): number {
  return (id % ACCOUNTS.length) + 1;
}

/** A flow's step as a call of the engine. What to cancel is known when its order is answered. */
export type Call = { order: NewOrder; id: number } | { order: null; id: number; accountId: number };

export function toCall(step: Step): Call {
  const accountId = accountOf(step.id);
  return step.kind === 'cancel'
    ? { order: null, id: step.id, accountId }
    : { order: toOrder(step, accountId, SYMBOL), id: step.id };
}

export function toOrder(
  { side, ticks, lots }: Extract<Step, { kind: 'place' }>,
  accountId: number,
  symbol: string,
): NewOrder {
  const [price, quantity] = [(ticks / 100).toFixed(2), (lots / 10_000).toFixed(4)];
  return { accountId, symbol, side, type: 'limit', price, quantity };
}

/** A price or a quantity in ticks or lots. */
export function whole(decimal: string): number {
  return Number(decimal.replace('.', ''));
}

/** What is left in the book, and whether all the money is where it should be. */
export async function verify(engine: Engine, tradedLots: number): Promise<Ended> {
  const { open, faults } = await audit(engine, ACCOUNTS);
  const { bids, asks } = book(engine, SYMBOL, open, faults);
  return { outcome: { tradedLots, bids, asks }, faults };
}

/** Adds up the open orders of a symbol. The book as it is published must say the same. */
export function book(
  engine: Engine,
  symbol: string,
  open: readonly Order[],
  faults: string[],
): Pick<Outcome, 'bids' | 'asks'> {
  const own = open.filter((order) => order.symbol === symbol);
  const added = (wanted: Side): [number, number][] =>
    depth(
      own
        .filter(({ side }) => side === wanted)
        .map(({ price, openQuantity }) => ({ ticks: whole(price ?? ''), lots: whole(openQuantity) })),
      wanted,
    );
  const [bids, asks] = [added('buy'), added('sell')];
  const published = engine.book(symbol);
  for (const [levels, sums] of [
    [published.bids, bids],
    [published.asks, asks],
  ] as const) {
    const said = levels.map(({ price, quantity }) => [whole(price), whole(quantity)]);
    if (JSON.stringify(said) !== JSON.stringify(sums.slice(0, 20))) faults.push('Level2 is not the book');
  }
  return { bids, asks };
}

/** All calls of a flow, made before any clock runs. */
export function toCalls(flow: Flow): { load: Call[]; parts: Call[][] } {
  return { load: flow.load.map(toCall), parts: flow.parts.map((steps) => steps.map(toCall)) };
}
