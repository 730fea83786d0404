/**
 * Histories of trades, closed orders and candles, of engines that forget: compared with what this test has seen while it
 * was remembered, and with candles that a plain script makes of all trades.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { ClosedOrder, Engine, EngineConfig, Kline, KlineInterval, Order, Trade } from '../index.ts';
import { addMarket, fund, generator, limit, open, refusal, seedOr } from './helpers.ts';
import { directory, files, SEGMENT_BYTES } from './kept.ts';

const START = Date.UTC(2026, 0, 30, 12);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ACCOUNTS = [1, 2, 3];
const SYMBOLS = ['BTC-USDT', 'BTC-EUR'] as const;

/** Forgets soon. */
const CONFIG: EngineConfig = {
  threads: 'inline',
  clock: { manual: START },
  history: { closedOrders: 20, tradesPerSymbol: 8, klines: 0 },
};

/** The same with a data directory. */
const kept = (t: ExecutionContext): EngineConfig => ({
  ...CONFIG,
  dataDir: directory(t),
  segmentBytes: SEGMENT_BYTES,
  snapshot: { everyRecords: 0, keep: 2 },
});

/** What this test has seen. */
interface Seen {
  /** By account, in the order in which they closed. */
  closed: Map<number, ClosedOrder[]>;
  /** By symbol. */
  trades: Map<string, Trade[]>;
  open: Set<number>;
  random: () => number;
}

async function addMarkets(engine: Engine): Promise<Seen> {
  await addMarket(engine);
  await engine.assets.create({ code: 'EUR', scale: 6 });
  const info = {
    base: 'BTC',
    quote: 'EUR',
    tickSize: '0.01',
    lotSize: '0.0001',
    fees: { makerPpm: 100, takerPpm: 300 },
  };
  await engine.symbols.create({ name: 'BTC-EUR', ...info });
  for (const account of ACCOUNTS)
    await fund(engine, account, { BTC: '100000', USDT: '100000000', EUR: '100000000' });
  return {
    closed: new Map(ACCOUNTS.map((account) => [account, []])),
    trades: new Map(SYMBOLS.map((symbol) => [symbol, []])),
    open: new Set(),
    random: generator(seedOr(20_261_123)),
  };
}

/** Some calls, each of them looked at when it is answered. */
async function flow(engine: Engine, seen: Seen, calls: number): Promise<void> {
  const below = (bound: number): number => Math.floor(seen.random() * bound);
  for (let call = 0; call < calls; call += 1) {
    const accountId = 1 + below(ACCOUNTS.length);
    const symbol = SYMBOLS[below(2)]!;
    let seq: number;
    if (below(5) === 0 && seen.open.size > 0) {
      const orderId = [...seen.open][below(seen.open.size)]!;
      const order = await engine.order(orderId);
      const canceled = await engine.cancelOrder({ accountId: order.accountId, orderId });
      mustBe(canceled.status, 'CANCELED');
      seq = canceled.seq;
    } else {
      const placed = await engine.placeOrder({
        ...limit(accountId, below(2) === 0 ? 'buy' : 'sell', `0.${1 + below(9)}`, 95 + below(11)),
        symbol,
        timeInForce: below(4) === 0 ? 'IOC' : 'GTC',
        ...(below(3) === 0 && { clientOrderId: `c${call}-${below(1e9)}` }),
      });
      seen.open.add(placed.orderId);
      seq = placed.seq;
    }
    // What this call has closed: no call of this test closes more than twenty.
    const gone: Order[] = [];
    for (const orderId of seen.open) {
      const order = await engine.order(orderId);
      if (!['NEW', 'PARTIALLY_FILLED'].includes(order.status)) gone.push(order);
    }
    for (const order of gone) {
      seen.open.delete(order.orderId);
      seen.closed.get(order.accountId)!.push({ ...order, seq });
    }
    for (const [name, trades] of seen.trades)
      trades.push(...engine.trades(name, { fromId: trades.length + 1, limit: 1_000 }));
    if (below(3) === 0) await engine.advance([300, 20_000, 7 * MINUTE, 5 * HOUR][below(4)]!);
  }
}

function mustBe(found: unknown, expected: unknown): void {
  if (found !== expected) throw new Error(`${String(found)} is not ${String(expected)}`);
}

async function all<Item>(history: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of history) items.push(item);
  return items;
}

/** Orders that one record has closed come in any order of their ids. */
const sorted = (orders: readonly ClosedOrder[]): ClosedOrder[] =>
  orders.toSorted((a, b) => a.seq - b.seq || a.orderId - b.orderId);

const digits = (decimal: string): bigint => BigInt(decimal.replace('.', ''));

/** When the candle begins that a time is in. */
function openOf(interval: KlineInterval, at: number): number {
  if (interval === '1M') return Date.UTC(new Date(at).getUTCFullYear(), new Date(at).getUTCMonth());
  const lengths = { s: 1_000, m: MINUTE, h: HOUR, d: DAY, w: 7 * DAY };
  const length = Number(interval.slice(0, -1)) * lengths[interval.at(-1) as keyof typeof lengths];
  // 1970-01-05 was a Monday.
  const offset = interval === '1w' ? 4 * DAY : 0;
  return at - ((at - offset) % length);
}

/** Candles by a plain script, without those in which nothing was traded. */
function plainKlines(interval: KlineInterval, trades: readonly Trade[]): string[] {
  const candles = new Map<number, Trade[]>();
  for (const trade of trades) {
    const openTime = openOf(interval, trade.ts);
    const inside = candles.get(openTime);
    if (inside) inside.push(trade);
    else candles.set(openTime, [trade]);
  }
  return [...candles].map(([openTime, inside]) => {
    const prices = inside.map(({ price }) => digits(price));
    const sum = (of: (trade: Trade) => string, from = inside): bigint =>
      from.reduce((total, trade) => total + digits(of(trade)), 0n);
    const bought = inside.filter(({ takerSide }) => takerSide === 'buy');
    return [
      openTime,
      prices[0],
      prices.reduce((one, other) => (one > other ? one : other)),
      prices.reduce((one, other) => (one < other ? one : other)),
      prices.at(-1),
      sum(({ quantity }) => quantity),
      sum(({ quoteQuantity }) => quoteQuantity),
      sum(({ quantity }) => quantity, bought),
      sum(({ quoteQuantity }) => quoteQuantity, bought),
      inside.length,
      inside[0]?.tradeId,
      inside.at(-1)?.tradeId,
    ].join(' ');
  });
}

const klineLine = (kline: Kline): string => {
  const { openTime, open: first, high, low, close, baseVolume, quoteVolume } = kline;
  const { takerBuyBase, takerBuyQuote, trades, firstTradeId, lastTradeId } = kline;
  const decimals = [first, high, low, close, baseVolume, quoteVolume, takerBuyBase, takerBuyQuote];
  return [openTime, ...decimals.map(digits), trades, firstTradeId, lastTradeId].join(' ');
};

/** Every history is what was seen. */
async function compare(t: ExecutionContext, engine: Engine, seen: Seen): Promise<void> {
  for (const [accountId, closed] of seen.closed) {
    const found = await all(engine.orderHistory(accountId));
    t.deepEqual(sorted(found), sorted(closed));
    t.deepEqual(
      found.map(({ seq }) => seq),
      sorted(closed).map(({ seq }) => seq),
      'in their order',
    );
    const [fromSeq, toSeq] = [closed[Math.floor(closed.length / 3)]!.seq, closed.at(-5)!.seq];
    const part = await all(engine.orderHistory(accountId, { symbol: 'BTC-EUR', fromSeq, toSeq }));
    const wanted = closed.filter(({ seq, symbol }) => symbol === 'BTC-EUR' && seq >= fromSeq && seq <= toSeq);
    t.deepEqual(sorted(part), sorted(wanted));
  }
  for (const [symbol, trades] of seen.trades) {
    t.deepEqual(await all(engine.tradeHistory(symbol)), trades);
    for (const interval of ['1s', '1m', '15m', '1h', '4h', '1d', '3d', '1w', '1M'] as const) {
      const found = await all(engine.klineHistory(symbol, interval, { fill: false }));
      t.deepEqual(found.map(klineLine), plainKlines(interval, trades), interval);
      t.true(found.slice(0, -1).every(({ closed }) => closed));
    }
  }
}

test('what is forgotten is in the histories as it was, across snapshots, put away files and restarts', async (t) => {
  const config = kept(t);
  const dataDir = config.dataDir!;
  let engine = await open(t, config);
  const seen = await addMarkets(engine);
  for (let part = 0; part < 2; part += 1) {
    // An awaited call is a group of 4 KiB at least: this fills more than one file.
    await flow(engine, seen, 400);
    await engine.snapshot();
    await flow(engine, seen, 30);
  }
  t.true(files(dataDir, 'segment-').length > 2);
  for (const [accountId, closed] of seen.closed) {
    const { orders } = await engine.orders({ accountId, limit: 1_000 });
    t.true(closed.length > 3 * orders.length, `${closed.length} have closed`);
  }
  await compare(t, engine, seen);
  await engine.close();
  engine = await open(t, config);
  await compare(t, engine, seen);
  await flow(engine, seen, 50);
  await compare(t, engine, seen);
  await engine.close();

  // The first records are put away: what is left is the end of it, and what memory has.
  const rest = { ...config, retention: 'archive' as const };
  engine = await open(t, rest);
  await engine.snapshot();
  await flow(engine, seen, 300);
  await engine.snapshot();
  await engine.close();
  t.true(files(dataDir, 'archive').length > 0);
  engine = await open(t, rest);
  const closed = sorted(seen.closed.get(1)!);
  const found = await all(engine.orderHistory(1));
  t.true(found.length > 0 && found.length < closed.length);
  t.deepEqual(sorted(found), closed.slice(-found.length));
  const trades = seen.trades.get('BTC-USDT')!;
  const left = await all(engine.tradeHistory('BTC-USDT'));
  t.true(left.length >= 8 && left.length < trades.length);
  t.deepEqual(left, trades.slice(-left.length));
  const hours = (await all(engine.klineHistory('BTC-USDT', '1h', { fill: false }))).map(klineLine);
  t.true(hours.length > 0);
  t.deepEqual(hours, plainKlines('1h', trades).slice(-hours.length));
});

/** All candles that are remembered. */
function told(of: Engine, interval: KlineInterval, options: object): Kline[] {
  const klines: Kline[] = [];
  for (let from = 0; ;) {
    const page = of.klines('BTC-USDT', interval, { from, limit: 1_000, ...options });
    klines.push(...page);
    const last = page.at(-1);
    if (!last) return klines;
    from = last.openTime + 1;
  }
}

test('candles of the history are those that were told while they were remembered', async (t) => {
  const config = { ...kept(t), history: { tradesPerSymbol: 0, klines: 1 } };
  let engine = await open(t, config);
  const seen = await addMarkets(engine);
  await flow(engine, seen, 150);
  const cases = (['1m', '5m', '1h', '12h', '1d', '1w', '1M'] as const).flatMap((interval) =>
    [true, false].map((fill) => ({ interval, fill, klines: told(engine, interval, { fill }) })),
  );
  const compareAll = async (): Promise<void> => {
    for (const { interval, fill, klines } of cases) {
      const found = await all(engine.klineHistory('BTC-USDT', interval, { fill }));
      t.deepEqual(found, klines, `${interval} ${fill}`);
      const [first, last] = [klines[Math.floor(klines.length / 3)]!, klines.at(-2) ?? klines.at(-1)!];
      const range = { from: first.openTime, to: Math.max(last.openTime, first.openTime), fill };
      const part = klines.filter(({ openTime }) => openTime >= range.from && openTime <= range.to);
      t.deepEqual(await all(engine.klineHistory('BTC-USDT', interval, range)), part);
    }
  };
  await compareAll();
  await engine.close();
  // Nothing is remembered any more of what is over.
  engine = await open(t, { ...config, history: { tradesPerSymbol: 0, klines: 0 } });
  t.true(engine.klines('BTC-USDT', '1h', { fill: false }).length < 2);
  await compareAll();
});

test('histories that are iterated side by side, and left in the middle, are whole', async (t) => {
  const engine = await open(t, kept(t));
  const seen = await addMarkets(engine);
  await flow(engine, seen, 250);
  const histories: AsyncGenerator<object>[] = [
    ...ACCOUNTS.map((account) => engine.orderHistory(account)),
    ...SYMBOLS.map((symbol) => engine.tradeHistory(symbol)),
    ...SYMBOLS.map((symbol) => engine.klineHistory(symbol, '1s', { fill: false })),
    engine.orderHistory(1),
  ];
  const found: object[][] = histories.map(() => []);
  for (let open = true; open;) {
    open = false;
    for (const [at, history] of histories.entries()) {
      const { value, done } = await history.next();
      if (done !== true) {
        open = true;
        found[at]!.push(value);
      }
    }
  }
  for (const account of ACCOUNTS)
    t.deepEqual(sorted(found[account - 1] as ClosedOrder[]), sorted(seen.closed.get(account)!));
  t.deepEqual(found[3], seen.trades.get('BTC-USDT'));
  t.deepEqual((found[5] as Kline[]).map(klineLine), plainKlines('1s', seen.trades.get('BTC-USDT')!));
  t.deepEqual(found[7], found[0]);

  // By its cursor a history that was left goes on.
  const orders: ClosedOrder[] = [];
  while (orders.length < found[0]!.length) {
    const last = orders.at(-1);
    for await (const order of engine.orderHistory(1, { fromSeq: last?.seq ?? 0 })) {
      if (orders.some(({ orderId }) => orderId === order.orderId)) continue;
      orders.push(order);
      if (orders.length % 7 === 0) break;
    }
  }
  t.deepEqual(orders, found[0]);
});

test('in memory, histories are what is remembered', async (t) => {
  for (const threads of ['inline', { sequencers: 2, matchers: 2 }] as const) {
    const engine = await open(t, { ...CONFIG, threads });
    const seen = await addMarkets(engine);
    await flow(engine, seen, 120);
    for (const accountId of ACCOUNTS) {
      const { orders } = await engine.orders({ accountId, limit: 1_000 });
      const found = await all(engine.orderHistory(accountId));
      t.is(found.length, orders.length);
      for (const [at, order] of orders.toReversed().entries())
        t.deepEqual(found[at], { ...order, seq: found[at]!.seq });
      const known = seen.closed.get(accountId)!;
      for (const order of found)
        t.deepEqual(
          known.find(({ orderId }) => orderId === order.orderId),
          order,
        );
      const middle = found[Math.floor(found.length / 2)]!.seq;
      t.deepEqual(
        await all(engine.orderHistory(accountId, { fromSeq: middle, symbol: 'BTC-USDT' })),
        found.filter(({ seq, symbol }) => seq >= middle && symbol === 'BTC-USDT'),
      );
      t.deepEqual(
        await all(engine.orderHistory(accountId, { toSeq: middle })),
        found.filter(({ seq }) => seq <= middle),
      );
    }
    t.deepEqual(
      await all(engine.klineHistory('BTC-USDT', '1h')),
      engine.klines('BTC-USDT', '1h', { from: 0, limit: 1_000 }),
    );
    t.deepEqual(await all(engine.tradeHistory('BTC-USDT')), engine.trades('BTC-USDT'));
  }
});

test('a history that can not be told is refused when it is iterated', async (t) => {
  const durable = await open(t, kept(t));
  const seen = await addMarkets(durable);
  await flow(durable, seen, 40);
  const plain = await open(t, CONFIG);
  await addMarkets(plain);
  for (const engine of [durable, plain]) {
    const cases: [AsyncGenerator<unknown>, string, string][] = [
      [engine.tradeHistory('X'), 'UNKNOWN_SYMBOL', 'symbol'],
      [engine.tradeHistory('BTC-USDT', { fromId: -1 }), 'INVALID_REQUEST', 'fromId'],
      [engine.tradeHistory('BTC-USDT', { toId: 1.5 }), 'INVALID_REQUEST', 'toId'],
      [engine.tradeHistory('BTC-USDT', 1 as never), 'INVALID_REQUEST', 'options'],
      [engine.orderHistory(99), 'UNKNOWN_ACCOUNT', 'accountId'],
      [engine.orderHistory('1' as never), 'INVALID_REQUEST', 'accountId'],
      [engine.orderHistory(1, { symbol: 'X' }), 'UNKNOWN_SYMBOL', 'symbol'],
      [engine.orderHistory(1, { fromSeq: -1 }), 'INVALID_REQUEST', 'fromSeq'],
      [engine.orderHistory(1, { toSeq: 0.5 }), 'INVALID_REQUEST', 'toSeq'],
      [engine.orderHistory(1, { toSeq: '5' as never }), 'INVALID_REQUEST', 'toSeq'],
      [engine.orderHistory(1, null as never), 'INVALID_REQUEST', 'options'],
      [engine.klineHistory('X', '1m'), 'UNKNOWN_SYMBOL', 'symbol'],
      [engine.klineHistory('BTC-USDT', '1y' as never), 'INVALID_INTERVAL', 'interval'],
      [engine.klineHistory('BTC-USDT', '1m', { from: -1 }), 'INVALID_REQUEST', 'from'],
      [engine.klineHistory('BTC-USDT', '1m', { to: Number.NaN }), 'INVALID_REQUEST', 'to'],
      [engine.klineHistory('BTC-USDT', '1m', { fill: 1 as never }), 'INVALID_REQUEST', 'fill'],
      [engine.klineHistory(undefined as never, '1m'), 'MISSING_FIELD', 'symbol'],
    ];
    for (const [history, code, field] of cases) {
      const refused = await refusal(() => history.next());
      t.deepEqual([refused.code, refused.field], [code, field]);
      t.deepEqual(await history.next(), { value: undefined, done: true });
    }
  }
  // What begins behind the newest has nothing in it.
  t.deepEqual(await all(durable.orderHistory(1, { fromSeq: 1e9 })), []);
  t.deepEqual(await all(durable.tradeHistory('BTC-USDT', { fromId: 1e9 })), []);
  t.deepEqual(await all(durable.klineHistory('BTC-USDT', '1m', { from: START + 1e9 * MINUTE })), []);
  t.deepEqual(await all(durable.klineHistory('BTC-USDT', '1m', { from: Number.MAX_SAFE_INTEGER })), []);
});

test('damage in the log ends a history, and is named', async (t) => {
  const config = kept(t);
  const engine = await open(t, config);
  const seen = await addMarkets(engine);
  await flow(engine, seen, 300);
  const [name = ''] = files(config.dataDir!, 'segment-');
  const path = join(config.dataDir!, name);
  const bytes = readFileSync(path);
  const middle = 4096 * Math.floor(bytes.length / 4096 / 2) + 150;
  bytes[middle] = bytes[middle]! ^ 1;
  writeFileSync(path, bytes);
  for (const history of [
    engine.orderHistory(1),
    engine.tradeHistory('BTC-USDT'),
    engine.klineHistory('BTC-USDT', '1s'),
  ]) {
    const refused = await refusal(() => all<object>(history));
    t.is(refused.code, 'CORRUPT_STATE');
    t.like(refused.details, { file: name });
  }
  // What is remembered does not need it.
  t.is((await engine.orders({ accountId: 1 })).orders.length > 0, true);
});

test('an engine that is closed ends its histories', async (t) => {
  const engine = await open(t, kept(t));
  const seen = await addMarkets(engine);
  await flow(engine, seen, 60);
  const begun = engine.klineHistory('BTC-USDT', '1s');
  t.is((await begun.next()).done, false);
  await engine.close();
  // A page that is there is told to its end; there is no other.
  t.is((await refusal(() => all(begun))).code, 'ENGINE_CLOSED');
  for (const history of [
    engine.orderHistory(1),
    engine.tradeHistory('BTC-USDT'),
    engine.klineHistory('BTC-USDT', '1m'),
  ])
    t.is((await refusal(() => history.next())).code, 'ENGINE_CLOSED');
});
