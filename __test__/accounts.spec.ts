/** Accounts: what they may do, how money moves between them, and the ledger that tells of every atom. */
import type { Engine, LedgerEntry, LedgerFilter } from '../index.ts';
import {
  ALICE,
  BOB,
  CAROL,
  codeOf,
  conserves,
  fund,
  inBothModes,
  leavesAlone,
  limit,
  openDesk,
  plain,
  refusal,
  START,
  toUnits,
  tradeAt,
  wallet,
} from './helpers.ts';

const usdt = (amount: string, accountId = ALICE) => ({ accountId, asset: 'USDT', amount });

/** What an account can do, one word for each: `OK` or the code of the refusal. */
async function abilities(engine: Engine): Promise<string> {
  const { orderId } = (await engine.openOrders({ accountId: ALICE }))[0]!;
  const cancel = { orderId };
  const place = { symbol: 'BTC-USDT', side: 'buy', type: 'limit', price: '80', quantity: '1' } as const;
  const answers = {
    place: await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '80'))),
    amend: await codeOf(
      engine.amendOrder({ accountId: ALICE, symbol: 'BTC-USDT', orderId, reduceBy: '0.01' }),
    ),
    replace: await codeOf(engine.cancelReplace({ accountId: ALICE, cancel: { orderId: 404 }, place })),
    test: await codeOf(engine.testOrder(limit(ALICE, 'buy', '1', '80'))),
    withdraw: await codeOf(engine.accounts.withdraw(usdt('1'))),
    transfer: await codeOf(engine.accounts.transfer({ from: ALICE, to: BOB, asset: 'USDT', amount: '1' })),
    hold: await codeOf(engine.accounts.hold(usdt('1'))),
    deposit: await codeOf(engine.accounts.deposit(usdt('1'))),
    receive: await codeOf(engine.accounts.transfer({ from: BOB, to: ALICE, asset: 'USDT', amount: '1' })),
    cancel: await codeOf(engine.cancelOrder({ accountId: ALICE, ...cancel })),
  };
  return Object.entries(answers)
    .map(([what, code]) => `${what} ${code}`)
    .join(', ');
}

/** What `abilities` says if some are refused. */
function except(refused: Record<string, string>): string {
  const all = [
    'place',
    'amend',
    'replace',
    'test',
    'withdraw',
    'transfer',
    'hold',
    'deposit',
    'receive',
    'cancel',
  ];
  return all
    .map((what) => `${what} ${refused[what] ?? (what === 'replace' ? 'REPLACE_FAILED' : 'OK')}`)
    .join(', ');
}

function forAll(words: string, code: string): Record<string, string> {
  return Object.fromEntries(words.split(' ').map((what) => [what, code]));
}

const ORDERS = 'place amend replace test';
const MONEY = 'withdraw transfer hold';

inBothModes('what an account may do in each status', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const answers = {
    ACTIVE: except({}),
    CANCEL_ONLY: except(forAll(ORDERS, 'PERMISSION_DENIED')),
    SUSPENDED: except(forAll(`${ORDERS} ${MONEY}`, 'ACCOUNT_SUSPENDED')),
  };
  for (const status of ['ACTIVE', 'CANCEL_ONLY', 'SUSPENDED'] as const) {
    await engine.accounts.setStatus(ALICE, 'ACTIVE');
    await engine.placeOrder(limit(ALICE, 'buy', '1', '80'));
    t.is((await engine.accounts.setStatus(ALICE, status)).status, status);
    t.is(await abilities(engine), answers[status], status);
  }
  await conserves(t, engine);
});

inBothModes('permissions take away trading or withdrawing', async (t, mode) => {
  const engine = await openDesk(t, mode);
  for (const [permissions, refused] of [
    [{ trade: false, withdraw: true }, ORDERS],
    [{ trade: true, withdraw: false }, MONEY],
  ] as const) {
    await engine.accounts.setPermissions(ALICE, { trade: true, withdraw: true });
    await engine.placeOrder(limit(ALICE, 'buy', '1', '80'));
    t.deepEqual((await engine.accounts.setPermissions(ALICE, permissions)).permissions, permissions);
    t.is(await abilities(engine), except(forAll(refused, 'PERMISSION_DENIED')));
  }
  t.is(await codeOf(engine.accounts.setPermissions(ALICE, { trade: true } as never)), 'MISSING_FIELD');
});

inBothModes('an account is closed when nothing is left of it, and for ever', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const close = () => codeOf(engine.accounts.setStatus(ALICE, 'CLOSED'));
  await engine.placeOrder(limit(ALICE, 'buy', '1', '90'));
  t.is(await close(), 'HAS_OPEN_ORDERS');
  await engine.cancelAll({ accountId: ALICE });
  t.is(await close(), 'NON_ZERO_BALANCE');
  await engine.accounts.withdraw(usdt('100000'));
  await engine.accounts.withdraw({ accountId: ALICE, asset: 'BTC', amount: '100' });
  t.is(await close(), 'OK');
  for (const call of [
    () => engine.placeOrder(limit(ALICE, 'buy', '1', '90')),
    () => engine.cancelOrder({ accountId: ALICE, orderId: 1 }),
    () => engine.accounts.deposit(usdt('1')),
    () => engine.accounts.withdraw(usdt('1')),
    () => engine.accounts.hold(usdt('1')),
    () => engine.accounts.transfer({ from: BOB, to: ALICE, asset: 'USDT', amount: '1' }),
  ])
    t.is((await refusal(call)).code, 'ACCOUNT_CLOSED', String(call));
  t.is(await codeOf(engine.accounts.setStatus(ALICE, 'ACTIVE')), 'BAD_STATUS_TRANSITION');
  t.is(await wallet(engine, BOB), 'BTC 100+0, USDT 100000+0', 'what could not be received is not lost');
  await conserves(t, engine);
});

inBothModes('transfers move what is available to whoever exists', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.placeOrder(limit(ALICE, 'buy', '1', '99000'));
  const sent = await engine.accounts.transfer({ from: ALICE, to: BOB, asset: 'USDT', amount: '1000' });
  t.like(sent, { accountId: ALICE, available: '0.000000', frozen: '99000.000000', total: '99000.000000' });
  t.is(await wallet(engine, BOB), 'BTC 100+0, USDT 101000+0');
  await leavesAlone(t, engine, async () => {
    for (const [from, to, code] of [
      [ALICE, BOB, 'INSUFFICIENT_BALANCE'], // the rest is reserved
      [BOB, 77, 'UNKNOWN_ACCOUNT'],
      [77, BOB, 'UNKNOWN_ACCOUNT'],
      [BOB, BOB, 'CONFLICTING_FIELDS'],
    ] as const) {
      const request = { from, to, asset: 'USDT', amount: '1' };
      t.is(await codeOf(engine.accounts.transfer(request)), code, `${from} to ${to}`);
    }
  });
  const received = await engine.accounts.balances(BOB, { asset: 'USDT' });
  t.is(received[0]!.total, '101000.000000');
  await conserves(t, engine);
});

inBothModes('held money is frozen, and not for orders', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const held = await engine.accounts.hold(usdt('60000'));
  t.like(held, {
    total: '100000.000000',
    available: '40000.000000',
    frozen: '60000.000000',
    held: '60000.000000',
  });
  await engine.placeOrder(limit(ALICE, 'buy', '1', '30000'));
  t.like((await engine.accounts.balances(ALICE))[1], { frozen: '90000.000000', held: '60000.000000' });
  t.is(await codeOf(engine.placeOrder(limit(ALICE, 'buy', '1', '10001'))), 'INSUFFICIENT_BALANCE');
  t.is(await codeOf(engine.accounts.release(usdt('60000.01'))), 'INSUFFICIENT_BALANCE', 'more than is held');
  const released = await engine.accounts.release(usdt('50000'));
  t.like(released, { available: '60000.000000', frozen: '40000.000000', held: '10000.000000' });
  t.like((await engine.conservation())[1], { reserved: '30000.000000', held: '10000.000000', holds: true });
});

async function ledgerOf(engine: Engine, accountId: number, filter?: LedgerFilter): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for await (const entry of engine.accounts.ledger(accountId, filter)) entries.push(entry);
  return entries;
}

inBothModes('the ledger tells why each balance is what it is', async (t, mode) => {
  const engine = await openDesk(t, mode, { fees: { makerPpm: 1000, takerPpm: 1000 } });
  await engine.placeOrder(limit(ALICE, 'buy', '1', '100'));
  await engine.placeOrder(limit(BOB, 'sell', '0.4', '90'));
  await engine.cancelAll({ accountId: ALICE });
  await engine.accounts.hold(usdt('5'));
  await engine.accounts.release(usdt('2'));
  await engine.accounts.withdraw(usdt('7'));
  await engine.accounts.transfer({ from: ALICE, to: BOB, asset: 'USDT', amount: '3' });
  const lines = (await ledgerOf(engine, ALICE, { asset: 'USDT' })).map(
    ({ type, availableChange, frozenChange }) => `${type} ${plain(availableChange)} ${plain(frozenChange)}`,
  );
  t.deepEqual(lines.toReversed(), [
    'DEPOSIT 100000 0',
    'FREEZE -100 100',
    'TRADE 0 -40',
    'UNFREEZE 60 -60',
    'HOLD -5 5',
    'RELEASE 2 -2',
    'WITHDRAWAL -7 0',
    'TRANSFER_OUT -3 0',
  ]);
  const btc = (await ledgerOf(engine, ALICE, { asset: 'BTC' })).map(
    ({ type, availableChange }) => `${type} ${plain(availableChange)}`,
  );
  t.deepEqual(btc.toReversed(), ['DEPOSIT 100', 'TRADE 0.4', 'FEE -0.0004']);
  const [last] = await ledgerOf(engine, BOB, { limit: 1 });
  t.like(last, { type: 'TRANSFER_IN', orderId: null, availableChange: '3.000000' });
});

inBothModes(
  'the ledger adds up: each entry follows from the one before, and the last is the balance',
  async (t, mode) => {
    const engine = await openDesk(t, mode, { feeMode: 'quote', fees: { makerPpm: -300, takerPpm: 700 } });
    for (let n = 1; n <= 40; n += 1) {
      await engine.placeOrder({ ...limit(ALICE, 'buy', `0.${n}`, `${90 + (n % 7)}`), stp: 'NONE' });
      await engine.placeOrder({
        ...limit(n % 2 ? BOB : ALICE, 'sell', `0.${n}1`, `${91 + (n % 5)}`),
        stp: 'NONE',
      });
      if (n % 6 === 0) await engine.cancelAll({ accountId: ALICE, side: n % 4 ? 'buy' : 'sell' });
    }
    await engine.accounts.deposit(usdt('0.000001'));
    for (const accountId of [ALICE, BOB]) {
      for (const { asset, available, frozen } of await engine.accounts.balances(accountId)) {
        const scale = engine.assets.get(asset).scale;
        const signed = (text: string) =>
          text.startsWith('-') ? -toUnits(text.slice(1), scale) : toUnits(text, scale);
        const entries = (await ledgerOf(engine, accountId, { asset })).toReversed();
        t.true(entries.length > 20);
        let [free, locked, id] = [0n, 0n, 0];
        for (const entry of entries) {
          free += signed(entry.availableChange);
          locked += signed(entry.frozenChange);
          t.deepEqual([signed(entry.available), signed(entry.frozen)], [free, locked], JSON.stringify(entry));
          t.true(entry.entryId > id);
          id = entry.entryId;
        }
        t.deepEqual([free, locked], [signed(available), signed(frozen)], `${accountId} ${asset}`);
      }
    }
    await conserves(t, engine);
  },
);

inBothModes('a long ledger is read page by page, and no longer than it is wanted', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await Promise.all(Array.from({ length: 2500 }, () => engine.accounts.deposit(usdt('1', CAROL))));
  const all = await ledgerOf(engine, CAROL);
  t.is(all.length, 2502);
  t.deepEqual(
    all.slice(0, -2).map(({ available }) => available),
    Array.from({ length: 2500 }, (_, i) => `${102_500 - i}.000000`),
  );
  t.deepEqual(await ledgerOf(engine, CAROL, { limit: 1200 }), all.slice(0, 1200));
  t.is((await refusal(() => engine.accounts.ledger(404).next())).code, 'UNKNOWN_ACCOUNT');
});

inBothModes('closed orders, page by page, the last closed first', async (t, mode) => {
  const engine = await openDesk(t, mode);
  const ids: number[] = [];
  for (let n = 0; n < 7; n += 1) {
    const { orderId } = await engine.placeOrder(limit(ALICE, 'buy', '1', `${90 + n}`));
    await engine.cancelOrder({ accountId: ALICE, orderId });
    ids.unshift(orderId);
  }
  await engine.placeOrder(limit(ALICE, 'buy', '1', '90')); // Open: not among them.
  const seen: number[] = [];
  let page = await engine.orders({ accountId: ALICE, limit: 3 });
  for (;;) {
    seen.push(...page.orders.map(({ orderId }) => orderId));
    if (page.next === null) break;
    page = await engine.orders({ accountId: ALICE, limit: 3, cursor: page.next });
  }
  t.deepEqual(seen, ids);
  t.deepEqual((await engine.orders({ accountId: BOB })).orders, []);
  t.is((await engine.orders({ accountId: ALICE, symbol: 'BTC-USDT' })).orders.length, 7);
  t.is((await refusal(() => engine.orders({ accountId: ALICE, limit: 1001 }))).field, 'limit');
});

inBothModes('open orders, page by page, by ascending id', async (t, mode) => {
  const engine = await openDesk(t, mode);
  for (let n = 0; n < 9; n += 1)
    await engine.placeOrder(limit([ALICE, BOB, CAROL][n % 3]!, 'buy', '1', '90'));
  const ids = (await engine.openOrders()).map(({ orderId }) => orderId);
  t.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  );
  const second = await engine.openOrders({ afterId: ids[3]!, limit: 4 });
  t.deepEqual(
    second.map(({ orderId }) => orderId),
    ids.slice(4, 8),
  );
});

inBothModes("an account's own trades, with its side, its part and its fee", async (t, mode) => {
  const engine = await openDesk(t, mode, { fees: { makerPpm: 100, takerPpm: 200 } });
  const bid = await engine.placeOrder(limit(ALICE, 'buy', '3', '100'));
  await tradeAt(engine, '101'); // Of others: the first id is missing.
  const ask = await engine.placeOrder(limit(BOB, 'sell', '1', '100'));
  await engine.placeOrder(limit(BOB, 'sell', '1', '100'));
  const mine = await engine.myTrades({ accountId: ALICE, symbol: 'BTC-USDT' });
  t.deepEqual(
    mine.map(({ tradeId, orderId, side, liquidity, fee, feeAsset }) => [
      tradeId,
      orderId,
      side,
      liquidity,
      fee,
      feeAsset,
    ]),
    [2, 3].map((tradeId) => [tradeId, bid.orderId, 'buy', 'maker', '0.00010000', 'BTC']),
  );
  t.like(await engine.myTrades({ accountId: BOB, symbol: 'BTC-USDT', fromId: 1, limit: 1 }), [
    { tradeId: 2, orderId: ask.orderId, side: 'sell', liquidity: 'taker', fee: '0.020000', feeAsset: 'USDT' },
  ]);
  t.deepEqual(await engine.myTrades({ accountId: CAROL, symbol: 'BTC-USDT' }), []);
});

inBothModes('a rate limit is a bucket of tokens, and fills with time', async (t, mode) => {
  const engine = await openDesk(t, mode);
  await engine.accounts.setRateLimit(ALICE, { perSecond: 2, burst: 3 });
  const place = () => engine.placeOrder(limit(ALICE, 'buy', '1', '90'));
  for (let n = 0; n < 3; n += 1) await place();
  await leavesAlone(t, engine, async () => {
    const fast = await refusal(place);
    t.true(fast.retryable && fast.is('RATE_LIMITED') && fast.details.retryAfterMs === 500);
  });
  await engine.advance(499);
  t.is(await codeOf(place()), 'RATE_LIMITED');
  await engine.advance(1);
  t.is(await codeOf(place()), 'OK');
  t.is(await codeOf(engine.cancelAll({ accountId: ALICE })), 'OK', 'cancels need no token');
  await engine.advance(60_000);
  const burst = await Promise.all([place(), place(), place(), place()].map(codeOf));
  t.deepEqual(burst, ['OK', 'OK', 'OK', 'RATE_LIMITED'], 'never more than the burst');
  await engine.accounts.setRateLimit(ALICE, null);
  t.is(await codeOf(place()), 'OK');
  t.is((await engine.accounts.get(ALICE)).rateLimit, null);
});

inBothModes("an account's terms, all together", async (t, mode) => {
  const engine = await openDesk(t, mode);
  await fund(engine, 5, { USDT: 10 });
  await engine.accounts.setFees(5, { makerPpm: -10, takerPpm: 20 });
  await engine.accounts.setStpGroup(5, 2 ** 32 - 1);
  await engine.accounts.setRateLimit(5, { perSecond: 10, burst: 20 });
  await engine.cancelAllAfter({ accountId: 5, timeoutMs: 60_000 });
  await engine.placeOrder(limit(5, 'buy', '1', '9'));
  const { seq: _seq, ts: _ts, ...terms } = await engine.accounts.get(5);
  t.deepEqual(terms, {
    accountId: 5,
    status: 'ACTIVE',
    permissions: { trade: true, withdraw: true },
    stpGroup: 2 ** 32 - 1,
    fees: [{ symbol: null, makerPpm: -10, takerPpm: 20 }],
    rateLimit: { perSecond: 10, burst: 20 },
    cancelAllAt: START + 60_000,
    openOrders: 1,
  });
  t.is(await codeOf(engine.accounts.get(404)), 'UNKNOWN_ACCOUNT');
  t.is(await codeOf(engine.accounts.setStpGroup(5, 2 ** 32)), 'INVALID_REQUEST');
  t.is(await codeOf(engine.accounts.setStatus(5, 'ASLEEP' as never)), 'INVALID_REQUEST');
});
