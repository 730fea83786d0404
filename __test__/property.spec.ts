/**
 * Random sessions against a naive model, and random garbage against everything. fast-check prints the seed and
 * the smallest failing case; `SEED=<seed> npx ava __test__/property.spec.ts` runs it again.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { Engine, ERROR_CODES, LightningError } from '../index.ts';
import { configFor, fromUnits, fund, limit, MODES, openMarket, readState, seedOr } from './helpers.ts';
import { Model } from './model.ts';
import type { BookLevel } from '../index.ts';
import type { Answer, Market } from './model.ts';

const SEED = seedOr(20_261_122);
const OPEN_ORDERS_MAX = 6;

/** Two symbols with one quote asset and grids that are no powers of ten; assets of 4, 3 and 5 decimals. */
const SCALES: Record<string, number> = { AAA: 4, BBB: 3, QQQ: 5 };
const MARKETS: Record<string, Market> = {
  'AAA-QQQ': {
    base: 'AAA',
    quote: 'QQQ',
    baseScale: 4,
    quoteScale: 5,
    priceScale: 2,
    quantityScale: 3,
    tick: 5n, // 0.05
    lot: 2n, // 0.002
    lotAtoms: 20n,
    tickLotAtoms: 10n, // 0.05 x 0.002 = 0.0001
  },
  'BBB-QQQ': {
    base: 'BBB',
    quote: 'QQQ',
    baseScale: 3,
    quoteScale: 5,
    priceScale: 0,
    quantityScale: 1,
    tick: 3n,
    lot: 5n, // 0.5
    lotAtoms: 500n,
    tickLotAtoms: 150_000n, // 3 x 0.5 = 1.5
  },
};

async function openModeled(shards: [number, number]): Promise<[Engine, Model]> {
  const engine = await Engine.open({
    ...configFor('inline', ...shards),
    limits: { openOrdersPerAccount: OPEN_ORDERS_MAX },
  });
  for (const [code, scale] of Object.entries(SCALES)) await engine.assets.create({ code, scale });
  for (const [name, { base, quote, priceScale, quantityScale, tick, lot }] of Object.entries(MARKETS)) {
    const [tickSize, lotSize] = [fromUnits(tick, priceScale), fromUnits(lot, quantityScale)];
    await engine.symbols.create({ name, base, quote, tickSize, lotSize });
  }
  return [engine, new Model(MARKETS, OPEN_ORDERS_MAX)];
}

const account = fc.constantFrom(1, 2, 3, 4);
const asset = fc.constantFrom(...Object.keys(SCALES));
const symbol = fc.constantFrom(...Object.keys(MARKETS));
const side = fc.constantFrom('buy', 'sell');
const price = fc.bigInt({ min: 1n, max: 12n });
const lots = fc.bigInt({ min: 1n, max: 40n });
const rich = fc.record({
  kind: fc.constant('deposit'),
  account,
  asset,
  atoms: fc.bigInt({ min: 1n, max: 100_000_000n }),
});
const step = fc.oneof(
  { weight: 3, arbitrary: rich },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('withdraw'),
      account,
      asset,
      atoms: fc.bigInt({ min: 1n, max: 10_000_000n }),
    }),
  },
  { weight: 10, arbitrary: fc.record({ kind: fc.constant('limit'), account, symbol, side, price, lots }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('market'), account, symbol, side, lots }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('byQuote'),
      account,
      symbol,
      side,
      atoms: fc.oneof(fc.bigInt({ min: 1n, max: 3000n }), fc.bigInt({ min: 1n, max: 30_000_000n })),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cancel'), account, id: fc.nat(30) }) },
);
type Step = {
  kind: string;
  account: number;
  asset?: string;
  atoms?: bigint;
  symbol?: string;
  side?: string;
  price?: bigint;
  lots?: bigint;
  id?: number;
};

/** Makes one step in the engine, and words the answer as the model does. */
async function inEngine(engine: Engine, step: Step): Promise<Answer> {
  const { kind, account: accountId, asset = '', atoms = 0n, symbol = '', lots = 0n } = step;
  const market = MARKETS[symbol];
  const side = step.side === 'buy' ? 'buy' : 'sell';
  const order = { accountId, symbol, side } as const;
  const quantity = fromUnits(lots * (market?.lot ?? 0n), market?.quantityScale ?? 0);
  const amount = fromUnits(atoms, SCALES[asset] ?? 0);
  try {
    if (kind === 'deposit' || kind === 'withdraw') {
      const { available } = await engine.accounts[kind]({ accountId, asset, amount });
      return { available };
    }
    if (kind === 'cancel') {
      const canceled = await engine.cancelOrder({ accountId, orderId: step.id ?? 0 });
      return { canceledQuantity: canceled.canceledQuantity, released: canceled.released.amount };
    }
    const price = fromUnits((step.price ?? 0n) * (market?.tick ?? 0n), market?.priceScale ?? 0);
    const quoteQuantity = fromUnits(atoms, market?.quoteScale ?? 0);
    const placed = await (kind === 'limit'
      ? engine.placeOrder({ ...order, type: 'limit', price, quantity })
      : kind === 'market'
        ? engine.placeOrder({ ...order, type: 'market', quantity })
        : engine.placeOrder({ ...order, type: 'market', quoteQuantity }));
    return {
      orderId: placed.orderId,
      status: placed.status,
      filledQuantity: placed.filledQuantity,
      filledQuote: placed.filledQuote,
      openQuantity: placed.openQuantity,
      fills: placed.fills.map((fill) => `${fill.quantity}@${fill.price}`),
    };
  } catch (error) {
    if (!(error instanceof LightningError)) throw error;
    const { code, details } = error;
    return kind !== 'withdraw' && code === 'INSUFFICIENT_BALANCE'
      ? { code, required: details['required'] }
      : { code };
  }
}

/** Makes one step in the model. */
function inModel(model: Model, step: Step): Answer {
  const { kind, account, asset = '', atoms = 0n, symbol = '', lots = 0n, id = 0 } = step;
  const side = step.side === 'buy' ? 'buy' : 'sell';
  switch (kind) {
    case 'deposit':
      return model.deposit(account, asset, atoms);
    case 'withdraw':
      return model.withdraw(account, asset, atoms);
    case 'limit':
      return model.place({ account, symbol, side, price: step.price ?? 0n, quantity: lots });
    case 'market':
      return model.place({ account, symbol, side, quantity: lots });
    case 'byQuote':
      return model.place({ account, symbol, side, quote: atoms });
    default:
      return id === 0 ? { code: 'INVALID_REQUEST' } : model.cancel(account, id);
  }
}

function inWords({ price, quantity, orders }: BookLevel): string {
  return `${quantity}@${price} (${orders})`;
}

/** What both say about the whole exchange. */
async function wholeOfEngine(engine: Engine): Promise<unknown> {
  const balances: Record<string, string> = {};
  for (const accountId of [1, 2, 3, 4]) {
    const lines = await engine.accounts.balances(accountId).catch(() => []);
    for (const { asset, available, frozen, total } of lines) {
      if (Number(total) > 0) balances[`${accountId} ${asset}`] = `${available}+${frozen}`;
    }
  }
  return {
    balances,
    books: Object.keys(MARKETS).map((name) => {
      const book = engine.book(name);
      return [book.bids.map(inWords), book.asks.map(inWords)];
    }),
    open: (await engine.openOrders()).map(({ orderId }) => orderId).toSorted((a, b) => a - b),
    trades: Object.keys(MARKETS).map((name) =>
      engine
        .trades(name, { limit: 1000 })
        .map(({ price, quantity, takerSide }) => `${takerSide} ${quantity}@${price}`),
    ),
    holds: (await engine.conservation()).every(({ holds }) => holds),
  };
}

function wholeOfModel(model: Model): unknown {
  const balances: Record<string, string> = {};
  for (const account of [1, 2, 3, 4]) {
    for (const [asset, scale] of Object.entries(SCALES)) {
      const key = `${account} ${asset}`;
      const [available, frozen] = [model.free(account, asset), model.frozen.get(key) ?? 0n];
      if (available + frozen > 0n)
        balances[key] = `${fromUnits(available, scale)}+${fromUnits(frozen, scale)}`;
    }
  }
  return {
    balances,
    books: Object.keys(MARKETS).map((name) => [model.levels(name, 'buy'), model.levels(name, 'sell')]),
    open: model.resting.map(({ id }) => id).toSorted((a, b) => a - b),
    trades: Object.entries(MARKETS).map(([name, market]) =>
      model.trades
        .filter((trade) => trade.symbol === name)
        .map(({ price, quantity, takerSide }) => {
          const text = fromUnits(quantity * market.lot, market.quantityScale);
          return `${takerSide} ${text}@${fromUnits(price * market.tick, market.priceScale)}`;
        }),
    ),
    holds: true,
  };
}

function same(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}\n  engine ${is}\n  model  ${should}`);
}

/** Everything that happened over all runs, to prove that the sessions are worth something. */
const seen = new Map<string, number>();

test('random sessions agree with the naive model', async (t) => {
  const steps = fc.array(step, { minLength: 1, maxLength: 60, size: 'max' });
  const funded: Step[] = [1, 2, 3].flatMap((account) =>
    Object.keys(SCALES).map((asset) => ({ kind: 'deposit', account, asset, atoms: 3_000_000n })),
  );
  const start = fc.oneof(
    { weight: 1, arbitrary: fc.constant<Step[]>([]) },
    { weight: 4, arbitrary: fc.constant(funded) },
  );
  const shards = fc.tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 10 }));
  await fc.assert(
    fc.asyncProperty(shards, start, steps, async (shards, start, steps) => {
      const [engine, model] = await openModeled(shards);
      try {
        for (const [i, step] of ([...start, ...steps] as Step[]).entries()) {
          const what = `step ${i}: ${JSON.stringify(step, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))}`;
          const expected = inModel(model, step);
          same(await inEngine(engine, step), expected, what);
          same(await wholeOfEngine(engine), wholeOfModel(model), `the state after ${what}`);
          const kind = `${step.kind} ${String(expected['code'] ?? expected['status'] ?? 'OK')}`;
          seen.set(kind, (seen.get(kind) ?? 0) + 1);
        }
      } finally {
        await engine.close();
      }
    }),
    { numRuns: 400, seed: SEED, includeErrorInReport: true },
  );
  const counts = JSON.stringify([...seen].toSorted());
  for (const kind of [
    'deposit OK',
    'withdraw OK',
    'withdraw INSUFFICIENT_BALANCE',
    'withdraw UNKNOWN_ACCOUNT',
    'limit NEW',
    'limit PARTIALLY_FILLED',
    'limit FILLED',
    'limit INSUFFICIENT_BALANCE',
    'limit TOO_MANY_OPEN_ORDERS',
    'market FILLED',
    'market EXPIRED',
    'market INSUFFICIENT_BALANCE',
    'byQuote FILLED',
    'byQuote EXPIRED',
    'byQuote NOTIONAL_RANGE',
    'byQuote INSUFFICIENT_BALANCE',
    'cancel OK',
    'cancel ORDER_ALREADY_CLOSED',
    'cancel UNKNOWN_ORDER',
  ])
    t.true((seen.get(kind) ?? 0) > 0, `no session has a ${kind}: ${counts}`);
  t.log(counts);
});

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
  createAsset: (engine, given) => engine.assets.create(given),
  createSymbol: (engine, given) => engine.symbols.create(given),
};
/** Requests that are good until one or two of their fields are garbage. */
const GOOD: Record<string, Record<string, unknown>> = {
  placeOrder: { ...limit(1, 'buy', '1', '1') },
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
const FIELDS = [...new Set(Object.values(GOOD).flatMap((request) => Object.keys(request)))];

async function garbageTest(t: ExecutionContext, mode: (typeof MODES)[number]): Promise<void> {
  const engine = await openMarket(t, configFor(mode, 3));
  await fund(engine, 1, { USDT: '1000' });
  await fund(engine, 2, { BTC: '10' });
  await engine.placeOrder(limit(1, 'buy', '1', '90'));
  await engine.placeOrder(limit(2, 'sell', '1', '110'));
  let [answered, refused] = [0, 0];
  const name = fc.constantFrom(...Object.keys(CALLS));
  const whole = garbage.map((value) => ({ value, faults: [] as (readonly [string, unknown])[] }));
  const parts = fc
    .array(fc.tuple(fc.constantFrom(...FIELDS, 'quoteQuantity', 'timeInForce'), garbage), {
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
    { numRuns: mode === 'inline' ? 1500 : 500, seed: SEED, includeErrorInReport: true },
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
