// Mistakes that were made once. Each test begins with its story.

import { createHook } from 'node:async_hooks';

import test from 'ava';

import { Engine, type LightningError } from '../index.ts';
import { codeOf, open, openMarket } from './helpers.ts';

const ALICE = 1;
const BOB = 2;

// A lot size of 1.000... (28 zeros) overflowed when a quantity was written: after every shard knew the symbol,
// so that later symbols got each other's numbers, and answers were written in the wrong symbol's decimals.
test('zeros behind a lot size are only zeros', async (t) => {
  const engine = await open(t, { threads: 'inline' });
  await engine.assets.create({ code: 'X', scale: 0 });
  await engine.assets.create({ code: 'Y', scale: 2 });
  const zeros = await engine.symbols.create({
    name: 'ZEROS',
    base: 'X',
    quote: 'Y',
    tickSize: '0.01',
    lotSize: `1.${'0'.repeat(28)}`,
  });
  t.is(zeros.lotSize, '1');
  await engine.symbols.create({ name: 'NEXT', base: 'X', quote: 'Y', tickSize: '0.01', lotSize: '1' });
  await engine.accounts.deposit({ accountId: ALICE, asset: 'Y', amount: '100' });
  const order = { accountId: ALICE, side: 'buy', type: 'limit', price: '1.25', quantity: 2 } as const;
  t.like(await engine.placeOrder({ ...order, symbol: 'NEXT' }), {
    symbol: 'NEXT',
    price: '1.25',
    quantity: '2',
  });
  t.like(await engine.placeOrder({ ...order, symbol: 'ZEROS' }), { symbol: 'ZEROS', quantity: '2' });
  t.is(engine.book('ZEROS').bids[0]?.quantity, '2');
});

// What `list` says could not be given to `create`: a minNotional of zero was no positive decimal.
test('a listed symbol can be created again under another name', async (t) => {
  const engine = await openMarket(t, { threads: 'inline' });
  const [listed] = engine.symbols.list();
  if (!listed) return void t.fail('no symbol is listed');
  const { base, quote, tickSize, lotSize, minPrice, maxPrice, minQuantity, maxQuantity, minNotional } =
    listed;
  const rules = { base, quote, tickSize, lotSize, minPrice, maxPrice, minQuantity, maxQuantity, minNotional };
  t.like(await engine.symbols.create({ name: 'AGAIN', ...rules }), rules);
});

// Settling a promise runs hooks at once. One that called the engine made it fill the buffer that was being read.
test.serial('a hook on promises may call the engine while answers are being settled', async (t) => {
  const engine = await open(t, { threads: 'inline' });
  await engine.assets.create({ code: 'A', scale: 0 });
  await engine.accounts.deposit({ accountId: BOB, asset: 'A', amount: 1 });
  const nested: Promise<unknown>[] = [];
  let armed = true;
  const hook = createHook({
    promiseResolve() {
      if (!armed) return;
      armed = false;
      // More than a buffer of records holds, so that it is handed over here and now.
      for (let call = 0; call < 600; call += 1) nested.push(engine.accounts.balances(BOB));
    },
  });
  const deposits: Promise<{ available: string }>[] = [];
  for (let call = 1; call <= 50; call += 1) {
    deposits.push(engine.accounts.deposit({ accountId: ALICE, asset: 'A', amount: call }));
  }
  hook.enable();
  const changes = await Promise.all(deposits);
  hook.disable();
  t.deepEqual(
    changes.map(({ available }) => Number(available)),
    Array.from({ length: 50 }, (_, index) => ((index + 1) * (index + 2)) / 2),
  );
  t.is((await Promise.all(nested)).length, 600);
});

// A market order that reserves everything available was seen by whoever asked while it ran.
test('a market order is never seen while it runs', async (t) => {
  const engine = await openMarket(t, { threads: { sequencers: 1, matchers: 1 } });
  await engine.accounts.deposit({ accountId: ALICE, asset: 'USDT', amount: '1000' });
  await engine.accounts.deposit({ accountId: BOB, asset: 'BTC', amount: '100' });
  for (let round = 0; round < 200; round += 1) {
    const maker = await engine.placeOrder({
      accountId: BOB,
      symbol: 'BTC-USDT',
      side: 'sell',
      type: 'limit',
      price: '1',
      quantity: '0.0001',
    });
    const [bought, balances, orders] = await Promise.all([
      engine.placeOrder({
        accountId: ALICE,
        symbol: 'BTC-USDT',
        side: 'buy',
        type: 'market',
        quantity: '0.0001',
      }),
      engine.accounts.balances(ALICE, { asset: 'USDT' }),
      engine.openOrders({ accountId: ALICE }),
    ]);
    t.is(bought.status, 'FILLED', `round ${round}, maker ${maker.orderId}`);
    t.deepEqual(orders, [], `round ${round}`);
    t.is(balances[0]?.frozen, '0.000000', `round ${round}`);
  }
});

test('numbers that are not exact are refused, whatever the scale of the asset', async (t) => {
  const engine = await open(t, { threads: 'inline' });
  await engine.assets.create({ code: 'FINE', scale: 18 });
  const deposit = (amount: number): Promise<unknown> =>
    engine.accounts.deposit({ accountId: ALICE, asset: 'FINE', amount });
  t.is(await codeOf(deposit(0.1 + 0.2)), 'BAD_PRECISION');
  t.is(await codeOf(deposit(2 ** 53 + 2)), 'BAD_PRECISION');
  await engine.assets.create({ code: 'WHOLE', scale: 0 });
  await engine.accounts.deposit({ accountId: BOB, asset: 'WHOLE', amount: 2 ** 53 - 1 });
  await deposit(0.000_000_000_000_001);
  await deposit(1e9);
  t.is((await engine.accounts.balances(ALICE))[0]?.available, '1000000000.000000000000001000');
});

test('what is missing is missing, what is unknown is unknown', async (t) => {
  const engine = await openMarket(t, { threads: 'inline' });
  const order = {
    accountId: ALICE,
    symbol: 'BTC-USDT',
    side: 'buy',
    type: 'limit',
    price: '1',
    quantity: '1',
  };
  const place = async (fields: object): Promise<unknown> => {
    const error = await engine.placeOrder({ ...order, ...fields } as never).catch((e: LightningError) => e);
    return 'code' in error ? [error.code, error.field] : 'placed';
  };
  t.deepEqual(await place({ side: undefined }), ['MISSING_FIELD', 'side']);
  t.deepEqual(await place({ side: 'BUY' }), ['INVALID_SIDE', 'side']);
  t.deepEqual(await place({ type: undefined }), ['MISSING_FIELD', 'type']);
  t.deepEqual(await place({ type: 'limits' }), ['INVALID_ORDER_TYPE', 'type']);
  t.is(await codeOf(engine.openOrders([] as never)), 'INVALID_REQUEST');
  await t.throwsAsync(Engine.open({ threads: 'none' as 'auto' }), {
    message: /neither 'auto', 'inline' nor/,
  });
});
