/**
 * What an order freezes, and what a cancel gives back: exactly what was still reserved, after partial fills and
 * better prices too.
 *
 * Run with `npx tsx examples/cancel.ts`.
 */

import assert from 'node:assert/strict';
// In your own project: import { Engine, LightningError } from 'lightning-exchange';
import { Engine, LightningError } from '../index.ts';

await using engine = await Engine.open();
await engine.assets.create({ code: 'BTC', scale: 8 });
await engine.assets.create({ code: 'USDT', scale: 6 });
await engine.symbols.create({
  name: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.01',
  lotSize: '0.0001',
});

const [buyer, seller, stranger] = [1, 2, 3] as const;
await engine.accounts.deposit({ accountId: buyer, asset: 'USDT', amount: '1000' });
await engine.accounts.deposit({ accountId: seller, asset: 'BTC', amount: '10' });
await engine.accounts.deposit({ accountId: stranger, asset: 'USDT', amount: '1' });

async function usdt(when: string): Promise<string> {
  const [balance] = await engine.accounts.balances(buyer, { asset: 'USDT' });
  const line = `${balance?.available} available, ${balance?.frozen} frozen`;
  console.log(`${when.padEnd(24)} ${line}`);
  return line;
}

await usdt('at first');
const { orderId } = await engine.placeOrder({
  accountId: buyer,
  symbol: 'BTC-USDT',
  side: 'buy',
  type: 'limit',
  price: '100',
  quantity: '10',
});
assert.equal(await usdt('an order of 1,000 rests'), '0.000000 available, 1000.000000 frozen');

// Somebody sells four: 400 are paid, 600 stay reserved for the six that are open.
await engine.placeOrder({
  accountId: seller,
  symbol: 'BTC-USDT',
  side: 'sell',
  type: 'limit',
  price: '95',
  quantity: '4',
});
assert.equal(await usdt('four of ten are filled'), '0.000000 available, 600.000000 frozen');

// Nobody can cancel another's order, nor learn that there is one.
await assert.rejects(engine.cancelOrder({ accountId: stranger, orderId }), { code: 'UNKNOWN_ORDER' });

const canceled = await engine.cancelOrder({ accountId: buyer, orderId });
console.log(`canceled ${canceled.canceledQuantity} BTC, released`, canceled.released);
assert.deepEqual(canceled.released, { asset: 'USDT', amount: '600.000000' });
assert.equal(await usdt('the rest is canceled'), '600.000000 available, 0.000000 frozen');

// A second cancel is told how the order ended, as an error with a stable code.
try {
  await engine.cancelOrder({ accountId: buyer, orderId });
  assert.fail('an order can be canceled once');
} catch (error) {
  if (!(error instanceof LightningError)) throw error;
  console.log(`again: ${error.message}`);
  assert.equal(error.code, 'ORDER_ALREADY_CLOSED');
}

const order = await engine.order(orderId);
assert.equal(order.status, 'CANCELED');
assert.equal(order.filledQuantity, '4.0000');
