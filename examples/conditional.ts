/**
 * Orders that wait for a price, on a clock that we move: a trailing stop, a pair of which one cancels the other, and
 * what they pay in fees.
 *
 * Run with `npx tsx examples/conditional.ts`.
 */

import assert from 'node:assert/strict';
// In your own project: import { Engine } from 'lightning-exchange';
import { Engine } from '../index.ts';

await using engine = await Engine.open({
  threads: 'inline',
  clock: { manual: Date.UTC(2026, 0, 1, 9) },
});
await engine.assets.create({ code: 'BTC', scale: 8 });
await engine.assets.create({ code: 'USDT', scale: 6 });
await engine.symbols.create({
  name: 'BTC-USDT',
  base: 'BTC',
  quote: 'USDT',
  tickSize: '0.01',
  lotSize: '0.0001',
  fees: { makerPpm: -100, takerPpm: 500 },
});

const [trader, dealer, house] = [1, 2, 3] as const;
await engine.accounts.deposit({ accountId: trader, asset: 'BTC', amount: '3' });
await engine.accounts.deposit({ accountId: dealer, asset: 'BTC', amount: '100' });
for (const accountId of [trader, dealer, house]) {
  await engine.accounts.deposit({ accountId, asset: 'USDT', amount: '100000' });
}

/** The dealer quotes around a price, and somebody trades there. */
async function moveTo(price: number): Promise<void> {
  await engine.cancelAll({ accountId: dealer });
  const quote = { accountId: dealer, symbol: 'BTC-USDT', type: 'limit', quantity: '5' } as const;
  await engine.placeOrder({ ...quote, side: 'buy', price: price - 0.5 });
  await engine.placeOrder({ ...quote, side: 'sell', price });
  const order = { accountId: house, symbol: 'BTC-USDT', side: 'buy', type: 'market' } as const;
  const { status, averagePrice } = await engine.placeOrder({ ...order, quantity: '0.01' });
  assert.equal(status, 'FILLED');
  await engine.advance(60_000);
  console.log(new Date(engine.now()).toISOString().slice(11, 16), 'last price', averagePrice);
}

await moveTo(100);

// Sells when the price has come down by 5 % from its highest, wherever that will be.
const trailing = await engine.placeOrder({
  accountId: trader,
  symbol: 'BTC-USDT',
  side: 'sell',
  type: 'trailing_stop',
  trailBps: 500,
  quantity: '1',
});
assert.equal(trailing.status, 'PENDING_TRIGGER');

// Sells at 130, or, if it comes to that, below 90; the two share one reservation. Good for the day.
const pair = await engine.placeOco({
  accountId: trader,
  symbol: 'BTC-USDT',
  side: 'sell',
  quantity: '2',
  limit: { price: '130' },
  stop: { triggerPrice: '90', price: '88' },
  timeInForce: 'DAY',
});
const [btc] = await engine.accounts.balances(trader, { asset: 'BTC' });
assert.equal(btc?.frozen, '3.00000000');

for (const price of [104, 110, 118, 120, 116]) await moveTo(price);
assert.equal((await engine.order(trailing.orderId)).status, 'PENDING_TRIGGER');
await moveTo(113);

// 113 is below 95 % of 120: sold to the dealer, who bids 112.50 by now.
const sold = await engine.order(trailing.orderId);
console.log(
  `trailing stop: ${sold.status} at ${sold.averagePrice}, fee ${sold.fee.amount} ${sold.fee.asset}`,
);
assert.deepEqual([sold.status, sold.averagePrice], ['FILLED', '112.500000']);
assert.equal(sold.fee.amount, '0.056250');

// Neither leg of the pair was reached: both expire at midnight, and what they had reserved is available again.
await engine.advance(24 * 3_600_000);
const { status, reason } = await engine.order(pair.limit.orderId);
const sibling = await engine.order(pair.stop.orderId);
console.log(`pair: ${status} (${reason}) and ${sibling.status} (${sibling.reason})`);
assert.deepEqual([status, reason, sibling.reason], ['EXPIRED', 'SESSION_END', 'OCO_SIBLING']);

// Takers pay 500 ppm of what they receive, makers get 100 ppm of what they receive: a seller USDT, a buyer BTC. What
// the dealer got for buying the trader's BTC is more than anybody paid in BTC, so of these nothing can be collected.
const { fees } = await engine.collectFees({ accountId: house });
console.log('the house collects', fees);
for (const { asset, holds, feesAccrued } of await engine.conservation()) {
  console.log(`${asset}: ${feesAccrued} not collected`);
  assert.ok(holds);
}
