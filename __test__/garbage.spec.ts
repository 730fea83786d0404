/**
 * Random garbage against every call: it is refused with a known code and leaves no trace. fast-check prints the seed
 * and the smallest failing case; `SEED=<seed> npx ava __test__/garbage.spec.ts` runs it again.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { Engine, ERROR_CODES, LightningError } from '../index.ts';
import { configFor, fromUnits, fund, limit, MODES, openMarket, readState, seedOr } from './helpers.ts';

const SEED = seedOr(20_261_122);

const garbage = fc.oneof(
  fc.anything({
    withBigInt: true,
    withDate: true,
    withNullPrototype: true,
    withTypedArray: true,
    withSparseArray: true,
  }),
  fc.double(),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '-', 'e', '+', ' ') }),
  fc.maxSafeInteger(),
  fc.constantFrom(...(['buy', 'sell', 'limit', 'market', 'GTC', 'IOC', 'BTC-USDT', 'BTC', 'USDT'] as const)),
);

/** A call must answer or refuse with a known code; a refused one must have changed nothing. */
async function survives(call: () => unknown, what: string): Promise<boolean> {
  try {
    await call();
    return true;
  } catch (error) {
    if (
      error instanceof LightningError &&
      Object.hasOwn(ERROR_CODES, error.code) &&
      error.code !== 'INTERNAL'
    )
      return false;
    throw new Error(`${what}: ${String(error)}`, { cause: error });
  }
}

const CALLS: Record<string, (engine: Engine, given: never) => unknown> = {
  placeOrder: (engine, given) => engine.placeOrder(given),
  cancelOrder: (engine, given) => engine.cancelOrder(given),
  order: (engine, given) => engine.order(given),
  openOrders: (engine, given) => engine.openOrders(given),
  deposit: (engine, given) => engine.accounts.deposit(given),
  withdraw: (engine, given) => engine.accounts.withdraw(given),
  balances: (engine, given) => engine.accounts.balances(given),
  book: (engine, given) => engine.book(given),
  bbo: (engine, given) => engine.bbo(given),
  trades: (engine, given) => engine.trades(given),
  bookOptions: (engine, given) => engine.book('BTC-USDT', given),
  tradesOptions: (engine, given) => engine.trades('BTC-USDT', given),
  balancesOptions: (engine, given) => engine.accounts.balances(1, given),
  testOrder: (engine, given) => engine.testOrder(given),
  placeOco: (engine, given) => engine.placeOco(given),
  placeOrders: (engine, given) => engine.placeOrders(given),
  amendOrder: (engine, given) => engine.amendOrder(given),
  cancelReplace: (engine, given) => engine.cancelReplace(given),
  cancelAll: (engine, given) => engine.cancelAll(given),
  cancelAllAfter: (engine, given) => engine.cancelAllAfter(given),
  collectFees: (engine, given) => engine.collectFees(given),
  transfer: (engine, given) => engine.accounts.transfer(given),
  hold: (engine, given) => engine.accounts.hold(given),
  release: (engine, given) => engine.accounts.release(given),
  setFees: (engine, given) => engine.accounts.setFees(1, given),
  setRateLimit: (engine, given) => engine.accounts.setRateLimit(2, given),
  setPermissions: (engine, given) => engine.accounts.setPermissions(2, given),
  setStpGroup: (engine, given) => engine.accounts.setStpGroup(1, given),
  orders: (engine, given) => engine.orders(given),
  myTrades: (engine, given) => engine.myTrades(given),
  updateSymbol: (engine, given) => engine.symbols.update('ETH-USDT', given),
  updateAsset: (engine, given) => engine.assets.update('ETH', given),
  createAsset: (engine, given) => engine.assets.create(given),
  createSymbol: (engine, given) => engine.symbols.create(given),
  tradeHistory: (engine, given) => engine.tradeHistory('BTC-USDT', given).next(),
  klineHistory: (engine, given) => engine.klineHistory('BTC-USDT', '1m', given).next(),
  orderHistory: (engine, given) => engine.orderHistory(1, given).next(),
  orderHistoryAccount: (engine, given) => engine.orderHistory(given).next(),
  watchBook: (engine, given) => engine.watchBook(given).return(),
  watchBookOptions: (engine, given) => engine.watchBook('BTC-USDT', given).return(),
  watchTradesOptions: (engine, given) => engine.watchTrades('BTC-USDT', given).return(),
  watchKlines: (engine, given) => engine.watchKlines('BTC-USDT', given).return(),
  watchExecutions: (engine, given) => engine.watchExecutions(given).return(),
  watchBalances: (engine, given) => engine.watchBalances(given).return(),
};
/** Requests that are good until one or two of their fields are garbage. */
const OCO = {
  accountId: 2,
  symbol: 'BTC-USDT',
  side: 'sell',
  quantity: '1',
  limit: { price: '200' },
  stop: { triggerPrice: '50' },
};
const GOOD: Record<string, Record<string, unknown>> = {
  placeOrder: { ...limit(1, 'buy', '1', '1') },
  testOrder: { ...limit(1, 'buy', '1', '1'), clientOrderId: 'x', fees: { makerPpm: 1, takerPpm: 2 } },
  placeOco: OCO,
  amendOrder: { accountId: 1, symbol: 'BTC-USDT', orderId: 1, price: '1.5', quantity: '1' },
  cancelReplace: { accountId: 1, cancel: { orderId: 1 }, place: limit(1, 'buy', '1', '1'), mode: 'ATOMIC' },
  cancelAll: { accountId: 1, symbol: 'BTC-USDT', side: 'sell', clientOrderIdPrefix: 'x' },
  cancelAllAfter: { accountId: 1, timeoutMs: 0 },
  collectFees: { accountId: 1, symbol: 'BTC-USDT' },
  transfer: { from: 1, to: 2, asset: 'USDT', amount: '1' },
  hold: { accountId: 1, asset: 'USDT', amount: '1', requestId: 1 },
  release: { accountId: 1, asset: 'USDT', amount: '1', requestLane: 1 },
  setFees: { makerPpm: 1, takerPpm: 2 },
  setRateLimit: { perSecond: 1_000_000, burst: 1_000_000 },
  setPermissions: { trade: true, withdraw: true },
  orders: { accountId: 1, symbol: 'BTC-USDT', cursor: 5, limit: 3 },
  myTrades: { accountId: 1, symbol: 'BTC-USDT', fromId: 5, limit: 3 },
  tradeHistory: { fromId: 1, toId: 9 },
  klineHistory: { from: 5, to: 6, fill: false },
  orderHistory: { symbol: 'BTC-USDT', fromSeq: 1, toSeq: 9 },
  updateSymbol: {
    minNotional: '1',
    bandBps: { bidUp: 1, bidDown: 1, askUp: 1, askDown: 1 },
    sessionEnd: '10:00',
  },
  updateAsset: { name: 'Ether', enabled: true },
  cancelOrder: { accountId: 1, orderId: 1 },
  openOrders: { accountId: 1, symbol: 'BTC-USDT' },
  deposit: { accountId: 1, asset: 'USDT', amount: '1' },
  withdraw: { accountId: 1, asset: 'USDT', amount: '1' },
  bookOptions: { levels: 5, cumulative: true },
  tradesOptions: { fromId: 1, limit: 5 },
  balancesOptions: { asset: 'USDT' },
  createAsset: { code: 'NEW', scale: 8 },
  createSymbol: {
    name: 'NEW',
    base: 'BTC',
    quote: 'USDT',
    tickSize: '0.01',
    lotSize: '0.0001',
    maxPrice: '10',
  },
};
const MORE_FIELDS = [
  'quoteQuantity',
  'timeInForce',
  'postOnly',
  'stp',
  'displayQuantity',
  'triggerPrice',
  'validUntil',
];
const FIELDS = [...new Set(Object.values(GOOD).flatMap((request) => Object.keys(request)))];

async function garbageTest(t: ExecutionContext, mode: (typeof MODES)[number]): Promise<void> {
  const engine = await openMarket(t, configFor(mode, 3));
  await fund(engine, 1, { USDT: '1000' });
  await fund(engine, 2, { BTC: '10' });
  await engine.assets.create({ code: 'ETH', scale: 8 });
  await engine.symbols.create({
    name: 'ETH-USDT',
    base: 'ETH',
    quote: 'USDT',
    tickSize: '0.01',
    lotSize: '0.01',
  });
  await engine.placeOrder(limit(1, 'buy', '1', '90'));
  await engine.placeOrder(limit(2, 'sell', '1', '110'));
  let [answered, refused] = [0, 0];
  const name = fc.constantFrom(...Object.keys(CALLS));
  const whole = garbage.map((value) => ({ value, faults: [] as (readonly [string, unknown])[] }));
  const parts = fc
    .array(fc.tuple(fc.constantFrom(...FIELDS, ...MORE_FIELDS), garbage), {
      minLength: 1,
      maxLength: 2,
    })
    .map((faults) => ({ value: undefined, faults }));
  await fc.assert(
    fc.asyncProperty(name, fc.oneof(whole, parts, parts), async (name, { value, faults }) => {
      const base = GOOD[name];
      const given = faults.length > 0 && base ? Object.assign({}, base, Object.fromEntries(faults)) : value;
      const before = await readState(engine, [1, 2, 3]);
      const done = await survives(
        () => CALLS[name]?.(engine, given as never),
        `${name}(${fc.stringify(given)})`,
      );
      if (done) {
        answered += 1;
        return;
      }
      refused += 1;
      const after = await readState(engine, [1, 2, 3]);
      t.deepEqual(after, before, `${name}(${fc.stringify(given)}) was refused and changed something`);
    }),
    { numRuns: mode === 'inline' ? 3000 : 800, seed: SEED, includeErrorInReport: true },
  );
  t.true(answered > 10 && refused > 200, `${answered} answered, ${refused} refused`);
  t.true((await engine.conservation()).every(({ holds }) => holds));
  t.is((await engine.placeOrder(limit(1, 'buy', '0.1', '1'))).status, 'NEW', 'works afterwards');
}

for (const mode of MODES)
  test(`garbage is refused, with a known code and without a trace [${mode}]`, garbageTest, mode);

test('garbage as options never opens anything but an engine', async (t) => {
  const option = fc.constantFrom(
    'sequencers',
    'matchers',
    'inline',
    'inFlight',
    'openOrdersPerAccount',
    'closedOrders',
  );
  const config = fc.oneof(
    fc.anything(),
    fc.tuple(option, garbage).map(([name, value]) => ({ threads: { inline: true, [name]: value } })),
    fc.tuple(option, garbage).map(([name, value]) => ({
      threads: 'inline',
      limits: { [name]: value },
      history: { [name]: value },
    })),
  );
  await fc.assert(
    fc.asyncProperty(config, async (config) => {
      try {
        const engine = await Engine.open(config as never);
        await engine.close();
      } catch (error) {
        if (error instanceof LightningError && error.code === 'INVALID_REQUEST') return;
        throw error;
      }
    }),
    { numRuns: 300, seed: SEED, includeErrorInReport: true },
  );
  t.pass();
});

/** Decimals below 1,000 with so many digits after the point. */
function decimals(digits: number): fc.Arbitrary<string> {
  const fraction = fc.nat(10 ** digits - 1).map((n) => String(n).padStart(digits, '0'));
  return fc.tuple(fc.nat(999), fraction).map(([whole, fraction]) => `${whole}.${fraction}`);
}

test('a decimal that is accepted comes back as the number it was', async (t) => {
  const engine = await openMarket(t, configFor('inline', 1));
  await fund(engine, 1, { USDT: '1000000000000' });
  await fc.assert(
    fc.asyncProperty(decimals(2), decimals(4), fc.boolean(), async (price, quantity, asNumbers) => {
      fc.pre(Number(price) > 0 && Number(quantity) > 0);
      const order = { accountId: 1, symbol: 'BTC-USDT', side: 'buy', type: 'limit' } as const;
      const placed = await engine.placeOrder({
        ...order,
        price: asNumbers ? Number(price) : price,
        quantity: asNumbers ? Number(quantity) : quantity,
      });
      t.deepEqual([placed.price, placed.quantity], [price, quantity]);
      const cost = BigInt(price.replace('.', '')) * BigInt(quantity.replace('.', ''));
      t.is(placed.reserved.amount, fromUnits(cost, 6));
      await engine.cancelOrder({ accountId: 1, orderId: placed.orderId });
    }),
    { numRuns: 300, seed: SEED, includeErrorInReport: true },
  );
});
