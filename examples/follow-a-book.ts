/**
 * Following a book instead of asking for it: a snapshot, then what has changed, and the trades beside it. A consumer
 * that is slow gets fewer messages with more in each, and never a stale one.
 *
 * Run with `npx tsx examples/follow-a-book.ts`.
 */

import assert from 'node:assert/strict';
// In your own project: import { Engine } from 'lightning-exchange';
import { Engine, type StreamLevel } from '../index.ts';

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
await engine.accounts.deposit({ accountId: 2, asset: 'USDT', amount: '1000000' });

/** A side of the book as it was told: quantity by price. */
function apply(side: Map<string, string>, levels: StreamLevel[]): void {
  for (const [price, quantity] of levels) {
    // Quantities are absolute; zero takes the level away.
    if (Number(quantity) === 0) side.delete(price);
    else side.set(price, quantity);
  }
}

const [bids, asks] = [new Map<string, string>(), new Map<string, string>()];
const stop = new AbortController();
let seq = -1;

// A stream begins when it is made, so that nothing is missed that happens from here on.
const book = engine.watchBook('ETH-USDT', { levels: 20, signal: stop.signal });
const trades = engine.watchTrades('ETH-USDT');

const following = (async () => {
  for await (const message of book) {
    if (message.type === 'snapshot') {
      bids.clear();
      asks.clear();
    } else {
      // What does not follow the message before has to be refused: resubscribe then.
      assert.equal(message.prevSeq, seq);
    }
    apply(bids, message.bids);
    apply(asks, message.asks);
    seq = message.seq;
    console.log(message.type, message.seq, `${bids.size} bids, ${asks.size} asks`);
  }
})();

for (let n = 1; n <= 10; n += 1) {
  await engine.placeOrder({
    accountId: 1,
    symbol: 'ETH-USDT',
    side: 'sell',
    type: 'limit',
    price: 3100 + n,
    quantity: n,
  });
}
await engine.placeOrder({
  accountId: 2,
  symbol: 'ETH-USDT',
  side: 'buy',
  type: 'limit',
  price: 3104,
  quantity: 15,
});

// Four levels are gone, and what is left of the order is a bid.
for await (const trade of trades) {
  if (trade.type === 'gap') continue;
  console.log('trade', trade.tradeId, trade.quantity, 'at', trade.price);
  if (trade.tradeId === 4) break;
}

const now = engine.book('ETH-USDT');
while (seq < now.seq) await new Promise((resolve) => setTimeout(resolve, 1));
assert.deepEqual(
  [...asks],
  now.asks.map(({ price, quantity }) => [price, quantity]),
);
assert.deepEqual(
  [...bids],
  now.bids.map(({ price, quantity }) => [price, quantity]),
);

// An abort ends the loop with an AbortError, as it does with Node's own streams.
stop.abort();
await assert.rejects(following, { name: 'AbortError' });
