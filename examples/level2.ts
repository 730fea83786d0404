/**
 * Level2 market data: the book by price, best bid and offer, and the public tape. All of it is read
 * synchronously, and shows every order that has been answered.
 *
 * Run with `npx tsx examples/level2.ts`.
 */

import assert from 'node:assert/strict';
// In your own project: import { Engine } from 'lightning-exchange';
import { Engine } from '../index.ts';

await using engine = await Engine.open();
await engine.assets.create({ code: 'ETH', scale: 8 });
await engine.assets.create({ code: 'USDT', scale: 6 });
await engine.symbols.create({
  name: 'ETH-USDT',
  base: 'ETH',
  quote: 'USDT',
  tickSize: '0.01',
  lotSize: '0.001',
});
await engine.accounts.deposit({ accountId: 1, asset: 'ETH', amount: '100' });
await engine.accounts.deposit({ accountId: 2, asset: 'USDT', amount: '100000' });

// An empty side is an empty list, and what needs both sides is null.
assert.equal(engine.bbo('ETH-USDT').mid, null);

// Calls of one account keep their order, so these need no await one by one.
const asks = [1, 2, 3].map((distance) =>
  engine.placeOrder({
    accountId: 1,
    symbol: 'ETH-USDT',
    side: 'sell',
    type: 'limit',
    price: `310${distance}.50`,
    quantity: distance,
  }),
);
const bids = [1, 1, 2].map((distance) =>
  engine.placeOrder({
    accountId: 2,
    symbol: 'ETH-USDT',
    side: 'buy',
    type: 'limit',
    price: `309${9 - distance}.25`,
    quantity: distance,
  }),
);
await Promise.all([...asks, ...bids]);

const book = engine.book('ETH-USDT', { levels: 10, cumulative: true });
console.log(`${book.symbol}, sequence ${book.seq}`);
console.table(book.asks.toReversed());
console.log(`spread ${book.spread} = ${book.spreadBps} bps around ${book.mid}`);
console.table(book.bids);

// Two orders at one price are one level. The sums run from the best price outwards.
assert.deepEqual(book.bids[0], {
  price: '3098.25',
  quantity: '2.000',
  orders: 2,
  cumulativeQuantity: '2.000',
  cumulativeQuote: '6196.500000',
});
assert.equal(book.bids[1]?.cumulativeQuantity, '4.000');
assert.equal(book.spread, '3.25');
assert.equal(book.mid, '3099.875');

// A taker moves the touch and prints on the tape.
await engine.placeOrder({
  accountId: 2,
  symbol: 'ETH-USDT',
  side: 'buy',
  type: 'market',
  quantity: '1.5',
});
const { ask, seq } = engine.bbo('ETH-USDT');
console.log(`after a market buy of 1.5: ${ask?.quantity} at ${ask?.price}, sequence ${seq}`);
assert.equal(ask?.price, '3102.50');
assert.equal(ask.quantity, '1.500');
assert.equal(seq, book.seq + 1);

const tape = engine.trades('ETH-USDT');
console.table(
  tape.map(({ tradeId, price, quantity, takerSide }) => ({ tradeId, price, quantity, takerSide })),
);
assert.deepEqual(
  tape.map(({ tradeId, takerSide }) => [tradeId, takerSide]),
  [
    [1, 'buy'],
    [2, 'buy'],
  ],
);
