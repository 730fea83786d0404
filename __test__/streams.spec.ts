/** What each kind of stream tells, of engines of either kind; what is told must be what can be read. */
import test from 'ava';
import { setTimeout as sleep } from 'node:timers/promises';
import { TradeBatch } from '../index.ts';
import type { ExecutionMessage } from '../index.ts';
import {
  addMarket,
  ALICE,
  BOB,
  BTC_USDT,
  CAROL,
  configFor,
  fund,
  inBothModes,
  limit,
  open,
  openDesk,
  START,
  tradeAt,
} from './helpers.ts';
import { allAccountsBegin, catchUp, isQuiet, levelsOf, one, Replica, take, until } from './streams.ts';

inBothModes('a book: a snapshot, then what has changed', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(ALICE, 'buy', 2, 99));
  const stream = engine.watchBook('BTC-USDT', { levels: 5, counts: true });
  const first = await one(stream);
  t.is(first.type, 'snapshot');
  t.deepEqual([first.bids, first.asks], [[['99.00', '2.0000', 1]], []]);
  t.is(first.symbol, 'BTC-USDT');
  t.is(first.ts, START);
  t.true(Math.abs(first.epoch - Date.now()) < 60_000);

  await engine.placeOrder(limit(BOB, 'buy', 1, 99));
  await engine.placeOrder(limit(BOB, 'sell', 3, 101));
  const replica = new Replica().apply(first);
  await catchUp(engine, stream, replica);
  t.deepEqual(replica.levels, levelsOf(engine.book('BTC-USDT')));
  t.is(replica.seq, engine.book('BTC-USDT').seq);

  const { orderId } = await engine.placeOrder(limit(CAROL, 'buy', 1, 100));
  const added = await one(stream);
  t.is(added.type, 'delta');
  t.deepEqual(added.bids, [['100.00', '1.0000', 1]]);
  await engine.cancelOrder({ accountId: CAROL, orderId });
  const gone = await one(stream);
  t.deepEqual(gone.bids, [['100.00', '0.0000', 0]]);
  t.is(gone.type === 'delta' ? gone.prevSeq : -1, added.seq);
});

inBothModes('a book to its depth, and to a depth that levels drop out of', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const [all, two] = [
    engine.watchBook('BTC-USDT', { levels: 'all' }),
    engine.watchBook('BTC-USDT', { levels: 2 }),
  ];
  const [whole, top] = [new Replica(), new Replica()];
  for (let price = 70; price < 100; price += 1) await engine.placeOrder(limit(ALICE, 'buy', '0.1', price));
  await catchUp(engine, all, whole);
  await catchUp(engine, two, top);
  t.is(whole.bids.size, 30);
  t.deepEqual(top.levels.bids, ['0.1000@99.00', '0.1000@98.00']);
  await engine.placeOrder(limit(BOB, 'sell', '0.1', 99));
  await catchUp(engine, all, whole);
  await catchUp(engine, two, top);
  t.is(whole.bids.size, 29);
  t.deepEqual(top.levels.bids, ['0.1000@98.00', '0.1000@97.00']);
});

inBothModes('a consumer that looks seldom gets one message with all that has changed', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const stream = engine.watchBook('BTC-USDT', { levels: 20 });
  const replica = new Replica().apply(await one(stream));
  for (let round = 0; round < 50; round += 1) {
    await engine.placeOrder(limit(ALICE, 'buy', '0.1', 50 + (round % 10)));
  }
  await catchUp(engine, stream, replica);
  t.deepEqual(replica.levels, levelsOf(engine.book('BTC-USDT')));
  t.true(replica.messages <= 5, `${replica.messages} messages`);
});

inBothModes('a checksum, and heartbeats while nothing happens', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(ALICE, 'buy', 2, 99));
  const stream = engine.watchBook('BTC-USDT', { checksum: true, heartbeatMs: 20 });
  const [first, second] = await take(stream, 2);
  t.is(typeof first?.checksum, 'number');
  t.is(second?.type, 'heartbeat');
  t.is(second?.type === 'heartbeat' ? second.prevSeq : undefined, first?.seq);
  t.is(second?.seq, first?.seq);
  t.deepEqual([second?.bids, second?.asks], [[], []]);
});

inBothModes('best bid and offer, when one of them changes', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const stream = engine.watchBbo('BTC-USDT');
  const empty = await one(stream);
  t.deepEqual([empty.bid, empty.ask, empty.mid], [null, null, null]);
  await engine.placeOrder(limit(ALICE, 'buy', 2, 99));
  await engine.placeOrder(limit(BOB, 'sell', 2, 101));
  const [last] = (await until(stream, ({ ask }) => ask !== null)).slice(-1);
  const { type, epoch, ...bbo } = last ?? (t.fail('there is none') as never);
  t.is(type, 'bbo');
  t.true(epoch > 0);
  t.deepEqual(bbo, engine.bbo('BTC-USDT'));
  await engine.placeOrder(limit(ALICE, 'buy', 2, 98));
  t.true(await isQuiet(stream));
});

inBothModes('trades: those that come, and those from an id on', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const news = engine.watchTrades('BTC-USDT');
  const all = engine.watchTrades('BTC-USDT', { fromId: 1 });
  await tradeAt(engine, '101');
  await tradeAt(engine, '102');
  const told = (await take(all, 3)).map((message) => {
    const { type, ...trade } = message as { type: string };
    t.is(type, 'trade');
    return trade;
  });
  t.deepEqual(told as unknown, engine.trades('BTC-USDT'));
  t.deepEqual(
    (await take(news, 2)).map((trade) => trade.type === 'trade' && trade.tradeId),
    [2, 3],
  );
});

inBothModes('trades as numbers, many at a time', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const stream = engine.watchTrades('BTC-USDT', { raw: true });
  for (let price = 100; price < 110; price += 1) await tradeAt(engine, String(price));
  const batches: TradeBatch[] = [];
  let count = 0;
  while (count < 20) {
    if (count === 10) for (let price = 110; price < 120; price += 1) await tradeAt(engine, String(price));
    const batch = await one(stream);
    if (!(batch instanceof TradeBatch)) return t.fail('a gap');
    t.is(batch.ticks(0), (100 + count) * 100);
    t.is(batch.lots(0), 1_000);
    count += batch.length;
    batches.push(batch);
  }
  // They stay as they were, whatever has come since.
  t.deepEqual(
    batches.flatMap((batch) => Array.from(batch, ({ type: _type, ...trade }) => trade)),
    engine.trades('BTC-USDT'),
  );
});

inBothModes('what one order trades at one price as one', async (t, mode) => {
  const engine = await openDesk(t, mode);
  for (const account of [ALICE, BOB]) await engine.placeOrder(limit(account, 'sell', 1, 100));
  await engine.placeOrder(limit(ALICE, 'sell', 1, 101));
  const stream = engine.watchTrades('BTC-USDT', { aggregate: true });
  await engine.placeOrder(limit(CAROL, 'buy', 3, 101));
  const [first, second] = await take(stream, 2);
  t.deepEqual(
    [first, second].map(
      (each) =>
        each?.type === 'aggregateTrade' && [each.firstTradeId, each.lastTradeId, each.price, each.quantity],
    ),
    [
      [1, 2, '100.00', '2.0000'],
      [3, 3, '101.00', '1.0000'],
    ],
  );
});

inBothModes('every order of a book', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const resting = await engine.placeOrder(limit(ALICE, 'sell', 2, 100));
  const stream = engine.watchLevel3('BTC-USDT');
  const first = await one(stream);
  t.is(first.type, 'snapshot');
  t.deepEqual(first.type === 'snapshot' && first.asks, [
    { orderId: resting.orderId, price: '100.00', quantity: '2.0000' },
  ]);
  const later = await engine.placeOrder(limit(BOB, 'sell', 1, 100));
  await engine.placeOrder(limit(CAROL, 'buy', '0.5', 100));
  await engine.amendOrder({
    accountId: ALICE,
    symbol: 'BTC-USDT',
    orderId: resting.orderId,
    reduceBy: '0.5',
  });
  await engine.cancelOrder({ accountId: BOB, orderId: later.orderId });
  const changes = await take(stream, 4);
  t.deepEqual(
    changes.map((change) => change.type !== 'snapshot' && [change.type, change.orderId, change.quantity]),
    [
      ['added', later.orderId, '1.0000'],
      ['executed', resting.orderId, '0.5000'],
      ['reduced', resting.orderId, '0.5000'],
      ['removed', later.orderId, '1.0000'],
    ],
  );
});

inBothModes('executions of an account: open orders, then what becomes of them', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const resting = await engine.placeOrder(limit(ALICE, 'sell', 2, 100));
  const stream = engine.watchExecutions({ accountId: ALICE });
  const first = await one(stream);
  t.is(first.type, 'snapshot');
  t.deepEqual(first.type === 'snapshot' && first.orders, await engine.openOrders({ accountId: ALICE }));
  await engine.placeOrder(limit(BOB, 'buy', 1, 100));
  await engine.cancelOrder({ accountId: ALICE, orderId: resting.orderId });
  const [trade, canceled] = (await take(stream, 2)) as ExecutionMessage[];
  t.deepEqual(
    [trade?.kind, trade?.order.status, trade?.lastQuantity, trade?.fills[0]?.liquidity],
    ['TRADE', 'PARTIALLY_FILLED', '1.0000', 'maker'],
  );
  t.is(trade?.fills[0]?.tradeId, 1);
  t.deepEqual([canceled?.kind, canceled?.order.reason], ['CANCELED', 'USER']);
  t.deepEqual(canceled?.order, await engine.order(resting.orderId));
});

inBothModes('executions of everybody', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const stream = engine.watchExecutions();
  await allAccountsBegin(engine, CAROL);
  await engine.placeOrder(limit(ALICE, 'sell', 2, 100));
  await engine.placeOrder(limit(BOB, 'buy', 2, 100));
  const messages = (await take(stream, 3)) as ExecutionMessage[];
  const lines = messages.map(({ accountId, kind, order }) => `${accountId} ${kind} ${order.status}`);
  t.deepEqual(lines.toSorted(), ['1 NEW NEW', '1 TRADE FILLED', '2 TRADE FILLED']);
});

inBothModes(
  'executions of everybody from a record on: all of them, or a gap that says which not',
  async (t, mode) => {
    const engine = await openDesk(t, mode);
    const before = await engine.placeOrder(limit(ALICE, 'buy', '0.1', 40));
    const stream = engine.watchExecutions({ fromSeq: engine.stats().seq + 1 });
    const seqs: number[] = [];
    for (let n = 0; n < 30; n += 1) {
      const { seq } = await engine.placeOrder(limit(ALICE, 'buy', '0.1', 50));
      seqs.push(seq);
      if (n === 20) await allAccountsBegin(engine, CAROL);
    }
    const told = new Set<number>();
    while (!told.has(seqs.at(-1) ?? 0)) {
      const message = await one(stream);
      if (message.type === 'gap') for (let seq = message.from; seq <= message.to; seq += 1) told.add(seq);
      else told.add(message.seq);
    }
    t.deepEqual(
      seqs.filter((seq) => !told.has(seq)),
      [],
    );
    t.false(told.has(before.seq));
  },
);

inBothModes('balances of an account: all of them, then each that changes', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const stream = engine.watchBalances({ accountId: ALICE });
  const first = await one(stream);
  t.deepEqual(first.type === 'snapshot' && first.balances, await engine.accounts.balances(ALICE));
  await engine.placeOrder(limit(ALICE, 'buy', 1, 100));
  const frozen = await one(stream);
  t.is(frozen.type === 'balance' && `${frozen.asset} ${frozen.frozen}`, 'USDT 100.000000');
  await engine.placeOrder(limit(BOB, 'sell', 1, 100));
  const last = new Map<string, unknown>();
  while (last.size < 2) {
    const message = await one(stream);
    if (message.type !== 'balance') return t.fail(message.type);
    const { type: _type, accountId: _account, seq: _seq, ts: _ts, ...balance } = message;
    last.set(balance.asset, balance);
  }
  t.deepEqual([last.get('BTC'), last.get('USDT')] as unknown, await engine.accounts.balances(ALICE));
});

inBothModes('the last 24 hours', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const stream = engine.watchTicker('BTC-USDT');
  t.like(await one(stream), { type: 'ticker', symbol: 'BTC-USDT', last: '100.00' });
  await tradeAt(engine, '105');
  const [last] = (await until(stream, (message) => message.last === '105.00')).slice(-1);
  t.like(last, { high: '105.00', low: '100.00' });
});

inBothModes('candles: the open one, and those that close', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const stream = engine.watchKlines('BTC-USDT', '1m');
  t.like(await one(stream), { type: 'kline', interval: '1m', close: '100.00', closed: false });
  await tradeAt(engine, '102');
  t.like(await one(stream), { close: '102.00', closed: false });
  await engine.advance(60_000);
  const [closed] = (await until(stream, (kline) => kline.closed)).slice(-1);
  t.like(closed, { openTime: START, close: '102.00', high: '102.00', low: '100.00' });
});

inBothModes(
  'candles that have closed while nobody took any: all of them, the oldest first',
  async (t, mode) => {
    const engine = await openDesk(t, mode);
    await tradeAt(engine, '100');
    const stream = engine.watchKlines('BTC-USDT', '1s');
    await one(stream);
    // More than one update has room for.
    await engine.advance(2_500_000);
    await tradeAt(engine, '101');
    const klines = await until(stream, (kline) => kline.openTime === START + 2_500_000);
    const closed = klines.filter((kline) => kline.closed).map((kline) => kline.openTime);
    t.deepEqual(
      [...new Set(closed)],
      Array.from({ length: 2_500 }, (_, second) => START + second * 1_000),
    );
  },
);

test('a candle that has more than 24 days to go is waited for in peace', async (t) => {
  const engine = await openDesk(t, 'inline'); // on the first of January
  await tradeAt(engine, '100');
  const warnings: string[] = [];
  const warned = (warning: Error): unknown => warnings.push(warning.name);
  process.on('warning', warned);
  t.teardown(() => process.off('warning', warned));
  const stream = engine.watchKlines('BTC-USDT', '1M');
  await one(stream);
  const next = stream.next();
  await sleep(50);
  t.deepEqual(warnings, []);
  await stream.return();
  t.true((await next).done);
});

inBothModes('the engine, and what operators do with symbols', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const stream = engine.watchStatus();
  t.deepEqual(await one(stream), { type: 'engine', state: 'open', room: 'plenty' });
  await engine.symbols.create({ ...BTC_USDT, name: 'BTC-EUR' });
  await engine.symbols.setStatus('BTC-EUR', 'HALT');
  await engine.symbols.remove('BTC-EUR');
  t.deepEqual(
    (await take(stream, 3)).map((message) => message.type === 'symbol' && [message.symbol, message.status]),
    [
      ['BTC-EUR', 'TRADING'],
      ['BTC-EUR', 'HALT'],
      ['BTC-EUR', null],
    ],
  );
});

inBothModes('two consumers of one book, each at its own speed', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const [fast, slow] = [engine.watchBook('BTC-USDT'), engine.watchBook('BTC-USDT')];
  const [first, second] = [new Replica(), new Replica()];
  for (let round = 0; round < 20; round += 1) {
    await engine.placeOrder(limit(ALICE, 'buy', '0.1', 80 + (round % 7)));
    await catchUp(engine, fast, first);
  }
  await catchUp(engine, slow, second);
  t.deepEqual(first.levels, second.levels);
  t.true(first.messages > second.messages);
});

inBothModes('a stream ends with its symbol', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const streams = [
    engine.watchBook('BTC-USDT'),
    engine.watchBbo('BTC-USDT'),
    engine.watchTrades('BTC-USDT'),
    engine.watchLevel3('BTC-USDT'),
  ];
  await engine.symbols.remove('BTC-USDT');
  for (const stream of streams) {
    let messages = 0;
    for await (const message of stream) if (message) messages += 1;
    t.true(messages <= 2);
  }
});

test('a stream that begins before a call tells of it', async (t) => {
  const engine = await open(t, configFor('inline'));
  await addMarket(engine);
  await fund(engine, ALICE, { USDT: 1_000 });
  await fund(engine, BOB, { BTC: 1 });
  const stream = engine.watchTrades('BTC-USDT');
  engine.submit(limit(ALICE, 'buy', 1, 100));
  engine.submit(limit(BOB, 'sell', 1, 100));
  await sleep(5);
  t.like(await one(stream), { type: 'trade', tradeId: 1 });
});
