/** Stops, take-profits, trailing stops and pairs: what they wait for, what they reserve, and what becomes of them. */
import type { NewOco, NewOrder } from '../index.ts';
import {
  ALICE,
  BOB,
  bookLine,
  CAROL,
  conserves,
  fillLine,
  inBothModes,
  leavesAlone,
  limit,
  openDesk,
  provesMoney,
  refusal,
  standing,
  tradeAt,
  wallet,
} from './helpers.ts';

const alices = { accountId: ALICE, symbol: 'BTC-USDT', quantity: '1' } as const;

inBothModes('a stop sells at market when the price falls to its trigger', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const stop = await engine.placeOrder({ ...alices, side: 'sell', type: 'stop', triggerPrice: '95' });
  t.like(stop, { status: 'PENDING_TRIGGER', triggerPrice: '95.00', price: null, timeInForce: 'IOC' });
  t.is(await wallet(engine, ALICE), 'BTC 99+1, USDT 100000+0');
  t.is(bookLine(engine), '|', 'it is in no book');
  await engine.placeOrder(limit(CAROL, 'buy', '5', '90'));
  await tradeAt(engine, '95.01');
  t.is(await standing(engine, stop.orderId), 'PENDING_TRIGGER');
  await tradeAt(engine, '95');
  t.like(await engine.order(stop.orderId), { status: 'FILLED', type: 'stop', averagePrice: '90.000000' });
  t.is(await wallet(engine, ALICE), 'BTC 99+0, USDT 100090+0');
  t.is(bookLine(engine), '4@90 |');
  await provesMoney(t, engine, [ALICE, CAROL]);
});

inBothModes('a stop buy spends its budget, and what it does not need is free', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const stop = { ...alices, side: 'buy', type: 'stop', triggerPrice: '105' } as const;
  t.like(await refusal(() => engine.placeOrder(stop as never)), { code: 'MISSING_FIELD', field: 'maxQuote' });
  const enough = await engine.placeOrder({ ...stop, maxQuote: '200' });
  const scarce = await engine.placeOrder({ ...stop, maxQuote: '55' });
  const { quantity: _quantity, ...byQuote } = stop;
  const money = await engine.placeOrder({ ...byQuote, quoteQuantity: '33' });
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 99712+288');
  await tradeAt(engine, '104');
  await engine.placeOrder(limit(CAROL, 'sell', '5', '110'));
  await engine.placeOrder(limit(CAROL, 'sell', '0.1', '105'));
  await engine.placeOrder(limit(BOB, 'buy', '0.1', '105'));
  t.like(await engine.order(enough.orderId), { status: 'FILLED', filledQuote: '110.000000' });
  t.like(await engine.order(scarce.orderId), {
    status: 'EXPIRED',
    reason: 'BUDGET_EXHAUSTED',
    filledQuantity: '0.5000',
  });
  t.like(await engine.order(money.orderId), { status: 'FILLED', filledQuantity: '0.3000' });
  t.is(await wallet(engine, ALICE), 'BTC 101.8+0, USDT 99802+0'); // 110 + 55 + 33
  await conserves(t, engine);
});

inBothModes(
  'a stop-limit becomes a limit order, whose time in force counts from then on',
  async (t, mode) => {
    const engine = await openDesk(t, mode);
    await tradeAt(engine, '100');
    const stop = { ...alices, side: 'sell', type: 'stop_limit', triggerPrice: '95' } as const;
    const rests = await engine.placeOrder({ ...stop, price: '94' });
    const gone = await engine.placeOrder({ ...stop, price: '94.50', timeInForce: 'IOC' });
    const whole = await engine.placeOrder({ ...stop, price: '94.40', timeInForce: 'FOK' });
    const sliced = await engine.placeOrder({ ...stop, price: '96', displayQuantity: '0.25' });
    await engine.placeOrder(limit(CAROL, 'buy', '0.4', '94.80'));
    // The trade at 95 is made over the top of Carol's bid.
    await tradeAt(engine, '95');
    // All are due at once, in the order of their ids: the first takes all that Carol wants.
    t.like(await engine.order(rests.orderId), { status: 'PARTIALLY_FILLED', averagePrice: '94.800000' });
    t.is(await standing(engine, gone.orderId), 'EXPIRED IOC_REMAINDER');
    t.is(await standing(engine, whole.orderId), 'EXPIRED FOK_UNFILLABLE');
    t.is(await standing(engine, sliced.orderId), 'NEW');
    t.is(bookLine(engine), '| 0.6@94 0.25@96');
    t.is(await wallet(engine, ALICE), 'BTC 98+1.6, USDT 100037.92+0'); // 0.4 x 94.80
  },
);

inBothModes('take-profits wait for the price to move in favor', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const sell = await engine.placeOrder({ ...alices, side: 'sell', type: 'take_profit', triggerPrice: '110' });
  const buy = await engine.placeOrder({
    ...alices,
    side: 'buy',
    type: 'take_profit_limit',
    triggerPrice: '90',
    price: '91',
  });
  t.is(await wallet(engine, ALICE), 'BTC 99+1, USDT 99909+91');
  await engine.placeOrder(limit(CAROL, 'buy', '1', '89'));
  await tradeAt(engine, '110');
  t.like(await engine.order(sell.orderId), { status: 'FILLED', filledQuote: '89.000000' });
  // That trade, at 89, was the last one: the buy is due now, and rests at its limit.
  t.like(await engine.order(buy.orderId), { status: 'NEW', price: '91.00' });
  t.is(bookLine(engine), '1@91 |');
});

inBothModes('a trigger that is reached already is refused, and one without a last price', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const stops: NewOrder[] = [
    { ...alices, side: 'sell', type: 'stop', triggerPrice: '100' },
    { ...alices, side: 'buy', type: 'stop', triggerPrice: '100', maxQuote: '500' },
    { ...alices, side: 'sell', type: 'take_profit', triggerPrice: '100' },
    { ...alices, side: 'buy', type: 'take_profit_limit', triggerPrice: '100', price: '100' },
  ];
  for (const stop of stops) t.is((await refusal(() => engine.placeOrder(stop))).code, 'NO_REFERENCE_PRICE');
  await tradeAt(engine, '100');
  await leavesAlone(t, engine, async () => {
    for (const stop of stops) {
      const error = await refusal(() => engine.placeOrder(stop));
      t.true(error.is('WOULD_TRIGGER_IMMEDIATELY') && error.details.lastPrice === '100.00', error.message);
    }
  });
});

inBothModes('a trailing stop follows the best price, and never goes back', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const sell = await engine.placeOrder({ ...alices, side: 'sell', type: 'trailing_stop', trailBps: 1000 });
  const buy = await engine.placeOrder({
    ...alices,
    side: 'buy',
    type: 'trailing_stop',
    trailAmount: '25',
    price: '50',
  });
  t.like(sell, { status: 'PENDING_TRIGGER', trailBps: 1000 });
  t.like(buy, { status: 'PENDING_TRIGGER', trailAmount: '25.00', reserved: { amount: '50.000000' } });
  await tradeAt(engine, '120'); // Now the sell waits for 108, the buy still for 125.
  await tradeAt(engine, '110');
  await tradeAt(engine, '108.01');
  t.is(await standing(engine, sell.orderId), 'PENDING_TRIGGER');
  await tradeAt(engine, '108');
  t.is(await standing(engine, sell.orderId), 'EXPIRED INSUFFICIENT_LIQUIDITY', 'nobody buys');
  await tradeAt(engine, '70'); // Now the buy waits for 95.
  await tradeAt(engine, '94.99');
  t.is(await standing(engine, buy.orderId), 'PENDING_TRIGGER');
  await tradeAt(engine, '95');
  t.is(await standing(engine, buy.orderId), 'NEW');
  t.is(bookLine(engine), '1@50 |');
});

inBothModes('a trailing stop with an activation price begins there', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const { orderId } = await engine.placeOrder({
    ...alices,
    side: 'sell',
    type: 'trailing_stop',
    trailAmount: '5',
    activationPrice: '110',
  });
  for (const price of ['109.99', '90', '110', '105.01']) {
    await tradeAt(engine, price);
    t.is(await standing(engine, orderId), 'PENDING_TRIGGER', price);
  }
  await tradeAt(engine, '105');
  t.is(await standing(engine, orderId), 'EXPIRED INSUFFICIENT_LIQUIDITY');
});

inBothModes('one trade may set off another: a cascade is one command', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const stop = { ...alices, side: 'sell', type: 'stop' } as const;
  const far = await engine.placeOrder({ ...stop, triggerPrice: '85' });
  const near = await engine.placeOrder({ ...stop, triggerPrice: '95' });
  const never = await engine.placeOrder({ ...stop, triggerPrice: '70' });
  for (const price of ['90', '85', '80']) await engine.placeOrder(limit(CAROL, 'buy', '0.5', price));
  const { seq } = engine.book('BTC-USDT');
  await tradeAt(engine, '95');
  t.is(engine.book('BTC-USDT').seq, seq + 2, 'the ask of the house, and what took it');
  // The nearer one trades at 90 and 85, that sets off the other, which gets the 80 and no more.
  t.like(await engine.order(near.orderId), { status: 'FILLED', filledQuote: '87.500000' });
  t.like(await engine.order(far.orderId), {
    status: 'EXPIRED',
    reason: 'INSUFFICIENT_LIQUIDITY',
    filledQuote: '40.000000',
  });
  t.is(await standing(engine, never.orderId), 'PENDING_TRIGGER');
  t.is(await wallet(engine, ALICE), 'BTC 97.5+1, USDT 100127.5+0');
});

inBothModes('a market stop is rejected while the symbol takes limits only', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const { orderId } = await engine.placeOrder({ ...alices, side: 'sell', type: 'stop', triggerPrice: '95' });
  await engine.symbols.setStatus('BTC-USDT', 'LIMIT_ONLY');
  await tradeAt(engine, '95');
  t.is(await standing(engine, orderId), 'EXPIRED TRIGGER_REJECTED');
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100000+0');
});

const PAIR = {
  ...alices,
  side: 'sell',
  limit: { price: '110', clientOrderId: 'up' },
  stop: { triggerPrice: '95', price: '94', clientOrderId: 'down' },
} as const satisfies NewOco;

inBothModes('a pair reserves once; a fill of its limit closes its stop', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const pair = await engine.placeOco(PAIR);
  t.like(pair.limit, {
    status: 'NEW',
    listId: pair.listId,
    reserved: { asset: 'BTC', amount: '1.00000000' },
  });
  t.like(pair.stop, { status: 'PENDING_TRIGGER', reserved: { amount: '0.00000000' } });
  t.like(await engine.orderByClientId(ALICE, 'down'), { siblingOrderId: pair.limit.orderId });
  t.is((await engine.accounts.get(ALICE)).openOrders, 2);
  t.is(await wallet(engine, ALICE), 'BTC 99+1, USDT 100000+0');
  await engine.placeOrder(limit(BOB, 'buy', '0.4', '110'));
  t.is(await standing(engine, pair.limit.orderId), 'PARTIALLY_FILLED');
  t.is(await standing(engine, pair.stop.orderId), 'CANCELED OCO_SIBLING');
  t.is(await wallet(engine, ALICE), 'BTC 99+0.6, USDT 100044+0');
});

inBothModes('the stop of a pair takes over the reservation when it is triggered', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const pair = await engine.placeOco(PAIR);
  await tradeAt(engine, '95');
  t.is(await standing(engine, pair.limit.orderId), 'CANCELED OCO_SIBLING');
  t.like(await engine.order(pair.stop.orderId), { status: 'NEW', reserved: { amount: '1.00000000' } });
  t.is(bookLine(engine), '| 1@94');
  await engine.cancelOrder({ accountId: ALICE, orderId: pair.stop.orderId });
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100000+0');
});

inBothModes('a pair that buys reserves what the dearer leg needs', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const buy = {
    ...alices,
    side: 'buy',
    limit: { price: '90' },
    stop: { triggerPrice: '105', maxQuote: '120' },
  };
  const pair = await engine.placeOco(buy as NewOco);
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 99880+120');
  await engine.placeOrder(limit(BOB, 'sell', '0.5', '90'));
  t.is(await wallet(engine, ALICE), 'BTC 100.5+0, USDT 99910+45', 'now only the rest of the limit order');
  t.is(await standing(engine, pair.stop.orderId), 'CANCELED OCO_SIBLING');
});

inBothModes('whatever closes a leg closes the other; only less of both can be amended', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const first = await engine.placeOco(PAIR);
  const canceled = await engine.cancelOrder({ accountId: ALICE, orderId: first.stop.orderId });
  t.is(canceled.siblingOrderId, first.limit.orderId);
  t.is(await standing(engine, first.stop.orderId), 'CANCELED USER');
  t.is(await standing(engine, first.limit.orderId), 'CANCELED OCO_SIBLING');
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100000+0');

  const { limit: leg, stop } = await engine.placeOco(PAIR);
  const amend = { accountId: ALICE, symbol: 'BTC-USDT', orderId: leg.orderId } as const;
  await leavesAlone(t, engine, async () => {
    for (const change of [{ price: '111' }, { quantity: '2' }] as const)
      t.is((await refusal(() => engine.amendOrder({ ...amend, ...change }))).code, 'AMEND_NOT_ALLOWED');
  });
  await engine.amendOrder({ ...amend, quantity: '0.7' });
  t.like(await engine.order(stop.orderId), { quantity: '0.7000', openQuantity: '0.7000' });
  t.is(await wallet(engine, ALICE), 'BTC 99.3+0.7, USDT 100000+0');
});

inBothModes('a pair on the wrong sides of the price, or in the wrong words, is refused', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const code = async (change: object) =>
    (await refusal(() => engine.placeOco({ ...PAIR, ...change } as NewOco))).code;
  t.is(await code({}), 'NO_REFERENCE_PRICE');
  await tradeAt(engine, '100');
  await leavesAlone(t, engine, async () => {
    t.is(await code({ limit: { price: '100' } }), 'OCO_BAD_PRICES');
    t.is(await code({ stop: { triggerPrice: '100' } }), 'OCO_BAD_PRICES');
    t.is(await code({ side: 'buy', stop: { triggerPrice: '95', maxQuote: '100' } }), 'OCO_BAD_PRICES');
    t.is(await code({ timeInForce: 'IOC' }), 'UNSUPPORTED_COMBINATION');
    t.is(await code({ stop: undefined }), 'MISSING_FIELD');
    t.is(await code({ stop: { triggerPrice: '95', clientOrderId: 'up' } }), 'CONFLICTING_FIELDS');
    t.is(await code({ quantity: '101' }), 'INSUFFICIENT_BALANCE');
  });
});

inBothModes('stops of many accounts go off together, and every atom is accounted for', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  for (const accountId of [ALICE, BOB, CAROL]) {
    const stop = { accountId, symbol: 'BTC-USDT', side: 'sell', quantity: '1', type: 'stop' } as const;
    for (const triggerPrice of ['99', '98', '97']) await engine.placeOrder({ ...stop, triggerPrice });
  }
  await engine.placeOrder(limit(90, 'buy', '20', '96'));
  await tradeAt(engine, '99');
  t.deepEqual(await engine.openOrders({ accountId: ALICE }), []);
  t.is(fillLine(engine.trades('BTC-USDT', { limit: 9 })), Array(9).fill('1@96').join(' '));
  for (const accountId of [ALICE, BOB, CAROL])
    t.is(await wallet(engine, accountId), 'BTC 97+0, USDT 100288+0');
  await conserves(t, engine);
});
