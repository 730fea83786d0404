/**
 * Why no float ever touches money here: 0.1 + 0.2 is 0.3, and a book is empty when it is empty.
 *
 * Run with `npx tsx examples/exactness.ts`.
 */

import assert from 'node:assert/strict';
// In your own project: import { Engine } from 'lightning-exchange';
import { Engine } from '../index.ts';

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
await engine.accounts.deposit({ accountId: 1, asset: 'BTC', amount: '0.3' });
await engine.accounts.deposit({ accountId: 2, asset: 'USDT', amount: '30' });

// In floats: of a buy of 0.3 the first 0.1 is filled, and what is left of it does not quite use up the 0.2. A
// ghost order stays at the touch that nobody placed and nobody can fill, and that every best price shows.
const ghost = 0.2 - (0.3 - 0.1);
console.log('floats: sold 0.1 and 0.2, bought 0.3, and', ghost, 'is left for sale');
assert.ok(ghost > 0);

const sell = { accountId: 1, symbol: 'BTC-USDT', side: 'sell', type: 'limit', price: '100' } as const;
await engine.placeOrder({ ...sell, quantity: '0.1' });
await engine.placeOrder({ ...sell, quantity: '0.2' });
const bought = await engine.placeOrder({
  accountId: 2,
  symbol: 'BTC-USDT',
  side: 'buy',
  type: 'limit',
  price: '100',
  quantity: '0.3',
});
const { bids, asks } = engine.book('BTC-USDT');
console.log(
  `engine: bought ${bought.filledQuantity}, ${bought.status}, book of ${bids.length + asks.length} levels`,
);
assert.equal(bought.status, 'FILLED');
assert.equal(bought.filledQuantity, '0.3000');
assert.deepEqual([...bids, ...asks], []);

// Numbers are welcome as input as long as they are what they print as; what would need rounding is refused.
const deposit = { accountId: 1, asset: 'BTC' };
await engine.accounts.deposit({ ...deposit, amount: 0.1 });
await assert.rejects(engine.accounts.deposit({ ...deposit, amount: 0.1 + 0.2 }), { code: 'BAD_PRECISION' });
console.log('0.1 is taken, 0.1 + 0.2 =', 0.1 + 0.2, 'is refused: BAD_PRECISION');

// A symbol on which a trade could round is refused as well, so that price x quantity is always exact.
await engine.assets.create({ code: 'YEN', scale: 0 });
await assert.rejects(
  engine.symbols.create({ name: 'BTC-YEN', base: 'BTC', quote: 'YEN', tickSize: '1', lotSize: '0.001' }),
  { code: 'SYMBOL_PRECISION_INEXACT' },
);

// And after all of it: every atom is accounted for.
for (const { asset, deposited, available, holds } of await engine.conservation()) {
  console.log(`${asset}: ${deposited} paid in, ${available} there`);
  assert.ok(holds);
}
