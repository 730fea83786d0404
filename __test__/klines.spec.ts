/**
 * Candles and the ticker: what is remembered of trades, read back. An engine with a clock of its own says what is in
 * which candle; a venue's recorded trades say that all of them are.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import type { Engine, EngineConfig, Kline, KlineInterval } from '../index.ts';
import { addMarket, fund, limit, open, openMarket, refusal } from './helpers.ts';

/** A Monday. */
const START = Date.UTC(2026, 10, 23);
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const CLOCK: EngineConfig = { threads: 'inline', clock: { manual: START } };

async function openClocked(t: ExecutionContext, config: EngineConfig = {}): Promise<Engine> {
  const engine = await openMarket(t, { ...CLOCK, ...config });
  await fundBoth(engine);
  return engine;
}

async function fundBoth(engine: Engine): Promise<void> {
  await fund(engine, 1, { BTC: '1000000' });
  await fund(engine, 2, { USDT: '1000000000', BTC: '1000' });
}

/** A trade at a price: account 2 buys of account 1. */
function trade(engine: Engine, quantity: string, price: string): void {
  engine.submit(limit(1, 'sell', quantity, price));
  engine.submit(limit(2, 'buy', quantity, price));
}

/** A candle as one line. */
function line(kline: Kline): string {
  const { openTime, open: first, high, low, close, baseVolume, trades, closed } = kline;
  const minutes = (openTime - START) / MINUTE;
  return `${minutes} ${first} ${high} ${low} ${close} ${baseVolume} ${trades}${closed ? '' : ' open'}`;
}

test('a candle is what was traded in it, and one without trades repeats the price', async (t) => {
  const engine = await openClocked(t);
  t.deepEqual(engine.klines('BTC-USDT', '1m'), []);
  trade(engine, '1', '100');
  await engine.advance(30_000);
  trade(engine, '2', '90');
  trade(engine, '0.5', '120');
  await engine.advance(2 * MINUTE);
  trade(engine, '1', '110');
  t.deepEqual(engine.klines('BTC-USDT', '1m').map(line), [
    '0 100.00 120.00 90.00 120.00 3.5000 3',
    '1 120.00 120.00 120.00 120.00 0.0000 0',
    '2 110.00 110.00 110.00 110.00 1.0000 1 open',
  ]);
  t.deepEqual(engine.klines('BTC-USDT', '1m', { fill: false }).map(line), [
    '0 100.00 120.00 90.00 120.00 3.5000 3',
    '2 110.00 110.00 110.00 110.00 1.0000 1 open',
  ]);
  const [first, empty] = engine.klines('BTC-USDT', '1m', { limit: 1, from: START });
  t.is(empty, undefined);
  t.deepEqual(first, {
    openTime: START,
    closeTime: START + MINUTE - 1,
    open: '100.00',
    high: '120.00',
    low: '90.00',
    close: '120.00',
    baseVolume: '3.5000',
    quoteVolume: '340.000000',
    trades: 3,
    takerBuyBase: '3.5000',
    takerBuyQuote: '340.000000',
    firstTradeId: 1,
    lastTradeId: 3,
    closed: true,
  });
});

test('candles of every interval begin at whole units of UTC', async (t) => {
  const engine = await openClocked(t);
  trade(engine, '1', '100');
  await engine.advance(40 * DAY + 7 * HOUR + 23 * MINUTE + 4_500);
  trade(engine, '1', '101');
  const at = engine.now();
  const opens = (interval: KlineInterval) =>
    engine.klines('BTC-USDT', interval, { fill: false }).map((k) => k.openTime);
  const first = { '1w': START, '1M': Date.UTC(2026, 10, 1), '3d': START - (START % (3 * DAY)) };
  const last = { '1w': START + 35 * DAY, '1M': Date.UTC(2027, 0, 1), '3d': at - (at % (3 * DAY)) };
  for (const interval of ['1w', '1M', '3d'] as const)
    t.deepEqual(opens(interval), [first[interval], last[interval]], interval);
  const lengths = { s: 1_000, m: MINUTE, h: HOUR, d: DAY };
  for (const interval of [
    '1s',
    '1m',
    '3m',
    '5m',
    '15m',
    '30m',
    '1h',
    '2h',
    '4h',
    '6h',
    '8h',
    '12h',
    '1d',
  ] as const) {
    const unit = interval.at(-1) as keyof typeof lengths;
    const length = Number(interval.slice(0, -1)) * lengths[unit];
    t.deepEqual(opens(interval), [START, at - (at % length)], interval);
  }
  t.is(engine.klines('BTC-USDT', '1d', { limit: 1_000 }).length, 41);
  t.is(engine.klines('BTC-USDT', '1M').length, 3);
});

test('candles are read page by page, in both directions', async (t) => {
  const engine = await openClocked(t);
  for (let minute = 0; minute < 25; minute += 1) {
    trade(engine, '1', String(100 + minute));
    await engine.advance(MINUTE);
  }
  const all = engine.klines('BTC-USDT', '1m');
  t.is(all.length, 26);
  const paged: Kline[] = [];
  for (let from = START; ;) {
    const page = engine.klines('BTC-USDT', '1m', { from, limit: 7 });
    paged.push(...page);
    const last = page.at(-1);
    if (!last) break;
    from = last.openTime + 1;
  }
  t.deepEqual(paged, all);
  const upTo = engine.klines('BTC-USDT', '1m', { to: START + 10 * MINUTE, limit: 3 });
  t.deepEqual(upTo, all.slice(8, 11));
  t.deepEqual(
    engine.klines('BTC-USDT', '1m', { from: START + 5 * MINUTE, to: START + 6 * MINUTE }),
    all.slice(5, 7),
  );
  t.deepEqual(engine.klines('BTC-USDT', '1m', { from: START + DAY }), []);
});

test('a ticker is of the last 1,440 minutes', async (t) => {
  const engine = await openClocked(t);
  t.like(engine.ticker('BTC-USDT'), {
    open: null,
    last: null,
    change: null,
    vwap: null,
    count: 0,
    bid: null,
  });
  trade(engine, '1', '300');
  await engine.advance(HOUR);
  trade(engine, '2', '200');
  trade(engine, '1', '199');
  engine.submit(limit(2, 'buy', '3', '150'));
  t.deepEqual(engine.ticker('BTC-USDT'), {
    symbol: 'BTC-USDT',
    openTime: START + HOUR + MINUTE - DAY,
    closeTime: START + HOUR,
    open: '300.00',
    high: '300.00',
    low: '199.00',
    last: '199.00',
    lastQuantity: '1.0000',
    change: '-101.00',
    changePercent: '-33.667',
    vwap: '224.750000',
    baseVolume: '4.0000',
    quoteVolume: '899.000000',
    bid: { price: '150.00', quantity: '3.0000', orders: 1 },
    ask: null,
    firstTradeId: 1,
    lastTradeId: 3,
    count: 3,
  });
  await engine.advance(DAY - HOUR - 1);
  t.is(engine.ticker('BTC-USDT').open, '300.00', 'its minute is the oldest one');
  await engine.advance(1);
  t.like(engine.ticker('BTC-USDT'), { open: '200.00', change: '-1.00', changePercent: '-0.500', count: 2 });
  await engine.advance(DAY);
  t.like(engine.ticker('BTC-USDT'), {
    open: null,
    last: '199.00',
    lastQuantity: '1.0000',
    vwap: null,
    count: 0,
  });
});

test('what can not be asked is refused', async (t) => {
  const engine = await openClocked(t);
  const cases: [() => unknown, string, string | undefined][] = [
    [() => engine.klines('X', '1m'), 'UNKNOWN_SYMBOL', 'symbol'],
    [() => engine.ticker('X'), 'UNKNOWN_SYMBOL', 'symbol'],
    [() => engine.klines('BTC-USDT', '1y' as '1m'), 'INVALID_INTERVAL', 'interval'],
    [() => engine.klines('BTC-USDT', '1m', { limit: 0 }), 'INVALID_REQUEST', 'limit'],
    [() => engine.klines('BTC-USDT', '1m', { limit: 1_001 }), 'INVALID_REQUEST', 'limit'],
    [() => engine.klines('BTC-USDT', '1m', { from: -1 }), 'INVALID_REQUEST', 'from'],
    [() => engine.klines('BTC-USDT', '1m', { to: 0.5 }), 'INVALID_REQUEST', 'to'],
    [() => engine.klines('BTC-USDT', '1m', { fill: 1 as never }), 'INVALID_REQUEST', 'fill'],
  ];
  for (const [call, code, field] of cases) {
    const refused = await refusal(call);
    t.deepEqual([refused.code, refused.field], [code, field]);
  }
});

/** All that is remembered of trades. */
const everything = (of: Engine) => [
  ...(['1s', '1m', '1h', '1d', '1w', '1M'] as const).map((interval) => of.klines('BTC-USDT', interval)),
  of.ticker('BTC-USDT'),
  of.trades('BTC-USDT'),
];

/** The trades of the history, by id. */
const ids = async (of: Engine, options = {}) => {
  const found: number[] = [];
  for await (const { tradeId } of of.tradeHistory('BTC-USDT', options)) found.push(tradeId);
  return found;
};

const upTo = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

test('candles, the ticker and all trades outlive the engine, with a snapshot and without', async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'lightning-klines-'));
  t.teardown(() => rm(dataDir, { recursive: true, force: true }));
  const config: EngineConfig = { ...CLOCK, dataDir, history: { tradesPerSymbol: 10 } };
  const engine = await open(t, config);
  await addMarket(engine);
  await fundBoth(engine);

  for (let at = 0; at < 30; at += 1) {
    trade(engine, '1', String(100 + (at % 7)));
    await engine.advance(at % 5 === 0 ? HOUR : 500);
  }
  await engine.snapshot();
  for (let at = 0; at < 15; at += 1) {
    trade(engine, '1', String(100 + (at % 4)));
    await engine.advance(700);
  }
  t.is(engine.trades('BTC-USDT').length, 10);
  t.deepEqual(await ids(engine), upTo(45), 'from the journal');
  t.deepEqual(await ids(engine, { fromId: 33, toId: 38 }), [33, 34, 35, 36, 37, 38]);
  t.deepEqual(await ids(engine, { fromId: 44 }), [44, 45], 'what is remembered');
  const before = everything(engine);
  const { hash } = await engine.stateHash();
  await engine.close();

  const again = await open(t, config);
  t.deepEqual(everything(again), before);
  t.is((await again.stateHash()).hash, hash);
  t.deepEqual(await ids(again), upTo(45));
  trade(again, '1', '77');
  t.is(again.klines('BTC-USDT', '1d').at(-1)?.low, '77.00');
});

test('in memory, the history of trades is what is remembered', async (t) => {
  const engine = await openClocked(t, { history: { tradesPerSymbol: 5 } });
  for (let at = 0; at < 9; at += 1) trade(engine, '1', '100');
  const found: number[] = [];
  for await (const { tradeId } of engine.tradeHistory('BTC-USDT')) found.push(tradeId);
  t.deepEqual(found, [5, 6, 7, 8, 9]);
});

const RECORDING = fileURLToPath(
  new URL('../../shared/data/binance-btcusdt-2024-08-08.jsonl.gz', import.meta.url),
);

/** A recorded trade. */
interface Recorded {
  /** Price. */
  p: string;
  /** Quantity. */
  q: string;
  /** When, in milliseconds. */
  T: number;
  /** Did the buyer rest? */
  m: boolean;
}

/** A decimal of a fixed scale, as a whole number. */
const digits = (decimal: string) => BigInt(decimal.replace('.', ''));

/** Candles by a plain script: numbers of satoshis and cents as big integers, one pass. */
function plainKlines(trades: readonly Recorded[], length: number): string[] {
  interface Plain {
    prices: bigint[];
    base: bigint;
    quote: bigint;
    bought: bigint;
  }
  const candles = new Map<number, Plain>();
  for (const { p, q, T, m } of trades) {
    const openTime = T - (T % length);
    const candle = candles.get(openTime) ?? { prices: [], base: 0n, quote: 0n, bought: 0n };
    candles.set(openTime, candle);
    candle.prices.push(digits(p));
    candle.base += digits(q);
    candle.quote += digits(p) * digits(q);
    if (!m) candle.bought += digits(q);
  }
  return [...candles].map(([openTime, { prices, base, quote, bought }]) => {
    const high = prices.reduce((a, b) => (a > b ? a : b));
    const low = prices.reduce((a, b) => (a < b ? a : b));
    return [openTime, prices[0], high, low, prices.at(-1), base, quote, bought, prices.length].join(' ');
  });
}

test("a recorded venue's trades make the candles that a plain script makes of them", async (t) => {
  if (!existsSync(RECORDING)) {
    t.log(`skipped: there is no ${RECORDING}`);
    t.pass();
    return;
  }
  const lines = gunzipSync(readFileSync(RECORDING)).toString().trim().split('\n');
  const messages = lines.map((each) => JSON.parse(each.slice(each.indexOf(' ') + 1)));
  const recorded: Recorded[] = messages
    .filter(({ stream }) => stream === 'btcusdt@trade')
    .map(({ data }) => data);
  t.true(recorded.length > 9_000);
  recorded.sort((a, b) => a.T - b.T);
  const first = recorded[0]?.T ?? 0;
  const engine = await open(t, { threads: 'inline', clock: { manual: first } });
  await engine.assets.create({ code: 'BTC', scale: 8 });
  await engine.assets.create({ code: 'USDT', scale: 16 });
  await engine.symbols.create({
    name: 'BTC-USDT',
    base: 'BTC',
    quote: 'USDT',
    tickSize: '0.00000001',
    lotSize: '0.00000001',
    maxPrice: '1000000',
    maxQuantity: '1000',
  });
  await fund(engine, 1, { BTC: '100000', USDT: '1000000000' });
  await fund(engine, 2, { BTC: '100000', USDT: '1000000000' });
  for (const { p, q, T, m } of recorded) {
    if (T > engine.now()) await engine.advance(T - engine.now());
    engine.submit(limit(1, m ? 'buy' : 'sell', q, p));
    engine.submit(limit(2, m ? 'sell' : 'buy', q, p));
  }
  const told = (interval: KlineInterval) =>
    engine.klines('BTC-USDT', interval, { fill: false, limit: 1_000 }).map((kline) => {
      const {
        openTime,
        open: opened,
        high,
        low,
        close,
        baseVolume,
        quoteVolume,
        takerBuyBase,
        trades,
      } = kline;
      const numbers = [opened, high, low, close, baseVolume, quoteVolume, takerBuyBase].map(digits);
      return [openTime, ...numbers, trades].join(' ');
    });
  const lengths = [
    ['1s', 1_000],
    ['1m', MINUTE],
    ['5m', 5 * MINUTE],
    ['1h', HOUR],
    ['1d', DAY],
  ] as const;
  for (const [interval, length] of lengths)
    t.deepEqual(told(interval), plainKlines(recorded, length), interval);
  t.is(engine.ticker('BTC-USDT').count, recorded.length);
});
