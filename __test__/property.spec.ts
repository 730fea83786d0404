/**
 * Random sessions against a naive model. fast-check prints the seed and the smallest failing case; run it again with
 * `SEED=<seed> npx ava __test__/property.spec.ts`.
 */
import test from 'ava';
import type { ExecutionContext } from 'ava';
import * as fc from 'fast-check';
import { Engine, LightningError } from '../index.ts';
import { configFor, fromUnits, seedOr } from './helpers.ts';
import type { Mode } from './helpers.ts';
import { Model, signed } from './model.ts';
import type { BookLevel, NewOrder, StpMode } from '../index.ts';
import type { Answer, Market, ModelOrder } from './model.ts';

const SEED = seedOr(20_261_122);
const OPEN_ORDERS_MAX = 4;
const ACCOUNTS = [1, 2, 3, 4];
const STP_MODES: StpMode[] = ['NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'];

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
    makerPpm: 1000n,
    takerPpm: 2500n,
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
    makerPpm: -700n, // a rebate, and more than the taker pays
    takerPpm: 300n,
  },
};

async function openModeled(mode: Mode, shards: [number, number]): Promise<[Engine, Model]> {
  const engine = await Engine.open({
    ...configFor(mode, ...shards),
    limits: { openOrdersPerAccount: OPEN_ORDERS_MAX },
  });
  for (const [code, scale] of Object.entries(SCALES)) await engine.assets.create({ code, scale });
  for (const [name, market] of Object.entries(MARKETS)) {
    const { base, quote } = market;
    const tickSize = fromUnits(market.tick, market.priceScale);
    const lotSize = fromUnits(market.lot, market.quantityScale);
    const fees = { makerPpm: 0, takerPpm: Number(market.takerPpm) };
    await engine.symbols.create({ name, base, quote, tickSize, lotSize, fees });
    // An account's own rates may be a rebate beyond what takers pay; it is cut to that.
    for (const accountId of ACCOUNTS) {
      await engine.accounts.deposit({ accountId, asset: quote, amount: '1' });
      await engine.accounts.withdraw({ accountId, asset: quote, amount: '1' });
      const rates = { makerPpm: Number(market.makerPpm), takerPpm: Number(market.takerPpm) };
      await engine.accounts.setFees(accountId, rates, { symbol: name });
    }
  }
  return [engine, new Model(MARKETS, OPEN_ORDERS_MAX)];
}

const account = fc.constantFrom(...ACCOUNTS);
const asset = fc.constantFrom(...Object.keys(SCALES));
const symbol = fc.constantFrom(...Object.keys(MARKETS));
const side = fc.constantFrom('buy', 'sell');
const price = fc.bigInt({ min: 1n, max: 12n });
const stp = fc.constantFrom(...STP_MODES);
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
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('limit'),
      account,
      symbol,
      side,
      price,
      lots,
      stp,
      how: fc.constantFrom('GTC', 'GTC', 'GTC', 'GTC', 'IOC', 'FOK', 'post-only'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('market'),
      account,
      symbol,
      side,
      lots,
      stp,
      how: fc.constantFrom('IOC', 'IOC', 'FOK'),
      budget: fc.option(fc.bigInt({ min: 1n, max: 10_000_000n }), { nil: undefined }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('byQuote'),
      account,
      symbol,
      side,
      stp,
      how: fc.constantFrom('IOC', 'IOC', 'FOK'),
      atoms: fc.oneof(fc.bigInt({ min: 1n, max: 3000n }), fc.bigInt({ min: 1n, max: 30_000_000n })),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('cancel'), account, id: fc.integer({ min: 1, max: 30 }) }),
  },
);
interface Step {
  kind: string;
  account: number;
  asset?: string;
  atoms?: bigint;
  symbol?: string;
  side?: string;
  price?: bigint;
  lots?: bigint;
  stp?: StpMode;
  how?: string;
  budget?: bigint | undefined;
  id?: number;
}

/** The order of a step, as the model takes it. */
function orderOf({
  kind,
  account,
  symbol = '',
  side,
  lots,
  price,
  atoms,
  how,
  budget,
  stp = 'NONE',
}: Step): ModelOrder {
  const order = { account, symbol, side: side === 'buy' ? 'buy' : 'sell', stp } as const;
  const postOnly = how === 'post-only';
  const tif = how === 'IOC' || how === 'FOK' ? how : 'GTC';
  if (kind === 'limit') return { ...order, price, quantity: lots, tif, postOnly };
  if (kind === 'byQuote') return { ...order, quote: atoms, tif, postOnly };
  return { ...order, quantity: lots, maxQuote: side === 'buy' ? budget : undefined, tif, postOnly };
}

/** An order of the model in the words of the API. */
function inWordsOfApi({
  account,
  symbol,
  side,
  price,
  quantity,
  quote,
  maxQuote,
  ...how
}: ModelOrder): NewOrder {
  const market = MARKETS[symbol]!;
  const words = {
    accountId: account,
    symbol,
    side,
    stp: how.stp,
    type: price === undefined ? 'market' : 'limit',
    price: price && fromUnits(price * market.tick, market.priceScale),
    quantity: quantity && fromUnits(quantity * market.lot, market.quantityScale),
    quoteQuantity: quote && fromUnits(quote, market.quoteScale),
    maxQuote: maxQuote && fromUnits(maxQuote, market.quoteScale),
    timeInForce: how.tif,
    postOnly: how.postOnly,
  };
  return words as NewOrder;
}

/**
 * Makes one step in the engine, and words the answer as the model does. `ids` are those of the orders that were
 * accepted: the model's order n is `ids[n - 1]`.
 */
async function inEngine(engine: Engine, step: Step, ids: number[]): Promise<Answer> {
  const { kind, account: accountId, asset = '', atoms = 0n } = step;
  const amount = fromUnits(atoms, SCALES[asset] ?? 0);
  try {
    if (kind === 'deposit' || kind === 'withdraw') {
      const { available } = await engine.accounts[kind]({ accountId, asset, amount });
      return { available };
    }
    if (kind === 'cancel') {
      const orderId = ids[(step.id ?? 0) - 1] ?? 2 ** 50;
      const canceled = await engine.cancelOrder({ accountId, orderId });
      return { canceledQuantity: canceled.canceledQuantity, released: canceled.released.amount };
    }
    const placed = await engine.placeOrder(inWordsOfApi(orderOf(step)));
    ids.push(placed.orderId);
    return {
      orderId: ids.length,
      status: placed.status,
      reason: placed.reason,
      filledQuantity: placed.filledQuantity,
      filledQuote: placed.filledQuote,
      preventedQuantity: placed.preventedQuantity,
      openQuantity: placed.openQuantity,
      fee: placed.fee.amount,
      fills: placed.fills.map(({ quantity, price, fee }) => `${quantity}@${price} ${fee}`),
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
  const { kind, account, asset = '', atoms = 0n, id = 0 } = step;
  switch (kind) {
    case 'deposit':
      return model.deposit(account, asset, atoms);
    case 'withdraw':
      return model.withdraw(account, asset, atoms);
    case 'cancel':
      return model.cancel(account, id);
    default:
      return model.place(orderOf(step));
  }
}

function inWords({ price, quantity, orders }: BookLevel): string {
  return `${quantity}@${price} (${orders})`;
}

/** What both say about the whole exchange. */
async function wholeOfEngine(engine: Engine, ids: number[]): Promise<unknown> {
  const balances: Record<string, string> = {};
  const totals = await engine.conservation();
  for (const accountId of ACCOUNTS) {
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
    open: (await engine.openOrders())
      .map(({ orderId }) => ids.indexOf(orderId) + 1)
      .toSorted((a, b) => a - b),
    trades: Object.keys(MARKETS).map((name) =>
      engine
        .trades(name, { limit: 1000 })
        .map(({ price, quantity, takerSide }) => `${takerSide} ${quantity}@${price}`),
    ),
    fees: totals
      .filter(({ feesAccrued }) => Number(feesAccrued) !== 0)
      .map(({ asset, feesAccrued }) => `${asset} ${feesAccrued}`),
    holds: totals.every(({ holds }) => holds),
  };
}

function wholeOfModel(model: Model): unknown {
  const balances: Record<string, string> = {};
  for (const account of ACCOUNTS) {
    for (const [asset, scale] of Object.entries(SCALES)) {
      const key = `${account} ${asset}`;
      const [available, frozen] = [model.free(account, asset), model.frozen(account, asset)];
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
    fees: Object.entries(SCALES)
      .filter(([asset]) => model.accrued(asset) !== 0n)
      .map(([asset, scale]) => `${asset} ${signed(model.accrued(asset), scale)}`),
    holds: true,
  };
}

function same(actual: unknown, expected: unknown, what: string): void {
  const [is, should] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== should) throw new Error(`${what}\n  engine ${is}\n  model  ${should}`);
}

/** What the sessions must have been about, to be worth something. */
const WANTED = [
  'deposit OK',
  'withdraw OK',
  'withdraw INSUFFICIENT_BALANCE',
  'limit NEW',
  'limit PARTIALLY_FILLED',
  'limit FILLED',
  'limit STP',
  'limit IOC_REMAINDER',
  'limit FOK_UNFILLABLE',
  'limit POST_ONLY_WOULD_CROSS',
  'limit INSUFFICIENT_BALANCE',
  'limit TOO_MANY_OPEN_ORDERS',
  'market FILLED',
  'market STP',
  'market INSUFFICIENT_LIQUIDITY',
  'market BUDGET_EXHAUSTED',
  'market FOK_UNFILLABLE',
  'market INSUFFICIENT_BALANCE',
  'byQuote FILLED',
  'byQuote STP',
  'byQuote INSUFFICIENT_LIQUIDITY',
  'byQuote FOK_UNFILLABLE',
  'byQuote NOTIONAL_RANGE',
  'byQuote INSUFFICIENT_BALANCE',
  'cancel OK',
  'cancel ORDER_ALREADY_CLOSED',
  'cancel UNKNOWN_ORDER',
];

async function sessions(t: ExecutionContext, mode: Mode, numRuns: number): Promise<void> {
  const seen = new Map<string, number>();
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
      const [engine, model] = await openModeled(mode, shards);
      for (const accountId of ACCOUNTS) model.accounts.add(accountId);
      const ids: number[] = [];
      try {
        for (const [i, step] of ([...start, ...steps] as Step[]).entries()) {
          const what = `step ${i}: ${JSON.stringify(step, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))}`;
          const expected = inModel(model, step);
          same(await inEngine(engine, step, ids), expected, what);
          same(await wholeOfEngine(engine, ids), wholeOfModel(model), `the state after ${what}`);
          const { code, reason, status } = expected;
          const kind = `${step.kind} ${String(code ?? reason ?? status ?? 'OK')}`;
          seen.set(kind, (seen.get(kind) ?? 0) + 1);
        }
      } finally {
        await engine.close();
      }
    }),
    { numRuns, seed: SEED, includeErrorInReport: true },
  );
  const counts = JSON.stringify([...seen].toSorted());
  t.log(counts);
  t.true(seen.size > 15);
  for (const kind of numRuns < 400 ? [] : WANTED)
    t.true((seen.get(kind) ?? 0) > 0, `no session has a ${kind}: ${counts}`);
}

test('random sessions agree with the naive model [inline]', sessions, 'inline', 400);
test('random sessions agree with the naive model [threaded]', sessions, 'threaded', 60);
