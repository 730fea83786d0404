/** How streams begin and end: errors, aborts, leaving, listeners, code of the consumer's in between, exits. */
import test from 'ava';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandWriter, Engine } from '../index.ts';
import type { BookMessage, EngineConfig, Gap, TradeMessage } from '../index.ts';
import { panicAfter } from '../ts/engine.ts';
import { runNode } from './children.ts';
import {
  ALICE,
  BOB,
  BTC_USDT,
  CAROL,
  configFor,
  fund,
  inBothModes,
  limit,
  openDesk,
  openMarket,
  refusal,
  tradeAt,
} from './helpers.ts';
import { allAccountsBegin, eventually, isQuiet, one, take, within } from './streams.ts';

inBothModes('what is wrong with the arguments is thrown at once', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  const wrong: [string, string, () => unknown][] = [
    ['UNKNOWN_SYMBOL', 'symbol', () => engine.watchBook('BTC-EUR')],
    ['UNKNOWN_SYMBOL', 'symbol', () => engine.watchTicker('')],
    ['MISSING_FIELD', 'symbol', () => engine.watchTrades(undefined as never)],
    ['INVALID_REQUEST', 'symbol', () => engine.watchBbo(7 as never)],
    ['INVALID_REQUEST', 'options', () => engine.watchBook('BTC-USDT', null as never)],
    ['INVALID_DEPTH', 'levels', () => engine.watchBook('BTC-USDT', { levels: 0 })],
    ['INVALID_DEPTH', 'levels', () => engine.watchBook('BTC-USDT', { levels: 21 })],
    ['INVALID_DEPTH', 'levels', () => engine.watchBook('BTC-USDT', { levels: 1.5 })],
    ['INVALID_DEPTH', 'levels', () => engine.watchBook('BTC-USDT', { levels: 'some' as never })],
    ['INVALID_REQUEST', 'counts', () => engine.watchBook('BTC-USDT', { counts: 1 as never })],
    ['INVALID_REQUEST', 'heartbeatMs', () => engine.watchBook('BTC-USDT', { heartbeatMs: 9 })],
    ['INVALID_REQUEST', 'heartbeatMs', () => engine.watchBook('BTC-USDT', { heartbeatMs: Number.NaN })],
    ['INVALID_REQUEST', 'fromId', () => engine.watchTrades('BTC-USDT', { fromId: 0 })],
    ['INVALID_REQUEST', 'fromId', () => engine.watchTrades('BTC-USDT', { fromId: '1' as never })],
    ['INVALID_REQUEST', 'slow', () => engine.watchTrades('BTC-USDT', { slow: 'wait' as never })],
    [
      'CONFLICTING_FIELDS',
      'raw',
      () => engine.watchTrades('BTC-USDT', { raw: true, aggregate: true } as never),
    ],
    ['INVALID_INTERVAL', 'interval', () => engine.watchKlines('BTC-USDT', '7m' as never)],
    ['INVALID_REQUEST', 'accountId', () => engine.watchExecutions({ accountId: -1 })],
    ['INVALID_REQUEST', 'fromSeq', () => engine.watchExecutions({ fromSeq: 0.5 })],
    ['INVALID_REQUEST', 'accountId', () => engine.watchBalances({ accountId: 2 ** 53 })],
    ['INVALID_REQUEST', 'signal', () => engine.watchStatus({ signal: {} as never })],
    ['INVALID_REQUEST', 'event', () => engine.on('trades' as never, () => {})],
    ['INVALID_REQUEST', 'listener', () => engine.on('trade', undefined as never)],
  ];
  for (const [code, field, call] of wrong) {
    const error = await refusal(call);
    t.is(`${error.code} ${error.field}`, `${code} ${field}`, String(call));
  }
  await engine.close();
  for (const call of [() => engine.watchBook('BTC-USDT'), () => engine.on('trade', () => {})])
    t.is((await refusal(call)).code, 'ENGINE_CLOSED');
});

inBothModes('a signal ends a stream, as it ends events.on of Node', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const control = new AbortController();
  const stream = engine.watchTrades('BTC-USDT', { signal: control.signal });
  await tradeAt(engine, '100');
  const seen: number[] = [];
  const reason = new Error('enough');
  const error = await t.throwsAsync(
    async () => {
      for await (const message of stream) {
        if (message.type === 'trade') seen.push(message.tradeId);
        setTimeout(() => control.abort(reason), 1);
      }
    },
    { name: 'AbortError', code: 'ABORT_ERR' },
  );
  t.is(error?.cause, reason);
  t.deepEqual(seen, [1]);
  t.throws(() => engine.watchTrades('BTC-USDT', { signal: control.signal }), { name: 'AbortError' });
});

inBothModes('leaving the loop ends the stream, and nothing else', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const [mine, other] = [engine.watchTrades('BTC-USDT'), engine.watchTrades('BTC-USDT')];
  await tradeAt(engine, '100');
  await tradeAt(engine, '101');
  for await (const message of mine) {
    t.is(message.type, 'trade');
    break;
  }
  t.deepEqual(await mine.next(), { value: undefined, done: true });
  t.is((await take(other, 2)).length, 2);
});

inBothModes('whoever has left is told that it is over, although it waits', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const stream = engine.watchTrades('BTC-USDT');
  const waiting = stream.next();
  await stream.return();
  t.deepEqual(await waiting, { value: undefined, done: true });
  await using scoped = engine.watchTrades('BTC-USDT');
  t.true(await isQuiet(scoped, 5));
});

inBothModes('closing ends streams after what is left', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const [trades, idle, book] = [
    engine.watchTrades('BTC-USDT'),
    engine.watchTrades('BTC-USDT', { slow: 'close' }),
    engine.watchBook('BTC-USDT'),
  ];
  const waiting = engine.watchExecutions({ accountId: ALICE });
  t.is((await one(waiting)).type, 'snapshot');
  const last = waiting.next();
  await tradeAt(engine, '100');
  await tradeAt(engine, '101');
  await engine.close();
  t.deepEqual(await within(last, 'the end'), { value: undefined, done: true });
  const ids = [];
  for await (const message of trades) ids.push(message.type === 'trade' && message.tradeId);
  t.deepEqual(ids, [1, 2]);
  let batches = 0;
  for await (const batch of idle.batches()) batches += batch.length;
  t.is(batches, 2);
  let levels = 0;
  for await (const message of book) levels += message.bids.length + message.asks.length;
  t.is(levels, 0);
});

inBothModes('a halted engine ends its streams with why it has halted', async (t, mode) => {
  const engine = await Engine.open({ ...configFor(mode, 1), [panicAfter]: 12 } as EngineConfig);
  t.teardown(() => engine.close().catch(() => {}));
  const status = engine.watchStatus();
  t.like(await one(status), { type: 'engine', state: 'open' });
  const executions = engine.watchExecutions();
  const next = executions.next();
  const fatal: unknown[] = [];
  engine.on('fatal', (error) => fatal.push(error));
  await engine.assets.create({ code: 'BTC', scale: 8 });
  for (let n = 0; n < 40 && fatal.length === 0; n += 1)
    await engine.accounts.deposit({ accountId: 1 + n, asset: 'BTC', amount: 1 }).catch(() => {});
  const error = await t.throwsAsync(within(next, 'the end'), { message: /INTERNAL/ });
  await eventually(() => fatal.length > 0, 'the news');
  t.is(error as unknown, fatal[0]);
  t.deepEqual(await executions.next(), { value: undefined, done: true });
  t.like(await one(status), { type: 'engine', state: 'halted' });
});

inBothModes('a consumer may do whatever it likes in between', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const seen: string[] = [];
  const inner = (async () => {
    for await (const message of engine.watchTrades('BTC-USDT')) {
      if (message.type !== 'trade') continue;
      seen.push(`trade ${message.tradeId}`);
      // Another stream within, left at once; an order, whose trade comes here, too; and at last the end of it all.
      for await (const book of engine.watchBook('BTC-USDT')) {
        seen.push(book.type);
        break;
      }
      if (message.tradeId < 3) await tradeAt(engine, String(100 + message.tradeId));
      else await engine.close();
    }
    seen.push('over');
  })();
  await tradeAt(engine, '100');
  await within(inner, 'the end of the consumer');
  t.is(seen.join(', '), 'trade 1, snapshot, trade 2, snapshot, trade 3, snapshot, over');
});

inBothModes('a `then` on every object runs in the middle of everything', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const stream = engine.watchTrades('BTC-USDT');
  const other = engine.watchTrades('BTC-USDT');
  const waiting = [stream.next(), stream.next(), stream.next()];
  let calls = 0;
  const then = {
    configurable: true,
    get(this: { done?: boolean }) {
      if (this.done === false && calls < 3) {
        calls += 1;
        waiting.push(stream.next());
        void other.return();
      }
    },
  };
  // oxlint-disable-next-line no-extend-native, no-thenable -- what a consumer's code can do, too
  Object.defineProperty(Object.prototype, 'then', then);
  try {
    for (let price = 100; price < 106; price += 1) await tradeAt(engine, String(price));
    const results = await within(Promise.all(waiting.slice(0, 3)), 'three messages');
    results.push(...(await within(Promise.all(waiting.slice(3)), 'three more')));
    t.deepEqual(
      results.map(({ value }) => value?.type === 'trade' && value.tradeId),
      [1, 2, 3, 4, 5, 6],
    );
    t.is(calls, 3);
  } finally {
    delete (Object.prototype as { then?: unknown }).then;
  }
});

inBothModes('listeners hear of all symbols, those to come included', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const seen: string[] = [];
  const off = engine.on('trade', (trade: TradeMessage | Gap) => {
    if (trade.type === 'trade') seen.push(`${trade.symbol} ${trade.tradeId}`);
  });
  const kinds: Record<string, number> = {};
  for (const event of ['bbo', 'book', 'ticker', 'execution', 'balance', 'status'] as const)
    engine.on(event, () => (kinds[event] = (kinds[event] ?? 0) + 1));
  await allAccountsBegin(engine, CAROL);
  await tradeAt(engine, '100');
  await engine.symbols.create({ ...BTC_USDT, name: 'BTC-TWO' });
  await engine.placeOrder({ ...limit(ALICE, 'sell', 1, 50), symbol: 'BTC-TWO' });
  await engine.placeOrder({ ...limit(BOB, 'buy', 1, 50), symbol: 'BTC-TWO' });
  await eventually(() => seen.length === 2, 'two trades');
  t.deepEqual(seen.toSorted(), ['BTC-TWO 1', 'BTC-USDT 1']);
  await eventually(() => Object.keys(kinds).length === 6, 'every event');
  off();
  await tradeAt(engine, '101');
  await sleep(20);
  t.is(seen.length, 2);
});

inBothModes('the same listener, on, off and on again, from within itself', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const ids: number[] = [];
  const listener = (trade: TradeMessage | Gap): void => {
    if (trade.type !== 'trade') return;
    ids.push(trade.tradeId);
    engine.off('trade', listener);
    if (trade.tradeId < 3) engine.on('trade', listener);
  };
  engine.on('trade', listener);
  engine.on('trade', listener);
  for (let price = 100; price < 105; price += 1) {
    const before = ids.length;
    await tradeAt(engine, String(price));
    if (price < 103) await eventually(() => ids.length > before, `trade at ${price}`);
  }
  await sleep(20);
  t.deepEqual(ids, [1, 2, 3]);
});

test('a consumer that is too slow: a gap that says what is missing, and the rest', async (t) => {
  const engine = await openMarket(t, { ...configFor('inline'), history: { tradesPerSymbol: 50 } });
  for (const account of [ALICE, BOB]) await fund(engine, account, { BTC: 1_000, USDT: 1_000_000 });
  const gap = engine.watchTrades('BTC-USDT');
  const close = engine.watchTrades('BTC-USDT', { slow: 'close' });
  for (let n = 0; n < 200; n += 1) await tradeOnce(engine);
  const ids: number[] = [];
  const gaps: Gap[] = [];
  while ((ids.at(-1) ?? 0) < 200) {
    const message = await one(gap);
    if (message.type === 'gap') gaps.push(message);
    else ids.push(message.tradeId);
  }
  const missing = Array.from({ length: 200 }, (_, index) => index + 1).filter((id) => !ids.includes(id));
  t.true(missing.length > 0);
  t.deepEqual(
    gaps.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index)),
    missing,
  );

  let last = 0;
  const error = await refusal(async () => {
    for await (const message of close) if (message.type === 'trade') last = message.tradeId;
  });
  t.is(error.code, 'SLOW_CONSUMER');
  if (!error.is('SLOW_CONSUMER')) return;
  t.is(error.number, 7000);
  t.is(error.details.from, last + 1);
  // Resumed from there, what is not remembered any more is a gap; from what is remembered, nothing is missing.
  const [lost, next] = await take(
    engine.watchTrades('BTC-USDT', { fromId: error.details.from, slow: 'close' }),
    2,
  );
  t.like(lost, { type: 'gap', from: last + 1 });
  t.true(lost?.type === 'gap' && next?.type === 'trade' && next.tradeId === lost.to + 1);
  const oldest = ids.at(-1)! - 40;
  const resumed = await take(engine.watchTrades('BTC-USDT', { fromId: oldest, slow: 'close' }), 41);
  t.deepEqual(
    resumed.map((message) => message.type === 'trade' && message.tradeId),
    Array.from({ length: 41 }, (_, index) => oldest + index),
  );
});

async function tradeOnce(engine: Engine): Promise<void> {
  await engine.placeOrder(limit(ALICE, 'sell', '0.1', 100));
  await engine.placeOrder(limit(BOB, 'buy', '0.1', 100));
}

test('a consumer that is never short of messages lets others have their turn', async (t) => {
  const engine = await openMarket(t, { ...configFor('threaded'), history: { tradesPerSymbol: 20_000 } });
  for (const account of [ALICE, BOB]) await fund(engine, account, { BTC: 10_000, USDT: 1_000_000 });
  const { id } = engine.symbols.get('BTC-USDT');
  const writer = new CommandWriter(20_000);
  while (!writer.full) {
    writer.limit(ALICE, id, 'sell', 10_000, 1);
    writer.limit(BOB, id, 'buy', 10_000, 1);
  }
  await engine.submitRaw(writer);
  let [turns, seen] = [0, 0];
  let ticking = true;
  const tick = (): void => {
    turns += 1;
    if (ticking) setImmediate(tick);
  };
  setImmediate(tick);
  const before = turns;
  for await (const batch of engine.watchTrades('BTC-USDT', { fromId: 1 }).batches()) {
    seen += batch.length;
    if (seen === 10_000) break;
  }
  ticking = false;
  t.is(seen, 10_000);
  t.true(turns - before >= 5, `${turns - before} turns`);
});

test('a stream that nobody holds any more ends', async (t) => {
  const ended = await runNode('__test__/fixtures/abandoned-streams.ts');
  t.is(ended.code, 0, ended.report);
  t.is(ended.stdout, 'collected\n', ended.report);
});

test.serial(
  'a listener that throws is an uncaught exception, and keeps nothing from the others',
  async (t) => {
    const ended = await runNode('__test__/fixtures/throwing-listener.ts');
    t.is(ended.stdout, 'heard 5, thrown 5\n', ended.report);
  },
);

for (const scene of ['waiting', 'listening', 'heartbeats']) {
  test.serial(`a stream keeps no process alive: ${scene}`, async (t) => {
    const ended = await runNode('__test__/fixtures/idle-stream.ts', [scene]);
    t.false(ended.late, ended.report);
    t.is(ended.stdout, 'idle\n', ended.report);
  });
}

test.serial('streams in a worker, terminated under load, too', async (t) => {
  const ended = await runNode('__test__/fixtures/stream-workers.ts');
  t.false(ended.late, ended.report);
  t.is(ended.code, 0, ended.report);
  t.is(ended.stdout, 'worker saw 100 trades\nterminated 1\n', ended.report);
});

inBothModes('messages are the consumer’s to keep and to change', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const stream: AsyncIterable<BookMessage> = engine.watchBook('BTC-USDT');
  await engine.placeOrder(limit(ALICE, 'buy', 2, 99));
  for await (const message of stream) {
    if (message.bids.length === 0) continue;
    message.bids.length = 0;
    message.symbol = 'mine';
    break;
  }
  t.is((await one(engine.watchBook('BTC-USDT'))).bids.length, 1);
});
