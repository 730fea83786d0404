/**
 * A seeded stream of commands over several symbols, good ones and bad ones mixed, and a way to run it.
 * The same seed gives the same commands on every machine.
 */
import { LightningError } from '../index.ts';
import type { Engine, FundsRequest, NewOrder, Order, OrderResult } from '../index.ts';
import { generator } from './helpers.ts';

/** One command. */
export type Command =
  | { call: 'deposit' | 'withdraw'; request: FundsRequest }
  | { call: 'placeOrder'; request: NewOrder }
  | { call: 'cancelOrder'; request: { accountId: number; orderId: number } };

/** The symbols of a stream, with grids that are no powers of ten among them. */
const SYMBOLS = [
  { name: 'BTC-USDT', base: 'BTC', quote: 'USDT', tickSize: '0.01', lotSize: '0.0001' },
  { name: 'ETH-USDT', base: 'ETH', quote: 'USDT', tickSize: '0.05', lotSize: '0.002' },
  { name: 'ETH-BTC', base: 'ETH', quote: 'BTC', tickSize: '0.0025', lotSize: '0.004' },
  { name: 'BTC-EUR', base: 'BTC', quote: 'EUR', tickSize: '1', lotSize: '0.5' },
] as const;
const ASSETS = { BTC: 8, USDT: 6, ETH: 10, EUR: 2 } as const;

/** Accounts of a stream; the last one is never funded on purpose, though it may be by chance. */
export const ACCOUNTS: readonly number[] = [1, 2, 3, 10, 77, 1_000_003, 2 ** 40 + 1, 2 ** 53 - 1];

/** Adds the assets and symbols of a stream. */
export async function addMarkets(engine: Engine): Promise<void> {
  for (const [code, scale] of Object.entries(ASSETS)) await engine.assets.create({ code, scale });
  for (const symbol of SYMBOLS) await engine.symbols.create(symbol);
}

/** A stream of `length` commands. Accounts begin with some money; one in ten commands is nonsense. */
export function commands(seed: number, length: number): Command[] {
  const random = generator(seed);
  const below = (n: number) => Math.floor(random() * n);
  const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const stream: Command[] = [];
  let orders = 0; // Most of them are accepted and numbered.
  for (const accountId of ACCOUNTS.slice(0, -1)) {
    for (const asset of Object.keys(ASSETS))
      stream.push({ call: 'deposit', request: { accountId, asset, amount: 1000 + below(1000) } });
  }
  while (stream.length < length) {
    const accountId = pick(ACCOUNTS);
    const kind = random();
    if (kind < 0.05) {
      const call = pick(['deposit', 'withdraw'] as const);
      const amount = `${below(300)}.${below(100)}`; // Now and then zero, which is refused.
      stream.push({ call, request: { accountId, asset: pick(Object.keys(ASSETS)), amount } });
    } else if (kind < 0.3) {
      // One of the newer orders: the account's own, or somebody else's, closed, or (zero, too high) none.
      const orderId = Math.max(0, Math.floor(orders * 0.9) - below(300));
      stream.push({ call: 'cancelOrder', request: { accountId, orderId } });
    } else if (kind < 0.4) {
      stream.push({ call: 'placeOrder', request: nonsense(accountId, below, pick) });
    } else {
      orders += 1;
      const { name, tickSize, lotSize } = pick(SYMBOLS);
      const side = pick(['buy', 'sell'] as const);
      const lots = 1 + below(200);
      const quantity = times(lotSize, lots);
      const order = { accountId, symbol: name, side };
      if (kind < 0.8) {
        const price = times(tickSize, 90 + below(20) + (side === 'buy' ? -4 : 4));
        stream.push({ call: 'placeOrder', request: { ...order, type: 'limit', price, quantity } });
      } else if (kind < 0.9) {
        stream.push({ call: 'placeOrder', request: { ...order, type: 'market', quantity } });
      } else {
        const quoteQuantity = `${below(20)}.${below(100)}`;
        stream.push({ call: 'placeOrder', request: { ...order, type: 'market', quoteQuantity } });
      }
    }
  }
  return stream;
}

/** A whole multiple of a step, exactly, as text. */
function times(step: string, count: number): string {
  const [whole = '', fraction = ''] = step.split('.');
  const units = (BigInt(whole + fraction) * BigInt(count)).toString().padStart(fraction.length + 1, '0');
  return fraction === '' ? units : `${units.slice(0, -fraction.length)}.${units.slice(-fraction.length)}`;
}

function nonsense(
  accountId: number,
  below: (n: number) => number,
  pick: <T>(list: readonly T[]) => T,
): NewOrder {
  const order = {
    accountId,
    symbol: 'BTC-USDT',
    side: 'buy',
    type: 'limit',
    price: '0.9',
    quantity: '0.001',
  };
  const faults: Record<string, unknown>[] = [
    { price: '0.905' },
    { price: '-1' },
    { price: 0.1 + 0.2 },
    { quantity: '0.00005' },
    { quantity: '9'.repeat(1 + below(40)) },
    { quantity: '' },
    { symbol: 'NOPE' },
    { side: 'both' },
    { type: 'magic' },
    { type: 'stop' },
    { timeInForce: 'IOC' },
    { timeInForce: 'NEVER' },
    { type: 'market' },
    { accountId: 0 },
    { accountId: accountId + 0.5 },
    { price: '1000000000', quantity: '1000' },
  ];
  return { ...order, ...pick(faults) } as unknown as NewOrder;
}

/** Makes one call; a refusal is an answer like any other. Times and places in the log are left out. */
export async function run(engine: Engine, { call, request }: Command): Promise<unknown> {
  try {
    switch (call) {
      case 'deposit':
        return timeless(await engine.accounts.deposit(request));
      case 'withdraw':
        return timeless(await engine.accounts.withdraw(request));
      case 'placeOrder':
        return timeless(await engine.placeOrder(request));
      case 'cancelOrder':
        return timeless(await engine.cancelOrder(request));
    }
  } catch (error) {
    if (!(error instanceof LightningError)) throw error;
    const { code, field, details, message } = error;
    return { code, field, details, message };
  }
}

/** Without what the clock and the number of shards decide. */
export function timeless<T extends object>(answer: T): Omit<T, 'ts' | 'seq' | 'createdAt' | 'updatedAt'> {
  const {
    ts: _ts,
    seq: _seq,
    createdAt: _c,
    updatedAt: _u,
    ...rest
  } = answer as T & Partial<OrderResult & Order>;
  return rest;
}

/** Everything that can be read from an engine after a stream, without times. */
export async function readAll(engine: Engine): Promise<unknown> {
  const balances = await Promise.all(
    ACCOUNTS.map((accountId) =>
      engine.accounts.balances(accountId).catch((error: LightningError) => error.code),
    ),
  );
  return {
    balances,
    conservation: await engine.conservation(),
    openOrders: (await engine.openOrders()).map((order) => timeless(order)),
    books: SYMBOLS.map(({ name }) => {
      const { ts: _ts, ...book } = engine.book(name, { cumulative: true });
      return book;
    }),
    trades: SYMBOLS.map(({ name }) =>
      engine.trades(name, { limit: 1000 }).map(({ ts: _ts, ...trade }) => trade),
    ),
  };
}
