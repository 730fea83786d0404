/**
 * Price-time priority and settlement: three sellers queue up, one buyer takes, everybody's balances move.
 *
 * Run with `npx tsx examples/matching.ts`.
 */

import assert from 'node:assert/strict';
// In your own project: import { Engine } from 'lightning-exchange';
import { Engine } from '../index.ts';

// `await using` closes the engine at the end of the block, here of the program.
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

const [ann, bob, cat, dan] = [1, 2, 3, 4] as const;
for (const accountId of [ann, bob, cat]) {
  await engine.accounts.deposit({ accountId, asset: 'BTC', amount: '1' });
}
await engine.accounts.deposit({ accountId: dan, asset: 'USDT', amount: '200000' });

// Ann and Bob ask the same price, Ann was first. Cat asks less, so she goes before both.
const sell = { symbol: 'BTC-USDT', side: 'sell', type: 'limit', quantity: '1' } as const;
await engine.placeOrder({ ...sell, accountId: ann, price: '64000.00' });
await engine.placeOrder({ ...sell, accountId: bob, price: '64000.00' });
await engine.placeOrder({ ...sell, accountId: cat, price: '63999.50' });

// Dan would pay up to 64,010. He gets each seller's own price, and what he saves is his at once.
const bought = await engine.placeOrder({
  accountId: dan,
  symbol: 'BTC-USDT',
  side: 'buy',
  type: 'limit',
  price: '64010.00',
  quantity: '2.5',
});
console.log(
  `Dan's order: ${bought.status}, ${bought.filledQuantity} BTC at ${bought.averagePrice} on average`,
);
console.table(bought.fills.map(({ tradeId, price, quantity }) => ({ tradeId, price, quantity })));

assert.equal(bought.status, 'FILLED');
assert.deepEqual(
  bought.fills.map(({ price, quantity }) => `${quantity} @ ${price}`),
  ['1.0000 @ 63999.50', '1.0000 @ 64000.00', '0.5000 @ 64000.00'],
);
assert.equal(bought.filledQuote, '159999.500000');

// Bob was second at his price: half of his order is left, at the head of the queue.
const [rest] = await engine.openOrders({ accountId: bob });
console.log(`Bob's order: ${rest?.status}, ${rest?.openQuantity} BTC open`);
assert.equal(rest?.status, 'PARTIALLY_FILLED');
assert.deepEqual(rest.reserved, { asset: 'BTC', amount: '0.50000000' });

// A market order has no price: it takes what there is and never rests. This one spends 3,200 USDT.
const market = await engine.placeOrder({
  accountId: dan,
  symbol: 'BTC-USDT',
  side: 'buy',
  type: 'market',
  quoteQuantity: '3200',
});
assert.equal(market.filledQuantity, '0.0500');

for (const [name, accountId] of Object.entries({ ann, bob, cat, dan })) {
  const balances = await engine.accounts.balances(accountId);
  console.log(
    name,
    balances.map(({ asset, available, frozen }) => `${available} ${asset} (+ ${frozen} frozen)`),
  );
}

// Not an atom was made or lost on the way.
const conservation = await engine.conservation();
assert.ok(conservation.every(({ holds }) => holds));
console.log('conservation holds for', conservation.map(({ asset }) => asset).join(', '));
