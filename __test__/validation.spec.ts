/** Which fault is named when a request has several: always the one that is looked at first. */
import { LightningError } from '../index.ts';
import type { Engine, NewOrder } from '../index.ts';
import {
  ALICE,
  BOB,
  codeOf,
  conserves,
  fund,
  HOUSE,
  inBothModes,
  leavesAlone,
  limit,
  openDesk,
  refusal,
  START,
  tradeAt,
} from './helpers.ts';

/** A fault: its code, and the words that have it. */
type Fault = readonly [code: string, words: Record<string, unknown>];

/**
 * Faults in the order of the checks, each in words that no later one takes back:
 * shape > requestId > symbol > status > combination > account > rate > clientOrderId > rules > band > limits >
 * post-only, trigger > funds.
 */
const SHAPE: Fault[] = [
  ['INVALID_REQUEST', { accountId: 0 }],
  ['MISSING_FIELD', { symbol: undefined }],
  ['INVALID_SIDE', { side: 'x' }],
  ['INVALID_ORDER_TYPE', { type: 'x' }],
  ['INVALID_TIF', { timeInForce: 'x' }],
];

const good = limit(ALICE, 'buy', '1', '99');

async function refusedWith(engine: Engine, words: object): Promise<string> {
  return codeOf(engine.placeOrder({ ...good, ...words } as NewOrder));
}

/** Everything goes wrong for this account at this symbol: see the test. */
async function openHostile(engine: Engine): Promise<void> {
  await tradeAt(engine, '100');
  await engine.placeOrder({ ...good, clientOrderId: 'mine', requestId: 10 });
  await engine.placeOrder(limit(BOB, 'sell', '1', '100.50'));
  await engine.accounts.setRateLimit(ALICE, { perSecond: 1, burst: 1 });
  await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '98'), timeInForce: 'IOC' }); // Takes the only token.
  await engine.symbols.update('BTC-USDT', {
    bandBps: { bidUp: 1000, bidDown: 1000, askUp: 1000, askDown: 1000 },
    maxOpenOrders: 1,
    orderTypes: ['limit', 'stop_limit'],
    minNotional: '10',
  });
}

/** Orders of which each has its own fault and every later one of the list. */
const FAULTS: Fault[] = [
  ['REQUEST_ID_CONFLICT', { requestId: 10, accountId: ALICE }], // An account's numbers are its own.
  ['UNKNOWN_SYMBOL', { symbol: 'NOPE' }],
  ['UNSUPPORTED_COMBINATION', { timeInForce: 'IOC', postOnly: true }],
  ['PRICE_TICK', { price: '200.001', quantity: '1.00001' }],
  ['QTY_LOT', { quantity: '1.00001', price: '200' }],
  ['NOTIONAL_RANGE', { quantity: '0.0001', price: '200' }],
  ['UNKNOWN_ACCOUNT', { accountId: 404, price: '200' }],
  ['RATE_LIMITED', { clientOrderId: 'mine', price: '200' }],
];

inBothModes('the shape of an order comes before everything else', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const rest = { symbol: 'NOPE', price: 'x', quantity: '-1', accountId: 404, requestId: 5 };
  await leavesAlone(t, engine, async () => {
    for (const [i, [code]] of SHAPE.entries()) {
      const words = SHAPE.slice(i).map(([, fault]) => fault);
      t.is(await refusedWith(engine, Object.assign({}, rest, ...words.toReversed())), code);
    }
  });
});

inBothModes('an order with many faults is refused for the first of them', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await openHostile(engine);
  await leavesAlone(t, engine, async () => {
    for (const [i, [code]] of FAULTS.entries()) {
      const words = FAULTS.slice(i).map(([, fault]) => fault);
      const order = Object.assign({}, ...words.toReversed()) as object;
      t.is(await refusedWith(engine, order), code, JSON.stringify(order));
    }
  });
});

inBothModes('account, rate, name, band, limits, price and funds, one after the other', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await openHostile(engine);
  // Named twice, outside the band, one order too many, crossing, and dearer than all that Alice has.
  const order = { clientOrderId: 'mine', price: '200', quantity: '999', postOnly: true };
  await leavesAlone(t, engine, async () => {
    await engine.accounts.setStatus(ALICE, 'SUSPENDED');
    t.is(await refusedWith(engine, order), 'ACCOUNT_SUSPENDED');
    await engine.accounts.setStatus(ALICE, 'CANCEL_ONLY');
    t.is(await refusedWith(engine, order), 'PERMISSION_DENIED');
    await engine.accounts.setStatus(ALICE, 'ACTIVE');
    t.is(await refusedWith(engine, order), 'RATE_LIMITED');
    await engine.accounts.setRateLimit(ALICE, null);
    t.is(await refusedWith(engine, order), 'DUPLICATE_CLIENT_ORDER_ID');
    const renamed = { ...order, clientOrderId: 'other' };
    const first = await refusedWith(engine, renamed);
    t.true(['TOO_MANY_OPEN_ORDERS', 'PRICE_BAND'].includes(first), first);
    const within = { ...renamed, price: '101' };
    t.is(await refusedWith(engine, within), 'TOO_MANY_OPEN_ORDERS');
  });
  await engine.symbols.update('BTC-USDT', { maxOpenOrders: null });
  await leavesAlone(t, engine, async () => {
    const renamed = { ...order, clientOrderId: 'other' };
    t.is(await refusedWith(engine, renamed), 'PRICE_BAND');
    const funds = { ...renamed, price: '101', postOnly: false };
    t.is(await refusedWith(engine, { ...funds, quantity: '1000' }), 'INSUFFICIENT_BALANCE');
    t.is(await refusedWith(engine, { ...funds, quantity: '1', postOnly: true }), 'POST_ONLY_WOULD_CROSS');
  });
  await conserves(t, engine);
});

inBothModes("a symbol's status comes before the account and the rules of the symbol", async (t, mode) => {
  const engine = await openDesk(t, mode);
  const bad = { accountId: 404, price: '99.001', timeInForce: 'IOC', postOnly: true };
  for (const [status, code] of [
    ['HALT', 'SYMBOL_NOT_TRADING'],
    ['CANCEL_ONLY', 'SYMBOL_CANCEL_ONLY'],
    ['LIMIT_ONLY', 'UNSUPPORTED_COMBINATION'],
  ] as const) {
    await engine.symbols.setStatus('BTC-USDT', status);
    t.is(await refusedWith(engine, bad), code, status);
    t.is(await refusedWith(engine, { ...bad, symbol: 'NOPE' }), 'UNKNOWN_SYMBOL', status);
    t.is(await refusedWith(engine, { ...bad, side: 'x' }), 'INVALID_SIDE', status);
  }
});

inBothModes('a pair, a cancel-replace and an amend look in the same order', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const { orderId } = await engine.placeOrder(good);
  const pair = { accountId: ALICE, symbol: 'BTC-USDT', side: 'sell', quantity: '1' } as const;
  const legs = { limit: { price: '110.001' }, stop: { triggerPrice: '100' } };
  const oco = (words: object) => codeOf(engine.placeOco({ ...pair, ...legs, ...words } as never));
  t.is(await oco({ side: 'x', accountId: 404, symbol: 'NOPE' }), 'INVALID_SIDE');
  t.is(await oco({ accountId: 404, symbol: 'NOPE' }), 'UNKNOWN_SYMBOL');
  t.is(await oco({ accountId: 404, timeInForce: 'IOC' }), 'UNSUPPORTED_COMBINATION');
  const onGrid = { limit: { price: '110' }, stop: { triggerPrice: '100' }, quantity: '200' };
  t.is(await oco({ ...onGrid, accountId: 404 }), 'UNKNOWN_ACCOUNT');
  t.is(await oco(onGrid), 'OCO_BAD_PRICES', 'before the funds');
  t.is(await oco({ ...onGrid, stop: { triggerPrice: '90' } }), 'INSUFFICIENT_BALANCE');

  const amend = (words: object) =>
    codeOf(engine.amendOrder({ accountId: ALICE, symbol: 'BTC-USDT', orderId, ...words } as never));
  t.is(await amend({ accountId: 404, symbol: 'NOPE', price: 'x' }), 'INVALID_DECIMAL');
  t.is(await amend({ accountId: 404, symbol: 'NOPE', price: '1' }), 'UNKNOWN_SYMBOL');
  t.is(await amend({ accountId: 404, orderId: 404, price: '98' }), 'UNKNOWN_ACCOUNT');
  t.is(await amend({ orderId: 404, price: '99' }), 'UNKNOWN_ORDER');
  t.is(await amend({ price: '99' }), 'NO_CHANGE');
  t.is(await amend({ quantity: '1000', price: '1000' }), 'INSUFFICIENT_BALANCE');
});

inBothModes('money: shape, asset, account, funds', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await fund(engine, 5, { USDT: 1 });
  await engine.accounts.setStatus(5, 'SUSPENDED');
  const withdraw = (words: object) =>
    codeOf(engine.accounts.withdraw({ accountId: 404, asset: 'NOPE', amount: 'x', ...words } as never));
  t.is(await withdraw({ accountId: 0 }), 'INVALID_REQUEST');
  t.is(await withdraw({}), 'INVALID_DECIMAL');
  t.is(await withdraw({ amount: '9' }), 'UNKNOWN_ASSET');
  t.is(await withdraw({ amount: '9', asset: 'USDT' }), 'UNKNOWN_ACCOUNT');
  t.is(await withdraw({ amount: '9', asset: 'USDT', accountId: 5 }), 'ACCOUNT_SUSPENDED');
  t.is(await withdraw({ amount: '900000000', asset: 'USDT', accountId: HOUSE }), 'INSUFFICIENT_BALANCE');
});

inBothModes('validUntil and expireAt: in words first, then by the clock', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const late = { validUntil: START - 1 };
  t.is(await refusedWith(engine, { ...late, accountId: 404, price: '99.001' }), 'PRICE_TICK');
  const answer = await refusedWith(engine, { ...late, quantity: '999', price: '1000' });
  t.is(answer, 'STALE_REQUEST', 'before the funds');
});

inBothModes('values of wrong types are named, nested ones with their path', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const place = (fields: object) =>
    refusal(() => engine.placeOrder({ ...limit(ALICE, 'buy', '1', '90'), ...fields } as never));
  const cases: [object, string, string][] = [
    [{ postOnly: 1 }, 'INVALID_REQUEST', 'postOnly'],
    [{ stp: 'MAYBE' }, 'INVALID_REQUEST', 'stp'],
    [{ clientOrderId: 5 }, 'INVALID_REQUEST', 'clientOrderId'],
    [{ clientOrderId: 'no good' }, 'INVALID_CLIENT_ORDER_ID', 'clientOrderId'],
    [{ clientOrderId: '\ud800' }, 'INVALID_CLIENT_ORDER_ID', 'clientOrderId'],
    [{ requestId: Number.NaN }, 'INVALID_REQUEST', 'requestId'],
    [{ fees: { makerPpm: 'much', takerPpm: 0 } }, 'INVALID_REQUEST', 'fees.makerPpm'],
    [{ timeInForce: 'SOON', requestId: 3 }, 'INVALID_TIF', 'timeInForce'],
    [{ side: 3, requestId: 3 }, 'INVALID_SIDE', 'side'],
    [{ price: '9'.repeat(60), requestId: 3 }, 'NUMBER_OVERFLOW', 'price'],
  ];
  for (const [fields, code, field] of cases)
    t.like(await place(fields), { code, field }, JSON.stringify(fields));
  const patch = await refusal(() => engine.symbols.update('BTC-USDT', { bandBps: { bidUp: '1' } } as never));
  t.like(patch, { code: 'INVALID_REQUEST', field: 'bandBps.bidUp' });
  t.true(patch instanceof LightningError);
});
