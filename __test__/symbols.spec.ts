/** Symbols while they live: their status, their rules, what can be changed and what can't, and their end. */
import type { NewOrder, SymbolStatus } from '../index.ts';
import {
  ALICE,
  BOB,
  bookLine,
  BTC_USDT,
  CAROL,
  codeOf,
  conserves,
  inBothModes,
  leavesAlone,
  limit,
  market,
  marketByQuote,
  openDesk,
  refusal,
  standing,
  tradeAt,
  wallet,
} from './helpers.ts';

const NAME = 'BTC-USDT';

inBothModes('what a symbol takes in each status', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const orders: Record<string, NewOrder> = {
    limit: limit(ALICE, 'buy', '0.1', '90'),
    postOnly: { ...limit(ALICE, 'buy', '0.1', '90'), postOnly: true },
    market: market(ALICE, 'buy', '0.1'),
    stop: { ...limit(ALICE, 'sell', '0.1', '70'), type: 'stop_limit', triggerPrice: '80' },
    toMarket: {
      accountId: ALICE,
      symbol: NAME,
      side: 'sell',
      type: 'stop',
      triggerPrice: '80',
      quantity: '0.1',
    },
  };
  const answers: Record<string, [taken: string, refusedWith: string]> = {
    TRADING: ['limit postOnly market stop toMarket', ''],
    POST_ONLY: ['postOnly', 'SYMBOL_MODE_RESTRICTED'],
    LIMIT_ONLY: ['limit postOnly stop', 'SYMBOL_MODE_RESTRICTED'],
    CANCEL_ONLY: ['', 'SYMBOL_CANCEL_ONLY'],
    HALT: ['', 'SYMBOL_NOT_TRADING'],
  };
  for (const [status, [taken, code]] of Object.entries(answers)) {
    const change = await engine.symbols.setStatus(NAME, status as SymbolStatus);
    t.deepEqual([change.symbol.status, change.orders], [status as SymbolStatus, []]);
    for (const [what, order] of Object.entries(orders)) {
      const expected = taken.split(' ').includes(what) ? 'OK' : code;
      t.is(await codeOf(engine.placeOrder(order)), expected, `${what} while ${status}`);
    }
  }
});

inBothModes('a halt stops everything but cancels, and ends as if it had not been', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const bid = await engine.placeOrder(limit(ALICE, 'buy', '1', '90'));
  const other = await engine.placeOrder(limit(ALICE, 'buy', '1', '89'));
  for (const [status, code] of [
    ['HALT', 'SYMBOL_NOT_TRADING'],
    ['CANCEL_ONLY', 'SYMBOL_CANCEL_ONLY'],
  ] as const) {
    await engine.symbols.setStatus(NAME, status);
    await leavesAlone(t, engine, async () => {
      const { orderId } = bid;
      const calls = [
        () => engine.placeOrder(limit(BOB, 'sell', '1', '90')),
        () => engine.amendOrder({ accountId: ALICE, symbol: NAME, orderId, reduceBy: '0.5' }),
        () =>
          engine.cancelReplace({
            accountId: ALICE,
            cancel: { orderId },
            place: { symbol: NAME, side: 'buy', type: 'limit', price: '80', quantity: '1' },
          }),
        () => engine.testOrder(limit(BOB, 'sell', '1', '90')),
      ];
      for (const call of calls) {
        const error = await refusal(call);
        t.like(error, { code, details: { status } }, String(call));
      }
    });
  }
  await engine.cancelOrder({ accountId: ALICE, orderId: other.orderId });
  await engine.symbols.setStatus(NAME, 'TRADING');
  t.like(await engine.placeOrder(limit(BOB, 'sell', '1', '90')), { status: 'FILLED' });
  t.is(await standing(engine, bid.orderId), 'FILLED');
});

inBothModes('CLOSED is final, and needs the orders gone', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const { orderId } = await engine.placeOrder(limit(ALICE, 'buy', '1', '90'));
  await leavesAlone(t, engine, async () => {
    t.is(await codeOf(engine.symbols.setStatus(NAME, 'CLOSED')), 'SYMBOL_IN_USE');
    t.is(await codeOf(engine.symbols.setStatus(NAME, 'PRE_OPEN' as never)), 'NOT_SUPPORTED');
    t.is(await codeOf(engine.symbols.setStatus(NAME, 'OPEN' as never)), 'INVALID_REQUEST');
  });
  const closed = await engine.symbols.setStatus(NAME, 'CLOSED', { cancelOpen: true });
  t.deepEqual(closed.released, [{ asset: 'USDT', amount: '90.000000' }]);
  t.is(await standing(engine, orderId), 'CANCELED SYMBOL_CLOSED');
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100000+0');
  for (const status of ['TRADING', 'HALT', 'CANCEL_ONLY'] as const)
    t.is(await codeOf(engine.symbols.setStatus(NAME, status)), 'BAD_STATUS_TRANSITION');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '90'))), 'SYMBOL_NOT_TRADING');
});

inBothModes('a halt may take the orders with it', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const { orderId } = await engine.placeOrder(limit(ALICE, 'buy', '1', '90'));
  const { orders } = await engine.symbols.setStatus(NAME, 'HALT', { cancelOpen: true });
  t.deepEqual(
    orders.map((order) => order.orderId),
    [orderId],
  );
  t.is((await engine.order(orderId)).status, 'CANCELED');
  t.is(bookLine(engine), '|');
});

inBothModes('rules change while it trades, for orders from then on', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const resting = await engine.placeOrder(limit(ALICE, 'buy', '5', '90'));
  const rules = await engine.symbols.update(NAME, {
    maxQuantity: '2',
    minNotional: '10',
    maxNotional: '150',
    orderTypes: ['limit'],
    marketProtectionBps: 100,
  });
  t.like(rules, {
    maxQuantity: '2.0000',
    minNotional: '10.000000',
    maxNotional: '150.000000',
    orderTypes: ['limit'],
  });
  t.deepEqual(engine.symbols.get(NAME), rules);
  t.is(await standing(engine, resting.orderId), 'NEW', 'what rests is left alone');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '2.0001', '1'))), 'QTY_RANGE');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '9.99'))), 'NOTIONAL_RANGE');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '2', '75.01'))), 'NOTIONAL_RANGE');
  t.is(await codeOf(engine.placeOrder(market(ALICE, 'buy', '1'))), 'ORDER_TYPE_DISABLED');
  const back = await engine.symbols.update(NAME, {
    maxQuantity: null,
    maxNotional: null,
    orderTypes: null,
    minNotional: null,
  });
  t.like(back, { maxNotional: null, minNotional: '0.000000', marketProtectionBps: 100 });
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '5', '50'))), 'OK');
  t.is(await codeOf(engine.placeOrder(market(BOB, 'sell', '1'))), 'OK');
});

inBothModes('what a symbol is can not be changed', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await leavesAlone(t, engine, async () => {
    for (const patch of [
      { base: 'USDT' },
      { quote: 'BTC' },
      { tickSize: '0.1' },
      { lotSize: '0.1' },
      { feeMode: 'quote' },
    ]) {
      const error = await refusal(() => engine.symbols.update(NAME, patch as never));
      t.like(error, { code: 'IMMUTABLE_FIELD', number: 6005, field: Object.keys(patch)[0] });
    }
    t.is(await codeOf(engine.symbols.update(NAME, {})), 'NO_CHANGE');
    t.is(await codeOf(engine.symbols.update('NOPE', { maxAmends: 1 })), 'UNKNOWN_SYMBOL');
    t.is(await codeOf(engine.symbols.update(NAME, { minQuantity: '0.00005' })), 'QTY_LOT');
    t.is(await codeOf(engine.symbols.update(NAME, { sessionEnd: '24:00' })), 'INVALID_REQUEST');
  });
});

inBothModes('a symbol is removed when its orders are gone, and its name is free', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  await engine.placeOrder(limit(ALICE, 'buy', '1', '90'));
  const stop = {
    accountId: BOB,
    symbol: NAME,
    side: 'sell',
    type: 'stop',
    triggerPrice: '80',
    quantity: '2',
  } as const;
  const { orderId } = await engine.placeOrder(stop);
  t.is(await codeOf(engine.symbols.remove(NAME)), 'SYMBOL_IN_USE');
  const { orders, released } = await engine.symbols.remove(NAME, { force: true });
  t.is(orders.length, 2);
  t.deepEqual(released, [
    { asset: 'BTC', amount: '2.00000000' },
    { asset: 'USDT', amount: '90.000000' },
  ]);
  t.is(await standing(engine, orderId), 'CANCELED SYMBOL_CLOSED');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '90'))), 'UNKNOWN_SYMBOL');
  t.throws(() => engine.book(NAME), { code: 'UNKNOWN_SYMBOL' });
  t.is(await wallet(engine, BOB), 'BTC 100+0, USDT 100000+0');
  const again = await engine.symbols.create({ ...BTC_USDT, tickSize: '0.05', minPrice: '0.05' });
  t.is(again.id, 1);
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '90.01'))), 'PRICE_TICK');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '90.05'))), 'OK');
  await conserves(t, engine);
});

const BAND = { bidUp: 1000, bidDown: 5000, askUp: 2000, askDown: 100 };

inBothModes('limit prices stay within the band around the last price', async (t, mode) => {
  const engine = await openDesk(t, mode, { bandBps: BAND });
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '1'))), 'OK', 'no price, no band');
  await tradeAt(engine, '100.01');
  // 50 % down is 50.005, 10 % up 110.011, outwards to the tick: 50.00 to 110.02.
  const far = await refusal(() => engine.placeOrder(limit(ALICE, 'buy', '1', '49.99')));
  t.true(far.is('PRICE_BAND') && far.details.min === '50.00' && far.details.max === '110.02');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '110.03'))), 'PRICE_BAND');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '50'))), 'OK');
  // Sells: 99.0099 to 120.012.
  t.is(await codeOf(engine.placeOrder(limit(BOB, 'sell', '1', '98.99'))), 'PRICE_BAND');
  t.is(await codeOf(engine.placeOrder(limit(BOB, 'sell', '1', '99'))), 'OK');
  t.is(await codeOf(engine.placeOrder(limit(BOB, 'sell', '1', '120.03'))), 'PRICE_BAND');
  t.is(await codeOf(engine.placeOrder(market(BOB, 'sell', '1'))), 'OK', 'market orders have no price');
});

inBothModes('floor, cap and the reference price of the operator', async (t, mode) => {
  const engine = await openDesk(t, mode, { priceFloor: '50', priceCap: '200', referencePrice: '100' });
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '49.99'))), 'PRICE_BAND');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '200.01'))), 'PRICE_BAND');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '50'))), 'OK');
  await engine.symbols.update(NAME, { bandBps: BAND });
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'sell', '1', '98.99'))), 'PRICE_BAND');
  await engine.symbols.update(NAME, { applyToMarket: true, minNotional: '50' });
  t.is(await codeOf(engine.placeOrder(market(BOB, 'sell', '0.4999'))), 'NOTIONAL_RANGE', '49.99 at 100');
  t.is(await codeOf(engine.placeOrder(marketByQuote(BOB, 'sell', '49.99'))), 'NOTIONAL_RANGE');
  t.is(await codeOf(engine.placeOrder(market(BOB, 'sell', '0.5'))), 'OK');
});

inBothModes('the reference price as an average over minutes', async (t, mode) => {
  const engine = await openDesk(t, mode, { referenceMinutes: 2 });
  await tradeAt(engine, '100', '3');
  await engine.advance(60_000);
  await tradeAt(engine, '104', '1'); // (3 x 100 + 104) / 4 = 101, over this minute and the one before
  await engine.symbols.update(NAME, { bandBps: { ...BAND, bidUp: 0, bidDown: 0 } });
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '101'))), 'OK');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '104'))), 'PRICE_BAND');
  await engine.advance(60_000);
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '104'))), 'OK', 'the first minute is out');
});

inBothModes('limits per account: orders, conditional ones, icebergs, pairs, position', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  await engine.symbols.update(NAME, {
    maxOpenOrders: 4,
    maxOpenConditional: 1,
    maxIceberg: 1,
    maxOpenLists: 1,
    maxIcebergParts: 4,
    maxPosition: '103',
    marketMaxQuantity: '2',
    trailBps: { min: 50, max: 500 },
  });
  const stop = { ...limit(ALICE, 'sell', '1', '70'), type: 'stop_limit', triggerPrice: '80' } as const;
  const iceberg = { ...limit(ALICE, 'sell', '1', '150'), displayQuantity: '0.25' };
  t.like(await refusal(() => engine.placeOrder({ ...iceberg, displayQuantity: '0.2' })), {
    code: 'ICEBERG_PARTS',
    details: { max: 4, parts: 5 },
  });
  t.is(await codeOf(engine.placeOrder(iceberg)), 'OK');
  t.is(await codeOf(engine.placeOrder(iceberg)), 'TOO_MANY_OPEN_ORDERS');
  t.is(await codeOf(engine.placeOrder(stop)), 'OK');
  t.is(await codeOf(engine.placeOrder(stop)), 'TOO_MANY_OPEN_ORDERS');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '2', '90'))), 'OK');
  const position = await refusal(() => engine.placeOrder(limit(ALICE, 'buy', '1.0001', '90')));
  t.is(position.code, 'MAX_POSITION', '100 owned, 2 on order');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '90'))), 'OK');
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'sell', '1', '190'))), 'TOO_MANY_OPEN_ORDERS');
  t.is(await codeOf(engine.placeOrder(market(CAROL, 'sell', '2.0001'))), 'QTY_RANGE');
  const trailing = { ...stop, type: 'trailing_stop', triggerPrice: undefined, accountId: BOB } as const;
  t.like(await refusal(() => engine.placeOrder({ ...trailing, trailBps: 49 } as never)), {
    code: 'TRAILING_RANGE',
  });
  t.is(await codeOf(engine.placeOrder({ ...trailing, trailBps: 50 } as never)), 'OK');
  const pair = { accountId: CAROL, symbol: NAME, side: 'sell', quantity: '1' } as const;
  const legs = { limit: { price: '110' }, stop: { triggerPrice: '90' } };
  t.is(await codeOf(engine.placeOco({ ...pair, ...legs })), 'OK');
  t.is(await codeOf(engine.placeOco({ ...pair, ...legs })), 'TOO_MANY_OPEN_ORDERS');
});

inBothModes('assets: named, disabled, removed', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const euro = await engine.assets.create({ code: 'EUR', scale: 2, name: 'Euro' });
  t.deepEqual(euro, { id: 2, code: 'EUR', scale: 2, name: 'Euro', enabled: true });
  t.is(await codeOf(engine.assets.update('EUR', { scale: 3 } as never)), 'NO_CHANGE');
  const resting = await engine.placeOrder(limit(ALICE, 'buy', '1', '90'));
  await engine.assets.update('USDT', { enabled: false });
  await leavesAlone(t, engine, async () => {
    const money = { accountId: ALICE, asset: 'USDT', amount: '1' };
    t.is(await codeOf(engine.accounts.deposit(money)), 'ASSET_DISABLED');
    t.is(await codeOf(engine.accounts.withdraw(money)), 'ASSET_DISABLED');
    t.is(await codeOf(engine.accounts.transfer({ ...money, from: ALICE, to: BOB })), 'ASSET_DISABLED');
    t.is(await codeOf(engine.placeOrder(limit(BOB, 'sell', '1', '90'))), 'ASSET_DISABLED');
    t.is(await codeOf(engine.assets.remove('USDT')), 'ASSET_IN_USE');
  });
  await engine.cancelOrder({ accountId: ALICE, orderId: resting.orderId });
  await engine.assets.remove('EUR');
  t.throws(() => engine.assets.get('EUR'), { code: 'UNKNOWN_ASSET' });
});
