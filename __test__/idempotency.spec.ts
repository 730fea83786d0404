/** Request ids: whatever is sent twice with the same number is done once and answered twice. */
import {
  ALICE,
  BOB,
  BTC_USDT,
  codeOf,
  conserves,
  inBothModes,
  leavesAlone,
  limit,
  openDesk,
  refusal,
  standing,
  tradeAt,
  wallet,
} from './helpers.ts';
import { said, usdt, writes } from './writes.ts';

inBothModes('every write: sent twice, done once, answered the same', async (t, mode) => {
  const engine = await openDesk(t, mode, { fees: { makerPpm: 0, takerPpm: 1000 } });
  await tradeAt(engine, '100');
  const orders: number[] = [];
  for (let n = 0; n < 3; n += 1)
    orders.push((await engine.placeOrder(limit(ALICE, 'buy', '1', '70'))).orderId);
  for (const [what, write] of Object.entries(writes(engine, orders))) {
    const first = await write();
    t.false('duplicate' in first, what);
    await leavesAlone(
      t,
      engine,
      async () => {
        for (const time of ['second', 'third']) {
          const again = await write();
          t.like(again, { duplicate: true }, `${what}, ${time} time`);
          t.deepEqual(said(again), said(first), `${what}, ${time} time`);
        }
      },
      what,
    );
  }
  // Much later, and in any order, they are all remembered.
  await engine.advance(3_600_000);
  for (const [what, write] of Object.entries(writes(engine, orders)).toReversed())
    t.like(await write(), { duplicate: true }, what);
  await conserves(t, engine);
});

inBothModes('removals are done once, too', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(ALICE, 'buy', '1', '90'));
  await engine.assets.create({ code: 'EUR', scale: 2 });
  await engine.assets.remove('EUR', { requestId: 1 });
  await engine.assets.create({ code: 'EUR', scale: 3 });
  await engine.assets.remove('EUR', { requestId: 1 });
  t.is(engine.assets.get('EUR').scale, 3, 'the new one is still there');
  const removed = await engine.symbols.remove('BTC-USDT', { force: true, requestId: 2 });
  t.is(removed.orders.length, 1);
  await engine.symbols.create(BTC_USDT);
  const again = await engine.symbols.remove('BTC-USDT', { force: true, requestId: 2 });
  t.deepEqual(again, { ...removed, duplicate: true });
  t.is(engine.symbols.get('BTC-USDT').id, 1);
});

inBothModes('other words under the same number are a conflict', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const order = { ...limit(ALICE, 'buy', '1', '90'), requestId: 7 };
  await engine.placeOrder(order);
  await leavesAlone(t, engine, async () => {
    for (const call of [
      () => engine.placeOrder({ ...order, quantity: '1.0001' }),
      () => engine.placeOrder({ ...order, clientOrderId: 'x' }),
      () => engine.placeOrder({ ...order, side: 'sell' as const }),
      () => engine.accounts.deposit(usdt('1', 7)),
      () => engine.cancelAll({ accountId: ALICE, requestId: 7 }),
    ]) {
      const error = await refusal(call);
      t.like(error, { code: 'REQUEST_ID_CONFLICT', number: 5000, name: 'ConflictError' }, String(call));
    }
    t.like(await engine.placeOrder(order), { duplicate: true }, 'the first words are still answered');
  });
  await engine.assets.create({ code: 'EUR', scale: 6 }, { requestId: 1 });
  const other = await refusal(() => engine.assets.create({ code: 'EUR', scale: 3 }, { requestId: 1 }));
  t.is(other.code, 'REQUEST_ID_CONFLICT');
});

inBothModes('numbers of other accounts, and of other lanes, are other numbers', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const ids = new Set<number>();
  for (const accountId of [ALICE, BOB])
    for (const requestLane of [undefined, 1, 2 ** 32 - 1]) {
      const lane = requestLane === undefined ? {} : { requestLane };
      const placed = await engine.placeOrder({
        ...limit(accountId, 'buy', '1', '90'),
        requestId: 7,
        ...lane,
      });
      t.false('duplicate' in placed);
      ids.add(placed.orderId);
    }
  t.is(ids.size, 6);
  const zero = { ...limit(ALICE, 'buy', '1', '90'), requestId: 7, requestLane: 0 };
  t.is(await codeOf(engine.placeOrder(zero)), 'REQUEST_ID_CONFLICT', 'lane 0 is the default, in other words');
});

inBothModes('the window: 1,024 numbers up to the highest', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const send = (requestId: number) => engine.accounts.deposit(usdt('1', requestId));
  const code = (requestId: number) => codeOf(send(requestId));
  t.is(await code(5000), 'OK');
  t.is(await code(3977), 'OK', '5000 - 1023: the lowest of the window, and new');
  t.is(await code(3976), 'REQUEST_ID_TOO_OLD');
  t.true((await send(3977)).duplicate);
  t.is(await code(5001), 'OK');
  t.is(await code(3977), 'REQUEST_ID_TOO_OLD', 'the window has moved on');
  t.is(await code(3978), 'OK');
  t.true((await send(5000)).duplicate);
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100004+0');
  t.is(await code(2 ** 53 - 1), 'OK', 'the highest number there is');
  t.is(await code(5001), 'REQUEST_ID_TOO_OLD');
  for (const bad of [0, -1, 1.5, 2 ** 53, Number.NaN]) t.is(await code(bad), 'INVALID_REQUEST', String(bad));
});

/** Twenty times the same call, all under way at once. */
function copies<T>(call: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: 20 }, call));
}

inBothModes('the same call many times at once has one effect', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(BOB, 'sell', '1', '100'));
  const orders = await copies(() =>
    engine.placeOrder({ ...limit(ALICE, 'buy', '0.1', '100'), requestId: 1 }),
  );
  t.is(new Set(orders.map(({ orderId }) => orderId)).size, 1);
  t.is(orders.filter(({ duplicate }) => duplicate).length, 19);
  t.true(orders.every(({ fills }) => fills.length === 1));
  const deposits = await copies(() => engine.accounts.deposit(usdt('5', 2)));
  t.is(deposits.filter(({ duplicate }) => duplicate).length, 19);
  const transfers = await copies(() =>
    engine.accounts.transfer({ from: ALICE, to: BOB, asset: 'USDT', amount: '1', requestId: 3 }),
  );
  t.is(transfers.filter(({ duplicate }) => duplicate).length, 19);
  t.is(await wallet(engine, ALICE), 'BTC 100.1+0, USDT 99994+0'); // - 10 + 5 - 1
  await conserves(t, engine);
});

inBothModes('a refusal by the account or the book is an answer, too', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const dear = { ...limit(ALICE, 'buy', '1', '100001'), requestId: 1 };
  const poor = await refusal(() => engine.placeOrder(dear));
  t.is(poor.code, 'INSUFFICIENT_BALANCE');
  await engine.accounts.deposit({ accountId: ALICE, asset: 'USDT', amount: '1000' });
  const still = await refusal(() => engine.placeOrder(dear));
  t.deepEqual([still.code, still.details], [poor.code, poor.details], 'although there is enough by now');
  await engine.placeOrder(limit(BOB, 'sell', '1', '100'));
  const crossing = { ...limit(ALICE, 'buy', '1', '100'), postOnly: true, requestId: 2 };
  t.is(await codeOf(engine.placeOrder(crossing)), 'POST_ONLY_WOULD_CROSS');
  await engine.cancelAll({ accountId: BOB });
  t.is(await codeOf(engine.placeOrder(crossing)), 'POST_ONLY_WOULD_CROSS');
  t.is(await codeOf(engine.placeOrder({ ...crossing, requestId: 3 })), 'OK');
});

inBothModes('what is refused for its words uses no number up', async (t, mode) => {
  const engine = await openDesk(t, mode);
  for (const wrong of [
    { price: '90.001' },
    { price: 'x' },
    { symbol: 'NOPE' },
    { timeInForce: 'GTD' },
    { side: 'x' },
  ]) {
    const order = { ...limit(ALICE, 'buy', '1', '90'), requestId: 1, ...wrong } as never;
    t.not(await codeOf(engine.placeOrder(order)), 'OK');
  }
  const placed = await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '90'), requestId: 1 });
  t.false('duplicate' in placed);
});

inBothModes('a call sent again after the symbol was halted is answered as before', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const order = { ...limit(ALICE, 'buy', '1', '90'), requestId: 1 };
  const placed = await engine.placeOrder(order);
  const { status } = await engine.cancelOrder({ accountId: ALICE, orderId: placed.orderId });
  t.is(status, 'CANCELED');
  for (const halt of ['HALT', 'CANCEL_ONLY'] as const) {
    await engine.symbols.setStatus('BTC-USDT', halt);
    t.deepEqual(await engine.placeOrder(order), { ...placed, duplicate: true }, halt);
    t.not(await codeOf(engine.placeOrder({ ...order, requestId: 2 })), 'OK');
  }
  t.is(await standing(engine, placed.orderId), 'CANCELED USER', 'the answer is that of its time');
  await engine.accounts.setStatus(ALICE, 'SUSPENDED');
  t.like(await engine.placeOrder(order), { duplicate: true });
  await engine.symbols.setStatus('BTC-USDT', 'TRADING');
  t.like(await engine.placeOrder(order), { duplicate: true });
});
