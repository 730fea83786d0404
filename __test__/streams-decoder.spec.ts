// What is read out of the bytes that streams are told in, and how a consumer gets it; without an engine.

import test from 'ava';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { KIND, STREAM_LAYOUT, TRADE } from '../ts/streams/layout.ts';
import { Source, type Supply } from '../ts/streams/source.ts';
import { Stream } from '../ts/streams/stream.ts';
import { StreamReader } from '../ts/streams/decoder.ts';
import type { TradeBatch } from '../ts/streams/trades.ts';
import type { SymbolInfo } from '../index.ts';

const symbol = {
  name: 'BTC-USDT',
  tickSize: '0.05',
  lotSize: '0.0010',
  priceScale: 2,
  quantityScale: 4,
  quoteScale: 6,
} as SymbolInfo;
const EPOCH = 1_764_000_000_000;

/** Records, written by hand. */
class Records {
  readonly bytes = new Uint8Array(8_192);
  readonly view = new DataView(this.bytes.buffer);
  end: number = STREAM_LAYOUT.prefix;

  add(subscription: number, kind: number, flags: number, count: number, length: number): number {
    const at = this.end;
    this.view.setUint32(at, length, true);
    this.view.setUint32(at + 4, subscription, true);
    this.bytes[at + 8] = kind;
    this.bytes[at + 9] = flags;
    this.view.setUint32(at + 12, count, true);
    this.end += length;
    return at;
  }

  level(at: number, price: bigint, quantity: bigint, orders: number): void {
    this.wide(at, price);
    this.wide(at + 16, quantity);
    this.view.setUint32(at + 32, orders, true);
  }

  wide(at: number, value: bigint): void {
    this.view.setBigUint64(at, BigInt.asUintN(64, value), true);
    this.view.setBigUint64(at + 8, value >> 64n, true);
  }

  float(at: number, value: number): void {
    this.view.setFloat64(at, value, true);
  }

  trade(at: number, id: number, ticks: bigint, lots: bigint, quote: bigint, sells: number): void {
    this.float(at, id);
    this.float(at + TRADE.ts, 1_000 + id);
    this.view.setBigUint64(at + TRADE.ticks, ticks, true);
    this.view.setBigUint64(at + TRADE.lots, lots, true);
    this.wide(at + TRADE.quote, quote);
    this.float(at + TRADE.bookSeq, 10 * id);
    this.bytes[at + TRADE.sells] = sells;
  }
}

const nobody: Supply = { want: () => {}, drop: () => {}, forget: () => {}, reason: () => undefined };

/** A source that was told some records. */
function told(records: Records, about: ConstructorParameters<typeof Source>[2] = { symbol }): Source {
  const reader = new StreamReader(EPOCH);
  reader.bytes.set(records.bytes);
  const source = new Source(7, nobody, about);
  reader.read(records.end, (id) => (id === 7 ? source : undefined));
  return source;
}

/** The messages of some records. */
function read(records: Records, about?: ConstructorParameters<typeof Source>[2]): unknown[] {
  return told(records, about).takeAll();
}

test('a book', (t) => {
  const records = new Records();
  for (const [kind, flags] of [
    [0, 0x80],
    [1, 0],
    [2, 0],
  ] as const) {
    const levels = kind === 2 ? 0 : 2;
    const length = STREAM_LAYOUT.book + levels * STREAM_LAYOUT.level;
    const at = records.add(7, KIND.book, kind | flags, levels, length);
    records.float(at + 16, 12);
    records.float(at + 24, 1_500);
    records.float(at + 32, 11);
    records.view.setUint32(at + 40, levels / 2, true);
    records.view.setUint32(at + 44, levels / 2, true);
    records.view.setUint32(at + 48, 974_947_235, true);
    if (levels === 0) continue;
    records.level(at + 56, 10_005n, 1n << 70n, 3);
    records.level(at + 96, 10_010n, 0n, 0);
  }
  const head = { symbol: 'BTC-USDT', epoch: EPOCH, seq: 12, ts: 1_500 };
  const bids = [['100.05', '118059162071741130.3424']];
  const asks = [['100.10', '0.0000']];
  t.deepEqual(read(records), [
    { type: 'snapshot', ...head, bids, asks, checksum: 974_947_235 },
    { type: 'delta', ...head, prevSeq: 11, bids, asks },
    { type: 'heartbeat', ...head, prevSeq: 11, bids: [], asks: [] },
  ]);
  const [counted] = read(records, { symbol, counts: true }) as { bids: unknown; asks: unknown }[];
  t.deepEqual([counted?.bids, counted?.asks], [[[...(bids[0] ?? []), 3]], [[...(asks[0] ?? []), 0]]]);
});

test('trades, as objects and as numbers', (t) => {
  const records = new Records();
  const at = records.add(7, KIND.trades, 0, 2, STREAM_LAYOUT.header + 2 * STREAM_LAYOUT.trade);
  const first = at + STREAM_LAYOUT.header;
  records.trade(first, 41, 2_001n, 3n, 1_500_000n, 0);
  records.trade(first + STREAM_LAYOUT.trade, 42, 1n << 60n, (1n << 62n) + 1n, (1n << 90n) + 5n, 1);
  const wanted = [
    {
      type: 'trade',
      tradeId: 41,
      symbol: 'BTC-USDT',
      price: '100.05',
      quantity: '0.0030',
      quoteQuantity: '1.500000',
      takerSide: 'buy',
      ts: 1_041,
      bookSeq: 410,
    },
    {
      type: 'trade',
      tradeId: 42,
      symbol: 'BTC-USDT',
      price: '57646075230342348.80',
      quantity: '4611686018427387.9050',
      quoteQuantity: '1237940039285380274899.124229',
      takerSide: 'sell',
      ts: 1_042,
      bookSeq: 420,
    },
  ];
  const objects = read(records);
  t.deepEqual(objects, wanted);

  const [batch] = read(records, { symbol, raw: true }) as TradeBatch[];
  if (!batch) throw new Error('there is no batch');
  t.is(batch.type, 'trades');
  t.is(batch.length, 2);
  t.deepEqual([batch.tradeId(0), batch.ticks(0), batch.lots(0), batch.ts(0)], [41, 2_001, 3, 1_041]);
  t.deepEqual([batch.takerSide(0), batch.takerSide(1), batch.bookSeq(1)], ['buy', 'sell', 420]);
  t.is(batch.quoteAtoms(1), (1n << 90n) + 5n);
  t.throws(() => batch.ticks(1), { instanceOf: RangeError });
  for (const index of [-1, 2, 0.5, Number.NaN])
    t.throws(() => batch.ticks(index), { instanceOf: RangeError });
  t.deepEqual([...batch], objects as never[]);
  t.deepEqual(batch.get(1), objects[1] as never);
});

test('what is told of a subscription that has ended is dropped', (t) => {
  const records = new Records();
  const at = records.add(8, KIND.gap, 0, 1, STREAM_LAYOUT.header);
  records.float(at + 16, 1);
  const mine = records.add(7, KIND.gap, 0, 1, STREAM_LAYOUT.header);
  records.float(mine + 16, 5);
  records.float(mine + 24, 9);
  t.deepEqual(read(records), [{ type: 'gap', symbol: 'BTC-USDT', from: 5, to: 9 }]);
  t.deepEqual(read(records, { accountId: 3 }), [{ type: 'gap', accountId: 3, from: 5, to: 9 }]);
});

/** A source, and whether it has asked for more. */
function supplied(): { source: Source; stream: Stream<number>; asked: () => number; dropped: () => number } {
  let [wants, drops] = [0, 0];
  const supply: Supply = {
    want: () => (wants += 1),
    drop: () => (drops += 1),
    forget: () => {},
    reason: (end) => (end === 'slow' ? new Error('too slow') : undefined),
  };
  const source = new Source(1, supply, {});
  return { source, stream: new Stream<number>(source), asked: () => wants, dropped: () => drops };
}

test('nothing is asked for until somebody wants it, and then once for each batch', async (t) => {
  const { source, stream, asked } = supplied();
  t.is(asked(), 0);
  const first = stream.next();
  t.is(asked(), 1);
  for (const message of [1, 2, 3]) source.put(message);
  source.serve();
  t.deepEqual(await first, { value: 1, done: false });
  t.deepEqual(await Promise.all([stream.next(), stream.next()]), [
    { value: 2, done: false },
    { value: 3, done: false },
  ]);
  t.is(asked(), 1);
  const batch = stream.batches().next();
  t.is(asked(), 2);
  source.put(4);
  source.put(5);
  source.serve();
  t.deepEqual(await batch, { value: [4, 5], done: false });
});

test('several who wait are served in their order, and asked for until all are', async (t) => {
  const { source, stream, asked } = supplied();
  const three = Promise.all([stream.next(), stream.next(), stream.next()]);
  source.put(1);
  source.put(2);
  const before = asked();
  source.serve();
  t.is(asked(), before + 1);
  source.put(3);
  source.serve();
  t.deepEqual(
    (await three).map(({ value }) => value),
    [1, 2, 3],
  );
});

test('nobody gets ahead of those who wait, not even from in between', async (t) => {
  const { source, stream } = supplied();
  const waiting = [stream.next(), stream.next()];
  let calls = 0;
  const then = {
    configurable: true,
    get(this: { done?: boolean }) {
      if (this.done === false && calls === 0) {
        calls += 1;
        waiting.push(stream.next());
      }
    },
  };
  for (const message of [1, 2, 3]) source.put(message);
  // oxlint-disable-next-line no-extend-native, no-thenable -- what a consumer's code can do, too
  Object.defineProperty(Object.prototype, 'then', then);
  source.serve();
  delete (Object.prototype as { then?: unknown }).then;
  t.is(calls, 1);
  t.deepEqual(
    (await Promise.all(waiting)).map(({ value }) => value),
    [1, 2, 3],
  );
});

test('it ends after what is left, and says why once', async (t) => {
  const { source, stream } = supplied();
  source.put(1);
  source.over('slow', 7);
  t.is(source.missedFrom, 7);
  source.serve();
  t.deepEqual(await stream.next(), { value: 1, done: false });
  await t.throwsAsync(stream.next(), { message: 'too slow' });
  t.deepEqual(await stream.next(), { value: undefined, done: true });
  t.deepEqual(await stream.return(), { value: undefined, done: true });
});

test('return ends it for everybody, and is asked for once', async (t) => {
  const { source, stream, dropped } = supplied();
  const waiting = [stream.next(), stream.next()];
  t.deepEqual(await stream.return(), { value: undefined, done: true });
  for (const each of waiting) t.deepEqual(await each, { value: undefined, done: true });
  source.put(1);
  source.serve();
  t.deepEqual(await stream.next(), { value: undefined, done: true });
  await stream[Symbol.asyncDispose]();
  t.is(dropped(), 1);
});

test('an abort rejects as events.on of Node does, and what was fetched is dropped', async (t) => {
  const { source, stream, dropped } = supplied();
  const control = new AbortController();
  source.obey(control.signal);
  source.put(1);
  source.put(2);
  t.deepEqual(await stream.next(), { value: 1, done: false });
  const reason = new Error('enough');
  control.abort(reason);
  const error = await t.throwsAsync(stream.next(), { name: 'AbortError', code: 'ABORT_ERR' });
  t.is(error?.cause, reason);
  t.deepEqual(await stream.next(), { value: undefined, done: true });
  t.is(dropped(), 1);
});

test('whoever waits is told of the abort at once', async (t) => {
  const { source, stream } = supplied();
  const control = new AbortController();
  source.obey(control.signal);
  const [first, second] = [stream.next(), stream.next()];
  control.abort();
  await t.throwsAsync(first, { name: 'AbortError' });
  t.deepEqual(await second, { value: undefined, done: true });
});

test('a stream that nobody holds any more gives its subscription back', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const drops: (() => number)[] = [];
  for (let n = 0; n < 10; n += 1) drops.push(supplied().dropped);
  for (let round = 0; round < 50 && drops.some((dropped) => dropped() === 0); round += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  t.deepEqual(
    drops.map((dropped) => dropped()),
    drops.map(() => 1),
  );
});

test.serial('many streams may obey one signal', async (t) => {
  const control = new AbortController();
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on('warning', warn);
  const all = Array.from({ length: 30 }, supplied);
  for (const { source } of all) source.obey(control.signal);
  const [left, ...others] = all;
  await left?.stream.return();
  const ends = others.map(({ stream }) => stream.next());
  control.abort();
  for (const end of ends) await t.throwsAsync(end, { name: 'AbortError' });
  t.deepEqual(await left?.stream.next(), { value: undefined, done: true });
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off('warning', warn);
  t.deepEqual(warnings, []);
});
