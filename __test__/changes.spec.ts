/** What can be done with orders that are there: cancel, amend, replace, cancel many; and batches. */
import type {
  AmendRequest,
  BatchItem,
  ErrorCode,
  LightningError,
  ReplaceError,
  ReplaceRequest,
} from '../index.ts';
import {
  ALICE,
  BOB,
  bookLine,
  CAROL,
  conserves,
  fillLine,
  HOUSE,
  inBothModes,
  leavesAlone,
  limit,
  openDesk,
  plain,
  refusal,
  standing,
  START,
  tradeAt,
  wallet,
} from './helpers.ts';

const onDesk = { accountId: ALICE, symbol: 'BTC-USDT' } as const;

inBothModes('a cancel, by either name, and only in a certain state', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const { orderId } = await engine.placeOrder({ ...limit(ALICE, 'buy', '2', '90'), clientOrderId: 'a.1' });
  await engine.placeOrder(limit(BOB, 'sell', '0.5', '90'));
  await leavesAlone(t, engine, async () => {
    const untouched = await refusal(() => engine.cancelOrder({ accountId: ALICE, orderId, onlyIf: 'NEW' }));
    t.is(untouched.code, 'CANCEL_RESTRICTED');
    t.is((await refusal(() => engine.cancelOrder({ accountId: BOB, orderId }))).code, 'UNKNOWN_ORDER');
  });
  const canceled = await engine.cancelOrder({
    accountId: ALICE,
    clientOrderId: 'a.1',
    onlyIf: 'PARTIALLY_FILLED',
  });
  t.like(canceled, {
    orderId,
    canceledQuantity: '1.5000',
    released: { asset: 'USDT', amount: '135.000000' },
  });
  t.is(await wallet(engine, ALICE), 'BTC 100.5+0, USDT 99955+0');
  const closed = await refusal(() => engine.cancelOrder({ accountId: ALICE, orderId }));
  t.true(closed.is('ORDER_ALREADY_CLOSED') && closed.details.reason === 'USER');
  const again = await refusal(() => engine.cancelOrder({ accountId: ALICE, clientOrderId: 'a.1' }));
  t.is(again.code, 'UNKNOWN_ORDER', 'a closed order has no client order id');
  await engine.placeOrder({ ...limit(ALICE, 'buy', '2', '90'), clientOrderId: 'a.1' });
});

inBothModes('an amend to less keeps the place in the queue and frees the difference', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const { orderId } = await engine.placeOrder(limit(ALICE, 'buy', '2', '90'));
  await engine.placeOrder(limit(CAROL, 'buy', '1', '90'));
  await engine.placeOrder(limit(BOB, 'sell', '0.5', '90'));
  const less = await engine.amendOrder({ ...onDesk, orderId, reduceBy: '0.5' });
  t.like(less, { priorityKept: true, quantity: '1.5000', doneBefore: '0.5000', openQuantity: '1.0000' });
  t.is(await wallet(engine, ALICE), 'BTC 100.5+0, USDT 99865+90'); // 45 paid, 90 reserved
  await engine.placeOrder(limit(BOB, 'sell', '0.5', '90'));
  t.like(await engine.order(orderId), { filledQuantity: '1.0000' }, 'still ahead of Carol');
  await engine.amendOrder({ ...onDesk, orderId, quantity: '1.2' });
  t.is(await wallet(engine, ALICE), 'BTC 101+0, USDT 99892+18');
});

inBothModes(
  'an amend to more, or to another price, goes to the back, and trades if it crosses',
  async (t, mode) => {
    const engine = await openDesk(t, mode);
    const { orderId } = await engine.placeOrder(limit(ALICE, 'sell', '1', '100'));
    await engine.placeOrder(limit(CAROL, 'sell', '1', '100'));
    await engine.placeOrder(limit(CAROL, 'buy', '0.4', '95'));
    const more = await engine.amendOrder({ ...onDesk, orderId, quantity: '1.5' });
    t.like(more, { priorityKept: false, orderId, reserved: { amount: '1.50000000' }, status: 'NEW' });
    t.is((await engine.placeOrder(limit(BOB, 'buy', '1', '100'))).status, 'FILLED');
    t.is(await standing(engine, orderId), 'NEW', 'Carol was ahead');
    const lower = await engine.amendOrder({ ...onDesk, orderId, price: '94' });
    t.is(fillLine(lower.fills), '0.4@95');
    t.like(lower, {
      status: 'PARTIALLY_FILLED',
      price: '94.00',
      filledQuantity: '0.4000',
      openQuantity: '1.1000',
    });
    t.is(bookLine(engine), '| 1.1@94');
    t.is(await wallet(engine, ALICE), 'BTC 98.5+1.1, USDT 100038+0');
    // It meets itself no more than others do: Alice's own bid ends the amended order.
    await engine.placeOrder(limit(ALICE, 'buy', '1', '93'));
    t.like(await engine.amendOrder({ ...onDesk, orderId, price: '93' }), {
      status: 'EXPIRED',
      reason: 'STP',
    });
    await conserves(t, engine);
  },
);

inBothModes(
  'an order can be amended again, and canceled, before the first answer is there',
  async (t, mode) => {
    const engine = await openDesk(t, mode);
    await engine.placeOrder(limit(BOB, 'sell', '0.5', '95'));
    const my = { ...onDesk, clientOrderId: 'quote' };
    const placed = engine.placeOrder({ ...limit(ALICE, 'buy', '2', '90'), clientOrderId: 'quote' });
    const amends = [
      { price: '92' },
      { reduceBy: '0.5' },
      { price: '92' }, // NO_CHANGE
      { price: '95', quantity: '3' },
      { price: '93' },
      { quantity: '1' },
    ].map((change) => engine.amendOrder({ ...my, ...change }).catch((error: LightningError) => error.code));
    const canceled = engine.cancelOrder({ accountId: ALICE, clientOrderId: 'quote' });
    const said = (await Promise.all(amends)).map((result) =>
      typeof result === 'string'
        ? result
        : `${result.quantity} @ ${result.price}, ${result.reserved.amount}: ${fillLine(result.fills)}`,
    );
    t.deepEqual(said, [
      '2.0000 @ 92.00, 184.000000: ',
      '1.5000 @ 92.00, 138.000000: ',
      'NO_CHANGE',
      '3.0000 @ 95.00, 237.500000: 0.5@95',
      '3.0000 @ 93.00, 232.500000: ',
      '1.0000 @ 93.00, 46.500000: ',
    ]);
    t.like(await placed, { status: 'NEW', price: '90.00' });
    t.like(await canceled, { canceledQuantity: '0.5000', released: { asset: 'USDT', amount: '46.500000' } });
    await conserves(t, engine);
  },
);

inBothModes('an amend that is refused leaves the order as it was', async (t, mode) => {
  const engine = await openDesk(t, mode, { maxAmends: 1 });
  await engine.accounts.withdraw({ accountId: ALICE, asset: 'USDT', amount: '50000' });
  const { orderId } = await engine.placeOrder({ ...limit(ALICE, 'buy', '2', '90'), postOnly: true });
  await engine.placeOrder(limit(BOB, 'sell', '1', '90'));
  await engine.placeOrder(limit(BOB, 'sell', '1', '100'));
  const refused: [ErrorCode, Partial<AmendRequest>][] = [
    ['MISSING_FIELD', {}],
    ['CONFLICTING_FIELDS', { quantity: '1', reduceBy: '1' } as never],
    ['PRICE_TICK', { price: '90.001' }],
    ['QTY_LOT', { quantity: '1.00001' }],
    ['UNKNOWN_ORDER', { orderId: 10 ** 9, price: '91' }],
    ['NO_CHANGE', { price: '90', quantity: '2' }],
    ['QTY_BELOW_FILLED', { quantity: '1' }],
    ['QTY_BELOW_FILLED', { reduceBy: '1' }],
    ['POST_ONLY_WOULD_CROSS', { price: '100' }],
    ['INSUFFICIENT_BALANCE', { price: '99', quantity: '999' }],
  ];
  await leavesAlone(t, engine, async () => {
    for (const [code, change] of refused) {
      const request = { ...onDesk, orderId, ...change } as AmendRequest;
      t.is((await refusal(() => engine.amendOrder(request))).code, code, JSON.stringify(change));
    }
  });
  await engine.amendOrder({ ...onDesk, orderId, price: '91' });
  const often = await refusal(() => engine.amendOrder({ ...onDesk, orderId, price: '92' }));
  t.like(often, { code: 'TOO_MANY_AMENDS', details: { max: 1 } });
});

inBothModes('a conditional order changes where it waits', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const { orderId } = await engine.placeOrder({
    ...limit(ALICE, 'buy', '1', '106'),
    type: 'stop_limit',
    triggerPrice: '105',
  });
  t.like(await engine.amendOrder({ ...onDesk, orderId, price: '107', quantity: '2' }), {
    status: 'PENDING_TRIGGER',
    reserved: { amount: '214.000000' },
  });
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 99786+214');
});

const NEXT = { symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '999', quantity: '100' } as const;
const DEAR = { ...NEXT, price: '1001' } as const;

inBothModes('a replace may spend what the old order frees, in each mode', async (t, mode) => {
  const engine = await openDesk(t, mode);
  for (const how of ['STOP_ON_FAILURE', 'ALLOW_FAILURE', 'ATOMIC'] as const) {
    const { orderId } = await engine.placeOrder(limit(ALICE, 'buy', '100', '998'));
    const replaced = await engine.cancelReplace({
      accountId: ALICE,
      cancel: { orderId },
      place: NEXT,
      mode: how,
    });
    t.like(replaced.canceled, { orderId, status: 'CANCELED', released: { amount: '99800.000000' } });
    t.like(replaced.placed, { status: 'NEW', price: '999.00' });
    t.is(await standing(engine, orderId), 'CANCELED REPLACED');
    t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100+99900');
    await engine.cancelAll({ accountId: ALICE });
  }
});

/** A half of a replace in a word; of an atomic one that failed for the other half it is `REPLACE_FAILED`. */
function word(half: BatchItem<unknown> | null): string {
  return half === null ? 'none' : half.ok ? 'ok' : half.error.code;
}

/** The code of a failed replace, and what came of its halves. */
async function failure(call: () => Promise<unknown>): Promise<string> {
  const error = (await refusal(call)) as ReplaceError;
  return `${error.code}: ${word(error.details.cancel)}, ${word(error.details.place)}`;
}

inBothModes('a replace of which a half fails', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const request = (orderId: number, how: ReplaceRequest['mode'], place: ReplaceRequest['place']) => () =>
    engine.cancelReplace({ accountId: ALICE, cancel: { orderId }, place, mode: how! });
  const old = async () => (await engine.placeOrder(limit(ALICE, 'buy', '1', '90'))).orderId;

  const first = await old();
  await leavesAlone(t, engine, async () => {
    t.is(
      await failure(request(first, 'ATOMIC', DEAR)),
      'REPLACE_FAILED: REPLACE_FAILED, INSUFFICIENT_BALANCE',
    );
    t.is(await failure(request(999, 'ATOMIC', NEXT)), 'REPLACE_FAILED: UNKNOWN_ORDER, none');
    t.is(await failure(request(999, 'STOP_ON_FAILURE', NEXT)), 'REPLACE_FAILED: UNKNOWN_ORDER, none');
    const both = 'REPLACE_FAILED: UNKNOWN_ORDER, INSUFFICIENT_BALANCE';
    t.is(await failure(request(999, 'ALLOW_FAILURE', DEAR)), both);
  });
  const half = 'REPLACE_PARTIALLY_FAILED: ok, INSUFFICIENT_BALANCE';
  t.is(await failure(request(first, 'STOP_ON_FAILURE', DEAR)), half);
  t.is(await standing(engine, first), 'CANCELED USER', 'the cancel stands');
  const second = await old();
  t.is(await failure(request(second, 'ALLOW_FAILURE', DEAR)), half);
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100000+0');
  const placed = 'REPLACE_PARTIALLY_FAILED: ORDER_ALREADY_CLOSED, ok';
  t.is(await failure(request(second, 'ALLOW_FAILURE', NEXT)), placed);
  t.is(bookLine(engine), '100@999 |', 'what came stands');
});

inBothModes('an atomic replace judges the new order as if the old were gone', async (t, mode) => {
  const engine = await openDesk(t, mode, { maxOpenOrders: 1 });
  const { orderId } = await engine.placeOrder({ ...limit(ALICE, 'sell', '100', '100'), clientOrderId: 'c' });
  const place = { ...NEXT, price: '100', quantity: '1', clientOrderId: 'c', postOnly: true };
  const { placed } = await engine.cancelReplace({
    accountId: ALICE,
    cancel: { orderId },
    place,
    mode: 'ATOMIC',
  });
  t.like(placed, { status: 'NEW', clientOrderId: 'c' }, 'its own ask does not cross it, its name is free');
  t.is(bookLine(engine), '1@100 |');
});

inBothModes('cancelAll: by symbol, side and name, in the order of acceptance', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const place = async (side: 'buy' | 'sell', price: string, clientOrderId: string) =>
    (await engine.placeOrder({ ...limit(ALICE, side, '1', price), clientOrderId })).orderId;
  const ids = [
    await place('buy', '90', 'grid-1'),
    await place('sell', '110', 'grid-2'),
    await place('buy', '91', 'other'),
  ];
  const stop = await engine.placeOrder({
    ...onDesk,
    side: 'sell',
    type: 'stop',
    triggerPrice: '80',
    quantity: '1',
  });
  await engine.placeOrder(limit(BOB, 'buy', '1', '90'));
  t.is((await engine.cancelAll({ accountId: ALICE, clientOrderIdPrefix: 'nothing' })).orders.length, 0);
  const grid = await engine.cancelAll({ accountId: ALICE, clientOrderIdPrefix: 'grid-' });
  t.deepEqual(
    grid.orders.map(({ orderId }) => orderId),
    ids.slice(0, 2),
  );
  t.deepEqual(
    grid.released.map(({ asset, amount }) => `${asset} ${plain(amount)}`),
    ['BTC 1', 'USDT 90'],
  );
  t.is((await engine.cancelAll({ accountId: ALICE, symbol: 'BTC-USDT', side: 'buy' })).orders.length, 1);
  t.is(await standing(engine, ids[2]!), 'CANCELED MASS');
  const all = await engine.cancelAll({ accountId: ALICE });
  t.deepEqual(
    all.orders.map(({ orderId }) => orderId),
    [stop.orderId],
    'what waits for a trigger goes, too',
  );
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100000+0');
  t.is(bookLine(engine), '1@90 |', "Bob's order stays");
  const byOperator = await engine.cancelSymbolOrders('BTC-USDT');
  t.is(await standing(engine, byOperator.orders[0]!.orderId), 'CANCELED ADMIN');
});

inBothModes('cancelAllAfter: unless the account is heard of again', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const { orderId } = await engine.placeOrder(limit(ALICE, 'buy', '1', '90'));
  const after = (timeoutMs: number) => engine.cancelAllAfter({ accountId: ALICE, timeoutMs });
  t.is((await after(5000)).cancelAllAt, START + 5000);
  await engine.advance(4000);
  t.is((await after(5000)).cancelAllAt, START + 9000, 'heard of');
  await engine.advance(4999);
  t.is(await standing(engine, orderId), 'NEW');
  await engine.advance(1);
  t.is(await standing(engine, orderId), 'CANCELED DEADMAN');
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100000+0');
  const later = await engine.placeOrder(limit(ALICE, 'buy', '1', '90'));
  await engine.advance(10_000);
  t.is(await standing(engine, later.orderId), 'NEW', 'once');
  await after(1000);
  t.is((await after(0)).cancelAllAt, null);
  await engine.advance(10_000);
  t.is(await standing(engine, later.orderId), 'NEW', 'disarmed');
});

inBothModes('batches: each item by itself, in their order', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const placed = await engine.placeOrders([
    limit(ALICE, 'buy', '1', '90'),
    limit(ALICE, 'buy', '1', '90.001'),
    limit(BOB, 'buy', '1', '91'),
    limit(HOUSE, 'sell', '1', '200'),
    limit(ALICE, 'sell', '1000', '200'),
    limit(ALICE, 'buy', '1', '92'),
  ]);
  t.deepEqual(placed.map(word), ['ok', 'PRICE_TICK', 'ok', 'ok', 'INSUFFICIENT_BALANCE', 'ok']);
  t.is(bookLine(engine), '1@92 1@91 1@90 | 1@200');
  const ids = placed.map((item) => (item.ok ? item.result.orderId : 1e9));
  const canceled = await engine.cancelOrders(ids.map((orderId) => ({ accountId: ALICE, orderId })));
  t.deepEqual(canceled.map(word), [
    'ok',
    'UNKNOWN_ORDER',
    'UNKNOWN_ORDER',
    'UNKNOWN_ORDER',
    'UNKNOWN_ORDER',
    'ok',
  ]);
  t.is(bookLine(engine), '1@91 | 1@200');
  t.deepEqual(await engine.placeOrders([]), []);
});

inBothModes('batches: a thousand items and no more', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const thousand = Array.from({ length: 1000 }, () => limit(ALICE, 'buy', '0.01', '90'));
  await leavesAlone(t, engine, async () => {
    const orders = [...thousand, thousand[0]!];
    t.like(await refusal(() => engine.placeOrders(orders)), { code: 'BATCH_TOO_LARGE', field: 'orders' });
    const cancels = orders.map((_, i) => ({ accountId: ALICE, orderId: i + 1 }));
    t.like(await refusal(() => engine.cancelOrders(cancels)), { code: 'BATCH_TOO_LARGE', field: 'requests' });
  });
  const placed = await engine.placeOrders(thousand);
  t.true(placed.every(({ ok }) => ok));
  t.is((await engine.openOrders({ accountId: ALICE })).length, 1000);
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 99100+900');
});
