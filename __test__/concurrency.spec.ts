/**
 * Threads under load: thousands of calls in flight from many accounts, on every number of shards. Every promise
 * settles once, no money is made or lost, no book is crossed. A watchdog says what is pending if something
 * stands still. Reproduce with `SEED=<seed> npx ava __test__/concurrency.spec.ts`.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { LightningError } from '../index.ts';
import type { Engine, EngineConfig, OrderResult } from '../index.ts';
import {
  configFor,
  fund,
  generator,
  limit,
  market,
  marketByQuote,
  openMarket,
  provesBook,
  provesMoney,
  seedOr,
  settleAll,
} from './helpers.ts';
import type { Call } from './helpers.ts';

const SEED = seedOr(7);
const ACCOUNTS = Array.from({ length: 40 }, (_, i) => i + 1);
const SYMBOLS = ['BTC-USDT', 'BTC-EUR', 'ETH-USDT'] as const;

/** Refusals that a race may give. Anything else is a bug. */
const EXPECTED = new Set(['INSUFFICIENT_BALANCE', 'ORDER_ALREADY_CLOSED', 'NOTIONAL_RANGE', 'BUSY']);

async function openMarkets(t: ExecutionContext, config: EngineConfig): Promise<Engine> {
  const engine = await openMarket(t, config);
  await engine.assets.create({ code: 'EUR', scale: 6 });
  await engine.assets.create({ code: 'ETH', scale: 8 });
  const grid = { tickSize: '0.01', lotSize: '0.0001' };
  await engine.symbols.create({ name: 'BTC-EUR', base: 'BTC', quote: 'EUR', ...grid });
  await engine.symbols.create({ name: 'ETH-USDT', base: 'ETH', quote: 'USDT', ...grid });
  for (const accountId of ACCOUNTS)
    await fund(engine, accountId, { BTC: '10', USDT: '1000', EUR: '1000', ETH: '10' });
  return engine;
}

/** What a storm of calls did. */
interface Storm {
  settled: PromiseSettledResult<unknown>[];
  /** What each call was, in the same order. */
  calls: Call<unknown>[];
  /** How many reached the engine: the cancel of a refused order does not. */
  made: number;
}

/** `count` calls, all in flight together: orders, cancels as soon as an order is known, funds, reads. */
async function storm(engine: Engine, seed: number, count: number): Promise<Storm> {
  const random = generator(seed);
  const below = (n: number) => Math.floor(random() * n);
  const calls: Call<unknown>[] = [];
  let made = 0;
  const add = (what: string, promise: Promise<unknown>) => {
    calls.push({ what, promise });
    made += 1;
  };
  for (let n = 0; n < count; n += 1) {
    const accountId = ACCOUNTS[below(ACCOUNTS.length)]!;
    const side = below(2) === 0 ? 'buy' : 'sell';
    const symbol = SYMBOLS[below(SYMBOLS.length)]!;
    const kind = random();
    const quantity = `0.${1 + below(9)}`;
    if (kind < 0.06) {
      add(`withdraw of ${accountId}`, engine.accounts.withdraw({ accountId, asset: 'USDT', amount: 1 }));
    } else if (kind < 0.12) {
      add(`deposit of ${accountId}`, engine.accounts.deposit({ accountId, asset: 'ETH', amount: '0.5' }));
    } else if (kind < 0.16) {
      add(`balances of ${accountId}`, engine.accounts.balances(accountId));
    } else if (kind < 0.18) {
      add('open orders', engine.openOrders({ accountId }));
    } else if (kind < 0.26) {
      add(`market of ${accountId}`, engine.placeOrder({ ...market(accountId, side, quantity), symbol }));
    } else if (kind < 0.34) {
      const order = { ...marketByQuote(accountId, side, `${1 + below(50)}`), symbol };
      add(`market by quote of ${accountId}`, engine.placeOrder(order));
    } else {
      const price = `${95 + below(11)}`;
      const placed = engine.placeOrder({ ...limit(accountId, side, quantity, price), symbol });
      add(`limit of ${accountId}`, placed);
      if (kind < 0.6) {
        const canceled = placed.then(({ orderId }) => {
          made += 1;
          return engine.cancelOrder({ accountId, orderId });
        });
        calls.push({ what: `cancel of ${accountId}`, promise: canceled });
      }
    }
    // Let some answers in between, at random places.
    if (below(200) === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const settled = await settleAll(engine, calls);
  return { calls, settled, made };
}

/** Only refusals that a race explains, and the laws of money and books. */
async function check(t: ExecutionContext, engine: Engine, { settled, calls }: Storm, what: string) {
  const unexpected: string[] = [];
  let done = 0;
  for (const [i, result] of settled.entries()) {
    if (result.status === 'fulfilled') done += 1;
    else if (!(result.reason instanceof LightningError) || !EXPECTED.has(result.reason.code))
      unexpected.push(`${calls[i]?.what}: ${String(result.reason)}`);
  }
  t.deepEqual(unexpected.slice(0, 5), [], what);
  t.true(done > 0, what);
  await provesMoney(t, engine, ACCOUNTS, what);
  for (const symbol of SYMBOLS) {
    provesBook(t, engine.book(symbol), what);
    const { bids, asks, seq } = engine.book(symbol);
    const resting = await engine.openOrders({ symbol });
    const best = bids[0];
    if (best) {
      const atBest = resting.filter(({ side, price }) => side === 'buy' && price === best.price);
      t.is(atBest.length, best.orders, `${what}: ${symbol}, orders at the best bid`);
    }
    t.is(engine.bbo(symbol).seq, seq);
    t.is(engine.bbo(symbol).ask?.price, asks[0]?.price);
  }
  t.like(engine.stats(), { inFlight: 0, halted: false }, what);
}

for (let shards = 1; shards <= 10; shards += 1) {
  test(`${shards} shards: a storm of calls`, async (t) => {
    const seed = SEED + shards;
    const what = `seed ${seed}, ${shards} shards`;
    const engine = await openMarkets(t, {
      ...configFor('threaded', shards, 11 - shards),
      history: { tradesPerSymbol: 100_000 },
    });
    const before = engine.stats().commands;
    const result = await storm(engine, seed, 3000);
    const placed = result.settled.flatMap((one) =>
      one.status === 'fulfilled' && typeof one.value === 'object' && one.value && 'fills' in one.value
        ? [one.value as OrderResult]
        : [],
    );
    t.is(
      new Set(placed.map(({ orderId }) => orderId)).size,
      placed.length,
      `${what}: every order has its own id`,
    );
    t.is(engine.stats().commands - before + engine.stats().refusedAtEdge, result.made, what);
    await check(t, engine, result, what);
    for (const symbol of SYMBOLS) {
      // Every trade of the feed is one fill of one taker, and the other way round.
      const fills = placed.filter((order) => order.symbol === symbol).flatMap((order) => order.fills);
      const ids = fills.map(({ tradeId }) => tradeId).toSorted((a, b) => a - b);
      t.deepEqual(
        ids,
        ids.map((_, i) => i + 1),
        `${what}: ids of ${symbol}`,
      );
      const trades: number[] = [];
      for (;;) {
        const page = engine.trades(symbol, { fromId: trades.length + 1, limit: 1000 });
        trades.push(...page.map(({ tradeId }) => tradeId));
        if (page.length < 1000) break;
      }
      t.deepEqual(trades, ids, `${what}: the feed of ${symbol}`);
    }
  });
}

for (const [sequencers, matchers, inFlight] of [
  [1, 1, 16],
  [3, 3, 64],
  [10, 10, 200],
  [2, 10, 32],
] as const) {
  test(`room for ${inFlight}, ${sequencers} sequencers, ${matchers} matchers: a storm that is mostly refused`, async (t) => {
    const seed = SEED + 100 + inFlight;
    const what = `seed ${seed}`;
    const engine = await openMarkets(t, {
      ...configFor('threaded', sequencers, matchers),
      limits: { inFlight },
    });
    for (let round = 0; round < 5; round += 1) {
      const result = await storm(engine, seed + round, 1500);
      const busy = result.settled.filter(
        (one) =>
          one.status === 'rejected' && one.reason instanceof LightningError && one.reason.code === 'BUSY',
      );
      t.true(busy.length > 0, `${what}: nothing was refused`);
      await check(t, engine, result, what);
    }
  });
}

test('one maker, many takers at once: no more is sold than there was', async (t) => {
  const engine = await openMarket(t, configFor('threaded', 5, 2));
  await fund(engine, 999, { BTC: '10' });
  for (const accountId of ACCOUNTS) await fund(engine, accountId, { USDT: '1000' });
  const { orderId } = await engine.placeOrder(limit(999, 'sell', '10', '10'));
  const calls = Array.from({ length: 2000 }, (_, i) => ({
    what: `buy ${i}`,
    promise: engine.placeOrder(marketByQuote(ACCOUNTS[i % ACCOUNTS.length]!, 'buy', '0.1')),
  }));
  const settled = await settleAll(engine, calls);
  const filled = settled.filter((one) => one.status === 'fulfilled' && one.value.status === 'FILLED');
  t.is(filled.length, 1000, '1,000 x 0.01 of 10');
  t.is((await engine.order(orderId)).status, 'FILLED');
  const sold = await engine.accounts.balances(999);
  t.deepEqual(
    sold.map(({ total }) => total),
    ['0.00000000', '100.000000'],
  );
  await provesMoney(t, engine, [999, ...ACCOUNTS]);
});

test('one account cannot spend its money twice, however many orders race for it', async (t) => {
  for (const shards of [1, 4, 10]) {
    const engine = await openMarket(t, configFor('threaded', shards));
    await fund(engine, 1, { USDT: '100' });
    const calls = Array.from({ length: 500 }, (_, i) => ({
      what: `bid ${i}`,
      promise: engine.placeOrder(limit(1, 'buy', '1', '1')),
    }));
    const settled = await settleAll(engine, calls);
    t.is(settled.filter(({ status }) => status === 'fulfilled').length, 100);
    const reasons = settled.flatMap((one) =>
      one.status === 'rejected' ? [(one.reason as LightningError).code] : [],
    );
    t.deepEqual([...new Set(reasons)], ['INSUFFICIENT_BALANCE']);
    await provesMoney(t, engine, [1]);
  }
});

test('a cancel races with the fill: exactly one of them wins', async (t) => {
  const engine = await openMarket(t, configFor('threaded', 3));
  await fund(engine, 1, { BTC: '300' });
  await fund(engine, 2, { USDT: '3000' });
  let [canceled, filled] = [0, 0];
  for (let n = 0; n < 200; n += 1) {
    const { orderId } = await engine.placeOrder(limit(1, 'sell', '1', '10'));
    const calls: [() => Promise<unknown>, () => Promise<unknown>] = [
      () => engine.cancelOrder({ accountId: 1, orderId }),
      () => engine.placeOrder(market(2, 'buy', '1')),
    ];
    if (n % 2 === 0) calls.reverse();
    await settleAll(
      engine,
      calls.map((call, i) => ({ what: `round ${n}, call ${i}`, promise: call() })),
    );
    const { status, filledQuantity } = await engine.order(orderId);
    if (status === 'CANCELED') canceled += 1;
    else if (status === 'FILLED') filled += 1;
    t.is(filledQuantity, status === 'FILLED' ? '1.0000' : '0.0000', `round ${n}: ${status}`);
  }
  t.is(canceled + filled, 200);
  await provesMoney(t, engine, [1, 2]);
});

test('symbols are created while orders are in flight', async (t) => {
  const engine = await openMarkets(t, configFor('threaded', 4, 3));
  const traffic = storm(engine, SEED + 500, 2000);
  for (let n = 0; n < 30; n += 1) {
    await engine.symbols.create({
      name: `S${n}`,
      base: 'BTC',
      quote: 'EUR',
      tickSize: '0.01',
      lotSize: '0.0001',
    });
    const placed = await engine.placeOrder({ ...limit(1, 'buy', '0.0100', '1'), symbol: `S${n}` });
    t.is(placed.bookSeq, 1);
    await engine.cancelOrder({ accountId: 1, orderId: placed.orderId });
  }
  await check(t, engine, await traffic, `seed ${SEED + 500}`);
});
