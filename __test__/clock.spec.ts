/** Time, by a clock that stands still: expiry, sessions, dead-man timers, and what happens at the same instant. */
import {
  ALICE,
  BOB,
  bookLine,
  codeOf,
  configFor,
  conserves,
  inBothModes,
  leavesAlone,
  limit,
  openDesk,
  openMarket,
  refusal,
  standing,
  START,
  tradeAt,
  wallet,
} from './helpers.ts';

const SECOND = 1000;
const HOUR = 3_600_000;

inBothModes('a manual clock stands still until it is advanced', async (t, mode) => {
  const engine = await openDesk(t, mode);
  t.is(engine.now(), START);
  const first = await engine.placeOrder(limit(ALICE, 'buy', '1', '90'));
  t.is(first.ts, START);
  t.is(await engine.advance(1500), START + 1500);
  t.is(engine.now(), START + 1500);
  t.is(await engine.advance(0), START + 1500);
  const second = await engine.placeOrder(limit(BOB, 'sell', '0.4', '90'));
  t.is(second.ts, START + 1500);
  t.like(await engine.order(first.orderId), { createdAt: START, updatedAt: START + 1500 });
  t.is(engine.trades('BTC-USDT')[0]?.ts, START + 1500);
  t.is(engine.book('BTC-USDT').ts, START + 1500);
  for (const bad of [-1, 0.5, Number.NaN, Infinity, '1', null])
    t.is((await refusal(() => engine.advance(bad as number))).code, 'INVALID_REQUEST', String(bad));
  t.is(engine.now(), START + 1500);
});

inBothModes(
  'a manual clock begins in 1970 if nothing is said; the clock of the system is not ours',
  async (t, mode) => {
    const manual = await openMarket(t, { ...configFor(mode), clock: 'manual' });
    t.is(manual.now(), 0);
    const system = await openMarket(t, configFor(mode));
    t.true(Math.abs(system.now() - Date.now()) < 60_000);
    t.is((await refusal(() => system.advance(1))).code, 'INVALID_REQUEST');
  },
);

inBothModes('GTD: expires at its time, in the book or while it waits for a trigger', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await tradeAt(engine, '100');
  const gtd = { timeInForce: 'GTD', expireAt: START + 5 * SECOND } as const;
  const bid = await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '90'), ...gtd });
  const stop = await engine.placeOrder({
    ...limit(ALICE, 'sell', '1', '80'),
    ...gtd,
    type: 'stop_limit',
    triggerPrice: '85',
  });
  t.is(bid.expireAt, START + 5 * SECOND);
  await engine.placeOrder(limit(BOB, 'sell', '0.25', '90'));
  await engine.advance(5 * SECOND - 1);
  t.is(await standing(engine, bid.orderId), 'PARTIALLY_FILLED');
  await engine.advance(1);
  t.is(await standing(engine, bid.orderId), 'EXPIRED GTD_EXPIRED');
  t.is(await standing(engine, stop.orderId), 'EXPIRED GTD_EXPIRED');
  t.like(await engine.order(bid.orderId), { filledQuantity: '0.2500', updatedAt: START + 5 * SECOND });
  t.is(await wallet(engine, ALICE), 'BTC 100.25+0, USDT 99977.5+0');
  t.is(bookLine(engine), '|');
  await conserves(t, engine);
});

inBothModes('expireAt is in the future, and only with GTD', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await leavesAlone(t, engine, async () => {
    for (const words of [
      { timeInForce: 'GTD' },
      { timeInForce: 'GTD', expireAt: START },
      { timeInForce: 'GTD', expireAt: START - 1 },
      { timeInForce: 'GTC', expireAt: START + 1 },
      { timeInForce: 'DAY', expireAt: START + 1 },
      { expireAt: START + 1 },
    ]) {
      const order = { ...limit(ALICE, 'buy', '1', '90'), ...words } as never;
      const error = await refusal(() => engine.placeOrder(order));
      t.like(error, { code: 'INVALID_EXPIRY', field: 'expireAt' }, JSON.stringify(words));
    }
  });
  const soon = { timeInForce: 'GTD', expireAt: START + 1 } as const;
  t.is(await codeOf(engine.placeOrder({ ...limit(ALICE, 'buy', '1', '90'), ...soon })), 'OK');
});

inBothModes('DAY: until the next end of the session', async (t, mode) => {
  const engine = await openDesk(t, mode, { sessionEnd: '17:30' }); // It is noon.
  const day = { timeInForce: 'DAY' } as const;
  const today = await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '90'), ...day });
  t.is(today.expireAt, Date.UTC(2026, 0, 1, 17, 30));
  await engine.advance(5.5 * HOUR - 1);
  t.is(await standing(engine, today.orderId), 'NEW');
  await engine.advance(1);
  t.is(await standing(engine, today.orderId), 'EXPIRED SESSION_END');
  const tomorrow = await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '90'), ...day });
  t.is(tomorrow.expireAt, Date.UTC(2026, 0, 2, 17, 30), 'at the end itself the next one counts');
  await engine.symbols.update('BTC-USDT', { sessionEnd: null });
  const midnight = await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '90'), ...day });
  t.is(midnight.expireAt, Date.UTC(2026, 0, 2));
  t.is(
    (await engine.order(tomorrow.orderId)).expireAt,
    Date.UTC(2026, 0, 2, 17, 30),
    'what rests is left alone',
  );
});

inBothModes('orders expire at their times, although the clock passes them all at once', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const ids: number[] = [];
  for (const seconds of [3, 1, 2]) {
    const gtd = { timeInForce: 'GTD', expireAt: START + seconds * SECOND } as const;
    ids.push((await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '90'), ...gtd })).orderId);
  }
  await engine.advance(24 * HOUR);
  const times = await Promise.all(ids.map(async (id) => (await engine.order(id)).updatedAt - START));
  t.deepEqual(times, [3000, 1000, 2000]);
  const { orders } = await engine.orders({ accountId: ALICE });
  t.deepEqual(
    orders.map(({ orderId }) => orderId),
    [ids[0], ids[2], ids[1]],
    'the last closed first',
  );
});

inBothModes('what expires at the same instant expires before the dead-man timer', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const gtd = { timeInForce: 'GTD', expireAt: START + SECOND } as const;
  const expires = await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '90'), ...gtd });
  const stays = await engine.placeOrder(limit(ALICE, 'buy', '1', '91'));
  const others = await engine.placeOrder(limit(BOB, 'buy', '1', '92'));
  await engine.cancelAllAfter({ accountId: ALICE, timeoutMs: SECOND });
  await engine.advance(SECOND);
  t.is(await standing(engine, expires.orderId), 'EXPIRED GTD_EXPIRED');
  t.is(await standing(engine, stays.orderId), 'CANCELED DEADMAN');
  t.is(await standing(engine, others.orderId), 'NEW');
  t.is((await engine.accounts.get(ALICE)).cancelAllAt, null);
});

inBothModes('a dead-man timer is a deadline of the account, over all of its symbols', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.symbols.create({
    name: 'BTC-USDT-2',
    base: 'BTC',
    quote: 'USDT',
    tickSize: '0.01',
    lotSize: '0.0001',
  });
  for (const symbol of ['BTC-USDT', 'BTC-USDT-2'])
    await engine.placeOrder({ ...limit(ALICE, 'sell', '1', '90'), symbol });
  await engine.cancelAllAfter({ accountId: ALICE, timeoutMs: 10 });
  await engine.advance(9);
  t.is(await wallet(engine, ALICE), 'BTC 98+2, USDT 100000+0');
  await engine.advance(1);
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100000+0');
  for (const timeoutMs of [-1, 0.5, Number.NaN])
    t.is(
      (await refusal(() => engine.cancelAllAfter({ accountId: ALICE, timeoutMs }))).code,
      'INVALID_REQUEST',
    );
  t.is(
    (await refusal(() => engine.cancelAllAfter({ accountId: 404, timeoutMs: 1 }))).code,
    'UNKNOWN_ACCOUNT',
  );
});

inBothModes('validUntil: too late is too late', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const order = { ...limit(ALICE, 'buy', '1', '90'), validUntil: START + 10 };
  t.is(await codeOf(engine.placeOrder(order)), 'OK');
  await engine.advance(10);
  t.is(await codeOf(engine.placeOrder(order)), 'OK', 'at that very time it is not');
  await engine.advance(1);
  await leavesAlone(t, engine, async () => {
    t.is(await codeOf(engine.placeOrder(order)), 'STALE_REQUEST');
    t.is(await codeOf(engine.testOrder(order)), 'STALE_REQUEST');
  });
});

inBothModes('expiry works while the symbol is halted', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const gtd = { timeInForce: 'GTD', expireAt: START + SECOND } as const;
  const { orderId } = await engine.placeOrder({ ...limit(ALICE, 'buy', '1', '90'), ...gtd });
  await engine.symbols.setStatus('BTC-USDT', 'HALT');
  await engine.advance(SECOND);
  t.is(await standing(engine, orderId), 'EXPIRED GTD_EXPIRED');
  t.is(await wallet(engine, ALICE), 'BTC 100+0, USDT 100000+0');
});
