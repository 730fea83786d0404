/** Every call of the API, in both modes: what it answers, to the last field, and what it leaves behind. */
import test from 'ava';
import { Engine } from '../index.ts';
import {
  balanceLine,
  configFor,
  fund,
  inBothModes,
  limit,
  market,
  marketByQuote,
  MODES,
  open,
  openMarket,
  provesBook,
  provesMoney,
  refusal,
  sideLine,
} from './helpers.ts';

/** The ids of some orders, ascending. */
function idsOf(orders: readonly { orderId: number }[]): number[] {
  return orders.map(({ orderId }) => orderId).toSorted((a, b) => a - b);
}

/** from, from + 1, ... to. */
function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

const ALICE = 1;
const BOB = 2;
const CAROL = 3;

inBothModes('assets are created, numbered and listed', async (t, mode) => {
  const engine = await open(t, configFor(mode));
  const fresh = { name: null, enabled: true };
  t.deepEqual(engine.assets.list(), []);
  t.deepEqual(await engine.assets.create({ code: 'BTC', scale: 8 }), {
    id: 0,
    code: 'BTC',
    scale: 8,
    ...fresh,
  });
  t.deepEqual(await engine.assets.create({ code: 'X:Y/z_1-2.3', scale: 0 }), {
    id: 1,
    code: 'X:Y/z_1-2.3',
    scale: 0,
    ...fresh,
  });
  t.deepEqual(await engine.assets.create({ code: 'ETH', scale: 18 }), {
    id: 2,
    code: 'ETH',
    scale: 18,
    ...fresh,
  });
  t.deepEqual(
    engine.assets.list().map(({ code }) => code),
    ['BTC', 'X:Y/z_1-2.3', 'ETH'],
  );
});

inBothModes('symbols are created with all of their rules', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  await engine.assets.create({ code: 'ETH', scale: 18 });
  const defaults = await engine.symbols.create({
    name: 'ETH-BTC',
    base: 'ETH',
    quote: 'BTC',
    tickSize: 0.000_05,
    lotSize: '0.0010',
  });
  t.like(defaults, {
    id: 1,
    name: 'ETH-BTC',
    base: 'ETH',
    quote: 'BTC',
    tickSize: '0.00005',
    minPrice: '0.00005',
    maxPrice: '50000000.00000', // 10^12 ticks
    minNotional: '0.00000000',
    priceScale: 5,
    baseScale: 18,
    quoteScale: 8,
  });
  const [first, second] = engine.symbols.list();
  t.deepEqual(second, defaults);
  t.deepEqual(first, {
    id: 0,
    name: 'BTC-USDT',
    base: 'BTC',
    quote: 'USDT',
    tickSize: '0.01',
    lotSize: '0.0001',
    minPrice: '0.01',
    maxPrice: '1000000.00',
    minQuantity: '0.0001',
    maxQuantity: '1000.0000',
    minNotional: '0.000000',
    priceScale: 2,
    quantityScale: 4,
    baseScale: 8,
    quoteScale: 6,
    status: 'TRADING',
    feeMode: 'received',
    fees: { makerPpm: 0, takerPpm: 0 },
    allowNetRebate: false,
    applyToMarket: false,
    referenceMinutes: 0,
    trailBps: { min: 1, max: 9999 },
    orderTypes: [
      'limit',
      'market',
      'stop',
      'stop_limit',
      'take_profit',
      'take_profit_limit',
      'trailing_stop',
      'iceberg',
      'oco',
    ],
    allowedStp: ['NONE', 'EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH', 'DECREMENT'],
    defaultStp: 'EXPIRE_TAKER',
    sessionEnd: '00:00',
    maxNotional: null,
    marketMaxQuantity: null,
    bandBps: null,
    priceFloor: null,
    priceCap: null,
    referencePrice: null,
    marketProtectionBps: null,
    maxOpenOrders: null,
    maxOpenConditional: null,
    maxIceberg: null,
    maxOpenLists: null,
    maxPosition: null,
    maxIcebergParts: 1000,
    maxAmends: null,
  });
});

inBothModes('deposits and withdrawals answer with the balance after them', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  const before = Date.now();
  const deposited = await engine.accounts.deposit({ accountId: ALICE, asset: 'USDT', amount: '100.5' });
  const { seq, ts, ...rest } = deposited;
  t.deepEqual(rest, {
    accountId: ALICE,
    asset: 'USDT',
    total: '100.500000',
    available: '100.500000',
    frozen: '0.000000',
    held: '0.000000',
  });
  t.true(Number.isSafeInteger(seq) && seq > 0);
  t.true(ts >= before - 1 && ts <= Date.now() + 1, `${ts} is a time in milliseconds`);

  await engine.placeOrder(limit(ALICE, 'buy', '1', '40'));
  const withdrawn = await engine.accounts.withdraw({ accountId: ALICE, asset: 'USDT', amount: 0.25 });
  t.like(withdrawn, { total: '100.250000', available: '60.250000', frozen: '40.000000' });
  t.true(withdrawn.seq > seq);

  await engine.accounts.deposit({ accountId: ALICE, asset: 'BTC', amount: 1e-7 });
  t.deepEqual(await engine.accounts.balances(ALICE), [
    { asset: 'BTC', total: '0.00000010', available: '0.00000010', frozen: '0.00000000', held: '0.00000000' },
    { asset: 'USDT', total: '100.250000', available: '60.250000', frozen: '40.000000', held: '0.000000' },
  ]);
  t.deepEqual(await engine.accounts.balances(ALICE, { asset: 'BTC' }), [
    { asset: 'BTC', total: '0.00000010', available: '0.00000010', frozen: '0.00000000', held: '0.00000000' },
  ]);
  await t.notThrowsAsync(
    engine.accounts.withdraw({ accountId: ALICE, asset: 'USDT', amount: '60.25' }),
    'all that is available can go',
  );
  const frozen = await refusal(() =>
    engine.accounts.withdraw({ accountId: ALICE, asset: 'USDT', amount: '0.000001' }),
  );
  t.is(frozen.code, 'INSUFFICIENT_BALANCE', 'what is frozen cannot be withdrawn');
});

inBothModes('ids up to 2^53 - 1 are accounts', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode, 3));
  const last = Number.MAX_SAFE_INTEGER;
  await fund(engine, last, { USDT: '5' });
  await fund(engine, 2 ** 32 + 1, { USDT: '6' });
  await fund(engine, 2 ** 31, { USDT: '7' });
  t.is(await balanceLine(engine, last), 'USDT 5.000000+0.000000');
  const order = await engine.placeOrder(limit(last, 'buy', '0.01', '100'));
  t.is(order.accountId, last);
  t.is((await engine.openOrders({ accountId: last })).length, 1);
  t.is(await balanceLine(engine, 2 ** 32 + 1), 'USDT 6.000000+0.000000');
  t.is(await balanceLine(engine, 2 ** 31), 'USDT 7.000000+0.000000');
});

inBothModes('a limit order that rests', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  await fund(engine, ALICE, { USDT: '1000' });
  const placed = await engine.placeOrder({
    ...limit(ALICE, 'buy', '2.5', '100.10'),
    timeInForce: 'GTC' as const,
  });
  const { seq, ts, ...rest } = placed;
  t.deepEqual(rest, {
    orderId: placed.orderId,
    accountId: ALICE,
    symbol: 'BTC-USDT',
    side: 'buy',
    type: 'limit',
    timeInForce: 'GTC',
    status: 'NEW',
    reason: null,
    price: '100.10',
    quantity: '2.5000',
    quoteQuantity: null,
    filledQuantity: '0.0000',
    filledQuote: '0.000000',
    averagePrice: null,
    openQuantity: '2.5000',
    preventedQuantity: '0.0000',
    postOnly: false,
    stp: 'EXPIRE_TAKER',
    fee: { asset: 'BTC', amount: '0.00000000' },
    reserved: { asset: 'USDT', amount: '250.250000' },
    fills: [],
    bookSeq: 1,
  });
  t.true(Number.isSafeInteger(seq) && seq > 0);
  t.is(await balanceLine(engine, ALICE), 'USDT 749.750000+250.250000');

  const { fills: _fills, seq: _seq, bookSeq: _bookSeq, ts: _ts, ...same } = placed;
  const { createdAt, updatedAt, ...order } = await engine.order(placed.orderId);
  t.deepEqual(order, same);
  t.true(createdAt <= updatedAt && Math.abs(updatedAt - ts) < 1000, `${createdAt} ${updatedAt} ${ts}`);
  t.deepEqual(await engine.openOrders(), [{ ...order, createdAt, updatedAt }]);
});

inBothModes('a limit order sweeps levels, gets price improvement back, and rests', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  await fund(engine, ALICE, { BTC: '3' });
  await fund(engine, BOB, { BTC: '3' });
  await fund(engine, CAROL, { USDT: '1000' });
  const first = await engine.placeOrder(limit(ALICE, 'sell', '1', '99'));
  await engine.placeOrder(limit(BOB, 'sell', '1', '99'));
  await engine.placeOrder(limit(ALICE, 'sell', '0.5', '98'));

  const taker = await engine.placeOrder(limit(CAROL, 'buy', '2.6', '100'));
  t.like(taker, {
    status: 'PARTIALLY_FILLED',
    reason: null,
    filledQuantity: '2.5000',
    filledQuote: '247.000000', // 0.5 x 98 + 2 x 99
    averagePrice: '98.800000', // 247 / 2.5
    openQuantity: '0.1000',
    reserved: { asset: 'USDT', amount: '10.000000' },
  });
  const free = { fee: '0.00000000', feeAsset: 'BTC', liquidity: 'taker' } as const;
  t.deepEqual(taker.fills, [
    { tradeId: 1, price: '98.00', quantity: '0.5000', quoteQuantity: '49.000000', ...free },
    { tradeId: 2, price: '99.00', quantity: '1.0000', quoteQuantity: '99.000000', ...free },
    { tradeId: 3, price: '99.00', quantity: '1.0000', quoteQuantity: '99.000000', ...free },
  ]);
  // 1000 - 247 paid - 10 reserved: the improvement of 3 is available at once.
  t.is(await balanceLine(engine, CAROL), 'BTC 2.50000000+0.00000000, USDT 743.000000+10.000000');
  t.is(await balanceLine(engine, ALICE), 'BTC 1.50000000+0.00000000, USDT 148.000000+0.000000');
  t.is(await balanceLine(engine, BOB), 'BTC 2.00000000+0.00000000, USDT 99.000000+0.000000');
  t.like(await engine.order(first.orderId), {
    status: 'FILLED',
    filledQuantity: '1.0000',
    openQuantity: '0.0000',
    averagePrice: '99.000000',
    reserved: { asset: 'BTC', amount: '0.00000000' },
  });
  t.is(sideLine(engine.book('BTC-USDT').bids), '0.1000@100.00 (1)');
  t.is(sideLine(engine.book('BTC-USDT').asks), '');
  await provesMoney(t, engine, [ALICE, BOB, CAROL]);
});

inBothModes('makers of one price are served first come, first served', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode, 3));
  const makers = [11, 12, 13, 14];
  const orders: number[] = [];
  for (const maker of makers) {
    await fund(engine, maker, { BTC: '1' });
    orders.push((await engine.placeOrder(limit(maker, 'sell', '1', '10'))).orderId);
  }
  await fund(engine, ALICE, { USDT: '100' });
  await engine.placeOrder(limit(ALICE, 'buy', '1.5', '10'));
  const statuses = async () => Promise.all(orders.map(async (id) => (await engine.order(id)).status));
  t.deepEqual(await statuses(), ['FILLED', 'PARTIALLY_FILLED', 'NEW', 'NEW']);
  await engine.placeOrder(limit(ALICE, 'buy', '1', '10')); // A partial fill keeps its place.
  t.deepEqual(await statuses(), ['FILLED', 'FILLED', 'PARTIALLY_FILLED', 'NEW']);
});

inBothModes('market orders by quantity', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  await fund(engine, ALICE, { BTC: '5', USDT: '1000' });
  await fund(engine, BOB, { BTC: '5', USDT: '1000' });
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  await engine.placeOrder(limit(ALICE, 'sell', '1', '101'));
  await engine.placeOrder(limit(ALICE, 'buy', '1', '99'));

  const bought = await engine.placeOrder(market(BOB, 'buy', '1.5'));
  const free = { fee: '0.00000000', feeAsset: 'BTC', liquidity: 'taker' } as const;
  const { orderId, seq, ts, ...rest } = bought;
  t.true(orderId > 0 && seq > 0 && ts > 0);
  t.deepEqual(rest, {
    accountId: BOB,
    symbol: 'BTC-USDT',
    side: 'buy',
    type: 'market',
    timeInForce: 'IOC',
    postOnly: false,
    stp: 'EXPIRE_TAKER',
    status: 'FILLED',
    reason: null,
    price: null,
    quantity: '1.5000',
    quoteQuantity: null,
    filledQuantity: '1.5000',
    filledQuote: '150.500000',
    averagePrice: '100.333333',
    openQuantity: '0.0000',
    preventedQuantity: '0.0000',
    fee: { asset: 'BTC', amount: '0.00000000' },
    reserved: { asset: 'USDT', amount: '0.000000' },
    fills: [
      { tradeId: 1, price: '100.00', quantity: '1.0000', quoteQuantity: '100.000000', ...free },
      { tradeId: 2, price: '101.00', quantity: '0.5000', quoteQuantity: '50.500000', ...free },
    ],
    bookSeq: 4,
  });
  t.is(await balanceLine(engine, BOB), 'BTC 6.50000000+0.00000000, USDT 849.500000+0.000000');

  const sold = await engine.placeOrder(market(BOB, 'sell', '3'));
  t.like(sold, {
    status: 'EXPIRED',
    reason: 'INSUFFICIENT_LIQUIDITY',
    filledQuantity: '1.0000',
    filledQuote: '99.000000',
    openQuantity: '0.0000',
    reserved: { asset: 'BTC', amount: '0.00000000' },
  });
  t.is(await balanceLine(engine, BOB), 'BTC 5.50000000+0.00000000, USDT 948.500000+0.000000');
  t.like(await engine.order(sold.orderId), { status: 'EXPIRED', reason: 'INSUFFICIENT_LIQUIDITY' });
  await provesMoney(t, engine, [ALICE, BOB]);
});

inBothModes('market orders by quote amount', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  await fund(engine, ALICE, { BTC: '5', USDT: '1000' });
  await fund(engine, BOB, { BTC: '5', USDT: '1000' });
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  await engine.placeOrder(limit(ALICE, 'sell', '1', '300'));
  await engine.placeOrder(limit(ALICE, 'buy', '1', '70'));

  // 100 for the first; what is left, 50.01, buys floor(50.01 / 0.03) = 1667 lots at 300: 50.01 exactly.
  const bought = await engine.placeOrder(marketByQuote(BOB, 'buy', '150.01'));
  t.like(bought, {
    status: 'FILLED',
    reason: null,
    quantity: null,
    quoteQuantity: '150.010000',
    filledQuantity: '1.1667',
    filledQuote: '150.010000',
    reserved: { asset: 'USDT', amount: '0.000000' },
  });
  // A lot costs 0.03 at 300: 0.05 buys one, and the dust of 0.02 is freed.
  const dust = await engine.placeOrder(marketByQuote(BOB, 'buy', '0.05'));
  t.like(dust, { status: 'FILLED', filledQuantity: '0.0001', filledQuote: '0.030000' });
  // Sold in whole lots of 0.007, and never above what was asked for: floor(10 / 0.007) = 1428.
  const sold = await engine.placeOrder(marketByQuote(BOB, 'sell', '10'));
  t.like(sold, { status: 'FILLED', filledQuantity: '0.1428', filledQuote: '9.996000' });
  t.is(
    await balanceLine(engine, BOB),
    'BTC 6.02400000+0.00000000, USDT 859.956000+0.000000', // 1000 - 150.01 - 0.03 + 9.996
  );
  const all = await engine.placeOrder(marketByQuote(BOB, 'sell', '1000'));
  t.like(all, { status: 'EXPIRED', reason: 'INSUFFICIENT_LIQUIDITY', filledQuantity: '0.8572' });
  await provesMoney(t, engine, [ALICE, BOB]);
});

inBothModes(
  'a market order on an empty book expires, and leaves the book sequence alone',
  async (t, mode) => {
    const engine = await openMarket(t, configFor(mode));
    await fund(engine, ALICE, { BTC: '1', USDT: '10' });
    for (const order of [
      market(ALICE, 'buy', '1000'),
      market(ALICE, 'sell', '1'),
      marketByQuote(ALICE, 'buy', '10'),
      marketByQuote(ALICE, 'sell', '1000000'),
    ]) {
      t.like(await engine.placeOrder(order), {
        status: 'EXPIRED',
        reason: 'INSUFFICIENT_LIQUIDITY',
        filledQuantity: '0.0000',
        averagePrice: null,
        fills: [],
        bookSeq: 0,
      });
    }
    t.is(await balanceLine(engine, ALICE), 'BTC 1.00000000+0.00000000, USDT 10.000000+0.000000');
  },
);

inBothModes('a cancel releases exactly what was still reserved', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  await fund(engine, ALICE, { USDT: '1000' });
  await fund(engine, BOB, { BTC: '10' });
  const bid = await engine.placeOrder(limit(ALICE, 'buy', '3', '33.33'));
  await engine.placeOrder(limit(BOB, 'sell', '1.0001', '33.33'));
  const canceled = await engine.cancelOrder({ accountId: ALICE, orderId: bid.orderId });
  const { seq, ts, ...rest } = canceled;
  t.true(seq > bid.seq && ts >= bid.ts);
  t.deepEqual(rest, {
    orderId: bid.orderId,
    symbol: 'BTC-USDT',
    side: 'buy',
    status: 'CANCELED',
    canceledQuantity: '1.9999',
    released: { asset: 'USDT', amount: '66.656667' }, // 1.9999 x 33.33
    bookSeq: 3,
  });
  t.is(await balanceLine(engine, ALICE), 'BTC 1.00010000+0.00000000, USDT 966.666667+0.000000');
  t.like(await engine.order(bid.orderId), {
    status: 'CANCELED',
    reason: 'USER',
    filledQuantity: '1.0001',
    openQuantity: '0.0000',
    reserved: { asset: 'USDT', amount: '0.000000' },
  });

  const ask = await engine.placeOrder(limit(BOB, 'sell', '2', '50'));
  t.like(await engine.cancelOrder({ accountId: BOB, orderId: ask.orderId }), {
    side: 'sell',
    canceledQuantity: '2.0000',
    released: { asset: 'BTC', amount: '2.00000000' },
  });
  t.is(await balanceLine(engine, BOB), 'BTC 8.99990000+0.00000000, USDT 33.333333+0.000000');
  t.deepEqual(await engine.openOrders(), []);
  await provesMoney(t, engine, [ALICE, BOB]);
});

inBothModes('an account trades with itself if it says so', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  await fund(engine, ALICE, { BTC: '1', USDT: '100' });
  await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
  t.like(await engine.placeOrder(limit(ALICE, 'buy', '0.5', '100')), {
    status: 'EXPIRED',
    reason: 'STP',
    preventedQuantity: '0.5000',
  });
  t.is((await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '100'), stp: 'NONE' })).status, 'FILLED');
  t.is(await balanceLine(engine, ALICE), 'BTC 1.00000000+0.00000000, USDT 100.000000+0.000000');
});

inBothModes('the book: levels, cumulative sums, spread, mid', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  await fund(engine, ALICE, { BTC: '100', USDT: '100000' });
  t.like(engine.book('BTC-USDT'), {
    symbol: 'BTC-USDT',
    seq: 0,
    bids: [],
    asks: [],
    spread: null,
    spreadBps: null,
    mid: null,
  });
  for (const [quantity, price] of [
    ['1', '99.00'],
    ['0.5', '98.50'],
    ['0.25', '99.00'],
  ] as const)
    await engine.placeOrder(limit(ALICE, 'buy', quantity, price));
  t.like(engine.book('BTC-USDT'), { seq: 3, spread: null, spreadBps: null, mid: null });
  await engine.placeOrder(limit(ALICE, 'sell', '2', '100.01'));
  await engine.placeOrder(limit(ALICE, 'sell', '1', '101'));

  const { ts, ...book } = engine.book('BTC-USDT');
  t.true(Math.abs(Date.now() - ts) < 60_000);
  t.deepEqual(book, {
    symbol: 'BTC-USDT',
    seq: 5,
    spread: '1.01',
    spreadBps: '101.50', // 1.01 / 99.505 x 10^4 = 101.5024...
    mid: '99.505',
    bids: [
      { price: '99.00', quantity: '1.2500', orders: 2 },
      { price: '98.50', quantity: '0.5000', orders: 1 },
    ],
    asks: [
      { price: '100.01', quantity: '2.0000', orders: 1 },
      { price: '101.00', quantity: '1.0000', orders: 1 },
    ],
  });
  t.deepEqual(engine.book('BTC-USDT', { levels: 1, cumulative: true }).bids, [
    {
      price: '99.00',
      quantity: '1.2500',
      orders: 2,
      cumulativeQuantity: '1.2500',
      cumulativeQuote: '123.750000',
    },
  ]);
  t.deepEqual(
    engine
      .book('BTC-USDT', { cumulative: true })
      .asks.map(({ cumulativeQuantity, cumulativeQuote }) => [cumulativeQuantity, cumulativeQuote]),
    [
      ['2.0000', '200.020000'],
      ['3.0000', '301.020000'],
    ],
  );
  const { ts: bboTs, ...bbo } = engine.bbo('BTC-USDT');
  t.is(bboTs, ts);
  t.deepEqual(bbo, {
    symbol: 'BTC-USDT',
    seq: 5,
    spread: '1.01',
    spreadBps: '101.50',
    mid: '99.505',
    bid: { price: '99.00', quantity: '1.2500', orders: 2 },
    ask: { price: '100.01', quantity: '2.0000', orders: 1 },
  });
});

inBothModes('the book gives 20 levels at most, and 20 if nothing is said', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode));
  await fund(engine, ALICE, { BTC: '100', USDT: '100000' });
  for (let n = 0; n < 25; n += 1) {
    await engine.placeOrder(limit(ALICE, 'buy', '0.1', `${100 - n}`));
    await engine.placeOrder(limit(ALICE, 'sell', '0.1', `${101 + n}`));
  }
  const book = engine.book('BTC-USDT');
  t.deepEqual([book.bids.length, book.asks.length], [20, 20]);
  t.deepEqual([book.bids.at(-1)?.price, book.asks.at(-1)?.price], ['81.00', '120.00']);
  for (const levels of [1, 7, 20]) {
    const { bids, asks } = engine.book('BTC-USDT', { levels });
    t.deepEqual([bids, asks], [book.bids.slice(0, levels), book.asks.slice(0, levels)]);
  }
  provesBook(t, book);
});

const TOUCHES = [
  // bid, ask, spread, spreadBps, mid; 2 x 10^6 x (ask - bid) / (ask + bid) hundredths of a basis point
  ['2.55', '2.57', '0.02', '78.12', '2.560'], // 7812.5: half, to the even 7812
  ['2.53', '2.59', '0.06', '234.38', '2.560'], // 23437.5: half, to the even 23438
  ['0.01', '0.02', '0.01', '6666.67', '0.015'], // 666666.66...
  ['0.01', '0.03', '0.02', '10000.00', '0.020'],
  ['99.99', '100.00', '0.01', '1.00', '99.995'], // 100.005...
  ['999999.99', '1000000.00', '0.01', '0.00', '999999.995'], // 0.01
  ['0.01', '1000000.00', '999999.99', '20000.00', '500000.005'], // 1999999.96
  ['511.99', '512.01', '0.02', '0.39', '512.000'], // 39.0625
] as const;
inBothModes('spread, basis points and mid, worked by hand', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode, 1));
  await fund(engine, ALICE, { BTC: '100', USDT: '10000000' });
  for (const [bid, ask, spread, spreadBps, mid] of TOUCHES) {
    const orders = [
      await engine.placeOrder(limit(ALICE, 'buy', '0.01', bid)),
      await engine.placeOrder(limit(ALICE, 'sell', '0.01', ask)),
    ];
    t.like(engine.bbo('BTC-USDT'), { spread, spreadBps, mid }, `${bid} / ${ask}`);
    t.like(engine.book('BTC-USDT'), { spread, spreadBps, mid }, `${bid} / ${ask}`);
    for (const { orderId } of orders) await engine.cancelOrder({ accountId: ALICE, orderId });
  }
});

inBothModes('average prices are rounded half to even at four decimals more', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode, 1));
  await fund(engine, ALICE, { BTC: '100' });
  await fund(engine, BOB, { USDT: '10000' });
  // q1 at 1.00 and q2 at 1.01: the average is 1 + 0.01 x q2 / (q1 + q2).
  for (const [q1, q2, average] of [
    ['1', '1', '1.005000'],
    ['2', '1', '1.003333'],
    ['1', '2', '1.006667'],
    ['1.9999', '0.0001', '1.000000'], // 1.0000005: half, to the even 0
    ['1.9997', '0.0003', '1.000002'], // 1.0000015: half, to the even 2
    ['1.9995', '0.0005', '1.000002'], // 1.0000025: half, to the even 2
  ] as const) {
    await engine.placeOrder(limit(ALICE, 'sell', q1, '1.00'));
    await engine.placeOrder(limit(ALICE, 'sell', q2, '1.01'));
    const taker = await engine.placeOrder(limit(BOB, 'buy', (Number(q1) + Number(q2)).toFixed(4), '2'));
    t.like(taker, { status: 'FILLED', averagePrice: average }, `${q1} and ${q2}`);
  }
});

inBothModes('the trade history: ids without holes, sides, times, pages', async (t, mode) => {
  const engine = await openMarket(t, { ...configFor(mode), history: { tradesPerSymbol: 50 } });
  await fund(engine, ALICE, { BTC: '100', USDT: '10000' });
  await fund(engine, BOB, { BTC: '100', USDT: '10000' });
  t.deepEqual(engine.trades('BTC-USDT'), []);
  await engine.placeOrder(limit(ALICE, 'sell', '1', '10'));
  await engine.placeOrder(limit(BOB, 'buy', '0.5', '11'));
  await engine.placeOrder(limit(BOB, 'buy', '1', '10'));
  await engine.placeOrder(limit(ALICE, 'sell', '0.25', '9'));
  const trades = engine.trades('BTC-USDT');
  t.deepEqual(
    trades.map(({ ts: _ts, ...trade }) => trade),
    [
      {
        tradeId: 1,
        symbol: 'BTC-USDT',
        price: '10.00',
        quantity: '0.5000',
        quoteQuantity: '5.000000',
        takerSide: 'buy',
        bookSeq: 2,
      },
      {
        tradeId: 2,
        symbol: 'BTC-USDT',
        price: '10.00',
        quantity: '0.5000',
        quoteQuantity: '5.000000',
        takerSide: 'buy',
        bookSeq: 3,
      },
      {
        tradeId: 3,
        symbol: 'BTC-USDT',
        price: '10.00',
        quantity: '0.2500',
        quoteQuantity: '2.500000',
        takerSide: 'sell',
        bookSeq: 4,
      },
    ],
  );
  const times = trades.map(({ ts }) => ts);
  t.deepEqual(
    times,
    times.toSorted((a, b) => a - b),
  );

  for (let n = 0; n < 97; n += 1) await engine.placeOrder(limit(ALICE, 'sell', '0.0001', '9'));
  const ids = (options?: { fromId?: number; limit?: number }) =>
    engine.trades('BTC-USDT', options).map(({ tradeId }) => tradeId);
  t.deepEqual(ids({ limit: 1000 }), range(51, 100), 'the newest 50 are kept');
  t.deepEqual(ids({ limit: 3 }), [98, 99, 100], 'the newest, oldest first');
  t.deepEqual(ids({ fromId: 60, limit: 3 }), [60, 61, 62]);
  t.deepEqual(ids({ fromId: 99 }), [99, 100]);
  t.deepEqual(ids({ fromId: 1, limit: 2 }), [51, 52], 'what is forgotten is left out');
  t.deepEqual(ids({ fromId: 101 }), []);
});

inBothModes('open orders by account and by symbol', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode, 3));
  await engine.assets.create({ code: 'ETH', scale: 8 });
  await engine.symbols.create({
    name: 'ETH-USDT',
    base: 'ETH',
    quote: 'USDT',
    tickSize: '0.01',
    lotSize: '0.001',
  });
  const accounts = [1, 2, 3, 4, 5];
  const placed: { accountId: number; symbol: string; orderId: number }[] = [];
  for (const accountId of accounts) {
    await fund(engine, accountId, { USDT: '1000' });
    for (const symbol of ['BTC-USDT', 'ETH-USDT', 'BTC-USDT'])
      placed.push(await engine.placeOrder({ ...limit(accountId, 'buy', '1', '5'), symbol }));
  }
  const check = async (accountId?: number, symbol?: string) => {
    const filter = {
      ...(accountId === undefined ? {} : { accountId }),
      ...(symbol === undefined ? {} : { symbol }),
    };
    const expected = placed.filter(
      (order) =>
        (accountId === undefined || order.accountId === accountId) &&
        (symbol === undefined || order.symbol === symbol),
    );
    const orders = await engine.openOrders(filter);
    t.deepEqual(
      orders.map(({ orderId }) => orderId),
      idsOf(expected),
      `by ascending id ${JSON.stringify(filter)}`,
    );
  };
  await check();
  await check(3);
  await check(undefined, 'ETH-USDT');
  await check(4, 'BTC-USDT');
  const [gone] = placed.splice(4, 1);
  await engine.cancelOrder({ accountId: gone!.accountId, orderId: gone!.orderId });
  await check();
  await check(gone!.accountId);
  await check(undefined, gone!.symbol);
});

inBothModes('conservation and stats say what happened', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode, 2, 3));
  await fund(engine, ALICE, { USDT: '100' });
  await fund(engine, BOB, { BTC: '2' });
  await engine.accounts.withdraw({ accountId: ALICE, asset: 'USDT', amount: '10' });
  await engine.placeOrder(limit(ALICE, 'buy', '2', '30'));
  await engine.placeOrder(limit(BOB, 'sell', '1', '30'));
  await engine.placeOrder(limit(BOB, 'sell', '0.5', '40'));
  t.deepEqual(await engine.conservation(), [
    {
      asset: 'BTC',
      deposited: '2.00000000',
      withdrawn: '0.00000000',
      available: '1.50000000',
      frozen: '0.50000000',
      reserved: '0.50000000',
      held: '0.00000000',
      inTransfer: '0.00000000',
      feesAccrued: '0.00000000',
      holds: true,
    },
    {
      asset: 'USDT',
      deposited: '100.000000',
      withdrawn: '10.000000',
      available: '60.000000',
      frozen: '30.000000',
      reserved: '30.000000',
      held: '0.000000',
      inTransfer: '0.000000',
      feesAccrued: '0.000000',
      holds: true,
    },
  ]);
  const before = engine.stats();
  t.like(before, { mode, sequencers: 2, matchers: 3, busy: 0, halted: false });
  t.true(before.seq > 0 && before.commands >= 7);
  await refusal(() => engine.placeOrder(limit(ALICE, 'buy', '-1', '30')));
  await engine.accounts.balances(ALICE);
  const after = engine.stats();
  t.is(after.refusedAtEdge - before.refusedAtEdge, 1);
  t.is(after.commands - before.commands, 1);
  t.is(after.inFlight, 0);
});

inBothModes('two engines side by side know nothing of each other', async (t, mode) => {
  const [one, two] = [await openMarket(t, configFor(mode)), await openMarket(t, configFor(mode, 3))];
  await fund(one, ALICE, { USDT: '100' });
  await fund(two, ALICE, { USDT: '7' });
  const [first, second] = await Promise.all([
    one.placeOrder(limit(ALICE, 'buy', '1', '50')),
    two.placeOrder(limit(ALICE, 'buy', '1', '7')),
  ]);
  t.is(first.orderId, second.orderId, 'each numbers its own orders');
  t.is(await balanceLine(one, ALICE), 'USDT 50.000000+50.000000');
  t.is(await balanceLine(two, ALICE), 'USDT 0.000000+7.000000');
  await one.close();
  t.is((await two.cancelOrder({ accountId: ALICE, orderId: second.orderId })).status, 'CANCELED');
  await provesMoney(t, two, [ALICE]);
});

inBothModes('an engine with every default works', async (t, mode) => {
  const engine = await openMarket(t, mode === 'inline' ? { threads: 'inline' } : {});
  t.is(engine.stats().mode, mode);
  await fund(engine, ALICE, { USDT: '100' });
  t.is((await engine.placeOrder(limit(ALICE, 'buy', '1', 99.5))).status, 'NEW');
});

inBothModes(
  'calls of one tick happen in their order, with the values they were made with',
  async (t, mode) => {
    const engine = await openMarket(t, configFor(mode, 3));
    const deposited = engine.accounts.deposit({ accountId: ALICE, asset: 'USDT', amount: '10' });
    const request = { ...limit(ALICE, 'buy', '1', '4') };
    const placed = engine.placeOrder(request);
    Object.assign(request, { price: '9', side: 'sell', accountId: BOB, symbol: 'NOPE' });
    const withdrawn = engine.accounts.withdraw({ accountId: ALICE, asset: 'USDT', amount: '6' });
    const tooMuch = refusal(() => engine.accounts.withdraw({ accountId: ALICE, asset: 'USDT', amount: '1' }));
    t.is((await deposited).available, '10.000000');
    t.like(await placed, { status: 'NEW', side: 'buy', price: '4.00', accountId: ALICE });
    t.like(await withdrawn, { available: '0.000000', frozen: '4.000000' });
    t.is((await tooMuch).code, 'INSUFFICIENT_BALANCE');
  },
);

inBothModes('closed orders are remembered up to the limit', async (t, mode) => {
  const engine = await openMarket(t, { ...configFor(mode, 1), history: { closedOrders: 3 } });
  await fund(engine, ALICE, { USDT: '100' });
  const ids: number[] = [];
  for (let n = 0; n < 5; n += 1) {
    const { orderId } = await engine.placeOrder(limit(ALICE, 'buy', '1', '1'));
    await engine.cancelOrder({ accountId: ALICE, orderId });
    ids.push(orderId);
  }
  const known = await Promise.all(
    ids.map((id) =>
      engine.order(id).then(
        ({ status }) => status,
        (error: { code: string }) => error.code,
      ),
    ),
  );
  t.deepEqual(known, ['UNKNOWN_ORDER', 'UNKNOWN_ORDER', 'CANCELED', 'CANCELED', 'CANCELED']);
});

inBothModes('amounts far beyond 2^53 atoms are exact', async (t, mode) => {
  const engine = await open(t, configFor(mode));
  await engine.assets.create({ code: 'WEI', scale: 18 });
  await engine.assets.create({ code: 'USD', scale: 18 });
  await engine.symbols.create({
    name: 'WEI-USD',
    base: 'WEI',
    quote: 'USD',
    tickSize: '0.000000001',
    lotSize: '0.000000001',
    maxPrice: '100000',
    maxQuantity: '700000',
  });
  await fund(engine, ALICE, { WEI: '79228162514.264337593543950335' }); // 2^96 - 1 atoms
  await fund(engine, BOB, { USD: '79228162514.264337593543950335' });
  const order = {
    symbol: 'WEI-USD',
    type: 'limit',
    price: '99999.999999999',
    quantity: '699999.999999999',
  } as const;
  const ask = await engine.placeOrder({ ...order, accountId: ALICE, side: 'sell' });
  t.deepEqual(ask.reserved, { asset: 'WEI', amount: '699999.999999999000000000' });
  t.is(
    engine.book('WEI-USD', { cumulative: true }).asks[0]?.cumulativeQuote,
    '69999999999.999200000000000001',
  );
  const bid = await engine.placeOrder({ ...order, accountId: BOB, side: 'buy' });
  t.like(bid, {
    status: 'FILLED',
    filledQuantity: '699999.999999999',
    filledQuote: '69999999999.999200000000000001',
    averagePrice: '99999.9999999990000',
  });
  t.is(
    await balanceLine(engine, BOB),
    'WEI 699999.999999999000000000+0.000000000000000000, USD 9228162514.265137593543950334+0.000000000000000000',
  );
  const again = await engine.placeOrder({ ...order, accountId: ALICE, side: 'sell', price: '0.000000001' });
  t.deepEqual((await engine.order(again.orderId)).reserved, again.reserved);
  t.like(await engine.cancelOrder({ accountId: ALICE, orderId: again.orderId }), {
    canceledQuantity: '699999.999999999',
    released: { asset: 'WEI', amount: '699999.999999999000000000' },
  });
  await provesMoney(t, engine, [ALICE, BOB]);
});

inBothModes('answers of any size arrive whole', async (t, mode) => {
  const engine = await openMarket(t, configFor(mode, 2));
  await fund(engine, ALICE, { BTC: '100' });
  await fund(engine, BOB, { USDT: '100000' });
  const asks = Array.from({ length: 5000 }, (_, i) =>
    engine.placeOrder(limit(ALICE, 'sell', '0.01', 10 + (i % 7))),
  );
  await Promise.all(asks);
  t.is((await engine.openOrders()).length, 5000);
  t.is((await engine.openOrders({ accountId: ALICE })).length, 5000);
  // In the middle of small answers, one with 4,990 fills.
  const around = Array.from({ length: 20 }, () => engine.accounts.balances(ALICE));
  const sweep = engine.placeOrder(limit(BOB, 'buy', '49.90', '20'));
  around.push(...Array.from({ length: 20 }, () => engine.accounts.balances(ALICE)));
  const { fills, filledQuantity, status } = await sweep;
  t.deepEqual([fills.length, filledQuantity, status], [4990, '49.9000', 'FILLED']);
  t.deepEqual(
    fills.map(({ tradeId }) => tradeId),
    range(1, 4990),
  );
  t.is((await Promise.all(around)).length, 40);
  t.is((await engine.openOrders()).length, 10);
  t.is(engine.trades('BTC-USDT', { limit: 1000 }).length, 1000);
  await provesMoney(t, engine, [ALICE, BOB]);
});

for (const mode of MODES) {
  for (let shards = 1; shards <= 10; shards += 1) {
    test(`who has an answer finds its effects everywhere: ${shards} shards [${mode}]`, async (t) => {
      const engine = await openMarket(t, configFor(mode, shards, 11 - shards));
      const makers = Array.from({ length: 8 }, (_, i) => 100 + i);
      for (const maker of makers) await fund(engine, maker, { BTC: '1000' });
      await fund(engine, ALICE, { USDT: '1000000' });
      for (let n = 1; n <= 60; n += 1) {
        const maker = makers[n % makers.length]!;
        const ask = await engine.placeOrder(limit(maker, 'sell', '2', '10'));
        // The maker's own balance, order and book right after its answer.
        t.is(engine.book('BTC-USDT').seq, ask.bookSeq);
        t.is(engine.bbo('BTC-USDT').ask?.quantity, '2.0000');
        t.is((await engine.order(ask.orderId)).status, 'NEW');
        t.like((await engine.accounts.balances(maker, { asset: 'BTC' }))[0], { frozen: '2.00000000' });

        const bid = await engine.placeOrder(limit(ALICE, 'buy', '1', '12'));
        // Everybody's balances, orders, book and trades right after the taker's answer.
        t.is(engine.trades('BTC-USDT', { limit: 1 })[0]?.tradeId, bid.fills[0]?.tradeId);
        t.is(engine.bbo('BTC-USDT').ask?.quantity, '1.0000');
        const [own, theirs, order] = await Promise.all([
          engine.accounts.balances(ALICE),
          engine.accounts.balances(maker, { asset: 'BTC' }),
          engine.order(ask.orderId),
        ]);
        t.deepEqual(
          own.map(({ total }) => total),
          [`${n}.00000000`, `${1_000_000 - 10 * n}.000000`],
        );
        t.like(theirs[0], { frozen: '1.00000000' });
        t.like(order, { status: 'PARTIALLY_FILLED', filledQuantity: '1.0000' });

        await engine.cancelOrder({ accountId: maker, orderId: ask.orderId });
        t.is(engine.bbo('BTC-USDT').ask, null);
        t.like((await engine.accounts.balances(maker, { asset: 'BTC' }))[0], { frozen: '0.00000000' });
        t.deepEqual(await engine.openOrders(), []);
      }
      await provesMoney(t, engine, [ALICE, ...makers]);
    });
  }
}

test('several symbols and assets, one account on all of them, on every shard count', async (t) => {
  for (let shards = 1; shards <= 10; shards += 1) {
    const engine = await Engine.open(configFor('threaded', shards));
    await engine.assets.create({ code: 'USD', scale: 2 });
    for (let n = 0; n < 12; n += 1) {
      await engine.assets.create({ code: `A${n}`, scale: 0 });
      await engine.symbols.create({
        name: `A${n}-USD`,
        base: `A${n}`,
        quote: 'USD',
        tickSize: '0.01',
        lotSize: 1,
      });
    }
    await fund(engine, ALICE, { USD: 120 });
    const order = { accountId: ALICE, side: 'buy', type: 'limit', price: 1, quantity: 10 } as const;
    const placed = await Promise.all(
      Array.from({ length: 12 }, (_, n) => engine.placeOrder({ ...order, symbol: `A${n}-USD` })),
    );
    t.is(await balanceLine(engine, ALICE), 'USD 0.00+120.00');
    t.is(new Set(placed.map(({ orderId }) => orderId)).size, 12);
    for (let n = 0; n < 12; n += 1) t.is(sideLine(engine.book(`A${n}-USD`).bids), '10@1.00 (1)');
    await provesMoney(t, engine, [ALICE]);
    await engine.close();
  }
});
